/* zip.c: compression of what logs have rolled over to (bulkhead_compress).  A log role gives the file and one to write to; a zip role is born for them, sees
 * nothing else, and its answer is the log role's: which of them is a backup then, is between the folder and the role that has it.
 *
 * Few at a time: whoever comes when there are enough is told so, and asks again later. */
#include "supervisor/logd/streams.h"

enum { AT_ONCE = 2 };

static int zip_go(struct flow *f)
{
    const int fds[] = { f->fd[FF_TEXT], f->fd[FF_IMAGE] };
    return flow_call(f, peer_take(ROLE_ZIP, 0, "backup"), OP_IN(IN_LOG_ZIP), 0, NULL, 0, fds, 2);
}

static const struct step steps[] = { { "zip", zip_go, NULL, NULL }, { 0 } };

/* SAFETY: what the zip role gets are two descriptors that a log role has: that role gains no file by it, and the other nothing but these. */
void zip_call(struct peer *p, struct frame *fr)
{
    const struct caller c = { .number = p->number, .serial = fr->h.serial, .op = fr->h.op };
    unsigned n = 0;
    for (struct flow *f = flow_next(NULL); f; f = flow_next(f))
        n += f->steps == steps;
    if (n >= AT_ONCE || fr->h.nfds != 2) {
        route_fail(&c, VIR_ERR_OPERATION_FAILED, "not just now");
        return;
    }
    struct flow *f = flow_start(steps, flow_answered, &c);
    if (!f)
        return;
    f->fd[FF_TEXT] = frame_take_fd(fr, 0);
    f->fd[FF_IMAGE] = frame_take_fd(fr, 1);
    flow_go(f);
}
