/* hand_open.c: carries a manifest out: opens images, files and sockets of one guest and hands them over by descriptor.
 *
 * Privilege: CAP_DAC_OVERRIDE (paths of other users), CHOWN and FOWNER (files, sockets and ptys of its own making only, by descriptor),
 * SETUID and SETGID (to connect with the rights of qemu.conf's user, not root's), NET_BIND_SERVICE, PERFMON (events of a QEMU of ours), and in a session none.
 * Called by: the supervisor.  Assumes of its input: the supervisor's policy let each path through; what a path leads to is hostile. */
#include "hand_open.h"
#include "hand_vfio.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "ipc/log.h"
#include "ipc/util.h"

#define NVRAM_BYTES_MAX (64 << 20)

int open_fail_in(struct opener *o, struct err *e, int domain, int errnum, const char *fmt, ...)
{
    char text[ERR_DETAIL_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    o->error = -errnum;
    return err_sys(e, domain, errnum, "%s", text);
}

static int put_fd(struct opener *o, int *list, unsigned *n, int fd, struct err *e)
{
    /* One place is the grants memfd's. */
    if (o->nqemu + o->nours >= FRAME_FDS_MAX - 1) {
        close(fd);
        return open_fail(o, e, E2BIG, "more than %d descriptors for a guest", FRAME_FDS_MAX - 1);
    }
    list[(*n)++] = fd;
    return 0;
}

int open_give(struct opener *o, struct grant *g, int fd, struct err *e)
{
    if (put_fd(o, o->qemu, &o->nqemu, fd, e))
        return -1;
    if (o->fd_next >= INT16_MAX)
        return open_fail(o, e, E2BIG, "a guest that was given too many devices");
    if (g && g->nqemu < 2)
        g->qemu_fd[g->nqemu] = (int16_t)o->fd_next;
    if (g)
        g->nqemu++;
    o->fd_next++;
    return 0;
}

int open_keep(struct opener *o, struct grant *g, int fd, struct err *e)
{
    return open_keep_as(o, g, BFD_CHARDEV, fd, e);
}

int open_keep_as(struct opener *o, struct grant *g, int kind, int fd, struct err *e)
{
    if (o->nours < FRAME_FDS_MAX) {
        o->ours_kind[o->nours] = (uint8_t)kind;
        bool of_log = kind == BFD_LOG_PIPE || kind == BFD_FILE || kind == BFD_DIR;
        o->npipes += kind == BFD_LOG_PIPE;
        o->ours_entry[o->nours] = (uint16_t)(of_log && o->npipes ? o->npipes - 1 : g ? g->index : 0);
    }
    if (put_fd(o, o->ours, &o->nours, fd, e))
        return -1;
    if (g)
        g->nworker++;
    return 0;
}

const struct stat *open_note(struct opener *o, const char *path, int fd)
{
    struct stat st;
    bool is = fd >= 0 ? fstat(fd, &st) == 0 : lstat(path, &st) == 0 && (S_ISSOCK(st.st_mode) || S_ISDIR(st.st_mode));
    if (!is || o->nmade == OPEN_MADE_MAX || !(o->made[o->nmade].path = strdup(path)))
        return NULL;
    o->made[o->nmade].is = st;
    return &o->made[o->nmade++].is;
}

static void fds_close(struct opener *o)
{
    while (o->nqemu)
        close(o->qemu[--o->nqemu]);
    while (o->nours)
        close(o->ours[--o->nours]);
}

static void open_undo(struct opener *o)
{
    for (unsigned i = o->nmade; i-- > 0;) {
        int r = path_remove(o->made[i].path, &o->made[i].is);
        if (r < 0 && r != -ENOENT)
            log_warn("cannot remove '%s' again: %s", o->made[i].path, strerror(-r));
    }
    fds_close(o);
    if (hand_has_kind(o->h, 1u << MK_VFIO))     /* what was taken, now that nobody has it */
        vfio_sweep(o->h);
}

int open_make_parent(struct opener *o, const char *path)
{
    char lib[sizeof o->h->run_dir], dir[PATH_MAX];
    if (!path_split(path, dir, sizeof dir) || !path_split(o->h->run_dir, lib, sizeof lib))
        return -EINVAL;
    size_t n = strlen(lib);
    if (strncmp(dir, lib, n) || dir[n] != '/' || strstr(dir, "/../"))
        return 0;
    if (mkdir(dir, 0750) < 0)
        return errno == EEXIST || errno == ENOENT ? 0 : -errno;     /* a missing grandparent shows when the file is made */
    open_note(o, dir, -1);
    return 0;
}

int open_part(struct opener *o, const char *path, char part[PATH_MAX])
{
    bool is_new = false;
    struct stat st;
    int r = util_format(part, PATH_MAX, "%s.part", path);
    for (int turn = 0; turn < 2 && r >= 0; turn++) {
        AUTO_CLOSE fd = r = path_open_out(part, O_RDWR, MF_APPEND, &is_new);
        if (fd >= 0 && is_new) {
            open_note(o, part, fd);
            return STEAL_FD(&fd);
        }
        /* SAFETY: of an earlier turn, or somebody's who has it open. */
        if (fd >= 0)
            r = fstat(fd, &st) < 0 ? -errno : path_remove(part, &st);
    }
    return r < 0 ? r : -EEXIST;
}

/* As libvirt words it: with the image whose header names the file. */
static int no_access(struct opener *o, const struct manifest_entry *m, const char *path, int error, struct err *e)
{
    struct manifest_entry above;
    const char *name, *aux;
    o->error = error;
    for (struct manifest_in in = hand_entries(o->h); m->parent >= 0 && !(m->flags & MF_SIZE) && hand_next(&in, &above, &name, &aux); )
        if (above.index == (uint32_t)m->parent)
            return err_sys(e, VIR_FROM_STORAGE, -error, "Cannot access backing file '%s' of storage file '%s'", path, name);
    return err_sys(e, VIR_FROM_STORAGE, -error, "Cannot access storage file '%s'", path);
}

/* A writable image twice: fdsets match the access mode exactly, and parts of QEMU reopen read-only: the same file again, not the same path. */
static int open_twins(const char *path, bool ro, unsigned want, struct stat *st, int *twin)
{
    char self[32];
    AUTO_CLOSE fd = path_open(path, ro ? O_RDONLY : O_RDWR, want, st);
    if (fd < 0 || ro)
        return STEAL_FD(&fd);
    util_format(self, sizeof self, "/proc/self/fd/%d", fd);
    *twin = open(self, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    return *twin < 0 ? -errno : STEAL_FD(&fd);
}

/* SAFETY (MK_IMAGE): QEMU gets a descriptor, not the path, and never root's access to what a path leads to later.  Only a regular
 * file or block device is opened, read-only unless the document says writable; a terminal, FIFO or socket is never opened at
 * all.  The pin in the grant lets the supervisor see another file under the same name at the next start. */
static int open_image(struct opener *o, const struct manifest_entry *m, const char *path, const char *aux, struct grant *g, struct err *e)
{
    static const char *const what[] = { "a regular file or block device", "a block device", "a regular file" };
    bool look = o->rq->flags & HAND_LOOK, ro = (m->flags & MF_RO) || look;
    unsigned want = m->flags & MF_BLOCK ? WANT(S_IFBLK) : m->flags & MF_FILE ? WANT(S_IFREG) : WANT(S_IFBLK) | WANT(S_IFREG);
    struct stat st;
    uint64_t size;
    if (m->flags & MF_EMPTY)
        return 0;
    if (m->flags & MF_FRESH)
        return overlay_make(o, m, path, aux, g, e);
    AUTO_CLOSE twin = -1;
    AUTO_CLOSE fd = m->flags & MF_CHOSEN ? -EACCES : open_twins(path, ro, want, &st, &twin);
    if (fd == -EACCES || fd == -EPERM) {        /* root is nobody there (NFS), or here */
        if (user_begin(o->rq) == 0)
            fd = open_twins(path, ro, want, &st, &twin);
        user_end();
    }
    if (fd == -EMEDIUMTYPE || fd == -EISDIR) {
        o->error = fd;
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "'%s' is not %s", path, what[m->flags & MF_BLOCK ? 1 : m->flags & MF_FILE ? 2 : 0]);
    }
    if (fd < 0)
        return no_access(o, m, path, fd, e);
    size = (uint64_t)st.st_size;
    if (S_ISBLK(st.st_mode) && ioctl(fd, BLKGETSIZE64, &size) < 0)
        return open_fail(o, e, errno, "Cannot tell the size of '%s'", path);
    g->dev = S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev;
    g->ino = S_ISBLK(st.st_mode) ? 0 : st.st_ino;
    g->size = size;
    g->is_block = S_ISBLK(st.st_mode);
    if (look)
        return open_give(o, g, STEAL_FD(&fd), e);
    if (m->flags & MF_BACKING && pin_backing(o, m, fd, path, e))
        return -1;
    if ((m->flags & MF_SIZE && overlay_stands_on(o, m, fd, path, size, e)) || lock_image(fd, m, path, &o->error, e))
        return -1;
    pin_disk(o, m, fd);
    o->image[m->index] = fd;
    if (open_give(o, g, STEAL_FD(&fd), e))
        return -1;
    return twin < 0 ? 0 : open_give(o, g, STEAL_FD(&twin), e);
}

/* SAFETY (MK_FILE_OUT, MK_LOG): a guest writes into a file of a client's choice.  path_open_out() makes it, or takes a regular file with one
 * name, and follows no link in the last step, so that a folder that others can write to does not lead the guest's bytes elsewhere. */
static int open_out(struct opener *o, int oflags, const struct manifest_entry *m, const char *path, int *fd, struct err *e)
{
    bool is_new = false;
    int r = path_open_out(path, oflags, m->flags, &is_new);
    if (r < 0)
        return open_fail_in(o, e, VIR_FROM_NONE, -r, "Unable to open file: %s", path);
    if (is_new)
        open_own(o, r, path);
    *fd = r;
    return 0;
}

static int open_file_out(struct opener *o, const struct manifest_entry *m, const char *path, const char *aux, struct grant *g, struct err *e)
{
    int fd;
    return open_out(o, O_WRONLY | O_APPEND, m, path, &fd, e) ? -1 : open_give(o, g, fd, e);
}

/* To read back: nothing is made. */
static int open_log_look(struct opener *o, const char *path, const char *folder, struct grant *g, struct err *e)
{
    struct stat st;
    AUTO_CLOSE dir = folder ? path_open(folder, O_PATH, WANT(S_IFDIR), &st) : -EINVAL;
    if (dir < 0)
        return open_fail_in(o, e, VIR_FROM_NONE, -dir, "Unable to open file: %s", path);
    AUTO_CLOSE file = path_open_plain(path);
    if (file >= 0 && open_keep_as(o, g, BFD_FILE, STEAL_FD(&file), e))
        return -1;
    return open_keep_as(o, g, BFD_DIR, STEAL_FD(&dir), e);
}

static int open_log(struct opener *o, const struct manifest_entry *m, const char *path, const char *aux, struct grant *g, struct err *e)
{
    int fd, p[2];
    char folder[PATH_MAX];
    struct stat st, named;
    const char *name = path_split(path, folder, sizeof folder);
    if (m->flags & MF_RO)
        return open_log_look(o, path, name ? folder : NULL, g, e);
    if (o->rq->flags & HAND_LOGD)
        return ++o->nlogs + 1 < o->h->call.h.nfds ? open_give(o, g, frame_take_fd(&o->h->call, o->nlogs + 1), e) : open_fail(o, e, EPROTO, "no pipe came for the log '%s'", path);
    /* No O_APPEND: the log role splices at an offset of its own. */
    if (open_out(o, O_RDWR, m, path, &fd, e))
        return -1;
    AUTO_CLOSE file = fd;
    /* SAFETY: to roll over, the role renames in the file's folder, in which landlock keeps it.  It must be that very folder, even if somebody
     * turns a link in the path round between the two. */
    AUTO_CLOSE dir = name ? path_open(folder, O_PATH, WANT(S_IFDIR), &st) : -EINVAL;
    if (dir < 0)
        return open_fail(o, e, -dir, "Unable to open the folder of '%s'", path);
    if (fstat(file, &st) < 0 || fstatat(dir, name, &named, AT_SYMLINK_NOFOLLOW) < 0 || st.st_dev != named.st_dev || st.st_ino != named.st_ino)
        return open_fail(o, e, ESTALE, "Unable to open the folder of '%s'", path);
    if (pipe2(p, O_CLOEXEC) < 0)
        return open_fail(o, e, errno, "Unable to create a pipe");
    AUTO_CLOSE rd = p[0];           /* grown by who empties it, when it is used */
    if (open_give(o, g, p[1], e) || open_keep_as(o, g, BFD_LOG_PIPE, STEAL_FD(&rd), e))
        return -1;
    return open_keep_as(o, g, BFD_FILE, STEAL_FD(&file), e) || open_keep_as(o, g, BFD_DIR, STEAL_FD(&dir), e) ? -1 : 0;
}

static int copy_template(int from, int to)
{
    for (off_t done = 0; done < NVRAM_BYTES_MAX; ) {
        ssize_t n = sendfile(to, from, NULL, 1 << 20);
        if (n <= 0)
            return n < 0 ? -errno : fsync(to) < 0 ? -errno : 0;
        done += n;
    }
    return -EFBIG;
}

/* SAFETY (MF_CHOSEN): role host, which says what the host's descriptors have, reads files and could say anything: by its word no guest comes to a file that only root may read. */
static int open_chosen(struct opener *o, const struct manifest_entry *m, const char *path, int oflags, unsigned want, struct stat *st)
{
    if (!(m->flags & MF_CHOSEN))
        return path_open(path, oflags, want, st);
    int r = user_begin(o->rq), fd = r < 0 ? r : path_open(path, O_RDONLY, want, st);
    user_end();
    return fd;
}

/* SAFETY (MK_NVRAM): the file is made once, by us, from a template that is read as any image is; an existing one is opened like an image.  MF_FRESH: one that its
 * guest could have emptied as well gives way to a new one; after a failure that stays, for the old one is no more. */
static int open_nvram(struct opener *o, const struct manifest_entry *m, const char *path, const char *aux, struct grant *g, struct err *e)
{
    struct stat st;
    AUTO_CLOSE probe = path_open(path, O_PATH, WANT(S_IFREG), &st);
    bool anew = probe >= 0 && m->flags & MF_FRESH;
    if (probe == -ENOENT || anew) {
        if (!*aux)
            return err_set(e, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "unable to find any master var store for loader: %s", path);
        AUTO_CLOSE from = open_chosen(o, m, aux, O_RDONLY, WANT(S_IFREG), &st);
        if (from < 0)
            return open_fail(o, e, -from, "Failed to open file '%s'", aux);
        char part[PATH_MAX];
        int r = open_make_parent(o, path);
        AUTO_CLOSE to = r < 0 ? r : open_part(o, path, part);
        if (to < 0)
            return open_fail_in(o, e, VIR_FROM_NONE, -to, "Failed to create file '%s'", path);
        if ((r = copy_template(from, to)) < 0)
            return open_fail(o, e, -r, "Unable to write to file '%s'", path);
        open_own(o, to, path);
        if (syscall(SYS_renameat2, AT_FDCWD, part, AT_FDCWD, path, anew ? 0 : RENAME_NOREPLACE) < 0)
            return open_fail(o, e, errno, "Failed to create file '%s'", path);
        g->is_new = !anew;
        if (g->is_new)
            open_note(o, path, to);
    }
    struct manifest_entry image = *m;
    image.flags = (m->flags | MF_FILE) & ~(uint32_t)MF_CHOSEN;
    image.format = image.format ? image.format : IMG_RAW;
    return open_image(o, &image, path, "", g, e);
}

/* SAFETY (MK_BIND, MK_DEVNODE, MK_SHARE): nothing is opened here; hand-launch resolves the path again and binds or makes it read-only in QEMU's view, or, a folder of MK_SHARE, to be written. */
static int open_check(struct opener *o, const struct manifest_entry *m, const char *path, const char *aux, struct grant *g, struct err *e)
{
    struct stat st;
    bool share = m->kind == MK_SHARE;
    AUTO_CLOSE fd = open_chosen(o, m, path, O_PATH, share ? WANT(S_IFDIR) : m->kind == MK_BIND ? WANT(S_IFREG) : WANT(S_IFCHR) | WANT(S_IFBLK), &st);
    if (fd < 0 && share && m->format != IMG_NONE)
        return no_access(o, m, path, fd == -EMEDIUMTYPE ? -ENOTDIR : fd, e);
    if (fd < 0)
        return open_fail_in(o, e, share ? VIR_FROM_QEMU : VIR_FROM_SECURITY, fd == -EMEDIUMTYPE ? share ? ENOTDIR : EINVAL : -fd, share ? "failed to open '%s'" : "unable to stat: %s", path);
    g->dev = st.st_dev;
    g->ino = st.st_ino;
    g->size = (uint64_t)st.st_size;
    return 0;
}

static int open_nothing(struct opener *o, const struct manifest_entry *m, const char *path, const char *aux, struct grant *g, struct err *e)
{
    g->made = m->kind != MK_TAP;     /* a tap is hand-net's */
    return 0;
}

static open_fn *const makers[MK_KIND_N] = {
    [MK_IMAGE] = open_image, [MK_BIND] = open_check, [MK_FILE_OUT] = open_file_out, [MK_LOG] = open_log, [MK_PTY] = open_pty,
    [MK_UNIX_LISTEN] = open_unix_listen, [MK_UNIX_CONNECT] = open_unix_connect, [MK_PAIR] = open_pair, [MK_TCP_LISTEN] = open_tcp_listen, [MK_TCP_CONNECT] = open_tcp_connect,
    [MK_TAP] = open_nothing, [MK_DEVNODE] = open_check, [MK_HOSTNET] = open_nothing, [MK_NVRAM] = open_nvram, [MK_STATE] = open_state, [MK_NODE] = open_node, [MK_SHM] = open_shm, [MK_TUNE] = open_nothing /* hand-launch's */,
    [MK_LINK] = open_nothing /* hand-net's */, [MK_HELPER] = open_helper, [MK_MEMORY] = open_memory, [MK_PERF] = open_perf, [MK_SOCKET] = open_socket, [MK_FILTER] = open_nothing /* a network filter daemon's */, [MK_USB] = open_usb, [MK_SHARE] = open_check, [MK_SECRET] = open_nothing /* a talk's */, [MK_LINE] = open_line, [MK_VFIO] = open_vfio, [MK_GIVEN] = open_given,
};
static const bool needs_path[MK_KIND_N] = { [MK_IMAGE] = true, [MK_BIND] = true, [MK_FILE_OUT] = true, [MK_LOG] = true, [MK_UNIX_LISTEN] = true,
    [MK_UNIX_CONNECT] = true, [MK_DEVNODE] = true, [MK_NVRAM] = true, [MK_STATE] = true, [MK_NODE] = true, [MK_SHM] = true, [MK_MEMORY] = true, [MK_SHARE] = true, [MK_SOCKET] = true, [MK_LINE] = true, [MK_VFIO] = true };

int open_entry(struct opener *o, const struct manifest_entry *m, const char *path, const char *aux, struct grant *g, struct err *e)
{
    *g = (struct grant){ .index = m->index, .qemu_fd = { -1, -1 }, .made = 1 };
    if (!makers[m->kind] || (needs_path[m->kind] && !*path && !(m->flags & MF_EMPTY)))
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "resource %u of kind %u is not supported", m->index, m->kind);
    unsigned nqemu = o->nqemu, nours = o->nours;
    uint32_t fd_next = o->fd_next;
    o->error = 0;
    int r = makers[m->kind](o, m, path, aux, g, e);
    if (r && (m->flags & MF_OPTIONAL) && m->kind != MK_USB) {       /* of those only what is absent is left out */
        log_info("optional resource %u: %s", m->index, e->detail);
        while (o->nqemu > nqemu)
            close(o->qemu[--o->nqemu]);
        while (o->nours > nours)
            close(o->ours[--o->nours]);
        o->fd_next = fd_next;
        *g = (struct grant){ .index = m->index, .error = o->error ? o->error : -EIO, .qemu_fd = { -1, -1 }, .made = 1 };
        return 0;
    }
    return r;
}

