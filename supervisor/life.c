/* life.c: instances of processes that must always be there, as a table: state x event -> next state and what to do. */
#include <stdio.h>
#include <sys/wait.h>
#include "sup.h"

#define DEATHS_MAX 5
#define DEATHS_WINDOW_MS 60000u
#define DELAY_FIRST_MS 100u
#define DELAY_MAX_MS 30000u

enum life_event { LE_START, LE_DIED, LE_DIED_OFTEN, LE_TIMER, LE_N };
static void do_spawn(struct life *l);
static void do_wait(struct life *l);
static void do_fail(struct life *l);

static const struct { uint8_t next; void (*act)(struct life *l); } table[LIFE_STATES_N][LE_N] = {
    /*                LE_START                  LE_DIED                  LE_DIED_OFTEN            LE_TIMER */
    [LIFE_NONE]   = { { LIFE_UP, do_spawn },    { LIFE_NONE, NULL },     { LIFE_NONE, NULL },     { LIFE_NONE, NULL } },
    [LIFE_UP]     = { { LIFE_UP, NULL },        { LIFE_WAIT, do_wait },  { LIFE_FAILED, do_fail },{ LIFE_UP, NULL } },
    [LIFE_WAIT]   = { { LIFE_WAIT, NULL },      { LIFE_WAIT, do_wait },  { LIFE_FAILED, do_fail },{ LIFE_UP, do_spawn } },
    [LIFE_FAILED] = { { LIFE_UP, do_spawn },    { LIFE_FAILED, NULL },   { LIFE_FAILED, NULL },   { LIFE_FAILED, NULL } },
};

static void life_event(struct life *l, enum life_event e)
{
    uint8_t from = l->state;
    l->state = table[from][e].next;
    if (table[from][e].act)
        table[from][e].act(l);
}

static void on_timer(struct loop_timer *t)
{
    life_event(t->data, LE_TIMER);
}

static void do_spawn(struct life *l)
{
    struct peer *p = l->spawn(l);
    if (p) {
        life_adopt(l, p);
        route_wake(p->object);      /* who came while there was none */
    } else {
        l->state = LIFE_WAIT;
        loop_after(&l->timer, DELAY_MAX_MS, on_timer, l);
    }
}

/* The first death costs nothing; from the second on waiting doubles. */
static void do_wait(struct life *l)
{
    uint32_t ms = l->deaths <= 1 ? 0 : DELAY_FIRST_MS << (l->deaths - 2);
    l->instance++;
    loop_after(&l->timer, ms > DELAY_MAX_MS ? DELAY_MAX_MS : ms, on_timer, l);
}

static void do_fail(struct life *l)
{
    if (l->failed)
        l->failed(l);
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
    if (l->state == LIFE_FAILED)
        l->deaths = 0;
    life_event(l, LE_START);
}

void life_release(struct life *l)
{
    struct peer *p = peer_find(l->number);
    loop_cancel(&l->timer);
    l->state = LIFE_NONE;
    if (p)
        p->life = NULL;
}

void life_peer_died(struct life *l, const struct exited *x, char *decision, size_t n)
{
    uint64_t now = loop_now_ms();
    decision[0] = 0;
    if (l->may_finish && x && x->code == CLD_EXITED && x->status == 0) {
        l->state = LIFE_NONE;
        return;
    }
    if (!l->deaths || now - l->first_death_ms > DEATHS_WINDOW_MS) {
        l->deaths = 0;
        l->first_death_ms = now;
    }
    l->deaths++;
    life_event(l, l->deaths >= DEATHS_MAX ? LE_DIED_OFTEN : LE_DIED);
    if (l->state == LIFE_WAIT || l->state == LIFE_FAILED)
        snprintf(decision, n, "decision: %s (death %u in %u s)", l->state == LIFE_WAIT ? "the next instance starts" : "given up", l->deaths, DEATHS_WINDOW_MS / 1000);
}
