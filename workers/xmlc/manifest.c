/* manifest.c: the host resources a document names, as a numbered list, and their numbers as marks in the tree.
 *
 * The marks are attributes of workers/tree-marks.h: MARK_MANIFEST ("bulkhead:m"), on the elements that header lists.
 * What has no row here gets no entry: QEMU has nothing of the host then, and the plan refuses what it cannot run without. */
#include <arpa/inet.h>
#include <errno.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/util.h"
#include "workers/tree-marks.h"
#include "workers/xmlc/run.h"

struct maker {
    struct tree *t, *devices;
    const struct doc_env *env;
    struct manifest_out *out;
    struct err *e;
    bool lenient;           /* of a definition: what cannot run yet is refused when it is started */
    bool comes;             /* of a device for a guest that runs */
    int hostnet;            /* the host's network: the entry's number, -1 none yet */
    bool by_socket;         /* a disk's server is reached by a socket's file */
};

/* Paths go in as one spelling each: the supervisor compares them as they are, and refuses any other. */
static int add(struct maker *m, struct tree *mark, struct manifest_entry *x, const char *path, const char *aux)
{
    char plain[4096], plain_aux[4096];
    bool path_fits = !path || path[0] != '/' ? !path || strlen(path) < sizeof plain : util_plain_path(plain, sizeof plain, path) == 0;
    bool aux_fits = !aux || aux[0] != '/' || util_plain_path(plain_aux, sizeof plain_aux, aux) == 0;
    if (!path_fits || !aux_fits)
        return err_set(m->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "path of element <%s> is too long", mark ? mark->name : "domain");
    int i = manifest_add(m->out, x, path && path[0] == '/' ? plain : path, aux && aux[0] == '/' ? plain_aux : aux);
    if (i < 0)
        return err_set(m->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "element <%s>: the guest has more host resources than are supported", mark ? mark->name : "domain");
    if (mark)
        tree_set_attr(mark, MARK_MANIFEST, "%d", i);
    return i;
}

/* A file that QEMU takes by path. */
static int bind_text(struct maker *m, struct tree *el, const char *path)
{
    struct manifest_entry x = {.kind = MK_BIND, .parent = -1};
    return el && path && add(m, el, &x, path, NULL) < 0 ? -1 : 0;
}

static int unsupported(struct maker *m, const char *what, const char *value)
{
    if (m->lenient)
        return 0;
    return err_set(m->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "%s='%s' is not supported yet", what, value);
}

/* ---- the host's network ---- */

static bool is_passt(const struct tree *t)
{
    return doc_is(t, "type", "user") && doc_is(tree_first(t, "backend"), "type", "passt");
}

/* Of a disk's server that listens at a socket of the host's files: its path, else NULL. */
static const char *server_socket(const struct tree *source)
{
    const struct tree *host = doc_is(source, "protocol", "nbd") ? tree_first(source, "host") : NULL;
    return doc_is(host, "transport", "unix") ? tree_attr(host, "socket") : NULL;
}

/* Shall QEMU connect again whenever the other side has gone? */
static bool connects_again(const struct tree *source)
{
    return tree_attr_is(tree_get(source, "reconnect"), "enabled", "yes");
}

/* Does any image of this chain come over the network, or from such a socket? */
static bool by_network(const struct tree *disk, bool socket)
{
    for (const struct tree *el = disk; el; el = tree_first(el, "backingStore"))
        if (doc_is(el, "type", "network") && !server_socket(tree_first(el, "source")) != socket)
            return true;
    return false;
}

/* A LUN of a target that QEMU talks to. */
static bool by_iscsi(const struct tree *hostdev)
{
    return doc_is(hostdev, "type", "scsi") && doc_is(tree_first(hostdev, "source"), "protocol", "iscsi");
}

/* Does QEMU itself make the sockets of this device, back end or interface?  It takes none of datagrams, and one that it shall connect again is no descriptor: it connects to a disk's server whenever
 * that has gone, with a number that may be another file's by then. */
static bool makes_sockets(const struct tree *t)
{
    const struct tree *s = tree_first(t, "source");
    if (strcmp(t->name, "interface") == 0)
        return doc_in(tree_attr(t, "type"), "user udp server client mcast") && !is_passt(t);
    if (strcmp(t->name, "disk") == 0)
        return by_network(t, false);
    if (strcmp(t->name, "hostdev") == 0)
        return by_iscsi(t);
    bool as_client = doc_is(s, "tls", "yes") && !doc_is(s, "mode", "bind");     /* QEMU takes a descriptor for that as a server only */
    return doc_is(t, "type", "udp") || (doc_is(t, "type", "tcp") && (as_client || connects_again(s)));
}

static int host_network(struct maker *m, struct tree *mark)
{
    struct manifest_entry x = {.kind = MK_HOSTNET, .parent = -1};
    if (m->hostnet < 0 && (m->hostnet = add(m, mark, &x, NULL, NULL)) < 0)
        return -1;
    if (mark)
        tree_set_attr(mark, MARK_MANIFEST, "%d", m->hostnet);
    return 0;
}

/* What there is already, a bit a kind; m->hostnet. */
static uint64_t kinds_so_far(struct maker *m)
{
    const uint8_t *at = m->out->p + sizeof(struct manifest_head);
    struct manifest_entry x;
    uint64_t kinds = 0;
    for (unsigned i = 0; i < m->out->entries; i++, at += x.size) {
        memcpy(&x, at, sizeof x);
        m->hostnet = x.kind == MK_HOSTNET ? (int)i : m->hostnet;
        kinds |= 1ull << x.kind;
    }
    return kinds;
}

