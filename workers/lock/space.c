/* space.c: see space.h.
 *
 * SAFETY: others may write to the folder (a shared file system has other hosts, whose administrators are not ours): no link is followed, only a
 * regular file with one name is opened, and after its lock was taken it must still be the one that has the name. */
#include "space.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include "ipc/util.h"

#define TURNS_MAX 100               /* whoever removes the file each time we have opened it does nothing else */

static int set_lock(int fd, short type)
{
    struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1 };
    if (fcntl(fd, F_OFD_SETLK, &l) == 0)
        return 0;
    return errno == EACCES ? -EAGAIN : -errno;
}

int space_lock(int fd, bool shared)
{
    return set_lock(fd, shared ? F_RDLCK : F_WRLCK);
}

static bool is_name(const char *name)
{
    return *name && !strchr(name, '/') && strcmp(name, ".") && strcmp(name, "..");
}

static int open_file(int dir, const char *name, int create, struct stat *st)
{
    if (!is_name(name))
        return -EINVAL;
    AUTO_CLOSE fd = openat(dir, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | create, 0600);
    if (fd < 0 || fstat(fd, st) < 0)
        return -errno;
    if (!S_ISREG(st->st_mode))
        return -EINVAL;
    return st->st_nlink > 1 ? -EMLINK : STEAL_FD(&fd);
}

/* Does NAME lead to that file? */
static bool is_named(int dir, const char *name, const struct stat *own)
{
    struct stat named;
    return fstatat(dir, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && own->st_dev == named.st_dev && own->st_ino == named.st_ino;
}

int space_take(int dir, const char *name, bool shared, bool create, int *to)
{
    for (int turn = 0; turn < TURNS_MAX; turn++) {
        struct stat st;
        AUTO_CLOSE fd = open_file(dir, name, create ? O_CREAT : 0, &st);
        int r = fd < 0 ? fd : space_lock(fd, shared);
        if (r < 0)
            return r;
        /* Who held it before may have removed it as he gave it up: a lock on that file would exclude nobody. */
        if (is_named(dir, name, &st)) {
            *to = STEAL_FD(&fd);
            return 0;
        }
    }
    return -EBUSY;
}

int space_holder(int dir, const char *name, bool shared)
{
    struct stat st;
    struct flock l = { .l_type = shared ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
    AUTO_CLOSE fd = open_file(dir, name, 0, &st);
    return fd >= 0 && fcntl(fd, F_OFD_GETLK, &l) == 0 && l.l_type != F_UNLCK && l.l_pid > 0 ? l.l_pid : 0;
}

int space_give(int dir, const char *name, int fd, bool remove)
{
    /* While the lock is exclusive nobody else is in the file, so that its end takes nothing from anybody. */
    struct stat st;
    if (remove && is_name(name) && fstat(fd, &st) == 0 && is_named(dir, name, &st) && space_lock(fd, false) == 0)
        unlinkat(dir, name, 0);
    return set_lock(fd, F_UNLCK);
}

int space_create(int dir, const char *name)
{
    struct stat st;
    AUTO_CLOSE fd = open_file(dir, name, O_CREAT, &st);
    return fd < 0 ? fd : 0;
}

int space_remove(int dir, const char *name)
{
    AUTO_CLOSE fd = -1;
    int r = space_take(dir, name, false, false, &fd);
    if (r < 0)
        return r == -ENOENT ? 0 : r;
    return unlinkat(dir, name, 0) < 0 ? -errno : 0;
}
