/* plug.c: devices of a running guest come, go and change.
 *
 * The run's tree is the start's, and what was there then stays as it is, for QEMU has it so.  A new device is completed inside the whole document, as a definition's
 * would be, but of what comes of that only the device itself is taken, and the controllers that came for its sake. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "ipc/util.h"
#include "workers/tree-marks.h"
#include "workers/xmlc/pci.h"
#include "workers/xmlc/plug-kinds.h"
#include "workers/xmlc/run.h"

const char *plug_alias_of(const struct tree *t) { return tree_path_attr(t, "alias", "name"); }

/* ---- the manifest ---- */

int plug_open(struct plug_run *p, struct tree *t, const void *manifest, size_t n, void *buf, size_t cap, struct err *e)
{
    struct manifest_in in;
    struct manifest_entry m;
    const char *path, *aux;
    int r = n <= cap ? manifest_open(&in, manifest, n) : -1;
    while (r == 0 && (r = manifest_next(&in, &m, &path, &aux)) > 0)
        r = 0;
    if (r || !tree_first(t, "devices"))
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "what the guest runs with cannot be read");
    memcpy(buf, manifest, n);
    *p = (struct plug_run){ .t = t, .devices = tree_new("devices"), .manifest = { .p = buf, .len = n, .cap = cap, .entries = in.next }, .grants = -1 };
    return 0;
}

static void marks(const struct tree *t, uint8_t *set)
{
    static const char *const names[] = { MARK_MANIFEST, MARK_TLS_KEY };
    for (size_t i = 0; i < ARRAY_N(names); i++)
        if (doc_uint(t, names[i], MANIFEST_ENTRIES_MAX) < MANIFEST_ENTRIES_MAX)
            BITMAP_SET(set, doc_uint(t, names[i], 0));
    for (const struct tree *c = t->child; c; c = c->next)
        marks(c, set);
}

void plug_release(struct plug_run *p, const struct tree *old)
{
    uint8_t had[MANIFEST_ENTRIES_MAX / 8] = { 0 }, has[MANIFEST_ENTRIES_MAX / 8] = { 0 }, gone[MANIFEST_ENTRIES_MAX / 8] = { 0 };
    uint8_t *at = p->manifest.p + sizeof(struct manifest_head);
    struct manifest_entry m;
    marks(old, had);
    marks(p->t, has);
    for (unsigned i = 0; i < p->manifest.entries; i++, at += m.size) {
        memcpy(&m, at, sizeof m);
        /* The guest keeps the network that it was started in. */
        if ((BITMAP_GET(had, i) && !BITMAP_GET(has, i) && m.kind != MK_HOSTNET) || (m.parent >= 0 && BITMAP_GET(gone, m.parent))) {
            BITMAP_SET(gone, i);
            m.flags |= MF_GONE;
            memcpy(at, &m, sizeof m);
        }
    }
}

/* ---- a new device ---- */

static void add_memory(struct tree *t, const char *name, const struct tree *size, bool more)
{
    uint64_t all = 0, v = 0;
    if (tree_first(t, name) && size && !tree_parse_uint(tree_text(t, name), 10, INT64_MAX, &all) && !tree_parse_uint(size->text, 10, INT64_MAX, &v) && (more || v <= all))
        tree_set_text(tree_first(t, name), "%" PRIu64, more ? all + v : all - v);
}

/* What a memory device adds to the guest's: one of virtio is there but given when its requested size says so, which is the worker's to know. */
static void count_memory(struct tree *t, const struct tree *dev, bool more)
{
    if (strcmp(dev->name, "memory") != 0)
        return;
    add_memory(t, "memory", tree_get(dev, "target/size"), more);
    if (!doc_is(dev, "model", "virtio-mem"))
        add_memory(t, "currentMemory", tree_get(dev, "target/size"), more);
}

