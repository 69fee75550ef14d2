/* hand_settle.c: after devices came to a running guest, or went: what was made for those that are gone is removed as at a guest's end, and the guest's
 * stub gets what a later daemon needs.  Part of hand-open, with its privilege and peer.
 *
 * Images have no owner to get back: they are opened by a hand and handed over, and never given away.  A tap goes with QEMU's last descriptor of it.
 * SAFETY: nothing but sockets is removed, those that this run's grants name, or, of an entry whose hand did not come to answer, such as nobody listens at. */
#include "hand_open.h"
#include <errno.h>
#include <string.h>
#include "ipc/log.h"
#include "ipc/util.h"

struct settling {
    struct hand *h;
    const struct hand_req *rq;
    struct launch_fd as[FRAME_FDS_MAX];     /* of the call's descriptors from the second on */
    unsigned nfds;
    struct hand_grants grants;
    bool undo;
    uint32_t lost;              /* enum hand_has: what other daemons have for what is gone */
    uint32_t first;                         /* with undo: entries from here on never came */
    bool gone[MANIFEST_ENTRIES_MAX];
    uint32_t n;                             /* entries that stay: those behind have gone */
};

/* Descriptor of the call, -1 none. */
static int find(const struct settling *s, int kind, bool is_new)
{
    for (unsigned i = 0; i < s->nfds; i++)
        if (s->as[i].kind == kind && !s->as[i].arg == !is_new)
            return 1 + (int)i;
    return -1;
}

/* Our end of an entry that has gone. */
static bool is_gone(const struct settling *s, const struct launch_fd *d)
{
    return (d->kind == BFD_CHARDEV || d->kind == BFD_LOCK) && d->arg < MANIFEST_ENTRIES_MAX && s->gone[d->arg];
}

static void release(struct settling *s)
{
    struct manifest_entry m;
    const char *path, *aux;
    for (struct manifest_in in = hand_entries(s->h); manifest_next(&in, &m, &path, &aux) == 1;) {
        struct grant *g = &s->grants.g[m.index];
        bool has = m.index < s->grants.h.n;
        s->gone[m.index] = s->undo ? m.index >= s->first : m.flags & MF_GONE;
        if (!s->gone[m.index] || m.kind == MK_SOCKET || m.kind == MK_HOSTNET /* by which hand-open knows that this QEMU may connect, and where */)
            s->n = m.index + 1;
        if (s->gone[m.index] && path && (has ? g->made : s->undo)) /* once: it may be there again */
            entry_forget(s->h, s->rq, &m, has ? g : NULL, path);
        s->lost |= s->gone[m.index] ? hand_has(&m, aux) : 0;
        if (s->gone[m.index] && has)
            *g = (struct grant){ .index = m.index, .qemu_fd = { -1, -1 } };
    }
    s->grants.h.n = s->grants.h.n < s->n ? s->grants.h.n : s->n;
}

/* The manifest without what has gone at its end, so that a guest can be given devices for ever. */
static int shortened(const struct settling *s)
{
    static uint8_t buf[MANIFEST_BYTES_MAX];
    struct manifest_entry m;
    struct manifest_out out;
    const char *path, *aux;
    manifest_begin(&out, buf, sizeof buf);
    for (struct manifest_in in = hand_entries(s->h); manifest_next(&in, &m, &path, &aux) == 1 && m.index < s->n;)
        if (manifest_add(&out, &m, path, aux) < 0)
            return -ENOSPC;
    ssize_t n = manifest_finish(&out);
    return n < 0 ? (int)n : frame_memfd("manifest", buf, (size_t)n);
}

/* What the run holds from now on, with ours, grants and manifest; not what is QEMU's, nor what every daemon opens anew: the monitor's connection and /proc.
 * The stub speaks first, as to whoever comes, and once more when it has taken all. */
static int stub_tell(const struct settling *s, const int ours[2])
{
    static uint8_t buf[FRAME_BODY_MAX];
    struct frame_head head = { .kind = FRAME_CALL, .op = OP_IN(IN_HAND_SETTLE) };
    struct launch_fd as[FRAME_FDS_MAX];
    struct frame f = FRAME_INIT;
    int fds[FRAME_FDS_MAX];
    unsigned n = 0;
    bool late;
    for (unsigned i = 0; i < s->nfds; i++) {
        const struct launch_fd *d = &s->as[i];
        if (d->kind == BFD_NONE || d->kind == BFD_QMP || d->kind == BFD_PROC || is_gone(s, d))
            continue;
        as[n] = *d;
        fds[n++] = d->kind == BFD_GRANTS ? ours[0] : d->kind == BFD_MANIFEST ? ours[1] : s->h->call.fds[1 + i];
    }
    AUTO_CLOSE door = record_connect(s->h, s->rq->id, &late);
    int r = door < 0 ? door : frame_recv(door, &f, buf, sizeof buf);
    if (r > 0) {
        frame_done(&f);
        r = frame_send(door, &head, as, n * sizeof *as, fds, n);
        r = r < 0 ? r : frame_recv(door, &f, buf, sizeof buf);
        frame_done(&f);
    }
    if (r > 0 && late)
        record_late(s->h, s->rq->id, false);
    return r > 0 ? 0 : r < 0 ? r : -EPIPE;
}

void hand_settle(struct hand *h)
{
    static struct settling s;
    struct hand_done done = { .failed = -1 };
    struct err e = ERR_INIT;
    int grants;
    s = (struct settling){ .h = h, .rq = hand_body(h, sizeof *s.rq), .nfds = h->call.h.nfds - 1u };
    hand_run(h, s.rq->id, s.rq->name);
    bool good = h->call.h.nfds > 1 && frame_copy(h->call.fds[0], s.as, s.nfds * sizeof *s.as) == 0;
    s.undo = good && find(&s, BFD_MANIFEST, true) >= 0;
    if (!good || hand_manifest(h, (unsigned)find(&s, BFD_MANIFEST, s.undo), &e)) {
        err_set(&e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed manifest");
        hand_fail(h, -1, -EPROTO, &e);
        return;
    }
    bool has_grants = hand_grants(h, (unsigned)find(&s, BFD_GRANTS, false), &s.grants);
    s.first = s.grants.h.n;
    if (s.undo && (grants = find(&s, BFD_GRANTS, true)) >= 0)
        hand_grants(h, (unsigned)grants, &s.grants);
    release(&s);
    done.has = s.lost;
    for (unsigned i = 0; i < s.nfds; i++)
        if (is_gone(&s, &s.as[i])) {
            done.ours_kind[done.nworker] = s.as[i].kind;
            done.ours_entry[done.nworker++] = (uint16_t)s.as[i].arg;
        }
    if (s.undo || !has_grants) {
        hand_reply(h, &done, sizeof done, NULL, 0);
        return;
    }
    AUTO_CLOSE g = frame_memfd("grants", &s.grants, sizeof s.grants.h + s.grants.h.n * sizeof s.grants.g[0]);
    AUTO_CLOSE m = shortened(&s);
    if (g < 0 || m < 0) {
        err_sys(&e, VIR_FROM_QEMU, g < 0 ? -g : -m, "Unable to pass descriptors");
        hand_fail(h, -1, -EIO, &e);
        return;
    }
    int r = stub_tell(&s, (int[]){ g, m });
    if (r < 0 && s.grants.h.monitor_fd >= 0)
        log_warn("the first process of '%s' is not told of its devices: a later daemon will not know them: %s", s.rq->name, strerror(-r));
    hand_reply(h, &done, sizeof done, (int[]){ g, m }, 2);
}
