/* manifest_out.c: who makes manifests; the supervisor only reads them. See manifest.h. */
#include "manifest.h"
#include <errno.h>
#include <string.h>

void manifest_begin(struct manifest_out *o, void *buf, size_t cap)
{
    *o = (struct manifest_out){ .p = buf, .cap = cap, .len = sizeof(struct manifest_head) };
}

int manifest_add(struct manifest_out *o, struct manifest_entry *e, const char *path, const char *aux)
{
    size_t pl = path ? strlen(path) + 1 : 0, al = aux ? strlen(aux) + 1 : 0;
    size_t size = (sizeof *e + pl + al + 7) & ~(size_t)7;
    if (pl > 4096 || al > 4096 || o->entries >= MANIFEST_ENTRIES_MAX || o->len + size > o->cap || o->len + size > MANIFEST_BYTES_MAX)
        return -ENOSPC;
    e->size = (uint16_t)size;
    e->index = o->entries;
    e->path_len = (uint16_t)pl;
    e->aux_len = (uint16_t)al;
    uint8_t *p = o->p + o->len;
    memset(p, 0, size);
    memcpy(p, e, sizeof *e);
    if (pl)
        memcpy(p + sizeof *e, path, pl);
    if (al)
        memcpy(p + sizeof *e + pl, aux, al);
    o->len += size;
    return (int)o->entries++;
}

ssize_t manifest_finish(struct manifest_out *o)
{
    struct manifest_head h = { .magic = MANIFEST_MAGIC, .entries = o->entries, .bytes = (uint32_t)o->len };
    if (o->cap < sizeof h)
        return -ENOSPC;
    memcpy(o->p, &h, sizeof h);
    return (ssize_t)o->len;
}
