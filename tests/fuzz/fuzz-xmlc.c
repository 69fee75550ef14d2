/* fuzz-xmlc: a client's document, read as a definition and as a running guest's.  What is accepted must be accepted again, validated and as
 * our own stored text, and be the same text then.  The tree survives its packed form; metadata can be
 * got and set; nothing a client wrote passes for one of our marks.  Its devices, and what is
 * behind a NUL, come to a run of it, are changed and go: what else runs stays as it is. */
#include <stdlib.h>
#include <string.h>
#include "workers/tree-form.h"
#include "workers/tree-marks.h"
#include "workers/tree-meta.h"
#include "workers/xmlc/parse.h"
#include "workers/xmlc/plug.h"
#include "workers/xmlc/run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(c) do { if (!(c)) abort(); } while (0)

static char *again(const char *text, unsigned flags)
{
    struct doc_env env = { .flags = flags };
    struct err e = ERR_INIT;
    struct tree *t = doc_parse(text, strlen(text), &env, &e);
    if (!t)
        abort();
    char *s = doc_text(t, FORM_SECURE | FORM_INACTIVE, NULL);
    tree_free(t);
    MUST(s);
    return s;
}

static void no_marks(const struct tree *t)
{
    for (const struct tree_attr *a = t->attr; a; a = a->next)
        MUST(strncmp(a->name, "bulkhead:", strlen("bulkhead:")) != 0);
    for (const struct tree *c = t->child; c; c = c->next)
        if (!c->name || strcmp(c->name, "metadata") != 0)
            no_marks(c);
}

static void packed(const struct tree *t)
{
    struct mp_out o;
    struct mp_in in;
    mp_out_init(&o, 64u << 20);
    tree_pack(&o, t);
    MUST(!o.failed && mp_guard(o.p, o.len, 2 * PARSE_DEPTH_MAX + 16, 64u << 20, NULL) == 0);
    mp_in_init(&in, o.p, o.len);
    struct tree *u = tree_unpack(&in);
    MUST(u && mp_end(&in));
    char *a = tree_print(t, 0, NULL), *b = tree_print(u, 0, NULL);
    MUST(a && b && strcmp(a, b) == 0);
    free(a);
    free(b);
    tree_free(u);
    mp_out_free(&o);
}

static void metadata(struct tree *t)
{
    struct err e = ERR_INIT;
    struct tree *x = parse_verbatim("<a b='c'><d/></a>", 17, "(metadata_xml)", &e);
    MUST(x && meta_set(t, META_ELEMENT, NULL, x, "k", "urn:k", &e) == 0);
    char *s = meta_get(t, META_ELEMENT, "urn:k", &e);
    MUST(s && strcmp(s, "<a b=\"c\">\n  <d/>\n</a>") == 0);
    free(s);
    MUST(meta_set(t, META_ELEMENT, NULL, NULL, NULL, "urn:k", &e) == 0 && !meta_get(t, META_ELEMENT, "urn:k", &e));
}

/* One of its devices, as one that a client attaches, changes or takes away; which of them, the size of the document says. */
static void device(struct tree *t, size_t size)
{
    struct doc_env env = { .flags = DOC_CHANGE };
    struct err e = ERR_INIT;
    const struct tree *d = tree_make(t, "devices")->child;
    size_t len;
    for (size_t n = size / 3 % 8; n && d && d->next; n--)
        d = d->next;
    if (!d)
        return;
    char *text = tree_print(d, 0, &len);
    struct tree *dom = tree_copy(t), *changed = device_change(dom, (enum device_change)(size % 3), text, len, &env, &e);
    MUST(changed ? !e.code : e.code);
    if (changed)
        tree_free(changed);
    tree_free(dom);
    free(text);
}

/* Are all devices of old in now, in the same order, but for what is different in number? */
static bool unchanged(const struct tree *old, const struct tree *now, unsigned may)
{
    const struct tree *b = tree_get(now, "devices")->child;
    for (const struct tree *a = tree_get(old, "devices")->child; a; a = a->next) {
        char *x = tree_print(a, 0, NULL), *y = NULL;
        const struct tree *from = b;
        for (; b && (free(y), y = tree_print(b, 0, NULL), strcmp(x, y) != 0); b = b->next)
            ;
        if (!b && !may--)
            return free(x), free(y), false;
        b = b ? b->next : from;
        free(x);
        free(y);
    }
    return true;
}

