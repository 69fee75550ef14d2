/* hand_lease.c: what virtlockd opens by a path of its clients: a lockspace's folder, a file that is locked itself.  Part of hand-open, with its privilege
 * and peer.
 *
 * SAFETY: such a path comes from who may connect to virtlockd: root, or the session's own user.  A supervisor that was taken over gains no more than by
 * the manifest's kinds: a folder or a regular file or block device, opened as MK_LOG and MK_IMAGE open them; made are empty files and folders that are
 * root's alone, and removed is no file with anything in it. */
#include "hand_open.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include "ipc/util.h"

#define TURNS_MAX 100               /* whoever removes the file each time we have opened it does nothing else */

int open_folder(const char *path, mode_t mode)
{
    char p[LOCK_TEXT_MAX];
    struct stat st;
    int fd = path_open(path, O_RDONLY | O_DIRECTORY, WANT(S_IFDIR), &st);
    if (fd != -ENOENT)
        return fd == -EMEDIUMTYPE ? -EEXIST : fd;
    util_copy_str(p, sizeof p, path);
    for (char *s = p + 1; (s = strchr(s, '/')); *s++ = '/') {
        *s = 0;
        if (mkdir(p, mode) < 0 && errno != EEXIST)
            return -errno;
    }
    if (mkdir(p, mode) < 0 && errno != EEXIST)
        return -errno;
    fd = path_open(path, O_RDONLY | O_DIRECTORY, WANT(S_IFDIR), &st);
    return fd == -ENOENT ? -ENOTDIR : fd;       /* a link to nowhere */
}

static int open_file(const char *path, bool make, bool *made)
{
    struct stat st;
    struct statfs fs;
    AUTO_CLOSE fd = path_open(path, O_RDWR, WANT(S_IFREG) | WANT(S_IFBLK), &st);
    if (fd == -ENOENT && make)
        fd = path_open_out(path, O_RDWR, MF_APPEND, made);
    if (fd < 0)
        return fd == -EMEDIUMTYPE ? -EINVAL : fd;
    /* What looks like a file there is the kernel's, or another process's memory. */
    return fstatfs(fd, &fs) < 0 || fs.f_type == PROC_SUPER_MAGIC || fs.f_type == SYSFS_MAGIC ? -EINVAL : STEAL_FD(&fd);
}

/* As the role lock does it. */
static int set_lock(int fd, bool shared)
{
    struct flock l = { .l_type = shared ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1 };
    if (fcntl(fd, F_OFD_SETLK, &l) == 0)
        return 0;
    return errno == EACCES ? -EAGAIN : -errno;
}

/* Locks there are the kernel's own affair: none of its calls about them asks a server, or another process. */
static bool is_local(int fd)
{
    static const unsigned long local[] = { EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC, TMPFS_MAGIC };
    struct statfs fs;
    if (fd < 0 || fstatfs(fd, &fs) < 0)
        return false;
    size_t i = 0;
    while (i < ARRAY_N(local) && local[i] != (unsigned long)fs.f_type)
        i++;
    return i < ARRAY_N(local);
}

static bool is_same(const struct stat *st, int fd)
{
    struct stat own;
    return fstat(fd, &own) == 0 && own.st_dev == st->st_dev && own.st_ino == st->st_ino;
}

/* Of locks that belong to a descriptor, as ours do, and of other hosts' the kernel tells no process. */
static int32_t pid_of(int fd, bool shared)
{
    struct flock l = { .l_type = shared ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
    return fcntl(fd, F_OFD_GETLK, &l) == 0 && l.l_type != F_UNLCK && l.l_pid > 0 ? l.l_pid : 0;
}

static int take_file(const char *path, bool make, bool shared, bool *made, int32_t *pid)
{
    for (int turn = 0; turn < TURNS_MAX; turn++) {
        struct stat st;
        AUTO_CLOSE fd = open_file(path, make, made);
        int r = fd < 0 ? fd : set_lock(fd, shared);
        if (fd == -EAGAIN)              /* no lock: it was made and removed while we looked */
            continue;
        if (r == -EAGAIN)
            *pid = pid_of(fd, shared);
        if (r < 0)
            return r;
        /* One that comes and goes with its lease may have gone with the one before: a lock on that file would exclude nobody. */
        AUTO_CLOSE look = make ? path_open(path, O_PATH, WANT(S_IFREG) | WANT(S_IFBLK), &st) : -1;
        if (!make || (look >= 0 && is_same(&st, fd)))
            return STEAL_FD(&fd);
    }
    return -EBUSY;
}

static int remove_file(const char *path, int own)
{
    char folder[PATH_MAX];
    struct stat st;
    const char *name = path_split(path, folder, sizeof folder);
    AUTO_CLOSE dir = name ? path_open(folder, O_PATH, WANT(S_IFDIR), &st) : -EISDIR;
    if (dir < 0)
        return dir;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISREG(st.st_mode) || st.st_size || st.st_nlink > 1)
        return S_ISDIR(st.st_mode) ? -EISDIR : -EPERM;
    if (own >= 0 && (!is_same(&st, own) || set_lock(own, false) < 0))
        return 0;
    return unlinkat(dir, name, 0) < 0 ? -errno : 0;
}

void hand_lease(struct hand *h)
{
    const struct hand_lease *q = hand_body(h, sizeof *q);
    bool made = false;
    int32_t pid = 0;
    hand_check_text(q->path, sizeof q->path);
    int own = h->call.h.nfds ? h->call.fds[0] : -1, r = *q->path ? -EINVAL : -ENOENT;
    if (*q->path == '/')
        switch (q->what) {
        case LEASE_FOLDER: r = open_folder(q->path, 0700); break;
        case LEASE_REMOVE: r = remove_file(q->path, own); break;
        case LEASE_MAKE: r = open_file(q->path, true, &made); break;
        default: r = take_file(q->path, q->what == LEASE_FILE_MADE, q->flags & LOCK_SHARED, &made, &pid);
        }
    AUTO_CLOSE fd = q->what == LEASE_REMOVE ? -1 : r;
    struct lock_done d = { .error = r < 0 ? r : 0, .pid = pid, .made = made, .local = is_local(fd) };
    hand_reply(h, &d, sizeof d, &fd, fd >= 0);
}

/* SAFETY: a pidfd is the right to signal.  Whose it is the kernel says of the socket, not the supervisor; but it says a number, which may have been used again since
 * (kernels from 6.5 on give the pidfd itself).  Then it is a process's that was born after the connection was accepted: the number's start time is looked at
 * while the descriptor says that its process lives, so that it is that process's. */
void hand_owner(struct hand *h)
{
    const struct hand_owner *q = hand_body(h, sizeof *q);
    struct ucred peer = { .pid = 0 };
    socklen_t n = sizeof peer;
    uint64_t start = 0;
    int r = h->call.h.nfds && getsockopt(h->call.fds[0], SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 ? 0 : -EPROTO;
    AUTO_CLOSE fd = !r && peer.pid > 1 ? (int)syscall(SYS_pidfd_open, peer.pid, 0) : -1;
    struct pollfd end = { .fd = fd, .events = POLLIN };
    if (!r && (fd < 0 || proc_start(peer.pid, &start) < 0 || start > q->latest || poll(&end, 1, 0) != 0))
        r = -ESRCH;
    struct lock_done d = { .error = r };
    hand_reply(h, &d, sizeof d, &fd, r == 0);
}
