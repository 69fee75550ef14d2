/* dump.c: core dumps: the guest's memory as QEMU writes it for a debugger, or its whole state, into a file of a client's choice; or into one of the daemon's, when a guest panics or its watchdog
 * runs out, and its document wants that.
 *
 * The file comes with the call, from a hand; who made it keeps it or takes it back.  What happens to the guest meanwhile is migrate.c's. */
#include "config.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ipc/log.h"
#include "ipc/util.h"
#include "workers/qemu/migrate.h"
#include "workers/qemu/ops.h"

enum { DUMP_CRASH = 1, DUMP_LIVE = 2, DUMP_BYPASS_CACHE = 4, DUMP_RESET = 8, DUMP_MEMORY_ONLY = 16, COMMAND_MS = 30000 };
/* By virDomainCoreDumpFormat. */
static const char *const formats[] = { "elf", "kdump-zlib", "kdump-lzo", "kdump-snappy", "win-dmp" };

/* QEMU's event tells the end: what fails at once is this command's answer. */
static void on_begun(void *data, json_t *ret, const struct err *e)
{
    struct guest *g = data;
    struct err own = ERR_INIT;
    (void)ret;
    if (!e || !g->saving)
        return;
    err_set(&own, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "memory-only dump failed: %.300s", e->detail);
    saving_out(g, &own);
    state_take_back(g);
}

static void write_memory(struct guest *g)
{
    struct err e = ERR_INIT;
    AUTO_CLOSE end = g->saving->direct ? saving_end(g, &e) : -1;
    if (e.code) {
        saving_error(g, &e);
        return;
    }
    json_t *args = json_pack("{s:b, s:s, s:b}", "paging", 0, "protocol", "fd:" STATE_FD, "detach", 1);
    if (g->saving->format)
        json_object_set_new(args, "format", json_string(formats[g->saving->format]));
    state_give(g, end < 0 ? g->saving->fd : end);
    qmp_send(&g->qmp, "dump-guest-memory", args, -1, COMMAND_MS, on_begun, g);
    qmp_flush(&g->qmp);
}

void dump_completed(struct guest *g, json_t *data)
{
    struct err e = ERR_INIT;
    const char *status = json_string_value(json_object_get(json_object_get(data, "result"), "status")), *why = json_string_value(json_object_get(data, "error"));
    if (!g->saving || !g->saving->dump || !g->saving->memory || g->saving->answer || g->saving->tries || g->saving->written)
        return;
    if (!status || strcmp(status, "completed"))
        err_set(&e, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "memory-only dump failed: %.300s", why ? why : "unknown error");
    (g->packing ? pack_said : saving_out)(g, e.code ? &e : NULL);
}

static void on_formats(void *data, json_t *ret, const struct err *e)
{
    struct guest *g = data;
    struct err own = ERR_INIT;
    size_t i;
    json_t *one;
    if (!g->saving)
        return;
    json_array_foreach(json_object_get(ret, "formats"), i, one)
        if (json_is_string(one) && !strcmp(json_string_value(one), formats[g->saving->format])) {
            write_memory(g);
            return;
        }
    if (!e)
        err_set(&own, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "unsupported dumpformat '%s' for this QEMU binary", formats[g->saving->format]);
    saving_out(g, e ? e : &own);
}

void dump_go(struct guest *g)
{
    if (!g->saving->memory)
        saving_stream(g);
    else if (!g->saving->format)
        write_memory(g);
    else {
        qmp_send(&g->qmp, "query-dump-guest-memory-capability", NULL, -1, COMMAND_MS, on_formats, g);
        qmp_flush(&g->qmp);
    }
}

