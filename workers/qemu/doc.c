#include "config.h"
#include <errno.h>
#include <string.h>

#include "ipc/util.h"
#include "workers/qemu/guest.h"
#include "workers/tree-form.h"

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int parse_uuid(const char *s, uint8_t out[16])
{
    unsigned n = 0;
    for (; s && *s && n < 32; s++) {
        int d = hex_digit(*s);
        if (d < 0 && *s != '-')
            return -EINVAL;
        if (d >= 0) {
            out[n / 2] = (uint8_t)(n % 2 ? out[n / 2] | d : d << 4);
            n++;
        }
    }
    return n == 32 && s && !*s ? 0 : -EINVAL;
}

int guest_set_identity(struct guest *g, struct err *e)
{
    const char *name = tree_text(g->tree, "name");
    uint64_t id = 0;
    if (!name || util_copy_str(g->name, sizeof g->name, name) || parse_uuid(tree_text(g->tree, "uuid"), g->uuid))
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "the guest's document has no name or uuid");
    g->id = tree_attr_uint(g->tree, "id", INT32_MAX, &id) ? -1 : (int32_t)id;
    struct tree *balloon = tree_get(g->tree, "devices/memballoon");
    g->has_balloon = balloon && !tree_attr_is(balloon, "model", "none");
    return 0;
}

int guest_load_tree(struct guest *g, int fd, struct err *e)
{
    struct tree *t = tree_map(fd);
    if (!t)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "the guest's document cannot be read");
    if (g->tree)
        tree_free(g->tree);
    g->tree = t;
    return guest_set_identity(g, e);
}

const char *device_alias(const struct tree *dev)
{
    return tree_path_attr(dev, "alias", "name");
}

struct tree *guest_device(struct guest *g, const char *alias)
{
    TREE_EACH(dev, tree_get(g->tree, "devices"), NULL) {
        const char *a = device_alias(dev);
        if (a && !strcmp(a, alias))
            return dev;
    }
    return NULL;
}

void qdev_alias(const char *qdev, char *alias, size_t size)
{
    static const char prefix[] = "/machine/peripheral/";
    if (!strncmp(qdev, prefix, sizeof prefix - 1))
        qdev += sizeof prefix - 1;
    snprintf(alias, size, "%.*s", (int)strcspn(qdev, "/"), qdev);
}

/* libvirt's order of devices, which is that of a document. */
static unsigned kind_order(const char *name)
{
    static const char *const kinds[] = { "emulator", "disk", "controller", "lease", "filesystem", "interface", "smartcard", "serial", "parallel", "console", "channel",
        "input", "tpm", "graphics", "sound", "audio", "video", "hostdev", "redirdev", "redirfilter", "hub", "watchdog", "memballoon", "rng", "nvram", "panic", "shmem",
        "memory", "iommu", "vsock" };
    unsigned i = 0;
    while (i < ARRAY_N(kinds) && (!name || strcmp(kinds[i], name) != 0))
        i++;
    return i;
}

/* Disks of a bus are in the order of their names, controllers of a type in that of their numbers. */
static bool is_before(const struct tree *a, const struct tree *b)
{
    uint64_t x, y;
    if (!strcmp(a->name, "controller"))
        return !tree_attr_uint(a, "index", UINT32_MAX, &x) && !tree_attr_uint(b, "index", UINT32_MAX, &y) && x < y;
    const char *m = tree_path_attr(a, "target", "dev"), *n = tree_path_attr(b, "target", "dev");
    return m && n && (strlen(m) != strlen(n) ? strlen(m) < strlen(n) : strcmp(m, n) < 0);
}

static bool is_sorted_with(const struct tree *a, const struct tree *b)
{
    bool is_disk = !strcmp(a->name, "disk");
    const char *m = is_disk ? tree_path_attr(a, "target", "bus") : tree_attr(a, "type"), *n = is_disk ? tree_path_attr(b, "target", "bus") : tree_attr(b, "type");
    return (is_disk || !strcmp(a->name, "controller")) && m && n && !strcmp(m, n);
}

