/* hand_record.c: what a later daemon must know of a running guest and may believe.
 *
 * Privilege: hand-launch writes and removes, hand-open reads, in the folder of status files, which is root's.  Assumes of its input: the supervisor
 * named the guest.  SAFETY: the status file beside it is the guest's worker's word; a pid of that would let a hostile worker have another process
 * killed as its guest.  So pid, start time and id are noted here, by the hand that started it: NAME.run.  NAME.pid is for host programs: as
 * libvirt's, QEMU's pid.  ID.door is where the guest's stub gives what it holds for a later daemon; it is ID.late once a daemon did without that.
 * Neither is ever taken from a stub that lives: it could not be had again. */
#include "hand.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "ipc/log.h"
#include "ipc/util.h"

enum { RECORD_BYTES = 128, DOOR_WAIT_S = 5 };

static int folder_open(const struct hand *h)
{
    struct layout l;
    int r = hand_layout(h, &l), fd = r < 0 ? -1 : open(l.state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return r < 0 ? r : fd < 0 ? -errno : fd;
}

static int file_name(char out[NAME_MAX + 1], const char *name, const char *suffix)
{
    return !*name || strchr(name, '/') ? -EINVAL : util_format(out, NAME_MAX + 1, "%s%s", name, suffix);
}

static int put(int dir, const char *name, const char *suffix, mode_t mode, const char *text)
{
    char file[NAME_MAX + 1];
    int r = file_name(file, name, suffix);
    if (r < 0)
        return r;
    unlinkat(dir, file, 0);
    AUTO_CLOSE fd = openat(dir, file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0 || fchmod(fd, mode) < 0)
        return -errno;
    ssize_t n = util_write_full(fd, text, strlen(text));
    return n < 0 ? (int)n : 0;
}

/* Text of a file of the guest's, and when it was written. 0 or negative errno. */
static int get(int dir, const char *name, const char *suffix, char text[RECORD_BYTES], struct stat *st)
{
    char file[NAME_MAX + 1];
    int r = file_name(file, name, suffix);
    if (r < 0)
        return r;
    AUTO_CLOSE fd = openat(dir, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, st) < 0)
        return -errno;
    ssize_t n = S_ISREG(st->st_mode) && st->st_uid == geteuid() ? util_read_full(fd, text, RECORD_BYTES - 1) : -EPERM;
    if (n < 0)
        return (int)n;
    text[n] = 0;
    return 0;
}

/* SAFETY: driver.pid is the daemons' lock, libvirt's as well as ours: a guest of that name has no such file. */
static bool is_lock(const char *name)
{
    return !strcmp(name, "driver");
}

int record_write(const struct hand *h, const char *name, const struct run_record *r)
{
    char line[RECORD_BYTES];
    AUTO_CLOSE dir = folder_open(h);
    if (dir < 0)
        return dir;
    snprintf(line, sizeof line, "%d %llu %d %d\n", r->stub, (unsigned long long)r->start, r->id, r->qemu);
    int error = put(dir, name, ".run", 0600, line);
    snprintf(line, sizeof line, "%d\n", r->qemu);
    return error < 0 || is_lock(name) ? error : put(dir, name, ".pid", 0644, line);
}

int record_read(const struct hand *h, const char *name, struct run_record *r)
{
    char text[RECORD_BYTES];
    struct stat st;
    unsigned long long start;
    struct run_record got;
    AUTO_CLOSE dir = folder_open(h);
    int error = dir < 0 ? dir : get(dir, name, ".run", text, &st);
    if (error == 0 && sscanf(text, "%d %llu %d %d", &got.stub, &start, &got.id, &got.qemu) != 4)
        error = -EPROTO;
    if (error)
        return error;
    *r = got;
    r->start = start;
    return 0;
}

int record_qemu(const struct hand *h, const char *name, int32_t id, int32_t *pid)
{
    struct run_record r;
    char path[64];
    uint64_t start;
    int error = record_read(h, name, &r);
    if (error || r.id != id || r.stub <= 1)
        return error ? error : -ESRCH;
    util_format(path, sizeof path, "/proc/%d", r.stub);
    AUTO_CLOSE stub = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    util_format(path, sizeof path, "/proc/%d", r.qemu);
    AUTO_CLOSE qemu = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is = stub >= 0 && qemu >= 0 && proc_start(r.stub, &start) == 0 && start == r.start && proc_child(stub, r.stub) == r.qemu;
    *pid = r.qemu;
    return is ? STEAL_FD(&qemu) : -ESRCH;
}

