/* complete-disk.c: disks, leases and file systems. */
#include <stdio.h>
#include <string.h>
#include "ipc/util.h"
#include "workers/xmlc/doc.h"

static const struct { const char *prefix, *bus; } buses[] = {
    {"fd", "fdc"}, {"hd", "ide"}, {"sd", "scsi"}, {"vd", "virtio"}, {"xvd", "xen"}, {"ubd", "uml"},
};

/* Index of a disk by its target: hda 0, vdb 1, sdaa 26; -1 when the name says nothing. */
int disk_index(const char *dev)
{
    static const char *const prefixes[] = {"fd", "hd", "vd", "sd", "xvd", "ubd"};
    for (unsigned i = 0; i < ARRAY_N(prefixes); i++) {
        size_t n = strlen(prefixes[i]);
        unsigned k = 0;
        const char *p = dev + n;
        if (strncmp(dev, prefixes[i], n) != 0 || !(*p >= 'a' && *p <= 'z'))
            continue;
        for (; *p >= 'a' && *p <= 'z' && k < 100000; p++)
            k = k * 26 + (unsigned)(*p - 'a') + 1;
        while (*p >= '0' && *p <= '9')
            p++;
        return *p ? -1 : (int)k - 1;
    }
    return -1;
}

static bool has_source(const struct tree *disk)
{
    const struct tree *s = tree_first(disk, "source");
    static const char *const names[] = {"file", "dev", "dir"};
    for (unsigned i = 0; i < ARRAY_N(names); i++)
        if (tree_attr(s, names[i]))
            return *tree_attr(s, names[i]);
    return s && s->attr;
}

/* What libvirt calls it by. */
static const char *source_word(const struct tree *disk)
{
    static const char *const names[] = {"file", "dev", "dir", "name"};
    const struct tree *s = tree_first(disk, "source");
    const char *v = NULL;
    for (unsigned i = 0; i < ARRAY_N(names) && !v; i++)
        v = tree_attr(s, names[i]);
    const char *pool = v && doc_in(tree_attr(s, "protocol"), "rbd gluster") ? strchr(v, '/') : NULL;
    return pool ? pool + 1 : v ? v : "<null>";
}

static int chain(struct doc *d, struct tree *t, unsigned depth)
{
    struct tree *b = tree_first(t, "backingStore"), *s;
    if (!b)
        return 0;
    if (depth > 200)
        return doc_bad(d, "backing chain is too long");
    if (!tree_attr(b, "type")) {
        while (b->child)
            tree_free(b->child);
        while (b->attr)
            tree_set_attr(b, b->attr->name, NULL);
        return 0;
    }
    if (!tree_get(b, "format"))
        return doc_bad(d, "missing disk backing store format");
    if (!(s = tree_first(b, "source")))
        return doc_bad(d, "missing storage source");
    if (complete_hosts(d, s))
        return -1;
    storage_defaults(s, true);
    return chain(d, b, depth + 1);
}

static const struct { const char *protocol; unsigned port; } ports[] = {
    {"nbd", 10809}, {"sheepdog", 7000}, {"gluster", 24007}, {"iscsi", 3260}, {"http", 80}, {"https", 443}, {"ftp", 21}, {"ftps", 990}, {"tftp", 69},
    {"ssh", 22}, {"vxhs", 9999},
};

/* Ports of hosts, the logical unit of an iSCSI target, the engine of an encryption. */
void storage_defaults(struct tree *source, bool with_ports)
{
    const char *protocol = tree_attr(source, "protocol"), *name = tree_attr(source, "name");
    struct tree *enc = tree_first(source, "encryption");
    for (unsigned i = 0; protocol && with_ports && i < ARRAY_N(ports); i++)
        if (strcmp(protocol, ports[i].protocol) == 0)
            TREE_EACH(h, source, "host")
                if (!tree_attr(h, "port") && !tree_attr(h, "transport"))
                    tree_set_attr(h, "port", "%u", ports[i].port);
    if (protocol && name && strcmp(protocol, "iscsi") == 0 && strcmp(source->parent->name, "nvram") != 0 && !strchr(name, '/')) {
        AUTO_FREE char *old = strdup(name);
        tree_set_attr(source, "name", "%s/0", old ? old : "");
    }
    if (enc && doc_in(tree_attr(enc, "format"), "luks luks2"))
        doc_default(enc, "engine", "qemu");
}

