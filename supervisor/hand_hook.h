/* hand_hook.h: the parts of hand-hook: which scripts there are, and one of them at work. */
#ifndef BULKHEAD_HAND_HOOK_H
#define BULKHEAD_HAND_HOOK_H
#include "hand.h"

#define HOOK_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
enum { HOOK_TEXT_MAX = 4 << 20 /* of what a script prints in place of a document */, HOOK_WORDS_MAX = 512 /* last words of one that fails */ };

enum hook_end { HOOK_EXITED, HOOK_KILLED /* by a signal */, HOOK_LATE, HOOK_GIVEN_UP, HOOK_FLOODS /* more output than a document may have */, HOOK_ERROR };
/* In memory that the hand shares with the process that attends to the script. */
struct hook_run {
    const char *path, *name, *op, *subop, *extra;   /* the command line */
    int text;               /* on its stdin; -1: nothing */
    bool wants_output;
    int ends;               /* readable, or at its end: the scripts are not wanted any more */
    uint64_t deadline_ms;
    enum hook_end end;
    int value;              /* exit status, signal or errno */
    char words[HOOK_WORDS_MAX + 1];     /* the last it said on stderr */
    size_t out_len;
    char out[HOOK_TEXT_MAX];            /* what it printed, if that is wanted */
};

/* hand_hook_run.c: room for one script after the other; NULL: there is none. */
struct hook_run *hook_room(void);
/* One script, from its birth to its end.  When it was in time, what it started lives on, whatever becomes of a later one; else all of it is killed, and if it cannot be
 * (the kernel is busy for it), that goes on alone. r: end, value, words, out. */
void hook_run(struct hook_run *r);
#endif
