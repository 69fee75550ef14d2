/* stats.c: statistics of many guests in one call: every running guest's worker is asked at once, and what has not come when the
 * time is up is answered with what the index page knows.  A stuck guest costs the others nothing and the caller half a second.
 *
 * To a worker the call is the client's own, OP_REMOTE_CONNECT_GET_ALL_DOMAIN_STATS, about that guest (head.object) and with an
 * empty list of domains: [[], stats, flags]; it answers [[record]].  A guest that did not answer is marked in its record by the
 * boolean "bulkhead.stale". */
#include <stdlib.h>
#include <string.h>
#include "ipc/log.h"
#include "ipc/util.h"
#include "list.h"

enum {
    STATS_WAIT_MS = 500,
    STATS_ASKED_MAX = 128,          /* guests asked at once: the supervisor bounds what one gateway may have open */
};
enum { STAT_STATE = 1, STAT_BALLOON = 4, STAT_VCPU = 8 };
#define STATS_FLAGS (LIST_STATS | 1u << 29 | 1u << 30 | 1u << 31)       /* nowait, backing, enforce */
#define STATS_KNOWN 0x7ffu
#define STATS_RUNNING 0x680u            /* of these, what only a QEMU that runs has: iothreads, dirty rate, vm */
#define STATS_ENFORCE (1u << 31)
enum { PARAM_INT = 1, PARAM_UINT = 2, PARAM_ULLONG = 4, PARAM_BOOL = 6 };

struct part { uint32_t slot; uint32_t gen; bool runs /* it is asked, or will be */, stale; struct mp_out record; };
struct stats {
    struct gw *gw;
    struct call *call;              /* the client's */
    uint32_t which, flags;
    struct part *part;
    uint32_t n, cap;
    uint32_t next, open;            /* part to be asked next; asked and not answered */
    struct loop_timer timer;
};

static void stats_free(void *data)
{
    struct stats *t = data;
    loop_cancel(&t->timer);
    for (uint32_t i = 0; i < t->n; i++)
        mp_out_free(&t->part[i].record);
    free(t->part);
    free(t);
}

/* ---- the answer ---- */

static void param(struct mp_out *o, const char *name, int type, uint64_t v)
{
    mp_array(o, 3);
    mp_str(o, name);
    mp_int(o, type);
    if (type == PARAM_BOOL)
        mp_bool(o, v != 0);
    else
        mp_uint(o, v);
}

/* A record from the index page: [domain, [param ...]]. */
static void record_known(const struct stats *t, struct mp_out *o, const struct index_slot *s, bool stale)
{
    uint32_t w = t->which ? t->which : STATS_KNOWN;
    mp_array(o, 2);
    mp_domain(o, s);
    mp_array(o, (w & STAT_STATE ? 2 : 0) + (w & STAT_BALLOON ? 2 : 0) + (w & STAT_VCPU ? 2 : 0) + stale);
    if (w & STAT_STATE) {
        param(o, "state.state", PARAM_INT, (uint64_t)s->state);
        param(o, "state.reason", PARAM_INT, (uint64_t)s->reason);
    }
    if (w & STAT_BALLOON) {
        param(o, "balloon.current", PARAM_ULLONG, s->now.mem_kib);
        param(o, "balloon.maximum", PARAM_ULLONG, s->now.mem_max_kib);
    }
    if (w & STAT_VCPU) {
        param(o, "vcpu.current", PARAM_UINT, s->now.vcpus);
        param(o, "vcpu.maximum", PARAM_UINT, s->now.vcpus_max);
    }
    if (stale)
        param(o, "bulkhead.stale", PARAM_BOOL, 1);
}

/* Answers the client with what there is. */
static void stats_answer(struct stats *t)
{
    struct gw *gw = t->gw;
    struct mp_out items, o;
    struct index_slot s;
    uint32_t n = 0;

    call_inner_cancel(gw, t);
    mp_out_init(&items, FRAME_BIG_MAX);
    for (uint32_t i = 0; i < t->n; i++) {
        struct part *k = &t->part[i];
        if (k->record.len)
            mp_raw(&items, k->record.p, k->record.len);
        else if (index_read(&gw->ix, k->slot, &s) == 0 && s.gen == k->gen)
            record_known(t, &items, &s, k->runs || k->stale);
        else
            continue;               /* it went away meanwhile */
        n++;
    }
    mp_out_init(&o, FRAME_BIG_MAX);
    mp_array(&o, 1);
    mp_list(&o, n, &items);
    call_reply_out(gw, t->call, &o);        /* frees t as well */
}

static void stats_late(struct loop_timer *timer)
{
    struct stats *t = timer->data;
    struct gw *gw = t->gw;
    log_info("statistics: %u of %u guests did not answer in time", t->open, t->n);
    stats_answer(t);
    gw_pump(gw);
}

/* ---- one guest's answer ---- */

static void stats_ask(struct stats *t);

bool stats_record(const struct frame *f, const uint8_t uuid[16], struct mp_in *record)
{
    struct mp_in in;
    size_t n;

    if (!frame_fits(f, op_find(OP_REMOTE_CONNECT_GET_ALL_DOMAIN_STATS)))
        return false;
    mp_in_init(&in, f->body, f->body_len);
    mp_get_array(&in, 1);
    if (mp_get_array(&in, 1) != 1)
        return false;
    *record = in;
    mp_get_array(&in, 2);
    mp_get_array(&in, 3);
    mp_skip(&in);
    const uint8_t *got = mp_get_bin(&in, &n);
    return !in.bad && n == 16 && !memcmp(got, uuid, 16);
}

