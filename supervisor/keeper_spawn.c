/* keeper_spawn.c: one role is born.
 *
 * Privilege: the keeper's own (the role drops it itself, before it reads a byte).  Called by: the keeper, for the supervisor's requests.
 * Assumes: descriptors are ours; the role's number picks one of a const list of binaries, so no name comes from a message.
 * The child shares our memory until execve (no page table is copied, however big we are), so it touches its own stack only; and our table of
 * descriptors until it has taken the few that it needs. */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "ipc/crash.h"
#include "ipc/log.h"
#include "ipc/util.h"
#include "keeper.h"

struct child { const char *path; const char *name; int fds[BIRTH_FD_FIRST + BIRTH_FDS_MAX]; unsigned n; int err; };

static int child_main(void *arg)
{
    struct child *c = arg;
    char *env[] = { (char *)"LC_ALL=C", (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", crash_env(), NULL };
    char *const argv[] = { (char *)c->name, NULL };
    sigset_t none;
    for (int s = 1; s < NSIG; s++)
        signal(s, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    int last = 0;
    for (unsigned i = 0; i < c->n; i++)
        last = c->fds[i] > last ? c->fds[i] : last;
    /* Descriptors are ours as well until here: the many that are held for others are neither copied nor closed. */
    bool good = syscall(SYS_close_range, last + 1, ~0u, CLOSE_RANGE_UNSHARE) == 0;
    for (unsigned i = 0; i < c->n && good; i++)         /* first out of the way of the numbers they shall have */
        good = (c->fds[i] = fcntl(c->fds[i], F_DUPFD_CLOEXEC, HELD_FD_FIRST)) >= 0;
    for (unsigned i = 0; i < c->n && good; i++)
        good = dup2(c->fds[i], (int)i) >= 0;
    if (good && syscall(SYS_close_range, c->n, ~0u, 0) == 0 && setsid() > 0)
        execve(c->path, argv, env);
    c->err = errno;
    _exit(127);
}

int spawn_role(const struct layout *l, const struct held *who, const struct birth *b, int channel, const int *fds, unsigned nfds)
{
    static char stack[65536] __attribute__((aligned(16)));
    char path[320], name[48];
    int pipefd[2], pidfd = -1;
    if (b->role >= ROLE_N || nfds > BIRTH_FDS_MAX || nfds != b->nfds)
        return -EINVAL;
    util_format(name, sizeof name, "bulkhead-%s", role_name(b->role));
    int r = util_format(path, sizeof path, "%s/%s", l->libexec_dir, b->role == ROLE_SUPERVISOR ? l->supervisor : role_name(b->role));
    if (r < 0)
        return r;
    AUTO_CLOSE null = open("/dev/null", O_RDWR | O_CLOEXEC);
    AUTO_CLOSE birth = frame_memfd("birth", b, sizeof *b);
    if (null < 0 || birth < 0)
        return -EMFILE;
    if (pipe2(pipefd, O_CLOEXEC | O_NONBLOCK) < 0)
        return -errno;
    AUTO_CLOSE log_r = pipefd[0];
    AUTO_CLOSE log_w = pipefd[1];                /* non-blocking too: a role loses words rather than time */
    struct child c = { .path = path, .name = name, .fds = { null, null, log_w, channel, birth }, .n = BIRTH_FD_FIRST + nfds };
    memcpy(&c.fds[BIRTH_FD_FIRST], fds, nfds * sizeof *fds);
    pid_t pid = clone(child_main, stack + sizeof stack, CLONE_VM | CLONE_FILES | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &c, &pidfd);
    if (pid < 0)
        return -errno;
    if (c.err) {
        close(pidfd);
        waitpid(pid, NULL, 0);
        log_err("cannot start %s: %s", path, strerror(c.err));
        return -c.err;
    }
    struct held h = *who;
    h.pid = pid;
    h.kind = HELD_PROCESS;
    r = proc_watch(store_put(&h, pidfd, STEAL_FD(&log_r)));
    if (r < 0)
        kill(pid, SIGKILL);
    return r < 0 ? r : pid;
}
