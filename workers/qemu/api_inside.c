/* api_inside.c: calls that change something inside the guest, by its agent: file systems, accounts, processors, sleep. */
#include "config.h"
#include <stdio.h>
#include <string.h>

#include "ipc/log.h"
#include "ipc/util.h"
#include "workers/base64.h"
#include "workers/bitmap.h"
#include "workers/qemu/ops.h"
#include "workers/typed.h"

enum { LONG_MS = 600000, MOUNTS_MAX = 256, KEYS_MAX = 2048, NAME_BYTES = 4096, KEYS_BYTES = 1 << 20, REPLY_BYTES = 4 << 20 };

/* Strings of the arguments as a JSON array; *n of them. */
static json_t *strings_arg(struct mp_in *in, uint32_t max, uint32_t *n)
{
    json_t *a = json_array();
    *n = mp_get_array(in, max);
    for (uint32_t i = 0; i < *n && !in->bad; i++) {
        AUTO_FREE char *s = mp_get_strdup(in, KEYS_BYTES);
        json_array_append_new(a, json_string(s ? s : ""));
    }
    return a;
}

static void on_count(struct call *c, json_t *ret)
{
    if (!json_is_integer(ret)) {
        call_failf(c, VIR_ERR_INTERNAL_ERROR, "malformed return value");
        return;
    }
    reply_int(c->g, &c->rq, (int32_t)json_integer_value(ret));
    call_drop(c);
}

/* ---- file systems ---- */

/* freeze and thaw: [mountpoints, flags] */
static void freeze_or_thaw(struct guest *g, const struct request *rq, struct frame *f, bool is_freeze)
{
    struct mp_in in;
    uint32_t n;
    if (call_args(g, rq, f, &in))
        return;
    json_t *mounts = strings_arg(&in, MOUNTS_MAX, &n);
    mp_get_u32(&in);
    if (call_end_args(g, rq, &in))
        ;
    else if (n && !is_freeze)       /* what is thawed is all that is frozen */
        reply_err(g, rq, VIR_ERR_ARGUMENT_UNSUPPORTED, "specifying mountpoints is not supported");
    else if (call_need_agent(g, rq))
        ;
    else if (n)
        call_agent(call_new(g, rq), "guest-fsfreeze-freeze-list", json_pack("{s:O}", "mountpoints", mounts), LONG_MS, on_count);
    else
        call_agent(call_new(g, rq), is_freeze ? "guest-fsfreeze-freeze" : "guest-fsfreeze-thaw", NULL, LONG_MS, on_count);
    json_decref(mounts);
}

OP_FN(api_fsfreeze) { freeze_or_thaw(w->data, rq, f, true); }
OP_FN(api_fsthaw) { freeze_or_thaw(w->data, rq, f, false); }

OP_ARGS(api_fstrim)
{
    bool has_mount = !mp_get_nil(&in);
    if (has_mount)
        mp_skip(&in);
    uint64_t minimum = mp_get_uint(&in);
    mp_get_u32(&in);
    if (call_end_args(g, rq, &in))
        return;
    if (has_mount)
        reply_err(g, rq, VIR_ERR_ARGUMENT_UNSUPPORTED, "Specifying mount point is not supported for now");
    else if (!call_need_agent(g, rq))
        call_agent(call_new(g, rq), "guest-fstrim", json_pack("{s:I}", "minimum", (json_int_t)minimum), LONG_MS, NULL);
}

/* ---- accounts ---- */

static char *base64(const char *s)
{
    size_t n = strlen(s);
    char *out = malloc(BASE64_BYTES(n));
    BUG_ON(!out);
    base64_encode(s, n, out);
    return out;
}

