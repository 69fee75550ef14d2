/* dev_display.c: <graphics> and <video>. */
#include "priv.h"
#include <string.h>
#include <stdlib.h>

/* ---- graphics ---- */
/* The audio backend a display is tied to: its own <audio id=>, else the first of the guest when wanted. */
static void audiodev(struct ctx *c, struct strbuf *b, const struct tree *g, bool first)
{
    const char *id = tree_path_attr(g, "audio", "id");
    if (!id && first)
        id = tree_path_attr(c->devices, "audio", "id");
    if (id)
        pl_cat(c, b, ",audiodev=audio%s", id);
}

static const struct tree *listen_of(const struct tree *g)
{
    return tree_first(g, "listen");
}

static const char *listen_address(const struct tree *g)
{
    const struct tree *l = listen_of(g);
    const char *a = tree_attr(l, "address");
    return a ? a : tree_attr(g, "listen");
}

static bool has_password(const struct tree *g)
{
    return tree_attr(g, "passwd") || tree_attr(g, MARK_PASSWD);
}

/* Port of a display; one that is chosen at start shows as `shown` while nobody has chosen. */
static unsigned port_of(struct ctx *c, const struct tree *g, const char *attr, unsigned shown)
{
    unsigned long long p;
    const char *s = tree_attr(g, attr);
    bool wanted = s || pl_is(attr, "port");      /* the main port is there without being named */
    if (!s || *s == '-')
        return wanted && (!pl_is(attr, "port") || pl_tri(g, NULL, "autoport") == 1) ? shown : 0;
    return pl_num(c, g, NULL, attr, &p) == 0 && p <= 65535 ? (unsigned)p : 0;
}

static void vnc_address(struct ctx *c, struct strbuf *b, const struct tree *g)
{
    const char *type = tree_attr(listen_of(g), "type"), *path = tree_attr(listen_of(g), "socket"), *a = listen_address(g);
    if (!path)
        path = tree_attr(g, "socket");
    if (pl_is(type, "none")) {
        pl_cat(c, b, "none");
    } else if (pl_is(type, "socket") || path) {
        pl_cat(c, b, "vnc=unix:");
        if (path)
            pl_cat_escaped(c, b, path);
        else
            pl_cat(c, b, "%s/domain-%d-%s/vnc.sock", pl_lib_dir(c), c->in->id, pl_short_name(c));
    } else {
        unsigned port = port_of(c, g, "port", 5900), ws = port_of(c, g, "websocket", 5700);
        if (!a || !*a)
            a = "127.0.0.1";
        if (port < 5900) {
            pl_fail(c, "vnc port must be in range [5900,65535]");
            return;
        }
        pl_cat(c, b, strchr(a, ':') ? "[%s]:%u" : "%s:%u", a, port - 5900);
        if (ws)
            pl_cat(c, b, ",websocket=%u", ws);
    }
}

static void vnc(struct ctx *c, const struct tree *g)
{
    struct strbuf b = { NULL, 0, 0 };
    /* Run form: QEMU listens nowhere; the worker holds the listener and hands over each client (add_client). */
    if (pl_run(c))
        pl_cat(c, &b, "none");
    else
        vnc_address(c, &b, g);
    if (pl_run(c) ? tree_attr(g, MARK_TLS) != NULL : c->in->settings && c->in->settings->tls[TLS_VNC].on) {
        pl_tls_object(c, "vnc-tls-creds0", "vnc-tls-creds0", TLS_VNC, g, true);
        pl_cat(c, &b, ",tls-creds=vnc-tls-creds0");
    }
    if (tree_attr(g, "sharePolicy"))
        pl_cat(c, &b, ",share=%s", tree_attr(g, "sharePolicy"));
    if (pl_tri(g, NULL, "powerControl") >= 0)
        pl_cat(c, &b, ",power-control=%s", pl_tri(g, NULL, "powerControl") ? "on" : "off");
    if (has_password(g))
        pl_cat(c, &b, ",password=on");
    audiodev(c, &b, g, true);
    pl_words_take(c, "-vnc", b.s);
    if (tree_attr(g, "keymap"))
        pl_words(c, "-k", "%s", tree_attr(g, "keymap"));
}

