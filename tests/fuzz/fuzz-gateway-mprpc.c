/* fuzz-gateway-mprpc: a msgpack-RPC client, from its socket's bytes to frames and back (gateway-fuzz.h). */
#include "gateway-fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 1 << 20)
        return 0;
    fuzz_client(data, size);
    return 0;
}
