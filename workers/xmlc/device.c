/* device.c: a definition with a device more, less, or another one in its place.
 *
 * A device is read by the tables of documents, looked up by the few values that tell it from others of its kind, and then the whole document is completed as a
 * client's would be: what a device needs (controllers, addresses) comes from there, and so does what is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/util.h"
#include "workers/xmlc/device.h"
#include "workers/xmlc/parse.h"

#define HERE(what) { VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, what }
#define GONE(what) { VIR_ERR_DEVICE_MISSING, VIR_FROM_QEMU, what }
#define NOT_PRESENT "device not present in domain configuration"
#define NO_CHR { VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, NOT_PRESENT }, HERE("chardev already exists")
#define ALREADY HERE("device is already in the domain configuration")
#define STALE(what) { VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, what }
#define NONE { 0, 0, NULL }
#define FIXED(what) { what, what, "", 0, NONE, NONE, NONE }
#define FIXED_JUDGED(what) { what, what, "", JUDGED, NONE, NONE, NONE }

static const struct device_kind kinds[] = {
    { "disk", "disk", "target@dev!", ATTACH | DETACH | UPDATE | UNIQUE | JUDGED, GONE("no target device $1"), HERE("target $1 already exists"), STALE("target $1 doesn't exist.") },
    { "controller", "controller", "@index! @type", ATTACH | DETACH | UNIQUE, GONE(NOT_PRESENT), HERE("controller index='$1' already exists"), NONE },
    { "interface", "interface", "", ATTACH | DETACH | UPDATE, NONE, NONE, NONE },       /* by rules of its own */
    { "hostdev", "hostdev", "@mode @type source*", ATTACH | DETACH | UNIQUE, GONE(NOT_PRESENT), ALREADY, NONE },
    { "lease", "lease", "key lockspace", ATTACH | DETACH | UNIQUE, GONE("Lease $1 in lockspace $2 does not exist"), HERE("Lease $1 in lockspace $2 already exists"), NONE },
    { "filesystem", "filesystem", "target@dir!", ATTACH | DETACH | UNIQUE, GONE("no matching filesystem device was found"), HERE("Target already exists"), NONE },
    { "memory", "memory", "@model @access source* target* address*?", ATTACH | DETACH | UPDATE | UNIQUE, GONE("matching memory device was not found"),
      { VIR_ERR_OPERATION_INVALID, VIR_FROM_DOMAIN, "Domain already contains a device with the same address" }, STALE("memory not found") },
    { "rng", "rng", "@model rate* backend* address*?", ATTACH | DETACH, GONE("no matching RNG device was found"), NONE, NONE },
    { "redirdev", "redirdev", "@bus @type source* address*?", ATTACH | DETACH, GONE("no matching redirdev was not found"), NONE, NONE },
    { "shmem", "shmem", "@name size? model@type? server*", ATTACH | DETACH | UNIQUE, GONE("matching shmem device was not found"), ALREADY, NONE },
    { "vsock", "vsock", "cid@auto? cid@address?", ATTACH | DETACH | LONE, { VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "matching vsock device not found" }, HERE("domain already has a vsock device"), NONE },
    { "watchdog", "watchdog", "", ATTACH | DETACH | LONE, GONE("domain has no watchdog"), HERE("domain already has a watchdog"), NONE },
    { "input", "input", "@type @bus? source*", ATTACH | DETACH, GONE("matching input device not found"), NONE, NONE },
    { "sound", "sound", "@model address*?", ATTACH | DETACH, GONE(NOT_PRESENT), NONE, NONE },
    { "serial", "chr", "@type source* target@type target@port!", ATTACH | DETACH | UNIQUE, NO_CHR, NONE },
    { "parallel", "chr", "@type source* target@port!", ATTACH | DETACH | UNIQUE, NO_CHR, NONE },
    { "console", "chr", "@type source* target@type target@port!", ATTACH | DETACH | UNIQUE, NO_CHR, NONE },
    { "channel", "chr", "@type source* target@type target@name target@address target@port", ATTACH | DETACH | UNIQUE, NO_CHR, NONE },
    { "graphics", "graphics", "@type", UPDATE, NONE, NONE, STALE("cannot find existing graphics type '$1' device to modify") },
    FIXED_JUDGED("video"), FIXED_JUDGED("audio"), FIXED_JUDGED("tpm"), FIXED("iommu"), FIXED("smartcard"), FIXED("nvram"), FIXED("hub"), FIXED("memballoon"), FIXED("panic"),
};

