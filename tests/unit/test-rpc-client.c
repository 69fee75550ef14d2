/* test-rpc-client: a call to a daemon of libvirt's protocol, with answers that are right, and such as no daemon should give. */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include "ipc/schema/op-numbers.h"
#include "ipc/util.h"
#include "tests/tap.h"
#include "workers/rpc-client.h"
#include "workers/xdr.h"

enum { WAIT_MS = 200, SEND_NONE = 1, SEND_FD = 2, SEND_HALF = 4, SEND_CLOSE = 8 };
static struct err e;
static struct rpc_client client;
static int ours, theirs, got;
static uint8_t asked[4096];
static ssize_t asked_len;

static void put(uint8_t *p, uint32_t v) { for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> (24 - 8 * i)); }

/* The answer lies in the socket before the call is made. */
static int call(uint32_t op, struct xdr_head h, const void *body, size_t n, int how, bool wants_fd)
{
    uint8_t m[XDR_HEAD_BYTES + 512];
    int pair[2];
    const uint32_t words[] = { h.len ? h.len : (uint32_t)(XDR_HEAD_BYTES + n), h.prog, h.vers, (uint32_t)h.proc, h.type, h.serial, h.status };
    for (size_t i = 0; i < ARRAY_N(words); i++)
        put(m + 4 * i, words[i]);
    if (n)
        memcpy(m + XDR_HEAD_BYTES, body, n);
    util_closep(&ours);
    util_closep(&theirs);
    util_closep(&got);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
        abort();
    ours = pair[0];
    theirs = pair[1];
    size_t all = (XDR_HEAD_BYTES + n) / (how & SEND_HALF ? 2 : 1);
    if (!(how & SEND_NONE) && write(theirs, m, all) != (ssize_t)all)
        abort();
    if (how & SEND_FD) {
        union { struct cmsghdr h; char b[CMSG_SPACE(sizeof(int))]; } ctl = { .h = { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int)) } };
        struct iovec iov = { (char[]){ 0 }, 1 };
        struct msghdr c = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &ctl, .msg_controllen = sizeof ctl };
        memcpy(CMSG_DATA(&ctl.h), &theirs, sizeof theirs);
        if (sendmsg(theirs, &c, 0) != 1)
            abort();
    }
    if (how & SEND_CLOSE)
        shutdown(theirs, SHUT_WR);
    struct mp_out args;
    if (op == OP_LOCK_ACQUIRE_RESOURCE) {
        rpc_args(&args, 3);
        mp_str(&args, "");
        mp_str(&args, "/a/b");
        mp_uint(&args, 1);
    } else {
        rpc_args(&args, 4);
        mp_str(&args, "qemu");
        mp_array(&args, 2);
        mp_bin(&args, "0123456789abcdef", 16);
        mp_str(&args, "g");
        mp_str(&args, "/a");
        mp_uint(&args, 0);
    }
    e = (struct err)ERR_INIT;
    rpc_client_init(&client, ours, WAIT_MS);
    int r = rpc_call(&client, op, &args, NULL, wants_fd ? &got : NULL, &e);
    asked_len = recv(theirs, asked, sizeof asked, MSG_DONTWAIT);
    return r;
}

