/* anew.c: the first moment of a daemon in a process that was an earlier build's, whose keeper held what this build cannot read.  To guests and locks it is
 * as if that daemon had been killed and this one started: what must outlive a daemon is not in its keeper alone.  Its clients have to connect again. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "daemon/daemon.h"
#include "ipc/log.h"
#include "ipc/util.h"

enum { END_MS = 2000 };

/* Roles end as their channels do; but conf first writes what it was told, and a worker has its guest's monitor, which serves one at a time. */
static bool is_awaited(const char *pid)
{
    char path[64], name[32] = "";
    util_format(path, sizeof path, "/proc/%s/comm", pid);
    AUTO_CLOSE fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : util_read_full(fd, name, sizeof name - 1);
    name[n > 0 ? n - 1 : 0] = 0;
    return !strcmp(name, "bulkhead-conf") || !strcmp(name, "bulkhead-qemu");
}

static void wait_roles(void)
{
    static char pids[1 << 18];
    char path[64];
    uint64_t until = util_now_ms() + END_MS;
    util_format(path, sizeof path, "/proc/self/task/%d/children", getpid());
    AUTO_CLOSE fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : util_read_full(fd, pids, sizeof pids - 1);
    pids[n > 0 ? n : 0] = 0;
    for (char *at = pids, *pid; (pid = strtok_r(at, " ", &at)); ) {
        AUTO_CLOSE process = (int)syscall(SYS_pidfd_open, atoi(pid), 0);
        uint64_t now = util_now_ms();
        if (process >= 0 && is_awaited(pid) && now < until)
            poll(&(struct pollfd){ .fd = process, .events = POLLIN }, 1, (int)(until - now));
    }
}

void anew(const struct layout *l)
{
    int doors[DOOR_N], n = 0;
    char text[16];
    unsetenv("BULKHEAD_KEEPER_STATE");
    DIR *d = opendir("/proc/self/fd");
    for (struct dirent *e; d && n < DOOR_N && (e = readdir(d)); ) {
        int fd = atoi(e->d_name);
        if (fd > 2 && listen_is_door(l, fd) && (fd = fcntl(fd, F_DUPFD_CLOEXEC, 3 + DOOR_N)) >= 0)
            doors[n++] = fd;
    }
    if (d)
        closedir(d);
    for (int i = 0; i < n; i++)
        dup2(doors[i], 3 + i);
    syscall(SYS_close_range, 3 + n, ~0u, 0);
    log_warn("what the daemon held was laid out by another build: it starts anew, and its clients have to connect again");
    if (n) {
        util_format(text, sizeof text, "%d", n);
        setenv("LISTEN_FDS", text, 1);
        util_format(text, sizeof text, "%d", getpid());
        setenv("LISTEN_PID", text, 1);
    }
    wait_roles();
}
