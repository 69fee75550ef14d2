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

struct stream {
    int pipe;               /* read end, non-blocking; borrowed */
    int dir;                /* folder of the file, -1: it cannot roll over; borrowed */
    int out;                /* the file, -1 before stream_open; owned */
    int scratch[2];         /* a pipe to look ahead with (tee); owned */
    int sink;               /* where bytes go that cannot be kept: /dev/null */
    uint64_t max_size;      /* bytes, 0: never roll over */
    uint32_t max_backups;   /* NAME.0 .. NAME.(n-1) */
    char name[NAME_MAX + 1];
    uint64_t run_ino, run_start;    /* where this run of the guest begins: file and offset */
    uint64_t lost;          /* bytes that could not be kept */
};

/* Before the sandbox: makes the scratch pipe. 0 or a negative errno. */
int stream_init(struct stream *s, int pipe, int dir, uint64_t max_size, uint32_t max_backups);
/* Opens NAME in dir, or takes `file` over (-1: none). truncate: from the start. 0 or a negative errno. */
int stream_open(struct stream *s, const char *name, int file, bool truncate);
/* Moves what the pipe holds, at most about `most` bytes. 1: there may be more; 0: the pipe is empty; -EPIPE: it ended;
 * -ENOSPC and others: the file cannot be written (call again later, or stream_drop). */
int stream_drain(struct stream *s, size_t most);
/* Makes room in a pipe whose file cannot be written, so that the guest does not stand still: drops up to half of it. */
void stream_drop(struct stream *s);
/* The last bytes of this run into buf. from: offset since its start. Returns their number or a negative errno. */
ssize_t stream_tail(const struct stream *s, uint64_t from, char *buf, size_t n);
void stream_close(struct stream *s);
#endif
