/* emulators.c: what the QEMU binaries of this host can do.  Each is started once without a guest, shut in like one, and asked by a probe.
 * The answers go, unread, one after the other into the blob that xmlc and the workers get (BFD_CAPS). */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include "guest.h"

/* Processors that a guest can have differ with and without KVM: the native binary is asked both ways. */
static const struct { const char *path, *accel; } runs[] = {
    { "/usr/bin/qemu-system-x86_64", "tcg" }, { "/usr/bin/qemu-system-i386", "tcg" }, { "/usr/bin/qemu-system-x86_64", "kvm" } };
#define RUNS_N ARRAY_N(runs)
#define CAPS_MAX (8u << 20)
static int parts[RUNS_N];
static unsigned at_work;
static void (*when_known)(void);

/* No slot has this handle: generations count from 1 up. */
static uint64_t handle(uint32_t i)
{
    return object_make(i, ~0u);
}

static int launch_go(struct flow *f)
{
    struct manifest_entry kvm = { .kind = MK_DEVNODE, .flags = MF_OPTIONAL, .parent = -1 };
    struct manifest_out m;
    uint8_t list[256];
    char argv[512];
    int sv[2], fds[4];
    struct launch l = { .object = handle(f->i), .uid = role_uid(ROLE_PROBE), .gid = role_uid(ROLE_PROBE), .flags = LAUNCH_NO_CGROUP, .nfds = 2, .log_fd = 1,
        .fd_number = { QEMU_FD_BASE, -1 } };
    util_copy_str(l.name, sizeof l.name, "capabilities");
    util_copy_str(l.emulator, sizeof l.emulator, runs[f->i].path);
    int n = snprintf(argv, sizeof argv, "%s%c-S%c-no-user-config%c-nodefaults%c-display%cnone%c-machine%cnone,accel=%s%c-chardev%csocket,id=m,fd=%d%c-mon%cchardev=m,mode=control",
                     runs[f->i].path, 0, 0, 0, 0, 0, 0, 0, runs[f->i].accel, 0, 0, QEMU_FD_BASE, 0, 0);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) < 0)
        return err_sys(&f->err, VIR_FROM_QEMU, errno, "Unable to create a socket pair");
    AUTO_CLOSE theirs = sv[0];
    AUTO_CLOSE args = frame_memfd("argv", argv, (size_t)n + 1);
    manifest_begin(&m, list, sizeof list);
    if (!strcmp(runs[f->i].accel, "kvm"))
        manifest_add(&m, &kvm, "/dev/kvm", NULL);
    AUTO_CLOSE manifest = frame_memfd("manifest", list, (size_t)manifest_finish(&m, 0));
    f->fd[FF_IMAGE] = sv[1];
    fds[0] = args;
    fds[1] = manifest;
    fds[2] = theirs;
    fds[3] = 0;             /* /dev/null takes what it says */
    return hand_call(f, ROLE_HAND_LAUNCH, IN_HAND_LAUNCH, &l, sizeof l, fds, 4);
}

static int launched(struct flow *f, struct frame *fr)
{
    struct launched d;
    if (fr->body_len != sizeof d || fr->h.flags & FRAME_BIG)
        return err_set(&f->err, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed answer of a hand");
    memcpy(&d, fr->body, sizeof d);
    d.text[sizeof d.text - 1] = 0;
    if (d.error || !fr->h.nfds)
        return err_set(&f->err, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "%s", d.text);
    struct held h = { .kind = HELD_PROCESS, .role = ROLE_PID1, .object = handle(f->i), .pid = d.pid };
    hand_adopt(f, &h, fr->fds[0]);
    f->launched = true;
    return FLOW_NEXT;
}

static int probe_go(struct flow *f)
{
    struct probe_caps q = { 0 };
    struct born n;
    util_copy_str(q.emulator, sizeof q.emulator, runs[f->i].path);
    util_copy_str(q.accel, sizeof q.accel, runs[f->i].accel);
    born_begin(&n, ROLE_PROBE, 0, f->name);
    return flow_call(f, peer_spawn(&n, false), OP_IN(IN_PROBE_CAPS), 0, &q, sizeof q, &f->fd[FF_IMAGE], 1);
}

static int probed(struct flow *f, struct frame *fr)
{
    uint32_t version = 0;
    if (fr->body_len >= sizeof version && !(fr->h.flags & FRAME_BIG))
        memcpy(&version, fr->body, sizeof version);
    if (f->i == 0)
        sup.index.head->qemu_version = version;
    parts[f->i] = frame_take_fd(fr, 0);
    return FLOW_NEXT;
}

static void publish(void)
{
    static uint8_t blob[CAPS_MAX];
    size_t len = 0;
    for (size_t i = 0; i < RUNS_N; i++) {
        const void *p;
        size_t n;
        if (parts[i] < 0 || frame_map(parts[i], CAPS_MAX - len, &p, &n) < 0)
            continue;
        memcpy(blob + len, p, n);
        len += n;
        if (n)
            munmap((void *)(uintptr_t)p, n);
        close(parts[i]);
    }
    struct held h = { .kind = HELD_FD, .role = ROLE_SUPERVISOR, .tag = BFD_CAPS };
    sup.caps_fd = frame_memfd("caps", blob, len);
    keeper_tell(IN_STORE, &h, sizeof h, &sup.caps_fd, 1);
    if (!len)
        log_err("no QEMU could be asked for what it can do");
}

static void done(struct flow *f, bool ok)
{
    struct kill_req k = { .object = handle(f->i), .signal = SIGKILL };
    if (f->launched)
        keeper_tell(IN_KILL, &k, sizeof k, NULL, 0);
    if (!ok)
        log_line(f->i ? LOG_L_INFO : LOG_L_WARN, "%s with %s: %s", f->name, runs[f->i].accel, f->err.detail);
    if (--at_work == 0) {
        publish();
        when_known();
    }
}

void emulators_begin(void (*then)(void))
{
    static const struct step steps[] = { { "launch", launch_go, launched, NULL }, { "probe", probe_go, probed, NULL }, { 0 } };
    struct flow *f[RUNS_N];
    when_known = then;
    at_work = RUNS_N;
    for (uint32_t i = 0; i < RUNS_N; i++) {
        parts[i] = -1;
        f[i] = flow_start(steps, done, 0, NULL);        /* the table is empty: there is room */
        f[i]->i = i;
        util_copy_str(f[i]->name, sizeof f[i]->name, runs[i].path);
    }
    for (uint32_t i = 0; i < RUNS_N; i++)
        flow_go(f[i]);
}
