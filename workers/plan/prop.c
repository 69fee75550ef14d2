/* prop.c: property tables: one row says where in the element a property's value stands and what it becomes. */
#include "priv.h"

const char *pl_map(const struct map *m, const char *v, bool *known)
{
    while (m->from && !pl_is(m->from, v))
        m++;
    if (known)
        *known = m->from;
    return m->to;
}

static void fill_one(struct ctx *c, const struct tree *el, const struct prop *p, json_t *o)
{
    unsigned long long n;
    bool known;
    int t;
    const char *s = NULL;
    if (p->type == PT_STR || p->type == PT_MAP)
        s = p->attr ? tree_path_attr(el, p->path, p->attr) : tree_text(el, p->path);
    switch (p->type) {
    case PT_STR:
        if (s)
            pl_setf(c, o, p->key, "%s", s);
        break;
    case PT_INT:
        if (pl_num(c, el, p->path, p->attr, &n) == 0)
            pl_set_int(o, p->key, (long long)n);
        break;
    case PT_BOOL:
        if ((t = pl_tri(el, p->path, p->attr)) >= 0)
            pl_set_bool(o, p->key, t);
        break;
    case PT_ONOFF:
        if ((t = pl_tri(el, p->path, p->attr)) >= 0)
            pl_set(o, p->key, t ? "on" : "off");
        break;
    case PT_MAP:
        if (s) {
            const char *to = pl_map(p->map, s, &known);
            if (!known)
                pl_fail(c, "%s '%s' of element <%s> is not supported", p->attr ? p->attr : p->path, s, el->name);
            pl_set(o, p->key, to);
        }
        break;
    case PT_CONST:
        pl_set(o, p->key, p->path);
        break;
    case PT_ID:
        pl_setf(c, o, p->key, "%s", pl_alias(c, el));
        break;
    case PT_REF:
        pl_setf(c, o, p->key, "%s%s", p->path, pl_alias(c, el));
        break;
    case PT_FN:
        p->fn(c, el, o);
        break;
    case PT_END:
        break;
    }
}

void pl_fill(struct ctx *c, const struct tree *el, const struct prop *t, json_t *o)
{
    for (; t->type != PT_END && !c->failed; t++)
        fill_one(c, el, t, o);
}

json_t *pl_emit(struct ctx *c, enum plan_opt opt, const struct tree *el, const struct prop *t)
{
    json_t *o = pl_item(c, opt);
    pl_fill(c, el, t, o);
    return o;
}
