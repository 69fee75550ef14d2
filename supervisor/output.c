/* output.c: where log lines go: to the outputs of the settings; without any to stderr in the foreground, and to syslog behind a daemon.
 * Role, object and pid of a line come from the table of processes. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>
#include "ipc/log.h"
#include "keeper.h"

static struct sink { struct log_output o; int fd; } sinks[LOG_OUTPUTS_MAX];

/* SAFETY: whoever may administer the daemon names the files: root, or the session's own user.  A link is not followed. */
void output_init(const struct keeper_start *k)
{
    const char *name = k->layout.daemon;
    bool some = false;
    log_threshold = k->settings.log[LOG_FILTERS].from[ROLE_KEEPER];
    for (struct sink *s = sinks; s < sinks + LOG_OUTPUTS_MAX; s++) {
        if (s->fd > 2)
            close(s->fd);
        *s = (struct sink){ k->settings.log[LOG_OUTPUTS].to[s - sinks], 2 };
        s->o.name[sizeof s->o.name - 1] = 0;
        if (s->o.to == LOG_TO_FILE && (s->o.name[0] != '/' || (s->fd = open(s->o.name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0))
            s->o.to = LOG_TO_NONE;
        if (s->o.to == LOG_TO_SYSLOG && s->o.name[0])
            name = s->o.name;
        some |= s->o.to != LOG_TO_NONE;
    }
    if (!some)
        sinks[0] = (struct sink){ { .to = k->daemon ? LOG_TO_SYSLOG : LOG_TO_STDERR, .level = k->settings.log_level }, 2 };
    openlog(name, LOG_PID, LOG_DAEMON);
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
    char text[2048], when[32];
    struct timespec ts;
    struct tm tm;
    int level = line_level(&line);
    const char *tag = role_name((int)who->role);
    size_t n = strlen(tag);
    if (!strncmp(line, tag, n) && line[n] == ':')      /* the role's own tag is what we know better */
        line += n + 1 + (line[n + 1] == ' ');
    clock_gettime(CLOCK_REALTIME, &ts);
    gmtime_r(&ts.tv_sec, &tm);
    strftime(when, sizeof when, "%F %T", &tm);
    int head = snprintf(text, sizeof text, "%s.%03ld+0000: %d: %s : ", when, ts.tv_nsec / 1000000, who->pid, log_levels[level]);
    char object[32] = "";
    if (who->object)
        snprintf(object, sizeof object, "[%u.%u]", (uint32_t)who->object, (uint32_t)(who->object >> 32));
    snprintf(text + head, sizeof text - (size_t)head, "%s%s: %s\n", tag, object, line);
    for (const struct sink *s = sinks; s < sinks + LOG_OUTPUTS_MAX; s++)
        if (s->o.to >= LOG_TO_SYSLOG && level >= (int)s->o.level)
            syslog(prio[level], "%s", text + head);
        else if (s->o.to && level >= (int)s->o.level)
            dprintf(s->fd, "%s", text);
}

void output_own(const char *line)
{
    output_line(&(struct held){ .role = ROLE_KEEPER, .pid = getpid() }, line);
}
