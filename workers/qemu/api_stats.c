/* api_stats.c: calls that tell counters. */
#include "config.h"
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ipc/manifest.h"
#include "ipc/util.h"
#include "workers/tree-marks.h"
#include "workers/qemu/ops.h"
#include "workers/qemu/stats.h"
#include "workers/typed.h"

#define PARAMS_BYTES_MAX (8u << 20)

/* ---- groups of domstats ---- */
enum { GROUP_STATE = 1, GROUP_CPU = 2, GROUP_BALLOON = 4, GROUP_VCPU = 8, GROUP_NET = 16, GROUP_BLOCK = 32, GROUP_PERF = 64, GROUP_IOTHREAD = 128,
    GROUP_MEMORY = 256, GROUP_DIRTY = 512, GROUP_VM = 1024, GROUPS_ALL = 2047 };
#define STATS_NOWAIT 0x20000000u
#define STATS_BACKING 0x40000000u
#define STATS_ENFORCE 0x80000000u

static void group_state(struct guest *g, struct typed_out *p, uint32_t flags)
{
    (void)flags;
    typed_put_int(p, g->state, "state.state");
    typed_put_int(p, g->reason, "state.reason");
}

static void group_cpu(struct guest *g, struct typed_out *p, uint32_t flags)
{
    uint64_t user, sys, total = guest_cpu_time(g, &user, &sys);
    (void)flags;
    typed_put_ullong(p, total, "cpu.time");
    typed_put_ullong(p, user, "cpu.user");
    typed_put_ullong(p, sys, "cpu.system");
    typed_put_uint(p, 0, "cpu.cache.monitor.count");
    typed_put_ullong(p, 0, "cpu.haltpoll.success.time");
    typed_put_ullong(p, 0, "cpu.haltpoll.fail.time");
}

uint64_t balloon_now(struct guest *g)
{
    uint64_t kib = g->has_balloon && g->balloon_kib ? g->balloon_kib : tree_kib(g->tree, g->has_balloon ? "currentMemory" : "memory");
    return kib ? kib : tree_kib(g->tree, "memory");
}

static void group_balloon(struct guest *g, struct typed_out *p, uint32_t flags)
{
    static const struct { uint8_t tag; const char *name; } rows[] = {
        { 0, "swap_in" }, { 1, "swap_out" }, { 2, "major_fault" }, { 3, "minor_fault" }, { 4, "unused" }, { 5, "available" }, { 8, "usable" },
        { 9, "last-update" }, { 10, "disk_caches" }, { 11, "hugetlb_pgalloc" }, { 12, "hugetlb_pgfail" },
    };
    (void)flags;
    typed_put_ullong(p, balloon_now(g), "balloon.current");
    typed_put_ullong(p, tree_kib(g->tree, "memory"), "balloon.maximum");
    for (size_t i = 0; g->stats && i < ARRAY_N(rows); i++)
        if (g->stats->mem_known & 1u << rows[i].tag)
            typed_put_ullong(p, g->stats->mem[rows[i].tag], "balloon.%s", rows[i].name);
    typed_put_ullong(p, stats_rss_kib(g), "balloon.rss");
}

/* Times of one vCPU's thread in ns: run, wait (scheduler's sum, where the kernel keeps it), delay (runnable, not running). */
void vcpu_times(struct guest *g, uint32_t i, uint64_t *run, uint64_t *waited, uint64_t *delay)
{
    char name[64], buf[2048];
    uint64_t user = 0, sys = 0;
    unsigned long long r, d;
    *run = *waited = *delay = 0;
    int32_t tid = vcpu_thread(g, i);
    if (!tid)
        return;
    snprintf(name, sizeof name, "task/%d/stat", tid);
    if (!task_times(g, name, &user, &sys))
        *run = user + sys;
    snprintf(name, sizeof name, "task/%d/schedstat", tid);
    if (!read_small(g->proc_fd, name, buf, sizeof buf) && sscanf(buf, "%llu %llu", &r, &d) == 2)
        *delay = d;
    snprintf(name, sizeof name, "task/%d/sched", tid);
    if (read_small(g->proc_fd, name, buf, sizeof buf))
        return;
    const char *w = strstr(buf, "wait_sum"), *colon = w ? strchr(w, ':') : NULL;
    double ms = colon ? strtod(colon + 1, NULL) : 0;
    if (ms > 0 && ms < 1e12)
        *waited = (uint64_t)(ms * 1e6);
}

