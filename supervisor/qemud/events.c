/* events.c: events to the gateways that asked for them.  Each begins with its domain as a struct; what follows is msgpack that the supervisor does not
 * read, or one-byte numbers of its own (msgpack writes 0..127 as themselves). */
#include <sys/epoll.h>
#include "ipc/schema/op-numbers.h"
#include "supervisor/qemud/guest.h"

static struct dom_head event_dom(const struct index_slot *s, uint32_t values)
{
    struct dom_head d = { .id = s->id, .values = values };
    util_copy_str(d.name, sizeof d.name, s->name);
    memcpy(d.uuid, s->uuid, sizeof d.uuid);
    return d;
}

void route_reply_dom(const struct caller *c, int slot)
{
    struct dom_head d = event_dom(slot_row(slot), 0);
    route_put(c, FRAME_REPLY, FRAME_DOM, &d, sizeof d, NULL, 0);
}

static void fan_out(uint32_t op, uint32_t id, uint64_t object, const void *body, size_t len)
{
    struct frame_head h = { .kind = FRAME_EVENT, .flags = FRAME_DOM, .op = op, .arg = id, .object = object };
    for (struct peer *g = peer_next(NULL); g; g = peer_next(g))
        if (g->role == ROLE_GATEWAY && id < 128 && g->mask[id / 64] >> (id % 64) & 1)
            peer_send(g, &h, body, len, NULL, 0);
}

void event_send(const struct index_slot *s, uint32_t op, uint32_t id, const void *values, size_t len)
{
    static uint8_t body[FRAME_BODY_MAX];
    struct dom_head d = event_dom(s, 2);
    memcpy(body, &d, sizeof d);
    memcpy(body + sizeof d, values, len);
    fan_out(op, id, slot_handle((int)(s - sup.index.slot)), body, sizeof d + len);
}

void event_lifecycle(const struct index_slot *s, int what, int detail)
{
    const uint8_t values[2] = { what & 127, detail & 127 };
    event_send(s, OP_REMOTE_DOMAIN_EVENT_CALLBACK_LIFECYCLE, 0, values, sizeof values);
}

static void on_second(struct loop_timer *t)
{
    struct peer *p = t->data;
    p->second_n = 0;
    loop_mod(&p->chan.src, EPOLLIN | (p->chan.head ? EPOLLOUT : 0));
}

/* SAFETY: every subscriber's queue is bounded, and whose overflows is ended: one guest's worker must not be able to fill them all.  What it tells
 * beyond its share is lost; but no change of state is: after so many of them it is not listened to until the second is over. */
bool event_allowed(struct peer *p, bool of_state)
{
    enum { EVENTS_A_SECOND = 256 };
    if (!p->second.armed)
        loop_after(&p->second, 1000, on_second, p);
    if (p->second_n == EVENTS_A_SECOND)
        log_warn("qemu %d sends more than %d events a second: it has to wait", p->pid, EVENTS_A_SECOND);
    if (++p->second_n > EVENTS_A_SECOND && of_state)
        loop_mod(&p->chan.src, p->chan.head ? EPOLLOUT : 0);
    return of_state || p->second_n <= EVENTS_A_SECOND;
}

/* SAFETY: a worker that a hostile QEMU has taken over may say what it likes of its own guest, and nothing of another: the body must begin
 * with that guest's name, uuid and id as we would write them ourselves. */
void event_from_worker(struct peer *p, struct frame *f)
{
    int slot = slot_of(p->object);
    struct dom_head own = slot < 0 ? (struct dom_head){ .id = 0 } : event_dom(slot_row(slot), 0);
    if (slot >= 0 && !(f->h.flags & FRAME_BIG) && f->h.nfds == 0 && f->body_len >= sizeof own && !memcmp(f->body, &own, offsetof(struct dom_head, values)))
        fan_out(f->h.op, f->h.arg, p->object, f->body, f->body_len);
    else
        peer_refuse(p, "an event that is not of its guest");
}
