/* absent.c: the families of other daemons (networks, storage, node devices, ...) on a host that has none of those: nothing is there.
 *
 * Lists are empty, what is looked for is not found, and the rest is not supported: so clients that only look go on, as they would with
 * a daemon that has no such objects yet. */
#include "gateway.h"
#include <string.h>
#include "ipc/util.h"

enum { NAME_MAX_SHOWN = 512 };

/* What the lookups say: the words before what was looked for, which is argument `arg`; words that end in a quote have one after it too. */
static const struct missing { uint32_t op; int code, arg; const char *words; } missing[] = {
    { OP_REMOTE_NETWORK_LOOKUP_BY_NAME, VIR_ERR_NO_NETWORK, 0, "no network with matching name '" },
    { OP_REMOTE_NETWORK_LOOKUP_BY_UUID, VIR_ERR_NO_NETWORK, 0, "no network with matching uuid '" },
    { OP_REMOTE_STORAGE_POOL_LOOKUP_BY_NAME, VIR_ERR_NO_STORAGE_POOL, 0, "no storage pool with matching name '" },
    { OP_REMOTE_STORAGE_POOL_LOOKUP_BY_UUID, VIR_ERR_NO_STORAGE_POOL, 0, "no storage pool with matching uuid '" },
    { OP_REMOTE_STORAGE_POOL_LOOKUP_BY_TARGET_PATH, VIR_ERR_NO_STORAGE_POOL, 0, "no storage pool with matching target path '" },
    { OP_REMOTE_STORAGE_VOL_LOOKUP_BY_KEY, VIR_ERR_NO_STORAGE_VOL, 0, "no storage vol with matching key " },
    { OP_REMOTE_STORAGE_VOL_LOOKUP_BY_PATH, VIR_ERR_NO_STORAGE_VOL, 0, "no storage vol with matching path '" },
    { OP_REMOTE_INTERFACE_LOOKUP_BY_NAME, VIR_ERR_NO_INTERFACE, 0, "couldn't find interface named '" },
    { OP_REMOTE_INTERFACE_LOOKUP_BY_MAC_STRING, VIR_ERR_NO_INTERFACE, 0, "couldn't find interface with MAC address '" },
    { OP_REMOTE_NODE_DEVICE_LOOKUP_BY_NAME, VIR_ERR_NO_NODE_DEVICE, 0, "no node device with matching name '" },
    { OP_REMOTE_SECRET_LOOKUP_BY_UUID, VIR_ERR_NO_SECRET, 0, "no secret with matching uuid '" },
    { OP_REMOTE_SECRET_LOOKUP_BY_USAGE, VIR_ERR_NO_SECRET, 1, "no secret with matching usage '" },
    { OP_REMOTE_NWFILTER_LOOKUP_BY_NAME, VIR_ERR_NO_NWFILTER, 0, "no nwfilter with matching name '" },
    { OP_REMOTE_NWFILTER_LOOKUP_BY_UUID, VIR_ERR_NO_NWFILTER, 0, "no nwfilter with matching uuid '" },
    { OP_REMOTE_NWFILTER_BINDING_LOOKUP_BY_PORT_DEV, VIR_ERR_NO_NWFILTER_BINDING, 0, "no nwfilter binding for port dev '" },
};

/* Lists and counts of all that the host has: the others are of an object, which is not there. */
static bool is_list(const struct op *op)
{
    static const char *const heads[] = { "virConnectNumOf", "virConnectList", "virNodeNumOf", "virNodeList" };
    for (size_t i = 0; i < ARRAY_N(heads); i++)
        if (!strncmp(op->api, heads[i], strlen(heads[i])))
            return true;
    return false;
}

void call_none(struct gw *gw, struct call *c)
{
    struct mp_out o;
    mp_out_init(&o, 64);
    mp_array(&o, c->op->ret->elems);
    for (unsigned i = 0; i < c->op->ret->n; i++) {
        if (c->op->ret->fields[i].array == SA_VARIABLE)
            mp_array(&o, 0);
        else
            mp_int(&o, 0);
    }
    call_reply_out(gw, c, &o);
}

static void answer_missing(struct gw *gw, struct call *c, const struct missing *m)
{
    char text[NAME_MAX_SHOWN + 1] = "";
    struct mp_in in;
    size_t n;

    mp_in_init(&in, c->args.p, c->args.len);
    mp_get_array(&in, c->op->args->elems);
    for (int i = 0; i < m->arg; i++)
        mp_skip(&in);
    if (c->op->args->fields[m->arg].type == SH_FIXED) {
        const uint8_t *uuid = mp_get_bin(&in, &n);
        if (!in.bad && n == 16)
            util_uuid_text(text, uuid);
    } else {
        const char *name = mp_get_str(&in, &n);
        if (!in.bad)
            memcpy(text, name, n < NAME_MAX_SHOWN ? n : NAME_MAX_SHOWN);
    }
    call_fail(gw, c, m->code, api_domain(c->op), "%s%s%s", m->words, text, strchr(m->words, '\0')[-1] == '\'' ? "'" : "");
}

void call_absent(struct gw *gw, struct call *c)
{
    for (size_t i = 0; i < ARRAY_N(missing); i++)
        if (missing[i].op == c->op->id) {
            answer_missing(gw, c, &missing[i]);
            return;
        }
    if (is_list(c->op) && c->op->ret)
        call_none(gw, c);
    else
        call_fail_api(gw, c, VIR_ERR_NO_SUPPORT, "%s", c->op->api);
}
