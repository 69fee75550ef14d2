/* fuzz-gateway-rpc: a client of libvirt's RPC, from its socket's bytes to frames and back (gateway-fuzz.h).  To get further than the
 * first bad length, each message's length word is set to what there is of it, unless choice bit 64 leaves the bytes alone. */
#include "gateway-fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 1 << 20)
        return 0;
    if (data[0] & 64) {
        fuzz_client(data, size);
        return 0;
    }
    /* Pieces between cuts are one message each. */
    uint8_t *copy = malloc(size);
    if (!copy)
        return 0;
    memcpy(copy, data, size);
    for (size_t at = 1; at < size;) {
        const uint8_t *cut = memmem(copy + at, size - at, "\xff\xfe", 2);
        size_t n = cut ? (size_t)(cut - copy) - at : size - at;
        if (n >= 28) {
            copy[at] = (uint8_t)(n >> 24);
            copy[at + 1] = (uint8_t)(n >> 16);
            copy[at + 2] = (uint8_t)(n >> 8);
            copy[at + 3] = (uint8_t)n;
        }
        at += n + 2;
    }
    fuzz_client(copy, size);
    free(copy);
    return 0;
}
