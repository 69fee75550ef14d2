/* chain.c: which files an image stands on.  A hand opens, a probe reads one header, and a hand puts what it named into the manifest (hand_chain.c).
 *
 * SAFETY: the header of an image may have been written by its last guest.  What it names is judged here, by the same policy as the document's own
 * paths, before any hand opens it. */
#include "supervisor/qemud/guest.h"

/* One hand a turn; it gets the probe's last answer, if there is one. */
int chain_look(struct flow *f)
{
    const int fds[] = { f->fd[FF_MANIFEST], f->fd[FF_ASK] };
    peer_soon(ROLE_PROBE, 1);
    return run_hand(f, ROLE_HAND_OPEN, IN_HAND_OPEN, HAND_LOOK, fds, fds[1] >= 0 ? 2 : 1);
}

int chain_looked(struct flow *f, struct frame *fr)
{
    if (hand_did(f, fr) < 0)
        return -1;
    f->looked = hand_done.id >= 0 ? (uint32_t)hand_done.id : f->looked + 1;
    for (int i = 0; i < 3; i++)
        flow_take(f, FF_MANIFEST + i, fr, (unsigned)i);
    if (policy_manifest(f->fd[FF_MANIFEST], &f->err) < 0)
        return -1;
    f->pc -= hand_done.grown && f->fd[FF_SAVED] >= 0;       /* of a saved guest what an image named is judged first */
    return hand_done.grown ? FLOW_AGAIN : FLOW_NEXT;
}

/* Of a guest that does not run xmlc made a manifest of one image, whose first entry it is, and the probe answers the client. */
int chain_probe(struct flow *f)
{
    if (f->fd[FF_IMAGE] < 0)
        return f->run ? FLOW_NEXT : err_set(&f->err, VIR_ERR_OPERATION_FAILED, VIR_FROM_STORAGE, "the image is not there");
    peer_soon(ROLE_HAND_OPEN, 2);
    return flow_call(f, peer_take(ROLE_PROBE, f->object, f->name), OP_IN(IN_PROBE_IMAGE), !f->run, NULL, 0, &f->fd[FF_IMAGE], 2);
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
