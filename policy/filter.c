/* filter.c: loads a role's filter.  Needs nothing but libc, for the PID-1 stub links it statically. */
#include "policy.h"
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "ipc/util.h"

/* Only with trace: the process would otherwise be dead without a word. */
static void say_blocked(int sig, siginfo_t *si, void *context)
{
    char text[] = "system call     0 is not in this role's policy\n";
    (void)sig, (void)context;
    for (unsigned n = (unsigned)si->si_syscall, i = 16; n && i > 11; n /= 10)
        text[i--] = (char)('0' + n % 10);
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
        _exit(128 + SIGSYS - 1);
    _exit(128 + SIGSYS);
}

static int filter_trap(const struct policy_filter *f, struct sock_filter *copy)
{
    struct sigaction sa = { .sa_flags = SA_SIGINFO };
    sa.sa_sigaction = say_blocked;
    for (unsigned i = 0; i < f->n; i++) {
        copy[i] = f->insns[i];
        if (copy[i].code == (BPF_RET | BPF_K) && copy[i].k == SECCOMP_RET_KILL_PROCESS)
            copy[i].k = SECCOMP_RET_TRAP;
    }
    return sigaction(SIGSYS, &sa, NULL) < 0 ? -errno : 0;
}

#ifdef SANITIZED
/* At its end a locked-in process cannot be looked through for leaks: nobody can attach to it. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "detect_leaks=0"; }
#endif

int policy_filter_load(int id, bool trace)
{
    if (id < 0 || id >= FILTER_N || !policy_filters[id].n)
        return -ENOENT;
    if (!POLICY_HAS_FILTERS)
        return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
    const struct policy_filter *f = &policy_filters[id];
    AUTO_FREE struct sock_filter *copy = trace ? malloc(f->n * sizeof *copy) : NULL;
    struct sock_fprog prog = { .len = f->n, .filter = copy ? copy : (struct sock_filter *)(uintptr_t)f->insns };
    int r = copy ? filter_trap(f, copy) : 0;
    if (r < 0)
        return r;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0)
        return -errno;
    return 0;
}
