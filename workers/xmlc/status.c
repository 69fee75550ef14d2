/* status.c: libvirt's names for what a domain is doing and why, as they stand in status files. */
#include <string.h>
#include "ipc/util.h"
#include "workers/xmlc/xmlc.h"

/* Position is the number of the state, and of the reason in it. */
static const struct { const char *state, *reasons[20]; } states[] = {
    {"nostate", {"unknown"}},
    {"running", {"unknown", "booted", "migrated", "restored", "from snapshot", "unpaused", "migration canceled", "save canceled", "wakeup", "crashed", "post-copy", "post-copy failed"}},
    {"blocked", {"unknown"}},
    {"paused", {"unknown", "user", "migration", "save", "dump", "ioerror", "watchdog", "from snapshot", "shutdown", "snapshot", "panicked", "starting up", "post-copy", "post-copy failed", "api error"}},
    {"shutdown", {"unknown", "user"}},
    {"shutoff", {"unknown", "shutdown", "destroyed", "crashed", "migrated", "saved", "failed", "from snapshot", "daemon"}},
    {"crashed", {"unknown", "panicked"}},
    {"pmsuspended", {"unknown"}},
};

int state_parse(const char *state, const char *reason, int32_t *s, int32_t *r)
{
    for (unsigned i = 0; state && i < ARRAY_N(states); i++) {
        if (strcmp(state, states[i].state) != 0)
            continue;
        *s = (int32_t)i;
        *r = 0;
        for (unsigned k = 0; reason && k < ARRAY_N(states[i].reasons) && states[i].reasons[k]; k++)
            if (strcmp(reason, states[i].reasons[k]) == 0)
                *r = (int32_t)k;
        return 0;
    }
    return -1;
}
