/* hook.c: a step that has the administrator's hook scripts run; its name is theirs for it.  Where there are none, it is none.
 *
 * An xmlc makes the text that they get of what the run has, and a hand runs them.  Nobody waits for them but the flow: whatever they ask of the daemon meanwhile is
 * answered, unless it is for the object that the flow has.  Of scripts that may not stop anything the hand says that they did well. */
#include <fcntl.h>
#include "supervisor/qemud/guest.h"

int hook_go(struct flow *f)
{
    struct run *r = run_of(slot_of(f->wanted));
    struct doc_start d = { .id = r && r->phase != RUN_ENDING ? r->id : 0 };
    struct hand_hook q = { .timeout_s = sup.settings.hook_timeout_s };
    if (!(sup.settings.hooks & (r ? HOOKS_QEMU : HOOKS_DAEMON)) || (r && r->unheard && r->phase == RUN_ENDING))
        return FLOW_NEXT;
    if (r && f->fd[FF_HOOK] < 0) {
        if (run_fd(r, BFD_TREE, 0) < 0)     /* from here on it can be told that nothing came of it, by whoever comes after us as well */
            run_fd_add(r, BFD_TREE, 0, fcntl(f->fd[FF_TREE], F_DUPFD_CLOEXEC, 0));
        const int fds[] = { sup_fd(BFD_CAPS, 0), sup_fd(BFD_SETTINGS, 0), run_latest(r, BFD_TREE), run_latest(r, BFD_MANIFEST), run_latest(r, BFD_GRANTS) };
        r->unheard = false;
        return fds[2] < 0 ? FLOW_NEXT : flow_call(f, peer_take(ROLE_XMLC, f->object, f->name), OP_IN(IN_DOC_HOOK), 0, &d, sizeof d, fds, fds[3] < 0 ? 3 : fds[4] < 0 ? 4 : 5);
    }
    util_copy_str(q.op, sizeof q.op, f->steps[f->pc].name);
    util_copy_str(q.name, sizeof q.name, f->name);
    return hand_call(f, ROLE_HAND_HOOK, IN_HAND_HOOK, &q, sizeof q, &f->fd[FF_HOOK], f->fd[FF_HOOK] >= 0);
}

/* The text for them; or, of a saved guest, what is restored in place of what was saved, and compiled and judged as that. */
int hook_got(struct flow *f, struct frame *fr)
{
    util_closep(&f->fd[FF_HOOK]);
    if (fr->h.nfds)
        flow_take(f, fr->h.op == OP_IN(IN_DOC_HOOK) ? FF_HOOK : FF_TEXT, fr, 0);
    return f->fd[FF_HOOK] >= 0 ? FLOW_AGAIN : hand_did(f, fr);
}

int hook_restore(struct flow *f)
{
    if (f->fd[FF_SAVED] >= 0)
        f->fd[FF_HOOK] = fcntl(f->fd[FF_TEXT], F_DUPFD_CLOEXEC, 0);
    return f->fd[FF_SAVED] >= 0 ? hook_go(f) : FLOW_NEXT;
}
