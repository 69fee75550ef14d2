/* test-frame.c: frames over a socket pair: what goes in comes out, and what breaks the format ends the sender. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "ipc/chan.h"
#include "ipc/frame.h"
#include "ipc/util.h"
#include "tests/tap.h"

static uint8_t buf[FRAME_BODY_MAX];

static int count_fds(void)
{
    int n = 0;
    for (int i = 0; i < 512; i++)
        n += fcntl(i, F_GETFD) >= 0;
    return n;
}

static void exchange(int a, int b)
{
    struct frame_head h = { .kind = FRAME_CALL, .op = 7, .serial = 9, .object = object_make(3, 4), .arg = 5 };
    struct frame f;
    int p[2], before = count_fds();

    tap_ok(pipe2(p, O_CLOEXEC) == 0, "a pipe to pass");
    tap_int(frame_send(a, &h, "body", 5, p, 2), 0, "a frame with two descriptors is sent");
    tap_int(frame_recv(b, &f, buf, sizeof buf), 1, "and received");
    tap_ok(f.h.op == 7 && f.h.serial == 9 && object_slot(f.h.object) == 3 && object_gen(f.h.object) == 4 && f.h.arg == 5, "its header");
    tap_ok(f.body_len == 5 && !strcmp((const char *)f.body, "body"), "its body");
    tap_int(f.h.nfds, 2, "its descriptors");
    int fd = frame_take_fd(&f, 1);
    tap_ok(fd >= 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC), "are closed on exec");
    tap_ok(write(fd, "x", 1) == 1 && read(p[0], buf, 1) == 1, "and are the ones sent");
    close(fd);
    frame_done(&f);
    close(p[0]);
    close(p[1]);
    tap_int(count_fds(), before, "nothing is left open");
}

static void big(int a, int b)
{
    struct frame_head h = { .kind = FRAME_REPLY, .op = 1 };
    struct frame f;
    size_t n = 3u << 20;
    char *p = malloc(n);
    int before = count_fds();

    memset(p, 'z', n);
    tap_int(frame_send(a, &h, p, n, NULL, 0), 0, "3 MiB go");
    tap_int(frame_recv(b, &f, buf, sizeof buf), 1, "and come");
    tap_ok((f.h.flags & FRAME_BIG) && f.h.len == 0 && f.h.nfds == 1, "in a memfd");
    h = f.h;
    tap_int(frame_send(a, &h, NULL, 0, f.fds, 1), 0, "a router passes it on unread");
    frame_done(&f);
    tap_int(frame_recv(b, &f, buf, sizeof buf), 1, "and it comes");
    tap_int(frame_body(&f, 1u << 20), -EPROTO, "over the receiver's bound it is refused");
    tap_int(frame_body(&f, n), 0, "within it, mapped");
    tap_ok(f.body_len == n && !memcmp(f.body, p, n), "whole");
    frame_done(&f);
    free(p);
    tap_int(count_fds(), before, "nothing is left open");

    int fd = memfd_create("loose", MFD_CLOEXEC);
    if (write(fd, "abc", 3) != 3)
        return;
    h = (struct frame_head){ .kind = FRAME_REPLY, .flags = FRAME_BIG };
    tap_int(frame_send(a, &h, NULL, 0, &fd, 1), 0, "a memfd without seals goes");
    tap_int(frame_recv(b, &f, buf, sizeof buf), 1, "and comes");
    tap_int(frame_body(&f, 100), -EPROTO, "but is not mapped: its sender could change or cut it");
    frame_done(&f);
    close(fd);
}

/* Raw packets that a hostile peer could send. */
static void broken(void)
{
    static const struct { struct frame_head h; size_t body, cut; int fds; const char *what; } rows[] = {
        { { .magic = 1, .kind = FRAME_CALL }, 0, 0, 0, "another magic" },
        { { .magic = FRAME_MAGIC, .kind = 0 }, 0, 0, 0, "kind 0" },
        { { .magic = FRAME_MAGIC, .kind = FRAME_KIND_N }, 0, 0, 0, "an unknown kind" },
        { { .magic = FRAME_MAGIC, .kind = FRAME_CALL, .len = 5 }, 4, 0, 0, "a length that is not the body's" },
        { { .magic = FRAME_MAGIC, .kind = FRAME_CALL, .nfds = 1 }, 0, 0, 0, "a descriptor promised and not sent" },
        { { .magic = FRAME_MAGIC, .kind = FRAME_CALL, .nfds = 0 }, 0, 0, 1, "a descriptor sent and not told of" },
        { { .magic = FRAME_MAGIC, .kind = FRAME_CALL, .flags = FRAME_BIG }, 0, 0, 0, "big without a memfd" },
        { { .magic = FRAME_MAGIC, .kind = FRAME_CALL }, 0, 20, 0, "half a header" },
        { { .magic = FRAME_MAGIC, .kind = FRAME_CALL, .len = FRAME_BODY_MAX + 8 }, FRAME_BODY_MAX + 8, 0, 0, "a body over the bound" },
    };
    static uint8_t body[FRAME_BODY_MAX + 8];

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int s[2], before = count_fds();
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s) < 0)
            return;
        struct frame_head h = rows[i].h;
        struct iovec iov[2] = { { &h, sizeof h - rows[i].cut }, { body, rows[i].body } };
        union { struct cmsghdr h; char b[CMSG_SPACE(sizeof(int))]; } ctl;
        struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };
        memset(&ctl, 0, sizeof ctl);
        if (rows[i].fds) {
            m.msg_control = &ctl;
            m.msg_controllen = sizeof ctl;
            struct cmsghdr *c = CMSG_FIRSTHDR(&m);
            c->cmsg_level = SOL_SOCKET;
            c->cmsg_type = SCM_RIGHTS;
            c->cmsg_len = CMSG_LEN(sizeof(int));
            memcpy(CMSG_DATA(c), &s[0], sizeof(int));
        }
        struct frame f;
        if (sendmsg(s[0], &m, 0) < 0)
            tap_ok(false, "not sent: %s", rows[i].what);
        else
            tap_int(frame_recv(s[1], &f, buf, sizeof buf), -EPROTO, "refused: %s", rows[i].what);
        close(s[0]);
        close(s[1]);
        tap_int(count_fds(), before, "with nothing left open");
    }
}

