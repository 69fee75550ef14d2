/* hand_adopt.c: a guest that runs already, for a later daemon: its process, and what its stub holds.  Part of hand-open, with its privilege and peer. */
#include "hand_open.h"
#include "hand_vfio.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include "ipc/log.h"
#include "ipc/util.h"

enum { HELD_WAIT_MS = 3000, HELD_AGAIN_MS = 20 };

/* SAFETY: a pidfd is the right to signal.  It is given for the process that was noted when the guest was started, if it still has that start
 * time and a guest's name, so that a number that was used again names nobody.  The descriptor comes first: whose it is is looked at after.
 * 0, with fds[0] the pidfd and fds[1] its folder in /proc; -ESRCH: it has ended. */
static int process_find(const struct hand *h, const char *name, struct run_record *p, bool *foreign, int fds[2])
{
    char path[64];
    uint64_t start = 0;
    int r = record_read(h, name, p);
    *foreign = r == -ENOENT;
    if (*foreign)
        r = record_foreign(h, name, p);
    if (r)
        return r;
    const char *called = *foreign ? FOREIGN_COMM : "bulkhead-pid1";
    fds[0] = p->stub > 1 ? (int)syscall(SYS_pidfd_open, p->stub, 0) : -1;
    util_format(path, sizeof path, "/proc/%d", p->stub);
    fds[1] = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fds[0] < 0 || fds[1] < 0 || proc_start(p->stub, &start) < 0 || start != p->start)
        return -ESRCH;
    return proc_called(fds[1], called) ? 0 : -ESRCH;
}

/* From the stub's folder to that of QEMU, its one child.  SAFETY: that it still is the child says that its number was not used again meanwhile. */
static void qemu_find(int32_t stub, int *folder)
{
    char path[64];
    int qemu = proc_child(*folder, stub);
    util_format(path, sizeof path, "/proc/%d", qemu);
    AUTO_CLOSE dir = qemu ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (dir < 0 || proc_child(*folder, stub) != qemu)
        return;
    close(*folder);
    *folder = STEAL_FD(&dir);
}

/* SAFETY: the stub has the guest's uid, but nothing else that has it may touch its memory or descriptors.  Still, what it says is checked as a stranger's. */
static int held_ask(const struct hand *h, int32_t id, bool *late, struct frame *f, uint8_t *buf)
{
    AUTO_CLOSE door = record_connect(h, id, late);
    int r = door < 0 ? door : frame_recv(door, f, buf, FRAME_BODY_MAX);
    if (r <= 0)
        return r < 0 ? r : -EPIPE;
    const struct launch_fd *as = (const void *)f->body;
    bool good = f->h.op == OP_IN(IN_HAND_PIDFD) && !(f->h.flags & FRAME_BIG) && f->body_len == f->h.nfds * sizeof *as && f->h.nfds <= FRAME_FDS_MAX - 2;
    for (unsigned i = 0; i < f->h.nfds && good; i++)
        good = as[i].kind != BFD_NONE && as[i].kind < BFD_KIND_N && as[i].arg <= UINT16_MAX;
    if (!good)
        frame_done(f);
    return good ? 0 : -EPROTO;
}

/* Once more, for a host at its limits may have been in the way, unless nobody is there or too much time has passed. */
static int held_get(const struct hand *h, int32_t id, bool *late, struct frame *f, uint8_t *buf)
{
    uint64_t until = util_now_ms() + HELD_WAIT_MS;
    int r = held_ask(h, id, late, f, buf);
    for (; r < 0 && r != -ENOENT && r != -ECONNREFUSED && util_now_ms() < until; r = held_ask(h, id, late, f, buf))
        poll(NULL, 0, HELD_AGAIN_MS);
    return r;
}

/* What the guest was told since a daemon did without the stub's notes is in its status file: then neither they are taken nor the document that they begin
 * with.  SAFETY: the manifest is: what a worker has written into the status file names no file of a log's. */
