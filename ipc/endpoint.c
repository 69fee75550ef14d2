/* endpoint.c: the halves of util.h, err.h, frame.h, index.h and manifest.h that only end points use, so that keeper and supervisor do not link them. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "err.h"
#include "frame.h"
#include "index.h"
#include "manifest.h"
#include "util.h"

#define READ_TRIES 1000

/* ---- util.h ---- */

ssize_t util_read_full(int fd, void *buf, size_t len)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = read(fd, (char *)buf + done, len - done);
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n == 0)
            break;
        done += n > 0 ? (size_t)n : 0;
    }
    return (ssize_t)done;
}

int util_plain_path(char *dst, size_t n, const char *path)
{
    size_t at = 0;
    dst[0] = 0;
    for (const char *p = path; *p; p += strcspn(p, "/")) {
        p += strspn(p, "/");
        size_t part = strcspn(p, "/");
        if (!part || (part == 1 && *p == '.'))
            continue;
        if (at + part + 2 > n) {
            dst[0] = 0;
            return -ENAMETOOLONG;
        }
        dst[at++] = '/';
        memcpy(dst + at, p, part);
        dst[at += part] = 0;
    }
    return at ? 0 : util_copy_str(dst, n, "/");
}

/* ---- err.h ---- */

static const struct { int code; const char *plain, *info; } texts[] = {
#define E(name, num, text, info) { num, text, info },
#include "errors.def"
#undef E
};

void err_texts(int code, const char **plain, const char **info)
{
    for (size_t i = 0; i < ARRAY_N(texts); i++)
        if (texts[i].code == code && texts[i].info) {
            *plain = texts[i].plain;
            *info = texts[i].info;
            return;
        }
    *plain = "internal error";
    *info = "internal error: %s";
}

/* ---- frame.h ---- */

int frame_body(struct frame *f, size_t max)
{
    if (!(f->h.flags & FRAME_BIG) || f->map)
        return f->body_len <= max ? 0 : -EPROTO;
    const void *p;
    size_t len;
    int r = frame_map(f->fds[0], max < FRAME_BIG_MAX ? max : FRAME_BIG_MAX, &p, &len);
    if (r < 0)
        return -EPROTO;
    f->map = (void *)(uintptr_t)p;
    f->map_len = len;
    f->body = p;
    f->body_len = len;
    return 0;
}

/* ---- index.h: pages ---- */

int page_create(const char *name, const void *head, size_t n, size_t bytes, int *rw_fd, int *ro_fd)
{
    AUTO_CLOSE rw = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (rw < 0)
        return -errno;
    if (ftruncate(rw, (off_t)bytes) < 0 || fcntl(rw, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
        return -errno;
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", rw);
    AUTO_CLOSE ro = open(path, O_RDONLY | O_CLOEXEC);   /* a description of its own: it can never be mapped for writing */
    if (ro < 0)
        return -errno;
    ssize_t done = pwrite(rw, head, n, 0);
    if (done != (ssize_t)n)
        return done < 0 ? -errno : -EIO;
    *rw_fd = STEAL_FD(&rw);
    *ro_fd = STEAL_FD(&ro);
    return 0;
}

bool index_row_read(const void *row, void *copy, size_t n)
{
    _Atomic uint32_t *seq = (_Atomic uint32_t *)(uintptr_t)row;
    for (int i = 0; i < READ_TRIES; i++) {
        uint32_t before = atomic_load_explicit(seq, memory_order_acquire);
        if (before & 1)
            continue;
        memcpy(copy, row, n);
        atomic_thread_fence(memory_order_acquire);
        if (atomic_load_explicit(seq, memory_order_relaxed) == before)
            return true;
    }
    return false;
}

int index_read(const struct index *ix, uint32_t slot, struct index_slot *copy)
{
    if (slot >= INDEX_SLOTS_MAX)
        return -ENOENT;
    if (!index_row_read(&ix->slot[slot], copy, sizeof *copy))
        return -EAGAIN;
    copy->name[INDEX_NAME_MAX - 1] = 0;
    return copy->used ? 0 : -ENOENT;
}

/* A slot is looked at in place first and copied only when it seems to match; the copy decides. */
#define INDEX_FIND(cond_live, cond_copy) \
    uint32_t n = ix->head->slots < INDEX_SLOTS_MAX ? ix->head->slots : INDEX_SLOTS_MAX; \
    for (uint32_t i = 0; i < n; i++) { \
        const struct index_slot *s = &ix->slot[i]; \
        if (s->used && (cond_live) && index_read(ix, i, copy) == 0 && (cond_copy)) \
            return (int)i; \
    } \
    return -ENOENT

int index_find_uuid(const struct index *ix, const uint8_t uuid[16], struct index_slot *copy)
{
    INDEX_FIND(memcmp(s->uuid, uuid, 16) == 0, memcmp(copy->uuid, uuid, 16) == 0);
}

int index_find_name(const struct index *ix, const char *name, struct index_slot *copy)
{
    INDEX_FIND(strncmp(s->name, name, INDEX_NAME_MAX) == 0, strcmp(copy->name, name) == 0);
}

int index_find_id(const struct index *ix, int32_t id, struct index_slot *copy)
{
    INDEX_FIND(id >= 0 && s->id == id, copy->id == id);
}

/* ---- manifest.h ---- */

static const char *const formats[IMG_N] = {
    [IMG_RAW] = "raw", [IMG_QCOW2] = "qcow2", [IMG_QCOW] = "qcow", [IMG_QED] = "qed", [IMG_VMDK] = "vmdk", [IMG_VDI] = "vdi",
    [IMG_VPC] = "vpc", [IMG_VHDX] = "vhdx", [IMG_ISO] = "iso", [IMG_LUKS] = "luks", [IMG_DIR] = "dir", [IMG_BOCHS] = "bochs",
    [IMG_CLOOP] = "cloop", [IMG_DMG] = "dmg", [IMG_COW] = "cow", [IMG_PLOOP] = "ploop", [IMG_FAT] = "fat",
};

const char *image_format_name(int f)
{
    return f > IMG_NONE && f < IMG_UNKNOWN ? formats[f] : NULL;
}

int image_format_parse(const char *s, size_t n)
{
    for (int i = IMG_NONE + 1; i < IMG_UNKNOWN; i++)
        if (strlen(formats[i]) == n && memcmp(formats[i], s, n) == 0)
            return i;
    return IMG_UNKNOWN;
}
