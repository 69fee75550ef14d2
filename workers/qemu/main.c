/* main.c of role qemu: one running guest. */
#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "ipc/log.h"
#include "ipc/util.h"
#include "workers/qemu/migrate.h"
#include "workers/qemu/ops.h"
#include "workers/qemu/plug.h"

static void on_ready(struct qmp *q)
{
    struct guest *g = q->data;
    if (g->starting)
        start_qmp_ready(g);
    else
        resume_qmp_ready(g);
}

static void on_stale(struct qmp *q, bool stale)
{
    struct guest *g = q->data;
    log_warn(stale ? "QEMU has stopped answering" : "QEMU answers again");
    if (g->phase == PHASE_UP)
        guest_send_state(g, -1, 0);
    if (!stale)
        cleanup_go(g);
}

static void on_end(struct qmp *q, int err)
{
    struct guest *g = q->data;
    if (err && !g->quitting && !g->got_shutdown)
        log_warn("the monitor's connection broke: %s", strerror(-err));
    qmp_close(q);
    migration_gone(g);
    if (g->starting)
        start_qemu_died(g);
    else
        guest_gone(g);
}

void guest_hook_qmp(struct guest *g)
{
    g->qmp = (struct qmp){ .data = g, .on_ready = on_ready, .on_event = qevent, .on_stale = on_stale, .on_end = on_end };
}

#ifndef QEMU_NO_MAIN          /* fuzz harnesses play the rest themselves */
static void copy_blob(struct worker *w, int kind, void *dst, size_t size)
{
    const void *p;
    size_t n;
    int fd = birth_fd(&w->birth, kind, -1, NULL);
    if (fd < 0 || frame_map(fd, size, &p, &n))
        return;
    if (n == size)
        memcpy(dst, p, size);
    munmap((void *)p, n);
}

/* A new supervisor may have missed the last word. */
static void on_epoch(struct worker *w)
{
    struct guest *g = w->data;
    if (g->phase == PHASE_UP) {
        guest_send_state(g, -1, 0);
        save_now(g);
    }
}

static void on_quit(struct worker *w)
{
    later_end(w->data);
    loop_stop(0);
}

static struct guest guest = { .proc_fd = -1, .cgroup_fd = -1, .checkpoint_fd = -1, .scratch_rw = -1, .scratch_wo = -1, .restore_fd = -1, .manifest_fd = -1, .grants_fd = -1, .id = -1, .state = DOM_PAUSED, .reason = PAUSED_STARTING_UP };

static const struct worker_op ops[] = {
    { OP_IN(IN_START), start_call },
    { OP_IN(IN_PLUG), later_call },
    { OP_IN(IN_SAVE), later_call },
    { OP_IN(IN_DUMP), later_call },
    { OP_IN(IN_CANCEL), later_cancel },
    { OP_IN(IN_SAVED), saved_event },
    { OP_IN(IN_WORKER_DEBUG), debug_call },
    { OP_IN(IN_WORKER_TRACE), debug_trace_call },
#define X(op, fn) { OP_##op, later_call },
    GUEST_OPS(X)
#undef X
    { 0, NULL },
};

/* Must come before the sandbox, which knows no path: a second opening of the file is the only way to another access mode. */
static void open_scratch(struct guest *g)
{
    char path[32];
    g->scratch_rw = memfd_create("scratch", MFD_CLOEXEC);
    if (g->scratch_rw >= 0 && !util_format(path, sizeof path, "/proc/self/fd/%d", g->scratch_rw))
        g->scratch_wo = open(path, O_WRONLY | O_CLOEXEC);
}

int main(void)
{
    static struct worker w;
    struct guest *g = &guest;
    struct err e = ERR_INIT;
    worker_birth(&w, ROLE_QEMU);
    w.ops = ops;
    w.on_epoch = on_epoch;
    w.on_quit = on_quit;
    w.data = g;
    g->w = &w;
    g->qmp.line.fd = g->qmp.line.src.fd = -1;
    copy_blob(&w, BFD_LAYOUT, &g->layout, sizeof g->layout);
    copy_blob(&w, BFD_SETTINGS, &g->settings, sizeof g->settings);
    g->proc_fd = birth_fd(&w.birth, BFD_PROC, -1, NULL);
    g->cgroup_fd = birth_fd(&w.birth, BFD_CGROUP, -1, NULL);
    g->manifest_fd = birth_fd(&w.birth, BFD_MANIFEST, -1, NULL);
    g->grants_fd = birth_fd(&w.birth, BFD_GRANTS, -1, NULL);
    g->checkpoint_fd = birth_fd(&w.birth, BFD_CHECKPOINT, -1, NULL);
    open_scratch(g);
    worker_lock(&w);
    /* From here on what others wrote is read. */
    if (guest_load_tree(g, birth_fd(&w.birth, BFD_TREE, -1, NULL), &e)) {
        log_err("%s", e.detail);
        return 2;
    }
    agent_init(&g->agent, false);
    if (w.birth.flags & BIRTH_RESUME) {
        int r = resume_open(g, birth_fd(&w.birth, BFD_QMP, -1, NULL));
        if (r) {
            log_err("cannot take the guest over: %s", strerror(-r));
            return 2;
        }
        guest_take_ends(g);
    }
    return worker_run(&w);
}
#endif
