/* hand_disks.c: limits and weights of single disks in a guest's control group.  Part of hand-launch, with its privilege.
 *
 * SAFETY: of a path that a client named only the numbers of a block device are used; nothing is opened but to look. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include "hand.h"
#include "hand_tune.h"
#include "ipc/util.h"

/* Where each goes in either version, and what is written there for none. */
static const struct { const char *v1, *v2, *key2, *none1, *none2; } files[DISK_WHAT_N] = {
    [DISK_WEIGHT] = { "blkio.weight_device", "io.weight", "", "0", "default" },
    [DISK_READ_BYTES] = { "blkio.throttle.read_bps_device", "io.max", "rbps=", "0", "max" },
    [DISK_WRITE_BYTES] = { "blkio.throttle.write_bps_device", "io.max", "wbps=", "0", "max" },
    [DISK_READ_IOPS] = { "blkio.throttle.read_iops_device", "io.max", "riops=", "0", "max" },
    [DISK_WRITE_IOPS] = { "blkio.throttle.write_iops_device", "io.max", "wiops=", "0", "max" },
};

static int put_disk(const char *dir, int version, const struct tune_disk *d, bool none, struct err *e)
{
    const char *file = version == 2 ? files[d->what].v2 : files[d->what].v1;
    char value[96], n[24];
    struct stat st;
    AUTO_CLOSE fd = path_open(d->path, O_PATH, ~0u, &st);
    int r = fd < 0 ? fd : S_ISBLK(st.st_mode) ? 0 : -EINVAL;
    if (r < 0)
        return none ? 0 : (err_sys(e, VIR_FROM_CGROUP, -r, fd < 0 ? "Path '%s' is not accessible" : "Path '%s' must be a block device", d->path), r);
    snprintf(n, sizeof n, "%lld", (long long)d->n);
    snprintf(value, sizeof value, "%u:%u %s%s", major(st.st_rdev), minor(st.st_rdev), version == 2 ? files[d->what].key2 : "", !none ? n : version == 2 ? files[d->what].none2 : files[d->what].none1);
    r = cgroup_put(dir, file, value);
    if (r == -ENOENT && d->what == DISK_WEIGHT)
        err_set(e, VIR_ERR_OPERATION_INVALID, VIR_FROM_CGROUP, "%s device weight is valid only for cfq scheduler", version == 2 ? "io" : "blkio");
    else if (r < 0)
        err_sys(e, VIR_FROM_CGROUP, -r, r == -EINVAL ? "Invalid value '%s' for '%s'" : "Unable to write '%s' to '%s'", value, file);
    return none ? 0 : r;
}

static bool says(const struct tune *t, const struct tune_disk *d)
{
    for (unsigned i = 0; i < t->disks; i++)
        if (t->disk[i].what == d->what && !strcmp(t->disk[i].path, d->path))
            return true;
    return false;
}

int cgroup_disks(const char *dir, int version, const struct tune *t, const struct tune *was, struct err *e)
{
    struct err ignored = ERR_INIT;
    int r = 0;
    for (unsigned i = 0; was && i < was->disks; i++)
        if (!says(t, &was->disk[i]))
            put_disk(dir, version, &was->disk[i], true, &ignored);
    for (unsigned i = 0; r == 0 && i < t->disks; i++)
        r = put_disk(dir, version, &t->disk[i], false, e);
    return r;
}
