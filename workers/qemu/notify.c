/* notify.c: events of the public API that come from this guest.
 *
 * Body as the head of the gateway's events.c tells: the event's fields without the callback id; the domain comes first (struct dom_head), and the
 * supervisor compares it with its own knowledge of this channel.  The frame's op is the event's callback form, its arg the domain event id, by
 * which the supervisor finds the subscribers. */
#include "config.h"
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "ipc/log.h"
#include "ipc/schema/op-numbers.h"
#include "ipc/util.h"
#include "workers/qemu/guest.h"

/* A guest can cause events at will (a tray that opens and closes, its agent's port); each goes to every subscriber. */
#define RATE 200u
#define BYTES_MAX 65536u

enum event_id { EV_LIFECYCLE, EV_REBOOT, EV_RTC_CHANGE, EV_WATCHDOG, EV_IO_ERROR, EV_GRAPHICS, EV_IO_ERROR_REASON, EV_CONTROL_ERROR, EV_BLOCK_JOB,
    EV_DISK_CHANGE, EV_TRAY_CHANGE, EV_PMWAKEUP, EV_PMSUSPEND, EV_BALLOON_CHANGE, EV_PMSUSPEND_DISK, EV_DEVICE_REMOVED, EV_BLOCK_JOB_2, EV_TUNABLE,
    EV_AGENT_LIFECYCLE, EV_DEVICE_ADDED, EV_MIGRATION_ITERATION, EV_JOB_COMPLETED, EV_DEVICE_REMOVAL_FAILED, EV_METADATA_CHANGE, EV_BLOCK_THRESHOLD,
    EV_MEMORY_FAILURE, EV_MEMORY_DEVICE_SIZE_CHANGE, EV_N, EV_MONITOR = 64 };

bool bucket_take(struct bucket *b, uint32_t rate)
{
    uint64_t now = loop_now_ms(), gain = (now - b->at_ms) * rate / 1000;
    if (gain) {
        b->left = gain + b->left > rate ? rate : (uint32_t)(b->left + gain);
        b->at_ms = now;
    }
    if (!b->left)
        return false;
    b->left--;
    return true;
}

/* Begins a body of the domain and fields - 1 values; false: over the rate, nothing is sent. */
static bool begin(struct guest *g, struct mp_out *o, unsigned fields)
{
    if (!bucket_take(&g->event_bucket, RATE)) {
        g->events_dropped++;
        if (!(g->events_dropped & (g->events_dropped - 1)))
            log_warn("too many events; %llu dropped so far", (unsigned long long)g->events_dropped);
        return false;
    }
    struct dom_head d = { .id = g->id, .values = fields - 1 };
    util_copy_str(d.name, sizeof d.name, g->name);
    memcpy(d.uuid, g->uuid, sizeof d.uuid);
    mp_out_init(o, BYTES_MAX);
    mp_raw(o, &d, sizeof d);
    return true;
}

static void end(struct guest *g, struct mp_out *o, uint32_t op, uint32_t id)
{
    if (o->failed)
        log_warn("an event of %u bytes was dropped", (unsigned)o->len);
    else
        worker_event(g->w, op, id, o->p, o->len, NULL, 0);
    mp_out_free(o);
}

static const char *or_empty(const char *s)
{
    return s ? s : "";
}

/* An event whose fields are plain. types: a letter each, of what follows: i int, l int64_t, u uint64_t, s a string (NULL: an empty one), o one
 * that may be absent. */
static void event(struct guest *g, uint32_t op, uint32_t id, const char *types, ...)
{
    struct mp_out o;
    va_list ap;
    if (!begin(g, &o, 1 + (unsigned)strlen(types)))
        return;
    va_start(ap, types);
    for (; *types; types++)
        switch (*types) {
        case 'i': mp_int(&o, va_arg(ap, int)); break;
        case 'l': mp_int(&o, va_arg(ap, int64_t)); break;
        case 'u': mp_uint(&o, va_arg(ap, uint64_t)); break;
        case 's': mp_str(&o, or_empty(va_arg(ap, const char *))); break;
        default: mp_str(&o, va_arg(ap, const char *)); break;
        }
    va_end(ap);
    end(g, &o, op, id);
}

void notify_reboot(struct guest *g)
{
    event(g, OP_REMOTE_DOMAIN_EVENT_CALLBACK_REBOOT, EV_REBOOT, "");
}

void notify_rtc(struct guest *g, int64_t offset)
{
    event(g, OP_REMOTE_DOMAIN_EVENT_CALLBACK_RTC_CHANGE, EV_RTC_CHANGE, "l", offset);
}

void notify_watchdog(struct guest *g, int action)
{
    event(g, OP_REMOTE_DOMAIN_EVENT_CALLBACK_WATCHDOG, EV_WATCHDOG, "i", action);
}

void notify_io_error(struct guest *g, const char *src, const char *alias, int action, const char *reason)
{
    event(g, OP_REMOTE_DOMAIN_EVENT_CALLBACK_IO_ERROR, EV_IO_ERROR, "ssi", src, alias, action);
    event(g, OP_REMOTE_DOMAIN_EVENT_CALLBACK_IO_ERROR_REASON, EV_IO_ERROR_REASON, "ssis", src, alias, action, reason);
}

static void address(struct mp_out *o, json_t *a)
{
    const char *family = json_string_value(json_object_get(a, "family"));
    mp_array(o, 3);
    mp_int(o, family && !strcmp(family, "ipv6") ? 1 : family && !strcmp(family, "unix") ? 2 : 0);
    mp_str(o, or_empty(json_string_value(json_object_get(a, "host"))));
    mp_str(o, or_empty(json_string_value(json_object_get(a, "service"))));
}

