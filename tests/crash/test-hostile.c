/* test-hostile.c: the real supervisor, with everybody around it played by this program, and some of them hostile.
 *
 * We are its keeper, its conf, hands and xmlcs, two sorts of guests' workers and gateways.  Hostile ones send what a process that was taken
 * over could send; after each attack the supervisor must live, and the honest guest and client must be served. */
#include "tests/crash/players.h"

/* ---- attacks ---- */

/* n clients with as many calls each, of which none is answered, for conf is silent.  Returns how many were refused; all have been looked at. */
static unsigned flood(struct player *g, struct player **bad, int n, uint32_t calls)
{
    unsigned refused = 0;
    served(g);
    conf_silent = true;
    for (int k = 0; k < n; k++)
        if ((bad[k] = gateway_new()))
            for (uint32_t i = 1; i <= calls; i++)
                call(bad[k], OP_REMOTE_DOMAIN_SET_AUTOSTART, handle(IDLE), i & 1, i);
    for (int k = 0; k < n; k++)
        if (bad[k] && call(bad[k], OP_REMOTE_DOMAIN_SUSPEND, handle(GOOD), 0, calls + 1) == 0 && WAIT_FOR(bad[k]->replies))
            refused += bad[k]->errors;
    return refused;
}

static void conf_catches_up(void)
{
    conf_silent = false;
    for (struct player *p = players; p < players + PEERS; p++)
        for (unsigned i = 0; p->chan >= 0 && p->role == ROLE_CONF && i < late_n; i++)
            conf_answer(p, &late[i]);
    late_n = 0;
}

static void all_ended(struct player **p, int n)
{
    for (int k = 0; k < n; k++)
        if (p[k] && p[k]->chan >= 0)
            ended(p[k]);
}

static void status_flood(struct player *g)
{
    struct player *w = worker_of(0);
    int fd = frame_memfd("status", "<domstatus/>", 12);
    unsigned before = g->replies, errors = g->errors;
    conf_silent = true;
    for (int i = 0; i < 1500 && w; i++)
        push(w, (struct frame_head){ .kind = FRAME_CALL, .op = OP_IN(IN_STATUS_XML), .serial = (uint32_t)i }, NULL, 0, &fd, 1);
    call(g, OP_REMOTE_DOMAIN_SET_AUTOSTART, handle(IDLE), 0, 77);
    close(fd);
    bool asked = WAIT_FOR(late_n >= 2 && (late[late_n - 1].op == OP_IN(IN_CONF_AUTOSTART) || g->errors > errors));
    tap_ok(asked && g->errors == errors, "a worker's flood of status files leaves room for other operations");
    tap_ok(writes <= 2, "of one guest's status files one is written at a time (%u)", writes);
    conf_catches_up();
    tap_ok(WAIT_FOR(g->replies > before || g->errors > errors) && g->errors == errors, "and the other operation is answered");
}

static void cancel_flood(struct player *g)
{
    struct player *bad = gateway_new(), *w = worker_of(GOOD);
    if (!tap_ok(bad && w, "a hostile gateway and an honest worker"))
        return;
    uint64_t number = w->number;
    w->silent = true;
    call(bad, OP_REMOTE_DOMAIN_SUSPEND, handle(GOOD), 0, 5);
    for (int i = 0; i < 4000; i++)
        push(bad, (struct frame_head){ .kind = FRAME_EVENT, .op = OP_IN(IN_CANCEL), .serial = 5 }, NULL, 0, NULL, 0);
    call(bad, OP_REMOTE_DOMAIN_SET_AUTOSTART, handle(GOOD), 1, 6);
    WAIT_FOR(bad->replies || bad->errors);
    w->silent = false;
    tap_ok(served(g) && player_of(number), "a gateway that cancels one call 4000 times does not end the worker");
    if (bad->chan >= 0)
        ended(bad);
}

/* A gateway whose client hears of guests' lives, and has had one call answered. */
static struct player *subscriber(void)
{
    struct player *s = gateway_new();
    uint64_t mask[2] = { 1, 0 };
    if (!s)
        return NULL;
    push(s, (struct frame_head){ .kind = FRAME_EVENT, .op = OP_IN(IN_SUBSCRIBE) }, mask, sizeof mask, NULL, 0);
    call(s, OP_REMOTE_DOMAIN_SUSPEND, handle(GOOD), 0, 1);
    WAIT_FOR(s->replies);
    return s;
}

