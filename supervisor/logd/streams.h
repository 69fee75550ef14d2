/* streams.h: virtlogd's streams, and the files that are only looked at or added to for a moment. */
#ifndef BULKHEAD_STREAMS_H
#define BULKHEAD_STREAMS_H
#include "supervisor/objects.h"

/* What a row's worker can be asked for: each can what those before it can. */
enum { STREAM_READ = 1, STREAM_APPEND, STREAM_PIPE /* it is open, as clients see it */ };
struct stream {
    uint64_t object;            /* 0: free row */
    struct life life;           /* of its log role */
    struct loop_source end;     /* the pipe, watched for the end of its last writer */
    struct loop_timer linger, again;
    int pipe, dir, file /* when the role may not use the folder */, gap /* where the role counts what it could not keep */;
    uint64_t dev, ino;          /* of the folder */
    uint8_t can;
    bool leaving;               /* its role was told to end */
    char path[LOG_PATH_MAX];
};
struct stream *stream_find(const char *path);
struct stream *stream_twin(const struct stream *s);                    /* another one whose file is this one's, by another path */
struct stream *stream_take(const char *path, int can);                  /* NULL: there are too many */
struct stream *stream_row(uint64_t object);                            /* NULL: stale */
void stream_put_fd(struct stream *s, int kind, int fd);                /* takes fd over; the keeper has it too */
void stream_free(struct stream *s);
struct peer *stream_spawn(struct stream *s, uint32_t how, struct born *n);      /* a log role, not told to start yet */
void stream_ahead(const struct stream *s);                              /* it was opened, and perhaps others will be: see streams.c */
struct peer *stream_ahead_take(const struct stream *s);                 /* the role that was born for it, without a pipe; NULL: none */
void stream_dismiss(uint64_t object, struct peer *p);                  /* it may go; also one that is no row's */
void stream_started(struct stream *s, struct peer *p);
bool stream_has_ended(const struct stream *s);                         /* no writer is left */
bool stream_folder_is_gone(const struct stream *s);
void stream_used(struct stream *s);                                     /* what is no open stream stays for a moment, for what may be asked next */
void stream_quit(struct stream *s);                                     /* its role ends when it has done what it was asked for, and the row with it */

/* open.c: calls of program log */
void log_call(const struct caller *c, struct frame *f);
void log_folder(struct stream *s);                        /* it is gone: as soon as there is one, the role has a next instance in it */
/* A step that has folder and file of a path opened, and its second half: FLOW_WAIT, or -1; then 0 with descriptors by kind (-1: none; BFD_NONE: the pipe's
 * write end), which are the caller's, or -1. */
int log_hand(struct flow *f, const char *path, bool only_look);
int log_hand_failed(struct flow *f);
int log_hand_done(struct flow *f, struct frame *fr, int fds[BFD_KIND_N]);

/* zip.c: IN_LOG_ZIP */
void zip_call(struct peer *p, struct frame *fr);

/* clean.c: once a day, if the configuration says so */
void clean_begin(void);
#endif
