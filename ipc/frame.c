/* frame.c: see frame.h. */
#include "frame.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include "crash.h"
#include "util.h"

#define SEALS (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK)

int frame_memfd(const char *name, const void *data, size_t len)
{
    AUTO_CLOSE fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -errno;
    ssize_t n = util_write_full(fd, data, len);
    if (n < 0)
        return (int)n;
    if (fcntl(fd, F_ADD_SEALS, SEALS | F_SEAL_SEAL) < 0)
        return -errno;
    return STEAL_FD(&fd);
}

int frame_map(int fd, size_t max, const void **data, size_t *len)
{
    struct stat st;
    int seals = fcntl(fd, F_GET_SEALS);
    /* Unsealed, a peer could shrink it under us (SIGBUS) or change what was checked. */
    if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &st) < 0)
        return -EPROTO;
    if (st.st_size < 0 || (uint64_t)st.st_size > max)
        return -EPROTO;
    if (st.st_size == 0) {
        *data = NULL;
        *len = 0;
        return 0;
    }
    void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        return -errno;
    *data = p;
    *len = (size_t)st.st_size;
    return 0;
}

int frame_copy(int fd, void *to, size_t size)
{
    const void *p;
    size_t n;
    int r = frame_map(fd, size, &p, &n);
    if (r < 0)
        return r;
    if (n == size)
        memcpy(to, p, n);
    if (n)
        munmap((void *)(uintptr_t)p, n);
    return n == size ? 0 : -EPROTO;
}

int frame_send(int sock, struct frame_head *h, const void *body, size_t body_len, const int *fds, unsigned nfds)
{
    union { struct cmsghdr h; char b[CMSG_SPACE(sizeof(int) * FRAME_FDS_MAX)]; } ctl;
    int all[FRAME_FDS_MAX];
    AUTO_CLOSE big = -1;

    if (nfds > FRAME_FDS_MAX || body_len > FRAME_BIG_MAX)
        return -EMSGSIZE;
    /* A router passes a BIG body on as it came: no bytes, the flag, the memfd in front. */
    if (body_len || !nfds)
        h->flags &= (uint16_t)~FRAME_BIG;
    if (body_len > FRAME_BODY_MAX) {
        if (nfds == FRAME_FDS_MAX)
            return -EMSGSIZE;
        big = frame_memfd("bulkhead-body", body, body_len);
        if (big < 0)
            return big;
        all[0] = big;
        if (nfds)
            memcpy(all + 1, fds, nfds * sizeof *fds);
        fds = all;
        nfds++;
        body_len = 0;
        h->flags |= FRAME_BIG;
    }
    h->magic = FRAME_MAGIC;
    h->nfds = (uint8_t)nfds;
    h->len = (uint32_t)body_len;

    struct iovec iov[2] = { { h, sizeof *h }, { (void *)(uintptr_t)body, body_len } };
    struct msghdr m = { .msg_iov = iov, .msg_iovlen = body_len ? 2 : 1 };
    if (nfds) {
        memset(&ctl, 0, CMSG_SPACE(sizeof(int) * nfds));
        m.msg_control = &ctl;
        m.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
        memcpy(CMSG_DATA(c), fds, nfds * sizeof *fds);
    }
    ssize_t n;
    crash_point("before", h);
    do
        n = sendmsg(sock, &m, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n < 0)      /* or until those of our user's that are on their way have been read */
        return errno == EWOULDBLOCK || errno == ETOOMANYREFS ? -EAGAIN : -errno;
    crash_point("after", h);
    return 0;
}

int frame_recv(int sock, struct frame *f, uint8_t *buf, size_t buf_len)
{
    union { struct cmsghdr h; char b[CMSG_SPACE(sizeof(int) * FRAME_FDS_MAX)]; } ctl;
    struct iovec iov[2] = { { &f->h, sizeof f->h }, { buf, buf_len } };
    struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2, .msg_control = &ctl, .msg_controllen = sizeof ctl };
    unsigned got = 0;
    bool bad = false;
    ssize_t n;

    do
        n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
    while (n < 0 && (errno == EINTR || errno == ECONNRESET));       /* the latter once, of a peer that died with frames unread: its own are still to come */
    if (n < 0)
        return errno == EWOULDBLOCK ? -EAGAIN : -errno;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t k = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        const unsigned char *d = CMSG_DATA(c);
        for (size_t i = 0; i < k; i++) {
            int fd;
            memcpy(&fd, d + i * sizeof fd, sizeof fd);
            if (got < FRAME_FDS_MAX) {
                f->fds[got++] = fd;
            } else {
                close(fd);
                bad = true;
            }
        }
    }
    if (n == 0 && !got)
        return 0;
    f->map = NULL;
    f->map_len = 0;
    f->body = buf;
    if ((size_t)n < sizeof f->h || (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) || bad ||
        f->h.magic != FRAME_MAGIC || f->h.kind < FRAME_CALL || f->h.kind >= FRAME_KIND_N ||
        f->h.nfds != got || f->h.len != (size_t)n - sizeof f->h || f->h.len > FRAME_BODY_MAX ||
        ((f->h.flags & FRAME_BIG) && (f->h.len || !got))) {
        while (got)
            close(f->fds[--got]);
        f->h.nfds = 0;
        return -EPROTO;
    }
    f->body_len = f->h.len;
    crash_point("got", &f->h);
    return 1;
}

int frame_take_fd(struct frame *f, unsigned i)
{
    return i < f->h.nfds ? STEAL_FD(&f->fds[i]) : -1;
}

void frame_done(struct frame *f)
{
    for (unsigned i = 0; i < f->h.nfds; i++)
        util_closep(&f->fds[i]);
    f->h.nfds = 0;
    if (f->map)
        munmap(f->map, f->map_len);
    f->map = NULL;
}