static void group_vcpu(struct guest *g, struct typed_out *p, uint32_t flags)
{
    (void)flags;
    typed_put_uint(p, vcpus_now(g), "vcpu.current");
    typed_put_uint(p, vcpus_max(g), "vcpu.maximum");
    for (uint32_t i = vcpu_next(g, 0); i != UINT32_MAX; i = vcpu_next(g, i + 1)) {
        uint64_t run, waited, delay;
        vcpu_times(g, i, &run, &waited, &delay);
        typed_put_int(p, 1, "vcpu.%u.state", i);
        typed_put_ullong(p, run, "vcpu.%u.time", i);
        typed_put_ullong(p, waited, "vcpu.%u.wait", i);
        typed_put_ullong(p, delay, "vcpu.%u.delay", i);
    }
}

int net_counts(struct guest *g, const struct tree *nic, struct net_counts *c)
{
    static const char *const names[] = { "bytes", "packets", "errors", "dropped" };
    int dir = guest_counter(g, nic);
    /* A tap's other end is the guest; a macvtap stands in the guest's place. */
    const bool macvtap = tree_attr_is(nic, "type", "direct") || tree_attr_is(nic, MARK_ACTUAL, "direct");
    if (dir < 0)
        return -1;
    for (size_t i = 0; i < ARRAY_N(names); i++) {
        char name[32], buf[32];
        snprintf(name, sizeof name, macvtap ? "rx_%s" : "tx_%s", names[i]);
        c->rx[i] = read_small(dir, name, buf, sizeof buf) ? 0 : strtoull(buf, NULL, 10);
        snprintf(name, sizeof name, macvtap ? "tx_%s" : "rx_%s", names[i]);
        c->tx[i] = read_small(dir, name, buf, sizeof buf) ? 0 : strtoull(buf, NULL, 10);
    }
    return 0;
}

static void group_net(struct guest *g, struct typed_out *p, uint32_t flags)
{
    static const char *const names[] = { "bytes", "pkts", "errs", "drop" };
    uint32_t n = 0;
    struct tree *devices = tree_get(g->tree, "devices");
    (void)flags;
    TREE_EACH(nic, devices, "interface")
        n++;
    typed_put_uint(p, n, "net.count");
    n = 0;
    TREE_EACH(nic, devices, "interface") {
        struct net_counts c;
        const char *dev = tree_path_attr(nic, "target", "dev");
        if (dev)
            typed_put_str(p, dev, "net.%u.name", n);
        if (dev && !net_counts(g, nic, &c)) {
            for (unsigned i = 0; i < ARRAY_N(names); i++)
                typed_put_ullong(p, c.rx[i], "net.%u.rx.%s", n, names[i]);
            for (unsigned i = 0; i < ARRAY_N(names); i++)
                typed_put_ullong(p, c.tx[i], "net.%u.tx.%s", n, names[i]);
        }
        n++;
    }
}

static void block_counts(struct typed_out *p, const struct block_counts *c, uint32_t i)
{
    typed_put_ullong(p, c->rd_req, "block.%u.rd.reqs", i);
    typed_put_ullong(p, c->rd_bytes, "block.%u.rd.bytes", i);
    typed_put_ullong(p, c->rd_ns, "block.%u.rd.times", i);
    typed_put_ullong(p, c->wr_req, "block.%u.wr.reqs", i);
    typed_put_ullong(p, c->wr_bytes, "block.%u.wr.bytes", i);
    typed_put_ullong(p, c->wr_ns, "block.%u.wr.times", i);
    typed_put_ullong(p, c->fl_req, "block.%u.fl.reqs", i);
    typed_put_ullong(p, c->fl_ns, "block.%u.fl.times", i);
}

static void block_sizes(struct typed_out *p, const struct block_node *b, uint32_t i)
{
    typed_put_ullong(p, b->highest, "block.%u.allocation", i);
    typed_put_ullong(p, b->capacity, "block.%u.capacity", i);
    typed_put_ullong(p, b->physical ? b->physical : b->file_size ? b->file_size : b->capacity, "block.%u.physical", i);
    if (b->threshold)
        typed_put_ullong(p, b->threshold, "block.%u.threshold", i);
}

