/* hand_vfio_open.c: takes PCI and mediated devices of the host's for a guest.  Part of hand-open, with its privilege and peer: root's, which files of /sys ask for.
 *
 * What can be refused is refused before a driver changes, in libvirt's words. */
#include "hand_open.h"
#include "hand_vfio.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>
#include "ipc/util.h"

#define GROUPS "/sys/kernel/iommu_groups"
#define UNABLE "Unable to give the guest device %s in group %s"
enum { HEADER_TYPE = 0x0e, HEADER_TYPE_MASK = 0x7f };

/* Whether the host has VFIO: an IOMMU that has devices in groups, and the node. */
static bool has_vfio(void)
{
    bool found = false;
    DIR *d = opendir(GROUPS);
    for (struct dirent *e; d && !found && (e = readdir(d)); )
        found = e->d_name[0] != '.';
    if (d)
        closedir(d);
    return found && access("/dev/vfio/vfio", F_OK) == 0;
}

/* What a document says of how devices are given away (aux), and what is said where the host has no VFIO. */
static const struct { const char *how, *words; bool never; } backends[] = {
    { "pci", "host doesn't support passthrough of host PCI devices", false }, { "pci vfio", "host doesn't support VFIO PCI passthrough", false },
    { "pci kvm", "host doesn't support legacy PCI passthrough", true }, { "mdev", "Mediated host device assignment requires VFIO support", false } };

static int backend_check(const struct opener *o, const char *name, const char *aux, struct err *e)
{
    if (!strcmp(aux, "pci xen"))
        return has_vfio() ? err_set(e, VIR_ERR_OPERATION_INVALID, VIR_FROM_NONE, "PCI device %s is not assignable", name) :
            o->rq->flags & HAND_NO_MONITOR ? err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "QEMU does not support device assignment mode 'xen'") :
            err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "invalid PCI passthrough type 'xen'");
    for (size_t i = 0; i < ARRAY_N(backends); i++)
        if (!strcmp(aux, backends[i].how))
            return backends[i].never || !has_vfio() ? err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "%s", backends[i].words) : 0;
    return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed manifest");
}

/* It is there, and no bridge. */
static int pci_check(struct opener *o, const char *name, struct err *e)
{
    char path[128];
    uint8_t type = 0;
    util_format(path, sizeof path, VFIO_PCI "/%s/config", name);
    AUTO_CLOSE fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        o->error = -errno;
        return err_sys(e, VIR_FROM_NONE, errno, "Device %s not found: could not access %s", name, path);
    }
    if (pread(fd, &type, 1, HEADER_TYPE) != 1 || type & HEADER_TYPE_MASK)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_NONE, "Non-endpoint PCI devices cannot be assigned to guests");
    return 0;
}

static int in_use(const char *name, const char *owner, struct err *e)
{
    return err_set(e, VIR_ERR_OPERATION_INVALID, VIR_FROM_NONE, "%s%s is in use by driver QEMU, domain %s", vfio_pci_name(name) ? "PCI device " : "mediated device " VFIO_MDEV "/", name, owner);
}

/* SAFETY: devices of a group reach each other's memory: they are one guest's.  Who has the group open gets each of them that VFIO has: so none comes to it while that is a QEMU without a device there,
 * which has kept what it was to give up, or one that another daemon began. */
static int group_check(struct opener *o, const char *name, const char *group, struct err *e)
{
    char path[64 + VFIO_NAME_BYTES], owner[NAME_MAX_BYTES + 1];
    bool is_own = false;
    int r = 0;
    util_format(path, sizeof path, GROUPS "/%s/devices", group);
    DIR *d = opendir(path);
    for (struct dirent *x; d && !r && (x = readdir(d)); )
        if ((vfio_pci_name(x->d_name) || vfio_mdev_name(x->d_name)) && strcmp(x->d_name, name) && vfio_used(o->h, x->d_name, owner)) {
            is_own = !strcmp(owner, o->rq->name);
            r = is_own ? 0 : *owner ? in_use(x->d_name, owner, e) : open_fail(o, e, EBUSY, UNABLE, x->d_name, group);      /* nobody's: it does not get back to its driver */
        }
    if (d)
        closedir(d);
    return r || is_own || !vfio_is_open(name) ? r : open_fail(o, e, EBUSY, UNABLE, name, group);
}

