/* cpu.c: features and models; see cpu.h. */
#include "workers/cpu.h"
#include <string.h>
#include "ipc/util.h"
#ifdef __x86_64__
#include <cpuid.h>
#endif

enum { A, B, C, D };
static const struct { const char *name; uint32_t leaf, sub; uint8_t reg, bit; } features[] = {
#define F(...) F_(__VA_ARGS__)
#define F_(name, leaf, sub, reg, bit) { name, leaf, sub, reg, bit },
#include "workers/cpu-features.def"
#undef F_
#undef F
};
_Static_assert(ARRAY_N(features) <= CPU_FEATURES_MAX, "room for a bit each");

enum { NONE, HOST, BOTH };
#define ANY "unknown"
#define INTEL "Intel"
#define AMD "AMD"
#define HYGON "Hygon"
static const struct { const char *name, *vendor, *base, *features, *gone; uint8_t picked; } models[] = {
#define M(name, vendor, base, features, gone, picked) { name, vendor, base, features, gone, picked },
#include "workers/cpu-models.def"
#undef M
};

const char *cpu_feature_name(unsigned i) { return i < ARRAY_N(features) ? features[i].name : NULL; }
bool cpu_feature_is_msr(unsigned i) { return i < ARRAY_N(features) && !features[i].leaf; }

static int find(const char *name, size_t n)
{
    for (unsigned i = 0; i < ARRAY_N(features); i++)
        if (!strncmp(features[i].name, name, n) && !features[i].name[n])
            return (int)i;
    return -1;
}

int cpu_feature(const char *name) { return find(name, strlen(name)); }

/* "x y -z": adds and drops. */
static void apply(struct cpu_features *f, const char *words)
{
    for (size_t n; *words; words += n + (words[n] == ' ')) {
        n = strcspn(words, " ");
        bool less = *words == '-';
        int i = find(words + less, n - less);
        if (i >= 0 && less)
            cpu_drop(f, (unsigned)i);
        else if (i >= 0)
            cpu_add(f, (unsigned)i);
    }
}

const struct cpu_model *cpu_model(unsigned i)
{
    static struct cpu_model table[ARRAY_N(models) + 1];
    if (!table[0].name)
        for (unsigned k = 0; k < ARRAY_N(models); k++) {
            struct cpu_model *m = &table[k];
            for (unsigned b = 0; b < k; b++)
                if (!strcmp(table[b].name, models[k].base))
                    m->has = table[b].has;
            m->name = models[k].name;
            m->vendor = models[k].vendor;
            m->picked = models[k].picked;
            apply(&m->has, models[k].features);
            apply(&m->gone, models[k].gone);
        }
    return &table[i < ARRAY_N(models) ? i : ARRAY_N(models)];
}

const struct cpu_model *cpu_model_named(const char *name)
{
    for (const struct cpu_model *m = cpu_model(0); m->name; m++)
        if (!strcmp(m->name, name))
            return m;
    return NULL;
}

static uint64_t arch_msr;
void cpu_host_msr(uint64_t arch_capabilities) { arch_msr = arch_capabilities; }

void cpu_host(struct cpu_features *f, const char **vendor)
{
    *f = (struct cpu_features){ { 0 } };
    *vendor = NULL;
#ifdef __x86_64__
    static const char *const vendors[][2] = { { "GenuineIntel", INTEL }, { "AuthenticAMD", AMD }, { "HygonGenuine", HYGON } };
    uint32_t r[4] = { 0 };
    char id[13] = "";
    __cpuid(0, r[A], r[B], r[C], r[D]);
    memcpy(id, &r[B], 4);
    memcpy(id + 4, &r[D], 4);
    memcpy(id + 8, &r[C], 4);
    for (size_t i = 0; i < ARRAY_N(vendors); i++)
        if (!strcmp(id, vendors[i][0]))
            *vendor = vendors[i][1];
    for (unsigned i = 0; i < ARRAY_N(features); i++) {
        if (!features[i].leaf || __get_cpuid_max(features[i].leaf & 0x80000000u, NULL) < features[i].leaf)
            continue;
        __cpuid_count(features[i].leaf, features[i].sub, r[A], r[B], r[C], r[D]);
        if (r[features[i].reg] >> features[i].bit & 1)
            cpu_add(f, i);
    }
    if (cpu_has(f, (unsigned)find("arch-capabilities", 17)))
        for (unsigned i = 0; i < ARRAY_N(features); i++)
            if (!features[i].leaf && features[i].reg == A && arch_msr >> features[i].bit & 1)
                cpu_add(f, i);
#endif
}

