/* fuzz-mp: the msgpack guard, the cursor and the tree's msgpack form, on any bytes.
 * What the guard lets pass must be skippable whole; a stream's verdict must not change when more bytes follow. */
#include <stdlib.h>
#include <string.h>
#include "ipc/mp.h"
#include "workers/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(c) do { if (!(c)) abort(); } while (0)

/* Reads values by whatever getter fits, to the end. */
static void walk(struct mp_in *in)
{
    size_t n;
    while (!in->bad && in->p < in->end) {
        switch (mp_peek(in)) {
        case MP_NIL: mp_get_nil(in); break;
        case MP_BOOL: mp_get_bool(in); break;
        case MP_INT: mp_get_int(in); break;
        case MP_UINT: mp_get_uint(in); break;
        case MP_DOUBLE: mp_get_double(in); break;
        case MP_STR: mp_get_str(in, &n); break;
        case MP_BIN: mp_get_bin(in, &n); break;
        case MP_ARRAY: mp_get_array(in, UINT32_MAX); break;
        case MP_MAP: mp_get_map(in, UINT32_MAX); break;
        default: in->bad = true;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mp_in in;
    size_t used = 0;
    int whole = mp_guard(data, size, MP_DEPTH_MAX, 1 << 20, NULL);
    int stream = mp_guard(data, size, MP_DEPTH_MAX, 1 << 20, &used);

    MUST(whole == 0 || whole == -1);
    if (whole == 0)
        MUST(stream == 0 && used == size);
    if (stream == 0) {
        size_t again;
        MUST(used <= size && mp_guard(data, used, MP_DEPTH_MAX, 1 << 20, NULL) == 0);
        for (size_t cut = used > 64 ? used - 64 : 0; cut < used; cut++)
            MUST(mp_guard(data, cut, MP_DEPTH_MAX, 1 << 20, &again) == 1);
        mp_in_init(&in, data, used);
        MUST(mp_skip(&in) && mp_end(&in));
    }
    mp_in_init(&in, data, size);
    walk(&in);

    mp_in_init(&in, data, size);
    struct tree *t = tree_unpack(&in);
    if (t) {
        char *s = tree_print(t, 0, NULL);
        free(s);
        tree_free(t);
    } else {
        MUST(in.bad);
    }
    return 0;
}
