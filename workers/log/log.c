/* log.c: the role that empties one log pipe into its file: QEMU's stderr, a <log file=> of a character device, or what virtlogd was asked to open.
 *
 * It reads no byte of it but the few that it looks at for a newline.  Born with the pipe's read end and the file's folder (or the file
 * alone, which then does not roll over); begins when the supervisor names the file.  In virtlogd it also answers the calls about its
 * stream, and there may be no pipe, when somebody reads or adds to a file that is no stream just now. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "config.h"
#include "ipc/internal.h"
#include "ipc/log.h"
#include "ipc/settings.h"
#include "ipc/schema/op-numbers.h"
#include "ipc/util.h"
#include "workers/log/log.h"
#include "workers/manifest-file.h"

#define TURN_BYTES (1u << 20)       /* moved before the loop looks at the channel again: as much as a pipe can hold */
#define RETRY_MS 1000               /* a file that cannot be written is tried again */
#define RETRIES_AT_END 10           /* when its supervisor wants it gone */
#define LINGER_MS 2000              /* after the guest's end, for whoever asks for its last words */
#define TAIL_MAX 4096
#define ZIP_AGAIN_MS 30000          /* when a backup could not be compressed, or there were too many at once */
#define DEFAULT_SIZE (2u << 20)
#define DEFAULT_BACKUPS 3

#ifdef HAVE_ZLIB
static const bool can_zip = true;
#else
static const bool can_zip = false;
#endif
struct stream stream;
int given_file = -1, clean_root = -1;
uint32_t max_age_days;
static struct loop_source source = { .fd = -1 };
static struct loop_timer retry, linger, zip_timer;
static struct worker self;
static bool is_open, stays, has_ended /* the pipe */, complained;
static int stuck;                      /* why its bytes wait: a negative errno */
static unsigned quitting;              /* tries left, + 1 */
static char own_name[NAME_MAX + 1];    /* of a <log file=>: the last part of its path */

static void on_pipe(struct loop_source *src, uint32_t events);

static void listen_to(uint32_t events)
{
    loop_del(&source);
    if (is_open && !has_ended && stream.pipe >= 0)
        loop_add(&source, stream.pipe, events, on_pipe, NULL);
}

static void on_lingered(struct loop_timer *t)
{
    (void)t;
    loop_stop(0);
}

static void on_retry(struct loop_timer *t);

/* What is told to whoever reads the daemon's log: the first time of each kind, and when it is over. */
static void complain(int r)
{
    if (r == STREAM_TOO_FAST && !complained)
        log_warn("%s: more than %u bytes a second: the rest is dropped while the pipe is half full", stream.name, stream.rules.rate);
    else if (r < 0 && !complained)
        log_err("cannot write %s: %s; its bytes are dropped while the pipe is half full", stream.name, strerror(-r));
    else if (r >= 0 && complained && stuck != STREAM_TOO_FAST)
        log_warn("%s can be written again", stream.name);
    complained = r < 0 || (complained && stuck == STREAM_TOO_FAST);     /* whoever writes too much will again */
}

/* ---- backups that are to be compressed: by a process of its own, so that nothing waits for it ---- */

static void zip_look(void);
static void on_zip_timer(struct loop_timer *t)
{
    (void)t;
    zip_look();
}

static void zipped(struct worker *w, void *data, struct frame *f, const struct err *e)
{
    (void)w, (void)data, (void)f;
    int r = zip_done(&stream, !e);
    if (r < 0 || e) {
        log_info("%s: a backup stays as it is: %s", stream.name, e ? e->detail : strerror(-r));
        loop_after(&zip_timer, ZIP_AGAIN_MS, on_zip_timer, NULL);
    } else {
        zip_look();
    }
}

static void zip_look(void)
{
    int fds[2], r = zip_timer.armed || !stays ? 0 : zip_next(&stream, fds);
    if (r > 0) {
        r = worker_call(&self, OP_IN(IN_LOG_ZIP), 0, NULL, 0, fds, 2, zipped, NULL);
        util_closep(&fds[1]);
        if (r < 0)
            zip_done(&stream, false);
    }
    if (r < 0) {
        log_info("%s: a backup stays as it is: %s", stream.name, strerror(-r));
        loop_after(&zip_timer, ZIP_AGAIN_MS, on_zip_timer, NULL);
    }
}

/* ---- what could not be kept, counted where the next instance finds it ---- */

static int gap_fd = -1;
static uint64_t gap_noted;
static void note_gap(void)
{
    if (stream.lost == gap_noted || !stays)
        return;
    if (gap_fd < 0 && (gap_fd = memfd_create("gap", MFD_CLOEXEC)) >= 0)
        worker_event(&self, OP_IN(IN_LOG_GAP), 0, NULL, 0, &gap_fd, 1);
    if (gap_fd >= 0 && pwrite(gap_fd, &stream.lost, sizeof stream.lost, 0) == (ssize_t)sizeof stream.lost)
        gap_noted = stream.lost;
}

