/* cpu.c: see cpu.h.  What models have is QEMU's own word (caps.h); only names, their order and vendors are written down here. */
#include "workers/host/cpu.h"
#include <string.h>
#include "ipc/util.h"
#ifdef __x86_64__
#include <cpuid.h>
#endif

enum { A, B, C, D };
static const struct { const char *name; uint32_t leaf, sub; uint8_t reg, bit; } features[] = {
#define F(...) F_(__VA_ARGS__)
#define F_(name, leaf, sub, reg, bit) { name, leaf, sub, reg, bit },
#include "workers/host/features.def"
#undef F_
#undef F
};
_Static_assert(ARRAY_N(features) <= CPU_FEATURES_MAX, "room for a bit each");

static const struct cpu_model models[] = {
    { "486", "unknown" }, { "pentium", "unknown" }, { "pentium2", "unknown" }, { "pentium3", "unknown" }, { "pentiumpro", "unknown" }, { "coreduo", "Intel" }, { "n270", "Intel" },
    { "core2duo", "Intel" }, { "qemu32", "unknown" }, { "kvm32", "unknown" }, { "cpu64-rhel5", "unknown" }, { "cpu64-rhel6", "unknown" }, { "qemu64", "unknown" }, { "kvm64", "unknown" },
    { "Conroe", "Intel" }, { "Penryn", "Intel" }, { "Nehalem", "Intel" }, { "Nehalem-IBRS", "Intel" }, { "Westmere", "Intel" }, { "Westmere-IBRS", "Intel" }, { "SandyBridge", "Intel" },
    { "SandyBridge-IBRS", "Intel" }, { "IvyBridge", "Intel" }, { "IvyBridge-IBRS", "Intel" }, { "Haswell-noTSX", "Intel" }, { "Haswell-noTSX-IBRS", "Intel" }, { "Haswell", "Intel" },
    { "Haswell-IBRS", "Intel" }, { "Broadwell-noTSX", "Intel" }, { "Broadwell-noTSX-IBRS", "Intel" }, { "Broadwell", "Intel" }, { "Broadwell-IBRS", "Intel" }, { "Skylake-Client", "Intel" },
    { "Skylake-Client-IBRS", "Intel" }, { "Skylake-Client-noTSX-IBRS", "Intel" }, { "Skylake-Server", "Intel" }, { "Skylake-Server-IBRS", "Intel" }, { "Skylake-Server-noTSX-IBRS", "Intel" },
    { "Cascadelake-Server", "Intel" }, { "Cascadelake-Server-noTSX", "Intel" }, { "Icelake-Client", "Intel" }, { "Icelake-Client-noTSX", "Intel" }, { "Icelake-Server", "Intel" },
    { "Icelake-Server-noTSX", "Intel" }, { "Cooperlake", "Intel" }, { "Snowridge", "Intel" }, { "athlon", "AMD" }, { "phenom", "AMD" }, { "Opteron_G1", "AMD" }, { "Opteron_G2", "AMD" },
    { "Opteron_G3", "AMD" }, { "Opteron_G4", "AMD" }, { "Opteron_G5", "AMD" }, { "EPYC", "AMD" }, { "EPYC-IBPB", "AMD" }, { "EPYC-Rome", "AMD" }, { "EPYC-Milan", "AMD" }, { "Dhyana", "Hygon" },
    { NULL, NULL },
};

const char *cpu_feature_name(unsigned i) { return i < ARRAY_N(features) ? features[i].name : NULL; }
const struct cpu_model *cpu_model(unsigned i) { return &models[i < ARRAY_N(models) ? i : ARRAY_N(models) - 1]; }

static void add(struct cpu_features *f, unsigned i) { f->bits[i / 64] |= 1ull << i % 64; }

static void drop(struct cpu_features *f, const char *name)
{
    for (unsigned i = 0; i < ARRAY_N(features); i++)
        if (!strcmp(features[i].name, name))
            f->bits[i / 64] &= ~(1ull << i % 64);
}

void cpu_host(struct cpu_features *f, const char **vendor)
{
    *f = (struct cpu_features){ { 0 } };
    *vendor = NULL;
#ifdef __x86_64__
    static const char *const vendors[][2] = { { "GenuineIntel", "Intel" }, { "AuthenticAMD", "AMD" }, { "HygonGenuine", "Hygon" } };
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
        if (__get_cpuid_max(features[i].leaf & 0x80000000u, NULL) < features[i].leaf)
            continue;
        __cpuid_count(features[i].leaf, features[i].sub, r[A], r[B], r[C], r[D]);
        if (r[features[i].reg] >> features[i].bit & 1)
            add(f, i);
    }
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
                add(f, i);
}

const struct caps_cpu *cpu_pick(const struct caps_emulator *e, const struct cpu_features *want, const char *vendor, bool only_add, struct cpu_features *has)
{
    const struct caps_cpu *best = NULL;
    unsigned least = ~0u;
    for (const struct cpu_model *m = models; m->name; m++) {
        const struct caps_cpu *c = caps_cpu(e, CAPS_TCG, m->name);
        struct cpu_features f;
        if (!c || (vendor && strcmp(m->vendor, "unknown") && strcmp(m->vendor, vendor)))
            continue;
        cpu_of_list(&f, &c->features);
        drop(&f, "hypervisor");      /* QEMU's addition to every model: not the model's */
        unsigned more = 0, less = 0;
        for (size_t i = 0; i < ARRAY_N(f.bits); i++) {
            more += (unsigned)__builtin_popcountll(want->bits[i] & ~f.bits[i]);
            less += (unsigned)__builtin_popcountll(f.bits[i] & ~want->bits[i]);
        }
        if ((only_add && less) || more + less >= least)
            continue;
        least = more + less;
        best = c;
        *has = f;
    }
    return best;
}
