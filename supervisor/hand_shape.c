/* hand_shape.c: limits of what goes through a tap.  Part of hand-net, with its privilege and peer.
 *
 * The kernel is told what libvirt has tc tell it, so that one daemon finds what the other has set: a class of an HTB for what the guest receives, for the
 * host sends it; of what the guest sends, for that comes in, more is dropped than is let through.  Assumes of its input: nothing, not even that xmlc wrote it. */
#include "supervisor/hand_shape.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_bridge.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "ipc/log.h"
#include "ipc/util.h"

enum { NS_PER_TICK = 64, TABLE_N = 256, POLICE_MTU = 65536, POLICE_CELL_LOG = 9 /* 256 cells hold that MTU */, HTB_MTU = 1600, PERTURB_S = 10 };

/* ---- the words ---- */

static const char *number(const char *s, uint32_t *v)
{
    uint64_t n = 0;
    if (!isdigit((unsigned char)*s))
        return NULL;
    for (; isdigit((unsigned char)*s); s++)
        if ((n = n * 10 + (uint64_t)(*s - '0')) > UINT32_MAX)
            return NULL;
    *v = (uint32_t)n;
    return s;
}

static const char *way(const char *s, struct way *w)
{
    uint32_t *const v[] = { &w->average, &w->peak, &w->burst };
    for (size_t i = 0; s && i < ARRAY_N(v); i++)
        s = i && *s++ != ',' ? NULL : number(s, v[i]);
    return s && (!*s || *s == ' ') ? s : NULL;
}

int shape_read(struct shape *s, const char *text)
{
    enum { FRAMES, ISOLATED, ALONE, NUMBERS };
    static const char *const keys[] = { "frames=", "isolated=", "alone=" };
    const uint32_t unsaid = UINT32_MAX;
    uint32_t v[NUMBERS] = { 0, unsaid, 0 };
    *s = (struct shape){ 0 };
    for (const char *p = text ? text : ""; *p && strncmp(p, "port=", 5) && strncmp(p, "host=", 5); p += *p == ' ') {
        bool in = !strncmp(p, "in=", 3), out = !strncmp(p, "out=", 4);
        size_t k = 0;
        while (k < NUMBERS && strncmp(p, keys[k], strlen(keys[k])))
            k++;
        p = !strncmp(p, "ovs=", 4) ? p + strcspn(p, " ") : in || out ? way(p + (in ? 3 : 4), in ? &s->in : &s->out) : k < NUMBERS ? number(p + strlen(keys[k]), &v[k]) : NULL;
        if (!p || (*p && *p != ' '))
            return -EPROTO;
    }
    s->frames = v[FRAMES];
    s->isolated = v[ISOLATED] == unsaid ? v[ALONE] : v[ISOLATED];
    return 0;
}

/* ---- the kernel ---- */

/* A message about a queue, class or filter of the interface, into which its options go. */
static struct nl_msg *message(int type, int flags, int index, uint32_t parent, uint32_t handle, uint32_t info, const char *kind)
{
    struct tcmsg t = { .tcm_family = AF_UNSPEC, .tcm_ifindex = index, .tcm_parent = parent, .tcm_handle = handle, .tcm_info = info };
    struct nl_msg *m = nlmsg_alloc_simple(type, flags);
    if (m && (nlmsg_append(m, &t, sizeof t, NLMSG_ALIGNTO) < 0 || (kind && nla_put_string(m, TCA_KIND, kind) < 0))) {
        nlmsg_free(m);
        m = NULL;
    }
    return m;
}

static int tell(struct nl_sock *nl, struct nl_msg *m)
{
    return m ? nl_send_sync(nl, m) : -NLE_NOMEM;
}

/* Without an end of its own, for messages whose options are one struct or none. */
static int tell_plain(struct nl_sock *nl, struct nl_msg *m, const void *options, int size)
{
    if (m && size && nla_put(m, TCA_OPTIONS, size, options) < 0) {
        nlmsg_free(m);
        m = NULL;
    }
    return tell(nl, m);
}

