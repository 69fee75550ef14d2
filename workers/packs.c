/* packs.c: see packs.h. */
#include "config.h"
#include "workers/packs.h"
#include <string.h>
#include "ipc/util.h"

static const char *const words[PACK_N] = { "raw", "gzip", "bzip2", "xz", "lzop" };

bool pack_can(uint32_t number)
{
    switch (number) {
    case PACK_RAW: return true;
#ifdef HAVE_ZLIB
    case PACK_GZIP: return true;
#endif
#ifdef HAVE_BZIP2
    case PACK_BZIP2: return true;
#endif
#ifdef HAVE_XZ
    case PACK_XZ: return true;
#endif
#ifdef HAVE_LZO
    case PACK_LZOP: return true;
#endif
    default: return false;
    }
}

int pack_wanted(const char *word, const char *what, struct err *e)
{
    int n = 0;
    while (n < PACK_N && strcmp(*word ? word : words[PACK_RAW], words[n]))
        n++;
    if (n == PACK_N)
        return err_set(e, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "Invalid %s image format specified in configuration file", what);
    return pack_can((uint32_t)n) ? n : err_set(e, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "Compression program for %s image format in configuration file isn't available", what);
}
