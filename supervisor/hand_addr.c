/* hand_addr.c: addresses that the host has at its end of a tap, and routes by it.  Part of hand-net, with its privilege and peer.
 *
 * They go with the tap.  Assumes of its input: nothing, not even that xmlc wrote it; the document is a client's who may write definitions, and who decides what the host's network is. */
#include "hand_net.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netlink/addr.h>
#include <netlink/errno.h>
#include <netlink/route/addr.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/util.h"

/* "ADDRESS/PREFIX", or without: all of it. NULL: it is none. */
static struct nl_addr *read_address(const char *text)
{
    char plain[INET6_ADDRSTRLEN], *end = NULL;
    uint8_t raw[16];
    const size_t n = strcspn(text, "/");
    const int family = memchr(text, ':', n) ? AF_INET6 : AF_INET, bytes = family == AF_INET ? 4 : 16;
    unsigned long prefix = text[n] ? strtoul(text + n + 1, &end, 10) : (unsigned long)bytes * 8;
    if (util_format(plain, sizeof plain, "%.*s", (int)(n < sizeof plain ? n : sizeof plain), text) < 0 || inet_pton(family, plain, raw) != 1 || prefix > (unsigned long)bytes * 8 || (end && *end))
        return NULL;
    struct nl_addr *a = nl_addr_build(family, raw, (size_t)bytes);
    if (a)
        nl_addr_set_prefixlen(a, (int)prefix);
    return a;
}

/* The highest one of an IPv4 network; NULL: it has none. */
static struct nl_addr *broadcast(struct nl_addr *a)
{
    uint32_t raw;
    unsigned prefix = nl_addr_get_prefixlen(a);
    if (nl_addr_get_family(a) != AF_INET)
        return NULL;
    memcpy(&raw, nl_addr_get_binary_addr(a), sizeof raw);
    raw |= prefix < 32 ? htonl(UINT32_MAX >> prefix) : 0;
    return nl_addr_build(AF_INET, &raw, sizeof raw);
}

static int add_address(struct nl_sock *nl, int index, char *item)
{
    char *peer = strchr(item, ',');
    if (peer)
        *peer++ = 0;
    struct nl_addr *local = read_address(item), *other = peer ? read_address(peer) : local ? broadcast(local) : NULL;
    struct rtnl_addr *a = rtnl_addr_alloc();
    int r = !a ? -NLE_NOMEM : !local || (peer && !other) ? -NLE_INVAL : rtnl_addr_set_local(a, local);
    if (!r) {
        rtnl_addr_set_ifindex(a, index);
        if (peer)
            nl_addr_set_prefixlen(other, (int)nl_addr_get_prefixlen(local));
        r = peer ? rtnl_addr_set_peer(a, other) : other ? rtnl_addr_set_broadcast(a, other) : 0;
    }
    r = r ? r : rtnl_addr_add(nl, a, 0);
    nl_addr_put(local);
    nl_addr_put(other);
    rtnl_addr_put(a);
    return r;
}

/* gateway: "ADDRESS@METRIC". */
static int add_route(struct nl_sock *nl, int index, const char *item, char *gateway)
{
    char *metric = strchr(gateway, '@');
    if (metric)
        *metric++ = 0;
    struct nl_addr *to = read_address(item), *by = read_address(gateway);
    struct rtnl_route *route = rtnl_route_alloc();
    struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
    int r = !route || !hop ? -NLE_NOMEM : !to || !by || !metric ? -NLE_INVAL : rtnl_route_set_dst(route, to);
    if (!r) {
        rtnl_route_set_family(route, (uint8_t)nl_addr_get_family(to));
        rtnl_route_set_protocol(route, RTPROT_BOOT);
        rtnl_route_set_scope(route, RT_SCOPE_UNIVERSE);
        rtnl_route_set_priority(route, (uint32_t)strtoul(metric, NULL, 10));
        rtnl_route_nh_set_ifindex(hop, index);
        rtnl_route_nh_set_gateway(hop, by);
        rtnl_route_add_nexthop(route, hop);
        hop = NULL;                 /* the route's */
        r = rtnl_route_add(nl, route, NLM_F_EXCL);
    }
    nl_addr_put(to);
    nl_addr_put(by);
    if (hop)
        rtnl_route_nh_free(hop);
    rtnl_route_put(route);
    return r;
}

int net_addresses(struct net *n, const char *name, const char *words, struct err *e)
{
    char text[2048], *rest = NULL;
    const char *host = strncmp(words, "host=", 5) ? strstr(words, " host=") : words;
    const int index = (int)if_nametoindex(name);
    if (!host || strstr(words, "port="))
        return 0;
    if (util_format(text, sizeof text, "%s", strchr(host, '=') + 1) < 0)
        return net_fail(n, e, E2BIG, "Failed to add IP addresses to %s", name);
    for (char *item = strtok_r(text, ";", &rest); item; item = strtok_r(NULL, ";", &rest)) {
        char *gateway = strchr(item, '>');
        if (gateway)
            *gateway++ = 0;
        int r = gateway ? add_route(n->nl, index, item, gateway) : add_address(n->nl, index, item);
        if (r < 0)
            return gateway ? net_fail(n, e, net_errno(r), "Error adding route to %s", name) : net_fail(n, e, net_errno(r), "Failed to add IP address %s to %s", item, name);
    }
    return 0;
}
