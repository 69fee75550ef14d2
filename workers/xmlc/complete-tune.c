/* complete-tune.c: tuning, features and security labels. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/util.h"
#include "workers/xmlc/doc.h"

/* Numbers with a range of their own. */
static const struct { const char *path; int64_t min, max; const char *text; } ranges[] = {
    {"cputune/shares", 2, 262144, "Value of cputune 'shares' must be in range [2, 262144]"},
    {"cputune/period", 1000, 1000000, "Value of cputune 'period' must be in range [1000, 1000000]"},
    {"cputune/global_period", 1000, 1000000, "Value of cputune 'global_period' must be in range [1000, 1000000]"},
    {"cputune/emulator_period", 1000, 1000000, "Value of cputune 'emulator_period' must be in range [1000, 1000000]"},
    {"cputune/iothread_period", 1000, 1000000, "Value of cputune 'iothread_period' must be in range [1000, 1000000]"},
    {"cputune/quota", 1000, 17592186044415, "Value of cputune 'quota' must be in range [1000, 17592186044415]"},
    {"cputune/global_quota", 1000, 17592186044415, "Value of cputune 'global_quota' must be in range [1000, 17592186044415]"},
    {"cputune/emulator_quota", 1000, 17592186044415, "Value of cputune 'emulator_quota' must be in range [1000, 17592186044415]"},
    {"cputune/iothread_quota", 1000, 17592186044415, "Value of cputune 'iothread_quota' must be in range [1000, 17592186044415]"},
};

int check_ranges(struct doc *d)
{
    for (unsigned i = 0; i < ARRAY_N(ranges); i++) {
        const char *s = tree_text(d->t, ranges[i].path);
        long long v = s ? strtoll(s, NULL, 10) : 0;
        if (s && v > 0 && (v < ranges[i].min || v > ranges[i].max))
            return doc_unsupported(d, VIR_FROM_DOMAIN, "%s", ranges[i].text);
    }
    return 0;
}

static bool has_iothread(const struct doc *d, unsigned id)
{
    const struct tree *ids = tree_first(d->t, "iothreadids");
    const char *n = tree_text(d->t, "iothreads");
    TREE_EACH(i, ids, "iothread")
        if (doc_uint(i, "id", 0) == id)
            return true;
    return !ids && n && id && id <= (unsigned)atoi(n);
}

/* Schedulers are told thread by thread, in the order of their numbers. */
static int schedulers(struct doc *d, struct tree *tune, const char *name, const char *attr)
{
    bool vcpus = strcmp(attr, "vcpus") == 0;
    unsigned n = (unsigned)atoi(tree_text(d->t, "vcpu") ? tree_text(d->t, "vcpu") : "1");
    uint8_t map[BITMAP_BITS / 8], seen[BITMAP_BITS / 8] = {0};
    AUTO_TREE *old = tree_new("old");
    for (struct tree *s; (s = tree_first(tune, name)); )
        tree_append(old, s);
    TREE_EACH(s, old, name) {
        if (bitmap_parse(tree_attr(s, attr), map, BITMAP_BITS))
            return -1;      /* seen to by the schema */
        for (unsigned i = 0; i < BITMAP_BITS; i++) {
            if (!BITMAP_GET(map, i))
                continue;
            if (vcpus && i >= n)
                return doc_unsupported(d, VIR_FROM_DOMAIN, "vCPU '%u' is not present in domain definition", i);
            if (!vcpus && !has_iothread(d, i) && !(d->env->flags & DOC_PLUG))
                return doc_unsupported(d, VIR_FROM_DOMAIN, "Cannot find 'iothread' : %u", i);
            if (BITMAP_GET(seen, i))
                return err_set(d->e, VIR_ERR_XML_DETAIL, VIR_FROM_DOMAIN, "'%s' attributes '%s' must not overlap", name, attr);
            BITMAP_SET(seen, i);
        }
    }
    for (unsigned i = 0; i < BITMAP_BITS; i++)
        TREE_EACH(s, BITMAP_GET(seen, i) ? old : NULL, name)
            if (bitmap_parse(tree_attr(s, attr), map, BITMAP_BITS) == 0 && BITMAP_GET(map, i)) {
                struct tree *one = tree_copy(s);
                tree_set_attr(one, attr, "%u", i);
                tree_append(tune, one);
                break;
            }
    return 0;
}

