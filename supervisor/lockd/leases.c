/* leases.c: a lease from its taking to its end.
 *
 *   FREE --acquire--> TAKING --locked, and the keeper has it--> HELD --release, or its owner's end--> GIVING --> FREE
 *
 * Rules and words are libvirt's: an owner is its pid; of shared leases of one resource each has a lock of its own. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include "lockd.h"

#define QUEUE_MS 1u
#define AGAIN_MAX 50u           /* times, QUEUE_MS after each other */
#define ENDS_MAX 256u           /* at once, of owners that have ended: others shall find room for a flow */
static bool some_doomed;
static uint32_t ends;
static struct loop_timer queue_timer;

void lock_fail(const struct caller *c, int code, const char *fmt, ...)
{
    char text[ERR_DETAIL_MAX];
    struct err e = ERR_INIT;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    err_set(&e, code, VIR_FROM_RPC, "%s", text);
    route_error(c, &e);
}

int lock_done(struct flow *f, struct frame *fr, struct lock_done *d)
{
    if (fr->body_len != sizeof *d || fr->h.flags & FRAME_BIG)
        return err_set(&f->err, VIR_ERR_INTERNAL_ERROR, VIR_FROM_LOCKSPACE, "malformed answer about a lock");
    memcpy(d, fr->body, sizeof *d);
    int fd = frame_take_fd(fr, 0);
    if (fd >= 0) {
        util_closep(&f->fd[FF_IMAGE]);
        f->fd[FF_IMAGE] = fd;
    }
    return FLOW_NEXT;
}

static struct lease *of(struct flow *f)
{
    return &page->lease[f->i];
}

static void path_of(char *out, size_t n, uint32_t space, const char *resource)
{
    util_format(out, n, "%s%s%s", page->space[space].path, space ? "/" : "", resource);
}

/* libvirt's whole sentence, which clients may look for, and behind it who: a lease of ours, or a process that has the file locked (0: not known). */
static int is_locked(struct err *e, const char *resource, const struct lease *by, int32_t pid)
{
    char who[NAME_MAX_BYTES + 64] = "";
    if (by)
        util_format(who, sizeof who, ": held by domain '%s' (pid %u)", lease_owner(by), by->row.pid);
    else if (pid > 0)
        util_format(who, sizeof who, ": held by process %d", pid);
    return err_set(e, VIR_ERR_RESOURCE_BUSY, VIR_FROM_LOCKSPACE, "Lockspace resource '%s' is locked%s", resource, who);
}

/* In the direct lockspace files are opened by hands: its process sees no folder.  A birth costs ten times what the call does: a few of them stay for the
 * next call, each with one at a time, so that a path that hangs holds up nobody else's. */
int lock_hand(struct flow *f, uint32_t what, uint32_t flags, const char *path, int fd)
{
    struct hand_lease q = { .what = what, .flags = flags };
    int r = -1;
    util_copy_str(q.path, sizeof q.path, path);
    for (unsigned turn = 0; turn <= HANDS_AGAIN && r < 0; turn++)      /* one that has ended while it waited is not missed yet */
        r = hand_call(f, ROLE_HAND_OPEN, IN_HAND_LEASE, &q, sizeof q, &fd, fd >= 0);
    return r;
}

/* A process that died over it: its next instance is asked, once; of hands as many may have died as can have waited. */
int lock_again(struct flow *f, uint32_t space)
{
    if (!f->died || f->looked++ > (space ? 0 : HANDS_AGAIN))
        return -1;
    f->err = (struct err)ERR_INIT;
    return FLOW_AGAIN;
}

static void on_queue(struct loop_timer *t)
{
    flow_unblock();
}

/* ---- taking ---- */

static int take_failed(struct flow *f, int error)
{
    char path[2 * LOCK_TEXT_MAX];
    struct lease *l = of(f);
    path_of(path, sizeof path, l->space, lease_resource(l));
    return err_sys(&f->err, VIR_FROM_LOCKSPACE, -error, "Unable to open%s resource %s", l->row.flags & LOCK_AUTOCREATE ? "/create" : "", path);
}

/* Another lease of the same resource in that state. */
static struct lease *beside(const struct lease *l, uint32_t state)
{
    struct lease *o = lease_find(l->space, lease_resource(l), NULL);
    while (o && (o == l || o->state != state))
        o = lease_find(l->space, lease_resource(l), o);
    return o;
}

