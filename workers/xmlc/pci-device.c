/* pci-device.c: which devices are on PCI, what kind of slot each wants, and the fixed places of the chipsets. */
#include <stdio.h>
#include <string.h>
#include "ipc/util.h"
#include "workers/xmlc/pci.h"

static const struct { const char *model; unsigned as_device, bus, min, max; } controllers[] = {
    {"pci-root", 0, PCI_DEVICE | PCI_BRIDGE | PCI_EXPANDER | PCI_HOTPLUG | PCI_AUTO, 1, 31},
    {"pcie-root", 0, PCIE_DEVICE | PCIE_ROOT_PORT | PCI_DMI_BRIDGE | PCIE_EXPANDER | PCI_AUTO, 1, 31},
    {"pci-bridge", PCI_BRIDGE, PCI_DEVICE | PCI_BRIDGE | PCI_HOTPLUG | PCI_AUTO, 1, 31},
    {"dmi-to-pci-bridge", PCI_DMI_BRIDGE, PCI_DEVICE | PCI_BRIDGE | PCI_AUTO, 0, 31},
    {"pcie-to-pci-bridge", PCI_TO_BRIDGE, PCI_DEVICE | PCI_BRIDGE | PCI_HOTPLUG | PCI_AUTO, 1, 31},
    {"pcie-root-port", PCIE_ROOT_PORT | PCI_AGGREGATE, PCIE_DEVICE | PCIE_UPSTREAM | PCI_TO_BRIDGE | PCI_HOTPLUG | PCI_AUTO, 0, 0},
    {"pcie-switch-upstream-port", PCIE_UPSTREAM, PCIE_DOWNSTREAM | PCI_AUTO, 0, 31},
    {"pcie-switch-downstream-port", PCIE_DOWNSTREAM, PCIE_DEVICE | PCIE_UPSTREAM | PCI_TO_BRIDGE | PCI_HOTPLUG | PCI_AUTO, 0, 0},
    {"pci-expander-bus", PCI_EXPANDER, PCI_DEVICE | PCI_BRIDGE, 0, 31},
    {"pcie-expander-bus", PCIE_EXPANDER, PCIE_ROOT_PORT | PCI_DMI_BRIDGE, 0, 31},
};

unsigned pci_controller_flags(const char *model)
{
    for (unsigned i = 0; i < ARRAY_N(controllers); i++)
        if (strcmp(model, controllers[i].model) == 0)
            return controllers[i].as_device;
    return 0;
}

void pci_bus_model(struct pci_bus *b, const char *model)
{
    memset(b, 0, sizeof *b);
    b->model = model;
    for (unsigned i = 0; i < ARRAY_N(controllers); i++)
        if (strcmp(model, controllers[i].model) == 0) {
            b->model = controllers[i].model;
            b->flags = controllers[i].bus;
            b->min = controllers[i].min;
            b->max = controllers[i].max;
        }
}

/* Devices by the value of one attribute. VIRTIO: PCI Express where the machine has it; so is a "non-transitional" one,
 * and a "transitional" one is plain PCI. First row that fits. */