static uint64_t bytes_per_s(uint32_t kib) { return (uint64_t)kib * 1000; }      /* tc's "kbps", which libvirt has it told */
static uint32_t rate32(uint64_t rate) { return rate > UINT32_MAX ? UINT32_MAX : (uint32_t)rate; }

/* How long so many bytes take, in ticks. */
static uint32_t ticks(uint64_t rate, uint64_t bytes)
{
    return rate32((uint64_t)((double)bytes * 1e9 / (double)rate / NS_PER_TICK));
}

static int add_class(struct nl_sock *nl, int index, const struct way *w)
{
    uint64_t rate = bytes_per_s(w->average), ceil = w->peak ? bytes_per_s(w->peak) : rate;
    struct tc_htb_opt o = { .rate = { .rate = rate32(rate), .linklayer = TC_LINKLAYER_ETHERNET }, .ceil = { .rate = rate32(ceil), .linklayer = TC_LINKLAYER_ETHERNET },
        .buffer = ticks(rate, w->burst ? (uint64_t)w->burst * 1024 : HTB_MTU), .cbuffer = ticks(ceil, HTB_MTU) };
    struct nl_msg *m = message(RTM_NEWTCLASS, NLM_F_CREATE | NLM_F_EXCL, index, TC_H_MAKE(1u << 16, 0), TC_H_MAKE(1u << 16, 1), 0, "htb");
    struct nlattr *nest = m ? nla_nest_start(m, TCA_OPTIONS) : NULL;
    bool good = nest && !nla_put(m, TCA_HTB_PARMS, sizeof o, &o);
    good = good && (rate <= UINT32_MAX || !nla_put_u64(m, TCA_HTB_RATE64, rate));
    good = good && (ceil <= UINT32_MAX || !nla_put_u64(m, TCA_HTB_CEIL64, ceil));
    if (!good) {
        nlmsg_free(m);
        return -NLE_NOMEM;
    }
    nla_nest_end(m, nest);
    return tell(nl, m);
}

/* What the guest receives.  Fairness among its connections and the filter by marks are extras that a kernel need not have. */
static int limit_in(struct nl_sock *nl, int index, const struct way *w)
{
    const struct tc_htb_glob all = { .version = 3, .rate2quantum = 10, .defcls = 1 };
    const struct tc_sfq_qopt fair = { .perturb_period = PERTURB_S };
    const uint32_t root = 1u << 16, new = NLM_F_CREATE | NLM_F_EXCL;
    struct nl_msg *m = message(RTM_NEWQDISC, (int)new, index, TC_H_ROOT, root, 0, "htb");
    struct nlattr *nest = m ? nla_nest_start(m, TCA_OPTIONS) : NULL;
    if (!nest || nla_put(m, TCA_HTB_INIT, sizeof all, &all) < 0) {
        nlmsg_free(m);
        return -NLE_NOMEM;
    }
    nla_nest_end(m, nest);
    int r = tell(nl, m);
    if (r < 0 || (r = add_class(nl, index, w)) < 0)
        return r;
    if ((r = tell_plain(nl, message(RTM_NEWQDISC, (int)new, index, root | 1, 2u << 16, 0, "sfq"), &fair, sizeof fair)) < 0)
        log_info("no fair queue behind a limit: %s", nl_geterror(r));
    if ((m = message(RTM_NEWTFILTER, (int)new, index, root, 1, TC_H_MAKE(1u << 16, htons(ETH_P_ALL)), "fw")) && (nest = nla_nest_start(m, TCA_OPTIONS))) {
        nla_put_u32(m, TCA_FW_CLASSID, 1);
        nla_nest_end(m, nest);
        if ((r = tell(nl, m)) < 0)
            log_info("no filter by marks before a limit: %s", nl_geterror(r));
    }
    return 0;
}

