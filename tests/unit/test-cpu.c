/* cpu: models and their features, the model that says something in the fewest words, and the <cpu> of a guest before and after its start. */
#include "tests/tap.h"
#include "workers/cpu.h"

/* A QEMU that knows four models, of which one lacks something here, and can do at most what `most` says. */
static const char *most[] = { "apic", "avx", "cx16", "hypervisor", "lahf-lm", "lm", "nx", "pclmulqdq", "sse3", "ssse3", "svm" }, *blocked[] = { "monitor", "x2apic" };
static struct caps_cpu cpus[] = {
    { .name = "Penryn" }, { .name = "SandyBridge", .blockers = { blocked, 2 } }, { .name = "max", .features = { most, 11 } }, { .name = "qemu64" },
};
static const struct caps_emulator emulator = { .path = "/usr/bin/qemu", .arch = "x86_64", .cpus = { [CAPS_TCG] = { cpus, 4 } } };

static struct cpu_features set(const char *words)
{
    struct cpu_features f = { { 0 } };
    char copy[512], *save;
    snprintf(copy, sizeof copy, "%s", words);
    for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
        if (cpu_feature(w) >= 0)
            cpu_add(&f, (unsigned)cpu_feature(w));
    return f;
}

/* <cpu> with a mode, a model (NULL none) and features "+a -b ?c !d": require, disable, optional, forbid. */
static struct tree *document(const char *mode, const char *match, const char *check, const char *model, const char *features)
{
    struct tree *cpu = tree_new("cpu");
    char copy[512], *save;
    tree_set_attr(cpu, "mode", "%s", mode);
    if (match)
        tree_set_attr(cpu, "match", "%s", match);
    tree_set_attr(cpu, "check", "%s", check);
    if (model)
        tree_set_attr(tree_add_text(cpu, "model", "%s", model), "fallback", "allow");
    snprintf(copy, sizeof copy, "%s", features);
    for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
        struct tree *f = tree_add(cpu, "feature");
        tree_set_attr(f, "policy", "%s", *w == '+' ? "require" : *w == '-' ? "disable" : *w == '?' ? "optional" : "forbid");
        tree_set_attr(f, "name", "%s", w + 1);
    }
    return cpu;
}

/* The other way: "mode match check model +a -b". */
static const char *said(const struct tree *cpu)
{
    static char text[2048];
    size_t n = (size_t)snprintf(text, sizeof text, "%s %s %s %s", tree_attr(cpu, "mode"), tree_attr(cpu, "match") ? tree_attr(cpu, "match") : "none", tree_attr(cpu, "check"),
                                tree_text(cpu, "model") ? tree_text(cpu, "model") : "none");
    TREE_EACH(f, cpu, "feature")
        n += (size_t)snprintf(text + n, sizeof text - n, " %c%s", tree_attr_is(f, "policy", "require") ? '+' : tree_attr_is(f, "policy", "disable") ? '-' :
                              tree_attr_is(f, "policy", "optional") ? '?' : '!', tree_attr(f, "name"));
    return text;
}

static void models(void)
{
    struct cpu_features f = set("lm nx"), none = { { 0 } };
    const struct cpu_model *m = cpu_model_named("EPYC-IBPB"), *base = cpu_model_named("EPYC");
    int ibpb = cpu_feature("ibpb");
    tap_ok(ibpb > 0 && m && base && cpu_has(&m->has, (unsigned)ibpb) && !cpu_has(&base->has, (unsigned)ibpb), "a model has what its base has, and more");
    tap_ok(cpu_has(&m->gone, (unsigned)cpu_feature("monitor")), "what QEMU's model had once is known");
    tap_ok(!cpu_model_named("NoSuch") && cpu_feature("nosuch") < 0 && !cpu_model(100000)->name && !cpu_feature_name(100000), "what there is not");
    for (unsigned i = 0; cpu_model(i)->name; i++)
        for (unsigned k = 0; k < i; k++)
            if (!strcmp(cpu_model(i)->name, cpu_model(k)->name))
                tap_ok(false, "%s is there twice", cpu_model(i)->name);
    for (unsigned i = 0; cpu_feature_name(i); i++)
        if (cpu_feature(cpu_feature_name(i)) != (int)i)
            tap_ok(false, "%s is there twice", cpu_feature_name(i));
    m = cpu_model_named("Penryn");
    tap_ok(cpu_pick(NULL, false, &m->has, NULL, CPU_PICK_LIKE) == m, "a model is described by itself");
    m = cpu_pick(NULL, false, &f, NULL, CPU_PICK_HOST);
    tap_ok(!m, "a host lacks nothing of its model");
    m = cpu_pick(NULL, false, &none, "Intel", CPU_PICK_LIKE);
    tap_ok(m && strcmp(m->vendor, "AMD"), "of that vendor, or of none");
    cpu_of_word(&none, 1, 0, "EDX", 1u << 25 | 1u << 26);
    f = set("sse sse2");
    tap_ok(!memcmp(&none, &f, sizeof f), "a word of CPUID");
    cpu_of_word(&none, 0, 0, "EAX", ~0u);
    cpu_of_word(&none, 1, 0, "", ~0u);
    tap_ok(!memcmp(&none, &f, sizeof f), "a word of nothing");
}