static void held_take(struct frame *f, bool late, struct hand_done *done, int *fds)
{
    const struct launch_fd *as = (const void *)f->body;
    for (unsigned i = 0; i < f->h.nfds; i++)
        if (!late || (as[i].kind != BFD_TREE && as[i].kind != BFD_CHECKPOINT)) {
            done->ours_kind[done->nworker] = as[i].kind;
            done->ours_entry[done->nworker] = (uint16_t)as[i].arg;
            fds[done->nworker++] = f->fds[i];
        }
}

/* SAFETY: the socket is where the guest of that name and id has its monitor, whatever its worker wrote into the status file. */
static void monitor_take(const struct hand *h, const char *name, struct hand_done *done, int *fds)
{
    char path[sizeof h->run_dir + 16];
    int fd, r = -EINVAL;
    if (h->run_dir[0] && done->nworker < FRAME_FDS_MAX - 2 && util_format(path, sizeof path, "%s/monitor.sock", h->run_dir) == 0)
        r = sock_connect(path, &fd);
    if (r < 0) {
        log_warn("the monitor of '%s' cannot be reached: %s", name, strerror(-r));
        return;
    }
    done->ours_kind[done->nworker] = BFD_QMP;
    fds[done->nworker++] = fd;
}

/* ---- of a guest that libvirtd began: our ends of what its status file names ----
 * SAFETY: since we took it over that file is its worker's word, and the folder of its sockets is QEMU's own. So nothing is opened but what its QEMU has the other end of, or what is in a folder of
 * its name's; and with QEMU's rights: no link in there leads to what is root's.  The kernel lets that user look at QEMU's descriptors, and nobody else who may not trace. */

/* Takes on the ids that QEMU has, by what the kernel says of it: the owner of its folder in /proc is QEMU's to choose (PR_SET_DUMPABLE). 0 or a negative errno. */
static int qemu_user_begin(int qemu)
{
    struct hand_req user = { .owner_uid = ~0u, .owner_gid = ~0u };
    int r = proc_user(qemu, &user.uid, &user.gid);
    return r || user.uid == 0 ? r : user_begin(&user);
}

/* Whether the kernel says this of a descriptor of QEMU's. */
static bool qemu_has(int qemu, const char *line)
{
    enum { FILES_MAX = 1024 };
    char path[32], text[512];
    bool found = false;
    for (int n = 0; n < FILES_MAX && !found; n++) {
        util_format(path, sizeof path, "fdinfo/%d", n);
        AUTO_CLOSE info = openat(qemu, path, O_RDONLY | O_CLOEXEC);
        ssize_t len = info < 0 ? -1 : util_read_full(info, text, sizeof text - 1);
        text[len > 0 ? len : 0] = 0;
        found = strstr(text, line);
    }
    return found;
}

static int terminal_open(const struct hand *h, int qemu, const char *path)
{
    unsigned number;
    char plain[32], line[32];
    struct stat st;
    if (sscanf(path, "/dev/pts/%u", &number) != 1 || util_format(plain, sizeof plain, "/dev/pts/%u", number) < 0 || strcmp(plain, path) ||
        util_format(line, sizeof line, "\ntty-index:\t%u\n", number) < 0 || !qemu_has(qemu, line))
        return -EPERM;
    return path_open(path, O_RDWR, WANT(S_IFCHR), &st);
}

static int agent_connect(const struct hand *h, int qemu, const char *path)
{
    char lib[sizeof h->run_dir], folder[PATH_MAX], named[PATH_MAX];
    int fd, r = -EPERM;
    const char *run = path_split(h->run_dir, lib, sizeof lib);
    if (run && util_format(folder, sizeof folder, "%s/channel/target/%s", lib, run) == 0 && path_split(path, named, sizeof named) && !strcmp(folder, named))
        r = sock_connect(path, &fd);
    return r < 0 ? r : fd;
}

