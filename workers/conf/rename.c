/* rename.c: a definition under another name.
 *
 * The new file is written first, then the supervisor gives the domain its new name in the index, and then the old file goes.  A note beside the files
 * tells of the time between: whoever finds it, conf's next instance or the first one of a later daemon, leaves the file of the name that counts, and the
 * other one goes.  Until the old file has gone nobody was told that it is done, so what a daemon's end cuts off is undone. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ipc/log.h"
#include "ipc/loop.h"
#include "ipc/states.h"
#include "ipc/util.h"
#include "workers/conf/store.h"

#define NOTE ".bulkhead.rename."        /* and the domain's row in the index.  Within: OLD/NEW, for no name has a slash */
enum { LATE_MS = 5000 };

static int note_read(int dir, const char *file, struct conf_name *was, struct conf_name *is)
{
    char text[2 * NAME_MAX_BYTES];
    AUTO_CLOSE fd = openat(dir, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    ssize_t n = util_read_full(fd, text, sizeof text);
    if (n < 0 || n == sizeof text)
        return n < 0 ? (int)n : -EBADMSG;
    text[n] = 0;
    char *slash = strchr(text, '/');
    if (!slash)
        return -EBADMSG;
    *slash = 0;
    *was = *is = (struct conf_name){ .dir = DIR_DEFINITIONS };
    return util_copy_str(was->name, sizeof was->name, text) < 0 || util_copy_str(is->name, sizeof is->name, slash + 1) < 0 ? -EBADMSG : 0;
}

static int settle(const struct store *s, const char *file, struct err *e)
{
    int dir = s->dir[DIR_DEFINITIONS];
    struct conf_name was, is;
    struct conf_entry entry;
    struct index_slot row;
    char name[NAME_MAX + 1];
    int r = note_read(dir, file, &was, &is);
    if (r == -ENOENT)
        return 0;
    if (r < 0)
        return err_sys(e, VIR_FROM_QEMU, -r, "cannot read %s", file);
    if (store_name(s, &was, name, e) < 0 || store_name(s, &is, name, e) < 0)
        return -1;
    /* If there is no old file, its end has come before that of the note. */
    bool counts = s->index.head && index_find_name(&s->index, is.name, &row) >= 0;
    if (store_entry(s, &was, &entry) == 0 && store_remove(s, counts ? &was : &is, UNDEFINE_KEEP_NVRAM, e) < 0)
        return -1;
    return unlinkat(dir, file, 0) < 0 ? err_sys(e, VIR_FROM_QEMU, errno, "cannot remove %s", file) : 0;
}

/* Rows of which a file could not be removed. Their notes stay until it can: the next daemon would find the domain under both names, and take the old one. */
static struct { bool is[INDEX_SLOTS_MAX]; unsigned n; struct loop_timer timer; } late;

static void on_timer(struct loop_timer *t);

static int settle_row(const struct store *s, uint32_t slot, struct err *e)
{
    char file[64];
    snprintf(file, sizeof file, NOTE "%u", slot);
    int r = settle(s, file, e);
    if (slot < INDEX_SLOTS_MAX && late.is[slot] != (r < 0)) {
        late.is[slot] = r < 0;
        late.n += r < 0 ? 1 : -1u;
    }
    if (late.n && !late.timer.armed)
        loop_after(&late.timer, LATE_MS, on_timer, (void *)(uintptr_t)s);
    return r;
}

int store_late(const struct store *s, const char *name, struct err *e)
{
    struct conf_name was, is;
    struct err own = ERR_INIT;
    char file[64];
    for (uint32_t i = 0; late.n && i < INDEX_SLOTS_MAX; i++) {
        if (!late.is[i] || settle_row(s, i, &own) == 0)
            continue;
        snprintf(file, sizeof file, NOTE "%u", i);
        if (name && note_read(s->dir[DIR_DEFINITIONS], file, &was, &is) == 0 && (!strcmp(name, was.name) || !strcmp(name, is.name))) {
            *e = own;
            return -1;
        }
    }
    return 0;
}

static void on_timer(struct loop_timer *t)
{
    struct err e = ERR_INIT;
    store_late(t->data, NULL, &e);
}

void store_settle(const struct store *s)
{
    struct err e = ERR_INIT;
    int fd = s->dir[DIR_DEFINITIONS] < 0 ? -1 : openat(s->dir[DIR_DEFINITIONS], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d) {
        util_closep(&fd);
        return;
    }
    for (const struct dirent *de; (de = readdir(d));)
        if (!strncmp(de->d_name, NOTE, strlen(NOTE)) && settle_row(s, (uint32_t)strtoul(de->d_name + strlen(NOTE), NULL, 10), &e) < 0)
            log_warn("a change of a name that was begun stays as it is: %s", e.detail);
    closedir(d);
}

static int note_write(const struct store *s, const char *file, const struct conf_name *was, const struct conf_name *is)
{
    char text[2 * NAME_MAX_BYTES];
    int n = snprintf(text, sizeof text, "%s/%s", was->name, is->name);
    return store_put(s->dir[DIR_DEFINITIONS], file, text, (size_t)n, NULL, true);
}

static int begin(const struct store *s, const char *file, const struct conf_name *was, const struct conf_name *is, const void *text, size_t len, struct conf_entry *entry, struct err *e)
{
    struct conf_name saved = { .dir = DIR_SAVE };
    int fds[2] = { -1, -1 }, r = note_write(s, file, was, is);
    struct save_facts facts;
    if (r < 0)
        return err_sys(e, VIR_FROM_QEMU, -r, "cannot write %s", file);
    /* What a domain that is gone has left under that name is not this one's state. */
    memcpy(saved.name, is->name, sizeof saved.name);
    if (store_entry(s, &saved, entry) == 0 && store_save(s, &saved, CONF_SAVE_DROP, -1, fds, &facts, e) < 0)
        return -1;
    bool by_itself = store_entry(s, was, entry) == 0 && entry->beside & SLOT_AUTOSTART;
    return store_write(s, is, text, len, entry, e) < 0 || (by_itself && store_autostart(s, is, 1, e) < 0) ? -1 : 0;
}

int store_rename(const struct store *s, const struct conf_name *is, uint32_t slot, const void *text, size_t len, struct conf_entry *entry, struct err *e)
{
    char file[64], ignored[NAME_MAX + 1];
    struct conf_name was = { .dir = DIR_DEFINITIONS };
    struct index_slot row;
    struct err undo = ERR_INIT;
    snprintf(file, sizeof file, NOTE "%u", slot);
    if (is->dir != DIR_DEFINITIONS || store_name(s, is, ignored, e) < 0)
        return e->code ? -1 : err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "only definitions have other names");
    if (!s->index.head || index_read(&s->index, slot, &row) < 0 || util_copy_str(was.name, sizeof was.name, row.name) < 0 || !strcmp(was.name, is->name))
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "no domain in row %u is called otherwise than '%s'", slot, is->name);
    if (store_late(s, was.name, e) < 0)
        return -1;
    if (begin(s, file, &was, is, text, len, entry, e) == 0)
        return 0;
    if (settle_row(s, slot, &undo) < 0)
        log_warn("%s", undo.detail);
    return -1;
}

int store_renamed(const struct store *s, uint32_t slot, struct err *e)
{
    return settle_row(s, slot, e);
}
