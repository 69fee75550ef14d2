/* test-hostile-plain.c: the real supervisors of virtlogd and virtlockd, with everybody around them played by this program, most of them hostile: gateways,
 * hands, log roles, lock roles and the holder say what a process that was taken over could say.  The supervisor must live, and an honest client be answered. */
#include "tests/crash/players.h"

enum { CLIENTS = 6, NAMES = 12 };
static uint32_t daemon_id;
static pid_t owner;             /* a process that may be named as one, and does nothing */

/* ---- processes that were taken over ---- */

/* One of a few names, so that calls meet; or what is no name at all. */
static size_t random_path(char to[LOG_PATH_MAX])
{
    memset(to, 0, LOG_PATH_MAX);
    if (rnd(40))
        snprintf(to, LOG_PATH_MAX, "/nonexistent/%u.log", rnd(NAMES));
    else
        memset(to, rnd(2) ? '/' : 'x', LOG_PATH_MAX - rnd(2));
    return LOG_PATH_MAX;
}

/* What a role that works for the supervisor answers: mostly of the right form. */
static void role_answer(struct player *p, const struct frame_head *h)
{
    union { struct hand_done done; struct lock_done lock; struct err e; uint8_t b[2048]; } u;
    int fds[5];
    unsigned n = rnd(2) ? rnd(5) : h->op == OP_IN(IN_HAND_OPEN) ? 5 : 1;
    size_t len = h->op == OP_IN(IN_HAND_OPEN) ? sizeof u.done : h->op == OP_IN(IN_LOG_START) ? 4 : sizeof u.lock;
    struct frame_head r = { .kind = rnd(6) ? FRAME_REPLY : FRAME_ERROR, .op = rnd(12) ? h->op : rnd(1u << 20), .serial = rnd(12) ? h->serial : rnd(99), .origin = rnd(12) ? h->origin : rnd(9) };
    for (size_t i = 0; i < sizeof u.b; i++)
        u.b[i] = (uint8_t)rnd(256);
    if (rnd(4) && len != 4) {
        memset(&u, 0, sizeof u);
        if (h->op == OP_IN(IN_HAND_OPEN)) {
            u.done = (struct hand_done){ .nqemu = 1, .nworker = 3, .failed = -1, .ours_kind = { BFD_LOG_PIPE, BFD_FILE, BFD_DIR } };
            n = 5;
        } else {
            static const int32_t errors[] = { 0, 0, 0, -EAGAIN, -ENOENT, -EACCES };
            u.lock = (struct lock_done){ .error = errors[rnd(ARRAY_N(errors))], .pid = rnd(3) ? 0 : (uint32_t)owner, .made = (uint16_t)rnd(2), .local = (uint16_t)rnd(2) };
        }
    } else if (len == 4) {
        memcpy(&u, "\x91\x92\x01\x00", 4);
    }
    for (unsigned i = 0; i < n; i++)
        if ((fds[i] = any_fd()) < 0)
            fds[i] = dup(2);
    push(p, r, &u, rnd(8) ? len : rnd(sizeof u), fds, n);
    for (unsigned i = 0; i < n; i++)
        close(fds[i]);
}

/* What a log role asks on its own. */
static void role_asks(struct player *p)
{
    static const uint32_t ops[] = { IN_LOG_FOLDER, IN_LOG_GAP, IN_LOG_ZIP, IN_STATE, IN_EPOCH, IN_LOG_LEVEL };
    int fds[2] = { any_fd(), any_fd() };
    uint32_t op = ops[rnd(rnd(8) ? 3 : ARRAY_N(ops))];
    push(p, (struct frame_head){ .kind = op == IN_LOG_ZIP ? FRAME_CALL : FRAME_EVENT, .op = OP_IN(op), .serial = rnd(50), .object = rnd(2) ? p->object : rnd(99) }, "\x90", rnd(2), fds, fds[0] < 0 || fds[1] < 0 ? 0 : rnd(3));
    util_closep(&fds[0]);
    util_closep(&fds[1]);
}

static bool hostile_role(struct player *p, struct frame *f)
{
    if (p->role == ROLE_GATEWAY)
        return false;
    if (p->role == ROLE_LOG && wild && !rnd(10))
        role_asks(p);
    if (f->h.kind == FRAME_CALL && wild && !rnd(15))
        ended(p);               /* dies of it */
    else if (f->h.kind == FRAME_CALL && (!wild || rnd(200)))
        role_answer(p, &f->h);      /* else it is silent */
    return true;
}

/* ---- clients ---- */

