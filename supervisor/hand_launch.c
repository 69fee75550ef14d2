/* hand_launch.c: starts one QEMU, shut in: groups, namespaces, view, ids, filter; and clears up after its end.
 *
 * Privilege: CAP_SYS_ADMIN (namespaces, mounts), SETUID, SETGID, SETPCAP (to give everything up in the child), CHOWN, MKNOD, DAC_OVERRIDE (the view and
 * the groups), KILL, PERFMON (events of the guest), and SYS_RESOURCE where the keeper has it (limits).  In a session: what a user namespace gives.
 * Called by: the supervisor.  Assumes of its input: nothing; emulator and arguments are the worker's, hence hostile.
 *
 * SAFETY: whatever the arguments are, they are read by a process that has the guest's uid, no capability, and a view without the host. */
#include "hand_helper.h"
#include "hand_perf.h"
#include "hand_vfio.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include "ipc/log.h"
#include "ipc/op.h"
#include "ipc/util.h"
#include "policy/policy.h"

#ifndef OPEN_TREE_CLONE     /* a libc that leaves the new mount interface to the kernel's header */
#include <linux/mount.h>
#endif

#define ARGS_BYTES_MAX (1u << 20)
#define ARGS_MAX 8192u
#define FILES_DEFAULT 8192u
#define START_WAIT_MS 20000
#define KNOWN_WAIT_MS 20000
#define QEMU_FD_END 1024            /* numbers in QEMU are below; what the stub holds is above */
#define QEMU_FD_LEASE (QEMU_FD_END - 1)

struct launcher {
    struct hand *h;
    const struct launch *l;
    bool session;
    unsigned log;                   /* which of QEMU's descriptors is its log */
    int plan, filter, stub, null, door, lease /* connection to virtlockd */;     /* -1: none */
    struct sockaddr_un lockd;
    int status[2], exec[2];         /* [0] here, [1] the child's */
    uint32_t level;
    struct cgroups groups;
    struct tune tune;
    struct helpers helpers; struct shares shares;
};

/* The stub lies beside this program. */
static int stub_open(void)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 8);
    if (n <= 0)
        return -ENOENT;
    path[n] = 0;
    char *last = strrchr(path, '/');
    if (!last)
        return -ENOENT;
    strcpy(last, "/pid1");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int bad_launch(struct err *e, const char *why)
{
    return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed launch: %s", why);
}

/* SAFETY: nothing but an emulator is started, whatever the guest's worker says, and it must be one of the host's own programs, in a folder of such. */
static int emulator_check(const struct launcher *x, struct err *e)
{
    static const char *const folders[] = { "/usr/bin/", "/usr/local/bin/", "/usr/libexec/", "/usr/lib/qemu/", "/usr/lib/xen/bin/" };
    const char *path = x->l->emulator, *name = NULL;
    for (size_t i = 0; i < ARRAY_N(folders); i++)
        if (!strncmp(path, folders[i], strlen(folders[i])))
            name = path + strlen(folders[i]);
    if (!name || strchr(name, '/') || (strncmp(name, "qemu-system-", 12) && strcmp(name, "qemu-kvm") && strcmp(name, "kvm")))
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "'%s' is no emulator that the daemon starts", path);
    int r = own_program(path, x->session, e);
    return r > 0 ? err_sys(e, VIR_FROM_QEMU, r, "Cannot check QEMU binary '%s'", path) : r;
}

/* Everything that can be checked before anything is made. */
static int launch_check(struct launcher *x, struct err *e)
{
    const struct launch *l = x->l;
    unsigned have = x->h->call.h.nfds;
    if (have < 2 || l->nfds != have - 2 || l->nfds > ARRAY_N(l->fd))
        return bad_launch(e, "descriptors");
    x->log = l->nfds;
    for (unsigned i = 0; i < l->nfds; i++) {
        int number = l->fd[i].number;
        if (number == -1 && l->fd[i].kind == BFD_NONE && x->log == l->nfds)
            x->log = i;
        if (number != -1 && (number < QEMU_FD_BASE || number >= QEMU_FD_LEASE))
            return bad_launch(e, "descriptor number");
        if (number == -1 && i != x->log && (l->fd[i].kind == BFD_NONE || l->fd[i].kind >= BFD_KIND_N))
            return bad_launch(e, "descriptor kind");
        for (unsigned k = 0; k < i; k++)
            if (number != -1 && l->fd[k].number == number)
                return bad_launch(e, "descriptor number given twice");
    }
    if (x->log == l->nfds)
        return bad_launch(e, "no log");
    if (!x->session && (l->uid == 0 || l->gid == 0 || l->uid == 0xffffffffu || l->gid == 0xffffffffu))
        return bad_launch(e, "a guest cannot have this uid");
    return emulator_check(x, e);
}

