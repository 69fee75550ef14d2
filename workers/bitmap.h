/* bitmap.h: sets of small numbers (processors, nodes) as libvirt writes them. */
#ifndef BULKHEAD_BITMAP_H
#define BULKHEAD_BITMAP_H
#include <stddef.h>
#include <stdint.h>

/* "0-3,^2,7" -> bits of map (nbits of them, cleared first). 0 or -EINVAL. */
int bitmap_parse(const char *s, uint8_t *map, unsigned nbits);
/* The canonical form of a bitmap, "" when it is empty. 0 or -ENOSPC. */
int bitmap_format(const uint8_t *map, unsigned nbits, char *out, size_t n);
#define BITMAP_BITS 4096
#define BITMAP_GET(m, i) (((m)[(i) / 8] >> ((i) % 8)) & 1)
#define BITMAP_SET(m, i) ((m)[(i) / 8] |= (uint8_t)(1u << ((i) % 8)))
#endif
