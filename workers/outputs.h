/* outputs.h: libvirt's text for where log lines go ("LEVEL:stderr LEVEL:file:PATH LEVEL:syslog:NAME LEVEL:journald") and the table that the keeper opens. */
#ifndef BULKHEAD_OUTPUTS_H
#define BULKHEAD_OUTPUTS_H
#include "ipc/err.h"
#include "ipc/settings.h"

/* Reads log->text, makes it what libvirt shows, and fills log->to; of two outputs to the same place the later one counts. 0, or -1 with *e and *log as it was. */
int outputs_parse(struct logging *log, struct err *e);
#endif
