/* cleanup.c: what is left in QEMU of devices that could not be plugged in, or that it has let go, is taken out command by command.  Errors mean that it was not there. */
#include "config.h"
#include <string.h>

#include "ipc/log.h"
#include "ipc/util.h"
#include "workers/qemu/plug.h"

enum { GROUPS_MAX = 64 /* of devices that QEMU does not let go; more than that, and no other is plugged in */, AGAIN_MS = 2000,
    BUSY_MS = 100, BUSY_TRIES = 100,
    RESUMED_MS = 20000 /* for a guest to let go what an earlier instance began to plug in: the same may be asked for again, under the same names */ };

/* ---- the supervisor is told of a device that has gone until it says that it knows ---- */

static void tell(struct guest *g);

static void tell_again(struct loop_timer *t)
{
    tell(t->data);
}

static void on_told(struct worker *w, void *data, struct frame *f, const struct err *e)
{
    struct guest *g = data;
    (void)w, (void)f;
    g->telling = false;
    if (e) {
        log_warn("a device has gone, and the supervisor could not see to it: %s", e->detail);
        loop_after(&g->tell_again, AGAIN_MS, tell_again, g);
        return;
    }
    json_array_remove(g->gone, 0);
    guest_changed(g);
    tell(g);
}

static void tell(struct guest *g)
{
    struct plug_alias a = { 0 };
    json_t *first = json_array_get(g->gone, 0);
    const char *alias = json_string_value(json_is_array(first) ? json_array_get(first, 0) : first);
    if (!alias || g->telling || g->tell_again.armed)
        return;
    util_copy_str(a.alias, sizeof a.alias, alias);
    if (json_is_array(first)) {         /* the supervisor still knows the disk: its lease comes before it, and once: by the next time another disk may have the same */
        lease_one(g, false, (int)json_integer_value(json_array_get(first, 1)) & (MANIFEST_ENTRIES_MAX - 1), NULL, NULL);
        json_array_set_new(g->gone, 0, json_string(a.alias));
        save_notes(g);
    }
    if (worker_call(g->w, OP_IN(IN_UNPLUGGED), 0, &a, sizeof a, NULL, 0, on_told, g))
        loop_after(&g->tell_again, AGAIN_MS, tell_again, g);
    else
        g->telling = true;
}

/* ---- groups ---- */

uint64_t cleanup_add(struct guest *g, json_t *commands, const char *gone, int lease)
{
    json_t *group = json_pack("{s:I, s:o}", "n", (json_int_t)++g->cleanup_last, "do", commands ? commands : json_array());
    if (gone)
        json_object_set_new(group, "gone", lease < 0 ? json_string(gone) : json_pack("[s, i]", gone, lease));
    if (!g->cleanup)
        g->cleanup = json_array();
    json_array_append_new(g->cleanup, group);
    save_notes(g);
    return g->cleanup_last;
}

static size_t place_of(const struct guest *g, uint64_t group)
{
    size_t i = 0, n = json_array_size(g->cleanup);
    while (i < n && json_integer_value(json_object_get(json_array_get(g->cleanup, i), "n")) != (json_int_t)group)
        i++;
    return i;
}

bool cleanup_is_full(const struct guest *g)
{
    return json_array_size(g->cleanup) >= GROUPS_MAX;
}

bool cleanup_has(const struct guest *g, uint64_t group)
{
    return group && place_of(g, group) < json_array_size(g->cleanup);
}

/* What is noted has it in one list or the other: who finds it in both would give up a lease that may be another disk's by then. */
static void finish(struct guest *g, json_t *group)
{
    json_auto_t *gone = json_incref(json_object_get(group, "gone"));
    const char *alias = json_string_value(json_is_array(gone) ? json_array_get(gone, 0) : gone);
    json_array_remove(g->cleanup, place_of(g, (uint64_t)json_integer_value(json_object_get(group, "n"))));
    if (alias) {
        if (!g->gone)
            g->gone = json_array();
        json_array_append(g->gone, gone);
        tell(g);                        /* first: a client who hears of it may have another one plugged in at once */
        notify_device_removed(g, alias);
    }
    guest_told(g);
}

static const char *device_of(json_t *command)
{
    const char *name = json_string_value(json_object_get(command, "execute"));
    return name && !strcmp(name, "device_del") ? json_string_value(json_object_get(json_object_get(command, "arguments"), "id")) : NULL;
}

static void clean_again(struct loop_timer *t)
{
    cleanup_go(t->data);
}

/* A device leaves QEMU's list, and then device_del finds it no more, some time before the last of its references: until then what it used is in use.  Who has heard of its
 * end by DEVICE_DELETED does not meet that; who was not there then, and looked, does. */
static bool is_in_use(json_t *group, const struct err *e)
{
    json_int_t tries = json_integer_value(json_object_get(group, "tries"));
    if (!strstr(e->detail, "in use") && !strstr(e->detail, "is busy"))
        return false;
    json_object_set_new(group, "tries", json_integer(tries + 1));
    return tries < BUSY_TRIES;
}

