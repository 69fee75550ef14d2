/* known.c: what of a document a running guest gets.  Every element and attribute that is not in this table is refused by name, so that
 * nothing a client asked for is left out in silence.  PLAN_RUN only: what a document may hold at all is xmlc's affair. */
#include "priv.h"
#include <stdio.h>
#include <string.h>

/* Of an image, wherever in a chain. */
#define IMAGE_ATTRS "file dev fdgroup protocol name query tls index tlsHostname tlsFromConfig startupPolicy bulkhead:m bulkhead:tls bulkhead:tlskey"
#define IMAGE_CHILDREN "host snapshot config initiator identity ssl readahead timeout slices seclabel encryption auth cookies"

/* path: from <domain> or from a device.  attrs, children: names; "*": all, and everything below is somebody else's or of no effect on QEMU.
 * An element that is a child of a row and has no row of its own may have text only. */
static const struct known { const char *path, *attrs, *children; } rows[] = {
    { "domain", "type id xmlns:qemu", "name uuid genid hwuuid title description metadata memory currentMemory maxMemory blkiotune memoryBacking memtune vcpu vcpus "
      "iothreads iothreadids defaultiothread cputune numatune resource sysinfo os features cpu clock on_poweroff on_reboot on_crash on_lockfailure pm perf devices "
      "seclabel idmap keywrap qemu:commandline qemu:capabilities qemu:override qemu:deprecation bulkhead:taints" },
    { "metadata", "*", "*" }, { "seclabel", "*", "label imagelabel baselabel" }, { "idmap", "", "*" }, { "keywrap", "", "*" }, { "resource", "", "partition" }, { "qemu:commandline", "*", "*" }, { "qemu:override", "*", "*" },
    { "bulkhead:taints", "", "*" }, { "qemu:deprecation", "*", "" }, { "qemu:capabilities", "", "*" },
    { "memory", "unit dumpCore", "" }, { "currentMemory", "unit", "" }, { "maxMemory", "unit slots", "" },
    { "memoryBacking", "bulkhead:m", "hugepages nosharepages locked source access allocation discard" }, { "memoryBacking/source", "type", "" },
    { "memoryBacking/access", "mode", "" }, { "memoryBacking/allocation", "mode threads", "" }, { "memoryBacking/nosharepages", "", "" },
    { "memoryBacking/hugepages", "", "page" }, { "memoryBacking/hugepages/page", "size unit nodeset", "" }, { "memoryBacking/locked", "", "" }, { "memoryBacking/discard", "", "" },
    { "memtune", "", "hard_limit soft_limit swap_hard_limit" }, { "memtune/hard_limit", "unit", "" }, { "memtune/soft_limit", "unit", "" },
    { "memtune/swap_hard_limit", "unit", "" },
    { "vcpu", "placement current cpuset", "" }, { "vcpus", "", "vcpu" }, { "vcpus/vcpu", "id enabled hotpluggable order", "" },
    { "iothreadids", "", "iothread" }, { "iothreadids/iothread", "id thread_pool_min thread_pool_max", "" }, { "defaultiothread", "thread_pool_min thread_pool_max", "" },
    { "cputune", "", "shares period quota global_period global_quota emulator_period emulator_quota iothread_period iothread_quota vcpupin emulatorpin iothreadpin "
      "vcpusched emulatorsched iothreadsched" }, { "cputune/vcpusched", "vcpus scheduler priority", "" }, { "cputune/emulatorsched", "scheduler priority", "" },
    { "cputune/iothreadsched", "iothreads scheduler priority", "" },
    { "cputune/vcpupin", "vcpu cpuset", "" }, { "cputune/emulatorpin", "cpuset", "" }, { "cputune/iothreadpin", "iothread cpuset", "" }, { "blkiotune", "", "weight device" },
    { "blkiotune/device", "", "path weight read_bytes_sec write_bytes_sec read_iops_sec write_iops_sec" },
    { "numatune", "", "memory memnode" }, { "numatune/memory", "mode nodeset placement", "" }, { "numatune/memnode", "cellid mode nodeset", "" },
    { "sysinfo", "type", "*" },
    { "os", "firmware", "type loader nvram boot bootmenu bios smbios kernel initrd cmdline dtb acpi firmware root" }, { "os/type", "arch machine", "" },
    { "os/loader", "readonly secure type stateless format bulkhead:m bulkhead:chosen", "" }, { "os/nvram", "template type format bulkhead:m bulkhead:chosen", "source" },
    { "os/nvram/source", "file bulkhead:m", "" }, { "os/boot", "dev", "" }, { "os/bootmenu", "enable timeout", "" },
    { "os/bios", "useserial rebootTimeout", "" }, { "os/smbios", "mode", "" }, { "os/kernel", "bulkhead:m bulkhead:chosen", "" }, { "os/initrd", "bulkhead:m", "" },
    { "os/dtb", "bulkhead:m", "" }, { "os/acpi", "", "table" }, { "os/acpi/table", "type bulkhead:m", "" }, { "os/firmware", "*", "*" },
    { "features", "", "acpi apic pae hap smm vmport ioapic pmu pvspinlock hyperv kvm tcg vmcoreinfo viridian privnet capabilities msrs xen" }, { "features/apic", "eoi", "" }, { "features/acpi", "", "" },
    { "features/pae", "", "" }, { "features/smm", "state", "tseg" }, { "features/smm/tseg", "unit", "" }, { "features/vmport", "state", "" },
    { "features/ioapic", "driver", "" }, { "features/pmu", "state", "" }, { "features/pvspinlock", "state", "" }, { "features/vmcoreinfo", "state", "" }, { "features/hyperv", "*", "*" },
    { "features/msrs", "unknown", "" }, { "features/capabilities", "*", "*" }, { "features/xen", "", "*" }, { "features/kvm", "", "hidden hint-dedicated poll-control pv-ipi dirty-ring" }, { "features/kvm/hidden", "state", "" },
    { "features/kvm/hint-dedicated", "state", "" }, { "features/kvm/poll-control", "state", "" }, { "features/kvm/pv-ipi", "state", "" },
    { "features/kvm/dirty-ring", "state size", "" }, { "features/tcg", "", "tb-cache" }, { "features/tcg/tb-cache", "unit", "" },
    { "cpu", "mode match check migratable", "model vendor topology cache maxphysaddr feature numa" }, { "cpu/model", "fallback vendor_id", "" },
    { "cpu/vendor", "", "" }, { "cpu/topology", "sockets dies cores threads", "" }, { "cpu/cache", "mode level", "" },
    { "cpu/maxphysaddr", "mode bits", "" }, { "cpu/feature", "policy name", "" }, { "cpu/numa", "", "cell interconnects" },
    { "cpu/numa/cell", "id cpus memory unit memAccess discard bulkhead:m", "distances cache" }, { "cpu/numa/cell/distances", "*", "*" }, { "cpu/numa/cell/cache", "*", "*" },
    { "cpu/numa/interconnects", "", "*" },
    { "clock", "offset adjustment basis start adjustment0 reset timezone", "timer" },
    { "clock/timer", "name track tickpolicy present frequency mode", "catchup" }, { "clock/timer/catchup", "*", "" },
    { "perf", "", "event" }, { "perf/event", "name enabled bulkhead:m", "" },
    { "pm", "", "suspend-to-mem suspend-to-disk" }, { "pm/suspend-to-mem", "enabled", "" }, { "pm/suspend-to-disk", "enabled", "" },

    /* devices: "*" stands for any of them */
    { "*/alias", "name", "" }, { "*/address", "*", "" }, { "*/acpi", "index", "" }, { "*/boot", "order", "" },
    { "*/rom", "bar file enabled bulkhead:m", "" },
    { "disk", "type device model snapshot sgio rawio bulkhead:m bulkhead:empty", "driver source backingStore target iotune readonly shareable transient serial wwn vendor product blockio geometry backenddomain encryption auth" }, { "disk/backenddomain", "name", "" },
    { "disk/transient", "shareBacking", "" },
    { "disk/driver", "name type cache error_policy rerror_policy io ioeventfd event_idx copy_on_read discard detect_zeroes iothread queues queue_size iommu ats "
      "packed page_per_vq", "metadata_cache" },
    { "disk/driver/metadata_cache", "*", "*" }, { "disk/target", "dev bus tray removable rotation_rate", "" },
    { "disk/source", IMAGE_ATTRS " type path dir", IMAGE_CHILDREN " reconnect reservations" }, { "disk/source/reservations", "managed", "source" }, { "disk/source/reservations/source", "type path mode bulkhead:m", "" }, { "*/source/host", "name port transport socket bulkhead:m", "" }, { "*/source/snapshot", "name", "" }, { "*/source/config", "file bulkhead:m", "" },
    { "*/source/initiator", "", "iqn" }, { "*/source/initiator/iqn", "name", "" }, { "*/source/identity", "user group", "" }, { "*/source/ssl", "verify", "" },
    { "*/source/readahead", "size", "" }, { "*/source/timeout", "seconds", "" }, { "*/source/slices", "*", "*" },
    { "*/auth", "username", "secret" }, { "*/auth/secret", "type uuid usage bulkhead:m", "" }, { "*/source/auth", "username", "secret" }, { "*/source/auth/secret", "type uuid usage bulkhead:m", "" },
    { "*/source/cookies", "bulkhead:m", "cookie" }, { "*/source/cookies/cookie", "name", "" },
    { "disk/encryption", "format engine", "secret cipher ivgen" }, { "*/encryption/cipher", "*", "" /* of volumes that are made */ }, { "*/encryption/ivgen", "*", "" }, { "*/source/encryption/cipher", "*", "" }, { "*/source/encryption/ivgen", "*", "" }, { "disk/encryption/secret", "type uuid usage bulkhead:m", "" },
    { "*/source/encryption", "format engine", "secret cipher ivgen" }, { "*/source/encryption/secret", "type uuid usage bulkhead:m", "" },
    { "disk/backingStore", "type index", "format source backingStore" }, { "disk/geometry", "*", "" }, { "disk/blockio", "*", "" },
    { "disk/iotune", "", "*" },
    { "backing", "type index", "format source backingStore" }, { "backing/format", "type", "metadata_cache" },
    { "backing/format/metadata_cache", "*", "*" }, { "backing/source", IMAGE_ATTRS, IMAGE_CHILDREN },
    { "controller", "type index model ports vectors", "model target master driver pcihole64" }, { "controller/model", "name", "" },
    { "controller/target", "chassisNr chassis port busNr index hotplug", "node" }, { "controller/master", "startport", "" },
    { "controller/driver", "queues cmd_per_lun max_sectors ioeventfd iothread iommu ats packed page_per_vq", "" }, { "controller/pcihole64", "unit", "" },
    { "interface", "type managed trustGuestRxFilters bulkhead:m bulkhead:actual", "mac source target model driver link mtu ip portForward tune script downscript backend bandwidth filterref backenddomain guest teaming port coalesce virtualport vlan" }, { "interface/vlan", "trunk", "tag" }, { "interface/vlan/tag", "id nativeMode", "" }, { "interface/virtualport", "type", "parameters" }, { "interface/virtualport/parameters", "*", "" }, { "interface/mac", "address type check", "" },
    { "interface/backenddomain", "name", "" }, { "interface/guest", "dev actual", "" }, { "interface/teaming", "type", "" },
    { "interface/source", "bridge network portid portgroup dev mode type path address port", "reconnect local ip route" }, { "interface/source/local", "address port", "" }, { "interface/source/ip", "*", "" }, { "interface/source/route", "*", "" }, { "interface/target", "dev managed", "" }, { "interface/model", "type", "" },
    { "interface/driver", "name txmode ioeventfd event_idx queues rx_queue_size tx_queue_size rss rss_hash_report iommu ats packed page_per_vq", "host guest" },
    { "interface/driver/host", "*", "" }, { "interface/driver/guest", "*", "" }, { "interface/link", "state", "" },
    { "interface/mtu", "size", "" }, { "interface/ip", "address family prefix", "" }, { "interface/tune", "", "sndbuf" }, { "interface/script", "path", "" }, { "interface/downscript", "path", "" },
    { "interface/portForward", "proto address dev", "range" }, { "interface/portForward/range", "start end to exclude", "" },
    { "interface/filterref", "filter", "parameter" }, { "interface/filterref/parameter", "name value", "" },
    { "interface/backend", "tap vhost type logFile", "" }, { "interface/bandwidth", "", "inbound outbound" }, { "interface/port", "isolated", "" }, { "interface/coalesce", "", "rx" }, { "interface/coalesce/rx", "", "frames" }, { "interface/coalesce/rx/frames", "max", "" },
    { "interface/bandwidth/inbound", "*", "" }, { "interface/bandwidth/outbound", "*", "" },
    { "*/source", "*", "seclabel reconnect clipboard mouse" }, { "*/source/seclabel", "*", "*" }, { "*/source/reconnect", "*", "" }, { "*/source/clipboard", "*", "" },
    { "*/source/mouse", "*", "" }, { "*/protocol", "*", "" }, { "*/log", "file append bulkhead:m", "" },
    { "serial", "type", "source protocol target log" }, { "serial/target", "type port", "model" }, { "serial/target/model", "name", "" },
    { "parallel", "type", "source protocol target log" }, { "parallel/target", "type port", "" },
    { "channel", "type", "source protocol target log" }, { "channel/target", "type name state address port", "" },
    { "console", "type tty", "source protocol target log" }, { "console/target", "type port", "" },
    { "smartcard", "mode type", "source protocol log" },
    { "shmem", "name role bulkhead:m", "model size server msi" }, { "shmem/model", "type", "" }, { "shmem/size", "unit", "" }, { "shmem/server", "path", "" },
    { "shmem/msi", "vectors ioeventfd enabled", "" },
    { "hostdev", "mode type managed model sgio rawio display ramfb bulkhead:m", "driver source readonly shareable teaming" }, { "hostdev/driver", "name", "" }, { "hostdev/teaming", "type persistent", "" },
    { "hostdev/source", "startupPolicy guestReset autoAddress missing protocol wwpn name bulkhead:m bulkhead:node", "vendor product address host initiator auth" },
    { "hostdev/source/vendor", "id", "" }, { "hostdev/source/product", "id", "" }, { "hostdev/source/address", "bus device domain slot function uuid", "" },
    { "vsock", "model bulkhead:m", "cid driver" }, { "vsock/cid", "auto address", "" }, { "vsock/driver", "iommu ats packed page_per_vq", "" },
    { "input", "type bus model", "driver source" }, { "input/source", "evdev dev grab grabToggle repeat bulkhead:m", "" }, { "input/driver", "iommu ats packed page_per_vq", "" },
    { "hub", "type", "" },
    { "redirdev", "bus type", "source protocol log" },
    { "redirfilter", "", "usbdev" }, { "redirfilter/usbdev", "*", "" },
    { "graphics", "type port autoport listen keymap passwd passwdValidTo connected sharePolicy powerControl socket tlsPort defaultMode bulkhead:m bulkhead:tls bulkhead:tlskey bulkhead:tlsport bulkhead:passwd",
      "listen audio image jpeg zlib playback streaming mouse clipboard filetransfer channel gl" }, { "graphics/listen", "*", "" }, { "graphics/audio", "id", "" },
    { "graphics/image", "compression", "" }, { "graphics/jpeg", "compression", "" }, { "graphics/zlib", "compression", "" }, { "graphics/playback", "compression", "" },
    { "graphics/streaming", "mode", "" }, { "graphics/mouse", "mode", "" }, { "graphics/clipboard", "copypaste", "" }, { "graphics/filetransfer", "enable", "" },
    { "graphics/channel", "name mode", "" }, { "graphics/gl", "enable", "" },
    { "video", "", "model driver" }, { "video/model", "type ram vram vram64 vgamem heads primary blob", "acceleration resolution" },
    { "video/model/acceleration", "accel3d accel2d", "" }, { "video/model/resolution", "x y", "" },
    { "video/driver", "name iommu ats packed page_per_vq", "" },
    { "audio", "id type timerPeriod", "input output" }, { "audio/input", "*", "*" }, { "audio/output", "*", "*" },
    { "sound", "model", "codec audio" }, { "sound/codec", "type", "" }, { "sound/audio", "id", "" },
    { "watchdog", "model action", "" },
    { "memballoon", "model autodeflate freePageReporting", "stats driver" }, { "memballoon/stats", "period", "" },
    { "memballoon/driver", "iommu ats packed page_per_vq", "" },
    { "rng", "model", "rate backend driver" }, { "rng/rate", "bytes period", "" }, { "rng/backend", "model type bulkhead:m", "source protocol log" }, { "rng/backend/log", "file append bulkhead:m", "" },
    { "rng/backend/source", "*", "seclabel reconnect" }, { "rng/backend/source/seclabel", "*", "*" }, { "rng/backend/source/reconnect", "*", "" }, { "rng/backend/protocol", "*", "" },
    { "rng/driver", "iommu ats packed page_per_vq", "" },
    { "panic", "model", "" },
    { "filesystem", "type accessmode model multidevs fmode dmode bulkhead:m", "driver binary source target readonly space_hard_limit space_soft_limit" }, { "filesystem/driver", "type format wrpolicy queue iommu ats packed page_per_vq", "" },
    { "filesystem/readonly", "", "" }, { "filesystem/space_hard_limit", "unit", "" }, { "filesystem/space_soft_limit", "unit", "" },
    { "filesystem/binary", "path xattr", "cache sandbox lock thread_pool" }, { "filesystem/binary/cache", "mode", "" }, { "filesystem/binary/sandbox", "mode", "" },
    { "filesystem/binary/lock", "posix flock", "" }, { "filesystem/binary/thread_pool", "size", "" }, { "filesystem/source", "dir socket", "" }, { "filesystem/target", "dir", "" },
    { "tpm", "model", "backend" }, { "tpm/backend", "type version persistent_state bulkhead:m", "source active_pcr_banks device" }, { "tpm/backend/device", "path bulkhead:m", "" }, { "tpm/backend/source", "type mode path bulkhead:m", "" },
    { "tpm/backend/active_pcr_banks", "", "sha1 sha256 sha384 sha512" },
    { "module", "model access discard bulkhead:m", "source target" }, { "module/source", "", "nodemask path pagesize alignsize pmem" }, { "module/source/pagesize", "unit", "" },
    { "module/source/alignsize", "unit", "" }, { "module/target", "", "size node label readonly block requested current" }, { "module/target/label", "", "size" },
    { "module/target/label/size", "unit", "" }, { "module/target/size", "unit", "" },
    { "module/target/block", "unit", "" }, { "module/target/requested", "unit", "" }, { "module/target/current", "unit", "" },
    { "iommu", "model", "driver" }, { "iommu/driver", "*", "" },
    { "lease", "*", "*" },
};

