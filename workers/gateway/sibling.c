/* sibling.c: calls about objects of other daemons (networks, storage, node devices, secrets, filters, interfaces) go to these, as the client.
 *
 * At a client's first such call a hand connects for it (IN_SIBLING), with its uid and gid; from there on the gateway is a client of libvirt's protocol there:
 * each call goes on with its arguments, each answer comes back, both by the schema, under serials of our own.  Where there is no such daemon, absent.c answers.
 *
 * What a sibling says is as hostile as what a client says: lengths, numbers and shape of everything are checked, and who breaks a rule loses the connection, with
 * which the calls that wait for it fail; the next one connects anew.  Who says nothing keeps waiting those who asked it, and nobody else: each sibling has room for
 * as many calls of the client as the client may have here; only those beyond use up the client's own share, as all of them do in libvirt's daemons.  It is read only
 * while the client reads, and while it reads itself: so nothing piles up here.  No descriptors are passed.  What goes over a stream does as it is (stream.c). */
#include "sibling.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/log.h"
#include "ipc/util.h"

enum { KA_PING = 1, KA_PONG = 2, OPEN_RO = 1, GREETING_MS = 60000 /* somebody may be asked */, ABSENT_MS = 2000 /* then a hand is sent to look again */ };

static const char *const names[SIBLINGS_N] = { "network", "nodedev", "secret", "nwfilter", "interface", "storage" };
_Static_assert(HOST_NODEDEV == HOST_NETWORK + 1 && HOST_STORAGE == HOST_NETWORK + 5, "names are in the order of enum host_daemon");

const char *sibling_name(const struct sibling *s)
{
    return names[s->daemon - HOST_NETWORK];
}

static struct sibling *sibling_of(struct gw *gw, int daemon)
{
    if (!gw->siblings) {
        gw->siblings = calloc(SIBLINGS_N, sizeof *gw->siblings);
        if (!gw->siblings)
            return NULL;
        for (int i = 0; i < SIBLINGS_N; i++)
            gw->siblings[i] = (struct sibling){ .gw = gw, .daemon = HOST_NETWORK + i, .stays = -1, .conn = { .fd = -1, .src = { .fd = -1 } } };
    }
    return &gw->siblings[daemon - HOST_NETWORK];
}

/* The oldest of the calls for it: of those that were sent there, or of those that wait. */
static struct call *call_first(const struct sibling *s, bool sent)
{
    struct call *found = NULL;
    for (struct call *c = s->gw->calls; c; c = c->next)
        if (c->sibling == s && (c->there != 0) == sent)
            found = c;
    return found;
}

static void sibling_close(struct sibling *s)
{
    conn_close(&s->conn);
    util_closep(&s->stays);
    loop_cancel(&s->limit);
    sibling_forget(s);
    s->state = SIBLING_NONE;
    s->greeting = 0;
}

void sibling_end(struct sibling *s, const struct err *e)
{
    struct call *c;
    sibling_close(s);
    streams_lost(s, e);
    while ((c = call_first(s, true)) || (c = call_first(s, false)))
        call_error(s->gw, c, e);
}

/* It broke a rule. */
static void sibling_refuse(struct sibling *s, const char *why)
{
    struct err e = ERR_INIT;
    log_warn("the %s daemon: %s", sibling_name(s), why);
    err_set(&e, VIR_ERR_RPC, VIR_FROM_RPC, "the %s daemon's answer makes no sense: %s", sibling_name(s), why);
    sibling_end(s, &e);
}

/* There is none: what waits is answered as on a host without it. */
static void sibling_absent(struct sibling *s)
{
    struct call *c;
    sibling_close(s);
    s->absent_until_ms = loop_now_ms() + ABSENT_MS;
    while ((c = call_first(s, false))) {
        c->sibling = NULL;
        call_absent(s->gw, c);
    }
}

/* ---- out ---- */

/* Queues a call. Its serial there; 0: its arguments have not its shape. */
static uint32_t sibling_say(struct sibling *s, const struct op *op, const struct mp_out *args)
{
    struct xdr_out *o = &s->conn.out;
    struct mp_in in;
    s->serial += s->serial + 1 ? 1 : 2;
    struct xdr_head h = { .prog = program_number[PROG_REMOTE], .vers = 1, .proc = (int32_t)OP_PROC(op->id), .type = XDR_CALL, .serial = s->serial };
    size_t start = xdr_begin(o, &h);
    mp_in_init(&in, args->p, args->len);
    if (!args->failed && xdr_encode(op->args, &in, o) == 0 && xdr_end(o, start) == 0)
        return s->serial;
    o->len = start;
    o->failed = false;
    return 0;
}