static int make_plan(struct launcher *x, struct err *e)
{
    const void *args;
    size_t n;
    struct stub_plan plan = { .magic = STUB_MAGIC, .has_filter = x->filter >= 0, .no_pidns = !(x->level & LAUNCH_HAS_PIDNS), .held_from = QEMU_FD_END };
    if (frame_map(x->h->call.fds[0], ARGS_BYTES_MAX, &args, &n) < 0 || !n || ((const char *)args)[n - 1])
        return bad_launch(e, "arguments");
    for (const char *p = args; p < (const char *)args + n; p += strlen(p) + 1)
        plan.args++;
    if (plan.args > ARGS_MAX)
        return bad_launch(e, "arguments");
    for (unsigned i = 0; i < x->l->nfds; i++)
        if (x->l->fd[i].number < 0 && i != x->log)
            plan.held_as[plan.held++] = x->l->fd[i];
    plan.args_bytes = (uint32_t)n;
    memcpy(plan.emulator, x->l->emulator, sizeof plan.emulator);
    AUTO_FREE char *all = malloc(sizeof plan + n);
    if (!all)
        return err_sys(e, VIR_FROM_QEMU, ENOMEM, "Unable to start QEMU");
    memcpy(all, &plan, sizeof plan);
    memcpy(all + sizeof plan, args, n);
    x->plan = frame_memfd("launch", all, sizeof plan + n);
    return x->plan < 0 ? err_sys(e, VIR_FROM_QEMU, -x->plan, "Unable to start QEMU") : 0;
}

int stub_failed(struct stub_fail *f, int error, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(f->text, sizeof f->text, fmt, ap);
    va_end(ap);
    f->error = -error;
    return -1;
}

static int child_status = -1;
static void child_failed(const struct stub_fail *f) __attribute__((noreturn));
static void child_failed(const struct stub_fail *f)
{
    _exit(send(child_status, f, sizeof *f, MSG_NOSIGNAL) < 0 ? 126 : 127);
}

static void child_fail(const char *what) __attribute__((noreturn));
static void child_fail(const char *what)
{
    struct stub_fail f = { 0 };
    stub_failed(&f, errno, "%s", what);
    child_failed(&f);
}

/* Up to the inherited limit, or beyond where the hand may. */
static void set_limit(int what, rlim_t value, bool raises)
{
    struct rlimit r, more = { value, value };
    getrlimit(what, &r);
    if (raises && r.rlim_max < value && setrlimit(what, &more) == 0)
        return;
    r.rlim_cur = r.rlim_max = r.rlim_max == RLIM_INFINITY || value < r.rlim_max ? value : r.rlim_max;
    setrlimit(what, &r);
}

static void set_limits(const struct launch *l)
{
    set_limit(RLIMIT_NOFILE, l->files_max ? l->files_max : FILES_DEFAULT, false);
    set_limit(RLIMIT_CORE, (rlim_t)l->core_max_mib << 20, false);
}

/* A device behind VFIO, or of vDPA, reaches the guest's memory wherever that is: it stays in place. One that may not lock as much QEMU tells of. */
static void set_locked(const struct hand *h)
{
    struct manifest_entry m;
    const char *path, *aux;
    for (struct manifest_in in = hand_entries(h); hand_next(&in, &m, &path, &aux);)
        if (vfio_locks(&m))
            set_limit(RLIMIT_MEMLOCK, vfio_locked(&m), true);
}

