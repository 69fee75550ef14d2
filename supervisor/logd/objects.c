/* objects.c: where the core meets virtlogd's part. */
#include "supervisor/logd/streams.h"

const struct role_row objects_roles[ROLE_N] = {
    [ROLE_GATEWAY] = { true, false, 4, { BFD_INDEX, BFD_SETTINGS, BFD_LAYOUT } },
    [ROLE_LOG] = { true, true, 0, { BFD_SETTINGS } },
    [ROLE_HAND_OPEN] = { false, false, 0, { BFD_LAYOUT }, true },
};

/* A call of another program is one that a gateway made up. */
const struct route_row objects_routes[ROUTE_N] = { [ROUTE_SUPERVISOR] = { log_call, false } };
const struct gateway_verb objects_verbs[] = { { 0 } };

void objects_frame(struct peer *p, struct frame *f)
{
    struct stream *s = stream_row(p->object);
    if (f->h.op != OP_IN(IN_LOG_FOLDER) || f->h.kind != FRAME_EVENT)
        peer_refuse(p, "it has nothing to ask but for its folder");
    else if (s && life_peer(&s->life) == p)
        log_folder(s, f->h.arg);
}

void objects_exited(const struct exited *x)
{
    (void)x;
}

void objects_load(void)
{
    ready();
    clean_begin();
}

void objects_client_gone(struct peer *gateway)
{
    (void)gateway;
}
