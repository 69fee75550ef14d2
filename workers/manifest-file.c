/* manifest-file.c: see manifest-file.h. */
#include "workers/manifest-file.h"
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include "ipc/frame.h"

int manifest_file_open(struct manifest_file *f, int fd)
{
    *f = (struct manifest_file){ .map = NULL };
    int r = fd < 0 ? -EBADF : frame_map(fd, MANIFEST_BYTES_MAX, &f->map, &f->size);
    r = r < 0 ? r : manifest_open(&f->in, f->map, f->size);
    if (r < 0)
        manifest_file_close(f);
    return r;
}

int manifest_file_next(struct manifest_file *f, struct manifest_entry *m, const char **path, const char **aux)
{
    return f->map ? manifest_next(&f->in, m, path, aux) : -EPROTO;
}

void manifest_file_close(struct manifest_file *f)
{
    if (f->map)
        munmap((void *)(uintptr_t)f->map, f->size);
    *f = (struct manifest_file){ .map = NULL };
}

int grants_file_open(struct grants_file *f, int fd)
{
    const struct grants_head *h;
    *f = (struct grants_file){ .map = NULL };
    int r = fd < 0 ? -EBADF : frame_map(fd, sizeof *h + MANIFEST_ENTRIES_MAX * sizeof *f->v, &f->map, &f->size);
    if (r < 0)
        return r;
    h = f->map;
    if (f->size < sizeof *h || h->magic != GRANTS_MAGIC || h->n > (f->size - sizeof *h) / sizeof *f->v) {
        grants_file_close(f);
        return -EPROTO;
    }
    f->v = (const void *)(h + 1);
    f->n = h->n;
    return 0;
}

bool grants_file_foreign(int fd)
{
    struct grants_file g;
    const struct grants_head *h;
    if (grants_file_open(&g, fd) < 0)
        return false;
    h = g.map;
    const bool is = h->monitor_fd < 0;
    grants_file_close(&g);
    return is;
}

const char *grants_file_name(const struct grants_file *f, uint32_t i)
{
    return i < f->n && f->v[i].made && memchr(f->v[i].name, 0, sizeof f->v[i].name) ? f->v[i].name : "";
}

void grants_file_close(struct grants_file *f)
{
    if (f->map)
        munmap((void *)(uintptr_t)f->map, f->size);
    *f = (struct grants_file){ .map = NULL };
}
