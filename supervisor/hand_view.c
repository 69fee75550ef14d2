/* hand_view.c: the file system QEMU sees: a small read-only tree with /usr, a few devices, a scratch folder, and what the manifest names.
 *
 * Privilege: CAP_SYS_ADMIN over the mount namespace that the child was born in (and over the host's file systems: binds), MKNOD, CHOWN.
 * Part of hand-launch.  Assumes of its input: the manifest's paths passed the supervisor's policy; they are resolved anew here, without magic
 * links, and taken by descriptor.  Should: leave nothing of the host writable or reachable.  Must not: follow a name inside the new tree. */
#include "hand_launch.h"
#include "hand_vfio.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include "ipc/log.h"
#include "ipc/util.h"

#ifndef OPEN_TREE_CLONE     /* a libc that leaves the new mount interface to the kernel's header */
#include <linux/mount.h>
#endif
#ifndef MOUNT_ATTR_IDMAP
#define MOUNT_ATTR_IDMAP 0x00100000
#endif
/* mount_setattr(2)'s argument, under a name that no header has: some declare it, some do not. */
struct view_attr { uint64_t attr_set, attr_clr, propagation, userns_fd; };

#define SCRATCH_OPTIONS "mode=0700,size=64m,nr_inodes=4k,uid=%u,gid=%u"
#define COPY_BYTES_MAX (512ll << 20)

static int clone_tree(int fd, unsigned flags, uint64_t attr, const int *owners)
{
    struct view_attr a = { .attr_set = attr | (owners ? MOUNT_ATTR_IDMAP : 0), .userns_fd = owners ? (uint64_t)*owners : 0 };
    int t = (int)syscall(SYS_open_tree, fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | flags);
    if (t >= 0 && syscall(SYS_mount_setattr, t, "", AT_EMPTY_PATH | (flags & AT_RECURSIVE), &a, sizeof a) < 0) {
        close(t);
        return -1;
    }
    return t;
}

/* Makes the folders above rel, then rel itself as a mount point like st. root: the new tree. */
static int make_point(int root, const char *rel, bool is_dir)
{
    char dir[PATH_MAX];
    for (const char *p = strchr(rel, '/'); p; p = strchr(p + 1, '/'))
        if (util_format(dir, sizeof dir, "%.*s", (int)(p - rel), rel) == 0 && mkdirat(root, dir, 0755) < 0 && errno != EEXIST)
            return -1;
    if (is_dir)
        return mkdirat(root, rel, 0755) < 0 && errno != EEXIST ? -1 : 0;
    int fd = openat(root, rel, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0444);
    if (fd < 0)
        return -1;
    close(fd);
    return 0;
}

/* Binds what fd is at rel in the new tree, with the numbers of owners, if there are any. */
static int bind_as(int root, int fd, const char *rel, bool is_dir, uint64_t attr, const int *owners)
{
    AUTO_CLOSE t = clone_tree(fd, is_dir ? AT_RECURSIVE : 0, attr, owners);
    if (t < 0 || make_point(root, rel, is_dir) < 0)
        return -1;
    return (int)syscall(SYS_move_mount, t, "", root, rel, MOVE_MOUNT_F_EMPTY_PATH);
}

static int bind_at(int root, int fd, const char *rel, bool is_dir, uint64_t attr)
{
    return bind_as(root, fd, rel, is_dir, attr, NULL);
}

#define RO_ATTR (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

/* Programs and libraries: symbolic links of a merged /usr stay links, folders are bound. */
static int view_programs(int root, struct stub_fail *f)
{
    static const char *const dirs[] = { "usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32" };
    for (size_t i = 0; i < ARRAY_N(dirs); i++) {
        char path[16], target[256];
        struct stat st;
        util_format(path, sizeof path, "/%s", dirs[i]);
        ssize_t n = readlink(path, target, sizeof target - 1);
        if (n > 0) {
            target[n] = 0;
            if (symlinkat(target, root, dirs[i]) < 0)
                return stub_failed(f, errno, "cannot make %s", path);
            continue;
        }
        AUTO_CLOSE fd = path_open(path, O_PATH, WANT(S_IFDIR), &st);
        if (fd >= 0 && bind_at(root, fd, dirs[i], true, RO_ATTR) < 0)
            return stub_failed(f, errno, "cannot bind %s", path);
    }
    return 0;
}

