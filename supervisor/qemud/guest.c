/* guest.c: the table of runs: a guest from its first resource to its last, and what its worker may ask. */
#include <errno.h>
#include <signal.h>
#include "supervisor/qemud/guest.h"

enum { RUNS_MAX = 4096, GUEST_UIDS_FROM = 32 /* below: the roles' own */, CALLS_MAX = 64 /* of a worker, each of which may be an xmlc's */ };
_Static_assert((int)ROLE_N <= (int)GUEST_UIDS_FROM, "no guest has a role's uid");
static struct run runs[RUNS_MAX];
static uint32_t runs_n, runs_used;
static uint16_t by_slot[INDEX_SLOTS_MAX];      /* row + 1 */

/* ---- rows ---- */

struct run *run_of(int slot)
{
    return slot >= 0 && by_slot[slot] ? &runs[by_slot[slot] - 1] : NULL;
}

static struct run *run_next(struct run *after)
{
    for (uint32_t i = after ? (uint32_t)(after - runs) + 1 : 0; i < runs_n; i++)
        if (runs[i].object)
            return &runs[i];
    return NULL;
}

static uint32_t uids(void)
{
    return sup.settings.uid_count / 8;      /* fours, in its middle; the last quarter is peer.c's */
}

/* Four uids a guest, for QEMU, for its worker and two for its helpers (hand_helper.c), told by its id: so an adopted guest has the ones it was started with. */
uint32_t run_uid(int32_t id, unsigned which)
{
    return sup.birth.flags & BIRTH_SESSION || !uids() ? ~0u : sup.settings.uid_base + GUEST_UIDS_FROM + 4 * ((uint32_t)id % uids()) + which;
}

bool run_id_clashes(int32_t id)
{
    for (struct run *r = run_next(NULL); r; r = run_next(r))
        if (r->id == id || (r->id > 0 && run_uid(id, UID_QEMU) != ~0u && run_uid(r->id, UID_QEMU) == run_uid(id, UID_QEMU)))
            return true;
    return id <= 0;
}

struct run *run_take(int slot)
{
    uint32_t i = 0;
    while (i < runs_n && runs[i].object)
        i++;
    /* As many as there are uids, too: none is ever two guests'. */
    if (i == RUNS_MAX || (run_uid(1, UID_QEMU) != ~0u && runs_used >= uids()))
        return NULL;
    struct run *r = &runs[i];
    *r = (struct run){ .object = slot_handle(slot), .slot = slot, .id = slot_row(slot)->id, .worker = { .spawn = run_worker_spawn, .data = r,
        .instance = sup.epoch << 8 /* one that died with its supervisor is not known: its answers must not be taken for the next one's */ } };
    for (unsigned k = 0; k < RUN_LOGS_MAX; k++)
        r->log[k] = (struct life){ .spawn = log_spawn, .data = r, .may_finish = true };
    if (i >= runs_n)
        runs_n = i + 1;
    by_slot[slot] = (uint16_t)(i + 1);
    runs_used++;
    idle_update();
    return r;
}

void run_free(struct run *r)
{
    struct held h = { .kind = HELD_FD, .object = r->object };
    keeper_tell(IN_DROP, &h, sizeof h, NULL, 0);
    for (unsigned i = 0; i < RUN_LOGS_MAX; i++)
        life_release(&r->log[i]);      /* they drain their pipes and end by themselves */
    for (unsigned i = 0; i < r->fds; i++)
        util_closep(&r->fd[i].fd);
    if (r->slot >= 0)
        by_slot[r->slot] = 0;
    r->object = 0;
    runs_used--;
    idle_update();
}

uint32_t objects_count(void)
{
    return runs_used;
}

struct flow *run_flow(const struct step *steps, flow_done_fn *done, const struct caller *c, struct run *r)
{
    struct flow *f = flow_start(steps, done, c);
    if (!f)
        return NULL;
    f->wanted = r->object;
    f->slot = r->slot;
    f->run = r;
    util_copy_str(f->name, sizeof f->name, slot_row(r->slot)->name);
    return f;
}

/* ---- descriptors ---- */

