/* pci.c: which slots are taken, and where the next device goes. A dry pass finds how many buses are needed; then the controllers for
 * them are added, and everything is placed for good. */
#include "workers/xmlc/pci.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/util.h"

static int none_left(struct pci_set *s)
{
    return err_set(s->d->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DOMAIN, "No more available PCI slots");
}

static bool fits(const struct pci_bus *b, unsigned flags)
{
    return (b->flags & flags & PCI_TYPES) && !((flags & (PCI_HOTPLUG | PCI_AUTO)) & ~b->flags);
}

static const struct { unsigned flag; const char *name; } kinds[] = {
    {PCI_BRIDGE, "pci-bridge"}, {PCIE_ROOT_PORT, "pcie-root-port"}, {PCIE_UPSTREAM, "pcie-switch-upstream-port"}, {PCIE_DOWNSTREAM, "pcie-switch-downstream-port"},
    {PCI_DMI_BRIDGE, "dmi-to-pci-bridge"}, {PCI_TO_BRIDGE, "pcie-to-pci-bridge"}, {PCI_EXPANDER, "pci-expander-bus"}, {PCIE_EXPANDER, "pcie-expander-bus"},
};

/* One more bus that takes a device of these flags; *bus is where the device can go. Only while counting. */
static int grow(struct pci_set *s, unsigned flags, unsigned upto)
{
    bool pcie = s->n && strcmp(s->bus[0].model, "pcie-root") == 0;
    const char *model = NULL;
    if (flags & (PCI_DEVICE | PCI_BRIDGE)) {
        model = pcie ? "pcie-to-pci-bridge" : "pci-bridge";
        for (unsigned i = 0; i < s->n; i++)     /* where there is a place for one, a bridge of the old kind will do */
            if (s->bus[i].flags & PCI_BRIDGE)
                model = "pci-bridge";
    }
    else if (pcie && (flags & (PCIE_DEVICE | PCIE_UPSTREAM | PCI_TO_BRIDGE)))
        model = "pcie-root-port";
    if (!model) {
        for (unsigned i = 0; i < ARRAY_N(kinds); i++)
            if (flags & kinds[i].flag)
                return err_set(s->d->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DOMAIN,
                    "a PCI slot is needed to connect a PCI controller model='%s', but none is available, and it cannot be automatically added", kinds[i].name);
        return none_left(s);
    }
    if (strcmp(model, "pcie-to-pci-bridge") == 0 && s->n < PCI_BUSES_MAX)     /* it comes with a port to sit on */
        pci_bus_model(&s->bus[s->n++], "pcie-root-port");
    do {
        if (s->n >= PCI_BUSES_MAX)
            return none_left(s);
        pci_bus_model(&s->bus[s->n++], model);
    } while (s->n <= upto);
    return 0;
}

int pci_reserve(struct pci_set *s, const struct pci_addr *a, unsigned flags, bool from_config)
{
    struct err *e = s->d->e;
    if (a->domain)
        return err_set(e, VIR_ERR_XML_ERROR, VIR_FROM_DOMAIN, "Invalid PCI address %04x:%02x:%02x.%x. Only PCI domain 0 is available", a->domain, a->bus, a->slot, a->function);
    if (a->bus >= s->n && s->dry && a->bus < PCI_BUSES_MAX && grow(s, flags, a->bus))
        return -1;
    if (a->bus >= s->n)
        return err_set(e, VIR_ERR_XML_ERROR, VIR_FROM_DOMAIN, "Invalid PCI address %04x:%02x:%02x.%x. Only PCI buses up to %u are available",
            a->domain, a->bus, a->slot, a->function, s->n - 1);
    struct pci_bus *b = &s->bus[a->bus];
    if (from_config && !(b->flags & flags & PCI_TYPES) && !((flags & (PCI_DEVICE | PCIE_DEVICE)) && (b->flags & (PCI_DEVICE | PCIE_DEVICE))))
        return err_set(e, VIR_ERR_XML_ERROR, VIR_FROM_DOMAIN, "The device at PCI address %04x:%02x:%02x.%x cannot be plugged into the PCI controller with index='%u'.",
            a->domain, a->bus, a->slot, a->function, a->bus);
    if (a->slot < b->min)
        return err_set(e, VIR_ERR_XML_ERROR, VIR_FROM_DOMAIN, "Invalid PCI address %04x:%02x:%02x.%x. slot must be >= %u", a->domain, a->bus, a->slot, a->function, b->min);
    if (a->slot > b->max)
        return err_set(e, VIR_ERR_XML_ERROR, VIR_FROM_DOMAIN, "Invalid PCI address %04x:%02x:%02x.%x. slot must be <= %u", a->domain, a->bus, a->slot, a->function, b->max);
    if (b->used[a->slot] & (1u << a->function))
        return err_set(e, VIR_ERR_XML_ERROR, VIR_FROM_DOMAIN, "Attempted double use of PCI Address %04x:%02x:%02x.%x", a->domain, a->bus, a->slot, a->function);
    if (!b->used[a->slot] && (flags & PCI_AGGREGATE))
        b->aggregate[a->slot] = true;
    b->used[a->slot] |= (uint8_t)(1u << a->function);
    return 0;
}