int main(void)
{
    const struct xdr_head right = { .prog = program_number[PROG_LOCK], .vers = 1, .proc = OP_PROC(OP_LOCK_ACQUIRE_RESOURCE), .type = XDR_REPLY };
    const struct xdr_head log = { .prog = program_number[PROG_LOG], .vers = 1, .proc = OP_PROC(OP_LOG_DOMAIN_OPEN_LOG_FILE), .type = XDR_REPLY_FDS };
    static const uint8_t words[] = "\0\0\0\x1c\x0e\xa7\xbe\xef\0\0\0\1\0\0\0\6\0\0\0\0\0\0\0\0\0\0\0\0" "\0\0\0\0" "\0\0\0\4/a/b" "\0\0\0\1";
    struct xdr_head h;
    struct xdr_out o = { 0 };
    struct err busy = ERR_INIT;
    ours = theirs = got = -1;

    tap_int(call(OP_LOCK_ACQUIRE_RESOURCE, right, NULL, 0, 0, false), 0, "an answer without results");
    tap_ok(asked_len == sizeof words - 1 && asked[3] == sizeof words - 1 && !memcmp(asked + 4, words + 4, sizeof words - 5), "to a call in libvirt's bytes");
    err_set(&busy, VIR_ERR_RESOURCE_BUSY, VIR_FROM_LOCKSPACE, "Lockspace resource '/a/b' is locked");
    xdr_encode_error(&busy, &o);
    h = right;
    h.status = XDR_ERROR;
    tap_ok(call(OP_LOCK_ACQUIRE_RESOURCE, h, o.p, o.len, 0, false) == -1 && e.code == VIR_ERR_RESOURCE_BUSY && e.domain == VIR_FROM_LOCKSPACE, "an error keeps its code and domain");
    tap_str(e.detail, busy.detail, "and its text");
    tap_ok(call(OP_LOCK_ACQUIRE_RESOURCE, h, o.p, o.len - 8, 0, false) == -1 && e.code == VIR_ERR_RPC, "an error that is cut off is none of the daemon's");
    memset(o.p, 0, 4);
    tap_ok(call(OP_LOCK_ACQUIRE_RESOURCE, h, o.p, o.len, 0, false) == -1 && e.code == VIR_ERR_RPC, "nor is one without a code");
    xdr_out_free(&o);

    const struct { struct xdr_head h; const char *what; } wrong[] = {
        { { .prog = 1, .vers = 1, .proc = right.proc, .type = XDR_REPLY }, "of another program" }, { { .prog = right.prog, .vers = 2, .proc = right.proc, .type = XDR_REPLY }, "of another version" },
        { { .prog = right.prog, .vers = 1, .proc = 7, .type = XDR_REPLY }, "to another call" }, { { .prog = right.prog, .vers = 1, .proc = right.proc, .type = XDR_CALL }, "that is a call" },
        { { .prog = right.prog, .vers = 1, .proc = right.proc, .type = XDR_REPLY, .serial = 1 }, "to a later call" }, { { .prog = right.prog, .vers = 1, .proc = right.proc, .type = XDR_REPLY, .status = 2 }, "that is not the last" },
        { { .prog = right.prog, .vers = 1, .proc = right.proc, .type = XDR_REPLY_FDS }, "with descriptors where there are none" }, { { .prog = right.prog, .vers = 1, .proc = right.proc, .type = XDR_REPLY, .len = 27 }, "shorter than its head" },
        { { .prog = right.prog, .vers = 1, .proc = right.proc, .type = XDR_REPLY, .len = RPC_REPLY_MAX + 1 }, "longer than any" }, { { .prog = right.prog, .vers = 1, .proc = right.proc, .type = XDR_REPLY, .len = 0xffffffff }, "of 4 GiB" },
    };
    for (size_t i = 0; i < ARRAY_N(wrong); i++)
        tap_ok(call(OP_LOCK_ACQUIRE_RESOURCE, wrong[i].h, NULL, 0, 0, false) == -1 && e.code == VIR_ERR_RPC && strstr(e.detail, "no sense"), "an answer %s is refused", wrong[i].what);
    tap_ok(call(OP_LOCK_ACQUIRE_RESOURCE, right, "\0\0\0\1", 4, 0, false) == -1 && e.code == VIR_ERR_RPC, "so is one with something left over");
    tap_ok(call(OP_LOCK_ACQUIRE_RESOURCE, right, NULL, 0, SEND_NONE, false) == -1 && e.code == VIR_ERR_RPC, "none is waited for as long as was said");
    tap_ok(call(OP_LOCK_ACQUIRE_RESOURCE, right, NULL, 0, SEND_HALF, false) == -1 && e.code == VIR_ERR_RPC, "nor is the rest of half a one");
    tap_ok(call(OP_LOCK_ACQUIRE_RESOURCE, right, NULL, 0, SEND_NONE | SEND_CLOSE, false) == -1 && strstr(e.detail, "closed"), "a daemon that has gone is told");

    uint8_t body[4 + 16] = { 0, 0, 0, 1 };
    tap_ok(call(OP_LOG_DOMAIN_OPEN_LOG_FILE, log, body, sizeof body, SEND_FD, true) == 0 && got >= 0 && fcntl(got, F_GETFD) == FD_CLOEXEC, "a descriptor comes with its answer");
    tap_ok(call(OP_LOG_DOMAIN_OPEN_LOG_FILE, log, body, sizeof body, 0, true) == -1 && got < 0, "an answer without the descriptor it speaks of is refused");
    tap_ok(call(OP_LOG_DOMAIN_OPEN_LOG_FILE, log, body, sizeof body - 4, SEND_FD, true) == -1 && got < 0, "so is one whose results are cut off, and nothing stays open");
    body[3] = 2;
    tap_ok(call(OP_LOG_DOMAIN_OPEN_LOG_FILE, log, body, sizeof body, SEND_FD, true) == -1 && got < 0, "and one with two");
    util_closep(&ours);
    util_closep(&theirs);
    return tap_done();
}
