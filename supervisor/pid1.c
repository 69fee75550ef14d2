/* pid1.c: process 1 of a guest's pid namespace: starts QEMU, reaps, passes QEMU's end on, and holds what must live as long as QEMU and is a later
 * daemon's: terminals, channels, the read ends of logs, the worker's notes.
 *
 * Privilege: none: it has the guest's uid, no capabilities and no_new_privs already, and shuts itself in further below.
 * Called by: hand-launch, by exec.  A SIGTERM to it goes on to QEMU.  Its end ends everything in the guest's namespace: a SIGKILL to it is how a guest
 * is destroyed that does not heed that.
 * Exit status: QEMU's, or 128 + the signal that killed QEMU; 127 when QEMU could not be started. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include "hand_launch.h"
#include "ipc/util.h"
#include "policy/policy.h"

#define FILTER_MAX 4096
#define LOOK_AGAIN_MS 10
#define LOG_WAIT_MS 2000        /* a log role that died is there again in milliseconds, or in half a second if it has done so often */

static char *const environment[] = { "LC_ALL=C", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/run", "TMPDIR=/run",
    "XDG_DATA_HOME=/run/.local/share", "XDG_CACHE_HOME=/run/.cache", "XDG_CONFIG_HOME=/run/.config", "XDG_RUNTIME_DIR=/run" };

static void fail(const char *what, int error) __attribute__((noreturn));
static void fail(const char *what, int error)
{
    struct stub_fail f = { .error = -error };
    snprintf(f.text, sizeof f.text, "%s", what);
    if (send(STUB_FD_STATUS, &f, sizeof f, MSG_NOSIGNAL) < 0)
        _exit(126);
    _exit(127);
}

static void filter_load(void)
{
    struct stat st;
    if (fstat(STUB_FD_FILTER, &st) < 0 || st.st_size <= 0 || (size_t)st.st_size > FILTER_MAX * sizeof(struct sock_filter))
        fail("cannot read the system call filter", EPROTO);
    void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, STUB_FD_FILTER, 0);
    struct sock_fprog prog = { .len = (unsigned short)((size_t)st.st_size / sizeof(struct sock_filter)), .filter = p };
    if (p == MAP_FAILED || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0)
        fail("cannot load the system call filter", errno);
}

/* The length of NAME= at the beginning of word, or 0. */
static size_t variable(const char *word)
{
    size_t n = strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    return n && word[n] == '=' ? n + 1 : 0;
}

/* Adds to the environment, or replaces what is there by that name. */
static void set_variable(char **env, char *word)
{
    while (*env && strncmp(*env, word, variable(word)))
        env++;
    *env = word;
}

static void become_qemu(const struct stub_plan *plan, char *args) __attribute__((noreturn));
static void become_qemu(const struct stub_plan *plan, char *args)
{
    char **argv = calloc(plan->args + 1, sizeof *argv), **env = calloc(plan->args + ARRAY_N(environment) + 1, sizeof *env);
    if (!argv || !env)
        fail("out of memory", ENOMEM);
    memcpy(env, environment, sizeof environment);
    for (uint32_t i = 0, n = 0; i < plan->args; i++, args += strlen(args) + 1) {
        if (n || !variable(args))
            argv[n++] = args;
        else
            set_variable(env, args);
    }
    setsid();
    if (plan->no_pidns)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    syscall(SYS_close_range, plan->held_from, ~0u, 0);
    if (send(STUB_FD_STATUS, "q", 1, MSG_NOSIGNAL) != 1)
        _exit(127);
    if (plan->has_filter)
        filter_load();
    execve(plan->emulator, argv, env);
    fail(plan->emulator, errno);
}

/* ---- what is held ----
 * A later daemon comes through the door for all of it.  Until then nobody may read the streams among it, terminals and the pipes of logs, and a full
 * one would make the guest wait, and QEMU log a byte of a terminal anew with every try to write it.  So while no worker has one (its lock tells), what
 * is too much for it is thrown away here.  A log whose role has died is its next instance's, if that comes in time. */