/* Moves every descriptor to the number it has in the stub and in QEMU; first all out of the way. */
static void place_fds(const struct launcher *x)
{
    enum { STATUS, FIXED = 10, OUT_OF_THE_WAY = QEMU_FD_END + 256 };
    const struct launch *l = x->l;
    const int *in = x->h->call.fds + 2, log = in[x->log];
    struct { int fd, to; } place[FIXED + FRAME_FDS_MAX] = {
        [STATUS] = { child_status, STUB_FD_STATUS }, { x->null, 0 }, { log, 1 }, { log, 2 }, { x->plan, STUB_FD_PLAN }, { x->filter, STUB_FD_FILTER },
        { x->exec[1], STUB_FD_EXEC }, { x->stub, STUB_FD_FREE }, { x->door, QEMU_FD_END }, { x->lease, QEMU_FD_LEASE },
    };
    struct rlimit files;
    unsigned n = FIXED;
    int held = QEMU_FD_END + 1;         /* closed in QEMU by its number */
    for (unsigned i = 0; i < l->nfds; i++)
        if (!x->helpers.taken[i] && (l->fd[i].number >= 0 || i != x->log)) {
            place[n].fd = in[i];
            place[n++].to = l->fd[i].number >= 0 ? l->fd[i].number : held++;
        }
    /* Room for the numbers; what is not placed is closed by exec. */
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    syscall(SYS_close_range, STUB_FD_PLAN, ~0u, CLOSE_RANGE_CLOEXEC);
    for (unsigned i = 0; i < n; i++)
        if (place[i].fd >= 0 && (place[i].fd = fcntl(place[i].fd, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY)) < 0)
            child_fail("cannot place a descriptor");
    child_status = place[STATUS].fd;
    for (unsigned i = 0; i < n; i++)
        if (place[i].fd >= 0 && dup3(place[i].fd, place[i].to, place[i].to == STUB_FD_FREE ? O_CLOEXEC : 0) < 0)
            child_fail("cannot place a descriptor");
}

/* What the stub is called: with the helpers, for what it says of their ends. */
static void become_stub(const struct launcher *x) __attribute__((noreturn));
static void become_stub(const struct launcher *x)
{
    char *argv[2 + HELPERS_MAX + 1] = { "bulkhead-pid1", (char *)x->l->name }, *envp[] = { NULL }, text[HELPERS_MAX][48];
    for (unsigned i = 0; i < x->helpers.n; i++)
        snprintf(argv[2 + i] = text[i], sizeof text[i], "%d:%s", x->helpers.one[i].pid, x->helpers.one[i].kind->name);
    prctl(PR_SET_PDEATHSIG, 0);
    syscall(SYS_execveat, STUB_FD_FREE, "", argv, envp, AT_EMPTY_PATH);
    child_fail("cannot start the guest's first process");
}

