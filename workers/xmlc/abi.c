/* abi.c: what of a machine its guest sees, by which a saved state fits one document and not another.  The order, names and words are libvirt's. */
#include <inttypes.h>
#include <string.h>
#include "ipc/util.h"
#include "workers/xmlc/files.h"

static const char *or_none(const char *s)
{
    return s ? s : "none";
}

static bool differs(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) != 0 : a != b;
}

static int unlike(struct err *e, const char *what, const char *to, const char *from)
{
    return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_DOMAIN, "Target %.80s %.80s does not match source %.80s", what, or_none(to), or_none(from));
}

/* Text (attr NULL) or attribute of an element. */
static const struct { const char *path, *attr, *what; } values[] = {
    {"", "type", "domain virt type"}, {"uuid", NULL, "domain uuid"}, {"memory", NULL, "domain max memory"}, {"vcpu", NULL, "domain vCPU max"}, {"iothreads", NULL, "domain iothreads count"},
    {"maxMemory", NULL, "maximum memory size"}, {"maxMemory", "slots", "domain memory slots"}, {"os/type", NULL, "domain OS type"}, {"os/type", "arch", "domain architecture"}, {"os/type", "machine", "domain machine type"},
    {"cpu", "mode", "CPU mode"}, {"cpu/model", NULL, "CPU model"}, {"clock", "offset", "clock offset"},
};
/* Of devices: which there are, in order, and what a driver in the guest is told by. */
static const char *const kinds[] = {"disk", "controller", "filesystem", "interface", "smartcard", "serial", "parallel", "channel", "hostdev", "redirdev", "input", "tpm", "sound", "video", "hub",
    "watchdog", "memballoon", "rng", "panic", "shmem", "memory", "iommu", "vsock", "crypto"};
static const struct { const char *path, *attr; } seen[] = {
    {"", "type"}, {"", "model"}, {"", "index"}, {"", "device"}, {"", "bus"}, {"target", "dev"}, {"target", "bus"}, {"target", "name"}, {"target", "type"}, {"target", "port"}, {"model", "type"}, {"model", "name"}, {"mac", "address"}, {"serial", NULL}, {"address", "type"},
    {"address", "domain"}, {"address", "bus"}, {"address", "slot"}, {"address", "function"}, {"address", "controller"}, {"address", "target"}, {"address", "unit"}, {"address", "port"},
    {"address", "base"}, {"address", "iobase"},
};
/* What a device is told by may be where it comes from, of which the guest sees nothing. */
static const char *const back_ends = "disk interface serial parallel channel filesystem";

static const char *value(const struct tree *t, const char *path, const char *attr)
{
    return attr ? tree_path_attr(t, path, attr) : tree_text(t, path);
}

/* The one of a kind that stands for t: of controllers wherever it stands, of others in its place. */
static const struct tree *same_place(const struct tree *t, const struct tree *has, const struct tree *next)
{
    if (strcmp(t->name, "controller"))
        return next;
    TREE_EACH(c, has, "controller")
        if (!differs(tree_attr(c, "type"), tree_attr(t, "type")) && !differs(tree_attr(c, "index"), tree_attr(t, "index")))
            return c;
    return next;
}

static int check_device(const char *kind, const struct tree *from, const struct tree *to, struct err *e)
{
    for (size_t i = 0; i < ARRAY_N(seen); i++) {
        const char *a = value(from, seen[i].path, seen[i].attr), *b = value(to, seen[i].path, seen[i].attr);
        char what[96];
        if (!differs(a, b) || (!*seen[i].path && !strcmp(seen[i].attr, "type") && doc_in(kind, back_ends)))
            continue;
        util_format(what, sizeof what, "%s %s%s%s", kind, seen[i].path, *seen[i].path ? " " : "", seen[i].attr ? seen[i].attr : "");
        return unlike(e, what, b, a);
    }
    return 0;
}

int abi_check(const struct tree *from, const struct tree *to, struct err *e)
{
    const char *name[2] = {tree_text(from, "name"), tree_text(to, "name")};
    for (size_t i = 0; i < ARRAY_N(values); i++) {
        const char *a = value(from, values[i].path, values[i].attr), *b = value(to, values[i].path, values[i].attr);
        if (differs(a, b))
            return unlike(e, values[i].what, b, a);
        if (i == 1 && differs(name[0], name[1]))
            return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_DOMAIN, "Target domain name '%.80s' does not match source '%.80s'", or_none(name[1]), or_none(name[0]));
    }
    const struct tree *had = tree_first(from, "devices"), *has = tree_first(to, "devices");
    for (size_t i = 0; i < ARRAY_N(kinds); i++) {
        unsigned n = doc_count(had, kinds[i]), m = doc_count(has, kinds[i]);
        if (n != m)
            return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_DOMAIN, "Target domain %s count %u does not match source %u", kinds[i], m, n);
        const struct tree *b = tree_first(has, kinds[i]);
        for (const struct tree *a = tree_first(had, kinds[i]); a && b; a = tree_next(a, kinds[i]), b = tree_next(b, kinds[i]))
            if (check_device(kinds[i], a, same_place(a, has, b), e))
                return -1;
    }
    return 0;
}
