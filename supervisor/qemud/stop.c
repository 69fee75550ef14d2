/* stop.c: a guest's end, and destroy.  One table of steps undoes whatever a run has made, in reverse order: a guest that ended by itself, one that
 * was destroyed, a start that failed half-way, and what a dead supervisor left half-made.  Each step looks at what there is to undo. */
#include <signal.h>
#include "supervisor/qemud/guest.h"

enum { TERM_WAIT_MS = 500 /* for a QEMU to end in good order */, WORD_WAIT_MS = 1500 /* for its worker to tell how it ended, and then to end itself */ };

const struct guest_state stop_destroyed = { .state = DOM_SHUTOFF, .reason = SHUTOFF_DESTROYED, .event = EVENT_STOPPED, .detail = STOPPED_DESTROYED };
const struct guest_state stop_failed = { .state = DOM_SHUTOFF, .reason = SHUTOFF_FAILED, .event = EVENT_STOPPED, .detail = STOPPED_FAILED };
const struct guest_state stop_crashed = { .state = DOM_SHUTOFF, .reason = SHUTOFF_CRASHED, .event = EVENT_STOPPED, .detail = STOPPED_FAILED };
const struct guest_state stop_dumped = { .state = DOM_SHUTOFF, .reason = SHUTOFF_CRASHED, .event = EVENT_STOPPED, .detail = STOPPED_CRASHED };
const struct guest_state stop_saved = { .state = DOM_SHUTOFF, .reason = SHUTOFF_SAVED, .event = EVENT_STOPPED, .detail = STOPPED_SAVED };

/* For the end of a run that waits, or could not begin. */
static void on_timer(struct loop_timer *t)
{
    struct run *r = t->data;
    r->phase == RUN_ENDING ? flow_unblock() : stop_begin(r, NULL, NULL, NULL);
}

/* Whether to wait for something: once a run and for so long. */
static bool waits(struct run *r, uint8_t what, uint64_t ms)
{
    if (!(r->waited & what))
        loop_after(&r->timer, ms, on_timer, r);
    r->waited |= what;
    return r->timer.armed;
}

static int kill_go(struct flow *f)
{
    struct run *r = f->run;
    struct kill_req k = { .object = r->object, .signal = SIGKILL };
    const struct flow *at = flow_of(r->object);
    /* First the hand of a start that is given up: what it makes until it ends is undone below, and it may be making the guest's process.  One that
     * removes what was made for a device has a moment to end by itself: nobody else knows of that. */
    for (struct peer *p = peer_next(NULL); p; p = peer_next(p))
        if (p->object == r->object && p->role >= ROLE_HAND_OPEN && p->role <= ROLE_HAND_LAUNCH) {
            bool undoes = at && at->awaited == p->number && at->steps[at->pc].failed == flow_without;
            if (!undoes || !waits(r, 16, WORD_WAIT_MS))
                peer_kill(p, SIGKILL);
            return FLOW_BLOCKED;
        }
    if (!r->stub)
        return FLOW_NEXT;
    /* A qcow2 image's tables are partly in QEMU's memory: without them, writes that the guest knows to be done are lost. */
    if (r->word.reason == SHUTOFF_DESTROYED && r->launched && waits(r, 1, TERM_WAIT_MS))
        k.signal = SIGTERM;
    keeper_tell(IN_KILL, &k, sizeof k, NULL, 0);
    return FLOW_BLOCKED;
}

/* The monitor's last words may still be on their way through the worker. */
static int word_go(struct flow *f)
{
    struct run *r = f->run;
    return r->has_word || !peer_find(r->worker.number) || !waits(r, 2, WORD_WAIT_MS) ? FLOW_NEXT : FLOW_BLOCKED;
}

