/* lockd.c: the lock daemon's program: its calls' arguments become the fixed structs that the supervisor reads, for it reads no msgpack; and what the
 * doors tell of leases, by msgpack-RPC:
 *
 *   internal.leases []          -> [[lockspace, resource, owner, uuid, id, pid, mode, since], ...]    mode: "exclusive", "shared", or "lost" to another; since: seconds of 1970
 *   internal.lease_events [on]  -> [], and from then on (0: no more) a notification for each lock that is lost:
 *   internal.lease_lost [lockspace, resource, owner, uuid, id, pid, "lost", since]
 *
 * Who may call what, and when, is the supervisor's to say: it knows who has registered. Flags come before that, and are checked here. */
#include <errno.h>
#include <string.h>
#include "gateway.h"
#include "ipc/log.h"
#include "ipc/util.h"

/* libvirt words unknown flags with the name of its function. */
static const struct { uint32_t op, flags; const char *name; } calls[] = {
    { OP_LOCK_REGISTER, 0, "Register" }, { OP_LOCK_RESTRICT, 0, "Restrict" }, { OP_LOCK_NEW, 0, "New" }, { OP_LOCK_CREATE_RESOURCE, 0, "CreateResource" },
    { OP_LOCK_DELETE_RESOURCE, 0, "DeleteResource" }, { OP_LOCK_ACQUIRE_RESOURCE, LOCK_SHARED | LOCK_AUTOCREATE, "AcquireResource" },
    { OP_LOCK_RELEASE_RESOURCE, 0, "ReleaseResource" },
};

/* False: answered. */
static bool flags_ok(struct gw *gw, struct call *c)
{
    for (size_t i = 0; i < ARRAY_N(calls); i++)
        if (calls[i].op == c->op->id && c->arg & ~calls[i].flags) {
            call_fail(gw, c, VIR_ERR_INVALID_ARG, VIR_FROM_RPC, "unsupported flags (0x%x) in function virLockSpaceProtocolDispatch%s", c->arg & ~calls[i].flags, calls[i].name);
            return false;
        }
    return true;
}

/* The next argument, a string, to at with its NUL; bytes, 0: it has a NUL inside or is longer than most, which is noted in *too_long. */
static size_t text(struct mp_in *in, char *at, size_t most, bool *too_long)
{
    size_t n;
    const uint8_t *p = mp_get_bin(in, &n);
    if (!p || memchr(p, 0, n)) {
        in->bad = true;
        return 0;
    }
    if (n >= most) {
        *too_long = true;
        return 0;
    }
    memcpy(at, p, n);
    at[n] = 0;
    return n + 1;
}

static bool args_ok(struct gw *gw, struct call *c, const struct mp_in *in, bool too_long)
{
    struct err e = ERR_INIT;
    if (in->bad)
        err_set(&e, VIR_ERR_RPC, VIR_FROM_RPC, "Unable to decode message payload");
    else if (too_long)
        err_sys(&e, VIR_FROM_LOCKSPACE, ENAMETOOLONG, "Unable to name the resource or its owner");
    if (e.code)
        call_error(gw, c, &e);
    return !e.code;
}

static void lock_register(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct lock_owner o = { .flags = c->arg };
    bool too_long = false;
    size_t n;
    if (!flags_ok(gw, c))
        return;
    mp_get_array(in, 4);
    const uint8_t *uuid = mp_get_bin(in, &n);
    if (uuid && n == sizeof o.uuid)
        memcpy(o.uuid, uuid, n);
    text(in, o.name, sizeof o.name, &too_long);
    o.id = mp_get_u32(in);
    o.pid = mp_get_u32(in);
    if (args_ok(gw, c, in, too_long))
        call_send_struct(gw, c, &o, sizeof o);
}

/* The others: a path, most of them a name, none of them in restrict. */
static void lock_what(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct lock_what w = { .flags = c->arg };
    bool too_long = false;
    size_t n = 0;
    if (!flags_ok(gw, c))
        return;
    if (c->op->id != OP_LOCK_RESTRICT)
        n = text(in, w.text, LOCK_TEXT_MAX, &too_long);
    w.name_at = (uint32_t)n;
    if (n && c->op->id != OP_LOCK_NEW && c->op->id != OP_LOCK_CREATE_LOCKSPACE)
        n += text(in, w.text + n, LOCK_TEXT_MAX, &too_long);
    if (args_ok(gw, c, in, too_long))
        call_send_struct(gw, c, &w, offsetof(struct lock_what, text) + n);
}

/* ---- leases ---- */

#define FIELD(name, type) { name, type, SA_ONE, 0, 256, NULL }
#define PATH(name) { name, SH_STRING, SA_ONE, 0, LOCK_TEXT_MAX, NULL }
static const struct shape_field row_fields[] = { PATH("lockspace"), PATH("resource"), FIELD("owner", SH_STRING), FIELD("uuid", SH_STRING), FIELD("id", SH_U32), FIELD("pid", SH_U32),
    FIELD("mode", SH_STRING), FIELD("since", SH_I64) };
