/* hand_net.h: what the files of hand-net share. */
#ifndef BULKHEAD_HAND_NET_H
#define BULKHEAD_HAND_NET_H
#include <net/if.h>
#include <sys/stat.h>
#include "hand.h"

struct rtnl_link;

/* fds: QEMU's; ours: the worker's; run: its id. */
struct net { struct hand *h; struct nl_sock *nl; int fds[FRAME_FDS_MAX], ours[FRAME_FDS_MAX]; uint16_t ours_entry[FRAME_FDS_MAX]; unsigned nfds, nours; uint32_t fd_next; int32_t run; int error; };

/* Notes errnum as the call's error, and sets *e. Returns -1. */
int net_fail(struct net *n, struct err *e, int errnum, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* libnl's negative codes as errno. */
int net_errno(int r);
/* The interface of that name, the caller's to put; NULL, with *error set to an errno: there is none, or it cannot be told. */
struct rtnl_link *net_find(struct net *n, const char *name, int *error);

/* hand_addr.c: what the words of a tap (hand_shape.h) say of addresses and routes of the host there; the tap is up. 0, or -1 with *e set. */
int net_addresses(struct net *n, const char *name, const char *words, struct err *e);

/* hand_ovs.c: ports of Open vSwitch, of those taps whose words ask for one (hand_ovsdb.h); nothing is done for others.  The process has no capabilities behind the first call.
 * add: the tap, of that entry, is a port of the bridge and the switch knows it. 0, or -1 with *e set: what was made is left to ovs_remove(). */
int ovs_add(struct net *n, const char *words, const char *bridge, const char *tap, uint32_t entry, const uint8_t mac[6], struct err *e);
/* The port of that entry, of the tap of that name, which was made by the old words, has the VLANs of the new ones; the switch has been waited for. Nothing is said where they are the same. 0, or -1 with *e set: it has those that it had. */
int ovs_retag(struct net *n, const char *words, const char *old, const char *tap, uint32_t entry, struct err *e);
/* The port of that entry, or, of a guest that libvirtd started, by that name, if there is one. */
void ovs_remove(const char *words, uint32_t entry, const char *name);

/* hand_macvtap.c: interfaces over another one, with a device in /dev as their other end. */
struct macvtap { char name[IFNAMSIZ], node[32] /* its device */; dev_t rdev /* the numbers that must have */; };
/* One over the interface `lower`, up, with the entry's address, in that mode (enum macvtap_mode). wanted: its name, "" one that is free. 0, or -1 with *e set: what was
 * made is left to a sweep. */
int macvtap_make(struct net *n, const struct manifest_entry *m, const char *wanted, const char *lower, unsigned mode, struct macvtap *made, struct err *e);
/* The device, for one queue. A descriptor, or -1 with errno. */
int macvtap_open(const struct macvtap *v);
/* Deletes the run's whose entries (MANIFEST_ENTRIES_MAX) do not stay. */
void macvtap_sweep(struct net *n, const bool *stays);
#endif
