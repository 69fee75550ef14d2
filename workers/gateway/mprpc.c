/* mprpc.c: msgpack-RPC on the client's socket: any language with a msgpack library can drive the daemon.
 *
 *   request       [0, msgid, method, [argument ...]]      method: the schema's name; arguments: exactly the schema's, in its order
 *   response      [1, msgid, nil, [result ...]]           or [1, msgid, [code, domain, message], nil]
 *   notification  [2, method, [field ...]]                events, after they were registered for; streams; a client's others are ignored
 *
 * The order of calls is libvirt's: connect.open before most others.  Descriptors ride on the bytes of the message they belong to. */
#include "gateway.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/log.h"
#include "ipc/util.h"

/* ---- framing: a message may come in pieces; every byte is looked at once ---- */

struct scan { uint64_t left[MP_DEPTH_MAX + 2]; unsigned depth; uint64_t skip; };

static uint64_t be(const uint8_t *p, unsigned n)
{
    uint64_t v = 0;
    while (n--)
        v = v << 8 | *p++;
    return v;
}

/* Head of one value at p: its bytes, and what follows it: `skip` bytes, or `elems` values. 0: more bytes are needed; -1: bad. */
static int scan_head(const uint8_t *p, size_t n, uint64_t *skip, uint64_t *elems)
{
    uint8_t t = p[0];
    unsigned w;
    *skip = *elems = 0;
    if (t < 0x80 || t >= 0xe0 || t == 0xc0 || t == 0xc2 || t == 0xc3)
        return 1;
    if (t < 0xa0) {
        *elems = (uint64_t)(t & 15) << (t < 0x90);      /* a map holds twice as many values */
        return 1;
    }
    if (t < 0xc0) {
        *skip = t & 31;
        return 1;
    }
    switch (t) {
    case 0xca: *skip = 4; return 1;
    case 0xcb: *skip = 8; return 1;
    case 0xcc: case 0xcd: case 0xce: case 0xcf: *skip = 1u << (t - 0xcc); return 1;
    case 0xd0: case 0xd1: case 0xd2: case 0xd3: *skip = 1u << (t - 0xd0); return 1;
    case 0xc4: case 0xc5: case 0xc6: w = 1u << (t - 0xc4); break;
    case 0xd9: case 0xda: case 0xdb: w = 1u << (t - 0xd9); break;
    case 0xdc: case 0xde: w = 2; break;
    case 0xdd: case 0xdf: w = 4; break;
    default: return -1;
    }
    if (n < 1 + w)
        return 0;
    if (t >= 0xdc)
        *elems = be(p + 1, w) << (t >= 0xde);
    else
        *skip = be(p + 1, w);
    return (int)(1 + w);
}

/* Goes on at gw->scanned. 1: a whole message ends there; 0: more bytes are needed; -1: not msgpack, or beyond its bounds. */
static int scan_more(struct gw *gw, const uint8_t *p, size_t n)
{
    struct scan *s = gw->scan;
    while (gw->scanned < n) {
        if (s->skip) {
            size_t k = n - gw->scanned < s->skip ? n - gw->scanned : (size_t)s->skip;
            gw->scanned += k;
            s->skip -= k;
        } else {
            uint64_t elems;
            int k = scan_head(p + gw->scanned, n - gw->scanned, &s->skip, &elems);
            if (k <= 0)
                return k;
            gw->scanned += (size_t)k;
            if (s->depth)
                s->left[s->depth - 1]--;
            if (elems) {
                if (s->depth == MP_DEPTH_MAX + 1)
                    return -1;
                s->left[s->depth++] = elems;
            }
        }
        if (gw->scanned + s->skip > FRAME_BIG_MAX)
            return -1;
        while (!s->skip && s->depth && !s->left[s->depth - 1])
            s->depth--;
        if (!s->skip && !s->depth)
            return 1;
    }
    return 0;
}

/* ---- out ---- */

static int mp_flush(struct gw *gw, struct mp_out *o, const int *fds, unsigned nfds)
{
    int r = o->failed ? -EMSGSIZE : 0;
    for (unsigned i = 0; i < nfds && !r; i++)
        conn_put_fd(&gw->conn, fds[i]);
    if (!r)
        xdr_raw(&gw->conn.out, o->p, o->len);
    mp_out_free(o);
    return r;
}

/* Whether body is one array of this shape, as the libvirt front finds out by encoding it. */
static int shape_check(const struct shape_struct *shape, const void *body, size_t len)
{
    struct xdr_out scratch = { 0 };
    struct mp_in in;
    mp_in_init(&in, body, len);
    int r = xdr_encode(shape, &in, &scratch) < 0 || !mp_end(&in) ? -EPROTO : 0;
    xdr_out_free(&scratch);
    return r;
}

