/* rpc-client.c: see rpc-client.h. */
#include "workers/rpc-client.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include "ipc/util.h"
#include "workers/xdr.h"

void rpc_client_init(struct rpc_client *c, int fd, unsigned ms)
{
    *c = (struct rpc_client){ .fd = fd, .until_ms = util_now_ms() + ms };
}

/* 0, or a negative errno. */
static int wait_for(const struct rpc_client *c, short events)
{
    struct pollfd p = { .fd = c->fd, .events = events };
    for (;;) {
        uint64_t now = util_now_ms();
        int n = now < c->until_ms ? poll(&p, 1, (int)(c->until_ms - now)) : 0;
        if (n > 0 || (n < 0 && errno != EINTR))
            return n > 0 ? 0 : -errno;
        if (n == 0)
            return -ETIMEDOUT;
    }
}

static int send_all(const struct rpc_client *c, const uint8_t *p, size_t n)
{
    while (n) {
        struct iovec iov = { (void *)(uintptr_t)p, n };
        struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
        ssize_t done = sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
        int r = done >= 0 ? 0 : errno == EAGAIN ? wait_for(c, POLLOUT) : errno == EINTR ? 0 : -errno;
        if (r < 0)
            return r;
        p += done > 0 ? done : 0;
        n -= done > 0 ? (size_t)done : 0;
    }
    return 0;
}

/* Exactly n bytes: the one behind them may carry a descriptor.  fd: takes one that comes with them; without it none is taken. */
static int take_all(const struct rpc_client *c, void *to, size_t n, int *fd)
{
    for (uint8_t *p = to; n; ) {
        union { struct cmsghdr h; char b[CMSG_SPACE(sizeof(int))]; } ctl;
        struct iovec iov = { p, n };
        struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = fd ? &ctl : NULL, .msg_controllen = fd ? sizeof ctl : 0 };
        ssize_t done = recvmsg(c->fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        int r = done > 0 ? 0 : done == 0 ? -ECONNRESET : errno == EAGAIN ? wait_for(c, POLLIN) : errno == EINTR ? 0 : -errno;
        if (r < 0)
            return r;
        for (struct cmsghdr *h = done > 0 && fd ? CMSG_FIRSTHDR(&m) : NULL; h; h = CMSG_NXTHDR(&m, h))
            if (h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_RIGHTS && h->cmsg_len == CMSG_LEN(sizeof(int))) {
                util_closep(fd);
                memcpy(fd, CMSG_DATA(h), sizeof *fd);
            }
        p += done > 0 ? done : 0;
        n -= done > 0 ? (size_t)done : 0;
    }
    return 0;
}

static int send_call(struct rpc_client *c, const struct op *op, const struct mp_out *args)
{
    static const uint8_t none = 0x90;       /* an empty array */
    struct xdr_head h = { .prog = program_number[OP_PROG(op->id)], .vers = 1, .proc = (int32_t)OP_PROC(op->id), .type = XDR_CALL, .serial = c->serial };
    struct xdr_out o = { 0 };
    struct mp_in in;
    size_t start = xdr_begin(&o, &h);
    mp_in_init(&in, args ? args->p : &none, args ? args->len : 1);
    int r = args && args->failed ? -ENOMEM : xdr_encode(op->args, &in, &o);
    r = r ? r : xdr_end(&o, start);
    r = r ? r : send_all(c, o.p, o.len);
    xdr_out_free(&o);
    return r;
}

/* Results, or an error, from the n bytes at p. */
static int read_answer(const struct op *op, const struct xdr_head *h, const uint8_t *p, size_t n, struct mp_out *ret, struct err *e)
{
    size_t used = 0;
    if (h->status == XDR_ERROR) {
        struct err theirs = ERR_INIT;
        if (xdr_decode_error(&theirs, p, n) || !theirs.code)
            return -EPROTO;
        *e = theirs;
        return 1;
    }
    int r = xdr_decode(op->ret, p, n, ret, &used);
    return r ? r : used == n ? 0 : -EPROTO;
}

/* 0; 1: an error of the daemon's; negative: it makes no sense, or is gone. */
static int take_answer(struct rpc_client *c, const struct op *op, struct mp_out *ret, int *fd, struct err *e)
{
    uint8_t head[XDR_HEAD_BYTES];
    struct xdr_head h;
    int r = take_all(c, head, sizeof head, NULL);
    if (r < 0)
        return r;
    if (xdr_head_get(&h, head) || h.len > RPC_REPLY_MAX || h.prog != program_number[OP_PROG(op->id)] || h.vers != 1 || h.proc != (int32_t)OP_PROC(op->id) || h.serial != c->serial ||
        (h.status != XDR_OK && h.status != XDR_ERROR) || (h.type != XDR_REPLY && !(h.type == XDR_REPLY_FDS && fd && h.status == XDR_OK)))
        return -EPROTO;
    size_t n = h.len - XDR_HEAD_BYTES, at = h.type == XDR_REPLY_FDS ? 4 : 0;
    AUTO_FREE uint8_t *body = malloc(n + 1);
    if (!body)
        return -ENOMEM;
    if (n < at || (r = take_all(c, body, n, NULL)) < 0)
        return r < 0 ? r : -EPROTO;
    if (at) {
        static const uint8_t one[4] = { 0, 0, 0, 1 };
        char byte;
        if (memcmp(body, one, sizeof one) || (r = take_all(c, &byte, 1, fd)) < 0 || *fd < 0)
            return r < 0 ? r : -EPROTO;
    }
    return read_answer(op, &h, body + at, n - at, ret, e);
}

void rpc_args(struct mp_out *args, uint32_t n)
{
    mp_out_init(args, RPC_ARGS_MAX);
    mp_array(args, n);
}

int rpc_call(struct rpc_client *c, uint32_t id, struct mp_out *args, struct mp_out *ret, int *fd, struct err *e)
{
    struct mp_out own;
    const struct op *op = op_find(id);
    if (fd)
        *fd = -1;
    mp_out_init(ret ? ret : &own, RPC_REPLY_MAX);
    int r = op ? send_call(c, op, args) : -EINVAL;
    r = r ? r : take_answer(c, op, ret ? ret : &own, fd, e);
    if (!ret)
        mp_out_free(&own);
    if (args)
        mp_out_free(args);
    c->serial++;
    if (r && fd)
        util_closep(fd);
    if (r < 0)
        err_set(e, VIR_ERR_RPC, VIR_FROM_RPC, "%s: %s", op ? op->name : "a call", r == -ECONNRESET ? "the daemon has closed the connection" : r == -EPROTO ? "the daemon's answer makes no sense" : strerror(-r));
    return r ? -1 : 0;
}
