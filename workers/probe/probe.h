/* probe.h: the two things probe looks at. */
#ifndef BULKHEAD_PROBE_H
#define BULKHEAD_PROBE_H
#include "ipc/err.h"
#include "ipc/internal.h"
#include "ipc/mp.h"

/* Looks at the image fd (regular file or block device, any position).  want: the declared format (enum image_format), or IMG_NONE to
 * guess one.  A header that says nothing sensible gives a result without backing file: QEMU will refuse the image in its own words.
 * 0, or -1 with *e set: unreadable, or a backing reference that cannot be followed. */
int image_probe(int fd, uint32_t want, struct probe_result *r, struct err *e);

/* Makes r->backing a path without "//", "." and "..", from image's folder if it is relative. 0, or -1 with *e: it is no file that could be opened. */
int backing_resolve(const char *image, struct probe_result *r, struct err *e);

/* Asks the QEMU on the other side of the stream socket fd for all that workers/caps.h describes, and writes one part.
 * *version becomes QEMU's. 0; or -1 with *e set. Frees nothing of o on failure. */
int caps_ask(int fd, const struct probe_caps *who, struct mp_out *o, uint32_t *version, struct err *e);
#endif
