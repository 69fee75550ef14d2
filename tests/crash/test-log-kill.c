/* test-log-kill: roles/log is killed a hundred times in the middle of its work, on one pipe into which a guest writes numbered
 * lines without a pause.  Then every line is in the files, once, in order; and every file but the last ends with a line. */
#include <limits.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include "ipc/settings.h"
#include "tests/tap.h"
#include "tests/unit/fakesup.h"

#define KILLS 100
#define FILE_BYTES (128u << 10)

static struct fakesup sup;
static char top[PATH_MAX];
static int dir, pipe_fds[2], settings;

/* ---- the guest ---- */

static volatile sig_atomic_t told_to_stop;
static void on_stop(int sig) { (void)sig; told_to_stop = 1; }

static int line_text(unsigned n, char *buf, size_t size)
{
    return snprintf(buf, size, "line %u %.*s\n", n, (int)(n * 7919u % 97), "................................................................................................");
}

/* Never returns. */
static void guest(void)
{
    char buf[160];
    struct sigaction sa = { .sa_handler = on_stop };
    sigaction(SIGUSR1, &sa, NULL);
    for (unsigned n = 0; !told_to_stop; n++) {
        size_t len = (size_t)line_text(n, buf, sizeof buf), done = 0;
        while (done < len) {
            ssize_t r = write(pipe_fds[1], buf + done, len - done);
            if (r < 0 && errno != EINTR)
                _exit(1);
            done += r > 0 ? (size_t)r : 0;
        }
    }
    _exit(0);
}

/* ---- the role ---- */

static bool spawn(struct fakesup *s, uint32_t instance)
{
    struct birth b = { .nfds = 3, .uid = ~0u, .gid = ~0u, .instance = instance, .flags = BIRTH_SESSION,
        .fd_kind = { BFD_LOG_PIPE, BFD_DIR, BFD_SETTINGS }, .fd_arg = { 0, DIR_LOG, 0 } };
    struct conf_name n = { .dir = 0, .name = "guest.log" };     /* "truncate": only the first instance may */
    const int fds[] = { pipe_fds[0], dir, settings };
    return fakesup_spawn(s, ROLE_LOG, b, fds) == 0 && fakesup_call(s, OP_IN(IN_LOG_START), 0, 0, &n, sizeof n, NULL, 0) == 1 && s->reply.h.kind == FRAME_REPLY;
}

/* ---- the proof ---- */

static unsigned lines, faults;
static char rest[256];
static size_t rest_len;

static void take(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (rest_len == sizeof rest - 1)
            rest_len = 0, faults++;
        rest[rest_len++] = p[i];
        if (p[i] != '\n')
            continue;
        char want[160];
        int len = line_text(lines, want, sizeof want);
        if (rest_len != (size_t)len || memcmp(rest, want, rest_len)) {
            if (!faults++)
                tap_note("wanted line %u, got \"%.*s\"", lines, (int)rest_len - 1, rest);
            sscanf(rest, "line %u", &lines);
        }
        lines++;
        rest_len = 0;
    }
}

static bool take_file(const char *name, bool last)
{
    static char buf[4 * FILE_BYTES];
    AUTO_CLOSE fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : util_read_full(fd, buf, sizeof buf);
    if (n < 0)
        return false;
    take(buf, (size_t)n);
    if (n > (ssize_t)FILE_BYTES || (!last && (!n || buf[n - 1] != '\n'))) {
        tap_note("%s: %zd bytes%s", name, n, n && buf[n - 1] == '\n' ? "" : ", ends in the middle of a line");
        faults++;
    }
    return true;
}

int main(void)
{
    struct settings set = { .magic = SETTINGS_MAGIC, .log_max_size = FILE_BYTES, .log_max_backups = 100000 };
    const char *tmp = getenv("TMPDIR");
    char path[PATH_MAX];
    int status, good = 0;

    if (access(fakesup_role(ROLE_LOG), X_OK) < 0)
        tap_skip_all("roles/log is not built");
    if (util_format(top, sizeof top, "%s/bulkhead-kill-XXXXXX", tmp ? tmp : "/tmp") < 0 || !mkdtemp(top) ||
        (dir = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 || pipe2(pipe_fds, O_CLOEXEC) < 0 ||
        (settings = frame_memfd("settings", &set, sizeof set)) < 0)
        tap_skip_all("no folder, pipe or memfd");
    pid_t writer = fork();
    if (writer == 0)
        guest();
    close(pipe_fds[1]);

    alarm(300);                     /* whatever hangs ends here, and the missing plan tells */
    srand(1);
    for (unsigned i = 0; i < KILLS; i++) {
        if (!spawn(&sup, i))
            break;
        usleep((useconds_t)(rand() % 4000));        /* a different place each time; any will do */
        kill(sup.pid, SIGKILL);
        status = fakesup_end(&sup);
        good += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    }
    tap_int(good, KILLS, "killed while it worked");

    /* One is asked to end while the guest writes on; the last one ends by itself, since the guest has ended. */
    tap_ok(spawn(&sup, KILLS) && fakesup_send(&sup, FRAME_EVENT, OP_IN(IN_QUIT), 0, 0, NULL, 0, NULL, 0) == 0 && fakesup_recv(&sup) == 0 &&
           fakesup_end(&sup) == 0, "ended when asked to, in the middle of its work");
    kill(writer, SIGUSR1);
    tap_ok(spawn(&sup, KILLS + 1), "a last instance");
    tap_ok(waitpid(writer, &status, 0) == writer && WIFEXITED(status) && WEXITSTATUS(status) == 0, "the guest wrote to its end");
    tap_ok(fakesup_recv(&sup) == 0 && fakesup_end(&sup) == 0, "ended by itself when the guest had ended");
    int held = -1;
    tap_ok(ioctl(pipe_fds[0], FIONREAD, &held) == 0 && held == 0, "nothing is left in the pipe");

    unsigned files = 0;
    struct stat st;
    for (;; files++)
        if (util_format(path, sizeof path, "guest.log.%u", files) < 0 || fstatat(dir, path, &st, 0) < 0)
            break;
    for (unsigned i = files; i > 0; i--)
        if (util_format(path, sizeof path, "guest.log.%u", i - 1) < 0 || !take_file(path, false))
            faults++;
    tap_ok(take_file("guest.log", true), "the live file");
    tap_ok(!faults && !rest_len && lines > 1000 && files > 0, "%u lines in %u files: every one, once, in order", lines, files + 1);
    if (util_format(path, sizeof path, "rm -rf '%s'", top) == 0 && system(path) != 0)
        tap_note("%s is left over", top);
    return tap_done();
}
