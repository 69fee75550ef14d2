/* route.c: calls of gateways and their answers, by header alone.
 *
 * Every call that has no answer yet is one row of the pending table: with a worker, in a flow, or parked until its object can take it.
 * A reply goes back by that table only; one that no row of that very channel explains ends its sender. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "ipc/schema/op-numbers.h"
#include "objects.h"

enum { PENDING_MAX = 16384, HASH_N = 4096, CALLS_MAX = 256 /* of one gateway at once; it holds its own client to far fewer */,
    FDS_MAX = 8 /* of one call or reply: they may wait in queues, and ours are not without number */ };
enum { P_FREE, P_PEER, P_FLOW, P_PARKED };
static struct pending { struct caller c; uint64_t to, object; uint32_t next /* + 1 */; uint8_t state; bool cancelled, woken, may /* auth has said so */; } table[PENDING_MAX];
static uint32_t hash[HASH_N], free_head, used_n /* rows + 1 */, parked_n;

const char *op_label(uint32_t op, char buf[24])
{
    snprintf(buf, 24, "%u:%u", OP_PROG(op), OP_PROC(op));
    return buf;
}

static uint32_t *bucket(uint64_t number, uint32_t serial)
{
    return &hash[(number * 0x9e3779b97f4a7c15u >> 40 ^ serial * 2654435761u) % HASH_N];
}

static struct pending *pending_find(uint64_t number, uint32_t serial)
{
    for (uint32_t i = *bucket(number, serial); i; i = table[i - 1].next)
        if (table[i - 1].c.number == number && table[i - 1].c.serial == serial)
            return &table[i - 1];
    return NULL;
}

static struct pending *pending_add(const struct caller *c, int state, uint64_t to, uint64_t object)
{
    uint32_t row = free_head ? free_head : used_n < PENDING_MAX ? ++used_n : 0;
    if (!row)
        return NULL;
    struct pending *p = &table[row - 1];
    if (row == free_head)
        free_head = p->next;
    uint32_t *b = bucket(c->number, c->serial);
    *p = (struct pending){ .c = *c, .to = to, .object = object, .next = *b, .state = (uint8_t)state };
    *b = row;
    parked_n += state == P_PARKED;
    struct peer *from = peer_find(c->number);
    if (from)
        from->calls++;
    return p;
}

static void pending_free(struct pending *p)
{
    uint32_t row = (uint32_t)(p - table) + 1, *i = bucket(p->c.number, p->c.serial);
    while (*i != row)
        i = &table[*i - 1].next;
    *i = p->next;
    struct peer *from = peer_find(p->c.number);
    if (from)
        from->calls--;
    parked_n -= p->state == P_PARKED;
    p->state = P_FREE;
    p->next = free_head;
    free_head = row;
}

/* ---- answers ---- */

void route_put(const struct caller *c, int kind, unsigned flags, const void *body, size_t len, const int *fds, unsigned nfds)
{
    struct pending *p = pending_find(c->number, c->serial);
    struct peer *to = peer_find(c->number);
    struct frame_head h = { .kind = (uint8_t)kind, .flags = (uint16_t)flags, .op = c->op, .serial = c->serial, .origin = c->number };
    if (p)
        pending_free(p);
    if (to && c->number)
        peer_send(to, &h, body, len, fds, nfds);
}

void route_reply(const struct caller *c, const void *body, size_t len, const int *fds, unsigned nfds)
{
    static const uint8_t empty = 0x90;      /* a msgpack array of nothing */
    route_put(c, FRAME_REPLY, 0, len ? body : &empty, len ? len : 1, fds, nfds);
}

void route_error(const struct caller *c, const struct err *e)
{
    route_put(c, FRAME_ERROR, 0, e, err_wire_len(e), NULL, 0);
}

void route_fail(const struct caller *c, int code, const char *text)
{
    struct err e = ERR_INIT;
    /* What is wrong with the domain's state, libvirt's common code tells, not its driver. */
    err_set(&e, code, code == VIR_ERR_OPERATION_INVALID ? VIR_FROM_DOMAIN : VIR_FROM_QEMU, "%s", text);
    route_error(c, &e);
}

