/* device.h: kinds of devices, what tells one from others, and reading one that a client gives alone.  device.c has what becomes of it in a definition,
 * plug.c in a running guest. */
#ifndef BULKHEAD_XMLC_DEVICE_H
#define BULKHEAD_XMLC_DEVICE_H
#include "workers/xmlc/doc.h"

enum device_can {
    ATTACH = 1, DETACH = 2, UPDATE = 4,
    LONE = 8,       /* there is one of its kind at most */
    UNIQUE = 16,    /* none that is the same may be there */
    JUDGED = 32,    /* one that is refused for these reasons, or always, is first looked at in itself */
};
struct fault { int code, domain; const char *text; };   /* $1, $2: the values of same's first two words */

/* same: what tells a device from others: by blanks, paths of children with "@attribute", or "*" for all that is below, or nothing for the text.  "!" behind it:
 * a device without it is like no other; "?": it counts only where the client names it. */
struct device_kind { const char *name, *word, *same; unsigned can; struct fault missing, clash, stale; };      /* not there to detach, there already, not there to update */

const struct device_kind *device_kind(const char *name);        /* NULL: there is none of that name */
/* A client's text of one device, as the document tables have it, inside the domain dom; *k its kind. NULL with *e set; the caller frees it. */
struct tree *device_read(const struct tree *dom, const char *xml, size_t n, const struct doc_env *env, const struct device_kind **k, struct err *e);
/* What libvirt finds wrong with a device that it looks at alone, and would not of the same in a whole document. 0, or -1 with *e set. */
int device_alone(enum device_change what, const struct tree *dom, const struct tree *dev, struct err *e);
/* In all that tells devices of that kind apart. */
bool device_same(const struct device_kind *k, const struct tree *wanted, const struct tree *t);
/* By what the client names of address, MAC and alias; if that are several, it is none: NULL with *e set. */
struct tree *device_interface(struct tree *devices, const struct tree *dev, struct err *e);
bool device_within(const struct tree *wanted, const struct tree *t);    /* all that the client says of it is so; t may have defaults besides */
int device_refuse(const struct device_kind *k, const struct fault *f, const struct tree *dev, struct err *e);
bool device_shows_serial(const struct tree *dev);       /* a console that only shows a serial port */
#endif
