/* api_mem.c: the balloon and what it tells; counters of interfaces. */
#include "config.h"
#include <string.h>

#include "ipc/util.h"
#include "workers/qemu/ops.h"
#include "workers/qemu/stats.h"

enum { AFFECT_LIVE = 1, AFFECT_CONFIG = 2, MEM_MAXIMUM = 4, TAG_ACTUAL = 6, TAG_RSS = 7 };

static void on_memory(struct guest *g, void *data, const struct err *e)
{
    static const uint8_t order[] = { 0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12 };
    struct call *c = data;
    struct { int tag; uint64_t v; } row[ARRAY_N(order) + 2];
    uint32_t n = 0, max = *(uint32_t *)c->extra;
    struct mp_out o;
    if (e) {
        call_fail(c, e);
        return;
    }
    if (g->has_balloon) {
        row[n].tag = TAG_ACTUAL;
        row[n++].v = balloon_now(g);
        for (size_t i = 0; g->stats && i < ARRAY_N(order); i++)
            if (g->stats->mem_known & 1u << order[i]) {
                row[n].tag = order[i];
                row[n++].v = g->stats->mem[order[i]];
            }
    }
    row[n].tag = TAG_RSS;
    row[n++].v = stats_rss_kib(g);
    if (n > max)
        n = max;
    mp_out_init(&o, 4096);
    mp_array(&o, 1);
    mp_array(&o, n);
    for (uint32_t i = 0; i < n; i++) {
        mp_array(&o, 2);
        mp_int(&o, row[i].tag);
        mp_uint(&o, row[i].v);
    }
    call_out(c, &o);
}

OP_ARGS(api_memory_stats)
{
    uint32_t max = mp_get_u32(&in);
    mp_get_u32(&in);
    if (call_end_args(g, rq, &in) || call_need_up(g, rq))
        return;
    struct call *c = call_new(g, rq);
    *(uint32_t *)call_extra(c, sizeof max) = max;
    stats_want(g, g->has_balloon ? PART_BALLOON : 0, false, on_memory, c);
}

static void set_memory(struct guest *g, const struct request *rq, uint64_t kib, uint32_t flags)
{
    if (flags & MEM_MAXIMUM)
        reply_err(g, rq, VIR_ERR_OPERATION_INVALID, "cannot resize the maximum memory on an active domain");
    else if (kib > tree_kib(g->tree, "memory"))
        reply_err(g, rq, VIR_ERR_INVALID_ARG, "cannot set memory higher than max memory");
    else if (!g->has_balloon)
        reply_err(g, rq, VIR_ERR_OPERATION_INVALID, "Unable to change memory of active domain without the balloon device and guest OS balloon driver");
    else
        call_qmp(call_new(g, rq), "balloon", json_pack("{s:I}", "value", (json_int_t)(kib * 1024)), NULL);
}

OP_ARGS(api_set_memory)
{
    uint64_t kib = mp_get_uint(&in);
    if (!call_end_args(g, rq, &in) && !call_need_up(g, rq))
        set_memory(g, rq, kib, 0);
}

OP_ARGS(api_set_max_memory)
{
    uint64_t kib = mp_get_uint(&in);
    if (!call_end_args(g, rq, &in))
        set_memory(g, rq, kib, MEM_MAXIMUM);
}

OP_ARGS(api_set_memory_flags)
{
    uint64_t kib = mp_get_uint(&in);
    uint32_t flags = mp_get_u32(&in);
    if (!call_end_args(g, rq, &in) && !call_need_up(g, rq))
        set_memory(g, rq, kib, flags);
}

static void on_period(void *data, json_t *ret, const struct err *e)
{
    struct call *c = data;
    struct tree *b = tree_get(c->g->tree, "devices/memballoon");
    int64_t period = *(int32_t *)c->extra;
    if (ret && b && period) {
        struct tree *st = tree_get(b, "stats");
        if (!st) {
            st = tree_new("stats");
            tree_insert(b, st, b->child);
        }
        tree_set_attr(st, "period", "%lld", (long long)period);
    } else if (ret && b && tree_get(b, "stats"))
        tree_free(tree_get(b, "stats"));
    if (ret)
        guest_told(c->g);
    call_on_done(c, ret, e);
}

OP_ARGS(api_memory_stats_period)
{
    int32_t period = mp_get_i32(&in);
    mp_get_u32(&in);
    if (call_end_args(g, rq, &in) || call_need_up(g, rq))
        return;
    if (!g->has_balloon) {
        reply_err(g, rq, VIR_ERR_INTERNAL_ERROR, "No memory balloon device configured, can not set the collection period");
        return;
    }
    if (period < 0) {
        reply_err(g, rq, VIR_ERR_INVALID_ARG, "invalid value for collection period '%d'", period);
        return;
    }
    struct call *c = call_new(g, rq);
    *(int32_t *)call_extra(c, sizeof period) = period;
    stats_set_period(g, (uint64_t)period, on_period, c);
    qmp_flush(&g->qmp);
}

/* How fast the guest dirties its memory: QEMU measures, domstats tells. */
OP_ARGS(api_start_dirty_rate)
{
    enum { SECONDS_MAX = 60, MODE_BITMAP = 1, MODE_RING = 2 };
    int32_t seconds = mp_get_i32(&in);
    uint32_t flags = mp_get_u32(&in);
    if (call_end_args(g, rq, &in))
        return;
    if (seconds < 1 || seconds > SECONDS_MAX)
        reply_err(g, rq, VIR_ERR_CONFIG_UNSUPPORTED, "seconds=%d is invalid, please choose value within [1, %d].", seconds, SECONDS_MAX);
    else if (call_need_up(g, rq))
        ;
    else if (flags & MODE_RING && !tree_attr_is(tree_get(g->tree, "features/kvm/dirty-ring"), "state", "on"))
        reply_err(g, rq, VIR_ERR_OPERATION_UNSUPPORTED, "dirty-ring calculation mode requires dirty-ring feature enabled.");
    else {
        const char *mode = flags & MODE_RING ? "dirty-ring" : flags & MODE_BITMAP ? "dirty-bitmap" : "page-sampling";
        stats_forget(g);
        call_qmp(call_new(g, rq), "calc-dirty-rate", json_pack("{s:i, s:s}", "calc-time", seconds, "mode", mode), NULL);
    }
}

OP_ARGS(api_interface_stats)
{
    struct mp_out o;
    struct err e = ERR_INIT;
    char name[256];
    mp_get_strz(&in, name, sizeof name);
    if (call_end_args(g, rq, &in) || call_need_up(g, rq))
        return;
    struct tree *nic = NULL;
    TREE_EACH(n, tree_get(g->tree, "devices"), "interface")
        if (tree_attr_is(tree_get(n, "target"), "dev", name) || tree_attr_is(tree_get(n, "mac"), "address", name))
            nic = n;
    struct net_counts c;
    if (!nic)
        err_set(&e, VIR_ERR_INVALID_ARG, VIR_FROM_DOMAIN, "'%s' is not a known interface", name);
    else if (net_counts(g, nic, &c))
        err_set(&e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_NONE, "Interface name not provided");     /* it is none of the host's */
    if (e.code) {
        worker_error(g->w, rq, &e);
        return;
    }
    mp_out_init(&o, 256);
    mp_array(&o, 8);
    for (int i = 0; i < 4; i++)
        mp_uint(&o, c.rx[i]);
    for (int i = 0; i < 4; i++)
        mp_uint(&o, c.tx[i]);
    worker_reply_out(g->w, rq, &o);
}
