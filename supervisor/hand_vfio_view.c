/* hand_vfio_view.c: what QEMU sees of devices behind VFIO.  Part of hand-launch, with its privilege and peer: CAP_MKNOD.
 *
 * QEMU's vfio-pci opens /dev/vfio/vfio and /dev/vfio/GROUP, and reads in /sys which group a device is in: by path, and by no other way.  So each guest of root's daemon has in its view two folders of
 * its run's, to be read only, with nothing in them until the guest gets such a device.
 * SAFETY: what is in them is made here alone: nodes of the numbers that the host's own have, for the group of a device whose note says that it is this guest's, and is locked, and links that lead nowhere.  The folders are below
 * the run's folder, which is root's alone, so no other guest's account comes to the nodes; and their guest sees them on a mount that it cannot write to. */
#include "hand_vfio.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ipc/util.h"

enum { DEPTH_MAX = 8 };

static int node_add(int folder, const char *name, uint32_t uid, uint32_t gid)
{
    char path[32 + VFIO_NAME_BYTES];
    struct stat st;
    util_format(path, sizeof path, "/dev/vfio/%s", name);
    AUTO_CLOSE fd = path_open(path, O_PATH, WANT(S_IFCHR), &st);
    if (fd < 0)
        return fd;
    unlinkat(folder, name, 0);      /* of a group that had that number before */
    if (mknodat(folder, name, S_IFCHR | 0600, st.st_rdev) < 0)
        return -errno;
    return fchownat(folder, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

/* A folder below another, made with those above it, whatever the umask is: a descriptor. */
static int folder_make(int at, const char *path)
{
    AUTO_CLOSE fd = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char step[NAME_MAX + 1];
    for (size_t n; fd >= 0 && *path; path += n + (path[n] == '/')) {
        n = strcspn(path, "/");
        if (util_format(step, sizeof step, "%.*s", (int)n, path) < 0 || (mkdirat(fd, step, 0755) < 0 && errno != EEXIST))
            return -errno;
        int next = openat(fd, step, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (next < 0 || fchmod(next, 0755) < 0)
            return -errno;
        close(fd);
        fd = next;
    }
    return fd < 0 ? -errno : STEAL_FD(&fd);
}

int vfio_view_make(const struct hand *h, struct err *e)
{
    static const char *const folders[] = { VFIO_VIEW_DEV, VFIO_VIEW_SYS };
    AUTO_CLOSE run = open(h->run_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (run < 0 && errno == ENOENT)
        return 0;       /* a run without a folder gets no such devices */
    for (size_t i = 0; i < ARRAY_N(folders); i++) {
        AUTO_CLOSE fd = run < 0 ? -errno : folder_make(run, folders[i]);
        if (fd < 0)
            return err_sys(e, VIR_FROM_QEMU, -fd, "Unable to create folder '%s/%s'", h->run_dir, folders[i]);
    }
    return 0;
}

static int link_add(int folder, const char *name, const char *to)
{
    unlinkat(folder, name, 0);
    return symlinkat(to, folder, name) < 0 ? -errno : 0;
}

static int add(const struct hand *h, const char *name, const char *group, uint32_t uid, uint32_t gid)
{
    bool pci = vfio_pci_name(name);
    char path[sizeof h->run_dir + 128], to[64 + VFIO_NAME_BYTES];
    util_format(path, sizeof path, "%s/" VFIO_VIEW_DEV, h->run_dir);
    AUTO_CLOSE dev = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    util_format(path, sizeof path, "%s/" VFIO_VIEW_SYS, h->run_dir);
    AUTO_CLOSE sys = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dev < 0 || sys < 0)
        return -errno;
    int r = node_add(dev, "vfio", uid, gid);
    if (r == 0)
        r = node_add(dev, group, uid, gid);
    if (r < 0)
        return r;
    util_format(path, sizeof path, "bus/%s/devices/%s", pci ? "pci" : "mdev", name);
    AUTO_CLOSE device = folder_make(sys, path);
    util_format(to, sizeof to, "/sys/kernel/iommu_groups/%s", group);
    r = device < 0 ? device : link_add(device, "iommu_group", to);
    return r < 0 || pci ? r : link_add(device, "subsystem", "/sys/bus/mdev");
}

int vfio_view_fill(const struct hand *h, const char *guest, uint32_t uid, uint32_t gid, struct err *e)
{
    struct manifest_entry m;
    const char *name, *aux;
    for (struct manifest_in in = hand_entries(h); hand_next(&in, &m, &name, &aux);) {
        char group[VFIO_NAME_BYTES] = "", owner[NAME_MAX_BYTES + 1];
        if (m.kind != MK_VFIO)
            continue;
        bool has = (vfio_pci_name(name) || vfio_mdev_name(name)) && vfio_used(h, name, owner) && !strcmp(owner, guest);
        int r = h->birth.flags & BIRTH_SESSION ? -EPERM : !has ? -ESTALE : vfio_link(name, "iommu_group", group);
        if (r == 0)
            r = *group && strspn(group, "0123456789") == strlen(group) ? add(h, name, group, uid, gid) : -EINVAL;
        if (r < 0)
            return err_sys(e, VIR_FROM_QEMU, -r, "Unable to give the guest device %s in group %s", name, group);
    }
    return 0;
}

static void empty(int folder, unsigned depth)
{
    int list = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = list < 0 ? NULL : fdopendir(list);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
            continue;
        AUTO_CLOSE inner = depth < DEPTH_MAX ? openat(folder, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
        if (inner >= 0)
            empty(inner, depth + 1);
        unlinkat(folder, e->d_name, inner >= 0 ? AT_REMOVEDIR : 0);
    }
    if (d)
        closedir(d);
    else if (list >= 0)
        close(list);
}

void vfio_view_remove(const struct hand *h)
{
    static const char *const folders[] = { VFIO_VIEW_DEV, VFIO_VIEW_SYS };
    for (size_t i = 0; i < ARRAY_N(folders); i++) {
        char path[sizeof h->run_dir + 16];
        util_format(path, sizeof path, "%s/%s", h->run_dir, folders[i]);
        AUTO_CLOSE fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0)
            empty(fd, 0);
        unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
    }
}
