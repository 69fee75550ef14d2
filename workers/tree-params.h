/* tree-params.h: typed parameters that stand in a guest's document: scheduler, memory, block and interface tuning. */
#ifndef BULKHEAD_TREE_PARAMS_H
#define BULKHEAD_TREE_PARAMS_H
#include <stdbool.h>
#include "ipc/err.h"
#include "workers/tree.h"

/* Answers virDomainGet{Memory,Scheduler,Blkio,Numa,Interface}Parameters, ...SchedulerType and ...BlockIoTune (op) from dom.  in: the arguments
 * behind the domain.  is_live: what is absent has the value the kernel gives, not 0.  The reply's values are written to o, array header
 * included.  0, or -1 with *e set. */
int tree_params(uint32_t op, const struct tree *dom, bool is_live, struct mp_in *in, struct mp_out *o, struct err *e);
#endif
