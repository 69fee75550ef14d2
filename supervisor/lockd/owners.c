/* owners.c: who is behind a connection, and what its end means.
 *
 * An owner that holds leases and loses the connection that it made itself (QEMU, by libvirt's lock driver: the process registers before it becomes
 * QEMU, and the connection lasts as long as it does) can no longer be told anything: its leases end, and so does it, as libvirt's virtlockd has it: a guest
 * that runs on without its lock would write to a disk that is another's.  But for the client it is not the end when its gateway is killed: then
 * its process is what counts, which the keeper watches. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include "lockd.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif
#define KILL_MS 1600u               /* after the polite signal */
#define TICKS 100u                  /* a second, of a process's start time */
#define WATCHES_MAX CLIENTS_MAX

/* Of clients that have not said yet who they are, by their row in the client page: their pidfds, or where the kernel has none to give, their sockets, by
 * which a hand can find it, and when they came; + 1. */
static int pidfds[CLIENTS_MAX], sockets[CLIENTS_MAX];
static uint64_t came[CLIENTS_MAX];
/* Owners' processes that the keeper watches for us. */
static struct watch { uint32_t pid; uint64_t object; int fd; struct loop_timer timer; } watches[WATCHES_MAX];
static uint32_t watches_n;

static void forget(uint32_t row)
{
    int *const kept[] = { &pidfds[row], &sockets[row] };
    for (size_t i = 0; i < ARRAY_N(kept); i++) {
        if (*kept[i])
            close(*kept[i] - 1);
        *kept[i] = 0;
    }
}

struct client *client_of(const struct peer *p)
{
    struct client *o = p && p->client_row ? &page->client[p->client_row - 1] : NULL;
    if (o && p->client_row > page->used_clients)
        page->used_clients = p->client_row;
    if (o && o->number != p->number)
        *o = (struct client){ .number = p->number, .pid = sup.client_rows[p->client_row - 1].pid };
    return o;
}

static struct watch *watch_of(uint32_t pid)
{
    for (uint32_t i = 0; i < watches_n; i++)
        if (watches[i].object && watches[i].pid == pid)
            return &watches[i];
    return NULL;
}

/* Takes fd over, also on failure. */
static struct watch *watch_add(uint32_t pid, uint64_t object, int fd)
{
    uint32_t i = 0;
    while (i < watches_n && watches[i].object)
        i++;
    if (i == WATCHES_MAX) {
        util_closep(&fd);
        return NULL;
    }
    if (i == watches_n)
        watches_n++;
    watches[i] = (struct watch){ .pid = pid, .object = object, .fd = fd };
    return &watches[i];
}

/* The page says who is watched: one whom the keeper has no more ended while there was no supervisor to tell.  0 for a free place. */
static uint32_t *watched_of(uint32_t pid)
{
    uint32_t i = 0;
    while (i < CLIENTS_MAX - 1 && page->watched[i] != pid)
        i++;
    return page->watched[i] == pid ? &page->watched[i] : NULL;
}

static struct held watch_key(const struct watch *w)
{
    return (struct held){ .kind = HELD_PROCESS, .role = ROLE_PID1, .object = w->object, .pid = (int32_t)w->pid };
}

void watch_hold(uint32_t i)
{
    struct held h = watch_key(&watches[i]);
    if (watches[i].object && watches[i].fd >= 0)
        holder_keep(&h, watches[i].fd);
}

void watch_held(const struct held *h, int fd)
{
    if (!watch_add((uint32_t)h->pid, h->object, fd))
        log_warn("too many owners to watch");
}

/* SAFETY: a pidfd is the right to have the keeper signal: the kernel gives it for who is at the other end of an accepted socket, so that it names
 * nobody but a client of ours, whatever became of the number.  Kernels before 6.5 have none to give: see hand_owner(). */
void objects_client_came(struct peer *gateway, int fd)
{
    uint32_t row = gateway->client_row - 1;
    int pidfd = -1;
    socklen_t n = sizeof pidfd;
    struct timespec now;
    forget(row);
    if (gateway->door != DOOR_RW)
        return;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &n) == 0) {
        pidfds[row] = pidfd + 1;
        return;
    }
    clock_gettime(CLOCK_BOOTTIME, &now);
    came[row] = (uint64_t)now.tv_sec * TICKS + (uint64_t)now.tv_nsec / (1000000000 / TICKS);
    sockets[row] = fcntl(fd, F_DUPFD_CLOEXEC, 3) + 1;
}

static void watch_begin(struct peer *p, struct client *o)
{
    int *kept = &pidfds[p->client_row - 1];
    o->watched = watch_of(o->pid) != NULL;
    if (!*kept || o->watched)
        return;
    struct watch *w = watch_add(o->pid, object_make(0x40000000u, ++page->gen), *kept - 1);
    *kept = 0;
    if (!(o->watched = w != NULL))
        return;
    struct held h = watch_key(w);
    keeper_tell(IN_ADOPT, &h, sizeof h, &w->fd, 1);
    holder_keep(&h, w->fd);
    uint32_t *place = watched_of(0);
    if (place && !sup.keeper.queued)        /* else the keeper may never hear of it, and that means no end */
        *place = o->pid;
}