static size_t log_body(uint32_t op, uint8_t *to)
{
    struct log_append *a = (void *)to;
    random_path(a->path);
    a->length = rnd(4) ? 100 : rnd(1u << 31);
    return op == OP_LOG_DOMAIN_OPEN_LOG_FILE ? sizeof(struct log_open) : op == OP_LOG_DOMAIN_APPEND_LOG_FILE ? sizeof *a + 100 : sizeof(struct log_at);
}

static size_t lock_body(uint32_t op, uint8_t *to)
{
    struct lock_what *w = (void *)to;
    char path[LOG_PATH_MAX];
    if (op == OP_LOCK_REGISTER) {
        struct lock_owner o = { .id = rnd(3), .pid = rnd(6) ? (uint32_t)owner : rnd(1u << 22), .uuid = { (uint8_t)rnd(3) }, .name = "one" };
        if (!rnd(60))
            memset(o.name, 'x', sizeof o.name);
        memcpy(to, &o, sizeof o);
        return sizeof o;
    }
    memset(w, 0, offsetof(struct lock_what, text));
    random_path(path);
    w->flags = rnd(5);
    size_t one = strnlen(path, sizeof path - 1) + 1, n = 0;
    if (!rnd(3)) {                      /* in a lockspace */
        n = (size_t)snprintf(w->text, 64, "/nonexistent/space%u", rnd(3)) + 1;
        w->name_at = (uint32_t)n;
        one = (size_t)snprintf(w->text + n, 64, "resource%u", rnd(NAMES)) + 1;
    } else {
        memcpy(w->text, path, one);
    }
    if (!rnd(60))
        w->name_at = rnd(10000);
    return offsetof(struct lock_what, text) + n + one - !rnd(60);
}

static void random_call(struct player *p)
{
    static const uint32_t logs[] = { OP_LOG_DOMAIN_OPEN_LOG_FILE, OP_LOG_DOMAIN_OPEN_LOG_FILE, OP_LOG_DOMAIN_GET_LOG_FILE_POSITION, OP_LOG_DOMAIN_READ_LOG_FILE, OP_LOG_DOMAIN_APPEND_LOG_FILE };
    static const uint32_t locks[] = { OP_LOCK_REGISTER, OP_LOCK_REGISTER, OP_LOCK_RESTRICT, OP_LOCK_NEW, OP_LOCK_CREATE_RESOURCE, OP_LOCK_DELETE_RESOURCE, OP_LOCK_ACQUIRE_RESOURCE,
        OP_LOCK_ACQUIRE_RESOURCE, OP_LOCK_ACQUIRE_RESOURCE, OP_LOCK_RELEASE_RESOURCE, OP_LOCK_CREATE_LOCKSPACE, OP_LOCK_CREATE_LOCKSPACE, OP_IN(IN_LEASES) };
    static _Alignas(8) uint8_t body[FRAME_BODY_MAX];
    static uint32_t serial;
    bool mild = rnd(40) > 0;
    struct frame_head h = { .kind = (uint8_t)(mild ? FRAME_CALL : rnd(6)), .serial = mild ? ++serial : rnd(99), .arg = rnd(4), .flags = mild ? 0 : (uint16_t)rnd(64),
        .object = rnd(3) ? 0 : rnd(1u << 20), .origin = rnd(3) ? 0 : rnd(1u << 20), .op = daemon_id == DAEMON_LOGD ? logs[rnd(ARRAY_N(logs))] : locks[rnd(ARRAY_N(locks))] };
    size_t len = daemon_id == DAEMON_LOGD ? log_body(h.op, body) : lock_body(h.op, body);
    if (!mild && rnd(2))
        h.op = rnd(2) ? OP_IN(rnd(IN_OP_N)) : op_route_table[rnd(op_route_table_n)].id;
    if (!mild && rnd(2))
        len = rnd(sizeof body);
    int fds[4];
    unsigned n = h.flags & FRAME_BIG || !mild ? rnd(5) : 0;
    if (mild && !rnd(daemon_id == DAEMON_LOGD ? 10 : 60)) {        /* a long one, which no call about a lock is */
        h.flags = FRAME_BIG;
        fds[0] = rnd(2) ? frame_memfd("body", body, len) : any_fd();
        n = 1;
    } else {
        for (unsigned i = 0; i < n; i++)
            fds[i] = any_fd();
    }
    for (unsigned i = 0; i < n; i++)
        if (fds[i] < 0)
            fds[i] = dup(2);
    push(p, h, body, h.flags & FRAME_BIG ? 0 : len, fds, n);
    for (unsigned i = 0; i < n; i++)
        close(fds[i]);
}

