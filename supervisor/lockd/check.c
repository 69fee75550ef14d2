/* check.c: is each lock still held?  A server of a shared file system that was away, or an administrator, may have taken one from us. */
#include <errno.h>
#include "lockd.h"

#define CHECK_MS 5000u
#define CHECK_MOST 500u         /* of one lockspace at a time */
static uint32_t cursor[SPACES_MAX];     /* where the next turn begins */
static bool busy[SPACES_MAX];           /* one that hangs is waited for, and holds up nobody else's */
static uint64_t asked[SPACES_MAX];      /* the lease that its process may be looking at, which takes a lock back that is not there */
static struct loop_timer timer;

bool check_is_at(const struct lease *l)
{
    return asked[l->space] == lease_object(l);
}

/* The next lease of the flow's lockspace (f->arg); f->i counts down. */
static int check_ask(struct flow *f)
{
    struct lock_file q = { .flags = 0 };
    for (uint32_t *i = &cursor[f->arg]; f->i && *i < page->used_leases; ++*i) {
        struct lease *l = &page->lease[*i];
        if (l->state != LEASE_HELD || l->space != f->arg || l->row.flags & LOCK_LOST)
            continue;
        q.flags = l->row.flags & LOCK_SHARED;
        f->wanted = lease_object(l);
        int r = space_ask(f, f->arg, IN_LOCK_CHECK, &q, lease_fd(l));
        if (r == FLOW_WAIT) {
            asked[f->arg] = f->wanted;
            ++*i;
            f->i--;
        }
        return r;
    }
    if (f->i)
        cursor[f->arg] = 0;
    return FLOW_END;
}

static int check_told(struct flow *f, struct frame *fr)
{
    struct lock_done d;
    struct lease *l = &page->lease[object_slot(f->wanted)];
    asked[f->arg] = 0;
    if (lock_done(f, fr, &d) < 0)
        return -1;
    if (d.error && l->state == LEASE_HELD && lease_object(l) == f->wanted) {
        l->row.flags |= LOCK_LOST;
        log_err("the lock of '%s' on '%s' in lockspace '%s' is lost: %s", lease_owner(l), lease_resource(l), page->space[l->space].path, d.error == -EAGAIN ? "another one has it" : strerror(-d.error));
        lease_tell_lost(l);
    }
    return FLOW_AGAIN;
}

static int check_failed(struct flow *f)
{
    return FLOW_END;
}

static void checked(struct flow *f, bool ok)
{
    busy[f->arg] = false;
    asked[f->arg] = 0;
}

static void on_check(struct loop_timer *t)
{
    static const struct step steps[] = { { "check", check_ask, check_told, check_failed }, { 0 } };
    for (uint32_t i = 0; i < page->used_spaces; i++) {
        struct flow *f = busy[i] || page->space[i].state != SPACE_UP ? NULL : flow_start(steps, checked, NULL);
        if (!f)
            continue;
        f->arg = i;
        f->i = CHECK_MOST;
        busy[i] = true;
        flow_go(f);
    }
    checks_begin();
}

void checks_begin(void)
{
    if (leases_used && !timer.armed)
        loop_after(&timer, CHECK_MS, on_check, NULL);
}
