/* hand_helper.h: the programs of the host that a guest has beside QEMU (MK_HELPER). */
#ifndef BULKHEAD_HAND_HELPER_H
#define BULKHEAD_HAND_HELPER_H
#include <limits.h>
#include <linux/capability.h>
#include "hand_launch.h"

enum { HELPERS_MAX = 16, PERF_MAX = 32, HELPER_SEES_MAX = 8, HELPER_ARGS_MAX = 512, HELPER_FD_QEMU = 3, HELPER_FD_LOG = 4 /* in a helper: to QEMU; its log, which is its stdout and stderr too */ };

struct helper;
struct helpers;
struct helper_args { char *v[HELPER_ARGS_MAX + 1]; unsigned n; char text[4096]; size_t at; };

/* A kind of helper. */
struct helper_row {
    const char *name;                       /* of the program, as errors and logs have it */
    /* In the hand, as root, with the host's files: finds the program, opens what the helper gets, makes what it needs. 0, or -1 with *e. */
    int (*prepare)(struct helper *p, const struct helpers *all, struct err *e);
    /* In the guest's first process, before the helper is started: what has to be done before; NULL: nothing. 0, or -1 with *f. */
    int (*first)(const struct helper *p, const struct helpers *all, struct stub_fail *f);
    void (*args)(const struct helper *p, const struct helpers *all, struct helper_args *a);
    unsigned sees;                          /* how many of its entries in see the helper itself has; those behind are for what comes first */
    int filter;                             /* enum policy_filter_id; FILTER_HELPER: it loads a list of its own before it hears the guest */
    uint64_t caps;                          /* what it keeps */
    bool reads_proc;                        /* beyond its own processes */
    bool hostnet;                           /* it has the host's network; others have none */
    bool says_ready;                        /* it writes a file with its pid (HELPER_READY_PATH) when it is ready to serve: the guest starts then, and does not if it has ended */
    unsigned files;                         /* open ones at most; 0: what is enough for most */
};
/* Of who serves files with their owners: what virtiofsd keeps, and what it gives that up with. */
#define HELPER_CAPS_FILES (1ull << CAP_CHOWN | 1ull << CAP_DAC_OVERRIDE | 1ull << CAP_FOWNER | 1ull << CAP_FSETID | 1ull << CAP_SETGID | 1ull << CAP_SETUID | 1ull << CAP_MKNOD | 1ull << CAP_SETFCAP | \
    1ull << CAP_SYS_CHROOT | 1ull << CAP_SETPCAP)
extern const struct helper_row helper_swtpm, helper_virtiofs, helper_passt;
#define HELPER_READY_PATH "/proc/self/fd/0"

struct helper {
    const struct helper_row *kind;
    const char *path, *aux;             /* of its entry in the manifest, "": none */
    int fd;                             /* its end of the connection with QEMU */
    int log;                            /* -1: the guest's own */
    uint32_t uid, gid;
    struct helper_sees see[HELPER_SEES_MAX];
    char program[128], log_path[PATH_MAX];
    uint32_t index;                     /* of its entry */
    int pid;                            /* in the guest's namespace */
    /* of a TPM emulator */
    char setup[128], folder[PATH_MAX] /* of its state */;
    bool is_new;
    uint32_t ca_uid, ca_gid;
};
struct helpers {
    const struct launch *l;
    struct layout layout;
    bool session, has_view, hostnet /* one of them has it */;
    unsigned n;
    struct helper one[HELPERS_MAX];
    bool taken[FRAME_FDS_MAX];          /* of the launch's descriptors: a helper's or an event's, none of QEMU's */
    struct { const char *name; int to; } perf[PERF_MAX];    /* performance events, and the socket for each (hand_perf.h) */
    unsigned nperf;
};

/* SAFETY: what the policy keeps from a document's paths must not be in the folder fd either, nor in what is mounted in it, nor the folder, by a link, in that: the guest writes there. 0, or -1 with *e. */
int folder_judge(const struct layout *l, const char *path, int fd, struct err *e);

/* hand_share.c: the folders that QEMU itself serves. */
enum { SHARES_MAX = 16 };
struct shares {
    unsigned n;
    struct helper_sees see[SHARES_MAX];
    char at[SHARES_MAX][16];
    int owners;                         /* a user namespace: whose is what in them; negative: as on the host */
};
/* In the hand: the folders of the call's manifest, which is mapped. 0, or -1 with *e. */
int shares_prepare(struct shares *s, struct hand *h, const struct launch *l, bool session, struct err *e);

/* In the hand: finds the helpers of the call's manifest, which is mapped, and makes and opens what they need; and the performance events. 0, or -1 with *e. */
int helpers_prepare(struct helpers *all, struct hand *h, const struct launch *l, bool session, struct err *e);
/* In the guest's first process, before it shuts itself in: starts them. 0, or -1 with *f. */
int helpers_start(struct helpers *all, struct stub_fail *f);

/* ---- for the kinds ---- */

/* The value of a word "key=value" of what the document says; false: it is not there, or does not fit. */
bool helper_word(const char *aux, const char *key, char *value, size_t n);
/* Ends the process where there is no room. */
void helper_arg(struct helper_args *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The path of a program. 0; 1: it is not there, and how libvirt words that is the kind's affair; -1 with *e. */
int helper_find(const char *name, char path[128], bool session, struct err *e);
/* Makes the folders of a path of ours, of which `from` bytes are there. A descriptor of the last, or a negative errno. */
int helper_folders(const char *path, size_t from, mode_t mode);
/* How a process of a helper's is shut in. */
struct helper_shut_in {
    uint32_t uid, gid, group;           /* one beside gid; ~0u: none */
    unsigned sees;                      /* how many of p->see */
    int filter;                         /* enum policy_filter_id */
    uint64_t caps;                      /* what it keeps */
    int failed;                         /* a pipe's end, for a struct stub_fail; -1: words go to stderr */
};
/* Runs what makes something for the helper, to its end, with the helper's descriptors. Its status, as waitpid() tells. */
int helper_first(const struct helper *p, const struct helpers *all, const struct helper_shut_in *how, struct helper_args *a);
#endif
