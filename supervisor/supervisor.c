/* supervisor.c: the supervisor's birth and loop.
 *
 * Privilege: none; what it may cause is what the keeper and the hands do at its word.  It reads frame headers, fixed structs, manifests and
 * the index, and never msgpack, XML or guest data.  A new one is born with what the keeper holds: see HACKING.md, "Restart". */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include "objects.h"
#include "policy/sandbox.h"

struct sup sup;
static bool heard_all;          /* what the keeper holds */
static struct loop_timer idle_timer;

void keeper_tell(uint32_t op, const void *body, size_t len, const int *fds, unsigned nfds)
{
    struct frame_head h = { .kind = FRAME_EVENT, .op = OP_IN(op) };
    chan_send(&sup.keeper, &h, body, len, fds, nfds);
}

/* ---- birth ---- */

static void die(const char *what, int r)
{
    log_err("%s: %s", what, strerror(-r));
    exit(1);
}

/* A page comes twice: arg 1 is the writable one. */
int sup_fd(int kind, uint32_t want)
{
    uint32_t arg;
    int fd = birth_fd(&sup.birth, kind, -1, &arg);
    while (fd >= 0 && arg != want)
        fd = birth_fd(&sup.birth, kind, fd, &arg);
    return fd;
}

static void read_struct(int kind, void *to, size_t size)
{
    int fd = sup_fd(kind, 0), r = fd < 0 ? -ENOENT : frame_copy(fd, to, size);
    if (r < 0)
        die("a struct of the birth", r);
}

static void born_open(void)
{
    int r = birth_read(&sup.birth);
    if (r < 0 || sup.birth.role != ROLE_SUPERVISOR)
        die("birth", r < 0 ? r : -EPROTO);
    sup.epoch = sup.birth.epoch;
    read_struct(BFD_SETTINGS, &sup.settings, sizeof sup.settings);
    read_struct(BFD_LAYOUT, &sup.layout, sizeof sup.layout);
    if ((r = index_map(&sup.index, sup_fd(BFD_INDEX, 1), true)) < 0)
        die("index page", r);
    sup.index.head->epoch = sup.epoch;
    void *p = mmap(NULL, CLIENTS_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, sup_fd(BFD_CLIENTS, 1), 0);
    if (p == MAP_FAILED)
        die("client page", -errno);
    sup.clients = p;
    sup.client_rows = (struct client_row *)((char *)p + sizeof *sup.clients);
}

void ready(void)
{
    sup.index.head->loaded = 1;
    gateways_open();
    keeper_tell(IN_READY, NULL, 0, NULL, 0);
}

/* ---- --timeout ---- */

static void on_idle(struct loop_timer *t)
{
    log_info("nobody has needed the daemon for %u s", sup.clients->limits[0].timeout_s);
    keeper_tell(IN_SHUTDOWN, NULL, 0, NULL, 0);
}

void idle_update(void)
{
    if (sup.clients->workers || objects_count() || !sup.clients->limits[0].timeout_s)
        loop_cancel(&idle_timer);
    else
        loop_after(&idle_timer, sup.clients->limits[0].timeout_s * 1000ull, on_idle, NULL);
}

/* ---- the keeper's frames ---- */

static void on_held(struct frame *f)
{
    const struct held *h = (const void *)f->body;
    struct peer *p;
    if (h->kind == HELD_CHANNEL && f->h.nfds && h->role < ROLE_N) {
        p = peer_inherit(h, frame_take_fd(f, 0));
        if (p && h->role == ROLE_GATEWAY)
            gateways_inherit(p);
        else if (p)
            objects_inherit(p, h);
    } else if (h->kind == HELD_PROCESS && h->role != ROLE_PID1) {
        /* a helper of a flow that is no more: its work is done again if it is asked for again */
        struct kill_req k = { .channel = h->channel, .signal = SIGKILL };
        if (!peer_find(h->channel))
            keeper_tell(IN_KILL, &k, sizeof k, NULL, 0);
    } else {
        objects_held(h, frame_take_fd(f, 0));
    }
}

static void on_go(struct frame *f)
{
    heard_all = true;
    objects_reconcile();
    peers_tell(IN_EPOCH);
    objects_load();
}

static const struct { uint32_t op; size_t body; void (*fn)(struct frame *f); } table[] = {
    { IN_HELD, sizeof(struct held), on_held }, { IN_GO, 0, on_go }, { IN_EXITED, sizeof(struct exited), peer_on_exited }, { IN_SPAWNED, sizeof(struct spawned), peer_on_spawned },
};

static void on_keeper(struct chan *c, struct frame *f)
{
    for (size_t i = 0; i < ARRAY_N(table); i++)
        if (f->h.op == OP_IN(table[i].op) && f->body_len >= table[i].body) {
            table[i].fn(f);
            return;
        }
}

static void on_keeper_end(struct chan *c, int err)
{
    _exit(0);
}

int main(void)
{
    log_init("supervisor");
    born_open();
    int r = loop_init();
    if (r < 0)
        die("loop", r);
    if ((r = sandbox_enter(ROLE_SUPERVISOR, &sup.birth)) < 0)
        die("sandbox", r);
    if ((r = chan_open(&sup.keeper, BIRTH_FD_CHANNEL, 65536, on_keeper, on_keeper_end, NULL)) < 0)
        die("channel", r);
    sup.keeper.queue_bytes_max = 256u << 20;    /* the keeper is no stranger, and 3000 births at once are large */
    /* Nobody else is heard before: a call that comes again must not find half of what there is. */
    for (struct pollfd p = { .fd = BIRTH_FD_CHANNEL, .events = POLLIN }; !heard_all; chan_read(&sup.keeper, ~0u))
        poll(&p, 1, -1);
    return loop_run();
}
