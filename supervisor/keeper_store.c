/* keeper_store.c: the descriptors held for others.
 *
 * The table is the keeper's whole memory: with the list of processes it is all that crosses an execve of ourselves. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
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

/* What crosses execve: struct keeper_start, the store's rows, the processes' rows. */
#define SAVE_MAGIC 0x4b535632u
struct save_proc { struct held who; int32_t pidfd, log; };

static int inheritable(int fd, int flags)
{
    return fd < 0 || fcntl(fd, F_SETFD, flags) == 0;
}

int store_save(struct keeper_start *k)
{
    AUTO_CLOSE fd = memfd_create("bulkhead-keeper", 0);
    k->magic = SAVE_MAGIC;
    k->entries = store_n;
    k->procs = 0;
    for (struct proc *p = proc_next(NULL); p; p = proc_next(p))
        k->procs++;
    if (fd < 0 || util_write_full(fd, k, sizeof *k) < 0 || util_write_full(fd, table, store_n * sizeof table[0]) < 0)
        return -EIO;
    bool good = inheritable(k->notify_fd, 0) && inheritable(k->ready_fd, 0);
    for (uint32_t i = 0; i < store_n; i++)
        good = good && inheritable(table[i].fd, 0);
    for (struct proc *p = proc_next(NULL); p && good; p = proc_next(p)) {
        struct save_proc s = { .who = p->who, .pidfd = p->pidfd.fd, .log = p->log.fd };
        good = util_write_full(fd, &s, sizeof s) > 0 && inheritable(s.pidfd, 0) && inheritable(s.log, 0);
    }
    return !good || lseek(fd, 0, SEEK_SET) < 0 ? -EIO : STEAL_FD(&fd);
}

int store_load(int fd, struct keeper_start *k)
{
    AUTO_CLOSE f = fd;
    if (util_read_full(f, k, sizeof *k) != (ssize_t)sizeof *k || k->magic != SAVE_MAGIC || k->entries > STORE_MAX)
        return -EPROTO;
    ssize_t bytes = (ssize_t)(k->entries * sizeof table[0]);
    if (util_read_full(f, table, (size_t)bytes) != bytes)
        return -EPROTO;
    store_n = k->entries;
    bool good = inheritable(k->notify_fd, FD_CLOEXEC) && inheritable(k->ready_fd, FD_CLOEXEC);
    for (uint32_t i = 0; i < store_n; i++)
        good = good && inheritable(table[i].fd, FD_CLOEXEC);
    for (uint32_t i = 0; i < k->procs && good; i++) {
        struct save_proc s;
        good = util_read_full(f, &s, sizeof s) == (ssize_t)sizeof s && inheritable(s.pidfd, FD_CLOEXEC) && inheritable(s.log, FD_CLOEXEC) &&
            proc_add(&s.who, s.pidfd, s.log) == 0;
    }
    return good ? 0 : -EPROTO;
}

int keeper_exec(struct keeper_start *k, char **argv)
{
    char number[16], path[320];
    int fd = store_save(k);
    if (fd < 0)
        return fd;
    snprintf(number, sizeof number, "%d", fd);
    setenv("BULKHEAD_KEEPER_STATE", number, 1);
    util_format(path, sizeof path, "%s/keeper", k->layout.libexec_dir);
    execv(path, argv);
    return -errno;
}
