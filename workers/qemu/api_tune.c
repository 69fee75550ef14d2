/* api_tune.c: what is done at the end of a running guest, and its I/O threads.  Limits of control groups, pins and performance events are not the worker's (plug_tune.c). */
#include "config.h"
#include <stdio.h>
#include <string.h>

#include "ipc/util.h"
#include "workers/bitmap.h"
#include "workers/qemu/ops.h"
#include "workers/qemu/stats.h"
#include "workers/tree-iothreads.h"
#include "workers/tree-params.h"

/* ---- what is done when the guest ends ---- */

/* The rules that a definition has to keep as well. */
static const char *wrong_actions(struct tree *dom)
{
    const char *off = tree_text(dom, "on_poweroff"), *reboot = tree_text(dom, "on_reboot"), *crash = tree_text(dom, "on_crash");
    const char *all[] = { off, reboot, crash };
    for (size_t i = 0; i < ARRAY_N(all); i++)
        if (all[i] && !strcmp(all[i], "rename-restart"))
            return "qemu driver doesn't support the 'rename-restart' action for 'on_reboot'/'on_poweroff'/'on_crash'";
    if ((off && !strcmp(off, "preserve")) || (reboot && !strcmp(reboot, "preserve")))
        return "qemu driver doesn't support the 'preserve' action for 'on_reboot'/'on_poweroff'";
    if (crash && !strncmp(crash, "coredump", strlen("coredump")))       /* as a start says it */
        return "<on_crash>coredump...</on_crash> is not supported";
    if (off && reboot && !strcmp(reboot, "destroy") && !strcmp(off, "restart"))
        return "qemu driver doesn't support 'onReboot' set to 'destroy and 'onPoweroff' set to 'reboot'";
    return NULL;
}

struct lifecycle { uint32_t type, action; };

static void on_action(void *data, json_t *ret, const struct err *e)
{
    struct call *c = data;
    struct lifecycle *l = c->extra;
    if (ret) {
        lifecycle_set(c->g->tree, l->type, l->action, &(struct err)ERR_INIT);
        guest_told(c->g);
    }
    call_on_done(c, ret, e);
}

OP_ARGS(api_set_lifecycle)
{
    enum { REBOOT = 1, DESTROY = 0 };
    struct err e = ERR_INIT;
    uint32_t type = mp_get_u32(&in), action = mp_get_u32(&in);
    mp_get_u32(&in);
    if (call_end_args(g, rq, &in) || call_need_up(g, rq))
        return;
    AUTO_TREE *copy = tree_copy(g->tree);
    if (lifecycle_set(copy, type, action, &e)) {
        worker_error(g->w, rq, &e);
        return;
    }
    if (wrong_actions(copy)) {
        reply_err(g, rq, VIR_ERR_CONFIG_UNSUPPORTED, "%s", wrong_actions(copy));
        return;
    }
    struct call *c = call_new(g, rq);
    *(struct lifecycle *)call_extra(c, sizeof(struct lifecycle)) = (struct lifecycle){ type, action };
    if (type == REBOOT)         /* QEMU itself ends at a reboot, or does not */
        qmp_send(&g->qmp, "set-action", json_pack("{s:s}", "reboot", action == DESTROY ? "shutdown" : "reset"), -1, 0, on_action, c);
    else
        on_action(c, json_true(), NULL);
    qmp_flush(&g->qmp);
}
