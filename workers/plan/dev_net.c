/* dev_net.c: <interface>: the back end (a tap or macvtap by descriptor, user-mode network, or sockets, or a process of the host's behind one), then the card. */
#include "priv.h"
#include <stdio.h>

static unsigned queues_of(struct ctx *c, const struct tree *n)
{
    unsigned long long q = pl_num_or(c, n, "driver", "queues", 1);
    return q < 1 ? 1 : q > 256 ? 256 : (unsigned)q;
}

static bool is_virtio(const struct tree *n)
{
    const char *m = tree_path_attr(n, "model", "type");
    return pl_is(m, "virtio") || pl_is(m, "virtio-transitional") || pl_is(m, "virtio-non-transitional");
}

/* ---- back ends ---- */
static void tap(struct ctx *c, const struct tree *n)
{
    unsigned queues = queues_of(c, n);
    int32_t index = -1;
    const struct plan_res *r = NULL;
    struct strbuf fds = { NULL, 0, 0 };
    char buf[32];
    if (pl_run(c)) {
        if (!(r = pl_res(c, n, &index)))
            return;
        queues = r->nfd ? r->nfd : 1;
    } else {
        queues = 1;
    }
    for (unsigned k = 0; k < queues; k++) {
        if (r)
            pl_cat(c, &fds, "%s%s", k ? ":" : "", pl_fdname(c, r, index, k, buf));
        else
            pl_cat(c, &fds, "%s%u", k ? ":" : "", 23 + c->fd_shown++);
    }
    json_t *o = pl_item(c, PLAN_NETDEV);
    pl_set(o, "type", "tap");
    pl_set(o, queues > 1 ? "fds" : "fd", fds.s);
    free(fds.s);
    unsigned long long v;
    if (pl_run(c) && pl_num(c, n, "tune/sndbuf", NULL, &v) == 0)
        pl_set_int(o, "sndbuf", (long long)v);
    pl_setf(c, o, "id", "host%s", pl_alias(c, n));
}

static void passt(struct ctx *c, const struct tree *n)
{
    int32_t index;
    char buf[32];
    const struct plan_res *r = pl_res(c, n, &index);
    if (!r)
        return;
    const char *fd = pl_fdname(c, r, index, 0, buf);
    json_t *o = pl_item(c, PLAN_NETDEV), *addr = json_object();
    pl_set(o, "type", "stream");
    pl_set(addr, "type", "fd");
    pl_set(addr, "str", fd);
    json_object_set_new(o, "addr", addr);
    pl_set_bool(o, "server", false);
    pl_setf(c, o, "id", "host%s", pl_alias(c, n));
}

static void user(struct ctx *c, const struct tree *n)
{
    if (pl_is(tree_path_attr(n, "backend", "type"), "passt")) {
        passt(c, n);
        return;
    }
    json_t *o = pl_item(c, PLAN_NETDEV);
    pl_set(o, "type", "user");
    TREE_EACH(ip, n, "ip") {
        const char *a = tree_attr(ip, "address"), *p = tree_attr(ip, "prefix");
        if (pl_is(tree_attr(ip, "family"), "ipv6")) {
            pl_set(o, "ipv6-prefix", a);
            if (p)
                pl_set_int(o, "ipv6-prefixlen", (long long)pl_num_or(c, ip, NULL, "prefix", 64));
        } else {
            pl_setf(c, o, "net", "%s%s%s", a ? a : "", p ? "/" : "", p ? p : "");
        }
    }
    pl_setf(c, o, "id", "host%s", pl_alias(c, n));
}

static void vhostuser(struct ctx *c, const struct tree *n)
{
    int32_t index;
    char path[32];
    const struct plan_res *r = pl_res(c, n, &index);
    if (!r)
        return;
    const char *socket = pl_mapped(c, r, index, path);      /* of a guest that runs a command of its own, before those that need it */
    json_t *o = pl_item(c, PLAN_CHARDEV);
    pl_set(o, "backend", "socket");
    pl_setf(c, o, "id", "char%s", pl_alias(c, n));
    pl_set(o, "path", socket);
    pl_reconnect(c, n, o);
    o = pl_item(c, PLAN_NETDEV);
    pl_set(o, "type", "vhost-user");
    pl_setf(c, o, "chardev", "char%s", pl_alias(c, n));
    if (queues_of(c, n) > 1)
        pl_set_int(o, "queues", queues_of(c, n));
    pl_setf(c, o, "id", "host%s", pl_alias(c, n));
}

/* Sockets of QEMU's own, by which guests see each other's frames. */
static void sockets(struct ctx *c, const struct tree *n)
{
    static const struct map keys[] = { { "server", "listen" }, { "client", "connect" }, { "mcast", "mcast" }, { "udp", "udp" }, { NULL, NULL } };
    const struct tree *s = tree_get(n, "source"), *local = tree_get(s, "local");
    const char *address = tree_attr(s, "address"), *from = tree_attr(local, "address");
    json_t *o = pl_item(c, PLAN_NETDEV);
    pl_set(o, "type", "socket");
    pl_setf(c, o, pl_map(keys, tree_attr(n, "type"), NULL), "%s:%s", address ? address : "", tree_attr(s, "port"));
    if (local)
        pl_setf(c, o, "localaddr", "%s:%s", from ? from : "", tree_attr(local, "port"));
    pl_setf(c, o, "id", "host%s", pl_alias(c, n));
}

