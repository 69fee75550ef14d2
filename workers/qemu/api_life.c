/* api_life.c: calls that stop, start, end and poke the guest. */
#include "config.h"
#include <string.h>

#include "ipc/util.h"
#include "workers/qemu/ops.h"

enum { SHUTDOWN_ACPI = 1, SHUTDOWN_AGENT = 2, AGENT_SHUTDOWN_MS = 60000 };

/* A suspend or resume: from here to its answer no other call that changes what the guest does, and no save, comes between its steps. */
static struct call *job_begin(struct guest *g, const struct request *rq, const char *job)
{
    g->job = job;
    return call_new(g, rq);
}

static void job_end(struct call *c, const struct err *e)
{
    struct guest *g = c->g;
    g->job = NULL;
    if (e)
        call_fail(c, e);
    else
        call_ok(c);
    later_go(g);
}

static void on_given(void *data, const struct err *e)
{
    (void)e;        /* as libvirt has it, the guest is suspended all the same */
    job_end(data, NULL);
}

/* QEMU answers `stop` only after it has sent STOP, so that the state is known by then. */
static void on_suspended(void *data, json_t *ret, const struct err *e)
{
    struct call *c = data;
    if (!ret)
        c->g->pause_reason = PAUSED_UNKNOWN;
    if (ret)
        lease_give(c->g, on_given, c);
    else
        job_end(c, e);
}

OP_FN(api_suspend)
{
    static const char job[] = "remoteDispatchDomainSuspend";
    struct guest *g = w->data;
    if (call_no_args(g, rq, f) || call_need_up(g, rq))
        return;
    if (g->state == DOM_PMSUSPENDED)
        reply_err(g, rq, VIR_ERR_OPERATION_INVALID, "domain is pmsuspended");
    else if (g->state == DOM_PAUSED && g->locks & LOCKS_GIVING)
        lease_give(g, on_given, job_begin(g, rq, job));
    else if (g->state == DOM_PAUSED) {
        if (g->dumping)         /* it stays so when its watchdog's dump is done */
            guest_set_state(g, DOM_PAUSED, PAUSED_USER, -1, 0);
        reply_ok(g, rq);
    } else {
        g->pause_reason = PAUSED_USER;
        qmp_send(&g->qmp, "stop", NULL, -1, 0, on_suspended, job_begin(g, rq, job));
        qmp_flush(&g->qmp);
    }
}

static void on_resumed(void *data, json_t *ret, const struct err *e)
{
    struct call *c = data;
    (void)ret;
    if (e && e->code == VIR_ERR_OPERATION_TIMEOUT)
        guest_ask_state(c->g);      /* QEMU may do it yet, and then needs what it has */
    else if (e)
        lease_give(c->g, NULL, NULL);
    job_end(c, e);
}

static void on_taken(void *data, const struct err *e)
{
    struct call *c = data;
    struct guest *g = c->g;
    if (e) {
        job_end(c, e);
        return;
    }
    g->run_reason = RUNNING_UNPAUSED;
    qmp_send(&g->qmp, "cont", NULL, -1, 0, on_resumed, c);
    qmp_flush(&g->qmp);
}

OP_FN(api_resume)
{
    struct guest *g = w->data;
    if (call_no_args(g, rq, f) || call_need_up(g, rq))
        return;
    if (g->state == DOM_PMSUSPENDED)
        reply_err(g, rq, VIR_ERR_OPERATION_INVALID, "domain is pmsuspended");
    else if (g->state == DOM_RUNNING)
        reply_err(g, rq, VIR_ERR_OPERATION_INVALID, "domain is already running");
    else
        lease_take(g, on_taken, job_begin(g, rq, "remoteDispatchDomainResume"));
}

/* ---- shutdown and reboot: by the agent where it is asked for or at hand, else by the power button ---- */

struct power { uint32_t flags; bool is_reboot, is_shutdown; };

static void by_button(struct call *c)
{
    struct guest *g = c->g;
    struct power *p = c->extra;
    g->fake_reboot = p->is_reboot;
    guest_told(g);
    call_qmp(c, "system_powerdown", NULL, NULL);
}