/* A QEMU that connects by itself must have nothing else to connect from: beside sockets of the host's network it is in that network at once, as with any other disk's server. */
static int socket_network(struct maker *m)
{
    bool beside = m->by_socket && (kinds_so_far(m) & (1ull << MK_TCP_LISTEN | 1ull << MK_TCP_CONNECT | 1ull << MK_SHARE));
    return beside && host_network(m, NULL) ? -1 : 0;
}

/* An address in numbers, or NULL: nobody here asks others what a name stands for. */
static const char *numeric(const char *address)
{
    unsigned char a[16];
    if (address && strcmp(address, "localhost") == 0)
        return "127.0.0.1";
    return address && (inet_pton(AF_INET, address, a) == 1 || inet_pton(AF_INET6, address, a) == 1) ? address : NULL;
}

/* The number of a port at an address in numbers; 0 that the document names something else, with *m->e unless m is lenient. */
static uint32_t numbered(struct maker *m, const char *host, const char *service)
{
    uint64_t port;
    if (numeric(host) && service && !tree_parse_uint(service, 10, 65535, &port) && port)
        return (uint32_t)port;
    const char *words = numeric(host) ? "a name instead of a port's number: service" : "a name instead of an address: host", *value = numeric(host) ? service : host;
    unsupported(m, words, value ? value : "");
    return 0;
}

/* ---- disks ---- */

static const char *source_path(const struct tree *el)
{
    const char *type = tree_attr(el, "type");
    if (!type)
        return NULL;
    return strcmp(type, "file") == 0 ? tree_path_attr(el, "source", "file") : strcmp(type, "block") == 0 ? tree_path_attr(el, "source", "dev") : NULL;
}

static int format_of(const struct tree *el, const char *driver)
{
    const char *s = tree_path_attr(el, driver, "type");
    int f = s ? image_format_parse(s, strlen(s)) : IMG_NONE;
    return f == IMG_UNKNOWN ? IMG_NONE : f;
}

/* QEMU asks for the server's address itself, in the host's network. */
static int network_source(struct maker *m, struct tree *s)
{
    struct manifest_entry x = {.kind = MK_SOCKET, .parent = -1};
    const char *socket = server_socket(s);
    m->by_socket |= socket != NULL;
    if (s && doc_is(s, "protocol", "nbd") && run_tls(s, TLS_NBD, false, m->comes, m->env, m->out, m->e))
        return -1;
    if (socket)
        return add(m, s, &x, socket, NULL) < 0 ? -1 : 0;
    return s && host_network(m, s) ? -1 : bind_text(m, tree_first(s, "config"), tree_path_attr(s, "config", "file"));
}

/* Descriptors that a client would have given to libvirt: here nobody can (virDomainFDAssociate). */
static int given(struct maker *m, const struct tree *source)
{
    const char *group = source ? tree_attr(source, "fdgroup") : NULL;
    return group ? err_set(m->e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "file descriptor group '%s' was not associated with the domain", group) : 0;
}

/* The layers a document names; the last of them is looked at for more unless the document says that it ends there. */
static int backing(struct maker *m, struct tree *el, int parent, unsigned shared)
{
    for (struct tree *b = tree_first(el, "backingStore"); b && tree_attr(b, "type"); el = b, b = tree_first(b, "backingStore")) {
        const char *path = source_path(b);
        struct manifest_entry x = {.kind = MK_IMAGE, .flags = MF_RO | shared, .parent = parent, .format = (uint32_t)format_of(b, "format")};
        if (doc_is(b, "type", "network")) {
            if (network_source(m, tree_first(b, "source")))
                return -1;
            parent = -1;
            continue;
        }
        if (!path)
            return 0;       /* the plan names what it cannot open */
        if (given(m, tree_first(b, "source")))
            return -1;
        if (!tree_first(b, "backingStore") && x.format != IMG_RAW)
            x.flags |= MF_PROBE;
        x.flags |= strcmp(el->name, "disk") == 0 && tree_first(el, "transient") ? MF_SIZE : 0;
        x.flags |= doc_is(b, "type", "block") ? MF_BLOCK : 0;
        if ((parent = add(m, tree_first(b, "source"), &x, path, NULL)) < 0)
            return -1;
    }
    return 0;
}

/* What a secret is called at the daemon that has it. */
static int secret(struct maker *m, struct tree *secret, const char *usage)
{
    struct manifest_entry x = {.kind = MK_SECRET, .parent = -1};
    const char *uuid = tree_attr(secret, "uuid"), *name = uuid ? uuid : tree_attr(secret, "usage");
    char aux[4096];
    if (!name)
        return 0;
    if (util_format(aux, sizeof aux, "%s %s=%s", usage, uuid ? "uuid" : "usage", name) < 0)
        return err_set(m->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "the name of a secret is too long");
    return add(m, secret, &x, NULL, aux) < 0 ? -1 : 0;
}

