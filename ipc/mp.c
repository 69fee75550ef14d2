/* mp.c: see mp.h: reading, and the guard.  Our own, since msgpack-c's reader allocates by counts that the sender names. */
#include "mp.h"
#include <stdlib.h>
#include <string.h>

/* One value's head: its type, what follows (bytes or elements), or the number itself. */
struct mp_head { enum mp_type type; size_t size; uint64_t count; uint64_t u; double d; };

static uint64_t be(const uint8_t *p, unsigned n)
{
    uint64_t v = 0;
    while (n--)
        v = v << 8 | *p++;
    return v;
}

/* Reads the head at p. Returns its bytes, 0 if more are needed, -1 if it is no value of ours (ext types are not). */
static int mp_head(const uint8_t *p, const uint8_t *end, struct mp_head *h)
{
    size_t left = (size_t)(end - p);
    if (!left)
        return 0;
    uint8_t t = *p;
    unsigned n = 0;
    *h = (struct mp_head){ .type = MP_BAD };

    if (t < 0x80) { h->type = MP_UINT; h->u = t; return 1; }
    if (t >= 0xe0) { h->type = MP_INT; h->u = (uint64_t)(int64_t)(int8_t)t; return 1; }
    if (t < 0x90) { h->type = MP_MAP; h->count = t & 0x0f; return 1; }
    if (t < 0xa0) { h->type = MP_ARRAY; h->count = t & 0x0f; return 1; }
    if (t < 0xc0) { h->type = MP_STR; h->size = t & 0x1f; return 1; }
    switch (t) {
    case 0xc0: h->type = MP_NIL; return 1;
    case 0xc2: case 0xc3: h->type = MP_BOOL; h->u = t & 1; return 1;
    case 0xc4: case 0xc5: case 0xc6: h->type = MP_BIN; n = 1u << (t - 0xc4); break;
    case 0xca: h->type = MP_DOUBLE; n = 4; break;
    case 0xcb: h->type = MP_DOUBLE; n = 8; break;
    case 0xcc: case 0xcd: case 0xce: case 0xcf: h->type = MP_UINT; n = 1u << (t - 0xcc); break;
    case 0xd0: case 0xd1: case 0xd2: case 0xd3: h->type = MP_INT; n = 1u << (t - 0xd0); break;
    case 0xd9: case 0xda: case 0xdb: h->type = MP_STR; n = 1u << (t - 0xd9); break;
    case 0xdc: case 0xdd: h->type = MP_ARRAY; n = t == 0xdc ? 2 : 4; break;
    case 0xde: case 0xdf: h->type = MP_MAP; n = t == 0xde ? 2 : 4; break;
    default: return -1;
    }
    if (left < 1 + n)
        return 0;
    uint64_t v = be(p + 1, n);
    switch (h->type) {
    case MP_BIN: case MP_STR: h->size = (size_t)v; break;
    case MP_ARRAY: case MP_MAP: h->count = v; break;
    case MP_UINT: h->u = v; break;
    case MP_INT:
        h->u = n == 8 ? v : (uint64_t)((int64_t)(v << (64 - 8 * n)) >> (64 - 8 * n));
        if ((int64_t)h->u >= 0)
            h->type = MP_UINT;
        break;
    default:
        if (n == 4) {
            uint32_t w = (uint32_t)v;
            float f;
            memcpy(&f, &w, sizeof f);
            h->d = (double)f;
        } else {
            memcpy(&h->d, &v, sizeof h->d);
        }
    }
    return 1 + (int)n;
}

void mp_in_init(struct mp_in *in, const void *p, size_t n)
{
    *in = (struct mp_in){ .p = p, .end = n ? (const uint8_t *)p + n : p };
}

enum mp_type mp_peek(const struct mp_in *in)
{
    struct mp_head h;
    if (in->bad)
        return MP_BAD;
    if (in->p == in->end)
        return MP_END;
    return mp_head(in->p, in->end, &h) > 0 ? h.type : MP_BAD;
}

/* Consumes a head of one of two types. */
static bool mp_take(struct mp_in *in, enum mp_type a, enum mp_type b, struct mp_head *h)
{
    int n;
    if (!in->bad && (n = mp_head(in->p, in->end, h)) > 0 && (h->type == a || h->type == b) &&
        h->size <= (size_t)(in->end - in->p - n)) {
        in->p += n;
        return true;
    }
    in->bad = true;
    *h = (struct mp_head){ .type = MP_BAD };
    return false;
}

bool mp_get_nil(struct mp_in *in)
{
    if (in->bad || in->p == in->end || *in->p != 0xc0)
        return false;
    in->p++;
    return true;
}

bool mp_get_bool(struct mp_in *in)
{
    struct mp_head h;
    return mp_take(in, MP_BOOL, MP_BOOL, &h) && h.u;
}

int64_t mp_get_int(struct mp_in *in)
{
    struct mp_head h;
    if (!mp_take(in, MP_INT, MP_UINT, &h))
        return 0;
    if (h.type == MP_UINT && h.u > INT64_MAX) {
        in->bad = true;
        return 0;
    }
    return (int64_t)h.u;
}

int32_t mp_get_i32(struct mp_in *in)
{
    int64_t v = mp_get_int(in);
    if (v < INT32_MIN || v > INT32_MAX) {
        in->bad = true;
        return 0;
    }
    return (int32_t)v;
}

uint64_t mp_get_uint(struct mp_in *in)
{
    struct mp_head h;
    return mp_take(in, MP_UINT, MP_UINT, &h) ? h.u : 0;
}

