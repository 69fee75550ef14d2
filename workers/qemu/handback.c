/* handback.c: what libvirt's own daemon needs of a status file, beside the document, to take a running guest over.
 *
 * It finds the guest's monitor at the path that the file names, under the same folder as its own guests', once no daemon of ours has a connection to it. */
#include "config.h"
#include <string.h>

#include "workers/plan/plan.h"
#include "workers/qemu/guest.h"
#include "workers/tree-marks.h"

/* Its names for what it may ask of a QEMU 7.2 and of later ones: it takes no guest over of which nothing is known. */
static const char *const abilities[] = {
    "kvm", "sdl", "no-hpet", "spice", "hda-duplex", "ccid-emulated", "ccid-passthru", "piix3-usb-uhci", "piix4-usb-uhci", "usb-ehci",
    "ich9-usb-ehci1", "pci-ohci", "usb-redir", "usb-hub", "ich9-ahci", "no-acpi", "virtio-blk-pci.scsi", "scsi-disk.channel", "scsi-block",
    "hda-micro", "nec-usb-xhci", "lsi", "virtio-scsi-pci", "disable-s3", "disable-s4", "usb-redir.filter", "ide-drive.wwn", "scsi-disk.wwn",
    "seccomp-sandbox", "vnc", "qxl", "VGA", "cirrus-vga", "vmware-svga", "usb-serial", "virtio-rng", "rng-random", "rng-egd", "megasas",
    "tpm-passthrough", "tpm-tis", "pci-bridge", "vfio-pci", "dmi-to-pci-bridge", "usb-storage", "usb-storage.removable", "virtio-mmio",
    "ich9-intel-hda", "kvm-pit-lost-tick-policy", "pvpanic", "usb-kbd", "usb-audio", "rtc-reset-reinjection", "iothread", "migrate-rdma",
    "VGA.vgamem_mb", "vmware-svga.vgamem_mb", "qxl.vgamem_mb", "pc-dimm", "machine-vmport-opt", "pci-serial", "gpex-pcihost", "ioh3420",
    "x3130-upstream", "xio3130-downstream", "rtl8139", "e1000", "virtio-net", "virtio-gpu", "virtio-keyboard", "virtio-mouse", "virtio-tablet",
    "virtio-input-host", "ich9-disable-s3", "ich9-disable-s4", "virtio-balloon-pci.deflate-on-oom", "mptsas1068", "spice-gl", "qxl.vram64_size_mb",
    "pxb", "pxb-pcie", "intel-iommu", "query-hotpluggable-cpus", "virtio-vga", "ivshmem-plain", "ivshmem-doorbell", "vhost-scsi",
    "query-cpu-model-expansion", "spice-rendernode", "nvdimm", "pcie-root-port", "query-cpu-definitions", "cpu-cache", "qemu-xhci",
    "intel-iommu.intremap", "intel-iommu.caching-mode", "intel-iommu.eim", "intel-iommu.device-iotlb", "chardev-reconnect", "vmcoreinfo",
    "isa-serial", "pcie-pci-bridge", "nbd-tls", "tpm-crb", "pr-manager-helper", "screendump_device", "hda-output", "vmgenid", "vhost-vsock",
    "tpm-emulator", "mch", "mch.extended-tseg-mbytes", "egl-headless", "vfio-pci.display", "memory-backend-memfd", "memory-backend-memfd.hugetlb",
    "iothread.poll-max-ns", "egl-headless.rendernode", "memory-backend-file.pmem", "nvdimm.unarmed", "virtio-pci-non-transitional", "nbd-bitmap",
    "x86-max-cpu", "cpu-unavailable-features", "canonical-cpu-features", "bochs-display", "migration-file-drop-cache", "dbus-vmstate",
    "vhost-user-gpu", "vhost-user-vga", "incremental-backup", "ramfb", "drive-nvme", "smp-dies", "i8042", "rng-builtin", "vhost-user-fs",
    "query-named-block-nodes.flat", "blockdev-snapshot.allow-write-only-overlay", "blockdev-reopen", "fsdev.multidevs", "pcie-root-port.hotplug",
    "aio.io_uring", "tcg", "virtio-blk-pci.scsi.default.disabled", "pvscsi", "cpu.migratable", "intel-iommu.aw-bits", "numa.hmat",
    "usb-host.hostdevice", "virtio-balloon.free-page-reporting", "block-export-add", "netdev.vhost-vdpa", "dc390", "am53c974", "virtio-pmem-pci",
    "vhost-user-fs.bootindex", "vhost-user-blk", "cpu-max", "memory-backend-file.x-use-canonical-path-for-ramblock-id",
    "migration-param.block-bitmap-mapping", "vnc-power-control", "object.qapified", "rotation-rate", "compat-deprecated", "acpi-index", "input-linux",
    "virtio-gpu-gl-pci", "virtio-vga-gl", "confidential-guest-support", "set-action", "virtio-blk.queue-size", "virtio-mem-pci",
    "memory-backend-file.reserve", "piix4.acpi-root-pci-hotplug", "netdev.json", "query-dirty-rate", "rbd-encryption", "sev-guest-kernel-hashes",
    "sev-inject-launch-secret", "device.json+hotplug", "virtio-mem-pci.prealloc", "calc-dirty-rate", "dirtyrate-param.mode",
    "blockdev.nbd.tls-hostname", "memory-backend-file.prealloc-threads", "virtio-iommu-pci", "virtio-iommu.boot-bypass", "virtio-net.rss",
    "chardev.qemu-vdagent", "display-dbus", "iothread.thread-pool-max", "usb-host.guest-resets-all", "migration.blocked-reasons", "query-stats",
    "query-stats-schemas", "thread-context", "screenshot-format-png", "netdev.stream",
};

