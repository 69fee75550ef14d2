/* util.h: scope-bound ownership and the few retry loops. */
#ifndef BULKHEAD_UTIL_H
#define BULKHEAD_UTIL_H
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/types.h>

/* Closes what is open, and leaves -1. */
static inline void util_closep(int *fd) { if (*fd >= 0) close(*fd); *fd = -1; }
static inline void util_freep(void *p) { free(*(void **)p); }
#define AUTO_CLOSE __attribute__((cleanup(util_closep))) int
#define AUTO_FREE __attribute__((cleanup(util_freep)))
#define STEAL_FD(p) __extension__({ int *p_ = (p), v_ = *p_; *p_ = -1; v_; })
#define STEAL_PTR(p) __extension__({ __typeof__(*(p)) v_ = *(p); *(p) = NULL; v_; })
#define ARRAY_N(a) (sizeof(a) / sizeof((a)[0]))

/* read/write all of len unless end of file or an error; retry EINTR.  Return bytes done or a negative errno. */
ssize_t util_read_full(int fd, void *buf, size_t len);
ssize_t util_write_full(int fd, const void *buf, size_t len);

/* Copies src (NUL-terminated) into dst of size n; returns 0, or -ENAMETOOLONG with dst empty. */
int util_copy_str(char *dst, size_t n, const char *src);
/* snprintf that fails instead of cutting: 0 or -ENAMETOOLONG. */
int util_format(char *dst, size_t n, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* An absolute path without empty parts, "." and a '/' at its end (".." stays, for what it means the file system alone can tell): 0, or
 * -ENAMETOOLONG with dst empty.  In endpoint.c. */
int util_plain_path(char *dst, size_t n, const char *path);
const char *util_uuid_text(char out[37], const uint8_t uuid[16]);    /* out */
/* Monotonic time in milliseconds / nanoseconds. */
uint64_t util_now_ms(void);
uint64_t util_now_ns(void);
#endif
