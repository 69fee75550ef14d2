/* objects.c: where the core meets virtlogd's part. */
#include "supervisor/logd/streams.h"

const struct role_row objects_roles[ROLE_N] = {
    [ROLE_GATEWAY] = { true, false, 4, { BFD_INDEX, BFD_SETTINGS, BFD_LAYOUT } },
    [ROLE_LOG] = { true, true, 0, { BFD_SETTINGS } },
    [ROLE_ZIP] = { false, false, 0, { 0 } },
    [ROLE_HAND_OPEN] = { false, false, 0, { BFD_LAYOUT }, 1 },
};

/* A call of another program is one that a gateway made up. */
const struct route_row objects_routes[ROUTE_N] = { [ROUTE_SUPERVISOR] = { log_call, false } };
const struct gateway_verb objects_verbs[] = { { 0 } };

void objects_frame(struct peer *p, struct frame *f)
{
    struct stream *s = stream_row(p->object);
    bool own = s && life_peer(&s->life) == p, event = f->h.kind == FRAME_EVENT;
    if (f->h.op == OP_IN(IN_LOG_ZIP) && !event)
        zip_call(p, f);
    else if (f->h.op == OP_IN(IN_LOG_FOLDER) && event && own)
        log_folder(s);
    else if (f->h.op == OP_IN(IN_LOG_GAP) && event && f->h.nfds && own && s->gap < 0)
        stream_put_fd(s, BFD_CHECKPOINT, frame_take_fd(f, 0));
    else if (own)
        peer_refuse(p, "it has nothing to ask but for its folder, a count and a backup");
}

void objects_exited(const struct exited *x)
{
}

void objects_load(void)
{
    ready();
    clean_begin();
}

void objects_client_gone(struct peer *gateway)
{
}
