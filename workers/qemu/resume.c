/* resume.c: a worker for a guest that runs already: after a worker's death, or of an earlier daemon. */
#include "config.h"
#include <errno.h>
#include <string.h>

#include "ipc/index.h"
#include "ipc/log.h"
#include "ipc/util.h"
#include "workers/qemu/guest.h"
#include "workers/qemu/migrate.h"
#include "workers/qemu/plug.h"

/* QEMU's run state in the public API's words; state -1: leave what the notes say. */
static const struct { const char *name; int32_t state, reason; } run_states[] = {
    { "running", DOM_RUNNING, RUNNING_UNKNOWN }, { "paused", DOM_PAUSED, PAUSED_UNKNOWN }, { "io-error", DOM_PAUSED, PAUSED_IOERROR },
    { "watchdog", DOM_PAUSED, PAUSED_WATCHDOG }, { "internal-error", DOM_PAUSED, PAUSED_UNKNOWN }, { "guest-panicked", DOM_CRASHED, 1 },
    { "suspended", DOM_PMSUSPENDED, 0 }, { "shutdown", DOM_SHUTDOWN, 0 }, { "postmigrate", DOM_PAUSED, PAUSED_MIGRATION },
    { "finish-migrate", DOM_PAUSED, PAUSED_MIGRATION }, { "save-vm", DOM_PAUSED, PAUSED_SAVE }, { "prelaunch", DOM_PAUSED, PAUSED_UNKNOWN }, { "debug", DOM_PAUSED, PAUSED_UNKNOWN },
};

enum { AGAIN_MS = 1000, SETS_BEGIN = PLAN_SETS / MANIFEST_ENTRIES_MAX, SETS_TURN_MS = 500, SETS_TURNS = INT32_MAX / MANIFEST_ENTRIES_MAX - SETS_BEGIN };

/* ---- a guest whose state was restored, and that did not run yet as the instance before this one ended; or that its watchdog stopped, and a dump was made of ---- */

static void go_on_failed(struct guest *g, const struct err *e)
{
    log_err("a guest that was %s does not go on: %s", g->reason == PAUSED_WATCHDOG ? "dumped" : "restored", e->detail);
    g->going = false;
    lease_give(g, NULL, NULL);
    if (g->reason != PAUSED_WATCHDOG)
        guest_set_state(g, DOM_PAUSED, PAUSED_MIGRATION, EVENT_SUSPENDED, 0);
}

static void go_on_done(void *data, json_t *ret, const struct err *e)
{
    struct guest *g = data;
    g->job = NULL;
    g->going = g->going && !ret;
    if (e && e->code == VIR_ERR_OPERATION_TIMEOUT)
        guest_ask_state(g);
    else if (e)
        go_on_failed(g, e);
    guest_told(g);
    later_go(g);
}

static void go_on_leased(void *data, const struct err *e)
{
    struct guest *g = data;
    if (e) {
        g->job = NULL;
        go_on_failed(g, e);
        later_go(g);
        return;
    }
    g->run_reason = g->reason == PAUSED_WATCHDOG ? RUNNING_UNPAUSED : RUNNING_RESTORED;
    qmp_send(&g->qmp, "cont", NULL, -1, 0, go_on_done, g);
    qmp_flush(&g->qmp);
}

void guest_go_on(struct guest *g)
{
    g->going = true;
    g->job = "remoteDispatchDomainCreate";
    lease_take(g, go_on_leased, g);
}

/* ---- what QEMU does ---- */

static void ask(struct loop_timer *t);

