/* complete.c: a document outside <devices>: what libvirt adds and refuses. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "ipc/util.h"
#include "workers/xmlc/doc.h"

static int names(struct doc *d)
{
    struct tree *name = tree_first(d->t, "name"), *t;
    const char *s = tree_text(d->t, "name");
    char uuid[37];
    if (!s || !*s)
        return err_set(d->e, VIR_ERR_NO_NAME, VIR_FROM_DOMAIN, "%s", "");
    if (strchr(s, '/') || strchr(s, '\n'))
        return doc_bad(d, "name %s cannot contain '%s'", s, strchr(s, '/') ? "/" : "\n");
    if (strlen(name->text) >= 256)
        return doc_bad(d, "name is too long");
    if ((s = tree_text(d->t, "title")) && strchr(s, '\n'))
        return doc_bad(d, "Domain title can't contain newlines");
    if (!tree_first(d->t, "uuid")) {
        doc_uuid(uuid);
        tree_insert(d->t, t = tree_new("uuid"), name->next);
        tree_set_text(t, "%s", uuid);
    }
    if (doc_count(d->t, "genid") > 1)
        return doc_bad(d, "element 'genid' can only appear once");
    t = tree_first(d->t, "genid");
    if (t && !t->text) {
        doc_uuid(uuid);
        tree_set_text(t, "%s", uuid);
    } else if (t) {
        static const struct sx_row row = {.name = "genid", .vtype = SX_UUID};
        const char *unit = NULL;
        if (value_check(&row, "genid", NULL, t->text, NULL, uuid, sizeof uuid, &unit, NULL))
            return err_set(d->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DOMAIN, "malformed genid element");
        tree_set_text(t, "%s", uuid);
    }
    return 0;
}

/* ---- memory ---- */

static void set_kib(struct doc *d, const char *name, uint64_t kib)
{
    struct tree *t = tree_make(d->t, name);
    tree_set_text(t, "%" PRIu64, kib);
    tree_set_attr(t, "unit", "KiB");
}

/* Sum of an attribute or a child's text over elements; false when it overflows. */
static bool add_up(uint64_t *sum, uint64_t v) { return !__builtin_add_overflow(*sum, v, sum) && *sum <= INT64_MAX; }

static int memory(struct doc *d)
{
    uint64_t total = tree_number(d->t, "memory", 0), current = tree_number(d->t, "currentMemory", 0);
    uint64_t cells = 0, modules = 0, most = tree_number(d->t, "maxMemory", 0), v;
    TREE_EACH(c, tree_get(d->t, "cpu/numa"), "cell")
        if (tree_attr_uint(c, "memory", UINT64_MAX, &v) == 0 && !add_up(&cells, v))
            return doc_bad(d, "NUMA cells have too much memory");
    TREE_EACH(m, d->devices, "memory")
        if (!add_up(&modules, tree_number(m, "target/size", 0)))
            return doc_bad(d, "memory devices have too much memory");
    if (cells) {
        if (!add_up(&cells, modules))
            return doc_bad(d, "NUMA cells have too much memory");
        total = cells;
    } else if (modules && d->env->flags & DOC_CHANGE && tree_get(d->devices, "memory/target/node")) {
        return err_set(d->e, VIR_ERR_XML_DETAIL, VIR_FROM_DOMAIN, "can't add memory backend as guest has no NUMA nodes configured");
    } else if (total < modules) {
        return doc_bad(d, "Total size of memory devices exceeds the total memory size");
    }
    if (!total || total == modules)
        return doc_bad(d, "Memory size must be specified via <memory> or in the <numa> configuration");
    if (!current || current > total)
        current = total;
    if (most && !doc_uint(tree_first(d->t, "maxMemory"), "slots", 0))
        return doc_bad(d, "both maximum memory size and memory slot count must be specified");
    if (most && total > most)
        return doc_bad(d, "maximum memory size must be equal or greater than the actual memory size");
    set_kib(d, "memory", total);
    set_kib(d, "currentMemory", current);
    return 0;
}

