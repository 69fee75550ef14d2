/* api_block.c: calls that change a disk of the running guest. */
#include "config.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ipc/util.h"
#include "workers/qemu/ops.h"
#include "workers/qemu/stats.h"
#include "workers/tree-params.h"

enum { PATH_BYTES = 4096 };

OP_ARGS(api_block_resize)
{
    enum { RESIZE_BYTES = 1, SECTOR = 512 };
    char node[48];
    uint64_t number;
    AUTO_FREE char *path = mp_get_strdup(&in, PATH_BYTES);
    uint64_t size = mp_get_uint(&in);
    uint32_t flags = mp_get_u32(&in);
    if (call_end_args(g, rq, &in))
        return;
    if (!*path) {
        reply_err(g, rq, VIR_ERR_INVALID_ARG, "empty path");
        return;
    }
    if (!(flags & RESIZE_BYTES) && __builtin_mul_overflow(size, 1024u, &size)) {
        reply_err(g, rq, VIR_ERR_OVERFLOW, "size must be less than %" PRIu64, UINT64_MAX / 1024);
        return;
    }
    if (call_need_up(g, rq))
        return;
    struct tree *disk = guest_disk(g, path);
    const char *format = tree_path_attr(disk, "driver", "type");
    if (!disk)
        reply_err(g, rq, VIR_ERR_INVALID_ARG, "disk '%s' was not found in the domain config", path);
    else if (tree_attr_is(disk, "type", "vhostuser"))
        reply_err(g, rq, VIR_ERR_OPERATION_UNSUPPORTED, "block resize is not supported for vhostuser disk");
    else if (!disk_source(disk) || tree_get(disk, "readonly"))
        reply_err(g, rq, VIR_ERR_OPERATION_UNSUPPORTED, "can't resize empty or readonly disk '%s'", tree_path_attr(disk, "target", "dev"));
    else if (tree_attr_uint(tree_get(disk, "source"), "index", UINT32_MAX, &number) || size > INT64_MAX - SECTOR)
        reply_err(g, rq, VIR_ERR_INVALID_ARG, "the new size of disk '%s' is out of range", path);
    else {
        if (format && (!strcmp(format, "qcow2") || !strcmp(format, "qed")))
            size = (size + SECTOR - 1) / SECTOR * SECTOR;
        util_format(node, sizeof node, "libvirt-%" PRIu64 "-format", number);
        stats_forget(g);
        call_qmp(call_new(g, rq), "block_resize", json_pack("{s:s, s:I}", "node-name", node, "size", (json_int_t)size), NULL);
    }
}

/* ---- limits ---- */

/* In the order of a call's parameters. */
static const char *const limits[IOTUNE_N] = { "bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr", "bps_max", "bps_rd_max", "bps_wr_max", "iops_max", "iops_rd_max",
    "iops_wr_max", "iops_size", "group", "bps_max_length", "bps_rd_max_length", "bps_wr_max_length", "iops_max_length", "iops_rd_max_length", "iops_wr_max_length" };
enum { LIMITS_ALWAYS = 6 };         /* that QEMU wants to be told in any case */

/* QEMU's name for the front end of a disk. */
static void qdev_of(const struct tree *disk, char *out, size_t size)
{
    if (tree_attr_is(tree_get(disk, "target"), "bus", "virtio"))
        util_format(out, size, "/machine/peripheral/%s/virtio-backend", device_alias(disk));
    else
        util_format(out, size, "%s", device_alias(disk));
}

static json_t *throttle_args(const struct tree *disk, const struct iotune *t)
{
    char qdev[200] = "";
    qdev_of(disk, qdev, sizeof qdev);
    json_t *args = json_pack("{s:s}", "id", qdev);
    for (unsigned i = 0; i < IOTUNE_N; i++)
        if (i == IOTUNE_GROUP && t->group && *t->group)
            json_object_set_new(args, limits[i], json_string(t->group));
        else if (i != IOTUNE_GROUP && (i < LIMITS_ALWAYS || t->v[i]))
            json_object_set_new(args, limits[i], json_integer((json_int_t)t->v[i]));
    return args;
}

json_t *guest_throttle_args(const struct tree *disk)
{
    if (!tree_get(disk, "iotune") || !disk_source(disk))
        return NULL;
    AUTO_IOTUNE t = { .group = NULL };
    iotune_load(disk, &t);
    return throttle_args(disk, &t);
}

struct throttle { char *path; struct typed_list l; struct iotune tune; };

static void throttle_free(void *extra)
{
    struct throttle *x = extra;
    free(x->path);
    typed_free(&x->l);
    iotune_free(&x->tune);
}

