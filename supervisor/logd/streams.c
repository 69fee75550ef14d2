/* streams.c: the table of streams.  A row's descriptors are the keeper's as well, with the path, so that a later supervisor has the same rows.
 *
 * A row is one log role and all that it needs to be born again: while the pipe has a writer there is always a next instance.  Then it stays
 * for a moment, as a file does that was read or added to without being open: two calls about one file are mostly close together. */
#include "supervisor/logd/streams.h"
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#define STREAMS_MAX 4096u
enum { LINGER_MS = 2000, AGAIN_MS = 500, AHEAD_MS = 2000 };
static struct stream table[STREAMS_MAX];
static uint32_t rows_n, used_n, generation;

static struct stream *stream_next(struct stream *after)
{
    for (uint32_t i = after ? (uint32_t)(after - table) + 1 : 0; i < rows_n; i++)
        if (table[i].object)
            return &table[i];
    return NULL;
}

struct stream *stream_find(const char *path)
{
    struct stream *s = stream_next(NULL);
    while (s && strcmp(s->path, path))
        s = stream_next(s);
    return s;
}

static const char *base_name(const struct stream *s)
{
    const char *slash = strrchr(s->path, '/');
    return slash ? slash + 1 : s->path;
}

struct stream *stream_twin(const struct stream *s)
{
    for (struct stream *o = stream_next(NULL); o; o = stream_next(o))
        if (o != s && o->dir >= 0 && o->dev == s->dev && o->ino == s->ino && !strcmp(base_name(o), base_name(s)))
            return o;
    return NULL;
}

int slot_of(uint64_t object)
{
    uint32_t i = object_slot(object);
    return object && i < STREAMS_MAX && table[i].object == object ? (int)i : -1;
}

struct stream *stream_row(uint64_t object)
{
    int i = slot_of(object);
    return i < 0 ? NULL : &table[i];
}

/* ---- the role ---- */

static void on_again(struct loop_timer *t)
{
    life_start(t->data);
}

/* It has done its work; or it dies all the time, but whoever writes waits for it: there is no giving up. */
static void on_ended(struct life *l)
{
    struct stream *s = l->data;
    if (l->state == LIFE_NONE)
        stream_free(s);
    else
        loop_after(&s->again, AGAIN_MS, on_again, l);
}

struct peer *stream_spawn(struct stream *s, uint32_t flags, struct born *n)
{
    born_begin(n, ROLE_LOG, s->object, base_name(s));
    n->b.instance = s->life.instance;
    n->b.flags |= flags;
    born_fd(n, BFD_LOG_PIPE, 0, s->pipe);
    born_fd(n, BFD_DIR, DIR_LOG, s->dir);
    born_fd(n, BFD_FILE, 0, s->file);
    born_fd(n, BFD_CHECKPOINT, 0, s->gap);
    return peer_spawn(n);
}

void stream_dismiss(uint64_t object, struct peer *p)
{
    struct frame_head h = { .kind = FRAME_EVENT, .op = OP_IN(IN_QUIT), .object = object };
    peer_send(p, &h, NULL, 0, NULL, 0);
}

/* Who opens streams one after the other would wait for a birth each time: so the role of the row that is next is born in the folder of the one before, which is
 * all that it sees, and gets its pipe as it is told to start.  object: of that row. */
static struct { uint64_t object, number, dev, ino, opened_ms; struct loop_timer end; } ahead;

static uint32_t row_free(void)
{
    uint32_t i = 0;
    while (i < STREAMS_MAX && table[i].object)
        i++;
    return i;
}

static void ahead_forget(void)
{
    struct peer *p = peer_find(ahead.number);
    if (p)
        stream_dismiss(ahead.object, p);
    ahead.object = ahead.number = 0;
}

static void on_ahead_end(struct loop_timer *t)
{
    if (!stream_row(ahead.object))      /* else it is about to be told to start */
        ahead_forget();
}

