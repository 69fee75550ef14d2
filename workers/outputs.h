/* outputs.h: libvirt's text for where log lines go ("LEVEL:stderr LEVEL:file:PATH LEVEL:syslog:NAME LEVEL:journald") and the table that the keeper opens. */
#ifndef BULKHEAD_OUTPUTS_H
#define BULKHEAD_OUTPUTS_H
#include <stddef.h>
#include "ipc/err.h"
#include "ipc/settings.h"

#define OUTPUTS_TEXT_MAX 1024       /* bytes of the text of a full table, with its NUL */
/* Fills to[] from text; of two outputs to the same place the later one counts. 0, or -1 with *e and to[] as it was. */
int outputs_parse(struct log_output to[LOG_OUTPUTS_MAX], const char *text, struct err *e);
/* The text of such a table. */
void outputs_print(char text[OUTPUTS_TEXT_MAX], const struct log_output to[LOG_OUTPUTS_MAX]);
#endif
