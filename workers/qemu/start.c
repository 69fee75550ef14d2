/* start.c: from a tree and what the hands opened to a guest that runs. */
#include "config.h"
#include <errno.h>
#include <string.h>
#include <time.h>

#include "ipc/log.h"
#include "ipc/manifest.h"
#include "ipc/util.h"
#include "workers/qemu/migrate.h"
#include "workers/qemu/plug.h"
#include "workers/qemu/stats.h"

#define SETUP_MS 60000u                 /* a loaded host may take its time; the caller of a start waits anyway */
#define TAIL_BYTES 3000u

void start_failed(struct guest *g, const struct err *e)
{
    if (!g->starting)
        return;
    g->starting = false;
    g->stop_reason = SHUTOFF_FAILED;
    g->stop_detail = STOPPED_FAILED;
    later_end(g);
    worker_error(g->w, &g->start, e);
}

/* A word NAME=VALUE into buf, if there is a buf. Its bytes. */
static size_t variable(char *buf, const char *name, const char *value)
{
    if (buf)
        stpcpy(stpcpy(stpcpy(buf, name), "="), value ? value : "");
    return strlen(name) + strlen(value ? value : "") + 2;
}

/* The time zone of QEMU's clock, and what the document wants in QEMU's environment. */
static size_t variables(char *buf, const struct tree *dom)
{
    const char *zone = tree_path_attr(dom, "clock", "timezone");
    size_t n = zone ? variable(buf, "TZ", zone) : 0;
    TREE_EACH(v, tree_get(dom, "qemu:commandline"), "qemu:env")
        n += variable(buf ? buf + n : NULL, tree_attr(v, "name"), tree_attr(v, "value"));
    return n;
}

/* Writes the environment's words and argv as one sealed memfd. Descriptor or negative errno. */
static int argv_memfd(const struct tree *dom, char **argv)
{
    size_t n = variables(NULL, dom);
    for (char **a = argv; *a; a++)
        n += strlen(*a) + 1;
    AUTO_FREE char *buf = malloc(n);
    if (!buf)
        return -ENOMEM;
    char *p = buf + variables(buf, dom);
    for (char **a = argv; *a; a++)
        p = stpcpy(p, *a) + 1;
    return frame_memfd("argv", buf, n);
}

/* Everything up to the argument vector; what only the planning needs is given back at its end. */
static int plan_launch(struct guest *g, struct launch *l, struct err *e)
{
    AUTO_OPENED o = { 0 };
    struct plan plan = { 0 };
    char **argv = NULL;
    int fd = -1;

    if (opened_load(g, g->manifest_fd, g->grants_fd, &o, e))
        return -1;
    const char *emulator = tree_text(g->tree, "devices/emulator");
    if (!emulator || util_copy_str(l->emulator, sizeof l->emulator, emulator)) {
        err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "the guest's document has no emulator");
        goto out;
    }
    struct plan_in in = opened_plan(g, &o, g->tree);
    if (plan_complete(g->tree, &o.host, e) || plan_guest(&in, &plan, e) || plan_argv(&in, &plan, &argv, e))
        goto out;
    for (uint32_t i = 0; i < o.host.n; i++)
        if (o.host.v[i].valid && o.host.v[i].kind == MK_HOSTNET)
            l->flags |= LAUNCH_HOSTNET;
    fd = argv_memfd(g->tree, argv);
    if (fd < 0)
        err_sys(e, VIR_FROM_QEMU, -fd, "cannot pass the command line on");
out:
    if (argv)
        plan_argv_free(argv);
    plan_free(&plan);
    return fd;
}

