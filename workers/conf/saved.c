/* saved.c: files with the state of guests that were put away. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ipc/frame.h"
#include "ipc/manifest.h"
#include "ipc/util.h"
#include "workers/conf/kept.h"
#include "workers/conf/store.h"
#include "workers/saved.h"

#define PART_SUFFIX ".part"
#define MANIFEST_SUFFIX ".manifest"

static int failed(struct err *e, const char *what, const struct conf_name *n)
{
    return err_sys(e, VIR_FROM_QEMU, errno, "cannot %s saved state of '%s'", what, n->name);
}

/* Removed, or not there. */
static int gone(int dir, const char *file)
{
    return unlinkat(dir, file, 0) < 0 && errno != ENOENT ? -1 : 0;
}

static int keep(int dir, const char *part, const char *file)
{
    AUTO_CLOSE fd = openat(dir, part, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    /* Asked again, as an earlier instance was killed: beside a guest that was saved there is no older file. */
    AUTO_CLOSE kept = fd < 0 && errno == ENOENT ? openat(dir, file, O_RDWR | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (kept >= 0)
        return fsync(dir);
    return fd < 0 || fsync(fd) < 0 || renameat(dir, part, dir, file) < 0 || fsync(dir) < 0 ? -1 : 0;
}

/* The manifest first: no image is ever without it. */
static int keep_manifest(int dir, const char *file, const struct conf_name *n, int manifest, struct err *e)
{
    const void *p = NULL;
    size_t len = 0;
    int r = manifest < 0 ? -EBADF : frame_map(manifest, MANIFEST_BYTES_MAX, &p, &len);
    if (r == 0 && (r = store_put(dir, file, p, len, NULL, true)) < 0)
        errno = -r;
    if (len)
        munmap((void *)(uintptr_t)p, len);
    return r == 0 ? 0 : p ? failed(e, "keep the manifest of the", n) : err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "no manifest came with the call");
}

static int judge(int dir, const char *file, const struct conf_name *n, int manifest, const char *lib_dir, struct err *e)
{
    struct stat st;
    const void *p = NULL;
    size_t len = 0;
    AUTO_CLOSE fd = openat(dir, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return 0;               /* libvirt's */
    if (fd < 0 || fstat(fd, &st) < 0)
        return failed(e, "open the manifest of the", n);
    if (!S_ISREG(st.st_mode) || st.st_size < 0 || st.st_size > MANIFEST_BYTES_MAX)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "the manifest beside the saved state is malformed");
    AUTO_FREE void *had = malloc((size_t)st.st_size + 1);
    if (!had || util_read_full(fd, had, (size_t)st.st_size) != st.st_size)
        return failed(e, "read the manifest of the", n);
    if (manifest < 0 || frame_map(manifest, MANIFEST_BYTES_MAX, &p, &len) < 0)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "no manifest came with the call");
    int r = kept_covers(had, (size_t)st.st_size, p, len, lib_dir, e);
    if (len)
        munmap((void *)(uintptr_t)p, len);
    return r;
}

/* The document of a kept file, and the file where QEMU's state begins. */
static int open_kept(int dir, const char *file, const struct conf_name *n, int fds[2], struct save_facts *facts, struct err *e)
{
    struct saved s = { 0 };
    struct stat st;
    AUTO_CLOSE fd = openat(dir, file, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return failed(e, "open", n);
    if (!S_ISREG(st.st_mode))
        return err_set(e, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "failed to read qemu header");
    if (saved_read(fd, &s, e))
        return -1;
    AUTO_FREE char *data = s.data;
    int r = frame_memfd("saved", data, s.len);
    if (r < 0)
        return err_sys(e, VIR_FROM_QEMU, -r, "cannot pass the saved document");
    fds[0] = r;
    fds[1] = STEAL_FD(&fd);
    facts->was_running = s.h.was_running != 0;
    return 0;
}

int store_save(const struct store *s, const struct conf_name *n, uint32_t what, int manifest, int fds[2], struct save_facts *facts, struct err *e)
{
    char file[NAME_MAX + 1], part[NAME_MAX + 1], beside[NAME_MAX + 1];
    if (n->dir != DIR_SAVE || store_name(s, n, file, e) < 0)
        return e->code ? -1 : err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "no folder of saved states");
    int dir = s->dir[DIR_SAVE];
    if (util_format(part, sizeof part, "%s" PART_SUFFIX, file) < 0 || util_format(beside, sizeof beside, "%s" MANIFEST_SUFFIX, file) < 0)
        return err_set(e, VIR_ERR_XML_ERROR, VIR_FROM_QEMU, "name '%s' is too long for a file's", n->name);
    switch (what) {
    case CONF_SAVE_NEW:
        unlinkat(dir, part, 0);
        fds[0] = openat(dir, part, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        return fds[0] < 0 ? failed(e, "make", n) : 0;
    case CONF_SAVE_KEEP:
        return keep_manifest(dir, beside, n, manifest, e) < 0 ? -1 : keep(dir, part, file) < 0 ? failed(e, "keep", n) : 0;
    case CONF_SAVE_DROP:
        /* The manifest last: an image that stays is not without it. */
        return gone(dir, part) < 0 || gone(dir, file) < 0 || fsync(dir) < 0 || gone(dir, beside) < 0 ? failed(e, "remove", n) : 0;
    case CONF_SAVE_OPEN:
        return open_kept(dir, file, n, fds, facts, e);
    case CONF_SAVE_JUDGE:
        return judge(dir, beside, n, manifest, s->layout.lib_dir, e);
    case CONF_SAVE_HAND_OVER:
        return judge(dir, beside, n, manifest, s->layout.lib_dir, e) < 0 ? -1 : gone(dir, beside) < 0 ? failed(e, "hand over", n) : 0;
    default:
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "no such request: %u", what);
    }
}
