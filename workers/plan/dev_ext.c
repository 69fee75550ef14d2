/* dev_ext.c: devices that reach outside of the sandbox or need a helper; some are shown by domxml-to-native only, and refused for a run so far. */
#include "source.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* True when the device may not be used in this form; the failure is set. */
static bool native_only(struct ctx *c, const struct tree *d)
{
    if (pl_run(c))
        pl_refuse(c, d, NULL);
    return pl_run(c);
}

/* ---- shared memory ---- */
static unsigned long long shmem_size(struct ctx *c, const struct tree *d)
{
    unsigned long long size = pl_size(c, d, "size");
    const char *bad = size < 1 << 20 ? "at least 1 MiB (1024 KiB)" : size & (size - 1) ? "a power of two" : NULL;
    if (bad && !c->failed) {
        c->failed = true;
        err_set(c->e, VIR_ERR_XML_ERROR, VIR_FROM_QEMU, "shmem size must be %s", bad);
    }
    return size;
}

void pl_shmem(struct ctx *c, const struct tree *d)
{
    static const struct map masters[] = { { "master", "on" }, { "peer", "off" }, { NULL, NULL } };
    static const struct prop plain[] = { P_CONST("driver", "ivshmem-plain"), P_ID("id"), P_REF("memdev", "shmmem-"), P_MAP("master", NULL, "role", masters),
        P_FN(pl_address), P_END };
    static const struct prop doorbell[] = { P_CONST("driver", "ivshmem-doorbell"), P_ID("id"), P_REF("chardev", "char"), P_MAP("master", NULL, "role", masters),
        P_INT("vectors", "msi", "vectors"), P_BOOL("ioeventfd", "msi", "ioeventfd"), P_FN(pl_address), P_END };
    const char *name = tree_attr(d, "name"), *path = tree_path_attr(d, "server", "path");
    const struct plan_res *r = NULL;
    char given[32] = "";
    int32_t index;
    json_t *o;
    if (pl_run(c) && !(r = pl_res(c, d, &index)))
        return;
    if (!tree_get(d, "server")) {
        if (r)
            pl_mapped(c, r, index, given);
        o = pl_item(c, PLAN_OBJECT);
        pl_set(o, "qom-type", "memory-backend-file");
        pl_setf(c, o, "id", "shmmem-%s", pl_alias(c, d));
        if (r)
            pl_set(o, "mem-path", given);
        else
            pl_setf(c, o, "mem-path", "/dev/shm/%s", name ? name : "");
        pl_set_int(o, "size", (long long)shmem_size(c, d));
        pl_set_bool(o, "share", true);
        pl_emit(c, PLAN_DEVICE, d, plain);
        return;
    }
    if (r)
        pl_fdname(c, r, index, 0, given);
    if (!pl_run(c))
        pl_emit(c, PLAN_DEVICE, d, doorbell);
    o = pl_item(c, PLAN_CHARDEV);
    pl_set(o, "backend", "socket");
    pl_setf(c, o, "id", "char%s", pl_alias(c, d));
    if (r)
        pl_set(o, "fd", given);
    else if (path)
        pl_set(o, "path", path);
    else
        pl_setf(c, o, "path", "/var/lib/libvirt/shmem-%s-sock", name ? name : "");
    if (pl_run(c))      /* what comes to a guest that runs comes in this order */
        pl_emit(c, PLAN_DEVICE, d, doorbell);
}

/* ---- folders of the host ---- */
static void virtiofs(struct ctx *c, const struct tree *d)
{
    static const struct prop t[] = { P_ID("id"), P_REF("chardev", "chr-vu-"), P_INT("queue-size", "driver", "queue"), P_STR("tag", "target", "dir"),
        P_FN(pl_address), P_END };
    char buf[32];
    int32_t index;
    const struct plan_res *r = pl_run(c) ? pl_res(c, d, &index) : NULL;
    const char *fd = r ? pl_fdname(c, r, index, 0, buf) : NULL;     /* which QEMU is told first */
    json_t *o = pl_item(c, PLAN_CHARDEV);
    pl_set(o, "backend", "socket");
    pl_setf(c, o, "id", "chr-vu-%s", pl_alias(c, d));
    if (r)
        pl_set(o, "fd", fd);
    else if (tree_path_attr(d, "source", "socket"))
        pl_set(o, "path", tree_path_attr(d, "source", "socket"));
    else
        pl_setf(c, o, "path", "%s/domain-%d-%s/%s-fs.sock", pl_lib_dir(c), c->in->id, pl_short_name(c), pl_alias(c, d));
    o = pl_item(c, PLAN_DEVICE);
    pl_virtio(c, d, "vhost-user-fs", NULL, o);
    unsigned boot = (unsigned)pl_num_or(c, d, "boot", "order", 0);
    pl_fill(c, d, t, o);
    if (boot)
        pl_set_int(o, "bootindex", boot);
}

