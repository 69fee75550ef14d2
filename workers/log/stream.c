/* stream.c: see stream.h. */
#include "workers/log/stream.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>     /* statx: not every libc has it */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "ipc/internal.h"
#include "ipc/util.h"

#define PEEK_BYTES 65536u               /* looked through for a newline: what a new pipe holds */
#define PIPE_BYTES_MAX (1 << 20)
#define MARK_BYTES_MAX 128u
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

/* Its last backup must have a name, too. */
static int name_check(const struct stream *s, const char *name)
{
    uint32_t most = s->rules.max_backups;
    size_t len = strlen(name);
    if (!len || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, ".."))
        return -EINVAL;
    return len > NAME_MAX || (most && snprintf(NULL, 0, "%s.%u", name, most - 1) > NAME_MAX) ? -ENAMETOOLONG : 0;
}

static int open_named(const struct stream *s)
{
    struct stat st;
    AUTO_CLOSE fd = openat(s->dir, s->name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    /* A second name could be a link that somebody made to another's file. */
    return S_ISREG(st.st_mode) && st.st_nlink == 1 ? STEAL_FD(&fd) : -EINVAL;
}

/* ---- locks: on the first byte while an orphan has the file, on the second while something is written that others could be in the way of, on the third
 * while it is a stream's ---- */

enum { BYTE_ORPHAN, BYTE_WRITER, BYTE_STREAM };
enum { LOCK_TRIES = 200, LOCK_WAIT_NS = 1000000 };      /* whoever else locks a log, for whatever reason, does not stop a guest */

static short lock_byte(int fd, int cmd, short type, off_t byte)
{
    struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };
    return fcntl(fd, cmd, &l) < 0 ? F_UNLCK : l.l_type;        /* a file system without locks has no orphans that are seen */
}

static void lock_writer(int fd)
{
    for (int i = 0; i < LOCK_TRIES && lock_byte(fd, F_OFD_SETLK, F_WRLCK, BYTE_WRITER) == F_UNLCK && (errno == EAGAIN || errno == EACCES); i++)
        nanosleep(&(struct timespec){ .tv_nsec = LOCK_WAIT_NS }, NULL);
}

/* The file becomes the stream's. */
static void take_file(struct stream *s, int fd, bool is_new)
{
    struct statx sx;
    util_closep(&s->out);
    s->out = fd;
    if (s->pipe >= 0)
        lock_byte(fd, F_OFD_SETLK, F_RDLCK, BYTE_STREAM);
    if (s->orphan)
        lock_byte(fd, F_OFD_SETLK, F_RDLCK, BYTE_ORPHAN);
    if (s->locked)
        lock_writer(fd);
    s->begun = time(NULL);
    if (s->rules.max_age_s && !is_new && syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_BTIME, &sx) == 0 && sx.stx_mask & STATX_BTIME)
        s->begun = sx.stx_btime.tv_sec;
}

bool stream_is_open(int fd)
{
    return lock_byte(fd, F_OFD_GETLK, F_WRLCK, BYTE_STREAM) != F_UNLCK;
}

int stream_open(struct stream *s, const char *name, int file, int how)
{
    struct stat st;
    AUTO_CLOSE fd = file;
    if (s->dir >= 0) {
        int r = name_check(s, name);
        if (r < 0)
            return r;
        memcpy(s->name, name, strlen(name) + 1);
    }
    if (how == LOG_LOOK)
        return 0;
    if (fd < 0)
        fd = s->dir < 0 ? -EBADF : open_named(s);
    if (fd < 0)
        return fd;
    if (s->pipe >= 0 && lock_byte(fd, F_OFD_GETLK, F_WRLCK, BYTE_ORPHAN) != F_UNLCK)
        return -EBUSY;
    if (fstat(fd, &st) < 0 || (how == LOG_TRUNCATE && ftruncate(fd, 0) < 0))
        return -errno;
    if (s->pipe >= 0)
        zip_settle(s);
    s->run_ino = st.st_ino;
    s->run_start = how == LOG_TRUNCATE ? 0 : (uint64_t)st.st_size;
    take_file(s, STEAL_FD(&fd), !s->run_start);
    return 0;
}

/* ---- rolling over ---- */

static int roll_over(struct stream *s)
{
    char to[BACKUP_NAME_BYTES];
    int r = backups_shift(s);
    backup_name(s, 0, false, to);
    if (r == 0 && (s->rules.max_backups ? renameat(s->dir, s->name, s->dir, to) : unlinkat(s->dir, s->name, 0)) < 0 && errno != ENOENT)
        r = -errno;
    if (r < 0)
        return r;
    int fd = open_named(s);
    if (fd < 0)
        return fd;
    take_file(s, fd, true);
    s->rolls++;
    s->rolled = true;
    return 0;
}

static bool ends_with_newline(const struct stream *s, uint64_t size)
{
    char c;
    /* A file that may not be read back is taken to end in the middle of a line. */
    return size > 0 && pread(s->out, &c, 1, (off_t)size - 1) == 1 && c == '\n';
}

