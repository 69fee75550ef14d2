/* run_log.c: the log roles of a guest.  The pipe and the file outlive every instance of the role, so no byte is lost when one dies. */
#include <errno.h>
#include <stdio.h>
#include "guest.h"

static struct peer *log_spawn(struct life *life)
{
    struct run_log *l = life->data;
    struct run *r = l->run;
    uint32_t which = (uint32_t)(l - r->log);
    struct conf_name name = { .dir = 1 };
    struct frame_head h = { .kind = FRAME_CALL, .op = OP_IN(IN_LOG_START), .origin = sup.epoch, .object = r->object };
    struct born n;
    born_begin(&n, ROLE_LOG, r->object, slot_row(r->slot)->name);
    n.b.instance = life->instance;
    n.tag = which;
    born_fd(&n, BFD_LOG_PIPE, 0, l->fd[LOG_PIPE]);
    born_fd(&n, BFD_FILE, 0, l->fd[LOG_FILE]);
    born_fd(&n, BFD_DIR, DIR_LOG, l->fd[LOG_FILE] < 0 ? sup.dir_fd[DIR_LOG] : l->fd[LOG_DIR]);
    if (l->fd[LOG_FILE] >= 0)       /* its name: the role finds it in the manifest */
        born_fd(&n, BFD_MANIFEST, which, run_fd(r, BFD_MANIFEST));
    struct peer *p = peer_spawn(&n);
    if (p) {
        snprintf(name.name, sizeof name.name, "%.*s.log", (int)sizeof name.name - 8, slot_row(r->slot)->name);
        peer_send(p, &h, &name, sizeof name, NULL, 0);
    }
    return p;
}

int log_put(struct run *r, uint32_t which, int kind, int fd)
{
    _Static_assert(BFD_DIR - BFD_LOG_PIPE == LOG_DIR && BFD_FILE - BFD_LOG_PIPE == LOG_FILE, "one order");
    if (which >= RUN_LOGS_MAX || kind < BFD_LOG_PIPE || kind > BFD_FILE) {
        util_closep(&fd);
        return -ENOSPC;
    }
    for (struct run_log *l = &r->log[r->logs]; r->logs <= which; r->logs++, l++)
        *l = (struct run_log){ .run = r, .fd = { -1, -1, -1 }, .life = { .spawn = log_spawn, .data = l, .may_finish = true, .number = l->life.number } };
    util_closep(&r->log[which].fd[kind - BFD_LOG_PIPE]);
    r->log[which].fd[kind - BFD_LOG_PIPE] = fd;
    return 0;
}

int log_add(struct run *r, int kind, int fd)
{
    struct held h = { .kind = HELD_FD, .role = ROLE_LOG, .object = r->object, .tag = (uint32_t)kind, .arg = r->logs - (kind != BFD_LOG_PIPE) };
    int done = log_put(r, h.arg, kind, fd);
    if (done == 0)
        keeper_tell(IN_STORE, &h, sizeof h, &fd, 1);
    return done;
}

void log_begin(struct run_log *l)
{
    life_start(&l->life);
}

void log_again(struct run_log *l)
{
    struct peer *p = peer_find(l->life.number);
    if (p)
        life_adopt(&l->life, p);
    else if (l->fd[LOG_PIPE] >= 0)
        life_start(&l->life);
}

void log_release(struct run *r)
{
    for (unsigned i = 0; i < r->logs; i++) {
        life_release(&r->log[i].life);
        for (int *fd = r->log[i].fd; fd < r->log[i].fd + LOG_FDS; fd++)
            util_closep(fd);
    }
    r->logs = 0;
}

/* The end of QEMU's own stream, for the error text of a start that fails: asked of the log role, answered to the worker. */
void log_tail(struct run *r, struct peer *p, struct frame *f)
{
    struct caller c = { .number = p->number, .serial = f->h.serial, .op = f->h.op, .arg = f->h.arg };
    struct peer *log = NULL;
    for (unsigned i = 0; i < r->logs; i++)
        if (r->log[i].fd[LOG_FILE] < 0)
            log = life_peer(&r->log[i].life);
    f->h.origin = p->number;
    if (log && route_to(&c, log, f, NULL, 0) == 0)
        return;
    route_fail(&c, VIR_ERR_INTERNAL_ERROR, "no log of this guest");
}
