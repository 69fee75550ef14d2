/* polkit.c: see polkit.h.
 *
 * What comes from the bus is believed to come from the bus only: a message that cannot be ends the connection, and with it all that was asked over it.
 * An answer that does not come is a no after a while.  Where somebody may be typing a password only that question ends; else the connection does. */
#include "workers/auth/polkit.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "ipc/internal.h"
#include "ipc/log.h"
#include "ipc/loop.h"
#include "ipc/util.h"

enum { VIR_FROM_DBUS = 47, ANSWER_MS = 30000, OUT_MAX = 1 << 20, ASKED_MAX = 4096 };

struct asked {
    struct asked *next;
    uint32_t serial;
    uint64_t until;
    bool interactive;
    polkit_done_fn *done;
    void *data;
    char action[96], name[32];      /* name: by which polkit is told that nobody waits any more */
};

static struct loop_source bus = { .fd = -1 };
static struct loop_timer clock_timer;
static struct asked *asked;
static unsigned asked_n;
static uint8_t in[2 * DBUS_MESSAGE_MAX], out[OUT_MAX];
static size_t in_n, out_n;
static uint32_t serials = 1;
static bool greeted, wanted;
static int stays = -1;              /* the one that connected stays until the bus knows us */

static void bus_end(struct worker *w, const char *why)
{
    struct err e = ERR_INIT;
    int fd = bus.fd;
    if (fd >= 0)
        loop_del(&bus);
    bus.fd = -1;
    util_closep(&fd);
    util_closep(&stays);
    in_n = out_n = 0;
    greeted = wanted = false;
    err_set(&e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DBUS, "%s", why);
    struct asked *all = asked;
    asked = NULL;           /* what is asked meanwhile is asked over a new one */
    asked_n = 0;
    for (struct asked *a; (a = all); free(a)) {
        all = a->next;
        a->done(w, a->data, &e);
    }
}

static void flush(struct worker *w)
{
    ssize_t n = out_n && bus.fd >= 0 ? write(bus.fd, out, out_n) : 0;
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        bus_end(w, "the connection to the system bus broke");
        return;
    }
    if (n > 0) {
        memmove(out, out + n, out_n - (size_t)n);
        out_n -= (size_t)n;
    }
    if (bus.fd >= 0)
        loop_mod(&bus, EPOLLIN | (out_n ? EPOLLOUT : 0u));
}

static void asked_end(struct worker *w, struct asked **at, const struct err *e)
{
    struct asked *a = *at;
    *at = a->next;
    asked_n--;
    a->done(w, a->data, e);
    free(a);
}

static void on_clock(struct loop_timer *t)
{
    struct err e = ERR_INIT;
    while (asked && loop_now_ms() >= asked->until) {
        if (!greeted || !asked->interactive) {
            bus_end(t->data, "polkit does not answer");
            break;
        }
        out_n += dbus_cancel(out + out_n, sizeof out - out_n, ++serials, asked->name);
        err_set(&e, VIR_ERR_AUTH_CANCELLED, VIR_FROM_POLKIT, "nobody authenticated in time");
        asked_end(t->data, &asked, &e);
        flush(t->data);
    }
    if (asked)
        loop_after(t, 1000, on_clock, t->data);
}

/* The lines before the first message. False: more is needed, or the end. */
static bool greeting(struct worker *w)
{
    uint8_t *end;
    while (!greeted && (end = memchr(in, '\n', in_n))) {
        size_t n = (size_t)(end - in) + 1;
        greeted = n > 3 && !memcmp(in, "OK ", 3);
        if (!greeted && (n < 4 || memcmp(in, "DATA", 4))) {
            bus_end(w, "the system bus does not let us in");
            return false;
        }
        memmove(in, in + n, in_n - n);
        in_n -= n;
    }
    return greeted;
}

static void answer(struct worker *w, const struct dbus_message *m)
{
    struct asked **p = &asked;
    struct err e = ERR_INIT;
    while (*p && (*p)->serial != m->serial)
        p = &(*p)->next;
    if (!*p || m->kind == DBUS_OTHER)
        return;
    if (m->kind == DBUS_ERROR)
        err_set(&e, VIR_ERR_DBUS_SERVICE, VIR_FROM_POLKIT, "%s: %s", m->error, m->text);
    else if (!m->checked)
        err_set(&e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DBUS, "polkit's answer cannot be read");
    else if (!m->authorized && m->dismissed)
        err_set(&e, VIR_ERR_AUTH_CANCELLED, VIR_FROM_POLKIT, "user cancelled authentication process");
    else if (!m->authorized && m->challenge)
        err_set(&e, VIR_ERR_AUTH_UNAVAILABLE, VIR_FROM_POLKIT, "no polkit agent available to authenticate action '%s'", (*p)->action);
    else if (!m->authorized)
        err_set(&e, VIR_ERR_AUTH_FAILED, VIR_FROM_POLKIT, "access denied by policy");
    asked_end(w, p, e.code ? &e : NULL);
}