void guest_place(struct guest *g, struct tree *dev)
{
    struct tree *devices = tree_make(g->tree, "devices"), *behind = NULL, *before = NULL;
    for (struct tree *d = devices->child; d; d = d->next) {
        bool is_same = d->name && !strcmp(d->name, dev->name);
        if (is_same && is_sorted_with(d, dev) && !before && is_before(dev, d))
            before = d;
        if (is_same && is_sorted_with(d, dev) && is_before(d, dev))
            behind = d;
    }
    if (!before && behind)
        before = behind->next;
    else if (!before)
        for (before = devices->child; before && kind_order(before->name) <= kind_order(dev->name);)
            before = before->next;
    if (before)
        tree_insert(devices, dev, before);
    else
        tree_append(devices, dev);
}

const char *disk_source(const struct tree *disk)
{
    static const char *const keys[] = { "file", "dev", "dir", "name", "volume" };
    struct tree *src = tree_get(disk, "source");
    for (size_t i = 0; src && i < ARRAY_N(keys); i++)
        if (tree_attr(src, keys[i]))
            return tree_attr(src, keys[i]);
    return NULL;
}

struct tree *guest_disk(struct guest *g, const char *path)
{
    struct tree *devices = tree_get(g->tree, "devices");
    TREE_EACH(d, devices, "disk") {
        const char *dst = tree_path_attr(d, "target", "dev");
        if (dst && !strcmp(dst, path))
            return d;
    }
    TREE_EACH(d, devices, "disk") {
        const char *src = disk_source(d);
        if (src && *path == '/' && !strcmp(src, path))
            return d;
    }
    return NULL;
}

uint64_t tree_kib(const struct tree *t, const char *path)
{
    static const struct { const char *unit; uint64_t bytes; } units[] = {
        { "b", 1 }, { "bytes", 1 }, { "KB", 1000 }, { "KiB", 1024 }, { "k", 1024 }, { "K", 1024 }, { "MB", 1000000 }, { "MiB", 1 << 20 }, { "M", 1 << 20 },
        { "GB", 1000000000 }, { "GiB", 1 << 30 }, { "G", 1 << 30 }, { "TiB", 1ull << 40 }, { "T", 1ull << 40 }, { "TB", 1000000000000 },
    };
    const char *text = tree_text(t, path), *unit = tree_path_attr(t, path, "unit");
    uint64_t v, bytes = 1024;
    if (!text || tree_parse_uint(text, 10, UINT64_MAX >> 10, &v))
        return 0;
    for (size_t i = 0; unit && i < ARRAY_N(units); i++)
        if (!strcmp(units[i].unit, unit))
            bytes = units[i].bytes;
    return __builtin_mul_overflow(v, bytes, &v) ? 0 : v / 1024;
}

void guest_count_memory(struct guest *g, const struct tree *module, bool comes)
{
    uint64_t size = tree_kib(module, "target/size"), all = tree_kib(g->tree, "memory"), now = g->balloon_kib ? g->balloon_kib : tree_kib(g->tree, "currentMemory");
    struct tree *memory = tree_make(g->tree, "memory");
    if (!size || strcmp(module->name, "memory") != 0 || (!comes && (size > all || size > now)))
        return;
    tree_set_attr(memory, "unit", "KiB");
    tree_set_text(memory, "%llu", (unsigned long long)(comes ? all + size : all - size));
    if (!tree_attr_is(module, "model", "virtio-mem"))
        guest_set_balloon(g, comes ? now + size : now - size, false);
}

enum on_action guest_action(const struct guest *g, const char *name, enum on_action fallback)
{
    static const char *const words[] = { "destroy", "restart", "preserve", "rename-restart", "coredump-destroy", "coredump-restart" };
    const char *s = tree_text(g->tree, name);
    for (size_t i = 0; s && i < ARRAY_N(words); i++)
        if (!strcmp(s, words[i]))
            return (enum on_action)i;
    return fallback;
}

char *guest_xml(struct guest *g, uint32_t flags, size_t *len)
{
    AUTO_TREE *copy = tree_copy(g->tree);
    tree_form(copy, flags | FORM_RUN);
    return tree_print(copy, 0, len);
}