/* name is one of the blank-separated words of list. */
static bool in_list(const char *list, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = list; (p = strstr(p, name)); p += n)
        if ((p == list || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
            return true;
    return false;
}

static const struct known *row_of(const char *path)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].path, path) == 0)
            return &rows[i];
    return NULL;
}

/* Values (of an attribute, or the text) that libvirt takes and that would come to nothing here: every guest is in the group of this daemon's guests,
 * no SCSI target is reached by a socket of the host, and nobody is started who keeps reservations. */
static const struct { const char *path, *attr, *value; bool but; } unheeded[] = {      /* but: every other value */
    { "disk/encryption", "engine", "qemu", true }, { "disk/source/encryption", "engine", "qemu", true }, { "backing/source/encryption", "engine", "qemu", true },
    { "resource/partition", NULL, "/machine", true },
    { "hostdev/source/host", "transport", "unix", false }, { "graphics/gl", "enable", "yes", false }, { "disk/source/reservations", "managed", "yes", false },
};

static int check_value(struct ctx *c, const struct tree *el, const char *path)
{
    for (size_t i = 0; i < sizeof unheeded / sizeof unheeded[0]; i++) {
        const char *v = unheeded[i].attr ? tree_attr(el, unheeded[i].attr) : el->text;
        if (strcmp(unheeded[i].path, path) == 0 && v && (strcmp(v, unheeded[i].value) == 0) != unheeded[i].but)
            return unheeded[i].attr ? pl_refuse(c, el, unheeded[i].attr) : pl_fail(c, "<%s>%s</%s> is not supported", el->name, v, el->name);
    }
    return 0;
}

