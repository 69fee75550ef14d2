/* fuzz-gateway-sibling: another daemon, to which a gateway passes its client's calls, from that one's bytes to answers and events (gateway-fuzz.h).
 *
 * Input: a byte of choices (1: it does not greet as it should; 2: bytes go as they are), then its messages, cut where a byte 0xff 0xfe stands. Unless
 * they go as they are, the first two bytes of a piece choose what it claims to be, and the head is made of that. */
#include "gateway-fuzz.h"
#include <errno.h>

enum { FIRST_SERIAL = 3 /* there, behind the greetings */ };
static const uint32_t asked[] = { OP_REMOTE_CONNECT_NETWORK_EVENT_REGISTER_ANY, OP_REMOTE_CONNECT_LIST_ALL_NETWORKS, OP_REMOTE_NETWORK_GET_XML_DESC, OP_REMOTE_NETWORK_GET_DHCP_LEASES,
    OP_REMOTE_STORAGE_VOL_UPLOAD, OP_REMOTE_STORAGE_VOL_DOWNLOAD /* a sparse one */ };
enum { STREAM = 0x10 /* of a piece's first byte: the second is its status, or a hole */, HOLE = 4 };
#define ASKED_N (sizeof asked / sizeof *asked)

static void say(int fd, uint32_t proc, uint32_t type, uint32_t serial, uint32_t status, const void *p, size_t n)
{
    struct xdr_out o = { 0 };
    struct xdr_head h = { .prog = program_number[PROG_REMOTE], .vers = 1, .proc = (int32_t)proc, .type = type, .serial = serial, .status = status };
    size_t start = xdr_begin(&o, &h);
    xdr_raw(&o, p, n);
    if (xdr_end(&o, start) == 0 && send(fd, o.p, o.len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        errno = 0;              /* it has ended the connection */
    xdr_out_free(&o);
    fuzz_turn();
}

static void client_asks(int fd)
{
    static const uint8_t uri[] = "\0\0\0\1" "\0\0\0\16" "qemu:///system\0\0" "\0\0\0", reg[8], list[] = "\0\0\0\1\0\0\0",
        net[] = "\0\0\0\1" "n\0\0\0" "0123456789abcdef" "\0\0\0", leases[] = "\0\0\0\1" "n\0\0\0" "0123456789abcdef" "\0\0\0\0" "\0\0\0\1" "\0\0\0",
        vol[] = "\0\0\0\1" "p\0\0\0" "\0\0\0\1" "v\0\0\0" "\0\0\0\1" "k\0\0\0" "\0\0\0\0\0\0\0\0" "\0\0\0\0\0\0\0\0" "\0\0\0\1";
    static const struct { const uint8_t *p; size_t n; } args[ASKED_N] = { { reg, sizeof reg }, { list, sizeof list }, { net, sizeof net }, { leases, sizeof leases },
        { vol, sizeof vol - 1 }, { vol, sizeof vol - 1 } };
    say(fd, OP_PROC(OP_REMOTE_CONNECT_OPEN), XDR_CALL, 1, 0, uri, sizeof uri);
    for (uint32_t i = 0; i < ASKED_N; i++)
        say(fd, OP_PROC(asked[i]), XDR_CALL, 2 + i, 0, args[i].p, args[i].n);
    say(fd, OP_PROC(OP_REMOTE_STORAGE_VOL_UPLOAD), XDR_STREAM, 6, XDR_CONTINUE, "bytes", 5);
}

/* The supervisor's part: a connection. Our end, or -1. */
static int connected(int super)
{
    static uint8_t buf[FRAME_BODY_MAX];
    struct frame f;
    int ours = -1;
    while (ours < 0 && frame_recv(super, &f, buf, sizeof buf) == 1) {
        struct frame_head h = { .kind = FRAME_REPLY, .op = f.h.op, .serial = f.h.serial };
        struct hand_done done = { .failed = -1 };
        int s[2], stays[2];
        if (f.h.op == OP_IN(IN_SIBLING) && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s) == 0 && pipe(stays) == 0) {
            const int fds[] = { s[0], stays[1] };
            frame_send(super, &h, &done, sizeof done, fds, 2);
            close(s[0]);
            close(stays[0]);
            close(stays[1]);
            ours = s[1];
        }
        frame_done(&f);
    }
    fuzz_turn();
    return ours;
}

static void piece(int fd, unsigned choice, const uint8_t *p, size_t n)
{
    if (choice & 2 || n < 2) {
        if (send(fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
            errno = 0;
        fuzz_turn();
        return;
    }
    bool event = p[0] & 1;
    unsigned which = (p[0] >> 1 & 7) % ASKED_N;
    if (p[0] & STREAM) {
        bool is_hole = p[1] & HOLE;
        say(fd, OP_PROC(asked[which]), is_hole ? XDR_HOLE : XDR_STREAM, FIRST_SERIAL + which, is_hole ? XDR_CONTINUE : p[1] & 3, p + 2, n - 2);
        return;
    }
    say(fd, event ? OP_PROC(which & 1 ? OP_REMOTE_NETWORK_EVENT_LIFECYCLE : OP_REMOTE_NETWORK_EVENT_CALLBACK_METADATA_CHANGE) : OP_PROC(asked[which]),
        event ? XDR_MESSAGE : XDR_REPLY, FIRST_SERIAL + which, p[1] & 1, p + 2, n - 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz z;
    if (size < 2 || size > 1 << 20)
        return 0;
    unsigned choice = *data++ & 3;
    size--;
    fuzz_begin(&z, 0);
    client_asks(z.client);
    int fd = connected(z.super);
    if (fd < 0)
        abort();
    if (!(choice & 1)) {
        say(fd, OP_PROC(OP_REMOTE_AUTH_LIST), XDR_REPLY, 1, 0, "\0\0\0\1\0\0\0\0", 8);
        say(fd, OP_PROC(OP_REMOTE_CONNECT_OPEN), XDR_REPLY, 2, 0, NULL, 0);
    }
    while (size) {
        const uint8_t *cut = memmem(data, size, "\xff\xfe", 2);
        size_t n = cut ? (size_t)(cut - data) : size;
        piece(fd, choice, data, n);
        fuzz_drain(z.client);
        data += n + (cut ? 2 : 0);
        size -= n + (cut ? 2 : 0);
    }
    close(fd);
    fuzz_turn();
    fuzz_drain(z.client);
    fuzz_end(&z);
    return 0;
}
