/* events.c: who wants which event, and their delivery.
 *
 * What an emitter (supervisor, qemu worker) sends: one FRAME_EVENT,
 *   op    the procedure in the table below (column `proc`), so OP_REMOTE_DOMAIN_EVENT_CALLBACK_... ; for ids 16 on the only one there is
 *   arg   the event id (0 .. 26); EVENT_MONITOR (64) for QEMU's own events, op OP_QEMU_DOMAIN_MONITOR_EVENT
 *   body  msgpack array of the message's fields without callback id (and without the unused `reason` of ids 11, 12, 14);
 *         where the message nests another struct, that struct's fields.  The first field is always the domain, which travels as struct dom_head and is
 *         [name, uuid, id] by the time it is here (gw_frame):
 *           0 lifecycle               dom event detail              13 balloon change         dom actual
 *           1 reboot                  dom                           14 pmsuspend disk         dom
 *           2 rtc change              dom offset                    15 device removed         dom alias
 *           3 watchdog                dom action                    16 block job 2            dom dst type status
 *           4 io error                dom path alias action         17 tunable                dom params
 *           5 graphics                dom phase local remote        18 agent lifecycle        dom state reason
 *                                     scheme subject                19 device added           dom alias
 *           6 io error reason         dom path alias action reason  20 migration iteration    dom iteration
 *           7 control error           dom                           21 job completed          dom params
 *           8 block job               dom path type status          22 device removal failed  dom alias
 *           9 disk change             dom old new alias reason      23 metadata change        dom type nsuri
 *          10 tray change             dom alias reason              24 block threshold        dom dev path threshold excess
 *          11 pmwakeup                dom                           25 memory failure         dom recipient action flags
 *          12 pmsuspend               dom                           26 memory device size     dom alias size
 *          64 monitor event           dom event seconds micros details
 *   object the guest's handle
 * One frame serves all: each callback here gets a message of its own, in the new form or (ids 0 .. 15) the old one. */
#include "gateway.h"
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "ipc/log.h"
#include "ipc/util.h"

enum { EVENT_MONITOR = 64, CALLBACKS_MAX = 1024, EVENT_NAME_MAX = 256 };

