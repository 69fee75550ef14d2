/* check.c: what only the whole document can tell. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/util.h"
#include "workers/xmlc/doc.h"

/* ---- addresses ---- */

static const struct { const char *attr; unsigned max; const char *text; } parts[] = {
    {"domain", 0xffff, "0xFFFF"}, {"bus", 0xff, "0xFF"}, {"slot", 0x1f, "0x1F"}, {"function", 7, "7"},
};

/* Every PCI address, a device's or one of the host. Runs before anything is placed. */
int check_pci_addresses(struct doc *d, const struct tree *t)
{
    for (const struct tree *c = t->child; c; c = c->next) {
        if (!c->name)
            continue;
        if (strcmp(c->name, "address") == 0 && (tree_attr(c, "function") || doc_is(c, "type", "pci")))
            for (unsigned i = 0; i < ARRAY_N(parts); i++)
                if (doc_uint(c, parts[i].attr, 0) > parts[i].max)
                    return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_NONE, i == 3 ? "Invalid PCI address %s=0x%x, must be <= %s" : "Invalid PCI address %s='0x%x', must be <= %s", parts[i].attr, doc_uint(c, parts[i].attr, 0), parts[i].text);
        if (strcmp(c->name, "address") == 0 && doc_is(c, "type", "virtio-s390"))
            return doc_bad(d, "virtio-s390 bus doesn't have an address");
        if (strcmp(c->name, "zpci") == 0)
            return doc_unsupported(d, VIR_FROM_QEMU, "This QEMU binary doesn't support zPCI");
        if (check_pci_addresses(d, c))
            return -1;
    }
    return 0;
}

/* ---- processors and memory ---- */

static int cpu(struct doc *d)
{
    const struct tree *c = tree_first(d->t, "cpu"), *cache = tree_first(c, "cache"), *phys = tree_first(c, "maxphysaddr");
    if (tree_attr(cache, "level") && (doc_uint(cache, "level", 0) < 1 || doc_uint(cache, "level", 0) > 3))
        return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_CPU, "invalid CPU cache level, must be in range [1,3]");
    if (doc_is(cache, "mode", "emulate") && !doc_is(cache, "level", "3"))
        return doc_unsupported(d, VIR_FROM_QEMU, "CPU cache mode 'emulate' can only be used with level='3'");
    if (doc_is(cache, "mode", "passthrough") && !doc_in(tree_attr(c, "mode"), "host-passthrough maximum"))
        return doc_unsupported(d, VIR_FROM_QEMU, "CPU cache mode 'passthrough' can only be used with 'host-passthrough' / 'maximum' CPUs");
    if (doc_is(cache, "mode", "disable") && tree_attr(cache, "level"))
        return doc_unsupported(d, VIR_FROM_QEMU, "unsupported CPU cache level for mode 'disable'");
    if (doc_is(cache, "mode", "passthrough") && tree_attr(cache, "level"))
        return doc_unsupported(d, VIR_FROM_QEMU, "unsupported CPU cache level for mode 'passthrough'");
    if (doc_is(phys, "mode", "emulate") && !tree_attr(phys, "bits"))
        return doc_unsupported(d, VIR_FROM_QEMU, "if using CPU maximum physical address mode='emulate', bits= must be specified too");
    if (doc_is(phys, "mode", "passthrough") && tree_attr(phys, "bits"))
        return doc_unsupported(d, VIR_FROM_QEMU, "CPU maximum physical address bits number specification cannot be used with mode='passthrough'");
    return 0;
}