struct stream { int fd, keep /* bytes */; uint64_t patience /* ms */, since /* when nobody read it and it had more; 0: it was read at the last look */; };
static struct stream streams[FRAME_FDS_MAX];
static struct launch_fd held_as[FRAME_FDS_MAX];
static int held_fd[FRAME_FDS_MAX], door = -1, visitor = -1;
static unsigned streams_n, held;

/* Each visitor gets it; the last one may bring what takes its place. */
static void hand_over(int ep)
{
    struct frame_head h = { .kind = FRAME_REPLY, .op = OP_IN(IN_HAND_PIDFD) };
    struct epoll_event ev = { .events = EPOLLIN };
    int fd = accept4(door, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    util_closep(&visitor);
    visitor = ev.data.fd = fd;
    if (frame_send(fd, &h, held_as, held * sizeof *held_as, held_fd, held) < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) < 0)
        util_closep(&visitor);
}

/* Returns whether to look again soon: a stream fills up and has a reader, which may be dying, or may get one; when it is full no wake-up comes. */
static bool streams_drain(void)
{
    uint64_t now = util_now_ms();
    bool again = false;
    char buf[4096];
    for (struct stream *s = streams; s < streams + streams_n; s++) {
        struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
        int n = 0;
        if (ioctl(s->fd, FIONREAD, &n) < 0 || fcntl(s->fd, F_GETLK, &l) < 0)
            continue;
        if (l.l_type != F_UNLCK)
            s->since = 0;
        if (n <= s->keep)
            continue;
        if (l.l_type == F_UNLCK && !s->since)
            s->since = now;
        bool wait = !s->since || now - s->since < s->patience;
        again |= wait;
        for (ssize_t r = 1; !wait && n > s->keep / 2 && r > 0; n -= (int)r)
            r = read(s->fd, buf, sizeof buf);
    }
    return again;
}

static void stream_add(int ep, int fd, int kind)
{
    struct epoll_event ev = { .events = EPOLLIN | EPOLLET, .data.fd = fd };
    struct stream s = { .fd = fd, .keep = TERMINAL_KEEP_BYTES };
    struct termios t;
    if (kind == BFD_LOG_PIPE) {
        /* It can be full with little more than half of its bytes: a write that does not fit into the last page begins the next one; and the first may be half read. */
        s.keep = fcntl(fd, F_GETPIPE_SZ) / 2 - getpagesize();
        s.patience = LOG_WAIT_MS;
    } else if (kind != BFD_CHARDEV || tcgetattr(fd, &t) < 0) {
        return;
    }
    /* Who else reads it may be quicker. */
    if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0 && epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) == 0)
        streams[streams_n++] = s;
}

/* All of it anew, or nothing: the guest has other devices now. */
static void take_over(int ep)
{
    static _Alignas(8) uint8_t buf[FRAME_BODY_MAX];
    struct frame_head done = { .kind = FRAME_REPLY, .op = OP_IN(IN_HAND_SETTLE) };
    struct frame f = FRAME_INIT;
    int r = frame_recv(visitor, &f, buf, sizeof buf);
    if (r == -EAGAIN)
        return;
    if (r > 0 && f.h.op == done.op && !(f.h.flags & FRAME_BIG) && f.body_len == f.h.nfds * sizeof *held_as && f.h.nfds <= ARRAY_N(held_fd)) {
        for (unsigned i = 0; i < streams_n; i++)
            epoll_ctl(ep, EPOLL_CTL_DEL, streams[i].fd, NULL);      /* others have it open: its end would not take it away */
        for (unsigned i = 0; i < held; i++)
            close(held_fd[i]);
        memcpy(held_as, f.body, f.body_len);
        for (held = streams_n = 0; held < f.h.nfds; held++) {
            held_fd[held] = frame_take_fd(&f, held);
            stream_add(ep, held_fd[held], held_as[held].kind);
        }
        frame_send(visitor, &done, NULL, 0, NULL, 0);
    }
    if (r > 0)
        frame_done(&f);
    util_closep(&visitor);
}