/* How the new form is put together from the body's fields. */
enum form { NESTED /* id, [fields] */, REASON /* id, 0, [fields] */, FLAT /* id, fields */ };
static const struct event { uint32_t op, old; enum form form; } events[] = {
    [0] = { OP_REMOTE_DOMAIN_EVENT_CALLBACK_LIFECYCLE, OP_REMOTE_DOMAIN_EVENT_LIFECYCLE, NESTED },
    [1] = { OP_REMOTE_DOMAIN_EVENT_CALLBACK_REBOOT, OP_REMOTE_DOMAIN_EVENT_REBOOT, NESTED },
    [2] = { OP_REMOTE_DOMAIN_EVENT_CALLBACK_RTC_CHANGE, OP_REMOTE_DOMAIN_EVENT_RTC_CHANGE, NESTED },
    [3] = { OP_REMOTE_DOMAIN_EVENT_CALLBACK_WATCHDOG, OP_REMOTE_DOMAIN_EVENT_WATCHDOG, NESTED },
    [4] = { OP_REMOTE_DOMAIN_EVENT_CALLBACK_IO_ERROR, OP_REMOTE_DOMAIN_EVENT_IO_ERROR, NESTED },
    [5] = { OP_REMOTE_DOMAIN_EVENT_CALLBACK_GRAPHICS, OP_REMOTE_DOMAIN_EVENT_GRAPHICS, NESTED },
    [6] = { OP_REMOTE_DOMAIN_EVENT_CALLBACK_IO_ERROR_REASON, OP_REMOTE_DOMAIN_EVENT_IO_ERROR_REASON, NESTED },
    [7] = { OP_REMOTE_DOMAIN_EVENT_CALLBACK_CONTROL_ERROR, OP_REMOTE_DOMAIN_EVENT_CONTROL_ERROR, NESTED },
    [8] = { OP_REMOTE_DOMAIN_EVENT_CALLBACK_BLOCK_JOB, OP_REMOTE_DOMAIN_EVENT_BLOCK_JOB, NESTED },
    [9] = { OP_REMOTE_DOMAIN_EVENT_CALLBACK_DISK_CHANGE, OP_REMOTE_DOMAIN_EVENT_DISK_CHANGE, NESTED },
    [10] = { OP_REMOTE_DOMAIN_EVENT_CALLBACK_TRAY_CHANGE, OP_REMOTE_DOMAIN_EVENT_TRAY_CHANGE, NESTED },
    [11] = { OP_REMOTE_DOMAIN_EVENT_CALLBACK_PMWAKEUP, OP_REMOTE_DOMAIN_EVENT_PMWAKEUP, REASON },
    [12] = { OP_REMOTE_DOMAIN_EVENT_CALLBACK_PMSUSPEND, OP_REMOTE_DOMAIN_EVENT_PMSUSPEND, REASON },
    [13] = { OP_REMOTE_DOMAIN_EVENT_CALLBACK_BALLOON_CHANGE, OP_REMOTE_DOMAIN_EVENT_BALLOON_CHANGE, NESTED },
    [14] = { OP_REMOTE_DOMAIN_EVENT_CALLBACK_PMSUSPEND_DISK, OP_REMOTE_DOMAIN_EVENT_PMSUSPEND_DISK, REASON },
    [15] = { OP_REMOTE_DOMAIN_EVENT_CALLBACK_DEVICE_REMOVED, OP_REMOTE_DOMAIN_EVENT_DEVICE_REMOVED, NESTED },
    [16] = { OP_REMOTE_DOMAIN_EVENT_BLOCK_JOB_2, 0, FLAT },
    [17] = { OP_REMOTE_DOMAIN_EVENT_CALLBACK_TUNABLE, 0, FLAT },
    [18] = { OP_REMOTE_DOMAIN_EVENT_CALLBACK_AGENT_LIFECYCLE, 0, FLAT },
    [19] = { OP_REMOTE_DOMAIN_EVENT_CALLBACK_DEVICE_ADDED, 0, FLAT },
    [20] = { OP_REMOTE_DOMAIN_EVENT_CALLBACK_MIGRATION_ITERATION, 0, FLAT },
    [21] = { OP_REMOTE_DOMAIN_EVENT_CALLBACK_JOB_COMPLETED, 0, FLAT },
    [22] = { OP_REMOTE_DOMAIN_EVENT_CALLBACK_DEVICE_REMOVAL_FAILED, 0, FLAT },
    [23] = { OP_REMOTE_DOMAIN_EVENT_CALLBACK_METADATA_CHANGE, 0, FLAT },
    [24] = { OP_REMOTE_DOMAIN_EVENT_BLOCK_THRESHOLD, 0, FLAT },
    [25] = { OP_REMOTE_DOMAIN_EVENT_MEMORY_FAILURE, 0, FLAT },
    [26] = { OP_REMOTE_DOMAIN_EVENT_MEMORY_DEVICE_SIZE_CHANGE, 0, FLAT },
    [27 ... EVENT_MONITOR - 1] = { 0, 0, FLAT },
    [EVENT_MONITOR] = { OP_QEMU_DOMAIN_MONITOR_EVENT, 0, FLAT },
};
enum { EVENTS_API = 27 };           /* ids that a client may register for */

enum { MONITOR_REGEX = 1, MONITOR_NOCASE = 2 };
struct callback {
    struct callback *next;
    int32_t id;
    uint32_t event;
    bool old;                       /* old form: delivered without callback id */
    bool one;                       /* of the guest with this uuid only */
    uint8_t uuid[16];
    char *name;                     /* monitor events: which; NULL all */
    uint32_t flags;
    regex_t *regex;
};

static void callback_free(struct callback *b)
{
    if (b->regex) {
        regfree(b->regex);
        free(b->regex);
    }
    free(b->name);
    free(b);
}

