/* worker.h: birth, loop and calls of every worker role.
 *
 * main() of a role:  worker_birth(ROLE_X, &w);  open what must be opened;  worker_lock(&w);  worker_run(&w);
 * After worker_lock() the role has its profile's sandbox (policy/sandbox.h) and reads its first frame. */
#ifndef BULKHEAD_WORKER_H
#define BULKHEAD_WORKER_H
#include <stdarg.h>
#include "ipc/birth.h"
#include "ipc/chan.h"
#include "ipc/err.h"
#include "ipc/frame.h"
#include "ipc/mp.h"
#include "ipc/op.h"

struct worker;
/* A call to answer. It is copied when an answer comes later (worker_later). */
struct request { uint32_t op, serial, arg; uint64_t object, origin; uint16_t flags; };
struct worker_op {
    uint32_t op;
    /* Handles one call. in: cursor on the arguments array's elements (the array header is consumed, *n elements), or raw body for program 0.
     * Answers with worker_reply/worker_error now or later. Event frames (FRAME_EVENT) are dispatched alike and get no answer. */
    void (*fn)(struct worker *w, const struct request *rq, struct frame *f);
};
struct worker {
    struct birth birth;
    struct chan chan;
    const struct worker_op *ops;       /* ends with op 0 */
    void *data;                        /* the role's own */
    void (*on_quit)(struct worker *w); /* the supervisor is gone or asks for the end; NULL: exit at once */
    void (*on_gone)(struct worker *w); /* the whole daemon is gone, by no will of its own; NULL: as on_quit */
    void (*on_epoch)(struct worker *w);/* a new supervisor: say again what it may have missed; NULL: nothing to say.
                                        * Calls in both directions are taken care of here: see "Supervisor restart" in worker.c */
};
typedef void worker_answer_fn(struct worker *w, void *data, struct frame *f, const struct err *e);   /* f: the reply, NULL on error */

void worker_birth(struct worker *w, int role);          /* reads birth, log_init, loop_init; exits with a message on nonsense */
void worker_lock(struct worker *w);                     /* sandbox, then the channel is opened */
int worker_run(struct worker *w);
/* What every role does with any frame first: it may tell from which level on is logged. */
void worker_heard(const struct frame *f);
/* body: msgpack array of results in schema order (NULL, 0: a call without results answers with an empty array). */
void worker_reply(struct worker *w, const struct request *rq, const void *body, size_t len, const int *fds, unsigned nfds);
void worker_reply_out(struct worker *w, const struct request *rq, struct mp_out *o);      /* sends and frees o */
void worker_error(struct worker *w, const struct request *rq, const struct err *e);
/* An error in words: one that err_set() would make. */
void worker_fail(struct worker *w, const struct request *rq, int code, int domain, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void worker_vfail(struct worker *w, const struct request *rq, int code, int domain, const char *fmt, va_list ap);
void worker_malformed(struct worker *w, const struct request *rq);      /* the arguments are not what the schema has */
/* One-way message / call to the supervisor. */
void worker_event(struct worker *w, uint32_t op, uint32_t arg, const void *body, size_t len, const int *fds, unsigned nfds);
int worker_call(struct worker *w, uint32_t op, uint32_t arg, const void *body, size_t len, const int *fds, unsigned nfds, worker_answer_fn *fn, void *data);
/* Opens the arguments of an API call: guards the body, enters the array. 0, or an error is answered (code 39) and -1. */
int worker_args(struct worker *w, const struct request *rq, struct frame *f, struct mp_in *in);
/* After the last getter: 0, or the same error is answered and -1. */
int worker_args_end(struct worker *w, const struct request *rq, const struct mp_in *in);
#endif
