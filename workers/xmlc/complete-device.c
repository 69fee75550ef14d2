/* complete-device.c: the order of the steps below <devices>; controllers; devices of a few attributes. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "ipc/util.h"
#include "workers/xmlc/doc.h"

/* ---- controllers ---- */

static bool is_usb2(const struct tree *c) { return doc_in(tree_attr(c, "model"), "ich9-ehci1 ich9-uhci1 ich9-uhci2 ich9-uhci3"); }

/* The index of the set of USB 2 controllers that the one before c belongs to, if that has no controller of c's model yet; -1 none. */
static int usb2_set(struct doc *d, const struct tree *c)
{
    const struct tree *prev = NULL;
    if (!is_usb2(c))
        return -1;
    for (const struct tree *o = tree_first(d->devices, "controller"); o && o != c; o = tree_next(o, "controller"))
        if (doc_is(o, "type", "usb") && tree_attr(o, "index"))
            prev = o;
    if (!prev || !is_usb2(prev))
        return -1;
    TREE_EACH(o, d->devices, "controller")
        if (o != c && doc_is(o, "type", "usb") && tree_attr(o, "index") && doc_uint(o, "index", 0) == doc_uint(prev, "index", 0) &&
            doc_is(o, "model", tree_attr(c, "model")))
            return -1;
    return (int)doc_uint(prev, "index", 0);
}

/* The lowest index that no controller of a type has. */
static unsigned free_index(struct doc *d, const char *type)
{
    uint8_t used[DOC_DEVICES_MAX / 8 + 1] = {0};
    unsigned i = 0;
    TREE_EACH(o, d->devices, "controller")
        if (doc_is(o, "type", type) && tree_attr(o, "index") && doc_uint(o, "index", 0) < DOC_DEVICES_MAX)
            BITMAP_SET(used, doc_uint(o, "index", 0));
    while (BITMAP_GET(used, i))
        i++;
    return i;
}

/* A SCSI device of the host that has no place yet has its controller before those without a number get theirs. */
static void scsi_first(struct doc *d)
{
    bool unnumbered = false, wanted = false;
    TREE_EACH(c, d->devices, "controller")
        unnumbered |= doc_is(c, "type", "scsi") && !tree_attr(c, "index");
    TREE_EACH(h, d->devices, "hostdev")
        wanted |= doc_is(h, "type", "scsi") && strcmp(doc_address_type(h), "drive") != 0;
    TREE_EACH(c, d->devices, "controller")
        wanted &= !(doc_is(c, "type", "scsi") && doc_is(c, "index", "0"));
    if (unnumbered && wanted)
        doc_add_controller(d, "scsi", 0, NULL);
}

static void number_controllers(struct doc *d)
{
    scsi_first(d);
    TREE_EACH(c, d->devices, "controller") {
        int set;
        if (tree_attr(c, "index"))
            continue;
        set = doc_is(c, "type", "usb") ? usb2_set(d, c) : -1;
        tree_set_attr(c, "index", "%u", set >= 0 ? (unsigned)set : free_index(d, tree_attr(c, "type")));
    }
}

static bool is_companion(const struct tree *c)
{
    return doc_in(tree_attr(c, "model"), "ich9-uhci1 ich9-uhci2 ich9-uhci3");
}

static int place(const struct tree *t, const struct tree *other)
{
    unsigned a, b;
    if (strcmp(tree_attr(t, "type"), tree_attr(other, "type")) != 0)
        return PLACE_NONE;
    if (!tree_attr(t, "index"))
        return PLACE_LAST;
    a = doc_uint(t, "index", 0);
    b = tree_attr(other, "index") ? doc_uint(other, "index", 0) : 0;
    if (tree_attr(other, "index") && b > a)
        return PLACE_BEFORE;
    if (tree_attr(other, "index") && a == b && is_companion(other) && !is_companion(t))
        return PLACE_BEFORE;
    return PLACE_AFTER;
}

