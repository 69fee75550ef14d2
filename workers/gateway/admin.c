/* admin.c: the admin program, on the admin door: the daemon's two servers, their limits and clients, and logging.
 *
 * What is asked is answered from the settings and the client page.  What changes something goes to the supervisor as one of
 * the fixed structs of ipc/internal.h, for it reads no msgpack. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "gateway.h"
#include "ipc/util.h"
#include "workers/filters.h"
#include "workers/outputs.h"

enum server { SERVER_MAIN, SERVER_ADMIN, SERVER_N };
static const char *server_name(const struct gw *gw, enum server s) { return s == SERVER_ADMIN ? "admin" : gw->layout.daemon; }
enum { PARAM_INT = 1, PARAM_UINT = 2, PARAM_BOOL = 6, PARAM_STRING = 7 };

/* ---- the client page ---- */

/* Copies row i if a client of this server is in it. */
static bool client_read(const struct gw *gw, uint32_t i, enum server server, struct client_row *copy)
{
    if (!gw->clients || i >= CLIENTS_MAX)
        return false;
    return index_row_read(&gw->clients[i], copy, sizeof *copy) && copy->used && (copy->door == DOOR_ADMIN) == (server == SERVER_ADMIN);
}

static bool client_find(const struct gw *gw, enum server server, uint64_t id, struct client_row *copy)
{
    for (uint32_t i = 0; i < CLIENTS_MAX; i++)
        if (client_read(gw, i, server, copy) && copy->id == id)
            return true;
    return false;
}

static unsigned client_count(const struct gw *gw, enum server server)
{
    struct client_row r;
    unsigned n = 0;
    for (uint32_t i = 0; i < CLIENTS_MAX; i++)
        n += client_read(gw, i, server, &r);
    return n;
}

/* ---- arguments and results ---- */

/* Flags are always the last argument, and none are known. False: answered. */
static bool admin_flags_ok(struct gw *gw, struct call *c, const char *function)
{
    if (!c->arg)
        return true;
    call_fail(gw, c, VIR_ERR_INVALID_ARG, VIR_FROM_ADMIN, "unsupported flags (0x%x) in function %s%s", c->arg, function ? function : "admin", function ? "" : c->op->api + 6);
    return false;
}

/* Reads a server's name. SERVER_N: answered with an error. */
static enum server server_named(struct gw *gw, struct call *c, struct mp_in *in)
{
    char name[256] = "";
    enum server s = SERVER_MAIN;
    mp_get_strz(in, name, sizeof name);
    while (s < SERVER_N && strcmp(server_name(gw, s), name))
        s++;
    if (s == SERVER_N)
        call_fail(gw, c, VIR_ERR_NO_SERVER, VIR_FROM_RPC, "No server named '%s'", name);
    return s;
}

/* The same, where a server struct [name] names it. */
static enum server server_arg(struct gw *gw, struct call *c, struct mp_in *in)
{
    mp_get_array(in, 1);
    return server_named(gw, c, in);
}

/* A client struct [[server], id, timestamp, transport]. SERVER_N: answered with an error. */
static enum server client_arg(struct gw *gw, struct call *c, struct mp_in *in, uint64_t *id)
{
    mp_get_array(in, 4);
    enum server s = server_arg(gw, c, in);
    if (s != SERVER_N)
        *id = mp_get_uint(in);
    return s;
}

static void mp_server(const struct gw *gw, struct mp_out *o, enum server s)
{
    mp_array(o, 1);
    mp_str(o, server_name(gw, s));
}

static void mp_client(const struct gw *gw, struct mp_out *o, enum server s, const struct client_row *r)
{
    mp_array(o, 4);
    mp_server(gw, o, s);
    mp_uint(o, r->id);
    mp_int(o, r->since);
    mp_uint(o, r->transport);
}

static void param(struct mp_out *o, const char *name, int type)
{
    mp_array(o, 3);
    mp_str(o, name);
    mp_int(o, type);
}

static void param_uint(struct mp_out *o, const char *name, uint32_t v)
{
    param(o, name, PARAM_UINT);
    mp_uint(o, v);
}

static void param_int(struct mp_out *o, const char *name, uint32_t v)
{
    param(o, name, PARAM_INT);
    mp_int(o, (int32_t)v);
}