static void on_bus(struct loop_source *s, uint32_t events)
{
    struct worker *w = s->data;
    struct dbus_message m;
    ssize_t n = events & (EPOLLIN | EPOLLHUP | EPOLLERR) ? read(bus.fd, in + in_n, sizeof in - in_n) : -1;
    if (n == 0 || (n < 0 && events & (EPOLLIN | EPOLLHUP | EPOLLERR) && errno != EAGAIN && errno != EINTR)) {
        bus_end(w, "the connection to the system bus broke");
        return;
    }
    in_n += n > 0 ? (size_t)n : 0;
    if (!greeting(w)) {
        if (bus.fd >= 0 && in_n > DBUS_TEXT_MAX)
            bus_end(w, "the system bus does not let us in");
    } else {
        for (long len; bus.fd >= 0 && (len = dbus_read(in, in_n, &m)) != 0; ) {
            if (len < 0) {
                bus_end(w, "what came from the system bus cannot be read");
                return;
            }
            memmove(in, in + len, in_n - (size_t)len);
            in_n -= (size_t)len;
            util_closep(&stays);    /* that was Hello's answer, or came after it */
            answer(w, &m);
        }
    }
    flush(w);
}

static void connected(struct worker *w, void *data, struct frame *f, const struct err *e)
{
    (void)data;
    if (bus.fd >= 0)        /* that of a connection that was given up as too slow, and asked for again */
        return;
    char why[256] = "Unable to get system bus connection: Could not connect: No such file or directory";
    if (f && f->body_len == sizeof(struct hand_done) && f->h.nfds >= 2) {
        int fd = frame_take_fd(f, 0);
        stays = frame_take_fd(f, 1);
        /* What waited is behind the greeting. */
        uint8_t hello[512];
        size_t n = dbus_greeting(hello, sizeof hello);
        if (n && n <= sizeof out - out_n && fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && loop_add(&bus, fd, EPOLLIN, on_bus, w) == 0) {
            memmove(out + n, out, out_n);
            memcpy(out, hello, n);
            out_n += n;
            flush(w);
            return;
        }
        util_closep(&fd);
    }
    if (e)
        log_warn("the system bus: %s", e->detail);
    bus_end(w, why);
}

/* An answer for what could not even be asked: later, as all are. */
static void at_once(struct loop_timer *t)
{
    bus_end(t->data, "polkit cannot be asked");
}

void polkit_ask(struct worker *w, const struct dbus_subject *s, const char *action, const struct dbus_pair *details, unsigned n, bool interactive, polkit_done_fn *done, void *data)
{
    static struct loop_timer fail_timer;
    struct asked *a = asked_n < ASKED_MAX ? calloc(1, sizeof *a) : NULL, **end = &asked;
    if (!a) {
        struct err e = ERR_INIT;
        err_set(&e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DBUS, "polkit is asked too much");
        done(w, data, &e);
        return;
    }
    *a = (struct asked){ .serial = ++serials, .until = loop_now_ms() + ANSWER_MS, .interactive = interactive, .done = done, .data = data };
    snprintf(a->action, sizeof a->action, "%s", action);
    snprintf(a->name, sizeof a->name, "bulkhead-%u", a->serial);
    while (*end)
        end = &(*end)->next;
    *end = a;
    asked_n++;
    size_t len = dbus_check(out + out_n, sizeof out - out_n, a->serial, s, action, details, n, interactive, a->name);
    out_n += len;
    if (!clock_timer.armed)
        loop_after(&clock_timer, 1000, on_clock, w);
    if (!len)
        loop_after(&fail_timer, 0, at_once, w);
    else if (bus.fd >= 0)
        flush(w);
    else if (!wanted) {
        wanted = true;
        if (worker_call(w, OP_IN(IN_SIBLING), HOST_BUS, NULL, 0, NULL, 0, connected, NULL) < 0)
            loop_after(&fail_timer, 0, at_once, w);
    }
}
