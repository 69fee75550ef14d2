/* state.c: what the guest is doing, as told to the supervisor, and how it ends. */
#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "ipc/log.h"
#include "ipc/util.h"
#include "workers/qemu/plug.h"
#include "workers/qemu/stats.h"

enum { SHUTDOWN_WAIT_MS = 10000 };

/* A guest can change its state as often as it likes; what the supervisor is told of it is bounded: facts at most every QUIET_MS, lifecycle
 * events EVENTS a second.  Those beyond that come later; of too many of them the two oldest go, which are there and back again. */
enum { QUIET_MS = 200, EVENTS = 50 };

static void on_send(struct loop_timer *t);

static void send_state(struct guest *g, int32_t event, int32_t detail)
{
    struct guest_state s = { .state = g->state, .reason = g->reason, .event = event, .detail = detail, .flags_mask = SLOT_AGENT | SLOT_STALE | SLOT_TAINTED,
                             .mem_kib = g->has_balloon ? g->balloon_kib : tree_kib(g->tree, "memory"), .cpu_time_ns = guest_cpu_time(g, NULL, NULL), .vcpus = vcpus_now(g) };
    s.flags = (g->agent.connected ? SLOT_AGENT : 0) | (qmp_is_stale(&g->qmp) ? SLOT_STALE : 0) | (guest_is_tainted(g, "custom-monitor") || guest_is_tainted(g, "custom-ga-command") ? SLOT_TAINTED : 0);
    loop_cancel(&g->send_later);
    g->sent_ms = loop_now_ms();
    worker_event(g->w, OP_IN(IN_STATE), g->saving != NULL, &s, sizeof s, NULL, 0);
    if (g->nlate)
        loop_after(&g->send_later, 1000 / EVENTS, on_send, g);
}

static void send_late(struct guest *g)
{
    struct late_event e = g->late[0];
    memmove(&g->late[0], &g->late[1], --g->nlate * sizeof e);
    send_state(g, e.event, e.detail);
}

static void on_send(struct loop_timer *t)
{
    struct guest *g = t->data;
    bool some = g->nlate;
    while (g->nlate && bucket_take(&g->lifecycle_bucket, EVENTS))
        send_late(g);
    if (!some)
        send_state(g, -1, 0);
    else if (g->nlate && !t->armed)
        loop_after(t, 1000 / EVENTS, on_send, g);
}

void guest_send_state(struct guest *g, int32_t event, int32_t detail)
{
    if (event >= 0 ? !g->nlate && bucket_take(&g->lifecycle_bucket, EVENTS) : loop_now_ms() - g->sent_ms >= QUIET_MS) {
        send_state(g, event, detail);
        return;
    }
    if (event >= 0) {
        if (g->nlate == GUEST_LATE_MAX)
            memmove(&g->late[0], &g->late[2], (g->nlate -= 2) * sizeof g->late[0]);
        g->late[g->nlate++] = (struct late_event){ event, detail };
    }
    if (!g->send_later.armed)
        loop_after(&g->send_later, event >= 0 ? 1000 / EVENTS : QUIET_MS, on_send, g);
}

void guest_state_known(struct guest *g)
{
    send_state(g, -1, 0);
}

void guest_set_state(struct guest *g, int32_t state, int32_t reason, int32_t event, int32_t detail)
{
    if (g->state != state)
        g->state_since_ms = loop_now_ms();
    g->state = state;
    g->reason = reason;
    g->fell_at = state == DOM_RUNNING ? 0 : g->fell_at;
    guest_send_state(g, event, detail);
    /* An event that was sent must not be sent by the next instance again, nor one be missed: noted at once while that is rare. */
    if (bucket_take(&g->notes_bucket, EVENTS))
        save_notes(g);
    guest_changed(g);
}

bool is_agent_channel(const struct tree *dev)
{
    return dev->name && !strcmp(dev->name, "channel") && tree_attr_is(tree_get(dev, "target"), "name", "org.qemu.guest_agent.0");
}

