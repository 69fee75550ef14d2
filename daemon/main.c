/* main.c: a daemon's command line.  The process then becomes the keeper. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "config.h"
#include "ipc/log.h"
#include "ipc/util.h"
#include "daemon/daemon.h"

static const char usage[] =
    "Usage:\n  %s [options]\n\nOptions:\n"
    "  -h | --help            Display program help\n"
    "  -v | --verbose         Verbose messages\n"
    "  -d | --daemon          Run as a daemon & write PID file\n"
    "  -t | --timeout SECS    Exit after timeout period\n"
    "  -f | --config FILE     Configuration file\n"
    "  -V | --version         Display version information\n"
    "  -p | --pid-file FILE   Change name of PID file\n"
    "       --notify-fd N     Write a newline to descriptor N when ready\n%s";

static int number(const char *name, const char *text, long max, uint32_t *out)
{
    char *end;
    long v = strtol(text, &end, 10);
    if (end == text || *end || v < 0 || v > max) {
        fprintf(stderr, "%s: Invalid value for %s: %s\n", kind.name, name, text);
        return -EINVAL;
    }
    *out = (uint32_t)v;
    return 0;
}

/* The caller's process waits until the daemon is ready, so that "start; use" is right in a script. Returns the fd to write to in the child. */
static int daemonize(void)
{
    int p[2];
    char c;
    if (pipe2(p, O_CLOEXEC) < 0)
        return -errno;
    pid_t pid = fork();
    if (pid < 0)
        return -errno;
    if (pid > 0) {
        close(p[1]);
        _exit(util_read_full(p[0], &c, 1) == 1 ? 0 : 1);
    }
    close(p[0]);
    setsid();
    if (chdir("/") < 0)
        return -errno;
    return p[1];
}

/* systemd's protocol by hand: the keeper writes its words to what this returns. -1: nobody asks. */
static int manager_connect(void)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    if (!path || (path[0] != '/' && path[0] != '@') || util_copy_str(a.sun_path, sizeof a.sun_path, path))
        return -1;
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (path[0] == '@')
        a.sun_path[0] = 0;
    AUTO_CLOSE fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, len) < 0) {
        log_warn("readiness: %s: %s", path, strerror(errno));
        return -1;
    }
    return STEAL_FD(&fd);
}

/* What these say counts more than the files do; a text is conf's to read. */
static int log_environment(struct settings *s)
{
    const char *level = getenv("LIBVIRT_DEBUG"), *filters = getenv("LIBVIRT_LOG_FILTERS"), *outputs = getenv("LIBVIRT_LOG_OUTPUTS");
    for (uint32_t i = LOG_L_DEBUG; level && i <= LOG_L_ERR; i++)
        if (!strcmp(level, log_levels[i]) || (level[0] == (char)('0' + i) && !level[1]))
            s->log_level = i;
    if (level && *level && !s->log_level) {
        fprintf(stderr, "%s: Failed to set logging priority, argument '%s' is invalid\n", kind.name, level);
        return -EINVAL;
    }
    if (s->log_level)
        memset(s->log[LOG_FILTERS].from, (int)s->log_level, LOG_ROLES_MAX);
    if ((filters && util_copy_str(s->log[LOG_FILTERS].text, LOG_SETTING_MAX, filters)) || (outputs && util_copy_str(s->log[LOG_OUTPUTS].text, LOG_SETTING_MAX, outputs))) {
        fprintf(stderr, "%s: LIBVIRT_LOG_FILTERS or LIBVIRT_LOG_OUTPUTS is too long\n", kind.name);
        return -EINVAL;
    }
    return 0;
}

/* After -d the terminal is given back once all errors of the start have been told. */
static int detach_stdio(void)
{
    AUTO_CLOSE null = open("/dev/null", O_RDWR | O_CLOEXEC);
    return null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 ? -errno : 0;
}

/* Nothing that whoever started us left open stays: roles must not find it, and no service manager waits for its end. */
static void close_inherited(int keep)
{
    const char *n = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
    int first = 3 + (n && pid && atoi(pid) == getpid() ? atoi(n) : 0);
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
            _exit(1);
    if (keep >= first) {
        syscall(SYS_close_range, (unsigned)first, (unsigned)keep - 1, 0);
        first = keep + 1;
        fcntl(keep, F_SETFD, FD_CLOEXEC);
    }
    syscall(SYS_close_range, (unsigned)first, ~0u, 0);
}

struct command { const char *config, *pid_file, *guest, *debug; char *may[3]; uint32_t timeout; bool verbose, worker, list, trace; };

