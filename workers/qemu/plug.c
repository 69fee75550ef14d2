/* plug.c: IN_PLUG: its steps one after the other, backwards when one fails, and devices that come. */
#include "config.h"
#include <stdio.h>
#include <string.h>

#include "ipc/log.h"
#include "ipc/util.h"
#include "workers/qemu/ops.h"
#include "workers/qemu/plug.h"
#include "workers/qemu/stats.h"

enum { STEPS_MAX = 2048 };

/* ---- its end ---- */

static void drop(struct plugging *p)
{
    loop_cancel(&p->timer);
    opened_done(&p->o);
    for (size_t i = 0; i < p->n; i++) {
        json_decref(p->step[i].args);
        json_decref(p->step[i].undo);
    }
    for (uint32_t i = 0; p->fd && i < p->fds.nfds; i++)
        if (p->fd[i] >= 0)
            close(p->fd[i]);
    if (p->manifest_fd >= 0)
        close(p->manifest_fd);
    if (p->grants_fd >= 0)
        close(p->grants_fd);
    if (p->devices)
        tree_free(p->devices);
    free(p->step);
    free(p->fd);
    free(p);
}

static void answer(struct plugging *p)
{
    struct guest *g = p->g;
    g->plug = NULL;
    g->job = NULL;
    save_notes(g);
    if (p->e.code && p->leased)         /* while there is a model of the guest with the disk: until it is answered */
        lease_one(g, false, p->lease, NULL, NULL);
    if (p->e.code)
        worker_error(g->w, &p->rq, &p->e);
    else
        reply_ok(g, &p->rq);
    drop(p);
    later_go(g);
}

static void on_late(struct loop_timer *t)
{
    answer(t->data);
}

void plug_settled(struct guest *g)
{
    struct plugging *p = g->plug;
    if (p && p->ending && (!(cleanup_has(g, p->group) || cleanup_has(g, p->bus)) || g->clean_stuck || g->qmp.state != QMP_READY))
        answer(p);
    else if (!p)
        cleanup_settled(g);
}

void plug_end(struct plugging *p)
{
    p->ending = true;
    p->waits = false;
    struct guest *g = p->g;
    loop_after(&p->timer, UNPLUG_MS, on_late, p);
    cleanup_go(g);
    plug_settled(g);
}

void plug_end_with(struct plugging *p, const struct err *e)
{
    p->e = *e;
    if (!p->e.code)
        err_set(&p->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "the device was not worked on");
    plug_end(p);
}

void plug_gone(struct guest *g)
{
    struct plugging *p = g->plug;
    if (!p)
        return;
    err_set(&p->e, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "domain is no longer running");
    answer(p);
}

/* ---- steps ---- */

void plug_step(struct plugging *p, const char *command, json_t *args, int fd, const char *undo, json_t *undo_args)
{
    struct step *v = reallocarray(p->step, p->n + 1, sizeof *v);
    BUG_ON(!v);
    p->step = v;
    v[p->n++] = (struct step){ .command = command, .args = args, .fd = fd, .undo = undo ? json_pack("{s:s, s:o}", "execute", undo, "arguments", undo_args) : NULL };
}

/* The descriptor that has that number in QEMU's plan. */
static int numbered(const struct plugging *p, int number)
{
    for (uint32_t i = 0; number >= 0 && i < p->fds.nfds; i++)
        if (p->fds.fd[i].number == number)
            return p->fd[i];
    return -1;
}

