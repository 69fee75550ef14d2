/* stream.c: streams: a socket whose other end a worker holds, and messages that carry its bytes.
 *
 * Both directions stand still when the receiver does: what the client sends waits in at most a handful of messages, which count
 * as outstanding calls, so that no more is read from it; of the worker's bytes the next piece is read when the last is sent. */
#include "gateway.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PIECE_MIN = 4096,
    PIECE_MAX = 262120,             /* what libvirt's own ends send in one message */
};

struct piece { struct piece *next; size_t len, done; uint8_t data[]; };
struct stream {
    struct stream *next;
    struct gw *gw;
    struct loop_source src;
    int fd;
    const struct op *op;            /* of the call that opened it */
    uint32_t id;
    struct piece *first, *last;     /* from the client, not written yet */
    unsigned waiting;
    size_t size;                    /* bytes to read at once: follows what comes */
    bool waits_end;                 /* an upload: the worker ends it when all is kept, and only then the client is told */
    bool finishing, ended;          /* the client is done; the worker is done */
};

static void stream_free(struct stream *s)
{
    for (struct stream **p = &s->gw->streams; *p; p = &(*p)->next)
        if (*p == s) {
            *p = s->next;
            break;
        }
    loop_del(&s->src);
    close(s->fd);
    while (s->first) {
        struct piece *k = s->first;
        s->first = k->next;
        free(k);
    }
    free(s);
}

void streams_free(struct gw *gw)
{
    while (gw->streams)
        stream_free(gw->streams);
}

unsigned stream_waiting(const struct gw *gw)
{
    unsigned n = 0;
    for (const struct stream *s = gw->streams; s; s = s->next)
        n += s->waiting;
    return n;
}

static void stream_say(struct stream *s, int status)
{
    s->gw->front->stream(s->gw, s->op, s->id, status, NULL, 0, NULL);
}

static void stream_fail(struct stream *s, int errnum, const char *what)
{
    struct err e = ERR_INIT;
    err_sys(&e, VIR_FROM_STREAMS, errnum, "%s", what);
    s->gw->front->stream(s->gw, s->op, s->id, XDR_ERROR, NULL, 0, &e);
    stream_free(s);
}

static void stream_arm(struct stream *s)
{
    uint32_t ev = (!s->ended && !conn_queued(&s->gw->conn) ? EPOLLIN : 0) | (s->first ? EPOLLOUT : 0);
    loop_mod(&s->src, ev);
}

/* Writes what waits. False: the stream is gone. */
static bool stream_write(struct stream *s)
{
    while (s->first) {
        struct piece *k = s->first;
        ssize_t n = send(s->fd, k->data + k->done, k->len - k->done, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN && !(s->finishing && !s->waits_end))
            break;                  /* (a console's last bytes to a guest that takes none are given up) */
        if (n < 0 && errno != EAGAIN && errno != EPIPE) {
            stream_fail(s, errno, "cannot write to stream");
            return false;
        }
        k->done += n < 0 ? k->len - k->done : (size_t)n;   /* nobody reads any more: the end of file will tell */
        if (k->done < k->len)
            continue;
        s->first = k->next;
        s->waiting--;
        free(k);
    }
    if (s->first || !s->finishing)
        return true;
    if (s->waits_end && !s->ended) {
        shutdown(s->fd, SHUT_WR);
        return true;
    }
    stream_say(s, XDR_OK);
    stream_free(s);
    return false;
}

/* Reads one piece and passes it on. False: the stream is gone. */
static bool stream_read(struct stream *s)
{
    uint8_t *buf = malloc(s->size);
    if (!buf) {
        stream_fail(s, ENOMEM, "cannot read from stream");
        return false;
    }
    ssize_t n = recv(s->fd, buf, s->size, MSG_DONTWAIT);
    int err = errno;
    if (n > 0) {
        s->gw->front->stream(s->gw, s->op, s->id, XDR_CONTINUE, buf, (size_t)n, NULL);
        s->size = (size_t)n == s->size ? s->size * 2 : s->size / 2;
        s->size = s->size < PIECE_MIN ? PIECE_MIN : s->size > PIECE_MAX ? PIECE_MAX : s->size;
    }
    free(buf);
    if (n > 0 || (n < 0 && (err == EAGAIN || err == EINTR)))
        return true;
    if (n < 0 && err != ECONNRESET) {
        stream_fail(s, err, "cannot read from stream");
        return false;
    }
    s->ended = true;
    if (s->finishing)
        return stream_write(s);
    stream_say(s, XDR_CONTINUE);    /* no data: the end of it; the stream is the client's to close */
    return true;
}

static void stream_event(struct loop_source *src, uint32_t events)
{
    struct stream *s = src->data;
    struct gw *gw = s->gw;
    bool there = true;

    if (events & EPOLLOUT)
        there = stream_write(s);
    if (there && !s->ended && !conn_queued(&gw->conn) && events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        there = stream_read(s);
    if (there)
        stream_arm(s);
    gw_pump(gw);
}

void streams_drained(struct gw *gw)
{
    for (struct stream *s = gw->streams; s; s = s->next)
        stream_arm(s);
}

void stream_open(struct gw *gw, const struct op *op, uint32_t id, int fd)
{
    struct stream *s = calloc(1, sizeof *s);
    if (!s) {
        close(fd);
        gw_end(gw, "out of memory");
        return;
    }
    s->gw = gw;
    s->fd = fd;
    s->src.fd = -1;
    s->size = PIECE_MIN;
    s->waits_end = op->id == OP_REMOTE_STORAGE_VOL_UPLOAD;
    s->op = op;
    s->id = id;
    s->next = gw->streams;
    gw->streams = s;
    if (loop_add(&s->src, fd, EPOLLIN, stream_event, s) < 0)
        stream_fail(s, EBADF, "cannot watch stream");
}

/* Queues the client's bytes. False: the stream is gone. */
static bool stream_data(struct stream *s, const uint8_t *p, size_t n)
{
    struct piece *k = malloc(sizeof *k + n);
    if (!k) {
        stream_fail(s, ENOMEM, "cannot write to stream");
        return false;
    }
    *k = (struct piece){ .len = n };
    memcpy(k->data, p, n);
    if (s->first)
        s->last->next = k;
    else
        s->first = k;
    s->last = k;
    s->waiting++;
    return stream_write(s);
}

struct stream *stream_find(struct gw *gw, const struct op *op, uint32_t id)
{
    struct stream *s = gw->streams;
    while (s && (s->id != id || (op && s->op != op)))
        s = s->next;
    return s;
}

void stream_message(struct stream *s, int status, const uint8_t *p, size_t n)
{
    struct err e = ERR_INIT;
    switch (status) {
    case XDR_CONTINUE:
        if (!s->finishing && n && stream_data(s, p, n))
            stream_arm(s);
        break;
    case XDR_OK:
        s->finishing = true;
        if (stream_write(s))
            stream_arm(s);
        break;
    case XDR_ERROR:
        stream_say(s, XDR_OK);
        stream_free(s);
        break;
    default:
        err_set(&e, VIR_ERR_RPC, VIR_FROM_RPC, "unexpected stream status %d", status);
        s->gw->front->stream(s->gw, s->op, s->id, XDR_ERROR, NULL, 0, &e);
        stream_free(s);
    }
}
