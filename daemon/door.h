/* door.h: the command line as a client of the running daemon: it asks the admin door by msgpack-RPC. */
#ifndef BULKHEAD_DOOR_H
#define BULKHEAD_DOOR_H
#include "ipc/mp.h"

#define ANSWER_WAIT_MS 10000
struct layout;
/* Connects. 0, or -1: it is said. */
int door_open(const struct layout *l);
/* The next message; it stays until the one after it. 0 or a negative errno. */
int door_next(struct mp_in *in, int ms);
/* One call with its answer; in is left at the results' first one.  Arguments: [], [flags] (name NULL) or [name, flags]; flags -1: [].
 * 0 or a negative errno; -EREMOTEIO: the daemon refused, and that is said. */
int door_call(const char *method, const char *name, int flags, int ms, struct mp_in *in);
int door_complain(const char *what, int r);     /* -1 */
/* Names are their authors'; nothing in them shall reach the terminal as a command. */
char *door_harmless(char *s);
#endif