/* Moves what there is. */
static void drain(void)
{
    int r = stream_drain(&stream, TURN_BYTES);
    if (r == -EPIPE) {              /* no writer is left, and none can come: the work is done */
        has_ended = true;
        loop_del(&source);
        if (!stays)
            loop_after(&linger, stream.orphan ? 0 : LINGER_MS, on_lingered, NULL);
        r = 0;
    }
    complain(r);
    if (r >= 0 && stuck)
        listen_to(EPOLLIN);
    if (r < 0 && !stuck)            /* the writer must not wait for longer than the pipe is deep: so each write is heard, but what waits is not */
        listen_to(EPOLLIN | EPOLLET);
    stuck = r < 0 ? r : 0;
    if (stream.rolled)
        zip_look();
    if (stuck) {
        stream_drop(&stream);
        if (!retry.armed)
            loop_after(&retry, RETRY_MS, on_retry, NULL);
    }
    note_gap();
}

static void tell_folder(void)
{
    worker_event(&self, OP_IN(IN_LOG_FOLDER), 0, NULL, 0, NULL, 0);
}

/* There is a folder again. */
static void on_folder(struct worker *w, const struct request *rq, struct frame *f)
{
    (void)w, (void)rq, (void)f;
    loop_stop(3);
}

static void on_retry(struct loop_timer *t)
{
    struct stat st;
    (void)t;
    drain();
    if (stuck && stays && fstat(stream.dir, &st) == 0 && !st.st_nlink)
        tell_folder();
    if (quitting && (!stuck || --quitting == 1))
        loop_stop(0);
}

static void on_pipe(struct loop_source *src, uint32_t events)
{
    (void)src;
    (void)events;
    if (stuck) {
        stream_drop(&stream);
        note_gap();
    } else {
        drain();
    }
}

void log_drain(void)
{
    if (is_open && stream.pipe >= 0 && !has_ended && !stuck)
        drain();
}

/* The file that was given at birth may have rolled over since, under this daemon or one before it: with a folder its name counts. */
static bool is_current(int file, const char *name)
{
    struct stat given, named;
    if (stream.dir < 0)
        return true;
    int r = fstatat(stream.dir, name, &named, AT_SYMLINK_NOFOLLOW);
    return r < 0 ? errno != ENOENT : fstat(file, &given) == 0 && given.st_dev == named.st_dev && given.st_ino == named.st_ino;
}

static struct stream_rules own_rules;
static int pipe_begin(int pipe, int dir)
{
    struct flock reader = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
    if (pipe >= 0 && fcntl(pipe, F_SETLK, &reader) < 0)     /* goes with this process */
        log_warn("pipe: %s", strerror(errno));
    int r = stream_init(&stream, pipe, dir, &own_rules);
    stream.turn = pipe >= 0 ? log_drain : NULL;
    return r;
}

static void on_start(struct worker *w, const struct request *rq, struct frame *f)
{
    struct err e = ERR_INIT;
    const struct conf_name *n = (const void *)f->body;
    bool first = w->birth.instance == 0 && !(w->birth.flags & BIRTH_RESUME);
    int r = 0;
    if (f->body_len != sizeof *n || !memchr(n->name, 0, sizeof n->name)) {
        worker_malformed(w, rq);
        return;
    }
    if (!is_open && stream.pipe < 0 && f->h.nfds)
        r = pipe_begin(frame_take_fd(f, 0), stream.dir);
    if (!is_open && r == 0) {
        /* A later instance goes on where the file ends. */
        int how = n->dir & LOG_HOW;
        how = how == LOG_TRUNCATE && !first ? LOG_APPEND : how;
        stays = n->dir & LOG_STAYS;
        gap_fd = birth_fd(&w->birth, BFD_CHECKPOINT, -1, NULL);
        if (gap_fd >= 0 && pread(gap_fd, &gap_noted, sizeof gap_noted, 0) == (ssize_t)sizeof gap_noted)
            stream.lost = gap_noted;
        const char *name = *own_name ? own_name : n->name;
        int file = given_file >= 0 && how != LOG_LOOK && is_current(given_file, name) ? fcntl(given_file, F_DUPFD_CLOEXEC, BIRTH_FD_FIRST) : -1;
        r = stream_open(&stream, name, file, how);
        /* A folder of somebody else's, which this role may not use: the file alone. */
        if (r < 0 && file < 0 && given_file >= 0 && (file = fcntl(given_file, F_DUPFD_CLOEXEC, BIRTH_FD_FIRST)) >= 0)
            r = stream_open(&stream, name, file, LOG_APPEND);
    }
    if (r < 0) {
        err_sys(&e, VIR_FROM_NONE, -r, "Unable to open file: %s", n->name);
        worker_error(w, rq, &e);
        if (!first)
            loop_stop(1);       /* nobody waits for the answer, but the writer of the pipe does: the next instance may have more luck */
        return;
    }
    is_open = true;
    zip_look();
    if (!stuck)
        listen_to(EPOLLIN);
    if (stream.out >= 0)
        reply_position(w, rq);
    else
        worker_reply(w, rq, "\x90", 1, NULL, 0);
}