/* ---- whether two devices are the same ---- */

/* The stored one has defaults, and the run's has marks.  To say nothing is to mean one that has nothing but them. */
bool device_within(const struct tree *wanted, const struct tree *t)
{
    for (const struct tree_attr *x = wanted ? wanted->attr : t ? t->attr : NULL; x; x = x->next)
        if (strncmp(x->name, "bulkhead:", 9) != 0 && !doc_is(wanted ? t : NULL, x->name, x->value) && !(strcmp(x->name, "mode") == 0 && strcmp(x->value, "bind") == 0))
            return false;
    if (!wanted)
        return !t || !t->child;
    if (wanted->text && (!t || !t->text || strcmp(wanted->text, t->text)))
        return false;
    for (const struct tree *c = wanted->child; c; c = c->next) {
        bool found = false;
        TREE_EACH(o, t, c->name)
            found |= device_within(c, o);
        if (!found)
            return false;
    }
    return true;
}

/* One word of `same`: its path and attribute, and the mark behind it. */
struct word { char path[32], attr[32]; bool whole, must, if_named; };

static const char *next_word(const char *p, struct word *w)
{
    size_t n = strcspn(p += strspn(p, " "), " "), end = n;
    *w = (struct word){ 0 };
    if (!n)
        return NULL;
    for (; end && strchr("*!?", p[end - 1]); end--) {
        w->whole |= p[end - 1] == '*';
        w->must |= p[end - 1] == '!';
        w->if_named |= p[end - 1] == '?';
    }
    size_t at = strcspn(p, "@");
    snprintf(w->path, sizeof w->path, "%.*s", (int)(at < end ? at : end), p);
    if (at < end)
        snprintf(w->attr, sizeof w->attr, "%.*s", (int)(end - at - 1), p + at + 1);
    return p + n;
}

static const char *value(const struct tree *t, const struct word *w)
{
    return *w->attr ? tree_path_attr(t, w->path, w->attr) : tree_text(t, w->path);
}

bool device_same(const struct device_kind *k, const struct tree *wanted, const struct tree *t)
{
    struct word w;
    if (strcmp(k->name, "hostdev") == 0 && doc_is(wanted, "type", "scsi") && doc_is(t, "type", "scsi"))
        return doc_same_scsi(wanted, t);
    for (const char *p = k->same; (p = next_word(p, &w));) {
        const char *a = value(wanted, &w), *b = value(t, &w);
        const struct tree *x = tree_first(wanted, w.path), *y = tree_first(t, w.path);
        if (w.if_named && !(w.whole ? x != NULL : a != NULL))
            continue;
        if (w.must && !a)
            return false;
        if (w.whole ? !device_within(x, y) : a && b ? strcmp(a, b) : a != b)
            return false;
    }
    return true;
}

int device_refuse(const struct device_kind *k, const struct fault *f, const struct tree *dev, struct err *e)
{
    char text[ERR_DETAIL_MAX] = "";
    struct word w[2] = { 0 };
    const char *p = k->same;
    for (int i = 0; i < 2 && p; i++)
        p = next_word(p, &w[i]);
    for (const char *t = f->text; *t; t++) {
        size_t n = strlen(text);
        const char *v = *t == '$' ? value(dev, &w[t[1] - '1']) : NULL;
        snprintf(text + n, sizeof text - n, "%.*s", *t == '$' ? 1024 : 1, *t == '$' ? v ? v : "(null)" : t);
        t += *t == '$';
    }
    return err_set(e, f->code, f->domain, "%s", text);
}

static int unsupported(const struct device_kind *k, const char *what, struct err *e)
{
    return err_set(e, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "persistent %s of device '%s' is not supported", what, k->word);
}

