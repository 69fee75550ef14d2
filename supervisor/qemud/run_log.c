/* run_log.c: the log roles of a guest.  The pipe and the file outlive every instance of the role, so no byte is lost when one dies. */
#include <stdio.h>
#include "supervisor/qemud/guest.h"

struct peer *log_spawn(struct life *life)
{
    struct run *r = life->data;
    uint32_t which = (uint32_t)(life - r->log);
    struct conf_name name = { .dir = LOG_APPEND };
    struct frame_head h = { .kind = FRAME_CALL, .op = OP_IN(IN_LOG_START), .origin = sup.epoch, .object = r->object };
    struct born n;
    born_begin(&n, ROLE_LOG, r->object, slot_row(r->slot)->name);
    n.b.instance = life->instance;
    n.tag = which;
    int file = run_fd(r, BFD_FILE, which);
    born_fd(&n, BFD_LOG_PIPE, 0, run_fd(r, BFD_LOG_PIPE, which));
    born_fd(&n, BFD_FILE, 0, file);
    born_fd(&n, BFD_DIR, DIR_LOG, file < 0 ? sup_fd(BFD_DIR, DIR_LOG) : run_fd(r, BFD_DIR, which));
    if (file >= 0)                  /* its name: the role finds it in the manifest */
        born_fd(&n, BFD_MANIFEST, which, run_fd(r, BFD_MANIFEST, 0));
    struct peer *p = peer_spawn(&n);
    if (p) {
        snprintf(name.name, sizeof name.name, "%.*s.log", (int)sizeof name.name - 8, slot_row(r->slot)->name);
        peer_send(p, &h, &name, sizeof name, NULL, 0);
    }
    return p;
}

void log_run(struct run *r)
{
    for (unsigned i = 0; i < RUN_LOGS_MAX; i++) {
        struct peer *p = peer_find(r->log[i].number);
        if (p)
            life_adopt(&r->log[i], p);
        else if (run_fd(r, BFD_LOG_PIPE, i) >= 0)
            life_start(&r->log[i]);
    }
}

/* The end of QEMU's own stream, for the error text of a start that fails: asked of the log role or virtlogd, answered to the worker. */
void log_tail(struct run *r, struct peer *p, struct frame *f)
{
    struct caller c = { .number = p->number, .serial = f->h.serial, .op = f->h.op, .arg = f->h.arg };
    unsigned own = RUN_LOGS_MAX - 1;        /* the last one that there is */
    while (own && run_fd(r, BFD_LOG_PIPE, own) < 0)
        own--;
    struct peer *log = life_peer(&r->log[own]);
    f->h.origin = p->number;
    if (log)
        route_to(&c, log, f);
    else if (sup.settings.stdio_handler == STDIO_LOGD)
        talk_begin(r, TALK_TAIL, &c);
    else
        route_fail(&c, VIR_ERR_INTERNAL_ERROR, "no log of this guest");
}