/* ---- machine ---- */

static const char *const aliases[][2] = {{"pc", "pc-i440fx-7.2"}, {"q35", "pc-q35-7.2"}};

/* What is assumed of QEMU when nothing is known. */
static const struct { const char *path, *arch, *cpu; } binaries[] = {
    {"/usr/bin/qemu-system-x86_64", "x86_64", "qemu64"}, {"/usr/bin/qemu-system-i386", "i686", "qemu32"},
};

static int no_emulator(struct doc *d, const char *arch, const char *path)
{
    return path ? err_sys(d->e, VIR_FROM_QEMU, 2, "Cannot check QEMU binary %s", path) :
        err_set(d->e, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "could not find capabilities for arch=%s domaintype=%s ", arch ? arch : "x86_64", tree_attr(d->t, "type"));
}

/* The QEMU for arch, or at *path; either may be NULL. */
static int find_emulator(struct doc *d, const char *arch, const char **path)
{
    const struct caps *caps = d->env->caps;
    unsigned i = 0;
    if (caps) {
        d->emu = *path ? caps_find(caps, *path, NULL) : caps_find(caps, NULL, arch ? arch : "x86_64");
        if (!d->emu && !*path && !arch)
            d->emu = caps_find(caps, NULL, NULL);
        if (!d->emu)
            return no_emulator(d, arch, *path);
        d->arch = d->emu->arch;
        *path = d->emu->path;
        return 0;
    }
    while (i < ARRAY_N(binaries) && (*path ? strcmp(binaries[i].path, *path) : strcmp(binaries[i].arch, arch ? arch : "x86_64")))
        i++;
    if (i == ARRAY_N(binaries))
        return no_emulator(d, arch, *path);
    d->arch = binaries[i].arch;
    d->cpu_default = binaries[i].cpu;
    *path = binaries[i].path;
    return 0;
}

/* The machine by its own name: no alias. */
static int name_machine(struct doc *d, struct tree *type, const char *emulator)
{
    const char *m = tree_attr(type, "machine");
    if (d->emu) {
        const struct caps_machine *cm = caps_machine(d->emu, m);
        if (!cm && m)
            return doc_unsupported(d, VIR_FROM_QEMU, "Emulator '%s' does not support machine type '%s'", emulator, m);
        m = cm ? cm->name : m;
    } else if (!m) {
        m = aliases[0][1];
    }
    for (unsigned i = 0; m && i < ARRAY_N(aliases); i++)
        if (strcmp(m, aliases[i][0]) == 0)
            m = aliases[i][1];
    if (!m)
        return doc_unsupported(d, VIR_FROM_QEMU, "Emulator '%s' has no machine type", emulator);
    if (m != tree_attr(type, "machine"))
        tree_set_attr(type, "machine", "%s", m);
    d->machine = tree_attr(type, "machine");
    d->q35 = strncmp(d->machine, "pc-q35", 6) == 0 || strcmp(d->machine, "q35") == 0;
    d->pc = strcmp(d->machine, "pc") == 0 || strncmp(d->machine, "pc-0.", 5) == 0 || strncmp(d->machine, "pc-1.", 5) == 0 || strncmp(d->machine, "pc-i440", 7) == 0;
    return 0;
}

