/* unplug.c: devices that go: because a client wants it and the guest consents, or because the guest itself ejects one. */
#include "config.h"
#include <string.h>

#include "ipc/log.h"
#include "ipc/util.h"
#include "workers/qemu/plug.h"

static void next_out(struct plugging *p);

/* QEMU has let it go: out of the tree at once, and then what was behind it is taken out.  Whoever waits for that goes on. */
static void gone(struct guest *g, struct tree *dev)
{
    struct plugging *p = g->plug;
    struct err e = ERR_INIT;
    AUTO_OPENED o = { 0 };
    AUTO_FREE char *alias = strdup(device_alias(dev));
    int lease = lease_entry(g, dev);
    json_t *commands = opened_load(g, g->manifest_fd, g->grants_fd, &o, &e) ? NULL : opened_undo(g, &o, dev, false, &e);
    if (!commands)
        log_warn("what was behind <%s> stays in QEMU: %s", dev->name, e.detail);
    plan_count_nodes(g->tree);
    guest_drop_ends(g, dev);
    guest_count_memory(g, dev, false);
    TREE_EACH(console, dev->parent, "console")
        if (!strcmp(dev->name, "serial") && tree_attr_is(tree_first(console, "alias"), "name", alias)) {     /* it only shows the same */
            tree_free(console);
            break;
        }
    tree_free(dev);
    uint64_t group = cleanup_add(g, commands, alias, lease);
    if (!p || p->what != PLUG_OUT || strcmp(p->alias, alias) != 0)
        return;
    p->alias[0] = 0;
    p->group = group;
    if (p->waits)
        next_out(p);
}

static void on_waited(struct loop_timer *t)
{
    struct plugging *p = t->data;
    p->alias[0] = 0;
    plug_end(p);        /* as in libvirt: it may go later */
}

/* QEMU 7.2 keeps what serves an empty drive, and so the medium that was put into it, when the drive goes: the medium goes first. Drives that can be unplugged
 * go at once, whatever the guest thinks of it. */
static bool has_medium(const struct tree *dev)
{
    return !strcmp(dev->name, "disk") && tree_attr_is(dev, "device", "cdrom") && tree_path_attr(dev, "source", "index");
}

static void take_medium(struct guest *g, const struct tree *dev)
{
    if (!has_medium(dev))
        return;
    qmp_send(&g->qmp, "blockdev-open-tray", json_pack("{s:s, s:b}", "id", device_alias(dev), "force", 1), -1, 0, NULL, NULL);
    qmp_send(&g->qmp, "blockdev-remove-medium", json_pack("{s:s}", "id", device_alias(dev)), -1, 0, NULL, NULL);
}

static void put_back(struct guest *g, const struct tree *dev)
{
    char node[64];
    if (!has_medium(dev) || util_format(node, sizeof node, "libvirt-%.20s-format", tree_path_attr(dev, "source", "index")))
        return;
    qmp_send(&g->qmp, "blockdev-insert-medium", json_pack("{s:s, s:s}", "id", device_alias(dev), "node-name", node), -1, 0, NULL, NULL);
    qmp_send(&g->qmp, "blockdev-close-tray", json_pack("{s:s}", "id", device_alias(dev)), -1, 0, NULL, NULL);
}

static void on_deleting(void *data, json_t *ret, const struct err *e)
{
    struct plugging *p = data;
    struct tree *dev = guest_device(p->g, p->alias);
    (void)ret;
    p->waits = true;
    if (!dev)                                           /* it went before QEMU answered, which may know it no more by then */
        next_out(p);
    else if (!e)
        loop_after(&p->timer, UNPLUG_MS, on_waited, p);
    else if (strstr(e->detail, "not found"))            /* it has gone, and nobody heard of that */
        gone(p->g, dev);
    else {
        put_back(p->g, dev);
        plug_end_with(p, e);
    }
}

static void next_out(struct plugging *p)
{
    struct guest *g = p->g;
    struct tree *dev = NULL;
    p->waits = false;
    loop_cancel(&p->timer);
    while (p->next && !dev) {
        const char *alias = device_alias(p->next);
        dev = alias ? guest_device(g, alias) : NULL;
        p->next = tree_next(p->next, NULL);
    }
    if (!dev || util_copy_str(p->alias, sizeof p->alias, device_alias(dev))) {      /* none is left, or none was there */
        plug_end(p);
        return;
    }
    take_medium(g, dev);
    qmp_send(&g->qmp, "device_del", json_pack("{s:s}", "id", p->alias), -1, 0, on_deleting, p);      /* where it is refused, p is no more */
    qmp_flush(&g->qmp);
}

void plug_out_begin(struct plugging *p)
{
    p->next = tree_first(p->devices, NULL);
    next_out(p);
}

void unplug_deleted(struct guest *g, const char *alias)
{
    struct tree *dev = cleanup_deleted(g, alias) ? NULL /* one that was not to come; what has come since may have its name */ : guest_device(g, alias);
    if (!dev)
        return;
    gone(g, dev);
    cleanup_go(g);
}

void unplug_refused(struct guest *g, const char *alias)
{
    struct plugging *p = g->plug;
    struct err e = ERR_INIT;
    notify_device_removal_failed(g, alias);
    if (!p || p->what != PLUG_OUT || !p->waits || strcmp(p->alias, alias) != 0)
        return;
    p->alias[0] = 0;
    err_set(&e, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "unplug of device was rejected by the guest");
    plug_end_with(p, &e);
}

/* ---- those that went while there was no worker ---- */

static bool is_listed(json_t *list, const char *alias)
{
    json_t *v;
    size_t i;
    json_array_foreach(list, i, v) {
        const char *name = json_string_value(json_object_get(v, "name"));
        if (name && !strcmp(name, alias))
            return true;
    }
    return false;
}

/* Whether it is one that QEMU has by its alias, and can lose. */
static bool is_pluggable(struct guest *g, const struct opened *o, const struct tree *dev)
{
    struct plan_in in = opened_plan(g, o, g->tree);
    struct plan plan = { NULL, 0, 0 };
    struct err e = ERR_INIT;
    const char *id = NULL;
    if (plan_device(&in, dev, &plan, &e))
        return false;
    for (size_t i = 0; i < plan.n; i++)
        if (plan.v[i].opt == PLAN_DEVICE)
            id = json_string_value(json_object_get(plan.v[i].props, "id"));
    bool is = id && !strcmp(id, device_alias(dev));
    plan_free(&plan);
    return is;
}

static void on_list(void *data, json_t *ret, const struct err *e)
{
    struct guest *g = data;
    struct err own = ERR_INIT;
    AUTO_OPENED o = { 0 };
    if (e || !json_is_array(ret) || opened_load(g, g->manifest_fd, g->grants_fd, &o, &own))
        return;
    for (struct tree *dev = tree_first(tree_get(g->tree, "devices"), NULL), *next; dev; dev = next) {
        next = tree_next(dev, NULL);
        if (dev->name && device_alias(dev) && !is_listed(ret, device_alias(dev)) && is_pluggable(g, &o, dev))
            gone(g, dev);
    }
    cleanup_go(g);
}

void unplug_look(struct guest *g)
{
    qmp_send(&g->qmp, "qom-list", json_pack("{s:s}", "path", "/machine/peripheral"), -1, 0, on_list, g);
}
