/* dev_chr.c: character devices: one back end description for serial, parallel, console, channel and whatever else talks over a
 * -chardev, then the front ends. */
#include "priv.h"
#include <stdio.h>
#include <string.h>

/* ---- back ends ---- */
static void by_fdset(struct ctx *c, const struct tree *el, json_t *o, const char *key)
{
    char buf[32];
    int32_t index;
    const struct plan_res *r = pl_res(c, el, &index);
    if (r)
        pl_set(o, key, pl_fdset(c, r, index, buf));
}

static void be_plain(struct ctx *c, const struct tree *d, json_t *o)
{
    (void)c, (void)d, (void)o;
}

/* A pty is made by the hand: QEMU gets its master as if it were a serial line, the worker keeps the slave open. */
static void be_pty(struct ctx *c, const struct tree *d, json_t *o)
{
    if (!pl_run(c))
        return;
    pl_set(o, "backend", "serial");
    by_fdset(c, d, o, "path");
}

static void be_path(struct ctx *c, const struct tree *d, json_t *o)
{
    pl_setf(c, o, "path", "%s", tree_path_attr(d, "source", "path") ? tree_path_attr(d, "source", "path") : "");
}

/* A terminal, port or FIFO of the host's. Of a set QEMU looks for no PATH.in and PATH.out; where there are these it has no descriptor, but both in its view. */
static void be_line(struct ctx *c, const struct tree *d, json_t *o)
{
    char buf[32];
    int32_t index;
    const struct plan_res *r = pl_run(c) ? pl_res(c, d, &index) : NULL;
    if (!pl_run(c))
        be_path(c, d, o);
    else if (r && r->fd[0] < 0 && !r->a)
        pl_setf(c, o, "path", "/res/%d", index);
    else if (r)
        pl_set(o, "path", pl_fdset(c, r, index, buf));
}

static void be_file(struct ctx *c, const struct tree *d, json_t *o)
{
    if (pl_run(c)) {
        by_fdset(c, d, o, "path");
        pl_set_bool(o, "append", true);
        return;
    }
    be_path(c, d, o);
    int append = pl_tri(d, "source", "append");
    if (append >= 0)
        pl_set_bool(o, "append", append);
}

void pl_reconnect(struct ctx *c, const struct tree *d, json_t *o)
{
    const struct tree *r = tree_get(d, "source/reconnect");
    int on = pl_tri(r, NULL, "enabled");
    if (on >= 0)
        pl_set_int(o, "reconnect", on ? (long long)pl_num_or(c, r, NULL, "timeout", 0) : 0);
}

static void listening(json_t *o)
{
    pl_set_bool(o, "server", true);
    pl_set_bool(o, "wait", false);
}

static void be_unix(struct ctx *c, const struct tree *d, json_t *o)
{
    const char *path = tree_path_attr(d, "source", "path"), *name = tree_path_attr(d, "target", "name");
    bool connects = pl_is(tree_path_attr(d, "source", "mode"), "connect");
    if (pl_run(c)) {
        char buf[32];
        int32_t index;
        const struct plan_res *r = pl_res(c, d, &index);
        if (!r)
            return;
        if (r->kind == MK_SOCKET) {             /* by whose file QEMU connects, and again */
            pl_set(o, "path", pl_mapped(c, r, index, buf));
            pl_reconnect(c, d, o);
            return;
        }
        pl_set(o, "fd", pl_fdname(c, r, index, 0, buf));
        if (r->kind == MK_UNIX_LISTEN && !(r->flags & MF_WORKER))     /* of the agent's QEMU has one end of a pair, wherever its path is */
            listening(o);
        return;
    }
    char port[48];
    if (!name) {
        const struct tree *a = tree_get(d, "address");
        snprintf(port, sizeof port, "vioser-%02llu-%02llu-%02llu.sock", pl_num_or(c, a, NULL, "controller", 0), pl_num_or(c, a, NULL, "bus", 0),
                 pl_num_or(c, a, NULL, "port", 0));
        name = port;
    }
    if (path)
        pl_set(o, "path", path);
    else
        pl_setf(c, o, "path", "%s%s/domain-%d-%s/%s", c->in->channel_dir ? c->in->channel_dir : pl_lib_dir(c),
                c->in->channel_dir ? "" : "/channel/target", c->in->id, pl_short_name(c), name);
    if (connects)
        pl_reconnect(c, d, o);
    else
        listening(o);
}