static void event_flood(struct player *g)
{
    struct player *slow = subscriber(), *w = worker_of(1);
    uint8_t body[512];
    size_t n = event_body(body, 1);
    if (!tap_ok(slow && w, "a subscriber and a hostile worker"))
        return;
    slow->silent = true;
    for (int i = 0; i < 5000; i++)
        push(w, (struct frame_head){ .kind = FRAME_EVENT, .op = OP_REMOTE_DOMAIN_EVENT_CALLBACK_LIFECYCLE }, body, n, NULL, 0);
    served(g);
    slow->silent = false;
    tap_ok(served(slow) && slow->chan >= 0, "a worker's flood of events does not end those who listen");
    tap_ok(slow->events > 0, "who get events (%u)", slow->events);
    /* Another guest's name in it, while nothing of its own share is left to say. */
    unsigned seen = slow->events;
    n = event_body(body, GOOD);
    struct player *liar = worker_of(2);
    push(liar, (struct frame_head){ .kind = FRAME_EVENT, .op = OP_REMOTE_DOMAIN_EVENT_CALLBACK_LIFECYCLE }, body, n, NULL, 0);
    uint64_t number = liar->number;
    tap_ok(WAIT_FOR(!player_of(number)) && slow->events == seen, "an event of another guest ends the worker, and is heard by nobody");
    ended(slow);
}

/* Changes of state are nobody's to lose, however many. */
static void state_flood(struct player *g)
{
    enum { MANY = 700 };
    struct player *listener = subscriber(), *w = worker_of(4);
    if (!tap_ok(listener && w, "a subscriber and a worker with much to tell"))
        return;
    uint64_t began = util_now_ms();
    for (int i = 0; i < MANY; i++) {
        struct guest_state s = { .state = i % 2 ? 1 : 3, .event = i % 2 ? 4 : 3 };
        push(w, (struct frame_head){ .kind = FRAME_EVENT, .op = OP_IN(IN_STATE) }, &s, sizeof s, NULL, 0);
    }
    tap_ok(served(g), "others are served meanwhile");
    tap_ok(WAIT_FOR(listener->events >= MANY) && listener->events == MANY && w->chan >= 0, "every change of a guest's state is told (%u of %u)", listener->events, MANY);
    tap_ok(util_now_ms() - began >= 1000, "but so many a second");
    ended(listener);
}

/* Clients with as many calls as they may have leave room for another one's. */
static void call_flood(struct player *g)
{
    enum { CLIENTS = 6 };
    struct player *bad[CLIENTS];
    unsigned errors = g->errors, refused = flood(g, bad, CLIENTS, 255), before = late_n, replies;
    replies = g->replies;
    call(g, OP_REMOTE_DOMAIN_SET_AUTOSTART, handle(GOOD), 0, 2000001);       /* which changes something */
    tap_ok(WAIT_FOR(late_n > before || g->errors > errors) && g->errors == errors, "another client's call is begun (of theirs, %u were refused)", refused);
    conf_catches_up();
    tap_ok(WAIT_FOR(g->replies > replies), "and answered");
    all_ended(bad, CLIENTS);
    tap_ok(served(g), "the others are served");
}

/* What a hand made for its device, that did not come. */
static bool hand_takes_back(uint64_t object)
{
    const struct player *p = NULL;
    for (uint64_t end = util_now_ms() + WAIT_MS; !p && util_now_ms() < end && turn(20);)
        for (const struct player *q = players; q < players + PEERS; q++)
            if (q->chan >= 0 && q->role == ROLE_HAND_NET && q->asked.op == OP_IN(IN_HAND_UNNET) && q->asked.object == object)
                p = q;
    return p;
}

/* A guest ends while no flow is left, and a device that was to come does not: its end is undone once there is one. */
static void end_in_flood(struct player *g)
{
    enum { CLIENTS = 20, GUEST = 1 };
    struct player *bad[CLIENTS];
    struct exited x = { .who = { .role = ROLE_PID1, .object = handle(GUEST), .pid = 50 + GUEST }, .code = CLD_KILLED, .status = 9 };
    flood(g, bad, CLIENTS, 250);
    tell(IN_EXITED, 0, &x, sizeof x, NULL, 0);
    call(g, OP_REMOTE_DOMAIN_SUSPEND, handle(GOOD), 0, 2000002);
    for (unsigned replies = g->replies; g->replies == replies && turn(20);)
        ;
    struct player *w = worker_of(GUEST);
    struct frame_head no = w ? w->asked : (struct frame_head){ 0 };
    no = (struct frame_head){ .kind = FRAME_ERROR, .op = no.op, .serial = no.serial, .origin = no.origin, .object = no.object };
    tap_ok(no.op == OP_IN(IN_PLUG) && push(w, no, NULL, 0, NULL, 0) == 0 && hand_takes_back(handle(GUEST)), "a device does not come meanwhile");
    wild = true;            /* hands answer anything */
    conf_catches_up();
    tap_ok(WAIT_FOR(ix.slot[GUEST].id == -1), "a guest that ended while there was no room for another operation is seen to have ended");
    all_ended(bad, CLIENTS);
    tap_ok(served(g), "the others are served");
    wild = false;
}

