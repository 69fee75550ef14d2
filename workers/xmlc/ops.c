/* ops.c: calls on a domain that is not running, answered from its stored definition. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/schema/op-numbers.h"
#include "ipc/util.h"
#include "workers/plan/plan.h"
#include "workers/tree-form.h"
#include "workers/tree-meta.h"
#include "workers/xmlc/parse.h"
#include "workers/xmlc/run.h"
#include "workers/xmlc/xmlc.h"

/* Typed parameters as the wire has them: [name, type, value]. */
enum param_type { P_INT = 1, P_UINT, P_LLONG, P_ULLONG, P_DOUBLE, P_BOOL, P_STRING };
#define UNLIMITED 9007199254740991ull    /* VIR_DOMAIN_MEMORY_PARAM_UNLIMITED */
#define EVENT_BYTES_MAX 7000u                /* the supervisor keeps as much, with a reply */

static int args_end(struct job *j)
{
    return mp_end(&j->in) ? 0 : err_set(&j->e, VIR_ERR_RPC, VIR_FROM_RPC, "Unable to decode message payload");
}

static void text_arg(struct job *j, char **s)
{
    *s = mp_get_nil(&j->in) ? NULL : mp_get_strdup(&j->in, 4u << 20);
}

static uint64_t number(const struct tree *t, const char *path, uint64_t deflt)
{
    uint64_t v;
    return tree_parse_uint(tree_text(t, path), 10, UINT64_MAX, &v) ? deflt : v;
}

/* ---- the document itself ---- */

static int get_xml_desc(struct job *j, struct mp_out *o)
{
    size_t n;
    skip_dom(j);
    uint32_t flags = mp_get_u32(&j->in);
    if (args_end(j))
        return -1;
    AUTO_FREE char *s = doc_text(j->t, flags | FORM_INACTIVE, &n);
    if (!s)
        return err_set(&j->e, VIR_ERR_NO_MEMORY, VIR_FROM_DOMAIN, " ");
    mp_array(o, 1);
    mp_strn(o, s, n);
    return 0;
}

static int get_metadata(struct job *j, struct mp_out *o)
{
    AUTO_FREE char *uri = NULL;
    skip_dom(j);
    int32_t type = mp_get_i32(&j->in);
    text_arg(j, &uri);
    mp_get_u32(&j->in);
    if (args_end(j))
        return -1;
    AUTO_FREE char *s = meta_get(j->t, type, uri, &j->e);
    if (!s)
        return -1;
    mp_array(o, 1);
    mp_str(o, s);
    return 0;
}

static int set_metadata(struct job *j, struct mp_out *o)
{
    AUTO_FREE char *text = NULL, *key = NULL, *uri = NULL;
    struct tree *element = NULL;
    skip_dom(j);
    int32_t type = mp_get_i32(&j->in);
    text_arg(j, &text);
    text_arg(j, &key);
    text_arg(j, &uri);
    mp_get_u32(&j->in);
    if (args_end(j))
        return -1;
    if (type == META_ELEMENT && text && !(element = parse_verbatim(text, strlen(text), "(metadata_xml)", &j->e)))
        return -1;
    if (meta_set(j->t, type, text, element, key, uri, &j->e))
        return -1;
    mp_out_init(&j->event, EVENT_BYTES_MAX);
    mp_int(&j->event, type);
    mp_str(&j->event, uri);
    if (j->event.failed)
        return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_DOMAIN, "the uri of the metadata is too long");
    mp_array(o, 0);
    return 1;
}

/* ---- processors and memory ---- */

static int get_vcpus(struct job *j, struct mp_out *o)
{
    uint64_t most = number(j->t, "vcpu", 1);
    skip_dom(j);
    uint32_t flags = mp_get_u32(&j->in);
    if (args_end(j))
        return -1;
    if (flags & 8)
        return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "vCPU count provided by guest agent can only be requested for live domains");
    mp_array(o, 1);
    mp_int(o, flags & 4 ? (int64_t)most : doc_uint(tree_first(j->t, "vcpu"), "current", (unsigned)most));
    return 0;
}