/* el: the disk, or what is below it. */
static void block_head(struct typed_out *p, uint32_t i, const char *dst, const struct tree *el, const char *index)
{
    uint64_t v;
    typed_put_str(p, dst ? dst : "", "block.%u.name", i);
    typed_put_str(p, tree_attr_is(el, "type", "network") ? NULL : disk_source(el), "block.%u.path", i);
    if (index && !tree_parse_uint(index, 10, UINT32_MAX, &v))
        typed_put_uint(p, v, "block.%u.backingIndex", i);
}

/* The image of a disk, and of its backing files where asked. Returns the number of records. */
static uint32_t one_disk(struct guest *g, struct typed_out *p, struct tree *disk, uint32_t i, bool with_backing)
{
    struct block_drive *d = stats_drive(g, disk);
    const char *dst = tree_path_attr(disk, "target", "dev");
    struct stats *s = g->stats;
    uint32_t n = 1;
    block_head(p, i, dst, disk, disk_source(disk) ? tree_path_attr(disk, "source", "index") : NULL);
    if (d)
        block_counts(p, &d->n, i);
    if (d && d->has_node)
        block_sizes(p, &s->nodes[d->node], i);
    if (!with_backing)
        return n;
    uint32_t node = d && d->has_node ? d->node : UINT32_MAX;
    for (struct tree *b = tree_get(disk, "backingStore"); b && tree_get(b, "source"); b = tree_get(b, "backingStore"), n++) {
        uint32_t below = UINT32_MAX;
        for (uint32_t k = 0; s && node != UINT32_MAX && k < s->nnodes; k++)
            if (s->nodes[k].parent == node && k != node)
                below = k;
        node = below;
        block_head(p, i + n, dst, b, tree_attr(b, "index"));
        if (node != UINT32_MAX)
            block_sizes(p, &s->nodes[node], i + n);
    }
    return n;
}

static void group_block(struct guest *g, struct typed_out *p, uint32_t flags)
{
    /* The count stands first, and is known last. */
    struct typed_out all = { .n = 0 };
    uint32_t n = 0;
    mp_out_init(&all.o, PARAMS_BYTES_MAX);
    TREE_EACH(disk, tree_get(g->tree, "devices"), "disk")
        n += one_disk(g, &all, disk, n, flags & STATS_BACKING);
    typed_put_uint(p, n, "block.count");
    mp_raw(&p->o, all.o.p, all.o.len);
    p->o.failed |= all.o.failed;
    p->n += all.n;
    mp_out_free(&all.o);
}

/* The event's descriptor waits in a socket (supervisor/hand_perf.h), where the next instance finds it as well. */
static int event_count(int from, uint64_t *v)
{
    union { struct cmsghdr h; char b[CMSG_SPACE(sizeof(int))]; } ctl;
    char byte;
    struct iovec iov = { &byte, 1 };
    struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &ctl, .msg_controllen = sizeof ctl };
    if (from < 0 || recvmsg(from, &m, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != 1)
        return -1;
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    AUTO_CLOSE fd = -1;
    if (c && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof fd))
        memcpy(&fd, CMSG_DATA(c), sizeof fd);
    return fd >= 0 && read(fd, v, sizeof *v) == sizeof *v ? 0 : -1;
}

static void group_perf(struct guest *g, struct typed_out *p, uint32_t flags)
{
    uint64_t v;
    TREE_EACH(event, tree_get(g->tree, "perf"), "event")
        if (!event_count(guest_counter(g, event), &v))
            typed_put_ullong(p, v, "perf.%s", tree_attr(event, "name"));
}

static void group_iothread(struct guest *g, struct typed_out *p, uint32_t flags)
{
    uint64_t n;
    (void)flags;
    if (!tree_parse_uint(tree_text(g->tree, "iothreads"), 10, UINT32_MAX, &n) && n)
        typed_put_uint(p, n, "iothread.count");
    for (uint32_t i = 0; g->stats && i < g->stats->niothreads; i++) {
        const struct iothread_poll *t = &g->stats->iothreads[i];
        typed_put_ullong(p, t->max_ns, "iothread.%u.poll-max-ns", t->id);
        typed_put_uint(p, t->grow, "iothread.%u.poll-grow", t->id);
        typed_put_uint(p, t->shrink, "iothread.%u.poll-shrink", t->id);
    }
}

