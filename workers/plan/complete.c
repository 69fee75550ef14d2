/* complete.c: what only the opening of a guest's resources told goes into its tree: chains of images, terminals, taps, ports. */
#include "priv.h"
#include <stdio.h>
#include <string.h>
#include "workers/tree-form.h"

struct completion { struct tree *dom; const struct plan_host *h; struct err *e; unsigned next_node; };

static const struct plan_res *res_of(const struct completion *k, const struct tree *el, const char *mark, uint32_t *index)
{
    uint64_t i;
    if (tree_attr_uint(el, mark, MANIFEST_ENTRIES_MAX - 1, &i) < 0 || i >= k->h->n)
        return NULL;
    *index = (uint32_t)i;
    return &k->h->v[i];
}

/* ---- disks ---- */
static const struct plan_res *backing_entry(const struct completion *k, uint32_t overlay, uint32_t *index)
{
    for (uint32_t i = 0; i < k->h->n; i++) {
        const struct plan_res *r = &k->h->v[i];
        if (r->kind == MK_IMAGE && (r->flags & MF_BACKING) && r->parent == (int32_t)overlay) {
            *index = i;
            return r;
        }
    }
    return NULL;
}

static void insert_after(struct tree *parent, struct tree *child, const struct tree *place)
{
    if (place && place->next)
        tree_insert(parent, child, place->next);
    else
        tree_append(parent, child);
}

static struct tree *add_backing(struct tree *above, const struct plan_res *r, uint32_t index)
{
    struct tree *b = tree_new("backingStore");
    const char *format = image_format_name((int)r->format);
    tree_set_attr(b, "type", "%s", r->is_block ? "block" : "file");
    tree_set_attr(tree_add(b, "format"), "type", "%s", format ? format : "raw");
    struct tree *s = tree_add(b, "source");
    tree_set_attr(s, r->is_block ? "dev" : "file", "%s", r->path ? r->path : "");
    tree_set_attr(s, MARK_MANIFEST, "%u", index);
    insert_after(above, b, tree_get(above, "source"));
    return b;
}

/* The images that the document names have the first numbers. A drive that is empty has one as well. */
static void number_named(struct completion *k, struct tree *disk)
{
    struct tree *s = tree_get(disk, "source");
    if (!s || !tree_attr(s, MARK_MANIFEST)) {
        k->next_node++;
        return;
    }
    if (!tree_get(disk, "transient"))
        tree_set_attr(s, "index", "%u", k->next_node++);
    for (struct tree *b = tree_get(disk, "backingStore"); b && tree_get(b, "source"); b = tree_get(b, "backingStore"))
        tree_set_attr(b, "index", "%u", k->next_node++);
}

static void number_hostdev(struct completion *k, struct tree *hostdev)
{
    if (tree_attr_is(tree_get(hostdev, "source"), "protocol", "iscsi"))
        tree_set_attr(tree_get(hostdev, "source"), MARK_NODE, "%u", k->next_node++);
}

/* What is made as the guest starts has the last numbers. */
static void number_overlay(struct completion *k, struct tree *disk)
{
    struct tree *s = tree_get(disk, "source");
    if (s && tree_get(disk, "transient"))
        tree_set_attr(s, "index", "%u", k->next_node++);
}

/* Follows one disk's chain down; an empty <backingStore/> says that this is its end. */
static int complete_chain(struct completion *k, struct tree *disk)
{
    struct tree *el = disk;
    for (unsigned depth = 0; depth < 200; depth++) {
        struct tree *s = tree_get(el, "source"), *b = tree_get(el, "backingStore");
        uint32_t index = 0, below;
        const struct plan_res *r = res_of(k, s, MARK_MANIFEST, &index);
        if (b && tree_get(b, "source")) {
            el = b;
            continue;
        }
        if (b || !r)
            return 0;
        r = backing_entry(k, index, &below);
        if (!r && tree_attr_is(el, "type", "network"))
            return 0;       /* whether it ends here only QEMU finds out */
        if (!r) {
            insert_after(el, tree_new("backingStore"), s);
            return 0;
        }
        el = add_backing(el, r, below);
        tree_set_attr(el, "index", "%u", k->next_node++);
    }
    return err_set(k->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "backing chain of disk '%s' is too deep", tree_path_attr(disk, "target", "dev"));
}

