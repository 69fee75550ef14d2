/* qevent.c: QEMU's events: one row a name, one function a row.  Values are QEMU's word and are checked like any input. */
#include "config.h"
#include <stdio.h>
#include <string.h>

#include "ipc/log.h"
#include "ipc/util.h"
#include "workers/qemu/migrate.h"
#include "workers/qemu/plug.h"

enum { WATCHDOG_PAUSE = 1, IO_PAUSE = 1, REASON_CHANNEL = 2, NAME_MAX_CHARS = 128 };

static const char *str(json_t *d, const char *key)
{
    return json_string_value(json_object_get(d, key));
}

/* Position of a word in a list, or -1. */
static int word_index(const char *s, const char *const *words, size_t n)
{
    for (size_t i = 0; s && i < n; i++)
        if (!strcmp(s, words[i]))
            return (int)i;
    return -1;
}

/* Starts and stops of the CPUs before the start is told to the supervisor are its own business. */
static bool is_up(struct guest *g)
{
    return g->phase == PHASE_UP;
}

static void on_stop(struct guest *g, json_t *d)
{
    (void)d;
    if (!is_up(g) || g->state != DOM_RUNNING)
        return;
    static const int32_t detail[] = { [PAUSED_MIGRATION] = 1, [PAUSED_IOERROR] = 2, [PAUSED_WATCHDOG] = 3, [PAUSED_FROM_SNAPSHOT] = 5 };
    int32_t reason = g->pause_reason;
    g->pause_reason = PAUSED_UNKNOWN;
    guest_set_state(g, DOM_PAUSED, reason, EVENT_SUSPENDED, reason < (int32_t)ARRAY_N(detail) ? detail[reason] : 0);
    /* A suspend gives its leases up itself, and waits for that; a guest that is saved or dumped keeps them: its QEMU ends, or goes on. */
    if (reason != PAUSED_USER && reason != PAUSED_SAVE && reason != PAUSED_DUMP)
        lease_give(g, NULL, NULL);
}

static void on_resume(struct guest *g, json_t *d)
{
    (void)d;
    if (!is_up(g) || g->state == DOM_RUNNING)
        return;
    int32_t reason = g->run_reason ? g->run_reason : RUNNING_UNPAUSED;
    g->run_reason = 0;
    if (guest_is_rebooting(g))
        g->fake_reboot = false;
    guest_set_state(g, DOM_RUNNING, reason, EVENT_RESUMED, 0);
    later_go(g);                /* a reboot may be over */
}

static void on_shutdown(struct guest *g, json_t *d)
{
    if (g->quitting || g->got_shutdown)
        return;
    g->got_shutdown = true;
    agent_acted(&g->agent);
    if (!is_up(g))
        return;
    json_t *by_guest = json_object_get(d, "guest");
    guest_set_state(g, DOM_SHUTDOWN, 0, EVENT_SHUTDOWN, json_is_true(by_guest) ? 1 : json_is_false(by_guest) ? 2 : 0);
    guest_shutdown_or_reboot(g);
}

static void on_reset(struct guest *g, json_t *d)
{
    (void)d;
    agent_acted(&g->agent);
    if (is_up(g)) {
        guest_was_reset(g);
        notify_reboot(g);
        guest_changed(g);
    }
}

static void on_panicked(struct guest *g, json_t *d)
{
    (void)d;
    if (!is_up(g))
        return;
    guest_set_state(g, DOM_CRASHED, 1, EVENT_CRASHED, 0);
    guest_fell(g);
}

static void on_crashloaded(struct guest *g, json_t *d)
{
    (void)d;
    if (is_up(g))
        guest_send_state(g, EVENT_CRASHED, 1);
}

static void on_pmsuspend(struct guest *g, json_t *d)
{
    (void)d;
    if (!is_up(g))
        return;
    if (g->state == DOM_RUNNING)
        guest_set_state(g, DOM_PMSUSPENDED, 0, EVENT_PMSUSPENDED, 0);
    agent_acted(&g->agent);
    notify_pm(g, PM_SUSPEND);
}

static void on_pmsuspend_disk(struct guest *g, json_t *d)
{
    (void)d;
    if (!is_up(g))
        return;
    if (g->state == DOM_RUNNING)
        guest_set_state(g, DOM_PMSUSPENDED, 0, EVENT_PMSUSPENDED, 1);
    agent_acted(&g->agent);
    notify_pm(g, PM_SUSPEND_DISK);
}

static void on_wakeup(struct guest *g, json_t *d)
{
    (void)d;
    if (!is_up(g))
        return;
    notify_pm(g, PM_WAKEUP);
    if (g->state == DOM_PMSUSPENDED)
        guest_set_state(g, DOM_RUNNING, RUNNING_WAKEUP, EVENT_STARTED, 4);
}

