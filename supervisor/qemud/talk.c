/* talk.c: talks with the host's other daemons about a guest: a hand connects, and a talk role says what there is to say; or a gateway, for its client.
 *
 * Leases of a guest's disks (lock_manager = "lockd"): its worker asks for them before the CPUs run, and gives them up when they have stopped.  All that
 * takes is in the flow: its guest may end meanwhile.  Logs (stdio_handler = "logd"): a start has them opened, before anything is made for the guest; what
 * virtlogd answers is QEMU's alone.
 *
 * SAFETY: what is leased or logged is what the guest's document names, as xmlc made it and policy let it pass, and the owner is its first process: a worker
 * says when, not what or whose. */
#include <fcntl.h>
#include "supervisor/qemud/guest.h"

static const struct step talk_steps[4];

int talk_turn(struct flow *f)
{
    for (struct flow *g = flow_next(NULL); g; g = flow_next(g))
        if (g->steps == talk_steps && g->wanted == f->wanted && (f->steps != talk_steps || (g->id == f->id && g->i < f->i)))
            return FLOW_LATER;
    return FLOW_NEXT;
}

static int connect_go(struct flow *f)
{
    const bool logs = f->arg & (TALK_LOGS | TALK_TAIL), filters = f->arg & (TALK_FILTERS | TALK_UNFILTER), ports = f->arg & TALK_LISTED;
    struct hand_daemon q = { .daemon = f->arg & TALK_SECRETS ? HOST_SECRET : filters ? HOST_NWFILTER : ports ? HOST_NETWORK : logs ? HOST_LOGD : HOST_LOCKD, .id = f->arg & TALK_SECRETS ? f->run->id : 0 };
    util_copy_str(q.name, sizeof q.name, f->name);
    return hand_call(f, ROLE_HAND_OPEN, IN_HAND_DAEMON, &q, sizeof q, &f->fd[FF_MANIFEST], !logs && !ports && f->fd[FF_MANIFEST] >= 0);
}

int talk_connected(struct flow *f, struct frame *fr)
{
    flow_take(f, FF_IMAGE, fr, 0);
    flow_take(f, FF_HAND, fr, 1);       /* open while the hand is needed */
    flow_take(f, FF_TEXT, fr, 2);       /* what its disks are called elsewhere, if that is wanted, or keys; a start has read what was there */
    return hand_did(f, fr);
}

int talk_go(struct flow *f)
{
    static const struct lock_owner nobody;      /* of ports the document tells who it is, secrets are nobody's; the flow has a client's words there */
    const bool ports = f->arg & TALK_LISTED, filters = f->arg & TALK_FILTERS;
    const int fds[] = { f->fd[FF_IMAGE], filters ? run_latest(f->run, BFD_MANIFEST) : f->fd[ports || f->arg == TALK_LOGS ? FF_MANIFEST : FF_TREE],
        filters ? run_latest(f->run, BFD_GRANTS) : f->arg & TALK_PORTS ? run_latest(f->run, BFD_TREE) : f->fd[f->arg & TALK_UNFILTER ? FF_TREE : FF_TEXT], filters ? run_fd(f->run, BFD_MANIFEST, 0) : -1 };
    return flow_call(f, peer_take(ROLE_TALK, 0, f->name), OP_IN(IN_TALK), f->arg, ports ? (const void *)&nobody : f->body, sizeof nobody, fds, 2 + (fds[2] >= 0) + (fds[3] >= 0));
}

/* Whoever dies at it is no reason to fail: once more from the connection on. */
static int talk_failed(struct flow *f)
{
    if (!f->died || f->looked++)
        return -1;
    f->arg |= f->arg & LEASES_TAKE ? LEASES_AGAIN : 0;
    f->pc = 0;
    return FLOW_NEXT;
}

static void about(struct flow *f, const struct run *r, uint32_t what)
{
    const struct index_slot *s = slot_row(r->slot);
    struct lock_owner *o = (struct lock_owner *)f->body;
    *o = (struct lock_owner){ .id = (uint32_t)r->id, .pid = s->qemu_pid };
    memcpy(o->uuid, s->uuid, sizeof o->uuid);
    util_copy_str(o->name, sizeof o->name, s->name);
    f->arg = what;
}

static const struct step talk_steps[4] = { { "turn", talk_turn, NULL, NULL }, { "connect", connect_go, talk_connected, talk_failed }, { "talk", talk_go, flow_answer, talk_failed }, { 0 } };

