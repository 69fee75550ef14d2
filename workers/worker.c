/* worker.c: see worker.h. */
#include "worker.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/internal.h"
#include "ipc/log.h"
#include "ipc/util.h"
#include "policy/sandbox.h"

#define CALLS_MAX 64            /* outstanding calls of a worker to the supervisor */
#define WORKER_QUEUE_MAX 4096   /* frames waiting for a supervisor that is being replaced */
#define SEEN_MAX 256            /* calls remembered: those being worked on, and the last ones answered */
#define KEEP_MAX 4096           /* bytes of an answer that is kept to be said again */

/* Supervisor restart.  What a dying supervisor had read and not yet passed on is lost, so with IN_EPOCH
 *  - our own calls that have no answer yet are sent again (FRAME_RESENT), which is why they are kept whole;
 *  - callers send theirs again: `seen` tells a call that is being worked on (its answer will come) from one that was
 *    answered (the kept answer is said again) and from one that never arrived (it is run).  Reads are not kept: they run again. */
static struct call {
    struct frame_head h;
    worker_answer_fn *fn;
    void *data, *body;
    size_t len;
    unsigned nfds;
    int fds[4];
} calls[CALLS_MAX];

enum seen_state { SEEN_FREE, SEEN_RUNNING, SEEN_ANSWERED };
static struct seen {
    uint64_t origin;
    uint32_t serial, op;
    uint8_t state, kind;
    bool never;         /* must not run twice */
    bool keep;          /* its answer is kept */
    uint16_t len;
    void *body;
} seen[SEEN_MAX];
static unsigned seen_next;
static uint32_t next_serial = 1;

static struct seen *seen_find(uint64_t origin, uint32_t serial, uint32_t op)
{
    for (size_t i = 0; i < SEEN_MAX; i++)
        if (seen[i].state != SEEN_FREE && seen[i].origin == origin && seen[i].serial == serial && seen[i].op == op)
            return &seen[i];
    return NULL;
}

/* Remembers a call; the oldest answered one is forgotten.  With SEEN_MAX calls being worked on at once nothing is remembered of the next. */
static void seen_add(const struct request *rq)
{
    for (size_t i = 0; i < SEEN_MAX; i++) {
        struct seen *s = &seen[seen_next++ % SEEN_MAX];
        if (s->state == SEEN_RUNNING)
            continue;
        const struct op_route_row *row = op_route_find(rq->op);
        free(s->body);
        *s = (struct seen){ .origin = rq->origin, .serial = rq->serial, .op = rq->op, .state = SEEN_RUNNING, .never = row && row->replay == REPLAY_NEVER };
        return;
    }
}

void worker_birth(struct worker *w, int role)
{
    log_init(role_name(role));
    int r = birth_read(&w->birth);
    if (r < 0 || w->birth.role != role) {
        log_err("not born by a keeper (%s); this program is started by Bulkhead's daemons only", strerror(r < 0 ? -r : EPROTO));
        exit(2);
    }
    signal(SIGPIPE, SIG_IGN);       /* a console's client that hangs up while the guest prints costs it its stream only */
    sandbox_close_strangers(&w->birth);
    r = loop_init();
    if (r < 0) {
        log_err("cannot make an event loop: %s", strerror(-r));
        exit(2);
    }
}

void worker_heard(const struct frame *f)
{
    static const char *const kinds[FRAME_KIND_N] = { "?", "call", "reply", "error", "event" };
    if (f->h.op == OP_IN(IN_LOG_LEVEL) || f->h.op == OP_IN(IN_EPOCH))
        log_threshold = (int)f->h.arg;
    log_debug("%s %u:%u, serial %u, of %zu bytes and %u descriptors, from %#llx", kinds[f->h.kind], OP_PROG(f->h.op), OP_PROC(f->h.op), f->h.serial, f->body_len, f->h.nfds,
              (unsigned long long)f->h.origin);
}

static void worker_request(const struct frame *f, struct request *rq)
{
    *rq = (struct request){ .op = f->h.op, .serial = f->h.serial, .arg = f->h.arg, .object = f->h.object, .origin = f->h.origin, .flags = f->h.flags };
}

