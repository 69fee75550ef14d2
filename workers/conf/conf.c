/* conf.c: the role that keeps files: definitions and status as opaque bytes, and the daemon's configuration as key = value.
 *
 * It is asked by the keeper for the settings before anything else runs, and by the supervisor for the rest.  It holds the folders'
 * descriptors, a call at a time, and looks into no definition. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "ipc/internal.h"
#include "ipc/log.h"
#include "ipc/settings.h"
#include "ipc/util.h"
#include "workers/conf/access.h"
#include "workers/conf/cache.h"
#include "workers/conf/grammar.h"
#include "workers/conf/settings.h"
#include "workers/conf/store.h"
#include "workers/worker.h"

#define DOCUMENT_MAX (16u << 20)

static struct store store;

/* ---- settings ---- */

static int read_defaults(const struct birth *b, struct settings *s, struct err *e)
{
    const void *p;
    size_t n;
    int fd = birth_fd(b, BFD_SETTINGS, -1, NULL);
    if (fd < 0 || frame_map(fd, sizeof *s, &p, &n) < 0)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_CONF, "no default settings were given");
    if (n == sizeof *s)
        memcpy(s, p, n);
    if (n)
        munmap((void *)(uintptr_t)p, n);
    if (n != sizeof *s || s->magic != SETTINGS_MAGIC)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_CONF, "the default settings are of another version");
    return 0;
}

/* What the front has to find ids in, and then auth goes by. */
static int read_rules(const char *name, const char *text, size_t n, struct settings *s, int *rules, struct err *e)
{
    AUTO_FREE struct access_rules *r = NULL;
    size_t size;
    if (access_parse(name, text, n, &r, &size, e) < 0)
        return -1;
    s->access |= ACCESS_RULES;
    *rules = frame_memfd("access", r, size);
    return *rules < 0 ? err_sys(e, VIR_FROM_CONF, -*rules, "cannot keep %s", name) : 0;
}

/* *rules: gets those of CONF_FILE_ACCESS. */
static int read_file(int fd, int file, struct settings *s, int *rules, struct err *e)
{
    static const char *const names[CONF_FILE_N] = { "virtqemud.conf", "qemu.conf", "virtlogd.conf", "virtlockd.conf", "qemu-lockd.conf", "bulkhead-access.conf" };
    struct stat st;
    if (fstat(fd, &st) < 0 || lseek(fd, 0, SEEK_SET) < 0)
        return err_sys(e, VIR_FROM_CONF, errno, "cannot read %s", names[file]);
    if (!S_ISREG(st.st_mode) || st.st_size > CONF_TEXT_MAX)
        return err_set(e, VIR_ERR_CONF_SYNTAX, VIR_FROM_CONF, "%s: no ordinary file of at most %u bytes", names[file], CONF_TEXT_MAX);
    AUTO_FREE char *text = malloc((size_t)st.st_size + 1);
    ssize_t n = text ? util_read_full(fd, text, (size_t)st.st_size) : -ENOMEM;
    if (n < 0)
        return err_sys(e, VIR_FROM_CONF, (int)-n, "cannot read %s", names[file]);
    return file == CONF_FILE_ACCESS ? read_rules(names[file], text, (size_t)n, s, rules, e) : settings_apply(s, file, names[file], text, (size_t)n, e);
}

static void on_settings(struct worker *w, const struct request *rq, struct frame *f)
{
    struct settings s, env;
    struct err e = ERR_INIT;
    uint32_t file;
    AUTO_CLOSE rules = -1;
    (void)f;
    int r = read_defaults(&w->birth, &s, &e);
    if (!r)
        env = s;
    for (int fd = -1; !r && (fd = birth_fd(&w->birth, BFD_FILE, fd, &file)) >= 0;)
        if (file < CONF_FILE_N)
            r = read_file(fd, (int)file, &s, &rules, &e);
    if (!r) {
        settings_env(&s, &env);
        r = settings_finish(&s, &e);
    }
    if (r)
        worker_error(w, rq, &e);
    else
        worker_reply(w, rq, &s, sizeof s, &rules, rules >= 0);
}

