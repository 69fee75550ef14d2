/* test-sandbox: for each role, a child enters that role's exact sandbox and tries what attempts.def forbids; and what the kernel says of
 * it (ids, capabilities, limits, namespaces) is compared with its profile.
 *
 * As root the sandbox is the system daemon's, with uids of the role's own; as an ordinary user the session's. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "attempts.h"
#include "ipc/log.h"
#include "ipc/util.h"
#include "policy/sandbox.h"
#include "tests/tap.h"

#define TEST_UID 987654u    /* nobody's */
static bool is_root;
static int voids[5];        /* user mnt net ipc uts; -1 none */

/* Namespaces as the keeper makes them, but for the empty root, which the mount namespace's own test looks at. */
static int void_child(int ready, int done)
{
    char c = 0;
    if (unshare((is_root ? 0 : CLONE_NEWUSER) | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) < 0)
        return 1;
    return write(ready, "r", 1) != 1 || read(done, &c, 1) < 0;
}

static bool make_voids(void)
{
    static const char *const names[] = { "user", "mnt", "net", "ipc", "uts" };
    int up[2], down[2];
    char c;
    for (int i = 0; i < 5; i++)
        voids[i] = -1;
    if (pipe2(up, O_CLOEXEC) < 0 || pipe2(down, O_CLOEXEC) < 0)
        return false;
    pid_t pid = fork();
    if (pid == 0) {
        close(up[0]);
        close(down[1]);
        _exit(void_child(up[1], down[0]));
    }
    close(up[1]);
    close(down[0]);
    bool good = read(up[0], &c, 1) == 1;
    for (int i = is_root; good && i < 5; i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/%d/ns/%s", pid, names[i]);
        AUTO_CLOSE fd = open(path, O_RDONLY | O_CLOEXEC);
        voids[i] = fcntl(fd, F_DUPFD_CLOEXEC, 100);     /* out of the way of the birth's numbers */
    }
    close(up[0]);
    close(down[1]);
    waitpid(pid, NULL, 0);
    return good;
}

/* A birth with the void namespaces and a folder, at the numbers that birth.h says. */
static void make_birth(struct birth *b, int role)
{
    const struct policy_profile *p = policy_profile(role);
    bool own = is_root && p->ids != IDS_ROOT;
    *b = (struct birth){ .magic = BIRTH_MAGIC, .role = (uint16_t)role, .uid = own ? TEST_UID : is_root ? 0 : UINT32_MAX, .gid = own ? TEST_UID : is_root ? 0 : UINT32_MAX,
        .flags = is_root ? 0 : BIRTH_SESSION };
    for (int i = 0; i < 5; i++)
        if (voids[i] >= 0) {
            dup2(voids[i], BIRTH_FD_FIRST + b->nfds);
            b->fd_kind[b->nfds++] = (uint8_t)(BFD_VOID_USER + i);
        }
    int dir = open("/var/tmp", O_RDONLY | O_DIRECTORY);
    dup2(dir, BIRTH_FD_FIRST + b->nfds);
    b->fd_kind[b->nfds++] = BFD_DIR;
}

static int enter(int filter, uint32_t flags)
{
    struct birth b;
    prctl(PR_SET_DUMPABLE, 1);
    /* These are entered by a process itself, after all else was taken from it. */
    if (filter >= ROLE_N || filter == ROLE_PID1)
        return policy_filter_load(filter, flags & BIRTH_TRACE);
    make_birth(&b, filter);
    b.flags |= flags;
    sandbox_close_strangers(&b);
    return sandbox_enter(filter, &b);
}

static const char *name_of(int filter)
{
    return policy_filters[filter].name;
}

static const char *errno_name(int e)
{
    static char other[16];
    switch (e) {
    case 0: return "ok";
    case EPERM: return "EPERM";
    case EACCES: return "EACCES";
    case ENOSYS: return "ENOSYS";
    case ENOTTY: return "ENOTTY";
    case EINVAL: return "EINVAL";
    }
    snprintf(other, sizeof other, "errno %d", e);
    return other;
}

