/* chain.c: which files an image stands on.  A hand opens, a probe reads one header, and a hand puts what it named into the manifest (hand_chain.c).
 *
 * SAFETY: the header of an image may have been written by its last guest.  What it names is judged here, by the same policy as the document's own
 * paths, before any hand opens it. */
#include "supervisor/qemud/guest.h"

/* One hand a turn; it gets the probe's last answer, if there is one. */
static int look(struct flow *f, struct hand_req *q)
{
    const int fds[] = { f->fd[FF_MANIFEST], f->fd[FF_ASK] };
    q->flags |= HAND_LOOK;
    q->look = f->looked;
    return hand_call(f, ROLE_HAND_OPEN, IN_HAND_OPEN, q, sizeof *q, fds, fds[1] >= 0 ? 2 : 1);
}

int chain_look(struct flow *f)
{
    struct hand_req q;
    hand_req_fill(&q, run_of(f->slot));
    peer_soon(ROLE_PROBE);
    return look(f, &q);
}

int chain_looked(struct flow *f, struct frame *fr)
{
    if (hand_did(f, fr) < 0)
        return -1;
    f->looked = hand_done.id >= 0 ? (uint32_t)hand_done.id : f->looked + 1;
    for (unsigned i = 0; i < 3; i++) {
        util_closep(&f->fd[FF_MANIFEST + i]);
        f->fd[FF_MANIFEST + i] = frame_take_fd(fr, i);
    }
    if (policy_manifest(f->fd[FF_MANIFEST], &f->err) < 0)
        return -1;
    if (f->fd[FF_IMAGE] < 0 && !hand_done.grown)
        peer_not_needed();
    f->pc -= hand_done.grown && f->fd[FF_SAVED] >= 0;       /* of a saved guest what an image named is judged first */
    return hand_done.grown ? FLOW_AGAIN : FLOW_NEXT;
}

static int ask(struct flow *f, uint32_t arg)
{
    return flow_call(f, peer_take(ROLE_PROBE, f->object, f->name), OP_IN(IN_PROBE_IMAGE), arg, NULL, 0, &f->fd[FF_IMAGE], 2);
}

int chain_probe(struct flow *f)
{
    return f->fd[FF_IMAGE] < 0 ? FLOW_NEXT : ask(f, 0);
}

int chain_probed(struct flow *f, struct frame *fr)
{
    util_closep(&f->fd[FF_ASK]);
    f->fd[FF_ASK] = frame_memfd("answer", fr->body, fr->body_len);
    if (f->fd[FF_ASK] < 0)
        return err_set(&f->err, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "an answer about an image cannot be kept");
    f->pc--;
    return FLOW_AGAIN;
}

/* ---- one image of a guest that does not run: xmlc made a manifest of it, whose first entry it is, and the probe answers the client ---- */

int chain_size_look(struct flow *f)
{
    struct hand_req q = { .owner_uid = ~0u, .owner_gid = ~0u, .flags = HAND_ANY };
    return look(f, &q);
}

int chain_size_probe(struct flow *f)
{
    return f->fd[FF_IMAGE] >= 0 ? ask(f, 1) : err_set(&f->err, VIR_ERR_OPERATION_FAILED, VIR_FROM_STORAGE, "the image is not there");
}
