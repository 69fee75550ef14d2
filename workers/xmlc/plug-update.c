/* plug-update.c: what of a device may change while the guest runs.
 *
 * The device of the run keeps what it has; of the client's, completed in its place, only what may change is taken, and what else is different is refused. */
#include <stdio.h>
#include <string.h>
#include "ipc/util.h"
#include "workers/tree-marks.h"
#include "workers/xmlc/plug-kinds.h"
#include "workers/xmlc/run.h"

#define SELF "bulkhead:self"        /* alias of the client's device while the document is completed with it: the run's own may not be what the client says */

static int cannot(struct err *e, const char *what) { return err_set(e, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "%s", what); }

static void take_attr(struct tree *t, const char *name, const char *value) { tree_set_attr(t, name, value ? "%s" : NULL, value); }

/* A child of from in place of t's, or its absence. */
static void take_child(struct tree *t, const char *name, const struct tree *from)
{
    struct tree *old = tree_first(t, name);
    if (old)
        tree_free(old);
    if (tree_first(from, name))
        tree_append(t, tree_copy(tree_first(from, name)));
}

/* new is what old becomes; from entry on, the manifest has what it brings. */
static int replace(struct plug_run *p, struct tree *old, struct tree *new)
{
    tree_insert(tree_first(p->t, "devices"), new, old);
    tree_unlink(old);
    schema_order(&schema_domain, p->t);
    plug_release(p, old);
    tree_free(old);
    tree_append(p->devices, tree_copy(new));
    p->what = PLUG_CHANGE;
    return 0;
}

/* ---- disks ---- */

/* What may not change. An attribute, or (NULL) whether there is the element or its text; counted where the client's has it only, for most clients leave out
 * what they do not care for. */
static const struct { const char *path, *attr, *word; } disk_fields[] = {
    { "", "device", "device" }, { "target", "bus", "bus" }, { "target", "removable", "removable" }, { "target", "rotation_rate", "rotation_rate" },
    { "geometry", "cyls", "geometry cylinders" }, { "geometry", "heads", "geometry heads" }, { "geometry", "secs", "geometry sectors" },
    { "geometry", "trans", "BIOS-translation-modus" }, { "blockio", "logical_block_size", "blockio logical_block_size" },
    { "blockio", "physical_block_size", "blockio physical_block_size" }, { "serial", NULL, "serial" }, { "wwn", NULL, "wwn" }, { "vendor", NULL, "vendor" },
    { "product", NULL, "product" }, { "driver", "cache", "cache" }, { "driver", "error_policy", "error_policy" }, { "driver", "rerror_policy", "rerror_policy" },
    { "driver", "io", "io" }, { "driver", "ioeventfd", "ioeventfd" }, { "driver", "event_idx", "event_idx" }, { "driver", "copy_on_read", "copy_on_read" },
    { "transient", NULL, "transient" }, { "boot", "order", "boot order" }, { "", "rawio", "rawio" }, { "", "sgio", "sgio" }, { "driver", "discard", "discard" },
    { "driver", "iothread", "iothread" }, { "backenddomain", "name", "backenddomain" }, { "readonly", NULL, "readonly" }, { "shareable", NULL, "shared" },
};

static int field(const char *word, struct err *e)
{
    return err_set(e, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "cannot modify field '%s' of the disk", word);
}

