/* cpu-doc.c: the <cpu> of a guest: from what a definition says to what QEMU is told, and from what QEMU made of it to the running document. */
#include <stdio.h>
#include <string.h>
#include "ipc/util.h"
#include "workers/cpu.h"

static bool is(const struct tree *t, const char *attr, const char *value) { return tree_attr_is(t, attr, value); }
static const char *policy_of(const struct tree *f) { return tree_attr(f, "policy") ? tree_attr(f, "policy") : "require"; }
static bool is_one_of(const char *s, const char *a, const char *b) { return !strcmp(s, a) || !strcmp(s, b); }

static struct tree *feature_of(const struct tree *cpu, const char *name)
{
    TREE_EACH(f, cpu, "feature")
        if (is(f, "name", name))
            return f;
    return NULL;
}

static void set_feature(struct tree *cpu, const char *name, const char *policy)
{
    struct tree *f = feature_of(cpu, name), *numa = tree_first(cpu, "numa");
    if (!f) {
        f = tree_add(cpu, "feature");
        if (numa)
            tree_append(cpu, numa);
    }
    tree_set_attr(f, "name", NULL);         /* in this order they are printed */
    tree_set_attr(f, "policy", "%s", policy);
    tree_set_attr(f, "name", "%s", name);
}

/* mode='custom', and what follows it in the order attributes are printed in; NULL leaves what is there. */
static void set_head(struct tree *cpu, const char *match, const char *check)
{
    char kept[2][16] = { "exact", "none" };     /* the values that are replaced go with their attributes */
    if (match || tree_attr(cpu, "match"))
        util_copy_str(kept[0], sizeof kept[0], match ? match : tree_attr(cpu, "match"));
    if (check || tree_attr(cpu, "check"))
        util_copy_str(kept[1], sizeof kept[1], check ? check : tree_attr(cpu, "check"));
    tree_set_attr(cpu, "mode", "custom");
    tree_set_attr(cpu, "match", NULL);
    tree_set_attr(cpu, "check", NULL);
    tree_set_attr(cpu, "match", "%s", kept[0]);
    tree_set_attr(cpu, "check", "%s", kept[1]);
}

void cpu_doc_features(const struct tree *cpu, const struct cpu_model *m, struct cpu_features *f)
{
    *f = m ? m->has : (struct cpu_features){ { 0 } };
    TREE_EACH(t, cpu, "feature") {
        int i = tree_attr(t, "name") ? cpu_feature(tree_attr(t, "name")) : -1;
        if (i >= 0 && is_one_of(policy_of(t), "disable", "forbid"))
            cpu_drop(f, (unsigned)i);
        else if (i >= 0)
            cpu_add(f, (unsigned)i);
    }
}

/* Names of the features of a that are not in b, comma and blank (or not) between them. Their number. */
static unsigned names(char *out, size_t n, const struct cpu_features *a, const struct cpu_features *b, const char *comma)
{
    unsigned count = 0;
    size_t at = 0;
    out[0] = 0;
    for (unsigned i = 0; cpu_feature_name(i); i++) {
        if (!cpu_has(a, i) || cpu_has(b, i))
            continue;
        if (at < n)
            at += (size_t)snprintf(out + at, n - at, "%s%s", count ? comma : "", cpu_feature_name(i));
        count++;
    }
    return count;
}

/* <cpu> becomes model m with the features that make `want` of it, and then those the document names itself. */
static void become(struct tree *cpu, const struct cpu_model *m, const struct cpu_features *want, const struct caps_list *blockers, const char *vendor)
{
    AUTO_TREE *own = tree_new("own");
    struct tree *model = tree_first(cpu, "model"), *numa = tree_first(cpu, "numa"), *t;
    struct cpu_features none = { { 0 } }, blocked = none;
    while ((t = tree_first(cpu, "feature")))
        tree_append(own, t);
    if (!model)
        tree_insert(cpu, model = tree_new("model"), NULL);
    if (!tree_attr(model, "fallback")) {
        char id[16] = "";
        if (tree_attr(model, "vendor_id"))
            util_copy_str(id, sizeof id, tree_attr(model, "vendor_id"));
        tree_set_attr(model, "vendor_id", NULL);
        tree_set_attr(model, "fallback", "allow");
        if (id[0])
            tree_set_attr(model, "vendor_id", "%s", id);
    }
    tree_set_text(model, "%s", m->name);
    if (vendor && !tree_first(cpu, "vendor")) {
        t = tree_new("vendor");
        if (model->next)
            tree_insert(cpu, t, model->next);
        else
            tree_append(cpu, t);
        tree_set_text(t, "%s", vendor);
    }
    cpu_add_features(cpu, want, &m->has);
    if (blockers)
        cpu_of_list(&blocked, blockers);
    for (unsigned i = 0; cpu_feature_name(i); i++)
        if ((cpu_has(&blocked, i) || cpu_has(&m->gone, i)) && !feature_of(cpu, cpu_feature_name(i)))
            set_feature(cpu, cpu_feature_name(i), "disable");
    TREE_EACH(f, own, "feature")
        if (tree_attr(f, "name"))
            set_feature(cpu, tree_attr(f, "name"), policy_of(f));
    if (numa)
        tree_append(cpu, numa);
}