void stream_ahead(const struct stream *s)
{
    uint64_t last = ahead.opened_ms;
    struct born n;
    ahead.opened_ms = loop_now_ms();
    loop_after(&ahead.end, AHEAD_MS, on_ahead_end, NULL);
    if (ahead.opened_ms - last > AHEAD_MS || peer_find(ahead.number) || row_free() == STREAMS_MAX)
        return;
    ahead.object = object_make(row_free(), ++generation);
    ahead.dev = s->dev;
    ahead.ino = s->ino;
    born_begin(&n, ROLE_LOG, ahead.object, "");
    born_fd(&n, BFD_DIR, DIR_LOG, s->dir);
    struct peer *p = peer_spawn(&n);
    ahead.number = p ? p->number : 0;
}

struct peer *stream_ahead_take(const struct stream *s)
{
    struct peer *p = s->object == ahead.object && s->dev == ahead.dev && s->ino == ahead.ino && s->file < 0 && s->gap < 0 ? peer_find(ahead.number) : NULL;
    if (p)
        ahead.number = 0;
    if (s->object == ahead.object)
        ahead_forget();
    return p;
}

/* One that has begun already only answers. */
static void start(struct stream *s, struct peer *p)
{
    struct conf_name name = { .dir = LOG_STAYS | (s->can == STREAM_READ ? LOG_LOOK : LOG_APPEND) };
    struct frame_head h = { .kind = FRAME_CALL, .op = OP_IN(IN_LOG_START), .origin = sup.epoch, .object = s->object };
    util_copy_str(name.name, sizeof name.name, base_name(s));
    peer_send(p, &h, &name, sizeof name, NULL, 0);
    if (s->leaving)
        stream_dismiss(s->object, p);
}

static struct peer *spawn_again(struct life *l)
{
    struct stream *s = l->data;
    struct born n;
    struct peer *p = stream_spawn(s, BIRTH_RESUME, &n);
    if (p)
        start(s, p);
    return p;
}

void stream_quit(struct stream *s)
{
    struct peer *p = life_peer(&s->life);
    s->leaving = true;
    if (p)
        stream_dismiss(s->object, p);
    else if (s->pipe < 0)       /* else the next instance has what is in the pipe to write first */
        stream_free(s);
    else
        loop_after(&s->linger, AGAIN_MS, s->linger.fn, s);
}

static void on_lingered(struct loop_timer *t)
{
    stream_quit(t->data);
}

bool stream_has_ended(const struct stream *s)
{
    struct pollfd p = { .fd = s->pipe };
    return s->pipe >= 0 && poll(&p, 1, 0) > 0 && p.revents & POLLHUP;
}

bool stream_folder_is_gone(const struct stream *s)
{
    struct stat st;
    return fstat(s->dir, &st) == 0 && !st.st_nlink;
}

void stream_used(struct stream *s)
{
    if (s->can < STREAM_PIPE || stream_has_ended(s))
        loop_after(&s->linger, LINGER_MS, on_lingered, s);
}

static void on_end(struct loop_source *src, uint32_t events)
{
    struct stream *s = src->data;
    loop_del(src);
    stream_used(s);
}

void stream_started(struct stream *s, struct peer *p)
{
    if (p)
        life_adopt(&s->life, p);
    else
        life_start(&s->life);
    if (p && p->inherited)      /* an earlier supervisor may have died before it said so */
        start(s, p);
    if (s->pipe >= 0)
        loop_add(&s->end, s->pipe, 0, on_end, s);       /* an end is told unasked */
    stream_used(s);
}

/* ---- rows ---- */

static struct stream *row_init(uint32_t i, uint64_t object)
{
    struct stream *s = &table[i];
    memset(s, 0, sizeof *s);
    *s = (struct stream){ .object = object, .pipe = -1, .dir = -1, .file = -1, .gap = -1, .end = { .fd = -1 }, .life = { .spawn = spawn_again, .ended = on_ended, .data = s, .may_finish = true } };
    s->linger.fn = on_lingered;
    rows_n = i >= rows_n ? i + 1 : rows_n;
    used_n++;
    if (object_gen(object) > generation)
        generation = object_gen(object);
    idle_update();
    return s;
}

