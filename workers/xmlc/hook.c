/* hook.c: the document of a run as hook scripts get it: as a client sees that of a guest that runs, from what the supervisor has, so that it can be had
 * before there is a worker, and when there is none any more. */
#include "workers/xmlc/hook.h"
#include <string.h>
#include <sys/mman.h>
#include "ipc/util.h"
#include "workers/plan/plan.h"
#include "workers/tree-form.h"

struct blob { const void *p; size_t n; };

static int map(const struct frame *f, unsigned i, struct blob *b)
{
    return i < f->h.nfds ? frame_map(f->fds[i], FRAME_BIG_MAX, &b->p, &b->n) : 0;
}

static void unmap(const struct blob *b)
{
    if (b->n)
        munmap((void *)(uintptr_t)b->p, b->n);
}

/* Names of taps, terminals and ports, as far as they are known by now. */
static int complete(struct tree *t, const struct blob *manifest, const struct blob *grants, struct err *e)
{
    struct plan_host host = { 0 };
    if (!grants->n)
        return 0;
    int r = plan_host_load(&host, manifest->p, manifest->n) || plan_host_grants(&host, grants->p, grants->n);
    r = r ? err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "what was opened for the guest is malformed") : plan_complete(t, &host, e);
    plan_host_free(&host);
    return r;
}

void on_hook(struct worker *w, const struct request *rq, struct frame *f)
{
    enum { TREE = 2, MANIFEST, GRANTS };
    struct err e = ERR_INIT;
    struct blob manifest = { NULL, 0 }, grants = { NULL, 0 };
    struct doc_start s;
    size_t n = 0;
    AUTO_TREE *t = f->h.nfds > TREE ? tree_map(f->fds[TREE]) : NULL;
    bool good = t && f->body_len == sizeof s && !map(f, MANIFEST, &manifest) && !map(f, GRANTS, &grants);
    AUTO_FREE char *xml = NULL;
    if (good && !complete(t, &manifest, &grants, &e)) {
        memcpy(&s, f->body, sizeof s);
        tree_form(t, 0);
        if (s.id <= 0)
            tree_set_attr(t, "id", NULL);
        xml = tree_print(t, 0, &n);
    }
    AUTO_CLOSE fd = xml ? frame_memfd("document", xml, n) : -1;
    if (fd < 0 && !e.code)
        err_set(&e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "the document of the run cannot be read");
    if (fd >= 0)
        worker_reply(w, rq, NULL, 0, &fd, 1);
    else
        worker_error(w, rq, &e);
    unmap(&manifest);
    unmap(&grants);
}
