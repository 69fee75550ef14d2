/* The guest's first process (pid1) with a real QEMU: what a later daemon gets of it, and how the two end. */
#include <sys/un.h>
#include "hand-launch.h"

/* What the hand noted of the guest, into text; or writes `now` instead. */
static void noted(const char *suffix, char *text, const char *now)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s%s", fakesup_layout.state_dir, guest, suffix);
    int fd = open(path, now ? O_WRONLY | O_TRUNC : O_RDONLY);
    ssize_t n = fd < 0 ? -1 : now ? write(fd, now, strlen(now)) : read(fd, text, 63);
    if (!now)
        text[n > 0 ? n : 0] = 0;
    close(fd);
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
    struct hand_done d = fakesup_done(&sup, r);
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
    d = fakesup_done(&sup, r);
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
    r = fakesup_hand(&sup, ROLE_HAND_OPEN, root ? 0 : BIRTH_SESSION, IN_HAND_SETTLE, &rq, sizeof rq, fds, ARRAY_N(fds));
    d = fakesup_done(&sup, r);
    tap_ok(!d.error && sup.reply.h.nfds == 0 && d.nworker == 1 && d.ours_entry[0] == 5 && access(path, F_OK) < 0, "of a device that did not come nothing is left either: %s", d.text);
    fakesup_end(&sup);
    close(lfd);
    rmdir(dir);
}

/* A later daemon asks the hand for what it needs of a run, and is told by the notes, if they are the stub's. */
static void found_later(void)
{
    char path[64];
    struct hand_pid hp = { .id = 7 };
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
    struct hand_done again = fakesup_done(&sup, r);
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

int main(void)
{
    if (!handlaunch_begin("stub-test"))
        return 1;
    if (!runs())
        return tap_done();
    found_later();
    quits();
    ends();
    unknown();
    return handlaunch_end();
}