void events_free(struct gw *gw)
{
    while (gw->callbacks) {
        struct callback *b = gw->callbacks;
        gw->callbacks = b->next;
        callback_free(b);
    }
}

void events_subscribe(struct gw *gw, bool again)
{
    uint64_t mask[2] = { 0, 0 };
    for (const struct callback *b = gw->callbacks; b; b = b->next)
        mask[b->event / 64] |= UINT64_C(1) << b->event % 64;
    if (gw->lease_events)
        mask[LEASE_LOST_EVENT / 64] |= UINT64_C(1) << LEASE_LOST_EVENT % 64;
    if (memcmp(mask, gw->mask, sizeof mask) == 0 && !again)
        return;
    memcpy(gw->mask, mask, sizeof mask);
    struct frame_head h = { .kind = FRAME_EVENT, .op = OP_IN(IN_SUBSCRIBE) };
    chan_send(&gw->w.chan, &h, mask, sizeof mask, NULL, 0);
}

/* ---- registration ---- */

static bool callback_same(const struct callback *a, const struct callback *b)
{
    return a->event == b->event && a->event != EVENT_MONITOR && a->old == b->old && a->one == b->one && (!a->one || !memcmp(a->uuid, b->uuid, 16));
}

int32_t callback_number(struct gw *gw)
{
    int32_t n = gw->next_callback;
    gw->next_callback = n == INT32_MAX ? 0 : n + 1;
    return n;
}

/* Adds *b, whose id it makes; takes b over. False: answered with an error. */
static bool callback_add(struct gw *gw, struct call *c, struct callback *b)
{
    struct callback **p = &gw->callbacks;
    for (; *p; p = &(*p)->next)
        if (callback_same(*p, b)) {
            callback_free(b);
            call_fail(gw, c, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "event callback already tracked");
            return false;
        }
    if (gw->ncallbacks >= CALLBACKS_MAX) {
        callback_free(b);
        call_fail(gw, c, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "too many event callbacks on one connection");
        return false;
    }
    gw->ncallbacks++;
    b->id = callback_number(gw);
    *p = b;
    events_subscribe(gw, false);
    return true;
}

static struct callback *callback_new(struct gw *gw, uint32_t event)
{
    struct callback *b = calloc(1, sizeof *b);
    if (!b)
        gw_end(gw, "out of memory");
    else
        b->event = event;
    return b;
}

/* Drops the callback at *p. */
static void callback_drop(struct gw *gw, struct callback **p)
{
    struct callback *b = *p;
    *p = b->next;
    gw->ncallbacks--;
    callback_free(b);
    events_subscribe(gw, false);
}

/* An optional domain. False: answered with an error. */
static bool callback_domain(struct gw *gw, struct call *c, struct mp_in *in, struct callback *b)
{
    size_t n = 16;
    if (mp_peek(in) == MP_NIL) {
        mp_get_nil(in);
        return true;
    }
    uint32_t elems = mp_get_array(in, 3);
    mp_skip(in);
    const uint8_t *uuid = mp_get_bin(in, &n);
    mp_get_i32(in);
    if (in->bad || elems != 3 || n != 16) {
        call_fail(gw, c, VIR_ERR_RPC, VIR_FROM_RPC, "Unable to decode message payload");
        return false;
    }
    b->one = true;
    memcpy(b->uuid, uuid, 16);
    return true;
}

static bool event_known(struct gw *gw, struct call *c, int32_t id, bool old)
{
    if (id >= 0 && id < EVENTS_API && (!old || events[id].old))
        return true;
    call_fail(gw, c, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "unsupported event ID %d", id);
    return false;
}

static void register_new(struct gw *gw, struct call *c, struct mp_in *in)
{
    int32_t id = mp_get_i32(in);
    if (!event_known(gw, c, id, false))
        return;
    struct callback *b = callback_new(gw, (uint32_t)id);
    if (!b)
        return;
    if (!callback_domain(gw, c, in, b))
        callback_free(b);
    else if (callback_add(gw, c, b))
        call_int(gw, c, b->id);
}

