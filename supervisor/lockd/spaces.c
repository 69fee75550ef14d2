/* spaces.c: lockspaces: a folder, and a process of the role lock that sees nothing else. */
#include <errno.h>
#include "lockd.h"

#define SPACE_OBJECT(i) object_make(0x80000000u | (i), 1)
static struct life lives[SPACES_MAX];
static int folders[SPACES_MAX];     /* + 1 */

static struct peer *spawn(struct life *l)
{
    struct born n;
    uint32_t i = (uint32_t)(l - lives);
    born_begin(&n, ROLE_LOCK, SPACE_OBJECT(i), page->space[i].path);
    n.b.instance = l->instance;
    n.tag = i;
    born_fd(&n, BFD_DIR, 0, folders[i] - 1);
    return peer_spawn(&n);
}

int space_find(const char *path)
{
    for (uint32_t i = 0; i < page->used_spaces; i++)
        if (page->space[i].state == SPACE_UP && !strcmp(page->space[i].path, path))
            return (int)i;
    return -1;
}

/* A lockspace's process is born when it is needed first, and then stays. */
int space_ask(struct flow *f, uint32_t i, uint32_t op, const struct lock_file *q, int fd)
{
    struct life *l = &lives[i];
    l->spawn = spawn;
    if (l->state == LIFE_NONE || l->state == LIFE_FAILED)
        life_start(l);
    struct peer *p = life_peer(l);
    if (!p && l->state != LIFE_FAILED)
        return FLOW_BLOCKED;        /* until its next instance is there */
    int r = flow_call(f, p, OP_IN(op), 0, q, sizeof *q, &fd, fd >= 0);
    if (r != -1 || !p)
        return r;
    /* It has ended, and that is not known here yet: its next instance is asked. */
    f->awaited = 0;
    f->err = (struct err)ERR_INIT;
    return FLOW_BLOCKED;
}

/* ---- does it still work for an earlier supervisor? ---- */

static uint64_t heard[SPACES_MAX];      /* the process that has answered us last */

void space_heard(uint32_t i, uint64_t number)
{
    heard[i] = number;
}

bool space_is_ours(uint32_t i)
{
    struct peer *p = life_peer(&lives[i]);
    return !p || !p->inherited || heard[i] == p->number;
}

/* ---- a new one ---- */

static struct space *of(struct flow *f)
{
    return &page->space[f->i];
}

static int folder_open(struct flow *f)
{
    return lock_hand(f, LEASE_FOLDER, 0, of(f)->path, -1);
}

static int folder_again(struct flow *f)
{
    return lock_again(f, 0);
}

static int folder_opened(struct flow *f, struct frame *fr)
{
    struct lock_done d;
    if (lock_done(f, fr, &d) < 0)
        return -1;
    if (d.error == -EEXIST)
        return err_set(&f->err, VIR_ERR_INTERNAL_ERROR, VIR_FROM_LOCKSPACE, "Lockspace location %s exists, but is not a directory", of(f)->path);
    if (d.error || f->fd[FF_IMAGE] < 0)
        return err_sys(&f->err, VIR_FROM_LOCKSPACE, d.error ? -d.error : EPROTO, "Unable to create lockspace %s", of(f)->path);
    if (space_find(of(f)->path) >= 0) {     /* for another call meanwhile */
        of(f)->state = SPACE_FREE;
        return FLOW_NEXT;
    }
    folders[f->i] = STEAL_FD(&f->fd[FF_IMAGE]) + 1;
    keep_fd(SPACE_OBJECT(f->i), BFD_DIR, f->i, folders[f->i] - 1);
    __atomic_store_n(&of(f)->state, SPACE_UP, __ATOMIC_RELEASE);
    return FLOW_NEXT;
}

static void opened(struct flow *f, bool ok)
{
    if (!ok)
        of(f)->state = SPACE_FREE;
    flow_answered(f, ok);
}

void space_call(const struct caller *c, const char *path, bool is_new)
{
    static const struct step steps[] = { { "folder", folder_open, folder_opened, folder_again }, { 0 } };
    int have = space_find(path);
    uint32_t i = 1;
    if (have == 0 && is_new)
        lock_fail(c, VIR_ERR_OPERATION_INVALID, "the default lockspace already exists");
    else if (have > 0 && is_new && !said_is(&page->space[have].by, c))
        lock_fail(c, VIR_ERR_INTERNAL_ERROR, "Lockspace for path %s already exists", path);
    if (have >= 0) {
        if (!is_new || (have && said_is(&page->space[have].by, c)))
            route_reply(c, NULL, 0, NULL, 0);
        return;
    }
    while (i < page->used_spaces && page->space[i].state != SPACE_FREE)
        i++;
    if (i == SPACES_MAX) {
        lock_fail(c, VIR_ERR_OPERATION_FAILED, "there are too many lockspaces for %s", path);
        return;
    }
    struct flow *f = flow_start(steps, opened, c);
    if (!f)
        return;
    f->i = i;
    page->used_spaces += i == page->used_spaces;
    util_copy_str(of(f)->path, sizeof of(f)->path, path);
    of(f)->by = said_by(c);
    of(f)->state = SPACE_OPENING;
    flow_go(f);
}

/* ---- after a supervisor's death ---- */

void space_held(uint32_t i, int fd)
{
    if (i > 0 && i < SPACES_MAX && !folders[i])
        folders[i] = fd + 1;
    else
        close(fd);
}

void space_hold(uint32_t i)
{
    if (folders[i])
        hold_fd(SPACE_OBJECT(i), BFD_DIR, i, folders[i] - 1);
}

void space_inherit(struct peer *p, uint32_t i)
{
    if (i >= SPACES_MAX)
        return;
    lives[i].spawn = spawn;
    life_adopt(&lives[i], p);
}

void spaces_open(void)
{
    page->space[0].state = SPACE_UP;
    for (uint32_t i = 1; i < page->used_spaces; i++) {
        if (page->space[i].state == SPACE_OPENING || !folders[i])
            page->space[i].state = folders[i] ? SPACE_UP : SPACE_FREE;
        if (sup.epoch == 1)
            page->space[i].by.number = 0;
    }
}
