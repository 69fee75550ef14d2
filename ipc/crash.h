/* crash.h: points at which a test can kill a process: before and after each frame it sends, and at each it receives.
 *
 * Compiled in only with ./configure --enable-crash-points. The environment variable BULKHEAD_CRASH, which the keeper then
 * passes on until the first role has died of it, is either "trace" (every point is logged: the list of a flow's steps) or
 * "<role> <before|after|got> <program>:<procedure> <kind>", the point at which the process kills itself. */
#ifndef BULKHEAD_CRASH_H
#define BULKHEAD_CRASH_H
#include <signal.h>
#include "frame.h"
#ifdef CRASH_POINTS
void crash_point(const char *when, const struct frame_head *h);
/* The keeper's part: a role has ended so; and what the next one has in its environment, NULL: nothing. */
void crash_seen(const siginfo_t *end);
char *crash_env(void);
#else
#define crash_point(when, h) ((void)0)
#define crash_seen(end) ((void)0)
#define crash_env() NULL
#endif
#endif
