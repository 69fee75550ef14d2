/* dev_disk.c: <disk>: block nodes, bottom of the chain first, then the device on its bus. */
#include "source.h"
#include <stdio.h>
#include <string.h>

/* ---- node names ---- */
static const struct tree *backing_of(const struct tree *el)
{
    const struct tree *b = tree_get(el, "backingStore");
    return b && tree_get(b, "source") ? b : NULL;
}

bool pl_source_empty(const struct tree *disk)
{
    static const char *const names[] = { "file", "dev", "dir", "name", "volume", "type", "socket", "protocol", "namespace" };
    const struct tree *s = tree_get(disk, "source");
    if (!s)
        return true;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (tree_attr(s, names[i]))
            return false;
    return true;
}

static unsigned chain_length(const struct tree *disk)
{
    unsigned n = 0;
    if (pl_source_empty(disk) || tree_attr_is(disk, "type", "vhostuser"))
        return 0;
    for (const struct tree *el = disk; el; el = backing_of(el))
        n++;
    return n;
}

unsigned pl_disk_nodes(struct ctx *c)
{
    unsigned n = 0;
    TREE_EACH(d, c->devices, "disk")
        n += chain_length(d);
    return n;
}

/* Nodes are numbered from the last disk to the first, each chain from its top: an index= in the tree says so already; a tree
 * that never ran is counted. */
static unsigned node_number(struct ctx *c, const struct tree *disk, const struct tree *el, unsigned depth)
{
    unsigned long long n;
    if (pl_num(c, el, el == disk ? "source" : NULL, "index", &n) == 0)
        return (unsigned)n;
    unsigned sum = depth + 1;
    for (const struct tree *d = tree_next(disk, "disk"); d; d = tree_next(d, "disk"))
        sum += chain_length(d);
    return sum;
}

/* ---- block nodes ---- */
static void cache_props(const struct tree *disk, json_t *o)
{
    static const struct map direct[] = { { "none", "direct" }, { "directsync", "direct" }, { "unsafe", "no-flush" }, { "writeback", "" },
        { "writethrough", "" }, { NULL, NULL } };
    bool known;
    const char *how = pl_map(direct, tree_path_attr(disk, "driver", "cache"), &known);
    if (!known)
        return;
    json_t *v = json_object();
    pl_set_bool(v, "direct", pl_is(how, "direct"));
    pl_set_bool(v, "no-flush", pl_is(how, "no-flush"));
    json_object_set_new(o, "cache", v);
}

static const char *format_of(struct ctx *c, const struct source *s)
{
    static const struct map drivers[] = { { "raw", "raw" }, { "qcow2", "qcow2" }, { "qcow", "qcow" }, { "qed", "qed" }, { "vmdk", "vmdk" }, { "vdi", "vdi" },
        { "vpc", "vpc" }, { "vhd", "vpc" }, { "vhdx", "vhdx" }, { "bochs", "bochs" }, { "cloop", "cloop" }, { "dmg", "dmg" }, { "iso", "raw" },
        { "ploop", "parallels" }, { "luks", "luks" }, { "fat", "raw" }, { NULL, NULL } };
    bool known;
    const char *name = s->top ? tree_path_attr(s->el, "driver", "type") : tree_path_attr(s->el, "format", "type");
    if (!name)
        name = "raw";
    const char *driver = pl_map(drivers, name, &known);
    if (!known)
        pl_fail(c, "disk format '%s' is not supported", name);
    return driver ? driver : "raw";
}

static void discard_props(struct ctx *c, const struct tree *disk, json_t *o)
{
    static const struct prop t[] = { P_STR("discard", "driver", "discard"), P_END };
    const char *zeroes = tree_path_attr(disk, "driver", "detect_zeroes");
    pl_fill(c, disk, t, o);
    /* QEMU takes "unmap" only together with discard=unmap */
    if (pl_is(zeroes, "unmap") && !pl_is(tree_path_attr(disk, "driver", "discard"), "unmap"))
        zeroes = "on";
    pl_set(o, "detect-zeroes", zeroes);
}

