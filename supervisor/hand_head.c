/* hand_head.c: how a guest's log begins. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include "config.h"
#include "hand_launch.h"

/* As libvirt's does: when, who, and the whole command line on one line.  What does not fit into the pipe at once is left out. */
void head_write(int to, int argv_fd)
{
    static char text[65536];
    char host[256] = "";
    const void *p;
    size_t n;
    struct timespec ts;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &ts);
    gmtime_r(&ts.tv_sec, &tm);
    gethostname(host, sizeof host - 1);
    if (frame_map(argv_fd, sizeof text - 512, &p, &n) < 0 || !n)
        return;
    int head = snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02d.%03ld+0000: starting up bulkhead %s, hostname: %s\n", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                        tm.tm_hour, tm.tm_min, tm.tm_sec, ts.tv_nsec / 1000000, PACKAGE_VERSION, host);
    for (size_t i = 0; i < n; i++) {
        char c = ((const char *)p)[i];
        text[head++] = (char)(c ? c == '\n' ? ' ' : c : i + 1 < n ? ' ' : '\n');
    }
    munmap((void *)(uintptr_t)p, n);
    int fl = fcntl(to, F_GETFL);
    fcntl(to, F_SETFL, fl | O_NONBLOCK);
    ssize_t done = write(to, text, (size_t)head);
    (void)done;
    fcntl(to, F_SETFL, fl);
}
