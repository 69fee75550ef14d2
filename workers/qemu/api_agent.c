/* api_agent.c: calls that the agent inside the guest answers.  What it says is hostile: counts, lengths and words are bounded. */
#include "config.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ipc/util.h"
#include "workers/qemu/ops.h"
#include "workers/typed.h"

enum { IFACES_MAX = 2048, ADDRS_MAX = 2048, FSINFO_MAX = 256, FSDISKS_MAX = 256, PARAMS_MAX = 2048, USERS_MAX = 256, REPLY_BYTES = 4 << 20,
    SRC_LEASE = 0, SRC_AGENT = 1, SRC_ARP = 2, TIME_SYNC = 1 };

static const char *str(json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

/* A number that the agent says is not negative. */
static uint64_t natural(json_t *o, const char *key, uint64_t max)
{
    json_int_t v = json_integer_value(json_object_get(o, key));
    return v < 0 ? 0 : (uint64_t)v < max ? (uint64_t)v : max;
}

/* ---- time ---- */

static void on_time(struct call *c, json_t *ret)
{
    struct mp_out o;
    if (!json_is_integer(ret)) {
        call_failf(c, VIR_ERR_INTERNAL_ERROR, "malformed return value");
        return;
    }
    json_int_t ns = json_integer_value(ret);
    mp_out_init(&o, 64);
    mp_array(&o, 2);
    mp_int(&o, ns / 1000000000);
    mp_uint(&o, ns > 0 ? (uint64_t)(ns % 1000000000) : 0);
    call_out(c, &o);
}

OP_FN(api_get_time)
{
    struct guest *g = w->data;
    if (call_flags(g, rq, f, NULL) || call_need_agent(g, rq))
        return;
    call_agent(call_new(g, rq), "guest-get-time", NULL, 0, on_time);
}

/* QEMU does not make up for interrupts that a clock missed which is right now. */
static void on_time_set(struct call *c, json_t *ret)
{
    (void)ret;
    call_qmp(c, "rtc-reset-reinjection", NULL, NULL);
}

OP_ARGS(api_set_time)
{
    int64_t ns;
    int64_t seconds = mp_get_int(&in);
    uint32_t nseconds = mp_get_u32(&in), flags = mp_get_u32(&in);
    if (call_end_args(g, rq, &in) || call_need_agent(g, rq))
        return;
    if (!(flags & TIME_SYNC) && (__builtin_mul_overflow(seconds, 1000000000ll, &ns) || __builtin_add_overflow(ns, (int64_t)nseconds, &ns))) {
        reply_err(g, rq, VIR_ERR_INVALID_ARG, "Time '%lld' is too big for guest agent", (long long)seconds);
        return;
    }
    json_t *args = flags & TIME_SYNC ? NULL : json_pack("{s:I}", "time", (json_int_t)ns);
    call_agent(call_new(g, rq), "guest-set-time", args, 0, on_time_set);
}

/* ---- host name ---- */

static void on_hostname(struct call *c, json_t *ret)
{
    struct mp_out o;
    const char *name = str(ret, "host-name");
    if (!name)
        call_failf(c, VIR_ERR_NO_HOSTNAME, "no hostname found for domain %s", c->g->name);
    else {
        mp_out_init(&o, REPLY_BYTES);
        mp_array(&o, 1);
        mp_str(&o, name);
        call_out(c, &o);
    }
}

OP_FN(api_get_hostname)
{
    struct guest *g = w->data;
    uint32_t flags;
    if (call_flags(g, rq, f, &flags))
        return;
    if (!call_need_agent(g, rq))
        call_agent(call_new(g, rq), "guest-get-host-name", NULL, 0, on_hostname);
}

/* ---- interfaces ---- */

static uint32_t bounded(json_t *a, uint32_t max)
{
    size_t n = json_array_size(a);
    return n < max ? (uint32_t)n : max;
}

static void on_interfaces(struct call *c, json_t *ret)
{
    struct mp_out o;
    uint32_t n = bounded(ret, IFACES_MAX);
    mp_out_init(&o, REPLY_BYTES);
    mp_array(&o, 1);
    mp_array(&o, n);
    for (uint32_t i = 0; i < n; i++) {
        json_t *iface = json_array_get(ret, i), *addrs = json_object_get(iface, "ip-addresses");
        uint32_t na = bounded(addrs, ADDRS_MAX);
        mp_array(&o, 3);
        mp_str(&o, str(iface, "name") ? str(iface, "name") : "");
        mp_str(&o, str(iface, "hardware-address"));
        mp_array(&o, na);
        for (uint32_t k = 0; k < na; k++) {
            json_t *a = json_array_get(addrs, k);
            const char *type = str(a, "ip-address-type"), *ip = str(a, "ip-address");
            mp_array(&o, 3);
            mp_int(&o, type && !strcmp(type, "ipv6") ? 1 : 0);
            mp_str(&o, ip ? ip : "");
            mp_uint(&o, natural(a, "prefix", 128));
        }
    }
    call_out(c, &o);
}

/* For a gateway, which asks others (workers/gateway/addresses.c): interfaces that are a network's, each with that one's name in place of an address; or all, without. */
static void reply_nics(struct guest *g, const struct request *rq, bool networks)
{
    struct mp_out list, o;
    uint32_t n = 0;
    mp_out_init(&list, REPLY_BYTES);
    TREE_EACH(nic, tree_get(g->tree, "devices"), "interface") {
        const char *network = tree_path_attr(nic, "source", "network"), *dev = tree_path_attr(nic, "target", "dev");
        if (networks && !network)
            continue;
        n++;
        mp_array(&list, 3);
        mp_str(&list, dev ? dev : "");
        mp_str(&list, tree_path_attr(nic, "mac", "address"));
        mp_array(&list, networks);
        if (!networks)
            continue;
        mp_array(&list, 3);
        mp_int(&list, 0);
        mp_str(&list, network);
        mp_uint(&list, 0);
    }
    mp_out_init(&o, REPLY_BYTES);
    mp_array(&o, 1);
    mp_list(&o, n, &list);
    worker_reply_out(g->w, rq, &o);
}

OP_ARGS(api_interface_addresses)
{
    uint32_t source = mp_get_u32(&in);
    mp_get_u32(&in);
    if (call_end_args(g, rq, &in) || call_need_up(g, rq))
        return;
    switch (source) {
    case SRC_AGENT:
        if (!call_need_agent(g, rq))
            call_agent(call_new(g, rq), "guest-network-get-interfaces", NULL, 0, on_interfaces);
        break;
    case SRC_LEASE:
    case SRC_ARP:
        reply_nics(g, rq, source == SRC_LEASE);
        break;
    default:
        reply_err(g, rq, VIR_ERR_ARGUMENT_UNSUPPORTED, "Unknown IP address data source %u", source);
        break;
    }
}

/* ---- file systems ---- */

/* The target of the disk at a PCI address and unit, or NULL. */
static const char *disk_at(struct guest *g, json_t *d)
{
    json_t *pci = json_object_get(d, "pci-controller");
    char want[4][16];
    static const char *const keys[] = { "domain", "bus", "slot", "function" };
    for (size_t i = 0; i < ARRAY_N(keys); i++) {
        json_int_t v = json_integer_value(json_object_get(pci, keys[i]));
        snprintf(want[i], sizeof want[i], i == 0 ? "0x%04x" : i == 3 ? "0x%x" : "0x%02x", (unsigned)v & 0xffff);
    }
    TREE_EACH(disk, tree_get(g->tree, "devices"), "disk") {
        struct tree *a = tree_get(disk, "address");
        bool same = tree_attr_is(a, "type", "pci");
        for (size_t i = 0; i < ARRAY_N(keys) && same; i++)
            same = tree_attr_is(a, keys[i], want[i]);
        if (same)
            return tree_path_attr(disk, "target", "dev");
    }
    return NULL;
}

static void on_fsinfo(struct call *c, json_t *ret)
{
    struct mp_out o;
    uint32_t n = bounded(ret, FSINFO_MAX);
    mp_out_init(&o, REPLY_BYTES);
    mp_array(&o, 2);
    mp_array(&o, n);
    for (uint32_t i = 0; i < n; i++) {
        json_t *fs = json_array_get(ret, i), *disks = json_object_get(fs, "disk");
        const char *alias[FSDISKS_MAX];
        uint32_t na = 0, nd = bounded(disks, FSDISKS_MAX);
        for (uint32_t k = 0; k < nd; k++)
            if ((alias[na] = disk_at(c->g, json_array_get(disks, k))))
                na++;
        mp_array(&o, 4);
        mp_str(&o, str(fs, "mountpoint") ? str(fs, "mountpoint") : "");
        mp_str(&o, str(fs, "name") ? str(fs, "name") : "");
        mp_str(&o, str(fs, "type") ? str(fs, "type") : "");
        mp_array(&o, na);
        for (uint32_t k = 0; k < na; k++)
            mp_str(&o, alias[k]);
    }
    mp_uint(&o, n);
    call_out(c, &o);
}

OP_FN(api_get_fsinfo)
{
    struct guest *g = w->data;
    if (call_flags(g, rq, f, NULL) || call_need_agent(g, rq))
        return;
    call_agent(call_new(g, rq), "guest-get-fsinfo", NULL, 0, on_fsinfo);
}

/* ---- guest info: several questions, one answer ---- */

enum { INFO_USERS = 1, INFO_OS = 2, INFO_TIMEZONE = 4, INFO_HOSTNAME = 8, INFO_FILESYSTEM = 16, INFO_DISKS = 32, INFO_INTERFACES = 64, INFO_ALL = 127 };

struct info { uint32_t asked, left; bool every; struct typed_out params; };

static void info_users(struct guest *g, struct typed_out *p, json_t *ret)
{
    uint32_t n = bounded(ret, USERS_MAX);
    (void)g;
    typed_put_uint(p, n, "user.count");
    for (uint32_t i = 0; i < n; i++) {
        json_t *u = json_array_get(ret, i);
        typed_put_str(p, str(u, "user"), "user.%u.name", i);
        typed_put_str(p, str(u, "domain"), "user.%u.domain", i);
        double login = json_number_value(json_object_get(u, "login-time"));      /* seconds since 1970 */
        typed_put_ullong(p, login >= 0 && login < 1e15 ? (uint64_t)(login * 1000) : 0, "user.%u.login-time", i);
    }
}

static void info_os(struct guest *g, struct typed_out *p, json_t *ret)
{
    static const char *const keys[] = { "id", "name", "pretty-name", "version", "version-id", "machine", "variant", "variant-id", "kernel-release", "kernel-version" };
    (void)g;
    for (size_t i = 0; i < ARRAY_N(keys); i++)
        typed_put_str(p, str(ret, keys[i]), "os.%s", keys[i]);
}

static void info_timezone(struct guest *g, struct typed_out *p, json_t *ret)
{
    (void)g;
    typed_put_str(p, str(ret, "zone"), "timezone.name");
    typed_put_int(p, (int32_t)json_integer_value(json_object_get(ret, "offset")), "timezone.offset");
}

static void info_hostname(struct guest *g, struct typed_out *p, json_t *ret)
{
    (void)g;
    typed_put_str(p, str(ret, "host-name"), "hostname");
}

static void info_fs(struct guest *g, struct typed_out *p, json_t *ret)
{
    uint32_t n = bounded(ret, FSINFO_MAX);
    if (n)
        typed_put_uint(p, n, "fs.count");
    for (uint32_t i = 0; i < n; i++) {
        json_t *fs = json_array_get(ret, i), *disks = json_object_get(fs, "disk");
        uint32_t nd = bounded(disks, FSDISKS_MAX);
        typed_put_str(p, str(fs, "name"), "fs.%u.name", i);
        typed_put_str(p, str(fs, "mountpoint"), "fs.%u.mountpoint", i);
        typed_put_str(p, str(fs, "type"), "fs.%u.fstype", i);
        if (json_object_get(fs, "total-bytes"))
            typed_put_ullong(p, natural(fs, "total-bytes", INT64_MAX), "fs.%u.total-bytes", i);
        if (json_object_get(fs, "used-bytes"))
            typed_put_ullong(p, natural(fs, "used-bytes", INT64_MAX), "fs.%u.used-bytes", i);
        typed_put_uint(p, nd, "fs.%u.disk.count", i);
        for (uint32_t k = 0; k < nd; k++) {
            json_t *d = json_array_get(disks, k);
            typed_put_str(p, disk_at(g, d), "fs.%u.disk.%u.alias", i, k);
            typed_put_str(p, str(d, "serial"), "fs.%u.disk.%u.serial", i, k);
            typed_put_str(p, str(d, "dev"), "fs.%u.disk.%u.device", i, k);
        }
    }
}

static void info_disks(struct guest *g, struct typed_out *p, json_t *ret)
{
    uint32_t n = bounded(ret, FSINFO_MAX);
    if (n)
        typed_put_uint(p, n, "disk.count");
    for (uint32_t i = 0; i < n; i++) {
        json_t *d = json_array_get(ret, i), *deps = json_object_get(d, "dependencies");
        uint32_t nd = bounded(deps, FSDISKS_MAX);
        typed_put_str(p, str(d, "name"), "disk.%u.name", i);
        typed_put_bool(p, json_is_true(json_object_get(d, "partition")), "disk.%u.partition", i);
        if (nd)
            typed_put_uint(p, nd, "disk.%u.dependency.count", i);
        for (uint32_t k = 0; k < nd; k++)
            typed_put_str(p, json_string_value(json_array_get(deps, k)), "disk.%u.dependency.%u.name", i, k);
        if (json_object_get(d, "address"))
            typed_put_str(p, disk_at(g, json_object_get(d, "address")), "disk.%u.alias", i);
        typed_put_str(p, str(d, "alias"), "disk.%u.guest_alias", i);
    }
}

static void info_interfaces(struct guest *g, struct typed_out *p, json_t *ret)
{
    uint32_t n = bounded(ret, IFACES_MAX);
    (void)g;
    if (n)
        typed_put_uint(p, n, "if.count");
    for (uint32_t i = 0; i < n; i++) {
        json_t *iface = json_array_get(ret, i), *addrs = json_object_get(iface, "ip-addresses");
        uint32_t na = bounded(addrs, ADDRS_MAX);
        typed_put_str(p, str(iface, "name"), "if.%u.name", i);
        typed_put_str(p, str(iface, "hardware-address"), "if.%u.hwaddr", i);
        typed_put_uint(p, na, "if.%u.addr.count", i);
        for (uint32_t k = 0; k < na; k++) {
            json_t *a = json_array_get(addrs, k);
            typed_put_str(p, str(a, "ip-address-type"), "if.%u.addr.%u.type", i, k);
            typed_put_str(p, str(a, "ip-address"), "if.%u.addr.%u.addr", i, k);
            typed_put_uint(p, natural(a, "prefix", 128), "if.%u.addr.%u.prefix", i, k);
        }
    }
}

static const struct { uint32_t bit; const char *command; void (*fn)(struct guest *g, struct typed_out *p, json_t *ret); } infos[] = {
    { INFO_USERS, "guest-get-users", info_users },
    { INFO_OS, "guest-get-osinfo", info_os },
    { INFO_TIMEZONE, "guest-get-timezone", info_timezone },
    { INFO_HOSTNAME, "guest-get-host-name", info_hostname },
    { INFO_FILESYSTEM, "guest-get-fsinfo", info_fs },
    { INFO_DISKS, "guest-get-disks", info_disks },
    { INFO_INTERFACES, "guest-network-get-interfaces", info_interfaces },
};

static void info_free(void *extra)
{
    struct info *x = extra;
    mp_out_free(&x->params.o);
}

static void info_next(struct call *c);

static void on_info(void *data, json_t *ret, const struct err *e)
{
    struct call *c = data;
    struct info *x = c->extra;
    uint32_t bit = x->asked;
    /* Asked for everything, what this agent lacks is left out; asked by name, it is an error.  A silent agent is one in any case. */
    if (!ret && (!x->every || e->code == VIR_ERR_AGENT_UNRESPONSIVE)) {
        call_fail(c, e);
        return;
    }
    for (size_t i = 0; ret && i < ARRAY_N(infos); i++)
        if (infos[i].bit == bit)
            infos[i].fn(c->g, &x->params, ret);
    info_next(c);
}

static void info_next(struct call *c)
{
    struct info *x = c->extra;
    struct mp_out o;
    for (size_t i = 0; i < ARRAY_N(infos); i++)
        if (x->left & infos[i].bit) {
            x->left &= ~infos[i].bit;
            x->asked = infos[i].bit;
            agent_send(&c->g->agent, infos[i].command, NULL, 0, false, on_info, c);
            return;
        }
    mp_out_init(&o, REPLY_BYTES);
    mp_array(&o, 1);
    typed_out_end(&x->params, &o);
    call_out(c, &o);
}

OP_ARGS(api_get_guest_info)
{
    uint32_t types = mp_get_u32(&in);
    mp_get_u32(&in);
    if (call_end_args(g, rq, &in))
        return;
    if (types & ~(uint32_t)INFO_ALL) {
        reply_err(g, rq, VIR_ERR_INVALID_ARG, "unsupported guest information types '0x%x'", types & ~(uint32_t)INFO_ALL);
        return;
    }
    if (call_need_agent(g, rq))
        return;
    struct call *c = call_new(g, rq);
    struct info *x = call_extra(c, sizeof *x);
    *x = (struct info){ .left = types ? types : INFO_ALL, .every = !types, .params.max = PARAMS_MAX };
    mp_out_init(&x->params.o, REPLY_BYTES);
    c->free_extra = info_free;
    info_next(c);
}

OP_ARGS(api_agent_timeout)
{
    int32_t timeout = mp_get_i32(&in);
    mp_get_u32(&in);
    if (call_end_args(g, rq, &in))
        return;
    if (timeout < -2) {
        reply_err(g, rq, VIR_ERR_INVALID_ARG, "guest agent timeout '%d' is less than the minimum '-2'", timeout);
        return;
    }
    g->agent.sync_ms = timeout == -2 ? AGENT_DEADLINE_MS : timeout < 0 ? 0 : timeout == 0 ? 1 : timeout > 600 ? 600000 : (uint32_t)timeout * 1000;
    reply_int(g, rq, 0);
}