static int controller(struct doc *d, struct tree *c)
{
    const char *type = tree_attr(c, "type"), *model = tree_attr(c, "model");
    int ports = tree_attr(c, "ports") ? (int)doc_uint(c, "ports", 0) : -1;
    if (strcmp(type, "usb") == 0 && !model)
        tree_set_attr(c, "model", "%s", model = "piix3-uhci");
    if (strcmp(type, "scsi") == 0 && (!model || strcmp(model, "auto") == 0))
        tree_set_attr(c, "model", doc_has_device(d, "lsi53c895a") ? "lsilogic" : "virtio-scsi");
    if (strcmp(type, "usb") == 0 && doc_in(model, "nec-xhci qemu-xhci") && ports > 15)
        return doc_unsupported(d, VIR_FROM_QEMU, "'%s' controller only supports up to '15' ports", model);
    if (strcmp(type, "pci") == 0 && !model)
        return err_set(d->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DOMAIN, "PCI controller model was not set correctly");
    for (struct tree *o = tree_next(c, "controller"); o; o = tree_next(o, "controller")) {
        if (strcmp(tree_attr(o, "type"), type) != 0 || doc_uint(o, "index", 0) != doc_uint(c, "index", 0))
            continue;
        if (strcmp(type, "usb") == 0 && (is_companion(o) || is_companion(c)))
            continue;
        return doc_bad(d, "Multiple '%s' controllers with index '%u'", type, doc_uint(c, "index", 0));
    }
    return 0;
}

static int usb_masters(struct doc *d)
{
    bool none = false;
    unsigned n = 0;
    TREE_EACH(c, d->devices, "controller")
        if (doc_is(c, "type", "usb")) {
            none |= doc_is(c, "model", "none");
            n++;
        }
    if (none && n > 1)
        return err_set(d->e, VIR_ERR_XML_DETAIL, VIR_FROM_DOMAIN, "Can't add another USB controller: USB is disabled for this domain");
    if (none && tree_first(d->devices, "hub"))
        return doc_unsupported(d, VIR_FROM_DOMAIN, "Can't add USB hub: USB is disabled for this domain");
    TREE_EACH(c, d->devices, "controller") {
        bool master = !is_companion(c) && !tree_first(c, "master");
        TREE_EACH(o, d->devices, "controller")
            master |= doc_is(o, "type", "usb") && !tree_first(o, "master") && !is_companion(o) && doc_uint(o, "index", 0) == doc_uint(c, "index", 0);
        if (!master && doc_is(c, "type", "usb"))
            return err_set(d->e, VIR_ERR_XML_DETAIL, VIR_FROM_DOMAIN, "No master USB controller specified");
        if (is_companion(c) && !tree_first(c, "master"))
            tree_set_attr(tree_make(c, "master"), "startport", "%d", 2 * (tree_attr(c, "model")[9] - '1'));
    }
    return 0;
}

static void machine_controllers(struct doc *d)
{
    if (!doc_find_controller(d, "usb", 0))
        doc_add_controller(d, "usb", 0, d->q35 && doc_has_device(d, "qemu-xhci") ? "qemu-xhci" : "piix3-uhci");
    if (d->q35 && !doc_find_controller(d, "sata", 0))
        doc_add_controller(d, "sata", 0, NULL);
    if ((d->pc || d->q35) && !doc_find_controller(d, "pci", 0))
        doc_add_controller(d, "pci", 0, d->pc ? "pci-root" : "pcie-root");
}

/* Controllers 0 to top of a type; those that are missing get a model (NULL: the usual one). */
static int up_to(struct doc *d, const char *type, int top, const char *model)
{
    if (top >= DOC_CONTROLLERS_MAX)
        return doc_unsupported(d, VIR_FROM_DOMAIN, "index '%d' of %s controller is too large", top, type);
    if (!model && strcmp(type, "scsi") == 0)
        model = doc_has_device(d, "lsi53c895a") ? "lsilogic" : "virtio-scsi";
    for (int i = 0; i <= top; i++)
        if (!doc_find_controller(d, type, (unsigned)i)) {
            if (d->env->flags & DOC_PLUG && (strcmp(type, "sata") == 0 || (!d->pc && strcmp(type, "ide") == 0)))      /* which is part of a pc */
                return err_set(d->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DOMAIN, "Could not find %s controller with index %d required for device", type, top);
            doc_add_controller(d, type, (unsigned)i, model);
        }
    return 0;
}

