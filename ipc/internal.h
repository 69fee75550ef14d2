/* internal.h: operations of program 0, between our own processes.  Bodies are these fixed structs (host order), because the
 * keeper and the supervisor read nothing else.  Strings inside are NUL-terminated within their arrays; readers check. */
#ifndef BULKHEAD_INTERNAL_H
#define BULKHEAD_INTERNAL_H
#include <stdint.h>
#include "birth.h"
#include "frame.h"
#include "index.h"
#include "manifest.h"
#include "op.h"
#include "settings.h"

#define NAME_MAX_BYTES 256

enum internal_op {
    /* keeper -> supervisor */
    IN_HELD = 1,        /* EVENT, one for each thing held, at the start of a supervisor: struct held + its descriptors */
    IN_GO,              /* EVENT: that was all; begin. arg: epoch (1: the daemon's first supervisor) */
    IN_EXITED,          /* EVENT: a process ended: struct exited */
    /* supervisor -> keeper */
    IN_SPAWN = 16,      /* EVENT: struct spawn; fds: [0] child's channel, [1] our end (kept when who.kind is HELD_CHANNEL, else absent), then the child's in order.
                         * Answered by the EVENT IN_SPAWNED: struct spawned; or by IN_EXITED: it could not be born */
    IN_STORE,           /* EVENT: struct held + its fd: keep it until IN_DROP. It is safe for what is sent to the keeper after it */
    IN_DROP,            /* EVENT: n struct held (keys only): close what is held of an object (HELD_FD; with a tag: as that, with that arg), or a channel (HELD_CHANNEL) */
    IN_KILL,            /* EVENT: struct kill_req: signal through the pidfd held */
    IN_ADOPT,           /* EVENT: struct held of a running guest + pidfd: watch a process the keeper did not spawn itself (a QEMU's PID-1 stub) */
    IN_READY,           /* EVENT: accepting clients: pid file, readiness notification */
    IN_SHUTDOWN,        /* EVENT: arg = exit status: end the daemon; guests go on */
    IN_SPAWNED,         /* EVENT keeper -> supervisor: struct spawned */
    /* gateway -> supervisor */
    IN_SERVE = 32,      /* EVENT supervisor -> gateway: struct serve; fds [0] the client's socket, [1] the client page, on the admin door only */
    IN_SUBSCRIBE,       /* EVENT: arg unused; body uint64 mask[2]: bit n = domain event id n wanted (bit 64..: other classes) */
    IN_EPOCH,           /* EVENT supervisor -> gateway and workers: a new supervisor: send your outstanding calls again with FRAME_RESENT. arg: as IN_LOG_LEVEL's */
    IN_CANCEL,          /* EVENT gateway -> supervisor -> worker: the caller of (origin, serial) is gone */
    IN_SIBLING,         /* CALL gateway -> supervisor: arg: enum host_daemon, a sibling (of auth: HOST_BUS, as root); fd [0], if any, its client's socket: connect there as that client, read-only if that is. Reply: as that
                         * of IN_HAND_DAEMON */
    IN_NEIGHBOURS,      /* CALL gateway -> supervisor -> host: msgpack: a reply of domain.interface_addresses. Reply: the same, in which each interface has the addresses of the host's
                         * IPv4 neighbours with its own hardware address; none of one without such */
    IN_LATE,            /* EVENT gateway -> supervisor: its call of that serial has had no answer for so long that one which only waits for others is refused */
    /* xmlc -> supervisor */
    IN_DOC = 48,        /* REPLY body of every document call that makes or changes a document: struct doc_result; fds in the order of doc_fd */
    IN_DOC_START,       /* CALL supervisor -> xmlc: make the running form (ids, aliases, run-time paths). struct doc_start; fds: caps, settings, definition text */
    IN_DOC_LOAD,        /* CALL supervisor -> xmlc: index facts and manifest of a stored definition; struct doc_start; fds as IN_DOC_START */
    IN_DOC_STATUS,      /* CALL supervisor -> xmlc: a status file (libvirt's domstatus) -> doc_result with pid, id, tree of the live guest; fds as IN_DOC_START */
    IN_DOC_UNPLUG,      /* CALL supervisor -> xmlc: struct plug_alias: a device has gone from a running guest; fds: caps, settings, its BFD_TREE and BFD_MANIFEST. Reply: IN_DOC: the
                         * tree without it, and the manifest with MF_GONE on what it had */
    IN_DOC_PORTS,       /* CALL supervisor -> xmlc: fds: caps, settings, BFD_TREE, BFD_MANIFEST, and what talk said of TALK_PORTS or TALK_SECRETS. Reply: fd [0] the manifest, whose secrets have their values and whose links have what each network
                         * is here: the bridge, limits of its group of ports, and in a 1: that it is one of the host's (libvirt's actual type) */
    IN_DOC_ELEMENT,     /* CALL qemu worker -> supervisor -> xmlc: fd [0] text of one element of <metadata>. Reply: fd [0] its tree, namespaces and all */
    IN_DOC_HOOK,        /* CALL supervisor -> xmlc: the document of a run as hook scripts get it. struct doc_start: id, 0: it has ended; fds: caps, settings, BFD_TREE, and as far as there are
                         * any BFD_MANIFEST, BFD_GRANTS of the run. Reply: fd [0] sealed memfd: its text */
    /* supervisor -> conf */
    IN_CONF_SETTINGS = 64, /* CALL the daemon's front -> conf, before all else: reply body struct settings (settings.h) */
    IN_CONF_LIST,       /* CALL: arg = dir_kind; reply: a memfd of packed struct conf_entry */
    IN_CONF_READ,       /* CALL: struct conf_name; reply: fd [0] a sealed memfd with the file's bytes.
                         * arg 1: the reply is that of an API call that asks for the text: msgpack [text], without the head that conf put before it */
    IN_CONF_WRITE,      /* CALL: struct conf_name, fd [0] sealed memfd: temp file, fsync, rename, fsync of the folder. Reply: struct conf_entry of what was written.
                         * arg CONF_WRITE_ONCE: what was written for the same client's call is not written again: an earlier supervisor died before it could say so */
    IN_CONF_REMOVE,     /* CALL: struct conf_name (also its autostart link when dir is DIR_DEFINITIONS, arg: the undefine's flags). Absent is no error. With a domain that
                         * is nowhere any more goes its TPM's state, unless flags or definition say otherwise */
    IN_CONF_AUTOSTART,  /* CALL: struct conf_name, arg 1 on, 0 off */
    IN_CONF_SAVE,       /* CALL: struct conf_name (dir DIR_SAVE), arg: enum conf_save, which tells the reply */
    IN_CONF_RENAME,     /* CALL: struct conf_name: the new name of the domain in the index's row arg, fd [0] sealed memfd: its definition. It is written as by IN_CONF_WRITE, beside that of the old
                         * name, and is started by itself as that one. Reply: struct conf_entry */
    IN_CONF_RENAMED,    /* CALL: the same without fd: the index has the new name, and the old file goes. Without it conf does what the index says, with IN_EPOCH and in its next instance */
    /* probe */
    IN_PROBE_IMAGE = 80,/* CALL supervisor -> probe: fds [0] the image, [1] sealed memfd: struct probe_req; reply struct probe_result.
                         * arg 1: the reply is that of domain.get_block_info: msgpack [allocation, capacity, physical]; or, where bytes are asked for, of domain.block_peek: [bytes] */
    IN_PROBE_CAPS,      /* CALL supervisor -> probe: struct probe_caps, fd [0] QMP socket of a "-machine none" QEMU. Reply: uint32_t QEMU's version; fd [0] sealed memfd: one caps part (workers/caps.h);
                         * BFD_CAPS is parts one after the other: concatenate them unread, or pass the only one on as it is */
    /* qemu worker -> supervisor: broker verbs and facts */
    IN_LAUNCH = 96,     /* CALL: struct launch (emulator, LAUNCH_HOSTNET, its last maxima and taints are read, the rest is the supervisor's; limits are the manifest's), fd [0] sealed memfd: argv, NUL-separated, and before it what QEMU has in its environment beside what all have, as NAME=VALUE.
                         * Once, while IN_START is open. Reply: struct launched; fds [0] QMP socket, [1] /proc/<qemu> dir, [2] cpu usage file when there is a cgroup */
    IN_STATE,           /* EVENT: struct guest_state: what the guest is doing now; the supervisor updates the index and sends lifecycle events.
                         * arg 1: it is being saved: it waits for IN_SAVED, which is sent when nobody is at that */
    IN_STATUS_XML,      /* CALL, one at a time: fd [0] sealed memfd: status file text to keep for a later daemon. Reply empty: it is on the disk, or the run ends */
    IN_STOPPED,         /* EVENT: worker: it saw its guest end; struct guest_state with the reason it knows (shutdown, crashed, saved ...) */
    IN_QUIT,            /* EVENT supervisor -> worker: your object is gone; end */
    IN_LOG_TAIL = 102,  /* CALL worker/supervisor -> log: struct log_tail; reply: last bytes of the stream as text (<= 4096) */
    IN_LEASES_ASK,      /* CALL worker -> supervisor: arg: LEASES_TAKE before the guest's CPUs run, LEASES_GIVE when they have stopped; with LEASES_ONE of a disk that comes or has gone. Reply empty, or virtlockd's error */
    IN_START = 104,     /* CALL supervisor -> worker, its first frame unless BIRTH_RESUME: bring the guest up. arg: the API call's flags (1 paused); fd [0], if any: saved
                         * state to restore. Reply empty when it runs (or is paused as asked); an ERROR's text goes to the client, and all is undone */
    IN_SAVE,            /* CALL supervisor -> worker: arg: the API call's flags; fd [0] a new file: the guest is stopped, and head, document and state are
                         * written (save.h). Reply empty; then comes IN_SAVED */
    IN_SAVED,           /* EVENT supervisor -> worker: nothing came of the save: the guest goes on as before. (Where something does, the guest is ended.) */
    IN_PLUG,            /* CALL supervisor -> worker: arg: enum plug_what; struct plug; fds [0] DOC_FD_XML of the xmlc that worked on the client's call, and unless it is PLUG_OUT [1] the
                         * run's new manifest, [2] its grants, then plug.nfds. Reply empty: it is done; or PLUG_OUT: QEMU was told, and IN_UNPLUGGED may come later.
                         * It may come again: what is done already is done */
    IN_UNPLUGGED,       /* CALL worker -> supervisor: struct plug_alias: QEMU has a device no more, and what was behind it neither. Reply empty: the run's tree has it no
                         * more (or never had it). It comes again until it is answered */
    IN_TUNE,            /* CALL worker -> supervisor, one at a time: QEMU has a thread more: limits and pins are as the run's manifest says, for it too. Reply empty */
    IN_DUMP,            /* CALL worker -> supervisor, one at a time: the guest panicked, or its watchdog ran out, and its document wants a dump. Body: uint64_t, the time, by which its file is
                         * named: one that comes again, to another supervisor, is the same file. Reply empty: it is on the disk.
                         * CALL supervisor -> xmlc, the same: fds as with IN_DOC_UNPLUG. Reply IN_DOC: the manifest has its file's name; an error where the run's document wants none.
                         * CALL supervisor -> worker, the same again: fd [0] the file. Reply empty: it is written */
    /* of logs */
    IN_LOG_START = 144, /* CALL supervisor -> log, its first: struct conf_name: file name in its BFD_DIR ("NAME.log"); dir: enum log_start. It drains BFD_LOG_PIPE, or fd [0], if there is one.
                         * Reply: that of log.domain.open_log_file: msgpack [[inode, offset]] */
    IN_LOG_FOLDER,      /* EVENT log -> supervisor: its BFD_DIR was removed; EVENT supervisor -> log: there is one again: end, for the next instance has it */
    IN_LOG_CLEAN,       /* CALL supervisor -> log, its only one: what is too old in the folders of its BFD_DIR is removed (log_max_age_days). Reply empty */
    IN_LOG_ZIP,         /* CALL log -> supervisor of virtlogd -> zip: fds [0] a backup, read-only, [1] a file to be written. Reply empty: it is whole, and on the disk */
    IN_LOG_GAP,         /* EVENT log -> supervisor: fd [0] a memfd: uint64_t bytes that could not be kept, which the next instances are born with (BFD_CHECKPOINT) */
    /* hands (keeper spawns; the supervisor is their only peer, channel = fd 3; each answers one call and exits).
     * An operation that fails is answered by a REPLY with error != 0, no descriptors and nothing left over. */
    IN_HAND_OPEN = 112, /* hand-open. CALL: struct hand_req; fds: manifest, and with HAND_LOGD pipes, or of a guest that runs (HAND_NO_MONITOR) its grants: only entries
                         * that these have not are opened. Reply: struct hand_done; fds: [0] grants memfd, then nqemu descriptors for QEMU with the numbers up to next_fd - 1
                         * in that order, then nworker of ours: [the monitor's connected socket], then grant.nworker
                         * for each entry in order (MK_PTY: slave; MK_PAIR: other end; MK_TCP_LISTEN: listener; MK_UNIX_LISTEN "worker": pair's other end, then listener;
                         * MK_LOG, unless HAND_LOGD: read end of the pipe, its file, the file's folder), [last for OWN_LOG: read end, unless HAND_LOGD, and QEMU's end]. What is in [] is not there with HAND_NO_MONITOR.
                         * With HAND_LOOK, one turn of a search for backing files: fds: manifest, and sealed memfd: struct probe_result of the image of index look, if that was probed. Reply:
                         * fds: [0] the manifest with that in it; unless it has grown or there is no further image, [1] the next one, from look on, [2] sealed memfd: struct probe_req; id: its index */
    IN_HAND_NET,        /* hand-net. CALL: struct hand_req; fds: manifest, grants so far. Reply like IN_HAND_OPEN, for the MK_TAP entries that are not made yet, no monitor;
                         * grants: those of both; has: HAND_HAS_FILTERS: of those */
    IN_HAND_UNNET,      /* hand-net. CALL: struct hand_req; fds: manifest, grants (if there are any): delete taps named in grants that we made, and the run's macvtaps; HAND_GUEST_RUNS:
                         * only macvtaps of what has gone, or is not in its grants. Reply: struct hand_done; has: HAND_HAS_PORTS, HAND_HAS_FILTERS */
    IN_HAND_LAUNCH,     /* hand-launch. CALL: struct launch; fds: argv memfd, manifest (for MK_BIND, MK_DEVNODE), then qemu's descriptors. Reply: struct launched, or a failed hand_done;
                         * fds: [0] pidfd of the PID-1 stub, [1] /proc/<qemu> as a mount of its own (session: its stat file), [2] cpuacct.usage or cpu.stat when there is a cgroup.
                         * Once the keeper was told (IN_ADOPT), the supervisor sends the EVENT IN_HAND_LAUNCH; else the hand kills the guest.
                         * The stub is the hand's child and becomes the keeper's (sub-reaper) as the hand exits */
    IN_HAND_REAP,       /* hand-launch. CALL: struct hand_req, fds: [0] manifest, [1] grants (both may be missing): remove what a guest's run left: cgroup, run folder, listening sockets. Reply: struct hand_done */
    IN_HAND_PIDFD = 118,/* hand-open. CALL: struct hand_pid, fd [0] the manifest of its status file: find a running guest by what hand-launch noted of it (of libvirtd's: by its pid file).
                         * Reply: struct hand_done with pid and id. No fds: it has ended. Else [0] pidfd of its first process, [1] /proc/<qemu>, then nworker: what its stub held: all that its
                         * run had when it was launched; of a guest of libvirtd's our ends of what the manifest names, as far as they can be had; none if its stub does not answer; and a
                         * connection to its monitor, if that can be had */
    IN_HAND_LEASE,      /* hand-open. CALL: struct hand_lease. Reply: struct lock_done; fd [0] what was opened. Another one may follow */
    IN_HAND_DAEMON,     /* hand-open. CALL: struct hand_daemon: connect to a daemon of the host's. Reply: struct hand_done (error -ENOENT, -ECONNREFUSED: there is none); fds [0] the connection,
                         * [1] a pipe's end: it stays while that is open: the daemon looks for who connected when it answers the first call over it. With fd [0] a manifest: reply fd [2]:
                         * struct disk_keys of it; or, of a sibling, the client's socket: its groups are those of whoever connects. For a run's secrets: reply fd [2]: struct secret_keys */
    IN_HAND_SETTLE,     /* hand-open. CALL: struct hand_req; fds: [0] sealed memfd: a struct launch_fd of each that follows, then all that the run holds but the monitor's connection.
                         * What was made for entries that have gone (MF_GONE) is removed, and the guest's stub gets the rest in place of what it held.
                         * Reply: struct hand_done, has: HAND_HAS_PORTS, HAND_HAS_FILTERS: of what has gone; ours_entry: the nworker entries whose ends of ours are not needed any more; fds [0] grants, [1] manifest, both without
                         * what has gone at their end; none of a run without grants.
                         * With a manifest among them that is still to come (arg not 0) its devices did not: what was made for what it has more than the
                         * run's own is removed, and that is all. Reply as above, without fds */
    IN_HAND_OWNER,      /* hand-open. CALL: struct hand_owner, fd [0] an accepted socket: who is at its other end. Reply: struct lock_done; fd [0] a pidfd */
    IN_HAND_TUNE,       /* hand-launch. CALL: struct hand_req; fds: [0] a manifest, [1] another one of the run's (or the same), [2] its grants: what its MK_TUNE says is so then for the guest that
                         * runs, and what only the other one's says is no more; its QEMU sees the devices of its MK_VFIO. hand-net: the same of its MK_LINKs. Reply: struct hand_done, has: HAND_HAS_FILTERS: of those that differ; a failure: it is as the other one says */
    IN_HAND_STATE,      /* hand-open. CALL: struct hand_req; fds: [0] a manifest with MK_STATE, [1] its grants, [2], if any, what was opened: all of it is written; it is brought to the disk, and then a
                         * saved state's head says that it is whole. Else a file that was made is removed again, one that was there is emptied. Reply: struct hand_done */
    IN_HAND_HOOK,       /* hand-hook. CALL: struct hand_hook; fd [0], if there is one, sealed memfd: the text that the scripts get. Reply: struct hand_done; fd [0], of the operation "restore" only
                         * and if the scripts printed one: sealed memfd: the text in its place */
    /* debug, admin door only */
    IN_WORKERS = 128,   /* CALL: reply: struct peer_row, one after the other */
    IN_WORKER_DEBUG,    /* CALL admin gateway -> supervisor -> qemu worker: arg: enum worker_debug; object in the header. Reply: msgpack [[[name, value] ...]]: what it is doing */
    IN_CLIENT_CLOSE,    /* CALL admin gateway -> supervisor: uint64_t number of the client's gateway (client page): it is ended */
    IN_LIMITS,          /* CALL admin gateway -> supervisor: struct limits (index.h): those not LIMIT_LEFT are set; arg 1: of the admin door */
    IN_LOG_SET,         /* CALL admin gateway -> supervisor: struct logging: arg: enum log_part. EVENT supervisor -> keeper: all parts */
    IN_WORKER_TRACE,    /* CALL like IN_WORKER_DEBUG. Reply: empty; fd [0]: what goes over the monitor and the agent's channel, as lines of text without secrets, until it is closed */
    /* supervisor -> lock: struct lock_file; reply: struct lock_done. The direct lockspace has no folder: only GIVE and CHECK are asked there */
    IN_LOCK_TAKE = 160, /* CALL: the lock of a file. LOCK_SHARED, LOCK_AUTOCREATE. Reply: fd [0]: who has it has the lock */
    IN_LOCK_GIVE,       /* CALL: fd [0] it: the lock is given up, whoever else has a copy. LOCK_AUTOCREATE: the file goes too, if nobody else has a lock on it */
    IN_LOCK_CREATE,     /* CALL: a file of that name is there */
    IN_LOCK_REMOVE,     /* CALL: none is there; one that is locked stays */
    IN_LOCK_CHECK,      /* CALL: fd [0] a lock: it is held, or taken back; an error: it is lost */
    IN_LEASES,          /* CALL gateway -> supervisor of virtlockd: reply: struct lease_row, one behind the other */
    IN_LEASE_LOST,      /* EVENT supervisor of virtlockd -> gateways whose mask has the bit LEASE_LOST_EVENT: the row, as in IN_LEASES, of a lock that is another's now */
    IN_TALK,            /* CALL supervisor -> talk, its only one: struct lock_owner: the guest (of ports and secrets: nobody); arg: enum talk_what; fds [0] a connection to the host's daemon that has them, [1] the guest's BFD_TREE,
                         * or for TALK_LOGS, ports and secrets BFD_MANIFEST, [2] for leases, if that is wanted, struct disk_keys, for TALK_PORTS BFD_TREE, for filters BFD_GRANTS, for TALK_SECRETS struct secret_keys, [3] for TALK_FILTERS the run's own manifest beside its latest. Reply: that of enum talk_what, or the daemon's error */
    IN_LOG_LEVEL,       /* EVENT supervisor -> all that stay, and hands that wait for their call: arg: the least level of what is logged from now on */
    /* who may do what (auth) */
    IN_MAY,             /* CALL supervisor -> auth: struct may; object: of the guest it is about, 0 none. Reply: yes: empty, or with FRAME_ASK of a call that lists guests msgpack [MAY_BITMAP_BYTES]:
                         * a bit an index slot, of those that its client may see; else the error that the client gets */
    IN_OP_N
};
#define OP_IN(x) OP(PROG_INTERNAL, x)