bool pci_slot_used(const struct pci_set *s, unsigned bus, unsigned slot)
{
    return bus < s->n && s->bus[bus].used[slot];
}

static bool find_on(const struct pci_bus *b, unsigned flags, int function, struct pci_addr *a)
{
    for (unsigned slot = b->min; slot <= b->max; slot++) {
        unsigned first = function < 0 ? 0 : (unsigned)function, last = function < 0 ? 7 : first;
        if (b->used[slot] && !((flags & PCI_AGGREGATE) && b->aggregate[slot]))
            continue;
        for (unsigned f = first; f <= last; f++)
            if (!(b->used[slot] & (1u << f))) {
                a->slot = slot;
                a->function = f;
                return true;
            }
    }
    return false;
}

static int pci_next(struct pci_set *s, unsigned flags, int function, struct pci_addr *a)
{
    memset(a, 0, sizeof *a);
    flags |= PCI_AUTO;
    if (!s->n)
        return err_set(s->d->e, VIR_ERR_XML_ERROR, VIR_FROM_DOMAIN, "No PCI buses available");
    for (a->bus = 0; a->bus < s->n; a->bus++)
        if (fits(&s->bus[a->bus], flags) && find_on(&s->bus[a->bus], flags, function, a))
            return pci_reserve(s, a, flags, false);
    if (!s->dry)
        return none_left(s);
    if (grow(s, flags, 0))
        return -1;
    a->bus = s->n - 1;
    a->slot = s->bus[a->bus].min;
    a->function = function < 0 ? 0 : (unsigned)function;
    return pci_reserve(s, a, flags, false);
}

int pci_place(struct pci_set *s, struct tree *t, unsigned flags)
{
    struct pci_addr a;
    if (pci_next(s, flags, flags & PCI_AGGREGATE ? -1 : 0, &a))
        return -1;
    if (!s->dry)
        pci_write(t, &a);
    return 0;
}

/* ---- the passes ---- */

static int collect(struct pci_set *s)
{
    for (struct tree *t = s->d->devices->child; t; t = t->next) {
        struct pci_addr a;
        unsigned flags;
        if (!t->name || !pci_given(t, &a) || !(flags = pci_device_flags(s->d, t)))
            continue;
        pci_write(t, &a);
        if (s->d->pc && a.bus == 0 && a.slot == 1 && doc_in(tree_attr(t, "type"), "ide usb") && strcmp(t->name, "controller") == 0 && (a.function == 1 || a.function == 2))
            continue;       /* functions of the chipset: seen to there */
        if (s->d->q35 && a.bus == 0 && a.slot == 0x1f && doc_is(t, "type", "sata"))
            continue;
        if (pci_reserve(s, &a, flags, true))
            return -1;
    }
    return 0;
}

static bool is_usb2(const struct tree *c) { return doc_in(tree_attr(c, "model"), "ich9-ehci1 ich9-uhci1 ich9-uhci2 ich9-uhci3"); }

/* The controllers of one USB 2 bus share a slot. */
static int place_usb2(struct pci_set *s, struct tree *c)
{
    static const struct { const char *model; unsigned function; } of[] = {{"ich9-ehci1", 7}, {"ich9-uhci1", 0}, {"ich9-uhci2", 1}, {"ich9-uhci3", 2}};
    struct pci_addr a = {0, 0, 0, 0};
    unsigned function = 0, i;
    bool found = false;
    for (i = 0; i < ARRAY_N(of); i++)
        if (doc_is(c, "model", of[i].model))
            function = of[i].function;
    TREE_EACH(o, s->d->devices, "controller")
        if (!found && doc_is(o, "type", "usb") && is_usb2(o) && doc_uint(o, "index", 0) == doc_uint(c, "index", 0) && pci_given(o, &a))
            found = true;
    a.function = function;
    if (found ? pci_reserve(s, &a, PCI_DEVICE, false) : pci_next(s, PCI_DEVICE | PCI_HOTPLUG, (int)function, &a))
        return -1;
    pci_write(c, &a);
    if (!function)
        tree_set_attr(tree_first(c, "address"), "multifunction", "on");
    return 0;
}