static int set_memory(struct job *j, struct mp_out *o)
{
    uint64_t total = number(j->t, "memory", 0), current = number(j->t, "currentMemory", 0), most = number(j->t, "maxMemory", 0);
    skip_dom(j);
    uint64_t kib = mp_get_uint(&j->in);
    uint32_t flags = mp_get_u32(&j->in);
    if (args_end(j))
        return -1;
    if (!kib || kib > INT64_MAX / 1024)
        return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "memory in %s must not be zero", "virDomainSetMemoryFlags");
    if (flags & 4) {
        if (tree_get(j->t, "cpu/numa/cell"))
            return err_set(&j->e, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "initial memory size of a domain with NUMA nodes cannot be modified with this API");
        if (most && kib > most)
            return err_set(&j->e, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "cannot set initial memory size greater than the maximum memory size");
        tree_set_text(tree_make(j->t, "memory"), "%" PRIu64, kib);
        if (current > kib)
            tree_set_text(tree_make(j->t, "currentMemory"), "%" PRIu64, kib);
    } else {
        if (kib > total)
            return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "cannot set memory higher than max memory");
        tree_set_text(tree_make(j->t, "currentMemory"), "%" PRIu64, kib);
    }
    mp_array(o, 0);
    return 1;
}

static int set_stats_period(struct job *j, struct mp_out *o)
{
    struct tree *balloon = tree_get(j->t, "devices/memballoon"), *stats;
    skip_dom(j);
    int32_t period = mp_get_i32(&j->in);
    mp_get_u32(&j->in);
    if (args_end(j))
        return -1;
    if (period < 0)
        return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "invalid value for collection period '%d'", period);
    if (!is_virtio_model(tree_attr(balloon, "model")))
        return err_set(&j->e, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "Memory balloon model must be virtio to set the collection period");
    stats = tree_first(balloon, "stats");
    if (period)
        tree_set_attr(tree_make(balloon, "stats"), "period", "%d", period);
    else if (stats)
        tree_free(stats);
    mp_array(o, 0);
    return 1;
}

/* ---- typed parameters that stand in the document ---- */

/* path: element whose text is the value, or "element@attribute"; scale: what a unit of it is in a unit of the parameter. */
struct param { const char *name, *path; int type; int64_t deflt; };

static void put_param(struct mp_out *o, const struct param *p, const struct tree *t)
{
    char path[128];
    const char *at = strchr(p->path, '@'), *v;
    snprintf(path, sizeof path, "%.*s", at ? (int)(at - p->path) : (int)strlen(p->path), p->path);
    v = at ? tree_path_attr(t, path, at + 1) : tree_text(t, path);
    mp_array(o, 3);
    mp_str(o, p->name);
    mp_int(o, p->type);
    if (p->type == P_STRING)
        mp_str(o, v ? v : "");
    else if (p->type == P_LLONG || p->type == P_INT)
        mp_int(o, v ? strtoll(v, NULL, 10) : p->deflt);
    else
        mp_uint(o, v ? strtoull(v, NULL, 10) : (uint64_t)p->deflt);
}

/* With nparams 0 a client asks how many there are. count: the reply says so again. */
static int reply_params(struct job *j, struct mp_out *o, const struct param *p, unsigned n, const struct tree *t, int32_t asked, bool count)
{
    unsigned some = asked <= 0 ? 0 : (unsigned)asked < n ? (unsigned)asked : n;
    if (args_end(j))
        return -1;
    mp_array(o, count ? 2 : 1);
    mp_array(o, some);
    for (unsigned i = 0; i < some; i++)
        put_param(o, &p[i], t);
    if (count)
        mp_uint(o, some ? some : n);
    return 0;
}

static const struct param memory_params[] = {
    {"hard_limit", "memtune/hard_limit", P_ULLONG, UNLIMITED}, {"soft_limit", "memtune/soft_limit", P_ULLONG, UNLIMITED},
    {"swap_hard_limit", "memtune/swap_hard_limit", P_ULLONG, UNLIMITED},
};
static const struct param scheduler_params[] = {
    {"cpu_shares", "cputune/shares", P_ULLONG, 0}, {"vcpu_period", "cputune/period", P_ULLONG, 0}, {"vcpu_quota", "cputune/quota", P_LLONG, 0},
    {"emulator_period", "cputune/emulator_period", P_ULLONG, 0}, {"emulator_quota", "cputune/emulator_quota", P_LLONG, 0},
    {"global_period", "cputune/global_period", P_ULLONG, 0}, {"global_quota", "cputune/global_quota", P_LLONG, 0},
    {"iothread_period", "cputune/iothread_period", P_ULLONG, 0}, {"iothread_quota", "cputune/iothread_quota", P_LLONG, 0},
};
static const struct param bandwidth_params[] = {
    {"inbound.average", "bandwidth/inbound@average", P_UINT, 0}, {"inbound.peak", "bandwidth/inbound@peak", P_UINT, 0},
    {"inbound.burst", "bandwidth/inbound@burst", P_UINT, 0}, {"inbound.floor", "bandwidth/inbound@floor", P_UINT, 0},
    {"outbound.average", "bandwidth/outbound@average", P_UINT, 0}, {"outbound.peak", "bandwidth/outbound@peak", P_UINT, 0},
    {"outbound.burst", "bandwidth/outbound@burst", P_UINT, 0},
};
#define IOTUNE(n) {n, "iotune/" n, P_ULLONG, 0}
static const struct param iotune_params[] = {
    IOTUNE("total_bytes_sec"), IOTUNE("read_bytes_sec"), IOTUNE("write_bytes_sec"), IOTUNE("total_iops_sec"), IOTUNE("read_iops_sec"), IOTUNE("write_iops_sec"),
    IOTUNE("total_bytes_sec_max"), IOTUNE("read_bytes_sec_max"), IOTUNE("write_bytes_sec_max"), IOTUNE("total_iops_sec_max"), IOTUNE("read_iops_sec_max"),
    IOTUNE("write_iops_sec_max"), IOTUNE("size_iops_sec"), {"group_name", "iotune/group_name", P_STRING, 0}, IOTUNE("total_bytes_sec_max_length"),
    IOTUNE("read_bytes_sec_max_length"), IOTUNE("write_bytes_sec_max_length"), IOTUNE("total_iops_sec_max_length"), IOTUNE("read_iops_sec_max_length"),
    IOTUNE("write_iops_sec_max_length"),
};

