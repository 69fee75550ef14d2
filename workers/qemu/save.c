/* save.c: what outlives this process: notes for its next instance, and the status file for a later daemon.
 *
 * The checkpoint has two places, written in turn, each with a sequence number and a checksum: whenever this process dies, one of
 * them is whole.  Place: struct place, then one msgpack document. */
#include "config.h"
#include <errno.h>
#include <string.h>

#include "ipc/log.h"
#include "ipc/util.h"
#include "workers/qemu/migrate.h"
#include "workers/qemu/plug.h"
#include "workers/tree-form.h"
#include "workers/tree-marks.h"

#define PLACE_MAGIC 0x51434b31u
#define PLACE_BYTES (8u << 20)
#define NOTES_VERSION 1

struct place { uint32_t magic, sum; uint64_t seq; uint32_t len, pad; };

static uint32_t sum_of(const uint8_t *p, size_t n, uint64_t seq)
{
    uint32_t h = 2166136261u ^ (uint32_t)seq;         /* FNV-1a: against torn writes, not against an enemy */
    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * 16777619u;
    return h;
}

static void pack(struct guest *g, struct mp_out *o)
{
    AUTO_FREE char *cleanup = cleanup_note(g);
    mp_array(o, 20);
    mp_uint(o, NOTES_VERSION);
    mp_int(o, g->state);
    mp_int(o, g->reason);
    mp_int(o, g->pause_reason);
    mp_int(o, g->run_reason);
    mp_bool(o, g->got_shutdown);
    mp_bool(o, g->fake_reboot);
    mp_bool(o, g->quitting);
    mp_int(o, g->stop_reason);
    mp_int(o, g->stop_detail);
    mp_int(o, g->pid);
    mp_int(o, g->qemu_pid);
    mp_int(o, g->rtc_adjustment0);
    mp_uint(o, g->locks & LOCKS_ON);
    tree_pack(o, g->tree);
    mp_bool(o, g->going);
    mp_int(o, saving_note(g));
    mp_str(o, cleanup);
    mp_uint(o, g->fell_at);
    mp_uint(o, g->first_set);
}

void save_notes(struct guest *g)
{
    struct mp_out o;
    if (g->checkpoint_fd < 0 || g->phase < PHASE_SETTING_UP || g->phase >= PHASE_GONE)
        return;
    mp_out_init(&o, PLACE_BYTES - sizeof(struct place));
    pack(g, &o);
    uint64_t seq = g->save_seq + 1;
    struct place pl = { .magic = PLACE_MAGIC, .seq = seq, .len = (uint32_t)o.len, .sum = sum_of(o.p, o.len, seq) };
    off_t at = (off_t)(seq % 2) * PLACE_BYTES;
    if (o.failed)
        log_warn("the notes for the next instance are too large");
    else if (pwrite(g->checkpoint_fd, o.p, o.len, at + (off_t)sizeof pl) != (ssize_t)o.len || pwrite(g->checkpoint_fd, &pl, sizeof pl, at) != sizeof pl)
        log_warn("cannot write the notes for the next instance: %s", strerror(errno));
    else
        g->save_seq = seq;
    mp_out_free(&o);
}

static int unpack(struct guest *g, const uint8_t *p, size_t n)
{
    struct mp_in in;
    uint32_t fields;
    mp_in_init(&in, p, n);
    /* Fewer: of an earlier version's worker, which took no leases, or did not note the last five. */
    if (mp_guard(p, n, MP_DEPTH_MAX, PLACE_BYTES, NULL) || (fields = mp_get_array(&in, 20)) < 14 || mp_get_int(&in) != NOTES_VERSION)
        return -EPROTO;
    struct guest s = *g;
    s.state = mp_get_i32(&in);
    s.reason = mp_get_i32(&in);
    s.pause_reason = mp_get_i32(&in);
    s.run_reason = mp_get_i32(&in);
    s.got_shutdown = mp_get_bool(&in);
    s.fake_reboot = mp_get_bool(&in);
    s.quitting = mp_get_bool(&in);
    s.stop_reason = mp_get_i32(&in);
    s.stop_detail = mp_get_i32(&in);
    s.pid = mp_get_i32(&in);
    s.qemu_pid = mp_get_i32(&in);
    s.rtc_adjustment0 = mp_get_int(&in);
    s.locks = fields > 14 && mp_get_u32(&in) & LOCKS_ON ? LOCKS_ON | LOCKS_UNKNOWN : 0;
    s.tree = tree_unpack(&in);
    s.going = fields > 15 && mp_get_bool(&in);
    s.was_saving = fields > 16 ? mp_get_i32(&in) : SAVING_NOT;
    AUTO_FREE char *cleanup = fields > 17 && !mp_get_nil(&in) ? mp_get_strdup(&in, PLACE_BYTES) : NULL;
    s.fell_at = fields > 18 ? mp_get_uint(&in) : 0;
    s.first_set = fields > 19 ? mp_get_u32(&in) & INT32_MAX : 0;
    if (!mp_end(&in)) {
        if (s.tree)
            tree_free(s.tree);
        return -EPROTO;
    }
    if (g->tree)
        tree_free(g->tree);
    *g = s;
    cleanup_load(g, cleanup);
    return 0;
}

