/* loop.h: a single-threaded epoll loop with timers.  All sources are owned by their users; the loop allocates nothing. */
#ifndef BULKHEAD_LOOP_H
#define BULKHEAD_LOOP_H
#include <stdbool.h>
#include <stdint.h>

struct loop_source;
typedef void loop_fn(struct loop_source *s, uint32_t events);   /* EPOLLIN, EPOLLOUT, EPOLLHUP, ... */
struct loop_source { int fd; uint32_t events; loop_fn *fn; void *data; };   /* fd < 0 = not registered */

struct loop_timer;
typedef void loop_timer_fn(struct loop_timer *t);
struct loop_timer { uint64_t due_ms; loop_timer_fn *fn; void *data; struct loop_timer *next; bool armed; };

/* Makes the process's loop.  0 or negative errno. */
int loop_init(void);
/* Adds s (fd, fn, data set by the caller) for events; the fd must stay open until loop_del. 0 or negative errno. */
int loop_add(struct loop_source *s, int fd, uint32_t events, loop_fn *fn, void *data);
int loop_mod(struct loop_source *s, uint32_t events);
void loop_del(struct loop_source *s);          /* safe inside any handler, also for other sources: their pending events are dropped; does not close fd */
void loop_after(struct loop_timer *t, uint64_t ms, loop_timer_fn *fn, void *data);   /* re-arms if armed */
void loop_cancel(struct loop_timer *t);
uint64_t loop_now_ms(void);                    /* time of this turn; monotonic */
int loop_run(void);                            /* until loop_stop; returns its code */
void loop_stop(int code);
int loop_once(int timeout_ms);                 /* one turn, for tests and start-up hand-shakes */
#endif
