/* hand_shape.h: what else there is to know of a tap than that there is one (MK_LINK).
 *
 * The text is xmlc's, in the manifest: words of the form KEY=VALUE, one blank between two.  "in" and "out": what the guest may receive and send, as
 * AVERAGE,PEAK,BURST in KiB (a second), 0: not said; "frames": how many received ones are handed on at once, 0 or not said: the kernel's own; "isolated": 1: the bridge passes nothing between it and
 * others such, "alone" the same where that is not said (by its network); "ovs": a port of Open vSwitch (hand_ovsdb.h); "port" and "net", which come last, are the network daemon's; as is, where there are none, "host": addresses of the
 * host ("A/PREFIX" or "A/PREFIX,PEER") and routes ("A/PREFIX>GATEWAY@METRIC"), with ";" between two. */
#ifndef BULKHEAD_HAND_SHAPE_H
#define BULKHEAD_HAND_SHAPE_H
#include <stdbool.h>
#include <stdint.h>

struct nl_sock;
struct way { uint32_t average, peak, burst; };      /* average 0: no limit */
struct shape { struct way in, out; uint32_t frames; bool isolated; };

/* Reads such a text; NULL or "": nothing is said. 0 or -EPROTO. */
int shape_read(struct shape *s, const char *text);
/* The interface of that index has these limits from now on, and no others. *what: which part of it failed. 0 or negative errno. */
int shape_set(struct nl_sock *nl, int index, const struct shape *s, const char **what);
/* The port of a bridge that is the interface of that index is isolated, or is not. 0 or libnl's negative code. */
int shape_isolate(struct nl_sock *nl, int index, bool isolated);
/* How many frames of that interface are handed on at once. 0 or negative errno. */
int shape_frames(const char *name, uint32_t frames);
#endif