static bool removable(const struct tree *d)
{
    return tree_attr_is(d, "device", "cdrom") || tree_attr_is(d, "device", "floppy");
}

/* An optional image that was not there: an empty drive, or no disk at all. */
static void drop_missing(struct completion *k, struct tree *d)
{
    uint32_t index;
    struct tree *s = tree_get(d, "source");
    const struct plan_res *r = res_of(k, s, MARK_MANIFEST, &index);
    if (!r || r->error >= 0)
        return;
    tree_free(removable(d) ? s : d);
}

static int complete_disk(struct completion *k, struct tree *d)
{
    const struct tree *s = tree_get(d, "source");
    return s && tree_attr(s, MARK_MANIFEST) ? complete_chain(k, d) : 0;
}

/* ---- the others ---- */
static struct tree *source_made(struct tree *d)
{
    struct tree *s = tree_get(d, "source");
    if (!s)
        tree_insert(d, s = tree_new("source"), tree_first(d, NULL));
    return s;
}

static int complete_chr(struct completion *k, struct tree *d)
{
    uint32_t index;
    struct tree *s = tree_get(d, "source");
    const struct plan_res *r = res_of(k, s, MARK_MANIFEST, &index);
    const char *path = !r ? NULL : r->kind == MK_PTY ? r->name : r->kind == MK_UNIX_LISTEN ? r->path : NULL;
    /* the console that is another name of a serial device */
    if (strcmp(d->name, "console") == 0 && tree_attr_is(tree_get(d, "target"), "type", "serial")) {
        const struct tree *serial = tree_first(tree_get(k->dom, "devices"), "serial");
        if (tree_attr_is(d, "type", "pty") && tree_attr_is(serial, "type", "pty"))
            path = tree_path_attr(serial, "source", "path");
    }
    if (!path || !*path || (s && tree_attr(s, "path") && !tree_attr_is(d, "type", "pty")))
        return 0;
    tree_set_attr(source_made(d), "path", "%s", path);
    if (strcmp(d->name, "console") == 0 && tree_attr_is(d, "type", "pty"))
        tree_set_attr(d, "tty", "%s", path);
    return 0;
}

/* Limits of a network's group of ports, which the document does not name. */
static void complete_limits(struct tree *d, const char *words)
{
    static const struct { const char *key, *element; } ways[] = { { "in=", "inbound" }, { "out=", "outbound" } };
    static const char *const attrs[] = { "average", "peak", "burst" };
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        unsigned v[3];
        const char *s = strstr(words, ways[i].key);
        if (!s || sscanf(s + strlen(ways[i].key), "%u,%u,%u", &v[0], &v[1], &v[2]) != 3)
            continue;
        if (!tree_get(d, "bandwidth"))
            tree_insert(d, tree_new("bandwidth"), tree_get(d, "target") ? tree_get(d, "target") : tree_get(d, "model"));
        struct tree *way = tree_make(tree_get(d, "bandwidth"), ways[i].element);
        for (size_t a = 0; a < sizeof attrs / sizeof attrs[0]; a++)
            if (v[a])
                tree_set_attr(way, attrs[a], "%u", v[a]);
    }
}

/* A new child of that name in place of the one there was, before the interface's target. */
static struct tree *anew(struct tree *d, const char *name)
{
    if (tree_get(d, name))
        tree_free(tree_get(d, name));
    struct tree *t = tree_new(name), *port = tree_get(d, "port");
    tree_insert(d, t, port ? port : tree_get(d, "target"));
    return t;
}

