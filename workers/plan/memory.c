/* memory.c: -m, memory backends, -numa, memory devices. */
#include "priv.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/util.h"

#define MIB (1ULL << 20)
#define PAGE 4096      /* the host's own: none of the huge ones */

static unsigned long long round_mib(unsigned long long bytes)
{
    return (bytes + MIB - 1) / MIB * MIB;
}

/* What is plugged comes in pieces of 2 MiB. */
static unsigned long long round_module(unsigned long long bytes)
{
    return (bytes + 2 * MIB - 1) / (2 * MIB) * (2 * MIB);
}

/* One memory backend: what the guest's <memoryBacking>, <numatune> and the part's own settings make of it. */
struct backend {
    const char *id, *file;          /* file: its name in the folder of such, NULL the id */
    unsigned long long size;
    const char *share;              /* "shared", "private" or NULL */
    const char *nodemask;           /* NULL none */
    const char *path;               /* NULL: as <memoryBacking> says */
    const struct tree *el;          /* whose file it is in a run, where it is to be in one */
    unsigned long long pagesize;    /* 0: as <memoryBacking> says */
    unsigned long long align;
    const char *policy;
    long node;                      /* guest node, -1 none */
    bool main, pmem, nvdimm, reserve_none;
    int discard;                    /* -1: as <memoryBacking> says */
};

static const char *policy_of(const char *mode)
{
    static const struct map m[] = { { "strict", "bind" }, { "preferred", "preferred" }, { "interleave", "interleave" }, { "restrictive", NULL }, { NULL, NULL } };
    bool known;
    return pl_map(m, mode ? mode : "strict", &known);
}

/* "0-1,4" -> [0, 1, 4] */
static json_t *node_list(struct ctx *c, const char *s)
{
    json_t *a = json_array();
    while (*s) {
        char *end;
        unsigned long lo = strtoul(s, &end, 10), hi = lo;
        if (end == s)
            break;
        if (*end == '-')
            hi = strtoul(end + 1, &end, 10);
        for (; lo <= hi && lo < 1024; lo++)
            json_array_append_new(a, json_integer((json_int_t)lo));
        s = *end == ',' ? end + 1 : end;
    }
    if (*s)
        pl_fail(c, "'%s' is not a list of NUMA nodes", s);
    return a;
}

/* n is in a list like "0-1,4". */
static bool nodes_have(const char *s, unsigned long n)
{
    while (*s) {
        char *end;
        unsigned long lo = strtoul(s, &end, 10), hi = lo;
        if (end == s)
            return false;
        if (*end == '-')
            hi = strtoul(end + 1, &end, 10);
        if (n >= lo && n <= hi)
            return true;
        s = *end == ',' ? end + 1 : end;
        if (*end && *end != ',')
            return false;
    }
    return false;
}

/* Whether the memory of a guest node (-1: not a node's) is on huge pages, and of how many bytes (0: as the host has them): the page of its own, else the one for all. */
static bool on_hugepages(struct ctx *c, long node, unsigned long long *size)
{
    const struct tree *h = tree_get(c->in->dom, "memoryBacking/hugepages"), *page = NULL;
    *size = 0;
    if (!h || !tree_first(h, "page"))
        return h;
    TREE_EACH(p, h, "page") {
        const char *set = tree_attr(p, "nodeset");
        bool own = set && nodes_have(set, node < 0 ? 0 : (unsigned long)node);
        if (own || !set)
            page = p;
        if (own)
            break;
    }
    *size = page ? pl_num_or(c, page, NULL, "size", 0) * 1024 : 0;      /* canonical documents have KiB here */
    return page && *size != PAGE;
}

static void hugepage_path(struct ctx *c, json_t *o)
{
    pl_setf(c, o, "mem-path", "/dev/hugepages/libvirt/qemu/%d-%s", c->in->id, pl_short_name(c));
}

