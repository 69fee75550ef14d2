/* manifest-file.c: see manifest-file.h. */
#include "workers/manifest-file.h"
#include <errno.h>
#include <stdint.h>
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
