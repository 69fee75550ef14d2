/* test-hostile.c: the real supervisor, with everybody around it played by this program, and some of them hostile.
 *
 * We are its keeper, its conf, hands and xmlcs, two sorts of guests' workers and gateways.  Hostile ones send what a process that was taken
 * over could send; after each attack the supervisor must live, and the honest guest and client must be served. */
#include <limits.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/un.h>
#include "ipc/index.h"
#include "ipc/layout.h"
#include "ipc/mp.h"
#include "ipc/op.h"
#include "ipc/schema/op-numbers.h"
#include "ipc/settings.h"
#include "tests/tap.h"
#include "tests/unit/fakesup.h"

enum { PEERS = 2048, EVILS = 6, GOOD = EVILS, IDLE, SLOTS, FUZZ_FRAMES = 6000, WAIT_MS = 20000 };
struct player {
    int chan;                       /* -1: free row */
    uint64_t number, object;
    int role;
    bool serving, silent;           /* silent: reads nothing */
    unsigned got, replies, errors, events;
    uint32_t reply_serial;
    unsigned most_fds;
};
static struct player players[PEERS];
static struct fakesup sup;
static struct index ix;
static bool conf_silent, wild;      /* wild: xmlcs and hands answer nonsense */
static unsigned writes;             /* of status files, that conf was asked for */
static struct frame_head late[4096];
static unsigned late_n;
static char door[108];
static uint32_t seed = 1;

static uint32_t rnd(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static void tell(uint32_t op, uint32_t arg, const void *body, size_t len, const int *fds, unsigned nfds)
{
    struct frame_head h = { .kind = FRAME_EVENT, .op = OP_IN(op), .arg = arg };
    struct pollfd p = { .fd = sup.chan, .events = POLLOUT };
    while (frame_send(sup.chan, &h, body, len, fds, nfds) == -EAGAIN)
        poll(&p, 1, 1000);
}

static void ended(struct player *p)
{
    static struct exited x;
    x = (struct exited){ .who = { .kind = HELD_PROCESS, .role = (uint32_t)p->role, .object = p->object, .channel = p->number, .pid = 100 }, .code = CLD_KILLED, .status = 9, .syscall = -1 };
    close(p->chan);
    p->chan = -1;
    tell(IN_EXITED, 0, &x, sizeof x, NULL, 0);
}

static struct player *player_add(int role, uint64_t object, uint64_t number, int fd)
{
    for (struct player *p = players; p < players + PEERS; p++)
        if (p->chan < 0) {
            *p = (struct player){ .chan = fd, .role = role, .object = object, .number = number };
            fcntl(fd, F_SETFL, O_NONBLOCK);
            return p;
        }
    close(fd);
    return NULL;
}

static struct player *player_of(uint64_t number)
{
    for (struct player *p = players; p < players + PEERS; p++)
        if (p->chan >= 0 && p->number == number)
            return p;
    return NULL;
}

static struct player *worker_of(int slot)
{
    for (struct player *p = players; p < players + PEERS; p++)
        if (p->chan >= 0 && p->role == ROLE_QEMU && object_slot(p->object) == (uint32_t)slot)
            return p;
    return NULL;
}

static uint64_t handle(int slot)
{
    return object_make((uint32_t)slot, ix.slot[slot].gen);
}

/* ---- the keeper ---- */

static void keeper_frame(struct frame *f)
{
    if (f->h.op == OP_IN(IN_SPAWN)) {
        static int32_t pids = 1000;
        struct spawn s;
        memcpy(&s, f->body, sizeof s);
        player_add((int)s.birth.role, s.who.object, s.who.channel, frame_take_fd(f, 0));
        struct spawned done = { .channel = s.who.channel, .pid = ++pids };
        tell(IN_SPAWNED, 0, &done, sizeof done, NULL, 0);
    } else if (f->h.op == OP_IN(IN_KILL)) {
        struct kill_req k;
        memcpy(&k, f->body, sizeof k);
        struct player *p = k.channel ? player_of(k.channel) : NULL;
        struct exited x = { .who = { .role = ROLE_PID1, .object = k.object, .pid = 50 + (int32_t)object_slot(k.object) }, .code = CLD_KILLED, .status = 9 };
        if (p)
            ended(p);
        else if (!k.channel)
            tell(IN_EXITED, 0, &x, sizeof x, NULL, 0);
    }
}

/* ---- everybody else ---- */

static int reply(struct player *p, const struct frame_head *to, const void *body, size_t len, const int *fds, unsigned nfds)
{
    struct frame_head h = { .kind = FRAME_REPLY, .op = to->op, .serial = to->serial, .origin = to->origin, .object = to->object };
    return frame_send(p->chan, &h, body, len, fds, nfds);
}

static void conf_answer(struct player *p, const struct frame_head *h)
{
    struct conf_entry e = { .name = "x" };
    int fd = h->op == OP_IN(IN_CONF_READ) ? frame_memfd("text", "<domain/>", 9) : -1;
    reply(p, h, &e, h->op == OP_IN(IN_CONF_WRITE) ? sizeof e : 0, &fd, fd >= 0);
    util_closep(&fd);
}

static int any_fd(void)
{
    int p[2];
    switch (rnd(6)) {
    case 0: return frame_memfd("sealed", "text", 4);
    case 1: p[0] = memfd_create("open", MFD_CLOEXEC); return ftruncate(p[0], 100) < 0 ? -1 : p[0];
    case 2: p[0] = memfd_create("huge", MFD_CLOEXEC | MFD_ALLOW_SEALING); return ftruncate(p[0], 1ll << 40) < 0 || fcntl(p[0], F_ADD_SEALS, 15) < 0 ? -1 : p[0];
    case 3: return pipe2(p, O_CLOEXEC) < 0 ? -1 : (close(p[1]), p[0]);
    case 4: return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, p) < 0 ? -1 : (close(p[1]), p[0]);
    default: return open("/dev/zero", O_RDWR | O_CLOEXEC);
    }
}

