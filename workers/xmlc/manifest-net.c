/* manifest-net.c: who has the host's network, and interfaces. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/util.h"
#include "workers/tree-marks.h"
#include "workers/xmlc/maker.h"

/* ---- the host's network ---- */

bool maker_is_passt(const struct tree *t)
{
    return doc_is(t, "type", "user") && doc_is(tree_first(t, "backend"), "type", "passt");
}

const char *maker_server_socket(const struct tree *source)
{
    const struct tree *host = doc_is(source, "protocol", "nbd") ? tree_first(source, "host") : NULL;
    return doc_is(host, "transport", "unix") ? tree_attr(host, "socket") : NULL;
}

bool maker_connects_again(const struct tree *source)
{
    return tree_attr_is(tree_get(source, "reconnect"), "enabled", "yes");
}

bool maker_by_network(const struct tree *disk, bool socket)
{
    for (const struct tree *el = disk; el; el = tree_first(el, "backingStore"))
        if (doc_is(el, "type", "network") && !maker_server_socket(tree_first(el, "source")) != socket)
            return true;
    return false;
}

bool maker_by_iscsi(const struct tree *hostdev)
{
    return doc_is(hostdev, "type", "scsi") && doc_is(tree_first(hostdev, "source"), "protocol", "iscsi");
}

bool maker_makes_sockets(const struct tree *t)
{
    const struct tree *s = tree_first(t, "source");
    if (strcmp(t->name, "interface") == 0)
        return doc_in(tree_attr(t, "type"), "user udp server client mcast") && !maker_is_passt(t);
    if (strcmp(t->name, "disk") == 0)
        return maker_by_network(t, false);
    if (strcmp(t->name, "hostdev") == 0)
        return maker_by_iscsi(t);
    bool as_client = doc_is(s, "tls", "yes") && !doc_is(s, "mode", "bind");     /* QEMU takes a descriptor for that as a server only */
    return doc_is(t, "type", "udp") || (doc_is(t, "type", "tcp") && (as_client || maker_connects_again(s)));
}

int maker_host_network(struct maker *m, struct tree *mark)
{
    struct manifest_entry x = {.kind = MK_HOSTNET, .parent = -1};
    if (m->hostnet < 0 && (m->hostnet = maker_add(m, mark, &x, NULL, NULL)) < 0)
        return -1;
    if (mark)
        tree_set_attr(mark, MARK_MANIFEST, "%d", m->hostnet);
    return 0;
}

uint64_t maker_kinds_so_far(struct maker *m)
{
    const uint8_t *at = m->out->p + sizeof(struct manifest_head);
    struct manifest_entry x;
    uint64_t kinds = 0;
    for (unsigned i = 0; i < m->out->entries; i++, at += x.size) {
        memcpy(&x, at, sizeof x);
        m->hostnet = x.kind == MK_HOSTNET ? (int)i : m->hostnet;
        kinds |= 1ull << x.kind;
    }
    return kinds;
}

int maker_socket_network(struct maker *m)
{
    bool beside = m->by_socket && (maker_kinds_so_far(m) & (1ull << MK_TCP_LISTEN | 1ull << MK_TCP_CONNECT | 1ull << MK_SHARE));
    return beside && maker_host_network(m, NULL) ? -1 : 0;
}

const char *maker_numeric(const char *address)
{
    unsigned char a[16];
    if (address && strcmp(address, "localhost") == 0)
        return "127.0.0.1";
    return address && (inet_pton(AF_INET, address, a) == 1 || inet_pton(AF_INET6, address, a) == 1) ? address : NULL;
}

uint32_t maker_numbered(struct maker *m, const char *host, const char *service)
{
    uint64_t port;
    if (maker_numeric(host) && service && !tree_parse_uint(service, 10, 65535, &port) && port)
        return (uint32_t)port;
    const char *words = maker_numeric(host) ? "a name instead of a port's number: service" : "a name instead of an address: host", *value = maker_numeric(host) ? service : host;
    maker_unsupported(m, words, value ? value : "");
    return 0;
}

/* ---- network ---- */

/* Its log is a file that is opened for it. */
static int passt(struct maker *m, struct tree *t)
{
    const char *log = tree_path_attr(t, "backend", "logFile");
    struct manifest_entry x = {.kind = MK_HELPER, .flags = MF_EMPTY, .parent = -1, .a = HELPER_PASST}, l = {.kind = MK_FILE_OUT};
    char words[PASST_TEXT_MAX];
    if (passt_text(t, words, sizeof words, m->e))
        return m->lenient ? 0 : -1;
    l.parent = maker_add(m, t, &x, NULL, words);
    return l.parent < 0 || (log && maker_add(m, NULL, &l, log, NULL) < 0) ? -1 : 0;
}

/* Somebody of the host's who has the frames, and the guest's memory: QEMU connects to the socket that is there, once, or again to that one. */
static int vhostuser(struct maker *m, struct tree *t)
{
    struct tree *s = tree_first(t, "source");
    struct manifest_entry x = {.kind = MK_SOCKET, .parent = -1};
    if (doc_is(s, "mode", "server"))
        return maker_unsupported(m, "<source> of <interface type='vhostuser'>: mode", "server");
    if (tree_first(t, "mtu") && !m->lenient)     /* which libvirt gives to the port of an Open vSwitch that it finds behind the socket, if there is one */
        return err_sys(m->e, VIR_FROM_NONE, ENODEV, "Cannot set interface MTU on '%s'", "");
    return maker_add(m, t, &x, tree_attr(s, "path"), NULL) < 0 ? -1 : 0;
}

