/* auth.h: what the files of role auth share. */
#ifndef BULKHEAD_AUTH_H
#define BULKHEAD_AUTH_H
#include "ipc/access.h"
#include "ipc/op.h"

/* What a call needs: each a permission as rules and polkit name it ("domain.read-secure"). */
enum { RIGHTS_MAX = 6 };
struct rights {
    unsigned n;
    char name[RIGHTS_MAX][ACCESS_WORD_MAX];
    char filter[ACCESS_WORD_MAX];   /* it lists guests, or tells of their events: those are left out that its client has not got this for; "": it does not */
    enum access_about about;        /* where it names no guest that there is */
};
/* has_guest: it is about one that there is.  False: the call has none that can be read, and nobody may make it. */
bool rights_of(const struct may *m, bool has_guest, struct rights *r);
/* Whether the handle that comes with the call is of the guest that it is about.  Of one that names no guest it is nothing, whatever a gateway put there. */
bool rights_has_guest(const struct may *m);
#endif