static int get_memory_parameters(struct job *j, struct mp_out *o)
{
    skip_dom(j);
    int32_t n = mp_get_i32(&j->in);
    mp_get_u32(&j->in);
    return reply_params(j, o, memory_params, ARRAY_N(memory_params), j->t, n, true);
}

static int get_scheduler_type(struct job *j, struct mp_out *o)
{
    skip_dom(j);
    if (args_end(j))
        return -1;
    mp_array(o, 2);
    mp_str(o, "posix");
    mp_int(o, ARRAY_N(scheduler_params));
    return 0;
}

static int get_scheduler(struct job *j, struct mp_out *o)
{
    skip_dom(j);
    int32_t n = mp_get_i32(&j->in);
    if (mp_peek(&j->in) != MP_END)
        mp_get_u32(&j->in);
    return reply_params(j, o, scheduler_params, ARRAY_N(scheduler_params), j->t, n, false);
}

static int get_interface(struct job *j, struct mp_out *o)
{
    AUTO_FREE char *dev = NULL;
    struct tree *found = NULL;
    skip_dom(j);
    text_arg(j, &dev);
    int32_t n = mp_get_i32(&j->in);
    mp_get_u32(&j->in);
    TREE_EACH(t, tree_first(j->t, "devices"), "interface") {
        const char *name = tree_path_attr(t, "target", "dev"), *mac = tree_path_attr(t, "mac", "address");
        if (dev && !found && ((name && strcmp(name, dev) == 0) || (mac && strcmp(mac, dev) == 0)))
            found = t;
    }
    if (!found && n)
        return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "invalid path, '%s' is not a known interface", dev ? dev : "");
    return reply_params(j, o, bandwidth_params, ARRAY_N(bandwidth_params), found, n, true);
}

static int get_iotune(struct job *j, struct mp_out *o)
{
    AUTO_FREE char *dev = NULL;
    struct tree *found = NULL;
    skip_dom(j);
    text_arg(j, &dev);
    int32_t n = mp_get_i32(&j->in);
    mp_get_u32(&j->in);
    TREE_EACH(t, tree_first(j->t, "devices"), "disk") {
        static const char *const attr[] = {"file", "dev", "dir", "name"};
        for (unsigned i = 0; dev && !found && i < ARRAY_N(attr); i++)
            if ((tree_path_attr(t, "source", attr[i]) && strcmp(tree_path_attr(t, "source", attr[i]), dev) == 0) || tree_attr_is(tree_first(t, "target"), "dev", dev))
                found = t;
    }
    if (!found && n)
        return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "disk '%s' was not found in the domain config", dev ? dev : "");
    return reply_params(j, o, iotune_params, ARRAY_N(iotune_params), found, n, true);
}

