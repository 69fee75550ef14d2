/* guest.h: the objects of virtqemud: domains as rows of the index page, definitions, guests that run or are on their way up or down. */
#ifndef BULKHEAD_GUEST_H
#define BULKHEAD_GUEST_H
#include <string.h>
#include "ipc/states.h"
#include "supervisor/objects.h"


/* ---- slots.c: objects, as rows of the index page ---- */
static inline struct index_slot *slot_row(int slot) { return &sup.index.slot[slot]; }      /* for reading: we are the only writer */
static inline uint64_t slot_handle(int slot) { return object_make((uint32_t)slot, slot_row(slot)->gen); }
int slot_take(const struct doc_result *d);                              /* a new row; -1: full */
void slot_define(int slot, const struct doc_result *d, const struct def_file *file);    /* its definition, in this file, says so */
void slot_flag(int slot, uint32_t flags, bool on);                      /* enum slot_flags */
void slot_free(int slot);
int slot_find(size_t member, const void *value, size_t n);              /* the object whose member begins with these bytes; -1: none */
static inline int slot_find_name(const char *name) { return slot_find(offsetof(struct index_slot, name), name, strlen(name) + 1); }
static inline int slot_find_uuid(const uint8_t uuid[16]) { return slot_find(offsetof(struct index_slot, uuid), uuid, 16); }
int slot_made_by(const struct caller *c);                               /* what this call made for an earlier supervisor; -1: nothing */
void slot_mark(int slot, const struct caller *c);
#define SLOT_EDIT(s, slot) for (struct index_slot *s = index_begin(&sup.index, (uint32_t)(slot)); s; index_end(&sup.index, (uint32_t)(slot)), s = NULL)
static inline bool slot_active(const struct index_slot *s) { return s->id >= 0; }
static inline bool slot_begun(const struct index_slot *s) { return slot_active(s) && !(s->state == DOM_PAUSED && s->reason == PAUSED_STARTING_UP); }    /* its CPUs may have run */
void route_reply_dom(const struct caller *c, int slot);                 /* [[name, uuid, id]] */

/* ---- objects.c: conf, the one that has the folders ---- */
extern struct life conf_life, host_life, auth_life;
int access_step(struct flow *f);                                        /* whether the caller may do that to the guest of the document */
int flow_conf(struct flow *f, uint32_t op, uint32_t arg, uint32_t dir, const char *name, int fd);

/* ---- documents, guests ---- */
extern const struct step define_steps[], undefine_steps[], rename_steps[], autostart_steps[], save_remove_steps[], size_steps[], doc_steps[] /* an xmlc with the call's own document */;
flow_done_fn define_done;
/* The end of a flow that changes the definition, by the caller's own call. */
#define CONFIG_STEPS { "read", doc_text_read, doc_text_got, NULL }, { "compile", doc_xmlc_pass, doc_or_answer, NULL }, { "write", doc_write, doc_written, NULL }, { 0 }
int doc_write(struct flow *f);
int doc_written(struct flow *f, struct frame *fr);
void doc_config(const struct caller *c, struct frame *f, bool live_first);     /* an xmlc with the stored definition */
int doc_take(struct flow *f, struct frame *fr);                         /* IN_DOC: struct and descriptors into the flow, manifest checked */
int doc_or_answer(struct flow *f, struct frame *fr);                    /* or the answer is the caller's */
int doc_is_own(struct flow *f);                                         /* it is that of the flow's slot */
int doc_xmlc_pass(struct flow *f);                                      /* the caller's own call */
int doc_xmlc_call(struct flow *f);                                      /* a call of our own with FF_TEXT: of a start, or while what the disk has is loaded */
int doc_again(struct flow *f);                                          /* FLOW_END: the call is done already */
int doc_clash(struct flow *f, bool check_active, int *slot);
int doc_claim(struct flow *f);                                          /* steps that other flows begin with */
int doc_is_gone(struct flow *f);                            /* a step of a call whose work leaves nothing to know it by: done by an earlier supervisor, who could not say so */
int doc_is_there(struct flow *f);                           /* FLOW_NEXT, or -1 and the error */
int doc_text_read(struct flow *f);
int doc_text_got(struct flow *f, struct frame *fr);

/* ---- manifest_policy.c ---- */
/* How many entries it has; or -1.  was >= 0: the manifest that it goes on from: each of that one's entries is there, as it was or gone. */
int policy_manifest_after(int fd, int was, struct err *e);
static inline int policy_manifest(int fd, struct err *e) { return policy_manifest_after(fd, -1, e); }

