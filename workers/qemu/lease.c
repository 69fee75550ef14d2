/* lease.c: when the guest's leases are taken and given up: while its CPUs run it has them.  What they are and how they are had is not this role's
 * business: the supervisor sees to it, one after the other. */
#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/log.h"
#include "ipc/util.h"
#include "workers/qemu/migrate.h"
#include "workers/tree-marks.h"

struct asked { struct guest *g; uint32_t what; lease_fn *fn; void *data; };

static void ask(struct guest *g, uint32_t what, lease_fn *fn, void *data);

static void on_answer(struct worker *w, void *data, struct frame *f, const struct err *e)
{
    struct asked *a = data;
    (void)w, (void)f;
    if (a->what & LEASES_ONE) {
        if (e && !(a->what & LEASES_TAKE))
            log_warn("the lease of a disk was not given up: %s", e->detail);
    } else if (a->what == LEASES_TAKE) {
        a->g->locks |= e ? LOCKS_GIVING : LOCKS_HELD;
        if (e)        /* who knows what came of it: what was got would be another's when it is asked for again */
            ask(a->g, LEASES_GIVE, NULL, NULL);
    } else {
        a->g->locks &= ~(uint32_t)LOCKS_GIVING;
        if (e)
            log_warn("leases were not given up: %s", e->detail);
    }
    if (a->fn)
        a->fn(a->data, e);
    free(a);
}

static void ask(struct guest *g, uint32_t what, lease_fn *fn, void *data)
{
    struct err e = ERR_INIT;
    struct asked *a = malloc(sizeof *a);
    int r = a ? (*a = (struct asked){ g, what, fn, data }, worker_call(g->w, OP_IN(IN_LEASES_ASK), what, NULL, 0, NULL, 0, on_answer, a)) : -ENOMEM;
    if (r < 0) {
        err_sys(&e, VIR_FROM_QEMU, -r, "cannot ask for leases");
        free(a);
        if (!(what & LEASES_ONE))
            g->locks &= ~(uint32_t)LOCKS_GIVING;
        if (fn)
            fn(data, &e);
    }
}

void lease_take(struct guest *g, lease_fn *fn, void *data)
{
    if (!(g->locks & LOCKS_ON) || g->locks & LOCKS_HELD) {
        fn(data, NULL);
        return;
    }
    ask(g, LEASES_TAKE, fn, data);
}

void lease_give(struct guest *g, lease_fn *fn, void *data)
{
    /* One that comes while they are being given up waits as long. */
    if (g->locks & (LOCKS_HELD | LOCKS_UNKNOWN | LOCKS_GIVING)) {
        g->locks = (g->locks & ~(uint32_t)LOCKS_HELD) | LOCKS_GIVING;
        ask(g, LEASES_GIVE, fn, data);
    } else if (fn) {
        fn(data, NULL);
    }
}

int lease_entry(const struct guest *g, const struct tree *disk)
{
    uint64_t entry;
    bool is = g->locks & LOCKS_ON && !strcmp(disk->name, "disk") && !tree_get(disk, "readonly");
    return is && !tree_attr_uint(tree_get(disk, "source"), MARK_MANIFEST, MANIFEST_ENTRIES_MAX - 1, &entry) ? (int)entry : -1;
}

void lease_one(struct guest *g, bool take, int entry, lease_fn *fn, void *data)
{
    ask(g, LEASES_ONE | (take ? LEASES_TAKE : LEASES_GIVE) | (uint32_t)entry << LEASES_ENTRY, fn, data);
}

void lease_resume(struct guest *g)
{
    if (!(g->locks & LOCKS_UNKNOWN))
        return;
    g->locks = (g->locks & ~(uint32_t)LOCKS_UNKNOWN) | LOCKS_HELD;
    if (g->state == DOM_PAUSED && saving_note(g) != SAVING_RUNNING && !g->going)
        lease_give(g, NULL, NULL);
}