/* A device that sits on USB, where the domain has none. */
static bool lacks_usb(const struct tree *devices, const struct tree *dev)
{
    bool none = false, tablet = strcmp(dev->name, "input") == 0 && doc_is(dev, "type", "tablet") && !tree_attr(dev, "bus");
    TREE_EACH(c, devices, "controller")
        none |= doc_is(c, "type", "usb") && doc_is(c, "model", "none");
    return none && (tablet || (doc_in(dev->name, "input redirdev") && doc_is(dev, "bus", "usb")) || (strcmp(dev->name, "disk") == 0 && doc_is(tree_first(dev, "target"), "bus", "usb")) ||
                    (doc_in(dev->name, "hub hostdev") && doc_is(dev, "type", "usb")));
}

int device_alone(enum device_change what, const struct tree *dom, const struct tree *dev, struct err *e)
{
    const char *alias = tree_path_attr(dev, "alias", "name"), *machine = tree_path_attr(dom, "os/type", "machine"), *model = tree_attr(dev, "model");
    if (what == DEVICE_ATTACH)
        for (const struct tree *t = alias ? tree_first(dom, "devices")->child : NULL; t; t = t->next)
            if (doc_is(tree_first(t, "alias"), "name", alias))
                return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_DOMAIN, "non unique alias detected: %s", alias);
    if (what == DEVICE_ATTACH && lacks_usb(tree_first(dom, "devices"), dev))
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_DOMAIN, "%s", strcmp(dev->name, "redirdev") == 0 ? "cannot add redirected USB device: USB is disabled for this domain" :
                       "Device configuration is not compatible: Domain has no USB bus support");
    if (what == DEVICE_ATTACH && strcmp(dev->name, "controller") == 0 && doc_is(dev, "type", "ide") && machine && (!doc_is(dev, "index", "0") || strncmp(machine, "pc-q35", 6) == 0))
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, strncmp(machine, "pc-q35", 6) == 0 ? "IDE controllers are unsupported for this QEMU binary or machine type" :
                       "Only a single IDE controller is supported for this machine type");
    if (strcmp(dev->name, "smartcard") == 0)
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "this QEMU binary lacks multiple smartcard support");
    if (strcmp(dev->name, "nvram") == 0)
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "nvram device is only supported for PPC64");
    const char *video = strcmp(dev->name, "video") == 0 ? tree_path_attr(dev, "model", "type") : NULL;
    if (doc_in(video, "vga cirrus vmvga bochs ramfb") && !doc_is(tree_first(dev, "model"), "primary", "yes"))
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "video type '%s' is only valid as primary video device", video);
    if (strcmp(dev->name, "iommu") == 0 && machine && strncmp(machine, "pc-q35", 6) != 0)
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "IOMMU device: '%s' is only supported with Q35 machines", model ? model : "");
    if (strcmp(dev->name, "controller") == 0 && doc_is(dev, "type", "pci") && !doc_in(model, "pci-root pcie-root") && !tree_path_attr(dev, "model", "name"))
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "Required option 'modelName' is not set for PCI controller with index '%d', model '%s' and modelName 'none'",
                       (int)doc_uint(dev, "index", ~0u), model ? model : "");
    return 0;
}

/* ---- which one is meant ---- */

static bool pci_text(const struct tree *dev, char out[16])
{
    const struct tree *a = tree_first(dev, "address");
    bool is = doc_is(a, "type", "pci") && tree_attr(a, "bus");
    snprintf(out, 16, "(<null>)");
    if (is)
        snprintf(out, 16, "%.4x:%.2x:%.2x.%.1x", doc_uint(a, "domain", 0) & 0xffff, doc_uint(a, "bus", 0) & 0xff, doc_uint(a, "slot", 0) & 0xff, doc_uint(a, "function", 0) & 7);
    return is;
}

