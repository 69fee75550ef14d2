/* manifest-host.c: programs beside QEMU; files, memory and devices of the host. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/util.h"
#include "workers/tree-marks.h"
#include "workers/xmlc/maker.h"

/* ---- programs beside QEMU ---- */

int maker_tpm(struct maker *m, struct tree *t)
{
    struct tree *b = tree_first(t, "backend"), *banks = tree_first(b, "active_pcr_banks");
    struct manifest_entry x = {.kind = MK_HELPER, .flags = MF_EMPTY, .parent = -1, .a = HELPER_SWTPM};
    char words[128];
    if (doc_is(b, "type", "external"))
        return maker_chardev(m, b);
    if (doc_is(b, "type", "passthrough")) {
        x = (struct manifest_entry){.kind = MK_NODE, .parent = -1};
        return maker_add(m, tree_first(b, "device"), &x, tree_path_attr(b, "device", "path"), NULL) < 0 ? -1 : 0;
    }
    if (!doc_is(b, "type", "emulator"))
        return 0;
    size_t n = (size_t)snprintf(words, sizeof words, "version=%s", tree_attr(b, "version"));
    for (struct tree *bank = banks ? banks->child : NULL; bank; bank = bank->next)
        if (bank->name && doc_in(bank->name, "sha1 sha256 sha384 sha512"))
            n += (size_t)snprintf(words + n, sizeof words - n, "%s%s", strstr(words, "banks=") ? "," : " banks=", bank->name);
    return maker_add(m, b, &x, NULL, words) < 0 ? -1 : 0;
}

int maker_share(struct maker *m, const struct tree *t, struct tree *mark, const char *dir, uint32_t format)
{
    struct manifest_entry x = {.kind = MK_SHARE, .flags = tree_first(t, "readonly") ? MF_RO : 0, .parent = -1, .format = format};
    return dir && maker_add(m, mark, &x, dir, NULL) < 0 ? -1 : 0;
}

int maker_filesystem(struct maker *m, struct tree *t)
{
    static const struct { const char *word, *path, *attr; } words[] = {{"binary", "binary", "path"}, {"xattr", "binary", "xattr"}, {"cache", "binary/cache", "mode"},
        {"posix", "binary/lock", "posix"}, {"flock", "binary/lock", "flock"}, {"pool", "binary/thread_pool", "size"}};
    struct manifest_entry x = {.kind = MK_HELPER, .parent = -1, .a = HELPER_VIRTIOFS};
    const char *dir = tree_path_attr(t, "source", "dir"), *socket = tree_path_attr(t, "source", "socket"), *alias = tree_path_attr(t, "alias", "name");
    char aux[512];
    if (!doc_is(tree_first(t, "driver"), "type", "virtiofs"))
        return maker_share(m, t, t, dir, IMG_NONE);
    if (!dir && !socket)
        return 0;
    if (socket) {
        x = (struct manifest_entry){.kind = MK_UNIX_CONNECT, .parent = -1};
        return maker_add(m, t, &x, socket, NULL) < 0 ? -1 : 0;
    }
    size_t n = (size_t)snprintf(aux, sizeof aux, "alias=%s", alias ? alias : "");
    for (unsigned i = 0; i < ARRAY_N(words); i++) {
        const char *v = tree_path_attr(t, words[i].path, words[i].attr);
        if (v && (strchr(v, ' ') || strlen(v) > 127))
            return maker_unsupported(m, "<binary path=> of <filesystem>: path", v);
        if (v && n < sizeof aux)
            n += (size_t)snprintf(aux + n, sizeof aux - n, " %s=%s", words[i].word, v);
    }
    return maker_add(m, t, &x, dir, aux) < 0 ? -1 : 0;
}

/* ---- files that QEMU takes by path ---- */

/* Where libvirt looks for the variables that belong to a firmware image. */
static const char *const templates[][2] = {
    {"/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"}, {"/usr/share/OVMF/OVMF_CODE.secboot.fd", "/usr/share/OVMF/OVMF_VARS.fd"},
    {"/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.fd"}, {"/usr/share/AAVMF/AAVMF32_CODE.fd", "/usr/share/AAVMF/AAVMF32_VARS.fd"},
};

