#include "config.h"
#include "workers/qemu/stats.h"

#include <stdio.h>
#include <string.h>

#include "ipc/log.h"
#include "ipc/util.h"

struct stats_wait {
    struct stats_wait *next;
    struct stats *s;
    stats_fn *fn;
    void *data;
    unsigned due;                       /* parts it still waits for */
    bool in_bulk, is_ready, failed;
    struct loop_timer limit;
};

static struct stats *stats_of(struct guest *g)
{
    if (!g->stats) {
        g->stats = calloc(1, sizeof *g->stats);
        BUG_ON(!g->stats);
        g->stats->g = g;
    }
    return g->stats;
}

static uint64_t num(json_t *o, const char *key)
{
    json_int_t v = json_integer_value(json_object_get(o, key));
    return v > 0 ? (uint64_t)v : 0;
}

/* ---- what QEMU answers ---- */

static void counts(json_t *st, struct block_counts *n)
{
    *n = (struct block_counts){ num(st, "rd_operations"), num(st, "rd_bytes"), num(st, "rd_total_time_ns"), num(st, "wr_operations"), num(st, "wr_bytes"),
                                num(st, "wr_total_time_ns"), num(st, "flush_operations"), num(st, "flush_total_time_ns") };
}

static uint32_t add_node(struct stats *s, json_t *b, uint32_t parent)
{
    const char *name = json_string_value(json_object_get(b, "node-name"));
    if (!name || s->nnodes >= BLOCK_NODES_MAX)
        return UINT32_MAX;
    struct block_node *v = realloc(s->nodes, (s->nnodes + 1) * sizeof *v);
    if (!v)
        return UINT32_MAX;
    s->nodes = v;
    v += s->nnodes;
    *v = (struct block_node){ .parent = parent == UINT32_MAX ? s->nnodes : parent };
    snprintf(v->name, sizeof v->name, "%s", name);
    json_t *st = json_object_get(b, "stats"), *file = json_object_get(b, "parent");
    v->highest = num(file ? json_object_get(file, "stats") : st, "wr_highest_offset");
    return s->nnodes++;
}

static void blocks_forget(struct stats *s)
{
    free(STEAL_PTR(&s->drives));
    free(STEAL_PTR(&s->nodes));
    s->ndrives = s->nnodes = 0;
}

static void take_blockstats(struct stats *s, json_t *ret)
{
    size_t n = json_array_size(ret);
    struct block_node *old = STEAL_PTR(&s->nodes);
    uint32_t nold = s->nnodes;
    blocks_forget(s);
    if (!n || n > BLOCK_NODES_MAX || !(s->drives = calloc(n, sizeof *s->drives))) {
        free(old);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        json_t *b = json_array_get(ret, i);
        const char *qdev = json_string_value(json_object_get(b, "qdev"));
        if (!qdev)
            continue;
        struct block_drive *d = &s->drives[s->ndrives++];
        qdev_alias(qdev, d->alias, sizeof d->alias);
        counts(json_object_get(b, "stats"), &d->n);
        d->node = add_node(s, b, UINT32_MAX);
        d->has_node = d->node != UINT32_MAX;
        uint32_t above = d->node;
        for (json_t *x = json_object_get(b, "backing"); x && above != UINT32_MAX; x = json_object_get(x, "backing"))
            above = add_node(s, x, above);
    }
    /* Sizes are asked for less often. */
    for (uint32_t i = 0; i < s->nnodes; i++)
        for (uint32_t k = 0; k < nold; k++)
            if (!strcmp(s->nodes[i].name, old[k].name)) {
                s->nodes[i].capacity = old[k].capacity;
                s->nodes[i].physical = old[k].physical;
                s->nodes[i].file_size = old[k].file_size;
                s->nodes[i].threshold = old[k].threshold;
                break;
            }
    free(old);
}

static void take_nodes(struct stats *s, json_t *ret)
{
    json_t *v;
    size_t i;
    json_array_foreach(ret, i, v) {
        const char *name = json_string_value(json_object_get(v, "node-name"));
        json_t *image = json_object_get(v, "image");
        size_t n = name ? strlen(name) : 0;
        bool is_file = n > 8 && !strcmp(name + n - 8, "-storage");
        for (uint32_t k = 0; name && k < s->nnodes; k++) {
            struct block_node *b = &s->nodes[k];
            if (is_file && !strncmp(b->name, name, n - 7) && !strcmp(b->name + n - 7, "format"))
                b->file_size = num(image, "virtual-size"), b->threshold = num(v, "write_threshold");
            if (strcmp(b->name, name))
                continue;
            b->capacity = num(image, "virtual-size");
            b->physical = json_object_get(image, "actual-size") ? num(image, "actual-size") : b->capacity;
        }
    }
}

/* Guest statistics by tag; unit 1024: bytes told in KiB. */
static const struct { const char *key; uint8_t tag; uint16_t unit; } mem_keys[] = {
    { "stat-swap-in", 0, 1024 }, { "stat-swap-out", 1, 1024 }, { "stat-major-faults", 2, 1 }, { "stat-minor-faults", 3, 1 },
    { "stat-free-memory", 4, 1024 }, { "stat-total-memory", 5, 1024 }, { "stat-available-memory", 8, 1024 }, { "stat-disk-caches", 10, 1024 },
    { "stat-htlb-pgalloc", 11, 1 }, { "stat-htlb-pgfail", 12, 1 },
};