/* Pages without a node are the master; there is one size of them. */
static int hugepages(struct doc *d)
{
    if (!tree_get(d->t, "cpu/numa"))      /* without cells, node 0 is all there is */
        TREE_EACH(p, tree_get(d->t, "memoryBacking/hugepages"), "page")
            if (doc_is(p, "nodeset", "0") && !tree_next(p, "page") && p == tree_get(d->t, "memoryBacking/hugepages/page"))
                tree_set_attr(p, "nodeset", NULL);
    const struct tree *master = NULL;
    TREE_EACH(p, tree_get(d->t, "memoryBacking/hugepages"), "page") {
        uint8_t nodes[BITMAP_BITS / 8];
        unsigned cells = doc_count(tree_get(d->t, "cpu/numa"), "cell");
        if (doc_is(p, "size", "0"))
            return err_set(d->e, VIR_ERR_XML_DETAIL, VIR_FROM_DOMAIN, "hugepage size can't be zero");
        if (tree_attr(p, "nodeset") && bitmap_parse(tree_attr(p, "nodeset"), nodes, BITMAP_BITS) == 0)
            for (unsigned i = cells ? cells : 1; i < BITMAP_BITS; i++)
                if (BITMAP_GET(nodes, i))
                    return err_set(d->e, VIR_ERR_XML_DETAIL, VIR_FROM_DOMAIN, "hugepages: node %u not found", i);
        uint8_t map[BITMAP_BITS / 8];
        const char *set = tree_attr(p, "nodeset");
        bool all = !set || (bitmap_parse(set, map, BITMAP_BITS) == 0 && BITMAP_GET(map, 0) && doc_count(tree_get(d->t, "cpu/numa"), "cell") < 2 &&
            strcmp(set, "0") == 0 && !tree_get(d->t, "cpu/numa"));
        if (!all)
            continue;
        if (master)
            return err_set(d->e, VIR_ERR_XML_DETAIL, VIR_FROM_DOMAIN, "two master hugepages detected: %s and %s", tree_attr(p, "size"), tree_attr(master, "size"));
        master = p;
    }
    return 0;
}

static bool overlap(const struct tree *a, const struct tree *b)
{
    uint8_t x[BITMAP_BITS / 8], y[BITMAP_BITS / 8];
    if (bitmap_parse(tree_attr(a, "vcpus"), x, BITMAP_BITS) || bitmap_parse(tree_attr(b, "vcpus"), y, BITMAP_BITS))
        return false;
    for (unsigned i = 0; i < sizeof x; i++)
        if (x[i] & y[i])
            return true;
    return false;
}

static int resctrl(struct doc *d)
{
    const struct tree *tune = tree_first(d->t, "cputune");
    TREE_EACH(c, tune, "cachetune") {
        for (struct tree *o = tree_next(c, "cachetune"); o; o = tree_next(o, "cachetune"))
            if (strcmp(tree_attr(c, "vcpus"), tree_attr(o, "vcpus")) == 0)
                return doc_bad(d, "Identical vcpus in cachetunes found");
            else if (overlap(c, o))
                return doc_bad(d, "Overlapping vcpus in cachetunes");
        TREE_EACH(a, c, "cache")
            for (struct tree *b = tree_next(a, "cache"); b; b = tree_next(b, "cache"))
                if (doc_uint(a, "level", 0) == doc_uint(b, "level", 0) && doc_uint(a, "id", 0) == doc_uint(b, "id", 0) &&
                    (strcmp(tree_attr(a, "type"), tree_attr(b, "type")) == 0 || doc_is(a, "type", "both") || doc_is(b, "type", "both")))
                    return err_set(d->e, VIR_ERR_XML_ERROR, 67, "Colliding cache allocations for cache level '%u' id '%u', type '%s'", doc_uint(b, "level", 0),
                        doc_uint(b, "id", 0), tree_attr(b, "type"));
    }
    TREE_EACH(m, tune, "memorytune") {
        TREE_EACH(a, m, "node")
            for (struct tree *b = tree_next(a, "node"); b; b = tree_next(b, "node"))
                if (doc_uint(a, "id", 0) == doc_uint(b, "id", 0))
                    return err_set(d->e, VIR_ERR_XML_ERROR, 67, "Memory Bandwidth already defined for node %u", doc_uint(a, "id", 0));
    }
    if ((tree_first(tune, "cachetune") || tree_first(tune, "memorytune")) && !d->kvm)
        return doc_unsupported(d, VIR_FROM_QEMU, "cachetune is only supported for KVM domains");
    return 0;
}

/* ---- firmware tables ---- */

/* Entries of each kind of table in the order libvirt prints them; unknown ones are not kept. */
static const struct { const char *table, *names[10]; } tables[] = {
    {"bios", {"vendor", "version", "date", "release"}},
    {"system", {"manufacturer", "product", "version", "serial", "uuid", "sku", "family"}},
    {"baseBoard", {"manufacturer", "product", "version", "serial", "asset", "location"}},
    {"chassis", {"manufacturer", "version", "serial", "asset", "sku"}},
};

