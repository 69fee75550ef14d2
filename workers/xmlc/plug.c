/* plug.c: devices of a running guest come, go and change.
 *
 * The run's tree is the start's, and what was there then stays as it is, for QEMU has it so.  A new device is completed inside the whole document, as a definition's
 * would be, but of what comes of that only the device itself is taken, and the controllers that came for its sake. */
#include "workers/xmlc/plug.h"
#include <stdio.h>
#include <string.h>
#include "ipc/util.h"
#include "workers/tree-marks.h"
#include "workers/xmlc/device.h"
#include "workers/xmlc/run.h"

#define ALIAS_NEW "bulkhead:new"        /* of the new device, until it gets its own: no client's alias has a colon */

static const char *alias_of(const struct tree *t) { return tree_path_attr(t, "alias", "name"); }

/* ---- the manifest ---- */

int plug_open(struct plug_run *p, struct tree *t, const void *manifest, size_t n, void *buf, size_t cap, struct err *e)
{
    struct manifest_in in;
    struct manifest_entry m;
    const char *path, *aux;
    int r = n <= cap ? manifest_open(&in, manifest, n) : -1;
    while (r == 0 && (r = manifest_next(&in, &m, &path, &aux)) > 0)
        r = 0;
    if (r || !tree_first(t, "devices"))
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "what the guest runs with cannot be read");
    memcpy(buf, manifest, n);
    *p = (struct plug_run){ .t = t, .devices = tree_new("devices"), .manifest = { .p = buf, .len = n, .cap = cap, .entries = in.next } };
    return 0;
}

static void marks(const struct tree *t, uint8_t *set)
{
    static const char *const names[] = { MARK_MANIFEST, MARK_MANIFEST2 };
    for (unsigned i = 0; i < ARRAY_N(names); i++)
        if (doc_uint(t, names[i], MANIFEST_ENTRIES_MAX) < MANIFEST_ENTRIES_MAX)
            BITMAP_SET(set, doc_uint(t, names[i], 0));
    for (const struct tree *c = t->child; c; c = c->next)
        marks(c, set);
}

/* What old had, and nobody in the run's tree has: with all that lies below an image. */
static void release(struct plug_run *p, const struct tree *old)
{
    uint8_t had[MANIFEST_ENTRIES_MAX / 8] = { 0 }, has[MANIFEST_ENTRIES_MAX / 8] = { 0 }, gone[MANIFEST_ENTRIES_MAX / 8] = { 0 };
    uint8_t *at = p->manifest.p + sizeof(struct manifest_head);
    struct manifest_entry m;
    marks(old, had);
    marks(p->t, has);
    for (unsigned i = 0; i < p->manifest.entries; i++, at += m.size) {
        memcpy(&m, at, sizeof m);
        if ((BITMAP_GET(had, i) && !BITMAP_GET(has, i)) || (m.parent >= 0 && BITMAP_GET(gone, m.parent))) {
            BITMAP_SET(gone, i);
            m.flags |= MF_GONE;
            memcpy(at, &m, sizeof m);
        }
    }
}

/* ---- a new device ---- */

/* Into the run's tree, behind as many of its kind as are before it in the completed document. */
static struct tree *graft(struct plug_run *p, const struct tree *from)
{
    struct tree *devices = tree_first(p->t, "devices"), *t = tree_copy(from), *at = tree_first(devices, from->name);
    for (const struct tree *c = from->prev; c; c = c->prev)
        if (c->name && strcmp(c->name, from->name) == 0 && at)
            at = tree_next(at, from->name);
    struct tree *own = tree_first(t, "alias");
    if (own && tree_attr_is(own, "name", ALIAS_NEW))
        tree_free(own);
    if (at)
        tree_insert(devices, t, at);
    else
        tree_append(devices, t);
    return t;
}

static bool comes_with_it(const struct tree *t) { return t->name && doc_in(t->name, "controller hub") && !alias_of(t); }

/* dev, which is not there yet, completed beside all that is. */
static struct tree *beside(const struct plug_run *p, const struct tree *dev, const struct doc_env *env, struct err *e)
{
    struct doc_env live = *env;
    AUTO_TREE *whole = tree_copy(p->t);
    struct tree *t = tree_copy(dev);
    live.flags = DOC_LIVE | DOC_CHANGE | DOC_PLUG;
    if (!alias_of(t))
        tree_set_attr(tree_make(t, "alias"), "name", ALIAS_NEW);
    tree_append(tree_first(whole, "devices"), t);
    return doc_complete(whole, &live, e);
}

static int plug_in(struct plug_run *p, const struct tree *dev, const struct doc_env *env, struct err *e)
{
    const char *alias = alias_of(dev) ? alias_of(dev) : ALIAS_NEW;
    AUTO_TREE *whole = beside(p, dev, env, e);
    struct tree *came[DOC_CONTROLLERS_MAX], *self = NULL;
    unsigned n = 0;
    if (!whole)
        return -1;
    for (struct tree *t = tree_first(whole, "devices")->child; t; t = t->next)
        if (comes_with_it(t) && n < ARRAY_N(came) - 1)
            came[n++] = graft(p, t);
        else if (t->name && strcmp(t->name, dev->name) == 0 && alias_of(t) && strcmp(alias_of(t), alias) == 0)
            self = t;
    if (!self)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "device '%s' says nothing", dev->name);
    came[n++] = graft(p, self);
    for (unsigned i = 0; i < n; i++) {
        run_device(p->t, came[i], env);
        if (run_manifest_device(p->t, came[i], env, &p->manifest, e))
            return -1;
    }
    schema_order(&schema_domain, p->t);
    for (unsigned i = 0; i < n; i++)
        tree_append(p->devices, tree_copy(came[i]));
    p->what = PLUG_IN;
    return 0;
}

/* ---- calls ---- */

static int plug_out(struct plug_run *p, const struct tree *t)
{
    tree_append(p->devices, tree_copy(t));
    p->what = PLUG_OUT;
    return 0;
}

int plug_change(struct plug_run *p, enum device_change what, const char *xml, size_t n, const struct doc_env *env, struct err *e)
{
    struct tree *devices = tree_first(p->t, "devices"), *t;
    const struct device_kind *k;
    AUTO_TREE *dev = device_read(p->t, xml, n, env, &k, e);
    if (!dev)
        return -1;
    if (strcmp(k->name, "disk") != 0 || (what != DEVICE_ATTACH && what != DEVICE_DETACH))
        return err_set(e, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "live change of device '%s' is not supported", k->word);
    t = device_find(k, devices, dev);
    if (what == DEVICE_ATTACH)
        return device_alone(what, p->t, dev, e) || plug_in(p, dev, env, e) ? -1 : 0;
    return t ? plug_out(p, t) : err_set(e, VIR_ERR_DEVICE_MISSING, VIR_FROM_QEMU, "disk %s not found", tree_path_attr(dev, "target", "dev"));
}

void plug_gone(struct plug_run *p, const char *alias)
{
    for (struct tree *t = tree_first(p->t, "devices")->child; t; t = t->next) {
        if (!t->name || !alias_of(t) || strcmp(alias_of(t), alias) != 0)
            continue;
        AUTO_TREE *old = t;
        tree_unlink(t);
        release(p, old);
        return;
    }
}
