/* build.c: items, strings and numbers: what every part of the plan is made with. */
#include "priv.h"
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/util.h"

static int fail_code(struct ctx *c, int code, const char *fmt, va_list ap)
{
    if (c->failed)
        return -1;
    c->failed = true;
    char text[ERR_DETAIL_MAX];
    vsnprintf(text, sizeof text, fmt, ap);
    return err_set(c->e, code, VIR_FROM_QEMU, "%s", text);
}

int pl_fail(struct ctx *c, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fail_code(c, VIR_ERR_CONFIG_UNSUPPORTED, fmt, ap);
    va_end(ap);
    return -1;
}

int pl_internal(struct ctx *c, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fail_code(c, VIR_ERR_INTERNAL_ERROR, fmt, ap);
    va_end(ap);
    return -1;
}

int pl_refuse(struct ctx *c, const struct tree *el, const char *attr)
{
    if (!attr)
        return pl_fail(c, "element <%s> is not supported", el->name);
    const char *v = tree_attr(el, attr);
    return pl_fail(c, "<%s %s='%s'> is not supported", el->name, attr, v ? v : "");
}

static int no_memory(struct ctx *c)
{
    if (!c->failed) {
        c->failed = true;
        err_set(c->e, VIR_ERR_NO_MEMORY, VIR_FROM_QEMU, "%s", "");
    }
    return -1;
}

static struct plan_item *item_new(struct ctx *c, enum plan_opt opt)
{
    struct plan *p = c->out;
    if (p->n == p->cap) {
        size_t cap = p->cap ? p->cap * 2 : 64;
        struct plan_item *v = reallocarray(p->v, cap, sizeof *v);
        if (!v) {
            no_memory(c);
            return NULL;
        }
        p->v = v;
        p->cap = cap;
    }
    struct plan_item *it = &p->v[p->n++];
    *it = (struct plan_item){ .opt = opt, .res = -1 };
    return it;
}

json_t *pl_item(struct ctx *c, enum plan_opt opt)
{
    struct plan_item *it = item_new(c, opt);
    if (!it)
        return NULL;
    it->props = json_object();
    if (!it->props)
        no_memory(c);
    return it->props;
}

void pl_words_take(struct ctx *c, const char *opt, char *buf)
{
    struct plan_item *it = buf || !c->failed ? item_new(c, PLAN_WORDS) : NULL;
    if (!it) {
        free(buf);
        return;
    }
    it->word[0] = strdup(opt);
    it->word[1] = buf;
    if (!it->word[0])
        no_memory(c);
}

/* NULL: out of memory, which c knows then. */
static char *formatted(struct ctx *c, const char *fmt, va_list ap)
{
    char *s;
    if (vasprintf(&s, fmt, ap) >= 0)
        return s;
    no_memory(c);
    return NULL;
}

void pl_words(struct ctx *c, const char *opt, const char *fmt, ...)
{
    char *s = NULL;
    if (fmt) {
        va_list ap;
        va_start(ap, fmt);
        s = formatted(c, fmt, ap);
        va_end(ap);
        if (!s)
            return;
    }
    pl_words_take(c, opt, s);
}

static void cat(struct ctx *c, struct strbuf *b, const char *s, size_t n)
{
    if (b->cap - b->len <= n) {
        size_t cap = (b->len + n + 64) * 2;
        char *p = realloc(b->s, cap);
        if (!p) {
            no_memory(c);
            return;
        }
        b->s = p;
        b->cap = cap;
    }
    memcpy(b->s + b->len, s, n);
    b->len += n;
    b->s[b->len] = 0;
}

void pl_cat(struct ctx *c, struct strbuf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    AUTO_FREE char *s = formatted(c, fmt, ap);
    va_end(ap);
    if (!s)
        return;
    cat(c, b, s, strlen(s));
}

void pl_cat_escaped(struct ctx *c, struct strbuf *b, const char *s)
{
    for (; *s; s++)
        cat(c, b, *s == ',' ? ",," : s, *s == ',' ? 2 : 1);
}