static void order_entries(struct tree *s)
{
    for (unsigned i = 0; i < ARRAY_N(tables); i++)
        TREE_EACH(t, s, tables[i].table) {
            AUTO_TREE *old = tree_new("old");
            while (t->child)
                tree_append(old, t->child);
            for (unsigned k = 0; k < ARRAY_N(tables[i].names) && tables[i].names[k]; k++)
                TREE_EACH(e, old, "entry")
                    if (doc_is(e, "name", tables[i].names[k]) && e->text) {
                        tree_append(t, e);
                        break;
                    }
        }
}

static int sysinfo(struct doc *d)
{
    TREE_EACH(s, d->t, "sysinfo")
        order_entries(s);
    TREE_EACH(s, d->t, "sysinfo") {
        TREE_EACH(e, tree_first(s, "bios"), "entry") {
            unsigned m, day, y;
            char rest;
            if (!doc_is(e, "name", "date") || !e->text)
                continue;
            if (sscanf(e->text, "%u/%u/%u%c", &m, &day, &y, &rest) != 3 || m < 1 || m > 12 || day < 1 || day > 31 || (y > 99 && (y < 1900 || y > 9999)))
                return err_set(d->e, VIR_ERR_XML_DETAIL, VIR_FROM_DOMAIN, "Invalid BIOS 'date' format");
        }
        TREE_EACH(e, tree_first(s, "system"), "entry") {
            char uuid[37];
            const char *unit = NULL;
            static const struct sx_row row = {.name = "entry", .vtype = SX_UUID};
            if (!doc_is(e, "name", "uuid") || !e->text)
                continue;
            if (value_check(&row, "entry", NULL, e->text, NULL, uuid, sizeof uuid, &unit, NULL))
                return err_set(d->e, VIR_ERR_XML_DETAIL, VIR_FROM_DOMAIN, "malformed <sysinfo> uuid element");
            if (strcmp(uuid, tree_text(d->t, "uuid")) != 0)
                return err_set(d->e, VIR_ERR_XML_DETAIL, VIR_FROM_DOMAIN, "UUID mismatch between <uuid> and <sysinfo>");
        }
    }
    return 0;
}

/* ---- security labels of single resources ---- */

static int seclabels(struct doc *d, struct tree *t)
{
    struct tree *next;
    for (struct tree *c = t->child; c; c = next) {
        next = c->next;
        if (!c->name)
            continue;
        if (strcmp(c->name, "source") == 0) {
            unsigned n = doc_count(c, "seclabel");
            for (struct tree *s = tree_first(c, "seclabel"), *more; s; s = more) {
                more = tree_next(s, "seclabel");
                if (n > 1 && !tree_attr(s, "model"))
                    return doc_bad(d, "missing security model when using multiple labels");
                if (doc_is(s, "labelskip", "yes") && !(d->env->flags & DOC_LIVE))
                    tree_free(s);
            }
        }
        if (seclabels(d, c))
            return -1;
    }
    return 0;
}

/* ---- devices ---- */

/* Names and orders that only one device may have; audio devices that others name. */
static int unique(struct doc *d)
{
    TREE_EACH(p, tree_first(d->t, "perf"), "event")
        for (struct tree *o = tree_next(p, "event"); o; o = tree_next(o, "event"))
            if (doc_is(o, "name", tree_attr(p, "name")))
                return doc_bad(d, "perf event '%s' was already specified", tree_attr(p, "name"));
    for (const struct tree *a = d->devices->child; a; a = a->next) {
        const char *alias = a->name ? tree_path_attr(a, "alias", "name") : NULL, *boot = a->name ? tree_path_attr(a, "boot", "order") : NULL;
        if (a->name && strcmp(a->name, "graphics") == 0 && doc_is(a, "type", "dbus") && tree_path_attr(a, "audio", "id"))
            TREE_EACH(x, d->devices, "audio")
                if (doc_is(x, "id", tree_path_attr(a, "audio", "id")) && !doc_is(x, "type", "dbus"))
                    return doc_unsupported(d, VIR_FROM_QEMU, "The associated audio is not of 'dbus' kind.");
        const char *audio = a->name && strcmp(a->name, "audio") != 0 ? tree_path_attr(a, "audio", "id") : NULL;
        bool found = false;
        for (const struct tree *b = a->next; b && (alias || boot); b = b->next) {
            if (!b->name || (strcmp(b->name, "console") == 0 && strcmp(a->name, "serial") == 0))
                continue;
            bool companion = tree_first(b, "master") && alias && strncmp(alias, "ua-", 3) != 0;      /* has its controller's alias at run time */
            if (alias && !companion && doc_is(tree_first(b, "alias"), "name", alias))
                return doc_unsupported(d, VIR_FROM_DOMAIN, "non unique alias detected: %s", alias);
            if (boot && doc_is(tree_first(b, "boot"), "order", boot))
                return doc_unsupported(d, VIR_FROM_DOMAIN, "boot order '%s' used for more than one device", boot);
        }
        TREE_EACH(x, d->devices, "audio")
            found |= audio && doc_is(x, "id", audio);
        if (audio && !found)
            return doc_bad(d, "no audio device with ID %s", audio);
    }
    return 0;
}

