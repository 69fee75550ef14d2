/* stream.c: streams: a socket whose other end a worker holds, and messages that carry its bytes; or one of a sibling's, whose messages are passed on.
 *
 * Both directions stand still when the receiver does: what the client sends waits in at most a handful of messages, which count
 * as outstanding calls, so that no more is read from it; of the worker's bytes the next piece is read when the last is sent.  Of a sibling's stream what waits
 * is in the connections' own queues: while the sibling's is full, as many calls are outstanding as there may be; sibling.c reads no more while the client's is. */
#include "sibling.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "ipc/util.h"

enum {
    PIECE_MIN = 4096,
    PIECE_MAX = 262120,             /* what libvirt's own ends send in one message */
    PASSED_MAX = 1024,              /* streams of siblings */
    SPARSE = 1,                     /* flag of the calls that open those */
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
    bool finishing, ended;          /* the client is done; the worker is done */
    /* One of a sibling's has no socket. */
    struct sibling *sibling;
    uint32_t there;                 /* its serial there */
    bool sparse, opened;            /* holes may come; the call was answered */
};

static void stream_free(struct stream *s)
{
    for (struct stream **p = &s->gw->streams; *p; p = &(*p)->next)
        if (*p == s) {
            *p = s->next;
            break;
        }
    loop_del(&s->src);
    util_closep(&s->fd);
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
        n += !s->sibling ? s->waiting : conn_queued(&s->sibling->conn) >= GW_OUT_SOFT ? gw->max_calls : 0;
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
        if (n < 0 && errno == EAGAIN && !s->finishing)
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
        if (!s->sibling)
            stream_arm(s);
}

/* NULL: no memory, the client is ended */
static struct stream *stream_new(struct gw *gw, const struct op *op, uint32_t id, int fd)
{
    struct stream *s = malloc(sizeof *s);
    if (!s) {
        gw_end(gw, "out of memory");
        return NULL;
    }
    *s = (struct stream){ .gw = gw, .fd = fd, .src = { .fd = -1 }, .size = PIECE_MIN, .op = op, .id = id, .next = gw->streams };
    return gw->streams = s;
}

void stream_open(struct gw *gw, const struct op *op, uint32_t id, int fd)
{
    struct stream *s = stream_new(gw, op, id, fd);
    if (!s)
        close(fd);
    else if (loop_add(&s->src, fd, EPOLLIN, stream_event, s) < 0)
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

/* ---- one of a sibling's ---- */

bool stream_may_pass(struct gw *gw, struct call *c)
{
    unsigned n = 0;
    for (const struct stream *s = gw->streams; s; s = s->next)
        n += s->sibling != NULL;
    if (n < PASSED_MAX)
        return true;
    call_fail(gw, c, VIR_ERR_OPERATION_FAILED, VIR_FROM_STREAMS, "too many streams");
    return false;
}

void stream_pass(struct gw *gw, const struct call *c)
{
    struct mp_in in;
    struct stream *s = stream_new(gw, c->op, c->id, -1);
    if (!s)
        return;
    mp_in_init(&in, c->args.p, c->args.len);
    for (uint32_t left = mp_get_array(&in, c->op->args->elems); left > 1; left--)
        mp_skip(&in);
    s->sparse = mp_get_u32(&in) & SPARSE;       /* the last argument is the flags word */
    s->sibling = c->sibling;
    s->there = c->there;
}

static struct stream *stream_there(const struct sibling *sb, uint32_t there)
{
    struct stream *s = sb->gw->streams;
    while (s && (s->sibling != sb || s->there != there))
        s = s->next;
    return s;
}

void stream_answered(const struct sibling *sb, uint32_t there, bool opened)
{
    struct stream *s = stream_there(sb, there);
    if (s && !opened)
        stream_free(s);
    else if (s)
        s->opened = true;
}

void streams_lost(const struct sibling *sb, const struct err *e)
{
    for (struct stream *s = sb->gw->streams, *next; s; s = next) {
        next = s->next;
        if (s->sibling != sb)
            continue;
        if (s->opened)          /* else its call's answer tells */
            s->gw->front->stream(s->gw, s->op, s->id, XDR_ERROR, NULL, 0, e);
        stream_free(s);
    }
}

static bool heard_hole(const struct stream *s, uint32_t status, const uint8_t *p, size_t n)
{
    uint64_t length;
    if (!s->sparse || status != XDR_CONTINUE || rpc_hole(&length, p, n) < 0)
        return false;
    if (!s->finishing)
        s->gw->front->stream(s->gw, s->op, s->id, STREAM_HOLE, &length, sizeof length, NULL);
    return true;
}

static bool heard_error(const struct stream *s, const uint8_t *p, size_t n)
{
    struct err e = ERR_INIT;
    struct mp_out whole;
    mp_out_init(&whole, XDR_MESSAGE_MAX);
    bool good = sibling_error(&e, &whole, p, n);
    mp_out_free(&whole);
    if (good)
        s->gw->front->stream(s->gw, s->op, s->id, XDR_ERROR, p, n, &e);
    return good;
}

/* What the client has not asked for any more is dropped; the last word ends the stream, also before the call was answered. */
bool stream_heard(const struct sibling *sb, const struct xdr_head *h, const uint8_t *p, size_t n)
{
    struct stream *s = stream_there(sb, h->serial);
    if (!s || h->proc != (int32_t)OP_PROC(s->op->id))
        return false;
    if (h->type == XDR_HOLE)
        return heard_hole(s, h->status, p, n);
    if (h->status == XDR_CONTINUE && !s->finishing)
        s->gw->front->stream(s->gw, s->op, s->id, XDR_CONTINUE, p, n, NULL);
    if (h->status == XDR_CONTINUE)
        return true;
    if (h->status == XDR_OK && s->opened && s->finishing && !n)
        stream_say(s, XDR_OK);
    else if (h->status != XDR_ERROR || !s->opened || !heard_error(s, p, n))
        return false;
    stream_free(s);
    return true;
}

/* The client's word. */
static void stream_tell(struct stream *s, int status, const uint8_t *p, size_t n)
{
    if (s->finishing)
        return;                 /* its last word is said */
    s->finishing = status == XDR_OK || status == XDR_ERROR;
    rpc_stream_word(&s->sibling->conn.out, s->op, s->there, status, p, s->finishing ? 0 : n);
}

void stream_message(struct stream *s, int status, const uint8_t *p, size_t n)
{
    struct err e = ERR_INIT;
    if (status == STREAM_HOLE && !s->sparse) {
        gw_end(s->gw, "a hole in a stream that was not opened as a sparse one");
        return;
    }
    if (s->sibling) {           /* whose answer to what is no word of a stream is the end */
        stream_tell(s, status < 0 ? XDR_ERROR : status, p, n);
        return;
    }
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
