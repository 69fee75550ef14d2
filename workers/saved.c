/* saved.c: see saved.h. */
#include "workers/saved.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ipc/util.h"

static int bad(struct err *e, const char *why)
{
    return err_set(e, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "%s", why);
}

/* As libvirt does for a file of a host of the other byte order. */
static void swap(struct save_head *h)
{
    uint32_t *const v[] = { &h->version, &h->data_len, &h->was_running, &h->compressed, &h->cookie };
    for (size_t i = 0; i < ARRAY_N(v); i++)
        *v[i] = __builtin_bswap32(*v[i]);
}

int saved_read(int fd, struct saved *s, struct err *e)
{
    struct save_head h;
    struct stat st;
    if (fstat(fd, &st) < 0 || lseek(fd, 0, SEEK_SET) != 0 || util_read_full(fd, &h, sizeof h) != (ssize_t)sizeof h)
        return bad(e, "failed to read qemu header");
    if (memcmp(h.magic, SAVE_MAGIC, sizeof h.magic))
        return bad(e, memcmp(h.magic, SAVE_MAGIC_PART, sizeof h.magic) ? "image magic is incorrect" : "save image is incomplete");
    if (h.version > SAVE_VERSION)
        swap(&h);
    if (h.version > SAVE_VERSION)
        return err_set(e, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "image version is not supported (%u > %u)", h.version, SAVE_VERSION);
    if (!h.data_len || h.cookie > h.data_len)
        return err_set(e, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "invalid header data length: %u", h.data_len);
    if (h.data_len > SAVE_DOC_MAX || h.data_len > (uint64_t)st.st_size - sizeof h)
        return bad(e, "failed to read domain XML");
    AUTO_FREE char *data = malloc(h.data_len);
    if (!data || util_read_full(fd, data, h.data_len) != (ssize_t)h.data_len)
        return bad(e, "failed to read domain XML");
    *s = (struct saved){ .h = h, .len = strnlen(data, h.cookie ? h.cookie : h.data_len) };
    s->data = STEAL_PTR(&data);
    return 0;
}

static bool put(int fd, const void *p, size_t n, off_t at)
{
    return lseek(fd, at, SEEK_SET) == at && util_write_full(fd, p, n) == (ssize_t)n;
}

int saved_replace(int fd, const struct saved *s, const char *xml, size_t n, bool running, struct err *e)
{
    struct save_head h = s->h;
    size_t cookie = h.cookie ? strnlen(s->data + h.cookie, h.data_len - h.cookie) + 1 : 0;
    if (n >= h.data_len || cookie > h.data_len - n - 1)
        return bad(e, "new xml too large to fit in file");
    AUTO_FREE char *data = calloc(1, h.data_len);
    if (!data)
        return err_set(e, VIR_ERR_NO_MEMORY, VIR_FROM_QEMU, " ");
    memcpy(data, xml, n);
    if (cookie) {               /* libvirt's, of which nothing is read here */
        memcpy(data + n + 1, s->data + h.cookie, cookie - 1);
        h.cookie = (uint32_t)n + 1;
    }
    h.was_running = running;
    bool done = put(fd, SAVE_MAGIC_PART, sizeof h.magic, 0) && put(fd, data, h.data_len, sizeof h) && put(fd, (const char *)&h + sizeof h.magic, sizeof h - sizeof h.magic, sizeof h.magic) &&
                put(fd, SAVE_MAGIC, sizeof h.magic, 0);
    return done ? 0 : err_sys(e, VIR_FROM_QEMU, errno, "failed to write header data to the saved state");
}