/* ---- events.c ---- */
void event_lifecycle(const struct index_slot *s, int event, int detail);
void event_send(const struct index_slot *s, uint32_t op, uint32_t id, const void *values, size_t len);    /* values: two, of msgpack */
bool event_allowed(struct peer *p, bool of_state);                      /* false: its guest has had more than its share of this second */
void event_from_worker(struct peer *p, struct frame *f);

/* ---- guests ---- */
enum { RUN_FDS_MAX = FRAME_FDS_MAX - 2 /* what a launch can carry beside argv and manifest */, RUN_LOGS_MAX = 8 };
enum run_phase { RUN_STARTING, RUN_UP, RUN_ENDING };

/* What a run holds; the keeper has it too, but for what is QEMU's.  arg: BFD_CHARDEV: the manifest's entry; BFD_LOG_PIPE, and with it BFD_FILE and BFD_DIR
 * unless its file is in the log folder: which log; BFD_NONE, for QEMU: its number there, or OWN_LOG. */
struct run_fd { int fd; uint8_t kind; uint32_t arg; };
struct run {
    uint64_t object;                /* 0: free row */
    int slot;
    int32_t id;
    uint8_t phase;
    bool launching, launched, has_word /* the worker, or a destroy, said how it ends */, unheard /* no hook script has heard of it */;
    int32_t stub;                   /* the PID-1 stub; 0: it does not live */
    uint32_t create_flags;
    struct life worker;             /* its number is known from its birth on; life cares for it once the guest is up */
    struct life log[RUN_LOGS_MAX];  /* a role for each stream of its own */
    struct run_fd fd[RUN_FDS_MAX];
    unsigned fds;
    uint32_t has;                   /* enum hand_has */
    uint8_t waited;                 /* stop.c */
    struct guest_state word;        /* how it ended */
    struct loop_timer timer;
};

struct run *run_of(int slot);                               /* NULL: not running, not on its way */
struct run *run_take(int slot);                             /* NULL: too many */
void run_free(struct run *r);
int run_fd(const struct run *r, int kind, uint32_t arg);    /* borrowed; -1 */
enum { RUN_NEXT = 1 };                                      /* plug.c: arg of a tree, manifest and grants that are to take the place of those with 0 */
int run_latest(const struct run *r, int kind);              /* with which all can be undone; borrowed; -1 */
int run_fd_add(struct run *r, int kind, uint32_t arg, int fd);   /* takes over, also on failure. A tree, a manifest, grants: in place of those with that arg */
void run_fd_drop(struct run *r, int kind, uint32_t from, uint32_t to);      /* those with an arg of these */
/* All but the monitor's connection, borrowed, and what each is; new_from >= 0: only what is QEMU's, and our ends of entries from there on. How many. */
unsigned run_fds(const struct run *r, int new_from, struct launch_fd *as, int *fds);
enum { UID_QEMU, UID_WORKER };
uint32_t run_uid(int32_t id, unsigned which);               /* ~0: the daemon's own */
bool run_id_clashes(int32_t id);
struct flow *run_flow(const struct step *steps, flow_done_fn *done, const struct caller *c, struct run *r);      /* about it; NULL: too many, and the caller got an error. flow_go() is next */
struct peer *run_worker_spawn(struct life *l);

/* Whom a live call of the guest in this slot goes to. */
enum guest_ready { GUEST_NONE, GUEST_SOON, GUEST_READY, GUEST_FAILED };
enum guest_ready guest_worker(int slot, struct peer **p);
void guest_up(struct run *r, struct peer *worker);

/* run_log.c */
struct peer *log_spawn(struct life *l);
void log_run(struct run *r);                                /* a role for each; those of an earlier supervisor go on */
void log_tail(struct run *r, struct peer *p, struct frame *f);

/* talk.c */
static inline bool lease_wanted(void) { return !strcmp(sup.settings.lock_manager, "lockd"); }
void sibling_asked(const struct caller *c, struct frame *fr);           /* IN_SIBLING */
void lease_asked(struct run *r, struct peer *worker, struct frame *f);
void talk_begin(struct run *r, uint32_t what /* enum talk_what */, const struct caller *c /* NULL: nobody waits */);
void talk_gone(struct run *r, uint32_t from);               /* the ports and filters that the last hand has told of: of what has gone, and of all entries from there on */
int talk_logs(struct flow *f);                              /* steps of a start whose logs are virtlogd's; else there is none */
int talk_connected(struct flow *f, struct frame *fr);
int talk_go(struct flow *f);
int talk_turn(struct flow *f);                              /* a step: after the talks about its guest that are under way, which may give up a filter by the name of a tap that is still to be made */

