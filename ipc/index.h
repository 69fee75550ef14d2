/* index.h: the shared page that answers lists, look-ups, states and info without asking anybody.
 *
 * The supervisor alone writes; gateways and the host worker map it read-only.  Each slot is guarded by a sequence word: a reader
 * copies a slot with index_read() and gets a consistent copy or -EAGAIN after a bounded number of tries.
 * It holds what any client of this daemon may list.  It holds no secret and no XML. */
#ifndef BULKHEAD_INDEX_H
#define BULKHEAD_INDEX_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "settings.h"

#define INDEX_MAGIC 0x49445832u
#define INDEX_SLOTS_MAX 8192
#define INDEX_NAME_MAX 256          /* with NUL */

enum slot_flags {
    SLOT_PERSISTENT = 1, SLOT_AUTOSTART = 2, SLOT_MANAGED_SAVE = 4, SLOT_HAS_SECRETS = 8 /* the definition holds a password */,
    SLOT_HAS_TPM = 16 /* of the definition: an emulated one, whose state is a folder of the domain's */, SLOT_WORKER_FAILED = 32, SLOT_STALE = 64 /* its QEMU has not answered for a while */, SLOT_AGENT = 128 /* agent channel connected */,
    SLOT_HAS_SNAPSHOT = 256, SLOT_TAINTED = 512, SLOT_CANONICAL = 1024 /* the stored file holds exactly what a client is shown */,
    SLOT_TPM_STAYS = 2048 /* with SLOT_HAS_TPM: the state stays when the domain goes (persistent_state) */,
    SLOT_HAS_NVRAM = 8192 /* of the definition: variables of its firmware, which are in the folder for these by the domain's name */,
    SLOT_FROM_DOC = SLOT_HAS_SECRETS | SLOT_CANONICAL | SLOT_HAS_TPM | SLOT_TPM_STAYS | SLOT_HAS_NVRAM,
    SLOT_FILED = 4096 /* the run is ending, or ended last, with its state or dump whole in a client's file. Also of a row that is free again, as long as nobody else has it */,
};
/* Of a domain, as lists and infos tell them. */
struct dom_facts { uint32_t vcpus, vcpus_max; uint64_t mem_kib, mem_max_kib; };     /* of memory: the balloon, and at most */
/* Which file it is, and that it is as it was. */
struct def_file { uint64_t ino; int64_t mtime_ns, ctime_ns; uint32_t size, pad; };
struct index_slot {
    uint32_t seq;               /* odd while being written */
    uint32_t gen;               /* 0: never used; a handle is valid while gen matches and `used` */
    uint8_t used;
    uint8_t pad[3];
    int32_t id;                 /* -1 when not running */
    uint8_t uuid[16];
    char name[INDEX_NAME_MAX];
    int32_t state, reason;      /* virDomainState and its reason */
    uint32_t flags;             /* enum slot_flags */
    uint32_t qemu_pid;          /* host pid of the guest's PID-1 stub, 0 when not running */
    struct dom_facts now, defined;   /* while it runs, they are the run's and the definition's; else both the latter's */
    uint64_t cpu_time_ns;       /* last known; the worker refreshes it with internal.state */
    struct def_file file;       /* the definition's, as its facts were read from it; all 0 not known */
    uint64_t made_by;           /* mark of the call that defined it last: one that comes again after its supervisor's death is known by it */
    uint64_t autodestroy;       /* gateway whose end is the run's too, 0 none */
};
_Static_assert(sizeof(struct index_slot) == 408, "slots are laid out alike everywhere");
struct index_head {
    uint32_t magic;
    uint32_t slots;             /* rows in use or once used: readers look at 0 .. slots-1 */
    uint32_t epoch;             /* of the supervisor that writes */
    uint32_t change;            /* one up with each change of any slot: lets readers cache */
    char hypervisor_uri[32];    /* "qemu:///system" */
    char hostname[256];
    uint64_t qemu_version;      /* major*1000000 + minor*1000 + micro of the default emulator, 0 unknown yet */
    uint8_t host_uuid[16];
    int32_t next_id;            /* domain id that the next start gets */
    uint32_t next_gen;          /* generation of the next slot that is taken */
    uint32_t loaded;            /* 1: definitions are in, running guests are found */
    uint32_t caps_known;        /* 1: the QEMU binaries have answered; before, qemu_version is not known yet */
    uint8_t reserved[3752];
};
_Static_assert(sizeof(struct index_head) == 4096, "one page");
#define INDEX_BYTES (sizeof(struct index_head) + INDEX_SLOTS_MAX * sizeof(struct index_slot))

