/* api_cpu.c: vCPUs, their places and times. */
#include "config.h"
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "ipc/util.h"
#include "workers/qemu/ops.h"
#include "workers/qemu/stats.h"
#include "workers/typed.h"

enum { AFFECT_LIVE = 1, AFFECT_CONFIG = 2, VCPU_MAXIMUM = 4, VCPU_GUEST = 8, TYPED_STRING_OKAY = 4, MAP_BYTES_MAX = 1024 };

uint32_t vcpus_max(struct guest *g)
{
    uint64_t v;
    return tree_parse_uint(tree_text(g->tree, "vcpu"), 10, GUEST_VCPUS_MAX, &v) ? 1 : (uint32_t)v;
}

uint32_t vcpus_now(struct guest *g)
{
    uint64_t v;
    if (g->vcpus)
        return g->vcpus;
    return tree_attr_uint(tree_get(g->tree, "vcpu"), "current", GUEST_VCPUS_MAX, &v) ? vcpus_max(g) : (uint32_t)v;
}

uint32_t vcpu_next(struct guest *g, uint32_t i)
{
    if (!g->tids)
        return i < vcpus_now(g) ? i : UINT32_MAX;
    while (i < g->ntids && !g->tids[i])
        i++;
    return i < g->ntids ? i : UINT32_MAX;
}

int32_t vcpu_thread(const struct guest *g, uint32_t i)
{
    return g->tids && i < g->ntids && g->tids[i] > 0 ? g->tids[i] : 0;
}

/* ---- CPU sets ---- */

int guest_parse_cpus(const char *s, uint8_t *map, size_t bytes)
{
    memset(map, 0, bytes);
    while (*s) {
        bool off = *s == '^';
        char *end;
        unsigned long from = strtoul(s + off, &end, 10), to = from;
        if (end == s + off)
            return -1;
        if (*end == '-') {
            s = end + 1;
            to = strtoul(s, &end, 10);
            if (end == s)
                return -1;
        }
        for (unsigned long i = from; i <= to && i < bytes * 8; i++)
            map[i / 8] = (uint8_t)(off ? map[i / 8] & ~(1u << i % 8) : map[i / 8] | 1u << i % 8);
        if (*end && *end != ',')
            return -1;
        s = *end ? end + 1 : end;
    }
    return 0;
}

/* Where a thread may run, from its status file: "Cpus_allowed_list:\t0-3". */
static void allowed(struct guest *g, const char *file, uint8_t *map, size_t bytes)
{
    char buf[4096];
    memset(map, 0, bytes);
    if (read_small(g->proc_fd, file, buf, sizeof buf))
        return;
    char *p = strstr(buf, "Cpus_allowed_list:"), *end = p ? strchr(p, '\n') : NULL;
    if (!end)
        return;
    *end = 0;
    p += strlen("Cpus_allowed_list:");
    guest_parse_cpus(p + strspn(p, " \t"), map, bytes);
}

static void thread_allowed(struct guest *g, uint32_t vcpu, uint8_t *map, size_t bytes)
{
    char name[64];
    if (vcpu_thread(g, vcpu)) {
        snprintf(name, sizeof name, "task/%d/status", vcpu_thread(g, vcpu));
        allowed(g, name, map, bytes);
    } else
        allowed(g, "status", map, bytes);
}

/* The document's set, or all CPUs that there are for a process that nobody pins, as we are. */
static void pinned(struct guest *g, const struct tree *pin, uint8_t *map, size_t bytes)
{
    cpu_set_t own;
    const char *set = tree_attr(pin, "cpuset");
    if (!set)
        set = tree_path_attr(g->tree, "vcpu", "cpuset");
    if (set && !guest_parse_cpus(set, map, bytes))
        return;
    memset(map, 0, bytes);
    if (sched_getaffinity(0, sizeof own, &own) == 0)
        memcpy(map, &own, bytes < sizeof own ? bytes : sizeof own);
}

static int32_t last_cpu(struct guest *g, uint32_t vcpu)
{
    char name[64], buf[1024];
    int cpu;
    if (!vcpu_thread(g, vcpu))
        return -1;
    snprintf(name, sizeof name, "task/%d/stat", vcpu_thread(g, vcpu));
    if (read_small(g->proc_fd, name, buf, sizeof buf))
        return -1;
    const char *p = strrchr(buf, ')');
    for (unsigned field = 2; p && field < 39; field++)
        p = strchr(p + 1, ' ');
    return p && sscanf(p, " %d", &cpu) == 1 ? cpu : -1;
}

/* ---- calls ---- */