/* Of vcpus='...' those that there are (n) stay. Returns how many, 0 also where none is named. */
static unsigned present_vcpus(struct tree *t, unsigned n)
{
    uint8_t map[BITMAP_BITS / 8];
    char set[2 * BITMAP_BITS];
    unsigned left = 0;
    if (!tree_attr(t, "vcpus") || bitmap_parse(tree_attr(t, "vcpus"), map, BITMAP_BITS))
        return 0;
    for (unsigned i = 0; i < BITMAP_BITS; i++)
        if (i >= n)
            map[i / 8] &= (uint8_t)~(1u << (i % 8));
        else
            left += BITMAP_GET(map, i);
    if (left && bitmap_format(map, BITMAP_BITS, set, sizeof set) == 0)
        tree_set_attr(t, "vcpus", "%s", set);
    return left;
}

/* A share of the host's caches or memory for no vCPU is none, nor is one of nothing. */
static int shares(struct doc *d, struct tree *tune, const char *name, unsigned n)
{
    for (struct tree *s = tree_first(tune, name), *next; s; s = next) {
        next = tree_next(s, name);
        if (!present_vcpus(s, n)) {
            tree_free(s);
            continue;
        }
        TREE_EACH(m, s, "monitor") {
            if (tree_attr(m, "level") && !doc_is(m, "level", "3"))
                return doc_bad(d, "Invalid monitor cache level '%s'", tree_attr(m, "level"));
            if (!present_vcpus(m, n))
                return err_set(d->e, VIR_ERR_INVALID_ARG, VIR_FROM_DOMAIN, "vcpus is empty");
        }
        if (!s->child)
            tree_free(s);
    }
    return 0;
}

/* Both have a name that the table knows. */
static bool by_event(const struct tree *a, const struct tree *b)
{
    const struct sx_row *perf = schema_domain.kid;
    while (strcmp(perf->name, "perf") != 0)
        perf++;
    for (const char *const *name = perf->type->kid->type->attr->values; *name; name++)
        if (doc_is(a, "name", *name) || doc_is(b, "name", *name))
            return !doc_is(b, "name", *name);
    return false;
}

static bool by_vcpu(const struct tree *a, const struct tree *b)
{
    return doc_uint(a, "vcpu", 0) < doc_uint(b, "vcpu", 0);
}

/* How many threads an IOThread has for its work: as many as there may be at most, or fewer. */
static int thread_pool(struct doc *d, const struct tree *t)
{
    if (tree_attr(t, "thread_pool_max") && !doc_uint(t, "thread_pool_max", 0))
        return doc_unsupported(d, VIR_FROM_DOMAIN, "thread_pool_max must be a positive integer");
    if (tree_attr(t, "thread_pool_min") && (!tree_attr(t, "thread_pool_max") || doc_uint(t, "thread_pool_min", 0) > doc_uint(t, "thread_pool_max", 0)))
        return doc_unsupported(d, VIR_FROM_DOMAIN, "thread_pool_min must be smaller or equal to thread_pool_max");
    return 0;
}

