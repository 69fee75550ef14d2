/* source.c: where a disk's bytes come from: the protocol node of -blockdev, one row a source type. */
#include "source.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void src_file(struct ctx *c, const struct source *s, json_t *o)
{
    static const struct prop t[] = { P_STR("aio", "driver", "io"), P_END };
    char buf[32];
    bool block = s->res ? s->res->is_block : pl_is(s->type, "block");
    pl_set(o, "driver", block ? "host_device" : "file");
    if (s->res)
        pl_set(o, "filename", pl_fdset_image(c, s->res, s->index, s->node, buf));
    else
        pl_set(o, "filename", tree_path_attr(s->el, "source", pl_is(s->type, "block") ? "dev" : "file"));
    if (s->top)
        pl_fill(c, s->el, t, o);
    /* A QEMU here never has the capability by which the kernel lets any command through to a device of its own. */
    if (s->top && s->res && tree_attr_is(s->el, "rawio", "yes"))
        pl_refuse(c, s->el, "rawio");
    /* The image's lock bytes are held on the hand's own descriptor; QEMU's would clash with the read-only twin's. */
    if (s->res)
        pl_set(o, "locking", "off");
    if (s->top && tree_get(s->el, "source/reservations")) {
        const struct tree *r = tree_get(s->el, "source/reservations");
        if (pl_tri(r, NULL, "managed") == 1)
            pl_set(o, "pr-manager", "pr-helper0");
        else
            pl_setf(c, o, "pr-manager", "pr-helper-%s-storage", s->node);
    }
}

static void src_dir(struct ctx *c, const struct source *s, json_t *o)
{
    char buf[32];
    pl_set(o, "driver", "vvfat");
    pl_set(o, "dir", pl_file(c, s->el, tree_path_attr(s->el, "source", "dir"), buf));
    pl_set_bool(o, "floppy", tree_attr_is(s->el, "device", "floppy"));
    pl_set_bool(o, "rw", !tree_get(s->el, "readonly"));
}

static void src_nvme(struct ctx *c, const struct source *s, json_t *o)
{
    const struct tree *a = tree_get(s->el, "source/address");
    pl_set(o, "driver", "nvme");
    pl_setf(c, o, "device", "%04llx:%02llx:%02llx.%llx", pl_num_or(c, a, NULL, "domain", 0), pl_num_or(c, a, NULL, "bus", 0),
            pl_num_or(c, a, NULL, "slot", 0), pl_num_or(c, a, NULL, "function", 0));
    pl_set_int(o, "namespace", (long long)pl_num_or(c, s->el, "source", "namespace", 0));
}

/* ---- network sources ---- */
enum host_style { HOST_TYPED /* {"type": "inet", ...} */, HOST_PLAIN /* {"host", "port"} */ };

/* A server that is reached by its socket's file, which QEMU has: one of some, or the only one. */
static const struct plan_res *socket_of(struct ctx *c, const struct source *s, const struct tree *host, int32_t *index)
{
    const struct plan_res *r = tree_attr(host, MARK_MANIFEST) ? pl_res_if(c, host, index) : s->res;
    if (r == s->res)
        *index = s->index;
    return r && r->kind == MK_SOCKET ? r : NULL;
}

static json_t *server(struct ctx *c, const struct source *s, const struct tree *host, enum host_style style, const char *port)
{
    json_t *o = json_object();
    if (pl_is(tree_attr(host, "transport"), "rdma"))
        pl_internal(c, style == HOST_TYPED ? "transport protocol 'rdma' is not yet supported" : "only TCP protocol can be converted to InetSocketAddress");
    if (pl_is(tree_attr(host, "transport"), "unix")) {
        char buf[32];
        int32_t index;
        const struct plan_res *r = socket_of(c, s, host, &index);
        pl_set(o, "type", "unix");
        pl_set(o, "path", r ? pl_mapped(c, r, index, buf) : tree_attr(host, "socket"));
        return o;
    }
    if (style == HOST_TYPED)
        pl_set(o, "type", "inet");
    pl_set(o, "host", tree_attr(host, "name") ? tree_attr(host, "name") : "");
    pl_set(o, "port", tree_attr(host, "port") ? tree_attr(host, "port") : port);
    return o;
}

