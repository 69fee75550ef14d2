/* hand-launch with a real QEMU: what is in force around it, what it can see, what is refused, and that nothing is left. */
#include <dirent.h>
#include <sched.h>
#include <sys/mount.h>
#include "hand-launch.h"

static bool line_is(const char *text, const char *key, const char *value)
{
    const char *p = strstr(text, key);
    return p && !strncmp(p + strlen(key), value, strlen(value));
}

/* What the kernel says of QEMU and the stub */
static void credentials(void)
{
    const char *s = slurp(done.qemu_pid, "status");
    char ids[64], nspid[32];
    snprintf(ids, sizeof ids, "\t%u\t%u\t%u\t%u", UID, UID, UID, UID);
    snprintf(nspid, sizeof nspid, "\t%d\t2", done.qemu_pid);
    tap_ok(line_is(s, "CapEff:", "\t0000000000000000") && line_is(s, "CapPrm:", "\t0000000000000000") && line_is(s, "CapBnd:", "\t0000000000000000") && line_is(s, "CapAmb:", "\t0000000000000000"), "no capability in any set");
    tap_ok(!root || (line_is(s, "Uid:", ids) && line_is(s, "Gid:", ids) && line_is(s, "Groups:", "\t \n")), "the guest's ids and no group");
    tap_ok(line_is(s, "NoNewPrivs:", "\t1"), "no new privileges");
    tap_ok(!(done.sandbox & LAUNCH_HAS_FILTER) || line_is(s, "Seccomp:", "\t2"), "a system call filter");
    if (done.sandbox & LAUNCH_HAS_PIDNS)
        tap_ok(line_is(s, "NSpid:", nspid), "second in its pid namespace");
    else
        tap_note("no pid namespace here");
    s = slurp(done.pid, "status");
    tap_ok(line_is(s, "Name:", "\tbulkhead-pid1") && line_is(s, "CapBnd:", "\t0000000000000000") && line_is(s, "Seccomp:", "\t2"), "the stub has nothing either");
}

static void descriptors(void)
{
    char path[64];
    int nfd = 0, odd = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", done.qemu_pid);
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d)); ) {
        char t[128];
        ssize_t k = readlinkat(dirfd(d), e->d_name, t, sizeof t - 1);
        if (k <= 0)
            continue;
        t[k] = 0;
        nfd++;
        odd += strstr(t, "hostname") != NULL || strstr(t, "memfd:launch") != NULL || strstr(t, "/roles") != NULL;
    }
    if (d)
        closedir(d);
    tap_ok(nfd >= 4 && nfd < 30 && odd == 0, "QEMU has its own descriptors only (%d)", nfd);
}

/* QEMU sees next to nothing of the host's files. */
static void view(void)
{
    const char *s = slurp(done.qemu_pid, "mounts");
    int writable = 0, n = 0;
    for (const char *p = s; *p; p = strchr(p, '\n') + 1, n++) {
        char where[128], opt[256];
        if (sscanf(p, "%*s %127s %*s %255s", where, opt) == 2 && strncmp(opt, "ro", 2) && strcmp(where, "/run") && strcmp(where, "/proc") && strncmp(where, "/dev/", 5))
            writable++, tap_note("writable: %s %s", where, opt);
    }
    tap_ok(n >= 4 && n < 20 && writable == 0 && !strstr(s, " /home") && !strstr(s, " /etc "), "%d mounts, none writable but scratch", n);
    s = qmp_do("{\"execute\":\"blockdev-add\",\"arguments\":{\"driver\":\"file\",\"filename\":\"/etc/shadow\",\"node-name\":\"x\"}}\n", "}}");
    tap_ok(strstr(s, "Could not open '/etc/shadow': No such file or directory"), "there is no /etc/shadow for it");
    s = qmp_do("{\"execute\":\"screendump\",\"arguments\":{\"filename\":\"/usr/x\"}}\n", "}}");
    tap_ok(strstr(s, "error") != NULL, "nor can it write to /usr");
    s = qmp_do("{\"execute\":\"blockdev-add\",\"arguments\":{\"driver\":\"file\",\"filename\":\"/proc/1/root/etc/passwd\",\"node-name\":\"y\"}}\n", "}}");
    tap_ok(strstr(s, "error") != NULL, "nor reach the host through /proc");
}

static void namespaces(void)
{
    char path[64];
    const char *spaces[] = { "mnt", "pid", "ipc", "uts", "net" };
    int differ = 0;
    for (size_t i = 0; i < ARRAY_N(spaces); i++) {
        char a[64] = "", b[64] = "";
        snprintf(path, sizeof path, "/proc/%d/ns/%s", done.qemu_pid, spaces[i]);
        ssize_t k = readlink(path, a, sizeof a - 1);
        snprintf(path, sizeof path, "/proc/self/ns/%s", spaces[i]);
        ssize_t j = readlink(path, b, sizeof b - 1);
        differ += k > 0 && j > 0 && strcmp(a, b);
    }
    tap_ok(differ == ((done.sandbox & LAUNCH_HAS_PIDNS) ? 5 : 0), "%d namespaces of its own", differ);
}