OP_ARGS(api_get_vcpus)
{
    struct mp_out o;
    int32_t maxinfo = mp_get_i32(&in), maplen = mp_get_i32(&in);
    if (call_end_args(g, rq, &in) || call_need_up(g, rq))
        return;
    uint32_t n = vcpus_now(g);
    if (maxinfo < 0 || maplen < 0 || maplen > MAP_BYTES_MAX) {
        reply_err(g, rq, VIR_ERR_INVALID_ARG, "maplen out of range");
        return;
    }
    if ((uint32_t)maxinfo < n)
        n = (uint32_t)maxinfo;
    AUTO_FREE uint8_t *maps = calloc(n ? n : 1, maplen ? (size_t)maplen : 1);
    mp_out_init(&o, FRAME_BIG_MAX);
    mp_array(&o, 2);
    mp_array(&o, n);
    uint32_t id = vcpu_next(g, 0);
    for (uint32_t i = 0; i < n; i++, id = vcpu_next(g, id + 1)) {
        uint64_t run, waited, delay;
        vcpu_times(g, id, &run, &waited, &delay);
        mp_array(&o, 4);
        mp_uint(&o, id);
        mp_int(&o, 1);
        mp_uint(&o, run);
        mp_int(&o, last_cpu(g, id));
        if (maps && maplen)
            thread_allowed(g, id, maps + (size_t)i * (size_t)maplen, (size_t)maplen);
    }
    mp_bin(&o, maps ? maps : (uint8_t *)"", maps ? n * (size_t)maplen : 0);
    worker_reply_out(g->w, rq, &o);
}

OP_ARGS(api_get_max_vcpus)
{
    if (!call_end_args(g, rq, &in))
        reply_int(g, rq, vcpus_max(g));
}

static void on_guest_vcpus(struct call *c, json_t *ret)
{
    json_t *v;
    size_t i;
    int64_t n = 0;
    bool all = *(bool *)c->extra;
    json_array_foreach(ret, i, v)
        n += all || json_is_true(json_object_get(v, "online"));
    reply_int(c->g, &c->rq, n);
    call_drop(c);
}

OP_FN(api_get_vcpus_flags)
{
    struct guest *g = w->data;
    uint32_t flags;
    if (call_flags(g, rq, f, &flags))
        return;
    if (flags & VCPU_GUEST) {
        if (call_need_agent(g, rq))
            return;
        struct call *c = call_new(g, rq);
        *(bool *)call_extra(c, sizeof(bool)) = flags & VCPU_MAXIMUM;
        call_agent(c, "guest-get-vcpus", NULL, 0, on_guest_vcpus);
    } else
        reply_int(g, rq, flags & VCPU_MAXIMUM ? vcpus_max(g) : vcpus_now(g));
}

OP_ARGS(api_vcpu_pin_info)
{
    struct mp_out o;
    int32_t ncpumaps = mp_get_i32(&in), maplen = mp_get_i32(&in);
    mp_get_u32(&in);
    if (call_end_args(g, rq, &in))
        return;
    uint32_t n = vcpus_max(g);          /* also of those that are not plugged in */
    if (ncpumaps < 0 || maplen < 1 || maplen > MAP_BYTES_MAX) {
        reply_err(g, rq, VIR_ERR_INVALID_ARG, "maplen out of range");
        return;
    }
    if ((uint32_t)ncpumaps < n)
        n = (uint32_t)ncpumaps;
    AUTO_FREE uint8_t *maps = calloc(n ? n : 1, (size_t)maplen);
    for (uint32_t i = 0; maps && i < n; i++) {
        struct tree *pin = NULL;
        uint64_t v;
        TREE_EACH(p, tree_get(g->tree, "cputune"), "vcpupin")
            if (!tree_attr_uint(p, "vcpu", UINT32_MAX, &v) && v == i)
                pin = p;
        pinned(g, pin, maps + (size_t)i * (size_t)maplen, (size_t)maplen);
    }
    mp_out_init(&o, FRAME_BIG_MAX);
    mp_array(&o, 2);
    mp_bin(&o, maps ? maps : (uint8_t *)"", maps ? n * (size_t)maplen : 0);
    mp_uint(&o, n);
    worker_reply_out(g->w, rq, &o);
}