int record_foreign_qemu(const struct hand *h, const char *name, int32_t *pid)
{
    struct run_record r;
    char path[64];
    uint64_t start;
    int error = record_foreign(h, name, &r);
    if (error)
        return error;
    util_format(path, sizeof path, "/proc/%d", r.qemu);
    AUTO_CLOSE qemu = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *pid = r.qemu;
    return qemu >= 0 && proc_called(qemu, FOREIGN_COMM) && proc_start(r.qemu, &start) == 0 && start == r.start ? STEAL_FD(&qemu) : -ESRCH;
}

bool record_was_lent(const struct hand *h, const char *name)
{
    static const char theirs[] = "AUTO-GENERATED";      /* of the head that libvirt's daemons give their files */
    char text[RECORD_BYTES];
    struct stat st;
    AUTO_CLOSE dir = folder_open(h);
    return dir >= 0 && get(dir, name, ".xml", text, &st) == 0 && strstr(text, theirs);
}

int record_foreign(const struct hand *h, const char *name, struct run_record *r)
{
    char text[RECORD_BYTES];
    struct stat st;
    struct timespec now, up;
    AUTO_CLOSE dir = folder_open(h);
    int error = dir < 0 ? dir : get(dir, name, ".pid", text, &st);
    uint64_t start = 0;
    if (error == 0 && ((r->stub = r->qemu = atoi(text)) <= 1 || proc_start(r->stub, &start) < 0))
        error = -ESRCH;
    if (error)
        return error;
    clock_gettime(CLOCK_REALTIME, &now);
    clock_gettime(CLOCK_BOOTTIME, &up);
    r->start = start;
    return now.tv_sec - up.tv_sec + (time_t)(start / (uint64_t)sysconf(_SC_CLK_TCK)) <= st.st_mtim.tv_sec + 1 ? 0 : -ESRCH;
}

/* By the folder's descriptor, as its path may be longer than an address can be. */
static void door_address(struct sockaddr_un *a, int dir, int32_t id, bool late)
{
    *a = (struct sockaddr_un){ .sun_family = AF_UNIX };
    util_format(a->sun_path, sizeof a->sun_path, "/proc/self/fd/%d/%d.%s", dir, id, late ? "late" : "door");
}

static int door_connect(int dir, int32_t id, bool late)
{
    struct sockaddr_un a;
    struct timeval wait = { .tv_sec = DOOR_WAIT_S };
    AUTO_CLOSE fd = dir < 0 ? dir : socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (dir < 0 || fd < 0)
        return dir < 0 ? dir : -errno;
    door_address(&a, dir, id, late);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    return connect(fd, (struct sockaddr *)&a, sizeof a) < 0 ? -errno : STEAL_FD(&fd);
}

/* Takes the door's name away, unless a stub lives behind it: one answers, one that is just ending hangs up, and one that says nothing may be stopped. */
static int door_remove(int dir, int32_t id, bool late)
{
    struct sockaddr_un a;
    char first;
    AUTO_CLOSE fd = door_connect(dir, id, late);
    ssize_t n = fd < 0 ? fd : recv(fd, &first, 1, 0);
    bool ended = fd < 0 ? fd == -ECONNREFUSED : n == 0 || (n < 0 && errno != EAGAIN);
    door_address(&a, dir, id, late);
    return fd == -ENOENT || (ended && unlink(a.sun_path) == 0) ? 0 : -EADDRINUSE;
}

static int doors_remove(int dir, int32_t id)
{
    if (door_remove(dir, id, false) == 0 && door_remove(dir, id, true) == 0)
        return 0;
    log_warn("a guest that no daemon has taken over has the id %d", id);
    return -EADDRINUSE;
}

/* SAFETY: in root's folder and with mode 0600: nobody but the daemon's hands and a session's own user comes in. */
int record_listen(const struct hand *h, int32_t id)
{
    struct sockaddr_un a;
    AUTO_CLOSE dir = folder_open(h);
    AUTO_CLOSE fd = dir < 0 ? dir : socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (dir < 0 || fd < 0)
        return dir < 0 ? dir : -errno;
    if (doors_remove(dir, id) < 0)
        return -EADDRINUSE;
    door_address(&a, dir, id, false);
    mode_t mask = umask(0177);
    int r = bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, 4) < 0 ? -errno : 0;
    umask(mask);
    return r ? r : STEAL_FD(&fd);
}

int record_connect(const struct hand *h, int32_t id, bool *late)
{
    AUTO_CLOSE dir = folder_open(h);
    int fd = door_connect(dir, id, false);
    *late = fd == -ENOENT;
    return *late ? door_connect(dir, id, true) : fd;
}

