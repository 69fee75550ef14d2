/* hand_vfio.c: whose a device of the host's is that QEMU reaches by VFIO, and which driver it has: notes, locks, and what the kernel's driver core is told.
 *
 * Part of hand-open, which takes devices for guests, and of hand-launch, which clears up after them.
 *
 * A device that a guest has has a note beside the status files: the guest's name, and whether its driver was changed.  The note's file is locked (flock), and its descriptor is the run's (BFD_LOCK):
 * supervisor, keeper and the guest's first process have it, so the lock is there as long as the guest, whatever dies of the daemon.  A note is written before the first driver is changed.  So one that
 * nobody has locked tells of a device that nobody has, and whoever comes across it gives the device back: nothing else has to be known of how its run ended.  A note is removed as its device goes back,
 * which takes its time: it has no owner by then, and who wants the device waits.
 *
 * SAFETY: neither QEMU nor its worker has the lock's descriptor, so they cannot give it up.  What QEMU was given it may keep open all the same, when it says that it has let the device go; and the kernel
 * holds who writes to unbind until it has not: a device whose group somebody has open stays as it is, and goes back when the next hand comes across its note.  Names come from a manifest, and are
 * checked for form here again: nothing is written in /sys but to files of the PCI device of that name, and its driver's.  What the kernel says of a device is read with bounds. */
#include "hand_vfio.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ipc/log.h"
#include "ipc/util.h"

#define PREFIX "vfio-"
#define SUFFIX ".user"
#define STUB "vfio-pci"
#define BOUND "\nbound\n"
enum { PROBE_WAIT_MS = 10000, BACK_WAIT_MS = 15000 /* a device that is on its way back: somewhat more */, STEP_MS = 5, NOTE_BYTES = NAME_MAX_BYTES + 16 };

bool vfio_pci_name(const char *name)
{
    static const char form[] = "xxxx:xx:xx.x";
    size_t n = strlen(name);
    for (size_t i = 0; i < n && i < sizeof form - 1; i++)
        if (form[i] == 'x' ? !strchr("0123456789abcdef", name[i]) : name[i] != form[i])
            return false;
    return n == sizeof form - 1;
}

bool vfio_mdev_name(const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < n; i++)
        if (i == 8 || i == 13 || i == 18 || i == 23 ? name[i] != '-' : !strchr("0123456789abcdef", name[i]))
            return false;
    return n == 36;
}

int vfio_link(const char *name, const char *file, char out[VFIO_NAME_BYTES])
{
    char path[PATH_MAX], to[PATH_MAX];
    ssize_t n = util_format(path, sizeof path, "%s/%s/%s", vfio_pci_name(name) ? VFIO_PCI : VFIO_MDEV, name, file) < 0 ? -1 : readlink(path, to, sizeof to - 1);
    *out = 0;
    if (n < 0)
        return -errno;
    to[n] = 0;
    const char *last = strrchr(to, '/');
    return util_copy_str(out, VFIO_NAME_BYTES, last ? last + 1 : to);
}

/* ---- drivers ---- */

static int tell(const char *path, const char *text)
{
    AUTO_CLOSE fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW);
    return fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

/* The device has that driver (NULL: none) within the time. */
static bool gets(const char *name, const char *wanted, int wait_ms)
{
    char driver[VFIO_NAME_BYTES];
    uint64_t until = util_now_ms() + (uint64_t)wait_ms;
    for (;;) {
        int r = vfio_link(name, "driver", driver);
        if (wanted ? r == 0 && !strcmp(driver, wanted) : r < 0)
            return true;
        if (util_now_ms() >= until)
            return false;
        poll(NULL, 0, STEP_MS);
    }
}

/* Which driver the device shall have from now on: that of VFIO (stub), or whichever the kernel finds for it. 0 or a negative errno. */
static int rebind(const char *name, bool stub)
{
    char path[256], driver[VFIO_NAME_BYTES];
    int r = vfio_link(name, "driver", driver);
    util_format(path, sizeof path, VFIO_PCI "/%s/driver_override", name);
    int said = tell(path, stub ? STUB : "\n");
    if (said < 0)
        return said;
    util_format(path, sizeof path, VFIO_PCI "/%s/driver/unbind", name);
    if (r == 0 && (r = tell(path, name)) < 0)
        return r;
    gets(name, NULL, PROBE_WAIT_MS);
    return tell("/sys/bus/pci/drivers_probe", name);
}