void pl_filesystem(struct ctx *c, const struct tree *d)
{
    static const struct map models[] = { { "passthrough", "passthrough" }, { "mapped", "mapped" }, { "squash", "none" }, { NULL, NULL } };
    static const struct prop t[] = { P_ID("id"), P_REF("fsdev", "fsdev-"), P_STR("mount_tag", "target", "dir"), P_FN(pl_address), P_END };
    const char *driver = tree_path_attr(d, "driver", "type"), *access = tree_attr(d, "accessmode"), *dir = tree_path_attr(d, "source", "dir");
    bool known;
    if (pl_is(driver, "virtiofs")) {
        virtiofs(c, d);
        return;
    }
    struct strbuf b = { NULL, 0, 0 };
    int32_t index;
    const char *sec = pl_map(models, access ? access : "passthrough", &known);
    if (!known || (driver && !pl_is(driver, "path")) || !tree_attr_is(d, "type", "mount")) {
        pl_refuse(c, d, "type");
        return;
    }
    pl_cat(c, &b, "local,security_model=%s", sec);
    if (tree_path_attr(d, "driver", "wrpolicy"))
        pl_cat(c, &b, ",writeout=%s", tree_path_attr(d, "driver", "wrpolicy"));
    if (tree_attr(d, "multidevs"))
        pl_cat(c, &b, ",multidevs=%s", tree_attr(d, "multidevs"));
    if (tree_attr(d, "fmode"))
        pl_cat(c, &b, ",fmode=%s", tree_attr(d, "fmode"));
    if (tree_attr(d, "dmode"))
        pl_cat(c, &b, ",dmode=%s", tree_attr(d, "dmode"));
    pl_cat(c, &b, ",id=fsdev-%s,path=", pl_alias(c, d));
    if (!pl_run(c))
        pl_cat_escaped(c, &b, dir ? dir : "");
    else if (pl_res(c, d, &index))
        pl_cat(c, &b, "/res/%d", index);
    if (tree_get(d, "readonly"))
        pl_cat(c, &b, ",readonly");
    pl_words_take(c, "-fsdev", b.s);
    json_t *o = pl_item(c, PLAN_DEVICE);
    pl_virtio(c, d, "virtio-9p", tree_attr(d, "model"), o);
    pl_fill(c, d, t, o);
}

/* ---- usb redirection, smart cards ---- */
void pl_redirdev(struct ctx *c, const struct tree *d)
{
    static const struct prop t[] = { P_CONST("driver", "usb-redir"), P_REF("chardev", "char"), P_ID("id"), P_END };
    static const struct prop t2[] = { P_INT("bootindex", "boot", "order"), P_FN(pl_address), P_END };
    struct strbuf f = { NULL, 0, 0 };
    pl_chardev(c, d);
    json_t *o = pl_emit(c, PLAN_DEVICE, d, t);
    TREE_EACH(u, tree_get(c->devices, "redirfilter"), "usbdev") {
        static const char *const keys[] = { "class", "vendor", "product", "version" };
        if (f.len)
            pl_cat(c, &f, "|");
        for (unsigned i = 0; i < 4; i++) {
            unsigned long long n;
            unsigned major, minor;
            if (i == 3 && tree_attr(u, "version") && sscanf(tree_attr(u, "version"), "%x.%x", &major, &minor) == 2)      /* "1.10" is 0x0110 */
                pl_cat(c, &f, "0x%04x", major << 8 | minor);
            else if (pl_num(c, u, NULL, keys[i], &n) == 0)
                pl_cat(c, &f, i == 0 ? "0x%02llX" : "0x%04llX", n);
            else
                pl_cat(c, &f, "-1");
            pl_cat(c, &f, ":");
        }
        pl_cat(c, &f, "%d", pl_tri(u, NULL, "allow") != 0);
    }
    if (f.s)
        pl_setf(c, o, "filter", "%s", f.s);
    free(f.s);
    pl_fill(c, d, t2, o);
}

void pl_smartcard(struct ctx *c, const struct tree *d)
{
    static const struct prop t[] = { P_ID("id"), P_FN(pl_address), P_END };
    const char *mode = tree_attr(d, "mode");
    unsigned n = 0;
    if (!pl_is(mode, "passthrough") && native_only(c, d))
        return;
    if (pl_is(mode, "passthrough"))
        pl_chardev(c, d);
    json_t *o = pl_item(c, PLAN_DEVICE);
    if (pl_is(mode, "passthrough")) {
        pl_set(o, "driver", "ccid-card-passthru");
        pl_setf(c, o, "chardev", "char%s", pl_alias(c, d));
    } else {
        pl_set(o, "driver", "ccid-card-emulated");
        pl_set(o, "backend", pl_is(mode, "host") ? "nss-emulated" : "certificates");
        TREE_EACH(cert, d, "certificate") {
            char key[16];
            snprintf(key, sizeof key, "cert%u", ++n);
            pl_set(o, key, cert->text);
        }
        if (pl_is(mode, "host-certificates"))
            pl_set(o, "db", tree_text(d, "database") ? tree_text(d, "database") : "/etc/pki/nssdb");
    }
    pl_fill(c, d, t, o);
}

