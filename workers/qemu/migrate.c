/* migrate.c: a guest's state into a file, and out of one.
 *
 * QEMU writes and reads the stream itself, through a descriptor; this role writes what stands before it (ipc/save.h).  A guest whose state is
 * written stays stopped until the supervisor ends it, or says that nothing came of it.  A dump (dump.c) is written in the same way, and the guest goes on by itself. */
#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "ipc/log.h"
#include "ipc/save.h"
#include "ipc/util.h"
#include "workers/qemu/job.h"
#include "workers/qemu/migrate.h"
#include "workers/qemu/ops.h"
#include "workers/tree-form.h"

enum { POLL_MS = 30, SAVE_BYPASS_CACHE = 1, SAVE_RUNNING = 2, SAVE_PAUSED = 4, COMMAND_MS = 30000, TRIES = 100, TRY_MS = 100, STUCK_MS = 1000 };

/* One migration at a time: outward or inward. */
struct migration {
    struct guest *g;
    void (*done)(struct guest *g, const struct err *e);     /* e NULL: completed */
    struct loop_timer poll;
    bool asking;
};

static void migration_end(struct migration *m, const struct err *e)
{
    struct guest *g = m->g;
    void (*done)(struct guest *, const struct err *) = m->done;
    loop_cancel(&m->poll);
    qmp_forget(&g->qmp, m);
    g->migration = NULL;
    free(m);
    done(g, e);
}

static void ask(struct loop_timer *t);

static void on_progress(void *data, json_t *ret, const struct err *e)
{
    struct migration *m = data;
    const char *status = json_string_value(json_object_get(ret, "status")), *why = json_string_value(json_object_get(ret, "error-desc"));
    struct err own = ERR_INIT;
    if (e)
        migration_end(m, e);
    else if (status && !strcmp(status, "completed")) {
        if (m->g->saving)
            job_completed(m->g, ret);
        migration_end(m, NULL);
    } else if (status && (!strcmp(status, "failed") || !strcmp(status, "cancelled"))) {
        err_set(&own, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "job failed: %.300s", why ? why : "unexpectedly failed");
        migration_end(m, &own);
    } else
        loop_after(&m->poll, POLL_MS, ask, m);
}

static void ask(struct loop_timer *t)
{
    struct migration *m = t->data;
    struct qmp *q = &m->g->qmp;
    qmp_send(q, "query-migrate", NULL, -1, COMMAND_MS, on_progress, m);     /* where it is refused, m is no more */
    qmp_flush(q);
}

/* Of a failure the next command tells; and what QEMU has taken it does not know any more. */
static void nothing(void *data, json_t *ret, const struct err *e)
{
    (void)data, (void)ret, (void)e;
}

void state_give(struct guest *g, int fd)
{
    qmp_send(&g->qmp, "getfd", json_pack("{s:s}", "fdname", STATE_FD), fd, COMMAND_MS, nothing, g);
}

void state_take_back(struct guest *g)
{
    qmp_send(&g->qmp, "closefd", json_pack("{s:s}", "fdname", STATE_FD), -1, COMMAND_MS, nothing, g);
    qmp_flush(&g->qmp);
}

static void on_begun(void *data, json_t *ret, const struct err *e)
{
    struct migration *m = data;
    struct guest *g = m->g;
    if (!ret) {
        migration_end(m, e);
        state_take_back(g);
    } else
        loop_after(&m->poll, POLL_MS / 3, ask, m);
}

static void ignore(void *data, json_t *ret, const struct err *e)
{
    (void)data;
    (void)ret;
    if (e && e->code != VIR_ERR_OPERATION_TIMEOUT)      /* that it does not answer is told elsewhere */
        log_warn("%s", e->detail);
}

/* command: "migrate" or "migrate-incoming". fd borrowed. */
static void migration_begin(struct guest *g, const char *command, int fd, void (*done)(struct guest *, const struct err *))
{
    struct migration *m = g->migration = calloc(1, sizeof *m);
    BUG_ON(!m);
    *m = (struct migration){ .g = g, .done = done };
    qmp_send(&g->qmp, "migrate-set-parameters", json_pack("{s:I}", "max-bandwidth", (json_int_t)1 << 60), -1, COMMAND_MS, ignore, g);
    qmp_send(&g->qmp, "migrate-set-capabilities", json_pack("{s:[{s:s, s:b}]}", "capabilities", "capability", "events", "state", 1), -1, COMMAND_MS, ignore, g);
    state_give(g, fd);
    qmp_send(&g->qmp, command, json_pack("{s:s}", "uri", "fd:" STATE_FD), -1, COMMAND_MS, on_begun, m);
    qmp_flush(&g->qmp);
}

