/* live.c: the file that a stream writes to: opened, locked, rolled over.  See live.h. */
#include "workers/log/live.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>     /* statx: not every libc has it */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "ipc/internal.h"
#include "ipc/util.h"

#define MARK_BYTES_MAX 128u

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
    struct stat st;
    bool is_there = fstatat(s->dir, s->name, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;     /* else the next one could not be made the last time */
    int r = is_there ? backups_shift(s) : 0;
    backup_name(s, 0, false, to);
    if (r == 0 && is_there && (s->rules.max_backups ? renameat(s->dir, s->name, s->dir, to) : unlinkat(s->dir, s->name, 0)) < 0 && errno != ENOENT)
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

bool live_ends_line(const struct stream *s, uint64_t size)
{
    char c;
    /* A file that may not be read back is taken to end in the middle of a line. */
    return size > 0 && pread(s->out, &c, 1, (off_t)size - 1) == 1 && c == '\n';
}

int live_write(struct stream *s, const char *text, size_t n, uint64_t at)
{
    ssize_t r = pwrite(s->out, text, n, (off_t)at);
    if (r == (ssize_t)n)
        return 0;
    int error = r < 0 ? errno : ENOSPC;
    if (r > 0 && ftruncate(s->out, (off_t)at) < 0)      /* so that all of it comes again */
        return -errno;
    return -error;
}

/* Somebody else may have rolled it over meanwhile. */
int live_lock(struct stream *s)
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

void live_unlock(struct stream *s)
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
    int n = snprintf(text, sizeof text, "%s[%llu bytes are missing here]\n", *size && !live_ends_line(s, *size) ? "\n" : "", (unsigned long long)s->lost);
    int r = live_write(s, text, (size_t)n, *size);
    if (r == 0) {
        *size += (uint64_t)n;
        s->lost = 0;
    }
    return r;
}

bool live_roll(struct stream *s, int *r)
{
    *r = roll_over(s);
    if (*r == -EACCES || *r == -EPERM) {
        s->dir = -1;            /* a folder of somebody else's: the file grows on */
        *r = 0;
    }
    return *r == 0;
}

int live_ready(struct stream *s, uint64_t *size)
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
    if (s->rules.max_age_s && s->dir >= 0 && time(NULL) - s->begun >= (time_t)s->rules.max_age_s && live_ends_line(s, *size)) {
        int r;
        if (!live_roll(s, &r))
            return r;
        *size = s->dir < 0 ? *size : 0;
    }
    return s->lost ? mark_gap(s, size) : 0;
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