/* Every guest has an account of its own, and no other kind of label is known. */
static int check_label(struct ctx *c, const struct tree *s)
{
    const char *model = tree_attr(s, "model");
    if (c->failed || !model || strcmp(model, "dac") == 0 || strcmp(model, "none") == 0)
        return c->failed ? -1 : 0;
    c->failed = true;
    return err_set(c->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_SECURITY, "Security driver model '%s' is not available", model);
}

/* Of a file: QEMU gets it open, so nobody has to own it, and nobody is made to. */
static int check_file_label(struct ctx *c, const struct tree *s)
{
    if (check_label(c, s) < 0)
        return -1;
    if (tree_attr_is(s, "relabel", "no") || tree_attr_is(s, "labelskip", "yes"))
        return 0;
    return pl_fail(c, "element <seclabel> of <%s> is not supported but with relabel='no'", s->parent->name);
}

/* Elements every device may have. */
static const char any_device[] = "alias address acpi boot rom";

static int check(struct ctx *c, const struct tree *el, const char *path, bool device)
{
    static const struct known leaf = { "", "", "" };
    const struct known *row = row_of(path);
    const char *slash = strchr(path, '/');
    char below[256];
    if (!row && slash) {
        snprintf(below, sizeof below, "*%s", slash);
        row = row_of(below);
    }
    if (!row)
        row = &leaf;
    if (*row->attrs != '*')
        for (const struct tree_attr *a = el->attr; a; a = a->next)
            if (!in_list(row->attrs, a->name))
                return pl_fail(c, "attribute '%s' of element <%s> is not supported", a->name, el->name);
    if (check_value(c, el, path) < 0 || (slash && strcmp(el->name, "seclabel") == 0 && check_file_label(c, el) < 0))
        return -1;
    if (*row->children == '*')
        return 0;
    for (const struct tree *k = el->child; k; k = k->next) {
        if (!k->name)
            continue;
        if (!in_list(row->children, k->name) && !(device && in_list(any_device, k->name)))
            return pl_fail(c, "element <%s> of <%s> is not supported", k->name, el->name);
        /* a chain of images is the same at every depth */
        if (strcmp(k->name, "backingStore") == 0)
            snprintf(below, sizeof below, "backing");
        else if (strcmp(path, "domain") == 0)
            snprintf(below, sizeof below, "%s", k->name);
        else
            snprintf(below, sizeof below, "%s/%s", path, k->name);
        if (strcmp(k->name, "devices") != 0 && check(c, k, below, false) < 0)
            return -1;
    }
    return 0;
}

int pl_check_known_device(struct ctx *c, const struct tree *dev)
{
    if (!pl_run(c))
        return 0;
    const char *path = pl_is(dev->name, "memory") ? "module" : dev->name;       /* <memory> is the guest's as well */
    return row_of(path) ? check(c, dev, path, true) : pl_refuse(c, dev, NULL);
}

int pl_check_known(struct ctx *c, const struct tree *dom)
{
    if (!pl_run(c))
        return 0;
    if (check(c, dom, "domain", false) < 0)
        return -1;
    TREE_EACH(s, dom, "seclabel") {
        if (tree_attr_is(s, "type", "none"))
            continue;
        if (check_label(c, s) < 0)
            return -1;
        if (tree_attr_is(s, "type", "static"))
            return pl_fail(c, "<seclabel type='static'> is not supported");
    }
    TREE_EACH(d, c->devices, NULL)
        if (d->name && !in_list("emulator", d->name) && pl_check_known_device(c, d) < 0)
            return -1;
    return 0;
}