struct index { struct index_head *head; struct index_slot *slot; bool writable; };
int index_map(struct index *ix, int fd, bool writable);                    /* checks size and magic; 0 or negative errno */
/* Keeper: a page of so many bytes, of which the first n are head, the others 0, and which stays of that size; ro_fd cannot be made writable. 0 or negative errno. */
int page_create(const char *name, const void *head, size_t n, size_t bytes, int *rw_fd, int *ro_fd);
static inline int index_create(int *rw_fd, int *ro_fd)                      /* an empty index */
{
    const struct index_head head = { .magic = INDEX_MAGIC };
    return page_create("bulkhead-index", &head, sizeof head, INDEX_BYTES, rw_fd, ro_fd);
}
/* A copy of a row of either page, of which nothing was written meanwhile.  Its first member is the sequence word.  False: its writer is never done. */
bool index_row_read(const void *row, void *copy, size_t n);
int index_read(const struct index *ix, uint32_t slot, struct index_slot *copy);   /* 0; -ENOENT not used; -EAGAIN */
/* Finders return the slot and its copy, or -ENOENT. Linear over `slots` with a hash kept by the caller is not needed below 10,000 rows: uuid compare is 16 bytes. */
int index_find_uuid(const struct index *ix, const uint8_t uuid[16], struct index_slot *copy);
int index_find_name(const struct index *ix, const char *name, struct index_slot *copy);
int index_find_id(const struct index *ix, int32_t id, struct index_slot *copy);
/* Writers (supervisor): begin gives the row to change in place, end publishes it. */
struct index_slot *index_begin(struct index *ix, uint32_t slot);
void index_end(struct index *ix, uint32_t slot);

/* Client page: one row a connection, for the admin program. */
#define CLIENTS_MAX 5000
struct client_row {
    uint32_t seq; uint8_t used, door /* enum door */, readonly, transport /* 0 unix */;
    uint64_t id;                /* the admin program's client id: counts from 1 */
    uint32_t uid, gid, pid; uint32_t authenticated;
    int64_t since;              /* CLOCK_REALTIME seconds */
    uint64_t gateway;           /* number of its gateway's channel */
    uint32_t groups[64], ngroups, pad;      /* supplementary ones, as the kernel had them at the connect; UINT32_MAX: they are more */
};
enum door { DOOR_RW, DOOR_RO, DOOR_ADMIN, DOOR_N };
/* Workers are a number that is told, for each client has a process of its own. */
struct limits { uint32_t max_clients, max_anonymous, min_workers, max_workers, prio_workers, timeout_s /* --timeout; [0] only */; };
#define LIMIT_LEFT UINT32_MAX       /* in what asks for a change: as it is */
struct clients_head { uint32_t magic, workers, admin_count, reloaded /* the front has read the configuration again, and no supervisor has said so yet */; uint64_t next_id;
    /* what is in force, [1] of the admin door; of the workers: what the admin program has set since the start, 0: as the settings say */
    struct limits limits[2];
    struct logging log[LOG_PARTS_N];
    uint8_t reserved[4088]; };
_Static_assert(sizeof(struct clients_head) == 8192, "whole pages");
#define CLIENTS_MAGIC 0x434c4932u
#define CLIENTS_BYTES (sizeof(struct clients_head) + CLIENTS_MAX * sizeof(struct client_row))
#endif
