/* dev_controller.c: <controller>, one table a type. */
#include "priv.h"
#include <stdio.h>
#include <string.h>

static void bus_alias(struct ctx *c, const struct tree *el, json_t *o)
{
    pl_setf(c, o, "id", "%s", pl_alias(c, el));
}

/* ---- usb ---- */
static void usb_id(struct ctx *c, const struct tree *el, json_t *o)
{
    const struct tree *m = tree_get(el, "master");
    unsigned long long port;
    if (!m) {
        bus_alias(c, el, o);
        return;
    }
    pl_setf(c, o, "masterbus", "%s.0", pl_alias(c, el));
    if (pl_num(c, m, NULL, "startport", &port) == 0)
        pl_set_int(o, "firstport", (long long)port);
}

static void usb(struct ctx *c, const struct tree *el)
{
    static const struct map drivers[] = { { "piix3-uhci", "piix3-usb-uhci" }, { "piix4-uhci", "piix4-usb-uhci" }, { "ehci", "usb-ehci" },
        { "ich9-ehci1", "ich9-usb-ehci1" }, { "ich9-uhci1", "ich9-usb-uhci1" }, { "ich9-uhci2", "ich9-usb-uhci2" }, { "ich9-uhci3", "ich9-usb-uhci3" },
        { "vt82c686b-uhci", "vt82c686b-usb-uhci" }, { "pci-ohci", "pci-ohci" }, { "nec-xhci", "nec-usb-xhci" }, { "qemu-xhci", "qemu-xhci" },
        { NULL, NULL } };
    static const struct prop t[] = { P_MAP("driver", NULL, "model", drivers), P_INT("p2", NULL, "ports"), P_INT("p3", NULL, "ports"), P_FN(usb_id),
        P_FN(pl_address), P_END };
    if (tree_attr_is(el, "model", "vt82c686b-uhci") && c->in->caps && !caps_has_device(c->in->caps, "vt82c686b-usb-uhci"))
        pl_fail(c, "USB controller model '%s' not supported in this QEMU binary", tree_attr(el, "model"));
    else if (tree_attr(el, "ports") && !strstr(tree_attr(el, "model"), "xhci"))
        pl_fail(c, "usb controller type '%s' doesn't support 'ports' with this QEMU binary", tree_attr(el, "model"));
    else if (!tree_attr_is(el, "model", "none"))
        pl_emit(c, PLAN_DEVICE, el, t);
}

/* ---- scsi ---- */
static void scsi_virtio(struct ctx *c, const struct tree *el, json_t *o)
{
    static const struct prop t[] = { P_INT("num_queues", "driver", "queues"), P_INT("cmd_per_lun", "driver", "cmd_per_lun"),
        P_INT("max_sectors", "driver", "max_sectors"), P_BOOL("ioeventfd", "driver", "ioeventfd"), P_END };
    unsigned long long n;
    pl_virtio(c, el, "virtio-scsi", tree_attr(el, "model"), o);
    if (pl_num(c, el, "driver", "iothread", &n) == 0)
        pl_setf(c, o, "iothread", "iothread%llu", n);
    bus_alias(c, el, o);
    pl_fill(c, el, t, o);
}

static void scsi(struct ctx *c, const struct tree *el)
{
    static const struct map drivers[] = { { "lsilogic", "lsi" }, { "lsisas1068", "mptsas1068" }, { "lsisas1078", "megasas" }, { "vmpvscsi", "pvscsi" },
        { "ibmvscsi", "spapr-vscsi" }, { "am53c974", "am53c974" }, { "dc390", "dc-390" }, { NULL, NULL } };
    const char *model = tree_attr(el, "model");
    bool known;
    const char *driver = pl_map(drivers, model, &known);
    json_t *o;
    if (!known && (!model || strncmp(model, "virtio-", 7) != 0)) {
        pl_refuse(c, el, "model");
        return;
    }
    o = pl_item(c, PLAN_DEVICE);
    if (known) {
        pl_set(o, "driver", driver);
        bus_alias(c, el, o);
    } else {
        scsi_virtio(c, el, o);
    }
    pl_address(c, el, o);
}

/* ---- ide, sata, fdc ---- */
static bool machine_has(struct ctx *c, const char *part)
{
    const char *m = tree_path_attr(c->in->dom, "os/type", "machine");
    return m && (strstr(m, part) || pl_is(m, part));
}

static void ide(struct ctx *c, const struct tree *el)
{
    /* the board has one; QEMU has no other kind to add */
    if (pl_num_or(c, el, NULL, "index", 0) != 0 || machine_has(c, "q35"))
        pl_fail(c, machine_has(c, "q35") ? "IDE controllers are unsupported for this QEMU binary or machine type" : "Only a single IDE controller is supported for this machine type");
}

static void sata(struct ctx *c, const struct tree *el)
{
    static const struct prop t[] = { P_CONST("driver", "ahci"), P_ID("id"), P_FN(pl_address), P_END };
    if (machine_has(c, "q35") && pl_num_or(c, el, NULL, "index", 0) == 0)
        return;
    pl_emit(c, PLAN_DEVICE, el, t);
}

static void fdc(struct ctx *c, const struct tree *el)
{
    (void)c, (void)el;      /* the board's own, or pl_floppies makes it */
}