static void on_agent_power(void *data, json_t *ret, const struct err *e)
{
    struct call *c = data;
    struct power *p = c->extra;
    if (ret)
        call_ok(c);
    else if (p->flags & SHUTDOWN_ACPI || !p->flags)
        by_button(c);
    else
        call_fail(c, e);
}

static void power(struct guest *g, const struct request *rq, struct power p)
{
    struct err e = ERR_INIT;
    bool has_agent = !agent_check(&g->agent, &e);
    if (g->quitting || (p.is_shutdown && g->state != DOM_RUNNING)) {
        reply_err(g, rq, VIR_ERR_OPERATION_INVALID, "domain is not running");
        return;
    }
    if (p.flags == SHUTDOWN_AGENT && !has_agent) {
        worker_error(g->w, rq, &e);
        return;
    }
    struct call *c = call_new(g, rq);
    *(struct power *)call_extra(c, sizeof p) = p;
    if (has_agent && (p.flags & SHUTDOWN_AGENT || !p.flags)) {
        g->fake_reboot = false;
        agent_send(&g->agent, "guest-shutdown", json_pack("{s:s}", "mode", p.is_reboot ? "reboot" : "powerdown"), AGENT_SHUTDOWN_MS, true, on_agent_power, c);
    } else
        by_button(c);
}

OP_FN(api_shutdown)
{
    struct guest *g = w->data;
    if (!call_no_args(g, rq, f) && !call_need_up(g, rq))
        power(g, rq, (struct power){ 0, guest_action(g, "on_poweroff", ON_DESTROY) == ON_RESTART, true });
}

OP_FN(api_shutdown_flags)
{
    struct guest *g = w->data;
    uint32_t flags;
    if (!call_flags(g, rq, f, &flags) && !call_need_up(g, rq))
        power(g, rq, (struct power){ flags, guest_action(g, "on_poweroff", ON_DESTROY) == ON_RESTART, true });
}

OP_FN(api_reboot)
{
    struct guest *g = w->data;
    uint32_t flags;
    if (!call_flags(g, rq, f, &flags) && !call_need_up(g, rq))
        power(g, rq, (struct power){ flags, guest_action(g, "on_reboot", ON_RESTART) != ON_DESTROY, false });
}

OP_FN(api_reset)
{
    struct guest *g = w->data;
    if (call_flags(g, rq, f, NULL) || call_need_up(g, rq))
        return;
    g->fake_reboot = g->fake_reboot && g->state == DOM_SHUTDOWN;     /* a reboot that is under way goes on */
    if (g->state == DOM_CRASHED)
        guest_set_state(g, DOM_PAUSED, PAUSED_CRASHED, -1, 0);
    call_qmp(call_new(g, rq), "system_reset", NULL, NULL);
}

OP_FN(api_inject_nmi)
{
    struct guest *g = w->data;
    if (call_flags(g, rq, f, NULL) || call_need_up(g, rq))
        return;
    call_qmp(call_new(g, rq), "inject-nmi", NULL, NULL);
}

OP_FN(api_pm_wakeup)
{
    struct guest *g = w->data;
    if (call_flags(g, rq, f, NULL) || call_need_up(g, rq))
        return;
    call_qmp(call_new(g, rq), "system_wakeup", NULL, NULL);
}

/* What QEMU's monitor is doing: the one question that is about a stuck guest, and needs nothing of it. */
OP_FN(api_control_info)
{
    enum { CONTROL_OK, CONTROL_JOB, CONTROL_OCCUPIED, CONTROL_ERROR };
    struct guest *g = w->data;
    struct mp_out o;
    if (call_flags(g, rq, f, NULL) || call_need_up(g, rq))
        return;
    uint64_t ms = qmp_waiting_ms(&g->qmp);
    mp_out_init(&o, 64);
    mp_array(&o, 3);
    mp_uint(&o, g->phase == PHASE_UP ? (ms ? CONTROL_OCCUPIED : CONTROL_OK) : CONTROL_ERROR);
    mp_uint(&o, 0);
    mp_uint(&o, ms);
    worker_reply_out(w, rq, &o);
}
