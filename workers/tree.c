/* tree.c: see tree.h. */
#include "tree.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "ipc/frame.h"
#include "ipc/log.h"
#include "ipc/util.h"

#define TREE_DEPTH_MAX 64

/* A worker that runs out of memory for a node of a few bytes has no way on: it ends, and is born again. */
static void *must(void *p)
{
    BUG_ON(!p);
    return p;
}

/* NULL of no format. */
static char *vformat(const char *fmt, va_list ap)
{
    char *s = NULL;
    int n = fmt ? vasprintf(&s, fmt, ap) : 0;
    BUG_ON(n < 0);
    return s;
}

struct tree *tree_new(const char *name)
{
    struct tree *t = must(calloc(1, sizeof *t));
    if (name)
        t->name = must(strdup(name));
    return t;
}

void tree_unlink(struct tree *t)
{
    struct tree *p = t->parent;
    if (!p)
        return;
    if (t->prev)
        t->prev->next = t->next;
    else
        p->child = t->next;
    if (t->next)
        t->next->prev = t->prev;
    else
        p->last = t->prev;
    t->parent = t->next = t->prev = NULL;
}

static void attr_free(struct tree_attr *a)
{
    free(a->name);
    free(a->value);
    free(a);
}

void tree_free(struct tree *t)
{
    if (!t)
        return;
    tree_unlink(t);
    while (t->child)
        tree_free(t->child);
    while (t->attr) {
        struct tree_attr *a = t->attr;
        t->attr = a->next;
        attr_free(a);
    }
    free(t->name);
    free(t->text);
    free(t);
}

struct tree *tree_copy(const struct tree *t)
{
    struct tree *c = tree_new(t->name);
    if (t->text)
        c->text = must(strdup(t->text));
    for (const struct tree_attr *a = t->attr; a; a = a->next)
        tree_set_attr(c, a->name, "%s", a->value);
    for (const struct tree *k = t->child; k; k = k->next)
        tree_append(c, tree_copy(k));
    return c;
}

void tree_insert(struct tree *parent, struct tree *child, struct tree *before)
{
    tree_unlink(child);
    child->parent = parent;
    if (!before)
        before = parent->child;
    child->next = before;
    child->prev = before ? before->prev : NULL;
    if (before)
        before->prev = child;
    else
        parent->last = child;
    if (child->prev)
        child->prev->next = child;
    else
        parent->child = child;
}

void tree_order(struct tree *parent, const char *name, bool (*before)(const struct tree *, const struct tree *))
{
    for (struct tree *t = tree_first(parent, name), *next; t; t = next) {
        struct tree *at = t;
        next = tree_next(t, name);
        while (at->prev && at->prev->name && strcmp(at->prev->name, name) == 0 && before(t, at->prev))
            at = at->prev;
        if (at != t)
            tree_insert(parent, t, at);
    }
}

void tree_append(struct tree *parent, struct tree *child)
{
    tree_unlink(child);
    child->parent = parent;
    child->prev = parent->last;
    if (parent->last)
        parent->last->next = child;
    else
        parent->child = child;
    parent->last = child;
}

struct tree *tree_add(struct tree *parent, const char *name)
{
    struct tree *t = tree_new(name);
    tree_append(parent, t);
    return t;
}

struct tree *tree_add_text(struct tree *parent, const char *name, const char *fmt, ...)
{
    struct tree *t = tree_add(parent, name);
    va_list ap;
    va_start(ap, fmt);
    t->text = vformat(fmt, ap);
    va_end(ap);
    return t;
}

struct tree *tree_first(const struct tree *parent, const char *name)
{
    struct tree *t = parent ? parent->child : NULL;
    if (!t || !name || (t->name && strcmp(t->name, name) == 0))
        return t;
    return tree_next(t, name);
}

struct tree *tree_next(const struct tree *t, const char *name)
{
    for (struct tree *n = t->next; n; n = n->next)
        if (!name || (n->name && strcmp(n->name, name) == 0))
            return n;
    return NULL;
}

/* One step of a path; *path moves behind it. */
static struct tree *step(const struct tree *t, const char **path)
{
    size_t n = strcspn(*path, "/");
    const char *name = *path;
    *path += n;
    if (**path == '/')
        ++*path;
    for (struct tree *c = t->child; c; c = c->next)
        if (c->name && strlen(c->name) == n && memcmp(c->name, name, n) == 0)
            return c;
    return NULL;
}

struct tree *tree_get(const struct tree *t, const char *path)
{
    if (!path)
        return (struct tree *)(uintptr_t)t;
    while (t && *path)
        t = step(t, &path);
    return (struct tree *)(uintptr_t)t;
}

struct tree *tree_make(struct tree *t, const char *path)
{
    while (*path) {
        const char *name = path;
        struct tree *c = step(t, &path);
        if (!c) {
            char *s = must(strndup(name, strcspn(name, "/")));
            c = tree_add(t, s);
            free(s);
        }
        t = c;
    }
    return t;
}

