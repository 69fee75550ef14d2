/* gateway.h: what the gateway's files share.
 *
 * One process serves one client.  A front (rpc.c: libvirt's RPC, mprpc.c: msgpack-RPC) cuts the byte stream into calls; call.c
 * carries a call from its arguments to its answer: here (tables of local calls) or by a frame to whoever knows. */
#ifndef BULKHEAD_GATEWAY_H
#define BULKHEAD_GATEWAY_H
#include "conn.h"
#include "ipc/index.h"
#include "ipc/internal.h"
#include "ipc/layout.h"
#include "ipc/schema/op-numbers.h"
#include "ipc/settings.h"
#include "workers/worker.h"

enum {
    GW_OUT_SOFT = 1 << 20,          /* with more than this unsent no further call is read */
    GW_OUT_EVENTS = 4 << 20,        /* with more than this unsent an event ends the client */
};

struct gw;
struct call;
typedef void call_done_fn(struct gw *gw, struct call *c, struct frame *f, const struct err *e);

/* A call on its way.  It is freed by its answer. */
struct call {
    struct call *next;
    const struct op *op;
    uint32_t id;                    /* the client's name for it: RPC serial, msgpack-RPC message id */
    uint32_t serial;                /* ours, of its frame; 0: no frame was sent */
    uint64_t sent_ms;               /* when that was first sent */
    uint32_t frame_op;              /* of its frame; the op's own unless a call is asked for in other words */
    uint32_t supervisors;           /* that died while it was outstanding */
    uint64_t object;
    uint32_t arg;
    uint16_t flags;
    struct mp_out args;             /* arguments, kept until the answer: a new supervisor must be asked again */
    int fds[XDR_FDS_MAX];
    unsigned nfds;
    bool asked;                     /* access.c: and it may be made */
    uint8_t *sees;                  /* access.c: a bit a slot: guests that its client may know of; NULL: all */
    bool inner;                     /* part of another call: no answer to the client */
    unsigned *share;                /* in which it has a place: the client's, or a sibling's; NULL: in none */
    call_done_fn *done;             /* takes the frame's answer; NULL: it goes to the client as it is */
    void *data;
    void (*cleanup)(void *data);    /* of data, when the call is freed; may be NULL */
    struct sibling *sibling;        /* whose it is to answer, or NULL */
    uint32_t there;                 /* the call's serial there; 0: it waits for the connection */
    const struct mp_out *their_error;   /* what is told as an error: a sibling's, whole, in the shape of shape_error; NULL: the struct err is all */
};

/* How answers and events reach the client. */
struct front {
    void (*input)(struct gw *gw);   /* takes calls out of the connection's bytes while gw_may_read() */
    /* body: msgpack array of results.  0, or -EPROTO: it has not the reply's shape. */
    int (*reply)(struct gw *gw, const struct call *c, const void *body, size_t len, const int *fds, unsigned nfds);
    void (*error)(struct gw *gw, const struct call *c, const struct err *e);
    int (*event)(struct gw *gw, const struct op *op, const void *body, size_t len);      /* body: the whole message's fields */
    /* A word of the stream that call `id` of `op` opened: XDR_CONTINUE: bytes (none: that was all); STREAM_HOLE: a uint64_t of zeros; XDR_OK: its end; XDR_ERROR: the same, with e,
     * and in bytes as a sibling said it, or none. */
    void (*stream)(struct gw *gw, const struct op *op, uint32_t id, int status, const void *p, size_t n, const struct err *e);
};
extern const struct front front_rpc, front_mprpc;

struct callback;
struct stream;
struct waiting;
struct sibling;
struct gw {
    struct worker w;
    struct index ix;
    const struct client_row *clients;           /* admin door only, with its head */
    const struct clients_head *clients_head;
    struct settings set;
    struct layout layout;
    struct serve serve;
    struct conn conn;
    const struct front *front;
    size_t scanned;                 /* mprpc.c: bytes of the next message that are known */
    void *scan;
    struct call *calls;             /* outstanding */
    unsigned ncalls;                /* of the client's that are done here, of which max_calls may be outstanding */
    unsigned max_calls;
    uint32_t serial;                /* of the last frame */
    bool serving, need_auth, opened, readonly;
    bool closing;                   /* the client said good-bye: what is queued goes out, then the end */
    bool ended;
    char *uri;                      /* as it was opened */
    /* keepalive.c */
    struct loop_timer ka_timer;
    uint64_t ka_heard_ms;
    uint32_t ka_pings;              /* unanswered */
    bool ka_on;
    struct loop_timer version_timer;    /* open.c */
    struct loop_timer late_timer;       /* call.c: armed while a frame waits for its answer */
    /* events.c */
    struct callback *callbacks;
    int32_t next_callback;          /* callback_number() */
    unsigned ncallbacks;
    uint64_t mask[2];               /* subscribed */
    bool lease_events;              /* lockd.c: asked for */
    struct stream *streams;         /* stream.c */
    struct waiting *events_waiting; /* access.c: first of those that nobody has said yes to yet */
    unsigned nevents_waiting;
    struct group *groups;           /* given.c: of descriptors for disks */
    struct sibling *siblings;       /* sibling.c; NULL: none was asked for */
};

