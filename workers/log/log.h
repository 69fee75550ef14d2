/* log.h: what the log role's files share: one stream. */
#ifndef BULKHEAD_LOG_H_ROLE
#define BULKHEAD_LOG_H_ROLE
#include "workers/log/stream.h"
#include "workers/worker.h"

extern struct stream stream;
extern int given_file;              /* BFD_FILE, -1: none */
extern int clean_root;              /* BFD_DIR, of a role that is born to clean up */
extern uint32_t max_age_days;
void log_drain(void);               /* what is in the pipe now goes before what a call asks or brings */

/* calls.c: program log, about this stream, whatever path the call names */
void call_position(struct worker *w, const struct request *rq, struct frame *f);
void call_read(struct worker *w, const struct request *rq, struct frame *f);
void call_append(struct worker *w, const struct request *rq, struct frame *f);
void call_clean(struct worker *w, const struct request *rq, struct frame *f);
void reply_position(struct worker *w, const struct request *rq);       /* [[inode, offset]], of an open file */
#endif