static const struct run_fd *find(const struct run *r, int kind, uint32_t arg)
{
    for (unsigned i = 0; i < r->fds; i++)
        if (r->fd[i].kind == kind && r->fd[i].arg == arg)
            return &r->fd[i];
    return NULL;
}

int run_fd(const struct run *r, int kind, uint32_t arg)
{
    const struct run_fd *d = find(r, kind, arg);
    return d ? d->fd : -1;
}

int run_latest(const struct run *r, int kind)
{
    int fd = run_fd(r, kind, RUN_NEXT);
    return fd >= 0 ? fd : run_fd(r, kind, 0);
}

static int fd_put(struct run *r, int kind, uint32_t arg, int fd)
{
    if (fd < 0 || r->fds == RUN_FDS_MAX || (unsigned)kind >= BFD_KIND_N || (kind == BFD_LOG_PIPE && arg >= RUN_LOGS_MAX)) {
        util_closep(&fd);
        return -ENOSPC;
    }
    r->fd[r->fds++] = (struct run_fd){ fd, (uint8_t)kind, arg };
    return 0;
}

static struct held key_of(const struct run *r, int kind, uint32_t arg)
{
    return (struct held){ .kind = HELD_FD, .role = ROLE_QEMU, .object = r->object, .tag = (uint32_t)kind, .arg = arg, .instance = (uint32_t)r->id };
}

/* With the first one the keeper knows of the run and its id, so that whoever comes after us can undo it. */
int run_fd_add(struct run *r, int kind, uint32_t arg, int fd)
{
    struct held h = key_of(r, kind, arg);
    struct run_fd *old = kind >= BFD_TREE && kind <= BFD_GRANTS ? (struct run_fd *)find(r, kind, arg) : NULL;       /* the keeper looks for it as well */
    if (fd >= 0 && old) {
        close(old->fd);
        old->fd = fd;
    } else if (fd_put(r, kind, arg, fd) < 0) {
        return -ENOSPC;
    }
    if (kind != BFD_NONE)
        keeper_tell(IN_STORE, &h, sizeof h, &fd, 1);
    return 0;
}

void run_fd_drop(struct run *r, int kind, uint32_t from, uint32_t to)
{
    struct run_fd *end = r->fd;
    for (struct run_fd *d = r->fd; d < r->fd + r->fds; d++) {
        struct held h = key_of(r, kind, d->arg);
        if (d->kind != kind || d->arg < from || d->arg > to) {
            *end++ = *d;
            continue;
        }
        util_closep(&d->fd);
        if (kind != BFD_NONE)
            keeper_tell(IN_DROP, &h, sizeof h, NULL, 0);
    }
    r->fds = (unsigned)(end - r->fd);
}

unsigned run_fds(const struct run *r, int new_from, struct launch_fd *as, int *fds)
{
    unsigned n = 0;
    for (const struct run_fd *d = r->fd; d < r->fd + r->fds; d++) {
        bool is_new = d->kind == BFD_NONE ? d->arg != OWN_LOG : d->kind == BFD_CHARDEV && (int)d->arg >= new_from;
        if (d->kind == BFD_QMP || (new_from >= 0 && !is_new))
            continue;
        as[n] = (struct launch_fd){ .number = d->kind == BFD_NONE ? (int16_t)d->arg : -1, .kind = d->kind, .arg = d->arg };
        fds[n++] = d->fd;
    }
    return n;
}

/* ---- the worker ---- */

struct peer *run_worker_spawn(struct life *l)
{
    struct run *r = l->data;
    bool resume = r->launched;
    static const bool workers[BFD_KIND_N] = { [BFD_TREE] = true, [BFD_MANIFEST] = true, [BFD_GRANTS] = true, [BFD_CHECKPOINT] = true, [BFD_CHARDEV] = true,
        [BFD_QMP] = true, [BFD_PROC] = true, [BFD_CGROUP] = true };
    struct born n;
    born_begin(&n, ROLE_QEMU, r->object, slot_row(r->slot)->name);
    n.b.uid = n.b.gid = run_uid(r->id, UID_WORKER);
    n.b.instance = r->worker.instance;
    n.b.flags |= resume ? BIRTH_RESUME : 0;
    for (const struct run_fd *d = r->fd; d < r->fd + r->fds; d++)
        if (workers[d->kind] && (d->kind == BFD_CHARDEV || !d->arg) && (resume || d->kind != BFD_QMP))     /* a new QEMU's monitor comes with the answer to IN_LAUNCH */
            born_fd(&n, d->kind, d->arg, d->fd);
    return peer_spawn(&n);
}

