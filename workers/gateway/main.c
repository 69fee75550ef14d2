/* main.c: role gateway: born warm, serves one client, ends with it.
 *
 * It is the only process that reads a client's bytes, and it holds nothing else: the client's socket, the channel, the index
 * page.  Whatever a client makes of it harms that client's connection only. */
#include "gateway.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "ipc/log.h"
#include "ipc/util.h"

enum { MAX_CALLS = 5 };

/* Copies a struct that came by birth. False: it did not, or is another version's. */
static bool gw_copy(struct gw *gw, int kind, void *to, size_t size)
{
    const void *p;
    size_t n;
    int fd = birth_fd(&gw->w.birth, kind, -1, NULL);
    if (fd < 0 || frame_map(fd, size, &p, &n) < 0)
        return false;
    if (n == size)
        memcpy(to, p, size);
    if (n)
        munmap((void *)(uintptr_t)p, n);
    return n == size;
}

static void gw_settings(struct gw *gw)
{
    if (!gw_copy(gw, BFD_SETTINGS, &gw->set, sizeof gw->set) || gw->set.magic != SETTINGS_MAGIC) {
        log_warn("no settings, or of another version: defaults are used");
        gw->set = (struct settings){ .max_clients = 5000, .max_anonymous_clients = 20, .min_workers = 5, .max_workers = 20, .prio_workers = 5,
            .max_client_requests = MAX_CALLS, .admin_max_client_requests = MAX_CALLS, .log_level = LOG_L_WARN };
    }
}

static void gw_clients(struct gw *gw, int page)
{
    const void *p = mmap(NULL, CLIENTS_BYTES, PROT_READ, MAP_SHARED, page, 0);
    if (p == MAP_FAILED)
        return;
    gw->clients_head = p;
    gw->clients = (const struct client_row *)(gw->clients_head + 1);
}

void gw_init(struct gw *gw)
{
    gw->conn.fd = -1;
    gw->w.data = gw;
    gw_settings(gw);
    if (!gw_copy(gw, BFD_LAYOUT, &gw->layout, sizeof gw->layout)) {
        log_err("there is no layout, or one of another version: it is not known whose gateway this is");
        exit(2);
    }
    int fd = birth_fd(&gw->w.birth, BFD_INDEX, -1, NULL);
    if (fd < 0 || index_map(&gw->ix, fd, false) < 0) {
        log_err("there is no index page, or one of another version");
        exit(2);
    }
}

bool gw_may_read(const struct gw *gw)
{
    return !gw->ended && !gw->closing && gw->ncalls + stream_waiting(gw) < gw->max_calls && conn_queued(&gw->conn) < GW_OUT_SOFT;
}

void gw_end(struct gw *gw, const char *why)
{
    if (gw->ended)
        return;
    gw->ended = true;
    log_debug("client %llu: %s", (unsigned long long)gw->serve.client_id, why);
    call_cancel_all(gw);
    conn_close(&gw->conn);
    loop_stop(0);
}

void gw_free(struct gw *gw)
{
    gw->ended = true;
    conn_close(&gw->conn);
    loop_cancel(&gw->ka_timer);
    loop_cancel(&gw->late_timer);
    streams_free(gw);
    events_free(gw);
    access_free(gw);
    while (gw->calls)
        call_free(gw, gw->calls);
    siblings_free(gw);
    free(gw->uri);
    gw->uri = NULL;
    free(gw->scan);
    gw->scan = NULL;
}

/* Takes what waited, of siblings and of the client, and writes what that made. false: the client is ended. */
static bool gw_turn(struct gw *gw)
{
    bool more = true;
    while (more) {
        more = siblings_input(gw);
        if (gw->front && gw_may_read(gw))
            gw->front->input(gw);
        if (gw->ended)
            return false;
        if (conn_flush(&gw->conn) < 0) {
            gw_end(gw, "it does not read what it asked for, or is gone");
            return false;
        }
        more = more && !conn_queued(&gw->conn);
    }
    return true;
}

void gw_pump(struct gw *gw)
{
    if (gw->ended || !gw->serving)
        return;
    do {
        if (!gw_turn(gw))
            return;
    } while (siblings_output(gw));
    if (!conn_queued(&gw->conn)) {
        if (gw->closing) {
            gw_end(gw, "closed");
            return;
        }
        streams_drained(gw);
    }
    conn_read(&gw->conn, gw_may_read(gw));
}

static void gw_conn_event(struct conn *c)
{
    struct gw *gw = c->data;
    size_t n;
    const uint8_t *p = conn_data(c, &n);

    if (!gw->front && n) {
        /* libvirt's length word is at most 0x02000004; a msgpack-RPC message is an array of four elements (three: a notification). */
        if (p[0] <= 2)
            gw->front = &front_rpc;
        else if (p[0] == 0x93 || p[0] == 0x94 || p[0] == 0xdc || p[0] == 0xdd)
            gw->front = &front_mprpc;
        else {
            gw_end(gw, "speaks no protocol of ours");
            return;
        }
    }
    gw_pump(gw);
}