static const struct tree *source_mode(const struct tree *d, const char *mode)
{
    TREE_EACH(s, d, "source")
        if (tree_attr_is(s, "mode", mode))
            return s;
    return NULL;
}

static void be_tcp(struct ctx *c, const struct tree *d, json_t *o)
{
    const struct tree *s = tree_get(d, "source");
    bool telnet = pl_is(tree_path_attr(d, "protocol", "type"), "telnet"), tls = pl_tri(s, NULL, "tls") == 1;
    const struct plan_res *r = NULL;
    char buf[32];
    int32_t index;
    if (pl_run(c) && (c->failed || !(r = pl_res(c, d, &index))))
        return;
    bool fd = r && r->kind != MK_HOSTNET;       /* else QEMU connects, and again */
    if (fd) {
        pl_set(o, "fd", pl_fdname(c, r, index, 0, buf));
    } else {
        pl_set(o, "host", pl_host(c, s, "host"));
        pl_setf(c, o, "port", "%s", tree_attr(s, "service") ? tree_attr(s, "service") : "");
    }
    if (telnet)
        pl_set_bool(o, "telnet", true);
    if (tree_attr_is(s, "mode", "bind"))
        listening(o);
    else if (!fd)
        pl_reconnect(c, d, o);
    if (tls) {
        char id[96], of[96];
        snprintf(id, sizeof id, "objchar%s_tls0", pl_alias(c, d));
        snprintf(of, sizeof of, "char%s", pl_alias(c, d));
        pl_tls_object(c, id, of, TLS_CHARDEV, s, tree_attr_is(s, "mode", "bind"));
        pl_set(o, "tls-creds", id);
    }
}

static void be_udp(struct ctx *c, const struct tree *d, json_t *o)
{
    const struct tree *to = source_mode(d, "connect"), *from = source_mode(d, "bind");
    const char *p = tree_attr(to, "service"), *lp = tree_attr(from, "service");
    pl_set(o, "host", pl_host(c, to, "host"));
    pl_set(o, "port", p ? p : "");
    pl_set(o, "localaddr", pl_host(c, from, "host"));
    pl_set(o, "localport", lp ? lp : "0");
}

static void be_spicevmc(struct ctx *c, const struct tree *d, json_t *o)
{
    (void)c;
    pl_set(o, "name", strcmp(d->name, "redirdev") == 0 ? "usbredir" : strcmp(d->name, "smartcard") == 0 ? "smartcard" : "vdagent");
}

static void be_spiceport(struct ctx *c, const struct tree *d, json_t *o)
{
    (void)c;
    pl_set(o, "name", tree_path_attr(d, "source", "channel"));
}

static void be_vdagent(struct ctx *c, const struct tree *d, json_t *o)
{
    int clip = pl_tri(d, "source/clipboard", "copypaste");
    const char *mouse = tree_path_attr(d, "source/mouse", "mode");
    pl_set(o, "name", "vdagent");
    if (clip >= 0)
        pl_set_bool(o, "clipboard", clip);
    if (mouse)
        pl_set_bool(o, "mouse", pl_is(mouse, "client"));
    (void)c;
}

/* type= of the device, QEMU's back end, allowed for a sandboxed QEMU */
static const struct { const char *type, *backend; bool run; prop_fn *fn; } backends[] = {
    { "pty", "pty", true, be_pty },
    { "unix", "socket", true, be_unix },
    { "file", "file", true, be_file },
    { "null", "null", true, be_plain },
    { "tcp", "socket", true, be_tcp },
    { "udp", "udp", true, be_udp },
    { "dev", "serial", true, be_line },
    { "pipe", "pipe", true, be_line },
    { "stdio", "stdio", true, be_plain },
    { "vc", "vc", true, be_plain },
    { "spicevmc", "spicevmc", true, be_spicevmc },
    { "spiceport", "spiceport", true, be_spiceport },
    { "qemu-vdagent", "qemu-vdagent", true, be_vdagent },
    { "dbus", "dbus", false, be_spiceport },
    { NULL, NULL, false, NULL },
};

