/* programs.c: which programs of the host a guest can have beside QEMU, which clients ask about: looked for once, here, for no role that is asked sees them. */
#include <unistd.h>
#include "daemon/daemon.h"
#include "ipc/util.h"

void programs_ask(struct settings *s)
{
    static const struct { uint32_t bit; const char *name; } programs[] = { { PROGRAM_SWTPM, "swtpm" } };
    static const char *const folders[] = { PROGRAM_FOLDERS };
    char path[128];
    for (size_t i = 0; i < ARRAY_N(programs); i++)
        for (size_t k = 0; k < ARRAY_N(folders); k++)
            if (util_format(path, sizeof path, "%s/%s", folders[k], programs[i].name) == 0 && access(path, X_OK) == 0)
                s->programs |= programs[i].bit;
}