/* SAFETY: whoever has the object may wait for an answer of the worker; one that gives none would keep its guest from ending. */
static int claim_go(struct flow *f)
{
    struct run *r = f->run;
    const struct flow *at = flow_of(r->object);
    struct peer *p = at && at != f && at->awaited == r->worker.number ? peer_find(at->awaited) : NULL;
    if (p && !waits(r, 8, WORD_WAIT_MS))
        peer_kill(p, SIGKILL);
    return flow_claim(f, r->object) == FLOW_NEXT ? FLOW_NEXT : FLOW_BLOCKED;    /* whoever waits for it: it comes to its end */
}

static int worker_go(struct flow *f)
{
    struct run *r = f->run;
    struct peer *p = peer_find(r->worker.number);
    struct frame_head h = { .kind = FRAME_EVENT, .op = OP_IN(IN_QUIT), .object = r->object };
    life_release(&r->worker);
    if (!p)
        return FLOW_NEXT;
    if (!(r->waited & 4))
        peer_send(p, &h, NULL, 0, NULL, 0);
    if (!waits(r, 4, WORD_WAIT_MS))
        peer_kill(p, SIGKILL);
    return FLOW_BLOCKED;
}

/* While the guest runs: after a device has gone, or did not come. */
int run_unnet(struct flow *f)
{
    struct run *r = f->run;
    const bool runs = r->phase != RUN_ENDING;
    const int fds[2] = { run_latest(r, BFD_MANIFEST), runs ? run_fd(r, BFD_GRANTS, 0) : run_latest(r, BFD_GRANTS) };
    if (!runs)
        loop_cancel(&r->timer);
    hand_done.has = 0;
    return r->has & HAND_HAS_TAPS && fds[0] >= 0 && !(runs && f->next && !f->start_err.code) ? run_hand(f, ROLE_HAND_NET, IN_HAND_UNNET, runs ? HAND_GUEST_RUNS : 0, fds, 1 + (fds[1] >= 0)) : FLOW_NEXT;
}

static int reap_go(struct flow *f)
{
    const int fds[2] = { run_latest(f->run, BFD_MANIFEST), run_latest(f->run, BFD_GRANTS) };
    if (f->died && f->run->has & HAND_HAS_TAPS)     /* no hand has said what there was */
        hand_done.has = HAND_HAS_PORTS | HAND_HAS_FILTERS;
    talk_gone(f->run, 0);
    return run_hand(f, ROLE_HAND_LAUNCH, IN_HAND_REAP, 0, fds, fds[0] < 0 ? 0 : fds[1] < 0 ? 1 : 2);
}

static int status_go(struct flow *f)
{
    /* One whose worker was never born has none: it may be that of a guest which is not taken over, and for which a start was refused. */
    return run_fd(f->run, BFD_CHECKPOINT, 0) >= 0 || slot_active(slot_row(f->slot)) ? flow_conf(f, IN_CONF_REMOVE, 0, DIR_STATUS, f->name, -1) : FLOW_NEXT;
}

/* A saved state that this run was not put into, and that it has gone on from: only if it could not be removed then. */
static int image_go(struct flow *f)
{
    const struct index_slot *s = slot_row(f->slot);
    return !slot_begun(s) || (s->state == DOM_PAUSED && s->reason == PAUSED_SAVE) ? FLOW_NEXT : saved_drop(f);
}

static int finish(struct flow *f)
{
    struct run *r = f->run;
    int slot = r->slot;
    bool was_active = slot_active(slot_row(slot));
    struct guest_state how = r->has_word ? r->word : stop_crashed;
    if (talk_turn(f) != FLOW_NEXT && waits(r, 32, WORD_WAIT_MS))     /* of ports and filters whoever comes after us knows as long as there is the run */
        return FLOW_BLOCKED;
    loop_cancel(&r->timer);
    if (lease_wanted() && r->launched)
        talk_begin(r, LEASES_GIVE, NULL);   /* virtlockd has given them up with QEMU's connection; but not what was taken while QEMU ended */
    run_free(r);
    f->run = NULL;
    SLOT_EDIT(s, slot) {
        s->state = DOM_SHUTOFF;
        s->reason = how.reason;
        s->now = s->defined;
        s->flags &= ~(uint32_t)(SLOT_STALE | SLOT_AGENT | SLOT_TAINTED | SLOT_WORKER_FAILED);
        s->qemu_pid = 0;
    }
    if (was_active) {
        if (how.detail == STOPPED_DESTROYED)    /* what QEMU says of libvirt's SIGTERM, which clients are used to */
            event_lifecycle(slot_row(slot), EVENT_SHUTDOWN, SHUTDOWN_HOST);
        else
            event_lifecycle(slot_row(slot), EVENT_STOPPED, how.detail);
        SLOT_EDIT(s, slot)
            s->id = -1;
        if (how.detail == STOPPED_DESTROYED)    /* told without an id, and every other end with the one it had */
            event_lifecycle(slot_row(slot), EVENT_STOPPED, how.detail);
    }
    if (!(slot_row(slot)->flags & SLOT_PERSISTENT))
        slot_free(slot);
    return FLOW_END;
}