static int write_at(struct stream *s, const char *text, size_t n, uint64_t at)
{
    ssize_t r = pwrite(s->out, text, n, (off_t)at);
    if (r == (ssize_t)n)
        return 0;
    int error = r < 0 ? errno : ENOSPC;
    if (r > 0 && ftruncate(s->out, (off_t)at) < 0)      /* so that all of it comes again */
        return -errno;
    return -error;
}

/* The live file is ours alone until unlock(). Somebody else may have rolled it over meanwhile. */
static int lock(struct stream *s)
{
    struct stat own, named;
    s->locked = true;
    for (;;) {
        lock_writer(s->out);
        if (s->dir < 0 || fstatat(s->dir, s->name, &named, AT_SYMLINK_NOFOLLOW) < 0 || fstat(s->out, &own) < 0 || own.st_ino == named.st_ino)
            return 0;
        int fd = open_named(s);
        if (fd < 0)
            return fd;
        take_file(s, fd, false);
    }
}

static void unlock(struct stream *s)
{
    if (s->locked)
        lock_byte(s->out, F_OFD_SETLK, F_UNLCK, BYTE_WRITER);
    s->locked = false;
}

void stream_orphan(struct stream *s)
{
    s->orphan = true;
    lock_byte(s->out, F_OFD_SETLK, F_RDLCK, BYTE_ORPHAN);
}

/* A line that tells of what could not be kept, at *size, which grows. */
static int mark_gap(struct stream *s, uint64_t *size)
{
    char text[MARK_BYTES_MAX];
    int n = snprintf(text, sizeof text, "%s[%llu bytes are missing here]\n", *size && !ends_with_newline(s, *size) ? "\n" : "", (unsigned long long)s->lost);
    int r = write_at(s, text, (size_t)n, *size);
    if (r == 0) {
        *size += (uint64_t)n;
        s->lost = 0;
    }
    return r;
}

/* How large the live file is, ready to be written to: there, not too old, and with a mark where something is missing. */
static int ready(struct stream *s, uint64_t *size)
{
    struct stat st;
    if (fstat(s->out, &st) < 0)
        return -errno;
    if (!st.st_nlink && s->dir >= 0) {          /* somebody has removed it */
        int fd = open_named(s);
        if (fd < 0)
            return fd;
        take_file(s, fd, true);
        st.st_size = 0;
    }
    *size = (uint64_t)st.st_size;
    if (s->rules.max_age_s && s->dir >= 0 && time(NULL) - s->begun >= (time_t)s->rules.max_age_s && ends_with_newline(s, *size)) {
        int r = roll_over(s);
        if (r < 0)
            return r;
        *size = 0;
    }
    return s->lost ? mark_gap(s, size) : 0;
}

/* True: the file may roll over, or be left as it is. */
static bool rolled(struct stream *s, int *r)
{
    *r = roll_over(s);
    if (*r == -EACCES || *r == -EPERM) {
        s->dir = -1;            /* a folder of somebody else's: the file grows on */
        *r = 0;
    }
    return *r == 0;
}

/* ---- moving ---- */

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
    if (l.n == room && ends_with_newline(s, size))
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
    if (*size == 0 || ends_with_newline(s, *size)) {
        clock_gettime(CLOCK_REALTIME, &ts);
        gmtime_r(&ts.tv_sec, &tm);
        int len = snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02d.%03ld+0000: ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                           ts.tv_nsec / 1000000);
        if ((r = write_at(s, text, (size_t)len, *size)) < 0)
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
            return r == -EPIPE && s->lost && ready(s, &size) < 0 ? -EIO : r;
        grow(s, r);
        size_t may = rate_allows(s);
        if (!may)
            return STREAM_TOO_FAST;
        if ((size_t)r < may)
            may = (size_t)r;
        if ((r = ready(s, &size)) < 0)
            return r;
        ssize_t n = allowance(s, size, may);
        if (n == 0) {
            if (!rolled(s, &r))
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
    int r = s->orphan ? lock(s) : 0;
    r = r < 0 ? r : drain(s, s->orphan ? PEEK_BYTES : most);
    unlock(s);
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
        if ((r = ready(s, &size)) < 0)
            return r;
        size_t k = n;
        if (s->rules.max_size && s->dir >= 0 && size + n > s->rules.max_size) {
            size_t room = size < s->rules.max_size ? (size_t)(s->rules.max_size - size) : 0;
            const char *newline = room ? memrchr(p, '\n', room) : NULL;
            k = newline ? (size_t)(newline - p) + 1 : ends_with_newline(s, size) ? 0 : room;
            if (!k) {
                if (!rolled(s, &r))
                    return r;
                continue;
            }
        }
        if ((r = write_at(s, p, k, size)) < 0)
            return r;
        p += k;
        n -= k;
    }
    return 0;
}

int stream_append(struct stream *s, const void *text, size_t n)
{
    int r = lock(s);
    r = r < 0 ? r : append(s, text, n);
    unlock(s);
    return r;
}

int stream_position(const struct stream *s, uint64_t *inode, uint64_t *offset)
{
    struct stat st;
    if (fstat(s->out, &st) < 0)
        return -errno;
    *inode = st.st_ino;
    *offset = (uint64_t)st.st_size;
    return 0;
}
