/* hand_ovs.c: ports of Open vSwitch, by the socket of its database.  Part of hand-net.
 *
 * SAFETY: before the first byte from there this process has given its capabilities up: all that it still can is speak at that socket. */
#include "hand_net.h"
#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "hand_ovsdb.h"
#include "ipc/log.h"
#include "ipc/util.h"

#define DATABASE "/run/openvswitch/db.sock"
enum { PATIENCE_MS = 5000 /* as libvirt's with ovs-vsctl */, LOOK_MS = 20, ANSWER_MAX = 65536 };

static int database = -1;
static int64_t deadline;
static char request[OVSDB_TEXT_MAX], heard[ANSWER_MAX];
static size_t nheard;

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Waits until the socket can do that. 0 or negative errno. */
static int ready(short events)
{
    struct pollfd p = { .fd = database, .events = events };
    int64_t left = deadline - now_ms();
    int r = left > 0 ? poll(&p, 1, (int)left) : 0;
    return r > 0 ? 0 : r < 0 ? -errno : -ETIMEDOUT;
}

static int reach(void)
{
    struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct none[2] = { 0 };
    struct sockaddr_un sa = { .sun_family = AF_UNIX, .sun_path = DATABASE };
    deadline = now_ms() + PATIENCE_MS;
    if (database >= 0)
        return 0;
    if (syscall(SYS_capset, &head, none) < 0 || (database = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) < 0)
        return -errno;
    if (connect(database, (struct sockaddr *)&sa, sizeof sa) == 0)
        return 0;
    int r = -errno;
    close(database);
    database = -1;
    return r;
}

static int say(void)
{
    for (size_t at = 0, n = strlen(request); at < n;) {
        ssize_t r = send(database, request + at, n - at, MSG_NOSIGNAL);
        if (r < 0 && errno != EAGAIN)
            return -errno;
        at += r > 0 ? (size_t)r : 0;
        int w = r < 0 ? ready(POLLOUT) : 0;
        if (w)
            return w;
    }
    return 0;
}

struct answer { int64_t number; char uuid[OVS_UUID], why[128]; };

/* The request that stands ready (made: what became of making it), and its answer. */
static int ask(int made, struct answer *a)
{
    int r = made < 0 ? made : say();
    for (a->why[0] = 0; !r;) {
        long n = nheard ? ovsdb_message(heard, nheard) : 0;
        if (n > 0) {
            r = ovsdb_answer(heard, (size_t)n, &a->number, a->uuid, a->why);
            nheard -= (size_t)n;
            memmove(heard, heard + n, nheard);
            if (r <= 0)
                return r;
            r = 0;
            continue;
        }
        r = n < 0 ? (int)n : nheard == sizeof heard ? -EMSGSIZE : ready(POLLIN);
        ssize_t got = r ? 0 : recv(database, heard + nheard, sizeof heard - nheard, 0);
        r = r ? r : got > 0 || (got < 0 && errno == EAGAIN) ? 0 : got < 0 ? -errno : -ECONNRESET;
        nheard += got > 0 ? (size_t)got : 0;
    }
    return r;
}

/* Until the switch has come as far as it was told, so that the guest's first frames find their port. */
static int follow(int64_t to, struct answer *a)
{
    int r;
    while (!(r = ask(ovsdb_state(request), a)) && a->number < to) {
        if (now_ms() >= deadline)
            return -ETIMEDOUT;
        poll(NULL, 0, LOOK_MS);
    }
    return r;
}

static int remove_port(const char *value, bool is_mark, struct answer *a)
{
    int r = ask(ovsdb_find(request, value, is_mark), a);
    return r || !*a->uuid ? r : ask(ovsdb_remove(request, a->uuid), a);
}

static const char *reason(const struct answer *a, int r) { return *a->why ? a->why : strerror(-r); }

int ovs_add(struct net *n, const char *words, const char *bridge, const char *tap, uint32_t entry, const uint8_t mac[6], struct err *e)
{
    struct ovs_port p;
    struct answer a = { .number = -1 };
    char mark[OVS_MARK];
    int r = ovs_read(&p, words);
    if (r <= 0)
        return r ? net_fail(n, e, -r, "Unable to add port %s to OVS bridge %s", tap, bridge) : 0;
    ovs_mark(mark, &p, entry);
    r = reach();
    r = r ? r : remove_port(mark, true, &a);        /* of a run that nobody undid */
    r = r ? r : ask(ovsdb_find(request, tap, false), &a);
    r = r ? r : ask(ovsdb_add(request, &p, bridge, tap, mac, mark, a.uuid), &a);
    r = r ? r : follow(a.number, &a);
    if (!r)
        return 0;
    log_warn("Open vSwitch does not take %s: %s", tap, reason(&a, r));
    n->error = r;
    return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_NONE, "Unable to add port %s to OVS bridge %s", tap, bridge);
}

void ovs_remove(const char *words, uint32_t entry, const char *name)
{
    struct ovs_port p;
    struct answer a = { .number = -1 };
    char mark[OVS_MARK];
    if (ovs_read(&p, words) <= 0)
        return;
    ovs_mark(mark, &p, entry);
    int r = reach();
    r = r ? r : name ? remove_port(name, false, &a) : remove_port(mark, true, &a);
    if (r)
        log_warn("cannot take %s from Open vSwitch: %s", name ? name : mark, reason(&a, r));
}