/* Highest controller index that devices of a kind name in addresses of a kind; -1 none. */
static int highest(struct doc *d, const char *element, const char *bus, const char *address)
{
    int top = -1;
    TREE_EACH(t, d->devices, element) {
        const char *b = tree_path_attr(t, "target", "bus");
        if (strcmp(doc_address_type(t), address) != 0 || (bus && !(b && strcmp(b, bus) == 0)))
            continue;
        unsigned i = doc_uint(tree_first(t, "address"), "controller", 0);
        top = (int)(i < INT_MAX ? i : INT_MAX) > top ? (int)(i < INT_MAX ? i : INT_MAX) : top;
    }
    return top;
}

/* Controllers of the POWER virtual I/O bus have registers instead of PCI. */
static void spapr_addresses(struct doc *d)
{
    unsigned reg = 0x2000;
    TREE_EACH(c, d->devices, "controller")
        if (doc_is(c, "type", "scsi") && doc_is(c, "model", "ibmvscsi")) {
            if (!tree_first(c, "address"))
                tree_set_attr(doc_address(c, "spapr-vio"), "reg", "0x%08x", reg);
            reg += 0x1000;
        }
}

/* Indices, models, and those that devices need. */
static int complete_controllers(struct doc *d)
{
    static const char *const buses[] = {"scsi", "fdc", "ide", "sata"};
    const char *model = NULL;
    doc_sort(d, "controller", place);
    number_controllers(d);
    TREE_EACH(c, d->devices, "controller")
        if (controller(d, c))
            return -1;
    if (usb_masters(d))
        return -1;
    if (address_drives(d))
        return -1;
    TREE_EACH(c, d->devices, "controller")
        if (doc_is(c, "type", "scsi"))
            model = tree_attr(c, "model");
    if (up_to(d, "scsi", highest(d, "hostdev", NULL, "drive"), model))
        return -1;
    machine_controllers(d);
    for (unsigned i = 0; i < ARRAY_N(buses); i++)
        if (up_to(d, buses[i], highest(d, "disk", buses[i], "drive"), d->env->flags & DOC_PLUG && !i ? model : NULL))
            return -1;
    static const char *const serials[] = {"channel", "console"};
    for (unsigned k = 0; k < ARRAY_N(serials); k++)
        TREE_EACH(t, d->devices, serials[k])
            if (doc_is(tree_first(t, "target"), "type", "virtio")) {
                unsigned i = doc_is(tree_first(t, "address"), "type", "virtio-serial") ? doc_uint(tree_first(t, "address"), "controller", 0) : 0;
                if (i >= DOC_CONTROLLERS_MAX)
                    return doc_bad(d, "virtio serial controller %u is out of range", i);
                if (!doc_find_controller(d, "virtio-serial", i) && d->env->flags & DOC_PLUG)
                    return tree_first(t, "address") ? doc_bad(d, "virtio serial controller %u is missing", i) :
                        err_set(d->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DOMAIN, "no virtio-serial controllers are available");
                if (!doc_find_controller(d, "virtio-serial", i))
                    doc_add_controller(d, "virtio-serial", i, NULL);
            }
    if (up_to(d, "ccid", highest(d, "smartcard", NULL, "ccid"), NULL))
        return -1;
    spapr_addresses(d);
    return 0;
}

/* ---- the rest ---- */

static int smartcard(struct doc *d, struct tree *t)
{
    const char *db = tree_text(t, "database");
    if (db && *db != '/')
        return doc_bad(d, "expecting absolute path: %s", db);
    if (doc_count(d->devices, "smartcard") > 1)
        return doc_unsupported(d, VIR_FROM_QEMU, "this QEMU binary lacks multiple smartcard support");
    if (doc_is(t, "mode", "host-certificates") && doc_count(t, "certificate") != 3)
        return doc_bad(d, "host-certificates mode needs exactly three certificates");
    return 0;
}