/* No daemon keeps them, but QEMU is told them as if one did: its command line is anybody's to read. */
static int cookies(struct maker *m, struct tree *cookies)
{
    struct manifest_entry x = {.kind = MK_SECRET, .parent = -1};
    char aux[4096] = "none value=";
    size_t begin = strlen(aux), at = begin;
    TREE_EACH(c, cookies, "cookie") {
        if (util_format(aux + at, sizeof aux - at, "%s%s=%s", at > begin ? "; " : "", tree_attr(c, "name"), c->text ? c->text : "") < 0)
            return err_set(m->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "the cookies of a disk are too long");
        at += strlen(aux + at);
    }
    return at > begin && add(m, cookies, &x, NULL, aux) < 0 ? -1 : 0;
}

/* Passwords of an image and of its server, cookies, and of the layers below that the document names. */
static int disk_secrets(struct maker *m, const struct tree *image)
{
    static const char *const paths[] = {"auth/secret", "source/auth/secret", "encryption/secret", "source/encryption/secret"};
    for (; image; image = tree_first(image, "backingStore")) {
        const char *protocol = tree_path_attr(image, "source", "protocol"), *usage = !protocol ? NULL : strcmp(protocol, "rbd") == 0 ? "ceph" : "iscsi" /* whatever the document says */;
        for (unsigned i = 0; i < ARRAY_N(paths); i++) {
            struct tree *s = tree_get(image, paths[i]);
            const char *type = strstr(paths[i], "auth") ? usage : "volume";
            if (s && type && secret(m, s, type))
                return -1;
        }
        if (protocol && cookies(m, tree_get(image, "source/cookies")))
            return -1;
    }
    return 0;
}

static int image(struct maker *m, struct tree *t)
{
    const char *path = source_path(t), *type = tree_attr(t, "type");
    struct manifest_entry x = {.kind = MK_IMAGE, .parent = -1, .format = (uint32_t)format_of(t, "driver")};
    int i;
    if (strcmp(type, "network") == 0)
        return network_source(m, tree_first(t, "source")) ? -1 : backing(m, t, -1, tree_first(t, "shareable") ? MF_SHARED : 0);
    if (!path && strcmp(type, "file") != 0 && strcmp(type, "block") != 0)
        return 0;
    if (given(m, tree_first(t, "source")))
        return -1;
    x.flags |= tree_first(t, "readonly") ? MF_RO : 0;
    x.flags |= tree_first(t, "shareable") ? MF_SHARED : 0;
    x.flags |= strcmp(type, "block") == 0 ? MF_BLOCK : 0;
    if (!path) {
        x.flags |= MF_EMPTY;
        return add(m, t, &x, NULL, NULL) < 0 ? -1 : 0;
    }
    if (doc_is(tree_first(t, "source"), "startupPolicy", "optional"))
        x.flags |= MF_OPTIONAL;
    if (!tree_first(t, "backingStore") && x.format != IMG_RAW)
        x.flags |= MF_PROBE;
    bool overlay = tree_first(t, "transient") && tree_first(t, "backingStore");     /* of its own making */
    x.flags |= overlay ? MF_FRESH : 0;
    x.flags |= overlay && doc_is(tree_first(t, "transient"), "shareBacking", "yes") ? MF_SHARED : 0;
    i = add(m, tree_first(t, "source"), &x, path, overlay ? tree_path_attr(t, "target", "dev") : NULL);
    return i < 0 ? -1 : backing(m, t, i, x.flags & MF_SHARED);
}

static int disk(struct maker *m, struct tree *t)
{
    return image(m, t) || disk_secrets(m, t) ? -1 : 0;
}

/* ---- character devices ---- */

static int tcp(struct maker *m, struct tree *s)
{
    const char *host = tree_attr(s, "host");
    struct manifest_entry x = {.kind = doc_is(s, "mode", "bind") ? MK_TCP_LISTEN : MK_TCP_CONNECT, .parent = -1, .a = numbered(m, host, tree_attr(s, "service"))};
    if (!x.a)
        return m->lenient ? 0 : -1;
    return add(m, s, &x, NULL, numeric(host)) < 0 ? -1 : 0;
}

static int chardev(struct maker *m, struct tree *t)
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
        if (add(m, log, &l, tree_attr(log, "file"), NULL) < 0)
            return -1;
    }
    struct tree *s = tree_first(t, "source");
    if (doc_is(s, "tls", "yes") && run_tls(s, TLS_CHARDEV, doc_is(s, "mode", "bind"), m->comes, m->env, m->out, m->e))
        return -1;
    if (makes_sockets(t))
        return host_network(m, tree_make(t, "source"));
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
        x.kind = connects_again(s) ? MK_SOCKET : MK_UNIX_CONNECT;
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
    return add(m, tree_make(t, "source"), &x, path, aux) < 0 ? -1 : 0;
}

static const char *const chardev_kinds[] = {"serial", "parallel", "channel", "console", "redirdev", "smartcard"};

