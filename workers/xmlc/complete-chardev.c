/* complete-chardev.c: serial ports, consoles, channels and others with a character device behind them. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include "ipc/util.h"
#include "workers/xmlc/doc.h"

static const struct { const char *type, *attr; } needed[] = {
    {"dev", "path"}, {"file", "path"}, {"pipe", "path"}, {"unix", "path"}, {"tcp", "host"}, {"tcp", "service"}, {"udp", "service"},
    {"spiceport", "channel"}, {"dbus", "channel"}, {"nmdm", "master"}, {"nmdm", "slave"},
};

/* An agent socket whose name was made by us, or by libvirt: a definition does not keep it. */
static bool generated_path(const struct doc *d, const char *path, const char *name)
{
    size_t n = strlen(d->lib_dir), m = strlen(path), k = name ? strlen(name) : 0;
    static const char dir[] = "/channel/target/";
    const char *p;
    if (!name || (d->env->flags & DOC_LIVE))
        return false;
    if (strncmp(path, d->lib_dir, n) == 0 && strncmp(path + n, dir, sizeof dir - 1) == 0 && (p = strchr(path + n + sizeof dir, '.')) &&
        !memchr(path + n + sizeof dir - 1, '/', (size_t)(p - (path + n + sizeof dir - 1))))
        return true;
    if (m <= k || strcmp(path + m - k, name) != 0 || path[m - k - 1] != '/')
        return false;
    for (p = path + m - k - 1; p > path && p[-1] != '/'; p--)     /* the folder is domain-something */
        ;
    return strncmp(p, "domain-", 7) == 0 && p + 7 < path + m - k - 1;
}

/* Whether its sources tell what the type takes. */
static int source_whole(struct doc *d, const struct tree *dev, const char *type)
{
    const struct tree *s = tree_first(dev, "source");
    for (unsigned i = 0; i < ARRAY_N(needed); i++) {
        if (strcmp(type, needed[i].type) != 0)
            continue;
        const struct tree *has = s;
        if (strcmp(type, "udp") == 0)      /* the connecting end has the port */
            for (has = s; has && !tree_attr(has, "service"); has = tree_next(has, "source"))
                ;
        if (strcmp(type, "udp") == 0 && has && doc_is(has, "mode", "bind")) {
            for (has = tree_next(has, "source"); has && doc_is(has, "mode", "bind"); has = tree_next(has, "source"))
                ;
        }
        if ((!has || !tree_attr(has, needed[i].attr)) && strcmp(needed[i].attr, "channel") == 0)
            return doc_unsupported(d, VIR_FROM_DOMAIN, "Missing source channel attribute for char device");
        if (!has || !tree_attr(has, needed[i].attr))
            return err_set(d->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DOMAIN, "Missing source %s attribute for char device", needed[i].attr);
    }
    return 0;
}

