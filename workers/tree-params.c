#include "workers/tree-params.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/schema/op-numbers.h"
#include "ipc/util.h"

#define PERIOD_US 100000

static const struct param memory_params[] = {
    { "hard_limit", "memtune/hard_limit", TYPED_ULLONG, PARAMS_UNLIMITED, PARAMS_UNLIMITED }, { "soft_limit", "memtune/soft_limit", TYPED_ULLONG, PARAMS_UNLIMITED, PARAMS_UNLIMITED },
    { "swap_hard_limit", "memtune/swap_hard_limit", TYPED_ULLONG, PARAMS_UNLIMITED, PARAMS_UNLIMITED },
};
static const struct param scheduler_params[] = {
    { "cpu_shares", "cputune/shares", TYPED_ULLONG, 0, 1024 }, { "vcpu_period", "cputune/period", TYPED_ULLONG, 0, PERIOD_US },
    { "vcpu_quota", "cputune/quota", TYPED_LLONG, 0, -1 }, { "emulator_period", "cputune/emulator_period", TYPED_ULLONG, 0, PERIOD_US },
    { "emulator_quota", "cputune/emulator_quota", TYPED_LLONG, 0, -1 }, { "global_period", "cputune/global_period", TYPED_ULLONG, 0, PERIOD_US },
    { "global_quota", "cputune/global_quota", TYPED_LLONG, 0, -1 }, { "iothread_period", "cputune/iothread_period", TYPED_ULLONG, 0, PERIOD_US },
    { "iothread_quota", "cputune/iothread_quota", TYPED_LLONG, 0, -1 },
};
static const struct param bandwidth_params[] = {
    { "inbound.average", "bandwidth/inbound@average", TYPED_UINT, 0, 0 }, { "inbound.peak", "bandwidth/inbound@peak", TYPED_UINT, 0, 0 },
    { "inbound.burst", "bandwidth/inbound@burst", TYPED_UINT, 0, 0 }, { "inbound.floor", "bandwidth/inbound@floor", TYPED_UINT, 0, 0 },
    { "outbound.average", "bandwidth/outbound@average", TYPED_UINT, 0, 0 }, { "outbound.peak", "bandwidth/outbound@peak", TYPED_UINT, 0, 0 },
    { "outbound.burst", "bandwidth/outbound@burst", TYPED_UINT, 0, 0 },
};
#define IOTUNE(n) { n, "iotune/" n, TYPED_ULLONG, 0, 0 }
static const struct param iotune_params[] = {
    IOTUNE("total_bytes_sec"), IOTUNE("read_bytes_sec"), IOTUNE("write_bytes_sec"), IOTUNE("total_iops_sec"), IOTUNE("read_iops_sec"), IOTUNE("write_iops_sec"),
    IOTUNE("total_bytes_sec_max"), IOTUNE("read_bytes_sec_max"), IOTUNE("write_bytes_sec_max"), IOTUNE("total_iops_sec_max"), IOTUNE("read_iops_sec_max"),
    IOTUNE("write_iops_sec_max"), IOTUNE("size_iops_sec"), { "group_name", "iotune/group_name", TYPED_STRING, 0, 0 }, IOTUNE("total_bytes_sec_max_length"),
    IOTUNE("read_bytes_sec_max_length"), IOTUNE("write_bytes_sec_max_length"), IOTUNE("total_iops_sec_max_length"), IOTUNE("read_iops_sec_max_length"),
    IOTUNE("write_iops_sec_max_length"),
};
/* Behind the weight: rows of <device>, each as one string. */
static const struct param blkio_params[] = {
    { "weight", "blkiotune/weight", TYPED_UINT, 0, 100 }, { "device_weight", NULL, TYPED_STRING, 0, 0 }, { "device_read_iops_sec", NULL, TYPED_STRING, 0, 0 },
    { "device_write_iops_sec", NULL, TYPED_STRING, 0, 0 }, { "device_read_bytes_sec", NULL, TYPED_STRING, 0, 0 }, { "device_write_bytes_sec", NULL, TYPED_STRING, 0, 0 },
};
static const struct param numa_params[] = { { "numa_mode", "numatune/memory@mode", TYPED_INT, 0, 0 }, { "numa_nodeset", "numatune/memory@nodeset", TYPED_STRING, 0, 0 } };
#define PERF(n) { n, NULL, TYPED_BOOL, 0, 0 }
static const struct param perf_params[] = {
    PERF("cmt"), PERF("mbmt"), PERF("mbml"), PERF("cpu_cycles"), PERF("instructions"), PERF("cache_references"), PERF("cache_misses"), PERF("branch_instructions"),
    PERF("branch_misses"), PERF("bus_cycles"), PERF("stalled_cycles_frontend"), PERF("stalled_cycles_backend"), PERF("ref_cpu_cycles"), PERF("cpu_clock"),
    PERF("task_clock"), PERF("page_faults"), PERF("context_switches"), PERF("cpu_migrations"), PERF("page_faults_min"), PERF("page_faults_maj"),
    PERF("alignment_faults"), PERF("emulation_faults"),
};
static const struct param iothread_params[] = {
    { "poll_max_ns", NULL, TYPED_ULLONG, 0, 0 }, { "poll_grow", NULL, TYPED_UINT, 0, 0 }, { "poll_shrink", NULL, TYPED_UINT, 0, 0 },
    { "thread_pool_min", NULL, TYPED_INT, 0, 0 }, { "thread_pool_max", NULL, TYPED_INT, 0, 0 },
};