/* '_' and '.' of libvirt's names are '-' in QEMU's, and three differ. */
static bool same(const char *ours, const char *qemu)
{
    static const char *const other[][2] = { { "pclmuldq", "pclmulqdq" }, { "cvt16", "f16c-old" }, { "cmt", "cqm" } };
    for (size_t i = 0; i < ARRAY_N(other); i++)
        if (!strcmp(ours, other[i][0]))
            ours = other[i][1];
    for (; *ours && *qemu; ours++, qemu++) {
        char a = *ours == '_' || *ours == '.' ? '-' : *ours, b = *qemu == '_' || *qemu == '.' ? '-' : *qemu;
        if (a != b)
            return false;
    }
    return *ours == *qemu;
}

void cpu_of_list(struct cpu_features *f, const struct caps_list *names)
{
    *f = (struct cpu_features){ { 0 } };
    for (unsigned n = 0; n < names->n; n++)
        for (unsigned i = 0; i < ARRAY_N(features); i++)
            if (same(features[i].name, names->v[n]))
                cpu_add(f, i);
}

void cpu_of_word(struct cpu_features *f, uint32_t leaf, uint32_t sub, const char *reg, uint32_t value)
{
    for (unsigned i = 0; i < ARRAY_N(features); i++)
        if (leaf && features[i].leaf == leaf && features[i].sub == sub && reg[0] == 'E' && reg[1] == 'A' + features[i].reg && value >> features[i].bit & 1)
            cpu_add(f, i);
}

bool cpu_most(const struct caps_emulator *e, bool kvm, struct cpu_features *f, const char **vendor)
{
    const struct caps_cpu *most = e ? caps_cpu(e, kvm ? CAPS_KVM : CAPS_TCG, kvm ? "host" : "max") : NULL;
    *vendor = AMD;                  /* of QEMU's own processors */
    if (kvm)
        cpu_host(f, vendor);
    if (most)
        cpu_of_list(f, &most->features);
    return most || kvm;
}

static unsigned count(const struct cpu_features *a, const struct cpu_features *b)
{
    unsigned n = 0;
    for (size_t i = 0; i < ARRAY_N(a->bits); i++)
        n += (unsigned)__builtin_popcountll(a->bits[i] & ~b->bits[i]);
    return n;
}

const struct cpu_model *cpu_pick(const struct caps_emulator *e, bool kvm, const struct cpu_features *want, const char *vendor, enum cpu_pick how)
{
    const struct cpu_model *best = NULL;
    unsigned least = ~0u, least_less = ~0u;
    for (unsigned k = ARRAY_N(models); k-- > 0; ) {
        const struct cpu_model *m = cpu_model(k);
        const struct caps_cpu *c = e ? caps_cpu(e, kvm ? CAPS_KVM : CAPS_TCG, m->name) : NULL;
        struct cpu_features blocked = { { 0 } };
        if (m->picked < (how == CPU_PICK_HOST ? HOST : BOTH) || (e && !c) || (vendor && strcmp(m->vendor, ANY) && strcmp(m->vendor, vendor)))
            continue;
        if (c)
            cpu_of_list(&blocked, &c->blockers);
        for (size_t i = 0; i < ARRAY_N(want->bits); i++)        /* what is to go anyway, and what the accelerator has no say in */
            blocked.bits[i] = (blocked.bits[i] & ~(want->bits[i] & ~m->has.bits[i])) | (m->has.bits[i] & ~want->bits[i]);
        unsigned more = count(want, &m->has), less = count(&blocked, &(struct cpu_features){ { 0 } });
        unsigned words = more + (how == CPU_PICK_LIKE ? less * (less + 1) / 2 : less);
        if ((how == CPU_PICK_HOST && less) || words > least || (words == least && (how != CPU_PICK_LIKE || less >= least_less)))
            continue;
        least = words;
        least_less = less;
        best = m;
    }
    return best;
}

void cpu_add_features(struct tree *cpu, const struct cpu_features *want, const struct cpu_features *has)
{
    for (int off = 0; off < 2; off++)
        for (unsigned i = 0; i < ARRAY_N(features); i++)
            if (cpu_has(want, i) == !off && cpu_has(has, i) == !!off) {
                struct tree *f = tree_add(cpu, "feature");
                tree_set_attr(f, "policy", "%s", off ? "disable" : "require");
                tree_set_attr(f, "name", "%s", features[i].name);
            }
}
