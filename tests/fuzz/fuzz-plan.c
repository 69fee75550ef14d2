/* fuzz-plan: a client's document all the way to command lines: parsed and completed, its running form and manifest, then both forms of the
 * plan, and each device's hot-plug.  Whatever the document, the outcome is words or an error with a code, and nothing in between. */
#include <stdlib.h>
#include <string.h>
#include "workers/plan/plan.h"
#include "workers/xmlc/run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(c) do { if (!(c)) abort(); } while (0)

static void native(const struct tree *t)
{
    struct plan_in in = { .dom = t, .form = PLAN_NATIVE, .id = -1 };
    struct plan p;
    struct err e = ERR_INIT;
    if (plan_guest(&in, &p, &e) < 0) {
        MUST(e.code && !p.n);
        return;
    }
    char *text = plan_text(&in, &p, &e);
    MUST(text || e.code);
    free(text);
    plan_free(&p);
}

/* Everything was opened: two descriptors an entry. */
static void run(struct tree *t, struct plan_host *h)
{
    struct plan_in in = { .dom = t, .form = PLAN_RUN, .id = 1, .host = h };
    struct plan p;
    struct err e = ERR_INIT;
    char **argv;
    h->monitor_fd = 10;
    for (uint32_t i = 0; i < h->n; i++) {
        h->v[i].fd[0] = (int16_t)(11 + 2 * i);
        h->v[i].fd[1] = h->v[i].kind == MK_IMAGE && !(h->v[i].flags & MF_RO) ? (int16_t)(12 + 2 * i) : -1;
        h->v[i].nfd = 1;
    }
    if (plan_complete(t, h, &e) < 0 || plan_guest(&in, &p, &e) < 0) {
        MUST(e.code);
        return;
    }
    if (plan_argv(&in, &p, &argv, &e) == 0)
        plan_argv_free(argv);
    else
        MUST(e.code);
    plan_free(&p);
    TREE_EACH(d, tree_get(t, "devices"), NULL) {
        e = (struct err)ERR_INIT;
        if (!d->name || plan_device(&in, d, &p, &e) < 0) {
            MUST(!d->name || e.code);
            continue;
        }
        for (size_t i = 0; i < p.n; i++) {
            const char *command;
            json_t *args;
            if (plan_qmp(&p.v[i], &command, &args) == 0)
                json_decref(args);
        }
        plan_free(&p);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t buf[MANIFEST_BYTES_MAX];
    struct doc_env env = { .caps = NULL };
    struct err e = ERR_INIT;
    struct manifest_out o;
    struct plan_host h;
    struct tree *t = doc_parse((const char *)data, size, &env, &e);
    if (t && run_form(t, 1, &env, &e) == 0) {
        native(t);
        manifest_begin(&o, buf, sizeof buf);
        if (run_manifest(t, &env, true, &o, &e) == 0) {
            ssize_t n = manifest_finish(&o);
            MUST(n >= 0 && plan_host_load(&h, buf, (size_t)n) == 0);
            run(t, &h);
            plan_host_free(&h);
        }
    }
    MUST(t || e.code);
    if (t)
        tree_free(t);
    return 0;
}