/* The domain of an event, or of an answer, in place of msgpack's [name, uuid, id], which the gateway makes of it: the supervisor neither reads nor
 * writes msgpack.  A qemu worker's events begin with it too, and the supervisor compares. */
struct dom_head {
    char name[NAME_MAX_BYTES];      /* zeros behind its end */
    uint8_t uuid[16];
    int32_t id;
    uint32_t values;                /* msgpack values that follow */
};
_Static_assert(sizeof(struct dom_head) == NAME_MAX_BYTES + 24, "compared as bytes");
enum peer_state { PEER_ENDING, PEER_UNBORN, PEER_SERVING, PEER_SPARE, PEER_KEPT, PEER_UP, PEER_STATE_N };
struct peer_row { uint64_t object, idle_ms; uint32_t role, state; int32_t pid; uint32_t instance, last_op, pad; };
enum worker_debug { WORKER_ATTACH = 1 /* let a debugger of its own user attach */, WORKER_DETACH = 2 };

enum held_kind { HELD_CHANNEL = 1, HELD_PROCESS, HELD_FD };
struct held {                    /* key: the channel, or the object */
    uint32_t kind;               /* enum held_kind */
    uint32_t role;               /* enum role */
    uint64_t object;
    uint64_t channel;            /* number of the process's channel: never used twice */
    uint32_t tag;                /* enum birth_fd_kind for HELD_FD */
    uint32_t arg;                /* fd_arg */
    int32_t pid;
    uint32_t instance;
};
struct spawn { struct held who; struct birth birth; };   /* birth.fd_kind names the fds that follow; log pipe, void namespaces and birth memfd are the keeper's to add */
struct spawned { uint64_t channel; int32_t pid, pad; };
struct exited { struct held who; int32_t code /* CLD_EXITED, CLD_KILLED, CLD_DUMPED; -1: nobody can tell */, status; char words[1024] /* the last line that it logged */; };
struct kill_req { uint64_t object; uint64_t channel /* 0: the guest's PID-1 stub */; int32_t signal; uint32_t pad; };
/* row: of the client page. name and uuid: of a guest that the index has not (yet, or any more): of a document, by the supervisor; of an event, by the gateway that
 * asks whether its client may see it. "": none. */
