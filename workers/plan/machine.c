/* machine.c: -name, -machine, -accel, firmware. */
#include "source.h"
#include <stdio.h>
#include <string.h>
#include "ipc/util.h"

static bool kvm(struct ctx *c)
{
    return tree_attr_is(c->in->dom, "type", "kvm");
}

void pl_name(struct ctx *c)
{
    struct strbuf b = { NULL, 0, 0 };
    pl_cat(c, &b, "guest=");
    pl_cat_escaped(c, &b, tree_text(c->in->dom, "name") ? tree_text(c->in->dom, "name") : "");
    pl_cat(c, &b, ",debug-threads=on");
    pl_words_take(c, "-name", b.s);
}

/* ---- firmware in flash ---- */
static bool is_pflash(struct ctx *c)
{
    return tree_attr_is(tree_get(c->in->dom, "os/loader"), "type", "pflash");
}

/* The variables may be anywhere a disk may be. */
static void network_flash(struct ctx *c, const struct tree *nvram)
{
    struct source s = { .el = nvram, .disk = nvram, .type = "network", .protocol = tree_path_attr(nvram, "source", "protocol"), .node = "libvirt-pflash1" };
    pl_source_objects(c, &s);
    json_t *o = pl_item(c, PLAN_BLOCKDEV);
    pl_source_props(c, &s, o);
    pl_set(o, "node-name", "libvirt-pflash1-storage");
    pl_set_bool(o, "auto-read-only", true);
    pl_set(o, "discard", "unmap");
    o = pl_item(c, PLAN_BLOCKDEV);
    pl_set(o, "node-name", "libvirt-pflash1-format");
    pl_set_bool(o, "read-only", false);
    pl_set(o, "driver", "raw");
    pl_set(o, "file", "libvirt-pflash1-storage");
}

static void flash_node(struct ctx *c, const struct tree *el, const char *path, const char *unit, bool ro)
{
    char buf[32];
    const struct plan_res *r = NULL;
    int32_t index;
    if (pl_run(c)) {
        if (!(r = pl_res(c, el, &index)))
            return;
        path = r->kind == MK_BIND ? pl_file(c, el, path, buf) : pl_fdset(c, r, index, buf);
    }
    json_t *o = pl_item(c, PLAN_BLOCKDEV);
    pl_set(o, "driver", "file");
    pl_set(o, "filename", path);
    if (r)
        pl_set(o, "locking", "off");
    pl_setf(c, o, "node-name", "libvirt-%s-storage", unit);
    pl_set_bool(o, "auto-read-only", true);
    pl_set(o, "discard", "unmap");
    o = pl_item(c, PLAN_BLOCKDEV);
    pl_setf(c, o, "node-name", "libvirt-%s-format", unit);
    pl_set_bool(o, "read-only", ro);
    pl_set(o, "driver", "raw");
    pl_setf(c, o, "file", "libvirt-%s-storage", unit);
}

void pl_firmware_nodes(struct ctx *c)
{
    const struct tree *os = tree_get(c->in->dom, "os"), *loader = tree_get(os, "loader"), *nvram = tree_get(os, "nvram");
    if (!is_pflash(c))
        return;
    flash_node(c, loader, loader->text, "pflash0", pl_tri(loader, NULL, "readonly") == 1);
    if (!nvram)
        return;
    const char *path = tree_path_attr(nvram, "source", "file");
    AUTO_FREE char *made = NULL;
    if (!path)
        path = nvram->text;
    if (tree_attr_is(nvram, "type", "network") && !pl_run(c)) {
        network_flash(c, nvram);
        return;
    }
    if (!path) {
        if (asprintf(&made, "%s/nvram/%s_VARS.fd", pl_lib_dir(c), tree_text(c->in->dom, "name")) < 0)
            made = NULL;
        path = made;
    }
    if (!path || (tree_attr(nvram, "type") && !tree_attr_is(nvram, "type", "file")))
        pl_refuse(c, nvram, "type");
    else
        flash_node(c, nvram, path, "pflash1", false);
}

