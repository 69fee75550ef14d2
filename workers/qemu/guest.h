/* guest.h: the one running guest of this process, and what the files of this role share. */
#ifndef BULKHEAD_QEMU_GUEST_H
#define BULKHEAD_QEMU_GUEST_H
#include "ipc/index.h"
#include "ipc/internal.h"
#include "ipc/settings.h"
#include "ipc/layout.h"
#include "ipc/states.h"
#include "workers/qemu/agent.h"
#include "workers/qemu/qmp.h"
#include "workers/tree.h"
#include "workers/worker.h"

enum on_action { ON_DESTROY, ON_RESTART, ON_PRESERVE, ON_RENAME_RESTART, ON_COREDUMP_DESTROY, ON_COREDUMP_RESTART };
enum guest_phase { PHASE_BORN, PHASE_LAUNCHING, PHASE_CONNECTING, PHASE_SETTING_UP, PHASE_UP, PHASE_STOPPING, PHASE_GONE };

#define GUEST_VCPUS_MAX 1024
#define GUEST_LATE_MAX 256
#define STATS_FRESH_MS 500u             /* a value asked for this recently is served without asking QEMU again */

/* So many things a second, and as many at once. */
struct bucket { uint32_t left; uint64_t at_ms; };
bool bucket_take(struct bucket *b, uint32_t rate);

struct migration;
struct packing;
struct saving;
struct later;
struct stats;
struct shot;
struct display;
struct vcpu_change;
struct tap;
struct stream;
struct chardev;
struct plugging;
struct guest {
    struct worker *w;
    struct tree *tree;                  /* the live <domain> */
    struct layout layout;
    struct settings settings;
    struct qmp qmp;
    struct agent agent;
    enum guest_phase phase;
    struct request start;               /* IN_START, while it is open */
    bool starting, start_paused, restored, was_greeted;
    /* identity, from the tree; what events begin with */
    char name[256];
    uint8_t uuid[16];
    int32_t id;
    int32_t pid, qemu_pid;              /* host pids: stub, QEMU */
    int proc_fd, cgroup_fd, checkpoint_fd;
    int scratch_rw, scratch_wo;         /* one file without a name, for what QEMU writes by descriptor: it wants the exact access mode */
    int restore_fd;                     /* state to begin with, until QEMU has it; -1 none */
    bool restore_direct;                /* it is read past the host's cache */
    struct migration *migration;        /* state that is being written or read */
    struct packing *packing;            /* through which it goes; NULL: none */
    struct mp_out job_done;             /* figures of the last save or dump that was completed, for who asks; empty: none */
    struct saving *saving;              /* a save that is not over */
    const char *job;                    /* the suspend or resume that is under way, by libvirt's name; NULL none */
    struct later *later;                /* calls that wait for the end of a save or job */
    struct shot *shot;                  /* the screenshot that is being taken, then those that wait */
    /* life */
    int32_t state, reason;
    uint64_t state_since_ms;
    int32_t pause_reason;               /* why the next STOP comes: set by the call that causes it */
    int32_t run_reason;                 /* the same for RESUME */
    bool got_shutdown, fake_reboot, quitting;
    bool unsure;                        /* QEMU has not told what it does: to an instance that took it over, or since it did not answer `cont` */
    bool going;                         /* guest_go_on(), or its state was restored: it does not run yet as it shall */
    bool dumping;                       /* the supervisor was asked for a dump that the document wants */
    uint64_t fell_at;                   /* when the guest came to want it, to an earlier instance maybe; 0: it does not */
    int32_t was_saving;                 /* enum saving_note, of an earlier instance; until QEMU has told its state */
    uint32_t locks;                     /* enum guest_locks */
    int32_t stop_reason, stop_detail;   /* how the end will be told; reason 0: not known yet */
    int64_t rtc_adjustment0;            /* clock's adjustment at start: RTC_CHANGE counts from it */
    uint64_t cpu_last_ns;
    uint64_t balloon_kib;               /* what the guest has now; 0 unknown */
    uint32_t vcpus;                     /* that are there; 0 not known */
    uint32_t ntids;
    int32_t *tids;                      /* host thread of each vCPU by its number; 0 it is not there, -1 its thread is not known; ntids of them, or NULL */
    struct vcpu_change *vcpu_change;    /* processors are coming or going */
    uint64_t max_speed;                 /* of a migration, in MiB/s; 0 nobody set one */
    bool has_balloon;
    struct stats *stats;
    struct display *displays;
    struct counter *counters;
    struct stream *streams;
    struct chardev *chardevs;
    struct plugging *plug;              /* the IN_PLUG that is worked on */
    int manifest_fd, grants_fd;         /* what was opened for the run */
    uint32_t first_set;                 /* of a guest that libvirt's daemon began: MANIFEST_ENTRIES_MAX numbers of sets of descriptors from here on are nobody else's in its QEMU */
    json_t *cleanup;                    /* groups of commands (cleanup.c); NULL none */
    json_t *gone;                       /* aliases of devices that the supervisor is still to be told of */
    uint64_t cleanup_last, cleaning;    /* numbers of the last group, and of that which QEMU works on; 0 none */
    bool clean_stuck, telling;
    struct loop_timer clean_again, clean_late, tell_again;
    uint32_t fd_names;                  /* names given to descriptors in QEMU so far */
    struct loop_timer ask_again;        /* for its state */
    struct loop_timer save_later, send_later;      /* status, checkpoint and state are written so often and not oftener */
    uint64_t saved_ms, sent_ms;
    bool status_busy, status_again;     /* the file is being written; and is old already */
    bool tune_busy, tune_again;         /* plug_tune.c: the supervisor was told of a new thread; and there is another one */
    uint64_t save_seq;
    struct late_event { int32_t event, detail; } late[GUEST_LATE_MAX];  /* lifecycle events that wait for their turn */
    uint32_t nlate;
    struct bucket event_bucket, lifecycle_bucket, notes_bucket;
    uint64_t events_dropped;
};

