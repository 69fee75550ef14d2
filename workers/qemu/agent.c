#include "config.h"
#include "workers/qemu/agent.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <stdio.h>

#include "ipc/log.h"
#include "ipc/util.h"
#include "workers/qemu/trace.h"

#define ERR_TEXT_MAX 512

struct agent_call {
    struct agent_call *next;
    agent_reply_fn *fn;
    void *data;
    json_t *cmd;
    unsigned ms;
    bool raw, no_answer;
    char name[48];
};

static void run_next(struct agent *a);

void agent_init(struct agent *a, bool configured)
{
    *a = (struct agent){ .configured = configured };
    a->line.fd = a->line.src.fd = -1;
    /* Ids must not be guessable from the last run's, or a late answer could fit. */
    if (getrandom(&a->sync_id, sizeof a->sync_id, GRND_NONBLOCK) < 0)
        a->sync_id = util_now_ns();
    a->sync_id &= 0xffffffffffffull;
}

int agent_check(const struct agent *a, struct err *e)
{
    if (!a->configured)
        return err_set(e, VIR_ERR_ARGUMENT_UNSUPPORTED, VIR_FROM_QEMU, "QEMU guest agent is not configured");
    if (!jline_is_open(&a->line))
        return err_set(e, VIR_ERR_AGENT_UNRESPONSIVE, VIR_FROM_QEMU, "QEMU guest agent is not available due to an error");
    if (!a->connected)
        return err_set(e, VIR_ERR_AGENT_UNRESPONSIVE, VIR_FROM_QEMU, "QEMU guest agent is not connected");
    return 0;
}

/* Answers the call at the head and goes on. */
static void done(struct agent *a, json_t *ret, const struct err *e)
{
    struct agent_call *c = a->head;
    a->head = c->next;
    if (!a->head)
        a->tail = NULL;
    a->queued--;
    a->state = AGENT_IDLE;
    loop_cancel(&a->clock);
    if (c->fn)
        c->fn(c->data, ret, e);
    json_decref(c->cmd);
    free(c);
}

static void fail_head(struct agent *a, int code, const char *text)
{
    struct err e = ERR_INIT;
    err_set(&e, code, VIR_FROM_QEMU, "%s", text);
    done(a, NULL, &e);
}

static void on_clock(struct loop_timer *t)
{
    struct agent *a = t->data;
    if (a->state == AGENT_IDLE || !a->head)
        return;
    fail_head(a, VIR_ERR_AGENT_UNRESPONSIVE, "Guest agent not available for now");
    run_next(a);
}

static int put(struct agent *a, json_t *o, bool flush_peer)
{
    if (trace_is_on())
        trace_json("agent", "->", o);
    AUTO_FREE char *text = json_dumps(o, JSON_COMPACT);
    if (!text)
        return -ENOMEM;
    size_t n = strlen(text);
    text[n] = '\n';
    int r = flush_peer ? jline_write(&a->line, "\xff", 1, -1) : 0;
    return r ? r : jline_write(&a->line, text, n + 1, -1);
}

static void run_next(struct agent *a)
{
    while (a->state == AGENT_IDLE && a->head) {
        struct err e = ERR_INIT;
        if (agent_check(a, &e)) {
            done(a, NULL, &e);
            continue;
        }
        json_t *o = json_pack("{s:s, s:{s:I}}", "execute", "guest-sync-delimited", "arguments", "id", (json_int_t)++a->sync_id);
        int r = put(a, o, true);
        json_decref(o);
        if (r) {
            fail_head(a, VIR_ERR_AGENT_UNRESPONSIVE, "QEMU guest agent is not available due to an error");
            continue;
        }
        a->state = AGENT_SYNCING;
        loop_after(&a->clock, a->sync_ms ? a->sync_ms : AGENT_SYNC_MS, on_clock, a);
    }
}

static void on_sync(struct agent *a, json_t *v)
{
    json_t *ret = json_object_get(v, "return");
    if (!json_is_integer(ret) || (uint64_t)json_integer_value(ret) != a->sync_id)
        return;                         /* an answer to something older */
    if (put(a, a->head->cmd, false)) {
        fail_head(a, VIR_ERR_AGENT_UNRESPONSIVE, "QEMU guest agent is not available due to an error");
        run_next(a);
        return;
    }
    a->state = AGENT_CALLING;
    loop_after(&a->clock, a->head->ms, on_clock, a);
}