/* wanted: as the client wrote it; new: the same completed. */
static int disk_fixed(const struct tree *wanted, const struct tree *new, const struct tree *old, struct err *e)
{
    for (size_t i = 0; i < ARRAY_N(disk_fields); i++) {
        const struct tree *w = *disk_fields[i].path ? tree_first(wanted, disk_fields[i].path) : wanted, *o = *disk_fields[i].path ? tree_first(old, disk_fields[i].path) : old;
        const char *attr = disk_fields[i].attr;
        if (attr ? tree_attr(w, attr) && !doc_same(tree_attr(w, attr), tree_attr(o, attr)) : w && (!o || !doc_same(w->text, o->text)))
            return field(disk_fields[i].word, e);
    }
    if (!doc_is(tree_first(new, "target"), "bus", tree_path_attr(old, "target", "bus")))
        return field("bus", e);
    /* A drive's limits may have been set since; those of a disk are refused rather than forgotten. */
    TREE_EACH(t, doc_in(tree_attr(old, "device"), "cdrom floppy") ? NULL : tree_first(wanted, "iotune"), NULL)
        if (t->name && !doc_same(t->text, tree_text(tree_first(old, "iotune"), t->name))) {
            char word[96];
            snprintf(word, sizeof word, "blkdeviotune %s", t->name);
            return field(word, e);
        }
    if (tree_first(wanted, "address") && !device_within(tree_first(new, "address"), tree_first(old, "address")))
        return field("address", e);
    return 0;
}

/* Do both lead to the same place? */
static bool same_source(const struct tree *a, const struct tree *b)
{
    AUTO_TREE *x = tree_first(a, "source") ? tree_copy(tree_first(a, "source")) : NULL, *y = tree_first(b, "source") ? tree_copy(tree_first(b, "source")) : NULL;
    static const char *const aside[] = { "startupPolicy", "index" };
    for (unsigned i = 0; i < ARRAY_N(aside); i++) {
        if (x)
            tree_set_attr(x, aside[i], NULL);
        if (y)
            tree_set_attr(y, aside[i], NULL);
    }
    bool nowhere = !x && !y;
    return nowhere || (x && y && doc_same(tree_attr(a, "type"), tree_attr(b, "type")) && device_within(x, y) && device_within(y, x));
}

/* once_more: the medium is put in again though it is the one that is there. */
static int disk(struct plug_run *p, struct tree *old, const struct tree *wanted, const struct tree *new, bool once_more, const struct doc_env *env, struct err *e)
{
    bool same = same_source(new, old) && !once_more;
    if (disk_fixed(wanted, new, old, e))
        return -1;
    if (!same && !doc_in(tree_attr(old, "device"), "cdrom floppy"))
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "disk source can be changed only in removable drives");
    AUTO_TREE *t = tree_copy(old);
    take_attr(t, "snapshot", tree_attr(new, "snapshot"));
    if (same && tree_first(t, "source"))
        take_attr(tree_first(t, "source"), "startupPolicy", tree_path_attr(new, "source", "startupPolicy"));
    if (same)
        return replace(p, old, STEAL_PTR(&t));
    run_unmark(t);
    take_attr(t, "type", tree_attr(new, "type"));
    take_child(t, "source", new);
    take_child(t, "backingStore", new);
    take_attr(tree_make(t, "driver"), "type", tree_path_attr(new, "driver", "type"));
    return run_manifest_device(p->t, t, env, &p->manifest, e) ? -1 : replace(p, old, STEAL_PTR(&t));
}

/* ---- interfaces ---- */

static int same_child(const struct tree *new, const struct tree *old, const char *name)
{
    const struct tree *a = tree_first(new, name), *b = tree_first(old, name);
    return (!a && !b) || (a && b && device_within(a, b) && device_within(b, a));
}

/* Children that are compared as a whole, and what is said where they differ. */
static const struct { const char *name, *text; } net_fields[] = {
    { "mtu", "cannot modify MTU" }, { "script", "cannot modify network device script attribute" }, { "tune", NULL }, { "virtualport", NULL }, { "vlan", NULL },
};
/* Those that a hand changes, or QEMU. */
static const char *const net_changes[] = { "link", "bandwidth", "filterref", "coalesce", "port", "vlan" };

/* replace() has it among the devices already. */
static int plug_limits(struct plug_run *p, const struct tree *before, struct err *e)
{
    struct plug_run limits = *p;
    limits.devices = tree_new("devices");
    int r = plug_shape(&limits, before, e);
    p->manifest = limits.manifest;
    p->what = limits.what == PLUG_SHAPE ? PLUG_SHAPE : p->what;
    tree_free(limits.devices);
    return r;
}