/* 0 is none. */
static int host_port(struct doc *d, struct tree *h)
{
    const char *port = tree_attr(h, "port");
    uint64_t n;
    if (!port)
        return 0;
    if (tree_parse_uint(port + strspn(port, " \t\n\r\v\f"), 10, UINT32_MAX, &n))
        return err_set(d->e, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "failed to parse port number '%s'", port);
    if (n > UINT16_MAX)
        return err_set(d->e, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "port '%s' out of range", port);
    tree_set_attr(h, "port", n ? "%u" : NULL, (unsigned)n);
    return 0;
}

int complete_hosts(struct doc *d, struct tree *source)
{
    TREE_EACH(h, source, "host") {
        if (tree_attr(h, "socket") && !doc_is(h, "transport", "unix"))
            return doc_bad(d, "transport '%s' does not support socket attribute", tree_attr(h, "transport") ? tree_attr(h, "transport") : "(null)");
        if (doc_is(h, "transport", "unix") && !tree_attr(h, "socket"))
            return doc_bad(d, "missing socket for unix transport");
        if (doc_is(h, "transport", "unix")) {
            tree_set_attr(h, "name", NULL);
            tree_set_attr(h, "port", NULL);
        } else if (!tree_attr(h, "name")) {
            return doc_bad(d, "missing name for host");
        } else if (host_port(d, h)) {
            return -1;
        }
    }
    return 0;
}

/* What is refused of <source> and what is around it, by type of the disk. */
static int source(struct doc *d, struct tree *disk)
{
    struct tree *s = tree_first(disk, "source"), *auth;
    const char *fmt = tree_path_attr(disk, "driver", "type");
    if (tree_first(disk, "encryption"))
        doc_default(tree_first(disk, "encryption"), "engine", "qemu");
    if (tree_first(disk, "auth") && tree_get(disk, "source/auth"))
        return doc_unsupported(d, VIR_FROM_DOMAIN, "an <auth> definition already found for disk source");
    if (tree_first(disk, "encryption") && tree_get(disk, "source/encryption"))
        return doc_unsupported(d, VIR_FROM_DOMAIN, "an <encryption> definition already found for disk source");
    if (doc_is(s, "protocol", "rbd") && tree_attr(s, "name") && !strchr(tree_attr(s, "name"), '/'))
        return doc_bad(d, "can't split path '%s' into pool name and image name", tree_attr(s, "name"));
    if (complete_hosts(d, s))
        return -1;
    if (s)
        storage_defaults(s, true);
    if (doc_is(disk, "type", "network") && s && !tree_attr(s, "protocol"))
        return doc_bad(d, "missing network source protocol type");
    for (int k = 0; k < 2; k++)
        if ((auth = k ? tree_get(disk, "source/auth") : tree_first(disk, "auth"))) {
            if (!tree_first(auth, "secret"))
                return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_STORAGE, "Missing <secret> element in auth");
        }
    if (fmt && strcmp(fmt, "dir") == 0)
        return doc_unsupported(d, VIR_FROM_QEMU, "'directory' storage format is not directly supported by QEMU, use 'dir' disk type instead");
    for (int k = 0; k < 2; k++) {
        const struct tree *enc = k ? tree_get(disk, "source/encryption") : tree_first(disk, "encryption");
        if (!enc)
            continue;
        if (tree_first(enc, "cipher"))
            return doc_unsupported(d, VIR_FROM_DOMAIN, "supplying <cipher> for domain disk definition is unnecessary"), doc_invalid(d);
        if (fmt && !doc_in(fmt, "raw qcow2") && !doc_is(enc, "engine", "librbd"))
            return doc_unsupported(d, VIR_FROM_QEMU, "encryption is supported only with 'raw' and 'qcow2' image format");
    }
    return 0;
}

