/* jline.h: a stream of JSON texts, one a line, from a peer that may be hostile (QEMU's monitor, the agent inside the guest).
 *
 * Input is bounded before anything parses it: bytes a line, nesting, number of values.  A line that breaks a bound is skipped up to
 * its newline and reported with a negative errno, so that the stream stays usable.  Lines beyond a rate stop the reading for a
 * while, which the peer feels as a full socket and the rest of the worker not at all.  Output is a queue with a bound. */
#ifndef BULKHEAD_QEMU_JLINE_H
#define BULKHEAD_QEMU_JLINE_H
#include <jansson.h>
#include "ipc/loop.h"

#define JLINE_BYTES_MAX (10u << 20)      /* libvirt's bound for a monitor reply */
#define JLINE_DEPTH_MAX 64u
#define JLINE_VALUES_MAX 200000u         /* about 20 MiB once parsed */
#define JLINE_OUT_MAX (4u << 20)
#define JLINE_RATE 2000u                 /* lines a second, and burst; refilled while the peer rests */
#define JLINE_FREE_OVER 16384u           /* buffers larger than this are given back once empty */

struct jline;
/* One line: v is a parsed value borrowed for the call (any JSON type), or NULL with err: -EMSGSIZE too long, too deep or too many
 * values, -EBADMSG no JSON. */
typedef void jline_fn(struct jline *j, json_t *v, int err);
typedef void jline_end_fn(struct jline *j, int err);    /* once: 0 end of file, else negative errno; the owner calls jline_close */

struct jline_out;
struct jline {
    struct loop_source src;
    int fd;                              /* ours; -1 closed */
    struct loop_timer rest;              /* runs while reading is suspended for the rate */
    jline_fn *on_line;
    jline_end_fn *on_end;
    void *data;
    size_t line_max;
    char *buf;
    size_t len, cap, seen;               /* seen: bytes known to hold no newline */
    bool skipping;                       /* inside a line that is too long */
    bool delimited;                      /* 0xFF begins a new text (agent) */
    bool ended, busy;
    uint32_t budget;                     /* lines that may come before a rest */
    uint64_t budget_ms;                  /* time of the last refill */
    struct jline_out *head, *tail;
    size_t queued;
    uint64_t lines_in, bytes_in, dropped;    /* for the debug view */
};

/* Takes fd over (a stream socket), makes it non-blocking, adds it to the loop. 0 or a negative errno (fd is still the caller's). */
int jline_open(struct jline *j, int fd, size_t line_max, jline_fn *on_line, jline_end_fn *on_end, void *data);
void jline_close(struct jline *j);       /* idempotent, allowed inside on_line */
static inline bool jline_is_open(const struct jline *j) { return j->fd >= 0 && !j->ended; }
/* Queues n bytes with at most one descriptor (borrowed, -1 none), sent at the end of this turn or when there is room; several
 * queued texts go out in one write.  0, -ENOBUFS over the bound, -EPIPE when not open. */
int jline_write(struct jline *j, const void *p, size_t n, int fd);
/* Tries to send what is queued now. */
void jline_flush(struct jline *j);
/* Checks bounds without parsing: 0 or -EMSGSIZE.  (The guard of every JSON text that did not come from ourselves.) */
int jline_guard(const char *p, size_t n);
/* jline_guard, then parse. NULL on nonsense, *err set. */
json_t *jline_parse(const char *p, size_t n, int *err);
/* Freed memory goes back to the kernel, a moment after texts that were big. musl does so by itself; glibc wants to be asked. */
void jline_trim(void);
#endif
