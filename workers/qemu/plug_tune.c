/* plug_tune.c: limits, pins and performance events of the guest have changed: the host's kernel was told by a hand, and the document that clients see follows. */
#include "config.h"
#include <stdlib.h>
#include <string.h>

#include "ipc/schema/op-numbers.h"
#include "ipc/log.h"
#include "ipc/util.h"
#include "workers/qemu/plug.h"
#include "workers/qemu/stats.h"
#include "workers/tree-iothreads.h"
#include "workers/tree-marks.h"
#include "workers/tree-params.h"

/* Where libvirt shows them: before the first of these. */
static const struct { const char *name, *before; } elements[] = {
    { "blkiotune", "memtune memoryBacking vcpu" }, { "memtune", "memoryBacking vcpu" }, { "cputune", "numatune resource sysinfo bootloader os" },
    { "numatune", "resource sysinfo bootloader os" }, { "perf", "devices" },
};

static bool is_among(const char *word, const char *list)
{
    size_t n = strlen(word);
    for (const char *p = list; (p = strstr(p, word)); p += n)
        if ((p == list || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
            return true;
    return false;
}

/* ---- the event: what is another value than before ---- */

static const struct { const char *element, *attr; } pins[] = { { "vcpupin", "vcpu" }, { "emulatorpin", NULL }, { "iothreadpin", "iothread" } };

static const char *pin_of(const struct tree *tune, size_t kind, const char *id)
{
    TREE_EACH(p, tune, pins[kind].element)
        if (!id || tree_attr_is(p, pins[kind].attr, id))
            return tree_attr(p, "cpuset");
    return NULL;
}

static void tell_param(struct mp_out *o, uint32_t *n, const char *name, int type, const char *value)
{
    mp_array(o, 3);
    mp_str(o, name);
    mp_int(o, type);
    if (type == TYPED_STRING)
        mp_str(o, value);
    else if (type == TYPED_LLONG)
        mp_int(o, strtoll(value, NULL, 10));
    else
        mp_uint(o, strtoull(value, NULL, 10));
    ++*n;
}

static void tell(struct guest *g, const struct tree *was, const struct tree *now)
{
    struct mp_out list, all;
    char name[64];
    uint32_t told = 0;
    unsigned n;
    const struct param *known = params_of(OP_REMOTE_DOMAIN_SET_SCHEDULER_PARAMETERS_FLAGS, &n);
    mp_out_init(&list, 1 << 16);
    mp_out_init(&all, 1 << 16);
    for (unsigned i = 0; i < n; i++) {
        const char *path = strchr(known[i].path, '/') + 1, *a = tree_text(was, path), *b = tree_text(now, path);
        if (!b || (a && !strcmp(a, b)))
            continue;
        util_format(name, sizeof name, "cputune.%s", known[i].name);
        tell_param(&list, &told, name, known[i].type, b);
    }
    for (size_t k = 0; k < ARRAY_N(pins); k++)
        TREE_EACH(p, now, pins[k].element) {
            const char *id = pins[k].attr ? tree_attr(p, pins[k].attr) : NULL, *a = pin_of(was, k, id), *b = tree_attr(p, "cpuset");
            if (!b || (a && !strcmp(a, b)) || util_format(name, sizeof name, "cputune.%s%.10s", pins[k].element, id ? id : "") < 0)
                continue;
            tell_param(&list, &told, name, TYPED_STRING, b);
        }
    mp_list(&all, told, &list);
    if (told)
        notify_tunable(g, &all);
    mp_out_free(&all);
}

/* ---- the document ---- */

/* Of an I/O thread that has gone meanwhile the supervisor's model may still have one. */
static void forget_pins(struct guest *g, struct tree *tune)
{
    uint64_t id;
    AUTO_TREE *copy = tree_copy(g->tree);       /* in which each has a row */
    for (unsigned i = 0; i < IOTHREAD_TUNINGS; i++)
        for (struct tree *p = tree_first(tune, iothread_tunings[i].element), *next; p; p = next) {
            next = tree_next(p, iothread_tunings[i].element);
            if (tree_attr_uint(p, iothread_tunings[i].attr, UINT32_MAX, &id) || !iothread_find(copy, (uint32_t)id))
                tree_free(p);
        }
}

static void replace(struct guest *g, struct tree *t, const char *before)
{
    struct tree *old = tree_first(g->tree, t->name), *at = g->tree->child;
    while (at && !(at->name && is_among(at->name, before)))
        at = at->next;
    if (at && t->child)
        tree_insert(g->tree, t, at);
    if (old)
        tree_free(old);
}

/* Events that are not counted any more: their descriptors go, and the kernel ends them when all of us have let go. */
static void forget_events(struct guest *g, const struct tree *now)
{
    TREE_EACH(was, tree_get(g->tree, "perf"), "event") {
        const char *mark = tree_attr(was, MARK_MANIFEST);
        bool stays = !mark;
        TREE_EACH(t, now, "event")
            stays |= mark && tree_attr_is(t, MARK_MANIFEST, mark);
        if (!stays)
            guest_drop_ends(g, was);
    }
}

/* ---- threads that came ---- */

static void on_tuned(struct worker *w, void *data, struct frame *f, const struct err *e)
{
    struct guest *g = data;
    (void)w, (void)f;
    if (e)
        log_warn("a new thread is not where it belongs: %s", e->detail);
    g->tune_busy = false;
    if (g->tune_again)
        guest_tune(g);
}

void guest_tune(struct guest *g)
{
    g->tune_again = g->tune_busy;
    if (!g->tune_busy && tree_get(g->tree, "cputune"))
        g->tune_busy = worker_call(g->w, OP_IN(IN_TUNE), 0, NULL, 0, NULL, 0, on_tuned, g) == 0;
}

/* ---- IN_PLUG ---- */

void plug_tune_begin(struct plugging *p)
{
    struct guest *g = p->g;
    for (size_t i = 0; i < ARRAY_N(elements); i++) {
        struct tree *t = tree_first(p->devices, elements[i].name);
        if (!t)
            continue;
        tree_unlink(t);
        AUTO_TREE *spare = t;
        forget_pins(g, t);
        if (!strcmp(t->name, "cputune"))
            tell(g, tree_first(g->tree, "cputune"), t);
        if (!strcmp(t->name, "perf"))
            forget_events(g, t);
        replace(g, t, elements[i].before);
        if (t->parent)
            spare = NULL;
    }
    plug_take_ends(p);
    close(g->manifest_fd);
    close(g->grants_fd);
    g->manifest_fd = STEAL_FD(&p->manifest_fd);
    g->grants_fd = STEAL_FD(&p->grants_fd);
    stats_forget(g);
    guest_told(g);
    plug_end(p);
}
