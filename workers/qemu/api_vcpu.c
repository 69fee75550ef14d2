/* api_vcpu.c: processors that come to a running guest and go, by QEMU's devices; and those that come at its start, because they may go again.
 *
 * Which places there are QEMU tells (query-hotpluggable-cpus); the processor of a place is called vcpuN.  What is done is a list, worked off one by one: after
 * each the document says what is there, so that an error in the middle leaves nothing that is not told. */
#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/log.h"
#include "ipc/util.h"
#include "workers/bitmap.h"
#include "workers/qemu/ops.h"
#include "workers/qemu/stats.h"
#include "workers/tree-vcpus.h"

enum { VCPU_MAXIMUM = 4, VCPU_GUEST = 8, VCPU_PLUGGABLE = 16, SET_BYTES = 4096, UNPLUG_WAIT_MS = 5000, POLL_MS = 200, SETUP_MS = 60000 };

struct place { const char *type, *qom; json_t *props; bool is_ours; };      /* qom: of the processor that is there; NULL none */

/* One call, or the start (c NULL). */
struct vcpu_change {
    struct guest *g;
    struct call *c;
    void (*started)(struct guest *g, const struct err *e);
    json_t *answer;                     /* QEMU's list of places, which place[] points into */
    struct place place[GUEST_VCPUS_MAX];
    uint32_t places, count;             /* count: by number, as many as shall be there; 0: those of map */
    bool plug, waits;
    uint8_t map[GUEST_VCPUS_MAX / 8];
    uint32_t at;                        /* the one that is worked on */
    struct loop_timer timer;
    uint64_t since_ms;
};

static void change_free(struct vcpu_change *x)
{
    loop_cancel(&x->timer);
    qmp_forget(&x->g->qmp, x);
    if (x->g->vcpu_change == x)
        x->g->vcpu_change = NULL;
    json_decref(x->answer);
    free(x);
}

static void change_end(struct vcpu_change *x, const struct err *e)
{
    struct call *c = x->c;
    struct guest *g = x->g;
    void (*started)(struct guest *, const struct err *) = x->started;
    change_free(x);
    if (!c) {
        started(g, e);
        return;
    }
    guest_state_known(g);
    if (e)
        call_fail(c, e);
    else
        call_ok(c);
    later_go(g);
}

/* ---- the document ---- */

/* Whoever has no place in the order gets one, by number, but for one that comes after them. */
static uint32_t order_all(struct vcpu_set *s, uint32_t but)
{
    uint32_t last = 0;
    for (uint32_t i = 0; i < s->max; i++)
        last = s->v[i].order > last ? s->v[i].order : last;
    for (uint32_t i = 0; i < s->max; i++)
        if (s->v[i].online && !s->v[i].order && i != but)
            s->v[i].order = ++last;
    return last;
}

static void note(struct guest *g, uint32_t id, bool online)
{
    AUTO_VCPUS s = { .v = NULL };
    if (vcpus_load(g->tree, &s) || id >= s.max)
        return;
    uint32_t last = order_all(&s, id), gone = s.v[id].order;
    for (uint32_t i = 0; i < s.max && !online; i++)
        s.v[i].order -= s.v[i].order > gone;
    s.v[id] = (struct vcpu_state){ .online = online, .is_pluggable = true, .order = online ? last + 1 : 0 };
    s.individual = true;
    vcpus_store(g->tree, &s);
    guest_told(g);
    if (online)
        guest_tune(g);
}

static void note_start(struct guest *g)
{
    AUTO_VCPUS s = { .v = NULL };
    if (vcpus_load(g->tree, &s))
        return;
    order_all(&s, UINT32_MAX);
    vcpus_store(g->tree, &s);
}

/* ---- one after the other ---- */

static void next(struct vcpu_change *x);

