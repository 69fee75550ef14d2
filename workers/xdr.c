/* xdr.c: see xdr.h.  One loop over the fields of a shape a direction; a type is a case in it.
 *
 * Recursion is as deep as types nest in the schema, which only names types that came before: a peer cannot deepen it. */
#include "workers/xdr.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/util.h"

static uint32_t get32(const uint8_t *p) { return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]; }
static void put32(uint8_t *p, uint32_t v) { p[0] = (uint8_t)(v >> 24); p[1] = (uint8_t)(v >> 16); p[2] = (uint8_t)(v >> 8); p[3] = (uint8_t)v; }

/* ---- messages ---- */

int xdr_len_get(uint32_t *len, const uint8_t p[XDR_LEN_BYTES])
{
    uint32_t v = get32(p);
    if (v < XDR_HEAD_BYTES || v > XDR_MESSAGE_MAX)
        return -EPROTO;
    *len = v;
    return 0;
}

int xdr_head_get(struct xdr_head *h, const uint8_t p[XDR_HEAD_BYTES])
{
    uint32_t len;
    if (xdr_len_get(&len, p) < 0)
        return -EPROTO;
    *h = (struct xdr_head){ .len = len, .prog = get32(p + 4), .vers = get32(p + 8), .proc = (int32_t)get32(p + 12),
                            .type = get32(p + 16), .serial = get32(p + 20), .status = get32(p + 24) };
    return 0;
}

void xdr_out_free(struct xdr_out *o)
{
    free(o->p);
    *o = (struct xdr_out){ 0 };
}

/* Room for n more bytes, or NULL and failed. */
static uint8_t *more(struct xdr_out *o, size_t n)
{
    if (o->failed || n > XDR_MESSAGE_MAX - o->len) {
        o->failed = true;
        return NULL;
    }
    if (o->len + n > o->cap) {
        size_t cap = o->cap ? o->cap : 512;
        while (cap < o->len + n)
            cap *= 2;
        uint8_t *p = realloc(o->p, cap);
        if (!p) {
            o->failed = true;
            return NULL;
        }
        o->p = p;
        o->cap = cap;
    }
    uint8_t *at = o->p + o->len;
    o->len += n;
    return at;
}

void xdr_u32(struct xdr_out *o, uint32_t v)
{
    uint8_t *p = more(o, 4);
    if (p)
        put32(p, v);
}

static void put64(struct xdr_out *o, uint64_t v)
{
    uint8_t *p = more(o, 8);
    if (p) {
        put32(p, (uint32_t)(v >> 32));
        put32(p + 4, (uint32_t)v);
    }
}

void xdr_raw(struct xdr_out *o, const void *data, size_t n)
{
    uint8_t *p = more(o, n);
    if (p && n)
        memcpy(p, data, n);
}

/* n bytes and zeroes up to a multiple of 4. */
static void put_padded(struct xdr_out *o, const void *data, size_t n)
{
    static const uint8_t zeroes[4];
    xdr_raw(o, data, n);
    xdr_raw(o, zeroes, (4 - n % 4) % 4);
}

static void put_string(struct xdr_out *o, const char *s)
{
    xdr_u32(o, (uint32_t)strlen(s));
    put_padded(o, s, strlen(s));
}

size_t xdr_begin(struct xdr_out *o, const struct xdr_head *h)
{
    size_t start = o->len;
    xdr_u32(o, 0);
    xdr_u32(o, h->prog);
    xdr_u32(o, h->vers);
    xdr_u32(o, (uint32_t)h->proc);
    xdr_u32(o, h->type);
    xdr_u32(o, h->serial);
    xdr_u32(o, h->status);
    return start;
}

int xdr_end(struct xdr_out *o, size_t start)
{
    if (o->failed)
        return o->len >= XDR_MESSAGE_MAX / 2 ? -EMSGSIZE : -ENOMEM;
    put32(o->p + start, (uint32_t)(o->len - start));
    return 0;
}