static void format_props(struct ctx *c, const struct source *s, json_t *o)
{
    const struct tree *enc = pl_source_encryption(s);
    const char *driver = format_of(c, s), *enc_format = tree_attr(enc, "format"), *engine = tree_attr(enc, "engine");
    if (enc && !tree_first(enc, "secret"))
        pl_internal(c, "missing secret info for '%s' driver", enc_format);
    if (enc && !pl_is(engine, "librbd")) {
        if (pl_is(driver, "raw") && pl_is(enc_format, "luks")) {
            pl_set(o, "driver", "luks");
            pl_setf(c, o, "key-secret", "%s-format-encryption-secret0", s->node);
            return;
        }
        if (!pl_is(driver, "qcow2") || (!pl_is(enc_format, "luks") && !pl_is(enc_format, "qcow"))) {
            pl_fail(c, "<encryption format='%s'> of a %s image is not supported", enc_format ? enc_format : "", driver);
            return;
        }
        json_t *e = json_object();
        pl_set(o, "driver", driver);
        pl_set(e, "format", pl_is(enc_format, "qcow") ? "aes" : "luks");
        pl_setf(c, e, "key-secret", "%s-format-encryption-secret0", s->node);
        json_object_set_new(o, "encrypt", e);
    } else {
        pl_set(o, "driver", driver);
    }
    const char *cache = s->top ? "driver/metadata_cache/max_size" : "format/metadata_cache/max_size";
    if (pl_is(driver, "qcow2") && tree_get(s->el, cache))
        pl_set_int(o, "cache-size", (long long)pl_size(c, s->el, cache));
}

static const struct prop slice_props[] = { P_INT("offset", NULL, "offset"), P_INT("size", NULL, "size"), P_END };

/* The nodes of one member of a chain. below: node prefix of what it is based on, NULL none. */
static void member(struct ctx *c, const struct source *s, const char *below)
{
    pl_source_objects(c, s);
    json_t *o = json_object();
    pl_source_props(c, s, o);          /* may put -add-fd before the node that needs it */
    json_t *node = pl_item(c, PLAN_BLOCKDEV);
    json_object_update(node, o);
    json_decref(o);
    pl_setf(c, node, "node-name", "%s-storage", s->node);
    cache_props(s->disk, node);
    bool one_way = s->res && s->res->kind == MK_GIVEN && s->res->fd[1] < 0;       /* of which QEMU has no other descriptor, to begin with or to go back to */
    pl_set_bool(node, one_way ? "read-only" : "auto-read-only", !one_way || s->res->flags & MF_RO);
    pl_set(node, "discard", "unmap");

    const struct tree *slice = tree_get(s->el, "source/slices/slice");
    bool own = slice && pl_is(format_of(c, s), "raw") && !pl_source_encryption(s);     /* that driver can do it itself */
    if (slice && !own) {
        static const struct prop t[] = { P_CONST("driver", "raw"), P_END };
        node = pl_emit(c, PLAN_BLOCKDEV, slice, t);
        pl_setf(c, node, "node-name", "%s-slice-sto", s->node);
        pl_fill(c, slice, slice_props, node);
        pl_setf(c, node, "file", "%s-storage", s->node);
        pl_set_bool(node, "auto-read-only", true);
        pl_set(node, "discard", "unmap");
    }

    node = pl_item(c, PLAN_BLOCKDEV);
    pl_setf(c, node, "node-name", "%s-format", s->node);
    pl_set_bool(node, "read-only", !s->top || tree_get(s->disk, "readonly"));
    cache_props(s->disk, node);
    if (s->top)
        discard_props(c, s->disk, node);
    format_props(c, s, node);
    if (own)
        pl_fill(c, slice, slice_props, node);
    pl_setf(c, node, "file", "%s-%s", s->node, slice && !own ? "slice-sto" : "storage");
    if (below)
        pl_setf(c, node, "backing", "%s-format", below);
    else if ((tree_get(s->el, "backingStore") || (pl_run(c) && pl_is(s->type, "network"))) && !pl_is(format_of(c, s), "raw"))
        json_object_set_new(node, "backing", json_null());   /* an empty <backingStore/> ends the chain: QEMU must not look further, nor ever believe what a server's image names */
}

