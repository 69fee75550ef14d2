/* log.c: see log.h.  One write(2) a line, so that lines of several writers do not mix. */
#include "log.h"
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

const char *const log_levels[] = { "?", "debug", "info", "warning", "error" };
int log_threshold = LOG_L_WARN;
void (*log_sink)(const char *line);
static const char *log_tag = "bulkhead";

void log_init(const char *tag)
{
    log_tag = tag;
}

void log_line(int level, const char *fmt, ...)
{
    char raw[LOG_LINE_MAX], line[LOG_LINE_MAX * 2];
    va_list ap;

    va_start(ap, fmt);
    int n = snprintf(raw, sizeof raw, "%s %s: ", log_levels[level >= LOG_L_DEBUG && level <= LOG_L_ERR ? level : 0], log_tag);
    if (n > 0 && n < (int)sizeof raw)
        vsnprintf(raw + n, sizeof raw - (size_t)n, fmt, ap);
    va_end(ap);

    /* Escape what could forge a line or drive a terminal. */
    size_t o = 0;
    for (const char *p = raw; *p && o < sizeof line - 6; p++) {
        unsigned char c = (unsigned char)*p;
        if (c < 0x20 || c == 0x7f)
            o += (size_t)snprintf(line + o, sizeof line - o, "\\x%02x", c);
        else
            line[o++] = (char)c;
    }
    line[o] = 0;
    if (log_sink) {
        log_sink(line);
        return;
    }
    line[o++] = '\n';
    ssize_t r = write(2, line, o);
    (void)r;    /* nowhere to tell of a log that cannot be written */
}
