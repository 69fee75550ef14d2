#include "config.h"
#include "workers/qemu/jline.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "ipc/util.h"

#define READ_BYTES 65536u
#define REST_MS 100u
#define TRIM_MS 500u            /* by then what is at work now is done, and its memory free */
#define IOV_BATCH 32

struct jline_out { struct jline_out *next; size_t len, off; int fd; char bytes[]; };

int jline_guard(const char *p, size_t n)
{
    unsigned depth = 0, values = 1;
    bool in_string = false;
    for (size_t i = 0; i < n; i++) {
        char c = p[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
            continue;
        }
        switch (c) {
        case '"': in_string = true; break;
        case '{': case '[':
            if (++depth > JLINE_DEPTH_MAX)
                return -EMSGSIZE;
            values++;
            break;
        case '}': case ']':
            if (depth)
                depth--;
            break;
        case ',': values++; break;
        default: break;
        }
        if (values > JLINE_VALUES_MAX)
            return -EMSGSIZE;
    }
    return 0;
}

static void trim(struct loop_timer *t)
{
    (void)t;
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

void jline_trim(void)
{
    static struct loop_timer later;
    if (!later.armed)
        loop_after(&later, TRIM_MS, trim, NULL);
}

/* QEMU writes unsigned 64-bit numbers (a statistic that the guest does not tell is all ones); Jansson's are signed. Those that
 * do not fit are given their two's complement, as a C program that prints one and reads the other would: all ones become -1. */
static json_t *parse_wide(const char *p, size_t n)
{
    char *copy = malloc(n + n / 19 + 1);        /* a number of 19 digits may grow by its sign */
    size_t o = 0;
    bool in_string = false;
    if (!copy)
        return NULL;
    for (size_t i = 0; i < n;) {
        char c = p[i];
        if (in_string || c < '0' || c > '9') {
            if (in_string && c == '\\' && i + 1 < n)
                copy[o++] = p[i++];
            else if (c == '"')
                in_string = !in_string;
            copy[o++] = p[i++];
            continue;
        }
        size_t k = i;
        uint64_t v = 0;
        bool fits = true;
        for (; k < n && p[k] >= '0' && p[k] <= '9'; k++)
            fits = fits && !__builtin_mul_overflow(v, (uint64_t)10, &v) && !__builtin_add_overflow(v, (uint64_t)(p[k] - '0'), &v);
        bool whole = (k == n || (p[k] != '.' && p[k] != 'e' && p[k] != 'E')) && (i == 0 || !strchr("-+.eE", p[i - 1]));
        if (whole && fits && v > INT64_MAX) {
            o += (size_t)sprintf(copy + o, "%" PRId64, (int64_t)v);
        } else {
            memcpy(copy + o, p + i, k - i);
            o += k - i;
        }
        i = k;
    }
    json_t *v = json_loadb(copy, o, JSON_DECODE_ANY, NULL);
    free(copy);
    return v;
}

json_t *jline_parse(const char *p, size_t n, int *err)
{
    json_error_t why;
    *err = jline_guard(p, n);
    if (*err)
        return NULL;
    json_t *v = json_loadb(p, n, JSON_DECODE_ANY, &why);
    if (!v && json_error_code(&why) == json_error_numeric_overflow)
        v = parse_wide(p, n);
    if (!v)
        *err = -EBADMSG;
    return v;
}

static void out_free_all(struct jline *j)
{
    while (j->head) {
        struct jline_out *o = j->head;
        j->head = o->next;
        if (o->fd >= 0)
            close(o->fd);
        free(o);
    }
    j->tail = NULL;
    j->queued = 0;
}

static void finish(struct jline *j, int err)
{
    if (j->ended)
        return;
    j->ended = true;
    loop_cancel(&j->rest);
    loop_del(&j->src);
    out_free_all(j);
    j->on_end(j, err);
}

static void want(struct jline *j)
{
    if (j->ended || j->fd < 0)
        return;
    uint32_t ev = (j->rest.armed ? 0 : EPOLLIN) | (j->head ? EPOLLOUT : 0);
    if (j->src.events != ev)
        loop_mod(&j->src, ev);
}

static void on_rested(struct loop_timer *t)
{
    struct jline *j = t->data;
    want(j);
}

/* Takes one line out of the budget; false: the peer must rest. */
static void charge(struct jline *j)
{
    uint64_t now = loop_now_ms(), gain = (now - j->budget_ms) * JLINE_RATE / 1000;
    if (gain) {
        j->budget = gain + j->budget > JLINE_RATE ? JLINE_RATE : (uint32_t)(j->budget + gain);
        j->budget_ms = now;
    }
    if (j->budget)
        j->budget--;
    else if (!j->rest.armed)
        loop_after(&j->rest, REST_MS, on_rested, j);
}

static void one_line(struct jline *j, char *p, size_t n)
{
    if (j->delimited) {                 /* whatever stands before the last 0xFF was cut short by a reset of the peer */
        char *d = memrchr(p, 0xff, n);
        if (d) {
            n -= (size_t)(d + 1 - p);
            p = d + 1;
        }
    }
    while (n && (p[n - 1] == '\r' || p[n - 1] == ' '))
        n--;
    if (!n)
        return;
    j->lines_in++;
    charge(j);
    int err;
    json_t *v = jline_parse(p, n, &err);
    if (!v)
        j->dropped++;
    j->on_line(j, v, err);
    json_decref(v);
}

/* Hands complete lines on. The buffer is not touched by callbacks except by jline_close, after which fd is -1. */
static void lines(struct jline *j)
{
    size_t at = 0;
    j->busy = true;
    for (;;) {
        char *nl = memchr(j->buf + j->seen, '\n', j->len - j->seen);
        if (!nl)
            break;
        size_t n = (size_t)(nl - j->buf) - at;
        char *p = j->buf + at;
        at = j->seen = (size_t)(nl - j->buf) + 1;
        if (j->skipping)
            j->skipping = false;
        else if (n > j->line_max) {
            j->dropped++;
            j->on_line(j, NULL, -EMSGSIZE);
        } else
            one_line(j, p, n);
        if (j->fd < 0)
            break;
    }
    j->busy = false;
    if (j->fd < 0) {                /* closed from inside */
        free(STEAL_PTR(&j->buf));
        j->len = j->cap = j->seen = 0;
        return;
    }
    memmove(j->buf, j->buf + at, j->len - at);
    j->len -= at;
    if (j->skipping)
        j->len = 0;
    else if (j->len > j->line_max) {
        j->skipping = true;
        j->len = 0;
        j->dropped++;
        j->on_line(j, NULL, -EMSGSIZE);
    }
    j->seen = j->len;
    if (!j->len && j->cap) {
        bool big = j->cap > JLINE_FREE_OVER;
        free(STEAL_PTR(&j->buf));
        j->cap = 0;
        if (big)
            jline_trim();
    }
}

static void on_readable(struct jline *j)
{
    if (j->cap - j->len < READ_BYTES / 4) {
        size_t cap = j->len + (j->cap ? (j->len > READ_BYTES ? j->len : READ_BYTES) : READ_BYTES / 4);
        char *b = realloc(j->buf, cap);
        if (!b) {
            finish(j, -ENOMEM);
            return;
        }
        j->buf = b;
        j->cap = cap;
    }
    ssize_t n = recv(j->fd, j->buf + j->len, j->cap - j->len, MSG_DONTWAIT);
    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR)
            finish(j, -errno);
        else if (!j->len) {
            free(STEAL_PTR(&j->buf));
            j->cap = 0;
        }
        return;
    }
    if (n == 0) {
        finish(j, 0);
        return;
    }
    j->len += (size_t)n;
    j->bytes_in += (uint64_t)n;
    lines(j);
}

