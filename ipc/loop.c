/* loop.c: see loop.h.  Events are fetched in batches; loop_del() blanks what is still pending of a source. */
#include "loop.h"
#include <errno.h>
#include <sys/epoll.h>
#include "util.h"

#define BATCH 64

static int loop_fd = -1;
static bool loop_stopped;
static int loop_code;
static uint64_t loop_time;
static struct loop_timer *timers;       /* sorted by due_ms */
static struct epoll_event batch[BATCH];
static int batch_n;
static bool in_timers;

int loop_init(void)
{
    loop_fd = epoll_create1(EPOLL_CLOEXEC);
    loop_time = util_now_ms();
    return loop_fd < 0 ? -errno : 0;
}

int loop_add(struct loop_source *s, int fd, uint32_t events, loop_fn *fn, void *data)
{
    struct epoll_event ev = { .events = events, .data.ptr = s };
    if (epoll_ctl(loop_fd, EPOLL_CTL_ADD, fd, &ev) < 0)
        return -errno;
    *s = (struct loop_source){ .fd = fd, .events = events, .fn = fn, .data = data };
    return 0;
}

int loop_mod(struct loop_source *s, uint32_t events)
{
    struct epoll_event ev = { .events = events, .data.ptr = s };
    if (s->events == events)
        return 0;
    if (epoll_ctl(loop_fd, EPOLL_CTL_MOD, s->fd, &ev) < 0)
        return -errno;
    s->events = events;
    return 0;
}

void loop_del(struct loop_source *s)
{
    if (s->fd < 0)
        return;
    epoll_ctl(loop_fd, EPOLL_CTL_DEL, s->fd, NULL);
    s->fd = -1;
    for (int i = 0; i < batch_n; i++)
        if (batch[i].data.ptr == s)
            batch[i].data.ptr = NULL;
}

void loop_cancel(struct loop_timer *t)
{
    if (!t->armed)
        return;
    for (struct loop_timer **p = &timers; *p; p = &(*p)->next)
        if (*p == t) {
            *p = t->next;
            break;
        }
    t->armed = false;
}

void loop_after(struct loop_timer *t, uint64_t ms, loop_timer_fn *fn, void *data)
{
    loop_cancel(t);
    *t = (struct loop_timer){ .due_ms = loop_time + ms + (in_timers && !ms), .fn = fn, .data = data, .armed = true };
    struct loop_timer **p = &timers;
    while (*p && (*p)->due_ms <= t->due_ms)
        p = &(*p)->next;
    t->next = *p;
    *p = t;
}

uint64_t loop_now_ms(void)
{
    return loop_time;
}

int loop_once(int timeout_ms)
{
    loop_time = util_now_ms();
    if (timers) {
        uint64_t wait = timers->due_ms > loop_time ? timers->due_ms - loop_time : 0;
        if (timeout_ms < 0 || wait < (uint64_t)timeout_ms)
            timeout_ms = wait > 3600000 ? 3600000 : (int)wait;
    }
    int n = epoll_wait(loop_fd, batch, BATCH, timeout_ms);
    if (n < 0 && errno != EINTR)
        return -errno;
    loop_time = util_now_ms();
    batch_n = n > 0 ? n : 0;
    for (int i = 0; i < batch_n; i++) {
        struct loop_source *s = batch[i].data.ptr;
        if (s)
            s->fn(s, batch[i].events);
    }
    batch_n = 0;
    in_timers = true;       /* one that a timer arms is the next turn's: descriptors come in between */
    while (timers && timers->due_ms <= loop_time) {
        struct loop_timer *t = timers;
        timers = t->next;
        t->armed = false;
        t->fn(t);
    }
    in_timers = false;
    return 0;
}

int loop_run(void)
{
    int r = 0;
    loop_stopped = false;
    while (!loop_stopped && r >= 0)
        r = loop_once(-1);
    return r < 0 ? r : loop_code;
}

void loop_stop(int code)
{
    loop_stopped = true;
    loop_code = code;
}
