/* complete-cpu.c: processors: their number, model, NUMA cells, and the threads beside them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/util.h"
#include "workers/xmlc/doc.h"

static unsigned doc_cpus(const struct doc *d)
{
    uint64_t n = tree_number(d->t, "vcpu", 0);
    return n ? (unsigned)n : 1;
}

static bool overlap(const struct tree *a, const struct tree *b)
{
    uint8_t x[BITMAP_BITS / 8], y[BITMAP_BITS / 8];
    const char *p = tree_attr(a, "cpus"), *q = tree_attr(b, "cpus");
    if (!p || !q || bitmap_parse(p, x, BITMAP_BITS) || bitmap_parse(q, y, BITMAP_BITS))
        return false;
    for (unsigned i = 0; i < sizeof x; i++)
        if (x[i] & y[i])
            return true;
    return false;
}

/* Those that are online have an order, all or none; what may not be taken out comes first, one after the other. In order of ids. */
static int vcpu_orders(struct doc *d, const struct tree *list)
{
    unsigned first = doc_uint(list->child, "order", 0);
    if (d->env->flags & (DOC_CHANGE | DOC_STORED))      /* a call may have made another order of it */
        return 0;
    if (first > 1)
        return doc_unsupported(d, VIR_FROM_QEMU, "vcpu0 must be enabled first");
    for (const struct tree *c = list->child->next, *prev = list->child; c; prev = c, c = c->next) {
        unsigned order = doc_uint(c, "order", 0);
        bool stays = doc_is(c, "hotpluggable", "no");
        if (!doc_is(c, "enabled", "yes"))
            continue;
        if (!order != !first)
            return doc_unsupported(d, VIR_FROM_QEMU, "all vcpus must have either set or unset order");
        if (stays && doc_is(prev, "hotpluggable", "yes"))
            return doc_unsupported(d, VIR_FROM_QEMU, "online non-hotpluggable vcpus need to be ordered prior to hotplugable vcpus");
        if (stays && doc_uint(prev, "order", 0) > order)
            return doc_unsupported(d, VIR_FROM_QEMU, "online non-hotpluggable vcpus must be ordered in ascending order");
    }
    return 0;
}

/* vCPUs one by one: those that are not named are offline. */
static int each_vcpu(struct doc *d, struct tree *list, unsigned n)
{
    unsigned online = 0;
    TREE_EACH(c, list, "vcpu") {
        if (doc_uint(c, "id", 0) >= n)
            return doc_bad(d, "vcpu id '%u' is out of range of maximum vcpu count", doc_uint(c, "id", 0));
        for (struct tree *o = tree_next(c, "vcpu"), *more; o; o = more) {
            more = tree_next(o, "vcpu");
            if (doc_uint(o, "id", 0) == doc_uint(c, "id", 0))
                tree_free(o);
        }
    }
    for (unsigned i = 0; i < n; i++) {     /* in order of ids */
        struct tree *c = list->child;
        while (c && doc_uint(c, "id", ~0u) != i)
            c = c->next;
        if (!c) {
            c = tree_add(list, "vcpu");
            tree_set_attr(c, "id", "%u", i);
            tree_set_attr(c, "enabled", "no");
            tree_set_attr(c, "hotpluggable", "yes");
        }
        tree_append(list, c);
        online += doc_is(c, "enabled", "yes");
        doc_default(c, "hotpluggable", "no");
        if (!i && !doc_is(c, "enabled", "yes"))
            return doc_unsupported(d, VIR_FROM_QEMU, "vcpu 0 can't be offline");
        if (!i && doc_is(c, "hotpluggable", "yes"))
            return doc_unsupported(d, VIR_FROM_QEMU, "vcpu0 can't be hotpluggable");
    }
    while (list->child && doc_uint(list->child, "id", 0) >= n)
        tree_free(list->child);
    tree_set_attr(tree_first(d->t, "vcpu"), "current", online == n ? NULL : "%u", online);
    return vcpu_orders(d, list);
}

/* ---- NUMA ---- */

enum { CELLS_MAX = 256 };

static int bad_numbers(struct doc *d)
{
    return doc_bad(d, "Exactly one 'cell' element per guest NUMA cell allowed, non-contiguous ranges or ranges not starting from 0 are not allowed");
}

