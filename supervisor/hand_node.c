/* hand_node.c: character devices and shared memory of the host's that QEMU gets open.  Part of hand-open, with its privilege and peer. */
#include "hand_open.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/major.h>
#include <linux/vhost.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "ipc/util.h"

#define VSOCK "/dev/vhost-vsock"
#define SCSI "/dev/vhost-scsi"
#define TPM "/dev/tpm"
#define VDPA "/dev/vhost-vdpa-"
enum { CID_FIRST = 3 };         /* those below are the hypervisor's and the host's */

/* The guest's number among those of the host: the one that was wanted, or the first that is free. */
static int vsock_number(struct opener *o, int fd, uint32_t wanted, struct grant *g, struct err *e)
{
    uint64_t cid = wanted ? wanted : CID_FIRST;
    int r;
    while ((r = ioctl(fd, VHOST_VSOCK_SET_GUEST_CID, &cid)) < 0 && errno == EADDRINUSE && !wanted && cid < UINT32_MAX - 1)
        cid++;
    if (r < 0) {
        o->error = -errno;
        return err_sys(e, VIR_FROM_NONE, errno, wanted ? "failed to set guest cid" : "failed to acquire guest cid");
    }
    g->port = (uint32_t)cid;
    return 0;
}

/* SAFETY (MK_NODE): of the devices that policy names; what is opened is a character device, found without magic links.  QEMU can do with it what the
 * document asked for, and nothing else of the host's /dev is near it. */
int open_node(struct opener *o, const struct manifest_entry *m, const char *path, const char *aux, struct grant *g, struct err *e)
{
    struct stat st;
    bool vsock = !strcmp(path, VSOCK), tpm = !strncmp(path, TPM, strlen(TPM)), vdpa = !strncmp(path, VDPA, strlen(VDPA));
    AUTO_CLOSE fd = path_open(path, O_RDWR | O_NONBLOCK, WANT(S_IFCHR), &st);
    if (fd < 0 && *aux) {
        o->error = fd;
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, strcmp(path, SCSI) ? VIR_FROM_QEMU : VIR_FROM_NONE, "%s", aux);
    }
    if (fd < 0) {
        o->error = fd == -EMEDIUMTYPE ? -EINVAL : fd;
        return err_sys(e, tpm || vdpa ? VIR_FROM_QEMU : VIR_FROM_CGROUP, -o->error, tpm ? "Could not open TPM device %s" : vdpa ? "Unable to open '%s' for vdpa device" : "Path '%s' is not accessible", path);
    }
    if (tpm && fcntl(fd, F_SETFL, 0) < 0)       /* QEMU waits for each answer */
        return open_fail(o, e, errno, "Could not open TPM device %s", path);
    if (vsock && vsock_number(o, fd, m->a, g, e))
        return -1;
    return open_give(o, g, STEAL_FD(&fd), e);
}

/* Is it a FIFO, a parallel port or a terminal?  The kernel tells by its number: what is no terminal is not opened to find out, for that alone would set off a watchdog, or rewind a tape. */
static bool is_line(const struct stat *st)
{
    enum { PTYS = 136, PTYS_N = 8 };    /* of devpts, of which there is nothing in /sys */
    const unsigned number = major(st->st_rdev);
    char path[64], class[128];
    if (S_ISFIFO(st->st_mode) || number == PP_MAJOR || (number >= PTYS && number < PTYS + PTYS_N))
        return true;
    util_format(path, sizeof path, "/sys/dev/char/%u:%u/subsystem", number, minor(st->st_rdev));
    const ssize_t n = readlink(path, class, sizeof class);
    return n >= 10 && n < (ssize_t)sizeof class && !memcmp(class + n - 10, "/class/tty", 10);
}

/* What QEMU opens by its path it opens with the rights of the guest's account: the file of memory, by /proc/self/fd, and each of two FIFOs. */
static int allow(const struct opener *o, int fd)
{
    return geteuid() == 0 ? shm_allow(fd, o->rq->uid, true) : 0;
}

/* SAFETY (MK_LINE): a terminal, a printer's port or a FIFO that is there, found without magic links, and nothing else that a path may lead to: no disk, no other device, no file; what was looked
 * at is what is opened. QEMU reads and writes it; the kernel lets nobody put words into a terminal's input, or take it from its session, but who has it already, or root. Of two FIFOs it gets
 * no descriptor, but the right to open them, in its view, for as long as the guest runs. */