static const struct step steps[] = {
    { "kill", kill_go, NULL, NULL }, { "word", word_go, NULL, NULL }, { "claim", claim_go, NULL, NULL }, { "worker", worker_go, NULL, NULL }, { "stopped", hook_go, hook_got, flow_without }, { "network", run_unnet, hand_did, flow_without },
    { "reap", reap_go, hand_did, flow_without }, { "status", status_go, NULL, flow_without }, { "image", image_go, saved_dropped, flow_without },
    { "release", hook_go, hook_got, flow_without }, { "finish", finish, NULL, NULL }, { 0 },
};

void stop_begin(struct run *r, const struct guest_state *how, const struct caller *c, const struct err *e)
{
    if (how && !r->has_word) {
        r->word = *how;
        r->has_word = true;
        if (r->phase == RUN_ENDING)     /* only for news: a blocked destroy that is tried again would unblock all for ever */
            flow_unblock();
    }
    struct flow *f = r->phase == RUN_ENDING ? NULL : run_flow(steps, flow_answered, NULL, r);
    if (!f) {
        if (r->phase != RUN_ENDING)     /* a guest's end cannot be refused: it is tried again */
            loop_after(&r->timer, WORD_WAIT_MS, on_timer, r);
        if (c)
            route_error(c, e);
        return;
    }
    if (c) {
        f->caller = *c;
        f->start_err = *e;
    }
    r->phase = RUN_ENDING;
    peer_soon(ROLE_HAND_LAUNCH, 1);
    flow_go(f);
}

void objects_exited(const struct exited *x)
{
    struct run *r = run_of(slot_of(x->who.object));
    if (!r || r->stub != x->who.pid)
        return;
    log_info("guest %s ended (%s %d)", slot_row(r->slot)->name, x->code == CLD_EXITED ? "exit status" : x->code < 0 ? "not our child" : "signal", x->status);
    r->stub = 0;
    if (r->phase == RUN_UP)
        stop_begin(r, NULL, NULL, NULL);
    else
        flow_unblock();     /* a start learns of it from its worker */
}

/* ---- destroy ---- */

static int destroy_go(struct flow *f)
{
    struct run *r = run_of(slot_of(f->wanted));
    if (f->id == 0) {
        if (!r || (r->phase != RUN_STARTING && !slot_active(slot_row(r->slot))))
            return f->caller.flags & FRAME_RESENT ? FLOW_END : err_set(&f->err, VIR_ERR_OPERATION_INVALID, VIR_FROM_DOMAIN, "domain is not running");
        f->id = r->id;
    }
    if (!r || r->id != f->id)
        return FLOW_END;
    struct flow *start = r->phase == RUN_STARTING ? flow_of(r->object) : NULL;
    if (start) {
        err_set(&start->err, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "the domain was destroyed while it was being started");
        r->word = stop_destroyed;
        r->has_word = true;
        flow_end(start, false);
    } else {
        stop_begin(r, &stop_destroyed, NULL, NULL);
    }
    return FLOW_BLOCKED;        /* until that run is no more */
}

const struct step destroy_steps[] = { { "destroy", destroy_go, NULL, NULL }, { 0 } };
