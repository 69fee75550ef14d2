/* log.c: the role that empties one guest's log pipe into its file: QEMU's stderr, or a <log file=> of a character device.
 *
 * It reads no byte of it but the few that it looks at for a newline.  Born with the pipe's read end and the file's folder (or the file
 * alone, which then does not roll over); begins when the supervisor names the file. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "ipc/internal.h"
#include "ipc/log.h"
#include "ipc/manifest.h"
#include "ipc/settings.h"
#include "ipc/util.h"
#include "workers/log/stream.h"
#include "workers/worker.h"

#define TURN_BYTES (1u << 20)       /* moved before the loop looks at the channel again: as much as a pipe can hold */
#define RETRY_MS 1000               /* a file that cannot be written is tried again */
#define LINGER_MS 2000              /* after the guest's end, for whoever asks for its last words */
#define TAIL_MAX 4096
#define DEFAULT_SIZE (2u << 20)
#define DEFAULT_BACKUPS 3

static struct stream stream;
static struct loop_source source = { .fd = -1 };
static struct loop_timer retry, linger;
static bool is_open, complained;
static char own_name[NAME_MAX + 1];    /* of a <log file=>: the last part of its path */

static void on_pipe(struct loop_source *src, uint32_t events);

static void listen_again(struct loop_timer *t)
{
    (void)t;
    if (source.fd < 0 && is_open)
        loop_add(&source, stream.pipe, EPOLLIN, on_pipe, NULL);
}

static void on_lingered(struct loop_timer *t)
{
    (void)t;
    loop_stop(0);
}

/* Moves what there is. False: nothing more can be moved now. */
static bool drain(void)
{
    int r = stream_drain(&stream, TURN_BYTES);
    if (r >= 0) {
        if (complained)
            log_warn("%s can be written again; %llu bytes were lost", stream.name, (unsigned long long)stream.lost);
        complained = false;
        return r > 0;
    }
    loop_del(&source);
    if (r == -EPIPE) {              /* no writer is left, and none can come: the work is done */
        loop_after(&linger, LINGER_MS, on_lingered, NULL);
        return false;
    }
    if (!complained)
        log_err("cannot write %s: %s; its bytes are dropped while the pipe is half full", stream.name, strerror(-r));
    complained = true;
    stream_drop(&stream);
    loop_after(&retry, RETRY_MS, listen_again, NULL);
    return false;
}