/* A call on the run, and what must be so then; the run is what it made of it. */
static void call(struct tree **run, struct manifest_out *m, enum device_change what, const char *text, size_t len, unsigned flags)
{
    static uint8_t buf[MANIFEST_BYTES_MAX];
    struct doc_env env = { .flags = DOC_CHANGE | flags };
    struct err e = ERR_INIT;
    struct plug_run p;
    struct tree *t = tree_copy(*run);
    MUST(plug_open(&p, t, m->p, m->len, buf, sizeof buf, &e) == 0);
    if (plug_change(&p, what, text, len, &env, &e))
        MUST(e.code);
    else {
        MUST(!e.code && p.what >= PLUG_IN && p.what <= PLUG_SHAPE && p.what != PLUG_TUNE && (p.what == PLUG_NONE) == !p.devices->child);
        bool changed = p.what == PLUG_CHANGE || p.what == PLUG_SHAPE;
        MUST(unchanged(*run, t, changed));
        MUST((p.what == PLUG_SHAPE || p.manifest.len >= m->len) && p.manifest.entries >= m->entries);
        MUST(changed || memcmp(buf + sizeof(struct manifest_head), m->p + sizeof(struct manifest_head), m->len - sizeof(struct manifest_head)) == 0);
        MUST((p.what == PLUG_IN || changed) || p.manifest.len == m->len);
        packed(p.devices);
        MUST(manifest_finish(&p.manifest) > 0);
        memcpy(m->p, buf, p.manifest.len);
        m->len = p.manifest.len;
        m->entries = p.manifest.entries;
        tree_free(*run);
        *run = tree_copy(t);
    }
    if (p.what == PLUG_OUT) {
        const char *alias = tree_path_attr(p.devices->child, "alias", "name");
        MUST(alias);
        plug_gone(&p, alias);
        MUST(manifest_finish(&p.manifest) == (ssize_t)m->len);
        for (const struct tree *d = tree_get(t, "devices")->child; d; d = d->next)
            MUST(!tree_path_attr(d, "alias", "name") || strcmp(tree_path_attr(d, "alias", "name"), alias) != 0);
    }
    tree_free(p.devices);
    tree_free(t);
}

/* The devices that follow the one that the size of the document tells; and other: a client's text of one. */
static void plugs(const struct tree *t, const struct manifest_out *manifest, size_t size, const char *other, size_t other_len)
{
    static uint8_t buf[MANIFEST_BYTES_MAX];
    struct manifest_out m = { .p = buf, .len = manifest->len, .cap = sizeof buf, .entries = manifest->entries };
    const struct tree *d = tree_get(t, "devices")->child;
    struct tree *run = tree_copy(t);
    memcpy(buf, manifest->p, m.len);
    for (unsigned what = DEVICE_ATTACH; other && what <= DEVICE_DETACH_ALIAS; what++)
        call(&run, &m, (enum device_change)what, other, other_len, size & 1 ? DOC_AGAIN : 0);
    for (size_t n = size % 16; n && d && d->next; n--)
        d = d->next;
    for (unsigned n = 0; n < 3 && d; n++, d = d->next) {
        struct tree *one = tree_copy(d);
        run_unmark(one);
        size_t len;
        for (unsigned k = 0; k < 2; k++) {      /* as it is, and as another one of its kind */
            static const char *const own[] = { "alias", "address" };
            char *text = tree_print(one, 0, &len);
            for (unsigned what = DEVICE_ATTACH; what <= DEVICE_UPDATE; what++)
                call(&run, &m, (enum device_change)what, text, len, size & 1 ? DOC_AGAIN : 0);
            free(text);
            for (unsigned i = 0; i < 2; i++)
                if (tree_first(one, own[i]))
                    tree_free(tree_first(one, own[i]));
            if (strcmp(one->name, "disk") == 0)
                tree_set_attr(tree_make(one, "target"), "dev", "%.2sq", tree_path_attr(one, "target", "dev"));
        }
        tree_free(one);
    }
    tree_free(run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t buf[MANIFEST_BYTES_MAX];
    struct doc_env env = { .caps = NULL }, live = { .flags = DOC_LIVE };
    struct err e = ERR_INIT;
    struct manifest_out o;
    const char *nul = memchr(data, 0, size);
    size_t other_len = nul ? size - (size_t)(nul + 1 - (const char *)data) : 0;
    char *other = nul ? malloc(other_len + 1) : NULL;      /* a copy of its own size, so that who reads beyond it is caught */
    if (nul) {
        memcpy(other, nul + 1, other_len);
        size -= other_len + 1;
    }
    struct tree *t = doc_parse((const char *)data, size, &env, &e);
    if (!t) {
        free(other);
        MUST(e.code);
        return 0;
    }
    no_marks(t);
    packed(t);
    device(t, size);
    char *one = doc_text(t, FORM_SECURE | FORM_INACTIVE, NULL), *two = again(one, DOC_STRICT | DOC_STORED), *three = again(two, 0);
    MUST(strcmp(one, two) == 0);
    free(one);
    free(two);
    free(three);
    if (run_form(t, 1, &env, &e) == 0) {
        manifest_begin(&o, buf, sizeof buf);
        if (run_manifest(t, &env, true, &o, &e) == 0) {
            MUST(manifest_finish(&o) > 0);
            plugs(t, &o, size, other, other_len);
        }
        char *text = doc_text(t, FORM_SECURE, NULL);
        struct tree *u = doc_parse(text, strlen(text), &live, &e);
        if (u)
            tree_free(u);
        free(text);
    }
    metadata(t);
    tree_free(t);
    free(other);
    return 0;
}
