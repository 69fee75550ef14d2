/* hand_hook.c: runs the administrator's hook scripts of one step: hooks/qemu or hooks/daemon of the configuration folder, then what is in the folder of that name
 * with ".d", in order.
 *
 * Privilege: what scripts mostly need (CAPS_HOOK in policy/profiles.def), which they have as well.  Called by: the supervisor.  Assumes of its input: nothing.
 *
 * SAFETY: only files of root's (in a session: the user's own) that nobody else may write to are run, out of such folders; a supervisor that was taken over
 * chooses the step, the name and the text, and no more.  The text is a guest's document: what a script makes of it is the script's affair. */
#include "hand_hook.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "ipc/log.h"
#include "ipc/util.h"

enum { SCRIPTS_MAX = 64, TURN_MORE_S = 3 /* what it takes to kill them */ };
static const struct hook_op { const char *op, *subop, *extra; bool of_daemon, stops /* what it is run for, when it fails */, prints; } hook_ops[] = {
    { "prepare", "begin", "-", false, true, false }, { "start", "begin", "-", false, true, false }, { "started", "begin", "-", false, true, false },
    { "stopped", "end", "-", false, false, false }, { "release", "end", "-", false, false, false }, { "reconnect", "begin", "-", false, false, false },
    { "restore", "begin", "-", false, true, true },
    { "start", "-", "start", true, false, false }, { "reload", "begin", "SIGHUP", true, false, false }, { "shutdown", "-", "shutdown", true, false, false },
};
struct step {
    const struct hook_op *op;
    const char *name;
    char folder[320], *path[SCRIPTS_MAX];
    unsigned n;
    uint64_t deadline_ms;
    uint32_t timeout_s;
    uid_t owner;
    int ends, text;             /* -1: none */
    bool changed;               /* text is a script's */
    struct err e;               /* of the last one that failed */
};

/* ---- which ---- */

static bool is_safe(const struct step *s, const char *path, mode_t type, bool *runs)
{
    struct stat st;
    if (stat(path, &st) < 0) {
        if (errno != ENOENT)
            log_err("%s is passed over: %s", path, strerror(errno));
        return false;
    }
    *runs = st.st_mode & S_IXUSR;
    if ((st.st_mode & S_IFMT) != type || (type == S_IFREG && !*runs))
        return false;
    if (st.st_uid == s->owner && !(st.st_mode & (S_IWGRP | S_IWOTH)))
        return true;
    log_err("%s is passed over: it belongs to somebody else, or others may write to it", path);
    return false;
}

static void add(struct step *s, const char *path)
{
    bool runs;
    if (s->n == SCRIPTS_MAX)
        log_warn("%s is passed over: there are more than %d scripts", path, SCRIPTS_MAX);
    else if (is_safe(s, path, S_IFREG, &runs) && (s->path[s->n] = strdup(path)))
        s->n++;
}

