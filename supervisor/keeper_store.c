/* keeper_store.c: the descriptors held for others.
 *
 * The table is the keeper's whole memory: with the list of processes it is all that crosses an execve of ourselves. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ipc/log.h"
#include "ipc/util.h"
#include "keeper.h"

#define STORE_MAX 40000u        /* more than descriptors a process may have */
static struct store_entry table[STORE_MAX];
struct store_entry *store = table;
uint32_t store_n;

int store_put(const struct held *key, int fd)
{
    uint32_t i = 0;
    while (i < store_n && table[i].fd >= 0)
        i++;
    if (i == STORE_MAX) {
        close(fd);
        return -ENOSPC;
    }
    if (i == store_n)
        store_n++;
    table[i] = (struct store_entry){ .key = *key, .fd = fd };
    return 0;
}

static void entry_close(struct store_entry *e)
{
    close(e->fd);
    e->fd = -1;
    while (store_n && table[store_n - 1].fd < 0)
        store_n--;
}

void store_drop(const struct held *key)
{
    for (uint32_t i = store_n; i-- > 0;) {
        struct store_entry *e = &table[i];
        if (e->fd >= 0 && e->key.kind == HELD_FD && e->key.object == key->object &&
            (key->tag ? e->key.tag == key->tag && e->key.role == key->role : key->object != 0))
            entry_close(e);
    }
}

void store_drop_channel(uint64_t channel)
{
    for (uint32_t i = store_n; i-- > 0;)
        if (table[i].fd >= 0 && table[i].key.kind == HELD_CHANNEL && table[i].key.channel == channel)
            entry_close(&table[i]);
}

int store_get(uint32_t role, uint32_t tag, uint32_t arg)
{
    for (uint32_t i = 0; i < store_n; i++)
        if (table[i].fd >= 0 && table[i].key.kind == HELD_FD && table[i].key.object == 0 && table[i].key.role == role &&
            table[i].key.tag == tag && table[i].key.arg == arg)
            return table[i].fd;
    return -1;
}

/* What crosses execve: this head, the store's rows, then the processes' rows. */
#define SAVE_MAGIC 0x4b535631u
struct save_head { uint32_t magic, entries, procs, epoch; };
struct save_proc { struct held who; int32_t pidfd, log; };

static int keep_open(int fd)
{
    return fcntl(fd, F_SETFD, 0) < 0 ? -errno : 0;
}

int store_save(uint32_t epoch)
{
    AUTO_CLOSE fd = memfd_create("bulkhead-keeper", 0);
    struct save_head h = { .magic = SAVE_MAGIC, .entries = store_n, .epoch = epoch };
    if (fd < 0)
        return -errno;
    for (struct proc *p = proc_next(NULL); p; p = proc_next(p))
        h.procs++;
    if (util_write_full(fd, &h, sizeof h) < 0 || util_write_full(fd, table, store_n * sizeof table[0]) < 0)
        return -EIO;
    for (uint32_t i = 0; i < store_n; i++)
        if (table[i].fd >= 0 && keep_open(table[i].fd) < 0)
            return -EBADF;
    for (struct proc *p = proc_next(NULL); p; p = proc_next(p)) {
        struct save_proc s = { .who = p->who, .pidfd = p->pidfd.fd, .log = p->log.fd };
        if (util_write_full(fd, &s, sizeof s) < 0 || keep_open(s.pidfd) < 0 || (s.log >= 0 && keep_open(s.log) < 0))
            return -EIO;
    }
    return lseek(fd, 0, SEEK_SET) < 0 ? -errno : STEAL_FD(&fd);
}

static int closed_again(int fd)
{
    return fd < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

int store_load(int fd, uint32_t *epoch)
{
    AUTO_CLOSE f = fd;
    struct save_head h;
    if (util_read_full(f, &h, sizeof h) != (ssize_t)sizeof h || h.magic != SAVE_MAGIC || h.entries > STORE_MAX)
        return -EPROTO;
    ssize_t bytes = (ssize_t)(h.entries * sizeof table[0]);
    if (util_read_full(f, table, (size_t)bytes) != bytes)
        return -EPROTO;
    store_n = h.entries;
    *epoch = h.epoch;
    for (uint32_t i = 0; i < store_n; i++)
        if (!closed_again(table[i].fd))
            return -EBADF;
    for (uint32_t i = 0; i < h.procs; i++) {
        struct save_proc s;
        if (util_read_full(f, &s, sizeof s) != (ssize_t)sizeof s || !closed_again(s.pidfd) || !closed_again(s.log))
            return -EPROTO;
        int r = proc_add(&s.who, s.pidfd, s.log);
        if (r < 0)
            return r;
    }
    return 0;
}