static int hostdev(struct doc *d, struct tree *t)
{
    const char *type = tree_attr(t, "type"), *model = tree_attr(t, "model"), *addr = doc_address_type(t);
    static const struct { const char *type, *addresses; } may[] = {
        {"pci", "pci unassigned"}, {"usb", "usb"}, {"scsi", "drive"}, {"scsi_host", "pci ccw"},
    };
    const struct tree *s = tree_first(t, "source");
    if (!s)
        return doc_bad(d, "Missing <source> element in hostdev device");
    if (strcmp(type, "usb") == 0 && tree_first(s, "vendor") && !tree_first(s, "product"))
        return err_set(d->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DOMAIN, "missing product");
    if (strcmp(type, "usb") == 0 && tree_first(s, "product") && !tree_first(s, "vendor"))
        return err_set(d->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DOMAIN, "missing vendor");
    if (strcmp(type, "scsi_host") == 0 && (!tree_attr(s, "wwpn") || strncmp(tree_attr(s, "wwpn"), "naa.", 4) != 0 ||
            strlen(tree_attr(s, "wwpn")) != 20 || strspn(tree_attr(s, "wwpn") + 4, "0123456789abcdefABCDEF") != 16))
        return doc_bad(d, tree_attr(s, "wwpn") ? "malformed 'wwpn' value" : "Cannot find vhost-scsi 'wwpn' in hostdev source");
    for (struct tree *x = tree_first(s, "address"); x && doc_is(s, "protocol", "iscsi"); x = NULL)
        tree_free(x);
    if (strcmp(type, "scsi") == 0 && doc_count(s, "host") > 1)
        return doc_bad(d, "only one source host address may be specified for the iSCSI hostdev");
    if (complete_hosts(d, tree_first(t, "source")))
        return -1;
    if (doc_is(t, "mode", "capabilities"))
        return doc_unsupported(d, VIR_FROM_QEMU, "hostdev mode 'capabilities' is not supported in %s", tree_attr(d->t, "type"));
    for (unsigned i = 0; i < ARRAY_N(may); i++)
        if (strcmp(type, "pci") == 0 && *addr && strcmp(addr, "none") != 0 && !doc_in(addr, may[0].addresses))
            return err_set(d->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DOMAIN, "PCI host devices must use 'pci' or 'unassigned' address type");
        else if (strcmp(type, may[i].type) == 0 && *addr && strcmp(addr, "none") != 0 && !doc_in(addr, may[i].addresses))
            return doc_bad(d, "%s host devices must use '%.*s' address type", type, (int)strcspn(may[i].addresses, " "), may[i].addresses);
    if (strcmp(type, "mdev") == 0) {
        if (!model)
            return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_XML, "Missing required attribute 'model' in element 'hostdev'");
        if (strcmp(model, "vfio-pci") == 0 && *addr && strcmp(addr, "pci") != 0)
            return doc_bad(d, "Unsupported address type '%s' with mediated device model 'vfio-pci'", addr);
        if (strcmp(model, "vfio-pci") == 0)
            doc_default(t, "display", "off");
    }
    if (strcmp(type, "pci") == 0 && tree_path_attr(t, "source", "writeFiltering"))
        return doc_unsupported(d, VIR_FROM_QEMU, "Write filtering of PCI device configuration space is not supported by qemu");
    return 0;
}

/* Both are in canonical form: attributes and children are in the same order. */
static bool same(const struct tree *a, const struct tree *b)
{
    const struct tree_attr *x, *y;
    if (!a || !b || !doc_same(a->name, b->name) || !doc_same(a->text, b->text))
        return false;
    for (x = a->attr, y = b->attr; x && y; x = x->next, y = y->next)
        if (strcmp(x->name, y->name) != 0 || strcmp(x->value, y->value) != 0)
            return false;
    if (x || y)
        return false;
    for (a = a->child, b = b->child; a && b; a = a->next, b = b->next)
        if (!same(a, b))
            return false;
    return !a && !b;
}

bool doc_same_scsi(const struct tree *a, const struct tree *b)
{
    static const char *const parts[][2] = {{"source", "protocol"}, {"source", "name"}, {"source/host", "name"}, {"source/host", "port"}, {"source/adapter", "name"},
        {"source/address", "bus"}, {"source/address", "target"}, {"source/address", "unit"}};
    for (unsigned i = 0; i < ARRAY_N(parts); i++)
        if (!doc_same(tree_path_attr(a, parts[i][0], parts[i][1]), tree_path_attr(b, parts[i][0], parts[i][1])))
            return false;
    return true;
}

