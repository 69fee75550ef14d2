/* worker.c: see worker.h. */
#include "worker.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/internal.h"
#include "ipc/log.h"
#include "policy/sandbox.h"

#define CALLS_MAX 64            /* outstanding calls of a worker to the supervisor */
#define WORKER_QUEUE_MAX 4096   /* frames waiting for a supervisor that is being replaced */

static struct call { uint32_t op, serial; worker_answer_fn *fn; void *data; } calls[CALLS_MAX];
static uint32_t next_serial = 1;

void worker_birth(struct worker *w, int role)
{
    log_init(role_name(role));
    int r = birth_read(&w->birth);
    if (r < 0 || w->birth.role != role) {
        log_err("not born by a keeper (%s); this program is started by Bulkhead's daemons only", strerror(r < 0 ? -r : EPROTO));
        exit(2);
    }
    log_threshold = (int)w->birth.log_level;
    r = loop_init();
    if (r < 0) {
        log_err("cannot make an event loop: %s", strerror(-r));
        exit(2);
    }
}

void worker_request(const struct frame *f, struct request *rq)
{
    *rq = (struct request){ .op = f->h.op, .serial = f->h.serial, .arg = f->h.arg, .object = f->h.object, .origin = f->h.origin, .flags = f->h.flags };
}

static void worker_answer(struct worker *w, struct frame *f)
{
    for (size_t i = 0; i < CALLS_MAX; i++) {
        struct call c = calls[i];
        if (!c.fn || c.serial != f->h.serial || c.op != f->h.op)
            continue;
        calls[i].fn = NULL;
        if (f->h.kind == FRAME_ERROR) {
            struct err e;
            err_from_wire(&e, f->body, f->body_len);
            c.fn(w, c.data, NULL, &e);
        } else {
            c.fn(w, c.data, f, NULL);
        }
        return;
    }
    log_warn("an answer to nothing (op %u:%u), dropped", OP_PROG(f->h.op), OP_PROC(f->h.op));
}

static void worker_frame(struct chan *c, struct frame *f)
{
    struct worker *w = c->data;
    struct request rq;

    worker_request(f, &rq);
    if (f->h.kind == FRAME_REPLY || f->h.kind == FRAME_ERROR) {
        worker_answer(w, f);
        return;
    }
    for (const struct worker_op *o = w->ops; o->op; o++)
        if (o->op == f->h.op) {
            o->fn(w, &rq, f);
            return;
        }
    if (f->h.op == OP_IN(IN_QUIT)) {
        if (w->on_quit)
            w->on_quit(w);
        else
            loop_stop(0);
        return;
    }
    if (f->h.kind == FRAME_CALL) {
        struct err e = ERR_INIT;
        err_set(&e, VIR_ERR_NO_SUPPORT, VIR_FROM_QEMU, "operation %u:%u in role %s", OP_PROG(f->h.op), OP_PROC(f->h.op), role_name(w->birth.role));
        worker_error(w, &rq, &e);
    }
}

static void worker_end(struct chan *c, int err)
{
    struct worker *w = c->data;
    /* The keeper holds the other end across a supervisor's death: an end of file means that the daemon itself has gone. */
    if (err)
        log_info("channel ended: %s", strerror(-err));
    if (w->on_quit)
        w->on_quit(w);
    else
        loop_stop(0);
}

void worker_lock(struct worker *w)
{
    if (sandbox_enter(w->birth.role, &w->birth) < 0) {
        log_err("cannot enter the sandbox; ending rather than running without");
        exit(3);
    }
    int r = chan_open(&w->chan, BIRTH_FD_CHANNEL, WORKER_QUEUE_MAX, worker_frame, worker_end, w);
    if (r < 0) {
        log_err("channel: %s", strerror(-r));
        exit(2);
    }
}

int worker_run(struct worker *w)
{
    int r = loop_run();
    chan_close(&w->chan);
    return r < 0 ? 1 : r;
}

static void worker_send(struct worker *w, const struct request *rq, int kind, const void *body, size_t len, const int *fds, unsigned nfds)
{
    struct frame_head h = { .kind = (uint8_t)kind, .op = rq->op, .serial = rq->serial, .object = rq->object, .origin = rq->origin };
    int r = chan_send(&w->chan, &h, body, len, fds, nfds);
    if (r < 0)
        log_warn("answer to %u:%u not sent: %s", OP_PROG(rq->op), OP_PROC(rq->op), strerror(-r));
}

void worker_reply(struct worker *w, const struct request *rq, const void *body, size_t len, const int *fds, unsigned nfds)
{
    static const uint8_t nothing[] = { 0x90 };      /* an empty msgpack array */
    if (!body && OP_PROG(rq->op) != PROG_INTERNAL) {
        body = nothing;
        len = sizeof nothing;
    }
    worker_send(w, rq, FRAME_REPLY, body, len, fds, nfds);
}

void worker_reply_out(struct worker *w, const struct request *rq, struct mp_out *o)
{
    if (o->failed) {
        struct err e = ERR_INIT;
        err_set(&e, VIR_ERR_RPC, VIR_FROM_RPC, "reply is too large");
        worker_error(w, rq, &e);
    } else {
        worker_reply(w, rq, o->p, o->len, NULL, 0);
    }
    mp_out_free(o);
}

void worker_error(struct worker *w, const struct request *rq, const struct err *e)
{
    worker_send(w, rq, FRAME_ERROR, e, err_wire_len(e), NULL, 0);
}

void worker_event(struct worker *w, uint32_t op, uint32_t arg, const void *body, size_t len, const int *fds, unsigned nfds)
{
    struct frame_head h = { .kind = FRAME_EVENT, .op = op, .arg = arg, .object = w->birth.object };
    int r = chan_send(&w->chan, &h, body, len, fds, nfds);
    if (r < 0)
        log_warn("event %u:%u not sent: %s", OP_PROG(op), OP_PROC(op), strerror(-r));
}

int worker_call(struct worker *w, uint32_t op, uint32_t arg, const void *body, size_t len, const int *fds, unsigned nfds, worker_answer_fn *fn, void *data)
{
    for (size_t i = 0; i < CALLS_MAX; i++) {
        if (calls[i].fn)
            continue;
        struct frame_head h = { .kind = FRAME_CALL, .op = op, .serial = next_serial++, .arg = arg, .object = w->birth.object };
        int r = chan_send(&w->chan, &h, body, len, fds, nfds);
        if (r < 0)
            return r;
        calls[i] = (struct call){ .op = op, .serial = h.serial, .fn = fn, .data = data };
        return 0;
    }
    return -EBUSY;
}

int worker_args(struct worker *w, const struct request *rq, struct frame *f, struct mp_in *in)
{
    struct err e = ERR_INIT;
    const struct op_route_row *row = op_route_find(rq->op);
    size_t cap = row && row->cap ? row->cap : FRAME_BIG_MAX;

    if (frame_body(f, cap) == 0 && mp_guard(f->body, f->body_len, MP_DEPTH_MAX, cap, NULL) == 0) {
        mp_in_init(in, f->body, f->body_len);
        mp_get_array(in, 64);
        if (!in->bad)
            return 0;
    }
    err_set(&e, VIR_ERR_RPC, VIR_FROM_RPC, "Unable to decode message payload");
    worker_error(w, rq, &e);
    return -1;
}
