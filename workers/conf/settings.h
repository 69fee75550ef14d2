/* settings.h (conf): configuration files to struct settings. */
#ifndef BULKHEAD_CONF_SETTINGS_H
#define BULKHEAD_CONF_SETTINGS_H
#include <stddef.h>
#include "ipc/birth.h"
#include "ipc/err.h"
#include "ipc/settings.h"

/* Applies one file's text to *s.  file: enum conf_file; name: what messages call it.  A key that is unknown, or known and not acted
 * on, is told once by log_warn.  0, or -1 with *e ("NAME:LINE: KEY: ..."); *s is then half changed and of no use. */
int settings_apply(struct settings *s, int file, const char *name, const char *text, size_t n, struct err *e);
/* What the environment says of logging (in the settings before the first file) counts more than the files. */
void settings_env(struct settings *s, const struct settings *env);
/* What must hold between keys, after the last file. 0, or -1 with *e. */
int settings_finish(struct settings *s, struct err *e);
#endif
