/* hand-launch and the PID-1 stub with a real QEMU: what is in force around it, what it can see, how it ends, and that nothing is left. */
#include <dirent.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include "fakesup.h"
#include "tests/tap.h"

#define EMULATOR "/usr/bin/qemu-system-x86_64"
#define UID 64099u

static bool root, say_known = true;
static struct fakesup sup;
static struct launch l;
static struct launched done;
static struct hand_done failed;
static int qmp = -1, log_rd = -1;

static const char *slurp(pid_t pid, const char *file)
{
    static char text[65536];
    char path[128];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : util_read_full(fd, text, sizeof text - 1);
    text[n > 0 ? n : 0] = 0;
    close(fd);
    return text;
}

/* What the hand noted of the guest, into text; or writes `now` instead. */
static void noted(const char *suffix, char *text, const char *now)
{
    char path[256];
    snprintf(path, sizeof path, "%s/launch-test%s", fakesup_layout.state_dir, suffix);
    int fd = open(path, now ? O_WRONLY | O_TRUNC : O_RDONLY);
    ssize_t n = fd < 0 ? -1 : now ? write(fd, now, strlen(now)) : read(fd, text, 63);
    if (!now)
        text[n > 0 ? n : 0] = 0;
    close(fd);
}

/* Launches with extra arguments after the monitor's (words separated by \1) and a manifest (or an empty one). */
static bool launch(const char *more, struct manifest_out *m, const char *emulator, uint32_t flags)
{
    static char args[8192];
    static uint8_t none[64];
    struct manifest_out empty;
    int q[2], p[2];
    size_t n = (size_t)snprintf(args, sizeof args, "%s\1-nodefaults\1-display\1none\1-chardev\1socket,id=m,fd=10\1-mon\1chardev=m,mode=control\1%s\1", emulator, more);
    for (size_t i = 0; i < n; i++)
        if (args[i] == 1)
            args[i] = 0;
    if (!m) {
        manifest_begin(&empty, none, sizeof none);
        m = &empty;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, q) < 0 || pipe2(p, O_CLOEXEC) < 0)
        return false;
    int secret = open("/etc/hostname", O_RDONLY);
    int fds[] = { frame_memfd("argv", args, n), frame_memfd("m", m->p, (size_t)manifest_finish(m)), q[1], p[1], secret };
    l = (struct launch){ .uid = UID, .gid = UID, .id = (int32_t)(getpid() % 30000), .flags = flags, .nfds = 3, .fd = { { .number = 10 }, { .number = -1 }, { .number = -1, .kind = BFD_CHARDEV, .arg = 7 } } };
    snprintf(l.name, sizeof l.name, "launch-test");
    snprintf(l.emulator, sizeof l.emulator, "%s", emulator);
    int r = fakesup_hand(&sup, ROLE_HAND_LAUNCH, root ? 0 : BIRTH_SESSION, IN_HAND_LAUNCH, &l, sizeof l, fds, 5);
    for (size_t i = 0; i < ARRAY_N(fds); i++)
        close(fds[i]);
    qmp = q[0];
    log_rd = p[0];
    memset(&done, 0, sizeof done);
    bool good = r == 1 && sup.reply.body_len == sizeof done;
    if (good)
        memcpy(&done, sup.reply.body, sizeof done);
    else if (r == 1 && sup.reply.body_len == sizeof failed)
        memcpy(&failed, sup.reply.body, sizeof failed);
    if (good && say_known)
        fakesup_send(&sup, FRAME_EVENT, OP_IN(IN_HAND_LAUNCH), 0, 0, NULL, 0, NULL, 0);
    return good;
}

/* One QMP line, or all of what comes until `until` is in it. */
static const char *qmp_read(const char *until)
{
    static char text[65536];
    size_t n = 0;
    text[0] = 0;
    while (!strstr(text, until)) {
        struct pollfd p = { .fd = qmp, .events = POLLIN };
        if (n == sizeof text - 1 || poll(&p, 1, FAKESUP_WAIT_MS) <= 0)
            break;
        ssize_t k = read(qmp, text + n, sizeof text - 1 - n);
        if (k <= 0)
            break;
        text[n += (size_t)k] = 0;
    }
    return text;
}

static const char *qmp_do(const char *command, const char *until)
{
    return write(qmp, command, strlen(command)) < 0 ? "" : qmp_read(until);
}