/* Nodes of a disk; name gets the top's prefix. */
static void nodes(struct ctx *c, const struct tree *disk, char name[64])
{
    struct source chain[200];
    unsigned n = 0;
    for (const struct tree *el = disk; el; el = backing_of(el), n++) {
        if (n == sizeof chain / sizeof chain[0]) {
            pl_fail(c, "backing chain of disk '%s' is too deep", tree_path_attr(disk, "target", "dev"));
            return;
        }
        struct source *s = &chain[n];
        *s = (struct source){ .el = el, .disk = disk, .top = el == disk, .type = tree_attr(el, "type"), .protocol = tree_path_attr(el, "source", "protocol"),
            .index = -1 };
        if (!s->type)
            s->type = "file";
        snprintf(s->node, sizeof s->node, "libvirt-%u", node_number(c, disk, el, n));
        if (pl_run(c) && !(s->res = pl_res(c, el, &s->index)))
            return;
    }
    for (unsigned i = n; i-- > 0 && !c->failed; )
        member(c, &chain[i], i + 1 < n ? chain[i + 1].node : NULL);
    memcpy(name, chain[0].node, 64);
}

/* ---- the device ---- */
static void bus_ide(struct ctx *c, const struct tree *d, json_t *o)
{
    const struct tree *a = tree_get(d, "address");
    pl_set(o, "driver", tree_attr_is(d, "device", "cdrom") ? "ide-cd" : "ide-hd");
    pl_setf(c, o, "bus", "%s.%llu", pl_controller(c, "ide", pl_num_or(c, a, NULL, "controller", 0)), pl_num_or(c, a, NULL, "bus", 0));
    pl_set_int(o, "unit", (long long)pl_num_or(c, a, NULL, "unit", 0));
}

static void bus_sata(struct ctx *c, const struct tree *d, json_t *o)
{
    const struct tree *a = tree_get(d, "address");
    pl_set(o, "driver", tree_attr_is(d, "device", "cdrom") ? "ide-cd" : "ide-hd");
    pl_setf(c, o, "bus", "%s.%llu", pl_controller(c, "sata", pl_num_or(c, a, NULL, "controller", 0)), pl_num_or(c, a, NULL, "unit", 0));
}

void pl_scsi_place(struct ctx *c, const struct tree *d, json_t *o)
{
    const struct tree *a = tree_get(d, "address");
    unsigned long long ctrl = pl_num_or(c, a, NULL, "controller", 0), bus = pl_num_or(c, a, NULL, "bus", 0), unit = pl_num_or(c, a, NULL, "unit", 0);
    const char *model = tree_attr(pl_controller_el(c, "scsi", ctrl), "model");
    if (pl_is(model, "lsilogic") || pl_is(model, "am53c974") || pl_is(model, "dc390")) {
        pl_setf(c, o, "bus", "%s.%llu", pl_controller(c, "scsi", ctrl), bus);
        pl_set_int(o, "scsi-id", (long long)unit);
    } else {
        pl_setf(c, o, "bus", "%s.0", pl_controller(c, "scsi", ctrl));
        pl_set_int(o, "channel", (long long)bus);
        pl_set_int(o, "scsi-id", (long long)pl_num_or(c, a, NULL, "target", 0));
        pl_set_int(o, "lun", (long long)unit);
    }
}

static void bus_scsi(struct ctx *c, const struct tree *d, json_t *o)
{
    static const struct map drivers[] = { { "disk", "scsi-hd" }, { "cdrom", "scsi-cd" }, { "lun", "scsi-block" }, { NULL, NULL } };
    bool known;
    const char *driver = pl_map(drivers, tree_attr(d, "device"), &known), *serial = tree_text(d, "serial");
    if (!known) {
        pl_refuse(c, d, "device");
        return;
    }
    pl_set(o, "driver", driver);
    pl_scsi_place(c, d, o);
    /* The identity a guest sees must not depend on the node's name, which changes with every start. */
    if (!pl_is(driver, "scsi-block"))
        pl_setf(c, o, "device_id", "%s%s", serial ? "" : "drive-", serial ? serial : pl_alias(c, d));
}

static void bus_virtio(struct ctx *c, const struct tree *d, json_t *o)
{
    static const struct prop t[] = { P_BOOL("ioeventfd", "driver", "ioeventfd"), P_BOOL("event_idx", "driver", "event_idx"), P_END };
    static const struct prop t2[] = { P_INT("num-queues", "driver", "queues"), P_INT("queue-size", "driver", "queue_size"), P_END };
    unsigned long long n;
    pl_virtio(c, d, tree_attr_is(d, "type", "vhostuser") ? "vhost-user-blk" : "virtio-blk", tree_attr(d, "model"), o);
    if (pl_num(c, d, "driver", "iothread", &n) == 0)
        pl_setf(c, o, "iothread", "iothread%llu", n);
    pl_fill(c, d, t, o);
    if (tree_attr_is(d, "device", "lun"))
        pl_set_bool(o, "scsi", true);
    pl_fill(c, d, t2, o);
    pl_address(c, d, o);
}

