/* open.c: the start and the end of a connection: authentication, open, features, close, and what the connection itself knows. */
#include "gateway.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/log.h"
#include "ipc/util.h"

#define LIB_VERSION 9000000u        /* what clients are told: the release whose interface this is */
enum { URI_MAX = 4096 };

/* ---- authentication ---- */

#define VERSION_POLL_MS 20u     /* while the QEMU binaries are asked, at a daemon's start */

static void auth_list(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct mp_out o;
    (void)in;
    mp_out_init(&o, 64);
    mp_array(&o, 1);
    mp_array(&o, 1);
    mp_int(&o, gw->need_auth ? AUTH_POLKIT : AUTH_NONE);
    call_reply_out(gw, c, &o);
}

/* Whoever answers has made the supervisor believe it as well. */
static void polkit_answered(struct gw *gw, struct call *c, struct frame *f, const struct err *e)
{
    c->done = NULL;
    gw->need_auth = gw->need_auth && !f;
    if (e)
        call_error(gw, c, e);
    else
        call_int(gw, c, 1);
}

static void auth_polkit(struct gw *gw, struct call *c, struct mp_in *in)
{
    (void)in;
    if (gw->need_auth) {
        c->done = polkit_answered;
        c->flags |= FRAME_ASK;
        call_send(gw, c);
    } else
        call_fail(gw, c, VIR_ERR_AUTH_FAILED, VIR_FROM_RPC, "authentication failed");
}

static void auth_sasl(struct gw *gw, struct call *c, struct mp_in *in)
{
    (void)in;
    call_fail(gw, c, VIR_ERR_AUTH_FAILED, VIR_FROM_RPC, "authentication failed");
}

/* ---- open ---- */

bool open_needed(const struct op *op)
{
    if (OP_PROG(op->id) == PROG_ADMIN || OP_PROG(op->id) == PROG_LOG || OP_PROG(op->id) == PROG_LOCK)
        return false;
    switch (op->id) {
    case OP_REMOTE_CONNECT_OPEN:
    case OP_REMOTE_CONNECT_CLOSE:
    case OP_REMOTE_CONNECT_SUPPORTS_FEATURE:    /* asks for itself: one feature comes before open */
        return false;
    }
    return !(op->id >= OP_REMOTE_AUTH_LIST && op->id <= OP_REMOTE_AUTH_POLKIT);
}

/* Characters of a URI; everything else makes libvirt's parser fail. */
static bool uri_chars(const char *s)
{
    for (; *s; s++)
        if (!isalnum((unsigned char)*s) && !strchr("-._~:/?#[]@!$&'()*+,;=%", *s))
            return false;
    return true;
}

/* scheme:[//authority]path[?query][#fragment].  0, or e is set as libvirt does. */
static int uri_check(const struct gw *gw, const char *uri, struct err *e)
{
    bool session = gw->w.birth.flags & BIRTH_SESSION;
    char path[URI_MAX];

    if (!uri_chars(uri) || *uri == ':')
        return err_set(e, VIR_ERR_INTERNAL_ERROR, 45 /* VIR_FROM_URI */, "Unable to parse URI %s", uri);
    size_t scheme = strcspn(uri, ":/?#");
    if (uri[scheme] != ':')
        return err_set(e, VIR_ERR_NO_CONNECT, VIR_FROM_NONE, "URI '%s' does not include a driver name", uri);
    const char *p = uri + scheme + 1;
    size_t host = 0;
    if (!strncmp(p, "//", 2)) {
        p += 2;
        host = strcspn(p, "/?#");
        p += host;
    }
    if (scheme != 4 || strncmp(uri, "qemu", 4) || host)
        return err_set(e, VIR_ERR_NO_CONNECT, VIR_FROM_NONE, "%s", uri);
    size_t n = strcspn(p, "?#");
    memcpy(path, p, n);
    path[n] = 0;
    /* Root may say session too: there is one driver for both. */
    if (!strcmp(path, "/session") || (!session && !strcmp(path, "/system")))
        return 0;
    return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_NONE, "unexpected qemu URI path '%s', try qemu:///%s", path, session ? "session" : "system");
}