static int view_files(int root, bool hostnet, struct stub_fail *f)
{
    static const struct { const char *path; bool hostnet; } files[] = { { "/etc/ld.so.cache", false }, { "/etc/localtime", false },
        { "/etc/resolv.conf", true /* the user-mode network's name server */ }, { "/etc/hosts", true }, { "/etc/nsswitch.conf", true }, { "/etc/gai.conf", true } /* names of servers */,
        { "/etc/services", true }, { "/etc/ssl/certs/ca-certificates.crt", true }, { "/etc/pki/tls/certs/ca-bundle.crt", true } /* whom a disk's server may be signed by */,
        { "/etc/ceph/ceph.conf", true } };
    for (size_t i = 0; i < ARRAY_N(files); i++) {
        struct stat st;
        if (files[i].hostnet && !hostnet)
            continue;
        AUTO_CLOSE fd = path_open(files[i].path, O_PATH, WANT(S_IFREG), &st);
        if (fd >= 0 && bind_at(root, fd, files[i].path + 1, false, RO_ATTR | MOUNT_ATTR_NOEXEC) < 0)
            return stub_failed(f, errno, "cannot bind %s", files[i].path);
    }
    return 0;
}

/* SAFETY: as root the node is made anew, with the guest alone as its owner, so that neither the host's groups nor its node's mode
 * matter; which numbers it has was read from a node that policy lets this guest have. */
static int view_device(int root, const struct view *v, const char *path, mode_t mode, struct stub_fail *f)
{
    struct stat st;
    AUTO_CLOSE fd = path_open(path, O_PATH, WANT(S_IFCHR) | WANT(S_IFBLK), &st);
    if (fd < 0 || strncmp(path, "/dev/", 5) || strstr(path, "/../"))
        return stub_failed(f, fd < 0 ? -fd : EINVAL, "Cannot access '%s'", path);
    if (v->session)
        return bind_at(root, fd, path + 1, false, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC) < 0 ? stub_failed(f, errno, "cannot bind %s", path) : 0;
    if (make_point(root, path + 1, false) < 0 || unlinkat(root, path + 1, 0) < 0 || mknodat(root, path + 1, (st.st_mode & S_IFMT) | mode, st.st_rdev) < 0 ||
        fchmodat(root, path + 1, mode, 0) < 0 || fchownat(root, path + 1, v->uid, v->gid, AT_SYMLINK_NOFOLLOW) < 0)
        return stub_failed(f, errno, "cannot make %s", path);
    return 0;
}