/* A document as xmlc gives it, of the domain that the call is for, or of any but the honest ones: who may make documents may make theirs. */
static void xmlc_answer(struct player *p, const struct frame_head *h)
{
    struct doc_result d = { .changes = rnd(2), .vcpus = 1 };
    int slot = h->object && object_slot(h->object) < SLOTS ? (int)object_slot(h->object) : (int)rnd(EVILS);     /* who may define may harm the honest two as well */
    struct manifest_head m = { MANIFEST_MAGIC, 0, sizeof m, 0 };
    int fds[4] = { frame_memfd("xml", "<domain/>", 9), frame_memfd("tree", "t", 1), frame_memfd("manifest", &m, sizeof m), any_fd() };
    struct frame_head r = { .kind = FRAME_REPLY, .op = rnd(8) ? OP_IN(IN_DOC) : h->op, .serial = h->serial, .origin = h->origin };
    memcpy(d.name, ix.slot[slot].name, sizeof d.name);
    memcpy(d.uuid, ix.slot[slot].uuid, 16);
    if (!rnd(3))
        memset(d.name, 'n', rnd(2) ? sizeof d.name : 5);
    d.reply_len = rnd(4) ? 0 : rnd(1u << 31);
    if (!rnd(8))
        memcpy(&fds[rnd(3)], &fds[3], sizeof fds[3]);
    frame_send(p->chan, &r, &d, rnd(9) ? sizeof d : rnd(sizeof d), fds, rnd(9) ? 3 : 4);
    for (int i = 0; i < 4; i++)
        if (i == 3 || fds[i] != fds[3])
            close(fds[i]);
}

static void hand_answer(struct player *p, const struct frame_head *h)
{
    union { struct hand_done d; struct launched l; uint8_t b[4096]; } u;
    int fds[3] = { any_fd(), any_fd(), any_fd() };
    memset(&u, rnd(2) ? 0 : (int)rnd(256), sizeof u);
    if (rnd(2))
        u.d.error = -EIO;
    reply(p, h, &u, rnd(4) ? h->op == OP_IN(IN_HAND_LAUNCH) ? sizeof u.l : sizeof u.d : rnd(4096), fds, rnd(4));
    for (int i = 0; i < 3; i++)
        close(fds[i]);
}