/* Of a network that is its name, whatever else is said of it there; what a tap of type ethernet is told at its making it is not told again. */
static bool leads_elsewhere(const struct tree *new, const struct tree *old)
{
    return !doc_same(tree_attr(new, "type"), tree_attr(old, "type")) || (doc_is(new, "type", "network") ?
        !doc_same(tree_path_attr(new, "source", "network"), tree_path_attr(old, "source", "network")) : !doc_is(new, "type", "ethernet") && !same_child(new, old, "source"));
}

/* Is it a port of Open vSwitch by its own word?  Its VLANs may be others then. */
static bool by_switch(const struct tree *t) { return doc_is(t, "type", "bridge") && doc_is(tree_first(t, "virtualport"), "type", "openvswitch"); }

/* A tap goes from bridge to bridge, whoever says which that is; of another network than it was it gets a port. */
static void move(struct plug_run *p, struct tree *t, const struct tree *new, const struct doc_env *env)
{
    take_attr(t, "type", tree_attr(new, "type"));
    take_attr(t, MARK_ACTUAL, NULL);
    take_child(t, "source", new);
    for (const char *const *a = (const char *const[]){ "portid", "bridge", NULL }; *a && doc_is(t, "type", "network"); a++)
        take_attr(tree_first(t, "source"), *a, NULL);
    run_device(p->t, t, env);
}

static int interface(struct plug_run *p, struct tree *old, const struct tree *wanted, const struct tree *new, const struct doc_env *env, struct err *e)
{
    const char *mac = tree_path_attr(new, "mac", "address"), *was = tree_path_attr(old, "mac", "address"), *dev = tree_path_attr(wanted, "target", "dev");
    const char *model = tree_path_attr(new, "model", "type"), *had = tree_path_attr(old, "model", "type"), *type = tree_attr(new, "type");
    char made[PLUG_NAME_MAX];
    if (!doc_same(mac, was))
        return err_set(e, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "cannot change network interface mac address from %s to %s", was ? was : "", mac ? mac : "");
    if (!doc_same(model, had))
        return err_set(e, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "cannot modify network device model from %s to %s", had ? had : "(default)", model ? model : "(default)");
    if (is_virtio_model(model) && !same_child(new, old, "driver"))
        return cannot(e, "cannot modify virtio network device driver attributes");
    if (tree_path_attr(wanted, "rom", "bar") && !doc_same(tree_path_attr(wanted, "rom", "bar"), tree_path_attr(old, "rom", "bar")))
        return cannot(e, "cannot modify network device rom bar setting");
    if (!doc_same(tree_path_attr(wanted, "rom", "file"), tree_path_attr(old, "rom", "file")))
        return cannot(e, "cannot modify network rom file");
    if (tree_first(wanted, "boot") && !same_child(new, old, "boot"))
        return cannot(e, "cannot modify network device boot index setting");
    if (tree_first(wanted, "acpi") && !same_child(new, old, "acpi"))
        return err_set(e, VIR_ERR_OPERATION_DENIED, VIR_FROM_DOMAIN, "changing device 'acpi index' is not allowed");
    const char *name = tree_path_attr(old, "target", "dev") ? tree_path_attr(old, "target", "dev") : plug_tap_name(p, old, made);
    if (dev && (*name || doc_is(old, "type", "user")) && !doc_same(dev, name))
        return cannot(e, "cannot modify network device tap name");
    if (tree_first(new, "vlan") && !tree_first(new, "virtualport") && !doc_is(new, "type", "network"))
        return link_untagged(new, e);
    if (doc_is(new, "type", "vdpa") && doc_is(old, "type", "vdpa"))
        return cannot(e, "cannot change config of 'vdpa' network interface type");
    const bool moves = leads_elsewhere(new, old);
    const char *text = moves && (plug_is_macvtap(p, old) || !doc_in(type, "bridge network") || !doc_in(tree_attr(old, "type"), "bridge network")) ? NULL : "";
    for (size_t i = 0; i < ARRAY_N(net_fields) && text && !*text; i++)
        text = same_child(new, old, net_fields[i].name) || (strcmp(net_fields[i].name, "vlan") == 0 && by_switch(new) && by_switch(old)) ? "" : net_fields[i].text;
    if (!text)
        return link_stays(type, e);
    if (*text)
        return cannot(e, text);
    AUTO_TREE *t = tree_copy(old), *before = tree_copy(p->t);
    if (moves)
        move(p, t, new, env);
    for (size_t i = 0; i < ARRAY_N(net_changes); i++)
        take_child(t, net_changes[i], new);
    return replace(p, old, STEAL_PTR(&t)) || plug_limits(p, before, e);
}