static void take_balloon(struct stats *s, json_t *ret)
{
    json_t *st = json_object_get(ret, "stats");
    s->mem_known = 0;
    for (size_t i = 0; i < ARRAY_N(mem_keys); i++) {
        json_t *v = json_object_get(st, mem_keys[i].key);
        if (!json_is_integer(v) || json_integer_value(v) < 0)     /* all ones: the guest does not tell */
            continue;
        s->mem[mem_keys[i].tag] = (uint64_t)json_integer_value(v) / mem_keys[i].unit;
        s->mem_known |= (uint16_t)(1u << mem_keys[i].tag);
    }
    if (json_is_integer(json_object_get(ret, "last-update"))) {     /* 0: never, which is told too */
        s->mem[9] = num(ret, "last-update");
        s->mem_known |= 1u << 9;
    }
}

static void take_dirty(struct stats *s, json_t *ret)
{
    static const char *const words[] = { "unstarted", "measuring", "measured" };
    const char *st = json_string_value(json_object_get(ret, "status")), *mode = json_string_value(json_object_get(ret, "mode"));
    for (uint32_t i = 0; st && i < ARRAY_N(words); i++)
        if (!strcmp(st, words[i]))
            s->dirty_status = i;
    s->dirty_start = (int64_t)num(ret, "start-time");
    s->dirty_period = (int32_t)num(ret, "calc-time");
    s->dirty_mbps = num(ret, "dirty-rate");
    snprintf(s->dirty_mode, sizeof s->dirty_mode, "%s", mode ? mode : "page-sampling");
    s->dirty_known = true;
}

static void take_iothreads(struct stats *s, json_t *ret)
{
    json_t *v;
    size_t i;
    s->niothreads = 0;
    json_array_foreach(ret, i, v) {
        const char *name = json_string_value(json_object_get(v, "id"));
        unsigned id;
        if (name && s->niothreads < IOTHREADS_TOLD_MAX && sscanf(name, "iothread%u", &id) == 1)
            s->iothreads[s->niothreads++] = (struct iothread_poll){ id, num(v, "poll-max-ns"), num(v, "poll-grow"), num(v, "poll-shrink") };
    }
}

/* ---- asking and waiting ---- */

static void wait_done(struct stats_wait *w, const struct err *e)
{
    struct stats *s = w->s;
    for (struct stats_wait **p = &s->waits; *p; p = &(*p)->next)
        if (*p == w) {
            *p = w->next;
            break;
        }
    loop_cancel(&w->limit);
    w->fn(s->g, w->data, e);
    free(w);
}

static const struct err stale = { .code = VIR_ERR_OPERATION_TIMEOUT, .domain = VIR_FROM_QEMU, .sys = -1, .detail = "QEMU did not answer in time" };

static void on_limit(struct loop_timer *t)
{
    wait_done(t->data, &stale);
}

/* The last answer of a part is here. */
static void part_end(struct stats *s, unsigned part)
{
    struct err failure = s->failure;
    s->failure.code = 0;
    s->asking &= ~part;
    if (!failure.code)
        s->at_ms[__builtin_ctz(part)] = loop_now_ms();
    for (struct stats_wait *w = s->waits; w; w = w->next)
        if (w->due & part) {
            w->due &= ~part;
            w->failed |= failure.code != 0;
            w->is_ready = !w->due;
        }
    /* Callbacks may queue new waits, which are not ready, so that this ends. */
    for (struct stats_wait *w = s->waits; w;)
        if (w->is_ready) {
            wait_done(w, w->failed ? &failure : NULL);
            w = s->waits;
        } else
            w = w->next;
}

/* Notes a failure; true when the answer can be used. */
static bool usable(struct stats *s, json_t *ret, const struct err *e)
{
    if (e && !s->failure.code)
        s->failure = *e;
    return ret != NULL;
}

static void on_blockstats(void *data, json_t *ret, const struct err *e)
{
    if (usable(data, ret, e))
        take_blockstats(data, ret);
    part_end(data, PART_BLOCKS);
}

static void on_nodes(void *data, json_t *ret, const struct err *e)
{
    if (usable(data, ret, e))
        take_nodes(data, ret);
    part_end(data, PART_SIZES);
}

static void on_balloon(void *data, json_t *ret, const struct err *e)
{
    if (usable(data, ret, e))
        take_balloon(data, ret);
    part_end(data, PART_BALLOON);
}

static void on_dirty(void *data, json_t *ret, const struct err *e)
{
    if (usable(data, ret, e))
        take_dirty(data, ret);
    part_end(data, PART_DIRTY);
}

static void on_iothreads(void *data, json_t *ret, const struct err *e)
{
    if (usable(data, ret, e))
        take_iothreads(data, ret);
    part_end(data, PART_IOTHREADS);
}