void record_late(const struct hand *h, int32_t id, bool late)
{
    struct sockaddr_un from, to;
    AUTO_CLOSE dir = folder_open(h);
    door_address(&from, dir, id, !late);
    door_address(&to, dir, id, late);
    if (dir >= 0 && syscall(SYS_renameat2, AT_FDCWD, from.sun_path, AT_FDCWD, to.sun_path, 0) < 0 && errno != ENOENT)
        log_warn("cannot rename the door of guest %d: %s", id, strerror(errno));
}

bool record_lives(const struct hand *h, const char *name)
{
    struct run_record r;
    uint64_t start;
    return record_read(h, name, &r) == 0 && proc_start(r.stub, &start) == 0 && start == r.start;
}

int record_free(const struct hand *h, const char *name, int32_t id)
{
    AUTO_CLOSE dir = folder_open(h);
    if (dir < 0)
        return dir;
    return record_lives(h, name) ? -EBUSY : doors_remove(dir, id);
}

int record_remove(const struct hand *h, const char *name, int32_t id)
{
    static const char *const suffixes[] = { ".run", ".pid" };
    struct run_record r = { .id = id };
    char file[NAME_MAX + 1];
    AUTO_CLOSE dir = folder_open(h);
    int error = dir < 0 ? dir : doors_remove(dir, id);
    if (error < 0)
        return error;
    /* Of another run of that name, which this one was refused for. */
    if (record_read(h, name, &r) == 0 && r.id != id)
        return 0;
    for (size_t i = 0; i < ARRAY_N(suffixes) - is_lock(name); i++)
        if (file_name(file, name, suffixes[i]) == 0 && unlinkat(dir, file, 0) < 0 && errno != ENOENT)
            log_warn("cannot remove '%s': %s", file, strerror(errno));
    return 0;
}

void record_sweep(const struct hand *h)
{
    AUTO_CLOSE dir = folder_open(h);
    int list = dir < 0 ? -1 : openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = list < 0 ? NULL : fdopendir(list);
    for (struct dirent *e; d && (e = readdir(d));) {
        char name[NAME_MAX + 1], file[NAME_MAX + 1];
        struct run_record r;
        size_t n = strlen(e->d_name);
        if (n <= 4 || strcmp(e->d_name + n - 4, ".run") || util_format(name, sizeof name, "%.*s", (int)n - 4, e->d_name) < 0 || file_name(file, name, ".xml") < 0)
            continue;
        if (faccessat(dir, file, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT && !record_lives(h, name) && record_read(h, name, &r) == 0)
            record_remove(h, name, r.id);
    }
    if (d)
        closedir(d);
    else if (list >= 0)
        close(list);
}

int proc_start(int32_t pid, uint64_t *start)
{
    char path[64], buf[1024];
    unsigned long long t;
    util_format(path, sizeof path, "/proc/%d/stat", pid);
    AUTO_CLOSE fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : util_read_full(fd, buf, sizeof buf - 1);
    buf[n > 0 ? n : 0] = 0;
    char *p = strrchr(buf, ')');
    if (!p || sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", &t) != 1)
        return -ESRCH;
    *start = t;
    return 0;
}

int proc_child(int folder, int32_t pid)
{
    char path[64], children[64] = "";
    int child = 0;
    util_format(path, sizeof path, "task/%d/children", pid);
    AUTO_CLOSE c = openat(folder, path, O_RDONLY | O_CLOEXEC);
    return c >= 0 && util_read_full(c, children, sizeof children - 1) > 0 && sscanf(children, "%d", &child) == 1 ? child : 0;
}

bool proc_called(int folder, const char *begins)
{
    char comm[32] = "";
    AUTO_CLOSE fd = openat(folder, "comm", O_RDONLY | O_CLOEXEC);
    return fd >= 0 && util_read_full(fd, comm, sizeof comm - 1) > 0 && !strncmp(comm, begins, strlen(begins));
}

int proc_user(int folder, uint32_t *uid, uint32_t *gid)
{
    char text[4096];
    AUTO_CLOSE fd = openat(folder, "status", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : util_read_full(fd, text, sizeof text - 1);
    text[n > 0 ? n : 0] = 0;
    const char *u = strstr(text, "\nUid:"), *g = strstr(text, "\nGid:");
    return u && g && sscanf(u, "\nUid: %*u %u", uid) == 1 && sscanf(g, "\nGid: %*u %u", gid) == 1 ? 0 : -ESRCH;
}
