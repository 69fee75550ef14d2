/* parse.h: bytes of a client -> tree.  The only user of libxml2 in Bulkhead. */
#ifndef BULKHEAD_XMLC_PARSE_H
#define BULKHEAD_XMLC_PARSE_H
#include "ipc/err.h"
#include "workers/tree.h"

#define PARSE_BYTES_MAX (16u << 20)   /* of a document */
#define PARSE_NODES_MAX 262144u       /* elements and attributes */
#define PARSE_DEPTH_MAX 60u           /* below what tree_unpack() takes */
#define PARSE_CHILDREN_MAX 16384u     /* of one element: libvirt's most vCPUs; steps behind compare children pairwise */
#define PARSE_VALUE_MAX (1u << 20)    /* bytes of one attribute */
#define NS_QEMU "http://libvirt.org/schemas/domain/qemu/1.0"

/* Parses n bytes. what names the document in errors as libvirt does: "(domain_definition)". root: the root element wanted, NULL any.
 * Nothing is fetched, no DTD is read, no entity of the document's own is expanded: a document that has a DTD is refused.
 * Elements of QEMU's namespace get the prefix "qemu:" whatever theirs is.  Text is kept in leaves; in <metadata> everywhere.
 * The caller frees the tree.  NULL with *e set. */
struct tree *parse_xml(const char *text, size_t n, const char *what, const char *root, struct err *e);
/* The same for an element that is kept as it is, namespaces and all: one of <metadata>'s children. */
struct tree *parse_verbatim(const char *text, size_t n, const char *what, struct err *e);
#endif