/* What the run's secrets are encrypted with: QEMU gets it open, and whoever looks a secret up for it has it from the file, as libvirt's daemons, which take over no guest without. */
static int open_master_key(struct opener *o, struct err *e)
{
    char path[sizeof o->h->run_dir + 16];
    uint8_t key[32];
    bool is_new;
    util_format(path, sizeof path, "%s/" MASTER_KEY, o->h->run_dir);
    AUTO_CLOSE fd = path_open_out(path, O_WRONLY, 0, &is_new);
    if (fd >= 0)
        open_note(o, path, fd);
    ssize_t n = fd < 0 ? fd : getrandom(key, sizeof key, 0) != sizeof key ? -EIO : util_write_full(fd, key, sizeof key);
    AUTO_CLOSE given = n < 0 ? (int)n : frame_memfd("key", key, sizeof key);
    explicit_bzero(key, sizeof key);
    BUG_ON(o->fd_next != QEMU_FD_KEY);
    return given < 0 ? open_fail(o, e, -given, "Unable to create '%s'", path) : open_give(o, NULL, STEAL_FD(&given), e);
}

/* SAFETY (monitor): the folder is root's alone and made anew, so that only the daemon reaches the monitor by its path.  QEMU gets the listening
 * end, and our connection waits in its backlog from before QEMU runs: nobody else is first. */
