/* hand_hook_run.c: one hook script at work.  Part of hand-hook, with its privilege.
 *
 * It begins in a session of its own, with three descriptors and nothing of ours; what it says is read here and bounded.  Whatever it starts becomes this
 * process's when its parent ends (a sub-reaper), so that all of it can be found when time is up. */
#include "hand_hook.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
        *floods |= r->wants_output && r->out_len + (size_t)n > HOOK_TEXT_MAX;
        char *more = r->wants_output && !*floods ? realloc(r->out, r->out_len + (size_t)n) : NULL;
        if (more) {
            r->out = more;
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

/* The script, and what has become ours, until there is none: the children of one that is killed are ours next. */
static void kill_all(pid_t script)
{
    AUTO_CLOSE self = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    kill(-script, SIGKILL);
    for (uint64_t end = util_now_ms() + KILL_WAIT_MS; util_now_ms() < end;) {
        pid_t child = self < 0 ? 0 : proc_child(self, getpid());
        if (child > 0)
            kill(child, SIGKILL);
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
        if (child <= 0)
            return;
        usleep(1000);
    }
    log_err("what a hook script has started does not end");
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

enum hook_end hook_run(struct hook_run *r, int *value)
{
    int out[2], err[2], status = 0;
    r->out = NULL;
    r->out_len = 0;
    r->words[0] = 0;
    if (pipe2(out, O_CLOEXEC) < 0)
        return *value = errno, HOOK_ERROR;
    AUTO_CLOSE out_r = out[0];
    AUTO_CLOSE out_w = out[1];
    if (pipe2(err, O_CLOEXEC) < 0)
        return *value = errno, HOOK_ERROR;
    AUTO_CLOSE err_r = err[0];
    AUTO_CLOSE err_w = err[1];
    fcntl(out_r, F_SETFL, O_NONBLOCK);
    fcntl(err_r, F_SETFL, O_NONBLOCK);
    pid_t pid = fork();
    if (pid == 0)
        become(r, out_w, err_w);
    if (pid < 0)
        return *value = errno, HOOK_ERROR;
    util_closep(&out_w);
    util_closep(&err_w);
    AUTO_CLOSE pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    enum hook_end end = pidfd < 0 ? HOOK_ERROR : watch(r, pidfd, out_r, err_r);
    *value = errno;
    if (end != HOOK_EXITED) {
        kill_all(pid);
        return end;
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    *value = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    return WIFSIGNALED(status) ? HOOK_KILLED : HOOK_EXITED;
}
