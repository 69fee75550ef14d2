/* api_raw.c: commands that a client words itself, and keys.
 *
 * SAFETY: what a client may send QEMU this way is bounded by QEMU's confinement, not by this role; libvirt allows the same. */
#include "config.h"
#include <string.h>

#include "ipc/util.h"
#include "workers/qemu/keymap.h"
#include "workers/qemu/ops.h"
#include "workers/qemu/stats.h"

enum { MONITOR_HMP = 1, COMMAND_BYTES_MAX = 4u << 20, KEYS_MAX = 16, BLOCK_MS = 600000, DEFAULT_MS = 5000 };

static void reply_string(struct call *c, const char *s)
{
    struct mp_out o;
    mp_out_init(&o, FRAME_BIG_MAX);
    mp_array(&o, 1);
    mp_str(&o, s ? s : "");
    call_out(c, &o);
}

static void on_raw(void *data, json_t *ret, const struct err *e)
{
    struct call *c = data;
    if (!ret) {
        call_fail(c, e);
        return;
    }
    AUTO_FREE char *text = json_dumps(ret, JSON_COMPACT);
    reply_string(c, text);
}

/* libvirt numbers commands only: what has no `execute` is answered without an id. */
static void on_raw_no_id(void *data, json_t *ret, const struct err *e)
{
    json_object_del(ret, "id");
    on_raw(data, ret, e);
}

static void on_hmp(struct call *c, json_t *ret)
{
    reply_string(c, json_string_value(ret));
}

/* A client's command, parsed under the same bounds as everything else. NULL with the call answered. */
static json_t *parse(struct guest *g, const struct request *rq, const char *text)
{
    int r;
    json_t *v = jline_parse(text, strlen(text), &r);
    if (!v)
        reply_err(g, rq, VIR_ERR_INTERNAL_ERROR, "cannot parse json %.256s: not a JSON text", text);
    else if (!json_is_object(v)) {
        reply_err(g, rq, VIR_ERR_INTERNAL_ERROR, "Malformed JSON object");
        json_decref(v);
        v = NULL;
    }
    return v;
}

/* A client sends commands of its own. */
static void commanded(struct guest *g, const char *taint)
{
    if (guest_is_tainted(g, taint))
        return;
    guest_taint(g, taint);
    guest_send_state(g, -1, 0);
    guest_told(g);
}

/* With a descriptor, if one came for it, behind the call's own. */
OP_FN(api_monitor_command)
{
    struct guest *g = w->data;
    struct mp_in in;
    unsigned own = f->h.flags & FRAME_BIG ? 1 : 0;
    if (call_args(g, rq, f, &in))
        return;
    AUTO_FREE char *text = mp_get_strdup(&in, COMMAND_BYTES_MAX);
    uint32_t flags = mp_get_u32(&in);
    if (call_end_args(g, rq, &in) || call_need_up(g, rq))
        return;
    AUTO_CLOSE fd = frame_take_fd(f, own);
    if (f->h.nfds > own + 1) {
        reply_err(g, rq, VIR_ERR_INVALID_ARG, "at most 1 fd can be passed to qemu along with a command");
        return;
    }
    commanded(g, "custom-monitor");
    stats_forget(g);                    /* whatever it does */
    if (flags & MONITOR_HMP) {
        call_qmp(call_new(g, rq), "human-monitor-command", json_pack("{s:s}", "command-line", text), on_hmp);
    } else {
        json_t *v = parse(g, rq, text);
        if (!v)
            return;
        if (json_object_get(v, "id")) {
            reply_err(g, rq, VIR_ERR_INTERNAL_ERROR, "Unable to append command 'id' string");
            json_decref(v);
            return;
        }
        qmp_send_raw(&g->qmp, v, fd, json_object_get(v, "execute") ? on_raw : on_raw_no_id, call_new(g, rq));
        qmp_flush(&g->qmp);
    }
}

OP_ARGS(api_agent_command)
{
    AUTO_FREE char *text = mp_get_strdup(&in, COMMAND_BYTES_MAX);
    int32_t timeout = mp_get_i32(&in);
    mp_get_u32(&in);
    if (call_end_args(g, rq, &in) || call_need_agent(g, rq))
        return;
    if (timeout < -2) {
        reply_err(g, rq, VIR_ERR_INVALID_ARG, "guest agent timeout '%d' is less than the minimum '%d'", timeout, -2);
        return;
    }
    json_t *v = parse(g, rq, text);
    if (!v)
        return;
    commanded(g, "custom-ga-command");
    /* "Wait for ever" is ten minutes: the agent answers one call at a time, and others wait behind it. */
    unsigned ms = timeout == -2 ? BLOCK_MS : timeout == -1 ? DEFAULT_MS : timeout == 0 ? 1 : timeout > BLOCK_MS / 1000 ? BLOCK_MS : (unsigned)timeout * 1000;
    agent_send_raw(&g->agent, v, ms, on_raw, call_new(g, rq));
}

OP_ARGS(api_send_key)
{
    uint32_t set = mp_get_u32(&in), hold = mp_get_u32(&in), n = mp_get_array(&in, KEYS_MAX), code[KEYS_MAX];
    for (uint32_t i = 0; i < n; i++)
        code[i] = mp_get_u32(&in);
    mp_get_u32(&in);
    if (call_end_args(g, rq, &in))
        return;
    if (!keymap_name(set)) {
        worker_fail(g->w, rq, VIR_ERR_INVALID_ARG, VIR_FROM_DOMAIN, "Unsupported codeset '%u'", set);
        return;
    }
    json_t *keys = json_array();
    for (uint32_t i = 0; i < n; i++) {
        int number = keymap_number(set, code[i]);
        if (number < 0) {
            reply_err(g, rq, VIR_ERR_INTERNAL_ERROR, "cannot translate keycode %u of %s codeset to qnum keycode", code[i], keymap_name(set));
            json_decref(keys);
            return;
        }
        json_array_append_new(keys, json_pack("{s:s, s:i}", "type", "number", "data", number));
    }
    if (call_need_up(g, rq)) {
        json_decref(keys);
        return;
    }
    json_t *args = json_pack("{s:o}", "keys", keys);
    if (hold)
        json_object_set_new(args, "hold-time", json_integer(hold));
    call_qmp(call_new(g, rq), "send-key", args, NULL);
}