static int take_lock(struct flow *f)
{
    struct lease *l = of(f);
    struct lock_file q = { .flags = l->row.flags };
    if (beside(l, LEASE_GIVING))        /* its file may go with it */
        return FLOW_BLOCKED;
    if (!l->space)
        return lock_hand(f, l->row.flags & LOCK_AUTOCREATE ? LEASE_FILE_MADE : LEASE_FILE, l->row.flags, lease_resource(l), -1);
    if (util_copy_str(q.name, sizeof q.name, lease_resource(l)) < 0)
        return take_failed(f, -ENAMETOOLONG);
    return space_ask(f, l->space, IN_LOCK_TAKE, &q, -1);
}

static int take_locked(struct flow *f, struct frame *fr)
{
    struct lock_done d;
    if (lock_done(f, fr, &d) < 0)
        return -1;
    /* What an earlier supervisor had asked for may have been taken just before this, for nobody: that answer came first, and its descriptor is closed; or
     * a hand took it, which ends. */
    if (d.error == -EAGAIN && f->looked++ < (f->caller.flags & FRAME_RESENT ? AGAIN_MAX : 1)) {
        loop_after(&queue_timer, QUEUE_MS, on_queue, NULL);
        return FLOW_BLOCKED;
    }
    if (d.error == -EAGAIN)
        return is_locked(&f->err, lease_resource(of(f)), NULL, d.pid);
    if (d.error || f->fd[FF_IMAGE] < 0)
        return take_failed(f, d.error ? d.error : -EPROTO);
    of(f)->made = d.made != 0;
    of(f)->local = d.local && !of(f)->space;        /* as a hand says */
    lease_keep(of(f), STEAL_FD(&f->fd[FF_IMAGE]));
    return FLOW_NEXT;
}

static int take_again(struct flow *f)
{
    return lock_again(f, of(f)->space);
}

/* Nobody is told that he has it before the copies of keeper and holder are beyond our reach. */
static int take_kept(struct flow *f)
{
    if (!sup.keeper.queued && holder_told())
        return FLOW_NEXT;
    loop_after(&queue_timer, QUEUE_MS, on_queue, NULL);
    return FLOW_BLOCKED;
}

static void end_doomed(void);

static void taken(struct flow *f, bool ok)
{
    struct lease *l = of(f);
    if (ok)
        __atomic_store_n(&l->state, LEASE_HELD, __ATOMIC_RELEASE);
    else
        lease_free(l);
    flow_answered(f, ok);
    checks_begin();
    end_doomed();
}

static const struct step take_steps[] = { { "lock", take_lock, take_locked, take_again }, { "keep", take_kept, NULL, NULL }, { 0 } };

void lease_acquire(const struct caller *c, const struct client *o, uint32_t space, const char *name, uint32_t flags)
{
    struct err e = ERR_INIT;
    char path[2 * LOCK_TEXT_MAX];
    struct lease *first = NULL;
    for (struct lease *l = lease_find(space, name, NULL); l; first = l, l = lease_find(space, name, l))
        if (said_is(&l->by, c) && l->state == LEASE_HELD) {
            route_reply(c, NULL, 0, NULL, 0);
            return;
        } else if (!(l->row.flags & flags & LOCK_SHARED)) {
            is_locked(&e, name, l, 0);
        }
    path_of(path, sizeof path, space, name);
    if (!e.code && strlen(name) >= RESOURCE_MAX)
        err_sys(&e, VIR_FROM_LOCKSPACE, ENAMETOOLONG, "Unable to open%s resource %s", flags & LOCK_AUTOCREATE ? "/create" : "", path);
    struct lease *l = e.code ? NULL : lease_new(space, name, o->owner.name);
    if (!l && !e.code)
        err_set(&e, VIR_ERR_OPERATION_FAILED, VIR_FROM_LOCKSPACE, "there are too many leases");
    if (!l) {
        route_error(c, &e);
        return;
    }
    l->row = (struct lease_row){ .since = time(NULL), .id = o->owner.id, .pid = o->owner.pid, .flags = flags };
    if (first)          /* the last one to go takes the file with it, if the first one said so */
        l->row.flags = (flags & ~(uint32_t)LOCK_AUTOCREATE) | (first->row.flags & LOCK_AUTOCREATE);
    memcpy(l->row.uuid, o->owner.uuid, sizeof l->row.uuid);
    l->by = said_by(c);
    __atomic_store_n(&l->state, LEASE_TAKING, __ATOMIC_RELEASE);
    struct flow *f = flow_start(take_steps, taken, c);
    if (!f) {
        lease_free(l);
        return;
    }
    f->i = lease_index(l);
    idle_update();
    flow_go(f);
}