OP_ARGS(api_set_user_password)
{
    enum { PASSWORD_ENCRYPTED = 1 };
    AUTO_FREE char *user = mp_get_nil(&in) ? NULL : mp_get_strdup(&in, NAME_BYTES);
    AUTO_FREE char *password = mp_get_nil(&in) ? NULL : mp_get_strdup(&in, KEYS_BYTES);
    uint32_t flags = mp_get_u32(&in);
    if (call_end_args(g, rq, &in))
        return;
    if (!user || !password)
        reply_err(g, rq, VIR_ERR_INVALID_ARG, "%s in virDomainSetUserPassword must not be NULL", user ? "password" : "user");
    else if (!call_need_agent(g, rq)) {
        AUTO_FREE char *coded = base64(password);
        json_t *args = json_pack("{s:b, s:s, s:s}", "crypted", flags & PASSWORD_ENCRYPTED, "username", user, "password", coded);
        call_agent(call_new(g, rq), "guest-set-user-password", args, 0, NULL);
        explicit_bzero(coded, strlen(coded));
        explicit_bzero(password, strlen(password));
    }
}

static void on_keys(struct call *c, json_t *ret)
{
    json_t *keys = json_object_get(ret, "keys");
    struct mp_out o;
    if (!json_is_array(keys) || json_array_size(keys) > KEYS_MAX) {
        call_failf(c, VIR_ERR_INTERNAL_ERROR, "qemu agent didn't return an array of keys");
        return;
    }
    mp_out_init(&o, REPLY_BYTES);
    mp_array(&o, 1);
    mp_array(&o, (uint32_t)json_array_size(keys));
    for (size_t i = 0; i < json_array_size(keys); i++) {
        const char *key = json_string_value(json_array_get(keys, i));
        mp_str(&o, key ? key : "");
    }
    call_out(c, &o);
}

OP_ARGS(api_ssh_keys_get)
{
    AUTO_FREE char *user = mp_get_strdup(&in, NAME_BYTES);
    mp_get_u32(&in);
    if (!call_end_args(g, rq, &in) && !call_need_agent(g, rq))
        call_agent(call_new(g, rq), "guest-ssh-get-authorized-keys", json_pack("{s:s}", "username", user), 0, on_keys);
}

OP_ARGS(api_ssh_keys_set)
{
    enum { KEYS_APPEND = 1, KEYS_REMOVE = 2 };
    uint32_t n;
    AUTO_FREE char *user = mp_get_strdup(&in, NAME_BYTES);
    json_t *keys = strings_arg(&in, KEYS_MAX, &n), *args;
    uint32_t flags = mp_get_u32(&in);
    if (call_end_args(g, rq, &in) || call_need_agent(g, rq)) {
        json_decref(keys);
        return;
    }
    if (flags & KEYS_REMOVE)
        args = json_pack("{s:s, s:o}", "username", user, "keys", keys);
    else
        args = json_pack("{s:s, s:o, s:b}", "username", user, "keys", keys, "reset", !(flags & KEYS_APPEND));
    call_agent(call_new(g, rq), flags & KEYS_REMOVE ? "guest-ssh-remove-authorized-keys" : "guest-ssh-add-authorized-keys", args, 0, NULL);
}

/* ---- processors as the guest sees them ---- */

/* One question, and then as many changes as it takes: the agent may carry out the first few of a list only. */
struct change { uint8_t map[BITMAP_BITS / 8]; bool online, by_count; uint32_t count; json_t *left; };

static void change_free(void *extra)
{
    json_decref(((struct change *)extra)->left);
}

struct vcpu { uint64_t id; bool online, offlinable; };

/* One of guest-get-vcpus; false: it makes no sense. */
static bool vcpu_of(json_t *v, struct vcpu *out)
{
    json_int_t id = json_integer_value(json_object_get(v, "logical-id"));
    *out = (struct vcpu){ (uint64_t)id, json_is_true(json_object_get(v, "online")), json_is_true(json_object_get(v, "can-offline")) };
    return json_is_integer(json_object_get(v, "logical-id")) && id >= 0 && id < BITMAP_BITS;
}

