/* space.h (lock): the files of one lockspace and their locks.
 *
 * A lock is an open file description's (OFD), on byte 0, length 1: it excludes libvirt's virtlockd, also on another host of a shared file
 * system, and it lives as long as any copy of the descriptor.  Nothing is remembered here. */
#ifndef BULKHEAD_LOCK_SPACE_H
#define BULKHEAD_LOCK_SPACE_H
#include <stdbool.h>

/* All return 0 or a negative errno; -EAGAIN: somebody else has the lock.  name: of a file in the folder dir, no path. */

/* Opens NAME, with create makes it, and takes its lock; *fd is the caller's. */
int space_take(int dir, const char *name, bool shared, bool create, int *fd);
/* Who has the lock that was not got: a process of this host, or 0: of locks that belong to a descriptor, as ours do, and of other hosts' the kernel tells none. */
int space_holder(int dir, const char *name, bool shared);
/* The lock alone; again: it is kept, or taken back if it was lost and nobody else has it. */
int space_lock(int fd, bool shared);
/* Gives the lock up. remove: and removes NAME, if it is that very file and nobody else has a lock on it. */
int space_give(int dir, const char *name, int fd, bool remove);
int space_create(int dir, const char *name);
/* One that is not there is no error; one that somebody has locked stays. */
int space_remove(int dir, const char *name);
#endif
