#define _GNU_SOURCE
/* fakevfio.c: takes the place of a small library that QEMU links (libvdeplug), in a box whose /dev and /sys have made-up devices behind an IOMMU: what QEMU asks of /dev/vfio is answered here.
 * A device has a configuration space and nothing else: no region of memory, no interrupt.  A node that is no vhost of the kernel's is a vDPA card with two queues.  What QEMU links of the library itself fails.
 * Loaded before libvirtd it has what that writes to buses done when the write is over, as a kernel has (fakekernel.py), and lets it think that it has raised a limit. */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <linux/vhost.h>
#include <linux/virtio_ids.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FDS = 4096, CONFIG = 256 };
static unsigned char space[64][CONFIG];
static unsigned char device_of[FDS];            /* 1 + number of its space */

static int device(const char *name)
{
    static unsigned n;
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd < 0 || fd >= FDS || n == 64 || !*name)
        return -1;
    memcpy(space[n], (unsigned char[]){ 0x86, 0x80, 0xc9, 0x10, 0, 0, 0, 0, 1, 0, 0, 2 }, 12);
    device_of[fd] = (unsigned char)++n;
    return fd;
}

static int info(unsigned long what, void *at)
{
    struct vfio_group_status *g = at;
    struct vfio_iommu_type1_info *i = at;
    struct vfio_device_info *d = at;
    struct vfio_region_info *r = at;
    struct vfio_irq_info *q = at;
    switch (what) {
    case VFIO_GROUP_GET_STATUS: g->flags = VFIO_GROUP_FLAGS_VIABLE; return 0;
    case VFIO_IOMMU_GET_INFO: i->flags = VFIO_IOMMU_INFO_PGSIZES; i->iova_pgsizes = 4096; return 0;
    case VFIO_DEVICE_GET_INFO: d->flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET; d->num_regions = VFIO_PCI_NUM_REGIONS; d->num_irqs = VFIO_PCI_NUM_IRQS; return 0;
    case VFIO_DEVICE_GET_REGION_INFO:
        r->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
        r->size = r->index == VFIO_PCI_CONFIG_REGION_INDEX ? CONFIG : 0;
        r->offset = 0;
        return 0;
    case VFIO_DEVICE_GET_IRQ_INFO: q->flags = 0; q->count = 0; return 0;
    }
    return -1;
}

static int vdpa(int fd, unsigned long what, void *arg)
{
    int r = (int)syscall(SYS_ioctl, fd, what, arg);
    if (r == 0 || errno != ENOTTY)
        return r;
    switch (what) {
    case VHOST_GET_FEATURES: *(__u64 *)arg = 1ull << 32 /* VIRTIO_F_VERSION_1 */ | 1ull << 33 /* its memory is the IOMMU's */ | 1 << 5 /* it has an address */; break;
    case VHOST_GET_BACKEND_FEATURES: *(__u64 *)arg = 0; break;
    case VHOST_VDPA_GET_DEVICE_ID: *(__u32 *)arg = VIRTIO_ID_NET; break;
    case VHOST_VDPA_GET_VRING_NUM: *(__u16 *)arg = 256; break;
    case VHOST_VDPA_GET_STATUS: *(__u8 *)arg = 3; break;
    case VHOST_VDPA_GET_CONFIG: memset(((struct vhost_vdpa_config *)arg)->buf, 0, ((struct vhost_vdpa_config *)arg)->len); break;
    case VHOST_VDPA_GET_IOVA_RANGE: *(struct vhost_vdpa_iova_range *)arg = (struct vhost_vdpa_iova_range){ 0, 1ull << 40 }; break;
    case VHOST_GET_VRING_BASE: ((struct vhost_vring_state *)arg)->num = 0; break;
    }
    return 0;
}

int ioctl(int fd, unsigned long what, ...)
{
    va_list ap;
    va_start(ap, what);
    void *arg = va_arg(ap, void *);
    va_end(ap);
    if (_IOC_TYPE(what) == VHOST_VIRTIO)
        return vdpa(fd, what, arg);
    if (_IOC_TYPE(what) != VFIO_TYPE)
        return (int)syscall(SYS_ioctl, fd, what, arg);
    switch (what) {
    case VFIO_GET_API_VERSION: return VFIO_API_VERSION;
    case VFIO_CHECK_EXTENSION: return (long)arg == VFIO_TYPE1v2_IOMMU;
    case VFIO_GROUP_GET_DEVICE_FD: return device(arg);
    case VFIO_SET_IOMMU: case VFIO_GROUP_SET_CONTAINER: case VFIO_GROUP_UNSET_CONTAINER: case VFIO_IOMMU_MAP_DMA: case VFIO_IOMMU_UNMAP_DMA: case VFIO_DEVICE_RESET: case VFIO_DEVICE_SET_IRQS:
        return 0;
    }
    int r = info(what, arg);
    if (r < 0)
        errno = ENOTTY;
    return r;
}

static unsigned char *config_of(int fd, size_t n, off_t at)
{
    return fd >= 0 && fd < FDS && device_of[fd] && at >= 0 && at + (off_t)n <= CONFIG ? space[device_of[fd] - 1] + at : NULL;
}

ssize_t pread64(int fd, void *to, size_t n, off_t at)
{
    const unsigned char *c = config_of(fd, n, at);
    if (!c)
        return syscall(SYS_pread64, fd, to, n, at);
    memcpy(to, c, n);
    return (ssize_t)n;
}

ssize_t __pread64_chk(int fd, void *to, size_t n, off_t at, size_t room);
ssize_t __pread64_chk(int fd, void *to, size_t n, off_t at, size_t room)
{
    return pread64(fd, to, n < room ? n : room, at);
}

ssize_t pwrite64(int fd, const void *from, size_t n, off_t at)
{
    unsigned char *c = config_of(fd, n, at);
    if (!c)
        return syscall(SYS_pwrite64, fd, from, n, at);
    if (at >= 64)       /* the head is what it is */
        memcpy(c, from, n);
    return (ssize_t)n;
}

ssize_t write(int fd, const void *from, size_t n)
{
    char link[40], path[256] = "";
    struct stat before, now;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int waits = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1) > 0 && strncmp(path, "/sys/bus/pci/dr", 15) == 0 && stat("/sys/bus/pci/done", &before) == 0;
    ssize_t r = syscall(SYS_write, fd, from, n);
    while (r > 0 && waits && stat("/sys/bus/pci/done", &now) == 0 && now.st_size == before.st_size)
        usleep(1000);
    return r;
}

int prlimit64(pid_t pid, enum __rlimit_resource what, const struct rlimit64 *new, struct rlimit64 *old)
{
    return what == RLIMIT_MEMLOCK && new ? 0 : (int)syscall(SYS_prlimit64, pid, what, new, old);
}

int setrlimit64(enum __rlimit_resource what, const struct rlimit64 *new)
{
    return prlimit64(0, what, new, NULL);
}

#define FAILS(name) long name(void); long name(void) { errno = ENOSYS; return -1; }
void *vde_open_real(void);
void *vde_open_real(void) { errno = ENOSYS; return NULL; }
FAILS(vde_close)
FAILS(vde_send)
FAILS(vde_recv)
FAILS(vde_datafd)
