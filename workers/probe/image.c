/* image.c: what an image's header says: format, size, encryption, backing file.
 *
 * Formats are told apart by a table of magics.  Every offset and length in a header is checked against what there is before it is used, and
 * nothing is read but the few places that a table row or a format's reader names. */
#include <errno.h>
#include <jansson.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ipc/manifest.h"
#include "ipc/util.h"
#include "workers/probe/probe.h"

#define HEAD_BYTES 4096u
#define DESCRIPTOR_MAX 20480u       /* of a VMDK: QEMU's own bound */
#define CLUSTER_BITS_MAX 21u        /* qcow2: 2 MiB, QEMU's bound */

struct image { int fd; uint64_t size; uint8_t head[HEAD_BYTES]; size_t n; struct probe_result *r; struct err *e; };

static uint16_t be16(const uint8_t *p) { return (uint16_t)(p[0] << 8 | p[1]); }
static uint32_t be32(const uint8_t *p) { return (uint32_t)be16(p) << 16 | be16(p + 2); }
static uint64_t be64(const uint8_t *p) { return (uint64_t)be32(p) << 32 | be32(p + 4); }
static uint32_t le32(const uint8_t *p) { return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24; }
static uint64_t le64(const uint8_t *p) { return le32(p) | (uint64_t)le32(p + 4) << 32; }

/* Exactly n bytes at off, or false. */
static bool get(const struct image *i, uint64_t off, void *p, size_t n)
{
    if (off > i->size || i->size - off < n)
        return false;
    ssize_t r = pread(i->fd, p, n, (off_t)off);
    return r == (ssize_t)n;
}

static int bad_header(const struct image *i, const char *what)
{
    return err_set(i->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_STORAGE, "%s image: %s", image_format_name((int)i->r->format), what);
}

/* Takes a name out of a header. It is passed on as text, so it must be some. */
static int get_name(const struct image *i, uint64_t off, uint64_t len, char *dst, size_t size, const char *what)
{
    if (len >= size || !get(i, off, dst, (size_t)len) || memchr(dst, 0, (size_t)len))
        return bad_header(i, what);
    dst[len] = 0;
    return 0;
}

static const json_t *member(const json_t *o, const char *a, const char *b)
{
    json_t *v = json_object_get(o, a);
    return b ? json_object_get(v, b) : v;
}

/* "json:{...}" as QEMU writes it where a plain name would not do: only a local file can be followed. */
static int backing_json(const struct image *i, struct probe_result *r)
{
    json_t *o = json_loads(r->backing + 5, JSON_REJECT_DUPLICATES, NULL);
    const char *format = json_string_value(member(o, "driver", NULL)), *name = json_string_value(member(o, "file", "filename"));
    const char *proto = json_string_value(member(o, "file", "driver"));
    if (!name && (name = json_string_value(member(o, "file.filename", NULL))))
        proto = json_string_value(member(o, "file.driver", NULL));
    if (!name && (name = json_string_value(member(o, "filename", NULL)))) {
        proto = format;
        format = NULL;
    }
    char path[sizeof r->backing];
    int ret = -1;
    if (name && (!proto || !strcmp(proto, "file") || !strcmp(proto, "host_device")) && util_copy_str(path, sizeof path, name) == 0) {
        ret = util_copy_str(r->backing, sizeof r->backing, path);
        if (format)
            r->backing_format = (uint32_t)image_format_parse(format, strlen(format));
    }
    json_decref(o);
    return ret ? err_set(i->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_STORAGE, "backing store '%s' is not supported", r->backing) : 0;
}

static int backing(const struct image *i, uint64_t off, uint64_t len)
{
    struct probe_result *r = i->r;
    if (!off || !len)
        return 0;
    if (get_name(i, off, len, r->backing, sizeof r->backing, "backing file name lies outside, or is none"))
        return -1;
    r->has_backing = 1;
    if (!strncmp(r->backing, "json:", 5))
        return backing_json(i, r);
    size_t scheme = strcspn(r->backing, ":/");
    if (r->backing[scheme] != ':')
        return 0;
    if (strncmp(r->backing, "file:", 5))
        return err_set(i->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_STORAGE, "backing store '%s' is not supported", r->backing);
    const char *p = r->backing + 5;
    memmove(r->backing, strncmp(p, "///", 3) ? p : p + 2, strlen(strncmp(p, "///", 3) ? p : p + 2) + 1);
    return 0;
}