static int open_monitor(struct opener *o, struct err *e)
{
    const char *folder = o->h->run_dir;
    char path[sizeof o->h->run_dir + 16];
    struct stat st;
    int lfd, cfd, r;
    if (!*folder)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "a run without an id");
    util_format(path, sizeof path, "%s/monitor.sock", folder);
    if (mkdir(folder, 0700) < 0) {
        /* Left by a run whose end nobody saw: ids are not used twice while a guest lives. */
        if (errno != EEXIST || lstat(folder, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid())
            return open_fail(o, e, errno, "Unable to create folder '%s'", folder);
        unlink(path);
    }
    open_note(o, folder, -1);
    if ((r = sock_listen(path, 0600, &lfd)) < 0)
        return open_fail(o, e, -r, "Unable to listen on '%s'", path);
    open_note(o, path, -1);
    if (open_give(o, NULL, lfd, e) || open_master_key(o, e))
        return -1;
    if ((r = sock_connect(path, &cfd)) < 0)
        return open_fail(o, e, -r, "Failed to connect to monitor socket '%s'", path);
    return open_keep_as(o, NULL, BFD_QMP, cfd, e);
}

/* What QEMU says: a pipe of virtlogd's, or one whose reading end comes before it. */
static int open_own_log(struct opener *o, struct err *e)
{
    struct grant own = { .index = OWN_LOG };
    int p[2] = { -1, -1 };
    if (o->rq->flags & HAND_LOGD)
        p[1] = frame_take_fd(&o->h->call, 1);
    else if (pipe2(p, O_CLOEXEC) < 0)
        return open_fail(o, e, errno, "Unable to create a pipe");
    AUTO_CLOSE wr = p[1];
    if (wr < 0)
        return open_fail(o, e, EPROTO, "no pipe came for the guest's log");
    if (p[0] >= 0 && open_keep_as(o, &own, BFD_LOG_PIPE, p[0], e))
        return -1;
    return open_keep_as(o, &own, BFD_NONE, STEAL_FD(&wr), e);
}