void migration_gone(struct guest *g)
{
    struct err e = ERR_INIT;
    err_set(&e, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "domain is no longer running");
    if (g->migration)
        migration_end(g->migration, &e);
}

/* ---- out ---- */

/* A client's document in place of the guest's own: what an xmlc has compared with that.  NULL: there is none, or no memory. The caller frees it. */
static char *own_document(int fd, size_t *n)
{
    const void *p;
    if (fd < 0 || frame_map(fd, SAVE_DOC_MAX, &p, n) < 0 || !*n)
        return NULL;
    char *copy = strndup(p, *n);
    munmap((void *)(uintptr_t)p, *n);
    *n = copy ? strlen(copy) : 0;
    return copy;
}

/* Head and document (another one, if there is one in doc), with zeros up to where the stream begins. 0 or negative errno. */
static int write_head(struct guest *g, int fd, int doc, const char *magic, bool was_running, enum pack pack)
{
    size_t n = 0;
    AUTO_FREE char *other = own_document(doc, &n), *own = other ? NULL : guest_xml(g, FORM_SECURE | FORM_MIGRATABLE, &n);
    const char *xml = other ? other : own;
    struct save_head h = { .version = SAVE_VERSION, .was_running = was_running, .compressed = pack };
    if (!xml || n >= SAVE_DOC_MAX)
        return -ENOMEM;
    uint64_t stream = (sizeof h + n + 1 + SAVE_ALIGN - 1) / SAVE_ALIGN * SAVE_ALIGN;
    h.data_len = (uint32_t)(stream - sizeof h);
    memcpy(h.magic, magic, sizeof h.magic);
    if (ftruncate(fd, (off_t)stream) < 0 || lseek(fd, 0, SEEK_SET) < 0)
        return -errno;
    ssize_t r = util_write_full(fd, &h, sizeof h);
    r = r < 0 ? r : util_write_full(fd, xml, n + 1);
    if (r < 0)
        return (int)r;
    return lseek(fd, (off_t)stream, SEEK_SET) < 0 ? -errno : 0;
}

static void saving_free(struct guest *g)
{
    struct saving *s = STEAL_PTR(&g->saving);
    loop_cancel(&s->again);
    qmp_forget(&g->qmp, s);
    pack_free(g);
    util_closep(&s->fd);
    if (s->answer)
        reply_ok(g, &s->rq);
    free(s);
    if (g->pause_reason == PAUSED_SAVE || g->pause_reason == PAUSED_DUMP)       /* it was paused before: no STOP came, and the next one is another's */
        g->pause_reason = PAUSED_UNKNOWN;
    save_notes(g);
    later_go(g);
}

static void go_on(struct loop_timer *t);

static void on_going(void *data, json_t *ret, const struct err *e)
{
    struct guest *g = data;
    (void)ret;
    if (!g->saving)
        return;
    if (e && e->code == VIR_ERR_OPERATION_TIMEOUT)      /* a QEMU that is stuck: nobody else will ask it */
        loop_after(&g->saving->again, STUCK_MS, go_on, g);
    else if (e && (strstr(e->detail, "dump in process") || g->saving->tries++ < TRIES))    /* what is being cancelled is not over at once; of an earlier instance a dump may still be written */
        loop_after(&g->saving->again, TRY_MS, go_on, g);
    else {
        if (e)
            log_err("a guest that was stopped to be saved does not go on: %s", e->detail);
        saving_free(g);
    }
}

static void go_on(struct loop_timer *t)
{
    struct guest *g = t->data;
    g->run_reason = g->saving->dump ? RUNNING_UNPAUSED : RUNNING_SAVE_CANCELED;
    qmp_send(&g->qmp, "migrate_cancel", NULL, -1, COMMAND_MS, ignore, g);
    qmp_send(&g->qmp, "cont", NULL, -1, COMMAND_MS, on_going, g);
    qmp_flush(&g->qmp);
}