/* Ends the hand's process (the stub becomes ours), waits for the stub. Its status. */
static int stub_status(void)
{
    int status = -1;
    pid_t stub = done.pid;
    fakesup_end(&sup);
    for (int i = 0; i < FAKESUP_WAIT_MS / 10; i++) {
        if (waitpid(stub, &status, WNOHANG) == stub)
            return status;
        poll(NULL, 0, 10);
    }
    return -1;
}

static void drop(void)
{
    close(qmp);
    close(log_rd);
}

static int count_groups(void)
{
    FILE *f = popen("find /sys/fs/cgroup -type d -name 'qemu-*-launch-test.libvirt-qemu' 2>/dev/null | wc -l", "r");
    int n = -1;
    if (f && fscanf(f, "%d", &n) != 1)
        n = -1;
    if (f)
        pclose(f);
    return n;
}

static bool line_is(const char *text, const char *key, const char *value)
{
    const char *p = strstr(text, key);
    return p && !strncmp(p + strlen(key), value, strlen(value));
}

/* The guest's devices change: a socket and two terminals of entries that have gone, at the manifest's end; then the same for one that never came. */
static void settle(void)
{
    static struct { struct grants_head h; struct grant g[6]; } grants = { .h = { .magic = GRANTS_MAGIC, .n = 5, .monitor_fd = -1, .next_fd = 77 } }, got;
    static uint8_t buf[4096];
    struct launch_fd as[] = { { .number = -1, .kind = BFD_TREE }, { .number = -1, .kind = BFD_MANIFEST }, { .number = -1, .kind = BFD_GRANTS }, { .number = -1, .kind = BFD_CHARDEV, .arg = 1 },
        { .number = -1, .kind = BFD_CHARDEV, .arg = 4 }, { .number = -1, .kind = BFD_QMP }, { .number = -1, .kind = BFD_NONE, .arg = OWN_LOG }, { .number = -1, .kind = BFD_PROC } };
    struct hand_req rq = { .id = l.id };
    struct hand_pid hp = { .id = l.id };
    struct hand_done d = { .error = -ENOSYS };
    struct manifest_out out;
    struct stat st;
    char dir[] = "/tmp/settle-XXXXXX", path[64];
    int fds[1 + ARRAY_N(as)], lfd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    memcpy(rq.name, l.name, sizeof rq.name);
    memcpy(hp.name, l.name, sizeof hp.name);
    if (!mkdtemp(dir))
        return;
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    snprintf(path, sizeof path, "%s/s", dir);
    snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    snprintf(fakesup_layout.lib_dir, sizeof fakesup_layout.lib_dir, "%s", dir);
    tap_ok(bind(lfd, (struct sockaddr *)&a, sizeof a) == 0 && stat(path, &st) == 0, "a socket of the guest's");
    manifest_begin(&out, buf, sizeof buf);
    for (int i = 0; i < 5; i++) {
        struct manifest_entry m = { .kind = i == 3 ? MK_UNIX_LISTEN : MK_PTY, .flags = i == 0 || i > 2 ? MF_GONE : 0, .parent = -1 };
        manifest_add(&out, &m, i == 3 ? path : NULL, NULL);
        grants.g[i] = (struct grant){ .index = (uint32_t)i, .made = 1, .qemu_fd = { (int16_t)(20 + i), -1 }, .nqemu = 1, .dev = i == 3 ? st.st_dev : 0, .ino = i == 3 ? st.st_ino : 0 };
    }
    fds[0] = frame_memfd("as", as, sizeof as);
    fds[2] = frame_memfd("m", buf, (size_t)manifest_finish(&out));
    fds[3] = frame_memfd("g", &grants, sizeof grants.h + 5 * sizeof grants.g[0]);
    fds[1] = fds[4] = fds[5] = fds[6] = fds[7] = fds[0];
    int r = fakesup_hand(&sup, ROLE_HAND_OPEN, root ? 0 : BIRTH_SESSION, IN_HAND_SETTLE, &rq, sizeof rq, fds, ARRAY_N(fds));
    if (r == 1 && sup.reply.body_len == sizeof d)
        memcpy(&d, sup.reply.body, sizeof d);
    const struct manifest_head *head = NULL;
    const void *p = NULL;
    size_t n;
    if (sup.reply.h.nfds == 2 && frame_map(sup.reply.fds[1], sizeof buf, &p, &n) == 0)
        head = p;
    tap_ok(!d.error && d.nworker == 1 && d.ours_entry[0] == 4 && head && head->entries == 3 && access(path, F_OK) < 0, "what was made for devices that have gone goes, and room is made: %s", d.text);
    tap_ok(head && frame_copy(sup.reply.fds[0], &got, sizeof got.h + 3 * sizeof got.g[0]) == 0 && got.h.n == 3 && got.h.next_fd == 77 && !got.g[0].made && got.g[0].qemu_fd[0] == -1 && got.g[1].made,
           "the grants have it no more, and no number is given twice");
    fakesup_end(&sup);
    r = fakesup_hand(&sup, ROLE_HAND_OPEN, root ? 0 : BIRTH_SESSION, IN_HAND_PIDFD, &hp, sizeof hp, NULL, 0);
    if (r == 1 && sup.reply.body_len == sizeof d)
        memcpy(&d, sup.reply.body, sizeof d);
    tap_ok(d.nworker == 4 && d.ours_kind[0] == BFD_TREE && d.ours_kind[1] == BFD_MANIFEST && d.ours_kind[2] == BFD_GRANTS && d.ours_kind[3] == BFD_CHARDEV && d.ours_entry[3] == 1 &&
           frame_copy(sup.reply.fds[4], &got, sizeof got.h + 3 * sizeof got.g[0]) == 0, "which a later daemon gets from the stub, in place of what it held (%u)", d.nworker);
    fakesup_end(&sup);
    /* An entry more that was being opened, when its hand died. */
    manifest_begin(&out, buf, sizeof buf);
    for (int i = 0; i < 6; i++)
        manifest_add(&out, &(struct manifest_entry){ .kind = i == 5 ? MK_UNIX_LISTEN : MK_PTY, .parent = -1 }, i == 5 ? path : NULL, NULL);
    close(lfd);
    lfd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    tap_ok(bind(lfd, (struct sockaddr *)&a, sizeof a) == 0, "a socket that nobody listens at");
    as[5] = (struct launch_fd){ .number = -1, .kind = BFD_MANIFEST, .arg = 1 };
    as[4].arg = 5;
    close(fds[0]);
    fds[0] = frame_memfd("as", as, sizeof as);
    fds[1] = fds[4] = fds[5] = fds[7] = fds[0];
    fds[6] = frame_memfd("m", buf, (size_t)manifest_finish(&out));
    d.error = -ENOSYS;
    r = fakesup_hand(&sup, ROLE_HAND_OPEN, root ? 0 : BIRTH_SESSION, IN_HAND_SETTLE, &rq, sizeof rq, fds, ARRAY_N(fds));
    if (r == 1 && sup.reply.body_len == sizeof d)
        memcpy(&d, sup.reply.body, sizeof d);
    tap_ok(!d.error && sup.reply.h.nfds == 0 && d.nworker == 1 && d.ours_entry[0] == 5 && access(path, F_OK) < 0, "of a device that did not come nothing is left either: %s", d.text);
    fakesup_end(&sup);
    close(lfd);
    rmdir(dir);
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
        char usage[64] = "";
        tap_ok(pread(sup.reply.fds[2], usage, sizeof usage - 1, 0) > 0 && strtoull(usage[0] == 'u' ? usage + 11 : usage, NULL, 10) > 0, "its CPU usage can be read: %.20s", usage);
        tap_ok(count_groups() > 0 && strstr(slurp(done.qemu_pid, "cgroup"), "/machine/qemu-"), "it is in its groups");
    }
    /* A session's is the one file with the process's times. */
    char st[512] = "";
    int fd = root ? openat(sup.reply.fds[1], "stat", O_RDONLY) : dup(sup.reply.fds[1]);
    ssize_t k = read(fd, st, sizeof st - 1);
    close(fd);
    tap_ok(k > 0 && atoi(st) > 0 && strstr(st, "(qemu-system"), "the process folder is QEMU's");
}