/* doc.c: the live document. */
int guest_load_tree(struct guest *g, int fd, struct err *e);            /* BFD_TREE: sets tree and identity; fd borrowed */
int guest_set_identity(struct guest *g, struct err *e);
struct tree *guest_device(struct guest *g, const char *alias);          /* child of <devices> with that alias; NULL */
const char *device_alias(const struct tree *dev);
/* The alias in QEMU's name for a device: "/machine/peripheral/virtio-disk0/virtio-backend" -> "virtio-disk0"; what is too long is cut off. */
void qdev_alias(const char *qdev, char *alias, size_t size);
void guest_place(struct guest *g, struct tree *dev);                    /* makes it a device of the live document, where libvirt would have it; taken over */
struct tree *guest_disk(struct guest *g, const char *path);             /* by target name or source path, as libvirt looks disks up */
const char *disk_source(const struct tree *disk);                       /* file, dev, name...; NULL none */
uint64_t tree_kib(const struct tree *t, const char *path);              /* <memory unit=>; KiB, 0 absent */
void guest_count_memory(struct guest *g, const struct tree *module, bool comes);       /* a module came or went: the guest's sizes */
enum on_action guest_action(const struct guest *g, const char *name, enum on_action fallback);   /* "on_reboot" */
char *guest_xml(struct guest *g, uint32_t flags, size_t *len);          /* flags: tree-form.h. NULL: no memory; caller frees */

/* start.c, resume.c */
void start_call(struct worker *w, const struct request *rq, struct frame *f);     /* IN_START */
void start_qmp_ready(struct guest *g);
void start_failed(struct guest *g, const struct err *e);               /* answers IN_START with an error */
void start_recorded(struct guest *g, const struct err *error);         /* the status file is on the disk, or error */
void start_qemu_died(struct guest *g);                                  /* QEMU ended while starting */
void guest_take_ends(struct guest *g);                                  /* BFD_CHARDEV, BFD_AGENT: agent, VNC */
void guest_hook_qmp(struct guest *g);                                   /* sets the callbacks of g->qmp */
int resume_open(struct guest *g, int qmp_fd);
void resume_qmp_ready(struct guest *g);
void guest_go_on(struct guest *g);                                      /* a guest that stands after its state was restored, or after a dump of its watchdog's: leases, and its CPUs run */
/* dump.c: it panicked, or stands because of its watchdog: what its document says is done, a dump first if it wants one. More than once is once. */
void guest_fell(struct guest *g);
void guest_ask_state(struct guest *g);                                  /* nobody knows whether its CPUs run: until QEMU has told, nothing is begun */
void guest_set_module(struct tree *module, uint64_t bytes);             /* what the guest has of it now */
void guest_learn_memory(struct guest *g);                               /* where its modules are, and of what size */
void guest_take_cpus(struct guest *g, json_t *ret);                    /* what query-cpus-fast said; NULL: nothing */
void guest_learn(struct guest *g);                                      /* asks QEMU for vCPU threads, channel states, balloon */

