/* hooks.c: whether there are hook scripts at all: looked at here, at the daemon's start and with SIGHUP, so that a guest's start costs nothing where there are none.
 * Which are run is decided anew each time, by the hand that runs them. */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>
#include "daemon/daemon.h"
#include "ipc/util.h"

static bool runs(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static bool any(const struct layout *l, const char *driver)
{
    char path[600];
    bool found = util_format(path, sizeof path, "%s/hooks/%s", l->conf_dir, driver) == 0 && runs(path);
    DIR *d = !found && util_format(path, sizeof path, "%s/hooks/%s.d", l->conf_dir, driver) == 0 ? opendir(path) : NULL;
    for (struct dirent *e; d && !found && (e = readdir(d));)
        found = util_format(path, sizeof path, "%s/hooks/%s.d/%s", l->conf_dir, driver, e->d_name) == 0 && runs(path);
    if (d)
        closedir(d);
    return found;
}

void hooks_look(const struct layout *l, struct settings *s)
{
    s->hooks = (s->hooks & HOOKS_BEGUN) | (kind.id != DAEMON_QEMUD ? 0 : (any(l, "qemu") ? HOOKS_QEMU : 0) | (any(l, "daemon") ? HOOKS_DAEMON : 0));
}