static void connect_open(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct err e = ERR_INIT;
    bool absent = mp_peek(in) == MP_NIL && mp_get_nil(in);
    AUTO_FREE char *name = absent ? NULL : mp_get_strdup(in, URI_MAX - 1);
    uint32_t flags = mp_get_u32(in);

    if (gw->opened) {
        call_fail(gw, c, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "connection already open");
        return;
    }
    if (absent) {
        call_fail(gw, c, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "connection not open");
        return;
    }
    if (in->bad || !name) {
        call_fail(gw, c, VIR_ERR_RPC, VIR_FROM_RPC, "Unable to decode message payload");
        return;
    }
    if (!*name) {
        free(name);
        name = strdup(gw->w.birth.flags & BIRTH_SESSION ? "qemu:///session" : "qemu:///system");
        if (!name) {
            gw_end(gw, "out of memory");
            return;
        }
    }
    if (uri_check(gw, name, &e) < 0) {
        call_error(gw, c, &e);
        return;
    }
    gw->opened = true;
    gw->readonly |= flags & 1;      /* all other bits are the client library's own */
    gw->uri = STEAL_PTR(&name);
    events_subscribe(gw, true);     /* to nothing: the supervisor learns that this client is no silent one */
    call_done(gw, c);
}

static void connect_close(struct gw *gw, struct call *c, struct mp_in *in)
{
    (void)in;
    gw->closing = true;
    call_done(gw, c);
}

static void supports_feature(struct gw *gw, struct call *c, struct mp_in *in)
{
    /* Bit n: the server says yes to feature n: migration v3 and its family, FD passing, typed strings, keepalive, event and
     * close callbacks, order of network update's arguments. */
    enum { KEEPALIVE = 10, MIGRATION = 1 << 3 | 1 << 4 | 1 << 6 | 1 << 7 | 1 << 11 | 1 << 12 | 1 << 13,
           OURS = 1 << 8 | 1 << 9 | 1 << KEEPALIVE | 1 << 14 | 1 << 15 | 1 << 16 };
    int32_t n = mp_get_i32(in);

    if (n == KEEPALIVE) {
        keepalive_start(gw);
        call_int(gw, c, 1);
    } else if (!gw->opened) {
        call_fail(gw, c, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "hypervisor connection not open");
    } else {
        call_int(gw, c, n > 0 && n < 32 && (OURS | MIGRATION) >> n & 1);
    }
}

/* ---- what the connection knows ---- */

static void get_type(struct gw *gw, struct call *c, struct mp_in *in)
{
    (void)in;
    call_str(gw, c, "QEMU");
}

static void get_version(struct gw *gw, struct call *c, struct mp_in *in);

/* All that wait for the version are asked for anew; those that must wait on arm the timer again. */
static void version_again(struct loop_timer *t)
{
    struct gw *gw = t->data;
    for (struct call *c = gw->calls, *next; c; c = next) {
        next = c->next;
        if (c->op->id == OP_REMOTE_CONNECT_GET_VERSION)
            get_version(gw, c, NULL);
    }
    gw_pump(gw);
}

static void get_version(struct gw *gw, struct call *c, struct mp_in *in)
{
    (void)in;
    uint64_t v = gw->ix.head->qemu_version;
    if (v)
        call_int(gw, c, (int64_t)v);
    else if (!gw->ix.head->caps_known)
        loop_after(&gw->version_timer, VERSION_POLL_MS, version_again, gw);     /* a daemon that has just begun: it is being asked */
    else
        call_fail(gw, c, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "Cannot find suitable emulator for %s", "x86_64");
}

static void get_lib_version(struct gw *gw, struct call *c, struct mp_in *in)
{
    (void)in;
    call_int(gw, c, LIB_VERSION);
}

