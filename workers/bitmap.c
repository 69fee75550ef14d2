#include "workers/bitmap.h"
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

int bitmap_parse(const char *s, uint8_t *map, unsigned nbits)
{
    memset(map, 0, nbits / 8);
    while (isspace((unsigned char)*s))
        s++;
    if (!*s)
        return -EINVAL;
    for (;;) {
        bool clear = false;
        unsigned long a = 0, b;
        while (isspace((unsigned char)*s))
            s++;
        if (*s == '^') {
            clear = true;
            s++;
        }
        if (!isdigit((unsigned char)*s))
            return -EINVAL;
        while (isdigit((unsigned char)*s) && a < nbits)
            a = a * 10 + (unsigned long)(*s++ - '0');
        b = a;
        while (isspace((unsigned char)*s))
            s++;
        if (*s == '-' && !clear) {
            s++;
            while (isspace((unsigned char)*s))
                s++;
            if (!isdigit((unsigned char)*s))
                return -EINVAL;
            for (b = 0; isdigit((unsigned char)*s) && b < nbits; s++)
                b = b * 10 + (unsigned long)(*s - '0');
        }
        if (a >= nbits || b >= nbits || b < a)
            return -EINVAL;
        for (unsigned long i = a; i <= b; i++) {
            if (clear)
                map[i / 8] &= (uint8_t)~(1u << (i % 8));
            else
                BITMAP_SET(map, i);
        }
        while (isspace((unsigned char)*s))
            s++;
        if (!*s)
            return 0;
        if (*s++ != ',')
            return -EINVAL;
        while (isspace((unsigned char)*s))
            s++;
        if (!*s)
            return -EINVAL;
    }
}

int bitmap_format(const uint8_t *map, unsigned nbits, char *out, size_t n)
{
    size_t len = 0;
    *out = 0;
    for (unsigned i = 0; i < nbits; i++) {
        unsigned last = i;
        if (!BITMAP_GET(map, i))
            continue;
        while (last + 1 < nbits && BITMAP_GET(map, last + 1))
            last++;
        int k = last > i ? snprintf(out + len, n - len, "%s%u-%u", len ? "," : "", i, last) : snprintf(out + len, n - len, "%s%u", len ? "," : "", i);
        if (k < 0 || (size_t)k >= n - len)
            return -ENOSPC;
        len += (size_t)k;
        i = last;
    }
    return 0;
}
