/* keeper_proc.c: who lives, what they say on their log pipe, and how they end. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "ipc/log.h"
#include "ipc/util.h"
#include "keeper.h"

#define PROCS_MAX 16384u
#define LINE_MAX_BYTES 1024u
static struct proc procs[PROCS_MAX];
static char words[PROCS_MAX][WORDS_MAX];       /* last words; pages are touched by those who speak only */
static char lines[PROCS_MAX][LINE_MAX_BYTES];  /* the line that is being received */
static uint32_t procs_n;                       /* rows once used */
void (*proc_on_exit)(const struct exited *x);

struct proc *proc_next(struct proc *after)
{
    for (uint32_t i = after ? (uint32_t)(after - procs) + 1 : 0; i < procs_n; i++)
        if (procs[i].who.pid)
            return &procs[i];
    return NULL;
}

/* Text into last words, keeping the newest. */
static void words_add(struct proc *p, const char *s, size_t n)
{
    char *w = words[p - procs];
    if (n > WORDS_MAX / 2)
        s += n - WORDS_MAX / 2, n = WORDS_MAX / 2;
    if (p->words_n + n > WORDS_MAX) {
        memmove(w, w + WORDS_MAX / 2, p->words_n - WORDS_MAX / 2);
        p->words_n -= WORDS_MAX / 2;
    }
    memcpy(w + p->words_n, s, n);
    p->words_n += (uint32_t)n;
}

static void line_end(struct proc *p)
{
    char *l = lines[p - procs];
    l[p->line_n] = 0;
    if (p->line_n)
        output_line(&p->who, l);
    p->line_n = 0;
}

static void log_close(struct proc *p)
{
    line_end(p);
    int fd = p->log.fd;
    loop_del(&p->log);
    close(fd);
}

/* A bounded number of bytes a turn: a role that floods its log holds up nobody. */
static void log_drain(struct proc *p, int turns)
{
    char buf[4096];
    while (p->log.fd >= 0 && turns-- > 0) {
        ssize_t n = read(p->log.fd, buf, sizeof buf);
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            log_close(p);
            return;
        }
        words_add(p, buf, (size_t)n);
        for (ssize_t i = 0; i < n; i++) {
            char *l = lines[p - procs];
            if (buf[i] == '\n' || p->line_n == LINE_MAX_BYTES - 1)
                line_end(p);
            if (buf[i] != '\n')
                l[p->line_n++] = (char)(buf[i] >= 0x20 || buf[i] < 0 ? buf[i] : '?');
        }
    }
}

static void log_event(struct loop_source *s, uint32_t events)
{
    (void)events;
    log_drain(s->data, 4);
}

#ifdef CRASH_POINTS
static bool crashed;
bool proc_killed(void) { return crashed; }
#endif

static void proc_ended(struct proc *p)
{
    siginfo_t si = { 0 };
    struct exited x = { .who = p->who, .code = -1, .syscall = -1 };
    int r = waitid(P_PIDFD, (id_t)p->pidfd.fd, &si, WEXITED | WNOHANG);
    if (r == 0 && si.si_pid == 0)
        return;                         /* a false alarm: it lives */
    if (r == 0) {
        x.code = si.si_code;
        x.status = si.si_status;
#ifdef CRASH_POINTS
        crashed = crashed || (si.si_code != CLD_EXITED && p->who.role != ROLE_PID1);
#endif
    }                                   /* else: not our child (adopted), nobody can tell */
    log_drain(p, 32);
    if (p->log.fd >= 0)
        log_close(p);
    x.words = p->words_n;
    memcpy(x.text, words[p - procs], p->words_n);
    int fd = p->pidfd.fd;
    loop_del(&p->pidfd);
    close(fd);
    p->who.pid = 0;
    proc_on_exit(&x);
}

static void pidfd_event(struct loop_source *s, uint32_t events)
{
    (void)events;
    proc_ended(s->data);
}

int proc_add(const struct held *who, int pidfd, int log_fd)
{
    AUTO_CLOSE pf = pidfd;
    AUTO_CLOSE lf = log_fd;
    uint32_t i = 0;
    while (i < procs_n && procs[i].who.pid)
        i++;
    if (i == PROCS_MAX)
        return -ENOSPC;
    struct proc *p = &procs[i];
    *p = (struct proc){ .log.fd = -1 };
    int r = loop_add(&p->pidfd, pf, EPOLLIN, pidfd_event, p);
    if (r < 0)
        return r;
    if (lf >= 0 && loop_add(&p->log, lf, EPOLLIN, log_event, p) == 0)
        lf = -1;
    pf = -1;
    p->who = *who;
    p->who.kind = HELD_PROCESS;
    if (i == procs_n)
        procs_n++;
    return 0;
}

/* Orphans of hands land here too: what is in no row is reaped unseen. */
void proc_reap(void)
{
    for (;;) {
        siginfo_t si = { 0 };
        if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) < 0 || si.si_pid == 0)
            return;
        struct proc *p = proc_next(NULL);
        while (p && p->who.pid != si.si_pid)
            p = proc_next(p);
        if (p)
            proc_ended(p);
        else
            waitpid(si.si_pid, NULL, WNOHANG);
    }
}

int proc_kill(const struct kill_req *k)
{
    for (struct proc *p = proc_next(NULL); p; p = proc_next(p))
        if (k->channel ? p->who.channel == k->channel : p->who.role == ROLE_PID1 && p->who.object == k->object)
            return syscall(SYS_pidfd_send_signal, p->pidfd.fd, k->signal, NULL, 0) < 0 ? -errno : 0;
    return -ESRCH;
}