static void add_path(struct tree *st, const struct guest *g, const char *element, const char *folder)
{
    tree_set_attr(tree_add(st, element), "path", "%s%s/domain-%d-%.*s", g->layout.lib_dir, folder, g->id, (int)short_name_bytes(g->name), g->name);
}

static void name_node(struct tree *names, const char *type, const char *index, const char *what)
{
    struct tree *n = tree_add(names, "nodename");
    tree_set_attr(n, "type", "%s", type);
    tree_set_attr(n, "name", "libvirt-%s-%s", index, what);
}

static void name_secret(struct tree *objects, const char *type, const char *index, const char *what)
{
    struct tree *s = tree_add(objects, "secret");
    tree_set_attr(s, "type", "%s", type);
    tree_set_attr(s, "alias", "libvirt-%s-%s-secret0", index, what);
}

/* The one node of a LUN that is the guest's, by the run's own document. */
static void name_lun(struct tree *source, const struct tree *has)
{
    const char *index = source && has ? tree_attr(has, MARK_NODE) : NULL;
    if (!index)
        return;
    struct tree *private = tree_new("privateData"), *host = tree_get(source, "host"), *after = host ? host->next : NULL;
    name_node(tree_add(private, "nodenames"), "storage", index, "backend");
    if (tree_get(source, "auth"))
        name_secret(tree_add(private, "objects"), "auth", index, "backend");
    after ? tree_insert(source, private, after) : tree_append(source, private);
}

/* Objects that go with the image's nodes. */
static void name_secrets(const struct tree *image, const char *index, struct tree *private)
{
    static const struct { const char *type, *object, *paths[2]; } kinds[] = { { "auth", "storage-auth", { "auth/secret", "source/auth/secret" } },
        { "encryption", "format-encryption", { "encryption/secret", "source/encryption/secret" } }, { "httpcookie", "storage-httpcookie", { "source/cookies/cookie", "source/cookies/cookie" } } };
    struct tree *objects = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!tree_get(image, kinds[i].paths[0]) && !tree_get(image, kinds[i].paths[1]))
            continue;
        objects = objects ? objects : tree_add(private, "objects");
        name_secret(objects, kinds[i].type, index, kinds[i].object);
    }
}

