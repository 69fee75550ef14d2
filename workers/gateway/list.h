/* list.h: which guests a list shows, and what their workers are asked for. */
#ifndef BULKHEAD_LIST_H
#define BULKHEAD_LIST_H
#include "gateway.h"

/* Filter flags of virConnectListAllDomains; the first eight are those of virConnectGetAllDomainStats as well. */
enum list_flags { LIST_ACTIVE = 1, LIST_INACTIVE = 2, LIST_PERSISTENT = 4, LIST_TRANSIENT = 8, LIST_RUNNING = 16, LIST_PAUSED = 32, LIST_SHUTOFF = 64,
    LIST_OTHER = 128, LIST_MANAGED_SAVE = 256, LIST_NO_MANAGED_SAVE = 512, LIST_AUTOSTART = 1024, LIST_NO_AUTOSTART = 2048, LIST_SNAPSHOT = 4096,
    LIST_NO_SNAPSHOT = 8192, LIST_CHECKPOINT = 16384, LIST_NO_CHECKPOINT = 32768, LIST_ALL = 65535, LIST_STATS = 255 };
enum { LIST_MAX = 16384 };          /* what one reply of libvirt's may hold */

/* Arguments and operation of a call about one guest's statistics, for a call that call_inner() made. */
void stats_args(struct call *c, uint32_t which, uint32_t flags);
/* The one record [domain, [parameter ...]] of a worker's answer, if it has the reply's shape and is about this guest. */
bool stats_record(const struct frame *f, const uint8_t uuid[16], struct mp_in *record);

bool list_shows(uint32_t flags, const struct index_slot *s);
/* Next guest from *slot on that flags show; *slot is moved behind it. False: no more. */
bool list_next(const struct gw *gw, const struct call *c, uint32_t flags, uint32_t *slot, struct index_slot *s);
#endif
