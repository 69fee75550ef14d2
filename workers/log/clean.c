/* clean.c: logs that nobody has written to for longer than they are to be kept.  Done once a day by a log role that is born for it, with the folder
 * of the hypervisors' log folders: in each of these, what is called NAME.log, NAME.log.N or NAME.log.N.gz, is a regular file, and is no open stream's. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ipc/log.h"
#include "ipc/util.h"
#include "workers/log/stream.h"

static time_t oldest;
static unsigned removed;

static bool ends_with(const char *name, size_t n, const char *end)
{
    size_t k = strlen(end);
    return n > k && !memcmp(name + n - k, end, k);
}

/* NAME.log, NAME.log.N, and these compressed or on the way to be. */
static bool is_log_name(const char *name)
{
    size_t n = strlen(name);
    if (ends_with(name, n, ".log.gz.part"))
        return true;
    n -= ends_with(name, n, ".gz") ? 3 : 0;
    size_t all = n;
    while (n && name[n - 1] >= '0' && name[n - 1] <= '9')
        n--;
    if (n < all && (!n || name[--n] != '.'))
        return false;
    return ends_with(name, n, ".log");
}

/* Of files and folders in dir, fn is asked; links are not followed. */
static void each(int dir, mode_t type, void (*fn)(int dir, const char *name, const struct stat *st))
{
    AUTO_CLOSE fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d)
        return;
    fd = -1;
    struct stat st;
    for (struct dirent *e; (e = readdir(d));)
        if (e->d_name[0] != '.' && fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && (st.st_mode & S_IFMT) == type)
            fn(dirfd(d), e->d_name, &st);
    closedir(d);
}

static void clean_file(int dir, const char *name, const struct stat *st)
{
    if (!is_log_name(name) || st->st_mtime > oldest)
        return;
    AUTO_CLOSE fd = openat(dir, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || stream_is_open(fd))
        return;
    if (unlinkat(dir, name, 0) == 0)
        removed++;
    else
        log_warn("cannot remove %s: %s", name, strerror(errno));
}

static void clean_folder(int dir, const char *name, const struct stat *st)
{
    (void)st;
    AUTO_CLOSE fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0)
        each(fd, S_IFREG, clean_file);
}

unsigned clean_logs(int root, time_t before)
{
    oldest = before;
    removed = 0;
    each(root, S_IFDIR, clean_folder);
    return removed;
}
