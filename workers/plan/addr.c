/* addr.c: names of devices and buses, addresses, boot order, and what all virtio devices have in common. */
#include "priv.h"
#include <stdio.h>
#include <string.h>
#include "ipc/layout.h"

const char *pl_alias(struct ctx *c, const struct tree *el)
{
    const char *s = tree_path_attr(el, "alias", "name");
    if (!s) {
        pl_internal(c, "element <%s> has no alias", el->name);
        return "";
    }
    return s;
}

const struct tree *pl_controller_el(struct ctx *c, const char *type, unsigned long long index)
{
    unsigned long long n;
    TREE_EACH(el, c->devices, "controller") {
        /* companions of a USB controller share its index; the master is the one that has the bus */
        if (tree_attr_is(el, "type", type) && pl_num(c, el, NULL, "index", &n) == 0 && n == index && !tree_get(el, "master"))
            return el;
    }
    return NULL;
}

const char *pl_controller(struct ctx *c, const char *type, unsigned long long index)
{
    const struct tree *el = pl_controller_el(c, type, index);
    const char *machine = tree_path_attr(c->in->dom, "os/type", "machine");
    if (!el) {
        pl_fail(c, "there is no controller of type '%s' with index %llu", type, index);
        return "";
    }
    /* the board's own have the board's names, whatever the document calls them */
    if (index == 0 && pl_is(type, "pci"))
        return tree_attr_is(el, "model", "pcie-root") ? "pcie.0" : "pci.0";
    if (index == 0 && machine && pl_is(type, strstr(machine, "q35") ? "sata" : "ide"))
        return "ide";
    return pl_alias(c, el);
}

static void addr_pci(struct ctx *c, const struct tree *a, json_t *o)
{
    unsigned long long bus = pl_num_or(c, a, NULL, "bus", 0), slot = pl_num_or(c, a, NULL, "slot", 0), fn = pl_num_or(c, a, NULL, "function", 0);
    if (pl_num_or(c, a, NULL, "domain", 0)) {
        pl_fail(c, "only PCI device addresses with domain 0 are supported");
        return;
    }
    pl_setf(c, o, "bus", "%s", pl_controller(c, "pci", bus));
    int multi = pl_tri(a, NULL, "multifunction");
    if (multi >= 0)
        pl_set_bool(o, "multifunction", multi);
    if (fn)
        pl_setf(c, o, "addr", "0x%llx.0x%llx", slot, fn);
    else
        pl_setf(c, o, "addr", "0x%llx", slot);
    unsigned long long n;
    if (pl_num(c, a->parent, "acpi", "index", &n) == 0)
        pl_set_int(o, "acpi-index", (long long)n);
}

static void addr_usb(struct ctx *c, const struct tree *a, json_t *o)
{
    pl_setf(c, o, "bus", "%s.0", pl_controller(c, "usb", pl_num_or(c, a, NULL, "bus", 0)));
    pl_set(o, "port", tree_attr(a, "port"));
}

static void addr_serial(struct ctx *c, const struct tree *a, json_t *o)
{
    unsigned long long ctrl = pl_num_or(c, a, NULL, "controller", 0);
    pl_setf(c, o, "bus", "%s.%llu", pl_controller(c, "virtio-serial", ctrl), pl_num_or(c, a, NULL, "bus", 0));
    pl_set_int(o, "nr", (long long)pl_num_or(c, a, NULL, "port", 0));
}

static void addr_ccid(struct ctx *c, const struct tree *a, json_t *o)
{
    pl_setf(c, o, "bus", "%s.0", pl_controller(c, "ccid", pl_num_or(c, a, NULL, "controller", 0)));
}

static void addr_isa(struct ctx *c, const struct tree *a, json_t *o)
{
    static const struct prop t[] = { P_INT("iobase", NULL, "iobase"), P_INT("irq", NULL, "irq"), P_END };
    pl_fill(c, a, t, o);
}

static void addr_dimm(struct ctx *c, const struct tree *a, json_t *o)
{
    static const struct prop t[] = { P_INT("slot", NULL, "slot"), P_INT("addr", NULL, "base"), P_END };
    pl_fill(c, a, t, o);
}

static void addr_spapr(struct ctx *c, const struct tree *a, json_t *o)
{
    static const struct prop t[] = { P_INT("reg", NULL, "reg"), P_END };
    pl_fill(c, a, t, o);
}