/* Pins and schedulers of threads that are there; those of others are forgotten or refused, as libvirt does. */
static int threads(struct doc *d)
{
    struct tree *tune = tree_first(d->t, "cputune"), *next;
    unsigned n = (unsigned)atoi(tree_text(d->t, "vcpu") ? tree_text(d->t, "vcpu") : "1");
    uint8_t pinned[16384 / 8 + 1] = {0};
    for (struct tree *p = tree_first(tune, "vcpupin"); p; p = next) {
        unsigned id = doc_uint(p, "vcpu", 0);
        next = tree_next(p, "vcpupin");
        if (id >= n || id >= 16384) {
            tree_free(p);
            continue;
        }
        if (BITMAP_GET(pinned, id))
            return err_set(d->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DOMAIN, "duplicate vcpupin for vcpu '%u'", id);
        BITMAP_SET(pinned, id);
    }
    tree_order(tune, "vcpupin", by_vcpu);
    TREE_EACH(p, tune, "iothreadpin")
        for (struct tree *q = tree_next(p, "iothreadpin"); q; q = tree_next(q, "iothreadpin"))
            if (doc_uint(p, "iothread", 0) == doc_uint(q, "iothread", 0))
                return err_set(d->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DOMAIN, "duplicate iothreadpin for same iothread '%u'", doc_uint(p, "iothread", 0));
    /* Of a guest that runs its worker alone knows which threads came and went. */
    TREE_EACH(p, d->env->flags & DOC_PLUG ? NULL : tune, "iothreadpin")
        if (!has_iothread(d, doc_uint(p, "iothread", 0)))
            return doc_unsupported(d, VIR_FROM_DOMAIN, "Cannot find 'iothread' : %u", doc_uint(p, "iothread", 0));
    TREE_EACH(i, tree_first(d->t, "iothreadids"), "iothread")
        if (thread_pool(d, i))
            return -1;
    if (thread_pool(d, tree_first(d->t, "defaultiothread")))
        return -1;
    if (doc_count(tune, "emulatorpin") > 1)
        return doc_bad(d, "only one emulatorpin is supported");
    static const char *const scheds[] = {"emulatorsched", "vcpusched", "iothreadsched"};
    for (unsigned i = 0; i < ARRAY_N(scheds); i++)
        TREE_EACH(s, tune, scheds[i])
            if (doc_in(tree_attr(s, "scheduler"), "fifo rr") && !tree_attr(s, "priority"))
                return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_XML, "Missing required attribute 'priority' in element '%s'", scheds[i]);
    return shares(d, tune, "cachetune", n) || shares(d, tune, "memorytune", n) || schedulers(d, tune, "vcpusched", "vcpus") || schedulers(d, tune, "iothreadsched", "iothreads") ? -1 : 0;
}

static int blkio(struct doc *d)
{
    struct tree *next;
    for (struct tree *t = tree_first(tree_first(d->t, "blkiotune"), "device"); t; t = next) {
        next = tree_next(t, "device");
        if (!tree_text(t, "path"))
            return doc_unsupported(d, VIR_FROM_DOMAIN, "missing per-device path");
        for (struct tree *o = next; o; o = tree_next(o, "device"))
            if (tree_text(o, "path") && strcmp(tree_text(o, "path"), tree_text(t, "path")) == 0)
                return doc_unsupported(d, VIR_FROM_DOMAIN, "duplicate blkio device path '%s'", tree_text(t, "path"));
        if (!tree_next(tree_first(t, NULL), NULL))
            tree_free(t);
    }
    return 0;
}

/* A limit that is none is not kept. */
static void limits(struct doc *d)
{
    struct tree *next;
    for (struct tree *t = tree_first(tree_first(d->t, "memtune"), NULL); t; t = next) {
        next = t->next;
        if (t->text && strtoull(t->text, NULL, 10) >= 9007199254740991ull)
            tree_free(t);
    }
}

static int features(struct doc *d)
{
    const struct tree *hv = tree_get(d->t, "features/hyperv"), *ring = tree_get(d->t, "features/kvm/dirty-ring"), *s;
    unsigned n;
    if ((s = tree_first(hv, "spinlocks")) && doc_is(s, "state", "on")) {
        if (!tree_attr(s, "retries"))
            return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_XML, "Missing required attribute 'retries' in element 'spinlocks'");
        if (doc_uint(s, "retries", 0) < 4095)
            return doc_bad(d, "HyperV spinlock retry count must be at least 4095");
    }
    if ((s = tree_first(hv, "vendor_id")) && doc_is(s, "state", "on") && !tree_attr(s, "value"))
        return doc_bad(d, "missing 'value' attribute for HyperV feature 'vendor_id'");
    if (s && tree_attr(s, "value") && strchr(tree_attr(s, "value"), ','))
        return doc_bad(d, "HyperV vendor_id value is invalid");
    if (s && tree_attr(s, "value") && strlen(tree_attr(s, "value")) > 12)
        return doc_bad(d, "HyperV vendor_id value must not be more than 12 characters.");
    n = doc_uint(ring, "size", 0);
    if (doc_is(ring, "state", "on") && !tree_attr(ring, "size"))
        return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_XML, "Missing required attribute 'size' in element 'dirty-ring'");
    if (doc_is(ring, "state", "on") && (n < 1024 || n > 65536 || (n & (n - 1))))
        return doc_bad(d, "dirty ring must be power of 2 and ranges [1024, 65536]");
    if ((s = tree_get(d->t, "features/tcg/tb-cache")) && s->text && strtoull(s->text, NULL, 10) % 1024)
        return doc_unsupported(d, VIR_FROM_QEMU, "tb-cache size must be an integer multiple of MiB");
    s = tree_get(d->t, "features/smm/tseg");
    if (s && doc_in(tree_attr(s, "unit"), "B KiB"))
        return doc_unsupported(d, VIR_FROM_QEMU, "SMM TSEG size must be divisible by 1 MiB");
    return 0;
}

