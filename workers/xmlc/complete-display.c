/* complete-display.c: graphics, video, sound, audio and input devices. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/util.h"
#include "workers/tree-form.h"
#include "workers/xmlc/doc.h"

/* ---- graphics ---- */

static int listens(struct doc *d, struct tree *g)
{
    struct tree *l = tree_first(g, "listen");
    const char *attr = tree_attr(g, "listen"), *type = tree_attr(g, "type"), *addr, *socket = tree_attr(g, "socket");
    if (!doc_in(type, "vnc spice rdp"))
        return 0;
    TREE_EACH(x, g, "listen") {
        if (doc_is(x, "type", "network") && !tree_attr(x, "network"))
            return doc_bad(d, "'network' attribute is required for listen type 'network'"), doc_invalid(d);
        if (doc_is(x, "type", "address") && tree_attr(x, "address") && !*tree_attr(x, "address"))
            tree_set_attr(x, "address", NULL);
        if (doc_is(x, "type", "network") && !(d->env->flags & DOC_LIVE))
            tree_set_attr(x, "address", NULL);
        if (doc_is(x, "type", "socket") && tree_attr(x, "socket") && !(d->env->flags & DOC_LIVE)) {
            size_t n = strlen(d->lib_dir);
            const char *s = tree_attr(x, "socket");
            if (strncmp(s, d->lib_dir, n) == 0 && strncmp(s + n, "/domain-", 8) == 0)
                tree_set_attr(x, "socket", NULL);
        }
    }
    if (attr && !*attr)
        attr = NULL;
    if (l && attr && doc_is(l, "type", "address")) {
        addr = tree_attr(l, "address");
        if (addr && strcmp(addr, attr) != 0)
            return doc_unsupported(d, VIR_FROM_DOMAIN,
                "graphics 'listen' attribute '%s' must match 'address' attribute of first listen element (found '%s')", attr, addr);
        if (!addr)
            tree_set_attr(l, "address", "%s", attr);
    }
    if (l && socket && strcmp(type, "vnc") == 0) {
        while (l->attr)
            tree_set_attr(l, l->attr->name, NULL);
        tree_set_attr(l, "type", "socket");
        tree_set_attr(l, "socket", "%s", socket);
        attr = NULL;
    }
    if (l && !tree_next(l, "listen") && doc_is(l, "type", "address") && !tree_attr(l, "address") && strcmp(type, "spice") == 0 && !attr && !tree_attr(g, "port") &&
        !tree_attr(g, "tlsPort") && !doc_is(g, "autoport", "yes"))
        tree_set_attr(l, "type", "none");
    if (!l) {
        l = tree_add(g, "listen");
        if (socket && *socket) {
            tree_set_attr(l, "type", "socket");
            tree_set_attr(l, "socket", "%s", socket);
        } else if (strcmp(type, "spice") == 0 && !attr && !tree_attr(g, "port") && !tree_attr(g, "tlsPort") && !doc_is(g, "autoport", "yes")) {
            tree_set_attr(l, "type", "none");
        } else {
            tree_set_attr(l, "type", "address");
            if (attr)
                tree_set_attr(l, "address", "%s", attr);
        }
    }
    addr = doc_in(tree_attr(l, "type"), "address network") ? tree_attr(l, "address") : NULL;
    tree_set_attr(g, "listen", addr ? "%s" : NULL, addr);
    socket = doc_is(l, "type", "socket") ? tree_attr(l, "socket") : NULL;
    tree_set_attr(g, "socket", socket && strcmp(type, "vnc") == 0 ? "%s" : NULL, socket);
    return 0;
}

static int port_of(const struct tree *g, const char *attr)
{
    const char *s = tree_attr(g, attr);
    return s ? atoi(s) : 0;
}

