/* plug-kinds.c: which devices come and go while a guest runs, and what is said where they do not, in libvirt's words. */
#include <string.h>
#include "ipc/util.h"
#include "workers/xmlc/plug-kinds.h"
#include "workers/xmlc/run.h"

#define GONE(what) { VIR_ERR_DEVICE_MISSING, VIR_FROM_QEMU, what }
#define HERE(what) { VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, what }
#define CANNOT(what) { VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, what }
#define CHR_COMES(name) { name, NULL, DEVICE_ATTACH, "", "type", "null vc pty file dev unix tcp udp spicevmc spiceport qemu-vdagent dbus", { VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "Hotplug unsupported for char device type '$1'" }, "@type" }
#define NONE { 0, 0, NULL }
#define CHR(name, same) { name, "chr", same, ATTACH | DETACH | UNIQUE, GONE("chr type '" name "' device not present in domain configuration"), HERE("chardev already exists"), NONE }

/* stale is said to an update; of the kinds of which there is one at most, which have none, to a detach when there is not even another one. */
static const struct device_kind live[] = {
    { "disk", "disk", "target@dev!", ATTACH | DETACH | UPDATE, GONE("disk $1 not found"), NONE, { VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "disk '$1' not found" } },
    { "controller", "controller", "@type @index!", ATTACH | DETACH | UNIQUE, GONE("controller $1:$2 not found"), { VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "target $1:$2 already exists" }, NONE },
    { "interface", "interface", "", ATTACH | DETACH | UPDATE, NONE, NONE, NONE },
    { "hostdev", "hostdev", "@type source*", ATTACH | DETACH, GONE("host $1 device not found"), NONE, NONE },
    { "filesystem", "filesystem", "target@dir!", ATTACH | DETACH, GONE("matching filesystem not found"), NONE, NONE },
    { "memory", "memory", "@model @access source* target* address@slot?", ATTACH | DETACH | UPDATE, GONE("model '$1' memory device not present in the domain configuration"), NONE, NONE },
    { "rng", "rng", "@model rate* backend* address*?", ATTACH | DETACH, GONE("model 'random' RNG device not present in domain configuration"), NONE, NONE },
    { "redirdev", "redirdev", "@bus @type source* address*?", ATTACH | DETACH, HERE("no matching redirdev was not found"), NONE, NONE },
    { "shmem", "shmem", "model@type @name size? server*", ATTACH | DETACH, GONE("model '$1' shmem device not present in domain configuration"), NONE, NONE },
    { "vsock", "vsock", "cid@auto? cid@address?", ATTACH | DETACH | LONE, GONE("matching vsock device not found"), HERE("domain already has a vsock device"), NONE },
    { "watchdog", "watchdog", "@model @action address*", ATTACH | DETACH | LONE, GONE("model '$1' watchdog device not present in domain configuration"), HERE("domain already has a watchdog"),
      GONE("watchdog device not present in domain configuration") },
    { "input", "input", "@type @bus source* address*?", ATTACH | DETACH, GONE("matching input device not found"), NONE, NONE },
    CHR("serial", "@type source* target@port!"), CHR("parallel", "@type source* target@port!"), CHR("console", "@type source* target@type target@port!"),
    CHR("channel", "@type source* target@type target@name target@address target@port"),
    { "graphics", "graphics", "@type", UPDATE, NONE, NONE, GONE("cannot find existing graphics device to modify of type '$1'") },
    { "lease", "lease", "key lockspace", ATTACH | DETACH | UNIQUE, { VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "Lease $1 in lockspace $2 does not exist" }, HERE("Lease $1 in lockspace $2 already exists"), NONE },
};

/* Of some kinds, only those with one of these values. */
static const struct only { const char *name, *of /* @device, NULL any */; enum device_change what; const char *path, *attr, *values; struct fault fault; const char *same; } only[] = {
    { "disk", NULL, DEVICE_ATTACH, "", "device", "disk lun cdrom", CANNOT("floppy device hotplug isn't supported"), "" },
    { "disk", NULL, DEVICE_ATTACH, "target", "bus", "virtio scsi usb ide sata", { VIR_ERR_INTERNAL_ERROR, VIR_FROM_DOMAIN, "Invalid bus type '$1' for disk" }, "target@bus" },
    { "disk", "disk lun", DEVICE_DETACH, "target", "bus", "virtio scsi usb", CANNOT("This type of disk cannot be hot unplugged"), "" },
    { "disk", "cdrom floppy", DEVICE_DETACH, "target", "bus", "scsi usb", CANNOT("disk device type '$1' cannot be detached"), "@device" },
    { "controller", NULL, DEVICE_ATTACH, "", "type", "scsi", CANNOT("'$1' controller cannot be hot plugged."), "@type" },
    { "controller", NULL, DEVICE_DETACH, "", "type", "scsi", CANNOT("'$1' controller cannot be hot unplugged."), "@type" },
    { "interface", NULL, DEVICE_ATTACH, "", "type", "network bridge ethernet direct hostdev vhostuser user vdpa", CANNOT("hotplug of interface type of $1 is not implemented yet"), "@type" },
    CHR_COMES("serial"), CHR_COMES("parallel"), CHR_COMES("console"), CHR_COMES("channel"),
    { "filesystem", NULL, DEVICE_ATTACH, "driver", "type", "virtiofs", CANNOT("only virtiofs filesystems can be hotplugged"), "" },
    { "watchdog", NULL, DEVICE_ATTACH, "", "model", "i6300esb", CANNOT("hotplug of watchdog of model $1 is not supported"), "@model" },
    { "input", NULL, DEVICE_ATTACH, "", "bus", "usb virtio", CANNOT("input device on bus '$1' cannot be hot plugged."), "@bus" },
    { "input", NULL, DEVICE_DETACH, "", "bus", "usb virtio", CANNOT("input device on bus '$1' cannot be detached"), "@bus" },
};

