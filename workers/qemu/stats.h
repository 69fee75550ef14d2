/* stats.h: what QEMU counts, asked for in one write and kept for a moment.
 *
 * Values younger than STATS_FRESH_MS are served as they are (in bulk: sizes of images for SIZES_FRESH_MS; what cannot change, for ever); calls that come while QEMU is asked wait for the same answer; and a
 * QEMU that does not answer within STATS_WAIT_MS costs a bulk call nothing more: it gets what was known last. */
#ifndef BULKHEAD_QEMU_STATS_H
#define BULKHEAD_QEMU_STATS_H
#include "workers/qemu/guest.h"

#define SIZES_FRESH_MS 3000u
#define STATS_WAIT_MS 400u               /* less than the gateway waits for all guests' records */

enum stats_part { PART_BLOCKS = 1 /* counters of drives */, PART_BALLOON = 2, PART_DIRTY = 4, PART_IOTHREADS = 8, PART_SIZES = 16 /* of images; comes with BLOCKS */, PARTS_N = 5 };

/* Counters of a drive: the guest's own (device), and of its image chain (nodes). Missing values are 0. */
struct block_counts { uint64_t rd_req, rd_bytes, rd_ns, wr_req, wr_bytes, wr_ns, fl_req, fl_ns; };
struct block_node {
    char name[40];                      /* "libvirt-3-format" */
    uint64_t highest;                   /* end of the furthest write */
    uint64_t capacity, physical, file_size;
    uint64_t threshold;                 /* a write beyond it is told by an event; 0 none */
    uint32_t parent;                    /* index of the node above in `nodes`; own index: top */
};
struct iothread_poll { uint32_t id; uint64_t max_ns, grow, shrink; };
struct block_drive { char alias[64]; bool has_node; uint32_t node; struct block_counts n; };
enum { DIRTY_UNSTARTED, DIRTY_MEASURING, DIRTY_MEASURED };
enum { BALLOON_STATS_N = 13, BLOCK_NODES_MAX = 2048, IOTHREADS_TOLD_MAX = 512 };
struct stats {
    struct guest *g;
    uint64_t at_ms[PARTS_N];                 /* of each part's last answer; 0 never */
    unsigned asking;                    /* parts QEMU is being asked for */
    struct err failure;                 /* of the part whose answers are coming */
    struct block_drive *drives; uint32_t ndrives;
    struct block_node *nodes; uint32_t nnodes;
    uint64_t mem[BALLOON_STATS_N]; uint16_t mem_known;    /* by virDomainMemoryStatTags; bit set: guest told it */
    uint32_t dirty_status; int64_t dirty_start; int32_t dirty_period; char dirty_mode[32]; uint64_t dirty_mbps; bool dirty_known;
    struct iothread_poll iothreads[IOTHREADS_TOLD_MAX]; uint32_t niothreads;
    struct stats_wait *waits;
};

/* Calls fn once, perhaps before it returns: e NULL when the parts are fresh, else why they are not.  in_bulk: after STATS_WAIT_MS at
 * the latest. */
typedef void stats_fn(struct guest *g, void *data, const struct err *e);
void stats_want(struct guest *g, unsigned parts, bool in_bulk, stats_fn *fn, void *data);
struct block_drive *stats_drive(struct guest *g, const struct tree *disk);      /* NULL: QEMU does not name it */
/* Sets the balloon's polling period in seconds; fn NULL: nobody waits. The guest has a balloon. */
void stats_set_period(struct guest *g, uint64_t seconds, qmp_reply_fn *fn, void *data);
uint64_t stats_rss_kib(struct guest *g);
/* What needs no QEMU. */
uint64_t balloon_now(struct guest *g);                      /* KiB */
uint32_t vcpus_max(struct guest *g);
uint32_t vcpus_now(struct guest *g);
uint32_t vcpu_next(struct guest *g, uint32_t i);            /* the first that is there from number i on; UINT32_MAX none */
int32_t vcpu_thread(const struct guest *g, uint32_t i);     /* 0: not known */
/* Times of one vCPU's thread in ns: run, wait (the scheduler's sum, where the kernel keeps it), delay (runnable but not running). */
void vcpu_times(struct guest *g, uint32_t vcpu, uint64_t *run, uint64_t *waited, uint64_t *delay);
/* Counters of a tap, turned round: what the host received the guest sent.  0; -1 there are none. */
struct net_counts { uint64_t rx[4], tx[4]; };               /* bytes, packets, errors, dropped */
int net_counts(struct guest *g, const struct tree *nic, struct net_counts *c);
void stats_free(struct guest *g);               /* nobody waits any more */
void stats_forget(struct guest *g);             /* something has changed behind our back: drives, what a client's own command did */
#endif