void notify_graphics(struct guest *g, int phase, json_t *client, json_t *server, const char *auth, const char *x509, const char *sasl)
{
    struct mp_out o;
    if (!begin(g, &o, 6))
        return;
    mp_int(&o, phase);
    address(&o, server);
    address(&o, client);
    mp_str(&o, or_empty(auth));
    mp_array(&o, (x509 != NULL) + (sasl != NULL));
    if (x509) {
        mp_array(&o, 2);
        mp_str(&o, "x509dname");
        mp_str(&o, x509);
    }
    if (sasl) {
        mp_array(&o, 2);
        mp_str(&o, "saslUsername");
        mp_str(&o, sasl);
    }
    end(g, &o, OP_REMOTE_DOMAIN_EVENT_CALLBACK_GRAPHICS, EV_GRAPHICS);
}

void notify_tray(struct guest *g, const char *alias, int reason)
{
    event(g, OP_REMOTE_DOMAIN_EVENT_CALLBACK_TRAY_CHANGE, EV_TRAY_CHANGE, "si", alias, reason);
}

void notify_pm(struct guest *g, enum pm_event what)
{
    static const struct { uint32_t op, id; } row[] = {
        [PM_WAKEUP] = { OP_REMOTE_DOMAIN_EVENT_CALLBACK_PMWAKEUP, EV_PMWAKEUP },
        [PM_SUSPEND] = { OP_REMOTE_DOMAIN_EVENT_CALLBACK_PMSUSPEND, EV_PMSUSPEND },
        [PM_SUSPEND_DISK] = { OP_REMOTE_DOMAIN_EVENT_CALLBACK_PMSUSPEND_DISK, EV_PMSUSPEND_DISK },
    };
    event(g, row[what].op, row[what].id, "");
}

void notify_balloon(struct guest *g, uint64_t kib)
{
    event(g, OP_REMOTE_DOMAIN_EVENT_CALLBACK_BALLOON_CHANGE, EV_BALLOON_CHANGE, "u", kib);
}

void notify_device_added(struct guest *g, const char *alias)
{
    event(g, OP_REMOTE_DOMAIN_EVENT_CALLBACK_DEVICE_ADDED, EV_DEVICE_ADDED, "s", alias);
}

void notify_device_removed(struct guest *g, const char *alias)
{
    event(g, OP_REMOTE_DOMAIN_EVENT_CALLBACK_DEVICE_REMOVED, EV_DEVICE_REMOVED, "s", alias);
}

void notify_device_removal_failed(struct guest *g, const char *alias)
{
    event(g, OP_REMOTE_DOMAIN_EVENT_CALLBACK_DEVICE_REMOVAL_FAILED, EV_DEVICE_REMOVAL_FAILED, "s", alias);
}

void notify_agent(struct guest *g, int state, int reason)
{
    event(g, OP_REMOTE_DOMAIN_EVENT_CALLBACK_AGENT_LIFECYCLE, EV_AGENT_LIFECYCLE, "ii", state, reason);
}

void notify_tunable(struct guest *g, const struct mp_out *params)
{
    struct mp_out o;
    if (params->failed || !begin(g, &o, 2))
        return;
    mp_raw(&o, params->p, params->len);
    end(g, &o, OP_REMOTE_DOMAIN_EVENT_CALLBACK_TUNABLE, EV_TUNABLE);
}

void notify_iteration(struct guest *g, int pass)
{
    event(g, OP_REMOTE_DOMAIN_EVENT_CALLBACK_MIGRATION_ITERATION, EV_MIGRATION_ITERATION, "i", pass);
}

void notify_job(struct guest *g, const struct mp_out *params)
{
    struct mp_out o;
    if (params->failed || !begin(g, &o, 2))
        return;
    mp_raw(&o, params->p, params->len);
    end(g, &o, OP_REMOTE_DOMAIN_EVENT_CALLBACK_JOB_COMPLETED, EV_JOB_COMPLETED);
}

void notify_metadata(struct guest *g, int type, const char *uri)
{
    event(g, OP_REMOTE_DOMAIN_EVENT_CALLBACK_METADATA_CHANGE, EV_METADATA_CHANGE, "io", type, uri);
}

void notify_block_threshold(struct guest *g, const char *dev, const char *path, uint64_t threshold, uint64_t excess)
{
    event(g, OP_REMOTE_DOMAIN_EVENT_BLOCK_THRESHOLD, EV_BLOCK_THRESHOLD, "souu", dev, path, threshold, excess);
}

void notify_memory_failure(struct guest *g, int recipient, int action, uint32_t flags)
{
    event(g, OP_REMOTE_DOMAIN_EVENT_MEMORY_FAILURE, EV_MEMORY_FAILURE, "iiu", recipient, action, (uint64_t)flags);
}

void notify_memory_size(struct guest *g, const char *alias, uint64_t bytes)
{
    event(g, OP_REMOTE_DOMAIN_EVENT_MEMORY_DEVICE_SIZE_CHANGE, EV_MEMORY_DEVICE_SIZE_CHANGE, "su", alias, bytes);
}

void notify_monitor(struct guest *g, const char *event, double when, json_t *data)
{
    struct mp_out o;
    double whole;
    double part = modf(when, &whole);
    if (!(when >= 0 && when < 1e15) || !begin(g, &o, 5))
        return;
    AUTO_FREE char *text = data ? json_dumps(data, JSON_COMPACT) : NULL;
    mp_str(&o, event);
    mp_int(&o, (int64_t)whole);
    mp_uint(&o, (uint32_t)(part * 1e6));
    mp_str(&o, text);
    end(g, &o, OP_QEMU_DOMAIN_MONITOR_EVENT, EV_MONITOR);
}
