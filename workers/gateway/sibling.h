/* sibling.h: a daemon beside us whose objects clients ask us for, and what sibling.c and sibling-events.c share of it. */
#ifndef BULKHEAD_GATEWAY_SIBLING_H
#define BULKHEAD_GATEWAY_SIBLING_H
#include "gateway.h"

enum { SIBLINGS_N = HOST_DAEMON_N - HOST_NETWORK };
enum sibling_state { SIBLING_NONE, SIBLING_CONNECTS /* a hand is at it */, SIBLING_GREETS /* what is said before any call */, SIBLING_OPEN };
struct sibling {
    struct gw *gw;
    int daemon;                     /* enum host_daemon */
    enum sibling_state state;
    struct conn conn;
    int stays;                      /* open while who connected has to be there; -1 */
    uint32_t serial;                /* of the last call there */
    uint32_t greeting;              /* op of the call that opens the connection, which is not answered yet */
    uint64_t absent_until_ms;       /* it was not there a moment ago */
    struct loop_timer limit;        /* for its greetings */
    struct sibling_callback *callbacks;
    unsigned ncalls;                /* that have their place here, and not in the client's share */
};

const char *sibling_name(const struct sibling *s);      /* "network" */
void sibling_end(struct sibling *s, const struct err *e);       /* the connection is no more; what waits for it is told *e */
void sibling_pass(struct sibling *s, struct call *c);           /* sends the call there; takes c over */
bool sibling_error(struct err *e, struct mp_out *whole, const uint8_t *p, size_t n);        /* reads an error; whole: in the shape of shape_error. false: it makes no sense */

/* sibling-events.c: registrations have numbers of ours, for a client that has several siblings, or the same one again, must not mix them up. */
/* What a registration's call has to be before it is sent. false: it was answered. */
bool sibling_registers(struct sibling *s, struct call *c);
/* The answer to a registration: *o becomes what the client is told. false: it makes no sense. */
bool sibling_registered(struct sibling *s, struct mp_out *o);
bool sibling_is_register(const struct op *op);
bool sibling_event(struct sibling *s, uint32_t op, const uint8_t *p, size_t n);     /* false: it makes no sense */
void sibling_forget(struct sibling *s);                         /* all registrations */
#endif