static void addr_ccw(struct ctx *c, const struct tree *a, json_t *o)
{
    pl_setf(c, o, "devno", "%llx.%llx.%04llx", pl_num_or(c, a, NULL, "cssid", 0), pl_num_or(c, a, NULL, "ssid", 0), pl_num_or(c, a, NULL, "devno", 0));
}

static void addr_none(struct ctx *c, const struct tree *a, json_t *o)
{
    (void)c, (void)a, (void)o;
}

void pl_address(struct ctx *c, const struct tree *el, json_t *o)
{
    static const struct { const char *type; prop_fn *fn; } types[] = {
        { "pci", addr_pci }, { "usb", addr_usb }, { "virtio-serial", addr_serial }, { "ccid", addr_ccid }, { "isa", addr_isa },
        { "dimm", addr_dimm }, { "spapr-vio", addr_spapr }, { "ccw", addr_ccw }, { "virtio-mmio", addr_none }, { "unassigned", addr_none },
        { NULL, NULL } };
    const struct tree *a = tree_get(el, "address");
    if (!a)
        return;
    const char *type = tree_attr(a, "type");
    for (size_t i = 0; types[i].type; i++)
        if (pl_is(type, types[i].type)) {
            types[i].fn(c, a, o);
            return;
        }
    pl_fail(c, "address of type '%s' in element <%s> is not supported", type ? type : "", el->name);
}

void pl_virtio(struct ctx *c, const struct tree *el, const char *base, const char *model, json_t *o)
{
    static const struct map bus[] = { { "pci", "-pci" }, { "ccw", "-ccw" }, { "virtio-mmio", "-device" }, { NULL, NULL } };
    static const struct prop common[] = { P_BOOL("iommu_platform", "driver", "iommu"), P_BOOL("ats", "driver", "ats"),
        P_BOOL("packed", "driver", "packed"), P_BOOL("page-per-vq", "driver", "page_per_vq"), P_END };
    bool known;
    const char *suffix = pl_map(bus, tree_path_attr(el, "address", "type"), &known);
    /* "virtio-transitional" and "virtio-non-transitional" name another QEMU device */
    const char *kind = pl_is(model, "virtio-transitional") ? "-transitional" : pl_is(model, "virtio-non-transitional") ? "-non-transitional" : "";
    if (!known) {
        pl_fail(c, "virtio device <%s> needs an address of type 'pci'", el->name);
        return;
    }
    pl_setf(c, o, "driver", "%s%s%s", base, suffix, kind);
    if (pl_run(c) || !pl_is(el->name, "interface"))
        pl_fill(c, el, common, o);
}

void pl_rom(struct ctx *c, const struct tree *el, json_t *o)
{
    char buf[32];
    const struct tree *rom = tree_get(el, "rom");
    if (!rom)
        return;
    int bar = pl_tri(rom, NULL, "bar");
    if (pl_tri(rom, NULL, "enabled") == 0) {
        pl_set(o, "romfile", "");
        return;
    }
    if (bar >= 0)
        pl_set_int(o, "rombar", bar);
    if (tree_attr(rom, "file"))
        pl_set(o, "romfile", pl_file(c, rom, tree_attr(rom, "file"), buf));
}

void pl_boot_begin(struct ctx *c)
{
    static const struct map kinds[] = { { "hd", "0" }, { "cdrom", "1" }, { "fd", "2" }, { "network", "3" }, { NULL, NULL } };
    const struct tree *os = tree_get(c->in->dom, "os");
    unsigned n = 0;
    TREE_EACH(b, os, "boot") {
        bool known;
        const char *k = pl_map(kinds, tree_attr(b, "dev"), &known);
        n++;
        if (known && !c->boot[k[0] - '0'])
            c->boot[k[0] - '0'] = n;
    }
}

unsigned pl_bootindex(struct ctx *c, const struct tree *el, enum boot_kind kind)
{
    unsigned long long n;
    if (pl_num(c, el, "boot", "order", &n) == 0)
        return n <= 0x7fffffff ? (unsigned)n : 0;
    unsigned k = c->boot[kind];
    c->boot[kind] = 0;
    return k;
}

const char *pl_short_name(struct ctx *c)
{
    const char *s = tree_text(c->in->dom, "name");
    if (!c->short_name[0] && s)
        snprintf(c->short_name, sizeof c->short_name, "%.*s", (int)short_name_bytes(s), s);
    return c->short_name;
}

const char *pl_lib_dir(struct ctx *c)
{
    return c->in->lib_dir ? c->in->lib_dir : "/var/lib/libvirt/qemu";
}