static int machine(struct doc *d)
{
    struct tree *os = tree_make(d->t, "os"), *type = tree_first(os, "type"), *emulator = tree_first(d->devices, "emulator");
    const char *arch, *path = emulator ? emulator->text : NULL, *virt = tree_attr(d->t, "type");
    if (!type || !type->text)
        return doc_bad(d, "an os <type> must be specified");
    if (strcmp(virt, "qemu") != 0 && strcmp(virt, "kvm") != 0)
        return path ? doc_unsupported(d, VIR_FROM_QEMU, "Emulator '%s' does not support virt type '%s'", path, virt) :
            err_set(d->e, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "could not find capabilities for domaintype=%s ", virt);
    d->kvm = strcmp(virt, "kvm") == 0;
    arch = tree_attr(type, "arch");
    if (arch && !doc_in(arch, "alpha armv6l armv7l armv7b aarch64 cris i686 ia64 lm32 m68k microblaze microblazeel mips mipsel mips64 mips64el openrisc "
            "parisc parisc64 ppc ppcle ppc64 ppc64le ppcemb riscv32 riscv64 s390 s390x sh4 sh4eb sparc sparc64 unicore32 x86_64 xtensa xtensaeb"))
        return doc_unsupported(d, VIR_FROM_DOMAIN, "Unknown architecture %s", arch), doc_invalid(d);
    if (find_emulator(d, arch, &path))
        return -1;
    if (arch && strcmp(arch, "i686") == 0 && strcmp(d->arch, "x86_64") == 0)
        d->arch = "i686";       /* that emulator runs both */
    if (arch && strcmp(arch, d->arch) != 0)
        return doc_unsupported(d, VIR_FROM_QEMU, "Emulator '%s' does not support arch '%s'", path, arch);
    if (strcmp(type->text, "hvm") != 0)
        return doc_unsupported(d, VIR_FROM_QEMU, "Emulator '%s' does not support os type '%s'", path, type->text);
    tree_set_attr(type, "arch", "%s", d->arch);
    d->arch = tree_attr(type, "arch");
    static const char *const containers[] = {"init", "initarg", "initenv", "initdir", "inituser", "initgroup"};
    for (unsigned i = 0; i < ARRAY_N(containers); i++)
        for (struct tree *c; (c = tree_first(os, containers[i])); )
            tree_free(c);
    if (name_machine(d, type, path))
        return -1;
    if (!emulator) {
        emulator = tree_new("emulator");
        tree_insert(d->devices, emulator, NULL);
    }
    tree_set_text(emulator, "%s", path);
    return 0;
}

static int boot(struct doc *d)
{
    struct tree *os = tree_first(d->t, "os"), *t;
    bool per_device = false;
    TREE_EACH(dev, d->devices, NULL)
        per_device |= dev->name && tree_first(dev, "boot");
    if (per_device && tree_first(os, "boot"))
        return doc_unsupported(d, VIR_FROM_DOMAIN, "per-device boot elements cannot be used together with os/boot elements");
    if (!per_device && !tree_first(os, "boot"))
        tree_set_attr(tree_add(os, "boot"), "dev", "hd");
    unsigned boots = 0;
    for (struct tree *b = tree_first(os, "boot"), *next; b; b = next) {     /* there are as many kinds */
        next = tree_next(b, "boot");
        if (++boots > 4)
            tree_free(b);
    }
    if (doc_count(tree_first(os, "acpi"), "table") > 1)
        return doc_bad(d, "Only one acpi table is supported");
    if ((t = tree_first(os, "bootmenu")) && !doc_is(t, "enable", "yes"))
        tree_set_attr(t, "timeout", NULL);
    if (doc_uint(tree_first(os, "bootmenu"), "timeout", 0) > 65535)
        return doc_unsupported(d, VIR_FROM_DOMAIN, "invalid value for boot menu timeout, must be in range [0,65535]");
    if ((t = tree_first(os, "bootmenu")) && !t->attr)
        tree_free(t);
    t = tree_first(os, "bios");
    if (t && tree_attr(t, "rebootTimeout") && (atoi(tree_attr(t, "rebootTimeout")) < -1 || atoi(tree_attr(t, "rebootTimeout")) > 65535))
        return doc_unsupported(d, VIR_FROM_DOMAIN, "invalid value for rebootTimeout, must be in range [-1,65535]");
    if (doc_is(t, "useserial", "yes") && !tree_first(d->devices, "serial") && !tree_first(d->devices, "console"))
        return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_QEMU, "need at least one serial port to use BIOS serial output");
    return 0;
}

static int bad_firmware(struct doc *d, const char *text)
{
    return err_set(d->e, VIR_ERR_XML_DETAIL, VIR_FROM_DOMAIN, "%s", text);
}

