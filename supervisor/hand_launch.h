/* hand_launch.h: the parts of hand-launch, and what crosses into the PID-1 stub. */
#ifndef BULKHEAD_HAND_LAUNCH_H
#define BULKHEAD_HAND_LAUNCH_H
#include "hand.h"
#include "hand_tune.h"

/* The stub's descriptors: 0 /dev/null, 1 and 2 the guest's log, then these, then QEMU's under their own numbers, then those held for it. */
enum { STUB_FD_PLAN = 3, STUB_FD_FILTER = 4, STUB_FD_STATUS = 5, STUB_FD_EXEC = 6, STUB_FD_FREE = 7 };
#define STUB_MAGIC 0x53545542u
struct stub_plan {              /* sealed memfd; args NUL-terminated arguments follow, of which the first may be of the environment, NAME=VALUE */
    uint32_t magic, args, args_bytes;
    uint32_t has_filter;        /* STUB_FD_FILTER holds struct sock_filter[] */
    uint32_t no_pidns;          /* no pid namespace: QEMU must be told to die with the stub */
    uint32_t held_from;         /* descriptors from this number on stay open in the stub and are none of QEMU's: the door, if there is one, then held */
    uint32_t held;
    struct launch_fd held_as[FRAME_FDS_MAX];
    char emulator[512];
};
/* Over STUB_FD_STATUS the stub's child sends one byte before it becomes QEMU (its pid comes as credentials); whoever fails before that sends
 * a struct stub_fail and ends.  STUB_FD_EXEC is a pipe that exec closes: end of file means that QEMU runs.  The stub waits for one byte more:
 * the guest is known to the daemon.  Without it (the hand was killed, the supervisor died) it ends, and QEMU with it: no guest is ever nobody's. */
/* Its door (ID.door, hand_record.c) stays open as long as it lives: who connects, a later daemon's hand, gets one frame, REPLY IN_HAND_PIDFD: held_as[], and the
 * descriptors. It may send one, CALL IN_HAND_SETTLE, of the same form: it takes the place of all of that, which a REPLY says. */
struct stub_fail { int32_t error; char text[500]; };
/* hand_launch.c. Fills in *f: error is an errno, or 0 where the text says all. -1 */
int stub_failed(struct stub_fail *f, int error, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

int proc_write(pid_t pid, const char *file, const char *text);      /* /proc/PID/file. 0 or negative errno */

/* hand_cgroup.c.  One guest's groups: a leaf below machine/ in each hierarchy that is there. */
enum { CG_V1_MAX = 12, CG_PATH_MAX = 512 };
struct cgroups {
    char v2[CG_PATH_MAX];                   /* "" none */
    char v1[CG_V1_MAX][CG_PATH_MAX]; unsigned nv1;
    char usage[CG_PATH_MAX];                /* cpuacct.usage_percpu or cpu.stat; "" none */
    char cpu[CG_PATH_MAX]; int cpu_version; /* of a guest that runs: where its CPU time is shared out; "" nowhere */
    char cpuset[CG_PATH_MAX];               /* of a guest that runs: "" none */
};
/* Makes the groups and sets the limits. 0 (also when the host has no groups for us); -1 with *e when a limit that was asked for cannot be set. */
int cgroup_make(struct cgroups *c, const struct launch *l, const struct tune *t, bool session, struct err *e);
/* Puts pid into the version 1 groups; with the version 2 one it is born there. */
int cgroup_join(const struct cgroups *c, pid_t pid);
/* Kills what is left in the groups, removes them. */
void cgroup_remove(int32_t id, const char *name);

/* hand_tune.c: what the manifest that is descriptor i of the call says of limits and pins. 0, or -1 with *e set. */
int tune_of(struct hand *h, unsigned i, struct tune *t, struct err *e);
/* IN_HAND_TUNE. */
void hand_tune(struct hand *h);
/* hand_reap.c: IN_HAND_REAP. */
void hand_reap(struct hand *h);

/* hand_helper.c.  Whether path is one of the host's own programs: root's, except in a session, and writable by its owner alone. 0; an errno: nothing can be run
 * there; -1 with *e: it is somebody else's. */
int own_program(const char *path, bool session, struct err *e);
/* Everything that only root may do, but what a helper is for, is given up: uid, gid and one group beside it (~0u: none), capabilities; for ever. NULL, or what
 * failed, with errno. */
const char *rights_drop(bool session, uint32_t uid, uint32_t gid, uint32_t group, uint64_t caps);

/* hand_head.c: the head of a guest's log into the pipe of it. */
void head_write(int to, int argv_fd, const struct launch *l);

/* hand_view.c.  QEMU's file system. Runs in the child, in its own mount namespace. */
struct view { const struct hand *h /* whose manifest's files it has, NULL none */; uint32_t uid, gid; bool session, hostnet; bool has_proc; int key /* of a QEMU's secrets, -1: none */; const struct helper_sees *sees; unsigned nsees; const int *owners /* of what it sees: a user
    * namespace with the numbers of who is who; NULL: as on the host */; bool reads_proc /* all of it, and writes nothing there */; };
struct helper_sees { int fd /* what it is, -1: nothing */; const char *path /* of the host's*/, *at /* its path in the view, without '/' before it */; bool may_write; };
/* Builds the view and makes it the root; on failure fills *fail. 0 or -1. */
int view_enter(struct view *v, struct stub_fail *fail);
#endif