static bool same_source(const struct tree *a, const struct tree *b)
{
    return doc_is(b, "type", tree_attr(a, "type")) && (doc_is(a, "type", "scsi") ? doc_same_scsi(a, b) : same(tree_first(a, "source"), tree_first(b, "source")));
}

static int shmem(struct doc *d, struct tree *s)
{
    struct tree *size = tree_first(s, "size"), *msi = tree_first(s, "msi");
    const char *model = tree_path_attr(s, "model", "type");
    if (!model)
        tree_set_attr(tree_make(s, "model"), "type", "%s", model = "ivshmem");
    if (strchr(tree_attr(s, "name"), '/'))
        return doc_unsupported(d, VIR_FROM_DOMAIN, "shmem name cannot include '/' character");
    if (msi && !tree_first(s, "server"))
        return doc_bad(d, "msi option is only supported with a server");
    if (strcmp(model, "ivshmem") == 0)
        return doc_unsupported(d, VIR_FROM_QEMU, "ivshmem device is not supported with this QEMU binary");
    if (strcmp(model, "ivshmem-doorbell") == 0) {
        if (size)
            return doc_unsupported(d, VIR_FROM_QEMU, "shmem model '%s' does not support size setting", model);
        if (!tree_first(s, "server"))
            return doc_unsupported(d, VIR_FROM_QEMU, "shmem model '%s' is supported only with server option enabled", model);
        msi = tree_make(s, "msi");
        tree_set_attr(msi, "enabled", NULL);
        doc_default(msi, "ioeventfd", "on");
    } else {
        if (tree_first(s, "server"))
            return doc_unsupported(d, VIR_FROM_QEMU, "shmem model '%s' is supported only with server option disabled", model);
        if (!size) {
            size = tree_make(s, "size");
            tree_set_text(size, "4");
            tree_set_attr(size, "unit", "M");
        }
    }
    return 0;
}

/* "2.56", which is printed as two numbers of hex digits in decimal's clothes; -1 is any. */
static int usb_version(struct doc *d, struct tree *u)
{
    const char *v = tree_attr(u, "version");
    unsigned major;
    char minor[3];
    if (!v || strcmp(v, "-1") == 0) {
        tree_set_attr(u, "version", NULL);
        return 0;
    }
    const char *dot = strchr(v, '.');
    size_t n = dot ? strspn(dot + 1, "0123456789") : 0;
    if (sscanf(v, "%2u.%2[0-9]", &major, minor) != 2 || strspn(v, "0123456789") != (size_t)(dot - v) || !n || n > 2 || dot[1 + n])
        return doc_bad(d, "Cannot parse USB device version %s", v);
    tree_set_attr(u, "version", "%u.%.2s%s", major, minor, n == 1 ? "0" : "");
    return 0;
}

static int balloon(struct doc *d, struct tree *t)
{
    struct tree *stats = tree_first(t, "stats");
    (void)d;
    if (stats && !doc_uint(stats, "period", 0))
        tree_free(stats);
    while (doc_is(t, "model", "none") && t->child)
        tree_free(t->child);
    return 0;
}

static int redirfilter(struct doc *d, struct tree *t)
{
    TREE_EACH(u, t, "usbdev") {
        if (doc_uint(u, "class", 0) > 0xff)
            return err_set(d->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DOMAIN, "Invalid USB Class code 0x%x", doc_uint(u, "class", 0));
        if (usb_version(d, u))
            return -1;
    }
    return 0;
}

static int panic(struct doc *d, struct tree *t)
{
    doc_default(t, "model", "isa");
    for (struct tree *o = tree_next(t, "panic"); o; o = tree_next(o, "panic"))
        if (doc_is(o, "model", tree_attr(t, "model")))
            return doc_bad(d, "Multiple panic devices with model '%s'", tree_attr(t, "model"));
    return 0;
}