/* What the reply to the launch brought: of the run, for the worker */
static void handed_over(void)
{
    if (root) {
        tap_ok(sup.reply.h.nfds == 3, "pidfd, process folder and CPU usage are handed over");
        char usage[4096] = "";         /* one number a CPU, or what version 2 says */
        tap_ok(pread(sup.reply.fds[2], usage, sizeof usage - 1, 0) > 0 && strpbrk(usage, "123456789"), "its CPU usage can be read: %.20s", usage);
        tap_ok(count_groups() > 0 && strstr(slurp(done.qemu_pid, "cgroup"), "/machine/qemu-"), "it is in its groups");
    }
    /* A session's is the one file with the process's times. */
    char st[512] = "";
    int fd = root ? openat(sup.reply.fds[1], "stat", O_RDONLY) : dup(sup.reply.fds[1]);
    ssize_t k = read(fd, st, sizeof st - 1);
    close(fd);
    tap_ok(k > 0 && atoi(st) > 0 && strstr(st, "(qemu-system"), "the process folder is QEMU's");
}

static bool confinement(void)
{
    if (!runs())
        return false;
    credentials();
    descriptors();
    if (done.sandbox & LAUNCH_HAS_VIEW)
        view();
    namespaces();
    handed_over();
    tap_ok(kill(done.pid, SIGHUP) == 0 && poll(NULL, 0, 50) == 0 && kill(done.qemu_pid, 0) == 0, "a SIGHUP to the stub does nothing");
    quits();
    return true;
}

static void refused(const char *emulator, const char *text)
{
    tap_ok(!launch("-S", NULL, emulator, 0) && strstr(failed.text, text) && sup.reply.h.nfds == 0, "%s: %s", emulator, failed.text);
    fakesup_end(&sup);
    drop();
}

static void refusals(void)
{
    static const char theirs[] = "/usr/local/bin/qemu-system-theirs";
    static const char *const none[] = { "/tmp/qemu-system-x86_64", "/usr/bin/true", "/usr/bin/../bin/qemu-system-x86_64", "/usr/bin/qemu-system-/../true", "usr/bin/qemu-system-x86_64", "/usr/bin/kvmx", "" };
    for (size_t i = 0; i < ARRAY_N(none); i++)
        refused(none[i], "is no emulator that the daemon starts");
    refused("/usr/bin/qemu-system-none", "No such file or directory");
    if (!root)
        return;
    /* In a folder of programs that is nobody's but ours. */
    if (unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 && mount("programs", "/usr/local/bin", "tmpfs", 0, NULL) == 0) {
        int fd = open(theirs, O_WRONLY | O_CREAT | O_EXCL, 0755);
        fchmod(fd, 0777);
        close(fd);
        refused(theirs, "is not one of the host's own programs");
        umount2("/usr/local/bin", MNT_DETACH);
    }
    l.uid = 0;
    int fds[2] = { frame_memfd("a", "x", 2), -1 };
    uint8_t empty[64];
    struct manifest_out m;
    manifest_begin(&m, empty, sizeof empty);
    fds[1] = frame_memfd("m", empty, (size_t)manifest_finish(&m));
    int all[3] = { fds[0], fds[1], fds[0] };
    l.nfds = 1;
    l.fd[0] = (struct launch_fd){ .number = -1 };
    int r = fakesup_hand(&sup, ROLE_HAND_LAUNCH, 0, IN_HAND_LAUNCH, &l, sizeof l, all, 3);
    memcpy(&failed, sup.reply.body, sizeof failed);
    tap_ok(r == 1 && failed.error && strstr(failed.text, "cannot have this uid"), "no guest is root: %s", failed.text);
    fakesup_end(&sup);
    close(fds[0]);
    close(fds[1]);
}

