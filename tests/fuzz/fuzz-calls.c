/* fuzz-calls: what a gateway says on behalf of a client, to a worker whose QEMU and guest answer nothing.
 *
 * Input: calls, cut where a byte 0xff 0xfe stands. Of each a byte chooses the operation, and one the flags word; then its arguments behind the domain, as msgpack. */
#include "qemu-fuzz.h"

enum { ARGS_MAX = 32 };

static void call(const uint8_t *p, size_t n)
{
#define CALL(op, fn) { OP_##op, fn },
    static const struct worker_op ops[] = { GUEST_OPS(CALL) };
    struct mp_out o;
    uint32_t count = 0;
    if (n < 2)
        return;
    const struct worker_op *op = &ops[p[0] % ARRAY_N(ops)];
    struct request rq = { .op = op->op, .serial = 1, .origin = 1, .arg = p[1] };
    p += 2;
    n -= 2;
    /* As many as stand there: what is no value at all is one too many. */
    struct mp_in in;
    mp_in_init(&in, p, n);
    while (!mp_end(&in) && !in.bad && count < ARGS_MAX) {
        mp_skip(&in);
        count++;
    }
    mp_out_init(&o, 1 << 20);
    mp_array(&o, count + 1);
    mp_nil(&o);
    mp_raw(&o, p, n);
    struct frame f = { .h = { .op = rq.op, .arg = rq.arg }, .body = o.p, .body_len = o.len };
    op->fn(&fuzz_worker, &rq, &f);
    mp_out_free(&o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = fuzz_begin();
    while (size) {
        const uint8_t *cut = memmem(data, size, "\xff\xfe", 2);
        size_t n = cut ? (size_t)(cut - data) : size;
        call(data, n);
        fuzz_say(fd, NULL, 0);
        data += n + (cut ? 2 : 0);
        size -= n + (cut ? 2 : 0);
    }
    fuzz_finish(fd);
    return 0;
}