static void bus_usb(struct ctx *c, const struct tree *d, json_t *o)
{
    pl_set(o, "driver", "usb-storage");
    pl_address(c, d, o);
}

static void bus_fdc(struct ctx *c, const struct tree *d, json_t *o)
{
    pl_set(o, "driver", "floppy");
    pl_set_int(o, "unit", (long long)pl_num_or(c, d, "address", "unit", 0));
}

static void bus_sd(struct ctx *c, const struct tree *d, json_t *o)
{
    (void)c, (void)d;
    pl_set(o, "driver", "sd-card");
}

static const struct { const char *bus; prop_fn *fn; } buses[] = {
    { "virtio", bus_virtio }, { "scsi", bus_scsi }, { "ide", bus_ide }, { "sata", bus_sata }, { "usb", bus_usb }, { "fdc", bus_fdc }, { "sd", bus_sd },
    { NULL, NULL },
};

static void write_cache(struct ctx *c, const struct tree *d, json_t *o)
{
    static const struct map m[] = { { "none", "on" }, { "writeback", "on" }, { "unsafe", "on" }, { "writethrough", "off" }, { "directsync", "off" },
        { NULL, NULL } };
    const char *bus = tree_path_attr(d, "target", "bus");
    bool known;
    (void)c;
    if (!tree_attr_is(d, "device", "lun") && !pl_is(bus, "fdc") && !pl_is(bus, "sd"))
        pl_set(o, "write-cache", pl_map(m, tree_path_attr(d, "driver", "cache"), &known));
}

static void error_policy(struct ctx *c, const struct tree *d, json_t *o)
{
    static const struct map w[] = { { "stop", "stop" }, { "report", "report" }, { "ignore", "ignore" }, { "enospace", "enospc" }, { "default", NULL }, { NULL, NULL } };
    static const struct prop t[] = { P_MAP("werror", "driver", "error_policy", w), P_END };
    static const struct prop t2[] = { P_MAP("rerror", "driver", "rerror_policy", w), P_END };
    pl_fill(c, d, t, o);
    /* one policy counts for both directions; there is no "enospc" for reading */
    const char *both = json_string_value(json_object_get(o, "werror"));
    if (tree_path_attr(d, "driver", "rerror_policy"))
        pl_fill(c, d, t2, o);
    else if (both && !pl_is(both, "enospc"))
        pl_setf(c, o, "rerror", "%s", both);
}

static void wwn(struct ctx *c, const struct tree *d, json_t *o)
{
    unsigned long long v;
    char *end = NULL;
    const char *s = tree_text(d, "wwn");
    if (!s)
        return;
    v = strtoull(s, &end, 16);
    if (*end)
        pl_fail(c, "<wwn>%s</wwn> is not a number", s);
    pl_set_int(o, "wwn", (long long)v);
}

static void removable(struct ctx *c, const struct tree *d, json_t *o)
{
    (void)c;
    if (pl_is(tree_path_attr(d, "target", "bus"), "usb"))
        pl_set_bool(o, "removable", pl_tri(d, "target", "removable") == 1);
}

/* What follows the bus properties, in order. */
static const struct prop after_id[] = {
    P_INT("logical_block_size", "blockio", "logical_block_size"), P_INT("physical_block_size", "blockio", "physical_block_size"), P_FN(wwn),
    P_INT("rotation_rate", "target", "rotation_rate"), P_STR("vendor", "vendor", NULL), P_STR("product", "product", NULL), P_FN(removable),
    P_FN(write_cache), P_INT("cyls", "geometry", "cyls"), P_INT("heads", "geometry", "heads"), P_INT("secs", "geometry", "secs"),
    P_STR("bios-chs-trans", "geometry", "trans"), P_STR("serial", "serial", NULL), P_FN(error_policy), P_END };

static enum boot_kind kind_of(const struct tree *d)
{
    return tree_attr_is(d, "device", "cdrom") ? BOOT_CDROM : tree_attr_is(d, "device", "floppy") ? BOOT_FLOPPY : BOOT_DISK;
}

