/* stats.c: statistics of many guests in one call: every running guest's worker is asked at once, and what has not come when the
 * time is up is answered with what the index page knows.  A stuck guest costs the others nothing and the caller half a second.
 *
 * To a worker the call is the client's own, OP_REMOTE_CONNECT_GET_ALL_DOMAIN_STATS, about that guest (head.object) and with an
 * empty list of domains: [[], stats, flags]; it answers [[record]].  A guest that did not answer is marked in its record by the
 * boolean "bulkhead.stale".
 *
 * Then those that do not run, a few at a time: the same call goes to an xmlc with the definition, which answers what disks it has, and for each image follows the call for
 * its size.  What is not known when the time for that is up is left out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/log.h"
#include "ipc/util.h"
#include "list.h"

enum {
    STATS_WAIT_MS = 500,
    STATS_ASKED_MAX = 128,          /* guests asked at once: the supervisor bounds what one gateway may have open */
    OFF_WAIT_MS = 5000, OFF_AT_ONCE = 4,        /* each of their questions is some processes' birth */
};
enum { STAT_STATE = 1, STAT_BALLOON = 4, STAT_VCPU = 8, STAT_BLOCK = 32 };
#define STATS_FLAGS (LIST_STATS | 1u << 29 | 1u << 30 | 1u << 31)       /* nowait, backing, enforce */
#define STATS_KNOWN 0x7ffu
#define STATS_RUNNING 0x680u            /* of these, what only a QEMU that runs has: iothreads, dirty rate, vm */
#define STATS_ENFORCE (1u << 31)
enum { PARAM_INT = 1, PARAM_UINT = 2, PARAM_ULLONG = 4, PARAM_BOOL = 6 };

struct part {
    uint32_t slot, gen;
    bool runs /* it is asked, or will be */, off /* it is asked then */, stale;
    struct mp_out record;
    struct mp_out disks, params;    /* of one that does not run: what it has, and what is known of that */
    uint32_t nparams, left;
    struct mp_in at;                /* the next of the `left` parameters in disks */
    char disk[128];                 /* the one that is looked at, and its number */
    unsigned number;
};
struct stats {
    struct gw *gw;
    struct call *call;              /* the client's */
    uint32_t which, flags;
    struct part *part;
    uint32_t n, cap;
    uint32_t next, open;            /* part to be asked next; asked and not answered */
    bool off;                       /* those that do not run are at their turn */
    bool asking;                    /* whoever asks goes on himself after a question that fails at once */
    struct loop_timer timer;
};

static void stats_free(void *data)
{
    struct stats *t = data;
    loop_cancel(&t->timer);
    for (uint32_t i = 0; i < t->n; i++)
        mp_out_free(&t->part[i].record), mp_out_free(&t->part[i].disks), mp_out_free(&t->part[i].params);
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
static void record_known(const struct stats *t, const struct part *k, struct mp_out *o, const struct index_slot *s)
{
    uint32_t w = t->which ? t->which : STATS_KNOWN, more = k->params.failed ? 0 : k->nparams;
    bool stale = k->runs || k->stale;
    mp_array(o, 2);
    mp_domain(o, s);
    mp_array(o, (w & STAT_STATE ? 2 : 0) + (w & STAT_BALLOON ? 2 : 0) + (w & STAT_VCPU ? 2 : 0) + more + stale);
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
    if (more)
        mp_raw(o, k->params.p, k->params.len);
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
            record_known(t, k, &items, &s);
        else
            continue;               /* it went away meanwhile */
        n++;
    }
    mp_out_init(&o, FRAME_BIG_MAX);
    mp_array(&o, 1);
    mp_list(&o, n, &items);
    call_reply_out(gw, t->call, &o);        /* frees t as well */
}

static void off_begin(struct stats *t);

static void stats_late(struct loop_timer *timer)
{
    struct stats *t = timer->data;
    struct gw *gw = t->gw;
    log_info("statistics: %u of %u guests did not answer in time", t->open, t->n);
    (t->off ? stats_answer : off_begin)(t);
    gw_pump(gw);
}

/* ---- one guest's answer ---- */

static void stats_ask(struct stats *t);

/* A question about a guest, for one of ours. */
static struct call *ask_about(struct stats *t, const struct op *op, const struct part *k, call_done_fn *done)
{
    struct call *c = call_inner(t->gw, op, (uint32_t)(k - t->part), done, t);
    if (c)
        c->object = object_make(k->slot, k->gen);
    return c;
}

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
}

/* ---- guests that do not run ---- */

static void off_disk(struct stats *t, struct part *k);

static void off_size(struct gw *gw, struct call *c, struct frame *f, const struct err *e)
{
    static const char *const names[] = { "allocation", "capacity", "physical" };
    struct stats *t = c->data;
    struct part *k = &t->part[c->id];
    struct mp_in in;
    char name[64];
    if (f && frame_fits(f, op_find(OP_REMOTE_DOMAIN_GET_BLOCK_INFO))) {
        mp_in_init(&in, f->body, f->body_len);
        mp_get_array(&in, 3);
        for (size_t i = 0; i < ARRAY_N(names); i++) {
            uint64_t v = mp_get_uint(&in);
            util_format(name, sizeof name, "block.%u.%s", k->number, names[i]);
            if (v)
                param(&k->params, name, PARAM_ULLONG, v);
            k->nparams += v != 0;
        }
    }
    call_free(gw, c);
    off_disk(t, k);
}

