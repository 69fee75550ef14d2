/* conn.h: the client's socket: bytes and descriptors in, bytes and descriptors out.
 *
 * Input.  libvirt's clients put each descriptor on a byte of its own after the message that announces it.  Every read here has
 * room for descriptors, and the kernel ends a read at the byte that carries one, so a read may run past the end of a message
 * without losing any: one system call takes what there is.  Each descriptor is kept with its position in the stream, and
 * counts only at the position where the protocol wants it.
 *
 * Output is queued and written when conn_flush() is called, once a turn: one write answers all that one read brought.  The
 * queue is bounded; a client that does not read loses this connection and nothing else. */
#ifndef BULKHEAD_CONN_H
#define BULKHEAD_CONN_H
#include "ipc/loop.h"
#include "workers/xdr.h"

#define CONN_FDS_MAX 64             /* descriptors of a client that wait to be used */

struct conn;
struct conn_mark;
struct conn {
    struct loop_source src;
    int fd;
    uint8_t *in;                    /* bytes in[start .. len) are unused */
    size_t in_start, in_len, in_cap;
    uint64_t in_pos;                /* stream position of in[in_start] */
    struct { int fd; uint64_t at; } fds[CONN_FDS_MAX];
    unsigned nfds;
    struct xdr_out out;             /* bytes out.p[out_start .. out.len) are not sent yet; writers append to it */
    size_t out_start;
    struct conn_mark *mark, *mark_last;     /* descriptors in the output */
    bool reading;
    void (*on_event)(struct conn *c);       /* something was read, or the output queue became empty */
    void (*on_end)(struct conn *c, const char *why);   /* once; the owner calls conn_close */
    void *data;
};

/* Takes fd over and reads from it. 0 or a negative errno. */
int conn_open(struct conn *c, int fd, void (*on_event)(struct conn *), void (*on_end)(struct conn *, const char *), void *data);
void conn_close(struct conn *c);                    /* idempotent; frees all */

static inline const uint8_t *conn_data(const struct conn *c, size_t *n) { *n = c->in_len - c->in_start; return c->in ? c->in + c->in_start : NULL; }
void conn_want(struct conn *c, size_t n);           /* a message of n bytes is on its way: how far the buffer may grow */
/* Uses n bytes up; they stay readable until conn_read() or the next event. False: descriptors came with them, which nothing announced: end the client. */
bool conn_consume(struct conn *c, size_t n);
/* Uses one byte up and gives the descriptor that came with it; -1: it carried none. */
int conn_take_fd(struct conn *c);
/* Those that came with the next n bytes, which stay unused. Their number; -1: more than fit, and all of them are closed. */
int conn_take_fds(struct conn *c, size_t n, int fds[XDR_FDS_MAX]);
void conn_read(struct conn *c, bool on);            /* end of a turn: take more input, or leave it in the socket */

void conn_put_fd(struct conn *c, int fd);           /* a duplicate of fd goes with the byte that is appended to out next */
static inline size_t conn_queued(const struct conn *c) { return c->out.len - c->out_start; }
int conn_flush(struct conn *c);                     /* 0, or a negative errno: the client is gone */
#endif
