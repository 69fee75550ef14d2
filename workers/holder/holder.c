/* holder.c: the role that has a copy of what must outlive the keeper: descriptors of locks, of streams, of processes.
 *
 * The supervisor tells it what it tells the keeper.  As long as the daemon lives it does nothing else.  When the daemon has gone without a word
 * (the keeper was killed), it stays with what it has, at a door of its own, until the next daemon asks for all of it; with nothing it ends, too.
 * A daemon that ends in good order ends it.  It reads nothing but fixed structs of the supervisor's, and has no rights. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "ipc/internal.h"
#include "ipc/log.h"
#include "ipc/util.h"
#include "workers/worker.h"

#define ASK_WAIT_MS 10000           /* for a daemon that asks and then does not listen */
static struct { struct held key; int fd; uint32_t turn; } *rows;
static size_t rows_n, rows_room;
static uint32_t turn;               /* of supervisors: each tells all that there is, and then that this was all */
static struct loop_source door = { .fd = -1 };

static bool is_same(const struct held *a, const struct held *b)
{
    return a->kind == b->kind && a->object == b->object;
}

static void on_store(struct worker *w, const struct request *rq, struct frame *f)
{
    struct held h;
    (void)w, (void)rq;
    if (f->body_len != sizeof h || f->h.flags & FRAME_BIG || f->h.nfds != 1)
        return;
    memcpy(&h, f->body, sizeof h);
    /* It is told again by a supervisor that does not know what was told before. */
    for (size_t i = 0; i < rows_n; i++)
        if (is_same(&rows[i].key, &h)) {
            close(rows[i].fd);
            rows[i].fd = frame_take_fd(f, 0);
            rows[i].turn = turn;
            return;
        }
    if (rows_n == rows_room) {
        size_t room = rows_room ? 2 * rows_room : 64;
        void *p = realloc(rows, room * sizeof *rows);
        if (!p) {
            log_err("no memory for another descriptor");
            return;
        }
        rows = p;
        rows_room = room;
    }
    rows[rows_n].key = h;
    rows[rows_n].turn = turn;
    rows[rows_n++].fd = frame_take_fd(f, 0);
}

static void on_drop(struct worker *w, const struct request *rq, struct frame *f)
{
    struct held h;
    (void)w, (void)rq;
    if (f->body_len != sizeof h || f->h.flags & FRAME_BIG)
        return;
    memcpy(&h, f->body, sizeof h);
    for (size_t i = 0; i < rows_n;)
        if (is_same(&rows[i].key, &h)) {
            close(rows[i].fd);
            rows[i] = rows[--rows_n];
        } else {
            i++;
        }
}

static void on_epoch(struct worker *w)
{
    (void)w;
    turn++;
}

/* What an earlier supervisor had let go, and had not come to say so, is let go now. */
static void on_all(struct worker *w, const struct request *rq, struct frame *f)
{
    (void)w, (void)rq, (void)f;
    for (size_t i = 0; i < rows_n;)
        if (rows[i].turn != turn) {
            close(rows[i].fd);
            rows[i] = rows[--rows_n];
        } else {
            i++;
        }
}

static int send_one(int to, uint32_t op, const void *body, size_t len, const int *fd)
{
    struct frame_head h = { .kind = FRAME_EVENT, .op = OP_IN(op) };
    int r;
    while ((r = frame_send(to, &h, body, len, fd, fd != NULL)) == -EAGAIN)
        if (poll(&(struct pollfd){ .fd = to, .events = POLLOUT }, 1, ASK_WAIT_MS) <= 0)
            return -ETIMEDOUT;
    return r;
}

/* All of it to whoever came through the door, which is root's or the session's user's alone; when it says that it has it, our work is done. */
static void on_door(struct loop_source *s, uint32_t events)
{
    static uint8_t buf[FRAME_BODY_MAX];
    AUTO_FRAME f = FRAME_INIT;
    (void)events;
    AUTO_CLOSE to = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    int r = to < 0 ? -errno : 0;
    for (size_t i = 0; i < rows_n && !r; i++)
        r = send_one(to, IN_HELD, &rows[i].key, sizeof rows[i].key, &rows[i].fd);
    if (!r)
        r = send_one(to, IN_GO, NULL, 0, NULL);
    if (!r && poll(&(struct pollfd){ .fd = to, .events = POLLIN }, 1, ASK_WAIT_MS) > 0 && frame_recv(to, &f, buf, sizeof buf) == 1 && f.h.op == OP_IN(IN_READY))
        loop_stop(0);
    else if (r != -EAGAIN)
        log_warn("a daemon asked for what is held, and did not take it: %s", strerror(-r));
}

static void on_quit(struct worker *w)
{
    int fd = birth_fd(&w->birth, BFD_LISTEN_HELD, -1, NULL);
    chan_close(&w->chan);
    if (!rows_n || fd < 0 || loop_add(&door, fd, EPOLLIN, on_door, NULL) < 0)
        loop_stop(0);
}

int main(void)
{
    static const struct worker_op ops[] = { { OP_IN(IN_STORE), on_store }, { OP_IN(IN_ADOPT), on_store }, { OP_IN(IN_DROP), on_drop }, { OP_IN(IN_GO), on_all }, { 0, NULL } };
    static struct worker w = { .ops = ops, .on_quit = on_quit, .on_epoch = on_epoch };

    worker_birth(&w, ROLE_HOLDER);
    worker_lock(&w);
    return worker_run(&w);
}