static const struct { uint32_t get, set, set_old; const struct param *p; unsigned n; } tables[] = {
    { OP_REMOTE_DOMAIN_GET_MEMORY_PARAMETERS, OP_REMOTE_DOMAIN_SET_MEMORY_PARAMETERS, 0, memory_params, ARRAY_N(memory_params) },
    { OP_REMOTE_DOMAIN_GET_SCHEDULER_PARAMETERS_FLAGS, OP_REMOTE_DOMAIN_SET_SCHEDULER_PARAMETERS_FLAGS, OP_REMOTE_DOMAIN_SET_SCHEDULER_PARAMETERS, scheduler_params, ARRAY_N(scheduler_params) },
    { OP_REMOTE_DOMAIN_GET_BLKIO_PARAMETERS, OP_REMOTE_DOMAIN_SET_BLKIO_PARAMETERS, 0, blkio_params, ARRAY_N(blkio_params) },
    { OP_REMOTE_DOMAIN_GET_NUMA_PARAMETERS, OP_REMOTE_DOMAIN_SET_NUMA_PARAMETERS, 0, numa_params, ARRAY_N(numa_params) },
    { OP_REMOTE_DOMAIN_GET_INTERFACE_PARAMETERS, OP_REMOTE_DOMAIN_SET_INTERFACE_PARAMETERS, 0, bandwidth_params, ARRAY_N(bandwidth_params) },
    { OP_REMOTE_DOMAIN_GET_BLOCK_IO_TUNE, OP_REMOTE_DOMAIN_SET_BLOCK_IO_TUNE, 0, iotune_params, ARRAY_N(iotune_params) },
    { OP_REMOTE_DOMAIN_GET_PERF_EVENTS, OP_REMOTE_DOMAIN_SET_PERF_EVENTS, 0, perf_params, ARRAY_N(perf_params) },
    { 0, OP_REMOTE_DOMAIN_SET_IOTHREAD_PARAMS, 0, iothread_params, ARRAY_N(iothread_params) },
};

const struct param *params_of(uint32_t op, unsigned *n)
{
    for (size_t i = 0; i < ARRAY_N(tables); i++)
        if (op == tables[i].get || op == tables[i].set || op == tables[i].set_old) {
            *n = tables[i].n;
            return tables[i].p;
        }
    *n = 0;
    return NULL;
}

