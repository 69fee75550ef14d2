/* hand-open: disks whose descriptors a client gave, and what may come in their place. */
#include <sys/socket.h>
#include "hand-open.h"
#include "ipc/given.h"

static struct given rows[GIVEN_MAX + 1];

/* One message; more of it than n rows, or less, are said to come with bytes. */
static void send_rows(int sock, size_t bytes, const int *fds, unsigned nfds)
{
    union { struct cmsghdr h; char b[CMSG_SPACE(sizeof(int) * 100)]; } ctl = { .b = { 0 } };
    struct iovec iov = { rows, bytes };
    struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = nfds ? ctl.b : NULL, .msg_controllen = nfds ? CMSG_SPACE(nfds * sizeof *fds) : 0 };
    ctl.h = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(nfds * sizeof *fds) };
    if (nfds)
        memcpy(CMSG_DATA(&ctl.h), fds, nfds * sizeof *fds);
    if (sendmsg(sock, &m, 0) != (ssize_t)bytes)
        abort();
}

/* A hand with one entry, for group "g", and that message.  bytes 0: nothing waits in it. */
static void given(uint32_t flags, size_t bytes, const int *fds, unsigned nfds)
{
    int s[2];
    begin();
    rq.flags |= HAND_GIVEN;
    add(MK_GIVEN, flags, NULL, "g");
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s) < 0)
        abort();
    if (bytes)
        send_rows(s[0], bytes, fds, nfds);
    close(s[0]);
    pipes[0] = s[1];
    npipes = 1;
    run();
    npipes = 0;
    close(s[1]);
}

static void row(unsigned i, const char *name, uint32_t nfds)
{
    rows[i] = (struct given){ .nfds = nfds };
    snprintf(rows[i].name, sizeof rows[i].name, "%s", name);
}

static void says(uint32_t flags, size_t bytes, const int *fds, unsigned nfds, const char *text, const char *what)
{
    given(flags, bytes, fds, nfds);
    tap_ok(done.error <= 0 && done.failed <= 0 && strstr(done.text, text) && sup.reply.h.nfds == 0, "%s: %s", what, done.text);
    finish();
}

static void good(int rw, int ro, int other)
{
    struct stat a, b;
    row(0, "x", 1);
    row(1, "g", 3);
    given(0, 2 * sizeof *rows, (int[]){ other, ro, rw, other }, 4);
    bool fine = tap_ok(!done.error && done.nqemu == 2 && grants.g[0].nqemu == 2 && grants.g[0].size == 4096 && !grants.g[0].is_block, "one to read and write, with its twin: %s", done.text);
    tap_ok(fine && (fcntl(qemu_fd(0), F_GETFL) & O_ACCMODE) == O_RDWR && (fcntl(qemu_fd(1), F_GETFL) & O_ACCMODE) == O_RDONLY && fstat(qemu_fd(0), &a) == 0 && fstat(rw, &b) == 0 && a.st_ino == b.st_ino, "in that order");
    finish();
    row(0, "g", 2);
    given(0, sizeof *rows, (int[]){ rw, other }, 2);
    tap_ok(!done.error && done.nqemu == 1, "another file is no twin: %s", done.text);
    finish();
    given(MF_RO, sizeof *rows, (int[]){ rw, ro }, 2);
    tap_ok(!done.error && done.nqemu == 1 && (fcntl(qemu_fd(0), F_GETFL) & O_ACCMODE) == O_RDONLY, "an image that is only read has no other");
    finish();
}

static void bad(int rw, int ro)
{
    int folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), path = open(in_dir("a"), O_PATH | O_CLOEXEC), ends[2], many[100];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        abort();
    row(0, "x", 1);
    says(0, sizeof *rows, &rw, 1, "group 'g' was not associated", "another group");
    row(0, "g", 1);
    says(0, sizeof *rows, &ro, 1, "is open to read and write", "one that is only to be read");
    says(MF_RO, sizeof *rows, &rw, 1, "is open to be read only", "one that is to be written");
    says(MF_RO, sizeof *rows, &folder, 1, "is not a regular file", "a folder");
    says(0, sizeof *rows, &ends[0], 1, "is not a regular file", "a socket");
    says(MF_RO, sizeof *rows, &path, 1, "is open to be read only", "a place, not open");
    row(0, "g", 0);
    says(0, sizeof *rows, NULL, 0, "is open to read and write", "a group of none");
    says(0, 0, NULL, 0, "malformed file descriptor groups", "nothing in the socket");
    row(0, "g", 2);
    says(0, sizeof *rows, &rw, 1, "malformed", "fewer than were said");
    row(0, "g", UINT32_MAX);
    row(1, "g", 2);
    says(0, 2 * sizeof *rows, &rw, 1, "malformed", "a sum that overflows");
    row(0, "g", 1);
    says(0, sizeof *rows - 1, &rw, 1, "malformed", "half a row");
    memset(rows[0].name, 'g', sizeof rows[0].name);
    says(0, sizeof *rows, &rw, 1, "malformed", "a name without an end");
    for (unsigned i = 0; i <= GIVEN_MAX; i++)
        row(i, "g", i ? 0 : 1);
    says(0, sizeof rows, &rw, 1, "malformed", "more groups than there may be");
    for (unsigned i = 0; i < ARRAY_N(many); i++)
        many[i] = rw;
    row(0, "g", GIVEN_FDS_MAX + 1);
    says(0, sizeof *rows, many, GIVEN_FDS_MAX + 1, "malformed", "more descriptors");
    refused(MK_GIVEN, 0, NULL, "was not associated", "no socket at all");
    close(folder);
    close(path);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    folder_begin();
    make_file(in_dir("a"), 4096);
    make_file(in_dir("b"), 512);
    int rw = open(in_dir("a"), O_RDWR | O_CLOEXEC), ro = open(in_dir("a"), O_RDONLY | O_CLOEXEC), other = open(in_dir("b"), O_RDONLY | O_CLOEXEC);
    good(rw, ro, other);
    bad(rw, ro);
    close(rw);
    close(ro);
    close(other);
    return folder_end();
}