static void spice_channels(struct ctx *c, struct strbuf *b, const struct tree *g, bool plain, bool tls)
{
    static const struct { const char *mode, *what; } wanted[] = { { "secure", "TLS" }, { "insecure", "plaintext" } };
    static const struct map modes[] = { { "secure", "tls-channel" }, { "insecure", "plaintext-channel" }, { "any", NULL }, { NULL, NULL } };
    bool known;
    const char *def = pl_map(modes, tree_attr(g, "defaultMode"), &known);
    for (unsigned i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        bool asked = false;
        TREE_EACH(ch, g, "channel")
            asked |= tree_attr_is(ch, "mode", wanted[i].mode);
        if (i ? plain : tls)
            continue;
        if (tree_attr_is(g, "defaultMode", wanted[i].mode))
            pl_fail(c, "spice defaultMode %s requested in XML configuration, but %s connection is not available", wanted[i].mode, wanted[i].what);
        else if (asked)
            pl_fail(c, "spice %s channels set in XML configuration, but %s connection is not available", wanted[i].mode, wanted[i].what);
    }
    if (def)
        pl_cat(c, b, ",%s=default", def);
    TREE_EACH(ch, g, "channel") {
        const char *key = pl_map(modes, tree_attr(ch, "mode"), &known);
        if (key)
            pl_cat(c, b, ",%s=%s", key, tree_attr(ch, "name"));
    }
}

static void spice(struct ctx *c, const struct tree *g)
{
    static const struct { const char *key, *path, *attr; } words[] = { { "image-compression", "image", "compression" },
        { "jpeg-wan-compression", "jpeg", "compression" }, { "zlib-glz-wan-compression", "zlib", "compression" },
        { "playback-compression", "playback", "compression" }, { "streaming-video", "streaming", "mode" }, { NULL, NULL, NULL } };
    static const struct map agent_mouse[] = { { "server", "off" }, { "client", "on" }, { NULL, NULL } };
    struct strbuf b = { NULL, 0, 0 };
    const char *type = tree_attr(listen_of(g), "type"), *a = listen_address(g);
    bool known, by_socket = pl_is(type, "socket"), by_address = !by_socket && !pl_is(type, "none");
    unsigned port = by_address && tree_attr(g, "port") ? port_of(c, g, "port", 5901) : 0, tls_port = by_address && tree_attr(g, "tlsPort") ? port_of(c, g, "tlsPort", 5902) : 0;
    if (pl_run(c)) {        /* as with VNC: the worker listens. QEMU speaks TLS only if it listens for it, so it does where nobody can come from, at a socket in its own view */
        pl_cat(c, &b, tls_port ? "unix=on,addr=/run/spice.sock,port=0,tls-port=%u" : "port=%u", tls_port);
    } else if (pl_is(type, "socket")) {
        pl_cat(c, &b, "unix,addr=");
        if (tree_attr(listen_of(g), "socket"))
            pl_cat_escaped(c, &b, tree_attr(listen_of(g), "socket"));
        else
            pl_cat(c, &b, "%s/domain-%d-%s/spice.sock", pl_lib_dir(c), c->in->id, pl_short_name(c));
    } else if (!port && !tls_port) {
        pl_cat(c, &b, "port=0");
    } else {
        if (port)
            pl_cat(c, &b, "port=%u", port);
        if (tls_port)
            pl_cat(c, &b, "%stls-port=%u", port ? "," : "", tls_port);
        pl_cat(c, &b, ",addr=%s", a && *a ? a : "127.0.0.1");
    }
    if (!has_password(g))
        pl_cat(c, &b, ",disable-ticketing=on");
    if (tree_path_attr(g, "mouse", "mode"))
        pl_cat(c, &b, ",agent-mouse=%s", pl_map(agent_mouse, tree_path_attr(g, "mouse", "mode"), &known));
    if (tls_port)
        pl_tls_dir(c, &b, TLS_SPICE, g);
    spice_channels(c, &b, g, port || by_socket, tls_port);
    for (unsigned i = 0; words[i].key; i++)
        if (tree_path_attr(g, words[i].path, words[i].attr))
            pl_cat(c, &b, ",%s=%s", words[i].key, tree_path_attr(g, words[i].path, words[i].attr));
    if (pl_tri(g, "clipboard", "copypaste") == 0)
        pl_cat(c, &b, ",disable-copy-paste=on");
    if (pl_tri(g, "filetransfer", "enable") == 0)
        pl_cat(c, &b, ",disable-agent-file-xfer=on");
    if (pl_tri(g, "gl", "enable") == 1) {
        pl_cat(c, &b, ",gl=on");
        if (tree_path_attr(g, "gl", "rendernode"))
            pl_cat(c, &b, ",rendernode=%s", tree_path_attr(g, "gl", "rendernode"));
    }
    pl_cat(c, &b, ",seamless-migration=on");
    pl_words_take(c, "-spice", b.s);
    if (tree_attr(g, "keymap"))
        pl_words(c, "-k", "%s", tree_attr(g, "keymap"));
}

