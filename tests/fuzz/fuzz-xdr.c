/* fuzz-xdr: the transcoder, both ways.  Input: a byte that chooses the way, then
 *   0: a message of libvirt's wire.  What decodes must be sound msgpack, must encode, and must then decode to the same again.
 *   1: number of an operation (2 bytes), arguments or results (1 byte), msgpack.  What encodes must decode again. */
#include <stdlib.h>
#include <string.h>
#include "ipc/op.h"
#include "workers/xdr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DECODED_MAX = 8 << 20 };
#define MUST(c) do { if (!(c)) abort(); } while (0)

static void there_and_back(const struct shape_struct *s, const uint8_t *p, size_t n)
{
    struct mp_out a, b;
    struct mp_in in;
    struct xdr_out x = { 0 };
    size_t used = 0;

    mp_out_init(&a, DECODED_MAX);
    mp_out_init(&b, 2 * DECODED_MAX);
    if (xdr_decode(s, p, n, &a, &used) == 0) {
        MUST(used <= n);
        MUST(mp_guard(a.p, a.len, MP_DEPTH_MAX, a.len, NULL) == 0);
        mp_in_init(&in, a.p, a.len);
        MUST(xdr_encode(s, &in, &x) == 0 && !x.failed);
        MUST(xdr_decode(s, x.p, x.len, &b, &used) == 0 && used == x.len);
        MUST(a.len == b.len && !memcmp(a.p, b.p, a.len));
    }
    xdr_out_free(&x);
    mp_out_free(&a);
    mp_out_free(&b);
}

static void from_wire(const uint8_t *p, size_t n)
{
    struct xdr_head h;
    struct err e;
    if (n < XDR_HEAD_BYTES || xdr_head_get(&h, p) < 0)
        return;
    p += XDR_HEAD_BYTES;
    n -= XDR_HEAD_BYTES;
    if (h.status == XDR_ERROR) {
        there_and_back(&shape_error, p, n);
        xdr_decode_error(&e, p, n);
        return;
    }
    for (int prog = 1; prog < PROG_N; prog++) {
        const struct op *op = program_number[prog] == h.prog ? op_find(OP(prog, (uint16_t)h.proc)) : NULL;
        if (op)
            there_and_back(h.type == XDR_REPLY ? op->ret : op->args, p, n);
    }
}

static void to_wire(const uint8_t *p, size_t n)
{
    struct mp_in in;
    struct xdr_out x = { 0 };
    struct mp_out back;
    if (n < 4)
        return;
    const struct op *op = &op_table[(p[0] | (unsigned)p[1] << 8) % op_table_n];
    const struct shape_struct *s = p[2] & 1 ? op->ret : op->args;
    p += 3;
    n -= 3;
    if (mp_guard(p, n, MP_DEPTH_MAX, op->cap ? op->cap : 65536, NULL) != 0)
        return;
    mp_in_init(&in, p, n);
    if (xdr_encode(s, &in, &x) == 0) {
        size_t used;
        MUST(!x.failed);
        mp_out_init(&back, DECODED_MAX);
        MUST(xdr_decode(s, x.p, x.len, &back, &used) == 0 && used == x.len);
        mp_out_free(&back);
    }
    xdr_out_free(&x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    if (data[0] & 1)
        to_wire(data + 1, size - 1);
    else
        from_wire(data + 1, size - 1);
    return 0;
}
