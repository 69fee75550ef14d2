/* manifest-chardev.c: character devices and displays. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/util.h"
#include "workers/tree-marks.h"
#include "workers/xmlc/maker.h"

/* ---- character devices ---- */

static int tcp(struct maker *m, struct tree *s)
{
    const char *host = tree_attr(s, "host");
    struct manifest_entry x = {.kind = doc_is(s, "mode", "bind") ? MK_TCP_LISTEN : MK_TCP_CONNECT, .parent = -1, .a = maker_numbered(m, host, tree_attr(s, "service"))};
    if (!x.a)
        return m->lenient ? 0 : -1;
    return maker_add(m, s, &x, NULL, maker_numeric(host)) < 0 ? -1 : 0;
}

int maker_chardev(struct maker *m, struct tree *t)
{
    const char *type = doc_is(t, "type", "external") ? tree_path_attr(t, "source", "type") : tree_attr(t, "type"), *path = tree_path_attr(t, "source", "path");
    const char *name = tree_path_attr(t, "target", "name");
    struct tree *log = tree_first(t, "log");
    struct manifest_entry x = {.parent = -1};
    const char *aux = NULL;
    if (!type)
        return 0;
    if (log) {
        struct manifest_entry l = {.kind = MK_LOG, .parent = -1, .flags = doc_is(log, "append", "off") ? 0 : MF_APPEND};
        if (maker_add(m, log, &l, tree_attr(log, "file"), NULL) < 0)
            return -1;
    }
    struct tree *s = tree_first(t, "source");
    if (doc_is(s, "tls", "yes") && run_tls(s, TLS_CHARDEV, doc_is(s, "mode", "bind"), m->comes, m->env, m->out, m->e))
        return -1;
    if (maker_makes_sockets(t))
        return maker_host_network(m, tree_make(t, "source"));
    if (strcmp(type, "tcp") == 0)
        return tcp(m, tree_make(t, "source"));
    if (strcmp(type, "pty") == 0) {
        x.kind = MK_PTY;
        path = m->env->flags & DOC_LIVE ? path : NULL;
    } else if (strcmp(type, "file") == 0) {
        x.kind = MK_FILE_OUT;
        x.flags = doc_is(tree_first(t, "source"), "append", "on") ? MF_APPEND : 0;
    } else if (doc_in(type, "dev pipe")) {
        x.kind = MK_LINE;
        x.a = strcmp(type, "dev") == 0;
    } else if (strcmp(type, "unix") == 0 && doc_is(s, "mode", "connect")) {
        x.kind = maker_connects_again(s) ? MK_SOCKET : MK_UNIX_CONNECT;
        x.a = 1;
        m->by_socket |= x.kind == MK_SOCKET;
    } else if (strcmp(type, "unix") == 0) {
        x.kind = MK_UNIX_LISTEN;
        /* The agent's other end is the worker's, who alone talks to it; nobody else finds it by a path that we made up. */
        if (name && strcmp(name, "org.qemu.guest_agent.0") == 0) {
            bool ours = path && strstr(path, "/channel/target/domain-");
            x.kind = ours ? MK_PAIR : MK_UNIX_LISTEN;
            x.flags = MF_WORKER;
            path = ours && !(m->env->flags & DOC_LIVE) ? NULL : path;
            aux = ours ? NULL : "worker";
        }
    } else {
        return 0;
    }
    bool nowhere = x.kind == MK_LINE && x.a && path && !*path;     /* which libvirt defines */
    if (nowhere && !m->lenient)
        return err_sys(m->e, VIR_FROM_CGROUP, ENOENT, "Path '%s' is not accessible", path);
    if (nowhere || (!path && doc_in(type, "unix file dev pipe") && x.kind != MK_PAIR))
        return 0;
    return maker_add(m, tree_make(t, "source"), &x, path, aux) < 0 ? -1 : 0;
}

const char *const maker_chardev_kinds[MAKER_CHARDEVS] = {"serial", "parallel", "channel", "console", "redirdev", "smartcard"};

int maker_chardevs(struct maker *m)
{
    struct tree *serial = tree_first(m->devices, "serial"), *console = tree_first(m->devices, "console"), *c;
    bool twin = serial && console && doc_is(tree_first(console, "target"), "type", "serial");
    for (unsigned k = 0; k < MAKER_CHARDEVS; k++)
        TREE_EACH(t, m->devices, maker_chardev_kinds[k])
            if (!(twin && t == console) && maker_chardev(m, t))
                return -1;
    TREE_EACH(t, m->devices, "rng")
        if (maker_chardev(m, tree_first(t, "backend")))
            return -1;
    if (!twin)
        return 0;
    static const char *const same[] = {"source", "log"};     /* one resource, shown twice */
    for (unsigned k = 0; k < ARRAY_N(same); k++) {
        while ((c = tree_first(console, same[k])))
            tree_free(c);
        TREE_EACH(each, serial, same[k])        /* of UDP there are two */
            tree_append(console, tree_copy(each));
    }
    return 0;
}

/* ---- graphics ---- */

/* Where VNC or SPICE is listened for at an address; a port of SPICE's is there only if one is named or wanted. */
static int display_port(struct maker *m, struct tree *g, const char *address, const char *attr, const char *mark)
{
    const struct settings *s = m->env->settings;
    const char *port = tree_attr(g, attr);
    struct manifest_entry x = {.kind = MK_TCP_LISTEN, .parent = -1, .flags = MF_WORKER};
    if (!port && (doc_is(g, "type", "spice") || strcmp(attr, "port") != 0))
        return 0;
    if (port && atoi(port) > 0 && !doc_is(g, "autoport", "yes"))
        x.a = (uint32_t)atoi(port);
    if (!m->lenient && doc_is(g, "type", "vnc") && strcmp(attr, "port") == 0 && !doc_is(g, "autoport", "yes") && x.a < 5900)
        return err_set(m->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "vnc port must be in range [5900,65535]");
    x.b = s && s->remote_display_port_min ? s->remote_display_port_min : 5900;
    x.c = s && s->remote_display_port_max ? s->remote_display_port_max : 65535;
    int i = maker_add(m, NULL, &x, NULL, address);
    if (i >= 0)
        tree_set_attr(g, mark, "%d", i);
    return i < 0 ? -1 : 0;
}

int maker_display(struct maker *m, struct tree *g)
{
    struct tree *l = tree_first(g, "listen");
    if (!m->lenient && l && tree_next(l, "listen"))
        return err_set(m->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "QEMU does not support multiple listens for one graphics device.");
    if (doc_is(l, "type", "socket")) {
        struct manifest_entry x = {.kind = MK_UNIX_LISTEN, .parent = -1, .flags = MF_WORKER};
        return maker_add(m, g, &x, tree_attr(l, "socket"), "worker") < 0 ? -1 : 0;
    }
    if (!doc_is(l, "type", "address"))
        return 0;
    const char *address = tree_attr(l, "address");
    if (!maker_numeric(address))
        return maker_unsupported(m, "<listen> of <graphics> with a name instead of an address: address", address ? address : "");
    if (display_port(m, g, maker_numeric(address), "port", MARK_MANIFEST) || display_port(m, g, maker_numeric(address), "tlsPort", MARK_TLS_PORT))
        return -1;
    return tree_attr(g, MARK_TLS_PORT) ? run_tls(g, TLS_SPICE, true, false, m->env, m->out, m->e) : 0;
}
