/* pid1.c: process 1 of a guest's pid namespace: starts QEMU, reaps, passes QEMU's end on, and holds what must live as long as QEMU.
 *
 * Privilege: none: it has the guest's uid, no capabilities and no_new_privs already, and shuts itself in further below.
 * Called by: hand-launch, by exec.  Its end ends everything in the guest's namespace; a SIGKILL to it is how a guest is destroyed.
 * Exit status: QEMU's, or 128 + the signal that killed QEMU; 127 when QEMU could not be started. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "hand_launch.h"
#include "policy/policy.h"

#define FILTER_MAX 4096

static char *const environment[] = { "LC_ALL=C", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/run", "TMPDIR=/run",
    "XDG_DATA_HOME=/run/.local/share", "XDG_CACHE_HOME=/run/.cache", "XDG_CONFIG_HOME=/run/.config", "XDG_RUNTIME_DIR=/run", NULL };

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

static void become_qemu(const struct stub_plan *plan, char *args) __attribute__((noreturn));
static void become_qemu(const struct stub_plan *plan, char *args)
{
    char **argv = calloc(plan->args + 1, sizeof *argv);
    if (!argv)
        fail("out of memory", ENOMEM);
    for (uint32_t i = 0; i < plan->args; i++, args += strlen(args) + 1)
        argv[i] = args;
    setsid();
    if (plan->no_pidns)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    syscall(SYS_close_range, plan->held_from, ~0u, 0);
    if (send(STUB_FD_STATUS, "q", 1, MSG_NOSIGNAL) != 1)
        _exit(127);
    if (plan->has_filter)
        filter_load();
    execve(plan->emulator, argv, environment);
    fail(plan->emulator, errno);
}

int main(void)
{
    struct stat st;
    prctl(PR_SET_NAME, "bulkhead-pid1");
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
    /* From here on the stub waits for children, and nothing else. */
    if (policy_filter_load(ROLE_PID1, false) < 0)
        _exit(127);
    for (int status;;) {
        pid_t p = wait4(-1, &status, 0, NULL);
        if (p == qemu || (p < 0 && errno == ECHILD))
            _exit(p < 0 ? 127 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }
}
