/* rpc-client.h: calls of libvirt's protocol to a daemon beside us (virtlockd, virtlogd), over a socket that a hand connected (IN_HAND_DAEMON).
 *
 * For roles that are born for one task: a call is sent and waited for.  What comes is hostile: lengths, numbers and shape of each answer are checked,
 * and its arrival is not waited for longer than the client's time.  Needs libxdr.a, libop.a, libipc.a. */
#ifndef BULKHEAD_RPC_CLIENT_H
#define BULKHEAD_RPC_CLIENT_H
#include <stdint.h>
#include "ipc/err.h"
#include "ipc/mp.h"
#include "ipc/op.h"

enum { RPC_ARGS_MAX = 1 << 20 /* bytes of a call: a document, or two paths */, RPC_REPLY_MAX = 5 << 20 /* of an answer: virtlogd's are 4 MiB of text at most */ };
struct rpc_client { int fd; uint32_t serial; uint64_t until_ms; };

/* fd: a connected stream socket, borrowed. ms: for all that is asked of it. */
void rpc_client_init(struct rpc_client *c, int fd, unsigned ms);
/* Begins the array of a call's n arguments, for rpc_call(). */
void rpc_args(struct mp_out *args, uint32_t n);
/* One call.  args: its arguments in the schema's order (NULL: it has none); they are freed.  ret: is begun, gets the array of the results, and is the caller's to
 * free, whatever is returned (NULL: results are checked and dropped).  fd: gets the one descriptor that an answer may bring (NULL: none is taken), else -1.
 * 0; or -1 with *e set: the daemon's own error with its code, or VIR_ERR_RPC when what it says makes no sense or it is gone, after which the
 * connection is of no more use. */
int rpc_call(struct rpc_client *c, uint32_t op, struct mp_out *args, struct mp_out *ret, int *fd, struct err *e);
#endif
