/* dev_misc.c: input, hub, rng, balloon, watchdog, panic, iommu, vsock, crypto: devices that are one table each. */
#include "priv.h"
#include <string.h>

/* ---- input ---- */
/* Where QEMU finds the host's device; NULL: there is none, or c failed. */
static const char *evdev(struct ctx *c, const struct tree *d, const char *attr, char set[32])
{
    const char *path = tree_path_attr(d, "source", attr);
    int32_t index;
    const struct plan_res *r = path && pl_run(c) ? pl_res(c, d, &index) : NULL;
    return r ? pl_fdset(c, r, index, set) : pl_run(c) ? NULL : path;
}

static void evdev_object(struct ctx *c, const struct tree *d)
{
    static const struct map all[] = { { "all", "on" }, { NULL, NULL } };
    static const struct prop t[] = { P_CONST("qom-type", "input-linux"), P_ID("id"), P_END };
    static const struct prop t2[] = { P_STR("grab-toggle", "source", "grabToggle"), P_END };
    char set[32];
    const char *path = evdev(c, d, "dev", set);
    json_t *o = pl_emit(c, PLAN_OBJECT, d, t);
    bool known;
    if (path)
        pl_set(o, "evdev", path);
    if (pl_tri(d, "source", "repeat") >= 0)
        pl_set_bool(o, "repeat", pl_tri(d, "source", "repeat"));
    if (pl_map(all, tree_path_attr(d, "source", "grab"), &known))
        pl_set_bool(o, "grab_all", true);
    pl_fill(c, d, t2, o);
}

void pl_input(struct ctx *c, const struct tree *d)
{
    static const struct map usb[] = { { "mouse", "usb-mouse" }, { "tablet", "usb-tablet" }, { "keyboard", "usb-kbd" }, { NULL, NULL } };
    static const struct map virtio[] = { { "mouse", "virtio-mouse" }, { "tablet", "virtio-tablet" }, { "keyboard", "virtio-keyboard" },
        { "passthrough", "virtio-input-host" }, { NULL, NULL } };
    static const struct prop id[] = { P_ID("id"), P_END }, place[] = { P_FN(pl_address), P_END };
    const char *bus = tree_attr(d, "bus"), *type = tree_attr(d, "type"), *driver;
    bool known;
    if (pl_is(bus, "ps2") || pl_is(bus, "xen"))
        return;     /* the board's own */
    if (pl_is(type, "evdev")) {
        evdev_object(c, d);
        return;
    }
    driver = pl_map(pl_is(bus, "virtio") ? virtio : usb, type, &known);
    if (!known || (!pl_is(bus, "virtio") && !pl_is(bus, "usb"))) {
        pl_fail(c, "input device of type '%s' on bus '%s' is not supported", type ? type : "", bus ? bus : "");
        return;
    }
    char set[32];
    const char *path = evdev(c, d, "evdev", set);
    json_t *o = pl_item(c, PLAN_DEVICE);
    if (pl_is(bus, "virtio"))
        pl_virtio(c, d, driver, tree_attr(d, "model"), o);
    else
        pl_set(o, "driver", driver);
    pl_fill(c, d, id, o);
    if (path)
        pl_set(o, "evdev", path);
    pl_fill(c, d, place, o);
}

void pl_hub(struct ctx *c, const struct tree *d)
{
    static const struct prop t[] = { P_CONST("driver", "usb-hub"), P_ID("id"), P_FN(pl_address), P_END };
    if (!tree_attr_is(d, "type", "usb"))
        pl_refuse(c, d, "type");
    else
        pl_emit(c, PLAN_DEVICE, d, t);
}

/* ---- rng ---- */
static void rng_backend(struct ctx *c, const struct tree *d)
{
    const char *model = tree_path_attr(d, "backend", "model");
    if (pl_is(model, "egd")) {
        struct tree *chr = tree_copy(tree_get(d, "backend"));    /* has the character device's type= and <source> */
        const struct tree *alias = tree_get(d, "alias");
        if (alias)
            tree_append(chr, tree_copy(alias));
        pl_chardev(c, chr);
        tree_free(chr);
    }
    json_t *o = pl_item(c, PLAN_OBJECT);
    if (pl_is(model, "random")) {
        pl_set(o, "qom-type", "rng-random");
        pl_setf(c, o, "id", "obj%s", pl_alias(c, d));
        pl_setf(c, o, "filename", "%s", tree_text(d, "backend") ? tree_text(d, "backend") : "/dev/urandom");
    } else if (pl_is(model, "builtin")) {
        pl_set(o, "qom-type", "rng-builtin");
        pl_setf(c, o, "id", "obj%s", pl_alias(c, d));
    } else if (pl_is(model, "egd")) {
        pl_set(o, "qom-type", "rng-egd");
        pl_setf(c, o, "id", "obj%s", pl_alias(c, d));
        pl_setf(c, o, "chardev", "char%s", pl_alias(c, d));
    } else {
        pl_fail(c, "rng <backend model='%s'> is not supported", model ? model : "");
    }
}

