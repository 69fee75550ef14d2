/* trace.h: what goes over the monitor and the agent's channel, a line each and without its secrets, for who looks on. */
#ifndef BULKHEAD_QEMU_TRACE_H
#define BULKHEAD_QEMU_TRACE_H
#include <jansson.h>
#include <stdbool.h>

#define TRACE_DEPTH_MAX 64
/* Begins a trace in place of the one there was, until *client is closed: it is the caller's to send on and close. 0 or a negative errno. */
int trace_open(int *client);
bool trace_is_on(void);
/* "SECONDS CHANNEL DIRECTION JSON"; values that may be secrets are replaced by "***".  It never waits: who reads too slowly is told how
 * many lines were left out. */
void trace_json(const char *channel, const char *direction, json_t *v);
/* A deep copy with the secrets replaced; NULL on lack of memory. */
json_t *trace_masked(json_t *v, unsigned depth);
#endif
