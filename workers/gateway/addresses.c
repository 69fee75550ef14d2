/* addresses.c: addresses and host names that others than the guest's agent know: its networks' leases, and the neighbours of the host.
 *
 * Which interfaces a guest has its worker says: to that source LEASE or ARP is the question for interfaces alone, of which it answers those that are a network's
 * with that network's name as their one address, or all of them without one.  Leases are asked of the network daemon, as the client (sibling.c), one interface
 * after the other, as libvirt does; neighbours of role host, which completes the worker's answer. */
#include "gateway.h"
#include <stdlib.h>
#include <string.h>

enum { SRC_LEASE = 0, SRC_AGENT = 1, SRC_ARP = 2, HOSTNAME_LEASE = 1, HOSTNAME_AGENT = 2, NIC_BYTES = 1 << 16 };

/* A call that leases answer. */
struct addresses {
    struct mp_out nics, nic;        /* the worker's answer; of the interface that is at its turn target's name, address */
    struct mp_in at;                /* where the next one is */
    uint32_t left;                  /* interfaces that are not done */
    struct mp_out found;            /* interfaces that have leases */
    uint32_t nfound;
};

static void addresses_free(void *data)
{
    struct addresses *a = data;
    mp_out_free(&a->nics);
    mp_out_free(&a->nic);
    mp_out_free(&a->found);
    free(a);
}

static void answer(struct gw *gw, struct call *c)
{
    struct addresses *a = c->data;
    struct mp_out o;
    if (c->op->id == OP_REMOTE_DOMAIN_GET_HOSTNAME) {
        struct index_slot s;
        bool there = index_read(&gw->ix, object_slot(c->object), &s) == 0;
        call_fail(gw, c, VIR_ERR_NO_HOSTNAME, VIR_FROM_QEMU, "no hostname found for domain %s", there ? s.name : "");
        return;
    }
    mp_out_init(&o, FRAME_BIG_MAX);
    mp_array(&o, 1);
    mp_list(&o, a->nfound, &a->found);
    call_reply_out(gw, c, &o);
}

/* A question to the network daemon. It takes args over. */
static void ask(struct gw *gw, struct call *c, uint32_t op, struct mp_out *args, call_done_fn *done)
{
    struct call *k = call_inner(gw, op_find(op), 0, done, c);
    if (k) {
        mp_out_free(&k->args);
        k->args = *args;
        call_sibling(gw, k);
    } else {
        mp_out_free(args);
    }
}

/* What a call was asked for ended in an error, which is the client's answer; frees the question. */
static bool refused(struct gw *gw, struct call *k, const struct err *e)
{
    struct call *c = k->data;
    if (e) {
        c->their_error = k->their_error;
        call_free(gw, k);
        call_error(gw, c, e);
    }
    return e;
}

static void next_nic(struct gw *gw, struct call *c);

/* One lease: of the first that has a host name, that. */
static void one_lease(struct mp_in *in, struct mp_out *addrs, struct mp_out *name)
{
    size_t n;
    mp_get_array(in, 9);
    mp_skip(in);
    mp_skip(in);
    int32_t type = mp_get_i32(in);
    mp_skip(in);
    mp_skip(in);
    const char *ip = mp_get_str(in, &n);
    mp_array(addrs, 3);
    mp_int(addrs, type);
    mp_strn(addrs, in->bad ? "" : ip, in->bad ? 0 : n);
    mp_uint(addrs, mp_get_u32(in));
    const char *host = mp_get_nil(in) ? NULL : mp_get_str(in, &n);
    if (host && !in->bad && !name->len)
        mp_strn(name, host, n);
    mp_skip(in);
}

static void on_leases(struct gw *gw, struct call *k, struct frame *f, const struct err *e)
{
    struct call *c = k->data;
    struct addresses *a = c->data;
    struct mp_out addrs, name, o;
    struct mp_in in;
    if (refused(gw, k, e))
        return;
    mp_out_init(&addrs, FRAME_BIG_MAX);
    mp_out_init(&name, FRAME_BODY_MAX);
    mp_in_init(&in, f->body, f->body_len);
    mp_get_array(&in, 2);
    uint32_t n = mp_get_array(&in, LIMIT_REMOTE_NETWORK_DHCP_LEASES);
    for (uint32_t i = 0; i < n && !in.bad; i++)
        one_lease(&in, &addrs, &name);
    call_free(gw, k);
    if (n) {
        mp_array(&a->found, 3);
        mp_raw(&a->found, a->nic.p, a->nic.len);
        mp_list(&a->found, n, &addrs);
        a->nfound++;
    }
    mp_out_free(&addrs);
    if (name.len && c->op->id == OP_REMOTE_DOMAIN_GET_HOSTNAME) {
        mp_out_init(&o, FRAME_BODY_MAX);
        mp_array(&o, 1);
        mp_raw(&o, name.p, name.len);
        o.failed |= name.failed;
        call_reply_out(gw, c, &o);
    } else {
        next_nic(gw, c);
    }
    mp_out_free(&name);
}

