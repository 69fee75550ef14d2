/* err.c: see err.h. */
#include "err.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Keeps a detail printable: it may hold what a peer wrote. */
static void err_clean(char *s)
{
    for (; *s; s++)
        if (((unsigned char)*s < 0x20 && *s != '\n' && *s != '\t') || *s == 0x7f)
            *s = '?';
}

int err_set(struct err *e, int code, int domain, const char *fmt, ...)
{
    va_list ap;
    if (!e)
        return -1;
    e->code = code;
    e->domain = domain;
    e->sys = -1;
    va_start(ap, fmt);
    vsnprintf(e->detail, sizeof e->detail, fmt, ap);
    va_end(ap);
    err_clean(e->detail);
    return -1;
}

size_t err_wire_len(const struct err *e)
{
    return offsetof(struct err, detail) + strnlen(e->detail, sizeof e->detail - 1) + 1;
}

int err_from_wire(struct err *e, const void *body, size_t len)
{
    const char *p = body;
    if (len < ERR_WIRE_MIN || len > sizeof *e || p[len - 1] != 0 ||
        strlen(p + offsetof(struct err, detail)) != len - ERR_WIRE_MIN) {
        err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "malformed error reply");
        return -EPROTO;
    }
    memset(e, 0, sizeof *e);
    memcpy(e, body, len);
    if (e->code == VIR_ERR_OK)
        e->code = VIR_ERR_INTERNAL_ERROR;
    err_clean(e->detail);
    return 0;
}
