/* domcaps.c: the <domainCapabilities> document: what a guest of one binary and machine may have. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "ipc/util.h"
#include "workers/cpu.h"
#include "workers/host/host.h"
#include "workers/tree.h"

struct in { const struct caps_emulator *e; const struct caps_machine *m; bool kvm, i440fx; uint32_t programs; const struct firmware_list *firmware; };

/* A value of an <enum>: shown when the binary has what is named; "need" is "device", "object:x", "option:x", "value:ENUM:x", "swtpm:ENUM:x" the same where that program is, "firmware:bios|efi|secure" when the host has one that does, "pc", "" always. */
struct value { const char *text, *need; };
struct row { const char *name; struct value v[12]; };

static bool has_firmware(const struct in *in, const char *what)
{
    for (uint32_t i = 0; i < in->firmware->n; i++) {
        const struct firmware *f = &in->firmware->v[i];
        bool does = !strcmp(what, "bios") ? f->interfaces & FIRMWARE_BIOS : !strcmp(what, "efi") ? f->interfaces & FIRMWARE_UEFI : f->features >> FIRMWARE_REQUIRES_SMM & 1;
        if (does && firmware_fits(f, in->e->arch, in->m->name))
            return true;
    }
    return false;
}

static bool has(const struct in *in, const char *need)
{
    char kind[24];
    size_t k = strcspn(need, ":");
    if (!*need)
        return true;
    if (!strcmp(need, "pc"))
        return in->i440fx;
    if (!strcmp(need, "never"))
        return false;
    if (!need[k])
        return caps_has_device(in->e, need);
    const char *rest = need + k + 1, *colon = strchr(rest, ':');
    if (!strncmp(need, "swtpm:", 6) && !(in->programs & PROGRAM_SWTPM))
        return false;
    if (!strncmp(need, "firmware:", 9))
        return has_firmware(in, rest);
    if (!strncmp(need, "object:", 7))
        return caps_has_object(in->e, rest);
    if (!strncmp(need, "option:", 7))
        return caps_has_option(in->e, rest, NULL);
    if (!colon || util_format(kind, sizeof kind, "%.*s", (int)(colon - rest), rest) < 0)
        return false;
    return caps_has_value(in->e, kind, colon + 1);
}

static void add_rows(struct tree *parent, const struct in *in, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct tree *e = tree_add(parent, "enum");
        tree_set_attr(e, "name", "%s", rows[i].name);
        for (const struct value *v = rows[i].v; v->text; v++)
            if (has(in, v->need))
                tree_add_text(e, "value", "%s", v->text);
    }
}

static struct tree *add_yes(struct tree *parent, const char *name, bool yes)
{
    struct tree *t = tree_add(parent, name);
    tree_set_attr(t, "supported", "%s", yes ? "yes" : "no");
    return t;
}

static const struct row firmware[] = { { "firmware", { { "bios", "firmware:bios" }, { "efi", "firmware:efi" } } } };
static const struct row loader[] = { { "type", { { "rom", "" }, { "pflash", "" } } }, { "readonly", { { "yes", "" }, { "no", "" } } }, { "secure", { { "yes", "firmware:secure" }, { "no", "" } } } };
static const struct row memory[] = { { "sourceType", { { "file", "object:memory-backend-file" }, { "anonymous", "" }, { "memfd", "object:memory-backend-memfd" } } } };
static const struct row disk[] = {
    { "diskDevice", { { "disk", "" }, { "cdrom", "" }, { "floppy", "" }, { "lun", "" } } },
    { "bus", { { "ide", "pc" }, { "fdc", "" }, { "scsi", "scsi-hd" }, { "virtio", "virtio-blk-pci" }, { "usb", "usb-storage" }, { "sata", "ich9-ahci" } } },
    { "model", { { "virtio", "virtio-blk-pci" }, { "virtio-transitional", "virtio-blk-pci-transitional" }, { "virtio-non-transitional", "virtio-blk-pci-non-transitional" } } } };
static const struct row graphics[] = { { "type", { { "sdl", "value:DisplayType:sdl" }, { "vnc", "option:vnc" }, { "spice", "option:spice" },
    { "egl-headless", "value:DisplayType:egl-headless" }, { "dbus", "value:DisplayType:dbus" } } } };
static const struct row video[] = { { "modelType", { { "vga", "VGA" }, { "cirrus", "cirrus-vga" }, { "vmvga", "vmware-svga" }, { "qxl", "qxl" }, { "virtio", "virtio-gpu-pci" },
    { "none", "" }, { "bochs", "bochs-display" }, { "ramfb", "ramfb" } } } };
static const struct row hostdev[] = { { "mode", { { "subsystem", "" } } },
    { "startupPolicy", { { "default", "" }, { "mandatory", "" }, { "requisite", "" }, { "optional", "" } } },
    { "subsysType", { { "usb", "" }, { "pci", "" }, { "scsi", "scsi-generic" } } }, { "capsType", { { 0 } } }, { "pciBackend", { { 0 } } } };
