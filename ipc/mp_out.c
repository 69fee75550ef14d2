/* mp_out.c: see mp.h: writing.  By msgpack-c's packer, whose code is all inline: nothing is linked for it.
 * Apart from the reader. */
#include "mp.h"
#include <stdlib.h>
#include <string.h>
#include <msgpack/pack.h>

void mp_out_init(struct mp_out *o, size_t max)
{
    *o = (struct mp_out){ .max = max };
}

void mp_out_free(struct mp_out *o)
{
    free(o->p);
    *o = (struct mp_out){ .max = o->max };
}

static int mp_write(void *data, const char *p, size_t n)
{
    struct mp_out *o = data;
    if (o->failed || n > o->max - o->len) {
        o->failed = true;
        return -1;
    }
    if (o->len + n > o->cap) {
        size_t cap = o->cap ? o->cap : 256;
        while (cap < o->len + n)
            cap *= 2;
        if (cap > o->max)
            cap = o->max;
        uint8_t *q = realloc(o->p, cap);
        if (!q) {
            o->failed = true;
            return -1;
        }
        o->p = q;
        o->cap = cap;
    }
    if (n)
        memcpy(o->p + o->len, p, n);
    o->len += n;
    return 0;
}

#define PACKER(o) msgpack_packer pk_ = { .data = (o), .callback = mp_write }

void mp_nil(struct mp_out *o) { PACKER(o); msgpack_pack_nil(&pk_); }
void mp_bool(struct mp_out *o, bool v) { PACKER(o); if (v) msgpack_pack_true(&pk_); else msgpack_pack_false(&pk_); }
void mp_int(struct mp_out *o, int64_t v) { PACKER(o); msgpack_pack_int64(&pk_, v); }
void mp_uint(struct mp_out *o, uint64_t v) { PACKER(o); msgpack_pack_uint64(&pk_, v); }
void mp_double(struct mp_out *o, double v) { PACKER(o); msgpack_pack_double(&pk_, v); }
void mp_array(struct mp_out *o, uint32_t n) { PACKER(o); msgpack_pack_array(&pk_, n); }
void mp_map(struct mp_out *o, uint32_t n) { PACKER(o); msgpack_pack_map(&pk_, n); }
void mp_raw(struct mp_out *o, const void *p, size_t n) { mp_write(o, p, n); }

void mp_list(struct mp_out *o, uint32_t n, struct mp_out *items)
{
    mp_array(o, n);
    mp_raw(o, items->p, items->len);
    o->failed |= items->failed;
    mp_out_free(items);
}

void mp_strn(struct mp_out *o, const char *s, size_t n)
{
    PACKER(o);
    msgpack_pack_str(&pk_, n);
    msgpack_pack_str_body(&pk_, s, n);
}

void mp_str(struct mp_out *o, const char *s)
{
    if (s)
        mp_strn(o, s, strlen(s));
    else
        mp_nil(o);
}

void mp_bin(struct mp_out *o, const void *p, size_t n)
{
    PACKER(o);
    msgpack_pack_bin(&pk_, n);
    msgpack_pack_bin_body(&pk_, p, n);
}