/* Where it is refused, x may be no more. */
static void ask(struct vcpu_change *x, const char *command, json_t *args, unsigned ms, qmp_reply_fn *fn)
{
    struct qmp *q = &x->g->qmp;
    qmp_send(q, command, args, -1, ms, fn, x);
    qmp_flush(q);
}

static void on_seen(void *data, json_t *ret, const struct err *e)
{
    struct vcpu_change *x = data;
    guest_take_cpus(x->g, ret);
    if (!x->c)
        note_start(x->g);
    change_end(x, e);
}

static void poll_later(struct vcpu_change *x);

/* DEVICE_DELETED may never come: QEMU's TCG keeps what is left of a processor for good. Its place tells as well. */
static void on_polled(void *data, json_t *ret, const struct err *e)
{
    struct vcpu_change *x = data;
    char path[64];
    json_t *v;
    size_t i;
    struct err late = ERR_INIT;
    bool is_there = !ret;
    (void)e;
    if (!x->waits)
        return;
    util_format(path, sizeof path, "/machine/peripheral/vcpu%u", x->at);
    json_array_foreach(ret, i, v) {
        const char *qom = json_string_value(json_object_get(v, "qom-path"));
        is_there |= qom && !strcmp(qom, path);
    }
    if (!is_there)
        vcpu_deleted(x->g, path + strlen("/machine/peripheral/"));
    else if (loop_now_ms() - x->since_ms >= UNPLUG_WAIT_MS) {
        err_set(&late, VIR_ERR_OPERATION_TIMEOUT, VIR_FROM_QEMU, "vcpu unplug request timed out. Unplug result must be manually inspected in the domain");
        change_end(x, &late);
    } else
        poll_later(x);
}

static void on_poll(struct loop_timer *t)
{
    ask(t->data, "query-hotpluggable-cpus", NULL, 0, on_polled);
}

static void poll_later(struct vcpu_change *x)
{
    loop_after(&x->timer, POLL_MS, on_poll, x);
}

static void on_step(void *data, json_t *ret, const struct err *e)
{
    struct vcpu_change *x = data;
    if (!ret) {
        change_end(x, e);
        return;
    }
    if (x->plug) {
        if (x->c)
            note(x->g, x->at, true);
        x->at++;
        next(x);
    } else {
        x->waits = true;
        x->since_ms = loop_now_ms();
        poll_later(x);
    }
}

bool vcpu_deleted(struct guest *g, const char *alias)
{
    struct vcpu_change *x = g->vcpu_change;
    uint64_t id;
    if (strncmp(alias, "vcpu", 4) || tree_parse_uint(alias + 4, 10, GUEST_VCPUS_MAX - 1, &id))
        return false;
    note(g, (uint32_t)id, false);
    if (g->tids && id < g->ntids && g->tids[id]) {      /* QEMU's list has it for a moment yet */
        g->tids[id] = 0;
        g->vcpus--;
    }
    guest_send_state(g, -1, 0);
    if (x && x->waits && x->at == id) {
        loop_cancel(&x->timer);
        qmp_forget(&g->qmp, x);         /* where a poll is on its way */
        x->waits = false;
        x->at++;
        next(x);
    }
    return true;
}

static void next(struct vcpu_change *x)
{
    char alias[32];
    while (x->at < x->places && !BITMAP_GET(x->map, x->at))
        x->at++;
    if (x->at >= x->places && !x->plug) {
        change_end(x, NULL);
        return;
    }
    if (x->at >= x->places) {
        ask(x, "query-cpus-fast", NULL, SETUP_MS, on_seen);
        return;
    }
    util_format(alias, sizeof alias, "vcpu%u", x->at);
    if (x->plug) {
        json_t *args = json_pack("{s:s, s:s}", "driver", x->place[x->at].type, "id", alias);
        json_object_update(args, x->place[x->at].props);
        ask(x, "device_add", args, SETUP_MS, on_step);
    } else
        ask(x, "device_del", json_pack("{s:s}", "id", alias), 0, on_step);
}

/* ---- which ---- */

