/* crash.c: see crash.h. */
#include "crash.h"
#ifdef CRASH_POINTS
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "log.h"
#include "op.h"
#include "util.h"

void crash_point(const char *when, const struct frame_head *h)
{
    static const char *want;
    char here[64];
    if (!want && !(want = getenv("BULKHEAD_CRASH")))
        want = "";
    if (!*want)
        return;
    const char *role = strncmp(program_invocation_short_name, "bulkhead-", 9) == 0 ? program_invocation_short_name + 9 : "keeper";
    snprintf(here, sizeof here, "%s %s %u:%u %u", role, when, OP_PROG(h->op), OP_PROC(h->op), h->kind);
    if (strcmp(want, "trace") == 0)
        log_err("crash point %s", here);
    else if (strcmp(want, here) == 0)
        __builtin_trap();       /* the sandbox lets nobody signal, not even itself */
}

static bool seen;

void crash_seen(const siginfo_t *end)
{
    /* Of the point itself: others are killed by the supervisor. */
    seen = seen || (end->si_code != CLD_EXITED && (end->si_status == SIGILL || end->si_status == SIGTRAP));
}

char *crash_env(void)
{
    static char text[96] = "";
    const char *v = getenv("BULKHEAD_CRASH"), *when = getenv("BULKHEAD_CRASH_WHEN");
    return v && !seen && (!when || access(when, F_OK) == 0) && util_format(text, sizeof text, "BULKHEAD_CRASH=%s", v) == 0 ? text : NULL;
}
#else
typedef int crash_nothing;   /* a translation unit holds something */
#endif