/* ---- giving up ---- */

static int give_remove(struct flow *f)
{
    struct lease *l = of(f), *heir = beside(l, LEASE_HELD);
    if (!heir)
        heir = beside(l, LEASE_TAKING);
    if (heir && l->made)
        heir->made = 1, l->made = 0;
    if (!l->made)
        return FLOW_NEXT;
    return beside(l, LEASE_GIVING) ? FLOW_BLOCKED : lock_hand(f, LEASE_REMOVE, 0, lease_resource(l), lease_fd(l));
}

/* False: the lock role has to, for it may take time; or that role may be about to look whether the lock is there, and take it back.
 *
 * SAFETY: this call must not wait: the file was opened by a hand, and found to be on a file system where it does not. */
static bool unlock(struct lease *l)
{
    struct flock none = { .l_type = F_UNLCK, .l_whence = SEEK_SET, .l_len = 1 };
    return l->local && space_is_ours(l->space) && !check_is_at(l) && fcntl(lease_fd(l), F_OFD_SETLK, &none) == 0;
}

static int give_unlock(struct flow *f)
{
    struct lease *l = of(f);
    struct lock_file q = { .flags = l->row.flags };
    if (l->space)
        util_copy_str(q.name, sizeof q.name, lease_resource(l));
    return unlock(l) ? FLOW_NEXT : space_ask(f, l->space, IN_LOCK_GIVE, &q, lease_fd(l));
}

static int give_done(struct flow *f, struct frame *fr)
{
    space_heard(of(f)->space, f->from);
    return FLOW_NEXT;
}

static int give_anyway(struct flow *f)
{
    if (lock_again(f, of(f)->space) == FLOW_AGAIN)
        return FLOW_AGAIN;
    log_warn("a lock is given up by closing it only: %s", f->err.detail);
    return FLOW_NEXT;
}

static void given(struct flow *f, bool ok)
{
    ends -= !f->caller.number;
    lease_free(of(f));
    flow_answered(f, true);
    end_doomed();
}

static bool give(struct lease *l, const struct caller *c)
{
    static const struct step steps[] = { { "remove", give_remove, NULL, give_anyway }, { "unlock", give_unlock, give_done, give_anyway }, { 0 } };
    struct flow *f = flow_start(steps, given, c);
    if (!f)
        return false;
    f->i = lease_index(l);
    if (c)
        l->by = said_by(c);
    else
        ends++;
    __atomic_store_n(&l->state, LEASE_GIVING, __ATOMIC_RELEASE);
    flow_go(f);
    return true;
}

/* Freed rows say by which call they were given up, until they are used again. */
static bool was_given(const struct caller *c)
{
    for (uint32_t i = 0; c->flags & FRAME_RESENT && i < page->used_leases; i++)
        if (page->lease[i].state == LEASE_FREE && said_is(&page->lease[i].by, c))
            return true;
    return false;
}

void lease_release(const struct caller *c, const struct client *o, uint32_t space, const char *name, uint32_t flags)
{
    struct err e = ERR_INIT;
    bool locked = false;
    for (struct lease *l = lease_find(space, name, NULL); l; l = lease_find(space, name, l)) {
        locked = true;
        if (l->row.pid == o->owner.pid && l->state == LEASE_HELD) {
            give(l, c);
            return;
        }
    }
    if (was_given(c)) {
        route_reply(c, NULL, 0, NULL, 0);
        return;
    }
    if (locked)
        err_set(&e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_LOCKSPACE, "owner %d does not hold the resource lock", (int)o->owner.pid);
    else
        err_set(&e, VIR_ERR_RESOURCE_BUSY, VIR_FROM_LOCKSPACE, "Lockspace resource '%s' is not locked", name);
    route_error(c, &e);
}