/* The account QEMU runs under, as libvirt's DAC driver words it. */
static void label(struct guest *g)
{
    char text[4096];
    unsigned uid, gid;
    struct tree *l = tree_first(g->tree, "seclabel");
    while (l && !tree_attr_is(l, "model", "dac"))
        l = tree_next(l, "seclabel");
    if ((l && !tree_attr_is(l, "type", "dynamic")) || g->layout.session || read_small(g->proc_fd, "status", text, sizeof text))
        return;
    const char *u = strstr(text, "\nUid:"), *v = strstr(text, "\nGid:");
    if (!u || !v || sscanf(u, "\nUid: %u", &uid) != 1 || sscanf(v, "\nGid: %u", &gid) != 1)
        return;
    if (!l) {
        struct tree *before = tree_next(tree_get(g->tree, "devices"), NULL);
        while (before && before->name && !strcmp(before->name, "seclabel"))
            before = before->next;
        l = tree_new("seclabel");
        if (before)
            tree_insert(g->tree, l, before);
        else
            tree_append(g->tree, l);
        tree_set_attr(l, "type", "dynamic");
        tree_set_attr(l, "model", "dac");
        tree_set_attr(l, "relabel", "yes");
    }
    tree_add_text(l, "label", "+%u:+%u", uid, gid);
    tree_add_text(l, "imagelabel", "+%u:+%u", uid, gid);
    struct tree *base = tree_first(l, "baselabel");        /* of no effect; shown last */
    if (base) {
        tree_unlink(base);
        tree_append(l, base);
    }
}