/* Cells have numbers, and come in their order. */
static int numa_cells(struct doc *d, struct tree *numa, struct tree **cells, unsigned *n)
{
    unsigned next = 0;
    TREE_EACH(c, numa, "cell") {
        if (!tree_attr(c, "id"))
            tree_set_attr(c, "id", "%u", next);
        next++;
        unsigned id = doc_uint(c, "id", 0);
        if (id >= CELLS_MAX)
            return bad_numbers(d);
        if (cells[id])
            return doc_bad(d, "Duplicate NUMA cell info for cell id '%u'", id);
        cells[id] = c;
        if (!tree_attr(c, "cpus") && !tree_next(c, "cell") && *n == 0)
            tree_set_attr(c, "cpus", "%s%u", doc_cpus(d) > 1 ? "0-" : "", doc_cpus(d) - 1);
        for (unsigned i = 0; i < id; i++)
            if (cells[i] && overlap(c, cells[i]))
                return doc_unsupported(d, VIR_FROM_DOMAIN, "NUMA cells %u and %u have overlapping vCPU ids", id, i);
        ++*n;
    }
    for (unsigned i = 0; i < *n; i++)
        if (!cells[i])
            return bad_numbers(d);
    for (unsigned i = *n; i-- > 0; )
        if (cells[i] != numa->child)
            tree_insert(numa, cells[i], NULL);
    return 0;
}

/* Processors that no cell has are the first one's. */
static int numa_rest(struct doc *d, struct tree *const *cells, unsigned n)
{
    uint8_t all[BITMAP_BITS / 8] = { 0 }, map[BITMAP_BITS / 8], first[BITMAP_BITS / 8] = { 0 };
    char text[BITMAP_BITS];
    bool more = false;
    for (unsigned i = 0; i < n; i++)
        if (tree_attr(cells[i], "cpus") && bitmap_parse(tree_attr(cells[i], "cpus"), map, BITMAP_BITS) == 0)
            for (unsigned k = 0; k < sizeof all; k++)
                all[k] |= map[k];
    if (tree_attr(cells[0], "cpus") && bitmap_parse(tree_attr(cells[0], "cpus"), first, BITMAP_BITS))
        return -1;      /* seen to by the schema */
    for (unsigned i = 0; i < doc_cpus(d) && i < BITMAP_BITS; i++)
        if (!BITMAP_GET(all, i)) {
            BITMAP_SET(first, i);
            more = true;
        }
    if (more && bitmap_format(first, BITMAP_BITS, text, sizeof text) == 0)
        tree_set_attr(cells[0], "cpus", "%s", text);
    return 0;
}

/* One that one side tells holds for both. */
static int numa_distances(struct doc *d, struct tree *const *cells, unsigned n)
{
    AUTO_FREE uint16_t *v = calloc((size_t)n * n, sizeof *v);
    if (!v)
        return err_set(d->e, VIR_ERR_NO_MEMORY, VIR_FROM_DOMAIN, " ");
    for (unsigned i = 0; i < n; i++)
        TREE_EACH(s, tree_first(cells[i], "distances"), "sibling") {
            unsigned id = doc_uint(s, "id", 0), value = doc_uint(s, "value", 0);
            if (id >= n)
                return doc_bad(d, "'sibling_id %u' does not refer to a valid cell within NUMA 'cell id %u'", id, i);
            if (value < 10 || value > 255)
                return doc_bad(d, "'value %u' is invalid for 'sibling id %u' under NUMA 'cell id %u'", value, id, i);
            v[i * n + id] = (uint16_t)value;
            v[i * n + i] = v[id * n + id] = 10;
            if (!v[id * n + i])
                v[id * n + i] = (uint16_t)value;
        }
    for (unsigned i = 0; i < n; i++) {
        struct tree *t = tree_make(cells[i], "distances");
        while (t->child)
            tree_free(t->child);
        for (unsigned k = 0; k < n; k++)
            if (v[i * n + k]) {
                struct tree *s = tree_add(t, "sibling");
                tree_set_attr(s, "id", "%u", k);
                tree_set_attr(s, "value", "%u", v[i * n + k]);
            }
        if (!t->child)
            tree_free(t);
    }
    return 0;
}

enum { CACHE_LEVELS = 3 };