static void param_str(struct mp_out *o, const char *name, const char *v)
{
    param(o, name, PARAM_STRING);
    mp_str(o, v);
}

/* There is no passwd file in here. */
static void param_id_name(struct mp_out *o, const char *name, uint32_t id)
{
    char text[16];
    snprintf(text, sizeof text, id ? "%u" : "root", id);
    param_str(o, name, text);
}

/* ---- servers ---- */

static void admin_open(struct gw *gw, struct call *c, struct mp_in *in)
{
    (void)in;
    if (!admin_flags_ok(gw, c, "adminDispatchConnectOpen"))
        return;
    gw->opened = true;
    call_done(gw, c);
}

static void admin_close(struct gw *gw, struct call *c, struct mp_in *in)
{
    (void)in;
    gw->closing = true;
    call_done(gw, c);
}

static void admin_lib_version(struct gw *gw, struct call *c, struct mp_in *in)
{
    (void)in;
    call_int(gw, c, 9000000);
}

static void list_servers(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct mp_out o;
    bool want = mp_get_u32(in) != 0;
    if (!admin_flags_ok(gw, c, NULL))
        return;
    mp_out_init(&o, 256);
    mp_array(&o, 2);
    mp_array(&o, want ? SERVER_N : 0);
    for (enum server s = SERVER_MAIN; want && s < SERVER_N; s++)
        mp_server(gw, &o, s);
    mp_uint(&o, SERVER_N);
    call_reply_out(gw, c, &o);
}

static void lookup_server(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct mp_out o;
    enum server s = server_named(gw, c, in);
    if (s == SERVER_N)
        return;
    mp_out_init(&o, 256);
    mp_array(&o, 1);
    mp_server(gw, &o, s);
    call_reply_out(gw, c, &o);
}

/* The settings, or what was set since. */
struct pool { uint32_t min, max, prio; };
static struct pool pool_now(const struct gw *gw, enum server s)
{
    struct pool p = s == SERVER_MAIN ? (struct pool){ gw->set.min_workers, gw->set.max_workers, gw->set.prio_workers }
                                     : (struct pool){ gw->set.admin_min_workers, gw->set.admin_max_workers, 0 };
    if (gw->clients_head) {
        struct limits l = gw->clients_head->limits[s];
        p = (struct pool){ l.min_workers ? l.min_workers : p.min, l.max_workers ? l.max_workers : p.max, l.prio_workers ? l.prio_workers : p.prio };
    }
    return p;
}

static void get_threadpool(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct mp_out o;
    enum server s = server_arg(gw, c, in);
    if (s == SERVER_N || !admin_flags_ok(gw, c, NULL))
        return;
    struct pool p = pool_now(gw, s);
    uint32_t now = s == SERVER_MAIN && gw->clients_head ? gw->clients_head->workers : 0;
    now = now < p.min ? p.min : now > p.max ? p.max : now;
    mp_out_init(&o, 1024);
    mp_array(&o, 1);
    mp_array(&o, 6);
    param_uint(&o, "minWorkers", p.min);
    param_uint(&o, "maxWorkers", p.max);
    param_uint(&o, "nWorkers", now);
    param_uint(&o, "freeWorkers", now);
    param_uint(&o, "prioWorkers", p.prio);
    param_uint(&o, "jobQueueDepth", 0);
    call_reply_out(gw, c, &o);
}

struct limit_values { uint32_t max, max_anonymous; };

static struct limit_values limits_now(const struct gw *gw, enum server s)
{
    const struct clients_head *h = gw->clients_head;
    uint32_t max = h ? h->limits[s].max_clients : s == SERVER_ADMIN ? gw->set.admin_max_clients : gw->set.max_clients;
    uint32_t anonymous = s == SERVER_ADMIN ? 0 : h ? h->limits[s].max_anonymous : gw->set.max_anonymous_clients;
    return (struct limit_values){ max, anonymous || gw->layout.id == DAEMON_QEMUD ? anonymous : max };      /* with no handshake there is no other bound */
}