struct may { uint32_t op, arg, flags /* enum frame_flags */, row; uint8_t uuid[16]; char name[NAME_MAX_BYTES]; };
struct serve { uint64_t client_id; uint32_t door, uid, need_auth /* 0 none, 2 polkit */, access /* enum access_by: calls are to be asked for */; };

/* Facts of a document that the supervisor puts into the index. */
enum doc_fd { DOC_FD_XML, DOC_FD_TREE, DOC_FD_MANIFEST, DOC_FD_N };
struct doc_result {
    uint8_t uuid[16];
    char name[NAME_MAX_BYTES];
    uint32_t flags;             /* enum slot_flags: SLOT_HAS_SECRETS; SLOT_CANONICAL: the stored text, that came or that is to be stored, is the document as it is shown, but for a head */
    struct dom_facts facts;
    int32_t id;                 /* IN_DOC_STATUS only, as the next two */
    int32_t state, reason;
    uint32_t changes;           /* 0 = answered by an ordinary REPLY, nothing to commit */
    uint32_t reply_len;         /* bytes of API reply body (msgpack) after this struct, sent to the client once committed; 0: made by the supervisor */
    uint32_t event_len;         /* bytes after the reply: fields of a metadata-change event behind its domain, sent once committed */
};
/* What a call did to a device of a running guest, in doc_result.changes.  Then xmlc got BFD_TREE and BFD_MANIFEST of the run in place of a definition, and
 * DOC_FD_XML is the packed tree of a <devices> with only what is to be plugged in, taken out or changed, in that order; the other two are the whole run's. */