/* What the guest sends. */
static int limit_out(struct nl_sock *nl, int index, const struct way *w)
{
    const uint32_t ingress = 0xffffu << 16;
    uint64_t rate = bytes_per_s(w->average), burst = (uint64_t)(w->burst ? w->burst : w->average) * 1024;
    struct { struct tc_u32_sel sel; struct tc_u32_key any; } all = { .sel = { .flags = TC_U32_TERMINAL, .nkeys = 1 } };
    struct tc_police police = { .action = TC_POLICE_SHOT, .burst = ticks(rate, burst), .mtu = POLICE_MTU,
        .rate = { .rate = rate32(rate), .linklayer = TC_LINKLAYER_ETHERNET, .cell_log = POLICE_CELL_LOG, .cell_align = -1 } };
    uint32_t table[TABLE_N];
    for (uint32_t i = 0; i < TABLE_N; i++)
        table[i] = ticks(rate, (uint64_t)(i + 1) << POLICE_CELL_LOG);
    int r = tell_plain(nl, message(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, index, TC_H_INGRESS, ingress, 0, "ingress"), NULL, 0);
    if (r < 0)
        return r;
    struct nl_msg *m = message(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, index, ingress, 0, htons(ETH_P_ALL), "u32");
    struct nlattr *nest = m ? nla_nest_start(m, TCA_OPTIONS) : NULL, *act = NULL;
    bool good = nest && !nla_put(m, TCA_U32_SEL, sizeof all, &all) && !nla_put_u32(m, TCA_U32_CLASSID, 1) && (act = nla_nest_start(m, TCA_U32_POLICE));
    good = good && !nla_put(m, TCA_POLICE_TBF, sizeof police, &police) && !nla_put(m, TCA_POLICE_RATE, sizeof table, table);
    good = good && (rate <= UINT32_MAX || !nla_put_u64(m, TCA_POLICE_RATE64, rate));
    if (!good) {
        nlmsg_free(m);
        return -NLE_NOMEM;
    }
    nla_nest_end(m, act);
    nla_nest_end(m, nest);
    return tell(nl, m);
}

int shape_set(struct nl_sock *nl, int index, const struct shape *s, const char **what)
{
    /* What is not there is not taken away. */
    tell(nl, message(RTM_DELQDISC, 0, index, TC_H_ROOT, 0, 0, NULL));
    tell(nl, message(RTM_DELQDISC, 0, index, TC_H_INGRESS, 0, 0, NULL));
    /* A tap's reader is its queue: another one before it only costs. */
    if (!s->in.average)
        tell_plain(nl, message(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, index, TC_H_ROOT, 0, 0, "noqueue"), NULL, 0);
    *what = "inbound";
    int r = s->in.average ? limit_in(nl, index, &s->in) : 0;
    if (r < 0)
        return r;
    *what = "outbound";
    return s->out.average ? limit_out(nl, index, &s->out) : 0;
}

int shape_isolate(struct nl_sock *nl, int index, bool isolated)
{
    struct ifinfomsg i = { .ifi_family = AF_BRIDGE, .ifi_index = index };
    struct nl_msg *m = nlmsg_alloc_simple(RTM_SETLINK, 0);
    struct nlattr *nest = m && !nlmsg_append(m, &i, sizeof i, NLMSG_ALIGNTO) ? nla_nest_start(m, IFLA_PROTINFO | NLA_F_NESTED) : NULL;
    if (!nest || nla_put_u8(m, IFLA_BRPORT_ISOLATED, isolated) < 0) {
        nlmsg_free(m);
        return -NLE_NOMEM;
    }
    nla_nest_end(m, nest);
    return tell(nl, m);
}

int shape_frames(const char *name, uint32_t frames)
{
    struct ethtool_coalesce c = { .cmd = ETHTOOL_SCOALESCE, .rx_max_coalesced_frames = frames };
    struct ifreq ifr = { .ifr_data = (void *)&c };
    AUTO_CLOSE fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    util_copy_str(ifr.ifr_name, sizeof ifr.ifr_name, name);
    return fd < 0 || ioctl(fd, SIOCETHTOOL, &ifr) < 0 ? -errno : 0;
}
