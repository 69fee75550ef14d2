/* cpu.h: x86 processors in libvirt's terms: features, models, the model that describes a processor in the fewest words, and the <cpu> of a guest. */
#ifndef BULKHEAD_CPU_H
#define BULKHEAD_CPU_H
#include <stdbool.h>
#include <stdint.h>
#include "ipc/err.h"
#include "workers/caps.h"
#include "workers/tree.h"

#define CPU_FEATURES_MAX 320
struct cpu_features { uint64_t bits[CPU_FEATURES_MAX / 64]; };     /* by number of the feature */
static inline bool cpu_has(const struct cpu_features *f, unsigned i) { return f->bits[i / 64] >> i % 64 & 1; }
static inline void cpu_add(struct cpu_features *f, unsigned i) { f->bits[i / 64] |= 1ull << i % 64; }
static inline void cpu_drop(struct cpu_features *f, unsigned i) { f->bits[i / 64] &= ~(1ull << i % 64); }

const char *cpu_feature_name(unsigned i);                          /* libvirt's name, NULL beyond the last */
int cpu_feature(const char *name);                                 /* number of a feature by libvirt's name, -1 unknown */
bool cpu_feature_is_msr(unsigned i);                               /* CPUID does not tell of it */
void cpu_host(struct cpu_features *f, const char **vendor);        /* by the processor's own instruction; vendor "Intel", "AMD", ... or NULL */
/* Before cpu_host(), which cannot read it: IA32_ARCH_CAPABILITIES of this host (struct settings has it). It counts where the processor says that it has that register. */
void cpu_host_msr(uint64_t arch_capabilities);
void cpu_of_list(struct cpu_features *f, const struct caps_list *names);  /* QEMU's names; unknown ones are left out */
/* One word of CPUID as QEMU tells it: leaf, subleaf, register ("EAX" ... "EDX"), value. */
void cpu_of_word(struct cpu_features *f, uint32_t leaf, uint32_t sub, const char *reg, uint32_t value);
/* What a guest of this accelerator can have at most. false: the binary does not tell. */
bool cpu_most(const struct caps_emulator *e, bool kvm, struct cpu_features *f, const char **vendor);

struct cpu_model { const char *name, *vendor; struct cpu_features has, gone; uint8_t picked; };   /* vendor "unknown" for none */
const struct cpu_model *cpu_model(unsigned i);                     /* in the order clients list them; name NULL beyond the last */
const struct cpu_model *cpu_model_named(const char *name);         /* NULL unknown */
/* The model that describes `want` in the fewest words; vendor NULL: any.  e: only models that it knows, and what keeps one from running
 * there counts; NULL any.  NULL when there is none. */
enum cpu_pick {
    CPU_PICK_HOST,          /* the processor of this host: no feature may be taken away */
    CPU_PICK_MOST,          /* what a guest can have at most */
    CPU_PICK_LIKE,          /* for a model that QEMU does not know: each feature taken away costs more than the one before */
};
const struct cpu_model *cpu_pick(const struct caps_emulator *e, bool kvm, const struct cpu_features *want, const char *vendor, enum cpu_pick how);
/* As <feature> children in the features' order: what `want` has more than `has`, then with policy='disable' what it has less. */
void cpu_add_features(struct tree *cpu, const struct cpu_features *want, const struct cpu_features *has);

/* <cpu> of a definition as virDomainGetXMLDesc shows it with VIR_DOMAIN_XML_UPDATE_CPU: host-model and match='minimum' become the model they stand for. */
void cpu_doc_update(struct tree *cpu, const struct caps_emulator *e, bool kvm);
/* The features of a model (NULL: none) with what <cpu> says of single ones. */
void cpu_doc_features(const struct tree *cpu, const struct cpu_model *m, struct cpu_features *f);
extern const char *const cpu_never[];                              /* features that no guest is given by name; NULL at the end */
/* Can a host with these features and vendor (NULL: any) be what <cpu> asks for? 0, *same when it has nothing more; or -1 with *err set, VIR_ERR_CPU_INCOMPATIBLE. */
int cpu_doc_compare(const struct tree *cpu, const struct cpu_features *host, const char *vendor, bool *same, struct err *err);
/* <cpu> of a guest that is about to run: updated, checked against what the accelerator can, and told in words that this QEMU knows. */
int cpu_doc_start(struct tree *cpu, const struct caps_emulator *e, bool kvm, struct err *err);
/* <cpu> of a guest that runs: what QEMU made of it.  on, off: features the guest has; that were asked for and could not be had.  0, or -1 where the
 * document wants check='full' and something differs.  true in *changed when it was changed. */
int cpu_doc_live(struct tree *cpu, const struct cpu_features *on, const struct cpu_features *off, bool *changed, struct err *err);
#endif
