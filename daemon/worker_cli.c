/* worker_cli.c: `DAEMON --worker [NAME] [--debug CMD | --trace]`: what the running daemon's processes are doing.
 *
 * A client like any other: it asks the admin door by msgpack-RPC (methods internal.*, see the gateway's debug.c). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "daemon/daemon.h"
#include "daemon/door.h"
#include "ipc/frame.h"
#include "ipc/mp.h"
#include "ipc/util.h"

#define WORKER_WAIT_MS 2000         /* a worker that hangs is what one looks for: it must not hang us */

struct worker_row { char role[64], object[NAME_MAX_BYTES], state[64], op[64]; int32_t pid; uint64_t idle_ms; uint32_t instance; };

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

/* Prints the rows, of one guest if it is named; *pid: its worker's, 0 none. */
static int show_rows(const char *name, int *pid)
{
    struct worker_row w;
    struct mp_in in;
    int r = door_call("internal.workers", NULL, -1, ANSWER_WAIT_MS, &in);
    *pid = 0;
    if (r < 0)
        return r == -EREMOTEIO ? r : door_complain("no answer", r);
    uint32_t n = mp_get_array(&in, 1u << 20);
    printf("%-11s %-20s %8s %-10s %12s %8s  %s\n", "role", "object", "pid", "state", "idle for", "instance", "last");
    while (n-- && get_row(&in, &w)) {
        if (name && strcmp(name, w.object))
            continue;
        printf("%-11s %-20s %8d %-10s %10.3f s %8u  %s\n", w.role, door_harmless(w.object), w.pid, w.state, (double)w.idle_ms / 1000, w.instance, door_harmless(w.op));
        if (!strcmp(w.role, "qemu"))
            *pid = w.pid;
    }
    return 0;
}

static int show_facts(const char *name, int flags)
{
    char key[64], value[256];
    struct mp_in in;
    int r = door_call("internal.worker", name, flags, WORKER_WAIT_MS, &in);
    if (r == -ETIMEDOUT)
        printf("  the worker does not answer\n");
    if (r < 0)
        return r == -ETIMEDOUT || r == -EREMOTEIO ? r : door_complain("no answer", r);
    uint32_t n = mp_get_array(&in, 64);
    while (n-- && mp_get_array(&in, 2) == 2 && mp_get_strz(&in, key, sizeof key) && mp_get_strz(&in, value, sizeof value))
        printf("  %-10s %s\n", door_harmless(key), door_harmless(value));
    return 0;
}

/* The command is the administrator's own, in the foreground; the daemon's other processes go on meanwhile.  What runs in a worker's namespaces
 * a debugger does not find by name, so gdb is told where it is. */
static int debug_run(const char *name, const char *debug, int pid)
{
    AUTO_FREE char *command = NULL;
    size_t word = strcspn(debug, " ");
    bool gdb = word >= 3 && !strncmp(debug + word - 3, "gdb", 3) && (word == 3 || debug[word - 4] == '/');
    struct mp_in in;
    int r = gdb ? asprintf(&command, "%.*s -iex 'set sysroot /' -iex 'file /proc/%d/exe'%s -p %d", (int)word, debug, pid, debug + word, pid)
                : asprintf(&command, "%s -p %d", debug, pid);
    if (r < 0)
        return -1;
    fflush(stdout);
    r = system(command);
    door_call("internal.worker", name, WORKER_DETACH, WORKER_WAIT_MS, &in);
    return r < 0 ? -1 : WIFEXITED(r) ? WEXITSTATUS(r) : 128;
}

/* Until it is interrupted, or the guest ends. */
static int trace_show(const char *name)
{
    char word[32] = "";
    struct mp_in in;
    int r = door_call("internal.trace", name, 0, ANSWER_WAIT_MS, &in);
    fflush(stdout);
    while (r >= 0 && (r = door_next(&in, -1)) >= 0) {
        size_t n = 0;
        if (mp_get_array(&in, 3) != 3 || mp_get_int(&in) != 2 || !mp_get_strz(&in, word, sizeof word))
            continue;
        mp_get_array(&in, 2);
        mp_get_int(&in);
        const uint8_t *p = strcmp(word, "stream.data") ? NULL : mp_get_bin(&in, &n);
        if (!p || !n)
            return 0;
        if (util_write_full(STDOUT_FILENO, p, n) < 0)
            return -1;
    }
    return r == -EREMOTEIO ? r : door_complain("the trace broke", r);
}

int worker_cli(const struct layout *l, const char *name, const char *debug, bool trace)
{
    struct mp_in in;
    int pid, r;
    if ((debug || trace) && !name) {
        fprintf(stderr, "%s: --debug and --trace want the name of a guest\n", kind.name);
        return 1;
    }
    if (door_open(l) < 0 || door_call("admin.connect.open", NULL, 0, ANSWER_WAIT_MS, &in) < 0 || show_rows(name, &pid) < 0)
        return 1;
    if (!name)
        return 0;
    if (!pid) {
        fprintf(stderr, "%s: no guest '%s' runs\n", kind.name, name);
        return 1;
    }
    r = show_facts(name, debug ? WORKER_ATTACH : 0);
    if (r == 0 || (r == -ETIMEDOUT && debug))
        r = debug ? debug_run(name, debug, pid) : trace ? trace_show(name) : 0;
    return r < 0 ? 1 : r;
}
