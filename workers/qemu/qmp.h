/* qmp.h: one connection to a QEMU monitor.
 *
 * Nothing here waits: a command is queued, its answer comes by callback, and every command has a deadline.  A command whose
 * deadline passed is remembered until QEMU answers it or the connection ends ("owed"); while something is owed the monitor is
 * stale and new commands are refused at once, so that a stopped QEMU costs its callers one deadline and not one each. */
#ifndef BULKHEAD_QEMU_QMP_H
#define BULKHEAD_QEMU_QMP_H
#include "ipc/err.h"
#include "workers/qemu/jline.h"

#define QMP_DEADLINE_MS 10000u
#define QMP_PENDING_MAX 256u

struct qmp;
/* The answer: ret is the value of "return", borrowed for the call; or NULL and e says why not.  Called exactly once a command. */
typedef void qmp_reply_fn(void *data, json_t *ret, const struct err *e);
struct qmp_cmd;
enum qmp_state { QMP_CLOSED, QMP_OPENING, QMP_READY };
struct qmp {
    struct jline line;
    enum qmp_state state;
    struct qmp_cmd *head, *tail;
    uint32_t pending, owed;
    uint64_t next_id, busy_since_ms;
    uint64_t id_low;                    /* ids below are of an earlier worker */
    struct loop_timer clock;
    char version[64];
    /* Set by the owner before qmp_open. */
    void *data;
    void (*on_ready)(struct qmp *q);                                    /* capabilities agreed; commands may have been queued before */
    void (*on_event)(struct qmp *q, const char *name, json_t *data, double when);   /* data may be NULL */
    void (*on_stale)(struct qmp *q, bool stale);
    void (*on_end)(struct qmp *q, int err);                             /* all pending commands were answered with an error before */
};

/* Takes fd over. resume: the connection was used by an earlier instance (`instance` > 0): a half-sent command is flushed with 0xFF,
 * answers to that instance are dropped by their ids.  0 or negative errno. */
int qmp_open(struct qmp *q, int fd, bool resume, uint32_t instance);
void qmp_close(struct qmp *q);

/* Sends a command. args is taken over (NULL: none; an object).  fd: borrowed, -1 none.  ms 0: QMP_DEADLINE_MS.
 * The callback may come before this returns (refused). fn NULL: nobody cares for the answer. */
void qmp_send(struct qmp *q, const char *name, json_t *args, int fd, unsigned ms, qmp_reply_fn *fn, void *data);
/* Sends a whole command object (taken over) under an id of ours; ret is the whole reply object, error or not. */
void qmp_send_raw(struct qmp *q, json_t *cmd, int fd, qmp_reply_fn *fn, void *data);
/* Sends what is queued now rather than at the end of the turn: after a batch. */
static inline void qmp_flush(struct qmp *q) { jline_flush(&q->line); }
/* Forgets callbacks of one owner: their answers are dropped. */
void qmp_forget(struct qmp *q, void *data);
static inline bool qmp_is_stale(const struct qmp *q) { return q->owed > 0; }
/* Milliseconds the oldest unanswered command has been waiting, 0 none. */
uint64_t qmp_waiting_ms(const struct qmp *q);
/* Name of the oldest unanswered command, NULL none. */
const char *qmp_waiting_for(const struct qmp *q);
#endif
