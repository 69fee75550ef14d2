/* hand_ovs.c: ports of Open vSwitch, by the socket of its database.  Part of hand-net.
 *
 * SAFETY: before the first byte from there this process has given its capabilities up: all that it still can is speak at that socket. */
#include "hand_net.h"
#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
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

/* The client hears libvirt's words, the log why. */
static int __attribute__((format(printf, 6, 7))) refused(struct net *n, int r, const struct answer *a, const char *tap, struct err *e, const char *fmt, ...)
{
    char text[128];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    log_warn("Open vSwitch does not take %s: %s", tap, reason(a, r));
    n->error = r;
    return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_NONE, "%s", text);
}

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
    return r ? refused(n, r, &a, tap, e, "Unable to add port %s to OVS bridge %s", tap, bridge) : 0;
}

static bool same_vlans(const struct ovs_port *a, const struct ovs_port *b)
{
    return a->tag == b->tag && !strcmp(a->mode, b->mode) && a->trunks == b->trunks && !memcmp(a->trunk, b->trunk, sizeof a->trunk);
}

int ovs_retag(struct net *n, const char *words, const char *old, const char *tap, uint32_t entry, struct err *e)
{
    struct ovs_port p, was;
    struct answer a = { .number = -1 };
    char mark[OVS_MARK];
    if (ovs_read(&p, words) <= 0 || ovs_read(&was, old) <= 0 || same_vlans(&p, &was))
        return 0;
    ovs_mark(mark, &p, entry);
    int r = reach();
    r = r ? r : ask(ovsdb_find(request, mark, true), &a);
    r = r ? r : *a.uuid ? ask(ovsdb_vlans(request, &p, a.uuid), &a) : -ENOENT;
    if (r)
        return refused(n, r, &a, tap, e, "Unable to set vlan configuration on port %s", tap);
    if ((r = follow(a.number, &a)))      /* what the database has the switch will have */
        log_warn("Open vSwitch has not come to the VLANs of %s yet: %s", tap, reason(&a, r));
    return 0;
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
