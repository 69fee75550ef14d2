/* hand_ovsdb.h: what is said to the database of Open vSwitch (JSON-RPC, RFC 7047), and what its answers say.  Pure: no descriptor, no file.
 *
 * The words are xmlc's, one of those of a tap (hand_shape.h): ovs=INTERFACE,GUEST,MODE,TAG,TRUNK:TRUNK,PROFILE.  INTERFACE and GUEST are UUIDs; MODE is "tagged", "untagged"
 * (of the native VLAN) or ""; TAG is "" where there is none. */
#ifndef BULKHEAD_HAND_OVSDB_H
#define BULKHEAD_HAND_OVSDB_H
#include <stddef.h>
#include <stdint.h>

enum { OVS_TRUNKS_MAX = 256, OVS_PROFILE_MAX = 64, OVS_UUID = 37, OVS_MARK = 48, OVS_TAG_MAX = 4095, OVSDB_TEXT_MAX = 8192 };
struct ovs_port { char interface[OVS_UUID], guest[OVS_UUID], mode[12], profile[OVS_PROFILE_MAX]; int tag /* -1: none */; uint16_t trunk[OVS_TRUNKS_MAX]; unsigned trunks; };

/* The port that the words of a tap (NULL: none) ask for. 1; 0: none is; -EPROTO. */
int ovs_read(struct ovs_port *p, const char *words);
/* Which port it is to the database: the guest's UUID and the tap's entry, so that whoever undoes the tap finds it without its name. */
void ovs_mark(char mark[OVS_MARK], const struct ovs_port *p, uint32_t tap);

/* Requests, as text into dst (OVSDB_TEXT_MAX); 0 or -E2BIG.
 * find: the port whose column `name` has that value, or, with is_mark, whose mark it is.  add: that port for the tap, in place of `old` ("": none) if that is on the same
 * bridge; the switch is told.  vlans: the port of that UUID has those VLANs, and no others.  remove: the port of that UUID, from whichever bridge.  state: how far the switch has come. */
int ovsdb_find(char *dst, const char *value, int is_mark);
int ovsdb_add(char *dst, const struct ovs_port *p, const char *bridge, const char *tap, const uint8_t mac[6], const char *mark, const char *old);
int ovsdb_vlans(char *dst, const struct ovs_port *p, const char *uuid);
int ovsdb_remove(char *dst, const char *uuid);
int ovsdb_state(char *dst);

/* How many of these n bytes are the first message; 0: it is not whole yet; -EPROTO: it is none. */
long ovsdb_message(const char *s, size_t n);
/* What that message (n bytes) says.  1: it is no answer to a request of ours.  0, with *number what the switch has come to or is to come to (-1: not said) and uuid of the first row
 * ("": there is none).  -EREMOTEIO: refused, with the reason in why; -EPROTO. */
int ovsdb_answer(const char *s, size_t n, int64_t *number, char uuid[OVS_UUID], char why[128]);
#endif