/* A VNC password: QEMU looks at eight characters of it, until a time. */
static int password(struct doc *d, const struct tree *g)
{
    const char *p = tree_attr(g, "passwd"), *until = tree_attr(g, "passwdValidTo");
    unsigned v[6];
    char rest;
    if (until && sscanf(until, "%4u-%2u-%2uT%2u:%2u:%2u%c", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &rest) != 6)
        return err_set(d->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DOMAIN, "cannot parse password validity time '%s', expect YYYY-MM-DDTHH:MM:SS", until);
    if (p && doc_is(g, "type", "vnc") && strlen(p) > 8)
        return doc_unsupported(d, VIR_FROM_QEMU, "VNC password is %zu characters long, only 8 permitted", strlen(p));
    return 0;
}

static int graphics(struct doc *d, struct tree *g)
{
    const char *type = tree_attr(g, "type");
    int port = port_of(g, "port");
    bool auto_ = doc_is(g, "autoport", "yes"), live = d->env->flags & DOC_LIVE;
    const struct tree *l;
    if (doc_in(type, "rdp desktop"))
        return doc_unsupported(d, VIR_FROM_QEMU, "%s graphics are not supported with this QEMU", type);
    if (listens(d, g) || password(d, g))
        return -1;
    for (struct tree *ch = tree_first(g, "channel"), *next; ch; ch = next) {
        next = tree_next(ch, "channel");
        if (doc_is(ch, "mode", "any"))
            tree_free(ch);
    }
    l = tree_first(g, "listen");
    if (strcmp(type, "vnc") == 0) {
        if (l && !doc_in(tree_attr(l, "type"), "address network")) {
            tree_set_attr(g, "port", NULL);
            tree_set_attr(g, "autoport", NULL);
        } else if (!live) {
            if (port == -1 && doc_is(g, "autoport", "no"))
                port = 0;
            auto_ |= port == -1 || (port == 0 && !doc_is(g, "autoport", "no"));
            if (auto_)
                tree_set_attr(g, "port", "-1");
            else if (!port)
                tree_set_attr(g, "port", NULL);
            tree_set_attr(g, "autoport", auto_ ? "yes" : "no");
        }
        const char *keep = tree_attr(g, "connected");
        if (keep && strcmp(keep, "disconnect") != 0 && strcmp(keep, "fail") != 0 && strcmp(keep, "keep") != 0)
            tree_set_attr(g, "connected", NULL);
    } else if (strcmp(type, "spice") == 0) {
        int tls = port_of(g, "tlsPort");
        if (l && !doc_in(tree_attr(l, "type"), "address network")) {
            tree_set_attr(g, "port", NULL);
            tree_set_attr(g, "tlsPort", NULL);
            tree_set_attr(g, "autoport", NULL);
        } else if (!live) {
            auto_ |= port == -1 && tls == -1;
            if (auto_ || !port)
                tree_set_attr(g, "port", NULL);
            if (auto_ || !tls)
                tree_set_attr(g, "tlsPort", NULL);
            tree_set_attr(g, "autoport", auto_ ? "yes" : "no");
            if (!auto_ && !port && !tls)
                tree_set_attr(g, "autoport", NULL);
        }
        if (!live && tls > 0 && !auto_ && !(d->env->settings && d->env->settings->tls[TLS_SPICE].on))
            return doc_unsupported(d, VIR_FROM_QEMU, "spice TLS port set in XML configuration, but TLS is disabled in qemu.conf");
    } else if (strcmp(type, "sdl") != 0 && strcmp(type, "desktop") != 0) {
        tree_set_attr(g, "display", NULL);
    }
    return 0;
}

/* ---- video ---- */

/* KiB that a card has where it is not told, 0 none; which has no row has none of them. */
static const struct { const char *type; unsigned ram, vram, vgamem; } memories[] = {
    {"vga", 0, 16384, 0}, {"cirrus", 0, 16384, 0}, {"vmvga", 0, 16384, 0}, {"bochs", 0, 16384, 0}, {"qxl", 65536, 65536, 16384}, {"xen", 0, 4096, 0},
};

