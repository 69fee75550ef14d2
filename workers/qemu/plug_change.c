/* plug_change.c: a device that stays and becomes another: its medium, its link, its password. */
#include "config.h"
#include <string.h>

#include "ipc/util.h"
#include "workers/qemu/plug.h"
#include "workers/qemu/stats.h"
#include "workers/tree-marks.h"

/* ---- what a disk keeps that only its worker knows ---- */

static bool same_text(const struct tree *a, const struct tree *b, const char *path)
{
    const char *x = tree_text(a, path), *y = tree_text(b, path);
    return x && y && !strcmp(x, y);
}

/* The one that is meant: a display and a lease have no alias. */
static struct tree *old_of(struct guest *g, const struct tree *dev)
{
    const char *alias = device_alias(dev), *type = tree_attr(dev, "type");
    if (alias)
        return guest_device(g, alias);
    TREE_EACH(old, tree_get(g->tree, "devices"), dev->name)
        if ((!strcmp(dev->name, "graphics") && type && tree_attr_is(old, "type", type)) || (!strcmp(dev->name, "lease") && same_text(old, dev, "key") && same_text(old, dev, "lockspace")))
            return old;
    return NULL;
}

static bool same_source(const struct tree *a, const struct tree *b)
{
    const char *x = tree_path_attr(a, "source", MARK_MANIFEST), *y = tree_path_attr(b, "source", MARK_MANIFEST);
    if (!x || !y || !tree_attr_is(a, "type", "network") || !tree_attr_is(b, "type", "network"))
        return x && y ? !strcmp(x, y) : !x && !y;
    /* All that come by network have the same entry. */
    AUTO_TREE *one = tree_copy(tree_get(a, "source")), *two = tree_copy(tree_get(b, "source"));
    tree_set_attr(one, "index", NULL);
    tree_set_attr(two, "index", NULL);
    AUTO_FREE char *was = tree_print(one, 0, NULL), *is = tree_print(two, 0, NULL);
    return was && is && !strcmp(was, is);
}

static void keep_chain(const struct tree *old, struct tree *dev)
{
    struct tree *s = tree_get(dev, "source"), *below = tree_get(dev, "backingStore"), *was = tree_get(old, "backingStore");
    const char *index = tree_path_attr(old, "source", "index");
    if (!s)
        return;
    tree_set_attr(s, "index", index ? "%s" : NULL, index);
    if (below)
        tree_free(below);
    if (was)
        tree_insert(dev, tree_copy(was), s->next);
}

/* ---- leases: the next time that the guest goes on it has others ---- */

static void lease(struct plugging *p, struct tree *old, struct tree *dev)
{
    if (p->g->locks & LOCKS_HELD)
        err_set(&p->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "live change of the leases that a guest holds is not supported with lock_manager='lockd'");
}

/* When the call comes again it may be so already. */
static void lease_changed(struct guest *g, const struct tree *dev, struct tree *old)
{
    if (tree_attr(dev, MARK_GOES) && old)
        tree_free(old);
    else if (!tree_attr(dev, MARK_GOES) && !old)
        guest_place(g, tree_copy(dev));
}

/* ---- the end of all of them ---- */

static void changed(struct plugging *p)
{
    struct guest *g = p->g;
    struct tree *dev = tree_first(p->devices, NULL), *old = old_of(g, dev);
    struct err e = ERR_INIT;
    json_t *commands = NULL;
    if (old && !strcmp(dev->name, "disk")) {
        const char *tray = tree_path_attr(old, "target", "tray");
        if (tray && tree_get(dev, "target"))
            tree_set_attr(tree_get(dev, "target"), "tray", "%s", tray);
        if (!same_source(old, dev))
            commands = opened_undo(g, &p->o, old, false, &e);
    }
    plan_count_nodes(g->tree);          /* of the old one */
    if (old && !strcmp(dev->name, "memory") && tree_get(old, "target/current"))
        guest_set_module(dev, tree_kib(old, "target/current") * 1024);
    if (!strcmp(dev->name, "lease")) {
        lease_changed(g, dev, old);
    } else if (old) {
        tree_insert(old->parent, dev, old);
        tree_free(old);
    }
    close(g->manifest_fd);
    close(g->grants_fd);
    g->manifest_fd = STEAL_FD(&p->manifest_fd);
    g->grants_fd = STEAL_FD(&p->grants_fd);
    plan_count_nodes(g->tree);
    stats_forget(g);
    p->begun = false;
    if (commands)
        p->group = cleanup_add(g, commands, NULL, -1);      /* with it the notes are written */
    guest_told(g);
    plug_end(p);
}

/* ---- a medium: into an open tray; where a guest has locked it, QEMU says so, and the caller may insist ---- */