/* ---- files ---- */

/* The call's struct conf_name; NULL if the body is something else. */
static const struct conf_name *get_name(const struct frame *f, struct err *e)
{
    if (f->body_len == sizeof(struct conf_name)) {
        const struct conf_name *n = (const void *)f->body;
        if (n->dir == DIR_DEFINITIONS)
            cache_touch();
        return n;
    }
    err_set(e, VIR_ERR_RPC, VIR_FROM_RPC, "Unable to decode message payload");
    return NULL;
}

static void answer(struct worker *w, const struct request *rq, int r, int fd, const struct err *e)
{
    if (r < 0)
        worker_error(w, rq, e);
    else
        worker_reply(w, rq, NULL, 0, &fd, fd >= 0);
    util_closep(&fd);
}

static void on_list(struct worker *w, const struct request *rq, struct frame *f)
{
    struct err e = ERR_INIT;
    int fd = -1;
    (void)f;
    int r = store_list(&store, rq->arg, &fd, &e);
    answer(w, rq, r, fd, &e);
}

/* The answer to a client that asked for the text. */
static void read_reply(struct worker *w, const struct request *rq, int memfd)
{
    struct mp_out o;
    const void *p = NULL;
    size_t n = 0;
    AUTO_CLOSE fd = memfd;
    mp_out_init(&o, DOCUMENT_MAX + 64);
    if (frame_map(fd, DOCUMENT_MAX, &p, &n) < 0)
        n = 0;
    size_t head = store_head_len(p, n);
    mp_array(&o, 1);
    mp_strn(&o, (const char *)p + head, n - head);
    if (n)
        munmap((void *)(uintptr_t)p, n);
    worker_reply_out(w, rq, &o);
}

static void on_read(struct worker *w, const struct request *rq, struct frame *f)
{
    struct err e = ERR_INIT;
    int fd = -1;
    const struct conf_name *n = get_name(f, &e);
    int r = n ? store_read(&store, n, &fd, &e) : -1;
    if (!r && rq->arg == 1)
        read_reply(w, rq, fd);
    else
        answer(w, rq, r, fd, &e);
}

/* Whose changes were written last: one that comes again, of a supervisor that did not live to hear of it, is done, and not for a second time. */
static struct { uint64_t number; uint32_t serial; } written[256];

static bool was_written(const struct conf_name *n)
{
    for (size_t i = 0; i < ARRAY_N(written) && n->number; i++)
        if (written[i].number == n->number && written[i].serial == n->serial)
            return true;
    return false;
}

static void note_written(const struct conf_name *n)
{
    static size_t next;
    written[next].number = n->number;
    written[next].serial = n->serial;
    next = (next + 1) % ARRAY_N(written);
}

/* The document that a call brought, for as long as it is worked on. */
struct document { const void *text; size_t len; };

/* Whose document it is; NULL with e when the call has no name or no document. */
static const struct conf_name *get_document(struct frame *f, struct document *d, struct err *e)
{
    const struct conf_name *n = get_name(f, e);
    AUTO_CLOSE fd = frame_take_fd(f, 0);
    if (n && n->dir == DIR_DEFINITIONS && store_late(&store, n->name, e) < 0)
        return NULL;
    if (n && (fd < 0 || frame_map(fd, DOCUMENT_MAX, &d->text, &d->len) < 0)) {
        err_set(e, VIR_ERR_RPC, VIR_FROM_RPC, "no sealed document came with the call");
        n = NULL;
    }
    return n;
}

/* With r = 0 the answer is what the store has now. */
static void document_done(struct worker *w, const struct request *rq, struct document *d, int r, const struct conf_entry *entry, const struct err *e)
{
    if (d->len)
        munmap((void *)(uintptr_t)d->text, d->len);
    if (r)
        worker_error(w, rq, e);
    else
        worker_reply(w, rq, entry, sizeof *entry, NULL, 0);
}

