/* hand-launch.h: hand-launch with a real QEMU: a guest's start, what is told of it, and its end. */
#ifndef BULKHEAD_TESTS_HAND_LAUNCH_H
#define BULKHEAD_TESTS_HAND_LAUNCH_H
#include <sys/stat.h>
#include "fakesup.h"
#include "tests/tap.h"

#define EMULATOR "/usr/bin/qemu-system-x86_64"
#define UID 64099u

static const char *guest;       /* its name: another one in each test, for they run at once */
static bool root, say_known = true;
static struct fakesup sup;
static struct launch l;
static struct launched done;
static struct hand_done failed;
static int qmp = -1, log_rd = -1;

static inline const char *slurp(pid_t pid, const char *file)
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

/* Launches with extra arguments after the monitor's (words separated by \1) and a manifest (or an empty one). */
static inline bool launch(const char *more, struct manifest_out *m, const char *emulator, uint32_t flags)
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
    snprintf(l.name, sizeof l.name, "%s", guest);
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
static inline const char *qmp_read(const char *until)
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

static inline const char *qmp_do(const char *command, const char *until)
{
    return write(qmp, command, strlen(command)) < 0 ? "" : qmp_read(until);
}

/* Ends the hand's process (the stub becomes ours), waits for the stub. Its status. */
static inline int stub_status(void)
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

static inline void drop(void)
{
    close(qmp);
    close(log_rd);
}

static inline int count_groups(void)
{
    char find[256];
    snprintf(find, sizeof find, "find /sys/fs/cgroup -type d -name 'qemu-*-%s.libvirt-qemu' 2>/dev/null | wc -l", guest);
    FILE *f = popen(find, "r");
    int n = -1;
    if (f && fscanf(f, "%d", &n) != 1)
        n = -1;
    if (f)
        pclose(f);
    return n;
}

static inline void reap(bool say)
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

/* False: there is no place for what is noted of guests. */
static inline bool handlaunch_begin(const char *name)
{
#ifdef SANITIZED
    tap_skip_all("with sanitizers the stub is not static, speaks for itself and has no filter");
#endif
    guest = name;
    root = geteuid() == 0;
    if (access(EMULATOR, X_OK))
        tap_skip_all("no QEMU");
    snprintf(fakesup_layout.state_dir, sizeof fakesup_layout.state_dir, "/tmp/launch-XXXXXX");
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    return mkdtemp(fakesup_layout.state_dir) != NULL;
}

static inline int handlaunch_end(void)
{
    reap(true);
    tap_ok(rmdir(fakesup_layout.state_dir) == 0, "nothing is noted of guests that are gone");
    return tap_done();
}

/* A guest that has greeted, and takes commands. */
static inline bool runs(void)
{
    if (!tap_ok(launch("-machine\1none\1-S", NULL, EMULATOR, 0), "QEMU runs: %s", failed.text)) {
        drop();
        fakesup_end(&sup);
        return false;
    }
    tap_note("stub %d, QEMU %d, level %x", done.pid, done.qemu_pid, done.sandbox);
    tap_ok(strstr(qmp_read("\n"), "QMP"), "it greets on the descriptor it was given");
    qmp_do("{\"execute\":\"qmp_capabilities\"}\n", "return");
    return true;
}

static inline void quits(void)
{
    qmp_do("{\"execute\":\"quit\"}\n", "SHUTDOWN");
    int status = stub_status();
    tap_ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, "QEMU's end is passed on (%x)", status);
    drop();
}
#endif