/* Where a document has them beside <source>, and not in it. */
static void place_secrets(struct tree *disk)
{
    static const struct { const char *element, *attr; } kinds[] = { { "auth", "auth" }, { "encryption", "enc" } };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (tree_get(disk, kinds[i].element))
            tree_set_attr(tree_get(disk, "diskSecretsPlacement") ? tree_get(disk, "diskSecretsPlacement") : tree_add(disk, "diskSecretsPlacement"), kinds[i].attr, "true");
}

/* Names of the nodes of an image and of all below it. */
static void name_nodes(struct tree *image)
{
    static const char *const types[] = { "storage", "format" };
    struct tree *source = tree_get(image, "source");
    const char *index = source ? tree_attr(source, "index") : NULL;
    if (!index)
        index = tree_attr(image, "index");      /* of what is below another image */
    if (!source || !index)
        return;
    struct tree *private = tree_add(source, "privateData"), *names = tree_add(private, "nodenames");
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        name_node(names, types[i], index, types[i]);
    name_secrets(image, index, private);
    if (tree_get(image, "backingStore"))
        name_nodes(tree_get(image, "backingStore"));
}

/* No file of a guest here has been given to its account, so none may be taken from its owner when the guest ends.  The account is the guest's own:
 * what it is given later has to be readable for it. */
static void keep_owners(struct tree *dom)
{
    TREE_EACH(label, dom, "seclabel") {
        if (!tree_attr_is(label, "model", "dac") || !tree_attr_is(label, "type", "dynamic"))
            continue;
        tree_set_attr(label, "type", "static");
        tree_set_attr(label, "relabel", "no");
        if (tree_get(label, "imagelabel"))
            tree_free(tree_get(label, "imagelabel"));
    }
}

void handback_status(struct guest *g, struct tree *st, struct tree *dom)
{
    const struct tree *devices = tree_get(dom, "devices");
    uint64_t next;
    struct tree *own = tree_add(st, "bulkhead"), *can = tree_add(st, "qemuCaps");
    for (size_t i = 0; i < sizeof abilities / sizeof abilities[0]; i++)
        tree_set_attr(tree_add(can, "flag"), "name", "%s", abilities[i]);
    tree_set_attr(own, "seclabel", "dynamic");
    add_path(st, g, "libDir", "");
    add_path(st, g, "channelTargetDir", "/channel/target");
    plan_count_nodes(g->tree);
    if (!tree_attr_uint(tree_get(g->tree, "devices"), MARK_NODES, INT32_MAX, &next) && next)
        tree_set_attr(tree_add(st, "nodename"), "index", "%llu", (unsigned long long)next - 1);      /* the last one that was given */
    tree_set_attr(tree_add(st, "fdset"), "index", "%d", MANIFEST_ENTRIES_MAX);      /* ours are below */
    tree_set_attr(tree_add(st, "blockjobs"), "active", "no");
    TREE_EACH(disk, devices, "disk") {
        const char *alias = device_alias(disk);
        bool is_virtio = tree_attr_is(tree_get(disk, "target"), "bus", "virtio");
        name_nodes(disk);
        if (alias)
            tree_set_attr(tree_add(tree_add(disk, "privateData"), "qom"), "name", is_virtio ? "/machine/peripheral/%s/virtio-backend" : "%s", alias);
        place_secrets(disk);
    }
    const struct tree *has = tree_first(tree_get(g->tree, "devices"), "hostdev");       /* of which dom's are the status file's form */
    for (struct tree *h = tree_first(devices, "hostdev"); h && has; h = tree_next(h, "hostdev"), has = tree_next(has, "hostdev"))
        name_lun(tree_get(h, "source"), tree_get(has, "source"));
    keep_owners(dom);
}
