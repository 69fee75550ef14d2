/* tree-params-set.c: typed parameters that a call writes into a document. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/schema/op-numbers.h"
#include "ipc/util.h"
#include "workers/bitmap.h"
#include "workers/tree-params.h"

enum { NAME_BYTES = 4096 };

/* What a call brought, and the document it is for.  device: of a call about one, its name. */
struct setting { struct tree *dom; const char *device; bool is_live; const struct param *known; unsigned nknown; struct typed_list l; struct err *e; };

static void remove_at(struct tree *dom, const char *path)
{
    struct tree *t = tree_get(dom, path);
    if (t)
        tree_free(t);
}

/* ---- memory ---- */

static int set_memory(struct setting *s)
{
    enum { HARD, SOFT, SWAP_HARD };
    const struct typed *hard = typed_find(&s->l, HARD), *swap = typed_find(&s->l, SWAP_HARD);
    uint64_t hard_limit = hard ? hard->u : tree_number(s->dom, "memtune/hard_limit", PARAMS_UNLIMITED);
    uint64_t swap_limit = swap ? swap->u : tree_number(s->dom, "memtune/swap_hard_limit", PARAMS_UNLIMITED);
    if ((hard || swap) && hard_limit > swap_limit)
        return err_set(s->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "memory hard_limit tunable value must be lower than or equal to swap_hard_limit");
    for (unsigned i = 0; i < s->l.n; i++) {
        const char *path = s->known[s->l.v[i].which].path;
        if (s->l.v[i].u >= PARAMS_UNLIMITED) {
            remove_at(s->dom, path);
            continue;
        }
        struct tree *t = tree_make(s->dom, path);
        tree_set_attr(t, "unit", "KiB");
        tree_set_text(t, "%" PRIu64, s->l.v[i].u);
    }
    return 0;
}

/* ---- scheduler ---- */

static int set_scheduler(struct setting *s)
{
    enum { SHARES, PERIOD_MIN = 1000, PERIOD_MAX = 1000000, QUOTA_MIN = 1000, SHARES_MIN = 2, SHARES_MAX = 262144 };
    static const uint64_t quota_max = 17592186044415;
    for (unsigned i = 0; i < s->l.n; i++) {
        const struct typed *v = &s->l.v[i];
        const struct param *p = &s->known[v->which];
        bool is_quota = p->type == TYPED_LLONG;
        uint64_t n = is_quota ? (v->i > 0 ? (uint64_t)v->i : 0) : v->u, min = is_quota ? QUOTA_MIN : PERIOD_MIN, max = is_quota ? quota_max : PERIOD_MAX;
        if (v->which != SHARES && n && (n < min || n > max))
            return err_set(s->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "value of '%s' is out of range [%" PRIu64 ", %" PRIu64 "]", p->name, min, max);
        if (s->is_live && v->which == SHARES && (n < SHARES_MIN || n > SHARES_MAX))       /* the kernel's bounds */
            return err_set(s->e, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "shares '%" PRIu64 "' must be in range [%d, %d]", n, SHARES_MIN, SHARES_MAX);
        if (is_quota ? v->i != 0 : n || v->which == SHARES)
            tree_set_text(tree_make(s->dom, p->path), "%" PRId64, is_quota ? v->i : (int64_t)v->u);
        else if (!s->is_live)       /* there it says nothing */
            remove_at(s->dom, p->path);
    }
    return 0;
}

/* ---- block devices of the host ---- */

static struct tree *blkio_device(struct tree *tune, const char *path, bool make)
{
    TREE_EACH(d, tune, "device")
        if (tree_text(d, "path") && !strcmp(tree_text(d, "path"), path))
            return d;
    struct tree *d = make ? tree_add(tune, "device") : NULL;
    if (d)
        tree_add_text(d, "path", "%s", path);
    return d;
}

/* "/dev/sda,400,/dev/sdb,900" for one of the values that a device can have. */
static int set_devices(struct setting *s, const char *name, const char *list)
{
    const char *what = name + strlen("device_");
    uint64_t max = strstr(what, "bytes") ? UINT64_MAX : UINT32_MAX, v;
    AUTO_FREE char *copy = strdup(list);
    struct tree *tune = tree_make(s->dom, "blkiotune");
    for (char *path = copy, *next; path && *path; path = next) {
        char *value = strchr(path, ',');
        next = value ? strchr(value + 1, ',') : NULL;
        if (value)
            *value++ = 0;
        if (next)
            *next++ = 0;
        if (!value || !*path || (next && !*next))
            return err_set(s->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "unable to parse blkio device '%s' '%s'", name, list);
        if (tree_parse_uint(value, 10, max, &v))
            return err_set(s->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "invalid value '%s' for parameter '%s' of device '%s'", value, name, path);
        struct tree *d = blkio_device(tune, path, v != 0);
        if (v)
            tree_set_text(tree_make(d, what), "%" PRIu64, v);
        else if (d) {
            remove_at(d, what);
            if (!tree_next(d->child, NULL))     /* only its path is left */
                tree_free(d);
        }
    }
    return 0;
}

