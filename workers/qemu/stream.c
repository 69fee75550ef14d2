#include "config.h"
#include "workers/qemu/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "ipc/log.h"
#include "ipc/util.h"

/* ---- moving bytes: read into a pump only while it is empty, so the slower side holds the faster one back ---- */

static int pump_fill(struct pump *b, int fd)
{
    if (b->len)
        return -EAGAIN;
    if (!b->p && !(b->p = malloc(STREAM_BUF)))
        return -ENOMEM;
    ssize_t n = read(fd, b->p, STREAM_BUF);
    if (n > 0) {
        b->len = (size_t)n;
        b->off = 0;
        return 0;
    }
    int r = n < 0 ? -errno : -EPIPE;
    free(STEAL_PTR(&b->p));
    return r == -EINTR ? -EAGAIN : r;
}

/* 0: empty now; -EAGAIN: some left. */
static int pump_drain(struct pump *b, int fd)
{
    while (b->len) {
        ssize_t n = write(fd, b->p + b->off, b->len);
        if (n < 0)
            return errno == EINTR ? -EAGAIN : -errno;
        b->off += (size_t)n;
        b->len -= (size_t)n;
    }
    free(STEAL_PTR(&b->p));
    return 0;
}

/* Moves what can be moved one way. 0 or -EAGAIN: go on later; else the way is over. */
static int pump_run(struct pump *b, int from, int to)
{
    for (int turn = 0; turn < 16; turn++) {
        int r = b->len ? 0 : pump_fill(b, from);
        if (!r)
            r = pump_drain(b, to);
        if (r)
            return r;
    }
    return 0;
}

void stream_close(struct stream *s)
{
    struct guest *g = s->g;
    for (struct stream **p = &g->streams; *p; p = &(*p)->next)
        if (*p == s) {
            *p = s->next;
            break;
        }
    loop_del(&s->peer);
    close(s->peer_fd);
    if (s->file_fd >= 0)
        close(s->file_fd);
    if (s->dev) {
        s->dev->user = NULL;
        loop_mod(&s->dev->src, EPOLLIN | EPOLLET);
        if (s->dev->lent)
            chardev_remove(s->dev);
    }
    free(s->in.p);
    free(s->out.p);
    free(s);
}

void stream_close_user(struct chardev *c)
{
    bool lent = c->lent;
    c->lent = false;
    if (c->user)
        stream_close(c->user);
    c->lent = lent;
}

static void serve(struct stream *s)
{
    struct chardev *c = s->dev;
    int out = pump_run(&s->out, c->fd, s->peer_fd), in = pump_run(&s->in, s->peer_fd, c->fd);
    if ((out && out != -EAGAIN) || (in && in != -EAGAIN)) {
        stream_close(s);
        return;
    }
    loop_mod(&s->peer, (s->in.len ? 0 : EPOLLIN) | (s->out.len ? EPOLLOUT : 0));
    loop_mod(&c->src, (s->out.len ? 0 : EPOLLIN) | (s->in.len ? EPOLLOUT : 0));
}

static void on_peer(struct loop_source *src, uint32_t events)
{
    struct stream *s = src->data;
    if (events & (EPOLLHUP | EPOLLERR) && !(events & EPOLLIN))
        stream_close(s);
    else
        serve(s);
}

/* Nobody of ours reads: keep the terminal from filling up, or the guest would wait for it.  A program that opened the terminal
 * itself reads faster than that, and loses nothing. */
static void discard(struct chardev *c)
{
    int n = 0;
    char buf[STREAM_BUF];
    if (ioctl(c->fd, FIONREAD, &n) < 0 || n <= TERMINAL_KEEP_BYTES)
        return;
    while (n > 0) {
        ssize_t r = read(c->fd, buf, sizeof buf);
        if (r <= 0)
            break;
        n -= (int)r;
    }
}

static void on_device(struct loop_source *src, uint32_t events)
{
    struct chardev *c = src->data;
    if (c->user)
        serve(c->user);
    else if (events & EPOLLIN)
        discard(c);
}

static int nonblock(int fd)
{
    int fl = fcntl(fd, F_GETFL);
    return fl < 0 || fcntl(fd, F_SETFL, fl | O_NONBLOCK) < 0 ? -errno : 0;
}

int chardev_add(struct guest *g, int fd, uint32_t entry)
{
    struct chardev *c = calloc(1, sizeof *c);
    if (!c)
        return -ENOMEM;
    *c = (struct chardev){ .g = g, .fd = fd, .entry = entry };
    struct flock ours = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    if (isatty(fd) && fcntl(fd, F_SETLK, &ours) < 0)        /* goes with this process, whoever else has the descriptor */
        log_warn("terminal: %s", strerror(errno));
    int r = nonblock(fd);
    if (!r)
        r = loop_add(&c->src, fd, EPOLLIN | EPOLLET, on_device, c);
    if (r) {
        free(c);
        return r;
    }
    c->next = g->chardevs;
    g->chardevs = c;
    return 0;
}

void chardev_remove(struct chardev *c)
{
    struct chardev **at = &c->g->chardevs;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    stream_close_user(c);
    loop_del(&c->src);
    close(c->fd);
    free(c);
}

struct chardev *chardev_find(struct guest *g, const struct tree *dev)
{
    for (struct chardev *c = g->chardevs; c; c = c->next)
        if (is_marked(dev, c->entry))
            return c;
    return NULL;
}

static struct stream *stream_new(struct guest *g, int *client)
{
    int pair[2];
    struct stream *s = calloc(1, sizeof *s);
    if (!s || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0) {
        free(s);
        return NULL;
    }
    *s = (struct stream){ .g = g, .peer_fd = pair[0], .file_fd = -1, .peer.fd = -1, .next = g->streams };
    g->streams = s;
    *client = pair[1];
    return s;
}

int stream_open_chardev(struct guest *g, struct chardev *c, int *client)
{
    struct stream *s = stream_new(g, client);
    if (!s)
        return -EMFILE;
    tcflush(c->fd, TCIFLUSH);           /* a new user sees what comes from now on */
    int r = loop_add(&s->peer, s->peer_fd, EPOLLIN, on_peer, s);
    if (r) {
        close(*client);
        stream_close(s);
        return r;
    }
    s->dev = c;
    c->user = s;
    loop_mod(&c->src, EPOLLIN);
    return 0;
}

static void on_file_peer(struct loop_source *src, uint32_t events)
{
    struct stream *s = src->data;
    (void)events;
    ssize_t n = sendfile(s->peer_fd, s->file_fd, NULL, 1 << 16);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        stream_close(s);
}

int stream_open_file(struct guest *g, int fd, int *client)
{
    struct stream *s = stream_new(g, client);
    if (!s) {
        close(fd);
        return -EMFILE;
    }
    s->file_fd = fd;
    int r = loop_add(&s->peer, s->peer_fd, EPOLLOUT, on_file_peer, s);
    if (r) {
        close(*client);
        stream_close(s);
    }
    return r;
}