enum plug_what { PLUG_IN = 1, PLUG_OUT, PLUG_CHANGE, PLUG_NONE /* a call that comes again, and was done */,
    PLUG_TUNE /* no device: MK_TUNE has changed, and DOC_FD_XML has the elements of <domain> that say so, each whole (empty: there is none). In IN_DOC_START's: threads have to be told */,
    PLUG_SHAPE /* as PLUG_CHANGE, of an interface whose MK_LINK or MK_FILTER has changed */ };
struct doc_start { int32_t id; uint32_t flags; char name[NAME_MAX_BYTES]; };
enum { CONF_WRITE_ONCE = 1 };
struct conf_name { uint32_t dir, serial; uint64_t number /* the client's call that it is for, 0: none's */; char name[NAME_MAX_BYTES]; };    /* name of the object, without ".xml"; conf checks it */
enum conf_save {
    CONF_SAVE_NEW,              /* a file to be written; fd [0]. It has its name only once it is kept */
    CONF_SAVE_KEEP,             /* it is whole: it is on the disk under its name when this is answered; fd [0] the manifest of its guest's run, which is kept beside it */
    CONF_SAVE_DROP,             /* it is not, or its guest goes on: away with it, kept or not */
    CONF_SAVE_OPEN,             /* a kept one: struct save_facts; fds [0] sealed memfd with its document, [1] the file, positioned at QEMU's state */
    CONF_SAVE_JUDGE,            /* fd [0] the manifest of the document in it: nothing in that but what its guest had. An image that has no manifest beside it (libvirt's) may ask for all */
    CONF_SAVE_HAND_OVER,        /* as CONF_SAVE_JUDGE; then the manifest beside it goes: its document becomes a client's, who may ask for all */
};
struct save_facts { uint32_t was_running, pad; };
struct conf_entry {
    uint32_t beside;            /* what else there is of that name: SLOT_AUTOSTART, SLOT_MANAGED_SAVE */
    uint32_t known;             /* 1: the index had all of doc of this very file when conf last looked: it need not be compiled. 0: there is but a name */
    struct def_file file;
    struct doc_result doc;
};
struct probe_req { uint32_t want_format /* enum image_format, IMG_NONE: guess */, peek_size; uint64_t peek_at /* of the entry that was opened (manifest.h) */; char path[4096] /* of the image, to resolve its backing file's name; "": the name as it is */; };
struct probe_caps { char emulator[512]; char accel[8] /* the -accel it runs with: "tcg", "kvm" */; };
struct probe_result { uint32_t format, backing_format; uint64_t virtual_size, cluster; uint32_t encrypted, has_backing; char backing[4096]; char data_file[4096]; };
struct guest_state {
    int32_t state, reason;      /* virDomainState and reason */
    int32_t event, detail;      /* virDomainEventType and detail to send, -1 none */
    uint32_t flags, flags_mask; /* slot_flags to set or clear */
    uint64_t mem_kib;           /* 0: unchanged */
    uint64_t cpu_time_ns;       /* 0: unchanged */
    uint32_t vcpus, pad;
};
/* Program log: what the gateway makes of a call's arguments, as neither supervisor nor log role reads msgpack. The path comes first in all of them, and the
 * supervisor reads nothing else: it says whose stream the call is about. The answers are msgpack, made by the log role. */
