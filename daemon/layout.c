/* layout.c: see ipc/layout.h.  Runs in the keeper before it has any peer; the environment is that of whoever started the daemon. */
#include "ipc/layout.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ipc/util.h"
#include "daemon/daemon.h"

/* An absolute path from the environment, else home + suffix. */
static int xdg_path(char *out, size_t n, const char *var, const char *suffix)
{
    const char *v = getenv(var), *home = getenv("HOME");
    char path[256];
    int r = v && v[0] == '/' ? util_copy_str(path, sizeof path, v) : home && home[0] == '/' ? util_format(path, sizeof path, "%s/%s", home, suffix) : -ENOENT;
    return r ? r : util_plain_path(out, n, path);
}

static int layout_session(struct layout *l)
{
    char run[100], conf[100], cache[100];
    int r = 0;
    if ((r = xdg_path(cache, sizeof cache, "XDG_CACHE_HOME", ".cache")) || (r = xdg_path(conf, sizeof conf, "XDG_CONFIG_HOME", ".config")))
        return r;
    const char *v = getenv("XDG_RUNTIME_DIR");      /* without it clients look in the cache folder */
    r = v && v[0] == '/' ? util_plain_path(run, sizeof run, v) : util_copy_str(run, sizeof run, cache);
    r |= util_format(l->sock_dir, sizeof l->sock_dir, "%s/libvirt", run);
    r |= util_format(l->state_dir, sizeof l->state_dir, "%s/libvirt/qemu/run", run);
    r |= util_format(l->conf_dir, sizeof l->conf_dir, "%s/libvirt", conf);
    r |= util_format(l->def_dir, sizeof l->def_dir, "%s/libvirt/qemu", conf);
    r |= util_format(l->lib_dir, sizeof l->lib_dir, "%s/libvirt/qemu/lib", conf);
    r |= util_format(l->log_dir, sizeof l->log_dir, "%s/libvirt/qemu/log", cache);
    r |= util_format(l->cache_dir, sizeof l->cache_dir, "%s/libvirt/qemu/cache", cache);
    r |= util_format(l->pid_file, sizeof l->pid_file, "%s/libvirt/%s.pid", run, kind.name);
    return r ? -ENAMETOOLONG : 0;
}

static int layout_system(struct layout *l)
{
    int r = util_format(l->sock_dir, sizeof l->sock_dir, RUNSTATEDIR "/libvirt");
    r |= util_format(l->state_dir, sizeof l->state_dir, RUNSTATEDIR "/libvirt/qemu");
    r |= util_format(l->conf_dir, sizeof l->conf_dir, SYSCONFDIR "/libvirt");
    r |= util_format(l->def_dir, sizeof l->def_dir, SYSCONFDIR "/libvirt/qemu");
    r |= util_format(l->lib_dir, sizeof l->lib_dir, LOCALSTATEDIR "/lib/libvirt/qemu");
    r |= util_format(l->log_dir, sizeof l->log_dir, LOCALSTATEDIR "/log/libvirt/qemu");
    r |= util_format(l->cache_dir, sizeof l->cache_dir, LOCALSTATEDIR "/cache/libvirt/qemu");
    r |= util_format(l->pid_file, sizeof l->pid_file, RUNSTATEDIR "/%s.pid", kind.name);
    return r ? -ENAMETOOLONG : 0;
}

int layout_init(struct layout *l, bool session)
{
    struct layout n;
    memset(&n, 0, sizeof n);        /* it travels whole */
    n.session = session;
    n.id = kind.id;
    n.only_uid = kind.only_owner ? geteuid() : ~0u;
    const char *libexec = getenv("BULKHEAD_LIBEXECDIR");
    int r = util_copy_str(n.libexec_dir, sizeof n.libexec_dir, libexec && libexec[0] == '/' ? libexec : PKGLIBEXECDIR) | util_copy_str(n.daemon, sizeof n.daemon, kind.name) |
        util_copy_str(n.supervisor, sizeof n.supervisor, kind.supervisor);
    if (!r)
        r = session ? layout_session(&n) : layout_system(&n);
    if (!r)
        *l = n;
    return r;
}

static int make_path(const char *path, mode_t mode, mode_t parents)
{
    char p[256];
    if (util_copy_str(p, sizeof p, path))
        return -ENAMETOOLONG;
    for (char *s = p + 1; (s = strchr(s, '/')); *s++ = '/') {
        *s = 0;
        if (mkdir(p, parents) < 0 && errno != EEXIST)
            return -errno;
    }
    return mkdir(p, mode) < 0 && errno != EEXIST ? -errno : 0;
}

/* libvirt's daemon gives some folders to qemu.conf's user, as it does at each of its starts.  Conf and the log roles are root's, without the capability
 * to pass by an owner.  SAFETY: that user may have put a link in a folder's place. */
static int take_back(const char *path)
{
    struct stat st;
    AUTO_CLOSE fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    return st.st_uid != geteuid() && fchown(fd, geteuid(), (gid_t)-1) < 0 ? -errno : 0;
}

int layout_make_folders(const struct layout *l)
{
    for (const struct kind_folder *d = kind.folders; d->sub; d++) {
        char path[256];
        int r = layout_folder(l, d, path);
        if (!r)
            r = make_path(path, l->session ? 0700 : d->mode, l->session ? 0700 : 0755);
        if (!r && !l->session && strncmp(path, l->conf_dir, strlen(l->conf_dir)))
            r = take_back(path);
        if (r < 0)
            return r;
    }
    return 0;
}

int layout_folder(const struct layout *l, const struct kind_folder *d, char path[256])
{
    return util_format(path, 256, "%s%s", (const char *)l + d->path, d->sub);
}
