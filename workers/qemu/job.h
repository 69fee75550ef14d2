/* job.h: what a save of the guest's state has done. */
#ifndef BULKHEAD_QEMU_JOB_H
#define BULKHEAD_QEMU_JOB_H
#include "workers/qemu/guest.h"

void job_completed(struct guest *g, json_t *ret);       /* ret: query-migrate's last answer: it is kept for who asks, and told by an event */
#endif