/* Features that a firmware is to be chosen by: keys are enrolled for secure boot only. */
static int firmware_features(struct doc *d, struct tree *list)
{
    bool enrolled = false, secure = false, nosecure = false;
    TREE_EACH(f, list, "feature") {
        enrolled |= doc_is(f, "name", "enrolled-keys") && doc_is(f, "enabled", "yes");
        secure |= doc_is(f, "name", "secure-boot");
        nosecure |= doc_is(f, "name", "secure-boot") && doc_is(f, "enabled", "no");
    }
    if (enrolled && nosecure)
        return bad_firmware(d, "firmware feature 'enrolled-keys' cannot be enabled when firmware feature 'secure-boot' is disabled");
    if (enrolled && !secure) {
        struct tree *f = tree_add(list, "feature");
        tree_set_attr(f, "enabled", "yes");
        tree_set_attr(f, "name", "secure-boot");
    }
    return 0;
}

/* What the machine must have for it. */
static int firmware_machine(struct doc *d, const struct tree *os, const struct tree *loader)
{
    const struct tree *smm = tree_get(d->t, "features/smm");
    if ((doc_is(os, "firmware", "efi") || doc_is(loader, "type", "pflash")) && !tree_get(d->t, "features/acpi"))
        return doc_unsupported(d, VIR_FROM_QEMU, "UEFI requires ACPI on this architecture");
    if (!doc_is(loader, "secure", "yes"))
        return 0;
    if (!d->q35)
        return doc_unsupported(d, VIR_FROM_QEMU, "Secure boot is supported with q35 machine types only");
    if (strcmp(d->arch, "x86_64") != 0)
        return doc_unsupported(d, VIR_FROM_QEMU, "Secure boot is supported for x86_64 architecture only");
    if (!tree_attr(os, "firmware") && !(smm && (!tree_attr(smm, "state") || doc_is(smm, "state", "on"))))
        return doc_unsupported(d, VIR_FROM_QEMU, "Secure boot requires SMM feature enabled");
    return 0;
}

/* Where it is to be chosen, nothing says which one it is. */
static int firmware_chosen(struct doc *d, const struct tree *os, const struct tree *loader, const struct tree *nvram)
{
    static const struct { const char *element, *attr, *value /* NULL any */; } no[] = {
        {"loader", "readonly", NULL}, {"loader", "type", NULL}, {"nvram", "template", NULL}, {"loader", "secure", "no"},
    };
    for (unsigned i = 0; i < ARRAY_N(no); i++) {
        const struct tree *t = strcmp(no[i].element, "nvram") == 0 ? nvram : loader;
        if (no[i].value ? doc_is(t, no[i].attr, no[i].value) : t && tree_attr(t, no[i].attr))
            return err_set(d->e, VIR_ERR_XML_DETAIL, VIR_FROM_DOMAIN, "%s attribute '%s' cannot be specified when firmware autoselection is enabled", no[i].element, no[i].attr);
    }
    if (nvram && !doc_is(os, "firmware", "efi"))
        return err_set(d->e, VIR_ERR_XML_DETAIL, VIR_FROM_DOMAIN, "firmware type '%s' does not support nvram", tree_attr(os, "firmware"));
    if (doc_is(loader, "stateless", "no") && !doc_is(os, "firmware", "efi"))
        return bad_firmware(d, "Only EFI firmware permits NVRAM");
    return 0;
}

/* An empty <nvram/> says nothing, but it is there. */
static int firmware_named(struct doc *d, const struct tree *os, const struct tree *loader, bool has_nvram)
{
    if (tree_first(os, "firmware"))
        return bad_firmware(d, "cannot use feature-based firmware autoselection when firmware autoselection is disabled");
    if ((loader || has_nvram) && !(loader && loader->text))
        return bad_firmware(d, "no loader path specified and firmware auto selection disabled");
    if (doc_is(loader, "type", "rom") && doc_is(loader, "stateless", "no"))
        return bad_firmware(d, "Only pflash loader type permits NVRAM");
    return 0;
}