void plug_step_item(struct plugging *p, const struct plan_item *it)
{
    const char *command, *undo;
    json_t *args = NULL, *undo_args = NULL;
    int fd = -1;
    bool by_fd = it->opt == PLAN_ADD_FD || it->opt == PLAN_GETFD;
    if (by_fd && it->res >= 0 && (uint32_t)it->res < p->o.host.n) {
        const struct plan_res *r = &p->o.host.v[it->res];
        fd = numbered(p, it->opt == PLAN_ADD_FD ? r->fd[it->which & 1] : r->fd[0] + it->which);
    }
    if ((by_fd && fd < 0) || p->n >= STEPS_MAX || plan_qmp(it, &command, &args) || plan_qmp_undo(it, &undo, &undo_args)) {
        json_decref(args);
        err_set(&p->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, by_fd && fd < 0 ? "a descriptor of the device did not come" : "the device cannot be plugged in while the guest runs");
        return;
    }
    plug_step(p, command, args, fd, undo, undo_args);
    p->step[p->n - 1].device = it->opt == PLAN_DEVICE;
}

json_t *plug_undo(const struct plugging *p, size_t n, bool bus)
{
    json_t *commands = json_array();
    while (n-- > 0)
        if (p->step[n].undo && p->step[n].bus == bus)
            json_array_append(commands, p->step[n].undo);
    return commands;
}

/* A group of its own for what there is of it: its number, 0 none. */
static uint64_t undo(const struct plugging *p, size_t n, bool bus)
{
    json_auto_t *commands = plug_undo(p, n, bus);
    return json_array_size(commands) ? cleanup_add(p->g, json_incref(commands), NULL, -1) : 0;
}

static void next_step(struct plugging *p);

static void on_step(void *data, json_t *ret, const struct err *e)
{
    struct plugging *p = data;
    struct err found = ERR_INIT;
    if (ret && !strcmp(p->step[p->at].command, CHAIN_QUERY) && chain_check(p->devices, ret, &found)) {
        ret = NULL;
        e = &found;
    }
    if (ret) {
        if (json_object_get(ret, "fd"))
            p->last_fd = (int)json_integer_value(json_object_get(ret, "fd"));
        p->at++;
        next_step(p);
        return;
    }
    /* One that QEMU did not answer may be done all the same. */
    size_t done = p->at + (e->code != VIR_ERR_INTERNAL_ERROR);
    p->bus = undo(p, done < p->n ? done : p->n, true);      /* it goes when the guest lets it go, which nothing of the device waits for */
    p->group = undo(p, done < p->n ? done : p->n, false);
    p->begun = false;                   /* the groups have it now */
    save_notes(p->g);
    plug_end_with(p, e);
}

/* Memory and connections take no file of a set, but its number, which QEMU has just told. */
static void by_number(const struct plugging *p, json_t *args, const char *key)
{
    const char *path = json_string_value(json_object_get(args, key));
    if (path && !strncmp(path, "/dev/fdset/", 11))
        json_object_set_new(args, key, json_sprintf("/proc/self/fd/%d", p->last_fd));
}

static void next_step(struct plugging *p)
{
    struct guest *g = p->g;
    if (p->at == p->n) {
        p->done(p);
        return;
    }
    struct step *s = &p->step[p->at];
    by_number(p, s->args, "mem-path");
    by_number(p, s->args, "path");
    by_number(p, json_object_get(s->args, "server"), "path");
    json_t *addr = NULL;
    if (json_unpack(s->args, "{s:{s:{s:{s:o}}}}", "backend", "data", "addr", "data", &addr) == 0)
        by_number(p, addr, "path");
    qmp_send(&g->qmp, s->command, STEAL_PTR(&s->args), s->fd, 0, on_step, p);
    qmp_flush(&g->qmp);
}

void plug_run(struct plugging *p, void (*done)(struct plugging *p))
{
    if (p->e.code) {
        plug_end(p);
        return;
    }
    p->done = done;
    p->begun = true;
    save_notes(p->g);                   /* what undoes it, before there is anything to be undone */
    next_step(p);
}

/* ---- devices that come ---- */

void plug_take_ends(struct plugging *p)
{
    for (uint32_t i = 0; i < p->fds.nfds; i++)
        if (p->fds.fd[i].number < 0 && p->fds.fd[i].kind == BFD_CHARDEV && guest_take_end(p->g, p->fd[i], p->fds.fd[i].arg))
            p->fd[i] = -1;
}