/* ---- TPM ---- */
void pl_tpm(struct ctx *c, const struct tree *d)
{
    static const struct map models[] = { { "tpm-tis", "tpm-tis" }, { "tpm-crb", "tpm-crb" }, { "tpm-spapr", "tpm-spapr" }, { NULL, NULL } };
    static const struct prop t[] = { P_MAP("driver", NULL, "model", models), P_REF("tpmdev", "tpm-"), P_ID("id"), P_FN(pl_address), P_END };
    const char *type = tree_path_attr(d, "backend", "type"), *alias = pl_alias(c, d);
    if (pl_is(type, "emulator") || pl_is(type, "external")) {
        json_t *o = pl_item(c, PLAN_CHARDEV);
        char buf[32];
        int32_t index;
        const struct plan_res *r = pl_run(c) ? pl_res(c, tree_get(d, "backend"), &index) : NULL;
        pl_set(o, "backend", "socket");
        pl_set(o, "id", "chrtpm");
        if (r)
            pl_set(o, "fd", pl_fdname(c, r, index, 0, buf));
        else if (pl_is(type, "external"))
            pl_set(o, "path", tree_path_attr(d, "backend/source", "path"));
        else
            pl_setf(c, o, "path", "/run/libvirt/qemu/swtpm/%d-%s-swtpm.sock", c->in->id, pl_short_name(c));
        pl_words(c, "-tpmdev", "emulator,id=tpm-%s,chardev=chrtpm", alias);
    } else if (pl_is(type, "passthrough")) {
        const struct tree *device = tree_get(d, "backend/device");
        char set[32];
        int32_t index;
        const struct plan_res *r = device && pl_run(c) ? pl_res(c, device, &index) : NULL;
        const char *path = r ? pl_fdset(c, r, index, set) : tree_path_attr(d, "backend/device", "path");
        pl_words(c, "-tpmdev", "passthrough,id=tpm-%s,path=%s,cancel-path=/dev/null", alias, path ? path : "/dev/tpm0");
    } else {
        pl_fail(c, "tpm <backend type='%s'> is not supported", type ? type : "");
    }
    pl_emit(c, PLAN_DEVICE, d, t);
}

/* ---- devices of the host ---- */
/* Of VFIO's nodes QEMU has those that it may open in its view, by the names that it knows. */
static void host_pci(struct ctx *c, const struct tree *d)
{
    static const struct prop t[] = { P_ID("id"), P_INT("bootindex", "boot", "order"), P_FN(pl_address), P_FN(pl_rom), P_END };
    const struct tree *a = tree_get(d, "source/address");
    json_t *o = pl_item(c, PLAN_DEVICE);
    pl_set(o, "driver", "vfio-pci");
    pl_setf(c, o, "host", "%04llx:%02llx:%02llx.%llx", pl_num_or(c, a, NULL, "domain", 0), pl_num_or(c, a, NULL, "bus", 0), pl_num_or(c, a, NULL, "slot", 0),
            pl_num_or(c, a, NULL, "function", 0));
    pl_fill(c, d, t, o);
}

/* Where QEMU finds the device; NULL: it has none, or c failed. */
static const char *usb_path(struct ctx *c, const struct tree *d, char path[64])
{
    const struct tree *a = tree_get(d, "source/address");
    int32_t index;
    const struct plan_res *r = pl_run(c) ? pl_res(c, d, &index) : NULL;
    if (pl_run(c))
        return r && r->error >= 0 ? pl_fdset(c, r, index, path) : NULL;
    if (!a)
        pl_internal(c, "USB host device is missing bus/device information");
    snprintf(path, 64, "/dev/bus/usb/%03llu/%03llu", pl_num_or(c, a, NULL, "bus", 0), pl_num_or(c, a, NULL, "device", 0));
    return a ? path : NULL;
}

static void host_usb(struct ctx *c, const struct tree *d)
{
    static const struct prop id[] = { P_ID("id"), P_END };
    static const struct prop t[] = { P_INT("bootindex", "boot", "order"), P_FN(pl_address), P_END };
    char buf[64];
    const char *path = usb_path(c, d, buf);
    json_t *o = pl_item(c, PLAN_DEVICE);
    pl_set(o, "driver", "usb-host");
    if (path)
        pl_set(o, "hostdevice", path);
    const char *reset = tree_path_attr(d, "source", "guestReset");
    pl_fill(c, d, id, o);
    if (reset)
        pl_set_bool(o, "guest-reset", !pl_is(reset, "off"));
    if (reset && !pl_is(reset, "off"))
        pl_set_bool(o, "guest-resets-all", pl_is(reset, "on"));
    pl_fill(c, d, t, o);
}