static void deregister(struct gw *gw, struct call *c, bool monitor, int32_t id)
{
    for (struct callback **p = &gw->callbacks; *p; p = &(*p)->next)
        if ((*p)->id == id && !(*p)->old && ((*p)->event == EVENT_MONITOR) == monitor) {
            callback_drop(gw, p);
            call_done(gw, c);
            return;
        }
    call_fail(gw, c, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "%s event callback %d not registered", monitor ? "qemu monitor" : "domain", id);
}

static void deregister_new(struct gw *gw, struct call *c, struct mp_in *in)
{
    deregister(gw, c, false, mp_get_i32(in));
}

/* The old forms answer with nothing (any) or a number that nobody reads (lifecycle only). */
static void old_answer(struct gw *gw, struct call *c)
{
    if (c->op->ret)
        call_int(gw, c, 0);
    else
        call_done(gw, c);
}

static void register_old(struct gw *gw, struct call *c, struct mp_in *in)
{
    int32_t id = c->op->args ? mp_get_i32(in) : 0;
    if (!event_known(gw, c, id, true))
        return;
    struct callback *b = callback_new(gw, (uint32_t)id);
    if (!b)
        return;
    b->old = true;
    if (callback_add(gw, c, b))
        old_answer(gw, c);
}

static void deregister_old(struct gw *gw, struct call *c, struct mp_in *in)
{
    int32_t id = c->op->args ? mp_get_i32(in) : 0;
    if (!event_known(gw, c, id, true))
        return;
    for (struct callback **p = &gw->callbacks; *p; p = &(*p)->next)
        if ((*p)->old && (*p)->event == (uint32_t)id) {
            callback_drop(gw, p);
            old_answer(gw, c);
            return;
        }
    call_fail(gw, c, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "domain event %d not registered", id);
}

/* ---- QEMU's own events ---- */

/* False: answered with an error. */
static bool monitor_filter(struct gw *gw, struct call *c, struct mp_in *in, struct callback *b)
{
    if (mp_peek(in) != MP_NIL)
        b->name = mp_get_strdup(in, EVENT_NAME_MAX);
    else
        mp_get_nil(in);
    b->flags = mp_get_u32(in);
    if (in->bad) {
        call_fail(gw, c, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "event name is too long");
        return false;
    }
    if (b->flags & ~(MONITOR_REGEX | MONITOR_NOCASE)) {
        call_fail(gw, c, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "unsupported flags (0x%x) in function virDomainQemuMonitorEventStateRegisterID",
            b->flags & ~(MONITOR_REGEX | MONITOR_NOCASE));
        return false;
    }
    if (!b->name || !(b->flags & MONITOR_REGEX))
        return true;
    b->regex = malloc(sizeof *b->regex);
    int r = b->regex ? regcomp(b->regex, b->name, REG_EXTENDED | REG_NOSUB | (b->flags & MONITOR_NOCASE ? REG_ICASE : 0)) : REG_ESPACE;
    if (r) {
        char text[128];
        regerror(r, NULL, text, sizeof text);
        free(b->regex);
        b->regex = NULL;
        call_fail(gw, c, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "failed to compile regex '%s': %s", b->name, text);
        return false;
    }
    return true;
}

static void register_monitor(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct callback *b = callback_new(gw, EVENT_MONITOR);
    if (!b)
        return;
    if (!callback_domain(gw, c, in, b) || !monitor_filter(gw, c, in, b))
        callback_free(b);
    else if (callback_add(gw, c, b))
        call_int(gw, c, b->id);
}

static void deregister_monitor(struct gw *gw, struct call *c, struct mp_in *in)
{
    deregister(gw, c, true, mp_get_i32(in));
}

static bool monitor_wanted(const struct callback *b, const char *name)
{
    if (b->regex)
        return regexec(b->regex, name, 0, NULL, 0) == 0;
    if (!b->name)
        return true;
    return b->flags & MONITOR_NOCASE ? !strcasecmp(b->name, name) : !strcmp(b->name, name);
}

/* ---- delivery ---- */