/* A file that the guest's uid may not read is copied: neither its owner nor its mode on the host is touched. */
static int view_copy(int root, const struct view *v, int look, const char *rel, off_t size)
{
    char self[32];
    util_format(self, sizeof self, "/proc/self/fd/%d", look);
    AUTO_CLOSE from = open(self, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    AUTO_CLOSE to = make_point(root, rel, false) < 0 ? -1 : openat(root, rel, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (from < 0 || to < 0)
        return -1;
    if (size > COPY_BYTES_MAX) {
        errno = EFBIG;
        return -1;
    }
    for (off_t left = size; left > 0; ) {
        ssize_t n = sendfile(to, from, NULL, (size_t)left);
        if (n == 0)
            errno = EIO;        /* it has become shorter */
        if (n <= 0)
            return -1;
        left -= n;
    }
    return fchown(to, v->uid, v->gid) < 0 || fchmod(to, 0400) < 0 ? -1 : 0;
}

/* Of a file in a folder of the view: one that leads nowhere else. */
static bool is_name(const char *s)
{
    size_t n = strlen(s);
    return n > 0 && n <= 32 && s[0] != '.' && !strchr(s, '/');
}

/* Two FIFOs at names that QEMU finds both of them by; of anything else it has a descriptor. */
static int view_fifos(int root, const struct manifest_entry *m, const char *path)
{
    char in[32], out[32];
    int ends[2];
    if (m->a || path_fifos(path, ends) < 0)
        return 0;
    AUTO_CLOSE first = ends[0];
    AUTO_CLOSE second = ends[1];
    const uint64_t attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
    util_format(in, sizeof in, "res/%u.in", m->index);
    util_format(out, sizeof out, "res/%u.out", m->index);
    return bind_at(root, first, in, false, attr) < 0 ? -1 : bind_at(root, second, out, false, attr);
}

static int view_resources(int root, const struct view *v, struct stub_fail *f)
{
    struct manifest_entry m;
    const char *path, *aux;
    if (!v->h || !v->h->manifest)
        return 0;
    for (struct manifest_in in = hand_entries(v->h); hand_next(&in, &m, &path, &aux); ) {
        char rel[64];
        struct stat st;
        if (m.kind == MK_DEVNODE && view_device(root, v, path, 0600, f) < 0) {
            if (m.flags & MF_OPTIONAL)
                continue;
            return -1;
        }
        if (m.kind == MK_LINE && view_fifos(root, &m, path) < 0)
            return stub_failed(f, errno, "Cannot bind '%s.in' and '%s.out'", path, path);
        if (m.kind != MK_BIND)
            continue;
        AUTO_CLOSE fd = path_open(path, O_PATH, WANT(S_IFREG), &st);      /* in a folder sockets may lie, to which it could connect */
        if (fd < 0 && (m.flags & MF_OPTIONAL))
            continue;
        if (fd < 0)
            return stub_failed(f, -fd, "Cannot access '%s'", path);
        if (*aux && !is_name(aux))
            return stub_failed(f, EINVAL, "'%s' cannot be a name in the guest's view", aux);
        util_format(rel, sizeof rel, *aux ? "res/%u/%s" : "res/%u", *aux && m.parent >= 0 ? (unsigned)m.parent : m.index, aux);
        if (v->session || (st.st_mode & 0004) ? bind_at(root, fd, rel, false, RO_ATTR | MOUNT_ATTR_NOEXEC) < 0 : view_copy(root, v, fd, rel, st.st_size) < 0)
            return stub_failed(f, errno, "Cannot bind '%s'", path);
    }
    return 0;
}

/* A helper, and a QEMU that serves folders: what it was given, and nothing that was named later. */
static int view_sees(int root, const struct view *v, struct stub_fail *f)
{
    struct stat was, st;
    for (unsigned i = 0; i < v->nsees; i++) {
        const struct helper_sees *s = &v->sees[i];
        uint64_t attr = (s->may_write ? 0 : MOUNT_ATTR_RDONLY) | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
        if (s->fd < 0)
            continue;
        /* A mount of this namespace; but what the hand has looked at. */
        AUTO_CLOSE fd = path_open(s->path, O_PATH, WANT(S_IFREG) | WANT(S_IFDIR), &st);
        bool same = fd >= 0 && fstat(s->fd, &was) == 0 && st.st_dev == was.st_dev && st.st_ino == was.st_ino;
        if (!same)
            errno = fd < 0 ? -fd : ESTALE;
        bool bound = same && bind_as(root, fd, s->at, S_ISDIR(st.st_mode), attr, v->owners) == 0;
        if (same && !bound && v->owners && errno == EINVAL)     /* a file system that has its numbers as they are: what everybody may */
            bound = bind_at(root, fd, s->at, S_ISDIR(st.st_mode), attr) == 0;
        if (!bound)
            return stub_failed(f, errno, "Cannot bind '%s'", s->path);
    }
    return 0;
}

/* SAFETY: to be read; who puts nodes there is root, by the host's path of the folders (hand_vfio_view.c), and so those are nodes here even if that file system has none. */
static int view_vfio(int root, const struct view *v, struct stub_fail *f)
{
    static const struct { const char *from, *at; } folders[] = { { VFIO_VIEW_DEV, "dev/vfio" }, { VFIO_VIEW_SYS, "sys" } };
    const struct view_attr nodes = { .attr_clr = MOUNT_ATTR_NODEV };
    for (size_t i = 0; v->h && i < ARRAY_N(folders); i++) {
        char path[sizeof v->h->run_dir + 16];
        util_format(path, sizeof path, "%s/%s", v->h->run_dir, folders[i].from);
        AUTO_CLOSE fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
            continue;
        if (bind_at(root, fd, folders[i].at, true, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC) < 0 || syscall(SYS_mount_setattr, root, folders[i].at, 0, &nodes, sizeof nodes) < 0)
            return stub_failed(f, errno, "Cannot bind '%s'", path);
    }
    return 0;
}

/* Where there is no /proc, QEMU finds the key of its secrets by the name that its descriptor would have there. */
static int view_key(int root, const struct view *v)
{
    struct secret_keys k;
    char rel[32];
    util_format(rel, sizeof rel, "proc/self/fd/%d", QEMU_FD_KEY);
    AUTO_CLOSE to = make_point(root, rel, false) < 0 ? -1 : openat(root, rel, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (to < 0 || pread(v->key, k.key, sizeof k.key, 0) != sizeof k.key || write(to, k.key, sizeof k.key) != sizeof k.key)
        return -1;
    explicit_bzero(&k, sizeof k);
    return 0;
}

int view_enter(struct view *v, struct stub_fail *f)
{
    static const char *const nodes[] = { "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom" };
    char options[96];
    struct view_attr ro = { .attr_set = MOUNT_ATTR_RDONLY };
    umask(0022);
    if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return stub_failed(f, errno, "cannot make the mounts private");
    AUTO_CLOSE fs = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
    if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "mode", "0755", 0) < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return stub_failed(f, errno, "cannot make a root");
    /* The root of the view holds the device nodes; nobody in it can make one.  It lies over "/", where a look-up that starts at this process's
     * root does not see it: the host's paths stay as they were until the pivot. */
    AUTO_CLOSE root = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
    if (root < 0 || syscall(SYS_move_mount, root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return stub_failed(f, errno, "cannot mount a root");
    if (view_programs(root, f) < 0 || view_files(root, v->hostnet, f) < 0)
        return -1;
    for (size_t i = 0; i < ARRAY_N(nodes); i++)
        if (view_device(root, v, nodes[i], 0666, f) < 0)
            return -1;
    if (view_resources(root, v, f) < 0 || view_sees(root, v, f) < 0 || view_vfio(root, v, f) < 0)
        return -1;
    if (mkdirat(root, "run", 0755) < 0 || mkdirat(root, "proc", 0555) < 0 || symlinkat("run", root, "tmp") < 0 || (mkdirat(root, "var", 0755) < 0 && errno != EEXIST) ||
        symlinkat("../run", root, "var/tmp") < 0 || fchdir(root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        return stub_failed(f, errno, "cannot make the view the root");
    util_format(options, sizeof options, SCRATCH_OPTIONS, v->uid, v->gid);
    if (mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options) < 0)
        return stub_failed(f, errno, "cannot mount the scratch folder");
    /* A user's namespace inside a container may not be allowed to: QEMU can do without. */
    if (v->reads_proc)
        return mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, "hidepid=2") < 0 || syscall(SYS_mount_setattr, AT_FDCWD, "/", 0, &ro, sizeof ro) < 0 ? stub_failed(f, errno, "cannot mount /proc") : 0;
    v->has_proc = mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "subset=pid,hidepid=2") == 0 ||
                  mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "hidepid=2") == 0;
    if (!v->has_proc && v->key >= 0 && view_key(root, v) < 0)
        return stub_failed(f, errno, "cannot give QEMU the key of its secrets");
    if (syscall(SYS_mount_setattr, AT_FDCWD, "/", 0, &ro, sizeof ro) < 0)
        return stub_failed(f, errno, "cannot make the view read-only");
    return 0;
}