static void group_dirty(struct guest *g, struct typed_out *p, uint32_t flags)
{
    struct stats *s = g->stats;
    (void)flags;
    if (!s || !s->dirty_known)
        return;
    typed_put_int(p, s->dirty_status, "dirtyrate.calc_status");
    typed_put_llong(p, s->dirty_start, "dirtyrate.calc_start_time");
    typed_put_int(p, s->dirty_period, "dirtyrate.calc_period");
    typed_put_str(p, s->dirty_mode, "dirtyrate.calc_mode");
    if (s->dirty_status == DIRTY_MEASURED)
        typed_put_llong(p, (int64_t)s->dirty_mbps, "dirtyrate.megabytes_per_second");
}

static const struct { uint32_t bit; unsigned parts; void (*fn)(struct guest *g, struct typed_out *p, uint32_t flags); } groups[] = {
    { GROUP_STATE, 0, group_state }, { GROUP_CPU, 0, group_cpu }, { GROUP_BALLOON, PART_BALLOON, group_balloon }, { GROUP_VCPU, 0, group_vcpu },
    { GROUP_NET, 0, group_net }, { GROUP_BLOCK, PART_BLOCKS | PART_SIZES, group_block }, { GROUP_PERF, 0, group_perf }, { GROUP_IOTHREAD, PART_IOTHREADS, group_iothread }, { GROUP_DIRTY, PART_DIRTY, group_dirty },
};

struct bulk { uint32_t which, flags; };

static void on_bulk(struct guest *g, void *data, const struct err *e)
{
    struct call *c = data;
    struct bulk *b = c->extra;
    struct typed_out p = { .n = 0 };
    struct mp_out o;
    mp_out_init(&p.o, PARAMS_BYTES_MAX);
    for (size_t i = 0; i < ARRAY_N(groups); i++)
        if (b->which & groups[i].bit)
            groups[i].fn(g, &p, b->flags);
    if (e)                              /* QEMU did not answer in time: what is told is what it said last */
        typed_put_bool(&p, true, "bulkhead.stale");
    mp_out_init(&o, PARAMS_BYTES_MAX);
    mp_array(&o, 1);                    /* the reply's one field: */
    mp_array(&o, 1);                    /* one record of the list */
    mp_array(&o, 2);
    mp_array(&o, 3);
    mp_str(&o, g->name);
    mp_bin(&o, g->uuid, sizeof g->uuid);
    mp_int(&o, g->id);
    typed_out_end(&p, &o);
    call_out(c, &o);
}

/* [domains, stats, flags]: the gateway asks each guest for its own record. */
OP_FN(api_domain_stats)
{
    struct guest *g = w->data;
    struct mp_in in;
    if (worker_args(w, rq, f, &in))
        return;
    mp_skip(&in);
    uint32_t which = mp_get_u32(&in), flags = mp_get_u32(&in);
    unsigned parts = 0;
    if (call_end_args(g, rq, &in))
        return;
    if (!which)
        which = GROUPS_ALL;
    else if (which & ~(uint32_t)GROUPS_ALL && flags & STATS_ENFORCE) {
        reply_err(g, rq, VIR_ERR_ARGUMENT_UNSUPPORTED, "Stats types bits 0x%x are not supported by this daemon or QEMU", which & ~(uint32_t)GROUPS_ALL);
        return;
    }
    for (size_t i = 0; i < ARRAY_N(groups); i++)
        if (which & groups[i].bit)
            parts |= groups[i].parts;
    struct call *c = call_new(g, rq);
    *(struct bulk *)call_extra(c, sizeof(struct bulk)) = (struct bulk){ which, flags };
    if (flags & STATS_NOWAIT && g->qmp.pending)
        on_bulk(g, c, NULL);
    else
        stats_want(g, parts, true, on_bulk, c);
}

/* ---- one drive ---- */

struct drive_ask { char path[4096]; uint32_t nparams; };

/* Sum over all drives for the empty path. NULL with the call answered. */
static const struct block_counts *drive_counts(struct call *c, struct block_counts *sum)
{
    struct guest *g = c->g;
    struct drive_ask *a = c->extra;
    *sum = (struct block_counts){ 0 };
    if (!*a->path) {
        for (uint32_t i = 0; g->stats && i < g->stats->ndrives; i++) {
            const uint64_t *from = (const uint64_t *)&g->stats->drives[i].n;
            uint64_t *to = (uint64_t *)sum;
            for (size_t k = 0; k < sizeof *sum / sizeof *to; k++)
                to[k] += from[k];
        }
        return sum;
    }
    struct tree *disk = guest_disk(g, a->path);
    struct block_drive *d = disk ? stats_drive(g, disk) : NULL;
    if (!disk)
        call_failf(c, VIR_ERR_INVALID_ARG, "invalid path: %s", a->path);
    else if (tree_attr_is(disk, "type", "vhostuser"))
        call_failf(c, VIR_ERR_OPERATION_UNSUPPORTED, "block stats are not supported for vhostuser disk");
    else if (!d)
        call_failf(c, VIR_ERR_INTERNAL_ERROR, "cannot find statistics for device '%s'", a->path);
    return d ? &d->n : NULL;
}