struct event_body { const uint8_t *fields; size_t len; uint32_t n; const uint8_t *whole; size_t whole_len; uint8_t uuid[16]; char name[EVENT_NAME_MAX]; };

/* Looks at what every event begins with. False: not an event's body. */
static bool event_open(const struct frame *f, struct event_body *v)
{
    struct mp_in in;
    size_t n;

    mp_in_init(&in, f->body, f->body_len);
    v->whole = f->body;
    v->whole_len = f->body_len;
    v->n = mp_get_array(&in, 16);
    v->fields = in.p;
    v->len = (size_t)(in.end - in.p);
    uint32_t elems = mp_get_array(&in, 3);
    mp_skip(&in);
    const uint8_t *uuid = mp_get_bin(&in, &n);
    mp_get_i32(&in);
    if (in.bad || !v->n || elems != 3 || n != 16)
        return false;
    memcpy(v->uuid, uuid, 16);
    v->name[0] = 0;
    if (f->h.arg == EVENT_MONITOR && !mp_get_strz(&in, v->name, sizeof v->name))
        return false;
    return true;
}

static int event_send(struct gw *gw, const struct callback *b, const struct event_body *v)
{
    const struct event *ev = &events[b->event];
    struct mp_out o;
    int r;

    log_debug("%s sent", op_find(b->old ? ev->old : ev->op)->name);
    if (b->old)
        return gw->front->event(gw, op_find(ev->old), v->whole, v->whole_len);
    mp_out_init(&o, v->whole_len + 64);
    mp_array(&o, ev->form == FLAT ? v->n + 1 : ev->form == REASON ? 3 : 2);
    mp_int(&o, b->id);
    if (ev->form == REASON)
        mp_int(&o, 0);
    if (ev->form == FLAT)
        mp_raw(&o, v->fields, v->len);
    else
        mp_raw(&o, v->whole, v->whole_len);
    r = o.failed ? -1 : gw->front->event(gw, op_find(ev->op), o.p, o.len);
    mp_out_free(&o);
    return r;
}

void events_frame(struct gw *gw, struct frame *f)
{
    struct event_body v;
    uint32_t id = f->h.arg;

    if (!gw->front || gw->closing || id >= ARRAY_N(events) || !events[id].op || (f->h.op != events[id].op && f->h.op != events[id].old))
        return;
    if (frame_body(f, FRAME_BIG_MAX) < 0 || mp_guard(f->body, f->body_len, MP_DEPTH_MAX, FRAME_BIG_MAX, NULL) != 0 || !event_open(f, &v)) {
        log_warn("an event (id %u) that cannot be read, dropped", id);
        return;
    }
    for (const struct callback *b = gw->callbacks; b && !gw->ended; b = b->next) {
        if (b->event != id || (b->one && memcmp(b->uuid, v.uuid, 16)) || (id == EVENT_MONITOR && !monitor_wanted(b, v.name)))
            continue;
        if (event_send(gw, b, &v) < 0) {
            log_warn("an event (id %u) that is not of its shape, dropped", id);
            return;
        }
        if (conn_queued(&gw->conn) > GW_OUT_EVENTS)
            gw_end(gw, "too slow for its events");
    }
}

const struct local local_events[] = {
    { OP_REMOTE_CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY, register_new },
    { OP_REMOTE_CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY, deregister_new },
    { OP_REMOTE_CONNECT_DOMAIN_EVENT_REGISTER, register_old },
    { OP_REMOTE_CONNECT_DOMAIN_EVENT_DEREGISTER, deregister_old },
    { OP_REMOTE_CONNECT_DOMAIN_EVENT_REGISTER_ANY, register_old },
    { OP_REMOTE_CONNECT_DOMAIN_EVENT_DEREGISTER_ANY, deregister_old },
    { OP_QEMU_CONNECT_DOMAIN_MONITOR_EVENT_REGISTER, register_monitor },
    { OP_QEMU_CONNECT_DOMAIN_MONITOR_EVENT_DEREGISTER, deregister_monitor },
    { 0, NULL },
};
