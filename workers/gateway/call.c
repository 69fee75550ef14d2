/* call.c: a call from its arguments to its answer.
 *
 * Order of the checks is libvirt's: authentication, (arguments decode,) open, read-only, support, object.  Then it is answered
 * from a table here, or sent as a frame and its answer matched by serial. */
#include "gateway.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ipc/log.h"
#include "ipc/util.h"

enum { ARGS_MAX = 64 };             /* arguments of one call; the schema has less */

static const struct local *const locals[] = { local_open, local_domain, local_list, local_events, local_stats, local_addresses, local_given, local_none, local_admin, local_debug, local_logd, local_lock };

struct call *call_new(struct gw *gw, const struct op *op, uint32_t id)
{
    struct call *c = calloc(1, sizeof *c);
    if (!c) {
        gw_end(gw, "out of memory");
        return NULL;
    }
    c->op = op;
    c->id = id;
    c->frame_op = op->id;
    mp_out_init(&c->args, op->cap ? op->cap : FRAME_BODY_MAX);
    c->next = gw->calls;
    gw->calls = c;
    call_share(c, &gw->ncalls);
    return c;
}

void call_share(struct call *c, unsigned *share)
{
    if (c->share)
        --*c->share;
    if ((c->share = share))
        ++*share;
}

struct call *call_inner(struct gw *gw, const struct op *op, uint32_t id, call_done_fn *done, void *data)
{
    struct call *c = call_new(gw, op, id);
    if (!c)
        return NULL;
    c->inner = true;
    call_share(c, NULL);
    c->done = done;
    c->data = data;
    return c;
}

void call_inner_cancel(struct gw *gw, const void *data)
{
    for (struct call *c = gw->calls, *next; c; c = next) {
        next = c->next;
        if (c->inner && c->data == data)
            call_cancel(gw, c);
    }
}

void call_free(struct gw *gw, struct call *c)
{
    for (struct call **p = &gw->calls; *p; p = &(*p)->next)
        if (*p == c) {
            *p = c->next;
            break;
        }
    call_share(c, NULL);
    for (unsigned i = 0; i < c->nfds; i++)
        util_closep(&c->fds[i]);
    mp_out_free(&c->args);
    free(c->sees);
    if (c->cleanup)
        c->cleanup(c->data);
    free(c);
}

int gw_admit(struct gw *gw, const struct op *op, struct err *e)
{
    if (gw->need_auth && !(op->id >= OP_REMOTE_AUTH_LIST && op->id <= OP_REMOTE_AUTH_POLKIT))
        return err_set(e, VIR_ERR_RPC, VIR_FROM_RPC, "authentication required");
    return 0;
}

/* ---- answers ---- */

void call_error(struct gw *gw, struct call *c, const struct err *e)
{
    log_debug("%s refused: error %d", c->op->name, e->code);
    if (c->inner) {
        c->done(gw, c, NULL, e);
        return;
    }
    if (!gw->ended)
        gw->front->error(gw, c, e);
    call_free(gw, c);
}

bool call_reply(struct gw *gw, struct call *c, const void *body, size_t len, const int *fds, unsigned nfds)
{
    if (c->inner) {
        struct frame f = { .body = body, .body_len = len };
        c->done(gw, c, &f, NULL);
        return true;
    }
    if (gw->ended || gw->front->reply(gw, c, body, len, fds, nfds) == 0) {
        log_debug("%s answered", c->op->name);
        call_free(gw, c);
        return true;
    }
    /* Whoever answered is as little trusted as the client. */
    log_warn("answer to %s is not of its shape", c->op->name);
    call_fail(gw, c, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "malformed reply to %s", c->op->name);
    return false;
}

void call_reply_out(struct gw *gw, struct call *c, struct mp_out *o)
{
    if (o->failed)
        call_fail(gw, c, VIR_ERR_RPC, VIR_FROM_RPC, "reply is too large");
    else
        call_reply(gw, c, o->p, o->len, NULL, 0);
    mp_out_free(o);
}

void call_done(struct gw *gw, struct call *c)
{
    call_reply(gw, c, "\x90", 1, NULL, 0);
}

void call_int(struct gw *gw, struct call *c, int64_t v)
{
    struct mp_out o;
    mp_out_init(&o, 64);
    mp_array(&o, 1);
    mp_int(&o, v);
    call_reply_out(gw, c, &o);
}

void call_str(struct gw *gw, struct call *c, const char *s)
{
    struct mp_out o;
    mp_out_init(&o, FRAME_BODY_MAX);
    mp_array(&o, 1);
    mp_str(&o, s);
    call_reply_out(gw, c, &o);
}

