/* filters.c: see talk.h.  A binding is the filter daemon's word for a tap that has a filter; order and flags of the calls are libvirt's. What it says of a binding is
 * looked into for its owner only, as the daemon prints that. */
#include <stdio.h>
#include <string.h>
#include "ipc/schema/op-numbers.h"
#include "ipc/util.h"
#include "workers/manifest-file.h"
#include "workers/rpc-client.h"
#include "workers/talk/talk.h"

enum { NAME_BYTES = 16, TEXT_MAX = 4096, DOCUMENT_MAX = TEXT_MAX + 256 };
#define BINDING "<filterbinding>"

/* text, was: what the two manifests have, "": nothing. */
struct tap { char name[NAME_BYTES], text[TEXT_MAX], was[TEXT_MAX]; bool is_there, was_there; };
struct taps { struct tap v[MANIFEST_ENTRIES_MAX]; };

static int malformed(struct err *e) { return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed request for filters"); }

/* ---- what the guest has ---- */

static bool name_ok(const char *s) { return *s && !s[strcspn(s, "'<>&/\" \t\r\n")]; }

/* Of the taps of one manifest; was: as the other one says it. */
static int read_manifest(struct taps *t, int manifest, bool was, uint32_t from, struct err *e)
{
    struct manifest_file f;
    struct manifest_entry m;
    const char *path, *aux;
    int r = manifest_file_open(&f, manifest);
    while (!r && (r = manifest_file_next(&f, &m, &path, &aux)) > 0) {
        struct tap *tap = m.kind == MK_TAP ? &t->v[m.index] : m.kind == MK_FILTER && m.parent >= 0 && m.parent < (int32_t)m.index ? &t->v[m.parent] : NULL;
        bool there = !(m.flags & MF_GONE) && m.index < from;
        r = 0;
        if (tap && m.kind == MK_TAP) {
            *(was ? &tap->was_there : &tap->is_there) = there;
            util_copy_str(tap->name, sizeof tap->name, path ? path : "");
        } else if (tap && (there || !was)) {
            util_copy_str(was ? tap->was : tap->text, TEXT_MAX, aux ? aux : "");
        }
    }
    manifest_file_close(&f);
    return r < 0 ? malformed(e) : 0;
}

static int read_names(struct taps *t, int grants, struct err *e)
{
    struct grants_file f;
    if (grants < 0)
        return 0;           /* of a guest that libvirtd started */
    if (grants_file_open(&f, grants) < 0)
        return malformed(e);
    for (uint32_t i = 0; i < f.n; i++)
        if (i < MANIFEST_ENTRIES_MAX)
            util_copy_str(t->v[i].name, sizeof t->v[i].name, grants_file_name(&f, i));
    grants_file_close(&f);
    return 0;
}

/* ---- calls ---- */

/* With the binding as calls name it, and flags that are none. */
static int about(struct rpc_client *c, uint32_t op, const struct mp_out *binding, bool flags, struct mp_out *ret, struct err *e)
{
    struct mp_out a;
    rpc_args(&a, 1 + flags);
    talk_put(&a, binding);
    if (flags)
        mp_uint(&a, 0);
    return rpc_call(c, op, &a, ret, NULL, e);
}

/* Does that document of a binding name the same owner as the manifest's text? */
static bool is_owner(const char *text, const struct mp_out *xml)
{
    const char *uuid = strstr(text, "<uuid>"), *end = uuid ? strstr(uuid, "</uuid>") : NULL;
    return end && memmem(xml->p, xml->len, uuid, (size_t)(end - uuid));
}

/* text: the tap's that it is to be of; "": whoever's. One that is not there, or is somebody else's, is none to worry about. */
static int drop(struct rpc_client *c, const char *name, const char *text, struct err *e)
{
    struct mp_out a, binding, xml;
    struct err own = ERR_INIT;
    rpc_args(&a, 1);
    mp_str(&a, name);
    int r = rpc_call(c, OP_REMOTE_NWFILTER_BINDING_LOOKUP_BY_PORT_DEV, &a, &binding, NULL, &own);
    if (!r && *text) {
        bool is = (r = about(c, OP_REMOTE_NWFILTER_BINDING_GET_XML_DESC, &binding, true, &xml, &own)) == 0 && is_owner(text, &xml);
        mp_out_free(&xml);
        if (!is && !r) {
            mp_out_free(&binding);
            return 0;
        }
    }
    r = r ? r : about(c, OP_REMOTE_NWFILTER_BINDING_DELETE, &binding, false, NULL, &own);
    mp_out_free(&binding);
    if (!r || own.code == VIR_ERR_NO_NWFILTER_BINDING)
        return 0;
    *e = own;
    return -1;
}

static int create(struct rpc_client *c, const char *name, const char *text, struct err *e)
{
    char document[DOCUMENT_MAX];
    struct mp_out a;
    if (!name_ok(name) || strncmp(text, BINDING, sizeof BINDING - 1) ||
        util_format(document, sizeof document, BINDING "<portdev name='%s'/>%s", name, text + sizeof BINDING - 1))
        return malformed(e);
    rpc_args(&a, 2);
    mp_str(&a, document);
    mp_uint(&a, 0);
    return rpc_call(c, OP_REMOTE_NWFILTER_BINDING_CREATE_XML, &a, NULL, NULL, e);
}

/* ---- all of a guest's ---- */

/* Whatever is bound to a tap's name is the tap's that had the name before, or of a filter that is another now. */
static int set(struct rpc_client *c, const struct tap *t, struct err *e)
{
    struct err ignored = ERR_INIT;
    int r = drop(c, t->name, "", e);
    if (r || !*t->text || !(r = create(c, t->name, t->text, e)))
        return r;
    if (*t->was)
        create(c, t->name, t->was, &ignored);
    if (!t->was_there || e->code == VIR_ERR_RPC)
        return r;
    *e = (struct err)ERR_INIT;
    return err_set(e, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "failed to add new filter rules to '%s' - attempting to restore old rules", t->name);
}

int filters_set(int fd, const char *uri, int now, int was, int grants, unsigned ms, struct err *e)
{
    static struct taps t;
    struct rpc_client c;
    memset(&t, 0, sizeof t);
    rpc_client_init(&c, fd, ms);
    if ((was >= 0 && read_manifest(&t, was, true, UINT32_MAX, e)) || read_manifest(&t, now, false, UINT32_MAX, e) || read_names(&t, grants, e) || talk_greet(&c, uri, e))
        return -1;
    for (size_t i = 0; i < MANIFEST_ENTRIES_MAX; i++)
        if (t.v[i].is_there && strcmp(t.v[i].text, t.v[i].was) && set(&c, &t.v[i], e))
            return -1;
    return 0;
}

/* A tap that has gone may have left its name to another of the guest's. */
static bool is_taken(const struct taps *t, const char *name)
{
    for (size_t i = 0; i < MANIFEST_ENTRIES_MAX; i++)
        if (t->v[i].is_there && !strcmp(t->v[i].name, name))
            return true;
    return false;
}

int filters_drop(int fd, const char *uri, int manifest, int grants, uint32_t from, unsigned ms, struct err *e)
{
    static struct taps t;
    struct rpc_client c;
    memset(&t, 0, sizeof t);
    rpc_client_init(&c, fd, ms);
    if (read_manifest(&t, manifest, false, from, e) || read_names(&t, grants, e) || talk_greet(&c, uri, e))
        return -1;
    for (size_t i = 0; i < MANIFEST_ENTRIES_MAX; i++)
        if (!t.v[i].is_there && *t.v[i].text && name_ok(t.v[i].name) && !is_taken(&t, t.v[i].name) && drop(&c, t.v[i].name, t.v[i].text, e))
            return -1;
    return 0;
}