void sibling_pass(struct sibling *s, struct call *c)
{
    if (!sibling_registers(s, c) || (c->op->stream && !stream_may_pass(s->gw, c)))
        return;
    c->there = sibling_say(s, c->op, &c->args);
    if (!c->there)
        call_fail(s->gw, c, VIR_ERR_RPC, VIR_FROM_RPC, "Unable to encode message payload");
    else if (c->op->stream)
        stream_pass(s->gw, c);
}

/* ---- the connection ---- */

/* One of the calls that come before those of the client. */
static void sibling_greet(struct sibling *s, uint32_t op)
{
    struct mp_out args;
    char uri[64];
    mp_out_init(&args, 256);
    mp_array(&args, op == OP_REMOTE_CONNECT_OPEN ? 2 : 0);
    if (op == OP_REMOTE_CONNECT_OPEN) {
        snprintf(uri, sizeof uri, "%s:///%s", sibling_name(s), s->gw->w.birth.flags & BIRTH_SESSION ? "session" : "system");
        mp_str(&args, uri);
        mp_uint(&args, s->gw->readonly ? OPEN_RO : 0);
    }
    s->greeting = op;
    if (!sibling_say(s, op_find(op), &args))
        sibling_refuse(s, "it cannot be greeted");
    mp_out_free(&args);
}

static void sibling_late(struct loop_timer *t)
{
    struct sibling *s = t->data;
    struct gw *gw = s->gw;
    struct err e = ERR_INIT;
    err_set(&e, VIR_ERR_OPERATION_TIMEOUT, VIR_FROM_RPC, "the %s daemon does not answer", sibling_name(s));
    sibling_end(s, &e);
    gw_pump(gw);
}

static void sibling_conn_event(struct conn *c)
{
    gw_pump(((struct sibling *)c->data)->gw);
}

/* In libvirt's words, whose daemons are clients of each other, too. */
static void sibling_conn_end(struct conn *c, const char *why)
{
    struct sibling *s = c->data;
    struct gw *gw = s->gw;
    struct err e = ERR_INIT;
    log_debug("the %s daemon: %s", sibling_name(s), why);
    err_sys(&e, VIR_FROM_RPC, EIO, "End of file while reading data");
    sibling_end(s, &e);
    gw_pump(gw);
}

/* The hand's answer. */
static void sibling_connected(struct gw *gw, struct call *k, struct frame *f, const struct err *e)
{
    struct sibling *s = k->data;
    struct hand_done done = { .error = -EPROTO };
    struct err own = ERR_INIT;
    bool good = f && f->body_len == sizeof done && !(f->h.flags & FRAME_BIG);
    if (good)
        memcpy(&done, f->body, sizeof done);
    int fd = good && !done.error ? frame_take_fd(f, 0) : -1;
    util_closep(&s->stays);
    s->stays = fd >= 0 ? frame_take_fd(f, 1) : -1;
    if (e)
        own = *e;
    else if (good && done.error && done.code)
        err_set(&own, done.code, done.domain, "%.*s", (int)sizeof done.text, done.text);
    else if (fd < 0)
        err_set(&own, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "no connection to the %s daemon came", sibling_name(s));
    own.sys = good ? -done.error : -1;
    call_free(gw, k);
    if (good && (done.error == -ENOENT || done.error == -ECONNREFUSED)) {
        sibling_absent(s);
    } else if (fd >= 0 && conn_open(&s->conn, fd, sibling_conn_event, sibling_conn_end, s) == 0) {
        s->state = SIBLING_GREETS;
        loop_after(&s->limit, GREETING_MS, sibling_late, s);
        sibling_greet(s, OP_REMOTE_AUTH_LIST);
    } else {
        util_closep(&fd);
        sibling_end(s, &own);
    }
}

