/* cpu.h: the host's processor in libvirt's terms: vendor, features, and the model that describes it with the fewest words. */
#ifndef BULKHEAD_HOST_CPU_H
#define BULKHEAD_HOST_CPU_H
#include <stdbool.h>
#include <stdint.h>
#include "workers/caps.h"
#include "workers/tree.h"

#define CPU_FEATURES_MAX 320
struct cpu_features { uint64_t bits[CPU_FEATURES_MAX / 64]; };     /* by number of the feature in cpu_feature_name() */

const char *cpu_feature_name(unsigned i);                          /* libvirt's name, NULL beyond the last */
void cpu_host(struct cpu_features *f, const char **vendor);        /* by the processor's own instruction; vendor "Intel", "AMD", ... or NULL */
void cpu_of_list(struct cpu_features *f, const struct caps_list *names);  /* QEMU's names */
/* Known models in the order clients list them; name NULL beyond the last. vendor "unknown" for none. */
struct cpu_model { const char *name, *vendor; };
const struct cpu_model *cpu_model(unsigned i);
/* The known model of emulator e that has the fewest differences to `want`; with only_add no feature may have to be taken away.
 * vendor NULL: any.  NULL when there is none.  *diff gets its features. */
const struct caps_cpu *cpu_pick(const struct caps_emulator *e, const struct cpu_features *want, const char *vendor, bool only_add, struct cpu_features *has);
static inline bool cpu_has(const struct cpu_features *f, unsigned i) { return f->bits[i / 64] >> i % 64 & 1; }
#endif