static void gl_words(struct ctx *c, struct strbuf *b, const struct tree *g)
{
    int gl = pl_tri(g, "gl", "enable");
    if (gl >= 0)
        pl_cat(c, b, ",gl=%s", gl ? "on" : "off");
    if (tree_path_attr(g, "gl", "rendernode")) {
        pl_cat(c, b, ",rendernode=");
        pl_cat_escaped(c, b, tree_path_attr(g, "gl", "rendernode"));
    }
}

static void sdl(struct ctx *c, const struct tree *g)
{
    struct strbuf b = { NULL, 0, 0 };
    pl_cat(c, &b, "sdl");
    gl_words(c, &b, g);
    if (pl_tri(g, NULL, "fullscreen") == 1)
        pl_words(c, "-full-screen", NULL);
    pl_words_take(c, "-display", b.s);
}

static void egl(struct ctx *c, const struct tree *g)
{
    struct strbuf b = { NULL, 0, 0 };
    pl_cat(c, &b, "egl-headless");
    if (tree_path_attr(g, "gl", "rendernode")) {
        pl_cat(c, &b, ",rendernode=");
        pl_cat_escaped(c, &b, tree_path_attr(g, "gl", "rendernode"));
    }
    pl_words_take(c, "-display", b.s);
}

static void dbus(struct ctx *c, const struct tree *g)
{
    struct strbuf b = { NULL, 0, 0 };
    pl_cat(c, &b, "dbus");
    if (pl_tri(g, NULL, "p2p") == 1) {
        pl_cat(c, &b, ",p2p=on");
    } else {
        pl_cat(c, &b, ",addr=");
        if (tree_attr(g, "address"))
            pl_cat_escaped(c, &b, tree_attr(g, "address"));
        else
            pl_cat(c, &b, "unix:path=/run/libvirt/qemu/dbus/%d-%s-dbus.sock", c->in->id, pl_short_name(c));
    }
    gl_words(c, &b, g);
    audiodev(c, &b, g, false);
    pl_words_take(c, "-display", b.s);
}

static const struct { const char *type; bool run; dev_fn *fn; } displays[] = {
    { "vnc", true, vnc }, { "spice", true, spice }, { "sdl", false, sdl }, { "egl-headless", false, egl }, { "dbus", false, dbus }, { NULL, false, NULL },
};

void pl_graphics(struct ctx *c, const struct tree *g)
{
    unsigned i;
    for (i = 0; displays[i].type && !tree_attr_is(g, "type", displays[i].type); i++)
        ;
    if (!displays[i].type || (pl_run(c) && !displays[i].run))
        pl_refuse(c, g, "type");
    else
        displays[i].fn(c, g);
}

void pl_graphics_none(struct ctx *c)
{
    if (!tree_first(c->devices, "graphics"))
        pl_words(c, "-display", "none");
}

/* ---- video ---- */
static void mib(struct ctx *c, const struct tree *v, json_t *o, const char *key, const char *attr)
{
    unsigned long long n;
    if (pl_num(c, v, "model", attr, &n) == 0)
        pl_set_int(o, key, (long long)(n / 1024));
}

static void bytes(struct ctx *c, const struct tree *v, json_t *o, const char *key, const char *attr)
{
    unsigned long long n;
    if (pl_num(c, v, "model", attr, &n) == 0)
        pl_set_int(o, key, (long long)(n * 1024));
}

