/* secrets.c: see talk.h.  A value is in this process alone, and in QEMU: what leaves it is encrypted with the run's key, which is in a file of root's and in QEMU.
 *
 * A private secret is told to libvirt's daemons only, which know each other by a token: it is shown to the daemon when that refuses, and then it is asked again. */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include "ipc/access.h"
#include "ipc/schema/op-numbers.h"
#include "ipc/util.h"
#include "workers/base64.h"
#include "workers/talk/talk.h"
#include "workers/typed.h"

static const char *const usages[] = { "none", "volume", "ceph", "iscsi", "tls", "vtpm" };

/* What an entry asks for; strings are the manifest's. */
struct wanted { unsigned usage; bool by_uuid; uint8_t uuid[16]; const char *name, *value /* it is this: nobody is asked */; };

static bool wanted_of(const char *aux, struct wanted *w)
{
    size_t n = aux ? strcspn(aux, " ") : 0;
    *w = (struct wanted){ 0 };
    while (w->usage < ARRAY_N(usages) && !(n && strlen(usages[w->usage]) == n && !strncmp(usages[w->usage], aux, n)))
        w->usage++;
    if (w->usage == ARRAY_N(usages) || !aux[n])
        return false;
    w->value = !strncmp(aux + n + 1, "value=", 6) ? aux + n + 1 + 6 : NULL;
    w->by_uuid = !strncmp(aux + n + 1, "uuid=", 5);
    w->name = aux + n + 1 + (w->by_uuid ? 5 : 6);
    return w->by_uuid ? access_uuid(w->name, w->uuid) : w->value || !strncmp(aux + n + 1, "usage=", 6);
}

/* ---- calls ---- */

/* secret: [[uuid, usage, name]]. */
static int find(struct rpc_client *c, const struct wanted *w, struct mp_out *secret, struct err *e)
{
    struct mp_out a;
    rpc_args(&a, w->by_uuid ? 1 : 2);
    if (w->by_uuid) {
        mp_bin(&a, w->uuid, sizeof w->uuid);
        return rpc_call(c, OP_REMOTE_SECRET_LOOKUP_BY_UUID, &a, secret, NULL, e);
    }
    mp_int(&a, w->usage);
    mp_str(&a, w->name);
    return rpc_call(c, OP_REMOTE_SECRET_LOOKUP_BY_USAGE, &a, secret, NULL, e);
}

static int check_usage(const struct mp_out *secret, const struct wanted *w, struct err *e)
{
    struct mp_in in;
    mp_in_init(&in, secret->p, secret->len);
    mp_get_array(&in, 1);
    mp_get_array(&in, 3);
    mp_skip(&in);
    uint32_t usage = mp_get_u32(&in);
    if (in.bad || usage == w->usage)
        return in.bad ? err_set(e, VIR_ERR_RPC, VIR_FROM_RPC, "the secret daemon's answer makes no sense") : 0;
    return err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_SECRET, "secret with uuid %s is of type '%s' not expected '%s' type", w->name, usage < ARRAY_N(usages) ? usages[usage] : "unknown",
                   usages[w->usage]);
}

static int get_value(struct rpc_client *c, const struct mp_out *secret, struct mp_out *value, struct err *e)
{
    struct mp_out a;
    rpc_args(&a, 2);
    talk_put(&a, secret);
    mp_uint(&a, 0);
    return rpc_call(c, OP_REMOTE_SECRET_GET_VALUE, &a, value, NULL, e);
}

static int show_token(struct rpc_client *c, const char *token, struct err *e)
{
    struct mp_out a;
    rpc_args(&a, 2);
    mp_array(&a, 1);
    typed_head(&a, "system.token", TYPED_STRING);
    mp_str(&a, token);
    mp_uint(&a, 0);
    return rpc_call(c, OP_REMOTE_CONNECT_SET_IDENTITY, &a, NULL, NULL, e);
}

static int value_of(struct rpc_client *c, const struct mp_out *secret, const char *token, struct mp_out *value, struct err *e)
{
    int r = get_value(c, secret, value, e);
    if (!r || e->code != VIR_ERR_INVALID_SECRET || !*token)
        return r;
    mp_out_free(value);
    mp_out_init(value, RPC_REPLY_MAX);
    *e = (struct err)ERR_INIT;
    return show_token(c, token, e) || get_value(c, secret, value, e) ? -1 : 0;
}

/* ---- what QEMU is told ---- */

static int put_encrypted(struct mp_out *answers, uint32_t index, const void *plain, size_t n, const uint8_t key[AES_KEY], struct err *e)
{
    uint8_t iv[AES_BLOCK], sealed[SECRET_BYTES_MAX + AES_BLOCK];
    char text[64 + BASE64_BYTES(sizeof iv) + BASE64_BYTES(sizeof sealed)], iv_text[BASE64_BYTES(sizeof iv)], data[BASE64_BYTES(sizeof sealed)];
    if (n > SECRET_BYTES_MAX)
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "a secret of more than %d bytes is not supported", SECRET_BYTES_MAX);
    if (getrandom(iv, sizeof iv, 0) != sizeof iv)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "no random numbers");
    aes_encrypt(key, iv, plain, n, sealed);
    base64_encode(iv, sizeof iv, iv_text);
    base64_encode(sealed, aes_padded(n), data);
    util_format(text, sizeof text, "iv=%s data=%s", iv_text, data);
    mp_array(answers, 2);
    mp_uint(answers, index);
    mp_str(answers, text);
    return 0;
}

static int put_answer(struct mp_out *answers, uint32_t index, const struct mp_out *value, const uint8_t key[AES_KEY], struct err *e)
{
    struct mp_in in;
    size_t n;
    mp_in_init(&in, value->p, value->len);
    mp_get_array(&in, 1);
    const uint8_t *plain = mp_get_bin(&in, &n);
    return plain ? put_encrypted(answers, index, plain, n, key, e) : err_set(e, VIR_ERR_RPC, VIR_FROM_RPC, "the secret daemon's answer makes no sense");
}

static int look_up(struct rpc_client *c, const struct manifest_entry *m, const char *path, const char *aux, const void *about, struct mp_out *answers, struct err *e)
{
    const struct secret_keys *keys = about;
    struct wanted w;
    struct mp_out secret, value;
    if (m->kind != MK_SECRET || m->flags & MF_GONE || (path && *path))
        return 0;
    if (!wanted_of(aux, &w))
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed manifest");
    if (w.value)
        return put_encrypted(answers, m->index, w.value, strlen(w.value), keys->key, e) ? -1 : 1;
    int r = find(c, &w, &secret, e);
    r = r || check_usage(&secret, &w, e);
    if (!r) {
        r = value_of(c, &secret, keys->token, &value, e) || put_answer(answers, m->index, &value, keys->key, e);
        mp_out_free(&value);
    }
    mp_out_free(&secret);
    return r ? -1 : 1;
}

int secrets_say(int fd, const char *uri, int manifest, const struct secret_keys *keys, unsigned ms, struct mp_out *answers, struct err *e)
{
    return sibling_say(fd, uri, manifest, ms, look_up, keys, answers, e);
}