/* <source> of one chardev: dev is the element that has it (a device, or <backend>). generate: the path may be left to us. */
static int source(struct doc *d, struct tree *dev, bool generate)
{
    const char *type = tree_attr(dev, "type"), *path;
    struct tree *s = tree_first(dev, "source"), *r;
    if (s && tree_next(s, "source") && type && strcmp(type, "udp") != 0)
        return doc_bad(d, "only one source element is allowed for character device");
    if (type && strcmp(type, "spicevmc") == 0 && doc_in(dev->name, "serial parallel console"))
        return doc_unsupported(d, VIR_FROM_DOMAIN, "spicevmc device type only supports virtio");
    if (!type || doc_in(type, "null vc stdio spicevmc")) {
        while ((s = tree_first(dev, "source")))
            tree_free(s);
        return 0;
    }
    if (strcmp(type, "pty") == 0 && s && !(d->env->flags & DOC_LIVE)) {
        tree_set_attr(s, "path", NULL);
        if (!s->attr && !s->child)
            tree_free(s);
        return 0;
    }
    if (strcmp(type, "unix") == 0 && generate) {
        path = tree_attr(s, "path");
        if (path && generated_path(d, path, tree_path_attr(dev, "target", "name"))) {
            tree_set_attr(s, "path", NULL);
            path = NULL;
        }
        r = tree_first(s, "reconnect");
        if (s && r && doc_is(r, "enabled", "yes") && (!path || !doc_is(s, "mode", "connect")))
            return err_set(d->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DOMAIN, "chardev reconnect is possible only for connect mode");
        if (s && !path) {
            tree_free(s);
            return 0;
        }
        if (!s)
            return 0;
    }
    if (source_whole(d, dev, type))
        return -1;
    if (strcmp(type, "udp") == 0) {       /* bind comes first */
        TREE_EACH(u, dev, "source")
            doc_default(u, "mode", "connect");
        TREE_EACH(u, dev, "source")
            if (doc_is(u, "mode", "bind") && u != s) {
                tree_insert(dev, u, s);
                break;
            }
    }
    if (doc_in(type, "tcp unix") && s) {
        doc_default(s, "mode", "connect");
        r = tree_first(s, "reconnect");
        if (r && doc_is(r, "enabled", "yes") && !tree_attr(r, "timeout"))
            return err_set(d->e, VIR_ERR_XML_ERROR, VIR_FROM_XML, "Missing required attribute 'timeout' in element 'reconnect'");
        if (r && doc_is(r, "enabled", "yes") && doc_is(s, "mode", "bind"))
            return err_set(d->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DOMAIN, "chardev reconnect is possible only for connect mode");
    }
    if (strcmp(type, "tcp") == 0)
        doc_default(tree_make(dev, "protocol"), "type", "raw");
    return 0;
}

/* The target's model by its type, for machines with an ISA bus. */
static const struct { const char *target, *model, *address; } serials[] = {
    {"isa-serial", "isa-serial", "isa"}, {"pci-serial", "pci-serial", "pci"}, {"usb-serial", "usb-serial", "usb"},
    {"isa-debug", "isa-debugcon", "isa"},
    /* of other machines */
    {"spapr-vio-serial", "spapr-vty", "spapr-vio"}, {"sclp-serial", "sclpconsole", ""}, {"sclp-serial", "sclplmconsole", ""},
    {"system-serial", "pl011", ""}, {"system-serial", "16550a", ""},
};
#define SERIALS_HERE 4      /* the first are those this machine can have */

static int serial_target(struct doc *d, struct tree *t)
{
    struct tree *target = tree_make(t, "target"), *model;
    const char *type = tree_attr(target, "type"), *addr = doc_address_type(t);
    for (unsigned i = 0; i < SERIALS_HERE && !type; i++)
        if (strcmp(addr, serials[i].address) == 0 && strcmp(addr, "usb") != 0)
            tree_set_attr(target, "type", "%s", type = serials[i].target);
    if (!type)
        tree_set_attr(target, "type", "%s", type = "isa-serial");
    model = tree_first(target, "model");
    for (unsigned i = 0; i < ARRAY_N(serials); i++)
        if (model && doc_is(model, "name", serials[i].model) && strcmp(type, serials[i].target) != 0)
            return doc_unsupported(d, VIR_FROM_QEMU, "Target model '%s' requires target type '%s'", serials[i].model, serials[i].target);
    for (unsigned i = SERIALS_HERE; i < ARRAY_N(serials); i++)
        if (strcmp(type, serials[i].target) == 0 && (model || strcmp(type, "system-serial") != 0))
            return doc_unsupported(d, VIR_FROM_QEMU, "Serial device with target type '%s' and target model '%s' not compatible with guest architecture or machine type",
                type, model ? tree_attr(model, "name") : serials[i].model);
    for (unsigned i = 0; i < SERIALS_HERE; i++)
        if (strcmp(tree_attr(target, "type"), serials[i].target) == 0) {
            if (*addr && strcmp(addr, "none") != 0 && strcmp(addr, serials[i].address) != 0 && strcmp(serials[i].address, "isa") != 0)
                return doc_unsupported(d, VIR_FROM_DOMAIN, "%s requires address of %s type", serials[i].target, serials[i].address);
            if (i == 0 && doc_uint(target, "port", 0) > 3 && !(d->env->flags & (DOC_STORED | DOC_LIVE)))
                return err_set(d->e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_DOMAIN, "Maximum supported number of ISA serial ports is '4'");
            if (*addr && strcmp(addr, "none") != 0 && strcmp(addr, serials[i].address) != 0)
                return doc_unsupported(d, VIR_FROM_QEMU, "Target type '%s' requires address type '%s'", serials[i].target, serials[i].address);
            if (!model)
                tree_set_attr(tree_make(target, "model"), "name", "%s", serials[i].model);
            return 0;
        }
    return 0;
}

