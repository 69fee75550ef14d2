/* route.c: what an operation is about: its object, its family, the error domain libvirt would name. */
#include "gateway.h"
#include <string.h>
#include "ipc/util.h"

bool gw_speaks(const struct gw *gw, enum program prog)
{
    static const unsigned programs[DAEMON_N] = { [DAEMON_QEMUD] = 1u << PROG_REMOTE | 1u << PROG_QEMU | 1u << PROG_LXC, [DAEMON_LOGD] = 1u << PROG_LOG, [DAEMON_LOCKD] = 1u << PROG_LOCK };
    unsigned here = gw_is_admin(gw) ? 1u << PROG_ADMIN : gw->layout.id < DAEMON_N ? programs[gw->layout.id] : 0;
    return prog < PROG_N && here >> prog & 1;
}

/* The first line whose word is in the public function's name tells in which of libvirt's files that function is (the error's
 * domain), and whether the family is another daemon's. */
static const struct family { const char *word; int domain, sibling /* enum host_daemon */; } families[] = {
    { "Qemu", 0, 0 },
    { "DomainLxc", 0, 0 },
    { "Snapshot", 35, 0 },
    { "Checkpoint", 69, 0 },
    { "virDomain", 20, 0 },
    { "NWFilter", 33, HOST_NWFILTER },
    { "Network", 19, HOST_NETWORK },
    { "Storage", 18, HOST_STORAGE },
    { "Interface", 26, HOST_INTERFACE },
    { "NodeDevice", 22, HOST_NODEDEV },
    { "NodeNumOfDevices", 22, HOST_NODEDEV },
    { "NodeListDevices", 22, HOST_NODEDEV },
    { "Secret", 30, HOST_SECRET },
    { "virAdm", VIR_FROM_ADMIN, 0 },
    { "", 20, 0 },
};

static const struct family *family_of(const struct op *op)
{
    const struct family *f = families;
    while (!strstr(op->api, f->word))
        f++;
    return f;
}

int api_domain(const struct op *op)
{
    return family_of(op)->domain;
}

int api_sibling(const struct op *op)
{
    return family_of(op)->sibling;
}

void mp_domain(struct mp_out *o, const struct index_slot *s)
{
    mp_array(o, 3);
    mp_str(o, s->name);
    mp_bin(o, s->uuid, sizeof s->uuid);
    mp_int(o, s->id);
}

int domain_find(struct gw *gw, struct mp_in *in, struct index_slot *s, uint64_t *object, struct err *e)
{
    size_t name_len, n;
    char text[37];

    uint32_t elems = mp_get_array(in, 3);
    const char *name = mp_get_str(in, &name_len);
    const uint8_t *uuid = mp_get_bin(in, &n);
    mp_get_i32(in);
    if (in->bad || elems != 3 || n != 16)
        return err_set(e, VIR_ERR_RPC, VIR_FROM_RPC, "Unable to decode message payload");
    /* By UUID only: a client's names and ids may be stale. */
    int slot = index_find_uuid(&gw->ix, uuid, s);
    if (slot < 0) {
        util_uuid_text(text, uuid);
        return err_set(e, VIR_ERR_NO_DOMAIN, VIR_FROM_QEMU, "no domain with matching uuid '%s' (%.*s)", text, (int)(name_len < 512 ? name_len : 512), name);
    }
    if (object)
        *object = object_make((uint32_t)slot, s->gen);
    return 0;
}

int call_object(struct gw *gw, struct call *c, struct err *e)
{
    struct index_slot s;
    struct mp_in in;

    if (c->op->arg_object < 0)
        return 0;
    mp_in_init(&in, c->args.p, c->args.len);
    mp_get_array(&in, 64);
    for (int i = 0; i < c->op->arg_object; i++)
        mp_skip(&in);
    if (c->op->cls != CLASS_DOMAIN && c->op->cls != CLASS_SNAPSHOT && c->op->cls != CLASS_CHECKPOINT)
        return 0;
    /* A snapshot or checkpoint is [name, domain]. */
    struct mp_in look = in;
    if (mp_get_array(&look, 3) == 2) {
        mp_skip(&look);
        in = look;
    }
    if (domain_find(gw, &in, &s, &c->object, e) < 0)
        return -1;
    /* What a guest without a definition would be defined as is told by its worker. */
    if (c->op->id == OP_REMOTE_DOMAIN_GET_XML_DESC && !(s.flags & SLOT_PERSISTENT))
        c->flags &= (uint16_t)~FRAME_CONFIG;
    if (c->op->id == OP_REMOTE_DOMAIN_SET_SCHEDULER_PARAMETERS && s.id < 0)     /* it says not which, and means what there is */
        c->flags |= FRAME_CONFIG;
    return 0;
}
