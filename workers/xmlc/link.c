/* link.c: what there is to know of an interface beside its tap: limits of its traffic, in the words of the hand that tells the kernel (supervisor/hand_shape.h), and
 * their change while the guest runs; and what a network is on this host, as its daemon says it of the interface's port. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include "ipc/util.h"
#include "workers/manifest-file.h"
#include "workers/tree-form.h"
#include "workers/tree-marks.h"
#include "workers/xmlc/plug-kinds.h"
#include "workers/xmlc/parse.h"
#include "workers/xmlc/run.h"

static int too_long(struct err *e) { return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "the name of a network, or what is said of addresses, is too long"); }

int link_untagged(const struct tree *t, struct err *e)
{
    return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_DOMAIN, "interface %s - vlan tag not supported for this connection type", tree_path_attr(t, "mac", "address"));
}

/* libvirt's words for a switch that does not answer, or a program of the host's that is not there; of 802.1Qbg its daemon waits for ever. */
int link_profile(const struct tree *t, const char *type, const char *profile, struct err *e)
{
    const char *dev = tree_path_attr(t, "target", "dev"), *id = tree_path_attr(t, "virtualport/parameters", "interfaceid");
    const bool bridge = strcmp(type, "bridge") == 0, direct = strcmp(type, "direct") == 0;
    if (profile && bridge && strcmp(profile, "midonet") == 0)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_NONE, "Unable to bind port %s to the virtual port %s", dev ? dev : "vnet", id ? id : "");
    if (profile && direct && strcmp(profile, "802.1Qbh") == 0)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_NET, "sending of PortProfileRequest failed.");
    if (profile && direct && strcmp(profile, "802.1Qbg") == 0)
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "<virtualport type='%s'> of <interface type='%s'> is not supported yet", profile, type);
    return 0;
}

int link_stays(const char *type, struct err *e)
{
    return err_set(e, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "unable to change config on '%s' network type", type);
}

int link_mode(const char *mode)
{
    int i = MACVTAP_MODE_N - 1;
    while (i && !(mode && strcmp(macvtap_modes[i], mode) == 0))
        i--;
    return i ? i : MACVTAP_VEPA;
}

uint32_t link_kind(const char *actual, const char *mode)
{
    return !actual ? LINK_OWN : strcmp(actual, "direct") == 0 ? LINK_MACVTAP + (uint32_t)link_mode(mode) : strcmp(actual, "bridge") == 0 ? LINK_BRIDGE : LINK_OWN;
}

unsigned net_prefix(const struct tree *t)
{
    uint8_t a[4], mask[4];
    unsigned bits = 0;
    if (tree_attr(t, "prefix"))
        return doc_uint(t, "prefix", 0);
    if (tree_attr(t, "netmask") && inet_pton(AF_INET, tree_attr(t, "netmask"), mask) == 1) {
        for (unsigned i = 0; i < 32 && mask[i / 8] & 0x80 >> i % 8; i++)
            bits++;
        return bits;
    }
    if (inet_pton(AF_INET, tree_attr(t, "address"), a) != 1)
        return 64;
    return !a[0] ? 0 : a[0] < 128 ? 8 : a[0] < 192 ? 16 : 24;
}

/* Addresses and routes of the host's end. */
static size_t host_text(const struct tree *source, char *dst, size_t n, size_t at)
{
    const char *before = at ? " host=" : "host=";
    TREE_EACH(ip, source, "ip") {
        const char *peer = tree_attr(ip, "peer");
        at += (size_t)snprintf(dst + at, at < n ? n - at : 0, "%s%s/%u%s%s", before, tree_attr(ip, "address"), net_prefix(ip), peer ? "," : "", peer ? peer : "");
        at = at < n ? at : n;
        before = ";";
    }
    TREE_EACH(route, source, "route") {
        at += (size_t)snprintf(dst + at, at < n ? n - at : 0, "%s%s/%u>%s@%u", before, tree_attr(route, "address"), net_prefix(route), tree_attr(route, "gateway"), doc_uint(route, "metric", 1));
        at = at < n ? at : n;
        before = ";";
    }
    return at;
}

