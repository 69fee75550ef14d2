/* hand_macvtap.c: macvtaps: interfaces over one of the host's, whose other end is a character device.  Part of hand-net, with its privilege and peer.
 *
 * A macvtap is there until somebody deletes it.  Whose it is it says itself: it is made under a name of its run and entry ("bh1.3"), which is its alias once it has
 * its own.  So whoever undoes a run finds what a hand made that did not come to answer, and nobody has to note anything.  In passthrough mode the interface below
 * has the guest's address; the kernel gives its own back when the macvtap goes.
 *
 * SAFETY: what is deleted is a macvtap with such a word, of the run that the supervisor names.  The device is opened by the numbers that the kernel tells of this very
 * interface, whatever /dev has by its name. */
#include "hand_net.h"
#include <errno.h>
#include <fcntl.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/link/macvlan.h>
#include <netlink/route/link/macvtap.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "ipc/log.h"
#include "ipc/util.h"

enum { NAMES = 4096 };

/* Which entry of the run's it is of; -1: it is none of it. */
static int entry_of(struct rtnl_link *l, int32_t run)
{
    const char *alias = rtnl_link_get_ifalias(l), *word = alias ? alias : rtnl_link_get_name(l) /* as it was made */;
    unsigned id, entry;
    char end;
    bool ours = rtnl_link_get_type(l) && !strcmp(rtnl_link_get_type(l), "macvtap") && word && sscanf(word, "bh%x.%x%c", &id, &entry, &end) == 2;
    return ours && id == (unsigned)run && entry < MANIFEST_ENTRIES_MAX ? (int)entry : -1;
}

void macvtap_sweep(struct net *n, const bool *stays)
{
    struct nl_cache *all = NULL;
    int r = rtnl_link_alloc_cache(n->nl, AF_UNSPEC, &all);
    for (struct nl_object *o = r < 0 ? NULL : nl_cache_get_first(all); o; o = nl_cache_get_next(o)) {
        struct rtnl_link *l = (struct rtnl_link *)o;
        int entry = entry_of(l, n->run);
        if (entry >= 0 && !stays[entry] && (r = rtnl_link_delete(n->nl, l)) < 0)
            log_warn("cannot delete macvtap %s: %s", rtnl_link_get_name(l), nl_geterror(r));
    }
    if (!all)
        log_warn("cannot look for macvtaps: %s", nl_geterror(r));
    nl_cache_free(all);
}

/* The macvtap, not up yet, under its run's name; its index, or a negative errno. */
static int create(struct net *n, const char *word, int below, unsigned mode, struct nl_addr *mac)
{
    static const char *const modes[MACVTAP_MODE_N] = { NULL, "vepa", "private", "bridge", "passthru" };
    struct rtnl_link *l = rtnl_link_macvtap_alloc(), *made;
    if (!l)
        return -ENOMEM;
    rtnl_link_set_link(l, below);
    rtnl_link_set_name(l, word);
    rtnl_link_set_addr(l, mac);
    rtnl_link_macvtap_set_mode(l, rtnl_link_macvtap_str2mode(modes[mode]));
    int r = rtnl_link_add(n->nl, l, NLM_F_CREATE | NLM_F_EXCL), error = r < 0 ? net_errno(r) : 0;
    rtnl_link_put(l);
    made = error ? NULL : net_find(n, word, &error);
    r = made ? rtnl_link_get_ifindex(made) : -error;
    rtnl_link_put(made);
    return r;
}

/* Alias, name ("%d" in it: the kernel counts) and address, or, with none, "up". 0 or libnl's code. */
static int change(struct net *n, int index, const char *word, const char *name, struct nl_addr *mac)
{
    struct rtnl_link *old = NULL, *want = rtnl_link_alloc();
    int r = want ? rtnl_link_get_kernel(n->nl, index, NULL, &old) : -NLE_NOMEM;
    if (r >= 0 && name) {
        rtnl_link_set_ifalias(want, word);
        rtnl_link_set_name(want, name);
        rtnl_link_set_addr(want, mac);      /* which passthrough mode does not take at birth */
    } else if (r >= 0) {
        rtnl_link_set_flags(want, IFF_UP);
    }
    r = r < 0 ? r : rtnl_link_change(n->nl, old, want, 0);
    rtnl_link_put(old);
    rtnl_link_put(want);
    return r;
}