void pl_chardev(struct ctx *c, const struct tree *d)
{
    unsigned i;
    const struct tree *log = tree_get(d, "log");
    for (i = 0; backends[i].type && !tree_attr_is(d, "type", backends[i].type); i++)
        ;
    if (!backends[i].type || (pl_run(c) && !backends[i].run)) {
        pl_refuse(c, d, "type");
        return;
    }
    json_t *o = json_object();
    pl_set(o, "backend", strcmp(d->name, "parallel") == 0 && tree_attr_is(d, "type", "dev") ? "parallel" : backends[i].backend);
    pl_setf(c, o, "id", "char%s", pl_alias(c, d));
    backends[i].fn(c, d, o);
    if (log) {
        int append = pl_tri(log, NULL, "append");
        if (pl_run(c))
            by_fdset(c, log, o, "logfile");
        else
            pl_set(o, "logfile", tree_attr(log, "file"));
        if (pl_run(c) || append >= 0)
            pl_set_bool(o, "logappend", pl_run(c) || append);
    }
    json_t *item = pl_item(c, PLAN_CHARDEV);     /* after the -add-fd it refers to */
    json_object_update(item, o);
    json_decref(o);
}

/* ---- front ends ---- */
static const struct prop chr_id[] = { P_REF("chardev", "char"), P_ID("id"), P_END };

void pl_serial(struct ctx *c, const struct tree *d)
{
    static const struct map drivers[] = { { "isa-serial", "isa-serial" }, { "usb-serial", "usb-serial" }, { "pci-serial", "pci-serial" },
        { "spapr-vty", "spapr-vty" }, { "isa-debugcon", "isa-debugcon" }, { NULL, NULL } };
    bool known;
    const char *model = tree_path_attr(d, "target/model", "name"), *type = tree_path_attr(d, "target", "type");
    const char *driver = pl_map(drivers, model ? model : type ? type : "isa-serial", &known);
    pl_chardev(c, d);
    if (!known) {
        pl_fail(c, "serial target model '%s' is not supported", model ? model : type);
        return;
    }
    json_t *o = pl_item(c, PLAN_DEVICE);
    pl_set(o, "driver", driver);
    pl_fill(c, d, chr_id, o);
    if (pl_is(driver, "isa-serial"))
        pl_set_int(o, "index", (long long)pl_num_or(c, d, "target", "port", 0));
    pl_address(c, d, o);
}

void pl_parallel(struct ctx *c, const struct tree *d)
{
    static const struct prop t[] = { P_CONST("driver", "isa-parallel"), P_REF("chardev", "char"), P_ID("id"), P_END };
    pl_chardev(c, d);
    json_t *o = pl_emit(c, PLAN_DEVICE, d, t);
    if (tree_attr_is(tree_get(d, "address"), "type", "isa"))
        pl_address(c, d, o);
}

static void virtio_port(struct ctx *c, const struct tree *d, const char *driver, bool name)
{
    json_t *o = pl_item(c, PLAN_DEVICE);
    pl_set(o, "driver", driver);
    pl_address(c, d, o);
    pl_fill(c, d, chr_id, o);
    if (name)
        pl_set(o, "name", pl_is(tree_attr(d, "type"), "spicevmc") && !tree_path_attr(d, "target", "name") ? "com.redhat.spice.0"
                                                                                                   : tree_path_attr(d, "target", "name"));
}

void pl_channel(struct ctx *c, const struct tree *d)
{
    const char *target = tree_path_attr(d, "target", "type");
    if (pl_is(target, "virtio")) {
        pl_chardev(c, d);
        virtio_port(c, d, "virtserialport", true);
        return;
    }
    if (!pl_is(target, "guestfwd")) {
        pl_fail(c, "channel target type '%s' is not supported", target ? target : "");
        return;
    }
    pl_chardev(c, d);
    json_t *o = pl_item(c, PLAN_NETDEV), *f = json_object(), *a = json_array();
    pl_set(o, "type", "user");
    pl_setf(c, f, "str", "tcp:%s:%s-chardev:char%s", tree_path_attr(d, "target", "address"), tree_path_attr(d, "target", "port"), pl_alias(c, d));
    json_array_append_new(a, f);
    json_object_set_new(o, "guestfwd", a);
    pl_setf(c, o, "id", "%s", pl_alias(c, d));
}

void pl_console(struct ctx *c, const struct tree *d)
{
    const char *target = tree_path_attr(d, "target", "type");
    if (pl_is(target, "serial"))
        return;      /* another name of the first serial device */
    if (!pl_is(target, "virtio")) {
        pl_fail(c, "console target type '%s' is not supported", target ? target : "");
        return;
    }
    pl_chardev(c, d);
    virtio_port(c, d, "virtconsole", false);
}
