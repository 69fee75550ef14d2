/* capabilities.c: the <capabilities> document: what this host is, and which guests its binaries can run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "ipc/mp.h"
#include "ipc/util.h"
#include "workers/cpu.h"
#include "workers/host/facts.h"
#include "workers/host/host.h"
#include "workers/tree.h"

static void add_cpu(struct tree *host, const struct host *h)
{
    struct tree *cpu = tree_add(host, "cpu"), *t;
    struct utsname u;
    struct cpu_features have;
    struct fact_topology top;
    const char *vendor;
    char text[256];
    uint32_t sizes[PAGES_MAX];
    unsigned n = fact_pages(sizes);
    uname(&u);
    cpu_host(&have, &vendor);
    fact_topology(&top);
    tree_add_text(cpu, "arch", "%s", u.machine);
    const struct caps_emulator *e = caps_find(&h->caps, NULL, u.machine);
    const struct cpu_model *m = e ? cpu_pick(NULL, false, &have, vendor, CPU_PICK_HOST) : NULL;
    if (m)
        tree_add_text(cpu, "model", "%s", m->name);
    if (vendor)
        tree_add_text(cpu, "vendor", "%s", vendor);
    if (fact_cpuinfo("microcode", text, sizeof text))
        tree_set_attr(tree_add(cpu, "microcode"), "version", "%lu", strtoul(text, NULL, 0));
    if (fact_cpuinfo("cpu family", text, sizeof text)) {
        t = tree_add(cpu, "signature");
        tree_set_attr(t, "family", "%lu", strtoul(text, NULL, 10));
        tree_set_attr(t, "model", "%lu", fact_cpuinfo("model", text, sizeof text) ? strtoul(text, NULL, 10) : 0);
        tree_set_attr(t, "stepping", "%lu", fact_cpuinfo("stepping", text, sizeof text) ? strtoul(text, NULL, 10) : 0);
    }
    if (h->settings.kvm_tsc_khz && cpu_has(&have, (unsigned)cpu_feature("invtsc"))) {
        t = tree_add(cpu, "counter");
        tree_set_attr(t, "name", "tsc");
        tree_set_attr(t, "frequency", "%llu", h->settings.kvm_tsc_khz * 1000ull);
        tree_set_attr(t, "scaling", h->settings.kvm_tsc_scales ? "yes" : "no");
    }
    t = tree_add(cpu, "topology");
    tree_set_attr(t, "sockets", "%u", top.sockets);
    tree_set_attr(t, "dies", "%u", top.dies);
    tree_set_attr(t, "cores", "%u", top.cores);
    tree_set_attr(t, "threads", "%u", top.threads);
    if (fact_cpuinfo("address sizes", text, sizeof text)) {
        t = tree_add(cpu, "maxphysaddr");
        tree_set_attr(t, "mode", "emulate");
        tree_set_attr(t, "bits", "%lu", strtoul(text, NULL, 10));
    }
    for (unsigned i = 0; cpu_feature_name(i); i++)
        if (cpu_has(&have, i) && !(m && cpu_has(&m->has, i)))
            tree_set_attr(tree_add(cpu, "feature"), "name", "%s", cpu_feature_name(i));
    for (unsigned i = 0; i < n; i++) {
        t = tree_add(cpu, "pages");
        tree_set_attr(t, "unit", "KiB");
        tree_set_attr(t, "size", "%u", sizes[i]);
    }
}

static void add_cells(struct tree *host)
{
    struct tree *cells = tree_add(tree_add(host, "topology"), "cells"), *t;
    struct fact_set nodes, cpus, online;
    uint32_t sizes[PAGES_MAX];
    unsigned npages = fact_pages(sizes);
    uint64_t v, avail;
    fact_cells(&nodes);
    fact_list(&online, "/sys/devices/system/cpu/online");
    tree_set_attr(cells, "num", "%u", set_count(&nodes));
    for (unsigned n = 0; n < CELLS_MAX; n++) {
        char text[1024];
        if (!set_has(&nodes, n))
            continue;
        struct tree *cell = tree_add(cells, "cell");
        tree_set_attr(cell, "id", "%u", n);
        if (fact_memory((int)n, "MemTotal", &v)) {
            t = tree_add_text(cell, "memory", "%llu", (unsigned long long)v);
            tree_set_attr(t, "unit", "KiB");
        }
        for (unsigned i = 0; i < npages; i++)
            if (fact_page_counts((int)n, sizes[i], &v, &avail)) {
                t = tree_add_text(cell, "pages", "%llu", (unsigned long long)v);
                tree_set_attr(t, "unit", "KiB");
                tree_set_attr(t, "size", "%u", sizes[i]);
            }
        if (fact_text(text, sizeof text, "/sys/devices/system/node/node%u/distance", n) == 0) {
            struct tree *d = tree_add(cell, "distances");
            char *save, *w = strtok_r(text, " ", &save);
            for (unsigned to = 0; w && to < CELLS_MAX; to++)
                if (set_has(&nodes, to)) {
                    t = tree_add(d, "sibling");
                    tree_set_attr(t, "id", "%u", to);
                    tree_set_attr(t, "value", "%lu", strtoul(w, NULL, 10));
                    w = strtok_r(NULL, " ", &save);
                }
        }
        fact_list(&cpus, "/sys/devices/system/node/node%u/cpulist", n);
        if (!set_count(&cpus) && set_count(&nodes) == 1)
            cpus = online;
        struct tree *list = tree_add(cell, "cpus");
        tree_set_attr(list, "num", "%u", set_count(&cpus));
        for (unsigned i = 0; i < CPUS_MAX; i++) {
            struct fact_cpu c;
            if (!set_has(&cpus, i))
                continue;
            t = tree_add(list, "cpu");
            tree_set_attr(t, "id", "%u", i);
            if (!set_has(&online, i))
                continue;
            fact_cpu(&c, i);
            tree_set_attr(t, "socket_id", "%d", c.socket);
            tree_set_attr(t, "die_id", "%d", c.die);
            tree_set_attr(t, "core_id", "%d", c.core);
            tree_set_attr(t, "siblings", "%s", c.siblings);
        }
    }
}

/* Caches that CPUs share: those of level 3 and up, each once. */
static void add_caches(struct tree *host)
{
    struct { uint64_t id, level; } seen[256];
    unsigned n = 0;
    struct fact_set online;
    struct tree *cache = NULL;
    fact_list(&online, "/sys/devices/system/cpu/online");
    for (unsigned cpu = 0; cpu < CPUS_MAX; cpu++)
        for (unsigned i = 0; set_has(&online, cpu) && i < 16; i++) {
            uint64_t level, id, size;
            char type[32], cpus[256];
            bool old = false;
            if (!fact_number(&level, "/sys/devices/system/cpu/cpu%u/cache/index%u/level", cpu, i))
                break;
            if (level < 3 || !fact_number(&id, "/sys/devices/system/cpu/cpu%u/cache/index%u/id", cpu, i) || !fact_number(&size, "/sys/devices/system/cpu/cpu%u/cache/index%u/size", cpu, i))
                continue;
            for (unsigned k = 0; k < n; k++)
                old |= seen[k].id == id && seen[k].level == level;
            if (old || n == ARRAY_N(seen))
                continue;
            seen[n].id = id;
            seen[n++].level = level;
            fact_text(type, sizeof type, "/sys/devices/system/cpu/cpu%u/cache/index%u/type", cpu, i);
            fact_text(cpus, sizeof cpus, "/sys/devices/system/cpu/cpu%u/cache/index%u/shared_cpu_list", cpu, i);
            cache = cache ? cache : tree_add(host, "cache");
            struct tree *b = tree_add(cache, "bank");
            tree_set_attr(b, "id", "%llu", (unsigned long long)id);
            tree_set_attr(b, "level", "%llu", (unsigned long long)level);
            tree_set_attr(b, "type", "%s", !strcmp(type, "Data") ? "data" : !strcmp(type, "Instruction") ? "code" : "both");
            tree_set_attr(b, "size", "%llu", (unsigned long long)(size % 1024 ? size : size / 1024));
            tree_set_attr(b, "unit", "%s", size % 1024 ? "KiB" : "MiB");
            tree_set_attr(b, "cpus", "%s", cpus);
        }
}