/* The body was not kept: the gateway has it, and sends it again. */
static void wake(struct pending *p)
{
    struct peer *g = p->woken ? NULL : peer_find(p->c.number);
    struct frame_head h = { .kind = FRAME_EVENT, .op = OP_IN(IN_EPOCH), .serial = p->c.serial, .object = sup.settings.access, .arg = sup.clients->log[LOG_FILTERS].from[ROLE_GATEWAY] };
    p->woken |= g != NULL;
    if (g)
        peer_send(g, &h, NULL, 0, NULL, 0);
}

/* A worker's, xmlc's, auth's or the host role's answer to a routed call. */
void route_answer(struct peer *from, struct frame *f)
{
    struct pending *p = pending_find(f->h.origin, f->h.serial);
    if (!p || p->state != P_PEER || p->to != from->number) {
        if (!from->inherited)       /* else: it answers what an earlier supervisor passed on; the call comes again */
            peer_refuse(from, "a reply to no call");
        return;
    }
    if (f->h.nfds > FDS_MAX) {
        peer_refuse(from, "a reply with too many descriptors");     /* its end answers the caller */
        return;
    }
    if (from->role == ROLE_AUTH && f->h.kind == FRAME_REPLY && !(p->c.flags & FRAME_ASK) && !p->cancelled) {
        p->may = true, p->state = P_PARKED, parked_n++;
        wake(p);
        return;
    }
    struct peer *to = peer_find(p->c.number);
    struct frame_head h = { .kind = f->h.kind, .flags = f->h.flags & FRAME_BIG, .op = p->c.op, .serial = p->c.serial, .origin = p->c.number };
    bool deliver = !p->cancelled;
    if (from->role == ROLE_AUTH && f->h.kind == FRAME_REPLY && p->c.op == OP_REMOTE_AUTH_POLKIT && to)
        gateways_known(to);
    pending_free(p);
    if (to && deliver)
        peer_send(to, &h, f->body, f->h.flags & FRAME_BIG ? 0 : f->body_len, f->fds, f->h.nfds);
}

/* ---- waiting for an object ---- */

void route_park(const struct caller *c, uint64_t object)
{
    struct pending *p = pending_find(c->number, c->serial);
    if (p)
        pending_free(p);
    if (peer_find(c->number) && !pending_add(c, P_PARKED, 0, object))
        route_fail(c, VIR_ERR_OPERATION_FAILED, "too many calls wait");
}

void route_wake(uint64_t object)
{
    for (uint32_t i = 0; parked_n && i < used_n; i++)
        if (table[i].state == P_PARKED && table[i].object == object)
            wake(&table[i]);
}

/* Tells the worker that works on it, once: a gateway must not be able to fill its queue.  False: it is no worker's. */
static bool cancel(struct pending *p)
{
    struct peer *w = p->state == P_PEER ? peer_find(p->to) : NULL;
    if (!w || !objects_roles[w->role].asks)
        return false;
    struct frame_head h = { .kind = FRAME_EVENT, .op = OP_IN(IN_CANCEL), .serial = p->c.serial, .origin = p->c.number, .object = p->object };
    if (!p->cancelled)
        peer_send(w, &h, NULL, 0, NULL, 0);
    p->cancelled = true;        /* its answer will come, and must be explained */
    return true;
}

static void gateway_gone(struct peer *g)
{
    for (uint32_t i = 0; g->calls && i < used_n; i++) {
        struct pending *p = &table[i];
        if (p->state == P_FREE || p->c.number != g->number)
            continue;
        if (!cancel(p) && p->state != P_PEER)
            pending_free(p);
    }
}

