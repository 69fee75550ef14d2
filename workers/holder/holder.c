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
#define REST_MS 2                   /* what was sent to us is safe in the socket: reading it in parts of some dozens spares a wake-up each */
#define REST_BELOW 32u              /* frames of a turn: with as many there is no hurry to rest */
#define BUCKETS 16384u
static struct row { struct held key; int fd; uint32_t turn, next /* of its bucket, or free ones; + 1 */; } *rows;
static uint32_t rows_n, rows_used, rows_room, free_row, bucket[BUCKETS];
static uint32_t turn;               /* of supervisors: each tells all that there is, and then that this was all */
static uint32_t frames;             /* of this turn */
static struct loop_timer rest_timer;
static struct loop_source door = { .fd = -1 };

static uint32_t *link_of(const struct held *h)
{
    uint32_t *at = &bucket[(h->object * 0x9e3779b97f4a7c15u >> 40) % BUCKETS];
    while (*at && (rows[*at - 1].key.kind != h->kind || rows[*at - 1].key.object != h->object))
        at = &rows[*at - 1].next;
    return at;
}

static void row_free(uint32_t *at)
{
    uint32_t row = *at;
    struct row *r = &rows[row - 1];
    util_closep(&r->fd);
    *at = r->next;
    r->next = free_row;
    free_row = row;
    rows_n--;
}

/* NULL: no memory. */
static struct row *row_new(const struct held *h)
{
    uint32_t row = free_row;
    if (!row && rows_used == rows_room) {
        uint32_t room = rows_room ? 2 * rows_room : 64;
        void *p = realloc(rows, room * sizeof *rows);
        if (!p)
            return NULL;
        rows = p;
        rows_room = room;
    }
    if (row)
        free_row = rows[row - 1].next;
    else
        row = ++rows_used;
    rows_n++;
    uint32_t *at = link_of(h);
    rows[row - 1] = (struct row){ .key = *h, .fd = -1, .next = *at };
    *at = row;
    return &rows[row - 1];
}

static void rest_end(struct loop_timer *t)
{
    struct worker *w = t->data;
    loop_mod(&w->chan.src, EPOLLIN);
}

static void rest_begin(struct loop_timer *t)
{
    struct worker *w = t->data;
    if (frames < REST_BELOW && !w->chan.ended) {
        loop_mod(&w->chan.src, 0);
        loop_after(t, REST_MS, rest_end, w);
    }
    frames = 0;
}

static void rest(struct worker *w)
{
    if (!frames++)
        loop_after(&rest_timer, 0, rest_begin, w);
}

static void on_store(struct worker *w, const struct request *rq, struct frame *f)
{
    struct held h;
    (void)rq;
    if (f->body_len != sizeof h || f->h.flags & FRAME_BIG || f->h.nfds != 1)
        return;
    memcpy(&h, f->body, sizeof h);
    /* It is told again by a supervisor that does not know what was told before. */
    uint32_t have = *link_of(&h);
    struct row *r = have ? &rows[have - 1] : row_new(&h);
    if (r) {
        util_closep(&r->fd);
        r->fd = frame_take_fd(f, 0);
        r->turn = turn;
    } else {
        log_err("no memory for another descriptor");
    }
    rest(w);
}

/* Of many at once. */
static void on_drop(struct worker *w, const struct request *rq, struct frame *f)
{
    struct held h;
    (void)rq;
    for (size_t at = 0; !(f->h.flags & FRAME_BIG) && at + sizeof h <= f->body_len; at += sizeof h) {
        memcpy(&h, f->body + at, sizeof h);
        uint32_t *row = link_of(&h);
        if (*row)
            row_free(row);
    }
    rest(w);
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
    for (uint32_t i = 0; i < rows_used; i++)
        if (rows[i].fd >= 0 && rows[i].turn != turn)
            row_free(link_of(&rows[i].key));
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
    for (uint32_t i = 0; i < rows_used && !r; i++)
        if (rows[i].fd >= 0)
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
