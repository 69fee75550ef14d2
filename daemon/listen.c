/* listen.c: the daemon's doors and its lock files.  Runs before there is any peer. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include "ipc/index.h"
#include "ipc/log.h"
#include "ipc/util.h"
#include "daemon/daemon.h"

/* Behind the daemon's name: of the socket, and of its unit. */
static const struct { const char *socket, *unit; } doors[DOOR_N] = {
    [DOOR_RW] = { "-sock", ".socket" }, [DOOR_RO] = { "-sock-ro", "-ro.socket" }, [DOOR_ADMIN] = { "-admin-sock", "-admin.socket" },
};

static int door_path(const struct layout *l, const struct settings *s, int door, struct sockaddr_un *a)
{
    a->sun_family = AF_UNIX;
    return util_format(a->sun_path, sizeof a->sun_path, "%s/%s%s", s->unix_sock_dir[0] ? s->unix_sock_dir : l->sock_dir, kind.name, doors[door].socket);
}

static int door_make(const struct sockaddr_un *a, mode_t mode, const char *group)
{
    gid_t gid = (gid_t)-1;
    AUTO_CLOSE fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (group[0] && owner_find_group(group, &gid) < 0) {
        log_err("unix_sock_group: no group '%s'", group);
        return -ENOENT;
    }
    if (unlink(a->sun_path) < 0 && errno != ENOENT)
        return -errno;
    mode_t old = umask(0777);       /* nobody gets in before mode and group are right */
    int r = bind(fd, (const struct sockaddr *)a, sizeof *a) < 0 ? -errno : 0;
    umask(old);
    if (r || (gid != (gid_t)-1 && chown(a->sun_path, (uid_t)-1, gid) < 0) || chmod(a->sun_path, mode) < 0 || listen(fd, 1024) < 0)
        return r ? r : -errno;
    return STEAL_FD(&fd);
}

bool listen_is_door(const struct layout *l, int fd)
{
    static const struct settings none;
    struct sockaddr_un a = { 0 }, is = { 0 };
    socklen_t al = sizeof is - 1, n = sizeof(int);
    int listens = 0;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &n) < 0 || !listens || getsockname(fd, (struct sockaddr *)&is, &al) < 0 || is.sun_family != AF_UNIX)
        return false;
    for (int d = 0; d < DOOR_N; d++)
        if (door_path(l, &none, d, &a) == 0 && !strcmp(a.sun_path, is.sun_path))
            return true;
    return false;
}

static bool has_door(int d) { return kind.doors >> d & 1; }

/* Sockets of a service manager: numbers from 3 on, told apart by name, or by their own path's end. */
static void take_activated(int fds[DOOR_N])
{
    const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS"), *names = getenv("LISTEN_FDNAMES");
    if (!pid || !n || strtol(pid, NULL, 10) != getpid())
        return;
    long count = strtol(n, NULL, 10);
    for (int fd = 3; fd < 3 + count && fd < 64; fd++) {
        size_t len = names ? strcspn(names, ":") : 0;
        struct sockaddr_un a = { 0 };
        socklen_t al = sizeof a - 1;
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        fcntl(fd, F_SETFL, O_NONBLOCK);
        if (getsockname(fd, (struct sockaddr *)&a, &al) < 0)
            al = 0;
        for (int d = 0; d < DOOR_N; d++) {
            const char *slash = strrchr(a.sun_path, '/');
            char unit[48];
            util_format(unit, sizeof unit, "%s%s", kind.name, doors[d].unit);
            bool is = len ? strlen(unit) == len && !strncmp(names, unit, len) : al && slash && !strcmp(slash + 1 + strcspn(slash + 1, "-"), doors[d].socket);
            if (is && fds[d] < 0 && has_door(d))
                fds[d] = fd;
        }
        if (names)
            names += len + (names[len] == ':');
    }
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
}

int listen_open(const struct layout *l, const struct settings *s, int fds[DOOR_N], char (*made)[256])
{
    const mode_t modes[DOOR_N] = { s->unix_sock_rw_perms, s->unix_sock_ro_perms, s->unix_sock_admin_perms };
    fds[0] = fds[1] = fds[2] = -1;
    take_activated(fds);
    bool activated = fds[DOOR_RW] >= 0 || fds[DOOR_RO] >= 0 || fds[DOOR_ADMIN] >= 0;
    for (int d = 0; d < DOOR_N; d++) {
        struct sockaddr_un a;
        if (fds[d] >= 0 || !has_door(d) || (d == DOOR_RO && l->session) || (activated && d != DOOR_ADMIN))
            continue;
        int r = door_path(l, s, d, &a);
        if (!r)
            r = fds[d] = door_make(&a, l->session ? 0700 : modes[d], l->session || d == DOOR_ADMIN ? "" : s->unix_sock_group);
        if (r < 0) {
            log_err("cannot listen on %s: %s", a.sun_path, strerror(-r));
            return r;
        }
        if (!activated)
            util_copy_str(*made++, sizeof *made, a.sun_path);
    }
    return 0;
}

int pidfile_take(const char *path, int *out)
{
    AUTO_CLOSE fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1 };
    if (fd < 0)
        return -errno;
    if (fcntl(fd, F_OFD_SETLK, &lock) < 0)
        return errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
    char text[16];
    int n = snprintf(text, sizeof text, "%d", getpid());
    if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)n, 0) != n)
        return -EIO;
    *out = STEAL_FD(&fd);
    return 0;
}
