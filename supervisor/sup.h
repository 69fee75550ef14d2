/* sup.h: the parts of the supervisor: slots, peers, routing, flows.  All tables are of fixed size; a peer that breaks a rule is ended. */
#ifndef BULKHEAD_SUP_H
#define BULKHEAD_SUP_H
#include "ipc/chan.h"
#include "ipc/err.h"
#include "ipc/internal.h"
#include "ipc/layout.h"
#include "ipc/log.h"
#include "ipc/util.h"

/* ---- what the supervisor was born with ---- */
struct sup {
    struct birth birth;
    struct settings settings;
    struct layout layout;
    struct index index;
    struct clients_head *clients;
    struct client_row *client_rows;
    struct chan keeper;
    uint32_t epoch;
    bool accepting;
};
extern struct sup sup;
int sup_fd(int kind, uint32_t arg);          /* what it was born with; -1 none */
void keeper_tell(uint32_t op, const void *body, size_t len, const int *fds, unsigned nfds);

/* ---- peer.c: every process with a channel to us ---- */
struct life;
struct caller;
struct run;
struct peer {
    struct chan chan;
    uint64_t number;            /* 0: free row; epoch << 32 | count otherwise, which is never used twice */
    uint64_t object;
    uint8_t role, door;
    bool eof, exited, once /* answers one call */, spare /* born before it is needed */, inherited /* from an earlier supervisor: replies to calls of that one may still come */, killed /* by us */;
    int32_t pid;
    uint32_t uid, client_row /* gateways: of their client; + 1 */;
    uint32_t calls /* of its, in the pending table */, last_op, first_serial /* gateways: of the first call that came to us as a new one; they count upwards */;
    uint64_t last_ms;
    uint64_t mask[2];           /* gateways: events wanted */
    uint32_t second_n;          /* workers: events of this second */
    struct life *life;          /* who starts the next instance */
    struct exited *obituary;    /* while its end is handled */
    struct loop_timer reaper, second;
};
/* A birth being put together: descriptors are borrowed until peer_spawn. */
struct born { struct birth b; int fds[BIRTH_FDS_MAX]; unsigned n; uint32_t tag /* struct held's */; };
void born_begin(struct born *n, int role, uint64_t object, const char *name);      /* with what every one of the role is born with */
void born_fd(struct born *n, int kind, uint32_t arg, int fd);          /* fd < 0: left out */
struct peer *peer_spawn(struct born *n);                               /* NULL: no row or no memory. Frames may be sent at once */
struct peer *peer_take(int role, uint64_t object, const char *name);   /* of a role that needs no more than that: a spare one if there is one */
void peer_soon(int role, unsigned some);                               /* steps will take as many: they are born beside the steps before */
void peer_not_needed(void);                                            /* no step comes that would take them */
void peer_spares(void);                                                 /* they are born in a moment, and again as they are taken */
struct peer *peer_find(uint64_t number);
struct peer *peer_next(struct peer *after);
struct peer *peer_inherit(const struct held *h, int fd);               /* a channel the keeper held */
int peer_send(struct peer *p, struct frame_head *h, const void *body, size_t len, const int *fds, unsigned nfds);
void peers_tell(uint32_t op);                                           /* IN_EPOCH or IN_LOG_LEVEL */
void peer_kill(struct peer *p, int sig);
void peer_refuse(struct peer *p, const char *why);                     /* it sent nonsense: log, end */
void peer_on_spawned(struct frame *f);
void peer_on_exited(struct frame *f);
void peer_workers(const struct caller *c, struct frame *f);/* IN_WORKERS */

/* ---- life.c: instances of what must always be there: conf, host, guests' workers, log roles ---- */
enum life_state { LIFE_NONE, LIFE_UP, LIFE_WAIT, LIFE_FAILED };
struct life {
    uint8_t state, deaths;
    uint32_t instance;
    uint64_t first_death_ms, number /* of the present peer */;
    struct loop_timer timer;
    struct peer *(*spawn)(struct life *l);
    void (*ended)(struct life *l);   /* no instance comes any more: it has finished (LIFE_NONE) or failed */
    void *data;
    bool may_finish;            /* a clean exit is the end of its work */
};
void life_start(struct life *l);
void life_adopt(struct life *l, struct peer *p);
void life_release(struct life *l);                                      /* no more instances; the peer ends by itself */
bool life_peer_died(struct life *l, const struct exited *x, const char **decision);     /* true: another instance comes. l may be gone then if none does; decision: for the log */
struct peer *life_peer(const struct life *l);                           /* NULL: none just now */

/* ---- who waits for an answer ---- */
struct caller { uint64_t number; uint32_t serial, op, arg; uint16_t flags; };   /* number 0: nobody waits */

/* ---- route.c: calls of gateways and their answers ---- */
void route_frame(struct peer *p, struct frame *f);
void route_answer(struct peer *p, struct frame *f);
/* Answers, all that follow by way of the first.  FRAME_BIG: the body is the first descriptor. */
void route_put(const struct caller *c, int kind, unsigned flags, const void *body, size_t len, const int *fds, unsigned nfds);
void route_reply(const struct caller *c, const void *body, size_t len, const int *fds, unsigned nfds);
void route_error(const struct caller *c, const struct err *e);
void route_fail(const struct caller *c, int code, const char *text);
void route_peer_gone(struct peer *p, bool comes_again);                 /* its calls are forgotten, calls to it answered or parked */
void route_wake(uint64_t object);
void route_to(const struct caller *c, struct peer *to, struct frame *f);         /* passes a call on unread */
void route_park(const struct caller *c, uint64_t object);               /* it comes again with route_wake(), also one that a flow had */
bool route_in_flow(const struct caller *c);                              /* notes that a flow will answer; false: no room */
const char *op_label(uint32_t op, char buf[24]);

