/* api_stream.c: calls that open a stream or a display. */
#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipc/log.h"
#include "ipc/util.h"
#include "workers/qemu/ops.h"
#include "workers/qemu/stream.h"
#include "workers/tree-marks.h"

enum { DEVICE_FORCE = 1, GRAPHICS_SKIPAUTH = 1, SHOT_BYTES_MAX = 48 << 20, SHOT_MS = 20000, SHOT_FDSET = 100000, LEND_TRIES = 50, LEND_AGAIN_MS = 100 };

/* The reply has no results; the client's end of the stream rides with it. */
static void reply_stream(struct worker *w, const struct request *rq, int client)
{
    worker_reply(w, rq, NULL, 0, &client, 1);
    close(client);
}

static struct tree *nth(struct guest *g, const char *kind)
{
    return tree_first(tree_get(g->tree, "devices"), kind);
}

static struct tree *named(struct guest *g, const char *kind, const char *name)
{
    TREE_EACH(d, tree_get(g->tree, "devices"), kind)
        if ((device_alias(d) && !strcmp(device_alias(d), name)) ||
            (!strcmp(kind, "channel") && tree_attr_is(tree_get(d, "target"), "name", name)))
            return d;
    return NULL;
}

/* The first console may stand for the first serial port, and is called console0 all the same. */
static struct tree *find_console(struct guest *g, const char *name)
{
    static const char *const kinds[] = { "console", "serial", "parallel" };
    struct tree *d = nth(g, "console");
    bool twin = d && tree_attr_is(tree_get(d, "target"), "type", "serial") && nth(g, "serial");
    if (!name || (twin && !strcmp(name, "console0")))
        return twin || !d ? nth(g, "serial") : d;
    d = NULL;
    for (size_t i = 0; i < ARRAY_N(kinds) && !d; i++)
        d = named(g, kinds[i], name);
    return d;
}

/* The words in which libvirt refuses. */
static const struct kind { const char *what, *needs, *busy; } console_kind = { "character device", "PTY", "console session" },
    channel_kind = { "channel", "UNIX socket", "channel stream" };

/* The first user that c has, or the next one. */
static void open_stream(struct guest *g, const struct request *rq, struct chardev *c)
{
    int client, r;
    stream_close_user(c);
    if ((r = stream_open_chardev(g, c, &client)) == 0)
        reply_stream(g->w, rq, client);
    else
        reply_err(g, rq, VIR_ERR_INTERNAL_ERROR, "cannot open a stream: %s", strerror(-r));
    if (r && c->lent)
        chardev_remove(c);
}

/* ---- a client of the socket that QEMU listens at: it gets one end of a pair, as if that had connected, for as long as it has no other client ---- */
struct lending { struct call *call; uint32_t entry; int ours; unsigned tries; char id[96]; struct loop_timer again; };

static void lend(struct lending *l);

static void lend_again(struct loop_timer *t)
{
    lend(t->data);
}

static void lend_end(void *extra)
{
    struct lending *l = extra;
    loop_cancel(&l->again);
    if (l->ours >= 0)
        close(l->ours);
}

/* That the last client has gone QEMU may not have noticed yet. */
static void on_lent(void *data, json_t *ret, const struct err *e)
{
    struct lending *l = data;
    struct call *call = l->call;
    struct guest *g = call->g;
    AUTO_CLOSE ours = STEAL_FD(&l->ours);
    struct tree *dev = guest_marked(g, l->entry);
    struct chardev *c = dev ? chardev_find(g, dev) : NULL;
    if (!ret && !c && ++l->tries < LEND_TRIES) {
        loop_after(&l->again, LEND_AGAIN_MS, lend_again, l);
        return;
    }
    if (!dev || c)
        call_failf(call, VIR_ERR_OPERATION_FAILED, "Active channel stream exists for this domain");
    else if (!ret)
        call_fail(call, e);
    else if (chardev_add(g, ours, l->entry))
        call_failf(call, VIR_ERR_INTERNAL_ERROR, "cannot open a stream");
    else {
        STEAL_FD(&ours);
        c = chardev_find(g, dev);
        c->lent = true;
        open_stream(g, &call->rq, c);
        call_drop(call);
    }
}

