/* tree-iothreads.h: <iothreads> and <iothreadids> of a document. */
#ifndef BULKHEAD_TREE_IOTHREADS_H
#define BULKHEAD_TREE_IOTHREADS_H
#include <stdbool.h>
#include "ipc/err.h"
#include "workers/tree.h"
#include "workers/typed.h"

#define IOTHREADS_MAX 16384u

/* Gives every thread a row of its own in <iothreadids>, where a document may only count them. The element, or NULL: there are none. */
struct tree *iothreads_explicit(struct tree *dom);
struct tree *iothread_find(struct tree *dom, unsigned id);              /* its row, made explicit; NULL */
/* Each 0, or -1 with *e in libvirt's words. */
int iothread_may_add(struct tree *dom, unsigned id, struct err *e);
int iothread_may_remove(struct tree *dom, unsigned id, struct err *e);  /* it is there, and no device's */
void iothread_add(struct tree *dom, unsigned id);
/* What of <cputune> is an I/O thread's own, with the attribute that has its number. */
enum { IOTHREAD_TUNINGS = 2 };
extern const struct iothread_tuning { const char *element, *attr; } iothread_tunings[IOTHREAD_TUNINGS];
void iothread_remove(struct tree *dom, unsigned id);                    /* and its pin */
/* Parameters of virDomainSetIOThreadParams, whose rows these are, for a thread that is there; those that a document keeps are written into its row. */
enum { IOTHREAD_POLL_MAX_NS, IOTHREAD_POLL_GROW, IOTHREAD_POLL_SHRINK, IOTHREAD_POOL_MIN, IOTHREAD_POOL_MAX };
int iothread_set(struct tree *thread, const struct typed_list *l, bool is_live, struct err *e);
#endif