static json_t *servers(struct ctx *c, const struct source *s, enum host_style style, const char *port)
{
    json_t *a = json_array();
    TREE_EACH(h, tree_get(s->el, "source"), "host")
        json_array_append_new(a, server(c, s, h, style, port));
    return a;
}

/* Of protocols that know of one place; url: of those libvirt says it otherwise. */
static const struct tree *only_host(struct ctx *c, const struct source *s, bool url)
{
    const struct tree *h = tree_get(s->el, "source/host");
    if (!h || tree_next(h, "host"))
        pl_internal(c, url ? "protocol '%s' accepts only one host" : "%s protocol accepts only one host", s->protocol);
    return h;
}

static const struct tree *first_host(struct ctx *c, const struct source *s)
{
    const struct tree *h = tree_get(s->el, "source/host");
    if (!h)
        pl_fail(c, "<source protocol='%s'> needs a <host>", s->protocol);
    return h;
}

static void net_nbd(struct ctx *c, const struct source *s, json_t *o)
{
    pl_set(o, "driver", "nbd");
    json_object_set_new(o, "server", server(c, s, only_host(c, s, false), HOST_TYPED, "10809"));
    pl_set(o, "export", tree_path_attr(s->el, "source", "name"));
    if (pl_tri(s->el, "source", "tls") == 1)
        pl_setf(c, o, "tls-creds", "obj%s-storage_tls0", s->node);
    pl_set(o, "tls-hostname", tree_path_attr(s->el, "source", "tlsHostname"));
}

static void set_name_parts(struct ctx *c, const struct source *s, json_t *o, const char *first, const char *second)
{
    const char *name = tree_path_attr(s->el, "source", "name"), *slash = name ? strchr(name, '/') : NULL;
    if (!slash || !slash[1]) {
        pl_fail(c, "<source name='%s'> of protocol %s needs a '/'", name ? name : "", s->protocol);
        return;
    }
    pl_setf(c, o, first, "%.*s", (int)(slash - name), name);
    pl_setf(c, o, second, "%s", slash + 1);
}

static void net_rbd(struct ctx *c, const struct source *s, json_t *o)
{
    char buf[32];
    pl_set(o, "driver", "rbd");
    set_name_parts(c, s, o, "pool", "image");
    pl_set(o, "snapshot", tree_path_attr(s->el, "source/snapshot", "name"));
    const struct tree *config = tree_get(s->el, "source/config");
    if (config)
        pl_set(o, "conf", pl_file(c, config, tree_attr(config, "file"), buf));
    if (tree_get(s->el, "source/host"))
        json_object_set_new(o, "server", servers(c, s, HOST_PLAIN, NULL));
    const struct tree *enc = pl_source_encryption(s);
    if (enc && pl_is(tree_attr(enc, "engine"), "librbd")) {
        json_t *e = json_object();
        pl_set(e, "format", tree_attr(enc, "format"));
        pl_setf(c, e, "key-secret", "%s-format-encryption-secret0", s->node);
        json_object_set_new(o, "encrypt", e);
    }
    if (pl_source_auth(s)) {
        pl_set(o, "user", tree_attr(pl_source_auth(s), "username"));
        json_object_set_new(o, "auth-client-required", json_pack("[ss]", "cephx", "none"));
        pl_setf(c, o, "key-secret", "%s-storage-auth-secret0", s->node);
    }
}

/* A LUN that is the guest's as a whole. */
static bool is_lun(const struct source *s) { return pl_is(s->el->name, "hostdev"); }

static const char *auth_secret(const struct source *s) { return is_lun(s) ? "backend-secret0" : "storage-auth-secret0"; }

