/* index.c: see index.h.  The sequence word makes a reader's copy whole; it needs no lock and cannot be held up. */
#include "index.h"
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "util.h"

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
    return 0;
}

int index_create(int *rw_fd, int *ro_fd)
{
    AUTO_CLOSE rw = memfd_create("bulkhead-index", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (rw < 0)
        return -errno;
    if (ftruncate(rw, (off_t)INDEX_BYTES) < 0 || fcntl(rw, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
        return -errno;
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", rw);
    AUTO_CLOSE ro = open(path, O_RDONLY | O_CLOEXEC);   /* a description of its own: it can never be mapped for writing */
    if (ro < 0)
        return -errno;
    struct index_head h = { .magic = INDEX_MAGIC };
    ssize_t n = pwrite(rw, &h, sizeof h, 0);
    if (n != (ssize_t)sizeof h)
        return n < 0 ? -errno : -EIO;
    *rw_fd = STEAL_FD(&rw);
    *ro_fd = STEAL_FD(&ro);
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
