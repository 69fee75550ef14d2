/* ops.c: calls on a domain that is not running, answered from its stored definition. */
#include <inttypes.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/access.h"
#include "ipc/schema/op-numbers.h"
#include "ipc/util.h"
#include "workers/cpu.h"
#include "workers/plan/plan.h"
#include "workers/tree-form.h"
#include "workers/tree-meta.h"
#include "workers/tree-params.h"
#include "workers/typed.h"
#include "workers/xmlc/parse.h"
#include "workers/xmlc/run.h"
#include "workers/xmlc/xmlc.h"

#define EVENT_BYTES_MAX 7000u                /* the supervisor keeps as much, with a reply */

int args_end(struct job *j)
{
    return mp_end(&j->in) ? 0 : err_set(&j->e, VIR_ERR_RPC, VIR_FROM_RPC, "Unable to decode message payload");
}

static void text_arg(struct job *j, char **s)
{
    *s = mp_get_nil(&j->in) ? NULL : mp_get_strdup(&j->in, 4u << 20);
}

/* ---- the document itself ---- */

/* libvirt makes some forms of a copy that was read anew, where what came by itself stands as if a client had written it. */
static void read_again(struct job *j)
{
    struct doc_env env = j->env;
    struct err ignored = ERR_INIT;
    env.flags = (env.flags | DOC_CHANGE) & ~(unsigned)DOC_STORED;
    struct tree *t = doc_complete(j->t, &env, &ignored);
    if (t) {
        tree_free(j->t);
        j->t = t;
    }
}

static int get_xml_desc(struct job *j, struct mp_out *o)
{
    const struct caps_emulator *e;
    size_t n;
    skip_dom(j);
    uint32_t flags = mp_get_u32(&j->in);
    if (args_end(j))
        return -1;
    if (flags & (FORM_UPDATE_CPU | FORM_MIGRATABLE))
        read_again(j);
    struct tree *cpu = flags & FORM_UPDATE_CPU ? run_cpu(j->t, &j->env, &e) : NULL;
    if (cpu && run_cpu_known(cpu, &j->e))
        return -1;
    if (cpu)
        cpu_doc_update(cpu, e, doc_is(j->t, "type", "kvm"));
    AUTO_FREE char *s = doc_text(j->t, flags | FORM_INACTIVE, &n);
    if (!s)
        return err_set(&j->e, VIR_ERR_NO_MEMORY, VIR_FROM_DOMAIN, " ");
    mp_array(o, 1);
    mp_strn(o, s, n);
    return 0;
}

/* The document of a saved state; what it was compiled from is not the definition, but is read as one. */
static int get_saved_xml(struct job *j, struct mp_out *o)
{
    size_t n;
    skip_dom(j);
    uint32_t flags = mp_get_u32(&j->in);
    if (args_end(j))
        return -1;
    AUTO_FREE char *s = doc_text(j->t, (flags & FORM_SECURE) | FORM_INACTIVE, &n);
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
    uint64_t most = tree_number(j->t, "vcpu", 1);
    skip_dom(j);
    uint32_t flags = mp_get_u32(&j->in);
    if (args_end(j))
        return -1;
    if (flags & 8)
        return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "vCPU count provided by the guest agent can only be requested for live domains");
    mp_array(o, 1);
    mp_int(o, flags & 4 ? (int64_t)most : doc_uint(tree_first(j->t, "vcpu"), "current", (unsigned)most));
    return 0;
}

int memory_set(struct job *j, uint64_t kib, bool maximum)
{
    uint64_t total = tree_number(j->t, "memory", 0), current = tree_number(j->t, "currentMemory", 0), most = tree_number(j->t, "maxMemory", 0);
    if (!kib || kib > INT64_MAX / 1024)
        return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "memory in %s must not be zero", "virDomainSetMemoryFlags");
    if (!maximum && kib > total)
        return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "cannot set memory higher than max memory");
    if (maximum) {
        if (tree_get(j->t, "cpu/numa/cell"))
            return err_set(&j->e, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "initial memory size of a domain with NUMA nodes cannot be modified with this API");
        if (most && kib > most)
            return err_set(&j->e, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "cannot set initial memory size greater than the maximum memory size");
        tree_set_text(tree_make(j->t, "memory"), "%" PRIu64, kib);
    }
    if (!maximum || current > kib)
        tree_set_text(tree_make(j->t, "currentMemory"), "%" PRIu64, kib);
    return 0;
}