/* ---- XDR to msgpack ---- */

struct xdr_in { const uint8_t *p, *end; };

static bool take32(struct xdr_in *in, uint32_t *v)
{
    if (in->end - in->p < 4)
        return false;
    *v = get32(in->p);
    in->p += 4;
    return true;
}

static bool take64(struct xdr_in *in, uint64_t *v)
{
    uint32_t hi, lo;
    if (in->end - in->p < 8 || !take32(in, &hi) || !take32(in, &lo))
        return false;
    *v = (uint64_t)hi << 32 | lo;
    return true;
}

/* n bytes and their padding, which is not looked at. */
static const uint8_t *take_padded(struct xdr_in *in, size_t n)
{
    const uint8_t *p = in->p;
    size_t padded = n + (4 - n % 4) % 4;
    if ((size_t)(in->end - p) < padded)
        return NULL;
    in->p += padded;
    return p;
}

static void pack_text(struct mp_out *o, const void *p, size_t n)
{
    if (mp_utf8(p, n))
        mp_strn(o, p, n);
    else
        mp_bin(o, p, n);
}

/* Characters of four bytes each: the low byte counts, as it does for a receiver that stores them as char. */
static bool decode_chars(struct xdr_in *in, const struct shape_field *f, struct mp_out *o)
{
    uint32_t n = f->bytes;
    if (f->type != SH_TEXT_FIXED && (!take32(in, &n) || n > f->bytes + (f->type == SH_TEXT)))
        return false;
    if ((size_t)(in->end - in->p) / 4 < n)
        return false;
    AUTO_FREE uint8_t *b = malloc(n + 1u);
    if (!b) {
        o->failed = true;
        return false;
    }
    for (uint32_t i = 0; i < n; i++)
        b[i] = in->p[4 * i + 3];
    in->p += 4 * (size_t)n;
    if (f->type == SH_CHARS)
        mp_bin(o, b, n);
    else
        pack_text(o, b, strnlen((char *)b, n < f->bytes ? n : f->bytes));
    return true;
}

static bool decode_fields(struct xdr_in *in, const struct shape_struct *s, struct mp_out *o);

/* A number of eight bytes. */
static bool decode_wide(struct xdr_in *in, int type, struct mp_out *o)
{
    uint64_t v;
    double d;
    if (!take64(in, &v))
        return false;
    memcpy(&d, &v, sizeof d);
    if (type == SH_F64)
        mp_double(o, d);
    else if (type == SH_I64)
        mp_int(o, (int64_t)v);
    else
        mp_uint(o, v);
    return true;
}

static bool decode_one(struct xdr_in *in, const struct shape_field *f, struct mp_out *o)
{
    uint32_t v;
    const uint8_t *p;

    switch ((enum shape_type)f->type) {
    case SH_I64:
    case SH_U64:
    case SH_F64:
        return decode_wide(in, f->type, o);
    case SH_FIXED:
        if (!(p = take_padded(in, f->bytes)))
            return false;
        mp_bin(o, p, f->bytes);
        return true;
    case SH_TEXT:
    case SH_TEXT_FIXED:
    case SH_CHARS:
        return decode_chars(in, f, o);
    case SH_STRUCT:
        return decode_fields(in, f->sub, o);
    default:
        break;
    }
    if (!take32(in, &v))
        return false;
    switch ((enum shape_type)f->type) {
    case SH_I32: mp_int(o, (int32_t)v); return true;
    case SH_U32: mp_uint(o, v); return true;
    case SH_BOOL: mp_bool(o, v != 0); return true;
    case SH_I8: mp_int(o, (int8_t)v); return true;
    case SH_U8: mp_uint(o, (uint8_t)v); return true;
    case SH_I16: mp_int(o, (int16_t)v); return true;
    case SH_U16: mp_uint(o, (uint16_t)v); return true;
    case SH_STRING:
    case SH_BYTES:
        if (v > f->bytes || !(p = take_padded(in, v)))
            return false;
        if (f->type == SH_STRING)
            pack_text(o, p, strnlen((const char *)p, v));   /* a receiver in C sees no more of it */
        else
            mp_bin(o, p, v);
        return true;
    case SH_UNION:
        for (unsigned i = 0; i < f->sub->n; i++)
            if (f->sub->arm_values[i] == (int32_t)v) {
                mp_int(o, (int32_t)v);
                return decode_one(in, &f->sub->fields[i], o);
            }
        return false;
    default:
        return false;
    }
}

