/* hand_pin.c: what an image's header may name as its backing file.  Part of hand-open, with its privilege and peer.
 *
 * SAFETY: a guest writes its image, and a hostile QEMU its header, so that at the next start the header could name any file of the host, which
 * root would open for it.  So the name is noted at its first use, beside the image and out of the guest's reach: in an extended attribute,
 * which QEMU's uid may not set and its filter does not let through.  From then on only that name, or a file in a folder of an image that
 * the document itself names, is taken.  Where nothing can be noted (a block device, a file system without attributes) the folders alone
 * decide.  A document that names the chain (<backingStore>) is not asked for any of this. */
#include "hand_open.h"
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/xattr.h>
#include "ipc/log.h"
#include "ipc/util.h"

#define NOTE "user.bulkhead.backing"

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

int pin_backing(struct opener *o, const struct manifest_entry *m, const char *path, struct err *e)
{
    char was[PATH_MAX];
    int fd = m->parent >= 0 && m->parent < MANIFEST_ENTRIES_MAX ? o->image[m->parent] : 0;
    if (fd <= 0)
        return open_fail(o, e, EPROTO, "Backing file '%s' is of no image", path);
    ssize_t n = fgetxattr(fd, NOTE, was, sizeof was - 1);
    was[n > 0 ? n : 0] = 0;
    if (n > 0 && !strcmp(was, path))
        return 0;
    bool is_first = n < 0 && errno == ENODATA, is_near = in_folder(o->h, path);
    if (!is_near && !is_first) {
        o->error = -EPERM;
        return err_set(e, VIR_ERR_OPERATION_DENIED, VIR_FROM_STORAGE,
                       n > 0 ? "backing file of an image was '%s' and is '%s' now: name the chain in the document, or remove the image's attribute " NOTE
                             : "backing file '%s%s' cannot be remembered, and no image of the document is in its folder: name the chain in the document", was, path);
    }
    if (fsetxattr(fd, NOTE, path, strlen(path), 0) == 0)
        return 0;
    /* The next start judges by the folder again; what is on a read-only file system no guest rewrites. */
    if (is_near || errno == EROFS)
        return 0;
    return open_fail(o, e, errno, "Cannot remember backing file '%s'", path);
}