static inline bool gw_is_admin(const struct gw *gw) { return gw->serve.door == DOOR_ADMIN; }

/* main.c */
void gw_init(struct gw *gw);                    /* settings and pages from the birth's descriptors; exits without an index page or a layout */
void gw_frame(struct chan *ch, struct frame *f);   /* on_frame of the channel, whose data is &gw->w */
int gw_serve(struct gw *gw, const struct serve *s, int fd);    /* takes fd over */
void gw_end(struct gw *gw, const char *why);    /* marks the end; gw_pump() or its caller frees */
void gw_free(struct gw *gw);                    /* everything of this client */
void gw_pump(struct gw *gw);                    /* last step of every event: take input that waited, write output */
bool gw_may_read(const struct gw *gw);

/* call.c */
struct call *call_new(struct gw *gw, const struct op *op, uint32_t id);     /* NULL: no memory, the client is ended */
/* One for the sake of another: done takes its answer, and frees it. NULL as above. */
struct call *call_inner(struct gw *gw, const struct op *op, uint32_t id, call_done_fn *done, void *data);
void call_inner_cancel(struct gw *gw, const void *data);           /* all those with this data */
void call_share(struct call *c, unsigned *share);                  /* its place is in that from now on */
void call_free(struct gw *gw, struct call *c);
int gw_admit(struct gw *gw, const struct op *op, struct err *e);   /* before arguments are read: authentication */
void gw_call(struct gw *gw, struct call *c);                       /* does it; takes c over */
void call_send(struct gw *gw, struct call *c);                     /* as a frame; takes c over */
void call_send_struct(struct gw *gw, struct call *c, const void *body, size_t n);    /* the same, with a struct in place of its arguments */
bool call_reply(struct gw *gw, struct call *c, const void *body, size_t len, const int *fds, unsigned nfds);   /* false: an error went out instead */
void call_reply_out(struct gw *gw, struct call *c, struct mp_out *o);  /* and frees o */
void call_done(struct gw *gw, struct call *c);                     /* answer of a call without results */
void call_int(struct gw *gw, struct call *c, int64_t v);           /* answer of one number */
void call_str(struct gw *gw, struct call *c, const char *s);       /* answer of one string */
void call_none(struct gw *gw, struct call *c);                     /* answer of a list or a count: there is none */
void call_error(struct gw *gw, struct call *c, const struct err *e);
void call_fail(struct gw *gw, struct call *c, int code, int domain, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void call_fail_api(struct gw *gw, struct call *c, int code, const char *fmt, ...) __attribute__((format(printf, 4, 5)));  /* in the domain of the call's API */
bool call_flags_ok(struct gw *gw, struct call *c, uint32_t flags, uint32_t known);   /* false: answered with "unsupported flags" */
bool call_flags_known(struct gw *gw, struct call *c);                            /* the same by the table of flags.c */
void call_answer(struct gw *gw, struct frame *f);                  /* a REPLY or ERROR frame */
bool frame_fits(const struct frame *f, const struct op *op);       /* the body, looked through already, is a reply of op's shape */
void call_resend(struct gw *gw, uint32_t serial);                  /* to a new supervisor; 0: all that are open */
void call_cancel_all(struct gw *gw);
void call_cancel(struct gw *gw, struct call *c);                   /* tells the worker, and frees */

/* Calls that are answered here: tables end with op 0.  in: at the first argument, inside the call's own bytes: an answer, also one
 * by a helper that then returns false, frees both, and nothing of them may be touched after it. */
typedef void local_fn(struct gw *gw, struct call *c, struct mp_in *in);
struct local { uint32_t op; local_fn *fn; };
extern const struct local local_open[], local_domain[], local_list[], local_events[], local_stats[], local_addresses[], local_given[], local_none[], local_admin[], local_debug[], local_logd[], local_lock[];

local_fn get_info;                                                 /* info.c */

/* route.c */
bool gw_speaks(const struct gw *gw, enum program prog);            /* of libvirt's programs: those of this daemon, and this door */
int api_domain(const struct op *op);                               /* error domain of libvirt's file that has this function */
int api_sibling(const struct op *op);                              /* enum host_daemon: of the family that another daemon has; 0: ours */
/* Finds the guest an operation names: its handle, or e is set (error 42). */
int domain_find(struct gw *gw, struct mp_in *in, struct index_slot *s, uint64_t *object, struct err *e);
int call_object(struct gw *gw, struct call *c, struct err *e);     /* c->object from its arguments, if it has such */
void mp_domain(struct mp_out *o, const struct index_slot *s);      /* [name, uuid, id] */

/* sibling.c: calls about objects of other daemons, which go to these */
void call_sibling(struct gw *gw, struct call *c);
bool siblings_input(struct gw *gw);                                /* takes what they said. true: something is left, for the client has to read first */
bool siblings_output(struct gw *gw);                               /* the end of a turn: what is queued for them is written, and their sockets are armed. true: there is room for more of the client's */
void siblings_free(struct gw *gw);

/* absent.c */
void call_absent(struct gw *gw, struct call *c);                   /* a call of another daemon's family on a host that has none: answers it */

/* open.c: what AUTH, OPEN and CLOSE left */
bool open_needed(const struct op *op);                             /* not before connect.open */

/* lockd.c */
/* lockd.c: methods of virtlockd's doors beside the schema. */
extern const struct op lock_methods[2];
void lock_event(struct gw *gw, struct frame *f);                     /* IN_LEASE_LOST */

/* debug.c */
const struct op *internal_op(const struct gw *gw, const char *name, size_t n);            /* a method of the admin door beside the schema; NULL: none */

/* keepalive.c */
void keepalive_start(struct gw *gw);
void keepalive_message(struct gw *gw, int32_t proc);               /* program keepalive */
static inline void keepalive_heard(struct gw *gw) { gw->ka_heard_ms = loop_now_ms(); gw->ka_pings = 0; }

/* given.c: a socket with what the client gave for the call's guest becomes one of the call's descriptors, if there is anything, and disks may be opened by that call. */
void given_take_along(struct gw *gw, struct call *c);

/* access.c */
void call_here(struct gw *gw, struct call *c);                     /* call.c: what is left to do with a call that may be made; takes c over */
bool access_first(struct gw *gw, struct call *c);                  /* true: it has to be asked for, and comes to call_here() or ends */
bool access_sees(const struct call *c, uint32_t slot);
void access_event(struct gw *gw, const struct dom_head *d, struct frame *f);   /* an event of that guest: to events_frame() once its client may see it */
void access_free(struct gw *gw);

/* events.c */
void events_frame(struct gw *gw, struct frame *f);
void events_subscribe(struct gw *gw, bool again);                  /* tells the supervisor what is wanted, if that changed */
void events_free(struct gw *gw);
int32_t callback_number(struct gw *gw);                            /* of the next registration: after all there are they come again */

/* stream.c */
enum { STREAM_HOLE = XDR_CONTINUE + 1 };                           /* beside enum xdr_status */
void stream_open(struct gw *gw, const struct op *op, uint32_t id, int fd);     /* after the call's reply; takes fd over */
struct stream *stream_find(struct gw *gw, const struct op *op, uint32_t id);   /* op NULL: whichever; NULL: it may have ended on our side meanwhile */
void stream_message(struct stream *s, int status, const uint8_t *p, size_t n);  /* the client's word: XDR_CONTINUE, STREAM_HOLE, XDR_OK: no more comes, XDR_ERROR: away with it */
unsigned stream_waiting(const struct gw *gw);                      /* messages not passed on yet: they count as calls */
bool stream_may_pass(struct gw *gw, struct call *c);               /* before a sibling is asked for one. false: there are too many; the call was answered */
void stream_pass(struct gw *gw, const struct call *c);             /* it has been asked */
void stream_answered(const struct sibling *sb, uint32_t there, bool opened);       /* the call with that serial, if it was for one */
bool stream_heard(const struct sibling *sb, const struct xdr_head *h, const uint8_t *p, size_t n);     /* a message of one. false: it makes no sense */
void streams_lost(const struct sibling *sb, const struct err *e);  /* all that were that sibling's */
void streams_drained(struct gw *gw);                               /* the output queue is empty: read on */
void streams_free(struct gw *gw);

/* rpc.c */
void rpc_message(struct xdr_out *o, const struct xdr_head *h, const void *p, size_t n);
void rpc_stream_word(struct xdr_out *o, const struct op *op, uint32_t serial, int status, const void *p, size_t n);     /* as struct front's, but for errors without bytes */
int rpc_hole(uint64_t *length, const uint8_t *p, size_t n);        /* 0; -EPROTO: that is none */
#endif