/* api_cpu.c: "0-3,^2" into a bit map; CPUs beyond it are left out. 0 or -1. */
int guest_parse_cpus(const char *s, uint8_t *map, size_t bytes);

/* api_block.c: sets the limits of all disks that have some and that QEMU has an image of; fn and data once for each. */
json_t *guest_throttle_args(const struct tree *disk);                   /* of block_set_io_throttle, for what the document says; NULL: no limits, or no image */
void guest_throttle_all(struct guest *g, unsigned ms, qmp_reply_fn *fn, void *data);

/* api_inside.c: has the agent turn processors on or off until `count` are on; answers the call. */
void set_vcpus_inside(struct guest *g, const struct request *rq, uint32_t count);

/* api_vcpu.c: a set of processors, on or off, and flags: what comes next of a call's arguments.  map: of BITMAP_BITS.  0, or answered and -1. */
int vcpu_set_args(struct guest *g, const struct request *rq, struct mp_in *in, uint8_t *map, bool *on);
bool vcpu_deleted(struct guest *g, const char *alias);                  /* DEVICE_DELETED: it was a processor */
void vcpus_at_start(struct guest *g, void (*started)(struct guest *g, const struct err *e));    /* plugs in those that may go again */

/* cpu.c: asks what QEMU made of <cpu>, and tells it in the live document; a start fails where that is not what the document insists on. */
void guest_learn_cpu(struct guest *g);

/* later.c: does the calls that waited, if there is no reason to wait any more. */
void later_go(struct guest *g);
void later_end(struct guest *g);                                        /* there is no guest, or none any more: those that wait are told */

/* state.c */
void guest_set_state(struct guest *g, int32_t state, int32_t reason, int32_t event, int32_t detail);   /* event -1: none */
void guest_send_state(struct guest *g, int32_t event, int32_t detail);
/* taint.c: for what libvirt calls the run tainted, by the names of its status files: it is noted in the tree (MARK_TAINTS), and stays. */
bool guest_is_tainted(const struct guest *g, const char *flag);
void guest_taint(struct guest *g, const char *flag);
void guest_taint_lines(const struct guest *g, char *buf, size_t n);     /* for its log */
void guest_taint_look(struct guest *g);                                 /* for what its document says now */
void guest_taint_status(const struct guest *g, struct tree *status);    /* adds them to a status file */
void guest_state_known(struct guest *g);                                /* what a client's call changed is in the index when that is answered */
enum { AGENT_CONNECTED = 1, AGENT_DISCONNECTED };
void guest_set_channel(struct guest *g, struct tree *channel, bool open, int reason);   /* the guest opened or closed its end of a port */
bool is_agent_channel(const struct tree *dev);
void guest_set_balloon(struct guest *g, uint64_t kib, bool tell);
void guest_gone(struct guest *g);                                       /* the monitor ended: IN_STOPPED */
void guest_quit(struct guest *g, int32_t stop_reason, int32_t stop_detail);        /* ends QEMU in good order */
void guest_shutdown_or_reboot(struct guest *g);                         /* after SHUTDOWN: quit, or reset and go on */
bool guest_is_rebooting(const struct guest *g);                         /* it is stopped, and RESET will start it */
void guest_was_reset(struct guest *g);                                  /* after RESET: a reboot of ours goes on */
void guest_save_in(struct guest *g, uint64_t ms);                       /* at the latest */
void guest_changed(struct guest *g);                                    /* the tree or the notes changed: save soon */
void guest_tune(struct guest *g);                                       /* QEMU has a new thread, which may have a place of its own on the host */
void guest_told(struct guest *g);                                       /* by a client, who is not answered before they are noted */
uint64_t guest_cpu_time(struct guest *g, uint64_t *user_ns, uint64_t *system_ns);  /* ns; user, system may be NULL; 0 unknown */
enum { HOST_CPUS_MAX = 4096 };
unsigned guest_cpu_times(struct guest *g, uint64_t ns[HOST_CPUS_MAX]);     /* how long it was on each of the host's CPUs; how many these are, 0: the host does not tell */

