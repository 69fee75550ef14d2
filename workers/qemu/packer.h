/* packer.h: bytes packed and unpacked, a piece at a time, as the programs gzip, bzip2, xz and lzop do it; or left as they are. */
#ifndef BULKHEAD_QEMU_PACKER_H
#define BULKHEAD_QEMU_PACKER_H
#include <stddef.h>
#include "workers/packs.h"

struct packer;
struct pieces { const uint8_t *in; size_t nin; uint8_t *out; size_t nout; };   /* what is left of both */
/* NULL: pack_can() says no, or there is no memory.  packer_free(NULL) does nothing. */
struct packer *packer_new(enum pack kind, bool unpacks);
void packer_free(struct packer *p);
/* Takes of io->in, puts into io->out, and moves both.  last: no more will come.  1: that was the end, behind which bytes of io->in may be left; 0: more is to be put or taken; -EBADMSG: what
 * came is not packed so, or is damaged; -ENOMEM: also if unpacking wants more than a sandboxed role has. */
int packer_step(struct packer *p, struct pieces *io, bool last);
#endif