const char *tree_attr(const struct tree *t, const char *name)
{
    if (t)
        for (const struct tree_attr *a = t->attr; a; a = a->next)
            if (strcmp(a->name, name) == 0)
                return a->value;
    return NULL;
}

const char *tree_path_attr(const struct tree *t, const char *path, const char *name)
{
    return t ? tree_attr(tree_get(t, path), name) : NULL;
}

const char *tree_text(const struct tree *t, const char *path)
{
    t = t ? tree_get(t, path) : NULL;
    return t ? t->text : NULL;
}

void tree_set_attr(struct tree *t, const char *name, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *v = vformat(fmt, ap);
    va_end(ap);
    struct tree_attr **p = &t->attr;
    while (*p && strcmp((*p)->name, name) != 0)
        p = &(*p)->next;
    if (!v) {
        struct tree_attr *a = *p;
        if (a) {
            *p = a->next;
            attr_free(a);
        }
    } else if (*p) {
        free((*p)->value);
        (*p)->value = v;
    } else {
        struct tree_attr *a = must(calloc(1, sizeof *a));
        a->name = must(strdup(name));
        a->value = v;
        *p = a;
    }
}

void tree_set_text(struct tree *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *v = vformat(fmt, ap);
    va_end(ap);
    free(t->text);
    t->text = v;
}

bool tree_attr_is(const struct tree *t, const char *name, const char *value)
{
    const char *v = tree_attr(t, name);
    return v && strcmp(v, value) == 0;
}