static int set_blkio(struct setting *s)
{
    for (unsigned i = 0; i < s->l.n; i++) {
        const struct typed *v = &s->l.v[i];
        const struct param *p = &s->known[v->which];
        if (p->type == TYPED_STRING) {
            if (set_devices(s, p->name, v->s))
                return -1;
        } else if (v->u)
            tree_set_text(tree_make(s->dom, p->path), "%" PRIu64, v->u);
        else
            remove_at(s->dom, p->path);
    }
    return 0;
}

/* ---- NUMA ---- */

static int set_numa(struct setting *s)
{
    enum { MODE, NODESET };
    const struct typed *mode = typed_find(&s->l, MODE), *set = typed_find(&s->l, NODESET);
    uint8_t map[BITMAP_BITS / 8], none[sizeof map] = { 0 };
    char nodes[BITMAP_BITS * 5] = "";
    if (mode && (mode->i < 0 || mode->i >= PARAMS_NUMA_MODES))
        return err_set(s->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "unsupported numatune mode: '%d'", (int)mode->i);
    if (set && bitmap_parse(set->s, map, BITMAP_BITS))
        return err_set(s->e, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "Failed to parse bitmap '%s'", set->s);
    if (set && (!memcmp(map, none, sizeof map) || bitmap_format(map, BITMAP_BITS, nodes, sizeof nodes)))
        return err_set(s->e, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "Invalid nodeset of 'numatune': %s", set->s);
    const struct tree *now = tree_get(s->dom, "numatune/memory");
    if (s->is_live && mode && now && !tree_attr_is(now, "mode", params_numa_mode[mode->i]))
        return err_set(s->e, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "can't change numatune mode for running domain");
    if (s->is_live && set && now && !tree_attr_is(now, "mode", "restrictive") && !tree_attr_is(now, "nodeset", nodes))
        return err_set(s->e, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "change of nodeset for running domain requires restrictive numa mode");
    if (!mode && !set)
        return 0;
    struct tree *memory = tree_make(s->dom, "numatune/memory");
    if (mode || !tree_attr(memory, "mode"))
        tree_set_attr(memory, "mode", "%s", params_numa_mode[mode ? mode->i : 0]);
    if (set) {
        tree_set_attr(memory, "nodeset", "%s", nodes);
        tree_set_attr(memory, "placement", NULL);
    } else if (!tree_attr(memory, "nodeset") && !tree_attr_is(memory, "placement", "auto")) {
        if (tree_attr_is(tree_get(s->dom, "vcpu"), "placement", "auto"))
            tree_set_attr(memory, "placement", "auto");
        else
            return err_set(s->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_DOMAIN, "nodeset for NUMA memory tuning must be set if 'placement' is 'static'");
    }
    return 0;
}

/* ---- performance events: in the order of their table ---- */

static int set_perf(struct setting *s)
{
    struct tree *perf = tree_make(s->dom, "perf");
    for (unsigned i = 0; i < s->nknown; i++) {
        const struct typed *v = typed_find(&s->l, i);
        struct tree *event = tree_first(perf, "event");
        while (event && !tree_attr_is(event, "name", s->known[i].name))
            event = tree_next(event, "event");
        if (v && !event)
            tree_set_attr(event = tree_new("event"), "name", "%s", s->known[i].name);
        else if (event)
            tree_unlink(event);
        if (v)
            tree_set_attr(event, "enabled", v->u ? "yes" : "no");
        if (event)
            tree_append(perf, event);
    }
    return 0;
}

/* ---- calls about one device: its name comes first ---- */

/* One way of the traffic, if the call speaks of it: it begins anew, and an average of nothing is no limit. */
static void set_way(const struct setting *s, struct tree *t, const char *path)
{
    struct tree *b = tree_new(strchr(path, '/') + 1);
    bool said = false, limits = false;
    for (unsigned i = 0; i < s->l.n; i++) {
        const char *at = s->known[s->l.v[i].which].path, *attr = strchr(at, '@') + 1;
        uint64_t v = s->l.v[i].u;
        if (strncmp(at, path, strlen(path)))
            continue;
        said = true;
        limits |= v && (!strcmp(attr, "average") || !strcmp(attr, "floor"));
        if (v)
            tree_set_attr(b, attr, "%" PRIu64, v);
    }
    if (said)
        remove_at(t, path);
    if (limits)
        tree_append(tree_make(t, "bandwidth"), b);
    else
        tree_free(b);
}