static void on_pipe(struct loop_source *src, uint32_t events)
{
    (void)src;
    (void)events;
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

static void on_start(struct worker *w, const struct request *rq, struct frame *f)
{
    struct err e = ERR_INIT;
    const struct conf_name *n = (const void *)f->body;
    int r = 0;
    if (f->body_len != sizeof *n || !memchr(n->name, 0, sizeof n->name)) {
        err_set(&e, VIR_ERR_RPC, VIR_FROM_RPC, "Unable to decode message payload");
        worker_error(w, rq, &e);
        return;
    }
    if (!is_open) {
        /* A later instance goes on where the file ends. */
        bool first = w->birth.instance == 0 && !(w->birth.flags & BIRTH_RESUME);
        const char *name = *own_name ? own_name : n->name;
        int given = birth_fd(&w->birth, BFD_FILE, -1, NULL), file = given >= 0 && is_current(given, name) ? fcntl(given, F_DUPFD_CLOEXEC, BIRTH_FD_FIRST) : -1;
        r = stream_open(&stream, name, file, first && n->dir == 0);
        /* A folder of somebody else's, which this role may not use: the file alone. */
        if (r < 0 && file < 0 && given >= 0 && (file = fcntl(given, F_DUPFD_CLOEXEC, BIRTH_FD_FIRST)) >= 0)
            r = stream_open(&stream, name, file, false);
    }
    if (r < 0) {
        err_sys(&e, VIR_FROM_QEMU, -r, "cannot open log file '%s'", n->name);
        worker_error(w, rq, &e);
        return;
    }
    is_open = true;
    listen_again(NULL);
    worker_reply(w, rq, NULL, 0, NULL, 0);
}

static void on_tail(struct worker *w, const struct request *rq, struct frame *f)
{
    struct err e = ERR_INIT;
    const struct log_tail *t = (const void *)f->body;
    char text[TAIL_MAX];
    ssize_t n = -EINVAL;
    if (f->body_len == sizeof *t && is_open) {
        if (source.fd >= 0)             /* a guest's last words are in the pipe */
            drain();
        n = stream_tail(&stream, t->from, text, t->bytes < sizeof text ? t->bytes : sizeof text);
    }
    if (n < 0) {
        err_sys(&e, VIR_FROM_QEMU, (int)-n, "cannot read back log file '%s'", stream.name);
        worker_error(w, rq, &e);
    } else {
        worker_reply(w, rq, n ? text : NULL, (size_t)n, NULL, 0);
    }
}

/* Writes what the pipe holds now, then ends. What comes later is the next instance's. */
static void on_quit(struct worker *w)
{
    (void)w;
    if (is_open && source.fd >= 0)
        drain();
    loop_stop(0);
}

static void read_settings(const struct birth *b, uint64_t *size, uint32_t *backups)
{
    const struct settings *s;
    const void *p;
    size_t n = 0;
    int fd = birth_fd(b, BFD_SETTINGS, -1, NULL);
    *size = DEFAULT_SIZE;
    *backups = DEFAULT_BACKUPS;
    if (fd < 0 || frame_map(fd, sizeof *s, &p, &n) < 0)
        return;
    s = p;
    if (n == sizeof *s && s->magic == SETTINGS_MAGIC) {
        *size = s->log_max_size;
        *backups = s->log_max_backups;
    }
    if (n)
        munmap((void *)(uintptr_t)p, n);
}

/* The name of the nth <log file=> of the run's manifest. False: it has none that can roll over, as ".N" must fit as well. */
static bool find_name(int fd, uint32_t nth)
{
    struct manifest_entry m;
    struct manifest_in in;
    const char *path, *aux, *base = NULL;
    const void *p;
    size_t n;
    if (frame_map(fd, MANIFEST_BYTES_MAX, &p, &n) < 0)
        return false;
    for (int r = manifest_open(&in, p, n); r >= 0 && !base && manifest_next(&in, &m, &path, &aux) > 0;)
        if (m.kind == MK_LOG && path && nth-- == 0)
            base = strrchr(path, '/');
    bool good = base && strlen(base + 1) < NAME_MAX - 10 && util_copy_str(own_name, sizeof own_name, base + 1) == 0;
    munmap((void *)(uintptr_t)p, n);
    return good;
}

int main(void)
{
    static const struct worker_op ops[] = { { OP_IN(IN_LOG_START), on_start }, { OP_IN(IN_LOG_TAIL), on_tail }, { 0, NULL } };
    static struct worker w = { .ops = ops, .on_quit = on_quit };
    uint64_t size;
    uint32_t backups;

    worker_birth(&w, ROLE_LOG);
    read_settings(&w.birth, &size, &backups);
    uint32_t nth;
    int pipe = birth_fd(&w.birth, BFD_LOG_PIPE, -1, NULL), dir = birth_fd(&w.birth, BFD_DIR, -1, NULL), manifest = birth_fd(&w.birth, BFD_MANIFEST, -1, &nth), r = -EBADF;
    if (manifest >= 0 && !find_name(manifest, nth))
        dir = -1;
    struct flock reader = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
    if (pipe >= 0 && fcntl(pipe, F_SETLK, &reader) < 0)     /* goes with this process */
        log_warn("pipe: %s", strerror(errno));
    if (pipe >= 0)
        r = stream_init(&stream, pipe, dir, size, backups);
    if (r < 0) {
        log_err("no log stream: %s", strerror(-r));
        return 2;
    }
    worker_lock(&w);
    return worker_run(&w);
}