static void medium(struct plugging *p, struct tree *old, struct tree *dev)
{
    struct guest *g = p->g;
    const char *alias = device_alias(dev), *was = NULL, *is = NULL;
    struct plan before = { NULL, 0, 0 }, plan = { NULL, 0, 0 };
    struct plan_in in = opened_plan(g, &p->o, g->tree);
    if (plan_complete_device(g->tree, dev, &p->o.host, &p->e) || plan_device(&in, old, &before, &p->e) || plan_device(&in, dev, &plan, &p->e))
        goto out;
    for (size_t i = 0; i < plan.n && !p->e.code; i++)
        if (plan.v[i].opt != PLAN_DEVICE) {
            plug_step_item(p, &plan.v[i]);
            if (plan.v[i].opt == PLAN_BLOCKDEV)
                is = json_string_value(json_object_get(plan.v[i].props, "node-name"));
        }
    for (size_t i = 0; i < before.n; i++)
        if (before.v[i].opt == PLAN_BLOCKDEV)
            was = json_string_value(json_object_get(before.v[i].props, "node-name"));
    if (p->e.code)
        goto out;
    plug_step_chain(p);
    bool is_open = tree_attr_is(tree_get(old, "target"), "tray", "open");
    plug_step(p, "blockdev-open-tray", json_pack("{s:s, s:b}", "id", alias, "force", (p->flags & PLUG_FORCE) != 0), -1,
              is_open ? NULL : "blockdev-close-tray", is_open ? NULL : json_pack("{s:s}", "id", alias));
    if (was)
        plug_step(p, "blockdev-remove-medium", json_pack("{s:s}", "id", alias), -1, "blockdev-insert-medium", json_pack("{s:s, s:s}", "id", alias, "node-name", was));
    json_t *limits = guest_throttle_args(dev);
    if (is)
        plug_step(p, "blockdev-insert-medium", json_pack("{s:s, s:s}", "id", alias, "node-name", is), -1, "blockdev-remove-medium", json_pack("{s:s}", "id", alias));
    if (limits)
        plug_step(p, "block_set_io_throttle", limits, -1, NULL, NULL);
    plug_step(p, "blockdev-close-tray", json_pack("{s:s}", "id", alias), -1, NULL, NULL);
out:
    plan_free(&before);
    plan_free(&plan);
}

static void disk(struct plugging *p, struct tree *old, struct tree *dev)
{
    struct tree *was = tree_get(old, "iotune"), *limits = tree_get(dev, "iotune"), *target = tree_get(dev, "target");
    if (limits)         /* those of the run are known here alone: calls change them */
        tree_free(limits);
    if (was)
        tree_insert(dev, tree_copy(was), target ? target->next : NULL);
    bool is_removable = tree_attr_is(old, "device", "cdrom") || tree_attr_is(old, "device", "floppy");
    if (!same_source(old, dev) && !is_removable)
        err_set(&p->e, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "the source of a disk cannot be changed while the guest runs");
    else if (same_source(old, dev))
        keep_chain(old, dev);
    else if (lease_entry(p->g, dev) >= 0)
        err_set(&p->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "live change of a writable medium is not supported with lock_manager='lockd'");
    else
        medium(p, old, dev);
}

/* ---- a link ---- */

static bool is_down(const struct tree *nic)
{
    return tree_attr_is(tree_get(nic, "link"), "state", "down");
}

static void interface(struct plugging *p, struct tree *old, struct tree *dev)
{
    const char *alias = device_alias(dev);
    if (!plan_complete_device(p->g->tree, dev, &p->o.host, &p->e) && is_down(old) != is_down(dev))
        plug_step(p, "set_link", json_pack("{s:s, s:b}", "name", alias, "up", !is_down(dev)), -1, "set_link", json_pack("{s:s, s:b}", "name", alias, "up", !is_down(old)));
}

/* ---- a password, and until when it is good ---- */

static void graphics(struct plugging *p, struct tree *old, struct tree *dev)
{
    json_t *password, *expiry;
    (void)old;
    if (plan_complete_device(p->g->tree, dev, &p->o.host, &p->e) || !guest_graphics_auth(dev, &password, &expiry))
        return;
    plug_step(p, "set_password", password, -1, NULL, NULL);
    plug_step(p, "expire_password", expiry, -1, NULL, NULL);
}

/* ---- how much of a module the guest shall have ---- */

static void memory(struct plugging *p, struct tree *old, struct tree *dev)
{
    const char *alias = device_alias(dev), *path = "/machine/peripheral/";
    uint64_t kib = tree_kib(dev, "target/requested");
    if (!tree_attr_is(dev, "model", "virtio-mem") || !tree_attr_is(old, "model", "virtio-mem")) {
        err_set(&p->e, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "live update of memory model '%s' is not supported", tree_attr(dev, "model"));
        return;
    }
    if (kib != tree_kib(old, "target/requested"))
        plug_step(p, "qom-set", json_pack("{s:s+, s:s, s:I}", "path", path, alias, "property", "requested-size", "value", (json_int_t)(kib * 1024)), -1, NULL, NULL);
}

static const struct { const char *name; void (*fn)(struct plugging *p, struct tree *old, struct tree *dev); } kinds[] = {
    { "disk", disk }, { "interface", interface }, { "graphics", graphics }, { "memory", memory }, { "lease", lease },
};

void plug_change_begin(struct plugging *p)
{
    struct tree *dev = tree_first(p->devices, NULL), *old = dev && dev->name ? old_of(p->g, dev) : NULL;
    size_t i = 0;
    while (dev && dev->name && i < ARRAY_N(kinds) && strcmp(kinds[i].name, dev->name) != 0)
        i++;
    bool is_lease = dev && dev->name && !strcmp(dev->name, "lease");
    if (!is_lease && (!old || strcmp(old->name, dev->name) != 0))
        err_set(&p->e, VIR_ERR_DEVICE_MISSING, VIR_FROM_QEMU, "device not present in domain configuration");
    else if (i == ARRAY_N(kinds))
        err_set(&p->e, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "live update of device '%s' is not supported", dev->name);
    else
        kinds[i].fn(p, old, dev);
    plug_run(p, changed);
}
