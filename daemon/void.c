/* void.c: namespaces with nothing in them, made once and joined by every worker: one set costs less than one a worker.
 *
 * Privilege: SYS_ADMIN, or as an ordinary user a user namespace that maps this user only.  A child makes them and waits;
 * we take hold of them through /proc; the child exits.  The root of the mount namespace is an empty read-only tmpfs. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "ipc/log.h"
#include "ipc/util.h"
#include "daemon/daemon.h"

static int write_file(const char *path, const char *text)
{
    AUTO_CLOSE fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

static int map_user(uid_t uid, gid_t gid)
{
    char line[64];
    int r = write_file("/proc/self/setgroups", "deny");
    snprintf(line, sizeof line, "%u %u 1\n", uid, uid);
    if (!r)
        r = write_file("/proc/self/uid_map", line);
    snprintf(line, sizeof line, "%u %u 1\n", gid, gid);
    return r ? r : write_file("/proc/self/gid_map", line);
}

static int empty_root(void)
{
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || mount("void", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=0,nr_inodes=1,mode=0555") < 0 ||
        chdir("/tmp") < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        return -errno;
    return mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0 ? -errno : 0;
}

static int void_enter(bool session)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();
    if (unshare((session ? CLONE_NEWUSER : 0) | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) < 0)
        return -errno;
    int r = session ? map_user(uid, gid) : 0;
    if (!r && sethostname("void", 4) < 0)
        r = -errno;
    return r ? r : empty_root();
}

int void_make(bool session, int fds[5])
{
    static const char *const names[5] = { "user", "mnt", "net", "ipc", "uts" };
    int up[2], down[2], r = -EIO;
    if (pipe2(up, O_CLOEXEC) < 0 || pipe2(down, O_CLOEXEC) < 0)
        return -errno;
    pid_t pid = fork();
    if (pid == 0) {
        char c;
        close(up[0]);
        close(down[1]);
        r = void_enter(session);
        ssize_t n = write(up[1], &r, sizeof r);
        n = n == (ssize_t)sizeof r ? read(down[0], &c, 1) : 0;     /* until they are held */
        _exit(n != 0);
    }
    close(up[1]);
    close(down[0]);
    if (pid < 0 || util_read_full(up[0], &r, sizeof r) != (ssize_t)sizeof r)
        r = pid < 0 ? -errno : -EIO;
    for (int i = 0; i < 5; i++) {
        char path[48];
        snprintf(path, sizeof path, "/proc/%d/ns/%s", pid, names[i]);
        fds[i] = -1;
        if (!r && (i > 0 || session) && (fds[i] = open(path, O_RDONLY | O_CLOEXEC)) < 0)
            r = -errno;
    }
    close(up[0]);
    close(down[1]);
    if (pid > 0)
        waitpid(pid, NULL, 0);
    for (int i = 0; r && i < 5; i++)
        util_closep(&fds[i]), fds[i] = -1;
    return r;
}
