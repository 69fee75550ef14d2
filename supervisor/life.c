/* life.c: instances of processes that must always be there.
 *
 *   NONE --start--> UP --died--> WAIT --timer--> UP     and with five deaths in a minute     UP --died--> FAILED --start, or half a minute--> UP */
#include <sys/wait.h>
#include "sup.h"

enum { DEATHS_MAX = 5, DEATHS_WINDOW_MS = 60000, DELAY_FIRST_MS = 100, DELAY_MAX_MS = 30000 };

static void spawn(struct loop_timer *t);

static void wait_for(struct life *l, uint32_t ms)
{
    l->state = LIFE_WAIT;
    loop_after(&l->timer, ms > DELAY_MAX_MS ? DELAY_MAX_MS : ms, spawn, l);
}

static void spawn(struct loop_timer *t)
{
    struct life *l = t->data;
    loop_cancel(t);
    struct peer *p = l->spawn(l);
    if (p) {
        life_adopt(l, p);
        route_wake(p->object);      /* who came while there was none */
        flow_unblock();
    } else {
        wait_for(l, DELAY_MAX_MS);
    }
}

struct peer *life_peer(const struct life *l)
{
    struct peer *p = peer_find(l->number);
    return p && !p->eof && !p->exited ? p : NULL;
}

void life_adopt(struct life *l, struct peer *p)
{
    l->state = LIFE_UP;
    l->number = p->number;
    p->life = l;
}

void life_start(struct life *l)
{
    if (l->state == LIFE_UP || l->state == LIFE_WAIT)
        return;
    l->deaths = 0;
    l->timer.data = l;
    spawn(&l->timer);
}

void life_release(struct life *l)
{
    struct peer *p = peer_find(l->number);
    loop_cancel(&l->timer);
    l->state = LIFE_NONE;
    if (p)
        p->life = NULL;
}

bool life_peer_died(struct life *l, const struct exited *x, const char **decision)
{
    uint64_t now = loop_now_ms();
    bool finished = l->may_finish && x && x->code == CLD_EXITED && x->status == 0;
    if (!l->deaths || now - l->first_death_ms > DEATHS_WINDOW_MS) {
        l->deaths = 0;
        l->first_death_ms = now;
    }
    bool again = !finished && ++l->deaths < DEATHS_MAX;
    *decision = finished ? "" : again ? "decision: the next instance starts" : "decision: given up, for too many deaths in a minute";
    l->state = finished ? LIFE_NONE : LIFE_FAILED;
    if (again) {
        l->instance++;
        wait_for(l, l->deaths == 1 ? 0 : DELAY_FIRST_MS << (l->deaths - 2));      /* the first costs nothing */
    } else if (l->ended) {
        l->ended(l);
    } else if (!finished) {     /* nobody is told, so it is tried again, seldom */
        loop_after(&l->timer, DELAY_MAX_MS, spawn, l);
    }
    return again;
}