static const struct row rng[] = {
    { "model", { { "virtio", "virtio-rng-pci" }, { "virtio-transitional", "virtio-rng-pci-transitional" }, { "virtio-non-transitional", "virtio-rng-pci-non-transitional" } } },
    { "backendModel", { { "random", "object:rng-random" }, { "egd", "object:rng-egd" }, { "builtin", "object:rng-builtin" } } } };
static const struct row filesystem[] = { { "driverType", { { "path", "" }, { "handle", "" }, { "virtiofs", "vhost-user-fs-pci" } } } };
static const struct row tpm[] = { { "model", { { "tpm-tis", "tpm-tis" }, { "tpm-crb", "tpm-crb" } } },
    { "backendModel", { { "passthrough", "value:TpmType:passthrough" }, { "emulator", "swtpm:TpmType:emulator" }, { "external", "swtpm:TpmType:emulator" } } },
    { "backendVersion", { { "1.2", "swtpm:TpmType:emulator" }, { "2.0", "swtpm:TpmType:emulator" } } } };
static const struct row redirdev[] = { { "bus", { { "usb", "usb-redir" } } } };
static const struct row channel[] = { { "type", { { "pty", "" }, { "unix", "" }, { "spicevmc", "option:spice" } } } };
static const struct row hyperv[] = { { "features", { { "spinlocks", "" }, { "vendor_id", "" } } } };

static const struct { const char *name; const struct row *rows; size_t n; const char *need; } devices[] = {
    { "disk", disk, ARRAY_N(disk), "" }, { "graphics", graphics, ARRAY_N(graphics), "" }, { "video", video, ARRAY_N(video), "" },
    { "hostdev", hostdev, ARRAY_N(hostdev), "" }, { "rng", rng, ARRAY_N(rng), "virtio-rng-pci" }, { "filesystem", filesystem, ARRAY_N(filesystem), "" },
    { "tpm", tpm, ARRAY_N(tpm), "tpm-tis" }, { "redirdev", redirdev, ARRAY_N(redirdev), "usb-redir" }, { "channel", channel, ARRAY_N(channel), "" } };
static const struct { const char *name, *need; } features[] = { { "gic", "never" }, { "vmcoreinfo", "vmcoreinfo" }, { "genid", "vmgenid" }, { "backingStoreInput", "" },
    { "backup", "" }, { "sev", "never" }, { "sgx", "never" } };

static void add_migratable(struct tree *cpu, const struct in *in, const char *mode, const char *name, bool yes)
{
    const struct row row = { name, { { "on", "" }, { "off", "" } } };
    struct tree *t = tree_add(cpu, "mode");
    tree_set_attr(t, "name", "%s", mode);
    tree_set_attr(t, "supported", "%s", yes ? "yes" : "no");
    if (yes)
        add_rows(t, in, &row, 1);
}

/* The model with the fewest words that is what this accelerator gives a guest at most. */
static void add_host_model(struct tree *cpu, const struct in *in)
{
    struct cpu_features want;
    const char *vendor;
    struct tree *t = tree_add(cpu, "mode");
    tree_set_attr(t, "name", "host-model");
    const struct cpu_model *m = cpu_most(in->e, in->kvm, &want, &vendor) ? cpu_pick(in->e, in->kvm, &want, vendor, CPU_PICK_MOST) : NULL;
    tree_set_attr(t, "supported", "%s", m ? "yes" : "no");
    if (!m)
        return;
    tree_set_attr(tree_add_text(t, "model", "%s", m->name), "fallback", "forbid");
    if (vendor)
        tree_add_text(t, "vendor", "%s", vendor);
    cpu_add_features(t, &want, &m->has);
    const struct caps_cpu *c = caps_cpu(in->e, in->kvm ? CAPS_KVM : CAPS_TCG, m->name);
    struct cpu_features lacks = { { 0 } };
    if (c)
        cpu_of_list(&lacks, &c->blockers);
    for (unsigned i = 0; cpu_feature_name(i); i++) {        /* what the accelerator lacks of QEMU's own model of that name */
        if (!cpu_has(&lacks, i) || cpu_has(&m->has, i) || cpu_has(&want, i))
            continue;
        struct tree *f = tree_add(t, "feature");
        tree_set_attr(f, "policy", "disable");
        tree_set_attr(f, "name", "%s", cpu_feature_name(i));
    }
}

static int by_name_down(const void *a, const void *b)
{
    return strcmp((*(const struct cpu_model *const *)b)->name, (*(const struct cpu_model *const *)a)->name);
}

