/* start.c: ids, aliases and run-time paths of a guest that is about to run. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/layout.h"
#include "ipc/util.h"
#include "workers/cpu.h"
#include "workers/tree-form.h"
#include "workers/tree-marks.h"
#include "workers/xmlc/run.h"

/* Devices whose alias is a word and their number in the document. */
static const struct { const char *element, *word; bool single; } simple[] = {
    {"interface", "net", false}, {"filesystem", "fs", false}, {"sound", "sound", false}, {"video", "video", false}, {"hostdev", "hostdev", false},
    {"redirdev", "redir", false}, {"hub", "hub", false}, {"smartcard", "smartcard", false}, {"rng", "rng", false}, {"shmem", "shmem", false},
    {"panic", "panic", false}, {"serial", "serial", false}, {"parallel", "parallel", false}, {"console", "console", false}, {"channel", "channel", false},
    {"input", "input", false}, {"tpm", "tpm", false}, {"memballoon", "balloon", false}, {"watchdog", "watchdog", false},
    {"vsock", "vsock", false}, {"iommu", "iommu", false}, {"nvram", "nvram", true},
};

static const char *alias_of(const struct tree *t) { return tree_path_attr(t, "alias", "name"); }

static void set_alias(struct tree *t, const char *name) { tree_set_attr(tree_make(t, "alias"), "name", "%s", name); }

static void simple_alias(const struct tree *devices, struct tree *t, const char *word, bool single)
{
    char name[64];
    unsigned n = 0;
    if (single) {
        set_alias(t, word);
        return;
    }
    for (const struct tree *o = devices->child; o; o = o->next) {       /* behind the last number, though a lower one may be free again */
        uint64_t v;
        const char *a = o->name ? alias_of(o) : NULL;
        if (a && strncmp(a, word, strlen(word)) == 0 && tree_parse_uint(a + strlen(word), 10, INT32_MAX, &v) == 0 && v >= n)
            n = (unsigned)v + 1;
    }
    snprintf(name, sizeof name, "%s%u", word, n);
    set_alias(t, name);
}

static void disk_alias(const struct tree *devices, struct tree *t)
{
    const struct tree *a = tree_first(t, "address"), *ctl = NULL;
    const char *bus = tree_path_attr(t, "target", "bus");
    int n = disk_index(tree_path_attr(t, "target", "dev"));
    unsigned c = doc_uint(a, "controller", 0), b = doc_uint(a, "bus", 0), g = doc_uint(a, "target", 0), u = doc_uint(a, "unit", 0);
    char name[64];
    TREE_EACH(x, devices, "controller")
        if (doc_is(x, "type", "scsi") && doc_uint(x, "index", 0) == c)
            ctl = x;
    if (strcmp(bus, "scsi") == 0 && !doc_is(ctl, "model", "lsilogic"))
        snprintf(name, sizeof name, "scsi%u-%u-%u-%u", c, b, g, u);
    else if (doc_in(bus, "scsi ide sata fdc"))
        snprintf(name, sizeof name, "%s%u-%u-%u", bus, c, b, u);
    else
        snprintf(name, sizeof name, "%s-disk%d", bus, n);
    set_alias(t, name);
}

static void controller_alias(struct tree *t, bool pc, bool q35)
{
    const char *type = tree_attr(t, "type");
    unsigned n = doc_uint(t, "index", 0);
    char name[64];
    if (strcmp(type, "pci") == 0)
        snprintf(name, sizeof name, doc_is(t, "model", "pcie-root") ? "pcie.%u" : "pci.%u", n);
    else if (n == 0 && ((pc && strcmp(type, "ide") == 0) || (q35 && strcmp(type, "sata") == 0)))
        snprintf(name, sizeof name, "ide");
    else if (n == 0 && strcmp(type, "usb") == 0)
        snprintf(name, sizeof name, "usb");
    else
        snprintf(name, sizeof name, "%s%u", type, n);
    set_alias(t, name);
}

