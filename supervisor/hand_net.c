/* hand_net.c: network interfaces of one guest: makes taps and macvtaps, puts them on bridges, takes them away.
 *
 * Privilege: CAP_NET_ADMIN.  The only program that links libnl.  Called by: the supervisor.
 * Assumes of its input: the supervisor's policy let each interface and bridge name through; names are checked for form again.
 *
 * SAFETY (MK_TAP): the guest gets a descriptor that carries frames of one interface.  An interface that is there already is used only when
 * the manifest says it is managed elsewhere; only taps and macvtaps are ever deleted, and of those only ones this hand made.
 *
 * SAFETY (MK_LINK): limits are xmlc's words, of a document or a client's call, and the interfaces that get them are those that the run's grants name. */
#include "hand_net.h"
#include "supervisor/hand_ovsdb.h"
#include "supervisor/hand_shape.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_tun.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "ipc/log.h"
#include "ipc/util.h"

#define QUEUES_MAX 16u
#define TEMPLATE "vnet%d"
enum { LINK_WORDS_MAX = 2048 /* what xmlc writes at most */ };

int net_fail(struct net *n, struct err *e, int errnum, const char *fmt, ...)
{
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    n->error = -errnum;
    return err_sys(e, VIR_FROM_NONE, errnum, "%s", text);
}

int net_errno(int r)
{
    switch (-r) {
    case NLE_OBJ_NOTFOUND: case NLE_NODEV: return ENODEV;
    case NLE_PERM: case NLE_NOACCESS: return EPERM;
    case NLE_EXIST: return EEXIST;
    case NLE_BUSY: return EBUSY;
    case NLE_NOMEM: return ENOMEM;
    case NLE_INVAL: case NLE_RANGE: return EINVAL;
    case NLE_OPNOTSUPP: return EOPNOTSUPP;
    default: return EIO;
    }
}

/* As the kernel has it: short, without '/', blanks and colons. */
static bool name_ok(const char *name)
{
    size_t n = strlen(name);
    return n > 0 && n < IFNAMSIZ && strcmp(name, ".") && strcmp(name, "..") && strcspn(name, "/: \t\n\v\f\r") == n;
}

/* v: which macvtap, if it is one. */
static int open_queue(struct net *n, const struct macvtap *v, struct ifreq *ifr, struct err *e)
{
    AUTO_CLOSE fd = *v->name ? macvtap_open(v) : open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return *v->name ? net_fail(n, e, errno, "cannot open macvtap tap device %s", v->node) : net_fail(n, e, errno, "Unable to open /dev/net/tun, is tun module loaded?");
    if (ioctl(fd, TUNSETIFF, ifr) < 0)
        return net_fail(n, e, errno, "Unable to create tap device %s", ifr->ifr_name);
    if (n->nfds + n->nours >= FRAME_FDS_MAX - 2)
        return net_fail(n, e, E2BIG, "Unable to create tap device %s", ifr->ifr_name);
    n->fds[n->nfds++] = STEAL_FD(&fd);
    return 0;
}

struct rtnl_link *net_find(struct net *n, const char *name, int *error)
{
    struct rtnl_link *l = NULL;
    int r = rtnl_link_get_kernel(n->nl, 0, name, &l);
    *error = r < 0 ? net_errno(r) : 0;
    return r < 0 ? NULL : l;
}

/* The bridge of that name, the kernel's own or any: its index, or negative errno; *mtu: its own, where that was 0. */
static int bridge_index(struct net *n, const char *name, bool own, uint32_t *mtu)
{
    int error;
    struct rtnl_link *br = net_find(n, name, &error);
    if (!br)
        return -error;
    const char *type = rtnl_link_get_type(br);
    int index = !own || (type && !strcmp(type, "bridge")) ? rtnl_link_get_ifindex(br) : -EOPNOTSUPP;
    *mtu = *mtu ? *mtu : rtnl_link_get_mtu(br);
    rtnl_link_put(br);
    return index;
}