static void worker_failed(struct life *l)
{
    struct run *r = l->data;
    slot_flag(r->slot, SLOT_WORKER_FAILED, true);
    route_wake(r->object);      /* who waited is told */
}

/* It runs: from here on its worker comes again when it dies. */
void guest_up(struct run *r, struct peer *worker)
{
    r->phase = RUN_UP;
    r->worker.ended = worker_failed;
    if (worker)
        life_adopt(&r->worker, worker);
    else
        life_start(&r->worker);
    uint64_t client = slot_row(r->slot)->autodestroy;
    if (client && !peer_find(client))       /* it left during the start, or while there was no supervisor */
        stop_begin(r, &stop_destroyed, NULL, NULL);
}

enum guest_ready guest_worker(int slot, struct peer **p)
{
    struct run *r = run_of(slot);
    if (!r)
        return GUEST_NONE;
    if (r->phase != RUN_UP && !(*p = peer_find(r->worker.number)))
        return r->phase == RUN_ENDING ? GUEST_NONE : GUEST_SOON;
    if (r->phase != RUN_UP)             /* its worker knows what has to wait for its QEMU; one that ends will be none in a moment, or the definition's again; and who works on its end may ask */
        return r->phase == RUN_ENDING ? GUEST_SOON : GUEST_READY;
    if (r->worker.state == LIFE_FAILED)
        return GUEST_FAILED;
    *p = life_peer(&r->worker);
    return *p ? GUEST_READY : GUEST_SOON;
}

/* ---- what a worker says and asks ---- */

static void state_set(struct run *r, const struct guest_state *g)
{
    const uint32_t theirs = SLOT_STALE | SLOT_AGENT | SLOT_TAINTED | SLOT_HAS_SNAPSHOT;
    SLOT_EDIT(s, r->slot) {
        s->state = g->state;
        s->reason = g->reason;
        s->flags = (s->flags & ~(g->flags_mask & theirs)) | (g->flags & g->flags_mask & theirs);
        s->flags &= ~(uint32_t)SLOT_WORKER_FAILED;
        s->now.mem_kib = g->mem_kib ? g->mem_kib : s->now.mem_kib;
        s->cpu_time_ns = g->cpu_time_ns ? g->cpu_time_ns : s->cpu_time_ns;
        s->now.vcpus = g->vcpus ? g->vcpus : s->now.vcpus;
    }
    if (g->event >= 0)
        event_lifecycle(slot_row(r->slot), g->event, g->detail);
}

static void on_state(struct run *r, struct peer *p, struct frame *f)
{
    const struct guest_state *g = (const void *)f->body;
    if (g->state < DOM_RUNNING || g->state > DOM_PMSUSPENDED || g->state == DOM_SHUTOFF || g->event > EVENT_CRASHED)
        peer_refuse(p, "a state that is none");
    else if (r->launched && r->phase != RUN_ENDING && (g->event < 0 || event_allowed(p, true)))
        state_set(r, g);
    if (f->h.arg)
        save_stopped(r->slot, NULL);
}

static void on_stopped(struct run *r, struct peer *p, struct frame *f)
{
    if (r->phase == RUN_UP || (r->phase == RUN_ENDING && !r->has_word))
        stop_begin(r, (const void *)f->body, NULL, NULL);
}

/* Of a run that ends the file goes, or has gone already. */
static int status_write(struct flow *f)
{
    struct run *r = run_of(slot_of(f->wanted));
    return !r || r->phase == RUN_ENDING ? FLOW_END : flow_conf(f, IN_CONF_WRITE, 0, DIR_STATUS, f->name, f->fd[FF_TEXT]);
}

