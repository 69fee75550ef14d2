/* guest.c: the order of things: one table for the whole command line, one for the devices. */
#include "priv.h"
#include <stdio.h>
#include <string.h>

static void start_paused(struct ctx *c)
{
    const struct tree *d = tree_get(c->in->dom, "qemu:deprecation");
    if (d) {
        static const struct map behaviors[] = { { "omit", "{\"deprecated-output\":\"hide\"}" },
            { "reject", "{\"deprecated-output\":\"hide\",\"deprecated-input\":\"reject\"}" },
            { "crash", "{\"deprecated-output\":\"hide\",\"deprecated-input\":\"crash\"}" }, { "none", NULL }, { NULL, NULL } };
        bool known;
        const char *v = pl_map(behaviors, tree_attr(d, "behavior"), &known);
        if (v)
            pl_words(c, "-compat", "%s", v);
    }
    pl_words(c, "-S", NULL);
}

static void master_key(struct ctx *c)
{
    if (pl_run(c) && c->in->host->monitor_fd != QEMU_FD_BASE)
        return;      /* no hand gave it one */
    json_t *o = pl_item(c, PLAN_OBJECT);
    pl_set(o, "qom-type", "secret");
    pl_set(o, "id", PL_MASTER_KEY);
    pl_set(o, "format", "raw");
    if (pl_run(c))
        pl_setf(c, o, "file", "/proc/self/fd/%d", QEMU_FD_KEY);
    else
        pl_setf(c, o, "file", "%s/domain-%d-%s/master-key.aes", pl_lib_dir(c), c->in->id, pl_short_name(c));
}

static void managed_pr(struct ctx *c)
{
    TREE_EACH(d, c->devices, "disk")
        if (pl_tri(d, "source/reservations", "managed") == 1) {
            json_t *o = pl_item(c, PLAN_OBJECT);
            pl_set(o, "qom-type", "pr-manager-helper");
            pl_set(o, "id", "pr-helper0");
            pl_setf(c, o, "path", "%s/domain-%d-%s/pr-helper0.sock", pl_lib_dir(c), c->in->id, pl_short_name(c));
            return;
        }
}

static int other_error(struct ctx *c, int code, int domain, const char *text)
{
    c->failed = true;
    return err_set(c->e, code, domain, "%s", text);
}

/* What libvirt finds out when it prepares a start, and domxml-to-native therefore refuses.  A run has its own ways. */
static void native_checks(struct ctx *c)
{
    const struct tree *dom = c->in->dom;
    unsigned kinds = 0;
    static const char *const graphics[] = { "sdl", "vnc", "spice", "egl-headless", "dbus" };
    if (pl_run(c))
        return;
    if (pl_is(tree_path_attr(dom, "vcpu", "placement"), "auto") || pl_is(tree_path_attr(dom, "numatune/memory", "placement"), "auto"))
        other_error(c, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DOMAIN, "Advice from numad is needed in case of automatic numa placement");
    TREE_EACH(g, c->devices, "graphics")
        for (unsigned i = 0; i < sizeof graphics / sizeof graphics[0]; i++) {
            if (!tree_attr_is(g, "type", graphics[i]))
                continue;
            if (kinds & (1u << i) && !c->failed)
                pl_fail(c, "only 1 graphics device of each type (sdl, vnc, spice, headless, dbus) is supported");
            kinds |= 1u << i;
            if (tree_get(g, "listen") && tree_next(tree_first(g, "listen"), "listen") && !c->failed)
                pl_fail(c, "QEMU does not support multiple listens for one graphics device.");
        }
    if (pl_is(tree_path_attr(dom, "os/smbios", "mode"), "sysinfo") && !tree_get(dom, "sysinfo") && !c->failed) {
        c->failed = true;
        err_set(c->e, VIR_ERR_XML_ERROR, VIR_FROM_QEMU, "Domain '%s' sysinfo are not available", tree_text(dom, "name"));
    }
    TREE_EACH(k, tree_get(dom, "keywrap"), "cipher")
        if (!c->failed)
            pl_fail(c, "%s-key-wrap is not available with this QEMU binary", tree_attr(k, "name"));
    TREE_EACH(m, c->devices, "memory")
        if (tree_text(m, "source/pagesize") && strcmp(tree_text(m, "source/pagesize"), "2048") != 0 && !c->failed)
            pl_internal(c, "Unable to find any usable hugetlbfs mount for %s KiB", tree_text(m, "source/pagesize"));
    TREE_EACH(v, c->devices, "video")
        if (pl_is(tree_path_attr(v, "driver", "name"), "vhostuser") && !c->failed)
            other_error(c, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "Unable to find a satisfying vhost-user-gpu");
    TREE_EACH(p, tree_get(dom, "memoryBacking/hugepages"), "page")
        if (!tree_attr_is(p, "size", "2048") && !tree_attr_is(p, "size", "4") && !pl_is(tree_path_attr(dom, "memoryBacking/source", "type"), "memfd") && !c->failed)
            pl_internal(c, "Unable to find any usable hugetlbfs mount for %s KiB", tree_attr(p, "size"));
}