static void backend(struct ctx *c, const struct backend *m)
{
    const struct tree *mb = tree_get(c->in->dom, "memoryBacking");
    const char *source = tree_path_attr(mb, "source", "type"), *share = m->share ? m->share : tree_path_attr(mb, "access", "mode");
    unsigned long long pagesize = m->pagesize;
    bool huge = pagesize || (!m->path && on_hugepages(c, m->node, &pagesize)), memfd = !m->path && pl_is(source, "memfd");
    bool prealloc = !m->reserve_none && (huge || (m->nvdimm && !m->pmem) || pl_is(tree_path_attr(mb, "allocation", "mode"), "immediate"));
    /* memory that others map too needs a file; one without a name serves as well where nobody looks for it by name */
    bool file = m->path || huge || share || pl_is(source, "file");
    if (pl_run(c) && !m->path && (huge || (share && !pl_is(source, "file"))))
        memfd = true;
    unsigned long long threads = pl_num_or(c, mb, "allocation", "threads", 0);
    int32_t index;
    char given[32];
    const struct plan_res *r = pl_run(c) && file && !memfd && !m->path ? pl_res(c, m->el, &index) : NULL;
    const char *own = r ? pl_mapped(c, r, index, given) : m->path;      /* before what it is for: QEMU has to have it by then */
    /* memory in a file that QEMU should touch at once is touched by threads that sit on its nodes; a sandboxed QEMU chooses no CPUs, and its memory is there all the same */
    bool seated = m->nodemask && prealloc && !m->main && huge && !pl_run(c);
    if (seated) {
        json_t *tc = pl_item(c, PLAN_OBJECT);
        pl_set(tc, "qom-type", "thread-context");
        pl_setf(c, tc, "id", "tc-%s", m->id);
        json_object_set_new(tc, "node-affinity", node_list(c, m->nodemask));
    }
    json_t *o = pl_item(c, PLAN_OBJECT);
    pl_set(o, "qom-type", memfd ? "memory-backend-memfd" : file ? "memory-backend-file" : "memory-backend-ram");
    pl_setf(c, o, "id", "%s", m->id);
    if (memfd && huge) {
        pl_set_bool(o, "hugetlb", true);
        if (pagesize || !pl_run(c))
            pl_set_int(o, "hugetlbsize", pagesize ? (long long)pagesize : 2 << 20);
    } else if (own) {
        pl_set(o, "mem-path", own);
    } else if (huge && !memfd) {
        hugepage_path(c, o);
    } else if (file && !memfd) {
        const char *folder = c->in->settings ? c->in->settings->memory_backing_dir : "";
        pl_setf(c, o, "mem-path", "%s%s/%d-%s/%s", *folder ? folder : pl_lib_dir(c), *folder ? "/libvirt/qemu" : "/ram", c->in->id, pl_short_name(c), m->file ? m->file : m->id);
    }
    if (!memfd && file && (m->discard >= 0 || tree_get(mb, "discard")))
        pl_set_bool(o, "discard-data", m->discard != 0);
    if (share)
        pl_set_bool(o, "share", pl_is(share, "shared"));
    if (m->main && (file || memfd))
        pl_set_bool(o, "x-use-canonical-path-for-ramblock-id", false);
    if (prealloc)
        pl_set_bool(o, "prealloc", true);
    if (m->reserve_none && !pl_run(c))      /* QEMU would look into /proc, of which a guest has none, to see whether it can */
        pl_set_bool(o, "reserve", false);
    if ((prealloc || !pl_run(c)) && threads)
        pl_set_int(o, "prealloc-threads", (long long)threads);
    pl_set_int(o, "size", (long long)m->size);
    if (m->align)
        pl_set_int(o, "align", (long long)m->align);
    if (m->pmem)
        pl_set_bool(o, "pmem", true);
    if (m->nodemask && m->policy) {
        json_object_set_new(o, "host-nodes", node_list(c, m->nodemask));
        pl_set(o, "policy", m->policy);
    }
    if (seated)
        pl_setf(c, o, "prealloc-context", "tc-%s", m->id);
}