static void memory_alias(const struct tree *devices, struct tree *t)
{
    static const struct { const char *model, *word; } words[] = {{"dimm", "dimm"}, {"nvdimm", "nvdimm"}, {"virtio-pmem", "virtiopmem"}, {"virtio-mem", "virtiomem"}, {"sgx-epc", "epc"}};
    char name[64];
    for (unsigned i = 0; i < ARRAY_N(words); i++) {
        if (!doc_is(t, "model", words[i].model))
            continue;
        if (i < 2) {
            snprintf(name, sizeof name, "%s%u", words[i].word, doc_uint(tree_first(t, "address"), "slot", 0));
            set_alias(t, name);
        } else {
            simple_alias(devices, t, words[i].word, false);
        }
    }
}

void run_aliases(struct tree *t)
{
    struct tree *devices = tree_first(t, "devices");
    const char *machine = tree_path_attr(t, "os/type", "machine");
    bool q35 = machine && strncmp(machine, "pc-q35", 6) == 0, pc = machine && strncmp(machine, "pc-i440", 7) == 0;
    for (struct tree *d = devices ? devices->child : NULL; d; d = d->next) {
        if (!d->name || alias_of(d))
            continue;
        if (strcmp(d->name, "disk") == 0)
            disk_alias(devices, d);
        else if (strcmp(d->name, "controller") == 0)
            controller_alias(d, pc, q35);
        else if (strcmp(d->name, "memory") == 0)
            memory_alias(devices, d);
        else if (strcmp(d->name, "interface") == 0 && doc_is(d, "type", "hostdev"))
            simple_alias(devices, d, "hostdev", false);
        else if (strcmp(d->name, "memballoon") == 0 && doc_is(d, "model", "none"))
            continue;
        else
            for (unsigned i = 0; i < ARRAY_N(simple); i++)
                if (strcmp(d->name, simple[i].element) == 0)
                    simple_alias(devices, d, simple[i].word, simple[i].single);
    }
}

void run_short_name(const struct tree *t, int id, char out[128])
{
    const char *name = tree_text(t, "name");
    snprintf(out, 128, "%d-%.*s", id, name ? (int)short_name_bytes(name) : 0, name ? name : "");
}

/* The console that stands for a serial port is that port: one source, one alias. */
static void console_is_serial(struct tree *devices)
{
    struct tree *console = tree_first(devices, "console"), *serial = tree_first(devices, "serial"), *a;
    if (!console || !serial || !tree_attr_is(tree_first(console, "target"), "type", "serial"))
        return;
    if ((a = tree_first(console, "alias")))
        tree_free(a);
    set_alias(console, alias_of(serial));
}

static void channel(struct tree *c, const char *dir, const char *short_name)
{
    struct tree *s = tree_first(c, "source");
    const char *name = tree_path_attr(c, "target", "name");
    if (!doc_is(tree_first(c, "target"), "type", "virtio"))
        return;
    if (doc_is(c, "type", "unix") && !tree_attr(s, "path")) {
        s = tree_make(c, "source");
        tree_set_attr(s, "mode", "bind");
        const struct tree *a = tree_first(c, "address");
        char port[48];
        snprintf(port, sizeof port, "vioser-%02u-%02u-%02u.sock", doc_uint(a, "controller", 0), doc_uint(a, "bus", 0), doc_uint(a, "port", 0));
        tree_set_attr(s, "path", "%s/channel/target/domain-%s/%s", dir, short_name, name ? name : port);
    }
}

void run_transient(const struct tree *t, struct tree *d)
{
    static const char *const moved[] = {"source", "backingStore"};
    struct tree *driver = tree_make(d, "driver"), *b, *x;
    const char *path = tree_path_attr(d, "source", "file"), *format = tree_attr(driver, "type");
    if (!tree_first(d, "transient") || !path)
        return;
    b = tree_new("backingStore");
    tree_set_attr(b, "type", "file");
    tree_set_attr(tree_add(b, "format"), "type", "%s", format ? format : "raw");
    struct tree *s = tree_new("source");
    tree_set_attr(s, "file", "%s.TRANSIENT-%s", path, tree_text(t, "name"));
    for (unsigned i = 0; i < ARRAY_N(moved); i++)
        if ((x = tree_first(d, moved[i]))) {
            tree_unlink(x);
            tree_append(b, x);
        }
    tree_set_attr(driver, "type", "qcow2");
    tree_append(d, s);
    tree_append(d, b);
}

