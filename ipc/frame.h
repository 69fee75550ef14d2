/* frame.h: the one message format between Bulkhead's processes.
 *
 * A frame is one AF_UNIX SOCK_SEQPACKET packet: a fixed header, a body, and the descriptors
 * that belong to it.  Header fields are in host order (a frame never leaves the host).
 *
 * Bodies: API operations (programs 1..7) carry msgpack: the arguments or results as one array in
 * schema order.  Operations of program 0 carry one fixed struct from internal.h, because their
 * readers are the keeper and the supervisor, which decode nothing else.
 * A body over FRAME_BODY_MAX travels in a sealed memfd: FRAME_BIG is set, `len` is 0, and the memfd
 * is the first descriptor.  Routers pass it on unread; end points map it (frame_body).
 *
 * Trust: a receiver believes nothing in a header but what the supervisor stamps (`origin`, and
 * FRAME_RO); the supervisor believes nothing but the channel a frame came by.
 */
#ifndef BULKHEAD_FRAME_H
#define BULKHEAD_FRAME_H
#include <stddef.h>
#include <stdint.h>

#define FRAME_MAGIC 0x424b4801u      /* "BKH" and version 1 */
#define FRAME_BODY_MAX 65536u        /* bytes in the packet itself */
#define FRAME_BIG_MAX (33554432u)    /* bytes in a memfd body: libvirt's message limit */
#define FRAME_FDS_MAX 128            /* descriptors a frame */

enum frame_kind {
    FRAME_CALL = 1,   /* wants exactly one FRAME_REPLY or FRAME_ERROR with the same origin and serial */
    FRAME_REPLY,
    FRAME_ERROR,      /* body: struct err_wire (err.h) */
    FRAME_EVENT,      /* one way */
    FRAME_KIND_N
};

enum frame_flags {
    FRAME_BIG = 1 << 0,      /* body in the first descriptor */
    FRAME_RO = 1 << 1,       /* stamped by the supervisor: the client is read-only */
    FRAME_RESENT = 1 << 2,   /* sent again after a supervisor restart; the receiver must recognise it */
    FRAME_LIVE = 1 << 3,     /* the caller asked for the running guest (VIR_DOMAIN_AFFECT_LIVE) */
    FRAME_CONFIG = 1 << 4,   /* the caller asked for the stored definition */
    FRAME_DOM = 1 << 5,      /* to a gateway: the body begins with struct dom_head (internal.h) */
    FRAME_ASK = 1 << 6,      /* of a gateway's call: may its client do that?  Nothing is done; the answer is auth's.  Body: struct may */
};

struct frame_head {
    uint32_t magic;
    uint8_t kind;       /* enum frame_kind */
    uint8_t nfds;       /* must equal the descriptors that came, or the sender is ended */
    uint16_t flags;     /* enum frame_flags */
    uint32_t op;        /* OP(program, procedure), op.h */
    uint32_t serial;    /* chosen by the caller, unique among its outstanding calls */
    uint64_t object;    /* handle of the object: generation << 32 | slot; 0 = none */
    uint64_t origin;    /* the caller's channel number, never used twice; stamped by the supervisor */
    uint32_t arg;       /* API calls: the call's own flags word (or its one int), copied out by the gateway for routers */
    uint32_t len;       /* body bytes in this packet, <= FRAME_BODY_MAX */
};
_Static_assert(sizeof(struct frame_head) == 40, "frame header is 40 bytes");

struct frame {
    struct frame_head h;
    const uint8_t *body;        /* h.len bytes, or the mapped memfd's body_len bytes; owned as below */
    size_t body_len;
    int fds[FRAME_FDS_MAX];     /* h.nfds descriptors, all O_CLOEXEC, owned by the frame; -1 once taken */
    void *map;                  /* mapping of a BIG body, or NULL */
    size_t map_len;
};
#define FRAME_INIT { .map = NULL }

/* Sends one frame; never blocks longer than the socket does.
 * body: body_len bytes (<= FRAME_BIG_MAX; over FRAME_BODY_MAX a sealed memfd is made and put in front of fds).
 * fds: nfds descriptors, borrowed (the caller still closes them).  h->magic, nfds, len and FRAME_BIG are filled in here;
 * with FRAME_BIG set and no body, fds[0] is a body that is passed on as it came.
 * Returns 0, -EAGAIN when the socket is full, -EMSGSIZE, -EPIPE or another negative errno. */
int frame_send(int sock, struct frame_head *h, const void *body, size_t body_len, const int *fds, unsigned nfds);

/* Receives one frame into f, its body into buf (buf_len >= FRAME_BODY_MAX).  A BIG body is not mapped yet.
 * Returns 1, 0 at end of file, -EAGAIN, -EPROTO when the peer broke the format (end it), or another negative errno. */
int frame_recv(int sock, struct frame *f, uint8_t *buf, size_t buf_len);

/* Maps a BIG body read-only after checking seals and size <= max; no-op for an ordinary one (but checks max).
 * Returns 0 or -EPROTO. */
int frame_body(struct frame *f, size_t max);

/* Takes descriptor i out of the frame; the caller owns it.  -1 if there is none. */
int frame_take_fd(struct frame *f, unsigned i);

/* Closes the descriptors left, unmaps. */
void frame_done(struct frame *f);
#define AUTO_FRAME __attribute__((cleanup(frame_done))) struct frame

/* Makes a sealed (no write, grow, shrink) memfd that holds data.  Returns the descriptor or a negative errno. */
int frame_memfd(const char *name, const void *data, size_t len);
/* Maps a memfd that must be sealed against write, grow and shrink and hold at most max bytes.
 * On success *data, *len are set (len 0: *data NULL); munmap(*data, *len) is the caller's. Returns 0 or negative errno. */
int frame_map(int fd, size_t max, const void **data, size_t *len);
/* Copies such a memfd of exactly size bytes. 0 or a negative errno. */
int frame_copy(int fd, void *to, size_t size);

static inline uint32_t object_slot(uint64_t object) { return (uint32_t)object; }
static inline uint32_t object_gen(uint64_t object) { return (uint32_t)(object >> 32); }
static inline uint64_t object_make(uint32_t slot, uint32_t gen) { return (uint64_t)gen << 32 | slot; }
#endif
