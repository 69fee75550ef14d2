/* gateway-fuzz.h: a gateway in front of a client that the fuzzer plays, and of a supervisor that answers some calls with noise.
 *
 * Input: a first byte of choices (daemon, door, authentication, how the supervisor answers), then what the client sends, cut where a byte
 * 0xff 0xfe stands: between two pieces the supervisor has its turn.  Nothing may leak, hang, crash, or reach another descriptor. */
#ifndef BULKHEAD_GATEWAY_FUZZ_H
#define BULKHEAD_GATEWAY_FUZZ_H
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include "workers/gateway/gateway.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct index fuzz_index, fuzz_view;

static void fuzz_chan_end(struct chan *c, int err)
{
    (void)err;
    chan_close(c);
}

/* Two guests, one of them running, as long as the harness lives. */
static void fuzz_init(void)
{
    int rw, ro;
    if (fuzz_index.head)
        return;
    if (loop_init() < 0 || index_create(&rw, &ro) < 0 || index_map(&fuzz_index, rw, true) < 0 || index_map(&fuzz_view, ro, false) < 0)
        abort();
    for (uint32_t i = 0; i < 2; i++) {
        struct index_slot *s = index_begin(&fuzz_index, i);
        s->gen = 1;
        s->used = 1;
        s->id = i ? -1 : 1;
        s->state = i ? 5 : 1;
        s->flags = SLOT_PERSISTENT;
        memset(s->uuid, 0x11, sizeof s->uuid);
        s->uuid[0] = (uint8_t)i;
        memcpy(s->name, i ? "two" : "one", 4);
        index_end(&fuzz_index, i);
    }
    memcpy(fuzz_index.head->hostname, "vm", 3);
    fuzz_index.head->qemu_version = 7002000;
}

static void fuzz_turn(void)
{
    for (int i = 0; i < 4; i++)
        loop_once(0);
}

/* The supervisor: answers what it was asked, with success, an error, or the client's own bytes as results; sends an event. */
__attribute__((unused))
static void fuzz_super(int super, unsigned choice, const uint8_t *noise, size_t n)
{
    static uint8_t buf[FRAME_BODY_MAX];
    struct frame f;
    while (frame_recv(super, &f, buf, sizeof buf) == 1) {
        struct frame_head h = { .kind = FRAME_REPLY, .op = f.h.op, .serial = f.h.serial };
        int s[2] = { -1, -1 };
        if (f.h.kind == FRAME_CALL && choice & 1 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, s) == 0) {
            frame_send(super, &h, "\x90", 1, &s[0], 1);
            if (write(s[1], "from the guest", 14) < 0)
                abort();
        } else if (f.h.kind == FRAME_CALL) {
            frame_send(super, &h, noise, n < FRAME_BODY_MAX ? n : FRAME_BODY_MAX, NULL, 0);
        }
        fuzz_turn();
        if (s[0] >= 0) {
            close(s[0]);
            close(s[1]);
        }
        frame_done(&f);
    }
    struct frame_head ev = { .kind = FRAME_EVENT, .op = OP_REMOTE_DOMAIN_EVENT_CALLBACK_LIFECYCLE };
    frame_send(super, &ev, "\x93\x93\xa3one\xc4\x10\x00\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x01\x02\x00", 27, NULL, 0);
    struct frame_head lost = { .kind = FRAME_EVENT, .op = OP_IN(IN_LEASE_LOST), .arg = LEASE_LOST_EVENT };
    frame_send(super, &lost, noise, n < FRAME_BODY_MAX ? n : FRAME_BODY_MAX, NULL, 0);
    if (choice & 2) {
        struct frame_head epoch = { .kind = FRAME_EVENT, .op = OP_IN(IN_EPOCH) };
        frame_send(super, &epoch, NULL, 0, NULL, 0);
    }
    fuzz_turn();
}

static void fuzz_drain(int client)
{
    static char buf[65536];
    while (recv(client, buf, sizeof buf, MSG_DONTWAIT) > 0)
        fuzz_turn();
}

struct fuzz { struct gw *gw; int client, super; };      /* our ends */

static void fuzz_begin(struct fuzz *z, unsigned choice)
{
    int c[2], f[2];
    fuzz_init();
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, c) < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, f) < 0)
        abort();
    struct gw *gw = calloc(1, sizeof *gw);
    struct serve s = { .uid = choice & 4 ? 0 : 1000, .need_auth = choice & 8 ? AUTH_POLKIT : AUTH_NONE, .door = choice & 16 ? DOOR_ADMIN : (choice & 160) == 32 ? DOOR_RO : DOOR_RW };
    gw->w.data = gw;
    gw->conn.fd = -1;
    gw->set.max_client_requests = gw->set.admin_max_client_requests = 5;
    gw->ix = fuzz_view;
    gw->layout.id = choice & 128 ? (choice & 32 ? DAEMON_LOGD : DAEMON_LOCKD) : DAEMON_QEMUD;     /* those two have no door for reading */
    if (chan_open(&gw->w.chan, f[0], 64, gw_frame, fuzz_chan_end, &gw->w) < 0 || gw_serve(gw, &s, c[0]) < 0)
        abort();
    *z = (struct fuzz){ gw, c[1], f[1] };
}

static void fuzz_end(struct fuzz *z)
{
    close(z->client);
    fuzz_turn();
    gw_free(z->gw);
    chan_close(&z->gw->w.chan);
    close(z->super);
    free(z->gw);
}

__attribute__((unused))
static void fuzz_client(const uint8_t *data, size_t size)
{
    struct fuzz z;
    unsigned choice = size ? *data++ : 0;
    size -= size != 0;
    fuzz_begin(&z, choice);
    while (size) {
        const uint8_t *cut = memmem(data, size, "\xff\xfe", 2);
        size_t n = cut ? (size_t)(cut - data) : size;
        size_t done = 0;
        while (done < n && !z.gw->ended) {
            ssize_t k = send(z.client, data + done, n - done, MSG_NOSIGNAL | MSG_DONTWAIT);
            done += k > 0 ? (size_t)k : 0;
            fuzz_turn();
            if (k <= 0)
                break;              /* it reads no more of this client now */
        }
        fuzz_super(z.super, choice, data, n);
        fuzz_drain(z.client);
        data += n + (cut ? 2 : 0);
        size -= n + (cut ? 2 : 0);
    }
    fuzz_end(&z);
}
#endif