static const struct step status_steps[] = { { "status", status_write, NULL, NULL }, { 0 } };

/* An element for <metadata> of the running document: text of a client, so an xmlc reads it. */
static int element_ask(struct flow *f)
{
    return flow_call(f, peer_take(ROLE_XMLC, f->object, f->name), OP_IN(IN_DOC_ELEMENT), 0, NULL, 0, &f->fd[FF_TEXT], 1);
}

static const struct step element_steps[] = { { "read", element_ask, flow_answer, NULL }, { 0 } };

/* A worker's call, with a file or a short body, which is a flow.
 * SAFETY: of status files, of devices that have gone, of threads that came and of dumps a worker has one at a time: one that would have more of them than the disk takes, or would always
 * have the next one waiting for its guest before a client's call, gets no more of the flows, and no more of the object, than one that has not. */
static void worker_flow(const struct step *steps, struct run *r, struct peer *p, struct frame *fr)
{
    struct caller c = { .number = p->number, .serial = fr->h.serial, .op = fr->h.op };
    struct flow *f = steps == element_steps ? NULL : flow_next(NULL);
    while (f && (f->steps != steps || f->caller.number != p->number))
        f = flow_next(f);
    if (f && f->caller.serial != fr->h.serial)      /* else it was on its way when the worker heard of us, and sent it again */
        peer_refuse(p, "a second one of these calls at once");
    if (f || !(f = run_flow(steps, steps == dump_steps ? save_done : flow_answered, &c, r)))
        return;
    f->fd[FF_TEXT] = frame_take_fd(fr, 0);
    f->body_len = fr->body_len < sizeof f->body ? (uint32_t)fr->body_len : 0;
    memcpy(f->body, fr->body, f->body_len);
    flow_go(f);
}

/* SAFETY: none of these names anything but the worker's own guest, which its channel tells. */
static const struct { uint32_t op; uint8_t kind; size_t body; unsigned fds; void (*fn)(struct run *r, struct peer *p, struct frame *f); const struct step *steps; } verbs[] = {
    { IN_STATE, FRAME_EVENT, sizeof(struct guest_state), 0, on_state, NULL }, { IN_STATUS_XML, FRAME_CALL, 0, 1, NULL, status_steps },
    { IN_STOPPED, FRAME_EVENT, sizeof(struct guest_state), 0, on_stopped, NULL }, { IN_LAUNCH, FRAME_CALL, sizeof(struct launch), 1, NULL, launch_steps },
    { IN_LOG_TAIL, FRAME_CALL, sizeof(struct log_tail), 0, log_tail, NULL }, { IN_DOC_ELEMENT, FRAME_CALL, 0, 1, NULL, element_steps },
    { IN_LEASES_ASK, FRAME_CALL, 0, 0, lease_asked, NULL }, { IN_UNPLUGGED, FRAME_CALL, sizeof(struct plug_alias), 0, NULL, plug_steps }, { IN_TUNE, FRAME_CALL, 0, 0, NULL, tune_steps },
    { IN_DUMP, FRAME_CALL, 0, 0, NULL, dump_steps },
};

void objects_frame(struct peer *p, struct frame *f)
{
    struct run *r = run_of(slot_of(p->object));
    const struct caller c = { .number = p->number, .serial = f->h.serial, .op = f->h.op, .arg = f->h.arg };
    if (p->role == ROLE_AUTH && f->h.kind == FRAME_CALL && f->h.op == OP_IN(IN_SIBLING) && p->calls < CALLS_MAX)
        sibling_asked(&c, f);
    if (!r)
        return;             /* its guest is gone, and it will be told */
    if (f->h.kind == FRAME_EVENT && OP_PROG(f->h.op) != PROG_INTERNAL) {
        if (event_allowed(p, false))
            event_from_worker(p, f);
        return;
    }
    for (size_t i = 0; i < ARRAY_N(verbs); i++)
        if (f->h.op == OP_IN(verbs[i].op) && f->h.kind == verbs[i].kind && !(f->h.flags & FRAME_BIG) && f->body_len >= verbs[i].body && f->h.nfds == verbs[i].fds &&
            (f->h.kind != FRAME_CALL || p->calls < CALLS_MAX)) {
            verbs[i].steps ? worker_flow(verbs[i].steps, r, p, f) : verbs[i].fn(r, p, f);
            return;
        }
    peer_refuse(p, "an operation that a worker has not, or too many calls at once");
}