static void child(struct launcher *x) __attribute__((noreturn));
static void child(struct launcher *x)
{
    struct view v = { .h = x->h, .uid = x->l->uid, .gid = x->l->gid, .session = x->session, .hostnet = x->l->flags & LAUNCH_HOSTNET,
        .sees = x->shares.see, .nsees = x->shares.n, .owners = x->shares.owners < 0 ? NULL : &x->shares.owners, .key = -1 };
    struct stub_fail f = { 0 };
    char go;
    bool waits_first = x->session || x->helpers.n;
    const char *why;
    child_status = x->status[1];
    close(x->status[0]);
    close(x->exec[0]);
    if (x->lease >= 0 && connect(x->lease, (struct sockaddr *)&x->lockd, sizeof x->lockd) < 0)
        child_fail("connect");
    if (x->lease >= 0 && send(child_status, "c", 1, MSG_NOSIGNAL) < 0)
        _exit(126);
    /* In a session the ids are mapped before anything is made, and before they are asked for: until then they are those of nobody. */
    if (waits_first && read(child_status, &go, 1) != 1)
        _exit(127);
    if (x->session) {
        v.uid = getuid();
        v.gid = getgid();
    }
    /* They need the host's files once more, and may take their time: without the hand nobody would end them. */
    x->helpers.has_view = x->level & LAUNCH_HAS_VIEW;
    for (unsigned i = 0; i < x->l->nfds; i++)
        if (x->l->fd[i].number == QEMU_FD_KEY)
            v.key = x->h->call.fds[2 + i];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (helpers_start(&x->helpers, &f) < 0)
        child_failed(&f);
    if (x->helpers.hostnet && (x->level & LAUNCH_HAS_NETNS) && unshare(CLONE_NEWNET) < 0)
        child_fail("cannot have a network of its own");
    if ((x->level & LAUNCH_HAS_VIEW) && view_enter(&v, &f) < 0)
        child_failed(&f);
    if (v.has_proc && send(child_status, "p", 1, MSG_NOSIGNAL) < 0)
        _exit(126);
    /* Before the descriptors move, so that the parent's groups are joined before QEMU exists. */
    if (!waits_first && read(child_status, &go, 1) != 1)
        _exit(127);
    place_fds(x);
    set_limits(x->l);
    set_locked(x->h);
    if ((why = rights_drop(x->session, x->l->uid, x->l->gid, ~0u, 0)))
        child_fail(why);
    for (int s = 1; s < NSIG; s++)
        signal(s, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    become_stub(x);
}

int proc_write(pid_t pid, const char *file, const char *text)
{
    char path[64];
    util_format(path, sizeof path, "/proc/%d/%s", pid, file);
    AUTO_CLOSE fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

static int map_ids(pid_t pid)
{
    char uid[64], gid[64];
    util_format(uid, sizeof uid, "%u %u 1\n", getuid(), getuid());
    util_format(gid, sizeof gid, "%u %u 1\n", getgid(), getgid());
    int r = proc_write(pid, "setgroups", "deny");
    if (r == 0)
        r = proc_write(pid, "uid_map", uid);
    return r ? r : proc_write(pid, "gid_map", gid);
}

/* Clones the child into its namespaces; tries with less where a session's kernel does not allow it, and notes what is in force. */
static pid_t launch_clone(struct launcher *x, int *pidfd)
{
    static const uint64_t spaces = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
    AUTO_CLOSE group = *x->groups.v2 ? open(x->groups.v2, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    uint64_t net = x->l->flags & LAUNCH_HOSTNET ? 0 : CLONE_NEWNET, user = x->session ? CLONE_NEWUSER : 0;
    for (int turn = x->session ? 0 : 1; turn < 2; turn++) {
        struct clone_args a = { .flags = CLONE_PIDFD | spaces | (x->helpers.hostnet ? 0 : net) | user, .pidfd = (uintptr_t)pidfd, .exit_signal = SIGCHLD };
        x->level = LAUNCH_HAS_VIEW | LAUNCH_HAS_PIDNS | (net ? LAUNCH_HAS_NETNS : 0) | (user ? LAUNCH_HAS_USERNS : LAUNCH_HAS_UID);
        if (x->session && turn == 1) {
            a.flags = CLONE_PIDFD;
            x->level = 0;
        }
        if (group >= 0) {
            a.flags |= CLONE_INTO_CGROUP;
            a.cgroup = (uint64_t)group;
        }
        x->level |= (x->filter >= 0 ? LAUNCH_HAS_FILTER : 0) | (group >= 0 || x->groups.nv1 ? LAUNCH_HAS_CGROUP : 0);
        struct err e;
        if (make_plan(x, &e) < 0)
            return -EPROTO;
        pid_t pid = (pid_t)syscall(SYS_clone3, &a, sizeof a);
        if (pid >= 0 || turn == 1)
            return pid >= 0 ? pid : -errno;
        log_warn("no namespaces for guests of this session: %s", strerror(errno));
        close(x->plan);
    }
    return -EPERM;
}

/* The first move between version 1 groups waits some 9 ms for the kernel's readers.  It runs beside QEMU's own start: before the
 * worker has greeted QEMU nothing runs in it that a guest controls.  Only memory must be charged to the right group from the first page. */
static bool joins_early(const struct launcher *x)
{
    return x->helpers.n /* which are in the group of who starts them */ || x->tune.given[TUNE_HARD] || x->tune.given[TUNE_SOFT] || x->tune.given[TUNE_SWAP];
}

/* Waits until QEMU runs. 0, with its pid and what the child told; or -1 with *e set. */
static int launch_wait(struct launcher *x, pid_t stub, pid_t *qemu, struct err *e)
{
    uint64_t until = util_now_ms() + START_WAIT_MS;
    *qemu = 0;
    for (;;) {
        union { struct cmsghdr h; char b[CMSG_SPACE(sizeof(struct ucred))]; } ctl;
        struct stub_fail f = { 0 };
        struct iovec iov = { &f, sizeof f };
        struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &ctl, .msg_controllen = sizeof ctl };
        struct pollfd p[2] = { { .fd = x->status[0], .events = POLLIN }, { .fd = *qemu > 0 ? x->exec[0] : -1, .events = POLLIN } };
        uint64_t now = util_now_ms();
        if (now < until && poll(p, 2, (int)(until - now)) > 0 && !p[0].revents && p[1].revents)
            return 0;       /* exec has closed it, and no failure was told before */
        if (now >= until || !p[0].revents)
            return err_set(e, VIR_ERR_OPERATION_TIMEOUT, VIR_FROM_QEMU, "QEMU does not start");
        ssize_t n = recvmsg(x->status[0], &m, MSG_CMSG_CLOEXEC);
        if (n < 0 && (errno == EINTR || errno == ECONNRESET /* once: it ended before it was told to go on; what it said is behind that */))
            continue;
        struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
        char what = n == 1 ? *(char *)&f : 0;
        if (what == 'p') {
            x->level |= LAUNCH_HAS_PROC;
        } else if (what == 'q' && c && c->cmsg_type == SCM_CREDENTIALS) {
            struct ucred u;
            memcpy(&u, CMSG_DATA(c), sizeof u);
            *qemu = u.pid;
            int r = joins_early(x) ? 0 : cgroup_join(&x->groups, stub);
            if (r == 0 && !joins_early(x))
                r = cgroup_join(&x->groups, *qemu);
            if (r < 0 && r != -ESRCH)
                return err_sys(e, VIR_FROM_QEMU, -r, "Unable to put QEMU into its control groups");
        } else if (n == (ssize_t)sizeof f) {
            f.text[sizeof f.text - 1] = 0;
            return f.error ? err_sys(e, VIR_FROM_QEMU, -f.error, "Cannot start QEMU: %s", f.text) : err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "%s", f.text);
        } else {
            return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "QEMU's first process ended before QEMU ran");
        }
    }
}