/* hook.c: steps: "prepare" ... of the flow's run, or of the daemon itself */
int hook_go(struct flow *f);
int hook_got(struct flow *f, struct frame *fr);
int hook_restore(struct flow *f);                           /* of a start: with what was saved, if anything was */

/* Steps behind that which opened what a manifest names: secrets and ports of networks that are in it.  Ports are given up by talk_begin(). */
#define PORT_STEPS(failed) { "network", port_go, talk_connected, failed }, { "port", talk_go, port_read, failed }, { "bridge", port_go, port_known, failed }
/* Behind that which made taps, or told the kernel other things of them: filters that are new or others. */
#define FILTER_STEPS(failed) { "filter", port_go, talk_connected, failed }, { "rules", talk_go, NULL, failed }
int port_go(struct flow *f);
int port_read(struct flow *f, struct frame *fr);
int port_known(struct flow *f, struct frame *fr);

/* save.c */
extern const struct step save_steps[], saved_xml_steps[], saved_define_steps[];        /* managed save */
extern const struct step file_save_steps[], dump_steps[], file_xml_steps[];        /* by a file of the client's choice */
flow_done_fn save_done;
#define FILE_STEPS { "name", doc_xmlc_pass, doc_take, NULL }, { "file", file_hand, file_opened, NULL }      /* after them it is in FF_SAVED */
int file_hand(struct flow *f);
int file_opened(struct flow *f, struct frame *fr);
int saved_go(struct flow *f);                               /* a step of a start: what was saved, if anything, takes the definition's place */
int saved_got(struct flow *f, struct frame *fr);
int saved_judge(struct flow *f);                            /* the next after its document was compiled: whether it asks for no more than its guest had */
/* A step: what was saved goes, if anything was.  Whoever goes on from it writes to its disks, and then it must be nobody's start any more. */
int saved_drop(struct flow *f);
int saved_dropped(struct flow *f, struct frame *fr);
void saved_forget(struct run *r);                           /* of a guest that runs on: what was saved, whole or not, goes; then one that was stopped for it goes on */
void save_stopped(int slot, const struct flow *but);

/* start.c */
extern const struct step create_steps[], create_xml_steps[], restore_steps[], launch_steps[] /* of a worker's IN_LAUNCH */;
flow_done_fn start_done;
/* stop.c: ends the guest and undoes all that its run made. state, reason, event, detail: how, unless it is known already; NULL: unknown yet. */
void stop_begin(struct run *r, const struct guest_state *how, const struct caller *c /* NULL; or a start's, who is told *e then */, const struct err *e);
extern const struct step destroy_steps[];
extern const struct guest_state stop_destroyed, stop_failed, stop_crashed, stop_saved, stop_dumped;
/* plug.c */
int run_is_up(struct flow *f);                              /* a step: claimed, and it runs; or error */
void plug_call(const struct caller *c, struct frame *f);   /* attach, detach, update, of a guest that runs */
extern const struct step plug_steps[], tune_steps[];        /* of a worker's IN_UNPLUGGED, too; of its IN_TUNE */
void plug_again(struct run *r);                             /* what an earlier supervisor was at */
int run_tune(struct flow *f), run_unnet(struct flow *f);     /* steps, answered by hand_did() */
/* chain.c: one turn of the search for backing files */
int chain_look(struct flow *f);
int chain_looked(struct flow *f, struct frame *fr);
int chain_probe(struct flow *f);
int chain_probed(struct flow *f, struct frame *fr);
int run_open(struct flow *f, struct frame *logs);           /* steps that have hands open what the flow's manifest names; logs: what virtlogd answered for them, NULL: they are our own */
int run_opened(struct flow *f, struct frame *fr);
int run_net(struct flow *f);
int run_compiled(struct flow *f, struct frame *fr);         /* doc_xmlc_call()'s answer: FF_TEXT as a run's document */
int run_take_ours(struct run *r, struct frame *fr, unsigned first);  /* 0; or they are too many */
void run_adopt(struct run *r, struct frame *fr, int32_t pid);   /* fr: descriptors as of IN_HAND_LAUNCH */
/* The run's hand; without a run, for a look at an image of nobody's. */
int run_hand(struct flow *f, int role, uint32_t op, uint32_t flags, const int *fds, unsigned nfds);
#endif
