/* access.c: what is answered here is asked for first, where somebody decides who may do what.
 *
 * Calls that others carry out the supervisor holds until then.  Here it is what the index page tells, calls that end here, and events: a client
 * that has taken its gateway over reads the page itself and hears of all events, and no more than that. */
#include "gateway.h"
#include "ipc/access.h"
#include <stdlib.h>
#include <string.h>

enum { EVENTS_WAIT_MAX = 4096 };

/* ---- calls ---- */

/* Which guest the call is about: of look-ups too, whose arguments name none in the schema's sense.  0: none, or none that is there. */
static uint64_t guest_of(struct gw *gw, struct call *c)
{
    struct index_slot s;
    struct mp_in in;
    struct err e;
    char name[INDEX_NAME_MAX];
    int slot = -1;
    size_t n = 0;
    const uint8_t *uuid;
    mp_in_init(&in, c->args.p, c->args.len);
    mp_get_array(&in, 64);
    switch (c->op->id) {
    case OP_REMOTE_DOMAIN_LOOKUP_BY_ID: slot = index_find_id(&gw->ix, mp_get_i32(&in), &s); break;
    case OP_REMOTE_DOMAIN_LOOKUP_BY_NAME: slot = mp_get_strz(&in, name, sizeof name) ? index_find_name(&gw->ix, name, &s) : -1; break;
    case OP_REMOTE_DOMAIN_LOOKUP_BY_UUID: uuid = mp_get_bin(&in, &n); slot = n == 16 ? index_find_uuid(&gw->ix, uuid, &s) : -1; break;
    default: return call_object(gw, c, &e) < 0 ? 0 : c->object;
    }
    return slot < 0 ? 0 : object_make((uint32_t)slot, s.gen);
}

/* Whether the call as it stands can only end in "there is no such guest", which everybody may know.  A sibling's network or volume is none. */
static bool names_nobody(const struct call *c, uint64_t guest)
{
    return !guest && ((c->op->arg_object >= 0 && c->op->route != ROUTE_SIBLING) || c->op->id == OP_REMOTE_DOMAIN_LOOKUP_BY_ID || c->op->id == OP_REMOTE_DOMAIN_LOOKUP_BY_NAME ||
        c->op->id == OP_REMOTE_DOMAIN_LOOKUP_BY_UUID);
}

static struct call *question(struct gw *gw, const struct op *op, const struct may *m, call_done_fn *done, void *data)
{
    struct call *q = call_inner(gw, op, 0, done, data);
    if (!q)
        return NULL;
    q->flags = FRAME_ASK;
    q->args.max = sizeof *m;
    mp_raw(&q->args, m, sizeof *m);
    return q;
}

static bool take_bitmap(struct call *c, const struct frame *f)
{
    struct mp_in in;
    size_t n;
    mp_in_init(&in, f->body, f->body_len);
    if (mp_get_array(&in, 1) == 0)
        return true;
    const uint8_t *p = mp_get_bin(&in, &n);
    if (in.bad || n != MAY_BITMAP_BYTES || !(c->sees = malloc(n)))
        return false;
    memcpy(c->sees, p, n);
    return true;
}

static void answered(struct gw *gw, struct call *q, struct frame *f, const struct err *e)
{
    struct call *c = q->data;
    struct err why;
    bool good = f && take_bitmap(c, f);
    if (e)
        why = *e;
    else if (!good)
        err_set(&why, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "malformed reply to %s", c->op->name);
    call_free(gw, q);
    c->asked = true;
    if (e || !good)
        call_error(gw, c, &why);
    else
        call_here(gw, c);
}

bool access_first(struct gw *gw, struct call *c)
{
    static const struct may nobody;
    if (!gw->serve.access || c->asked || (!*c->op->right && c->op->cls == CLASS_CONNECT) || OP_PROG(c->op->id) == PROG_ADMIN)
        return false;
    uint64_t guest = guest_of(gw, c);
    if (names_nobody(c, guest))
        return false;
    struct call *q = question(gw, c->op, &nobody, answered, c);
    if (q) {
        q->object = guest;
        q->arg = c->arg;
        call_send(gw, q);
    }
    return true;
}

bool access_sees(const struct call *c, uint32_t slot)
{
    return !c->sees || (slot < INDEX_SLOTS_MAX && c->sees[slot / 8] >> slot % 8 & 1);
}

/* ---- events: one after the other, so that they stay in order ---- */

struct waiting { struct waiting *next; struct frame_head h; struct may may; size_t len; uint8_t body[]; };

static void ask_next(struct gw *gw);

static void event_answered(struct gw *gw, struct call *q, struct frame *f, const struct err *e)
{
    struct waiting *v = gw->events_waiting;
    struct frame fr = { .h = v->h, .body = v->body, .body_len = v->len };
    (void)f;
    call_free(gw, q);
    gw->events_waiting = v->next;
    gw->nevents_waiting--;
    if (!e)
        events_frame(gw, &fr);
    free(v);
    if (!gw->ended)
        ask_next(gw);
}

static void ask_next(struct gw *gw)
{
    static const struct op *see;
    if (!see)
        see = op_find(OP_REMOTE_DOMAIN_LOOKUP_BY_UUID);
    struct call *q = gw->events_waiting ? question(gw, see, &gw->events_waiting->may, event_answered, NULL) : NULL;
    if (q)
        call_send(gw, q);
}

void access_event(struct gw *gw, const struct dom_head *d, struct frame *f)
{
    struct waiting *v = gw->nevents_waiting < EVENTS_WAIT_MAX ? malloc(sizeof *v + f->body_len) : NULL, **end = &gw->events_waiting;
    if (!v) {
        gw_end(gw, "too many events wait");
        return;
    }
    *v = (struct waiting){ .h = f->h, .len = f->body_len };
    memcpy(v->may.name, d->name, sizeof v->may.name);
    memcpy(v->may.uuid, d->uuid, sizeof v->may.uuid);
    memcpy(v->body, f->body, f->body_len);
    v->h.nfds = 0;
    while (*end)
        end = &(*end)->next;
    *end = v;
    if (!gw->nevents_waiting++)
        ask_next(gw);
}

void access_free(struct gw *gw)
{
    for (struct waiting *v; (v = gw->events_waiting); free(v))
        gw->events_waiting = v->next;
}
