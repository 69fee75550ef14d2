/* read.c: what was logged, read back: the end of a run, and any place in the live file and those before it.  See stream.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "config.h"
#include "ipc/util.h"
#include "workers/log/stream.h"
#include "workers/zipped.h"
#ifdef HAVE_ZLIB
#include <zlib.h>
#endif

#define TURN_BYTES (1u << 20)       /* unpacked before the pipe is looked at again */

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

/* The inode that a compressed file tells is that of the file that it was. */
static void original_inode(int fd, struct stat *st)
{
    uint8_t head[ZIPPED_EXTRA_AT + ZIPPED_EXTRA_BYTES], *extra = head + ZIPPED_EXTRA_AT;
    if (pread(fd, head, sizeof head, 0) != (ssize_t)sizeof head || !(head[3] & ZIPPED_HAS_EXTRA) || extra[0] != ZIPPED_ID_1 || extra[1] != ZIPPED_ID_2 || extra[2] != 8 || extra[3])
        return;
    st->st_ino = 0;
    for (unsigned i = 0; i < 8; i++)
        st->st_ino |= (ino_t)((uint64_t)extra[4 + i] << 8 * i);
}

/* The ith file back from the live one, which is 0. -ENOENT: there is none. */
static int open_back(const struct stream *s, int file, uint32_t i, struct stat *st, bool *zipped)
{
    char name[BACKUP_NAME_BYTES];
    AUTO_CLOSE fd = -1;
    *zipped = false;
    for (int z = 0; z < (i ? 2 : 1) && fd < 0 && s->dir >= 0; z++) {
        if (i)
            backup_name(s, i - 1, *zipped = z, name);
        fd = openat(s->dir, i ? name : s->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    }
    if (fd < 0 && i == 0)
        fd = file < 0 ? -ENOENT : fcntl(file, F_DUPFD_CLOEXEC, 3);
    if (fd < 0 || fstat(fd, st) < 0 || !S_ISREG(st->st_mode))
        return -ENOENT;
    if (*zipped)
        original_inode(fd, st);
    return STEAL_FD(&fd);
}

/* Each returns how many bytes there are from `at` on, n at most. */
static ssize_t read_plain(int fd, uint64_t at, char *buf, size_t n)
{
    size_t done = 0;
    ssize_t r = 1;
    while (done < n && (r = pread(fd, buf + done, n - done, (off_t)(at + done))) > 0)
        done += (size_t)r;
    return r < 0 ? -errno : (ssize_t)done;
}

/* SAFETY: of what is in the folder only root's files are read, but their bytes are nobody's word: zlib checks them, and what it makes is bounded by n and
 * by the buffer for what is passed over. */
static ssize_t read_zipped(struct stream *s, int fd, uint64_t at, char *buf, size_t n)
{
#ifdef HAVE_ZLIB
    static uint8_t in[16384], passed[65536];
    z_stream z = { 0 };
    uint64_t to_pass = at, from = 0;
    size_t done = 0, turn = 0;
    int r = inflateInit2(&z, MAX_WBITS + 16);
    while (r == Z_OK && done < n) {
        bool pass = to_pass > 0;
        if (!z.avail_in) {
            ssize_t got = pread(fd, in, sizeof in, (off_t)from);
            r = got > 0 ? Z_OK : Z_DATA_ERROR;      /* it ends before it should */
            from += got > 0 ? (uint64_t)got : 0;
            z.next_in = in;
            z.avail_in = got > 0 ? (uInt)got : 0;
            if (r != Z_OK)
                break;
        }
        uint64_t room = !pass ? n - done : to_pass < sizeof passed ? to_pass : sizeof passed;
        z.next_out = pass ? passed : (uint8_t *)buf + done;
        z.avail_out = (uInt)room;
        r = inflate(&z, Z_NO_FLUSH);
        size_t made = (size_t)room - z.avail_out;
        to_pass -= pass ? made : 0;
        done += pass ? 0 : made;
        turn += made;
        if (turn >= TURN_BYTES && s->turn) {        /* a large one must not keep a guest waiting */
            s->turn();
            turn = 0;
        }
    }
    inflateEnd(&z);
    return r == Z_OK || r == Z_STREAM_END ? (ssize_t)done : -EIO;
#else
    (void)s, (void)fd, (void)at, (void)buf, (void)n;
    return -EOPNOTSUPP;
#endif
}

ssize_t stream_read(struct stream *s, int file, uint64_t inode, uint64_t offset, char *buf, size_t n)
{
    struct stat st;
    size_t done = 0;
    bool found = false, zipped;
    for (uint32_t i = backups_end(s) + 1; i-- > 0;) {
        AUTO_CLOSE fd = open_back(s, file, i, &st, &zipped);
        if (fd < 0 || (!found && st.st_ino != inode))
            continue;
        uint64_t at = found ? 0 : offset;
        uint32_t rolls = s->rolls;
        found = true;
        if (at > INT64_MAX)
            return -EINVAL;
        ssize_t r = zipped ? read_zipped(s, fd, at, buf + done, n - done) : read_plain(fd, at, buf + done, n - done);
        if (r < 0)
            return r;
        done += (size_t)r;
        i += s->rolls - rolls;          /* what came next has another number by now */
    }
    return found ? (ssize_t)done : -EBADF;
}
