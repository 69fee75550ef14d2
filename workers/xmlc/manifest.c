/* manifest.c: the host resources a document names, as a numbered list, and their numbers as marks in the tree.
 *
 * The marks are attributes of workers/tree-marks.h: MARK_MANIFEST ("bulkhead:m"), on the elements that header lists.
 * What has no row here gets no entry: QEMU has nothing of the host then, and the plan refuses what it cannot run without. */
#include <string.h>
#include "ipc/util.h"
#include "workers/tree-marks.h"
#include "workers/xmlc/maker.h"

int maker_add(struct maker *m, struct tree *mark, struct manifest_entry *x, const char *path, const char *aux)
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

int maker_bind(struct maker *m, struct tree *el, const char *path)
{
    struct manifest_entry x = {.kind = MK_BIND, .parent = -1, .flags = el && tree_attr(el, MARK_CHOSEN) ? MF_CHOSEN : 0};
    return el && path && maker_add(m, el, &x, path, NULL) < 0 ? -1 : 0;
}

int maker_unsupported(struct maker *m, const char *what, const char *value)
{
    if (m->lenient)
        return 0;
    return err_set(m->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "%s='%s' is not supported yet", what, value);
}

/* What has entries of its own, at a start as when it comes to a guest that runs. */
static const struct { const char *name; int (*fn)(struct maker *m, struct tree *t); } plain[] = {{"vsock", maker_vsock}, {"shmem", maker_shmem}, {"input", maker_input}, {"hostdev", maker_hostdev}, {"memory", maker_module}};

int maker_each(struct maker *m, const char *name, int (*fn)(struct maker *m, struct tree *t))
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
        if (t->name && maker_rom(m, t))
            return -1;
    if (maker_each(m, "rng", maker_rng))
        return -1;
    for (unsigned i = 0; i < ARRAY_N(plain); i++)
        if (maker_each(m, plain[i].name, plain[i].fn))
            return -1;
    return doc_is(m->t, "type", "kvm") && maker_add(m, NULL, &kvm, "/dev/kvm", NULL) < 0 ? -1 : 0;
}

int run_manifest_perf(struct tree *t, struct manifest_out *out, struct err *e)
{
    struct maker m = {.t = t, .out = out, .e = e};
    TREE_EACH(event, tree_first(t, "perf"), "event") {
        bool enabled = doc_is(event, "enabled", "yes");
        if (!enabled)
            tree_set_attr(event, MARK_MANIFEST, NULL);
        else if (!tree_attr(event, MARK_MANIFEST) && maker_add(&m, event, &(struct manifest_entry){ .kind = MK_PERF, .parent = -1 }, NULL, tree_attr(event, "name")) < 0)
            return -1;
    }
    return 0;
}

int run_manifest(struct tree *t, const struct doc_env *env, bool running, struct manifest_out *out, struct err *e)
{
    struct maker m = {.t = t, .devices = tree_first(t, "devices"), .env = env, .out = out, .e = e, .lenient = !running, .hostnet = -1};
    if (maker_firmware(&m, tree_first(t, "os")) || maker_parts(&m) || maker_each(&m, "disk", maker_disk) || maker_each(&m, "interface", maker_interface) || maker_chardevs(&m) || maker_each(&m, "tpm", maker_tpm) || maker_each(&m, "filesystem", maker_filesystem))
        return -1;
    TREE_EACH(d, m.devices, "graphics")
        if ((doc_in(tree_attr(d, "type"), "vnc spice") && maker_display(&m, d)) || (doc_is(d, "type", "vnc") && run_tls(d, TLS_VNC, true, false, env, out, e)))
            return -1;
    if (others(&m) || (running && run_tls_later(env, out, e)) || maker_socket_network(&m))
        return -1;
    char text[TUNE_TEXT_MAX] = "";
    if (running && (tune_text(t, text, sizeof text, e) || (*text && maker_add(&m, NULL, &(struct manifest_entry){ .kind = MK_TUNE, .parent = -1 }, NULL, text) < 0) || run_manifest_perf(t, out, e)))
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
    bool connects = maker_kinds_so_far(m) & (1ull << MK_HOSTNET | 1ull << MK_SOCKET), connects_here = doc_is(dev, "type", "vhostuser") || tree_get(dev, "source/reservations") || (strcmp(dev->name, "disk") == 0 ? maker_by_network(dev, true) :
        doc_is(t, "type", "unix") && maker_connects_again(tree_first(t, "source")));
    return (m->hostnet < 0 && maker_makes_sockets(t)) || (!connects && connects_here) ? cannot_come(m, "what makes sockets of its own, to one that was started with nothing of that kind,") : 0;
}

static int new_disk(struct maker *m, struct tree *t)
{
    for (const struct tree *el = t; el; el = tree_first(el, "backingStore")) {
        if (tree_get(el, "source/config"))
            return cannot_come(m, "<config> of a disk");
        TREE_EACH(h, tree_get(el, "source"), "host")
            if (doc_is(h, "transport", "unix") && !maker_server_socket(tree_first(el, "source")))
                return cannot_come(m, "<host transport='unix'> of a disk by another protocol than NBD");
    }
    if (doc_is(t, "type", "dir"))
        return cannot_come(m, "a <disk type='dir'>");
    return maker_disk(m, t);
}

static int new_interface(struct maker *m, struct tree *t)
{
    return maker_is_passt(t) ? cannot_come(m, "<backend type='passt'>") : maker_interface(m, t);
}

/* Those two every view has. */
static int new_rng(struct maker *m, struct tree *t)
{
    struct tree *backend = tree_first(t, "backend");
    if (doc_is(backend, "model", "random") && backend->text && !doc_in(backend->text, "/dev/random /dev/urandom"))
        return cannot_come(m, "<backend> of <rng> other than /dev/random and /dev/urandom");
    return maker_chardev(m, backend);
}

static int new_filesystem(struct maker *m, struct tree *t)
{
    return doc_is(tree_first(t, "driver"), "type", "virtiofs") && !tree_path_attr(t, "source", "socket") ? cannot_come(m, "a shared folder") : maker_filesystem(m, t);
}

static int new_hostdev(struct maker *m, struct tree *t)
{
    return maker_hostdev_of(m, t, true);
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
    for (unsigned i = 0; i < MAKER_CHARDEVS; i++)
        if (strcmp(dev->name, maker_chardev_kinds[i]) == 0)
            return maker_chardev(&m, dev);
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