static int disk(struct doc *d, struct tree *t)
{
    struct tree *target = tree_first(t, "target"), *driver, *x;
    const char *device = tree_attr(t, "device"), *dev = tree_attr(target, "dev"), *bus = tree_attr(target, "bus"), *type = tree_attr(t, "type");
    const char *path = tree_path_attr(t, "source", "file");
    bool removable = doc_in(device, "cdrom floppy"), lun = strcmp(device, "lun") == 0;
    if (!dev || !*dev)
        return err_set(d->e, VIR_ERR_NO_TARGET, VIR_FROM_DOMAIN, "%s", path ? path : "");
    if (!bus) {
        bus = strcmp(device, "floppy") == 0 ? "fdc" : NULL;
        for (unsigned i = 0; i < ARRAY_N(buses) && !bus; i++)
            if (strncmp(dev, buses[i].prefix, strlen(buses[i].prefix)) == 0)
                bus = buses[i].bus;
        tree_set_attr(target, "bus", "%s", bus ? bus : "ide");
        bus = tree_attr(target, "bus");
    }
    if (disk_index(dev) < 0 && !tree_first(t, "address"))
        return doc_bad(d, "Unknown disk name '%s' and no address specified", dev);
    if ((strcmp(device, "floppy") == 0) != (strcmp(bus, "fdc") == 0))
        return err_set(d->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DOMAIN, "Invalid bus type '%s' for %s", bus, strcmp(device, "floppy") == 0 ? "floppy disk" : "disk");
    if (lun && (!has_source(t) || !doc_in(type, "block volume network")))
        return doc_unsupported(d, VIR_FROM_DOMAIN, "disk device='lun' is only valid for block type disk source"), doc_invalid(d);
    if (!has_source(t)) {
        if (!removable && strcmp(type, "vhostuser") != 0)
            return err_set(d->e, VIR_ERR_NO_SOURCE, VIR_FROM_DOMAIN, "%s", dev);
        if (doc_in(type, "block network volume"))
            tree_set_attr(t, "type", "%s", type = "file");
        static const char *const names[] = {"file", "dev", "dir"};
        for (unsigned i = 0; (x = tree_first(t, "source")) && i < ARRAY_N(names); i++)
            tree_set_attr(x, names[i], NULL);
        if (x && !x->attr && !x->child)
            tree_free(x);
    }
    if (lun && strcmp(type, "network") == 0 && tree_path_attr(t, "source", "protocol") && !doc_is(tree_first(t, "source"), "protocol", "iscsi"))
        return doc_unsupported(d, VIR_FROM_DOMAIN, "disk device='lun' is not supported for protocol='%s'", tree_path_attr(t, "source", "protocol"));
    static const char *const commands[] = {"rawio", "sgio"};
    for (unsigned i = 0; i < ARRAY_N(commands) && !lun; i++)
        if (tree_attr(t, commands[i]))
            return doc_unsupported(d, VIR_FROM_DOMAIN, "%s can be used only with device='lun'", commands[i]);
    if (source(d, t) || chain(d, t, 0))
        return -1;
    if (strcmp(device, "cdrom") == 0)
        tree_make(t, "readonly");
    if (tree_first(t, "readonly") && doc_is(t, "snapshot", "no"))      /* nothing else is possible */
        tree_set_attr(t, "snapshot", NULL);
    if (strcmp(type, "vhostuser") == 0)
        doc_default(t, "snapshot", "no");
    driver = tree_make(t, "driver");
    doc_default(driver, "name", "qemu");
    if (doc_is(driver, "type", "aio"))     /* an old word for it */
        tree_set_attr(driver, "type", "raw");
    if (!tree_attr(driver, "type") && strcmp(type, "volume") != 0)
        tree_set_attr(driver, "type", "raw");
    return 0;
}

static const struct { const char *bus, *types; } address_types[] = {
    {"ide", "drive"}, {"fdc", "drive"}, {"sata", "drive"}, {"scsi", "drive"}, {"usb", "usb"}, {"virtio", "pci ccw virtio-mmio virtio-s390"},
};

