/* hand_daemon.c: where the daemons beside us listen.  Part of hand-open and hand-launch, with their privilege and peer.
 *
 * SAFETY: sockets of fixed names in the daemon's own folder for sockets, of which the front made the path; a supervisor that was taken over chooses
 * which of them, and no more.  Those of locks and logs serve root only (a session's: its user), so that the connection is what a hand is needed for. */
#include "hand.h"
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include "ipc/op.h"
#include "ipc/util.h"

int hand_daemon_path(const struct hand *h, uint32_t daemon, bool readonly, char *path, size_t size)
{
    static const char *const names[] = { [HOST_LOCKD] = "virtlockd", [HOST_LOGD] = "virtlogd", [HOST_BUS] = "", [HOST_NETWORK] = "virtnetworkd", [HOST_NODEDEV] = "virtnodedevd",
        [HOST_SECRET] = "virtsecretd", [HOST_NWFILTER] = "virtnwfilterd", [HOST_INTERFACE] = "virtinterfaced", [HOST_STORAGE] = "virtstoraged", [HOST_DAEMON_N] = "libvirt" };
    struct layout l;
    if (daemon == HOST_BUS)
        return util_format(path, size, "/run/dbus/system_bus_socket");
    int r = daemon < ARRAY_N(names) ? hand_layout(h, &l) : -EPROTO;
    return r < 0 ? r : util_format(path, size, "%s/%s-sock%s", l.sock_dir, names[daemon], readonly ? "-ro" : "");
}

enum { RPC_HEAD = 28, LOCK_PROGRAM = 0x0ea7beef, LOCK_REGISTER = 1, LOCK_RESTRICT = 2, RPC_CALL = 0, RPC_REPLY = 1 };

static uint8_t *put(uint8_t *p, uint32_t v)
{
    for (int i = 24; i >= 0; i -= 8)
        *p++ = (uint8_t)(v >> i);
    return p;
}

static uint8_t *put_head(uint8_t *p, size_t len, uint32_t proc, uint32_t type, uint32_t serial)
{
    const uint32_t words[] = { (uint32_t)len, LOCK_PROGRAM, 1, proc, type, serial, 0 };
    for (size_t i = 0; i < ARRAY_N(words); i++)
        p = put(p, words[i]);
    return p;
}

/* SAFETY: nothing of what comes is interpreted: it is the two answers that say yes, byte for byte, or the guest does not start. */
int hand_daemon_register(int fd, const struct launch *l, int32_t pid)
{
    uint8_t m[2 * RPC_HEAD + sizeof l->uuid + sizeof l->name + 20], got[2 * RPC_HEAD], want[sizeof got], *p;
    size_t n = strlen(l->name), padded = (n + 3) / 4 * 4;
    const struct timeval wait = { .tv_sec = 20 };
    p = put_head(m, RPC_HEAD + sizeof l->uuid + 4 + padded + 12, LOCK_REGISTER, RPC_CALL, 0);
    p = put((uint8_t *)memcpy(p, l->uuid, sizeof l->uuid) + sizeof l->uuid, (uint32_t)n);
    memset(p, 0, padded);
    p = put(put(put((uint8_t *)memcpy(p, l->name, n) + padded, (uint32_t)l->id), (uint32_t)pid), 0);
    p = put(put_head(p, RPC_HEAD + 4, LOCK_RESTRICT, RPC_CALL, 1), 0);
    put_head(put_head(want, RPC_HEAD, LOCK_REGISTER, RPC_REPLY, 0), RPC_HEAD, LOCK_RESTRICT, RPC_REPLY, 1);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) < 0 || send(fd, m, (size_t)(p - m), MSG_NOSIGNAL) != p - m)
        return -errno;
    ssize_t r = util_read_full(fd, got, sizeof got);
    return r < 0 ? (int)r : r == sizeof got && !memcmp(got, want, sizeof got) ? 0 : -EPROTO;
}