static void on_tail(struct worker *w, const struct request *rq, struct frame *f)
{
    struct err e = ERR_INIT;
    const struct log_tail *t = (const void *)f->body;
    char text[TAIL_MAX];
    ssize_t n = -EINVAL;
    if (f->body_len == sizeof *t && is_open) {
        log_drain();                    /* a guest's last words are in the pipe */
        n = stream_tail(&stream, t->from, text, t->bytes < sizeof text ? t->bytes : sizeof text);
    }
    if (n < 0) {
        err_sys(&e, VIR_FROM_QEMU, (int)-n, "cannot read back log file '%s'", stream.name);
        worker_error(w, rq, &e);
    } else {
        worker_reply(w, rq, n ? text : NULL, (size_t)n, NULL, 0);
    }
}

/* Writes what the pipe holds now, then ends. What comes later is the next instance's; where none will be, what cannot be written just now waits a little. */
static void on_quit(struct worker *w)
{
    (void)w;
    struct pollfd p = { .fd = stream.pipe };
    log_drain();
    if (stuck && stream.pipe >= 0 && poll(&p, 1, 0) > 0 && p.revents & POLLHUP)
        quitting = RETRIES_AT_END + 1;
    else
        loop_stop(0);
}

static volatile sig_atomic_t told_to_end;
static void on_term(int sig)
{
    (void)sig;
    told_to_end = 1;
}

/* The daemon was killed, as it had not said that it ends (SIGTERM), and guests write on.  What its next instance does with this file, stream_orphan() takes care of. */
static void on_gone(struct worker *w)
{
    chan_close(&w->chan);
    if (told_to_end || !is_open || !stays || stream.pipe < 0 || has_ended) {
        on_quit(w);
        return;
    }
    stays = false;
    zip_done(&stream, false);
    stream_orphan(&stream);
    log_drain();
}

static struct stream_rules read_settings(const struct birth *b)
{
    struct stream_rules rules = { .max_size = DEFAULT_SIZE, .max_backups = DEFAULT_BACKUPS };
    const struct settings *s;
    const void *p;
    size_t n = 0;
    int fd = birth_fd(b, BFD_SETTINGS, -1, NULL);
    if (fd < 0 || frame_map(fd, sizeof *s, &p, &n) < 0)
        return rules;
    s = p;
    if (n == sizeof *s && s->magic == SETTINGS_MAGIC) {
        max_age_days = s->log_max_age_days;
        rules = (struct stream_rules){ .max_size = s->log_max_size, .max_backups = s->log_max_backups, .max_age_s = s->log_age_hours * 3600u, .rate = s->log_rate, .stamps = s->log_stamps,
            .compress = s->log_compress && can_zip };
        if (s->stdio_handler == STDIO_FILE)     /* as libvirt's: they grow on */
            rules.max_size = rules.max_age_s = 0;
        if (s->log_compress && !can_zip)
            log_warn("backups are not compressed: this program was built without zlib");
    }
    if (n)
        munmap((void *)(uintptr_t)p, n);
    return rules;
}

/* The name of the nth <log file=> of the run's manifest. False: it has none that can roll over, as ".N" must fit as well. */
static bool find_name(int fd, uint32_t nth)
{
    struct manifest_entry m;
    struct manifest_file f;
    const char *path, *aux, *base = NULL;
    manifest_file_open(&f, fd);
    while (!base && manifest_file_next(&f, &m, &path, &aux) > 0)
        if (m.kind == MK_LOG && path && nth-- == 0)
            base = strrchr(path, '/');
    bool good = base && strlen(base + 1) < NAME_MAX - 10 && util_copy_str(own_name, sizeof own_name, base + 1) == 0;
    manifest_file_close(&f);
    return good;
}

int main(void)
{
    static const struct worker_op ops[] = { { OP_IN(IN_LOG_START), on_start }, { OP_IN(IN_LOG_TAIL), on_tail }, { OP_LOG_DOMAIN_GET_LOG_FILE_POSITION, call_position },
        { OP_LOG_DOMAIN_READ_LOG_FILE, call_read }, { OP_LOG_DOMAIN_APPEND_LOG_FILE, call_append }, { OP_IN(IN_LOG_CLEAN), call_clean }, { OP_IN(IN_LOG_FOLDER), on_folder }, { 0, NULL } };
    uint32_t nth;

    self = (struct worker){ .ops = ops, .on_quit = on_quit, .on_gone = on_gone };
    worker_birth(&self, ROLE_LOG);
    signal(SIGTERM, on_term);           /* what the pipe holds is written when the channel ends */
    own_rules = read_settings(&self.birth);
    given_file = birth_fd(&self.birth, BFD_FILE, -1, NULL);
    int pipe = birth_fd(&self.birth, BFD_LOG_PIPE, -1, NULL), dir = birth_fd(&self.birth, BFD_DIR, -1, NULL), manifest = birth_fd(&self.birth, BFD_MANIFEST, -1, &nth);
    clean_root = dir;
    if (manifest >= 0 && !find_name(manifest, nth))
        dir = -1;
    int r = pipe_begin(pipe, dir);
    if (r < 0) {
        log_err("no log stream: %s", strerror(-r));
        return 2;
    }
    worker_lock(&self);
    r = worker_run(&self);
    zip_done(&stream, false);
    return r;
}