/* Texts that the guest sees, and that go into an option of QEMU's. */
static int strings(struct doc *d, const struct tree *t)
{
    static const struct { const char *element; size_t max; } limits[] = {{"vendor", 8}, {"product", 16}};
    const char *s;
    for (unsigned i = 0; i < ARRAY_N(limits); i++)
        if ((s = tree_text(t, limits[i].element)) && strlen(s) > limits[i].max)
            return doc_unsupported(d, VIR_FROM_DOMAIN, "disk %s is more than %zu characters", limits[i].element, limits[i].max);
    if ((s = tree_text(t, "wwn"))) {
        const char *p = strncmp(s, "0x", 2) == 0 ? s + 2 : s;
        if (strlen(p) != 16 || strspn(p, "0123456789abcdefABCDEF") != 16)
            return err_set(d->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_NONE, "Malformed wwn: %s", s);
    }
    if ((s = tree_text(t, "serial")) && strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_ .+") != strlen(s))
        return err_set(d->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "driver serial '%s' contains unsafe characters", s);
    return 0;
}

/* Half a geometry is none. */
static void geometry(struct tree *t)
{
    struct tree *g = tree_first(t, "geometry");
    if (g && (!doc_uint(g, "cyls", 0) || !doc_uint(g, "heads", 0) || !doc_uint(g, "secs", 0)))
        tree_free(g);
}

static int checks(struct doc *d, struct tree *t)
{
    const char *bus = tree_path_attr(t, "target", "bus"), *addr = doc_address_type(t), *dev = tree_path_attr(t, "target", "dev"), *fmt;
    for (unsigned i = 0; i < ARRAY_N(address_types); i++) {
        if (strcmp(bus, address_types[i].bus) != 0 || !*addr || strcmp(addr, "none") == 0 || doc_in(addr, address_types[i].types))
            continue;
        if (strcmp(bus, "usb") == 0)
            return err_set(d->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "unexpected address type for usb disk");
        return doc_unsupported(d, VIR_FROM_DOMAIN, "Invalid address type '%s' for the disk '%s' with the bus type '%s'", addr, dev, bus);
    }
    for (struct tree *o = tree_next(t, "disk"); o; o = tree_next(o, "disk"))
        if (strcmp(tree_path_attr(o, "target", "dev"), dev) == 0) {
            return doc_bad(d, "target '%s' duplicated for disk sources '%s' and '%s'", dev, source_word(t), source_word(o));
        }
    if (strings(d, t))
        return -1;
    geometry(t);
    fmt = tree_path_attr(t, "driver", "type");
    if (tree_first(t, "shareable") && fmt && strcmp(fmt, "raw") != 0)
        return doc_unsupported(d, VIR_FROM_QEMU, "shared access for disk '%s' requires use of supported storage format", dev);
    return 0;
}

/* Disks of a bus are in the order of their names; those that name no bus are one group. */
static int place(const struct tree *t, const struct tree *other)
{
    const char *a = tree_path_attr(t, "target", "bus"), *b = tree_path_attr(other, "target", "bus");
    const char *x = tree_path_attr(t, "target", "dev"), *y = tree_path_attr(other, "target", "dev");
    if (strcmp(a ? a : "", b ? b : "") != 0)
        return PLACE_NONE;
    return (y ? disk_index(y) : -1) > (x ? disk_index(x) : -1) ? PLACE_BEFORE : PLACE_AFTER;
}

int complete_disks(struct doc *d)
{
    doc_sort(d, "disk", place);
    TREE_EACH(t, d->devices, "disk")
        if (disk(d, t))
            return -1;
    if (d->env->flags & DOC_CHANGE)     /* one that comes alone has its bus before its place */
        doc_sort(d, "disk", place);
    TREE_EACH(t, d->devices, "disk")
        if (checks(d, t))
            return -1;
    TREE_EACH(t, d->devices, "filesystem") {
        const struct tree *fs = tree_first(t, "source");
        const char *dir = tree_attr(fs, "dir"), *target = tree_path_attr(t, "target", "dir");
        if (tree_first(t, "binary") && !doc_is(tree_first(t, "driver"), "type", "virtiofs"))
            tree_free(tree_first(t, "binary"));
        if (!tree_attr(t, "accessmode") && doc_is(t, "type", "mount") && !tree_attr(fs, "socket"))
            tree_set_attr(t, "accessmode", "passthrough");
        target = target ? target : "";
        if (!fs || (doc_is(t, "type", "mount") && !dir && !tree_attr(fs, "socket")))
            return err_set(d->e, VIR_ERR_NO_SOURCE, VIR_FROM_DOMAIN, "%s", target);
        if (!*target)
            return err_set(d->e, VIR_ERR_NO_TARGET, VIR_FROM_DOMAIN, "%s", dir ? dir : "");
    }
    return 0;
}
