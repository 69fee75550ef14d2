/* talk.c: the role that speaks to virtlockd, virtlogd, virtnetworkd, virtnwfilterd or virtsecretd for one guest: born for one talk, takes or gives up the guest's leases, ports or
 * filters, has its logs opened, looks its secrets up, or reads back what its QEMU said last, and ends.
 *
 * What it reads is the guest's document or manifest, as xmlc made them of a client's, and what the host's daemon says, which may be anybody's by then.
 * It holds the connection, which a hand made, and its channel. */
#include <string.h>
#include "ipc/loop.h"
#include "ipc/util.h"
#include "workers/talk/talk.h"
#include "workers/worker.h"

enum { LEASES_MS = 30000 /* a lease on a shared file system may take its time */, LOGS_MS = 10000, PORTS_MS = 30000, FILTERS_MS = 30000, SECRETS_MS = 30000 };

static struct settings settings;
static struct layout layout;

static bool keys_are_good(const struct disk_keys *k)
{
    bool good = k->n <= ARRAY_N(k->v);
    for (uint32_t i = 0; good && i < k->n; i++)
        good = memchr(k->v[i].lvm, 0, sizeof k->v[i].lvm) && memchr(k->v[i].scsi, 0, sizeof k->v[i].scsi) && !strchr(k->v[i].lvm, '/') && !strchr(k->v[i].scsi, '/');
    return good;
}

static void leases(const struct lock_owner *owner, uint32_t what, int fd, int document, int named, struct err *e)
{
    static struct resources found;
    static struct disk_keys keys;
    AUTO_TREE *t = tree_map(document);
    if (!t) {
        err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed request for leases");
        return;
    }
    bool has_keys = named >= 0 && frame_copy(named, &keys, sizeof keys) == 0 && keys_are_good(&keys);
    if (!resources_find(&found, t, what & LEASES_ONE ? (int)(what >> LEASES_ENTRY) : -1, &settings, has_keys ? &keys : NULL, e))
        leases_say(fd, owner, &found, &settings, what, LEASES_MS, e);
    resources_free(&found);
}

/* *memfd: what the network daemon said, of ports that were made; or what came of secrets.  named: the document, or keys. */
static void of_manifest(uint32_t what, int fd, int manifest, int named, int *memfd, bool is_session, struct err *e)
{
    struct mp_out answers;
    struct secret_keys keys;
    AUTO_TREE *t = what & TALK_PORTS ? tree_map(named) : NULL;
    bool secrets = what & TALK_SECRETS, has_keys = secrets && named >= 0 && frame_copy(named, &keys, sizeof keys) == 0 && memchr(keys.token, 0, sizeof keys.token);
    if ((what & TALK_PORTS && !t) || (secrets && !has_keys)) {
        err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed request for ports or secrets");
        return;
    }
    mp_out_init(&answers, FRAME_BIG_MAX);
    int r = secrets ? secrets_say(fd, is_session ? "secret:///session" : "secret:///system", manifest, &keys, SECRETS_MS, &answers, e) :
                      ports_say(fd, is_session ? "network:///session" : "network:///system", manifest, t, what >> TALK_FROM, PORTS_MS, &answers, e);
    if (!r && (t || secrets) && (answers.failed || (*memfd = frame_memfd("answers", answers.p, answers.len)) < 0))
        err_set(e, VIR_ERR_NO_MEMORY, VIR_FROM_QEMU, " ");
    mp_out_free(&answers);
}

static void filters(uint32_t what, int fd, int manifest, int grants, int own, bool is_session, struct err *e)
{
    const char *uri = is_session ? "nwfilter:///session" : "nwfilter:///system";
    if (what & TALK_UNFILTER)
        filters_drop(fd, uri, manifest, grants, what >> TALK_FROM, FILTERS_MS, e);
    else if (what & TALK_UNDO)
        filters_set(fd, uri, own, manifest, grants, FILTERS_MS, e);
    else
        filters_set(fd, uri, manifest, what & TALK_ALL ? -1 : own, grants, FILTERS_MS, e);
}

static void on_talk(struct worker *w, const struct request *rq, struct frame *f)
{
    static struct pipes pipes;
    struct lock_owner owner;
    struct err e = ERR_INIT;
    AUTO_CLOSE fd = frame_take_fd(f, 0);
    AUTO_CLOSE about = frame_take_fd(f, 1);
    AUTO_CLOSE named = frame_take_fd(f, 2);
    AUTO_CLOSE own = frame_take_fd(f, 3);
    AUTO_FREE char *text = NULL;
    size_t n = 0;
    bool of_filters = rq->arg & (TALK_FILTERS | TALK_UNFILTER), of_ports = rq->arg & (TALK_PORTS | TALK_UNPORT | TALK_SECRETS);       /* who has them the document or the manifest says, or nobody asks */
    if (f->body_len != sizeof owner || f->h.flags & FRAME_BIG || fd < 0 || about < 0 ||
        !(of_ports || of_filters || memchr(((const struct lock_owner *)(const void *)f->body)->name, 0, sizeof owner.name))) {
        err_set(&e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed request for a talk");
    } else {
        memcpy(&owner, f->body, sizeof owner);
        if (rq->arg == TALK_LOGS)
            logs_open(fd, &owner, &layout, about, LOGS_MS, &pipes, &e);
        else if (of_filters)
            filters(rq->arg, fd, about, named, own, w->birth.flags & BIRTH_SESSION, &e);
        else if (of_ports) {
            pipes.fd[0] = -1;
            of_manifest(rq->arg, fd, about, named, &pipes.fd[0], w->birth.flags & BIRTH_SESSION, &e);
            pipes.n = pipes.fd[0] >= 0;
        } else if (rq->arg == TALK_TAIL)
            logs_tail(fd, &owner, &layout, LOGS_MS, &text, &n, &e);
        else
            leases(&owner, rq->arg, fd, about, named, &e);
    }
    if (e.code)
        worker_error(w, rq, &e);
    else
        worker_reply(w, rq, text, n, pipes.fd, pipes.n);
    loop_stop(0);
}

int main(void)
{
    static const struct worker_op ops[] = { { OP_IN(IN_TALK), on_talk }, { 0, NULL } };
    static struct worker w = { .ops = ops };
    worker_birth(&w, ROLE_TALK);
    int fd = birth_fd(&w.birth, BFD_SETTINGS, -1, NULL), places = birth_fd(&w.birth, BFD_LAYOUT, -1, NULL);
    if (fd < 0 || frame_copy(fd, &settings, sizeof settings) < 0 || places < 0 || frame_copy(places, &layout, sizeof layout) < 0)
        return 2;
    worker_lock(&w);
    return worker_run(&w);
}