/* ---- -m ---- */
static unsigned long long devices_size(struct ctx *c)
{
    unsigned long long sum = 0;
    TREE_EACH(m, c->devices, "memory")
        sum += round_mib(pl_size(c, m, "target/size"));
    return sum;
}

static unsigned long long cells_size(struct ctx *c, bool *any)
{
    unsigned long long sum = 0;
    *any = false;
    TREE_EACH(cell, tree_get(c->in->dom, "cpu/numa"), "cell") {
        *any = true;
        sum += round_mib(pl_cell_size(c, cell));
    }
    return sum;
}

unsigned long long pl_cell_size(struct ctx *c, const struct tree *cell)
{
    unsigned long long kib;
    /* canonical documents have KiB here */
    return pl_num(c, cell, NULL, "memory", &kib) == 0 ? kib * 1024 : 0;
}

static const struct tree *memnode(struct ctx *c, unsigned long long cell)
{
    unsigned long long id;
    TREE_EACH(n, tree_get(c->in->dom, "numatune"), "memnode")
        if (pl_num(c, n, NULL, "cellid", &id) == 0 && id == cell)
            return n;
    return NULL;
}

void pl_memory(struct ctx *c)
{
    const struct tree *dom = c->in->dom, *max = tree_get(dom, "maxMemory"), *tune = tree_get(dom, "numatune/memory");
    bool cells;
    unsigned long long size = cells_size(c, &cells);
    if (!cells)
        size = round_mib(pl_size(c, dom, "memory") - (max ? devices_size(c) : 0));
    if (max)
        pl_words(c, "-m", "size=%lluk,slots=%llu,maxmem=%lluk", size / 1024, pl_num_or(c, max, NULL, "slots", 0), round_mib(pl_size(c, dom, "maxMemory")) / 1024);
    else
        pl_words(c, "-m", "%llu", size / MIB);
    if (!cells)
        backend(c, &(struct backend){ .id = pl_ram_id(c), .el = tree_get(dom, "memoryBacking"), .size = size, .main = true, .node = -1, .discard = -1, .nodemask = tree_attr(tune, "nodeset"),
                                      .policy = policy_of(tree_attr(tune, "mode")) });
    pl_words(c, "-overcommit", "mem-lock=%s", tree_get(dom, "memoryBacking/locked") ? "on" : "off");
}

/* ---- -numa ---- */
static void cpu_ranges(struct ctx *c, struct strbuf *b, const char *cpus)
{
    AUTO_FREE char *copy = cpus ? strdup(cpus) : NULL;
    char *save = NULL;
    for (char *r = copy ? strtok_r(copy, ",", &save) : NULL; r; r = strtok_r(NULL, ",", &save))
        pl_cat(c, b, ",cpus=%s", r);
}

static void distances(struct ctx *c, const struct tree *numa)
{
    TREE_EACH(cell, numa, "cell")
        TREE_EACH(s, tree_get(cell, "distances"), "sibling")
            pl_words(c, "-numa", "dist,src=%llu,dst=%llu,val=%llu", pl_num_or(c, cell, NULL, "id", 0), pl_num_or(c, s, NULL, "id", 0),
                     pl_num_or(c, s, NULL, "value", 10));
}

bool pl_hmat(struct ctx *c)
{
    const struct tree *numa = tree_get(c->in->dom, "cpu/numa");
    TREE_EACH(cell, numa, "cell")
        if (tree_get(cell, "cache"))
            return true;
    return tree_get(numa, "interconnects");
}