/* A worker asks for one xmlc after the other, and they take their time. */
static void element_flood(struct player *g)
{
    struct player *w = worker_of(2);
    unsigned most = 0;
    int fd = frame_memfd("element", "<a/>", 4);
    for (uint32_t i = 1; i <= 800 && w && w->chan >= 0; i++)
        push(w, (struct frame_head){ .kind = FRAME_CALL, .op = OP_IN(IN_DOC_ELEMENT), .serial = i }, NULL, 0, &fd, 1);
    tap_ok(served(g), "the others are served while a worker asks for hundreds of elements to be read");
    for (struct player *p = players; p < players + PEERS; p++)
        most += p->chan >= 0 && p->role == ROLE_XMLC && p->got;
    tap_ok(most && most <= 64, "so many xmlcs at once are its: %u", most);
    for (struct player *p = players; p < players + PEERS; p++)
        if (p->chan >= 0 && p->role == ROLE_XMLC && p->got)
            ended(p);
    close(fd);
}

/* Each would have the guest's object for itself, before a client's call that came later. */
static void unplug_flood(struct player *g)
{
    struct player *w = worker_of(0);
    struct plug_alias a = { "net0" };
    uint64_t number = w ? w->number : 0;
    unsigned replies = g->replies;
    conf_silent = true;
    call(g, OP_REMOTE_DOMAIN_SET_AUTOSTART, handle(0), 1, 2000003);
    WAIT_FOR(late_n);
    for (uint32_t i = 1; i <= 100 && w && w->chan >= 0; i++)
        push(w, (struct frame_head){ .kind = FRAME_CALL, .op = OP_IN(IN_UNPLUGGED), .serial = 1000 + i }, &a, sizeof a, NULL, 0);
    tap_ok(number && WAIT_FOR(!player_of(number)), "a worker that tells of many devices at once is ended");
    conf_catches_up();
    tap_ok(WAIT_FOR(g->replies > replies), "and the client's call that it came after is answered");
    tap_ok(served(g), "the others are served");
}

/* A client's call for autostart, which waits for conf or for another's; what it sends next was answered, so that it was seen. */
static void waits(struct player *p, int slot, uint32_t on, uint32_t serial)
{
    unsigned replies = p->replies;
    call(p, OP_REMOTE_DOMAIN_SET_AUTOSTART, handle(slot), on, serial);
    call(p, OP_REMOTE_DOMAIN_SUSPEND, handle(GOOD), 0, serial + 1);
    WAIT_FOR(p->replies > replies);
}

/* Who waits longest for an object has it next, whatever row of the table its flow has. */
static void in_order(struct player *g)
{
    struct player *first = gateway_new(), *second = gateway_new(), *third = gateway_new(), *other = gateway_new(), *conf = players;
    uint32_t on = !(ix.slot[IDLE].flags & SLOT_AUTOSTART);
    while (conf < players + PEERS && (conf->chan < 0 || conf->role != ROLE_CONF))
        conf++;
    if (!tap_ok(first && second && third && other && conf < players + PEERS, "four clients, and conf"))
        return;
    conf_silent = true;
    waits(first, IDLE, on, 1);
    waits(other, GOOD, !(ix.slot[GOOD].flags & SLOT_AUTOSTART), 1);
    waits(second, IDLE, !on, 1);
    WAIT_FOR(late_n == 2);
    conf_answer(conf, &late[1]);
    WAIT_FOR(other->replies == 2);      /* the third one's has its row */
    waits(third, IDLE, on, 1);
    conf_answer(conf, &late[0]);
    WAIT_FOR(first->replies == 2 && late_n == 3);
    tap_ok(late[2].arg == !on && third->replies == 1, "who waited longest has the object next");
    late[0] = late[2];
    late_n = 1;
    conf_catches_up();
    tap_ok(WAIT_FOR(second->replies == 2 && third->replies == 2), "and the next one then");
    all_ended((struct player *[]){ first, second, third, other }, 4);
    tap_ok(served(g), "the others are served");
}