static int place_controllers(struct pci_set *s)
{
    TREE_EACH(c, s->d->devices, "controller") {
        unsigned flags = pci_device_flags(s->d, c);
        if (!flags || !pci_wanted(c) || doc_is(c, "type", "pci"))
            continue;
        if (doc_is(c, "type", "usb") && is_usb2(c) ? place_usb2(s, c) : pci_place(s, c, flags))
            return -1;
    }
    return 0;
}

/* hostdev: interfaces of that type come with the other host devices. */
static int place_all(struct pci_set *s, const char *kind, bool hostdev)
{
    TREE_EACH(t, s->d->devices, kind) {
        unsigned flags = pci_device_flags(s->d, t);
        if (strcmp(kind, "interface") == 0 && doc_is(t, "type", "hostdev") != hostdev)
            continue;
        if (flags && pci_wanted(t) && pci_place(s, t, flags))
            return -1;
    }
    return 0;
}

/* Devices get their places in this order. "" stands for the controllers that are not bridges. */
static const char *const order[] = {"filesystem", "interface", "sound", "", "disk", "hostdev", "memballoon", "rng", "watchdog", "video", "shmem",
    "input", "serial", "panic", "iommu", "vsock", "memory"};

static int assign(struct pci_set *s)
{
    TREE_EACH(c, s->d->devices, "controller")
        if (doc_is(c, "type", "pci") && doc_uint(c, "index", 0) && pci_wanted(c) && pci_place(s, c, pci_device_flags(s->d, c)))
            return -1;
    for (unsigned i = 0; i < ARRAY_N(order); i++)
        if ((strcmp(order[i], "hostdev") == 0 && place_all(s, "interface", true)) || (*order[i] ? place_all(s, order[i], false) : place_controllers(s)))
            return -1;
    return 0;
}

static int create(struct pci_set *s, struct doc *d, unsigned n, bool dry)
{
    memset(s, 0, sizeof *s);
    s->d = d;
    s->dry = dry;
    s->n = n;
    for (unsigned i = 0; i < n; i++) {
        const struct tree *c = doc_find_controller(d, "pci", i);
        /* an index that is not there will be filled up */
        pci_bus_model(&s->bus[i], c ? tree_attr(c, "model") : d->q35 ? "pcie-root-port" : "pci-bridge");
    }
    return collect(s) || pci_chipset(s) ? -1 : 0;
}

/* What a bridge tells about itself. */
static void targets(struct doc *d, struct tree *c)
{
    static const struct { const char *controller, *model; } names[] = {
        {"pci-bridge", "pci-bridge"}, {"dmi-to-pci-bridge", "i82801b11-bridge"}, {"pcie-to-pci-bridge", "pcie-pci-bridge"}, {"pcie-root-port", "pcie-root-port"},
        {"pcie-switch-upstream-port", "x3130-upstream"}, {"pcie-switch-downstream-port", "xio3130-downstream"}, {"pci-expander-bus", "pxb"},
        {"pcie-expander-bus", "pxb-pcie"},
    };
    const char *model = tree_attr(c, "model");
    unsigned index = doc_uint(c, "index", 0), n = 256;
    struct pci_addr a;
    for (unsigned i = 0; i < ARRAY_N(names); i++)
        if (strcmp(model, names[i].controller) == 0 && !tree_first(c, "model"))
            tree_set_attr(tree_make(c, "model"), "name", "%s", names[i].model);
    if (strcmp(model, "pci-bridge") == 0)
        doc_default(tree_make(c, "target"), "chassisNr", ""), n = 0;
    if (!n && !*tree_path_attr(c, "target", "chassisNr"))
        tree_set_attr(tree_first(c, "target"), "chassisNr", "%u", index);
    if (doc_in(model, "pcie-root-port pcie-switch-downstream-port")) {
        struct tree *t = tree_make(c, "target");
        if (!tree_attr(t, "chassis"))
            tree_set_attr(t, "chassis", "%u", index);
        if (!tree_attr(t, "port") && pci_given(c, &a))
            tree_set_attr(t, "port", "0x%x", strcmp(model, "pcie-root-port") == 0 ? a.slot << 3 | a.function : a.slot);
    }
    if (doc_in(model, "pci-expander-bus pcie-expander-bus") && !tree_attr(tree_make(c, "target"), "busNr")) {
        TREE_EACH(o, d->devices, "controller") {
            unsigned b = doc_uint(tree_first(o, "target"), "busNr", 256);
            n = b < n ? b : n;
        }
        tree_set_attr(tree_first(c, "target"), "busNr", "%u", n - 2);
    }
}

