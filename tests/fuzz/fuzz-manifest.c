/* fuzz-manifest: a manifest, which supervisor and hands read too, and what conf says of two of them: the first bytes tell where the second begins. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/manifest.h"
#include "workers/conf/kept.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(c) do { if (!(c)) abort(); } while (0)

/* Whether it is well formed, and the same bytes when it is written anew; *gone: something in it was given back. */
static int read_all(const uint8_t *p, size_t n, bool *gone)
{
    struct manifest_in in;
    struct manifest_entry m;
    struct manifest_out out;
    const char *path, *aux;
    static uint8_t again[MANIFEST_BYTES_MAX];
    int r = manifest_open(&in, p, n);
    manifest_begin(&out, again, sizeof again);
    while (r >= 0 && (r = manifest_next(&in, &m, &path, &aux)) > 0) {
        MUST(!path || (const uint8_t *)path + strlen(path) < p + n);
        MUST(!aux || (const uint8_t *)aux + strlen(aux) < p + n);
        *gone |= m.flags & MF_GONE && !(m.flags & MF_EMPTY && !path) && m.kind != MK_TUNE && m.kind != MK_PERF && m.kind != MK_FILTER && !(m.kind == MK_LINK && !(aux && strstr(aux, "net=")));     /* such a drive asks for nothing, nor do limits; a filter is its tap's */
        MUST(manifest_add(&out, &m, path, aux) >= 0);
    }
    if (r == 0)
        MUST(manifest_finish(&out) == (ssize_t)n);
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t n = data[0] | (size_t)data[1] << 8, left = size - 2;
    n = n < left ? n : left;
    /* Copies, so that a byte read past an end is seen. */
    uint8_t *had = malloc(n + !n), *asked = malloc(left - n + (left == n));
    struct err e = ERR_INIT;
    memcpy(had, data + 2, n);
    memcpy(asked, data + 2 + n, left - n);
    bool gone = false, ignored = false;
    int h = read_all(had, n, &gone), a = read_all(asked, left - n, &ignored), r = kept_covers(had, n, asked, left - n, "/lib", &e);
    MUST(r == 0 ? h == 0 && a == 0 : e.code);
    if (h == 0)
        MUST(!kept_covers(had, n, had, n, "/lib", &e) == !gone);
    free(had);
    free(asked);
    return 0;
}
