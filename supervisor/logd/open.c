/* open.c: calls of program log.  Of their arguments the path is looked at, nothing else: it says which stream a call is about; the log role reads
 * the rest.  A call about a file that has no row makes one: hand-open opens folder and file, a log role is born, and the call comes again. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "ipc/schema/op-numbers.h"
#include "supervisor/logd/streams.h"

#define TRIES 3
enum { BUSY_MS = 100, BUSY_LOOK_MS = 5 };

static const struct { uint32_t op; uint8_t needs; } calls[] = {
    { OP_LOG_DOMAIN_OPEN_LOG_FILE, STREAM_PIPE }, { OP_LOG_DOMAIN_GET_LOG_FILE_POSITION, STREAM_PIPE },
    { OP_LOG_DOMAIN_READ_LOG_FILE, STREAM_READ }, { OP_LOG_DOMAIN_APPEND_LOG_FILE, STREAM_APPEND },
};

static int needs_of(uint32_t op)
{
    for (size_t i = 0; i < ARRAY_N(calls); i++)
        if (calls[i].op == op)
            return calls[i].needs;
    return 0;
}

/* The path with which all these bodies begin: in the frame, or in a memfd that the role will read again, and may find changed: it does not look at the path. */
static bool path_read(const uint8_t *body, size_t len, int big, char path[LOG_PATH_MAX])
{
    bool good = big >= 0 ? pread(big, path, LOG_PATH_MAX, 0) == LOG_PATH_MAX : len >= LOG_PATH_MAX && memcpy(path, body, LOG_PATH_MAX);
    return good && memchr(path, 0, LOG_PATH_MAX) && path[0] == '/';
}

static int busy(struct flow *f, const char *path)
{
    return err_sys(&f->err, VIR_FROM_LOGGING, EBUSY, "Cannot open log file: '%s'", path);
}

/* ---- a row, step by step ---- */

static struct loop_timer look_again;
static void on_look_again(struct loop_timer *t)
{
    flow_unblock();
}

static int claim(struct flow *f)
{
    char path[LOG_PATH_MAX];
    int needs = needs_of(f->caller.op);
    if (!path_read(f->body, f->body_len, f->fd[FF_BODY], path))
        return err_set(&f->err, VIR_ERR_RPC, VIR_FROM_RPC, "Unable to decode message payload");
    struct stream *s = stream_find(path);
    if (!s) {
        if (!(s = stream_take(path, needs)))
            return err_set(&f->err, VIR_ERR_OPERATION_FAILED, VIR_FROM_LOGGING, "too many log files are open");
        f->new_slot = true;
        f->object = f->wanted = s->object;
        return FLOW_NEXT;
    }
    if (flow_of(s->object) || s->leaving)
        return FLOW_BLOCKED;
    if (needs == STREAM_PIPE && s->can == STREAM_PIPE && !stream_has_ended(s)) {
        /* Whoever has just closed it may be faster than the hand that made its pipe, and has not ended quite yet. */
        uint32_t now = (uint32_t)loop_now_ms();
        f->arg = f->i++ ? f->arg : now + BUSY_MS;
        if ((int32_t)(f->arg - now) <= 0)
            return busy(f, path);
        loop_after(&look_again, BUSY_LOOK_MS, on_look_again, NULL);
        return FLOW_BLOCKED;
    }
    f->i = 0;
    if (needs < STREAM_PIPE && s->can >= needs) {
        f->object = f->wanted = s->object;
        return FLOW_END;                /* somebody else made it meanwhile */
    }
    stream_quit(s);
    return FLOW_BLOCKED;
}

/* SAFETY: whoever may call here is the daemon's own user, who may open any path by himself; hand-open follows no link in the last step, opens
 * regular files with one name only, and nothing is emptied before it is known that no other stream has this file. */
int log_hand(struct flow *f, const char *path, bool only_look)
{
    static uint8_t buf[sizeof(struct manifest_head) + sizeof(struct manifest_entry) + LOG_PATH_MAX + 16];
    struct manifest_entry m = { .kind = MK_LOG, .parent = -1, .flags = MF_APPEND | (only_look ? MF_RO : 0) };
    struct hand_req q = { .object = f->object, .uid = ~0u, .gid = ~0u, .owner_uid = ~0u, .owner_gid = ~0u, .flags = HAND_NO_MONITOR | HAND_KEEP_OWNER };
    struct manifest_out out;
    manifest_begin(&out, buf, sizeof buf);
    int r = manifest_add(&out, &m, path, NULL);
    ssize_t n = r < 0 ? r : manifest_finish(&out);
    f->fd[FF_MANIFEST] = n < 0 ? (int)n : frame_memfd("manifest", buf, (size_t)n);
    if (f->fd[FF_MANIFEST] < 0)
        return err_sys(&f->err, VIR_FROM_NONE, n < 0 ? ENAMETOOLONG : EMFILE, "Unable to open file: %s", path);
    return hand_call(f, ROLE_HAND_OPEN, IN_HAND_OPEN, &q, sizeof q, &f->fd[FF_MANIFEST], 1);
}