/* Children's ends wake the stub by *children, new bytes of the streams and visitors at the door by the epoll descriptor that is returned. */
static int wait_begin(int *children)
{
    struct epoll_event ev = { .events = EPOLLIN };
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGPIPE);       /* of a log that nobody has any more */
    sigprocmask(SIG_BLOCK, &set, NULL);
    int ep = epoll_create1(EPOLL_CLOEXEC);
    *children = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    ev.data.fd = *children;
    if (ep < 0 || *children < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, *children, &ev) < 0)
        return -1;
    ev.data.fd = door;
    if (fcntl(door, F_GETFD) >= 0 && epoll_ctl(ep, EPOLL_CTL_ADD, door, &ev) < 0)       /* a QEMU that is asked what it can has none */
        return -1;
    for (unsigned i = 0; i < held; i++)
        stream_add(ep, held_fd[i], held_as[i].kind);
    return ep;
}

/* ---- helpers ---- */

/* A helper that ended before QEMU: the guest goes on without it; its log says so. arg: "PID:NAME", as hand-launch wrote it. */
static void obituary(char **arg, pid_t pid, int status)
{
    struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };
    char text[160];
    for (; *arg; arg++)
        if (atoi(*arg) == pid && strchr(*arg, ':')) {
            int n = snprintf(text, sizeof text, "helper %s ended: %s %d\n", strchr(*arg, ':') + 1, WIFSIGNALED(status) ? "killed by signal" : "exit status",
                             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
            /* One that nobody reads may be full, and this process may be who empties it. */
            if (n > 0 && poll(&p, 1, 0) == 1 && p.revents & POLLOUT && write(STDERR_FILENO, text, (size_t)n) < 0)
                return;
        }
}

int main(int argc, char **argv)
{
    struct stat st;
    prctl(PR_SET_NAME, "bulkhead-pid1");
    /* SAFETY: QEMU has the same uid.  Its exec makes it dumpable again; this process stays closed to it, with what it holds and says. */
    prctl(PR_SET_DUMPABLE, 0);
    for (int fd = STUB_FD_PLAN; fd < STUB_FD_FREE; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (fstat(STUB_FD_PLAN, &st) < 0 || st.st_size < (off_t)sizeof(struct stub_plan))
        return 127;
    struct stub_plan *plan = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, STUB_FD_PLAN, 0);
    if (plan == MAP_FAILED || plan->magic != STUB_MAGIC)
        return 127;
    pid_t qemu = fork();
    if (qemu < 0)
        fail("cannot fork", errno);
    if (qemu == 0)
        become_qemu(plan, (char *)(plan + 1));
    /* A descriptor of QEMU's that stayed open here would keep its peers from seeing QEMU close it. */
    unsigned held_from = plan->held_from;
    door = (int)held_from;
    memcpy(held_as, plan->held_as, sizeof held_as);
    for (held = 0; held < plan->held && held < ARRAY_N(held_fd); held++)
        held_fd[held] = door + 1 + (int)held;
    munmap(plan, (size_t)st.st_size);
    syscall(SYS_close_range, STUB_FD_PLAN, STUB_FD_STATUS - 1, 0);
    syscall(SYS_close_range, STUB_FD_STATUS + 1, held_from - 1, 0);
    ssize_t n;
    char known;
    do
        n = read(STUB_FD_STATUS, &known, 1);
    while (n < 0 && errno == EINTR);
    if (n != 1)
        _exit(127);
    close(STUB_FD_STATUS);
    int children, ep = wait_begin(&children);
    /* From here on the stub waits, and nothing else. */
    if (ep < 0 || policy_filter_load(ROLE_PID1, false) < 0)
        _exit(127);
    for (;;) {
        struct epoll_event ev = { 0 };
        struct signalfd_siginfo one;
        int status;
        pid_t p;
        while ((p = wait4(-1, &status, WNOHANG, NULL)) > 0)
            if (p != qemu)
                obituary(argv + (argc > 2 ? 2 : argc), p, status);
            else
                _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
        if (p < 0 && errno == ECHILD)
            _exit(127);
        if (epoll_wait(ep, &ev, 1, streams_drain() ? LOOK_AGAIN_MS : -1) <= 0)
            continue;
        if (ev.data.fd == door)
            hand_over(ep);
        else if (ev.data.fd == visitor)
            take_over(ep);
        else if (ev.data.fd == children && read(children, &one, sizeof one) == sizeof one && one.ssi_signo == SIGTERM)
            kill(qemu, SIGTERM);
    }
}