/* As before the call. */
static void saving_over(struct guest *g)
{
    if (g->saving->tries)
        return;                 /* it is on its way */
    /* Beside the guest that goes on its image is none, though nobody be left to remove it, and though a hand that is just about to end still writes its word. */
    if (g->saving->written && !g->saving->dump && g->saving->fd >= 0 && ftruncate(g->saving->fd, 0) < 0)
        log_warn("the image of a guest that goes on cannot be spoilt: %s", strerror(errno));
    if (!g->saving->was_running || g->phase != PHASE_UP) {
        saving_free(g);
        return;
    }
    g->saving->tries = 1;
    g->saving->again.data = g;
    go_on(&g->saving->again);
}

int32_t saving_note(const struct guest *g)
{
    return !g->saving ? g->was_saving : g->saving->was_running ? SAVING_RUNNING : SAVING_PAUSED;
}

void saving_resume(struct guest *g)
{
    g->saving = calloc(1, sizeof *g->saving);
    BUG_ON(!g->saving);
    *g->saving = (struct saving){ .fd = -1, .was_running = g->was_saving == SAVING_RUNNING, .written = true };
}

void saving_error(struct guest *g, const struct err *e)
{
    struct request rq = g->saving->rq;
    saving_over(g);
    worker_error(g->w, &rq, e);
}

void saving_out(struct guest *g, const struct err *e)
{
    struct saving *s = g->saving;
    struct err own = ERR_INIT;
    if (e && s->aborted)
        err_set(&own, VIR_ERR_OPERATION_ABORTED, VIR_FROM_QEMU, "domain %s job: canceled by client", s->dump ? "core dump" : "save");
    else if (!e && s->unwanted)
        err_set(&own, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "nobody waits for this save any more");
    else if (!e && !s->dump && !s->named && pwrite(s->fd, SAVE_MAGIC, sizeof((struct save_head *)0)->magic, 0) < 0)
        err_sys(&own, VIR_FROM_QEMU, errno, "unable to write the head of the saved state");
    if (e || own.code)
        saving_error(g, own.code ? &own : e);
    else if (s->dump && !s->ends) {
        s->answer = true;               /* when it runs again */
        if (s->reset)
            qmp_send(&g->qmp, "system_reset", NULL, -1, COMMAND_MS, ignore, g);
        saving_over(g);
    } else {
        s->written = true;
        reply_ok(g, &s->rq);
    }
}

int saving_end(struct guest *g, struct err *e)
{
    const struct saving *s = g->saving;
    int end = pack_begin(g, s->fd, s->pack, s->direct, false, saving_out);
    return end < 0 ? err_sys(e, VIR_FROM_QEMU, -end, "unable to write the state of the guest") : end;
}

void saving_stream(struct guest *g)
{
    struct err e = { .code = VIR_ERR_OPERATION_ABORTED };
    if (g->saving->aborted) {
        saving_out(g, &e);
        return;
    }
    if (g->saving->pack == PACK_RAW && !g->saving->direct) {
        migration_begin(g, "migrate", g->saving->fd, saving_out);
        return;
    }
    AUTO_CLOSE end = saving_end(g, &e);
    if (end >= 0)
        migration_begin(g, "migrate", end, pack_said);
    else
        saving_error(g, &e);
}

static void on_stopped(void *data, json_t *ret, const struct err *e)
{
    struct guest *g = data;
    if (!g->saving)
        return;
    if (!ret)
        saving_error(g, e);
    else if (g->saving->dump)
        dump_go(g);
    else
        saving_stream(g);
}

struct saving *saving_begin(struct guest *g, const struct request *rq, int fd)
{
    g->saving = calloc(1, sizeof *g->saving);
    BUG_ON(!g->saving);
    *g->saving = (struct saving){ .rq = *rq, .fd = fd, .was_running = g->state == DOM_RUNNING };
    return g->saving;
}

void saving_stop(struct guest *g, int32_t reason, bool stop)
{
    g->pause_reason = reason;
    save_notes(g);              /* the next instance must know whose stop it was */
    if (stop) {
        qmp_send(&g->qmp, "stop", NULL, -1, COMMAND_MS, on_stopped, g);
        qmp_flush(&g->qmp);
    } else
        dump_go(g);
}

