/* daemon.h: a daemon before it has a peer: command line, folders, locks, doors, settings.  All that it makes goes into the store, and the
 * store to the keeper, which takes this process over by execve: a start and a re-exec are one path. */
#ifndef BULKHEAD_DAEMON_H
#define BULKHEAD_DAEMON_H
#include "daemon/kind.h"
#include "ipc/index.h"
#include "supervisor/keeper.h"

/* layout.c */
int layout_make_folders(const struct layout *l);
int layout_folder(const struct layout *l, const struct kind_folder *d, char path[256]);

/* defaults.c: what holds where no configuration says otherwise. */
void settings_defaults(struct settings *s, bool session);
void settings_plain(struct settings *s);   /* a kind's defaults: virtlogd's and virtlockd's */
/* 0, or -ERANGE with *what naming the field: conf's answer is checked before anything believes it. */
int settings_check(const struct settings *s, const char **what);

/* owner.c.  /etc/passwd and /etc/group are read here: NSS would load foreign code into the keeper. */
int owner_find_group(const char *name, gid_t *gid);
int owner_find_user(const char *name, uid_t *uid, gid_t *gid);      /* *gid is left as it is where a number is nobody's */
int owner_resolve(struct settings *s);     /* qemu.conf's user and group into owner_uid and owner_gid. 0, or -EINVAL; prints what went wrong */

/* listen.c: the doors of this kind.  fds[]: enum door, -1: none; from the service manager, or made at the layout's paths.  Prints what went wrong.
 * made: gets the paths of those that were made here and are to go with the daemon. */
int listen_open(const struct layout *l, const struct settings *s, int fds[DOOR_N], char (*made)[256]);
/* Whether fd is a door that a daemon of this kind has at one of the layout's paths. */
bool listen_is_door(const struct layout *l, int fd);
/* A file with our pid in it, locked as long as *fd lives, as libvirt's daemons do. -EBUSY: another one runs. */
int pidfile_take(const char *path, int *fd);

/* held.c: a door for this daemon's holder; and what the holder of one that was killed has goes into the store.  0 or a negative errno. */
int held_open(const struct layout *l, char made[256]);

/* hooks.c: s->hooks: what there are hook scripts for; HOOKS_BEGUN stays as it is. */
void hooks_look(const struct layout *l, struct settings *s);

/* void.c: namespaces with nothing in them, made once. fds[i] is BFD_VOID_USER + i, -1 where there is none. */
int void_make(bool session, int fds[5]);

/* reload.c: SIGHUP. fresh: what holds where no file says otherwise.  Ends in execve of the keeper; an exit status if it comes back, or a negative
 * errno: what is held is another build's, and the daemon must start anew in this process. */
int reload(const struct settings *fresh, int state, char **argv);
/* anew.c: lets go of all that another build left in this process but the doors, which are then as those of a service manager. */
void anew(const struct layout *l);

/* prepare.c: locks, void, settings, doors, folders, pages, all into the store. Prints what went wrong. */
int prepare(struct keeper_start *k, const char *pid_file);
/* The files, into k->settings: 0 or a negative errno; prints what went wrong.  *rules: a memfd of struct access_rules if there are any, else as it was. */
int settings_read(struct keeper_start *k, int *rules);
uint32_t files_raise(void);                  /* the most clients that the limit of descriptors leaves room for */

/* role.c: one call to a role.  role_start: fds are borrowed, their kinds are in b; the channel, or a negative errno. */
struct frame;
int role_start(const struct keeper_start *k, struct birth *b, const int *fds, unsigned nfds);
int role_ask(int chan, uint32_t op, const void *body, size_t len, const int *fds, unsigned nfds);
/* 0; -EREMOTEIO: *f is an error; another negative errno. *f is valid until the next answer, frame_done() is the caller's. */
int role_answer(int chan, int ms, struct frame *f);

/* emulators.c: a kind's caps: what the QEMU binaries can do; *version: of the first one, 0 none. */
int emulators_ask(struct keeper_start *k, uint32_t *version);

/* access.c.  access_ids: what settings_read gave (-1: no rules) with the ids of users and groups: a sealed memfd, or a negative errno; prints what went wrong.
 * access_cli: `DAEMON --may USER ACTION [GUEST]`. Exit status: 0 yes, 1 no, 2 neither. */
int access_ids(int fd);
int access_cli(struct keeper_start *k, char *const words[3]);

/* kvm.c: what KVM can, into s->kvm_*. */
void kvm_ask(struct settings *s);
void programs_ask(struct settings *s);      /* programs.c: fills in settings.programs */
void tls_ask(struct settings *s);           /* tls.c: settings.tls, as it is if qemu.conf says nothing */

/* lease_cli.c: `virtlockd --leases`, a client of the running daemon. Exit status. */
int lease_cli(const struct layout *l);

/* worker_cli.c: `DAEMON --worker [NAME]`, a client of the running daemon. Exit status. */
int worker_cli(const struct layout *l, const char *name, const char *debug, bool trace);
#endif