/* Into the run's tree, behind as many of its kind as are before it in the completed document. */
static struct tree *graft(struct plug_run *p, const struct tree *from)
{
    struct tree *devices = tree_first(p->t, "devices"), *t = tree_copy(from), *at = tree_first(devices, from->name);
    for (const struct tree *c = from->prev; c; c = c->prev)
        if (c->name && strcmp(c->name, from->name) == 0 && at)
            at = tree_next(at, from->name);
    struct tree *own = tree_first(t, "alias");
    if (own && tree_attr_is(own, "name", ALIAS_NEW))
        tree_free(own);
    if (at)
        tree_insert(devices, t, at);
    else
        tree_append(devices, t);
    count_memory(p->t, t, true);
    return t;
}

/* Only SCSI controllers come for the sake of a device, and what QEMU has anyway is only shown from then on: 1 this is one, 0 it was there; -1 *e says what there is none of. */
static int came_with_it(const struct tree *t, struct err *e)
{
    if (!t->name || strcmp(t->name, "controller") != 0 || plug_alias_of(t))
        return 0;
    return doc_in(tree_attr(t, "type"), "scsi ide") ? 1 :
        err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DOMAIN, "Could not find %s controller with index %u required for device", tree_attr(t, "type"), doc_uint(t, "index", 0));
}

struct tree *plug_beside(const struct plug_run *p, const struct tree *old, const struct tree *dev, const struct doc_env *env, struct err *e)
{
    struct doc_env live = *env;
    AUTO_TREE *whole = tree_copy(p->t);
    struct tree *devices = tree_first(whole, "devices"), *t = tree_copy(dev), *at = devices->child, *name = tree_make(t, "alias");
    live.flags = DOC_LIVE | DOC_CHANGE | DOC_PLUG;
    if (!tree_attr(name, "name"))
        tree_set_attr(name, "name", ALIAS_NEW);
    for (const struct tree *o = tree_first(p->t, "devices")->child; old && o && o != old; o = o->next)
        at = at->next;
    if (old) {
        tree_insert(devices, t, at);
        tree_free(at);
    } else {
        tree_append(devices, t);
        count_memory(whole, t, true);
    }
    return doc_complete(whole, &live, e);
}

struct tree *plug_self(const struct tree *whole, const struct tree *dev)
{
    const char *alias = plug_alias_of(dev) ? plug_alias_of(dev) : ALIAS_NEW;
    if (strcmp(dev->name, "graphics") == 0)         /* these have none, and are told by their type */
        TREE_EACH(t, tree_first(whole, "devices"), dev->name)
            if (doc_is(t, "type", tree_attr(dev, "type")))
                return t;
    TREE_EACH(t, tree_first(whole, "devices"), dev->name)
        if (plug_alias_of(t) && strcmp(plug_alias_of(t), alias) == 0)
            return t;
    return NULL;
}

/* whole: the completed document that has it. */
static int plug_in(struct plug_run *p, const struct tree *whole, const struct tree *dev, const struct doc_env *env, struct err *e)
{
    struct tree *came[DOC_CONTROLLERS_MAX], *self = plug_self(whole, dev);
    unsigned n = 0;
    TREE_EACH(t, tree_first(whole, "devices"), "controller") {
        int r = t == self ? 0 : came_with_it(t, e);
        if (r < 0)
            return -1;
        if (r && n < ARRAY_N(came) - 1)
            came[n++] = graft(p, t);
    }
    if (!self)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "device '%s' says nothing", dev->name);
    came[n++] = graft(p, self);
    for (unsigned i = 0; i < n; i++) {
        run_device(p->t, came[i], env);
        if (run_manifest_device(p->t, came[i], env, &p->manifest, e))
            return -1;
    }
    schema_order(&schema_domain, p->t);
    for (unsigned i = 0; i < n; i++)
        tree_append(p->devices, tree_copy(came[i]));
    p->what = PLUG_IN;
    return 0;
}

/* ---- calls ---- */

/* A channel without a path gets one of its name, so there is but one of a name. */
static struct tree *clashing_path(struct tree *devices, const struct tree *dev)
{
    TREE_EACH(c, devices, "channel") {
        const char *path = tree_path_attr(c, "source", "path");
        if (doc_is(c, "type", "unix") && path && strstr(path, "/channel/target/domain-") && doc_same(tree_path_attr(c, "target", "name"), tree_path_attr(dev, "target", "name")))
            return c;
    }
    return NULL;
}

