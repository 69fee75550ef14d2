/* api_doc.c: calls that the live document answers, whatever QEMU does. */
#include "config.h"
#include <stdio.h>
#include <string.h>

#include "ipc/util.h"
#include "workers/qemu/ops.h"
#include "workers/tree-form.h"

enum { AFFECT_LIVE = 1, AFFECT_CONFIG = 2, TYPED_STRING_OKAY = 4 };

OP_FN(api_get_xml)
{
    struct guest *g = w->data;
    struct mp_in in;
    struct mp_out o;
    size_t n;
    if (call_args(g, rq, f, &in))
        return;
    uint32_t flags = mp_get_u32(&in);
    if (call_end_args(g, rq, &in) || call_check_flags(g, rq, flags, FORM_SECURE | FORM_INACTIVE | FORM_UPDATE_CPU | FORM_MIGRATABLE, "qemuDomainGetXMLDesc"))
        return;
    AUTO_FREE char *xml = guest_xml(g, flags, &n);
    mp_out_init(&o, FRAME_BIG_MAX);
    mp_array(&o, 1);
    if (xml)
        mp_strn(&o, xml, n);
    else
        o.failed = true;
    worker_reply_out(w, rq, &o);
}

/* ---- metadata ---- */
enum { META_DESCRIPTION, META_TITLE, META_ELEMENT };

static const char *xmlns_of(const struct tree *el)
{
    char name[256];
    const char *colon = el->name ? strchr(el->name, ':') : NULL;
    if (!colon)
        return tree_attr(el, "xmlns");
    return util_format(name, sizeof name, "xmlns:%.*s", (int)(colon - el->name), el->name) ? NULL : tree_attr(el, name);
}

static struct tree *find_element(struct guest *g, const char *uri)
{
    TREE_EACH(el, tree_get(g->tree, "metadata"), NULL) {
        const char *ns = xmlns_of(el);
        if (ns && !strcmp(ns, uri))
            return el;
    }
    return NULL;
}

/* The element as it was given: without the prefix that the document gave it. */
static void without_prefix(struct tree *t, const char *prefix, size_t n)
{
    if (t->name && !strncmp(t->name, prefix, n) && t->name[n] == ':')
        memmove(t->name, t->name + n + 1, strlen(t->name + n + 1) + 1);
    TREE_EACH(c, t, NULL)
        without_prefix(c, prefix, n);
}

static char *element_text(const struct tree *el)
{
    AUTO_TREE *copy = tree_copy(el);
    const char *colon = strchr(el->name, ':');
    if (colon) {
        char name[256];
        if (!util_format(name, sizeof name, "xmlns:%.*s", (int)(colon - el->name), el->name))
            tree_set_attr(copy, name, NULL);
        without_prefix(copy, el->name, (size_t)(colon - el->name));
    } else
        tree_set_attr(copy, "xmlns", NULL);
    size_t n;
    char *text = tree_print(copy, 0, &n);
    if (text && n && text[n - 1] == '\n')
        text[n - 1] = 0;
    return text;
}

OP_FN(api_get_metadata)
{
    struct guest *g = w->data;
    struct mp_in in;
    struct mp_out o;
    if (call_args(g, rq, f, &in))
        return;
    int32_t type = mp_get_i32(&in);
    AUTO_FREE char *uri = mp_get_nil(&in) ? NULL : mp_get_strdup(&in, 4096);
    uint32_t flags = mp_get_u32(&in);
    AUTO_FREE char *found = NULL;
    if (call_end_args(g, rq, &in) || call_check_flags(g, rq, flags, AFFECT_LIVE | AFFECT_CONFIG, "qemuDomainGetMetadata"))
        return;
    if (type == META_ELEMENT && uri) {
        struct tree *el = find_element(g, uri);
        found = el ? element_text(el) : NULL;
    } else if (type == META_DESCRIPTION || type == META_TITLE) {
        const char *t = tree_text(g->tree, type == META_TITLE ? "title" : "description");
        found = t ? strdup(t) : NULL;
    } else {
        struct err e = ERR_INIT;
        if (type == META_ELEMENT)
            err_set(&e, VIR_ERR_INVALID_ARG, VIR_FROM_DOMAIN, "uri in virDomainGetMetadata must not be NULL");
        else
            err_set(&e, VIR_ERR_INVALID_ARG, VIR_FROM_DOMAIN, "unknown metadata type '%d'", type);
        worker_error(w, rq, &e);
        return;
    }
    if (!found) {
        struct err e = ERR_INIT;
        err_set(&e, VIR_ERR_NO_DOMAIN_METADATA, VIR_FROM_DOMAIN, "Requested metadata element is not present");
        worker_error(w, rq, &e);
        return;
    }
    mp_out_init(&o, FRAME_BIG_MAX);
    mp_array(&o, 1);
    mp_str(&o, found);
    worker_reply_out(w, rq, &o);
}

/* Puts a leaf of text in its place in the document's order, or takes it away. */
static void set_leaf(struct guest *g, const char *name, const char *text)
{
    struct tree *t = tree_get(g->tree, name);
    if (!text || !*text) {
        if (t)
            tree_free(t);
        return;
    }
    if (!t) {
        /* <title> and <description> come after <genid> or <uuid>, and before all else. */
        struct tree *after = tree_get(g->tree, "genid") ? tree_get(g->tree, "genid") : tree_get(g->tree, "uuid");
        if (!strcmp(name, "description") && tree_get(g->tree, "title"))
            after = tree_get(g->tree, "title");
        t = tree_new(name);
        tree_insert(g->tree, t, after ? after->next : NULL);
    }
    tree_set_text(t, "%s", text);
}

