/* keeper.h: the parts of the keeper.  It is the daemon's process: it spawns, reaps and holds descriptors, and decides nothing. */
#ifndef BULKHEAD_KEEPER_H
#define BULKHEAD_KEEPER_H
#include "ipc/internal.h"
#include "ipc/layout.h"
#include "ipc/loop.h"

/* keeper_store.c: what is held for others, and for the keeper itself (role says for whom), and the processes that live. */
struct row {
    struct held key;                   /* kind 0: free row */
    int fd;                            /* HELD_PROCESS: its pidfd */
    int log;                           /* HELD_PROCESS: the read end of its log pipe, -1 once it is at its end */
    struct watched *watched;           /* HELD_PROCESS: of this run of the keeper */
};
enum { HELD_FD_FIRST = 256 };      /* over every number of birth.h */
extern uint32_t store_n;                               /* rows once used */
struct row *store_put(const struct held *key, int fd, int log);     /* takes both over, also on failure, and changes their numbers; NULL: full */
void store_free(struct row *r);                        /* closes */
void store_drop(const struct held *key);               /* HELD_CHANNEL: the channel's; HELD_FD: all of the object */
struct row *store_next(struct row *after, uint32_t kind);   /* NULL: the first; NULL: no more */
/* Adds what is held for the keeper (the voids) or the supervisor (all that it hands on) to n descriptors of a birth; how many there are then. */
unsigned store_birth(struct birth *b, int *fds, unsigned n, uint32_t role);
/* --notify-fd, and whoever waits behind -d: both of the daemon's first time only; the socket of the service manager, which hears of the end, too. */
enum { READY_FD, READY_PARENT, READY_MANAGER, READY_N };
/* What the keeper is started with, by the daemon's front or by itself: all of it crosses an execve in one memfd.  The program may be another build's
 * then.  So the first members are every build's, and stamp tells whether the rest is laid out, and means, what it does here. */
struct keeper_start {
    uint32_t magic, entries, epoch /* of the last supervisor; 0 none yet */;
    char front[256];                   /* the program we were made by */
    uint32_t stamp[11];                /* magic, entries and stamp are filled in by store_save */
    int32_t ready[READY_N];            /* told when clients are accepted; -1 none */
    bool daemon, first_boot /* of this host: autostart */;
    char made[5][256] /* files to unlink at the end */, config[256] /* of -f */;
    struct layout layout;
    struct settings settings;
};
/* From the memfd of keeper_exec().  0 or a negative errno; -ESTALE: another build's, or none at all.  Nobody can read what that held: k->front, if there was
 * a daemon, has to start anew, as after its death; else it is "". */
int store_load(int fd, struct keeper_start *k);
/* Ends in execve of the keeper with argv, or of the front if it can be; a negative errno if it comes back. */
int keeper_exec(struct keeper_start *k, bool front, char **argv);

/* keeper_proc.c: processes, their log pipes and their ends. */
extern void (*proc_on_exit)(const struct exited *x);
int proc_watch(struct row *r);                                   /* a process in the store, or NULL: 0 or a negative errno, then it is out of it */
void proc_reap(void);                                            /* on SIGCHLD */
int proc_kill(const struct kill_req *k);

/* keeper_spawn.c */
/* Starts role b->role with channel as descriptor 3, nfds descriptors from 5 on (kinds in b). All are borrowed. The row is added.
 * 0 or a negative errno. */
int spawn_role(const struct layout *l, const struct held *who, const struct birth *b, int channel, const int *fds, unsigned nfds);

/* output.c: where log lines go. */
void output_init(const struct keeper_start *k);
void output_line(const struct held *who, const char *line);
void output_own(const char *line);      /* log_sink: the keeper's own, for there may be no terminal any more */

#endif