static void on_status(void *data, json_t *ret, const struct err *e)
{
    struct guest *g = data;
    const char *s = json_string_value(json_object_get(ret, "status"));
    if (e) {
        if (e->code != VIR_ERR_OPERATION_TIMEOUT)
            log_warn("QEMU does not tell its state: %s", e->detail);
        if (g->qmp.state != QMP_CLOSED)
            loop_after(&g->ask_again, AGAIN_MS, ask, g);
        return;
    }
    bool runs = s && !strcmp(s, "running");
    g->unsure = false;
    if (g->was_saving && !runs && !g->saving)   /* first of all: so nothing below starts it beside its image */
        saving_resume(g);
    g->was_saving = SAVING_NOT;
    bool is_rebooting = s && !strcmp(s, "prelaunch") && g->fake_reboot;
    if (is_rebooting)           /* the reset was done while nobody looked */
        guest_was_reset(g);
    else if (runs && guest_is_rebooting(g))     /* and this as well */
        g->fake_reboot = false;
    for (size_t i = 0; s && !is_rebooting && i < ARRAY_N(run_states); i++)
        if (!strcmp(s, run_states[i].name) && g->state != run_states[i].state) {
            /* What changed while nobody looked. Events that QEMU had sent come as well, and then find nothing to change. */
            int32_t event = run_states[i].state == DOM_RUNNING ? EVENT_RESUMED : run_states[i].state == DOM_PAUSED ? EVENT_SUSPENDED : -1;
            int32_t reason = run_states[i].reason;
            if (run_states[i].state == DOM_RUNNING)
                reason = RUNNING_UNPAUSED;
            if (run_states[i].state == DOM_PAUSED && g->pause_reason)
                reason = g->pause_reason;
            guest_set_state(g, run_states[i].state, reason, event, 0);
            break;
        }
    if (g->state == DOM_SHUTDOWN && !g->quitting && !is_rebooting) {
        g->got_shutdown = true;
        guest_shutdown_or_reboot(g);
    }
    if (!g->saving)
        g->pause_reason = PAUSED_UNKNOWN;
    g->going = g->going && s && (!strcmp(s, "paused") || !strcmp(s, "prelaunch"));
    lease_resume(g);
    if (g->going)
        guest_go_on(g);
    else if (!is_rebooting)
        guest_fell(g);
    cleanup_resume(g);
    unplug_look(g);
    guest_send_state(g, -1, 0);
    save_now(g);
    jline_trim();
    later_go(g);
}

static void ask(struct loop_timer *t)
{
    struct guest *g = t->data;
    if (g->phase != PHASE_UP)
        return;
    qmp_send(&g->qmp, "query-status", NULL, -1, 0, on_status, g);
    qmp_flush(&g->qmp);
}

void guest_ask_state(struct guest *g)
{
    if (g->phase != PHASE_UP)
        return;
    g->unsure = true;
    if (g->locks & LOCKS_HELD)
        g->locks = (g->locks & ~(uint32_t)LOCKS_HELD) | LOCKS_UNKNOWN;
    g->ask_again.data = g;
    ask(&g->ask_again);
}

int resume_open(struct guest *g, int qmp_fd)
{
    int r = save_load(g);
    struct err e = ERR_INIT;
    if (r == 0 && guest_set_identity(g, &e))
        return -EPROTO;
    if (r) {                    /* a guest of an earlier daemon: the tree is all there is, and its pid in the index */
        struct index ix;
        struct index_slot s;
        int fd = birth_fd(&g->w->birth, BFD_INDEX, -1, NULL);
        log_info("no notes of an earlier worker");
        g->first_set = (uint32_t)(SETS_BEGIN + loop_now_ms() / SETS_TURN_MS % SETS_TURNS) * MANIFEST_ENTRIES_MAX;       /* so no two daemons give the same */
        if (fd >= 0 && index_map(&ix, fd, false) == 0 && index_read(&ix, object_slot(g->w->birth.object), &s) == 0) {
            g->pid = (int32_t)s.qemu_pid;
            g->state = s.state;             /* until QEMU has said its own: calls are not kept waiting for that */
            g->reason = s.reason;
        }
    }
    if (!g->was_saving && (g->pause_reason == PAUSED_SAVE || (g->state == DOM_PAUSED && g->reason == PAUSED_SAVE)))
        g->was_saving = SAVING_RUNNING;
    g->phase = PHASE_UP;
    g->unsure = true;
    g->state_since_ms = loop_now_ms();
    bool quitting = g->quitting;
    g->quitting = false;
    guest_hook_qmp(g);
    r = qmp_open(&g->qmp, qmp_fd, true, g->w->birth.instance);
    if (!r && quitting)
        guest_quit(g, g->stop_reason, g->stop_detail);
    return r;
}

void resume_qmp_ready(struct guest *g)
{
    if (g->phase != PHASE_UP)
        return;
    guest_ask_state(g);
    guest_learn(g);
    qmp_flush(&g->qmp);
}
