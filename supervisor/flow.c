/* flow.c: a flow is a table of steps.  A step makes one call to a peer and returns; the reply runs its second half; the next step follows.
 *
 * One flow at a time has an object; others that want it are blocked, in the order they came, and tried again as a flow ends. */
#include <string.h>
#include "objects.h"

enum { FLOWS_BITS = 10, FLOWS_MAX = 1 << FLOWS_BITS };
static struct flow flows[FLOWS_MAX];
static uint32_t flows_n /* rows once used */, line_n /* of line */;
static uint16_t line[FLOWS_MAX]; /* rows of those that are blocked, in the order they came; one that has ended may still be there */
static bool in_line[FLOWS_MAX];
static struct loop_timer unblock_timer;

struct flow *flow_next(struct flow *after)
{
    for (uint32_t i = after ? (uint32_t)(after - flows) + 1 : 0; i < flows_n; i++)
        if (flows[i].steps)
            return &flows[i];
    return NULL;
}

struct flow *flow_of(uint64_t object)
{
    for (struct flow *f = flow_next(NULL); f && object; f = flow_next(f))
        if (f->object == object)
            return f;
    return NULL;
}

/* Of what is left nobody gets more than half, whether a user or, where all are one's, a client: so there is always room for others. */
static bool flow_share(const struct caller *c)
{
    const struct peer *from = c ? peer_find(c->number) : NULL, *g;
    uint32_t used = 0, mine = 0;
    for (struct flow *f = flow_next(NULL); f && from; f = flow_next(f), used++)
        mine += (g = peer_find(f->caller.number)) && (g == from || (from->uid && g->uid == from->uid && !(sup.birth.flags & BIRTH_SESSION)));
    return mine <= (FLOWS_MAX - used) / 2;
}

struct flow *flow_start(const struct step *steps, flow_done_fn *done, const struct caller *c)
{
    static const struct caller nobody;
    uint32_t i = 0;
    while (i < FLOWS_MAX && flows[i].steps)
        i++;
    if (i == FLOWS_MAX || !flow_share(c) || (c && !route_in_flow(c))) {
        route_fail(c ? c : &nobody, VIR_ERR_OPERATION_FAILED, "too many operations at once");
        return NULL;
    }
    struct flow *f = &flows[i];
    *f = (struct flow){ .steps = steps, .done = done, .caller = c ? *c : nobody, .slot = -1 };
    for (int k = 0; k < FF_N; k++)
        f->fd[k] = -1;
    if (i >= flows_n)
        flows_n = i + 1;
    return f;
}

static void unblock(struct loop_timer *t)
{
    uint16_t now[FLOWS_MAX];
    uint32_t n = line_n;
    memcpy(now, line, sizeof now);
    memset(in_line, 0, sizeof in_line);
    line_n = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct flow *f = &flows[now[i]];
        bool is = f->steps && f->blocked;
        f->blocked = 0;
        if (is)
            flow_go(f);
    }
}

void flow_unblock(void)
{
    if (line_n && !unblock_timer.armed)
        loop_after(&unblock_timer, 0, unblock, NULL);
}

void flow_answered(struct flow *f, bool ok)
{
    bool undone = f->start_err.code;
    if (!(ok || undone) && !f->caller.number)
        log_warn("%s: %s: %s", f->name, f->steps[f->pc].name, f->err.detail);
    else if (!ok || undone)
        route_error(&f->caller, undone ? &f->start_err : &f->err);
    else if (!f->answered)
        route_reply(&f->caller, f->reply, f->doc.reply_len, NULL, 0);
}

int flow_without(struct flow *f)
{
    log_warn("%s: %s: %s", f->name, f->steps[f->pc].name, f->err.detail);
    memset(&f->err, 0, sizeof f->err);
    f->i = f->i / 4 == f->pc ? f->i + 1 : f->pc * 4 + 1;
    return f->i % 4 < 3 ? FLOW_AGAIN : FLOW_NEXT;   /* three times: its hand may have died of something else */
}

int flow_answer(struct flow *f, struct frame *fr)
{
    bool big = fr->h.flags & FRAME_BIG;
    route_put(&f->caller, fr->h.kind, big ? FRAME_BIG : 0, fr->body, big ? 0 : fr->body_len, fr->fds, fr->h.nfds);
    f->answered = true;
    return FLOW_END;
}

void flow_end(struct flow *f, bool ok)
{
    uint64_t object = f->object;
    f->awaited = 0;
    f->object = 0;
    f->done(f, ok);
    for (int k = 0; k < FF_N; k++)
        util_closep(&f->fd[k]);
    f->steps = NULL;
    if (object)
        route_wake(object);
    flow_unblock();
    if (!flow_next(NULL))
        peer_not_needed();
}

static void flow_result(struct flow *f, int r)
{
    for (;;) {
        const struct step *s = &f->steps[f->pc];
        if (r < 0 && s->failed)
            r = s->failed(f);
        if (r == FLOW_WAIT)
            return;
        if (r == FLOW_BLOCKED || r == FLOW_LATER) {
            f->blocked = (uint32_t)r;
            if (!in_line[f - flows])
                line[line_n++] = (uint16_t)(f - flows);
            in_line[f - flows] = true;
            return;
        }
        f->pc += r == FLOW_NEXT;
        if (r < 0 || r == FLOW_END || !f->steps[f->pc].go) {
            flow_end(f, r >= 0);
            return;
        }
        r = f->steps[f->pc].go(f);
    }
}

void flow_go(struct flow *f)
{
    flow_result(f, FLOW_AGAIN);
}