static int vsock(struct doc *d, struct tree *t)
{
    struct tree *cid = tree_make(t, "cid");
    (void)d;
    doc_default(t, "model", "virtio");
    doc_default(cid, "auto", tree_attr(cid, "address") ? "no" : "yes");
    return 0;
}

static int hostdev_alone(struct doc *d, struct tree *t)
{
    if (hostdev(d, t))
        return -1;
    storage_defaults(tree_first(t, "source"), false);
    for (struct tree *o = tree_next(t, "hostdev"); o; o = tree_next(o, "hostdev"))
        if (!(d->env->flags & DOC_PLUG) /* whose hand says who has it */ && same_source(t, o))
            return doc_bad(d, "Hostdev already exists in the domain configuration");
    return 0;
}

static int memory(struct doc *d, struct tree *t)
{
    if (!tree_first(t, "target"))
        return doc_bad(d, "missing <target> element for <memory> device");
    struct tree *target = tree_first(t, "target");
    if (doc_is(t, "model", "virtio-mem") && !tree_first(target, "requested")) {
        struct tree *requested = tree_add_text(target, "requested", "0");
        tree_set_attr(requested, "unit", "KiB");
    }
    if (doc_is(t, "model", "virtio-pmem"))
        tree_set_attr(t, "access", "shared");
    return 0;
}

static int tpm(struct doc *d, struct tree *t)
{
    struct tree *backend = tree_first(t, "backend");
    (void)d;
    doc_default(t, "model", "tpm-tis");
    if (doc_is(backend, "type", "emulator"))
        doc_default(backend, "version", doc_is(t, "model", "tpm-tis") ? "1.2" : "2.0");
    if (doc_is(backend, "type", "passthrough"))
        doc_default(tree_make(backend, "device"), "path", "/dev/tpm0");
    return 0;
}

/* Of which there is one at most. */
static const struct { const char *element; int code; const char *text; } lone[] = {
    {"vsock", VIR_ERR_XML_ERROR, "only a single vsock device is supported"},
    {"iommu", VIR_ERR_XML_ERROR, "only a single IOMMU device is supported"},
    {"redirfilter", VIR_ERR_INTERNAL_ERROR, "only one set of redirection filter rule is supported"},
    {"memballoon", VIR_ERR_INTERNAL_ERROR, "only a single memory balloon device is supported"},
    {"watchdog", VIR_ERR_INTERNAL_ERROR, "only a single watchdog device is supported"},
};

/* In the order in which they are judged. */
static const struct { const char *element; int (*fn)(struct doc *d, struct tree *t); } small[] = {
    {"memballoon", balloon}, {"redirfilter", redirfilter}, {"panic", panic}, {"vsock", vsock}, {"smartcard", smartcard}, {"hostdev", hostdev_alone},
    {"memory", memory}, {"shmem", shmem}, {"tpm", tpm},
};

static int small_devices(struct doc *d)
{
    for (unsigned i = 0; i < ARRAY_N(lone); i++)
        if (doc_count(d->devices, lone[i].element) > 1)
            return err_set(d->e, lone[i].code, VIR_FROM_DOMAIN, "%s", lone[i].text);
    if (!tree_first(d->devices, "memballoon"))
        tree_set_attr(doc_add_device(d, "memballoon"), "model", "virtio");
    for (unsigned i = 0; i < ARRAY_N(small); i++)
        TREE_EACH(t, d->devices, small[i].element)
            if (small[i].fn(d, t))
                return -1;
    return 0;
}

/* Names are a client's only with this beginning; others are made at a start. */
static void aliases(struct doc *d)
{
    for (struct tree *t = d->env->flags & DOC_LIVE ? NULL : d->devices->child, *a; t; t = t->next)
        if (t->name && (a = tree_first(t, "alias")) && (!tree_attr(a, "name") || strncmp(tree_attr(a, "name"), "ua-", 3) != 0))
            tree_free(a);
}

int complete_devices(struct doc *d)
{
    aliases(d);
    if (complete_disks(d) || complete_nets(d) || complete_chardevs(d) || small_devices(d) || complete_display(d) || complete_controllers(d) || address_serial(d) ||
        address_usb(d) || address_pci(d))
        return -1;
    complete_console(d);
    return 0;
}
