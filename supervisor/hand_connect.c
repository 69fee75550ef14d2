/* hand_connect.c: connections to the daemons beside us.  Part of hand-open, with its privilege and peer.
 *
 * libvirt's daemons ask the kernel who connected, and then look in /proc for the process: it has to be there until they have answered a first call. So
 * this one stays as long as somebody has the pipe that comes with the connection, and no longer than the supervisor waits for it to end.
 *
 * SAFETY: one of the sockets of hand_daemon.c; what is said over the connection is the business of the role that gets it.  With a sibling a gateway speaks,
 * which its client may have taken over: so whoever connects is that client, as the kernel told the supervisor when it came, and what the socket's mode and the
 * daemon's rules let it do is what it could do without us. */
#include "hand_open.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "ipc/util.h"

#define STAY_MS 900            /* the supervisor ends one that stays longer than a second behind its answer */
#define GROUPS_MAX 65536
#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

/* SAFETY: the groups are those of the socket's other end, of which a gateway says that it is its client's: it is one that belongs to the same user. */
static int client_become(const struct hand_daemon *q, int client)
{
    static gid_t groups[GROUPS_MAX];
    struct ucred who;
    socklen_t len = sizeof who, bytes = sizeof groups;
    if (geteuid() != 0 || q->uid == 0)
        return 0;
    if (q->uid == UINT32_MAX || q->gid == UINT32_MAX)
        return -EPERM;
    if (client < 0 || getsockopt(client, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0 || who.uid != q->uid || getsockopt(client, SOL_SOCKET, SO_PEERGROUPS, groups, &bytes) < 0)
        bytes = 0;
    return setgroups(bytes / sizeof *groups, groups) < 0 || setegid(q->gid) < 0 || seteuid(q->uid) < 0 ? -errno : 0;
}

/* The sibling's own socket; where nobody listens at it, that of a libvirtd which is all of them.  path: that of the first, for words about it. */
static int sibling_connect(const struct hand *h, const struct hand_daemon *q, const char *path, int *fd)
{
    char other[108];
    int r = sock_connect(path, fd);
    if (q->daemon < HOST_NETWORK || (r != -ENOENT && r != -ECONNREFUSED) || hand_daemon_path(h, HOST_DAEMON_N, q->readonly, other, sizeof other) < 0)
        return r;
    r = sock_connect(other, fd);
    return r == -ECONNREFUSED ? -ENOENT : r;
}

void hand_daemon(struct hand *h)
{
    const struct hand_daemon *q = hand_body(h, sizeof *q);
    struct hand_done done = { .failed = -1, .nworker = 1 };
    struct err e = ERR_INIT;
    char path[108] = "";
    bool is_sibling = q->daemon >= HOST_NETWORK;
    int fds[3] = { -1, -1, -1 }, stays[2], r = q->daemon < HOST_DAEMON_N ? hand_daemon_path(h, q->daemon, q->readonly, path, sizeof path) : -EPROTO;
    bool of_run = q->daemon == HOST_SECRET && q->id;
    unsigned n = 2 + (of_run || (h->call.h.nfds > 0 && !is_sibling));
    r = r < 0 ? r : pipe2(stays, O_CLOEXEC) < 0 ? -errno : client_become(q, is_sibling && h->call.h.nfds ? h->call.fds[0] : -1);
    r = r < 0 ? r : sibling_connect(h, q, path, &fds[0]);
    if (r < 0)
        err_sys(&e, VIR_FROM_RPC, -r, "Failed to connect socket to '%s'", path);
    else if (n > 2)
        r = fds[2] = of_run ? hand_secret_keys(h, q->id, q->name, &e) : hand_keys(h, 0, &e);
    if (r < 0) {
        hand_fail(h, -1, r, &e);
        return;
    }
    fds[1] = stays[1];
    hand_reply(h, &done, sizeof done, fds, n);
    for (unsigned i = 0; i < n; i++)
        close(fds[i]);
    /* From here on it is the client's process, whom policykit asks for what /proc says; until the answer was on its way, the client could have stopped it. */
    gid_t gid = getegid();
    uid_t uid = geteuid();
    if (setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
        return;
    struct pollfd p = { .fd = stays[0] };
    poll(&p, 1, STAY_MS);
}
