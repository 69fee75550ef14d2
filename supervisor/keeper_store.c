/* keeper_store.c: the descriptors held for others.
 *
 * The table is the keeper's whole memory: with the list of processes it is all that crosses an execve of ourselves. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "ipc/util.h"
#include "keeper.h"

enum { STORE_MAX = 40000 /* more than descriptors a process may have */, SAVE_MAGIC = 0x4b535635 };
static struct row table[STORE_MAX];
uint32_t store_n;
static uint32_t free_from;      /* rows before it are used */

struct row *store_next(struct row *after, uint32_t kind)
{
    for (uint32_t i = after ? (uint32_t)(after - table) + 1 : 0; i < store_n; i++)
        if (table[i].key.kind == kind)
            return &table[i];
    return NULL;
}

/* What is held has high numbers: so the low ones are free for a frame's and a birth's, however much is held, and a birth copies only these. */
static int raised(int fd)
{
    int high = fd < 0 || fd >= HELD_FD_FIRST ? fd : fcntl(fd, F_DUPFD_CLOEXEC, HELD_FD_FIRST);
    if (high != fd)
        close(fd);
    return high;
}

struct row *store_put(const struct held *key, int fd, int log)
{
    int high = raised(fd), high_log = raised(log);
    while (free_from < store_n && table[free_from].key.kind)
        free_from++;
    if (free_from == STORE_MAX || high < 0 || (log >= 0 && high_log < 0)) {
        util_closep(&high);
        util_closep(&high_log);
        return NULL;
    }
    struct row *r = &table[free_from];
    store_n = free_from == store_n ? store_n + 1 : store_n;
    *r = (struct row){ .key = *key, .fd = high, .log = high_log };
    return r;
}

void store_free(struct row *r)
{
    util_closep(&r->fd);
    util_closep(&r->log);
    r->key.kind = 0;
    free_from = r - table < free_from ? (uint32_t)(r - table) : free_from;
    while (store_n && !table[store_n - 1].key.kind)
        store_n--;
}

void store_drop(const struct held *key)
{
    for (struct row *r = store_next(NULL, key->kind); r; r = store_next(r, key->kind))
        if (key->kind == HELD_CHANNEL ? r->key.channel == key->channel : key->kind == HELD_FD && key->object && r->key.object == key->object &&
            (!key->tag || (r->key.tag == key->tag && r->key.arg == key->arg)))
            store_free(r);
}

unsigned store_birth(struct birth *b, int *fds, unsigned n, uint32_t role)
{
    for (struct row *r = store_next(NULL, HELD_FD); r && n < BIRTH_FDS_MAX; r = store_next(r, HELD_FD))
        if (!r->key.object && r->key.role == role && r->key.tag) {
            b->fd_kind[n] = (uint8_t)r->key.tag;
            b->fd_arg[n] = r->key.arg;
            fds[n++] = r->fd;
        }
    b->nfds = (uint16_t)n;
    return n;
}

/* What crosses execve: struct keeper_start and the rows, with their descriptors. */
static const typeof(((struct keeper_start *)NULL)->stamp) stamp = { 1 /* one more with each change of what is meant that does not show in the others */,
    sizeof(struct keeper_start), sizeof(struct row), sizeof(struct birth), sizeof(struct index_slot), sizeof(struct client_row), INDEX_MAGIC, CLIENTS_MAGIC, FRAME_MAGIC, ROLE_N, BFD_KIND_N };

static bool inheritable(const struct keeper_start *k, int flags)
{
    bool good = true;
    for (uint32_t i = 0; i < store_n && good; i++)
        for (int n = 0; n < 2; n++) {
            int fd = n ? table[i].log : table[i].fd;
            good = good && (!table[i].key.kind || fd < 0 || fcntl(fd, F_SETFD, flags) == 0);
        }
    for (int i = 0; i < READY_N && good; i++)
        good = k->ready[i] < 0 || fcntl(k->ready[i], F_SETFD, flags) == 0;
    return good;
}

/* Makes the memfd, and every descriptor inheritable.  A descriptor or a negative errno. */
static int store_save(struct keeper_start *k)
{
    AUTO_CLOSE fd = memfd_create("bulkhead-keeper", 0);
    k->magic = SAVE_MAGIC;
    k->entries = store_n;
    memcpy(k->stamp, stamp, sizeof stamp);
    if (fd < 0 || util_write_full(fd, k, sizeof *k) < 0 || util_write_full(fd, table, store_n * sizeof table[0]) < 0)
        return -EIO;
    return !inheritable(k, 0) || lseek(fd, 0, SEEK_SET) < 0 ? -EIO : STEAL_FD(&fd);
}

int store_load(int fd, struct keeper_start *k)
{
    AUTO_CLOSE f = fd;
    ssize_t n = read(f, k, sizeof *k);      /* of a memfd: whole, or there is no more */
    bool is_head = n >= (ssize_t)offsetof(struct keeper_start, ready) && k->magic == SAVE_MAGIC;
    k->front[is_head ? sizeof k->front - 1 : 0] = 0;
    if (n != (ssize_t)sizeof *k || !is_head || memcmp(k->stamp, stamp, sizeof stamp) || k->entries > STORE_MAX)
        return -ESTALE;
    ssize_t bytes = (ssize_t)(k->entries * sizeof table[0]);
    if (read(f, table, (size_t)bytes) != bytes)
        return -EPROTO;
    store_n = k->entries;
    bool good = inheritable(k, FD_CLOEXEC);
    for (struct row *r = store_next(NULL, HELD_PROCESS); r && good; r = store_next(r, HELD_PROCESS))
        good = proc_watch(r) == 0;
    return good ? 0 : -EPROTO;
}

int keeper_exec(struct keeper_start *k, bool front, char **argv)
{
    char number[16], path[320];
    int fd = store_save(k);
    if (fd < 0)
        return fd;
    snprintf(number, sizeof number, "%d", fd);
    setenv("BULKHEAD_KEEPER_STATE", number, 1);
    if (front)
        execv(k->front, argv);
    util_format(path, sizeof path, "%s/keeper", k->layout.libexec_dir);
    execv(path, argv);
    return -errno;
}
