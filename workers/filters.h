/* filters.h: libvirt's text for which log lines there are ("LEVEL:PATTERN ...", of which the first that matches a source's name counts), and what it comes
 * to for each role, whose processes are our sources. */
#ifndef BULKHEAD_FILTERS_H
#define BULKHEAD_FILTERS_H
#include "ipc/err.h"
#include "ipc/settings.h"

/* Reads log->text, makes it what libvirt shows, and fills log->from: of each role the level of its filter, or s->log_level; s->daemon says whose roles
 * they are.  0, or -1 with *e and *log as it was. */
int filters_parse(struct logging *log, const struct settings *s, struct err *e);
#endif
