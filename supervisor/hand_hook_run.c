/* hand_hook_run.c: one hook script at work.  Part of hand-hook, with its privilege.
 *
 * It begins in a session of its own, with three descriptors and nothing of ours; what it says is read here and bounded.  A process of its own attends to it, and
 * whatever the script starts becomes that one's when its parent ends (a sub-reaper): so all of it can be found when time is up, and nothing else. */
#include "hand_hook.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "ipc/log.h"
#include "ipc/util.h"

enum { KILL_WAIT_MS = 2000, PIPE_TURNS = 64 /* reads of a pipe at a time */ };

/* Should: leave the script nothing but its three descriptors, and the signals of any other program. Must not: return. */
static void become(const struct hook_run *r, int out, int err) __attribute__((noreturn));
static void become(const struct hook_run *r, int out, int err)
{
    char *const argv[] = { (char *)(uintptr_t)r->path, (char *)(uintptr_t)r->name, (char *)(uintptr_t)r->op, (char *)(uintptr_t)r->subop, (char *)(uintptr_t)r->extra, NULL };
    char *const env[] = { (char *)(uintptr_t)"LC_ALL=C", (char *)(uintptr_t)"PATH=" HOOK_PATH, NULL };
    char self[40] = "/dev/null";
    sigset_t none;
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int s = 1; s < NSIG; s++)
        signal(s, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (r->text >= 0)       /* opened anew: each script reads from the beginning */
        util_format(self, sizeof self, "/proc/self/fd/%d", r->text);
    int in = open(self, O_RDONLY);
    umask(022);
    if (in < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0 || syscall(SYS_close_range, 3, ~0u, 0) < 0 || chdir("/") < 0)
        _exit(127);
    execve(r->path, argv, env);
    int e = errno;
    dprintf(2, "libvirt:  error : cannot execute binary %s: %s\n", r->path, strerror(e));
    _exit(e == ENOENT ? 127 : 126);
}

/* What there is to read, a bounded number of reads at a time. false: that was its end. */
static bool take_out(struct hook_run *r, int fd, bool *floods)
{
    char buf[65536];
    for (int i = 0; i < PIPE_TURNS; i++) {
        ssize_t n = read(fd, buf, sizeof buf);
        if (n <= 0)
            return n < 0 && (errno == EAGAIN || errno == EINTR);
        *floods |= r->wants_output && r->out_len + (size_t)n > sizeof r->out;
        if (r->wants_output && !*floods) {
            memcpy(r->out + r->out_len, buf, (size_t)n);
            r->out_len += (size_t)n;
        }
    }
    return true;
}

static bool take_words(struct hook_run *r, int fd)
{
    char buf[4096 + HOOK_WORDS_MAX];
    for (int i = 0; i < PIPE_TURNS; i++) {
        size_t have = strlen(r->words);
        memcpy(buf, r->words, have);
        ssize_t n = read(fd, buf + have, 4096);
        if (n <= 0)
            return n < 0 && (errno == EAGAIN || errno == EINTR);
        for (ssize_t k = 0; k < n; k++)
            buf[have + (size_t)k] = buf[have + (size_t)k] ? buf[have + (size_t)k] : '?';
        size_t all = have + (size_t)n, keep = all < HOOK_WORDS_MAX ? all : HOOK_WORDS_MAX;
        memcpy(r->words, buf + all - keep, keep);
        r->words[keep] = 0;
    }
    return true;
}

/* A number that the end of the list cut is none. */
static bool kill_children(void)
{
    char path[64], list[4096], *at = list;
    util_format(path, sizeof path, "/proc/self/task/%d/children", getpid());
    AUTO_CLOSE fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : util_read_full(fd, list, sizeof list - 1);
    list[n > 0 ? n : 0] = 0;
    for (long pid; (pid = strtol(at, &at, 10)) > 0 && *at == ' '; )
        kill((pid_t)pid, SIGKILL);
    return n > 0;
}