/* A port of Open vSwitch, in the words of supervisor/hand_ovsdb.h; of a network's once its daemon has said what it is. */
static int switch_text(const struct tree *domain, const struct tree *t, char *dst, size_t n, struct err *e)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:";
    const struct tree *vlan = tree_first(t, "vlan");
    const char *profile = tree_path_attr(t, "virtualport/parameters", "profileid"), *id = tree_path_attr(t, "virtualport/parameters", "interfaceid"), *mode = "";
    size_t at = 0;
    *dst = 0;
    if (!doc_is(tree_first(t, "virtualport"), "type", "openvswitch") || !(doc_is(t, "type", "bridge") || (doc_is(t, "type", "network") && doc_is(t, MARK_ACTUAL, "bridge"))))
        return 0;
    if (profile && (profile[strspn(profile, plain)] || strlen(profile) > 63))
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "the profile '%s' of a port of Open vSwitch is not supported: it has other than letters, digits and '-_.:'", profile);
    if (tree_first(t, "bandwidth"))
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "<bandwidth> of <virtualport type='openvswitch'> is not supported yet");
    unsigned tags = 0, tag = 0;
    TREE_EACH(v, vlan, "tag") {
        if (tree_attr(v, "nativeMode"))
            mode = tree_attr(v, "nativeMode");
        if (!tags++ || tree_attr(v, "nativeMode"))
            tag = doc_uint(v, "id", 0);
    }
    const bool trunk = doc_is(vlan, "trunk", "yes");
    at = (size_t)snprintf(dst, n, "ovs=%s,%s,%s,", id ? id : "", tree_text(domain, "uuid"), mode);
    if (tags && (!trunk || *mode) && at < n)
        at += (size_t)snprintf(dst + at, n - at, "%u", tag);
    const char *before = ",";
    TREE_EACH(v, trunk ? vlan : NULL, "tag") {
        at += at < n ? (size_t)snprintf(dst + at, n - at, "%s%u", before, doc_uint(v, "id", 0)) : 0;
        before = ":";
    }
    at += at < n ? (size_t)snprintf(dst + at, n - at, "%s,%s", *before == ',' ? "," : "", profile ? profile : "") : 0;
    return at < n ? 0 : too_long(e);
}

int link_text(const struct tree *domain, const struct tree *t, char *dst, size_t n, struct err *e)
{
    char port[LINK_TEXT_MAX];
    static const struct { const char *key, *path; } ways[] = { { "in", "bandwidth/inbound" }, { "out", "bandwidth/outbound" } };
    size_t at = 0;
    *dst = 0;
    for (size_t i = 0; i < ARRAY_N(ways); i++) {
        const struct tree *w = tree_get(t, ways[i].path);
        if (doc_uint(w, "average", 0))
            at += (size_t)snprintf(dst + at, n - at, "%s%s=%u,%u,%u", at ? " " : "", ways[i].key, doc_uint(w, "average", 0), doc_uint(w, "peak", 0), doc_uint(w, "burst", 0));
    }
    if (doc_uint(tree_get(t, "coalesce/rx/frames"), "max", 0))
        at += (size_t)snprintf(dst + at, n - at, "%sframes=%u", at ? " " : "", doc_uint(tree_get(t, "coalesce/rx/frames"), "max", 0));
    if (tree_path_attr(t, "port", "isolated"))
        at += (size_t)snprintf(dst + at, n - at, "%sisolated=%d", at ? " " : "", doc_is(tree_first(t, "port"), "isolated", "yes"));
    if (switch_text(domain, t, port, sizeof port, e))
        return -1;
    at += *port && at < n ? (size_t)snprintf(dst + at, n - at, "%s%s", at ? " " : "", port) : 0;
    if (at < n && doc_is(t, "type", "network") && tree_path_attr(t, "source", "portid"))
        at += (size_t)snprintf(dst + at, n - at, "%sport=%s net=%s", at ? " " : "", tree_path_attr(t, "source", "portid"), tree_path_attr(t, "source", "network"));
    if (doc_is(t, "type", "ethernet"))
        at = host_text(tree_first(t, "source"), dst, n, at);
    return at < n ? 0 : too_long(e);
}