static void plugged(struct plugging *p)
{
    struct guest *g = p->g;
    struct tree *last = NULL;
    for (struct tree *dev; (dev = tree_first(p->devices, NULL)); last = dev) {
        guest_place(g, dev);
        guest_count_memory(g, dev, true);
    }
    plan_count_nodes(g->tree);
    guest_learn_memory(g);
    plug_take_ends(p);
    close(g->manifest_fd);
    close(g->grants_fd);
    g->manifest_fd = STEAL_FD(&p->manifest_fd);
    g->grants_fd = STEAL_FD(&p->grants_fd);
    p->begun = false;
    stats_forget(g);
    guest_told(g);                      /* the device, and nothing to be undone, in one */
    if (last)
        notify_device_added(g, device_alias(last));
    plug_end(p);
}

/* libvirt tells QEMU these beside the device's own properties. */
static void settings_of(struct plugging *p, const struct tree *dev)
{
    const char *action = tree_attr(dev, "action");
    json_t *limits = strcmp(dev->name, "disk") ? NULL : guest_throttle_args(dev);
    if (limits)
        plug_step(p, "block_set_io_throttle", limits, -1, NULL, NULL);
    if (!strcmp(dev->name, "interface") && tree_attr_is(tree_get(dev, "link"), "state", "down"))
        plug_step(p, "set_link", json_pack("{s:s, s:b}", "name", device_alias(dev), "up", 0), -1, NULL, NULL);
    if (!strcmp(dev->name, "watchdog"))
        plug_step(p, "watchdog-set-action", json_pack("{s:s}", "action", !action ? "reset" : !strcmp(action, "dump") ? "pause" : action), -1, NULL, NULL);
}

void plug_step_chain(struct plugging *p)
{
    if (chain_is_open(p->devices))
        plug_step(p, CHAIN_QUERY, json_pack("{s:b}", "flat", 1), -1, NULL, NULL);
}

static int plan_one(struct plugging *p, struct tree *dom, struct tree *dev)
{
    struct guest *g = p->g;
    struct plan plan = { NULL, 0, 0 };
    size_t first = p->n;
    if (p->lease < 0)
        p->lease = lease_entry(g, dev);
    if (plan_complete_device(dom, dev, &p->o.host, &p->e))
        return -1;
    struct plan_in in = opened_plan(g, &p->o, dom);
    tree_append(tree_get(dom, "devices"), tree_copy(dev));
    if (plan_device(&in, dev, &plan, &p->e))
        return -1;
    for (size_t i = 0; i < plan.n && !p->e.code; i++)
        plug_step_item(p, &plan.v[i]);
    plan_free(&plan);
    plug_step_chain(p);
    size_t n = p->n;
    if (!p->e.code)
        settings_of(p, dev);
    for (; n < p->n; n++)
        p->step[n].device = true;
    for (; first < p->n; first++)
        p->step[first].bus = !strcmp(dev->name, "controller");
    return p->e.code ? -1 : 0;
}

/* Back ends of all of them come first: a device that was there takes the guest's consent to go again. */
static void devices_last(struct plugging *p)
{
    struct step *v = calloc(p->n + 1, sizeof *v);
    size_t n = 0;
    BUG_ON(!v);
    for (int device = 0; device < 2; device++)
        for (size_t i = 0; i < p->n; i++)
            if (p->step[i].device == device)
                v[n++] = p->step[i];
    free(p->step);
    p->step = v;
}

static void on_leased(void *data, const struct err *e)
{
    struct guest *g = data;
    struct plugging *p = g->plug;
    if (!p || p->what != PLUG_IN || p->begun || p->ending)      /* QEMU has ended meanwhile */
        return;
    p->leased = !e;
    if (e)
        plug_end_with(p, e);
    else
        plug_run(p, plugged);
}

