/* fakesup.h: a supervisor of one call, for tests of hands and workers: gives birth to a role and exchanges frames with it. */
#ifndef BULKHEAD_FAKESUP_H
#define BULKHEAD_FAKESUP_H
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "ipc/birth.h"
#include "ipc/err.h"
#include "ipc/frame.h"
#include "ipc/internal.h"
#include "ipc/layout.h"
#include "ipc/manifest.h"
#include "ipc/util.h"

#define FAKESUP_WAIT_MS 60000

struct fakesup { pid_t pid; int chan; uint8_t body[FRAME_BODY_MAX]; struct frame reply; };

static const char *fakesup_supervisor;     /* its program, where it is not virtqemud's */

/* Path of a role's binary: the build tree's. */
static inline const char *fakesup_role(int role)
{
    static char path[512];
    const char *dir = getenv("BULKHEAD_LIBEXECDIR");
    snprintf(path, sizeof path, "%s/%s", dir ? dir : "roles", role == ROLE_SUPERVISOR && fakesup_supervisor ? fakesup_supervisor : role_name(role));
    return path;
}

/* Starts a role with `birth` (magic and role are filled in) and nfds further descriptors. 0 or negative errno. */
static inline int fakesup_spawn(struct fakesup *s, int role, struct birth birth, const int *fds)
{
    int pair[2];
    birth.magic = BIRTH_MAGIC;
    birth.role = (uint16_t)role;
    if (!birth.log_level)
        birth.log_level = 3;
    int memfd = frame_memfd("birth", &birth, sizeof birth);
    if (memfd < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    int big = 1 << 20;
    setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &big, sizeof big);
    setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &big, sizeof big);
    s->pid = fork();
    if (s->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        int at[BIRTH_FDS_MAX + 2];
        at[0] = fcntl(pair[1], F_DUPFD, 300);
        at[1] = fcntl(memfd, F_DUPFD, 300);
        for (int i = 0; i < birth.nfds; i++)
            at[2 + i] = fcntl(fds[i], F_DUPFD, 300);
        for (int i = 0; i < birth.nfds + 2; i++)
            dup2(at[i], 3 + i);
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(null, 1);
        for (int fd = 5 + birth.nfds; fd < 600; fd++)
            close(fd);
        char *argv[] = { (char *)(uintptr_t)role_name(role), NULL };
        execv(fakesup_role(role), argv);
        _exit(127);
    }
    close(pair[1]);
    close(memfd);
    s->chan = pair[0];
    s->reply = (struct frame)FRAME_INIT;
    return s->pid < 0 ? -errno : 0;
}

static inline int fakesup_send(struct fakesup *s, int kind, uint32_t op, uint64_t object, uint32_t arg, const void *body, size_t len, const int *fds, unsigned nfds)
{
    static uint32_t serial;
    struct frame_head h = { .kind = (uint8_t)kind, .op = op, .serial = ++serial, .object = object, .origin = 7, .arg = arg };
    return frame_send(s->chan, &h, body, len, fds, nfds);
}

/* Next frame into s->reply. 1, 0 at the end, -ETIMEDOUT or another negative errno. */
static inline int fakesup_recv(struct fakesup *s)
{
    struct pollfd p = { .fd = s->chan, .events = POLLIN };
    frame_done(&s->reply);
    if (poll(&p, 1, FAKESUP_WAIT_MS) <= 0)
        return -ETIMEDOUT;
    return frame_recv(s->chan, &s->reply, s->body, sizeof s->body);
}

/* Who has connected to a listener, or does before the time is over; -1. The caller closes it. */
static inline int fakesup_accept(int listener)
{
    struct pollfd p = { .fd = listener, .events = POLLIN };
    return poll(&p, 1, FAKESUP_WAIT_MS) == 1 ? accept(listener, NULL, NULL) : -1;
}

static inline int fakesup_call(struct fakesup *s, uint32_t op, uint64_t object, uint32_t arg, const void *body, size_t len, const int *fds, unsigned nfds)
{
    int r = fakesup_send(s, FRAME_CALL, op, object, arg, body, len, fds, nfds);
    return r < 0 ? r : fakesup_recv(s);
}

/* Closes the channel, reaps; the exit status as of waitpid. */
static inline int fakesup_end(struct fakesup *s)
{
    int status = -1;
    frame_done(&s->reply);
    close(s->chan);
    while (waitpid(s->pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

/* So many descriptors of this user's are on their way to somebody who does not take them, until what is returned is closed. */
static inline int fakesup_in_flight(unsigned n)
{
    int pair[2], fds[50];
    struct frame_head h = { .kind = FRAME_EVENT };
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    for (size_t i = 0; i < ARRAY_N(fds); i++)
        fds[i] = STDOUT_FILENO;
    for (int r = 0; n && r == 0; n -= n < ARRAY_N(fds) ? n : ARRAY_N(fds))
        r = frame_send(pair[0], &h, NULL, 0, fds, n < ARRAY_N(fds) ? n : ARRAY_N(fds));
    close(pair[0]);
    return pair[1];
}

/* Where hands keep what is noted of guests. */
static struct layout fakesup_layout;

/* A hand's whole life: one call, one reply (kept in s->reply until fakesup_end). */
static inline int fakesup_hand(struct fakesup *s, int role, uint32_t flags, uint32_t op, const void *body, size_t len, const int *fds, unsigned nfds)
{
    struct birth b = { .uid = 0xffffffffu, .gid = 0xffffffffu, .flags = flags };
    int layout = frame_memfd("layout", &fakesup_layout, sizeof fakesup_layout);
    b.nfds = 1;
    b.fd_kind[0] = BFD_LAYOUT;
    int r = fakesup_spawn(s, role, b, &layout);
    close(layout);
    return r < 0 ? r : fakesup_call(s, OP_IN(op), 0, 0, body, len, fds, nfds);
}

/* What it answered, where that is a struct hand_done; else its error is -ENOSYS. r: fakesup_hand()'s. */
static inline struct hand_done fakesup_done(const struct fakesup *s, int r)
{
    struct hand_done d = { .error = -ENOSYS };
    if (r == 1 && s->reply.body_len == sizeof d)
        memcpy(&d, s->reply.body, sizeof d);
    return d;
}
#endif