/* Values that one attribute alone cannot check. */
int complete_tuning(struct doc *d)
{
    struct tree *t;
    if (threads(d) || blkio(d) || features(d))
        return -1;
    limits(d);
    tree_order(tree_first(d->t, "perf"), "event", by_event);
    if ((t = tree_get(d->t, "features/hap")) && !t->attr)
        tree_set_attr(t, "state", "on");
    static const char *const on[] = {"pvspinlock", "pmu", "vmport", "smm", "htm", "nested-hv", "ccf-assist", "vmcoreinfo"};
    for (unsigned k = 0; k < ARRAY_N(on); k++)
        if ((t = tree_first(tree_first(d->t, "features"), on[k])) && !tree_attr(t, "state"))
            tree_set_attr(t, "state", "on");
    if (tree_first(d->t, "bootloader") || tree_first(d->t, "bootloader_args"))
        return doc_unsupported(d, VIR_FROM_QEMU, "bootloader is not supported by QEMU");
    for (struct tree *s = tree_first(d->t, "seclabel"), *next; s; s = next) {     /* what says no more than a model is the default */
        next = tree_next(s, "seclabel");
        if (tree_attr(s, "model") && !s->attr->next && !s->child)
            tree_free(s);
    }
    TREE_EACH(s, d->t, "seclabel") {
        if (!s->attr && !s->child)
            return doc_bad(d, "missing security model in domain seclabel");
        if (!tree_attr(s, "model") && doc_count(d->t, "seclabel") > 1)
            return doc_bad(d, "missing security model when using multiple labels");
        if (doc_is(s, "type", "none"))
            tree_set_attr(s, "relabel", doc_is(s, "relabel", "yes") ? "yes" : NULL);
        if (!tree_attr(s, "type"))
            tree_set_attr(s, "type", "dynamic");
        if (!tree_attr(s, "model") && doc_is(s, "type", "dynamic") && tree_first(s, "baselabel"))
            return doc_bad(d, "missing security model in domain seclabel");
        doc_default(s, "model", "none");
        for (struct tree *o = tree_next(s, "seclabel"); o; o = tree_next(o, "seclabel"))
            if (doc_is(o, "model", tree_attr(s, "model")))
                return err_set(d->e, VIR_ERR_XML_DETAIL, VIR_FROM_DOMAIN, "seclabel for model %s is already provided", tree_attr(s, "model"));
        if (doc_is(s, "type", "none") && doc_is(s, "relabel", "yes"))
            return doc_unsupported(d, VIR_FROM_DOMAIN, "resource relabeling is not compatible with 'none' label type");
        if (doc_is(s, "type", "dynamic") && doc_is(s, "relabel", "no"))
            return doc_unsupported(d, VIR_FROM_DOMAIN, "dynamic label type must use resource relabeling");
        if (doc_is(s, "type", "static")) {
            if (!tree_first(s, "label"))
                return doc_bad(d, "security label is missing");
            doc_default(s, "relabel", "no");
        } else if (doc_is(s, "model", "none")) {
            tree_set_attr(s, "type", "none");
            tree_set_attr(s, "relabel", NULL);
            while (s->child)
                tree_free(s->child);
        }
        if (doc_is(s, "type", "dynamic"))
            doc_default(s, "relabel", "yes");
        if (doc_is(s, "type", "none") || doc_is(s, "type", "static")) {
            if ((t = tree_first(s, "baselabel")))
                tree_free(t);
        }
        if (doc_is(s, "type", "dynamic") && (t = tree_first(s, "label")) && !(d->env->flags & DOC_LIVE))
            tree_free(t);
    }
    return 0;
}