int maker_firmware(struct maker *m, struct tree *os)
{
    static const char *const files[] = {"kernel", "initrd", "dtb"};
    struct tree *loader = tree_first(os, "loader"), *nvram = tree_first(os, "nvram");
    for (unsigned i = 0; i < ARRAY_N(files); i++)
        if (maker_bind(m, tree_first(os, files[i]), tree_text(os, files[i])))
            return -1;
    TREE_EACH(table, tree_first(os, "acpi"), "table")
        if (maker_bind(m, table, table->text))
            return -1;
    if (loader && loader->text && doc_is(loader, "type", "pflash")) {
        struct manifest_entry x = {.kind = MK_IMAGE, .parent = -1, .flags = MF_FILE | MF_SHARED, .format = IMG_RAW};
        x.flags |= (doc_is(loader, "readonly", "yes") ? MF_RO : 0) | (tree_attr(loader, MARK_CHOSEN) ? MF_CHOSEN : 0);
        if (maker_add(m, loader, &x, loader->text, NULL) < 0)
            return -1;
    } else if (loader && maker_bind(m, loader, loader->text)) {
        return -1;
    }
    if (nvram && !doc_is(loader, "stateless", "yes")) {
        struct manifest_entry x = {.kind = MK_NVRAM, .parent = -1, .format = IMG_RAW, .flags = (m->env->flags & DOC_FRESH ? MF_FRESH : 0) | (tree_attr(nvram, MARK_CHOSEN) ? MF_CHOSEN : 0)};
        const char *path = nvram->text ? nvram->text : tree_path_attr(nvram, "source", "file"), *from = tree_attr(nvram, "template");
        for (unsigned i = 0; !from && loader && loader->text && i < ARRAY_N(templates); i++)
            if (strcmp(templates[i][0], loader->text) == 0)
                from = templates[i][1];
        if (path && maker_add(m, nvram, &x, path, from ? from : "") < 0)
            return -1;
    }
    TREE_EACH(s, m->t, "sysinfo")
        TREE_EACH(en, s, "entry")
            if (maker_bind(m, en, tree_attr(en, "file")))
                return -1;
    return 0;
}

int maker_rom(struct maker *m, struct tree *t)
{
    return maker_bind(m, tree_first(t, "rom"), tree_path_attr(t, "rom", "file"));
}

int maker_rng(struct maker *m, struct tree *t)
{
    struct tree *b = tree_first(t, "backend");
    struct manifest_entry x = {.kind = MK_DEVNODE, .parent = -1};
    return doc_is(b, "model", "random") && maker_add(m, b, &x, b->text, NULL) < 0 ? -1 : 0;
}

int maker_vsock(struct maker *m, struct tree *t)
{
    struct manifest_entry x = {.kind = MK_NODE, .parent = -1, .a = doc_is(tree_first(t, "cid"), "auto", "yes") ? 0 : doc_uint(tree_first(t, "cid"), "address", 0)};
    return maker_add(m, t, &x, "/dev/vhost-vsock", "unable to open vhost-vsock device") < 0 ? -1 : 0;
}

static int usb(struct maker *m, struct tree *t, bool runs)
{
    const struct tree *s = tree_first(t, "source"), *a = doc_is(s, "autoAddress", "yes") ? NULL : tree_first(s, "address");
    const char *vendor = tree_path_attr(s, "vendor", "id"), *product = tree_path_attr(s, "product", "id"), *policy = tree_attr(s, "startupPolicy");
    struct manifest_entry x = {.kind = MK_USB, .parent = -1, .b = doc_uint(a, "bus", 0), .c = doc_uint(a, "device", 0)};
    x.a = (uint32_t)(vendor && product ? strtoul(vendor, NULL, 16) << 16 | strtoul(product, NULL, 16) : 0);
    if (policy && doc_in(policy, runs ? "optional requisite" : "optional"))
        x.flags |= MF_OPTIONAL;
    return maker_add(m, t, &x, NULL, NULL) < 0 ? -1 : 0;
}

/* How much memory a QEMU may lock, in KiB: all of its guest's stays in place, and what it maps besides; behind an IOMMU of the guest's own once for each device.  UINT64_MAX: no limit. */
static uint64_t locked_kib(const struct maker *m)
{
    uint64_t hard = tree_number(m->t, "memtune/hard_limit", 0), all = tree_number(m->t, "memory", 0);
    unsigned devices = 0;
    TREE_EACH(t, m->devices, "hostdev")
        devices += doc_in(tree_attr(t, "type"), "pci mdev") && (doc_is(t, "type", "pci") || doc_is(t, "model", "vfio-pci"));
    if (hard)
        return hard;
    return tree_get(m->t, "memoryBacking/locked") ? UINT64_MAX : (tree_first(m->devices, "iommu") && devices ? devices : 1) * all + (1 << 20);
}

void maker_locks(const struct maker *m, struct manifest_entry *x)
{
    uint64_t kib = locked_kib(m);
    x->a = (uint32_t)kib;
    x->b = (uint32_t)(kib >> 32);
}