static void ports(struct doc *d, const char *name)
{
    int top = -1;
    TREE_EACH(t, d->devices, name)
        if (tree_path_attr(t, "target", "port") && (int)doc_uint(tree_first(t, "target"), "port", 0) > top)
            top = (int)doc_uint(tree_first(t, "target"), "port", 0);
    TREE_EACH(t, d->devices, name)
        if (!tree_path_attr(t, "target", "port"))
            tree_set_attr(tree_make(t, "target"), "port", "%d", ++top);
}

/* The first console stands for the first serial port: each makes the other, and it is printed as its copy. */
static int serial_console(struct doc *d)
{
    struct tree *console = tree_first(d->devices, "console"), *serial = tree_first(d->devices, "serial");
    const char *ct = tree_path_attr(console, "target", "type");
    bool first = true, stands = console && (!ct || doc_in(ct, "serial none"));
    TREE_EACH(c, d->devices, "console") {
        ct = tree_path_attr(c, "target", "type");
        if (!first && (!ct || strcmp(ct, "serial") == 0))
            return doc_unsupported(d, VIR_FROM_DOMAIN, "Only the first console can be a serial port");
        first = false;
    }
    if (stands && !serial) {
        serial = doc_add_device(d, "serial");
        for (struct tree *c = console->child; c; c = c->next)
            if (strcmp(c->name, "target") != 0)
                tree_append(serial, tree_copy(c));
        tree_set_attr(serial, "type", "%s", tree_attr(console, "type"));
        if (tree_attr(console, "tty"))
            tree_set_attr(serial, "tty", "%s", tree_attr(console, "tty"));
    }
    return 0;
}

static void console_copies(struct doc *d)
{
    struct tree *console, *serial = tree_first(d->devices, "serial"), *t;
    const char *ct, *st = tree_path_attr(serial, "target", "type");
    unsigned n = 0;
    TREE_EACH(c, d->devices, "console") {
        t = tree_make(c, "target");
        doc_default(t, "type", "serial");
        if (!(d->env->flags & (DOC_STORED | DOC_CHANGE)) || !tree_attr(t, "port"))
            tree_set_attr(t, "port", "%u", n);
        n++;
    }
    console = tree_first(d->devices, "console");
    ct = tree_path_attr(console, "target", "type");
    if (serial && !doc_in(st, "pci-serial usb-serial isa-debug") && (!console || (ct && strcmp(ct, "serial") != 0))) {
        struct tree *other = console;
        console = doc_add_device(d, "console");
        if (other)
            tree_insert(d->devices, console, other);
        ct = "serial";
    }
    if (console && serial && (!ct || strcmp(ct, "serial") == 0))
        tree_set_attr(tree_make(console, "target"), "type", "serial");
}