#undef FIELD
#undef PATH
static const struct shape_struct row_shape = { "lease", row_fields, NULL, ARRAY_N(row_fields), ARRAY_N(row_fields) };
static const struct shape_field rows_fields[] = { { "leases", SH_STRUCT, SA_VARIABLE, 65536, 0, &row_shape } };
static const struct shape_struct rows_shape = { "leases", rows_fields, NULL, 1, 1 };
static const struct shape_field on_fields[] = { { "on", SH_U32, SA_ONE, 0, 0, NULL } };
static const struct shape_struct on_shape = { "args", on_fields, NULL, 1, 1 };
#define INTERNAL .cls = CLASS_ADMIN, .ro = true, .arg_object = -1, .cap = 512, .api = "", .right = ""
const struct op lock_methods[2] = {
    { .id = OP_IN(IN_LEASES), .name = "internal.leases", .ret = &rows_shape, .kind = OPK_CALL, .route = ROUTE_SUPERVISOR, .arg_flags = -1, INTERNAL },
    { .id = OP_IN(IN_SUBSCRIBE), .name = "internal.lease_events", .args = &on_shape, .kind = OPK_CALL, .route = ROUTE_GATEWAY, .arg_flags = 0, INTERNAL },
};
static const struct op lost_event = { .id = OP_IN(IN_LEASE_LOST), .name = "internal.lease_lost", .args = &row_shape, .kind = OPK_EVENT, .arg_flags = -1, INTERNAL };
#undef INTERNAL

/* What three strings follow of it lies in at most n bytes. The bytes of the whole row; 0: malformed. */
static size_t row_get(const uint8_t *p, size_t n, struct lease_row *row, const char *text[3])
{
    if (n < sizeof *row)
        return 0;
    memcpy(row, p, sizeof *row);
    size_t at = sizeof *row;
    for (int i = 0; i < 3; i++) {
        text[i] = (const char *)p + at;
        const uint8_t *end = memchr(p + at, 0, n - at);
        if (!end)
            return 0;
        at = (size_t)(end - p) + 1;
    }
    return at;
}

/* A path may be of bytes that are no text. */
static void mp_path(struct mp_out *o, const char *s)
{
    if (mp_utf8(s, strlen(s)))
        mp_str(o, s);
    else
        mp_bin(o, s, strlen(s));
}

static void put_row(struct mp_out *o, const struct lease_row *row, const char *const words[3])
{
    char uuid[37];
    util_uuid_text(uuid, row->uuid);
    mp_array(o, ARRAY_N(row_fields));
    for (int i = 0; i < 3; i++)
        mp_path(o, words[i]);
    mp_str(o, uuid);
    mp_uint(o, row->id);
    mp_uint(o, row->pid);
    mp_str(o, row->flags & LOCK_LOST ? "lost" : row->flags & LOCK_SHARED ? "shared" : "exclusive");
    mp_int(o, row->since);
}

static void leases_told(struct gw *gw, struct call *c, struct frame *f, const struct err *e)
{
    struct lease_row row;
    struct mp_out o;
    const char *words[3];
    size_t n = e ? 0 : f->body_len, at = 0, used;
    uint32_t rows = 0;
    while (at < n && (used = row_get(f->body + at, n - at, &row, words)) > 0)
        at += used, rows++;
    if (e || at < n) {
        call_fail(gw, c, VIR_ERR_OPERATION_FAILED, VIR_FROM_ADMIN, "the daemon does not tell");
        return;
    }
    mp_out_init(&o, FRAME_BIG_MAX);
    mp_array(&o, 1);
    mp_array(&o, rows);
    for (at = 0; at < n; at += used) {
        used = row_get(f->body + at, n - at, &row, words);
        put_row(&o, &row, words);
    }
    call_reply_out(gw, c, &o);
}

static void leases(struct gw *gw, struct call *c, struct mp_in *in)
{
    (void)in;
    c->done = leases_told;
    call_send(gw, c);
}

static void lease_events(struct gw *gw, struct call *c, struct mp_in *in)
{
    gw->lease_events = mp_get_u32(in) != 0;
    events_subscribe(gw, false);
    call_done(gw, c);
}

void lock_event(struct gw *gw, struct frame *f)
{
    struct lease_row row;
    struct mp_out o;
    const char *words[3];
    size_t used = f->h.flags & FRAME_BIG ? 0 : row_get(f->body, f->body_len, &row, words);
    if (!gw->lease_events || gw->closing || gw->ended || !used || used != f->body_len)
        return;
    mp_out_init(&o, FRAME_BODY_MAX);
    put_row(&o, &row, words);
    if (o.failed || gw->front->event(gw, &lost_event, o.p, o.len) < 0)
        log_warn("the loss of a lock cannot be told");
    mp_out_free(&o);
    if (conn_queued(&gw->conn) > GW_OUT_EVENTS)
        gw_end(gw, "too slow for its events");
}

const struct local local_lock[] = {
    { OP_LOCK_REGISTER, lock_register },
    { OP_LOCK_RESTRICT, lock_what },
    { OP_LOCK_NEW, lock_what },
    { OP_LOCK_CREATE_RESOURCE, lock_what },
    { OP_LOCK_DELETE_RESOURCE, lock_what },
    { OP_LOCK_ACQUIRE_RESOURCE, lock_what },
    { OP_LOCK_RELEASE_RESOURCE, lock_what },
    { OP_LOCK_CREATE_LOCKSPACE, lock_what },
    { OP_IN(IN_LEASES), leases },
    { OP_IN(IN_SUBSCRIBE), lease_events },
    { 0, NULL },
};
