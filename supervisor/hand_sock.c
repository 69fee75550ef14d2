/* hand_sock.c: ends of channels: terminals, pairs, unix and TCP sockets.  Part of hand-open, with its privilege and peer. */
#include "hand_open.h"
#include "hand_perf.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include "ipc/log.h"
#include "ipc/util.h"

#define CONNECT_WAIT_MS 5000
#define NO_ID 0xffffffffu

/* A path that is too long for sun_path is reached through its folder's descriptor, *dir, which is the caller's (-1 before). */
static int unix_address(const char *path, struct sockaddr_un *a, int *dir)
{
    *a = (struct sockaddr_un){ .sun_family = AF_UNIX };
    if (util_copy_str(a->sun_path, sizeof a->sun_path, path) == 0)
        return 0;
    char folder[PATH_MAX];
    struct stat st;
    const char *last = path_split(path, folder, sizeof folder);
    if (!last)
        return -EINVAL;
    *dir = path_open(folder, O_PATH, WANT(S_IFDIR), &st);
    return *dir < 0 ? *dir : util_format(a->sun_path, sizeof a->sun_path, "/proc/self/fd/%d/%s", *dir, last);
}

int sock_listen(const char *path, mode_t mode, int *fd)
{
    struct sockaddr_un a;
    AUTO_CLOSE dir = -1;
    int r = unix_address(path, &a, &dir);
    if (r < 0)
        return r;
    AUTO_CLOSE s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* The mode is the socket's before it has a name: nobody gets in between. */
    mode_t mask = umask(0);
    if (s < 0 || fchmod(s, mode) < 0 || bind(s, (struct sockaddr *)&a, sizeof a) < 0)
        r = -errno;
    /* What a run before left; only a socket is ever removed, and none that is another's by now. */
    if (r == -EADDRINUSE && path_remove_socket(path) == 0)
        r = bind(s, (struct sockaddr *)&a, sizeof a) < 0 ? -errno : 0;
    umask(mask);
    if (r == 0 && listen(s, 16) < 0)
        r = -errno;
    if (r == 0)
        *fd = STEAL_FD(&s);
    return r;
}

static int connected(const struct sockaddr *to, socklen_t len, int *fd)
{
    AUTO_CLOSE s = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* A full backlog, or a host that is silent, makes connect() wait: not for ever. */
    struct timeval wait = { .tv_sec = CONNECT_WAIT_MS / 1000 };
    if (s < 0 || setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) < 0)
        return -errno;
    if (connect(s, to, len) < 0)
        return errno == EAGAIN || errno == EINPROGRESS ? -ETIMEDOUT : -errno;
    wait.tv_sec = 0;
    setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    *fd = STEAL_FD(&s);
    return 0;
}

int sock_connect(const char *path, int *fd)
{
    struct sockaddr_un a;
    AUTO_CLOSE dir = -1;
    int r = unix_address(path, &a, &dir);
    return r < 0 ? r : connected((struct sockaddr *)&a, sizeof a, fd);
}

void open_own(const struct opener *o, int fd, const char *path)
{
    const struct hand_req *rq = o->rq;
    if (!(rq->flags & HAND_KEEP_OWNER) && (rq->owner_uid != NO_ID || rq->owner_gid != NO_ID) && fchownat(fd, "", rq->owner_uid, rq->owner_gid, AT_EMPTY_PATH) < 0)
        log_warn("cannot give '%s' to its owner: %s", path, strerror(errno));
}

/* A socket file of our making, as libvirt does for host clients that run as qemu.conf's user.
 * SAFETY: only a socket that is root's still and has one name: not what somebody put in its place. */
static void own_socket(const struct opener *o, const char *path)
{
    struct stat st;
    AUTO_CLOSE fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_nlink == 1 && st.st_uid == geteuid())
        open_own(o, fd, path);
}

int user_begin(const struct hand_req *rq)
{
    bool other = rq->owner_uid != NO_ID && rq->owner_uid != 0;
    uid_t uid = other ? rq->owner_uid : rq->uid;
    gid_t gid = other && rq->owner_gid != NO_ID ? rq->owner_gid : rq->gid;
    if (geteuid() != 0)
        return 0;
    if (uid == 0 || uid == NO_ID || gid == NO_ID)
        return -EPERM;
    return setgroups(0, NULL) < 0 || setegid(gid) < 0 || seteuid(uid) < 0 ? -errno : 0;
}

void user_end(void)
{
    if (getuid() == 0 && (seteuid(0) < 0 || setegid(0) < 0))
        exit(3);
}

/* SAFETY (MK_PTY): a fresh terminal.  The slave is opened through the master, not by name; it stays open on our side, for a master without
 * a slave makes QEMU spin. */
