/* ends.c: our ends of what the hands made: terminals, the agent's channel, what listens for VNC and SPICE. */
#include "config.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "ipc/log.h"
#include "ipc/manifest.h"
#include "ipc/util.h"
#include "workers/qemu/stream.h"
#include "workers/tree-marks.h"

enum { DISPLAY_CLIENTS_PER_TURN = 4 };

bool is_marked(const struct tree *dev, uint32_t entry)
{
    static const char *const places[] = { NULL, "source", "backend" };
    for (size_t i = 0; i < ARRAY_N(places); i++) {
        uint64_t v;
        if (!tree_attr_uint(places[i] ? tree_get(dev, places[i]) : dev, MARK_MANIFEST, UINT32_MAX, &v) && v == entry)
            return true;
    }
    return false;
}

static bool is_for_tls(const struct tree *dev, uint32_t entry)
{
    uint64_t v;
    return !tree_attr_uint(dev, MARK_TLS_PORT, UINT32_MAX, &v) && v == entry;
}

struct tree *guest_marked(struct guest *g, uint32_t entry)
{
    static const struct { const char *in, *name; } places[] = { { "devices", NULL }, { "perf", "event" } };
    for (size_t i = 0; i < ARRAY_N(places); i++)
        TREE_EACH(dev, tree_get(g->tree, places[i].in), places[i].name)
            if (is_marked(dev, entry) || is_for_tls(dev, entry))
                return dev;
    return NULL;
}

/* ---- counters that are nobody's but the kernel's: of a tap a folder of sysfs, for this role has no network; of a performance event a socket ---- */

struct counter { struct counter *next; int fd; uint32_t entry; };

static int counter_add(struct guest *g, int fd, uint32_t entry)
{
    struct counter *c = calloc(1, sizeof *c);
    if (!c)
        return -ENOMEM;
    *c = (struct counter){ .next = g->counters, .fd = fd, .entry = entry };
    g->counters = c;
    return 0;
}

int guest_counter(struct guest *g, const struct tree *dev)
{
    for (struct counter *c = g->counters; c; c = c->next)
        if (is_marked(dev, c->entry))
            return c->fd;
    return -1;
}

/* ---- displays: QEMU cannot listen on a descriptor, so the listener is ours and each client's socket is handed over ---- */

struct display { struct display *next; struct guest *g; struct loop_source src; int fd; bool spice, tls, has_password; };

static void on_added(void *data, json_t *ret, const struct err *e)
{
    (void)data;
    (void)ret;
    if (e)
        log_warn("client of a display: %s", e->detail);
}

void guest_add_graphics(struct guest *g, const char *protocol, int fd, bool tls, bool skip_auth, qmp_reply_fn *fn, void *data)
{
    char name[32];
    snprintf(name, sizeof name, "client%u", ++g->fd_names);
    qmp_send(&g->qmp, "getfd", json_pack("{s:s}", "fdname", name), fd, 0, on_added, g);
    qmp_send(&g->qmp, "add_client", json_pack("{s:s, s:s, s:b, s:b}", "protocol", protocol, "fdname", name, "skipauth", skip_auth, "tls", tls), -1, 0, fn ? fn : on_added, data);
}

static json_t *address(int (*get)(int, struct sockaddr *, socklen_t *), int fd)
{
    struct sockaddr_storage ss = { 0 };
    socklen_t n = sizeof ss;
    char host[INET6_ADDRSTRLEN] = "", service[16] = "";
    bool v6;
    if (get(fd, (struct sockaddr *)&ss, &n) < 0)
        return NULL;
    v6 = ss.ss_family == AF_INET6;
    const struct sockaddr_in *a4 = (void *)&ss;
    const struct sockaddr_in6 *a6 = (void *)&ss;
    if (v6 || ss.ss_family == AF_INET) {
        inet_ntop(ss.ss_family, v6 ? (const void *)&a6->sin6_addr : &a4->sin_addr, host, sizeof host);
        snprintf(service, sizeof service, "%u", ntohs(v6 ? a6->sin6_port : a4->sin_port));
    }
    return json_pack("{s:s, s:s, s:s}", "family", v6 ? "ipv6" : ss.ss_family == AF_INET ? "ipv4" : "unix", "host", host, "service", service);
}

