/* qemu-fuzz.h: a qemu worker whose supervisor, QEMU and guest are the harness. */
#ifndef BULKHEAD_QEMU_FUZZ_H
#define BULKHEAD_QEMU_FUZZ_H
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "ipc/log.h"
#include "ipc/util.h"
#include "workers/qemu/migrate.h"
#include "workers/qemu/ops.h"
#include "workers/qemu/stats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct worker fuzz_worker;
static struct guest fuzz_guest;
static struct tree *fuzz_tree;
static int fuzz_supervisor = -1;

/* The worker's warnings about what it is told are of no interest here. */
int log_threshold;
void log_init(const char *tag) { (void)tag; }
void log_line(int level, const char *fmt, ...) { (void)level; (void)fmt; }

static void fuzz_frame(struct chan *c, struct frame *f) { (void)c; (void)f; }
static void fuzz_end(struct chan *c, int err) { (void)c; (void)err; }

static struct tree *fuzz_device(struct tree *devices, const char *name, const char *alias)
{
    struct tree *d = tree_add(devices, name);
    tree_set_attr(tree_add(d, "alias"), "name", "%s", alias);
    return d;
}

static void fuzz_once(void)
{
    int pair[2];
    if (fuzz_tree)
        return;
    if (loop_init() || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) || chan_open(&fuzz_worker.chan, pair[0], 4096, fuzz_frame, fuzz_end, NULL))
        abort();
    fuzz_supervisor = pair[1];
    struct tree *dom = fuzz_tree = tree_new("domain");
    tree_set_attr(dom, "id", "1");
    tree_add_text(dom, "name", "g");
    tree_add_text(dom, "uuid", "11111111-1111-1111-1111-111111111111");
    tree_add_text(dom, "memory", "262144");
    tree_set_attr(tree_add(dom, "clock"), "offset", "variable");
    struct tree *devices = tree_add(dom, "devices");
    struct tree *disk = fuzz_device(devices, "disk", "virtio-disk0"), *a = tree_add(disk, "address");
    tree_set_attr(tree_add(disk, "target"), "dev", "vda");
    tree_set_attr(tree_add(disk, "source"), "file", "/d");
    tree_set_attr(tree_get(disk, "source"), "index", "1");
    tree_set_attr(a, "type", "pci");
    struct tree *channel = fuzz_device(devices, "channel", "channel0"), *target = tree_add(channel, "target");
    tree_set_attr(target, "type", "virtio");
    tree_set_attr(target, "name", "org.qemu.guest_agent.0");
    fuzz_device(devices, "memballoon", "balloon0");
}

/* A guest that is up. Its monitor's other end is returned. */
static int fuzz_begin(void)
{
    int pair[2];
    struct err e = ERR_INIT;
    struct guest *g = &fuzz_guest;
    fuzz_once();
    *g = (struct guest){ .w = &fuzz_worker, .tree = tree_copy(fuzz_tree), .proc_fd = -1, .cgroup_fd = -1, .checkpoint_fd = -1, .scratch_rw = -1, .scratch_wo = -1, .restore_fd = -1, .manifest_fd = -1, .grants_fd = -1, .phase = PHASE_UP, .state = DOM_RUNNING };
    fuzz_worker.data = g;
    agent_init(&g->agent, true);
    g->agent.sync_id = 0;
    guest_hook_qmp(g);
    if (guest_set_identity(g, &e) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) || qmp_open(&g->qmp, pair[0], false, 0))
        abort();
    return pair[1];
}

/* Calls an operation with these arguments (a msgpack array without the domain in front is completed here). */
__attribute__((unused)) static void fuzz_call(void (*fn)(struct worker *, const struct request *, struct frame *), uint32_t op, const void *args, size_t n, unsigned count)
{
    struct mp_out o;
    struct request rq = { .op = op, .serial = 1, .origin = 1, .arg = n ? ((const uint8_t *)args)[n - 1] : 0 /* the flags come last, and are below 128 */ };
    mp_out_init(&o, 65536);
    mp_array(&o, count + 1);
    mp_nil(&o);
    mp_raw(&o, args, n);
    struct frame f = { .h.op = op, .body = o.p, .body_len = o.len };
    fn(&fuzz_worker, &rq, &f);
    mp_out_free(&o);
}
#define FUZZ_CALL(fn, op, args, count) fuzz_call(fn, op, args, sizeof(args) - 1, count)

static void fuzz_drain(int fd)
{
    char buf[65536];
    while (recv(fuzz_supervisor, buf, sizeof buf, MSG_DONTWAIT) >= 0)
        ;
    while (recv(fd, buf, sizeof buf, MSG_DONTWAIT) > 0)
        ;
}

/* Says data to the worker's end behind fd, as fast as it is read. */
static void fuzz_say(int fd, const uint8_t *data, size_t size)
{
    for (size_t at = 0; at < size;) {
        ssize_t n = send(fd, data + at, size - at < 32768 ? size - at : 32768, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0)
            break;
        at += (size_t)n;
        loop_once(0);
        fuzz_drain(fd);
    }
    for (int i = 0; i < 4; i++)
        loop_once(0);
    fuzz_drain(fd);
}

static void fuzz_finish(int fd)
{
    struct guest *g = &fuzz_guest;
    close(fd);
    for (int i = 0; i < 3; i++)
        loop_once(0);
    agent_close(&g->agent);
    qmp_close(&g->qmp);
    if (g->saving) {                    /* what a QEMU that has gone was asked to go on with */
        loop_cancel(&g->saving->again);
        util_closep(&g->saving->fd);
        free(g->saving);
    }
    loop_cancel(&g->ask_again);
    loop_cancel(&g->save_later);
    loop_cancel(&g->send_later);
    loop_cancel(&g->clean_again);
    loop_cancel(&g->clean_late);
    loop_cancel(&g->tell_again);
    if (g->plug || g->later)
        abort();                        /* answered, too */
    json_decref(g->cleanup);
    json_decref(g->gone);
    if (g->manifest_fd >= 0)
        close(g->manifest_fd);
    if (g->grants_fd >= 0)
        close(g->grants_fd);
    if (g->stats && (g->stats->waits || g->stats->asking))
        abort();                        /* everything asked for was answered */
    stats_free(g);
    free(g->tids);
    tree_free(g->tree);
    fuzz_drain(fuzz_supervisor);
}
#endif
