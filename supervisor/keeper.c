/* keeper.c: the daemon's first process: spawns, reaps and holds descriptors for the supervisor, and starts the supervisor anew.
 *
 * Privilege: all that its hands need; it runs as root and hands it on by spawning.  Who may call: the supervisor, by frames of fixed structs.
 * Assumes: nothing of them but their size.  A frame that does not fit ends the supervisor, and the next one starts with what is held. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include "ipc/chan.h"
#include "ipc/log.h"
#include "ipc/util.h"
#include "keeper.h"
#include "policy/sandbox.h"

enum { BACKOFF_FIRST_MS = 100, BACKOFF_MAX_MS = 30000, END_MS = 2000, REST_MS = 1, SUPERVISOR_QUEUE = 65536 /* frames: exits of all processes at once must fit */, SUPERVISOR_BYTES = 128 << 20,
    REEXEC = 1000 /* what the loop ends with for an execve of ourselves */ };

static struct keeper_start keeper, *const start = &keeper;
static struct chan sup;
static uint64_t sup_channel /* number of the present supervisor, 0: none */, last_death_ms;
static uint32_t deaths;
static struct loop_timer respawn_timer;
static bool reexec_wanted, by_front, ready_said;

static void tell(uint32_t op, uint32_t arg, const void *body, size_t len, const int *fds, unsigned nfds)
{
    struct frame_head h = { .kind = FRAME_EVENT, .op = OP_IN(op), .arg = arg };
    if (sup_channel)
        chan_send(&sup, &h, body, len, fds, nfds);
}

static void notify(int who, const char *state)
{
    if (start->ready[who] >= 0 && write(start->ready[who], state, strlen(state)) < 0)
        log_warn("readiness: %s", strerror(errno));
}

static void do_ready(struct frame *f)
{
    notify(READY_MANAGER, "READY=1\nSTATUS=running\n");
    for (int i = READY_FD; i <= READY_PARENT; i++) {
        notify(i, "\n");
        util_closep(&start->ready[i]);
    }
    ready_said = true;
}

/* ---- requests of the supervisor: a table of op, least body, least descriptors ---- */

static void do_spawn(struct frame *f)
{
    struct spawn s;
    memcpy(&s, f->body, sizeof s);
    unsigned kept = s.who.kind == HELD_CHANNEL, first = 1 + kept, n = f->h.nfds > first ? f->h.nfds - first : 0;
    struct row *channel = kept ? store_put(&s.who, frame_take_fd(f, 1), -1) : NULL;
    struct spawned done = { .channel = s.who.channel, .pid = kept && !channel ? -EMFILE : -EINVAL };
    struct exited none = { .who = s.who, .code = CLD_EXITED, .status = 127 };
    int fds[BIRTH_FDS_MAX];
    s.birth.name[sizeof s.birth.name - 1] = 0;
    if (done.pid == -EINVAL && f->h.nfds >= first && n == s.birth.nfds && n + 5 <= BIRTH_FDS_MAX) {
        memcpy(fds, &f->fds[first], n * sizeof fds[0]);
        n = store_birth(&s.birth, fds, n, ROLE_KEEPER);
        done.pid = spawn_role(&start->layout, &s.who, &s.birth, f->fds[0], fds, n);
    }
    if (channel && done.pid > 0)
        channel->key.pid = done.pid;
    else if (channel)
        store_free(channel);
    log_debug("%s is process %d", role_name((int)s.who.role), done.pid);
    util_format(none.words, sizeof none.words, "cannot be started: %s", strerror(-done.pid));
    done.pid > 0 ? tell(IN_SPAWNED, 0, &done, sizeof done, NULL, 0) : tell(IN_EXITED, 0, &none, sizeof none, NULL, 0);
}

/* What was sent is safe: of the descriptors that virtlockd has us hold, at each of its calls one, some wait for each other, which spares a wake-up each. */
static void rest_end(struct loop_timer *t)
{
    loop_mod(&sup.src, EPOLLIN | (sup.head ? EPOLLOUT : 0));
}

static void rest(void)
{
    static struct loop_timer timer;
    if (timer.armed)
        return;
    loop_mod(&sup.src, 0);
    loop_after(&timer, REST_MS, rest_end, NULL);
}

static void do_store(struct frame *f)
{
    struct held h;
    memcpy(&h, f->body, sizeof h);
    h.kind = HELD_FD;
    if (h.tag >= BFD_TREE && h.tag <= BFD_GRANTS)       /* a run has one of each: the new one is in place of the old at once */
        store_drop(&h);
    if (!store_put(&h, frame_take_fd(f, 0), -1))
        log_err("the descriptor store is full");
    if (h.tag == BFD_LEASE)
        rest();
}

static void do_drop(struct frame *f)
{
    for (size_t at = 0; at + sizeof(struct held) <= f->body_len; at += sizeof(struct held))
        store_drop((const void *)(f->body + at));
}