static void lend(struct lending *l)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        call_failf(l->call, VIR_ERR_INTERNAL_ERROR, "cannot make a socket pair");
        return;
    }
    AUTO_CLOSE theirs = pair[1];
    l->ours = pair[0];
    guest_add_graphics(l->call->g, l->id, theirs, false, false, on_lent, l);
    qmp_flush(&l->call->g->qmp);
}

static void open_socket(struct guest *g, const struct request *rq, struct tree *dev, const char *name)
{
    uint64_t entry;
    if (tree_attr_uint(tree_get(dev, "source"), MARK_MANIFEST, UINT32_MAX, &entry) || !tree_attr_is(tree_get(dev, "source"), "mode", "bind")) {
        reply_err(g, rq, VIR_ERR_OPERATION_UNSUPPORTED, "channel %s is no socket that QEMU listens at", name);
        return;
    }
    struct call *call = call_new(g, rq);
    struct lending *l = call_extra(call, sizeof *l);
    call->free_extra = lend_end;
    *l = (struct lending){ .call = call, .entry = (uint32_t)entry, .ours = -1 };
    snprintf(l->id, sizeof l->id, "char%s", device_alias(dev));
    lend(l);
}

/* name: as the client calls it, or would. A channel may be a terminal here. */
static void open_chardev(struct guest *g, const struct request *rq, struct tree *dev, const char *name, bool force, const struct kind *k)
{
    struct chardev *c = chardev_find(g, dev);
    bool is_socket = k == &channel_kind && tree_attr_is(dev, "type", "unix");
    if (!is_socket && !tree_attr_is(dev, "type", "pty"))
        reply_err(g, rq, VIR_ERR_INTERNAL_ERROR, "%s %s is not using a %s", k->what, name, k->needs);
    else if ((c && c->user && !force) || (is_socket && is_agent_channel(dev)) /* its client we are ourselves */)
        reply_err(g, rq, VIR_ERR_OPERATION_FAILED, "Active %s exists for this domain", k->busy);
    else if (!c && is_socket)
        open_socket(g, rq, dev, name);
    else if (!c)
        reply_err(g, rq, VIR_ERR_OPERATION_UNSUPPORTED, "the terminal of %s %s is not known", k->what, name);
    else
        open_stream(g, rq, c);
}

OP_ARGS(api_open_console)
{
    AUTO_FREE char *name = mp_get_nil(&in) ? NULL : mp_get_strdup(&in, 256);
    uint32_t flags = mp_get_u32(&in);
    if (call_end_args(g, rq, &in) || call_need_up(g, rq))
        return;
    struct tree *dev = find_console(g, name);
    if (!dev)
        reply_err(g, rq, VIR_ERR_INTERNAL_ERROR, "cannot find character device %s", name ? name : "<null>");
    else
        open_chardev(g, rq, dev, name ? name : !strcmp(dev->name, "serial") ? "console0" : device_alias(dev), flags & DEVICE_FORCE, &console_kind);
}

OP_ARGS(api_open_channel)
{
    AUTO_FREE char *name = mp_get_nil(&in) ? NULL : mp_get_strdup(&in, 256);
    uint32_t flags = mp_get_u32(&in);
    if (call_end_args(g, rq, &in) || call_need_up(g, rq))
        return;
    struct tree *dev = name ? named(g, "channel", name) : nth(g, "channel");
    if (!dev)
        reply_err(g, rq, VIR_ERR_INTERNAL_ERROR, "cannot find channel %s", name ? name : "<null>");
    else
        open_chardev(g, rq, dev, name ? name : device_alias(dev), flags & DEVICE_FORCE, &channel_kind);
}

