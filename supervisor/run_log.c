/* run_log.c: the log roles of a guest.  The pipe and the file outlive every instance of the role, so no byte is lost when one dies. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
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
    born_fd(&n, BFD_LOG_PIPE, 0, l->pipe);
    born_fd(&n, BFD_SETTINGS, 0, sup.settings_fd);
    if (l->file >= 0)
        born_fd(&n, BFD_FILE, 0, l->file);
    else
        born_fd(&n, BFD_DIR, DIR_LOG, sup.dir_fd[DIR_LOG]);
    struct peer *p = peer_spawn(&n, true);
    if (p) {
        snprintf(name.name, sizeof name.name, "%.*s.log", (int)sizeof name.name - 8, slot_row(r->slot)->name);
        peer_send(p, &h, &name, sizeof name, NULL, 0);
    }
    return p;
}

static void log_init_row(struct run *r, unsigned which, int pipe, int file)
{
    struct run_log *l = &r->log[which];
    uint64_t number = l->life.number;
    *l = (struct run_log){ .run = r, .pipe = pipe, .file = file, .life = { .spawn = log_spawn, .data = l, .may_finish = true, .number = number } };
}

int log_add(struct run *r, int pipe, int file)
{
    if (r->logs == RUN_LOGS_MAX) {
        util_closep(&pipe);
        util_closep(&file);
        return -ENOSPC;
    }
    uint32_t which = r->logs++;
    struct held h[2] = { { .kind = HELD_FD, .role = ROLE_LOG, .object = r->object, .tag = BFD_LOG_PIPE, .arg = which },
                         { .kind = HELD_FD, .role = ROLE_LOG, .object = r->object, .tag = BFD_FILE, .arg = which } };
    const int fds[2] = { pipe, file };
    log_init_row(r, which, pipe, file);
    keeper_tell(IN_STORE, h, (file >= 0 ? 2 : 1) * sizeof h[0], fds, file >= 0 ? 2 : 1);
    return 0;
}

void log_held(struct run *r, const struct held *h, int fd)
{
    if (h->arg >= RUN_LOGS_MAX || (h->tag != BFD_LOG_PIPE && h->tag != BFD_FILE)) {
        util_closep(&fd);
        return;
    }
    for (; r->logs <= h->arg; r->logs++)
        log_init_row(r, r->logs, -1, -1);
    int *to = h->tag == BFD_LOG_PIPE ? &r->log[h->arg].pipe : &r->log[h->arg].file;
    util_closep(to);
    *to = fd;
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
    else if (l->pipe >= 0)
        life_start(&l->life);
}

void log_release(struct run *r)
{
    for (unsigned i = 0; i < r->logs; i++) {
        life_release(&r->log[i].life);
        util_closep(&r->log[i].pipe);
        util_closep(&r->log[i].file);
    }
    r->logs = 0;
}

/* The end of QEMU's own stream, for the error text of a start that fails: asked of the log role, answered to the worker. */
void log_tail(struct run *r, struct peer *p, struct frame *f)
{
    struct caller c = { .number = p->number, .serial = f->h.serial, .op = f->h.op, .arg = f->h.arg };
    struct peer *log = NULL;
    struct err e = ERR_INIT;
    for (unsigned i = 0; i < r->logs; i++)
        if (r->log[i].file < 0)
            log = life_peer(&r->log[i].life);
    f->h.origin = p->number;
    if (log && route_to(&c, log, f, NULL, 0) == 0)
        return;
    err_set(&e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "no log of this guest");
    route_error(&c, &e);
}
