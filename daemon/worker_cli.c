/* worker_cli.c: `virtqemud --worker [NAME] [--debug CMD]`: what the running daemon's processes are doing.
 *
 * A client like any other: it asks the admin door by msgpack-RPC, method internal.workers. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "daemon/daemon.h"
#include "ipc/frame.h"
#include "ipc/mp.h"
#include "ipc/util.h"

#define ANSWER_MAX (8u << 20)
#define ANSWER_WAIT_MS 10000

struct worker_row { char role[64], object[NAME_MAX_BYTES], state[64], op[64]; int32_t pid; uint64_t idle_ms; uint32_t instance; };

static int complain(const char *what, int r)
{
    fprintf(stderr, DAEMON_NAME ": %s: %s\n", what, strerror(-r));
    return 1;
}

/* The two answers of the daemon, one document after the other: *second gets the place of the second. Bytes in all, or a negative errno. */
static ssize_t read_answers(int fd, uint8_t *buf, size_t *second)
{
    size_t n = 0, first = 0, used;
    for (;;) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        int r = n > first ? mp_guard(buf + first, n - first, MP_DEPTH_MAX, ANSWER_MAX, &used) : 1;
        if (r < 0)
            return -EPROTO;
        if (r == 0 && first) {
            *second = first;
            return (ssize_t)(first + used);
        }
        if (r == 0) {
            first = used;
            continue;
        }
        if (n == ANSWER_MAX || poll(&p, 1, ANSWER_WAIT_MS) != 1)
            return n == ANSWER_MAX ? -EMSGSIZE : -ETIMEDOUT;
        ssize_t got = read(fd, buf + n, ANSWER_MAX - n);
        if (got <= 0)
            return got < 0 ? -errno : -EPIPE;
        n += (size_t)got;
    }
}

static void request(struct mp_out *o, int id, const char *method, bool with_flags)
{
    mp_array(o, 4);
    mp_int(o, 0);
    mp_int(o, id);
    mp_str(o, method);
    mp_array(o, with_flags);
    if (with_flags)
        mp_int(o, 0);
}

static int ask(const struct layout *l, uint8_t *buf, struct mp_in *in)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    struct mp_out o;
    size_t second = 0;
    AUTO_CLOSE fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || util_format(a.sun_path, sizeof a.sun_path, "%s/" DAEMON_NAME "-admin-sock", l->sock_dir) || connect(fd, (struct sockaddr *)&a, sizeof a) < 0)
        return complain(a.sun_path, -errno);
    mp_out_init(&o, 256);
    request(&o, 1, "admin.connect.open", true);
    request(&o, 2, "internal.workers", false);
    ssize_t n = o.failed ? -ENOMEM : util_write_full(fd, o.p, o.len);
    mp_out_free(&o);
    n = n < 0 ? n : read_answers(fd, buf, &second);
    if (n > 0)
        mp_in_init(in, buf + second, (size_t)n - second);
    return n < 0 ? complain("no answer", (int)n) : 0;
}

static bool get_row(struct mp_in *in, struct worker_row *w)
{
    if (mp_get_array(in, 7) != 7)
        return false;
    mp_get_strz(in, w->role, sizeof w->role);
    mp_get_strz(in, w->object, sizeof w->object);
    w->pid = mp_get_i32(in);
    mp_get_strz(in, w->state, sizeof w->state);
    w->idle_ms = mp_get_uint(in);
    w->instance = mp_get_u32(in);
    mp_get_strz(in, w->op, sizeof w->op);
    return !in->bad;
}

int worker_cli(const struct layout *l, const char *name, const char *debug)
{
    AUTO_FREE uint8_t *buf = malloc(ANSWER_MAX);
    struct worker_row w;
    struct mp_in in;
    int pid = 0;
    if (!buf || ask(l, buf, &in))
        return 1;
    uint32_t parts = mp_get_array(&in, 4);
    mp_skip(&in);
    mp_skip(&in);
    if (parts != 4 || !mp_get_nil(&in) || mp_get_array(&in, 1) != 1)
        return complain("the daemon refuses", -EPROTO);
    uint32_t n = mp_get_array(&in, 1u << 20);
    printf("%-10s %-20s %8s %-10s %10s %8s  %s\n", "role", "object", "pid", "state", "since ms", "instance", "last operation");
    while (n-- && get_row(&in, &w)) {
        if (name && strcmp(name, w.object))
            continue;
        printf("%-10s %-20s %8d %-10s %10llu %8u  %s\n", w.role, w.object, w.pid, w.state, (unsigned long long)w.idle_ms, w.instance, w.op);
        if (!strcmp(w.role, "qemu"))
            pid = w.pid;
    }
    if (!debug)
        return 0;
    if (!name || !pid) {
        fprintf(stderr, DAEMON_NAME ": --debug wants the name of a guest that runs\n");
        return 1;
    }
    /* The command is the administrator's own; the daemon's other processes go on meanwhile. */
    AUTO_FREE char *command = NULL;
    fflush(stdout);
    if (asprintf(&command, "exec %s %d", debug, pid) < 0)
        return 1;
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    return complain("/bin/sh", -errno);
}