/* What is between processors and memory. */
static int numa_caches(struct doc *d, struct tree *const *cells, unsigned n)
{
    static const char *const sizes[] = { "size", "line" };
    for (unsigned i = 0; i < n; i++) {
        unsigned seen = 0;
        TREE_EACH(c, cells[i], "cache") {
            unsigned level = doc_uint(c, "level", 0);
            if (!level)
                return doc_bad(d, "Invalid 'level' attribute in cache element for NUMA node %u", i);
            if (level > CACHE_LEVELS)
                return doc_bad(d, "Ain't nobody heard of that much cache level");
            if (seen & 1u << level)
                return doc_bad(d, "Cache level '%u' already defined", level);
            seen |= 1u << level;
            for (unsigned k = 0; k < ARRAY_N(sizes); k++)
                if (!tree_path_attr(c, sizes[k], "value"))
                    return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_XML, "missing element or attribute './%s/@value'", sizes[k]);
        }
    }
    return 0;
}

static bool same_link(const struct tree *a, const struct tree *b)
{
    return doc_uint(a, "initiator", 0) == doc_uint(b, "initiator", 0) && doc_uint(a, "target", 0) == doc_uint(b, "target", 0) &&
        doc_uint(a, "cache", 0) == doc_uint(b, "cache", 0) && strcmp(tree_attr(a, "type"), tree_attr(b, "type")) == 0;
}

/* How quick and how wide the ways between cells are. */
static int numa_links(struct doc *d, const struct tree *links, struct tree *const *cells, unsigned n)
{
    for (const struct tree *l = links ? links->child : NULL; l; l = l->next) {
        unsigned target = doc_uint(l, "target", 0), cache = doc_uint(l, "cache", 0);
        bool found = !cache;
        if (doc_uint(l, "initiator", 0) >= n)
            return doc_bad(d, "'initiator' refers to a non-existent NUMA node");
        if (target >= n)
            return doc_bad(d, "'target' refers to a non-existent NUMA node");
        TREE_EACH(c, cells[target], "cache")
            found |= doc_uint(c, "level", 0) == cache;
        if (!found)
            return doc_bad(d, "'cache' refers to a non-existent NUMA node cache");
        for (const struct tree *o = links->child; o != l; o = o->next)
            if (strcmp(o->name, l->name) == 0 && same_link(o, l))
                return doc_bad(d, "Duplicate info for NUMA %s", strcmp(l->name, "latency") ? "bandwidths" : "latencies");
    }
    return 0;
}

int complete_numa(struct doc *d)
{
    struct tree *numa = tree_get(d->t, "cpu/numa"), *cells[CELLS_MAX] = { NULL };
    unsigned n = 0;
    bool has_distances = false;
    if (numa && !tree_first(numa, "cell"))
        return doc_bad(d, "NUMA topology defined without NUMA cells");
    if (numa_cells(d, numa, cells, &n) || (n && numa_rest(d, cells, n)) || numa_caches(d, cells, n) || numa_links(d, tree_first(numa, "interconnects"), cells, n))
        return -1;
    for (unsigned i = 0; i < n; i++)
        has_distances |= tree_first(cells[i], "distances") != NULL;
    return has_distances ? numa_distances(d, cells, n) : 0;
}

/* ---- processors ---- */

/* How many, in numbers that everything else that counts them agrees with: *n, of which *current are on. */
static int vcpu_count(struct doc *d, const struct tree *t, uint64_t *n, uint64_t *current)
{
    const struct caps_machine *cm = d->emu ? caps_machine(d->emu, d->machine) : NULL;
    unsigned limit = cm ? cm->cpus_max : d->q35 ? 288 : 255;
    uint64_t product = doc_topology(d->t);
    *n = t->text ? tree_number(t, NULL, 0) : 1;
    *current = doc_uint(t, "current", (unsigned)*n);
    if (!*n)
        return err_set(d->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DOMAIN, "CPU IDs in <numa> exceed the <vcpu> count");
    if (*n > 16384)
        return doc_bad(d, "maximum vcpus count is out of range");
    if (product > UINT32_MAX)
        return doc_unsupported(d, VIR_FROM_DOMAIN, "cpu topology results in more than %u cpus", UINT32_MAX);
    if (limit && *n > limit)
        return doc_unsupported(d, VIR_FROM_QEMU, "Maximum CPUs greater than specified machine type limit %u", limit);
    if (!*current)
        return doc_unsupported(d, VIR_FROM_QEMU, "vcpu 0 can't be offline");
    if (*current > *n)
        return doc_unsupported(d, VIR_FROM_DOMAIN, "maximum vCPU count must not be less than current vCPU count");
    if (product && product != *n)
        return doc_unsupported(d, VIR_FROM_QEMU, "CPU topology doesn't match maximum vcpu count");
    return 0;
}