/* A later daemon asks the hand for what it needs of a run, and is told by the notes, if they are the stub's. */
static void found_later(void)
{
    char path[64];
    struct hand_pid hp = { .id = 7 };
    struct hand_done again = { 0 };
    char text[64];
    memcpy(hp.name, l.name, sizeof hp.name);
    noted(".pid", text, NULL);
    tap_ok(atoi(text) == done.qemu_pid, "the pid file has QEMU's pid");
    struct fakesup keep = sup;
    struct sockaddr_un monitor = { .sun_family = AF_UNIX };
    char folder[96];
    int lfd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(fakesup_layout.lib_dir, sizeof fakesup_layout.lib_dir, "%s", fakesup_layout.state_dir);
    snprintf(folder, sizeof folder, "%.60s/domain-%d-%.20s", fakesup_layout.lib_dir, l.id, l.name);
    snprintf(monitor.sun_path, sizeof monitor.sun_path, "%.80s/monitor.sock", folder);
    tap_ok(mkdir(folder, 0700) == 0 && bind(lfd, (struct sockaddr *)&monitor, sizeof monitor) == 0 && listen(lfd, 1) == 0, "a monitor where the guest's is");
    int r = fakesup_hand(&sup, ROLE_HAND_OPEN, root ? 0 : BIRTH_SESSION, IN_HAND_PIDFD, &hp, sizeof hp, NULL, 0);
    if (r == 1 && sup.reply.body_len == sizeof again)
        memcpy(&again, sup.reply.body, sizeof again);
    tap_ok(sup.reply.h.nfds == 4 && again.pid == done.pid && again.id == l.id, "a later daemon gets its pidfd, pid and id");
    close(accept4(lfd, NULL, NULL, SOCK_NONBLOCK));
    tap_ok(again.ours_kind[1] == BFD_QMP && read(sup.reply.fds[3], text, 1) == 0, "and a connection to its monitor, by the id that was noted");
    close(lfd);
    unlink(monitor.sun_path);
    rmdir(folder);
    struct stat held, is;
    tap_ok(again.nworker == 2 && again.ours_kind[0] == BFD_CHARDEV && again.ours_entry[0] == 7 && fstat(sup.reply.fds[2], &held) == 0 &&
           stat("/etc/hostname", &is) == 0 && held.st_ino == is.st_ino && held.st_dev == is.st_dev, "and what the stub held, as what it was given");
    fakesup_end(&sup);
    settle();
    if (!root) {        /* its folder in /proc is root's */
        snprintf(path, sizeof path, "/proc/%d/mem", done.pid);
        tap_ok(open(path, O_RDONLY) < 0 && errno == EACCES, "its memory is closed to its own user");
    }
    char other[128], mine[128];
    noted(".run", mine, NULL);
    snprintf(other, sizeof other, "%d %llu %d %d\n", done.pid, (unsigned long long)done.start_time + 1, l.id, done.qemu_pid);
    noted(".run", text, other);
    fakesup_hand(&sup, ROLE_HAND_OPEN, root ? 0 : BIRTH_SESSION, IN_HAND_PIDFD, &hp, sizeof hp, NULL, 0);
    tap_ok(sup.reply.h.nfds == 0, "but not with another start time");
    fakesup_end(&sup);
    noted(".run", text, mine);
    sup = keep;
}