/* The one beside which there cannot be this one. */
static struct tree *clashing(const struct device_kind *k, struct tree *devices, const struct tree *dev)
{
    if (strcmp(k->name, "channel") == 0 && doc_is(dev, "type", "unix") && !tree_path_attr(dev, "source", "path"))
        return clashing_path(devices, dev);
    bool terminal = strcmp(k->word, "chr") == 0 && doc_is(dev, "type", "pty");       /* of which every one is another */
    return k->can & LONE ? tree_first(devices, k->name) : k->can & UNIQUE && !terminal ? plug_find(k, devices, dev) : NULL;
}

static int room_for_memory(const struct tree *t, const struct tree *dev, struct err *e)
{
    uint64_t all = 0, most = 0, v = 0;
    if (strcmp(dev->name, "memory") != 0 || tree_parse_uint(tree_text(t, "memory"), 10, INT64_MAX, &all) || tree_parse_uint(tree_text(t, "maxMemory"), 10, INT64_MAX, &most) ||
        tree_parse_uint(tree_text(dev, "target/size"), 10, INT64_MAX, &v) || all + v <= most)
        return 0;
    return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_DOMAIN, "Attaching memory device with size '%" PRIu64 "' would exceed domain's maxMemory config size '%" PRIu64 "'", v, most);
}

/* Of what is so there is one at most: by its place, or by the lock that a hand takes. */
static bool is_single(const struct device_kind *k, const struct tree *dev)
{
    return k->can & UNIQUE || strcmp(k->name, "disk") == 0 || (strcmp(k->name, "hostdev") == 0 && doc_in(tree_attr(dev, "type"), "usb pci mdev"));
}

/* Of a call that comes again: the device that it was about, if there can be one of it only. */
static struct tree *done_before(const struct device_kind *k, const struct tree *run, const struct tree *dev)
{
    struct err ignored = ERR_INIT;
    struct tree *devices = tree_first(run, "devices");
    AUTO_TREE *form = tree_copy(dev);
    const char *mac = tree_path_attr(dev, "mac", "address");
    struct tree *t = strcmp(k->name, "interface") == 0 ? mac ? device_interface(devices, dev, &ignored) : NULL : k->can & LONE ? tree_first(devices, k->name) :
        is_single(k, dev) ? plug_find(k, devices, dev) : NULL;
    if (strcmp(k->name, "disk") == 0)
        run_transient(run, form);
    return t && device_within(form, t) ? t : NULL;
}

static int unsupported(const struct device_kind *k, const char *what, struct err *e)
{
    return err_set(e, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "live %s of device '%s' is not supported", what, k->word);
}

/* A place that is given must be one that a device can be put on while the guest runs. */
static int place(const struct tree *devices, const struct tree *dev, struct err *e)
{
    static const char *const part[] = { "controller", "bus", "target", "unit" };
    const struct tree *a = tree_first(dev, "address");
    struct pci_addr at;
    struct pci_bus seat = { .flags = PCI_HOTPLUG };
    if (doc_is(a, "type", "pci") && doc_uint(a, "function", 0))
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DOMAIN, "Only PCI device addresses with function=0 are supported");
    if (pci_given(dev, &at))
        TREE_EACH(c, devices, "controller")
            if (doc_is(c, "type", "pci") && doc_uint(c, "index", 0) == at.bus)
                pci_bus_model(&seat, tree_attr(c, "model"));
    if (!(seat.flags & PCI_HOTPLUG))
        return err_set(e, VIR_ERR_XML_ERROR, VIR_FROM_DOMAIN, "The device at PCI address %04x:%02x:%02x.%x requires hotplug capability, but the PCI controller with index='%u' doesn't support hotplug",
            at.domain, at.bus, at.slot, at.function, at.bus);
    if (strcmp(dev->name, "disk") != 0 || !doc_is(a, "type", "drive"))
        return 0;
    TREE_EACH(t, devices, "disk") {
        const struct tree *b = tree_first(t, "address");
        const char *bus = tree_path_attr(t, "target", "bus");
        bool same = doc_is(b, "type", "drive") && bus && doc_is(tree_first(dev, "target"), "bus", bus);
        for (unsigned i = 0; i < ARRAY_N(part); i++)
            same = same && doc_uint(a, part[i], 0) == doc_uint(b, part[i], 0);
        if (same)
            return err_set(e, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "Domain already contains a disk with that address");
    }
    return 0;
}

