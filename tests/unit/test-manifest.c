/* test-manifest.c: manifests and the index page: what is written is read back, and every broken field is refused. */
#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>
#include "ipc/index.h"
#include "ipc/manifest.h"
#include "tests/tap.h"

static size_t sample(uint8_t *buf, size_t cap)
{
    struct manifest_out o;
    manifest_begin(&o, buf, cap);
    struct manifest_entry a = { .kind = MK_IMAGE, .parent = -1, .format = IMG_QCOW2, .flags = MF_PROBE };
    struct manifest_entry b = { .kind = MK_TAP, .parent = -1, .a = 1, .mac = { 0x52, 0x54, 0, 1, 2, 3 } };
    struct manifest_entry c = { .kind = MK_HOSTNET, .parent = -1 };
    manifest_add(&o, &a, "/images/a.qcow2", NULL);
    manifest_add(&o, &b, "vnet%d", "br0");
    manifest_add(&o, &c, NULL, NULL);
    return (size_t)manifest_finish(&o);
}

/* Reads all; the number of entries or a negative errno. */
static int read_all(const uint8_t *p, size_t n)
{
    struct manifest_in in;
    struct manifest_entry e;
    const char *path, *aux;
    int r = manifest_open(&in, p, n), k = 0;
    while (r >= 0 && (r = manifest_next(&in, &e, &path, &aux)) > 0)
        k++;
    return r < 0 ? r : k;
}

static void manifests(void)
{
    static uint8_t buf[4096], x[4096];
    size_t n = sample(buf, sizeof buf);
    struct manifest_in in;
    struct manifest_entry e;
    const char *path, *aux;

    tap_int(read_all(buf, n), 3, "three entries");
    manifest_open(&in, buf, n);
    manifest_next(&in, &e, &path, &aux);
    tap_ok(e.kind == MK_IMAGE && e.format == IMG_QCOW2 && !strcmp(path, "/images/a.qcow2") && !aux, "the image");
    manifest_next(&in, &e, &path, &aux);
    tap_ok(e.kind == MK_TAP && !strcmp(path, "vnet%d") && !strcmp(aux, "br0") && e.mac[0] == 0x52, "the tap");
    manifest_next(&in, &e, &path, &aux);
    tap_ok(e.kind == MK_HOSTNET && !path && !aux, "the one without strings");

    int wrong = 0;
    for (size_t cut = 0; cut < n; cut++)
        wrong += read_all(buf, cut) >= 0;
    tap_int(wrong, 0, "cut anywhere it is refused");
    memcpy(x, buf, n);
    x[n] = 0;
    tap_ok(read_all(x, n + 1) < 0, "one byte more is refused");

    size_t first = sizeof(struct manifest_head);
    static const struct { size_t at; uint8_t v; const char *what; } flips[] = {
        { offsetof(struct manifest_entry, kind), MK_KIND_N, "an unknown kind" },
        { offsetof(struct manifest_entry, kind), 0, "kind 0" },
        { offsetof(struct manifest_entry, size), 8, "an entry smaller than its fixed part" },
        { offsetof(struct manifest_entry, size), 65, "an odd size" },
        { offsetof(struct manifest_entry, size) + 1, 0xff, "an entry beyond the end" },
        { offsetof(struct manifest_entry, index), 1, "another index than its place" },
        { offsetof(struct manifest_entry, parent), 0, "itself as parent" },
        { offsetof(struct manifest_entry, format), IMG_N, "an unknown format" },
        { offsetof(struct manifest_entry, path_len), 200, "a path longer than the entry" },
        { offsetof(struct manifest_entry, path_len), 3, "a path without its NUL" },
        { offsetof(struct manifest_entry, aux_len), 5, "a second string that is not there" },
    };
    for (size_t i = 0; i < sizeof flips / sizeof *flips; i++) {
        memcpy(x, buf, n);
        x[first + flips[i].at] = flips[i].v;
        tap_ok(read_all(x, n) < 0, "refused: %s", flips[i].what);
    }
    tap_int(image_format_parse("qcow2", 5), IMG_QCOW2, "a format's name");
    tap_int(image_format_parse("qcow2x", 6), IMG_UNKNOWN, "no format's name");
    tap_str(image_format_name(IMG_RAW), "raw", "and back");
    tap_ok(!image_format_name(IMG_NONE) && !image_format_name(99) && !image_format_name(-1), "none for none");
}

static void index_page(void)
{
    int rw, ro;
    struct index w, r;
    struct index_slot c;

    tap_int(index_create(&rw, &ro), 0, "an index page");
    tap_ok(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ro, 0) == MAP_FAILED && errno == EACCES, "its second descriptor cannot be written through");
    tap_ok(index_map(&w, rw, true) == 0 && index_map(&r, ro, false) == 0, "mapped by writer and reader");
    tap_int(index_find_name(&r, "a", &c), -ENOENT, "nothing in it");
    for (int i = 0; i < 3; i++) {
        struct index_slot *s = index_begin(&w, (uint32_t)i);
        s->used = 1;
        s->gen = 1;
        s->id = i == 2 ? 5 : -1;
        snprintf(s->name, sizeof s->name, "guest-%d", i);
        memset(s->uuid, i + 1, 16);
        index_end(&w, (uint32_t)i);
    }
    tap_int(index_find_name(&r, "guest-1", &c), 1, "found by name");
    tap_int(index_find_uuid(&r, (const uint8_t *)"\3\3\3\3\3\3\3\3\3\3\3\3\3\3\3\3", &c), 2, "by uuid");
    tap_int(index_find_id(&r, 5, &c), 2, "by id");
    tap_int(index_find_id(&r, -1, &c), -ENOENT, "-1 is nobody's id");
    index_begin(&w, 1);
    tap_int(index_read(&r, 1, &c), -EAGAIN, "a slot that is being written is not handed out");
    index_begin(&w, 1)->used = 0;
    index_end(&w, 1);
    tap_int(index_read(&r, 1, &c), -ENOENT, "a writer that died in the middle is made good by the next");
    index_begin(&w, 2);
    tap_ok(index_map(&w, rw, true) == 0 && index_read(&r, 2, &c) == 0, "or as soon as there is a next one");
    tap_int(index_read(&r, INDEX_SLOTS_MAX, &c), -ENOENT, "beyond the table");
    close(rw);
    close(ro);
}

int main(void)
{
    manifests();
    index_page();
    return tap_done();
}
