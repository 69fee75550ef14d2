/* objects.c: where the core meets virtlockd's part: its roles, and who works on which call. */
#include <signal.h>
#include "supervisor/objects.h"

const struct role_row objects_roles[ROLE_N] = {
    [ROLE_GATEWAY] = { true, false, 2, { BFD_INDEX, BFD_SETTINGS, BFD_LAYOUT } },
};

const struct route_row objects_routes[ROUTE_N] = { { NULL, false } };
const struct gateway_verb objects_verbs[] = { { 0 } };

int slot_of(uint64_t object)
{
    (void)object;
    return -1;
}

uint32_t objects_count(void)
{
    return 0;
}

void objects_frame(struct peer *p, struct frame *f)
{
    (void)f;
    peer_refuse(p, "it has nothing to ask");
}

void objects_exited(const struct exited *x)
{
    (void)x;
}

/* Of no object that there is: it is dropped. */
void objects_held(const struct held *h, int fd)
{
    struct held drop = { .kind = HELD_FD, .object = h->object };
    util_closep(&fd);
    keeper_tell(IN_DROP, &drop, sizeof drop, NULL, 0);
}

void objects_inherit(struct peer *p, const struct held *h)
{
    (void)h;
    peer_kill(p, SIGKILL);
}

void objects_reconcile(void)
{
}

void objects_load(void)
{
    ready();
}

void objects_client_gone(struct peer *gateway)
{
    (void)gateway;
}