int log_hand_done(struct flow *f, struct frame *fr, int fds[BFD_KIND_N])
{
    memset(fds, -1, BFD_KIND_N * sizeof *fds);
    if (hand_did(f, fr) < 0) {
        f->err.domain = VIR_FROM_NONE;
        f->err.sys = f->err.code == VIR_ERR_SYSTEM_ERROR && hand_done.error < 0 ? -hand_done.error : -1;
        return -1;
    }
    if (hand_done.nqemu > 1 || hand_done.nworker > 3 || fr->h.nfds != 1 + hand_done.nqemu + hand_done.nworker)
        return err_set(&f->err, VIR_ERR_INTERNAL_ERROR, VIR_FROM_LOGGING, "malformed answer of a hand");
    fds[BFD_NONE] = hand_done.nqemu ? frame_take_fd(fr, 1) : -1;
    for (uint32_t i = 0; i < hand_done.nworker; i++)
        if (hand_done.ours_kind[i] < BFD_KIND_N && fds[hand_done.ours_kind[i]] < 0)
            fds[hand_done.ours_kind[i]] = frame_take_fd(fr, 1 + hand_done.nqemu + i);
    return 0;
}

/* A hand that waited for its next call may have been killed meanwhile. */
int log_hand_failed(struct flow *f)
{
    return f->died && f->i++ < TRIES ? FLOW_AGAIN : -1;
}

/* For the number of its last backup, too: the role would refuse it, but the hand has made the file then. */
static bool name_fits(const char *path)
{
    uint32_t backups = sup.settings.log_max_backups;
    const char *name = strrchr(path, '/') + 1;
    return (backups ? snprintf(NULL, 0, "%s.%u", name, backups - 1) : (int)strlen(name)) <= NAME_MAX;
}

static int open_go(struct flow *f)
{
    struct stream *s = stream_row(f->object);
    if (s->can != STREAM_READ && !name_fits(s->path))
        return err_sys(&f->err, VIR_FROM_NONE, ENAMETOOLONG, "Unable to open file: %s", s->path);
    peer_spares();      /* the next client's gateway, while the hand is at work */
    return log_hand(f, s->path, s->can == STREAM_READ);
}

static int opened(struct flow *f, struct frame *fr)
{
    struct stream *s = stream_row(f->object);
    struct stat st;
    int fds[BFD_KIND_N];
    if (log_hand_done(f, fr, fds) < 0)
        return -1;
    f->fd[FF_IMAGE] = fds[BFD_NONE];                            /* the pipe's write end, the client's */
    AUTO_CLOSE record = frame_memfd("stream", s->path, sizeof s->path);
    AUTO_CLOSE pipe = fds[BFD_LOG_PIPE];
    AUTO_CLOSE file = fds[BFD_FILE];
    AUTO_CLOSE dir = fds[BFD_DIR];
    if (dir < 0 || record < 0 || fstat(dir, &st) < 0 || (s->can == STREAM_PIPE && (pipe < 0 || f->fd[FF_IMAGE] < 0)))
        return err_set(&f->err, VIR_ERR_INTERNAL_ERROR, VIR_FROM_LOGGING, "malformed answer of a hand");
    stream_put_fd(s, BFD_STREAM, STEAL_FD(&record));
    stream_put_fd(s, BFD_DIR, STEAL_FD(&dir));
    if (file >= 0 && st.st_uid != sup.layout.only_uid)          /* else the role has it by its name */
        stream_put_fd(s, BFD_FILE, STEAL_FD(&file));
    if (s->can == STREAM_PIPE)
        stream_put_fd(s, BFD_LOG_PIPE, STEAL_FD(&pipe));
    return stream_twin(s) ? busy(f, s->path) : FLOW_NEXT;
}

static int start_go(struct flow *f)
{
    struct stream *s = stream_row(f->object);
    struct conf_name name = { .dir = LOG_STAYS | (s->can == STREAM_READ ? LOG_LOOK : s->can == STREAM_PIPE && f->caller.arg & LOG_OPEN_TRUNCATE ? LOG_TRUNCATE : LOG_APPEND) };
    struct born n;
    if (util_copy_str(name.name, sizeof name.name, strrchr(s->path, '/') + 1) < 0)
        return err_sys(&f->err, VIR_FROM_NONE, ENAMETOOLONG, "Unable to open file: %s", s->path);
    struct peer *p = stream_ahead_take(s);
    unsigned fds = p && s->pipe >= 0;
    return flow_call(f, p ? p : stream_spawn(s, 0, &n), OP_IN(IN_LOG_START), 0, &name, sizeof name, &s->pipe, fds);
}