/* A card of the host's, which QEMU gets open. */
static int vdpa(struct maker *m, struct tree *t)
{
    struct manifest_entry x = {.kind = MK_NODE, .parent = -1, .c = 1};
    const char *model = tree_path_attr(t, "model", "type");
    if (!is_virtio_model(model) && !m->lenient)
        return err_set(m->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "invalid model for interface of type 'vdpa': '%s'", model);
    maker_locks(m, &x);
    return maker_add(m, t, &x, tree_path_attr(t, "source", "dev"), NULL) < 0 ? -1 : 0;
}

int maker_interface(struct maker *m, struct tree *t)
{
    const char *type = tree_attr(t, "type"), *dev = tree_path_attr(t, "target", "dev"), *mac = tree_path_attr(t, "mac", "address");
    struct manifest_entry x = {.kind = MK_TAP, .parent = -1};
    /* What a network can do with tags its port tells. */
    if (tree_first(t, "vlan") && !m->lenient && strcmp(type, "network") != 0 && !(strcmp(type, "bridge") == 0 && doc_is(tree_first(t, "virtualport"), "type", "openvswitch")))
        return link_untagged(t, m->e);
    if (tree_first(t, "script") && !m->lenient && strcmp(type, "ethernet") != 0)
        return err_set(m->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "scripts are not supported on interfaces of type %s", type);
    if (tree_path_attr(t, "backend", "tap") && !m->lenient && !doc_in(type, "network bridge ethernet"))
        return err_set(m->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "interface %s - custom tap device path is not supported for network interfaces of type %s", mac, type);
    if (maker_is_passt(t))
        return passt(m, t);
    if (tree_first(t, "portForward") && !m->lenient)
        return err_set(m->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "<portForward> is supported with <backend type='passt'/> only");
    if (maker_makes_sockets(t))
        return maker_host_network(m, t);
    if (!doc_in(type, "bridge ethernet network direct vhostuser vdpa"))
        return m->lenient ? 0 : err_set(m->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "<interface type='%s'> is not supported yet", type);
    if (!m->lenient && link_profile(t, type, tree_path_attr(t, "virtualport", "type"), m->e))
        return -1;
    /* SAFETY: libvirt runs these (of this type only) as root, without most capabilities, and root's files are root's without any.  Who may define a guest may not choose programs for root, and
     * no other account could do a script's work. */
    static const char *const scripts[] = {"script", "downscript"};
    for (unsigned i = 0; i < ARRAY_N(scripts); i++)
        if (tree_first(t, scripts[i]) && !m->lenient && strcmp(type, "ethernet") == 0)
            return err_set(m->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "<%s> of <interface type='ethernet'> is refused: root runs no program that a document names; the host's own hook script 'qemu' can look after the tap", scripts[i]);
    static const struct { const char *attr, *node; } nodes[] = {{"tap", "/dev/net/tun"}, {"vhost", "/dev/vhost-net"}};
    for (unsigned i = 0; i < ARRAY_N(nodes); i++)
        if (tree_path_attr(t, "backend", nodes[i].attr) && !doc_is(tree_first(t, "backend"), nodes[i].attr, nodes[i].node) && !m->lenient)
            return err_set(m->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "<backend %s='%s'> of <interface type='%s'> is not supported: it has to be %s", nodes[i].attr, tree_path_attr(t, "backend", nodes[i].attr), type, nodes[i].node);
    if (strcmp(type, "vhostuser") == 0)
        return vhostuser(m, t);
    if (strcmp(type, "vdpa") == 0)
        return vdpa(m, t);
    for (unsigned i = 0; i < 6 && mac; i++)
        x.mac[i] = (uint8_t)strtoul(mac + 3 * i, NULL, 16);
    x.a = doc_uint(tree_first(t, "driver"), "queues", 1);
    x.b = doc_uint(tree_first(t, "mtu"), "size", 0);
    x.flags = doc_is(tree_first(t, "target"), "managed", "no") ? 0 : MF_MANAGED;
    if (!x.flags && !dev && !m->lenient)
        return err_set(m->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "target dev must be supplied when managed='no'");
    if (is_virtio_model(tree_path_attr(t, "model", "type")))
        x.flags |= MF_VNET_HDR;
    const bool direct = strcmp(type, "direct") == 0, network = strcmp(type, "network") == 0;
    const char *other = tree_path_attr(t, "source", "bridge") ? tree_path_attr(t, "source", "bridge") : tree_path_attr(t, "source", "dev");
    x.c = direct ? (uint32_t)link_mode(tree_path_attr(t, "source", "mode")) : 0;
    int tap = maker_add(m, t, &x, dev ? dev : "", direct || strcmp(type, "bridge") == 0 ? other : "");
    char words[LINK_TEXT_MAX], filter[FILTER_TEXT_MAX];
    struct manifest_entry l = {.kind = MK_LINK, .parent = tap, .a = link_kind(tree_attr(t, MARK_ACTUAL), tree_path_attr(t, "source", "mode"))}, f = {.kind = MK_FILTER, .parent = tap};
    if (tap < 0 || link_text(m->t, t, words, sizeof words, m->e) || link_filter(m->t, t, filter, sizeof filter, m->e) || (*filter && maker_add(m, NULL, &f, NULL, filter) < 0))
        return -1;
    return *words && maker_add(m, NULL, &l, network ? other : NULL, words) < 0 ? -1 : 0;
}
