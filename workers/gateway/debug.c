/* debug.c: what the admin door has beside the schema, by msgpack-RPC: the processes of this daemon and what they do.
 *
 *   internal.workers []              -> [[role, object, pid, state, idle_ms, instance, op], ...]
 *   internal.worker  [name, flags]   -> [[name, value], ...]: one guest's worker about itself; flags: enum worker_debug
 *   internal.trace   [name, 0]       -> a stream of what goes over that guest's monitor, as text without secrets */
#include "gateway.h"
#include <stdio.h>
#include <string.h>
#include "ipc/util.h"

#define FIELD(name, type) { name, type, SA_ONE, 0, 256, NULL }
static const struct shape_field row_fields[] = { FIELD("role", SH_STRING), FIELD("object", SH_STRING), FIELD("pid", SH_I32), FIELD("state", SH_STRING),
    FIELD("idle_ms", SH_U64), FIELD("instance", SH_U32), FIELD("op", SH_STRING) };
static const struct shape_field fact_fields[] = { FIELD("name", SH_STRING), FIELD("value", SH_STRING) };
static const struct shape_field arg_fields[] = { FIELD("name", SH_STRING), FIELD("flags", SH_U32) };
#undef FIELD
#define SHAPE(name, fields) { name, fields, NULL, ARRAY_N(fields), ARRAY_N(fields) }
static const struct shape_struct row_shape = SHAPE("row", row_fields), fact_shape = SHAPE("fact", fact_fields), args_shape = SHAPE("args", arg_fields);
static const struct shape_field rows_fields[] = { { "workers", SH_STRUCT, SA_VARIABLE, 65536, 0, &row_shape } }, facts_fields[] = { { "facts", SH_STRUCT, SA_VARIABLE, 64, 0, &fact_shape } };
static const struct shape_struct rows_shape = SHAPE("workers", rows_fields), facts_shape = SHAPE("facts", facts_fields);
#undef SHAPE
#define INTERNAL .kind = OPK_CALL, .cls = CLASS_ADMIN, .route = ROUTE_SUPERVISOR, .ro = true, .arg_object = -1, .cap = 512, .api = "", .right = ""
static const struct op internals[] = {
    { .id = OP_IN(IN_WORKERS), .name = "internal.workers", .ret = &rows_shape, .arg_flags = -1, INTERNAL },
    { .id = OP_IN(IN_WORKER_DEBUG), .name = "internal.worker", .args = &args_shape, .ret = &facts_shape, .arg_flags = 1, INTERNAL },
    { .id = OP_IN(IN_WORKER_TRACE), .name = "internal.trace", .args = &args_shape, .arg_flags = 1, .stream = true, INTERNAL },
};
#undef INTERNAL

static const struct op *find(const struct op *ops, size_t many, const char *name, size_t n)
{
    for (size_t i = 0; i < many; i++)
        if (n == strlen(ops[i].name) && !memcmp(ops[i].name, name, n))
            return &ops[i];
    return NULL;
}

const struct op *internal_op(const struct gw *gw, const char *name, size_t n)
{
    const struct op *op = gw_is_admin(gw) ? find(internals, ARRAY_N(internals), name, n) : NULL;
    return op || gw->layout.id != DAEMON_LOCKD ? op : find(lock_methods, ARRAY_N(lock_methods), name, n);
}

/* What it said or was asked last. */
static const char *op_words(uint32_t id, char text[24])
{
    static const struct { uint32_t op; const char *name; } words[] = {
        { 0, "" }, { IN_SUBSCRIBE, "opened, or asked for events" }, { IN_CANCEL, "gave a call up" }, { IN_LATE, "waits for long" }, { IN_WORKERS, "internal.workers" }, { IN_WORKER_DEBUG, "internal.worker" },
        { IN_WORKER_TRACE, "internal.trace" }, { IN_DOC, "made a document" }, { IN_DOC_LOAD, "read a definition" }, { IN_CONF_LIST, "listed a folder" },
        { IN_CONF_READ, "read a file" }, { IN_CONF_WRITE, "wrote a file" }, { IN_CONF_REMOVE, "removed a file" }, { IN_CONF_SAVE, "kept a saved state" },
        { IN_LAUNCH, "launched its QEMU" }, { IN_STATE, "told its state" }, { IN_STATUS_XML, "told its status file" }, { IN_STOPPED, "told the guest's end" },
        { IN_START, "started its guest" }, { IN_SAVE, "saved its guest" }, { IN_LOG_START, "began its log" }, { IN_LEASES, "internal.leases" }, { IN_HAND_LEASE, "opened what is to be locked" }, { IN_LOCK_TAKE, "took a lock" },
        { IN_LOCK_GIVE, "gave a lock up" }, { IN_LOCK_CREATE, "made a lease file" }, { IN_LOCK_REMOVE, "removed a lease file" }, { IN_LOCK_CHECK, "looked after a lock" },
    };
    const struct op *op = OP_PROG(id) ? op_find(id) : NULL;
    for (size_t i = 0; !OP_PROG(id) && i < ARRAY_N(words); i++)
        if (words[i].op == OP_PROC(id))
            return words[i].name;
    snprintf(text, 24, "%u:%u", OP_PROG(id), OP_PROC(id));
    return op ? op->name : text;
}

static void rows_named(struct gw *gw, struct call *c, struct frame *f, const struct err *e)
{
    static const char *const states[PEER_STATE_N] = { "ending", "being born", "serving", "spare", "kept", "up" };
    struct peer_row row;
    struct mp_out o;
    if (e || f->body_len % sizeof row) {
        call_fail(gw, c, VIR_ERR_OPERATION_FAILED, VIR_FROM_ADMIN, "the daemon does not tell");
        return;
    }
    mp_out_init(&o, FRAME_BIG_MAX);
    mp_array(&o, 1);
    mp_array(&o, (uint32_t)(f->body_len / sizeof row));
    for (size_t at = 0; at < f->body_len; at += sizeof row) {
        char text[24];
        struct index_slot s;
        memcpy(&row, f->body + at, sizeof row);
        bool named = row.object && index_read(&gw->ix, object_slot(row.object), &s) == 0 && s.gen == object_gen(row.object);
        mp_array(&o, 7);
        mp_str(&o, role_name((int)row.role));
        mp_str(&o, named ? s.name : "");
        mp_int(&o, row.pid);
        mp_str(&o, row.state < PEER_STATE_N ? states[row.state] : "?");
        mp_uint(&o, row.idle_ms);
        mp_uint(&o, row.instance);
        mp_str(&o, op_words(row.last_op, text));
    }
    call_reply_out(gw, c, &o);
}

static void workers(struct gw *gw, struct call *c, struct mp_in *in)
{
    (void)in;
    c->done = rows_named;
    call_send(gw, c);
}

static void worker(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct index_slot s;
    char name[INDEX_NAME_MAX];
    int slot = mp_get_strz(in, name, sizeof name) ? index_find_name(&gw->ix, name, &s) : -1;
    if (slot < 0) {
        call_fail(gw, c, VIR_ERR_NO_DOMAIN, VIR_FROM_QEMU, "no domain with matching name '%s'", in->bad ? "?" : name);
        return;
    }
    c->object = object_make((uint32_t)slot, s.gen);
    call_send(gw, c);
}

const struct local local_debug[] = {
    { OP_IN(IN_WORKERS), workers },
    { OP_IN(IN_WORKER_DEBUG), worker },
    { OP_IN(IN_WORKER_TRACE), worker },
    { 0, NULL },
};