static int by_name(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

static void find(struct step *s)
{
    char path[sizeof s->folder + 280];
    const char *driver = s->op->of_daemon ? "daemon" : "qemu";
    struct dirent **names;
    bool runs;
    if (!is_safe(s, s->folder, S_IFDIR, &runs))
        return;
    util_format(path, sizeof path, "%s/%s", s->folder, driver);
    add(s, path);
    util_format(path, sizeof path, "%s/%s.d", s->folder, driver);
    int n = is_safe(s, path, S_IFDIR, &runs) ? scandir(path, &names, NULL, by_name) : 0;
    for (int i = 0; i < n; i++) {
        util_format(path, sizeof path, "%s/%s.d/%s", s->folder, driver, names[i]->d_name);
        add(s, path);
        free(names[i]);
    }
    if (n > 0)
        free(names);
}

/* ---- what becomes of them ---- */

static bool is_blank(const char *text, size_t n)
{
    while (n && strchr(" \t\r\n", text[n - 1]) && text[n - 1])
        n--;
    return n == 0;
}

/* In libvirt's words, where it has any. */
static void failed(struct step *s, const struct hook_run *r)
{
    char how[200];
    switch (r->end) {
    case HOOK_EXITED: snprintf(how, sizeof how, "unexpected exit status %d", r->value); break;
    case HOOK_KILLED: snprintf(how, sizeof how, "unexpected fatal signal %d", r->value); break;
    case HOOK_LATE: snprintf(how, sizeof how, "not ended within %u seconds, and killed", s->timeout_s); break;
    case HOOK_GIVEN_UP: snprintf(how, sizeof how, "killed: what it was run for was given up"); break;
    case HOOK_FLOODS: snprintf(how, sizeof how, "killed: it prints more than a document may have"); break;
    default: snprintf(how, sizeof how, "not run: %s", strerror(r->value)); break;
    }
    err_set(&s->e, VIR_ERR_HOOK_SCRIPT_FAILED, VIR_FROM_HOOK, "internal error: Child process (LC_ALL=C PATH=" HOOK_PATH " %s %s %s %s %s) %s%s%s", r->path, r->name, r->op, r->subop,
            r->extra, how, *r->words ? ": " : "", r->words);
    log_err("Hook script execution failed: %s", s->e.detail);
}

static void run(struct step *s)
{
    struct hook_run *r = hook_room();
    if (!r) {
        log_err("no room for what a script says");
        exit(2);
    }
    r->name = s->name;
    r->op = s->op->op;
    r->subop = s->op->subop;
    r->extra = s->op->extra;
    r->wants_output = s->op->prints;
    r->ends = s->ends;
    r->deadline_ms = s->deadline_ms;
    for (unsigned i = 0; i < s->n; i++) {
        int text = -1;
        r->path = s->path[i];
        r->text = s->text;
        hook_run(r);
        log_debug("%s %s %s: %d, %d", r->path, r->name, r->op, r->end, r->value);
        bool good = r->end == HOOK_EXITED && r->value == 0, prints = good && r->out_len && !is_blank(r->out, r->out_len);
        if (prints && (text = frame_memfd("document", r->out, r->out_len)) < 0) {
            r->end = HOOK_ERROR;
            r->value = -text;
            good = false;
        }
        if (!good)
            failed(s, r);
        else if (prints) {
            util_closep(&s->text);      /* the next script gets what this one made of it */
            s->text = text;
            s->changed = true;
        }
        if (r->end != HOOK_EXITED && r->end != HOOK_KILLED)       /* there is no time left, or nobody waits */
            return;
    }
}

/* ---- the daemon's own ---- */

static void on_alarm(int sig) { }

/* A later daemon's scripts do not begin while those of the one before are at work. Held by who has the descriptor; -1: there is no folder, or somebody else has it for longer than
 * scripts may take. */
static int take_turn(const struct step *s)
{
    AUTO_CLOSE fd = open(s->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const struct sigaction wakes = { .sa_handler = on_alarm };
    sigaction(SIGALRM, &wakes, NULL);
    alarm(s->timeout_s + TURN_MORE_S);
    int r = fd < 0 ? -1 : flock(fd, LOCK_EX);
    alarm(0);
    return r < 0 ? -1 : STEAL_FD(&fd);
}

/* The daemon's end can be told by nobody in it: this process stays, and waits for it. */
static void wait_for_end(struct step *s, int daemon)
{
    if (fork() != 0)
        return;
    struct pollfd p = { .fd = daemon, .events = POLLIN };
    signal(SIGPIPE, SIG_IGN);
    setsid();
    close(BIRTH_FD_CHANNEL);
    while (poll(&p, 1, -1) != 1)
        ;
    s->op = &hook_ops[ARRAY_N(hook_ops) - 1];
    s->ends = -1;
    s->n = 0;
    find(s);
    s->deadline_ms = util_now_ms() + s->timeout_s * 1000ull;
    run(s);
    _exit(0);
}

/* ---- one step ---- */

static const struct hook_op *op_of(const struct hand_hook *q)
{
    for (size_t i = 0; i < ARRAY_N(hook_ops); i++)
        if (!strcmp(hook_ops[i].op, q->op) && hook_ops[i].of_daemon == !*q->name)
            return &hook_ops[i];
    log_err("no such step");
    exit(2);
}

/* One that can be read at once, and that nobody changes any more. */
static bool is_document(int fd)
{
    const void *text;
    size_t n = 0;
    int r = frame_map(fd, HOOK_TEXT_MAX, &text, &n);
    if (r == 0 && n)
        munmap((void *)(uintptr_t)text, n);
    return r == 0;
}

/* The call itself. ends: the hand's own process is no more. daemon: of the daemon's first process. */
static void work(struct hand *h, int ends, int daemon)
{
    struct hand_done done = { .failed = -1 };
    const struct hand_hook *q = hand_body(h, sizeof *q);
    struct layout l;
    struct step s = { .ends = ends, .text = h->call.h.nfds ? fcntl(h->call.fds[0], F_DUPFD_CLOEXEC, 3) : -1, .owner = geteuid(), .timeout_s = q->timeout_s };
    hand_check_text(q->op, sizeof q->op);
    hand_check_text(q->name, sizeof q->name);
    s.op = op_of(q);
    s.name = *q->name ? q->name : "-";
    if (hand_layout(h, &l) < 0 || util_format(s.folder, sizeof s.folder, "%.*s/hooks", (int)sizeof l.conf_dir - 1, l.conf_dir) < 0) {
        log_err("no folder for hook scripts");
        exit(2);
    }
    if (s.text >= 0 && !is_document(s.text)) {
        log_err("a text that is none");
        exit(2);
    }
    bool first = s.op->of_daemon && !strcmp(s.op->op, "start");
    AUTO_CLOSE turn = first ? take_turn(&s) : -1;
    s.deadline_ms = util_now_ms() + s.timeout_s * 1000ull;
    find(&s);
    run(&s);
    if (turn >= 0)
        wait_for_end(&s, daemon);
    if (s.e.code && s.op->stops)
        hand_fail(h, -1, -EIO, &s.e);
    else
        hand_reply(h, &done, sizeof done, &s.text, s.changed);
}

int main(void)
{
    struct hand h = { 0 };
    int alive[2];
    hand_begin(&h, ROLE_HAND_HOOK);
    AUTO_CLOSE daemon = (int)syscall(SYS_pidfd_open, getppid(), 0);
    if (h.call.h.op != OP_IN(IN_HAND_HOOK) || pipe2(alive, O_CLOEXEC) < 0) {
        log_err("no such verb: %u", OP_PROC(h.call.h.op));
        return 2;
    }
    /* Whoever gives a hand up kills it: then somebody has to be left who ends the scripts. */
    pid_t worker = fork();
    if (worker < 0)
        return 2;
    if (worker == 0) {
        close(alive[1]);
        work(&h, alive[0], daemon);
        _exit(0);
    }
    close(alive[0]);
    close(BIRTH_FD_CHANNEL);
    int status = 0;
    while (waitpid(worker, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFSIGNALED(status))        /* its end is this one's, and told as such */
        raise(WTERMSIG(status));
    return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}