static void get_limits(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct mp_out o;
    enum server s = server_arg(gw, c, in);
    if (s == SERVER_N || !admin_flags_ok(gw, c, NULL))
        return;
    struct limit_values v = limits_now(gw, s);
    mp_out_init(&o, 1024);
    mp_array(&o, 1);
    mp_array(&o, 4);
    param_uint(&o, "nclients_max", v.max);
    param_uint(&o, "nclients", client_count(gw, s));
    param_uint(&o, "nclients_unauth_max", v.max_anonymous);
    param_uint(&o, "nclients_unauth", 0);
    call_reply_out(gw, c, &o);
}

/* ---- changes ---- */

static void changed(struct gw *gw, struct call *c, struct frame *f, const struct err *e)
{
    (void)f;
    if (e)
        call_error(gw, c, e);
    else
        call_done(gw, c);
}

/* Sends a fixed struct instead of the call's arguments. */
static void change(struct gw *gw, struct call *c, uint32_t op, const void *body, size_t len)
{
    c->frame_op = op;
    c->done = changed;
    call_send_struct(gw, c, body, len);
}

/* Typed parameters [name, type, value]..., all unsigned, into the struct's words by name. False: answered with an error. */
struct limit_param { const char *name; size_t offset; };
static bool limits_read(struct gw *gw, struct call *c, struct mp_in *in, const struct limit_param *known, struct limits *l)
{
    char name[64];
    uint32_t n = mp_get_array(in, 32);

    memset(l, 0xff, sizeof *l);
    for (uint32_t i = 0; i < n; i++) {
        mp_get_array(in, 3);
        bool fits = mp_get_strz(in, name, sizeof name);
        int32_t type = mp_get_i32(in);
        const struct limit_param *k = known;
        while (k->name && strcmp(k->name, name))
            k++;
        if (!fits || !k->name) {
            call_fail(gw, c, VIR_ERR_ARGUMENT_UNSUPPORTED, VIR_FROM_NONE, "parameter '%s' not supported", name);
            return false;
        }
        if (type != PARAM_UINT) {
            call_fail(gw, c, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "invalid type for parameter '%s', expected 'uint'", name);
            return false;
        }
        uint32_t v = mp_get_u32(in);
        memcpy((char *)l + k->offset, &v, sizeof v);
    }
    return true;
}

static void set_threadpool(struct gw *gw, struct call *c, struct mp_in *in)
{
    static const struct limit_param known[] = { { "minWorkers", offsetof(struct limits, min_workers) }, { "maxWorkers", offsetof(struct limits, max_workers) },
        { "prioWorkers", offsetof(struct limits, prio_workers) }, { NULL, 0 } };
    struct limits l;
    enum server s = server_arg(gw, c, in);
    if (s == SERVER_N || !admin_flags_ok(gw, c, NULL) || !limits_read(gw, c, in, known, &l))
        return;
    struct pool p = pool_now(gw, s);
    if ((l.min_workers != UINT32_MAX ? l.min_workers : p.min) > (l.max_workers != UINT32_MAX ? l.max_workers : p.max)) {
        call_fail(gw, c, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "minWorkers cannot be larger than maxWorkers");
        return;
    }
    if (l.max_workers != UINT32_MAX && !l.max_workers != !p.max) {
        call_fail(gw, c, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "maxWorkers must not be switched from zero to non-zero and vice versa");
        return;
    }
    c->arg = s == SERVER_ADMIN;
    change(gw, c, OP_IN(IN_LIMITS), &l, sizeof l);
}

static void set_limits(struct gw *gw, struct call *c, struct mp_in *in)
{
    static const struct limit_param known[] = { { "nclients_max", offsetof(struct limits, max_clients) },
        { "nclients_unauth_max", offsetof(struct limits, max_anonymous) }, { NULL, 0 } };
    struct limits l;
    enum server s = server_arg(gw, c, in);
    if (s == SERVER_N || !admin_flags_ok(gw, c, NULL) || !limits_read(gw, c, in, known, &l))
        return;
    struct limit_values v = limits_now(gw, s);
    if (!l.max_clients) {
        call_fail(gw, c, VIR_ERR_INVALID_ARG, VIR_FROM_RPC, "a server without clients is none");
        return;
    }
    if ((l.max_clients != UINT32_MAX ? l.max_clients : v.max) < (l.max_anonymous != UINT32_MAX ? l.max_anonymous : v.max_anonymous)) {
        call_fail(gw, c, VIR_ERR_INVALID_ARG, VIR_FROM_RPC, "The overall maximum number of clients waiting for authentication must not be less than the overall maximum number of clients");
        return;
    }
    c->arg = s == SERVER_ADMIN;
    change(gw, c, OP_IN(IN_LIMITS), &l, sizeof l);
}