bool plug_kind(const char *name, struct device_kind *k)
{
    const struct device_kind *of_all = device_kind(name);
    for (size_t i = 0; i < ARRAY_N(live); i++)
        if (strcmp(live[i].name, name) == 0) {
            *k = live[i];
            return true;
        }
    if (!of_all)
        return false;
    *k = *of_all;
    k->can &= JUDGED;
    return true;
}

int plug_only(const struct device_kind *k, enum device_change what, const struct tree *dev, struct err *e)
{
    for (size_t i = 0; i < ARRAY_N(only); i++) {
        const struct only *o = &only[i];
        if (strcmp(o->name, k->name) != 0 || o->what != what || (o->of && !doc_in(tree_attr(dev, "device"), o->of)) || doc_in(tree_path_attr(dev, o->path, o->attr), o->values))
            continue;
        struct device_kind said = { .name = k->name, .same = o->same };
        return device_refuse(&said, &o->fault, dev, e);
    }
    return 0;
}

void plug_prepare(struct tree *dev, enum device_change what)
{
    if (strcmp(dev->name, "controller") == 0 && what == DEVICE_DETACH)
        doc_default(dev, "index", "-1");
    else if (strcmp(dev->name, "input") == 0)
        doc_default(dev, "bus", doc_in(tree_attr(dev, "type"), "mouse keyboard") ? "ps2" : doc_is(dev, "type", "tablet") ? "usb" : doc_is(dev, "type", "evdev") ? "none" : "virtio");
    else if (strcmp(dev->name, "disk") == 0)
        doc_default(dev, "device", "disk");
    else if (strcmp(dev->name, "memory") == 0)
        run_module(dev);
}

/* Where a terminal leads is not known here, so a client's word for it does not count. */
static struct tree *without_terminal(const struct tree *t)
{
    struct tree *c = tree_copy(t), *source = doc_is(c, "type", "pty") ? tree_first(c, "source") : NULL;
    if (source)
        tree_free(source);
    return c;
}

/* By where it is, if both say so, else by what it is: where a device was found that its document names by what it is, is not known here. */
static bool same_usb(const struct tree *wanted, const struct tree *has)
{
    const struct tree *a = tree_get(wanted, "source/address"), *b = tree_get(has, "source/address");
    if (a && b)
        return doc_uint(a, "bus", 0) == doc_uint(b, "bus", 0) && doc_uint(a, "device", 0) == doc_uint(b, "device", 0);
    return tree_get(wanted, "source/vendor") && doc_same(tree_path_attr(wanted, "source/vendor", "id"), tree_path_attr(has, "source/vendor", "id")) &&
           doc_same(tree_path_attr(wanted, "source/product", "id"), tree_path_attr(has, "source/product", "id"));
}

int plug_missing(const struct device_kind *k, const struct tree *dev, struct err *e)
{
    const struct tree *s = tree_get(dev, "source"), *a = tree_get(s, "address");
    if (strcmp(k->name, "hostdev") == 0 && doc_is(dev, "type", "scsi"))
        return doc_is(s, "protocol", "iscsi") ? err_set(e, VIR_ERR_DEVICE_MISSING, VIR_FROM_QEMU, "host scsi iSCSI path %s not found", tree_attr(s, "name")) :
            err_set(e, VIR_ERR_DEVICE_MISSING, VIR_FROM_QEMU, "host scsi device %s:%u:%u.%u not found", tree_path_attr(s, "adapter", "name"), doc_uint(a, "bus", 0), doc_uint(a, "target", 0), doc_uint(a, "unit", 0));
    if (strcmp(k->name, "hostdev") == 0 && doc_is(dev, "type", "pci"))
        return err_set(e, VIR_ERR_DEVICE_MISSING, VIR_FROM_QEMU, "host pci device %04x:%02x:%02x.%x not found", doc_uint(a, "domain", 0), doc_uint(a, "bus", 0), doc_uint(a, "slot", 0), doc_uint(a, "function", 0));
    if (strcmp(k->name, "hostdev") != 0 || !doc_is(dev, "type", "usb"))
        return device_refuse(k, &k->missing, dev, e);
    const char *vendor = tree_path_attr(s, "vendor", "id"), *product = tree_path_attr(s, "product", "id");
    return doc_uint(a, "bus", 0) && doc_uint(a, "device", 0) ?
        err_set(e, VIR_ERR_DEVICE_MISSING, VIR_FROM_QEMU, "host usb device %03u.%03u not found", doc_uint(a, "bus", 0), doc_uint(a, "device", 0)) :
        err_set(e, VIR_ERR_DEVICE_MISSING, VIR_FROM_QEMU, "host usb device vendor=%s product=%s not found", vendor ? vendor : "0x0000", product ? product : "0x0000");
}

struct tree *plug_find(const struct device_kind *k, struct tree *devices, const struct tree *dev)
{
    if (strcmp(k->name, "redirdev") == 0 && doc_is(dev, "type", "pty") && !tree_path_attr(dev, "source", "path"))
        return NULL;        /* which has one when it runs */
    AUTO_TREE *wanted = without_terminal(dev);
    TREE_EACH(t, devices, k->name) {
        AUTO_TREE *has = without_terminal(t);
        bool usb = strcmp(k->name, "hostdev") == 0 && doc_is(wanted, "type", "usb") && doc_is(has, "type", "usb");
        if (usb ? same_usb(wanted, has) : device_same(k, wanted, has))
            return t;
    }
    return NULL;
}
