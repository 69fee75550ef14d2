/* cpu-ops.c: is a processor that a client describes one that this host, or a guest here, can be?  And which is the best that several of them have in common? */
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include "ipc/util.h"
#include "workers/cpu.h"
#include "workers/xmlc/doc.h"
#include "workers/xmlc/parse.h"
#include "workers/xmlc/xmlc.h"

enum { COMPARE_FAIL_INCOMPATIBLE = 1, COMPARE_VALIDATE = 2 };
enum { INCOMPATIBLE, IDENTICAL, SUPERSET };

/* <cpu> of a client: a guest's where it says how it is to be matched, otherwise a host's. NULL with j->e set; the caller frees it.
 * VIR_ERR_CPU_INCOMPATIBLE: of another architecture. */
enum reading { ANY_CPU, HOST_CPU, ANOTHER_HOST_CPU /* the first one's architecture decides */ };
static struct tree *read_cpu(struct job *j, const char *xml, size_t n, enum reading how, bool strict)
{
    struct utsname u;
    uname(&u);
    AUTO_TREE *raw = parse_xml(xml, n, "(CPU_definition)", "cpu", &j->e);
    if (!raw) {
        if (j->e.code == VIR_ERR_XML_ERROR)
            err_set(&j->e, VIR_ERR_XML_ERROR, VIR_FROM_CPU, "XML does not contain expected 'cpu' element");
        j->e.domain = VIR_FROM_CPU;
        return NULL;
    }
    const char *arch = tree_text(raw, "arch");
    if (how != ANY_CPU && tree_attr(raw, "mode")) {
        err_set(&j->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_CPU, "Attribute mode is only allowed for guest CPU");
        return NULL;
    }
    if (arch && (tree_attr(raw, "match") || tree_attr(raw, "mode"))) {
        err_set(&j->e, VIR_ERR_XML_ERROR, VIR_FROM_CPU, "'arch' element cannot be used inside 'cpu' element with 'match' attribute'");
        return NULL;
    }
    if (how != ANY_CPU && (!arch || !tree_text(raw, "model"))) {
        err_set(&j->e, VIR_ERR_XML_ERROR, VIR_FROM_CPU, arch ? "Missing CPU model name" : "Missing CPU architecture");
        return NULL;
    }
    if (arch && how != ANOTHER_HOST_CPU && strcmp(arch, u.machine) != 0) {
        err_set(&j->e, VIR_ERR_CPU_INCOMPATIBLE, VIR_FROM_CPU, "CPU arch %s does not match host arch", arch);
        return NULL;
    }
    if (arch)           /* a host's word; the tables are those of guests */
        tree_free(tree_first(raw, "arch"));
    AUTO_TREE *around = tree_new("domain");
    tree_set_attr(around, "type", "qemu");
    tree_append(around, STEAL_PTR(&raw));
    AUTO_TREE *read = schema_apply(&schema_domain, around, strict ? SCHEMA_STRICT : 0, &j->e);
    if (!read)
        return NULL;
    struct tree *cpu = tree_make(read, "cpu");
    const char *model = tree_text(cpu, "model");
    if (model && !cpu_model_named(model)) {
        err_set(&j->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_CPU, "Unknown CPU model %s", model);
        return NULL;
    }
    TREE_EACH(f, cpu, "feature")
        if (tree_attr(f, "name") && cpu_feature(tree_attr(f, "name")) < 0) {
            err_set(&j->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_CPU, "Unknown CPU feature %s", tree_attr(f, "name"));
            return NULL;
        }
    tree_set_attr(cpu, "mode", "custom");
    tree_unlink(cpu);
    return cpu;
}

/* cpu NULL: j->e says why there is none. */
static int reply(struct job *j, struct mp_out *o, const struct tree *cpu, const struct cpu_features *host, const char *vendor, uint32_t flags)
{
    bool same = false;
    int result = SUPERSET;
    if (!cpu || cpu_doc_compare(cpu, host, vendor, &same, &j->e)) {
        if (flags & COMPARE_FAIL_INCOMPATIBLE || j->e.code != VIR_ERR_CPU_INCOMPATIBLE)
            return -1;
        result = INCOMPATIBLE;
    } else if (same) {
        result = IDENTICAL;
    }
    mp_array(o, 1);
    mp_int(o, result);
    return 0;
}

static int bad_args(struct job *j)
{
    return err_set(&j->e, VIR_ERR_RPC, VIR_FROM_RPC, "Unable to decode message payload");
}

int on_compare_cpu(struct job *j, struct mp_out *o)
{
    struct cpu_features host;
    const char *vendor;
    size_t n;
    const char *xml = mp_get_str(&j->in, &n);
    uint32_t flags = mp_get_u32(&j->in);
    if (!mp_end(&j->in) || !xml)
        return bad_args(j);
    AUTO_TREE *cpu = read_cpu(j, xml, n, ANY_CPU, flags & COMPARE_VALIDATE);
    cpu_host(&host, &vendor);
    return reply(j, o, cpu, &host, vendor, flags);
}

