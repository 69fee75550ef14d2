/* attempts.h: the table of forbidden things. */
#ifndef BULKHEAD_ATTEMPTS_H
#define BULKHEAD_ATTEMPTS_H
#include "policy/policy.h"

struct exception { int filter; const char *want; };
struct attempt {
    const char *name;
    int (*try)(void);
    const char *worker;             /* what happens in a role: "killed", an errno's name, or "passed": the filter lets it through */
    struct exception but[11];        /* roles in which something else does */
};
extern const struct attempt attempts[];     /* ends with name NULL */
#endif