struct tree *device_interface(struct tree *devices, const struct tree *dev, struct err *e)
{
    const char *mac = tree_path_attr(dev, "mac", "address"), *alias = tree_path_attr(dev, "alias", "name");
    char at[16], has[16];
    bool placed = pci_text(dev, at);
    struct tree *found = NULL;
    TREE_EACH(t, devices, "interface") {
        const char *m = tree_path_attr(t, "mac", "address"), *a = tree_path_attr(t, "alias", "name");
        if ((mac && (!m || strcmp(m, mac))) || (alias && (!a || strcmp(a, alias))) || (placed && (!pci_text(t, has) || strcmp(at, has))))
            continue;
        if (found && mac)
            err_set(e, VIR_ERR_OPERATION_FAILED, VIR_FROM_DOMAIN, "multiple devices matching MAC address %s found", mac);
        else if (found)
            err_set(e, VIR_ERR_OPERATION_FAILED, VIR_FROM_DOMAIN, "multiple matching devices found");
        if (found)
            return NULL;
        found = t;
    }
    if (!found)
        err_set(e, VIR_ERR_DEVICE_MISSING, VIR_FROM_DOMAIN, "no device found at address '%s' matching MAC address '%s' and alias '%s'", at, mac ? mac : "(<null>)", alias ? alias : "(<null>)");
    return found;
}

/* A memory device's size and the like may change: it is where it is. */
static struct device_kind by_place(const struct device_kind *k)
{
    struct device_kind placed = *k;
    if (strcmp(k->name, "memory") == 0)
        placed.same = "address@type! address@slot";
    return placed;
}

static struct tree *find(const struct device_kind *k, struct tree *devices, const struct tree *dev)
{
    TREE_EACH(t, devices, k->name)
        if (device_same(k, dev, t))
            return t;
    return NULL;
}

/* The one to be detached or replaced. NULL with *e set. */
static struct tree *meant(const struct device_kind *k, enum device_change what, struct tree *devices, const struct tree *dev, struct err *e)
{
    if (!strcmp(k->name, "interface"))
        return device_interface(devices, dev, e);
    struct device_kind placed = what == DEVICE_UPDATE ? by_place(k) : *k;
    struct tree *t = find(&placed, devices, dev);
    if (!t)
        device_refuse(k, what == DEVICE_UPDATE ? &k->stale : &k->missing, dev, e);
    return t;
}

/* ---- changes ---- */

/* A first serial port takes the console with it that only shows it. */
static void take_out(struct tree *devices, struct tree *t)
{
    struct tree *console = tree_first(devices, "console");
    if (t == tree_first(devices, "serial") && console && !doc_is(tree_first(console, "target"), "type", "virtio"))
        tree_free(console);
    tree_free(t);
}

/* A first serial port that comes later brings a console that only shows it, of whatever kind it is. */
static void show_first_serial(struct tree *devices, const struct tree *dev)
{
    if (!dev || strcmp(dev->name, "serial") != 0 || tree_next(tree_first(devices, "serial"), "serial") || tree_first(devices, "console"))
        return;
    tree_set_attr(tree_make(tree_add(devices, "console"), "target"), "type", "serial");
}

static bool has_all_memory(const struct tree *dom)
{
    const char *all = tree_text(dom, "memory"), *now = tree_text(dom, "currentMemory");
    return all && now && strcmp(all, now) == 0;
}

static struct tree *with(const struct tree *dom, const struct tree *without, const struct tree *dev, const struct doc_env *env, struct err *e)
{
    AUTO_TREE *new = tree_copy(dom);
    struct tree *devices = tree_make(new, "devices"), *old = devices->child, *place = NULL;
    for (const struct tree *t = tree_get(dom, "devices")->child; t && t != without; t = t->next)
        old = old->next;
    bool all = has_all_memory(new);
    if (dev && without)
        tree_insert(devices, place = tree_copy(dev), old);
    else if (dev)
        tree_append(devices, tree_copy(dev));
    show_first_serial(devices, dev);
    if (without && place)
        tree_free(old);
    else if (without)
        take_out(devices, old);
    if (dev && !without && strcmp(dev->name, "memory") == 0 && all)     /* a guest that has all of its memory gets the new one too */
        tree_free(tree_first(new, "currentMemory"));
    return doc_complete(new, env, e);
}

/* The one beside which there cannot be this one. */
static const struct tree *clashing(const struct device_kind *k, struct tree *devices, const struct tree *dev)
{
    struct device_kind placed = by_place(k);
    return k->can & LONE ? tree_first(devices, k->name) : k->can & UNIQUE ? find(&placed, devices, dev) : NULL;
}

