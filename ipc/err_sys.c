/* err_sys.c: see err.h.  A file of its own, for the supervisor of guests asks the kernel for nothing that a client hears of. */
#include "err.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_sys(struct err *e, int domain, int errnum, const char *fmt, ...)
{
    char text[ERR_DETAIL_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    err_set(e, VIR_ERR_SYSTEM_ERROR, domain, "%s: %s", text, strerror(errnum));
    if (e)
        e->sys = errnum;
    return -1;
}
