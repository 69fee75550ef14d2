/* route.c: calls of gateways and their answers, by header alone.
 *
 * Every call that has no answer yet is one row of the pending table: with a worker, in a flow, or parked until its object can take it.
 * A reply goes back by that table only; one that no row of that very channel explains ends its sender. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "guest.h"
#include "ipc/schema/op-numbers.h"

#define PENDING_MAX 16384u
#define CALLS_MAX 256u              /* of one gateway at once; it holds its own client to far fewer */
#define FDS_MAX 8u                  /* of one call or reply: they may wait in queues, and ours are not without number */
#define HASH_N 4096u

enum { P_FREE, P_PEER, P_FLOW, P_PARKED };
static struct pending { struct caller c; uint64_t to, object; uint32_t next /* + 1 */; uint8_t state; bool cancelled; } table[PENDING_MAX];
static uint32_t hash[HASH_N], free_head, used_n;     /* rows + 1 */
static uint32_t parked_n;

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

static void answer(const struct caller *c, int kind, unsigned flags, const void *body, size_t len, const int *fds, unsigned nfds)
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
    answer(c, FRAME_REPLY, 0, len ? body : &empty, len ? len : 1, fds, nfds);
}

void route_reply_dom(const struct caller *c, int slot)
{
    struct dom_head d = event_dom(slot_row(slot), 0);
    answer(c, FRAME_REPLY, FRAME_DOM, &d, sizeof d, NULL, 0);
}

void route_pass_back(const struct caller *c, struct frame *f)
{
    answer(c, f->h.kind, f->h.flags & FRAME_BIG, f->body, f->h.flags & FRAME_BIG ? 0 : f->body_len, f->fds, f->h.nfds);
}

void route_error(const struct caller *c, const struct err *e)
{
    answer(c, FRAME_ERROR, 0, e, err_wire_len(e), NULL, 0);
}

void route_fail(const struct caller *c, int code, const char *text)
{
    struct err e = ERR_INIT;
    /* What is wrong with the domain's state, libvirt's common code tells, not its driver. */
    err_set(&e, code, code == VIR_ERR_OPERATION_INVALID ? VIR_FROM_DOMAIN : VIR_FROM_QEMU, "%s", text);
    route_error(c, &e);
}

/* A worker's, xmlc's or the host role's answer to a routed call. */
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
    struct peer *to = peer_find(p->c.number);
    struct frame_head h = { .kind = f->h.kind, .flags = f->h.flags & FRAME_BIG, .op = p->c.op, .serial = p->c.serial, .origin = p->c.number };
    bool deliver = !p->cancelled;
    pending_free(p);
    if (to && deliver)
        peer_send(to, &h, f->body, f->h.flags & FRAME_BIG ? 0 : f->body_len, f->fds, f->h.nfds);
}

/* ---- waiting for an object ---- */

static void call_park(const struct caller *c, uint64_t object)
{
    if (!pending_add(c, P_PARKED, 0, object))
        route_fail(c, VIR_ERR_OPERATION_FAILED, "too many calls wait");
}

/* The body was not kept: the gateway has it, and sends it again. */
void route_wake(uint64_t object)
{
    for (uint32_t i = 0; parked_n && i < used_n; i++) {
        struct pending *p = &table[i];
        struct peer *g = p->state == P_PARKED && p->object == object ? peer_find(p->c.number) : NULL;
        struct frame_head h = { .kind = FRAME_EVENT, .op = OP_IN(IN_EPOCH), .serial = p->c.serial, .arg = sup.epoch };
        if (g)
            peer_send(g, &h, NULL, 0, NULL, 0);
    }
}

/* Tells the worker that works on it, once: a gateway must not be able to fill its queue.  False: it is no worker's. */
static bool cancel(struct pending *p)
{
    struct peer *w = p->state == P_PEER ? peer_find(p->to) : NULL;
    if (!w || w->role != ROLE_QEMU)
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
        uint64_t object = p->object;
        bool park = comes_again && row && row->replay == REPLAY_SAFE && !p->cancelled;
        pending_free(p);
        if (park)
            call_park(&c, object);
        else
            route_fail(&c, VIR_ERR_OPERATION_FAILED, "the process that worked on this call ended: outcome unknown");
    }
}

/* ---- calls ---- */

int route_to(const struct caller *c, struct peer *to, struct frame *f, const int *more, unsigned nmore)
{
    int fds[FRAME_FDS_MAX];
    if (f->h.nfds + nmore > FRAME_FDS_MAX)
        return -E2BIG;
    memcpy(fds, f->fds, f->h.nfds * sizeof fds[0]);
    if (nmore)
        memcpy(&fds[f->h.nfds], more, nmore * sizeof fds[0]);
    if (!pending_add(c, P_PEER, to->number, f->h.object))
        return -ENOSPC;
    struct frame_head h = f->h;
    return peer_send(to, &h, f->body, f->h.flags & FRAME_BIG ? 0 : f->body_len, fds, f->h.nfds + nmore);
}