/* The script, and what has become ours, until there is none: the children of one that is killed are ours next. */
static void kill_all(pid_t script)
{
    kill(-script, SIGKILL);
    while (kill_children())
        waitpid(-1, NULL, 0);
}

static int poll_ms(uint64_t deadline)
{
    uint64_t now = util_now_ms();
    return now >= deadline ? 0 : deadline - now > 60000 ? 60000 : (int)(deadline - now);
}

static enum hook_end watch(struct hook_run *r, int pidfd, int out, int err)
{
    enum { SCRIPT, OUT, ERR, ENDS, N };
    struct pollfd p[N] = { { .fd = pidfd, .events = POLLIN }, { .fd = out, .events = POLLIN }, { .fd = err, .events = POLLIN }, { .fd = r->ends, .events = POLLIN } };
    bool floods = false;
    for (;;) {
        int left = poll_ms(r->deadline_ms);
        if (poll(p, N, left) < 0 && errno != EINTR)
            return HOOK_ERROR;
        if (p[OUT].fd >= 0 && p[OUT].revents && !take_out(r, out, &floods))
            p[OUT].fd = -1;
        if (p[ERR].fd >= 0 && p[ERR].revents && !take_words(r, err))
            p[ERR].fd = -1;
        if (floods)
            return HOOK_FLOODS;
        if (p[ENDS].revents)
            return HOOK_GIVEN_UP;
        if (p[SCRIPT].revents) {        /* what it wrote last; who still has the pipes is not waited for */
            take_out(r, out, &floods);
            take_words(r, err);
            return floods ? HOOK_FLOODS : HOOK_EXITED;
        }
        if (left == 0)
            return HOOK_LATE;
    }
}

static void attend(struct hook_run *r)
{
    int out[2], err[2], status = 0;
    if (pipe2(out, O_CLOEXEC | O_NONBLOCK) < 0 || pipe2(err, O_CLOEXEC | O_NONBLOCK) < 0) {
        r->value = errno;
        return;
    }
    fcntl(out[1], F_SETFL, 0);
    fcntl(err[1], F_SETFL, 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid_t pid = fork();
    if (pid == 0)
        become(r, out[1], err[1]);
    close(out[1]);
    close(err[1]);
    int pidfd = pid < 0 ? -1 : (int)syscall(SYS_pidfd_open, pid, 0);
    enum hook_end end = pidfd < 0 ? HOOK_ERROR : watch(r, pidfd, out[0], err[0]);
    r->value = errno;
    r->end = end;
    if (pid > 0 && end != HOOK_EXITED)
        kill_all(pid);
    else if (pid > 0 && waitpid(pid, &status, 0) == pid) {
        r->value = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
        r->end = WIFSIGNALED(status) ? HOOK_KILLED : HOOK_EXITED;
    }
}

struct hook_run *hook_room(void)
{
    void *p = mmap(NULL, sizeof(struct hook_run), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

void hook_run(struct hook_run *r)
{
    uint64_t end = r->deadline_ms + KILL_WAIT_MS;
    r->end = HOOK_ERROR;
    r->value = ECHILD;
    r->words[0] = 0;
    r->out_len = 0;
    pid_t pid = fork();
    if (pid == 0) {
        close(BIRTH_FD_CHANNEL);
        attend(r);
        _exit(0);
    }
    AUTO_CLOSE pidfd = pid < 0 ? -1 : (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd p = { .fd = pidfd, .events = POLLIN };
    if (pidfd < 0)
        r->value = errno;
    if (pid > 0 && pidfd < 0)
        kill(pid, SIGKILL);         /* and the script with it */
    while (pidfd >= 0 && !p.revents && util_now_ms() < end)
        poll(&p, 1, poll_ms(end));
    if (pid > 0 && (p.revents || pidfd < 0))
        waitpid(pid, NULL, 0);
    else if (pid > 0)
        log_err("what a hook script has started does not end");
}
