/* hand.h: what the hands share: a hand is a fresh exec that answers one call and ends (hand-open, in a daemon whose clients are all one user's, a few).
 *
 * main() of a hand: hand_begin(role) enters the role's sandbox, with the capabilities of its verb only, then waits for the call.
 * The only peer is the supervisor, by descriptor 3.  It is trusted to have checked policy (may this guest have this path?), but a hand
 * still checks every field it uses: a supervisor that was taken over gains what the manifest kinds can name, not a root shell. */
#ifndef BULKHEAD_HAND_H
#define BULKHEAD_HAND_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ipc/birth.h"
#include "ipc/err.h"
#include "ipc/frame.h"
#include "ipc/internal.h"
#include "ipc/layout.h"
#include "ipc/manifest.h"

struct hand {
    struct birth birth;
    struct frame call;          /* the one call; its descriptors are the hand's */
    const void *manifest;       /* mapped until the next call; NULL until hand_manifest() */
    size_t manifest_len;
    char run_dir[384];          /* with hand_run(): LIB_DIR/domain-ID-NAME, with monitor.sock in it; "": none */
};

/* Reads the birth, enters the role's sandbox (policy/profiles.def), waits for the call.  Ends the process when it is not born properly or the supervisor goes away. */
void hand_begin(struct hand *h, int role);
/* Forgets the call, and waits for another one.  Ends the process if the supervisor has none. */
void hand_again(struct hand *h);
/* The call's body as a struct of exactly n bytes; ends the process on another size (a broken supervisor). */
const void *hand_body(const struct hand *h, size_t n);
/* Ends the process unless text is NUL-terminated within n bytes. */
void hand_check_text(const char *text, size_t n);
int hand_layout(const struct hand *h, struct layout *l);    /* the folders of the daemon it was born with. 0 or negative errno */
/* The call is about a guest's run: its folder has libvirt's name, at most 20 characters of the guest's; id 0: about no run.  Ends the process on a name that
 * is none (name: NAME_MAX_BYTES). */
void hand_run(struct hand *h, int32_t id, const char *name);
/* Maps descriptor i of the call as a manifest and checks it whole. 0, or -1 with *e set. */
int hand_manifest(struct hand *h, unsigned i, struct err *e);
/* Iterates, over what has not gone: for (struct manifest_in in = hand_entries(h); hand_next(&in, &entry, &path, &aux); ) */
struct manifest_in hand_entries(const struct hand *h);
bool hand_next(struct manifest_in *in, struct manifest_entry *e, const char **path, const char **aux);
/* Copies descriptor i of the call, the grants of a run, whose memfd *g is the form of.  false, and none in *g: there are none. */
struct hand_grants { struct grants_head h; struct grant g[MANIFEST_ENTRIES_MAX]; };
bool hand_grants(const struct hand *h, unsigned i, struct hand_grants *g);
bool hand_has_kind(const struct hand *h, uint32_t kinds /* a bit 1 << MK_... each */);        /* whether the manifest has an entry of one of them, or had: also one that has gone */
uint32_t hand_has(const struct manifest_entry *m, const char *aux);        /* of enum hand_has: a link to a network, which has a port at its daemon; a filter */
/* Answers.  body is a fixed struct.  Returns 0, or a negative errno: the supervisor is gone, undo and end. */
int hand_reply(struct hand *h, const void *body, size_t len, const int *fds, unsigned nfds);
/* Answers with what was opened for a guest: the grants, then done->nqemu descriptors for QEMU, then done->nworker of ours, all of which stay the caller's.
 * 0, or a negative errno with *e set: nothing was sent. */
int hand_reply_grants(struct hand *h, const struct hand_done *done, const struct hand_grants *g, const int *qemu, const int *ours, struct err *e);
/* Answers with a failed struct hand_done made of *e. failed: index of the entry, -1 none. */
void hand_fail(struct hand *h, int failed, int error, const struct err *e);

/* hand_record.c: what a later daemon must know of a running guest, in the folder of status files (BFD_LAYOUT): NAME.run, NAME.pid and the socket ID.door (ID.late).
 * 0 or negative errno. */
struct run_record { int32_t stub, qemu, id; uint64_t start; };
int record_write(const struct hand *h, const char *name, const struct run_record *r);
int record_read(const struct hand *h, const char *name, struct run_record *r);
/* The folder in /proc of QEMU of that run, and its pid; -ESRCH: it does not run. */
int record_qemu(const struct hand *h, const char *name, int32_t id, int32_t *pid);
/* Of a guest that libvirt's own daemon started, which notes a pid only: it is of a process that began before the note. Leaves r->id. */
int record_foreign(const struct hand *h, const char *name, struct run_record *r);
#define FOREIGN_COMM "qemu-"       /* how such a process is called, to begin with */
int record_foreign_qemu(const struct hand *h, const char *name, int32_t *pid);       /* as record_qemu() */
bool record_was_lent(const struct hand *h, const char *name);      /* libvirt's daemon had the guest since: its status file is what there is to know */
/* What that run of the guest's left. -EADDRINUSE: one that no daemon has taken over lives with that id, and all by that id is its. */
int record_remove(const struct hand *h, const char *name, int32_t id);
void record_sweep(const struct hand *h);     /* of guests that ended while libvirt's daemon had them: it takes their status files along, and nothing of ours */
bool record_lives(const struct hand *h, const char *name);  /* a process that was noted under that name runs */
/* Whether a run may have them: -EBUSY: a guest of that name runs that no daemon has taken over; -EADDRINUSE: one with that id. */
int record_free(const struct hand *h, const char *name, int32_t id);
/* ID.door: the socket at which the guest's stub will listen, and a connection to it (hand_launch.h tells what comes there). A descriptor or negative errno;
 * -EADDRINUSE: a stub that lives has that id. late: a daemon did without what is there, and notes of its own have taken the place of the stub's. */
