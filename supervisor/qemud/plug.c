/* plug.c: devices that come to a running guest, change or go.  The run's tree, manifest and grants are a model of the guest that nothing its worker or
 * QEMU says flows into; an xmlc makes the next one of it, hands open what that has more, and the worker plugs it in.
 *
 * Until the worker has answered, the next model stands beside the run's own (RUN_NEXT): whoever comes after us asks the worker again, and takes either.
 * What goes stays in the model until QEMU has it no more, which the worker tells (IN_UNPLUGGED). */
#include <fcntl.h>
#include "supervisor/qemud/guest.h"

enum { DEVICE = RUN_NEXT /* + enum plug_what: the tree of the device alone */, TRIES = 3, PAST_LOOKS = 2, PAST_HANDS = 10, PAST_WORKER, PAST_ALL = 13 /* steps */ };

int run_is_up(struct flow *f)
{
    f->run = run_of(f->slot);
    return f->run && f->run->phase == RUN_UP ? talk_turn(f) : err_set(&f->err, VIR_ERR_OPERATION_INVALID, VIR_FROM_DOMAIN, "domain is not running");
}

/* By the client's call, or of what QEMU has no more. With more than three descriptors an xmlc knows that a running guest is meant. */
static int model_go(struct flow *f)
{
    const int fds[] = { sup_fd(BFD_CAPS, 0), sup_fd(BFD_SETTINGS, 0), run_fd(f->run, BFD_TREE, 0), run_fd(f->run, BFD_MANIFEST, 0), run_fd(f->run, BFD_GRANTS, 0) };
    bool gone = f->caller.op == OP_IN(IN_UNPLUGGED);
    if (!gone && fds[4] < 0)
        return err_set(&f->err, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "devices of a guest that another daemon started cannot be changed");
    struct peer *p = peer_take(ROLE_XMLC, f->object, f->name);
    peer_soon(ROLE_HAND_OPEN, gone ? 1 : 2);     /* to look and to open; or to settle */
    return gone ? flow_call(f, p, OP_IN(IN_DOC_UNPLUG), 0, f->body, f->body_len, fds, 4) : flow_pass(f, p, fds, 5);
}

static int model_got(struct flow *f, struct frame *fr)
{
    int was = run_fd(f->run, BFD_MANIFEST, 0), had = policy_manifest(was, &f->err), has;
    if (had < 0 || doc_take(f, fr) < 0 || doc_is_own(f) < 0 || (has = policy_manifest_after(f->fd[FF_MANIFEST], was, &f->err)) < 0)
        return -1;
    f->looked = (uint32_t)had;      /* chain.c: at what is new only */
    if (f->caller.op == OP_IN(IN_UNPLUGGED)) {
        if (has != had)         /* SAFETY: the worker says when: nothing comes by it */
            return err_set(&f->err, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "a device that goes brings nothing");
        f->pc += PAST_WORKER;       /* the manifest first: until the tree has changed too, the worker's call comes again */
        run_fd_add(f->run, BFD_MANIFEST, 0, STEAL_FD(&f->fd[FF_MANIFEST]));
        run_fd_add(f->run, BFD_TREE, 0, STEAL_FD(&f->fd[FF_TREE]));
    } else if (f->doc.changes == PLUG_OUT || f->doc.changes == PLUG_NONE) {
        f->pc += f->doc.changes == PLUG_OUT ? PAST_HANDS : PAST_ALL;
    } else if (f->doc.changes >= PLUG_TUNE) {
        f->pc += PAST_LOOKS;
    }
    return FLOW_NEXT;
}

static int open_go(struct flow *f)
{
    f->next = true;
    run_fd_add(f->run, BFD_TREE, DEVICE + f->doc.changes, STEAL_FD(&f->fd[FF_TEXT]));
    return run_open(f, NULL);
}

/* Limits and pins: of a guest that runs, where they change, and at its start. Undone, what was so before is so again. */
int run_tune(struct flow *f)
{
    const int next = run_latest(f->run, BFD_MANIFEST), own = run_fd(f->run, BFD_MANIFEST, 0), fds[] = { f->start_err.code ? own : next, f->start_err.code ? next : own, run_fd(f->run, BFD_GRANTS, 0) };
    const int hand = f->doc.changes == PLUG_SHAPE ? ROLE_HAND_NET : ROLE_HAND_LAUNCH;
    return f->doc.changes >= PLUG_TUNE || f->caller.op == OP_IN(IN_TUNE) || (f->run->has & HAND_HAS_VFIO && f->next) ? run_hand(f, hand, IN_HAND_TUNE, 0, fds, 2 + (hand == ROLE_HAND_NET)) : FLOW_NEXT;
}

/* The worker is asked again when it dies over it. */
static int plug_go(struct flow *f)
{
    struct run *r = f->run;
    struct plug p = { .flags = f->caller.arg };
    int fds[3 + FRAME_FDS_MAX] = { f->next ? run_fd(r, BFD_TREE, DEVICE + f->doc.changes) : f->fd[FF_TEXT], run_latest(r, BFD_MANIFEST), run_latest(r, BFD_GRANTS) };
    int had = policy_manifest(run_fd(r, BFD_MANIFEST, 0), &f->err);
    struct peer *w = NULL;
    if (r->phase == RUN_UP && guest_worker(f->slot, &w) == GUEST_SOON)
        return FLOW_BLOCKED;
    peer_soon(ROLE_HAND_OPEN, f->next);
    p.nfds = f->next ? run_fds(r, had, p.fd, fds + 3) : 0;
    int sent = flow_call(f, w, OP_IN(IN_PLUG), f->doc.changes, &p, sizeof p, fds, f->next ? 3 + p.nfds : 1);
    f->again = sent == FLOW_WAIT && ++f->i < TRIES;
    return sent;
}