/* The target of a device that comes to a controller that is there. */
static int fits_controller(const struct tree *dom, const struct tree *dev, struct err *e)
{
    const struct tree *a = tree_first(dev, "address");
    bool scsi = doc_is(a, "type", "drive") && doc_uint(a, "target", 0) && (strcmp(dev->name, "hostdev") == 0 || doc_is(tree_first(dev, "target"), "bus", "scsi"));
    TREE_EACH(c, tree_first(dom, "devices"), "controller")
        if (scsi && doc_is(c, "type", "scsi") && doc_is(c, "model", "lsilogic") && doc_uint(c, "index", 0) == doc_uint(a, "controller", 0))
            return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "target must be 0 for controller model 'lsilogic'");
    return 0;
}

static struct tree *attach(const struct device_kind *k, const struct tree *dom, struct tree *devices, const struct tree *dev, const struct doc_env *env, struct err *e)
{
    const struct tree *other = clashing(k, devices, dev);
    if (env->flags & DOC_AGAIN && other && device_within(dev, other))      /* of a kind that may be there twice, conf knows whether it was done */
        return tree_copy(dom);
    bool judged = other ? k->can & JUDGED : k->can & (ATTACH | JUDGED);
    if (device_alone(DEVICE_ATTACH, dom, dev, e) || fits_controller(dom, dev, e))
        return NULL;
    AUTO_TREE *new = judged ? with(dom, other, dev, env, e) : NULL;
    if (judged && !new)
        return NULL;
    if (!(k->can & ATTACH))
        unsupported(k, "attach", e);
    else if (other)
        device_refuse(k, &k->clash, dev, e);
    return e->code ? NULL : STEAL_PTR(&new);
}

static struct tree *update(const struct device_kind *k, const struct tree *dom, struct tree *devices, const struct tree *dev, const struct doc_env *env, struct err *e)
{
    struct err own = ERR_INIT;
    const struct tree *old = k->can & UPDATE ? meant(k, DEVICE_UPDATE, devices, dev, e) : clashing(k, devices, dev);
    AUTO_TREE *looked = tree_copy(dev);
    if (!old && tree_first(looked, "alias"))
        tree_free(tree_first(looked, "alias"));     /* it may be another's, and that is not what is wrong */
    if (!(k->can & UPDATE) && doc_in(tree_path_attr(looked, "address", "type"), "usb pci"))
        tree_free(tree_first(looked, "address"));   /* this, too */
    bool judged = old || k->can & (ATTACH | JUDGED);
    AUTO_TREE *new = device_alone(DEVICE_UPDATE, dom, dev, &own) || fits_controller(dom, dev, &own) || !judged ? NULL : with(dom, old, looked, env, &own);
    bool no_place = own.code == VIR_ERR_INTERNAL_ERROR && own.domain == VIR_FROM_DOMAIN;
    if (own.code && (k->can & UPDATE || !no_place))     /* what is wrong in itself is so first */
        *e = own;
    else if (!(k->can & UPDATE))
        unsupported(k, "update", e);
    return e->code ? NULL : STEAL_PTR(&new);
}

static struct tree *detach(const struct device_kind *k, const struct tree *dom, struct tree *old, const struct doc_env *env, struct err *e)
{
    if (k->can & DETACH && !old && env->flags & DOC_AGAIN)
        *e = (struct err)ERR_INIT;
    if (k->can & DETACH)
        return old ? with(dom, old, NULL, env, e) : env->flags & DOC_AGAIN ? tree_copy(dom) : NULL;
    unsupported(k, "detach", e);
    return NULL;
}

const struct device_kind *device_kind(const char *name)
{
    for (size_t i = 0; i < ARRAY_N(kinds); i++)
        if (!strcmp(kinds[i].name, name))
            return &kinds[i];
    return NULL;
}

static struct tree *detach_alias(const struct tree *dom, struct tree *devices, const char *alias, size_t n, const struct doc_env *env, struct err *e)
{
    for (struct tree *t = devices->child; t; t = t->next) {
        const char *name = tree_path_attr(t, "alias", "name");
        const struct device_kind *k = name && strlen(name) == n && !memcmp(name, alias, n) ? device_kind(t->name) : NULL;
        if (k)
            return detach(k, dom, t, env, e);
    }
    if (env->flags & DOC_AGAIN)
        return tree_copy(dom);
    err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DOMAIN, "no device found with alias %.*s", (int)(n < 1024 ? n : 1024), alias);
    return NULL;
}

