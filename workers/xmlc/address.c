/* address.c: drive, CCID, virtio-serial and USB addresses. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/util.h"
#include "workers/xmlc/doc.h"

/* ---- drives ---- */

/* How disk number n of a bus is spread: units of a target, targets (buses) of a controller. */
static const struct { const char *bus; unsigned units, buses; } drives[] = {
    {"scsi", 7, 1}, {"ide", 2, 2}, {"fdc", 2, 1}, {"sata", 6, 1},
};

static void drive(struct tree *t, unsigned controller, unsigned bus, unsigned unit)
{
    struct tree *a = doc_address(t, "drive");
    tree_set_attr(a, "controller", "%u", controller);
    tree_set_attr(a, "bus", "%u", bus);
    tree_set_attr(a, "target", "0");
    tree_set_attr(a, "unit", "%u", unit);
}

static bool drive_is(const struct tree *t, unsigned controller, unsigned unit)
{
    const struct tree *a = tree_first(t, "address");
    return doc_is(a, "type", "drive") && doc_uint(a, "controller", 0) == controller && doc_uint(a, "bus", 0) == 0 && doc_uint(a, "target", 0) == 0 &&
        doc_uint(a, "unit", 0) == unit;
}

static bool scsi_taken(struct doc *d, unsigned controller, unsigned unit)
{
    TREE_EACH(t, d->devices, "disk")
        if (strcmp(tree_path_attr(t, "target", "bus"), "scsi") == 0 && drive_is(t, controller, unit))
            return true;
    TREE_EACH(t, d->devices, "hostdev")
        if (doc_is(t, "type", "scsi") && drive_is(t, controller, unit))
            return true;
    return false;
}

/* The next free unit from *n on (7 a controller): what was taken before stays taken. */
static void scsi_hostdev(struct doc *d, struct tree *t, unsigned *n)
{
    while (scsi_taken(d, *n / 7, *n % 7))
        ++*n;
    drive(t, *n / 7, 0, *n % 7);
}

int address_drives(struct doc *d)
{
    unsigned slot = 0, unit = 0;
    TREE_EACH(t, d->devices, "disk") {
        const char *bus = tree_path_attr(t, "target", "bus"), *type = doc_address_type(t);
        int n = disk_index(tree_path_attr(t, "target", "dev"));
        if (*type && strcmp(type, "none") != 0)
            continue;
        for (unsigned i = 0; i < ARRAY_N(drives); i++)
            if (strcmp(bus, drives[i].bus) == 0) {
                unsigned k = n < 0 ? 0 : (unsigned)n, per = drives[i].units * drives[i].buses;
                drive(t, k / per, k % per / drives[i].units, k % drives[i].units);
            }
    }
    TREE_EACH(t, d->devices, "disk")
        for (struct tree *o = tree_next(t, "disk"); o; o = tree_next(o, "disk")) {
            const struct tree *a = tree_first(t, "address"), *b = tree_first(o, "address");
            static const char *const part[] = {"controller", "bus", "target", "unit"};
            bool same = doc_is(a, "type", "drive") && doc_is(b, "type", "drive") &&
                strcmp(tree_path_attr(t, "target", "bus"), tree_path_attr(o, "target", "bus")) == 0;
            for (unsigned i = 0; same && i < ARRAY_N(part); i++)
                same = doc_uint(a, part[i], 0) == doc_uint(b, part[i], 0);
            if (same)
                return doc_unsupported(d, VIR_FROM_DOMAIN, "Found duplicate drive address for disk with target name '%s' controller='%u' bus='%u' target='%u' unit='%u'",
                    tree_path_attr(t, "target", "dev"), doc_uint(a, part[0], 0), doc_uint(a, part[1], 0), doc_uint(a, part[2], 0), doc_uint(a, part[3], 0));
        }
    TREE_EACH(t, d->devices, "hostdev")
        if (doc_is(t, "type", "scsi") && (!*doc_address_type(t) || strcmp(doc_address_type(t), "none") == 0))
            scsi_hostdev(d, t, &unit);
    TREE_EACH(t, d->devices, "smartcard")
        if (!*doc_address_type(t)) {
            struct tree *a = doc_address(t, "ccid");
            tree_set_attr(a, "controller", "0");
            tree_set_attr(a, "slot", "%u", slot++);
        }
    TREE_EACH(t, d->devices, "memory") {
        unsigned n = 0;
        bool used = true;
        if (!doc_in(tree_attr(t, "model"), "dimm nvdimm"))
            continue;
        if (tree_first(t, "address") && tree_path_attr(t, "address", "slot"))
            continue;
        for (n = 0; used; n++) {
            used = false;
            TREE_EACH(o, d->devices, "memory")
                used |= o != t && doc_is(tree_first(o, "address"), "type", "dimm") && tree_path_attr(o, "address", "slot") && doc_uint(tree_first(o, "address"), "slot", 0) == n;
        }
        if (!doc_is(tree_first(t, "address"), "type", "dimm"))
            doc_address(t, "dimm");
        tree_set_attr(tree_first(t, "address"), "slot", "%u", n - 1);
    }
    return 0;
}

