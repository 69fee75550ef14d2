/* complete-net.c: network interfaces. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "ipc/util.h"
#include "workers/xmlc/doc.h"

static const struct { const char *type, *attr; } needed[] = {
    {"network", "network"}, {"bridge", "bridge"}, {"direct", "dev"}, {"vdpa", "dev"}, {"internal", "name"}, {"vhostuser", "path"},
};

/* Models with a spelling of their own, however a client writes them. */
static const char *const models[] = {
    "netfront", "rtl8139", "virtio", "e1000", "e1000e", "virtio-transitional", "virtio-non-transitional", "usb-net", "spapr-vlan", "lan9118", "smc91c111", "vlance",
    "vmxnet", "vmxnet2", "vmxnet3", "Am79C970A", "Am79C973", "82540EM", "82545EM", "82543GC",
};

/* Addresses have one spelling each. */
static bool plain_address(struct tree *t, bool six)
{
    unsigned char raw[16];
    char text[INET6_ADDRSTRLEN];
    int family = six ? AF_INET6 : AF_INET;
    if (inet_pton(family, tree_attr(t, "address"), raw) != 1 || !inet_ntop(family, raw, text, sizeof text))
        return false;
    tree_set_attr(t, "address", "%s", text);
    return true;
}

/* Of the user-mode network only passt has a device of the host; and ports that are forwarded are kept with any. */
static int forwards(struct doc *d, struct tree *t)
{
    struct tree *source = tree_first(t, "source");
    if (doc_is(t, "type", "user") && source && !doc_is(tree_first(t, "backend"), "type", "passt")) {
        tree_set_attr(source, "dev", NULL);
        if (!source->attr && !source->child)
            tree_free(source);
    }
    TREE_EACH(f, t, "portForward") {
        const char *a = tree_attr(f, "address");
        if (a && !plain_address(f, strchr(a, ':')))
            return doc_bad(d, "Invalid address '%s' in <portForward>", a);
        for (struct tree *r = tree_first(f, "range"), *next; r; r = next) {
            next = tree_next(r, "range");
            if (tree_attr(r, "start"))
                continue;
            if (r->attr && doc_is(tree_first(t, "backend"), "type", "passt"))
                return doc_unsupported(d, VIR_FROM_DOMAIN, "The 'range' of a 'portForward' requires 'start' attribute if 'end', 'to', or 'exclude' is specified");
            tree_free(r);
        }
    }
    return 0;
}

static int interface(struct doc *d, struct tree *t)
{
    struct tree *mac, *model, *source = tree_first(t, "source"), *x;
    const char *type = tree_attr(t, "type"), *dev;
    bool virtio = is_virtio_model(tree_path_attr(t, "model", "type"));
    for (unsigned i = 0; i < ARRAY_N(needed); i++)
        if (strcmp(type, needed[i].type) == 0 && !source)
            return doc_bad(d, "interface type='%s' requires a 'source' element", type);
        else if (strcmp(type, needed[i].type) == 0 && !tree_attr(source, needed[i].attr))
            return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_XML, "Missing required attribute '%s' in element 'source'", needed[i].attr);
    if (!tree_path_attr(t, "mac", "address")) {
        uint8_t b[3] = {0};
        doc_random(b, sizeof b);
        mac = tree_make(t, "mac");
        tree_set_attr(mac, "address", "52:54:00:%02x:%02x:%02x", b[0], b[1], b[2]);
    }
    model = tree_first(t, "model");
    if (model && !tree_attr(model, "type")) {
        tree_free(model);
        model = NULL;
    }
    for (unsigned i = 0; model && i < ARRAY_N(models); i++)
        if (strcasecmp(tree_attr(model, "type"), models[i]) == 0)
            tree_set_attr(model, "type", "%s", models[i]);
    if (!model && strcmp(type, "hostdev") != 0) {
        model = tree_make(t, "model");
        tree_set_attr(model, "type", strcmp(type, "vdpa") == 0 ? "virtio" : doc_has_device(d, "rtl8139") ? "rtl8139" : doc_has_device(d, "e1000") ? "e1000" : "virtio");
    }
    if ((x = tree_first(t, "virtualport"))) {      /* names of a port that is to be are made here */
        static const struct { const char *type, *attr; } made[] = {{"802.1Qbg", "instanceid"}, {"openvswitch", "interfaceid"}};
        bool any = !tree_attr(x, "type");
        for (unsigned i = 0; i < ARRAY_N(made); i++)
            if ((any || doc_is(x, "type", made[i].type)) && !tree_path_attr(x, "parameters", made[i].attr)) {
                char uuid[37];
                doc_uuid(uuid);
                tree_set_attr(tree_make(x, "parameters"), made[i].attr, "%s", uuid);
            }
    }
    if ((x = tree_first(t, "filterref")) && (!tree_attr(x, "filter") || !doc_in(type, "ethernet network bridge")))
        tree_free(x);
    if ((x = tree_get(t, "bandwidth/outbound")) && doc_is(x, "average", "0"))
        tree_free((struct tree *)x);
    x = tree_first(t, "target");
    dev = tree_attr(x, "dev");
    if (dev && !(d->env->flags & DOC_LIVE) && (strncmp(dev, "vnet", 4) == 0 || strncmp(dev, "macvtap", 7) == 0 || strncmp(dev, "macvlan", 7) == 0)) {
        tree_set_attr(x, "dev", NULL);
        if (!x->attr)
            tree_free(x);
    }
    if (!virtio && strcmp(type, "hostdev") != 0 && (x = tree_first(t, "driver")))
        tree_free(x);
    if (!virtio && (x = tree_first(t, "backend"))) {
        tree_set_attr(x, "vhost", NULL);
        if (!x->attr)
            tree_free(x);
    }
    return 0;
}