#define LOG_PATH_MAX 4096
#define LOG_TEXT_MAX (4u << 20)         /* bytes that one call reads or appends */
enum log_start { LOG_TRUNCATE, LOG_APPEND, LOG_LOOK /* for reading: the file is not made */, LOG_HOW = 3,
    LOG_STAYS = 4 /* not ended by its pipe's end: calls may still come, and the supervisor says when to quit */ };
enum log_open_flags { LOG_OPEN_TRUNCATE = 1 };
struct log_open { char path[LOG_PATH_MAX]; uint32_t flags, pad; };                                                      /* open */
struct log_at { char path[LOG_PATH_MAX]; uint64_t inode, offset, most; };                                              /* position, read */
struct log_append { char path[LOG_PATH_MAX]; uint32_t length, pad; };                                                  /* append: the message follows */
struct log_tail { uint32_t bytes; uint32_t pad; uint64_t from; };   /* from: offset in the stream since start of this run */
enum hand_flags { HAND_NO_MONITOR = 1 /* hot-plug, or no run folder wanted */, HAND_LOOK = 2 /* one image, which has to be probed, read-only and without locks */,
    HAND_KEEP_OWNER = 4 /* nothing that is made is given to the owner */, HAND_CHAIN_RELAXED = 8 /* an image's header is believed, whatever it named before */,
    HAND_LOGD = 16 /* logs are virtlogd's: its pipes, QEMU's own first and then one for each MK_LOG in order, come behind the manifest */,
    HAND_ANY = 32 /* with HAND_LOOK: an image of whatever kind */, HAND_GUEST_RUNS = 64 /* IN_HAND_UNNET: what its entries have by its grants stays */,
    HAND_FOLDERS = 128 /* MK_STATE: folders above it are made where there are none */,
    HAND_GIVEN = 256 /* the last descriptor is what the caller gave for disks (given.h) */ };
