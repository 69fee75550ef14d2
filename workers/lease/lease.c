/* lease.c: the role that speaks to virtlockd for one guest: born for one call, takes or gives up the guest's leases, and ends.
 *
 * What it reads is the guest's document, as xmlc made it of a client's, and what virtlockd says, which may be anybody's by then.  It holds the
 * connection, which a hand made, and its channel. */
#include <string.h>
#include "ipc/loop.h"
#include "ipc/util.h"
#include "workers/lease/lease.h"
#include "workers/worker.h"

enum { TALK_MS = 30000 /* a lease on a shared file system may take its time */ };

static struct settings settings;

static bool keys_are_good(const struct disk_keys *k)
{
    bool good = k->n <= ARRAY_N(k->v);
    for (uint32_t i = 0; good && i < k->n; i++)
        good = memchr(k->v[i].lvm, 0, sizeof k->v[i].lvm) && memchr(k->v[i].scsi, 0, sizeof k->v[i].scsi) && !strchr(k->v[i].lvm, '/') && !strchr(k->v[i].scsi, '/');
    return good;
}

static void on_leases(struct worker *w, const struct request *rq, struct frame *f)
{
    static struct resources found;
    static struct disk_keys keys;
    struct lock_owner owner;
    struct err e = ERR_INIT;
    AUTO_CLOSE fd = frame_take_fd(f, 0);
    AUTO_CLOSE document = frame_take_fd(f, 1);
    AUTO_CLOSE named = frame_take_fd(f, 2);
    AUTO_TREE *t = tree_map(document);
    if (f->body_len != sizeof owner || f->h.flags & FRAME_BIG || fd < 0 || !t || !memchr(((const struct lock_owner *)(const void *)f->body)->name, 0, sizeof owner.name)) {
        err_set(&e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed request for leases");
    } else {
        memcpy(&owner, f->body, sizeof owner);
        bool has_keys = named >= 0 && frame_copy(named, &keys, sizeof keys) == 0 && keys_are_good(&keys);
        if (!resources_find(&found, t, &settings, has_keys ? &keys : NULL, &e))
            lease_talk(fd, &owner, &found, &settings, rq->arg, TALK_MS, &e);
        resources_free(&found);
    }
    if (e.code)
        worker_error(w, rq, &e);
    else
        worker_reply(w, rq, NULL, 0, NULL, 0);
    loop_stop(0);
}

int main(void)
{
    static const struct worker_op ops[] = { { OP_IN(IN_LEASES_DO), on_leases }, { 0, NULL } };
    static struct worker w = { .ops = ops };
    worker_birth(&w, ROLE_LEASE);
    int fd = birth_fd(&w.birth, BFD_SETTINGS, -1, NULL);
    if (fd < 0 || frame_copy(fd, &settings, sizeof settings) < 0)
        return 2;
    worker_lock(&w);
    return worker_run(&w);
}