/* What a SCSI controller's model can address. */
static int scsi_targets(struct doc *d)
{
    static const char *const kinds[] = {"disk", "hostdev"};
    if (d->env->flags & (DOC_STORED | DOC_CHANGE) && !(d->env->flags & DOC_PLUG))
        return 0;       /* a controller that came along with a device was not judged with it; of others see device.c */
    for (unsigned k = 0; k < ARRAY_N(kinds); k++)
        TREE_EACH(t, d->devices, kinds[k]) {
            const struct tree *a = tree_first(t, "address"), *c;
            if (!doc_is(a, "type", "drive") || (k == 0 && !doc_is(tree_first(t, "target"), "bus", "scsi")))
                continue;
            c = doc_find_controller(d, "scsi", doc_uint(a, "controller", 0));
            if (!c)
                continue;
            if (doc_is(c, "model", "lsilogic") && doc_uint(a, "target", 0))
                return doc_unsupported(d, VIR_FROM_QEMU, "target must be 0 for controller model 'lsilogic'");
        }
    return 0;
}

static int memory_device(struct doc *d, const struct tree *m)
{
    uint64_t size = tree_number(m, "target/size", 0), label = tree_number(m, "target/label/size", 0), block = tree_number(m, "target/block", 0), page = tree_number(m, "source/pagesize", 0);
    if (doc_is(m, "model", "nvdimm") && tree_get(m, "target/label")) {
        if (label < 128)
            return doc_bad(d, "nvdimm label must be at least 128KiB");
        if (label >= size)
            return doc_bad(d, "label size must be smaller than NVDIMM size");
    }
    if (!doc_is(m, "model", "virtio-mem"))
        return 0;
    page = page ? page : 2048;      /* transparent huge pages */
    if (!block || block & (block - 1))
        return err_set(d->e, VIR_ERR_XML_DETAIL, VIR_FROM_DOMAIN, "block size must be a power of two");
    if (block < page)
        return err_set(d->e, VIR_ERR_XML_DETAIL, VIR_FROM_DOMAIN, "block size too small, must be at least %" PRIu64 "KiB", page);
    if (tree_number(m, "target/requested", 0) > size)
        return err_set(d->e, VIR_ERR_XML_DETAIL, VIR_FROM_DOMAIN, "requested size must be smaller than or equal to @size (%" PRIu64 "KiB)", size);
    if (tree_number(m, "target/requested", 0) % block)
        return err_set(d->e, VIR_ERR_XML_DETAIL, VIR_FROM_DOMAIN, "requested size must be an integer multiple of block size");
    return 0;
}