static void vhostuser(struct ctx *c, const struct tree *d)
{
    int32_t index;
    char path[32];
    unsigned long long n;
    const struct plan_res *r = pl_run(c) ? pl_res(c, d, &index) : NULL;
    if (pl_run(c) && !r)
        return;
    const char *socket = r ? pl_mapped(c, r, index, path) : tree_path_attr(d, "source", "path");     /* of a guest that runs a command of its own, before those that need it */
    json_t *o = pl_item(c, PLAN_CHARDEV);
    pl_set(o, "backend", "socket");
    pl_setf(c, o, "id", "chr-vu-%s", pl_alias(c, d));
    pl_set(o, "path", socket);
    if (pl_tri(d, "source/reconnect", "enabled") == 1 && pl_num(c, d, "source/reconnect", "timeout", &n) == 0)
        pl_set_int(o, "reconnect", (long long)n);
}

/* Boards before pc-q35-2.4 and all i440fx ones have a floppy controller. */
static bool board_has_fdc(struct ctx *c)
{
    const char *m = tree_path_attr(c->in->dom, "os/type", "machine");
    unsigned major, minor;
    if (!m || sscanf(m, "pc-q35-%u.%u", &major, &minor) != 2)
        return !m || !strstr(m, "q35");
    return major < 2 || (major == 2 && minor < 4);
}

/* A floppy's place in the boot order is a property of the controller. */
void pl_floppies(struct ctx *c)
{
    json_t *fdc = NULL;
    bool own = board_has_fdc(c);
    TREE_EACH(d, c->devices, "disk") {
        if (!pl_is(tree_path_attr(d, "target", "bus"), "fdc"))
            continue;
        if (!own && !fdc) {
            fdc = pl_item(c, PLAN_DEVICE);
            pl_set(fdc, "driver", "isa-fdc");
            if (pl_run(c))
                pl_set(fdc, "id", "fdc0");
        }
        unsigned boot = pl_bootindex(c, d, BOOT_FLOPPY);
        char key[] = "bootindexA";
        key[9] += pl_num_or(c, d, "address", "unit", 0) ? 1 : 0;
        if (boot && own)
            pl_words(c, "-global", "isa-fdc.%s=%u", key, boot);
        else if (boot)
            pl_set_int(fdc, key, boot);
    }
}

void pl_disk(struct ctx *c, const struct tree *d)
{
    const char *bus = tree_path_attr(d, "target", "bus");
    char node[64] = "";
    bool vu = tree_attr_is(d, "type", "vhostuser"), empty = pl_source_empty(d), cor = pl_tri(d, "driver", "copy_on_read") == 1;
    unsigned boot = pl_bootindex(c, d, kind_of(d)), i;
    if (!pl_run(c) && pl_tri(d, "transient", "shareBacking") == 1)
        return;     /* is plugged in after the start */
    if (pl_is(bus, "fdc"))
        boot = 0;       /* pl_floppies has said it */
    if (vu)
        vhostuser(c, d);
    else if (!empty)
        nodes(c, d, node);
    if (cor && !empty) {
        json_t *o = pl_item(c, PLAN_BLOCKDEV);
        pl_set(o, "driver", "copy-on-read");
        pl_setf(c, o, "node-name", "libvirt-CoR-%s", tree_path_attr(d, "target", "dev"));
        pl_setf(c, o, "file", "%s-format", node);
        pl_set(o, "discard", "unmap");
    }
    for (i = 0; buses[i].bus && !pl_is(bus, buses[i].bus); i++)
        ;
    if (!buses[i].bus) {
        pl_fail(c, "disk bus '%s' is not supported", bus ? bus : "");
        return;
    }
    json_t *o = pl_item(c, PLAN_DEVICE);
    buses[i].fn(c, d, o);
    if (tree_get(d, "shareable"))
        pl_set_bool(o, "share-rw", true);
    if (vu)
        pl_setf(c, o, "chardev", "chr-vu-%s", pl_alias(c, d));
    else if (cor && !empty)
        pl_setf(c, o, "drive", "libvirt-CoR-%s", tree_path_attr(d, "target", "dev"));
    else if (!empty)
        pl_setf(c, o, "drive", "%s-format", node);
    pl_setf(c, o, "id", "%s", pl_alias(c, d));
    if (boot)
        pl_set_int(o, "bootindex", boot);
    pl_fill(c, d, after_id, o);
}