uint32_t mp_get_u32(struct mp_in *in)
{
    uint64_t v = mp_get_uint(in);
    if (v > UINT32_MAX) {
        in->bad = true;
        return 0;
    }
    return (uint32_t)v;
}

double mp_get_double(struct mp_in *in)
{
    struct mp_head h;
    enum mp_type t = mp_peek(in);
    if (t == MP_INT)
        return (double)mp_get_int(in);
    if (t == MP_UINT)
        return (double)mp_get_uint(in);
    return mp_take(in, MP_DOUBLE, MP_DOUBLE, &h) ? h.d : 0;
}

const char *mp_get_str(struct mp_in *in, size_t *n)
{
    struct mp_head h;
    *n = 0;
    if (!mp_take(in, MP_STR, MP_STR, &h))
        return NULL;
    const char *s = (const char *)in->p;
    in->p += h.size;
    *n = h.size;
    return s;
}

char *mp_get_strdup(struct mp_in *in, size_t max)
{
    size_t n;
    const char *s = mp_get_str(in, &n);
    if (!s)
        return NULL;
    char *d = n <= max && !memchr(s, 0, n) ? malloc(n + 1) : NULL;
    if (!d) {
        in->bad = true;
        return NULL;
    }
    memcpy(d, s, n);
    d[n] = 0;
    return d;
}

bool mp_get_strz(struct mp_in *in, char *dst, size_t size)
{
    size_t n;
    const char *s = mp_get_str(in, &n);
    if (size)
        dst[0] = 0;
    if (!s || n >= size || memchr(s, 0, n)) {
        in->bad = true;
        return false;
    }
    memcpy(dst, s, n);
    dst[n] = 0;
    return true;
}

const uint8_t *mp_get_bin(struct mp_in *in, size_t *n)
{
    struct mp_head h;
    *n = 0;
    if (!mp_take(in, MP_BIN, MP_STR, &h))
        return NULL;
    const uint8_t *s = in->p;
    in->p += h.size;
    *n = h.size;
    return s;
}

static uint32_t mp_get_count(struct mp_in *in, enum mp_type type, uint32_t max, unsigned per)
{
    struct mp_head h;
    if (!mp_take(in, type, type, &h))
        return 0;
    if (h.count > max || h.count > (size_t)(in->end - in->p) / per) {
        in->bad = true;
        return 0;
    }
    return (uint32_t)h.count;
}

uint32_t mp_get_array(struct mp_in *in, uint32_t max) { return mp_get_count(in, MP_ARRAY, max, 1); }
uint32_t mp_get_map(struct mp_in *in, uint32_t max) { return mp_get_count(in, MP_MAP, max, 2); }

bool mp_utf8(const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    for (size_t i = 0; i < n;) {
        uint8_t c = p[i];
        unsigned more = c < 0x80 ? 0 : (c & 0xe0) == 0xc0 ? 1 : (c & 0xf0) == 0xe0 ? 2 : (c & 0xf8) == 0xf0 ? 3 : 9;
        if (more == 9 || more >= n - i)
            return false;
        uint32_t v = more ? c & (0x3fu >> more) : c;
        for (unsigned k = 1; k <= more; k++) {
            if ((p[i + k] & 0xc0) != 0x80)
                return false;
            v = v << 6 | (p[i + k] & 0x3fu);
        }
        static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
        if (v < least[more] || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
            return false;
        i += more + 1;
    }
    return true;
}

int mp_guard(const void *doc, size_t n, unsigned depth_max, size_t total_max, size_t *used)
{
    if (!n)
        return used ? 1 : -1;
    const uint8_t *p = doc, *end = p + n;
    uint64_t left[MP_DEPTH_MAX + 1];    /* values still to come at each level */
    unsigned depth = 0;

    if (depth_max > MP_DEPTH_MAX)
        depth_max = MP_DEPTH_MAX;
    if (n > total_max) {
        if (!used)
            return -1;
        end = p + total_max;
    }
    left[0] = 1;
    for (;;) {
        while (left[depth] == 0) {
            if (depth == 0) {
                if (used)
                    *used = (size_t)(p - (const uint8_t *)doc);
                return used || p == end ? 0 : -1;
            }
            depth--;
        }
        left[depth]--;
        struct mp_head h;
        int k = mp_head(p, end, &h);
        if (k < 0)
            return -1;
        if (k == 0)
            return used && n <= total_max ? 1 : -1;
        p += k;
        if (h.type == MP_STR || h.type == MP_BIN) {
            if (h.size > total_max)
                return -1;
            if (h.size > (size_t)(end - p))
                return used && n <= total_max ? 1 : -1;
            if (h.type == MP_STR && !mp_utf8(p, h.size))
                return -1;
            p += h.size;
        } else if (h.type == MP_ARRAY || h.type == MP_MAP) {
            uint64_t c = h.type == MP_MAP ? h.count * 2 : h.count;
            /* Each element takes a byte at least: a count beyond what may still come is a lie. */
            if (c > total_max - (size_t)(p - (const uint8_t *)doc) || (!used && c > (size_t)(end - p)))
                return -1;
            if (c) {
                if (depth + 1 > depth_max)
                    return -1;
                left[++depth] = c;
            }
        }
    }
}

bool mp_skip(struct mp_in *in)
{
    size_t used;
    if (in->bad || mp_guard(in->p, (size_t)(in->end - in->p), MP_DEPTH_MAX, (size_t)(in->end - in->p), &used) != 0) {
        in->bad = true;
        return false;
    }
    in->p += used;
    return true;
}

bool mp_end(const struct mp_in *in)
{
    return !in->bad && in->p == in->end;
}
