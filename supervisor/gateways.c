/* gateways.c: the doors.  A client's socket is handed unread to a gateway of its own; who it is was told by the kernel.
 *
 * Limits: clients in all, of the admin door, and of one user, so that no user locks others out.
 * The client page outlives us and says which gateway has whom. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "guest.h"
#include "sup.h"

static struct loop_source listeners[DOOR_N];
static uint32_t clients_n, admins_n;

static void doors_update(void);

static bool door_is_full(int door)
{
    bool full = door == DOOR_ADMIN ? admins_n >= sup.clients->admin_max_clients : clients_n >= sup.clients->max_clients;
    return full || clients_n + admins_n >= CLIENTS_MAX;
}

/* No user but root may have more than half of all connections. */
static bool user_is_full(uint32_t uid)
{
    uint32_t n = 0;
    for (uint32_t i = 0; uid && i < sup.clients->rows; i++)
        n += sup.client_rows[i].used && sup.client_rows[i].uid == uid;
    return uid && !(sup.birth.flags & BIRTH_SESSION) && n >= (sup.clients->max_clients + 1) / 2;
}

static struct client_row *row_take(void)
{
    for (uint32_t i = 0; i < CLIENTS_MAX; i++)
        if (!sup.client_rows[i].used) {
            if (i >= sup.clients->rows)
                sup.clients->rows = i + 1;
            return &sup.client_rows[i];
        }
    return NULL;
}

static void row_write(struct client_row *r, const struct client_row *v)
{
    uint32_t seq = r->seq;
    __atomic_store_n(&r->seq, seq | 1, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    struct client_row n = *v;
    n.seq = seq | 1;
    *r = n;
    __atomic_store_n(&r->seq, (seq | 1) + 1, __ATOMIC_RELEASE);
}

static void serve(int fd, int door)
{
    struct ucred uc;
    socklen_t len = sizeof uc;
    struct client_row *row;
    struct peer *p;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &uc, &len) < 0 || user_is_full(uc.uid) || !(row = row_take()) || !(p = peer_take(ROLE_GATEWAY, 0, ""))) {
        log_warn("a connection is refused: too many");
        return;
    }
    uint32_t auth = door == DOOR_ADMIN || uc.uid == 0 ? AUTH_NONE : door == DOOR_RO ? sup.settings.auth_unix_ro : sup.settings.auth_unix_rw;
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    struct client_row v = { .used = 1, .door = (uint8_t)door, .readonly = door == DOOR_RO, .id = sup.clients->next_id++, .uid = uc.uid, .gid = uc.gid, .pid = (uint32_t)uc.pid,
        .authenticated = auth == AUTH_NONE, .since = ts.tv_sec, .gateway = p->number };
    snprintf(v.user, sizeof v.user, uc.uid ? "%u" : "root", uc.uid);
    snprintf(v.group, sizeof v.group, uc.gid ? "%u" : "root", uc.gid);
    row_write(row, &v);
    bool admin = door == DOOR_ADMIN;
    struct serve s = { .client_id = v.id, .door = (uint32_t)door, .uid = v.uid, .gid = v.gid, .pid = v.pid, .need_auth = auth, .admin = admin, .since = v.since,
        .ka_interval = admin ? sup.settings.admin_keepalive_interval : sup.settings.keepalive_interval, .ka_count = admin ? sup.settings.admin_keepalive_count : sup.settings.keepalive_count };
    struct frame_head h = { .kind = FRAME_EVENT, .op = OP_IN(IN_SERVE) };
    p->door = (uint8_t)door;
    p->uid = v.uid;
    p->gid = v.gid;
    p->client_pid = v.pid;
    p->client_row = (uint32_t)(row - sup.client_rows) + 1;
    *(admin ? &admins_n : &clients_n) += 1;
    peer_send(p, &h, &s, sizeof s, &fd, 1);
}

static void on_listen(struct loop_source *s, uint32_t events)
{
    int door = (int)(s - listeners);
    (void)events;
    for (int i = 0; i < 16 && !door_is_full(door); i++) {
        AUTO_CLOSE fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0)
            break;
        serve(fd, door);
    }
    doors_update();
}

/* A full door is not listened at: who comes waits in its backlog. */
static void doors_update(void)
{
    for (int d = 0; d < DOOR_N; d++) {
        bool want = sup.accepting && sup.listen_fd[d] >= 0 && !door_is_full(d);
        if (want && listeners[d].fd < 0)
            loop_add(&listeners[d], sup.listen_fd[d], EPOLLIN, on_listen, NULL);
        else if (!want && listeners[d].fd >= 0)
            loop_del(&listeners[d]);
    }
    sup.clients->admin_count = admins_n;
    sup.clients->workers = clients_n;
    idle_update();
}

void gateways_open(void)
{
    for (int d = 0; d < DOOR_N; d++)
        listeners[d].fd = -1;
    if (!sup.clients->max_clients) {        /* the daemon's first supervisor */
        sup.clients->max_clients = sup.settings.max_clients;
        sup.clients->max_anonymous = sup.settings.max_anonymous_clients;
        sup.clients->admin_max_clients = sup.settings.admin_max_clients;
    }
    sup.accepting = true;
    peer_spares();
    doors_update();
}

void gateways_gone(struct peer *p)
{
    if (p->client_row) {
        struct client_row *row = &sup.client_rows[p->client_row - 1], none = { .used = 0 };
        *(p->door == DOOR_ADMIN ? &admins_n : &clients_n) -= 1;
        row_write(row, &none);
        while (sup.clients->rows && !sup.client_rows[sup.clients->rows - 1].used)
            sup.clients->rows--;
    }
    guest_client_gone(p->number);
    if (sup.accepting)
        doors_update();
}

void gateways_inherit(struct peer *p)
{
    for (uint32_t i = 0; i < sup.clients->rows && i < CLIENTS_MAX; i++) {
        const struct client_row *r = &sup.client_rows[i];
        if (!r->used || r->gateway != p->number)
            continue;
        p->door = r->door < DOOR_N ? r->door : DOOR_RO;
        p->uid = r->uid;
        p->gid = r->gid;
        p->client_pid = r->pid;
        p->client_row = i + 1;
        *(p->door == DOOR_ADMIN ? &admins_n : &clients_n) += 1;
        return;
    }
    p->spare = true;
}

uint32_t gateways_clients(void)
{
    return clients_n;
}

int gateways_close_client(uint64_t id)
{
    for (struct peer *p = peer_next(NULL); p; p = peer_next(p))
        if (p->role == ROLE_GATEWAY && p->client_row && sup.client_rows[p->client_row - 1].id == id)
            return peer_kill(p, 15), 0;
    return -ENOENT;
}

int gateways_limits(const struct limits *l)
{
    if (l->max_clients != ~0u) {
        if (l->max_clients < 1)
            return -EINVAL;
        *(l->admin ? &sup.clients->admin_max_clients : &sup.clients->max_clients) = l->max_clients;
    }
    if (l->max_anonymous != ~0u && !l->admin)
        sup.clients->max_anonymous = l->max_anonymous;
    if (l->min_workers != ~0u)
        sup.clients->workers_set[!!l->admin].min = l->min_workers;
    if (l->max_workers != ~0u)
        sup.clients->workers_set[!!l->admin].max = l->max_workers;
    if (l->prio_workers != ~0u)
        sup.clients->workers_set[!!l->admin].prio = l->prio_workers;
    doors_update();
    return 0;
}
