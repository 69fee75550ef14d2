/* holder.c: a process beside us that has copies of what the keeper holds for objects, and gives them to the next daemon if this one is killed whole. */
#include "holder.h"

static struct life life;
static uint32_t stage;          /* objects_hold()'s, of what it is told by a new one of us, or a new one of it; ~0: all */
static struct loop_timer timer;
enum { QUEUE_MS = 2, QUEUE_MAX = 64 };

static void tell(uint32_t op, const struct held *h, uint32_t n, int fd)
{
    struct frame_head head = { .kind = FRAME_EVENT, .op = OP_IN(op) };
    struct peer *p = life_peer(&life);
    if (p)
        peer_send(p, &head, h, n * sizeof *h, &fd, fd >= 0);
}

/* In parts, for what waits in a queue is one descriptor more. */
static void tell_all(struct loop_timer *t)
{
    struct peer *p = life_peer(&life);
    while (p && stage != ~0u && p->chan.queued < QUEUE_MAX)
        stage = objects_hold(stage);
    if (p && stage != ~0u)
        loop_after(t, QUEUE_MS, tell_all, NULL);
    else if (p)
        tell(IN_GO, NULL, 0, -1);
}

static struct peer *spawn(struct life *l)
{
    struct born n;
    born_begin(&n, ROLE_HOLDER, 0, "");
    n.b.instance = l->instance;
    born_fd(&n, BFD_LISTEN_HELD, 0, sup_fd(BFD_LISTEN_HELD, 0));
    stage = 0;
    loop_after(&timer, 0, tell_all, NULL);
    return peer_spawn(&n);
}

void holder_keep(const struct held *h, int fd)
{
    tell(IN_STORE, h, 1, fd);
}

void holder_drop(const struct held *h, uint32_t n)
{
    tell(IN_DROP, h, n, -1);
}

bool holder_told(void)
{
    struct peer *p = life_peer(&life);
    return !p || !p->chan.queued;
}

void holder_inherit(struct peer *p)
{
    life.spawn = spawn;
    life_adopt(&life, p);
}

void holder_start(void)
{
    life.spawn = spawn;
    life_start(&life);
    stage = 0;          /* one that was inherited does not know what the last of us had not come to tell, of what came and of what went */
    loop_after(&timer, 0, tell_all, NULL);
}
