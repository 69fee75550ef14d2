/* hand_pin.c: what an image's header may name as its backing file.  Part of hand-open, with its privilege and peer.
 *
 * SAFETY: a guest writes its image, and a hostile QEMU its header, so that at the next start the header could name any file of the host, which
 * root would open for it.  So the name is noted at its first use, beside the image and out of the guest's reach: in an extended attribute,
 * which QEMU's uid may not set and its filter does not let through; of an image that has none, that it has none.  From then on only that name, or
 * a file in a folder of an image that the document itself names, is taken; and of those none that another guest writes to, for guests' disks mostly share a folder.  Who
 * owns an image can forge what is noted, as he can make the image anew: that is its owner's to answer for.
 * Where nothing can be noted (a block device, a file system without attributes) the folders alone decide.  A document that names the chain
 * (<backingStore>) is not asked for any of this, nor is anybody where qemu.conf says bulkhead_chain_pin_relaxed. */
#include "hand_open.h"
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/xattr.h>
#include "ipc/log.h"
#include "ipc/util.h"

#define NOTE "user.bulkhead.backing"
#define DISK_NOTE "user.bulkhead.disk"      /* whose disk an image is: the name of the guest that last had it to write */

static size_t folder_len(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) : 0;
}

/* Is the file in the folder of an image of the document? Its own folder, not one below: a disk in "/" opens nothing else. */
static bool in_folder(const struct hand *h, const char *backing)
{
    struct manifest_entry m;
    const char *path, *aux;
    size_t n = folder_len(backing);
    for (struct manifest_in in = hand_entries(h); hand_next(&in, &m, &path, &aux);)
        if (m.kind == MK_IMAGE && !(m.flags & MF_BACKING) && path && folder_len(path) == n && !strncmp(path, backing, n))
            return true;
    return false;
}

static ssize_t read_note(int fd, const char *what, char *text, size_t size)
{
    ssize_t n = fgetxattr(fd, what, text, size - 1);
    text[n > 0 ? n : 0] = 0;
    return n;
}

void pin_disk(const struct opener *o, const struct manifest_entry *m, int fd)
{
    char was[NAME_MAX_BYTES];
    struct manifest_entry below;
    const char *path, *aux, *backing = "";
    for (struct manifest_in in = hand_entries(o->h); hand_next(&in, &below, &path, &aux);)
        if (below.kind == MK_IMAGE && below.parent == (int32_t)m->index)
            backing = below.flags & MF_BACKING ? NULL : path;      /* what the header names is pin_backing's */
    if (backing && !(m->flags & MF_RO) && m->format != IMG_RAW && fsetxattr(fd, NOTE, backing, strlen(backing), XATTR_CREATE) < 0 && errno != EEXIST)
        log_debug("an image's backing file cannot be noted: %s", strerror(errno));
    read_note(fd, DISK_NOTE, was, sizeof was);
    if (!(m->flags & (MF_RO | MF_SHARED)) && strcmp(was, o->rq->name) && fsetxattr(fd, DISK_NOTE, o->rq->name, strlen(o->rq->name), 0) < 0)
        log_debug("an image's guest cannot be noted: %s", strerror(errno));
}

int pin_backing(struct opener *o, const struct manifest_entry *m, int fd, const char *path, struct err *e)
{
    char was[PATH_MAX], whose[NAME_MAX_BYTES];
    int above = m->parent >= 0 && m->parent < MANIFEST_ENTRIES_MAX ? o->image[m->parent] : 0;
    if (above <= 0)
        return open_fail(o, e, EPROTO, "Backing file '%s' is of no image", path);
    ssize_t n = read_note(above, NOTE, was, sizeof was);
    if (n > 0 && !strcmp(was, path))
        return 0;
    bool is_relaxed = o->rq->flags & HAND_CHAIN_RELAXED, is_first = n < 0 && errno == ENODATA, is_near = in_folder(o->h, path);
    if (!is_near && !is_first && !is_relaxed) {
        o->error = -EPERM;
        return err_set(e, VIR_ERR_OPERATION_DENIED, VIR_FROM_STORAGE,
                       n >= 0 ? "backing file of an image was '%s' and is '%s' now: name the chain in the document, or remove the image's attribute " NOTE
                             : "backing file '%s%s' cannot be remembered, and no image of the document is in its folder: name the chain in the document", was, path);
    }
    if (n >= 0 && !is_relaxed && read_note(fd, DISK_NOTE, whose, sizeof whose) > 0 && strcmp(whose, o->rq->name)) {
        o->error = -EPERM;
        return err_set(e, VIR_ERR_OPERATION_DENIED, VIR_FROM_STORAGE,
                       "backing file of an image was '%s' and is '%s' now, the disk of guest '%s': name the chain in the document, or remove the image's attribute " NOTE,
                       was, path, whose);
    }
    if (fsetxattr(above, NOTE, path, strlen(path), 0) == 0)
        return 0;
    /* The next start judges by the folder again; what is on a read-only file system no guest rewrites. */
    if (is_near || is_relaxed || errno == EROFS)
        return 0;
    return open_fail(o, e, errno, "Cannot remember backing file '%s'", path);
}