/* Reads place i into *buf (malloc'd). 0 or negative errno. */
static int read_place(int fd, unsigned i, struct place *pl, uint8_t **buf)
{
    off_t at = (off_t)i * PLACE_BYTES;
    if (pread(fd, pl, sizeof *pl, at) != sizeof *pl || pl->magic != PLACE_MAGIC || !pl->len || pl->len > PLACE_BYTES - sizeof *pl)
        return -ENOENT;
    AUTO_FREE uint8_t *p = malloc(pl->len);
    if (!p)
        return -ENOMEM;
    if (pread(fd, p, pl->len, at + (off_t)sizeof *pl) != (ssize_t)pl->len || sum_of(p, pl->len, pl->seq) != pl->sum)
        return -EPROTO;
    *buf = STEAL_PTR(&p);
    return 0;
}

int save_load(struct guest *g)
{
    int best = -ENOENT;
    for (unsigned i = 0; i < 2; i++) {
        struct place pl;
        AUTO_FREE uint8_t *p = NULL;
        if (g->checkpoint_fd < 0 || read_place(g->checkpoint_fd, i, &pl, &p) || pl.seq <= g->save_seq)
            continue;
        int r = unpack(g, p, pl.len);
        if (!r)
            g->save_seq = pl.seq;
        best = r ? (best ? r : best) : 0;
    }
    return best;
}

static const char *state_word(const struct guest *g, const char **reason)
{
    static const char *const states[] = { "no state", "running", "idle", "paused", "in shutdown", "shut off", "crashed", "pmsuspended" };
    static const char *const running[] = { "unknown", "booted", "migrated", "restored", "from snapshot", "unpaused", "migration canceled", "save canceled",
        "wakeup", "crashed", "post-copy" };
    static const char *const paused[] = { "unknown", "user", "migration", "save", "dump", "ioerror", "watchdog", "from snapshot", "shutdown", "snapshot", "panicked",
        "starting up", "post-copy", "post-copy failed" };
    static const char *const shutdown_words[] = { "unknown", "user" }, *const crashed[] = { "unknown", "panicked" };
    static const struct { const char *const *words; size_t n; } reasons[] = {
        [DOM_RUNNING] = { running, ARRAY_N(running) }, [DOM_PAUSED] = { paused, ARRAY_N(paused) },
        [DOM_SHUTDOWN] = { shutdown_words, ARRAY_N(shutdown_words) }, [DOM_CRASHED] = { crashed, ARRAY_N(crashed) }, [DOM_PMSUSPENDED] = { NULL, 0 },
    };
    size_t s = (size_t)g->state < ARRAY_N(states) ? (size_t)g->state : 0, r = (size_t)g->reason;
    *reason = s < ARRAY_N(reasons) && r < reasons[s].n ? reasons[s].words[r] : "unknown";
    return states[s];
}

enum { STATUS_AGAIN_MS = 2000 };

static void on_kept(struct worker *w, void *data, struct frame *f, const struct err *e)
{
    struct guest *g = data;
    (void)w, (void)f;
    g->status_busy = false;
    if (g->phase == PHASE_LAUNCHING) {
        start_recorded(g, e);
    } else if (e) {        /* without it no later daemon would find the guest */
        log_warn("the status file is not written: %s", e->detail);
        guest_save_in(g, STATUS_AGAIN_MS);
    } else if (g->status_again) {
        status_file(g);
    }
}

/* libvirt's domstatus, as far as a later daemon, ours or libvirt's, needs it to find the monitor, the process and the live document. */
void status_file(struct guest *g)
{
    g->status_again = g->status_busy;
    if (g->status_busy)
        return;
    const char *reason, *state = state_word(g, &reason);
    AUTO_TREE *st = tree_new("domstatus");
    tree_set_attr(st, "state", "%s", state);
    tree_set_attr(st, "reason", "%s", reason);
    tree_set_attr(st, "pid", "%d", g->pid);
    guest_taint_look(g);
    guest_taint_status(g, st);
    struct tree *mon = tree_add(st, "monitor");
    tree_set_attr(mon, "path", "%s/domain-%d-%.*s/monitor.sock", g->layout.lib_dir, g->id, (int)short_name_bytes(g->name), g->name);
    tree_set_attr(mon, "type", "unix");
    struct tree *vcpus = tree_add(st, "vcpus");
    for (uint32_t i = 0; g->tids && i < g->ntids; i++) {
        if (!g->tids[i])
            continue;
        struct tree *v = tree_add(vcpus, "vcpu");
        tree_set_attr(v, "id", "%u", i);
        tree_set_attr(v, "pid", "%d", g->tids[i]);
    }
    struct tree *job = tree_add(st, "job");
    tree_set_attr(job, "type", "none");
    tree_set_attr(job, "async", "none");
    if (g->fake_reboot)
        tree_add(st, "fakereboot");
    const struct tree *cpu = tree_get(g->tree, MARK_CPU "/cpu");
    if (cpu)
        tree_append(st, tree_copy(cpu));
    struct tree *dom = tree_copy(g->tree);
    tree_form(dom, FORM_SECURE | FORM_STATUS);
    handback_status(g, st, dom);
    tree_append(st, dom);
    size_t n;
    AUTO_FREE char *text = tree_print(st, 0, &n);
    if (!text)
        return;
    AUTO_CLOSE fd = frame_memfd("status", text, n);
    if (fd >= 0)
        g->status_busy = worker_call(g->w, OP_IN(IN_STATUS_XML), 0, NULL, 0, &fd, 1, on_kept, g) == 0;
}

void save_now(struct guest *g)
{
    loop_cancel(&g->save_later);
    g->saved_ms = loop_now_ms();
    if (g->phase < PHASE_SETTING_UP || g->phase >= PHASE_GONE)
        return;
    save_notes(g);
    status_file(g);
}
