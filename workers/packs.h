/* packs.h: how saved states and dumps may be packed (save_image_format and dump_image_format of qemu.conf), by the numbers that their heads have. */
#ifndef BULKHEAD_PACKS_H
#define BULKHEAD_PACKS_H
#include <stdbool.h>
#include <stdint.h>
#include "ipc/err.h"

enum pack { PACK_RAW, PACK_GZIP, PACK_BZIP2, PACK_XZ, PACK_LZOP, PACK_N };
bool pack_can(uint32_t number);         /* whether this build packs so, and unpacks */
/* The number of a setting's word ("": raw), if it can be done.  what: "save" or "dump", for the error, which is in libvirt's words.  -1 with *e set. */
int pack_wanted(const char *word, const char *what, struct err *e);
#endif
