#include "workers/tree-params.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/schema/op-numbers.h"
#include "ipc/util.h"

/* Typed parameters as the wire has them: [name, type, value]. */
enum param_type { P_INT = 1, P_UINT, P_LLONG, P_ULLONG, P_DOUBLE, P_BOOL, P_STRING };
#define UNLIMITED 9007199254740991ll    /* VIR_DOMAIN_MEMORY_PARAM_UNLIMITED */
#define PERIOD_US 100000

/* path: element whose text is the value, or "element@attribute". live: what the kernel has when the document is silent. */
struct param { const char *name, *path; int type; int64_t stored, live; };

static const struct param memory_params[] = {
    { "hard_limit", "memtune/hard_limit", P_ULLONG, UNLIMITED, UNLIMITED }, { "soft_limit", "memtune/soft_limit", P_ULLONG, UNLIMITED, UNLIMITED },
    { "swap_hard_limit", "memtune/swap_hard_limit", P_ULLONG, UNLIMITED, UNLIMITED },
};
static const struct param scheduler_params[] = {
    { "cpu_shares", "cputune/shares", P_ULLONG, 0, 1024 }, { "vcpu_period", "cputune/period", P_ULLONG, 0, PERIOD_US },
    { "vcpu_quota", "cputune/quota", P_LLONG, 0, -1 }, { "emulator_period", "cputune/emulator_period", P_ULLONG, 0, PERIOD_US },
    { "emulator_quota", "cputune/emulator_quota", P_LLONG, 0, -1 }, { "global_period", "cputune/global_period", P_ULLONG, 0, PERIOD_US },
    { "global_quota", "cputune/global_quota", P_LLONG, 0, -1 }, { "iothread_period", "cputune/iothread_period", P_ULLONG, 0, PERIOD_US },
    { "iothread_quota", "cputune/iothread_quota", P_LLONG, 0, -1 },
};
static const struct param bandwidth_params[] = {
    { "inbound.average", "bandwidth/inbound@average", P_UINT, 0, 0 }, { "inbound.peak", "bandwidth/inbound@peak", P_UINT, 0, 0 },
    { "inbound.burst", "bandwidth/inbound@burst", P_UINT, 0, 0 }, { "inbound.floor", "bandwidth/inbound@floor", P_UINT, 0, 0 },
    { "outbound.average", "bandwidth/outbound@average", P_UINT, 0, 0 }, { "outbound.peak", "bandwidth/outbound@peak", P_UINT, 0, 0 },
    { "outbound.burst", "bandwidth/outbound@burst", P_UINT, 0, 0 },
};
#define IOTUNE(n) { n, "iotune/" n, P_ULLONG, 0, 0 }
static const struct param iotune_params[] = {
    IOTUNE("total_bytes_sec"), IOTUNE("read_bytes_sec"), IOTUNE("write_bytes_sec"), IOTUNE("total_iops_sec"), IOTUNE("read_iops_sec"), IOTUNE("write_iops_sec"),
    IOTUNE("total_bytes_sec_max"), IOTUNE("read_bytes_sec_max"), IOTUNE("write_bytes_sec_max"), IOTUNE("total_iops_sec_max"), IOTUNE("read_iops_sec_max"),
    IOTUNE("write_iops_sec_max"), IOTUNE("size_iops_sec"), { "group_name", "iotune/group_name", P_STRING, 0, 0 }, IOTUNE("total_bytes_sec_max_length"),
    IOTUNE("read_bytes_sec_max_length"), IOTUNE("write_bytes_sec_max_length"), IOTUNE("total_iops_sec_max_length"), IOTUNE("read_iops_sec_max_length"),
    IOTUNE("write_iops_sec_max_length"),
};
static const struct param weight_param = { "weight", "blkiotune/weight", P_UINT, 0, 100 };

static void put_name(struct mp_out *o, const char *name, int type)
{
    mp_array(o, 3);
    mp_str(o, name);
    mp_int(o, type);
}

static void put_param(struct mp_out *o, const struct param *p, const struct tree *t, bool is_live)
{
    char path[128];
    const char *at = strchr(p->path, '@'), *v;
    int64_t absent = is_live ? p->live : p->stored;
    snprintf(path, sizeof path, "%.*s", at ? (int)(at - p->path) : (int)strlen(p->path), p->path);
    v = at ? tree_path_attr(t, path, at + 1) : tree_text(t, path);
    put_name(o, p->name, p->type);
    if (p->type == P_STRING)
        mp_str(o, v ? v : "");
    else if (p->type == P_LLONG || p->type == P_INT)
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

static const struct tree *find_interface(const struct tree *dom, const char *name)
{
    TREE_EACH(t, tree_get(dom, "devices"), "interface")
        if (tree_attr_is(tree_get(t, "target"), "dev", name) || tree_attr_is(tree_get(t, "mac"), "address", name))
            return t;
    return NULL;
}

static const struct tree *find_disk(const struct tree *dom, const char *name)
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
    const struct tree *t = !name ? NULL : is_nic ? find_interface(dom, name) : find_disk(dom, name);
    if (!t && n && is_nic)
        return err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_DOMAIN, "'%s' is not a known interface", name ? name : "");
    if (!t && n)
        return err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, is_live ? "disk '%s' not found in domain" : "disk '%s' was not found in the domain config", name ? name : "");
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
    static const char *const names[][2] = { { "device_weight", "weight" }, { "device_read_iops_sec", "read_iops_sec" },
        { "device_write_iops_sec", "write_iops_sec" }, { "device_read_bytes_sec", "read_bytes_sec" }, { "device_write_bytes_sec", "write_bytes_sec" } };
    unsigned all = 1 + ARRAY_N(names), some = some_of(asked, all);
    mp_array(o, 2);
    mp_array(o, some);
    for (unsigned i = 0; i < some; i++) {
        if (i == 0) {
            put_param(o, &weight_param, dom, is_live);
            continue;
        }
        AUTO_FREE char *s = blkio_devices(dom, names[i - 1][1]);
        put_name(o, names[i - 1][0], P_STRING);
        mp_str(o, s ? s : "");
    }
    mp_uint(o, some ? some : all);
    return 0;
}

static int numa(const struct tree *dom, int32_t asked, struct mp_out *o)
{
    static const char *const modes[] = { "strict", "preferred", "interleave", "restrictive" };
    const char *mode = tree_path_attr(dom, "numatune/memory", "mode"), *set = tree_path_attr(dom, "numatune/memory", "nodeset");
    unsigned some = some_of(asked, 2), value = 0;
    for (unsigned i = 0; mode && i < ARRAY_N(modes); i++)
        if (!strcmp(mode, modes[i]))
            value = i;
    mp_array(o, 2);
    mp_array(o, some);
    if (some > 0) {
        put_name(o, "numa_mode", P_INT);
        mp_int(o, value);
    }
    if (some > 1) {
        put_name(o, "numa_nodeset", P_STRING);
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
    if (op != OP_REMOTE_DOMAIN_GET_SCHEDULER_TYPE) {
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
    default:
        return err_set(e, VIR_ERR_NO_SUPPORT, VIR_FROM_QEMU, "parameters of this kind");
    }
}