static void off_ask_size(struct stats *t, struct part *k, const struct index_slot *s)
{
    struct call *c = ask_about(t, op_find(OP_REMOTE_DOMAIN_GET_BLOCK_INFO), k, off_size);
    if (!c)
        return;
    mp_array(&c->args, 3);
    mp_domain(&c->args, s);
    mp_str(&c->args, k->disk);
    mp_uint(&c->args, 0);
    call_send(t->gw, c);
}

static void off_ask(struct stats *t);

/* Goes on with the disks of k, up to the next one that has an image. */
static void off_disk(struct stats *t, struct part *k)
{
    struct index_slot s;
    char name[64], word[8];
    while (k->left && !k->at.bad) {
        const uint8_t *from = k->at.p;
        k->left--;
        *word = 0;
        mp_get_array(&k->at, 3);
        bool is_disk = mp_get_strz(&k->at, name, sizeof name) && sscanf(name, "block.%u.%7s", &k->number, word) >= 1;
        mp_skip(&k->at);
        if (strcmp(word, "name") || mp_peek(&k->at) != MP_STR)
            mp_skip(&k->at);
        else if (!mp_get_strz(&k->at, k->disk, sizeof k->disk))
            break;
        if (k->at.bad || !(is_disk || !strcmp(name, "block.count")))
            break;
        mp_raw(&k->params, from, (size_t)(k->at.p - from));
        k->nparams++;
        if (!strcmp(word, "path") && index_read(&t->gw->ix, k->slot, &s) == 0 && s.gen == k->gen) {
            off_ask_size(t, k, &s);
            return;
        }
    }
    t->open--;
    off_ask(t);
}

static void off_disks(struct gw *gw, struct call *c, struct frame *f, const struct err *e)
{
    struct stats *t = c->data;
    struct part *k = &t->part[c->id];
    struct index_slot s;
    struct mp_in record;
    if (f && index_read(&gw->ix, k->slot, &s) == 0 && s.gen == k->gen && s.id < 0 && stats_record(f, s.uuid, &record)) {
        mp_raw(&k->disks, record.p, (size_t)(record.end - record.p));
        mp_in_init(&k->at, k->disks.p, k->disks.len);
        mp_get_array(&k->at, 2);
        mp_skip(&k->at);
        k->left = mp_get_array(&k->at, LIMIT_REMOTE_CONNECT_GET_ALL_DOMAIN_STATS);
    }
    call_free(gw, c);
    off_disk(t, k);
}

/* Asks on; after the last one comes the answer. */
static void off_ask(struct stats *t)
{
    struct gw *gw = t->gw;
    if (t->asking)
        return;
    t->asking = true;
    while (t->next < t->n && t->open < OFF_AT_ONCE && !gw->ended) {
        struct part *k = &t->part[t->next++];
        struct call *c = k->off ? ask_about(t, t->call->op, k, off_disks) : NULL;
        if (!c)
            continue;
        mp_out_init(&k->disks, FRAME_BIG_MAX);
        mp_out_init(&k->params, FRAME_BIG_MAX);
        stats_args(c, STAT_BLOCK, 0);
        t->open++;
        call_send(gw, c);
    }
    t->asking = false;
    if (!t->open && !gw->ended)
        stats_answer(t);
}

static void off_begin(struct stats *t)
{
    call_inner_cancel(t->gw, t);
    t->off = true;
    t->open = 0;
    t->next = t->which && !(t->which & STAT_BLOCK) ? t->n : 0;
    loop_after(&t->timer, OFF_WAIT_MS, stats_late, t);
    off_ask(t);
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
    *k = (struct part){ .slot = slot, .gen = s->gen, .runs = s->id >= 0, .off = s->id < 0 };
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

/* Asks on, as long as not too many are open; after the last answer come those that do not run. */
static void stats_ask(struct stats *t)
{
    struct gw *gw = t->gw;
    if (t->asking)
        return;
    t->asking = true;
    for (; t->next < t->n && t->open < STATS_ASKED_MAX && !gw->ended; t->next++) {
        if (!t->part[t->next].runs)
            continue;
        struct call *c = ask_about(t, t->call->op, &t->part[t->next], stats_part);
        if (!c)
            return;
        stats_args(c, t->which, t->flags);
        t->open++;
        call_send(gw, c);
    }
    t->asking = false;
    if (!t->open && !gw->ended)
        off_begin(t);
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
    loop_after(&t->timer, STATS_WAIT_MS, stats_late, t);
    stats_ask(t);
}

const struct local local_stats[] = {
    { OP_REMOTE_CONNECT_GET_ALL_DOMAIN_STATS, all_domain_stats },
    { 0, NULL },
};