/* ---- clients ---- */

static void list_clients(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct mp_out items, o;
    struct client_row r;
    uint32_t n = 0;
    enum server s = server_arg(gw, c, in);

    if (s == SERVER_N || !admin_flags_ok(gw, c, NULL))
        return;
    bool want = mp_get_u32(in) != 0;
    mp_out_init(&items, FRAME_BIG_MAX);
    for (uint32_t i = 0; i < CLIENTS_MAX; i++)
        if (client_read(gw, i, s, &r)) {
            if (want)
                mp_client(gw, &items, s, &r);
            n++;
        }
    mp_out_init(&o, FRAME_BIG_MAX);
    mp_array(&o, 2);
    mp_list(&o, want ? n : 0, &items);
    mp_uint(&o, n);
    call_reply_out(gw, c, &o);
}

static void lookup_client(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct client_row r;
    struct mp_out o;
    enum server s = server_arg(gw, c, in);

    if (s == SERVER_N || !admin_flags_ok(gw, c, NULL))
        return;
    uint64_t id = mp_get_uint(in);
    if (!client_find(gw, s, id, &r)) {
        call_fail(gw, c, VIR_ERR_NO_CLIENT, VIR_FROM_RPC, "No client with matching ID '%llu'", (unsigned long long)id);
        return;
    }
    mp_out_init(&o, 256);
    mp_array(&o, 1);
    mp_client(gw, &o, s, &r);
    call_reply_out(gw, c, &o);
}

static void client_info(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct client_row r;
    struct mp_out o;
    uint64_t id;
    enum server s = client_arg(gw, c, in, &id);

    if (s == SERVER_N || !admin_flags_ok(gw, c, NULL))
        return;
    if (!client_find(gw, s, id, &r)) {
        call_fail(gw, c, VIR_ERR_NO_CLIENT, VIR_FROM_ADMIN, "no client with matching id '%llu' found", (unsigned long long)id);
        return;
    }
    mp_out_init(&o, 2048);
    mp_array(&o, 1);
    mp_array(&o, 6);
    param(&o, "readonly", PARAM_BOOL);
    mp_bool(&o, r.readonly);
    param_int(&o, "unix_user_id", r.uid);
    param_id_name(&o, "unix_user_name", r.uid);
    param_int(&o, "unix_group_id", r.gid);
    param_id_name(&o, "unix_group_name", r.gid);
    param_int(&o, "unix_process_id", r.pid);
    call_reply_out(gw, c, &o);
}

static void client_close(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct client_row r;
    uint64_t id;
    enum server s = client_arg(gw, c, in, &id);

    if (s == SERVER_N || !admin_flags_ok(gw, c, NULL))
        return;
    if (!client_find(gw, s, id, &r))
        call_fail(gw, c, VIR_ERR_NO_CLIENT, VIR_FROM_RPC, "No client with matching ID '%llu'", (unsigned long long)id);
    else
        change(gw, c, OP_IN(IN_CLIENT_CLOSE), &r.gateway, sizeof r.gateway);
}

/* ---- logging ---- */

/* How many blank-separated items there are. */
static uint32_t log_items(const char *text)
{
    uint32_t n = 0;
    for (; *(text += strspn(text, " ")); text += strcspn(text, " "))
        n++;
    return n;
}

static void get_logging(struct gw *gw, struct call *c, enum log_part part)
{
    struct mp_out o;
    char text[LOG_SETTING_MAX];
    if (!admin_flags_ok(gw, c, NULL))
        return;
    /* The page changes under us: what is copied is cut at its end in any case. */
    memcpy(text, (gw->clients_head ? gw->clients_head->log : gw->set.log)[part].text, sizeof text);
    text[sizeof text - 1] = 0;
    mp_out_init(&o, 4096);
    mp_array(&o, 2);
    mp_str(&o, *text ? text : NULL);
    mp_uint(&o, log_items(text));
    call_reply_out(gw, c, &o);
}

