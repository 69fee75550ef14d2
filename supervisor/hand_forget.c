/* hand_forget.c: what was made of an entry of a manifest goes again: at the guest's end (hand-launch) or when a device has gone (hand-open).
 *
 * SAFETY: nothing is removed but a socket, a file of shared memory that nobody used, and an overlay: the very file that the run's grants name, or one with the note that this entry's hand left
 * on it, which a guest cannot. Others can, on a file of their own. */
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "hand_vfio.h"
#include "ipc/log.h"
#include "ipc/util.h"

int overlay_note(const struct hand *h, const struct hand_req *rq, uint32_t index, char note[OVERLAY_NOTE_BYTES])
{
    char boot[40] = "";
    struct layout l;
    struct stat st;
    AUTO_CLOSE fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    int r = hand_layout(h, &l);
    if (r < 0)
        return r;
    if (fd < 0 || read(fd, boot, sizeof boot - 1) <= 0 || stat(l.state_dir, &st) < 0)
        return -ENODATA;
    boot[strcspn(boot, "\n")] = 0;
    return util_format(note, OVERLAY_NOTE_BYTES, "%s %llx:%llx %d.%u", boot, (unsigned long long)st.st_dev, (unsigned long long)st.st_ino, rq->id, index);
}

/* g: NULL: the hand that made it did not come to answer, or had found another one there. */
static void overlay_remove(const struct hand *h, const struct hand_req *rq, uint32_t index, const struct grant *g, const char *path)
{
    char was[OVERLAY_NOTE_BYTES] = "", now[OVERLAY_NOTE_BYTES];
    struct stat st = { .st_mode = S_IFREG };
    if (g && g->is_new) {
        st.st_dev = g->dev;
        st.st_ino = g->ino;
    } else {
        AUTO_CLOSE fd = path_open_plain(path);
        if (fd < 0 || fstat(fd, &st) < 0 || fgetxattr(fd, OVERLAY_NOTE, was, sizeof was - 1) <= 0 || overlay_note(h, rq, index, now) < 0 || strcmp(was, now))
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
        overlay_remove(h, rq, m->index, g, path);
    else if (m->kind == MK_VFIO)
        vfio_forget(h, rq->name, path, g);
    else
        shm_forget(m, path, rq->uid);
}