static int read_qcow2(struct image *i)
{
    enum { EXT_FORMAT = 0xe2792aca, EXT_DATA_FILE = 0x44415441, EXT_LUKS = 0x0537be77, INCOMPAT_DATA_FILE = 4 };
    struct probe_result *r = i->r;
    if (i->n < 72)
        return bad_header(i, "too short");
    uint32_t version = be32(i->head + 4), bits = be32(i->head + 20), crypt = be32(i->head + 32), header = 72;
    uint64_t incompat = 0, off;
    if (version >= 3 && (i->n < 104 || (header = be32(i->head + 100)) < 104))
        return bad_header(i, "bad header length");
    if (version >= 3)
        incompat = be64(i->head + 72);
    if (bits < 9 || bits > CLUSTER_BITS_MAX || header > 1u << bits)
        return bad_header(i, "bad cluster size");
    r->virtual_size = be64(i->head + 24);
    r->cluster = 1u << bits;
    r->encrypted = crypt != 0;
    /* Extensions: type, length, data padded to 8; they end with type 0, at the backing name, or at the first cluster's end. */
    uint64_t name = be64(i->head + 8), end = name && name < r->cluster ? name : r->cluster;
    for (off = header; off + 8 <= end; ) {
        uint8_t x[8];
        char text[sizeof r->data_file];
        if (!get(i, off, x, sizeof x) || be32(x) == 0)
            break;
        uint64_t len = be32(x + 4);
        if (len > end - off - 8)
            return bad_header(i, "extension runs over the header");
        if (be32(x) == EXT_FORMAT) {
            if (len >= 64 || get_name(i, off + 8, len, text, sizeof text, "bad backing format"))
                return i->e->code ? -1 : bad_header(i, "bad backing format");
            r->backing_format = (uint32_t)image_format_parse(text, len);
        } else if (be32(x) == EXT_DATA_FILE && (incompat & INCOMPAT_DATA_FILE)) {
            if (get_name(i, off + 8, len, r->data_file, sizeof r->data_file, "bad data file name"))
                return -1;
        } else if (be32(x) == EXT_LUKS) {
            r->encrypted = 1;
        }
        off += 8 + ((len + 7) & ~(uint64_t)7);
    }
    return backing(i, name, be32(i->head + 16));
}

static int read_qcow(struct image *i)
{
    i->r->virtual_size = be64(i->head + 24);
    i->r->encrypted = be32(i->head + 36) != 0;
    return i->n < 48 ? bad_header(i, "too short") : backing(i, be64(i->head + 8), be32(i->head + 16));
}

static int read_qed(struct image *i)
{
    enum { QED_BACKING = 1, QED_BACKING_RAW = 4 };
    uint64_t features = le64(i->head + 16);
    if (i->n < 64)
        return bad_header(i, "too short");
    i->r->cluster = le32(i->head + 4);
    i->r->virtual_size = le64(i->head + 48);
    if (!(features & QED_BACKING))
        return 0;
    i->r->backing_format = features & QED_BACKING_RAW ? IMG_RAW : IMG_NONE;
    return backing(i, le32(i->head + 56), le32(i->head + 60));
}

/* A VMDK's descriptor is text: parentFileNameHint="name". */
static int vmdk_descriptor(struct image *i, uint64_t off, uint64_t len)
{
    static const char key[] = "parentFileNameHint=\"";
    char text[DESCRIPTOR_MAX + 1];
    if (len > DESCRIPTOR_MAX)
        len = DESCRIPTOR_MAX;
    if (off > i->size)
        return bad_header(i, "descriptor lies outside");
    if (len > i->size - off)
        len = i->size - off;
    if (!get(i, off, text, (size_t)len))
        return bad_header(i, "descriptor cannot be read");
    text[len] = 0;
    char *p = strstr(text, key), *q = p ? strchr(p += sizeof key - 1, '"') : NULL;
    if (!q || q == p)
        return 0;
    *q = 0;
    if (util_copy_str(i->r->backing, sizeof i->r->backing, p) < 0)
        return bad_header(i, "backing file name is too long");
    i->r->has_backing = 1;
    i->r->backing_format = IMG_VMDK;
    return 0;
}

static int read_vmdk(struct image *i)
{
    if (memcmp(i->head, "KDMV", 4))
        return vmdk_descriptor(i, 0, i->size);
    if (i->n < 512)
        return bad_header(i, "too short");
    uint64_t sectors = le64(i->head + 12), at = le64(i->head + 28), n = le64(i->head + 36);
    i->r->virtual_size = sectors > UINT64_MAX / 512 ? 0 : sectors * 512;
    return at == 0 || at > UINT64_MAX / 512 || n > DESCRIPTOR_MAX / 512 ? 0 : vmdk_descriptor(i, at * 512, n * 512);
}

static int read_vdi(struct image *i) { i->r->virtual_size = i->n >= 376 ? le64(i->head + 368) : 0; return 0; }
static int read_vpc(struct image *i) { i->r->virtual_size = i->n >= 56 ? be64(i->head + 48) : 0; return 0; }
static int read_ploop(struct image *i) { uint64_t s = i->n >= 44 ? le64(i->head + 36) : 0; i->r->virtual_size = s > UINT64_MAX / 512 ? 0 : s * 512; return 0; }
static int read_raw(struct image *i) { i->r->virtual_size = i->size; return 0; }