static const char *outcome(int filter, int (*try)(void))
{
    int status;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        struct rlimit none = { 0, 0 };
        setrlimit(RLIMIT_CORE, &none);
        close(STDERR_FILENO);       /* each would say what a session's sandbox lacks */
        if (enter(filter, 0) < 0)
            _exit(255);
        _exit(try());
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return "no child";
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGSYS ? "killed" : "died of another signal";
    return WEXITSTATUS(status) == 255 ? "no sandbox" : errno_name(WEXITSTATUS(status));
}

static bool as_wanted(const char *got, const char *want)
{
    if (!strcmp(want, "passed"))
        return strcmp(got, "killed") && strcmp(got, "no sandbox") && strcmp(got, "no child");
    return !strcmp(got, want);
}

static void try_all(int filter)
{
    int bad = 0, n = 0;
    for (const struct attempt *a = attempts; a->name; a++, n++) {
        const char *want = a->worker, *got = outcome(filter, a->try);
        for (size_t i = 0; i < ARRAY_N(a->but) && a->but[i].want; i++)
            if (a->but[i].filter == filter)
                want = a->but[i].want;
        if (as_wanted(got, want))
            continue;
        tap_note("%s: %s: %s, should be %s", name_of(filter), a->name, got, want);
        bad++;
    }
    tap_ok(!bad, "%s: %d things it may not do", name_of(filter), n);
}

/* A line of /proc/PID/status. */
static const char *status_line(pid_t pid, const char *key)
{
    static char line[256];
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, key, strlen(key)) && line[strlen(key)] == ':') {
            line[strcspn(line, "\n")] = 0;
            fclose(f);
            return line + strlen(key) + 1 + strspn(line + strlen(key) + 1, " \t");
        }
    if (f)
        fclose(f);
    return "";
}

/* The second number of a line of /proc/PID/limits; -1 (the largest) when it cannot be told, so that no test passes by it. */
static unsigned long hard_limit(pid_t pid, const char *key)
{
    char path[64], line[256];
    unsigned long soft, hard = ~0ul, v;
    snprintf(path, sizeof path, "/proc/%d/limits", pid);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, key, strlen(key)) && sscanf(line + strlen(key), "%lu %lu", &soft, &v) == 2)
            hard = v;
    if (f)
        fclose(f);
    return hard;
}

static uint64_t inode(pid_t pid, const char *ns)
{
    char path[64];
    struct stat st;
    snprintf(path, sizeof path, "/proc/%d/ns/%s", pid, ns);
    return stat(path, &st) < 0 ? 0 : st.st_ino;
}

static void look_at(int role)
{
    static const struct { uint32_t bit; const char *name; } ns[] = { { NS_USER, "user" }, { NS_MNT, "mnt" }, { NS_NET, "net" }, { NS_IPC, "ipc" }, { NS_UTS, "uts" } };
    const struct policy_profile *p = policy_profile(role);
    int up[2], down[2], level = 0;
    char c;
    if (pipe2(up, O_CLOEXEC) < 0 || pipe2(down, O_CLOEXEC) < 0)
        exit(1);
    pid_t pid = fork();
    if (pid == 0) {
        /* Out of the way of the birth's numbers, which it closes when it is done with them. */
        int u = dup2(up[1], 3), d = dup2(down[0], 4);
        level = enter(role, 0);
        if (write(u, &level, sizeof level) == sizeof level && read(d, &c, 1) < 0)
            _exit(1);
        _exit(0);
    }
    close(up[1]);
    close(down[0]);
    if (read(up[0], &level, sizeof level) != sizeof level)
        level = -1;
    tap_int(is_root ? level : level & ~(SANDBOX_IDS | SANDBOX_NAMESPACES), is_root ? SANDBOX_ALL : SANDBOX_ALL & ~(SANDBOX_IDS | SANDBOX_NAMESPACES),
        "%s: its level is whole%s", role_name(role), is_root ? "" : " but for what a session cannot have");
    uint64_t eff = strtoull(status_line(pid, "CapEff"), NULL, 16), prm = strtoull(status_line(pid, "CapPrm"), NULL, 16),
        inh = strtoull(status_line(pid, "CapInh"), NULL, 16), bnd = strtoull(status_line(pid, "CapBnd"), NULL, 16), amb = strtoull(status_line(pid, "CapAmb"), NULL, 16);
    tap_ok(!(eff & ~p->caps) && !(prm & ~p->caps) && !inh && !amb && (!is_root || !(bnd & ~p->caps)), "%s: no capability but its profile's", role_name(role));
    tap_str(status_line(pid, "NoNewPrivs"), "1", "%s: gains nothing by exec", role_name(role));
    tap_str(status_line(pid, "Seccomp"), "2", "%s: has a filter", role_name(role));
    if (is_root && p->ids != IDS_ROOT) {
        tap_str(status_line(pid, "Uid"), "987654\t987654\t987654\t987654", "%s: all its uids", role_name(role));
        tap_str(status_line(pid, "Gid"), "987654\t987654\t987654\t987654", "%s: all its gids", role_name(role));
    }
    if (is_root)
        tap_str(status_line(pid, "Groups"), "", "%s: no groups", role_name(role));
    for (size_t i = is_root; is_root && i < ARRAY_N(ns); i++)
        tap_ok((inode(pid, ns[i].name) != inode(getpid(), ns[i].name)) == !!(p->namespaces & ns[i].bit), "%s: %s namespace", role_name(role), ns[i].name);
    if (p->nofile != LIMIT_KEEP)
        tap_ok(hard_limit(pid, "Max open files") <= p->nofile, "%s: its limit of descriptors", role_name(role));
    if (p->nproc != LIMIT_KEEP)
        tap_ok(hard_limit(pid, "Max processes") <= p->nproc, "%s: its limit of processes", role_name(role));
    tap_ok(hard_limit(pid, "Max core file size") == 0, "%s: leaves no core file", role_name(role));
    close(up[0]);
    close(down[1]);
    waitpid(pid, NULL, 0);
}