/* Kernel files of QEMU: a small text file relative to dirfd (NULL: dirfd itself); user and system time of a stat file. 0 or negative errno. */
int read_small(int dirfd, const char *name, char *buf, size_t size);
int task_times(struct guest *g, const char *name, uint64_t *user, uint64_t *sys);

/* ends.c */
bool is_marked(const struct tree *dev, uint32_t entry);                 /* the element, or its <source> or <backend>, is that manifest entry */
bool guest_take_end(struct guest *g, int fd, uint32_t entry);     /* our end of a manifest entry; false: it is of no use, and still the caller's */
struct tree *guest_marked(struct guest *g, uint32_t entry);              /* the device that has the manifest entry, or NULL */
void guest_drop_ends(struct guest *g, const struct tree *dev);          /* of a device that has gone */
/* Arguments of set_password and expire_password, new; false: it has no password. */
bool guest_graphics_auth(const struct tree *graphics, json_t **password, json_t **expiry);
int guest_counter(struct guest *g, const struct tree *dev);             /* folder of an interface's counters; the socket with a performance event's descriptor; borrowed; -1 none */
/* Hands a connected client to a display, or to a character device by its id in QEMU: getfd, add_client. fd borrowed; tls: of SPICE, it comes by TLS. */
void guest_add_graphics(struct guest *g, const char *protocol, int fd, bool tls, bool skip_auth, qmp_reply_fn *fn, void *data);

/* lease.c: leases of its disks.  fn gets NULL, or why not; it may be called before these return. */
enum guest_locks { LOCKS_ON = 1 /* the guest was started with lock_manager = "lockd" */, LOCKS_HELD = 2, LOCKS_GIVING = 4,
    LOCKS_UNKNOWN = 8 /* held if its CPUs run: until QEMU has told that */ };
typedef void lease_fn(void *data, const struct err *e);
void lease_take(struct guest *g, lease_fn *fn, void *data);             /* before its CPUs run */
void lease_give(struct guest *g, lease_fn *fn, void *data);             /* when they have stopped; a failure is logged. fn may be NULL */
/* Of one disk: before QEMU has it, and when it has it no more.  entry: of its image, which says what is leased; -1: nothing is. */
int lease_entry(const struct guest *g, const struct tree *disk);
void lease_one(struct guest *g, bool take, int entry, lease_fn *fn, void *data);
void lease_resume(struct guest *g);                                     /* QEMU told what the guest of an earlier instance does */

/* debug.c: for the administrator. */
void debug_call(struct worker *w, const struct request *rq, struct frame *f);           /* IN_WORKER_DEBUG */
void debug_trace_call(struct worker *w, const struct request *rq, struct frame *f);     /* IN_WORKER_TRACE */
void debug_elements(const struct guest *g);     /* names what the guest was started with, in the log when it has everything */

/* save.c: checkpoint and status file. */
void status_file(struct guest *g);                                     /* has it written, if it is not being written; while the guest is launched, start_recorded() is next */
void save_now(struct guest *g);
/* handback.c: what libvirt's daemons need in a status file st, and in the document dom in it. */
void handback_status(struct guest *g, struct tree *st, struct tree *dom);
void save_notes(struct guest *g);                                       /* the checkpoint alone */
int save_load(struct guest *g);                                         /* 0, -ENOENT none yet, or negative errno */

/* qevent.c */
void qevent(struct qmp *q, const char *name, json_t *data, double when);

