/* manifest_policy.c: what a document may ask of the host, as tables.
 *
 * The paths were named by a client with the right to define guests; who may that is root's equal in libvirt's model.  What is refused here is
 * what no guest needs and what would turn a document into a hold on the host: kernel interfaces, our own state, devices that are no disks. */
#include <sys/mman.h>
#include "supervisor/qemud/guest.h"

enum { PATH_NONE, PATH_FILE, PATH_NAME /* an interface */, PATH_DEVICE };
static const struct { uint8_t path; uint16_t max; } kinds[MK_KIND_N] = {      /* max: entries of this kind; 0: not allowed at all */
    [MK_IMAGE] = { PATH_FILE, 256 }, [MK_BIND] = { PATH_FILE, 32 }, [MK_FILE_OUT] = { PATH_FILE, 32 }, [MK_LOG] = { PATH_FILE, 32 }, [MK_PTY] = { PATH_NONE, 32 },
    [MK_UNIX_LISTEN] = { PATH_FILE, 32 }, [MK_UNIX_CONNECT] = { PATH_FILE, 32 }, [MK_PAIR] = { PATH_NONE, 32 }, [MK_TCP_LISTEN] = { PATH_NONE, 40 }, [MK_TCP_CONNECT] = { PATH_NONE, 32 },
    [MK_TAP] = { PATH_NAME, 32 }, [MK_DEVNODE] = { PATH_DEVICE, 16 }, [MK_HOSTNET] = { PATH_NONE, 1 }, [MK_NVRAM] = { PATH_FILE, 1 }, [MK_TUNE] = { PATH_NONE, 1 }, [MK_LINK] = { PATH_NAME, 32 }, [MK_STATE] = { PATH_FILE, 1 }, [MK_NODE] = { PATH_DEVICE, 32 }, [MK_SHM] = { PATH_DEVICE, 32 }, [MK_HELPER] = { PATH_FILE, 16 }, [MK_MEMORY] = { PATH_FILE, 32 }, [MK_PERF] = { PATH_NONE, 22 }, [MK_SOCKET] = { PATH_FILE, 32 }, [MK_FILTER] = { PATH_NONE, 32 }, [MK_USB] = { PATH_NONE, 32 }, [MK_SHARE] = { PATH_FILE, 16 }, [MK_SECRET] = { PATH_NONE, 256 }, [MK_LINE] = { PATH_FILE, 32 }, [MK_VFIO] = { PATH_NONE, 32 }, [MK_GIVEN] = { PATH_NONE, 64 },
};
static const char *const trees[] = { "/proc", "/sys", "/dev/mem", "/dev/kmem", "/dev/port", "/dev/fd", "/dev/shm/bulkhead" };
/* MK_DEVNODE: libvirt's default cgroup_device_acl.  MK_NODE: what documents name otherwise.  Or what is in a folder of that name. */
static const char *const devices[MK_KIND_N][9] = { [MK_NODE] = { "/dev/vhost-vsock", "/dev/input", "/dev/vfio/vfio", "/dev/vhost-scsi", "/dev/tpm0", "/dev/tpmrm0", "/dev/vhost-vdpa-" /* and a number */ }, [MK_SHM] = { "/dev/shm" },
    [MK_DEVNODE] = { "/dev/null", "/dev/full", "/dev/zero", "/dev/random", "/dev/urandom", "/dev/ptmx", "/dev/kvm", "/dev/userfaultfd", "/dev/hwrng" } };

static bool under(const char *path, const char *tree)
{
    size_t n = strlen(tree);
    return n && !strncmp(path, tree, n) && (path[n] == 0 || path[n] == '/' || (tree[n - 1] == '-' && strspn(path + n, "0123456789") == strlen(path + n)));
}

/* One spelling a file: absolute, and no part of it is empty, "." or "..".  Else what is compared would not be what is opened. */
static bool is_plain(const char *path)
{
    const char *p = path;
    for (size_t n; *p == '/'; p += n)
        if (!(n = strcspn(++p, "/")) || (*p == '.' && (n == 1 || (n == 2 && p[1] == '.'))))
            return false;
    return p > path;
}