static void on_watchdog(struct guest *g, json_t *d)
{
    static const char *const actions[] = { "none", "pause", "reset", "poweroff", "shutdown", "debug", "inject-nmi" };
    int action = word_index(str(d, "action"), actions, ARRAY_N(actions));
    if (!is_up(g))
        return;
    notify_watchdog(g, action < 0 ? 0 : action);
    if (action == WATCHDOG_PAUSE && g->state == DOM_RUNNING)
        guest_set_state(g, DOM_PAUSED, PAUSED_WATCHDOG, EVENT_SUSPENDED, 3);
    if (action == WATCHDOG_PAUSE)
        guest_fell(g);
}

/* The disk whose image (or one below it) has that block node: nodes are named libvirt-N-format and libvirt-N-storage after index=. */
static struct tree *disk_of_node(struct guest *g, const char *node)
{
    unsigned n;
    char index[16];
    if (!node || sscanf(node, "libvirt-%9u-", &n) != 1)
        return NULL;
    snprintf(index, sizeof index, "%u", n);
    TREE_EACH(disk, tree_get(g->tree, "devices"), "disk") {
        if (tree_attr_is(tree_get(disk, "source"), "index", index))
            return disk;
        for (struct tree *b = tree_get(disk, "backingStore"); b; b = tree_get(b, "backingStore"))
            if (tree_attr_is(b, "index", index) || tree_attr_is(tree_get(b, "source"), "index", index))
                return disk;
    }
    return NULL;
}

static void on_io_error(struct guest *g, json_t *d)
{
    static const char *const actions[] = { "ignore", "stop", "report" };
    int action = word_index(str(d, "action"), actions, ARRAY_N(actions));
    struct tree *disk = disk_of_node(g, str(d, "node-name"));
    if (!is_up(g))
        return;
    if (!disk && str(d, "device") && *str(d, "device"))
        disk = guest_device(g, str(d, "device"));
    notify_io_error(g, disk ? disk_source(disk) : NULL, disk ? device_alias(disk) : NULL, action < 0 ? 0 : action,
                    json_is_true(json_object_get(d, "nospace")) ? "enospc" : "");
    if (action == IO_PAUSE && g->state == DOM_RUNNING)
        guest_set_state(g, DOM_PAUSED, PAUSED_IOERROR, EVENT_SUSPENDED, 2);
}

static void on_rtc_change(struct guest *g, json_t *d)
{
    int64_t offset = json_integer_value(json_object_get(d, "offset"));
    struct tree *clock = tree_get(g->tree, "clock");
    if (!is_up(g) || offset > INT32_MAX || offset < INT32_MIN)
        return;
    if (tree_attr_is(clock, "offset", "variable")) {
        offset += g->rtc_adjustment0;
        tree_set_attr(clock, "adjustment", "%lld", (long long)offset);
        guest_changed(g);
    }
    notify_rtc(g, offset);
}

static void on_balloon_change(struct guest *g, json_t *d)
{
    int64_t bytes = json_integer_value(json_object_get(d, "actual"));
    if (bytes > 0)
        guest_set_balloon(g, (uint64_t)bytes / 1024, is_up(g));
}

static void on_graphics(struct guest *g, json_t *d, int phase)
{
    json_t *client = json_object_get(d, "client"), *server = json_object_get(d, "server");
    if (is_up(g))
        notify_graphics(g, phase, client, server, str(server, "auth"), str(client, "x509_dname"), str(client, "sasl_username"));
}

static void on_graphics_connected(struct guest *g, json_t *d) { on_graphics(g, d, 0); }
static void on_graphics_initialized(struct guest *g, json_t *d) { on_graphics(g, d, 1); }
static void on_graphics_disconnected(struct guest *g, json_t *d) { on_graphics(g, d, 2); }

/* An event's device: its alias, which must be one of ours. */
static struct tree *known_device(struct guest *g, json_t *d, const char *key)
{
    const char *id = str(d, key);
    return id && strlen(id) < NAME_MAX_CHARS ? guest_device(g, id) : NULL;
}

static void on_tray_moved(struct guest *g, json_t *d)
{
    struct tree *disk = known_device(g, d, "id");
    bool open = json_is_true(json_object_get(d, "tray-open"));
    if (!is_up(g) || !disk || !device_alias(disk))
        return;
    tree_set_attr(tree_get(disk, "target"), "tray", open ? "open" : NULL);
    notify_tray(g, device_alias(disk), open ? 0 : 1);
    guest_changed(g);
}

static void on_device_deleted(struct guest *g, json_t *d)
{
    const char *alias = str(d, "device");
    if (is_up(g) && alias && strlen(alias) < NAME_MAX_CHARS && !vcpu_deleted(g, alias))
        unplug_deleted(g, alias);
}

static void on_unplug_error(struct guest *g, json_t *d)
{
    if (is_up(g) && known_device(g, d, "device"))
        unplug_refused(g, str(d, "device"));
}

static void on_port(struct guest *g, json_t *d)
{
    struct tree *dev = known_device(g, d, "id");
    if (!dev || strcmp(dev->name, "channel"))
        return;
    guest_set_channel(g, dev, json_is_true(json_object_get(d, "open")), REASON_CHANNEL);
}