static void get_hostname(struct gw *gw, struct call *c, struct mp_in *in)
{
    char name[sizeof gw->ix.head->hostname];
    (void)in;
    if (util_copy_str(name, sizeof name, gw->ix.head->hostname) < 0 || !*name)
        call_fail(gw, c, VIR_ERR_NO_HOSTNAME, VIR_FROM_NONE, "the daemon knows none");
    else
        call_str(gw, c, name);
}

static void get_uri(struct gw *gw, struct call *c, struct mp_in *in)
{
    (void)in;
    call_str(gw, c, gw->uri);
}

static void yes(struct gw *gw, struct call *c, struct mp_in *in)
{
    (void)in;
    call_int(gw, c, 1);
}

static void fine(struct gw *gw, struct call *c, struct mp_in *in)
{
    (void)in;
    call_done(gw, c);
}

/* A proxy tells for whom it speaks.  Identity here is the channel's and no message changes it: what the proxy asks for is done
 * with the proxy's own rights, and logged under its own name. */
static void set_identity(struct gw *gw, struct call *c, struct mp_in *in)
{
    static const char *const known[] = { "user-name", "unix-user-id", "group-name", "unix-group-id", "process-id", "process-time", "sasl-user-name",
                                         "x509-distinguished-name", "selinux-context" };
    char name[64];
    for (uint32_t n = mp_get_array(in, LIMIT_REMOTE_CONNECT_IDENTITY_PARAMS); n; n--) {
        size_t i = 0;
        mp_get_array(in, 3);
        mp_get_strz(in, name, sizeof name);
        mp_skip(in);
        mp_skip(in);
        while (i < ARRAY_N(known) && strcmp(known[i], name))
            i++;
        if (in->bad || i == ARRAY_N(known)) {
            call_fail(gw, c, VIR_ERR_ARGUMENT_UNSUPPORTED, VIR_FROM_NONE, "parameter '%s' not supported", in->bad ? "" : name);
            return;
        }
    }
    log_debug("client %llu tells an identity, which changes nothing", (unsigned long long)gw->serve.client_id);
    call_done(gw, c);
}

/* Security models are none yet: libvirt's own answer for a host without one. */
static void security_model(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct mp_out o;
    (void)in;
    mp_out_init(&o, 64);
    mp_array(&o, 2);
    mp_str(&o, "none");
    mp_str(&o, "0");
    call_reply_out(gw, c, &o);
}

const struct local local_open[] = {
    { OP_REMOTE_AUTH_LIST, auth_list },
    { OP_REMOTE_AUTH_POLKIT, auth_polkit },
    { OP_REMOTE_AUTH_SASL_INIT, auth_sasl },
    { OP_REMOTE_AUTH_SASL_START, auth_sasl },
    { OP_REMOTE_AUTH_SASL_STEP, auth_sasl },
    { OP_REMOTE_CONNECT_OPEN, connect_open },
    { OP_REMOTE_CONNECT_CLOSE, connect_close },
    { OP_REMOTE_CONNECT_SUPPORTS_FEATURE, supports_feature },
    { OP_REMOTE_CONNECT_GET_TYPE, get_type },
    { OP_REMOTE_CONNECT_GET_VERSION, get_version },
    { OP_REMOTE_CONNECT_GET_LIB_VERSION, get_lib_version },
    { OP_REMOTE_CONNECT_GET_HOSTNAME, get_hostname },
    { OP_REMOTE_CONNECT_GET_URI, get_uri },
    { OP_REMOTE_CONNECT_IS_SECURE, yes },       /* a local socket */
    { OP_REMOTE_CONNECT_REGISTER_CLOSE_CALLBACK, fine },    /* this driver's connections are never closed under a client */
    { OP_REMOTE_CONNECT_UNREGISTER_CLOSE_CALLBACK, fine },
    { OP_REMOTE_CONNECT_SET_IDENTITY, set_identity },
    { OP_REMOTE_NODE_GET_SECURITY_MODEL, security_model },
    { 0, NULL },
};
