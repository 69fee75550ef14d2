/* keeper.h: the parts of the keeper.  It is the daemon's process: it spawns, reaps and holds descriptors, and decides nothing. */
#ifndef BULKHEAD_KEEPER_H
#define BULKHEAD_KEEPER_H
#include <stdbool.h>
#include <stdint.h>
#include "ipc/internal.h"
#include "ipc/layout.h"
#include "ipc/loop.h"
#include "ipc/settings.h"

#define DAEMON_NAME "virtqemud"

/* keeper_store.c: the descriptors held for others, and for the keeper itself.  Role says for whom. */
struct store_entry { struct held key; int fd; };      /* fd -1: free */
extern struct store_entry *store;
extern uint32_t store_n;                               /* rows once used */
int store_put(const struct held *key, int fd);         /* takes fd over, also on failure */
void store_drop(const struct held *key);               /* tag 0: all of the object */
void store_drop_channel(uint64_t channel);
int store_get(uint32_t role, uint32_t tag, uint32_t arg);   /* borrowed; -1 */
/* What the keeper is started with, by the daemon's front or by itself: all of it crosses an execve in one memfd. */
struct keeper_start {
    uint32_t magic, entries, procs;    /* filled in by store_save */
    uint32_t epoch;                    /* of the last supervisor; 0 none yet */
    int32_t notify_fd, ready_fd;       /* to be told when clients are accepted; -1 none */
    bool daemon, first_boot /* of this host: autostart */, owns_doors, owns_pid_file /* to unlink at the end */;
    struct layout layout;
    struct settings settings;
};
/* Makes the memfd, and every descriptor inheritable.  A descriptor or a negative errno. */
int store_save(struct keeper_start *k);
int store_load(int fd, struct keeper_start *k);
/* Ends in execve of the keeper with argv; a negative errno if it comes back. */
int keeper_exec(struct keeper_start *k, char **argv);

/* keeper_proc.c: processes, their log pipes and their ends. */
#define WORDS_MAX 2048
struct proc {
    struct held who;               /* pid 0: free row */
    struct loop_source pidfd, log; /* log.fd -1: none, or at its end */
    uint32_t words_n, line_n;      /* bytes in the tables of last words */
};
extern void (*proc_on_exit)(const struct exited *x);
int proc_add(const struct held *who, int pidfd, int log_fd);    /* takes both over */
void proc_reap(void);                                            /* on SIGCHLD */
#ifdef CRASH_POINTS
bool proc_killed(void);     /* a role has died of a signal (test builds, ipc/crash.h) */
#endif
int proc_kill(const struct kill_req *k);
struct proc *proc_next(struct proc *after);                      /* NULL: the first; NULL: no more */

/* keeper_spawn.c */
/* Starts role b->role with channel as descriptor 3, nfds descriptors from 5 on (kinds in b). All are borrowed. The row is added.
 * 0 or a negative errno. */
int spawn_role(const struct layout *l, const struct held *who, const struct birth *b, int channel, const int *fds, unsigned nfds);

/* output.c: where log lines go. */
void output_init(const struct settings *s, bool daemon);
void output_line(const struct held *who, const char *line);

#endif