int vfio_detach(const char *name, struct err *e)
{
    if (gets(name, STUB, 0))
        return 0;
    if (access("/sys/bus/pci/drivers/" STUB, F_OK) < 0)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_NONE, "Failed to load PCI driver module %s", STUB);
    int r = rebind(name, true);
    if (r == 0 && gets(name, STUB, PROBE_WAIT_MS /* a driver may be probed behind drivers_probe's back */))
        return 1;
    vfio_reattach(name);
    return err_sys(e, VIR_FROM_NONE, r < 0 ? -r : ENODEV, "Failed to bind PCI device '%s' to %s", name, STUB);
}

/* The kernel lets one have a group's node at a time, for as long as there is a device of it. */
bool vfio_is_open(const char *name)
{
    char group[VFIO_NAME_BYTES], path[32 + VFIO_NAME_BYTES];
    if (vfio_link(name, "iommu_group", group) < 0)
        return false;
    util_format(path, sizeof path, "/dev/vfio/%s", group);
    AUTO_CLOSE fd = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return fd < 0 && errno != ENOENT && errno != ENODEV && errno != ENXIO;
}

int vfio_reattach(const char *name)
{
    return vfio_is_open(name) ? -EBUSY : rebind(name, false);
}

/* ---- notes ---- */

static int folder_of(const struct hand *h)
{
    struct layout l;
    int r = hand_layout(h, &l), fd = r < 0 ? -1 : open(l.state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return r < 0 ? r : fd < 0 ? -errno : fd;
}

/* The note's file, locked: a descriptor to read by. -EWOULDBLOCK: another has it. */
static int note_lock(int folder, const char *file, int how)
{
    for (;;) {
        struct stat is, there;
        AUTO_CLOSE fd = openat(folder, file, O_RDONLY | how | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &is) < 0)
            return -errno;
        if (fstatat(folder, file, &there, AT_SYMLINK_NOFOLLOW) == 0 && there.st_ino == is.st_ino)
            return STEAL_FD(&fd);
        /* it was removed as it was locked */
    }
}

