/* firmware.c: see firmware.h. */
#include "workers/firmware.h"
#include <errno.h>
#include <fnmatch.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "ipc/util.h"

enum { POLL_MS = 5 };

struct firmware_page *firmware_map(int fd, bool writes, int *err)
{
    struct stat st;
    void *p = MAP_FAILED;
    bool fits = fd >= 0 && fstat(fd, &st) == 0 && st.st_size == sizeof(struct firmware_page);
    if (fits)
        p = mmap(NULL, sizeof(struct firmware_page), PROT_READ | (writes ? PROT_WRITE : 0), MAP_SHARED, fd, 0);
    if (err)
        *err = p != MAP_FAILED ? 0 : fits ? -errno : -EPROTO;
    return p == MAP_FAILED ? NULL : p;
}

/* Of a list with n rows; the others are nobody's memory. */
static size_t used(uint32_t n) { return offsetof(struct firmware_list, v) + (n < FIRMWARE_MAX ? n : FIRMWARE_MAX) * sizeof(struct firmware); }

void firmware_write(struct firmware_page *p, const struct firmware_list *l)
{
    uint32_t turn = __atomic_load_n(&p->turn, __ATOMIC_RELAXED) | 1;    /* one that died in the midst of it left it odd */
    __atomic_store_n(&p->turn, turn, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    p->magic = FIRMWARE_MAGIC;
    memcpy(&p->list, l, used(l->n));
    __atomic_store_n(&p->turn, turn + 1 ? turn + 1 : 2, __ATOMIC_RELEASE);
}

static void end_text(char *s, size_t n) { s[n - 1] = 0; }

/* The writer has read what others wrote: whoever reads the page believes nothing of it. */
static void clean(struct firmware_list *l)
{
    l->n = l->n < FIRMWARE_MAX ? l->n : FIRMWARE_MAX;
    end_text(l->bad, sizeof l->bad);
    for (uint32_t i = 0; i < l->n; i++) {
        struct firmware *f = &l->v[i];
        end_text(f->file, sizeof f->file);
        end_text(f->nvram, sizeof f->nvram);
        end_text(f->format, sizeof f->format);
        f->ntargets = f->ntargets < FIRMWARE_TARGETS_MAX ? f->ntargets : FIRMWARE_TARGETS_MAX;
        for (unsigned k = 0; k < f->ntargets; k++) {
            end_text(f->targets[k].arch, sizeof f->targets[k].arch);
            end_text(f->targets[k].machine, sizeof f->targets[k].machine);
        }
    }
}

bool firmware_read(const struct firmware_page *p, struct firmware_list *out, int wait_ms)
{
    for (int waited = 0; waited <= wait_ms; waited += POLL_MS) {
        uint32_t turn = __atomic_load_n(&p->turn, __ATOMIC_ACQUIRE);
        if (turn && !(turn & 1)) {
            memcpy(out, (const void *)&p->list, used(__atomic_load_n(&p->list.n, __ATOMIC_RELAXED)));
            __atomic_thread_fence(__ATOMIC_SEQ_CST);
            if (__atomic_load_n(&p->turn, __ATOMIC_RELAXED) == turn) {     /* of a writer that keeps no order out, which is the caller's and zero, has what was there */
                clean(out);
                return p->magic == FIRMWARE_MAGIC;
            }
        }
        poll(NULL, 0, POLL_MS);
    }
    return false;
}

bool firmware_fits(const struct firmware *f, const char *arch, const char *machine)
{
    for (unsigned i = 0; i < f->ntargets; i++)
        if (!strcmp(f->targets[i].arch, arch) && fnmatch(f->targets[i].machine, machine, 0) == 0)
            return true;
    return false;
}
