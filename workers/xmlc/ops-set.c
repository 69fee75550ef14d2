/* ops-set.c: calls that change a stored definition, other than its devices.  What comes of them is read again before it is stored (xmlc.c), so that whatever
 * a definition must keep to is checked there, once. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/schema/op-numbers.h"
#include "ipc/util.h"
#include "workers/tree-iothreads.h"
#include "workers/tree-params.h"
#include "workers/tree-vcpus.h"
#include "workers/xmlc/xmlc.h"

enum { SET_BYTES = 4096, VCPU_IDS = 4096 };

static int done(struct mp_out *o)
{
    mp_array(o, 0);
    return 1;
}

static int bad(struct job *j, int code, const char *text)
{
    return err_set(&j->e, code, VIR_FROM_QEMU, "%s", text);
}

/* ---- processors ---- */

static void forget_order(struct vcpu_set *s)
{
    for (uint32_t i = 0; i < s->max; i++)
        s->v[i].order = 0;
}

static unsigned in_cells(const struct tree *t)
{
    unsigned n = 0;
    uint8_t map[BITMAP_BITS / 8];
    TREE_EACH(c, tree_get(t, "cpu/numa"), "cell")
        if (tree_attr(c, "cpus") && bitmap_parse(tree_attr(c, "cpus"), map, BITMAP_BITS) == 0)
            for (unsigned i = 0; i < BITMAP_BITS; i++)
                n += BITMAP_GET(map, i);
    return n;
}

static int set_maximum(struct job *j, struct vcpu_set *s, uint32_t n)
{
    uint64_t product = doc_topology(j->t);
    if (in_cells(j->t) > n)
        return bad(j, VIR_ERR_INVALID_ARG, "Number of CPUs in <numa> exceeds the desired maximum vcpu count");
    if (product && product != n)
        return bad(j, VIR_ERR_INVALID_ARG, "CPU topology doesn't match the desired vcpu count");
    forget_order(s);
    return vcpus_resize(s, n) ? bad(j, VIR_ERR_INVALID_ARG, "maximum vcpus count is out of range") : 0;
}

/* So many of them are on: the first ones come, the last ones go. */
static void set_count(struct vcpu_set *s, uint32_t wanted, bool pluggable)
{
    uint32_t n = vcpus_online(s);
    forget_order(s);
    for (uint32_t i = 0; i < s->max && n < wanted; i++)
        if (!s->v[i].online) {
            s->v[i] = (struct vcpu_state){.online = true, .is_pluggable = pluggable};
            s->individual |= pluggable;
            n++;
        }
    for (uint32_t i = s->max; i-- && n > wanted; )
        if (s->v[i].online) {
            s->v[i] = (struct vcpu_state){.is_pluggable = true};
            n--;
        }
}

static int set_vcpus(struct job *j, struct mp_out *o)
{
    enum { MAXIMUM = 4, GUEST = 8, PLUGGABLE = 16 };
    AUTO_VCPUS s = {.v = NULL};
    skip_dom(j);
    uint32_t n = mp_get_u32(&j->in), flags = mp_get_u32(&j->in);
    if (args_end(j))
        return -1;
    if (vcpus_load(j->t, &s))
        return bad(j, VIR_ERR_INTERNAL_ERROR, "the definition has no processors");
    if (flags & GUEST)
        return bad(j, VIR_ERR_OPERATION_INVALID, "domain is not running");
    if (!n)
        return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_DOMAIN, "nvcpus in virDomainSetVcpusFlags must not be zero");
    if (flags & MAXIMUM) {
        if (set_maximum(j, &s, n))
            return -1;
    } else if (n > s.max) {
        return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "requested vcpus is greater than max allowable vcpus for the persistent domain: %u > %u", n, s.max);
    } else {
        set_count(&s, n, flags & PLUGGABLE);
    }
    vcpus_store(j->t, &s);
    return done(o);
}

static int set_vcpu(struct job *j, struct mp_out *o)
{
    AUTO_VCPUS s = {.v = NULL};
    uint8_t map[VCPU_IDS / 8];
    uint32_t last = 0, first = VCPU_IDS;
    skip_dom(j);
    AUTO_FREE char *set = mp_get_strdup(&j->in, SET_BYTES);
    int32_t state = mp_get_i32(&j->in);
    mp_get_u32(&j->in);
    if (args_end(j))
        return -1;
    if (vcpus_load(j->t, &s))
        return bad(j, VIR_ERR_INTERNAL_ERROR, "the definition has no processors");
    if (state != 0 && state != 1)
        return bad(j, VIR_ERR_INVALID_ARG, "unsupported state value");
    if (bitmap_parse(set, map, VCPU_IDS))
        return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "Failed to parse bitmap '%s'", set);
    for (uint32_t i = VCPU_IDS; i--; )
        if (BITMAP_GET(map, i)) {
            last = first == VCPU_IDS ? i : last;
            first = i;
        }
    if (first == VCPU_IDS)
        return bad(j, VIR_ERR_INVALID_ARG, "no vcpus selected for modification");
    if (last >= s.max)
        return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "vcpu %u is not present in persistent config", last);
    if (!first)
        return bad(j, VIR_ERR_INVALID_ARG, "vCPU '0' can't be modified");
    for (uint32_t i = first; i < s.max; i++)
        if (!BITMAP_GET(map, i) && s.v[i].online && !s.v[i].is_pluggable)
            return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "vcpu '%u' can't be modified as it is followed by non-hotpluggable online vcpus", first);
    forget_order(&s);
    s.individual = true;
    for (uint32_t i = first; i <= last; i++)
        if (BITMAP_GET(map, i))
            s.v[i] = (struct vcpu_state){.online = state, .is_pluggable = true};
    vcpus_store(j->t, &s);
    return done(o);
}

