/* mp.h: msgpack, written with a bounded buffer and read by a cursor with a checked getter per field.
 *
 * The reader never allocates.  mp_guard() walks a whole document once and bounds depth, counts (against the bytes that
 * are left), string sizes and UTF-8; use it on anything that came from outside before a cursor is opened on it.
 * Format: https://github.com/msgpack/msgpack/blob/master/spec.md */
#ifndef BULKHEAD_MP_H
#define BULKHEAD_MP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MP_DEPTH_MAX 32

struct mp_out { uint8_t *p; size_t len, cap, max; bool failed; };   /* grows by doubling up to max; failed is sticky */
void mp_out_init(struct mp_out *o, size_t max);
void mp_out_free(struct mp_out *o);
void mp_nil(struct mp_out *o);
void mp_bool(struct mp_out *o, bool v);
void mp_int(struct mp_out *o, int64_t v);
void mp_uint(struct mp_out *o, uint64_t v);
void mp_double(struct mp_out *o, double v);
void mp_str(struct mp_out *o, const char *s);                       /* s NULL: nil */
void mp_strn(struct mp_out *o, const char *s, size_t n);
void mp_bin(struct mp_out *o, const void *p, size_t n);
void mp_array(struct mp_out *o, uint32_t n);
void mp_map(struct mp_out *o, uint32_t n);
void mp_raw(struct mp_out *o, const void *p, size_t n);             /* n bytes that are msgpack already */
void mp_list(struct mp_out *o, uint32_t n, struct mp_out *items);    /* an array of n, which are one behind the other in items; frees that */

enum mp_type { MP_NIL, MP_BOOL, MP_INT, MP_UINT, MP_DOUBLE, MP_STR, MP_BIN, MP_ARRAY, MP_MAP, MP_END, MP_BAD };
struct mp_in { const uint8_t *p, *end; bool bad; };                 /* bad is sticky: check once at the end with mp_end */
void mp_in_init(struct mp_in *in, const void *p, size_t n);
enum mp_type mp_peek(const struct mp_in *in);
/* Getters: on a wrong type, range or shortage they set bad and give 0/NULL/empty. Integers are accepted whatever their encoding if they fit. */
bool mp_get_nil(struct mp_in *in);                                  /* true and consumed if nil is next; never sets bad */
bool mp_get_bool(struct mp_in *in);
int64_t mp_get_int(struct mp_in *in);
int32_t mp_get_i32(struct mp_in *in);
uint64_t mp_get_uint(struct mp_in *in);
uint32_t mp_get_u32(struct mp_in *in);
double mp_get_double(struct mp_in *in);                             /* integers are taken as well */
const char *mp_get_str(struct mp_in *in, size_t *n);                /* points into the input, not NUL-terminated */
char *mp_get_strdup(struct mp_in *in, size_t max);                  /* NUL-terminated copy; bad if longer than max or with a NUL inside; caller frees */
bool mp_get_strz(struct mp_in *in, char *dst, size_t size);         /* copy with NUL into dst; bad if it does not fit */
const uint8_t *mp_get_bin(struct mp_in *in, size_t *n);             /* bin, or str */
uint32_t mp_get_array(struct mp_in *in, uint32_t max);              /* element count <= max and <= bytes left */
uint32_t mp_get_map(struct mp_in *in, uint32_t max);
bool mp_skip(struct mp_in *in);                                     /* one whole value */
bool mp_end(const struct mp_in *in);                                /* nothing bad and nothing left over */

bool mp_utf8(const void *p, size_t n);                              /* well-formed: a str must be, a bin need not */

/* 0: one well-formed document of exactly n bytes; 1: prefix of one (more bytes needed, only for streams); -1: bad.
 * *used gets the document's size when 0 (used NULL: the document must fill n exactly). */
int mp_guard(const void *p, size_t n, unsigned depth_max, size_t total_max, size_t *used);
#endif
