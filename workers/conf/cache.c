/* cache.c: the facts of definitions, kept from one daemon to the next, so that a start compiles only the definitions that have changed.
 *
 * The index page says which file the facts of a slot were read from.  A little after something was done to a definition they are put into a file of
 * our own, and a list of the folder brings them for each file that is still the same: size, inode, and times of change.  It spares the daemon an
 * xmlc, not a check: what a guest may use is decided anew from its definition at each start. */
#include "workers/conf/cache.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "ipc/frame.h"
#include "ipc/index.h"
#include "ipc/log.h"
#include "ipc/loop.h"
#include "ipc/util.h"

#define CACHE_MAGIC 0x42484337u     /* one up when struct conf_entry or what stands in it changes */
#define CACHE_BYTES_MAX (sizeof(struct cache_head) + INDEX_SLOTS_MAX * sizeof(struct conf_entry))
#define WRITE_AFTER_MS 3000u
struct cache_head { uint32_t magic, rows; };
struct cache { struct cache_head h; struct conf_entry row[]; };

static const struct conf_name file = { .dir = DIR_CACHE, .name = "definitions" };
static const struct store *store;
static struct index ix;
static struct cache *last;          /* what the file holds; NULL not read yet, or nothing good */
static struct loop_timer timer;

void cache_init(const struct store *s)
{
    store = s;
    ix = s->index;
}

static size_t bytes(uint32_t rows)
{
    return sizeof(struct cache_head) + rows * sizeof(struct conf_entry);
}

static struct cache *cache_read(void)
{
    struct err e = ERR_INIT;
    const void *p = NULL;
    struct cache_head h;
    struct cache *c = NULL;
    size_t n = 0;
    int memfd = -1;
    if (store_read(store, &file, &memfd, &e) < 0)
        return NULL;
    AUTO_CLOSE fd = memfd;
    if (frame_map(fd, CACHE_BYTES_MAX, &p, &n) < 0)
        return NULL;
    if (n >= sizeof h) {
        memcpy(&h, p, sizeof h);
        if (h.magic == CACHE_MAGIC && h.rows <= INDEX_SLOTS_MAX && n == bytes(h.rows) && (c = malloc(n)))
            memcpy(c, p, n);
    }
    if (n)
        munmap((void *)(uintptr_t)p, n);
    return c;
}

void cache_apply(struct conf_entry *entries, size_t n)
{
    uint32_t next = 0;          /* both lists come from one folder, mostly in one order */
    if (ix.head && !last)
        last = cache_read();
    for (size_t i = 0; last && i < n; i++)
        for (uint32_t k = 0; k < last->h.rows; k++) {
            const struct conf_entry *r = &last->row[(next + k) % last->h.rows];
            struct conf_entry *e = &entries[i];
            if (memcmp(&r->file, &e->file, sizeof r->file) || strncmp(r->doc.name, e->doc.name, sizeof r->doc.name))
                continue;
            uint32_t beside = e->beside;
            *e = *r;
            e->beside = beside;
            next = (next + k + 1) % last->h.rows;
            break;
        }
}

static bool row_make(struct conf_entry *e, uint32_t slot)
{
    struct index_slot s;
    if (index_read(&ix, slot, &s) < 0 || !(s.flags & SLOT_PERSISTENT) || !s.file.ino)
        return false;
    *e = (struct conf_entry){ .file = s.file, .known = 1,
        .doc = { .flags = s.flags & SLOT_FROM_DOC, .facts = s.defined } };
    strcpy(e->doc.name, s.name);    /* index_read() ends it, and both have the same size */
    memcpy(e->doc.uuid, s.uuid, sizeof e->doc.uuid);
    return true;
}

static void cache_write(struct loop_timer *t)
{
    uint32_t slots = ix.head->slots < INDEX_SLOTS_MAX ? ix.head->slots : INDEX_SLOTS_MAX;
    struct cache *c = calloc(1, bytes(slots));
    struct conf_entry done;
    struct err e = ERR_INIT;
    (void)t;
    if (!c)
        return;
    c->h.magic = CACHE_MAGIC;
    for (uint32_t i = 0; i < slots; i++)
        c->h.rows += row_make(&c->row[c->h.rows], i);
    bool same = last && last->h.rows == c->h.rows && !memcmp(last, c, bytes(c->h.rows));
    if (!same && store_write(store, &file, c, bytes(c->h.rows), &done, &e) < 0)
        log_warn("the cache of definitions is not written: %s", e.detail);
    free(last);
    last = c;
}

void cache_touch(void)
{
    if (ix.head && !timer.armed)
        loop_after(&timer, WRITE_AFTER_MS, cache_write, NULL);
}
