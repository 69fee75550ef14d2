/* hook.h: IN_DOC_HOOK. */
#ifndef BULKHEAD_XMLC_HOOK_H
#define BULKHEAD_XMLC_HOOK_H
#include "workers/xmlc/xmlc.h"

void on_hook(struct worker *w, const struct request *rq, struct frame *f);
#endif
