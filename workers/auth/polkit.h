/* polkit.h: questions to the host's polkit, over a connection to its bus that is made when it is first needed, and anew when it broke. */
#ifndef BULKHEAD_AUTH_POLKIT_H
#define BULKHEAD_AUTH_POLKIT_H
#include "ipc/err.h"
#include "workers/auth/dbus.h"
#include "workers/worker.h"

/* e NULL: yes.  VIR_ERR_AUTH_FAILED, _CANCELLED, _UNAVAILABLE: polkit says no; any other: it could not be asked. */
typedef void polkit_done_fn(struct worker *w, void *data, const struct err *e);
/* Asks; done comes once, mostly later.  interactive: the user may be asked for a password. */
void polkit_ask(struct worker *w, const struct dbus_subject *s, const char *action, const struct dbus_pair *details, unsigned n, bool interactive, polkit_done_fn *done, void *data);
#endif
