/* access.h (conf): bulkhead-access.conf to struct access_rules.  A rule is a line: see bulkhead-access.conf(5). */
#ifndef BULKHEAD_CONF_ACCESS_H
#define BULKHEAD_CONF_ACCESS_H
#include "ipc/access.h"
#include "ipc/err.h"

/* Parses n bytes of text; name is the file's, for messages.  *out: malloc'd, the caller's, with *size bytes; ids of users and groups are 0 in it.
 * 0, or -1 with *e ("NAME:LINE: ..."). */
int access_parse(const char *name, const char *text, size_t n, struct access_rules **out, size_t *size, struct err *e);
#endif