static void on_network(struct gw *gw, struct call *k, struct frame *f, const struct err *e)
{
    struct call *c = k->data;
    struct addresses *a = c->data;
    struct mp_out args;
    struct mp_in in;
    if (refused(gw, k, e))
        return;
    mp_out_init(&args, NIC_BYTES);
    mp_array(&args, 4);
    mp_in_init(&in, f->body, f->body_len);
    mp_get_array(&in, 1);
    mp_raw(&args, in.p, (size_t)(in.end - in.p));
    call_free(gw, k);
    mp_in_init(&in, a->nic.p, a->nic.len);      /* its name, its address */
    mp_skip(&in);
    mp_raw(&args, in.p, (size_t)(in.end - in.p));
    mp_int(&args, 1);
    mp_uint(&args, 0);
    ask(gw, c, OP_REMOTE_NETWORK_GET_DHCP_LEASES, &args, on_leases);
}

/* The interface that is at its turn; the answer after the last one. */
static void next_nic(struct gw *gw, struct call *c)
{
    struct addresses *a = c->data;
    struct mp_out args;
    size_t n;
    if (!a->left) {
        answer(gw, c);
        return;
    }
    a->left--;
    mp_get_array(&a->at, 3);
    mp_out_free(&a->nic);
    mp_out_init(&a->nic, NIC_BYTES);
    const uint8_t *from = a->at.p;
    mp_skip(&a->at);
    mp_skip(&a->at);
    mp_raw(&a->nic, from, (size_t)(a->at.p - from));
    mp_get_array(&a->at, 1);
    mp_get_array(&a->at, 3);
    mp_skip(&a->at);
    const char *network = mp_get_str(&a->at, &n);
    mp_skip(&a->at);
    if (a->at.bad || a->nic.failed) {
        call_fail(gw, c, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "malformed reply to %s", c->op->name);
        return;
    }
    mp_out_init(&args, NIC_BYTES);
    mp_array(&args, 1);
    mp_strn(&args, network, n);
    ask(gw, c, OP_REMOTE_NETWORK_LOOKUP_BY_NAME, &args, on_network);
}

/* The worker's answer. */
static void on_nics(struct gw *gw, struct call *c, struct frame *f, const struct err *e)
{
    c->done = NULL;
    c->serial = 0;                  /* this frame is answered: no other supervisor is asked it, while others are */
    if (e) {
        call_error(gw, c, e);
    } else if (!frame_fits(f, op_find(OP_REMOTE_DOMAIN_INTERFACE_ADDRESSES))) {
        call_fail(gw, c, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "malformed reply to %s", c->op->name);
    } else if (c->arg == SRC_ARP) {
        c->frame_op = OP_IN(IN_NEIGHBOURS);
        call_send_struct(gw, c, f->body, f->body_len);
    } else {
        struct addresses *a = calloc(1, sizeof *a);
        if (!a) {
            gw_end(gw, "out of memory");
            return;
        }
        c->data = a;
        c->cleanup = addresses_free;
        mp_out_init(&a->found, FRAME_BIG_MAX);
        mp_out_init(&a->nics, FRAME_BIG_MAX);
        mp_raw(&a->nics, f->body, f->body_len);
        mp_in_init(&a->at, a->nics.p, a->nics.len);
        mp_get_array(&a->at, 1);
        a->left = mp_get_array(&a->at, LIMIT_REMOTE_DOMAIN_INTERFACE);
        next_nic(gw, c);
    }
}

/* Arguments in place of a call for a host name: which interfaces its guest has. */
static void ask_nics(struct call *c, const struct mp_in *in)
{
    struct mp_in dom = *in;
    struct mp_out args;
    mp_out_init(&args, FRAME_BODY_MAX);
    mp_skip(&dom);
    mp_array(&args, 3);
    mp_raw(&args, in->p, (size_t)(dom.p - in->p));
    mp_uint(&args, SRC_LEASE);
    mp_uint(&args, 0);
    mp_out_free(&c->args);
    c->args = args;
    c->frame_op = OP_REMOTE_DOMAIN_INTERFACE_ADDRESSES;
    c->arg = SRC_LEASE;
    c->done = on_nics;
}

static void get_hostname(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct err e = ERR_INIT;
    if (c->arg == (HOSTNAME_LEASE | HOSTNAME_AGENT)) {
        call_fail(gw, c, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "Flags 'VIR_DOMAIN_GET_HOSTNAME_LEASE' and 'VIR_DOMAIN_GET_HOSTNAME_AGENT' are mutually exclusive");
        return;
    }
    if (call_object(gw, c, &e) < 0) {
        call_error(gw, c, &e);
        return;
    }
    if (c->arg == HOSTNAME_LEASE)
        ask_nics(c, in);
    call_send(gw, c);
}

static void interface_addresses(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct err e = ERR_INIT;
    mp_skip(in);
    mp_skip(in);
    if (!call_flags_ok(gw, c, mp_get_u32(in), 0))
        return;
    if (call_object(gw, c, &e) < 0) {
        call_error(gw, c, &e);
        return;
    }
    if (c->arg != SRC_AGENT)
        c->done = on_nics;
    call_send(gw, c);
}

const struct local local_addresses[] = {
    { OP_REMOTE_DOMAIN_GET_HOSTNAME, get_hostname },
    { OP_REMOTE_DOMAIN_INTERFACE_ADDRESSES, interface_addresses },
    { 0, NULL },
};
