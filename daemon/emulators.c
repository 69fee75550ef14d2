/* emulators.c: what the QEMU binaries of this host can do.  Each is started once without a guest, shut in like one, and asked by a probe.
 *
 * The answers go, unread, one after the other into the blob that xmlc and the workers get (BFD_CAPS).  They are kept in a file for the next
 * start, stamped with the binary's file, the kernel and the format: asking again costs half a second, and seldom tells anything new. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "config.h"
#include "daemon/daemon.h"
#include "ipc/frame.h"
#include "ipc/log.h"
#include "ipc/manifest.h"
#include "ipc/util.h"

#define CAPS_MAX (8u << 20)
#define ANSWER_MS 15000
#define CACHE_MAGIC 0x42434332u        /* its low byte goes up with the format of a part */

/* Processors that a guest can have differ with and without KVM: the native binary is asked both ways. */
static const struct { const char *path, *accel; } runs[] = {
    { "/usr/bin/qemu-system-x86_64", "tcg" }, { "/usr/bin/qemu-system-i386", "tcg" }, { "/usr/bin/qemu-system-x86_64", "kvm" } };
#define RUNS_N ARRAY_N(runs)

/* What an answer is of; it is no answer of another. Two are compared as bytes. */
struct stamp { uint32_t magic, version; uint64_t dev, ino, size; int64_t mtime_ns, ctime_ns; char kernel[2 * 65], release[32]; uint8_t has_kvm, pad[5]; };
struct answer { int chan, monitor, pidfd, part; bool cached, definite /* it will say the same again */; struct stamp stamp; };

static bool stamp_make(struct stamp *s, uint32_t i)
{
    struct stat st;
    struct utsname u;
    memset(s, 0, sizeof *s);
    if (stat(runs[i].path, &st) < 0 || uname(&u) < 0)
        return false;
    s->magic = CACHE_MAGIC;
    s->dev = st.st_dev;
    s->ino = st.st_ino;
    s->size = (uint64_t)st.st_size;
    s->mtime_ns = st.st_mtim.tv_sec * 1000000000ll + st.st_mtim.tv_nsec;
    s->ctime_ns = st.st_ctim.tv_sec * 1000000000ll + st.st_ctim.tv_nsec;
    s->has_kvm = access("/dev/kvm", R_OK | W_OK) == 0;
    snprintf(s->kernel, sizeof s->kernel, "%s %s", u.release, u.version);
    snprintf(s->release, sizeof s->release, "%s", PACKAGE_VERSION);
    return true;
}

/* ---- the file of an answer: its stamp, QEMU's version in it, and the part (none: the binary had no answer) ---- */

static int cache_path(const struct layout *l, uint32_t i, char path[256])
{
    return util_format(path, 256, "%s/emulator-%u-%s.caps", l->cache_dir, i, runs[i].accel);
}

static void cache_read(const struct layout *l, uint32_t i, struct answer *a)
{
    static uint8_t part[CAPS_MAX];
    struct stamp had;
    char path[256];
    if (cache_path(l, i, path))
        return;
    AUTO_CLOSE fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 || util_read_full(fd, &had, sizeof had) != (ssize_t)sizeof had)
        return;
    a->stamp.version = had.version;
    ssize_t n = memcmp(&had, &a->stamp, sizeof had) ? -1 : util_read_full(fd, part, sizeof part);
    a->cached = n >= 0 && n < (ssize_t)sizeof part;
    a->part = a->cached && n ? frame_memfd("caps", part, (size_t)n) : -1;
}

static void cache_write(const struct layout *l, uint32_t i, const struct answer *a)
{
    char path[256], fresh[272];
    const void *p = NULL;
    size_t n = 0;
    if (cache_path(l, i, path) || util_format(fresh, sizeof fresh, "%s.new", path) || (a->part >= 0 && frame_map(a->part, CAPS_MAX, &p, &n) < 0))
        return;
    unlink(fresh);
    AUTO_CLOSE fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || util_write_full(fd, &a->stamp, sizeof a->stamp) < 0 || (n && util_write_full(fd, p, n) < 0) || rename(fresh, path) < 0)
        log_warn("cannot keep %s: %s", path, strerror(errno));
    if (n)
        munmap((void *)(uintptr_t)p, n);
}

/* ---- asking ---- */