void call_fail(struct gw *gw, struct call *c, int code, int domain, const char *fmt, ...)
{
    struct err e = ERR_INIT;
    char text[ERR_DETAIL_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    err_set(&e, code, domain, "%s", text);
    call_error(gw, c, &e);
}

void call_fail_api(struct gw *gw, struct call *c, int code, const char *fmt, ...)
{
    char text[ERR_DETAIL_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    call_fail(gw, c, code, api_domain(c->op), "%s", text);
}

bool call_flags_ok(struct gw *gw, struct call *c, uint32_t flags, uint32_t known)
{
    if (!(flags & ~known))
        return true;
    /* libvirt names the driver's function: qemuDomainGetState for virDomainGetState. */
    call_fail(gw, c, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "unsupported flags (0x%x) in function qemu%s", flags & ~known, c->op->api + 3);
    return false;
}

/* ---- the way of a call ---- */

bool frame_fits(const struct frame *f, const struct op *op)
{
    struct xdr_out scratch = { 0 };
    struct mp_in in;
    mp_in_init(&in, f->body, f->body_len);
    bool good = xdr_encode(op->ret, &in, &scratch) == 0 && mp_end(&in);
    xdr_out_free(&scratch);
    return good;
}

/* The call's flags word (or its one number), copied out for routers that read no msgpack. */
static void call_arg(struct call *c)
{
    struct mp_in in;
    if (c->op->arg_flags < 0)
        return;
    mp_in_init(&in, c->args.p, c->args.len);
    uint32_t n = mp_get_array(&in, ARGS_MAX);
    for (int i = 0; i < c->op->arg_flags && (uint32_t)i < n; i++)
        mp_skip(&in);
    int64_t v = mp_peek(&in) == MP_UINT ? (int64_t)mp_get_uint(&in) : mp_get_int(&in);
    if (in.bad)
        return;
    c->arg = (uint32_t)v;
    if (c->arg & c->op->affects & 1)
        c->flags |= FRAME_LIVE;
    if (c->arg & c->op->affects & 2)
        c->flags |= FRAME_CONFIG;
}

/* False: the call was refused and answered. */
static bool call_allowed(struct gw *gw, struct call *c)
{
    const struct op *op = c->op;

    if (!gw->opened && open_needed(op)) {
        call_fail(gw, c, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "%s", api_sibling(op) ? "connection not open" : "hypervisor connection not open");
        return false;
    }
    if (gw->readonly && !op->ro) {
        call_fail_api(gw, c, VIR_ERR_OPERATION_DENIED, "read only access prevents %s", op->api);
        return false;
    }
    if (gw->readonly && c->arg & op->ro_deny) {
        call_fail_api(gw, c, VIR_ERR_OPERATION_DENIED, "%s with secure flag", op->api);
        return false;
    }
    return true;
}

static local_fn *call_local(const struct op *op)
{
    for (size_t i = 0; i < ARRAY_N(locals); i++)
        for (const struct local *l = locals[i]; l->op; l++)
            if (l->op == op->id)
                return l->fn;
    return NULL;
}

void gw_call(struct gw *gw, struct call *c)
{
    call_arg(c);
    if (call_allowed(gw, c) && call_flags_known(gw, c))
        call_here(gw, c);
}

void call_here(struct gw *gw, struct call *c)
{
    struct mp_in in;
    struct err e = ERR_INIT;
    local_fn *fn = call_local(c->op);
    if ((fn || c->op->route == ROUTE_SIBLING) && access_first(gw, c))
        return;
    if (fn) {
        mp_in_init(&in, c->args.p, c->args.len);
        mp_get_array(&in, ARGS_MAX);
        fn(gw, c, &in);
        return;
    }
    switch (c->op->route) {
    case ROUTE_NONE:
    case ROUTE_GATEWAY:
        call_fail_api(gw, c, VIR_ERR_NO_SUPPORT, "%s", c->op->api);
        return;
    case ROUTE_SIBLING:
        call_sibling(gw, c);
        return;
    }
    if (call_object(gw, c, &e) < 0)
        call_error(gw, c, &e);
    else
        call_send(gw, c);
}

static int call_frame(struct gw *gw, struct call *c, uint16_t more)
{
    struct frame_head h = { .kind = FRAME_CALL, .flags = (uint16_t)(c->flags | more), .op = c->frame_op, .serial = c->serial,
        .object = c->object, .arg = c->arg };
    return chan_send(&gw->w.chan, &h, c->args.p, c->args.len, c->fds, c->nfds);
}

/* An error in place of the frame's answer. */
static void call_failed(struct gw *gw, struct call *c, const struct err *e)
{
    if (c->done)
        c->done(gw, c, NULL, e);
    else
        call_error(gw, c, e);
}

static int call_event(struct gw *gw, const struct call *c, uint32_t op)
{
    struct frame_head h = { .kind = FRAME_EVENT, .op = OP_IN(op), .serial = c->serial, .object = c->object };
    return c->serial ? chan_send(&gw->w.chan, &h, NULL, 0, NULL, 0) : 0;
}

/* As long as libvirt's clients wait for another's work on the same object.  Who has it says whether a call only waits: told again and again, for it may come to that later. */
enum { LATE_MS = 30000, LATE_LOOK_MS = 2000 };

static void late_look(struct loop_timer *t)
{
    struct gw *gw = t->data;
    bool some = false;
    for (struct call *c = gw->calls; c; c = c->next) {
        some |= c->serial != 0;
        if (loop_now_ms() - c->sent_ms >= LATE_MS)
            call_event(gw, c, IN_LATE);
    }
    if (some)
        loop_after(t, LATE_LOOK_MS, late_look, gw);
}

void call_send(struct gw *gw, struct call *c)
{
    struct err e = ERR_INIT;
    c->serial = ++gw->serial ? gw->serial : ++gw->serial;
    c->sent_ms = loop_now_ms();
    given_take_along(gw, c);
    if (!gw->late_timer.armed)
        loop_after(&gw->late_timer, LATE_LOOK_MS, late_look, gw);
    int r = call_frame(gw, c, 0);
    if (r == -EMSGSIZE) {
        err_set(&e, VIR_ERR_RPC, VIR_FROM_RPC, "arguments of %s are too large", c->op->name);
        call_failed(gw, c, &e);
    } else if (r < 0)
        gw_end(gw, "the daemon takes no frames");
}

void call_send_struct(struct gw *gw, struct call *c, const void *body, size_t n)
{
    mp_out_free(&c->args);
    mp_out_init(&c->args, n);
    mp_raw(&c->args, body, n);
    if (c->args.failed)
        gw_end(gw, "out of memory");
    else
        call_send(gw, c);
}

void call_answer(struct gw *gw, struct frame *f)
{
    struct call *c = gw->calls;
    struct err e;

    while (c && (!c->serial || c->serial != f->h.serial || c->frame_op != f->h.op))
        c = c->next;
    if (!c) {
        log_debug("an answer to nothing (op %u:%u), dropped", OP_PROG(f->h.op), OP_PROC(f->h.op));
        return;
    }
    if (f->h.kind == FRAME_ERROR) {
        err_from_wire(&e, f->body, f->body_len);
        if (e.code == VIR_ERR_NO_SUPPORT && e.domain != VIR_FROM_CPU && !c->done)      /* that a role has not got it is no client's business */
            call_fail_api(gw, c, VIR_ERR_NO_SUPPORT, "%s", c->op->api);
        else
            call_failed(gw, c, &e);
        return;
    }
    /* Internal answers that are taken here are structs; all others are msgpack, looked through before anything is read of it. */
    if (frame_body(f, FRAME_BIG_MAX) < 0 ||
        ((OP_PROG(f->h.op) != PROG_INTERNAL || !c->done) && mp_guard(f->body, f->body_len, MP_DEPTH_MAX, FRAME_BIG_MAX, NULL) != 0)) {
        log_warn("answer to %s cannot be read", c->op->name);
        err_set(&e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "malformed reply to %s", c->op->name);
        call_failed(gw, c, &e);
        return;
    }
    /* The memfd of a BIG body is none of the answer's descriptors. */
    unsigned skip = f->h.flags & FRAME_BIG ? 1 : 0;
    if (c->done) {
        c->done(gw, c, f, NULL);
    } else if (c->op->stream) {
        int fd = frame_take_fd(f, skip);
        if (fd < 0) {
            call_fail(gw, c, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "no stream came with the reply to %s", c->op->name);
            return;
        }
        const struct op *op = c->op;
        uint32_t id = c->id;
        if (call_reply(gw, c, f->body, f->body_len, NULL, 0) && !gw->ended)
            stream_open(gw, op, id, fd);
        else
            close(fd);
    } else {
        unsigned n = c->op->fds_out && f->h.nfds > skip ? f->h.nfds - skip : 0;
        call_reply(gw, c, f->body, f->body_len, f->fds + skip, n);
    }
}

/* A call that outlived as many supervisors may well be what they died of: it is not given to another one. */
#define SUPERVISORS_MAX 4

static void call_give_up(struct gw *gw)
{
    struct call *c = gw->calls;
    struct err e;
    while (c)
        if (c->supervisors >= SUPERVISORS_MAX) {
            err_set(&e, VIR_ERR_OPERATION_FAILED, VIR_FROM_RPC, "the daemon was restarted %u times while it answered: the outcome is unknown", c->supervisors);
            call_failed(gw, c, &e);
            c = gw->calls;          /* others may have gone with it */
        } else {
            c = c->next;
        }
}

void call_resend(struct gw *gw, uint32_t serial)
{
    for (struct call *c = gw->calls; c && !serial; c = c->next)
        c->supervisors += c->serial != 0;
    call_give_up(gw);
    for (struct call *c = gw->calls; c; c = c->next)
        if (c->serial && (!serial || c->serial == serial) && call_frame(gw, c, FRAME_RESENT) < 0) {
            gw_end(gw, "the daemon takes no frames");
            return;
        }
}

void call_cancel(struct gw *gw, struct call *c)
{
    call_event(gw, c, IN_CANCEL);
    call_free(gw, c);
}

void call_cancel_all(struct gw *gw)
{
    for (struct call *c = gw->calls; c; c = c->next)
        call_event(gw, c, IN_CANCEL);
}