static int chardevs(struct maker *m)
{
    struct tree *serial = tree_first(m->devices, "serial"), *console = tree_first(m->devices, "console"), *c;
    bool twin = serial && console && doc_is(tree_first(console, "target"), "type", "serial");
    for (unsigned k = 0; k < ARRAY_N(chardev_kinds); k++)
        TREE_EACH(t, m->devices, chardev_kinds[k])
            if (!(twin && t == console) && chardev(m, t))
                return -1;
    TREE_EACH(t, m->devices, "rng")
        if (chardev(m, tree_first(t, "backend")))
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

/* ---- network ---- */

/* Its log is a file that is opened for it. */
static int passt(struct maker *m, struct tree *t)
{
    const char *log = tree_path_attr(t, "backend", "logFile");
    struct manifest_entry x = {.kind = MK_HELPER, .flags = MF_EMPTY, .parent = -1, .a = HELPER_PASST}, l = {.kind = MK_FILE_OUT};
    char words[PASST_TEXT_MAX];
    if (passt_text(t, words, sizeof words, m->e))
        return m->lenient ? 0 : -1;
    l.parent = add(m, t, &x, NULL, words);
    return l.parent < 0 || (log && add(m, NULL, &l, log, NULL) < 0) ? -1 : 0;
}

/* Somebody of the host's who has the frames, and the guest's memory: QEMU connects to the socket that is there, once, or again to that one. */
static int vhostuser(struct maker *m, struct tree *t)
{
    struct tree *s = tree_first(t, "source");
    struct manifest_entry x = {.kind = MK_SOCKET, .parent = -1};
    if (doc_is(s, "mode", "server"))
        return unsupported(m, "<source> of <interface type='vhostuser'>: mode", "server");
    if (tree_first(t, "mtu") && !m->lenient)     /* which libvirt gives to the port of an Open vSwitch that it finds behind the socket, if there is one */
        return err_sys(m->e, VIR_FROM_NONE, ENODEV, "Cannot set interface MTU on '%s'", "");
    return add(m, t, &x, tree_attr(s, "path"), NULL) < 0 ? -1 : 0;
}

static int interface(struct maker *m, struct tree *t)
{
    const char *type = tree_attr(t, "type"), *dev = tree_path_attr(t, "target", "dev"), *mac = tree_path_attr(t, "mac", "address");
    struct manifest_entry x = {.kind = MK_TAP, .parent = -1};
    /* What a network can do with tags its port tells. */
    if (tree_first(t, "vlan") && !m->lenient && strcmp(type, "network") != 0 && !(strcmp(type, "bridge") == 0 && doc_is(tree_first(t, "virtualport"), "type", "openvswitch")))
        return link_untagged(t, m->e);
    if (tree_first(t, "script") && !m->lenient && strcmp(type, "ethernet") != 0)
        return err_set(m->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "scripts are not supported on interfaces of type %s", type);
    if (tree_path_attr(t, "backend", "tap") && !m->lenient && !doc_in(type, "network bridge ethernet"))
        return err_set(m->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "interface %s - custom tap device path is not supported for network interfaces of type %s", mac, type);
    if (is_passt(t))
        return passt(m, t);
    if (tree_first(t, "portForward") && !m->lenient)
        return err_set(m->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "<portForward> is supported with <backend type='passt'/> only");
    if (makes_sockets(t))
        return host_network(m, t);
    if (!doc_in(type, "bridge ethernet network direct vhostuser"))
        return m->lenient ? 0 : err_set(m->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "<interface type='%s'> is not supported yet", type);
    if (!m->lenient && link_profile(t, type, tree_path_attr(t, "virtualport", "type"), m->e))
        return -1;
    static const char *const not_yet[] = {"script", "downscript" /* which libvirt runs of this type only */};
    for (unsigned i = 0; i < ARRAY_N(not_yet); i++)
        if (tree_first(t, not_yet[i]) && !m->lenient && (strcmp(type, "ethernet") == 0 || strcmp(not_yet[i], "downscript") != 0))
            return err_set(m->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "<%s> of <interface type='%s'> is not supported yet", not_yet[i], type);
    static const struct { const char *attr, *node; } nodes[] = {{"tap", "/dev/net/tun"}, {"vhost", "/dev/vhost-net"}};
    for (unsigned i = 0; i < ARRAY_N(nodes); i++)
        if (tree_path_attr(t, "backend", nodes[i].attr) && !doc_is(tree_first(t, "backend"), nodes[i].attr, nodes[i].node) && !m->lenient)
            return err_set(m->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "<backend %s='%s'> of <interface type='%s'> is not supported: it has to be %s", nodes[i].attr, tree_path_attr(t, "backend", nodes[i].attr), type, nodes[i].node);
    if (strcmp(type, "vhostuser") == 0)
        return vhostuser(m, t);
    for (unsigned i = 0; i < 6 && mac; i++)
        x.mac[i] = (uint8_t)strtoul(mac + 3 * i, NULL, 16);
    x.a = doc_uint(tree_first(t, "driver"), "queues", 1);
    x.b = doc_uint(tree_first(t, "mtu"), "size", 0);
    x.flags = doc_is(tree_first(t, "target"), "managed", "no") ? 0 : MF_MANAGED;
    if (!x.flags && !dev && !m->lenient)
        return err_set(m->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "target dev must be supplied when managed='no'");
    if (is_virtio_model(tree_path_attr(t, "model", "type")))
        x.flags |= MF_VNET_HDR;
    const bool direct = strcmp(type, "direct") == 0, network = strcmp(type, "network") == 0;
    const char *other = tree_path_attr(t, "source", "bridge") ? tree_path_attr(t, "source", "bridge") : tree_path_attr(t, "source", "dev");
    x.c = direct ? (uint32_t)link_mode(tree_path_attr(t, "source", "mode")) : 0;
    int tap = add(m, t, &x, dev ? dev : "", direct || strcmp(type, "bridge") == 0 ? other : "");
    char words[LINK_TEXT_MAX], filter[FILTER_TEXT_MAX];
    struct manifest_entry l = {.kind = MK_LINK, .parent = tap, .a = link_kind(tree_attr(t, MARK_ACTUAL), tree_path_attr(t, "source", "mode"))}, f = {.kind = MK_FILTER, .parent = tap};
    if (tap < 0 || link_text(t, words, sizeof words, m->e) || link_filter(m->t, t, filter, sizeof filter, m->e) || (*filter && add(m, NULL, &f, NULL, filter) < 0))
        return -1;
    return *words && add(m, NULL, &l, network ? other : NULL, words) < 0 ? -1 : 0;
}

/* ---- programs beside QEMU ---- */

static int tpm(struct maker *m, struct tree *t)
{
    struct tree *b = tree_first(t, "backend"), *banks = tree_first(b, "active_pcr_banks");
    struct manifest_entry x = {.kind = MK_HELPER, .flags = MF_EMPTY, .parent = -1, .a = HELPER_SWTPM};
    char words[128];
    if (doc_is(b, "type", "external"))
        return chardev(m, b);
    if (doc_is(b, "type", "passthrough")) {
        x = (struct manifest_entry){.kind = MK_NODE, .parent = -1};
        return add(m, tree_first(b, "device"), &x, tree_path_attr(b, "device", "path"), NULL) < 0 ? -1 : 0;
    }
    if (!doc_is(b, "type", "emulator"))
        return 0;
    size_t n = (size_t)snprintf(words, sizeof words, "version=%s", tree_attr(b, "version"));
    for (struct tree *bank = banks ? banks->child : NULL; bank; bank = bank->next)
        if (bank->name && doc_in(bank->name, "sha1 sha256 sha384 sha512"))
            n += (size_t)snprintf(words + n, sizeof words - n, "%s%s", strstr(words, "banks=") ? "," : " banks=", bank->name);
    return add(m, b, &x, NULL, words) < 0 ? -1 : 0;
}

/* <source socket=>: somebody else serves the folder. */
static int filesystem(struct maker *m, struct tree *t)
{
    static const struct { const char *word, *path, *attr; } words[] = {{"binary", "binary", "path"}, {"xattr", "binary", "xattr"}, {"cache", "binary/cache", "mode"},
        {"posix", "binary/lock", "posix"}, {"flock", "binary/lock", "flock"}, {"pool", "binary/thread_pool", "size"}};
    struct manifest_entry x = {.kind = MK_HELPER, .parent = -1, .a = HELPER_VIRTIOFS};
    const char *dir = tree_path_attr(t, "source", "dir"), *socket = tree_path_attr(t, "source", "socket"), *alias = tree_path_attr(t, "alias", "name");
    char aux[512];
    if (!doc_is(tree_first(t, "driver"), "type", "virtiofs")) {
        x = (struct manifest_entry){.kind = MK_SHARE, .flags = tree_first(t, "readonly") ? MF_RO : 0, .parent = -1};
        return dir && add(m, t, &x, dir, NULL) < 0 ? -1 : 0;
    }
    if (!dir && !socket)
        return 0;
    if (socket) {
        x = (struct manifest_entry){.kind = MK_UNIX_CONNECT, .parent = -1};
        return add(m, t, &x, socket, NULL) < 0 ? -1 : 0;
    }
    size_t n = (size_t)snprintf(aux, sizeof aux, "alias=%s", alias ? alias : "");
    for (unsigned i = 0; i < ARRAY_N(words); i++) {
        const char *v = tree_path_attr(t, words[i].path, words[i].attr);
        if (v && (strchr(v, ' ') || strlen(v) > 127))
            return unsupported(m, "<binary path=> of <filesystem>: path", v);
        if (v && n < sizeof aux)
            n += (size_t)snprintf(aux + n, sizeof aux - n, " %s=%s", words[i].word, v);
    }
    return add(m, t, &x, dir, aux) < 0 ? -1 : 0;
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
    int i = add(m, NULL, &x, NULL, address);
    if (i >= 0)
        tree_set_attr(g, mark, "%d", i);
    return i < 0 ? -1 : 0;
}

static int display(struct maker *m, struct tree *g)
{
    struct tree *l = tree_first(g, "listen");
    if (doc_is(l, "type", "socket")) {
        struct manifest_entry x = {.kind = MK_UNIX_LISTEN, .parent = -1, .flags = MF_WORKER};
        return add(m, g, &x, tree_attr(l, "socket"), "worker") < 0 ? -1 : 0;
    }
    if (!doc_is(l, "type", "address"))
        return 0;
    const char *address = tree_attr(l, "address");
    if (!numeric(address))
        return unsupported(m, "<listen> of <graphics> with a name instead of an address: address", address ? address : "");
    if (display_port(m, g, numeric(address), "port", MARK_MANIFEST) || display_port(m, g, numeric(address), "tlsPort", MARK_TLS_PORT))
        return -1;
    return tree_attr(g, MARK_TLS_PORT) ? run_tls(g, TLS_SPICE, true, false, m->env, m->out, m->e) : 0;
}

/* ---- files that QEMU takes by path ---- */

/* Where libvirt looks for the variables that belong to a firmware image. */
static const char *const templates[][2] = {
    {"/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"}, {"/usr/share/OVMF/OVMF_CODE.secboot.fd", "/usr/share/OVMF/OVMF_VARS.fd"},
    {"/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.fd"}, {"/usr/share/AAVMF/AAVMF32_CODE.fd", "/usr/share/AAVMF/AAVMF32_VARS.fd"},
};

static int firmware(struct maker *m, struct tree *os)
{
    static const char *const files[] = {"kernel", "initrd", "dtb"};
    struct tree *loader = tree_first(os, "loader"), *nvram = tree_first(os, "nvram");
    for (unsigned i = 0; i < ARRAY_N(files); i++)
        if (bind_text(m, tree_first(os, files[i]), tree_text(os, files[i])))
            return -1;
    TREE_EACH(table, tree_first(os, "acpi"), "table")
        if (bind_text(m, table, table->text))
            return -1;
    if (loader && loader->text && doc_is(loader, "type", "pflash")) {
        struct manifest_entry x = {.kind = MK_IMAGE, .parent = -1, .flags = MF_FILE | MF_SHARED, .format = IMG_RAW};
        x.flags |= doc_is(loader, "readonly", "yes") ? MF_RO : 0;
        if (add(m, loader, &x, loader->text, NULL) < 0)
            return -1;
    } else if (loader && bind_text(m, loader, loader->text)) {
        return -1;
    }
    if (nvram && !doc_is(loader, "stateless", "yes")) {
        struct manifest_entry x = {.kind = MK_NVRAM, .parent = -1, .format = IMG_RAW, .flags = m->env->flags & DOC_FRESH ? MF_FRESH : 0};
        const char *path = nvram->text ? nvram->text : tree_path_attr(nvram, "source", "file"), *from = tree_attr(nvram, "template");
        for (unsigned i = 0; !from && loader && loader->text && i < ARRAY_N(templates); i++)
            if (strcmp(templates[i][0], loader->text) == 0)
                from = templates[i][1];
        if (path && add(m, nvram, &x, path, from ? from : "") < 0)
            return -1;
    }
    TREE_EACH(s, m->t, "sysinfo")
        TREE_EACH(en, s, "entry")
            if (bind_text(m, en, tree_attr(en, "file")))
                return -1;
    return 0;
}

static int rom(struct maker *m, struct tree *t)
{
    return bind_text(m, tree_first(t, "rom"), tree_path_attr(t, "rom", "file"));
}

static int rng(struct maker *m, struct tree *t)
{
    struct tree *b = tree_first(t, "backend");
    struct manifest_entry x = {.kind = MK_DEVNODE, .parent = -1};
    return doc_is(b, "model", "random") && add(m, b, &x, b->text, NULL) < 0 ? -1 : 0;
}

static int vsock(struct maker *m, struct tree *t)
{
    struct manifest_entry x = {.kind = MK_NODE, .parent = -1, .a = doc_is(tree_first(t, "cid"), "auto", "yes") ? 0 : doc_uint(tree_first(t, "cid"), "address", 0)};
    return add(m, t, &x, "/dev/vhost-vsock", "unable to open vhost-vsock device") < 0 ? -1 : 0;
}

static int usb(struct maker *m, struct tree *t, bool runs)
{
    const struct tree *s = tree_first(t, "source"), *a = doc_is(s, "autoAddress", "yes") ? NULL : tree_first(s, "address");
    const char *vendor = tree_path_attr(s, "vendor", "id"), *product = tree_path_attr(s, "product", "id"), *policy = tree_attr(s, "startupPolicy");
    struct manifest_entry x = {.kind = MK_USB, .parent = -1, .b = doc_uint(a, "bus", 0), .c = doc_uint(a, "device", 0)};
    x.a = (uint32_t)(vendor && product ? strtoul(vendor, NULL, 16) << 16 | strtoul(product, NULL, 16) : 0);
    if (policy && doc_in(policy, runs ? "optional requisite" : "optional"))
        x.flags |= MF_OPTIONAL;
    return add(m, t, &x, NULL, NULL) < 0 ? -1 : 0;
}

/* How much memory a QEMU may lock, in KiB: all of its guest's stays in place, and what it maps besides; behind an IOMMU of the guest's own once for each device.  UINT64_MAX: no limit. */
static uint64_t locked_kib(const struct maker *m)
{
    uint64_t hard = tree_number(m->t, "memtune/hard_limit", 0), all = tree_number(m->t, "memory", 0);
    unsigned devices = 0;
    TREE_EACH(t, m->devices, "hostdev")
        devices += doc_in(tree_attr(t, "type"), "pci mdev") && (doc_is(t, "type", "pci") || doc_is(t, "model", "vfio-pci"));
    if (hard)
        return hard;
    return tree_get(m->t, "memoryBacking/locked") ? UINT64_MAX : (tree_first(m->devices, "iommu") && devices ? devices : 1) * all + (1 << 20);
}

static int vfio(struct maker *m, struct tree *t)
{
    const struct tree *a = tree_get(t, "source/address");
    const char *driver = tree_path_attr(t, "driver", "name");
    uint64_t kib = locked_kib(m);
    struct manifest_entry x = {.kind = MK_VFIO, .parent = -1, .a = (uint32_t)kib, .b = (uint32_t)(kib >> 32)};
    char name[32], how[32];
    if (doc_is(t, "type", "mdev"))
        return add(m, t, &x, tree_attr(a, "uuid"), tree_attr(t, "model")) < 0 ? -1 : 0;
    x.flags = doc_is(t, "managed", "yes") ? MF_MANAGED : 0;
    snprintf(name, sizeof name, "%04x:%02x:%02x.%x", doc_uint(a, "domain", 0), doc_uint(a, "bus", 0), doc_uint(a, "slot", 0), doc_uint(a, "function", 0));
    snprintf(how, sizeof how, "pci%s%s", driver ? " " : "", driver ? driver : "");
    tree_set_attr(tree_make(t, "driver"), "name", "vfio");
    return add(m, t, &x, name, how) < 0 ? -1 : 0;
}

static int hostdev_of(struct maker *m, struct tree *t, bool runs)
{
    struct manifest_entry x = {.kind = MK_NODE, .parent = -1};
    if (doc_is(t, "type", "usb"))
        return usb(m, t, runs);
    if (by_iscsi(t))
        return disk_secrets(m, t) ? -1 : host_network(m, tree_first(t, "source"));
    if (doc_in(tree_attr(t, "type"), "pci mdev"))
        return vfio(m, t);
    if (doc_is(t, "type", "scsi_host"))
        return add(m, t, &x, "/dev/vhost-scsi", "vhost-scsi device file '/dev/vhost-scsi' cannot be found") < 0 ? -1 : 0;
    return 0;
}

static int hostdev(struct maker *m, struct tree *t)
{
    return hostdev_of(m, t, false);
}

/* Memory by its name; or the server that has it and the interrupts. */
static int shmem(struct maker *m, struct tree *t)
{
    struct manifest_entry x = {.kind = MK_SHM, .parent = -1};
    struct tree *server = tree_first(t, "server");
    char path[PATH_MAX];
    x.kind = server ? MK_UNIX_CONNECT : MK_SHM;
    if (server && tree_attr(server, "path"))
        return add(m, t, &x, tree_attr(server, "path"), NULL) < 0 ? -1 : 0;
    snprintf(path, sizeof path, server ? "/var/lib/libvirt/shmem-%s-sock" : "/dev/shm/%s", tree_attr(t, "name"));
    return add(m, t, &x, path, NULL) < 0 ? -1 : 0;
}

/* An input device of the host's. */
static int input(struct maker *m, struct tree *t)
{
    struct tree *s = tree_first(t, "source");
    const char *path = tree_attr(s, doc_is(t, "type", "evdev") ? "dev" : "evdev");
    struct manifest_entry x = {.kind = MK_NODE, .parent = -1};
    return path && add(m, s, &x, path, NULL) < 0 ? -1 : 0;
}

/* A part of the guest's memory that is to be in a file of the host's: of huge pages QEMU makes one that is none's. */
static int ram(struct maker *m, struct tree *part)
{
    const struct tree *backing = tree_first(m->t, "memoryBacking");
    const char *own = m->env->settings ? m->env->settings->memory_backing_dir : "";
    struct manifest_entry x = {.kind = MK_MEMORY, .flags = MF_FRESH, .parent = -1};
    char path[512];
    if (!doc_is(tree_first(backing, "source"), "type", "file") || tree_first(backing, "hugepages"))
        return 0;
    util_format(path, sizeof path, *own ? "%s" : "%s/ram", *own ? own : doc_lib_dir(m->env));
    return add(m, part, &x, path, NULL) < 0 ? -1 : 0;
}

static int parts(struct maker *m)
{
    struct tree *cells = tree_get(m->t, "cpu/numa");
    TREE_EACH(c, cells, "cell")
        if (ram(m, c))
            return -1;
    return cells || !tree_first(m->t, "memoryBacking") ? 0 : ram(m, tree_first(m->t, "memoryBacking"));
}

static int module(struct maker *m, struct tree *t)
{
    struct manifest_entry x = {.kind = MK_MEMORY, .parent = -1};
    const char *path = tree_text(t, "source/path");
    if (!path)
        return tree_get(t, "source/pagesize") ? 0 : ram(m, t);
    return add(m, t, &x, path, NULL) < 0 ? -1 : 0;
}

/* What has entries of its own, at a start as when it comes to a guest that runs. */
static const struct { const char *name; int (*fn)(struct maker *m, struct tree *t); } plain[] = {{"vsock", vsock}, {"shmem", shmem}, {"input", input}, {"hostdev", hostdev}, {"memory", module}};

static int each(struct maker *m, const char *name, int (*fn)(struct maker *m, struct tree *t))
{
    TREE_EACH(t, m->devices, name)
        if (fn(m, t))
            return -1;
    return 0;
}

static int others(struct maker *m)
{
    struct manifest_entry kvm = {.kind = MK_DEVNODE, .parent = -1};
    for (struct tree *t = m->devices->child; t; t = t->next)
        if (t->name && rom(m, t))
            return -1;
    if (each(m, "rng", rng))
        return -1;
    for (unsigned i = 0; i < ARRAY_N(plain); i++)
        if (each(m, plain[i].name, plain[i].fn))
            return -1;
    return doc_is(m->t, "type", "kvm") && add(m, NULL, &kvm, "/dev/kvm", NULL) < 0 ? -1 : 0;
}

int run_manifest_perf(struct tree *t, struct manifest_out *out, struct err *e)
{
    struct maker m = {.t = t, .out = out, .e = e};
    TREE_EACH(event, tree_first(t, "perf"), "event") {
        bool enabled = doc_is(event, "enabled", "yes");
        if (!enabled)
            tree_set_attr(event, MARK_MANIFEST, NULL);
        else if (!tree_attr(event, MARK_MANIFEST) && add(&m, event, &(struct manifest_entry){ .kind = MK_PERF, .parent = -1 }, NULL, tree_attr(event, "name")) < 0)
            return -1;
    }
    return 0;
}

int run_manifest(struct tree *t, const struct doc_env *env, bool running, struct manifest_out *out, struct err *e)
{
    struct maker m = {.t = t, .devices = tree_first(t, "devices"), .env = env, .out = out, .e = e, .lenient = !running, .hostnet = -1};
    if (firmware(&m, tree_first(t, "os")) || parts(&m) || each(&m, "disk", disk) || each(&m, "interface", interface) || chardevs(&m) || each(&m, "tpm", tpm) || each(&m, "filesystem", filesystem))
        return -1;
    TREE_EACH(d, m.devices, "graphics")
        if ((doc_in(tree_attr(d, "type"), "vnc spice") && display(&m, d)) || (doc_is(d, "type", "vnc") && run_tls(d, TLS_VNC, true, false, env, out, e)))
            return -1;
    if (others(&m) || (running && run_tls_later(env, out, e)) || socket_network(&m))
        return -1;
    char text[TUNE_TEXT_MAX] = "";
    if (running && (tune_text(t, text, sizeof text, e) || (*text && add(&m, NULL, &(struct manifest_entry){ .kind = MK_TUNE, .parent = -1 }, NULL, text) < 0) || run_manifest_perf(t, out, e)))
        return -1;
    schema_order(&schema_domain, t);
    return 0;
}

/* ---- of one device that a running guest gets ---- */

/* Its name space and view were made when the guest started, and stay what they are. */
static int cannot_come(struct maker *m, const char *what)
{
    return err_set(m->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "%s cannot be given to a guest that runs", what);
}

/* What the device talks by: of a source of random numbers that is a part of it. */
static struct tree *talker(struct tree *dev)
{
    return strcmp(dev->name, "rng") == 0 && tree_first(dev, "backend") ? tree_first(dev, "backend") : dev;
}

static int need_host_network(struct maker *m, struct tree *dev)
{
    const struct tree *t = talker(dev);
    bool connects = kinds_so_far(m) & (1ull << MK_HOSTNET | 1ull << MK_SOCKET), connects_here = strcmp(dev->name, "disk") == 0 ? by_network(dev, true) :
        strcmp(dev->name, "interface") == 0 ? doc_is(dev, "type", "vhostuser") : doc_is(t, "type", "unix") && connects_again(tree_first(t, "source"));
    return (m->hostnet < 0 && makes_sockets(t)) || (!connects && connects_here) ? cannot_come(m, "what makes sockets of its own, to one that was started with nothing of that kind,") : 0;
}

static int new_disk(struct maker *m, struct tree *t)
{
    for (const struct tree *el = t; el; el = tree_first(el, "backingStore"))
        if (tree_get(el, "source/config"))
            return cannot_come(m, "<config> of a disk");
    return disk(m, t);
}

static int new_interface(struct maker *m, struct tree *t)
{
    return is_passt(t) ? cannot_come(m, "<backend type='passt'>") : interface(m, t);
}

/* Those two every view has. */
static int new_rng(struct maker *m, struct tree *t)
{
    struct tree *backend = tree_first(t, "backend");
    if (doc_is(backend, "model", "random") && backend->text && !doc_in(backend->text, "/dev/random /dev/urandom"))
        return cannot_come(m, "<backend> of <rng> other than /dev/random and /dev/urandom");
    return chardev(m, backend);
}

static int new_filesystem(struct maker *m, struct tree *t)
{
    return doc_is(tree_first(t, "driver"), "type", "virtiofs") && !tree_path_attr(t, "source", "socket") ? cannot_come(m, "a shared folder") : filesystem(m, t);
}

static int new_hostdev(struct maker *m, struct tree *t)
{
    return hostdev_of(m, t, true);
}

int run_manifest_device(struct tree *t, struct tree *dev, const struct doc_env *env, struct manifest_out *out, struct err *e)
{
    static const struct { const char *name; int (*fn)(struct maker *m, struct tree *t); } kinds[] = {{"disk", new_disk}, {"interface", new_interface}, {"rng", new_rng}, {"filesystem", new_filesystem}, {"hostdev", new_hostdev}};
    struct maker m = {.t = t, .devices = tree_first(t, "devices"), .env = env, .out = out, .e = e, .comes = true, .hostnet = -1};
    if (need_host_network(&m, dev))
        return -1;
    if (tree_path_attr(dev, "rom", "file"))
        return cannot_come(&m, "<rom file=>");
    if (tree_first(dev, "log"))
        return cannot_come(&m, "<log>");
    for (unsigned i = 0; i < ARRAY_N(kinds); i++)
        if (strcmp(dev->name, kinds[i].name) == 0)
            return kinds[i].fn(&m, dev);
    for (unsigned i = 0; i < ARRAY_N(plain); i++)
        if (strcmp(dev->name, plain[i].name) == 0)
            return plain[i].fn(&m, dev);
    for (unsigned i = 0; i < ARRAY_N(chardev_kinds); i++)
        if (strcmp(dev->name, chardev_kinds[i]) == 0)
            return chardev(&m, dev);
    return 0;
}

void run_unmark(struct tree *t)
{
    tree_set_attr(t, MARK_MANIFEST, NULL);
    tree_set_attr(t, MARK_TLS, NULL);
    tree_set_attr(t, MARK_TLS_KEY, NULL);
    tree_set_attr(t, MARK_TLS_PORT, NULL);
    for (struct tree *c = t->child; c; c = c->next)
        run_unmark(c);
}