int open_pty(struct opener *o, const struct manifest_entry *m, const char *path, const char *aux, struct grant *g, struct err *e)
{
    struct termios t;
    AUTO_CLOSE master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0 || unlockpt(master) < 0 || ptsname_r(master, g->name, sizeof g->name) != 0)
        return open_fail(o, e, errno, "Unable to create a pseudo terminal");
    AUTO_CLOSE slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0 || tcgetattr(slave, &t) < 0)
        return open_fail(o, e, errno, "Unable to open '%s'", g->name);
    cfmakeraw(&t);
    tcsetattr(slave, TCSANOW, &t);
    open_own(o, slave, g->name);
    return open_give(o, g, STEAL_FD(&master), e) ? -1 : open_keep(o, g, STEAL_FD(&slave), e);
}

int open_pair(struct opener *o, const struct manifest_entry *m, const char *path, const char *aux, struct grant *g, struct err *e)
{
    int p[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p) < 0)
        return open_fail(o, e, errno, "Unable to create a socket pair");
    AUTO_CLOSE ours = p[1];
    return open_give(o, g, p[0], e) ? -1 : open_keep(o, g, STEAL_FD(&ours), e);
}

/* SAFETY (MK_PERF): of a guest that runs the event is one of the QEMU that hand-launch noted, and that still is it when the event counts. One that is started has none yet: hand-launch, which
 * gets the other end of the socket, begins it. */
int open_perf(struct opener *o, const struct manifest_entry *m, const char *path, const char *aux, struct grant *g, struct err *e)
{
    int p[2];
    int32_t pid, again = 0;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, p) < 0)
        return open_fail(o, e, errno, "Unable to create a socket pair");
    AUTO_CLOSE ours = p[1], to = p[0];
    if (!(o->rq->flags & HAND_NO_MONITOR))
        return open_give(o, g, STEAL_FD(&to), e) ? -1 : open_keep(o, g, STEAL_FD(&ours), e);
    AUTO_CLOSE was = record_qemu(o->h, o->rq->name, o->rq->id, &pid);
    if (was >= 0 && perf_begin(aux, pid, o->rq->uid, to, e))
        return -1;
    AUTO_CLOSE is = record_qemu(o->h, o->rq->name, o->rq->id, &again);
    if (was < 0 || is < 0 || pid != again)
        return err_set(e, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "domain is not running");
    return open_keep(o, g, STEAL_FD(&ours), e);
}

/* SAFETY (MK_HELPER): a connection without a name, between QEMU and a program that hand-launch knows; who is given what end of it is its affair. */
int open_helper(struct opener *o, const struct manifest_entry *m, const char *path, const char *aux, struct grant *g, struct err *e)
{
    /* Which of them wait for a connection: the name is gone as soon as it is made. */
    static const bool listens[HELPER_KIND_N] = { [HELPER_VIRTIOFS] = true };
    char name[sizeof o->h->run_dir + 16];
    int p[2] = { -1, -1 }, r = 0;
    if (m->a < HELPER_KIND_N && listens[m->a]) {
        util_format(name, sizeof name, "%s/helper.sock", o->h->run_dir);
        r = sock_listen(name, 0600, &p[1]);
        r = r < 0 ? r : sock_connect(name, &p[0]);
        unlink(name);
    } else if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p) < 0) {
        r = -errno;
    }
    AUTO_CLOSE helpers = p[1];
    if (r < 0)
        return open_fail(o, e, -r, "Unable to create a socket pair");
    return open_give(o, g, p[0], e) ? -1 : open_give(o, g, STEAL_FD(&helpers), e);
}

/* SAFETY (MK_UNIX_LISTEN): a socket file at a path of the client's choice.  bind() follows no link in the last step and replaces nothing;
 * only a left-over socket is removed for it.  Mode as libvirt makes it: its owner and group. */
int open_unix_listen(struct opener *o, const struct manifest_entry *m, const char *path, const char *aux, struct grant *g, struct err *e)
{
    int fd, r = open_make_parent(o, path);
    if (r == 0)
        r = sock_listen(path, 0775, &fd);
    if (r < 0)
        return open_fail(o, e, -r, "Unable to bind to UNIX socket path '%s'", path);
    const struct stat *made = open_note(o, path, -1);
    g->dev = made ? made->st_dev : 0;
    g->ino = made ? made->st_ino : 0;       /* 0: whoever removes it asks whether anybody listens */
    own_socket(o, path);
    if (strcmp(aux, "worker"))
        return open_give(o, g, fd, e);
    AUTO_CLOSE listener = fd;
    return open_pair(o, m, path, aux, g, e) ? -1 : open_keep(o, g, STEAL_FD(&listener), e);
}

/* In libvirt's words: for the socket of a character device it looks itself. */
static int not_connected(struct opener *o, const struct manifest_entry *m, const char *path, int errnum, struct err *e)
{
    return m->a && errnum == ENOENT ? open_fail_in(o, e, VIR_FROM_SECURITY, errnum, "unable to stat: %s", path) : open_fail(o, e, errnum, "Failed to connect to '%s'", path);
}