static bool decode_fields(struct xdr_in *in, const struct shape_struct *s, struct mp_out *o)
{
    mp_array(o, s->elems);
    for (unsigned i = 0; i < s->n; i++) {
        const struct shape_field *f = &s->fields[i];
        uint32_t n = 1;
        if (f->array != SA_ONE) {
            if (!take32(in, &n))
                return false;
            if (f->array == SA_OPTIONAL && n == 0) {
                mp_nil(o);
                continue;
            }
            if (f->array == SA_OPTIONAL) {
                n = 1;
            } else {
                /* Nothing takes less than four bytes: a greater count is a lie, found before anything is written for it. */
                if (n > f->max || n > (size_t)(in->end - in->p) / 4)
                    return false;
                mp_array(o, n);
            }
        }
        while (n--)
            if (!decode_one(in, f, o))
                return false;
        if (o->failed)
            return false;
    }
    return true;
}

int xdr_decode(const struct shape_struct *s, const void *p, size_t n, struct mp_out *o, size_t *used)
{
    struct xdr_in in = { .p = p, .end = n ? (const uint8_t *)p + n : p };      /* p may be NULL when n is 0 */
    bool ok = true;
    if (s)
        ok = decode_fields(&in, s, o);
    else
        mp_array(o, 0);
    if (o->failed)
        return -EMSGSIZE;
    if (!ok)
        return -EPROTO;
    if (used)
        *used = (size_t)(in.p - (const uint8_t *)p);
    return 0;
}

/* ---- msgpack to XDR ---- */