int open_line(struct opener *o, const struct manifest_entry *m, const char *path, const char *aux, struct grant *g, struct err *e)
{
    struct stat st;
    char self[32];
    int ends[2];
    if (!m->a && path_fifos(path, ends) == 0) {
        AUTO_CLOSE in = ends[0];
        AUTO_CLOSE out = ends[1];
        int r = allow(o, in);
        r = r < 0 ? r : allow(o, out);
        return r < 0 ? open_fail(o, e, -r, "Could not open '%s.in' and '%s.out'", path, path) : 0;
    }
    AUTO_CLOSE look = path_open(path, O_PATH, WANT(S_IFCHR) | WANT(S_IFIFO), &st);
    if (look == -ENOENT) {      /* in libvirt's words: it gives a guest that starts its devices by control group */
        bool by_cgroup = m->a && !(o->rq->flags & HAND_NO_MONITOR);
        return open_fail_in(o, e, by_cgroup ? VIR_FROM_CGROUP : VIR_FROM_SECURITY, -look, by_cgroup ? "Path '%s' is not accessible" : "unable to stat: %s", path);
    }
    if (look < 0 || !is_line(&st))
        return open_fail(o, e, look >= 0 || look == -EMEDIUMTYPE ? ENOTTY : -look, "Could not open '%s'", path);
    util_format(self, sizeof self, "/proc/self/fd/%d", look);
    AUTO_CLOSE fd = open(self, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || fcntl(fd, F_SETFL, 0) < 0)
        return open_fail(o, e, errno, "Could not open '%s'", path);
    return open_give(o, g, STEAL_FD(&fd), e);
}

/* SAFETY (MK_SHM): a file of /dev/shm itself, a folder that everybody may write to: made new, or a regular file with one name; no link is followed.  What it
 * holds is the business of the guests that name it, as in libvirt; but there each QEMU is the same account, and others may read it. */
int open_shm(struct opener *o, const struct manifest_entry *m, const char *path, const char *aux, struct grant *g, struct err *e)
{
    bool is_new = false;
    char folder[sizeof "/dev/shm" + 1];
    const char *name = path_split(path, folder, sizeof folder);
    AUTO_CLOSE fd = name && !strcmp(folder, "/dev/shm") ? path_open_out(path, O_RDWR, MF_APPEND, &is_new) : -EINVAL;
    if (fd >= 0 && is_new)
        open_own(o, fd, path);
    int r = fd < 0 ? fd : allow(o, fd);
    return r < 0 ? open_fail(o, e, -r, "Unable to open shared memory '%s'", path) : open_give(o, g, STEAL_FD(&fd), e);
}

/* A file that never has a name is the guest's alone, and goes with it. */
static int open_ram(struct opener *o, const char *path, struct grant *g, struct err *e)
{
    struct stat st;
    AUTO_CLOSE dir = path_open(path, O_PATH, WANT(S_IFDIR), &st);
    AUTO_CLOSE fd = dir < 0 ? dir : openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    bool failed = fd < 0 || (geteuid() == 0 && fchownat(fd, "", o->rq->uid, (gid_t)-1, AT_EMPTY_PATH) < 0);
    return failed ? open_fail(o, e, dir < 0 ? -dir : errno, "Unable to create a file for memory in '%s'", path) : open_give(o, g, STEAL_FD(&fd), e);
}

/* SAFETY (MK_MEMORY): what is opened is a regular file that is there, found as an image is; other guests may have it too, as in libvirt. */
int open_memory(struct opener *o, const struct manifest_entry *m, const char *path, const char *aux, struct grant *g, struct err *e)
{
    struct stat st;
    if (m->flags & MF_FRESH)
        return open_ram(o, path, g, e);
    AUTO_CLOSE fd = path_open(path, O_RDWR, WANT(S_IFREG), &st);
    int r = fd < 0 ? fd : allow(o, fd);
    return r < 0 ? open_fail(o, e, r == -EMEDIUMTYPE ? EINVAL : -r, "Unable to open '%s' as memory", path) : open_give(o, g, STEAL_FD(&fd), e);
}