static void gw_conn_end(struct conn *c, const char *why)
{
    gw_end(c->data, why);
}

int gw_serve(struct gw *gw, const struct serve *s, int fd)
{
    gw->serve = *s;
    gw->need_auth = s->need_auth != AUTH_NONE;
    gw->readonly = s->door == DOOR_RO;
    gw->opened = gw->layout.id == DAEMON_LOCKD && !gw_is_admin(gw);      /* its program has no call that opens */
    gw->max_calls = gw_is_admin(gw) ? gw->set.admin_max_client_requests : gw->set.max_client_requests;
    if (!gw->max_calls)
        gw->max_calls = MAX_CALLS;
    gw->serving = true;
    return conn_open(&gw->conn, fd, gw_conn_event, gw_conn_end, gw);
}

static void gw_born(struct gw *gw, struct frame *f)
{
    struct serve s;
    int fd = frame_take_fd(f, 0);
    AUTO_CLOSE page = f->h.nfds > 1 ? frame_take_fd(f, 1) : -1;
    if (gw->serving || fd < 0 || f->body_len != sizeof s) {
        util_closep(&fd);
        log_err("a client was handed over in a way that cannot be");
        loop_stop(2);
        return;
    }
    memcpy(&s, f->body, sizeof s);
    if (page >= 0)
        gw_clients(gw, page);
    int r = gw_serve(gw, &s, fd);
    if (r < 0) {
        log_err("client's socket: %s", strerror(-r));
        gw_end(gw, "no socket");
    }
}

/* The supervisor writes no msgpack: a domain comes as a struct, and is put in front of the values that follow it.  False: malformed. */
static bool dom_expand(struct frame *f, struct mp_out *o, struct dom_head *head)
{
    struct dom_head d;
    if (f->h.flags & FRAME_BIG || f->body_len < sizeof d)
        return false;
    memcpy(&d, f->body, sizeof d);
    if (!memchr(d.name, 0, sizeof d.name) || d.values > 15)
        return false;
    *head = d;
    mp_array(o, d.values + 1);
    mp_array(o, 3);
    mp_str(o, d.name);
    mp_bin(o, d.uuid, sizeof d.uuid);
    mp_int(o, d.id);
    mp_raw(o, f->body + sizeof d, f->body_len - sizeof d);
    f->body = o->p;
    f->body_len = o->len;
    return !o->failed;
}

void gw_frame(struct chan *ch, struct frame *f)
{
    struct gw *gw = ((struct worker *)ch->data)->data;
    struct mp_out o;
    struct dom_head d;

    worker_heard(f);
    mp_out_init(&o, 2 * FRAME_BODY_MAX);
    if (f->h.flags & FRAME_DOM && !dom_expand(f, &o, &d)) {
        log_warn("a domain that cannot be read, dropped");
        f->body_len = 0;        /* an answer is told as malformed, and so is an event */
    }
    if (f->h.kind == FRAME_REPLY || f->h.kind == FRAME_ERROR)
        call_answer(gw, f);
    else if (f->h.op == OP_IN(IN_SERVE))
        gw_born(gw, f);
    else if (f->h.op == OP_IN(IN_EPOCH)) {
        gw->serve.access = gw_is_admin(gw) ? 0 : (uint32_t)f->h.object;
        /* With a serial: that call only, which had to wait for its object.  Without: a new supervisor, which knows of none. */
        if (!f->h.serial)
            events_subscribe(gw, true);
        call_resend(gw, f->h.serial);
    } else if (f->h.op == OP_IN(IN_QUIT))
        gw_end(gw, "ended by the daemon");
    else if (f->h.op == OP_IN(IN_LEASE_LOST))
        lock_event(gw, f);
    else if (f->h.kind == FRAME_EVENT && OP_PROG(f->h.op) != PROG_INTERNAL && gw->serve.access && f->h.flags & FRAME_DOM && f->body_len)
        access_event(gw, &d, f);
    else if (f->h.kind == FRAME_EVENT && OP_PROG(f->h.op) != PROG_INTERNAL)
        events_frame(gw, f);
    mp_out_free(&o);
    gw_pump(gw);
}

#ifndef GATEWAY_NO_MAIN
int main(void)
{
    static struct gw gw;

    worker_birth(&gw.w, ROLE_GATEWAY);
    gw_init(&gw);
    worker_lock(&gw.w);
    gw.w.chan.on_frame = gw_frame;
    int r = worker_run(&gw.w);
    gw_free(&gw);
    return r;
}
#endif