/* The file comes behind the call's own descriptor, if that has one. */
OP_FN(api_core_dump)
{
    struct guest *g = w->data;
    struct err e = ERR_INIT;
    struct mp_in in;
    AUTO_CLOSE fd = frame_take_fd(f, f->h.flags & FRAME_BIG ? 1 : 0);
    if (call_args(g, rq, f, &in))
        return;
    mp_skip(&in);               /* the file's name */
    uint32_t format = rq->op == OP_REMOTE_DOMAIN_CORE_DUMP_WITH_FORMAT ? mp_get_u32(&in) : 0, flags = mp_get_u32(&in);
    if (call_end_args(g, rq, &in) || call_need_up(g, rq) || (!(flags & DUMP_MEMORY_ONLY) && !saving_has_all(g, rq)))
        return;
    if (format >= ARRAY_N(formats)) {       /* whoever named the file has looked at it, and at what goes with which flag */
        reply_err(g, rq, VIR_ERR_INVALID_ARG, "unknown dumpformat '%u'", format);
        return;
    }
    struct saving *s = saving_begin(g, rq, STEAL_FD(&fd));
    s->dump = true;
    s->memory = flags & DUMP_MEMORY_ONLY;
    s->ends = flags & DUMP_CRASH;
    s->reset = flags & DUMP_RESET;
    s->direct = flags & DUMP_BYPASS_CACHE;
    s->format = format;
    int pack = s->memory ? PACK_RAW : pack_wanted(g->settings.dump_image_format, "dump", &e);
    if (pack < 0)
        log_warn("%s, using raw", e.detail);        /* as libvirt does: a dump is better than none */
    s->pack = pack < 0 ? PACK_RAW : (enum pack)pack;
    saving_stop(g, PAUSED_DUMP, s->was_running && !(flags & DUMP_LIVE));
}

/* ---- dumps that the guest's document wants: the supervisor, which is asked, has a file made and comes back with it ---- */

static bool watchdog_dumps(const struct guest *g)
{
    return g->state == DOM_PAUSED && g->reason == PAUSED_WATCHDOG && tree_attr_is(tree_get(tree_get(g->tree, "devices"), "watchdog"), "action", "dump");
}

static void act(struct guest *g)
{
    enum on_action action = guest_action(g, "on_crash", ON_DESTROY);
    if (watchdog_dumps(g))
        guest_go_on(g);
    else if (g->state == DOM_CRASHED && (action == ON_RESTART || action == ON_COREDUMP_RESTART)) {
        g->fake_reboot = true;
        guest_shutdown_or_reboot(g);
    } else if (g->state == DOM_CRASHED && action != ON_PRESERVE)
        guest_quit(g, SHUTOFF_CRASHED, STOPPED_CRASHED);
}

static void on_dumped(struct worker *w, void *data, struct frame *f, const struct err *e)
{
    struct guest *g = data;
    (void)w, (void)f;
    g->dumping = false;
    g->fell_at = 0;
    if (e)
        log_err("no dump of a guest that %s: %s", g->state == DOM_CRASHED ? "panicked" : "its watchdog stopped", e->detail);
    if (g->phase == PHASE_UP && !(e && g->state == DOM_CRASHED))        /* one without its dump stays as it is, as with libvirtd */
        act(g);
}

void guest_fell(struct guest *g)
{
    enum on_action action = guest_action(g, "on_crash", ON_DESTROY);
    bool wants = watchdog_dumps(g) || (g->state == DOM_CRASHED && (action == ON_COREDUMP_DESTROY || action == ON_COREDUMP_RESTART));
    if (g->dumping || g->quitting || guest_is_rebooting(g))
        return;
    if (wants) {
        g->fell_at = g->fell_at ? g->fell_at : (uint64_t)time(NULL);
        save_notes(g);          /* before there is a file of that name */
        g->dumping = worker_call(g->w, OP_IN(IN_DUMP), 0, &g->fell_at, sizeof g->fell_at, NULL, 0, on_dumped, g) == 0;
    }
    if (!wants)
        act(g);
}

OP_FN(dump_call)
{
    struct guest *g = w->data;
    AUTO_CLOSE fd = frame_take_fd(f, 0);
    if (call_need_up(g, rq))
        return;
    if (!g->dumping || (g->state != DOM_CRASHED && g->state != DOM_PAUSED)) {
        reply_err(g, rq, VIR_ERR_OPERATION_INVALID, "the guest went on meanwhile");
        return;
    }
    struct saving *s = saving_begin(g, rq, STEAL_FD(&fd));
    s->dump = s->memory = true;
    s->direct = g->settings.auto_dump_bypass_cache;
    saving_stop(g, PAUSED_DUMP, false);
}