/* What the kernel says of the device's numbers. */
static int find_node(struct macvtap *made, int index)
{
    char path[96], text[32] = "";
    unsigned maj, min;
    if (util_format(path, sizeof path, "/sys/class/net/%s/tap%d/dev", made->name, index) < 0 || util_format(made->node, sizeof made->node, "/dev/tap%d", index) < 0)
        return -EINVAL;
    AUTO_CLOSE fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (read(fd, text, sizeof text - 1) <= 0 || sscanf(text, "%u:%u", &maj, &min) != 2)
        return -EINVAL;
    made->rdev = makedev(maj, min);
    return 0;
}

static int refused(struct net *n, const struct manifest_entry *m, const char *name, const char *lower, int errnum, struct err *e)
{
    const uint8_t *a = m->mac;
    net_fail(n, e, errnum, "error creating macvtap interface %s@%s (%02x:%02x:%02x:%02x:%02x:%02x)", name, lower, a[0], a[1], a[2], a[3], a[4], a[5]);
    e->domain = VIR_FROM_NET;
    return -1;
}

static int make(struct net *n, const char *word, const struct manifest_entry *m, const char *wanted, const char *lower, int below, unsigned mode, struct macvtap *made,
                struct nl_addr *mac, struct err *e)
{
    int r = util_copy_str(made->name, sizeof made->name, *wanted ? wanted : "macvtap0");
    for (int i = 1; !*wanted && i < NAMES && if_nametoindex(made->name); i++)       /* what it will be, most probably */
        r = util_format(made->name, sizeof made->name, "macvtap%d", i);
    int index = r < 0 || (*wanted && if_nametoindex(wanted)) ? -EEXIST : create(n, word, below, mode, mac);
    if (index < 0 || (r = change(n, index, word, *wanted ? wanted : "macvtap%d", mac)) < 0)
        return refused(n, m, made->name, lower, index < 0 ? -index : net_errno(r), e);
    struct rtnl_link *l = NULL;
    if ((r = rtnl_link_get_kernel(n->nl, index, NULL, &l)) < 0)
        return net_fail(n, e, net_errno(r), "Cannot find interface '%s'", made->name);
    util_copy_str(made->name, sizeof made->name, rtnl_link_get_name(l));
    rtnl_link_put(l);
    if ((r = change(n, index, NULL, NULL, NULL)) < 0)
        return net_fail(n, e, r == -NLE_EXIST ? EADDRINUSE : net_errno(r), "Cannot set interface flags on '%s'", made->name);
    r = find_node(made, index);
    return r < 0 ? net_fail(n, e, -r, "cannot open macvtap tap device %s", made->node) : 0;
}

int macvtap_make(struct net *n, const struct manifest_entry *m, const char *wanted, const char *lower, unsigned mode, struct macvtap *made, struct err *e)
{
    char word[IFNAMSIZ];
    bool stays[MANIFEST_ENTRIES_MAX];
    int error = 0, r;
    struct rtnl_link *l = net_find(n, lower, &error);
    int below = l ? rtnl_link_get_ifindex(l) : 0;
    rtnl_link_put(l);
    if (!below)
        return net_fail(n, e, error, "Unable to get index for interface %s", lower);
    memset(stays, true, sizeof stays);
    stays[m->index] = false;        /* of one that nobody undid */
    macvtap_sweep(n, stays);
    if ((r = change(n, below, NULL, NULL, NULL)) < 0)
        return net_fail(n, e, net_errno(r), "Cannot set interface flags on '%s'", lower);
    uint8_t raw[6];
    memcpy(raw, m->mac, sizeof raw);
    struct nl_addr *mac = nl_addr_build(AF_LLC, raw, sizeof raw);
    r = !mac || util_format(word, sizeof word, "bh%x.%x", (unsigned)n->run, m->index) < 0 ? net_fail(n, e, ENOMEM, "Unable to create tap device %s", wanted) :
        make(n, word, m, wanted, lower, below, mode, made, mac, e);
    nl_addr_put(mac);
    return r;
}

int macvtap_open(const struct macvtap *v)
{
    struct stat st;
    char self[32];
    AUTO_CLOSE look = open(v->node, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (look < 0 || fstat(look, &st) < 0)
        return -1;
    util_format(self, sizeof self, "/proc/self/fd/%d", look);
    errno = ENODEV;
    return S_ISCHR(st.st_mode) && st.st_rdev == v->rdev ? open(self, O_RDWR | O_CLOEXEC | O_NONBLOCK) : -1;
}