/* ---- across supervisors ---- */

void objects_held(const struct held *h, int fd)
{
    int slot = slot_of(h->object);
    struct run *r = run_of(slot);
    if (slot >= 0 && !r)
        r = run_take(slot);
    if (!r) {
        struct held drop = { .kind = HELD_FD, .object = h->object };
        struct kill_req k = { .object = h->object, .signal = SIGKILL };
        util_closep(&fd);
        keeper_tell(h->kind == HELD_PROCESS ? IN_KILL : IN_DROP, h->kind == HELD_PROCESS ? (void *)&k : &drop, h->kind == HELD_PROCESS ? sizeof k : sizeof drop, NULL, 0);
    } else if (h->kind == HELD_PROCESS) {
        util_closep(&fd);           /* of the stub itself we need nothing */
        r->launched = true;
        r->stub = h->pid;
    } else if (fd_put(r, (int)h->tag, h->arg, fd) == 0) {
        r->id = h->instance ? (int32_t)h->instance : r->id;     /* 0: it was not known yet */
    }
}

void objects_inherit(struct peer *p, const struct held *h)
{
    struct run *r = run_of(slot_of(p->object));
    if (p->role == ROLE_CONF || p->role == ROLE_HOST)
        life_adopt(p->role == ROLE_CONF ? &conf_life : &host_life, p);
    else if (p->role == ROLE_QEMU && r)
        r->worker.number = p->number, r->worker.instance = h->instance;
    else if (p->role == ROLE_LOG && r && h->tag < RUN_LOGS_MAX)
        r->log[h->tag].number = p->number;
    else
        peer_kill(p, SIGKILL);
}

void objects_reconcile(void)
{
    life_start(&conf_life);
    if (sup.settings.access || sup.settings.auth_unix_rw || sup.settings.auth_unix_ro)
        life_start(&auth_life);
    for (int i = 0; i < (int)sup.index.head->slots; i++) {
        const struct index_slot *s = slot_row(i);
        if (s->used && slot_active(s) && !run_of(i))            /* of which the keeper has nothing may have left something as well */
            run_take(i);
        else if (s->used && !(s->flags & SLOT_PERSISTENT) && !run_of(i))        /* nothing of it was made yet, and who asked for it asks again */
            slot_free(i);
    }
    for (struct run *r = run_next(NULL); r; r = run_next(r)) {
        const struct index_slot *s = slot_row(r->slot);
        struct peer *p = peer_find(r->worker.number);
        r->has = HAND_HAS_TAPS;     /* for all that is known here */
        if (!sup.index.head->loaded && !slot_active(s))
            continue;           /* it was being taken over, which load.c goes on with */
        log_run(r);
        bool has_image = s->flags & SLOT_MANAGED_SAVE, is_paused = s->state == DOM_PAUSED;
        if (s->flags & SLOT_FILED || (is_paused && s->reason == PAUSED_SAVE && has_image))
            stop_begin(r, s->reason == PAUSED_DUMP ? &stop_dumped : &stop_saved, NULL, NULL);
        else if (r->stub && slot_begun(s)) {
            guest_up(r, p);
            plug_again(r);
            if (has_image || is_paused)         /* of a guest that runs on it is none; nor of one that stands, whose save nobody knows of any more */
                saved_forget(r);
        } else
            stop_begin(r, slot_active(s) && !r->stub ? &stop_crashed : &stop_failed, NULL, NULL);
    }
}

void objects_client_gone(struct peer *gateway)
{
    for (struct run *r = run_next(NULL); r; r = run_next(r))
        if (slot_row(r->slot)->autodestroy == gateway->number && r->phase == RUN_UP)
            stop_begin(r, &stop_destroyed, NULL, NULL);
}