int link_filter(const struct tree *domain, const struct tree *t, char *dst, size_t n, struct err *e)
{
    AUTO_TREE *b = tree_new("filterbinding");
    struct tree *owner = tree_add(b, "owner");
    *dst = 0;
    if (!tree_first(t, "filterref"))
        return 0;
    tree_add_text(owner, "name", "%s", tree_text(domain, "name"));
    tree_add_text(owner, "uuid", "%s", tree_text(domain, "uuid"));
    tree_set_attr(tree_add(b, "mac"), "address", "%s", tree_path_attr(t, "mac", "address"));
    tree_append(b, tree_copy(tree_first(t, "filterref")));
    AUTO_FREE char *text = tree_print(b, 0, NULL);
    return text && util_format(dst, n, "%s", text) == 0 ? 0 : err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "the parameters of filter '%s' are too long", tree_path_attr(t, "filterref", "filter"));
}

static int put_filter(struct plug_run *p, const struct tree *t, struct err *e)
{
    char text[FILTER_TEXT_MAX];
    struct manifest_entry m = { .kind = MK_FILTER, .parent = (int32_t)doc_uint(t, MARK_MANIFEST, 0) };
    if (!tree_attr(t, MARK_MANIFEST))
        return 0;
    return link_filter(p->t, t, text, sizeof text, e) ? -1 : plug_put(&p->manifest, &m, NULL, text, e);
}

/* What was an interface's other words are these now: what the document says, behind those of its network. moves: the entry, if there is none, is one of a tap that moves. */
static int put(struct plug_run *p, const struct tree *t, const char *networks, const char *other, uint32_t kind, bool moves, struct err *e)
{
    char own[LINK_TEXT_MAX], text[2 * LINK_TEXT_MAX];
    struct manifest_entry m = { .kind = MK_LINK, .parent = (int32_t)doc_uint(t, MARK_MANIFEST, 0), .a = kind, .b = moves };
    if (!tree_attr(t, MARK_MANIFEST))
        return 0;
    if (link_text(p->t, t, own, sizeof own, e))
        return -1;
    return util_format(text, sizeof text, "%s%s%s", networks, *networks && *own ? " " : "", own) ? too_long(e) : plug_put(&p->manifest, &m, other, text, e);
}

/* The entry of that tap, with its words; false: there is none. */
static bool link_of(struct plug_run *p, uint32_t tap, struct manifest_entry *m, const char **words)
{
    struct manifest_in in;
    const char *path;
    manifest_finish(&p->manifest);
    for (int r = manifest_open(&in, p->manifest.p, p->manifest.len); r >= 0 && manifest_next(&in, m, &path, words) > 0;)
        if (m->kind == MK_LINK && !(m->flags & MF_GONE) && m->parent == (int32_t)tap)
            return true;
    return false;
}

/* Of the words of t's tap those that its network said; its limits where nobody has said others. */
static void networks_words(struct plug_run *p, const struct tree *t, bool limits, char dst[LINK_TEXT_MAX])
{
    const bool of_network = doc_is(t, "type", "network");
    struct manifest_entry m;
    const char *aux;
    size_t at = 0;
    *dst = 0;
    for (const char *w = link_of(p, doc_uint(t, MARK_MANIFEST, 0), &m, &aux) ? aux : NULL; w && *w && strncmp(w, "port=", 5);) {
        size_t n = strcspn(w, " ");
        if ((!strncmp(w, "alone=", 6) || (of_network && !strncmp(w, "ovs=", 4)) || (limits && (!strncmp(w, "in=", 3) || !strncmp(w, "out=", 4)))) && at + n + 2 < LINK_TEXT_MAX)
            at += (size_t)snprintf(dst + at, LINK_TEXT_MAX - at, "%s%.*s", at ? " " : "", (int)n, w);
        w += n + (w[n] == ' ');
    }
}

