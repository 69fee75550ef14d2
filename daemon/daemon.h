/* daemon.h: virtqemud before it has a peer: command line, folders, locks, doors, settings.  All that it makes goes into the store, and the
 * store to the keeper, which takes this process over by execve: a start and a re-exec are one path. */
#ifndef BULKHEAD_DAEMON_H
#define BULKHEAD_DAEMON_H
#include "supervisor/keeper.h"

/* layout.c */
int layout_make_folders(const struct layout *l);

/* defaults.c: what holds where no configuration says otherwise. */
void settings_defaults(struct settings *s, bool session);
/* 0, or -ERANGE with *what naming the field: conf's answer is checked before anything believes it. */
int settings_check(const struct settings *s, const char **what);

/* listen.c: the three doors.  fds[]: enum door; from the service manager, or made at the layout's paths.  Prints what went wrong.
 * *made: at least one was made here. */
int listen_open(const struct layout *l, const struct settings *s, int fds[3], bool *made);
/* A file with our pid in it, locked as long as *fd lives, as libvirt's daemons do. -EBUSY: another one runs. */
int pidfile_take(const char *path, int *fd);

/* void.c: namespaces with nothing in them, made once. fds[i] is BFD_VOID_USER + i, -1 where there is none. */
int void_make(bool session, int fds[5]);

/* prepare.c: locks, void, settings, doors, folders, pages, all into the store. Prints what went wrong. */
int prepare(struct keeper_start *k, const char *config, const char *pid_file);

/* worker_cli.c: `virtqemud --worker [NAME]`, a client of the running daemon. Exit status. */
int worker_cli(const struct layout *l, const char *name, const char *debug);
#endif