/* ---- graphics ---- */

static int listens(const struct tree *new, const struct tree *old, struct err *e)
{
    static const char *const what[] = { "address", "network", "socket" };
    const char *type = tree_attr(old, "type");
    const struct tree *a = tree_first(new, "listen"), *b = tree_first(old, "listen");
    for (; a && b; a = tree_next(a, "listen"), b = tree_next(b, "listen")) {
        if (!doc_same(tree_attr(a, "type"), tree_attr(b, "type")))
            return err_set(e, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "cannot change the type of listen address on '%s' graphics", type);
        for (size_t i = 0; i < ARRAY_N(what); i++)
            if (!doc_same(tree_attr(a, what[i]), tree_attr(b, what[i])))
                return err_set(e, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "cannot change listen address setting on '%s' graphics", type);
    }
    return a || b ? err_set(e, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "cannot change the number of listen addresses on '%s' graphics", type) : 0;
}

static int graphics(struct plug_run *p, struct tree *old, const struct tree *new, struct err *e)
{
    static const char *const ports[] = { "port", "tlsPort" }, *const change[] = { "passwd", "passwdValidTo", "connected" };
    const char *type = tree_attr(old, "type");
    bool alone = doc_is(new, "autoport", "yes");
    if (!doc_in(type, "vnc spice"))
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "unable to change config on '%s' graphics type", type);
    if (listens(new, old, e))
        return -1;
    bool by_port = !doc_in(tree_path_attr(old, "listen", "type"), "socket none"), same = !by_port || alone == doc_is(old, "autoport", "yes");
    for (size_t i = 0; i < ARRAY_N(ports) && by_port && !alone; i++)
        same = same && doc_same(tree_attr(new, ports[i]), tree_attr(old, ports[i]));
    if (!same)
        return err_set(e, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "cannot change port settings on %s graphics", type);
    if (!doc_same(tree_attr(new, "keymap"), tree_attr(old, "keymap")))
        return err_set(e, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "cannot change keymap setting on %s graphics", type);
    AUTO_TREE *t = tree_copy(old);
    for (size_t i = 0; i < ARRAY_N(change); i++)
        take_attr(t, change[i], tree_attr(new, change[i]));
    return replace(p, old, STEAL_PTR(&t));
}

/* ---- memory ---- */

static int memory(struct plug_run *p, struct tree *old, const struct tree *new, struct err *e)
{
    static const struct { const char *path, *word; } fixed[] = { { "node", "guest node" }, { "size", "size" }, { "block", "block size" } };
    if (!doc_is(old, "model", "virtio-mem"))
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "cannot modify memory of model '%s'", tree_attr(old, "model"));
    for (size_t i = 0; i < ARRAY_N(fixed); i++) {
        const char *was = tree_text(tree_first(old, "target"), fixed[i].path), *is = tree_text(tree_first(new, "target"), fixed[i].path);
        if (!doc_same(was, is))
            return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "cannot modify memory %s from '%s' to '%s'", fixed[i].word, was ? was : "", is ? is : "");
    }
    AUTO_TREE *t = tree_copy(old);
    take_child(tree_make(t, "target"), "requested", tree_first(new, "target"));
    return replace(p, old, STEAL_PTR(&t));
}