/* Whose the note is, and what was done for it: "NAME\nbound\n". */
static void note_read(int folder, const char *file, char owner[NAME_MAX_BYTES + 1], bool *bound)
{
    char text[NOTE_BYTES] = "";
    AUTO_CLOSE fd = openat(folder, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    text[n > 0 ? n : 0] = 0;
    size_t end = strcspn(text, "\n");
    *bound = strncmp(text + end, BOUND, sizeof BOUND - 1) == 0;      /* behind it may be left what a hand that died would have cut off */
    text[end] = 0;
    util_copy_str(owner, NAME_MAX_BYTES + 1, text);
}

static int note_write(int folder, const char *file, const char *owner, bool bound)
{
    char text[NOTE_BYTES];
    AUTO_CLOSE fd = openat(folder, file, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    int r = util_format(text, sizeof text, "%s%s", owner, bound ? BOUND : "\n");
    ssize_t n = r < 0 ? r : fd < 0 ? -errno : pwrite(fd, text, strlen(text), 0);
    return n < 0 ? (int)n : ftruncate(fd, n) < 0 ? -errno : 0;
}

/* The lock of a note and what it says.  -EWOULDBLOCK: its owner has it; none: somebody gives it back, and did not get to its end in good time. */
static int note_take(int folder, const char *file, int how, char owner[NAME_MAX_BYTES + 1], bool *bound)
{
    uint64_t until = util_now_ms() + BACK_WAIT_MS;
    for (;;) {
        int fd = note_lock(folder, file, how);
        *owner = 0;
        *bound = false;
        if (fd >= 0 || fd == -EWOULDBLOCK)
            note_read(folder, file, owner, bound);
        if (fd != -EWOULDBLOCK || *owner || util_now_ms() >= until)
            return fd;
        poll(NULL, 0, STEP_MS);
    }
}

int vfio_take(const struct hand *h, const char *name, const char *owner, struct vfio_note *note)
{
    AUTO_CLOSE folder = folder_of(h);
    *note = (struct vfio_note){ 0 };
    int r = folder < 0 ? folder : util_format(note->file, sizeof note->file, PREFIX "%s" SUFFIX, name);
    AUTO_CLOSE fd = r < 0 ? r : note_take(folder, note->file, O_CREAT, note->owner, &note->bound);
    r = fd < 0 ? fd : note_write(folder, note->file, owner, note->bound);
    return r < 0 ? r : STEAL_FD(&fd);
}

int vfio_note(const struct hand *h, const struct vfio_note *note, const char *owner, bool bound)
{
    AUTO_CLOSE folder = folder_of(h);
    return folder < 0 ? folder : note_write(folder, note->file, owner, bound);
}

bool vfio_used(const struct hand *h, const char *name, char owner[NAME_MAX_BYTES + 1])
{
    char file[NAME_MAX];
    bool bound;
    AUTO_CLOSE folder = folder_of(h);
    AUTO_CLOSE fd = folder < 0 || util_format(file, sizeof file, PREFIX "%s" SUFFIX, name) < 0 ? -ENOENT : note_take(folder, file, 0, owner, &bound);
    return fd == -EWOULDBLOCK;
}

/* The device of that note goes back to its driver, unless somebody has it: other than who calls (is_held), or the guest `mine`, which has given it up but not its lock. */
static void give_back(int folder, const char *file, const char *mine, bool is_held)
{
    char name[NAME_MAX + 1], owner[NAME_MAX_BYTES + 1];
    bool bound;
    AUTO_CLOSE fd = is_held ? -1 : note_lock(folder, file, 0);
    note_read(folder, file, owner, &bound);
    if (!is_held && fd < 0 && (fd != -EWOULDBLOCK || !mine || strcmp(owner, mine)))
        return;
    util_format(name, sizeof name, "%.*s", (int)(strlen(file) - strlen(PREFIX SUFFIX)), file + strlen(PREFIX));
    if (is_held || fd >= 0)     /* nobody's from here on: who looks waits for the end of this */
        note_write(folder, file, "", bound);
    int r = bound && vfio_pci_name(name) ? vfio_reattach(name) : 0;
    if (r == -EBUSY) {      /* the note stays */
        log_warn("PCI device %s is in use by a process that should have it no more: it goes back to its driver later", name);
        return;
    }
    if (r < 0 && r != -ENOENT /* it is no more */)
        log_warn("PCI device %s does not go back to its driver: %s", name, strerror(-r));
    unlinkat(folder, file, 0);
}

void vfio_release(const struct hand *h, const char *name, const char *guest)
{
    char file[NAME_MAX];
    AUTO_CLOSE folder = folder_of(h);
    if (folder >= 0 && util_format(file, sizeof file, PREFIX "%s" SUFFIX, name) == 0)
        give_back(folder, file, guest, !guest);
}

void vfio_sweep(const struct hand *h)
{
    AUTO_CLOSE folder = folder_of(h);
    int list = folder < 0 ? -1 : openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = list < 0 ? NULL : fdopendir(list);
    for (struct dirent *e; d && (e = readdir(d));) {
        size_t n = strlen(e->d_name), m = strlen(PREFIX SUFFIX);
        if (n > m && !strncmp(e->d_name, PREFIX, strlen(PREFIX)) && !strcmp(e->d_name + n - strlen(SUFFIX), SUFFIX))
            give_back(folder, e->d_name, NULL, false);
    }
    if (d)
        closedir(d);
    else if (list >= 0)
        close(list);
}

/* Its guest cannot open that group any more, by whatever it has of the node in its view. */
static void view_drop(const struct hand *h, const char *group)
{
    char path[sizeof h->run_dir + 32 + VFIO_NAME_BYTES];
    if (!*group || strspn(group, "0123456789") != strlen(group) || util_format(path, sizeof path, "%s/" VFIO_VIEW_DEV "/%s", h->run_dir, group) < 0)
        return;
    if ((fchownat(AT_FDCWD, path, 0, 0, AT_SYMLINK_NOFOLLOW) < 0 || unlink(path) < 0) && errno != ENOENT)
        log_warn("cannot remove '%s': %s", path, strerror(errno));
}

/* SAFETY: the group's node goes before the device does, so that its guest does not have it opened when it is another's.  Of a group of which the guest has more QEMU has the node open. */
void vfio_forget(const struct hand *h, const char *guest, const char *name, const struct grant *g)
{
    if (!g) {       /* nobody has it by that entry, but the guest may have had it before */
        vfio_sweep(h);
        return;
    }
    view_drop(h, g->name);
    vfio_release(h, name, guest);
}
