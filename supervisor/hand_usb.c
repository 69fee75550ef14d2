/* hand_usb.c: USB devices of the host's that QEMU gets open.  Part of hand-open, with its privilege and peer.
 *
 * Which device is meant the document says: by vendor and product, by bus and device number, or both; where it is the kernel says, in /sys/bus/usb.  The node
 * that is opened must be of the number that the kernel has for that device.
 * That a device is one guest's is a lock on its node, which belongs to the open file that only its QEMU keeps: so it goes with that, whatever becomes of the
 * daemon.  Whose it is a note beside the status files tells, which counts for nothing but the words of an error.
 * SAFETY: a QEMU that gives its lock up shares its own device, and no other's. */
#include "hand_open.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include "ipc/log.h"
#include "ipc/util.h"

#define DEVICES "/sys/bus/usb/devices"

struct usb { unsigned vendor, product, bus, device; };          /* 0: not known */

/* Up to two numbers in a file of the kernel's, between them a colon. How many there are. */
static int numbers_in(int folder, const char *device, const char *file, int base, unsigned v[2])
{
    char path[300], text[32];
    AUTO_CLOSE fd = util_format(path, sizeof path, "%s/%s", device, file) < 0 ? -1 : openat(folder, path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    int found = 0;
    text[n > 0 ? n : 0] = 0;
    for (char *p = text, *end; found < 2; p = end + 1) {
        unsigned long x = strtoul(p, &end, base);
        if (end == p || x > UINT32_MAX)
            break;
        v[found++] = (unsigned)x;
        if (*end != ':')
            break;
    }
    return found;
}

static bool matches(const struct usb *want, const struct usb *is)
{
    return (!want->vendor || (want->vendor == is->vendor && want->product == is->product)) && (!want->bus || (want->bus == is->bus && want->device == is->device));
}

/* How many of the host's devices are the one that is meant: *found is the last of them, *node its number. A negative errno: there is no USB. */
static int search(const struct usb *want, struct usb *found, dev_t *node)
{
    int n = 0;
    DIR *d = opendir(DEVICES);
    if (!d)
        return -errno;
    for (struct dirent *e; (e = readdir(d)); ) {
        struct usb u = { 0 };
        unsigned v[2], number[2];
        const struct { const char *file; int base; unsigned *to; } files[] = { { "idVendor", 16, &u.vendor }, { "idProduct", 16, &u.product }, { "busnum", 10, &u.bus }, { "devnum", 10, &u.device } };
        bool is_device = e->d_name[0] != '.' && !strchr(e->d_name, ':');        /* not an interface of one */
        for (size_t i = 0; i < ARRAY_N(files) && is_device; i++)
            if ((is_device = numbers_in(dirfd(d), e->d_name, files[i].file, files[i].base, v) == 1))
                *files[i].to = v[0];
        if (!is_device || !matches(want, &u) || numbers_in(dirfd(d), e->d_name, "dev", 10, number) != 2)
            continue;
        *found = u;
        *node = makedev(number[0], number[1]);
        n++;
    }
    closedir(d);
    return n;
}

static int not_found(const struct usb *want, struct err *e)
{
    char who[24] = "", where[48] = "";
    if (want->vendor)
        util_format(who, sizeof who, " %04x:%04x", want->vendor, want->product);
    if (want->bus)
        util_format(where, sizeof where, " bus:%u device:%u", want->bus, want->device);
    return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_NONE, "Did not find USB device%s%s", who, where);
}

/* Whose the device is that cannot be locked. */
static int in_use(int folder, const char *note, const struct usb *u, struct err *e)
{
    char name[NAME_MAX_BYTES + 1];
    AUTO_CLOSE fd = openat(folder, note, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, name, sizeof name - 1);
    name[n > 0 ? n : 0] = 0;
    return *name ? err_set(e, VIR_ERR_OPERATION_INVALID, VIR_FROM_NONE, "USB device %03u:%03u is in use by driver QEMU, domain %s", u->bus, u->device, name) :
        err_set(e, VIR_ERR_OPERATION_INVALID, VIR_FROM_NONE, "USB device %03u:%03u is already in use", u->bus, u->device);
}

static int lock(const struct opener *o, int fd, const struct usb *u, struct err *e)
{
    struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    struct layout layout;
    char note[32];
    int r = hand_layout(o->h, &layout);
    AUTO_CLOSE folder = r < 0 ? r : open(layout.state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    util_format(note, sizeof note, "usb-%03u-%03u.user", u->bus, u->device);
    if (fcntl(fd, F_OFD_SETLK, &l) < 0)
        return errno == EAGAIN || errno == EACCES ? in_use(folder, note, u, e) : err_sys(e, VIR_FROM_QEMU, errno, "Unable to lock USB device %03u:%03u", u->bus, u->device);
    AUTO_CLOSE to = openat(folder, note, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (to < 0 || util_write_full(to, o->rq->name, strlen(o->rq->name)) < 0)
        log_warn("cannot note who uses USB device %03u:%03u: %s", u->bus, u->device, strerror(errno));
    return 0;
}

static bool has_it(const struct opener *o, dev_t node)
{
    struct stat st;
    for (unsigned i = 0; i < o->nqemu; i++)
        if (fstat(o->qemu[i], &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == node)
            return true;
    return false;
}

static int open_device(struct opener *o, const struct usb *u, dev_t node, struct grant *g, struct err *e)
{
    char path[64];
    struct stat st;
    util_format(path, sizeof path, "/dev/bus/usb/%03u/%03u", u->bus, u->device);
    AUTO_CLOSE fd = path_open(path, O_RDWR, WANT(S_IFCHR), &st);
    if (fd < 0)
        return open_fail(o, e, fd == -EMEDIUMTYPE ? EINVAL : -fd, "Unable to open USB device %s", path);
    if (st.st_rdev != node)
        return open_fail(o, e, ESTALE, "Unable to open USB device %s", path);
    if (has_it(o, node))
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_NONE, "Device %03u:%03u is already in use", u->bus, u->device);
    if (lock(o, fd, u, e))
        return -1;
    util_format(g->name, sizeof g->name, "%u:%u", u->bus, u->device);
    return open_give(o, g, STEAL_FD(&fd), e);
}

/* SAFETY (MK_USB): the document names a device by numbers, and no path; what is opened is a character device that the kernel calls a USB device. */
int open_usb(struct opener *o, const struct manifest_entry *m, const char *path, const char *aux, struct grant *g, struct err *e)
{
    const struct usb want = { m->a >> 16, m->a & 0xffff, m->b, m->c };
    struct usb found = { 0 };
    dev_t node = 0;
    if (!want.vendor && !want.bus)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "USB host device is missing bus/device information");
    int n = search(&want, &found, &node);
    if (n < 0) {
        o->error = n;
        return err_sys(e, VIR_FROM_NONE, -n, "cannot open directory '%s'", DEVICES);
    }
    if (n > 1)
        return err_set(e, VIR_ERR_OPERATION_FAILED, VIR_FROM_NONE, "Multiple USB devices for %x:%x, use <address> to specify one", want.vendor, want.product);
    if (n == 0 && m->flags & MF_OPTIONAL) {        /* the guest starts without it */
        g->error = -ENODEV;
        return 0;
    }
    return n == 0 ? not_found(&want, e) : open_device(o, &found, node, g, e);
}
