/* system.c: what is neither board nor device: identity, monitor, clock, power, boot, iothreads. */
#include "priv.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- iothreads ---- */
static const struct prop pool[] = { P_INT("thread-pool-min", NULL, "thread_pool_min"), P_INT("thread-pool-max", NULL, "thread_pool_max"), P_END };

static void iothread(struct ctx *c, unsigned long long id, const struct tree *el)
{
    json_t *o = pl_item(c, PLAN_OBJECT);
    pl_set(o, "qom-type", "iothread");
    pl_setf(c, o, "id", "iothread%llu", id);
    if (el)
        pl_fill(c, el, pool, o);
}

void pl_iothreads(struct ctx *c)
{
    const struct tree *ids = tree_get(c->in->dom, "iothreadids");
    unsigned long long n = 0, id, used = 0;
    bool taken[1024] = { false };
    pl_num(c, c->in->dom, "iothreads", NULL, &n);
    TREE_EACH(t, ids, "iothread")
        if (pl_num(c, t, NULL, "id", &id) == 0 && id < 1024) {
            iothread(c, id, t);
            taken[id] = true;
            used++;
        }
    for (id = 1; used < n && id < 1024; id++)
        if (!taken[id]) {
            iothread(c, id, NULL);
            used++;
        }
    const struct tree *def = tree_get(c->in->dom, "defaultiothread");
    if (def) {      /* the pool of the main loop */
        json_t *o = pl_item(c, PLAN_OBJECT);
        pl_set(o, "qom-type", "main-loop");
        pl_set(o, "id", "main-loop");
        pl_fill(c, def, pool, o);
    }
}

/* ---- identity ---- */
static void smbios_words(struct ctx *c, const struct tree *el, unsigned type, const char *const *keys)
{
    struct strbuf b = { NULL, 0, 0 };
    pl_cat(c, &b, "type=%u", type);
    for (; keys[0]; keys += 2)
        TREE_EACH(e, el, "entry")
            if (tree_attr_is(e, "name", keys[0]) && e->text) {
                pl_cat(c, &b, ",%s=", keys[1]);
                pl_cat_escaped(c, &b, e->text);
            }
    pl_words_take(c, "-smbios", b.s);
}

static void smbios(struct ctx *c, const struct tree *si)
{
    static const char *const bios[] = { "vendor", "vendor", "version", "version", "date", "date", "release", "release", NULL };
    static const char *const sys[] = { "manufacturer", "manufacturer", "product", "product", "version", "version", "serial", "serial", "uuid", "uuid",
        "sku", "sku", "family", "family", NULL };
    static const char *const board[] = { "manufacturer", "manufacturer", "product", "product", "version", "version", "serial", "serial", "asset", "asset",
        "location", "location", NULL };
    static const char *const chassis[] = { "manufacturer", "manufacturer", "version", "version", "serial", "serial", "asset", "asset", "sku", "sku", NULL };
    static const struct { const char *el; unsigned type; const char *const *keys; } rows[] = {
        { "bios", 0, bios }, { "system", 1, sys }, { "baseBoard", 2, board }, { "chassis", 3, chassis } };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
        TREE_EACH(el, si, rows[i].el)
            smbios_words(c, el, rows[i].type, rows[i].keys);
    const struct tree *oem = tree_get(si, "oemStrings");
    struct strbuf b = { NULL, 0, 0 };
    if (!oem)
        return;
    pl_cat(c, &b, "type=11");
    TREE_EACH(e, oem, "entry") {
        pl_cat(c, &b, ",value=");
        pl_cat_escaped(c, &b, e->text ? e->text : "");
    }
    pl_words_take(c, "-smbios", b.s);
}

static void fw_cfg(struct ctx *c, const struct tree *si)
{
    char buf[32];
    TREE_EACH(e, si, "entry") {
        struct strbuf b = { NULL, 0, 0 };
        const char *file = tree_attr(e, "file");
        pl_cat(c, &b, "name=");
        pl_cat_escaped(c, &b, tree_attr(e, "name") ? tree_attr(e, "name") : "");
        pl_cat(c, &b, file ? ",file=" : ",string=");
        if (file)
            file = pl_file(c, e, file, buf);
        pl_cat_escaped(c, &b, file ? file : e->text ? e->text : "");
        pl_words_take(c, "-fw_cfg", b.s);
    }
}

