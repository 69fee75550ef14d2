/* short_name.c: how much of a guest's name is in the names of its folders. */
#include "ipc/layout.h"

size_t short_name_bytes(const char *name)
{
    size_t n = 0;
    for (unsigned chars = 0; name[n]; n++)
        if (((unsigned char)name[n] & 0xc0) != 0x80 && ++chars > 20)
            break;
    return n;
}