/* The <device> rows of <blkiotune> as one string: "/dev/sda,400,/dev/sdb,900". */
static char *blkio_devices(const struct tree *t, const char *what)
{
    char *s = strdup("");
    TREE_EACH(d, tree_first(t, "blkiotune"), "device") {
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

static int get_blkio(struct job *j, struct mp_out *o)
{
    static const char *const names[][2] = {{"device_weight", "weight"}, {"device_read_iops_sec", "read_iops_sec"}, {"device_write_iops_sec", "write_iops_sec"},
        {"device_read_bytes_sec", "read_bytes_sec"}, {"device_write_bytes_sec", "write_bytes_sec"}};
    static const struct param weight = {"weight", "blkiotune/weight", P_UINT, 0};
    skip_dom(j);
    int32_t n = mp_get_i32(&j->in);
    mp_get_u32(&j->in);
    if (args_end(j))
        return -1;
    unsigned all = 1 + ARRAY_N(names), some = n <= 0 ? 0 : (unsigned)n < all ? (unsigned)n : all;
    mp_array(o, 2);
    mp_array(o, some);
    for (unsigned i = 0; i < some; i++) {
        if (i == 0) {
            put_param(o, &weight, j->t);
            continue;
        }
        AUTO_FREE char *s = blkio_devices(j->t, names[i - 1][1]);
        mp_array(o, 3);
        mp_str(o, names[i - 1][0]);
        mp_int(o, P_STRING);
        mp_str(o, s ? s : "");
    }
    mp_uint(o, some ? some : all);
    return 0;
}

static int get_numa(struct job *j, struct mp_out *o)
{
    static const char *const modes[] = {"strict", "preferred", "interleave", "restrictive"};
    const char *mode = tree_path_attr(j->t, "numatune/memory", "mode"), *set = tree_path_attr(j->t, "numatune/memory", "nodeset");
    int value = 0;
    skip_dom(j);
    int32_t n = mp_get_i32(&j->in);
    mp_get_u32(&j->in);
    if (args_end(j))
        return -1;
    for (int i = 0; mode && i < 4; i++)
        if (strcmp(mode, modes[i]) == 0)
            value = i;
    unsigned some = n <= 0 ? 0 : n < 2 ? 1 : 2;
    mp_array(o, 2);
    mp_array(o, some);
    if (some > 0) {
        mp_array(o, 3);
        mp_str(o, "numa_mode");
        mp_int(o, P_INT);
        mp_int(o, value);
    }
    if (some > 1) {
        mp_array(o, 3);
        mp_str(o, "numa_nodeset");
        mp_int(o, P_STRING);
        mp_str(o, set ? set : "");
    }
    mp_uint(o, some ? some : 2);
    return 0;
}

/* ---- pinning ---- */

/* One map of maplen bytes: the set of cpuset, or all of the host's. */
static void cpumap(const struct job *j, const char *cpuset, uint8_t *map, size_t maplen)
{
    uint8_t bits[BITMAP_BITS / 8] = {0};
    if (!cpuset || bitmap_parse(cpuset, bits, BITMAP_BITS))
        for (unsigned i = 0; i < j->cpus && i < BITMAP_BITS; i++)
            BITMAP_SET(bits, i);
    memset(map, 0, maplen);
    memcpy(map, bits, maplen < sizeof bits ? maplen : sizeof bits);
}

static const char *pin_of(const struct tree *t, const char *element, const char *attr, unsigned id)
{
    TREE_EACH(p, tree_first(t, "cputune"), element)
        if (!attr || doc_uint(p, attr, ~0u) == id)
            return tree_attr(p, "cpuset");
    return tree_path_attr(t, "vcpu", "cpuset");
}

static int get_vcpu_pins(struct job *j, struct mp_out *o)
{
    uint64_t most = number(j->t, "vcpu", 1);
    skip_dom(j);
    int32_t n = mp_get_i32(&j->in), len = mp_get_i32(&j->in);
    mp_get_u32(&j->in);
    if (args_end(j))
        return -1;
    if (n < 0 || len <= 0 || len > 2048 || n > 16384 || (uint64_t)n * (uint64_t)len > 8388608)
        return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "size of the processor maps is out of range");
    if ((uint64_t)n > most)
        n = (int32_t)most;
    AUTO_FREE uint8_t *maps = calloc((size_t)n + 1, (size_t)len);
    for (int32_t i = 0; maps && i < n; i++)
        cpumap(j, pin_of(j->t, "vcpupin", "vcpu", (unsigned)i), maps + (size_t)i * (size_t)len, (size_t)len);
    mp_array(o, 2);
    mp_bin(o, maps, maps ? (size_t)n * (size_t)len : 0);
    mp_int(o, n);
    return 0;
}

static int get_emulator_pin(struct job *j, struct mp_out *o)
{
    uint8_t map[2048];
    skip_dom(j);
    int32_t len = mp_get_i32(&j->in);
    mp_get_u32(&j->in);
    if (args_end(j))
        return -1;
    if (len <= 0 || len > (int32_t)sizeof map)
        return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "size of the processor map is out of range");
    cpumap(j, pin_of(j->t, "emulatorpin", NULL, 0), map, (size_t)len);
    mp_array(o, 2);
    mp_bin(o, map, (size_t)len);
    mp_int(o, 1);
    return 0;
}