/* A guest with a kernel that only root can read, copied into the view, and one that all can. */
static void boot(void)
{
    static uint8_t buf[4096];
    static char log[1 << 20];
    const char *tool = getenv("BULKHEAD_MKINITRD");
    char kernel[256] = "", initrd[] = "/tmp/initrd-XXXXXX", cmd[512];
    FILE *f = popen("ls /boot/vmlinuz-*-cloud-amd64 2>/dev/null | tail -1", "r");
    if (f && !fgets(kernel, sizeof kernel, f))
        kernel[0] = 0;
    if (f)
        pclose(f);
    kernel[strcspn(kernel, "\n")] = 0;
    if (!*kernel || !tool || access(tool, X_OK)) {
        tap_note("no kernel, or BULKHEAD_MKINITRD is not set: no boot");
        return;
    }
    close(mkstemp(initrd));
    snprintf(cmd, sizeof cmd, "AGENT=0 %s %s >/dev/null", tool, initrd);
    if (system(cmd))
        return;
    chmod(initrd, 0600);
    struct manifest_out m;
    manifest_begin(&m, buf, sizeof buf);
    struct manifest_entry bind = { .kind = MK_BIND, .parent = -1 };
    static const char *const bad[] = { "..", ".", "../x", "a/b", "/x", ".hidden", "a-name-that-is-longer-than-thirty-two-bytes" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        manifest_begin(&m, buf, sizeof buf);
        manifest_add(&m, &bind, kernel, bad[i]);
        tap_ok(!launch("-machine\1pc,accel=tcg\1-S", &m, EMULATOR, 0) && strstr(failed.text, "cannot be a name"), "a file called '%s' in the view: %s", bad[i], failed.text);
        fakesup_end(&sup);
        drop();
        reap(false);
    }
    struct manifest_entry below = { .kind = MK_BIND, .parent = 0 };
    manifest_begin(&m, buf, sizeof buf);
    manifest_add(&m, &bind, kernel, "kernel");
    manifest_add(&m, &below, initrd, "initrd.img");
    bool ok = launch("-machine\1pc,accel=tcg\1-m\0010256\1-sandbox\1on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny\1-kernel\1/res/0/kernel\1-initrd\1/res/0/initrd.img\1-append\1console=ttyS0 halt panic=-1 quiet\1-serial\1stdio\1-no-reboot", &m, EMULATOR, 0);
    tap_ok(ok, "a guest starts: %s", failed.text);
    size_t n = 0;
    for (uint64_t until = util_now_ms() + 120000; ok && !strstr(log, "HELLO-FROM-GUEST") && n < sizeof log - 1 && util_now_ms() < until; ) {
        ssize_t k = read(log_rd, log + n, sizeof log - 1 - n);
        if (k <= 0)
            break;
        n += (size_t)k;
    }
    tap_ok(strstr(log, "HELLO-FROM-GUEST"), "a confined guest prints its greeting");
    int status = ok ? stub_status() : -1;
    tap_ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, "and powers off (%x)", status);
    unlink(initrd);
    drop();
}

/* Start to the QMP greeting, confined against bare: medians. */
static int by_size(const void *a, const void *b) { return *(const double *)a < *(const double *)b ? -1 : 1; }
static void cost(void)
{
    enum { N = 15 };
    double confined[N], bare[N], launched[N], dead[N], reaped[N];
    if (!getenv("BULKHEAD_BENCH"))
        return;
    for (int i = 0; i < N; i++) {
        uint64_t t = util_now_ns();
        if (!launch("-machine\1pc,accel=tcg\1-m\0010256\1-S", NULL, EMULATOR, 0))
            return;
        launched[i] = (double)(util_now_ns() - t) / 1e6;
        qmp_read("\n");
        confined[i] = (double)(util_now_ns() - t) / 1e6;
        t = util_now_ns();
        kill(done.pid, SIGKILL);
        pid_t stub = done.pid;
        fakesup_end(&sup);
        while (waitpid(stub, NULL, 0) < 0 && errno == EINTR)
            ;
        dead[i] = (double)(util_now_ns() - t) / 1e6;
        drop();
        t = util_now_ns();
        reap(false);
        reaped[i] = (double)(util_now_ns() - t) / 1e6;
        int q[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, q) < 0)
            return;
        t = util_now_ns();
        pid_t p = fork();
        if (p == 0) {
            dup2(q[1], 10);
            execl(EMULATOR, EMULATOR, "-nodefaults", "-display", "none", "-chardev", "socket,id=m,fd=10", "-mon", "chardev=m,mode=control", "-machine", "pc,accel=tcg", "-m", "256", "-S", NULL);
            _exit(1);
        }
        close(q[1]);
        qmp = q[0];
        qmp_read("\n");
        bare[i] = (double)(util_now_ns() - t) / 1e6;
        kill(p, SIGKILL);
        waitpid(p, NULL, 0);
        close(qmp);
    }
    qsort(confined, N, sizeof *confined, by_size);
    qsort(bare, N, sizeof *bare, by_size);
    qsort(launched, N, sizeof *launched, by_size);
    qsort(dead, N, sizeof *dead, by_size);
    qsort(reaped, N, sizeof *reaped, by_size);
    tap_note("medians: call to answer of the hand %.1f ms, SIGKILL to reaped %.1f ms, the hand that clears up %.1f ms", launched[N / 2], dead[N / 2], reaped[N / 2]);
    tap_note("start to QMP greeting, median of %d: bare %.1f ms, confined (with the hand's own start) %.1f ms", N, bare[N / 2], confined[N / 2]);
}

int main(void)
{
    if (!handlaunch_begin("launch-test"))
        return 1;
    if (!confinement())
        return tap_done();
    refusals();
    boot();
    cost();
    return handlaunch_end();
}
