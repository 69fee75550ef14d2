/* descriptors.h: the host's firmware descriptors (QEMU's docs/interop/firmware.json), as an administrator's and distribution's packages leave them in two folders. */
#ifndef BULKHEAD_HOST_DESCRIPTORS_H
#define BULKHEAD_HOST_DESCRIPTORS_H
#include <stddef.h>
#include "ipc/err.h"
#include "workers/firmware.h"

#define DESCRIPTOR_BYTES_MAX (1u << 20)

/* What a descriptor says; path: for errors only.  What libvirt passes over (features and machines that it does not know) is passed over.
 * 0, or -1 with *e in libvirt's words. */
int descriptor_parse(const char *path, const char *text, size_t n, struct firmware *out, struct err *e);
/* All of the folders (NULL ends them), in the order of their names; one in a later folder takes the place of one of that name in an earlier, and an empty one takes it away. */
void descriptors_read(const char *const folders[], struct firmware_list *out);
/* Keeps the page as the folders of the host are, from now on; in the loop. */
void descriptors_keep(struct firmware_page *p);
#endif
