/* base64.h: bytes as QEMU and its agent take them in JSON. */
#ifndef BULKHEAD_BASE64_H
#define BULKHEAD_BASE64_H
#include <stdbool.h>
#include <stddef.h>

#define BASE64_BYTES(n) (((n) + 2) / 3 * 4 + 1)
/* n bytes at p into out, of BASE64_BYTES(n). */
void base64_encode(const void *p, size_t n, char *out);
/* The n characters at s are some. */
bool base64_is(const char *s, size_t n);
#endif