void pl_uuid_smbios(struct ctx *c)
{
    const struct tree *dom = c->in->dom;
    const char *mode = tree_path_attr(dom, "os/smbios", "mode");
    if (tree_text(dom, "uuid"))
        pl_words(c, "-uuid", "%s", tree_text(dom, "uuid"));
    if (mode && !pl_is(mode, "emulate") && !pl_is(mode, "sysinfo"))
        pl_fail(c, "<smbios mode='%s'> is not supported", mode);
    TREE_EACH(si, dom, "sysinfo") {
        if (tree_attr_is(si, "type", "smbios") && pl_is(mode, "sysinfo"))
            smbios(c, si);
        else if (tree_attr_is(si, "type", "fwcfg"))
            fw_cfg(c, si);
    }
    if (tree_get(dom, "genid")) {
        json_t *o = pl_item(c, PLAN_DEVICE);
        pl_set(o, "driver", "vmgenid");
        pl_set(o, "guid", tree_text(dom, "genid"));
        pl_set(o, "id", "vmgenid0");
    }
}

/* ---- monitor ---- */
void pl_monitor(struct ctx *c)
{
    json_t *o = pl_item(c, PLAN_CHARDEV);
    pl_set(o, "backend", "socket");
    pl_set(o, "id", "charmonitor");
    if (!pl_run(c))
        pl_setf(c, o, "path", "%s/domain-%d-%s/monitor.sock", pl_lib_dir(c), c->in->id, pl_short_name(c));
    else if (c->in->host->monitor_fd >= 0)
        pl_setf(c, o, "fd", "%d", c->in->host->monitor_fd);
    else
        pl_internal(c, "no monitor socket was opened");
    pl_set_bool(o, "server", true);
    pl_set_bool(o, "wait", false);
    pl_words(c, "-mon", "chardev=charmonitor,id=monitor,mode=control");
}

/* ---- clock ---- */
static void rtc_base(struct ctx *c, struct strbuf *b, const struct tree *clock)
{
    const char *offset = tree_attr(clock, "offset");
    unsigned long long start;
    time_t t;
    if (!offset || pl_is(offset, "utc")) {
        pl_cat(c, b, "base=utc");
        return;
    }
    if (pl_is(offset, "localtime") || pl_is(offset, "timezone")) {
        pl_cat(c, b, "base=localtime");
        return;
    }
    if (pl_is(offset, "absolute") && pl_num(c, clock, NULL, "start", &start) == 0) {
        t = (time_t)start;
    } else if (pl_is(offset, "variable")) {
        const char *adj = tree_attr(clock, "adjustment");
        struct tm here;
        t = (time_t)c->in->now + (adj ? (time_t)strtoll(adj, NULL, 10) : 0);
        if (tree_attr_is(clock, "basis", "localtime") && localtime_r(&t, &here))
            t += here.tm_gmtoff;
    } else {
        pl_refuse(c, clock, "offset");
        return;
    }
    struct tm tm;
    char text[64];
    if (!gmtime_r(&t, &tm) || !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm))
        pl_fail(c, "<clock offset='%s'> is out of range", offset);
    else
        pl_cat(c, b, "base=%s", text);
}

static const struct tree *timer_of(const struct tree *clock, const char *name)
{
    TREE_EACH(t, clock, "timer")
        if (tree_attr_is(t, "name", name))
            return t;
    return NULL;
}