static void false_replies(struct player *g)
{
    struct player *bad = gateway_new(), *w = worker_of(3), *good = worker_of(GOOD);
    int many[100];
    for (int i = 0; i < 100; i++)
        many[i] = 2;
    unsigned got = w->got;
    call(bad, OP_REMOTE_DOMAIN_SUSPEND, handle(3), 0, 9);
    WAIT_FOR(w->got > got);
    push(w, (struct frame_head){ .kind = FRAME_REPLY, .op = OP_REMOTE_DOMAIN_SUSPEND, .serial = 9, .origin = bad->number }, "\x90", 1, many, 100);
    uint64_t number = w->number;
    tap_ok(WAIT_FOR(!player_of(number) || bad->replies) && bad->most_fds <= 8, "a reply with 100 descriptors is not passed on (%u)", bad->most_fds);
    /* The answer to a call that another guest's worker has. */
    unsigned replies = bad->replies;
    w = worker_of(4);
    good->silent = true;
    call(bad, OP_REMOTE_DOMAIN_SUSPEND, handle(GOOD), 0, 10);
    call(bad, OP_REMOTE_DOMAIN_SET_AUTOSTART, handle(IDLE), 1, 11);
    WAIT_FOR(bad->replies > replies);
    replies = bad->replies;
    push(w, (struct frame_head){ .kind = FRAME_REPLY, .op = OP_REMOTE_DOMAIN_SUSPEND, .serial = 10, .origin = bad->number }, "\x90", 1, NULL, 0);
    push(w, (struct frame_head){ .kind = FRAME_REPLY, .op = OP_REMOTE_DOMAIN_SUSPEND, .serial = 7, .origin = 2 }, "\x90", 1, NULL, 0);
    call(bad, OP_REMOTE_DOMAIN_SET_AUTOSTART, handle(IDLE), 1, 12);
    WAIT_FOR(bad->replies > replies);
    replies++;
    tap_ok(bad->replies == replies, "the answer to another worker's call goes nowhere");
    good->silent = false;
    tap_ok(WAIT_FOR(bad->replies == replies + 1) && served(g), "and that worker's own answer arrives; the others are served");
    ended(bad);
}

/* A gateway has sent a call again for a new supervisor that had it already, and has answered it since. */
static void comes_again(struct player *g)
{
    enum { SERIAL = 3000000 };
    unsigned replies = g->replies, errors = g->errors;
    struct player *w = worker_of(GOOD);
    call(g, OP_REMOTE_DOMAIN_SUSPEND, handle(GOOD), 0, SERIAL);
    call(g, OP_REMOTE_DOMAIN_SET_AUTOSTART, handle(1), 1, SERIAL + 1);
    call(g, OP_REMOTE_DOMAIN_SUSPEND, object_make(SLOTS + 1, 77), 0, SERIAL + 2);      /* refused */
    WAIT_FOR(g->replies == replies + 2 && g->errors == errors + 1);
    unsigned got = w->got;
    for (uint32_t i = 0; i < 3; i++)
        push(g, (struct frame_head){ .kind = FRAME_CALL, .flags = FRAME_RESENT, .serial = SERIAL + i, .op = i == 1 ? OP_REMOTE_DOMAIN_SET_AUTOSTART : OP_REMOTE_DOMAIN_SUSPEND,
            .object = handle(i == 1 ? 1 : GOOD), .arg = i == 1 }, "\x90", 1, NULL, 0);
    tap_ok(served(g) && g->replies == replies + 4 && g->errors == errors + 1 && w->got == got + 1, "a call that was answered, or refused, and comes again is not done");
}

/* The gateway of a client that has to say who it is, and has not, lets its calls through. */
static void not_authenticated(struct player *g)
{
    struct player *bad = NULL, *w = worker_of(GOOD);
    unsigned got = w->got;
    if (geteuid() != 0) {
        tap_note("a client that is not root cannot be played by who is not root");
        return;
    }
    char dir[sizeof door];
    snprintf(dir, sizeof dir, "%.*s", (int)(strrchr(door, '/') - door), door);
    if (chmod(dir, 0755) == 0 && chmod(door, 0777) == 0 && seteuid(65534) == 0)
        bad = gateway_new();
    if (seteuid(0) < 0 || !tap_ok(bad != NULL, "a client who is not root is served"))
        return;
    call(bad, OP_REMOTE_DOMAIN_SUSPEND, handle(GOOD), 0, 1);
    tap_ok(WAIT_FOR(bad->errors || bad->replies) && bad->errors == 1 && w->got == got, "but changes nothing without authentication, whatever its gateway says");
    ended(bad);
    tap_ok(served(g), "the others are served");
}

