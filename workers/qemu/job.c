/* job.c: what a save or dump of the guest's state has done, as libvirt tells of a job: to who asks while it is at work, by an event when it is complete, and
 * afterwards to who asks for that.  The figures are QEMU's. */
#include "config.h"
#include <math.h>

#include "ipc/util.h"
#include "workers/qemu/job.h"
#include "workers/qemu/migrate.h"
#include "workers/qemu/ops.h"
#include "workers/typed.h"

enum { JOB_NONE, JOB_UNBOUNDED = 2, JOB_COMPLETED };            /* virDomainJobType */
enum { OPERATION_SAVE = 2, OPERATION_DUMP = 8 };                /* virDomainJobOperation */
enum { STATS_COMPLETED = 1, STATS_KEEP = 2, PARAMS_BYTES = 4096, INFO_N = 12 };

/* What of query-migrate is what, in libvirt's order; of: within that object; RATE: there, millions of bits a second. */
enum of { OWN, RAM, RATE };
static const struct { const char *name, *key; enum of of; } figures[] = {
    { "time_elapsed", "total-time", OWN }, { "downtime", "downtime", OWN }, { "setup_time", "setup-time", OWN },
    { "data_total", "total", RAM }, { "data_processed", "transferred", RAM }, { "data_remaining", "remaining", RAM },
    { "memory_total", "total", RAM }, { "memory_processed", "transferred", RAM }, { "memory_remaining", "remaining", RAM }, { "memory_bps", "mbps", RATE },
    { "memory_constant", "duplicate", RAM }, { "memory_normal", "normal", RAM }, { "memory_normal_bytes", "normal-bytes", RAM },
    { "memory_dirty_rate", "dirty-pages-rate", RAM }, { "memory_iteration", "dirty-sync-count", RAM }, { "memory_postcopy_requests", "postcopy-requests", RAM },
    { "memory_page_size", "page-size", RAM },
};

/* A figure of QEMU's that is none is told as 0. */
static uint64_t figure(json_t *v)
{
    json_int_t n = json_integer_value(v);
    return n > 0 ? (uint64_t)n : 0;
}

static uint64_t bytes_per_second(json_t *mbps)
{
    double v = json_number_value(mbps) * 1000 * 1000 / 8;
    return isfinite(v) && v > 0 && v < (double)INT64_MAX ? (uint64_t)v : 0;
}

static void put(const struct guest *g, struct typed_out *t, json_t *ret)
{
    json_t *ram = json_object_get(ret, "ram");
    typed_put_int(t, g->saving && g->saving->dump ? OPERATION_DUMP : OPERATION_SAVE, "operation");
    for (size_t i = 0; i < ARRAY_N(figures); i++) {
        json_t *v = json_object_get(figures[i].of == OWN ? ret : ram, figures[i].key);
        uint64_t n = figures[i].of == RATE ? bytes_per_second(v) : figure(v);
        if (v && (n || figures[i].of != RATE))          /* a save may be too short for a rate */
            typed_put_ullong(t, n, "%s", figures[i].name);
    }
}

static void pack(const struct guest *g, struct mp_out *o, json_t *ret)
{
    struct typed_out t = { .n = 0 };
    mp_out_init(&t.o, PARAMS_BYTES);
    put(g, &t, ret);
    typed_out_end(&t, o);
}

void job_completed(struct guest *g, json_t *ret)
{
    struct mp_out o;
    mp_out_init(&o, PARAMS_BYTES);
    pack(g, &o, ret);
    notify_job(g, &o);
    mp_out_free(&g->job_done);
    g->job_done = o;
}

/* ---- who asks ---- */

static void on_stats(struct call *c, json_t *ret)
{
    struct mp_out o;
    mp_out_init(&o, PARAMS_BYTES);
    mp_array(&o, 2);
    mp_int(&o, JOB_UNBOUNDED);
    pack(c->g, &o, ret);
    call_out(c, &o);
}

OP_FN(api_job_stats)
{
    struct guest *g = w->data;
    struct mp_out o;
    uint32_t flags;
    if (call_flags(g, rq, f, &flags) || call_need_up(g, rq))
        return;
    if (!(flags & STATS_COMPLETED) && g->saving && g->migration) {
        call_qmp(call_new(g, rq), "query-migrate", NULL, on_stats);
        return;
    }
    bool is_done = flags & STATS_COMPLETED && g->job_done.len;
    mp_out_init(&o, PARAMS_BYTES);
    mp_array(&o, 2);
    mp_int(&o, is_done ? JOB_COMPLETED : JOB_NONE);
    if (is_done)
        mp_raw(&o, g->job_done.p, g->job_done.len);
    else
        mp_array(&o, 0);
    if (is_done && !(flags & STATS_KEEP))
        mp_out_free(&g->job_done);
    worker_reply_out(w, rq, &o);
}

/* virDomainJobInfo: type, times, then total, processed and remaining of data, memory and files. */
static void info_out(struct mp_out *o, json_t *ret)
{
    json_t *ram = json_object_get(ret, "ram");
    const uint64_t total = figure(json_object_get(ram, "total")), processed = figure(json_object_get(ram, "transferred")), left = figure(json_object_get(ram, "remaining"));
    const uint64_t v[INFO_N] = { ret ? JOB_UNBOUNDED : JOB_NONE, figure(json_object_get(ret, "total-time")), 0, total, processed, left, total, processed, left };
    mp_out_init(o, 256);
    mp_array(o, INFO_N);
    for (int i = 0; i < INFO_N; i++)
        mp_uint(o, v[i]);
}

static void on_info(struct call *c, json_t *ret)
{
    struct mp_out o;
    info_out(&o, ret);
    call_out(c, &o);
}

OP_FN(api_job_info)
{
    struct guest *g = w->data;
    struct mp_out o;
    if (call_no_args(g, rq, f) || call_need_up(g, rq))
        return;
    if (g->saving && g->migration) {
        call_qmp(call_new(g, rq), "query-migrate", NULL, on_info);
        return;
    }
    info_out(&o, NULL);
    worker_reply_out(w, rq, &o);
}