/* The guests that a call is about, by its first arguments, each of which may be left out; and what they can have at most. */
enum { EMULATOR, ARCH, MACHINE, TYPE, GUEST_WORDS, WORD_BYTES = 4096 };
struct guests { char *words[GUEST_WORDS]; const struct caps_emulator *e; bool kvm; struct cpu_features most; const char *vendor; };

static void guests_free(struct guests *g)
{
    for (size_t i = 0; i < GUEST_WORDS; i++)
        free(g->words[i]);
}
#define AUTO_GUESTS __attribute__((cleanup(guests_free))) struct guests

static void guests_get(struct job *j, struct guests *g)
{
    for (size_t i = 0; i < GUEST_WORDS; i++)
        g->words[i] = mp_get_nil(&j->in) ? NULL : mp_get_strdup(&j->in, WORD_BYTES);
}

static int guests_find(struct job *j, struct guests *g)
{
    static const struct caps none;
    struct caps_choice choice;
    const struct caps *caps = j->env.processors ? j->env.processors() : NULL;
    if (caps_choose(caps ? caps : &none, g->words[EMULATOR], g->words[ARCH], g->words[MACHINE], g->words[TYPE], &choice, &j->e))
        return -1;
    g->e = choice.e;
    g->kvm = choice.kvm;
    if (!cpu_most(g->e, g->kvm, &g->most, &g->vendor))
        return err_set(&j->e, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "'%s' does not tell what a guest can have", g->e->path);
    return 0;
}

int on_compare_hypervisor_cpu(struct job *j, struct mp_out *o)
{
    AUTO_GUESTS g = {.e = NULL};
    size_t n;
    guests_get(j, &g);
    const char *xml = mp_get_str(&j->in, &n);
    uint32_t flags = mp_get_u32(&j->in);
    if (!mp_end(&j->in) || !xml)
        return bad_args(j);
    if (guests_find(j, &g))
        return -1;
    AUTO_TREE *cpu = read_cpu(j, xml, n, ANY_CPU, flags & COMPARE_VALIDATE);
    return reply(j, o, cpu, &g.most, g.vendor, flags);
}

/* ---- what several have in common ---- */

enum { BASELINE_EXPAND = 1, BASELINE_MIGRATABLE = 2, CPUS_MAX = 256 };

struct common { struct cpu_features f; const char *vendor, *model; bool first, tells_vendor, same_model; };

/* One more of them.  A model's own vendor counts where the document names none, but for the first. */
static int take(struct job *j, struct common *c, const struct tree *cpu)
{
    const struct cpu_model *m = cpu_model_named(tree_text(cpu, "model"));
    const char *said = tree_text(cpu, "vendor"), *known = strcmp(m->vendor, "unknown") ? m->vendor : NULL, *own = said ? said : c->first ? NULL : known;
    struct cpu_features f;
    cpu_doc_features(cpu, m, &f);
    if (said && known && !c->first && strcmp(said, known))
        return err_set(&j->e, VIR_ERR_OPERATION_FAILED, VIR_FROM_CPU, "CPU vendor %s of model %s differs from vendor %s", known, m->name, said);
    if (c->vendor && own && strcmp(c->vendor, own))
        return err_set(&j->e, VIR_ERR_OPERATION_FAILED, VIR_FROM_CPU, "CPU vendors do not match");
    c->same_model = c->first || (c->same_model && c->model && !strcmp(c->model, m->name));
    c->tells_vendor = (c->first || c->tells_vendor) && said;
    c->model = m->name;
    for (const struct cpu_model *v = cpu_model(0); own && v->name && !c->vendor; v++)
        c->vendor = strcmp(v->vendor, own) ? NULL : v->vendor;         /* a name that outlives the document */
    for (size_t i = 0; i < ARRAY_N(f.bits); i++)
        c->f.bits[i] = c->first ? f.bits[i] : c->f.bits[i] & f.bits[i];
    c->first = false;
    return 0;
}

static int take_all(struct job *j, struct common *c, bool of_hosts)
{
    uint32_t n = mp_get_array(&j->in, CPUS_MAX);
    *c = (struct common){.first = true};
    if (j->in.bad)
        return bad_args(j);
    if (!n)
        return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_DOMAIN, "ncpus in virConnectBaselineCPU must be greater than zero");
    for (uint32_t i = 0; i < n; i++) {
        size_t len;
        const char *xml = mp_get_str(&j->in, &len);
        if (!xml)
            return bad_args(j);
        AUTO_TREE *cpu = read_cpu(j, xml, len, !of_hosts ? ANY_CPU : i ? ANOTHER_HOST_CPU : HOST_CPU, false);
        if (!cpu)
            return -1;
        if (!tree_text(cpu, "model"))
            return err_set(&j->e, VIR_ERR_INVALID_ARG, VIR_FROM_CPU, "no CPU model specified at index %u", i);
        if (take(j, c, cpu))
            return -1;
    }
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(tree_attr(*(struct tree *const *)a, "name"), tree_attr(*(struct tree *const *)b, "name"));
}