/* SAFETY: two QEMUs of a guest would write to the same disks; and what is made for a run is undone by its name and id. */
static int open_free(struct opener *o, struct err *e)
{
    int r = record_free(o->h, o->rq->name, o->rq->id);
    o->error = r;
    if (r == -EBUSY)
        return err_set(e, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "a process of this guest's that an earlier daemon started still runs");
    if (r == -EADDRINUSE)
        return err_set(e, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "a guest that an earlier daemon started runs with the id %d: try again for another one", o->rq->id);
    return r < 0 ? err_sys(e, VIR_FROM_QEMU, -r, "Unable to start QEMU") : 0;
}

static void open_end(struct opener *o)
{
    util_closep(&o->given);
    fds_close(o);
    while (o->nmade)
        free(o->made[--o->nmade].path);
}

/* What a guest can be given while it runs: what its QEMU takes by descriptor.  Its view is made, and a log has a role that a start has born. */
static const bool comes_later[MK_KIND_N] = { [MK_IMAGE] = true, [MK_FILE_OUT] = true, [MK_PTY] = true, [MK_UNIX_LISTEN] = true, [MK_UNIX_CONNECT] = true,
    [MK_PAIR] = true, [MK_TCP_LISTEN] = true, [MK_TCP_CONNECT] = true, [MK_TAP] = true, [MK_TUNE] = true, [MK_LINK] = true, [MK_NODE] = true, [MK_SHM] = true, [MK_MEMORY] = true, [MK_PERF] = true, [MK_FILTER] = true, [MK_USB] = true, [MK_SECRET] = true, [MK_LINE] = true, [MK_SOCKET] = true, [MK_VFIO] = true, [MK_GIVEN] = true };

