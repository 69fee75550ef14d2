/* later.c: calls that change what a guest does wait while it is being saved, suspended or resumed, and while a worker that took it over does
 * not know its state yet.  Else a guest that a client was told is suspended would go on as its save is given up, or by a resume that waits for its
 * leases.  libvirt's clients wait for its job in the same way. */
#include "config.h"
#include <string.h>

#include "ipc/util.h"
#include "workers/qemu/migrate.h"
#include "workers/qemu/ops.h"
#include "workers/qemu/plug.h"

enum { LATER_MAX = 64, WAIT_MS = 30000 };

struct later {
    struct later *next;
    struct loop_timer timer;
    struct guest *g;
    struct request rq;
    struct frame frame;                 /* its descriptors are ours */
    uint8_t args[];
};

static const struct worker_op ops[] = {
#define X(op, fn) { OP_##op, fn },
    WAITING_OPS(X)
#undef X
    { OP_IN(IN_PLUG), plug_call }, { OP_IN(IN_SAVE), save_call },
    { OP_IN(IN_DUMP), dump_call }, { OP_REMOTE_DOMAIN_CORE_DUMP, api_core_dump }, { OP_REMOTE_DOMAIN_CORE_DUMP_WITH_FORMAT, api_core_dump },
};

static void do_now(struct guest *g, const struct request *rq, struct frame *f)
{
    for (size_t i = 0; i < ARRAY_N(ops); i++)
        if (ops[i].op == rq->op)
            ops[i].fn(g->w, rq, f);
}

static bool must_wait(const struct guest *g)
{
    return (g->saving || g->job || g->unsure) && g->phase != PHASE_GONE;
}

static void refuse(struct guest *g, const struct request *rq)
{
    reply_err(g, rq, VIR_ERR_OPERATION_TIMEOUT, "cannot acquire state change lock (held by monitor=%s)", g->job ? g->job : g->saving && g->saving->dump ? "remoteDispatchDomainCoreDumpWithFormat" : g->saving && g->saving->named ? "remoteDispatchDomainSaveFlags" : "remoteDispatchDomainManagedSave");
}

static void on_timer(struct loop_timer *t)
{
    struct later *l = t->data, **at = &l->g->later;
    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
    refuse(l->g, &l->rq);
    frame_done(&l->frame);
    free(l);
}

void later_call(struct worker *w, const struct request *rq, struct frame *f)
{
    struct guest *g = w->data;
    struct later **end = &g->later;
    unsigned n = 0;
    if (!must_wait(g) && !g->later) {
        do_now(g, rq, f);
        return;
    }
    for (; *end; end = &(*end)->next)
        n++;
    struct later *l = n < LATER_MAX ? malloc(sizeof *l + f->body_len) : NULL;
    if (!l) {
        refuse(g, rq);
        return;
    }
    *l = (struct later){ .g = g, .rq = *rq, .frame = { .h = f->h, .body = l->args, .body_len = f->body_len } };
    for (unsigned i = 0; i < f->h.nfds; i++)
        l->frame.fds[i] = frame_take_fd(f, i);
    memcpy(l->args, f->body, f->body_len);
    loop_after(&l->timer, WAIT_MS, on_timer, l);
    *end = l;
}

void later_go(struct guest *g)
{
    while (g->later && !must_wait(g)) {
        struct later *l = g->later;
        g->later = l->next;
        loop_cancel(&l->timer);
        do_now(g, &l->rq, &l->frame);
        frame_done(&l->frame);
        free(l);
    }
}
