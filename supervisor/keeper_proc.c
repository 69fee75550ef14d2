/* keeper_proc.c: who lives, what they say on their log pipe, and how they end. */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "ipc/crash.h"
#include "ipc/util.h"
#include "keeper.h"

struct watched {
    struct loop_source pidfd, log;
    uint32_t n;
    char line[sizeof((struct exited *)NULL)->words];        /* the one that is being received; or the last one, with n = 0 */
};
void (*proc_on_exit)(const struct exited *x);

static void line_end(struct row *r)
{
    struct watched *w = r->watched;
    if (!w->n)
        return;
    w->line[w->n] = 0;
    w->n = 0;
    output_line(&r->key, w->line);
}

static void log_close(struct row *r)
{
    line_end(r);
    loop_del(&r->watched->log);
    util_closep(&r->log);
}

/* A bounded number of bytes a turn: a role that floods its log holds up nobody. */
static void log_drain(struct row *r, int turns)
{
    struct watched *w = r->watched;
    char buf[4096];
    while (r->log >= 0 && turns-- > 0) {
        ssize_t n = read(r->log, buf, sizeof buf);
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            log_close(r);
            return;
        }
        for (ssize_t i = 0; i < n; i++) {
            if (buf[i] == '\n' || w->n == sizeof w->line - 1)
                line_end(r);
            if (buf[i] != '\n')
                w->line[w->n++] = (char)(buf[i] >= 0x20 || buf[i] < 0 ? buf[i] : '?');
        }
    }
}

static void log_event(struct loop_source *s, uint32_t events)
{
    log_drain(s->data, 4);
}

static void proc_ended(struct loop_source *s, uint32_t events)
{
    struct row *r = s->data;
    siginfo_t si = { 0 };
    struct exited x = { .who = r->key, .code = -1 };
    int done = waitid(P_PIDFD, (id_t)r->fd, &si, WEXITED | WNOHANG);
    if (done == 0 && si.si_pid == 0)
        return;                         /* a false alarm: it lives */
    if (done == 0) {
        x.code = si.si_code;
        x.status = si.si_status;
        crash_seen(&si);
    }                                   /* else: not our child (adopted), nobody can tell */
    log_drain(r, 32);
    if (r->log >= 0)
        log_close(r);
    memcpy(x.words, r->watched->line, sizeof x.words);
    loop_del(&r->watched->pidfd);
    free(r->watched);
    store_free(r);
    proc_on_exit(&x);
}

int proc_watch(struct row *r)
{
    struct watched *w = r ? calloc(1, sizeof *w) : NULL;
    int done = !r || !w ? -ENOMEM : loop_add(&w->pidfd, r->fd, EPOLLIN, proc_ended, r);
    if (done < 0) {
        free(w);
        if (r)
            store_free(r);
        return done;
    }
    r->watched = w;
    w->log.fd = -1;
    return r->log >= 0 ? loop_add(&w->log, r->log, EPOLLIN, log_event, r) : 0;
}

/* Orphans of hands land here too: what is in no row is reaped unseen. */
void proc_reap(void)
{
    for (;;) {
        siginfo_t si = { 0 };
        if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) < 0 || si.si_pid == 0)
            return;
        struct row *r = store_next(NULL, HELD_PROCESS);
        while (r && r->key.pid != si.si_pid)
            r = store_next(r, HELD_PROCESS);
        if (r)
            proc_ended(&r->watched->pidfd, 0);
        else
            waitpid(si.si_pid, NULL, WNOHANG);
    }
}

int proc_kill(const struct kill_req *k)
{
    for (struct row *r = store_next(NULL, HELD_PROCESS); r; r = store_next(r, HELD_PROCESS))
        if (k->channel ? r->key.channel == k->channel : r->key.role == ROLE_PID1 && r->key.object == k->object)
            return syscall(SYS_pidfd_send_signal, r->fd, k->signal, NULL, 0) < 0 ? -errno : 0;
    return -ESRCH;
}
