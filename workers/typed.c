#include "workers/typed.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/util.h"

enum { NAME_BYTES = 80, STRING_BYTES = 64 << 10 };

static const char *type_name(int type)
{
    static const char *const names[] = { [TYPED_INT] = "int", "uint", "llong", "ullong", "double", "boolean", "string" };
    return type > 0 && (size_t)type < ARRAY_N(names) ? names[type] : "unknown";
}

static int unreadable(struct err *e)
{
    return err_set(e, VIR_ERR_RPC, VIR_FROM_RPC, "Unable to decode message payload");
}

static int read_one(struct mp_in *in, const struct param *known, unsigned nknown, struct typed_list *out, struct err *e)
{
    struct typed *t = &out->v[out->n];
    char name[NAME_BYTES];
    mp_get_array(in, 3);
    bool is_named = mp_get_strz(in, name, sizeof name);
    int type = mp_get_i32(in);
    unsigned k = 0;
    if (!is_named || in->bad)
        return unreadable(e);
    while (k < nknown && strcmp(known[k].name, name))
        k++;
    if (k == nknown)
        return err_set(e, VIR_ERR_ARGUMENT_UNSUPPORTED, VIR_FROM_NONE, "parameter '%s' not supported", name);
    if (type != known[k].type)
        return err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "invalid type '%s' for parameter '%s', expected '%s'", type_name(type), name, type_name(known[k].type));
    if (typed_find(out, k))
        return err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "parameter '%s' occurs multiple times", name);
    *t = (struct typed){ .which = k };
    switch (type) {
    case TYPED_INT: t->i = mp_get_i32(in); break;
    case TYPED_LLONG: t->i = mp_get_int(in); break;
    case TYPED_UINT: t->u = mp_get_u32(in); break;
    case TYPED_ULLONG: t->u = mp_get_uint(in); break;
    case TYPED_BOOL: t->u = mp_get_bool(in); break;
    case TYPED_STRING: t->s = mp_get_strdup(in, STRING_BYTES); break;
    default: mp_skip(in); break;
    }
    out->n++;
    return in->bad ? unreadable(e) : 0;
}

int typed_read(struct mp_in *in, const struct param *known, unsigned nknown, struct typed_list *out, struct err *e)
{
    out->n = 0;
    uint32_t n = mp_get_array(in, TYPED_MAX);
    if (in->bad)
        return unreadable(e);
    for (uint32_t i = 0; i < n; i++)
        if (read_one(in, known, nknown, out, e))
            return -1;
    return 0;
}

void typed_free(struct typed_list *l)
{
    for (unsigned i = 0; i < l->n; i++)
        free(l->v[i].s);
    l->n = 0;
}

const struct typed *typed_find(const struct typed_list *l, unsigned which)
{
    for (unsigned i = 0; i < l->n; i++)
        if (l->v[i].which == which)
            return &l->v[i];
    return NULL;
}

void typed_head(struct mp_out *o, const char *name, int type)
{
    mp_array(o, 3);
    mp_str(o, name);
    mp_int(o, type);
}

static bool begin(struct typed_out *t, bool is_there, int type, const char *fmt, va_list ap)
{
    char name[NAME_BYTES];
    if (!is_there || (t->max && t->n >= t->max))
        return false;
    vsnprintf(name, sizeof name, fmt, ap);
    typed_head(&t->o, name, type);
    t->n++;
    return true;
}

#define PUT_FN(suffix, ctype, type, is_there, put) \
    void typed_put_##suffix(struct typed_out *t, ctype v, const char *fmt, ...) \
    { \
        va_list ap; \
        va_start(ap, fmt); \
        if (begin(t, is_there, type, fmt, ap)) \
            put(&t->o, v); \
        va_end(ap); \
    }
PUT_FN(int, int64_t, TYPED_INT, true, mp_int)
PUT_FN(uint, uint64_t, TYPED_UINT, true, mp_uint)
PUT_FN(llong, int64_t, TYPED_LLONG, true, mp_int)
PUT_FN(ullong, uint64_t, TYPED_ULLONG, true, mp_uint)
PUT_FN(bool, bool, TYPED_BOOL, true, mp_bool)
PUT_FN(str, const char *, TYPED_STRING, v != NULL, mp_str)

void typed_out_end(struct typed_out *t, struct mp_out *o)
{
    mp_list(o, t->n, &t->o);
    t->n = 0;
}
