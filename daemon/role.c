/* role.c: a role that the front needs itself, before there is a supervisor: one call, and it ends with its channel. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "daemon/daemon.h"
#include "ipc/frame.h"
#include "ipc/util.h"

int role_start(const struct keeper_start *k, struct birth *b, const int *fds, unsigned nfds)
{
    struct held who = { .kind = HELD_PROCESS, .role = b->role, .channel = 1 };
    int all[BIRTH_FDS_MAX], sv[2];
    unsigned n = nfds;
    if (nfds > BIRTH_FDS_MAX - 5 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) < 0)
        return -EMFILE;
    b->magic = BIRTH_MAGIC;
    b->log_level = k->settings.log[LOG_FILTERS].from[b->role];
    b->flags = k->layout.session ? BIRTH_SESSION : 0;
    if (nfds)
        memcpy(all, fds, nfds * sizeof *fds);
    n = store_birth(b, all, n, ROLE_KEEPER);
    int r = spawn_role(&k->layout, &who, b, sv[1], all, n);
    close(sv[1]);
    if (r < 0)
        close(sv[0]);
    return r < 0 ? r : sv[0];
}

int role_ask(int chan, uint32_t op, const void *body, size_t len, const int *fds, unsigned nfds)
{
    struct frame_head h = { .kind = FRAME_CALL, .op = OP_IN(op), .serial = 1 };
    return frame_send(chan, &h, body, len, fds, nfds);
}

int role_answer(int chan, int ms, struct frame *f)
{
    static uint8_t buf[FRAME_BODY_MAX];
    struct pollfd p = { .fd = chan, .events = POLLIN };
    f->h.nfds = 0;
    int r = poll(&p, 1, ms) == 1 ? frame_recv(chan, f, buf, sizeof buf) : -ETIMEDOUT;
    return r == 1 ? f->h.kind == FRAME_REPLY && !(f->h.flags & FRAME_BIG) ? 0 : f->h.kind == FRAME_ERROR ? -EREMOTEIO : -EPROTO : r < 0 ? r : -EPIPE;
}