static void player_frame(struct player *p, struct frame *f)
{
    p->got++;
    p->most_fds = f->h.nfds > p->most_fds ? f->h.nfds : p->most_fds;
    if (p->role == ROLE_CONF && f->h.kind == FRAME_CALL) {
        struct conf_name n;
        memcpy(&n, f->body, sizeof n);
        writes += f->h.op == OP_IN(IN_CONF_WRITE) && n.dir == DIR_STATUS;
        if (conf_silent && late_n < 4096)
            late[late_n++] = f->h;
        else
            conf_answer(p, &f->h);
    } else if (p->role == ROLE_QEMU && f->h.kind == FRAME_CALL && object_slot(p->object) == GOOD) {
        reply(p, &f->h, "\x90", 1, NULL, 0);
    } else if (p->role == ROLE_XMLC && wild) {
        xmlc_answer(p, &f->h);
    } else if ((p->role == ROLE_HAND_OPEN || p->role == ROLE_HAND_NET || p->role == ROLE_HAND_LAUNCH || p->role == ROLE_PROBE) && wild && f->h.kind == FRAME_CALL) {
        hand_answer(p, &f->h);
    } else if (p->role == ROLE_GATEWAY) {
        p->serving |= f->h.op == OP_IN(IN_SERVE);
        p->events += f->h.kind == FRAME_EVENT && OP_PROG(f->h.op) != PROG_INTERNAL;
        if (f->h.kind == FRAME_REPLY || f->h.kind == FRAME_ERROR) {
            *(f->h.kind == FRAME_REPLY ? &p->replies : &p->errors) += 1;
            p->reply_serial = f->h.serial;
        }
    }
}

/* All frames that are there. False: the supervisor has ended. */
static bool turn(int wait_ms)
{
    static struct pollfd p[PEERS + 1];
    static int who[PEERS + 1];
    static uint8_t buf[FRAME_BODY_MAX];
    int n = 0;
    p[n++] = (struct pollfd){ .fd = sup.chan, .events = POLLIN };
    for (int i = 0; i < PEERS; i++)
        if (players[i].chan >= 0 && !players[i].silent) {
            who[n] = i;
            p[n++] = (struct pollfd){ .fd = players[i].chan, .events = POLLIN };
        }
    poll(p, (nfds_t)n, wait_ms);
    for (int i = n - 1; i >= 0; i--) {
        struct player *pl = i ? &players[who[i]] : NULL;
        for (int k = 0; k < 64 && p[i].revents && (!pl || pl->chan == p[i].fd); k++) {
            AUTO_FRAME f = FRAME_INIT;
            f.h.nfds = 0;
            int r = frame_recv(p[i].fd, &f, buf, sizeof buf);
            if (r == -EAGAIN)
                break;
            if (r <= 0 && !pl)
                return false;
            if (r <= 0)
                ended(pl);
            else if (pl)
                player_frame(pl, &f);
            else
                keeper_frame(&f);
        }
    }
    return true;
}

#define WAIT_FOR(cond) __extension__({ \
    uint64_t end_ = util_now_ms() + WAIT_MS; \
    bool alive_ = true; \
    while (!(cond) && (alive_ = turn(20)) && util_now_ms() < end_) \
        ; \
    alive_ && (cond); })

static struct player *gateway_new(void)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    struct player *g = NULL;
    static uint64_t known[PEERS];
    for (int i = 0; i < PEERS; i++)
        known[i] = players[i].chan >= 0 && players[i].role == ROLE_GATEWAY && players[i].serving ? players[i].number : 0;
    memcpy(a.sun_path, door, sizeof door);
    /* Whom the supervisor gave the connection to may be ending just then: so it is asked again. */
    for (int tries = 0; !g && tries < 10; tries++) {
        int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(s, (struct sockaddr *)&a, sizeof a) == 0)
            for (uint64_t end = util_now_ms() + WAIT_MS / 10; !g && util_now_ms() < end && turn(10);)
                for (int i = 0; i < PEERS && !g; i++)
                    if (players[i].chan >= 0 && players[i].role == ROLE_GATEWAY && players[i].serving && known[i] != players[i].number)
                        g = &players[i];
        close(s);
    }
    return g;
}