static void add_models(struct tree *cpu, const struct in *in)
{
    const struct cpu_model *list[128];
    unsigned n = 0;
    struct tree *t = tree_add(cpu, "mode");
    tree_set_attr(t, "name", "custom");
    tree_set_attr(t, "supported", "yes");
    for (unsigned i = 0; cpu_model(i)->name && n < ARRAY_N(list); i++)
        if (caps_cpu(in->e, CAPS_TCG, cpu_model(i)->name))
            list[n++] = cpu_model(i);
    qsort(list, n, sizeof *list, by_name_down);
    for (unsigned i = 0; i < n; i++) {
        const struct caps_cpu *c = in->kvm ? caps_cpu(in->e, CAPS_KVM, list[i]->name) : NULL;
        c = c ? c : caps_cpu(in->e, CAPS_TCG, list[i]->name);
        struct tree *m = tree_add_text(t, "model", "%s", list[i]->name);
        tree_set_attr(m, "usable", "%s", c->blockers.n ? "no" : "yes");
        if (c->flags & CAPS_C_DEPRECATED)
            tree_set_attr(m, "deprecated", "yes");
        tree_set_attr(m, "vendor", "%s", list[i]->vendor);
    }
}

/* Images that are there: those of the descriptors, or, where none is for this machine, those that libvirt was built with. */
static void add_loaders(struct tree *t, const struct in *in)
{
    static const char *const built_in[] = { "/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_CODE.secboot.fd", "/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF32_CODE.fd" };
    const char *told[FIRMWARE_MAX];
    unsigned n = 0, k;
    for (uint32_t i = 0; i < in->firmware->n; i++) {
        const struct firmware *f = &in->firmware->v[i];
        for (k = 0; k < n && strcmp(told[k], f->file); k++);
        if (k == n && f->device != FIRMWARE_KERNEL && f->file[0] && firmware_fits(f, in->e->arch, in->m->name))
            told[n++] = f->file;
    }
    const char *const *v = n ? told : built_in;
    for (k = 0; k < (n ? n : ARRAY_N(built_in)); k++)
        if (access(v[k], F_OK) == 0)
            tree_add_text(t, "value", "%s", v[k]);
}

static char *make(const struct in *in)
{
    AUTO_TREE *d = tree_new("domainCapabilities");
    struct tree *t, *os;
    tree_add_text(d, "path", "%s", in->e->path);
    tree_add_text(d, "domain", "%s", in->kvm ? "kvm" : "qemu");
    tree_add_text(d, "machine", "%s", in->m->name);
    tree_add_text(d, "arch", "%s", in->e->arch);
    tree_set_attr(tree_add(d, "vcpu"), "max", "%u", in->m->cpus_max);
    add_yes(d, "iothreads", caps_has_object(in->e, "iothread"));
    os = add_yes(d, "os", true);
    add_rows(os, in, firmware, ARRAY_N(firmware));
    t = add_yes(os, "loader", true);
    add_loaders(t, in);
    add_rows(t, in, loader, ARRAY_N(loader));
    t = tree_add(d, "cpu");
    add_migratable(t, in, "host-passthrough", "hostPassthroughMigratable", in->kvm);
    add_migratable(t, in, "maximum", "maximumMigratable", caps_cpu(in->e, CAPS_TCG, "max") != NULL);
    add_host_model(t, in);
    add_models(t, in);
    add_rows(add_yes(d, "memoryBacking", true), in, memory, ARRAY_N(memory));
    t = tree_add(d, "devices");
    for (size_t i = 0; i < ARRAY_N(devices); i++) {
        bool yes = has(in, devices[i].need);
        struct tree *dev = add_yes(t, devices[i].name, yes);
        if (yes)
            add_rows(dev, in, devices[i].rows, devices[i].n);
    }
    t = tree_add(d, "features");
    for (size_t i = 0; i < ARRAY_N(features); i++)
        add_yes(t, features[i].name, has(in, features[i].need));
    add_rows(add_yes(t, "hyperv", true), in, hyperv, ARRAY_N(hyperv));
    return tree_print(d, 0, NULL);
}

char *domcaps_text(const struct host *h, const char *emulator, const char *arch, const char *machine, const char *virttype, struct err *e)
{
    static struct firmware_list list;
    struct in in = { .firmware = &list };
    struct caps_choice choice;
    if (caps_choose(&h->caps, emulator, arch, machine, virttype, &choice, e))
        return NULL;
    if (!h->firmware || !firmware_read(h->firmware, &list, 0))
        list.n = list.bad[0] = 0;
    if (list.bad[0]) {
        err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "%s", list.bad);
        return NULL;
    }
    in.e = choice.e;
    in.m = choice.machine;
    in.kvm = choice.kvm;
    in.programs = h->settings.programs;
    in.i440fx = !strncmp(in.m->name, "pc-i440fx", 9);
    char *text = make(&in);
    if (!text)
        err_sys(e, VIR_FROM_QEMU, ENOMEM, "cannot make domain capabilities");
    return text;
}
