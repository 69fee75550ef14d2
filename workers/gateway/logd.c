/* logd.c: program log, virtlogd's.  What a call says becomes a fixed struct, as neither the supervisor nor the log role reads msgpack; what cannot be one is
 * refused here, with libvirt's words.  The answers come as msgpack. */
#include "gateway.h"
#include <errno.h>
#include <string.h>

/* A text of the arguments. False: it is longer than dst, which has its beginning then. */
static bool take_text(struct mp_in *in, char *dst, size_t size)
{
    size_t n;
    const uint8_t *p = mp_get_bin(in, &n);      /* what is no UTF-8 comes as that */
    size_t k = p && n < size ? n : p ? size - 1 : 0;
    if (k)
        memcpy(dst, p, k);
    dst[k] = 0;
    return p && n < size && !memchr(p, 0, n);
}

static void fail_path(struct gw *gw, struct call *c, const char *path, bool fits)
{
    struct err e = ERR_INIT;
    err_sys(&e, VIR_FROM_NONE, !fits ? ENAMETOOLONG : *path ? EINVAL : ENOENT, "Unable to open file: %.900s", path);
    call_error(gw, c, &e);
}

/* Reading tells no more than that, whatever the path is. */
static void fail_seek(struct gw *gw, struct call *c, const struct log_at *at)
{
    struct err e = ERR_INIT;
    err_sys(&e, VIR_FROM_NONE, EBADF, "Unable to seek to inode %llu offset %llu", (unsigned long long)at->inode, (unsigned long long)at->offset);
    call_error(gw, c, &e);
}

/* False: answered. */
static bool flags_none(struct gw *gw, struct call *c, const char *function)
{
    if (!c->arg)
        return true;
    call_fail(gw, c, VIR_ERR_INVALID_ARG, VIR_FROM_LOGGING, "unsupported flags (0x%x) in function %s", c->arg, function);
    return false;
}

static void skip_domain(struct mp_in *in)
{
    mp_skip(in);        /* driver */
    mp_skip(in);        /* and domain: libvirt's keep them and have no use for them either */
}

static void log_open(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct log_open o = { .flags = c->arg };
    skip_domain(in);
    bool fits = take_text(in, o.path, sizeof o.path);
    if (!fits || o.path[0] != '/')
        fail_path(gw, c, o.path, fits);
    else
        call_send_struct(gw, c, &o, sizeof o);
}

static void log_position(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct log_at at = { .inode = 0 };
    bool fits = take_text(in, at.path, sizeof at.path);
    if (!flags_none(gw, c, "virLogHandlerDomainGetLogFilePosition"))
        return;
    if (!fits || at.path[0] != '/')
        call_fail(gw, c, VIR_ERR_INTERNAL_ERROR, VIR_FROM_LOGGING, "No open log file %.900s", at.path);
    else
        call_send_struct(gw, c, &at, sizeof at);
}

static void log_read(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct log_at at = { .inode = 0 };
    bool fits = take_text(in, at.path, sizeof at.path);
    mp_get_array(in, 2);
    at.inode = mp_get_uint(in);
    at.offset = mp_get_uint(in);
    at.most = mp_get_uint(in);
    if (!flags_none(gw, c, "virLogHandlerDomainReadLogFile"))
        return;
    if (at.most > LOG_TEXT_MAX)
        call_fail(gw, c, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "Requested data len %llu is larger than maximum %u", (unsigned long long)at.most, LOG_TEXT_MAX);
    else if (!fits || at.path[0] != '/')
        fail_seek(gw, c, &at);
    else
        call_send_struct(gw, c, &at, sizeof at);
}

static void log_append(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct log_append a = { .length = 0 };
    size_t n;
    skip_domain(in);
    bool fits = take_text(in, a.path, sizeof a.path);
    const uint8_t *text = mp_get_bin(in, &n);
    a.length = (uint32_t)n;
    if (!flags_none(gw, c, "virLogHandlerDomainAppendLogFile"))
        return;
    if (!fits || a.path[0] != '/') {
        fail_path(gw, c, a.path, fits);
        return;
    }
    struct mp_out o;
    mp_out_init(&o, sizeof a + n);
    mp_raw(&o, &a, sizeof a);
    mp_raw(&o, text, n);
    if (o.failed)
        call_fail(gw, c, VIR_ERR_RPC, VIR_FROM_RPC, "arguments of %s are too large", c->op->name);
    else
        call_send_struct(gw, c, o.p, o.len);
    mp_out_free(&o);
}

const struct local local_logd[] = {
    { OP_LOG_DOMAIN_OPEN_LOG_FILE, log_open }, { OP_LOG_DOMAIN_GET_LOG_FILE_POSITION, log_position }, { OP_LOG_DOMAIN_READ_LOG_FILE, log_read },
    { OP_LOG_DOMAIN_APPEND_LOG_FILE, log_append }, { 0, NULL },
};