/* An empty drive has no format. Guests that share a disk must see each other's writes: no host cache unless the document says otherwise. */
static void disk(const struct tree *t, struct tree *d)
{
    if (tree_first(d, "shareable") && !tree_first(d, "readonly") && !tree_path_attr(d, "driver", "cache"))
        tree_set_attr(tree_make(d, "driver"), "cache", "none");
    if (!tree_first(d, "source"))
        tree_set_attr(tree_first(d, "driver"), "type", NULL);
    else if (tree_attr(t, "id") && !tree_attr_is(t, "id", "-1"))       /* it runs */
        run_transient(t, d);
}

/* Which ports of SPICE are to be found: in their places among the attributes, for the numbers. */
static int spice_ports(struct tree *g, const struct settings *s, struct err *e)
{
    static const char *const names[] = {"main", "display", "inputs", "cursor", "playback", "record", "smartcard", "usbredir"};
    const char *def = tree_attr(g, "defaultMode");
    bool alone = doc_is(g, "autoport", "yes"), by_tls = s && s->tls[TLS_SPICE].on, plain = false, tls = false;
    for (unsigned i = 0; alone && i < ARRAY_N(names); i++) {
        const char *mode = def;
        TREE_EACH(ch, g, "channel")
            mode = doc_is(ch, "name", names[i]) ? tree_attr(ch, "mode") : mode;
        plain |= !mode || strcmp(mode, "secure") != 0;
        tls |= mode ? strcmp(mode, "secure") == 0 : by_tls;
    }
    tls |= doc_is(g, "tlsPort", "-1");
    if (tls && !by_tls && !tree_attr_is(g->parent->parent, "id", "-1"))     /* it is to run */
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "Auto allocation of spice TLS port requested but spice TLS is disabled in qemu.conf");
    if (plain)
        tree_set_attr(g, "port", "-1");
    if (tls)
        tree_set_attr(g, "tlsPort", "-1");
    return 0;
}

static int graphics(struct tree *t, const struct doc_env *env, const char *dir, const char *short_name, struct err *e)
{
    TREE_EACH(g, tree_first(t, "devices"), "graphics") {
        struct tree *l = tree_first(g, "listen");
        const struct settings *s = env->settings;
        bool spice = doc_is(g, "type", "spice");
        const char *conf = s ? spice ? s->spice_listen : s->vnc_listen : "";
        if (!spice && !doc_is(g, "type", "vnc"))
            continue;
        if (doc_is(l, "type", "network"))
            return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "<listen type='network'> of <graphics> is not supported yet");
        if (doc_is(l, "type", "address") && !tree_attr(l, "address")) {
            if (s && (spice ? s->spice_auto_unix_socket : s->vnc_auto_unix_socket)) {
                tree_set_attr(l, "type", "socket");
                tree_set_attr(g, "port", spice ? NULL : "-1");
                tree_set_attr(g, "tlsPort", NULL);
                tree_set_attr(g, "autoport", "yes");
            } else {
                tree_set_attr(l, "address", "%s", *conf ? conf : "127.0.0.1");
                tree_set_attr(g, "listen", "%s", *conf ? conf : "127.0.0.1");
            }
            tree_set_attr(l, "fromConfig", "1");
        }
        if (doc_is(l, "type", "socket") && !tree_attr(l, "socket")) {
            tree_set_attr(l, "socket", "%s/domain-%s/%s.sock", dir, short_name, tree_attr(g, "type"));
            if (!spice)
                tree_set_attr(g, "socket", "%s", tree_attr(l, "socket"));
            tree_set_attr(l, "autoGenerated", "yes");
        }
        if (spice && doc_is(l, "type", "address") && spice_ports(g, s, e))
            return -1;
        const char *passwd = s ? spice ? s->spice_password : s->vnc_password : "";
        if (*passwd)
            tree_set_attr(g, MARK_PASSWD, "%s", passwd);
    }
    return 0;
}

