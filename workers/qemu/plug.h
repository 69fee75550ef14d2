/* plug.h: devices that come to a running guest, change, and go.
 *
 * One IN_PLUG at a time is worked on; the others wait (later.c).  What it has QEMU do is a list of steps, each with the command that undoes it.  Whatever is left to be
 * undone, of a device that could not be plugged in or of one that has gone, is a group of commands (cleanup.c); groups and the undoing of what is under way are
 * in the notes, so that the next instance finds no half of a device that nobody knows of. */
#ifndef BULKHEAD_QEMU_PLUG_H
#define BULKHEAD_QEMU_PLUG_H
#include "workers/plan/plan.h"
#include "workers/qemu/guest.h"

enum { UNPLUG_MS = 5000 /* as long as libvirt waits for a guest to let a device go */ };

/* opened.c: manifest and grants as the plan wants them. */
struct blob { const void *p; size_t n; };
struct opened { struct blob man, gra; struct caps caps; struct plan_host host; };
int opened_load(struct guest *g, int manifest_fd, int grants_fd, struct opened *o, struct err *e);      /* 0; or -1 with *e set. fds borrowed */
void opened_done(struct opened *o);
#define AUTO_OPENED __attribute__((cleanup(opened_done))) struct opened
struct plan_in opened_plan(struct guest *g, const struct opened *o, const struct tree *dom);
/* Commands that rid QEMU of what was made for a device: a new array, backwards. NULL with *e set. */
json_t *opened_undo(struct guest *g, const struct opened *o, const struct tree *dev, bool with_device, struct err *e);

/* chain.c */
#define CHAIN_QUERY "query-named-block-nodes"
bool chain_is_open(const struct tree *devices);     /* is there a disk with an image of a server's, which may name other files? */
int chain_check(const struct tree *devices, json_t *nodes, struct err *e);      /* nodes: what QEMU answers CHAIN_QUERY. 0; or -1 with *e set: one does */

struct step { const char *command; json_t *args, *undo; int fd; bool device, bus /* a controller's, that comes with a device */; };
struct plugging {
    struct guest *g;
    struct request rq;
    uint32_t what, flags;               /* enum plug_what; of the client's call */
    struct tree *devices, *next;        /* of the message; which is worked on */
    int manifest_fd, grants_fd;         /* the run's new ones, -1 none */
    struct opened o;
    struct plug fds;
    int *fd;                            /* those it describes */
    struct step *step;
    size_t n, at;
    void (*done)(struct plugging *p);   /* all steps are done */
    struct loop_timer timer;
    char alias[NAME_MAX_BYTES];         /* which device QEMU was told to let go; "" none */
    int last_fd;                        /* the number in QEMU of what was given to it last */
    uint64_t group, bus;                /* what has to be cleaned up before the answer, and of controllers; 0 nothing */
    int lease;                          /* lease_entry() of the disk that comes; -1 none */
    bool leased, begun, ending, waits;          /* the lease was taken; there may be something to undo; the answer is due; for QEMU to let a device go */
    struct err e;                       /* what the answer will be */
};

/* plug.c */
void plug_call(struct worker *w, const struct request *rq, struct frame *f);                                                  /* IN_PLUG */
void plug_step(struct plugging *p, const char *command, json_t *args, int fd, const char *undo, json_t *undo_args);
void plug_step_item(struct plugging *p, const struct plan_item *it);    /* with its descriptor and its undoing */
void plug_step_chain(struct plugging *p);                               /* the query of chain.c, where the devices that come want it */
void plug_take_ends(struct plugging *p);                                /* our ends of what came, of which there is no half any more */
void plug_run(struct plugging *p, void (*done)(struct plugging *p));     /* or ends it where p->e is set */
void plug_end(struct plugging *p);                                      /* answers when what has to be cleaned up has been */
void plug_end_with(struct plugging *p, const struct err *e);
void plug_settled(struct guest *g);                                     /* cleaning up is at an end, or does not go on */
void plug_gone(struct guest *g);                                        /* QEMU has ended */
json_t *plug_undo(const struct plugging *p, size_t n, bool bus);        /* a group that undoes the first n steps: those of controllers, or the others */

/* plug_change.c, unplug.c, plug_tune.c: the other kinds of IN_PLUG */
void plug_change_begin(struct plugging *p);
void plug_out_begin(struct plugging *p);
void plug_tune_begin(struct plugging *p);
/* unplug.c */
void unplug_deleted(struct guest *g, const char *alias);                /* QEMU has that device no more */
void unplug_refused(struct guest *g, const char *alias);                /* the guest does not let it go */
void unplug_look(struct guest *g);                                      /* which devices of the tree QEMU has no more */

/* cleanup.c.  A group: {"n": number, "do": [{"execute", "arguments"} ...], "gone": alias that clients and supervisor are told of then,
 * "await": QEMU has yet to let that device go}. */
uint64_t cleanup_add(struct guest *g, json_t *commands, const char *gone, int lease /* lease_entry() */);      /* takes commands; the group's number */
bool cleanup_is_full(const struct guest *g);
bool cleanup_has(const struct guest *g, uint64_t group);
void cleanup_go(struct guest *g);
bool cleanup_deleted(struct guest *g, const char *alias);               /* QEMU has let it go; false: it is not of a group that waits for it */
void cleanup_settled(struct guest *g);                                  /* there is nothing to be done now */
void cleanup_resume(struct guest *g);                                   /* of an earlier instance */
char *cleanup_note(const struct guest *g);                              /* for the next one; NULL: nothing; caller frees */
void cleanup_load(struct guest *g, const char *text);
#endif
