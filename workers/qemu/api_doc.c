/* api_doc.c: calls that the live document answers, whatever QEMU does. */
#include "config.h"
#include <stdio.h>
#include <string.h>

#include "ipc/util.h"
#include "workers/qemu/ops.h"
#include "workers/tree-form.h"
#include "workers/tree-meta.h"
#include "workers/tree-params.h"

enum { AFFECT_LIVE = 1, AFFECT_CONFIG = 2, NAME_BYTES = 4096, TEXT_BYTES = 4 << 20 };

OP_FN(api_get_xml)
{
    struct guest *g = w->data;
    struct mp_out o;
    size_t n;
    uint32_t flags;
    if (call_flags(g, rq, f, &flags))
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

/* ---- metadata: XML text of a client goes through an xmlc, as everywhere ---- */

OP_ARGS(api_get_metadata)
{
    struct mp_out o;
    struct err e = ERR_INIT;
    int32_t type = mp_get_i32(&in);
    AUTO_FREE char *uri = mp_get_nil(&in) ? NULL : mp_get_strdup(&in, NAME_BYTES);
    mp_get_u32(&in);
    if (call_end_args(g, rq, &in))
        return;
    AUTO_FREE char *text = meta_get(g->tree, type, uri, &e);
    if (!text) {
        worker_error(g->w, rq, &e);
        return;
    }
    mp_out_init(&o, FRAME_BIG_MAX);
    mp_array(&o, 1);
    mp_str(&o, text);
    worker_reply_out(g->w, rq, &o);
}

struct set_meta { int32_t type; char *key, *uri; };

static void set_meta_free(void *extra)
{
    struct set_meta *m = extra;
    free(m->key);
    free(m->uri);
}

static void set_meta(struct call *c, const char *text, struct tree *element)
{
    struct guest *g = c->g;
    struct set_meta *m = c->extra;
    struct err e = ERR_INIT;
    if (meta_set(g->tree, m->type, text, element, m->key, m->uri, &e)) {
        call_fail(c, &e);
        return;
    }
    notify_metadata(g, m->type, m->type == META_ELEMENT ? m->uri : NULL);
    guest_told(g);
    call_ok(c);
}

static void on_element(struct worker *w, void *data, struct frame *f, const struct err *e)
{
    struct call *c = data;
    struct tree *t = NULL;
    (void)w;
    if (e) {
        call_fail(c, e);
        return;
    }
    AUTO_CLOSE fd = frame_take_fd(f, 0);
    t = tree_map(fd);
    if (t)
        set_meta(c, NULL, t);
    else
        call_failf(c, VIR_ERR_INTERNAL_ERROR, "malformed element");
}

OP_ARGS(api_set_metadata)
{
    struct call *c = call_new(g, rq);
    struct set_meta *m = call_extra(c, sizeof *m);
    c->free_extra = set_meta_free;
    m->type = mp_get_i32(&in);
    AUTO_FREE char *text = mp_get_nil(&in) ? NULL : mp_get_strdup(&in, TEXT_BYTES);
    m->key = mp_get_nil(&in) ? NULL : mp_get_strdup(&in, NAME_BYTES);
    m->uri = mp_get_nil(&in) ? NULL : mp_get_strdup(&in, NAME_BYTES);
    mp_get_u32(&in);
    if (call_end_args(g, rq, &in)) {
        call_drop(c);
        return;
    }
    if (m->type != META_ELEMENT || !text) {
        set_meta(c, text, NULL);
        return;
    }
    AUTO_CLOSE fd = frame_memfd("element", text, strlen(text));
    int r = fd < 0 ? fd : worker_call(g->w, OP_IN(IN_DOC_ELEMENT), 0, NULL, 0, &fd, 1, on_element, c);
    if (r)
        call_failf(c, VIR_ERR_INTERNAL_ERROR, "cannot have an element read: %s", strerror(-r));
}

OP_ARGS(api_params)
{
    struct err e = ERR_INIT;
    struct mp_out o;
    mp_out_init(&o, FRAME_BODY_MAX);
    if (!tree_params(rq->op, g->tree, true, &in, &o, &e)) {
        worker_reply_out(g->w, rq, &o);
        return;
    }
    mp_out_free(&o);
    worker_error(g->w, rq, &e);
}

/* One label a driver, in the order capabilities list them: none, dac. */
OP_FN(api_security_labels)
{
    struct guest *g = w->data;
    struct mp_out o;
    const char *dac = "";
    if (call_no_args(g, rq, f))
        return;
    TREE_EACH(l, g->tree, "seclabel")
        if (tree_attr_is(l, "model", "dac") && tree_text(l, "label"))
            dac = tree_text(l, "label");
    unsigned n = g->layout.session ? 1 : 2;
    mp_out_init(&o, 4096);
    mp_array(&o, 2);
    mp_array(&o, n);
    for (unsigned i = 0; i < n; i++) {
        mp_array(&o, 2);
        mp_str(&o, i ? dac : "");
        mp_int(&o, 0);
    }
    mp_int(&o, (int)n);
    worker_reply_out(w, rq, &o);
}

/* ---- disks with errors: QEMU's word ---- */
static void on_blocks(struct call *c, json_t *ret)
{
    enum { DISK_ERROR_UNSPEC = 1, DISK_ERROR_NO_SPACE };
    struct { const char *dst; int code; } bad[256];
    unsigned n = 0;
    char alias[NAME_MAX_BYTES];
    struct mp_out o;
    json_t *v;
    size_t i;
    json_array_foreach(ret, i, v) {
        const char *io = json_string_value(json_object_get(v, "io-status")), *qdev = json_string_value(json_object_get(v, "qdev"));
        if (!io || !strcmp(io, "ok") || !qdev || n >= ARRAY_N(bad))
            continue;
        qdev_alias(qdev, alias, sizeof alias);
        const char *dst = tree_path_attr(guest_device(c->g, alias), "target", "dev");
        if (dst) {
            bad[n].dst = dst;
            bad[n++].code = !strcmp(io, "nospace") ? DISK_ERROR_NO_SPACE : DISK_ERROR_UNSPEC;
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

OP_ARGS(api_disk_errors)
{
    uint32_t max = mp_get_u32(&in);
    mp_get_u32(&in);
    if (call_end_args(g, rq, &in) || call_need_up(g, rq))
        return;
    struct call *c = call_new(g, rq);
    *(uint32_t *)call_extra(c, sizeof max) = max;
    call_qmp(c, "query-block", NULL, on_blocks);
}