static const char *balloon_path(struct guest *g, char *buf, size_t size)
{
    const char *alias = device_alias(tree_get(g->tree, "devices/memballoon"));
    return alias && !util_format(buf, size, "/machine/peripheral/%s", alias) ? buf : NULL;
}

static void ask(struct stats *s, unsigned parts)
{
    struct qmp *q = &s->g->qmp;
    char path[128];
    s->asking |= parts;
    if (parts & PART_BLOCKS)
        qmp_send(q, "query-blockstats", NULL, -1, 0, on_blockstats, s);
    if (parts & PART_SIZES)             /* behind the counters, which name the nodes */
        qmp_send(q, "query-named-block-nodes", json_pack("{s:b}", "flat", 1), -1, 0, on_nodes, s);
    if (parts & PART_BALLOON && s->g->has_balloon && balloon_path(s->g, path, sizeof path))
        qmp_send(q, "qom-get", json_pack("{s:s, s:s}", "path", path, "property", "guest-stats"), -1, 0, on_balloon, s);
    else if (parts & PART_BALLOON)
        part_end(s, PART_BALLOON);
    if (parts & PART_DIRTY)
        qmp_send(q, "query-dirty-rate", NULL, -1, 0, on_dirty, s);
    if (parts & PART_IOTHREADS && tree_get(s->g->tree, "iothreads"))
        qmp_send(q, "query-iothreads", NULL, -1, 0, on_iothreads, s);
    else if (parts & PART_IOTHREADS)
        part_end(s, PART_IOTHREADS);
    qmp_flush(q);
}

/* How long an answer stands. */
static uint64_t fresh_ms(struct guest *g, unsigned part, bool in_bulk)
{
    struct tree *period = tree_get(g->tree, "devices/memballoon/stats");
    switch (part) {
    case PART_SIZES: return in_bulk ? SIZES_FRESH_MS : STATS_FRESH_MS;
    case PART_DIRTY: return g->stats->dirty_status == DIRTY_MEASURING ? STATS_FRESH_MS : UINT64_MAX;   /* who starts a measurement calls stats_forget */
    case PART_BALLOON: return period ? STATS_FRESH_MS : SIZES_FRESH_MS;     /* without polling the guest tells little and seldom */
    default: return STATS_FRESH_MS;
    }
}

void stats_want(struct guest *g, unsigned parts, bool in_bulk, stats_fn *fn, void *data)
{
    struct stats *s = stats_of(g);
    uint64_t now = loop_now_ms();
    unsigned old = 0;
    if (in_bulk && !tree_first(tree_get(g->tree, "devices"), "disk"))
        parts &= ~(unsigned)(PART_BLOCKS | PART_SIZES);     /* there is nothing to ask for */
    for (unsigned i = 0; i < PARTS_N; i++)
        if (parts & 1u << i && (!s->at_ms[i] || now - s->at_ms[i] >= fresh_ms(g, 1u << i, in_bulk)))
            old |= 1u << i;
    if (!old || (in_bulk && qmp_is_stale(&g->qmp))) {
        fn(g, data, old ? &stale : NULL);
        return;
    }
    struct stats_wait *w = calloc(1, sizeof *w);
    BUG_ON(!w);
    *w = (struct stats_wait){ .next = s->waits, .s = s, .fn = fn, .data = data, .due = old, .in_bulk = in_bulk };
    s->waits = w;
    if (in_bulk)
        loop_after(&w->limit, STATS_WAIT_MS, on_limit, w);
    ask(s, old & ~s->asking);           /* may answer w at once */
}

struct block_drive *stats_drive(struct guest *g, const struct tree *disk)
{
    struct stats *s = stats_of(g);
    const char *alias = device_alias(disk);
    for (uint32_t i = 0; alias && i < s->ndrives; i++)
        if (!strcmp(s->drives[i].alias, alias))
            return &s->drives[i];
    return NULL;
}

void stats_free(struct guest *g)
{
    if (g->stats)
        blocks_forget(g->stats);
    free(STEAL_PTR(&g->stats));
}

void stats_forget(struct guest *g)
{
    for (unsigned i = 0; g->stats && i < PARTS_N; i++)
        g->stats->at_ms[i] = 0;
}

/* ---- the balloon's polling ---- */

static void on_period(void *data, json_t *ret, const struct err *e)
{
    (void)data;
    (void)ret;
    if (e)
        log_warn("statistics period: %s", e->detail);
}

void stats_set_period(struct guest *g, uint64_t seconds, qmp_reply_fn *fn, void *data)
{
    char path[128];
    if (balloon_path(g, path, sizeof path))
        qmp_send(&g->qmp, "qom-set", json_pack("{s:s, s:s, s:I}", "path", path, "property", "guest-stats-polling-interval", "value", (json_int_t)seconds), -1, 0,
                 fn ? fn : on_period, fn ? data : g);
}

uint64_t stats_rss_kib(struct guest *g)
{
    char buf[256];
    unsigned long long size, rss;
    if (read_small(g->proc_fd, "statm", buf, sizeof buf) || sscanf(buf, "%llu %llu", &size, &rss) != 2)
        return 0;
    return rss * ((uint64_t)sysconf(_SC_PAGESIZE) / 1024);
}
