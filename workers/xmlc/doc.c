/* doc.c: parse, complete and print a domain's document; helpers of the steps in between. */
#include "workers/xmlc/doc.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "ipc/util.h"
#include "workers/tree-form.h"
#include "workers/xmlc/parse.h"

void doc_default(struct tree *t, const char *attr, const char *value)
{
    if (!tree_attr(t, attr))
        tree_set_attr(t, attr, "%s", value);
}

bool doc_is(const struct tree *t, const char *attr, const char *value)
{
    return tree_attr_is(t, attr, value);
}

bool doc_in(const char *v, const char *list)
{
    size_t n = v ? strlen(v) : 0;
    for (const char *p = list; n && (p = strstr(p, v)); p += n)
        if ((p == list || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
            return true;
    return false;
}

bool doc_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

uint64_t doc_topology(const struct tree *dom)
{
    static const char *const dims[] = {"sockets", "dies", "cores", "threads"};
    const struct tree *t = tree_get(dom, "cpu/topology");
    uint64_t n = t != NULL;
    for (unsigned i = 0; i < ARRAY_N(dims); i++)
        if (__builtin_mul_overflow(n, (uint64_t)doc_uint(t, dims[i], 1), &n))
            return UINT64_MAX;
    return n;
}

unsigned doc_count(const struct tree *parent, const char *name)
{
    unsigned n = 0;
    TREE_EACH(c, parent, name)
        n++;
    return n;
}

struct tree *doc_add_device(struct doc *d, const char *name)
{
    struct tree *t = tree_new(name), *last = NULL;
    TREE_EACH(c, d->devices, name)
        last = c;
    if (last && last->next)
        tree_insert(d->devices, t, last->next);
    else
        tree_append(d->devices, t);
    return t;
}

void doc_sort(struct doc *d, const char *name, doc_place_fn *place)
{
    struct tree *list[2048], *first = tree_first(d->devices, name);
    unsigned n = 0, done = 0;
    if (d->env->flags & DOC_STORED)
        return;         /* they were sorted when the document came, and have stayed so */
    for (struct tree *t = first; t && n < ARRAY_N(list); t = tree_next(t, name))
        list[n++] = t;
    AUTO_TREE *box = tree_new("box");
    struct tree *behind = n ? list[n - 1]->next : NULL;
    for (unsigned i = 0; i < n; i++)
        tree_unlink(list[i]);
    for (; done < n; done++) {
        struct tree *t = list[done], *before = NULL;
        bool found = false;
        for (struct tree *c = box->last; c; c = c->prev) {
            int r = place(t, c);
            if (r == PLACE_BEFORE) {
                before = c;
                found = true;
            } else if (r == PLACE_LAST) {
                before = c->next;
                found = true;
                break;
            } else if (r == PLACE_AFTER && !found) {
                before = c->next;
                found = true;
            }
        }
        if (found && before)
            tree_insert(box, t, before);
        else
            tree_append(box, t);
    }
    while (box->child)
        if (behind)
            tree_insert(d->devices, box->child, behind);
        else
            tree_append(d->devices, box->child);
}

struct tree *doc_find_controller(struct doc *d, const char *type, unsigned index)
{
    TREE_EACH(c, d->devices, "controller")
        if (doc_is(c, "type", type) && doc_uint(c, "index", 0) == index)
            return c;
    return NULL;
}

struct tree *doc_add_controller(struct doc *d, const char *type, unsigned index, const char *model)
{
    struct tree *c = doc_add_device(d, "controller");
    tree_set_attr(c, "type", "%s", type);
    tree_set_attr(c, "index", "%u", index);
    if (model)
        tree_set_attr(c, "model", "%s", model);
    return c;
}

const char *doc_address_type(const struct tree *dev)
{
    const char *s = tree_path_attr(dev, "address", "type");
    return s ? s : "";
}

struct tree *doc_address(struct tree *dev, const char *type)
{
    struct tree *a = tree_make(dev, "address");
    while (a->attr)
        tree_set_attr(a, a->attr->name, NULL);
    tree_set_attr(a, "type", "%s", type);
    return a;
}

unsigned doc_uint(const struct tree *t, const char *attr, unsigned deflt)
{
    uint64_t v;
    return tree_parse_uint(tree_attr(t, attr), 0, UINT32_MAX, &v) ? deflt : (unsigned)v;
}

int doc_unsupported(struct doc *d, int domain, const char *fmt, ...)
{
    char text[ERR_DETAIL_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_set(d->e, VIR_ERR_CONFIG_UNSUPPORTED, domain, "%s", text);
}

int doc_bad(struct doc *d, const char *fmt, ...)
{
    char text[ERR_DETAIL_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_DOMAIN, "%s", text);
}

int doc_invalid(struct doc *d)
{
    if (d->env->flags & DOC_STRICT) {
        d->e->code = VIR_ERR_XML_INVALID_SCHEMA;
        d->e->domain = VIR_FROM_XML;
    }
    return -1;
}

int doc_random(void *p, size_t n)
{
    return getrandom(p, n, 0) == (ssize_t)n ? 0 : -1;
}

void doc_uuid(char out[37])
{
    uint8_t b[16] = {0};
    doc_random(b, sizeof b);
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    snprintf(out, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
        b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

bool doc_has_device(const struct doc *d, const char *type)
{
    return !d->emu || caps_has_device(d->emu, type);
}

bool is_virtio_model(const char *model)
{
    return doc_in(model, "virtio virtio-transitional virtio-non-transitional");
}

static int complete(struct doc *d)
{
    if (check_pci_addresses(d, d->devices))
        return d->e->code == VIR_ERR_XML_ERROR ? doc_invalid(d) : -1;
    return complete_top(d) || complete_devices(d) || check_document(d) ? -1 : 0;
}

struct tree *doc_parse(const char *xml, size_t n, const struct doc_env *env, struct err *e)
{
    AUTO_TREE *raw = parse_xml(xml, n, "(domain_definition)", "domain", e);
    return raw ? doc_complete(raw, env, e) : NULL;
}

struct tree *doc_complete(const struct tree *raw, const struct doc_env *env, struct err *e)
{
    unsigned flags = (env->flags & DOC_STRICT ? SCHEMA_STRICT : 0) | (env->flags & DOC_LIVE ? SCHEMA_LIVE : 0);
    struct doc d = {.e = e, .env = env, .lib_dir = doc_lib_dir(env)};
    if (!tree_first(raw, "name")) {     /* before all other faults, as clients know it */
        err_set(e, env->flags & DOC_STRICT ? VIR_ERR_XML_INVALID_SCHEMA : VIR_ERR_NO_NAME, env->flags & DOC_STRICT ? VIR_FROM_XML : VIR_FROM_DOMAIN, "%s",
                env->flags & DOC_STRICT ? "Element domain failed to validate content" : "");
        return NULL;
    }
    if (!tree_attr(raw, "type") || !*tree_attr(raw, "type")) {
        err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DOMAIN, "missing domain type attribute");
        return NULL;
    }
    AUTO_TREE *t = schema_apply(&schema_domain, raw, flags, e);
    if (!t)
        return NULL;
    if (doc_count(tree_first(t, "devices"), NULL) > DOC_DEVICES_MAX) {
        err_set(e, VIR_ERR_XML_ERROR, VIR_FROM_DOMAIN, "more than %d devices", DOC_DEVICES_MAX);
        return NULL;
    }
    d.t = t;
    d.devices = tree_make(t, "devices");
    if (complete(&d))
        return NULL;
    for (const struct tree *c = t->child; c; c = c->next)
        if (c->name && strncmp(c->name, "qemu:", 5) == 0) {
            tree_set_attr(t, "xmlns:qemu", "%s", NS_QEMU);
            break;
        }
    schema_order(&schema_domain, t);
    return STEAL_PTR(&t);
}

char *doc_text(const struct tree *t, unsigned flags, size_t *len)
{
    AUTO_TREE *c = tree_copy(t);
    tree_form(c, flags);
    return tree_print(c, 0, len);
}