static void put_param(struct mp_out *o, const struct param *p, const struct tree *t, bool is_live)
{
    char path[128];
    const char *at = strchr(p->path, '@'), *v;
    int64_t absent = is_live ? p->live : p->stored;
    snprintf(path, sizeof path, "%.*s", at ? (int)(at - p->path) : (int)strlen(p->path), p->path);
    v = at ? tree_path_attr(t, path, at + 1) : tree_text(t, path);
    typed_head(o, p->name, p->type);
    if (p->type == TYPED_STRING)
        mp_str(o, v ? v : "");
    else if (p->type == TYPED_LLONG || p->type == TYPED_INT)
        mp_int(o, v ? strtoll(v, NULL, 10) : absent);
    else
        mp_uint(o, v ? strtoull(v, NULL, 10) : (uint64_t)absent);
}

static int args_end(struct mp_in *in, struct err *e)
{
    return mp_end(in) ? 0 : err_set(e, VIR_ERR_RPC, VIR_FROM_RPC, "Unable to decode message payload");
}

/* With nparams 0 a client asks how many there are. */
static unsigned some_of(int32_t asked, unsigned n)
{
    return asked <= 0 ? 0 : (unsigned)asked < n ? (unsigned)asked : n;
}

/* count: the reply tells the number behind the list. */
static int reply_params(struct mp_out *o, const struct param *p, unsigned n, const struct tree *t, bool is_live, int32_t asked, bool count)
{
    unsigned some = some_of(asked, n);
    mp_array(o, count ? 2 : 1);
    mp_array(o, some);
    for (unsigned i = 0; i < some; i++)
        put_param(o, &p[i], t, is_live);
    if (count)
        mp_uint(o, some ? some : n);
    return 0;
}

struct tree *params_interface(const struct tree *dom, const char *name)
{
    TREE_EACH(t, tree_get(dom, "devices"), "interface")
        if (tree_attr_is(tree_get(t, "target"), "dev", name) || tree_attr_is(tree_get(t, "mac"), "address", name))
            return t;
    return NULL;
}

struct tree *params_disk(const struct tree *dom, const char *name)
{
    static const char *const attr[] = { "file", "dev", "dir", "name" };
    TREE_EACH(t, tree_get(dom, "devices"), "disk") {
        if (tree_attr_is(tree_get(t, "target"), "dev", name))
            return t;
        for (unsigned i = 0; i < ARRAY_N(attr); i++)
            if (tree_attr_is(tree_get(t, "source"), attr[i], name))
                return t;
    }
    return NULL;
}

/* Calls about one device: [name, nparams, flags]. */
static int of_device(uint32_t op, const struct tree *dom, bool is_live, struct mp_in *in, struct mp_out *o, struct err *e)
{
    bool is_nic = op == OP_REMOTE_DOMAIN_GET_INTERFACE_PARAMETERS;
    AUTO_FREE char *name = mp_get_nil(in) ? NULL : mp_get_strdup(in, 4096);
    int32_t n = mp_get_i32(in);
    mp_get_u32(in);
    if (args_end(in, e))
        return -1;
    const struct tree *t = !name ? NULL : is_nic ? params_interface(dom, name) : params_disk(dom, name);
    if (!t && n && is_nic)
        return err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_DOMAIN, "'%s' is not a known interface", name ? name : "");
    if (!t && n)
        return err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, is_live ? "disk '%s' not found in domain" : "disk '%s' was not found in the domain config", name ? name : "");
    if (t && !is_nic && !iotune_can(t, e))
        return -1;
    return is_nic ? reply_params(o, bandwidth_params, ARRAY_N(bandwidth_params), t, is_live, n, true)
                  : reply_params(o, iotune_params, ARRAY_N(iotune_params), t, is_live, n, true);
}

/* The <device> rows of <blkiotune> as one string: "/dev/sda,400,/dev/sdb,900". */
static char *blkio_devices(const struct tree *t, const char *what)
{
    char *s = strdup("");
    TREE_EACH(d, tree_get(t, "blkiotune"), "device") {
        char *n = NULL;
        if (!s || !tree_text(d, what) || !tree_text(d, "path"))
            continue;
        if (asprintf(&n, "%s%s%s,%s", s, *s ? "," : "", tree_text(d, "path"), tree_text(d, what)) < 0)
            n = NULL;
        free(s);
        s = n;
    }
    return s;
}

