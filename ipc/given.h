/* given.h: descriptors that a client gave for a guest's disks (virDomainFDAssociate), on their way from its gateway to a hand: one message waits in a socket, which whoever is in between passes on
 * unread: these rows, and with it all descriptors, row by row. */
#ifndef BULKHEAD_GIVEN_H
#define BULKHEAD_GIVEN_H
#include <stdint.h>

enum { GIVEN_MAX = 32 /* groups */, GIVEN_FDS_MAX = 64 /* of them all */, GIVEN_NAME_MAX = 252 };
struct given {
    uint32_t nfds;
    char name[GIVEN_NAME_MAX];
};
_Static_assert(sizeof(struct given) == 256, "no padding");
#endif
