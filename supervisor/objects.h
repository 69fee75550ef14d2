/* objects.h: what the core of a supervisor asks of the part that knows the daemon's objects (qemud/, logd/, lockd/): each program has one of them, and
 * the core includes nothing of theirs. */
#ifndef BULKHEAD_OBJECTS_H
#define BULKHEAD_OBJECTS_H
#include "sup.h"

/* Kept ones outlive a supervisor, the others answer one call.  A birth costs more than most documents and connections: of some roles a few are
 * born before they are needed.  Each still has one client, or sees one document;
 * only where all clients are one user, who may do all that a hand can, there is nothing to keep apart (again). */
struct role_row { bool kept, asks /* it may send more than answers */; uint8_t spares, fds[4] /* what each is born with */; uint8_t again /* as many as have answered wait for the next call */; };
extern const struct role_row objects_roles[ROLE_N];
/* Who works on a gateway's call, by its route in the schema; object: not without a handle that is good.  fn NULL: nobody. */
struct route_row { void (*fn)(const struct caller *c, struct frame *f); bool object; };
extern const struct route_row objects_routes[ROUTE_N];
/* Calls and events of gateways in program 0: kind of frame, for the admin door only, least body, most descriptors.  op 0 ends the table. */
struct gateway_verb { uint32_t op; uint8_t kind; bool admin; size_t body; void (*fn)(const struct caller *c, struct frame *f); uint8_t fds; };
extern const struct gateway_verb objects_verbs[];

int slot_of(uint64_t object);                               /* the row of a handle, -1 when it is stale */
void objects_frame(struct peer *p, struct frame *f);        /* a call or event of a process whose role asks */
void objects_exited(const struct exited *x);                /* a process without a channel has ended: a PID-1 stub */
void objects_held(const struct held *h, int fd);            /* what the keeper held of an object; takes fd over */
void objects_inherit(struct peer *p, const struct held *h); /* a process, no gateway, of an earlier supervisor */
void objects_reconcile(void);                               /* that was all of them: what is whole goes on, what is half is undone */
void objects_load(void);                                    /* a daemon's first supervisor: what the disk has. Ends in ready(), at once or later */
void objects_client_came(struct peer *gateway, int fd) __attribute__((weak));       /* its socket, borrowed; who has no use for it has no such function */
void objects_client_gone(struct peer *gateway);
bool objects_ask(const struct caller *c, const struct frame *f) __attribute__((weak));      /* true: somebody is asked whether that may be; the yes comes by route_answer() */
uint32_t objects_count(void);                               /* with one the daemon does not end by --timeout */
#endif
