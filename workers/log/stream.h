/* stream.h (log): one log stream: a pipe emptied into a file that rolls over.
 *
 * Bytes go from pipe to file by splice only: what it takes from the pipe is in the file, so that a SIGKILL between any two
 * instructions neither loses nor doubles a byte.  The place to write at is always the file's end, asked for anew each time:
 * nothing has to be remembered from one instance to the next. */
#ifndef BULKHEAD_LOG_STREAM_H
#define BULKHEAD_LOG_STREAM_H
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct stream_rules {
    uint64_t max_size;      /* bytes, 0: never roll over for it */
    uint32_t max_backups;   /* NAME.0 .. NAME.(n-1) */
    uint32_t max_age_s;     /* a file that was begun longer ago rolls over, too; 0: never */
    uint32_t rate;          /* bytes a second, 0: as they come */
    bool stamps;            /* each line begins with the time at which it was written */
    bool compress;          /* backups */
};

struct stream {
    int pipe;               /* read end, non-blocking, -1: it is written to by stream_append alone; borrowed */
    int dir;                /* folder of the file, -1: it cannot roll over; borrowed */
    int out;                /* the file, -1 before stream_open; owned */
    int scratch[2];         /* a pipe to look ahead with (tee), while it is needed; owned */
    int pipe_size;          /* of the pipe; as large as it gets: not asked for more */
    int sink;               /* where bytes go that cannot be kept: /dev/null */
    struct stream_rules rules;
    char name[NAME_MAX + 1];
    uint64_t run_ino, run_start;    /* where this run of the guest begins: file and offset */
    time_t begun;           /* the file, when max_age_s counts */
    uint64_t allowed, allowed_at_ms;    /* by the rate: bytes, and when they were reckoned */
    bool orphan;            /* the daemon is gone: another one's roles may write to the file, too */
    bool locked;
    uint64_t lost;          /* bytes that could not be kept since the last mark in the file */
    uint32_t rolls;         /* how often the file has rolled over */
    bool rolled;            /* since zip_next() looked */
    int zip;                /* the backup that is being compressed, -1: none */
    void (*turn)(void);     /* called within what takes long; NULL: nobody waits */
};

/* 0 or a negative errno. */
int stream_init(struct stream *s, int pipe, int dir, const struct stream_rules *rules);
/* Names the stream NAME; opens it in dir unless `how` is LOG_LOOK, or takes `file` over (-1: none). how: enum log_start. 0 or a negative errno;
 * -EBUSY: with a pipe, while an orphan has the file. */
int stream_open(struct stream *s, const char *name, int file, int how);
/* Moves what the pipe holds, at most about `most` bytes. 1: there may be more; 0: the pipe is empty; -EPIPE: it ended; STREAM_TOO_FAST: no more
 * may come this second; -ENOSPC and others: the file cannot be written (call again later, or stream_drop). */
#define STREAM_TOO_FAST (-ETIME)        /* what no file system says */
int stream_drain(struct stream *s, size_t most);
/* Makes room in a pipe whose file cannot be written, so that the guest does not stand still: drops what is beyond half of it. A line in the
 * file tells of it, once it can be written again. */
void stream_drop(struct stream *s);
/* A message of somebody else's, at the file's end. 0 or a negative errno. */
int stream_append(struct stream *s, const void *text, size_t n);
/* The daemon is gone, but whoever writes into the pipe is not: the stream goes on by itself, and others that write to its file do so in between. */
void stream_orphan(struct stream *s);
/* Where the next byte goes. */
int stream_position(const struct stream *s, uint64_t *inode, uint64_t *offset);
/* The last bytes of this run into buf. from: offset since its start. Returns their number or a negative errno. */
ssize_t stream_tail(const struct stream *s, uint64_t from, char *buf, size_t n);
void stream_close(struct stream *s);

/* backups.c */
#define BACKUP_NAME_BYTES (NAME_MAX + 16)
void backup_name(const struct stream *s, uint32_t i, bool zipped, char out[BACKUP_NAME_BYTES]);
uint32_t backups_end(const struct stream *s);       /* all of them have lower numbers */
int backups_shift(struct stream *s);                /* makes NAME.0 free. 0 or a negative errno */
void zip_settle(struct stream *s);                  /* what a killed process left half done is undone */
/* One to compress, if there is: 1, and fds [0] to read, which stays the stream's, [1] to write to, the caller's; then zip_done() is to come. 0: none; or a negative errno. */
int zip_next(struct stream *s, int fds[2]);
int zip_done(struct stream *s, bool whole);         /* it takes the plain one's place, or nothing came of it. 0 or a negative errno */

bool stream_is_open(int fd);        /* some log role has this file */

/* clean.c: removes logs in the folders of `root` that were last written to before a time, and are not open. How many. */
unsigned clean_logs(int root, time_t before);

/* read.c: what is in the file, and in those that it rolled over to.  inode: of the file where to begin (of a compressed one, that it had before); at most n bytes from
 * offset on, through all files after it. file: the live one, if it cannot be opened by its name, or -1. Returns their number, -EBADF: no such file, or another negative errno. */
ssize_t stream_read(struct stream *s, int file, uint64_t inode, uint64_t offset, char *buf, size_t n);
#endif