struct stream *stream_take(const char *path, int can)
{
    bool is_ahead = ahead.object && !table[object_slot(ahead.object)].object;
    uint32_t i = row_free();
    if (i == STREAMS_MAX)
        return NULL;
    struct stream *s = is_ahead ? row_init(object_slot(ahead.object), ahead.object) : row_init(i, object_make(i, generation + 1));
    util_copy_str(s->path, sizeof s->path, path);
    s->can = (uint8_t)can;
    return s;
}

static void row_fd(struct stream *s, int kind, int fd)
{
    struct stat st;
    int *to = kind == BFD_LOG_PIPE ? &s->pipe : kind == BFD_DIR ? &s->dir : kind == BFD_FILE ? &s->file : kind == BFD_CHECKPOINT ? &s->gap : NULL;
    /* Of a folder that was removed and made anew the keeper has both. */
    if (!to || (kind != BFD_LOG_PIPE && *to >= 0 && fstat(fd, &st) == 0 && !st.st_nlink)) {
        util_closep(&fd);
        return;
    }
    util_closep(to);
    *to = fd;
    if (kind == BFD_DIR && fstat(fd, &st) == 0) {
        s->dev = st.st_dev;
        s->ino = st.st_ino;
    }
}

void stream_put_fd(struct stream *s, int kind, int fd)
{
    struct held h = { .kind = HELD_FD, .role = ROLE_LOG, .object = s->object, .tag = (uint32_t)kind, .arg = s->can };
    keeper_tell(IN_STORE, &h, sizeof h, &fd, 1);
    row_fd(s, kind, fd);
}

void stream_free(struct stream *s)
{
    struct held h = { .kind = HELD_FD, .object = s->object };
    uint64_t object = s->object;
    struct peer *p = life_peer(&s->life);
    keeper_tell(IN_DROP, &h, sizeof h, NULL, 0);
    if (p)
        stream_dismiss(object, p);
    if (object == ahead.object)
        ahead_forget();
    if (s->life.state != LIFE_NONE)
        life_release(&s->life);
    loop_del(&s->end);
    loop_cancel(&s->linger);
    loop_cancel(&s->again);
    util_closep(&s->pipe);
    util_closep(&s->dir);
    util_closep(&s->file);
    util_closep(&s->gap);
    s->object = 0;
    used_n--;
    route_wake(object);
    idle_update();
    flow_unblock();
}

/* ---- from an earlier supervisor ---- */

void objects_held(const struct held *h, int fd)
{
    uint32_t i = object_slot(h->object);
    struct stream *s = i < STREAMS_MAX && h->object ? &table[i] : NULL;
    if (s && !s->object)
        s = row_init(i, h->object);
    if (!s || s->object != h->object) {
        util_closep(&fd);
        return;
    }
    s->can = (uint8_t)h->arg;
    if (h->tag == BFD_STREAM && frame_copy(fd, s->path, sizeof s->path) < 0)
        s->path[0] = 0;
    s->path[sizeof s->path - 1] = 0;
    row_fd(s, (int)h->tag, fd);
}

void objects_inherit(struct peer *p, const struct held *h)
{
    struct stream *s = stream_row(h->object);
    if (s)
        life_adopt(&s->life, p);
    else
        stream_dismiss(h->object, p);
}

/* What is not whole is of a call that comes again. */
void objects_reconcile(void)
{
    for (struct stream *s = stream_next(NULL); s; s = stream_next(s))
        if (!s->path[0] || s->dir < 0 || (s->can == STREAM_PIPE && s->pipe < 0))
            stream_free(s);
        else
            stream_started(s, life_peer(&s->life));
}

uint32_t objects_count(void)
{
    return used_n;
}
