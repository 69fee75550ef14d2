/* sandbox.h: how a role locks itself in. */
#ifndef BULKHEAD_SANDBOX_H
#define BULKHEAD_SANDBOX_H
#include "ipc/birth.h"

/* What is in force.  A part that a role's profile does not ask for counts as in force, so that a whole sandbox is SANDBOX_ALL. */
enum sandbox_level { SANDBOX_IDS = 1, SANDBOX_CAPS = 2, SANDBOX_NAMESPACES = 4, SANDBOX_LIMITS = 8, SANDBOX_LANDLOCK = 16, SANDBOX_FILTER = 32, SANDBOX_ALL = 63 };

/* Closes what came by no birth: called first thing, before the role opens anything of its own. */
void sandbox_close_strangers(const struct birth *b);

/* The keeper, which must stay what its children are to become: gives up the capabilities that its row does not have.  0 or a negative errno. */
int sandbox_trim(int role);

/* Enters the sandbox of `role` as its profile says; afterwards the process can do what policy/<role>.policy allows and nothing else.
 * b: its birth (uid, gid, the void namespaces' descriptors, which are closed).  Called once, single-threaded.
 * Returns the level in force (enum sandbox_level; less than SANDBOX_ALL is logged as a warning), or a negative errno when a part that can be
 * had here failed: the role must then end. */
int sandbox_enter(int role, const struct birth *b);
#endif
