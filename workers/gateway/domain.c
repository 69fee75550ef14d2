/* domain.c: look-ups of guests and what the index page knows of each: answered at once, whatever the guest's worker does. */
#include "gateway.h"
#include <stdlib.h>
#include <string.h>
#include "ipc/util.h"

static void reply_domain(struct gw *gw, struct call *c, const struct index_slot *s)
{
    struct mp_out o;
    mp_out_init(&o, FRAME_BODY_MAX);
    mp_array(&o, 1);
    mp_domain(&o, s);
    call_reply_out(gw, c, &o);
}

static void lookup_by_id(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct index_slot s;
    int32_t id = mp_get_i32(in);
    if (id < 0)
        call_fail(gw, c, VIR_ERR_INVALID_ARG, VIR_FROM_DOMAIN, "id in virDomainLookupByID must be zero or greater");
    else if (index_find_id(&gw->ix, id, &s) < 0)
        call_fail(gw, c, VIR_ERR_NO_DOMAIN, VIR_FROM_QEMU, "no domain with matching id %d", id);
    else
        reply_domain(gw, c, &s);
}

static void lookup_by_name(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct index_slot s;
    AUTO_FREE char *name = mp_get_strdup(in, FRAME_BODY_MAX);
    if (!name)
        call_fail(gw, c, VIR_ERR_RPC, VIR_FROM_RPC, "Unable to decode message payload");
    else if (strlen(name) >= INDEX_NAME_MAX || index_find_name(&gw->ix, name, &s) < 0)
        call_fail(gw, c, VIR_ERR_NO_DOMAIN, VIR_FROM_QEMU, "no domain with matching name '%s'", name);
    else
        reply_domain(gw, c, &s);
}

static void lookup_by_uuid(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct index_slot s;
    size_t n;
    char text[37];
    const uint8_t *uuid = mp_get_bin(in, &n);
    if (in->bad || n != 16) {
        call_fail(gw, c, VIR_ERR_RPC, VIR_FROM_RPC, "Unable to decode message payload");
    } else if (index_find_uuid(&gw->ix, uuid, &s) < 0) {
        util_uuid_text(text, uuid);
        call_fail(gw, c, VIR_ERR_NO_DOMAIN, VIR_FROM_QEMU, "no domain with matching uuid '%s'", text);
    } else {
        reply_domain(gw, c, &s);
    }
}

/* ---- facts of one guest: the domain is the first argument, flags (if any) the second, and none are known unless said ---- */

static bool fact_domain(struct gw *gw, struct call *c, struct mp_in *in, struct index_slot *s)
{
    struct err e = ERR_INIT;
    if (domain_find(gw, in, s, NULL, &e) < 0) {
        call_error(gw, c, &e);
        return false;
    }
    return c->op->arg_flags < 0 || call_flags_ok(gw, c, c->arg, 0);
}

#define FACT(name, expr) \
    static void name(struct gw *gw, struct call *c, struct mp_in *in) \
    { \
        struct index_slot s; \
        if (fact_domain(gw, c, in, &s)) \
            call_int(gw, c, (int64_t)(expr)); \
    }

FACT(is_active, s.id >= 0)
FACT(is_persistent, !!(s.flags & SLOT_PERSISTENT))
FACT(is_updated, 0)         /* as libvirt answers for QEMU's guests, whatever was redefined */
FACT(get_autostart, !!(s.flags & SLOT_AUTOSTART))
FACT(has_managed_save, !!(s.flags & SLOT_MANAGED_SAVE))
FACT(get_max_memory, s.now.mem_max_kib)

static void get_os_type(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct index_slot s;
    if (fact_domain(gw, c, in, &s))
        call_str(gw, c, "hvm");
}

static void get_state(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct index_slot s;
    struct mp_out o;
    if (!fact_domain(gw, c, in, &s))
        return;
    mp_out_init(&o, 64);
    mp_array(&o, 2);
    mp_int(&o, s.state);
    mp_int(&o, s.reason);
    call_reply_out(gw, c, &o);
}

static void get_security_label(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct index_slot s;
    struct mp_out o;
    if (!fact_domain(gw, c, in, &s))
        return;
    mp_out_init(&o, 64);
    mp_array(&o, 2);
    mp_str(&o, "");
    mp_int(&o, 0);
    call_reply_out(gw, c, &o);
}

/* Calls of a running guest that have an answer without one: nothing, in the shape [x, []] or [[], x]. */
static void nothing_unless_active(struct gw *gw, struct call *c, struct mp_in *in, bool asks_the_guest, bool list_first)
{
    struct index_slot s;
    struct mp_out o;
    struct err e = ERR_INIT;
    if (domain_find(gw, in, &s, &c->object, &e) < 0) {
        call_error(gw, c, &e);
        return;
    }
    if (s.id >= 0 || asks_the_guest) {
        call_send(gw, c);
        return;
    }
    mp_out_init(&o, 64);
    mp_array(&o, 2);
    if (list_first)
        mp_array(&o, 0);
    mp_int(&o, 0);
    if (!list_first)
        mp_array(&o, 0);
    call_reply_out(gw, c, &o);
}