/* notify.c: events of the public API.  Each emitter counts against a rate; state changes do not go through here. */
void notify_reboot(struct guest *g);
void notify_rtc(struct guest *g, int64_t offset);
void notify_watchdog(struct guest *g, int action);
void notify_io_error(struct guest *g, const char *src, const char *alias, int action, const char *reason);
void notify_graphics(struct guest *g, int phase, json_t *client, json_t *server, const char *auth, const char *x509, const char *sasl);
void notify_tray(struct guest *g, const char *alias, int reason);
enum pm_event { PM_WAKEUP, PM_SUSPEND, PM_SUSPEND_DISK };
void notify_pm(struct guest *g, enum pm_event what);
void notify_balloon(struct guest *g, uint64_t kib);
void notify_device_added(struct guest *g, const char *alias);
void notify_device_removed(struct guest *g, const char *alias);
void notify_device_removal_failed(struct guest *g, const char *alias);
void notify_agent(struct guest *g, int state, int reason);
void notify_iteration(struct guest *g, int pass);
void notify_job(struct guest *g, const struct mp_out *params);
void notify_tunable(struct guest *g, const struct mp_out *params);      /* an array of typed parameters; borrowed */
void notify_metadata(struct guest *g, int type, const char *uri);
void notify_block_threshold(struct guest *g, const char *dev, const char *path, uint64_t threshold, uint64_t excess);
void notify_memory_size(struct guest *g, const char *alias, uint64_t bytes);
void notify_memory_failure(struct guest *g, int recipient, int action, uint32_t flags);
void notify_monitor(struct guest *g, const char *event, double when, json_t *data);

/* call.c: calls that are answered later. */
struct call {
    struct guest *g;
    struct request rq;
    void (*done)(struct call *c, json_t *ret);  /* of call_qmp(), call_agent() */
    void (*free_extra)(void *extra);
    void *extra;                        /* the handler's own notes */
};
struct call *call_new(struct guest *g, const struct request *rq);       /* never NULL: ends the process on lack of memory */
void *call_extra(struct call *c, size_t size);                          /* zeroed, freed with the call */
void call_ok(struct call *c);                                           /* each answers and frees c */
void call_out(struct call *c, struct mp_out *o);
void call_fail(struct call *c, const struct err *e);
void call_drop(struct call *c);                                         /* frees one that is answered already */
void call_failf(struct call *c, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Opens arguments and passes the domain in front. 0, or answered and -1. */
int call_args(struct guest *g, const struct request *rq, struct frame *f, struct mp_in *in);
/* After the last getter: 0, or answered with "Unable to decode message payload" and -1. */
int call_end_args(struct guest *g, const struct request *rq, struct mp_in *in);
/* All arguments of a call that has none but the domain, or a flags word beside it. Which flags are known a gateway looks at (its flags.c). 0, or answered and -1. */
int call_no_args(struct guest *g, const struct request *rq, struct frame *f);
int call_flags(struct guest *g, const struct request *rq, struct frame *f, uint32_t *flags /* NULL: there are none */);
/* What is left of the arguments of a call that sets parameters of a running guest: they, and a flags word. 0, or answered and -1; the caller frees *l in any case. */
struct typed_list;
int call_params(struct guest *g, const struct request *rq, struct mp_in *in, struct typed_list *l);
/* A guest that can be worked on: 0, or answered with "domain is not running" and -1. */
int call_need_up(struct guest *g, const struct request *rq);
/* The agent of a running guest: 0, or answered in libvirt's words and -1. */
int call_need_agent(struct guest *g, const struct request *rq);
void reply_err(struct guest *g, const struct request *rq, int code, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void reply_ok(struct guest *g, const struct request *rq);
void reply_int(struct guest *g, const struct request *rq, int64_t v);
/* Has QEMU do it, or the agent (ms: as agent_send() has it); args are taken over.  Then done has c and what was returned; without one the client is told that it is
 * done.  When it fails the client is told why, and c is no more. */
typedef void call_done_fn(struct call *c, json_t *ret);
void call_qmp(struct call *c, const char *command, json_t *args, call_done_fn *done);
void call_agent(struct call *c, const char *command, json_t *args, unsigned ms, call_done_fn *done);
/* The usual answer to a command whose value does not matter: data is a struct call. */
void call_on_done(void *data, json_t *ret, const struct err *e);

#define OP_FN(name) void name(struct worker *w, const struct request *rq, struct frame *f)
/* The same for a call that is its arguments alone: in stands behind the domain, which is the first of them. */
#define OP_ARGS(name) \
    static void name##_args(struct guest *g, const struct request *rq, struct mp_in in); \
    OP_FN(name) \
    { \
        struct mp_in in; \
        if (!call_args(w->data, rq, f, &in)) \
            name##_args(w->data, rq, in); \
    } \
    static void name##_args(struct guest *g, const struct request *rq, struct mp_in in)
#endif