/* The port of Open vSwitch that a network has made of it, in the words of supervisor/hand_ovsdb.h: its VLANs, and what it is to the switch. */
static void complete_switch(struct tree *d, const char *words)
{
    enum { INTERFACE, GUEST, MODE, TAG, TRUNKS, PROFILE, FIELDS };
    const char *s = strstr(words, "ovs=");
    size_t n = s ? strcspn(s, " ") : 0;
    char text[1024], *at = text + strlen("ovs="), *f[FIELDS], *one;
    if (!s || n >= sizeof text)
        return;
    memcpy(text, s, n);
    text[n] = 0;
    for (int i = 0; i < FIELDS; i++)
        if (!(f[i] = strsep(&at, ",")))
            return;
    if (*f[TAG] || *f[TRUNKS]) {
        struct tree *vlan = anew(d, "vlan");
        if (*f[TRUNKS])
            tree_set_attr(vlan, "trunk", "yes");
        for (at = *f[TRUNKS] ? f[TRUNKS] : f[TAG]; (one = strsep(&at, ":"));) {
            struct tree *tag = tree_add(vlan, "tag");
            tree_set_attr(tag, "id", "%s", one);
            if (*f[MODE] && strcmp(one, f[TAG]) == 0)
                tree_set_attr(tag, "nativeMode", "%s", f[MODE]);
        }
    }
    struct tree *port = anew(d, "virtualport"), *what = tree_add(port, "parameters");
    tree_set_attr(port, "type", "openvswitch");
    tree_set_attr(what, "interfaceid", "%s", f[INTERFACE]);
    if (*f[PROFILE])
        tree_set_attr(what, "profileid", "%s", f[PROFILE]);
}

/* What a network is here. */
static void complete_network(struct completion *k, struct tree *d, uint32_t tap)
{
    for (uint32_t i = 0; i < k->h->n; i++) {
        const struct plan_res *r = &k->h->v[i];
        if (r->kind != MK_LINK || r->flags & MF_GONE || r->parent != (int32_t)tap || !r->path || !*r->path)
            continue;
        bool direct = r->a > LINK_MACVTAP && r->a < LINK_MACVTAP + MACVTAP_MODE_N;
        tree_set_attr(source_made(d), direct ? "dev" : "bridge", "%s", r->path);
        if (direct)
            tree_set_attr(source_made(d), "mode", "%s", macvtap_modes[r->a - LINK_MACVTAP]);
        tree_set_attr(d, MARK_ACTUAL, direct ? "direct" : r->a ? "bridge" : NULL);
        complete_limits(d, r->aux ? r->aux : "");
        complete_switch(d, r->aux ? r->aux : "");
        if (r->aux && strncmp(r->aux, "alone=1", 7) == 0 && !tree_get(d, "port")) {
            tree_insert(d, tree_new("port"), tree_get(d, "target"));
            tree_set_attr(tree_get(d, "port"), "isolated", "yes");
        }
    }
}

static int complete_net(struct completion *k, struct tree *d)
{
    static const char *const before[] = { "guest", "model", "driver", "backend", "filterref", "boot", "tune", "link", "mtu", "coalesce", "rom", "alias", "address" };
    uint32_t index;
    const struct plan_res *r = res_of(k, d, MARK_MANIFEST, &index);
    struct tree *t = tree_get(d, "target");
    if (!r || r->kind != MK_TAP || !r->name[0])
        return 0;
    if (!t) {
        struct tree *at = NULL;
        for (size_t i = 0; i < sizeof before / sizeof before[0] && !at; i++)
            at = tree_get(d, before[i]);
        tree_insert(d, t = tree_new("target"), at);
    }
    tree_set_attr(t, "dev", "%s", r->name);
    if (tree_attr_is(d, "type", "network"))
        complete_network(k, d, index);
    return 0;
}

static int complete_graphics(struct completion *k, struct tree *d)
{
    static const struct { const char *mark, *attr; } ports[] = { { MARK_MANIFEST, "port" }, { MARK_TLS_PORT, "tlsPort" } };
    uint32_t index;
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
        const struct plan_res *r = res_of(k, d, ports[i].mark, &index);
        if (r && r->kind == MK_TCP_LISTEN && r->port)
            tree_set_attr(d, ports[i].attr, "%u", r->port);
    }
    return 0;
}

static int complete_vsock(struct completion *k, struct tree *d)
{
    uint32_t index;
    const struct plan_res *r = res_of(k, d, MARK_MANIFEST, &index);
    if (r && r->port && tree_get(d, "cid"))
        tree_set_attr(tree_get(d, "cid"), "address", "%u", r->port);
    return 0;
}

/* Where the device was found that the document names by what it is, or that it was not. */
static int complete_usb(struct completion *k, struct tree *d)
{
    uint32_t index;
    unsigned bus, device;
    struct tree *s = tree_get(d, "source"), *a;
    const struct plan_res *r = res_of(k, d, MARK_MANIFEST, &index);
    if (!r || r->kind != MK_USB || !s)
        return 0;
    if (r->error < 0) {
        tree_set_attr(s, "missing", "yes");
    } else if (!tree_get(s, "address") && sscanf(r->name, "%u:%u", &bus, &device) == 2) {
        tree_set_attr(s, "autoAddress", "yes");
        a = tree_add(s, "address");
        tree_set_attr(a, "bus", "%u", bus);
        tree_set_attr(a, "device", "%u", device);
    }
    return 0;
}