static void on_block_stats(struct guest *g, void *data, const struct err *e)
{
    struct call *c = data;
    struct block_counts sum;
    struct mp_out o;
    (void)g;
    if (e) {
        call_fail(c, e);
        return;
    }
    const struct block_counts *n = drive_counts(c, &sum);
    if (!n)
        return;
    mp_out_init(&o, 256);
    mp_array(&o, 5);
    mp_uint(&o, n->rd_req);
    mp_uint(&o, n->rd_bytes);
    mp_uint(&o, n->wr_req);
    mp_uint(&o, n->wr_bytes);
    mp_int(&o, -1);
    call_out(c, &o);
}

OP_ARGS(api_block_stats)
{
    struct call *c = call_new(g, rq);
    struct drive_ask *a = call_extra(c, sizeof *a);
    mp_get_strz(&in, a->path, sizeof a->path);
    if (call_end_args(g, rq, &in) || call_need_up(g, rq))
        call_drop(c);
    else
        stats_want(g, PART_BLOCKS, false, on_block_stats, c);
}

enum { DRIVE_PARAMS = 8, TYPED_STRING_OKAY = 4 };

static void on_block_stats_flags(struct guest *g, void *data, const struct err *e)
{
    struct call *c = data;
    struct drive_ask *a = c->extra;
    struct block_counts sum;
    struct typed_out p = { .n = 0 };
    struct mp_out o;
    if (e) {
        call_fail(c, e);
        return;
    }
    const struct block_counts *n = drive_counts(c, &sum);
    if (!n)
        return;
    const struct { const char *name; uint64_t v; } rows[DRIVE_PARAMS] = {
        { "wr_bytes", n->wr_bytes }, { "wr_operations", n->wr_req }, { "rd_bytes", n->rd_bytes }, { "rd_operations", n->rd_req },
        { "flush_operations", n->fl_req }, { "wr_total_times", n->wr_ns }, { "rd_total_times", n->rd_ns }, { "flush_total_times", n->fl_ns },
    };
    uint32_t known = 0;         /* what QEMU told of no disk at all has no counters */
    TREE_EACH(d, tree_get(g->tree, "devices"), "disk")
        known = tree_attr_is(d, "type", "vhostuser") ? known : DRIVE_PARAMS;
    mp_out_init(&p.o, 4096);
    for (uint32_t i = 0; i < known && i < a->nparams; i++)
        typed_put_llong(&p, (int64_t)rows[i].v, "%s", rows[i].name);
    mp_out_init(&o, 8192);
    mp_array(&o, 2);
    uint32_t written = p.n;
    typed_out_end(&p, &o);
    mp_int(&o, a->nparams ? written : known);
    call_out(c, &o);
}

OP_ARGS(api_block_stats_flags)
{
    struct call *c = call_new(g, rq);
    struct drive_ask *a = call_extra(c, sizeof *a);
    mp_get_strz(&in, a->path, sizeof a->path);
    int32_t n = mp_get_i32(&in);
    mp_get_u32(&in);
    a->nparams = n > 0 ? (uint32_t)n : 0;
    if (call_end_args(g, rq, &in) || call_need_up(g, rq))
        call_drop(c);
    else
        stats_want(g, PART_BLOCKS, false, on_block_stats_flags, c);
}

/* Of a file QEMU knows whole sectors. As it was opened it had so many bytes: they are told as long as both agree. */
static uint64_t file_size(const struct guest *g, const struct tree *disk, uint64_t sectors)
{
    enum { SECTOR = 512 };
    struct grant it;
    uint64_t i;
    if (tree_attr_uint(tree_get(disk, "source"), MARK_MANIFEST, MANIFEST_ENTRIES_MAX - 1, &i) ||
        pread(g->grants_fd, &it, sizeof it, (off_t)(sizeof(struct grants_head) + i * sizeof it)) != sizeof it || it.index != i || !it.made || it.is_block)
        return sectors;
    return it.size <= sectors && sectors - it.size < SECTOR ? it.size : sectors;
}

