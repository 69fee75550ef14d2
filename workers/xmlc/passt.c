/* passt.c: what libvirt tells passt of an interface, a word an option and in its order; supervisor/hand_passt.c reads them. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "workers/xmlc/run.h"

struct words { char *dst; size_t n, at; };

static void put(struct words *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(struct words *w, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(w->dst + w->at, w->n - w->at, fmt, ap);
    va_end(ap);
    w->at = n < 0 || (size_t)n >= w->n - w->at ? w->n : w->at + (size_t)n;
}

static bool is_name(const char *dev)
{
    return !dev || (strlen(dev) < 16 && !strpbrk(dev, "/ \t\n"));
}

static void forward(struct words *w, const struct tree *f)
{
    const char *address = tree_attr(f, "address"), *dev = tree_attr(f, "dev"), *between = "";
    put(w, " %s-ports=", tree_attr(f, "proto"));
    if (address)
        put(w, "%s%s%s/", address, dev ? "%" : "", dev ? dev : "");
    if (!tree_first(f, "range"))
        put(w, "all");
    TREE_EACH(r, f, "range") {
        unsigned start = doc_uint(r, "start", 0), end = doc_uint(r, "end", 0), to = doc_uint(r, "to", 0);
        put(w, "%s%s%u", between, doc_is(r, "exclude", "yes") ? "~" : "", start);
        if (end)
            put(w, "-%u", end);
        if (to)
            put(w, ":%u", to);
        if (to && end)
            put(w, "-%u", to + end - start);
        between = ",";
    }
}

int passt_text(const struct tree *t, char *dst, size_t n, struct err *e)
{
    struct words w = {dst, n, 0};
    const char *dev = tree_path_attr(t, "source", "dev"), *mtu = tree_path_attr(t, "mtu", "size");
    bool named = is_name(dev);
    put(&w, "mac-addr=%s", tree_path_attr(t, "mac", "address"));
    if (mtu)
        put(&w, " mtu=%s", mtu);
    if (dev)
        put(&w, " interface=%s", dev);
    TREE_EACH(ip, t, "ip") {
        put(&w, " address=%s", tree_attr(ip, "address"));
        if (tree_attr(ip, "prefix") && !doc_is(ip, "family", "ipv6"))
            put(&w, " netmask=%s", tree_attr(ip, "prefix"));
    }
    TREE_EACH(f, t, "portForward") {
        named &= is_name(tree_attr(f, "dev"));
        forward(&w, f);
    }
    if (!named)
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "<interface> with <backend type='passt'>: the name of a device is none");
    return w.at < n ? 0 : err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "<interface> with <backend type='passt'>: more ports are forwarded than is supported");
}
