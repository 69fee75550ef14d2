/* kept.h (conf): the manifest that is kept beside a saved state.
 *
 * The state's file was open in its guest's QEMU, which may have written what it liked into it: the document too, by which the guest is started again. What
 * that document asks of the host is compared with what the guest had when it was saved. */
#ifndef BULKHEAD_CONF_KEPT_H
#define BULKHEAD_CONF_KEPT_H
#include <stddef.h>
#include "ipc/err.h"

/* Whether each entry of the asked manifest is covered by one of the had one. Both are checked. lib_dir: the folder where sockets that no document names are
 * made. 0, or -1 with *e, which names what is not covered. */
int kept_covers(const void *had, size_t had_len, const void *asked, size_t asked_len, const char *lib_dir, struct err *e);
#endif
