/* live.h: what stream.c needs of live.c: the file that a stream writes to, always at its end. */
#ifndef BULKHEAD_LOG_LIVE_H
#define BULKHEAD_LOG_LIVE_H
#include "workers/log/stream.h"

int live_lock(struct stream *s);                /* it is ours alone until live_unlock(). 0 or a negative errno; to be unlocked in any case */
void live_unlock(struct stream *s);
/* How large it is, ready to be written to: there, not too old, and with a mark where something is missing. 0 or a negative errno. */
int live_ready(struct stream *s, uint64_t *size);
/* The next one. False: *r is a negative errno.  True, too, where the folder is somebody else's: then it grows on. */
bool live_roll(struct stream *s, int *r);
bool live_ends_line(const struct stream *s, uint64_t size);     /* with its size */
int live_write(struct stream *s, const char *text, size_t n, uint64_t at);      /* all or nothing. 0 or a negative errno */
#endif