static int mprpc_reply(struct gw *gw, const struct call *c, const void *body, size_t len, const int *fds, unsigned nfds)
{
    struct mp_out o;
    if (nfds > XDR_FDS_MAX || shape_check(c->op->ret, body, len) < 0)
        return -EPROTO;
    mp_out_init(&o, FRAME_BIG_MAX);
    mp_array(&o, 4);
    mp_int(&o, 1);
    mp_uint(&o, c->id);
    mp_nil(&o);
    mp_raw(&o, body, len);
    return mp_flush(gw, &o, fds, nfds);
}

static void mp_error(struct mp_out *o, const struct err *e)
{
    struct xdr_error w;
    xdr_error_words(e, &w);
    mp_array(o, 3);
    mp_int(o, e->code);
    mp_int(o, e->domain);
    mp_str(o, w.message);
}

static void mprpc_refuse(struct gw *gw, uint32_t id, const struct err *e)
{
    struct mp_out o;
    mp_out_init(&o, FRAME_BODY_MAX);
    mp_array(&o, 4);
    mp_int(&o, 1);
    mp_uint(&o, id);
    mp_error(&o, e);
    mp_nil(&o);
    mp_flush(gw, &o, NULL, 0);
}

static void mprpc_error(struct gw *gw, const struct call *c, const struct err *e)
{
    mprpc_refuse(gw, c->id, e);
}

static int mprpc_event(struct gw *gw, const struct op *op, const void *body, size_t len)
{
    struct mp_out o;
    if (shape_check(op->args, body, len) < 0)
        return -EPROTO;
    mp_out_init(&o, FRAME_BIG_MAX);
    mp_array(&o, 3);
    mp_int(&o, 2);
    mp_str(&o, op->name);
    mp_raw(&o, body, len);
    return mp_flush(gw, &o, NULL, 0);
}

/* ---- streams: named by the request that opened them ---- */

static const struct { const char *name; int status; } stream_words[] = { { "stream.data", XDR_CONTINUE }, { "stream.end", XDR_OK }, { "stream.error", XDR_ERROR }, { "stream.hole", STREAM_HOLE } };

static void mprpc_stream(struct gw *gw, const struct op *op, uint32_t id, int status, const void *p, size_t n, const struct err *e)
{
    struct mp_out o;
    size_t i = 0;
    (void)op;
    while (stream_words[i].status != status)
        i++;
    mp_out_init(&o, n + FRAME_BODY_MAX);
    mp_array(&o, 3);
    mp_int(&o, 2);
    mp_str(&o, stream_words[i].name);
    mp_array(&o, status == XDR_OK ? 1 : 2);
    mp_uint(&o, id);
    if (status == XDR_CONTINUE)
        mp_bin(&o, p, n);
    else if (status == STREAM_HOLE)
        mp_uint(&o, *(const uint64_t *)p);
    else if (status == XDR_ERROR)
        mp_error(&o, e);
    if (mp_flush(gw, &o, NULL, 0) < 0)
        gw->conn.out.failed = true;
}

/* The same words of the client, but that its error is only [id]: it has had enough. False: malformed. */
static bool mprpc_notice(struct gw *gw, const char *name, size_t n, struct mp_in *in)
{
    size_t i = 0, len = 0;
    const uint8_t *p = NULL;
    uint64_t hole;
    while (i < ARRAY_N(stream_words) && (n != strlen(stream_words[i].name) || memcmp(name, stream_words[i].name, n)))
        i++;
    if (i == ARRAY_N(stream_words))
        return true;
    bool data = stream_words[i].status == XDR_CONTINUE, is_hole = stream_words[i].status == STREAM_HOLE;
    uint32_t elems = mp_get_array(in, 2), id = mp_get_u32(in);
    if (data)
        p = mp_get_bin(in, &len);
    if (is_hole) {
        hole = mp_get_uint(in);
        p = (const uint8_t *)&hole;
        len = sizeof hole;
    }
    if (!mp_end(in) || elems != (data || is_hole ? 2 : 1) || (is_hole && hole > INT64_MAX))
        return false;
    struct stream *s = stream_find(gw, NULL, id);
    if (s)                      /* else it has ended on our side meanwhile */
        stream_message(s, stream_words[i].status, p, len);
    return true;
}

/* ---- in ---- */