static void net_iscsi(struct ctx *c, const struct source *s, json_t *o)
{
    const struct tree *h = first_host(c, s);
    const char *name = tree_path_attr(s->el, "source", "name"), *slash = name ? strrchr(name, '/') : NULL, *host = tree_attr(h, "name");
    uint64_t lun = 0;
    pl_set(o, "driver", "iscsi");
    if (slash && tree_parse_uint(slash + 1, 10, UINT32_MAX, &lun)) {
        pl_internal(c, "cannot parse target for lunStr '%.*s'", (int)(slash - name), name);
        return;
    }
    pl_setf(c, o, "portal", host && strchr(host, ':') ? "[%s]:%s" : "%s:%s", host ? host : "", tree_attr(h, "port") ? tree_attr(h, "port") : is_lun(s) ? "0" : "3260");
    pl_setf(c, o, "target", "%.*s", slash ? (int)(slash - name) : 4096, name ? name : "");
    pl_set_int(o, "lun", (long long)lun);
    pl_set(o, "transport", "tcp");
    if (pl_source_auth(s)) {
        pl_set(o, "user", tree_attr(pl_source_auth(s), "username"));
        pl_setf(c, o, "password-secret", "%s-%s", s->node, auth_secret(s));
    }
    pl_set(o, "initiator-name", tree_path_attr(s->el, "source/initiator/iqn", "name"));
}

static void net_url(struct ctx *c, const struct source *s, json_t *o)
{
    static const struct prop t[] = { P_BOOL("sslverify", "source/ssl", "verify"), P_END };
    static const struct prop t2[] = { P_INT("timeout", "source/timeout", "seconds"), P_INT("readahead", "source/readahead", "size"), P_END };
    const struct tree *h = only_host(c, s, true);
    const char *host = tree_attr(h, "name"), *name = tree_path_attr(s->el, "source", "name"), *query = tree_path_attr(s->el, "source", "query");
    const char *port = tree_attr(h, "port");
    if (!port)
        port = pl_is(s->protocol, "https") ? "443" : pl_is(s->protocol, "http") ? "80" : pl_is(s->protocol, "ftps") ? "990" : pl_is(s->protocol, "ftp") ? "21" : "69";
    struct strbuf url = { NULL, 0, 0 };
    pl_cat(c, &url, host && strchr(host, ':') ? "%s://[%s]:%s/" : "%s://%s:%s/", s->protocol, host ? host : "", port);
    for (const char *p = name ? name : ""; *p; p++)
        pl_cat(c, &url, isalnum((unsigned char)*p) || strchr("-_.!~*'()/;@&=+$,", *p) ? "%c" : "%%%02X", (unsigned char)*p);
    pl_cat(c, &url, "%s%s", query ? "?" : "", query ? query : "");
    pl_set(o, "driver", s->protocol);
    pl_set(o, "url", url.s);
    free(url.s);
    if (pl_source_auth(s)) {
        pl_set(o, "username", tree_attr(pl_source_auth(s), "username"));
        pl_setf(c, o, "password-secret", "%s-storage-auth-secret0", s->node);
    }
    pl_fill(c, s->el, t, o);
    if (tree_get(s->el, "source/cookies/cookie"))
        pl_setf(c, o, "cookie-secret", "%s-storage-httpcookie-secret0", s->node);
    pl_fill(c, s->el, t2, o);
}

static void net_gluster(struct ctx *c, const struct source *s, json_t *o)
{
    pl_set(o, "driver", "gluster");
    set_name_parts(c, s, o, "volume", "path");
    json_object_set_new(o, "server", servers(c, s, HOST_TYPED, "24007"));
    pl_set_int(o, "debug", 4);
}

static void net_sheepdog(struct ctx *c, const struct source *s, json_t *o)
{
    pl_set(o, "driver", "sheepdog");
    json_object_set_new(o, "server", server(c, s, only_host(c, s, false), HOST_TYPED, "7000"));
    pl_set(o, "vdi", tree_path_attr(s->el, "source", "name"));
}

static void net_ssh(struct ctx *c, const struct source *s, json_t *o)
{
    pl_set(o, "driver", "ssh");
    pl_set(o, "path", tree_path_attr(s->el, "source", "name"));
    json_object_set_new(o, "server", server(c, s, only_host(c, s, false), HOST_PLAIN, "22"));
    pl_set(o, "user", tree_attr(pl_source_auth(s), "username"));
}

static void net_nfs(struct ctx *c, const struct source *s, json_t *o)
{
    const struct tree *h = first_host(c, s);
    unsigned long long n;
    pl_set(o, "driver", "nfs");
    json_t *srv = json_object();
    pl_set(srv, "host", tree_attr(h, "name"));
    pl_set(srv, "type", "inet");
    json_object_set_new(o, "server", srv);
    pl_set(o, "path", tree_path_attr(s->el, "source", "name"));
    const struct tree *id = tree_get(s->el, "source/identity");
    if (id && pl_num(c, id, NULL, "user", &n) == 0)
        pl_set_int(o, "user", (long long)n);
    if (id && pl_num(c, id, NULL, "group", &n) == 0)
        pl_set_int(o, "group", (long long)n);
}

