/* sibling-events.c: events of a sibling's objects: whoever registers does so there, and hears of them by a number of ours. */
#include "sibling.h"
#include <stdlib.h>
#include "ipc/log.h"
#include "ipc/util.h"

enum { CALLBACKS_MAX = 256 };

struct sibling_callback { struct sibling_callback *next; int32_t mine, theirs; };

static const struct kind { int daemon; uint32_t add, drop; const char *what; } kinds[] = {
    { HOST_NETWORK, OP_REMOTE_CONNECT_NETWORK_EVENT_REGISTER_ANY, OP_REMOTE_CONNECT_NETWORK_EVENT_DEREGISTER_ANY, "network" },
    { HOST_STORAGE, OP_REMOTE_CONNECT_STORAGE_POOL_EVENT_REGISTER_ANY, OP_REMOTE_CONNECT_STORAGE_POOL_EVENT_DEREGISTER_ANY, "storage pool" },
    { HOST_NODEDEV, OP_REMOTE_CONNECT_NODE_DEVICE_EVENT_REGISTER_ANY, OP_REMOTE_CONNECT_NODE_DEVICE_EVENT_DEREGISTER_ANY, "node device" },
    { HOST_SECRET, OP_REMOTE_CONNECT_SECRET_EVENT_REGISTER_ANY, OP_REMOTE_CONNECT_SECRET_EVENT_DEREGISTER_ANY, "secret" },
};

/* All of them begin with the number of a registration. */
static const struct { int daemon; uint32_t op; } events[] = {
    { HOST_NETWORK, OP_REMOTE_NETWORK_EVENT_LIFECYCLE }, { HOST_NETWORK, OP_REMOTE_NETWORK_EVENT_CALLBACK_METADATA_CHANGE },
    { HOST_STORAGE, OP_REMOTE_STORAGE_POOL_EVENT_LIFECYCLE }, { HOST_STORAGE, OP_REMOTE_STORAGE_POOL_EVENT_REFRESH },
    { HOST_NODEDEV, OP_REMOTE_NODE_DEVICE_EVENT_LIFECYCLE }, { HOST_NODEDEV, OP_REMOTE_NODE_DEVICE_EVENT_UPDATE },
    { HOST_SECRET, OP_REMOTE_SECRET_EVENT_LIFECYCLE }, { HOST_SECRET, OP_REMOTE_SECRET_EVENT_VALUE_CHANGED },
};

static const struct kind *kind_of(uint32_t op, bool drop)
{
    for (size_t i = 0; i < ARRAY_N(kinds); i++)
        if ((drop ? kinds[i].drop : kinds[i].add) == op)
            return &kinds[i];
    return NULL;
}

bool sibling_is_register(const struct op *op)
{
    return kind_of(op->id, false) != NULL;
}

void sibling_forget(struct sibling *s)
{
    while (s->callbacks) {
        struct sibling_callback *b = s->callbacks;
        s->callbacks = b->next;
        free(b);
    }
}

/* The number that a deregistration names becomes theirs.  Nothing more is heard of it from here on, whatever the answer will be. */
static bool deregister(struct sibling *s, struct call *c, const struct kind *k)
{
    struct mp_in in;
    struct mp_out args;
    mp_in_init(&in, c->args.p, c->args.len);
    mp_get_array(&in, 1);
    int32_t id = mp_get_i32(&in);
    struct sibling_callback **p = &s->callbacks;
    while (*p && (*p)->mine != id)
        p = &(*p)->next;
    struct sibling_callback *b = *p;
    if (in.bad || !b) {
        call_fail(s->gw, c, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "%s event callback %d not registered", k->what, id);
        return false;
    }
    mp_out_init(&args, 16);
    mp_array(&args, 1);
    mp_int(&args, b->theirs);
    mp_out_free(&c->args);
    c->args = args;
    *p = b->next;
    free(b);
    return true;
}

bool sibling_registers(struct sibling *s, struct call *c)
{
    const struct kind *drop = kind_of(c->op->id, true);
    unsigned n = 0;
    for (const struct sibling_callback *b = s->callbacks; b; b = b->next)
        n++;
    if (n < CALLBACKS_MAX || !sibling_is_register(c->op))
        return drop ? deregister(s, c, drop) : true;
    call_fail(s->gw, c, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "too many event callbacks on one connection");
    return false;
}

bool sibling_registered(struct sibling *s, struct mp_out *o)
{
    struct mp_in in;
    mp_in_init(&in, o->p, o->len);
    mp_get_array(&in, 1);
    int32_t theirs = mp_get_i32(&in);
    for (const struct sibling_callback *b = s->callbacks; b; b = b->next)
        in.bad |= b->theirs == theirs;          /* else each of its events would be many of ours */
    struct sibling_callback *b = in.bad ? NULL : calloc(1, sizeof *b);
    if (!b)
        return false;
    *b = (struct sibling_callback){ .next = s->callbacks, .mine = callback_number(s->gw), .theirs = theirs };
    s->callbacks = b;
    mp_out_free(o);
    mp_out_init(o, 16);
    mp_array(o, 1);
    mp_int(o, b->mine);
    return true;
}

/* One message a registration: body is the rest of its fields. */
static int deliver(struct sibling *s, const struct op *op, int32_t mine, uint32_t fields, const struct mp_in *rest)
{
    struct mp_out o;
    size_t n = (size_t)(rest->end - rest->p);
    mp_out_init(&o, n + 16);
    mp_array(&o, fields);
    mp_int(&o, mine);
    mp_raw(&o, rest->p, n);
    log_debug("%s sent", op->name);
    int r = o.failed ? -1 : s->gw->front->event(s->gw, op, o.p, o.len);
    mp_out_free(&o);
    return r;
}

bool sibling_event(struct sibling *s, uint32_t id, const uint8_t *p, size_t n)
{
    const struct op *op = op_find(id);
    struct mp_out body;
    struct mp_in in;
    size_t i = 0, used = 0;
    while (i < ARRAY_N(events) && (events[i].op != id || events[i].daemon != s->daemon))
        i++;
    if (i == ARRAY_N(events) || !op)
        return false;
    mp_out_init(&body, XDR_MESSAGE_MAX);
    bool good = xdr_decode(op->args, p, n, &body, &used) == 0 && used == n;
    if (good) {
        mp_in_init(&in, body.p, body.len);
        uint32_t fields = mp_get_array(&in, op->args->elems);
        int32_t theirs = mp_get_i32(&in);
        for (const struct sibling_callback *b = s->callbacks; b && good && !s->gw->closing; b = b->next)
            good = b->theirs != theirs || deliver(s, op, b->mine, fields, &in) == 0;
    }
    mp_out_free(&body);
    return good;
}