/* A lease is nothing of QEMU's: the guest's document has one more, or one less.  old: the one that goes, NULL: dev comes. */
static int lease(struct plug_run *p, struct tree *old, const struct tree *dev)
{
    struct tree *said = tree_copy(old ? old : dev), *alias = tree_first(said, "alias");
    if (alias)          /* of which a lease has none */
        tree_free(alias);
    if (old)
        tree_free(old);
    else
        tree_append(tree_first(p->t, "devices"), tree_copy(said));
    schema_order(&schema_domain, p->t);
    tree_set_attr(said, MARK_GOES, old ? "yes" : NULL);
    tree_append(p->devices, said);
    p->what = PLUG_CHANGE;
    return 0;
}

/* Is it a lease at all, if it says so? */
static bool is_whole(struct plug_run *p, const struct tree *dev, const struct doc_env *env, struct err *e)
{
    AUTO_TREE *whole = strcmp(dev->name, "lease") == 0 ? plug_beside(p, NULL, dev, env, e) : NULL;
    return whole || strcmp(dev->name, "lease") != 0;
}

static int attach(struct plug_run *p, const struct device_kind *k, struct tree *dev, const struct doc_env *env, struct err *e)
{
    struct tree *devices = tree_first(p->t, "devices"), *other = clashing(k, devices, dev), *alias = tree_first(dev, "alias");
    if (env->flags & DOC_AGAIN && done_before(k, p->t, dev)) {
        p->what = PLUG_NONE;
        return 0;
    }
    if (alias && (!tree_attr(alias, "name") || strncmp(tree_attr(alias, "name"), "ua-", 3) != 0))
        tree_free(alias);
    if (device_alone(DEVICE_ATTACH, p->t, dev, e))
        return -1;
    if (device_shows_serial(dev))
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "unsupported console target type serial");
    if (strcmp(k->name, "disk") == 0 && doc_in(tree_attr(dev, "device"), "cdrom floppy") && plug_find(k, devices, dev))
        return plug_medium(p, dev, env, e);
    bool disk = strcmp(k->name, "disk") == 0;       /* which knows its bus once it is complete */
    if (!is_whole(p, dev, env, e))
        return -1;
    if (!disk && plug_only(k, DEVICE_ATTACH, dev, e))
        return -1;
    if (other)
        return device_refuse(k, &k->clash, dev, e);
    if (place(devices, dev, e) || room_for_memory(p->t, dev, e))
        return -1;
    if (strcmp(k->name, "lease") == 0)
        return lease(p, NULL, dev);
    AUTO_TREE *whole = k->can & (ATTACH | JUDGED) ? plug_beside(p, NULL, dev, env, e) : NULL;
    if (!(k->can & ATTACH))
        return e->code ? -1 : unsupported(k, "attach", e);
    return !whole || (disk && plug_self(whole, dev) && plug_only(k, DEVICE_ATTACH, plug_self(whole, dev), e)) ? -1 : plug_in(p, whole, dev, env, e);
}

/* A controller that something sits on stays. */
static bool is_busy(const struct tree *devices, const struct tree *t)
{
    TREE_EACH(d, devices, "disk")
        if (strcmp(t->name, "controller") == 0 && doc_is(tree_first(d, "target"), "bus", "scsi") &&
            doc_uint(tree_first(d, "address"), "controller", 0) == doc_uint(t, "index", 0))
            return true;
    return false;
}

static int out(struct plug_run *p, const struct device_kind *k, const struct tree *t, struct err *e)
{
    if (!(k->can & DETACH))
        return unsupported(k, "detach", e);
    if (plug_only(k, DEVICE_DETACH, t, e))
        return -1;
    if (is_busy(tree_first(p->t, "devices"), t))
        return err_set(e, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "device cannot be detached: device is busy");
    tree_append(p->devices, tree_copy(t));
    p->what = PLUG_OUT;
    return 0;
}