/* ---- ports of virtio-serial controllers ---- */

#define SERIAL_PORTS 31     /* of a controller that does not say; port 0 is the first console's */

#define SERIAL_PORTS_MAX 512
typedef uint8_t serial_map[DOC_CONTROLLERS_MAX][SERIAL_PORTS_MAX / 8];

static int ports_given(struct doc *d, serial_map used)
{
    static const char *const kinds[] = {"channel", "console"};
    for (unsigned k = 0; k < ARRAY_N(kinds); k++)
        TREE_EACH(t, d->devices, kinds[k]) {
            const struct tree *a = tree_first(t, "address");
            unsigned c = doc_uint(a, "controller", 0), p = doc_uint(a, "port", 0);
            const struct tree *ctl = doc_find_controller(d, "virtio-serial", c);
            if (!doc_is(a, "type", "virtio-serial") || !p || c >= DOC_CONTROLLERS_MAX)
                continue;
            if (p >= doc_uint(ctl, "ports", SERIAL_PORTS) || p >= SERIAL_PORTS_MAX)
                return doc_bad(d, "virtio serial controller %u does not have port %u", c, p);
            if (BITMAP_GET(used[c], p))
                return doc_bad(d, "virtio serial port %u on controller %u is already occupied", p, c);
            BITMAP_SET(used[c], p);
        }
    return 0;
}

static int serial_port(struct doc *d, struct tree *t, unsigned first, serial_map used)
{
    struct tree *a = tree_first(t, "address");
    bool any = !a || !tree_attr(a, "port") || (doc_uint(a, "port", 0) == 0 && first);
    if (!any)
        return 0;
    for (unsigned c = 0; c < DOC_CONTROLLERS_MAX; c++) {
        struct tree *ctl = doc_find_controller(d, "virtio-serial", c);
        if (a && doc_is(a, "type", "virtio-serial") && tree_attr(a, "controller") && doc_uint(a, "controller", 0) != c)
            continue;
        if (!ctl && d->env->flags & DOC_PLUG)
            continue;
        if (!ctl)
            ctl = doc_add_controller(d, "virtio-serial", c, NULL);
        unsigned n = doc_uint(ctl, "ports", SERIAL_PORTS);
        for (unsigned p = first; p < n && p < SERIAL_PORTS_MAX; p++)
            if (!BITMAP_GET(used[c], p)) {
                BITMAP_SET(used[c], p);
                a = doc_address(t, "virtio-serial");
                tree_set_attr(a, "controller", "%u", c);
                tree_set_attr(a, "bus", "0");
                tree_set_attr(a, "port", "%u", p);
                return 0;
            }
    }
    return doc_bad(d, "Unable to find a free virtio-serial port");
}

int address_serial(struct doc *d)
{
    static serial_map used;
    memset(used, 0, sizeof used);
    if (ports_given(d, used))
        return -1;
    TREE_EACH(t, d->devices, "channel") {
        if (!doc_is(tree_first(t, "target"), "type", "virtio"))
            continue;
        if (tree_first(t, "address") && strcmp(doc_address_type(t), "virtio-serial") != 0)
            tree_free(tree_first(t, "address"));
        if (serial_port(d, t, 1, used))
            return -1;
    }
    return 0;
}

/* ---- USB ---- */

