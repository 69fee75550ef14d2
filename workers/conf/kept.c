/* kept.c: see kept.h. */
#include "workers/conf/kept.h"
#include <stdbool.h>
#include <string.h>
#include "ipc/manifest.h"

struct entry { struct manifest_entry m; const char *path, *aux, *filter /* of a tap */, *host /* likewise */, *bridge /* where it is */, *port /* of Open vSwitch */; bool isolated /* likewise */; };

static bool same(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

/* The path that a socket gets where the document names none has the run's id in it, and each run has an id of its own. */
static bool same_but_id(const char *a, const char *b, const char *lib_dir)
{
    static const char *const parts[] = { "/domain-", "/channel/target/domain-" };
    static const char digits[] = "0123456789";
    size_t lib = strlen(lib_dir);
    if (same(a, b))
        return true;
    for (size_t i = 0; a && b && lib && i < 2; i++) {
        size_t head = lib + strlen(parts[i]);
        if (strncmp(a, lib_dir, lib) || strncmp(a + lib, parts[i], head - lib) || strncmp(a, b, head))
            continue;
        size_t n = strspn(a + head, digits), m = strspn(b + head, digits);
        return n && m && !strcmp(a + head + n, b + head + m);
    }
    return false;
}

/* Which network a link is to; its limits, its port and the bridge are another matter. */
static const char *network(const struct entry *e)
{
    return e->aux ? strstr(e->aux, "net=") : NULL;
}

/* Flags by which an entry asks for less, or for the same in another form: a layer that an image's header named is in a later document by its own name. */
static const uint32_t had_only = MF_PROBE | MF_BACKING;
static const uint32_t asked_only = MF_FRESH | MF_CHOSEN;        /* a client asks for less than the guest had */

/* That bridges keep such ports apart may not be taken from it (supervisor/hand_shape.h). */
static bool isolates(const struct manifest_entry *m, const char *aux)
{
    const char *word = aux ? strstr(aux, "isolated=1") : NULL, *net = word ? strstr(aux, "net=") : NULL;
    return m->kind == MK_LINK && word && (!net || word < net);
}

/* Addresses and routes that the host gets with it. */
static const char *host(const struct manifest_entry *m, const char *aux)
{
    return m->kind != MK_LINK || !aux || strstr(aux, "port=") ? NULL : strstr(aux, "host=");
}

/* Its port of a switch, VLANs included, which ends with the text or a blank; a network's is the network's affair. */
static const char *switch_port(const struct manifest_entry *m, const char *aux)
{
    return m->kind != MK_LINK || !aux || strstr(aux, "port=") ? NULL : strstr(aux, "ovs=");
}

static bool same_word(const char *a, const char *b)
{
    size_t n = a ? strcspn(a, " ") : 0;
    return !a || !b ? a == b : n == strcspn(b, " ") && !memcmp(a, b, n);
}

static bool covers(const struct entry *h, const struct entry *a, const char *lib_dir)
{
    const struct manifest_entry *x = &h->m, *y = &a->m;
    if (x->kind == MK_LINK && y->kind == MK_LINK)
        return same(network(h), network(a));
    uint32_t flags = y->flags & ~asked_only;
    bool format = y->format == x->format || (y->format == IMG_NONE && x->flags & flags & MF_PROBE);    /* it has been looked for since */
    static const bool made_up[MK_KIND_N] = { [MK_PTY] = true, [MK_PAIR] = true, [MK_TAP] = true, [MK_SECRET] = true };     /* of a guest that libvirtd began: where the run had it; what came of a secret */
    bool path = y->kind == MK_UNIX_LISTEN ? same_but_id(h->path, a->path, lib_dir) : (made_up[y->kind] && (!a->path || !*a->path)) || same(h->path, a->path);
    path = path && same_word(h->port, a->port) && same(h->filter, a->filter) && (!a->host || same(h->host, a->host)) && (a->isolated || !h->isolated);
    return x->kind == y->kind && (x->flags & ~asked_only & ~had_only) == (flags & ~had_only) && !(flags & ~x->flags) && format && path && same(h->bridge, a->bridge) &&
           x->a == y->a && x->b == y->b && x->c == y->c && !memcmp(x->mac, y->mac, sizeof x->mac);
}

static int next(struct manifest_in *in, struct entry *e)
{
    int r = manifest_next(in, &e->m, &e->path, &e->aux);
    struct manifest_in behind = *in;
    struct entry f;
    e->filter = e->host = e->port = NULL;
    e->bridge = e->aux;
    e->isolated = false;
    while (r > 0 && e->m.kind == MK_TAP && manifest_next(&behind, &f.m, &f.path, &f.aux) > 0) {
        bool its = f.m.parent == (int32_t)e->m.index && !(f.m.flags & MF_GONE);
        if (its && f.m.kind == MK_FILTER && f.aux && *f.aux)
            e->filter = f.aux;
        if (its && f.m.kind == MK_LINK)     /* of a network's that is the network's affair */
            e->bridge = f.aux && strstr(f.aux, "net=") ? "" : f.path && *f.path ? f.path : e->bridge;
        e->isolated |= its && isolates(&f.m, f.aux);
        e->port = its && switch_port(&f.m, f.aux) ? switch_port(&f.m, f.aux) : e->port;
        e->host = its && host(&f.m, f.aux) ? host(&f.m, f.aux) : e->host;
    }
    return r;
}

int kept_covers(const void *had, size_t had_len, const void *asked, size_t asked_len, const char *lib_dir, struct err *e)
{
    static struct entry all[MANIFEST_ENTRIES_MAX];
    struct manifest_in in;
    struct entry a;
    size_t n = 0, i = 0;
    int r = manifest_open(&in, had, had_len);
    while (r >= 0 && (r = next(&in, &a)) > 0)       /* at most MANIFEST_ENTRIES_MAX: manifest_open sees to it */
        if (!(a.m.flags & MF_GONE))                 /* of a device that it had given back */
            all[n++] = a;
    if (r < 0)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "the manifest beside the saved state is malformed");
    for (r = manifest_open(&in, asked, asked_len); r >= 0 && (r = next(&in, &a)) > 0;) {
        bool nothing = (a.m.flags & MF_EMPTY && !a.path) || a.m.kind == MK_TUNE || a.m.kind == MK_PERF || a.m.kind == MK_FILTER /* its tap's */ || (a.m.kind == MK_LINK && !network(&a));     /* limits and events are nothing that a guest gets */
        for (i = 0; i < n && !nothing && !covers(&all[i], &a, lib_dir); i++)
            ;
        if (i == n && !nothing)
            return err_set(e, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "the saved document asks for '%s', which the guest did not have when it was saved", a.path ? a.path : a.aux ? a.aux : "");
    }
    return r < 0 ? err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed manifest") : 0;
}