static int blkio(const struct tree *dom, bool is_live, int32_t asked, struct mp_out *o)
{
    unsigned all = ARRAY_N(blkio_params), some = some_of(asked, all);
    mp_array(o, 2);
    mp_array(o, some);
    for (unsigned i = 0; i < some; i++) {
        if (i == 0) {
            put_param(o, &blkio_params[0], dom, is_live);
            continue;
        }
        AUTO_FREE char *s = blkio_devices(dom, blkio_params[i].name + strlen("device_"));
        typed_head(o, blkio_params[i].name, TYPED_STRING);
        mp_str(o, s ? s : "");
    }
    mp_uint(o, some ? some : all);
    return 0;
}

static int perf(const struct tree *dom, struct mp_out *o)
{
    mp_array(o, 1);
    mp_array(o, ARRAY_N(perf_params));
    for (size_t i = 0; i < ARRAY_N(perf_params); i++) {
        bool on = false;
        TREE_EACH(v, tree_get(dom, "perf"), "event")
            on |= tree_attr_is(v, "name", perf_params[i].name) && tree_attr_is(v, "enabled", "yes");
        typed_head(o, perf_params[i].name, TYPED_BOOL);
        mp_bool(o, on);
    }
    return 0;
}

const char *const params_numa_mode[PARAMS_NUMA_MODES] = { "strict", "preferred", "interleave", "restrictive" };

static int numa(const struct tree *dom, int32_t asked, struct mp_out *o)
{
    const char *mode = tree_path_attr(dom, "numatune/memory", "mode"), *set = tree_path_attr(dom, "numatune/memory", "nodeset");
    unsigned some = some_of(asked, 2), value = 0;
    for (unsigned i = 0; mode && i < PARAMS_NUMA_MODES; i++)
        if (!strcmp(mode, params_numa_mode[i]))
            value = i;
    mp_array(o, 2);
    mp_array(o, some);
    if (some > 0) {
        typed_head(o, "numa_mode", TYPED_INT);
        mp_int(o, value);
    }
    if (some > 1) {
        typed_head(o, "numa_nodeset", TYPED_STRING);
        mp_str(o, set ? set : "");
    }
    mp_uint(o, some ? some : 2);
    return 0;
}

int tree_params(uint32_t op, const struct tree *dom, bool is_live, struct mp_in *in, struct mp_out *o, struct err *e)
{
    int32_t n = 0;
    if (op == OP_REMOTE_DOMAIN_GET_INTERFACE_PARAMETERS || op == OP_REMOTE_DOMAIN_GET_BLOCK_IO_TUNE)
        return of_device(op, dom, is_live, in, o, e);
    if (op == OP_REMOTE_DOMAIN_GET_PERF_EVENTS)
        mp_get_u32(in);
    else if (op != OP_REMOTE_DOMAIN_GET_SCHEDULER_TYPE) {
        n = mp_get_i32(in);
        if (mp_peek(in) != MP_END)
            mp_get_u32(in);
    }
    if (args_end(in, e))
        return -1;
    switch (op) {
    case OP_REMOTE_DOMAIN_GET_SCHEDULER_TYPE:
        mp_array(o, 2);
        mp_str(o, "posix");
        mp_int(o, ARRAY_N(scheduler_params));
        return 0;
    case OP_REMOTE_DOMAIN_GET_SCHEDULER_PARAMETERS: case OP_REMOTE_DOMAIN_GET_SCHEDULER_PARAMETERS_FLAGS:
        return reply_params(o, scheduler_params, ARRAY_N(scheduler_params), dom, is_live, n, false);
    case OP_REMOTE_DOMAIN_GET_MEMORY_PARAMETERS:
        return reply_params(o, memory_params, ARRAY_N(memory_params), dom, is_live, n, true);
    case OP_REMOTE_DOMAIN_GET_BLKIO_PARAMETERS:
        return blkio(dom, is_live, n, o);
    case OP_REMOTE_DOMAIN_GET_NUMA_PARAMETERS:
        return numa(dom, n, o);
    case OP_REMOTE_DOMAIN_GET_PERF_EVENTS:
        return perf(dom, o);
    default:
        return err_set(e, VIR_ERR_NO_SUPPORT, VIR_FROM_QEMU, "parameters of this kind");
    }
}
