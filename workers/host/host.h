/* host.h: the documents the host worker makes. */
#ifndef BULKHEAD_HOST_H
#define BULKHEAD_HOST_H
#include "ipc/err.h"
#include "ipc/index.h"
#include "ipc/settings.h"
#include "workers/caps.h"
#include "workers/firmware.h"

struct host { struct caps caps; struct index index; struct settings settings; const struct firmware_page *firmware /* NULL: none */; };

/* virConnectGetCapabilities. Caller frees; NULL on lack of memory. */
char *capabilities_text(const struct host *h);
/* virConnectGetDomainCapabilities; each of the four may be NULL. Caller frees; NULL with *e set. */
char *domcaps_text(const struct host *h, const char *emulator, const char *arch, const char *machine, const char *virttype, struct err *e);
#endif
