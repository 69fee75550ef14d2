/* holder.h: see holder.c. */
#ifndef BULKHEAD_HOLDER_H
#define BULKHEAD_HOLDER_H
#include "supervisor/objects.h"

void holder_start(void);                        /* behind objects_reconcile: there is one from now on */
void holder_inherit(struct peer *p);            /* of an earlier supervisor: it has what that one told */
/* What the keeper was told, too; kind is filled in. fd is borrowed. */
void holder_keep(const struct held *h, int fd);
void holder_drop(const struct held *h, uint32_t n);
bool holder_told(void);                         /* what it was told is beyond our reach; or there is none just now */
/* A new one is told everything, in parts: stage counts from 0; the next one, ~0 when that was all. */
uint32_t objects_hold(uint32_t stage);
#endif