static void stats_part(struct gw *gw, struct call *c, struct frame *f, const struct err *e)
{
    struct stats *t = c->data;
    struct part *k = &t->part[c->id];
    struct index_slot s;

    k->runs = false;
    k->stale = true;
    if (f && index_read(&gw->ix, k->slot, &s) == 0 && s.gen == k->gen) {
        struct mp_in record;
        k->stale = !stats_record(f, s.uuid, &record);
        if (k->stale)
            log_warn("statistics of %s are not of their shape", s.name);
        else
            mp_raw(&k->record, record.p, (size_t)(record.end - record.p));
    } else if (e && e->code == VIR_ERR_OPERATION_INVALID) {
        k->stale = false;           /* stopped meanwhile */
    }
    call_free(gw, c);
    t->open--;
    stats_ask(t);
    if (!t->open && !gw->ended)
        stats_answer(t);
}

/* ---- the call ---- */

static bool stats_add(struct stats *t, uint32_t slot, const struct index_slot *s)
{
    if (t->n == LIST_MAX)
        return true;
    if (t->n == t->cap) {
        uint32_t cap = t->cap ? t->cap * 2 : 16;
        struct part *p = realloc(t->part, cap * sizeof *p);
        if (!p)
            return false;
        t->part = p;
        t->cap = cap;
    }
    struct part *k = &t->part[t->n++];
    *k = (struct part){ .slot = slot, .gen = s->gen, .runs = s->id >= 0 };
    mp_out_init(&k->record, FRAME_BIG_MAX);
    return true;
}

/* The guests the client named (those that are gone are left out, as libvirt does), or all that the flags show. */
static int stats_choose(struct stats *t, struct mp_in *in)
{
    struct gw *gw = t->gw;
    struct index_slot s;
    struct err e;
    uint64_t object;
    uint32_t slot = 0;

    uint32_t named = mp_get_array(in, LIST_MAX);
    for (uint32_t i = 0; i < named; i++) {
        if (domain_find(gw, in, &s, &object, &e) < 0) {
            if (in->bad)
                return -1;
            continue;
        }
        if (list_shows(t->flags & LIST_STATS, &s) && access_sees(t->call, object_slot(object)) && !stats_add(t, object_slot(object), &s))
            return -1;
    }
    while (!named && list_next(gw, t->call, t->flags & LIST_STATS, &slot, &s))
        if (!stats_add(t, slot - 1, &s))
            return -1;
    return 0;
}

void stats_args(struct call *c, uint32_t which, uint32_t flags)
{
    c->frame_op = OP_REMOTE_CONNECT_GET_ALL_DOMAIN_STATS;
    c->arg = flags;
    c->args.max = FRAME_BODY_MAX;
    mp_array(&c->args, 3);
    mp_array(&c->args, 0);
    mp_uint(&c->args, which);
    mp_uint(&c->args, flags);
}

/* Asks on, as long as not too many are open. */
static void stats_ask(struct stats *t)
{
    struct gw *gw = t->gw;
    for (; t->next < t->n && t->open < STATS_ASKED_MAX && !gw->ended; t->next++) {
        if (!t->part[t->next].runs)
            continue;
        struct call *c = call_inner(gw, t->call->op, t->next, stats_part, t);
        if (!c)
            return;
        c->object = object_make(t->part[t->next].slot, t->part[t->next].gen);
        stats_args(c, t->which, t->flags);
        t->open++;
        call_send(gw, c);
    }
}

static void all_domain_stats(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct stats *t = calloc(1, sizeof *t);
    if (!t) {
        gw_end(gw, "out of memory");
        return;
    }
    c->data = t;
    c->cleanup = stats_free;
    struct mp_in tail = *in;
    mp_skip(&tail);
    *t = (struct stats){ .gw = gw, .call = c, .which = mp_get_u32(&tail), .flags = mp_get_u32(&tail) };
    if (t->flags & ~STATS_FLAGS) {
        call_fail(gw, c, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "unsupported flags (0x%x) in function qemuConnectGetAllDomainStats", t->flags & ~STATS_FLAGS);
        return;
    }
    if (tail.bad || stats_choose(t, in) < 0) {
        call_fail(gw, c, VIR_ERR_RPC, VIR_FROM_RPC, "Unable to decode message payload");
        return;
    }
    for (uint32_t i = 0; i < t->n && t->flags & STATS_ENFORCE; i++) {
        uint32_t unknown = t->which & ~(t->part[i].runs ? STATS_KNOWN : STATS_KNOWN & ~STATS_RUNNING);
        if (!unknown)
            continue;
        call_fail(gw, c, VIR_ERR_ARGUMENT_UNSUPPORTED, VIR_FROM_QEMU, "Stats types bits 0x%x are not supported by this daemon or QEMU", unknown);
        return;
    }
    stats_ask(t);
    if (gw->ended)
        return;
    if (t->open)
        loop_after(&t->timer, STATS_WAIT_MS, stats_late, t);
    else
        stats_answer(t);
}

const struct local local_stats[] = {
    { OP_REMOTE_CONNECT_GET_ALL_DOMAIN_STATS, all_domain_stats },
    { 0, NULL },
};