int tree_parse_uint(const char *s, int base, uint64_t max, uint64_t *v)
{
    uint64_t n = 0;
    if (!s)
        return -ENOENT;
    if (base == 0)
        base = s[0] == '0' && (s[1] == 'x' || s[1] == 'X') ? 16 : 10;
    if (base == 16 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X'))
        s += 2;
    if (!*s)
        return -EINVAL;
    for (; *s; s++) {
        int d = *s >= '0' && *s <= '9' ? *s - '0' : *s >= 'a' && *s <= 'f' ? *s - 'a' + 10 : *s >= 'A' && *s <= 'F' ? *s - 'A' + 10 : 99;
        if (d >= base || __builtin_mul_overflow(n, (uint64_t)base, &n) || __builtin_add_overflow(n, (uint64_t)d, &n))
            return -EINVAL;
    }
    if (n > max)
        return -EINVAL;
    *v = n;
    return 0;
}

uint64_t tree_number(const struct tree *t, const char *path, uint64_t absent)
{
    uint64_t v;
    return tree_parse_uint(path ? tree_text(t, path) : t ? t->text : NULL, 10, UINT64_MAX, &v) ? absent : v;
}

int tree_attr_uint(const struct tree *t, const char *name, uint64_t max, uint64_t *v)
{
    return tree_parse_uint(tree_attr(t, name), 10, max, v);
}

/* ---- printing ---- */

/* Two styles: a document's own elements as libvirt writes them, and what is inside <metadata> as libxml2 does, which libvirt leaves
 * that to: double quotes, and fewer characters escaped. */
static void put_escaped(struct mp_out *o, const char *s, bool attr, bool foreign)
{
    for (const char *p = s; *p; p++) {
        char num[16];
        const char *e = NULL;
        switch (*p) {
        case '<': e = "&lt;"; break;
        case '>': e = "&gt;"; break;
        case '&': e = "&amp;"; break;
        case '\'': e = foreign ? NULL : "&apos;"; break;
        case '"': e = foreign && !attr ? NULL : "&quot;"; break;
        case '\n': e = foreign && attr ? "&#10;" : NULL; break;
        case '\t': e = foreign && attr ? "&#9;" : NULL; break;
        case '\r': e = foreign ? "&#13;" : NULL; break;
        }
        if (!e && foreign && attr && (unsigned char)*p >= 0xc2) {     /* one UTF-8 character: it was checked by the reader */
            unsigned n = (unsigned char)*p >= 0xf0 ? 4 : (unsigned char)*p >= 0xe0 ? 3 : 2, k = 1;
            unsigned v = (unsigned char)*p & (0xffu >> (n + 1));
            for (; k < n && ((unsigned char)p[k] & 0xc0) == 0x80; k++)
                v = v << 6 | ((unsigned char)p[k] & 0x3fu);
            snprintf(num, sizeof num, "&#x%X;", v);
            p += k - 1;
            e = num;
        }
        if (e)
            mp_raw(o, e, strlen(e));
        else
            mp_raw(o, p, 1);
    }
}

static void put(struct mp_out *o, const char *s)
{
    mp_raw(o, s, strlen(s));
}

static bool is_mixed(const struct tree *t)
{
    for (const struct tree *c = t->child; c; c = c->next)
        if (!c->name)
            return true;
    return false;
}

/* flat: inside mixed content, where no blanks may be added. */
static void print_node(struct mp_out *o, const struct tree *t, unsigned indent, bool flat, bool foreign)
{
    if (!t->name) {
        if (t->text)
            put_escaped(o, t->text, false, foreign);
        return;
    }
    for (unsigned i = 0; !flat && i < indent; i++)
        mp_raw(o, " ", 1);
    if (strcmp(t->name, TREE_VERBATIM) == 0) {
        if (t->text)
            put(o, t->text);
        if (!flat)
            put(o, "\n");
        return;
    }
    foreign |= strcmp(t->name, "metadata") == 0;
    put(o, "<");
    put(o, t->name);
    for (const struct tree_attr *a = t->attr; a; a = a->next) {
        put(o, " ");
        put(o, a->name);
        put(o, foreign ? "=\"" : "='");
        put_escaped(o, a->value, true, foreign);
        put(o, foreign ? "\"" : "'");
    }
    if (!t->child && !t->text) {
        put(o, "/>");
    } else {
        bool mixed = flat || is_mixed(t);
        put(o, ">");
        if (t->text)
            put_escaped(o, t->text, false, foreign);
        if (t->child && !mixed)
            put(o, "\n");
        for (const struct tree *c = t->child; c; c = c->next)
            print_node(o, c, indent + 2, mixed, foreign);
        for (unsigned i = 0; t->child && !mixed && i < indent; i++)
            mp_raw(o, " ", 1);
        put(o, "</");
        put(o, t->name);
        put(o, ">");
    }
    if (!flat)
        put(o, "\n");
}

static char *print(const struct tree *t, unsigned indent, bool foreign, size_t *len)
{
    struct mp_out o;
    mp_out_init(&o, 64u << 20);
    print_node(&o, t, indent, false, foreign);
    mp_raw(&o, "", 1);
    if (o.failed) {
        mp_out_free(&o);
        return NULL;
    }
    if (len)
        *len = o.len - 1;
    return (char *)o.p;
}

char *tree_print(const struct tree *t, unsigned indent, size_t *len)
{
    return print(t, indent, false, len);
}

char *tree_print_foreign(const struct tree *t)
{
    return print(t, 0, true, NULL);
}

/* ---- msgpack ---- */

void tree_pack(struct mp_out *o, const struct tree *t)
{
    uint32_t n = 0;
    mp_array(o, 4);
    mp_str(o, t->name);
    mp_str(o, t->text);
    for (const struct tree_attr *a = t->attr; a; a = a->next)
        n += 2;
    mp_array(o, n);
    for (const struct tree_attr *a = t->attr; a; a = a->next) {
        mp_str(o, a->name);
        mp_str(o, a->value);
    }
    n = 0;
    for (const struct tree *c = t->child; c; c = c->next)
        n++;
    mp_array(o, n);
    for (const struct tree *c = t->child; c; c = c->next)
        tree_pack(o, c);
}

static struct tree *unpack(struct mp_in *in, unsigned depth)
{
    if (depth > TREE_DEPTH_MAX || mp_get_array(in, 4) != 4) {
        in->bad = true;
        return NULL;
    }
    AUTO_TREE *t = tree_new(NULL);
    if (!mp_get_nil(in))
        t->name = mp_get_strdup(in, 1024);
    if (!mp_get_nil(in))
        t->text = mp_get_strdup(in, 16u << 20);
    uint32_t n = mp_get_array(in, 4096);
    if (n % 2)
        in->bad = true;
    struct tree_attr **tail = &t->attr;
    for (uint32_t i = 0; i < n / 2 && !in->bad; i++) {
        struct tree_attr *a = must(calloc(1, sizeof *a));
        *tail = a;
        tail = &a->next;
        a->name = mp_get_strdup(in, 1024);
        a->value = mp_get_strdup(in, 1u << 20);
    }
    n = mp_get_array(in, 1u << 20);
    for (uint32_t i = 0; i < n && !in->bad; i++) {
        struct tree *c = unpack(in, depth + 1);
        if (c)
            tree_append(t, c);
    }
    if (in->bad)
        return NULL;
    return STEAL_PTR(&t);
}

struct tree *tree_unpack(struct mp_in *in)
{
    return unpack(in, 0);
}

/* A level of the tree is two of msgpack. */
#define TREE_MP_DEPTH 140

struct tree *tree_map(int fd)
{
    const void *p;
    size_t n;
    struct mp_in in;
    struct tree *t = NULL;
    if (fd < 0 || frame_map(fd, FRAME_BIG_MAX, &p, &n) || !p)
        return NULL;
    if (mp_guard(p, n, TREE_MP_DEPTH, FRAME_BIG_MAX, NULL) == 0) {
        mp_in_init(&in, p, n);
        t = tree_unpack(&in);
    }
    munmap((void *)(uintptr_t)p, n);
    return t;
}
