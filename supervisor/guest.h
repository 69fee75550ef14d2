/* guest.h: a guest that runs, or is on its way up or down. */
#ifndef BULKHEAD_GUEST_H
#define BULKHEAD_GUEST_H
#include "sup.h"

enum guest_ready { GUEST_NONE, GUEST_SOON, GUEST_READY, GUEST_FAILED };
/* Whom a live call of the guest in this slot goes to. */
enum guest_ready guest_worker(int slot, struct peer **p);
void guest_frame(struct peer *p, struct frame *f);          /* calls and events of its worker */
void guest_exited(const struct exited *x);                  /* its PID-1 stub has ended */
void guest_debug(struct peer *g, const struct caller *c, const struct frame *f);
bool guest_call(const struct caller *c, int slot, struct frame *f);     /* create, destroy, managed save: true when it was one of these */
void guest_held(const struct held *h, int fd);              /* what the keeper held of it; takes fd over */
void guest_inherit(struct peer *p, const struct held *h);    /* a worker of an earlier supervisor */
void guest_reconcile(void);                                 /* after IN_GO: what is whole goes on, what is half is undone */
uint32_t guest_count(void);
#endif