void route_peer_gone(struct peer *gone, bool comes_again)
{
    if (gone->role == ROLE_GATEWAY) {
        gateway_gone(gone);
        return;
    }
    for (uint32_t i = 0; i < used_n; i++) {
        struct pending *p = &table[i];
        if (p->state != P_PEER || p->to != gone->number)
            continue;
        const struct op_route_row *row = op_route_find(p->c.op);
        struct caller c = p->c;
        bool park = (comes_again || objects_roles[gone->role].asks) && row && (row->replay == REPLAY_SAFE || gone->role == ROLE_AUTH) && !p->cancelled;
        pending_free(p);
        if (park)
            route_park(&c, gone->object);
        else
            route_fail(&c, VIR_ERR_OPERATION_FAILED, "the process that worked on this call ended: outcome unknown");
    }
    if (!comes_again)
        route_wake(gone->object);       /* of a guest that is being started, or is given up: what becomes of that answers */
}

/* ---- calls ---- */

void route_to(const struct caller *c, struct peer *to, struct frame *f)
{
    struct frame_head h = f->h;
    if (pending_add(c, P_PEER, to->number, f->h.object))
        peer_send(to, &h, f->body, f->h.flags & FRAME_BIG ? 0 : f->body_len, f->fds, f->h.nfds);
    else
        route_fail(c, VIR_ERR_OPERATION_FAILED, "too many calls wait");
}

static bool over_cap(const struct frame *f, uint32_t cap)
{
    struct stat st;
    if (!(f->h.flags & FRAME_BIG))
        return f->body_len > cap;
    return f->h.nfds == 0 || fstat(f->fds[0], &st) < 0 || st.st_size > cap;
}

static void api_call(struct peer *g, struct frame *f)
{
    const struct op_route_row *row = op_route_find(f->h.op);
    unsigned own_fds = f->h.flags & FRAME_BIG ? 1 : 0;
    bool admin_op = OP_PROG(f->h.op) == PROG_ADMIN;
    struct caller c = { .number = g->number, .serial = f->h.serial, .op = f->h.op, .arg = f->h.arg, .flags = f->h.flags };
    if (!row || row->kind != OPK_CALL || admin_op != (g->door == DOOR_ADMIN) || over_cap(f, row->cap) || (f->h.nfds > own_fds && !row->fds_in) || f->h.nfds > FDS_MAX) {
        peer_refuse(g, "a call that this door does not have");
        return;
    }
    struct pending *p = pending_find(c.number, c.serial);
    bool may = p && p->may && p->c.op == c.op && p->c.arg == c.arg && p->object == f->h.object && !((p->c.flags ^ c.flags) & (FRAME_LIVE | FRAME_CONFIG | FRAME_ASK));
    if (p && p->state == P_PARKED) {
        c.flags = (uint16_t)((c.flags & ~FRAME_RESENT) | (p->c.flags & FRAME_RESENT));     /* asked for by route_wake: not for that a second run */
        pending_free(p);
    } else if (p) {
        if (!(f->h.flags & FRAME_RESENT))
            peer_refuse(g, "a serial in use");
        return;
    }
    /* What came to us first, and not to one before us, and is not there any more was answered: it was on its way when its gateway heard of us. */
    if (f->h.flags & FRAME_RESENT && !p && g->first_serial && (int32_t)(c.serial - g->first_serial) >= 0)
        return;
    if (!(f->h.flags & FRAME_RESENT) && !g->first_serial)
        g->first_serial = c.serial;
    if (g->calls >= CALLS_MAX) {
        peer_refuse(g, "too many calls at once");
        return;
    }
    f->h.flags = (uint16_t)((c.flags & (FRAME_BIG | FRAME_RESENT | FRAME_LIVE | FRAME_CONFIG)) | (g->door == DOOR_RO ? FRAME_RO : 0));
    if (g->door == DOOR_RO && (!row->ro || (row->ro_deny & f->h.arg))) {
        route_fail(&c, VIR_ERR_OPERATION_DENIED, "read only access prevents this operation");
        return;
    }
    if (!may && objects_ask && objects_ask(&c, f))
        return;
    if (row->route >= ROUTE_N || !objects_routes[row->route].fn)
        route_fail(&c, VIR_ERR_NO_SUPPORT, "");
    else if (objects_routes[row->route].object && slot_of(f->h.object) < 0)
        route_fail(&c, VIR_ERR_NO_DOMAIN, "the domain is gone");
    else
        objects_routes[row->route].fn(&c, f);
}

