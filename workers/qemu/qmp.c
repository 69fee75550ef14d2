#include "config.h"
#include "workers/qemu/qmp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ipc/log.h"
#include "ipc/util.h"
#include "workers/qemu/trace.h"

#define ID_STRIDE 100000000u        /* ids an instance may use */
#define ERR_TEXT_MAX 512

struct qmp_cmd {
    struct qmp_cmd *next;
    uint64_t id, due_ms, sent_ms;
    qmp_reply_fn *fn;
    void *data;
    bool raw, owed;
    char name[48];
};

static void set_clock(struct qmp *q);

static struct qmp_cmd *overdue(struct qmp *q, uint64_t now)
{
    for (struct qmp_cmd *c = q->head; c; c = c->next)
        if (!c->owed && c->due_ms <= now)
            return c;
    return NULL;
}

static void on_clock(struct loop_timer *t)
{
    struct qmp *q = t->data;
    uint64_t now = loop_now_ms();
    uint32_t before = q->owed;
    for (struct qmp_cmd *c; (c = overdue(q, now)) != NULL;) {
        c->owed = true;
        q->owed++;
        log_warn("QEMU has not answered '%s' for %llu ms", c->name, (unsigned long long)(now - c->sent_ms));
        struct err e = ERR_INIT;
        err_set(&e, VIR_ERR_OPERATION_TIMEOUT, VIR_FROM_QEMU, "QEMU did not answer '%s' within %llu seconds", c->name,
                (unsigned long long)(c->due_ms - c->sent_ms + 999) / 1000);
        qmp_reply_fn *fn = STEAL_PTR(&c->fn);
        if (fn)
            fn(c->data, NULL, &e);      /* may change the list */
    }
    if (q->state == QMP_CLOSED)
        return;
    if (!before && q->owed)
        q->on_stale(q, true);
    set_clock(q);
}

static void set_clock(struct qmp *q)
{
    uint64_t due = 0, now = loop_now_ms();
    for (struct qmp_cmd *c = q->head; c; c = c->next)
        if (!c->owed && (!due || c->due_ms < due))
            due = c->due_ms;
    if (due)
        loop_after(&q->clock, due > now ? due - now : 0, on_clock, q);
    else
        loop_cancel(&q->clock);
}

/* Takes the command with that id out of the list. */
static struct qmp_cmd *take(struct qmp *q, uint64_t id)
{
    for (struct qmp_cmd **p = &q->head, *prev = NULL; *p; prev = *p, p = &(*p)->next)
        if ((*p)->id == id) {
            struct qmp_cmd *c = *p;
            *p = c->next;
            if (q->tail == c)
                q->tail = prev;
            q->pending--;
            if (c->owed && --q->owed == 0)
                q->on_stale(q, false);
            return c;
        }
    return NULL;
}

static uint64_t id_of(json_t *v)
{
    const char *s = json_string_value(json_object_get(v, "id"));
    if (!s || strncmp(s, "libvirt-", 8) || s[8] < '0' || s[8] > '9')
        return 0;
    char *end;
    errno = 0;
    unsigned long long n = strtoull(s + 8, &end, 10);
    return *end || errno ? 0 : n;
}

static void fail(struct qmp_cmd *c, json_t *error)
{
    struct err e = ERR_INIT;
    const char *desc = json_string_value(json_object_get(error, "desc"));
    if (desc)
        err_set(&e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "unable to execute QEMU command '%s': %.*s", c->name, ERR_TEXT_MAX, desc);
    else
        err_set(&e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "unable to execute QEMU command '%s'", c->name);
    if (c->fn)
        c->fn(c->data, NULL, &e);
}