const struct tree *pl_source_auth(const struct source *s)
{
    const struct tree *a = tree_get(s->el, "source/auth");
    return a ? a : tree_get(s->el, "auth");
}

const struct tree *pl_source_encryption(const struct source *s)
{
    const struct tree *e = tree_get(s->el, "source/encryption");
    return e ? e : tree_get(s->el, "encryption");
}

static void net_vxhs(struct ctx *c, const struct source *s, json_t *o)
{
    (void)s, (void)o;
    pl_fail(c, "VxHS protocol is not supported with this QEMU binary");
}

typedef void source_fn(struct ctx *c, const struct source *s, json_t *o);
/* `run`: the sandboxed QEMU can be given it. */
static const struct { const char *type, *protocol; bool run; source_fn *fn; } sources[] = {
    { "file", NULL, true, src_file },
    { "block", NULL, true, src_file },
    { "dir", NULL, true, src_dir },
    { "nvme", NULL, false, src_nvme },
    { "network", "nbd", true, net_nbd },
    { "network", "rbd", true, net_rbd },
    { "network", "iscsi", true, net_iscsi },
    { "network", "http", true, net_url },
    { "network", "https", true, net_url },
    { "network", "ftp", true, net_url },
    { "network", "ftps", true, net_url },
    { "network", "tftp", false, net_url },
    { "network", "gluster", true, net_gluster },
    { "network", "sheepdog", true, net_sheepdog },
    { "network", "vxhs", true, net_vxhs },
    { "network", "ssh", true, net_ssh },
    { "network", "nfs", true, net_nfs },
    { NULL, NULL, false, NULL },
};

/* Of qemu.conf: the folder of certificates for that use. */
static const char *tls_dir(const struct ctx *c, enum tls_use use)
{
    const struct settings *s = c->in->settings;
    const char *own = s ? s->tls[use].dir : "", *other = s ? s->tls[TLS_DEFAULT].dir : "";
    return *own ? own : *other ? other : "/etc/pki/qemu";
}

void pl_tls_dir(struct ctx *c, struct strbuf *b, enum tls_use use, const struct tree *el)
{
    if (pl_run(c))
        pl_cat(c, b, ",x509-dir=/res/%u", (unsigned)pl_num_or(c, el, NULL, MARK_TLS, UINT32_MAX));
    else
        pl_cat(c, b, ",x509-dir=%s", tls_dir(c, use));
}

/* r: of what has the value, which is encrypted. What is printed for a document names the form only: nobody was asked for the value. */
static void secret_object(struct ctx *c, const char *node, const char *what, const struct plan_res *r)
{
    json_t *o = pl_item(c, PLAN_OBJECT);
    const char *text = r && r->kind == MK_SECRET && r->path ? r->path : "", *data = strstr(text, " data=");
    pl_set(o, "qom-type", "secret");
    pl_setf(c, o, "id", "%s-%s", node, what);
    if (pl_run(c) && !data && !(r && r->theirs))
        pl_internal(c, "no value of the secret of '%s' is known", node);
    pl_setf(c, o, "data", "%s", data ? data + 6 : "");
    pl_set(o, "keyid", PL_MASTER_KEY);
    pl_setf(c, o, "iv", "%.*s", data ? (int)(data - text) - 3 : 0, data ? text + 3 : "");
    pl_set(o, "format", "base64");
}

/* The secret of a private key, if it is encrypted. */
static bool key_secret(struct ctx *c, const char *of, enum tls_use use, const struct tree *el)
{
    uint64_t i = pl_num_or(c, el, NULL, MARK_TLS_KEY, UINT32_MAX);
    if (!pl_run(c) ? !c->in->settings || !*c->in->settings->tls[use].secret : i == UINT32_MAX)
        return false;
    secret_object(c, of, "secret0", pl_run(c) && c->in->host && i < c->in->host->n && c->in->host->v[i].valid ? &c->in->host->v[i] : NULL);
    return true;
}