void guest_set_channel(struct guest *g, struct tree *channel, bool open, int reason)
{
    struct tree *target = tree_get(channel, "target");
    const char *was = tree_attr(target, "state"), *now = open ? "connected" : "disconnected";
    bool is_agent = is_agent_channel(channel);
    if (is_agent)
        agent_set_connected(&g->agent, open);
    if (!target || (was && !strcmp(was, now)))
        return;
    tree_set_attr(target, "state", "%s", now);
    if (is_agent) {
        notify_agent(g, open ? AGENT_CONNECTED : AGENT_DISCONNECTED, reason);
        if (g->phase == PHASE_UP)
            guest_send_state(g, -1, 0);
    }
    guest_changed(g);
}

void guest_set_balloon(struct guest *g, uint64_t kib, bool tell)
{
    if (kib == g->balloon_kib)
        return;
    g->balloon_kib = kib;
    struct tree *cur = tree_make(g->tree, "currentMemory");
    tree_set_attr(cur, "unit", "KiB");
    tree_set_text(cur, "%llu", (unsigned long long)kib);
    if (tell) {
        notify_balloon(g, kib);
        guest_send_state(g, -1, 0);
    }
    guest_changed(g);
}

static void on_quit_sent(void *data, json_t *ret, const struct err *e)
{
    struct guest *g = data;
    (void)ret;
    /* QEMU answers and then closes; when it does not, whoever asked can still destroy the guest. */
    if (e && e->code != VIR_ERR_OPERATION_FAILED && g->phase == PHASE_STOPPING)        /* that: it had gone before */
        log_warn("quit: %s", e->detail);
}

void guest_quit(struct guest *g, int32_t stop_reason, int32_t stop_detail)
{
    if (g->quitting || g->phase == PHASE_GONE)
        return;
    g->quitting = true;
    g->phase = PHASE_STOPPING;
    g->stop_reason = stop_reason;
    g->stop_detail = stop_detail;
    qmp_send(&g->qmp, "quit", NULL, -1, SHUTDOWN_WAIT_MS, on_quit_sent, g);
    qmp_flush(&g->qmp);
}

static void on_reboot_step(void *data, json_t *ret, const struct err *e)
{
    struct guest *g = data;
    (void)ret;
    if (e && e->code == VIR_ERR_OPERATION_TIMEOUT)
        guest_ask_state(g);     /* and then from where it is */
    else if (e) {
        log_warn("reboot: %s", e->detail);
        guest_quit(g, SHUTOFF_SHUTDOWN, STOPPED_SHUTDOWN);
    }
}

void guest_shutdown_or_reboot(struct guest *g)
{
    if (g->fake_reboot || guest_action(g, "on_poweroff", ON_DESTROY) == ON_RESTART) {
        /* The guest powered off with its CPUs stopped (-no-shutdown): from here a reset and `cont` is a reboot.  QEMU answers system_reset
         * before it has reset, and refuses `cont` until then: that follows RESET. */
        g->fake_reboot = true;
        g->got_shutdown = false;
        qmp_send(&g->qmp, "system_reset", NULL, -1, 0, on_reboot_step, g);
        qmp_flush(&g->qmp);
        guest_changed(g);
    } else if (guest_action(g, "on_poweroff", ON_DESTROY) != ON_PRESERVE)
        guest_quit(g, SHUTOFF_SHUTDOWN, STOPPED_SHUTDOWN);
}

bool guest_is_rebooting(const struct guest *g)
{
    return g->fake_reboot && (g->state == DOM_SHUTDOWN || g->state == DOM_CRASHED);
}

void guest_was_reset(struct guest *g)
{
    if (guest_is_rebooting(g) && !g->quitting && !g->saving) {      /* its save, or what comes instead of it, starts it */
        g->run_reason = g->state == DOM_CRASHED ? RUNNING_CRASHED : RUNNING_BOOTED;
        qmp_send(&g->qmp, "cont", NULL, -1, 0, on_reboot_step, g);
        qmp_flush(&g->qmp);
    } else
        g->fake_reboot = false;
}

