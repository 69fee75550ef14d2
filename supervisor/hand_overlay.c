/* hand_overlay.c: the overlay of a transient disk, which takes what its guest writes and goes with the guest's run.  Part of hand-open, with its privilege and peer.
 *
 * SAFETY (MK_IMAGE with MF_FRESH): a file that was not there, with a name that ends in the guest's; nothing that is there is opened, emptied or removed for it, but what an
 * earlier turn left with ".part" behind the name. Its head is written from numbers and the document's own words. How large the disk is, of an image with a head of its own, a probe says, which that image may have taken over: the
 * guest sees a disk of that size then, as it would if QEMU had read the same head. */
#include "hand_open.h"
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include "ipc/log.h"
#include "ipc/util.h"

/* qcow2 as QEMU makes it of nothing: a head, one table and one block of counts, the first table of places. */
enum { CLUSTER_BITS = 16, CLUSTER = 1 << CLUSTER_BITS, SECTOR = 512, FORMAT_NAME = 0x55aa };
enum { AT_HEAD, AT_TABLE, AT_BLOCK, AT_PLACES, AT_END };       /* clusters */
#define TABLE_COVERS ((uint64_t)CLUSTER / 8 * CLUSTER)      /* bytes of a disk that an entry of the first table stands for */
#define BACKING_FORMAT 0xe2792acau
#define SIZE_MAX_BYTES (1ull << 51)         /* as QEMU has it */

struct qcow2_head {
    uint32_t magic, version;
    uint64_t backing_at;
    uint32_t backing_len, cluster_bits;
    uint64_t size;
    uint32_t crypt, places;
    uint64_t places_at, table_at;
    uint32_t table_clusters, snapshots;
    uint64_t snapshots_at, incompatible, compatible, autoclear;
    uint32_t count_order, head_len;
    uint8_t compression, pad[7];
};
_Static_assert(sizeof(struct qcow2_head) == 112, "on disk");

static ssize_t put(int fd, const void *p, size_t n, uint64_t at)
{
    ssize_t r = pwrite(fd, p, n, (off_t)at);
    return r < 0 ? -errno : (size_t)r == n ? 0 : -EIO;
}

/* The head, what follows it, and the name of what it stands on. */
static int put_head(int fd, uint64_t size, uint32_t places, const char *backing, const char *format)
{
    uint8_t buf[CLUSTER / 8] = { 0 };
    size_t name = strlen(backing), word = strlen(format), at = sizeof(struct qcow2_head), pad = (word + 7) / 8 * 8;
    if (at + 8 + pad + 8 + name > sizeof buf || name > 1023)
        return -ENAMETOOLONG;
    struct qcow2_head h = { .magic = htobe32(0x514649fb), .version = htobe32(3), .backing_at = htobe64(at + 8 + pad + 8), .backing_len = htobe32((uint32_t)name), .cluster_bits = htobe32(CLUSTER_BITS),
        .size = htobe64(size), .places = htobe32(places), .places_at = htobe64(AT_PLACES * CLUSTER), .table_at = htobe64(AT_TABLE * CLUSTER), .table_clusters = htobe32(1), .count_order = htobe32(4),
        .head_len = htobe32(sizeof h) };
    const uint32_t ext[2] = { htobe32(BACKING_FORMAT), htobe32((uint32_t)word) };      /* an empty one behind it is the last */
    memcpy(buf, &h, sizeof h);
    memcpy(buf + at, ext, sizeof ext);
    memcpy(buf + at + 8, format, word);
    memcpy(buf + at + 8 + pad + 8, backing, name);
    return (int)put(fd, buf, sizeof buf, 0);
}