/* ---- memory: the old call ---- */

static int set_max_memory(struct job *j, struct mp_out *o)
{
    skip_dom(j);
    uint64_t kib = mp_get_uint(&j->in);
    return args_end(j) || memory_set(j, kib, true) ? -1 : done(o);
}

/* ---- pins ---- */

/* The set that comes next as bytes, in text. */
static int cpuset_arg(struct job *j, const char *empty, char *out, size_t size)
{
    uint8_t map[BITMAP_BITS / 8] = {0};
    size_t n;
    const uint8_t *p = mp_get_bin(&j->in, &n);
    if (mp_peek(&j->in) != MP_END)
        mp_get_u32(&j->in);
    if (args_end(j))
        return -1;
    memcpy(map, p, n < sizeof map ? n : sizeof map);
    if (bitmap_format(map, BITMAP_BITS, out, size) || !*out)
        return bad(j, VIR_ERR_INVALID_ARG, empty);
    return 0;
}

/* Pins stand in the order of their threads. */
static void set_pin(struct tree *t, const char *element, const char *attr, unsigned id, const char *cpuset)
{
    struct tree *tune = tree_make(t, "cputune"), *pin = NULL, *before = NULL;
    TREE_EACH(p, tune, element) {
        if (!attr || doc_uint(p, attr, ~0u) == id)
            pin = p;
        else if (!before && doc_uint(p, attr, 0) > id)
            before = p;
    }
    if (!pin) {
        pin = tree_new(element);
        if (before)
            tree_insert(tune, pin, before);
        else
            tree_append(tune, pin);
        if (attr)
            tree_set_attr(pin, attr, "%u", id);
    }
    tree_set_attr(pin, "cpuset", "%s", cpuset);
}

static int pin_vcpu(struct job *j, struct mp_out *o)
{
    char set[SET_BYTES * 4];
    AUTO_VCPUS s = {.v = NULL};
    skip_dom(j);
    uint32_t id = mp_get_u32(&j->in);
    if (cpuset_arg(j, "Empty cpu list for pinning", set, sizeof set))
        return -1;
    if (vcpus_load(j->t, &s) || id >= s.max)
        return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "vcpu %d is out of range of %s cpu count %d", (int)id, j->is_live ? "live" : "persistent", (int)s.max);
    set_pin(j->t, "vcpupin", "vcpu", id, set);
    return done(o);
}

static int pin_emulator(struct job *j, struct mp_out *o)
{
    char set[SET_BYTES * 4];
    skip_dom(j);
    if (cpuset_arg(j, "Empty cpu list for pinning", set, sizeof set))
        return -1;
    set_pin(j->t, "emulatorpin", NULL, 0, set);
    return done(o);
}

static int pin_iothread(struct job *j, struct mp_out *o)
{
    char set[SET_BYTES * 4];
    skip_dom(j);
    uint32_t id = mp_get_u32(&j->in);
    if (cpuset_arg(j, "Empty iothread cpumap list for pinning", set, sizeof set))
        return -1;
    if (!j->is_live && !iothread_find(j->t, id))        /* which threads QEMU has by now the hand sees */
        return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "iothreadid %d not found", (int)id);
    set_pin(j->t, "iothreadpin", "iothread", id, set);
    return done(o);
}

/* ---- threads for I/O ---- */

/* One comes, or goes. */
static int change_iothreads(struct job *j, struct mp_out *o)
{
    bool add = j->rq->op == OP_REMOTE_DOMAIN_ADD_IOTHREAD;
    skip_dom(j);
    uint32_t id = mp_get_u32(&j->in);
    mp_get_u32(&j->in);
    if (args_end(j) || (add ? iothread_may_add : iothread_may_remove)(j->t, id, &j->e))
        return -1;
    (add ? iothread_add : iothread_remove)(j->t, id);
    return done(o);
}

static int set_iothread(struct job *j, struct mp_out *o)
{
    AUTO_TYPED l = {0};
    unsigned n;
    const struct param *known = params_of(j->rq->op, &n);
    skip_dom(j);
    uint32_t id = mp_get_u32(&j->in);
    if (typed_read(&j->in, known, n, &l, &j->e))
        return -1;
    mp_get_u32(&j->in);
    if (args_end(j))
        return -1;
    struct tree *t = iothread_find(j->t, id);
    if (!t)
        return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "cannot find IOThread '%u' in iothreadids", id);
    return iothread_set(t, &l, false, &j->e) ? -1 : done(o);
}