/* Where the host has them, and the memory: one follows the other when it is left to numad. */
static void vcpu_placement(struct doc *d, struct tree *t)
{
    struct tree *memory = tree_get(d->t, "numatune/memory");
    bool auto_ = doc_is(t, "placement", "auto") || (!tree_attr(t, "placement") && doc_is(memory, "placement", "auto") && !tree_attr(t, "cpuset"));
    if (auto_)
        tree_set_attr(t, "cpuset", NULL);
    tree_set_attr(t, "placement", auto_ ? "auto" : "static");
    if (auto_ && !memory) {
        memory = tree_make(d->t, "numatune/memory");
        tree_set_attr(memory, "mode", "strict");
        tree_set_attr(memory, "placement", "auto");
    }
    if (memory)
        doc_default(memory, "mode", "strict");
    if (doc_is(memory, "placement", "auto"))
        tree_set_attr(memory, "nodeset", NULL);
    else if (memory && tree_attr(memory, "nodeset"))
        tree_set_attr(memory, "placement", NULL);
}

static int numatune(struct doc *d)
{
    struct tree *tune = tree_first(d->t, "numatune"), *memory = tree_first(tune, "memory"), *cells = tree_get(d->t, "cpu/numa");
    TREE_EACH(m, tune, "memnode") {
        for (struct tree *o = tree_next(m, "memnode"); o; o = tree_next(o, "memnode"))
            if (doc_uint(o, "cellid", 0) == doc_uint(m, "cellid", 0))
                return doc_bad(d, "Multiple memnode elements with cellid %u", doc_uint(m, "cellid", 0));
        if (doc_is(memory, "mode", "restrictive") != doc_is(m, "mode", "restrictive") && memory && tree_attr(m, "mode"))
            return doc_bad(d, "'restrictive' mode is required in memnode element when mode is 'restrictive' in memory element");
    }
    if (memory && !tree_attr(memory, "nodeset") && !doc_is(memory, "placement", "auto"))
        return doc_unsupported(d, VIR_FROM_DOMAIN, "nodeset for NUMA memory tuning must be set if 'placement' is 'static'");
    TREE_EACH(m, tune, "memnode")
        if (tree_first(cells, "cell") && doc_uint(m, "cellid", 0) >= doc_count(cells, "cell"))
            return doc_bad(d, "Argument 'cellid' in memnode element must correspond to existing guest's NUMA cell");
    return 0;
}

static int vcpus(struct doc *d)
{
    bool given = tree_first(d->t, "vcpu");
    struct tree *t = tree_make(d->t, "vcpu"), *cells = tree_get(d->t, "cpu/numa"), *list = tree_first(d->t, "vcpus");
    uint64_t n, current;
    if (given && !t->text)
        return doc_bad(d, "maximum vcpus count must be an integer");
    if (vcpu_count(d, t, &n, &current))
        return -1;
    tree_set_text(t, "%" PRIu64, n);
    vcpu_placement(d, t);
    tree_set_attr(t, "current", current == n ? NULL : "%" PRIu64, current);
    if (numatune(d))
        return -1;
    TREE_EACH(c, cells, "cell") {
        uint8_t map[BITMAP_BITS / 8];
        if (tree_attr(c, "cpus") && bitmap_parse(tree_attr(c, "cpus"), map, BITMAP_BITS) == 0)
            for (unsigned i = (unsigned)n; i < BITMAP_BITS; i++)
                if (BITMAP_GET(map, i))
                    return err_set(d->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DOMAIN, "Number of CPUs in <numa> exceeds the <vcpu> count");
    }
    if (tree_get(d->t, "numatune/memnode") && !tree_first(cells, "cell"))
        return doc_bad(d, "Element 'memnode' is invalid without any guest NUMA cells");
    TREE_EACH(m, tree_first(d->t, "numatune"), "memnode")
        doc_default(m, "mode", "strict");
    return list ? each_vcpu(d, list, (unsigned)n) : 0;
}

/* ---- threads beside them ---- */