bool plug_is_macvtap(struct plug_run *p, const struct tree *t)
{
    struct manifest_entry m;
    const char *words;
    return doc_is(t, "type", "direct") || (link_of(p, doc_uint(t, MARK_MANIFEST, MANIFEST_ENTRIES_MAX), &m, &words) && m.a >= LINK_MACVTAP);
}

/* A tap leaves its network, whose port goes when it has moved, or comes to one, whose port a new entry brings. */
static void leave(struct plug_run *p, uint32_t tap, bool comes)
{
    uint8_t *at = p->manifest.p + sizeof(struct manifest_head);
    struct manifest_entry was, m;
    const char *words;
    if (!link_of(p, tap, &was, &words) || !(comes || (words && strstr(words, "port="))))
        return;
    for (uint32_t i = 0; i <= was.index; i++, at += m.size)
        memcpy(&m, at, sizeof m);
    at -= m.size;
    m.flags |= MF_GONE;
    memcpy(at, &m, sizeof m);
}

/* Is that tap a port of Open vSwitch by its network's word? */
static bool by_switch(struct plug_run *p, const struct tree *t)
{
    struct manifest_entry m;
    const char *words;
    return link_of(p, doc_uint(t, MARK_MANIFEST, MANIFEST_ENTRIES_MAX), &m, &words) && words && strstr(words, "ovs=");
}

static bool same(const struct tree *a, const struct tree *b)
{
    return (!a && !b) || (a && b && device_within(a, b) && device_within(b, a));
}

/* Does t say another thing there than old?  Not where there is no old one. */
static bool other(const struct tree *t, const struct tree *old, const char *what) { return old && !same(tree_first(t, what), tree_first(old, what)); }

int plug_name_taps(struct plug_run *p, struct err *e)
{
    struct grants_file g;
    if (grants_file_open(&g, p->grants) < 0)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "what the guest runs with cannot be read");
    TREE_EACH(t, tree_first(p->t, "devices"), "interface") {
        const char *name = grants_file_name(&g, doc_uint(t, MARK_MANIFEST, MANIFEST_ENTRIES_MAX));
        if (*name && !tree_path_attr(t, "target", "dev"))
            tree_set_attr(tree_make(t, "target"), "dev", "%s", name);
    }
    grants_file_close(&g);
    return 0;
}

const char *plug_tap_name(const struct plug_run *p, const struct tree *t, char name[PLUG_NAME_MAX])
{
    struct grants_file g;
    *name = 0;
    if (p->grants < 0 || grants_file_open(&g, p->grants) < 0)
        return name;
    util_copy_str(name, PLUG_NAME_MAX, grants_file_name(&g, doc_uint(t, MARK_MANIFEST, MANIFEST_ENTRIES_MAX)));
    grants_file_close(&g);
    return name;
}

int plug_shape(struct plug_run *p, const struct tree *before, struct err *e)
{
    const struct tree *old = tree_first(tree_first(before, "devices"), "interface");
    p->what = PLUG_NONE;
    TREE_EACH(t, tree_first(p->t, "devices"), "interface") {
        if (old && !tree_path_attr(old, "target", "dev") && tree_path_attr(t, "target", "dev"))
            tree_free(tree_first(t, "target"));
        bool moves = old && (other(t, old, "source") || !doc_same(tree_attr(t, "type"), tree_attr(old, "type"))), limits = other(t, old, "bandwidth"), filter = other(t, old, "filterref"), port = moves || limits || other(t, old, "coalesce") || other(t, old, "port") || other(t, old, "vlan");
        if (port || filter) {
            char networks[LINK_TEXT_MAX] = "";
            const char *bridge = !moves ? NULL : doc_is(t, "type", "bridge") ? tree_path_attr(t, "source", "bridge") : "";
            if (moves && by_switch(p, t))
                return link_stays(tree_attr(t, "type"), e);
            if (moves)
                leave(p, doc_uint(t, MARK_MANIFEST, 0), doc_is(t, "type", "network"));
            else
                networks_words(p, t, !limits && !tree_first(t, "bandwidth"), networks);
            schema_order(&schema_domain, p->t);
            if ((port && put(p, t, networks, bridge, LINK_OWN, moves, e)) || (filter && put_filter(p, t, e)))
                return -1;
            tree_append(p->devices, tree_copy(t));
            p->what = PLUG_SHAPE;
        }
        old = old ? tree_next(old, "interface") : NULL;
    }
    return 0;
}