bool saving_has_all(struct guest *g, const struct request *rq)
{
    TREE_EACH(d, tree_get(g->tree, "devices"), "disk")
        if (tree_get(d, "transient")) {
            reply_err(g, rq, VIR_ERR_OPERATION_INVALID, "migration with transient disk is not supported");
            return false;
        }
    return true;
}

void save_call(struct worker *w, const struct request *rq, struct frame *f)
{
    struct guest *g = w->data;
    struct err e = ERR_INIT;
    AUTO_CLOSE fd = frame_take_fd(f, 0);
    AUTO_CLOSE doc = frame_take_fd(f, 1);
    if (call_need_up(g, rq) || !saving_has_all(g, rq))
        return;
    int pack = pack_wanted(g->settings.save_image_format, "save", &e);
    if (pack < 0) {
        worker_error(w, rq, &e);
        return;
    }
    int r = write_head(g, fd, doc, SAVE_MAGIC_PART, rq->arg & SAVE_RUNNING ? true : rq->arg & SAVE_PAUSED ? false : g->state == DOM_RUNNING, (enum pack)pack);
    if (r) {
        err_sys(&e, VIR_FROM_QEMU, -r, "unable to write the head of the saved state");
        worker_error(w, rq, &e);
        return;
    }
    struct saving *s = saving_begin(g, rq, STEAL_FD(&fd));
    s->named = doc >= 0;
    s->direct = rq->arg & SAVE_BYPASS_CACHE;
    s->pack = (enum pack)pack;
    saving_stop(g, PAUSED_SAVE, true);
}

OP_ARGS(api_abort_job)
{
    enum { ABORT_POSTCOPY = 1 };
    uint32_t flags = mp_peek(&in) == MP_END ? 0 : mp_get_u32(&in);
    if (call_end_args(g, rq, &in) || call_need_up(g, rq))
        return;
    if (flags & ABORT_POSTCOPY)
        reply_err(g, rq, VIR_ERR_OPERATION_INVALID, "current job is not outgoing migration in post-copy mode");
    else if (!g->saving || g->saving->fd < 0 || g->saving->written || g->saving->answer || g->saving->tries)
        reply_err(g, rq, VIR_ERR_OPERATION_INVALID, "no job is active on the domain");
    else if (g->saving->memory)
        reply_err(g, rq, VIR_ERR_OPERATION_INVALID, "cannot abort memory-only dump");
    else {
        g->saving->aborted = true;      /* of one whose guest is still being stopped, too */
        qmp_send(&g->qmp, "migrate_cancel", NULL, -1, COMMAND_MS, call_on_done, call_new(g, rq));
        qmp_flush(&g->qmp);
    }
}

void saved_event(struct worker *w, const struct request *rq, struct frame *f)
{
    struct guest *g = w->data;
    (void)rq;
    (void)f;
    if (!g->saving)
        return;
    g->saving->unwanted = true;
    if (g->saving->written)
        saving_over(g);
}

/* ---- in ---- */

void restore_begin(struct guest *g, void (*done)(struct guest *g, const struct err *e))
{
    struct save_head h = { 0 };
    struct err e = ERR_INIT;
    AUTO_CLOSE fd = STEAL_FD(&g->restore_fd);
    if (pread(fd, &h, sizeof h, 0) != sizeof h)
        err_set(&e, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "failed to read qemu header");
    uint32_t pack = h.version > SAVE_VERSION ? __builtin_bswap32(h.compressed) : h.compressed;
    if (!e.code && pack == PACK_RAW && !g->restore_direct) {
        migration_begin(g, "migrate-incoming", fd, done);
        return;
    }
    if (!e.code && !pack_can(pack))
        err_set(&e, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "Invalid compressed save format %u", pack);
    AUTO_CLOSE end = e.code ? -1 : pack_begin(g, fd, (enum pack)pack, g->restore_direct, true, done);
    if (end < 0) {
        if (!e.code)
            err_sys(&e, VIR_FROM_QEMU, -end, "unable to read the saved state");
        done(g, &e);
        return;
    }
    fd = -1;
    migration_begin(g, "migrate-incoming", end, pack_said);
}