void guest_gone(struct guest *g)
{
    if (g->phase == PHASE_GONE)
        return;
    g->phase = PHASE_GONE;
    if (!g->stop_reason) {
        /* Nobody asked: a guest that powered off in time went in good order, all else is a QEMU that died. */
        g->stop_reason = g->got_shutdown ? SHUTOFF_SHUTDOWN : SHUTOFF_CRASHED;
        g->stop_detail = g->got_shutdown ? STOPPED_SHUTDOWN : STOPPED_FAILED;
    }
    agent_close(&g->agent);
    while (g->nlate)
        send_late(g);
    struct guest_state s = { .state = DOM_SHUTOFF, .reason = g->stop_reason, .event = EVENT_STOPPED, .detail = g->stop_detail,
                             .flags_mask = SLOT_AGENT | SLOT_STALE };
    worker_event(g->w, OP_IN(IN_STOPPED), 0, &s, sizeof s, NULL, 0);
    plug_gone(g);
    later_end(g);
}

static void on_save(struct loop_timer *t)
{
    struct guest *g = t->data;
    save_now(g);
}

void guest_save_in(struct guest *g, uint64_t ms)
{
    if (!g->save_later.armed)
        loop_after(&g->save_later, ms, on_save, g);
}

void guest_changed(struct guest *g)
{
    uint64_t since = loop_now_ms() - g->saved_ms;
    guest_save_in(g, since < QUIET_MS ? QUIET_MS - since : 0);
}

void guest_told(struct guest *g)
{
    guest_taint_look(g);
    save_notes(g);
    guest_changed(g);
}

/* Reads a small file of the kernel's relative to dirfd (or dirfd itself when name is NULL) into buf with a NUL. 0 or negative errno. */
int read_small(int dirfd, const char *name, char *buf, size_t size)
{
    AUTO_CLOSE fd = -1;
    if (dirfd < 0)
        return -ENOENT;
    if (name && (fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC)) < 0) {
        if (errno != ENOTDIR || strcmp(name, "stat"))
            return -errno;
        name = NULL;                    /* a session's worker has that one file instead of the folder */
    }
    ssize_t n = pread(name ? fd : dirfd, buf, size - 1, 0);
    if (n < 0)
        return -errno;
    buf[n] = 0;
    return 0;
}

/* utime and stime of a stat file's text, in ns. */
static int parse_stat(const char *text, uint64_t *user, uint64_t *sys)
{
    const char *p = strrchr(text, ')');      /* the name before may hold anything */
    unsigned long long u, s;
    if (!p || sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &u, &s) != 2)
        return -EPROTO;
    uint64_t tick = 1000000000ull / (uint64_t)sysconf(_SC_CLK_TCK);
    *user = u * tick;
    *sys = s * tick;
    return 0;
}

int task_times(struct guest *g, const char *name, uint64_t *user, uint64_t *sys)
{
    char buf[1024];
    int r = read_small(g->proc_fd, name, buf, sizeof buf);
    return r ? r : parse_stat(buf, user, sys);
}

unsigned guest_cpu_times(struct guest *g, uint64_t ns[HOST_CPUS_MAX])
{
    static char buf[HOST_CPUS_MAX * 21];
    unsigned n = 0;
    char *p = buf, *end;
    for (bool is = !read_small(g->cgroup_fd, NULL, buf, sizeof buf); is && n < HOST_CPUS_MAX; p = end) {
        uint64_t v = strtoull(p, &end, 10);
        if (end == p)
            break;
        ns[n++] = v;
    }
    return n;
}

uint64_t guest_cpu_time(struct guest *g, uint64_t *user_ns, uint64_t *system_ns)
{
    uint64_t user = 0, sys = 0, total = 0, each[HOST_CPUS_MAX];
    char buf[64];
    unsigned long long v;
    task_times(g, "stat", &user, &sys);
    if (!read_small(g->cgroup_fd, NULL, buf, sizeof buf) && sscanf(buf, "usage_usec %llu", &v) == 1)
        total = v * 1000;
    else
        for (unsigned n = guest_cpu_times(g, each); n > 0; n--)
            total += each[n - 1];
    if (user_ns)
        *user_ns = user;
    if (system_ns)
        *system_ns = sys;
    if (!total)
        total = user + sys;
    return total ? (g->cpu_last_ns = total) : g->cpu_last_ns;
}