/* ---- networks ---- */

static struct tree *interface_of(struct plug_run *p, uint32_t link)
{
    struct manifest_in in;
    struct manifest_entry m;
    const char *path, *aux;
    manifest_finish(&p->manifest);
    for (int r = manifest_open(&in, p->manifest.p, p->manifest.len); r >= 0 && manifest_next(&in, &m, &path, &aux) > 0;)
        if (m.index == link && m.kind == MK_LINK)
            TREE_EACH(t, tree_first(p->t, "devices"), "interface")
                if (doc_is(t, "type", "network") && tree_attr(t, MARK_MANIFEST) && (int32_t)doc_uint(t, MARK_MANIFEST, 0) == m.parent)
                    return t;
    return NULL;
}

/* As a name of an interface is. */
static bool is_name(const char *s) { return s && *s && strlen(s) < 16 && !strpbrk(s, "/ \t\n") && strcmp(s, ".") && strcmp(s, ".."); }

int link_port(struct plug_run *p, uint32_t link, const char *xml, size_t n, struct err *e)
{
    struct tree *t = interface_of(p, link);
    const char *net = tree_path_attr(t, "source", "network");
    AUTO_TREE *port = parse_xml(xml, n, "(networkport)", "networkport", e);
    const char *type = tree_path_attr(port, "plug", "type"), *other = tree_path_attr(port, "plug", doc_is(tree_first(port, "plug"), "type", "direct") ? "dev" : "bridge");
    struct manifest_entry m;
    const char *words;
    if (!t || !port)
        return port ? err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "a port of no interface") : -1;
    const bool moves = link_of(p, doc_uint(t, MARK_MANIFEST, 0), &m, &words) && m.b;
    if (moves && ((type && doc_in(type, "direct hostdev-pci")) || tree_first(port, "virtualport")))
        return link_stays("network", e);
    if (!type || !doc_in(type, "network bridge direct"))
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "network '%s' gives interfaces of type '%s', which are not supported yet", net, type ? type : "none");
    if (!is_name(other))
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "network '%s' has no bridge and no interface", net);
    if (tree_first(port, "vlan") && !(strcmp(type, "bridge") == 0 && doc_is(tree_first(port, "virtualport"), "type", "openvswitch")))
        return link_untagged(t, e);
    if (link_profile(t, type, tree_path_attr(port, "virtualport", "type"), e))
        return -1;
    if (strcmp(type, "direct") == 0 && doc_is(tree_first(port, "port"), "isolated", "yes"))
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_DOMAIN, "interface %s - <port isolated='yes'/> is not supported for network interfaces with type='%s'", tree_path_attr(t, "mac", "address"), type);
    AUTO_TREE *now = tree_copy(t);
    tree_set_attr(now, MARK_ACTUAL, strcmp(type, "bridge") == 0 ? "bridge" : NULL);
    for (const char *const *what = (const char *const[]){ "virtualport", "vlan", NULL }; *what; what++) {
        if (tree_first(now, *what))
            tree_free(tree_first(now, *what));
        if (tree_first(port, *what))
            tree_append(now, tree_copy(tree_first(port, *what)));
    }
    if (tree_first(port, "bandwidth")) {        /* of its group of ports */
        if (tree_first(now, "bandwidth"))
            tree_free(tree_first(now, "bandwidth"));
        tree_append(now, tree_copy(tree_first(port, "bandwidth")));
    }
    return put(p, now, !tree_first(now, "port") && doc_is(tree_first(port, "port"), "isolated", "yes") ? "alone=1" : "", other, link_kind(type, tree_path_attr(port, "plug", "mode")), false, e);
}
