/* cache.c: the facts of definitions, kept from one daemon to the next, so that a start compiles only the definitions that have changed.
 *
 * The cache is rows of the index page in a file that conf keeps.  A row serves a definition whose file is the one that its facts were
 * read from: same size, inode, and times of change.  It spares the daemon an xmlc, not a check: what a guest may use is decided anew
 * from its definition at each start, and conf, which brings the cache, could as well bring another definition. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "sup.h"

#define CACHE_MAGIC 0x42484331u     /* one up when struct index_slot or what stands in it changes */
#define WRITE_AFTER_MS 3000u
struct cache_head { uint32_t magic, rows; };

static const struct index_slot *rows;
static uint32_t rows_n;
static const void *map;
static size_t map_n;

int cache_ask(struct flow *f)
{
    return flow_conf(f, IN_CONF_READ, 0, DIR_CACHE, "definitions", -1);
}

int cache_got(struct flow *f, struct frame *fr)
{
    struct cache_head h;
    AUTO_CLOSE fd = frame_take_fd(fr, 0);
    (void)f;
    if (fd < 0 || frame_map(fd, sizeof h + INDEX_SLOTS_MAX * sizeof *rows, &map, &map_n) < 0)
        return FLOW_NEXT;
    if (map_n >= sizeof h) {
        memcpy(&h, map, sizeof h);
        if (h.magic == CACHE_MAGIC && h.rows == (map_n - sizeof h) / sizeof *rows && map_n == sizeof h + h.rows * sizeof *rows) {
            rows = (const void *)((const char *)map + sizeof h);
            rows_n = h.rows;
        }
    }
    return FLOW_NEXT;
}

int cache_absent(struct flow *f)
{
    memset(&f->err, 0, sizeof f->err);
    return FLOW_NEXT;
}

void cache_stamp(int slot, const struct conf_entry *e, bool canonical)
{
    SLOT_EDIT(s, slot) {
        s->file_size = e->size;
        s->file_ino = e->ino;
        s->file_mtime_ns = e->mtime_ns;
        s->file_ctime_ns = e->ctime_ns;
        s->flags = canonical ? s->flags | SLOT_CANONICAL : s->flags & ~(uint32_t)SLOT_CANONICAL;
    }
}

/* The definition of an entry of the folder's list, taken from the cache: a slot, or -1. */
int cache_take(const struct conf_entry *e)
{
    static uint32_t next;       /* both lists come from one folder, mostly in one order */
    for (uint32_t k = 0; k < rows_n; k++) {
        struct index_slot s = rows[(next + k) % rows_n];
        if (s.file_ino != e->ino || s.file_size != e->size || s.file_mtime_ns != e->mtime_ns || s.file_ctime_ns != e->ctime_ns ||
            strncmp(s.name, e->name, sizeof s.name) || !memchr(s.name, 0, sizeof s.name) || slot_find_name(s.name) >= 0 || slot_find_uuid(s.uuid) >= 0)
            continue;
        struct doc_result d = { .flags = s.flags & SLOT_HAS_SECRETS, .vcpus = s.vcpus, .vcpus_max = s.vcpus_max, .mem_kib = s.mem_kib, .mem_max_kib = s.mem_max_kib };
        memcpy(d.uuid, s.uuid, sizeof d.uuid);
        memcpy(d.name, s.name, sizeof d.name);
        next = (next + k + 1) % rows_n;
        int slot = slot_take(&d);
        if (slot >= 0)
            cache_stamp(slot, e, s.flags & SLOT_CANONICAL);
        return slot;
    }
    return -1;
}

void cache_drop(void)
{
    if (map_n)
        munmap((void *)(uintptr_t)map, map_n);
    map_n = 0;
    rows_n = 0;
}

/* ---- writing ---- */

static struct loop_timer timer;

static int write_go(struct flow *f)
{
    struct cache_head h = { .magic = CACHE_MAGIC };
    AUTO_CLOSE fd = memfd_create("cache", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    bool good = fd >= 0 && util_write_full(fd, &h, sizeof h) > 0;
    for (uint32_t i = 0; good && i < sup.index.head->slots; i++) {
        const struct index_slot *s = slot_row((int)i);
        if (!s->used || !(s->flags & SLOT_PERSISTENT) || !s->file_ino || slot_active(s))
            continue;           /* a running guest's row tells of its run, not of its definition */
        good = util_write_full(fd, s, sizeof *s) > 0;
        h.rows++;
    }
    if (!good || pwrite(fd, &h, sizeof h, 0) != sizeof h || fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK) < 0)
        return err_set(&f->err, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "no memory");
    return flow_conf(f, IN_CONF_WRITE, 0, DIR_CACHE, "definitions", fd);
}

static void write_done(struct flow *f, bool ok)
{
    if (!ok)
        log_warn("the cache of definitions is not written: %s", f->err.detail);
}

static const struct step write_steps[] = { { "cache", write_go, NULL, NULL }, { 0 } };

static void on_timer(struct loop_timer *t)
{
    struct flow *f = flow_start(write_steps, write_done, NULL);
    (void)t;
    if (f)
        flow_go(f);
}

void cache_changed(void)
{
    if (!timer.armed)
        loop_after(&timer, WRITE_AFTER_MS, on_timer, NULL);
}