static void do_kill(struct frame *f)
{
    proc_kill((const void *)f->body);       /* one that is dead already has told so */
}

static void do_adopt(struct frame *f)
{
    struct held h;
    memcpy(&h, f->body, sizeof h);
    h.kind = HELD_PROCESS;
    if (proc_watch(store_put(&h, frame_take_fd(f, 0), -1)) < 0)
        log_err("cannot watch process %d", h.pid);
}

static void do_shutdown(struct frame *f)
{
    loop_stop((int)f->h.arg);
}

static void do_log_set(struct frame *f)
{
    memcpy(start->settings.log, f->body, sizeof start->settings.log);
    output_init(start);
}

static const struct { uint32_t op; size_t body; unsigned fds; void (*fn)(struct frame *f); } requests[] = {
    { IN_SPAWN, sizeof(struct spawn), 1, do_spawn }, { IN_STORE, sizeof(struct held), 1, do_store }, { IN_DROP, sizeof(struct held), 0, do_drop },
    { IN_KILL, sizeof(struct kill_req), 0, do_kill }, { IN_ADOPT, sizeof(struct held), 1, do_adopt }, { IN_READY, 0, 0, do_ready },
    { IN_SHUTDOWN, 0, 0, do_shutdown }, { IN_LOG_SET, sizeof(struct logging[LOG_PARTS_N]), 0, do_log_set },
};

static void supervisor_kill(int sig)
{
    struct kill_req k = { .channel = sup_channel, .signal = sig };
    if (sup_channel)
        proc_kill(&k);
}

static void on_frame(struct chan *c, struct frame *f)
{
    for (size_t i = 0; i < ARRAY_N(requests); i++)
        if (f->h.op == OP_IN(requests[i].op) && f->h.kind == FRAME_EVENT && !(f->h.flags & FRAME_BIG) && f->body_len >= requests[i].body &&
            f->h.nfds >= requests[i].fds) {
            requests[i].fn(f);
            return;
        }
    log_err("the supervisor asked for what the keeper does not do (op %#x)", f->h.op);
    supervisor_kill(SIGKILL);
}

static void on_end(struct chan *c, int err)
{
    supervisor_kill(SIGKILL);       /* a supervisor without a keeper is none; its end is told by its pidfd */
    chan_close(c);
}

/* ---- birth and death of the supervisor ---- */

/* Everything held goes to the new one, an object's descriptors before its processes; it sorts out what still has a meaning. */
static void tell_held(void)
{
    static const uint32_t order[] = { HELD_FD, HELD_CHANNEL, HELD_PROCESS };
    for (size_t i = 0; i < ARRAY_N(order); i++)
        for (struct row *r = store_next(NULL, order[i]); r; r = store_next(r, order[i]))
            if (order[i] == HELD_FD ? r->key.object != 0 : r->key.channel != sup_channel)
                tell(IN_HELD, 0, &r->key, sizeof r->key, &r->fd, order[i] != HELD_PROCESS || r->key.role == ROLE_PID1);
    tell(IN_GO, start->epoch, NULL, 0, NULL, 0);
}

static void supervisor_start(struct loop_timer *t)
{
    int sv[2] = { -1, -1 }, fds[BIRTH_FDS_MAX];
    uint32_t epoch = ++start->epoch;
    struct held who = { .kind = HELD_PROCESS, .role = ROLE_SUPERVISOR, .channel = (uint64_t)epoch << 32 };
    int r = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) < 0 ? -errno : chan_open(&sup, sv[0], SUPERVISOR_QUEUE, on_frame, on_end, NULL);
    AUTO_CLOSE child = sv[1];
    if (!r) {
        uint32_t uid = start->layout.session ? ~0u : start->settings.uid_base + ROLE_SUPERVISOR;
        struct birth b = { .magic = BIRTH_MAGIC, .role = ROLE_SUPERVISOR, .epoch = epoch, .log_level = start->settings.log[LOG_FILTERS].from[ROLE_SUPERVISOR], .uid = uid, .gid = uid,
            .flags = (start->layout.session ? BIRTH_SESSION : 0) | (epoch == 1 && start->first_boot ? BIRTH_FIRST : 0) };
        unsigned n = store_birth(&b, fds, store_birth(&b, fds, 0, ROLE_SUPERVISOR), ROLE_KEEPER);
        r = spawn_role(&start->layout, &who, &b, child, fds, n);
    }
    if (r > 0) {
        sup.queue_bytes_max = SUPERVISOR_BYTES;
        sup_channel = who.channel;
        tell_held();
        return;
    }
    if (sv[0] >= 0)
        chan_close(&sup);
    log_err("cannot start the supervisor: %s", strerror(-r));
    if (!ready_said)
        loop_stop(1);
    else
        loop_after(&respawn_timer, BACKOFF_MAX_MS, supervisor_start, NULL);
}

