/* chan.h: a frame channel in the loop: receive callback, bounded send queue.
 *
 * The queue is bounded in frames and bytes; a peer that does not read overflows it and is ended by its owner
 * (on_end with -ENOBUFS), so that a slow peer costs nobody else anything. */
#ifndef BULKHEAD_CHAN_H
#define BULKHEAD_CHAN_H
#include "frame.h"
#include "loop.h"

struct chan;
typedef void chan_frame_fn(struct chan *c, struct frame *f);     /* f is done by the channel afterwards; take fds out to keep them */
typedef void chan_end_fn(struct chan *c, int err);               /* once: 0 end of file, else a negative errno.  The owner calls chan_close */
struct chan_out;
struct chan {
    struct loop_source src;
    int fd;                         /* -1 once closed */
    chan_frame_fn *on_frame;
    chan_end_fn *on_end;
    void *data;
    struct chan_out *head, **tail;  /* tail: the last link, where the next one goes */
    uint32_t queued, queue_max;     /* frames */
    size_t queued_bytes, queue_bytes_max;
    struct loop_timer again;        /* for one that is ready to be written to, and takes nothing */
    bool ended;
    int doom;                       /* what on_end is to be called with; 0: it lives */
};
/* Takes fd over (SEQPACKET, made non-blocking). queue_max frames may wait. 0 or negative errno. */
int chan_open(struct chan *c, int fd, uint32_t queue_max, chan_frame_fn *on_frame, chan_end_fn *on_end, void *data);
/* Sends or queues. fds are borrowed (dup'ed if queued). 0; or a negative errno, after which on_end is called from the loop, if only when all that the peer said was
 * read (-EPIPE, -ECONNRESET). */
int chan_send(struct chan *c, struct frame_head *h, const void *body, size_t len, const int *fds, unsigned nfds);
void chan_read(struct chan *c, unsigned most);     /* handles so many of the frames that are there */
void chan_close(struct chan *c);    /* idempotent; frees the queue, closes the fd */
#endif