static void sibling_connect(struct sibling *s, const struct call *c)
{
    struct call *k = call_inner(s->gw, c->op, 0, sibling_connected, s);
    if (!k)
        return;
    s->state = SIBLING_CONNECTS;
    k->frame_op = OP_IN(IN_SIBLING);
    k->arg = (uint32_t)s->daemon;
    k->fds[0] = fcntl(s->gw->conn.fd, F_DUPFD_CLOEXEC, 3);      /* says which groups the client has */
    k->nfds = k->fds[0] >= 0;
    call_send(s->gw, k);
}

void call_sibling(struct gw *gw, struct call *c)
{
    struct sibling *s = sibling_of(gw, api_sibling(c->op));
    if (!s) {
        gw_end(gw, "out of memory");
        return;
    }
    if (s->state == SIBLING_NONE && loop_now_ms() < s->absent_until_ms) {
        call_absent(gw, c);
        return;
    }
    c->sibling = s;
    if (c->share && s->ncalls < gw->max_calls)
        call_share(c, &s->ncalls);
    if (s->state == SIBLING_OPEN)
        sibling_pass(s, c);
    else if (s->state == SIBLING_NONE)
        sibling_connect(s, c);
}

/* ---- in ---- */

/* What it takes of us: nobody in particular, or somebody whom policykit knows. */
static void on_auth_list(struct sibling *s, const struct mp_out *ret)
{
    struct mp_in in;
    struct err e = ERR_INIT;
    bool none = false, polkit = false;
    mp_in_init(&in, ret->p, ret->len);
    mp_get_array(&in, 1);
    uint32_t n = mp_get_array(&in, LIMIT_REMOTE_AUTH_TYPE_LIST);
    none = !n;
    while (n--) {
        int32_t type = mp_get_i32(&in);
        none |= type == AUTH_NONE;
        polkit |= type == AUTH_POLKIT;
    }
    if (none || polkit) {
        sibling_greet(s, none ? OP_REMOTE_CONNECT_OPEN : OP_REMOTE_AUTH_POLKIT);
        return;
    }
    err_set(&e, VIR_ERR_AUTH_FAILED, VIR_FROM_REMOTE, "the %s daemon asks for what a daemon cannot tell", sibling_name(s));
    sibling_end(s, &e);
}

static void on_greeted(struct sibling *s, const struct mp_out *ret)
{
    struct call *c;
    uint32_t op = s->greeting;
    s->greeting = 0;
    switch (op) {
    case OP_REMOTE_AUTH_LIST: on_auth_list(s, ret); break;
    case OP_REMOTE_AUTH_POLKIT: sibling_greet(s, OP_REMOTE_CONNECT_OPEN); break;
    default:
        util_closep(&s->stays);
        loop_cancel(&s->limit);
        s->state = SIBLING_OPEN;
        while (s->state == SIBLING_OPEN && (c = call_first(s, false)))
            sibling_pass(s, c);
    }
}

bool sibling_error(struct err *e, struct mp_out *whole, const uint8_t *p, size_t n)
{
    size_t used = 0;
    return xdr_decode(&shape_error, p, n, whole, &used) == 0 && used == n && xdr_decode_error(e, p, n) == 0 && e->code;
}

/* An error is told as it came, and by msgpack-RPC in the words that it has in common with ours. */
static void on_error(struct sibling *s, struct call *c, const uint8_t *p, size_t n)
{
    struct err e = ERR_INIT;
    struct mp_out whole;
    mp_out_init(&whole, XDR_MESSAGE_MAX);
    if (!sibling_error(&e, &whole, p, n)) {
        sibling_refuse(s, "an error that cannot be read");
    } else if (c) {
        stream_answered(s, c->there, false);
        c->their_error = &whole;
        call_error(s->gw, c, &e);
    } else if (s->greeting == OP_REMOTE_CONNECT_OPEN && e.code == VIR_ERR_NO_CONNECT) {
        sibling_absent(s);          /* whoever listens there has no such driver */
    } else {
        sibling_end(s, &e);
    }
    mp_out_free(&whole);
}

static void on_results(struct sibling *s, struct call *c, const struct op *op, const uint8_t *p, size_t n)
{
    struct mp_out ret;
    size_t used = 0;
    mp_out_init(&ret, XDR_MESSAGE_MAX);
    if (xdr_decode(op->ret, p, n, &ret, &used) || used != n || (c && sibling_is_register(op) && !sibling_registered(s, &ret)))
        sibling_refuse(s, op->name);
    else if (c) {
        stream_answered(s, c->there, true);
        call_reply(s->gw, c, ret.p, ret.len, NULL, 0);
    } else
        on_greeted(s, &ret);
    mp_out_free(&ret);
}