static int set_memory(struct job *j, struct mp_out *o)
{
    skip_dom(j);
    uint64_t kib = mp_get_uint(&j->in);
    uint32_t flags = mp_get_u32(&j->in);
    if (args_end(j) || memory_set(j, kib, flags & 4))
        return -1;
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
    if (!balloon || doc_is(balloon, "model", "none"))
        return err_set(&j->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "No memory balloon device configured, can not set the collection period");
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

static int get_params(struct job *j, struct mp_out *o)
{
    skip_dom(j);
    return tree_params(j->rq->op, j->t, false, &j->in, o, &j->e);
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
    uint64_t most = tree_number(j->t, "vcpu", 1);
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
    uint64_t n = tree_number(j->t, "iothreads", 0);
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

/* ---- the size of an image: of the document only its disk is left, a hand opens it and a probe tells ---- */

static const char *source_of(struct tree *disk)
{
    static const char *const sources[] = {"file", "dev", "dir", "name", "volume"};
    const char *source = NULL;
    for (size_t i = 0; i < ARRAY_N(sources) && !source; i++)
        source = tree_path_attr(disk, "source", sources[i]);
    return source;
}

/* The disk by its target or its source, which is in *source then; NULL: there is none. */
static struct tree *disk_of(struct job *j, const char *path, const char **source)
{
    TREE_EACH(t, tree_first(j->t, "devices"), "disk") {
        *source = source_of(t);
        if (doc_is(tree_first(t, "target"), "dev", path) || (*source && strcmp(*source, path) == 0))
            return t;
    }
    return NULL;
}

/* Nothing but the disk stays in the document: others shall look at its image. */
static int left_to_others(struct job *j, struct tree *disk)
{
    struct tree *devices = tree_first(j->t, "devices");
    tree_unlink(disk);
    while (devices->child)
        tree_free(devices->child);
    tree_append(devices, disk);
    tree_set_attr(tree_first(disk, "source"), "startupPolicy", NULL);
    if (tree_first(j->t, "os"))
        tree_free(tree_first(j->t, "os"));
    return 2;
}

static int get_block_info(struct job *j, struct mp_out *o)
{
    AUTO_FREE char *path = NULL;
    const char *source = NULL;
    (void)o;
    skip_dom(j);
    text_arg(j, &path);
    mp_get_u32(&j->in);
    if (args_end(j) || !path)
        return -1;
    struct tree *disk = disk_of(j, path, &source);
    if (!disk)
        return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "invalid path %s not assigned to domain", path);
    if (!source)
        return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "disk '%s' does not currently have a source assigned", path);
    if (doc_is(disk, "type", "network"))
        return err_set(&j->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_STORAGE, "missing storage backend for network files using %s protocol", tree_path_attr(disk, "source", "protocol"));
    if (!doc_in(tree_attr(disk, "type"), "file block"))
        return err_set(&j->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "size of a disk of type '%s' is not known while the guest does not run", tree_attr(disk, "type"));
    return left_to_others(j, disk);
}

/* Of its statistics what the definition knows and the index page does not: disks. Who asks has their sizes told by others, one by one. */
static int get_stats(struct job *j, struct mp_out *o)
{
    struct typed_out p = {.n = 0};
    uint8_t uuid[16] = {0};
    uint32_t n = 0;
    struct tree *devices = tree_first(j->t, "devices");
    skip_dom(j);        /* an empty list of them */
    mp_get_u32(&j->in);
    mp_get_u32(&j->in);
    if (args_end(j) || !access_uuid(tree_text(j->t, "uuid"), uuid))
        return -1;
    mp_out_init(&p.o, FRAME_BIG_MAX);
    TREE_EACH(disk, devices, "disk")
        n++;
    typed_put_uint(&p, n, "block.count");
    n = 0;
    TREE_EACH(disk, devices, "disk") {
        typed_put_str(&p, tree_path_attr(disk, "target", "dev"), "block.%u.name", n);
        typed_put_str(&p, doc_in(tree_attr(disk, "type"), "file block dir") ? source_of(disk) : NULL, "block.%u.path", n);
        n++;
    }
    mp_array(o, 1);
    mp_array(o, 1);
    mp_array(o, 2);
    mp_array(o, 3);
    mp_str(o, tree_text(j->t, "name"));
    mp_bin(o, uuid, sizeof uuid);
    mp_int(o, -1);
    typed_out_end(&p, o);
    return 0;
}

static int block_peek(struct job *j, struct mp_out *o)
{
    AUTO_FREE char *path = NULL;
    const char *source = NULL, *format;
    (void)o;
    skip_dom(j);
    text_arg(j, &path);
    j->peek_at = mp_get_uint(&j->in);
    j->peek_size = mp_get_u32(&j->in);
    mp_get_u32(&j->in);
    if (args_end(j) || !path)
        return -1;
    if (j->peek_size > LIMIT_REMOTE_DOMAIN_BLOCK_PEEK_BUFFER)
        return err_set(&j->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "size > maximum buffer size");
    struct tree *disk = disk_of(j, path, &source);
    if (!disk)
        return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "disk '%s' not found in domain", path);
    format = tree_path_attr(disk, "driver", "type");
    if (!source || (format && strcmp(format, "raw") != 0))
        return err_set(&j->e, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "peeking is only supported for disk with 'raw' format not '%s'", format ? format : "none");
    if (!doc_in(tree_attr(disk, "type"), "file block"))
        return err_set(&j->e, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "peeking is not supported for a disk of type '%s'", tree_attr(disk, "type"));
    if (!j->peek_size)          /* as libvirt has it */
        return err_sys(&j->e, VIR_FROM_STORAGE, EINVAL, "cannot read header '%s'", source);
    return left_to_others(j, disk);
}