/* Address, MTU, bridge and "up" in one message.  ovs: the bridge is one of Open vSwitch's, whose own interface only says the MTU. */
static int set_up(struct net *n, const struct manifest_entry *m, const char *name, const char *bridge, bool ovs, bool is_new, struct err *e)
{
    int error = 0;
    uint32_t mtu = m->b;
    int master = *bridge ? bridge_index(n, bridge, !ovs, &mtu /* a port with a smaller one would make the whole bridge's smaller */) : 0;
    if (master < 0)
        return master == -EOPNOTSUPP ? net_fail(n, e, EINVAL, "Unable to add bridge %s port: it is no bridge", bridge) : net_fail(n, e, -master, "Cannot get interface MTU on '%s'", bridge);
    struct rtnl_link *old = net_find(n, name, &error), *want = rtnl_link_alloc();
    if (!old || !want) {
        rtnl_link_put(old);
        rtnl_link_put(want);
        return net_fail(n, e, old ? ENOMEM : error, "Cannot find interface '%s'", name);
    }
    if (is_new) {
        /* The host's end: the guest's own address with a first byte that no bridge takes for its own, as it is the highest. */
        uint8_t mac[6];
        memcpy(mac, m->mac, sizeof mac);
        mac[0] = 0xfe;
        struct nl_addr *a = nl_addr_build(AF_LLC, mac, sizeof mac);
        if (a)
            rtnl_link_set_addr(want, a);
        nl_addr_put(a);
    }
    if (mtu)
        rtnl_link_set_mtu(want, mtu);
    if (master && !ovs)
        rtnl_link_set_master(want, master);
    rtnl_link_set_flags(want, IFF_UP);
    int r = rtnl_link_change(n->nl, old, want, 0);
    rtnl_link_put(old);
    rtnl_link_put(want);
    if (r >= 0)
        return 0;
    return *bridge ? net_fail(n, e, net_errno(r), "Unable to add bridge %s port %s", bridge, name) : net_fail(n, e, net_errno(r), "Cannot set up interface '%s'", name);
}

/* A tap that is there leaves its bridge for another one. */
static int move(struct net *n, const char *name, const char *bridge, struct err *e)
{
    uint32_t mtu = 0;
    int error, r, master = bridge_index(n, bridge, true, &mtu);
    if (master == -ENODEV) {
        n->error = master;
        return err_set(e, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "bridge %s doesn't exist", bridge);
    }
    struct rtnl_link *old = master < 0 ? NULL : net_find(n, name, &error), *want = rtnl_link_alloc();
    if (old && want)
        rtnl_link_set_master(want, master);
    r = old && want ? rtnl_link_change(n->nl, old, want, 0) : 0;
    error = master < 0 ? -master : !old ? error : !want ? ENOMEM : r < 0 ? net_errno(r) : 0;
    rtnl_link_put(old);
    rtnl_link_put(want);
    return error ? net_fail(n, e, error, "Unable to add bridge %s port %s", bridge, name) : 0;
}

/* SAFETY: the worker reads this one interface's counters, and can follow no link out of their folder: landlock and an empty mount namespace. */
static void keep_counters(struct net *n, const char *name, struct grant *g)
{
    char path[64];
    if (util_format(path, sizeof path, "/sys/class/net/%s/statistics", name) < 0 || n->nfds + n->nours >= FRAME_FDS_MAX - 1)
        return;
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;             /* no sysfs, or of another net namespace: no counters then */
    n->ours_entry[n->nours] = (uint16_t)g->index;
    n->ours[n->nours++] = fd;
    g->nworker = 1;
}

static void delete_tap(struct net *n, const char *name)
{
    int error;
    struct rtnl_link *l = net_find(n, name, &error);
    if (l && rtnl_link_get_type(l) && !strcmp(rtnl_link_get_type(l), "tun") && (error = rtnl_link_delete(n->nl, l)) < 0)
        log_warn("cannot delete tap %s: %s", name, nl_geterror(error));
    rtnl_link_put(l);
}

