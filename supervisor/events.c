/* events.c: events to the gateways that asked for them, and the few msgpack bodies that the supervisor writes itself. */
#include <string.h>
#include "ipc/schema/op-numbers.h"
#include "sup.h"

void mp_dom(struct mp_out *o, const struct index_slot *s)
{
    mp_array(o, 3);
    mp_str(o, s->name);
    mp_bin(o, s->uuid, 16);
    mp_int(o, s->id);
}

void reply_dom(const struct caller *c, const struct index_slot *s)
{
    struct mp_out o;
    mp_out_init(&o, 1024);
    mp_array(&o, 1);
    mp_dom(&o, s);
    route_reply_mp(c, &o);
}

static void fan_out(uint32_t op, uint32_t id, uint64_t object, const void *body, size_t len, const struct frame *f)
{
    struct frame_head h = { .kind = FRAME_EVENT, .op = op, .arg = id, .object = object, .flags = f ? f->h.flags & FRAME_BIG : 0 };
    for (struct peer *g = peer_next(NULL); g; g = peer_next(g))
        if (g->role == ROLE_GATEWAY && id < 128 && g->mask[id / 64] >> (id % 64) & 1)
            peer_send(g, &h, body, len, f ? f->fds : NULL, f ? f->h.nfds : 0);
}

void event_lifecycle(const struct index_slot *s, int event, int detail)
{
    struct mp_out o;
    mp_out_init(&o, 1024);
    mp_array(&o, 3);
    mp_dom(&o, s);
    mp_int(&o, event);
    mp_int(&o, detail);
    if (!o.failed)
        fan_out(OP_REMOTE_DOMAIN_EVENT_CALLBACK_LIFECYCLE, 0, slot_handle((int)(s - sup.index.slot)), o.p, o.len, NULL);
    mp_out_free(&o);
}

void event_metadata(const struct index_slot *s, const void *fields, size_t len)
{
    enum { EV_METADATA_CHANGE = 23 };
    struct mp_out o;
    mp_out_init(&o, FRAME_BODY_MAX);
    mp_array(&o, 3);
    mp_dom(&o, s);
    mp_raw(&o, fields, len);
    if (!o.failed)
        fan_out(OP_REMOTE_DOMAIN_EVENT_CALLBACK_METADATA_CHANGE, EV_METADATA_CHANGE, slot_handle((int)(s - sup.index.slot)), o.p, o.len, NULL);
    mp_out_free(&o);
}

/* SAFETY: every subscriber's queue is bounded, and whose overflows is ended: one guest's worker must not be able to fill them all. */
bool event_allowed(struct peer *p)
{
    enum { EVENTS_A_SECOND = 256 };
    uint64_t now = loop_now_ms();
    if (now - p->second_ms >= 1000) {
        p->second_ms = now;
        p->second_n = 0;
    }
    if (p->second_n == EVENTS_A_SECOND)
        log_warn("qemu %d sends more than %d events a second: some are dropped", p->pid, EVENTS_A_SECOND);
    return p->second_n++ < EVENTS_A_SECOND;
}

/* SAFETY: a worker that a hostile QEMU has taken over may say what it likes of its own guest, and nothing of another: the body must begin
 * with that guest's name, uuid and id as we would write them ourselves. */
void event_from_worker(struct peer *p, struct frame *f)
{
    int slot = slot_of(p->object);
    struct mp_out dom;
    mp_out_init(&dom, 1024);
    if (slot >= 0)
        mp_dom(&dom, slot_row(slot));
    bool own = slot >= 0 && !dom.failed && !(f->h.flags & FRAME_BIG) && f->h.nfds == 0 && f->body_len > dom.len && f->body[0] >= 0x91 && f->body[0] <= 0x9f &&
        !memcmp(f->body + 1, dom.p, dom.len);
    mp_out_free(&dom);
    if (own)
        fan_out(f->h.op, f->h.arg, p->object, f->body, f->body_len, NULL);
    else
        peer_refuse(p, "an event that is not of its guest");
}
