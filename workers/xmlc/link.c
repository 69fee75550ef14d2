/* link.c: limits of an interface's traffic: in the words of the hand that tells the kernel (supervisor/hand_shape.h), and their change while the guest runs. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "ipc/frame.h"
#include "ipc/util.h"
#include "workers/tree-marks.h"
#include "workers/xmlc/plug-kinds.h"
#include "workers/xmlc/run.h"

void link_text(const struct tree *t, char *dst, size_t n)
{
    static const struct { const char *key, *path; } ways[] = { { "in", "bandwidth/inbound" }, { "out", "bandwidth/outbound" } };
    size_t at = 0;
    *dst = 0;
    for (size_t i = 0; i < ARRAY_N(ways); i++) {
        const struct tree *w = tree_get(t, ways[i].path);
        if (doc_uint(w, "average", 0))
            at += (size_t)snprintf(dst + at, n - at, "%s%s=%u,%u,%u", at ? " " : "", ways[i].key, doc_uint(w, "average", 0), doc_uint(w, "peak", 0), doc_uint(w, "burst", 0));
    }
}

/* What was an interface's other words are these now. */
static int put(struct plug_run *p, const struct tree *t, struct err *e)
{
    char text[LINK_TEXT_MAX];
    if (!tree_attr(t, MARK_MANIFEST))
        return 0;
    link_text(t, text, sizeof text);
    struct manifest_entry m = { .kind = MK_LINK, .parent = (int32_t)doc_uint(t, MARK_MANIFEST, 0) };
    return plug_put(&p->manifest, &m, text, e);
}

static bool same(const struct tree *a, const struct tree *b)
{
    return (!a && !b) || (a && b && device_within(a, b) && device_within(b, a));
}

int plug_name_taps(struct plug_run *p, int grants, struct err *e)
{
    const struct grants_head *h;
    const struct grant *g;
    const void *map = NULL;
    size_t n = 0;
    if (grants < 0 || frame_map(grants, sizeof *h + MANIFEST_ENTRIES_MAX * sizeof *g, &map, &n) < 0 || n < sizeof *h)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "what the guest runs with cannot be read");
    h = map;
    g = (const void *)(h + 1);
    TREE_EACH(t, tree_first(p->t, "devices"), "interface") {
        uint32_t i = doc_uint(t, MARK_MANIFEST, MANIFEST_ENTRIES_MAX);
        if (i < h->n && sizeof *h + (i + 1) * sizeof *g <= n && g[i].made && memchr(g[i].name, 0, sizeof g[i].name) && g[i].name[0] && !tree_path_attr(t, "target", "dev"))
            tree_set_attr(tree_make(t, "target"), "dev", "%s", g[i].name);
    }
    munmap((void *)(uintptr_t)map, n);
    return 0;
}

int plug_shape(struct plug_run *p, const struct tree *before, struct err *e)
{
    const struct tree *old = tree_first(tree_first(before, "devices"), "interface");
    p->what = PLUG_NONE;
    TREE_EACH(t, tree_first(p->t, "devices"), "interface") {
        if (old && !tree_path_attr(old, "target", "dev") && tree_path_attr(t, "target", "dev"))
            tree_free(tree_first(t, "target"));
        if (old && !same(tree_first(t, "bandwidth"), tree_first(old, "bandwidth"))) {
            schema_order(&schema_domain, p->t);
            if (put(p, t, e))
                return -1;
            tree_append(p->devices, tree_copy(t));
            p->what = PLUG_SHAPE;
        }
        old = old ? tree_next(old, "interface") : NULL;
    }
    return 0;
}