/* Sends although the supervisor may be slow to read; what comes meanwhile is handled. */
static int push(struct player *p, struct frame_head h, const void *body, size_t len, const int *fds, unsigned nfds)
{
    int r = -EPIPE;
    for (uint64_t end = util_now_ms() + WAIT_MS; p->chan >= 0 && (r = frame_send(p->chan, &h, body, len, fds, nfds)) == -EAGAIN && util_now_ms() < end;)
        turn(1);
    return r;
}

static int call(struct player *g, uint32_t op, uint64_t object, uint32_t arg, uint32_t serial)
{
    return push(g, (struct frame_head){ .kind = FRAME_CALL, .op = op, .object = object, .arg = arg, .serial = serial }, "\x90", 1, NULL, 0);
}

/* The honest client's calls: to the honest guest, and one that changes a definition. */
static bool served(struct player *g)
{
    static uint32_t serial = 1000000, on;
    unsigned before = g->replies;
    call(g, OP_REMOTE_DOMAIN_SUSPEND, handle(GOOD), 0, ++serial);
    call(g, OP_REMOTE_DOMAIN_SET_AUTOSTART, handle(IDLE), on = !on, ++serial);
    return WAIT_FOR(g->replies == before + 2 || g->chan < 0) && g->chan >= 0;
}

static size_t event_body(uint8_t *to, int slot)
{
    struct dom_head d = { .id = ix.slot[slot].id, .values = 2 };
    memcpy(d.name, ix.slot[slot].name, sizeof d.name);
    memcpy(d.uuid, ix.slot[slot].uuid, 16);
    memcpy(to, &d, sizeof d);
    memcpy(to + sizeof d, "\x04\x00", 2);
    return sizeof d + 2;
}

/* ---- the world before the supervisor is born ---- */

