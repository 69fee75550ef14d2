/* tree-params.h: typed parameters that stand in a guest's document: scheduler, memory, block and interface tuning. */
#ifndef BULKHEAD_TREE_PARAMS_H
#define BULKHEAD_TREE_PARAMS_H
#include <stdbool.h>
#include "ipc/err.h"
#include "workers/tree.h"
#include "workers/typed.h"

/* Answers virDomainGet{Memory,Scheduler,Blkio,Numa,Interface}Parameters, virDomainGetPerfEvents, ...SchedulerType and ...BlockIoTune (op) from dom.  in: the arguments
 * behind the domain.  is_live: what is absent has the value the kernel gives, not 0.  The reply's values are written to o, array header
 * included.  0, or -1 with *e set. */
int tree_params(uint32_t op, const struct tree *dom, bool is_live, struct mp_in *in, struct mp_out *o, struct err *e);
/* The other direction (tree-params-set.c): virDomainSet...Parameters, ...PerfEvents and ...BlockIoTune, their values checked and written into dom, which
 * is half changed after an error.  Elements are added at the end of their parent.  0, or -1 with *e set. */
int tree_params_set(uint32_t op, struct tree *dom, bool is_live, struct mp_in *in, struct err *e);

/* ---- what both directions share ---- */
#define PARAMS_UNLIMITED 9007199254740991ll    /* VIR_DOMAIN_MEMORY_PARAM_UNLIMITED */
#define PARAMS_NUMA_MODES 4
extern const char *const params_numa_mode[PARAMS_NUMA_MODES];
/* The parameters that a call, of either direction, knows; NULL: it has none. */
const struct param *params_of(uint32_t op, unsigned *n);
struct tree *params_interface(const struct tree *dom, const char *name);       /* by its target or MAC; NULL */
struct tree *params_disk(const struct tree *dom, const char *name);            /* by its target or source; NULL */

/* virDomainSetLifecycleAction: writes on_poweroff, on_reboot or on_crash. 0, or -1 with *e set. */
int lifecycle_set(struct tree *dom, uint32_t type, uint32_t action, struct err *e);

/* tree-iotune.c: <iotune> of a disk; v by row of the call's table, group_name apart. */
enum { IOTUNE_N = 20, IOTUNE_GROUP = 13 };
struct iotune { uint64_t v[IOTUNE_N]; char *group; };
void iotune_free(struct iotune *t);
#define AUTO_IOTUNE __attribute__((cleanup(iotune_free))) struct iotune
/* Checks what a call asks for a disk of dom, of which it leaves out what others of the same kind did not mention: *out is the whole of it.  is_live: also that
 * QEMU takes it.  0, or -1 with *e set. */
bool iotune_can(const struct tree *disk, struct err *e);        /* can there be limits? false with *e set */
int iotune_ask(const struct tree *dom, const struct tree *disk, const struct typed_list *l, bool is_live, struct iotune *out, struct err *e);
void iotune_load(const struct tree *disk, struct iotune *t);
void iotune_store_one(struct tree *disk, const struct iotune *t);                   /* in this disk alone */
void iotune_store(struct tree *dom, struct tree *disk, const struct iotune *t);     /* in the disk, and those of its group */
#endif
