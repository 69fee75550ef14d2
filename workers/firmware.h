/* firmware.h: both ends of the page of firmware images (ipc/firmware.h), and which image does for a machine. */
#ifndef BULKHEAD_WORKERS_FIRMWARE_H
#define BULKHEAD_WORKERS_FIRMWARE_H
#include <stdbool.h>
#include "ipc/firmware.h"

/* Maps BFD_FIRMWARE.  NULL: it is none; *err, which may be NULL, is a negative errno then. The mapping stays for the process' life. */
struct firmware_page *firmware_map(int fd, bool writes, int *err);
/* The list becomes what the page has. */
void firmware_write(struct firmware_page *p, const struct firmware_list *l);
/* A copy of what the page has, every text in it ended and every number in range. false: for wait_ms nobody has written it whole. */
bool firmware_read(const struct firmware_page *p, struct firmware_list *out, int wait_ms);
/* It is for that architecture and machine (by its own name, not an alias). */
bool firmware_fits(const struct firmware *f, const char *arch, const char *machine);
#endif