void talk_begin(struct run *r, uint32_t what, const struct caller *c)
{
    static uint32_t turns;
    struct flow *f = run_flow(talk_steps, flow_answered, c, r);
    if (!f)
        return;
    about(f, r, what | (c && c->flags & FRAME_RESENT && what & LEASES_TAKE ? LEASES_AGAIN : 0));
    f->id = r->id;
    f->i = ++turns;
    f->fd[FF_TREE] = fcntl(run_latest(r, what & TALK_UNFILTER ? BFD_GRANTS : BFD_TREE), F_DUPFD_CLOEXEC, 0);
    if (what & TALK_LISTED || *sup.settings.lvm_lockspace_dir || *sup.settings.scsi_lockspace_dir)
        f->fd[FF_MANIFEST] = fcntl(run_latest(r, BFD_MANIFEST), F_DUPFD_CLOEXEC, 0);
    flow_go(f);
}

void talk_gone(struct run *r, uint32_t from)
{
    if (hand_done.has & HAND_HAS_PORTS)
        talk_begin(r, TALK_UNPORT | from << TALK_FROM, NULL);
    if (hand_done.has & HAND_HAS_FILTERS)
        talk_begin(r, TALK_UNFILTER | from << TALK_FROM, NULL);
}

static int sibling_go(struct flow *f)
{
    return hand_call(f, ROLE_HAND_OPEN, IN_HAND_DAEMON, f->body, sizeof(struct hand_daemon), &f->fd[FF_IMAGE], f->fd[FF_IMAGE] >= 0);
}

/* SAFETY: who connects is the client that came to the gateway's door, and what it may do there is what it could do without us: its gateway says only where to.
 * auth gets a connection to the system's bus, as root: it asks polkit there, which is told its own answers by it alone. */
void sibling_asked(const struct caller *c, struct frame *fr)
{
    static const struct step steps[] = { { "connect", sibling_go, flow_answer, NULL }, { 0 } };
    const struct peer *g = peer_find(c->number);
    struct flow *f = (g->role == ROLE_AUTH ? c->arg == HOST_BUS : g->client_row && c->arg >= HOST_NETWORK) ? flow_start(steps, flow_answered, c) : NULL;
    static const struct client_row root;
    const struct client_row *client = g->client_row ? &sup.client_rows[g->client_row - 1] : &root;
    if (!f)
        return;
    *(struct hand_daemon *)f->body = (struct hand_daemon){ .daemon = c->arg, .readonly = g->door == DOOR_RO, .uid = client->uid, .gid = client->gid };
    f->fd[FF_IMAGE] = frame_take_fd(fr, 0);
    flow_go(f);
}

void lease_asked(struct run *r, struct peer *worker, struct frame *fr)
{
    struct caller c = { .number = worker->number, .serial = fr->h.serial, .op = fr->h.op, .flags = fr->h.flags };
    talk_begin(r, fr->h.arg & (LEASES_TAKE | LEASES_ONE | UINT32_MAX << LEASES_ENTRY), &c);
}

int talk_logs(struct flow *f)
{
    bool own = sup.settings.stdio_handler != STDIO_LOGD;
    about(f, f->run, TALK_LOGS);
    f->pc += own;
    return own ? FLOW_NEXT : connect_go(f);
}

/* ---- secrets; networks: a port for each interface that is one's, made before its tap; and the filters of taps, behind them ---- */

int port_go(struct flow *f)
{
    const bool opened = f->steps[f->pc + 1].got;
    f->has = hand_done.has;         /* of what was opened, made or changed just now */
    f->arg = f->has & (!opened ? TALK_FILTERS : f->has & TALK_SECRETS ? TALK_SECRETS : TALK_PORTS);
    f->pc += f->arg ? 0 : 1 + opened;
    f->arg |= !f->next ? TALK_ALL : f->start_err.code ? TALK_UNDO : 0;
    return f->arg & TALK_LISTED ? connect_go(f) : FLOW_NEXT;
}

/* What was said an xmlc reads, whose answer is the next step's. */
int port_read(struct flow *f, struct frame *fr)
{
    const int fds[] = { sup_fd(BFD_CAPS, 0), sup_fd(BFD_SETTINGS, 0), run_latest(f->run, BFD_TREE), run_latest(f->run, BFD_MANIFEST), fr->fds[0] };
    f->pc++;
    return flow_call(f, peer_take(ROLE_XMLC, f->object, f->name), OP_IN(IN_DOC_PORTS), 0, NULL, 0, fds, 4 + (fr->h.nfds > 0));
}

/* SAFETY: the manifest has what it had; of that, nothing but links and values of secrets is another (goes_on()). */
int port_known(struct flow *f, struct frame *fr)
{
    if (f->arg & TALK_SECRETS) {        /* once more from the first of these steps, for ports */
        hand_done.has = f->has & ~(uint32_t)TALK_SECRETS;
        f->pc -= 3;
    }
    flow_take(f, FF_MANIFEST, fr, 0);
    int n = policy_manifest_after(f->fd[FF_MANIFEST], run_latest(f->run, BFD_MANIFEST), &f->err);
    return n < 0 || run_fd_add(f->run, BFD_MANIFEST, f->next, fcntl(f->fd[FF_MANIFEST], F_DUPFD_CLOEXEC, 0)) ? -1 : FLOW_NEXT;
}