void pl_set(json_t *o, const char *key, const char *v)
{
    if (v)
        json_object_set_new(o, key, json_string(v));
}

const char *pl_host(const struct ctx *c, const struct tree *t, const char *attr)
{
    const char *name = tree_attr(t, attr);
    return pl_run(c) && pl_is(name, "localhost") ? "127.0.0.1" : name ? name : "";
}

void pl_setf(struct ctx *c, json_t *o, const char *key, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    AUTO_FREE char *s = formatted(c, fmt, ap);
    va_end(ap);
    if (!s)
        return;
    /* json_string refuses what is no UTF-8: a document's bytes are UTF-8, so this is no document of xmlc's */
    json_t *v = json_string(s);
    if (!v)
        pl_internal(c, "value of '%s' is not valid UTF-8", key);
    json_object_set_new(o, key, v);
}

static const char *value_of(const struct tree *el, const char *path, const char *attr)
{
    return attr ? tree_path_attr(el, path, attr) : tree_text(el, path);
}

int pl_num(struct ctx *c, const struct tree *el, const char *path, const char *attr, unsigned long long *v)
{
    const char *s = value_of(el, path, attr);
    if (!s)
        return -ENOENT;
    while (isspace((unsigned char)*s))
        s++;
    char *end;
    errno = 0;
    unsigned long long n = strtoull(s, &end, s[0] == '0' && (s[1] == 'x' || s[1] == 'X') ? 16 : 10);
    if (errno || end == s || *s == '-' || end[strspn(end, " \t\n")])
        return pl_fail(c, "'%s' of element <%s> is not a number: '%s'", attr ? attr : path, el->name, s);
    *v = n;
    return 0;
}

unsigned long long pl_num_or(struct ctx *c, const struct tree *el, const char *path, const char *attr, unsigned long long def)
{
    unsigned long long v;
    return pl_num(c, el, path, attr, &v) == 0 ? v : def;
}

unsigned long long pl_size(struct ctx *c, const struct tree *el, const char *path)
{
    static const struct { const char *unit; unsigned long long mul; } units[] = {
        { "b", 1 }, { "bytes", 1 }, { "KB", 1000 }, { "k", 1024 }, { "KiB", 1024 }, { "MB", 1000000 }, { "M", 1 << 20 }, { "MiB", 1 << 20 },
        { "GB", 1000000000 }, { "G", 1 << 30 }, { "GiB", 1 << 30 }, { "TB", 1000000000000 }, { "T", 1ULL << 40 }, { "TiB", 1ULL << 40 } };
    unsigned long long v;
    if (pl_num(c, el, path, NULL, &v) < 0)
        return 0;
    const char *unit = tree_path_attr(el, path, "unit");
    for (size_t i = 0; i < ARRAY_N(units); i++)
        if (pl_is(unit ? unit : "KiB", units[i].unit)) {
            unsigned long long bytes;
            if (__builtin_mul_overflow(v, units[i].mul, &bytes)) {
                pl_fail(c, "size in element <%s> is too large", path && *path ? path : el->name);
                return 0;
            }
            return bytes;
        }
    pl_fail(c, "unit '%s' of element <%s> is not known", unit, path && *path ? path : el->name);
    return 0;
}

int pl_tri(const struct tree *el, const char *path, const char *attr)
{
    const char *s = value_of(el, path, attr);
    if (!s)
        return -1;
    return pl_is(s, "yes") || pl_is(s, "on") ? 1 : pl_is(s, "no") || pl_is(s, "off") ? 0 : -1;
}

void plan_free(struct plan *p)
{
    for (size_t i = 0; i < p->n; i++) {
        json_decref(p->v[i].props);
        free(p->v[i].word[0]);
        free(p->v[i].word[1]);
    }
    free(p->v);
    *p = (struct plan){ NULL, 0, 0 };
}