void pl_tls_object(struct ctx *c, const char *id, const char *of, enum tls_use use, const struct tree *el, bool server)
{
    bool encrypted = key_secret(c, of, use, el);
    json_t *o = pl_item(c, PLAN_OBJECT);
    const struct settings *s = c->in->settings;
    const struct tls_setting *t = s ? &s->tls[use] : NULL, *other = s ? &s->tls[TLS_DEFAULT] : NULL;
    bool verify = !t || !server || (t->verify == TLS_AS_DEFAULT ? other->verify : t->verify);
    pl_set(o, "qom-type", "tls-creds-x509");
    pl_set(o, "id", id);
    if (pl_run(c)) {
        uint64_t i = pl_num_or(c, el, NULL, MARK_TLS, UINT32_MAX);
        if (c->in->host && i < c->in->host->n && c->in->host->v[i].valid)       /* of a device that goes the name is enough */
            verify = c->in->host->v[i].a;
        pl_setf(c, o, "dir", "/res/%u", (unsigned)i);
    } else {
        pl_set(o, "dir", tls_dir(c, use));
    }
    pl_set(o, "endpoint", server ? "server" : "client");
    pl_set_bool(o, "verify-peer", verify);
    if (encrypted)
        pl_setf(c, o, "passwordid", "%s-secret0", of);
}

/* el: <secret> or <cookies>. */
static void secret(struct ctx *c, const char *node, const char *what, const struct tree *el)
{
    secret_object(c, node, what, pl_run(c) ? pl_res_if(c, el, NULL) : NULL);
}

void pl_source_objects(struct ctx *c, const struct source *s)
{
    const struct tree *r = s->top ? tree_get(s->el, "source/reservations") : NULL;
    if (r && pl_tri(r, NULL, "managed") != 1) {
        char buf[32];
        int32_t index;
        const struct plan_res *socket = pl_run(c) ? pl_res_if(c, r, &index) : NULL;     /* of a disk that goes the name is enough */
        const char *path = socket ? pl_mapped(c, socket, index, buf) : tree_path_attr(r, "source", "path");
        json_t *o = pl_item(c, PLAN_OBJECT);
        pl_set(o, "qom-type", "pr-manager-helper");
        pl_setf(c, o, "id", "pr-helper-%s-storage", s->node);
        pl_set(o, "path", path);
    }
    if (s->protocol && tree_get(pl_source_auth(s), "secret"))
        secret(c, s->node, auth_secret(s), tree_get(pl_source_auth(s), "secret"));
    if (pl_source_encryption(s))
        secret(c, s->node, "format-encryption-secret0", tree_get(pl_source_encryption(s), "secret"));
    if (s->protocol && tree_get(s->el, "source/cookies/cookie"))
        secret(c, s->node, "storage-httpcookie-secret0", tree_get(s->el, "source/cookies"));
    if (pl_tri(s->el, "source", "tls") == 1) {
        char id[96];
        snprintf(id, sizeof id, "obj%s-storage_tls0", s->node);
        pl_tls_object(c, id, id, TLS_NBD, tree_get(s->el, "source"), false);
    }
}

void pl_source_props(struct ctx *c, const struct source *s, json_t *o)
{
    for (size_t i = 0; sources[i].type; i++)
        if (pl_is(s->type, sources[i].type) && (!sources[i].protocol || pl_is(s->protocol, sources[i].protocol))) {
            if (pl_run(c) && !sources[i].run)
                break;
            if (pl_is(s->type, "network") && !pl_is(s->protocol, "nbd") && pl_tri(s->el, "source", "tls") == 1)
                pl_fail(c, "TLS transport is not supported for disk protocol '%s'", s->protocol);
            int32_t index;
            TREE_EACH(h, tree_get(s->el, "source"), "host")
                if (pl_run(c) && tree_attr_is(h, "transport", "unix") && !socket_of(c, s, h, &index))
                    pl_refuse(c, h, "transport");
            sources[i].fn(c, s, o);
            return;
        }
    pl_fail(c, "disk source of type '%s'%s%s in element <%s> is not supported", s->type, s->protocol ? " and protocol " : "",
            s->protocol ? s->protocol : "", s->el->name);
}
