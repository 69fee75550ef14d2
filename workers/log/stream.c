/* stream.c: see stream.h. */
#include "workers/log/stream.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ipc/util.h"

#define PEEK_BYTES (1 << 20)    /* of the scratch pipe, if the kernel gives it */
#define CHUNK_BYTES 65536u

int stream_init(struct stream *s, int pipe, int dir, uint64_t max_size, uint32_t max_backups)
{
    *s = (struct stream){ .pipe = pipe, .dir = dir, .out = -1, .sink = STDOUT_FILENO, .scratch = { -1, -1 }, .max_size = max_size, .max_backups = max_backups };
    if (pipe2(s->scratch, O_CLOEXEC | O_NONBLOCK) < 0)
        return -errno;
    fcntl(s->scratch[1], F_SETPIPE_SZ, PEEK_BYTES);         /* less is enough to work with */
    return 0;
}

void stream_close(struct stream *s)
{
    util_closep(&s->out);
    util_closep(&s->scratch[0]);
    util_closep(&s->scratch[1]);
    s->out = s->scratch[0] = s->scratch[1] = -1;
}

static bool name_is_good(const char *name)
{
    size_t len = strlen(name);
    return len && len < NAME_MAX - 10 && !strchr(name, '/') && strcmp(name, ".") && strcmp(name, "..");
}

static int open_named(const struct stream *s, int flags)
{
    struct stat st;
    AUTO_CLOSE fd = openat(s->dir, s->name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags, 0600);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    /* A second name could be a link that somebody made to another's file. */
    return S_ISREG(st.st_mode) && st.st_nlink == 1 ? STEAL_FD(&fd) : -EINVAL;
}

int stream_open(struct stream *s, const char *name, int file, bool truncate)
{
    struct stat st;
    AUTO_CLOSE fd = file;
    if (s->dir >= 0) {
        if (!name_is_good(name))
            return -EINVAL;
        memcpy(s->name, name, strlen(name) + 1);
    }
    if (fd < 0)
        fd = s->dir < 0 ? -EBADF : open_named(s, 0);
    if (fd < 0)
        return fd;
    if (fstat(fd, &st) < 0 || (truncate && ftruncate(fd, 0) < 0))
        return -errno;
    s->run_ino = st.st_ino;
    s->run_start = truncate ? 0 : (uint64_t)st.st_size;
    util_closep(&s->out);
    s->out = STEAL_FD(&fd);
    return 0;
}

/* ---- rolling over ---- */

#define BACKUP_NAME_BYTES (NAME_MAX + 12)
static void backup_name(const struct stream *s, uint32_t i, char out[BACKUP_NAME_BYTES])
{
    snprintf(out, BACKUP_NAME_BYTES, "%s.%u", s->name, i);
}

/* NAME -> NAME.0 -> NAME.1 ...: only up to the first number that is free, which is what a crash in here leaves to be gone on with. */
static int roll_over(struct stream *s)
{
    char from[BACKUP_NAME_BYTES], to[BACKUP_NAME_BYTES];
    uint32_t free_one = 0;
    struct stat st;

    while (free_one < s->max_backups) {
        backup_name(s, free_one, to);
        if (fstatat(s->dir, to, &st, AT_SYMLINK_NOFOLLOW) < 0)
            break;
        free_one++;
    }
    if (free_one == s->max_backups && free_one > 0)
        free_one--;
    for (uint32_t i = free_one; i > 0; i--) {
        backup_name(s, i - 1, from);
        backup_name(s, i, to);
        if (renameat(s->dir, from, s->dir, to) < 0 && errno != ENOENT)
            return -errno;
    }
    backup_name(s, 0, to);
    if ((s->max_backups ? renameat(s->dir, s->name, s->dir, to) : unlinkat(s->dir, s->name, 0)) < 0 && errno != ENOENT)
        return -errno;
    int fd = open_named(s, 0);
    if (fd < 0)
        return fd;
    close(s->out);
    s->out = fd;
    return 0;
}

/* ---- moving ---- */

/* Looks at the first n bytes of the pipe without taking them.  Returns how many could be seen; *cut gets the number of bytes up to
 * and with the last newline among them, 0 without one. */
static ssize_t look_ahead(const struct stream *s, size_t n, size_t *cut)
{
    char buf[4096];
    size_t seen = 0;
    ssize_t got, teed = tee(s->pipe, s->scratch[1], n, SPLICE_F_NONBLOCK);
    *cut = 0;
    if (teed < 0)
        return -errno;
    while ((got = read(s->scratch[0], buf, sizeof buf)) > 0) {
        const char *newline = memrchr(buf, '\n', (size_t)got);
        if (newline)
            *cut = seen + (size_t)(newline - buf) + 1;
        seen += (size_t)got;
    }
    return (ssize_t)seen;
}

static bool ends_with_newline(const struct stream *s, uint64_t size)
{
    char c;
    /* A file that may not be read back is taken to end in the middle of a line. */
    return size > 0 && pread(s->out, &c, 1, (off_t)size - 1) == 1 && c == '\n';
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

/* How many bytes may go to the file now, its size being `size`, `held` being in the pipe; 0: it must roll over first. */
static ssize_t allowance(const struct stream *s, uint64_t size, size_t held)
{
    size_t cut;
    if (!s->max_size || s->dir < 0)
        return CHUNK_BYTES;
    if (size >= s->max_size)
        return 0;
    uint64_t room = s->max_size - size;
    if (held <= room)
        return (ssize_t)held;
    ssize_t seen = look_ahead(s, (size_t)room, &cut);
    if (seen <= 0 || cut)
        return seen <= 0 ? seen : (ssize_t)cut;
    if ((uint64_t)seen == room && ends_with_newline(s, size))
        return 0;                                       /* a line that does not fit begins in the next file */
    return seen;
}

/* Bytes in the pipe; 0: none for now; -EPIPE: none any more. */
static int pipe_holds(const struct stream *s)
{
    size_t cut;
    int held;
    if (ioctl(s->pipe, FIONREAD, &held) < 0)
        return -errno;
    if (held)
        return held;
    ssize_t seen = look_ahead(s, 1, &cut);
    return seen > 0 ? (int)seen : seen == -EAGAIN ? 0 : seen ? (int)seen : -EPIPE;
}

int stream_drain(struct stream *s, size_t most)
{
    struct stat st;
    for (size_t done = 0; done < most;) {
        int r = pipe_holds(s);
        if (r <= 0)
            return r;
        if (fstat(s->out, &st) < 0)
            return -errno;
        ssize_t n = allowance(s, (uint64_t)st.st_size, (size_t)r);
        if (n == 0) {
            if ((r = roll_over(s)) == -EACCES || r == -EPERM)
                s->dir = -1;            /* a folder of somebody else's: the file grows on */
            else if (r < 0)
                return r;
            continue;
        }
        if (n > 0)
            n = move(s, (uint64_t)st.st_size, (size_t)n);
        if (n <= 0)
            return n == -EAGAIN ? 0 : n ? (int)n : -EPIPE;
        done += (size_t)n;
    }
    return 1;
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

ssize_t stream_tail(const struct stream *s, uint64_t from, char *buf, size_t n)
{
    struct stat st;
    if (fstat(s->out, &st) < 0)
        return -errno;
    uint64_t size = (uint64_t)st.st_size, start = st.st_ino == s->run_ino && s->run_start <= size ? s->run_start : 0;
    if (from < size - start)
        start += from;
    if (size - start > n)
        start = size - n;
    ssize_t r = pread(s->out, buf, (size_t)(size - start < n ? size - start : n), (off_t)start);
    return r < 0 ? -errno : r;
}