static struct tree *make_host(const struct host *h)
{
    struct tree *host = tree_new("host"), *t;
    const uint8_t *u = h->index.head ? h->index.head->host_uuid : NULL;
    static const uint8_t none[16];
    if (u && memcmp(u, none, sizeof none))
        tree_add_text(host, "uuid", "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10],
                      u[11], u[12], u[13], u[14], u[15]);
    add_cpu(host, h);
    tree_add(host, "power_management");
    tree_set_attr(tree_add(host, "iommu"), "support", "%s", access("/sys/kernel/iommu_groups/0", F_OK) == 0 ? "yes" : "no");
    t = tree_add(host, "migration_features");
    tree_add(t, "live");
    t = tree_add(t, "uri_transports");
    tree_add_text(t, "uri_transport", "tcp");
    tree_add_text(t, "uri_transport", "rdma");
    add_cells(host);
    add_caches(host);
    t = tree_add(host, "secmodel");
    tree_add_text(t, "model", "none");
    tree_add_text(t, "doi", "0");
    /* Each guest has an id of its own from this range; this is the first. */
    if (h->settings.uid_base && !(h->index.head && strstr(h->index.head->hypervisor_uri, "session"))) {
        t = tree_add(host, "secmodel");
        tree_add_text(t, "model", "dac");
        tree_add_text(t, "doi", "0");
        tree_set_attr(tree_add_text(t, "baselabel", "+%u:+%u", h->settings.uid_base, h->settings.uid_base), "type", "kvm");
        tree_set_attr(tree_add_text(t, "baselabel", "+%u:+%u", h->settings.uid_base, h->settings.uid_base), "type", "qemu");
    }
    return host;
}