static bool confinement(void)
{
    if (!tap_ok(launch("-machine\1none\1-S", NULL, EMULATOR, 0), "QEMU runs: %s", failed.text)) {
        drop();
        fakesup_end(&sup);
        return false;
    }
    tap_note("stub %d, QEMU %d, level %x", done.pid, done.qemu_pid, done.sandbox);
    tap_ok(strstr(qmp_read("\n"), "QMP"), "it greets on the descriptor it was given");
    qmp_do("{\"execute\":\"qmp_capabilities\"}\n", "return");
    credentials();
    descriptors();
    if (done.sandbox & LAUNCH_HAS_VIEW)
        view();
    namespaces();
    handed_over();
    tap_ok(kill(done.pid, SIGHUP) == 0 && poll(NULL, 0, 50) == 0 && kill(done.qemu_pid, 0) == 0, "a SIGHUP to the stub does nothing");
    found_later();
    qmp_do("{\"execute\":\"quit\"}\n", "SHUTDOWN");
    int status = stub_status();
    tap_ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, "QEMU's end is passed on (%x)", status);
    drop();
    return true;
}

static void ends(void)
{
    pid_t qemu;
    /* A pid of 0 would be this test's own process group. */
    if (!launch("-machine\1none\1-S", NULL, EMULATOR, 0))
        return;
    qmp_read("\n");
    qemu = done.qemu_pid;
    kill(qemu, SIGSTOP);
    kill(done.pid, SIGKILL);
    int status = stub_status();
    tap_ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "the stub can be killed");
    for (int i = 0; i < 1000 && kill(qemu, 0) == 0 && *slurp(qemu, "cmdline"); i++)
        poll(NULL, 0, 10);
    tap_ok(kill(qemu, 0) < 0 || !*slurp(qemu, "cmdline"), "and a stopped QEMU goes with it");
    drop();
    if (!launch("-machine\1none\1-S", NULL, EMULATOR, 0))
        return;
    qmp_read("\n");
    kill(done.qemu_pid, SIGKILL);
    status = stub_status();
    tap_ok(WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGKILL, "a killed QEMU shows in the stub's status (%x)", status);
    drop();
    launch("-machine\1nosuch", NULL, EMULATOR, 0);
    char text[512] = "";
    status = stub_status();
    tap_ok(WIFEXITED(status) && WEXITSTATUS(status) == 1 && read(log_rd, text, sizeof text - 1) > 0 && strstr(text, "unsupported machine type"), "what a failing QEMU says is in the log: %.60s", text);
    drop();
}