static void on_guest_vcpus(struct call *c, json_t *ret)
{
    static const char *const names[] = { "vcpus", "online", "offlinable" };
    uint8_t map[ARRAY_N(names)][BITMAP_BITS / 8] = { 0 };
    char text[BITMAP_BITS * 5];
    struct mp_out o;
    struct vcpu v;
    json_t *one;
    size_t i;
    json_array_foreach(ret, i, one) {
        if (!vcpu_of(one, &v)) {
            call_failf(c, VIR_ERR_INTERNAL_ERROR, "vcpu id '%u' reported by guest agent is out of range", (unsigned)v.id);
            return;
        }
        BITMAP_SET(map[0], v.id);
        if (v.online)
            BITMAP_SET(map[1], v.id);
        if (v.offlinable)
            BITMAP_SET(map[2], v.id);
    }
    mp_out_init(&o, REPLY_BYTES);
    mp_array(&o, 1);
    mp_array(&o, ARRAY_N(names));
    for (i = 0; i < ARRAY_N(names); i++) {
        bitmap_format(map[i], BITMAP_BITS, text, sizeof text);
        typed_head(&o, names[i], TYPED_STRING);
        mp_str(&o, text);
    }
    call_out(c, &o);
}

OP_ARGS(api_get_guest_vcpus)
{
    mp_get_u32(&in);
    if (!call_end_args(g, rq, &in) && !call_need_agent(g, rq))
        call_agent(call_new(g, rq), "guest-get-vcpus", NULL, 0, on_guest_vcpus);
}

static void change_next(struct call *c);

static void on_changed(struct call *c, json_t *ret)
{
    struct change *x = c->extra;
    json_int_t done = json_integer_value(ret);
    if (done <= 0 || done > (json_int_t)json_array_size(x->left))
        call_failf(c, VIR_ERR_INTERNAL_ERROR, "guest agent returned malformed or invalid return value");
    else {
        while (done--)
            json_array_remove(x->left, 0);
        change_next(c);
    }
}

static void change_next(struct call *c)
{
    struct change *x = c->extra;
    if (json_array_size(x->left))
        call_agent(c, "guest-set-vcpus", json_pack("{s:O}", "vcpus", x->left), 0, on_changed);
    else
        call_ok(c);
}

static void will_change(struct change *x, const struct vcpu *v, bool online)
{
    json_array_append_new(x->left, json_pack("{s:I, s:b}", "logical-id", (json_int_t)v->id, "online", online));
}

/* Those that were named: 0, or answered and -1. */
static int change_named(struct call *c, json_t *ret)
{
    struct change *x = c->extra;
    struct vcpu v;
    for (size_t i = 0; i < json_array_size(ret); i++) {
        if (!vcpu_of(json_array_get(ret, i), &v) || !BITMAP_GET(x->map, v.id))
            continue;
        if (!v.offlinable && !x->online) {
            call_failf(c, VIR_ERR_OPERATION_UNSUPPORTED, "vCPU '%u' is not offlinable", (unsigned)v.id);
            return -1;
        }
        will_change(x, &v, x->online);
        x->map[v.id / 8] &= (uint8_t)~(1u << v.id % 8);
    }
    char text[1024];
    bitmap_format(x->map, BITMAP_BITS, text, sizeof text);
    if (!*text)
        return 0;
    call_failf(c, VIR_ERR_INVALID_ARG, "guest is missing vCPUs '%s'", text);
    return -1;
}

/* As many as are wanted, from the first on: 0, or answered and -1. */
static int change_count(struct call *c, json_t *ret)
{
    struct change *x = c->extra;
    uint32_t online = 0, stay = 0;
    struct vcpu v;
    for (size_t i = 0; i < json_array_size(ret); i++) {
        bool good = vcpu_of(json_array_get(ret, i), &v);
        online += v.online;
        stay += v.online && !v.offlinable;
        if (!good || (!v.online && !v.offlinable)) {
            call_failf(c, VIR_ERR_INTERNAL_ERROR, "Invalid data provided by guest agent");
            return -1;
        }
    }
    if (x->count > json_array_size(ret) || x->count < stay) {
        call_failf(c, x->count < stay ? VIR_ERR_INVALID_ARG : VIR_ERR_INTERNAL_ERROR, x->count < stay ? "Cannot offline enough CPUs" : "guest agent reports less cpu than requested");
        return -1;
    }
    for (size_t i = 0; i < json_array_size(ret) && online != x->count; i++) {
        vcpu_of(json_array_get(ret, i), &v);
        if (v.online == (online < x->count) || (v.online && !v.offlinable))
            continue;
        will_change(x, &v, !v.online);
        online += v.online ? -1u : 1u;
    }
    return 0;
}

