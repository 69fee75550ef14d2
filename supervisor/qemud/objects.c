/* objects.c: where the core meets virtqemud's part: its roles, who works on which call, and the processes that are always there. */
#include "ipc/schema/op-numbers.h"
#include "supervisor/qemud/guest.h"

const struct role_row objects_roles[ROLE_N] = {
    [ROLE_GATEWAY] = { true, false, 4, { BFD_INDEX, BFD_SETTINGS, BFD_LAYOUT } },
    [ROLE_XMLC] = { false, false, 2, { BFD_LAYOUT, BFD_FIRMWARE } },
    [ROLE_CONF] = { true, false, 0, { BFD_INDEX, BFD_SETTINGS, BFD_LAYOUT } },
    [ROLE_HOST] = { true, false, 0, { BFD_INDEX, BFD_SETTINGS, BFD_CAPS } },
    [ROLE_LOG] = { true, false, 0, { BFD_SETTINGS } },
    [ROLE_AUTH] = { true, true, 0, { BFD_INDEX, BFD_SETTINGS, BFD_CLIENTS, BFD_ACCESS } },
    [ROLE_TALK] = { false, false, 0, { BFD_SETTINGS, BFD_LAYOUT } },
    [ROLE_HAND_OPEN ... ROLE_HAND_LAUNCH] = { false, false, 0, { BFD_LAYOUT } },
    [ROLE_QEMU] = { true, true, 0, { BFD_CAPS, BFD_SETTINGS, BFD_LAYOUT, BFD_INDEX } },
};

/* ---- conf, which has the folders, and host ---- */

static struct peer *singleton_spawn(struct life *l)
{
    struct born n;
    born_begin(&n, l == &conf_life ? ROLE_CONF : l == &auth_life ? ROLE_AUTH : ROLE_HOST, 0, "");
    n.b.instance = l->instance;
    for (uint32_t i = 0; l == &conf_life && i < DIR_KIND_N; i++)
        born_fd(&n, BFD_DIR, i, sup_fd(BFD_DIR, i));
    if (l == &host_life)
        born_fd(&n, BFD_FIRMWARE, 1, sup_fd(BFD_FIRMWARE, 1));
    return peer_spawn(&n);
}

struct life conf_life = { .spawn = singleton_spawn }, host_life = { .spawn = singleton_spawn }, auth_life = { .spawn = singleton_spawn };

int flow_conf(struct flow *f, uint32_t op, uint32_t arg, uint32_t dir, const char *name, int fd)
{
    struct conf_name n = { .dir = dir, .serial = f->caller.serial, .number = f->caller.number };
    struct peer *p = life_peer(&conf_life);
    if (!p && conf_life.state != LIFE_FAILED)
        return FLOW_BLOCKED;        /* until its next instance is there */
    int r = flow_call(f, name && util_copy_str(n.name, sizeof n.name, name) < 0 ? NULL : p, OP_IN(op), arg, &n, name ? sizeof n : 0, &fd, fd >= 0);
    f->again = r == FLOW_WAIT || f->died;       /* of one that is dead we hear in a moment */
    return f->again ? FLOW_WAIT : r;
}

/* ---- calls ---- */

static void to_life(const struct caller *c, const struct life *l, struct frame *f)
{
    struct peer *p = life_peer(l);
    if (p)
        route_to(c, p, f);
    else if (l->state == LIFE_WAIT)
        route_park(c, 0);
    else
        route_fail(c, VIR_ERR_OPERATION_FAILED, "the process that answers this does not run");
}

static void to_host(const struct caller *c, struct frame *f)
{
    to_life(c, &host_life, f);
}

/* ---- who may do what: calls that have to wait until role auth says that their client may make them ----
 *
 * Who a client is stands in the client page; auth believes nothing else.  A gateway's call is held in the pending table meanwhile and comes again, as one that
 * waited for its object does: what was asked for and what then comes must be the same.  A gateway that asks before it answers itself (FRAME_ASK) gets auth's
 * answer.  Without auth nobody may do anything. */

static struct may may_of(const struct caller *c)
{
    const struct peer *g = peer_find(c->number);
    return (struct may){ .op = c->op, .arg = c->arg, .flags = c->flags, .row = g ? g->client_row - 1 : UINT32_MAX };
}

bool objects_ask(const struct caller *c, const struct frame *f)
{
    struct may m = may_of(c);
    struct frame q = { .h = { .kind = FRAME_CALL, .op = OP_IN(IN_MAY), .serial = c->serial, .origin = c->number, .object = f->h.object }, .body = (const void *)&m, .body_len = sizeof m };
    if (c->flags & FRAME_ASK && f->body_len == sizeof m)
        memcpy(m.uuid, f->body + offsetof(struct may, uuid), sizeof m - offsetof(struct may, uuid));
    if (!(c->flags & FRAME_ASK) && (!sup.settings.access || OP_PROG(c->op) == PROG_ADMIN))
        return false;
    to_life(c, &auth_life, &q);
    return true;
}

int access_step(struct flow *f)
{
    struct may m = may_of(&f->caller);
    if (!sup.settings.access || !f->caller.number)
        return FLOW_NEXT;
    memcpy(m.uuid, f->doc.uuid, sizeof m.uuid);
    memcpy(m.name, f->name, sizeof m.name);
    int r = flow_call(f, life_peer(&auth_life), OP_IN(IN_MAY), 0, &m, sizeof m, NULL, 0);
    f->again = r == FLOW_WAIT || f->died;
    return f->again ? FLOW_WAIT : auth_life.state == LIFE_WAIT ? FLOW_BLOCKED : r;
}

/* ---- calls ---- */

