/* objects.c: where the core meets virtlockd's part: its roles, the calls of the lock program, and what the administrator is told. */
#include "ipc/schema/op-numbers.h"
#include "lockd.h"

const struct role_row objects_roles[ROLE_N] = {
    [ROLE_GATEWAY] = { true, false, 4, { BFD_INDEX, BFD_SETTINGS, BFD_LAYOUT } },
    [ROLE_LOCK] = { true, false, 0, { BFD_SETTINGS } },
    [ROLE_HOLDER] = { true, false, 0, { BFD_NONE } },
    [ROLE_HAND_OPEN] = { false, false, 1, { BFD_LAYOUT }, HANDS_AGAIN },
};

/* ---- calls ---- */

typedef void lease_fn(const struct caller *c, const struct client *o, uint32_t space, const char *name, uint32_t flags);
static const struct { uint32_t op; lease_fn *fn; } calls[] = {
    { OP_LOCK_CREATE_RESOURCE, lease_create }, { OP_LOCK_DELETE_RESOURCE, lease_delete }, { OP_LOCK_ACQUIRE_RESOURCE, lease_acquire }, { OP_LOCK_RELEASE_RESOURCE, lease_release },
};

/* Two strings, or one of them, or none ("" then), each with its NUL. False: malformed. */
static bool what_get(const struct frame *f, const struct lock_what **w, const char **path, const char **name)
{
    const struct lock_what *q = (const void *)f->body;
    size_t head = offsetof(struct lock_what, text), n = f->body_len - head;
    if (f->h.flags & FRAME_BIG || f->body_len < head || f->body_len > sizeof *q || q->name_at > n || q->name_at > LOCK_TEXT_MAX || n - q->name_at > LOCK_TEXT_MAX)
        return false;
    *w = q;
    *path = q->name_at ? q->text : "";
    *name = q->name_at < n ? q->text + q->name_at : "";
    return (!q->name_at || strnlen(q->text, q->name_at) + 1 == q->name_at) && (q->name_at == n || strnlen(*name, n - q->name_at) + 1 == n - q->name_at);
}

static void on_what(const struct caller *c, struct client *o, const struct lock_what *w, const char *path, const char *name)
{
    if (!o->registered) {
        lock_fail(c, VIR_ERR_OPERATION_INVALID, "lock owner details have not been registered");
        return;
    }
    if (c->op == OP_LOCK_RESTRICT) {
        o->by = said_by(c);
        o->restricted = 1;
        route_reply(c, NULL, 0, NULL, 0);
        return;
    }
    if (c->op == OP_LOCK_NEW) {
        space_call(c, path, true);
        return;
    }
    int space = space_find(path);
    for (size_t i = 0; i < ARRAY_N(calls); i++)
        if (calls[i].op == c->op && space >= 0)
            calls[i].fn(c, o, (uint32_t)space, name, w->flags);
    if (space < 0)
        lock_fail(c, VIR_ERR_INTERNAL_ERROR, "Lockspace for path %s does not exist", path);
}

static void to_lease(const struct caller *c, struct frame *f)
{
    struct peer *g = peer_find(c->number);
    struct client *o = client_of(g);
    const struct lock_owner *as = (const void *)f->body;
    const struct lock_what *w;
    const char *path, *name;
    bool is_register = c->op == OP_LOCK_REGISTER;
    if (!o || (is_register ? f->body_len != sizeof *as || f->h.flags & FRAME_BIG || !memchr(as->name, 0, sizeof as->name) : !what_get(f, &w, &path, &name)))
        peer_refuse(g, "a call of the lock program that is malformed");
    else if (o->restricted && said_is(&o->by, c))
        route_reply(c, NULL, 0, NULL, 0);
    else if (o->restricted)
        lock_fail(c, VIR_ERR_OPERATION_DENIED, "lock manager connection has been restricted");
    else if (is_register)
        client_register(c, o, as);
    else if (c->op == OP_LOCK_CREATE_LOCKSPACE)
        space_call(c, path, false);
    else
        on_what(c, o, w, path, name);
}

const struct route_row objects_routes[ROUTE_N] = { [ROUTE_LEASE] = { to_lease, false } };

/* ---- who holds what ---- */

