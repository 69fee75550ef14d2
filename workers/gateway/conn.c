/* conn.c: see conn.h. */
#include "conn.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "ipc/util.h"

enum {
    IN_CHUNK = 4096,            /* read at once when nothing larger is on its way */
    IN_KEEP = 32768,            /* an idle buffer larger than this is given back */
    OUT_KEEP = 65536,
};

struct conn_mark { struct conn_mark *next; size_t at; int fd; };   /* the byte out.p[at] carries fd */

/* Makes room for `more` bytes behind what is unused. */
static int conn_room(struct conn *c, size_t more)
{
    size_t used = c->in_len - c->in_start;
    if (c->in_cap - c->in_len >= more)
        return 0;
    if (c->in_start) {
        memmove(c->in, c->in + c->in_start, used);
        c->in_start = 0;
        c->in_len = used;
        if (c->in_cap - used >= more)
            return 0;
    }
    uint8_t *p = realloc(c->in, used + more);
    if (!p)
        return -ENOMEM;
    c->in = p;
    c->in_cap = used + more;
    return 0;
}

void conn_want(struct conn *c, size_t n)
{
    /* The length word is a claim only: memory follows the bytes that came, doubling. */
    size_t used = c->in_len - c->in_start, more = n > used ? n - used : 0;
    if (more > used)
        more = used;
    if (more > IN_CHUNK)
        conn_room(c, more);
}

/* Takes the descriptors of one read, which ended at stream position `end`. False: too many, or some were cut off. */
static bool conn_fds(struct conn *c, struct msghdr *m, uint64_t end)
{
    bool good = !(m->msg_flags & MSG_CTRUNC);
    for (struct cmsghdr *h = CMSG_FIRSTHDR(m); h; h = CMSG_NXTHDR(m, h)) {
        if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
            continue;
        size_t k = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < k; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(h) + i * sizeof fd, sizeof fd);
            if (c->nfds == CONN_FDS_MAX) {
                close(fd);
                good = false;
                continue;
            }
            c->fds[c->nfds].fd = fd;
            c->fds[c->nfds++].at = end - 1;
        }
    }
    return good;
}

static const char *conn_input(struct conn *c)
{
    union { struct cmsghdr h; char b[CMSG_SPACE(sizeof(int) * XDR_FDS_MAX)]; } ctl;

    if (c->in_cap - c->in_len < IN_CHUNK && conn_room(c, IN_CHUNK) < 0)
        return "out of memory";
    struct iovec v = { c->in + c->in_len, c->in_cap - c->in_len };
    struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &ctl, .msg_controllen = sizeof ctl };
    ssize_t n = recvmsg(c->fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? NULL : "read error";
    if (n == 0)
        return "closed by the client";
    c->in_len += (size_t)n;
    if (m.msg_controllen && !conn_fds(c, &m, c->in_pos + (c->in_len - c->in_start)))
        return "too many descriptors";
    return NULL;
}

static void conn_events(struct loop_source *s, uint32_t events)
{
    struct conn *c = s->data;
    const char *why = NULL;

    if (events & EPOLLOUT && conn_flush(c) < 0)
        why = "write error";
    if (!why && events & EPOLLIN && c->reading)
        why = conn_input(c);
    else if (!why && events & (EPOLLHUP | EPOLLERR))
        why = "closed by the client";
    if (why)
        c->on_end(c, why);
    else
        c->on_event(c);
}

static void conn_arm(struct conn *c)
{
    uint32_t ev = (c->reading ? EPOLLIN : 0) | (conn_queued(c) ? EPOLLOUT : 0);
    if (ev != c->src.events)
        loop_mod(&c->src, ev);
}

int conn_open(struct conn *c, int fd, void (*on_event)(struct conn *), void (*on_end)(struct conn *, const char *), void *data)
{
    memset(c, 0, sizeof *c);
    c->fd = fd;
    c->src.fd = -1;
    c->reading = true;
    c->on_event = on_event;
    c->on_end = on_end;
    c->data = data;
    int fl = fcntl(fd, F_GETFL);
    if (fl < 0 || fcntl(fd, F_SETFL, fl | O_NONBLOCK) < 0)
        return -errno;
    return loop_add(&c->src, fd, EPOLLIN, conn_events, c);
}

void conn_close(struct conn *c)
{
    if (c->fd < 0)
        return;
    loop_del(&c->src);
    close(c->fd);
    c->fd = -1;
    while (c->nfds)
        close(c->fds[--c->nfds].fd);
    while (c->mark) {
        struct conn_mark *k = c->mark;
        c->mark = k->next;
        close(k->fd);
        free(k);
    }
    free(c->in);
    c->in = NULL;
    c->in_start = c->in_len = c->in_cap = 0;
    xdr_out_free(&c->out);
    c->out_start = 0;
}