static const struct { const char *element; int (*fn)(struct completion *k, struct tree *d); } kinds[] = {
    { "disk", complete_disk }, { "serial", complete_chr }, { "parallel", complete_chr }, { "channel", complete_chr }, { "console", complete_chr },
    { "interface", complete_net }, { "graphics", complete_graphics },
    { "redirdev", complete_chr }, { "smartcard", complete_chr }, { "vsock", complete_vsock }, { "hostdev", complete_usb },
};

static int complete_one(struct completion *k, struct tree *d)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (pl_is(d->name, kinds[i].element))
            return kinds[i].fn(k, d);
    return 0;
}

int plan_complete(struct tree *dom, const struct plan_host *h, struct err *e)
{
    struct completion k = { .dom = dom, .h = h, .e = e, .next_node = 1 };
    struct tree *devices = tree_get(dom, "devices");
    /* libvirt counts nodes from the last disk to the first: what is missing has to go before */
    for (struct tree *d = tree_first(devices, "disk"), *next; d; d = next) {
        next = tree_next(d, "disk");
        drop_missing(&k, d);
    }
    for (struct tree *d = devices ? devices->last : NULL; d; d = d->prev)
        if (pl_is(d->name, "disk"))
            number_named(&k, d);
    TREE_EACH(d, devices, "hostdev")
        number_hostdev(&k, d);
    for (struct tree *d = devices ? devices->last : NULL; d; d = d->prev)
        if (pl_is(d->name, "disk") && complete_one(&k, d) < 0)
            return -1;
    TREE_EACH(d, devices, "disk")
        number_overlay(&k, d);
    TREE_EACH(d, devices, NULL)
        if (d->name && !pl_is(d->name, "disk") && complete_one(&k, d) < 0)
            return -1;
    return 0;
}

static unsigned highest_node(const struct tree *el)
{
    uint64_t n;
    unsigned max = 0;
    const struct tree *at = pl_is(el->name, "disk") ? tree_get(el, "source") : el;
    if (at && tree_attr_uint(at, "index", 0x7fffffff, &n) == 0)
        max = (unsigned)n;
    if (tree_attr_uint(el, MARK_EMPTY, 0x7fffffff, &n) == 0)
        max = (unsigned)n;
    const struct tree *b = tree_get(el, "backingStore");
    unsigned below = b ? highest_node(b) : 0;
    return below > max ? below : max;
}

static unsigned next_node(const struct tree *dom)
{
    uint64_t noted;
    const struct tree *devices = tree_get(dom, "devices");
    unsigned next = tree_attr_uint(devices, MARK_NODES, 0x7fffffff, &noted) == 0 && noted ? (unsigned)noted : 1;
    TREE_EACH(d, devices, "disk") {
        unsigned n = highest_node(d);
        if (n >= next)
            next = n + 1;
    }
    TREE_EACH(d, devices, "hostdev")
        if (tree_attr_uint(tree_get(d, "source"), MARK_NODE, 0x7fffffff, &noted) == 0 && noted >= next)
            next = (unsigned)noted + 1;
    return next;
}

void plan_count_nodes(struct tree *dom)
{
    if (tree_get(dom, "devices"))
        tree_set_attr(tree_get(dom, "devices"), MARK_NODES, "%u", next_node(dom));
}

int plan_complete_device(const struct tree *dom, struct tree *dev, const struct plan_host *h, struct err *e)
{
    struct completion k = { .dom = (struct tree *)dom, .h = h, .e = e, .next_node = next_node(dom) };
    if (pl_is(dev->name, "disk")) {
        if (removable(dev))
            drop_missing(&k, dev);
        if (removable(dev) && !tree_get(dev, "source"))
            tree_set_attr(dev, MARK_EMPTY, "%u", k.next_node);
        number_named(&k, dev);
    }
    if (pl_is(dev->name, "hostdev"))
        number_hostdev(&k, dev);
    int r = complete_one(&k, dev);
    if (!r && pl_is(dev->name, "disk"))
        number_overlay(&k, dev);
    return r;
}