static void supervisor_ended(const struct exited *x)
{
    uint64_t now = loop_now_ms();
    deaths = now - last_death_ms < 60000 ? deaths + 1 : 1;
    last_death_ms = now;
    uint32_t wait = deaths == 1 ? 0 : deaths > 10 ? BACKOFF_MAX_MS : BACKOFF_FIRST_MS << (deaths - 2);
    sup_channel = 0;
    chan_read(&sup, UINT_MAX);      /* what it had told us counts: others may have been told that it is so */
    chan_close(&sup);
    if (reexec_wanted) {
        loop_stop(REEXEC);
        return;
    }
    log_err("supervisor %d ended (%s %d); the next starts in %u ms%s%.200s", x->who.pid, x->code == CLD_EXITED ? "exit status" : "signal", x->status, wait,
            *x->words ? "; last words: " : "", x->words);
    if (!ready_said && deaths > 3)
        loop_stop(1);           /* it never worked: tell whoever started us */
    else
        loop_after(&respawn_timer, wait, supervisor_start, NULL);
}

static void on_exit_of(const struct exited *x)
{
    if (x->who.role == ROLE_SUPERVISOR) {
        if (x->who.channel == sup_channel)
            supervisor_ended(x);
        return;
    }
    struct held gone = { .kind = HELD_CHANNEL, .channel = x->who.channel };
    tell(IN_EXITED, 0, x, sizeof *x, NULL, 0);
    store_drop(&gone);
}

/* ---- signals ---- */

static void on_signal(struct loop_source *s, uint32_t events)
{
    struct signalfd_siginfo si;
    while (read(s->fd, &si, sizeof si) == (ssize_t)sizeof si)
        switch (si.ssi_signo) {
        case SIGCHLD:
            proc_reap();
            break;
        case SIGHUP:            /* the front reads the configuration on the way */
        case SIGUSR1:           /* the path of a crash, so that it is always a tested one */
            by_front |= si.ssi_signo == SIGHUP;
            reexec_wanted = true;
            if (sup_channel)
                supervisor_kill(SIGTERM);
            else
                loop_stop(REEXEC);
            break;
        default:
            notify(READY_MANAGER, "STOPPING=1\n");
            loop_stop(0);
        }
}

/* All roles end with the daemon but those that a guest's life hangs on: its PID-1 stub.  Their channel's end tells them.
 * conf may still have a guest's status file to write, by which the next daemon finds that guest: it reads its channel to the end and is waited for. */
static void end_roles(void)
{
    for (struct row *r = store_next(NULL, HELD_PROCESS); r; r = store_next(r, HELD_PROCESS)) {
        struct kill_req k = { .channel = r->key.channel, .signal = r->key.role == ROLE_LOG ? SIGTERM : SIGKILL };
        if (r->key.role != ROLE_PID1 && r->key.role != ROLE_CONF)
            proc_kill(&k);
    }
    for (struct row *r = store_next(NULL, HELD_CHANNEL); r; r = store_next(r, HELD_CHANNEL))
        store_free(r);
    for (struct row *r = store_next(NULL, HELD_PROCESS); r; r = store_next(r, HELD_PROCESS))
        if (r->key.role == ROLE_CONF)
            poll(&(struct pollfd){ .fd = r->fd, .events = POLLIN }, 1, END_MS);
}

static int run(void)
{
    static struct loop_source sigs;
    sigset_t set;
    proc_on_exit = on_exit_of;
    int r = start->layout.session ? 0 : sandbox_trim(ROLE_KEEPER);
    if (r < 0)
        return r;
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    const int wanted[] = { SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGCHLD };
    for (size_t i = 0; i < ARRAY_N(wanted); i++)
        sigaddset(&set, wanted[i]);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        return -errno;
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    r = fd < 0 ? -errno : loop_add(&sigs, fd, EPOLLIN, on_signal, NULL);
    if (r < 0)
        return r;
    proc_reap();                /* what ended while we were not looking, across an execve */
    supervisor_start(NULL);
    return loop_run();
}

int main(int argc, char **argv)
{
    const char *state = getenv("BULKHEAD_KEEPER_STATE");
    log_init("keeper");
    int r = state ? loop_init() : -EINVAL;
    if (!r)
        r = store_load(atoi(state), start);
    if (r < 0) {
        if (start->epoch)       /* a front that is another build than its keeper, too, would do it for ever */
            execv(start->front, argv);
        log_err("not started by a daemon: %s", strerror(-r));
        return 1;
    }
    unsetenv("BULKHEAD_KEEPER_STATE");
    prctl(PR_SET_NAME, start->layout.daemon);
    output_init(start);
    log_sink = output_own;
    if ((r = run()) == REEXEC)
        r = keeper_exec(start, by_front, argv);
    if (r < 0)
        log_err("cannot go on: %s", strerror(-r));
    end_roles();
    for (size_t i = 0; i < ARRAY_N(start->made) && start->made[i][0]; i++)
        unlink(start->made[i]);
    return r < 0 ? 1 : r;
}
