/* opened.c: what the hands opened for the guest, as the plan wants it. */
#include "config.h"
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "ipc/util.h"
#include "workers/qemu/plug.h"

static void blob_done(struct blob *b)
{
    if (b->p)
        munmap((void *)(uintptr_t)b->p, b->n);
    *b = (struct blob){ NULL, 0 };
}

void opened_done(struct opened *o)
{
    plan_host_free(&o->host);
    caps_free(&o->caps);
    blob_done(&o->man);
    blob_done(&o->gra);
}

static int map(int fd, struct blob *b)
{
    return fd < 0 ? -ENOENT : frame_map(fd, FRAME_BIG_MAX, &b->p, &b->n);
}

int opened_load(struct guest *g, int manifest_fd, int grants_fd, struct opened *o, struct err *e)
{
    int caps_fd = birth_fd(&g->w->birth, BFD_CAPS, -1, NULL);
    *o = (struct opened){ 0 };
    if (map(manifest_fd, &o->man) || map(grants_fd, &o->gra))
        err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "what was opened for the guest cannot be read");
    else if (plan_host_load(&o->host, o->man.p, o->man.n) || plan_host_grants(&o->host, o->gra.p, o->gra.n) ||
             (caps_fd >= 0 && caps_load(&o->caps, caps_fd, CAPS_HEADS)))
        err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "what was opened for the guest is malformed");
    else
        return 0;
    opened_done(o);
    return -1;
}

struct plan_in opened_plan(struct guest *g, const struct opened *o, const struct tree *dom)
{
    const char *emulator = tree_text(dom, "devices/emulator");
    return (struct plan_in){ .dom = dom, .form = PLAN_RUN, .id = g->id, .lib_dir = g->layout.lib_dir, .host = &o->host, .now = time(NULL), .first_set = o->host.monitor_fd < 0 ? g->first_set : 0,
                             .caps = o->caps.n && emulator ? caps_find(&o->caps, emulator, NULL) : NULL, .incoming = g->restored };
}

json_t *opened_undo(struct guest *g, const struct opened *o, const struct tree *dev, bool with_device, struct err *e)
{
    struct plan_in in = opened_plan(g, o, g->tree);
    struct plan plan = { NULL, 0, 0 };
    if (plan_device(&in, dev, &plan, e))
        return NULL;
    json_t *commands = json_array();
    for (size_t i = plan.n; i-- > 0;) {
        const char *name;
        json_t *args;
        if (plan.v[i].opt == PLAN_GETFD || (plan.v[i].opt == PLAN_DEVICE && !with_device))       /* a name is gone with its use */
            continue;
        if (!plan_qmp_undo(&plan.v[i], &name, &args))
            json_array_append_new(commands, json_pack("{s:s, s:o}", "execute", name, "arguments", args));
    }
    plan_free(&plan);
    return commands;
}
