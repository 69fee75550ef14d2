/* source.h: a storage source, as disks, firmware variables and later block jobs describe it. */
#ifndef BULKHEAD_PLAN_SOURCE_H
#define BULKHEAD_PLAN_SOURCE_H
#include "priv.h"

struct source {
    const struct tree *el;           /* <disk>, <mirror>, <backingStore> or <hostdev>: has <source> and, below the top, <format> */
    const struct tree *disk;         /* the <disk> it serves */
    bool top;
    const char *type, *protocol;
    char node[64];                   /* "libvirt-3": its nodes are "libvirt-3-storage" and "libvirt-3-format" */
    const struct plan_res *res;      /* PLAN_RUN: what was opened */
    int32_t index;
};
/* Properties that name where the bytes are: "driver", "filename", ... */
void pl_source_props(struct ctx *c, const struct source *s, json_t *o);
/* Objects the nodes refer to: secrets, TLS credentials. */
void pl_source_objects(struct ctx *c, const struct source *s);
const struct tree *pl_source_auth(const struct source *s);
const struct tree *pl_source_encryption(const struct source *s);
/* True when there is no medium: a drive without <source>. */
bool pl_source_empty(const struct tree *disk);
#endif