static int read_luks(struct image *i)
{
    i->r->encrypted = 1;
    uint64_t payload = i->n >= 108 && be16(i->head + 6) == 1 ? (uint64_t)be32(i->head + 104) * 512 : 0;
    i->r->virtual_size = payload && payload < i->size ? i->size - payload : 0;
    return 0;
}

/* User-mode Linux's: name of 1024 bytes after magic and version. */
static int read_cow(struct image *i)
{
    size_t n = i->n >= 1048 ? strnlen((const char *)i->head + 8, 1024) : 0;
    i->r->virtual_size = i->n >= 1048 ? be64(i->head + 1036) : 0;
    return n == 1024 ? bad_header(i, "backing file name is too long") : backing(i, 8, n);
}

static const struct format {
    uint8_t format;
    uint16_t at;                   /* of the magic */
    const char *magic; uint8_t len;
    uint16_t version_at;           /* big-endian version that must be between; 0: none */
    uint8_t version_min, version_max;
    int (*read)(struct image *i);
} formats[] = {
    { IMG_LUKS, 0, "LUKS\xba\xbe", 6, 0, 0, 0, read_luks },
    { IMG_QCOW2, 0, "QFI\xfb", 4, 4, 2, 3, read_qcow2 },
    { IMG_QCOW, 0, "QFI\xfb", 4, 4, 1, 1, read_qcow },
    { IMG_QED, 0, "QED\0", 4, 0, 0, 0, read_qed },
    { IMG_VMDK, 0, "KDMV", 4, 0, 0, 0, read_vmdk },
    { IMG_VMDK, 0, "# Disk DescriptorFile", 21, 0, 0, 0, read_vmdk },
    { IMG_VDI, 64, "\x7f\x10\xda\xbe", 4, 0, 0, 0, read_vdi },
    { IMG_VPC, 0, "conectix", 8, 0, 0, 0, read_vpc },
    { IMG_VHDX, 0, "vhdxfile", 8, 0, 0, 0, NULL },
    { IMG_COW, 0, "OOOM", 4, 4, 2, 2, read_cow },
    { IMG_PLOOP, 0, "WithouFreSpacExt", 16, 0, 0, 0, read_ploop },
    { IMG_PLOOP, 0, "WithoutFreeSpace", 16, 0, 0, 0, read_ploop },
    { IMG_BOCHS, 0, "Bochs Virtual HD Image", 22, 0, 0, 0, NULL },
    { IMG_CLOOP, 0, "#!/bin/sh\n#V2.0 Format\nmodprobe cloop file=$0 && mount -r -t iso9660 /dev/cloop $1\n", 83, 0, 0, 0, NULL },
};

static bool fits(const struct image *i, const struct format *f)
{
    uint32_t v;
    if (i->n < (size_t)f->at + f->len || memcmp(i->head + f->at, f->magic, f->len))
        return false;
    if (!f->version_max)
        return true;
    v = i->n >= f->version_at + 4u ? be32(i->head + f->version_at) : 0;
    return v >= f->version_min && v <= f->version_max;
}

/* Formats whose magic is not at the front; only looked for when a guess is wanted. */
static int guess_far(const struct image *i)
{
    char magic[8];
    if (get(i, 32769, magic, 5) && !memcmp(magic, "CD001", 5))
        return IMG_ISO;
    if (i->size >= 512 && get(i, i->size - 512, magic, 4) && !memcmp(magic, "koly", 4))
        return IMG_DMG;
    return IMG_RAW;
}

int image_probe(int fd, uint32_t want, struct probe_result *r, struct err *e)
{
    struct image i = { .fd = fd, .r = r, .e = e };
    struct stat st;
    if (want >= IMG_N)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_STORAGE, "unknown storage file format %u", want);
    if (fstat(fd, &st) < 0 || !(S_ISREG(st.st_mode) || S_ISBLK(st.st_mode)) || (S_ISBLK(st.st_mode) && ioctl(fd, BLKGETSIZE64, &i.size) < 0))
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_STORAGE, "cannot look at a storage file");
    if (S_ISREG(st.st_mode))
        i.size = (uint64_t)st.st_size;
    *r = (struct probe_result){ .format = want };
    ssize_t n = pread(fd, i.head, sizeof i.head, 0);
    if (n < 0)
        return err_sys(e, VIR_FROM_STORAGE, errno, "cannot read header of a storage file");
    i.n = (size_t)n;
    /* Never guessed when the document says raw: a guest could write any header into its raw disk. */
    if (want == IMG_RAW)
        return read_raw(&i);
    for (size_t k = 0; k < ARRAY_N(formats); k++)
        if ((want == IMG_NONE || want == formats[k].format) && fits(&i, &formats[k])) {
            r->format = formats[k].format;
            return formats[k].read ? formats[k].read(&i) : 0;
        }
    if (want == IMG_NONE)
        r->format = (uint32_t)guess_far(&i);
    return r->format == IMG_RAW || r->format == IMG_ISO ? read_raw(&i) : 0;
}