static void on_write(struct worker *w, const struct request *rq, struct frame *f)
{
    struct err e = ERR_INIT;
    struct document d = { .len = 0 };
    struct conf_entry entry;
    const struct conf_name *n = get_document(f, &d, &e);
    bool once = rq->arg == CONF_WRITE_ONCE;
    int r = n ? 0 : -1;
    if (!r && !(once && was_written(n) && store_entry(&store, n, &entry) == 0))
        r = store_write(&store, n, d.text, d.len, &entry, &e);
    if (!r && once)
        note_written(n);
    document_done(w, rq, &d, r, &entry, &e);
}

static void on_remove(struct worker *w, const struct request *rq, struct frame *f)
{
    struct err e = ERR_INIT;
    const struct conf_name *n = get_name(f, &e);
    int r = n && (n->dir != DIR_DEFINITIONS || store_late(&store, n->name, &e) == 0) ? store_remove(&store, n, rq->arg, &e) : -1;
    answer(w, rq, r, -1, &e);
}

static void on_autostart(struct worker *w, const struct request *rq, struct frame *f)
{
    struct err e = ERR_INIT;
    const struct conf_name *n = get_name(f, &e);
    int r = n ? store_autostart(&store, n, rq->arg != 0, &e) : -1;
    answer(w, rq, r, -1, &e);
}

static void on_save(struct worker *w, const struct request *rq, struct frame *f)
{
    struct err e = ERR_INIT;
    struct save_facts facts = { 0 };
    int fds[2] = { -1, -1 };
    const struct conf_name *n = get_name(f, &e);
    AUTO_CLOSE manifest = frame_take_fd(f, 0);
    if (!n || store_save(&store, n, rq->arg, manifest, fds, &facts, &e))
        worker_error(w, rq, &e);
    else
        worker_reply(w, rq, &facts, sizeof facts, fds, (fds[0] >= 0) + (fds[1] >= 0));
    util_closep(&fds[0]);
    util_closep(&fds[1]);
}

static void on_rename(struct worker *w, const struct request *rq, struct frame *f)
{
    struct err e = ERR_INIT;
    struct document d = { .len = 0 };
    struct conf_entry entry;
    const struct conf_name *n = get_document(f, &d, &e);
    int r = n ? store_rename(&store, n, rq->arg, d.text, d.len, &entry, &e) : -1;
    document_done(w, rq, &d, r, &entry, &e);
}

static void on_renamed(struct worker *w, const struct request *rq, struct frame *f)
{
    struct err e = ERR_INIT;
    int r = get_name(f, &e) ? store_renamed(&store, rq->arg, &e) : -1;
    answer(w, rq, r, -1, &e);
}

/* The supervisor that is gone may have been at a change of a name, and nobody else may come for it. */
static void on_epoch(struct worker *w)
{
    (void)w;
    store_settle(&store);
}

int main(void)
{
    static const struct worker_op ops[] = {
        { OP_IN(IN_CONF_SETTINGS), on_settings }, { OP_IN(IN_CONF_LIST), on_list }, { OP_IN(IN_CONF_READ), on_read },
        { OP_IN(IN_CONF_WRITE), on_write }, { OP_IN(IN_CONF_REMOVE), on_remove }, { OP_IN(IN_CONF_AUTOSTART), on_autostart },
        { OP_IN(IN_CONF_SAVE), on_save }, { OP_IN(IN_CONF_RENAME), on_rename }, { OP_IN(IN_CONF_RENAMED), on_renamed }, { 0, NULL },
    };
    static struct worker w = { .ops = ops, .on_epoch = on_epoch };
    worker_birth(&w, ROLE_CONF);
    store_init(&store, &w.birth);
    cache_init(&store);
    worker_lock(&w);
    store_settle(&store);
    return worker_run(&w);
}