/* The group's number. */
static int group_find(struct opener *o, const char *name, char group[VFIO_NAME_BYTES], struct err *e)
{
    int r = vfio_link(name, "iommu_group", group);
    if (r == 0 && *group && strspn(group, "0123456789") == strlen(group))
        return 0;
    o->error = r < 0 ? r : -EINVAL;
    return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_NONE, "Invalid device %s iommu_group file %s/%s/iommu_group is not a symlink", name, vfio_pci_name(name) ? VFIO_PCI : VFIO_MDEV, name);
}

/* The device's driver is VFIO's from here on.  A note that says so is written first: so who finds it later gives the device back, even if this hand ended in between. */
static int bind(struct opener *o, const char *name, bool managed, struct vfio_note *note, struct err *e)
{
    char driver[VFIO_NAME_BYTES];
    bool has = !vfio_pci_name(name) /* a mediated device has none other */ || (vfio_link(name, "driver", driver) == 0 && !strcmp(driver, "vfio-pci"));
    if (!managed && !has)
        return err_set(e, VIR_ERR_OPERATION_INVALID, VIR_FROM_NONE, "Unmanaged PCI device %s must be manually detached from the host", name);
    note->bound = managed && (!has || note->bound);      /* of a guest before, which nobody has cleared up after */
    int r = vfio_note(o->h, note, o->rq->name, note->bound);
    if (r < 0)
        return err_sys(e, VIR_FROM_NONE, -r, "Unable to note who uses PCI device %s", name);
    return has ? 0 : vfio_detach(name, e) < 0 ? -1 : 0;
}

static int mdev_check(const char *name, const char *model, struct err *e)
{
    char path[128], api[64] = "";
    util_format(path, sizeof path, VFIO_MDEV "/%s/mdev_type/device_api", name);
    AUTO_CLOSE fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, api, sizeof api - 1);
    util_format(path, sizeof path, VFIO_MDEV "/%s", name);
    if (access(path, F_OK) < 0)
        return err_set(e, VIR_ERR_DEVICE_MISSING, VIR_FROM_NONE, "mediated device '%s' not found", name);
    api[n > 0 ? strcspn(api, "\n") : 0] = 0;
    if (strcmp(api, model))
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_NONE, "invalid device API '%s' for device %s: device only supports '%s'", model, name, api);
    return 0;
}

/* SAFETY (MK_VFIO): the document names one device, by an address or a UUID of fixed form, and no path.  What that device can do to the host's memory the IOMMU decides, by its group, of which no other
 * guest has a device: QEMU sees the group's node, and the kernel lets nobody have it while another driver than VFIO's has one of its devices. */
int open_vfio(struct opener *o, const struct manifest_entry *m, const char *path, const char *aux, struct grant *g, struct err *e)
{
    struct vfio_note note;
    char group[VFIO_NAME_BYTES];
    bool pci = vfio_pci_name(path);
    if (!pci && !vfio_mdev_name(path))
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed manifest");
    if (backend_check(o, path, pci ? aux : "mdev", e) || (pci ? pci_check(o, path, e) : mdev_check(path, aux, e)))
        return -1;
    AUTO_CLOSE fd = vfio_take(o->h, path, o->rq->name, &note);
    if (fd == -EWOULDBLOCK && note.owner[0])
        return in_use(path, note.owner, e);
    if (fd < 0)
        return open_fail(o, e, -fd, "Unable to note who uses device %s", path);
    if (group_find(o, path, group, e) || group_check(o, path, group, e) || bind(o, path, m->flags & MF_MANAGED, &note, e)) {
        vfio_release(o->h, path, NULL /* before the lock goes: then it may be another's, whose name the note has not yet */);
        return -1;
    }
    char node[32 + VFIO_NAME_BYTES];
    util_format(node, sizeof node, "/dev/vfio/%s", group);
    if (access(node, F_OK) < 0)
        return open_fail(o, e, errno, UNABLE, path, group);
    util_format(g->name, sizeof g->name, "%s", group);
    return open_keep_as(o, g, BFD_LOCK, STEAL_FD(&fd), e);
}
