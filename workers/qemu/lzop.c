/* lzop.c: see lzop.h.  Both ways there is one buffer of what came, and one of what is to go; nothing is begun while there is something to go. */
#include "config.h"
#include "workers/qemu/lzop.h"
#ifdef HAVE_LZO
#include <endian.h>
#include <errno.h>
#include <lzo/lzo1x.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/util.h"

/* What the program never exceeds; and what liblzo2 may make of that much. */
enum { BLOCK = 256 << 10, BLOCK_PACKED = BLOCK + BLOCK / 16 + 64 + 3 };
enum { VERSION_IS = 0x1040, VERSION_LIB = 0x20a0, VERSION_NEEDED = 0x0940, METHOD_FIRST = 1, METHOD_LAST = 3, LEVEL = 5 };
enum { ADLER_DATA = 1, ADLER_PACKED = 2, STDIN = 4, STDOUT = 8, EXTRA = 0x40, CRC_DATA = 0x100, CRC_PACKED = 0x200, MULTIPART = 0x400, FILTER = 0x800, CRC_HEAD = 0x1000, UNIX = 0x3000000 };
static const uint8_t magic[9] = { 0x89, 'L', 'Z', 'O', 0, '\r', '\n', 0x1a, '\n' };
struct __attribute__((packed)) fixed { uint8_t magic[9]; uint16_t version, version_lib, version_needed; uint8_t method, level; uint32_t flags; };
struct __attribute__((packed)) head { struct fixed f; uint32_t mode, mtime[2]; uint8_t name_len; uint32_t sum; };       /* without a filter, and without a name, as of what comes by a pipe */

struct lzop {
    bool unpacks, over;
    int (*next)(struct lzop *z);        /* unpacking: what it does with `want` bytes of in; negative errno */
    uint32_t flags, len, packed_len;    /* of the head; of a block */
    uint32_t sums[4];                   /* of the block: of what is in it (adler, crc), of it as it is packed */
    size_t want, nin, at, nout;         /* out from `at` to nout is to go */
    uint8_t in[BLOCK_PACKED], out[BLOCK_PACKED + 16];
    lzo_align_t work[(LZO1X_1_MEM_COMPRESS + sizeof(lzo_align_t) - 1) / sizeof(lzo_align_t)];
};

static uint32_t word(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return be32toh(v);
}

static void put(struct lzop *z, uint32_t v)
{
    v = htobe32(v);
    memcpy(z->out + z->nout, &v, sizeof v);
    z->nout += sizeof v;
}

static uint32_t adler(const uint8_t *p, size_t n)
{
    return lzo_adler32(1, p, n);
}

/* ---- out ---- */

static void pack_head(struct lzop *z)
{
    struct head h = { .f = { .version = htobe16(VERSION_IS), .version_lib = htobe16(VERSION_LIB), .version_needed = htobe16(VERSION_NEEDED), .method = METHOD_FIRST, .level = LEVEL,
        .flags = htobe32(ADLER_DATA | STDIN | STDOUT | UNIX) } };
    memcpy(h.f.magic, magic, sizeof magic);
    h.sum = htobe32(adler((const uint8_t *)&h + sizeof magic, offsetof(struct head, sum) - sizeof magic));
    memcpy(z->out, &h, sizeof h);
    z->nout = sizeof h;
}

/* A block that would not become smaller is put as it is. */
static void pack_block(struct lzop *z)
{
    enum { HEAD = 12 };
    lzo_uint n = 0;
    lzo1x_1_compress(z->in, z->nin, z->out + HEAD, &n, z->work);        /* it does not fail */
    if (n >= z->nin)
        memcpy(z->out + HEAD, z->in, n = z->nin);
    z->nout = z->at = 0;
    put(z, (uint32_t)z->nin);
    put(z, (uint32_t)n);
    put(z, adler(z->in, z->nin));
    z->nout += n;
    z->nin = 0;
}

static void pack_end(struct lzop *z)
{
    z->nout = z->at = 0;
    put(z, 0);
    z->over = true;
}

/* ---- in ---- */

static int next_block(struct lzop *z);

static void wait_for(struct lzop *z, size_t more, int (*next)(struct lzop *z))
{
    z->want = more;
    z->nin = 0;
    z->next = next;
}

static int name_read(struct lzop *z)
{
    const size_t n = z->want - sizeof(uint32_t);
    const uint32_t is = z->flags & CRC_HEAD ? lzo_crc32(0, z->in + sizeof magic, n - sizeof magic) : adler(z->in + sizeof magic, n - sizeof magic);
    if (is != word(z->in + n))
        return -EBADMSG;
    wait_for(z, sizeof(uint32_t), next_block);
    return 0;
}

