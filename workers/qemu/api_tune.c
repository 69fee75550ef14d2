/* api_tune.c: limits, pins and what is done at the end, of a running guest.
 *
 * What the monitor can change is changed.  Limits that are the host's to set (control groups, affinity, traffic) are refused when all that is wrong with the
 * call itself has been said. */
#include "config.h"
#include <stdio.h>
#include <string.h>

#include "ipc/util.h"
#include "workers/bitmap.h"
#include "workers/qemu/ops.h"
#include "workers/qemu/stats.h"
#include "workers/tree-iothreads.h"
#include "workers/tree-params.h"

static void refuse(struct guest *g, const struct request *rq, const char *what)
{
    reply_err(g, rq, VIR_ERR_OPERATION_UNSUPPORTED, "%s cannot be changed while the domain runs", what);
}

OP_FN(api_set_params)
{
    static const struct { uint32_t op; const char *what; } names[] = {
        { OP_REMOTE_DOMAIN_SET_MEMORY_PARAMETERS, "memory limits" }, { OP_REMOTE_DOMAIN_SET_BLKIO_PARAMETERS, "limits of block devices" },
        { OP_REMOTE_DOMAIN_SET_NUMA_PARAMETERS, "the placement of memory" }, { OP_REMOTE_DOMAIN_SET_INTERFACE_PARAMETERS, "an interface's bandwidth" },
        { OP_REMOTE_DOMAIN_SET_PERF_EVENTS, "performance events" },
    };
    struct guest *g = w->data;
    struct err e = ERR_INIT;
    struct mp_in in;
    const char *what = "scheduler parameters";
    if (call_args(g, rq, f, &in))
        return;
    AUTO_TREE *copy = tree_copy(g->tree);
    for (size_t i = 0; i < ARRAY_N(names); i++)
        if (names[i].op == rq->op)
            what = names[i].what;
    if (tree_params_set(rq->op, copy, true, &in, &e))
        worker_error(w, rq, &e);
    else
        refuse(g, rq, what);
}

/* ---- pins ---- */

/* The set that comes next, and flags where there are some. 0, or answered and -1. */
static int cpuset_arg(struct guest *g, const struct request *rq, struct mp_in *in, const char *empty)
{
    size_t n;
    const uint8_t *p = mp_get_bin(in, &n);
    bool any = false;
    if (mp_peek(in) != MP_END)
        mp_get_u32(in);
    if (call_end_args(g, rq, in))
        return -1;
    for (size_t i = 0; i < n; i++)
        any |= p[i] != 0;
    if (!any)
        reply_err(g, rq, VIR_ERR_INVALID_ARG, "%s", empty);
    return any ? 0 : -1;
}

OP_FN(api_pin_vcpu)
{
    struct guest *g = w->data;
    struct mp_in in;
    if (call_args(g, rq, f, &in))
        return;
    uint32_t id = mp_get_u32(&in);
    if (cpuset_arg(g, rq, &in, "Empty cpu list for pinning"))
        return;
    if (id >= vcpus_max(g))
        reply_err(g, rq, VIR_ERR_INVALID_ARG, "vcpu %d is out of range of live cpu count %d", (int)id, (int)vcpus_max(g));
    else
        refuse(g, rq, "vCPU pinning");
}

OP_FN(api_pin_emulator)
{
    struct guest *g = w->data;
    struct mp_in in;
    if (!call_args(g, rq, f, &in) && !cpuset_arg(g, rq, &in, "Empty cpu list for pinning"))
        refuse(g, rq, "emulator pinning");
}

OP_FN(api_pin_iothread)
{
    struct guest *g = w->data;
    struct mp_in in;
    if (call_args(g, rq, f, &in))
        return;
    uint32_t id = mp_get_u32(&in);
    AUTO_TREE *copy = tree_copy(g->tree);
    if (cpuset_arg(g, rq, &in, "Empty iothread cpumap list for pinning"))
        return;
    if (!iothread_find(copy, id))
        reply_err(g, rq, VIR_ERR_INVALID_ARG, "iothread %d not found", (int)id);
    else
        refuse(g, rq, "IOThread pinning");
}

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

OP_FN(api_set_lifecycle)
{
    enum { REBOOT = 1, DESTROY = 0 };
    struct guest *g = w->data;
    struct err e = ERR_INIT;
    struct mp_in in;
    if (call_args(g, rq, f, &in))
        return;
    uint32_t type = mp_get_u32(&in), action = mp_get_u32(&in);
    mp_get_u32(&in);
    if (call_end_args(g, rq, &in) || call_need_up(g, rq))
        return;
    AUTO_TREE *copy = tree_copy(g->tree);
    if (lifecycle_set(copy, type, action, &e)) {
        worker_error(w, rq, &e);
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