void pl_firmware(struct ctx *c)
{
    const struct tree *loader = tree_get(c->in->dom, "os/loader");
    char buf[32];
    if (!loader)
        return;
    if (is_pflash(c)) {
        if (pl_tri(loader, NULL, "secure") == 1)
            pl_words(c, "-global", "driver=cfi.pflash01,property=secure,value=on");
        return;
    }
    const char *path = pl_file(c, loader, loader->text, buf);
    if (path)
        pl_words(c, "-bios", "%s", path);
}

/* ---- -machine ---- */
static bool uses_numa(struct ctx *c)
{
    return tree_get(c->in->dom, "cpu/numa/cell");
}

static bool has_nvdimm(struct ctx *c)
{
    TREE_EACH(m, c->devices, "memory")
        if (tree_attr_is(m, "model", "nvdimm"))
            return true;
    return false;
}

const char *pl_ram_id(struct ctx *c)
{
    const char *machine = tree_path_attr(c->in->dom, "os/type", "machine");
    const struct caps_machine *m = c->in->caps ? caps_machine(c->in->caps, machine) : NULL;
    if (m && m->ram_id)
        return m->ram_id;
    return machine && pl_is(machine, "microvm") ? "microvm.ram" : "pc.ram";
}

void pl_machine(struct ctx *c)
{
    struct strbuf b = { NULL, 0, 0 };
    const struct tree *dom = c->in->dom, *f = tree_get(dom, "features");
    const char *irqchip = tree_path_attr(f, "ioapic", "driver"), *dump = tree_path_attr(dom, "memory", "dumpCore");
    const char *type = tree_path_attr(dom, "os/type", "machine");
    if (!type) {
        pl_internal(c, "missing machine type");
        return;
    }
    TREE_EACH(k, tree_get(dom, "keywrap"), "cipher")
        pl_fail(c, "%s-key-wrap is not available with this QEMU binary", tree_attr(k, "name"));
    pl_cat(c, &b, "%s,usb=off", type);
    if (pl_tri(f, "vmport", "state") >= 0)
        pl_cat(c, &b, ",vmport=%s", pl_tri(f, "vmport", "state") ? "on" : "off");
    if (tree_get(f, "smm"))
        pl_cat(c, &b, ",smm=%s", pl_tri(f, "smm", "state") == 0 ? "off" : "on");
    if (irqchip)
        pl_cat(c, &b, ",kernel_irqchip=%s", pl_is(irqchip, "qemu") ? "split" : "on");
    pl_cat(c, &b, ",dump-guest-core=%s", pl_is(dump, "on") ? "on" : "off");
    if (tree_get(dom, "memoryBacking/nosharepages"))
        pl_cat(c, &b, ",mem-merge=off");
    if (has_nvdimm(c))
        pl_cat(c, &b, ",nvdimm=on");
    if (pl_hmat(c))
        pl_cat(c, &b, ",hmat=on");
    if (!uses_numa(c))
        pl_cat(c, &b, ",memory-backend=%s", pl_ram_id(c));
    if (pl_tri(tree_get(dom, "os"), "bios", "useserial") == 1)
        pl_cat(c, &b, ",graphics=off");
    if (is_pflash(c)) {
        pl_cat(c, &b, ",pflash0=libvirt-pflash0-format");
        if (tree_get(dom, "os/nvram"))
            pl_cat(c, &b, ",pflash1=libvirt-pflash1-format");
    }
    pl_words_take(c, "-machine", b.s);
}

void pl_accel(struct ctx *c)
{
    const struct tree *f = tree_get(c->in->dom, "features");
    if (kvm(c)) {
        const char *ring = pl_tri(f, "kvm/dirty-ring", "state") == 1 ? tree_path_attr(f, "kvm/dirty-ring", "size") : NULL;
        pl_words(c, "-accel", "kvm%s%s", ring ? ",dirty-ring-size=" : "", ring ? ring : "");
    } else if (!tree_attr_is(c->in->dom, "type", "qemu")) {
        pl_refuse(c, c->in->dom, "type");
    } else {
        unsigned long long mib = pl_size(c, f, "tcg/tb-cache") >> 20;
        if (mib)
            pl_words(c, "-accel", "tcg,tb-size=%llu", mib);
        else
            pl_words(c, "-accel", "tcg");
    }
    if (tree_get(f, "smm/tseg"))
        pl_words(c, "-global", "mch.extended-tseg-mbytes=%llu", pl_size(c, f, "smm/tseg") >> 20);
}
