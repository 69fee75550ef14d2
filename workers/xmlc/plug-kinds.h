/* plug-kinds.h: what the files of plug.h share. */
#ifndef BULKHEAD_XMLC_PLUG_KINDS_H
#define BULKHEAD_XMLC_PLUG_KINDS_H
#include "workers/xmlc/device.h"
#include "workers/xmlc/plug.h"

#define ALIAS_NEW "bulkhead:new"        /* of a new device, until it gets its own: no client's alias has a colon */

/* plug-kinds.c */
bool plug_kind(const char *name, struct device_kind *k);    /* what can be done to devices of that name while the guest runs */
void plug_prepare(struct tree *dev, enum device_change what); /* values that libvirt assumes of a device that a client names */
int plug_only(const struct device_kind *k, enum device_change what, const struct tree *dev, struct err *e);     /* -1: not with this one, *e says so */
int plug_missing(const struct device_kind *k, const struct tree *dev, struct err *e);     /* -1: there is none like it, *e says so */
struct tree *plug_find(const struct device_kind *k, struct tree *devices, const struct tree *dev);
/* plug.c */
const char *plug_alias_of(const struct tree *t);
/* The run's document completed with dev in old's place, or (old NULL) beside all that is there; the caller frees it. NULL with *e set. */
struct tree *plug_beside(const struct plug_run *p, const struct tree *old, const struct tree *dev, const struct doc_env *env, struct err *e);
struct tree *plug_self(const struct tree *whole, const struct tree *dev);      /* dev in such a document */
void plug_release(struct plug_run *p, const struct tree *old);       /* what old had, and nobody in the run's tree has, is gone: with all that lies below an image */
/* tune.c: the entry of that kind and parent has this text, and unless it is NULL this path, and then m's a; if there is none, m is one more. 0, or -1 with *e set. */
int plug_put(struct manifest_out *out, struct manifest_entry *m, const char *path, const char *text, struct err *e);
/* link.c: the name that the tap of a run's interface has; "": it has none, or it cannot be told. Returns name. */
enum { PLUG_NAME_MAX = 16 };
const char *plug_tap_name(const struct plug_run *p, const struct tree *interface, char name[PLUG_NAME_MAX]);
bool plug_is_macvtap(struct plug_run *p, const struct tree *interface);     /* it is one, or its network's port is */
/* plug-update.c */
int plug_update(struct plug_run *p, const struct device_kind *k, struct tree *dev, const struct doc_env *env, struct err *e);
int plug_medium(struct plug_run *p, struct tree *dev, const struct doc_env *env, struct err *e);      /* attached: a drive that is there gets a medium */
#endif
