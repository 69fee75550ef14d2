/* calls.h: what the files of this role share that answer calls. */
#ifndef BULKHEAD_HOST_CALLS_H
#define BULKHEAD_HOST_CALLS_H
#include "workers/worker.h"

/* neighbours.c: IN_NEIGHBOURS */
void on_neighbours(struct worker *w, const struct request *rq, struct frame *f);

/* tune.c */
void on_memory_params(struct worker *w, const struct request *rq, struct frame *f);
void on_set_memory_params(struct worker *w, const struct request *rq, struct frame *f);
void on_alloc_pages(struct worker *w, const struct request *rq, struct frame *f);
void on_node_suspend(struct worker *w, const struct request *rq, struct frame *f);
#endif
