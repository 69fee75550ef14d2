/* hand_daemon.c: where the host's lock and log daemons listen.  Part of hand-open and hand-launch, with their privilege and peer.
 *
 * SAFETY: two sockets of fixed names in the daemon's own folder for sockets, of which the front made the path; a supervisor that was taken over chooses
 * which of the two, and no more.  Their daemons serve root only (a session's: its user), so that the connection is what a hand is needed for. */
#include "hand.h"
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include "ipc/layout.h"
#include "ipc/op.h"
#include "ipc/util.h"

int hand_daemon_path(const struct hand *h, uint32_t program, char *path, size_t size)
{
    const void *p;
    size_t n;
    int fd = birth_fd(&h->birth, BFD_LAYOUT, -1, NULL), r = fd < 0 ? -EBADF : frame_map(fd, sizeof(struct layout), &p, &n);
    if (r < 0)
        return r;
    const struct layout *l = p;
    const char *name = program == PROG_LOCK ? "virtlockd" : program == PROG_LOG ? "virtlogd" : NULL;
    r = n != sizeof *l || !memchr(l->sock_dir, 0, sizeof l->sock_dir) || !name ? -EPROTO : util_format(path, size, "%s/%s-sock", l->sock_dir, name);
    munmap((void *)(uintptr_t)p, n);
    return r;
}