static bool is_host_model(const struct tree *cpu)
{
    return is(cpu, "mode", "host-model") || (is(cpu, "mode", "custom") && is(cpu, "match", "minimum"));
}

void cpu_doc_update(struct tree *cpu, const struct caps_emulator *e, bool kvm)
{
    struct cpu_features most;
    const char *vendor;
    bool known = cpu_most(e, kvm, &most, &vendor);
    int invtsc = cpu_feature("invtsc");
    if (!cpu || (!is_host_model(cpu) && !is(cpu, "mode", "custom")))
        return;
    if (known && invtsc >= 0)
        cpu_drop(&most, (unsigned)invtsc);          /* a guest with it cannot migrate: it has to be asked for */
    if (is_host_model(cpu)) {
        const struct cpu_model *m = known ? cpu_pick(e, kvm, &most, vendor, CPU_PICK_MOST) : NULL;
        const struct caps_cpu *c = m ? caps_cpu(e, kvm ? CAPS_KVM : CAPS_TCG, m->name) : NULL;
        if (!m)
            return;
        become(cpu, m, &most, c ? &c->blockers : NULL, is(cpu, "mode", "custom") ? NULL : vendor);
        set_head(cpu, "exact", NULL);
    } else {
        const struct cpu_model *m = tree_text(cpu, "model") ? cpu_model_named(tree_text(cpu, "model")) : NULL;
        for (unsigned i = 0; m && cpu_feature_name(i); i++)
            if (cpu_has(&m->gone, i) && !feature_of(cpu, cpu_feature_name(i)))
                set_feature(cpu, cpu_feature_name(i), "disable");
    }
    TREE_EACH(f, cpu, "feature") {
        int i = tree_attr(f, "name") ? cpu_feature(tree_attr(f, "name")) : -1;
        if (known && is(f, "policy", "optional"))
            tree_set_attr(f, "policy", "%s", i >= 0 && cpu_has(&most, (unsigned)i) ? "require" : "disable");
    }
}

int cpu_doc_compare(const struct tree *cpu, const struct cpu_features *host, const char *vendor, bool *same, struct err *err)
{
    struct cpu_features want = { { 0 } }, never = { { 0 } }, none = { { 0 } };
    const char *asked = tree_text(cpu, "vendor"), *model = tree_text(cpu, "model");
    char list[ERR_DETAIL_MAX];
    if (asked && vendor && strcmp(asked, vendor) != 0)
        return err_set(err, VIR_ERR_CPU_INCOMPATIBLE, VIR_FROM_CPU, "host CPU vendor does not match required CPU vendor %s", asked);
    const struct cpu_model *m = model && is(cpu, "mode", "custom") ? cpu_model_named(model) : NULL;
    if (m)
        want = m->has;
    TREE_EACH(f, cpu, "feature") {
        int i = tree_attr(f, "name") ? cpu_feature(tree_attr(f, "name")) : -1;
        if (i < 0)
            continue;
        if (!strcmp(policy_of(f), "require"))
            cpu_add(&want, (unsigned)i);
        else
            cpu_drop(&want, (unsigned)i);
        if (!strcmp(policy_of(f), "forbid") && cpu_has(host, (unsigned)i))
            cpu_add(&never, (unsigned)i);
    }
    if (names(list, sizeof list, &never, &none, ", "))
        return err_set(err, VIR_ERR_CPU_INCOMPATIBLE, VIR_FROM_CPU, "Host CPU provides forbidden features: %s", list);
    if (names(list, sizeof list, &want, host, ", "))
        return err_set(err, VIR_ERR_CPU_INCOMPATIBLE, VIR_FROM_CPU, "Host CPU does not provide required features: %s", list);
    *same = !memcmp(&want, host, sizeof want);
    if (is(cpu, "match", "strict") && names(list, sizeof list, host, &want, ", "))
        return err_set(err, VIR_ERR_CPU_INCOMPATIBLE, VIR_FROM_CPU, "Host CPU does not strictly match guest CPU: Extra features: %s", list);
    return 0;
}

