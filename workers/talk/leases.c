/* leases.c: see talk.h.  Order and flags of the calls are libvirt's. */
#include <string.h>
#include "ipc/log.h"
#include "ipc/schema/op-numbers.h"
#include "ipc/util.h"
#include "workers/talk/talk.h"
#include "workers/rpc-client.h"

static int say_owner(struct rpc_client *c, const struct lock_owner *o, struct err *e)
{
    struct mp_out a;
    rpc_args(&a, 2);
    mp_array(&a, 4);
    mp_bin(&a, o->uuid, sizeof o->uuid);
    mp_str(&a, o->name);
    mp_uint(&a, o->id);
    mp_uint(&a, o->pid);
    mp_uint(&a, 0);
    return rpc_call(c, OP_LOCK_REGISTER, &a, NULL, NULL, e);
}

static int say_resource(struct rpc_client *c, uint32_t op, const struct resource *r, uint32_t flags, struct err *e)
{
    struct mp_out a;
    rpc_args(&a, 3);
    mp_str(&a, r->space);
    mp_str(&a, r->name);
    mp_uint(&a, flags);
    return rpc_call(c, op, &a, NULL, NULL, e);
}

/* The lockspaces of the configuration are there before anybody uses them. */
static int say_spaces(struct rpc_client *c, const struct settings *s, struct err *e)
{
    const char *const dirs[] = { s->file_lockspace_dir, s->lvm_lockspace_dir, s->scsi_lockspace_dir };
    for (size_t i = 0; s->auto_disk_leases && i < ARRAY_N(dirs); i++) {
        struct mp_out a;
        if (!*dirs[i])
            continue;
        rpc_args(&a, 1);
        mp_str(&a, dirs[i]);
        if (rpc_call(c, OP_LOCK_CREATE_LOCKSPACE, &a, NULL, NULL, e) && e->code != VIR_ERR_RESOURCE_BUSY)    /* it is there */
            return -1;
    }
    return 0;
}

/* The first n.  One that virtlockd says is not held is none to worry about: it went with its owner, or was never had. */
static int release(struct rpc_client *c, const struct resources *r, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        struct err own = ERR_INIT;
        if (!say_resource(c, OP_LOCK_RELEASE_RESOURCE, &r->v[i], 0, &own))
            continue;
        log_info("lease of '%s': %s", r->v[i].name, own.detail);
        if (own.code == VIR_ERR_RPC) {
            *e = own;
            return -1;
        }
    }
    return 0;
}

static int take(struct rpc_client *c, const struct resources *r, bool again, struct err *e)
{
    struct err ignored = ERR_INIT;
    if (again)          /* of an attempt whose answer was lost: the guest's CPUs do not run, or it does not have the disk */
        release(c, r, r->n, &ignored);
    for (size_t i = 0; i < r->n; i++)
        if (say_resource(c, OP_LOCK_ACQUIRE_RESOURCE, &r->v[i], r->v[i].flags, e)) {
            release(c, r, i, &ignored);
            return -1;
        }
    return 0;
}

int leases_say(int fd, const struct lock_owner *owner, const struct resources *r, const struct settings *s, uint32_t what, unsigned ms, struct err *e)
{
    struct rpc_client c;
    bool takes = what & LEASES_TAKE;
    if (takes && !r->n && r->has_unleased && (s->require_lease_for_disks == REQUIRE_UNLESS_AUTO ? !s->auto_disk_leases : s->require_lease_for_disks))
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "Read/write, exclusive access, disks were present, but no leases specified");
    rpc_client_init(&c, fd, ms);
    if ((takes && say_spaces(&c, s, e)) || say_owner(&c, owner, e))
        return -1;
    return takes ? take(&c, r, what & (LEASES_AGAIN | LEASES_ONE), e) : release(&c, r, r->n, e);
}