static int firmware(struct doc *d)
{
    struct tree *os = tree_first(d->t, "os"), *loader = tree_first(os, "loader"), *nvram = tree_first(os, "nvram");
    bool is_chosen = tree_attr(os, "firmware"), stateless = doc_is(loader, "stateless", "yes"), has_nvram = nvram;
    if (nvram && !nvram->attr && !nvram->child && !nvram->text) {
        tree_free(nvram);
        nvram = NULL;
    }
    if (nvram && complete_hosts(d, tree_first(nvram, "source")))
        return -1;
    if (nvram && tree_first(nvram, "source"))
        storage_defaults(tree_first(nvram, "source"), true);
    if (loader && loader->text)
        doc_default(loader, "type", "rom");
    if ((is_chosen && firmware_features(d, tree_first(os, "firmware"))) || firmware_machine(d, os, loader))
        return -1;
    if (is_chosen ? firmware_chosen(d, os, loader, nvram) : firmware_named(d, os, loader, has_nvram))
        return -1;
    if (stateless && nvram)
        return bad_firmware(d, tree_attr(nvram, "template") ? "NVRAM template is not permitted when loader is stateless" : "NVRAM is not permitted when loader is stateless");
    if (loader && !loader->text && !loader->attr)
        tree_free(loader);
    else if (doc_is(loader, "type", "pflash") && !stateless && doc_is(loader, "readonly", "yes") && (!nvram || (!nvram->text && !nvram->child)))
        tree_set_text(tree_make(os, "nvram"), "%s/nvram/%s_VARS.fd", d->lib_dir, tree_text(d->t, "name"));
    return 0;
}

static int clock_(struct doc *d)
{
    struct tree *t = tree_make(d->t, "clock");
    const char *adjust;
    doc_default(t, "offset", "utc");
    adjust = tree_attr(t, "adjustment");
    if (doc_is(t, "offset", "timezone") && !tree_attr(t, "timezone"))
        return err_set(d->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DOMAIN, "missing 'timezone' attribute for clock with offset='timezone'");
    if (adjust && strcmp(adjust, "reset") != 0) {
        char *end;
        long long n = strtoll(adjust, &end, 10);
        if (*end || end == adjust)
            return doc_bad(d, "unknown clock adjustment '%s'", adjust);
        if (doc_in(tree_attr(t, "offset"), "utc localtime")) {      /* a clock that is to be off is a variable one */
            tree_set_attr(t, "basis", "%s", tree_attr(t, "offset"));
            tree_set_attr(t, "offset", "variable");
        }
        tree_set_attr(t, "adjustment", "%lld", *end || end == adjust ? 0 : n);
    }
    if (doc_is(t, "offset", "variable")) {
        doc_default(t, "adjustment", "0");
        doc_default(t, "basis", "utc");
    }
    return 0;
}

/* Metadata is one element a name space, and none without. */
static void metadata(struct doc *d)
{
    struct tree *m = tree_first(d->t, "metadata"), *next;
    const char *seen[256];
    unsigned n = 0;
    for (struct tree *c = m ? m->child : NULL; c; c = next) {
        const char *colon = c->name ? strchr(c->name, ':') : NULL, *uri;
        char attr[256];
        bool again = false;
        next = c->next;
        if (!c->name)
            continue;
        snprintf(attr, sizeof attr, colon ? "xmlns:%.*s" : "xmlns", (int)(colon ? colon - c->name : 0), c->name);
        uri = tree_attr(c, attr);
        for (unsigned i = 0; i < n && uri; i++)
            again |= strcmp(seen[i], uri) == 0;
        if (again || (!uri && !colon && !tree_attr(m, "xmlns") && !tree_attr(d->t, "xmlns")))
            tree_free(c);
        else if (uri && n < ARRAY_N(seen))
            seen[n++] = uri;
    }
}

int complete_top(struct doc *d)
{
    metadata(d);
    if (names(d) || machine(d) || complete_numa(d) || memory(d) || complete_cpus(d) || boot(d) || firmware(d) || clock_(d) || complete_tuning(d))
        return -1;
    return 0;
}