/* Two clients destroy one guest at the same time. */
static void two_destroys(struct player *g)
{
    struct player *a = gateway_new(), *b = gateway_new();
    call(a, OP_REMOTE_DOMAIN_DESTROY, handle(5), 0, 1);
    call(b, OP_REMOTE_DOMAIN_DESTROY, handle(5), 0, 1);
    call(a, OP_REMOTE_DOMAIN_DESTROY, handle(5), 0, 2);
    wild = true;            /* hands answer anything */
    tap_ok(WAIT_FOR(a->replies + a->errors == 2 && b->replies + b->errors == 1) && served(g), "several destroys of one guest are answered");
    wild = false;
    ended(a);
    ended(b);
}

static void random_frame(struct player *p)
{
    static const uint32_t own[] = { IN_HELD, IN_GO, IN_SPAWN, IN_SUBSCRIBE, IN_CANCEL, IN_LATE, IN_DOC, IN_LAUNCH, IN_STATE, IN_STATUS_XML, IN_STOPPED, IN_UNPLUGGED, IN_LOG_TAIL, IN_QUIT, IN_WORKERS, IN_LIMITS,
        IN_LOG_SET, IN_CLIENT_CLOSE, IN_WORKER_DEBUG, IN_WORKER_TRACE };
    static const uint32_t gateway_ops[] = { OP_IN(IN_SUBSCRIBE), OP_IN(IN_CANCEL), OP_IN(IN_LATE), OP_REMOTE_DOMAIN_CREATE, OP_REMOTE_DOMAIN_CREATE_XML, OP_REMOTE_DOMAIN_DEFINE_XML, OP_REMOTE_DOMAIN_UNDEFINE,
        OP_REMOTE_DOMAIN_SUSPEND, OP_REMOTE_DOMAIN_GET_XML_DESC, OP_REMOTE_DOMAIN_SET_AUTOSTART, OP_REMOTE_DOMAIN_DESTROY };
    static const uint32_t worker_ops[] = { OP_IN(IN_STATE), OP_IN(IN_STATUS_XML), OP_IN(IN_LOG_TAIL), OP_IN(IN_LAUNCH), OP_IN(IN_UNPLUGGED), OP_IN(IN_DUMP), OP_REMOTE_DOMAIN_EVENT_CALLBACK_LIFECYCLE };
    static uint8_t body[FRAME_BODY_MAX];
    bool gw = p->role == ROLE_GATEWAY, mild = rnd(20) > 0;
    struct frame_head h = { .serial = rnd(40), .arg = rnd(4), .flags = rnd(3) ? 0 : (uint16_t)rnd(32), .origin = rnd(3) ? rnd(4) : players[rnd(PEERS)].number };
    /* The honest two are not to be harmed by who has the right to. */
    h.object = rnd(4) ? handle(rnd(9) ? (int)rnd(EVILS) : IDLE) : object_make(rnd(SLOTS + 3), rnd(200));
    if (h.object == handle(GOOD) || h.object == handle(IDLE))
        h.object = 0;
    h.kind = (uint8_t)(!mild ? rnd(6) : gw ? FRAME_CALL : FRAME_EVENT);
    h.op = !mild ? rnd(2) ? OP_IN(own[rnd(ARRAY_N(own))]) : op_route_table[rnd(op_route_table_n)].id : gw ? gateway_ops[rnd(ARRAY_N(gateway_ops))] : worker_ops[rnd(ARRAY_N(worker_ops))];
    if (mild && (h.op == OP_IN(IN_CANCEL) || h.op == OP_IN(IN_LATE) || h.op == OP_IN(IN_SUBSCRIBE)))
        h.kind = FRAME_EVENT;
    if (mild && (h.op == OP_IN(IN_LOG_TAIL) || h.op == OP_IN(IN_LAUNCH) || h.op == OP_IN(IN_STATUS_XML)))
        h.kind = FRAME_CALL;
    size_t len = rnd(3) ? sizeof(struct guest_state) : rnd(20) ? rnd(2000) : rnd(sizeof body);
    for (size_t i = 0; i < 64; i++)
        body[i] = (uint8_t)rnd(256);
    if (h.op == OP_IN(IN_STATE)) {
        struct guest_state s = { .state = (int32_t)rnd(9), .reason = (int32_t)rnd(100), .event = (int32_t)rnd(12) - 2, .flags = ~0u, .flags_mask = ~0u };
        memcpy(body, &s, sizeof s);
        len = sizeof s;
    } else if (h.op == OP_IN(IN_STATUS_XML)) {
        len = 0;
    }
    unsigned n = h.op == OP_IN(IN_STATUS_XML) || h.op == OP_IN(IN_LAUNCH) || h.flags & FRAME_BIG ? 1 : rnd(10) ? 0 : rnd(50) ? rnd(4) : 120;
    int fds[FRAME_FDS_MAX];
    for (unsigned i = 0; i < n; i++)
        if ((fds[i] = any_fd()) < 0)
            fds[i] = dup(2);
    if (n && !rnd(10)) {
        close(fds[0]);
        fds[0] = fcntl(p->chan, F_DUPFD_CLOEXEC, 3);    /* its own channel, in a packet to itself */
    }
    if (rnd(50))
        push(p, h, body, h.flags & FRAME_BIG ? 0 : len, fds, n);
    else if (send(p->chan, body, rnd(100), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        turn(0);                                            /* no frame at all */
    for (unsigned i = 0; i < n; i++)
        close(fds[i]);
}

static void random_frames(struct player *g)
{
    struct player *bad[8] = { NULL };
    unsigned failed = 0;
    uint64_t end = util_now_ms() + 15000;
    int sent = 0;
    wild = true;
    for (; sent < FUZZ_FRAMES && util_now_ms() < end; sent++) {
        struct player *p;
        if (rnd(3)) {
            p = bad[rnd(8)];
            if (!p || p->chan < 0 || p->role != ROLE_GATEWAY || !p->serving || p == g) {     /* its row may be another's by now */
                bad[rnd(8)] = gateway_new();
                continue;
            }
        } else {
            p = worker_of((int)rnd(EVILS));
        }
        if (p)
            random_frame(p);
        if (!turn(0))
            break;
        if (sent % 500 == 499 && !served(g))
            failed++;
    }
    tap_note("%d frames", sent);
    tap_ok(failed == 0 && served(g), "others are served between random frames");
    wild = false;
    for (struct player *p = players; p < players + PEERS; p++)
        if (p->chan >= 0 && p->role == ROLE_GATEWAY && p->serving && p != g)
            ended(p);
}

/* Descriptors of the supervisor, -1 when they cannot be seen; helpers that still have a call are ended first, so that no flow waits. */
static int fds_of(pid_t pid)
{
    for (struct player *p = players; p < players + PEERS; p++)
        if (p->chan >= 0 && p->got && (p->role == ROLE_XMLC || p->role == ROLE_PROBE || p->role == ROLE_TALK || (p->role >= ROLE_HAND_OPEN && p->role <= ROLE_HAND_LAUNCH)))
            ended(p);
    char path[64];
    int n = 0;
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, 0);
    struct stat st;
    if (lstat(path, &st) < 0)
        return -1;
    for (int i = 0; i < 4096; i++) {
        snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, i);
        n += lstat(path, &st) == 0;
    }
    return n;
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    if (access(fakesup_role(ROLE_SUPERVISOR), X_OK) < 0)
        tap_skip_all("no supervisor is built");
    if (getenv("SEED"))
        seed = (uint32_t)atoi(getenv("SEED"));
    begin(DAEMON_QEMUD, true);
    struct player *g = gateway_new();
    if (!tap_ok(g && served(g), "a client is served"))
        return tap_done();
    status_flood(g);
    cancel_flood(g);
    event_flood(g);
    state_flood(g);
    call_flood(g);
    end_in_flood(g);
    element_flood(g);
    unplug_flood(g);
    in_order(g);
    false_replies(g);
    comes_again(g);
    not_authenticated(g);
    two_destroys(g);
    int before = fds_of(sup.pid);
    random_frames(g);
    int status;
    tap_ok(waitpid(sup.pid, &status, WNOHANG) == 0, "the supervisor lives");
    bool few = WAIT_FOR(fds_of(sup.pid) <= before + 40);
    tap_ok(few, "and holds no descriptors that it does not need (%d, then %d)", before, fds_of(sup.pid));
    close(sup.chan);
    waitpid(sup.pid, &status, 0);
    tap_ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, "it ends with its keeper");
    unlink(door);
    *strrchr(door, '/') = 0;
    rmdir(door);
    return tap_done();
}