/* Nothing that has to be looked up: the processor of documents that do not speak of one. */
static bool is_plain(const struct tree *cpu)
{
    return doc_is(cpu, "mode", "custom") && doc_is(cpu, "check", "none") && !tree_first(cpu, "feature") && doc_in(tree_text(cpu, "model"), "qemu64 qemu32");
}

struct tree *run_cpu(const struct tree *t, const struct doc_env *env, const struct caps_emulator **e)
{
    const char *arch = tree_path_attr(t, "os/type", "arch");
    struct tree *cpu = tree_first(t, "cpu");
    if (!cpu || !arch || !doc_in(arch, "x86_64 i686"))
        return NULL;
    const struct caps *caps = env->processors && !is_plain(cpu) ? env->processors() : NULL;
    *e = caps ? caps_find(caps, tree_text(t, "devices/emulator"), NULL) : NULL;
    return cpu;
}

int run_cpu_known(const struct tree *cpu, struct err *e)
{
    const char *model = doc_is(cpu, "mode", "custom") ? tree_text(cpu, "model") : NULL;
    return model && !cpu_model_named(model) ? err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_CPU, "Unknown CPU model %s", model) : 0;
}

static int cpu(struct tree *t, const struct doc_env *env, struct err *e)
{
    const struct caps_emulator *emulator;
    struct tree *cpu = run_cpu(t, env, &emulator);
    if (cpu && run_cpu_known(cpu, e))
        return -1;
    return cpu ? cpu_doc_start(cpu, emulator, doc_is(t, "type", "kvm"), e) : 0;
}

/* <qemu:capabilities>: by libvirt's names.  What QEMU is told here hangs on none of them. */
static int abilities(const struct tree *t, struct err *e)
{
    static const char *const known[] = {
#include "workers/xmlc/qemu-caps.def"
    };
    const struct tree *said = tree_first(t, "qemu:capabilities");
    for (const struct tree *a = said ? said->child : NULL; a; a = a->next) {
        const char *name = tree_attr(a, "capability");
        size_t i = 0;
        while (name && i < ARRAY_N(known) && strcmp(known[i], name))
            i++;
        if (i == ARRAY_N(known))
            return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "invalid qemu namespace capability '%s'", name);
    }
    return 0;
}

/* ---- sizes of memory: QEMU has it in pieces, and what runs is told as large as it is ---- */

enum { PIECE_KIB = 1024, MODULE_KIB = 2048 };

static uint64_t kib(const struct tree *t, const char *attr)
{
    uint64_t v = 0;
    return t && tree_parse_uint(attr ? tree_attr(t, attr) : t->text, 10, INT64_MAX, &v) == 0 ? v : 0;
}

static uint64_t whole(uint64_t size, unsigned piece)
{
    return (size + piece - 1) / piece * piece;
}

uint64_t run_module(struct tree *memory)
{
    struct tree *size = tree_first(tree_first(memory, "target"), "size");
    uint64_t v = whole(kib(size, NULL), MODULE_KIB);
    if (v)
        tree_set_text(size, "%" PRIu64, v);
    return v;
}