void pl_rng(struct ctx *c, const struct tree *d)
{
    static const struct prop t[] = { P_REF("rng", "obj"), P_ID("id"), P_INT("max-bytes", "rate", "bytes"), P_END };
    unsigned long long period;
    rng_backend(c, d);
    json_t *o = pl_item(c, PLAN_DEVICE);
    pl_virtio(c, d, "virtio-rng", tree_attr(d, "model"), o);
    pl_fill(c, d, t, o);
    if (tree_path_attr(d, "rate", "bytes")) {
        period = pl_num_or(c, d, "rate", "period", 0);
        pl_set_int(o, "period", period ? (long long)period : 1000);
    }
    pl_address(c, d, o);
}

void pl_balloon(struct ctx *c, const struct tree *d)
{
    static const struct prop t[] = { P_ID("id"), P_BOOL("deflate-on-oom", NULL, "autodeflate"), P_BOOL("free-page-reporting", NULL, "freePageReporting"),
        P_FN(pl_address), P_END };
    if (tree_attr_is(d, "model", "none"))
        return;
    json_t *o = pl_item(c, PLAN_DEVICE);
    pl_virtio(c, d, "virtio-balloon", tree_attr(d, "model"), o);
    pl_fill(c, d, t, o);
}

/* ---- watchdog, panic ---- */
void pl_watchdog(struct ctx *c, const struct tree *d)
{
    static const struct map models[] = { { "i6300esb", "i6300esb" }, { "ib700", "ib700" }, { "diag288", "diag288" }, { NULL, NULL } };
    static const struct prop t[] = { P_MAP("driver", NULL, "model", models), P_ID("id"), P_FN(pl_address), P_END };
    const char *action = tree_attr(d, "action");
    if (tree_attr_is(d, "model", "itco"))
        pl_words(c, "-global", "ICH9-LPC.noreboot=off");
    else
        pl_emit(c, PLAN_DEVICE, d, t);
    /* for a dump QEMU stops and tells: the rest is the worker's */
    if (!c->hotplug && !tree_next(d, "watchdog"))
        pl_words(c, "-watchdog-action", "%s", pl_is(action, "dump") ? "pause" : action ? action : "reset");
}

void pl_panic(struct ctx *c, const struct tree *d)
{
    static const struct prop t[] = { P_CONST("driver", "pvpanic"), P_INT("ioport", "address", "iobase"), P_END };
    const char *model = tree_attr(d, "model");
    if (pl_is(model, "hyperv") || pl_is(model, "pseries"))
        return;     /* a CPU feature, a part of the board */
    if (!pl_is(model, "isa"))
        pl_refuse(c, d, "model");
    else
        pl_emit(c, PLAN_DEVICE, d, t);
}

/* ---- iommu, vsock, crypto ---- */
void pl_iommu(struct ctx *c, const struct tree *d)
{
    static const struct prop intel[] = { P_CONST("driver", "intel-iommu"), P_ID("id"), P_ONOFF("intremap", "driver", "intremap"),
        P_BOOL("caching-mode", "driver", "caching_mode"), P_ONOFF("eim", "driver", "eim"), P_BOOL("device-iotlb", "driver", "iotlb"),
        P_INT("aw-bits", "driver", "aw_bits"), P_END };
    static const struct prop virtio[] = { P_CONST("driver", "virtio-iommu"), P_ID("id"), P_FN(pl_address), P_END };
    if (tree_attr_is(d, "model", "intel"))
        pl_emit(c, PLAN_DEVICE, d, intel);
    else if (tree_attr_is(d, "model", "virtio"))
        pl_emit(c, PLAN_DEVICE, d, virtio);
    else if (!tree_attr_is(d, "model", "smmuv3"))
        pl_refuse(c, d, "model");
}

void pl_vsock(struct ctx *c, const struct tree *d)
{
    static const struct prop t[] = { P_ID("id"), P_END };
    const struct plan_res *r = NULL;
    char name[32] = "";
    int32_t index;
    if (pl_run(c) && !(r = pl_res(c, d, &index)))
        return;
    if (r)
        pl_fdname(c, r, index, 0, name);
    json_t *o = pl_item(c, PLAN_DEVICE);
    pl_virtio(c, d, "vhost-vsock", tree_attr(d, "model"), o);
    pl_fill(c, d, t, o);
    pl_set_int(o, "guest-cid", r ? (long long)r->port : (long long)pl_num_or(c, d, "cid", "address", 0));
    if (r)
        pl_set(o, "vhostfd", name);
    else
        pl_setf(c, o, "vhostfd", "%u", 23 + c->fd_shown++);
    pl_address(c, d, o);
}

void pl_crypto(struct ctx *c, const struct tree *d)
{
    static const struct map backends[] = { { "builtin", "cryptodev-backend-builtin" }, { "lkcf", "cryptodev-backend-lkcf" }, { NULL, NULL } };
    static const struct prop obj[] = { P_MAP("qom-type", "backend", "model", backends), P_REF("id", "obj"), P_INT("queues", "backend", "queues"), P_END };
    static const struct prop dev[] = { P_REF("cryptodev", "obj"), P_ID("id"), P_FN(pl_address), P_END };
    if (pl_run(c)) {
        pl_refuse(c, d, NULL);
        return;
    }
    pl_emit(c, PLAN_OBJECT, d, obj);
    json_t *o = pl_item(c, PLAN_DEVICE);
    pl_virtio(c, d, "virtio-crypto", tree_attr(d, "model"), o);
    pl_fill(c, d, dev, o);
}