void flow_late(const struct caller *c)
{
    for (struct flow *f = flow_next(NULL); f; f = flow_next(f))
        if (f->blocked == FLOW_LATER && f->caller.number == c->number && f->caller.serial == c->serial)
            flow_result(f, err_set(&f->err, VIR_ERR_OPERATION_TIMEOUT, VIR_FROM_QEMU, WAITED_FOR));
}

int flow_claim(struct flow *f, uint64_t object)
{
    struct flow *other = flow_of(object);
    if (other && other != f)
        return FLOW_LATER;
    f->object = object;
    f->slot = slot_of(object);
    return FLOW_NEXT;
}

static int keep_body(struct flow *f, struct frame *fr)
{
    bool big = fr->h.flags & FRAME_BIG;
    f->fd[FF_GIVEN] = frame_take_fd(fr, big);
    if (!big && fr->body_len <= sizeof f->body) {
        memcpy(f->body, fr->body, fr->body_len);
        f->body_len = (uint32_t)fr->body_len;
        return 0;
    }
    int fd = f->fd[FF_BODY] = big ? frame_take_fd(fr, 0) : frame_memfd("body", fr->body, fr->body_len);
    return fd < 0 ? err_set(&f->err, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "a call cannot be kept") : 0;
}

void flow_begin(const struct step *steps, flow_done_fn *done, const struct caller *c, struct frame *fr)
{
    struct flow *f = flow_start(steps, done, c);
    if (!f)
        return;
    f->wanted = fr->h.object;
    f->slot = slot_of(f->wanted);
    flow_result(f, keep_body(f, fr) < 0 ? -1 : FLOW_AGAIN);
}

static int call_send(struct flow *f, struct peer *p, struct frame_head *h, const void *body, size_t len, const int *fds, unsigned nfds)
{
    static uint32_t calls;
    f->serial = ++calls << FLOWS_BITS | (uint32_t)(f - flows);
    f->awaited = p ? p->number : 0;
    f->again = false;
    h->kind = FRAME_CALL;
    h->serial = f->serial;
    h->origin = sup.epoch;
    h->object = f->object;
    f->died = p && peer_send(p, h, body, len, fds, nfds) < 0;      /* of which we only have not heard yet */
    if (!p || f->died)
        return err_set(&f->err, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "the %s process cannot be reached", p ? role_name(p->role) : "next");
    return FLOW_WAIT;
}

int flow_call(struct flow *f, struct peer *p, uint32_t op, uint32_t arg, const void *body, size_t len, const int *fds, unsigned nfds)
{
    struct frame_head h = { .op = op, .arg = arg };
    return call_send(f, p, &h, body, len, fds, nfds);
}

/* The caller's own call, passed on to p with more descriptors; the reply comes to the flow. */
int flow_pass(struct flow *f, struct peer *p, const int *more, unsigned nmore)
{
    int fds[8] = { f->fd[FF_BODY] };
    unsigned big = fds[0] >= 0;
    for (unsigned i = 0; i < nmore; i++)
        fds[big + i] = more[i];
    struct frame_head h = { .op = f->caller.op, .arg = f->caller.arg, .flags = (uint16_t)((f->caller.flags & (FRAME_LIVE | FRAME_CONFIG |
        (p && p->role == ROLE_XMLC ? FRAME_RESENT : 0))) | (big ? FRAME_BIG : 0)) };        /* which is born for this call, and sees whether an earlier one did it */
    return call_send(f, p, &h, f->body, f->body_len, fds, big + nmore);
}

void flow_got(struct peer *p, struct frame *fr)
{
    struct flow *f = &flows[fr->h.serial & (FLOWS_MAX - 1)];
    if (!f->steps || f->serial != fr->h.serial || f->awaited != p->number)
        return;         /* the flow has ended meanwhile, or the peer makes things up: nobody cares */
    f->awaited = 0;
    f->died = false;
    f->from = p->number;
    if (fr->h.kind == FRAME_ERROR) {
        err_from_wire(&f->err, fr->body, fr->h.flags & FRAME_BIG ? 0 : fr->body_len);
        flow_result(f, -1);
    } else {
        flow_result(f, f->steps[f->pc].got ? f->steps[f->pc].got(f, fr) : FLOW_NEXT);
    }
}

void flow_peer_gone(struct peer *p)
{
    for (struct flow *f = flow_next(NULL); f; f = flow_next(f)) {
        if (f->awaited != p->number)
            continue;
        f->awaited = 0;
        f->died = true;
        if (f->again) {
            flow_go(f);
            continue;
        }
        const struct exited *x = p->obituary;
        const char *words = x ? x->words : "";
        err_set(&f->err, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "the %s process ended while it was at work%s%.200s", role_name(p->role), *words ? ": " : "", words);
        flow_result(f, -1);
    }
}

/* ---- hands: a privileged verb each, one call ---- */

struct hand_done hand_done;

int hand_call(struct flow *f, int role, uint32_t op, const void *body, size_t len, const int *fds, unsigned nfds)
{
    return flow_call(f, peer_take(role, f->object, f->name), OP_IN(op), 0, body, len, fds, nfds);
}

int hand_did(struct flow *f, struct frame *fr)
{
    struct hand_done *d = &hand_done;
    if (fr->body_len != sizeof *d || fr->h.flags & FRAME_BIG)
        return err_set(&f->err, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed answer of a hand");
    memcpy(d, fr->body, sizeof *d);
    d->text[sizeof d->text - 1] = 0;
    return d->error ? err_set(&f->err, d->code ? d->code : VIR_ERR_INTERNAL_ERROR, d->code ? d->domain : VIR_FROM_QEMU, "%s", d->text) : FLOW_NEXT;
}
