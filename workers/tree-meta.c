/* tree-meta.c: see tree-meta.h. */
#include "workers/tree-meta.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/util.h"

/* Namespace of an element right below <metadata>: declared on it or on <metadata>. */
static const char *namespace_of(const struct tree *t)
{
    const char *colon = t->name ? strchr(t->name, ':') : NULL, *uri;
    char key[256];
    if (!t->name)
        return NULL;
    if (colon)
        snprintf(key, sizeof key, "xmlns:%.*s", (int)(colon - t->name), t->name);
    else
        snprintf(key, sizeof key, "xmlns");
    uri = tree_attr(t, key);
    return uri ? uri : tree_attr(t->parent, key);
}

static struct tree *find(const struct tree *dom, const char *uri)
{
    for (struct tree *t = tree_first(tree_first(dom, "metadata"), NULL); t && uri; t = t->next) {
        const char *ns = namespace_of(t);
        if (ns && strcmp(ns, uri) == 0)
            return t;
    }
    return NULL;
}

/* Takes a prefix off an element and all below, with the declarations of that namespace. */
static void strip(struct tree *t, const char *prefix, const char *uri)
{
    size_t n = strlen(prefix);
    char key[256];
    snprintf(key, sizeof key, "xmlns%s%s", n ? ":" : "", prefix);
    if (t->name && n && strncmp(t->name, prefix, n) == 0 && t->name[n] == ':')
        memmove(t->name, t->name + n + 1, strlen(t->name + n + 1) + 1);
    if (tree_attr(t, key) && strcmp(tree_attr(t, key), uri) == 0)
        tree_set_attr(t, key, NULL);
    for (struct tree *c = t->child; c; c = c->next)
        strip(c, prefix, uri);
}

char *meta_get(const struct tree *dom, int type, const char *uri, struct err *e)
{
    static const char *const names[] = {"description", "title"};
    char *s = NULL;
    if (type == META_ELEMENT) {
        const struct tree *t = find(dom, uri);
        if (!t) {
            err_set(e, VIR_ERR_NO_DOMAIN_METADATA, VIR_FROM_DOMAIN, "Requested metadata element is not present");
            return NULL;
        }
        AUTO_TREE *copy = tree_copy(t);
        const char *colon = strchr(copy->name, ':');
        AUTO_FREE char *prefix = strndup(copy->name, colon ? (size_t)(colon - copy->name) : 0);
        strip(copy, prefix ? prefix : "", uri);
        s = tree_print_foreign(copy);
        if (!s)
            err_set(e, VIR_ERR_NO_MEMORY, VIR_FROM_DOMAIN, " ");
        else
            s[strlen(s) - 1] = 0;      /* without the last newline */
        return s;
    }
    if (type != META_DESCRIPTION && type != META_TITLE) {
        err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_DOMAIN, "unknown metadata type '%d'", type);
        return NULL;
    }
    if (!tree_text(dom, names[type])) {
        err_set(e, VIR_ERR_NO_DOMAIN_METADATA, VIR_FROM_DOMAIN, "Requested metadata element is not present");
        return NULL;
    }
    s = strdup(tree_text(dom, names[type]));
    if (!s)
        err_set(e, VIR_ERR_NO_MEMORY, VIR_FROM_DOMAIN, " ");
    return s;
}

/* Elements that have no namespace get the new one. */
static void prefix_all(struct tree *t, const char *key)
{
    char *name = NULL;
    if (!t->name || strcmp(t->name, TREE_VERBATIM) == 0 || strchr(t->name, ':') || tree_attr(t, "xmlns"))
        return;
    if (asprintf(&name, "%s:%s", key, t->name) < 0)
        return;
    free(t->name);
    t->name = name;
    for (struct tree *c = t->child; c; c = c->next)
        prefix_all(c, key);
}

/* A namespace is declared before the attributes. */
static void declare(struct tree *t, const char *key, const char *uri)
{
    struct tree_attr **p = &t->attr, *a;
    AUTO_FREE char *name = NULL;
    if (asprintf(&name, "xmlns:%s", key) < 0)
        return;
    tree_set_attr(t, name, NULL);
    tree_set_attr(t, name, "%s", uri);
    while ((*p)->next)
        p = &(*p)->next;
    a = *p;
    *p = NULL;          /* it was the last, or the only one */
    a->next = t->attr;
    t->attr = a;
}

/* The first child, in libvirt's order, that an element goes in front of. */
static struct tree *place(const struct tree *dom, const char *name)
{
    static const char *const order[] = {"name", "uuid", "genid", "title", "description", "metadata"};
    size_t me = 0;
    while (me < ARRAY_N(order) && strcmp(order[me], name) != 0)
        me++;
    for (struct tree *t = dom->child; t; t = t->next) {
        size_t i = 0;
        while (i < ARRAY_N(order) && !(t->name && strcmp(order[i], t->name) == 0))
            i++;
        if (i > me)
            return t;
    }
    return NULL;
}

static struct tree *make(struct tree *dom, const char *name)
{
    struct tree *t = tree_first(dom, name), *before;
    if (t)
        return t;
    t = tree_new(name);
    before = place(dom, name);
    if (before)
        tree_insert(dom, t, before);
    else
        tree_append(dom, t);
    return t;
}

int meta_set(struct tree *dom, int type, const char *text, struct tree *element, const char *key, const char *uri, struct err *e)
{
    static const char *const names[] = {"description", "title"};
    struct tree *t;
    if (type == META_DESCRIPTION || type == META_TITLE) {
        tree_free(element);
        if (type == META_TITLE && text && strchr(text, '\n'))
            return err_set(e, VIR_ERR_XML_ERROR, VIR_FROM_DOMAIN, "Domain title can't contain newlines");
        if (text && *text)
            tree_set_text(make(dom, names[type]), "%s", text);
        else if ((t = tree_first(dom, names[type])))
            tree_free(t);
        return 0;
    }
    if (type != META_ELEMENT || !uri || !*uri || (element && (!key || !*key))) {
        tree_free(element);
        return err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_DOMAIN, type != META_ELEMENT ? "unknown metadata type" : "a metadata element needs a key and a uri");
    }
    if ((t = find(dom, uri)))
        tree_free(t);
    if (element) {
        struct tree *m = make(dom, "metadata");
        prefix_all(element, key);
        declare(element, key, uri);
        tree_append(m, element);
    } else if ((t = tree_first(dom, "metadata")) && !t->child) {
        tree_free(t);
    }
    return 0;
}