static void memory_default(struct tree *m, const char *attr, unsigned kib)
{
    unsigned v = doc_uint(m, attr, 0), p = 1;
    if (!kib && !v)
        return;
    if (!v)
        v = kib;
    while (p < v && p < 1u << 31)
        p <<= 1;
    tree_set_attr(m, attr, "%u", strcmp(attr, "vram64") != 0 ? p : v);
}

static int video_memory(struct doc *d, struct tree *m, const char *type)
{
    unsigned given_vgamem = doc_uint(m, "vgamem", 0);
    memory_default(m, "vram", 0);
    for (unsigned i = 0; i < ARRAY_N(memories); i++)
        if (strcmp(memories[i].type, type) == 0) {
            memory_default(m, "ram", memories[i].ram);
            memory_default(m, "vram", memories[i].vram);
            memory_default(m, "vgamem", memories[i].vgamem);
            memory_default(m, "vram64", 0);
        }
    if (strcmp(type, "qxl") == 0 && (given_vgamem & (given_vgamem - 1)))
        return doc_unsupported(d, VIR_FROM_QEMU, "value for 'vgamem' must be power of two");
    if (tree_attr(m, "vgamem") && doc_uint(m, "vgamem", 0) < 1024)
        return doc_unsupported(d, VIR_FROM_QEMU, "value for 'vgamem' must be at least 1 MiB (1024 KiB)");
    return 0;
}

/* *primary: the card that was told to be it, if any. */
static int video_card(struct doc *d, struct tree *t, struct tree **primary)
{
    static const char *const only_qxl[] = {"ram", "vram64", "vgamem"};
    struct tree *m = tree_make(t, "model"), *driver = tree_first(t, "driver");
    const char *type = tree_attr(m, "type");
    bool outside = doc_is(driver, "name", "vhostuser");
    if (!type || strcmp(type, "default") == 0) {
        type = outside ? "virtio" : doc_has_device(d, "cirrus-vga") ? "cirrus" : doc_has_device(d, "VGA") ? "vga" : "none";
        tree_set_attr(m, "type", "%s", type);
    }
    if (strcmp(type, "none") == 0) {
        while (m->child)
            tree_free(m->child);
        tree_set_attr(m, "heads", NULL);
        tree_set_attr(m, "primary", NULL);
        return doc_count(d->devices, "video") == 1 ? 0 :
            doc_unsupported(d, VIR_FROM_DOMAIN, "a 'none' video type must be the only video device defined for the domain");
    }
    for (unsigned i = 0; strcmp(type, "qxl") != 0 && i < ARRAY_N(only_qxl); i++)
        if (tree_attr(m, only_qxl[i]))
            return doc_unsupported(d, VIR_FROM_DOMAIN, "%s attribute only supported for video type qxl", only_qxl[i]);
    if (!(d->env->flags & DOC_STORED))      /* there, none means 0 */
        doc_default(m, "heads", "1");
    if (doc_is(m, "heads", "0"))
        tree_set_attr(m, "heads", NULL);
    if (!doc_is(m, "primary", "yes"))
        tree_set_attr(m, "primary", NULL);
    else if (*primary)
        return doc_unsupported(d, VIR_FROM_DOMAIN, "Only one primary video device is supported");
    else
        *primary = t;
    if (video_memory(d, m, type))
        return -1;
    if (tree_path_attr(m, "acceleration", "rendernode") && !outside)
        return doc_unsupported(d, VIR_FROM_DOMAIN, "unsupported rendernode accel attribute without 'vhostuser'");
    return 0;
}

static int video(struct doc *d)
{
    struct tree *first, *primary = NULL;
    if (!tree_first(d->devices, "video") && tree_first(d->devices, "graphics"))
        doc_add_device(d, "video");
    TREE_EACH(t, d->devices, "video")
        if (video_card(d, t, &primary))
            return -1;
    first = tree_first(d->devices, "video");
    if (first && !primary && !doc_is(tree_first(first, "model"), "type", "none")) {
        tree_set_attr(tree_first(first, "model"), "primary", "yes");
        primary = first;
    }
    if (primary && primary != first)
        tree_insert(d->devices, primary, first);
    return 0;
}