static int memory_devices(struct doc *d)
{
    unsigned slots = doc_uint(tree_first(d->t, "maxMemory"), "slots", 0);
    TREE_EACH(m, d->devices, "memory") {
        const struct tree *a = tree_first(m, "address");
        if (memory_device(d, m))
            return -1;
        for (struct tree *o = doc_is(a, "type", "dimm") ? tree_next(m, "memory") : NULL; o; o = tree_next(o, "memory"))
            if (doc_is(tree_first(o, "address"), "type", "dimm") && doc_uint(tree_first(o, "address"), "slot", 0) == doc_uint(a, "slot", 0))
                return doc_unsupported(d, VIR_FROM_QEMU, "memory device slot '%u' is already being used by another memory device", doc_uint(a, "slot", 0));
        if (doc_is(a, "type", "dimm") && doc_uint(a, "slot", 0) >= slots && slots)
            return doc_unsupported(d, VIR_FROM_QEMU, "memory device slot '%u' exceeds slots count '%u'", doc_uint(a, "slot", 0), slots);
        const char *node = tree_text(m, "target/node");
        unsigned cells = doc_count(tree_get(d->t, "cpu/numa"), "cell");
        if (!tree_first(d->t, "maxMemory") && !doc_in(tree_attr(m, "model"), "virtio-pmem sgx-epc"))
            return doc_unsupported(d, VIR_FROM_QEMU, "cannot use/hotplug a memory device when domain 'maxMemory' is not defined");
        if (!node && cells && !doc_in(tree_attr(m, "model"), "virtio-pmem sgx-epc"))
            return doc_unsupported(d, VIR_FROM_QEMU, "target NUMA node needs to be specified for memory device");
        if (node && (unsigned)atoi(node) >= cells)
            return err_set(d->e, VIR_ERR_XML_DETAIL, VIR_FROM_DOMAIN, "can't add memory backend for guest node '%s' as the guest has only '%u' NUMA nodes configured", node, cells);
    }
    return 0;
}