static void send_on(const struct caller *c, struct peer *to, struct frame *f)
{
    if (route_to(c, to, f, NULL, 0) == -ENOSPC)
        route_fail(c, VIR_ERR_OPERATION_FAILED, "too many calls wait");
}

static void to_host(const struct caller *c, struct frame *f)
{
    struct peer *p = life_peer(&host_life);
    if (p)
        send_on(c, p, f);
    else if (host_life.state == LIFE_WAIT)
        call_park(c, 0);
    else
        route_fail(c, VIR_ERR_OPERATION_FAILED, "the host role does not run");
}

static void to_guest(const struct caller *c, struct frame *f)
{
    struct peer *p;
    switch (guest_worker(slot_of(f->h.object), &p)) {
    case GUEST_READY: send_on(c, p, f); break;
    case GUEST_SOON: call_park(c, f->h.object); break;
    case GUEST_FAILED: route_fail(c, VIR_ERR_OPERATION_FAILED, "the guest's worker has failed too often; the guest itself runs on"); break;
    default: route_fail(c, VIR_ERR_OPERATION_INVALID, "domain is not running");
    }
}

static void to_object(const struct caller *c, struct frame *f)
{
    const struct index_slot *s = slot_row(slot_of(f->h.object));
    bool active = slot_active(s), live = f->h.flags & FRAME_LIVE, config = f->h.flags & FRAME_CONFIG;
    if (!live && !config)
        *(active ? &live : &config) = true;
    if (live && !active)
        route_fail(c, VIR_ERR_OPERATION_INVALID, "domain is not running");
    else if (config && !(s->flags & SLOT_PERSISTENT))
        route_fail(c, VIR_ERR_OPERATION_INVALID, "transient domains do not have any persistent config");
    else if (config)
        doc_config(c, f, live);
    else
        to_guest(c, f);
}

static void to_doc(const struct caller *c, struct frame *f)
{
    flow_begin(doc_steps, flow_answered, c, f);
}

/* Calls that are flows of ours. */
static const struct { uint32_t op; const struct step *steps; flow_done_fn *done; } flows[] = {
    { OP_REMOTE_DOMAIN_DEFINE_XML, define_steps, define_done }, { OP_REMOTE_DOMAIN_DEFINE_XML_FLAGS, define_steps, define_done },
    { OP_REMOTE_DOMAIN_UNDEFINE, undefine_steps, flow_answered }, { OP_REMOTE_DOMAIN_UNDEFINE_FLAGS, undefine_steps, flow_answered },
    { OP_REMOTE_DOMAIN_SET_AUTOSTART, autostart_steps, flow_answered },
    { OP_REMOTE_DOMAIN_CREATE, create_steps, start_done }, { OP_REMOTE_DOMAIN_CREATE_WITH_FLAGS, create_steps, start_done },
    { OP_REMOTE_DOMAIN_CREATE_XML, create_xml_steps, start_done },
    { OP_REMOTE_DOMAIN_DESTROY, destroy_steps, flow_answered }, { OP_REMOTE_DOMAIN_DESTROY_FLAGS, destroy_steps, flow_answered },
    { OP_REMOTE_DOMAIN_MANAGED_SAVE, save_steps, save_done }, { OP_REMOTE_DOMAIN_MANAGED_SAVE_REMOVE, save_remove_steps, flow_answered },
    { OP_REMOTE_DOMAIN_MANAGED_SAVE_GET_XML_DESC, saved_xml_steps, flow_answered },
};

static void to_supervisor(const struct caller *c, struct frame *f)
{
    for (size_t i = 0; i < ARRAY_N(flows); i++)
        if (flows[i].op == c->op) {
            flow_begin(flows[i].steps, flows[i].done, c, f);
            return;
        }
    route_fail(c, VIR_ERR_NO_SUPPORT, "");
}

static const struct { void (*fn)(const struct caller *c, struct frame *f); bool object; } routes[ROUTE_N] = {
    [ROUTE_SUPERVISOR] = { to_supervisor, false }, [ROUTE_OBJECT] = { to_object, true }, [ROUTE_LIVE] = { to_guest, true },
    [ROUTE_DOC] = { to_doc, false }, [ROUTE_HOST] = { to_host, false },
};

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
    if (p && p->state == P_PARKED) {
        c.flags &= (uint16_t)~FRAME_RESENT;     /* asked for by route_wake: not a second run */
        pending_free(p);
    } else if (p) {
        if (!(f->h.flags & FRAME_RESENT))
            peer_refuse(g, "a serial in use");
        return;
    }
    if (g->calls >= CALLS_MAX) {
        peer_refuse(g, "too many calls at once");
        return;
    }
    f->h.origin = g->number;
    f->h.flags = (uint16_t)((c.flags & (FRAME_BIG | FRAME_RESENT | FRAME_LIVE | FRAME_CONFIG)) | (g->door == DOOR_RO ? FRAME_RO : 0));
    if (g->door == DOOR_RO && (!row->ro || (row->ro_deny & f->h.arg))) {
        route_fail(&c, VIR_ERR_OPERATION_DENIED, "read only access prevents this operation");
        return;
    }
    if (row->route >= ROUTE_N || !routes[row->route].fn)
        route_fail(&c, VIR_ERR_NO_SUPPORT, "");
    else if (routes[row->route].object && slot_of(f->h.object) < 0)
        route_fail(&c, VIR_ERR_NO_DOMAIN, "the domain is gone");
    else
        routes[row->route].fn(&c, f);
}