static int owner_ask(struct flow *f)
{
    struct hand_owner q = { .latest = came[f->i] };
    int fd = sockets[f->i] - 1;
    return hand_call(f, ROLE_HAND_OPEN, IN_HAND_OWNER, &q, sizeof q, &fd, 1);
}

static int owner_told(struct flow *f, struct frame *fr)
{
    struct peer *p = peer_find(f->caller.number);
    struct lock_done d;
    if (lock_done(f, fr, &d) < 0 || d.error || f->fd[FF_IMAGE] < 0 || !p || p->client_row != f->i + 1)
        return FLOW_END;            /* its leases end with its connection all the same */
    forget(f->i);
    pidfds[f->i] = STEAL_FD(&f->fd[FF_IMAGE]) + 1;
    watch_begin(p, client_of(p));
    return FLOW_END;
}

static int owner_unknown(struct flow *f)
{
    return FLOW_END;
}

void client_register(const struct caller *c, struct client *o, const struct lock_owner *as)
{
    if (!as->id) {
        lock_fail(c, VIR_ERR_OPERATION_INVALID, "lock owner details have not been registered");
        return;
    }
    o->owner = *as;
    o->registered = 1;
    static const struct step steps[] = { { "owner", owner_ask, owner_told, owner_unknown }, { 0 } };
    struct peer *p = peer_find(c->number);
    bool is_own = as->pid && as->pid == o->pid;     /* 0: one of another pid namespace, that nobody can tell from others there */
    if (is_own)
        watch_begin(p, o);
    if (is_own && !o->watched && sockets[p->client_row - 1]) {
        struct flow *f = flow_start(steps, flow_answered, c);
        if (!f)
            return;
        f->i = p->client_row - 1;
        flow_go(f);
        return;
    }
    route_reply(c, NULL, 0, NULL, 0);
}

/* ---- ends ---- */

static void watch_ended(uint32_t pid)
{
    uint32_t *place = watched_of(pid);
    if (place)
        *place = 0;
    leases_end(pid);
}

static void send_signal(const struct watch *w, int sig)
{
    struct kill_req k = { .object = w->object, .signal = sig };
    keeper_tell(IN_KILL, &k, sizeof k, NULL, 0);
}

static void on_kill(struct loop_timer *t)
{
    send_signal(t->data, SIGKILL);
}

/* has_closed: it is the client that ended the connection; else its gateway was killed, or nobody knows, and what counts is whether the process lives. */
static void owner_gone(struct client *o, bool has_closed)
{
    bool is_own = o->registered && o->pid && o->owner.pid == o->pid, is_known = o->watched;
    o->number = o->registered = 0;
    if (!is_own || (!has_closed && (!is_known || watch_of(o->pid) || sup.epoch == 1)))
        return;
    unsigned n = leases_end(o->pid);
    struct watch *w = n ? watch_of(o->pid) : NULL;
    if (n)
        log_warn("process %u, owner of %u leases, has lost its connection: they end, and so does it", o->pid, n);
    if (!w)
        return;
    send_signal(w, SIGTERM);
    loop_after(&w->timer, KILL_MS, on_kill, w);
}

void objects_client_gone(struct peer *gateway)
{
    const struct exited *x = gateway->obituary;
    if (!gateway->client_row)
        return;
    struct client *o = &page->client[gateway->client_row - 1];
    forget(gateway->client_row - 1);
    if (gateway->client_row <= page->used_clients && o->number == gateway->number)
        owner_gone(o, x && x->code == CLD_EXITED && x->status == 0);
}

/* Those whose gateway ended while there was no supervisor.  An epoch of 1 behind a daemon that was killed: then all of them have. */
void owners_open(void)
{
    for (uint32_t i = 0; i < page->used_clients; i++)
        if (page->client[i].number && !peer_find(page->client[i].number))
            owner_gone(&page->client[i], false);
    for (uint32_t i = 0; i < CLIENTS_MAX; i++)
        if (page->watched[i] && !watch_of(page->watched[i]) && sup.epoch > 1)
            watch_ended(page->watched[i]);
}

void objects_exited(const struct exited *x)
{
    for (uint32_t i = 0; i < watches_n; i++)
        if (watches[i].object == x->who.object) {
            struct held h = watch_key(&watches[i]);
            holder_drop(&h, 1);
            loop_cancel(&watches[i].timer);
            util_closep(&watches[i].fd);
            watches[i].object = 0;
            watch_ended(watches[i].pid);
            return;
        }
}