/* Who uses a node's memory: its own processors, else those of the quickest way to it, else of the widest, else of the first node that has some. */
static unsigned long long initiator(struct ctx *c, const struct tree *numa, const struct tree *cell)
{
    const struct tree *found = NULL;
    unsigned long long id = pl_num_or(c, cell, NULL, "id", 0), best = 0;
    if (tree_attr(cell, "cpus"))
        return id;
    for (const struct tree *links = tree_get(numa, "interconnects"), *l = links ? links->child : NULL; l; l = l->next) {
        bool latency = pl_is(l->name, "latency"), was = pl_is(found ? found->name : NULL, "latency");
        unsigned long long value = pl_num_or(c, l, NULL, "value", 0);
        if (pl_num_or(c, l, NULL, "target", 0) == id && (latency ? !was || value < best : !was && value > best)) {
            found = l;
            best = value;
        }
    }
    if (found)
        return pl_num_or(c, found, NULL, "initiator", 0);
    TREE_EACH(other, numa, "cell")
        if (tree_attr(other, "cpus"))
            return pl_num_or(c, other, NULL, "id", 0);
    return 0;
}

static void interconnects(struct ctx *c, const struct tree *numa)
{
    static const char *const levels[] = { "memory", "first-level", "second-level", "third-level" };
    for (const struct tree *links = tree_get(numa, "interconnects"), *l = links ? links->child : NULL; l; l = l->next) {
        unsigned long long level = pl_num_or(c, l, NULL, "cache", 0);
        const char *type = tree_attr(l, "type"), *value = tree_attr(l, "value");
        if (level >= ARRAY_N(levels) || !type || !value)
            pl_refuse(c, l, "cache");
        else
            pl_words(c, "-numa", "hmat-lb,initiator=%llu,target=%llu,hierarchy=%s,data-type=%s-%s,%s=%s%s", pl_num_or(c, l, NULL, "initiator", 0),
                     pl_num_or(c, l, NULL, "target", 0), levels[level], type, l->name, l->name, value, pl_is(l->name, "bandwidth") ? "K" : "");
    }
}

static void caches(struct ctx *c, const struct tree *numa)
{
    static const struct map policies[] = { { "none", "none" }, { "writeback", "write-back" }, { "writethrough", "write-through" }, { NULL, NULL } };
    static const struct map kinds[] = { { "none", "none" }, { "direct", "direct" }, { "full", "complex" }, { NULL, NULL } };
    bool policy, kind;
    TREE_EACH(cell, numa, "cell")
        TREE_EACH(k, cell, "cache") {
            const char *as = pl_map(kinds, tree_attr(k, "associativity"), &kind), *with = pl_map(policies, tree_attr(k, "policy"), &policy);
            if (!kind || !policy)
                pl_refuse(c, k, kind ? "policy" : "associativity");
            else
                pl_words(c, "-numa", "hmat-cache,node-id=%llu,size=%lluK,level=%llu,associativity=%s,policy=%s,line=%llu", pl_num_or(c, cell, NULL, "id", 0),
                         pl_num_or(c, k, "size", "value", 0), pl_num_or(c, k, NULL, "level", 0), as, with, pl_num_or(c, k, "line", "value", 0));
        }
}

void pl_numa(struct ctx *c)
{
    const struct tree *numa = tree_get(c->in->dom, "cpu/numa"), *tune = tree_get(c->in->dom, "numatune/memory");
    const bool hmat = pl_hmat(c);
    if (!numa)
        return;
    TREE_EACH(cell, numa, "cell") {
        unsigned long long id = pl_num_or(c, cell, NULL, "id", 0);
        const struct tree *node = memnode(c, id);
        struct strbuf b = { NULL, 0, 0 };
        char name[40];
        snprintf(name, sizeof name, "ram-node%llu", id);
        backend(c, &(struct backend){ .id = name, .el = cell, .node = (long)id, .size = round_mib(pl_cell_size(c, cell)), .share = tree_attr(cell, "memAccess"), .discard = pl_tri(cell, NULL, "discard"),
            .nodemask = node ? tree_attr(node, "nodeset") : tree_attr(tune, "nodeset"),
            .policy = policy_of(node ? tree_attr(node, "mode") : tree_attr(tune, "mode")) });
        pl_cat(c, &b, "node,nodeid=%llu", id);
        cpu_ranges(c, &b, tree_attr(cell, "cpus"));
        if (hmat)
            pl_cat(c, &b, ",initiator=%llu", initiator(c, numa, cell));
        pl_cat(c, &b, ",memdev=%s", name);
        pl_words_take(c, "-numa", b.s);
    }
    distances(c, numa);
    interconnects(c, numa);
    caches(c, numa);
}