/* Of a disk of size bytes, on an image whose name and format it says. */
static int put_all(int fd, uint64_t size, const char *backing, const char *format)
{
    static uint16_t counts[CLUSTER / 2];
    uint64_t block = htobe64(AT_BLOCK * CLUSTER), rounded = (size + SECTOR - 1) / SECTOR * SECTOR;
    uint64_t places = (rounded + TABLE_COVERS - 1) / TABLE_COVERS, clusters = AT_PLACES + (places * 8 + CLUSTER - 1) / CLUSTER;
    if (size > SIZE_MAX_BYTES || clusters > ARRAY_N(counts))
        return -EFBIG;
    for (size_t i = 0; i < ARRAY_N(counts); i++)
        counts[i] = htobe16(i < clusters);
    if (ftruncate(fd, (off_t)(AT_PLACES * CLUSTER + places * 8)) < 0)
        return -errno;
    int r = put_head(fd, rounded, (uint32_t)places, backing, format);
    r = r < 0 ? r : (int)put(fd, &block, sizeof block, AT_TABLE * CLUSTER);
    return r < 0 ? r : (int)put(fd, counts, sizeof counts, AT_BLOCK * CLUSTER);
}

int overlay_make(struct opener *o, const struct manifest_entry *m, const char *path, const char *aux, struct grant *g, struct err *e)
{
    char part[PATH_MAX], self[32], note[OVERLAY_NOTE_BYTES];
    struct stat st;
    AUTO_CLOSE fd = open_part(o, path, part);
    if (fd < 0 || fstat(fd, &st) < 0)
        return open_fail(o, e, fd < 0 ? -fd : errno, "Failed to create file '%s'", path);
    int r = overlay_note(o->h, o->rq, m->index, note);
    if (r < 0 || fsetxattr(fd, OVERLAY_NOTE, note, strlen(note), 0) < 0)
        log_debug("an overlay's run cannot be noted: %s", strerror(r < 0 ? -r : errno));
    pin_disk(o, m, fd);
    open_own(o, fd, path);
    if (syscall(SYS_renameat2, AT_FDCWD, part, AT_FDCWD, path, RENAME_NOREPLACE) < 0) {
        if (errno != EEXIST)
            return open_fail(o, e, errno, "Failed to create file '%s'", path);
        o->error = -EEXIST;
        return err_set(e, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "Overlay file '%s' for transient disk '%s' already exists", path, aux);
    }
    open_note(o, path, fd);
    g->dev = st.st_dev;
    g->ino = st.st_ino;
    g->is_new = 1;
    util_format(self, sizeof self, "/proc/self/fd/%d", fd);
    AUTO_CLOSE twin = open(self, O_RDONLY | O_CLOEXEC);
    if (twin < 0)
        return open_fail(o, e, errno, "Failed to open file '%s'", path);
    o->image[m->index] = fd;
    return open_give(o, g, STEAL_FD(&fd), e) || open_give(o, g, STEAL_FD(&twin), e) ? -1 : 0;
}

int overlay_stands_on(struct opener *o, const struct manifest_entry *m, int fd, const char *path, uint64_t size, struct err *e)
{
    char self[32];
    struct manifest_entry whole = *m;
    const char *format = image_format_name((int)m->format);
    int above = m->parent >= 0 && m->parent < MANIFEST_ENTRIES_MAX ? o->image[m->parent] : 0;
    if (above <= 0)
        return open_fail(o, e, EPROTO, "No overlay stands on '%s'", path);
    /* As in libvirt, whose QEMU has the image to write until the overlay is there: nobody else has it then, unless the document says that it is shared. */
    util_format(self, sizeof self, "/proc/self/fd/%d", fd);
    AUTO_CLOSE look = open(self, O_RDONLY | O_CLOEXEC);
    whole.flags &= ~(uint32_t)MF_RO;
    if (look < 0)
        return open_fail(o, e, errno, "Failed to open file '%s'", path);
    if (!(m->flags & MF_SHARED) && lock_image(look, &whole, path, &o->error, e))
        return -1;
    int r = put_all(above, m->format == IMG_RAW ? size : (uint64_t)m->b << 32 | m->a, path, format ? format : "raw");
    return r < 0 ? open_fail(o, e, -r, "Unable to write the overlay of '%s'", path) : 0;
}