enum { PLAIN = 1, EXPRESS, VIRTIO, FIXED /* on the root bus, for it is never unplugged */ };
static const struct { const char *element, *path, *attr, *values; int kind; } devices[] = {
    {"controller", "", "type", "sata", PLAIN},
    {"controller", "", "model", "piix3-uhci piix4-uhci ehci ich9-ehci1 ich9-uhci1 ich9-uhci2 ich9-uhci3 vt82c686b-uhci pci-ohci", PLAIN},
    {"controller", "", "model", "nec-xhci qemu-xhci", EXPRESS},
    {"controller", "", "model", "virtio-scsi", VIRTIO},
    {"controller", "", "model", "virtio-transitional virtio-non-transitional", VIRTIO},
    {"controller", "", "model", "buslogic lsilogic lsisas1068 vmpvscsi lsisas1078 dc390 am53c974", PLAIN},
    {"controller", "", "type", "virtio-serial", VIRTIO},
    {"controller", "", "type", "ide", PLAIN},
    {"filesystem", "", NULL, NULL, VIRTIO},
    {"interface", "model", "type", "virtio virtio-transitional virtio-non-transitional", VIRTIO},
    {"interface", "model", "type", "usb-net spapr-vlan", 0},
    {"interface", "model", "type", "netfront rtl8139 e1000 lan9118 vlance vmxnet vmxnet2 vmxnet3 Am79C970A Am79C973 82540EM 82545EM 82543GC", PLAIN},
    {"interface", "", NULL, NULL, EXPRESS},
    {"sound", "", "model", "ich6 ich9 ac97 es1370 ich7", PLAIN},
    {"disk", "target", "bus", "virtio", VIRTIO},
    {"hostdev", "", "type", "pci mdev", EXPRESS},
    {"hostdev", "", "type", "scsi_host", VIRTIO},
    {"memballoon", "", "model", "virtio virtio-transitional virtio-non-transitional", VIRTIO},
    {"rng", "", NULL, NULL, VIRTIO},
    {"watchdog", "", "model", "i6300esb", PLAIN},
    {"video", "model", "type", "virtio", VIRTIO},
    {"video", "model", "type", "vga cirrus vmvga qxl xen vbox", PLAIN},
    {"video", "model", "type", "bochs", EXPRESS},
    {"shmem", "", NULL, NULL, PLAIN},
    {"input", "", "bus", "virtio", VIRTIO},
    {"serial", "target", "type", "pci-serial", PLAIN},
    {"vsock", "", NULL, NULL, VIRTIO},
    {"memory", "", "model", "virtio-pmem virtio-mem", VIRTIO},
    {"iommu", "", "model", "virtio", FIXED},
};

unsigned pci_device_flags(const struct doc *d, const struct tree *t)
{
    bool pcie = d->q35;
    const char *model = tree_attr(t, "model");
    int kind = 0;
    if (strcmp(t->name, "controller") == 0 && doc_is(t, "type", "pci"))
        return pci_controller_flags(model);
    if (strcmp(t->name, "controller") == 0 && doc_is(t, "type", "ide") && (d->q35 || (!doc_uint(t, "index", 0) && d->pc)))
        return d->q35 ? 0 : PCI_DEVICE;     /* which can have none */
    for (unsigned i = 0; i < ARRAY_N(devices); i++) {
        if (strcmp(t->name, devices[i].element) != 0)
            continue;
        const char *v = devices[i].attr ? tree_attr(tree_get(t, devices[i].path), devices[i].attr) : NULL;
        if (!devices[i].attr || (v && doc_in(v, devices[i].values))) {
            kind = devices[i].kind;
            break;
        }
    }
    if (!kind)
        return 0;
    if (strcmp(t->name, "interface") == 0)
        model = tree_path_attr(t, "model", "type");
    if (kind == VIRTIO && model && strcmp(model, "virtio-transitional") == 0)
        kind = PLAIN;
    return (pcie && kind != PLAIN ? PCIE_DEVICE : PCI_DEVICE) | (kind == FIXED ? 0 : PCI_HOTPLUG);
}

bool pci_given(const struct tree *t, struct pci_addr *a)
{
    const struct tree *x = tree_first(t, "address");
    if (!doc_is(x, "type", "pci"))
        return false;
    a->domain = doc_uint(x, "domain", 0);
    a->bus = doc_uint(x, "bus", 0);
    a->slot = doc_uint(x, "slot", 0);
    a->function = doc_uint(x, "function", 0) & 7;
    return a->domain || a->bus || a->slot;
}

bool pci_wanted(const struct tree *t)
{
    struct pci_addr a;
    const char *type = doc_address_type(t);
    return (!*type || strcmp(type, "none") == 0 || strcmp(type, "pci") == 0) && !pci_given(t, &a);
}

void pci_write(struct tree *t, const struct pci_addr *a)
{
    const char *m = tree_path_attr(t, "address", "multifunction");
    AUTO_FREE char *multi = m ? strdup(m) : NULL;
    struct tree *x = doc_address(t, "pci");
    tree_set_attr(x, "domain", "0x%04x", a->domain);
    tree_set_attr(x, "bus", "0x%02x", a->bus);
    tree_set_attr(x, "slot", "0x%02x", a->slot);
    tree_set_attr(x, "function", "0x%x", a->function);
    if (multi)
        tree_set_attr(x, "multifunction", "%s", multi);
}