static void on_ready(struct loop_source *s, uint32_t events)
{
    struct jline *j = s->data;
    if (events & EPOLLOUT)
        jline_flush(j);
    if (!j->ended && j->fd >= 0 && events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        on_readable(j);
    want(j);
}

int jline_open(struct jline *j, int fd, size_t line_max, jline_fn *on_line, jline_end_fn *on_end, void *data)
{
    *j = (struct jline){ .src.fd = -1, .fd = -1, .line_max = line_max, .on_line = on_line, .on_end = on_end, .data = data,
                         .budget = JLINE_RATE, .budget_ms = loop_now_ms() };
    int fl = fcntl(fd, F_GETFL);
    if (fl < 0 || fcntl(fd, F_SETFL, fl | O_NONBLOCK) < 0)
        return -errno;
    int r = loop_add(&j->src, fd, EPOLLIN, on_ready, j);
    if (!r)
        j->fd = fd;
    return r;
}

void jline_close(struct jline *j)
{
    if (j->fd < 0)
        return;
    loop_cancel(&j->rest);
    if (!j->ended)
        loop_del(&j->src);
    close(STEAL_FD(&j->fd));
    j->ended = true;
    out_free_all(j);
    if (!j->busy) {
        free(STEAL_PTR(&j->buf));
        j->len = j->cap = j->seen = 0;
    }
}

int jline_write(struct jline *j, const void *p, size_t n, int fd)
{
    if (!jline_is_open(j))
        return -EPIPE;
    if (j->queued + n > JLINE_OUT_MAX)
        return -ENOBUFS;
    struct jline_out *o = malloc(sizeof *o + n);
    if (!o)
        return -ENOMEM;
    *o = (struct jline_out){ .len = n, .fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3) };
    if (fd >= 0 && o->fd < 0) {
        free(o);
        return -errno;
    }
    memcpy(o->bytes, p, n);
    if (j->tail)
        j->tail->next = o;
    else
        j->head = o;
    j->tail = o;
    j->queued += n;
    want(j);
    return 0;
}