/* ---- what stands in a row of its own ---- */

static int set_lifecycle(struct job *j, struct mp_out *o)
{
    skip_dom(j);
    uint32_t type = mp_get_u32(&j->in), action = mp_get_u32(&j->in);
    mp_get_u32(&j->in);
    return args_end(j) || lifecycle_set(j->t, type, action, &j->e) ? -1 : done(o);
}

static int set_name(struct job *j, struct mp_out *o)
{
    skip_dom(j);
    AUTO_FREE char *name = mp_get_nil(&j->in) ? NULL : mp_get_strdup(&j->in, FRAME_BODY_MAX);
    mp_get_u32(&j->in);
    if (args_end(j))
        return -1;
    if (!name || !*name)
        return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_DOMAIN, name ? "string %s in %s must not be empty" : "%s in %s must not be NULL", "new_name", "virDomainRename");
    mp_array(o, 1);
    mp_int(o, 0);
    if (strcmp(name, tree_text(j->t, "name")) == 0)
        return j->rq->flags & FRAME_RESENT ? 0 : err_set(&j->e, VIR_ERR_OPERATION_INVALID, VIR_FROM_DOMAIN, "Can't rename domain to itself");
    tree_set_text(tree_make(j->t, "name"), "%s", name);
    return 1;
}

static int set_params(struct job *j, struct mp_out *o)
{
    skip_dom(j);
    return tree_params_set(j->rq->op, j->t, j->is_live, &j->in, &j->e) ? -1 : done(o);
}

const struct stored_op stored_sets[] = {
    {OP_REMOTE_DOMAIN_SET_VCPUS_FLAGS, set_vcpus},
    {OP_REMOTE_DOMAIN_SET_VCPU, set_vcpu},
    {OP_REMOTE_DOMAIN_SET_MAX_MEMORY, set_max_memory},
    {OP_REMOTE_DOMAIN_PIN_VCPU_FLAGS, pin_vcpu},
    {OP_REMOTE_DOMAIN_PIN_EMULATOR, pin_emulator},
    {OP_REMOTE_DOMAIN_PIN_IOTHREAD, pin_iothread},
    {OP_REMOTE_DOMAIN_ADD_IOTHREAD, change_iothreads},
    {OP_REMOTE_DOMAIN_DEL_IOTHREAD, change_iothreads},
    {OP_REMOTE_DOMAIN_SET_IOTHREAD_PARAMS, set_iothread},
    {OP_REMOTE_DOMAIN_SET_LIFECYCLE_ACTION, set_lifecycle},
    {OP_REMOTE_DOMAIN_RENAME, set_name},
    {OP_REMOTE_DOMAIN_SET_MEMORY_PARAMETERS, set_params},
    {OP_REMOTE_DOMAIN_SET_SCHEDULER_PARAMETERS, set_params},
    {OP_REMOTE_DOMAIN_SET_SCHEDULER_PARAMETERS_FLAGS, set_params},
    {OP_REMOTE_DOMAIN_SET_BLKIO_PARAMETERS, set_params},
    {OP_REMOTE_DOMAIN_SET_NUMA_PARAMETERS, set_params},
    {OP_REMOTE_DOMAIN_SET_INTERFACE_PARAMETERS, set_params},
    {OP_REMOTE_DOMAIN_SET_BLOCK_IO_TUNE, set_params},
    {OP_REMOTE_DOMAIN_SET_PERF_EVENTS, set_params},
    {0, NULL},
};

/* Of those, what is done to a running guest by way of its model: by a hand, and not by its worker. */
const struct stored_op live_sets[] = {
    {OP_REMOTE_DOMAIN_PIN_VCPU, pin_vcpu},
    {OP_REMOTE_DOMAIN_PIN_VCPU_FLAGS, pin_vcpu},
    {OP_REMOTE_DOMAIN_PIN_EMULATOR, pin_emulator},
    {OP_REMOTE_DOMAIN_PIN_IOTHREAD, pin_iothread},
    {OP_REMOTE_DOMAIN_SET_MEMORY_PARAMETERS, set_params},
    {OP_REMOTE_DOMAIN_SET_SCHEDULER_PARAMETERS, set_params},
    {OP_REMOTE_DOMAIN_SET_SCHEDULER_PARAMETERS_FLAGS, set_params},
    {OP_REMOTE_DOMAIN_SET_BLKIO_PARAMETERS, set_params},
    {OP_REMOTE_DOMAIN_SET_NUMA_PARAMETERS, set_params},
    {OP_REMOTE_DOMAIN_SET_INTERFACE_PARAMETERS, set_params},
    {OP_REMOTE_DOMAIN_SET_PERF_EVENTS, set_params},
    {0, NULL},
};
