/* schema.c: a client's tree against the document tables. */
#include "workers/xmlc/schema.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "ipc/util.h"

#define VALUE_MAX 8192      /* of values that are not plain strings */

struct walk { unsigned flags; struct err *e; };

static bool cond_holds(const struct sx_row *row, const struct tree *t)
{
    for (const struct sx_cond *c = row->cond; c && c->attr; c++) {
        const struct tree *at = t;
        bool found = false;
        for (int i = 0; i < c->up && at; i++)
            at = at->parent;
        const char *v = tree_attr(at, c->attr);
        for (const char *const *p = c->values; *p && !found; p++)
            found = strcmp(*p, v ? v : "none") == 0 || (v && strcmp(*p, "*") == 0);
        if (found == !!c->negate)
            return false;
    }
    return true;
}

/* Row of the child element of that name that applies to t (an element of that type in canonical form); NULL. */
static const struct sx_row *schema_kid(const struct sx_type *type, const struct tree *t, const char *name)
{
    for (unsigned i = 0; i < type->nkid; i++)
        if (strcmp(type->kid[i].name, name) == 0 && cond_holds(&type->kid[i], t))
            return &type->kid[i];
    return NULL;
}

static bool kept(const struct walk *w, const struct sx_row *row)
{
    return !(row->flags & SXF_LIVE) || (w->flags & SCHEMA_LIVE);
}

/* What the tables do not know is refused only when the client asked for validation. */
static int unknown_check(const struct walk *w, const struct sx_type *type, const struct tree *raw)
{
    if (!(w->flags & SCHEMA_STRICT))
        return 0;
    for (const struct tree_attr *a = raw->attr; a; a = a->next) {
        bool known = strncmp(a->name, "xmlns", 5) == 0;
        for (unsigned i = 0; type && i < type->nattr && !known; i++)
            known = strcmp(type->attr[i].name, a->name) == 0;
        if (!known)
            return err_set(w->e, VIR_ERR_XML_INVALID_SCHEMA, VIR_FROM_XML, "Unknown attribute '%s' in element '%s'", a->name, raw->name);
    }
    for (const struct tree *c = raw->child; c; c = c->next) {
        bool known = !c->name || strchr(c->name, ':');
        for (unsigned i = 0; type && i < type->nkid && !known; i++)
            known = strcmp(type->kid[i].name, c->name) == 0;
        if (!known)
            return err_set(w->e, VIR_ERR_XML_INVALID_SCHEMA, VIR_FROM_XML, "Unknown element '%s' in element '%s'", c->name, raw->name);
    }
    return 0;
}

/* What validates is written plainly: a number has no sign where none counts, nor blanks around it in an attribute. */
static bool is_plain(const struct sx_row *row, const char *attr, const char *v)
{
    if (row->vtype != SX_UINT && row->vtype < SX_KIB)
        return true;
    if (attr)
        return !*v || (isdigit((unsigned char)*v) && !isspace((unsigned char)v[strlen(v) - 1]));
    return isdigit((unsigned char)v[strspn(v, " \t\r\n")]);
}

/* One value into canonical form: *out is a new string, NULL when it is to be left out. */
static int value(const struct walk *w, const struct sx_row *row, const struct tree *raw, const char *attr, const char *v, char **out, const char **unit)
{
    char buf[VALUE_MAX];
    *out = NULL;
    if (row->vtype == SX_STR) {
        *out = strdup(v);
        return *out ? 0 : err_set(w->e, VIR_ERR_NO_MEMORY, VIR_FROM_DOMAIN, " ");
    }
    if ((w->flags & SCHEMA_STRICT) && !is_plain(row, attr, v))
        return err_set(w->e, VIR_ERR_XML_INVALID_SCHEMA, VIR_FROM_XML, "Invalid value '%s' of '%s' in element '%s'", v, attr ? attr : "text", raw->name);
    bool lax = (row->flags & SXF_LAX) && !(w->flags & SCHEMA_STRICT);
    if (value_check(row, raw->name, attr, v, tree_attr(raw, "unit"), buf, sizeof buf, unit, lax ? NULL : w->e)) {
        if ((w->flags & SCHEMA_STRICT) && w->e && w->e->code) {
            w->e->code = VIR_ERR_XML_INVALID_SCHEMA;
            w->e->domain = VIR_FROM_XML;
        }
        if (!lax)
            return w->e && !w->e->code ? err_set(w->e, VIR_ERR_XML_ERROR, VIR_FROM_DOMAIN, "value of '%s' is too long", raw->name) : -1;
        snprintf(buf, sizeof buf, "%s", row->flags & SXF_ADD ? row->deflt : "");
    }
    if (!*buf || ((row->flags & SXF_OMIT) && strcmp(buf, row->deflt) == 0))
        return 0;
    *out = strdup(buf);
    return *out ? 0 : err_set(w->e, VIR_ERR_NO_MEMORY, VIR_FROM_DOMAIN, " ");
}