/* ---- displays ---- */

static const char *graphics_at(struct guest *g, const struct request *rq, uint32_t idx)
{
    uint32_t i = 0;
    TREE_EACH(gr, tree_get(g->tree, "devices"), "graphics")
        if (i++ == idx) {
            const char *type = tree_attr(gr, "type");
            if (type && (!strcmp(type, "vnc") || !strcmp(type, "spice")))
                return type;
            reply_err(g, rq, VIR_ERR_INTERNAL_ERROR, "Can only open VNC, SPICE or D-Bus p2p graphics backends, not %s", type ? type : "none");
            return NULL;
        }
    reply_err(g, rq, VIR_ERR_INTERNAL_ERROR, "No graphics backend with index %u", idx);
    return NULL;
}

OP_FN(api_open_graphics)
{
    struct guest *g = w->data;
    struct mp_in in;
    if (call_args(g, rq, f, &in))
        return;
    uint32_t idx = mp_get_u32(&in), flags = mp_get_u32(&in);
    if (call_end_args(g, rq, &in) || call_need_up(g, rq))
        return;
    const char *type = graphics_at(g, rq, idx);
    AUTO_CLOSE fd = frame_take_fd(f, 0);
    if (!type)
        return;
    if (fd < 0) {
        reply_err(g, rq, VIR_ERR_INVALID_ARG, "fd must be a socket");
        return;
    }
    guest_add_graphics(g, type, fd, false, flags & GRAPHICS_SKIPAUTH, call_on_done, call_new(g, rq));
    qmp_flush(&g->qmp);
}

static void on_graphics_fd(void *data, json_t *ret, const struct err *e)
{
    struct call *c = data;
    int fd = *(int *)c->extra;
    if (ret) {
        worker_reply(c->g->w, &c->rq, NULL, 0, &fd, 1);
        call_drop(c);
    } else
        call_fail(c, e);
    close(fd);
}

OP_ARGS(api_open_graphics_fd)
{
    int pair[2];
    uint32_t idx = mp_get_u32(&in), flags = mp_get_u32(&in);
    if (call_end_args(g, rq, &in) || call_need_up(g, rq))
        return;
    const char *type = graphics_at(g, rq, idx);
    if (!type)
        return;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        reply_err(g, rq, VIR_ERR_INTERNAL_ERROR, "cannot make a socket pair");
        return;
    }
    struct call *c = call_new(g, rq);
    *(int *)call_extra(c, sizeof(int)) = pair[1];
    guest_add_graphics(g, type, pair[0], false, flags & GRAPHICS_SKIPAUTH, on_graphics_fd, c);
    close(pair[0]);
    qmp_flush(&g->qmp);
}

/* ---- screenshot: QEMU writes into a file of ours by its descriptor; the client gets a copy.  The descriptor's number of a set comes
 * far behind those of images, which are numbered like the manifest ---- */

/* One at a time, for there is one file; others wait. */
struct shot {
    struct shot *next;
    struct call *call;
    struct guest *g;
    struct err e;                       /* the first failure */
    char device[128];
    uint32_t head;
    int refs;                           /* answers of QEMU still to come */
};

static void shot_begin(struct shot *s);

static void empty_scratch(struct guest *g)
{
    /* QEMU writes where the last one left off: its descriptor is a copy of ours. */
    if (ftruncate(g->scratch_rw, 0) < 0 || lseek(g->scratch_wo, 0, SEEK_SET) < 0)
        log_warn("cannot empty the scratch file: %s", strerror(errno));
}

