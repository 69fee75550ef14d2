/* tree-iotune.c: limits of a disk's throughput, as a call asks for them and as <iotune> keeps them. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/schema/op-numbers.h"
#include "ipc/util.h"
#include "workers/tree-params.h"

#define LIMIT_MAX UINT64_C(1000000000000000)

/* Rows of the table: which are given together (one that is mentioned makes the others 0), and the one that must be there for a burst to make sense. */
enum kind { BYTES, BYTES_MAX, IOPS, IOPS_MAX, SIZE, GROUP, BYTES_LENGTH, IOPS_LENGTH };
enum { TOTAL_BYTES, READ_BYTES, WRITE_BYTES, TOTAL_IOPS, READ_IOPS, WRITE_IOPS, BURST /* the same six as bursts */, SIZE_ROW = 12, LENGTH = 14 /* and how long */ };
static const uint8_t kinds[IOTUNE_N] = { BYTES, BYTES, BYTES, IOPS, IOPS, IOPS, BYTES_MAX, BYTES_MAX, BYTES_MAX, IOPS_MAX, IOPS_MAX, IOPS_MAX, SIZE, GROUP,
    BYTES_LENGTH, BYTES_LENGTH, BYTES_LENGTH, IOPS_LENGTH, IOPS_LENGTH, IOPS_LENGTH };

static const struct param *row(unsigned i)
{
    unsigned n;
    return &params_of(OP_REMOTE_DOMAIN_SET_BLOCK_IO_TUNE, &n)[i];
}

void iotune_free(struct iotune *t)
{
    free(STEAL_PTR(&t->group));
}

void iotune_load(const struct tree *disk, struct iotune *t)
{
    *t = (struct iotune){ .group = NULL };
    for (unsigned i = 0; i < IOTUNE_N; i++) {
        const char *s = tree_text(disk, row(i)->path);
        if (i == IOTUNE_GROUP)
            t->group = s ? strdup(s) : NULL;
        else if (s && tree_parse_uint(s, 10, UINT64_MAX, &t->v[i]))
            t->v[i] = 0;
    }
}

static bool same_group(const struct tree *disk, const char *group)
{
    const char *s = tree_text(disk, "iotune/group_name");
    return s && group && !strcmp(s, group);
}

static int conflicts(const struct iotune *t, struct err *e)
{
    static const struct { unsigned total; const char *what; } sets[] = { { TOTAL_BYTES, "bytes_sec" }, { TOTAL_IOPS, "iops_sec" }, { BURST + TOTAL_BYTES, "bytes_sec_max" },
        { BURST + TOTAL_IOPS, "iops_sec_max" } };
    for (size_t i = 0; i < ARRAY_N(sets); i++) {
        const uint64_t *v = &t->v[sets[i].total];
        if (v[0] && (v[1] || v[2]))
            return err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "total and read/write of %s cannot be set at the same time", sets[i].what);
    }
    return 0;
}

/* A burst belongs to a limit, and is not below it. */
static int bursts(const struct iotune *t, struct err *e)
{
    for (unsigned i = 0; i < BURST; i++) {
        uint64_t limit = t->v[i], burst = t->v[BURST + i];
        const char *name = row(i)->name, *burst_name = row(BURST + i)->name;
        if (!burst)
            continue;
        if (!limit)
            return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "cannot reset '%s' when '%s' is set", name, burst_name);
        if (burst < limit)
            return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "value '%s' cannot be smaller than '%s'", burst_name, name);
    }
    return 0;
}

bool iotune_can(const struct tree *disk, struct err *e)
{
    bool can = !tree_attr_is(disk, "type", "vhostuser");
    if (!can)
        err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "a block I/O throttling is not supported for vhostuser disk");
    return can;
}

int iotune_ask(const struct tree *dom, const struct tree *disk, const struct typed_list *l, bool is_live, struct iotune *out, struct err *e)
{
    AUTO_IOTUNE asked = { .group = NULL }, now = { .group = NULL };
    unsigned mentioned = 0;
    if (!iotune_can(disk, e))
        return -1;
    for (unsigned i = 0; i < l->n; i++) {
        const struct typed *p = &l->v[i];
        mentioned |= 1u << kinds[p->which];
        if (p->which == IOTUNE_GROUP) {
            asked.group = strdup(p->s);
            continue;
        }
        if (p->u > LIMIT_MAX)
            return err_set(e, VIR_ERR_ARGUMENT_UNSUPPORTED, VIR_FROM_QEMU, "block I/O throttle limit value must be no more than %" PRIu64, LIMIT_MAX);
        asked.v[p->which] = p->u;
    }
    if (conflicts(&asked, e))
        return -1;
    /* What was not mentioned stays: of the group that the disk joins, if others have it. */
    const struct tree *of = disk;
    if (asked.group && !same_group(disk, asked.group))
        TREE_EACH(d, tree_get(dom, "devices"), "disk")
            if (same_group(d, asked.group)) {
                of = d;
                break;
            }
    iotune_load(of, &now);
    for (unsigned i = 0; i < IOTUNE_N; i++)
        if (!(mentioned >> kinds[i] & 1) && i != IOTUNE_GROUP)
            asked.v[i] = now.v[i];
    if (!asked.group)
        asked.group = STEAL_PTR(&now.group);
    if (is_live && bursts(&asked, e))
        return -1;
    *out = asked;
    asked.group = NULL;
    return 0;
}

void iotune_store_one(struct tree *disk, const struct iotune *t)
{
    struct tree *old = tree_get(disk, "iotune"), *tune = tree_new("iotune");
    if (old)
        tree_free(old);
    for (unsigned i = 0; i < IOTUNE_N; i++) {
        const char *name = row(i)->name;
        if (i == IOTUNE_GROUP && t->group && *t->group)
            tree_add_text(tune, name, "%s", t->group);
        else if (i != IOTUNE_GROUP && t->v[i])
            tree_add_text(tune, name, "%" PRIu64, t->v[i]);
    }
    struct tree *target = tree_get(disk, "target"), *behind = target ? tree_next(target, NULL) : NULL;
    if (!tune->child)
        tree_free(tune);
    else if (behind)
        tree_insert(disk, tune, behind);
    else
        tree_append(disk, tune);
}

void iotune_store(struct tree *dom, struct tree *disk, const struct iotune *t)
{
    iotune_store_one(disk, t);
    TREE_EACH(d, tree_get(dom, "devices"), "disk")
        if (d != disk && same_group(d, t->group))
            iotune_store_one(d, t);
}
