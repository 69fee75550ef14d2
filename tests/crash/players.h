/* players.h: everybody around a real supervisor, played by a test program: its keeper, conf, hands and xmlcs, guests' workers and gateways.
 * Each answers as it should, but for what the flags below say; the test makes some of them hostile. */
#ifndef BULKHEAD_TEST_PLAYERS_H
#define BULKHEAD_TEST_PLAYERS_H
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

enum { RUN_PLUG_IN = 2 /* of BFD_TREE's arg: a device is to come */ };
enum { PEERS = 2048, EVILS = 6, GOOD = EVILS, IDLE, SLOTS, FUZZ_FRAMES = 6000, WAIT_MS = 20000 };
struct player {
    int chan;                       /* -1: free row */
    uint64_t number, object;
    int role;
    bool serving, silent;           /* silent: reads nothing */
    unsigned got, replies, errors, events;
    uint32_t reply_serial;
    unsigned most_fds;
    struct frame_head asked;        /* the last call that it got */
};
static struct player players[PEERS];
static struct fakesup sup;
static struct index ix;
static bool conf_silent, wild;      /* wild: xmlcs and hands answer nonsense */
static bool (*player_own)(struct player *p, struct frame *f);     /* of another daemon: true: it is dealt with */
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
    x = (struct exited){ .who = { .kind = HELD_PROCESS, .role = (uint32_t)p->role, .object = p->object, .channel = p->number, .pid = 100 }, .code = CLD_KILLED, .status = 9 };
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

static inline struct player *worker_of(int slot)
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
    struct conf_entry e = { .doc.name = "x" };
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
    struct doc_result d = { .changes = rnd(2), .facts.vcpus = 1 };
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
    if (f->h.kind == FRAME_CALL)
        p->asked = f->h;
    if (player_own && player_own(p, f))
        return;
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

static inline int call(struct player *g, uint32_t op, uint64_t object, uint32_t arg, uint32_t serial)
{
    return push(g, (struct frame_head){ .kind = FRAME_CALL, .op = op, .object = object, .arg = arg, .serial = serial }, "\x90", 1, NULL, 0);
}

/* The honest client's calls: to the honest guest, and one that changes a definition.  All its earlier ones must have been answered. */
static inline bool served(struct player *g)
{
    static uint32_t serial = 1000000, on;
    unsigned before = g->replies;
    call(g, OP_REMOTE_DOMAIN_SUSPEND, handle(GOOD), 0, ++serial);
    call(g, OP_REMOTE_DOMAIN_SET_AUTOSTART, handle(IDLE), on = !on, ++serial);
    return WAIT_FOR(g->replies == before + 2 || g->chan < 0) && g->chan >= 0;
}

static inline size_t event_body(uint8_t *to, int slot)
{
    struct dom_head d = { .id = ix.slot[slot].id, .values = 2 };
    memcpy(d.name, ix.slot[slot].name, sizeof d.name);
    memcpy(d.uuid, ix.slot[slot].uuid, 16);
    memcpy(to, &d, sizeof d);
    memcpy(to + sizeof d, "\x04\x00", 2);
    return sizeof d + 2;
}

/* ---- the world before the supervisor is born ---- */

/* guests: those of virtqemud, which run. */
static void begin(uint32_t daemon, bool guests)
{
    static struct settings set = { .magic = SETTINGS_MAGIC, .max_clients = 900, .max_anonymous_clients = 20, .admin_max_clients = 5, .max_client_requests = 5 };
    static struct layout lay = { .session = true, .lib_dir = "/nonexistent/lib", .state_dir = "/nonexistent/run", .conf_dir = "/nonexistent/etc", .def_dir = "/nonexistent/def",
        .log_dir = "/nonexistent/log", .cache_dir = "/nonexistent/cache", .only_uid = ~0u };
    lay.id = daemon;
    lay.only_uid = guests ? ~0u : geteuid();
    set.daemon = daemon;
    struct birth b = { .uid = ~0u, .gid = ~0u, .flags = BIRTH_SESSION, .epoch = 2, .log_level = getenv("VERBOSE") ? 2 : 4 };
    set.auth_unix_rw = geteuid() == 0 ? AUTH_POLKIT : AUTH_NONE;       /* root is never asked */
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    struct clients_head ch = { .magic = CLIENTS_MAGIC, .next_id = 1, .limits = { { .max_clients = 900, .max_anonymous = 20 }, { .max_clients = 5 } } };
    memset(ch.log[LOG_FILTERS].from, (int)b.log_level, LOG_ROLES_MAX);
    int fds[8], n = 0, rw, ro, crw = memfd_create("clients", MFD_CLOEXEC), s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    char dir[] = "/tmp/bh-hostile-XXXXXX";
    if (!mkdtemp(dir) || index_create(&rw, &ro) < 0 || index_map(&ix, rw, true) < 0 || ftruncate(crw, CLIENTS_BYTES) < 0 || pwrite(crw, &ch, sizeof ch, 0) < 0)
        exit(99);
    snprintf(door, sizeof door, "%s/sock", dir);
    memcpy(a.sun_path, door, sizeof door);
    if (bind(s, (struct sockaddr *)&a, sizeof a) < 0 || listen(s, 64) < 0)
        exit(99);
    for (int i = 0; i < SLOTS && guests; i++) {
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
    for (int i = 0; i <= GOOD && guests; i++) {
        struct held h = { .kind = HELD_FD, .role = ROLE_QEMU, .object = handle(i), .tag = BFD_TREE, .arg = i < EVILS ? (uint32_t)i + 1 : 0 };        /* evil ones stand at something to plug in */
        int sv[2], tree = frame_memfd("tree", "t", 1);
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) < 0)
            exit(99);
        tell(IN_HELD, 0, &h, sizeof h, &tree, 1);
        close(tree);
        for (int k = 0; k < 2 && h.arg == RUN_PLUG_IN; k++) {
            const struct manifest_head none = { MANIFEST_MAGIC, 0, sizeof none, 0 };
            AUTO_CLOSE fd = k ? frame_memfd("grants", "g", 1) : frame_memfd("manifest", &none, sizeof none);
            struct held more = { .kind = HELD_FD, .role = ROLE_QEMU, .object = handle(i), .tag = k ? BFD_GRANTS : BFD_MANIFEST };
            tell(IN_HELD, 0, &more, sizeof more, &fd, 1);
        }
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
#endif
