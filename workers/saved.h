/* saved.h: the head of a saved state (ipc/save.h) and its document, as roles read them that have the file by a descriptor. */
#ifndef BULKHEAD_SAVED_H
#define BULKHEAD_SAVED_H
#include <stdbool.h>
#include "ipc/err.h"
#include "ipc/save.h"

/* data: what stands between head and QEMU's state, h.data_len bytes; the document is its first len. The caller frees data. */
struct saved { struct save_head h; char *data; size_t len; };

/* Reads from the file's beginning on; then fd is at QEMU's state.  SAFETY: the file may hold anything: every number is held against its size before it is used.
 * 0, or -1 with *e in libvirt's words. */
int saved_read(int fd, struct saved *s, struct err *e);
/* Another document in the same place: what has been read, with running in its head. The file is a whole one before and after, and none in between. 0, or -1 with *e set. */
int saved_replace(int fd, const struct saved *s, const char *xml, size_t n, bool running, struct err *e);
#endif