/* What the manifest says beside the tap of that index; "" and 0 what it does not. */
struct link { const char *dev, *words; uint32_t kind; };
static struct link link_of(const struct hand *h, uint32_t tap)
{
    struct manifest_entry m;
    const char *path, *aux;
    struct link l = { "", "", 0 };
    for (struct manifest_in in = hand_entries(h); hand_next(&in, &m, &path, &aux);)
        if (m.kind == MK_LINK && m.parent == (int32_t)tap)
            l = (struct link){ path ? path : "", aux ? aux : "", m.a };
    return l;
}

/* The filter of the tap of that index; "": none. */
static const char *filter_of(const struct hand *h, uint32_t tap)
{
    struct manifest_entry m;
    const char *path, *aux, *text = "";
    for (struct manifest_in in = hand_entries(h); hand_next(&in, &m, &path, &aux);)
        if (m.kind == MK_FILTER && m.parent == (int32_t)tap && aux)
            text = aux;
    return text;
}

/* The macvtap's mode that an entry, or its network, asks for; 0: a tap. */
static unsigned mode_of(const struct manifest_entry *m, const struct link *l) { return m->c ? m->c : l->kind >= LINK_MACVTAP ? l->kind - LINK_MACVTAP : 0; }

/* What the words say, where old ones say something else; NULL: it is new, and is told of its limits in any case; on a bridge that it has just come to nobody keeps it apart. A macvtap faces the host's interface, and so what the guest receives it receives too. */
static int limit(struct net *n, const char *name, const char *words, const char *old, bool moved, bool macvtap, struct err *e)
{
    struct shape s, was;
    const char *what = "";
    int index = (int)if_nametoindex(name), r = shape_read(&s, words);
    if (r < 0 || !index)
        return net_fail(n, e, r < 0 ? -r : ENODEV, "Cannot limit interface '%s'", name);
    if (shape_read(&was, old))
        old = NULL;     /* words that nobody was told */
    bool ways = !old || memcmp(&s.in, &was.in, sizeof s.in) || memcmp(&s.out, &was.out, sizeof s.out);
    if (!macvtap && s.isolated != (was.isolated && !moved) && (r = shape_isolate(n->nl, index, s.isolated)) < 0)
        return net_fail(n, e, net_errno(r), "Unable to set bridge port isolated of interface '%s'", name);
    if (s.frames != was.frames && (old || !macvtap) && (r = shape_frames(name, s.frames)) < 0)
        return net_fail(n, e, -r, "Cannot set coalesce info on '%s'", name);
    if (macvtap)
        s = (struct shape){ .in = s.out, .out = s.in };
    r = ways ? shape_set(n->nl, index, &s, &what) : 0;
    return r < 0 ? net_fail(n, e, r == -NLE_OBJ_NOTFOUND ? EOPNOTSUPP /* no such queue or filter in this kernel */ : net_errno(r), "Cannot set %s bandwidth of interface '%s'", what, name) : 0;
}

/* Only "%d", once, is the kernel's template. */
static bool wanted_ok(const char *wanted, bool macvtap)
{
    const char *percent = strchr(wanted, '%');
    return (macvtap && !*wanted) || (name_ok(wanted) && !(percent && (macvtap || percent[1] != 'd' || strchr(percent + 1, '%'))));
}

