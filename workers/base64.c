/* base64.c: see base64.h. */
#include "workers/base64.h"
#include <stdint.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(const void *p, size_t n, char *out)
{
    const uint8_t *s = p;
    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = (uint32_t)s[i] << 16 | (i + 1 < n ? (uint32_t)s[i + 1] << 8 : 0) | (i + 2 < n ? s[i + 2] : 0);
        for (size_t b = 0; b < 4; b++)
            *out++ = i + b > n ? '=' : digits[v >> (18 - 6 * b) & 63];
    }
    *out = 0;
}

bool base64_is(const char *s, size_t n)
{
    size_t pad = n && s[n - 1] == '=' ? n > 1 && s[n - 2] == '=' ? 2 : 1 : 0;
    for (size_t i = 0; i + pad < n; i++)
        if (!s[i] || !strchr(digits, s[i]))
            return false;
    return n % 4 == 0;
}