static void to_guest(const struct caller *c, struct frame *f)
{
    struct peer *p;
    enum guest_ready is = guest_worker(slot_of(f->h.object), &p);
    switch (is == GUEST_SOON && OP_PROG(c->op) == PROG_INTERNAL ? GUEST_NONE : is) {        /* who debugs does not wait */
    case GUEST_READY: route_to(c, p, f); break;
    case GUEST_SOON: route_park(c, f->h.object); break;
    case GUEST_FAILED: route_fail(c, VIR_ERR_OPERATION_FAILED, "the guest's worker has failed too often; the guest itself runs on"); break;
    default: route_fail(c, VIR_ERR_OPERATION_INVALID, "domain is not running");
    }
}

static void to_object(const struct caller *c, struct frame *f)
{
    const struct index_slot *s = slot_row(slot_of(f->h.object));
    bool plug = op_route_find(c->op)->route == ROUTE_PLUG, active = slot_active(s), live = f->h.flags & FRAME_LIVE || (plug && !op_route_find(c->op)->affects && !(f->h.flags & FRAME_CONFIG)), config = f->h.flags & FRAME_CONFIG;
    if (!live && !config)
        *(active ? &live : &config) = true;
    if (live && !active)
        route_fail(c, VIR_ERR_OPERATION_INVALID, "domain is not running");
    else if (config && !(s->flags & SLOT_PERSISTENT))
        route_fail(c, VIR_ERR_OPERATION_INVALID, "transient domains do not have any persistent config");
    else if (plug && live)
        plug_call(c, f);
    else if (config)
        doc_config(c, f, live);
    else
        to_guest(c, f);
}

/* Calls that are flows of ours. */
static const struct { uint32_t op; const struct step *steps; flow_done_fn *done; } flows[] = {
    { OP_REMOTE_DOMAIN_DEFINE_XML, define_steps, define_done }, { OP_REMOTE_DOMAIN_DEFINE_XML_FLAGS, define_steps, define_done },
    { OP_REMOTE_DOMAIN_UNDEFINE, undefine_steps, flow_answered }, { OP_REMOTE_DOMAIN_UNDEFINE_FLAGS, undefine_steps, flow_answered },
    { OP_REMOTE_DOMAIN_SET_AUTOSTART, autostart_steps, flow_answered }, { OP_REMOTE_DOMAIN_RENAME, rename_steps, flow_answered },
    { OP_REMOTE_DOMAIN_CREATE, create_steps, start_done }, { OP_REMOTE_DOMAIN_CREATE_WITH_FLAGS, create_steps, start_done },
    { OP_REMOTE_DOMAIN_CREATE_XML, create_xml_steps, start_done },
    { OP_REMOTE_DOMAIN_DESTROY, destroy_steps, flow_answered }, { OP_REMOTE_DOMAIN_DESTROY_FLAGS, destroy_steps, flow_answered },
    { OP_REMOTE_DOMAIN_MANAGED_SAVE, save_steps, save_done }, { OP_REMOTE_DOMAIN_MANAGED_SAVE_REMOVE, save_remove_steps, flow_answered },
    { OP_REMOTE_DOMAIN_BLOCK_PEEK, size_steps, flow_answered }, { OP_REMOTE_DOMAIN_MANAGED_SAVE_GET_XML_DESC, saved_xml_steps, flow_answered }, { OP_REMOTE_DOMAIN_MANAGED_SAVE_DEFINE_XML, saved_define_steps, flow_answered },
    { OP_REMOTE_DOMAIN_SAVE, file_save_steps, save_done }, { OP_REMOTE_DOMAIN_SAVE_FLAGS, file_save_steps, save_done }, { OP_REMOTE_DOMAIN_SAVE_PARAMS, file_save_steps, save_done },
    { OP_REMOTE_DOMAIN_RESTORE, restore_steps, start_done }, { OP_REMOTE_DOMAIN_RESTORE_FLAGS, restore_steps, start_done }, { OP_REMOTE_DOMAIN_RESTORE_PARAMS, restore_steps, start_done },
    { OP_REMOTE_DOMAIN_SAVE_IMAGE_GET_XML_DESC, file_xml_steps, flow_answered }, { OP_REMOTE_DOMAIN_SAVE_IMAGE_DEFINE_XML, file_xml_steps, flow_answered },
    { OP_REMOTE_DOMAIN_CORE_DUMP, dump_steps, save_done }, { OP_REMOTE_DOMAIN_CORE_DUMP_WITH_FORMAT, dump_steps, save_done },
};

static void to_supervisor(const struct caller *c, struct frame *f)
{
    for (size_t i = 0; i < ARRAY_N(flows); i++)
        if (flows[i].op == c->op) {
            flow_begin(flows[i].steps, flows[i].done, c, f);
            return;
        }
    if (op_route_find(c->op)->route == ROUTE_DOC)
        flow_begin(doc_steps, flow_answered, c, f);
    else
        route_fail(c, VIR_ERR_NO_SUPPORT, "");
}

const struct route_row objects_routes[ROUTE_N] = {
    [ROUTE_SUPERVISOR] = { to_supervisor, false }, [ROUTE_OBJECT] = { to_object, true }, [ROUTE_PLUG] = { to_object, true }, [ROUTE_LIVE] = { to_guest, true },
    [ROUTE_DOC] = { to_supervisor, false }, [ROUTE_HOST] = { to_host, false },
};

const struct gateway_verb objects_verbs[] = { { IN_WORKER_DEBUG, FRAME_CALL, true, 0, to_guest, 0 }, { IN_WORKER_TRACE, FRAME_CALL, true, 0, to_guest, 0 },
    { IN_SIBLING, FRAME_CALL, false, 0, sibling_asked, 1 }, { IN_NEIGHBOURS, FRAME_CALL, false, 0, to_host, 0 }, { 0 } };