/* A call that the supervisor answers itself, with an error: about a log that nobody has open, and by who has not said who he is. */
static bool answered(struct player *g)
{
    static _Alignas(8) struct { struct log_at at; } log = { .at.path = "/nonexistent/honest" };
    static struct lock_what lock = { .text = "/nonexistent/honest" };
    static uint32_t serial = 1u << 30;
    unsigned before = g->errors;
    if (daemon_id == DAEMON_LOGD)
        push(g, (struct frame_head){ .kind = FRAME_CALL, .op = OP_LOG_DOMAIN_GET_LOG_FILE_POSITION, .serial = ++serial }, &log, sizeof log.at, NULL, 0);
    else
        push(g, (struct frame_head){ .kind = FRAME_CALL, .op = OP_LOCK_RELEASE_RESOURCE, .serial = ++serial }, &lock, offsetof(struct lock_what, text) + 20, NULL, 0);
    return WAIT_FOR(g->errors == before + 1 || g->chan < 0) && g->chan >= 0;
}

/* ---- the test ---- */

static int fds_of(pid_t pid)
{
    char path[64];
    struct stat st;
    int n = 0;
    for (int i = 0; i < 8192; i++) {
        snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, i);
        n += lstat(path, &st) == 0;
    }
    return n;
}

static void attack(uint32_t id, const char *program)
{
    struct player *bad[CLIENTS] = { NULL };
    uint64_t number[CLIENTS] = { 0 };
    unsigned failed = 0, sent = 0, calls = 0, refused = 0;
    int status, half = 0;
    daemon_id = id;
    fakesup_supervisor = program;
    wild = false;
    begin(id, false);
    struct player *g = gateway_new();
    if (!tap_ok(g && answered(g), "%s: a client is answered", program))
        return;
    uint64_t honest = g->number;
    wild = true;
    for (uint64_t end = util_now_ms() + 30000; sent < FUZZ_FRAMES && util_now_ms() < end; sent++) {
        uint32_t k = rnd(CLIENTS);
        if (sent == FUZZ_FRAMES / 2)
            half = fds_of(sup.pid);
        if (!bad[k] || bad[k]->chan < 0 || bad[k]->number != number[k]) {       /* its row may be another's by now */
            bad[k] = gateway_new();
            number[k] = bad[k] ? bad[k]->number : 0;
            continue;
        }
        calls += bad[k]->replies;
        refused += bad[k]->errors;
        bad[k]->replies = bad[k]->errors = 0;
        random_call(bad[k]);
        if (!rnd(60))
            ended(bad[k]);      /* its client has gone */
        if (!turn(0))
            break;
        if (sent % 200 == 199 && !answered(g))
            failed++;
    }
    tap_note("%u frames, %u calls answered, %u with an error", sent, calls + refused, refused);
    tap_ok(sent > 1000 && calls && calls + refused > 100, "calls of clients come through");
    tap_ok(!failed && g->chan >= 0 && g->number == honest && answered(g), "and another one is answered all the time");
    for (uint32_t k = 0; k < CLIENTS; k++)
        if (bad[k] && bad[k]->chan >= 0 && bad[k]->number == number[k])
            ended(bad[k]);
    tap_ok(answered(g) && waitpid(sup.pid, &status, WNOHANG) == 0, "the supervisor lives");
    tap_ok(sent < FUZZ_FRAMES || fds_of(sup.pid) <= half + 60, "and holds no descriptors that it does not need (%d, then %d)", half, fds_of(sup.pid));
    close(sup.chan);
    waitpid(sup.pid, &status, 0);
    tap_ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, "and ends with its keeper");
    for (struct player *p = players; p < players + PEERS; p++)
        util_closep(&p->chan);
    unlink(door);
    *strrchr(door, '/') = 0;
    rmdir(door);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    fakesup_supervisor = "supervisor-logd";
    if (access(fakesup_role(ROLE_SUPERVISOR), X_OK) < 0)
        tap_skip_all("no supervisor is built");
    if (getenv("SEED"))
        seed = (uint32_t)atoi(getenv("SEED"));
    player_own = hostile_role;
    owner = fork();
    if (owner == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        pause();
        _exit(0);
    }
    attack(DAEMON_LOGD, "supervisor-logd");
    attack(DAEMON_LOCKD, "supervisor-lockd");
    tap_ok(waitpid(owner, NULL, WNOHANG) == 0, "whoever is named an owner lives");
    kill(owner, SIGKILL);
    waitpid(owner, NULL, 0);
    return tap_done();
}
