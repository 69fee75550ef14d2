/* debug.c: what every process is doing, for the admin door. */
#include <stdio.h>
#include "sup.h"

static const char *state_of(const struct peer *p)
{
    if (p->eof)
        return "ending";
    if (!p->pid)
        return "being born";
    if (p->role == ROLE_GATEWAY)
        return p->client_row ? "serving" : "spare";
    return p->inherited ? "kept" : "up";
}

void debug_workers(struct peer *g, const struct caller *c, const struct frame *f)
{
    (void)g, (void)f;
    struct mp_out o;
    uint32_t n = 0;
    for (struct peer *p = peer_next(NULL); p; p = peer_next(p))
        n++;
    mp_out_init(&o, FRAME_BIG_MAX);
    mp_array(&o, 1);
    mp_array(&o, n);
    for (struct peer *p = peer_next(NULL); p; p = peer_next(p)) {
        char op[24];
        int slot = slot_of(p->object);
        mp_array(&o, 7);
        mp_str(&o, role_name(p->role));
        mp_str(&o, slot >= 0 ? slot_row(slot)->name : "");
        mp_int(&o, p->pid);
        mp_str(&o, state_of(p));
        mp_uint(&o, loop_now_ms() - p->last_ms);
        mp_uint(&o, p->life ? p->life->instance : 0);
        mp_str(&o, op_label(p->last_op, op));
    }
    route_reply_mp(c, &o);
}