int record_listen(const struct hand *h, int32_t id);
int record_connect(const struct hand *h, int32_t id, bool *late);
void record_late(const struct hand *h, int32_t id, bool late);      /* this daemon does without it; or it has what is now again */
int proc_start(int32_t pid, uint64_t *start);       /* field 22 of /proc/PID/stat. 0 or -ESRCH */
int proc_child(int folder, int32_t pid);            /* a child of the process whose folder in /proc it is; 0 none */
bool proc_called(int folder, const char *begins);  /* the name of that process begins so: its own word */
int proc_user(int folder, uint32_t *uid, uint32_t *gid);       /* its effective ids. 0 or -ESRCH */

/* hand_daemon.c: the socket of a daemon beside us (enum host_daemon; HOST_DAEMON_N: libvirtd, which does for the siblings where they are one). 0 or negative errno. */
int hand_daemon_path(const struct hand *h, uint32_t daemon, bool readonly, char *path, size_t size);
/* Says over a connection to virtlockd that it is the guest's whose first process is pid, and that no more may be asked over it. 0 or negative errno. */
int hand_daemon_register(int fd, const struct launch *l, int32_t pid);

/* hand_secret.c: a memfd of struct secret_keys for that run; or a negative errno, with *e set. */
#define MASTER_KEY "master-key.aes"     /* in the run's folder: libvirt's name */
int hand_secret_keys(struct hand *h, int32_t id, const char *name, struct err *e);

/* hand_keys.c: a memfd of struct disk_keys for the images of the manifest that is descriptor i of the call; or a negative errno, with *e set. */
int hand_keys(struct hand *h, unsigned i, struct err *e);

/* hand_path.c: paths that a client named. */

/* Opens an existing file, block device or (want_dir) folder without following magic links, looking before opening: nothing but what
 * the flags ask for is ever opened, so that no device's open has an effect.  oflags: O_RDONLY, O_WRONLY or O_RDWR, or O_PATH.
 * want: a mask of 1 << (S_IFMT bits >> 12).  Returns a descriptor, or -errno; -EMEDIUMTYPE when it is of another type, *st is set then. */
struct stat;
#define WANT(type) (1u << ((type) >> 12))
int path_open(const char *path, int oflags, unsigned want, struct stat *st);
/* The FIFOs path.in and path.out, open to read and write. 0, with both, or -errno, with none. */
int path_fifos(const char *path, int ends[2]);
/* Opens or makes a regular file to be written; never follows a symbolic link in the last step, never empties what is not a regular
 * file with one name.  flags: MF_APPEND or 0 (emptied). Returns a descriptor or -errno. */
int path_open_out(const char *path, int oflags, uint32_t flags, bool *is_new);
/* A regular file to be read, no link in the last step. A descriptor or -errno. */
int path_open_plain(const char *path);
/* Whether the folder fd is the other one or somewhere in it, by whatever names and links either was found; true as well if that cannot be told. */
bool path_is_inside(int fd, int folder);
/* Removes what path names if it is of the type that *was has, and, unless st_ino is 0 there, that very file; -ESTALE: it is not.  In a folder that others can
 * change, between the look and the removal, no file of another folder can take its place. */
int path_remove(const char *path, const struct stat *was);
/* A socket that nobody listens at. 0, or a negative errno: -EADDRINUSE: somebody does. */
int path_remove_socket(const char *path);
/* A listening socket of a guest's: the one that this run made (g, NULL: it was being made), or what nobody listens at; and its folder, if that was the run's. */
void sock_remove(const struct hand *h, const struct grant *g, const char *path);
/* The guest's account, uid, may open the file of an MK_SHM or MK_MEMORY entry again, or a FIFO of an MK_LINE's, or may no more. 0 or a negative errno. */
int shm_allow(int fd, uint32_t uid, bool may);
/* The same at the end of an entry of whatever kind, which had that path; and a file of MK_SHM goes if nobody has used it. */
void shm_forget(const struct manifest_entry *m, const char *path, uint32_t uid);
/* hand_forget.c: what a hand made at path for an entry of the run rq's is removed.  g: its grant; NULL: the hand did not come to answer. */
#define OVERLAY_NOTE "user.bulkhead.overlay"    /* on an overlay: for what it was made */
enum { OVERLAY_NOTE_BYTES = 128 };
/* The text of that note for an entry of the run rq's: nobody else's is the same, be it another entry's of the run, another daemon's or host's. 0 or negative errno. */
int overlay_note(const struct hand *h, const struct hand_req *rq, uint32_t index, char note[OVERLAY_NOTE_BYTES]);
void entry_forget(const struct hand *h, const struct hand_req *rq, const struct manifest_entry *m, const struct grant *g, const char *path);
/* path without its last step into dir (size n), which becomes "/" at least; returns the last step or NULL. */
const char *path_split(const char *path, char *dir, size_t n);

/* Takes QEMU's image lock bytes on fd as a QEMU with this image would. 0; or -1 with *e set (a conflict: -EAGAIN in *error). */
int lock_image(int fd, const struct manifest_entry *e, const char *path, int *error, struct err *err);
#endif
