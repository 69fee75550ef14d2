/* grammar.h: libvirt's configuration files: `key = value` lines.
 *
 * A value is a whole number, a string ("..." or '...' on one line, or """...""" over lines; no escapes), or a list [ a, b, ] of these
 * over lines, empty or with a comma at its end.  `#` begins a comment, also in a list.  A line holds one assignment. */
#ifndef BULKHEAD_CONF_GRAMMAR_H
#define BULKHEAD_CONF_GRAMMAR_H
#include <stddef.h>
#include <stdint.h>
#include "ipc/err.h"

enum conf_type { CONF_INT, CONF_STR, CONF_LIST };
struct conf_value {
    enum conf_type type;
    int64_t number;             /* CONF_INT */
    const char *str;            /* CONF_STR: points into the text, len bytes, no NUL at its end; CONF_LIST: what is between the brackets */
    size_t len;
    unsigned items, strings;    /* CONF_LIST: how many, and how many of them are strings */
    unsigned line;              /* where it begins */
};
/* One assignment.  0 to go on; -1 with *e set to end. */
typedef int conf_assign_fn(void *data, const char *key, const struct conf_value *v, struct err *e);

#define CONF_TEXT_MAX (1u << 20)
#define CONF_KEY_MAX 64u        /* with NUL */

/* Parses n bytes of text; name is the file's, for messages.  Assignments come in the order of the file: a later one wins.
 * 0, or -1 with *e ("NAME:LINE: ..."). */
int conf_parse(const char *name, const char *text, size_t n, conf_assign_fn *fn, void *data, struct err *e);
#endif