static void launch(struct keeper_start *k, uint32_t i, struct answer *a)
{
    struct birth b = { .role = ROLE_HAND_LAUNCH, .uid = ~0u, .gid = ~0u };
    uint32_t uid = k->layout.session ? ~0u : k->settings.uid_base + ROLE_PROBE;
    struct launch l = { .uid = uid, .gid = uid, .flags = LAUNCH_NO_CGROUP, .nfds = 2, .fd = { { .number = QEMU_FD_BASE }, { .number = -1 } } };
    struct manifest_entry kvm = { .kind = MK_DEVNODE, .flags = MF_OPTIONAL, .parent = -1 };
    struct manifest_out m;
    uint8_t list[256];
    char argv[512];
    int sv[2];
    util_copy_str(l.name, sizeof l.name, "capabilities");
    util_copy_str(l.emulator, sizeof l.emulator, runs[i].path);
    int n = snprintf(argv, sizeof argv, "%s%c-S%c-no-user-config%c-nodefaults%c-display%cnone%c-machine%cnone,accel=%s%c-chardev%csocket,id=m,fd=%d%c-mon%cchardev=m,mode=control",
                     runs[i].path, 0, 0, 0, 0, 0, 0, 0, runs[i].accel, 0, 0, QEMU_FD_BASE, 0, 0);
    manifest_begin(&m, list, sizeof list);
    if (!strcmp(runs[i].accel, "kvm"))
        manifest_add(&m, &kvm, "/dev/kvm", NULL);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) < 0)
        return;
    AUTO_CLOSE theirs = sv[0];
    AUTO_CLOSE args = frame_memfd("argv", argv, (size_t)n + 1);
    AUTO_CLOSE manifest = frame_memfd("manifest", list, (size_t)manifest_finish(&m));
    const int fds[] = { args, manifest, theirs, 0 /* /dev/null takes what it says */ };
    a->monitor = sv[1];
    a->chan = role_start(k, &b, NULL, 0);
    if (a->chan >= 0)
        role_ask(a->chan, IN_HAND_LAUNCH, &l, sizeof l, fds, 4);
}

static void probe(struct keeper_start *k, uint32_t i, struct answer *a)
{
    struct birth b = { .role = ROLE_PROBE, .uid = k->layout.session ? ~0u : k->settings.uid_base + ROLE_PROBE };
    struct frame_head known = { .kind = FRAME_EVENT, .op = OP_IN(IN_HAND_LAUNCH) };
    struct probe_caps q = { 0 };
    struct hand_done failed;
    AUTO_FRAME f = FRAME_INIT;
    AUTO_CLOSE hand = a->chan;
    a->chan = -1;
    if (hand < 0 || role_answer(hand, ANSWER_MS, &f) < 0)
        return;
    if (f.body_len == sizeof failed) {
        memcpy(&failed, f.body, sizeof failed);
        failed.text[sizeof failed.text - 1] = 0;
        log_info("%s with %s: %s", runs[i].path, runs[i].accel, failed.text);
    }
    if (f.body_len != sizeof(struct launched) || !f.h.nfds)
        return;
    a->pidfd = frame_take_fd(&f, 0);
    frame_send(hand, &known, NULL, 0, NULL, 0);
    util_copy_str(q.emulator, sizeof q.emulator, runs[i].path);
    util_copy_str(q.accel, sizeof q.accel, runs[i].accel);
    b.gid = b.uid;
    a->chan = role_start(k, &b, NULL, 0);
    if (a->chan >= 0)
        role_ask(a->chan, IN_PROBE_CAPS, &q, sizeof q, &a->monitor, 1);
}

static void collect(uint32_t i, struct answer *a)
{
    AUTO_FRAME f = FRAME_INIT;
    int r = a->chan < 0 ? -ENOENT : role_answer(a->chan, ANSWER_MS, &f);
    a->definite = r == 0 || r == -EREMOTEIO;
    if (r == 0 && f.body_len == sizeof a->stamp.version) {
        memcpy(&a->stamp.version, f.body, sizeof a->stamp.version);
        a->part = frame_take_fd(&f, 0);
    } else if (a->pidfd >= 0) {
        log_info("%s with %s does not tell what it can do", runs[i].path, runs[i].accel);
    }
    if (a->pidfd >= 0)
        syscall(SYS_pidfd_send_signal, a->pidfd, SIGKILL, NULL, 0);
    util_closep(&a->chan);
    util_closep(&a->monitor);
    util_closep(&a->pidfd);
}

int emulators_ask(struct keeper_start *k, uint32_t *version)
{
    static uint8_t blob[CAPS_MAX];
    struct answer a[RUNS_N];
    size_t len = 0;
    for (uint32_t i = 0; i < RUNS_N; i++) {
        a[i] = (struct answer){ .chan = -1, .monitor = -1, .pidfd = -1, .part = -1, .cached = true };
        if (!stamp_make(&a[i].stamp, i) || (!strcmp(runs[i].accel, "kvm") && !a[i].stamp.has_kvm))
            continue;
        a[i].cached = false;
        cache_read(&k->layout, i, &a[i]);
    }
    /* All at once: they wait for one another otherwise. */
    for (uint32_t i = 0; i < RUNS_N; i++)
        if (!a[i].cached)
            launch(k, i, &a[i]);
    for (uint32_t i = 0; i < RUNS_N; i++)
        if (!a[i].cached)
            probe(k, i, &a[i]);
    for (uint32_t i = 0; i < RUNS_N; i++) {
        const void *p;
        size_t n;
        if (!a[i].cached) {
            collect(i, &a[i]);
            if (a[i].definite)
                cache_write(&k->layout, i, &a[i]);
        }
        if (a[i].part < 0 || frame_map(a[i].part, CAPS_MAX - len, &p, &n) < 0)
            continue;
        memcpy(blob + len, p, n);
        len += n;
        if (n)
            munmap((void *)(uintptr_t)p, n);
        close(a[i].part);
    }
    *version = a[0].stamp.version;
    if (!len)
        log_err("no QEMU could be asked for what it can do");
    return frame_memfd("caps", blob, len);
}
