/* debug.c: what this worker is doing, for the administrator. */
#include "config.h"
#include "workers/qemu/guest.h"

void debug_answer(struct guest *g, const struct request *rq)
{
    static const char *const phases[] = { "born", "launching", "connecting", "setting up", "up", "stopping", "gone" };
    struct mp_out o;
    const char *waiting = qmp_waiting_for(&g->qmp);
    mp_out_init(&o, 4096);
    mp_map(&o, 12);
#define PUT(key, fn, v) (mp_str(&o, key), fn(&o, v))
    PUT("phase", mp_str, phases[g->phase]);
    PUT("state", mp_int, g->state);
    PUT("reason", mp_int, g->reason);
    PUT("in_state_ms", mp_uint, loop_now_ms() - g->state_since_ms);
    PUT("qemu", mp_str, g->qmp.version);
    PUT("waiting_for", mp_str, waiting);
    PUT("waiting_ms", mp_uint, qmp_waiting_ms(&g->qmp));
    PUT("pending", mp_uint, g->qmp.pending);
    PUT("unanswered", mp_uint, g->qmp.owed);
    PUT("lines", mp_uint, g->qmp.line.lines_in);
    PUT("dropped", mp_uint, g->qmp.line.dropped);
    PUT("agent", mp_bool, g->agent.connected);
#undef PUT
    worker_reply_out(g->w, rq, &o);
}
