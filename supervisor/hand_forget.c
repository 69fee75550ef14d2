/* hand_forget.c: what was made of an entry of a manifest goes again: at the guest's end (hand-launch) or when a device has gone (hand-open).
 *
 * SAFETY: nothing is removed but a socket, a file of shared memory that nobody used, and an overlay: the very file that the run's grants name, or one with the note that this run's hand left
 * on it, which a guest cannot. Others can, on a file of their own. */
#include <sys/stat.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include "hand.h"
#include "ipc/log.h"
#include "ipc/util.h"

/* g: NULL: the hand that made it did not come to answer. */
static void overlay_remove(const struct grant *g, const char *path, int32_t id)
{
    char was[16] = "", now[16];
    struct stat st = { .st_mode = S_IFREG };
    if (g && g->is_new) {
        st.st_dev = g->dev;
        st.st_ino = g->ino;
    } else {
        AUTO_CLOSE fd = path_open_plain(path);
        snprintf(now, sizeof now, "%d", id);
        if (fd < 0 || fstat(fd, &st) < 0 || fgetxattr(fd, OVERLAY_NOTE, was, sizeof was - 1) <= 0 || strcmp(was, now))
            return;
    }
    int r = path_remove(path, &st);
    if (r < 0 && r != -ENOENT)
        log_warn("cannot remove the overlay '%s': %s", path, strerror(-r));
}

void entry_forget(const struct hand *h, const struct hand_req *rq, const struct manifest_entry *m, const struct grant *g, const char *path)
{
    if (m->kind == MK_UNIX_LISTEN)
        sock_remove(h, g, path);
    else if (m->kind == MK_IMAGE && m->flags & MF_FRESH)
        overlay_remove(g, path, rq->id);
    else
        shm_forget(m, path, rq->uid);
}
