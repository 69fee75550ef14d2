/* resources.c: see talk.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "ipc/util.h"
#include "workers/talk/talk.h"
#include "workers/tree-marks.h"

/* Takes both over. */
static int add(struct resources *r, char *space, char *name, uint32_t flags, struct err *e)
{
    if (!space || !name || r->n == RESOURCES_MAX) {
        free(space);
        free(name);
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "the guest has more leases than are supported");
    }
    r->v[r->n++] = (struct resource){ space, name, flags };
    return 0;
}

/* By a name that each host has for it, as libvirt's: *key stays NULL where a device has none, and goes by its path then. */
static int find_key(const struct tree *disk, const char *path, const struct settings *s, const struct disk_keys *keys, const char **space, const char **key, struct err *e)
{
    uint64_t i;
    const struct disk_key *k = keys && tree_attr_uint(tree_get(disk, "source"), MARK_MANIFEST, MANIFEST_ENTRIES_MAX - 1, &i) == 0 && i < keys->n ? &keys->v[i] : NULL;
    if ((!*s->lvm_lockspace_dir && !*s->scsi_lockspace_dir) || strncmp(path, "/dev", 4))
        return 0;
    if (!k)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "nobody has said what '%s' is called", path);
    if (*s->lvm_lockspace_dir && *k->lvm) {
        *space = s->lvm_lockspace_dir;
        *key = k->lvm;
    } else if (*s->scsi_lockspace_dir && *k->scsi) {
        *space = s->scsi_lockspace_dir;
        *key = k->scsi;
    } else if (*s->scsi_lockspace_dir && keys->no_udev) {
        /* By its path it would be open to all hosts that know its name. */
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "scsi_lockspace_dir: there is no udev that knows the SCSI name of '%s'", path);
    }
    return 0;
}

static int add_disk(struct resources *r, const struct tree *disk, const struct settings *s, const struct disk_keys *keys, struct err *e)
{
    static const char *const sources[][2] = { { "file", "file" }, { "block", "dev" }, { "dir", "dir" } };
    const char *path = NULL, *space = NULL, *key = NULL;
    uint32_t shared = tree_first(disk, "shareable") ? LOCK_SHARED : 0;
    for (size_t i = 0; i < ARRAY_N(sources); i++)
        if (tree_attr_is(disk, "type", sources[i][0]))
            path = tree_path_attr(disk, "source", sources[i][1]);
    if (!path || tree_first(disk, "readonly"))
        return 0;
    if (!s->auto_disk_leases) {
        r->has_unleased |= !shared;
        return 0;
    }
    if (find_key(disk, path, s, keys, &space, &key, e))
        return -1;
    if (key)
        return add(r, strdup(space), strdup(key), shared | LOCK_AUTOCREATE, e);
    if (!*s->file_lockspace_dir)
        return add(r, strdup(""), strdup(path), shared, e);
    char *hash = malloc(SHA256_HEX);
    if (hash)
        sha256_hex(path, strlen(path), hash);
    return add(r, strdup(s->file_lockspace_dir), hash, shared | LOCK_AUTOCREATE, e);
}

static int add_lease(struct resources *r, const struct tree *lease, struct err *e)
{
    const char *space = tree_text(lease, "lockspace"), *key = tree_text(lease, "key"), *path = tree_path_attr(lease, "target", "path");
    uint64_t offset = 0;
    if (tree_attr_uint(tree_get(lease, "target"), "offset", UINT64_MAX, &offset) == -EINVAL || offset)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "Offset must be zero for this lock manager");
    if (!space || !key || !path)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "Missing path or lockspace for lease resource");
    size_t n = strlen(path) + strlen(space) + 2;
    char *folder = malloc(n);
    if (folder)
        snprintf(folder, n, "%s/%s", path, space);
    return add(r, folder, strdup(key), 0, e);
}

int resources_find(struct resources *r, const struct tree *domain, int only, const struct settings *s, const struct disk_keys *keys, struct err *e)
{
    *r = (struct resources){ 0 };
    const struct tree *devices = tree_get(domain, "devices");
    TREE_EACH(d, devices, "disk") {
        uint64_t entry;
        bool is = only < 0 || (tree_attr_uint(tree_get(d, "source"), MARK_MANIFEST, MANIFEST_ENTRIES_MAX - 1, &entry) == 0 && (int)entry == only);
        if (is && add_disk(r, d, s, keys, e))
            return -1;
    }
    TREE_EACH(l, only < 0 ? devices : NULL, "lease")
        if (add_lease(r, l, e))
            return -1;
    return 0;
}

void resources_free(struct resources *r)
{
    while (r->n) {
        free(r->v[--r->n].space);
        free(r->v[r->n].name);
    }
}