static json_int_t rank(json_t *props)
{
    static const char *const keys[] = { "socket-id", "die-id", "core-id", "thread-id" };
    json_int_t v = 0;
    for (size_t i = 0; i < ARRAY_N(keys); i++)
        v = v << 12 | (json_integer_value(json_object_get(props, keys[i])) & 0xfff);
    return v;
}

static int by_rank(const void *a, const void *b)
{
    json_int_t x = rank(((const struct place *)a)->props), y = rank(((const struct place *)b)->props);
    return (x > y) - (x < y);
}

/* Places in the order of their numbers. */
static bool take_places(struct vcpu_change *x, json_t *list)
{
    json_t *v;
    size_t i;
    char path[64];
    if (json_array_size(list) > GUEST_VCPUS_MAX)
        return false;
    x->answer = json_incref(list);
    json_array_foreach(list, i, v) {
        struct place *p = &x->place[x->places++];
        *p = (struct place){ .type = json_string_value(json_object_get(v, "type")), .qom = json_string_value(json_object_get(v, "qom-path")), .props = json_object_get(v, "props") };
        if (!p->type || !json_is_object(p->props) || json_integer_value(json_object_get(v, "vcpus-count")) != 1)
            return false;
    }
    qsort(x->place, x->places, sizeof x->place[0], by_rank);
    for (i = 0; i < x->places; i++) {   /* ours only by the very name of its place */
        util_format(path, sizeof path, "/machine/peripheral/vcpu%u", (unsigned)i);
        x->place[i].is_ours = x->place[i].qom && !strcmp(path, x->place[i].qom);
    }
    return true;
}

/* As many as are wanted: the first that are off, or the last that may go. */
static void choose(struct vcpu_change *x, struct err *e)
{
    uint32_t now = 0;
    for (uint32_t i = 0; i < x->places; i++)
        now += x->place[i].qom != NULL;
    x->plug = x->count > now;
    for (uint32_t k = 0; k < x->places && now != x->count; k++) {
        uint32_t i = x->plug ? k : x->places - 1 - k;
        if (x->plug ? x->place[i].qom != NULL : !x->place[i].is_ours)
            continue;
        BITMAP_SET(x->map, i);
        now += x->plug ? 1u : -1u;
    }
    if (now != x->count)
        err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "failed to find appropriate hotpluggable vcpus to reach the desired target vcpu count");
}

static void check_named(const struct vcpu_change *x, struct err *e)
{
    for (uint32_t i = 0; i < GUEST_VCPUS_MAX && !e->code; i++)
        if (!BITMAP_GET(x->map, i))
            continue;
        else if (i >= x->places)
            err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "vcpu %u is not present in live config", i);
        else if ((x->place[i].qom != NULL) == x->plug)
            err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "vcpu '%u' is already in requested state", i);
        else if (!x->plug && !x->place[i].is_ours)
            err_set(e, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "vcpu '%u' can't be unplugged", i);
}

static void on_places(void *data, json_t *ret, const struct err *e)
{
    struct vcpu_change *x = data;
    struct err own = ERR_INIT;
    if (!ret) {
        change_end(x, e);
        return;
    }
    if (!take_places(x, ret))
        err_set(&own, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "target vm vcpu granularity does not allow the desired vcpu count");
    else if (x->count)
        choose(x, &own);
    else if (x->c)
        check_named(x, &own);
    if (own.code)
        change_end(x, &own);
    else
        next(x);
}

static void begin(struct vcpu_change *x)
{
    x->timer.data = x;
    ask(x, "query-hotpluggable-cpus", NULL, SETUP_MS, on_places);
}

static struct vcpu_change *change_new(struct guest *g)
{
    struct vcpu_change *x = calloc(1, sizeof *x);
    BUG_ON(!x);
    x->g = g;
    return x;
}

