/* backups.c: what a log rolled over to: NAME.0, the newest, NAME.1 and so on; each as it was written, or compressed (NAME.N.gz).  See stream.h.
 *
 * The zip role writes the compressed form into a file that has no name of a backup; here it gets one when it is whole, and only then the plain form goes.
 * Whoever is killed in between leaves both: the plain one counts, and the next stream of this name removes the other. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ipc/util.h"
#include "workers/log/stream.h"

void backup_name(const struct stream *s, uint32_t i, bool zipped, char out[BACKUP_NAME_BYTES])
{
    snprintf(out, BACKUP_NAME_BYTES, "%s.%u%s", s->name, i, zipped ? ".gz" : "");
}

static void part_name(const struct stream *s, char out[BACKUP_NAME_BYTES])
{
    snprintf(out, BACKUP_NAME_BYTES, "%s.gz.part", s->name);
}

static bool is_there(const struct stream *s, uint32_t i, bool *zipped)
{
    char name[BACKUP_NAME_BYTES];
    struct stat st;
    for (int z = 0; z < 2; z++) {
        backup_name(s, i, z, name);
        if (fstatat(s->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
            *zipped = z;
            return true;
        }
    }
    return false;
}

static int backup_remove(const struct stream *s, uint32_t i, bool zipped)
{
    char name[BACKUP_NAME_BYTES];
    backup_name(s, i, zipped, name);
    return unlinkat(s->dir, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

uint32_t backups_end(const struct stream *s)
{
    uint32_t i = 0;
    bool zipped;
    for (unsigned missing = 0; i < s->rules.max_backups && missing < 2; i++)       /* a crash leaves one number free at most */
        missing = is_there(s, i, &zipped) ? 0 : missing + 1;
    return i;
}

/* Only up to the first number that is free, which is what a crash in here leaves to be gone on with. */
int backups_shift(struct stream *s)
{
    char from[BACKUP_NAME_BYTES], to[BACKUP_NAME_BYTES];
    uint32_t free_one = 0;
    bool zipped;
    int r = 0;
    while (free_one < s->rules.max_backups && is_there(s, free_one, &zipped))
        free_one++;
    if (free_one == s->rules.max_backups && free_one > 0) {
        free_one--;
        r = backup_remove(s, free_one, false);
        r = r < 0 ? r : backup_remove(s, free_one, true);
    }
    for (uint32_t i = free_one; i > 0 && r == 0; i--) {
        if (!is_there(s, i - 1, &zipped))
            continue;
        backup_name(s, i - 1, zipped, from);
        backup_name(s, i, zipped, to);
        if (renameat(s->dir, from, s->dir, to) < 0 && errno != ENOENT)
            r = -errno;
    }
    return r;
}

/* ---- compression ---- */

void zip_settle(struct stream *s)
{
    char name[BACKUP_NAME_BYTES];
    bool zipped;
    if (!s->rules.compress || s->dir < 0)
        return;
    part_name(s, name);
    unlinkat(s->dir, name, 0);
    for (uint32_t i = 0; i < s->rules.max_backups && is_there(s, i, &zipped); i++)
        if (!zipped)
            backup_remove(s, i, true);
}

int zip_next(struct stream *s, int fds[2])
{
    char name[BACKUP_NAME_BYTES];
    struct stat st;
    bool zipped = true;
    uint32_t i = 0;
    s->rolled = false;
    if (!s->rules.compress || s->zip >= 0 || s->dir < 0 || s->pipe < 0 || s->orphan)
        return 0;
    while (i < s->rules.max_backups && is_there(s, i, &zipped) && zipped)
        i++;
    if (i == s->rules.max_backups || zipped)
        return 0;
    backup_name(s, i, false, name);
    AUTO_CLOSE from = openat(s->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (from < 0 || fstat(from, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EINVAL;
    part_name(s, name);
    unlinkat(s->dir, name, 0);
    fds[1] = openat(s->dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fds[1] < 0)
        return -errno;
    fds[0] = s->zip = STEAL_FD(&from);
    return 1;
}

/* The number that the backup has by now; max_backups: none. */
static uint32_t find_zipped(const struct stream *s)
{
    char name[BACKUP_NAME_BYTES];
    struct stat own, st;
    uint32_t end = backups_end(s);
    if (fstat(s->zip, &own) == 0)
        for (uint32_t i = 0; i < end; i++) {
            backup_name(s, i, false, name);
            if (fstatat(s->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == own.st_ino && st.st_dev == own.st_dev)
                return i;
        }
    return s->rules.max_backups;
}

int zip_done(struct stream *s, bool whole)
{
    char part[BACKUP_NAME_BYTES], name[BACKUP_NAME_BYTES];
    int r = 0;
    if (s->zip < 0)
        return 0;
    uint32_t i = whole ? find_zipped(s) : s->rules.max_backups;
    util_closep(&s->zip);
    part_name(s, part);
    backup_name(s, i, true, name);
    if (i < s->rules.max_backups && renameat(s->dir, part, s->dir, name) == 0)
        return backup_remove(s, i, false);
    if (i < s->rules.max_backups)
        r = -errno;
    unlinkat(s->dir, part, 0);
    return r;
}