/* ---- chipsets ---- */

static int fixed(struct pci_set *s, struct tree *t, unsigned slot, unsigned function, const char *what)
{
    struct pci_addr a = {0, 0, slot, function}, b;
    if (t && pci_given(t, &b)) {
        if (b.domain || b.bus || b.slot != slot || b.function != function)
            return err_set(s->d->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "%s must have PCI address 0:0:%x.%x", what, slot, function);
    } else if (t) {
        pci_write(t, &a);
    }
    return pci_reserve(s, &a, PCI_DEVICE | PCIE_DEVICE, false);
}

/* The first display adapter has a place of its own, where nobody else took it. */
static int primary_video(struct pci_set *s, unsigned slot)
{
    struct tree *v = tree_first(s->d->devices, "video");
    struct pci_addr a = {0, 0, slot, 0};
    unsigned flags = v ? pci_device_flags(s->d, v) : 0;
    if (!v || !flags || !pci_wanted(v))
        return 0;
    if (pci_slot_used(s, 0, slot))
        return pci_place(s, v, flags);
    if (pci_reserve(s, &a, flags, false))
        return -1;
    pci_write(v, &a);
    return 0;
}

static int chipset_pc(struct pci_set *s)
{
    struct doc *d = s->d;
    struct pci_addr a = {0, 0, 1, 0};
    struct tree *ide = doc_find_controller(d, "ide", 0), *usb = doc_find_controller(d, "usb", 0);
    if (ide && fixed(s, ide, 1, 1, "Primary IDE controller"))
        return -1;
    if (usb && doc_in(tree_attr(usb, "model"), "piix3-uhci") && fixed(s, usb, 1, 2, "PIIX3 USB controller at index 0"))
        return -1;
    for (a.function = 0; s->n && a.function <= 3; a.function += 3)      /* ISA bridge, power management */
        if (pci_reserve(s, &a, PCI_DEVICE, false))
            return -1;
    return primary_video(s, 2);
}

static int chipset_q35(struct pci_set *s)
{
    struct doc *d = s->d;
    struct pci_addr a = {0, 0, 0x1f, 0};
    struct tree *sata = doc_find_controller(d, "sata", 0);
    if (sata && fixed(s, sata, 0x1f, 2, "Primary SATA controller"))
        return -1;
    TREE_EACH(c, d->devices, "controller") {
        if (doc_is(c, "type", "usb") && doc_is(c, "model", "ich9-uhci1") && pci_wanted(c)) {
            struct pci_addr u = {0, 0, 0x1d, 0};
            if (pci_slot_used(s, 0, 0x1d))
                u.slot = 0x1a;
            if (!pci_slot_used(s, 0, u.slot)) {
                if (pci_reserve(s, &u, PCI_DEVICE, false))
                    return -1;
                pci_write(c, &u);
                tree_set_attr(tree_first(c, "address"), "multifunction", "on");
            }
        }
        if (doc_is(c, "type", "pci") && doc_is(c, "model", "dmi-to-pci-bridge") && pci_wanted(c) && !pci_slot_used(s, 0, 0x1e)) {
            struct pci_addr b = {0, 0, 0x1e, 0};
            if (pci_reserve(s, &b, PCI_DMI_BRIDGE, false))
                return -1;
            pci_write(c, &b);
        }
    }
    if (s->n) {
        if (pci_reserve(s, &a, PCIE_DEVICE, false))
            return -1;
        a.function = 3;
        if (pci_reserve(s, &a, PCIE_DEVICE, false))
            return -1;
    }
    if (primary_video(s, 1))
        return -1;
    TREE_EACH(t, d->devices, "sound")
        if (doc_is(t, "model", "ich9") && pci_wanted(t)) {
            struct pci_addr b = {0, 0, 0x1b, 0};
            if (!pci_slot_used(s, 0, 0x1b)) {
                if (pci_reserve(s, &b, PCI_DEVICE, false))
                    return -1;
                pci_write(t, &b);
            }
            break;
        }
    return 0;
}

int pci_chipset(struct pci_set *s)
{
    return s->d->pc ? chipset_pc(s) : s->d->q35 ? chipset_q35(s) : 0;
}
