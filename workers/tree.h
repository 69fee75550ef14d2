/* tree.h: a document as a tree, the one model of a guest.
 *
 * Made by xmlc from XML, carried between roles as msgpack, read and changed by path, printed in libvirt's layout.
 * Element order is the printing order; xmlc puts it into libvirt's canonical order. */
#ifndef BULKHEAD_TREE_H
#define BULKHEAD_TREE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ipc/mp.h"

/* Name of a node whose text is printed as it is: a comment, CDATA section or instruction inside <metadata>; no element can have it. */
#define TREE_VERBATIM "!"

struct tree_attr { char *name, *value; struct tree_attr *next; };
struct tree {
    char *name;                    /* with prefix ("qemu:commandline"); NULL: a text node inside mixed content */
    char *text;                    /* text of a leaf, or of a text node; NULL none */
    struct tree_attr *attr;        /* in printing order; xmlns declarations are kept as attributes */
    struct tree *parent, *child, *last, *next, *prev;
};

struct tree *tree_new(const char *name);
void tree_free(struct tree *t);                                   /* with all below; unlinks first */
static inline void tree_freep(struct tree **t) { if (*t) tree_free(*t); }
#define AUTO_TREE __attribute__((cleanup(tree_freep))) struct tree
struct tree *tree_copy(const struct tree *t);
struct tree *tree_add(struct tree *parent, const char *name);     /* new last child */
struct tree *tree_add_text(struct tree *parent, const char *name, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void tree_append(struct tree *parent, struct tree *child);
void tree_insert(struct tree *parent, struct tree *child, struct tree *before);   /* before NULL: first */
/* Children of that name, which stand together, in an order; those that are equal in it stay as they are. parent may be NULL. */
void tree_order(struct tree *parent, const char *name, bool (*before)(const struct tree *, const struct tree *));
void tree_unlink(struct tree *t);
/* Navigation. path is "os/type"; NULL when any step is missing. first match. */
struct tree *tree_get(const struct tree *t, const char *path);
struct tree *tree_make(struct tree *t, const char *path);         /* adds what is missing */
struct tree *tree_next(const struct tree *t, const char *name);   /* next sibling of that name (any if NULL) */
#define TREE_EACH(v, parent_, name_) for (struct tree *v = tree_first(parent_, name_); v; v = tree_next(v, name_))
struct tree *tree_first(const struct tree *parent, const char *name);   /* parent may be NULL */
/* Attributes and text.  Values live until changed. t may be NULL: NULL comes back. */
const char *tree_attr(const struct tree *t, const char *name);
const char *tree_path_attr(const struct tree *t, const char *path, const char *name);   /* path "" or NULL: t itself */
const char *tree_text(const struct tree *t, const char *path);
void tree_set_attr(struct tree *t, const char *name, const char *fmt, ...) __attribute__((format(printf, 3, 4)));   /* fmt NULL: remove */
void tree_set_text(struct tree *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool tree_attr_is(const struct tree *t, const char *name, const char *value);
/* Numbers: 0 and *v set; -ENOENT absent; -EINVAL not a whole number in range (decimal; 0x hex only with *_any). */
int tree_attr_uint(const struct tree *t, const char *name, uint64_t max, uint64_t *v);
int tree_parse_uint(const char *s, int base, uint64_t max, uint64_t *v);
uint64_t tree_number(const struct tree *t, const char *path, uint64_t absent);    /* in decimal, the text at path, or t's own (NULL); absent: there is none, or another text */

/* Printing: libvirt's layout (two blanks a level, single quotes, <a/>), newline at the end. NULL on lack of memory; caller frees. */
char *tree_print(const struct tree *t, unsigned indent, size_t *len);
char *tree_print_foreign(const struct tree *t);     /* in the style of what is inside <metadata> */
/* msgpack form: [name|nil, text|nil, [attr, value, ...], [child...]]. */
void tree_pack(struct mp_out *o, const struct tree *t);
/* Reads one; bounds: depth 32, nodes and bytes as given by the input size. NULL and in->bad on nonsense. */
struct tree *tree_unpack(struct mp_in *in);
struct tree *tree_map(int fd);                          /* a sealed memfd's; NULL: it holds none. fd borrowed, the tree is the caller's */
#endif