static void on_to_change(struct call *c, json_t *ret)
{
    struct change *x = c->extra;
    if (!(x->by_count ? change_count(c, ret) : change_named(c, ret)))
        change_next(c);
}

static void change_vcpus(struct guest *g, const struct request *rq, const struct change *wanted)
{
    struct call *c = call_new(g, rq);
    struct change *x = call_extra(c, sizeof *x);
    *x = *wanted;
    x->left = json_array();
    c->free_extra = change_free;
    call_agent(c, "guest-get-vcpus", NULL, 0, on_to_change);
}

OP_ARGS(api_set_guest_vcpus)
{
    struct change x = { 0 };
    if (!vcpu_set_args(g, rq, &in, x.map, &x.online) && !call_need_agent(g, rq))
        change_vcpus(g, rq, &x);
}

void set_vcpus_inside(struct guest *g, const struct request *rq, uint32_t count)
{
    if (!call_need_agent(g, rq))
        change_vcpus(g, rq, &(struct change){ .by_count = true, .count = count });
}

/* ---- sleep ---- */

struct sleep { uint32_t target; struct call *c; struct loop_timer timer; unsigned left; };

static void sleep_free(void *extra)
{
    loop_cancel(&((struct sleep *)extra)->timer);
}

/* The agent's port may close before QEMU says that the guest sleeps, which a client that was answered relies on. */
static void sleep_look(struct loop_timer *t)
{
    enum { POLL_MS = 20 };
    struct sleep *s = t->data;
    if (s->c->g->state == DOM_RUNNING && s->c->g->phase == PHASE_UP && s->left--)
        loop_after(&s->timer, POLL_MS, sleep_look, s);
    else
        call_ok(s->c);
}

static void on_sleeping(void *data, json_t *ret, const struct err *e)
{
    enum { TRIES = 250 };
    struct call *c = data;
    struct sleep *s = c->extra;
    if (!ret) {
        call_fail(c, e);
        return;
    }
    s->left = TRIES;
    s->timer.data = s;
    sleep_look(&s->timer);
}

static void on_machine(struct call *c, json_t *ret)
{
    static const char *const commands[] = { "guest-suspend-ram", "guest-suspend-disk", "guest-suspend-hybrid" };
    struct sleep *s = c->extra;
    struct err e = ERR_INIT;
    if (json_is_false(json_object_get(ret, "wakeup-suspend-support")))
        call_failf(c, VIR_ERR_OPERATION_UNSUPPORTED, "Domain does not have suspend support");
    else if (s->target != 1 && tree_attr_is(tree_get(c->g->tree, "pm/suspend-to-mem"), "enabled", "no"))
        call_failf(c, VIR_ERR_OPERATION_UNSUPPORTED, "S3 state is disabled for this domain");
    else if (s->target == 1 && tree_attr_is(tree_get(c->g->tree, "pm/suspend-to-disk"), "enabled", "no"))
        call_failf(c, VIR_ERR_OPERATION_UNSUPPORTED, "S4 state is disabled for this domain");
    else if (agent_check(&c->g->agent, &e))
        call_fail(c, &e);
    else
        agent_send(&c->g->agent, commands[s->target], NULL, 0, true, on_sleeping, c);
}

OP_ARGS(api_pm_suspend)
{
    enum { TARGETS = 3 };
    uint32_t target = mp_get_u32(&in);
    uint64_t duration = mp_get_uint(&in);
    mp_get_u32(&in);
    if (call_end_args(g, rq, &in))
        return;
    if (duration)
        reply_err(g, rq, VIR_ERR_ARGUMENT_UNSUPPORTED, "Duration not supported. Use 0 for now");
    else if (target >= TARGETS)
        reply_err(g, rq, VIR_ERR_INVALID_ARG, "Unknown suspend target: %u", target);
    else if (!call_need_agent(g, rq)) {
        struct call *c = call_new(g, rq);
        struct sleep *s = call_extra(c, sizeof *s);
        *s = (struct sleep){ .target = target, .c = c };
        c->free_extra = sleep_free;
        call_qmp(c, "query-current-machine", NULL, on_machine);
    }
}
