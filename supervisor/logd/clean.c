/* clean.c: logs that are older than they are to be kept (max_age_days).  A log role that is born for it sees the folder of the log folders, and removes them. */
#include <string.h>
#include "supervisor/logd/streams.h"

#define DAY_MS 86400000u
#define FIRST_MS 1000u
static struct loop_timer timer;

static int open_go(struct flow *f)
{
    char path[sizeof sup.settings.log_root + 2];
    const char *root = sup.settings.log_root;
    int n = (int)strlen(root);
    if (!n) {           /* what the folder of guests' logs is in */
        root = sup.layout.log_dir;
        n = (int)(strrchr(root, '/') ? strrchr(root, '/') - root : 0);
    }
    if (util_format(path, sizeof path, "%.*s/.log", n, root) < 0 || path[0] != '/')
        return err_set(&f->err, VIR_ERR_CONF_SYNTAX, VIR_FROM_LOGGING, "log_root is no absolute path");
    return log_hand(f, path, true);
}

static int opened(struct flow *f, struct frame *fr)
{
    int fds[BFD_KIND_N];
    if (log_hand_done(f, fr, fds) < 0)
        return -1;
    f->fd[FF_IMAGE] = fds[BFD_DIR];
    util_closep(&fds[BFD_FILE]);
    return FLOW_NEXT;
}

static int clean_go(struct flow *f)
{
    struct born n;
    born_begin(&n, ROLE_LOG, 0, "cleaning");
    born_fd(&n, BFD_DIR, DIR_LOG, f->fd[FF_IMAGE]);
    return flow_call(f, peer_spawn(&n), OP_IN(IN_LOG_CLEAN), 0, NULL, 0, NULL, 0);
}

static int cleaned(struct flow *f, struct frame *fr)
{
    struct peer *p = peer_find(f->from);
    if (p)
        stream_dismiss(0, p);
    return FLOW_END;
}

static const struct step steps[] = { { "open", open_go, opened, log_hand_failed }, { "clean", clean_go, cleaned, NULL }, { 0 } };

static void on_timer(struct loop_timer *t)
{
    struct flow *f = flow_start(steps, flow_answered, NULL);
    loop_after(t, DAY_MS, on_timer, NULL);
    if (!f)
        return;
    util_copy_str(f->name, sizeof f->name, "old logs");
    flow_go(f);
}

void clean_begin(void)
{
    if (sup.settings.log_max_age_days)
        loop_after(&timer, FIRST_MS, on_timer, NULL);
}
