#include "workers/tree-iothreads.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/util.h"

static uint64_t count(const struct tree *dom)
{
    uint64_t n;
    return tree_parse_uint(tree_text(dom, "iothreads"), 10, IOTHREADS_MAX, &n) ? 0 : n;
}

static bool has_id(const struct tree *t, const char *attr, unsigned id)
{
    uint64_t v;
    return !tree_attr_uint(t, attr, UINT32_MAX, &v) && v == id;
}

/* Puts a new element right behind another one. */
static struct tree *put_behind(struct tree *t, const char *name)
{
    struct tree *add = tree_new(name), *next = tree_next(t, NULL);
    if (next)
        tree_insert(t->parent, add, next);
    else
        tree_append(t->parent, add);
    return add;
}

struct tree *iothreads_explicit(struct tree *dom)
{
    struct tree *ids = tree_get(dom, "iothreadids"), *threads = tree_get(dom, "iothreads");
    uint64_t n = count(dom), have = 0;
    if (!threads)
        return NULL;
    if (!ids)
        ids = put_behind(threads, "iothreadids");
    TREE_EACH(t, ids, "iothread")
        have++;
    for (unsigned id = 1; have < n && id <= IOTHREADS_MAX; id++) {
        bool is_used = false;
        TREE_EACH(t, ids, "iothread")
            is_used |= has_id(t, "id", id);
        if (is_used)
            continue;
        tree_set_attr(tree_add(ids, "iothread"), "id", "%u", id);
        have++;
    }
    return ids;
}

/* Looks without changing anything: numbers that are not told are the first ones that are free. */
static bool is_there(const struct tree *dom, unsigned id)
{
    AUTO_TREE *copy = tree_copy(dom);
    TREE_EACH(t, iothreads_explicit(copy), "iothread")
        if (has_id(t, "id", id))
            return true;
    return false;
}

struct tree *iothread_find(struct tree *dom, unsigned id)
{
    if (is_there(dom, id))
        TREE_EACH(t, iothreads_explicit(dom), "iothread")
            if (has_id(t, "id", id))
                return t;
    return NULL;
}

int iothread_may_add(struct tree *dom, unsigned id, struct err *e)
{
    if (!id)
        return err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "invalid value of 0 for iothread_id");
    if (is_there(dom, id))
        return err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_DOMAIN, "an IOThread is already using iothread_id '%u'", id);
    return count(dom) >= IOTHREADS_MAX ? err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "too many IOThreads") : 0;
}

int iothread_may_remove(struct tree *dom, unsigned id, struct err *e)
{
    if (!id)
        return err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "invalid value of 0 for iothread_id");
    if (!is_there(dom, id))
        return err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_DOMAIN, "cannot find IOThread '%u' in iothreadids list", id);
    for (struct tree *d = tree_first(tree_get(dom, "devices"), NULL); d; d = tree_next(d, NULL))
        if (has_id(tree_get(d, "driver"), "iothread", id)) {
            if (!strcmp(d->name, "disk"))
                return err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_DOMAIN, "cannot remove IOThread %u since it is being used by disk '%s'", id, tree_path_attr(d, "target", "dev"));
            return err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_DOMAIN, "cannot remove IOThread '%u' since it is being used by controller", id);
        }
    return 0;
}

void iothread_add(struct tree *dom, unsigned id)
{
    struct tree *threads = tree_get(dom, "iothreads");
    if (!threads)
        threads = put_behind(tree_get(dom, "vcpus") ? tree_get(dom, "vcpus") : tree_make(dom, "vcpu"), "iothreads");
    uint64_t n = count(dom);
    tree_set_text(threads, "%u", (unsigned)n);
    struct tree *ids = iothreads_explicit(dom);
    tree_set_attr(tree_add(ids, "iothread"), "id", "%u", id);
    tree_set_text(threads, "%u", (unsigned)n + 1);
}

const struct iothread_tuning iothread_tunings[IOTHREAD_TUNINGS] = { { "iothreadpin", "iothread" }, { "iothreadsched", "iothreads" } };

void iothread_remove(struct tree *dom, unsigned id)
{
    struct tree *t = iothread_find(dom, id);
    uint64_t n = count(dom);
    if (!t)
        return;
    tree_free(t);
    for (unsigned i = 0; i < IOTHREAD_TUNINGS; i++)
        TREE_EACH(p, tree_get(dom, "cputune"), iothread_tunings[i].element)
            if (has_id(p, iothread_tunings[i].attr, id)) {
                tree_free(p);
                break;
            }
    if (tree_get(dom, "cputune") && !tree_get(dom, "cputune")->child)
        tree_free(tree_get(dom, "cputune"));
    if (n > 1) {
        tree_set_text(tree_get(dom, "iothreads"), "%u", (unsigned)n - 1);
        return;
    }
    tree_free(tree_get(dom, "iothreads"));
    tree_free(tree_get(dom, "iothreadids"));
}

/* ---- parameters ---- */

static int too_much(const struct typed *v, const char *name, struct err *e)
{
    if (!v || v->u <= INT_MAX)
        return 0;
    return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "%s (%llu) must be less than or equal to %d", name, (unsigned long long)v->u, INT_MAX);
}

static int64_t attr_int(const struct tree *t, const char *name)
{
    uint64_t v;
    return tree_attr_uint(t, name, INT_MAX, &v) ? -1 : (int64_t)v;
}

int iothread_set(struct tree *thread, const struct typed_list *l, bool is_live, struct err *e)
{
    static const char *const kept[] = { "thread_pool_min", "thread_pool_max" };
    const struct typed *pool[2] = { typed_find(l, IOTHREAD_POOL_MIN), typed_find(l, IOTHREAD_POOL_MAX) };
    if (too_much(typed_find(l, IOTHREAD_POLL_MAX_NS), "poll-max-ns", e) || too_much(typed_find(l, IOTHREAD_POLL_GROW), "poll-grow", e) ||
        too_much(typed_find(l, IOTHREAD_POLL_SHRINK), "poll-shrink", e))
        return -1;
    if (pool[0] && pool[0]->i < -1)
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "thread_pool_min (%d) must be equal to or greater than -1", (int)pool[0]->i);
    if (pool[1] && (pool[1]->i < -1 || !pool[1]->i))
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "thread_pool_max (%d) must be a positive number or -1", (int)pool[1]->i);
    if (!is_live)
        for (unsigned i = IOTHREAD_POLL_MAX_NS; i <= IOTHREAD_POLL_SHRINK; i++)
            if (typed_find(l, i))
                return err_set(e, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "configuring persistent polling values is not supported");
    int64_t v[2];
    for (unsigned i = 0; i < 2; i++)
        v[i] = pool[i] ? pool[i]->i : attr_int(thread, kept[i]);
    for (unsigned i = 0; is_live && i < 2; i++)
        if (pool[i] && pool[i]->i < 0)
            return err_set(e, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "%s (%d) must be equal to or greater than 0 for live change", kept[i], (int)pool[i]->i);
    if ((pool[0] || pool[1]) && v[0] > v[1])
        return err_set(e, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "thread_pool_min (%d) can't be greater than thread_pool_max (%d)", (int)v[0], (int)v[1]);
    for (unsigned i = 0; i < 2; i++)
        if (pool[i] && v[i] >= 0)
            tree_set_attr(thread, kept[i], "%d", (int)v[i]);
        else if (pool[i])
            tree_set_attr(thread, kept[i], NULL);
    return 0;
}
