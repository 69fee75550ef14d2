/* fuzz-unpack: packed state as a client's file may have it (workers/qemu/packer.c).  Input: a byte that says which kind it claims to be (0x40: none), and whether it is packed and unpacked again instead, which
 * has to give the same; a byte with the size of the pieces; and the bytes. */
#include <stdlib.h>
#include <string.h>
#include "workers/qemu/packer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
enum { OUT_MAX = 1 << 20 };

/* All that comes of it, up to OUT_MAX. Its length, or what packer_step() said. */
static long all(enum pack kind, bool unpacks, const uint8_t *p, size_t n, size_t piece, uint8_t *to)
{
    struct packer *k = packer_new(kind, unpacks);
    struct pieces io = { .in = p, .out = to, .nout = OUT_MAX };
    int r = k ? 0 : -1;
    bool moves = true;
    size_t left = n;
    while (r == 0 && moves && io.nout) {
        size_t nin = left < piece ? left : piece, nout = io.nout, room = nout < piece ? nout : piece;
        const uint8_t *in = io.in;
        io.nin = nin;
        io.nout = room;
        r = packer_step(k, &io, nin == left);
        if (io.nin > nin || io.nout > room || io.in != in + (nin - io.nin))
            abort();
        moves = nin != io.nin || room != io.nout;
        left -= nin - io.nin;
        io.nout = nout - (room - io.nout);
    }
    packer_free(k);
    return r < 0 ? r : (long)(OUT_MAX - io.nout);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t packed[OUT_MAX], out[OUT_MAX];
    if (size < 2 || size > 1 << 16)
        return 0;
    enum pack kind = data[0] & 0x40 ? PACK_RAW : PACK_GZIP + data[0] % (PACK_N - PACK_GZIP);
    size_t piece = data[1] + 1u;
    if (!pack_can(kind)) {
        if (packer_new(kind, true))
            abort();
        return 0;
    }
    if (!(data[0] & 0x80)) {
        all(kind, true, data + 2, size - 2, piece, out);
        return 0;
    }
    long n = all(kind, false, data + 2, size - 2, 4096, packed);
    if (n < (kind != PACK_RAW) || all(kind, true, packed, (size_t)n, piece, out) != (long)size - 2 || memcmp(out, data + 2, size - 2))
        abort();
    return 0;
}
