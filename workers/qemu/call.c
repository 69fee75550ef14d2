#include "config.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ipc/log.h"
#include "ipc/util.h"
#include "workers/qemu/guest.h"
#include "workers/tree-params.h"

struct call *call_new(struct guest *g, const struct request *rq)
{
    struct call *c = calloc(1, sizeof *c);
    BUG_ON(!c);
    c->g = g;
    c->rq = *rq;
    return c;
}

void *call_extra(struct call *c, size_t size)
{
    c->extra = calloc(1, size);
    BUG_ON(!c->extra);
    return c->extra;
}

void call_drop(struct call *c)
{
    if (c->free_extra)
        c->free_extra(c->extra);
    free(c->extra);
    free(c);
}

void call_ok(struct call *c)
{
    worker_reply(c->g->w, &c->rq, NULL, 0, NULL, 0);
    call_drop(c);
}

void call_out(struct call *c, struct mp_out *o)
{
    worker_reply_out(c->g->w, &c->rq, o);
    call_drop(c);
}

void call_fail(struct call *c, const struct err *e)
{
    worker_error(c->g->w, &c->rq, e);
    call_drop(c);
}

void call_failf(struct call *c, int code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    worker_vfail(c->g->w, &c->rq, code, VIR_FROM_QEMU, fmt, ap);
    va_end(ap);
    call_drop(c);
}

void reply_err(struct guest *g, const struct request *rq, int code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    worker_vfail(g->w, rq, code, VIR_FROM_QEMU, fmt, ap);
    va_end(ap);
}

void reply_ok(struct guest *g, const struct request *rq)
{
    worker_reply(g->w, rq, NULL, 0, NULL, 0);
}

int call_args(struct guest *g, const struct request *rq, struct frame *f, struct mp_in *in)
{
    if (worker_args(g->w, rq, f, in))
        return -1;
    mp_skip(in);        /* the domain: the supervisor has found it */
    return 0;
}

int call_end_args(struct guest *g, const struct request *rq, struct mp_in *in)
{
    return worker_args_end(g->w, rq, in);
}

int call_no_args(struct guest *g, const struct request *rq, struct frame *f)
{
    struct mp_in in;
    return call_args(g, rq, f, &in) || call_end_args(g, rq, &in) ? -1 : 0;
}

int call_flags(struct guest *g, const struct request *rq, struct frame *f, uint32_t *flags)
{
    struct mp_in in;
    if (call_args(g, rq, f, &in))
        return -1;
    uint32_t v = mp_get_u32(&in);
    if (flags)
        *flags = v;
    return call_end_args(g, rq, &in);
}

int call_params(struct guest *g, const struct request *rq, struct mp_in *in, struct typed_list *l)
{
    struct err e = ERR_INIT;
    unsigned n;
    const struct param *known = params_of(rq->op, &n);
    if (typed_read(in, known, n, l, &e)) {
        worker_error(g->w, rq, &e);
        return -1;
    }
    mp_get_u32(in);
    return call_end_args(g, rq, in) || call_need_up(g, rq) ? -1 : 0;
}

int call_need_up(struct guest *g, const struct request *rq)
{
    if (g->phase != PHASE_GONE)         /* of one that is still being started what needs more has waited (later.c) */
        return 0;
    worker_fail(g->w, rq, VIR_ERR_OPERATION_INVALID, VIR_FROM_DOMAIN, "domain is not running");
    return -1;
}

int call_need_agent(struct guest *g, const struct request *rq)
{
    struct err e = ERR_INIT;
    if (g->state != DOM_RUNNING)
        err_set(&e, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "domain is not running");
    else if (!agent_check(&g->agent, &e))
        return 0;
    worker_error(g->w, rq, &e);
    return -1;
}

void reply_int(struct guest *g, const struct request *rq, int64_t v)
{
    struct mp_out o;
    mp_out_init(&o, 64);
    mp_array(&o, 1);
    mp_int(&o, v);
    worker_reply_out(g->w, rq, &o);
}

static void on_return(void *data, json_t *ret, const struct err *e)
{
    struct call *c = data;
    if (!ret)
        call_fail(c, e);
    else if (c->done)
        c->done(c, ret);
    else
        call_ok(c);
}

void call_qmp(struct call *c, const char *command, json_t *args, call_done_fn *done)
{
    struct qmp *q = &c->g->qmp;
    c->done = done;
    qmp_send(q, command, args, -1, 0, on_return, c);
    qmp_flush(q);
}

void call_agent(struct call *c, const char *command, json_t *args, unsigned ms, call_done_fn *done)
{
    c->done = done;
    agent_send(&c->g->agent, command, args, ms, false, on_return, c);
}

void call_on_done(void *data, json_t *ret, const struct err *e)
{
    struct call *c = data;
    if (ret)
        call_ok(c);
    else
        call_fail(c, e);
}