/* All that QEMU gets of it, and the worker. */
static int give_tap(struct net *n, const struct manifest_entry *m, const struct macvtap *v, struct ifreq *ifr, struct grant *g, struct err *e)
{
    uint32_t queues = m->a ? m->a : 1;
    ifr->ifr_flags = (short)(IFF_TAP | IFF_NO_PI | (m->flags & MF_VNET_HDR ? IFF_VNET_HDR : 0) | (queues > 1 ? IFF_MULTI_QUEUE : 0));
    g->qemu_fd[0] = (int16_t)n->fd_next;
    for (uint32_t q = 0; q < queues; q++, n->fd_next++, g->nqemu++)
        if (open_queue(n, v, ifr, e))
            return -1;
    if (queues > 1)
        g->qemu_fd[1] = (int16_t)(g->qemu_fd[0] + 1);
    util_copy_str(g->name, sizeof g->name, ifr->ifr_name);
    keep_counters(n, ifr->ifr_name, g);
    return 0;
}

static int make_tap(struct net *n, const struct manifest_entry *m, const char *path, const char *aux, struct grant *g, struct err *e)
{
    const struct link link = link_of(n->h, m->index);
    const unsigned mode = mode_of(m, &link);
    const char *wanted = *path || mode ? path : TEMPLATE, *other = *link.dev ? link.dev : aux;
    struct macvtap v = { "", "", 0 };
    struct ifreq ifr = { .ifr_flags = 0 };
    unsigned index = if_nametoindex(wanted);
    if (!wanted_ok(wanted, mode) || mode >= MACVTAP_MODE_N || (*other && !name_ok(other)) || m->a > QUEUES_MAX)
        return net_fail(n, e, EINVAL, "Unable to create tap device %s", wanted);
    if (mode && macvtap_make(n, m, wanted, other, mode, &v, e))
        return -1;
    if (index && !mode && (m->flags & MF_MANAGED))
        return net_fail(n, e, EEXIST, "Unable to create tap device %s", wanted);
    if (!index && *path && !mode && !(m->flags & MF_MANAGED)) {
        n->error = -ENODEV;
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "target managed='no' but specified dev doesn't exist");
    }
    g->is_new = !index;
    util_copy_str(ifr.ifr_name, sizeof ifr.ifr_name, mode ? v.name : wanted);
    int r = give_tap(n, m, &v, &ifr, g, e);
    struct ovs_port port;
    if (!r && !mode && g->is_new)       /* one that is there somebody else looks after */
        r = set_up(n, m, ifr.ifr_name, other, ovs_read(&port, link.words) > 0, g->is_new, e);
    if (!r && !mode)
        r = net_addresses(n, ifr.ifr_name, link.words, e);
    return r || (!g->is_new && !*link.words) ? r : limit(n, ifr.ifr_name, link.words, NULL, false, mode, e);
}

static struct hand_grants grants;       /* what hand-open made, to which ours is added */

/* Those of the taps that were made now: last, as it takes the privilege for all else away. */
static int switched(struct net *n, const bool *made, int *failed, struct err *e)
{
    struct manifest_entry m;
    const char *path, *aux;
    for (struct manifest_in in = hand_entries(n->h); hand_next(&in, &m, &path, &aux);) {
        const struct link l = link_of(n->h, m.index);
        *failed = (int)m.index;
        if (made[m.index] && ovs_add(n, l.words, *l.dev ? l.dev : aux, grants.g[m.index].name, m.index, m.mac, e))
            return -1;
    }
    return 0;
}

