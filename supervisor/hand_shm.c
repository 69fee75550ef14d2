/* hand_shm.c: memory that guests share, files of /dev/shm, and memory of theirs that is any other file.
 *
 * QEMU maps such a file by a path only, and /proc/self/fd/N is one: it opens anew what it was given, with its own rights.  So the guest's account is in the
 * file's access list for as long as it has the device: nobody else gets a right, whatever the other guests and programs are that share it. */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "hand.h"
#include "ipc/log.h"
#include "ipc/util.h"

#define ACL_NAME "system.posix_acl_access"
enum { ACL_VERSION = 2, ACL_MAX = 256, USER_OBJ = 1, USER = 2, GROUP_OBJ = 4, GROUP = 8, MASK = 16, OTHER = 32, TURN_TRIES = 200, TURN_WAIT_US = 5000 };
/* Its form in the attribute: all little endian; entries in the order of tag and id. */
struct acl_entry { uint16_t tag, may; uint32_t id; };
struct acl { uint32_t version; struct acl_entry v[ACL_MAX]; };

static int by_order(const void *a, const void *b)
{
    const struct acl_entry *x = a, *y = b;
    uint64_t p = (uint64_t)le16toh(x->tag) << 32 | le32toh(x->id), q = (uint64_t)le16toh(y->tag) << 32 | le32toh(y->id);
    return p < q ? -1 : p > q;
}

/* Entries of the file's list, or those that its mode stands for; or a negative errno. */
static int acl_read(int fd, struct acl *a)
{
    struct stat st;
    ssize_t n = fgetxattr(fd, ACL_NAME, a, sizeof *a);
    if (n >= (ssize_t)sizeof a->version && (n - sizeof a->version) % sizeof a->v[0] == 0 && le32toh(a->version) == ACL_VERSION)
        return (int)((n - sizeof a->version) / sizeof a->v[0]);
    if (n >= 0 || errno != ENODATA || fstat(fd, &st) < 0)
        return n >= 0 ? -EINVAL : -errno;
    *a = (struct acl){ .version = htole32(ACL_VERSION), .v = {
        { htole16(USER_OBJ), htole16(st.st_mode >> 6 & 7), UINT32_MAX }, { htole16(GROUP_OBJ), htole16(st.st_mode >> 3 & 7), UINT32_MAX },
        { htole16(OTHER), htole16(st.st_mode & 7), UINT32_MAX } } };
    return 3;
}

/* Who changes the list has read it before.  A guest that has the file could have the lock for ever: then it is done without.  What is locked here is the
 * open file, which a QEMU gets: so it is given up, not left to a close. */
static void turn(int fd, short type)
{
    struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_start = INT64_MAX - 1, .l_len = 1 };
    for (int i = 0; fcntl(fd, F_OFD_SETLK, &l) < 0 && (errno == EAGAIN || errno == EACCES) && i < TURN_TRIES; i++)
        usleep(TURN_WAIT_US);
}

/* The mask becomes wide enough for the account; so whom it held back until now has no more than it left him. */
static int change(int fd, uint32_t uid, bool may)
{
    struct acl a;
    int n = acl_read(fd, &a), kept = 0;
    uint16_t mask = htole16(7);
    bool has_mask = false;
    for (int i = 0; i < n; i++)
        if (le16toh(a.v[i].tag) == MASK) {
            mask = a.v[i].may;
            has_mask = true;
        }
    if (n < 0)
        return n;
    for (int i = 0; i < n; i++) {
        const uint16_t tag = le16toh(a.v[i].tag);
        if (tag == USER && le32toh(a.v[i].id) == uid)
            continue;
        if (may && tag == MASK)
            a.v[i].may |= htole16(6);
        else if (may && tag != USER_OBJ && tag != OTHER)
            a.v[i].may &= mask;
        a.v[kept++] = a.v[i];
    }
    if (!may && kept == n)
        return 0;
    if (kept + 2 > ACL_MAX)
        return -E2BIG;
    if (may)
        a.v[kept++] = (struct acl_entry){ htole16(USER), htole16(6), htole32(uid) };
    if (may && !has_mask)
        a.v[kept++] = (struct acl_entry){ htole16(MASK), htole16(6), UINT32_MAX };
    qsort(a.v, (size_t)kept, sizeof a.v[0], by_order);
    return fsetxattr(fd, ACL_NAME, &a, sizeof a.version + (size_t)kept * sizeof a.v[0], 0) < 0 ? -errno : 0;
}

int shm_allow(int fd, uint32_t uid, bool may)
{
    turn(fd, F_WRLCK);
    int r = change(fd, uid, may);
    turn(fd, F_UNLCK);
    return r;
}

void shm_forget(const struct manifest_entry *m, const char *path, uint32_t uid)
{
    struct stat st;
    int ends[2];
    if (m->kind == MK_LINE && !m->a && geteuid() == 0 && path_fifos(path, ends) == 0)
        for (unsigned i = 0; i < 2; i++) {
            shm_allow(ends[i], uid, false);
            close(ends[i]);
        }
    if (m->kind != MK_SHM && (m->kind != MK_MEMORY || m->flags & MF_FRESH))
        return;
    AUTO_CLOSE fd = geteuid() == 0 ? path_open(path, O_RDWR, WANT(S_IFREG), &st) : -ENOENT;
    /* One that is still empty no QEMU has mapped: what came with it was refused. */
    int r = fd < 0 ? fd : m->kind == MK_SHM && st.st_size == 0 ? path_remove(path, &st) : shm_allow(fd, uid, false);
    if (r < 0 && r != -ENOENT)
        log_warn("the guest's account keeps its right to '%s': %s", path, strerror(-r));
}