/* Names every feature, in the order of the alphabet. */
static void expand(struct tree *cpu, const struct cpu_features *want)
{
    struct tree *all[CPU_FEATURES_MAX], *t;
    const struct cpu_features none = {{0}};
    unsigned n = 0;
    TREE_EACH(f, cpu, "feature")
        if (tree_attr_is(f, "policy", "require"))
            tree_set_attr(f, "policy", "replaced");
    AUTO_TREE *some = tree_new("some");
    cpu_add_features(some, want, &none);
    while ((t = tree_first(some, "feature")))
        tree_append(cpu, t);
    for (t = tree_first(cpu, "feature"); t && n < ARRAY_N(all); ) {
        struct tree *next = tree_next(t, "feature");
        tree_unlink(t);
        if (tree_attr_is(t, "policy", "replaced"))
            tree_free(t);
        else
            all[n++] = t;
        t = next;
    }
    qsort(all, n, sizeof all[0], by_name);
    for (unsigned i = 0; i < n; i++)
        tree_append(cpu, all[i]);
}

/* e NULL: any model. only_exact: the answer is to be had as it is. */
static int baseline(struct job *j, struct mp_out *o, struct common *c, const struct caps_emulator *e, bool kvm, bool only_exact, uint32_t flags)
{
    static const struct cpu_features none = {{0}};
    static const char *const stay[] = {"invtsc", "xsaves"};
    for (size_t i = 0; flags & BASELINE_MIGRATABLE && i < ARRAY_N(stay); i++)
        cpu_drop(&c->f, (unsigned)cpu_feature(stay[i]));
    for (size_t i = 0; cpu_never[i]; i++)
        cpu_drop(&c->f, (unsigned)cpu_feature(cpu_never[i]));
    if (!memcmp(&c->f, &none, sizeof none))
        return err_set(&j->e, VIR_ERR_OPERATION_FAILED, VIR_FROM_CPU, "CPUs are incompatible");
    const char *known = cpu_model_named(c->model)->vendor;
    if (c->vendor && strcmp(known, "unknown") && strcmp(known, c->vendor))
        c->same_model = false;
    const struct cpu_model *m = c->same_model && (!e || caps_cpu(e, kvm ? CAPS_KVM : CAPS_TCG, c->model)) ? cpu_model_named(c->model) : cpu_pick(e, kvm, &c->f, c->vendor, CPU_PICK_MOST);
    if (!m)
        return err_set(&j->e, VIR_ERR_OPERATION_FAILED, VIR_FROM_CPU, "Cannot find suitable CPU model for given data");
    AUTO_TREE *cpu = tree_new("cpu");
    tree_set_attr(cpu, "mode", "custom");
    tree_set_attr(cpu, "match", "exact");
    struct tree *model = tree_add_text(cpu, "model", "%s", m->name);
    tree_set_attr(model, "fallback", only_exact || (c->same_model && !strcmp(m->name, c->model)) ? "forbid" : "allow");
    if (c->tells_vendor)
        tree_add_text(cpu, "vendor", "%s", c->vendor);
    cpu_add_features(cpu, &c->f, &m->has);
    for (unsigned i = 0; cpu_feature_name(i); i++)
        if (cpu_has(&m->gone, i) && !cpu_has(&c->f, i) && !cpu_has(&m->has, i)) {       /* which other versions of the model have */
            struct tree *f = tree_add(cpu, "feature");
            tree_set_attr(f, "policy", "disable");
            tree_set_attr(f, "name", "%s", cpu_feature_name(i));
        }
    if (flags & BASELINE_EXPAND)
        expand(cpu, &c->f);
    AUTO_FREE char *text = tree_print(cpu, 0, NULL);
    mp_array(o, 1);
    mp_str(o, text);
    return text ? 0 : err_set(&j->e, VIR_ERR_NO_MEMORY, VIR_FROM_CPU, " ");
}

int on_baseline_cpu(struct job *j, struct mp_out *o)
{
    struct common c;
    if (take_all(j, &c, true))
        return -1;
    uint32_t flags = mp_get_u32(&j->in);
    return mp_end(&j->in) ? baseline(j, o, &c, NULL, false, false, flags) : bad_args(j);
}

int on_baseline_hypervisor_cpu(struct job *j, struct mp_out *o)
{
    struct common c;
    AUTO_GUESTS g = {.e = NULL};
    guests_get(j, &g);
    if (take_all(j, &c, false))
        return -1;
    uint32_t flags = mp_get_u32(&j->in);
    if (!mp_end(&j->in))
        return bad_args(j);
    if (guests_find(j, &g))
        return -1;
    if (!(flags & BASELINE_MIGRATABLE))      /* QEMU leaves it out of what can migrate only */
        cpu_add(&g.most, (unsigned)cpu_feature("invtsc"));
    for (size_t i = 0; i < ARRAY_N(g.most.bits); i++)
        c.f.bits[i] &= g.most.bits[i];
    return baseline(j, o, &c, g.e, g.kvm, true, flags);
}