OP_ARGS(api_emulator_pin_info)
{
    struct mp_out o;
    uint8_t map[MAP_BYTES_MAX];
    int32_t maplen = mp_get_i32(&in);
    mp_get_u32(&in);
    if (call_end_args(g, rq, &in))
        return;
    if (maplen < 1 || maplen > MAP_BYTES_MAX) {
        reply_err(g, rq, VIR_ERR_INVALID_ARG, "maplen out of range");
        return;
    }
    pinned(g, tree_get(g->tree, "cputune/emulatorpin"), map, (size_t)maplen);
    mp_out_init(&o, MAP_BYTES_MAX + 64);
    mp_array(&o, 2);
    mp_bin(&o, map, (size_t)maplen);
    mp_int(&o, 1);
    worker_reply_out(g->w, rq, &o);
}

/* In QEMU's order, as libvirt tells them. */
static void on_iothreads(struct guest *g, void *data, const struct err *e)
{
    struct call *c = data;
    uint8_t map[MAP_BYTES_MAX];
    size_t bytes = MAP_BYTES_MAX;
    uint64_t v;
    struct mp_out o;
    if (e) {
        call_fail(c, e);
        return;
    }
    uint32_t n = tree_get(g->tree, "iothreads") ? g->stats->niothreads : 0;
    /* As long as the host has CPUs. */
    allowed(g, "status", map, sizeof map);
    while (bytes > 1 && !map[bytes - 1])
        bytes--;
    mp_out_init(&o, FRAME_BIG_MAX);
    mp_array(&o, 2);
    mp_array(&o, n);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t id = g->stats->iothreads[i].id;
        struct tree *pin = NULL;
        TREE_EACH(p, tree_get(g->tree, "cputune"), "iothreadpin")
            if (!tree_attr_uint(p, "iothread", UINT32_MAX, &v) && v == id)
                pin = p;
        pinned(g, pin, map, bytes);
        mp_array(&o, 2);
        mp_uint(&o, id);
        mp_bin(&o, map, bytes);
    }
    mp_uint(&o, n);
    call_out(c, &o);
}

OP_ARGS(api_iothread_info)
{
    mp_get_u32(&in);
    if (!call_end_args(g, rq, &in) && !call_need_up(g, rq))
        stats_want(g, PART_IOTHREADS, false, on_iothreads, call_new(g, rq));
}

/* Without ncpus: how many CPUs there are; without nparams, how much is told of each: no more than a group of the whole guest counts. */
static void each_cpu_stats(struct guest *g, const struct request *rq, uint32_t nparams, int32_t start, uint32_t ncpus)
{
    uint64_t ns[HOST_CPUS_MAX];
    struct mp_out o;
    uint32_t n = guest_cpu_times(g, ns), from = (uint32_t)start;
    if (n == 0) {
        worker_fail(g->w, rq, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_CGROUP, "times of single host CPUs are not known");
        return;
    }
    if (from >= n && ncpus && nparams) {
        worker_fail(g->w, rq, VIR_ERR_INVALID_ARG, VIR_FROM_CGROUP, "start_cpu %d larger than maximum of %u", start, n - 1);
        return;
    }
    uint32_t told = !ncpus || !nparams ? 0 : ncpus < n - from ? ncpus : n - from;
    mp_out_init(&o, FRAME_BODY_MAX);
    mp_array(&o, 2);
    mp_array(&o, told);
    for (uint32_t i = 0; i < told; i++) {
        typed_head(&o, "cpu_time", TYPED_ULLONG);
        mp_uint(&o, ns[from + i]);
    }
    mp_uint(&o, ncpus ? 1 : n);
    worker_reply_out(g->w, rq, &o);
}

OP_ARGS(api_cpu_stats)
{
    enum { TOTAL_PARAMS = 3 };
    struct mp_out o;
    uint32_t nparams = mp_get_u32(&in);
    int32_t start = mp_get_i32(&in);
    uint32_t ncpus = mp_get_u32(&in);
    mp_get_u32(&in);
    if (call_end_args(g, rq, &in) || call_need_up(g, rq))
        return;
    if (start != -1) {
        each_cpu_stats(g, rq, nparams, start, ncpus);
        return;
    }
    uint64_t user, sys, total = guest_cpu_time(g, &user, &sys);
    const struct { const char *name; uint64_t v; } rows[TOTAL_PARAMS] = { { "cpu_time", total }, { "user_time", user }, { "system_time", sys } };
    uint32_t n = nparams < TOTAL_PARAMS ? nparams : TOTAL_PARAMS;
    mp_out_init(&o, 1024);
    mp_array(&o, 2);
    mp_array(&o, n);
    for (uint32_t i = 0; i < n; i++) {
        typed_head(&o, rows[i].name, TYPED_ULLONG);
        mp_uint(&o, rows[i].v);
    }
    mp_uint(&o, nparams ? n : TOTAL_PARAMS);
    worker_reply_out(g->w, rq, &o);
}
