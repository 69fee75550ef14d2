/* plug.h: devices of a running guest come, go and change: in the model that the supervisor keeps of the run. */
#ifndef BULKHEAD_XMLC_PLUG_H
#define BULKHEAD_XMLC_PLUG_H
#include "ipc/internal.h"
#include "ipc/manifest.h"
#include "workers/xmlc/doc.h"

/* t and manifest are the run's before, and then those after it.  devices: a <devices> with only what (plug_tune: elements of <domain>) is to be plugged in, taken out or changed, in the order
 * to do it.  All three are the caller's to free, but for manifest's bytes, which lie in a buffer of its own. */
struct plug_run { struct tree *t, *devices; struct manifest_out manifest; enum plug_what what; int grants /* the caller's; -1: not known */; };

/* Opens a run: its manifest is copied into buf. 0, or -1 with *e set when it is none. */
int plug_open(struct plug_run *p, struct tree *t, const void *manifest, size_t n, void *buf, size_t cap, struct err *e);
/* A client's call; xml as for device_change(). 0, or -1 with *e set. */
int plug_change(struct plug_run *p, enum device_change what, const char *xml, size_t n, const struct doc_env *env, struct err *e);
/* Its limits, pins or performance events have changed in t since before: their entries and elements. 0, or -1 with *e set. */
int plug_tune(struct plug_run *p, const struct tree *before, struct err *e);
/* link.c: in t interfaces are called as their taps are, by which a client knows them.  0, or -1 with *e set: the grants are none. */
int plug_name_taps(struct plug_run *p, struct err *e);
/* Limits of an interface's traffic have changed in t since before: likewise, or there is nothing to do. Names that it had not before it has no more. */
int plug_shape(struct plug_run *p, const struct tree *before, struct err *e);
/* The port of that entry (MK_LINK), as its daemon shows it: bridge and limits are those. 0, or -1 with *e set. */
int link_port(struct plug_run *p, uint32_t link, const char *xml, size_t n, struct err *e);
/* tune.c: what came of the secret of that entry (MK_SECRET). 0, or -1 with *e set. */
enum { SECRET_IV_CHARS = 24 };
int plug_secret(struct plug_run *p, uint32_t index, const char *value, size_t n, struct err *e);
/* A device has gone: the tree without it, and MF_GONE on what it had. Unknown ones have gone before. */
void plug_gone(struct plug_run *p, const char *alias);
#endif
