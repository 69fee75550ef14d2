/* gateways.c: the doors.  A client's socket is handed unread to a gateway of its own; who it is was told by the kernel.
 *
 * Limits: clients in all, of the admin door, and of one user, so that no user locks others out; and those who connect and say nothing.
 * The client page outlives us and says which gateway has whom. */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include "objects.h"

static struct loop_source listeners[DOOR_N] = { { .fd = -1 }, { .fd = -1 }, { .fd = -1 } };
static uint32_t clients_n, admins_n, refused;
static struct loop_timer rest_timer, silence_timer;
enum { REST_MS = 100, SILENCE_MS = 5000 };

static void doors_update(struct loop_timer *t);

static bool door_is_full(int door)
{
    return (door == DOOR_ADMIN ? admins_n : clients_n) >= sup.clients->limits[door == DOOR_ADMIN].max_clients || clients_n + admins_n >= CLIENTS_MAX;
}

/* No user but root may have more than half of all connections. */
static bool user_is_full(uint32_t uid)
{
    uint32_t n = 0;
    for (struct peer *p = peer_next(NULL); p && uid; p = peer_next(p))
        n += p->client_row && p->uid == uid;
    return uid && !(sup.birth.flags & BIRTH_SESSION) && n >= (sup.clients->limits[0].max_clients + 1) / 2;
}

static void row_write(struct client_row *r, const struct client_row *v)
{
    struct client_row n = *v;
    n.seq = r->seq | 1;
    __atomic_store_n(&r->seq, n.seq, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    *r = n;
    __atomic_store_n(&r->seq, n.seq + 1, __ATOMIC_RELEASE);
}

/* Who has not opened its connection for so long may stay only while there are no more than max_anonymous_clients of that kind. */
static void on_silence(struct loop_timer *t)
{
    struct frame_head quit = { .kind = FRAME_EVENT, .op = OP_IN(IN_QUIT) };
    uint32_t n = 0, most = sup.clients->limits[0].max_anonymous;
    for (struct peer *p = peer_next(NULL); p; p = peer_next(p))
        if (p->client_row && !p->last_op && p->door != DOOR_ADMIN && ++n > most && most && loop_now_ms() - p->last_ms >= SILENCE_MS)
            peer_send(p, &quit, NULL, 0, NULL, 0);
    if (n)
        loop_after(t, SILENCE_MS / 4, on_silence, NULL);
}

static void serve(int fd, int door)
{
    struct ucred uc;
    socklen_t len = sizeof uc;
    uint32_t row = 0;
    struct peer *p;
    while (row < CLIENTS_MAX - 1 && sup.client_rows[row].used)
        row++;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &uc, &len) < 0 || (sup.layout.only_uid != ~0u && uc.uid != sup.layout.only_uid) || user_is_full(uc.uid) || sup.client_rows[row].used || !(p = peer_take(ROLE_GATEWAY, 0, ""))) {
        if (refused++ % 256 == 0)       /* who is refused may come again at once */
            log_warn("connections are refused: too many, or not the daemon's own user's");
        return;
    }
    uint32_t auth = door == DOOR_ADMIN || uc.uid == 0 ? AUTH_NONE : door == DOOR_RO ? sup.settings.auth_unix_ro : sup.settings.auth_unix_rw;
    struct client_row v = { .used = 1, .door = (uint8_t)door, .readonly = door == DOOR_RO, .id = sup.clients->next_id++, .uid = uc.uid, .gid = uc.gid, .pid = (uint32_t)uc.pid,
        .authenticated = auth == AUTH_NONE, .since = time(NULL), .gateway = p->number };
    len = sizeof v.groups;
    v.ngroups = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, v.groups, &len) < 0 ? UINT32_MAX : len / sizeof v.groups[0];
    row_write(&sup.client_rows[row], &v);
    struct serve s = { .client_id = v.id, .door = (uint32_t)door, .uid = v.uid, .need_auth = auth, .access = door == DOOR_ADMIN ? 0 : sup.settings.access };
    struct frame_head h = { .kind = FRAME_EVENT, .op = OP_IN(IN_SERVE) };
    p->door = (uint8_t)(auth == AUTH_NONE ? door : DOOR_RO);       /* its gateway asks who it is, but is not believed */
    p->uid = v.uid;
    p->last_ms = loop_now_ms();
    p->client_row = row + 1;
    *(door == DOOR_ADMIN ? &admins_n : &clients_n) += 1;
    if (objects_client_came)
        objects_client_came(p, fd);
    const int fds[] = { fd, sup_fd(BFD_CLIENTS, 0) };     /* who else is there, the administrator may know */
    peer_send(p, &h, &s, sizeof s, fds, door == DOOR_ADMIN ? 2 : 1);
    if (!silence_timer.armed)
        loop_after(&silence_timer, SILENCE_MS / 4, on_silence, NULL);
}