/* A copy of the scratch file, to be read from its beginning. Descriptor, -1. */
static int copy_scratch(struct guest *g)
{
    struct stat st;
    off_t at = 0;
    AUTO_CLOSE copy = memfd_create("screenshot", MFD_CLOEXEC);
    if (copy < 0 || fstat(g->scratch_rw, &st) < 0 || st.st_size > SHOT_BYTES_MAX)
        return -1;
    while (at < st.st_size && sendfile(copy, g->scratch_rw, &at, (size_t)(st.st_size - at)) > 0)
        ;
    return at == st.st_size && lseek(copy, 0, SEEK_SET) == 0 ? STEAL_FD(&copy) : -1;
}

static void shot_end(struct shot *s)
{
    struct guest *g = s->g;
    struct mp_out o;
    int client, copy = s->e.code ? -1 : copy_scratch(g);
    if (s->e.code)
        call_fail(s->call, &s->e);
    else if (copy < 0 || stream_open_file(g, copy, &client))
        call_failf(s->call, VIR_ERR_INTERNAL_ERROR, "cannot open a stream of the screenshot");
    else {
        mp_out_init(&o, 64);
        mp_array(&o, 1);
        mp_str(&o, "image/png");
        worker_reply(g->w, &s->call->rq, o.p, o.len, &client, 1);
        mp_out_free(&o);
        close(client);
        call_drop(s->call);
    }
    empty_scratch(g);
    g->shot = s->next;
    free(s);
    if (g->shot)
        shot_begin(g->shot);
}

static void on_shot_step(void *data, json_t *ret, const struct err *e)
{
    struct shot *s = data;
    if (!ret && !s->e.code)
        s->e = *e;
    if (!--s->refs)
        shot_end(s);
}

static void shot_begin(struct shot *s)
{
    struct qmp *q = &s->g->qmp;
    char path[32];
    snprintf(path, sizeof path, "/dev/fdset/%d", SHOT_FDSET);
    s->refs = 3;
    qmp_send(q, "add-fd", json_pack("{s:i}", "fdset-id", SHOT_FDSET), s->g->scratch_wo, SHOT_MS, on_shot_step, s);
    qmp_send(q, "screendump", json_pack("{s:s, s:s, s:s, s:i}", "filename", path, "format", "png", "device", s->device, "head", (int)s->head), -1, SHOT_MS,
             on_shot_step, s);
    qmp_send(q, "remove-fd", json_pack("{s:i}", "fdset-id", SHOT_FDSET), -1, SHOT_MS, on_shot_step, s);
    qmp_flush(q);
}

/* The video device that shows screen number n; *head: which of its heads. */
static struct tree *screen(struct guest *g, uint32_t n, uint32_t *head)
{
    TREE_EACH(v, tree_get(g->tree, "devices"), "video") {
        uint64_t heads;
        if (tree_attr_uint(tree_get(v, "model"), "heads", 64, &heads) || !heads)
            heads = 1;
        if (n < heads) {
            *head = n;
            return v;
        }
        n -= (uint32_t)heads;
    }
    return NULL;
}

OP_ARGS(api_screenshot)
{
    uint32_t head = 0;
    uint32_t number = mp_get_u32(&in);
    mp_get_u32(&in);
    if (call_end_args(g, rq, &in) || call_need_up(g, rq))
        return;
    struct tree *video = screen(g, number, &head);
    if (!video || !device_alias(video)) {
        reply_err(g, rq, VIR_ERR_OPERATION_INVALID, tree_get(g->tree, "devices/video") ? "no such screen ID" : "no screens to take screenshot from");
        return;
    }
    if (g->scratch_wo < 0) {
        reply_err(g, rq, VIR_ERR_INTERNAL_ERROR, "no file for a screenshot");
        return;
    }
    struct shot *s = calloc(1, sizeof *s), **last = &g->shot;
    BUG_ON(!s);
    *s = (struct shot){ .call = call_new(g, rq), .g = g, .head = head };
    snprintf(s->device, sizeof s->device, "%s", device_alias(video));
    while (*last)
        last = &(*last)->next;
    *last = s;
    if (g->shot == s)
        shot_begin(s);
}
