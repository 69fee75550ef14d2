/* info.c: domain.get_info: what the index page knows, and of a running guest the CPU time, which only its worker can read now.
 *
 * The worker has a moment for it; a stuck or dying one costs the caller that moment, and the last known time is told. */
#include <stdlib.h>
#include <string.h>
#include "list.h"

enum { INFO_WAIT_MS = 200, STAT_CPU_TOTAL = 2 };

struct info { struct gw *gw; struct call *call; struct index_slot s; struct loop_timer timer; };

static void info_free(void *data)
{
    struct info *i = data;
    loop_cancel(&i->timer);
    free(i);
}

static void info_answer(struct gw *gw, struct call *c, const struct index_slot *s)
{
    struct mp_out o;
    mp_out_init(&o, 128);
    mp_array(&o, 5);
    mp_uint(&o, (uint8_t)s->state);
    mp_uint(&o, s->now.mem_max_kib);
    mp_uint(&o, s->now.mem_kib);
    mp_uint(&o, (uint16_t)s->now.vcpus);
    mp_uint(&o, s->id >= 0 ? s->cpu_time_ns : 0);
    call_reply_out(gw, c, &o);
}

static void info_late(struct loop_timer *t)
{
    struct info *i = t->data;
    struct gw *gw = i->gw;
    call_inner_cancel(gw, i);
    info_answer(gw, i->call, &i->s);
    gw_pump(gw);
}

/* "cpu.time" of [domain, [[name, type, value] ...]]. */
static void info_cpu(struct info *i, struct mp_in *in)
{
    char name[64];
    mp_get_array(in, 2);
    mp_skip(in);
    uint32_t n = mp_get_array(in, UINT32_MAX);
    while (n-- && !in->bad) {
        mp_get_array(in, 3);
        bool here = mp_get_strz(in, name, sizeof name) && !strcmp(name, "cpu.time");
        mp_skip(in);
        if (here && mp_peek(in) == MP_UINT)
            i->s.cpu_time_ns = mp_get_uint(in);
        else
            mp_skip(in);
    }
}

static void info_done(struct gw *gw, struct call *c, struct frame *f, const struct err *e)
{
    struct info *i = c->data;
    struct mp_in record;
    (void)e;
    if (f && stats_record(f, i->s.uuid, &record))
        info_cpu(i, &record);
    call_free(gw, c);
    info_answer(gw, i->call, &i->s);
}

void get_info(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct err e = ERR_INIT;
    struct index_slot s;
    uint64_t object;

    if (domain_find(gw, in, &s, &object, &e) < 0) {
        call_error(gw, c, &e);
        return;
    }
    struct info *i = s.id >= 0 && !(s.flags & (SLOT_STALE | SLOT_WORKER_FAILED)) ? calloc(1, sizeof *i) : NULL;
    struct call *ask = i ? call_inner(gw, c->op, 0, info_done, i) : NULL;
    if (!ask) {
        free(i);
        if (!gw->ended)
            info_answer(gw, c, &s);
        return;
    }
    *i = (struct info){ .gw = gw, .call = c, .s = s };
    c->data = i;
    c->cleanup = info_free;
    loop_after(&i->timer, INFO_WAIT_MS, info_late, i);
    ask->object = object;
    stats_args(ask, STAT_CPU_TOTAL, 0);
    call_send(gw, ask);
}