struct hand_req {
    uint64_t object;
    uint32_t uid, gid;              /* the guest's */
    uint32_t owner_uid, owner_gid;  /* qemu.conf's user and group: own ptys, sockets, files, NVRAM that host clients and a stock libvirtd should reach; 0xffffffff: leave.
                                     * Also who connects to host sockets, and opens an image that root may not (NFS) */
    int32_t id;
    uint32_t flags;                 /* enum hand_flags */
    uint32_t pad;
    uint32_t look;                  /* with HAND_LOOK: index of an image */
    char name[NAME_MAX_BYTES];
};
enum { OWN_LOG = UINT16_MAX };      /* what QEMU itself says */
struct hand_done {
    uint32_t nqemu, nworker;
    int32_t failed;                 /* index of the entry that failed, -1 none */
    int32_t error;                  /* 0 or a negative errno */
    int32_t code, domain;           /* enum err_code, enum err_domain of the failure */
    uint32_t next_fd;               /* first number in QEMU not given away */
    uint32_t has;                   /* enum hand_has */
    int32_t pid, id;                /* IN_HAND_PIDFD; id with HAND_LOOK: of the image, -1 none */
    uint32_t grown;                 /* HAND_LOOK: the manifest has an entry more, which is to be judged first */
    uint8_t ours_kind[FRAME_FDS_MAX];     /* of each of the nworker descriptors: BFD_QMP, BFD_CHARDEV, BFD_LOG_PIPE, BFD_FILE and BFD_DIR (of the pipe before them), BFD_NONE: QEMU's stdout and stderr */
    uint16_t ours_entry[FRAME_FDS_MAX];   /* and whose: an index into the manifest, of BFD_NONE OWN_LOG; of a log's pipe, file and folder: which of the logs that have a pipe */
    char text[1024];                /* detail of the error (strerror is in it already) */
};
enum hand_has { HAND_HAS_TAPS = 1, HAND_HAS_HOSTNET = 2, HAND_HAS_PORTS = 32 /* links that name a port */, HAND_HAS_FILTERS = 128 /* on taps */, HAND_HAS_SECRETS = 512, HAND_HAS_VFIO = 1024 };      /* what the manifest has beside what was opened */
enum launch_flags { LAUNCH_HOSTNET = 1 /* host's net namespace */, LAUNCH_NO_CGROUP = 2 /* a QEMU run for its capabilities */,
    LAUNCH_LEASES = 4 /* the guest is an owner at virtlockd */ };