/* ---- flow.c: one thing after the other, without ever waiting in a handler ---- */
enum flow_fd { FF_BODY /* the caller's BIG body */, FF_TEXT /* definition or live XML */, FF_TREE, FF_MANIFEST, FF_IMAGE, FF_ASK /* chain.c: these three together; what the probe is asked, or its answer */, FF_HAND /* talk.c */, FF_SAVED, FF_HOOK /* what hook scripts get */, FF_GIVEN /* what the caller gave for disks (given.h), unread */, FF_N };
enum { FLOW_WAIT = 0, FLOW_NEXT = 1, FLOW_END = 2, FLOW_AGAIN = 3, FLOW_BLOCKED = 4, FLOW_LATER = 5 /* the same, as long as its caller has patience */ };     /* results of a step; -1: failed, f->err is set */
#define WAITED_FOR "cannot acquire state change lock"   /* with VIR_ERR_OPERATION_TIMEOUT: as libvirt tells who waited too long for another's work */
struct flow;
typedef void flow_done_fn(struct flow *f, bool ok);
struct step {
    const char *name;
    int (*go)(struct flow *f);
    int (*got)(struct flow *f, struct frame *fr);   /* the awaited reply; FLOW_AGAIN runs go once more */
    int (*failed)(struct flow *f);                  /* go or got failed, or an error came instead (f->err); NULL: the flow fails */
};
struct flow {
    const struct step *steps;   /* NULL: free row; ends with go NULL */
    flow_done_fn *done;                             /* always called once: answers the caller */
    uint32_t pc, serial;
    uint64_t object;            /* 0 while it has none */
    uint64_t wanted;            /* object it will claim */
    int slot;                   /* of object, -1 none */
    int32_t id;
    bool commits /* a new name is on its way to the disk */, live_first, answered, next /* plug.c: beside what the run has */, new_slot;
    uint64_t awaited;           /* peer's number */
    bool died /* it ended instead of answering */, again /* then the step is taken again: what is asked may be done twice */;
    uint64_t from;              /* the one that answered last */
    struct caller caller;
    struct err err, start_err /* what the caller is told when all is undone */;
    int fd[FF_N];
    _Alignas(8) uint8_t body[8448];     /* the caller's arguments if they are short, else FF_BODY; struct launch when it is one */
    uint32_t blocked /* FLOW_BLOCKED or FLOW_LATER: it is tried again */, body_len, arg, i, looked /* chain.c: the image that is looked at */, has /* talk.c: enum hand_has, of what was opened last */;
    struct doc_result doc;
    struct conf_entry entry;    /* load.c: the file */
    uint8_t reply[8192];        /* API reply that came with the document, and an event's fields */
    uint32_t reply_len;
    char name[NAME_MAX_BYTES];
    struct run *run;
};
struct flow *flow_start(const struct step *steps, flow_done_fn *done, const struct caller *c);   /* NULL: the caller got an error */
void flow_begin(const struct step *steps, flow_done_fn *done, const struct caller *c, struct frame *fr);      /* for a call of a client's; starts it, and runs it */
flow_done_fn flow_answered;                                             /* the reply that came with the document, or nothing but that it is done; or the error */
int flow_without(struct flow *f);                                       /* a step failed, which is tried again, and then done without; f->i counts it */
int flow_answer(struct flow *f, struct frame *fr);                      /* a step's second half: the reply is the caller's */
void flow_go(struct flow *f);                                           /* runs until it waits or ends */
void flow_end(struct flow *f, bool ok);                                 /* before its last step has; f->err is set unless ok */
int flow_claim(struct flow *f, uint64_t object);                        /* FLOW_NEXT, or FLOW_LATER while another has it */
void flow_late(const struct caller *c);                                 /* its patience is at an end: if its flow only waits, that ends */
int flow_pass(struct flow *f, struct peer *p, const int *more, unsigned nmore);
int flow_call(struct flow *f, struct peer *p, uint32_t op, uint32_t arg, const void *body, size_t len, const int *fds, unsigned nfds);
void flow_got(struct peer *p, struct frame *fr);                        /* a reply to a call of ours */
void flow_peer_gone(struct peer *p);
void flow_unblock(void);                                                /* what blocked flows wait for may have come */
struct flow *flow_of(uint64_t object);                                  /* the one that has the object now */
struct flow *flow_next(struct flow *after);
static inline void flow_take(struct flow *f, int k /* of its fd */, struct frame *fr, unsigned i) { util_closep(&f->fd[k]); f->fd[k] = frame_take_fd(fr, i); }
int hand_call(struct flow *f, int role, uint32_t op, const void *body, size_t len, const int *fds, unsigned nfds);
int hand_did(struct flow *f, struct frame *fr);                         /* its answer, as a step's second half: FLOW_NEXT with hand_done, or -1 with f->err */
extern struct hand_done hand_done;                                      /* of the last one that was looked at */

/* ---- gateways.c ---- */
void gateways_open(void);
void gateways_gone(struct peer *p);
void gateways_inherit(struct peer *p);
void gateways_known(struct peer *p);                                     /* its client is who it has to be: its door is open */
void gateways_limits(const struct caller *c, struct frame *f);     /* IN_LIMITS */

/* ---- supervisor.c ---- */
void idle_update(void);                                                 /* clients or objects came or went: --timeout */
void ready(void);                                                       /* the doors open */

#endif