static const char *judge_file(int kind, const char *path)
{
    const char *const own[] = { sup.layout.conf_dir, sup.layout.state_dir, sup.layout.log_dir, sup.layout.cache_dir };
    char save[160], run[160];
    if (!is_plain(path))
        return "the path is not absolute, or has a '..' in it";
    for (size_t i = 0; i < ARRAY_N(trees); i++)
        if (under(path, trees[i]))
            return "the path is in a folder that no guest may use";
    util_format(save, sizeof save, "%s/save", sup.layout.lib_dir);
    util_format(run, sizeof run, "%s/domain-", sup.layout.lib_dir);
    for (size_t i = 0; i < ARRAY_N(own); i++)
        if (under(path, own[i]) && !(kind == MK_LOG && under(path, sup.layout.log_dir)))
            return "the path is in a folder of the daemon's";
    return under(path, save) || (kind != MK_UNIX_LISTEN && !strncmp(path, run, strlen(run))) ? "the path is in a folder of the daemon's" : NULL;
}

static const char *judge(const struct manifest_entry *m, const char *path, const char *aux)
{
    switch (kinds[m->kind].path) {
    case PATH_FILE:
        if (!path)
            return m->flags & MF_EMPTY ? NULL : "there is no path";
        if (m->kind == MK_NVRAM && aux && aux[0] && judge_file(MK_BIND, aux))
            return judge_file(MK_BIND, aux);
        return judge_file(m->kind, path);
    case PATH_NAME:
        return path && (strlen(path) > 15 || strpbrk(path, "/ \t\n") || !strcmp(path, "..") || !strcmp(path, ".")) ? "the interface's name is none" : NULL;
    case PATH_DEVICE:
        for (size_t i = 0; path && i < ARRAY_N(devices[0]) && devices[m->kind][i]; i++)
            if (under(path, devices[m->kind][i]) && is_plain(path))
                return NULL;
        return "the device is not on the list of devices for guests";
    default:
        return NULL;
    }
}

/* m, which in has just given, is the next entry of old but for what has gone; or that has none any more. What limits there are may change, a network's bridge, a filter, and what came of a secret. */
static bool goes_on(struct manifest_in *old, const struct manifest_in *in, const struct manifest_entry *m)
{
    struct manifest_entry o;
    const char *path, *aux;
    size_t behind = m->size - sizeof o;
    if (!old->left)
        return true;
    if (manifest_next(old, &o, &path, &aux) <= 0)
        return false;
    o.flags |= m->flags & MF_GONE;
    return (o.kind == m->kind && (m->kind == MK_TUNE || ((m->kind == MK_LINK || m->kind == MK_FILTER || m->kind == MK_SECRET) && o.parent == m->parent))) || (!memcmp(&o, m, sizeof o) && !memcmp(old->p - behind, in->p - behind, behind));
}

static int map(int fd, struct manifest_in *in, const void **p, size_t *n)
{
    int r = frame_map(fd, MANIFEST_BYTES_MAX, p, n);
    return r < 0 ? r : manifest_open(in, *p, *n);
}

int policy_manifest_after(int fd, int was, struct err *e)
{
    struct manifest_in in, old = { .left = 0 };
    struct manifest_entry m;
    const char *path, *aux, *why = NULL;
    const void *p = NULL, *old_p = NULL;
    size_t n = 0, old_n = 0;
    uint16_t seen[MK_KIND_N] = { 0 };
    int r = was < 0 ? 0 : map(was, &old, &old_p, &old_n);
    if (r == 0)
        r = map(fd, &in, &p, &n);
    while (r >= 0 && !why && (r = manifest_next(&in, &m, &path, &aux)) > 0)
        why = !goes_on(&old, &in, &m) ? "it is not what the guest has" : m.flags & MF_GONE ? NULL : m.kind >= MK_KIND_N || !kinds[m.kind].max ? "this kind of resource is not supported" : ++seen[m.kind] > kinds[m.kind].max ? "too many of its kind" : judge(&m, path, aux);
    if (why)
        err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "'%s' cannot be used: %s", path ? path : "", why);
    else if (r < 0 || old.left)
        err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed manifest");
    if (n)
        munmap((void *)(uintptr_t)p, n);
    if (old_n)
        munmap((void *)(uintptr_t)old_p, old_n);
    return why || r < 0 || old.left ? -1 : (int)in.next;
}
