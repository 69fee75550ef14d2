/* hand_vfio.h: devices of the host's behind VFIO: whose they are, their drivers, and what QEMU sees of them. */
#ifndef BULKHEAD_HAND_VFIO_H
#define BULKHEAD_HAND_VFIO_H
#include "hand.h"

#define VFIO_PCI "/sys/bus/pci/devices"
#define VFIO_MDEV "/sys/bus/mdev/devices"
enum { VFIO_NAME_BYTES = 64 };      /* of a driver, a group */

/* Whether name is a PCI device's ("0000:07:00.0"), a mediated device's (a UUID), as the kernel spells it. */
bool vfio_pci_name(const char *name);
bool vfio_mdev_name(const char *name);
/* The last step of what a link in the device's folder leads to ("driver", "iommu_group"). 0 or a negative errno. */
int vfio_link(const char *name, const char *file, char out[VFIO_NAME_BYTES]);

/* A PCI device gets VFIO's driver: 1; 0: it has that; -1 with *e set: it has what it had. */
int vfio_detach(const char *name, struct err *e);
/* It gets the driver that the kernel has for it. 0 or a negative errno; -EBUSY: somebody has it open, and nothing was changed. */
int vfio_reattach(const char *name);
/* Somebody has a device of its group open, or that cannot be told. */
bool vfio_is_open(const char *name);

/* Whether what the entry names reaches the guest's memory by itself, which so has to stay in place. */
static inline bool vfio_locks(const struct manifest_entry *m)
{
    return m->kind == MK_VFIO || (m->kind == MK_NODE && m->c);
}

/* How much memory QEMU may lock, in bytes, by such an entry. */
static inline uint64_t vfio_locked(const struct manifest_entry *m)
{
    return m->a == UINT32_MAX && m->b == UINT32_MAX ? UINT64_MAX : ((uint64_t)m->b << 32 | m->a) << 10;
}

struct vfio_note { char file[96]; char owner[NAME_MAX_BYTES + 1] /* as it was */; bool bound /* its driver was changed */; };
/* Locks the device's note, which is made if there is none, for the guest of that name, and waits for a device that is given back: a read-only descriptor, with which the lock lives; or a negative errno;
 * -EWOULDBLOCK: note->owner has it, or with none it does not get back. */
int vfio_take(const struct hand *h, const char *name, const char *owner, struct vfio_note *note);
/* What a note that is locked says from now on. 0 or a negative errno. */
int vfio_note(const struct hand *h, const struct vfio_note *note, const char *owner, bool bound);
/* Whether a guest has the device, and which; waits as vfio_take(). */
bool vfio_used(const struct hand *h, const char *name, char owner[NAME_MAX_BYTES + 1]);
/* The device goes back to its driver, unless another than that guest (NULL: than who calls, with the lock) has it; and all that nobody has. */
void vfio_release(const struct hand *h, const char *name, const char *guest);
void vfio_sweep(const struct hand *h);
/* The same at the end of an entry, of that guest's: g, what came of it; NULL: its hand did not come to answer. */
void vfio_forget(const struct hand *h, const char *guest, const char *name, const struct grant *g);

/* hand_vfio_view.c: the two folders of a run that QEMU has as /dev/vfio and /sys in its view, to be read: hand-launch makes nodes in them, also while QEMU runs. */
#define VFIO_VIEW_DEV "vfio-dev"        /* in the run's folder */
#define VFIO_VIEW_SYS "vfio-sys"
/* Makes them, empty. 0, or -1 with *e set. */
int vfio_view_make(const struct hand *h, struct err *e);
/* What QEMU has to see of the devices of the manifest, whose nodes the account uid shall have: none but such as that guest has the lock of. 0, or -1 with *e set. */
int vfio_view_fill(const struct hand *h, const char *guest, uint32_t uid, uint32_t gid, struct err *e);
/* They go, with all that is in them. */
void vfio_view_remove(const struct hand *h);
#endif