static void host_vhost(struct ctx *c, const struct tree *d)
{
    static const struct prop t[] = { P_ID("id"), P_FN(pl_address), P_END };
    char name[32];
    int32_t index;
    const struct plan_res *r = pl_run(c) ? pl_res(c, d, &index) : NULL;
    if (r)
        pl_fdname(c, r, index, 0, name);
    else
        snprintf(name, sizeof name, "%u", 23 + c->fd_shown++);
    json_t *o = pl_item(c, PLAN_DEVICE);
    pl_virtio(c, d, "vhost-scsi", tree_attr(d, "model"), o);
    pl_set(o, "wwpn", tree_path_attr(d, "source", "wwpn"));
    pl_set(o, "vhostfd", name);
    pl_fill(c, d, t, o);
}

static void host_mdev(struct ctx *c, const struct tree *d)
{
    static const struct prop t[] = { P_ID("id"), P_END };
    static const struct prop t2[] = { P_ONOFF("display", NULL, "display"), P_BOOL("ramfb", NULL, "ramfb"), P_INT("bootindex", "boot", "order"),
        P_FN(pl_address), P_END };
    json_t *o = pl_item(c, PLAN_DEVICE);
    pl_set(o, "driver", pl_is(tree_attr(d, "model"), "vfio-ccw") ? "vfio-ccw" : pl_is(tree_attr(d, "model"), "vfio-ap") ? "vfio-ap" : pl_tri(d, NULL, "ramfb") == 1 ? "vfio-pci-nohotplug" : "vfio-pci");
    pl_fill(c, d, t, o);
    pl_setf(c, o, "sysfsdev", "/sys/bus/mdev/devices/%s", tree_path_attr(d, "source/address", "uuid"));
    pl_fill(c, d, t2, o);
}

/* The nodes of disks are numbered before these, in a tree that never ran. */
static unsigned iscsi_node(struct ctx *c, const struct tree *d)
{
    unsigned n = pl_disk_nodes(c) + 1;
    unsigned long long noted;
    if (pl_num(c, d, "source", MARK_NODE, &noted) == 0)
        return (unsigned)noted;
    TREE_EACH(o, c->devices, "hostdev") {
        if (o == d)
            break;
        n += tree_attr_is(o, "type", "scsi") && tree_attr_is(tree_get(o, "source"), "protocol", "iscsi");
    }
    return n;
}

static void host_iscsi(struct ctx *c, const struct tree *d)
{
    static const struct prop t[] = { P_ID("id"), P_INT("bootindex", "boot", "order"), P_FN(pl_scsi_place), P_END };
    struct source s = { .el = d, .disk = d, .type = "network", .protocol = "iscsi" };
    snprintf(s.node, sizeof s.node, "libvirt-%u", iscsi_node(c, d));
    pl_source_objects(c, &s);
    json_t *o = pl_item(c, PLAN_BLOCKDEV);
    pl_source_props(c, &s, o);
    pl_setf(c, o, "node-name", "%s-backend", s.node);
    pl_set_bool(o, "read-only", tree_get(d, "readonly"));
    o = pl_item(c, PLAN_DEVICE);
    pl_set(o, "driver", "scsi-generic");
    pl_setf(c, o, "drive", "%s-backend", s.node);
    pl_fill(c, d, t, o);
}

void pl_hostdev(struct ctx *c, const struct tree *d)
{
    static const struct { const char *type; dev_fn *fn; } types[] = { { "pci", host_pci }, { "usb", host_usb }, { "mdev", host_mdev }, { "scsi_host", host_vhost }, { NULL, NULL } };
    if (tree_attr_is(tree_get(d, "address"), "type", "unassigned"))
        return;
    const char *driver = tree_path_attr(d, "driver", "name");
    if (tree_attr_is(d, "type", "pci") && !pl_is(driver, "vfio")) {
        pl_internal(c, "invalid PCI passthrough type '%s'", driver ? driver : "default");     /* a driver is picked when the guest starts */
        return;
    }
    if (tree_attr_is(d, "type", "scsi") && tree_attr_is(tree_get(d, "source"), "protocol", "iscsi")) {
        host_iscsi(c, d);
        return;
    }
    for (unsigned i = 0; types[i].type; i++)
        if (tree_attr_is(d, "mode", "subsystem") && tree_attr_is(d, "type", types[i].type)) {
            types[i].fn(c, d);
            return;
        }
    pl_refuse(c, d, "type");
}