/* The entries from `first` on, which this call is about: each becomes a grant. 0, or -1 with *e and done->failed. */
static int open_entries(struct opener *o, struct hand_grants *grants, uint32_t first, bool runs, struct hand_done *done, struct err *e)
{
    struct manifest_entry m;
    const char *path, *aux;
    grants->h.n = hand_entries(o->h).left;
    for (uint32_t i = first; i < grants->h.n; i++)
        grants->g[i] = (struct grant){ .index = i, .qemu_fd = { -1, -1 } };
    for (struct manifest_in in = hand_entries(o->h); hand_next(&in, &m, &path, &aux);) {
        if (m.index < first)
            continue;
        done->has |= m.kind == MK_TAP ? HAND_HAS_TAPS : m.kind == MK_HOSTNET ? HAND_HAS_HOSTNET : vfio_locks(&m) ? HAND_HAS_VFIO : hand_has(&m, aux) & (HAND_HAS_PORTS | HAND_HAS_SECRETS);
        bool refused = runs && !comes_later[m.kind];
        o->error = 0;
        if (refused)
            err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "'%s' cannot be given to a guest that runs", path);
        if (refused || open_entry(o, &m, path, aux, &grants->g[m.index], e)) {
            done->failed = (int32_t)m.index;
            return -1;
        }
    }
    return 0;
}