static bool encode_chars(struct mp_in *in, const struct shape_field *f, struct xdr_out *o)
{
    size_t n, count;
    const uint8_t *p = mp_get_bin(in, &n);
    if (!p || n > f->bytes)
        return false;
    count = f->type == SH_TEXT ? n + 1 : f->type == SH_TEXT_FIXED ? f->bytes : n;
    if (f->type != SH_TEXT_FIXED)
        xdr_u32(o, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        xdr_u32(o, i < n ? (uint32_t)(int32_t)(int8_t)p[i] : 0);     /* char is signed where libvirt runs most */
    return true;
}

static int64_t get_int(struct mp_in *in, int64_t least, int64_t most)
{
    int64_t v = mp_get_int(in);
    if (v < least || v > most)
        in->bad = true;
    return v;
}

static bool encode_fields(struct mp_in *in, const struct shape_struct *s, struct xdr_out *o);

static bool encode_one(struct mp_in *in, const struct shape_field *f, struct xdr_out *o)
{
    size_t n;
    uint64_t w;
    double d;
    int32_t v;
    const uint8_t *p;

    switch ((enum shape_type)f->type) {
    case SH_I32: xdr_u32(o, (uint32_t)mp_get_i32(in)); break;
    case SH_U32: xdr_u32(o, mp_get_u32(in)); break;
    case SH_I64: put64(o, (uint64_t)mp_get_int(in)); break;
    case SH_U64: put64(o, mp_get_uint(in)); break;
    case SH_F64:
        d = mp_get_double(in);
        memcpy(&w, &d, sizeof w);
        put64(o, w);
        break;
    case SH_BOOL: xdr_u32(o, mp_peek(in) == MP_BOOL ? mp_get_bool(in) : mp_get_int(in) != 0); break;
    case SH_I8: xdr_u32(o, (uint32_t)get_int(in, INT8_MIN, INT8_MAX)); break;
    case SH_U8: xdr_u32(o, (uint32_t)get_int(in, 0, UINT8_MAX)); break;
    case SH_I16: xdr_u32(o, (uint32_t)get_int(in, INT16_MIN, INT16_MAX)); break;
    case SH_U16: xdr_u32(o, (uint32_t)get_int(in, 0, UINT16_MAX)); break;
    case SH_STRING:
    case SH_BYTES:
        p = mp_get_bin(in, &n);
        if (!p || n > f->bytes || (f->type == SH_STRING && memchr(p, 0, n)))
            return false;
        xdr_u32(o, (uint32_t)n);
        put_padded(o, p, n);
        break;
    case SH_FIXED:
        p = mp_get_bin(in, &n);
        if (!p || n != f->bytes)
            return false;
        put_padded(o, p, n);
        break;
    case SH_TEXT:
    case SH_TEXT_FIXED:
    case SH_CHARS: return encode_chars(in, f, o);
    case SH_STRUCT: return encode_fields(in, f->sub, o);
    case SH_UNION:
        v = mp_get_i32(in);
        for (unsigned i = 0; i < f->sub->n && !in->bad; i++)
            if (f->sub->arm_values[i] == v) {
                xdr_u32(o, (uint32_t)v);
                return encode_one(in, &f->sub->fields[i], o);
            }
        return false;
    }
    return !in->bad;
}

static bool encode_fields(struct mp_in *in, const struct shape_struct *s, struct xdr_out *o)
{
    if (mp_get_array(in, s->elems) != s->elems)
        return false;
    for (unsigned i = 0; i < s->n; i++) {
        const struct shape_field *f = &s->fields[i];
        uint32_t n = 1;
        if (f->array == SA_OPTIONAL) {
            n = !mp_get_nil(in);
            xdr_u32(o, n);
        } else if (f->array == SA_VARIABLE) {
            n = mp_get_array(in, f->max);
            if (in->bad)
                return false;
            xdr_u32(o, n);
        }
        while (n--)
            if (!encode_one(in, f, o))
                return false;
    }
    return true;
}

int xdr_encode(const struct shape_struct *s, struct mp_in *in, struct xdr_out *o)
{
    size_t start = o->len;
    bool ok = s ? encode_fields(in, s, o) : mp_get_array(in, 0) == 0;
    if (ok && mp_end(in))
        return 0;       /* a failed o is told by xdr_end */
    o->len = start;
    return -EPROTO;
}

/* ---- errors ---- */

enum { ERROR_LEVEL = 2 };

#define WORD "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

/* "unsupported flags (0xN) in function NAME", "ARGUMENT in NAME must ...", "Invalid ARGUMENT in NAME", and of flags that exclude each other where
 * libvirt's drivers look for that. False: an error of another kind. */
static bool error_of_argument(const char *detail, struct xdr_error *w)
{
    static const char flags[] = "unsupported flags (0x", function[] = " in function ", invalid[] = "Invalid ";
    const char *name = NULL;
    size_t arg = strspn(detail, WORD);

    if (!strncmp(detail, flags, sizeof flags - 1)) {
        name = strstr(detail, function);
        name = name ? name + sizeof function - 1 : NULL;
        w->str2 = "flags";
    } else if (!strncmp(detail, "Flags '", 7) && strstr(detail, "' are mutually exclusive")) {
        name = "virDomainObjGetOneDefState";
        w->str2 = "flags";
    } else if (arg && !strncmp(detail + arg, " in vir", 7) && !strncmp(detail + arg + 4 + strspn(detail + arg + 4, WORD), " must ", 6)) {
        name = detail + arg + 4;
        snprintf(w->arg, sizeof w->arg, "%.*s", (int)arg, detail);
        w->str2 = w->arg;
    }
    else if (!strncmp(detail, invalid, sizeof invalid - 1)) {
        arg = strspn(detail + sizeof invalid - 1, WORD);
        const char *at = detail + sizeof invalid - 1 + arg;
        name = arg && !strncmp(at, " in vir", 7) ? at + 4 : NULL;
        snprintf(w->arg, sizeof w->arg, "%.*s", (int)arg, detail + sizeof invalid - 1);
        w->str2 = w->arg;
    }
    if (!name)
        return false;
    snprintf(w->str1, sizeof w->str1, "%.*s", (int)strspn(name, WORD), name);
    snprintf(w->message, sizeof w->message, "%s", detail);
    w->int1 = w->int2 = 0;
    return true;
}

void xdr_error_words(const struct err *e, struct xdr_error *w)
{
    const char *plain, *info;
    *w = (struct xdr_error){ .int1 = e->code == VIR_ERR_SYSTEM_ERROR ? e->sys : -1, .int2 = -1 };
    if (e->code == VIR_ERR_INVALID_ARG && error_of_argument(e->detail, w))
        return;
    err_texts(e->code, &plain, &info);
    const char *format = e->detail[0] ? info : plain, *hole = strstr(format, "%s");
    w->str2 = e->detail[0] ? e->detail : NULL;
    if (hole)
        snprintf(w->message, sizeof w->message, "%.*s%s%s", (int)(hole - format), format, e->detail, hole + 2);
    else
        snprintf(w->message, sizeof w->message, "%s", format);
    snprintf(w->str1, sizeof w->str1, "%s", format);
}

int xdr_encode_error(const struct err *e, struct xdr_out *o)
{
    struct xdr_error w;
    xdr_error_words(e, &w);
    xdr_u32(o, (uint32_t)e->code);
    xdr_u32(o, (uint32_t)e->domain);
    xdr_u32(o, 1);
    put_string(o, w.message);
    xdr_u32(o, ERROR_LEVEL);
    xdr_u32(o, 0);                                  /* domain object */
    xdr_u32(o, 1);
    put_string(o, w.str1);
    xdr_u32(o, w.str2 != NULL);
    if (w.str2)
        put_string(o, w.str2);
    xdr_u32(o, 0);                                  /* str3 */
    xdr_u32(o, (uint32_t)w.int1);
    xdr_u32(o, (uint32_t)w.int2);
    xdr_u32(o, 0);                                  /* network object */
    return o->failed ? -ENOMEM : 0;
}

int xdr_decode_error(struct err *e, const void *p, size_t n)
{
    struct mp_out out;
    struct mp_in in;
    const uint8_t *text[4] = { NULL };              /* message, str1, str2, str3 */
    size_t len[4] = { 0 };

    mp_out_init(&out, XDR_MESSAGE_MAX);
    int rc = xdr_decode(&shape_error, p, n, &out, NULL);
    if (rc == 0) {
        mp_in_init(&in, out.p, out.len);
        mp_get_array(&in, shape_error.elems);
        int32_t code = mp_get_i32(&in), domain = mp_get_i32(&in), sys;
        if (!mp_get_nil(&in))
            text[0] = mp_get_bin(&in, &len[0]);
        mp_get_i32(&in);
        mp_skip(&in);
        for (int i = 1; i < 4; i++)
            if (!mp_get_nil(&in))
                text[i] = mp_get_bin(&in, &len[i]);
        sys = mp_get_i32(&in);
        int use = text[2] ? 2 : 0;                  /* the detail, else the whole text */
        err_set(e, code, domain, "%.*s", (int)(len[use] < ERR_DETAIL_MAX ? len[use] : ERR_DETAIL_MAX - 1), text[use] ? (const char *)text[use] : "");
        e->sys = sys;
    }
    mp_out_free(&out);
    return rc;
}