/* ---- virtio-serial, ccid ---- */
static void virtio_serial(struct ctx *c, const struct tree *el)
{
    static const struct prop t[] = { P_ID("id"), P_INT("max_ports", NULL, "ports"), P_INT("vectors", NULL, "vectors"), P_FN(pl_address), P_END };
    json_t *o = pl_item(c, PLAN_DEVICE);
    pl_virtio(c, el, "virtio-serial", tree_attr(el, "model"), o);
    pl_fill(c, el, t, o);
}

static void ccid(struct ctx *c, const struct tree *el)
{
    static const struct prop t[] = { P_CONST("driver", "usb-ccid"), P_ID("id"), P_FN(pl_address), P_END };
    pl_emit(c, PLAN_DEVICE, el, t);
}

/* ---- pci ---- */
static void numa_node(struct ctx *c, const struct tree *el, json_t *o)
{
    unsigned long long n;
    if (tree_get(el, "target/node") && pl_num(c, el, "target/node", NULL, &n) == 0)
        pl_set_int(o, "numa_node", (long long)n);
}

static const struct prop pci_bridge[] = { P_INT("chassis_nr", "target", "chassisNr"), P_ID("id"), P_END };
static const struct prop pci_plain[] = { P_ID("id"), P_END };
static const struct prop pci_pxb[] = { P_INT("bus_nr", "target", "busNr"), P_ID("id"), P_FN(numa_node), P_END };
static const struct prop pci_root_port[] = { P_INT("port", "target", "port"), P_INT("chassis", "target", "chassis"), P_ID("id"),
    P_BOOL("hotplug", "target", "hotplug"), P_END };
static const struct prop pci_phb[] = { P_INT("index", "target", "index"), P_ID("id"), P_FN(numa_node), P_END };

static const struct { const char *model, *name; const char *driver; const struct prop *t; } pci_models[] = {
    { "pci-bridge", "pci-bridge", "pci-bridge", pci_bridge },
    { "pci-expander-bus", "pxb", "pxb", pci_pxb },
    { "pcie-expander-bus", "pxb-pcie", "pxb-pcie", pci_pxb },
    { "dmi-to-pci-bridge", "i82801b11-bridge", "i82801b11-bridge", pci_plain },
    { "pcie-to-pci-bridge", "pcie-pci-bridge", "pcie-pci-bridge", pci_plain },
    { "pcie-root-port", "pcie-root-port", "pcie-root-port", pci_root_port },
    { "pcie-root-port", "ioh3420", "ioh3420", pci_root_port },
    { "pcie-switch-upstream-port", "x3130-upstream", "x3130-upstream", pci_plain },
    { "pcie-switch-downstream-port", "xio3130-downstream", "xio3130-downstream", pci_root_port },
    { "pci-root", "spapr-pci-host-bridge", "spapr-pci-host-bridge", pci_phb },
    { NULL, NULL, NULL, NULL },
};

static void pci(struct ctx *c, const struct tree *el)
{
    const char *model = tree_attr(el, "model"), *name = tree_path_attr(el, "model", "name");
    if (pl_num_or(c, el, NULL, "index", 0) == 0)
        return;      /* the board's own bus */
    for (unsigned i = 0; pci_models[i].model; i++)
        if (pl_is(model, pci_models[i].model) && (!name || pl_is(name, pci_models[i].name))) {
            json_t *o = pl_item(c, PLAN_DEVICE);
            pl_set(o, "driver", pci_models[i].driver);
            pl_fill(c, el, pci_models[i].t, o);
            pl_address(c, el, o);
            return;
        }
    pl_refuse(c, el, "model");
}

/* In the order of the command line: buses before what sits on them. */
static const struct { const char *type; dev_fn *fn; } types[] = {
    { "pci", pci }, { "usb", usb }, { "scsi", scsi }, { "ide", ide }, { "sata", sata }, { "virtio-serial", virtio_serial }, { "ccid", ccid }, { "fdc", fdc },
    { NULL, NULL },
};

void pl_ctrl(struct ctx *c, const struct tree *el)
{
    for (unsigned i = 0; types[i].type; i++)
        if (tree_attr_is(el, "type", types[i].type)) {
            types[i].fn(c, el);
            return;
        }
    pl_refuse(c, el, "type");
}

void pl_controllers(struct ctx *c)
{
    for (unsigned i = 0; types[i].type; i++)
        TREE_EACH(el, c->devices, "controller")
            if (tree_attr_is(el, "type", types[i].type))
                types[i].fn(c, el);
    TREE_EACH(el, c->devices, "controller") {
        unsigned i;
        for (i = 0; types[i].type && !tree_attr_is(el, "type", types[i].type); i++)
            ;
        if (!types[i].type)
            pl_refuse(c, el, "type");
    }
}

void pl_global_controllers(struct ctx *c)
{
    TREE_EACH(el, c->devices, "controller") {
        int hotplug = pl_tri(el, "target", "hotplug");
        if (tree_attr_is(el, "model", "pci-root") && pl_num_or(c, el, NULL, "index", 0) == 0 && hotplug >= 0)
            pl_words(c, "-global", "PIIX4_PM.acpi-root-pci-hotplug=%s", hotplug ? "on" : "off");
        const struct tree *hole = tree_get(el, "pcihole64");
        if (hole)
            pl_words(c, "-global", "%s.pci-hole64-size=%lluK", tree_attr_is(el, "model", "pcie-root") ? "q35-pcihost" : "i440FX-pcihost",
                     pl_size(c, el, "pcihole64") / 1024);
    }
}