static int vfio(struct maker *m, struct tree *t)
{
    const struct tree *a = tree_get(t, "source/address");
    const char *driver = tree_path_attr(t, "driver", "name");
    struct manifest_entry x = {.kind = MK_VFIO, .parent = -1};
    char name[32], how[32];
    maker_locks(m, &x);
    if (doc_is(t, "type", "mdev"))
        return maker_add(m, t, &x, tree_attr(a, "uuid"), tree_attr(t, "model")) < 0 ? -1 : 0;
    x.flags = doc_is(t, "managed", "yes") ? MF_MANAGED : 0;
    snprintf(name, sizeof name, "%04x:%02x:%02x.%x", doc_uint(a, "domain", 0), doc_uint(a, "bus", 0), doc_uint(a, "slot", 0), doc_uint(a, "function", 0));
    snprintf(how, sizeof how, "pci%s%s", driver ? " " : "", driver ? driver : "");
    tree_set_attr(tree_make(t, "driver"), "name", "vfio");
    return maker_add(m, t, &x, name, how) < 0 ? -1 : 0;
}

int maker_hostdev_of(struct maker *m, struct tree *t, bool runs)
{
    struct manifest_entry x = {.kind = MK_NODE, .parent = -1};
    if (doc_is(t, "type", "usb"))
        return usb(m, t, runs);
    if (maker_by_iscsi(t))
        return maker_disk_secrets(m, t) ? -1 : maker_host_network(m, tree_first(t, "source"));
    if (doc_in(tree_attr(t, "type"), "pci mdev"))
        return vfio(m, t);
    if (doc_is(t, "type", "scsi_host"))
        return maker_add(m, t, &x, "/dev/vhost-scsi", "vhost-scsi device file '/dev/vhost-scsi' cannot be found") < 0 ? -1 : 0;
    return 0;
}

int maker_hostdev(struct maker *m, struct tree *t)
{
    return maker_hostdev_of(m, t, false);
}

int maker_shmem(struct maker *m, struct tree *t)
{
    struct manifest_entry x = {.kind = MK_SHM, .parent = -1};
    struct tree *server = tree_first(t, "server");
    char path[PATH_MAX];
    x.kind = server ? MK_UNIX_CONNECT : MK_SHM;
    if (server && tree_attr(server, "path"))
        return maker_add(m, t, &x, tree_attr(server, "path"), NULL) < 0 ? -1 : 0;
    snprintf(path, sizeof path, server ? "/var/lib/libvirt/shmem-%s-sock" : "/dev/shm/%s", tree_attr(t, "name"));
    return maker_add(m, t, &x, path, NULL) < 0 ? -1 : 0;
}

int maker_input(struct maker *m, struct tree *t)
{
    struct tree *s = tree_first(t, "source");
    const char *path = tree_attr(s, doc_is(t, "type", "evdev") ? "dev" : "evdev");
    struct manifest_entry x = {.kind = MK_NODE, .parent = -1};
    return path && maker_add(m, s, &x, path, NULL) < 0 ? -1 : 0;
}

/* A part of the guest's memory that is to be in a file of the host's: of huge pages QEMU makes one that is none's. */
static int ram(struct maker *m, struct tree *part)
{
    const struct tree *backing = tree_first(m->t, "memoryBacking");
    const char *own = m->env->settings ? m->env->settings->memory_backing_dir : "";
    struct manifest_entry x = {.kind = MK_MEMORY, .flags = MF_FRESH, .parent = -1};
    char path[512];
    if (!doc_is(tree_first(backing, "source"), "type", "file") || tree_first(backing, "hugepages"))
        return 0;
    util_format(path, sizeof path, *own ? "%s" : "%s/ram", *own ? own : doc_lib_dir(m->env));
    return maker_add(m, part, &x, path, NULL) < 0 ? -1 : 0;
}

int maker_parts(struct maker *m)
{
    struct tree *cells = tree_get(m->t, "cpu/numa");
    TREE_EACH(c, cells, "cell")
        if (ram(m, c))
            return -1;
    return cells || !tree_first(m->t, "memoryBacking") ? 0 : ram(m, tree_first(m->t, "memoryBacking"));
}

int maker_module(struct maker *m, struct tree *t)
{
    struct manifest_entry x = {.kind = MK_MEMORY, .parent = -1};
    const char *path = tree_text(t, "source/path");
    if (!path)
        return tree_get(t, "source/pagesize") ? 0 : ram(m, t);
    return maker_add(m, t, &x, path, NULL) < 0 ? -1 : 0;
}
