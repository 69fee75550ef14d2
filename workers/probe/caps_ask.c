/* caps_ask.c: asks a QEMU that runs no guest for what it can do, and packs the answers (workers/caps.h has the form).
 *
 * The conversation is in step: one command, one answer, each within a deadline; the process has nothing else to do. */
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "ipc/util.h"
#include "workers/caps.h"
#include "workers/probe/probe.h"

#define LINE_MAX_BYTES (8u << 20)
#define ANSWER_MS 30000

struct qmp { int fd; char *buf; size_t len, cap; struct err *e; };


static json_t *fail(struct qmp *q, const char *what)
{
    err_set(q->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "Failed to probe QEMU binary: %s", what);
    return NULL;
}

/* The next line as JSON; NULL with *e. */
static json_t *read_line(struct qmp *q)
{
    uint64_t until = util_now_ms() + ANSWER_MS;
    size_t seen = 0;
    for (;;) {
        char *nl = q->len > seen ? memchr(q->buf + seen, '\n', q->len - seen) : NULL;
        if (nl) {
            size_t n = (size_t)(nl - q->buf) + 1;
            /* Numbers as doubles: defaults of properties go up to 2^64 - 1, which jansson has no integer for. */
            json_t *j = json_loadb(q->buf, n, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, NULL);
            memmove(q->buf, q->buf + n, q->len -= n);
            return j && json_is_object(j) ? j : (json_decref(j), fail(q, "malformed answer"));
        }
        seen = q->len;
        if (q->len == q->cap) {
            size_t cap = q->cap ? q->cap * 2 : 65536;
            char *p = cap <= LINE_MAX_BYTES ? realloc(q->buf, cap) : NULL;
            if (!p)
                return fail(q, "answer is too long");
            q->buf = p;
            q->cap = cap;
        }
        uint64_t now = util_now_ms();
        struct pollfd p = { .fd = q->fd, .events = POLLIN };
        if (now >= until || poll(&p, 1, (int)(until - now)) == 0)
            return fail(q, "no answer in time");
        ssize_t n = recv(q->fd, q->buf + q->len, q->cap - q->len, MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
            return fail(q, n ? strerror(errno) : "it ended");
        q->len += n > 0 ? (size_t)n : 0;
    }
}

/* Runs a command; its "return" (new reference), or NULL.  optional: an error answer is no failure. args is taken over. */
static json_t *ask(struct qmp *q, const char *command, json_t *args, bool optional)
{
    if (q->e->code) {        /* it does not talk any more: do not wait for it again */
        json_decref(args);
        return NULL;
    }
    json_auto_t *call = args ? json_pack("{s:s,s:o}", "execute", command, "arguments", args) : json_pack("{s:s}", "execute", command);
    AUTO_FREE char *text = call ? json_dumps(call, JSON_COMPACT) : NULL;
    if (!text || send(q->fd, text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text) || send(q->fd, "\n", 1, MSG_NOSIGNAL) != 1)
        return fail(q, "cannot ask");
    for (;;) {
        json_auto_t *a = read_line(q);
        if (!a)
            return NULL;
        if (json_object_get(a, "event"))
            continue;
        json_t *r = json_object_get(a, "return");
        if (r)
            return json_incref(r);
        return optional ? NULL : fail(q, command);
    }
}

/* ---- writers ---- */

static const char *str(const json_t *o, const char *key) { return json_string_value(json_object_get(o, key)); }
static bool yes(const json_t *o, const char *key) { return json_is_true(json_object_get(o, key)); }

static void put_str(struct mp_out *o, const char *s) { mp_str(o, s ? s : ""); }

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, as readers rely on. */
static void put_sorted(struct mp_out *o, const char **v, size_t n)
{
    if (n)
        qsort(v, n, sizeof *v, by_text);
    mp_array(o, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        mp_str(o, v[i]);
}

/* The member `key` of each object of an array as a list of names. */
static void put_names(struct mp_out *o, const json_t *array, const char *key)
{
    AUTO_FREE const char **names = calloc(json_array_size(array) + 1, sizeof *names);
    size_t i;
    json_t *v;
    if (!names) {
        o->failed = true;
        return;
    }
    json_array_foreach(array, i, v) {
        const char *name = key ? str(v, key) : json_string_value(v);
        names[i] = name ? name : "";
    }
    put_sorted(o, names, json_array_size(array));
}

static void put_machines(struct mp_out *o, const json_t *machines)
{
    static const struct { const char *key; uint32_t flag; } flags[] = { { "is-default", CAPS_M_DEFAULT }, { "deprecated", CAPS_M_DEPRECATED },
        { "hotpluggable-cpus", CAPS_M_CPU_HOTPLUG }, { "numa-mem-supported", CAPS_M_NUMA_MEM }, { "acpi", CAPS_M_ACPI } };
    size_t i;
    json_t *m;
    mp_array(o, (uint32_t)json_array_size(machines));
    json_array_foreach(machines, i, m) {
        uint32_t f = 0;
        for (size_t k = 0; k < ARRAY_N(flags); k++)
            f |= yes(m, flags[k].key) ? flags[k].flag : 0;
        double max = json_number_value(json_object_get(m, "cpu-max"));
        mp_array(o, 6);
        put_str(o, str(m, "name"));
        mp_str(o, str(m, "alias"));
        mp_str(o, str(m, "default-cpu-type"));
        mp_str(o, str(m, "default-ram-id"));
        mp_uint(o, max >= 1 && max <= 65536 ? (uint64_t)max : 1);
        mp_uint(o, f);
    }
}

/* Device types whose properties plan, xmlc and host look at; "+" marks user-creatable objects and machines. */
static const char *const props_of[] = {
    "virtio-blk-pci", "virtio-net-pci", "virtio-scsi-pci", "virtio-serial-pci", "virtio-balloon-pci", "virtio-rng-pci", "virtio-gpu-pci",
    "virtio-vga", "virtio-mem-pci", "virtio-pmem-pci", "virtio-iommu-pci", "vhost-user-fs-pci", "vhost-vsock-pci", "vhost-user-blk-pci",
    "virtio-blk-device", "virtio-net-device", "virtio-keyboard-pci", "scsi-hd", "scsi-cd", "scsi-block", "ide-hd", "ide-cd", "floppy", "isa-fdc", "nvme",
    "usb-storage", "usb-host", "usb-redir", "usb-tablet", "qemu-xhci", "nec-usb-xhci", "piix3-usb-uhci", "ich9-usb-ehci1", "ahci", "megasas", "lsi",
    "VGA", "cirrus-vga", "vmware-svga", "qxl", "qxl-vga", "bochs-display", "ramfb", "vfio-pci", "pcie-root-port", "pcie-pci-bridge", "pci-bridge", "pxb", "pxb-pcie",
    "intel-iommu", "pc-dimm", "nvdimm", "ICH9-LPC", "PIIX4_PM", "i440FX-pcihost", "q35-pcihost", "tpm-tis", "tpm-crb", "ivshmem-plain", "ivshmem-doorbell",
    "vmgenid", "vmcoreinfo", "pvpanic", "pvpanic-pci", "i6300esb", "isa-debugcon", "e1000", "e1000e", "rtl8139", "hda-micro", "hda-duplex", "intel-hda", "ich9-intel-hda",
    "isa-serial", "pci-serial", "virtconsole", "virtserialport",
    "+memory-backend-file", "+memory-backend-memfd", "+memory-backend-ram", "+iothread", "+secret", "+sev-guest", "+tls-creds-x509",
};

/* A row of a type's properties; how many it is, for a QEMU may not know the type. */
static uint32_t put_type(struct mp_out *rows, const char *type, const json_t *props)
{
    if (!json_is_array(props))
        return 0;
    mp_array(rows, 2);
    mp_str(rows, type);
    put_names(rows, props, "name");
    return 1;
}

static void put_props(struct mp_out *o, struct qmp *q, const json_t *machines)
{
    struct mp_out rows;
    uint32_t n = 0;
    size_t i;
    json_t *m;
    mp_out_init(&rows, CAPS_BYTES_MAX);
    for (i = 0; i < ARRAY_N(props_of); i++) {
        bool object = props_of[i][0] == '+';
        const char *type = props_of[i] + object;
        json_auto_t *r = ask(q, object ? "qom-list-properties" : "device-list-properties", json_pack("{s:s}", "typename", type), true);
        n += put_type(&rows, type, r);
    }
    /* Of machines: those with a short name. */
    json_array_foreach(machines, i, m) {
        char type[128];
        if (!str(m, "alias") || util_format(type, sizeof type, "%s-machine", str(m, "name")) < 0)
            continue;
        json_auto_t *r = ask(q, "qom-list-properties", json_pack("{s:s}", "typename", type), true);
        n += put_type(&rows, type, r);
    }
    mp_list(o, n, &rows);
}

static void put_options(struct mp_out *o, const json_t *options)
{
    size_t i;
    json_t *v;
    mp_array(o, (uint32_t)json_array_size(options));
    json_array_foreach(options, i, v) {
        mp_array(o, 2);
        put_str(o, str(v, "option"));
        put_names(o, json_object_get(v, "parameters"), "name");
    }
}

/* ---- the schema of QMP: type names are masked, so the way to a value list begins at a command ---- */

static json_t *schema_find(const json_t *schema, const char *name)
{
    size_t i;
    json_t *v;
    json_array_foreach(schema, i, v)
        if (name && str(v, "name") && !strcmp(str(v, "name"), name))
            return v;
    return NULL;
}

/* Follows "command/arg-type", then members, to an enum or a union: "blockdev-add" or "chardev-add/backend/type". */
static json_t *schema_walk(const json_t *schema, const char *path, const char *from)
{
    char step[64];
    size_t n = strcspn(path, "/");
    if (n >= sizeof step)
        return NULL;
    memcpy(step, path, n);
    step[n] = 0;
    json_t *t = schema_find(schema, step);
    t = schema_find(schema, str(t, from));
    while (t && path[n] == '/') {
        const char *next = path + n + 1, *type = NULL;
        size_t k = strcspn(next, "/"), i;
        json_t *m;
        json_array_foreach(json_object_get(t, "members"), i, m)
            if (str(m, "name") && strlen(str(m, "name")) == k && !strncmp(str(m, "name"), next, k))
                type = str(m, "type");
        t = schema_find(schema, type);
        if (t && str(t, "element-type"))
            t = schema_find(schema, str(t, "element-type"));
        n = (size_t)(next - path) + k;
    }
    return t;
}

static const struct { const char *name, *path, *from; } enums_of[] = {
    { "BlockdevDriver", "blockdev-add", "arg-type" }, { "NetClientDriver", "netdev_add", "arg-type" }, { "ObjectType", "object-add", "arg-type" },
    { "ChardevBackendKind", "chardev-add/backend/type", "arg-type" }, { "DisplayType", "query-display-options", "ret-type" },
    { "MigrationCapability", "migrate-set-capabilities/capabilities/capability", "arg-type" }, { "AudiodevDriver", "query-audiodevs", "ret-type" },
};

static void put_enums(struct mp_out *o, const json_t *schema, const json_t *tpm_models, const json_t *tpm_types)
{
    mp_array(o, ARRAY_N(enums_of) + 2);
    for (size_t i = 0; i < ARRAY_N(enums_of); i++) {
        const json_t *t = schema_walk(schema, enums_of[i].path, enums_of[i].from);
        const json_t *v = json_object_get(t, "variants");
        mp_array(o, 2);
        mp_str(o, enums_of[i].name);
        if (v)
            put_names(o, v, "case");
        else
            put_names(o, json_object_get(t, "values"), NULL);
    }
    mp_array(o, 2);
    mp_str(o, "TpmModel");
    put_names(o, tpm_models, NULL);
    mp_array(o, 2);
    mp_str(o, "TpmType");
    put_names(o, tpm_types, NULL);
}

/* Features that are the processor's, not QEMU's knobs. */
static bool is_feature(const char *name)
{
    static const char *const prefixes[] = { "kvm", "hv-", "x-", "vmx-", "l3-", "cpuid-", "full-", "host-", "legacy-", "fill-", "lbr-", "tcg-", "xen-", "guest-" };
    static const char *const names[] = { "check", "enforce", "migratable", "pmu", "start-powered-off", "hotpluggable", "realized", "hotplugged", "vmware-cpuid-freq",
        "memory", "crash-information", "unavailable-features" };
    for (size_t i = 0; i < ARRAY_N(prefixes); i++)
        if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
            return false;
    for (size_t i = 0; i < ARRAY_N(names); i++)
        if (!strcmp(name, names[i]))
            return false;
    return true;
}

/* What a model has; versions ("Haswell-v2") are left out, for documents name models only. */
static void put_features(struct mp_out *o, struct qmp *q, const json_t *cpu)
{
    const char *name = str(cpu, "name"), *v = name ? strrchr(name, '-') : NULL, *key;
    size_t n = 0;
    json_t *on;
    bool version = v && v[1] == 'v' && v[2] >= '0' && v[2] <= '9';
    /* The host's own processor with what keeps a guest from migrating, too. */
    json_t *model = !name || version ? NULL : strcmp(name, "host") ? json_pack("{s:s}", "name", name) : json_pack("{s:s,s:{s:b}}", "name", name, "props", "migratable", 0);
    json_auto_t *r = model ? ask(q, "query-cpu-model-expansion", json_pack("{s:s,s:o}", "type", "full", "model", model), true) : NULL;
    json_t *props = json_object_get(json_object_get(r, "model"), "props");
    AUTO_FREE const char **names = calloc(json_object_size(props) + 1, sizeof *names);
    if (!names) {
        o->failed = true;
        return;
    }
    json_object_foreach(props, key, on)
        if (json_is_true(on) && is_feature(key))
            names[n++] = key;
    put_sorted(o, names, n);
}

static void put_cpus(struct mp_out *o, struct qmp *q, const json_t *cpus)
{
    size_t i;
    json_t *c;
    mp_array(o, (uint32_t)json_array_size(cpus));
    json_array_foreach(cpus, i, c) {
        mp_array(o, 5);
        put_str(o, str(c, "name"));
        put_str(o, str(c, "typename"));
        mp_uint(o, (yes(c, "deprecated") ? CAPS_C_DEPRECATED : 0u) | (yes(c, "migration-safe") ? CAPS_C_MIGRATABLE : 0u) | (yes(c, "static") ? CAPS_C_STATIC : 0u));
        put_names(o, json_object_get(c, "unavailable-features"), NULL);
        put_features(o, q, c);
    }
}

static uint32_t version_of(const json_t *v)
{
    const json_t *q = json_object_get(v, "qemu");
    static const char *const parts[] = { "major", "minor", "micro" };
    uint32_t version = 0;
    for (size_t i = 0; i < ARRAY_N(parts); i++) {
        double n = json_number_value(json_object_get(q, parts[i]));
        if (!(n >= 0 && n <= 999))
            return 0;
        version = version * 1000 + (uint32_t)n;
    }
    return version;
}

/* QEMU's name of a target as a domain's <type arch=> has it. */
static const char *arch_name(const char *target)
{
    static const char *const names[][2] = { { "i386", "i686" }, { "arm", "armv7l" }, { "or1k", "or32" } };
    for (size_t i = 0; target && i < ARRAY_N(names); i++)
        if (!strcmp(target, names[i][0]))
            return names[i][1];
    return target;
}

static int ask_all(struct qmp *q, struct mp_out *o, struct mp_out *rest, uint32_t *vers)
{
    json_auto_t *hello = read_line(q);
    if (!hello)
        return -1;
    json_auto_t *ready = ask(q, "qmp_capabilities", NULL, false);
    json_auto_t *version = ready ? ask(q, "query-version", NULL, false) : NULL;
    json_auto_t *target = version ? ask(q, "query-target", NULL, false) : NULL;
    json_auto_t *machines = target ? ask(q, "query-machines", NULL, false) : NULL;
    json_auto_t *devices = machines ? ask(q, "qom-list-types", json_pack("{s:s,s:b}", "implements", "device", "abstract", 0), false) : NULL;
    json_auto_t *objects = devices ? ask(q, "qom-list-types", json_pack("{s:s,s:b}", "implements", "user-creatable", "abstract", 0), false) : NULL;
    json_auto_t *commands = objects ? ask(q, "query-commands", NULL, false) : NULL;
    json_auto_t *options = commands ? ask(q, "query-command-line-options", NULL, false) : NULL;
    json_auto_t *schema = options ? ask(q, "query-qmp-schema", NULL, false) : NULL;
    if (!schema)
        return -1;
    json_auto_t *kvm = ask(q, "query-kvm", NULL, true);
    json_auto_t *tpm_models = ask(q, "query-tpm-models", NULL, true);
    json_auto_t *tpm_types = ask(q, "query-tpm-types", NULL, true);
    json_auto_t *cpus = ask(q, "query-cpu-definitions", NULL, true);
    mp_array(o, 6);
    *vers = version_of(version);
    mp_uint(o, *vers);
    put_str(o, str(version, "package"));
    put_str(o, arch_name(str(target, "arch")));
    mp_array(o, 2);
    mp_bool(o, yes(kvm, "present"));
    mp_bool(o, yes(kvm, "enabled"));
    put_machines(o, machines);
    put_names(o, devices, "name");
    mp_array(rest, 6);
    put_names(rest, objects, "name");
    put_names(rest, commands, "name");
    put_props(rest, q, machines);
    put_options(rest, options);
    put_enums(rest, schema, tpm_models, tpm_types);
    put_cpus(rest, q, cpus);
    if (o->failed || rest->failed)
        fail(q, "too much to say");
    return q->e->code ? -1 : 0;
}

int caps_ask(int fd, const struct probe_caps *who, struct mp_out *o, uint32_t *version, struct err *e)
{
    static const uint8_t zeros[8];
    struct caps_part part = { .magic = CAPS_MAGIC, .format = CAPS_FORMAT };
    struct qmp q = { .fd = fd, .e = e };
    struct mp_out head, rest;
    memcpy(part.emulator, who->emulator, sizeof part.emulator);
    memcpy(part.accel, who->accel, sizeof part.accel);
    mp_out_init(&head, CAPS_BYTES_MAX / 2);
    mp_out_init(&rest, CAPS_BYTES_MAX / 2 - sizeof part - sizeof zeros);
    int r = ask_all(&q, &head, &rest, version);
    if (r == 0) {
        part.head_bytes = (uint32_t)head.len;
        part.rest_bytes = (uint32_t)rest.len;
        part.bytes = (uint32_t)(sizeof part + head.len + rest.len + 7) & ~7u;
        mp_raw(o, &part, sizeof part);
        mp_raw(o, head.p, head.len);
        mp_raw(o, rest.p, rest.len);
        mp_raw(o, zeros, part.bytes - sizeof part - head.len - rest.len);
        if (o->failed)
            r = err_sys(e, VIR_FROM_QEMU, ENOMEM, "Failed to probe QEMU binary");
    }
    mp_out_free(&head);
    mp_out_free(&rest);
    free(q.buf);
    return r;
}
