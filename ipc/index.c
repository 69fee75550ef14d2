/* index.c: see index.h.  The sequence word makes a reader's copy whole; it needs no lock and cannot be held up. */
#include "index.h"
#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>

int index_map(struct index *ix, int fd, bool writable)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (st.st_size != (off_t)INDEX_BYTES)
        return -EPROTO;
    void *p = mmap(NULL, INDEX_BYTES, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        return -errno;
    ix->head = p;
    ix->slot = (struct index_slot *)((char *)p + sizeof *ix->head);
    ix->writable = writable;
    if (ix->head->magic != INDEX_MAGIC || ix->head->slots > INDEX_SLOTS_MAX) {
        munmap(p, INDEX_BYTES);
        return -EPROTO;
    }
    /* A writer that died in the middle of a row left it odd: there is but one, and now it is us. */
    for (uint32_t i = 0; writable && i < ix->head->slots; i++)
        ix->slot[i].seq += ix->slot[i].seq & 1;
    return 0;
}

struct index_slot *index_begin(struct index *ix, uint32_t slot)
{
    struct index_slot *s = &ix->slot[slot];
    uint32_t a = s->seq | 1;        /* a writer that died in the middle left it odd */
    atomic_store_explicit((_Atomic uint32_t *)&s->seq, a, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    return s;
}

void index_end(struct index *ix, uint32_t slot)
{
    struct index_slot *s = &ix->slot[slot];
    atomic_store_explicit((_Atomic uint32_t *)&s->seq, s->seq + 1, memory_order_release);
    if (slot >= ix->head->slots)
        ix->head->slots = slot + 1;
    atomic_fetch_add_explicit((_Atomic uint32_t *)&ix->head->change, 1, memory_order_release);
}
