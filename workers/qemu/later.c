/* later.c: calls that have to wait until the guest is started, or until what another call does with it is over: a save, a dump, a suspend, a change of a device ...
 * Else a guest that a client was told is suspended would go on as its save is given up, or by a resume that waits for its leases.  What waits for what is in ops.h.
 *
 * libvirt's clients wait for its job in the same way and as long, and are then told the same.  Calls that wait are done in the order in which they came. */
#include "config.h"
#include <string.h>

#include "ipc/util.h"
#include "workers/qemu/migrate.h"
#include "workers/qemu/ops.h"
#include "workers/qemu/plug.h"

enum { LATER_MAX = 64, WAIT_MS = 30000 };
enum wants { AT_ONCE, QUERY, MODIFY, SAVE };

struct later {
    struct later *next;
    struct loop_timer timer;
    struct guest *g;
    struct request rq;
    struct frame frame;                 /* its descriptors are ours */
    uint8_t args[];
};

static const struct waiting_op { uint32_t op; void (*fn)(struct worker *w, const struct request *rq, struct frame *f); enum wants wants; } ops[] = {
#define X(op, fn) { OP_##op, fn, AT_ONCE },
    AT_ONCE_OPS(X)
#undef X
#define X(op, fn) { OP_##op, fn, QUERY },
    QUERY_OPS(X)
#undef X
#define X(op, fn) { OP_##op, fn, MODIFY },
    MODIFY_OPS(X)
#undef X
#define X(op, fn) { OP_##op, fn, SAVE },
    SAVE_OPS(X)
#undef X
    { OP_IN(IN_SAVE), save_call, SAVE }, { OP_IN(IN_DUMP), dump_call, SAVE }, { OP_IN(IN_PLUG), plug_call, MODIFY },
};

static const struct waiting_op *row_of(uint32_t op)
{
    const struct waiting_op *o = ops;
    while (o->op != op)
        o++;
    return o;
}

static bool must_wait(const struct guest *g, enum wants wants)
{
    if (wants == AT_ONCE || g->phase == PHASE_GONE)
        return false;
    if (g->phase < PHASE_UP || g->qmp.state == QMP_CLOSED)      /* then its end is a moment away, and whoever waits is told by that */
        return true;
    return wants >= MODIFY && (g->saving || g->job || g->vcpu_change || g->unsure || (wants == SAVE && guest_is_rebooting(g)));
}

/* The call of libvirt's that has the guest; NULL: none. */
static const char *holder(const struct guest *g)
{
    if (g->phase < PHASE_UP)
        return "remoteDispatchDomainCreate";
    if (g->saving)
        return g->saving->dump ? "remoteDispatchDomainCoreDumpWithFormat" : g->saving->named ? "remoteDispatchDomainSaveFlags" : "remoteDispatchDomainManagedSave";
    return g->job ? g->job : g->vcpu_change ? "remoteDispatchDomainSetVcpusFlags" : guest_is_rebooting(g) ? "remoteDispatchDomainReboot" : NULL;
}

static void refuse(struct guest *g, const struct request *rq)
{
    const char *by = holder(g);
    reply_err(g, rq, VIR_ERR_OPERATION_TIMEOUT, "cannot acquire state change lock%s%s%s", by ? " (held by monitor=" : "", by ? by : "", by ? ")" : "");
}

/* Out of the line; the caller does it or refuses it, and frees it. */
static struct later *take(struct later **at)
{
    struct later *l = *at;
    *at = l->next;
    loop_cancel(&l->timer);
    return l;
}

static void later_free(struct later *l)
{
    frame_done(&l->frame);
    free(l);
}

/* It is not done; who came behind it may not have to wait any more. */
static void leave(struct guest *g, struct later **at)
{
    struct later *l = take(at);
    refuse(g, &l->rq);
    later_free(l);
    later_go(g);
}

static void on_timer(struct loop_timer *t)
{
    struct later *l = t->data, **at = &l->g->later;
    while (*at != l)
        at = &(*at)->next;
    leave(l->g, at);
}

/* A client has half of what is left at most; who changes what for the supervisor is one at a time. */
static bool has_room(const struct guest *g, const struct request *rq)
{
    unsigned n = 0, mine = 0;
    for (const struct later *l = g->later; l; l = l->next, n++)
        mine += l->rq.origin == rq->origin;
    return mine < (LATER_MAX - (n - mine)) / 2;
}

/* Whose turn it is to save has the guest from the supervisor: what an earlier instance of this process was saving, or this one for an earlier supervisor, nobody waits for. */
static void end_earlier_save(struct guest *g)
{
    const struct later *l = g->later;
    while (l && row_of(l->rq.op)->wants != SAVE)
        l = l->next;
    if (l && g->saving && (g->saving->fd < 0 || g->saving->rq.origin != l->rq.origin))
        saved_event(g->w, &l->rq, NULL);
}

void later_call(struct worker *w, const struct request *rq, struct frame *f)
{
    struct guest *g = w->data;
    const struct waiting_op *o = row_of(rq->op);
    struct later **end = &g->later;
    bool wait = must_wait(g, o->wants);
    while (*end) {
        wait |= o->wants >= MODIFY && row_of((*end)->rq.op)->wants >= MODIFY;      /* that comes first */
        end = &(*end)->next;
    }
    if (!wait && (g->phase != PHASE_GONE || o->wants < MODIFY)) {
        o->fn(w, rq, f);
        return;
    }
    if (!wait) {
        call_need_up(g, rq);
        return;
    }
    struct later *l = has_room(g, rq) ? malloc(sizeof *l + f->body_len) : NULL;
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
    end_earlier_save(g);
}

void later_go(struct guest *g)
{
    bool first = true;          /* of those that change it */
    end_earlier_save(g);
    for (struct later **at = &g->later; *at; ) {
        const struct waiting_op *o = row_of((*at)->rq.op);
        if (must_wait(g, o->wants) || (o->wants >= MODIFY && !first)) {
            first &= o->wants < MODIFY;
            at = &(*at)->next;
            continue;
        }
        struct later *l = take(at);
        o->fn(g->w, &l->rq, &l->frame);
        later_free(l);
        at = &g->later;         /* which what was done may have changed */
        first = true;
    }
}

void later_end(struct guest *g)
{
    while (g->later) {
        struct later *l = take(&g->later);
        worker_fail(g->w, &l->rq, VIR_ERR_OPERATION_INVALID, VIR_FROM_DOMAIN, "domain is not running");
        later_free(l);
    }
}

void later_cancel(struct worker *w, const struct request *rq, struct frame *f)
{
    struct guest *g = w->data;
    struct later **at = &g->later;
    while (*at && ((*at)->rq.origin != rq->origin || (*at)->rq.serial != rq->serial))
        at = &(*at)->next;
    if (*at)
        leave(g, at);           /* nobody hears the error, but that it is over */
}