static int counters_open(const struct hand *h, int qemu, const char *name)
{
    char path[64], line[64];
    return util_format(line, sizeof line, "\niff:\t%s\n", name) < 0 || !qemu_has(qemu, line) || util_format(path, sizeof path, "/sys/class/net/%s/statistics", name) < 0 ? -EPERM :
        open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* What its QEMU has is nothing that a hand opened, and nothing of it will be removed as if one had; but there are grants, so that it can be given more. */
static void foreign_grants(const struct hand *h, struct hand_done *done, int *fds)
{
    static struct hand_grants none;
    hand_grants(h, FRAME_FDS_MAX, &none);
    for (none.h.n = 0; none.h.n < hand_entries(h).left; none.h.n++)
        none.g[none.h.n] = (struct grant){ .index = none.h.n, .qemu_fd = { -1, -1 }, .error = GRANT_THEIRS };
    int fd = frame_memfd("grants", &none, sizeof none.h + none.h.n * sizeof none.g[0]);
    if (fd < 0)
        return;
    done->ours_kind[done->nworker] = BFD_GRANTS;
    fds[done->nworker++] = fd;
}

static void foreign_take(struct hand *h, int qemu, struct hand_done *done, int *fds)
{
    static int (*const kinds[MK_KIND_N])(const struct hand *h, int qemu, const char *path) = { [MK_PTY] = terminal_open, [MK_PAIR] = agent_connect, [MK_TAP] = counters_open };
    struct manifest_entry m;
    const char *path, *aux;
    struct err e = ERR_INIT;
    if (!h->call.h.nfds || hand_manifest(h, 0, &e))
        return;
    int r = qemu_user_begin(qemu);
    for (struct manifest_in in = hand_entries(h); r == 0 && hand_next(&in, &m, &path, &aux) && done->nworker < ENDS_MAX;) {
        int fd = kinds[m.kind] && *path ? kinds[m.kind](h, qemu, path) : -1;
        if (fd < 0)
            continue;
        done->ours_kind[done->nworker] = BFD_CHARDEV;
        done->ours_entry[done->nworker] = (uint16_t)m.index;
        fds[done->nworker++] = fd;
    }
    user_end();
    foreign_grants(h, done, fds);
}

void hand_adopt(struct hand *h)
{
    static _Alignas(8) uint8_t buf[FRAME_BODY_MAX];
    const struct hand_pid *q = hand_body(h, sizeof *q);
    struct err e = ERR_INIT;
    struct run_record p = { .id = q->id };
    struct frame held = FRAME_INIT;
    bool foreign, late;
    int fds[FRAME_FDS_MAX] = { -1, -1 };
    hand_check_text(q->name, sizeof q->name);
    int r = process_find(h, q->name, &p, &foreign, fds);
    struct hand_done done = { .failed = -1, .pid = p.stub, .id = p.id };
    if (r == -ESRCH || r == -ENOENT) {      /* what it left is removed by its id; but for devices, whose drivers wait for nobody */
        vfio_sweep(h);
        hand_reply(h, &done, sizeof done, NULL, 0);
        return;
    }
    if (r) {
        err_sys(&e, VIR_FROM_QEMU, -r, "Cannot read what was noted of the guest's process");
        hand_fail(h, -1, r, &e);
        return;
    }
    if (!foreign) {
        qemu_find(p.stub, &fds[1]);
        if ((r = held_get(h, p.id, &late, &held, buf)) < 0) {
            log_warn("the first process of '%s' does not give what it holds: its consoles and logs stay closed: %s", q->name, strerror(-r));
            record_late(h, p.id, true);
        } else {
            if (!late && (late = record_was_lent(h, q->name)))
                record_late(h, p.id, true);
            held_take(&held, late, &done, fds + 2);
        }
    }
    hand_run(h, p.id, q->name);
    if (foreign)
        foreign_take(h, fds[1], &done, fds + 2);
    monitor_take(h, q->name, &done, fds + 2);
    hand_reply(h, &done, sizeof done, fds, 2 + done.nworker);
}