static void on_listen(struct loop_source *s, uint32_t events)
{
    int door = (int)(s - listeners);
    for (int i = 0; i < 16 && !door_is_full(door); i++) {
        AUTO_CLOSE fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
            if (errno != EAGAIN)        /* for lack of something: the socket stays ready, and asking again at once gains nothing */
                loop_after(&rest_timer, REST_MS, doors_update, NULL);
            break;
        }
        serve(fd, door);
    }
    doors_update(NULL);
}

/* A full door is not listened at: who comes waits in its backlog. */
static void doors_update(struct loop_timer *t)
{
    for (int d = 0; d < DOOR_N; d++) {
        int fd = sup_fd(BFD_LISTEN_RW + d, 0);
        bool want = sup.accepting && !rest_timer.armed && fd >= 0 && !door_is_full(d);
        if (want && listeners[d].fd < 0)
            loop_add(&listeners[d], fd, EPOLLIN, on_listen, NULL);
        else if (!want && listeners[d].fd >= 0)
            loop_del(&listeners[d]);
    }
    sup.clients->admin_count = admins_n;
    sup.clients->workers = clients_n;
    idle_update();
}

void gateways_open(void)
{
    sup.accepting = true;
    peer_spares();
    doors_update(NULL);
}

void gateways_gone(struct peer *p)
{
    if (p->client_row) {
        struct client_row *row = &sup.client_rows[p->client_row - 1], none = { .used = 0 };
        *(p->door == DOOR_ADMIN ? &admins_n : &clients_n) -= 1;
        row_write(row, &none);
    }
    objects_client_gone(p);
    if (sup.accepting)
        doors_update(NULL);
}

void gateways_known(struct peer *p)
{
    struct client_row v = sup.client_rows[p->client_row - 1];
    p->door = v.door;
    v.authenticated = 1;
    row_write(&sup.client_rows[p->client_row - 1], &v);
}

void gateways_inherit(struct peer *p)
{
    for (uint32_t i = 0; i < CLIENTS_MAX; i++) {
        const struct client_row *r = &sup.client_rows[i];
        if (!r->used || r->gateway != p->number)
            continue;
        p->door = r->authenticated && r->door < DOOR_N ? r->door : DOOR_RO;
        p->uid = r->uid;
        p->client_row = i + 1;
        *(p->door == DOOR_ADMIN ? &admins_n : &clients_n) += 1;
        return;
    }
    p->spare = true;
}

void gateways_limits(const struct caller *c, struct frame *f)
{
    const uint32_t *from = (const void *)f->body;
    uint32_t *to = (uint32_t *)&sup.clients->limits[f->h.arg != 0];
    for (size_t i = 0; i < sizeof sup.clients->limits[0] / sizeof *from; i++)
        if (from[i] != LIMIT_LEFT)
            to[i] = from[i];
    doors_update(NULL);
    route_reply(c, NULL, 0, NULL, 0);
}