/* Its row, as it is told; bytes. to NULL: how many there would be. */
static size_t row_put(char *to, const struct lease *l)
{
    const char *texts[] = { page->space[l->space].path, lease_resource(l), lease_owner(l) };
    size_t n = sizeof l->row;
    if (to)
        memcpy(to, &l->row, n);
    for (size_t k = 0; k < ARRAY_N(texts); k++) {
        if (to)
            memcpy(to + n, texts[k], strlen(texts[k]) + 1);
        n += strlen(texts[k]) + 1;
    }
    return n;
}

static void on_leases(const struct caller *c, struct frame *f)
{
    size_t n = 0, room = 0;
    for (uint32_t i = 0; i < page->used_leases && leases_used; i++)
        room += page->lease[i].state == LEASE_HELD ? row_put(NULL, &page->lease[i]) : 0;
    AUTO_FREE char *rows = malloc(room + 1);
    if (!rows || room > FRAME_BIG_MAX) {
        lock_fail(c, VIR_ERR_OPERATION_FAILED, "there are too many leases to tell of");
        return;
    }
    for (uint32_t i = 0; i < page->used_leases && leases_used; i++)
        n += page->lease[i].state == LEASE_HELD ? row_put(rows + n, &page->lease[i]) : 0;
    route_put(c, FRAME_REPLY, 0, rows, n, NULL, 0);
}

void lease_tell_lost(const struct lease *l)
{
    static char row[sizeof(struct lease_row) + LOCK_TEXT_MAX + RESOURCE_MAX + NAME_MAX_BYTES];
    struct frame_head h = { .kind = FRAME_EVENT, .op = OP_IN(IN_LEASE_LOST), .arg = LEASE_LOST_EVENT };
    size_t n = row_put(row, l);
    for (struct peer *g = peer_next(NULL); g; g = peer_next(g))
        if (g->role == ROLE_GATEWAY && g->mask[LEASE_LOST_EVENT / 64] >> LEASE_LOST_EVENT % 64 & 1)
            peer_send(g, &h, row, n, NULL, 0);
}

/* SAFETY: who may connect to virtlockd at all may know: root, or the session's own user. */
const struct gateway_verb objects_verbs[] = { { IN_LEASES, FRAME_CALL, false, 0, on_leases, 0 }, { 0 } };

/* ---- the core's questions ---- */

static int page_fd = -1;

/* Leases and lockspaces have handles of their own, which nobody sends. */
int slot_of(uint64_t object)
{
    return -1;
}

void objects_frame(struct peer *p, struct frame *f)
{
    peer_refuse(p, "it has nothing to ask");
}

void objects_held(const struct held *h, int fd)
{
    if (h->kind == HELD_PROCESS)
        watch_held(h, fd);
    else if (h->tag == BFD_LEASE && h->arg == ~0u)
        page_fd = fd;
    else if (h->tag == BFD_LEASE)
        lease_held(h->object, fd);
    else if (h->tag == BFD_DIR)
        space_held(h->arg, fd);
    else
        util_closep(&fd);
}

static struct { struct peer *p; uint32_t space; } inherited[SPACES_MAX];
static uint32_t inherited_n;

void objects_inherit(struct peer *p, const struct held *h)
{
    if (p->role == ROLE_HOLDER)
        holder_inherit(p);
    else if (p->role == ROLE_LOCK && inherited_n < SPACES_MAX) {
        inherited[inherited_n].p = p;
        inherited[inherited_n++].space = h->tag;
    }
}

void objects_reconcile(void)
{
    if (!page_open(page_fd)) {
        log_err("the page of leases cannot be opened");
        exit(1);
    }
    spaces_open();
    for (uint32_t i = 0; i < inherited_n; i++)
        space_inherit(inherited[i].p, inherited[i].space);
    leases_open();
    owners_open();
    holder_start();
}

uint32_t objects_hold(uint32_t stage)
{
    enum { PAGE, SPACES, WATCHES = SPACES + SPACES_MAX, LEASES = WATCHES + CLIENTS_MAX, END = LEASES + LEASES_MAX };
    if (stage == PAGE)
        page_hold();
    else if (stage < WATCHES)
        space_hold(stage - SPACES);
    else if (stage < LEASES)
        watch_hold(stage - WATCHES);
    else if (stage < END)
        lease_hold(stage - LEASES);
    return stage < END ? stage + 1 : ~0u;
}

void objects_load(void)
{
    ready();
}

uint32_t objects_count(void)
{
    return leases_used;
}