/* An address with its network. */
static int plain_ip(struct doc *d, struct tree *ip, bool *six)
{
    const char *a = tree_attr(ip, "address"), *peer = tree_attr(ip, "peer");
    uint8_t raw[16];
    *six = strchr(a, ':');
    bool said = tree_attr(ip, "family");
    if ((said && *six != doc_is(ip, "family", "ipv6")) || !plain_address(ip, *six))
        return doc_bad(d, "Invalid address '%s' in <ip>", a);
    doc_default(ip, "family", *six ? "ipv6" : "ipv4");
    if (doc_uint(ip, "prefix", 0) > (*six ? 128 : 32))
        return doc_bad(d, "Invalid prefix value '%u' in <ip>", doc_uint(ip, "prefix", 0));
    return peer && inet_pton(*six ? AF_INET6 : AF_INET, peer, raw) != 1 ? err_set(d->e, VIR_ERR_INVALID_ARG, VIR_FROM_DOMAIN, "Invalid peer '%s' in <ip>", peer) : 0;
}

/* Of the host's end. */
static int route(struct doc *d, struct tree *t)
{
    const char *a = tree_attr(t, "address"), *gateway = tree_attr(t, "gateway"), *mask = tree_attr(t, "netmask");
    const bool six = strchr(a, ':');
    uint8_t raw[16], by[16];
    const unsigned bytes = six ? 16 : 4;
    if (!gateway)
        return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_NETWORK, "interface host IP: Missing required gateway attribute in route definition");
    if (inet_pton(six ? AF_INET6 : AF_INET, a, raw) != 1 || (tree_attr(t, "family") && six != doc_is(t, "family", "ipv6")))
        return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_NETWORK, "interface host IP: Bad network address '%s' in route definition", a);
    if (inet_pton(six ? AF_INET6 : AF_INET, gateway, by) != 1)
        return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_NETWORK, "interface host IP: Bad gateway address '%s' in route definition", gateway);
    unsigned prefix = net_prefix(t);
    if (prefix > bytes * 8 || (mask && (six || inet_pton(AF_INET, mask, by) != 1)))
        return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_NETWORK, "interface host IP: Invalid prefix %u specified in route definition", prefix);
    for (unsigned i = prefix; i < bytes * 8; i++)
        if (raw[i / 8] & 0x80 >> i % 8)
            return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_NETWORK, "interface host IP: Address '%s' in route definition is not a network address", a);
    return 0;
}

/* Tags of virtual networks. */
static int vlan_tags(struct doc *d, struct tree *vlan)
{
    unsigned native = 0;
    if (vlan && !doc_count(vlan, "tag"))
        return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_NONE, "missing tag id - each <vlan> must have at least one <tag id='n'/> subelement");
    TREE_EACH(tag, vlan, "tag") {
        if (doc_uint(tag, "id", 0) > 4095)
            return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_NONE, "vlan tag id %u too large (maximum 4095)", doc_uint(tag, "id", 0));
        if (tree_attr(tag, "nativeMode") && native++)
            return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_NONE, "duplicate native vlan setting");
    }
    if (doc_count(vlan, "tag") > 1 && doc_is(vlan, "trunk", "no"))
        return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_NONE, "invalid \"trunk='no'\" in <vlan> - trunk='yes' is required for more than one vlan tag");
    if (doc_count(vlan, "tag") > 1)
        tree_set_attr(vlan, "trunk", "yes");
    return 0;
}