/* What the worker will hold, with what it has already. */
static int count_ends(struct opener *o, const struct hand_grants *grants, struct err *e)
{
    struct manifest_entry m;
    const char *path, *aux;
    unsigned ends = 0;
    for (struct manifest_in in = hand_entries(o->h); hand_next(&in, &m, &path, &aux);)
        ends += m.kind != MK_LOG ? grants->g[m.index].nworker : 0;
    if (ends <= ENDS_MAX)
        return 0;
    o->error = -E2BIG;
    return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "a guest with more than %d ends of consoles and channels", ENDS_MAX);
}

/* A QEMU that connects by itself, and would reach more than its own network namespace by what this call adds: the entries from `first` on.
 * SAFETY: who has the host's network has it from its start on, also when that interface has gone since; so no such entry comes as one that has gone. */
static bool connects_far(const struct opener *o, uint32_t first)
{
    struct manifest_entry m;
    const char *path, *aux;
    bool forged = false;
    for (struct manifest_in in = hand_entries(o->h); manifest_next(&in, &m, &path, &aux) == 1;)
        forged |= m.kind == MK_HOSTNET && m.index >= first && (m.flags & MF_GONE);
    return hand_has_kind(o->h, 1u << MK_SOCKET) &&
           (forged || (!hand_has_kind(o->h, 1u << MK_HOSTNET) && hand_has_kind(o->h, 1u << MK_TCP_LISTEN | 1u << MK_TCP_CONNECT | 1u << MK_SHARE)));
}

