/* neighbours.c: whom the host has met by which hardware address.
 *
 * This role has a network namespace of its own, in which nobody is: the table is that of its parent, the keeper, where the guests' taps are too. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "ipc/util.h"
#include "workers/host/calls.h"
#include "workers/host/facts.h"

enum { TABLE_BYTES = 1 << 20, REPLY_BYTES = 1 << 20, KNOWN = 2 /* the kernel's flags of one that has answered; one that somebody has written there has more, and libvirt leaves it out */ };

/* The next row from *p on of somebody who has that hardware address: its address. */
static bool next_of(const char **p, const char *mac, char ip[static 64])
{
    char hw[64], row[256];      /* by itself: sscanf() measures all that is behind it, too, and a worker may name thousands of interfaces */
    unsigned flags;
    while (*p && (*p = strchr(*p, '\n'))) {
        ++*p;
        snprintf(row, sizeof row, "%.*s", (int)strcspn(*p, "\n"), *p);
        if (sscanf(row, "%63s %*s %x %63s", ip, &flags, hw) == 3 && flags == KNOWN && !strcasecmp(hw, mac))
            return true;
    }
    return false;
}

/* One interface [name, hardware address, addresses]: as many of it as it has neighbours, as libvirt says it. */
static uint32_t put(struct mp_out *list, struct mp_in *in, const char *table)
{
    char mac[64] = "", ip[64];
    uint32_t n = 0;
    mp_get_array(in, 3);
    AUTO_FREE char *name = mp_get_strdup(in, 256);
    if (!mp_get_nil(in))
        mp_get_strz(in, mac, sizeof mac);
    mp_skip(in);
    for (const char *p = table; !in->bad && next_of(&p, mac, ip); n++) {
        mp_array(list, 3);
        mp_str(list, name);
        mp_str(list, mac);
        mp_array(list, 1);
        mp_array(list, 3);
        mp_int(list, 0);
        mp_str(list, ip);
        mp_uint(list, 0);
    }
    return n;
}

void on_neighbours(struct worker *w, const struct request *rq, struct frame *f)
{
    static char table[TABLE_BYTES];
    struct mp_in in;
    struct mp_out list, o;
    uint32_t found = 0;
    if (worker_args(w, rq, f, &in))
        return;
    if (fact_text(table, sizeof table, "/proc/%d/net/arp", (int)getppid()) < 0) {
        worker_fail(w, rq, VIR_ERR_INTERNAL_ERROR, VIR_FROM_NONE, "cannot read the host's table of neighbours");
        return;
    }
    mp_out_init(&list, REPLY_BYTES);
    for (uint32_t n = mp_get_array(&in, UINT32_MAX); n && !in.bad; n--)
        found += put(&list, &in, table);
    if (!worker_args_end(w, rq, &in)) {
        mp_out_init(&o, REPLY_BYTES);
        mp_array(&o, 1);
        mp_list(&o, found, &list);
        worker_reply_out(w, rq, &o);
    }
    mp_out_free(&list);
}