/* Ports of each model's root hub; xHCI controllers may say otherwise. */
static const struct { const char *model; unsigned ports; } hubs[] = {
    {"piix3-uhci", 2}, {"piix4-uhci", 2}, {"ehci", 6}, {"ich9-ehci1", 6}, {"vt82c686b-uhci", 2}, {"pci-ohci", 3}, {"nec-xhci", 4}, {"qemu-xhci", 4},
    {"ich9-uhci1", 2}, {"ich9-uhci2", 2}, {"ich9-uhci3", 2}, {"qusb1", 2}, {"qusb2", 2},
};
#define HUB_PORTS 8

static unsigned root_ports(const struct tree *c)
{
    const char *model = tree_attr(c, "model");
    if (doc_in(model, "nec-xhci qemu-xhci") && doc_uint(c, "ports", 0))
        return doc_uint(c, "ports", 0);
    for (unsigned i = 0; i < ARRAY_N(hubs); i++)
        if (strcmp(model, hubs[i].model) == 0)
            return hubs[i].ports;
    return 2;
}

/* A device that sits on USB, and in which order they get their ports. */
static bool usb_device(const struct tree *t, const char *kind)
{
    if (!t->name || strcmp(t->name, kind) != 0)
        return false;
    if (strcmp(kind, "hub") == 0)
        return doc_is(t, "type", "usb");
    if (strcmp(kind, "hostdev") == 0)
        return doc_is(t, "type", "usb");
    if (strcmp(kind, "disk") == 0)
        return doc_is(tree_first(t, "target"), "bus", "usb");
    if (strcmp(kind, "controller") == 0)
        return doc_is(t, "type", "ccid");
    if (strcmp(kind, "input") == 0 || strcmp(kind, "redirdev") == 0)
        return doc_is(t, "bus", "usb");
    if (strcmp(kind, "serial") == 0)
        return doc_is(tree_first(t, "target"), "type", "usb-serial");
    if (strcmp(kind, "sound") == 0)
        return doc_is(t, "model", "usb");
    return false;
}
static const char *const usb_kinds[] = {"hub", "hostdev", "disk", "controller", "input", "serial", "sound", "redirdev"};

static bool usb_taken(struct doc *d, unsigned bus, const char *port)
{
    for (const struct tree *t = d->devices->child; t; t = t->next) {
        const struct tree *a = t->name ? tree_first(t, "address") : NULL;
        if (a && doc_is(a, "type", "usb") && doc_uint(a, "bus", 0) == bus && doc_is(a, "port", port))
            return true;
    }
    return false;
}

static bool has_port(const struct tree *t) { return doc_is(tree_first(t, "address"), "type", "usb") && tree_path_attr(t, "address", "port"); }

static void usb_set(struct tree *t, unsigned bus, const char *port)
{
    struct tree *a = doc_address(t, "usb");
    tree_set_attr(a, "bus", "%u", bus);
    tree_set_attr(a, "port", "%s", port);
}

/* A free port below prefix ("" the root hub) with n ports, the hubs on it after its own ports. */
static bool free_port(struct doc *d, unsigned bus, const char *prefix, unsigned n, unsigned depth, char out[40])
{
    for (unsigned p = 1; p <= n; p++) {
        snprintf(out, 40, "%.20s%s%u", prefix, *prefix ? "." : "", p);
        if (!usb_taken(d, bus, out))
            return true;
    }
    for (unsigned p = 1; p <= n && depth < 4; p++) {
        char at[40];
        snprintf(at, sizeof at, "%.20s%s%u", prefix, *prefix ? "." : "", p);
        TREE_EACH(h, d->devices, "hub") {
            const struct tree *a = tree_first(h, "address");
            if (has_port(h) && doc_uint(a, "bus", 0) == bus && doc_is(a, "port", at) && free_port(d, bus, at, HUB_PORTS, depth + 1, out))
                return true;
        }
    }
    return false;
}

static int usb_assign(struct doc *d, struct tree *t)
{
    const struct tree *a = tree_first(t, "address");
    char port[40];
    if (has_port(t))
        return 0;
    TREE_EACH(c, d->devices, "controller") {
        unsigned bus = doc_uint(c, "index", 0);
        if (!doc_is(c, "type", "usb") || doc_is(c, "model", "none") || doc_in(tree_attr(c, "model"), "ich9-uhci1 ich9-uhci2 ich9-uhci3"))
            continue;
        if (doc_is(a, "type", "usb") && tree_attr(a, "bus") && t->name && doc_uint(a, "bus", 0) != bus)
            continue;
        if (free_port(d, bus, "", root_ports(c), 1, port)) {
            usb_set(t, bus, port);
            return 0;
        }
    }
    return err_set(d->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DOMAIN, "No free USB ports");
}