/* -1, or the exit status if that was all. */
static int options(int argc, char **argv, struct keeper_start *k, struct command *q)
{
    uint32_t notify_fd;
    int c;
    while ((c = getopt_long(argc, argv, "hvdt:f:Vp:", kind.options, NULL)) >= 0)
        switch (c) {
        case 'h': printf(usage, kind.name, kind.usage); return 0;
        case 'V': printf("%s (bulkhead) " PACKAGE_VERSION "\n", kind.name); return 0;
        case 'v': q->verbose = true; break;
        case 'd': k->daemon = true; break;
        case 'f': q->config = optarg; break;
        case 'p': q->pid_file = optarg; break;
        case 't': if (number("timeout", optarg, INT_MAX / 1000, &q->timeout)) return 1; break;
        case OPT_NOTIFY: if (number("notify-fd", optarg, 65535, &notify_fd)) return 1; k->ready[READY_FD] = (int)notify_fd; break;
        case OPT_WORKER: q->worker = true; break;
        case OPT_DEBUG: q->worker = true; q->debug = optarg; break;
        case OPT_LIST: q->list = true; break;
        case OPT_TRACE: q->worker = q->trace = true; break;
        case OPT_MAY: q->may[0] = optarg; break;
        default: return 1;
        }
    for (int i = 1; q->may[0] && i < 3 && optind < argc; i++)
        q->may[i] = argv[optind++];
    if (q->may[0] && !q->may[1]) {
        fprintf(stderr, "%s: --may wants a user and an action\n", kind.name);
        return 2;
    }
    if (optind < argc && q->worker && kind.caps)
        q->guest = argv[optind++];
    if (optind == argc)
        return -1;
    fprintf(stderr, "%s: unexpected, non-option, command line arguments\n", kind.name);
    return 1;
}

/* The files are read as by a start, and the process ends. */
static int may(struct keeper_start *k, const struct command *q, bool session)
{
    settings_defaults(&k->settings, session);
    close_inherited(-1);
    if (q->config && util_copy_str(k->config, sizeof k->config, q->config) < 0)
        return 2;
    return access_cli(k, q->may);
}

int main(int argc, char **argv)
{
    struct keeper_start k = { .ready = { -1, -1, -1 } };
    struct command q = { 0 };
    int r = options(argc, argv, &k, &q);
    if (r >= 0)
        return r;
    log_init(kind.name);
    bool session = geteuid() != 0;
    if ((r = layout_init(&k.layout, session)) < 0) {
        fprintf(stderr, "%s: cannot find the folders to use: %s\n", kind.name, strerror(-r));
        return 1;
    }
    if (q.may[0])
        return may(&k, &q, session);
    if (q.list)
        return kind.list(&k.layout);
    if (q.worker)
        return worker_cli(&k.layout, q.guest, q.debug, q.trace);
    settings_defaults(&k.settings, session);
    if (log_environment(&k.settings))
        return 1;
    k.settings.log_verbose = q.verbose;
    k.settings.log_behind = k.daemon;
    k.settings.timeout_s = q.timeout;
    const char *state = getenv("BULKHEAD_KEEPER_STATE");
    if (state && (r = reload(&k.settings, atoi(state), argv)) >= 0)
        return r;
    if (state) {
        output_init(&k);            /* behind -d there is no terminal any more */
        log_sink = output_own;
        anew(&k.layout);
        k.settings.hooks = HOOKS_BEGUN;
        k.ready[READY_FD] = -1;
    } else {
        close_inherited(k.ready[READY_FD]);
    }
    if (q.config && q.config[0] != '/' && !(q.config = realpath(q.config, NULL))) {
        fprintf(stderr, "%s: no such configuration file\n", kind.name);
        return 1;
    }
    if (readlink("/proc/self/exe", k.front, sizeof k.front - 1) < 0 || (q.config && util_copy_str(k.config, sizeof k.config, q.config) < 0)) {
        fprintf(stderr, "%s: cannot be found again, or its configuration file\n", kind.name);
        return 1;
    }
    if (k.daemon && !state && (k.ready[READY_PARENT] = daemonize()) < 0)
        return 1;
    k.ready[READY_MANAGER] = manager_connect();
    prctl(PR_SET_CHILD_SUBREAPER, 1);       /* what a hand starts and leaves is the keeper's to reap */
    if (!(r = loop_init()) && !(r = prepare(&k, q.pid_file)) && k.daemon)
        r = detach_stdio();
    if (!r)
        r = keeper_exec(&k, false, argv);
    log_err("cannot go on: %s", strerror(-r));
    return 1;
}
