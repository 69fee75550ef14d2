/* rpc.c: libvirt's RPC on the client's socket: messages in, messages out.
 *
 * What is refused, dropped or cut off, and with which words, is what libvirt's own daemons do: tests replay conversations that
 * were recorded with them (tests/golden/gateway.talk). */
#include "gateway.h"
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "ipc/log.h"

/* ---- out ---- */

static void rpc_drop(struct gw *gw, size_t start)
{
    gw->conn.out.len = start;
    gw->conn.out.failed = false;
}

void rpc_message(struct xdr_out *o, const struct xdr_head *h, const void *p, size_t n)
{
    size_t start = xdr_begin(o, h);
    xdr_raw(o, p, n);
    xdr_end(o, start);
}

static struct xdr_head rpc_head(const struct op *op, uint32_t id, int type, int status)
{
    return (struct xdr_head){ .prog = program_number[OP_PROG(op->id)], .vers = 1, .proc = (int32_t)OP_PROC(op->id),
        .type = (uint32_t)type, .serial = id, .status = (uint32_t)status };
}

static void rpc_put_error(struct gw *gw, const struct xdr_head *h, const struct err *e)
{
    struct xdr_out *o = &gw->conn.out;
    size_t start = xdr_begin(o, h);
    if (xdr_encode_error(e, o) < 0 || xdr_end(o, start) < 0)
        o->failed = true;
}

static void rpc_error(struct gw *gw, const struct call *c, const struct err *e)
{
    struct xdr_head h = rpc_head(c->op, c->id, XDR_REPLY, XDR_ERROR);
    struct xdr_out *o = &gw->conn.out;
    struct mp_in in;
    if (!c->their_error) {
        rpc_put_error(gw, &h, e);
        return;
    }
    size_t start = xdr_begin(o, &h);
    mp_in_init(&in, c->their_error->p, c->their_error->len);
    if (xdr_encode(&shape_error, &in, o) < 0 || xdr_end(o, start) < 0)
        o->failed = true;
}

/* A hole's bytes are its length, a 64-bit number, and flags, of which there are none. */
enum { HOLE_BYTES = 12 };

int rpc_hole(uint64_t *length, const uint8_t *p, size_t n)
{
    uint64_t v;
    if (n != HOLE_BYTES || memcmp(p + sizeof v, "\0\0\0", 4))
        return -EPROTO;
    memcpy(&v, p, sizeof v);
    *length = be64toh(v);
    return *length > INT64_MAX ? -EPROTO : 0;
}

void rpc_stream_word(struct xdr_out *o, const struct op *op, uint32_t serial, int status, const void *p, size_t n)
{
    struct xdr_head h = rpc_head(op, serial, XDR_STREAM, status);
    uint64_t hole[2] = { 0 };
    if (status == STREAM_HOLE) {
        memcpy(hole, p, sizeof *hole);
        hole[0] = htobe64(hole[0]);
        h.type = XDR_HOLE;
        h.status = XDR_CONTINUE;
        p = hole;
        n = HOLE_BYTES;
    }
    rpc_message(o, &h, p, n);
}

static void rpc_stream(struct gw *gw, const struct op *op, uint32_t id, int status, const void *p, size_t n, const struct err *e)
{
    struct xdr_head h = rpc_head(op, id, XDR_STREAM, XDR_ERROR);
    if (status == XDR_ERROR && !p)
        rpc_put_error(gw, &h, e);
    else
        rpc_stream_word(&gw->conn.out, op, id, status, p, n);
}

static int rpc_reply(struct gw *gw, const struct call *c, const void *body, size_t len, const int *fds, unsigned nfds)
{
    struct xdr_out *o = &gw->conn.out;
    struct xdr_head h = rpc_head(c->op, c->id, nfds ? XDR_REPLY_FDS : XDR_REPLY, XDR_OK);
    struct mp_in in;

    mp_in_init(&in, body, len);
    size_t start = xdr_begin(o, &h);
    if (nfds)
        xdr_u32(o, nfds);
    if (nfds > XDR_FDS_MAX || xdr_encode(c->op->ret, &in, o) < 0 || !mp_end(&in) || xdr_end(o, start) < 0) {
        rpc_drop(gw, start);
        return -EPROTO;
    }
    for (unsigned i = 0; i < nfds; i++) {
        conn_put_fd(&gw->conn, fds[i]);
        xdr_raw(o, "", 1);          /* each on a byte of its own, as libvirt's ends send and expect it */
    }
    return 0;
}

static int rpc_event(struct gw *gw, const struct op *op, const void *body, size_t len)
{
    struct xdr_out *o = &gw->conn.out;
    struct xdr_head h = { .prog = program_number[OP_PROG(op->id)], .vers = 1, .proc = (int32_t)OP_PROC(op->id), .type = XDR_MESSAGE, .serial = 1 };
    struct mp_in in;

    mp_in_init(&in, body, len);
    size_t start = xdr_begin(o, &h);
    if (xdr_encode(op->args, &in, o) < 0 || !mp_end(&in) || xdr_end(o, start) < 0) {
        rpc_drop(gw, start);
        return -EPROTO;
    }
    return 0;
}

/* ---- in ---- */

static void rpc_refuse(struct gw *gw, const struct xdr_head *h, const struct err *e)
{
    struct xdr_head r = *h;
    r.type = XDR_REPLY;
    r.status = XDR_ERROR;
    rpc_put_error(gw, &r, e);
}

static enum program rpc_program(const struct gw *gw, const struct xdr_head *h)
{
    enum program p = PROG_REMOTE;
    while (p < PROG_N && (program_number[p] != h->prog || h->vers != 1 || !gw_speaks(gw, p)))
        p++;
    return p;
}

