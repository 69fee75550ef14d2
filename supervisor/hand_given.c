/* hand_given.c: disks whose descriptors a client gave (virDomainFDAssociate).  Part of hand-open, with its peer, and without any privilege. */
#include "hand_open.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "ipc/given.h"
#include "ipc/util.h"

struct came { struct given row[GIVEN_MAX]; unsigned n; int fd[GIVEN_FDS_MAX]; unsigned nfds; };

static void came_close(struct came *k)
{
    while (k->nfds)
        close(k->fd[--k->nfds]);
}

/* The one message stays where it is: the same call may be made again, and each entry looks. */
static int receive(int sock, struct came *k)
{
    union { struct cmsghdr h; char b[CMSG_SPACE(sizeof k->fd)]; } ctl;
    struct iovec iov = { k->row, sizeof k->row };
    struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl.b, .msg_controllen = sizeof ctl.b };
    ssize_t got = recvmsg(sock, &m, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    struct cmsghdr *c = got > 0 ? CMSG_FIRSTHDR(&m) : NULL;
    k->n = k->nfds = 0;
    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
        k->nfds = (unsigned)((c->cmsg_len - CMSG_LEN(0)) / sizeof *k->fd);
        memcpy(k->fd, CMSG_DATA(c), k->nfds * sizeof *k->fd);
    }
    unsigned said = 0;
    bool good = got > 0 && !(m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) && (size_t)got % sizeof *k->row == 0;
    for (k->n = good ? (unsigned)((size_t)got / sizeof *k->row) : 0; good && said < k->n;)
        good = memchr(k->row[said++].name, 0, sizeof k->row->name) != NULL;
    uint64_t sum = 0;
    for (unsigned i = 0; i < k->n; i++)
        sum += k->row[i].nfds;
    return good && sum == k->nfds ? 0 : -EPROTO;
}

/* The first of them that is open in that way, taken out of the list; -1 none. */
static int take(int *fds, unsigned n, int mode)
{
    for (unsigned i = 0; i < n; i++) {
        int flags = fcntl(fds[i], F_GETFL);
        if (flags >= 0 && !(flags & O_PATH) && (flags & O_ACCMODE) == mode)
            return fcntl(fds[i], F_DUPFD_CLOEXEC, 0);
    }
    return -1;
}

static int image(struct opener *o, const struct manifest_entry *m, const char *group, int *fds, unsigned n, struct grant *g, struct err *e)
{
    struct stat st;
    bool ro = m->flags & MF_RO;
    AUTO_CLOSE fd = take(fds, n, ro ? O_RDONLY : O_RDWR);
    AUTO_CLOSE twin = ro ? -1 : take(fds, n, O_RDONLY);
    uint64_t size;
    if (fd < 0)
        return open_fail(o, e, EACCES, "none of the file descriptors of group '%s' is open to %s", group, ro ? "be read only" : "read and write");
    if (fstat(fd, &st) < 0 || !(S_ISREG(st.st_mode) || S_ISBLK(st.st_mode)))
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "file descriptor group '%s' is not a regular file or block device", group);
    size = (uint64_t)st.st_size;
    if (S_ISBLK(st.st_mode) && ioctl(fd, BLKGETSIZE64, &size) < 0)
        return open_fail(o, e, errno, "Cannot tell the size of '%s'", group);
    struct stat other = st;
    if (twin >= 0 && (fstat(twin, &other) < 0 || other.st_dev != st.st_dev || other.st_ino != st.st_ino))
        util_closep(&twin);
    g->dev = st.st_dev;
    g->ino = st.st_ino;
    g->size = size;
    g->is_block = S_ISBLK(st.st_mode);
    return open_give(o, g, STEAL_FD(&fd), e) || (twin >= 0 && open_give(o, g, STEAL_FD(&twin), e)) ? -1 : 0;
}

/* SAFETY (MK_GIVEN): nothing is opened here: QEMU gets what the client itself had open, and only a file or a disk, by which no other is reached; as it is, without more rights than it was opened with. */
int open_given(struct opener *o, const struct manifest_entry *m, const char *path, const char *aux, struct grant *g, struct err *e)
{
    static struct came k;
    int *fds = NULL;
    unsigned n = 0;
    if (o->given >= 0 && receive(o->given, &k) < 0) {
        came_close(&k);
        return open_fail(o, e, EPROTO, "malformed file descriptor groups");
    }
    for (unsigned i = 0, at = 0; o->given >= 0 && i < k.n; at += k.row[i++].nfds)
        if (!strcmp(k.row[i].name, aux)) {
            fds = k.fd + at;
            n = k.row[i].nfds;
        }
    int r = fds ? image(o, m, aux, fds, n, g, e) : err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "file descriptor group '%s' was not associated with the domain", aux);
    came_close(&k);
    return r;
}
