/* packer.c: see packer.h.  PACK_RAW leaves bytes as they are.  The libraries are those of the programs that libvirt's daemon starts, with the programs' own settings, so each reads what the other has written. */
#include "config.h"
#include "workers/qemu/packer.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#ifdef HAVE_ZLIB
#include <zlib.h>
#endif
#ifdef HAVE_BZIP2
#include <bzlib.h>
#endif
#ifdef HAVE_XZ
#include <lzma.h>
#endif
#include "workers/qemu/lzop.h"

enum { LEVEL = 6, GZIP = 16, MEMORY = 8, BZIP2_BLOCKS = 9, XZ_UNPACK_BYTES = 128 << 20 };
struct packer {
    const struct kind *kind;
    bool unpacks;
    union {
        char none;
#ifdef HAVE_ZLIB
        z_stream z;
#endif
#ifdef HAVE_BZIP2
        bz_stream bz;
#endif
#ifdef HAVE_XZ
        lzma_stream xz;
#endif
        struct lzop *lzop;
    };
};
struct kind { bool (*begin)(struct packer *p); int (*step)(struct packer *p, struct pieces *io, bool last); void (*end)(struct packer *p); };

static void advance(struct pieces *io, size_t nin, size_t nout)
{
    io->in += io->nin - nin;
    io->out += io->nout - nout;
    io->nin = nin;
    io->nout = nout;
}

static bool raw_begin(struct packer *p)
{
    return true;
}

static int raw_step(struct packer *p, struct pieces *io, bool last)
{
    size_t n = io->nin < io->nout ? io->nin : io->nout;
    memcpy(io->out, io->in, n);
    advance(io, io->nin - n, io->nout - n);
    return last && !io->nin;
}

static void raw_end(struct packer *p)
{
}

#ifdef HAVE_ZLIB
static bool gzip_begin(struct packer *p)
{
    return (p->unpacks ? inflateInit2(&p->z, MAX_WBITS + GZIP) : deflateInit2(&p->z, LEVEL, Z_DEFLATED, MAX_WBITS + GZIP, MEMORY, Z_DEFAULT_STRATEGY)) == Z_OK;
}

static int gzip_step(struct packer *p, struct pieces *io, bool last)
{
    p->z.next_in = (Bytef *)(uintptr_t)io->in;
    p->z.avail_in = (uInt)io->nin;
    p->z.next_out = io->out;
    p->z.avail_out = (uInt)io->nout;
    int r = p->unpacks ? inflate(&p->z, Z_NO_FLUSH) : deflate(&p->z, last ? Z_FINISH : Z_NO_FLUSH);
    advance(io, p->z.avail_in, p->z.avail_out);
    return r == Z_STREAM_END ? 1 : r == Z_OK || r == Z_BUF_ERROR ? 0 : r == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
}

static void gzip_end(struct packer *p)
{
    (p->unpacks ? inflateEnd : deflateEnd)(&p->z);
}
#endif

#ifdef HAVE_BZIP2
static bool bzip2_begin(struct packer *p)
{
    return (p->unpacks ? BZ2_bzDecompressInit(&p->bz, 0, 0) : BZ2_bzCompressInit(&p->bz, BZIP2_BLOCKS, 0, 0)) == BZ_OK;
}

static int bzip2_step(struct packer *p, struct pieces *io, bool last)
{
    p->bz.next_in = (char *)(uintptr_t)io->in;
    p->bz.avail_in = (unsigned)io->nin;
    p->bz.next_out = (char *)io->out;
    p->bz.avail_out = (unsigned)io->nout;
    int r = p->unpacks ? BZ2_bzDecompress(&p->bz) : io->nin || last ? BZ2_bzCompress(&p->bz, last ? BZ_FINISH : BZ_RUN) : BZ_RUN_OK;
    advance(io, p->bz.avail_in, p->bz.avail_out);
    return r == BZ_STREAM_END ? 1 : r == BZ_OK || r == BZ_RUN_OK || r == BZ_FINISH_OK ? 0 : r == BZ_MEM_ERROR ? -ENOMEM : -EBADMSG;
}

static void bzip2_end(struct packer *p)
{
    (p->unpacks ? BZ2_bzDecompressEnd : BZ2_bzCompressEnd)(&p->bz);
}
#endif

#ifdef HAVE_XZ
static bool xz_begin(struct packer *p)
{
    return (p->unpacks ? lzma_stream_decoder(&p->xz, XZ_UNPACK_BYTES, 0) : lzma_easy_encoder(&p->xz, LEVEL, LZMA_CHECK_CRC64)) == LZMA_OK;
}

static int xz_step(struct packer *p, struct pieces *io, bool last)
{
    p->xz.next_in = io->in;
    p->xz.avail_in = io->nin;
    p->xz.next_out = io->out;
    p->xz.avail_out = io->nout;
    lzma_ret r = lzma_code(&p->xz, last ? LZMA_FINISH : LZMA_RUN);
    advance(io, p->xz.avail_in, p->xz.avail_out);
    return r == LZMA_STREAM_END ? 1 : r == LZMA_OK || r == LZMA_BUF_ERROR ? 0 : r == LZMA_MEM_ERROR || r == LZMA_MEMLIMIT_ERROR ? -ENOMEM : -EBADMSG;
}

static void xz_end(struct packer *p)
{
    lzma_end(&p->xz);
}
#endif

#ifdef HAVE_LZO
static bool lzop_begin(struct packer *p)
{
    return (p->lzop = lzop_new(p->unpacks)) != NULL;
}

static int lzop_do(struct packer *p, struct pieces *io, bool last)
{
    return lzop_step(p->lzop, io, last);
}

static void lzop_end(struct packer *p)
{
    free(p->lzop);
}
#endif

static const struct kind kinds[PACK_N] = {
    [PACK_RAW] = { raw_begin, raw_step, raw_end },
#ifdef HAVE_ZLIB
    [PACK_GZIP] = { gzip_begin, gzip_step, gzip_end },
#endif
#ifdef HAVE_BZIP2
    [PACK_BZIP2] = { bzip2_begin, bzip2_step, bzip2_end },
#endif
#ifdef HAVE_XZ
    [PACK_XZ] = { xz_begin, xz_step, xz_end },
#endif
#ifdef HAVE_LZO
    [PACK_LZOP] = { lzop_begin, lzop_do, lzop_end },
#endif
};

struct packer *packer_new(enum pack kind, bool unpacks)
{
    struct packer *p = kind < PACK_N && kinds[kind].begin ? calloc(1, sizeof *p) : NULL;
    if (p)
        *p = (struct packer){ .kind = &kinds[kind], .unpacks = unpacks };
    if (p && !p->kind->begin(p)) {
        free(p);
        return NULL;
    }
    return p;
}

void packer_free(struct packer *p)
{
    if (p)
        p->kind->end(p);
    free(p);
}

int packer_step(struct packer *p, struct pieces *io, bool last)
{
    return p->kind->step(p, io, last);
}
