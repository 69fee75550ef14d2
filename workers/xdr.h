/* xdr.h: libvirt's wire to msgpack and back, driven by the schema's shapes (ipc/op.h).
 *
 * Decoding is as lenient as libvirt's own ends are and no more: padding is not looked at, any non-zero presence word means
 * present, bytes after the last field are left over and reported.  Every count and length is checked against its limit and
 * against the bytes that are there before anything is written.  Encoding refuses what the peer would refuse. */
#ifndef BULKHEAD_XDR_H
#define BULKHEAD_XDR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ipc/err.h"
#include "ipc/mp.h"
#include "ipc/op.h"

enum xdr_limits { XDR_LEN_BYTES = 4, XDR_HEAD_BYTES = 28 /* length word and header */, XDR_MESSAGE_MAX = 33554436, XDR_FDS_MAX = 32 };
enum xdr_type { XDR_CALL, XDR_REPLY, XDR_MESSAGE, XDR_STREAM, XDR_CALL_FDS, XDR_REPLY_FDS, XDR_HOLE };
enum xdr_status { XDR_OK, XDR_ERROR, XDR_CONTINUE };

struct xdr_head { uint32_t len, prog, vers; int32_t proc; uint32_t type, serial, status; };
/* Reads the 28 bytes at p. 0; -EPROTO if the length word is none a peer may send (cut it off). type and status are not judged. */
int xdr_head_get(struct xdr_head *h, const uint8_t p[XDR_HEAD_BYTES]);
/* Length word alone, for reading exactly one message. 0 or -EPROTO. */
int xdr_len_get(uint32_t *len, const uint8_t p[XDR_LEN_BYTES]);

/* Bytes being put together; grows by doubling, failed is sticky (memory, or over XDR_MESSAGE_MAX). */
struct xdr_out { uint8_t *p; size_t len, cap; bool failed; };
void xdr_out_free(struct xdr_out *o);
void xdr_u32(struct xdr_out *o, uint32_t v);
void xdr_raw(struct xdr_out *o, const void *p, size_t n);      /* no padding */
/* Starts a message (length word 0) and returns its offset in o; xdr_end fills the length in. 0 or -EMSGSIZE, -ENOMEM from xdr_end. */
size_t xdr_begin(struct xdr_out *o, const struct xdr_head *h);
int xdr_end(struct xdr_out *o, size_t start);

/* XDR at p to one msgpack array of s->elems elements.  s NULL: an empty array.
 * Returns 0, or -EPROTO (short, over a limit, unknown union arm), -EMSGSIZE (o is full); *used gets the bytes taken (NULL allowed). */
int xdr_decode(const struct shape_struct *s, const void *p, size_t n, struct mp_out *o, size_t *used);
/* The one msgpack array that in holds (checked by mp_guard before if it came from outside) to XDR.  -EPROTO: not of this shape,
 * over a limit, or not used up; o is then as long as it was. */
int xdr_encode(const struct shape_struct *s, struct mp_in *in, struct xdr_out *o);

/* What a client is told of an error: libvirt's words for the code around the detail.  Errors about an argument of a call name the
 * function and the argument instead ("unsupported flags (0x4) in function qemuDomainGetState"): their detail is the whole message. */
struct xdr_error { char message[ERR_DETAIL_MAX + 256], str1[ERR_DETAIL_MAX], arg[64]; const char *str2; int32_t int1, int2; };
void xdr_error_words(const struct err *e, struct xdr_error *w);
/* The error struct as payload of a reply. */
int xdr_encode_error(const struct err *e, struct xdr_out *o);
int xdr_decode_error(struct err *e, const void *p, size_t n);
#endif
