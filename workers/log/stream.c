/* stream.c: from the pipe, or from a message, to the live file.  See stream.h. */
#include "workers/log/live.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "ipc/internal.h"
#include "ipc/util.h"

#define PEEK_BYTES 65536u               /* looked through for a newline: what a new pipe holds */
#define PIPE_BYTES_MAX (1 << 20)
#define STAMP "0000-00-00 00:00:00.000+0000: "      /* libvirt's form */
#define STAMP_BYTES (sizeof STAMP - 1)
#define STAMPED_BYTES_MAX 8192u         /* of a line that go with one look and one splice */

int stream_init(struct stream *s, int pipe, int dir, const struct stream_rules *rules)
{
    int size = pipe < 0 ? 0 : fcntl(pipe, F_GETPIPE_SZ);
    *s = (struct stream){ .pipe = pipe, .dir = dir, .out = -1, .sink = STDOUT_FILENO, .scratch = { -1, -1 }, .zip = -1, .pipe_size = size, .rules = *rules };
    return size < 0 ? -errno : 0;
}

void stream_close(struct stream *s)
{
    util_closep(&s->out);
    util_closep(&s->zip);
    util_closep(&s->scratch[0]);
    util_closep(&s->scratch[1]);
}

struct look { size_t n, first, last; };     /* bytes seen; up to and with the first and the last newline among them, 0: there is none */

/* Looks at the first n bytes of the pipe without taking them. 1, 0: there are none, or a negative errno. */
static int look_ahead(struct stream *s, size_t n, struct look *l)
{
    char buf[4096];
    ssize_t got;
    *l = (struct look){ 0 };
    if (s->scratch[0] < 0 && pipe2(s->scratch, O_CLOEXEC | O_NONBLOCK) < 0)
        return -errno;
    ssize_t teed = tee(s->pipe, s->scratch[1], n, SPLICE_F_NONBLOCK);
    if (teed <= 0)
        return teed < 0 && errno != EAGAIN ? -errno : 0;
    while ((got = read(s->scratch[0], buf, sizeof buf)) > 0) {
        const char *first = memchr(buf, '\n', (size_t)got), *last = memrchr(buf, '\n', (size_t)got);
        if (first && !l->first)
            l->first = l->n + (size_t)(first - buf) + 1;
        if (last)
            l->last = l->n + (size_t)(last - buf) + 1;
        l->n += (size_t)got;
    }
    return 1;
}

/* One splice of at most n bytes to the file's end. Bytes moved, 0: the pipe has ended, or a negative errno. */
static ssize_t move(struct stream *s, uint64_t size, size_t n)
{
    off_t at = (off_t)size;
    ssize_t r;
    do
        r = splice(s->pipe, NULL, s->out, &at, n, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
    while (r < 0 && errno == EINTR);
    return r < 0 ? -errno : r;
}

/* How many of the `held` bytes in the pipe may go to the file now, its size being `size`; 0: it must roll over first. */
static ssize_t allowance(struct stream *s, uint64_t size, size_t held)
{
    struct look l;
    if (!s->rules.max_size || s->dir < 0)
        return (ssize_t)held;
    uint64_t most = s->rules.max_size - (s->rules.stamps && s->rules.max_size > STAMP_BYTES ? STAMP_BYTES : 0);
    if (size >= most)
        return 0;
    uint64_t room = most - size;
    if (held <= room)
        return (ssize_t)held;
    if (room > PEEK_BYTES)          /* the end of a line is looked for in the last of it only */
        return (ssize_t)(room - PEEK_BYTES);
    int r = look_ahead(s, (size_t)room, &l);
    if (r <= 0 || l.last)
        return r < 0 ? r : r == 0 ? -EAGAIN : (ssize_t)l.last;
    if (l.n == room && live_ends_line(s, size))
        return 0;                                       /* a line that does not fit begins in the next file */
    return (ssize_t)l.n;
}

/* Of n bytes that may go, those of one line, before which its time is put where it begins.  A stamp without its line, which a crash can leave, is
 * that of the next instance's first bytes, since the file does not end with a line then. */
static ssize_t stamp(struct stream *s, uint64_t *size, size_t n)
{
    char text[STAMP_BYTES + 32];
    struct timespec ts;
    struct tm tm;
    struct look l;
    int r = look_ahead(s, n < STAMPED_BYTES_MAX ? n : STAMPED_BYTES_MAX, &l);
    if (r <= 0)
        return r < 0 ? r : -EAGAIN;
    if (*size == 0 || live_ends_line(s, *size)) {
        clock_gettime(CLOCK_REALTIME, &ts);
        gmtime_r(&ts.tv_sec, &tm);
        int len = snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02d.%03ld+0000: ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                           ts.tv_nsec / 1000000);
        if ((r = live_write(s, text, (size_t)len, *size)) < 0)
            return r;
        *size += (uint64_t)len;
    }
    return (ssize_t)(l.first ? l.first : l.n);
}

