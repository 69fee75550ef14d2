/* fuzz-firmware: a descriptor as a package may leave it (workers/host/descriptors.c), and the page of it as an xmlc reads it.  Input: the file; what is taken as a page is the same bytes. */
#include <stdlib.h>
#include <string.h>
#include "workers/host/descriptors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool ends(const char *s, size_t n) { return memchr(s, 0, n) != NULL; }

/* Whatever is read of a page is bounded. */
static void look(const struct firmware_list *l)
{
    if (l->n > FIRMWARE_MAX || !ends(l->bad, sizeof l->bad))
        abort();
    for (uint32_t i = 0; i < l->n; i++) {
        const struct firmware *f = &l->v[i];
        if (!ends(f->file, sizeof f->file) || !ends(f->nvram, sizeof f->nvram) || !ends(f->format, sizeof f->format) || f->ntargets > FIRMWARE_TARGETS_MAX)
            abort();
        firmware_fits(f, "x86_64", "pc-q35-7.2");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct firmware_list made, got;
    static struct firmware_page page;
    struct err e = ERR_INIT;
    made.n = descriptor_parse("/a", (const char *)data, size, &made.v[0], &e) == 0;
    if (!made.n && !e.code)
        abort();
    firmware_write(&page, &made);
    if (!firmware_read(&page, &got, 0) || got.n != made.n || (got.n && memcmp(&got.v[0], &made.v[0], sizeof made.v[0])))
        abort();
    look(&got);
    memcpy(&page.list, data, size < sizeof page.list ? size : sizeof page.list);
    if (firmware_read(&page, &got, 0))
        look(&got);
    return 0;
}
