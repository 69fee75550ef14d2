/* hand_open.h: one manifest being carried out, and the makers of each kind. */
#ifndef BULKHEAD_HAND_OPEN_H
#define BULKHEAD_HAND_OPEN_H
#include <limits.h>
#include <sys/stat.h>
#include "hand.h"

/* On our side: what a guest's worker is born with has room for them beside what every worker has, and what its stub holds fits into a frame. */
#define ENDS_MAX (BIRTH_FDS_MAX - 20)
#define OPEN_MADE_MAX (2 * MANIFEST_ENTRIES_MAX + 4)      /* an entry's file and the folder it is in */

struct opener {
    struct hand *h;
    const struct hand_req *rq;
    uint32_t fd_next;                       /* number in QEMU of the next descriptor */
    int qemu[FRAME_FDS_MAX], ours[FRAME_FDS_MAX];
    unsigned nqemu, nours;
    uint8_t ours_kind[FRAME_FDS_MAX];       /* struct hand_done's */
    uint16_t ours_entry[FRAME_FDS_MAX];
    int image[MANIFEST_ENTRIES_MAX];        /* the descriptor of an image's entry, for its backing file's; 0 none */
    struct { char *path; struct stat is; } made[OPEN_MADE_MAX];     /* to remove again when a later entry fails, in order of making */
    unsigned nmade;
    unsigned nlogs;                         /* of the pipes that came with the manifest, those that are given away */
    unsigned npipes;                        /* of logs, whose reading ends are ours */
    int given;                              /* given.h's socket; -1 none */
    int error;                              /* negative errno of the failure, when a maker set one */
};

/* A maker opens one entry's resource: descriptors by open_give()/open_keep(), facts into *g. 0, or -1 with *e (and o->error) set. */
typedef int open_fn(struct opener *o, const struct manifest_entry *m, const char *path, const char *aux, struct grant *g, struct err *e);
open_fn open_entry /* of whatever kind */, open_pty, open_pair, open_unix_listen, open_unix_connect, open_socket, open_tcp_listen, open_tcp_connect, open_state, open_node, open_line, open_shm, open_memory, open_helper, open_perf, open_usb, open_vfio, open_given;
int open_folder(const char *path, mode_t mode);        /* made where there is none, with all above it. Or a negative errno; -EEXIST: it is something else */

/* Hands fd over (also when it fails): to QEMU under the next number, or to our side. */
int open_give(struct opener *o, struct grant *g, int fd, struct err *e);
int open_keep(struct opener *o, struct grant *g, int fd, struct err *e);
int open_keep_as(struct opener *o, struct grant *g, int kind, int fd, struct err *e);      /* enum birth_fd_kind */
/* Made by us at path: a socket or a folder, or fd's file.  It is removed if a later entry fails, and nothing else that is there then. What it is, or NULL. */
const struct stat *open_note(struct opener *o, const char *path, int fd);
/* An error of that domain, and of errno's kind. */
int open_fail_in(struct opener *o, struct err *e, int domain, int errnum, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
#define open_fail(o, e, ...) open_fail_in(o, e, VIR_FROM_QEMU, __VA_ARGS__)
/* Gives what was made here to qemu.conf's user and group, by descriptor. path: for the log */
void open_own(const struct opener *o, int fd, const char *path);
/* Makes the folder of path, one level, when it lies in the daemon's own library folder. */
int open_make_parent(struct opener *o, const char *path);

/* A file at path's name with ".part" behind it, made in place of what is there: it gets its name when it is whole, for this process may be killed. A descriptor or negative errno. */
int open_part(struct opener *o, const char *path, char part[PATH_MAX]);

/* hand_overlay.c: the entry of an overlay, which is made; and that of what it stands on, open at fd, of that size if it is raw: the overlay's head is written. 0, or -1 with *e. */
int overlay_make(struct opener *o, const struct manifest_entry *m, const char *path, const char *aux, struct grant *g, struct err *e);
int overlay_stands_on(struct opener *o, const struct manifest_entry *m, int fd, const char *path, uint64_t size, struct err *e);

/* May the image above have this backing file, which its header names? 0, or -1 with *e set. */
int pin_backing(struct opener *o, const struct manifest_entry *m, int fd, const char *path, struct err *e);
/* Notes whose disk an image is that the guest may write, and what it stands on unless its header tells. */
void pin_disk(const struct opener *o, const struct manifest_entry *m, int fd);

/* hand_chain.c: IN_HAND_OPEN with HAND_LOOK: answers. */
void open_look(struct opener *o);

/* hand_adopt.c: IN_HAND_PIDFD; hand_lease.c: IN_HAND_LEASE */
void hand_adopt(struct hand *h);
void hand_lease(struct hand *h);
void hand_settle(struct hand *h);    /* hand_settle.c */
void hand_daemon(struct hand *h);    /* hand_connect.c: IN_HAND_DAEMON */
void hand_owner(struct hand *h);
void hand_state(struct hand *h);     /* hand_state.c */

/* SAFETY: between the two only the rights of qemu.conf's user count, or the guest's own where that is root or nobody: what a path may lead to is decided
 * by them. 0 or a negative errno; user_end() is for both cases, and does not return without root's own rights. */
int user_begin(const struct hand_req *rq);
void user_end(void);

/* A listening stream socket at path with the given mode; 0 or negative errno. */
int sock_listen(const char *path, mode_t mode, int *fd);
/* Connected to path. Waits a few seconds at most. 0 or negative errno. */
int sock_connect(const char *path, int *fd);
#endif