static void resolution(struct ctx *c, const struct tree *v, json_t *o)
{
    static const struct prop t[] = { P_INT("xres", "model/resolution", "x"), P_INT("yres", "model/resolution", "y"), P_END };
    pl_fill(c, v, t, o);
}

static void qxl(struct ctx *c, const struct tree *v, json_t *o)
{
    static const struct prop t[] = { P_INT("max_outputs", "model", "heads"), P_END };
    pl_fill(c, v, t, o);
    bytes(c, v, o, "ram_size", "ram");
    bytes(c, v, o, "vram_size", "vram");
    pl_set_int(o, "vram64_size_mb", (long long)(pl_num_or(c, v, "model", "vram64", 0) / 1024));
    mib(c, v, o, "vgamem_mb", "vgamem");
    resolution(c, v, o);
}

static void virtio_gpu(struct ctx *c, const struct tree *v, json_t *o)
{
    static const struct prop t[] = { P_INT("max_outputs", "model", "heads"), P_END };
    static const struct prop t2[] = { P_BOOL("blob", "model", "blob"), P_END };
    pl_fill(c, v, t, o);
    resolution(c, v, o);
    pl_fill(c, v, t2, o);
}

static void vga(struct ctx *c, const struct tree *v, json_t *o)
{
    mib(c, v, o, "vgamem_mb", "vram");
    resolution(c, v, o);
}

static void bochs(struct ctx *c, const struct tree *v, json_t *o)
{
    bytes(c, v, o, "vgamem", "vram");
    resolution(c, v, o);
}

static void nothing(struct ctx *c, const struct tree *v, json_t *o)
{
    (void)c, (void)v, (void)o;
}

static const struct { const char *type, *primary, *secondary; prop_fn *fn; } cards[] = {
    { "vga", "VGA", NULL, vga }, { "cirrus", "cirrus-vga", NULL, nothing }, { "vmvga", "vmware-svga", NULL, vga }, { "qxl", "qxl-vga", "qxl", qxl },
    { "virtio", "virtio-vga", "virtio-gpu", virtio_gpu }, { "bochs", "bochs-display", "bochs-display", bochs }, { "ramfb", "ramfb", NULL, nothing },
    { NULL, NULL, NULL, NULL },
};

void pl_video(struct ctx *c, const struct tree *v)
{
    const char *type = tree_path_attr(v, "model", "type");
    unsigned i;
    bool first = pl_is(tree_path_attr(v, "model", "primary"), "yes"), gl = pl_tri(v, "model/acceleration", "accel3d") == 1;
    if (pl_is(type, "none"))
        return;
    for (i = 0; cards[i].type && !pl_is(type, cards[i].type); i++)
        ;
    const char *driver = first ? cards[i].primary : cards[i].secondary;
    bool vu = pl_is(tree_path_attr(v, "driver", "name"), "vhostuser") && pl_is(type, "virtio");
    if (!cards[i].type || !driver || (vu && pl_run(c))) {
        pl_fail(c, "video type '%s'%s is not supported", type ? type : "", cards[i].type ? " as a secondary or vhost-user device" : "");
        return;
    }
    if (vu) {       /* a process of its own draws, over a socket that is given by descriptor */
        json_t *chr = pl_item(c, PLAN_CHARDEV);
        pl_set(chr, "backend", "socket");
        pl_setf(c, chr, "id", "chr-vu-%s", pl_alias(c, v));
        pl_setf(c, chr, "fd", "%u", 23 + c->fd_shown++);
    }
    json_t *o = pl_item(c, PLAN_DEVICE);
    if (pl_is(type, "virtio"))
        pl_virtio(c, v, vu ? "vhost-user-gpu" : gl ? "virtio-gpu-gl" : "virtio-gpu", NULL, o);
    if (first && pl_is(type, "virtio"))     /* the one with VGA has no bus in its name */
        pl_set(o, "driver", vu ? "vhost-user-vga" : gl ? "virtio-vga-gl" : "virtio-vga");
    else if (!pl_is(type, "virtio"))
        pl_set(o, "driver", driver);
    pl_setf(c, o, "id", "%s", pl_alias(c, v));
    cards[i].fn(c, v, o);
    if (vu)
        pl_setf(c, o, "chardev", "chr-vu-%s", pl_alias(c, v));
    pl_address(c, v, o);
}
