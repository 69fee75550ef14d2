/* output.c: where log lines go: log_outputs of the configuration ("level:stderr", "level:file:PATH", "level:syslog:NAME", by blanks),
 * else stderr in the foreground and syslog behind a daemon.  Role, object and pid of a line come from the table of processes. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>
#include "ipc/log.h"
#include "ipc/util.h"
#include "keeper.h"

enum { SINK_FD, SINK_SYSLOG };
static struct sink { int kind, level, fd; } sinks[4];
static unsigned sinks_n;
static char syslog_name[64];

static void sink_add(int kind, int level, int fd)
{
    if (sinks_n < ARRAY_N(sinks) && (kind == SINK_SYSLOG || fd >= 0))
        sinks[sinks_n++] = (struct sink){ kind, level, fd };
}

static void sink_parse(char *word)
{
    char *kind = strchr(word, ':'), *data = kind ? strchr(kind + 1, ':') : NULL;
    int level = (int)strtol(word, NULL, 10);
    if (!kind || level < LOG_L_DEBUG || level > LOG_L_ERR)
        return;
    *kind++ = 0;
    if (data)
        *data++ = 0;
    if (!strcmp(kind, "stderr"))
        sink_add(SINK_FD, level, 2);
    else if (!strcmp(kind, "file") && data && data[0] == '/')
        sink_add(SINK_FD, level, open(data, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
    else if (!strcmp(kind, "syslog") || !strcmp(kind, "journald")) {
        if (data)
            util_copy_str(syslog_name, sizeof syslog_name, data);
        sink_add(SINK_SYSLOG, level, -1);
    }
}

void output_init(const struct keeper_start *k)
{
    char text[sizeof k->settings.log_outputs], *save = NULL;
    util_copy_str(text, sizeof text, k->settings.log_outputs);
    util_copy_str(syslog_name, sizeof syslog_name, k->layout.daemon);
    for (unsigned i = 0; i < sinks_n; i++)
        if (sinks[i].fd > 2)
            close(sinks[i].fd);
    sinks_n = 0;
    for (char *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save))
        sink_parse(w);
    if (!sinks_n)
        sink_add(k->daemon ? SINK_SYSLOG : SINK_FD, LOG_L_DEBUG, 2);
    openlog(syslog_name, LOG_PID, LOG_DAEMON);
}

/* Lines of ours begin with their level; what a library or a tool writes does not. */
static int line_level(const char **line)
{
    for (int i = LOG_L_DEBUG; i <= LOG_L_ERR; i++) {
        size_t n = strlen(log_levels[i]);
        if (!strncmp(*line, log_levels[i], n) && (*line)[n] == ' ') {
            *line += n + 1;
            return i;
        }
    }
    return LOG_L_WARN;
}

void output_line(const struct held *who, const char *line)
{
    static const int prio[] = { 0, LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERR };
    char text[2048];
    struct timespec ts;
    struct tm tm;
    int level = line_level(&line);
    const char *tag = role_name((int)who->role);
    size_t n = strlen(tag);
    if (!strncmp(line, tag, n) && line[n] == ':')      /* the role's own tag is what we know better */
        line += n + 1 + (line[n + 1] == ' ');
    clock_gettime(CLOCK_REALTIME, &ts);
    gmtime_r(&ts.tv_sec, &tm);
    int head = snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02d.%03ld+0000: %d: %s : ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
                        tm.tm_min, tm.tm_sec, ts.tv_nsec / 1000000, who->pid, log_levels[level]);
    char object[32] = "";
    if (who->object)
        snprintf(object, sizeof object, "[%u.%u]", (uint32_t)who->object, (uint32_t)(who->object >> 32));
    snprintf(text + head, sizeof text - (size_t)head, "%s%s: %s\n", tag, object, line);
    for (unsigned i = 0; i < sinks_n; i++) {
        if (level < sinks[i].level)
            continue;
        if (sinks[i].kind == SINK_SYSLOG)
            syslog(prio[level], "%s", text + head);
        else
            dprintf(sinks[i].fd, "%s", text);
    }
}

void output_own(const char *line)
{
    output_line(&(struct held){ .role = ROLE_KEEPER, .pid = getpid() }, line);
}