/* SAFETY (MK_UNIX_CONNECT): the peer sees who connects: qemu.conf's user, whose rights also decide whether the path may be reached.  A guest that
 * could have root's connection to the message bus or a container daemon would own the host. */
int open_unix_connect(struct opener *o, const struct manifest_entry *m, const char *path, const char *aux, struct grant *g, struct err *e)
{
    int fd, r = user_begin(o->rq);
    if (!r)
        r = sock_connect(path, &fd);
    user_end();
    return r < 0 ? not_connected(o, m, path, -r, e) : open_give(o, g, fd, e);
}

/* SAFETY (MK_SOCKET): found as qemu.conf's user finds it, and open to all of the host or, in a session, its user's own: a QEMU that has the file can connect to it again
 * and again, as its guest's account, of which nobody thinks more than of any other.  It cannot read it, and gets nothing of the folder around it. */
int open_socket(struct opener *o, const struct manifest_entry *m, const char *path, const char *aux, struct grant *g, struct err *e)
{
    struct stat st = { 0 };
    bool session = geteuid() != 0;
    int r = user_begin(o->rq);
    AUTO_CLOSE fd = r ? r : path_open(path, O_PATH, WANT(S_IFSOCK), &st);
    user_end();
    if (fd >= 0 && !(st.st_mode & (session && st.st_uid == geteuid() ? S_IWUSR : S_IWOTH)))
        return open_fail(o, e, EACCES, "Failed to connect to '%s', to which only some accounts may write", path);
    return fd < 0 ? not_connected(o, m, path, fd == -EMEDIUMTYPE ? ENOTSOCK : -fd, e) : open_give(o, g, STEAL_FD(&fd), e);
}

union inet { struct sockaddr any; struct sockaddr_in v4; struct sockaddr_in6 v6; };

/* Its length, or -EADDRNOTAVAIL: only numbers; nothing is resolved. */
static int inet_address(const char *text, uint16_t port, union inet *a)
{
    *a = (union inet){ .v4 = { .sin_family = AF_INET, .sin_port = htons(port) } };
    if (inet_pton(AF_INET, *text ? text : "0.0.0.0", &a->v4.sin_addr) == 1)
        return sizeof a->v4;
    *a = (union inet){ .v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) } };
    return inet_pton(AF_INET6, text, &a->v6.sin6_addr) == 1 ? (int)sizeof a->v6 : -EADDRNOTAVAIL;
}

static int tcp_listen(const char *address, uint16_t port, int *fd)
{
    union inet a;
    int on = 1, len = inet_address(address, port, &a);
    if (len < 0)
        return len;
    AUTO_CLOSE s = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s < 0 || setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 || bind(s, &a.any, (socklen_t)len) < 0 || listen(s, 16) < 0)
        return -errno;
    *fd = STEAL_FD(&s);
    return 0;
}

/* SAFETY (MK_TCP_LISTEN): a numeric address and a port that the document names or the daemon's own range; nothing is resolved.  QEMU's own socket
 * is bound with the rights of qemu.conf's user: not to a port that is root's. */
int open_tcp_listen(struct opener *o, const struct manifest_entry *m, const char *path, const char *aux, struct grant *g, struct err *e)
{
    uint32_t first = m->a ? m->a : m->b, last = m->a ? m->a : m->c;
    int fd = -1, r = -EADDRINUSE;
    bool ours = m->flags & MF_WORKER;
    if (!first || last > 65535)
        return open_fail(o, e, EINVAL, "Unable to listen on port %u", first);
    if (!ours && (r = user_begin(o->rq)) == 0)
        r = -EADDRINUSE;
    for (uint32_t port = first; port <= last && r == -EADDRINUSE; port++) {
        g->port = port;
        r = tcp_listen(aux, (uint16_t)port, &fd);
    }
    user_end();
    if (r == -EADDRINUSE && !m->a) {
        o->error = r;
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_NONE, "Unable to find an unused port in range 'VNC' (%u-%u)", first, last);
    }
    if (r < 0)
        return open_fail(o, e, -r, "Unable to listen on %s:%u", *aux ? aux : "0.0.0.0", first);
    return ours ? open_keep(o, g, fd, e) : open_give(o, g, fd, e);
}

/* SAFETY (MK_TCP_CONNECT): a numeric address and a port that the document names; nothing is resolved.  Whoever tells peers by the owner of a socket
 * sees qemu.conf's user. */
int open_tcp_connect(struct opener *o, const struct manifest_entry *m, const char *path, const char *aux, struct grant *g, struct err *e)
{
    union inet a;
    int fd = -1, r = m->a && m->a <= 65535 ? inet_address(aux, (uint16_t)m->a, &a) : -EINVAL;
    socklen_t len = (socklen_t)r;
    if (r > 0 && (r = user_begin(o->rq)) == 0)
        r = connected(&a.any, len, &fd);
    user_end();
    if (r < 0)
        return open_fail(o, e, -r, "Failed to connect to '%s:%u'", aux, m->a);
    return open_give(o, g, fd, e);
}