/* A guest that the daemon never came to know ends by itself. */
static void unknown(void)
{
    for (int killed = 0; killed < 2; killed++) {
        say_known = false;
        bool ok = launch("-machine\1none\1-S", NULL, EMULATOR, 0);
        say_known = true;
        if (!ok)
            return;
        pid_t qemu = done.qemu_pid;
        if (killed)
            kill(sup.pid, SIGKILL);
        fakesup_end(&sup);
        for (int i = 0; i < FAKESUP_WAIT_MS / 10 && *slurp(qemu, "cmdline"); i++)
            poll(NULL, 0, 10);
        tap_ok(!*slurp(qemu, "cmdline"), "QEMU goes when its %s before the daemon knows it", killed ? "hand is killed" : "supervisor dies");
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
        drop();
    }
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
    manifest_add(&m, &bind, kernel, NULL);
    manifest_add(&m, &bind, initrd, NULL);
    bool ok = launch("-machine\1pc,accel=tcg\1-m\0010256\1-sandbox\1on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny\1-kernel\1/res/0\1-initrd\1/res/1\1-append\1console=ttyS0 halt panic=-1 quiet\1-serial\1stdio\1-no-reboot", &m, EMULATOR, 0);
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

static void reap(bool say)
{
    struct hand_req rq = { .id = l.id };
    memcpy(rq.name, l.name, sizeof rq.name);
    char dir[] = "/tmp/reap-XXXXXX", folder[96], path[128];
    if (!mkdtemp(dir))
        return;
    snprintf(fakesup_layout.lib_dir, sizeof fakesup_layout.lib_dir, "%s", dir);
    snprintf(folder, sizeof folder, "%.60s/domain-%d-%.20s", dir, l.id, l.name);
    mkdir(folder, 0700);
    snprintf(path, sizeof path, "%s/monitor.sock", folder);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    int r = fakesup_hand(&sup, ROLE_HAND_LAUNCH, root ? 0 : BIRTH_SESSION, IN_HAND_REAP, &rq, sizeof rq, NULL, 0);
    bool ok = r == 1 && access(folder, F_OK) < 0 && count_groups() == 0;
    if (say || !ok)
        tap_ok(ok, "reaped: no group, no run folder");
    fakesup_end(&sup);
    rmdir(dir);
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
#ifdef SANITIZED
    tap_skip_all("with sanitizers the stub is not static, speaks for itself and has no filter");
#endif
    root = geteuid() == 0;
    if (access(EMULATOR, X_OK))
        tap_skip_all("no QEMU");
    snprintf(fakesup_layout.state_dir, sizeof fakesup_layout.state_dir, "/tmp/launch-XXXXXX");
    if (!mkdtemp(fakesup_layout.state_dir))
        return 1;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (!confinement())
        return tap_done();
    ends();
    unknown();
    refusals();
    boot();
    reap(true);
    cost();
    tap_ok(rmdir(fakesup_layout.state_dir) == 0, "nothing is noted of guests that are gone");
    return tap_done();
}