bool conn_consume(struct conn *c, size_t n)
{
    c->in_start += n;
    c->in_pos += n;
    if (c->in_start == c->in_len)
        c->in_start = c->in_len = 0;
    return !c->nfds || c->fds[0].at >= c->in_pos;
}

int conn_take_fd(struct conn *c)
{
    if (!c->nfds || c->fds[0].at != c->in_pos)
        return -1;
    int fd = c->fds[0].fd;
    memmove(&c->fds[0], &c->fds[1], --c->nfds * sizeof c->fds[0]);
    if (conn_consume(c, 1))
        return fd;
    close(fd);                      /* two on one byte */
    return -1;
}

int conn_take_fds(struct conn *c, size_t n, int fds[XDR_FDS_MAX])
{
    unsigned got = 0;
    while (got < c->nfds && c->fds[got].at < c->in_pos + n)
        got++;
    bool fits = got <= XDR_FDS_MAX;
    for (unsigned i = 0; i < got; i++)
        if (fits)
            fds[i] = c->fds[i].fd;
        else
            close(c->fds[i].fd);
    c->nfds -= got;
    memmove(&c->fds[0], &c->fds[got], c->nfds * sizeof c->fds[0]);
    return fits ? (int)got : -1;
}

void conn_read(struct conn *c, bool on)
{
    c->reading = on;
    if (c->fd < 0)
        return;
    if (!c->in_len && c->in_cap > IN_KEEP) {
        free(c->in);
        c->in = NULL;
        c->in_cap = 0;
    }
    conn_arm(c);
}

void conn_put_fd(struct conn *c, int fd)
{
    struct conn_mark *k = malloc(sizeof *k);
    int copy = k ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;
    if (copy < 0) {
        free(k);
        c->out.failed = true;       /* announced and not there: the connection makes no sense any more */
        return;
    }
    *k = (struct conn_mark){ .at = c->out.len, .fd = copy };
    if (c->mark)
        c->mark_last->next = k;
    else
        c->mark = k;
    c->mark_last = k;
}

/* The next byte, with the descriptors that are marked on it. */
static ssize_t send_marked(struct conn *c)
{
    union { struct cmsghdr h; char b[CMSG_SPACE(sizeof(int) * XDR_FDS_MAX)]; } ctl;
    struct iovec v = { c->out.p + c->out_start, 1 };
    struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &ctl };
    unsigned n = 0;
    memset(&ctl, 0, sizeof ctl);
    struct cmsghdr *h = &ctl.h;
    for (const struct conn_mark *k = c->mark; k && k->at == c->out_start && n < XDR_FDS_MAX; k = k->next, n++)
        memcpy(CMSG_DATA(h) + n * sizeof k->fd, &k->fd, sizeof k->fd);
    h->cmsg_level = SOL_SOCKET;
    h->cmsg_type = SCM_RIGHTS;
    h->cmsg_len = CMSG_LEN(n * sizeof(int));
    m.msg_controllen = CMSG_SPACE(n * sizeof(int));
    return sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void conn_sent(struct conn *c)
{
    if (c->out_start == c->out.len) {
        c->out_start = c->out.len = 0;
        if (c->out.cap > OUT_KEEP)
            xdr_out_free(&c->out);
    } else if (c->out_start > c->out.len / 2) {
        memmove(c->out.p, c->out.p + c->out_start, c->out.len - c->out_start);
        c->out.len -= c->out_start;
        for (struct conn_mark *k = c->mark; k; k = k->next)
            k->at -= c->out_start;
        c->out_start = 0;
    }
}

int conn_flush(struct conn *c)
{
    if (c->fd < 0 || c->out.failed)
        return -EPIPE;
    while (conn_queued(c)) {
        ssize_t n;
        struct conn_mark *k = c->mark;
        if (k && k->at == c->out_start)
            n = send_marked(c);
        else
            n = send(c->fd, c->out.p + c->out_start, (k ? k->at : c->out.len) - c->out_start, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0) {
            if (errno == EINTR)
                continue;
            if (errno != EAGAIN)
                return -errno;
            break;
        }
        while ((k = c->mark) && k->at == c->out_start) {
            c->mark = k->next;
            close(k->fd);
            free(k);
        }
        c->out_start += (size_t)n;
    }
    conn_sent(c);
    conn_arm(c);
    return 0;
}