void pl_clock(struct ctx *c)
{
    static const struct map tracks[] = { { "guest", "vm" }, { "wall", "host" }, { "realtime", "rt" }, { "boot", NULL }, { NULL, NULL } };
    const struct tree *clock = tree_get(c->in->dom, "clock"), *rtc = timer_of(clock, "rtc"), *pit = timer_of(clock, "pit");
    struct strbuf b = { NULL, 0, 0 };
    bool known;
    rtc_base(c, &b, clock);
    const char *track = pl_map(tracks, tree_attr(rtc, "track"), &known), *tick = tree_attr(rtc, "tickpolicy");
    if (track)
        pl_cat(c, &b, ",clock=%s", track);
    if (pl_is(tick, "catchup"))
        pl_cat(c, &b, ",driftfix=slew");
    else if (tick && !pl_is(tick, "delay"))
        pl_fail(c, "unsupported rtc timer tickpolicy '%s'", tick);
    pl_words_take(c, "-rtc", b.s);
    tick = tree_attr(pit, "tickpolicy");
    if (pit && !tick)
        tick = "delay";
    if (pl_is(tick, "delay") || pl_is(tick, "discard"))
        pl_words(c, "-global", "kvm-pit.lost_tick_policy=%s", tick);
    else if (tick && !pl_is(tick, "catchup"))
        pl_fail(c, "unsupported pit tickpolicy '%s'", tick);
    if (pl_tri(timer_of(clock, "hpet"), NULL, "present") == 0)
        pl_words(c, "-no-hpet", NULL);
}

/* ---- power ---- */
void pl_pm(struct ctx *c)
{
    const char *machine = tree_path_attr(c->in->dom, "os/type", "machine");
    const struct tree *pm = tree_get(c->in->dom, "pm");
    const char *owner = machine && strstr(machine, "q35") ? "ICH9-LPC" : "PIIX4_PM";
    /* the guest's end is told by an event; what follows it is the worker's decision */
    pl_words(c, "-no-shutdown", NULL);
    if (!tree_get(c->in->dom, "features/acpi"))
        pl_words(c, "-no-acpi", NULL);
    int mem = pl_tri(pm, "suspend-to-mem", "enabled"), disk = pl_tri(pm, "suspend-to-disk", "enabled");
    if (mem >= 0)
        pl_words(c, "-global", "%s.disable_s3=%d", owner, !mem);
    if (disk >= 0)
        pl_words(c, "-global", "%s.disable_s4=%d", owner, !disk);
}

/* ---- boot ---- */
void pl_boot(struct ctx *c)
{
    const struct tree *os = tree_get(c->in->dom, "os");
    struct strbuf b = { NULL, 0, 0 };
    int menu = pl_tri(os, "bootmenu", "enable");
    if (menu >= 0)
        pl_cat(c, &b, "menu=%s,", menu ? "on" : "off");
    if (menu == 1 && tree_path_attr(os, "bootmenu", "timeout"))
        pl_cat(c, &b, "splash-time=%llu,", pl_num_or(c, os, "bootmenu", "timeout", 0));
    if (tree_path_attr(os, "bios", "rebootTimeout"))
        pl_cat(c, &b, "reboot-timeout=%s,", tree_path_attr(os, "bios", "rebootTimeout"));
    pl_cat(c, &b, "strict=on");
    pl_words_take(c, "-boot", b.s);
}

void pl_kernel(struct ctx *c)
{
    static const struct { const char *el, *opt; } files[] = { { "kernel", "-kernel" }, { "initrd", "-initrd" }, { "cmdline", "-append" }, { "dtb", "-dtb" } };
    const struct tree *os = tree_get(c->in->dom, "os");
    char buf[32];
    for (unsigned i = 0; i < sizeof files / sizeof files[0]; i++) {
        const struct tree *el = tree_get(os, files[i].el);
        if (!el || !el->text || !*el->text)
            continue;
        const char *v = pl_is(files[i].el, "cmdline") ? el->text : pl_file(c, el, el->text, buf);
        if (v)
            pl_words(c, files[i].opt, "%s", v);
    }
    TREE_EACH(t, tree_get(os, "acpi"), "table") {
        struct strbuf b = { NULL, 0, 0 };
        const char *v = pl_file(c, t, t->text ? t->text : "", buf);
        pl_cat(c, &b, "sig=SLIC,file=");
        pl_cat_escaped(c, &b, v ? v : "");
        pl_words_take(c, "-acpitable", b.s);
    }
}

/* ---- end of the line ---- */
void pl_qemu_args(struct ctx *c)
{
    TREE_EACH(a, tree_get(c->in->dom, "qemu:commandline"), "qemu:arg")
        if (tree_attr(a, "value"))
            pl_words(c, tree_attr(a, "value"), NULL);
}

void pl_tail(struct ctx *c)
{
    pl_words(c, "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
}