void jline_flush(struct jline *j)
{
    while (j->head && !j->ended) {
        struct iovec iov[IOV_BATCH];
        union { struct cmsghdr align; char room[CMSG_SPACE(sizeof(int))]; } cm;
        struct msghdr m = { .msg_iov = iov };
        for (struct jline_out *o = j->head; o && m.msg_iovlen < IOV_BATCH; o = o->next) {
            if (o->fd >= 0) {           /* a descriptor rides with the first byte of its own text */
                if (o != j->head)
                    break;
                m.msg_control = &cm;
                m.msg_controllen = sizeof cm.room;
                struct cmsghdr *c = CMSG_FIRSTHDR(&m);
                c->cmsg_level = SOL_SOCKET;
                c->cmsg_type = SCM_RIGHTS;
                c->cmsg_len = CMSG_LEN(sizeof(int));
                memcpy(CMSG_DATA(c), &o->fd, sizeof(int));
            }
            iov[m.msg_iovlen++] = (struct iovec){ o->bytes + o->off, o->len - o->off };
            if (m.msg_control)
                break;
        }
        ssize_t n = sendmsg(j->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0) {
            if (errno == EINTR)
                continue;
            if (errno != EAGAIN)
                finish(j, -errno);
            break;
        }
        while (n > 0) {
            struct jline_out *o = j->head;
            if (o->fd >= 0) {
                close(o->fd);
                o->fd = -1;
            }
            size_t part = (size_t)n < o->len - o->off ? (size_t)n : o->len - o->off;
            o->off += part;
            j->queued -= part;
            n -= (ssize_t)part;
            if (o->off < o->len)
                break;
            j->head = o->next;
            if (!j->head)
                j->tail = NULL;
            free(o);
        }
    }
    want(j);
}