static int set_interface(struct setting *s)
{
    struct tree *t = params_interface(s->dom, s->device);
    if (!t)
        return err_set(s->e, VIR_ERR_INVALID_ARG, VIR_FROM_DOMAIN, "'%s' is not a known interface", s->device);
    const char *type = tree_attr(t, "type");
    if (!type || (strcmp(type, "network") && strcmp(type, "bridge") && strcmp(type, "direct") && strcmp(type, "ethernet")))
        return err_set(s->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "setting bandwidth on interfaces of type '%s' is not implemented yet", type ? type : "");
    set_way(s, t, "bandwidth/inbound");
    set_way(s, t, "bandwidth/outbound");
    struct tree *bandwidth = tree_get(t, "bandwidth");
    if (bandwidth && !bandwidth->child)
        tree_free(bandwidth);
    return 0;
}

static int set_iotune(struct setting *s)
{
    AUTO_IOTUNE tune = { .group = NULL };
    struct tree *disk = params_disk(s->dom, s->device);
    if (!disk)
        return err_set(s->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, s->is_live ? "disk '%s' not found in domain" : "missing persistent configuration for disk '%s'", s->device);
    if (iotune_ask(s->dom, disk, &s->l, s->is_live, &tune, s->e))
        return -1;
    iotune_store(s->dom, disk, &tune);
    return 0;
}

/* ---- what happens when the guest ends: no typed parameters, but as simple ---- */

int lifecycle_set(struct tree *dom, uint32_t type, uint32_t action, struct err *e)
{
    enum { CRASH = 2, COREDUMP_DESTROY = 4 };
    static const char *const types[] = { "on_poweroff", "on_reboot", "on_crash" }, *const events[] = { "poweroff", "reboot", "crash" };
    static const char *const actions[] = { "destroy", "restart", "rename-restart", "preserve", "coredump-destroy", "coredump-restart" };
    if (type >= ARRAY_N(types))
        return err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_DOMAIN, "invalid lifecycle type '%u'", type);
    if (action >= ARRAY_N(actions))
        return err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_DOMAIN, "invalid lifecycle action '%u'", action);
    if (type != CRASH && action >= COREDUMP_DESTROY)
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_DOMAIN, "Lifecycle event '%s' doesn't support '%s' action", events[type], actions[action]);
    tree_set_text(tree_make(dom, types[type]), "%s", actions[action]);
    return 0;
}

enum { DEVICE = 1, FLAGS = 2 };     /* what else a call has: a device's name before, flags behind */
static const struct set { uint32_t op; int (*fn)(struct setting *s); unsigned has; } sets[] = {
    { OP_REMOTE_DOMAIN_SET_MEMORY_PARAMETERS, set_memory, FLAGS }, { OP_REMOTE_DOMAIN_SET_SCHEDULER_PARAMETERS, set_scheduler, 0 },
    { OP_REMOTE_DOMAIN_SET_SCHEDULER_PARAMETERS_FLAGS, set_scheduler, FLAGS }, { OP_REMOTE_DOMAIN_SET_BLKIO_PARAMETERS, set_blkio, FLAGS },
    { OP_REMOTE_DOMAIN_SET_NUMA_PARAMETERS, set_numa, FLAGS }, { OP_REMOTE_DOMAIN_SET_PERF_EVENTS, set_perf, FLAGS },
    { OP_REMOTE_DOMAIN_SET_INTERFACE_PARAMETERS, set_interface, DEVICE | FLAGS }, { OP_REMOTE_DOMAIN_SET_BLOCK_IO_TUNE, set_iotune, DEVICE | FLAGS },
};

int tree_params_set(uint32_t op, struct tree *dom, bool is_live, struct mp_in *in, struct err *e)
{
    struct setting s = { .dom = dom, .is_live = is_live, .e = e };
    const struct set *set = sets;
    while (set < sets + ARRAY_N(sets) && set->op != op)
        set++;
    if (set == sets + ARRAY_N(sets))
        return err_set(e, VIR_ERR_NO_SUPPORT, VIR_FROM_QEMU, "parameters of this kind");
    AUTO_FREE char *device = set->has & DEVICE ? mp_get_strdup(in, NAME_BYTES) : NULL;
    s.device = device;
    s.known = params_of(op, &s.nknown);
    int r = typed_read(in, s.known, s.nknown, &s.l, e);
    if (!r && set->has & FLAGS)
        mp_get_u32(in);
    if (!r && !mp_end(in))
        r = err_set(e, VIR_ERR_RPC, VIR_FROM_RPC, "Unable to decode message payload");
    if (!r && !s.l.n)
        r = err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_DOMAIN, "nparams must be greater than zero");
    if (!r)
        r = set->fn(&s);
    typed_free(&s.l);
    return r;
}
