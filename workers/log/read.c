/* read.c: what was logged, read back: the end of a run, and any place in the live file and those before it.  See stream.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ipc/util.h"
#include "workers/log/stream.h"

void stream_backup_name(const struct stream *s, uint32_t i, char out[BACKUP_NAME_BYTES])
{
    snprintf(out, BACKUP_NAME_BYTES, "%s.%u", s->name, i);
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

/* The ith file back from the live one, which is 0. -ENOENT: there is none. */
static int open_back(const struct stream *s, int file, uint32_t i, struct stat *st)
{
    char name[BACKUP_NAME_BYTES];
    if (i)
        stream_backup_name(s, i - 1, name);
    AUTO_CLOSE fd = s->dir < 0 ? -ENOENT : openat(s->dir, i ? name : s->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 && i == 0)
        fd = file < 0 ? -ENOENT : fcntl(file, F_DUPFD_CLOEXEC, 3);
    return fd >= 0 && fstat(fd, st) == 0 && S_ISREG(st->st_mode) ? STEAL_FD(&fd) : -ENOENT;
}

ssize_t stream_read(const struct stream *s, int file, uint64_t inode, uint64_t offset, char *buf, size_t n)
{
    struct stat st;
    size_t done = 0;
    bool found = false;
    for (uint32_t i = s->rules.max_backups + 1; i-- > 0;) {
        AUTO_CLOSE fd = open_back(s, file, i, &st);
        if (fd < 0 || (!found && inode && st.st_ino != inode))
            continue;
        uint64_t at = found ? 0 : offset;
        found = true;
        if (at > INT64_MAX)
            return -EINVAL;
        while (done < n) {
            ssize_t r = pread(fd, buf + done, n - done, (off_t)at);
            if (r < 0)
                return -errno;
            if (r == 0)
                break;
            done += (size_t)r;
            at += (uint64_t)r;
        }
    }
    return found ? (ssize_t)done : -EBADF;
}
