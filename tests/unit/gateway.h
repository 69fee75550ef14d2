/* gateway.h: a gateway with both its ends in the test's hands: the client's socket and the supervisor's end of the channel. */
#ifndef BULKHEAD_TEST_GATEWAY_H
#define BULKHEAD_TEST_GATEWAY_H
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include "ipc/frame.h"
#include "tests/tap.h"
#include "workers/gateway/gateway.h"

static struct gw *gw;                   /* heap, so that tools see what is left */
static int client = -1, super = -1;     /* our ends */
static struct index pages;
static uint8_t frame_buf[FRAME_BODY_MAX];
static bool said_open;

static void test_chan_end(struct chan *c, int err)
{
    (void)err;
    chan_close(c);
}

/* One guest in the index page. */
__attribute__((unused))
static uint64_t guest_put(uint32_t slot, const char *name, uint8_t mark, int32_t id, int32_t state, uint32_t flags)
{
    struct index_slot *s = index_begin(&pages, slot);
    s->gen = 7;
    s->used = 1;
    s->id = id;
    memset(s->uuid, mark, 16);
    snprintf(s->name, sizeof s->name, "%s", name);
    s->state = state;
    s->reason = 1;
    s->flags = flags;
    s->now.vcpus = s->now.vcpus_max = 1;
    s->now.mem_kib = s->now.mem_max_kib = 262144;
    s->cpu_time_ns = 5;
    index_end(&pages, slot);
    return object_make(slot, 7);
}

/* Whose gateway it is. */
static struct layout gateway_layout = { .id = DAEMON_QEMUD, .daemon = "virtqemud" };

static void gateway_start(struct serve serve)
{
    int rw, ro, c[2], f[2];
    if (index_create(&rw, &ro) < 0 || index_map(&pages, rw, true) < 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, c) < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, f) < 0)
        exit(99);
    snprintf(pages.head->hostname, sizeof pages.head->hostname, "vm");
    pages.head->qemu_version = 7002022;
    gw = calloc(1, sizeof *gw);
    gw->w.data = gw;
    gw->conn.fd = -1;
    gw->layout = gateway_layout;
    gw->set.max_client_requests = gw->set.admin_max_client_requests = 5;
    if (index_map(&gw->ix, ro, false) < 0 || chan_open(&gw->w.chan, f[0], 64, gw_frame, test_chan_end, &gw->w) < 0)
        exit(99);
    close(rw);
    close(ro);
    client = c[1];
    super = f[1];
    said_open = false;
    fcntl(client, F_SETFL, O_NONBLOCK);
    fcntl(super, F_SETFL, O_NONBLOCK);
    if (gw_serve(gw, &serve, c[0]) < 0)
        exit(99);
}

static void gateway_stop(void)
{
    gw_free(gw);
    chan_close(&gw->w.chan);
    munmap(pages.head, INDEX_BYTES);
    munmap(gw->ix.head, INDEX_BYTES);
    free(gw);
    close(client);
    close(super);
    client = super = -1;
}

/* Everything that can happen without further input happens: local sockets deliver at once. */
static void turn(void)
{
    for (int i = 0; i < 8; i++)
        loop_once(0);
}

static bool readable(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    return poll(&p, 1, 0) == 1;
}

/* Sends bytes as the client, all of them, letting the gateway read on the way. */
__attribute__((unused))
static bool client_send(const void *p, size_t n)
{
    while (n) {
        ssize_t k = send(client, p, n, MSG_NOSIGNAL);
        if (k < 0 && errno != EAGAIN)
            return false;
        if (k > 0) {
            p = (const char *)p + k;
            n -= (size_t)k;
        }
        turn();
    }
    turn();
    return true;
}

/* What the gateway sent, at most n bytes. */
__attribute__((unused))
static size_t client_get(void *p, size_t n)
{
    size_t have = 0;
    while (have < n) {
        ssize_t k = recv(client, (char *)p + have, n - have, 0);
        if (k <= 0)
            break;
        have += (size_t)k;
        turn();
    }
    return have;
}

__attribute__((unused))
static bool client_ended(void)
{
    char b;
    turn();
    return recv(client, &b, 1, MSG_PEEK) == 0;
}

/* The next frame that the gateway sent; false: none. */
__attribute__((unused))
static bool super_get(struct frame *f)
{
    static const uint64_t none[2];
    turn();
    bool came = readable(super) && frame_recv(super, f, frame_buf, sizeof frame_buf) == 1 && frame_body(f, FRAME_BIG_MAX) == 0;
    /* Whoever opens a connection says so by asking for no events. */
    if (came && !said_open && f->h.op == OP_IN(IN_SUBSCRIBE) && !memcmp(f->body, none, sizeof none)) {
        said_open = true;
        return super_get(f);
    }
    return came;
}

__attribute__((unused))
static void super_put(uint8_t kind, uint32_t op, uint32_t serial, uint32_t arg, const void *body, size_t len, const int *fds, unsigned nfds)
{
    struct frame_head h = { .kind = kind, .op = op, .serial = serial, .arg = arg };
    if (frame_send(super, &h, body, len, fds, nfds) < 0)
        tap_note("frame not sent");
    turn();
}
#endif