/* All that the call asks for; a start's monitor comes first, and what its QEMU says last. 0, or -1 with *e, o->error and done->failed. */
static int open_all(struct opener *o, struct hand_grants *grants, struct hand_done *done, struct err *e)
{
    bool starts = !(o->rq->flags & HAND_NO_MONITOR), runs = !starts && hand_grants(o->h, 1, grants);
    if (!runs)
        hand_grants(o->h, ~0u, grants);
    o->fd_next = grants->h.next_fd;
    if (starts)
        grants->h.monitor_fd = (int32_t)o->fd_next;
    if (starts && (open_free(o, e) || open_monitor(o, e)))
        return -1;
    if (connects_far(o, grants->h.n))
        return open_fail(o, e, EOPNOTSUPP, "An interface of type 'vhostuser' or a disk by a server's socket beside displays, consoles or channels by TCP, or folders that QEMU serves");
    if (open_entries(o, grants, grants->h.n, runs, done, e) || (starts && open_own_log(o, e)))
        return -1;
    return count_ends(o, grants, e);
}

static void answer(struct hand *h, struct opener *o)
{
    static struct hand_grants grants;
    struct hand_done done = { .failed = -1 };
    struct err e = ERR_INIT;
    if (open_all(o, &grants, &done, &e)) {
        open_undo(o);
        hand_fail(h, done.failed, o->error, &e);
        return;
    }
    done.nqemu = o->nqemu;
    done.nworker = o->nours;
    memcpy(done.ours_kind, o->ours_kind, sizeof done.ours_kind);
    memcpy(done.ours_entry, o->ours_entry, sizeof done.ours_entry);
    done.next_fd = grants.h.next_fd = o->fd_next;
    int r = hand_reply_grants(h, &done, &grants, o->qemu, o->ours, &e);
    if (r < 0) {
        open_undo(o);
        hand_fail(h, -1, r, &e);
    }
}

