/* ports.c: see talk.h.  Order and flags of the calls are libvirt's, and so is the document of a port.  What the daemon makes of it goes back as it is: an xmlc
 * reads it. */
#include <stdlib.h>
#include <string.h>
#include "ipc/access.h"
#include "ipc/log.h"
#include "ipc/schema/op-numbers.h"
#include "ipc/util.h"
#include "workers/manifest-file.h"
#include "workers/talk/talk.h"
#include "workers/tree-marks.h"

enum { UUID_BYTES = 37 };

/* ---- what a link says ---- */

struct port { char uuid[UUID_BYTES]; const char *net; /* the manifest's */ };

static bool port_of(const struct manifest_entry *m, const char *aux, struct port *p)
{
    const char *s = m->kind == MK_LINK && aux ? strstr(aux, "port=") : NULL;
    *p = (struct port){ .net = s ? s + 5 + 36 + 5 : NULL };
    return s && strlen(s) > 5 + 36 + 5 && !strncmp(s + 5 + 36, " net=", 5) && util_format(p->uuid, sizeof p->uuid, "%.36s", s + 5) == 0;
}

/* ---- calls ---- */

/* The network as calls name it: [name, uuid]. */
static int find_network(struct rpc_client *c, const char *name, struct mp_out *net, struct err *e)
{
    struct mp_out a;
    rpc_args(&a, 1);
    mp_str(&a, name);
    return rpc_call(c, OP_REMOTE_NETWORK_LOOKUP_BY_NAME, &a, net, NULL, e);
}

static int port_xml(struct rpc_client *c, const struct mp_out *port, struct mp_out *ret, struct err *e)
{
    struct mp_out a;
    rpc_args(&a, 2);
    talk_put(&a, port);
    mp_uint(&a, 0);
    return rpc_call(c, OP_REMOTE_NETWORK_PORT_GET_XML_DESC, &a, ret, NULL, e);
}

static int create(struct rpc_client *c, const struct mp_out *net, const char *xml, struct mp_out *port, struct err *e)
{
    struct mp_out a;
    rpc_args(&a, 3);
    talk_put(&a, net);
    mp_str(&a, xml);
    mp_uint(&a, 0);
    return rpc_call(c, OP_REMOTE_NETWORK_PORT_CREATE_XML, &a, port, NULL, e);
}

static int delete(struct rpc_client *c, const struct mp_out *net, const uint8_t uuid[16], struct err *e)
{
    struct mp_out a;
    rpc_args(&a, 2);
    mp_array(&a, 2);
    talk_put(&a, net);
    mp_bin(&a, uuid, 16);
    mp_uint(&a, 0);
    return rpc_call(c, OP_REMOTE_NETWORK_PORT_DELETE, &a, NULL, NULL, e);
}

/* ---- the document of a port ---- */

static void take(struct tree *to, const struct tree *from, const char *name)
{
    if (tree_get(from, name))
        tree_append(to, tree_copy(tree_get(from, name)));
}

static char *document(const struct tree *domain, const struct port *p, const struct tree *nic)
{
    static const char *const copies[] = { "bandwidth", "port", "virtualport", "vlan" };
    AUTO_TREE *t = tree_new("networkport");
    const char *group = tree_path_attr(nic, "source", "portgroup"), *trust = tree_attr(nic, "trustGuestRxFilters");
    tree_add_text(t, "uuid", "%s", p->uuid);
    struct tree *owner = tree_add(t, "owner");
    take(owner, domain, "name");
    take(owner, domain, "uuid");
    if (group)
        tree_add_text(t, "group", "%s", group);
    take(t, nic, "mac");
    if (trust)
        tree_set_attr(tree_add(t, "rxfilters"), "trustGuest", "%s", trust);
    for (size_t i = 0; i < ARRAY_N(copies); i++)
        take(t, nic, copies[i]);
    return tree_print(t, 0, NULL);
}

static const struct tree *interface_of(const struct tree *domain, int32_t tap)
{
    uint64_t mark;
    TREE_EACH(t, tree_get(domain, "devices"), "interface")
        if (tree_attr(t, MARK_MANIFEST) && !tree_attr_uint(t, MARK_MANIFEST, MANIFEST_ENTRIES_MAX, &mark) && (int32_t)mark == tap)
            return t;
    return NULL;
}

/* ---- all of a guest's ---- */

/* One port: what became of it goes into answers as [index, document]. */
static int take_one(struct rpc_client *c, const struct port *p, const struct manifest_entry *m, const struct tree *domain, struct mp_out *answers, struct err *e)
{
    const struct tree *nic = interface_of(domain, m->parent);
    struct mp_out net, port, xml;
    if (!nic)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed manifest");
    int r = find_network(c, p->net, &net, e);
    if (!r) {
        AUTO_FREE char *text = document(domain, p, nic);
        r = create(c, &net, text, &port, e);
        if (!r) {
            r = port_xml(c, &port, &xml, e);
            if (!r) {
                mp_array(answers, 2);
                mp_uint(answers, m->index);
                talk_put(answers, &xml);
            }
            mp_out_free(&xml);
        }
        mp_out_free(&port);
    }
    mp_out_free(&net);
    return r;
}

/* One that is not there, or whose network is not, is none to worry about: it was never had, or has gone with its network. */
static int give_one(struct rpc_client *c, const struct port *p, struct err *e)
{
    struct mp_out net;
    uint8_t uuid[16] = { 0 };
    struct err own = ERR_INIT;
    if (!access_uuid(p->uuid, uuid))
        return 0;
    int r = find_network(c, p->net, &net, &own) || delete(c, &net, uuid, &own);
    mp_out_free(&net);
    if (r)
        log_debug("port %s of network '%s': %s", p->uuid, p->net, own.detail);
    if (r && own.code == VIR_ERR_RPC) {
        *e = own;
        return -1;
    }
    return 0;
}

struct about { const struct tree *domain; uint32_t from, entries; };

static int say_one(struct rpc_client *c, const struct manifest_entry *m, const char *path, const char *aux, const void *arg, struct mp_out *answers, struct err *e)
{
    const struct about *of = arg;
    struct port p;
    bool gone = m->flags & MF_GONE;
    if (!port_of(m, aux, &p))
        return 0;
    if (of->domain)
        return gone || (path && *path) ? 0 : take_one(c, &p, m, of->domain, answers, e) ? -1 : 1;
    bool undo = of->from && of->from < of->entries;     /* what was to come did not, and so nothing has gone */
    return (gone && !undo) || m->index >= of->from ? give_one(c, &p, e) : 0;
}

int ports_say(int fd, const char *uri, int manifest, const struct tree *domain, uint32_t from, unsigned ms, struct mp_out *answers, struct err *e)
{
    struct manifest_file f;
    const struct about of = { domain, from, manifest_file_open(&f, manifest) ? 0 : f.in.left };
    manifest_file_close(&f);
    return sibling_say(fd, uri, manifest, ms, say_one, &of, domain ? answers : NULL, e);
}
