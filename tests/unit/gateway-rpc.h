/* gateway-rpc.h: a client that speaks libvirt's RPC, for tests of the gateway. */
#ifndef BULKHEAD_TEST_GATEWAY_RPC_H
#define BULKHEAD_TEST_GATEWAY_RPC_H
#include "gateway.h"

struct msg { struct xdr_head h; uint8_t p[300000]; size_t n; };
static struct msg reply;
static uint32_t next_serial;

/* Sends one message; its length is that of payload p. */
__attribute__((unused))
static void say(uint32_t op, uint32_t type, uint32_t serial, uint32_t status, const void *p, size_t n)
{
    struct xdr_out o = { 0 };
    struct xdr_head h = { .prog = program_number[OP_PROG(op)], .vers = 1, .proc = (int32_t)OP_PROC(op), .type = type, .serial = serial, .status = status };
    size_t start = xdr_begin(&o, &h);
    xdr_raw(&o, p, n);
    xdr_end(&o, start);
    client_send(o.p, o.len);
    xdr_out_free(&o);
}

/* A call whose arguments are given as msgpack; returns its serial. */
__attribute__((unused))
static uint32_t call(uint32_t op, struct mp_out *args)
{
    struct xdr_out o = { 0 };
    struct mp_in in;
    mp_in_init(&in, args && args->p ? args->p : (const uint8_t *)"\x90", args && args->p ? args->len : 1);
    if (xdr_encode(op_find(op)->args, &in, &o) < 0)
        tap_ok(false, "arguments of %s", op_find(op)->name);
    say(op, XDR_CALL, next_serial, XDR_OK, o.p, o.len);
    xdr_out_free(&o);
    if (args)
        mp_out_free(args);
    return next_serial++;
}

/* The next message of the server's into `reply`; false: none. */
__attribute__((unused))
static bool get(void)
{
    uint8_t head[XDR_HEAD_BYTES];
    turn();
    if (client_get(head, sizeof head) != sizeof head || xdr_head_get(&reply.h, head) < 0)
        return false;
    reply.n = reply.h.len - XDR_HEAD_BYTES;
    return reply.n <= sizeof reply.p && client_get(reply.p, reply.n) == reply.n;
}

/* The error in `reply`; code 0 if it is none. */
__attribute__((unused))
static struct err reply_error(void)
{
    struct err e = ERR_INIT;
    if (reply.h.status == XDR_ERROR)
        xdr_decode_error(&e, reply.p, reply.n);
    return e;
}

/* Cursor on the results of `reply`, an array whose header is consumed. */
__attribute__((unused))
static struct mp_in reply_results(uint32_t op)
{
    static struct mp_out o;
    struct mp_in in;
    mp_out_free(&o);
    mp_out_init(&o, 1 << 20);
    if (reply.h.status != XDR_OK || xdr_decode(op_find(op)->ret, reply.p, reply.n, &o, NULL) < 0)
        mp_nil(&o);
    mp_in_init(&in, o.p, o.len);
    mp_get_array(&in, 64);
    return in;
}

/* An error whose message ends with these words (what libvirt puts before them goes by its code). */
__attribute__((unused))
static void expect_error(int code, const char *words)
{
    char text[2048] = "";
    struct err e = ERR_INIT;
    if (get() && (e = reply_error()).code && reply.n > 16) {
        size_t n = (size_t)reply.p[14] << 8 | reply.p[15];      /* code, domain, presence, then the message */
        snprintf(text, sizeof text, "%.*s", (int)(n < reply.n - 16 ? n : 0), (const char *)reply.p + 16);
    }
    size_t skip = strlen(text) > strlen(words) ? strlen(text) - strlen(words) : 0;
    tap_int(e.code, code, "error %d: %s", code, words);
    tap_str(text + skip, words, "in these words");
}

__attribute__((unused))
static struct mp_out args_of(uint32_t n)
{
    struct mp_out o;
    mp_out_init(&o, 1 << 24);
    mp_array(&o, n);
    return o;
}

__attribute__((unused))
static void put_guest(struct mp_out *o, const char *name, uint8_t mark, int32_t id)
{
    uint8_t uuid[16];
    memset(uuid, mark, sizeof uuid);
    mp_array(o, 3);
    mp_str(o, name);
    mp_bin(o, uuid, sizeof uuid);
    mp_int(o, id);
}

/* A connection that is open. */
__attribute__((unused))
static void rpc_start(uint32_t door, uint32_t flags)
{
    gateway_start((struct serve){ .uid = 1000, .door = door });
    next_serial = 0;
    if (door == DOOR_ADMIN)
        return;
    struct mp_out a = args_of(2);
    mp_str(&a, "qemu:///system");
    mp_uint(&a, flags);
    call(OP_REMOTE_CONNECT_OPEN, &a);
    tap_ok(get() && reply.h.status == XDR_OK, "a connection is open");
}
#endif