static void before(void)
{
    static const struct { const char *what, *mode, *match, *check, *model, *features, *now; } rows[] = {
        { "a plain model", "custom", "exact", "none", "qemu64", "", "custom exact none qemu64" },
        { "what a model lost is told off", "custom", "exact", "none", "EPYC", "", NULL },
        { "optional features", "custom", "exact", "none", "Penryn", "?avx ?rtm", "custom exact none Penryn +avx -rtm" },
        { "what no guest is told", "custom", "exact", "none", "Penryn", "+osxsave -cmt +avx", "custom exact none Penryn +avx" },
        { "partial, and enough", "custom", "exact", "partial", "486", "-fpu -vme -pse +avx", NULL },
        { "partial, and not enough", "custom", "exact", "partial", "Penryn", "", "error 91 Host CPU does not provide required features: fpu, de, pse, tsc, msr, pae, mce, cx8, sep, mtrr, pge, mca, cmov, "
          "pat, pse36, clflush, mmx, fxsr, sse, sse2, pni, sse4.1, syscall" },
        { "forbidden", "custom", "exact", "partial", "qemu64", "!avx", "error 91 Host CPU provides forbidden feature 'avx'" },
        { "unknown feature", "custom", "exact", "none", "qemu64", "+nosuch", "error 67 unknown CPU feature: nosuch" },
        { "passthrough without KVM", "host-passthrough", NULL, "none", NULL, "", "error 67 CPU mode 'host-passthrough' for x86_64 qemu domain on x86_64 host is not supported by hypervisor" },
        { "maximum", "maximum", NULL, "none", NULL, "-avx", "maximum none none none -avx" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        AUTO_TREE *cpu = document(rows[i].mode, rows[i].match, rows[i].check, rows[i].model, rows[i].features);
        struct err e = ERR_INIT;
        char error[1200] = "";
        if (cpu_doc_start(cpu, &emulator, false, &e))
            snprintf(error, sizeof error, "error %d %s", e.code, e.detail);
        if (rows[i].now)
            tap_str(*error ? error : said(cpu), rows[i].now, "%s", rows[i].what);
        else
            tap_ok(!*error && tree_attr_is(tree_first(cpu, "model"), "fallback", "forbid"), "%s (%s)", rows[i].what, *error ? error : said(cpu));
    }
    AUTO_TREE *cpu = document("host-model", NULL, "partial", NULL, "-avx ?rtm +cx16");
    tree_add(cpu, "numa");
    struct err e = ERR_INIT;
    tap_ok(cpu_doc_start(cpu, &emulator, false, &e) == 0 && tree_text(cpu, "model") && !tree_next(tree_first(cpu, "numa"), NULL), "host-model is a model, and cells come last");
    tap_ok(strstr(said(cpu), " -avx") && strstr(said(cpu), " -rtm") && strstr(said(cpu), "cx16"), "with what the document says itself (%s)", said(cpu));
    tap_str(tree_text(cpu, "vendor"), "AMD", "and QEMU's vendor");
    AUTO_TREE *other = document("custom", "exact", "none", "Westmere", "");
    tap_ok(cpu_doc_start(other, &emulator, false, &e) == 0 && !strncmp(said(other), "custom exact none Penryn", 24), "a model that QEMU does not know (%s)", said(other));
    AUTO_TREE *none = document("host-model", NULL, "partial", NULL, "");
    tap_ok(cpu_doc_start(none, NULL, false, &e) == 0 && tree_attr_is(none, "mode", "host-model"), "nothing is known of the QEMU: as it was");
    tap_ok(cpu_doc_start(NULL, &emulator, false, &e) == 0, "no <cpu>");
}

static void after(void)
{
    struct cpu_features on = cpu_model_named("Penryn")->has, off = { { 0 } };
    struct err e = ERR_INIT;
    bool changed;
    AUTO_TREE *cpu = document("custom", "exact", "none", "Penryn", "");
    tap_ok(cpu_doc_live(cpu, &on, &off, &changed, &e) == 0 && !changed, "as it was told");
    tap_str(said(cpu), "custom exact full Penryn", "which is checked then");
    cpu_add(&on, (unsigned)cpu_feature("hypervisor"));
    cpu_drop(&on, (unsigned)cpu_feature("nx"));
    cpu_add(&off, (unsigned)cpu_feature("rtm"));
    AUTO_TREE *full = document("custom", "exact", "full", "Penryn", "+rtm");
    tap_ok(cpu_doc_live(full, &on, &off, &changed, &e) && e.code == VIR_ERR_OPERATION_FAILED, "what differs is refused where the document insists");
    tap_str(e.detail, "guest CPU doesn't match specification: extra features: hypervisor, missing features: rtm,nx", "by name");
    AUTO_TREE *live = document("custom", "exact", "partial", "Penryn", "+rtm !avx");
    tap_ok(cpu_doc_live(live, &on, &off, &changed, &e) == 0 && changed, "and told where it does not");
    tap_str(said(live), "custom exact full Penryn -rtm !avx +hypervisor -nx", "in the features' order, what stands there in its place");
    AUTO_TREE *max = document("maximum", NULL, "none", NULL, "+rtm");
    tap_ok(cpu_doc_live(max, &on, &off, &changed, &e) == 0 && !changed && tree_attr_is(max, "check", "none"), "without a model there is nothing to compare");
}

int main(void)
{
    models();
    before();
    after();
    return tap_done();
}