/* Function 0 of a slot with several functions says so. */
static void multifunction(struct pci_set *s)
{
    for (struct tree *t = s->d->devices->child; t; t = t->next) {
        struct pci_addr a;
        if (t->name && pci_given(t, &a) && pci_device_flags(s->d, t) && a.bus < s->n && a.function == 0 && (s->bus[a.bus].used[a.slot] & 0xfe))
            doc_default(tree_first(t, "address"), "multifunction", "on");
    }
}

/* The highest index of a controller that is there, in *top (-1: none). */
static int highest(struct doc *d, int *top)
{
    *top = -1;
    TREE_EACH(c, d->devices, "controller") {
        if (!doc_is(c, "type", "pci"))
            continue;
        unsigned i = doc_uint(c, "index", 0);
        if (i && doc_in(tree_attr(c, "model"), "pci-root pcie-root"))
            return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_QEMU, "pci-root and pcie-root controllers should have index 0");
        if (i >= PCI_BUSES_MAX)
            return doc_bad(d, "index of PCI controller is too large: %u", i);
        *top = (int)i > *top ? (int)i : *top;
        if (i == 0 && (d->pc || d->q35) && !doc_is(c, "model", d->pc ? "pci-root" : "pcie-root"))
            return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_QEMU, "The PCI controller with index='0' must be model='%s' for this machine type, but model='%s' was found instead",
                d->pc ? "pci-root" : "pcie-root", tree_attr(c, "model"));
    }
    return 0;
}

static bool is_full(const struct pci_set *s)
{
    for (unsigned i = 0; i < s->n; i++)
        for (unsigned k = s->bus[i].min; k <= s->bus[i].max; k++)
            if (!s->bus[i].used[k])
                return false;
    return true;
}

/* Places everything once, and one device more as libvirt does, so that s has the buses that there will be.  n: those that are there, up to top. */
static int dry_pass(struct pci_set *s, struct doc *d, int top, unsigned n)
{
    struct pci_addr a;
    if (create(s, d, n, true))
        return -1;
    if (s->n && d->pc && !is_full(s) && pci_next(s, PCI_DEVICE | PCI_HOTPLUG, 0, &a))
        return -1;
    if (assign(s))
        return -1;
    if (top <= 0 && s->n > n && d->q35 && pci_next(s, PCIE_DEVICE | PCI_HOTPLUG, 0, &a))
        return -1;
    for (unsigned i = 1; i < s->n; i++)
        if (!doc_find_controller(d, "pci", i)) {     /* the new controller takes a slot itself */
            unsigned flags = d->pc ? PCI_DEVICE | PCI_HOTPLUG : pci_controller_flags(s->bus[i].model);
            if (pci_next(s, flags, flags & PCI_AGGREGATE ? -1 : 0, &a))
                return -1;
        }
    return 0;
}

int address_pci(struct doc *d)
{
    AUTO_FREE struct pci_set *s = calloc(1, sizeof *s);
    int top;
    if (!s)
        return err_set(d->e, VIR_ERR_NO_MEMORY, VIR_FROM_DOMAIN, " ");
    if (highest(d, &top))
        return -1;
    unsigned n = (unsigned)(top + 1);
    if (d->env->flags & DOC_PLUG)       /* it has the buses that it was started with */
        return create(s, d, n, false) || assign(s) ? -1 : 0;
    AUTO_TREE *kept = tree_copy(d->devices);     /* the dry pass writes addresses that must not stay */
    if (dry_pass(s, d, top, n))
        return -1;
    unsigned buses = s->n;
    struct tree *devices = STEAL_PTR(&kept);
    tree_insert(d->t, devices, d->devices);
    tree_free(d->devices);
    d->devices = devices;
    for (unsigned i = 1; i < buses; i++)
        if (!doc_find_controller(d, "pci", i)) {
            struct tree *c = doc_add_controller(d, "pci", i, s->bus[i].model);
            if (strcmp(s->bus[i].model, "pci-bridge") == 0)
                targets(d, c);
        }
    if (create(s, d, buses, false) || assign(s))
        return -1;
    multifunction(s);
    TREE_EACH(c, d->devices, "controller")
        if (doc_is(c, "type", "pci"))
            targets(d, c);
    return 0;
}
