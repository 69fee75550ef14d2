/* tls.c: what of a guest goes by TLS, and the certificates that its QEMU sees for that.
 *
 * QEMU's tls-creds-x509 wants a folder with files of certain names.  Of the folder that qemu.conf names it sees these files alone, read-only, at /res/<index of the first>; a file that its
 * account could not read is a copy.  It may keep them open no longer than it reads them, and what is renewed on the host is seen by guests that start later. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/util.h"
#include "workers/tree-marks.h"
#include "workers/xmlc/run.h"

static const struct tls_setting none;

static const struct tls_setting *setting(const struct doc_env *env, enum tls_use use)
{
    return env->settings ? &env->settings->tls[use] : &none;
}

static bool wanted(const struct tree *el, enum tls_use use, const struct doc_env *env)
{
    const char *says = tree_attr(el, "tls");
    return says ? strcmp(says, "yes") == 0 : setting(env, use)->on;
}

/* The number of the entry with the first of the certificates for that; -1. Its b tells what for: nothing else that is bound has a name in its aux. */
static int there(const struct manifest_out *out, uint32_t what)
{
    const uint8_t *at = out->p + sizeof(struct manifest_head);
    struct manifest_entry x;
    for (unsigned i = 0; i < out->entries; i++, at += x.size) {
        memcpy(&x, at, sizeof x);
        if (x.kind == MK_BIND && x.aux_len && x.parent < 0 && x.b == what)
            return (int)i;
    }
    return -1;
}

static int files(const char *dir, bool server, bool optional, struct manifest_entry first, struct manifest_out *out, struct err *e)
{
    const struct { const char *name; bool optional; } names[] = { { "ca-cert.pem", optional }, { "ca-crl.pem", true }, { server ? "dh-params.pem" : NULL, true },
        { server ? "server-cert.pem" : "client-cert.pem", optional || !server }, { server ? "server-key.pem" : "client-key.pem", optional || !server } };
    char path[256], plain[256];
    int top = -1;
    for (unsigned i = 0; i < ARRAY_N(names); i++) {
        struct manifest_entry x = top < 0 ? first : (struct manifest_entry){ .kind = MK_BIND, .parent = top };
        x.flags = names[i].optional ? MF_OPTIONAL : 0;
        if (!names[i].name)
            continue;
        if (util_format(path, sizeof path, "%s/%s", dir, names[i].name) < 0 || util_plain_path(plain, sizeof plain, path) < 0)
            return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "'%s' in qemu.conf cannot be a folder of certificates", dir);
        int n = manifest_add(out, &x, plain, names[i].name);
        if (n < 0)
            return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "the guest has more host resources than are supported");
        top = top < 0 ? n : top;
    }
    return top;
}

static int entry(enum tls_use use, bool server, bool optional, const struct doc_env *env, struct manifest_out *out, struct err *e)
{
    const struct tls_setting *s = setting(env, use), *other = setting(env, TLS_DEFAULT);
    struct manifest_entry first = { .kind = MK_BIND, .parent = -1, .b = (uint32_t)use << 1 | server };
    int i = there(out, first.b);
    first.a = !server || (s->verify == TLS_AS_DEFAULT ? other->verify : s->verify);
    return i >= 0 ? i : files(*s->dir ? s->dir : other->dir, server, optional, first, out, e);
}

/* What opens the private key, for each that uses it: who lets a device go lets its secret go. */
static int key_secret(struct tree *el, enum tls_use use, const struct doc_env *env, struct manifest_out *out, struct err *e)
{
    char aux[64];
    struct manifest_entry x = { .kind = MK_SECRET, .parent = -1 };
    if (!*setting(env, use)->secret)
        return 0;
    snprintf(aux, sizeof aux, "tls uuid=%s", setting(env, use)->secret);
    int i = manifest_add(out, &x, NULL, aux);
    if (i < 0)
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "the guest has more host resources than are supported");
    tree_set_attr(el, MARK_TLS_KEY, "%d", i);
    return 0;
}

int run_tls(struct tree *el, enum tls_use use, bool server, bool comes, const struct doc_env *env, struct manifest_out *out, struct err *e)
{
    if (!el || !(use == TLS_VNC || use == TLS_SPICE ? setting(env, use)->on : wanted(el, use, env)))
        return 0;
    if (comes && there(out, (uint32_t)use << 1 | server) < 0)
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "what goes by TLS cannot be given to a guest that was started with nothing of that kind");
    int i = entry(use, server, false, env, out, e);
    if (i < 0)
        return -1;
    tree_set_attr(el, MARK_TLS, "%d", i);
    return key_secret(el, use, env, out, e);
}

int run_tls_later(const struct doc_env *env, struct manifest_out *out, struct err *e)
{
    bool chardevs = setting(env, TLS_CHARDEV)->on;
    return (setting(env, TLS_NBD)->on && entry(TLS_NBD, false, true, env, out, e) < 0) || (chardevs && entry(TLS_CHARDEV, false, true, env, out, e) < 0) ||
           (chardevs && entry(TLS_CHARDEV, true, true, env, out, e) < 0) ? -1 : 0;
}

static void says(struct tree *source, enum tls_use use, const struct doc_env *env)
{
    if (!source || tree_attr(source, "tls"))
        return;
    tree_set_attr(source, "tls", setting(env, use)->on ? "yes" : "no");
    tree_set_attr(source, "tlsFromConfig", "1");
}

void run_tls_says(struct tree *dev, const struct doc_env *env)
{
    const struct tree *talker = strcmp(dev->name, "rng") == 0 ? tree_first(dev, "backend") : dev;
    for (struct tree *el = strcmp(dev->name, "disk") == 0 ? dev : NULL; el; el = tree_first(el, "backingStore"))
        says(doc_is(tree_first(el, "source"), "protocol", "nbd") ? tree_first(el, "source") : NULL, TLS_NBD, env);
    if (talker && doc_is(talker, "type", "tcp") && doc_in(dev->name, "serial parallel console channel redirdev smartcard rng"))
        TREE_EACH(s, talker, "source")
            says(s, TLS_CHARDEV, env);
}