static void vmcoreinfo(struct ctx *c)
{
    if (pl_tri(c->in->dom, "features/vmcoreinfo", "state") == 1)
        pl_set(pl_item(c, PLAN_DEVICE), "driver", "vmcoreinfo");
}

static void plain_start(struct ctx *c)
{
    pl_words(c, "-no-user-config", NULL);
    pl_words(c, "-nodefaults", NULL);
}

static void incoming(struct ctx *c)
{
    if (c->in->incoming)
        pl_words(c, "-incoming", "defer");
}

static void messages(struct ctx *c)
{
    pl_words(c, "-msg", "timestamp=on");
}

/* Children of <devices>: who makes them, and whether they can be added to a running guest.  fn NULL: nothing to make. */
static const struct device { const char *element; dev_fn *fn; bool hotplug; } devices[] = {
    { "controller", pl_ctrl, true }, { "iommu", pl_iommu, false }, { "memory", pl_memdev, true }, { "hub", pl_hub, false }, { "disk", pl_disk, true },
    { "filesystem", pl_filesystem, true }, { "interface", pl_net, true }, { "smartcard", pl_smartcard, false }, { "serial", pl_serial, true },
    { "parallel", pl_parallel, true }, { "channel", pl_channel, true }, { "console", pl_console, true }, { "tpm", pl_tpm, false },
    { "input", pl_input, true }, { "audio", pl_audio, false }, { "graphics", pl_graphics, false }, { "video", pl_video, false },
    { "sound", pl_sound, false }, { "watchdog", pl_watchdog, true }, { "redirdev", pl_redirdev, true }, { "hostdev", pl_hostdev, true },
    { "memballoon", pl_balloon, true }, { "rng", pl_rng, true }, { "panic", pl_panic, false }, { "shmem", pl_shmem, true }, { "vsock", pl_vsock, true },
    { "crypto", pl_crypto, true }, { "emulator", NULL, false }, { "lease", NULL, false }, { "nvram", NULL, false }, { "redirfilter", NULL, false },
};