/* ---- <memory> devices ---- */
void pl_memdev(struct ctx *c, const struct tree *d)
{
    static const struct map drivers[] = { { "dimm", "pc-dimm" }, { "nvdimm", "nvdimm" }, { "virtio-pmem", "virtio-pmem" }, { "virtio-mem", "virtio-mem" },
        { NULL, NULL } };
    const char *model = tree_attr(d, "model"), *alias = pl_alias(c, d);
    bool known;
    const char *driver = pl_map(drivers, model, &known);
    struct backend m = { .size = round_module(pl_size(c, d, "target/size")), .share = tree_attr(d, "access"), .path = tree_text(d, "source/path"),
        .nodemask = tree_text(d, "source/nodemask"), .pagesize = pl_size(c, d, "source/pagesize"), .align = pl_size(c, d, "source/alignsize"),
        .pmem = tree_get(d, "source/pmem"), .reserve_none = pl_is(model, "virtio-mem"), .node = -1, .nvdimm = pl_is(model, "nvdimm"), .policy = "bind", .discard = pl_tri(d, NULL, "discard") };
    char id[96];
    unsigned long long n, any;
    if (!known) {
        pl_refuse(c, d, "model");
        return;
    }
    if (m.pagesize == PAGE)
        m.pagesize = 0;
    char mapped[32];
    int32_t index;
    const struct plan_res *r = pl_run(c) && m.path ? pl_res(c, d, &index) : NULL;
    if (r)
        m.path = pl_mapped(c, r, index, mapped);
    /* what the module does not say of itself is as its node has it */
    TREE_EACH(cell, tree_get(c->in->dom, "cpu/numa"), "cell")
        if (tree_text(d, "target/node") && tree_attr_is(cell, "id", tree_text(d, "target/node"))) {
            m.share = m.share ? m.share : tree_attr(cell, "memAccess");
            m.discard = m.discard >= 0 ? m.discard : pl_tri(cell, NULL, "discard");
        }
    snprintf(id, sizeof id, "mem%s", alias);
    m.id = id;
    m.el = d;
    m.file = alias;
    backend(c, &m);
    json_t *o = pl_item(c, PLAN_DEVICE);
    if (pl_is(driver, "virtio-pmem") || pl_is(driver, "virtio-mem"))
        pl_virtio(c, d, driver, NULL, o);
    else
        pl_set(o, "driver", driver);
    if (tree_get(d, "target/node") && pl_num(c, d, "target/node", NULL, &n) == 0)
        pl_set_int(o, "node", (long long)n);
    if (tree_get(d, "target/block"))
        pl_set_int(o, "block-size", (long long)pl_size(c, d, "target/block"));
    if (pl_size(c, d, "target/requested"))
        pl_set_int(o, "requested-size", (long long)pl_size(c, d, "target/requested"));
    if (tree_get(d, "target/label"))
        pl_set_int(o, "label-size", (long long)pl_size(c, d, "target/label/size"));
    if (tree_text(d, "uuid"))
        pl_set(o, "uuid", tree_text(d, "uuid"));
    if (tree_get(d, "target/readonly"))
        pl_set_bool(o, "unarmed", true);
    pl_set(o, "memdev", id);
    if (m.reserve_none && (m.pagesize || on_hugepages(c, -1, &any) || pl_is(tree_path_attr(c->in->dom, "memoryBacking/allocation", "mode"), "immediate")))
        pl_set_bool(o, "prealloc", true);       /* it touches what is plugged */
    pl_setf(c, o, "id", "%s", alias);
    pl_address(c, d, o);
}