static void on_client(struct loop_source *s, uint32_t events)
{
    enum { CONNECT };
    struct display *v = s->data;
    (void)events;
    for (int i = 0; i < DISPLAY_CLIENTS_PER_TURN; i++) {
        AUTO_CLOSE fd = accept4(v->fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            break;
        if (!v->spice) {        /* QEMU tells of VNC clients of its own listener only, and of each connection of SPICE's */
            json_t *client = address(getpeername, fd), *server = address(getsockname, fd);
            notify_graphics(v->g, CONNECT, client, server, v->has_password ? "vnc" : "none", NULL, NULL);
            json_decref(client);
            json_decref(server);
        }
        guest_add_graphics(v->g, v->spice ? "spice" : "vnc", fd, v->tls, false, NULL, v->g);
    }
    qmp_flush(&v->g->qmp);
}

static const char *password_of(const struct tree *graphics)
{
    const char *own = tree_attr(graphics, "passwd");
    return own ? own : tree_attr(graphics, MARK_PASSWD);
}

static int display_add(struct guest *g, int fd, const struct tree *graphics, bool tls)
{
    struct display *v = calloc(1, sizeof *v);
    if (!v)
        return -ENOMEM;
    *v = (struct display){ .g = g, .fd = fd, .next = g->displays, .spice = tree_attr_is(graphics, "type", "spice"), .tls = tls, .has_password = password_of(graphics) };
    int fl = fcntl(fd, F_GETFL);
    int r = fl < 0 || fcntl(fd, F_SETFL, fl | O_NONBLOCK) < 0 ? -errno : loop_add(&v->src, fd, EPOLLIN, on_client, v);
    if (r)
        free(v);
    else
        g->displays = v;
    return r;
}

/* "2026-01-31T12:00:00", in UTC. 0: it is none. */
static time_t moment(const char *s)
{
    struct tm t = { 0 };
    if (sscanf(s, "%4d-%2d-%2dT%2d:%2d:%2d", &t.tm_year, &t.tm_mon, &t.tm_mday, &t.tm_hour, &t.tm_min, &t.tm_sec) != 6)
        return 0;
    t.tm_year -= 1900;
    t.tm_mon--;
    return timegm(&t);
}

bool guest_graphics_auth(const struct tree *graphics, json_t **password, json_t **expiry)
{
    const char *type = tree_attr(graphics, "type"), *passwd = password_of(graphics), *until = tree_attr(graphics, "passwdValidTo"), *connected = tree_attr(graphics, "connected");
    char when[24] = "never";
    if (!type || !passwd)
        return false;
    if (!*passwd || (until && moment(until) <= time(NULL)))
        snprintf(when, sizeof when, "now");
    else if (until)
        snprintf(when, sizeof when, "%lld", (long long)moment(until));
    *password = json_pack("{s:s, s:s}", "protocol", type, "password", passwd);
    if (connected)
        json_object_set_new(*password, "connected", json_string(connected));
    *expiry = json_pack("{s:s, s:s}", "protocol", type, "time", when);
    return true;
}

static void on_password(void *data, json_t *ret, const struct err *e)
{
    (void)data;
    (void)ret;
    if (e)
        log_warn("%s", e->detail);
}

/* The password never stands on a command line. */
static void set_password(struct guest *g, struct tree *graphics)
{
    json_t *password, *expiry;
    if (!guest_graphics_auth(graphics, &password, &expiry))
        return;
    qmp_send(&g->qmp, "set_password", password, -1, 0, on_password, g);
    qmp_send(&g->qmp, "expire_password", expiry, -1, 0, on_password, g);
}

/* ---- all of them ---- */

static bool is_taken(struct guest *g, const struct tree *dev)
{
    return chardev_find(g, dev) || guest_counter(g, dev) >= 0 || (is_agent_channel(dev) && g->agent.line.fd >= 0);
}

bool guest_take_end(struct guest *g, int fd, uint32_t entry)
{
    struct tree *dev = guest_marked(g, entry);
    int r = -ENOTSUP;
    if (!dev || is_taken(g, dev))
        return false;
    if (is_agent_channel(dev)) {
        g->agent.configured = true;
        r = agent_open(&g->agent, fd);
        agent_set_connected(&g->agent, tree_attr_is(tree_get(dev, "target"), "state", "connected"));
    } else if (!strcmp(dev->name, "graphics")) {
        r = display_add(g, fd, dev, is_for_tls(dev, entry));
    } else if (!strcmp(dev->name, "interface") || !strcmp(dev->name, "event"))
        r = counter_add(g, fd, entry);
    else if (isatty(fd))
        r = chardev_add(g, fd, entry);
    if (r && r != -ENOTSUP)
        log_warn("our end of <%s>: %s", dev->name, strerror(-r));
    return !r;
}

void guest_take_ends(struct guest *g)
{
    uint32_t entry;
    agent_init(&g->agent, false);
    TREE_EACH(c, tree_get(g->tree, "devices"), "channel")
        if (is_agent_channel(c))
            g->agent.configured = true;
    for (int fd = -1; (fd = birth_fd(&g->w->birth, BFD_CHARDEV, fd, &entry)) >= 0;)
        guest_take_end(g, fd, entry);
    if (!(g->w->birth.flags & BIRTH_RESUME))
        TREE_EACH(d, tree_get(g->tree, "devices"), "graphics")
            set_password(g, d);
}

void guest_drop_ends(struct guest *g, const struct tree *dev)
{
    struct chardev *chardev = chardev_find(g, dev);
    if (chardev)
        chardev_remove(chardev);
    for (struct counter **at = &g->counters, *c; (c = *at);)
        if (is_marked(dev, c->entry)) {
            *at = c->next;
            close(c->fd);
            free(c);
        } else {
            at = &c->next;
        }
    if (is_agent_channel(dev)) {
        agent_close(&g->agent);
        g->agent.configured = false;
    }
}
