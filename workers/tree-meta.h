/* tree-meta.h: title, description and <metadata> of a guest: what virDomainGetMetadata and virDomainSetMetadata do, on the tree. */
#ifndef BULKHEAD_TREE_META_H
#define BULKHEAD_TREE_META_H
#include "ipc/err.h"
#include "workers/tree.h"

enum meta_type { META_DESCRIPTION, META_TITLE, META_ELEMENT };   /* virDomainMetadataType */

/* The text a client gets; caller frees.  NULL with *e set: VIR_ERR_NO_DOMAIN_METADATA when there is none. */
char *meta_get(const struct tree *dom, int type, const char *uri, struct err *e);
/* Sets, or removes (text and element NULL).  element: for META_ELEMENT, a parsed element in place of text; it becomes the tree's.  key: the
 * prefix it gets.  0, or -1 with *e set (element is freed). */
int meta_set(struct tree *dom, int type, const char *text, struct tree *element, const char *key, const char *uri, struct err *e);
#endif