static void hand_net(struct hand *h, struct net *n)
{
    struct manifest_entry m;
    const char *path, *aux;
    struct err e = ERR_INIT;
    bool made[MANIFEST_ENTRIES_MAX] = { false };
    uint32_t has = 0;
    int failed;
    n->run = ((const struct hand_req *)hand_body(h, sizeof(struct hand_req)))->id;
    hand_grants(h, 1, &grants);
    n->fd_next = grants.h.next_fd;
    if (hand_manifest(h, 0, &e)) {
        hand_fail(h, -1, -EPROTO, &e);
        return;
    }
    grants.h.n = hand_entries(h).left;
    for (struct manifest_in in = hand_entries(h); hand_next(&in, &m, &path, &aux);) {
        struct grant *g = &grants.g[m.index];
        if (g->made)
            continue;
        *g = (struct grant){ .index = m.index, .qemu_fd = { -1, -1 }, .made = m.kind == MK_TAP };
        /* What was made goes with this process: a tap is not persistent; and a macvtap by whoever undoes the run. */
        if (m.kind == MK_TAP && make_tap(n, &m, path, aux, g, &e)) {
            hand_fail(h, (int)m.index, n->error, &e);
            return;
        }
        made[m.index] = m.kind == MK_TAP;
        has |= m.kind == MK_TAP && *filter_of(h, m.index) ? HAND_HAS_FILTERS : 0;
    }
    if (switched(n, made, &failed, &e)) {
        hand_fail(h, failed, n->error, &e);
        return;
    }
    struct hand_done done = { .nqemu = n->nfds, .nworker = n->nours, .failed = -1, .next_fd = n->fd_next, .has = has };
    grants.h.next_fd = n->fd_next;
    for (unsigned i = 0; i < n->nours; i++) {
        done.ours_kind[i] = BFD_CHARDEV;
        done.ours_entry[i] = n->ours_entry[i];
    }
    int r = hand_reply_grants(h, &done, &grants, n->fds, n->ours, &e);
    if (r < 0)
        hand_fail(h, -1, r, &e);
}

/* What no tap is any more, or none that stays, leaves its switch: ports do not go with taps.  Of a guest that libvirtd started they have no mark, but their taps' names in the document. */
static void unswitch(struct hand *h, const bool *stays, bool runs)
{
    static const char *names[MANIFEST_ENTRIES_MAX];
    struct manifest_entry m;
    const char *path, *aux;
    for (struct manifest_in in = hand_entries(h); manifest_next(&in, &m, &path, &aux) == 1;) {
        names[m.index] = m.kind == MK_TAP && path ? path : "";
        if (m.kind != MK_LINK || m.parent < 0 || m.parent >= (int32_t)m.index || (stays[m.parent] && !(m.flags & MF_GONE)))
            continue;
        const bool named = !grants.h.n && *names[m.parent];
        if (!named || !runs || m.flags & MF_GONE)
            ovs_remove(aux, (uint32_t)m.parent, named ? names[m.parent] : NULL);
    }
}

/* A tap goes when the last of QEMU's descriptors does; this is for what something else still holds, and for macvtaps.  One of a device that has gone may be another guest's by now. */
static void hand_unnet(struct hand *h, struct net *n)
{
    struct hand_done done = { .failed = -1 };
    struct manifest_entry m;
    const char *path, *aux;
    struct err e = ERR_INIT;
    bool stays[MANIFEST_ENTRIES_MAX] = { false };
    const struct hand_req *rq = hand_body(h, sizeof *rq);
    const bool runs = rq->flags & HAND_GUEST_RUNS;
    if (hand_manifest(h, 0, &e) == 0) {
        hand_grants(h, 1, &grants);     /* none of a guest that libvirtd started, and then no tap is one of ours */
        for (struct manifest_in in = hand_entries(h); hand_next(&in, &m, &path, &aux);) {
            const struct grant *g = &grants.g[m.index];
            done.has |= hand_has(&m, aux);
            stays[m.index] = runs && m.index < grants.h.n && g->made;
            if (!runs && m.index < grants.h.n && m.kind == MK_TAP && g->made && g->is_new && g->nqemu && name_ok(g->name) && if_nametoindex(g->name))
                delete_tap(n, g->name);
        }
        n->run = rq->id;
        macvtap_sweep(n, stays);
        unswitch(h, stays, runs);
    }
    hand_reply(h, &done, sizeof done, NULL, 0);
}

static char old[MANIFEST_ENTRIES_MAX][LINK_WORDS_MAX];      /* the words of each tap that runs, by the manifest that goes */

