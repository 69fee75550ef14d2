/* hand_keys.c: what a block device is called on every host that reaches it: by LVM, and by its SCSI target.  Part of hand-open, with its privilege and peer.
 *
 * libvirt asks `lvs` and `scsi_id`; this reads where they have it from: the kernel's name of a device-mapper device, and what udev had scsi_id find out when
 * the device came.  SAFETY: of a path only its device number is used; two files that root writes are read, and a device's name is no secret. */
#include "hand.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "ipc/util.h"

#define UDEV "/run/udev/data"
enum { TEXT_MAX = 65536 };

/* The file's text; "" if there is none, or one that is too long. */
static void read_text(const char *file, char text[TEXT_MAX])
{
    AUTO_CLOSE fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = fd < 0 ? -1 : util_read_full(fd, text, TEXT_MAX);
    text[n < 0 || n == TEXT_MAX ? 0 : n] = 0;
}

static void find(dev_t dev, struct disk_key *k)
{
    static char uuid[TEXT_MAX], udev[TEXT_MAX];
    char file[64];
    util_format(file, sizeof file, "/sys/dev/block/%u:%u/dm/uuid", major(dev), minor(dev));
    read_text(file, uuid);
    uuid[strcspn(uuid, "\n")] = 0;
    if (!strncmp(uuid, "LVM-", 4) && strlen(uuid) == 4 + 32 + 32) {     /* the group's id and its own, which lvs shows with dashes */
        const char *p = uuid + 4 + 32;
        util_format(k->lvm, sizeof k->lvm, "%.6s-%.4s-%.4s-%.4s-%.4s-%.4s-%s", p, p + 6, p + 10, p + 14, p + 18, p + 22, p + 26);
    }
    if (!strncmp(uuid, "mpath-", 6)) {                                  /* as each of its paths is called */
        util_copy_str(k->scsi, sizeof k->scsi, uuid + 6);
        return;
    }
    util_format(file, sizeof file, UDEV "/b%u:%u", major(dev), minor(dev));
    read_text(file, udev);
    const char *at = strstr(udev, "\nE:ID_SERIAL="), *bus = strstr(udev, "\nE:ID_BUS=scsi\n");      /* of another bus it is not scsi_id's */
    if (at && bus) {
        at += strlen("\nE:ID_SERIAL=");
        util_format(k->scsi, sizeof k->scsi, "%.*s", (int)strcspn(at, "\n"), at);
    }
}

int hand_keys(struct hand *h, unsigned i, struct err *e)
{
    static struct disk_keys keys;
    struct manifest_entry m;
    const char *path, *aux;
    struct stat st;
    if (hand_manifest(h, i, e) < 0)
        return -EPROTO;
    keys.no_udev = access(UDEV, F_OK) < 0;
    for (struct manifest_in in = hand_entries(h); hand_next(&in, &m, &path, &aux); keys.n = m.index + 1)
        if (m.kind == MK_IMAGE && path && !strncmp(path, "/dev", 4)) {
            AUTO_CLOSE fd = path_open(path, O_PATH, WANT(S_IFBLK), &st);
            if (fd >= 0)
                find(st.st_rdev, &keys.v[m.index]);
        }
    int fd = frame_memfd("keys", &keys, sizeof keys);
    if (fd < 0)
        err_sys(e, VIR_FROM_QEMU, -fd, "Unable to tell the names of the guest's disks");
    return fd;
}
