/* held.c: what the holder of a daemon that was killed has goes to this one (see workers/holder). */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include "daemon/daemon.h"
#include "ipc/log.h"
#include "ipc/util.h"

enum { WAIT_MS = 20000 };       /* for all of it: a holder that goes wrong keeps nobody from starting */

/* SAFETY: the holder has no rights, and what it says may fill an object's place only: never one of the keeper's or supervisor's own. */
static int take_one(struct frame *f)
{
    struct held h;
    if (f->body_len != sizeof h || f->h.flags & FRAME_BIG || f->h.nfds != 1)
        return -EPROTO;
    memcpy(&h, f->body, sizeof h);
    if (!h.object || (h.kind != HELD_FD && (h.kind != HELD_PROCESS || h.role != ROLE_PID1)))
        return -EPROTO;
    /* What is none of a process could not be watched as one. */
    if (h.kind == HELD_PROCESS && syscall(SYS_pidfd_send_signal, f->fds[0], 0, NULL, 0) < 0 && errno != ESRCH && errno != EPERM)
        return -EPROTO;
    return store_put(&h, frame_take_fd(f, 0), -1) ? 0 : -ENOSPC;
}

static int take_all(int from, unsigned *n)
{
    static uint8_t buf[FRAME_BODY_MAX];
    struct frame_head done = { .kind = FRAME_EVENT, .op = OP_IN(IN_READY) };
    uint64_t until = util_now_ms() + WAIT_MS;
    for (*n = 0;; ++*n) {
        AUTO_FRAME f = FRAME_INIT;
        uint64_t now = util_now_ms();
        struct pollfd p = { .fd = from, .events = POLLIN };
        if (now >= until || poll(&p, 1, (int)(until - now)) <= 0)
            return -ETIMEDOUT;
        int r = frame_recv(from, &f, buf, sizeof buf);
        if (r <= 0)
            return r ? r : -EPIPE;
        if (f.h.op == OP_IN(IN_GO))
            return frame_send(from, &done, NULL, 0, NULL, 0);
        if (f.h.op != OP_IN(IN_HELD) || (r = take_one(&f)) < 0)
            return f.h.op == OP_IN(IN_HELD) ? r : -EPROTO;
    }
}

static void ask(const struct sockaddr_un *a)
{
    struct timeval wait = { .tv_sec = WAIT_MS / 1000 };
    unsigned n;
    AUTO_CLOSE fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) < 0 || connect(fd, (const struct sockaddr *)a, sizeof *a) < 0)
        return;                     /* nobody is there */
    int r = take_all(fd, &n);
    if (r < 0)
        log_err("what an earlier daemon held cannot be taken over whole: %s", strerror(-r));
    log_warn("an earlier daemon was killed: %u descriptors that it held are taken over", n);
}

int held_open(const struct layout *l, char made[256])
{
    struct held h = { .kind = HELD_FD, .role = ROLE_SUPERVISOR, .tag = BFD_LISTEN_HELD };
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    int r = util_format(a.sun_path, sizeof a.sun_path, "%s/%s-held", l->sock_dir, kind.name);
    if (r < 0)
        return r;
    ask(&a);
    unlink(a.sun_path);
    mode_t mask = umask(0077);
    AUTO_CLOSE fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    r = fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, 4) < 0 ? -errno : 0;
    umask(mask);
    if (r < 0) {
        log_err("cannot listen on %s: %s", a.sun_path, strerror(-r));
        return r;
    }
    util_copy_str(made, 256, a.sun_path);
    return store_put(&h, STEAL_FD(&fd), -1) ? 0 : -ENOSPC;
}
