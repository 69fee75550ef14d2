/* peer.c: every process that has a channel to us, from its birth to its obituary.
 *
 * A peer is gone when two things were seen: the end of its channel (so that its last words of business were read) and its exit. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "objects.h"
#include "policy/policy.h"

enum { PEERS_BITS = 14, PEERS_MAX = 1 << PEERS_BITS /* the row is the low part of a number */, PEER_QUEUE = 1024, EXIT_WAIT_MS = 1000, SPARE_WAIT_MS = 3 };
static struct peer peers[PEERS_MAX];
static uint32_t peers_n, rows_hint /* all rows below are taken */, count;
static struct loop_timer spare_timer;

/* Each process has a uid of its own, of the last quarter of the range: one that was taken over is a stranger to all others. */
static uint32_t own_uid(int role, uint32_t row)
{
    bool stays = policy_profile(role)->ids == IDS_ROOT || sup.birth.flags & BIRTH_SESSION || sup.settings.uid_count < 4;
    return stays ? ~0u : sup.settings.uid_base + sup.settings.uid_count - 1 - row % (sup.settings.uid_count / 4);
}

struct peer *peer_find(uint64_t number)
{
    struct peer *p = &peers[number & (PEERS_MAX - 1)];
    return number && p->number == number ? p : NULL;
}

struct peer *peer_next(struct peer *after)
{
    for (uint32_t i = after ? (uint32_t)(after - peers) + 1 : 0; i < peers_n; i++)
        if (peers[i].number)
            return &peers[i];
    return NULL;
}

/* One line on every death that was not a clean exit; that we had a part in it is no error. */
static void obituary(const struct peer *p, const struct exited *x, const char *decision)
{
    char op[24];
    bool clean = x && x->code == CLD_EXITED && x->status == 0, ours = x && p->killed && x->code == CLD_KILLED && (x->status == SIGKILL || x->status == SIGTERM);
    if (clean && !decision[0])
        return;
    const char *words = x ? x->words : "";
    log_at(clean || ours ? LOG_L_INFO : LOG_L_ERR, "%s %d of object %u.%u ended: %s %d%s; last op %s; %s%s%.160s", role_name(p->role), p->pid, object_slot(p->object), object_gen(p->object),
           x && x->code == CLD_EXITED ? "exit status" : "signal", x ? x->status : -1, x && x->code != CLD_EXITED && x->status == SIGSYS ? " (a forbidden system call)" : "",
           op_label(p->last_op, op), decision, *words ? "; last words: " : "", words);
}

static void peer_gone(struct peer *p)
{
    struct exited *x = p->obituary;
    const char *decision = "";
    bool again = p->life && life_peer_died(p->life, x, &decision);
    loop_cancel(&p->reaper);
    loop_cancel(&p->second);
    obituary(p, x, decision);
    flow_peer_gone(p);
    route_peer_gone(p, again);
    if (p->role == ROLE_GATEWAY)
        gateways_gone(p);
    p->obituary = NULL;
    free(x);
    p->number = 0;
    rows_hint = p - peers < rows_hint ? (uint32_t)(p - peers) : rows_hint;     /* few rows are looked through for ever, however many processes there have been */
    flow_unblock();         /* a guest's end may have waited for this */
}

/* What has no channel has no purpose; one that closed it itself is given the time to exit cleanly. */
static void on_reaper(struct loop_timer *t)
{
    peer_kill(t->data, SIGKILL);
}

static void on_end(struct chan *c, int err)
{
    struct peer *p = c->data;
    struct held h = { .kind = HELD_CHANNEL, .channel = p->number };
    if (p->eof)
        return;
    chan_close(&p->chan);
    p->eof = true;
    if (!p->once)
        keeper_tell(IN_DROP, &h, sizeof h, NULL, 0);
    if (p->exited)
        peer_gone(p);
    else
        loop_after(&p->reaper, err ? 0 : EXIT_WAIT_MS, on_reaper, p);
}

/* A spare one; *left: how many more there are. */
static struct peer *spare_find(int role, unsigned *left)
{
    struct peer *found = NULL;
    *left = 0;
    for (struct peer *p = peer_next(NULL); p; p = peer_next(p))
        if (p->spare && p->role == role && !p->eof && !p->exited) {
            *left += found != NULL;
            found = p;
        }
    return found;
}

