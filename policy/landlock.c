/* landlock.c: see landlock.h.  The numbers are the kernel's; headers of the system we are built on may be older than the one we run on. */
#include "landlock.h"
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "ipc/util.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif
enum { CREATE_VERSION = 1, RULE_PATH_BENEATH = 1 };
enum { FS_EXECUTE = 1, FS_WRITE_FILE = 2, FS_READ_FILE = 4, FS_READ_DIR = 8, FS_REMOVE_DIR = 16, FS_REMOVE_FILE = 32, FS_MAKE_CHAR = 64, FS_MAKE_DIR = 128,
    FS_MAKE_REG = 256, FS_MAKE_SOCK = 512, FS_MAKE_FIFO = 1024, FS_MAKE_BLOCK = 2048, FS_MAKE_SYM = 4096, FS_REFER = 8192, FS_TRUNCATE = 16384, FS_IOCTL_DEV = 32768 };
enum { NET_BIND_TCP = 1, NET_CONNECT_TCP = 2, SCOPE_ABSTRACT_UNIX = 1, SCOPE_SIGNAL = 2 };
#define FS_READ (FS_READ_FILE | FS_READ_DIR)
#define FS_CHANGE (FS_READ | FS_WRITE_FILE | FS_REMOVE_FILE | FS_REMOVE_DIR | FS_MAKE_REG | FS_MAKE_DIR | FS_MAKE_SYM | FS_REFER | FS_TRUNCATE)

struct ruleset { uint64_t fs, net, scoped; };
struct path_beneath { uint64_t access; int32_t fd; } __attribute__((packed));

/* A single file (the times of a session's QEMU) needs no rule: landlock lets a descriptor be used that is open already. */
static int add_folder(int ruleset, int fd, uint64_t access)
{
    struct path_beneath rule = { .access = access, .fd = fd };
    struct stat st;
    if (fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode))
        return 0;
    return syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) < 0 ? -errno : 0;
}

int landlock_enter(const struct landlock_plan *plan)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);
    if (version < 0)
        return -errno;
    /* What each version of the interface has learnt; an unknown bit would be refused. */
    struct ruleset all = {
        .fs = version >= 5 ? 2 * FS_IOCTL_DEV - 1 : version >= 3 ? 2 * FS_TRUNCATE - 1 : version == 2 ? 2 * FS_REFER - 1 : 2 * FS_MAKE_SYM - 1,
        .net = version >= 4 ? NET_BIND_TCP | NET_CONNECT_TCP : 0,
        .scoped = version >= 6 ? SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL : 0,
    };
    if (plan->read_given)
        all.fs &= ~(uint64_t)FS_READ;
    size_t size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
    AUTO_CLOSE ruleset = (int)syscall(SYS_landlock_create_ruleset, &all, size, 0);
    if (ruleset < 0)
        return -errno;
    for (unsigned i = 0; i < plan->n; i++) {
        int r = add_folder(ruleset, plan->folder[i].fd, (plan->folder[i].may_write ? FS_CHANGE : FS_READ) & all.fs);
        if (r < 0)
            return r;
    }
    for (const char *const *path = plan->read_paths; path && *path; path++) {
        AUTO_CLOSE fd = open(*path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        int r = fd < 0 ? 0 : add_folder(ruleset, fd, FS_READ & all.fs);
        if (r < 0)
            return r;
    }
    return syscall(SYS_landlock_restrict_self, ruleset, 0) < 0 ? -errno : (int)version;
}