static const struct attempt *attempt_find(const char *name)
{
    const struct attempt *a = attempts;
    while (a->name && strcmp(a->name, name))
        a++;
    return a;
}

/* A blocked call is named when tracing is on. */
static void look_at_trace(void)
{
    int p[2], status;
    char text[256] = "";
    if (pipe2(p, O_CLOEXEC) < 0)
        exit(1);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(p[1], 2);
        enter(ROLE_XMLC, BIRTH_TRACE);
        attempt_find("sethostname")->try();
        _exit(0);
    }
    close(p[1]);
    ssize_t n = util_read_full(p[0], text, sizeof text - 1);
    text[n > 0 ? n : 0] = 0;
    waitpid(pid, &status, 0);
    char want[32];
    snprintf(want, sizeof want, "system call %5d is not", SYS_sethostname);
    tap_ok(strstr(text, want) != NULL, "a blocked call is named when traced");
    tap_int(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 128 + SIGSYS, "and the process ends");
    close(p[0]);
}

/* Root must not stay root by an oversight. */
static int stays_root(void)
{
    struct birth b;
    make_birth(&b, ROLE_GATEWAY);
    b.uid = b.gid = 0;
    return sandbox_enter(ROLE_GATEWAY, &b) == -EINVAL ? 0 : 1;
}

/* Second line, behind the harmless arguments of attempts.c: as root nothing is tried outside namespaces of our own, whatever a filter lets
 * through.  For an ordinary user, what an ordinary user may do is the wall. */
static bool wall_off(void)
{
    if (unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET) < 0)
        return false;
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

int main(void)
{
#ifdef SANITIZED
    tap_skip_all("sanitizers need a weaker filter");
#endif
    is_root = geteuid() == 0;
    if (is_root && !wall_off())
        tap_skip_all("cannot wall the attempts off from this machine");
    log_threshold = LOG_L_ERR + 1;
    if (!make_voids())
        tap_note("no namespaces for an ordinary user here: without them");
    for (int i = ROLE_SUPERVISOR; i < FILTER_N; i++)
        try_all(i);
    for (int i = ROLE_SUPERVISOR; i < ROLE_N; i++)
        if (i != ROLE_PID1)
            look_at(i);
    look_at_trace();
    if (is_root) {
        int status;
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0) {
            close(STDERR_FILENO);       /* its complaint is expected */
            _exit(stays_root());
        }
        waitpid(pid, &status, 0);
        tap_int(status, 0, "a worker that is told to be root refuses to start");
    }
    return tap_done();
}