static void worker_answer(struct worker *w, struct frame *f)
{
    for (size_t i = 0; i < CALLS_MAX; i++) {
        struct call c = calls[i];
        if (!c.fn || c.h.serial != f->h.serial || c.h.op != f->h.op)
            continue;
        calls[i].fn = NULL;
        free(c.body);
        for (unsigned k = 0; k < c.nfds; k++)
            close(c.fds[k]);
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

static void worker_epoch(struct worker *w)
{
    for (size_t i = 0; i < CALLS_MAX; i++) {
        struct call *c = &calls[i];
        if (!c->fn)
            continue;
        struct frame_head h = c->h;
        h.flags |= FRAME_RESENT;
        chan_send(&w->chan, &h, c->body, c->len, c->fds, c->nfds);
    }
    if (w->on_epoch)
        w->on_epoch(w);
}

static void worker_send(struct worker *w, const struct request *rq, int kind, const void *body, size_t len, const int *fds, unsigned nfds);

/* True when a call that came again is dealt with. */
static bool worker_again(struct worker *w, const struct request *rq)
{
    struct seen *s = seen_find(rq->origin, rq->serial, rq->op);
    if (!s)
        return false;
    if (s->state == SEEN_RUNNING)
        return true;
    if (!s->keep) {
        if (!s->never)
            return false;
        struct err e = ERR_INIT;
        err_set(&e, VIR_ERR_OPERATION_FAILED, VIR_FROM_RPC, "the daemon was restarted while it answered: the outcome is unknown");
        worker_send(w, rq, FRAME_ERROR, &e, err_wire_len(&e), NULL, 0);
        return true;
    }
    void *body = s->body;
    s->body = NULL;
    worker_send(w, rq, s->kind, body, s->len, NULL, 0);
    free(body);
    return true;
}

static void worker_frame(struct chan *c, struct frame *f)
{
    struct worker *w = c->data;
    struct request rq;

    worker_heard(f);
    worker_request(f, &rq);
    if (f->h.kind == FRAME_REPLY || f->h.kind == FRAME_ERROR) {
        worker_answer(w, f);
        return;
    }
    if (f->h.kind == FRAME_CALL) {
        if ((rq.flags & FRAME_RESENT) && worker_again(w, &rq))
            return;
        seen_add(&rq);
    }
    for (const struct worker_op *o = w->ops; o->op; o++)
        if (o->op == f->h.op) {
            o->fn(w, &rq, f);
            return;
        }
    if (f->h.op == OP_IN(IN_EPOCH)) {
        worker_epoch(w);
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
    if (w->on_gone)
        w->on_gone(w);
    else if (w->on_quit)
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
    struct seen *s = seen_find(rq->origin, rq->serial, rq->op);
    if (s) {
        s->state = SEEN_ANSWERED;
        s->kind = (uint8_t)kind;
        free(s->body);
        s->body = NULL;
        s->len = 0;
        s->keep = s->never && !nfds && len <= KEEP_MAX && (!len || (s->body = malloc(len)));
        if (s->keep && len) {
            memcpy(s->body, body, len);
            s->len = (uint16_t)len;
        }
    }
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

void worker_vfail(struct worker *w, const struct request *rq, int code, int domain, const char *fmt, va_list ap)
{
    struct err e = ERR_INIT;
    char text[ERR_DETAIL_MAX];
    vsnprintf(text, sizeof text, fmt, ap);
    err_set(&e, code, domain, "%s", text);
    worker_error(w, rq, &e);
}

void worker_fail(struct worker *w, const struct request *rq, int code, int domain, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    worker_vfail(w, rq, code, domain, fmt, ap);
    va_end(ap);
}

void worker_malformed(struct worker *w, const struct request *rq)
{
    worker_fail(w, rq, VIR_ERR_RPC, VIR_FROM_RPC, "Unable to decode message payload");
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
        struct call *c = &calls[i];
        if (c->fn)
            continue;
        if (nfds > ARRAY_N(c->fds))
            return -EMSGSIZE;
        *c = (struct call){ .h = { .kind = FRAME_CALL, .op = op, .serial = next_serial++, .arg = arg, .object = w->birth.object },
            .data = data, .len = len, .body = len ? malloc(len) : NULL };
        if (len && !c->body)
            return -ENOMEM;
        if (len)
            memcpy(c->body, body, len);
        for (; c->nfds < nfds; c->nfds++)
            if ((c->fds[c->nfds] = fcntl(fds[c->nfds], F_DUPFD_CLOEXEC, 3)) < 0)
                break;
        struct frame_head h = c->h;
        int r = c->nfds == nfds ? chan_send(&w->chan, &h, body, len, fds, nfds) : -EMFILE;
        if (r < 0) {
            free(c->body);
            while (c->nfds)
                close(c->fds[--c->nfds]);
            return r;
        }
        c->fn = fn;
        return 0;
    }
    return -EBUSY;
}

/* SAFETY: whether a client may set such flags was judged by the header, where its gateway has put them. Those in the body, by which the call is carried out,
 * must be the same: a gateway that was taken over could say otherwise. */
static bool flags_are_told(const struct op_route_row *row, const struct request *rq, struct mp_in in)
{
    for (int i = 0; row && i < row->judged; i++)
        mp_skip(&in);
    return !row || row->judged < 0 || (mp_get_u32(&in) == rq->arg && !in.bad);
}

int worker_args(struct worker *w, const struct request *rq, struct frame *f, struct mp_in *in)
{
    const struct op_route_row *row = op_route_find(rq->op);
    size_t cap = row && row->cap ? row->cap : FRAME_BIG_MAX;

    if (frame_body(f, cap) == 0 && mp_guard(f->body, f->body_len, MP_DEPTH_MAX, cap, NULL) == 0) {
        mp_in_init(in, f->body, f->body_len);
        mp_get_array(in, 64);
        if (!in->bad && flags_are_told(row, rq, *in))
            return 0;
    }
    worker_malformed(w, rq);
    return -1;
}

int worker_args_end(struct worker *w, const struct request *rq, const struct mp_in *in)
{
    if (mp_end(in))
        return 0;
    worker_malformed(w, rq);
    return -1;
}
