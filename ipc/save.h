/* save.h: the head of a file with a guest's saved state, as libvirt writes it; the document (with a NUL) and zeros up to data_len follow, then
 * QEMU's migration stream.  Integers have the byte order of the host that wrote it. */
#ifndef BULKHEAD_SAVE_H
#define BULKHEAD_SAVE_H
#include <stdint.h>

#define SAVE_MAGIC "LibvirtQemudSave"
#define SAVE_MAGIC_PART "LibvirtQemudPart"      /* not whole yet */
#define SAVE_VERSION 2u
#define SAVE_ALIGN (1u << 20)                   /* where the stream begins, of it a multiple */
#define SAVE_DOC_MAX (32u << 20)
struct save_head {
    char magic[16];
    uint32_t version;
    uint32_t data_len;          /* document, its NUL and what follows up to the stream */
    uint32_t was_running;
    uint32_t compressed;        /* 0: as QEMU wrote it */
    uint32_t cookie;            /* offset of more XML behind the document, 0 none */
    uint32_t unused[14];
};
_Static_assert(sizeof(struct save_head) == 92, "as on disk");
#endif