static void memory(struct tree *t)
{
    struct tree *total = tree_first(t, "memory"), *max = tree_first(t, "maxMemory");
    uint64_t modules = 0, were = 0, cells = 0;
    TREE_EACH(m, tree_first(t, "devices"), "memory") {
        were += kib(tree_first(tree_first(m, "target"), "size"), NULL);
        modules += run_module(m);
    }
    TREE_EACH(c, tree_get(t, "cpu/numa"), "cell") {
        uint64_t v = whole(kib(c, "memory"), PIECE_KIB);
        tree_set_attr(c, "memory", "%" PRIu64, v);
        cells += v;
    }
    uint64_t has = kib(total, NULL), begins = cells ? cells : whole(has > were ? has - were : 0, PIECE_KIB);
    if (begins)
        tree_set_text(total, "%" PRIu64, begins + modules);
    struct tree *balloon = tree_first(tree_first(t, "devices"), "memballoon");
    if (!balloon || doc_is(balloon, "model", "none"))      /* it has all of it, and nobody takes any away */
        tree_set_text(tree_make(t, "currentMemory"), "%s", total->text);
    if (max)
        tree_set_text(max, "%" PRIu64, whole(kib(max, NULL), PIECE_KIB));
}

/* The port that it asks the network for has a name before anybody is asked, so that whoever undoes a start knows it. */
static void network(struct tree *t)
{
    char uuid[37];
    if (!doc_is(t, "type", "network") || tree_path_attr(t, "source", "portid"))
        return;
    doc_uuid(uuid);
    tree_set_attr(tree_make(t, "source"), "portid", "%s", uuid);
}

void run_device(struct tree *t, struct tree *dev, const struct doc_env *env)
{
    char name[128];
    run_short_name(t, (int)doc_uint(t, "id", 0), name);
    run_aliases(t);
    run_tls_says(dev, env);
    if (strcmp(dev->name, "channel") == 0)
        channel(dev, doc_lib_dir(env), name);
    else if (strcmp(dev->name, "disk") == 0)
        disk(t, dev);
    else if (strcmp(dev->name, "interface") == 0)
        network(dev);
}

int run_form(struct tree *t, int id, const struct doc_env *env, struct err *e)
{
    const char *dir = doc_lib_dir(env);
    struct tree *devices = tree_first(t, "devices"), *r;
    char name[128];
    if (run_firmware(t, env, e))
        return -1;
    run_short_name(t, id, name);
    tree_set_attr(t, "id", "%d", id);
    run_aliases(t);
    memory(t);
    console_is_serial(devices);
    for (struct tree *d = devices->child; d; d = d->next)
        run_tls_says(d, env);
    TREE_EACH(c, devices, "channel") {
        channel(c, dir, name);
        if (doc_is(tree_first(c, "target"), "type", "virtio"))      /* of one that comes later nothing is said until the guest opens it */
            tree_set_attr(tree_first(c, "target"), "state", "disconnected");
    }
    if (graphics(t, env, dir, name, e))
        return -1;
    TREE_EACH(d, devices, "disk")
        disk(t, d);
    TREE_EACH(n, devices, "interface")
        network(n);
    if (!tree_get(t, "resource/partition")) {
        r = tree_make(t, "resource");
        tree_insert(r, tree_new("partition"), NULL);
        tree_set_text(tree_first(r, "partition"), "/machine");
    }
    if (abilities(t, e) || cpu(t, env, e))
        return -1;
    schema_order(&schema_domain, t);
    return 0;
}

struct tree *run_native(const char *xml, size_t n, const struct doc_env *env, struct err *e)
{
    static const char *const lost[] = {"address", "alias", "acpi", "rom"};
    AUTO_TREE *t = doc_parse(xml, n, env, e);
    if (!t)
        return NULL;
    struct tree *devices = tree_first(t, "devices"), *c;
    if (tree_first(devices, "interface")) {
        TREE_EACH(i, devices, "interface")
            for (unsigned k = 0; k < ARRAY_N(lost); k++)
                if ((c = tree_first(i, lost[k])))
                    tree_free(c);
        AUTO_FREE char *text = doc_text(t, FORM_SECURE | FORM_INACTIVE, &n);
        tree_free(t);
        t = text ? doc_parse(text, n, env, e) : NULL;
        if (!t)
            return NULL;
    }
    return run_form(t, -1, env, e) < 0 ? NULL : STEAL_PTR(&t);
}