static int port_numbers(struct doc *d, const struct tree *parameters)
{
    static const struct { const char *attr; unsigned max; const char *text; } rows[] = {
        {"managerid", 0xff, "value of managerid out of range"}, {"typeid", 0xffffff, "value for typeid out of range"},
        {"typeidversion", 0xff, "value of typeidversion out of range"},
    };
    for (unsigned i = 0; parameters && i < ARRAY_N(rows); i++)
        if (doc_uint(parameters, rows[i].attr, 0) > rows[i].max)
            return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_NONE, "%s", rows[i].text);
    return 0;
}

/* Networks' numbers, and addresses that a guest or its host is to have. */
static int numbers(struct doc *d, struct tree *t)
{
    unsigned family[2] = {0, 0};
    bool any;
    if (vlan_tags(d, tree_first(t, "vlan")) || port_numbers(d, tree_get(t, "virtualport/parameters")))
        return -1;
    TREE_EACH(ip, tree_first(t, "source"), "ip")
        if (plain_ip(d, ip, &any))
            return -1;
    TREE_EACH(r, tree_first(t, "source"), "route")
        if (route(d, r))
            return -1;
    TREE_EACH(ip, t, "ip") {
        bool six;
        unsigned prefix = doc_uint(ip, "prefix", 0);
        if (plain_ip(d, ip, &six))
            return -1;
        if (!doc_is(t, "type", "user"))
            continue;
        if (family[six]++)
            return doc_unsupported(d, VIR_FROM_QEMU, "Only one IPv%d address per interface is allowed", six ? 6 : 4);
        if (six && prefix && prefix != 64)
            return doc_unsupported(d, VIR_FROM_QEMU, "unsupported IPv6 address prefix='%u' - must be 64", prefix);
        if (!six && prefix && (prefix < 4 || prefix > 27))
            return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_QEMU, "invalid prefix, must be in range of 4-27");
    }
    return 0;
}

static int checks(struct doc *d, struct tree *t)
{
    const char *type = tree_attr(t, "type");
    static const char *const sizes[] = {"rx_queue_size", "tx_queue_size"};
    for (unsigned i = 0; i < ARRAY_N(sizes); i++) {
        unsigned n = doc_uint(tree_first(t, "driver"), sizes[i], 0);
        if (n & (n - 1))
            return doc_unsupported(d, VIR_FROM_QEMU, "%s has to be a power of two", sizes[i]);
    }
    const char *model = tree_path_attr(t, "model", "type");
    if (model && strspn(model, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != strlen(model))
        return err_set(d->e, VIR_ERR_INVALID_ARG, VIR_FROM_DOMAIN, "Model name contains invalid characters");
    if (tree_path_attr(t, "bandwidth/inbound", "floor") && strcmp(type, "network") != 0)
        return doc_unsupported(d, VIR_FROM_NONE, "floor attribute is not supported for this config");
    if (doc_is(tree_first(t, "port"), "isolated", "yes") && doc_is(tree_first(t, "virtualport"), "type", "openvswitch"))
        return doc_unsupported(d, VIR_FROM_DOMAIN, "interface %s - <port isolated='yes'/> is not supported for network interfaces with virtualport type='openvswitch'",
            tree_path_attr(t, "mac", "address"));
    if (doc_is(tree_first(t, "port"), "isolated", "yes") && !doc_in(type, "network bridge"))
        return doc_unsupported(d, VIR_FROM_DOMAIN, "interface %s - <port isolated='yes'/> is not supported for network interfaces with type='%s'",
            tree_path_attr(t, "mac", "address"), type);
    if (doc_is(tree_first(t, "target"), "managed", "no") && strcmp(type, "ethernet") != 0)
        return doc_unsupported(d, VIR_FROM_DOMAIN, "unmanaged target dev is not supported on interfaces of type '%s'", type);
    return 0;
}

int complete_nets(struct doc *d)
{
    TREE_EACH(t, d->devices, "interface") {
        if (doc_is(tree_first(t, "driver"), "queues", "1"))     /* which says nothing */
            tree_set_attr(tree_first(t, "driver"), "queues", NULL);
        if (interface(d, t) || forwards(d, t) || checks(d, t) || numbers(d, t))
            return -1;
    }
    return 0;
}
