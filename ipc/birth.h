/* birth.h: what crosses the birth of a role.
 *
 * A role is a fresh exec of $pkglibexecdir/<role>.  Fixed descriptors, nothing else is inherited:
 *   0 /dev/null    1 /dev/null    2 the role's log pipe (the keeper reads it, for the log and for its last words)
 *   3 channel to the supervisor (SEQPACKET frames; to the keeper for the supervisor itself)
 *   4 sealed memfd with struct birth
 *   5.. birth.nfds more, named by birth.fd_kind[]
 * No descriptor number travels in argv; argv is {role name} only, so that ps shows "bulkhead-<role>". */
#ifndef BULKHEAD_BIRTH_H
#define BULKHEAD_BIRTH_H
#include <stdint.h>

/* One name used throughout: directory, binary, policy table, uid, log tag. */
#define ROLES(R) \
    R(KEEPER, "keeper") R(SUPERVISOR, "supervisor") R(GATEWAY, "gateway") R(XMLC, "xmlc") R(PROBE, "probe") R(CONF, "conf") \
    R(HOST, "host") R(LOG, "log") R(QEMU, "qemu") R(HAND_OPEN, "hand-open") R(HAND_NET, "hand-net") R(HAND_HOOK, "hand-hook") R(HAND_LAUNCH, "hand-launch") \
    R(PID1, "pid1") R(LOCK, "lock") R(HOLDER, "holder") R(ZIP, "zip") R(TALK, "talk") R(AUTH, "auth")
enum role {
#define R(id, name) ROLE_##id,
    ROLES(R)
#undef R
    ROLE_N
};
const char *role_name(int role);     /* "?" for what is none */

enum { BIRTH_FD_CHANNEL = 3, BIRTH_FD_BIRTH = 4, BIRTH_FD_FIRST = 5, BIRTH_FDS_MAX = 100 };

/* What each further descriptor is. A role looks its own up by kind with birth_fd(). */
enum birth_fd_kind {
    BFD_NONE,
    BFD_VOID_USER, BFD_VOID_MNT, BFD_VOID_NET, BFD_VOID_IPC, BFD_VOID_UTS,  /* namespaces with nothing in them, joined by every worker; USER only when unprivileged */
    BFD_INDEX,          /* index page (index.h), read-only; the supervisor gets two: fd_arg 1 is the writable one, 0 what it hands on */
    BFD_SETTINGS,       /* sealed memfd: struct settings (settings.h) */
    BFD_CLIENTS,        /* client page (index.h): the supervisor has two, as BFD_INDEX, and gives one to gateways of the admin door */
    BFD_LAYOUT,         /* sealed memfd: struct layout (layout.h): supervisor, xmlc, conf, qemu */
    BFD_LISTEN_RW, BFD_LISTEN_RO, BFD_LISTEN_ADMIN,    /* supervisor */
    BFD_CLIENT,         /* gateway that is born for one client */
    BFD_CAPS,           /* sealed memfd: what is known of host and QEMU binaries (caps.h) */
    BFD_TREE,           /* sealed memfd: msgpack tree (workers/tree.h) of the document */
    BFD_MANIFEST,       /* sealed memfd: manifest.h */
    BFD_GRANTS,         /* sealed memfd: what the hands opened, manifest.h */
    BFD_QMP, BFD_AGENT, /* connected stream sockets */
    BFD_CHECKPOINT,     /* writable memfd that outlives the worker: its own notes for its next instance */
    BFD_CHARDEV,        /* our end of manifest entry birth.fd_arg[i] (pty slave, listening or connected socket, VNC listener) */
    BFD_LOG_PIPE,       /* read end of a log stream's pipe */
    BFD_DIR,            /* O_PATH or read descriptor of a folder; fd_arg = enum dir_kind */
    BFD_FILE,           /* a file to look at (probe: the image; conf: a configuration file, fd_arg = enum conf_file; log: the file to start with) */
    BFD_CGROUP,         /* running guest: fd of its cgroup's cpuacct.usage_percpu (v1) or cpu.stat (v2), read-only */
    BFD_PROC,           /* running guest: O_DIRECTORY fd of /proc/<qemu pid> */
    BFD_STREAM,         /* held for the log daemon's supervisor: sealed memfd with the stream's path (LOG_PATH_MAX bytes) */
    BFD_LEASE,          /* a lock of virtlockd's; arg ~0: the page of leases (supervisor/lockd) */
    BFD_LISTEN_HELD,    /* where the holder gives what it has to the next daemon */
    BFD_ACCESS,         /* sealed memfd: struct access_rules (access.h): auth */
    BFD_FIRMWARE,       /* page of the firmware images that the host has (firmware.h): fd_arg 1 is the writable one, role host's, 0 what it hands on */
    BFD_LOCK,           /* a run's: who has it has the lock of something of the host's for the guest; arg: the manifest's entry. No worker and no QEMU has it */
    BFD_KIND_N
};
enum dir_kind { DIR_DEFINITIONS, DIR_AUTOSTART, DIR_STATUS, DIR_LOG, DIR_SAVE, DIR_CACHE, DIR_TPM, DIR_NVRAM, DIR_KIND_N };
enum conf_file { CONF_FILE_DAEMON /* virtqemud.conf */, CONF_FILE_QEMU, CONF_FILE_LOGD, CONF_FILE_LOCKD, CONF_FILE_QEMU_LOCKD, CONF_FILE_ACCESS, CONF_FILE_N };

/* Whoever empties a terminal's end (BFD_CHARDEV) that nobody reads leaves so much for a program that opens it; a worker that has it holds a
 * POSIX lock on it, and while there is none, the guest's PID-1 stub does that. */
#define TERMINAL_KEEP_BYTES 2048
#define BIRTH_MAGIC 0x42525431u
struct birth {
    uint32_t magic;
    uint16_t role;              /* enum role */
    uint16_t nfds;              /* descriptors from BIRTH_FD_FIRST on */
    uint64_t object;            /* handle, 0 none */
    uint32_t uid, gid;          /* what the role becomes; 0xffffffff: stay (unprivileged) */
    uint32_t epoch;             /* of the supervisor */
    uint32_t instance;          /* 0 the first, then one more a restart of this object's worker */
    uint32_t log_level;
    uint32_t flags;             /* enum birth_flags */
    char name[64];              /* object's name, cut; for the process title and logs only */
    uint8_t fd_kind[BIRTH_FDS_MAX];
    uint32_t fd_arg[BIRTH_FDS_MAX];
};
enum birth_flags { BIRTH_SESSION = 1 /* unprivileged daemon */, BIRTH_RESUME = 2 /* the guest runs already: resync */, BIRTH_TRACE = 4 /* debug */,
    BIRTH_FIRST = 8 /* supervisor: first daemon since the host booted: autostart */ };

/* Reads and checks descriptor 4 into *b; from here on its level of the log holds. 0 or a negative errno. */
int birth_read(struct birth *b);
/* Descriptor number of the first (or next after `after`) descriptor of a kind; -1 none. arg may be NULL. */
int birth_fd(const struct birth *b, int kind, int after, uint32_t *arg);
#endif
