/* none.c: snapshots, checkpoints and backups, of which no domain here has one: they are not made yet.  Who only looks is told so, in libvirt's
 * words for a domain that has none, and goes on. */
#include "gateway.h"
#include "ipc/util.h"

static bool there(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct index_slot s;
    struct err e = ERR_INIT;
    if (domain_find(gw, in, &s, NULL, &e) == 0)
        return true;
    call_error(gw, c, &e);
    return false;
}

/* An empty list, or a count of none. */
static void none(struct gw *gw, struct call *c, struct mp_in *in)
{
    if (there(gw, c, in))
        call_none(gw, c);
}

static void none_named(struct gw *gw, struct call *c, struct mp_in *in, int code, const char *what)
{
    if (!there(gw, c, in))
        return;
    AUTO_FREE char *name = mp_get_strdup(in, FRAME_BODY_MAX);
    if (in->bad)
        call_fail(gw, c, VIR_ERR_RPC, VIR_FROM_RPC, "Unable to decode message payload");
    else
        call_fail(gw, c, code, VIR_FROM_QEMU, "no domain %s with matching name '%s'", what, name);
}

static void snapshot_named(struct gw *gw, struct call *c, struct mp_in *in) { none_named(gw, c, in, VIR_ERR_NO_DOMAIN_SNAPSHOT, "snapshot"); }
static void checkpoint_named(struct gw *gw, struct call *c, struct mp_in *in) { none_named(gw, c, in, VIR_ERR_NO_DOMAIN_CHECKPOINT, "checkpoint"); }

static void snapshot_current(struct gw *gw, struct call *c, struct mp_in *in)
{
    if (there(gw, c, in))
        call_fail(gw, c, VIR_ERR_NO_DOMAIN_SNAPSHOT, VIR_FROM_QEMU, "the domain does not have a current snapshot");
}

static void backup_xml(struct gw *gw, struct call *c, struct mp_in *in)
{
    if (there(gw, c, in))
        call_fail(gw, c, VIR_ERR_NO_DOMAIN_BACKUP, VIR_FROM_QEMU, "no domain backup job present");
}

const struct local local_none[] = {
    { OP_REMOTE_DOMAIN_SNAPSHOT_NUM, none },
    { OP_REMOTE_DOMAIN_SNAPSHOT_LIST_NAMES, none },
    { OP_REMOTE_DOMAIN_LIST_ALL_SNAPSHOTS, none },
    { OP_REMOTE_DOMAIN_HAS_CURRENT_SNAPSHOT, none },
    { OP_REMOTE_DOMAIN_SNAPSHOT_LOOKUP_BY_NAME, snapshot_named },
    { OP_REMOTE_DOMAIN_SNAPSHOT_CURRENT, snapshot_current },
    { OP_REMOTE_DOMAIN_LIST_ALL_CHECKPOINTS, none },
    { OP_REMOTE_DOMAIN_CHECKPOINT_LOOKUP_BY_NAME, checkpoint_named },
    { OP_REMOTE_DOMAIN_BACKUP_GET_XML_DESC, backup_xml },
    { 0, NULL },
};