static void plug_in_begin(struct plugging *p)
{
    AUTO_TREE *dom = tree_copy(p->g->tree);     /* one that comes finds the ones before it there */
    if (cleanup_is_full(p->g))
        err_set(&p->e, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "too many devices wait for QEMU to let them go");
    for (struct tree *dev = tree_first(p->devices, NULL), *next; dev && !p->e.code; dev = next) {
        next = tree_next(dev, NULL);
        if (!dev->name || !device_alias(dev))
            err_set(&p->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "a device to be plugged in has no alias");
        else if (guest_device(p->g, device_alias(dev)))
            tree_free(dev);             /* the call came again, and it is there */
        else
            plan_one(p, dom, dev);
    }
    devices_last(p);
    if (!(p->g->locks & LOCKS_HELD))        /* a guest that stands has its leases when it goes on */
        p->lease = -1;
    if (p->e.code || p->lease < 0)
        plug_run(p, plugged);
    else
        lease_one(p->g, true, p->lease, on_leased, p->g);
}

/* ---- the call ---- */

static const struct { const char *job; void (*begin)(struct plugging *p); } kinds[] = {
    [PLUG_IN] = { "remoteDispatchDomainAttachDeviceFlags", plug_in_begin }, [PLUG_OUT] = { "remoteDispatchDomainDetachDeviceFlags", plug_out_begin },
    [PLUG_CHANGE] = { "remoteDispatchDomainUpdateDeviceFlags", plug_change_begin }, [PLUG_TUNE] = { "remoteDispatchDomainSetSchedulerParametersFlags", plug_tune_begin },
    [PLUG_SHAPE] = { "remoteDispatchDomainSetInterfaceParameters", plug_change_begin },
};

/* 0, or -1 with p->e set. */
static int take(struct plugging *p, struct frame *f)
{
    unsigned first = p->what == PLUG_OUT ? 1 : 3;
    AUTO_CLOSE devices = frame_take_fd(f, 0);
    if (p->what >= ARRAY_N(kinds) || !kinds[p->what].begin || f->body_len != sizeof p->fds || f->h.nfds < first)
        return err_set(&p->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed change of devices");
    memcpy(&p->fds, f->body, sizeof p->fds);
    p->flags = p->fds.flags;
    if (p->fds.nfds != f->h.nfds - first) {
        p->fds.nfds = 0;
        return err_set(&p->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed descriptors of a device");
    }
    p->fd = calloc(p->fds.nfds + 1, sizeof *p->fd);
    BUG_ON(!p->fd);
    for (uint32_t i = 0; i < p->fds.nfds; i++)
        p->fd[i] = frame_take_fd(f, first + i);
    p->devices = tree_map(devices);
    if (!p->devices || !p->devices->name || strcmp(p->devices->name, "devices"))
        return err_set(&p->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "the device cannot be read");
    if (p->what == PLUG_OUT)
        return 0;
    p->manifest_fd = frame_take_fd(f, 1);
    p->grants_fd = frame_take_fd(f, 2);
    return opened_load(p->g, p->manifest_fd, p->grants_fd, &p->o, &p->e);
}

void plug_call(struct worker *w, const struct request *rq, struct frame *f)
{
    struct guest *g = w->data;
    if (g->phase != PHASE_UP) {
        reply_err(g, rq, VIR_ERR_OPERATION_INVALID, "domain is not running");
        return;
    }
    struct plugging *p = calloc(1, sizeof *p);
    BUG_ON(!p);
    *p = (struct plugging){ .g = g, .rq = *rq, .what = rq->arg, .manifest_fd = -1, .grants_fd = -1, .lease = -1, .timer.data = p };
    g->plug = p;
    bool bad = take(p, f);
    g->job = bad ? NULL : kinds[p->what].job;
    if (bad)
        answer(p);
    else
        kinds[p->what].begin(p);
}