/* What changed, for those who want to know: the disk, and each value that was given. */
static void tell(struct guest *g, const struct tree *disk, const struct throttle *x)
{
    struct mp_out o;
    char name[80];
    unsigned n;
    const struct param *known = params_of(OP_REMOTE_DOMAIN_SET_BLOCK_IO_TUNE, &n);
    mp_out_init(&o, 1 << 16);
    mp_array(&o, x->l.n + 1);
    typed_head(&o, "blkdeviotune.disk", TYPED_STRING);
    mp_str(&o, tree_path_attr(disk, "target", "dev"));
    for (unsigned i = 0; i < x->l.n; i++) {
        const struct typed *v = &x->l.v[i];
        util_format(name, sizeof name, "blkdeviotune.%s", known[v->which].name);
        typed_head(&o, name, known[v->which].type);
        if (v->which == IOTUNE_GROUP)
            mp_str(&o, v->s);
        else
            mp_uint(&o, v->u);
    }
    notify_tunable(g, &o);
    mp_out_free(&o);
}

static void on_throttled(struct call *c, json_t *ret)
{
    struct throttle *x = c->extra;
    struct tree *disk = guest_disk(c->g, x->path);
    (void)ret;
    if (disk) {
        iotune_store(c->g->tree, disk, &x->tune);
        guest_told(c->g);
        tell(c->g, disk, x);
    }
    call_ok(c);
}

OP_ARGS(api_set_iotune)
{
    struct err e = ERR_INIT;
    struct call *c = call_new(g, rq);
    struct throttle *x = call_extra(c, sizeof *x);
    c->free_extra = throttle_free;
    x->path = mp_get_strdup(&in, PATH_BYTES);
    if (call_params(g, rq, &in, &x->l)) {
        call_drop(c);
        return;
    }
    struct tree *disk = guest_disk(g, x->path);
    if (!disk)
        call_failf(c, VIR_ERR_INVALID_ARG, "disk '%s' not found in domain", x->path);
    else if (iotune_ask(g->tree, disk, &x->l, true, &x->tune, &e))
        call_fail(c, &e);
    else if (!disk_source(disk))        /* what is put in will have them */
        on_throttled(c, NULL);
    else
        call_qmp(c, "block_set_io_throttle", throttle_args(disk, &x->tune), on_throttled);
}

void guest_throttle_all(struct guest *g, unsigned ms, qmp_reply_fn *fn, void *data)
{
    TREE_EACH(disk, tree_get(g->tree, "devices"), "disk") {
        json_t *args = guest_throttle_args(disk);
        if (args)
            qmp_send(&g->qmp, "block_set_io_throttle", args, -1, ms, fn, data);
    }
}

/* The limits in force are QEMU's to tell: also the name of the group that a disk is in by itself. */
struct asked { struct mp_out args; };

static void asked_free(void *extra)
{
    mp_out_free(&((struct asked *)extra)->args);
}

static void on_blocks(struct call *c, json_t *ret)
{
    struct asked *x = c->extra;
    struct err e = ERR_INIT;
    struct mp_in in;
    struct mp_out o;
    json_t *v;
    size_t i;
    char alias[NAME_MAX_BYTES];
    AUTO_TREE *dom = tree_new("domain"), *devices = tree_copy(tree_get(c->g->tree, "devices"));
    tree_append(dom, STEAL_PTR(&devices));
    TREE_EACH(disk, tree_get(dom, "devices"), "disk") {
        struct iotune t = { .group = NULL };
        json_array_foreach(ret, i, v) {
            const char *qdev = json_string_value(json_object_get(v, "qdev"));
            json_t *inserted = json_object_get(v, "inserted");
            if (!qdev || !inserted)
                continue;
            qdev_alias(qdev, alias, sizeof alias);
            if (!device_alias(disk) || strcmp(alias, device_alias(disk)) != 0)
                continue;
            for (unsigned k = 0; k < IOTUNE_N; k++)
                if (k != IOTUNE_GROUP)
                    t.v[k] = (uint64_t)json_integer_value(json_object_get(inserted, limits[k]));
            t.group = (char *)(uintptr_t)json_string_value(json_object_get(inserted, limits[IOTUNE_GROUP]));
        }
        struct tree *old = tree_get(disk, "iotune");
        if (old)
            tree_free(old);
        iotune_store_one(disk, &t);
    }
    mp_in_init(&in, x->args.p, x->args.len);
    mp_out_init(&o, FRAME_BODY_MAX);
    if (!tree_params(c->rq.op, dom, true, &in, &o, &e)) {
        call_out(c, &o);
        return;
    }
    mp_out_free(&o);
    call_fail(c, &e);
}

OP_ARGS(api_get_iotune)
{
    if (call_need_up(g, rq))
        return;
    struct call *c = call_new(g, rq);
    struct asked *x = call_extra(c, sizeof *x);
    mp_out_init(&x->args, FRAME_BODY_MAX);
    mp_raw(&x->args, in.p, (size_t)(in.end - in.p));
    c->free_extra = asked_free;
    call_qmp(c, "query-block", NULL, on_blocks);
}
