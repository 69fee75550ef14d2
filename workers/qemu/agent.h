/* agent.h: the guest agent of one guest, through its virtio-serial channel.
 *
 * The guest chooses every byte that comes.  Calls are queued and run one after the other; before each the channel is synchronised
 * (guest-sync-delimited with a fresh id), so that an answer that comes too late is never taken for the next one's. */
#ifndef BULKHEAD_QEMU_AGENT_H
#define BULKHEAD_QEMU_AGENT_H
#include "ipc/err.h"
#include "workers/qemu/jline.h"

#define AGENT_BYTES_MAX (4u << 20)
#define AGENT_SYNC_MS 5000u             /* libvirt's bound for the synchronisation */
#define AGENT_DEADLINE_MS 60000u        /* longest a call may take whatever the caller asks for */
#define AGENT_QUEUE_MAX 64u

typedef void agent_reply_fn(void *data, json_t *ret, const struct err *e);   /* ret borrowed; exactly once a call */
struct agent_call;
struct agent {
    struct jline line;
    struct loop_timer clock;
    struct agent_call *head, *tail;     /* head is being worked on */
    uint32_t queued;
    uint64_t sync_id;
    enum { AGENT_IDLE, AGENT_SYNCING, AGENT_CALLING } state;
    bool configured;                    /* the document has the channel */
    bool connected;                     /* QEMU says that the guest has its end open */
    uint32_t sync_ms;                   /* domain_agent_set_response_timeout; 0: AGENT_SYNC_MS */
};
void agent_init(struct agent *a, bool configured);
/* Takes fd over; 0 or negative errno. */
int agent_open(struct agent *a, int fd);
void agent_close(struct agent *a);
void agent_set_connected(struct agent *a, bool connected);      /* false: waiting calls fail at once */
/* 0 when a call can be tried; else *e says why not in libvirt's words and -1. */
int agent_check(const struct agent *a, struct err *e);
/* ms 0: AGENT_DEADLINE_MS. args taken over. no_answer: success has no answer (guest-shutdown); see agent_acted. */
void agent_send(struct agent *a, const char *name, json_t *args, unsigned ms, bool no_answer, agent_reply_fn *fn, void *data);
/* A whole command object as the client gave it (taken over); ret is the whole answer; an answer that tells an error is an error here too. */
void agent_send_raw(struct agent *a, json_t *cmd, unsigned ms, agent_reply_fn *fn, void *data);
/* The guest shut down, reset or suspended: what a call with no_answer waited for. */
void agent_acted(struct agent *a);
#endif
