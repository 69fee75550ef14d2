/* hand_hook.h: the parts of hand-hook: which scripts there are, and one of them at work. */
#ifndef BULKHEAD_HAND_HOOK_H
#define BULKHEAD_HAND_HOOK_H
#include "hand.h"

#define HOOK_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
enum { HOOK_TEXT_MAX = 4 << 20 /* of what a script prints in place of a document */, HOOK_WORDS_MAX = 512 /* last words of one that fails */ };

struct hook_run {
    const char *path, *name, *op, *subop, *extra;   /* the command line */
    int text;               /* on its stdin; -1: nothing */
    bool wants_output;
    int ends;               /* readable, or at its end: the scripts are not wanted any more */
    uint64_t deadline_ms;
    char *out;              /* what it printed, if that is wanted; the caller frees it */
    size_t out_len;
    char words[HOOK_WORDS_MAX + 1];     /* the last it said on stderr */
};
enum hook_end { HOOK_EXITED, HOOK_KILLED /* by a signal */, HOOK_LATE, HOOK_GIVEN_UP, HOOK_FLOODS /* more output than a document may have */, HOOK_ERROR };

/* hand_hook_run.c: one script, from its birth to its end.  *value: exit status, signal or errno.  When it was in time, what it started lives on; else all of it is killed. */
enum hook_end hook_run(struct hook_run *r, int *value);
#endif