OP_FN(api_set_metadata)
{
    struct guest *g = w->data;
    struct mp_in in;
    struct err e = ERR_INIT;
    if (call_args(g, rq, f, &in))
        return;
    int32_t type = mp_get_i32(&in);
    AUTO_FREE char *text = mp_get_nil(&in) ? NULL : mp_get_strdup(&in, 4u << 20);
    AUTO_FREE char *key = mp_get_nil(&in) ? NULL : mp_get_strdup(&in, 4096);
    AUTO_FREE char *uri = mp_get_nil(&in) ? NULL : mp_get_strdup(&in, 4096);
    uint32_t flags = mp_get_u32(&in);
    if (call_end_args(g, rq, &in) || call_check_flags(g, rq, flags, AFFECT_LIVE | AFFECT_CONFIG, "qemuDomainSetMetadata"))
        return;
    if (type == META_TITLE && text && strchr(text, '\n'))
        err_set(&e, VIR_ERR_INVALID_ARG, VIR_FROM_DOMAIN, "metadata title can't contain newlines");
    else if (type == META_TITLE || type == META_DESCRIPTION)
        set_leaf(g, type == META_TITLE ? "title" : "description", text);
    else if (type != META_ELEMENT)
        err_set(&e, VIR_ERR_INVALID_ARG, VIR_FROM_DOMAIN, "unknown metadata type '%d'", type);
    else if (!uri)
        err_set(&e, VIR_ERR_INVALID_ARG, VIR_FROM_DOMAIN, "uri in virDomainSetMetadata must not be NULL");
    else if (text)
        err_set(&e, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "a new metadata element on a running domain");
    else if (find_element(g, uri))
        tree_free(find_element(g, uri));
    if (e.code) {
        worker_error(w, rq, &e);
        return;
    }
    notify_metadata(g, type, uri);
    guest_changed(g);
    reply_ok(g, rq);
}

OP_FN(api_scheduler_type)
{
    struct guest *g = w->data;
    struct mp_in in;
    struct mp_out o;
    if (call_args(g, rq, f, &in) || call_end_args(g, rq, &in))
        return;
    mp_out_init(&o, 64);
    mp_array(&o, 2);
    mp_str(&o, "posix");
    mp_int(&o, 9);
    worker_reply_out(w, rq, &o);
}

enum { MESSAGE_TAINTING = 2 };
OP_FN(api_messages)
{
    struct guest *g = w->data;
    struct mp_in in;
    struct mp_out o;
    if (call_args(g, rq, f, &in))
        return;
    uint32_t flags = mp_get_u32(&in);
    if (call_end_args(g, rq, &in) || call_check_flags(g, rq, flags, 3, "qemuDomainGetMessages"))
        return;
    bool wanted = !flags || flags & MESSAGE_TAINTING;
    mp_out_init(&o, 4096);
    mp_array(&o, 1);
    mp_array(&o, wanted ? g->tainted_monitor + g->tainted_agent : 0);
    if (wanted && g->tainted_monitor)
        mp_str(&o, "tainted: custom monitor control commands issued");
    if (wanted && g->tainted_agent)
        mp_str(&o, "tainted: custom guest agent control commands issued");
    worker_reply_out(w, rq, &o);
}

/* ---- disks with errors: QEMU's word ---- */
static void on_blocks(void *data, json_t *ret, const struct err *e)
{
    enum { DISK_ERROR_UNSPEC = 1, DISK_ERROR_NO_SPACE };
    struct call *c = data;
    struct { const char *dst; int code; } bad[256];
    unsigned n = 0;
    struct mp_out o;
    json_t *v;
    size_t i;
    if (!ret) {
        call_fail(c, e);
        return;
    }
    json_array_foreach(ret, i, v) {
        const char *io = json_string_value(json_object_get(v, "io-status")), *qdev = json_string_value(json_object_get(v, "qdev"));
        if (!io || !strcmp(io, "ok") || !qdev || n >= ARRAY_N(bad))
            continue;
        TREE_EACH(disk, tree_get(c->g->tree, "devices"), "disk") {
            const char *alias = device_alias(disk), *dst = tree_path_attr(disk, "target", "dev");
            if (alias && dst && strstr(qdev, alias) && n < ARRAY_N(bad)) {
                bad[n].dst = dst;
                bad[n++].code = !strcmp(io, "nospace") ? DISK_ERROR_NO_SPACE : DISK_ERROR_UNSPEC;
                break;
            }
        }
    }
    uint32_t max = *(uint32_t *)c->extra;
    mp_out_init(&o, 65536);
    mp_array(&o, 2);
    mp_array(&o, max ? (n < max ? n : max) : 0);
    for (unsigned k = 0; max && k < n && k < max; k++) {
        mp_array(&o, 2);
        mp_str(&o, bad[k].dst);
        mp_int(&o, bad[k].code);
    }
    if (max)
        mp_uint(&o, n < max ? n : max);
    else {                              /* the question is how many there could be */
        uint32_t disks = 0;
        TREE_EACH(disk, tree_get(c->g->tree, "devices"), "disk")
            disks++;
        mp_uint(&o, disks);
    }
    call_out(c, &o);
}

OP_FN(api_disk_errors)
{
    struct guest *g = w->data;
    struct mp_in in;
    if (call_args(g, rq, f, &in))
        return;
    uint32_t max = mp_get_u32(&in), flags = mp_get_u32(&in);
    if (call_end_args(g, rq, &in) || call_check_flags(g, rq, flags, 0, "qemuDomainGetDiskErrors") || call_need_up(g, rq))
        return;
    struct call *c = call_new(g, rq);
    *(uint32_t *)call_extra(c, sizeof max) = max;
    qmp_send(&g->qmp, "query-block", NULL, -1, 0, on_blocks, c);
    qmp_flush(&g->qmp);
}
