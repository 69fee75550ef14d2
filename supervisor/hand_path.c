/* hand_path.c: opening and removing what a client named, and QEMU's image locks.
 *
 * Privilege: runs in hands that hold CAP_DAC_OVERRIDE, so that a path's permissions do not protect what it leads to; the supervisor's
 * policy decided that this guest may have it.  Assumes of its input: nothing.  A path may lead to anything, may be changed by
 * others at any moment, and may hang (the supervisor ends the hand then): so a path is resolved once, looked at by
 * descriptor, and opened by that descriptor; what is removed is looked at and removed in its folder, by that one's descriptor. */
#include "hand.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include "ipc/util.h"

static int open_step(const char *path, uint64_t flags, mode_t mode)
{
    /* Magic links (/proc/PID/fd, /proc/PID/root) would lead into other processes: into this hand's own descriptors at best. */
    struct open_how how = { .flags = flags | O_CLOEXEC | O_NOCTTY, .mode = mode, .resolve = RESOLVE_NO_MAGICLINKS };
    if (flags & O_PATH)
        how.flags &= ~(uint64_t)O_NOCTTY;
    int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
    return fd < 0 ? -errno : fd;
}

int path_open(const char *path, int oflags, unsigned want, struct stat *st)
{
    AUTO_CLOSE look = open_step(path, O_PATH, 0);
    if (look < 0)
        return look;
    if (fstat(look, st) < 0)
        return -errno;
    if (!(want & WANT(st->st_mode & S_IFMT)))
        return S_ISDIR(st->st_mode) ? -EISDIR : -EMEDIUMTYPE;
    if (oflags & O_PATH)
        return STEAL_FD(&look);
    char self[32];
    util_format(self, sizeof self, "/proc/self/fd/%d", look);
    int fd = open(self, oflags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    fcntl(fd, F_SETFL, oflags & (O_APPEND | O_DIRECT));      /* QEMU wants its images blocking */
    return fd;
}

int path_fifos(const char *path, int ends[2])
{
    static const char *const suffix[] = { ".in", ".out" };
    char name[PATH_MAX];
    struct stat st;
    for (unsigned i = 0; i < 2; i++) {
        ends[i] = util_format(name, sizeof name, "%s%s", path, suffix[i]) < 0 ? -ENAMETOOLONG : path_open(name, O_RDWR, WANT(S_IFIFO), &st);
        if (ends[i] < 0 && i)
            close(ends[0]);
        if (ends[i] < 0)
            return ends[i];
    }
    return 0;
}

int path_open_out(const char *path, int oflags, uint32_t flags, bool *is_new)
{
    /* A second turn only when somebody made or removed the file between the look and the making. */
    for (int turn = 0; turn < 2; turn++) {
        int fd = open_step(path, (uint64_t)(oflags | O_CREAT | O_EXCL | O_NOFOLLOW), 0600);
        *is_new = fd >= 0;
        if (fd != -EEXIST)
            return fd;
        AUTO_CLOSE look = open_step(path, O_PATH | O_NOFOLLOW, 0);
        struct stat st;
        if (look == -ENOENT)
            continue;
        if (look < 0)
            return look;
        if (fstat(look, &st) < 0)
            return -errno;
        if (S_ISLNK(st.st_mode))
            return -ELOOP;
        if (!S_ISREG(st.st_mode))
            return S_ISDIR(st.st_mode) ? -EISDIR : -EMEDIUMTYPE;
        /* SAFETY: a second name could be a link that an unprivileged user made to somebody else's file. */
        if (st.st_nlink != 1)
            return -EMLINK;
        char self[32];
        util_format(self, sizeof self, "/proc/self/fd/%d", look);
        AUTO_CLOSE out = open(self, oflags | O_CLOEXEC | O_NOCTTY);
        if (out < 0 || (!(flags & MF_APPEND) && ftruncate(out, 0) < 0))
            return -errno;
        return STEAL_FD(&out);
    }
    return -EAGAIN;
}

int path_open_plain(const char *path)
{
    char self[32];
    struct stat st;
    AUTO_CLOSE look = open_step(path, O_PATH | O_NOFOLLOW, 0);
    if (look < 0 || fstat(look, &st) < 0)
        return look < 0 ? look : -errno;
    if (!S_ISREG(st.st_mode))
        return -EMEDIUMTYPE;
    util_format(self, sizeof self, "/proc/self/fd/%d", look);
    int fd = open(self, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    return fd < 0 ? -errno : fd;
}

bool path_is_inside(int fd, int folder)
{
    struct stat st, up = { 0 }, wanted;
    AUTO_CLOSE at = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    for (bool is_root = false; !is_root; ) {
        if (at < 0 || fstat(at, &st) < 0 || fstat(folder, &wanted) < 0)
            return true;        /* nobody can tell */
        if (st.st_dev == wanted.st_dev && st.st_ino == wanted.st_ino)
            return true;
        is_root = st.st_dev == up.st_dev && st.st_ino == up.st_ino;
        up = st;
        int next = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        util_closep(&at);
        at = next;
    }
    return false;
}

/* The folder of path, *name in it and what that is now. A descriptor or -errno. */
static int look_in_folder(const char *path, const char **name, struct stat *st)
{
    char folder[PATH_MAX];
    *name = path_split(path, folder, sizeof folder);
    AUTO_CLOSE dir = *name ? path_open(folder, O_PATH, WANT(S_IFDIR), st) : -EINVAL;
    if (dir < 0 || fstatat(dir, *name, st, AT_SYMLINK_NOFOLLOW) < 0)
        return dir < 0 ? dir : -errno;
    return STEAL_FD(&dir);
}

int path_remove(const char *path, const struct stat *was)
{
    struct stat st;
    const char *name;
    AUTO_CLOSE dir = look_in_folder(path, &name, &st);
    if (dir < 0)
        return dir;
    if (((st.st_mode ^ was->st_mode) & S_IFMT) || (was->st_ino && (st.st_ino != was->st_ino || st.st_dev != was->st_dev)))
        return -ESTALE;
    return unlinkat(dir, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) < 0 ? -errno : 0;
}

int path_remove_socket(const char *path)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    struct stat st;
    const char *name;
    AUTO_CLOSE dir = look_in_folder(path, &name, &st);
    if (dir < 0)
        return dir;
    AUTO_CLOSE s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (!S_ISSOCK(st.st_mode) || s < 0 || util_format(a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/%s", dir, name) < 0)
        return -ESTALE;
    if (connect(s, (struct sockaddr *)&a, sizeof a) == 0 || errno != ECONNREFUSED)
        return -EADDRINUSE;
    return path_remove(path, &st);
}

const char *path_split(const char *path, char *dir, size_t n)
{
    const char *last = strrchr(path, '/');
    if (!last || !last[1] || (size_t)(last - path) >= n)
        return NULL;
    memcpy(dir, path, (size_t)(last - path));
    dir[last - path] = 0;
    if (last == path)
        util_copy_str(dir, n, "/");
    return last + 1;
}

/* QEMU's layout: a shared lock on byte 100 + p says "I use permission p", on 200 + p "nobody else may use p"; p as below.  Measured with
 * QEMU 7.2: what it holds for a virtio disk or CD of each sort.  QEMU itself runs with locking off on these descriptors, and
 * the bytes are held by the open file description that only this guest's processes have, so they go with the guest. */
enum { P_READ = 0, P_WRITE = 1, P_RESIZE = 3, P_N };
struct lock_row { uint8_t uses, denies; };
#define B(p) (1u << (p))
static const struct lock_row lock_rows[2][2][2] = {       /* [format beyond raw][writable][shared] */
    [0][0] = { { B(P_READ), B(P_WRITE) }, { B(P_READ), 0 } },
    [0][1] = { { B(P_READ) | B(P_WRITE), B(P_WRITE) }, { B(P_READ) | B(P_WRITE), 0 } },
    /* A format with metadata is never safe to share between two writers, whatever the document says. */
    [1][0] = { { B(P_READ), B(P_WRITE) | B(P_RESIZE) }, { B(P_READ), B(P_WRITE) | B(P_RESIZE) } },
    [1][1] = { { B(P_READ) | B(P_WRITE) | B(P_RESIZE), B(P_WRITE) | B(P_RESIZE) }, { B(P_READ) | B(P_WRITE) | B(P_RESIZE), B(P_WRITE) | B(P_RESIZE) } },
};
static const char *const perm_name[] = { [P_READ] = "consistent read", [P_WRITE] = "write", [2] = "write unchanged", [P_RESIZE] = "resize" };

static int lock_byte(int fd, int cmd, short type, off_t byte, short *held)
{
    struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };
    if (fcntl(fd, cmd, &l) < 0)
        return -errno;
    *held = l.l_type;
    return 0;
}

int lock_image(int fd, const struct manifest_entry *e, const char *path, int *error, struct err *err)
{
    const struct lock_row *row = &lock_rows[e->format != IMG_RAW && e->format != IMG_ISO][!(e->flags & MF_RO)][!!(e->flags & MF_SHARED)];
    short held;
    int r = 0;
    for (int p = 0; p <= P_RESIZE && !r; p++) {
        if (row->uses & B(p))
            r = lock_byte(fd, F_OFD_SETLK, F_RDLCK, 100 + p, &held);
        if (!r && (row->denies & B(p)))
            r = lock_byte(fd, F_OFD_SETLK, F_RDLCK, 200 + p, &held);
    }
    /* A file system without locks: QEMU goes on without them as well. */
    if (r == -ENOLCK || r == -EOPNOTSUPP || r == -EINVAL)
        return 0;
    for (int p = 0; p <= P_RESIZE && !r; p++) {
        held = F_UNLCK;
        if (row->uses & B(p))
            r = lock_byte(fd, F_OFD_GETLK, F_WRLCK, 200 + p, &held);
        bool mine = held != F_UNLCK;
        if (!r && !mine && (row->denies & B(p)))
            r = lock_byte(fd, F_OFD_GETLK, F_WRLCK, 100 + p, &held);
        if (!r && held != F_UNLCK) {
            *error = -EAGAIN;
            return err_set(err, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "Failed to get %s\"%s\" lock: Is another process using the image [%s]?",
                           mine ? "" : "shared ", perm_name[p], path);
        }
    }
    if (r) {
        *error = r;
        return err_sys(err, VIR_FROM_STORAGE, -r, "Cannot lock storage file '%s'", path);
    }
    return 0;
}

void sock_remove(const struct hand *h, const struct grant *g, const char *path)
{
    char folder[PATH_MAX], lib[sizeof h->run_dir];
    int r = g && g->ino ? path_remove(path, &(struct stat){ .st_mode = S_IFSOCK, .st_dev = (dev_t)g->dev, .st_ino = (ino_t)g->ino }) : path_remove_socket(path);
    /* The folder of a guest's own channels is made for the run, and goes with it. */
    if (r == 0 && path_split(h->run_dir, lib, sizeof lib) && path_split(path, folder, sizeof folder) && !strncmp(folder, lib, strlen(lib)) && folder[strlen(lib)] == '/')
        path_remove(folder, &(struct stat){ .st_mode = S_IFDIR });
}