/* It is found by its place. */
static struct tree *find_memory(struct tree *devices, const struct tree *dev)
{
    struct device_kind placed = { .name = "memory", .same = doc_in(tree_attr(dev, "model"), "dimm nvdimm") ? "@model address@slot!" : "@model address@bus! address@slot! address@function!" };
    return plug_find(&placed, devices, dev);
}

/* ---- calls ---- */

static int missing(const struct device_kind *k, const struct tree *dev, struct err *e)
{
    return strcmp(k->name, "memory") != 0 ? device_refuse(k, &k->stale, dev, e) :
        err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "memory '%s' not found", plug_alias_of(dev) ? plug_alias_of(dev) : "(null)");
}

/* The client's device where the run's is, unless it says otherwise. */
static struct tree *in_place_of(const struct tree *old, const struct tree *dev)
{
    struct tree *t = tree_copy(dev);
    tree_set_attr(tree_make(t, "alias"), "name", SELF);
    if (!old && tree_first(t, "address"))
        tree_free(tree_first(t, "address"));        /* that it is not there is what is wrong, and not who else is */
    if (!tree_first(t, "address") && tree_first(old, "address"))
        tree_append(t, tree_copy(tree_first(old, "address")));
    return t;
}

int plug_update(struct plug_run *p, const struct device_kind *k, struct tree *dev, const struct doc_env *env, struct err *e)
{
    struct tree *devices = tree_first(p->t, "devices");
    struct tree *old = strcmp(k->name, "interface") == 0 ? device_interface(devices, dev, e) : strcmp(k->name, "memory") == 0 ? find_memory(devices, dev) : plug_find(k, devices, dev);
    const char *alias = plug_alias_of(dev);
    if (e->code)
        return -1;
    if (old && alias && strcmp(k->name, "memory") != 0 && !doc_same(alias, plug_alias_of(old)))
        return err_set(e, VIR_ERR_OPERATION_DENIED, VIR_FROM_DOMAIN, "changing device alias is not allowed");
    if (old && strcmp(k->name, "disk") == 0 && tree_path_attr(dev, "target", "bus") && !doc_is(tree_first(dev, "target"), "bus", tree_path_attr(old, "target", "bus")))
        return field("bus", e);     /* before it is found to have no place there */
    AUTO_TREE *wanted = in_place_of(old, dev);
    AUTO_TREE *whole = device_alone(DEVICE_UPDATE, p->t, dev, e) ? NULL : plug_beside(p, old, wanted, env, e);
    struct tree *new = whole ? plug_self(whole, wanted) : NULL;
    if (!old && (!e->code || (e->code == VIR_ERR_INTERNAL_ERROR && e->domain == VIR_FROM_DOMAIN)))      /* what is wrong in itself is so first; that there is no place is not */
        return missing(k, dev, e);
    if (e->code)
        return -1;
    if (!new)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "device '%s' says nothing", k->word);
    return strcmp(k->name, "disk") == 0 ? disk(p, old, dev, new, false, env, e) : strcmp(k->name, "interface") == 0 ? interface(p, old, dev, new, env, e) :
        strcmp(k->name, "graphics") == 0 ? graphics(p, old, new, e) : memory(p, old, new, e);
}

int plug_medium(struct plug_run *p, struct tree *dev, const struct doc_env *env, struct err *e)
{
    struct device_kind k;
    plug_kind("disk", &k);
    struct tree *old = plug_find(&k, tree_first(p->t, "devices"), dev);
    AUTO_TREE *wanted = in_place_of(old, dev);
    AUTO_TREE *whole = plug_beside(p, old, wanted, env, e);
    struct tree *new = whole ? plug_self(whole, wanted) : NULL;
    return new ? disk(p, old, dev, new, true, env, e) : e->code ? -1 : err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "device 'disk' says nothing");
}