/* A card of the host's that has virtio's queues itself: opened by a hand. */
static void vdpa(struct ctx *c, const struct tree *n)
{
    int32_t index;
    char set[32];
    const struct plan_res *r = pl_res(c, n, &index);
    if (!r)
        return;
    const char *path = pl_fdset(c, r, index, set);
    json_t *o = pl_item(c, PLAN_NETDEV);
    pl_set(o, "type", "vhost-vdpa");
    pl_set(o, "vhostdev", path);
    if (queues_of(c, n) > 1)
        pl_set_int(o, "queues", queues_of(c, n));
    pl_setf(c, o, "id", "host%s", pl_alias(c, n));
}

/* Only PLAN_RUN looks here.  domxml-to-native shows every interface as a plain tap: of the document's settings it keeps model, address
 * and MAC, as libvirt's does. */
static const struct { const char *type; dev_fn *fn; } backends[] = {
    { "user", user }, { "bridge", tap }, { "ethernet", tap }, { "network", tap }, { "direct", tap }, { "vhostuser", vhostuser }, { "vdpa", vdpa },
    { "udp", sockets }, { "server", sockets }, { "client", sockets }, { "mcast", sockets }, { NULL, NULL },
};

/* ---- the card ---- */
static void virtio_card(struct ctx *c, const struct tree *n, json_t *o)
{
    static const struct map tx[] = { { "iothread", "bh" }, { "timer", "timer" }, { NULL, NULL } };
    static const struct prop t[] = {
        P_MAP("tx", "driver", "txmode", tx), P_BOOL("ioeventfd", "driver", "ioeventfd"), P_BOOL("event_idx", "driver", "event_idx"),
        P_BOOL("csum", "driver/host", "csum"), P_BOOL("gso", "driver/host", "gso"), P_BOOL("host_tso4", "driver/host", "tso4"),
        P_BOOL("host_tso6", "driver/host", "tso6"), P_BOOL("host_ecn", "driver/host", "ecn"), P_BOOL("host_ufo", "driver/host", "ufo"),
        P_BOOL("mrg_rxbuf", "driver/host", "mrg_rxbuf"), P_BOOL("guest_csum", "driver/guest", "csum"), P_BOOL("guest_tso4", "driver/guest", "tso4"),
        P_BOOL("guest_tso6", "driver/guest", "tso6"), P_BOOL("guest_ecn", "driver/guest", "ecn"), P_BOOL("guest_ufo", "driver/guest", "ufo"), P_END };
    static const struct prop t2[] = { P_BOOL("rss", "driver", "rss"), P_BOOL("hash", "driver", "rss_hash_report"),
        P_INT("rx_queue_size", "driver", "rx_queue_size"), P_INT("tx_queue_size", "driver", "tx_queue_size"), P_INT("host_mtu", "mtu", "size"),
        P_END };
    unsigned q = queues_of(c, n);
    pl_virtio(c, n, "virtio-net", tree_path_attr(n, "model", "type"), o);
    if (!pl_run(c))
        return;
    pl_fill(c, n, t, o);
    if (q > 1) {
        pl_set_bool(o, "mq", true);
        pl_set_int(o, "vectors", 2 * q + 2);
    }
    pl_fill(c, n, t2, o);
    if (pl_is(tree_path_attr(n, "teaming", "type"), "persistent"))
        pl_set_bool(o, "failover", true);
}

void pl_net(struct ctx *c, const struct tree *n)
{
    static const struct prop t[] = { P_REF("netdev", "host"), P_ID("id"), P_STR("mac", "mac", "address"), P_END };
    const char *model = tree_path_attr(n, "model", "type");
    unsigned boot = !pl_run(c) && tree_get(n, "boot") ? 0 : pl_bootindex(c, n, BOOT_NET), i;
    if (pl_run(c)) {
        for (i = 0; backends[i].type && !tree_attr_is(n, "type", backends[i].type); i++)
            ;
        if (!backends[i].type) {
            pl_refuse(c, n, "type");
            return;
        }
        backends[i].fn(c, n);
    } else if (tree_attr_is(n, "type", "hostdev")) {
        pl_internal(c, "invalid PCI passthrough type 'default'");
        return;
    } else {
        tap(c, n);
    }
    json_t *o = pl_item(c, PLAN_DEVICE);
    if (is_virtio(n))
        virtio_card(c, n, o);
    else
        pl_set(o, "driver", pl_is(model, "netfront") ? NULL : model ? model : "rtl8139");
    pl_fill(c, n, t, o);
    if (boot)
        pl_set_int(o, "bootindex", boot);
    pl_address(c, n, o);
    if (pl_run(c))
        pl_rom(c, n, o);
}