/* ---- devices ---- */

static int change(struct job *j, struct mp_out *o, enum device_change what)
{
    size_t n;
    skip_dom(j);
    const char *xml = mp_get_str(&j->in, &n);
    mp_get_u32(&j->in);
    if (args_end(j) || !xml)
        return j->e.code ? -1 : err_set(&j->e, VIR_ERR_RPC, VIR_FROM_RPC, "Unable to decode message payload");
    j->env.flags = (j->env.flags & ~(unsigned)DOC_STORED) | DOC_CHANGE | (j->rq->flags & FRAME_RESENT ? DOC_AGAIN : 0);
    struct tree *t = device_change(j->t, what, xml, n, &j->env, &j->e);
    if (!t)
        return -1;
    tree_free(j->t);
    j->t = t;
    mp_array(o, 0);
    return 1;
}

static int attach_device(struct job *j, struct mp_out *o) { return change(j, o, DEVICE_ATTACH); }
static int detach_device(struct job *j, struct mp_out *o) { return change(j, o, DEVICE_DETACH); }
static int update_device(struct job *j, struct mp_out *o) { return change(j, o, DEVICE_UPDATE); }
static int detach_alias(struct job *j, struct mp_out *o) { return change(j, o, DEVICE_DETACH_ALIAS); }

const struct stored_op stored_ops[] = {
    {OP_REMOTE_DOMAIN_ATTACH_DEVICE_FLAGS, attach_device},
    {OP_REMOTE_DOMAIN_DETACH_DEVICE_FLAGS, detach_device},
    {OP_REMOTE_DOMAIN_UPDATE_DEVICE_FLAGS, update_device},
    {OP_REMOTE_DOMAIN_DETACH_DEVICE_ALIAS, detach_alias},
    {OP_REMOTE_DOMAIN_GET_XML_DESC, get_xml_desc},
    {OP_REMOTE_DOMAIN_MANAGED_SAVE_GET_XML_DESC, get_saved_xml},
    {OP_REMOTE_DOMAIN_GET_METADATA, get_metadata},
    {OP_REMOTE_DOMAIN_SET_METADATA, set_metadata},
    {OP_REMOTE_DOMAIN_GET_VCPUS_FLAGS, get_vcpus},
    {OP_REMOTE_DOMAIN_SET_MEMORY_FLAGS, set_memory},
    {OP_REMOTE_DOMAIN_SET_MEMORY_STATS_PERIOD, set_stats_period},
    {OP_REMOTE_DOMAIN_GET_MEMORY_PARAMETERS, get_params},
    {OP_REMOTE_DOMAIN_GET_BLKIO_PARAMETERS, get_params},
    {OP_REMOTE_DOMAIN_GET_SCHEDULER_TYPE, get_params},
    {OP_REMOTE_DOMAIN_GET_SCHEDULER_PARAMETERS, get_params},
    {OP_REMOTE_DOMAIN_GET_SCHEDULER_PARAMETERS_FLAGS, get_params},
    {OP_REMOTE_DOMAIN_GET_NUMA_PARAMETERS, get_params},
    {OP_REMOTE_DOMAIN_GET_INTERFACE_PARAMETERS, get_params},
    {OP_REMOTE_DOMAIN_GET_BLOCK_IO_TUNE, get_params},
    {OP_REMOTE_DOMAIN_GET_PERF_EVENTS, get_params},
    {OP_REMOTE_DOMAIN_GET_VCPU_PIN_INFO, get_vcpu_pins},
    {OP_REMOTE_DOMAIN_GET_EMULATOR_PIN_INFO, get_emulator_pin},
    {OP_REMOTE_DOMAIN_GET_IOTHREAD_INFO, get_iothreads},
    {OP_REMOTE_DOMAIN_BLOCK_PEEK, block_peek}, {OP_REMOTE_DOMAIN_GET_BLOCK_INFO, get_block_info}, {OP_REMOTE_CONNECT_GET_ALL_DOMAIN_STATS, get_stats},
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
    AUTO_TREE *t = run_native(xml, n, &j->env, &j->e);
    if (!t)
        return -1;
    struct plan_in in = {.dom = t, .form = PLAN_NATIVE, .id = -1, .lib_dir = j->env.lib_dir, .settings = j->env.settings,
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