static const struct op *rpc_find(enum program prog, const struct xdr_head *h)
{
    const struct op *op = h->proc > 0 && h->proc <= 0xffff ? op_find(OP(prog, h->proc)) : NULL;
    return op && op->kind == OPK_CALL ? op : NULL;
}

static const struct op *rpc_op(struct gw *gw, const struct xdr_head *h, struct err *e)
{
    enum program prog = rpc_program(gw, h);
    if (prog == PROG_N) {
        err_set(e, VIR_ERR_RPC, VIR_FROM_RPC, "Cannot find program %u version %u", h->prog, h->vers);
        return NULL;
    }
    if (h->status != XDR_OK) {
        err_set(e, VIR_ERR_RPC, VIR_FROM_RPC, "Unexpected message status %u", h->status);
        return NULL;
    }
    const struct op *op = rpc_find(prog, h);
    if (!op) {
        err_set(e, VIR_ERR_RPC, VIR_FROM_RPC, "unknown procedure: %d", h->proc);
        return NULL;
    }
    return gw_admit(gw, op, e) < 0 ? NULL : op;
}

/* A call, with the descriptors that came with it: those are taken over (fds[i] = -1) or left to be closed. */
static void rpc_call(struct gw *gw, const struct xdr_head *h, const uint8_t *p, size_t n, int *fds, unsigned nfds)
{
    struct err e = ERR_INIT;
    const struct op *op = rpc_op(gw, h, &e);
    if (!op) {
        rpc_refuse(gw, h, &e);
        return;
    }
    struct call *c = call_new(gw, op, h->serial);
    if (!c)
        return;
    if (xdr_decode(op->args, p, n, &c->args, NULL) < 0) {
        call_fail(gw, c, VIR_ERR_RPC, VIR_FROM_RPC, "Unable to decode message payload");
        return;
    }
    for (unsigned i = 0; op->fds_in == FDS_CLIENT && i < nfds; i++) {
        c->fds[c->nfds++] = fds[i];
        fds[i] = -1;
    }
    gw_call(gw, c);
}

/* Of a stream that is no more nothing is said: it may have ended on our side meanwhile. */
static void rpc_stream_in(struct gw *gw, const struct xdr_head *h, const uint8_t *p, size_t n)
{
    enum program prog = rpc_program(gw, h);
    const struct op *op = prog == PROG_N ? NULL : rpc_find(prog, h);
    struct stream *s = op ? stream_find(gw, op, h->serial) : NULL;
    uint64_t hole;
    if (s && h->type == XDR_HOLE) {
        if (rpc_hole(&hole, p, n) < 0 || h->status != XDR_CONTINUE)
            gw_end(gw, "a hole that is none");
        else
            stream_message(s, STREAM_HOLE, (const uint8_t *)&hole, sizeof hole);
    } else if (s)
        stream_message(s, h->status <= XDR_CONTINUE ? (int)h->status : -1, p, n);
}

static void rpc_dispatch(struct gw *gw, const struct xdr_head *h, const uint8_t *p, size_t n, int *fds, unsigned nfds)
{
    keepalive_heard(gw);
    if (h->prog == program_number[PROG_KEEPALIVE] && h->vers == 1 && h->type == XDR_MESSAGE) {
        keepalive_message(gw, h->proc);
        return;
    }
    switch (h->type) {
    case XDR_CALL:
    case XDR_CALL_FDS:
        rpc_call(gw, h, p, n, fds, nfds);
        return;
    case XDR_STREAM:
    case XDR_HOLE:
        rpc_stream_in(gw, h, p, n);
        return;
    default:
        return;                     /* replies and events are not a client's to send: dropped without a word, as libvirt does */
    }
}

/* One message with its descriptors. 1: done; 0: more bytes are needed; -1: the client is to be ended. */
static int rpc_next(struct gw *gw)
{
    struct conn *cn = &gw->conn;
    struct xdr_head h;
    size_t n, skip = XDR_HEAD_BYTES;
    uint32_t len, nfds = 0;
    int fds[XDR_FDS_MAX];

    const uint8_t *p = conn_data(cn, &n);
    if (n < XDR_LEN_BYTES)
        return 0;
    if (xdr_len_get(&len, p) < 0)
        return -1;
    if (n < len) {
        conn_want(cn, len);
        return 0;
    }
    if (xdr_head_get(&h, p) < 0)
        return -1;
    if (h.type == XDR_CALL_FDS) {
        if (len < skip + 4)
            return -1;
        nfds = (uint32_t)p[28] << 24 | (uint32_t)p[29] << 16 | (uint32_t)p[30] << 8 | p[31];
        skip += 4;
        if (nfds > XDR_FDS_MAX)
            return -1;
        if (n < len + nfds)
            return 0;
    }
    if (!nfds) {
        /* The common case works on the buffer in place: nothing that a call does touches the input. */
        rpc_dispatch(gw, &h, p + skip, len - skip, fds, 0);
        return gw->ended || conn_consume(cn, len) ? 1 : -1;
    }
    /* Descriptors lie behind the message: take them first; the bytes that were passed stay where they are. */
    unsigned got = 0;
    if (!conn_consume(cn, len))
        return -1;
    while (got < nfds && (fds[got] = conn_take_fd(cn)) >= 0)
        got++;
    bool good = got == nfds;
    if (good)
        rpc_dispatch(gw, &h, p + skip, len - skip, fds, nfds);
    for (unsigned i = 0; i < got; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    return good ? 1 : -1;
}

static void rpc_input(struct gw *gw)
{
    int r = 1;
    while (r > 0 && gw_may_read(gw))
        r = rpc_next(gw);
    if (r < 0)
        gw_end(gw, "broke the protocol");
}

const struct front front_rpc = { rpc_input, rpc_reply, rpc_error, rpc_event, rpc_stream };
