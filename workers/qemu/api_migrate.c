/* api_migrate.c: what a migration of the guest would be bound by.  There is none yet; QEMU keeps these for the next, as libvirt has it. */
#include "config.h"

#include <inttypes.h>

#include "ipc/util.h"
#include "workers/qemu/ops.h"

#define SPEED_MAX ((uint64_t)INT64_MAX >> 20)     /* MiB/s */
enum { SPEED_POSTCOPY = 1 };

static void reply_u64(struct call *c, uint64_t v)
{
    struct mp_out o;
    mp_out_init(&o, 64);
    mp_array(&o, 1);
    mp_uint(&o, v);
    call_out(c, &o);
}

struct asked {
    const char *name;
    uint64_t unit;
};

static void on_parameters(struct call *c, json_t *ret)
{
    const struct asked *a = c->extra;
    json_t *v = json_object_get(ret, a->name);
    if (json_is_integer(v) && json_integer_value(v) >= 0)
        reply_u64(c, (uint64_t)json_integer_value(v) / a->unit);
    else
        call_failf(c, VIR_ERR_INTERNAL_ERROR, "migration parameter '%s' is not known to QEMU", a->name);
}

/* A call of flags alone, answered by one of QEMU's parameters. */
static void get(struct guest *g, const struct request *rq, struct frame *f, const char *name)
{
    struct mp_in in;
    if (call_args(g, rq, f, &in))
        return;
    mp_get_u32(&in);
    if (call_end_args(g, rq, &in) || call_need_up(g, rq))
        return;
    struct call *c = call_new(g, rq);
    *(struct asked *)call_extra(c, sizeof(struct asked)) = (struct asked){ name, 1 };
    call_qmp(c, "query-migrate-parameters", NULL, on_parameters);
}

static void set(struct guest *g, const struct request *rq, struct frame *f, const char *name)
{
    struct mp_in in;
    if (call_args(g, rq, f, &in))
        return;
    uint64_t v = mp_get_uint(&in);
    mp_get_u32(&in);
    if (call_end_args(g, rq, &in) || call_need_up(g, rq))
        return;
    if (v > INT64_MAX)
        reply_err(g, rq, VIR_ERR_INVALID_ARG, "migration parameter '%s' cannot be %" PRIu64, name, v);
    else
        call_qmp(call_new(g, rq), "migrate-set-parameters", json_pack("{s:I}", name, (json_int_t)v), NULL);
}

OP_FN(api_get_max_downtime) { get(w->data, rq, f, "downtime-limit"); }
OP_FN(api_set_max_downtime) { set(w->data, rq, f, "downtime-limit"); }
OP_FN(api_get_compression_cache) { get(w->data, rq, f, "xbzrle-cache-size"); }
OP_FN(api_set_compression_cache) { set(w->data, rq, f, "xbzrle-cache-size"); }

/* The speed is libvirt's own notion: QEMU's default is another, and a save lifts QEMU's. */
OP_FN(api_get_max_speed)
{
    struct guest *g = w->data;
    uint32_t flags;
    if (call_flags(g, rq, f, &flags) || call_need_up(g, rq))
        return;
    struct call *c = call_new(g, rq);
    if (flags & SPEED_POSTCOPY) {
        *(struct asked *)call_extra(c, sizeof(struct asked)) = (struct asked){ "max-postcopy-bandwidth", 1 << 20 };
        call_qmp(c, "query-migrate-parameters", NULL, on_parameters);
    } else
        reply_u64(c, g->max_speed ? g->max_speed : SPEED_MAX);
}

static void on_speed(struct call *c, json_t *ret)
{
    (void)ret;
    c->g->max_speed = *(uint64_t *)c->extra;
    call_ok(c);
}

OP_ARGS(api_set_max_speed)
{
    uint64_t mib = mp_get_uint(&in);
    uint32_t flags = mp_get_u32(&in);
    if (call_end_args(g, rq, &in) || call_need_up(g, rq))
        return;
    if (mib > SPEED_MAX) {
        reply_err(g, rq, VIR_ERR_OVERFLOW, "bandwidth must be less than %" PRIu64, SPEED_MAX + 1);
        return;
    }
    struct call *c = call_new(g, rq);
    *(uint64_t *)call_extra(c, sizeof mib) = mib;
    call_qmp(c, "migrate-set-parameters", json_pack("{s:I}", flags & SPEED_POSTCOPY ? "max-postcopy-bandwidth" : "max-bandwidth", (json_int_t)(mib << 20)),
        flags & SPEED_POSTCOPY ? NULL : on_speed);
}

OP_ARGS(api_start_post_copy)
{
    mp_get_u32(&in);
    if (!call_end_args(g, rq, &in) && !call_need_up(g, rq))
        reply_err(g, rq, VIR_ERR_OPERATION_INVALID, "post-copy can only be started while outgoing migration is in progress");
}