/* QEMU's folder in /proc for its worker.  SAFETY: a mount of its own, for the worker may open names below it and ".." must end there.
 * An ordinary user cannot have that: then the one file with the process's times. */
static int open_proc(const char *path)
{
    char stat[80];
    int fd = (int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (fd < 0 && !util_format(stat, sizeof stat, "%s/stat", path))
        fd = open(stat, O_RDONLY | O_CLOEXEC);
    return fd;
}

/* virtlockd counts an owner as ended when a connection is closed that was made by the process that is registered over it.  So the guest's first process
 * makes it while it is root, and QEMU alone holds it: leases live as long as QEMU does, whatever becomes of the daemon.
 * SAFETY: over it nothing can be asked any more before QEMU exists. */
static int lease_begin(struct launcher *x, struct err *e)
{
    int r = hand_daemon_path(x->h, HOST_LOCKD, false, x->lockd.sun_path, sizeof x->lockd.sun_path);
    x->lockd.sun_family = AF_UNIX;
    x->lease = r < 0 ? r : socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return x->lease < 0 ? err_sys(e, VIR_FROM_QEMU, r < 0 ? -r : errno, "Unable to connect to virtlockd") : 0;
}

static int lease_register(struct launcher *x, pid_t pid, struct err *e)
{
    struct pollfd p = { .fd = x->status[0], .events = POLLIN };
    struct stub_fail f = { 0 };
    ssize_t n = poll(&p, 1, START_WAIT_MS) == 1 ? recv(x->status[0], &f, sizeof f, MSG_DONTWAIT) : 0;
    if (n == sizeof f)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "Failed to connect socket to '%s': %s", x->lockd.sun_path, strerror(-f.error));
    int r = n == 1 ? hand_daemon_register(x->lease, x->l, pid) : -ETIMEDOUT;
    return r < 0 ? err_sys(e, VIR_FROM_QEMU, -r, "virtlockd does not register the guest") : 0;
}

