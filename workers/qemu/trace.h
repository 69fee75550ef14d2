/* trace.h: one line of the log for each JSON text of a traced guest, without its secrets. */
#ifndef BULKHEAD_QEMU_TRACE_H
#define BULKHEAD_QEMU_TRACE_H
#include <jansson.h>

#define TRACE_DEPTH_MAX 64
/* Logs "qmp <dir> <text>"; values of keys that hold secrets are replaced by "***". */
void trace_json(const char *dir, json_t *v);
/* A deep copy with the secrets replaced; NULL on lack of memory. */
json_t *trace_masked(json_t *v, unsigned depth);
#endif
