/* check-disk.c: what of disks, and of the storage behind others, is refused and needs more than a row of rules.c. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "ipc/util.h"
#include "workers/xmlc/doc.h"

/* ---- throttling ---- */

#define THROTTLE_MAX 1000000000000000ull

static int throttle(struct doc *d, const struct tree *disk)
{
    const struct tree *tune = tree_first(disk, "iotune");
    uint64_t v, sum = 0;
    for (const struct tree *t = tune ? tune->child : NULL; t; t = t->next)
        if (t->name && t->text && strcmp(t->name, "group_name") != 0 && !strstr(t->name, "_length") && tree_parse_uint(t->text, 10, UINT64_MAX, &v) == 0) {
            if (v > THROTTLE_MAX)
                return err_set(d->e, VIR_ERR_ARGUMENT_UNSUPPORTED, VIR_FROM_QEMU, "block I/O throttle limit must be no more than %llu using QEMU", THROTTLE_MAX);
            sum |= v;
        }
    if (tree_text(tune, "group_name") && !sum)
        return doc_unsupported(d, VIR_FROM_QEMU, "group_name can be configured only together with settings");
    return 0;
}

static bool same_limits(const struct tree *a, const struct tree *b)
{
    for (a = a->child, b = b->child; a && b; a = a->next, b = b->next)
        if (strcmp(a->name, b->name) != 0 || strcmp(a->text ? a->text : "", b->text ? b->text : "") != 0)
            return false;
    return !a && !b;
}

/* Disks of a group share one set of limits. */
static int group(struct doc *d, const struct tree *t)
{
    const char *name = tree_text(t, "iotune/group_name");
    for (struct tree *o = name ? tree_next(t, "disk") : NULL; o; o = tree_next(o, "disk"))
        if (tree_text(o, "iotune/group_name") && strcmp(tree_text(o, "iotune/group_name"), name) == 0 && !same_limits(tree_first(t, "iotune"), tree_first(o, "iotune")))
            return doc_unsupported(d, VIR_FROM_QEMU, "different iotunes for disks %s and %s", tree_path_attr(t, "target", "dev"), tree_path_attr(o, "target", "dev"));
    return 0;
}

/* ---- secrets ---- */

static int lookup(struct doc *d, const struct tree *secret)
{
    if (tree_attr(secret, "uuid") && tree_attr(secret, "usage"))
        return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_NONE, "either secret uuid or usage expected");
    if (!tree_attr(secret, "uuid") && !tree_attr(secret, "usage"))
        return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_NONE, "missing secret uuid or usage attribute");
    return 0;
}

/* <auth> of a source with a protocol: the secret is of the kind that protocol knows. */
static int check_auth(struct doc *d, const struct tree *auth, const char *protocol)
{
    static const char *const knows[] = { "iscsi", "rbd", "http", "https", "ftp", "ftps", "ssh" };
    unsigned i = 0;
    const struct tree *secret = tree_first(auth, "secret");
    const char *type = tree_attr(secret, "type");
    if (!secret)
        return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_STORAGE, "Missing <secret> element in auth");
    if (lookup(d, secret))
        return -1;
    if (!type && protocol)
        return doc_unsupported(d, VIR_FROM_DOMAIN, "unknown secret type '<null>'");
    if (protocol && ((strcmp(protocol, "rbd") == 0 && strcmp(type, "ceph") != 0) || (strcmp(protocol, "iscsi") == 0 && strcmp(type, "iscsi") != 0)))
        return doc_unsupported(d, VIR_FROM_DOMAIN, "invalid secret type '%s'", type);
    while (protocol && i < ARRAY_N(knows) && strcmp(knows[i], protocol) != 0)
        i++;
    if (i == ARRAY_N(knows))
        return doc_unsupported(d, VIR_FROM_DOMAIN, "authentication is not supported for protocol '%s'", protocol);
    return 0;
}

static int encryption(struct doc *d, const struct tree *disk, const struct tree *enc)
{
    bool librbd = doc_is(enc, "engine", "librbd");
    TREE_EACH(s, enc, "secret")
        if (lookup(d, s))
            return -1;
    if (enc && librbd && !doc_is(tree_first(disk, "source"), "protocol", "rbd"))
        return doc_unsupported(d, VIR_FROM_QEMU, "librbd encryption is supported only with RBD backed disks");
    if (enc && !librbd && doc_is(enc, "format", "luks2"))
        return doc_unsupported(d, VIR_FROM_QEMU, "luks2 is currently not supported by the qemu encryption engine");
    return 0;
}

