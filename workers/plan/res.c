/* res.c: manifest and grants as the plan looks them up, and how a granted thing is named towards QEMU. */
#include "priv.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int plan_host_load(struct plan_host *h, const void *manifest, size_t len)
{
    struct manifest_in in;
    struct manifest_entry me;
    const char *path, *aux;
    int rc = manifest_open(&in, manifest, len);
    if (rc < 0)
        return rc;
    *h = (struct plan_host){ .v = calloc(MANIFEST_ENTRIES_MAX, sizeof *h->v), .monitor_fd = -1 };
    if (!h->v)
        return -ENOMEM;
    while ((rc = manifest_next(&in, &me, &path, &aux)) == 1 && h->n < MANIFEST_ENTRIES_MAX)
        h->v[h->n++] = (struct plan_res){ .valid = true, .kind = me.kind, .flags = me.flags, .format = me.format, .parent = me.parent,
            .path = path, .aux = aux, .a = me.a, .fd = { -1, -1 } };
    if (rc != 0) {
        plan_host_free(h);
        return -EPROTO;
    }
    return 0;
}

int plan_host_grants(struct plan_host *h, const void *p, size_t len)
{
    struct grants_head head;
    struct grant g;
    if (len < sizeof head)
        return -EPROTO;
    memcpy(&head, p, sizeof head);
    if (head.magic != GRANTS_MAGIC || head.n > h->n || len != sizeof head + head.n * sizeof g)
        return -EPROTO;
    if (head.monitor_fd >= 0)
        h->monitor_fd = head.monitor_fd;
    for (uint32_t i = 0; i < head.n; i++) {
        memcpy(&g, (const char *)p + sizeof head + i * sizeof g, sizeof g);
        if (g.index >= h->n || g.name[sizeof g.name - 1])
            return -EPROTO;
        struct plan_res *r = &h->v[g.index];
        r->theirs = g.error == GRANT_THEIRS;
        if (!g.made)
            continue;
        r->error = g.error;
        memcpy(r->fd, g.qemu_fd, sizeof r->fd);
        r->nfd = g.nqemu;
        r->is_block = g.is_block;
        r->port = g.port;
        if (g.probed_format != IMG_NONE && (r->flags & MF_PROBE))
            r->format = g.probed_format;
        memcpy(r->name, g.name, sizeof r->name);
    }
    return 0;
}

void plan_host_free(struct plan_host *h)
{
    free(h->v);
    *h = (struct plan_host){ .v = NULL, .n = 0, .monitor_fd = -1 };
}

const struct plan_res *pl_res_if(struct ctx *c, const struct tree *el, int32_t *index)
{
    uint64_t i;
    const struct plan_host *h = c->in->host;
    if (!tree_attr(el, MARK_MANIFEST))
        el = tree_get(el, "source");
    if (!h || tree_attr_uint(el, MARK_MANIFEST, MANIFEST_ENTRIES_MAX - 1, &i) < 0 || i >= h->n || !h->v[i].valid)
        return NULL;
    if (index)
        *index = (int32_t)i;
    return &h->v[i];
}

const struct plan_res *pl_res(struct ctx *c, const struct tree *el, int32_t *index)
{
    const struct plan_res *r = pl_res_if(c, el, index);
    if (!r)
        pl_internal(c, "nothing was opened for element <%s>", el->name);
    return r;
}

static void add_fd(struct ctx *c, const struct plan_res *r, int32_t index, uint32_t set, unsigned which, const char *mode)
{
    json_t *o = pl_item(c, PLAN_ADD_FD);
    if (!o)
        return;
    struct plan_item *it = &c->out->v[c->out->n - 1];
    it->res = index;
    it->which = (uint8_t)which;
    pl_set_int(o, "fdset-id", set);
    if (!c->hotplug)
        pl_set_int(o, "fd", r->fd[which]);
    pl_setf(c, o, "opaque", "%s:%d", mode, index);
}

/* What is theirs is only ever taken out again, and QEMU says if it has no such set. */
static bool is_missing(struct ctx *c, const struct plan_res *r, int32_t index, unsigned k)
{
    bool is = !r->theirs && (r->fd[0] < 0 || k >= (r->nfd ? r->nfd : 1u));
    if (is)
        pl_internal(c, "resource %d was not opened", index);
    return is;
}

static const char *fdset(struct ctx *c, const struct plan_res *r, int32_t index, uint32_t set, char buf[32])
{
    bool twin = r->fd[1] >= 0;
    if (is_missing(c, r, index, 0))
        return "";
    /* The exact access mode decides which of a set is used: a writable image has a read-only twin for QEMU's reopen. */
    add_fd(c, r, index, set, 0, twin ? "rdwr" : r->flags & MF_RO ? "rdonly" : "main");
    if (twin)
        add_fd(c, r, index, set, 1, "rdonly");
    snprintf(buf, 32, "/dev/fdset/%u", set);
    return buf;
}

const char *pl_fdset(struct ctx *c, const struct plan_res *r, int32_t index, char buf[32])
{
    return fdset(c, r, index, c->in->first_set + (uint32_t)index, buf);
}

const char *pl_fdset_image(struct ctx *c, const struct plan_res *r, int32_t index, const char *node, char buf[32])
{
    return c->in->first_set ? fdset(c, r, index, PLAN_IMAGE_SETS + (uint32_t)strtoul(node + strlen("libvirt-"), NULL, 10) % (PLAN_SETS - PLAN_IMAGE_SETS), buf) : pl_fdset(c, r, index, buf);
}

const char *pl_fdname(struct ctx *c, const struct plan_res *r, int32_t index, unsigned k, char buf[32])
{
    if (is_missing(c, r, index, k))
        return "";
    if (!c->hotplug) {
        snprintf(buf, 32, "%u", (unsigned)r->fd[0] + k);
        return buf;
    }
    snprintf(buf, 32, "res%d.%u", index, k);
    json_t *o = pl_item(c, PLAN_GETFD);
    if (o) {
        struct plan_item *it = &c->out->v[c->out->n - 1];
        it->res = index;
        it->which = (uint8_t)k;
        pl_setf(c, o, "fdname", "%s", buf);
    }
    return buf;
}

const char *pl_mapped(struct ctx *c, const struct plan_res *r, int32_t index, char buf[32])
{
    if (c->hotplug)
        return pl_fdset(c, r, index, buf);      /* it maps no file of a set, but its number, which the worker hears with it */
    snprintf(buf, 32, "/proc/self/fd/%d", r->fd[0]);
    return buf;
}

const char *pl_file(struct ctx *c, const struct tree *el, const char *path, char buf[32])
{
    int32_t index;
    if (!pl_run(c))
        return path;
    const struct plan_res *r = pl_res(c, el, &index);
    if (!r)
        return NULL;
    snprintf(buf, 32, "/res/%d", index);
    return buf;
}