/* number: in QEMU, >= QEMU_FD_BASE; -1: QEMU's stdout and stderr (BFD_NONE), or none of QEMU's: its PID-1 stub holds it as what kind and arg say, until a later daemon asks for it */
struct launch_fd { int16_t number; uint8_t kind /* enum birth_fd_kind; BFD_NONE: QEMU's */, pad; uint32_t arg; };
struct plug_alias { char alias[NAME_MAX_BYTES]; };
struct plug { uint32_t nfds, flags /* of the client's call: PLUG_FORCE */; struct launch_fd fd[FRAME_FDS_MAX]; };
enum { PLUG_FORCE = 4 /* VIR_DOMAIN_DEVICE_MODIFY_FORCE: a tray is opened though the guest has locked it */ };
struct launch {
    uint64_t object; uint32_t uid, gid; int32_t id; uint32_t flags /* enum launch_flags */;
    char name[NAME_MAX_BYTES];
    uint8_t uuid[16];
    char emulator[512];         /* path of the binary; must be one that hand-launch knows. argv memfd holds argv[0].. too */
    uint32_t nfds;              /* descriptors after argv and manifest */
    uint32_t owner_uid;         /* qemu.conf's user, and below its group: whose rights QEMU has in folders that it serves; 0xffffffff: none */
    struct launch_fd fd[FRAME_FDS_MAX];
    uint32_t pids_max, files_max, core_max_mib, owner_gid;         /* 0: the hand's default */
    char taints[512];           /* the worker's: what its guest is tainted with, lines, for its log */
};
struct launched {
    int32_t pid /* stub, host pid */, qemu_pid; uint64_t start_time /* of the stub, field 22 of its stat */;
    uint32_t sandbox;           /* enum launch_level: what is in force */
    uint32_t pad;
};
enum launch_level { LAUNCH_HAS_UID = 1, LAUNCH_HAS_VIEW = 2, LAUNCH_HAS_PIDNS = 4, LAUNCH_HAS_NETNS = 8, LAUNCH_HAS_FILTER = 16, LAUNCH_HAS_CGROUP = 32, LAUNCH_HAS_USERNS = 64, LAUNCH_HAS_PROC = 128 };
enum { LEASE_LOST_EVENT = 65 };
enum lock_flags { LOCK_SHARED = 1, LOCK_AUTOCREATE = 2 /* of the lock program's acquire, too */, LOCK_LOST = 4 /* in lease_row: it is another's */ };
enum talk_what {
    LEASES_GIVE, LEASES_TAKE = 1, LEASES_AGAIN = 2 /* with LEASES_TAKE: it may have been done, in part or whole */,    /* empty */
    TALK_LOGS = 4,      /* opens the guest's logs: fds [0] the pipe of QEMU's own, then one for each MK_LOG of the manifest, in order */
    TALK_TAIL = 8,      /* the last bytes of QEMU's own, as text */
    LEASES_ONE = 16,    /* with LEASES_GIVE or _TAKE: those of one disk, from bit LEASES_ENTRY on the entry of its image; QEMU does not have it yet, or not any more */
    LEASES_ENTRY = 16,
    TALK_PORTS = 32,    /* has ports made of the networks that the manifest's links name: fds [0] memfd: msgpack [[index of the link, XML of the port] ...] */
    TALK_SECRETS = 512, /* looks up the secrets that the manifest names and has not: fds [0] memfd: msgpack [[index, IV and value] ...], as MK_SECRET has them */
    TALK_UNPORT = 64, TALK_FROM = 16,    /* gives up those of entries that have gone, or, where that is an entry, of all from (arg >> TALK_FROM) on, 0: both: empty */
    TALK_FILTERS = 128,     /* filters become what the latest manifest says where the run's own says something else, or with TALK_ALL all of them, or with TALK_UNDO the other way round; where that
                             * fails they are as they were: empty */
    TALK_ALL = 1 << TALK_FROM, TALK_UNDO = 2 << TALK_FROM,
    TALK_UNFILTER = 256,    /* as TALK_UNPORT, of filters */
    TALK_LISTED = TALK_PORTS | TALK_UNPORT | TALK_FILTERS | TALK_UNFILTER | TALK_SECRETS,      /* the manifest says what there is to say */
};
struct lock_file { uint32_t flags /* enum lock_flags */, pad; char name[NAME_MAX_BYTES]; };
#define LOCK_TEXT_MAX 4096               /* bytes of a path or name with its NUL */
/* Program lock: what the gateway makes of a call's arguments: register; and of the others' two strings, a path and a name behind each other, each with its NUL.
 * Those that a call has not are absent: the struct is as long as they are. */