/* ---- program 0, from gateways ---- */

static void on_subscribe(struct peer *g, const struct caller *c, const struct frame *f)
{
    (void)c;
    memcpy(g->mask, f->body, sizeof g->mask);
}

static void on_cancel(struct peer *g, const struct caller *c, const struct frame *f)
{
    struct pending *p = pending_find(g->number, f->h.serial);
    (void)c;
    if (p)
        cancel(p);
}

static void on_client_close(struct peer *g, const struct caller *c, const struct frame *f)
{
    uint64_t number;
    memcpy(&number, f->body, sizeof number);
    if ((g = peer_find(number)) && g->client_row)
        peer_kill(g, SIGTERM);
    route_reply(c, NULL, 0, NULL, 0);
}

static void on_limits(struct peer *g, const struct caller *c, const struct frame *f)
{
    struct limits l;
    (void)g;
    memcpy(&l, f->body, sizeof l);
    gateways_limits(f->h.arg, &l);
    route_reply(c, NULL, 0, NULL, 0);
}

static void on_log_level(struct peer *g, const struct caller *c, const struct frame *f)
{
    struct log_set set;
    (void)g;
    memcpy(&set, f->body, sizeof set);
    set.filters[sizeof set.filters - 1] = set.outputs[sizeof set.outputs - 1] = 0;
    if (*set.filters)
        memcpy(sup.clients->log_filters, set.filters, sizeof set.filters);
    if (*set.outputs)
        memcpy(sup.clients->log_outputs, set.outputs, sizeof set.outputs);
    keeper_tell(IN_LOG_LEVEL, &set, sizeof set, NULL, 0);
    route_reply(c, NULL, 0, NULL, 0);
}

/* The answer comes from the worker, which must be there: this call is not parked. */
static void on_worker_debug(struct peer *g, const struct caller *c, const struct frame *f)
{
    struct frame own = { .h = f->h };
    struct peer *p;
    own.h.origin = g->number;
    own.h.flags = own.h.nfds = 0;
    if (g->calls >= CALLS_MAX || pending_find(c->number, c->serial))
        peer_refuse(g, "too many calls at once, or a serial in use");
    else if (guest_worker(slot_of(f->h.object), &p) != GUEST_READY)
        route_fail(c, VIR_ERR_OPERATION_INVALID, "domain is not running");
    else
        send_on(c, p, &own);
}

static const struct { uint32_t op; uint8_t kind; bool admin; size_t body; void (*fn)(struct peer *g, const struct caller *c, const struct frame *f); } internals[] = {
    { IN_SUBSCRIBE, FRAME_EVENT, false, sizeof(uint64_t[2]), on_subscribe }, { IN_CANCEL, FRAME_EVENT, false, 0, on_cancel },
    { IN_WORKERS, FRAME_CALL, true, 0, peer_workers }, { IN_WORKER_DEBUG, FRAME_CALL, true, 0, on_worker_debug },
    { IN_WORKER_TRACE, FRAME_CALL, true, 0, on_worker_debug },
    { IN_CLIENT_CLOSE, FRAME_CALL, true, sizeof(uint64_t), on_client_close }, { IN_LIMITS, FRAME_CALL, true, sizeof(struct limits), on_limits },
    { IN_LOG_LEVEL, FRAME_CALL, true, sizeof(struct log_set), on_log_level },
};

void route_frame(struct peer *g, struct frame *f)
{
    struct caller c = { .number = g->number, .serial = f->h.serial, .op = f->h.op, .arg = f->h.arg };
    if (OP_PROG(f->h.op) != PROG_INTERNAL) {
        if (f->h.kind == FRAME_CALL)
            api_call(g, f);
        else
            peer_refuse(g, "a frame of no kind that a gateway sends");
        return;
    }
    for (size_t i = 0; i < ARRAY_N(internals); i++)
        if (f->h.op == OP_IN(internals[i].op) && f->h.kind == internals[i].kind && (!internals[i].admin || g->door == DOOR_ADMIN) && f->body_len >= internals[i].body &&
            !(f->h.flags & FRAME_BIG)) {
            internals[i].fn(g, &c, f);
            return;
        }
    peer_refuse(g, "an operation that a gateway has not");
}

/* What a flow works on is known here too, so that it is neither run twice nor forgotten. */
bool route_in_flow(const struct caller *c)
{
    return pending_add(c, P_FLOW, 0, 0);
}
