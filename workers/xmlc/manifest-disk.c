/* manifest-disk.c: images, what they stand on, and what opens them. */
#include <string.h>
#include "ipc/util.h"
#include "workers/tree-marks.h"
#include "workers/xmlc/maker.h"

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
    const char *socket = maker_server_socket(s);
    m->by_socket |= socket != NULL;
    if (s && doc_is(s, "protocol", "nbd") && run_tls(s, TLS_NBD, false, m->comes, m->env, m->out, m->e))
        return -1;
    if (socket)
        return maker_add(m, s, &x, socket, NULL) < 0 ? -1 : 0;
    if (s && doc_is(s, "protocol", "gluster"))      /* who tells of the volume: its parts are on servers of the network */
        TREE_EACH(h, s, "host") {
            x = (struct manifest_entry){.kind = MK_SOCKET, .parent = -1};
            if (doc_is(h, "transport", "unix") && tree_attr(h, "socket") && maker_add(m, h, &x, tree_attr(h, "socket"), NULL) < 0)
                return -1;
        }
    return s && maker_host_network(m, s) ? -1 : maker_bind(m, tree_first(s, "config"), tree_path_attr(s, "config", "file"));
}

/* By descriptors that a client gives (virDomainFDAssociate): a chain is what the document says, as with libvirt. */
static int given(struct maker *m, struct tree *source, uint32_t flags, uint32_t format)
{
    struct manifest_entry x = {.kind = MK_GIVEN, .parent = -1, .flags = flags & MF_RO, .format = format};
    return maker_add(m, source, &x, NULL, tree_attr(source, "fdgroup")) < 0 ? -1 : 0;
}

static bool is_given(const struct tree *el)
{
    return tree_path_attr(el, "source", "fdgroup") != NULL;
}

int maker_backing(struct maker *m, struct tree *el, int parent, unsigned shared)
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
        if (is_given(b)) {
            if (given(m, tree_first(b, "source"), x.flags, x.format))
                return -1;
            parent = -1;
            continue;
        }
        if (!tree_first(b, "backingStore") && x.format != IMG_RAW)
            x.flags |= MF_PROBE;
        x.flags |= strcmp(el->name, "disk") == 0 && tree_first(el, "transient") ? MF_SIZE : 0;
        x.flags |= doc_is(b, "type", "block") ? MF_BLOCK : 0;
        if ((parent = maker_add(m, tree_first(b, "source"), &x, path, NULL)) < 0)
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
    return maker_add(m, secret, &x, NULL, aux) < 0 ? -1 : 0;
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
    return at > begin && maker_add(m, cookies, &x, NULL, aux) < 0 ? -1 : 0;
}

int maker_disk_secrets(struct maker *m, const struct tree *image)
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
        return network_source(m, tree_first(t, "source")) ? -1 : maker_backing(m, t, -1, tree_first(t, "shareable") ? MF_SHARED : 0);
    if (strcmp(type, "dir") == 0)
        return maker_share(m, t, tree_first(t, "source"), tree_path_attr(t, "source", "dir"), x.format);
    if (strcmp(type, "vhostuser") == 0) {
        x = (struct manifest_entry){.kind = MK_SOCKET, .parent = -1};
        m->by_socket = true;
        return maker_add(m, t, &x, tree_path_attr(t, "source", "path"), NULL) < 0 ? -1 : 0;
    }
    if (!path && strcmp(type, "file") != 0 && strcmp(type, "block") != 0)
        return 0;
    x.flags |= tree_first(t, "readonly") ? MF_RO : 0;
    if (is_given(t) && tree_first(t, "transient"))
        return maker_unsupported(m, "<transient> of a disk by fdgroup", tree_path_attr(t, "source", "fdgroup"));
    if (is_given(t))
        return given(m, tree_first(t, "source"), x.flags, x.format) ? -1 : maker_backing(m, t, -1, 0);
    x.flags |= tree_first(t, "shareable") ? MF_SHARED : 0;
    x.flags |= strcmp(type, "block") == 0 ? MF_BLOCK : 0;
    if (!path) {
        x.flags |= MF_EMPTY;
        return maker_add(m, t, &x, NULL, NULL) < 0 ? -1 : 0;
    }
    if (doc_is(tree_first(t, "source"), "startupPolicy", "optional"))
        x.flags |= MF_OPTIONAL;
    if (!tree_first(t, "backingStore") && x.format != IMG_RAW)
        x.flags |= MF_PROBE;
    bool overlay = tree_first(t, "transient") && tree_first(t, "backingStore");     /* of its own making */
    x.flags |= overlay ? MF_FRESH : 0;
    x.flags |= overlay && doc_is(tree_first(t, "transient"), "shareBacking", "yes") ? MF_SHARED : 0;
    i = maker_add(m, tree_first(t, "source"), &x, path, overlay ? tree_path_attr(t, "target", "dev") : NULL);
    return i < 0 ? -1 : maker_backing(m, t, i, x.flags & MF_SHARED);
}

/* Who keeps the disk's reservations is there already, and QEMU connects to it again whenever it has gone. */
static int reservations(struct maker *m, struct tree *t)
{
    struct manifest_entry x = {.kind = MK_SOCKET, .parent = -1};
    struct tree *r = tree_get(t, "source/reservations"), *s = tree_first(r, "source");
    if (!r || doc_is(r, "managed", "yes") || !s)
        return 0;
    m->by_socket = true;
    return maker_add(m, s, &x, tree_attr(s, "path"), NULL) < 0 ? -1 : 0;
}

int maker_disk(struct maker *m, struct tree *t)
{
    return image(m, t) || maker_disk_secrets(m, t) || reservations(m, t) ? -1 : 0;
}