static void begin(void)
{
    static struct settings set = { .magic = SETTINGS_MAGIC, .max_clients = 900, .max_anonymous_clients = 20, .admin_max_clients = 5, .max_client_requests = 5 };
    static struct layout lay = { .session = true, .lib_dir = "/nonexistent/lib", .state_dir = "/nonexistent/run", .conf_dir = "/nonexistent/etc", .def_dir = "/nonexistent/def",
        .log_dir = "/nonexistent/log", .cache_dir = "/nonexistent/cache" };
    struct birth b = { .uid = ~0u, .gid = ~0u, .flags = BIRTH_SESSION, .epoch = 2, .log_level = getenv("VERBOSE") ? 2 : 4 };
    set.auth_unix_rw = geteuid() == 0 ? AUTH_POLKIT : AUTH_NONE;       /* root is never asked */
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    struct clients_head ch = { .magic = CLIENTS_MAGIC, .next_id = 1, .limits = { { .max_clients = 900, .max_anonymous = 20 }, { .max_clients = 5 } } };
    int fds[8], n = 0, rw, ro, crw = memfd_create("clients", MFD_CLOEXEC), s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    char dir[] = "/tmp/bh-hostile-XXXXXX";
    if (!mkdtemp(dir) || index_create(&rw, &ro) < 0 || index_map(&ix, rw, true) < 0 || ftruncate(crw, CLIENTS_BYTES) < 0 || pwrite(crw, &ch, sizeof ch, 0) < 0)
        exit(99);
    snprintf(door, sizeof door, "%s/sock", dir);
    memcpy(a.sun_path, door, sizeof door);
    if (bind(s, (struct sockaddr *)&a, sizeof a) < 0 || listen(s, 64) < 0)
        exit(99);
    for (int i = 0; i < SLOTS; i++) {
        struct index_slot *r = index_begin(&ix, (uint32_t)i);
        snprintf(r->name, sizeof r->name, i < EVILS ? "evil%d" : i == GOOD ? "good" : "idle", i);
        memset(r->uuid, i + 1, 16);
        r->used = 1;
        r->gen = (uint32_t)i + 1;
        r->id = i <= GOOD ? i + 1 : -1;
        r->state = i <= GOOD ? 1 : 5;
        r->flags = SLOT_PERSISTENT;
        index_end(&ix, (uint32_t)i);
    }
    ix.head->next_gen = 100;
    ix.head->next_id = 100;
    ix.head->loaded = ix.head->caps_known = 1;
    snprintf(ix.head->hostname, sizeof ix.head->hostname, "host");
    const struct { uint8_t kind; uint32_t arg; int fd; } give[] = { { BFD_SETTINGS, 0, frame_memfd("s", &set, sizeof set) }, { BFD_LAYOUT, 0, frame_memfd("l", &lay, sizeof lay) },
        { BFD_INDEX, 1, rw }, { BFD_INDEX, 0, ro }, { BFD_CLIENTS, 1, crw }, { BFD_CLIENTS, 0, crw }, { BFD_LISTEN_RW, 0, s }, { BFD_CAPS, 0, frame_memfd("c", "caps", 4) } };
    for (; n < (int)ARRAY_N(give); n++) {
        b.fd_kind[n] = give[n].kind;
        b.fd_arg[n] = give[n].arg;
        fds[n] = give[n].fd;
    }
    b.nfds = (uint16_t)n;
    for (int i = 0; i < PEERS; i++)
        players[i].chan = -1;
    if (fakesup_spawn(&sup, ROLE_SUPERVISOR, b, fds) < 0)
        exit(99);
    fcntl(sup.chan, F_SETFL, O_NONBLOCK);
    for (int i = 0; i <= GOOD; i++) {
        struct held h = { .kind = HELD_FD, .role = ROLE_QEMU, .object = handle(i), .tag = BFD_TREE, .arg = (uint32_t)i + 1 };
        int sv[2], tree = frame_memfd("tree", "t", 1);
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) < 0)
            exit(99);
        tell(IN_HELD, 0, &h, sizeof h, &tree, 1);
        close(tree);
        h.kind = HELD_CHANNEL;
        h.channel = (1ull << 32 | 7) << 14 | (uint64_t)i;
        tell(IN_HELD, 0, &h, sizeof h, sv, 1);
        close(sv[0]);
        player_add(ROLE_QEMU, h.object, h.channel, sv[1]);
        struct held stub = { .kind = HELD_PROCESS, .role = ROLE_PID1, .object = handle(i), .pid = 50 + i };
        tell(IN_HELD, 0, &stub, sizeof stub, NULL, 0);
    }
    tell(IN_GO, 2, NULL, 0, NULL, 0);
}

/* ---- attacks ---- */