static int names(struct doc *d)
{
    TREE_EACH(s, d->t, "sysinfo")
        TREE_EACH(e, s, "entry") {
            const char *n = tree_attr(e, "name");
            if (strncmp(n, "opt/", 4) != 0)
                return doc_unsupported(d, VIR_FROM_QEMU, "Invalid firmware name");
            if (tree_attr(e, "file"))
                tree_set_text(e, NULL);
            if (!e->text && !tree_attr(e, "file"))
                return doc_bad(d, "Firmware entry must have either value or 'file' attribute");
        }
    TREE_EACH(e, tree_first(d->t, "qemu:commandline"), "qemu:env") {
        const char *n = tree_attr(e, "name");
        size_t ok = strspn(n, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
        if (!*n || (n[0] >= '0' && n[0] <= '9'))
            return err_set(d->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "Invalid environment name, it must begin with a letter or underscore");
        if (n[ok])
            return err_set(d->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "Invalid environment name, it must contain only alphanumerics and underscore");
    }
    return 0;
}

static int tpm(struct doc *d)
{
    if (doc_count(d->devices, "tpm") > 1)
        return doc_unsupported(d, VIR_FROM_QEMU, "only a single TPM non-proxy device is supported");
    TREE_EACH(t, d->devices, "tpm") {
        const struct tree *b = tree_first(t, "backend");
        if (!b)
            return doc_bad(d, "missing TPM device backend");
        if (doc_is(b, "type", "external") && !tree_attr(tree_first(b, "source"), "type"))
            return doc_bad(d, "missing external TPM backend type");
        if (tree_first(b, "active_pcr_banks") && !doc_is(b, "version", "2.0"))
            return doc_bad(d, "<active_pcr_banks/> requires TPM version '2.0'");
        if (doc_is(b, "version", "1.2") && doc_is(t, "model", "tpm-crb"))
            return doc_unsupported(d, VIR_FROM_QEMU, "Unsupported interface 'tpm-crb' for TPM 1.2");
    }
    return 0;
}

/* What an IOThread is named by has to be there. */
static int iothread_users(struct doc *d)
{
    static const char *const kinds[] = {"disk", "controller"};
    for (unsigned k = 0; k < ARRAY_N(kinds); k++)
        TREE_EACH(t, d->devices, kinds[k]) {
            const char *id = tree_path_attr(t, "driver", "iothread");
            unsigned n = (unsigned)doc_uint(tree_first(t, "driver"), "iothread", 0), count = 0;
            bool found = false;
            if (!id || !n)
                continue;
            TREE_EACH(i, tree_first(d->t, "iothreadids"), "iothread") {
                found |= doc_uint(i, "id", 0) == n;
                count++;
            }
            if (!count)
                found = tree_text(d->t, "iothreads") && n <= (unsigned)atoi(tree_text(d->t, "iothreads"));
            if (!found)
                return doc_unsupported(d, VIR_FROM_QEMU, "%s iothread '%u' not defined in iothreadid", k == 0 ? "Disk" : kinds[k], n);
        }
    return 0;
}

/* What each kind of PCI controller has of <target>, and the model it is; NULL: none. */
static const struct { const char *controller, *options, *names; } pci_kinds[] = {
    {"pci-root", "hotplug", NULL}, {"pcie-root", "", NULL}, {"pci-bridge", "chassisNr", "pci-bridge"}, {"dmi-to-pci-bridge", "", "i82801b11-bridge"},
    {"pcie-to-pci-bridge", "", "pcie-pci-bridge"}, {"pcie-root-port", "chassis port hotplug", "ioh3420 pcie-root-port"},
    {"pcie-switch-upstream-port", "", "x3130-upstream"}, {"pcie-switch-downstream-port", "chassis port hotplug", "xio3130-downstream"},
    {"pci-expander-bus", "busNr", "pxb"}, {"pcie-expander-bus", "busNr", "pxb-pcie"},
};

static int pci_options(struct doc *d, const struct tree *c)
{
    static const char *const attrs[][2] = {{"index", "targetIndex"}, {"busNr", "busNr"}, {"chassisNr", "chassisNr"}, {"chassis", "chassis"}, {"port", "port"}, {"hotplug", "hotplug"}};
    const struct tree *target = tree_first(c, "target");
    const char *name = tree_path_attr(c, "model", "name"), *model = tree_attr(c, "model");
    for (unsigned i = 0; i < ARRAY_N(pci_kinds); i++) {
        if (strcmp(model, pci_kinds[i].controller) != 0)
            continue;
        if (name && !doc_in(name, pci_kinds[i].names ? pci_kinds[i].names : ""))
            return doc_unsupported(d, VIR_FROM_QEMU, "Option 'modelName' has invalid value for PCI controller with index '%u', model '%s' and modelName '%s'",
                doc_uint(c, "index", 0), model, name);
        static const struct { const char *attr; unsigned min, max; } bounds[] = {{"busNr", 1, 254}, {"chassisNr", 1, 255}, {"chassis", 0, 255}, {"port", 0, 255}};
        for (unsigned k = 0; k < ARRAY_N(bounds); k++)
            if (tree_attr(target, bounds[k].attr) && (doc_uint(target, bounds[k].attr, 0) < bounds[k].min || doc_uint(target, bounds[k].attr, 0) > bounds[k].max))
                return doc_unsupported(d, VIR_FROM_DOMAIN, "PCI controller %s '%u' out of range - must be %u-%u", bounds[k].attr, doc_uint(target, bounds[k].attr, 0),
                    bounds[k].min, bounds[k].max);
        for (unsigned k = 0; k < ARRAY_N(attrs); k++)
            if (tree_attr(target, attrs[k][0]) && !doc_in(attrs[k][0], pci_kinds[i].options))
                return doc_unsupported(d, VIR_FROM_QEMU, "Option '%s' is not valid for PCI controller with index '%u', model '%s' and modelName '%s'", attrs[k][1],
                    doc_uint(c, "index", 0), model, name ? name : "none");
    }
    return 0;
}

/* A bridge is found behind a bridge that came before it. */
static int pci_bridges(struct doc *d)
{
    TREE_EACH(c, d->devices, "controller") {
        unsigned i = doc_uint(c, "index", 0), bus = doc_uint(tree_first(c, "address"), "bus", 0);
        const struct tree *target = tree_first(c, "target");
        if (doc_is(c, "type", "pci") && pci_options(d, c))
            return -1;
        if (!doc_is(c, "type", "pci") || !i)
            continue;
        if (bus >= i)
            return doc_unsupported(d, VIR_FROM_QEMU, "PCI controller at index %u (0x%02x) has bus='0x%02x', but index must be larger than bus", i, i, bus);
        if (tree_first(target, "node") && (unsigned)atoi(tree_text(target, "node")) >= doc_count(tree_get(d->t, "cpu/numa"), "cell"))
            return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_QEMU, "%s with index %u is configured for a NUMA node (%s) not present in the domain's <cpu><numa> array (%u)",
                tree_attr(c, "model"), i, tree_text(target, "node"), doc_count(tree_get(d->t, "cpu/numa"), "cell"));
    }
    return 0;
}

int check_document(struct doc *d)
{
    return cpu(d) || hugepages(d) || resctrl(d) || sysinfo(d) || names(d) || unique(d) || memory_devices(d) || scsi_targets(d) || tpm(d) || pci_bridges(d) || check_rules(d) || iothread_users(d) || check_disks(d) || seclabels(d, d->t) || check_ranges(d) ? -1 : 0;
}