static void on_reply(struct qmp *q, json_t *v)
{
    uint64_t id = id_of(v);
    struct qmp_cmd *c = id >= q->id_low ? take(q, id) : NULL;
    if (!c) {
        /* An answer to an earlier worker, a second answer, or invented: nobody waits for it. */
        q->line.dropped++;
        log_debug("dropped an answer nobody waits for");
        return;
    }
    json_t *ret = json_object_get(v, "return"), *error = json_object_get(v, "error");
    if (c->raw) {
        if (c->fn)
            c->fn(c->data, v, NULL);
    } else if (ret && !error) {
        if (c->fn)
            c->fn(c->data, ret, NULL);
    } else
        fail(c, error);
    free(c);
    if (q->state != QMP_CLOSED)
        set_clock(q);
}

static void on_event(struct qmp *q, json_t *v, const char *name)
{
    json_t *ts = json_object_get(v, "timestamp"), *data = json_object_get(v, "data");
    double when = (double)json_integer_value(json_object_get(ts, "seconds")) +
        (double)json_integer_value(json_object_get(ts, "microseconds")) / 1e6;
    for (const char *p = name; *p; p++)
        if (!((*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '_' || *p == '-')) {
            q->line.dropped++;
            return;
        }
    q->on_event(q, name, json_is_object(data) ? data : NULL, when);
}

static void on_line(struct jline *j, json_t *v, int err)
{
    struct qmp *q = j->data;
    if (!v) {
        /* After a resync one broken line is expected: the tail of what the last worker had half read. */
        if (q->state == QMP_READY)
            log_warn("QEMU's monitor sent a line that was dropped: %s", err == -EMSGSIZE ? "beyond the bounds" : "not JSON");
        if (err == -EMSGSIZE && q->head && q->state == QMP_READY) {
            /* Nobody can say whose answer it was; QEMU answers in order, so the oldest is failed rather than left to its deadline. */
            struct qmp_cmd *c = take(q, q->head->id);
            struct err e = ERR_INIT;
            err_set(&e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "QEMU monitor reply exceeds buffer size (%u bytes)", JLINE_BYTES_MAX);
            if (c->fn)
                c->fn(c->data, NULL, &e);
            free(c);
        }
        return;
    }
    if (trace_is_on())
        trace_json("qmp", "<-", v);
    const char *event = json_string_value(json_object_get(v, "event"));
    if (event)
        on_event(q, v, event);
    else if (json_object_get(v, "return") || json_object_get(v, "error"))
        on_reply(q, v);
    else if (json_object_get(v, "QMP")) {
        json_t *n = json_object_get(json_object_get(json_object_get(v, "QMP"), "version"), "qemu");
        snprintf(q->version, sizeof q->version, "%d.%d.%d", (int)json_integer_value(json_object_get(n, "major")),
                 (int)json_integer_value(json_object_get(n, "minor")), (int)json_integer_value(json_object_get(n, "micro")));
    } else
        q->line.dropped++;
}

static void fail_all(struct qmp *q)
{
    struct err e = ERR_INIT;
    err_set(&e, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "domain is no longer running");
    loop_cancel(&q->clock);
    while (q->head) {
        struct qmp_cmd *c = q->head;
        q->head = c->next;
        q->pending--;
        if (c->owed)
            q->owed--;
        if (!q->head)
            q->tail = NULL;
        if (c->fn)
            c->fn(c->data, NULL, &e);
        free(c);
    }
}

static void on_line_end(struct jline *j, int err)
{
    struct qmp *q = j->data;
    q->state = QMP_CLOSED;
    fail_all(q);
    q->on_end(q, err);
}

static void on_capabilities(void *data, json_t *ret, const struct err *e)
{
    struct qmp *q = data;
    (void)ret;
    if (q->state != QMP_OPENING)
        return;
    /* An error is as good as yes: a connection that an earlier worker negotiated knows no such command any more. */
    (void)e;
    q->state = QMP_READY;
    q->on_ready(q);
}

int qmp_open(struct qmp *q, int fd, bool resume, uint32_t instance)
{
    int r = jline_open(&q->line, fd, JLINE_BYTES_MAX, on_line, on_line_end, q);
    if (r)
        return r;
    q->state = QMP_OPENING;
    q->id_low = q->next_id = 1 + (uint64_t)instance * ID_STRIDE;
    if (resume)
        jline_write(&q->line, "\xff", 1, -1);
    qmp_send(q, "qmp_capabilities", NULL, -1, UINT32_MAX, on_capabilities, q);     /* late is not too late; others have deadlines */
    return 0;
}

void qmp_close(struct qmp *q)
{
    if (q->state == QMP_CLOSED && q->line.fd < 0)
        return;
    q->state = QMP_CLOSED;
    fail_all(q);
    jline_close(&q->line);
}

static void refuse(qmp_reply_fn *fn, void *data, int code, const char *why, const char *name)
{
    struct err e = ERR_INIT;
    if (name)
        err_set(&e, code, VIR_FROM_QEMU, "%s '%s'", why, name);
    else
        err_set(&e, code, VIR_FROM_QEMU, "%s", why);
    if (fn)
        fn(data, NULL, &e);
}

static void send_object(struct qmp *q, json_t *o, const char *name, int fd, unsigned ms, qmp_reply_fn *fn, void *data, bool raw)
{
    struct qmp_cmd *c = NULL;
    char *text = NULL;
    if (q->state == QMP_CLOSED)
        refuse(fn, data, VIR_ERR_OPERATION_INVALID, "domain is not running", NULL);
    else if (q->owed)
        refuse(fn, data, VIR_ERR_OPERATION_TIMEOUT, "QEMU does not answer; not sent:", name);
    else if (q->pending >= QMP_PENDING_MAX)
        refuse(fn, data, VIR_ERR_OPERATION_TIMEOUT, "too many commands wait for QEMU; not sent:", name);
    else {
        char id[40];
        uint64_t n = q->next_id++;
        snprintf(id, sizeof id, "libvirt-%llu", (unsigned long long)n);
        json_object_set_new(o, "id", json_string(id));
        if (trace_is_on())
            trace_json("qmp", "->", o);
        text = json_dumps(o, JSON_COMPACT);
        c = calloc(1, sizeof *c);
        size_t len = text ? strlen(text) : 0;
        int r = -ENOMEM;
        if (c && text) {
            text[len] = '\n';       /* over the NUL: the queue takes bytes */
            r = jline_write(&q->line, text, len + 1, fd);
        }
        if (r) {
            refuse(fn, data, VIR_ERR_OPERATION_FAILED, "cannot send to QEMU", name);
            free(STEAL_PTR(&c));
        } else {
            *c = (struct qmp_cmd){ .id = n, .sent_ms = loop_now_ms(), .fn = fn, .data = data, .raw = raw };
            c->due_ms = c->sent_ms + (ms ? ms : QMP_DEADLINE_MS);
            snprintf(c->name, sizeof c->name, "%s", name);
            if (q->tail)
                q->tail->next = c;
            else
                q->head = c;
            q->tail = c;
            q->pending++;
            set_clock(q);
        }
    }
    free(text);
    json_decref(o);
}

void qmp_send(struct qmp *q, const char *name, json_t *args, int fd, unsigned ms, qmp_reply_fn *fn, void *data)
{
    json_t *o = json_pack("{s:s}", "execute", name);
    if (args)
        json_object_set_new(o, "arguments", args);
    send_object(q, o, name, fd, ms, fn, data, false);
}

void qmp_send_raw(struct qmp *q, json_t *cmd, int fd, qmp_reply_fn *fn, void *data)
{
    const char *name = json_string_value(json_object_get(cmd, "execute"));
    char copy[48];
    snprintf(copy, sizeof copy, "%s", name ? name : "?");
    send_object(q, cmd, copy, fd, 0, fn, data, true);
}

void qmp_forget(struct qmp *q, void *data)
{
    for (struct qmp_cmd *c = q->head; c; c = c->next)
        if (c->data == data)
            c->fn = NULL;
}

uint64_t qmp_waiting_ms(const struct qmp *q)
{
    return q->head ? loop_now_ms() - q->head->sent_ms : 0;
}

const char *qmp_waiting_for(const struct qmp *q)
{
    return q->head ? q->head->name : NULL;
}