/* A port that the document names is there, on a controller or a hub, and nobody else's. */
static int usb_given(struct doc *d, const struct tree *t)
{
    const struct tree *a = tree_first(t, "address"), *hub = NULL;
    const char *port = tree_attr(a, "port"), *dot = port ? strrchr(port, '.') : NULL;
    unsigned bus = doc_uint(a, "bus", 0), n = 0, last = (unsigned)atoi(dot ? dot + 1 : port ? port : "0");
    if (!has_port(t) || strcmp(t->name, "console") == 0)      /* which is where the serial port is that it stands for */
        return 0;
    TREE_EACH(c, d->devices, "controller")
        if (doc_is(c, "type", "usb") && doc_uint(c, "index", 0) == bus && !doc_in(tree_attr(c, "model"), "ich9-uhci1 ich9-uhci2 ich9-uhci3"))
            n = root_ports(c);
    if (!n)
        return doc_bad(d, "Missing USB bus %u", bus);
    if (dot) {
        n = HUB_PORTS;
        TREE_EACH(h, d->devices, "hub") {
            const char *p = tree_path_attr(h, "address", "port");
            if (p && doc_uint(tree_first(h, "address"), "bus", 0) == bus && strlen(p) == (size_t)(dot - port) && strncmp(p, port, strlen(p)) == 0)
                hub = h;
        }
        if (!hub)
            return doc_bad(d, "there is no hub at port %.*s in USB address bus: %u port: %s", (int)(dot - port), port, bus, port);
    }
    if (!last || last > n)
        return doc_bad(d, "requested USB port %s not present on USB bus %u", port, bus);
    for (const struct tree *o = t->next; o; o = o->next)
        if (o->name && strcmp(o->name, "console") != 0 && has_port(o) && doc_is(tree_first(o, "address"), "port", port) && doc_uint(tree_first(o, "address"), "bus", 0) == bus)
            return doc_bad(d, "Duplicate USB address bus %u port %s", bus, port);
    return 0;
}

int address_usb(struct doc *d)
{
    unsigned ports = 0, devices = 0;
    if (doc_count(d->devices, "hub") > 128)
        return doc_bad(d, "more than 128 USB hubs");
    for (const struct tree *t = d->devices->child; t; t = t->next)
        if (t->name && usb_given(d, t))
            return -1;
    TREE_EACH(c, d->devices, "controller")
        if (doc_is(c, "type", "usb") && !doc_is(c, "model", "none") && !doc_in(tree_attr(c, "model"), "ich9-uhci1 ich9-uhci2 ich9-uhci3"))
            ports += root_ports(c);
    bool off = false;
    TREE_EACH(c, d->devices, "controller")
        off |= doc_is(c, "type", "usb") && doc_is(c, "model", "none");
    if (!ports && off)
        for (unsigned k = 0; k < ARRAY_N(usb_kinds); k++)
            TREE_EACH(t, d->devices, usb_kinds[k])
                if (usb_device(t, usb_kinds[k]))
                    return strcmp(usb_kinds[k], "hostdev") == 0 ? doc_unsupported(d, VIR_FROM_DOMAIN, "Can't add host USB device: USB is disabled in this host") :
                        doc_unsupported(d, VIR_FROM_QEMU, "USB is disabled for this domain, but USB devices are present in the domain XML");
    if (!ports)
        return 0;
    for (unsigned k = 0; k < ARRAY_N(usb_kinds); k++)
        TREE_EACH(t, d->devices, usb_kinds[k])
            if (usb_device(t, usb_kinds[k])) {
                ports += k == 0 ? HUB_PORTS : 0;
                devices++;
            }
    for (unsigned n = devices > ports && !(d->env->flags & DOC_PLUG) ? (devices - ports + 1 + HUB_PORTS - 2) / (HUB_PORTS - 1) : 0; n; n--)      /* hubs for the rest */
        tree_set_attr(doc_add_device(d, "hub"), "type", "usb");
    for (unsigned k = 0; k < ARRAY_N(usb_kinds); k++)
        TREE_EACH(t, d->devices, usb_kinds[k])
            if (usb_device(t, usb_kinds[k]) && usb_assign(d, t))
                return -1;
    return 0;
}