static int started(struct flow *f, struct frame *fr)
{
    stream_started(stream_row(f->object), peer_find(f->from));
    if (f->fd[FF_IMAGE] >= 0 && needs_of(f->caller.op) == STREAM_PIPE) {
        route_reply(&f->caller, fr->body, fr->body_len, &f->fd[FF_IMAGE], 1);     /* its position, and the pipe */
        f->answered = true;
        stream_ahead(stream_row(f->object));
    }
    return FLOW_END;
}

/* A role that somebody killed, before it wrote anything; or one that cannot. */
static int start_failed(struct flow *f)
{
    struct peer *p = f->died ? NULL : peer_find(f->from);
    if (p)
        stream_dismiss(f->object, p);
    if (f->err.sys == EBUSY && needs_of(f->caller.op) == STREAM_PIPE)
        return busy(f, stream_row(f->object)->path);        /* of a daemon before this one, that was killed */
    if (f->err.sys > 0 && !f->died)     /* the role knows its name only */
        return err_sys(&f->err, VIR_FROM_NONE, f->err.sys, "Unable to open file: %s", stream_row(f->object)->path);
    return f->died && f->i++ < TRIES ? FLOW_AGAIN : -1;
}

static const struct step steps[] = { { "claim", claim, NULL, NULL }, { "open", open_go, opened, log_hand_failed }, { "start", start_go, started, start_failed }, { 0 } };

static void done(struct flow *f, bool ok)
{
    struct stream *s = f->new_slot ? stream_row(f->wanted) : NULL;
    if (!ok)
        route_error(&f->caller, &f->err);
    else if (!f->answered)
        route_park(&f->caller, f->wanted);      /* woken as this flow ends: so the role sees it as the client's own call, which it never runs twice */
    if (s && !ok)
        stream_free(s);
}

/* ---- a folder that was removed ---- */

static int reopen_go(struct flow *f)
{
    struct stream *s = stream_row(f->wanted);
    return s ? log_hand(f, s->path, false) : FLOW_END;
}

static int reopened(struct flow *f, struct frame *fr)
{
    struct stream *s = stream_row(f->wanted);
    struct frame_head h = { .kind = FRAME_EVENT, .op = OP_IN(IN_LOG_FOLDER), .object = f->wanted };
    struct stat st;
    int fds[BFD_KIND_N];
    if (log_hand_done(f, fr, fds) < 0)
        return -1;                      /* not yet */
    util_closep(&fds[BFD_NONE]);
    util_closep(&fds[BFD_LOG_PIPE]);
    AUTO_CLOSE file = fds[BFD_FILE];
    AUTO_CLOSE dir = fds[BFD_DIR];
    struct peer *p = s ? life_peer(&s->life) : NULL;
    if (!p || dir < 0 || fstat(dir, &st) < 0)
        return FLOW_END;
    stream_put_fd(s, BFD_DIR, STEAL_FD(&dir));
    if (file >= 0 && st.st_uid != sup.layout.only_uid)
        stream_put_fd(s, BFD_FILE, STEAL_FD(&file));
    peer_send(p, &h, NULL, 0, NULL, 0);
    return FLOW_END;
}

static void reopen_done(struct flow *f, bool ok)
{
    (void)f, (void)ok;                  /* the role asks again, and has told that it cannot write */
}

static const struct step reopen_steps[] = { { "folder", reopen_go, reopened, log_hand_failed }, { 0 } };

void log_folder(struct stream *s)
{
    struct flow *f = NULL;
    while ((f = flow_next(f)))
        if (f->steps == reopen_steps && f->wanted == s->object)
            return;
    if (!stream_folder_is_gone(s) || !(f = flow_start(reopen_steps, reopen_done, NULL)))
        return;
    f->wanted = s->object;
    flow_go(f);
}

/* ---- calls ---- */

void log_call(const struct caller *c, struct frame *f)
{
    struct err e = ERR_INIT;
    char path[LOG_PATH_MAX];
    int needs = needs_of(c->op);
    if (!needs || !path_read(f->body, f->body_len, f->h.flags & FRAME_BIG && f->h.nfds ? f->fds[0] : -1, path)) {
        err_set(&e, VIR_ERR_RPC, VIR_FROM_RPC, "Unable to decode message payload");
        route_error(c, &e);
        return;
    }
    struct stream *s = stream_find(path);
    bool is_there = s && s->can >= needs && !s->leaving && !flow_of(s->object);
    if (c->op == OP_LOG_DOMAIN_GET_LOG_FILE_POSITION && !is_there) {
        err_set(&e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_LOGGING, "No open log file %s", path);
        route_error(c, &e);
    } else if (!is_there || c->op == OP_LOG_DOMAIN_OPEN_LOG_FILE) {
        flow_begin(steps, done, c, f);
    } else {
        struct peer *p = life_peer(&s->life);
        f->h.object = s->object;
        stream_used(s);
        if (p)
            route_to(c, p, f);
        else
            route_park(c, s->object);
    }
}