/* After addresses and all: the console that stands for the serial port is printed as it. */
void complete_console(struct doc *d)
{
    struct tree *console = tree_first(d->devices, "console"), *serial = tree_first(d->devices, "serial"), *t;
    if (console && serial && doc_is(tree_first(console, "target"), "type", "serial")) {
        while (console->child)
            tree_free(console->child);
        tree_set_attr(console, "type", "%s", tree_attr(serial, "type"));
        tree_set_attr(console, "tty", tree_attr(serial, "tty") ? "%s" : NULL, tree_attr(serial, "tty"));
        for (struct tree *c = serial->child; c; c = c->next)
            if (strcmp(c->name, "target") != 0)
                tree_append(console, tree_copy(c));
        t = tree_make(console, "target");
        tree_set_attr(t, "type", "serial");
        tree_set_attr(t, "port", "%s", tree_path_attr(serial, "target", "port"));
    }
}

/* In libvirt's spelling.  SAFETY: it goes into a text of QEMU's, in which commands may stand behind an address. */
static int forwarded(struct doc *d, struct tree *target)
{
    const char *address = tree_attr(target, "address");
    uint8_t six[16];
    struct in_addr four;
    char text[INET_ADDRSTRLEN];
    if (inet_pton(AF_INET6, address, six) == 1)
        return err_set(d->e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_DOMAIN, "guestfwd channel only supports IPv4 addresses");
    if (strpbrk(address, " \t\n") || !inet_aton(address, &four) || !inet_ntop(AF_INET, &four, text, sizeof text))
        return err_set(d->e, VIR_ERR_SYSTEM_ERROR, VIR_FROM_NONE, "Cannot parse socket address '%s': Name or service not known", address);
    tree_set_attr(target, "address", "%s", text);
    return 0;
}

static int channel(struct doc *d, struct tree *t)
{
    struct tree *target = tree_make(t, "target");
    const char *type = tree_attr(target, "type");
    if (!type)
        return doc_bad(d, "target type must be specified for %s device", "channel");
    if (strcmp(type, "guestfwd") == 0) {
        if (!tree_attr(target, "address"))
            return doc_bad(d, "guestfwd channel does not define a target address");
        if (!tree_attr(target, "port"))
            return doc_bad(d, "guestfwd channel does not define a target port");
        return forwarded(d, target);
    }
    return 0;
}

static int rng(struct doc *d, struct tree *t)
{
    struct tree *b = tree_first(t, "backend"), *rate = tree_first(t, "rate");
    if (rate && !tree_attr(rate, "bytes"))
        tree_free(rate);
    if (!b || tree_next(b, "backend"))
        return doc_bad(d, "only one RNG backend is supported");
    if (doc_is(b, "model", "random") && !b->text)
        tree_set_text(b, "/dev/random");
    if (doc_is(b, "model", "egd")) {
        tree_set_text(b, NULL);
        if (!tree_attr(b, "type"))
            return doc_bad(d, "missing EGD backend type");
        return source(d, b, false);
    }
    if (doc_is(b, "model", "builtin"))
        tree_set_text(b, NULL);
    return 0;
}

static const char *const kinds[] = {"serial", "parallel", "console", "channel", "redirdev", "smartcard"};

int complete_chardevs(struct doc *d)
{
    for (unsigned i = 0; i < ARRAY_N(kinds); i++)
        TREE_EACH(t, d->devices, kinds[i]) {
            if (!tree_attr(t, "type") && i < 4)
                tree_set_attr(t, "type", "pty");
            if (source(d, t, strcmp(kinds[i], "channel") == 0 && doc_in(tree_path_attr(t, "target", "type"), "virtio xen")))
                return -1;
        }
    if (serial_console(d))
        return -1;
    TREE_EACH(t, d->devices, "serial")
        if (serial_target(d, t))
            return -1;
    ports(d, "serial");
    unsigned n = 0;
    TREE_EACH(t, d->devices, "parallel")       /* these are numbered as they come */
    {
        if (!tree_path_attr(t, "target", "port"))
            tree_set_attr(tree_make(t, "target"), "port", "%u", n);
        n++;
    }
    console_copies(d);
    TREE_EACH(t, d->devices, "channel")
        if (channel(d, t))
            return -1;
    TREE_EACH(t, d->devices, "rng")
        if (rng(d, t))
            return -1;
    return 0;
}
