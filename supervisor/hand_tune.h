/* hand_tune.h: what the host's kernel is told of a guest: limits of its control groups, and which CPUs its threads run on.
 *
 * The text is xmlc's, in the manifest (MK_TUNE): words of the form KEY=VALUE, one blank between two.  Keys: those of tune_numbers; "cpus" and "mems", sets of
 * CPUs and NUMA nodes for whatever has none of its own ("0-3,8"); pins: "e" the emulator, "v2" vCPU 2, "i1" I/O thread 1; and the same with "S" before it
 * for a scheduler of the kernel's and its priority ("Sv2=fifo:1"). */
#ifndef BULKHEAD_HAND_TUNE_H
#define BULKHEAD_HAND_TUNE_H
#include <stdbool.h>
#include <stdint.h>
#include "ipc/err.h"

enum thread_kind { THREAD_EMULATOR, THREAD_VCPU, THREAD_IO, THREAD_KINDS };
enum tune_number {
    TUNE_HARD, TUNE_SOFT, TUNE_SWAP,        /* KiB */
    TUNE_SHARES, TUNE_PERIOD, TUNE_QUOTA,   /* of the whole guest; us */
    TUNE_WEIGHT,
    TUNE_THREADS,                           /* period and quota of each kind of thread, in their order */
    TUNE_N = TUNE_THREADS + 2 * THREAD_KINDS
};
enum { CPUS_MAX = 1024, PINS_MAX = 1024, MEMS_BYTES = 256, KEY_BYTES = 24 };
struct cpus { uint64_t w[CPUS_MAX / 64]; };
struct pin { uint8_t kind; uint32_t id; struct cpus cpus; };
struct thread_sched { uint8_t kind; uint32_t id; int policy, priority; };       /* as sched_setscheduler() has them */
/* What single disks may have: "dweight", "dread_bytes_sec", ... with VALUE:PATH, the path of a block device of the host. */
enum tune_disk_what { DISK_WEIGHT, DISK_READ_BYTES, DISK_WRITE_BYTES, DISK_READ_IOPS, DISK_WRITE_IOPS, DISK_WHAT_N };
enum { DISKS_MAX = 64, DISK_PATH_BYTES = 512 };
struct tune_disk { uint8_t what; int64_t n; char path[DISK_PATH_BYTES]; };
struct tune {
    bool given[TUNE_N];
    int64_t n[TUNE_N];
    struct cpus cpus;                       /* none: all */
    char mems[MEMS_BYTES];                  /* "" none */
    struct pin pin[PINS_MAX];
    unsigned pins;
    struct thread_sched sched[PINS_MAX];
    unsigned scheds;
    struct tune_disk disk[DISKS_MAX];
    unsigned disks;
};

/* hand_tune_text.c. Reads such a text; NULL or "": nothing is said. 0 or -EPROTO. */
int tune_read(struct tune *t, const char *text);
bool cpus_any(const struct cpus *c);
/* "0-3,8"; false: it does not fit. */
bool cpus_text(const struct cpus *c, char *dst, size_t n);
const struct pin *tune_pin(const struct tune *t, int kind, uint32_t id);        /* NULL: it has none */
const struct thread_sched *tune_sched(const struct tune *t, int kind, uint32_t id);     /* its own, or the emulator's, which began it; NULL: the usual */
/* Those of the pin, or of all; NULL: any. */
const struct cpus *tune_cpus(const struct tune *t, int kind, uint32_t id);

/* hand_cgroup.c: the groups of a guest that runs are as t says; what only was says has the kernel's default again.
 * 0, or -1 with *e set, and then some are so and some not. */
struct cgroups;
int cgroup_tune(struct cgroups *c, int32_t id, const char *name, bool session, const struct tune *t, const struct tune *was, struct err *e);
int cgroup_put(const char *dir, const char *file, const char *value);   /* 0 or negative errno */
/* hand_disks.c: what t says of disks in the group dir of that version, and of those that only was (or NULL) has nothing more. 0, or a negative errno with *e set. */
int cgroup_disks(const char *dir, int version, const struct tune *t, const struct tune *was, struct err *e);
/* A thread's group within them, and the thread into it. period, quota: 0: the kernel's default. */
int cgroup_thread(const struct cgroups *c, const char *group, int64_t period, int64_t quota, struct err *e);
/* Its CPUs (NULL: the whole guest's), where its group has a set of them: libvirt's daemon makes those. 0 or negative errno. */
int cgroup_thread_cpus(const struct cgroups *c, const char *group, const struct cpus *cpus);
int cgroup_thread_join(const struct cgroups *c, const char *group, int32_t tid);       /* 0 or negative errno */
#endif
