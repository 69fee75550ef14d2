/* hand_head.c: how a guest's log begins. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include "config.h"
#include "hand_launch.h"

/* A line for each taint, at text[at]; what has no room is left out. Where they end. */
static size_t taints_put(char *text, size_t at, size_t size, const char *when, const struct launch *l)
{
    const char *p = l->taints, *end = p + strnlen(p, sizeof l->taints), *line;
    for (; (line = memchr(p, '\n', (size_t)(end - p))); p = line + 1) {
        int n = snprintf(text + at, size - at, "%s: Domain id=%d is tainted: %.*s\n", when, l->id, (int)(line - p), p);
        if ((size_t)n >= size - at)
            break;
        at += (size_t)n;
    }
    return at;
}

/* As libvirt's does: when, who, the whole command line on one line, and taints.  What does not fit into the pipe at once is left out. */
void head_write(int to, int argv_fd, const struct launch *l)
{
    static char text[65536];
    char host[256] = "", when[64];
    const void *p;
    size_t n;
    struct timespec ts;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &ts);
    gmtime_r(&ts.tv_sec, &tm);
    gethostname(host, sizeof host - 1);
    if (frame_map(argv_fd, sizeof text - 2048, &p, &n) < 0 || !n)
        return;
    snprintf(when, sizeof when, "%04d-%02d-%02d %02d:%02d:%02d.%03ld+0000", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, ts.tv_nsec / 1000000);
    size_t head = (size_t)snprintf(text, sizeof text, "%s: starting up bulkhead %s, hostname: %s\n", when, PACKAGE_VERSION, host);
    for (size_t i = 0; i < n; i++) {
        char c = ((const char *)p)[i];
        text[head++] = (char)(c ? c == '\n' ? ' ' : c : i + 1 < n ? ' ' : '\n');
    }
    munmap((void *)(uintptr_t)p, n);
    head = taints_put(text, head, sizeof text, when, l);
    int fl = fcntl(to, F_GETFL);
    fcntl(to, F_SETFL, fl | O_NONBLOCK);
    ssize_t done = write(to, text, head);
    (void)done;
    fcntl(to, F_SETFL, fl);
}
