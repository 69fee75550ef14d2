/* api_iothread.c: threads for I/O that come, go, and change. */
#include "config.h"
#include <stdio.h>
#include <string.h>

#include "ipc/util.h"
#include "workers/qemu/ops.h"
#include "workers/qemu/stats.h"
#include "workers/tree-iothreads.h"
#include "workers/tree-params.h"

struct iothread_call { uint32_t id; bool is_new; };

static void on_listed(struct call *c, json_t *ret)
{
    struct iothread_call *x = c->extra;
    (void)ret;
    if (x->is_new)
        iothread_add(c->g->tree, x->id);
    else
        iothread_remove(c->g->tree, x->id);
    stats_forget(c->g);
    guest_told(c->g);
    if (x->is_new)
        guest_tune(c->g);
    call_ok(c);
}

static void add_or_remove(struct guest *g, const struct request *rq, struct frame *f, bool is_new)
{
    struct err e = ERR_INIT;
    struct mp_in in;
    char name[32];
    if (call_args(g, rq, f, &in))
        return;
    uint32_t id = mp_get_u32(&in);
    mp_get_u32(&in);
    if (call_end_args(g, rq, &in) || call_need_up(g, rq))
        return;
    if (is_new ? iothread_may_add(g->tree, id, &e) : iothread_may_remove(g->tree, id, &e)) {
        worker_error(g->w, rq, &e);
        return;
    }
    struct call *c = call_new(g, rq);
    *(struct iothread_call *)call_extra(c, sizeof(struct iothread_call)) = (struct iothread_call){ id, is_new };
    util_format(name, sizeof name, "iothread%u", id);
    if (is_new)
        call_qmp(c, "object-add", json_pack("{s:s, s:s}", "qom-type", "iothread", "id", name), on_listed);
    else
        call_qmp(c, "object-del", json_pack("{s:s}", "id", name), on_listed);
}

OP_FN(api_add_iothread) { add_or_remove(w->data, rq, f, true); }
OP_FN(api_del_iothread) { add_or_remove(w->data, rq, f, false); }

/* ---- parameters: one property each ---- */

static const char *const properties[] = { [IOTHREAD_POLL_MAX_NS] = "poll-max-ns", [IOTHREAD_POLL_GROW] = "poll-grow", [IOTHREAD_POLL_SHRINK] = "poll-shrink",
    [IOTHREAD_POOL_MIN] = "thread-pool-min", [IOTHREAD_POOL_MAX] = "thread-pool-max" };

struct set_call { uint32_t id; struct typed_list l; unsigned next; };

static void set_free(void *extra)
{
    typed_free(&((struct set_call *)extra)->l);
}

static void on_property(struct call *c, json_t *ret)
{
    struct set_call *x = c->extra;
    struct guest *g = c->g;
    char path[48];
    (void)ret;
    if (x->next == x->l.n) {
        struct tree *t = iothread_find(g->tree, x->id);
        if (t)
            iothread_set(t, &x->l, true, &(struct err)ERR_INIT);
        stats_forget(g);
        guest_told(g);
        call_ok(c);
        return;
    }
    const struct typed *v = &x->l.v[x->next++];
    bool is_signed = v->which >= IOTHREAD_POOL_MIN;
    util_format(path, sizeof path, "/objects/iothread%u", x->id);
    call_qmp(c, "qom-set", json_pack("{s:s, s:s, s:I}", "path", path, "property", properties[v->which], "value", is_signed ? (json_int_t)v->i : (json_int_t)v->u), on_property);
}

OP_ARGS(api_set_iothread)
{
    struct err e = ERR_INIT;
    struct call *c = call_new(g, rq);
    struct set_call *x = call_extra(c, sizeof *x);
    c->free_extra = set_free;
    x->id = mp_get_u32(&in);
    if (call_params(g, rq, &in, &x->l)) {
        call_drop(c);
        return;
    }
    AUTO_TREE *copy = tree_copy(g->tree);
    struct tree *t = iothread_find(copy, x->id);
    if (!t)
        call_failf(c, VIR_ERR_INVALID_ARG, "cannot find IOThread '%u' in iothreadids", x->id);
    else if (iothread_set(t, &x->l, true, &e))
        call_fail(c, &e);
    else
        on_property(c, NULL);
}
