/* hand_state.c: a file of a client's choice for what a guest was doing: a saved state or a dump that is to be written, a saved state to be read.  Part of
 * hand-open, with its privilege and peer.
 *
 * SAFETY (MK_STATE): the client may name any path, and what comes of it goes to processes that may have been taken over: a guest's worker and QEMU, or an
 * xmlc.  To write, a file is made, or a regular one with a single name is emptied, as for MK_FILE_OUT: no link in the last step, no device, nothing to read.  To read,
 * or to be changed in place, nothing but a regular file that begins as a saved state does: so by this nobody gets at any other file of the host's. */
#include "hand_open.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>
#include "ipc/save.h"
#include "ipc/util.h"

static int open_saved(struct opener *o, const struct manifest_entry *m, const char *path, struct grant *g, struct err *e)
{
    char magic[sizeof((struct save_head *)0)->magic];
    struct stat st;
    AUTO_CLOSE fd = path_open(path, m->flags & MF_RO ? O_RDONLY : O_RDWR, WANT(S_IFREG), &st);
    if (fd == -EMEDIUMTYPE)
        return err_set(e, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "'%s' is not a regular file", path);
    if (fd < 0 && fd != -EISDIR)
        return open_fail(o, e, -fd, "Failed to open file '%s'", path);
    if (fd < 0 || st.st_size < (off_t)sizeof(struct save_head) || pread(fd, magic, sizeof magic, 0) != (ssize_t)sizeof magic)
        return err_set(e, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "failed to read qemu header");
    if (memcmp(magic, SAVE_MAGIC, sizeof magic) && memcmp(magic, SAVE_MAGIC_PART, sizeof magic))
        return err_set(e, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "image magic is incorrect");
    return open_give(o, g, STEAL_FD(&fd), e);
}

int open_state(struct opener *o, const struct manifest_entry *m, const char *path, const char *aux, struct grant *g, struct err *e)
{
    struct stat st;
    bool is_new = false;
    if (m->flags & MF_PROBE)
        return open_saved(o, m, path, g, e);
    char folder[PATH_MAX];
    AUTO_CLOSE dir = o->rq->flags & HAND_FOLDERS && path_split(path, folder, sizeof folder) ? open_folder(folder, 0755) : -1;       /* of what fails the file tells */
    AUTO_CLOSE fd = path_open_out(path, O_WRONLY, 0, &is_new);
    if (fd == -EMEDIUMTYPE)
        return err_set(e, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "'%s' is not a regular file", path);
    if (fd < 0)
        return open_fail(o, e, -fd, "Failed to create file '%s'", path);
    if (fstat(fd, &st) < 0)
        return open_fail(o, e, errno, "Failed to create file '%s'", path);
    g->is_new = is_new && open_note(o, path, fd);
    g->dev = st.st_dev;
    g->ino = st.st_ino;
    return open_give(o, g, STEAL_FD(&fd), e);
}

/* SAFETY: what is written to, emptied or removed is the regular file that a hand made, or emptied, for this call, and what it was then it still has to be. */
static int open_again(const char *path, const struct grant *g, int oflags)
{
    struct stat st;
    AUTO_CLOSE fd = path_open(path, oflags, WANT(S_IFREG), &st);
    return fd >= 0 && (st.st_dev != g->dev || st.st_ino != g->ino) ? -ESTALE : STEAL_FD(&fd);
}

/* One that was there before stays, and is empty again: else the image of a guest that goes on might be whole. */
static int take_back(const char *path, const struct grant *g)
{
    if (g->is_new)
        return path_remove(path, &(struct stat){ .st_mode = S_IFREG, .st_dev = (dev_t)g->dev, .st_ino = (ino_t)g->ino });
    AUTO_CLOSE fd = open_again(path, g, O_WRONLY);
    return fd < 0 ? fd : ftruncate(fd, 0) < 0 ? -errno : 0;
}

static int to_disk(int fd)
{
    return fsync(fd) < 0 && errno != EINVAL && errno != EROFS /* what has no disk behind it */ ? -errno : 0;
}

/* Its bytes are on the disk. The word that a saved state is whole is written now, and not before: no power cut leaves it over bytes that never came there; and then the file's name is brought
 * there, too.  A dump has no such word. */
static int make_whole(const char *path, const struct grant *g)
{
    char magic[sizeof((struct save_head *)0)->magic], folder[PATH_MAX];
    struct stat st;
    AUTO_CLOSE fd = open_again(path, g, O_RDWR);
    AUTO_CLOSE dir = path_split(path, folder, sizeof folder) ? path_open(folder, O_RDONLY | O_DIRECTORY, WANT(S_IFDIR), &st) : -EINVAL;
    if (fd < 0)
        return fd;
    errno = EIO;        /* of a write that is short */
    if (pread(fd, magic, sizeof magic, 0) == (ssize_t)sizeof magic && !memcmp(magic, SAVE_MAGIC_PART, sizeof magic) && pwrite(fd, SAVE_MAGIC, sizeof magic, 0) != (ssize_t)sizeof magic)
        return -errno;
    int r = to_disk(fd);
    return r < 0 || dir < 0 /* root may not read it, as on NFS */ ? r : to_disk(dir);
}

/* Does it to each file that the manifest has for a state or dump. 0 or negative errno */
static int settle(struct hand *h, int (*it)(const char *, const struct grant *))
{
    static struct hand_grants grants;
    struct manifest_entry m;
    struct err e = ERR_INIT;
    const char *path, *aux;
    int r = 0;
    if (hand_manifest(h, 0, &e) || !hand_grants(h, 1, &grants))
        return -EPROTO;
    for (struct manifest_in in = hand_entries(h); r == 0 && hand_next(&in, &m, &path, &aux);)
        if (m.kind == MK_STATE && m.index < grants.h.n && !(m.flags & MF_PROBE))
            r = it(path, &grants.g[m.index]);
    return r;
}

void hand_state(struct hand *h)
{
    struct hand_done done = { .failed = -1 };
    struct err e = ERR_INIT;
    bool keep = h->call.h.nfds > 2;
    hand_body(h, sizeof(struct hand_req));
    int r = keep ? to_disk(h->call.fds[2]) : 0;
    r = r < 0 ? r : settle(h, keep ? make_whole : take_back);
    if (r < 0 && (keep || r != -ENOENT)) {
        err_sys(&e, VIR_FROM_QEMU, -r, keep ? "unable to write the file to the disk" : "cannot remove the file again");
        hand_fail(h, -1, r, &e);
        return;
    }
    hand_reply(h, &done, sizeof done, NULL, 0);
}