static struct tree *last_of(const struct tree *dom, const char *name)
{
    struct tree *last = NULL;
    TREE_EACH(t, tree_first(dom, "devices"), name)
        last = t;
    return last;
}

/* Where it leads to, how its memory is shared, and what card it is, as it will be stored: by that it is found again. */
static void complete_source(struct tree *dev, const struct tree *around, const struct doc_env *env)
{
    static const char *const ways[] = { "source", "server" };
    struct err ignored = ERR_INIT;
    AUTO_TREE *whole = doc_complete(around, env, &ignored);
    struct tree *t = whole ? tree_first(tree_first(whole, "devices"), dev->name) : NULL, *way;      /* in front of those that come by themselves */
    if (t && strcmp(dev->name, "memory") == 0)
        tree_set_attr(dev, "access", tree_attr(t, "access") ? "%s" : NULL, tree_attr(t, "access"));
    if (t && strcmp(dev->name, "serial") == 0)
        tree_set_attr(tree_make(dev, "target"), "type", "%s", tree_path_attr(t, "target", "type"));
    for (size_t i = 0; t && i < ARRAY_N(ways); i++)
        if ((way = tree_first(dev, ways[i]))) {
            if (tree_first(t, ways[i]))
                tree_insert(dev, tree_copy(tree_first(t, ways[i])), way);
            tree_free(way);
        }
}

/* It is read inside a copy of its domain that has only what devices sit on. */
struct tree *device_read(const struct tree *dom, const char *xml, size_t n, const struct doc_env *env, const struct device_kind **k, struct err *e)
{
    AUTO_TREE *raw = parse_xml(xml, n, "(device_definition)", NULL, e);
    *k = raw ? device_kind(raw->name) : NULL;
    if (raw && !*k)
        err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_DOMAIN, "unknown device type '%s'", raw->name);
    if (!*k)
        return NULL;
    AUTO_TREE *around = tree_copy(dom);
    struct tree *devices = tree_make(around, "devices");
    for (struct tree *t = devices->child, *next; t; t = next) {
        next = t->next;
        if (strcmp(t->name, "controller") != 0)
            tree_free(t);
    }
    tree_append(devices, tree_copy(raw));
    AUTO_TREE *read = schema_apply(&schema_domain, around, 0, e);
    struct tree *dev = read ? last_of(read, raw->name) : NULL;
    if (dev) {
        tree_unlink(dev);
        complete_source(dev, around, env);
    } else if (read)
        err_set(e, VIR_ERR_XML_ERROR, VIR_FROM_DOMAIN, "device <%s> says nothing", raw->name);
    return dev;
}

bool device_shows_serial(const struct tree *dev)
{
    return !strcmp(dev->name, "console") && (!tree_path_attr(dev, "target", "type") || doc_is(tree_first(dev, "target"), "type", "serial"));
}

struct tree *device_change(struct tree *dom, enum device_change what, const char *xml, size_t n, const struct doc_env *env, struct err *e)
{
    struct tree *devices = tree_make(dom, "devices");
    unsigned port = 0;
    TREE_EACH(c, devices, "console")        /* as libvirt numbers them when it reads a definition; a new one has the number that it comes with */
        tree_set_attr(tree_make(c, "target"), "port", "%u", port++);
    if (what == DEVICE_DETACH_ALIAS)
        return detach_alias(dom, devices, xml, n, env, e);
    const struct device_kind *k;
    AUTO_TREE *dev = device_read(dom, xml, n, env, &k, e);
    if (!dev)
        return NULL;
    if (what == DEVICE_UPDATE)
        return update(k, dom, devices, dev, env, e);
    if (device_shows_serial(dev)) {
        err_set(e, what == DEVICE_ATTACH ? VIR_ERR_OPERATION_UNSUPPORTED : VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "%s serial console is not supported",
                what == DEVICE_ATTACH ? "attaching" : "detaching");
        return NULL;
    }
    return what == DEVICE_ATTACH ? attach(k, dom, devices, dev, env, e) : detach(k, dom, k->can & DETACH ? meant(k, what, devices, dev, e) : NULL, env, e);
}