/* How many there are libvirtd tells before it looks whether the guest runs. */
static void get_blkio_parameters(struct gw *gw, struct call *c, struct mp_in *in)
{
    enum { BLKIO_PARAMS = 6 };
    struct index_slot s;
    struct mp_out o;
    struct err e = ERR_INIT;
    if (domain_find(gw, in, &s, &c->object, &e) < 0) {
        call_error(gw, c, &e);
    } else if (mp_get_i32(in) || in->bad) {
        call_send(gw, c);
    } else {
        mp_out_init(&o, 64);
        mp_array(&o, 2);
        mp_array(&o, 0);
        mp_int(&o, BLKIO_PARAMS);
        call_reply_out(gw, c, &o);
    }
}

/* libvirtd asks what QEMU can, which nobody knows of a guest that is off, before whether there is one. */
static void set_time(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct index_slot s;
    struct err e = ERR_INIT;
    if (domain_find(gw, in, &s, &c->object, &e) < 0)
        call_error(gw, c, &e);
    else if (s.id >= 0)
        call_send(gw, c);
    else
        call_fail(gw, c, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "cannot set time: qemu doesn't support rtc-reset-reinjection command");
}

static void get_security_label_list(struct gw *gw, struct call *c, struct mp_in *in) { nothing_unless_active(gw, c, in, false, true); }

static void get_job_stats(struct gw *gw, struct call *c, struct mp_in *in)
{
    enum { JOB_STATS_COMPLETED = 1 };
    nothing_unless_active(gw, c, in, !(c->arg & JOB_STATS_COMPLETED), false);
}

/* libvirtd tells the speed of a migration of a guest that is off as well: it is what it would be once it runs. */
static void get_max_speed(struct gw *gw, struct call *c, struct mp_in *in)
{
    enum { SPEED_POSTCOPY = 1 };
    struct index_slot s;
    struct err e = ERR_INIT;
    if (domain_find(gw, in, &s, &c->object, &e) < 0)
        call_error(gw, c, &e);
    else if (s.id >= 0 || c->arg & SPEED_POSTCOPY)
        call_send(gw, c);
    else
        call_int(gw, c, INT64_MAX >> 20);
}

/* Guests whose memory the processor encrypts are none of ours yet: there is nothing to tell of any, whatever the flags. */
static void get_launch_security_info(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct index_slot s;
    struct err e = ERR_INIT;
    struct mp_out o;
    if (domain_find(gw, in, &s, NULL, &e) < 0) {
        call_error(gw, c, &e);
        return;
    }
    mp_out_init(&o, 64);
    mp_array(&o, 1);
    mp_array(&o, 0);
    call_reply_out(gw, c, &o);
}

static void get_sev_info(struct gw *gw, struct call *c, struct mp_in *in)
{
    (void)in;
    call_fail(gw, c, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "QEMU does not support SEV guest");
}

static void set_launch_security_state(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct index_slot s;
    struct err e = ERR_INIT;
    if (domain_find(gw, in, &s, NULL, &e) < 0)
        call_error(gw, c, &e);
    else
        call_fail(gw, c, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "setting a launch secret is only supported in SEV-enabled domains");
}

const struct local local_domain[] = {
    { OP_REMOTE_DOMAIN_LOOKUP_BY_ID, lookup_by_id },
    { OP_REMOTE_DOMAIN_LOOKUP_BY_NAME, lookup_by_name },
    { OP_REMOTE_DOMAIN_LOOKUP_BY_UUID, lookup_by_uuid },
    { OP_REMOTE_DOMAIN_IS_ACTIVE, is_active },
    { OP_REMOTE_DOMAIN_IS_PERSISTENT, is_persistent },
    { OP_REMOTE_DOMAIN_IS_UPDATED, is_updated },
    { OP_REMOTE_DOMAIN_GET_AUTOSTART, get_autostart },
    { OP_REMOTE_DOMAIN_HAS_MANAGED_SAVE_IMAGE, has_managed_save },
    { OP_REMOTE_DOMAIN_GET_MAX_MEMORY, get_max_memory },
    { OP_REMOTE_DOMAIN_GET_OS_TYPE, get_os_type },
    { OP_REMOTE_DOMAIN_GET_STATE, get_state },
    { OP_REMOTE_DOMAIN_GET_LAUNCH_SECURITY_INFO, get_launch_security_info },
    { OP_REMOTE_DOMAIN_SET_LAUNCH_SECURITY_STATE, set_launch_security_state },
    { OP_REMOTE_NODE_GET_SEV_INFO, get_sev_info },
    { OP_REMOTE_DOMAIN_GET_INFO, get_info },
    { OP_REMOTE_DOMAIN_GET_SECURITY_LABEL, get_security_label },
    { OP_REMOTE_DOMAIN_GET_SECURITY_LABEL_LIST, get_security_label_list },
    { OP_REMOTE_DOMAIN_GET_JOB_STATS, get_job_stats },
    { OP_REMOTE_DOMAIN_GET_BLKIO_PARAMETERS, get_blkio_parameters },
    { OP_REMOTE_DOMAIN_SET_TIME, set_time },
    { OP_REMOTE_DOMAIN_MIGRATE_GET_MAX_SPEED, get_max_speed },
    { 0, NULL },
};