struct lock_owner { uint8_t uuid[16]; uint32_t id, pid, flags, pad; char name[NAME_MAX_BYTES]; };
struct lock_what { uint32_t flags, name_at; char text[2 * LOCK_TEXT_MAX]; };
/* A row of IN_LEASES; lockspace, resource and owner's name follow it, each with its NUL. */
struct lease_row { int64_t since /* CLOCK_REALTIME seconds */; uint8_t uuid[16]; uint32_t id, pid, flags /* enum lock_flags */, pad; };
/* made, local: IN_HAND_LEASE's; the file was not there; its file system is one where a lock that is given up waits for nobody. */
struct lock_done { int32_t error /* 0 or a negative errno; -EAGAIN: somebody else has the lock */, pid /* a process of this host that has it; 0: not known */; uint16_t made, local; };
enum lease_what { LEASE_FOLDER /* of a lockspace; it is made */, LEASE_FILE /* locked */, LEASE_FILE_MADE /* the same, made if it is not there */, LEASE_MAKE /* not locked */,
    LEASE_REMOVE /* an empty file that was made so; absent is no error. fd [0], if any: only if it is that, and nobody else has a lock on it */ };
struct hand_lease { uint32_t what /* enum lease_what */, flags /* LOCK_SHARED */; char path[LOCK_TEXT_MAX]; };
struct hand_owner { uint64_t latest /* start time that the process may have, as in field 22 of its stat */; };
/* Daemons beside us: those of locks and logs, and the siblings, whose objects are not ours. */
enum host_daemon { HOST_LOCKD, HOST_LOGD, HOST_BUS /* the system message bus: auth */, HOST_NETWORK, HOST_NODEDEV, HOST_SECRET, HOST_NWFILTER, HOST_INTERFACE, HOST_STORAGE, HOST_DAEMON_N };
struct hand_daemon { uint32_t daemon /* enum host_daemon */, readonly, uid, gid /* who connects, unless the hand is not root */; int32_t id; char name[NAME_MAX_BYTES] /* HOST_SECRET: the run it is for; id 0: a client's */; };
struct secret_keys { uint8_t key[32] /* of the run */; char token[40] /* by which libvirt's daemons know each other, hexadecimal; "": there is none */; };
/* What block devices below /dev are called wherever they are reached from, by the manifest's indexes; "": by no such name. */
struct disk_key { char lvm[40], scsi[216]; };
struct disk_keys { uint32_t n, no_udev /* nobody has noted what is called how */; struct disk_key v[MANIFEST_ENTRIES_MAX]; };
struct hand_hook { uint32_t timeout_s, pad; char op[16] /* prepare, start ...: libvirt's name */; char name[NAME_MAX_BYTES] /* the guest's; "": of the daemon itself */; };
struct hand_pid { int32_t id; uint32_t pad; char name[NAME_MAX_BYTES]; };       /* id: what the status file says, for a guest that another daemon started */
#endif