static int attributes(const struct walk *w, const struct sx_type *type, const struct tree *raw, struct tree *t, const char **unit)
{
    for (unsigned i = 0; i < type->nattr; i++) {
        const struct sx_row *row = &type->attr[i];
        const char *v = tree_attr(raw, row->name);
        AUTO_FREE char *out = NULL;
        if (!kept(w, row) || tree_attr(t, row->name) || !cond_holds(row, t))
            continue;
        if (row->vtype == SX_UNIT) {
            tree_set_attr(t, row->name, "%s", *unit ? *unit : "?");   /* its place; the value may come later */
            continue;
        }
        if (v && !*v && (row->flags & SXF_BLANK) && (row->vtype == SX_STR || !(w->flags & SCHEMA_STRICT)))
            v = NULL;
        if (!v && row->miss)
            return w->flags & SCHEMA_STRICT ? err_set(w->e, VIR_ERR_XML_INVALID_SCHEMA, VIR_FROM_XML, "%s", row->miss->text) :
                err_set(w->e, row->miss->code, row->miss->domain, "%s", row->miss->text);
        if (!v && (row->flags & SXF_NEED))
            return err_set(w->e, w->flags & SCHEMA_STRICT ? VIR_ERR_XML_INVALID_SCHEMA : VIR_ERR_XML_ERROR, VIR_FROM_XML,
                    "Missing required attribute '%s' in element '%s'", row->name, raw->name);
        if (!v && !(row->flags & SXF_ADD))
            continue;
        if (value(w, row, raw, row->name, v ? v : row->deflt, &out, unit))
            return -1;
        if (out)
            tree_set_attr(t, row->name, "%s", out);
    }
    return 0;
}

static struct tree *element(const struct walk *w, const struct sx_row *row, const struct sx_type *type, const struct tree *raw, struct tree *parent);

static int children(const struct walk *w, const struct sx_type *type, const struct tree *raw, struct tree *t, bool mixed)
{
    for (const struct tree *c = mixed ? raw->child : NULL; c; c = c->next) {
        const struct sx_row *row = c->name ? schema_kid(type, t, c->name) : NULL;
        if (row && kept(w, row) && !element(w, row, row->type, c, t))
            return -1;
    }
    if (mixed)
        return 0;
    for (unsigned i = 0; i < type->nkid; i++) {
        const struct sx_row *row = &type->kid[i];
        bool any = false;
        unsigned n = 0;
        if (!kept(w, row) || !cond_holds(row, t) || (!(row->flags & SXF_MANY) && tree_first(t, row->name)))
            continue;
        TREE_EACH(c, raw, row->name) {
            if (any && !(row->flags & SXF_MANY)) {
                if (w->flags & SCHEMA_STRICT)
                    return err_set(w->e, VIR_ERR_XML_INVALID_SCHEMA, VIR_FROM_XML, "Extra element '%s' in element '%s'", row->name, raw->name);
                break;
            }
            any = true;
            if (++n > SCHEMA_MANY_MAX && !(row->flags & SXF_LOTS))
                return err_set(w->e, VIR_ERR_XML_ERROR, VIR_FROM_DOMAIN, "more than %d elements '%s' in element '%s'", SCHEMA_MANY_MAX, row->name, raw->name);
            if (row->flags & SXF_ANY)
                tree_append(t, tree_copy(c));
            else if (!element(w, row, row->type, c, t))
                return -1;
        }
        if (any || !(row->flags & SXF_ADD))
            continue;
        tree_add_text(t, row->name, "%s", row->deflt);
    }
    return 0;
}

static int refuse_others(const struct walk *w, const struct sx_row *row, const struct tree *raw)
{
    for (const struct tree *c = raw->child; c; c = c->next) {
        bool known = !c->name;
        for (unsigned i = 0; i < row->type->nkid && !known; i++)
            known = strcmp(row->type->kid[i].name, c->name) == 0;
        if (!known)
            return schema_refuse(row->err, c->name, c->name, w->e);
    }
    return 0;
}

