/* err.h: one error object, made where the failure happens, on the caller's stack.
 *
 * Texts are libvirt's: clients match them.  `detail` is what follows the code's fixed words; the gateway expands
 * code + detail into the message, str1 and str2 of the wire error (tables in endpoint.c, from errors.def). */
#ifndef BULKHEAD_ERR_H
#define BULKHEAD_ERR_H
#include <stddef.h>
#include <stdint.h>

/* E(name, number, text, text with detail): numbers of virErrorNumber; errors.def */
enum err_code {
#define E(name, num, text, info) VIR_ERR_##name = num,
#include "errors.def"
#undef E
};
enum err_domain { VIR_FROM_NONE = 0, VIR_FROM_XML = 5, VIR_FROM_RPC = 7, VIR_FROM_CONF = 9, VIR_FROM_QEMU = 10, VIR_FROM_NET = 11, VIR_FROM_REMOTE = 13,
    VIR_FROM_STORAGE = 18, VIR_FROM_NETWORK = 19, VIR_FROM_DOMAIN = 20, VIR_FROM_SECURITY = 24, VIR_FROM_SECRET = 29, VIR_FROM_CPU = 31, VIR_FROM_HOOK = 34, VIR_FROM_STREAMS = 38, VIR_FROM_CAPABILITIES = 44,
    VIR_FROM_AUTH = 46, VIR_FROM_LOCKSPACE = 51, VIR_FROM_CGROUP = 54, VIR_FROM_ACCESS = 55, VIR_FROM_POLKIT = 60, VIR_FROM_ADMIN = 62, VIR_FROM_LOGGING = 63, VIR_FROM_PERF = 65 };

#define ERR_DETAIL_MAX 1024
struct err {
    int32_t code;       /* enum err_code; 0 = no error */
    int32_t domain;     /* enum err_domain */
    int32_t sys;        /* errno for VIR_ERR_SYSTEM_ERROR, else -1 */
    char detail[ERR_DETAIL_MAX];
};
#define ERR_INIT { 0 }

/* The body of FRAME_ERROR: exactly struct err up to and with the detail's NUL. */
#define ERR_WIRE_MIN 13u

/* Sets *e (e may be NULL) and returns -1, so that `return err_set(...)` reads well.  Printable text only is kept. */
int err_set(struct err *e, int code, int domain, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* VIR_ERR_SYSTEM_ERROR with ": strerror(errnum)" appended. errnum is positive. In err_sys.c */
int err_sys(struct err *e, int domain, int errnum, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Bytes of *e to send as the body of FRAME_ERROR. */
size_t err_wire_len(const struct err *e);
/* Reads a FRAME_ERROR body; 0 or -EPROTO (e then says "internal error: malformed error reply"). */
int err_from_wire(struct err *e, const void *body, size_t len);
/* Fixed texts for a code: *plain and *info as in errors.def ("%s" once in info); unknown codes give those of INTERNAL_ERROR. */
void err_texts(int code, const char **plain, const char **info);
#endif