/* Of the guest's first process, which waits, and of all that it begins. */
static int perf_begin_all(const struct launcher *x, pid_t pid, struct err *e)
{
    for (unsigned i = 0; i < x->helpers.nperf; i++)
        if (perf_begin(x->helpers.perf[i].name, pid, x->session ? ~0u : x->l->uid, x->helpers.perf[i].to, e))
            return -1;
    return 0;
}

static int launch(struct launcher *x, struct launched *done, int fds[3], unsigned *nfds, struct err *e)
{
    int on = 1, pidfd = -1;
    pid_t qemu, pid;
    if (launch_check(x, e) || hand_manifest(x->h, 1, e) || helpers_prepare(&x->helpers, x->h, x->l, x->session, e) || shares_prepare(&x->shares, x->h, x->l, x->session, e))
        return -1;
    /* SAFETY: one that has a socket's file (MK_SOCKET) connects by itself.  hand-open sees to it that it has no TCP socket of the host's network and no folder of its files then, and so there is nothing else that it reaches. */
    const struct policy_filter *filter = &policy_filters[x->l->flags & LAUNCH_HOSTNET || hand_has_kind(x->h, 1u << MK_SOCKET) ? FILTER_QEMU_SYSTEM : FILTER_QEMU_SHUT];
    if ((x->stub = stub_open()) < 0 || (x->null = open("/dev/null", O_RDWR | O_CLOEXEC)) < 0)
        return err_sys(e, VIR_FROM_QEMU, x->stub < 0 ? -x->stub : errno, "Unable to start QEMU");
    if ((x->filter = frame_memfd("filter", filter->insns, filter->n * sizeof(struct sock_filter))) < 0)
        return err_sys(e, VIR_FROM_QEMU, -x->filter, "Unable to start QEMU");
    if (!(x->l->flags & LAUNCH_NO_CGROUP) && (x->door = record_listen(x->h, x->l->id)) < 0)
        return err_sys(e, VIR_FROM_QEMU, -x->door, "Cannot listen for a later daemon, as guest %d", x->l->id);
    if (!(x->l->flags & LAUNCH_NO_CGROUP) && (tune_of(x->h, 1, &x->tune, e) || cgroup_make(&x->groups, x->l, &x->tune, x->session, e) < 0))
        return -1;
    if (x->l->flags & LAUNCH_LEASES && lease_begin(x, e) < 0)
        return -1;
    if (x->h->run_dir[0] && ((!x->session && vfio_view_make(x->h, e)) || vfio_view_fill(x->h, x->l->name, x->l->uid, x->l->gid, e)))
        return -1;
    if (pipe2(x->exec, O_CLOEXEC) < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, x->status) < 0 || setsockopt(x->status[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
        return err_sys(e, VIR_FROM_QEMU, errno, "Unable to start QEMU");
    /* The files of /proc that map a user namespace's ids belong to root as long as the process is not dumpable. */
    if (x->session)
        prctl(PR_SET_DUMPABLE, 1);
    if (!(x->l->flags & LAUNCH_NO_CGROUP))
        head_write(x->h->call.fds[2 + x->log], x->h->call.fds[0], x->l);
    pid = launch_clone(x, &pidfd);
    if (pid == 0)
        child(x);
    if (pid < 0)
        return err_sys(e, VIR_FROM_QEMU, -pid, "Unable to start QEMU");
    close(x->status[1]);
    close(x->exec[1]);
    int r = x->level & LAUNCH_HAS_USERNS ? map_ids(pid) : 0;
    prctl(PR_SET_DUMPABLE, 0);
    if (r == 0 && joins_early(x))
        r = cgroup_join(&x->groups, pid);
    if (r < 0)
        err_sys(e, VIR_FROM_QEMU, -r, "Unable to set up QEMU's process");
    else if (perf_begin_all(x, pid, e) < 0 || (x->lease >= 0 && lease_register(x, pid, e) < 0))
        ;
    else if ((send(x->status[0], "g", 1, MSG_NOSIGNAL) == 1 || errno == EPIPE /* it has failed, and said why */) && launch_wait(x, pid, &qemu, e) == 0) {
        char path[64];
        *done = (struct launched){ .pid = pid, .qemu_pid = qemu, .sandbox = x->level };
        proc_start(pid, &done->start_time);
        util_format(path, sizeof path, "/proc/%d", qemu);
        fds[0] = pidfd;
        fds[1] = open_proc(path);
        fds[2] = *x->groups.usage ? open(x->groups.usage, O_RDONLY | O_CLOEXEC) : -1;
        *nfds = fds[2] < 0 ? 2 : 3;
        const struct run_record record = { .stub = pid, .qemu = qemu, .id = x->l->id, .start = done->start_time };
        if (fds[1] >= 0 && !(x->l->flags & LAUNCH_NO_CGROUP) && (r = record_write(x->h, x->l->name, &record)) < 0)
            err_sys(e, VIR_FROM_QEMU, -r, "Cannot note the guest's process");
        else if (fds[1] >= 0)
            return 0;
        else
            err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "QEMU ended at once");
    }
    syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
    waitpid(pid, NULL, 0);
    return -1;
}

/* The supervisor says that the keeper has the guest. */
static bool is_known(struct hand *h)
{
    struct pollfd p = { .fd = BIRTH_FD_CHANNEL, .events = POLLIN };
    static uint8_t buf[FRAME_BODY_MAX];
    frame_done(&h->call);
    return poll(&p, 1, KNOWN_WAIT_MS) > 0 && frame_recv(BIRTH_FD_CHANNEL, &h->call, buf, sizeof buf) == 1 && h->call.h.kind == FRAME_EVENT && h->call.h.op == OP_IN(IN_HAND_LAUNCH);
}

static void launch_undo(struct launcher *x)
{
    util_closep(&x->door);
    if (!(x->l->flags & LAUNCH_NO_CGROUP) && record_remove(x->h, x->l->name, x->l->id) < 0)
        return;
    if (!x->session)
        cgroup_remove(x->l->id, x->l->name);
}

static void hand_launch(struct hand *h)
{
    static struct launcher x;
    x = (struct launcher){ .h = h, .l = hand_body(h, sizeof *x.l), .session = h->birth.flags & BIRTH_SESSION, .plan = -1, .filter = -1, .stub = -1, .null = -1, .door = -1, .lease = -1 };
    struct launched done = { 0 };
    struct err e = ERR_INIT;
    unsigned nfds = 0;
    int fds[3];
    hand_check_text(x.l->name, sizeof x.l->name);
    hand_run(h, x.l->id, x.l->name);
    hand_check_text(x.l->emulator, sizeof x.l->emulator);
    if (launch(&x, &done, fds, &nfds, &e)) {
        launch_undo(&x);
        hand_fail(h, -1, -EIO, &e);
    } else if (hand_reply(h, &done, sizeof done, fds, nfds) < 0 || !is_known(h) || send(x.status[0], "k", 1, MSG_NOSIGNAL) != 1) {
        syscall(SYS_pidfd_send_signal, fds[0], SIGKILL, NULL, 0);
        waitpid(done.pid, NULL, 0);
        launch_undo(&x);
    }
}

int main(void)
{
    struct hand h = { 0 };
    hand_begin(&h, ROLE_HAND_LAUNCH);
    switch (h.call.h.op) {
    case OP_IN(IN_HAND_LAUNCH): hand_launch(&h); break;
    case OP_IN(IN_HAND_REAP): hand_reap(&h); break;
    case OP_IN(IN_HAND_TUNE): hand_tune(&h); break;
    default:
        log_err("no such verb: %u", OP_PROC(h.call.h.op));
        return 2;
    }
    return 0;
}