static void on_frame(struct chan *c, struct frame *f)
{
    struct peer *p = c->data;
    unsigned left;
    p->last_ms = loop_now_ms();
    p->last_op = f->h.op;
    log_debug("%s %d says %u:%u, kind %u", role_name(p->role), p->pid, OP_PROG(f->h.op), OP_PROC(f->h.op), f->h.kind);
    if (f->h.kind == FRAME_REPLY || f->h.kind == FRAME_ERROR) {
        if (f->h.origin == sup.epoch)
            flow_got(p, f);
        else
            route_answer(p, f);
        if (p->once && objects_roles[p->role].again && (!spare_find(p->role, &left) || left + 1 < objects_roles[p->role].again))
            p->spare = true;    /* for the next call */
        else if (p->once)
            on_end(c, 0);       /* its one answer was all it was there for */
    } else if (p->role == ROLE_GATEWAY) {
        route_frame(p, f);
    } else if (objects_roles[p->role].asks) {
        objects_frame(p, f);
    } else {
        peer_refuse(p, "it has nothing to ask");
    }
}

static struct peer *row_take(void)
{
    while (rows_hint < PEERS_MAX && peers[rows_hint].number)
        rows_hint++;
    peers_n = rows_hint < PEERS_MAX && rows_hint >= peers_n ? rows_hint + 1 : peers_n;
    return rows_hint < PEERS_MAX ? &peers[rows_hint] : NULL;
}

static int peer_open(struct peer *p, uint64_t number, int role, uint64_t object, int fd)
{
    memset(p, 0, sizeof *p);
    p->role = (uint8_t)role;
    p->object = object;
    p->last_ms = loop_now_ms();
    int r = chan_open(&p->chan, fd, PEER_QUEUE, on_frame, on_end, p);
    if (r == 0)
        p->number = number;
    else
        chan_close(&p->chan);
    return r;
}

void born_begin(struct born *n, int role, uint64_t object, const char *name)
{
    memset(n, 0, sizeof *n);
    n->b = (struct birth){ .magic = BIRTH_MAGIC, .role = (uint16_t)role, .object = object, .epoch = sup.epoch,
        .log_level = sup.clients->log[LOG_FILTERS].from[role], .flags = sup.birth.flags & BIRTH_SESSION };
    snprintf(n->b.name, sizeof n->b.name, "%s", name);
    for (size_t i = 0; i < ARRAY_N(objects_roles[role].fds) && objects_roles[role].fds[i]; i++)
        born_fd(n, objects_roles[role].fds[i], 0, sup_fd(objects_roles[role].fds[i], 0));
}

void born_fd(struct born *n, int kind, uint32_t arg, int fd)
{
    if (fd < 0 || n->n >= BIRTH_FDS_MAX - 5)     /* the keeper adds the void's five */
        return;
    n->b.fd_kind[n->n] = (uint8_t)kind;
    n->b.fd_arg[n->n] = arg;
    n->fds[n->n++] = fd;
}

struct peer *peer_spawn(struct born *n)
{
    bool kept = objects_roles[n->b.role].kept;
    int sv[2], fds[2 + BIRTH_FDS_MAX];
    unsigned first = 0;
    struct peer *p = row_take();
    if (!p || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) < 0)
        return NULL;
    AUTO_CLOSE child = sv[1];
    if (!n->b.uid)
        n->b.uid = n->b.gid = own_uid(n->b.role, (uint32_t)(p - peers));
    uint64_t number = ((uint64_t)sup.epoch << 32 | ++count) << PEERS_BITS | (uint64_t)(p - peers);
    n->b.nfds = (uint16_t)n->n;
    struct spawn s = { .who = { .kind = kept ? HELD_CHANNEL : HELD_PROCESS, .role = n->b.role, .object = n->b.object, .channel = number, .instance = n->b.instance, .tag = n->tag }, .birth = n->b };
    fds[first++] = child;
    if (kept)
        fds[first++] = sv[0];
    memcpy(&fds[first], n->fds, n->n * sizeof fds[0]);
    keeper_tell(IN_SPAWN, &s, sizeof s, fds, first + n->n);
    if (peer_open(p, number, n->b.role, n->b.object, sv[0]) < 0)
        return NULL;
    p->once = !kept;
    return p;
}

void peer_soon(int role, unsigned some)
{
    struct born n;
    unsigned have;
    struct peer *p = spare_find(role, &have);
    for (have += p != NULL; have < some; have++) {
        born_begin(&n, role, 0, "");
        if ((p = peer_spawn(&n)))
            p->spare = true;
    }
}

static void spares_fill(struct loop_timer *t)
{
    for (int role = 0; role < ROLE_N; role++)
        if (objects_roles[role].spares)     /* each look is one at all peers */
            peer_soon(role, objects_roles[role].spares);
}