/* ---- cookies ---- */

static int cookies(struct doc *d, const struct tree *source)
{
    static const char name_ok[] = "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~";
    TREE_EACH(c, tree_first(source, "cookies"), "cookie") {
        const char *n = tree_attr(c, "name"), *v = c->text ? c->text : "";
        size_t len = strlen(v);
        if (strspn(n, name_ok) != strlen(n))
            return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_STORAGE, "cookie name '%s' contains invalid characters", n);
        if (len > 1 && v[0] == '"' && v[len - 1] == '"') {
            v++;
            len -= 2;
        }
        for (size_t i = 0; i < len; i++)
            if (v[i] <= ' ' || v[i] > '~' || strchr("\",;\\", v[i]))
                return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_STORAGE, "value of cookie '%s' contains invalid characters", n);
    }
    return 0;
}

/* ---- addresses ---- */

/* A host device on the place that a disk has. */
static int host_places(struct doc *d, const struct tree *disk)
{
    static const char *const part[] = {"controller", "bus", "target", "unit"};
    const struct tree *a = tree_first(disk, "address");
    TREE_EACH(h, d->devices, "hostdev") {
        const struct tree *b = tree_first(h, "address");
        bool same = doc_is(h, "type", "scsi") && doc_is(b, "type", "drive") && doc_is(a, "type", "drive") && doc_is(tree_first(disk, "target"), "bus", "scsi");
        for (unsigned i = 0; same && i < ARRAY_N(part); i++)
            same = doc_uint(a, part[i], 0) == doc_uint(b, part[i], 0);
        if (same)
            return doc_unsupported(d, VIR_FROM_DOMAIN, "using disk target name '%s' conflicts with SCSI host device address controller='%u' bus='%u' target='%u' unit='%u",
                tree_path_attr(disk, "target", "dev"), doc_uint(b, part[0], 0), doc_uint(b, part[1], 0), doc_uint(b, part[2], 0), doc_uint(b, part[3], 0));
    }
    return 0;
}

/* ---- labels ---- */

static int label(struct doc *d, struct tree *source)
{
    for (struct tree *s = tree_first(source, "seclabel"), *next; s; s = next) {
        next = tree_next(s, "seclabel");
        if (tree_first(s, "label") && doc_is(s, "relabel", "no"))
            return doc_bad(d, "Cannot specify a label if relabelling is turned off. model=%s", tree_attr(s, "model") ? tree_attr(s, "model") : "<null>");
        if (doc_is(s, "relabel", "yes") && !tree_first(s, "label"))
            tree_free(s);       /* that is what happens anyway */
        else if (tree_first(s, "label"))
            doc_default(s, "relabel", "yes");
    }
    return 0;
}

int check_disks(struct doc *d)
{
    TREE_EACH(t, d->devices, "disk") {
        struct tree *source = tree_first(t, "source"), *auth;
        const char *dev = tree_path_attr(t, "target", "dev"), *protocol = tree_attr(source, "protocol"), *name = tree_attr(source, "name");
        if (throttle(d, t) || group(d, t) || cookies(d, source) || host_places(d, t) || label(d, source))
            return -1;
        for (int k = 0; k < 2; k++) {
            if ((auth = k ? tree_first(source, "auth") : tree_first(t, "auth")) && check_auth(d, auth, protocol))
                return -1;
            if (encryption(d, t, k ? tree_first(source, "encryption") : tree_first(t, "encryption")))
                return -1;
        }
        if (protocol && strcmp(protocol, "gluster") == 0 && name && !strchr(name, '/'))
            return doc_bad(d, "can't split path '%s' into pool name and image name", name);
        if (protocol && strcmp(protocol, "nfs") == 0 && (!tree_first(source, "host") || tree_next(tree_first(source, "host"), "host")))
            return doc_unsupported(d, VIR_FROM_QEMU, "'nfs' protocol requires the usage of exactly one host");
        if (dev && *dev && dev[strlen(dev) - 1] >= '0' && dev[strlen(dev) - 1] <= '9')
            return doc_unsupported(d, VIR_FROM_QEMU, "invalid disk target '%s', partitions can't appear in disk targets", dev);
    }
    return 0;
}