static void on_answer(struct agent *a, json_t *v)
{
    json_t *ret = json_object_get(v, "return"), *error = json_object_get(v, "error");
    if (!ret && !error)
        return;
    if (ret && !error)
        done(a, a->head->raw ? v : ret, NULL);
    else {
        struct err e = ERR_INIT;
        const char *desc = json_string_value(json_object_get(error, "desc"));
        err_set(&e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "unable to execute QEMU agent command '%s': %.*s", a->head->name, ERR_TEXT_MAX, desc ? desc : "unknown error");
        done(a, NULL, &e);
    }
    run_next(a);
}

static void on_line(struct jline *j, json_t *v, int err)
{
    struct agent *a = j->data;
    if (!v) {
        if (err == -EMSGSIZE && a->state == AGENT_CALLING) {
            fail_head(a, VIR_ERR_INTERNAL_ERROR, "the guest agent's answer is beyond the bounds");
            run_next(a);
        }
        return;
    }
    if (trace_is_on())
        trace_json("agent", "<-", v);
    if (a->state == AGENT_SYNCING)
        on_sync(a, v);
    else if (a->state == AGENT_CALLING)
        on_answer(a, v);
    else
        j->dropped++;
}

static void fail_all(struct agent *a)
{
    /* A guest that goes down ends its agent: what a call without answer asked for. */
    if (a->state == AGENT_CALLING && a->head->no_answer)
        done(a, json_null(), NULL);
    else if (a->state != AGENT_IDLE && a->head)
        fail_head(a, VIR_ERR_AGENT_UNRESPONSIVE, "Guest agent disappeared while executing command");
    run_next(a);                        /* the rest fail in agent_check */
}

static void on_end(struct jline *j, int err)
{
    struct agent *a = j->data;
    (void)err;
    a->connected = false;
    fail_all(a);
}

int agent_open(struct agent *a, int fd)
{
    int r = jline_open(&a->line, fd, AGENT_BYTES_MAX, on_line, on_end, a);
    a->line.delimited = true;
    return r;
}

void agent_close(struct agent *a)
{
    a->connected = false;
    jline_close(&a->line);
    fail_all(a);
}

void agent_set_connected(struct agent *a, bool connected)
{
    a->connected = connected;
    if (!connected)
        fail_all(a);
}

static void enqueue(struct agent *a, json_t *cmd, unsigned ms, bool raw, bool no_answer, agent_reply_fn *fn, void *data)
{
    struct err e = ERR_INIT;
    struct agent_call *c = NULL;
    if (agent_check(a, &e))
        ;
    else if (a->queued >= AGENT_QUEUE_MAX)
        err_set(&e, VIR_ERR_OPERATION_TIMEOUT, VIR_FROM_QEMU, "too many calls wait for the guest agent");
    else if (!(c = calloc(1, sizeof *c)))
        err_set(&e, VIR_ERR_NO_MEMORY, VIR_FROM_QEMU, "guest agent call");
    if (!c) {
        json_decref(cmd);
        fn(data, NULL, &e);
        return;
    }
    const char *name = json_string_value(json_object_get(cmd, "execute"));
    *c = (struct agent_call){ .fn = fn, .data = data, .cmd = cmd, .ms = ms ? ms : AGENT_DEADLINE_MS, .raw = raw, .no_answer = no_answer };
    snprintf(c->name, sizeof c->name, "%s", name ? name : "?");
    if (a->tail)
        a->tail->next = c;
    else
        a->head = c;
    a->tail = c;
    a->queued++;
    run_next(a);
}

void agent_send(struct agent *a, const char *name, json_t *args, unsigned ms, bool no_answer, agent_reply_fn *fn, void *data)
{
    json_t *o = json_pack("{s:s}", "execute", name);
    if (args)
        json_object_set_new(o, "arguments", args);
    enqueue(a, o, ms, false, no_answer, fn, data);
}

void agent_send_raw(struct agent *a, json_t *cmd, unsigned ms, agent_reply_fn *fn, void *data)
{
    enqueue(a, cmd, ms, true, false, fn, data);
}

void agent_acted(struct agent *a)
{
    if (a->state == AGENT_CALLING && a->head->no_answer) {
        done(a, json_null(), NULL);
        run_next(a);
    }
}
