/* keepalive.c: pings and pongs of libvirt's RPC, at the level of the connection: no call, no place in the client's share. */
#include "gateway.h"

enum { KA_PING = 1, KA_PONG = 2, KA_INTERVAL_S = 5, KA_COUNT = 5 };

static void keepalive_send(struct gw *gw, int32_t proc)
{
    struct xdr_head h = { .prog = program_number[PROG_KEEPALIVE], .vers = 1, .proc = proc, .type = XDR_MESSAGE };
    rpc_message(&gw->conn.out, &h, NULL, 0);
}

static uint32_t keepalive_interval(const struct gw *gw)
{
    uint32_t s = gw_is_admin(gw) ? gw->set.admin_keepalive_interval : gw->set.keepalive_interval;
    return s ? s : KA_INTERVAL_S;
}

static void keepalive_turn(struct loop_timer *t)
{
    struct gw *gw = t->data;
    uint64_t wait = (uint64_t)keepalive_interval(gw) * 1000;
    uint64_t silent = loop_now_ms() - gw->ka_heard_ms;

    if (gw->ended)
        return;
    if (!gw->conn.reading) {
        /* Its pongs may lie in the socket because we do not read: that is not silence. */
        keepalive_heard(gw);
    } else if (silent >= wait) {
        uint32_t count = gw_is_admin(gw) ? gw->set.admin_keepalive_count : gw->set.keepalive_count;
        if (gw->ka_pings >= (count ? count : KA_COUNT)) {
            gw_end(gw, "keepalive: no answer");
            return;
        }
        gw->ka_pings++;
        keepalive_send(gw, KA_PING);
    } else {
        wait -= silent;
    }
    loop_after(&gw->ka_timer, wait, keepalive_turn, gw);
    gw_pump(gw);
}

void keepalive_start(struct gw *gw)
{
    /* An interval of -1 in the configuration means that the server never pings. */
    if (gw->ka_on || keepalive_interval(gw) > 86400)
        return;
    gw->ka_on = true;
    keepalive_heard(gw);
    loop_after(&gw->ka_timer, (uint64_t)keepalive_interval(gw) * 1000, keepalive_turn, gw);
}

void keepalive_message(struct gw *gw, int32_t proc)
{
    if (proc == KA_PING)
        keepalive_send(gw, KA_PONG);
}
