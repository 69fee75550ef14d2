/* kind.h: what tells one of our daemons from another, as data: each program is the same files and one kind_*.c.  What a process behind the front needs of
 * it is in struct layout. */
#ifndef BULKHEAD_KIND_H
#define BULKHEAD_KIND_H
#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "ipc/birth.h"
#include "ipc/layout.h"

struct keeper_start;
struct settings;
struct kind_folder {
    size_t path;                /* offset in struct layout */
    const char *sub;            /* behind it */
    mode_t mode;                /* as root */
    int dir;                    /* enum dir_kind under which the supervisor has it, -1: it is only made */
};
struct kind_file { int file /* enum conf_file, which tells its keys */; const char *name; };

struct daemon_kind {
    enum daemon_id id;
    const char *name;           /* program, pid file, stem of its sockets and units, syslog, server of its main door */
    const char *supervisor;     /* program */
    const char *usage;          /* of options of its own */
    const struct option *options;
    unsigned doors;             /* bits: enum door */
    bool only_owner;            /* nobody but the daemon's own user is served */
    const char *lock;           /* in the state folder, beside the pid file; NULL: none */
    bool holds;                 /* it has a holder: what it holds for objects outlives the daemon's being killed */
    bool autostarts;            /* notes its first start of a host */
    const struct kind_folder *folders;  /* ends with sub NULL */
    struct kind_file files[CONF_FILE_N];/* the daemon's own first; ends with name NULL */
    void (*defaults)(struct settings *s);   /* where they are not every daemon's */
    int (*list)(const struct layout *l);    /* --leases: a client of the running daemon; exit status */
    int (*caps)(struct keeper_start *k, uint32_t *version); /* a memfd (BFD_CAPS); *version: of the QEMU; NULL: it runs no QEMU */
};
extern const struct daemon_kind kind;

/* Long options: every daemon's, and those of some. */
enum { OPT_NOTIFY = 256, OPT_WORKER, OPT_DEBUG, OPT_TRACE, OPT_LIST, OPT_MAY };
#define KIND_FOLDER(member) offsetof(struct layout, member)
#define COMMON_OPTIONS \
    { "help", no_argument, NULL, 'h' }, { "verbose", no_argument, NULL, 'v' }, { "daemon", no_argument, NULL, 'd' }, { "timeout", required_argument, NULL, 't' }, \
    { "config", required_argument, NULL, 'f' }, { "version", no_argument, NULL, 'V' }, { "pid-file", required_argument, NULL, 'p' }, \
    { "notify-fd", required_argument, NULL, OPT_NOTIFY }, { "worker", no_argument, NULL, OPT_WORKER }
#endif