static uint64_t physical_size(const struct guest *g, const struct tree *disk, const struct block_node *b)
{
    if (tree_attr_is(disk, "type", "dir"))      /* a folder has no size */
        return 0;
    return b->file_size && !tree_attr_is(disk, "type", "network") ? file_size(g, disk, b->file_size) : b->physical;
}

static void on_block_info(struct guest *g, void *data, const struct err *e)
{
    struct call *c = data;
    struct drive_ask *a = c->extra;
    struct tree *disk = guest_disk(g, a->path);
    struct block_drive *d = disk ? stats_drive(g, disk) : NULL;
    struct mp_out o;
    if (e)
        call_fail(c, e);
    else if (!disk)
        call_failf(c, VIR_ERR_INVALID_ARG, "invalid path %s not assigned to domain", a->path);
    else if (tree_attr_is(disk, "type", "vhostuser"))
        call_failf(c, VIR_ERR_OPERATION_UNSUPPORTED, "block info is not supported for vhostuser disk");
    else if (tree_path_attr(disk, "source", "fdgroup"))
        call_failf(c, VIR_ERR_OPERATION_UNSUPPORTED, "block info is not supported for FD passed disk image");
    else if (!disk_source(disk))
        call_failf(c, VIR_ERR_INVALID_ARG, "disk '%s' does not currently have a source assigned", a->path);
    else if (!d || !d->has_node)
        call_failf(c, VIR_ERR_INTERNAL_ERROR, "failed to gather stats for disk '%s'", tree_path_attr(disk, "target", "dev"));
    else {
        struct block_node *b = &g->stats->nodes[d->node];
        /* A file's blocks say what it takes; on a device only the furthest write does. */
        bool is_device = tree_attr_is(disk, "type", "block");
        mp_out_init(&o, 64);
        mp_array(&o, 3);
        mp_uint(&o, is_device ? b->highest : b->physical);
        mp_uint(&o, b->capacity);
        mp_uint(&o, physical_size(g, disk, b));
        call_out(c, &o);
    }
}

OP_ARGS(api_block_info)
{
    struct call *c = call_new(g, rq);
    struct drive_ask *a = call_extra(c, sizeof *a);
    mp_get_strz(&in, a->path, sizeof a->path);
    mp_get_u32(&in);
    if (call_end_args(g, rq, &in) || call_need_up(g, rq))
        call_drop(c);
    else
        stats_want(g, PART_BLOCKS | PART_SIZES, false, on_block_info, c);
}

/* Number of the image that "vda" or "vda[3]" names: its nodes are called by it. 0: there is none. */
static uint64_t image_number(struct guest *g, const char *dev)
{
    size_t n = strcspn(dev, "[");
    uint64_t wanted = dev[n] ? strtoull(dev + n + 1, NULL, 10) : 0, v = 0;
    TREE_EACH(disk, tree_get(g->tree, "devices"), "disk") {
        const char *dst = tree_path_attr(disk, "target", "dev");
        if (!dst || strlen(dst) != n || strncmp(dst, dev, n))
            continue;
        for (struct tree *t = disk; t; t = tree_first(t, "backingStore"))
            if (!tree_attr_uint(tree_first(t, "source"), "index", UINT32_MAX, &v) && (!wanted || v == wanted))
                return v;
    }
    return 0;
}

OP_ARGS(api_set_block_threshold)
{
    char dev[256], node[48];
    mp_get_strz(&in, dev, sizeof dev);
    uint64_t threshold = mp_get_uint(&in);
    mp_get_u32(&in);
    if (call_end_args(g, rq, &in) || call_need_up(g, rq))
        return;
    uint64_t number = image_number(g, dev);
    if (!number || threshold > INT64_MAX) {
        reply_err(g, rq, VIR_ERR_INVALID_ARG, number ? "threshold of '%s' is out of range" : "failed to find disk '%s'", dev);
        return;
    }
    stats_forget(g);
    util_format(node, sizeof node, "libvirt-%llu-storage", (unsigned long long)number);
    call_qmp(call_new(g, rq), "block-set-write-threshold", json_pack("{s:s, s:I}", "node-name", node, "write-threshold", (json_int_t)threshold), NULL);
}