/* Bytes in the pipe; 0: none for now; -EPIPE: none any more. */
static int pipe_holds(const struct stream *s)
{
    struct pollfd p = { .fd = s->pipe, .events = POLLIN };
    int held;
    if (ioctl(s->pipe, FIONREAD, &held) < 0)
        return -errno;
    if (held)
        return held;
    if (poll(&p, 1, 0) < 0)
        return -errno;
    return p.revents & POLLHUP && !(p.revents & POLLIN) ? -EPIPE : 0;
}

/* A pipe that is found half full becomes larger, as far as the kernel gives it: so only who writes much has much of what all share. */
static void grow(struct stream *s, int held)
{
    if (held < s->pipe_size / 2 || s->pipe_size >= PIPE_BYTES_MAX)
        return;
    int size = fcntl(s->pipe, F_SETPIPE_SZ, 4 * s->pipe_size < PIPE_BYTES_MAX ? 4 * s->pipe_size : PIPE_BYTES_MAX);
    s->pipe_size = size < 0 ? PIPE_BYTES_MAX : size;    /* refused once: not asked again */
}

/* Bytes that the rate still allows. */
static size_t rate_allows(struct stream *s)
{
    uint64_t now = util_now_ms(), more = (now - s->allowed_at_ms) * s->rules.rate / 1000;
    if (!s->rules.rate)
        return SIZE_MAX;
    if (more) {
        s->allowed = s->allowed + more < s->rules.rate && s->allowed_at_ms ? s->allowed + more : s->rules.rate;
        s->allowed_at_ms = now;
    }
    return (size_t)s->allowed;
}

static int drain(struct stream *s, size_t most)
{
    uint64_t size;
    for (size_t done = 0; done < most;) {
        int r = pipe_holds(s);
        if (r <= 0)
            return r == -EPIPE && s->lost && live_ready(s, &size) < 0 ? -EIO : r;
        grow(s, r);
        size_t may = rate_allows(s);
        if (!may)
            return STREAM_TOO_FAST;
        if ((size_t)r < may)
            may = (size_t)r;
        if ((r = live_ready(s, &size)) < 0)
            return r;
        ssize_t n = allowance(s, size, may);
        if (n == 0) {
            if (!live_roll(s, &r))
                return r;
            continue;
        }
        if (n > 0 && s->rules.stamps)
            n = stamp(s, &size, (size_t)n);
        if (n > 0)
            n = move(s, size, (size_t)n);
        if (n <= 0)
            return n == -EAGAIN ? 0 : n ? (int)n : -EPIPE;
        s->allowed -= s->rules.rate ? (uint64_t)n : 0;
        done += (size_t)n;
    }
    return 1;
}

int stream_drain(struct stream *s, size_t most)
{
    int r = s->orphan ? live_lock(s) : 0;
    r = r < 0 ? r : drain(s, s->orphan ? PEEK_BYTES : most);
    live_unlock(s);
    if (!s->rules.stamps) {         /* a thousand streams that lately rolled over should not keep a pipe each for it */
        util_closep(&s->scratch[0]);
        util_closep(&s->scratch[1]);
    }
    return r;
}

void stream_drop(struct stream *s)
{
    /* It can be full with little more than half of its bytes, in pages of which each is little more than half used. */
    int held, keep = fcntl(s->pipe, F_GETPIPE_SZ) / 2 - getpagesize();
    while (ioctl(s->pipe, FIONREAD, &held) == 0 && keep >= 0 && held > keep) {
        ssize_t n = splice(s->pipe, NULL, s->sink, NULL, (size_t)(held - keep), SPLICE_F_NONBLOCK);
        if (n <= 0)
            return;
        s->lost += (uint64_t)n;
    }
}

/* ---- from others ---- */

static int append(struct stream *s, const char *p, size_t n)
{
    uint64_t size;
    int r;
    while (n) {
        if ((r = live_ready(s, &size)) < 0)
            return r;
        size_t k = n;
        if (s->rules.max_size && s->dir >= 0 && size + n > s->rules.max_size) {
            size_t room = size < s->rules.max_size ? (size_t)(s->rules.max_size - size) : 0;
            const char *newline = room ? memrchr(p, '\n', room) : NULL;
            k = newline ? (size_t)(newline - p) + 1 : live_ends_line(s, size) ? 0 : room;
            if (!k) {
                if (!live_roll(s, &r))
                    return r;
                continue;
            }
        }
        if ((r = live_write(s, p, k, size)) < 0)
            return r;
        p += k;
        n -= k;
    }
    return 0;
}

int stream_append(struct stream *s, const void *text, size_t n)
{
    int r = live_lock(s);
    r = r < 0 ? r : append(s, text, n);
    live_unlock(s);
    return r;
}