static int iothreads(struct doc *d)
{
    struct tree *ids = tree_first(d->t, "iothreadids"), *t = tree_first(d->t, "iothreads");
    uint64_t n = tree_number(t, NULL, 0), have = ids ? doc_count(ids, NULL) : 0;
    if (n > 16384)
        return doc_bad(d, "iothreads count is out of range");
    TREE_EACH(a, ids, "iothread")
        for (struct tree *b = tree_next(a, "iothread"); b; b = tree_next(b, "iothread"))
            if (doc_uint(a, "id", 0) == doc_uint(b, "id", 0))
                return doc_bad(d, "duplicate iothread id '%u' found", doc_uint(a, "id", 0));
    if (!t && !have)
        return 0;
    t = tree_make(d->t, "iothreads");
    tree_set_text(t, "%" PRIu64, n > have ? n : have);
    if (!tree_number(t, NULL, 0))
        tree_free(t);
    for (unsigned next = 1; ids && have < n; next++) {     /* the ids that were not named are the lowest free ones */
        bool used = false;
        TREE_EACH(c, ids, NULL)
            used |= doc_uint(c, "id", 0) == next;
        if (!used) {
            tree_set_attr(tree_add(ids, "iothread"), "id", "%u", next);
            have++;
        }
    }
    return 0;
}

/* The model of a machine that is told of none: of "qemu64-x86_64-cpu" what is in front. */
static void cpu_default(const struct doc *d, char *out, size_t n)
{
    const struct caps_machine *cm = d->emu ? caps_machine(d->emu, d->machine) : NULL;
    const char *end = cm && cm->cpu_type ? strrchr(cm->cpu_type, '-') : NULL;
    snprintf(out, n, "%s", d->cpu_default ? d->cpu_default : "qemu64");
    if (!end || strcmp(end, "-cpu") != 0)
        return;
    snprintf(out, n, "%.*s", (int)(end - cm->cpu_type), cm->cpu_type);
    char *arch = strrchr(out, '-');
    if (arch)
        *arch = 0;
}

static int cpu_contradicts(struct doc *d, const struct tree *t, const struct tree *model, const char *mode)
{
    TREE_EACH(f, t, "feature")
        for (struct tree *o = tree_next(f, "feature"); o; o = tree_next(o, "feature"))
            if (doc_is(o, "name", tree_attr(f, "name")))
                return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_CPU, "CPU feature '%s' specified more than once", tree_attr(f, "name"));
    if ((!mode || strcmp(mode, "custom") == 0) && !(model && model->text)) {
        if (tree_first(t, "vendor"))
            return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_CPU, "CPU vendor specified without CPU model");
        if (tree_first(t, "feature"))
            return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_CPU, "Non-empty feature list specified without CPU model");
    }
    if (tree_attr(t, "migratable") && !doc_in(mode, "host-passthrough maximum"))
        return err_set(d->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_CPU, "Attribute migratable is only allowed for 'host-passthrough' / 'maximum' CPU mode");
    if (model && tree_attr(model, "vendor_id") && strlen(tree_attr(model, "vendor_id")) != 12)
        return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_CPU, "vendor_id must be exactly 12 characters long");
    return 0;
}

static int cpu(struct doc *d)
{
    struct tree *t = tree_make(d->t, "cpu"), *model = tree_first(t, "model");
    const char *mode = tree_attr(t, "mode");
    char usual[128];
    if (cpu_contradicts(d, t, model, mode))
        return -1;
    if (model && !model->text && !tree_attr(model, "vendor_id")) {
        tree_free(model);
        model = NULL;
    }
    if (!mode)
        tree_set_attr(t, "mode", "%s", mode = "custom");
    if (strcmp(mode, "custom") == 0) {
        doc_default(t, "match", "exact");
        if (!model || !model->text) {
            model = tree_make(t, "model");
            cpu_default(d, usual, sizeof usual);
            tree_set_text(model, "%s", usual);
            doc_default(model, "fallback", "forbid");
            tree_set_attr(t, "check", "none");
            tree_set_attr(t, "match", "exact");
        }
        doc_default(model, "fallback", "allow");
        doc_default(t, "check", d->kvm ? "partial" : "none");
    } else {
        tree_set_attr(t, "match", NULL);
        if (model) {
            bool named = strcmp(mode, "host-model") == 0 && model->text;
            if (named) {
                doc_default(model, "fallback", "allow");
            } else {
                tree_set_text(model, NULL);
                tree_set_attr(model, "fallback", NULL);
            }
            if (!model->attr && !model->text)
                tree_free(model);
        }
        doc_default(t, "check", strcmp(mode, "host-model") == 0 ? "partial" : "none");
        if (strcmp(mode, "host-passthrough") == 0)
            doc_default(t, "migratable", strcmp(d->arch, "i686") == 0 && !(d->emu && strcmp(d->emu->arch, "x86_64") == 0) ? "off" : "on");
    }
    return 0;
}

int complete_cpus(struct doc *d)
{
    return vcpus(d) || iothreads(d) || cpu(d) ? -1 : 0;
}