static void on_reply(struct sibling *s, const struct xdr_head *h, const uint8_t *p, size_t n)
{
    struct call *c = s->gw->calls;
    bool greeting = s->greeting && h->serial == s->serial && h->proc == (int32_t)OP_PROC(s->greeting);
    while (c && !greeting && (c->sibling != s || c->there != h->serial || !c->there || h->proc != (int32_t)OP_PROC(c->op->id)))
        c = c->next;
    if (!c && !greeting)
        sibling_refuse(s, "an answer to no call");
    else if (h->status == XDR_ERROR)
        on_error(s, greeting ? NULL : c, p, n);
    else if (h->status == XDR_OK)
        on_results(s, greeting ? NULL : c, greeting ? op_find(s->greeting) : c->op, p, n);
    else
        sibling_refuse(s, "an answer that is none");
}

static void sibling_dispatch(struct sibling *s, const struct xdr_head *h, const uint8_t *p, size_t n)
{
    bool remote = h->prog == program_number[PROG_REMOTE] && h->vers == 1;
    if (h->prog == program_number[PROG_KEEPALIVE] && h->vers == 1 && h->type == XDR_MESSAGE && h->proc == KA_PING) {
        struct xdr_head pong = { .prog = program_number[PROG_KEEPALIVE], .vers = 1, .proc = KA_PONG, .type = XDR_MESSAGE };
        rpc_message(&s->conn.out, &pong, NULL, 0);
    } else if (remote && h->type == XDR_REPLY) {
        on_reply(s, h, p, n);
    } else if (remote && (h->type == XDR_STREAM || h->type == XDR_HOLE)) {
        if (!stream_heard(s, h, p, n))
            sibling_refuse(s, "a message of no stream");
    } else if (!remote || h->type != XDR_MESSAGE || s->state != SIBLING_OPEN || h->proc <= 0 || h->proc > 0xffff || !sibling_event(s, OP(PROG_REMOTE, h->proc), p, n)) {
        sibling_refuse(s, "a message that is none");
    }
}

/* The messages that are there. true: one is left, for the client has to read first. */
static bool sibling_input(struct sibling *s)
{
    struct xdr_head h;
    size_t n;
    while (s->conn.fd >= 0) {
        uint32_t len;
        const uint8_t *p = conn_data(&s->conn, &n);
        if (n < XDR_LEN_BYTES)
            return false;
        if (xdr_len_get(&len, p) < 0) {
            sibling_refuse(s, "a message of no length");
            return false;
        }
        if (n < len) {
            conn_want(&s->conn, len);
            return false;
        }
        if (conn_queued(&s->gw->conn) >= GW_OUT_SOFT)
            return true;
        if (conn_queued(&s->conn) >= GW_OUT_SOFT)       /* and is heard again when it has read */
            return false;
        /* The message stays where it is while it is looked at, but not when the connection ends. */
        xdr_head_get(&h, p);
        if (!conn_consume(&s->conn, len))
            sibling_refuse(s, "descriptors");
        else
            sibling_dispatch(s, &h, p + XDR_HEAD_BYTES, len - XDR_HEAD_BYTES);
    }
    return false;
}

bool siblings_input(struct gw *gw)
{
    bool more = false;
    for (int i = 0; gw->siblings && i < SIBLINGS_N && !gw->ended; i++)
        more |= sibling_input(&gw->siblings[i]);
    return more;
}

bool siblings_output(struct gw *gw)
{
    unsigned waited = stream_waiting(gw);
    for (int i = 0; gw->siblings && i < SIBLINGS_N; i++) {
        struct sibling *s = &gw->siblings[i];
        if (s->conn.fd < 0)
            continue;
        /* One that has gone is read to its end, which tells. */
        conn_flush(&s->conn);
        conn_read(&s->conn, conn_queued(&gw->conn) < GW_OUT_SOFT && conn_queued(&s->conn) < GW_OUT_SOFT);
    }
    return stream_waiting(gw) < waited;
}

void siblings_free(struct gw *gw)
{
    for (int i = 0; gw->siblings && i < SIBLINGS_N; i++)
        sibling_close(&gw->siblings[i]);
    free(gw->siblings);
    gw->siblings = NULL;
}
