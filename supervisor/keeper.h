/* keeper.h: the parts of the keeper.  It is the daemon's first process: it spawns, reaps and holds descriptors, and decides nothing. */
#ifndef BULKHEAD_KEEPER_H
#define BULKHEAD_KEEPER_H
#include <stdbool.h>
#include <stdint.h>
#include "ipc/internal.h"
#include "ipc/layout.h"
#include "ipc/loop.h"
#include "ipc/settings.h"

#define DAEMON_NAME "virtqemud"

/* layout.c */
int layout_make_folders(const struct layout *l);

/* defaults.c: what holds where no configuration says otherwise. */
void settings_defaults(struct settings *s, bool session);
/* 0, or -ERANGE with *what naming the field: conf's answer is checked before anything believes it. */
int settings_check(const struct settings *s, const char **what);

/* listen.c: the three doors.  fds[]: enum door; from the service manager, or made at the layout's paths.  Prints what went wrong.
 * *made: at least one was made here. */
int listen_open(const struct layout *l, const struct settings *s, int fds[3], bool *made);
void listen_unlink(const struct layout *l, const struct settings *s);
/* A file with our pid in it, locked as long as *fd lives, as libvirt's daemons do. -EBUSY: another one runs. */
int pidfile_take(const char *path, int *fd);

/* void.c: namespaces with nothing in them, made once. fds[i] is BFD_VOID_USER + i, -1 where there is none. */
int void_make(bool session, int fds[5]);

/* keeper_store.c: the descriptors held for others, and for the keeper itself.  Role says for whom. */
struct store_entry { struct held key; int fd; };      /* fd -1: free */
extern struct store_entry *store;
extern uint32_t store_n;                               /* rows once used */
int store_put(const struct held *key, int fd);         /* takes fd over, also on failure */
void store_drop(const struct held *key);               /* tag 0: all of the object */
void store_drop_channel(uint64_t channel);
int store_get(uint32_t role, uint32_t tag, uint32_t arg);   /* borrowed; -1 */
/* Table in a memfd and every descriptor inheritable, for execve of ourselves; and back. */
int store_save(uint32_t epoch);
int store_load(int fd, uint32_t *epoch);

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
void proc_forget_all(void);                                      /* close our descriptors only */

/* keeper_spawn.c */
/* Starts role b->role with channel as descriptor 3, nfds descriptors from 5 on (kinds in b). All are borrowed. The row is added.
 * 0 or a negative errno. */
int spawn_role(const struct layout *l, const struct held *who, const struct birth *b, int channel, const int *fds, unsigned nfds);

/* output.c: where log lines go. */
void output_init(const struct settings *s, bool daemon);
void output_line(const struct held *who, const char *line);

/* keeper.c */
struct keeper_start {
    struct layout layout;
    struct settings settings;
    int notify_fd, ready_fd;       /* -1 none */
    bool daemon, first_boot /* of this host: autostart */;
    bool owns_doors, owns_pid_file; /* to unlink at the end */
    uint32_t epoch;                /* of the last supervisor; 0 none yet */
    char **argv;                   /* for execve of ourselves; argv[0] is a path */
};
/* Until the daemon ends: its exit status, or a negative errno. */
int keeper_run(struct keeper_start *k);

/* first.c: what a first start makes (and an execve of ourselves finds): locks, void, settings, doors, folders, pages, all into the store. */
int first_prepare(struct keeper_start *k, const char *config, const char *pid_file);
/* After an execve. */
int first_resume(struct keeper_start *k, int state_fd);

/* cli_worker.c: `virtqemud --worker [NAME]`, a client of the running daemon. Exit status. */
int cli_worker(const struct layout *l, const char *name, const char *debug);
#endif