static void on_launched(struct worker *w, void *data, struct frame *f, const struct err *e)
{
    struct guest *g = data;
    struct err own = ERR_INIT;
    (void)w;
    if (!e && (f->body_len != sizeof(struct launched) || f->h.nfds < 2)) {
        err_set(&own, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed answer to a launch");
        e = &own;
    }
    if (!e) {
        struct launched l;
        memcpy(&l, f->body, sizeof l);
        g->pid = l.pid;
        g->qemu_pid = l.qemu_pid;
        AUTO_CLOSE fd = frame_take_fd(f, 0);
        g->proc_fd = frame_take_fd(f, 1);
        g->cgroup_fd = f->h.nfds > 2 ? frame_take_fd(f, 2) : -1;
        label(g);
        g->phase = PHASE_CONNECTING;
        guest_hook_qmp(g);
        int r = qmp_open(&g->qmp, fd, false, g->w->birth.instance);
        if (!r) {
            (void)STEAL_FD(&fd);
            qmp_flush(&g->qmp);
            return;
        }
        err_sys(&own, VIR_FROM_QEMU, -r, "cannot use the monitor's connection");
        e = &own;
    }
    start_failed(g, e);
}

void start_call(struct worker *w, const struct request *rq, struct frame *f)
{
    struct guest *g = w->data;
    if (g->phase != PHASE_BORN) {
        reply_err(g, rq, VIR_ERR_OPERATION_INVALID, "domain is already running");
        return;
    }
    g->start = *rq;
    g->starting = true;
    g->start_paused = rq->arg & START_PAUSED;
    g->restore_direct = rq->arg & START_BYPASS_CACHE;
    g->restore_fd = frame_take_fd(f, 0);
    g->restored = g->restore_fd >= 0;
    g->phase = PHASE_LAUNCHING;
    g->state = DOM_PAUSED;
    g->reason = PAUSED_STARTING_UP;
    g->locks = strcmp(g->settings.lock_manager, "lockd") ? 0 : LOCKS_ON;
    status_file(g);
    if (!g->status_busy)
        start_recorded(g, &(struct err){ .code = VIR_ERR_NO_MEMORY, .domain = VIR_FROM_QEMU, .detail = "the status file" });
}

/* A QEMU that no status file tells of would be nobody's if the daemon died: so the file comes first, and says that the guest does not run yet. */
void start_recorded(struct guest *g, const struct err *error)
{
    struct err e = ERR_INIT;
    struct launch l = { .object = g->w->birth.object, .id = g->id };
    AUTO_CLOSE fd = error ? -1 : plan_launch(g, &l, &e);
    if (fd < 0) {
        start_failed(g, error ? error : &e);
        return;
    }
    util_copy_str(l.name, sizeof l.name, g->name);
    guest_taint_lines(g, l.taints, sizeof l.taints);
    int r = worker_call(g->w, OP_IN(IN_LAUNCH), 0, &l, sizeof l, &fd, 1, on_launched, g);
    if (r) {
        err_sys(&e, VIR_FROM_QEMU, -r, "cannot ask for a launch");
        start_failed(g, &e);
    }
}

/* The start is over. */
static void up(struct guest *g)
{
    g->phase = PHASE_UP;
    g->starting = false;
    g->state = g->start_paused ? DOM_PAUSED : DOM_RUNNING;
    g->reason = g->start_paused ? (g->restored ? PAUSED_MIGRATION : PAUSED_USER) : g->restored ? RUNNING_RESTORED : RUNNING_BOOTED;
    g->state_since_ms = loop_now_ms();
    g->sent_ms = 0;                     /* at once: the call is answered */
    g->going = false;
    save_now(g);                        /* first: who is told of it may have the next instance take it over */
    guest_send_state(g, -1, 0);         /* the supervisor sends the events of a start itself */
    worker_reply(g->w, &g->start, NULL, 0, NULL, 0);
    later_go(g);
    debug_elements(g);
    jline_trim();
}

static void on_cont(void *data, json_t *ret, const struct err *e)
{
    struct guest *g = data;
    if (!g->starting)
        return;
    if (ret) {
        up(g);
        return;
    }
    if (g->restored && e->code == VIR_ERR_INTERNAL_ERROR) {     /* QEMU has refused it: its image is as good as before */
        g->sent_ms = 0;
        guest_set_state(g, DOM_PAUSED, PAUSED_STARTING_UP, -1, 0);
    }
    start_failed(g, e);
    guest_quit(g, SHUTOFF_FAILED, STOPPED_FAILED);
}

/* What was restored is waited for, however long it takes: it would be lost, for it may run by then. */
static void go(struct guest *g)
{
    qmp_send(&g->qmp, g->start_paused ? "query-status" : "cont", NULL, -1, g->restored ? UINT32_MAX : SETUP_MS, on_cont, g);
    qmp_flush(&g->qmp);
}

static void on_restored(struct guest *g, const struct err *e)
{
    if (!g->starting || (e && g->qmp.state == QMP_CLOSED))      /* start_qemu_died() has QEMU's last words */
        return;
    if (!e) {
        /* Told at once, before it writes to its disks: from here on its image is out of date, and the next instance brings it to where it shall be. */
        g->going = !g->start_paused;
        g->state = DOM_PAUSED;
        g->reason = PAUSED_MIGRATION;
        save_notes(g);
        g->sent_ms = 0;
        guest_set_state(g, DOM_PAUSED, PAUSED_MIGRATION, -1, 0);
        go(g);
        return;
    }
    start_failed(g, e);
    guest_quit(g, SHUTOFF_FAILED, STOPPED_FAILED);
}

/* A setting that QEMU refuses fails the start, as a device it refuses does. */
static void on_set(void *data, json_t *ret, const struct err *e)
{
    struct guest *g = data;
    if (ret || !g->starting)
        return;
    start_failed(g, e);
    guest_quit(g, SHUTOFF_FAILED, STOPPED_FAILED);
}

/* What a server's image stands on, before the guest reads a byte of it. */
static void on_chain(void *data, json_t *ret, const struct err *e)
{
    struct guest *g = data;
    struct err own = ERR_INIT;
    if (ret && chain_check(tree_get(g->tree, "devices"), ret, &own))
        on_set(g, NULL, &own);
    else
        on_set(g, ret, e);
}

static void set_links(struct guest *g)
{
    TREE_EACH(nic, tree_get(g->tree, "devices"), "interface")
        if (tree_attr_is(tree_get(nic, "link"), "state", "down") && device_alias(nic))
            qmp_send(&g->qmp, "set_link", json_pack("{s:s, s:b}", "name", device_alias(nic), "up", 0), -1, SETUP_MS, on_set, g);
}

static void set_balloon(struct guest *g)
{
    struct tree *b = tree_get(g->tree, "devices/memballoon");
    uint64_t kib = tree_kib(g->tree, "currentMemory"), max = tree_kib(g->tree, "memory"), period;
    if (!g->has_balloon || !kib)
        return;
    g->balloon_kib = kib;
    if (kib < max && !g->restored)      /* saved state has its own */
        qmp_send(&g->qmp, "balloon", json_pack("{s:I}", "value", (json_int_t)(kib * 1024)), -1, SETUP_MS, on_set, g);
    if (!tree_attr_uint(tree_get(b, "stats"), "period", INT32_MAX, &period) && period)
        stats_set_period(g, period, NULL, NULL);
}

static void on_leased(void *data, const struct err *e)
{
    struct guest *g = data;
    if (!g->starting)
        return;
    if (e) {
        start_failed(g, e);
        guest_quit(g, SHUTOFF_FAILED, STOPPED_FAILED);
    } else if (g->restored)
        restore_begin(g, on_restored);
    else
        go(g);
}

/* All processors are there. */
static void on_plugged(struct guest *g, const struct err *e)
{
    if (!g->starting)
        return;
    if (e) {
        on_set(g, NULL, e);
        return;
    }
    guest_learn(g);
    guest_learn_cpu(g);
    if (g->start_paused)
        on_leased(g, NULL);
    else
        lease_take(g, on_leased, g);
    qmp_flush(&g->qmp);
}

void start_qmp_ready(struct guest *g)
{
    if (!g->starting)
        return;
    g->phase = PHASE_SETTING_UP;
    const char *adjustment = tree_path_attr(g->tree, "clock", "adjustment");
    g->rtc_adjustment0 = adjustment ? strtol(adjustment, NULL, 10) : 0;
    if (guest_action(g, "on_reboot", ON_RESTART) == ON_DESTROY)
        qmp_send(&g->qmp, "set-action", json_pack("{s:s}", "reboot", "shutdown"), -1, SETUP_MS, on_set, g);
    if (chain_is_open(tree_get(g->tree, "devices")))
        qmp_send(&g->qmp, CHAIN_QUERY, json_pack("{s:b}", "flat", 1), -1, SETUP_MS, on_chain, g);
    set_links(g);
    guest_throttle_all(g, SETUP_MS, on_set, g);
    set_balloon(g);
    guest_take_ends(g);
    vcpus_at_start(g, on_plugged);
}

/* The line at p, of a log, is not QEMU's. */
static bool is_taint(const char *p, const char *end)
{
    static const char is[] = "+0000: Domain id=";
    enum { STAMP_BYTES = 23 };
    return end - p > STAMP_BYTES + (ptrdiff_t)sizeof is && !memcmp(p + STAMP_BYTES, is, sizeof is - 1) && memchr(p, '\n', (size_t)(end - p));
}

/* What QEMU said after the command line and the taints that the log of a run begins with; a line whose beginning is not there is no word of it either. */
static const char *last_words(const char *s, size_t n, size_t *len)
{
    static const char head[] = ": starting up bulkhead ";
    const char *at = NULL, *end = s + n, *p = s;
    while ((p = memmem(p, (size_t)(end - p), head, sizeof head - 1)))
        at = p++;
    unsigned lines = at ? 2 : n >= TAIL_BYTES;
    for (p = at ? at : s; p && lines; lines--)
        p = (p = memchr(p, '\n', (size_t)(end - p))) ? p + 1 : NULL;
    p = p ? p : s;
    while (is_taint(p, end))
        p = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1;
    while (end > p && end[-1] == '\n')
        end--;
    *len = (size_t)(end - p);
    return p;
}

/* QEMU ended before the guest ran: its last words say why. */
static void on_tail(struct worker *w, void *data, struct frame *f, const struct err *e)
{
    struct guest *g = data;
    struct err own = ERR_INIT;
    (void)w;
    size_t n = 0;
    const char *words = !e && f->body_len < TAIL_BYTES * 2 ? last_words((const char *)f->body, f->body_len, &n) : "";
    err_set(&own, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "%s: %.*s",
            g->was_greeted ? "qemu unexpectedly closed the monitor" : "process exited while connecting to monitor", (int)n, words);
    start_failed(g, &own);
    guest_gone(g);
}

void start_qemu_died(struct guest *g)
{
    struct log_tail t = { .bytes = TAIL_BYTES };
    g->was_greeted = g->phase >= PHASE_SETTING_UP;
    g->phase = PHASE_STOPPING;
    if (worker_call(g->w, OP_IN(IN_LOG_TAIL), 0, &t, sizeof t, NULL, 0, on_tail, g))
        on_tail(g->w, g, NULL, &(struct err){ .code = VIR_ERR_INTERNAL_ERROR });
}
