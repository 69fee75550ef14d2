/* sandbox.h: how a role locks itself in. */
#ifndef BULKHEAD_SANDBOX_H
#define BULKHEAD_SANDBOX_H
#include "ipc/birth.h"

/* Enters the sandbox of `role` as its profile says; afterwards the process can do what policy/<role>.policy allows and nothing else.
 * b: its birth (uid, gid, the void namespaces' descriptors).  Returns 0, or a negative errno: the role must then end. */
int sandbox_enter(int role, const struct birth *b);
#endif