void peer_spares(void)
{
    loop_after(&spare_timer, 0, spares_fill, NULL);
}

struct peer *peer_take(int role, uint64_t object, const char *name)
{
    struct born n;
    unsigned left;
    struct peer *p = spare_find(role, &left);
    if (objects_roles[role].spares)         /* at once, or when whoever took it has had his answer */
        loop_after(&spare_timer, left ? SPARE_WAIT_MS : 0, spares_fill, NULL);
    if (!p) {
        born_begin(&n, role, object, name);
        return peer_spawn(&n);
    }
    p->spare = false;
    p->object = object;
    return p;
}

void peer_not_needed(void)
{
    for (struct peer *p = peer_next(NULL); p; p = peer_next(p))
        if (p->spare && !objects_roles[p->role].spares && !objects_roles[p->role].again && !p->eof)
            on_end(&p->chan, 0);
}

/* Rows keep their numbers: what named the peer before names it now. */
struct peer *peer_inherit(const struct held *h, int fd)
{
    struct peer *p = &peers[h->channel & (PEERS_MAX - 1)];
    if (h->channel == 0 || p->number || peer_open(p, h->channel, (int)h->role, h->object, fd) < 0) {
        close(fd);
        return NULL;
    }
    p->inherited = true;
    p->pid = h->pid;
    if ((uint32_t)(p - peers) >= peers_n)
        peers_n = (uint32_t)(p - peers) + 1;
    return p;
}

/* A new supervisor (IN_EPOCH), or a change of the log.  Who has one answer to give hears of neither: hands wait for other things then. */
void peers_tell(uint32_t op)
{
    const uint8_t *from = sup.clients->log[LOG_FILTERS].from;
    log_threshold = from[ROLE_SUPERVISOR];
    for (struct peer *p = peer_next(NULL); p; p = peer_next(p)) {
        struct frame_head h = { .kind = FRAME_EVENT, .op = OP_IN(op), .object = sup.settings.access, .arg = from[p->role] };
        if (op == IN_EPOCH ? p->inherited : !p->once || p->spare)
            peer_send(p, &h, NULL, 0, NULL, 0);
    }
}

int peer_send(struct peer *p, struct frame_head *h, const void *body, size_t len, const int *fds, unsigned nfds)
{
    return p->eof ? -EPIPE : chan_send(&p->chan, h, body, len, fds, nfds);
}

void peer_kill(struct peer *p, int sig)
{
    struct kill_req k = { .channel = p->number, .signal = sig };
    p->killed = true;
    keeper_tell(IN_KILL, &k, sizeof k, NULL, 0);
}

void peer_refuse(struct peer *p, const char *why)
{
    char op[24];
    if (p->eof)
        return;
    log_err("%s %d is ended: %s (%s)", role_name(p->role), p->pid, why, op_label(p->last_op, op));
    on_end(&p->chan, -EPROTO);
}

void peer_on_spawned(struct frame *f)
{
    const struct spawned *s = (const void *)f->body;
    struct peer *p = peer_find(s->channel);
    if (p)
        p->pid = s->pid;
}

void peer_on_exited(struct frame *f)
{
    const struct exited *x = (const void *)f->body;
    struct peer *p = peer_find(x->who.channel);
    if (x->who.role == ROLE_PID1) {
        objects_exited(x);
        return;
    }
    if (!p || p->exited)
        return;
    p->exited = true;
    p->obituary = malloc(sizeof *x);
    if (p->obituary)
        *p->obituary = *x;
    if (p->eof)
        peer_gone(p);
}

static int state_of(const struct peer *p)
{
    return p->eof ? PEER_ENDING : !p->pid ? PEER_UNBORN : p->spare ? PEER_SPARE : p->client_row ? PEER_SERVING : p->inherited ? PEER_KEPT : PEER_UP;
}

/* What every process is doing. */
void peer_workers(const struct caller *c, struct frame *f)
{
    static struct peer_row rows[PEERS_MAX];
    uint32_t n = 0;
    for (struct peer *p = peer_next(NULL); p; p = peer_next(p))
        rows[n++] = (struct peer_row){ .object = p->object, .idle_ms = loop_now_ms() - p->last_ms, .role = p->role, .state = (uint32_t)state_of(p), .pid = p->pid,
            .instance = p->life ? p->life->instance : 0, .last_op = p->last_op };
    route_reply(c, rows, n * sizeof rows[0], NULL, 0);
}