static void add_machine(struct tree *arch, const struct caps_machine *m)
{
    for (int alias = 0; alias <= (m->alias != NULL); alias++) {
        struct tree *t = tree_add_text(arch, "machine", "%s", alias ? m->alias : m->name);
        if (alias)
            tree_set_attr(t, "canonical", "%s", m->name);
        tree_set_attr(t, "maxCpus", "%u", m->cpus_max);
        if (m->flags & CAPS_M_DEPRECATED)
            tree_set_attr(t, "deprecated", "yes");
    }
}

static void add_toggle(struct tree *features, const char *name, const char *toggle)
{
    struct tree *t = tree_add(features, name);
    tree_set_attr(t, "default", "on");
    tree_set_attr(t, "toggle", "%s", toggle);
}

static struct tree *make_guest(const struct host *h, const struct caps_emulator *e)
{
    struct tree *guest = tree_new("guest"), *arch, *t;
    bool is_32 = !strcmp(e->arch, "i686") || !strcmp(e->arch, "armv7l"), x86 = !strcmp(e->arch, "i686") || !strcmp(e->arch, "x86_64");
    tree_add_text(guest, "os_type", "hvm");
    arch = tree_add(guest, "arch");
    tree_set_attr(arch, "name", "%s", e->arch);
    tree_add_text(arch, "wordsize", "%d", is_32 ? 32 : 64);
    tree_add_text(arch, "emulator", "%s", e->path);
    for (int rest = 0; rest < 2; rest++)       /* the default first, and not what runs no guest */
        for (unsigned i = 0; i < e->nmachines; i++)
            if (((e->machines[i].flags & CAPS_M_DEFAULT) ? 0 : 1) == rest && strcmp(e->machines[i].name, "none"))
                add_machine(arch, &e->machines[i]);
    tree_set_attr(tree_add(arch, "domain"), "type", "qemu");
    if (caps_has_kvm(&h->caps, e))
        tree_set_attr(tree_add(arch, "domain"), "type", "kvm");
    t = tree_add(guest, "features");
    if (!strcmp(e->arch, "i686")) {
        tree_add(t, "pae");
        tree_add(t, "nonpae");
    }
    if (x86) {
        add_toggle(t, "acpi", "yes");
        add_toggle(t, "apic", "no");
    }
    tree_add(t, "cpuselection");
    tree_add(t, "deviceboot");
    add_toggle(t, "disksnapshot", "no");
    return guest;
}

/* Appends one part, indented, with the blank line that follows it; frees it. */
static void print_part(struct mp_out *o, struct tree *t)
{
    size_t n;
    AUTO_FREE char *text = tree_print(t, 2, &n);
    tree_free(t);
    mp_raw(o, text ? text : "", text ? n : 0);
    mp_raw(o, "\n", 1);
    o->failed |= !text;
}

char *capabilities_text(const struct host *h)
{
    static const char head[] = "<capabilities>\n\n", tail[] = "</capabilities>\n";
    static const char *const order[] = { "i686", "x86_64" };
    struct mp_out o;
    mp_out_init(&o, 4u << 20);
    mp_raw(&o, head, sizeof head - 1);
    print_part(&o, make_host(h));
    for (size_t k = 0; k <= ARRAY_N(order); k++)
        for (unsigned i = 0; i < h->caps.n; i++) {
            bool known = false;
            for (size_t j = 0; j < ARRAY_N(order); j++)
                known |= !strcmp(h->caps.emulators[i].arch, order[j]);
            if (k < ARRAY_N(order) ? !strcmp(h->caps.emulators[i].arch, order[k]) : !known)
                print_part(&o, make_guest(h, &h->caps.emulators[i]));
        }
    mp_raw(&o, tail, sizeof tail);
    if (!o.failed)
        return (char *)o.p;
    mp_out_free(&o);
    return NULL;
}