static void on_threshold(struct guest *g, json_t *d)
{
    struct tree *disk = disk_of_node(g, str(d, "node-name"));
    json_int_t threshold = json_integer_value(json_object_get(d, "write-threshold")), excess = json_integer_value(json_object_get(d, "amount-exceeded"));
    const char *dev = tree_path_attr(disk, "target", "dev");
    unsigned n = 0;
    char index[16], numbered[160];
    if (!is_up(g) || !dev || threshold < 0 || excess < 0 || sscanf(str(d, "node-name"), "libvirt-%9u-", &n) != 1)
        return;
    snprintf(index, sizeof index, "%u", n);
    struct tree *image = disk;
    while (image && !tree_attr_is(tree_first(image, "source"), "index", index))
        image = tree_first(image, "backingStore");
    /* The image on top is told by the disk's name, and every one by its number. */
    if (image == disk)
        notify_block_threshold(g, dev, disk_source(disk), (uint64_t)threshold, (uint64_t)excess);
    if (image && !util_format(numbered, sizeof numbered, "%s[%u]", dev, n))
        notify_block_threshold(g, numbered, disk_source(image), (uint64_t)threshold, (uint64_t)excess);
}

static void on_memory_size(struct guest *g, json_t *d)
{
    struct tree *module = known_device(g, d, "id");
    json_int_t size = json_integer_value(json_object_get(d, "size"));
    if (!is_up(g) || !module || strcmp(module->name, "memory") != 0 || size < 0)
        return;
    guest_set_module(module, (uint64_t)size);
    notify_memory_size(g, device_alias(module), (uint64_t)size);
    guest_changed(g);
}

static void on_memory_failure(struct guest *g, json_t *d)
{
    static const char *const who[] = { "hypervisor", "guest" }, *const what[] = { "ignore", "inject", "fatal", "reset" };
    json_t *flags = json_object_get(d, "flags");
    int r = word_index(str(d, "recipient"), who, ARRAY_N(who)), a = word_index(str(d, "action"), what, ARRAY_N(what));
    if (is_up(g) && r >= 0 && a >= 0)
        notify_memory_failure(g, r, a, (json_is_true(json_object_get(flags, "action-required")) ? 1 : 0) | (json_is_true(json_object_get(flags, "recursive")) ? 2 : 0));
}

/* Of a save, not of a start from saved state. */
static void on_pass(struct guest *g, json_t *d)
{
    json_int_t pass = json_integer_value(json_object_get(d, "pass"));
    if (is_up(g) && g->saving && pass >= 0 && pass <= INT32_MAX)
        notify_iteration(g, (int)pass);
}

static const struct { const char *name; void (*fn)(struct guest *g, json_t *d); } events[] = {
    { "STOP", on_stop },
    { "RESUME", on_resume },
    { "SHUTDOWN", on_shutdown },
    { "RESET", on_reset },
    { "GUEST_PANICKED", on_panicked },
    { "GUEST_CRASHLOADED", on_crashloaded },
    { "SUSPEND", on_pmsuspend },
    { "SUSPEND_DISK", on_pmsuspend_disk },
    { "WAKEUP", on_wakeup },
    { "WATCHDOG", on_watchdog },
    { "BLOCK_IO_ERROR", on_io_error },
    { "RTC_CHANGE", on_rtc_change },
    { "BALLOON_CHANGE", on_balloon_change },
    { "VNC_CONNECTED", on_graphics_connected },
    { "VNC_INITIALIZED", on_graphics_initialized },
    { "VNC_DISCONNECTED", on_graphics_disconnected },
    { "SPICE_CONNECTED", on_graphics_connected },
    { "SPICE_INITIALIZED", on_graphics_initialized },
    { "SPICE_DISCONNECTED", on_graphics_disconnected },
    { "DEVICE_TRAY_MOVED", on_tray_moved },
    { "DEVICE_DELETED", on_device_deleted },
    { "DEVICE_UNPLUG_GUEST_ERROR", on_unplug_error },
    { "MEM_UNPLUG_ERROR", on_unplug_error },
    { "VSERPORT_CHANGE", on_port },
    { "BLOCK_WRITE_THRESHOLD", on_threshold },
    { "MEMORY_FAILURE", on_memory_failure },
    { "MEMORY_DEVICE_SIZE_CHANGE", on_memory_size },
    { "MIGRATION_PASS", on_pass },
    { "DUMP_COMPLETED", dump_completed },
    /* POWERDOWN, NIC_RX_FILTER_CHANGED, JOB_STATUS_CHANGE and others mean nothing to this role; clients of the raw events get them. */
};

void qevent(struct qmp *q, const char *name, json_t *data, double when)
{
    struct guest *g = q->data;
    if (g->phase == PHASE_GONE || strlen(name) >= NAME_MAX_CHARS)
        return;
    if (is_up(g))
        notify_monitor(g, name, when, data);
    for (size_t i = 0; i < ARRAY_N(events); i++)
        if (!strcmp(events[i].name, name)) {
            events[i].fn(g, data);
            return;
        }
}