static void get_log_outputs(struct gw *gw, struct call *c, struct mp_in *in)
{
    (void)in;
    get_logging(gw, c, LOG_OUTPUTS);
}

static void get_log_filters(struct gw *gw, struct call *c, struct mp_in *in)
{
    (void)in;
    get_logging(gw, c, LOG_FILTERS);
}

static void set_logging(struct gw *gw, struct call *c, struct mp_in *in, enum log_part part)
{
    struct logging log = { .text = "" };
    struct err e = ERR_INIT;
    if (mp_peek(in) == MP_NIL)
        mp_get_nil(in);
    else if (!mp_get_strz(in, log.text, sizeof log.text)) {
        call_fail(gw, c, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "the text is too long");
        return;
    }
    if (!admin_flags_ok(gw, c, NULL))
        return;
    if (part == LOG_FILTERS ? filters_parse(&log, &gw->set, &e) < 0 : outputs_parse(&log, &e) < 0) {
        call_fail(gw, c, e.code, e.domain, "%s", e.detail);
        return;
    }
    if (part == LOG_OUTPUTS && !*log.text)      /* there must be one */
        log = gw->set.log[part];
    c->arg = part;
    change(gw, c, OP_IN(IN_LOG_SET), &log, sizeof log);
}

static void set_log_outputs(struct gw *gw, struct call *c, struct mp_in *in)
{
    set_logging(gw, c, in, LOG_OUTPUTS);
}

static void set_log_filters(struct gw *gw, struct call *c, struct mp_in *in)
{
    set_logging(gw, c, in, LOG_FILTERS);
}

/* All our doors are local sockets. */
static void update_tls(struct gw *gw, struct call *c, struct mp_in *in)
{
    if (server_arg(gw, c, in) != SERVER_N && admin_flags_ok(gw, c, NULL))
        call_fail(gw, c, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "no tls service found, unable to update tls files");
}

static void set_timeout(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct limits l;
    memset(&l, 0xff, sizeof l);
    uint32_t s = mp_get_u32(in);
    if (!admin_flags_ok(gw, c, NULL))
        return;
    l.timeout_s = s == LIMIT_LEFT ? s - 1 : s;
    change(gw, c, OP_IN(IN_LIMITS), &l, sizeof l);
}

const struct local local_admin[] = {
    { OP_ADMIN_CONNECT_OPEN, admin_open },
    { OP_ADMIN_CONNECT_CLOSE, admin_close },
    { OP_ADMIN_CONNECT_GET_LIB_VERSION, admin_lib_version },
    { OP_ADMIN_CONNECT_LIST_SERVERS, list_servers },
    { OP_ADMIN_CONNECT_LOOKUP_SERVER, lookup_server },
    { OP_ADMIN_SERVER_GET_THREADPOOL_PARAMETERS, get_threadpool },
    { OP_ADMIN_SERVER_SET_THREADPOOL_PARAMETERS, set_threadpool },
    { OP_ADMIN_SERVER_LIST_CLIENTS, list_clients },
    { OP_ADMIN_SERVER_LOOKUP_CLIENT, lookup_client },
    { OP_ADMIN_CLIENT_GET_INFO, client_info },
    { OP_ADMIN_CLIENT_CLOSE, client_close },
    { OP_ADMIN_SERVER_GET_CLIENT_LIMITS, get_limits },
    { OP_ADMIN_SERVER_SET_CLIENT_LIMITS, set_limits },
    { OP_ADMIN_CONNECT_GET_LOGGING_OUTPUTS, get_log_outputs },
    { OP_ADMIN_CONNECT_GET_LOGGING_FILTERS, get_log_filters },
    { OP_ADMIN_CONNECT_SET_LOGGING_OUTPUTS, set_log_outputs },
    { OP_ADMIN_CONNECT_SET_LOGGING_FILTERS, set_log_filters },
    { OP_ADMIN_SERVER_UPDATE_TLS_FILES, update_tls },
    { OP_ADMIN_CONNECT_SET_DAEMON_TIMEOUT, set_timeout },
    { 0, NULL },
};