/* ---- program 0, from gateways ---- */

static void on_subscribe(const struct caller *c, struct frame *f)
{
    struct peer *g = peer_find(c->number);
    memcpy(g->mask, f->body, sizeof g->mask);
}

static void on_cancel(const struct caller *c, struct frame *f)
{
    struct pending *p = pending_find(c->number, c->serial);
    if (p)
        cancel(p);
}

static void on_late(const struct caller *c, struct frame *f)
{
    struct pending *p = pending_find(c->number, c->serial);
    if (p && p->state == P_PARKED && !p->woken)
        route_fail(&p->c, VIR_ERR_OPERATION_TIMEOUT, WAITED_FOR);
    else
        flow_late(c);
}

static void on_client_close(const struct caller *c, struct frame *f)
{
    const uint64_t *number = (const void *)f->body;
    struct peer *g = peer_find(*number);
    if (g && g->client_row)
        peer_kill(g, SIGTERM);
    route_reply(c, NULL, 0, NULL, 0);
}

static void on_log_set(const struct caller *c, struct frame *f)
{
    memcpy(&sup.clients->log[f->h.arg % LOG_PARTS_N], f->body, sizeof(struct logging));
    keeper_tell(IN_LOG_SET, sup.clients->log, sizeof sup.clients->log, NULL, 0);
    peers_tell(IN_LOG_LEVEL);
    route_reply(c, NULL, 0, NULL, 0);
}

static const struct gateway_verb verbs[] = {
    { IN_SUBSCRIBE, FRAME_EVENT, false, sizeof(uint64_t[2]), on_subscribe, 0 }, { IN_CANCEL, FRAME_EVENT, false, 0, on_cancel, 0 }, { IN_LATE, FRAME_EVENT, false, 0, on_late, 0 }, { IN_WORKERS, FRAME_CALL, true, 0, peer_workers, 0 },
    { IN_CLIENT_CLOSE, FRAME_CALL, true, sizeof(uint64_t), on_client_close, 0 }, { IN_LIMITS, FRAME_CALL, true, sizeof(struct limits), gateways_limits, 0 },
    { IN_LOG_SET, FRAME_CALL, true, sizeof(struct logging), on_log_set, 0 }, { 0 },
};

static const struct gateway_verb *verb_find(const struct gateway_verb *v, const struct peer *g, const struct frame *f)
{
    while (v->op && (f->h.op != OP_IN(v->op) || f->h.kind != v->kind || (v->admin && g->door != DOOR_ADMIN) || f->body_len < v->body || f->h.nfds > v->fds))
        v++;
    return v->op ? v : NULL;
}

void route_frame(struct peer *g, struct frame *f)
{
    struct caller c = { .number = g->number, .serial = f->h.serial, .op = f->h.op, .arg = f->h.arg };
    const struct gateway_verb *v = verb_find(verbs, g, f);
    f->h.origin = g->number;        /* for who works on it */
    if (!v)
        v = verb_find(objects_verbs, g, f);
    if (v && f->h.kind == FRAME_CALL && (g->calls >= CALLS_MAX || pending_find(c.number, c.serial)))
        peer_refuse(g, "too many calls at once, or a serial in use");
    else if (v)
        v->fn(&c, f);
    else if (OP_PROG(f->h.op) != PROG_INTERNAL && f->h.kind == FRAME_CALL)
        api_call(g, f);
    else
        peer_refuse(g, "an operation that a gateway has not");
}

/* What a flow works on is known here too, so that it is neither run twice nor forgotten. */
bool route_in_flow(const struct caller *c)
{
    return pending_add(c, P_FLOW, 0, 0);
}
