/* cpu.c: -cpu, -smp, -numa. */
#include "priv.h"
#include <string.h>

/* A CPU feature's name in documents is older than QEMU's: words are joined by '_' there and by '-' here, and one differs. */
static void feature(struct ctx *c, struct strbuf *b, const char *name, const char *value)
{
    if (pl_is(name, "pclmuldq"))
        name = "pclmulqdq";
    pl_cat(c, b, ",");
    for (; *name; name++)
        pl_cat(c, b, "%c", *name == '_' ? '-' : *name);
    pl_cat(c, b, "=%s", value);
}

static void model(struct ctx *c, struct strbuf *b, const struct tree *cpu)
{
    static const struct map policies[] = { { "force", "on" }, { "require", "on" }, { "disable", "off" }, { "forbid", "off" }, { "optional", NULL }, { NULL, NULL } };
    const char *mode = tree_attr(cpu, "mode"), *name = tree_text(cpu, "model");
    bool known, kvm = tree_attr_is(c->in->dom, "type", "kvm");
    if (pl_is(mode, "host-passthrough")) {
        pl_cat(c, b, "host");
        if (pl_tri(cpu, NULL, "migratable") == 1 || (pl_tri(cpu, NULL, "migratable") == 0 && pl_is(tree_path_attr(c->in->dom, "os/type", "arch"), "x86_64")))
            pl_cat(c, b, ",migratable=%s", pl_tri(cpu, NULL, "migratable") ? "on" : "off");
    } else if (pl_is(mode, "maximum")) {
        pl_cat(c, b, "max");
        if (pl_tri(cpu, NULL, "migratable") >= 0)
            pl_cat(c, b, ",migratable=%s", pl_tri(cpu, NULL, "migratable") ? "on" : "off");
    } else if (pl_is(mode, "host-model") && !name) {
        /* TCG's "host" is what TCG can do at most */
        pl_cat(c, b, kvm ? "host" : "max");
    } else if (name) {
        pl_cat(c, b, "%s", name);
        if (tree_path_attr(cpu, "model", "vendor_id"))
            pl_cat(c, b, ",vendor=%s", tree_path_attr(cpu, "model", "vendor_id"));
    } else {
        pl_fail(c, "<cpu mode='%s'> has no model", mode ? mode : "");
        return;
    }
    TREE_EACH(f, cpu, "feature") {
        const char *value = pl_map(policies, tree_attr(f, "policy") ? tree_attr(f, "policy") : "require", &known);
        if (value && tree_attr(f, "name"))
            feature(c, b, tree_attr(f, "name"), value);
    }
}

static const struct { const char *feature, *word; } hyperv[] = { { "relaxed", "hv-relaxed" }, { "vapic", "hv-vapic" }, { "spinlocks", "hv-spinlocks" }, { "vpindex", "hv-vpindex" },
    { "runtime", "hv-runtime" }, { "synic", "hv-synic" }, { "stimer", "hv-stimer" }, { "reset", "hv-reset" }, { "vendor_id", "hv-vendor-id" },
    { "frequencies", "hv-frequencies" },
    { "reenlightenment", "hv-reenlightenment" }, { "tlbflush", "hv-tlbflush" }, { "ipi", "hv-ipi" }, { "evmcs", "hv-evmcs" }, { "avic", "hv-avic" },
    { NULL, NULL } };

static void hyperv_words(struct ctx *c, struct strbuf *b, const struct tree *hv)
{
    if (tree_attr_is(hv, "mode", "passthrough"))
        pl_cat(c, b, ",hv-passthrough=on");
    for (unsigned i = 0; hyperv[i].feature; i++) {
        if (pl_tri(hv, hyperv[i].feature, "state") != 1)
            continue;
        if (pl_is(hyperv[i].feature, "spinlocks"))
            pl_cat(c, b, ",%s=0x%llx", hyperv[i].word, pl_num_or(c, hv, "spinlocks", "retries", 0));
        else if (pl_is(hyperv[i].feature, "vendor_id"))
            pl_cat(c, b, ",%s=%s", hyperv[i].word, tree_path_attr(hv, "vendor_id", "value"));
        else
            pl_cat(c, b, ",%s=on", hyperv[i].word);
        if (pl_is(hyperv[i].feature, "stimer") && pl_tri(hv, "stimer/direct", "state") == 1)
            pl_cat(c, b, ",hv-stimer-direct=on");
    }
}

