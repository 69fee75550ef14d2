/* debug.c: what this worker is doing, for the administrator. */
#include "config.h"
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "ipc/log.h"
#include "ipc/util.h"
#include "workers/qemu/guest.h"
#include "workers/qemu/trace.h"

static void fact(struct mp_out *o, const char *name, const char *value)
{
    mp_array(o, 2);
    mp_str(o, name);
    mp_str(o, value ? value : "");
}

/* Of values only those that tell the kind of a device: others may be secret. */
static void element(const struct tree *t, const char *path)
{
    static const char *const kinds[] = { "type", "model", "bus", "device" };
    char text[400], below[128];
    int n = snprintf(text, sizeof text, "runs with %s:", path);
    for (const struct tree_attr *a = t->attr; a && n < (int)sizeof text; a = a->next) {
        bool kind = false;
        for (size_t i = 0; i < ARRAY_N(kinds); i++)
            kind = kind || !strcmp(a->name, kinds[i]);
        n += snprintf(text + n, sizeof text - (size_t)n, " %s%s%s", a->name, kind ? "=" : "", kind ? a->value : "");
    }
    log_debug("%s", text);
    TREE_EACH(k, t, NULL)
        if (k->name && strcmp(t->name, "metadata") && snprintf(below, sizeof below, "%s/%s", path, k->name) < (int)sizeof below)
            element(k, below);
}

void debug_elements(const struct guest *g)
{
    if (log_threshold <= LOG_L_DEBUG)
        element(g->tree, g->tree->name);
}

/* IN_WORKER_DEBUG. */
void debug_call(struct worker *w, const struct request *rq, struct frame *f)
{
    static const char *const phases[] = { "born", "launching", "connecting", "setting up", "up", "stopping", "gone" };
    static const char *const states[] = { "no state", "running", "blocked", "paused", "in shutdown", "shut off", "crashed", "pmsuspended" };
    struct guest *g = w->data;
    struct mp_out o;
    char text[128];
    (void)f;
    if (rq->arg & (WORKER_ATTACH | WORKER_DETACH))
        prctl(PR_SET_DUMPABLE, rq->arg & WORKER_ATTACH ? 1 : 0, 0, 0, 0);
    mp_out_init(&o, 4096);
    mp_array(&o, 1);
    mp_array(&o, 7);
    fact(&o, "worker", phases[g->phase]);
    snprintf(text, sizeof text, "%s (reason %d) for %.3f s", (size_t)g->state < ARRAY_N(states) ? states[g->state] : "?", g->reason, (double)(loop_now_ms() - g->state_since_ms) / 1000);
    fact(&o, "guest", text);
    snprintf(text, sizeof text, "%s, pid %d", g->qmp.version, g->qemu_pid);
    fact(&o, "qemu", text);
    if (qmp_waiting_for(&g->qmp))
        snprintf(text, sizeof text, "%s for %.3f s", qmp_waiting_for(&g->qmp), (double)qmp_waiting_ms(&g->qmp) / 1000);
    fact(&o, "waits for", qmp_waiting_for(&g->qmp) ? text : "nothing");
    snprintf(text, sizeof text, "%u wait, %u late", g->qmp.pending, g->qmp.owed);
    fact(&o, "commands", text);
    snprintf(text, sizeof text, "%llu came, %llu dropped", (unsigned long long)g->qmp.line.lines_in, (unsigned long long)g->qmp.line.dropped);
    fact(&o, "lines", text);
    fact(&o, "agent", g->agent.connected ? "connected" : "not connected");
    worker_reply_out(w, rq, &o);
}

/* IN_WORKER_TRACE. */
void debug_trace_call(struct worker *w, const struct request *rq, struct frame *f)
{
    struct err e = ERR_INIT;
    int client, r = trace_open(&client);
    (void)f;
    if (r < 0) {
        err_sys(&e, VIR_FROM_QEMU, -r, "cannot begin a trace");
        worker_error(w, rq, &e);
        return;
    }
    worker_reply(w, rq, "\x90", 1, &client, 1);      /* no results, and the stream */
    close(client);
}