/* ---- sound ---- */

static int audio(struct doc *d)
{
    const char *type = form_implicit_audio(d->devices);
    unsigned i = 0;
    TREE_EACH(a, d->devices, "audio") {
        i++;
        for (struct tree *b = tree_next(a, "audio"); b; b = tree_next(b, "audio"))
            if (doc_uint(a, "id", 0) == doc_uint(b, "id", 0))
                return doc_bad(d, "audio ID %u is used multiple times", doc_uint(a, "id", 0));
        if (tree_attr(a, "dspPolicy") && *tree_attr(a, "dspPolicy") == '-')
            return doc_bad(d, "cannot parse 'dspPolicy' value '%s'", tree_attr(a, "dspPolicy"));
    }
    if (!i && type) {
        struct tree *a = doc_add_device(d, "audio");
        tree_set_attr(a, "id", "1");
        tree_set_attr(a, "type", "%s", type);
    }
    return 0;
}

/* ---- input ---- */

static const struct { const char *bus, *types; } inputs[] = {
    {"ps2", "mouse keyboard"}, {"usb", "mouse tablet keyboard"}, {"virtio", "mouse tablet keyboard passthrough"}, {"none", "evdev"},
};

static int input(struct doc *d, struct tree *t)
{
    const char *type = tree_attr(t, "type"), *bus = tree_attr(t, "bus");
    if (!bus) {
        bus = doc_in(type, "mouse keyboard") ? "ps2" : strcmp(type, "passthrough") == 0 ? "virtio" : strcmp(type, "evdev") == 0 ? "none" : "usb";
        tree_set_attr(t, "bus", "%s", bus);
        bus = tree_attr(t, "bus");
    }
    if (strcmp(type, "passthrough") == 0 && strcmp(bus, "virtio") != 0)
        return doc_unsupported(d, VIR_FROM_DOMAIN, "only bus 'virtio' is supported for 'passthrough' input devices");
    if (strcmp(type, "evdev") == 0 && strcmp(bus, "none") != 0)
        return doc_unsupported(d, VIR_FROM_DOMAIN, "input evdev doesn't support bus element");
    for (unsigned i = 0; i < ARRAY_N(inputs); i++)
        if (strcmp(bus, inputs[i].bus) == 0 && !doc_in(type, inputs[i].types))
            return err_set(d->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DOMAIN, "%s bus does not support %s input device", bus, type);
    if (strcmp(bus, "usb") == 0)
        TREE_EACH(c, d->devices, "controller")
            if (doc_is(c, "type", "usb") && doc_is(c, "model", "none"))
                return doc_unsupported(d, VIR_FROM_DOMAIN, "Can't add USB input device. USB bus is disabled");
    if (strcmp(bus, "none") == 0)
        tree_set_attr(t, "bus", NULL);
    return 0;
}

static void implicit_input(struct doc *d, const char *type)
{
    TREE_EACH(t, d->devices, "input")
        if (doc_is(t, "type", type) && doc_is(t, "bus", "ps2"))
            return;
    struct tree *t = doc_add_device(d, "input");
    tree_set_attr(t, "type", "%s", type);
    tree_set_attr(t, "bus", "ps2");
}

int complete_display(struct doc *d)
{
    TREE_EACH(s, d->devices, "sound")
        for (struct tree *c; !doc_in(tree_attr(s, "model"), "ich6 ich9") && (c = tree_first(s, "codec")); )
            tree_free(c);
    TREE_EACH(g, d->devices, "graphics")
        if (graphics(d, g))
            return -1;
    TREE_EACH(t, d->devices, "input")
        if (input(d, t))
            return -1;
    implicit_input(d, "mouse");
    implicit_input(d, "keyboard");
    return video(d) || audio(d) ? -1 : 0;
}