static void set_count(struct guest *g, const struct request *rq, uint32_t n, uint32_t flags)
{
    if (!n) {
        reply_err(g, rq, VIR_ERR_INVALID_ARG, "nvcpus in virDomainSetVcpusFlags must not be zero");
    } else if (flags & VCPU_GUEST) {
        if (n > vcpus_now(g) && !call_need_agent(g, rq))
            reply_err(g, rq, VIR_ERR_INVALID_ARG, "requested vcpu count is greater than the count of enabled vcpus in the domain: %d > %d", (int)n, (int)vcpus_now(g));
        else if (n <= vcpus_now(g))
            set_vcpus_inside(g, rq, n);
    } else if (flags & VCPU_MAXIMUM) {
        reply_err(g, rq, VIR_ERR_OPERATION_UNSUPPORTED, "maximum vcpu count of a live domain can't be modified");
    } else if (n > vcpus_max(g)) {
        reply_err(g, rq, VIR_ERR_INVALID_ARG, "requested vcpus is greater than max allowable vcpus for the live domain: %u > %u", n, vcpus_max(g));
    } else if (!call_need_up(g, rq)) {
        struct vcpu_change *x = g->vcpu_change = change_new(g);
        x->c = call_new(g, rq);
        x->count = n;
        begin(x);
    }
}

OP_ARGS(api_set_vcpus)
{
    uint32_t n = mp_get_u32(&in);
    if (!call_end_args(g, rq, &in))
        set_count(g, rq, n, 0);
}

OP_ARGS(api_set_vcpus_flags)
{
    uint32_t n = mp_get_u32(&in), flags = mp_get_u32(&in);
    if (!call_end_args(g, rq, &in))
        set_count(g, rq, n, flags);
}

int vcpu_set_args(struct guest *g, const struct request *rq, struct mp_in *in, uint8_t *map, bool *on)
{
    AUTO_FREE char *set = mp_get_strdup(in, SET_BYTES);
    int32_t state = mp_get_i32(in);
    mp_get_u32(in);
    if (call_end_args(g, rq, in))
        return -1;
    *on = state;
    if (state != 0 && state != 1)
        reply_err(g, rq, VIR_ERR_INVALID_ARG, "unsupported state value");
    else if (bitmap_parse(set, map, BITMAP_BITS))
        worker_fail(g->w, rq, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "Failed to parse bitmap '%.200s'", set);
    else
        return 0;
    return -1;
}

OP_ARGS(api_set_vcpu)
{
    uint8_t map[BITMAP_BITS / 8];
    uint32_t last = 0;
    bool any = false, on;
    if (vcpu_set_args(g, rq, &in, map, &on))
        return;
    for (uint32_t i = 0; i < BITMAP_BITS; i++)
        if (BITMAP_GET(map, i)) {
            last = i;
            any = true;
        }
    if (!any)
        reply_err(g, rq, VIR_ERR_INVALID_ARG, "no vcpus selected for modification");
    else if (last >= vcpus_max(g) || last >= GUEST_VCPUS_MAX)
        reply_err(g, rq, VIR_ERR_INVALID_ARG, "vcpu %u is not present in live config", last);
    else if (!call_need_up(g, rq)) {
        struct vcpu_change *x = g->vcpu_change = change_new(g);
        x->c = call_new(g, rq);
        x->plug = on;
        memcpy(x->map, map, sizeof x->map);
        begin(x);
    }
}

void vcpus_at_start(struct guest *g, void (*started)(struct guest *g, const struct err *e))
{
    AUTO_VCPUS s = { .v = NULL };
    struct vcpu_change *x = change_new(g);
    bool any = false;
    x->started = started;
    x->plug = true;
    bool told = !vcpus_load(g->tree, &s) && s.individual;
    for (uint32_t i = 0; told && i < s.max && i < GUEST_VCPUS_MAX; i++)
        if (s.v[i].online && s.v[i].is_pluggable) {
            BITMAP_SET(x->map, i);
            any = true;
        }
    if (any)
        begin(x);
    else
        change_end(x, NULL);
}