static void status_flood(struct player *g)
{
    struct player *w = worker_of(0);
    int fd = frame_memfd("status", "<domstatus/>", 12);
    unsigned before = g->replies, errors = g->errors;
    conf_silent = true;
    for (int i = 0; i < 1500 && w; i++)
        push(w, (struct frame_head){ .kind = FRAME_EVENT, .op = OP_IN(IN_STATUS_XML) }, NULL, 0, &fd, 1);
    call(g, OP_REMOTE_DOMAIN_SET_AUTOSTART, handle(IDLE), 0, 77);
    close(fd);
    bool asked = WAIT_FOR(late_n >= 2 && (late[late_n - 1].op == OP_IN(IN_CONF_AUTOSTART) || g->errors > errors));
    tap_ok(asked && g->errors == errors, "a worker's flood of status files leaves room for other operations");
    tap_ok(writes <= 2, "of one guest's status files one is written at a time (%u)", writes);
    conf_silent = false;
    for (struct player *p = players; p < players + PEERS; p++)
        for (unsigned i = 0; p->chan >= 0 && p->role == ROLE_CONF && i < late_n; i++)
            conf_answer(p, &late[i]);
    late_n = 0;
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

static void event_flood(struct player *g)
{
    struct player *slow = gateway_new(), *w = worker_of(1);
    uint64_t mask[2] = { 1, 0 };
    uint8_t body[512];
    size_t n = event_body(body, 1);
    if (!tap_ok(slow && w, "a subscriber and a hostile worker"))
        return;
    push(slow, (struct frame_head){ .kind = FRAME_EVENT, .op = OP_IN(IN_SUBSCRIBE) }, mask, sizeof mask, NULL, 0);
    call(slow, OP_REMOTE_DOMAIN_SUSPEND, handle(GOOD), 0, 1);
    WAIT_FOR(slow->replies);
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
    struct player *listener = gateway_new(), *w = worker_of(4);
    uint64_t mask[2] = { 1, 0 };
    if (!tap_ok(listener && w, "a subscriber and a worker with much to tell"))
        return;
    push(listener, (struct frame_head){ .kind = FRAME_EVENT, .op = OP_IN(IN_SUBSCRIBE) }, mask, sizeof mask, NULL, 0);
    call(listener, OP_REMOTE_DOMAIN_SUSPEND, handle(GOOD), 0, 1);
    WAIT_FOR(listener->replies);
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
    enum { CLIENTS = 6, CALLS = 255 };
    struct player *bad[CLIENTS];
    unsigned refused = 0, errors = g->errors, replies;
    served(g);
    conf_silent = true;
    for (int k = 0; k < CLIENTS; k++)
        if ((bad[k] = gateway_new()))
            for (uint32_t i = 1; i <= CALLS; i++)
                call(bad[k], OP_REMOTE_DOMAIN_SET_AUTOSTART, handle(IDLE), i & 1, i);
    for (int k = 0; k < CLIENTS; k++)
        if (bad[k] && call(bad[k], OP_REMOTE_DOMAIN_SUSPEND, handle(GOOD), 0, CALLS + 1) == 0 && WAIT_FOR(bad[k]->replies))
            refused += bad[k]->errors;      /* all its calls have been looked at */
    unsigned before = late_n;
    replies = g->replies;
    call(g, OP_REMOTE_DOMAIN_SET_AUTOSTART, handle(GOOD), 0, 2000001);       /* which changes something */
    tap_ok(WAIT_FOR(late_n > before || g->errors > errors) && g->errors == errors, "another client's call is begun (of theirs, %u were refused)", refused);
    conf_silent = false;
    for (struct player *p = players; p < players + PEERS; p++)
        for (unsigned i = 0; p->chan >= 0 && p->role == ROLE_CONF && i < late_n; i++)
            conf_answer(p, &late[i]);
    late_n = 0;
    tap_ok(WAIT_FOR(g->replies > replies), "and answered");
    for (int k = 0; k < CLIENTS; k++)
        if (bad[k] && bad[k]->chan >= 0)
            ended(bad[k]);
    tap_ok(served(g), "the others are served");
}

/* A guest ends while no flow is left: its end is undone once there is one. */
static void end_in_flood(struct player *g)
{
    enum { CLIENTS = 20, CALLS = 250, GUEST = 1 };
    struct player *bad[CLIENTS];
    struct exited x = { .who = { .role = ROLE_PID1, .object = handle(GUEST), .pid = 50 + GUEST }, .code = CLD_KILLED, .status = 9 };
    served(g);
    conf_silent = true;
    for (int k = 0; k < CLIENTS; k++)
        if ((bad[k] = gateway_new()))
            for (uint32_t i = 1; i <= CALLS; i++)
                call(bad[k], OP_REMOTE_DOMAIN_SET_AUTOSTART, handle(IDLE), i & 1, i);
    for (int k = 0; k < CLIENTS; k++)
        if (bad[k] && call(bad[k], OP_REMOTE_DOMAIN_SUSPEND, handle(GOOD), 0, CALLS + 1) == 0)
            WAIT_FOR(bad[k]->replies);
    tell(IN_EXITED, 0, &x, sizeof x, NULL, 0);
    call(g, OP_REMOTE_DOMAIN_SUSPEND, handle(GOOD), 0, 2000002);
    for (unsigned replies = g->replies; g->replies == replies && turn(20);)
        ;
    conf_silent = false;
    wild = true;            /* hands answer anything */
    for (struct player *p = players; p < players + PEERS; p++)
        for (unsigned i = 0; p->chan >= 0 && p->role == ROLE_CONF && i < late_n; i++)
            conf_answer(p, &late[i]);
    late_n = 0;
    tap_ok(WAIT_FOR(ix.slot[GUEST].id == -1), "a guest that ended while there was no room for another operation is seen to have ended");
    for (int k = 0; k < CLIENTS; k++)
        if (bad[k] && bad[k]->chan >= 0)
            ended(bad[k]);
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
    static const uint32_t own[] = { IN_HELD, IN_GO, IN_SPAWN, IN_SUBSCRIBE, IN_CANCEL, IN_DOC, IN_LAUNCH, IN_STATE, IN_STATUS_XML, IN_STOPPED, IN_LOG_TAIL, IN_QUIT, IN_WORKERS, IN_LIMITS,
        IN_LOG_LEVEL, IN_CLIENT_CLOSE, IN_WORKER_DEBUG, IN_WORKER_TRACE };
    static const uint32_t gateway_ops[] = { OP_IN(IN_SUBSCRIBE), OP_IN(IN_CANCEL), OP_REMOTE_DOMAIN_CREATE, OP_REMOTE_DOMAIN_CREATE_XML, OP_REMOTE_DOMAIN_DEFINE_XML, OP_REMOTE_DOMAIN_UNDEFINE,
        OP_REMOTE_DOMAIN_SUSPEND, OP_REMOTE_DOMAIN_GET_XML_DESC, OP_REMOTE_DOMAIN_SET_AUTOSTART, OP_REMOTE_DOMAIN_DESTROY };
    static const uint32_t worker_ops[] = { OP_IN(IN_STATE), OP_IN(IN_STATUS_XML), OP_IN(IN_LOG_TAIL), OP_IN(IN_LAUNCH), OP_REMOTE_DOMAIN_EVENT_CALLBACK_LIFECYCLE };
    static uint8_t body[FRAME_BODY_MAX];
    bool gw = p->role == ROLE_GATEWAY, mild = rnd(20) > 0;
    struct frame_head h = { .serial = rnd(40), .arg = rnd(4), .flags = rnd(3) ? 0 : (uint16_t)rnd(32), .origin = rnd(3) ? rnd(4) : players[rnd(PEERS)].number };
    /* The honest two are not to be harmed by who has the right to. */
    h.object = rnd(4) ? handle(rnd(9) ? (int)rnd(EVILS) : IDLE) : object_make(rnd(SLOTS + 3), rnd(200));
    if (h.object == handle(GOOD) || h.object == handle(IDLE))
        h.object = 0;
    h.kind = (uint8_t)(!mild ? rnd(6) : gw ? FRAME_CALL : FRAME_EVENT);
    h.op = !mild ? rnd(2) ? OP_IN(own[rnd(ARRAY_N(own))]) : op_route_table[rnd(op_route_table_n)].id : gw ? gateway_ops[rnd(ARRAY_N(gateway_ops))] : worker_ops[rnd(ARRAY_N(worker_ops))];
    if (mild && (h.op == OP_IN(IN_CANCEL) || h.op == OP_IN(IN_SUBSCRIBE)))
        h.kind = FRAME_EVENT;
    if (mild && (h.op == OP_IN(IN_LOG_TAIL) || h.op == OP_IN(IN_LAUNCH)))
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
        if (p->chan >= 0 && p->got && (p->role == ROLE_XMLC || p->role == ROLE_PROBE || (p->role >= ROLE_HAND_OPEN && p->role <= ROLE_HAND_LAUNCH)))
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
    begin();
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
    false_replies(g);
    not_authenticated(g);
    two_destroys(g);
    int before = fds_of(sup.pid);
    random_frames(g);
    int status;
    tap_ok(waitpid(sup.pid, &status, WNOHANG) == 0, "the supervisor lives");
    tap_ok(WAIT_FOR(fds_of(sup.pid) <= before + 40), "and holds no descriptors that it does not need (%d, then %d)", before, fds_of(sup.pid));
    close(sup.chan);
    waitpid(sup.pid, &status, 0);
    tap_ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, "it ends with its keeper");
    unlink(door);
    *strrchr(door, '/') = 0;
    rmdir(door);
    return tap_done();
}