/* check='partial': the accelerator has to have what is asked for. */
static int compare(const struct tree *cpu, const struct caps_emulator *e, bool kvm, struct err *err)
{
    struct cpu_features most;
    const char *vendor;
    bool same;
    if (!cpu_most(e, kvm, &most, &vendor))
        return 0;
    if (kvm) {      /* what the host has counts too: QEMU may not pass everything on, and be asked for it all the same */
        struct cpu_features own;
        const char *maker;
        cpu_host(&own, &maker);
        for (unsigned i = 0; cpu_feature_name(i); i++)
            if (cpu_has(&own, i))
                cpu_add(&most, i);
    }
    TREE_EACH(f, cpu, "feature") {
        int i = is(f, "policy", "forbid") && tree_attr(f, "name") ? cpu_feature(tree_attr(f, "name")) : -1;
        if (i >= 0 && cpu_has(&most, (unsigned)i))
            return err_set(err, VIR_ERR_CPU_INCOMPATIBLE, VIR_FROM_CPU, "Host CPU provides forbidden feature '%s'", cpu_feature_name((unsigned)i));
    }
    return cpu_doc_compare(cpu, &most, vendor, &same, err);
}

/* A model that this QEMU does not know, in terms of one that it knows. */
static int translate(struct tree *cpu, const struct caps_emulator *e, bool kvm, struct err *err)
{
    const char *name = tree_text(cpu, "model");
    const struct cpu_model *m = cpu_model_named(name), *other = NULL;
    if (!m || !e || !e->cpus[kvm ? CAPS_KVM : CAPS_TCG].n || caps_cpu(e, kvm ? CAPS_KVM : CAPS_TCG, name))
        return 0;
    if (!is(tree_first(cpu, "model"), "fallback", "forbid"))
        other = cpu_pick(e, kvm, &m->has, strcmp(m->vendor, "unknown") ? m->vendor : NULL, CPU_PICK_LIKE);
    if (!other)
        return err_set(err, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_CPU, "CPU model %s is not supported by hypervisor", name);
    become(cpu, other, &m->has, &caps_cpu(e, kvm ? CAPS_KVM : CAPS_TCG, other->name)->blockers, NULL);
    return 0;
}

const char *const cpu_never[] = { "cmt", "mbm_total", "mbm_local", "osxsave", "ospke", NULL };     /* a guest's own doing, or a host's */

int cpu_doc_start(struct tree *cpu, const struct caps_emulator *e, bool kvm, struct err *err)
{
    struct tree *f;
    if (!cpu)
        return 0;
    const char *arch = tree_path_attr(cpu->parent, "os/type", "arch");
    if (is(cpu, "mode", "host-passthrough") && !kvm)
        return err_set(err, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "CPU mode 'host-passthrough' for %s qemu domain on x86_64 host is not supported by hypervisor",
                arch ? arch : "x86_64");
    TREE_EACH(t, cpu, "feature")
        if (tree_attr(t, "name") && cpu_feature(tree_attr(t, "name")) < 0)
            return err_set(err, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_CPU, "unknown CPU feature: %s", tree_attr(t, "name"));
    if (is(cpu, "check", "partial") && compare(cpu, e, kvm, err))
        return -1;
    cpu_doc_update(cpu, e, kvm);
    for (size_t i = 0; cpu_never[i]; i++)
        if ((f = feature_of(cpu, cpu_never[i])))
            tree_free(f);
    if (!is(cpu, "mode", "custom") || !tree_text(cpu, "model"))
        return 0;
    if (translate(cpu, e, kvm, err))
        return -1;
    tree_set_attr(tree_first(cpu, "model"), "fallback", "forbid");
    return 0;
}

int cpu_doc_live(struct tree *cpu, const struct cpu_features *on, const struct cpu_features *off, bool *changed, struct err *err)
{
    struct cpu_features want, missing, extra, none = { { 0 } };
    const char *model = tree_text(cpu, "model");
    const struct cpu_model *m = model ? cpu_model_named(model) : NULL;
    char more[400], less[400];
    *changed = false;
    if (!m || !is(cpu, "mode", "custom"))
        return 0;
    cpu_doc_features(cpu, m, &want);
    missing = extra = none;
    for (unsigned i = 0; cpu_feature_name(i); i++) {
        if (cpu_has(off, i) || (cpu_has(&want, i) && !cpu_has(on, i)))
            cpu_add(&missing, i);
        else if (cpu_has(on, i) && !cpu_has(&want, i))
            cpu_add(&extra, i);
    }
    unsigned nmore = names(more, sizeof more, &extra, &none, ","), nless = names(less, sizeof less, &missing, &none, ",");
    if (is(cpu, "check", "full") && (nmore || nless))
        return err_set(err, VIR_ERR_OPERATION_FAILED, VIR_FROM_CPU, "guest CPU doesn't match specification: %s%s%s%s%s", nmore ? "extra features: " : "", more,
                       nmore && nless ? ", " : "", nless ? "missing features: " : "", less);
    for (unsigned i = 0; cpu_feature_name(i); i++) {
        const char *name = cpu_feature_name(i), *to = cpu_has(&missing, i) ? "disable" : cpu_has(&extra, i) ? "require" : NULL;
        const struct tree *f = to ? feature_of(cpu, name) : NULL;
        if (!to || (f && is(f, "policy", to)))
            continue;
        set_feature(cpu, name, to);
        *changed = true;
    }
    set_head(cpu, NULL, "full");
    return 0;
}