static int detach(struct plug_run *p, const struct device_kind *k, struct tree *dev, const struct doc_env *env, struct err *e)
{
    struct tree *devices = tree_first(p->t, "devices"), *t = NULL;
    if (!(k->can & DETACH))
        return unsupported(k, "detach", e);
    if (!is_whole(p, dev, env, e))
        return -1;
    if (!doc_in(k->name, "disk input") && plug_only(k, DEVICE_DETACH, dev, e))      /* which kind of these it is, the one that is there says */
        return -1;
    if (strcmp(k->name, "interface") == 0)
        t = device_interface(devices, dev, e);
    else if (!device_shows_serial(dev) && !(t = plug_find(k, devices, dev)))
        k->can & LONE && !tree_first(devices, k->name) && k->stale.text ? device_refuse(k, &k->stale, dev, e) : plug_missing(k, dev, e);
    else if (!t)
        device_refuse(k, &k->missing, dev, e);
    if (t)
        return strcmp(k->name, "lease") == 0 ? lease(p, t, dev) : out(p, k, t, e);
    if (!(env->flags & DOC_AGAIN))
        return -1;
    *e = (struct err)ERR_INIT;
    p->what = PLUG_NONE;
    return 0;
}

static int detach_alias(struct plug_run *p, const char *alias, size_t n, const struct doc_env *env, struct err *e)
{
    struct device_kind k;
    for (const struct tree *t = tree_first(p->t, "devices")->child; t; t = t->next)
        if (t->name && plug_alias_of(t) && strlen(plug_alias_of(t)) == n && !memcmp(plug_alias_of(t), alias, n) && plug_kind(t->name, &k))
            return out(p, &k, t, e);
    if (!(env->flags & DOC_AGAIN))
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DOMAIN, "no device found with alias %.*s", (int)(n < 1024 ? n : 1024), alias);
    p->what = PLUG_NONE;
    return 0;
}

static int update(struct plug_run *p, const struct device_kind *k, struct tree *dev, const struct doc_env *env, struct err *e)
{
    if (k->can & UPDATE)
        return plug_update(p, k, dev, env, e);
    struct tree *old = clashing(k, tree_first(p->t, "devices"), dev);
    if (!old && tree_first(dev, "alias"))
        tree_free(tree_first(dev, "alias"));        /* it may be another's, and that is not what is wrong */
    if (device_alone(DEVICE_UPDATE, p->t, dev, e))
        return -1;
    AUTO_TREE *whole = old || k->can & (ATTACH | JUDGED) ? plug_beside(p, old, dev, env, e) : NULL;
    if (e->code && !(e->code == VIR_ERR_INTERNAL_ERROR && e->domain == VIR_FROM_DOMAIN))      /* what is wrong in itself is so first; that there is no place is not */
        return -1;
    return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "live update of device '%s' is not supported", k->word);
}

int plug_change(struct plug_run *p, enum device_change what, const char *xml, size_t n, const struct doc_env *env, struct err *e)
{
    const struct device_kind *of_all;
    struct device_kind k;
    if (what == DEVICE_DETACH_ALIAS)
        return detach_alias(p, xml, n, env, e);
    struct doc_env read = *env;
    read.flags |= what == DEVICE_DETACH ? DOC_LIVE : 0;     /* as the guest's document shows it, with paths that were made up for the run */
    AUTO_TREE *dev = device_read(p->t, xml, n, &read, &of_all, e);
    if (!dev || !plug_kind(of_all->name, &k))
        return -1;
    plug_prepare(dev, what);
    return what == DEVICE_ATTACH ? attach(p, &k, dev, env, e) : what == DEVICE_DETACH ? detach(p, &k, dev, env, e) : update(p, &k, dev, env, e);
}

void plug_gone(struct plug_run *p, const char *alias)
{
    AUTO_TREE *gone = tree_new("devices");
    for (struct tree *t = tree_first(p->t, "devices")->child, *next; t; t = next) {     /* two: a serial port, and the console that stands for it */
        next = t->next;
        if (!t->name || !plug_alias_of(t) || strcmp(plug_alias_of(t), alias) != 0)
            continue;
        tree_unlink(t);
        tree_append(gone, t);
        count_memory(p->t, t, false);
    }
    plug_release(p, gone);
}
