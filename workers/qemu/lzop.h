/* lzop.h: what the program lzop writes: a head, and blocks that are packed with liblzo2, each with a sum of what is in it.  As packer.h has it. */
#ifndef BULKHEAD_QEMU_LZOP_H
#define BULKHEAD_QEMU_LZOP_H
#include "workers/qemu/packer.h"

struct lzop;
struct lzop *lzop_new(bool unpacks);    /* NULL: no memory; freed with free() */
int lzop_step(struct lzop *z, struct pieces *io, bool last);
#endif