static void hand_open(struct hand *h)
{
    static struct opener o;
    struct err e = ERR_INIT;
    o = (struct opener){ .h = h, .rq = hand_body(h, sizeof *o.rq), .given = -1 };
    if (o.rq->flags & HAND_GIVEN && h->call.h.nfds) {
        o.given = frame_take_fd(&h->call, h->call.h.nfds - 1);
        h->call.h.nfds--;       /* others of them are counted */
    }
    hand_run(h, o.rq->id, o.rq->name);
    if (hand_manifest(h, 0, &e))
        hand_fail(h, -1, -EPROTO, &e);
    else if (o.rq->flags & HAND_LOOK)
        open_look(&o);
    else
        answer(h, &o);
    open_end(&o);
}

int main(void)
{
    struct hand h = { 0 };
    umask(0077);
    static const struct { uint32_t op; void (*fn)(struct hand *h); } again[] = { { IN_HAND_OPEN, hand_open }, { IN_HAND_LEASE, hand_lease }, { IN_HAND_OWNER, hand_owner } };
    size_t i = 0;
    for (hand_begin(&h, ROLE_HAND_OPEN); i < ARRAY_N(again); i++)       /* calls that come one after the other */
        if (h.call.h.op == OP_IN(again[i].op)) {
            again[i].fn(&h);
            hand_again(&h);
            i = (size_t)-1;
        }
    switch (h.call.h.op) {
    case OP_IN(IN_HAND_DAEMON): hand_daemon(&h); break;
    case OP_IN(IN_HAND_PIDFD): hand_adopt(&h); break;
    case OP_IN(IN_HAND_SETTLE): hand_settle(&h); break;
    case OP_IN(IN_HAND_STATE): hand_state(&h); break;
    default:
        log_err("no such verb: %u", OP_PROC(h.call.h.op));
        return 2;
    }
    return 0;
}