/* As many as there can be at once; the rest as those are done. */
static void end_doomed(void)
{
    static bool inside;
    if (!some_doomed || inside)
        return;
    inside = true;
    some_doomed = false;
    for (uint32_t i = 0; i < page->used_leases && !some_doomed; i++)
        if (page->lease[i].doomed && page->lease[i].state == LEASE_HELD)
            some_doomed = ends >= ENDS_MAX || !give(&page->lease[i], NULL);
    inside = false;
}

unsigned leases_end(uint32_t pid)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < page->used_leases && leases_used; i++)
        if (page->lease[i].state != LEASE_FREE && page->lease[i].row.pid == pid) {
            page->lease[i].doomed = 1;
            some_doomed = true;
            n++;
        }
    end_doomed();
    return n;
}

/* ---- the files themselves ---- */

static int file_failed(struct flow *f, int error)
{
    char path[2 * LOCK_TEXT_MAX];
    const char *name = (const char *)f->body;
    if (error == -EAGAIN)
        return is_locked(&f->err, name, NULL, 0);
    path_of(path, sizeof path, f->i, name);
    return f->arg == IN_LOCK_CREATE ? err_sys(&f->err, VIR_FROM_NONE, -error, "cannot create file '%s'", path)
                                    : err_sys(&f->err, VIR_FROM_LOCKSPACE, -error, "Unable to delete lockspace resource %s", path);
}

static int file_ask(struct flow *f)
{
    struct lock_file q = { .flags = 0 };
    const char *name = (const char *)f->body;
    bool remove = f->arg == IN_LOCK_REMOVE;
    if (!f->i)
        return lock_hand(f, remove ? LEASE_REMOVE : LEASE_MAKE, 0, name, -1);
    if (util_copy_str(q.name, sizeof q.name, name) == 0)
        return space_ask(f, f->i, f->arg, &q, -1);
    return file_failed(f, -ENAMETOOLONG);
}

static int file_done(struct flow *f, struct frame *fr)
{
    struct lock_done d;
    if (lock_done(f, fr, &d) < 0)
        return -1;
    return d.error ? file_failed(f, d.error) : FLOW_NEXT;
}

static int file_again(struct flow *f)
{
    return lock_again(f, f->i);
}

static void file_call(const struct caller *c, uint32_t space, const char *name, uint32_t op)
{
    static const struct step steps[] = { { "file", file_ask, file_done, file_again }, { 0 } };
    struct err e = ERR_INIT;
    const struct lease *by = lease_find(space, name, NULL);
    if (by)
        is_locked(&e, name, by, 0);
    struct flow *f = e.code ? NULL : flow_start(steps, flow_answered, c);
    if (e.code)
        route_error(c, &e);
    if (!f)
        return;
    f->i = space;
    f->arg = op;
    util_copy_str((char *)f->body, sizeof f->body, name);
    flow_go(f);
}

void lease_create(const struct caller *c, const struct client *o, uint32_t space, const char *name, uint32_t flags)
{
    file_call(c, space, name, IN_LOCK_CREATE);
}

void lease_delete(const struct caller *c, const struct client *o, uint32_t space, const char *name, uint32_t flags)
{
    file_call(c, space, name, IN_LOCK_REMOVE);
}

/* ---- after a supervisor's death ---- */

/* What was being taken is held if its lock was kept, and its call comes again; what was being given up is given up by its call, which comes again, or at
 * once if there is nobody to ask again. */
void leases_open(void)
{
    unsigned held = 0, lost = 0;
    for (uint32_t i = 0; i < page->used_leases; i++) {
        struct lease *l = &page->lease[i];
        if (sup.epoch == 1)
            l->by.number = 0;       /* of a daemon that was killed: its numbers come again */
        if (l->state == LEASE_FREE)
            continue;
        if (lease_fd(l) < 0) {
            lost += l->state == LEASE_HELD;
            lease_free(l);
            continue;
        }
        if (l->state == LEASE_GIVING && !peer_find(l->by.number))
            l->doomed = 1;
        some_doomed = some_doomed || l->doomed;
        l->state = LEASE_HELD;
        held++;
    }
    if (lost)
        log_err("%u locks are lost: their descriptors are not there", lost);
    if (held)
        log_info("%u locks are held", held);
    checks_begin();
    end_doomed();
}