static void on_cleaned(void *data, json_t *ret, const struct err *e)
{
    struct guest *g = data;
    size_t i = place_of(g, g->cleaning);
    json_t *group = json_array_get(g->cleanup, i), *commands = json_object_get(group, "do");
    bool is_device = device_of(json_array_get(commands, 0)), is_gone = !json_object_get(group, "await") || (e && strstr(e->detail, "not found"));
    (void)ret;
    g->cleaning = 0;
    if (e && e->code != VIR_ERR_INTERNAL_ERROR) {       /* QEMU does not answer, or has ended */
        json_object_del(group, "await");
        loop_after(&g->clean_again, AGAIN_MS, clean_again, g);
        g->clean_stuck = true;
        plug_settled(g);
        return;
    }
    if (e && !is_device && is_in_use(group, e)) {
        loop_after(&g->clean_again, BUSY_MS, clean_again, g);
        return;
    }
    if (e && !is_device)
        log_debug("taking out what is left of a device: %s", e->detail);
    if (!is_device || is_gone) {
        json_object_del(group, "await");
        json_array_remove(commands, 0);
    }
    cleanup_go(g);
}

void cleanup_go(struct guest *g)
{
    json_t *group = NULL;
    if (g->plug && g->plug->begun)      /* what it makes may have the names of what is to go: one after the other */
        return;
    if (g->cleaning || g->phase != PHASE_UP || g->qmp.state != QMP_READY)
        return;
    for (size_t i = 0; !group && i < json_array_size(g->cleanup);) {
        json_t *at = json_array_get(g->cleanup, i);
        json_t *first = json_array_get(json_object_get(at, "do"), 0);
        if (!first)
            finish(g, at);
        else if (json_object_get(at, "await"))
            i++;
        else
            group = at;
    }
    if (!group) {
        plug_settled(g);
        return;
    }
    json_t *command = json_array_get(json_object_get(group, "do"), 0);
    const char *device = device_of(command);
    if (device)         /* it may take the guest's consent; and its end may be told before the command is answered */
        json_object_set_new(group, "await", json_string(device));
    g->clean_stuck = false;
    g->cleaning = (uint64_t)json_integer_value(json_object_get(group, "n"));
    qmp_send(&g->qmp, json_string_value(json_object_get(command, "execute")), json_deep_copy(json_object_get(command, "arguments")), -1, 0, on_cleaned, g);
    qmp_flush(&g->qmp);
}

bool cleanup_deleted(struct guest *g, const char *alias)
{
    json_t *group;
    size_t i;
    bool is_ours = false;
    json_array_foreach(g->cleanup, i, group) {
        const char *awaited = json_string_value(json_object_get(group, "await"));
        if (is_ours || !awaited || strcmp(awaited, alias))
            continue;
        is_ours = true;
        json_object_del(group, "await");
        if (g->cleaning != (uint64_t)json_integer_value(json_object_get(group, "n")))       /* else its answer comes, and it is not found then */
            json_array_remove(json_object_get(group, "do"), 0);
    }
    cleanup_go(g);
    return is_ours;
}

/* ---- the next instance ---- */

char *cleanup_note(const struct guest *g)
{
    json_t *all = g->cleanup ? json_deep_copy(g->cleanup) : json_array();
    char *text = NULL;
    for (int bus = 1; bus >= 0 && g->plug && g->plug->begun; bus--) {
        json_t *undo = plug_undo(g->plug, g->plug->n, bus);
        if (json_array_size(undo))
            json_array_append_new(all, json_pack("{s:I, s:O}", "n", (json_int_t)(g->cleanup_last + 1 + (uint64_t)bus), "do", undo));
        json_decref(undo);
    }
    json_t *note = json_pack("{s:o, s:o}", "cleanup", all, "gone", g->gone ? json_incref(g->gone) : json_array());
    if (json_array_size(all) || json_array_size(g->gone))
        text = json_dumps(note, JSON_COMPACT);
    json_decref(note);
    return text;
}

void cleanup_load(struct guest *g, const char *text)
{
    json_t *note = text ? json_loads(text, 0, NULL) : NULL, *group;
    size_t i;
    g->cleanup = json_incref(json_object_get(note, "cleanup"));
    g->gone = json_incref(json_object_get(note, "gone"));
    json_decref(note);
    g->cleanup_last = 0;
    json_array_foreach(g->cleanup, i, group) {
        json_int_t n = json_integer_value(json_object_get(group, "n"));
        json_object_del(group, "await");                /* its end may have been told to the instance before */
        g->cleanup_last = n > (json_int_t)g->cleanup_last ? (uint64_t)n : g->cleanup_last;
    }
}

static void on_resumed(struct loop_timer *t)
{
    struct guest *g = t->data;
    g->job = NULL;
    later_go(g);
}

void cleanup_settled(struct guest *g)
{
    if (!g->clean_late.armed || (json_array_size(g->cleanup) && !g->clean_stuck))
        return;
    loop_cancel(&g->clean_late);
    on_resumed(&g->clean_late);
}

void cleanup_resume(struct guest *g)
{
    tell(g);
    if (json_array_size(g->cleanup) && !g->job) {
        g->job = "remoteDispatchDomainDetachDeviceFlags";       /* what the instance before was asked for may be asked of this one */
        loop_after(&g->clean_late, RESUMED_MS, on_resumed, g);
    }
    cleanup_go(g);
}