/* Bridges and limits of what a running guest has: those that are others than by the second manifest; on failure as by that one again. */
static int retune(struct net *n, unsigned now, unsigned was, uint32_t *has, struct err *e)
{
    static char bridges[MANIFEST_ENTRIES_MAX][IFNAMSIZ], filters[MANIFEST_ENTRIES_MAX][4096];
    struct manifest_entry m;
    const char *path, *aux;
    if (hand_manifest(n->h, was, e))
        return -1;
    for (uint32_t i = 0; i < MANIFEST_ENTRIES_MAX; i++) {
        const struct link l = link_of(n->h, i);
        util_copy_str(old[i], sizeof old[i], l.words);
        util_copy_str(bridges[i], sizeof bridges[i], l.dev);
        util_copy_str(filters[i], sizeof filters[i], filter_of(n->h, i));
    }
    if (hand_manifest(n->h, now, e))
        return -1;
    int r = 0;
    for (struct manifest_in in = hand_entries(n->h); hand_next(&in, &m, &path, &aux);) {
        const struct grant *g = &grants.g[m.index];
        if (m.kind != MK_TAP || m.index >= grants.h.n || !g->made || !name_ok(g->name))
            continue;
        const struct link l = link_of(n->h, m.index);
        const bool macvtap = mode_of(&m, &l), moves = !macvtap && strcmp(*l.dev ? l.dev : aux, *bridges[m.index] ? bridges[m.index] : aux);
        if (moves && move(n, g->name, *l.dev ? l.dev : aux, e))
            r = -1;
        else if (moves || strcmp(l.words, old[m.index]))
            r |= limit(n, g->name, l.words, old[m.index], moves, macvtap, e);
        if (strcmp(filter_of(n->h, m.index), filters[m.index]))
            *has = HAND_HAS_FILTERS;
    }
    return r;
}

/* VLANs of ports of Open vSwitch, as switched(): when the privilege is gone limits that came in the same call are set back by the supervisor's next hand. */
static int retag(struct net *n, struct err *e)
{
    struct manifest_entry m;
    const char *path, *aux;
    int r = 0;
    for (struct manifest_in in = hand_entries(n->h); !r && hand_next(&in, &m, &path, &aux);)
        if (m.kind == MK_TAP && m.index < grants.h.n && grants.g[m.index].made)
            r = ovs_retag(n, link_of(n->h, m.index).words, old[m.index], grants.g[m.index].name, m.index, e);
    return r;
}

static void hand_retune(struct hand *h, struct net *n)
{
    struct hand_done done = { .failed = -1 };
    struct err e = ERR_INIT, ignored = ERR_INIT;
    hand_body(h, sizeof(struct hand_req));
    hand_grants(h, 2, &grants);
    int r = retune(n, 0, 1, &done.has, &e);
    r = r ? r : retag(n, &e);
    if (!r) {
        hand_reply(h, &done, sizeof done, NULL, 0);
        return;
    }
    if (retune(n, 1, 0, &done.has, &ignored))
        log_warn("limits of interfaces are neither as before nor as they should be: %s", ignored.detail);
    hand_fail(h, -1, n->error ? n->error : -EPROTO, &e);
}

int main(void)
{
    struct hand h = { 0 };
    struct net n = { .h = &h };
    hand_begin(&h, ROLE_HAND_NET);
    if (!(n.nl = nl_socket_alloc()) || nl_connect(n.nl, NETLINK_ROUTE) < 0) {
        log_err("cannot reach the kernel's routing socket");
        return 2;
    }
    switch (h.call.h.op) {
    case OP_IN(IN_HAND_NET): hand_net(&h, &n); break;
    case OP_IN(IN_HAND_UNNET): hand_unnet(&h, &n); break;
    case OP_IN(IN_HAND_TUNE): hand_retune(&h, &n); break;
    default:
        log_err("no such verb: %u", OP_PROC(h.call.h.op));
        return 2;
    }
    nl_socket_free(n.nl);
    return 0;
}