static void timer_words(struct ctx *c, struct strbuf *b)
{
    TREE_EACH(t, tree_get(c->in->dom, "clock"), "timer") {
        int present = pl_tri(t, NULL, "present");
        if (tree_attr_is(t, "name", "kvmclock") && present >= 0)
            pl_cat(c, b, ",kvmclock=%s", present ? "on" : "off");
        if (tree_attr_is(t, "name", "hypervclock") && present == 1)
            pl_cat(c, b, ",hv-time=on");
        if (tree_attr_is(t, "name", "tsc") && tree_attr(t, "frequency"))
            pl_cat(c, b, ",tsc-frequency=%llu", pl_num_or(c, t, NULL, "frequency", 0));
    }
}

static void kvm_words(struct ctx *c, struct strbuf *b, const struct tree *f)
{
    if (pl_tri(f, "kvm/hidden", "state") == 1)
        pl_cat(c, b, ",kvm=off");
    if (pl_tri(f, "kvm/hint-dedicated", "state") == 1)
        pl_cat(c, b, ",kvm-hint-dedicated=on");
    if (pl_tri(f, "kvm/poll-control", "state") == 1)
        pl_cat(c, b, ",kvm-poll-control=on");
    if (pl_tri(f, "kvm/pv-ipi", "state") == 0)
        pl_cat(c, b, ",kvm-pv-ipi=off");
}

void pl_cpu(struct ctx *c)
{
    static const struct map caches[] = { { "passthrough", "host-cache-info=on,l3-cache=off" }, { "emulate", "l3-cache=on" }, { "disable", "l3-cache=off" },
        { NULL, NULL } };
    const struct tree *cpu = tree_get(c->in->dom, "cpu"), *f = tree_get(c->in->dom, "features");
    struct strbuf b = { NULL, 0, 0 };
    bool known;
    if (cpu && (tree_get(cpu, "model") || tree_attr(cpu, "mode")))
        model(c, &b, cpu);
    else
        pl_cat(c, &b, "%s", pl_is(tree_path_attr(c->in->dom, "os/type", "arch"), "i686") ? "qemu32" : "qemu64");
    timer_words(c, &b);
    if (pl_tri(f, "apic", "eoi") >= 0)
        pl_cat(c, &b, ",kvm-pv-eoi=%s", pl_tri(f, "apic", "eoi") ? "on" : "off");
    if (tree_get(f, "pvspinlock"))
        pl_cat(c, &b, ",kvm-pv-unhalt=%s", pl_tri(f, "pvspinlock", "state") ? "on" : "off");
    if (tree_get(f, "hyperv"))
        hyperv_words(c, &b, tree_get(f, "hyperv"));
    TREE_EACH(p, c->devices, "panic")
        if (tree_attr_is(p, "model", "hyperv"))
            pl_cat(c, &b, ",hv-crash");
    kvm_words(c, &b, f);
    if (pl_tri(f, "pmu", "state") >= 0)
        pl_cat(c, &b, ",pmu=%s", pl_tri(f, "pmu", "state") ? "on" : "off");
    const char *cache = pl_map(caches, tree_path_attr(cpu, "cache", "mode"), &known);
    if (cache)
        pl_cat(c, &b, ",%s", cache);
    const struct tree *phys = tree_get(cpu, "maxphysaddr");
    if (tree_attr_is(phys, "mode", "passthrough"))
        pl_cat(c, &b, ",host-phys-bits=on");
    else if (tree_attr(phys, "bits"))
        pl_cat(c, &b, ",phys-bits=%llu", pl_num_or(c, phys, NULL, "bits", 0));
    pl_words_take(c, "-cpu", b.s);
}

void pl_smp(struct ctx *c)
{
    const struct tree *dom = c->in->dom, *t = tree_get(dom, "cpu/topology");
    struct strbuf b = { NULL, 0, 0 };
    unsigned long long max = 1, now;
    pl_num(c, dom, "vcpu", NULL, &max);
    now = pl_num_or(c, dom, "vcpu", "current", max);
    if (tree_get(dom, "vcpus/vcpu")) {
        /* Those that may go again are plugged in before the guest runs. */
        now = 0;
        TREE_EACH(v, tree_get(dom, "vcpus"), "vcpu") {
            bool on = pl_tri(v, NULL, "enabled") == 1, hot = pl_tri(v, NULL, "hotpluggable") == 1;
            now += on && !hot;
        }
    }
    pl_cat(c, &b, "%llu", now);
    if (now != max)
        pl_cat(c, &b, ",maxcpus=%llu", max);
    if (t)
        pl_cat(c, &b, ",sockets=%llu,dies=%llu,cores=%llu,threads=%llu", pl_num_or(c, t, NULL, "sockets", 1), pl_num_or(c, t, NULL, "dies", 1),
               pl_num_or(c, t, NULL, "cores", 1), pl_num_or(c, t, NULL, "threads", 1));
    else
        pl_cat(c, &b, ",sockets=%llu,cores=1,threads=1", max);
    pl_words_take(c, "-smp", b.s);
}