/* The command line from left to right: a part of its own, or all devices of a kind. */
static const struct { plan_fn *fn; const char *devices; } order[] = {
    { native_checks, NULL }, { pl_name, NULL }, { start_paused, NULL }, { master_key, NULL }, { managed_pr, NULL },
    { pl_firmware_nodes, NULL }, { pl_machine, NULL },
    { pl_accel, NULL }, { pl_cpu, NULL }, { pl_firmware, NULL }, { pl_memory, NULL }, { pl_smp, NULL }, { pl_iothreads, NULL }, { pl_numa, NULL },
    { pl_uuid_smbios, NULL }, { pl_graphics_none, NULL }, { plain_start, NULL }, { pl_monitor, NULL }, { pl_clock, NULL }, { pl_pm, NULL },
    { pl_boot, NULL }, { pl_kernel, NULL }, { NULL, "iommu" }, { pl_global_controllers, NULL }, { pl_controllers, NULL }, { NULL, "memory" },
    { NULL, "hub" }, { pl_floppies, NULL }, { NULL, "disk" }, { NULL, "filesystem" }, { NULL, "interface" }, { NULL, "smartcard" }, { NULL, "serial" }, { NULL, "parallel" },
    { NULL, "channel" }, { NULL, "console" }, { NULL, "tpm" }, { NULL, "input" }, { NULL, "audio" }, { NULL, "graphics" }, { NULL, "video" },
    { NULL, "sound" }, { NULL, "watchdog" }, { NULL, "redirdev" }, { NULL, "hostdev" }, { incoming, NULL }, { NULL, "memballoon" }, { NULL, "rng" },
    { NULL, "crypto" }, { pl_qemu_args, NULL }, { pl_tail, NULL }, { NULL, "panic" }, { NULL, "shmem" }, { NULL, "vsock" }, { vmcoreinfo, NULL }, { messages, NULL },
};

static const struct device *device_row(const char *element)
{
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++)
        if (pl_is(devices[i].element, element))
            return &devices[i];
    return NULL;
}

/* A device that this QEMU was not built with is named before QEMU is started for nothing. */
static void check_drivers(struct ctx *c)
{
    if (!pl_run(c) || !c->in->caps || !c->in->caps->devices.n)
        return;
    for (size_t i = 0; i < c->out->n && !c->failed; i++) {
        const struct plan_item *it = &c->out->v[i];
        const char *driver = it->opt == PLAN_DEVICE ? json_string_value(json_object_get(it->props, "driver")) : NULL;
        if (pl_is(driver, "lsi"))
            driver = "lsi53c895a";      /* QEMU's lists have the name, its options the nickname */
        if (pl_is(driver, "ahci"))
            driver = "ich9-ahci";
        if (driver && !caps_has_device(c->in->caps, driver))
            pl_fail(c, "this QEMU does not support device '%s'", driver);
    }
}

static int finish(struct ctx *c)
{
    if (!c->failed)
        check_drivers(c);
    if (!c->failed)
        for (size_t i = 0; i < c->out->n; i++)
            if (!c->out->v[i].props && !c->out->v[i].word[0]) {
                c->failed = true;
                err_set(c->e, VIR_ERR_NO_MEMORY, VIR_FROM_QEMU, "%s", "");
            }
    if (c->failed) {
        plan_free(c->out);
        return -1;
    }
    return 0;
}

int plan_guest(const struct plan_in *in, struct plan *out, struct err *e)
{
    struct ctx c = { .in = in, .devices = tree_get(in->dom, "devices"), .out = out, .e = e };
    *out = (struct plan){ NULL, 0, 0 };
    TREE_EACH(d, c.devices, NULL)
        if (d->name && !device_row(d->name))
            pl_refuse(&c, d, NULL);
    pl_check_known(&c, in->dom);
    pl_boot_begin(&c);
    for (size_t i = 0; i < sizeof order / sizeof order[0] && !c.failed; i++) {
        if (order[i].fn) {
            order[i].fn(&c);
            continue;
        }
        dev_fn *fn = device_row(order[i].devices)->fn;
        TREE_EACH(d, c.devices, order[i].devices)
            if (!c.failed)
                fn(&c, d);
    }
    if (!c.failed)
        pl_apply_overrides(&c);
    return finish(&c);
}

int plan_device(const struct plan_in *in, const struct tree *dev, struct plan *out, struct err *e)
{
    struct ctx c = { .in = in, .devices = tree_get(in->dom, "devices"), .out = out, .e = e, .hotplug = true };
    const struct device *row = device_row(dev->name);
    *out = (struct plan){ NULL, 0, 0 };
    if (!row || !row->fn || !row->hotplug)
        pl_fail(&c, "live attach of device '%s' is not supported", dev->name);
    else if (pl_check_known_device(&c, dev) == 0)
        row->fn(&c, dev);
    return finish(&c);
}