/* Taken or not, what stood beside the run's own does so no more. */
static int next_end(struct flow *f)
{
    for (int kind = BFD_TREE; kind <= BFD_GRANTS; kind++) {
        if (!f->start_err.code)
            run_fd_add(f->run, kind, 0, fcntl(run_fd(f->run, kind, RUN_NEXT), F_DUPFD_CLOEXEC, 0));
        run_fd_drop(f->run, kind, RUN_NEXT, RUN_NEXT);
    }
    run_fd_drop(f->run, BFD_TREE, DEVICE + PLUG_IN, DEVICE + PLUG_SHAPE);      /* the last: by it is known that there is something to ask about */
    run_fd_drop(f->run, BFD_NONE, 0, OWN_LOG - 1);
    f->i = 0;
    return FLOW_NEXT;
}

static int plugged(struct flow *f, struct frame *fr)
{
    f->pc += 2 * !f->next;      /* what is to go has not gone yet */
    return f->next ? next_end(f) : FLOW_NEXT;
}

static int settle_go(struct flow *f)
{
    struct launch_fd as[FRAME_FDS_MAX];
    int fds[1 + FRAME_FDS_MAX];
    unsigned n = run_fds(f->run, -1, as, fds + 1);
    AUTO_CLOSE list = fds[0] = frame_memfd("run", as, n * sizeof *as);
    return run_hand(f, ROLE_HAND_OPEN, IN_HAND_SETTLE, 0, fds, 1 + n);
}

static int settled(struct flow *f, struct frame *fr)
{
    if (hand_did(f, fr) < 0)
        return -1;
    talk_gone(f->run, (uint32_t)policy_manifest(run_fd(f->run, BFD_MANIFEST, 0), &f->err));      /* of what has gone, or did not come */
    for (uint32_t i = 0; i < hand_done.nworker && i < FRAME_FDS_MAX; i++)
        run_fd_drop(f->run, hand_done.ours_kind[i], hand_done.ours_entry[i], hand_done.ours_entry[i]);
    run_fd_add(f->run, BFD_GRANTS, 0, frame_take_fd(fr, 0));
    run_fd_add(f->run, BFD_MANIFEST, 0, frame_take_fd(fr, 1));
    return FLOW_NEXT;
}

/* What was made for it goes again before the caller is told. */
static int failed(struct flow *f)
{
    static const struct step undo_steps[] = { { "untune", run_tune, hand_did, flow_without }, FILTER_STEPS(flow_without), { "unnet", run_unnet, hand_did, flow_without }, { "undo", settle_go, settled, flow_without }, { "forget", next_end, NULL, NULL }, { 0 } };
    if (!f->next)
        return -1;
    f->start_err = f->err;
    hand_done.has = 0;      /* whose it was, nobody knows here */
    f->steps = undo_steps;
    f->pc = f->i = 0;
    return FLOW_AGAIN;
}

#define LIVE_STEPS { "running", run_is_up, NULL, NULL }, { "compile", model_go, model_got, NULL }, { "look", chain_look, chain_looked, NULL }, { "probe", chain_probe, chain_probed, NULL }, \
    { "open", open_go, run_opened, failed }, PORT_STEPS(failed), { "net", run_net, run_opened, failed }, { "tune", run_tune, hand_did, failed }, FILTER_STEPS(failed), { "plug", plug_go, plugged, failed }, { "unnet", run_unnet, hand_did, flow_without }, { "settle", settle_go, settled, flow_without }
const struct step plug_steps[] = { { "claim", doc_claim, NULL, NULL }, LIVE_STEPS, { 0 } };

const struct step tune_steps[] = { { "claim", doc_claim, NULL, NULL }, { "running", run_is_up, NULL, NULL }, { "tune", run_tune, hand_did, NULL }, { 0 } };

void plug_call(const struct caller *c, struct frame *f)
{
    /* The stored definition is changed last; whether it can be is seen first. */
    static const struct step both_steps[] = { { "claim", doc_claim, NULL, NULL }, { "read", doc_text_read, doc_text_got, NULL }, { "try", doc_xmlc_pass, doc_or_answer, NULL }, LIVE_STEPS, CONFIG_STEPS };
    struct caller live = *c;
    live.flags |= FRAME_LIVE;
    flow_begin(c->flags & FRAME_CONFIG ? both_steps : plug_steps, flow_answered, &live, f);
}

void plug_again(struct run *r)
{
    static const struct step steps[] = { { "claim", doc_claim, NULL, NULL }, { "running", run_is_up, NULL, NULL }, { "tune", run_tune, hand_did, failed }, FILTER_STEPS(failed), { "plug", plug_go, plugged, failed }, { "unnet", run_unnet, hand_did, flow_without }, { "settle", settle_go, settled, flow_without }, { 0 } };
    uint32_t what = PLUG_IN;
    while (what < PLUG_SHAPE && run_fd(r, BFD_TREE, DEVICE + what) < 0)
        what++;
    struct flow *f = run_fd(r, BFD_TREE, DEVICE + what) < 0 ? NULL : run_flow(steps, flow_answered, NULL, r);
    if (!f)
        return;
    f->next = true;
    f->doc.changes = what;
    flow_go(f);
}
