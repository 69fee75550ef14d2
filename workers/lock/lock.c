/* lock.c: the role that takes locks in one lockspace: born with its folder, or without one for the direct lockspace, whose files hands have
 * opened and locked.
 *
 * It reads nothing that others wrote but names that the supervisor has from its clients.  It remembers nothing: a lock that it took is held
 * by whoever has a copy of the descriptor, so that its own end costs nothing, and one that hangs (a server of a shared file system has gone)
 * holds up its own lockspace only. */
#include <errno.h>
#include <string.h>
#include "ipc/internal.h"
#include "ipc/util.h"
#include "workers/lock/space.h"
#include "workers/worker.h"

static int dir = -1;

static void answer(struct worker *w, const struct request *rq, int r, int fd)
{
    struct lock_done d = { .error = r };
    worker_reply(w, rq, &d, sizeof d, &fd, fd >= 0);
}

/* What is asked, with the one descriptor that comes with it (-1: none), which is the caller's. NULL: malformed, and answered. */
static const struct lock_file *asked(struct worker *w, const struct request *rq, struct frame *f, int *fd)
{
    const struct lock_file *q = (const void *)f->body;
    *fd = frame_take_fd(f, 0);
    if (f->body_len == sizeof *q && !(f->h.flags & FRAME_BIG) && memchr(q->name, 0, sizeof q->name) && (dir >= 0 || *fd >= 0))
        return q;
    util_closep(fd);
    answer(w, rq, -EPROTO, -1);
    return NULL;
}

static void on_take(struct worker *w, const struct request *rq, struct frame *f)
{
    AUTO_CLOSE fd = -1;
    AUTO_CLOSE taken = -1;
    const struct lock_file *q = asked(w, rq, f, &fd);
    if (!q)
        return;
    struct lock_done d = { .error = -EPROTO };
    if (dir >= 0)
        d.error = space_take(dir, q->name, q->flags & LOCK_SHARED, q->flags & LOCK_AUTOCREATE, &taken);
    if (d.error == -EAGAIN)
        d.pid = space_holder(dir, q->name, q->flags & LOCK_SHARED);
    worker_reply(w, rq, &d, sizeof d, &taken, taken >= 0);
}

static void on_give(struct worker *w, const struct request *rq, struct frame *f)
{
    AUTO_CLOSE fd = -1;
    const struct lock_file *q = asked(w, rq, f, &fd);
    if (q)
        answer(w, rq, fd < 0 ? -EPROTO : space_give(dir, q->name, fd, dir >= 0 && q->flags & LOCK_AUTOCREATE), -1);
}

static void on_create(struct worker *w, const struct request *rq, struct frame *f)
{
    AUTO_CLOSE fd = -1;
    const struct lock_file *q = asked(w, rq, f, &fd);
    if (q)
        answer(w, rq, dir < 0 ? -EPROTO : space_create(dir, q->name), -1);
}

static void on_remove(struct worker *w, const struct request *rq, struct frame *f)
{
    AUTO_CLOSE fd = -1;
    const struct lock_file *q = asked(w, rq, f, &fd);
    if (q)
        answer(w, rq, dir < 0 ? -EPROTO : space_remove(dir, q->name), -1);
}

static void on_check(struct worker *w, const struct request *rq, struct frame *f)
{
    AUTO_CLOSE fd = -1;
    const struct lock_file *q = asked(w, rq, f, &fd);
    if (q)
        answer(w, rq, fd < 0 ? -EPROTO : space_lock(fd, q->flags & LOCK_SHARED), -1);
}

int main(void)
{
    static const struct worker_op ops[] = { { OP_IN(IN_LOCK_TAKE), on_take }, { OP_IN(IN_LOCK_GIVE), on_give }, { OP_IN(IN_LOCK_CREATE), on_create },
        { OP_IN(IN_LOCK_REMOVE), on_remove }, { OP_IN(IN_LOCK_CHECK), on_check }, { 0, NULL } };
    static struct worker w = { .ops = ops };

    worker_birth(&w, ROLE_LOCK);
    dir = birth_fd(&w.birth, BFD_DIR, -1, NULL);
    worker_lock(&w);
    return worker_run(&w);
}
