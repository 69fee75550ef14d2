/* policy.h: what each role may be and do.
 *
 * profiles.def has a row a role (ids, capabilities, namespaces, limits, files), <role>.policy its system calls.  Nothing else decides it.
 * policy/mkfilter turns the tables into BPF at build time (filters.c), so that a process loads its filter with one system call and links
 * no library for it. */
#ifndef BULKHEAD_POLICY_H
#define BULKHEAD_POLICY_H
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "ipc/birth.h"

/* Sanitizers need what no role may do (threads that attach, shadow memory, a look at /proc): a build for tests with them has no filters,
 * and says so as a sandbox that is not whole. */
#ifdef SANITIZED
#define POLICY_HAS_FILTERS 0
#else
#define POLICY_HAS_FILTERS 1
#endif

/* Filters: one a role, by the role's number, and what is no role of ours. */
enum policy_filter_id { FILTER_QEMU_SYSTEM = ROLE_N /* QEMU itself, with the host's network */, FILTER_QEMU_SHUT /* without */, FILTER_HELPER /* programs beside it */, FILTER_N };

enum policy_ids {
    IDS_ROOT,      /* stays root, for what it opens belongs to root; with the row's capabilities only */
    IDS_OWN,       /* an id of the role's own */
    IDS_OBJECT,    /* an id of the object's own: two guests never share one */
};
enum policy_ns { NS_USER = 1, NS_MNT = 2, NS_NET = 4, NS_IPC = 8, NS_UTS = 16 };   /* void ones that are joined; NS_USER: where ids cannot be changed */
enum policy_files {
    FILES_HOST,    /* the host's, as uid and capabilities allow */
    FILES_NONE,    /* none */
    FILES_DIRS,    /* below the folders that came with its birth (BFD_DIR to write, BFD_PROC to read) */
    FILES_GIVEN,   /* reads below folders it gets a descriptor of, later too: such a folder must be a mount of its own, or ".." leads out;
                    * born with BFD_PROC it is as FILES_DIRS */
    FILES_SYSTEM,  /* reads /proc, /sys, and what QEMU's packages say of firmware */
};
#define LIMIT_KEEP UINT32_MAX      /* as inherited */

struct policy_profile {
    uint8_t ids;                /* enum policy_ids */
    uint8_t files;              /* enum policy_files: enforced by landlock, on top of the empty mount namespace */
    bool dumpable;
    uint32_t namespaces;        /* enum policy_ns */
    uint64_t caps;              /* 1 << CAP_x, kept in permitted, effective and bounding set */
    uint32_t nofile, nproc, as_mib, fsize_mib;
};
/* The row of a role; NULL for what is none. */
const struct policy_profile *policy_profile(int role);
/* All rows as a table for people. */
void policy_print(FILE *out);

struct policy_filter { const char *name; const struct sock_filter *insns; unsigned short n; };
extern const struct policy_filter policy_filters[FILTER_N];    /* n 0: none */
/* Sets no_new_privs and loads a filter, for ever.  trace: a blocked call is named on stderr before the process ends (debugging: the filter
 * is then the weaker, for a handler of the process's own runs).  0, or a negative errno; -ENOENT if there is no such filter. */
int policy_filter_load(int id, bool trace);
#endif
