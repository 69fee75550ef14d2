/* start.c: the start of a guest, a step at a time, and the launch that its worker asks for.  What fails is undone by the same flow that
 * ends a guest (stop.c), and only then is the caller told. */
#include <fcntl.h>
#include <sys/mman.h>
#include "supervisor/qemud/guest.h"
#include "ipc/schema/op-numbers.h"

/* ---- hands ---- */

/* A QEMU that runs: its stub goes to the keeper, and what tells of it into the run. */
void run_adopt(struct run *r, struct frame *fr, int32_t pid)
{
    struct held h = { .kind = HELD_PROCESS, .role = ROLE_PID1, .object = r->object, .pid = pid };
    /* The keeper knows of the stub last: whoever comes after us and finds it finds the id and what the worker needs too. */
    run_fd_add(r, BFD_PROC, 0, frame_take_fd(fr, 1));
    run_fd_add(r, BFD_CGROUP, 0, frame_take_fd(fr, 2));     /* where there is one */
    keeper_tell(IN_ADOPT, &h, sizeof h, fr->fds, 1);
    r->launched = true;
    r->stub = pid;
}

int run_hand(struct flow *f, int role, uint32_t op, uint32_t flags, const int *fds, unsigned nfds)
{
    const struct run *r = f->run;
    struct hand_req q = { .owner_uid = ~0u, .owner_gid = ~0u, .flags = flags | HAND_ANY };
    if (r)
        q = (struct hand_req){ .object = r->object, .uid = run_uid(r->id, UID_QEMU), .gid = run_uid(r->id, UID_QEMU), .owner_uid = sup.settings.owner_uid, .owner_gid = sup.settings.owner_gid,
            .flags = flags | (sup.settings.dynamic_ownership ? 0 : HAND_KEEP_OWNER) | (sup.settings.chain_pin_relaxed ? HAND_CHAIN_RELAXED : 0) |
                (sup.settings.stdio_handler == STDIO_LOGD ? HAND_LOGD : 0), .id = r->id, .look = f->looked };
    util_copy_str(q.name, sizeof q.name, f->name);
    return hand_call(f, role, op, &q, sizeof q, fds, nfds);
}

/* ---- steps ---- */

static int begin(struct flow *f)
{
    const struct index_slot *s = slot_row(f->slot);
    struct run *r = run_of(f->slot);
    if (r && r->phase == RUN_UP && f->caller.flags & FRAME_RESENT)
        return FLOW_END;            /* an earlier supervisor did it and could not say so */
    if (slot_active(s) || r)
        return err_set(&f->err, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "domain is already running");
    if (!(r = run_take(f->slot)))
        return err_set(&f->err, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "too many guests run");
    struct index_head *h = sup.index.head;
    while (run_id_clashes(h->next_id))
        h->next_id = h->next_id > 0 && h->next_id < INT32_MAX ? h->next_id + 1 : 1;
    r->id = f->id = h->next_id++;
    r->phase = RUN_STARTING;
    r->unheard = true;
    r->create_flags = f->caller.arg;
    SLOT_EDIT(row, f->slot)
        row->autodestroy = f->caller.arg & START_AUTODESTROY ? f->caller.number : 0, row->flags &= ~(uint32_t)SLOT_FILED;
    util_copy_str(f->name, sizeof f->name, s->name);
    f->run = r;
    return FLOW_NEXT;
}

static int read_text(struct flow *f)
{
    peer_soon(ROLE_HAND_OPEN, 1);
    return f->fd[FF_TEXT] >= 0 ? FLOW_NEXT : doc_text_read(f);     /* create_xml brought its own */
}

int run_compiled(struct flow *f, struct frame *fr)
{
    return doc_take(f, fr) < 0 ? -1 : doc_is_own(f);
}

/* Our ends, the last descriptors of a hand's answer. */
int run_take_ours(struct run *r, struct frame *fr, unsigned first)
{
    int fault = 0;
    for (unsigned i = 0; first + i < fr->h.nfds; i++)
        fault |= run_fd_add(r, hand_done.ours_kind[i], hand_done.ours_entry[i], frame_take_fd(fr, first + i));
    return fault;
}

