/* chan.c: see chan.h. */
#include "chan.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/epoll.h>
#include "util.h"

enum { CHAN_QUEUE_BYTES = 4 << 20 /* waiting in one queue at most */, CHAN_BURST = 32 /* frames taken from one peer before others have their turn */, AGAIN_MS = 5 };

struct chan_out {
    struct chan_out *next;
    struct frame_head h;
    size_t len;
    unsigned nfds;
    int fds[FRAME_FDS_MAX];
    uint8_t body[];
};

/* One buffer serves all channels: a frame is handled before the next is received. */
static _Alignas(8) uint8_t recv_buf[FRAME_BODY_MAX];     /* a body begins with it, and may be a struct */

static void chan_fail(struct chan *c, int err)
{
    if (c->ended)
        return;
    c->ended = true;
    loop_del(&c->src);
    c->on_end(c, err);
}

static void out_free(struct chan_out *o)
{
    for (unsigned i = 0; i < o->nfds; i++)
        close(o->fds[i]);
    free(o);
}

static void out_pop(struct chan *c)
{
    struct chan_out *o = c->head;
    c->head = o->next;
    if (!c->head)
        c->tail = &c->head;
    c->queued--;
    c->queued_bytes -= o->len;
    out_free(o);
}

/* A send's error of a peer that is dead or reads no more.  What it says is read to its end all the same; what it is told goes nowhere. */
static bool is_deaf(int error)
{
    return error == -EPIPE || error == -ECONNRESET;
}

static void on_again(struct loop_timer *t)
{
    loop_mod(t->data, EPOLLIN | EPOLLOUT);
}

/* Where nothing at all can be sent, too many descriptors are on their way to others (ETOOMANYREFS), or a frame is larger than the room there is: the socket stays ready. */
static int chan_flush(struct chan *c)
{
    for (bool some = false; c->head; some = true) {
        struct chan_out *o = c->head;
        int r = frame_send(c->fd, &o->h, o->body, o->len, o->fds, o->nfds);
        if (r == -EAGAIN && !some)
            loop_after(&c->again, AGAIN_MS, on_again, &c->src);
        if (r == -EAGAIN)
            return some ? 0 : loop_mod(&c->src, EPOLLIN);
        if (r < 0 && !is_deaf(r))
            return r;
        out_pop(c);
    }
    return loop_mod(&c->src, EPOLLIN);
}

void chan_read(struct chan *c, unsigned most)
{
    for (int r = 1; r > 0 && most-- && !c->ended; ) {
        struct frame f;
        f.h.nfds = 0;
        if ((r = frame_recv(c->fd, &f, recv_buf, sizeof recv_buf)) > 0) {
            c->on_frame(c, &f);
            frame_done(&f);
        } else if (r != -EAGAIN) {
            chan_fail(c, r);
        }
    }
}

static void chan_event(struct loop_source *s, uint32_t events)
{
    struct chan *c = s->data;
    int r = c->doom ? c->doom : events & EPOLLOUT ? chan_flush(c) : 0;
    if (r < 0)
        chan_fail(c, r);
    else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        chan_read(c, CHAN_BURST);
}

int chan_open(struct chan *c, int fd, uint32_t queue_max, chan_frame_fn *on_frame, chan_end_fn *on_end, void *data)
{
    memset(c, 0, sizeof *c);
    c->src.fd = -1;
    c->fd = fd;
    c->on_frame = on_frame;
    c->on_end = on_end;
    c->data = data;
    c->tail = &c->head;
    c->queue_max = queue_max;
    c->queue_bytes_max = CHAN_QUEUE_BYTES;
    int fl = fcntl(fd, F_GETFL);
    if (fl < 0 || fcntl(fd, F_SETFL, fl | O_NONBLOCK) < 0)
        return -errno;
    return loop_add(&c->src, fd, EPOLLIN, chan_event, c);
}

/* A failed send must not call on_end under the sender's feet: make the loop do it. */
static int chan_doom(struct chan *c, int err)
{
    c->doom = err;
    shutdown(c->fd, SHUT_RDWR);     /* makes the source ready at once */
    return err;
}

int chan_send(struct chan *c, struct frame_head *h, const void *body, size_t len, const int *fds, unsigned nfds)
{
    if (c->ended || c->doom)
        return -EPIPE;
    if (!c->head) {
        int r = frame_send(c->fd, h, body, len, fds, nfds);
        if (r == 0 || r == -EMSGSIZE)
            return r;
        if (r != -EAGAIN)
            return is_deaf(r) ? r : chan_doom(c, r);
    }
    if (c->queued >= c->queue_max || c->queued_bytes + len > c->queue_bytes_max)
        return chan_doom(c, -ENOBUFS);
    struct chan_out *o = malloc(sizeof *o + len);
    if (!o)
        return chan_doom(c, -ENOMEM);
    o->next = NULL;
    o->h = *h;
    o->len = len;
    o->nfds = 0;
    if (len)
        memcpy(o->body, body, len);
    for (unsigned i = 0; i < nfds; i++) {
        int d = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
        if (d < 0) {
            out_free(o);
            return chan_doom(c, -EMFILE);
        }
        o->fds[o->nfds++] = d;
    }
    *c->tail = o;
    c->tail = &o->next;
    c->queued++;
    c->queued_bytes += len;
    loop_mod(&c->src, EPOLLIN | EPOLLOUT);
    return 0;
}

void chan_close(struct chan *c)
{
    c->ended = true;
    loop_del(&c->src);
    loop_cancel(&c->again);
    util_closep(&c->fd);
    while (c->head)
        out_pop(c);
}