static int frames_seen, end_code = 1;
static void on_frame(struct chan *c, struct frame *f) { (void)c; (void)f; frames_seen++; }
static void on_end(struct chan *c, int err) { end_code = err; chan_close(c); }

static void slow_peer(void)
{
    int s[2], before = count_fds();
    struct chan c, d;
    struct frame_head h = { .kind = FRAME_EVENT, .op = 1 };
    static const uint8_t body[1000];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s) < 0 || loop_init() < 0)
        return;
    chan_open(&c, s[0], 50, on_frame, on_end, NULL);
    int r = 0, sent = 0;
    while (sent < 10000 && (r = chan_send(&c, &h, body, sizeof body, &s[1], 1)) == 0)
        sent++;
    tap_int(r, -ENOBUFS, "a peer that does not read fills its queue");
    tap_ok(c.queued == 50, "which is bounded");
    for (int i = 0; i < 10 && end_code == 1; i++)
        loop_once(100);
    tap_int(end_code, -ENOBUFS, "its owner is told once, from the loop");
    close(s[1]);

    end_code = 1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s) < 0)
        return;
    chan_open(&c, s[0], 1000, on_frame, on_end, NULL);
    for (sent = 0; sent < 1000; sent++)
        chan_send(&c, &h, body, sizeof body, NULL, 0);
    chan_open(&d, s[1], 1000, on_frame, on_end, NULL);
    for (int i = 0; i < 1000 && frames_seen < 1000; i++)
        loop_once(100);
    tap_int(frames_seen, 1000, "what waited in a queue arrives when the peer reads");
    chan_close(&c);
    for (int i = 0; i < 10 && end_code == 1; i++)
        loop_once(100);
    tap_int(end_code, 0, "the other end sees the end of file");
    tap_int(count_fds(), before + 1, "nothing is left open but the loop");
}

/* One that has shut its ear only, with frames waiting for it: the socket becomes writable, takes nothing, and has nothing to read. */
static void deaf_peer(void)
{
    int s[2];
    struct chan c;
    struct frame_head h = { .kind = FRAME_EVENT, .op = 1 };
    static const uint8_t body[1000];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s) < 0)
        return;
    end_code = 1;
    frames_seen = 0;
    chan_open(&c, s[0], 1000, on_frame, on_end, NULL);
    while (c.queued < 10)
        chan_send(&c, &h, body, sizeof body, NULL, 0);
    shutdown(s[1], SHUT_RD);
    while (recv(s[1], buf, sizeof buf, MSG_DONTWAIT) > 0)
        ;
    loop_once(0);
    uint64_t before = util_now_ms();
    loop_once(200);
    tap_ok(!c.queued && util_now_ms() - before >= 100, "a peer that will not read keeps nobody busy");
    frame_send(s[1], &h, NULL, 0, NULL, 0);
    close(s[1]);
    for (int i = 0; i < 10 && end_code == 1; i++)
        loop_once(100);
    tap_ok(frames_seen == 1 && end_code == 0, "what it says is heard to its end");
}

/* By whom the kernel lets no more descriptors be sent, as one without root's rights. Its exit status. */
static int crowd(void)
{
    struct frame_head h = { .kind = FRAME_EVENT, .op = 1 };
    struct frame f;
    struct chan c;
    int among[2], s[2], fds[16], n = 0, r;
    if (geteuid() == 0 && setuid(100000 + (uid_t)getpid()) < 0)
        return 1;
    if (setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 64, 64 }) < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, among) < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s) < 0 || loop_init() < 0)
        return 2;
    for (int i = 0; i < 16; i++)
        fds[i] = s[0];
    while ((r = frame_send(among[0], &h, NULL, 0, fds, 16)) == 0 && n < 50)
        n++;
    if (r != -EAGAIN || chan_open(&c, s[0], 50, on_frame, on_end, NULL) < 0)
        return 3;
    if (chan_send(&c, &h, NULL, 0, fds, 1) != 0 || c.queued != 1 || c.doom)
        return 4;
    int turns = 0;
    for (uint64_t end = util_now_ms() + 300; util_now_ms() < end; turns++)
        loop_once(300);
    if (turns > 500)
        return 6;
    close(among[0]);
    close(among[1]);
    for (int i = 0; i < 1000 && c.queued; i++)
        loop_once(10);
    return frame_recv(s[1], &f, buf, sizeof buf) == 1 && f.h.nfds == 1 ? 0 : 5;
}

static void crowded(void)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(crowd());
    tap_ok(waitpid(pid, &status, 0) == pid && WIFEXITED(status), "a user's descriptors are too many on their way");
    tap_int(WEXITSTATUS(status), 0, "what cannot be sent waits, keeps nobody busy, and goes when others were read");
}

int main(void)
{
    int s[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s) < 0)
        return 1;
    exchange(s[0], s[1]);
    big(s[0], s[1]);
    broken();
    slow_peer();
    deaf_peer();
    crowded();
    return tap_done();
}
