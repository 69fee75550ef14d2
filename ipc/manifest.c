/* manifest.c: see manifest.h. */
#include "manifest.h"
#include <errno.h>
#include <string.h>

int manifest_open(struct manifest_in *in, const void *p, size_t n)
{
    struct manifest_head h;
    if (n < sizeof h || n > MANIFEST_BYTES_MAX)
        return -EPROTO;
    memcpy(&h, p, sizeof h);
    if (h.magic != MANIFEST_MAGIC || h.entries > MANIFEST_ENTRIES_MAX || h.bytes != n)
        return -EPROTO;
    *in = (struct manifest_in){ .p = (const uint8_t *)p + sizeof h, .end = (const uint8_t *)p + n, .left = h.entries };
    return 0;
}

/* A string of len bytes with its NUL at the end and nowhere else; len 0: absent. */
static int take_string(const uint8_t **p, const uint8_t *end, size_t len, const char **s)
{
    *s = NULL;
    if (!len)
        return 0;
    if ((size_t)(end - *p) < len || memchr(*p, 0, len) != *p + len - 1)
        return -EPROTO;
    *s = (const char *)*p;
    *p += len;
    return 0;
}

int manifest_next(struct manifest_in *in, struct manifest_entry *e, const char **path, const char **aux)
{
    if (!in->left)
        return in->p == in->end ? 0 : -EPROTO;
    if ((size_t)(in->end - in->p) < sizeof *e)
        return -EPROTO;
    memcpy(e, in->p, sizeof *e);
    if (e->size < sizeof *e || e->size % 8 || (size_t)(in->end - in->p) < e->size || e->kind < MK_IMAGE || e->kind >= MK_KIND_N ||
        e->index != in->next || e->parent >= (int32_t)e->index || e->parent < -1 || e->format >= IMG_N ||
        e->path_len > 4096 || e->aux_len > 4096)
        return -EPROTO;
    const uint8_t *s = in->p + sizeof *e, *end = in->p + e->size;
    if (take_string(&s, end, e->path_len, path) < 0 || take_string(&s, end, e->aux_len, aux) < 0 || end - s >= 8)
        return -EPROTO;
    in->p = end;
    in->left--;
    in->next++;
    return 1;
}