static const struct op *mprpc_op(struct gw *gw, const char *name, size_t n, struct err *e)
{
    const struct op *op = op_find_name(name, n);
    if (!op)
        op = internal_op(gw, name, n);
    uint32_t prog = op ? OP_PROG(op->id) : PROG_N;
    bool here = prog == PROG_INTERNAL || gw_speaks(gw, prog);
    if (!here || op->kind != OPK_CALL) {
        err_set(e, VIR_ERR_RPC, VIR_FROM_RPC, "unknown procedure: %.*s", (int)(n < 200 ? n : 200), name);
        return NULL;
    }
    return gw_admit(gw, op, e) < 0 ? NULL : op;
}

static void mprpc_request(struct gw *gw, uint32_t id, const char *name, size_t n, const uint8_t *args, size_t len, int *fds, unsigned nfds)
{
    struct err e = ERR_INIT;
    struct mp_in in;
    const struct op *op = mprpc_op(gw, name, n, &e);

    if (!op) {
        mprpc_refuse(gw, id, &e);
        return;
    }
    struct call *c = call_new(gw, op, id);
    if (!c)
        return;
    uint32_t want = op->args ? op->args->elems : 0;
    mp_in_init(&in, args, len);
    if (mp_peek(&in) != MP_ARRAY) {
        call_fail(gw, c, VIR_ERR_RPC, VIR_FROM_RPC, "arguments of %s must be an array", op->name);
        return;
    }
    uint32_t have = mp_get_array(&in, UINT32_MAX);
    mp_raw(&c->args, args, len);
    if (have != want)
        call_fail(gw, c, VIR_ERR_RPC, VIR_FROM_RPC, "%s takes %u arguments, not %u", op->name, want, have);
    else if (c->args.failed)
        call_fail(gw, c, VIR_ERR_RPC, VIR_FROM_RPC, "arguments of %s are too large", op->name);
    else if (shape_check(op->args, args, len) < 0)
        call_fail(gw, c, VIR_ERR_RPC, VIR_FROM_RPC, "arguments of %s are not of its schema", op->name);
    else if (nfds && op->fds_in != FDS_CLIENT)
        call_fail(gw, c, VIR_ERR_RPC, VIR_FROM_RPC, "%s takes no descriptors", op->name);
    else {
        for (unsigned i = 0; i < nfds; i++)
            c->fds[c->nfds++] = STEAL_FD(&fds[i]);
        gw_call(gw, c);
    }
}

/* One whole message with its descriptors: those are taken over (fds[i] = -1) or left to be closed. False: it is no msgpack-RPC. */
static bool mprpc_message(struct gw *gw, const uint8_t *p, size_t n, int *fds, unsigned nfds)
{
    struct mp_in in;
    size_t name_len;

    if (mp_guard(p, n, MP_DEPTH_MAX, FRAME_BIG_MAX, NULL) != 0)
        return false;
    mp_in_init(&in, p, n);
    uint32_t elems = mp_get_array(&in, 4);
    uint64_t type = mp_get_uint(&in);
    if (in.bad)
        return false;
    if (type == 2) {
        const char *word = mp_get_str(&in, &name_len);
        keepalive_heard(gw);
        return elems == 3 && word && mprpc_notice(gw, word, name_len, &in);
    }
    if (type != 0 || elems != 4)
        return type == 1 && elems == 4;
    uint32_t id = mp_get_u32(&in);
    const char *name = mp_get_str(&in, &name_len);
    const uint8_t *args = in.p;
    if (in.bad || !mp_skip(&in) || !mp_end(&in))
        return false;
    keepalive_heard(gw);
    mprpc_request(gw, id, name, name_len, args, (size_t)(in.p - args), fds, nfds);
    return true;
}

static void mprpc_input(struct gw *gw)
{
    if (!gw->scan && !(gw->scan = calloc(1, sizeof(struct scan)))) {
        gw_end(gw, "out of memory");
        return;
    }
    while (gw_may_read(gw)) {
        size_t n;
        const uint8_t *p = conn_data(&gw->conn, &n);
        int r = scan_more(gw, p, n);
        if (r == 0) {
            struct scan *s = gw->scan;
            conn_want(&gw->conn, gw->scanned + (size_t)s->skip);
            return;
        }
        size_t len = gw->scanned;
        gw->scanned = 0;
        memset(gw->scan, 0, sizeof(struct scan));
        int fds[XDR_FDS_MAX], nfds = r < 0 ? -1 : conn_take_fds(&gw->conn, len, fds);
        bool good = nfds >= 0 && mprpc_message(gw, p, len, fds, (unsigned)nfds);
        for (int i = 0; i < nfds; i++)
            util_closep(&fds[i]);
        if (!good)
            gw_end(gw, "does not speak msgpack-RPC");
        if (gw->ended)
            return;
        conn_consume(&gw->conn, len);
    }
}

const struct front front_mprpc = { mprpc_input, mprpc_reply, mprpc_error, mprpc_event, mprpc_stream };