/* What a hand made goes into the run: descriptors for QEMU, and ours by kind.  The grants go on unread. */
int run_opened(struct flow *f, struct frame *fr)
{
    const struct hand_done *d = &hand_done;
    struct run *r = f->run;
    int fault = 0;
    if (hand_did(f, fr) < 0)
        return -1;
    if (d->nqemu > FRAME_FDS_MAX || d->nworker > FRAME_FDS_MAX || fr->h.nfds != 1 + d->nqemu + d->nworker)
        return err_set(&f->err, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed answer of a hand");
    fault |= run_fd_add(r, BFD_GRANTS, f->next, frame_take_fd(fr, 0));      /* of a start the run's own; it can be undone without us from here on */
    for (uint32_t i = 0; i < d->nqemu; i++)
        fault |= run_fd_add(r, BFD_NONE, d->next_fd - d->nqemu + i, frame_take_fd(fr, 1 + i));
    fault |= run_take_ours(r, fr, 1 + d->nqemu);
    r->has |= d->has;
    return fault ? err_set(&f->err, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "too many logs or character devices for a guest") : FLOW_NEXT;
}

int run_open(struct flow *f, struct frame *logs)
{
    unsigned n = 1u + (logs ? logs->h.nfds : f->next), given = f->fd[FF_GIVEN] >= 0;
    int fds[2 + FRAME_FDS_MAX] = { f->fd[FF_MANIFEST], run_fd(f->run, BFD_GRANTS, 0) };
    for (unsigned i = 0; logs && i < logs->h.nfds; i++)
        fds[1 + i] = logs->fds[i];
    fds[n] = given ? f->fd[FF_GIVEN] : fds[n];
    f->pc += logs != NULL;
    run_fd_add(f->run, BFD_TREE, f->next, STEAL_FD(&f->fd[FF_TREE]));
    run_fd_add(f->run, BFD_MANIFEST, f->next, fcntl(f->fd[FF_MANIFEST], F_DUPFD_CLOEXEC, 0));       /* by which all can be undone */
    return run_hand(f, ROLE_HAND_OPEN, IN_HAND_OPEN, (f->next ? HAND_NO_MONITOR : 0) | (given ? HAND_GIVEN : 0), fds, n + given);
}

static int open_go(struct flow *f)
{
    return run_open(f, NULL);
}

int run_net(struct flow *f)
{
    const int fds[] = { f->fd[FF_MANIFEST], run_fd(f->run, BFD_GRANTS, f->next) };
    return hand_done.has & HAND_HAS_TAPS || f->arg & TALK_PORTS ? run_hand(f, ROLE_HAND_NET, IN_HAND_NET, 0, fds, 2) : FLOW_NEXT;
}

static int worker_go(struct flow *f)
{
    struct run *r = f->run;
    if (run_fd_add(r, BFD_CHECKPOINT, 0, memfd_create("checkpoint", MFD_CLOEXEC)))
        return err_set(&f->err, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "too many descriptors for a guest");
    log_run(r);
    struct peer *w = run_worker_spawn(&r->worker);
    r->worker.number = w ? w->number : 0;
    peer_soon(ROLE_HAND_LAUNCH, 1);
    return flow_call(f, w, OP_IN(IN_START), f->caller.arg, NULL, 0, &f->fd[FF_SAVED], f->fd[FF_SAVED] >= 0);
}

/* Over IN_START, when the guest was there already: that is no reason to end it.  The next instance, which up() has born, brings it to where it shall be. */
static int worker_died(struct flow *f)
{
    if (!f->died || !f->run->stub || !slot_begun(slot_row(f->slot)))
        return -1;
    f->run->worker.instance++;
    return FLOW_NEXT;
}

static int up(struct flow *f)
{
    struct run *r = f->run;
    bool paused = f->caller.arg & START_PAUSED, restored = f->fd[FF_SAVED] >= 0;
    SLOT_EDIT(s, r->slot) s->now.mem_max_kib = f->doc.facts.mem_max_kib;        /* in whole pieces, as QEMU has it */
    guest_up(r, f->died ? NULL : peer_find(r->worker.number));
    if (!paused && !restored)
        event_lifecycle(slot_row(r->slot), EVENT_RESUMED, 0);
    event_lifecycle(slot_row(r->slot), EVENT_STARTED, restored ? STARTED_RESTORED : 0);
    if (paused)         /* by the caller, or as it was when it was saved */
        event_lifecycle(slot_row(r->slot), EVENT_SUSPENDED, r->create_flags & START_PAUSED && f->steps != restore_steps ? 0 : SUSPENDED_RESTORED);
    else if (restored)
        event_lifecycle(slot_row(r->slot), EVENT_RESUMED, RESUMED_FROM_SNAPSHOT);
    return FLOW_NEXT;
}

void start_done(struct flow *f, bool ok)
{
    struct run *r = f->run;
    if (!ok) {
        if (r) {
            f->run = NULL;
            stop_begin(r, &stop_failed, &f->caller, &f->err);
            return;
        }
        if (f->new_slot && slot_of(f->wanted) >= 0)
            slot_free(f->slot);
        flow_answered(f, false);
        return;
    }
    f->doc.reply_len = 0;
    (f->caller.op == OP_REMOTE_DOMAIN_CREATE || f->steps == restore_steps ? flow_answered : define_done)(f, true);
}

/* create_xml: the document comes first, then a slot for it. */
static int xml_slot(struct flow *f)
{
    int slot, r = doc_clash(f, true, &slot);
    if (r != FLOW_NEXT)
        return r;
    if (slot < 0) {
        if ((slot = slot_take(&f->doc)) < 0)
            return err_set(&f->err, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "too many domains");
        f->new_slot = true;
    }
    f->wanted = slot_handle(slot);
    if (f->steps == restore_steps)
        f->caller.arg = f->doc.changes & (START_PAUSED | START_BYPASS_CACHE | START_RESET_NVRAM);      /* its own flags are no start's */
    slot_mark(slot, &f->caller);
    return doc_claim(f);
}

#define START_STEPS { "turn", talk_turn, NULL, NULL }, { "begin", begin, NULL, NULL }, { "saved", saved_go, saved_got, NULL }, { "restore", hook_restore, hook_got, NULL }, { "read", read_text, doc_text_got, NULL }, { "compile", doc_xmlc_call, run_compiled, NULL }, { "prepare", hook_go, hook_got, NULL }, { "judge", saved_judge, NULL, NULL }, { "look", chain_look, chain_looked, NULL }, \
    { "probe", chain_probe, chain_probed, NULL }, { "connect", talk_logs, talk_connected, NULL }, { "logs", talk_go, run_open, NULL }, { "open", open_go, run_opened, NULL }, PORT_STEPS(NULL), { "net", run_net, run_opened, NULL }, FILTER_STEPS(NULL), { "start", hook_go, hook_got, NULL }, { "worker", worker_go, NULL, worker_died }, \
    { "tune", run_tune, hand_did, NULL }, { "up", up, NULL, NULL }, { "started", hook_go, hook_got, NULL }, { "image", saved_drop, saved_dropped, flow_without }, { 0 }
const struct step create_steps[] = { { "claim", doc_claim, NULL, NULL }, START_STEPS };
const struct step create_xml_steps[] = { { "again", doc_again, NULL, NULL }, { "document", doc_xmlc_pass, doc_take, NULL }, { "may", access_step, NULL, NULL }, { "slot", xml_slot, NULL, NULL }, START_STEPS };
const struct step restore_steps[] = { { "again", doc_again, NULL, NULL }, FILE_STEPS, { "document", doc_xmlc_pass, doc_take, NULL }, { "may", access_step, NULL, NULL }, { "slot", xml_slot, NULL, NULL }, START_STEPS };

/* ---- launch: a flow of its own, for the start waits for the worker and the worker for this ---- */

/* SAFETY: once a run, while it starts, with the descriptors that the manifest granted, an emulator that the hand knows and the view it makes; argv
 * is the worker's, written before a guest's first byte. */
static int launch_go(struct flow *f)
{
    struct run *r = f->run;
    int fds[FRAME_FDS_MAX] = { f->fd[FF_TEXT], run_fd(r, BFD_MANIFEST, 0) };
    struct launch *l = (struct launch *)f->body;
    _Static_assert(sizeof *l <= sizeof f->body, "a launch fits into a flow");
    if (r->phase != RUN_STARTING || r->launched || r->launching || r->worker.number != f->caller.number)
        return err_set(&f->err, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "a launch out of turn");
    r->launching = true;
    l->object = r->object;
    l->uid = l->gid = run_uid(r->id, UID_QEMU);
    l->id = r->id;
    l->owner_uid = sup.settings.owner_uid;
    l->owner_gid = sup.settings.owner_gid;
    l->flags &= r->has & HAND_HAS_HOSTNET ? LAUNCH_HOSTNET : 0;
    l->flags |= lease_wanted() ? LAUNCH_LEASES : 0;
    memcpy(l->uuid, slot_row(r->slot)->uuid, sizeof l->uuid);
    memcpy(l->name, f->name, sizeof l->name);
    /* Our ends live in the stub too, for a later daemon.  Not the monitor's, which serves one at a time: that may be libvirt's. */
    l->nfds = run_fds(r, -1, l->fd, fds + 2);
    /* The hand is the run's, though the start has the object: a destroy ends it first, and so this flow, which uses the run. */
    return flow_call(f, peer_take(ROLE_HAND_LAUNCH, r->object, l->name), OP_IN(IN_HAND_LAUNCH), 0, l, sizeof *l, fds, 2 + l->nfds);
}

static int launched(struct flow *f, struct frame *fr)
{
    struct run *r = f->run;
    struct launched d;
    if (fr->body_len != sizeof d || fr->h.nfds < 2)
        return hand_did(f, fr) < 0 ? -1 : err_set(&f->err, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed answer of a hand");
    memcpy(&d, fr->body, sizeof d);
    struct frame_head known = { .kind = FRAME_EVENT, .op = OP_IN(IN_HAND_LAUNCH) };
    struct peer *hand = peer_find(f->from);
    run_adopt(r, fr, d.pid);
    if (hand)           /* only now may it let QEMU run on without us */
        peer_send(hand, &known, NULL, 0, NULL, 0);
    run_fd_drop(r, BFD_NONE, 0, OWN_LOG - 1);       /* QEMU has them; its log must not end before it was asked for QEMU's last words */
    SLOT_EDIT(s, r->slot) {
        s->id = r->id;
        s->state = DOM_PAUSED;
        s->reason = PAUSED_STARTING_UP;
        s->qemu_pid = (uint32_t)d.pid;
        s->cpu_time_ns = 0;
    }
    int fds[3] = { run_fd(r, BFD_QMP, 0), run_fd(r, BFD_PROC, 0), run_fd(r, BFD_CGROUP, 0) };
    route_reply(&f->caller, &d, sizeof d, fds, fds[2] >= 0 ? 3 : 2);
    f->answered = true;
    return FLOW_END;
}

const struct step launch_steps[] = { { "launch", launch_go, launched, NULL }, { 0 } };