static int get_iothreads(struct job *j, struct mp_out *o)
{
    const struct tree *ids = tree_first(j->t, "iothreadids");
    uint64_t n = number(j->t, "iothreads", 0);
    uint8_t map[BITMAP_BITS / 8];
    size_t len = (j->cpus + 7) / 8;
    skip_dom(j);
    mp_get_u32(&j->in);
    if (args_end(j))
        return -1;
    if (n > 512)
        return err_set(&j->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "too many IOThreads");
    mp_array(o, 2);
    mp_array(o, (uint32_t)n);
    const struct tree *t = tree_first(ids, "iothread");
    for (uint64_t i = 0; i < n; i++) {
        unsigned id = t ? doc_uint(t, "id", 0) : (unsigned)i + 1;
        t = t ? tree_next(t, "iothread") : NULL;
        cpumap(j, pin_of(j->t, "iothreadpin", "iothread", id), map, len < sizeof map ? len : sizeof map);
        mp_array(o, 2);
        mp_uint(o, id);
        mp_bin(o, map, len < sizeof map ? len : sizeof map);
    }
    mp_uint(o, n);
    return 0;
}

static int get_messages(struct job *j, struct mp_out *o)
{
    skip_dom(j);
    mp_get_u32(&j->in);
    if (args_end(j))
        return -1;
    mp_array(o, 1);
    mp_array(o, 0);
    return 0;
}

const struct stored_op stored_ops[] = {
    {OP_REMOTE_DOMAIN_GET_XML_DESC, get_xml_desc},
    {OP_REMOTE_DOMAIN_GET_METADATA, get_metadata},
    {OP_REMOTE_DOMAIN_SET_METADATA, set_metadata},
    {OP_REMOTE_DOMAIN_GET_VCPUS_FLAGS, get_vcpus},
    {OP_REMOTE_DOMAIN_SET_MEMORY_FLAGS, set_memory},
    {OP_REMOTE_DOMAIN_SET_MEMORY_STATS_PERIOD, set_stats_period},
    {OP_REMOTE_DOMAIN_GET_MEMORY_PARAMETERS, get_memory_parameters},
    {OP_REMOTE_DOMAIN_GET_BLKIO_PARAMETERS, get_blkio},
    {OP_REMOTE_DOMAIN_GET_SCHEDULER_TYPE, get_scheduler_type},
    {OP_REMOTE_DOMAIN_GET_SCHEDULER_PARAMETERS, get_scheduler},
    {OP_REMOTE_DOMAIN_GET_SCHEDULER_PARAMETERS_FLAGS, get_scheduler},
    {OP_REMOTE_DOMAIN_GET_NUMA_PARAMETERS, get_numa},
    {OP_REMOTE_DOMAIN_GET_INTERFACE_PARAMETERS, get_interface},
    {OP_REMOTE_DOMAIN_GET_BLOCK_IO_TUNE, get_iotune},
    {OP_REMOTE_DOMAIN_GET_VCPU_PIN_INFO, get_vcpu_pins},
    {OP_REMOTE_DOMAIN_GET_EMULATOR_PIN_INFO, get_emulator_pin},
    {OP_REMOTE_DOMAIN_GET_IOTHREAD_INFO, get_iothreads},
    {OP_REMOTE_DOMAIN_GET_MESSAGES, get_messages},
    {0, NULL},
};

/* ---- a command line of a document ---- */

int on_native(struct job *j, struct mp_out *o)
{
    AUTO_FREE char *format = mp_get_strdup(&j->in, 256), *text = NULL;
    size_t n;
    const char *xml = mp_get_str(&j->in, &n);
    struct plan plan = {0};
    mp_get_u32(&j->in);
    if (args_end(j))
        return -1;
    if (strcmp(format, "qemu-argv") != 0)
        return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "unsupported config type %s", format);
    AUTO_TREE *t = doc_parse(xml, n, &j->env, &j->e);
    if (!t)
        return -1;
    if (run_form(t, -1, &j->env, &j->e))
        return -1;
    struct plan_in in = {.dom = t, .form = PLAN_NATIVE, .id = -1, .lib_dir = j->env.lib_dir,
        .caps = j->env.caps ? caps_find(j->env.caps, tree_text(t, "devices/emulator"), NULL) : NULL};
    if (plan_guest(&in, &plan, &j->e))
        return -1;
    text = plan_text(&in, &plan, &j->e);
    plan_free(&plan);
    if (!text)
        return -1;
    mp_array(o, 1);
    mp_str(o, text);
    return 0;
}