/* Up to the length of its name. */
static int times_read(struct lzop *z)
{
    z->want += z->in[z->want - 1] + sizeof(uint32_t);
    z->next = name_read;
    return 0;
}

static int head_read(struct lzop *z)
{
    struct fixed f;
    memcpy(&f, z->in, sizeof f);
    z->flags = be32toh(f.flags);
    if (memcmp(f.magic, magic, sizeof magic) || be16toh(f.version) < VERSION_NEEDED || be16toh(f.version_needed) > VERSION_IS || f.method < METHOD_FIRST || f.method > METHOD_LAST ||
        z->flags & (EXTRA | MULTIPART | FILTER))
        return -EBADMSG;
    z->want += 13;
    z->next = times_read;
    return 0;
}

static int data_read(struct lzop *z)
{
    lzo_uint n = z->len;
    const uint32_t *sum = z->sums;
    if (z->packed_len < z->len && ((z->flags & ADLER_PACKED && adler(z->in, z->packed_len) != z->sums[2]) || (z->flags & CRC_PACKED && lzo_crc32(0, z->in, z->packed_len) != z->sums[3])))
        return -EBADMSG;
    if (z->packed_len == z->len)
        memcpy(z->out, z->in, n);
    else if (lzo1x_decompress_safe(z->in, z->packed_len, z->out, &n, NULL) != LZO_E_OK || n != z->len)
        return -EBADMSG;
    if ((z->flags & ADLER_DATA && adler(z->out, n) != sum[0]) || (z->flags & CRC_DATA && lzo_crc32(0, z->out, n) != sum[1]))
        return -EBADMSG;
    z->at = 0;
    z->nout = n;
    wait_for(z, sizeof(uint32_t), next_block);
    return 0;
}

/* Of a block: its packed length, and the sums that the head has promised. */
static int sums_read(struct lzop *z)
{
    static const uint32_t which[] = { ADLER_DATA, CRC_DATA, ADLER_PACKED, CRC_PACKED };
    const uint8_t *p = z->in;
    if (z->want == sizeof(uint32_t)) {
        z->packed_len = word(p);
        if (!z->packed_len || z->packed_len > z->len)
            return -EBADMSG;
        for (size_t i = 0; i < ARRAY_N(which); i++)
            z->want += z->flags & which[i] && (i < 2 || z->packed_len < z->len) ? sizeof(uint32_t) : 0;
        if (z->want > sizeof(uint32_t))
            return 0;
    }
    for (size_t i = 0; i < ARRAY_N(which); i++)
        if (z->flags & which[i] && (i < 2 || z->packed_len < z->len))
            z->sums[i] = word(p += sizeof(uint32_t));
    wait_for(z, z->packed_len, data_read);
    return 0;
}

static int next_block(struct lzop *z)
{
    z->len = word(z->in);
    if (z->len > BLOCK)
        return -EBADMSG;
    z->over = !z->len;
    wait_for(z, sizeof(uint32_t), sums_read);
    return 0;
}

/* ---- both ---- */

struct lzop *lzop_new(bool unpacks)
{
    struct lzop *z = lzo_init() == LZO_E_OK ? calloc(1, sizeof *z) : NULL;
    if (!z)
        return NULL;
    z->unpacks = unpacks;
    if (unpacks)
        wait_for(z, sizeof(struct fixed), head_read);
    else
        pack_head(z);
    return z;
}

static size_t move(uint8_t *to, size_t room, const uint8_t *from, size_t n)
{
    n = n < room ? n : room;
    memcpy(to, from, n);
    return n;
}

int lzop_step(struct lzop *z, struct pieces *io, bool last)
{
    for (;;) {
        size_t n = move(io->out, io->nout, z->out + z->at, z->nout - z->at);
        io->out += n;
        io->nout -= n;
        z->at += n;
        if (z->at < z->nout)
            return 0;
        if (z->over)
            return 1;
        const size_t full = z->unpacks ? z->want : BLOCK;
        n = move(z->in + z->nin, full - z->nin, io->in, io->nin);
        io->in += n;
        io->nin -= n;
        z->nin += n;
        int r = 0;
        if (z->nin == full)
            z->unpacks ? (void)(r = z->next(z)) : pack_block(z);
        else if (z->unpacks || !last)
            return 0;
        else
            z->nin ? pack_block(z) : pack_end(z);
        if (r < 0)
            return r;
    }
}
#endif
