/* guest.h: a guest that runs, or is on its way up or down. */
#ifndef BULKHEAD_GUEST_H
#define BULKHEAD_GUEST_H
#include "sup.h"

#define RUN_FDS_MAX (FRAME_FDS_MAX - 2)         /* what a launch can carry beside argv and manifest */
#define RUN_LOGS_MAX 8
enum run_phase { RUN_STARTING, RUN_UP, RUN_ENDING };

/* A stream of the guest's with a log role of its own. */
struct run_log { struct life life; struct run *run; };
/* What a run holds; the keeper has it too, but for what is QEMU's.  arg: BFD_CHARDEV: the manifest's entry; BFD_LOG_PIPE, and with it BFD_FILE and BFD_DIR
 * unless its file is in the log folder: which log; BFD_NONE, for QEMU: its number there, -1 for stdout and stderr. */
struct run_fd { int fd; uint8_t kind; uint32_t arg; };
struct run {
    uint64_t object;                /* 0: free row */
    int slot;
    int32_t id;
    uint8_t phase;
    bool launched, has_net, has_word /* the worker, or a destroy, said how it ends */;
    int32_t stub;                   /* the PID-1 stub; 0: it does not live */
    uint32_t uid, next_fd, create_flags;
    uint64_t autodestroy;           /* gateway whose end is the guest's too */
    char run_dir[384];
    struct life worker;
    uint64_t starting;              /* number of the worker before life cares for it */
    struct run_log log[RUN_LOGS_MAX];
    unsigned logs;
    struct run_fd fd[RUN_FDS_MAX];
    unsigned fds;
    uint32_t has;                   /* enum hand_has */
    bool launching;
    uint8_t waited;                 /* stop.c */
    bool status_busy;               /* its status file is being written */
    int status_next;                /* what comes after that; -1 none */
    struct guest_state word;        /* how it ended */
    struct loop_timer timer;
};

struct run *run_of(int slot);                               /* NULL: not running, not on its way */
struct run *run_take(int slot);                             /* NULL: too many */
void run_free(struct run *r);
int run_fd(const struct run *r, int kind, uint32_t arg);    /* borrowed; -1 */
int run_fd_add(struct run *r, int kind, uint32_t arg, int fd);   /* takes over, also on failure */
void run_dir_name(struct run *r);
bool run_id_clashes(int32_t id);
struct peer *run_worker_spawn(struct run *r, bool resume);

/* Whom a live call of the guest in this slot goes to. */
enum guest_ready { GUEST_NONE, GUEST_SOON, GUEST_READY, GUEST_FAILED };
enum guest_ready guest_worker(int slot, struct peer **p);
bool guest_is_ending(int slot);
void guest_frame(struct peer *p, struct frame *f);          /* calls and events of its worker */
void guest_exited(const struct exited *x);                  /* its PID-1 stub has ended */
void guest_held(const struct held *h, int fd);              /* what the keeper held of it; takes fd over */
void guest_inherit(struct peer *p, const struct held *h);   /* a worker or log role of an earlier supervisor */
void guest_reconcile(void);                                 /* after IN_GO: what is whole goes on, what is half is undone */
void guest_client_gone(uint64_t gateway);                   /* guests that live with their client */
uint32_t guest_count(void);
void guest_state(struct run *r, const struct guest_state *g);
void guest_up(struct run *r, struct peer *worker);

/* run_log.c */
void log_init_rows(struct run *r);
int log_add(struct run *r, int kind, int fd);               /* BFD_LOG_PIPE begins a stream, BFD_DIR and BFD_FILE are the last one's; takes over */
void log_run(struct run *r);                                /* their roles; those of an earlier supervisor go on */
void log_tail(struct run *r, struct peer *p, struct frame *f);

/* save.c */
extern const struct step saved_xml_steps[];
extern const struct step save_steps[];                      /* managed save */
flow_done_fn save_done;
int saved_go(struct flow *f);                               /* a step of a start: what was saved, if anything, takes the definition's place */
int saved_got(struct flow *f, struct frame *fr);
void saved_forget(int slot);
void save_stopped(int slot, const struct flow *but);

/* start.c */
void start_by_itself(int slot);                             /* autostart */
extern const struct step create_steps[], create_xml_steps[];
flow_done_fn start_done;
void launch_begin(struct run *r, struct peer *worker, struct frame *f);
/* stop.c: ends the guest and undoes all that its run made. state, reason, event, detail: how, unless it is known already; NULL: unknown yet. */
void stop_begin(struct run *r, const struct guest_state *how, const struct caller *c /* NULL; or a start's, who is told *e then */, const struct err *e);
extern const struct step destroy_steps[];
extern const struct guest_state stop_destroyed, stop_failed, stop_crashed, stop_saved;
/* chain.c: one turn of the search for backing files */
int chain_look(struct flow *f);
int chain_looked(struct flow *f, struct frame *fr);
int chain_probe(struct flow *f);
int chain_size_look(struct flow *f);
int chain_size_probe(struct flow *f);
int chain_probed(struct flow *f, struct frame *fr);
int hand_call(struct flow *f, int role, uint32_t op, const void *body, size_t len, const int *fds, unsigned nfds);
int run_take_ours(struct run *r, struct frame *fr, unsigned first, const struct hand_done *d);  /* 0; or they are too many */
void run_adopt(struct run *r, struct frame *fr, int32_t pid);   /* fr: descriptors as of IN_HAND_LAUNCH */
int hand_done(struct flow *f, struct frame *fr, struct hand_done *d);   /* FLOW_NEXT, or -1 with f->err */
void hand_req_fill(struct hand_req *q, const struct run *r);
#endif