/* The canonical form of raw as the last child of parent, or as a tree of its own.  An element that says nothing is not kept;
 * then parent itself is returned. */
static struct tree *element(const struct walk *w, const struct sx_row *row, const struct sx_type *type, const struct tree *raw, struct tree *parent)
{
    const char *unit = NULL;
    struct tree *t = tree_new(raw->name);
    bool empty;
    if (parent)
        tree_append(parent, t);
    if (row && (row->flags & SXF_CLOSED) && refuse_others(w, row, raw))
        goto fail;
    if (unknown_check(w, type, raw) || (type && attributes(w, type, raw, t, &unit)))
        goto fail;
    if (row && row->vtype != SX_NONE) {
        AUTO_FREE char *out = NULL;
        if (!raw->text && (w->flags & SCHEMA_STRICT) && row->vtype != SX_STR && row->vtype != SX_UUID) {
            err_set(w->e, VIR_ERR_XML_INVALID_SCHEMA, VIR_FROM_XML, "Element '%s' says nothing", raw->name);
            goto fail;
        }
        if (raw->text && value(w, row, raw, NULL, raw->text, &out, &unit))
            goto fail;
        if (out || (row->flags & SXF_ADD))
            tree_set_text(t, "%s", out ? out : row->deflt);
    }
    if (tree_attr_is(t, "unit", "?"))
        tree_set_attr(t, "unit", unit ? "%s" : NULL, unit);
    if (type && children(w, type, raw, t, row && (row->flags & SXF_MIXED)))
        goto fail;
    empty = !t->attr && !t->child && !t->text;
    if (row && row->vtype != SX_NONE && row->vtype != SX_STR && !t->text && !t->child && !(row->flags & SXF_KEEP))
        empty = true;
    if (row && empty && !(row->flags & SXF_KEEP)) {
        tree_free(t);
        return parent;
    }
    return t;
fail:
    tree_free(t);
    return NULL;
}

struct tree *schema_apply(const struct sx_type *type, const struct tree *raw, unsigned flags, struct err *e)
{
    struct walk w = {flags, e};
    return element(&w, NULL, type, raw, NULL);
}

/* Place of a name among rows that apply to t: those of a name may stand in several places. */
static unsigned rank(const struct sx_row *rows, unsigned n, const char *name, const struct tree *t)
{
    for (unsigned i = 0; i < n; i++)
        if (name && strcmp(rows[i].name, name) == 0 && cond_holds(&rows[i], t))
            return i;
    return n;
}

#define ATTRS_MAX 64

static void order_attributes(const struct sx_type *type, struct tree *t)
{
    struct tree_attr *list[ATTRS_MAX], **tail = &t->attr;
    unsigned place[ATTRS_MAX], n = 0;
    for (struct tree_attr *a = t->attr; a; a = a->next) {
        unsigned r = rank(type->attr, type->nattr, a->name, t), i = n;
        if (n == ATTRS_MAX)
            return;
        for (; i > 0 && place[i - 1] > r; i--) {
            place[i] = place[i - 1];
            list[i] = list[i - 1];
        }
        place[i] = r;
        list[i] = a;
        n++;
    }
    for (unsigned i = 0; i < n; i++, tail = &(*tail)->next)
        *tail = list[i];
    *tail = NULL;
}

static void order_node(const struct sx_type *type, struct tree *t, bool mixed)
{
    order_attributes(type, t);
    for (unsigned i = 0; !mixed && i <= type->nkid; i++)     /* children move to the end, kind by kind; those no row knows come last */
        for (struct tree *c = t->child, *next, *stop = t->last; c; c = next) {
            next = c == stop ? NULL : c->next;
            if (rank(type->kid, type->nkid, c->name, t) == i)
                tree_append(t, c);
        }
    for (struct tree *c = t->child, *next; c; c = next) {
        const struct sx_row *row = c->name ? schema_kid(type, t, c->name) : NULL;
        next = c->next;
        if (row && row->type)
            order_node(row->type, c, row->flags & SXF_MIXED);
        if (row && !(row->flags & (SXF_KEEP | SXF_ANY)) && !c->attr && !c->child && !c->text)
            tree_free(c);
    }
}

void schema_order(const struct sx_type *type, struct tree *t) { order_node(type, t, false); }
