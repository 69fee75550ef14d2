/* manifest-file.h: a manifest that came as a sealed file, entry by entry. */
#ifndef BULKHEAD_MANIFEST_FILE_H
#define BULKHEAD_MANIFEST_FILE_H
#include <stdbool.h>
#include <stddef.h>
#include "ipc/manifest.h"

struct manifest_file { struct manifest_in in; const void *map; size_t size; };
/* fd: borrowed; -1 is refused as well. 0, or a negative errno, after which manifest_file_next() says -EPROTO; manifest_file_close() in both cases. */
int manifest_file_open(struct manifest_file *f, int fd);
/* As manifest_next(); the strings live until manifest_file_close(). */
int manifest_file_next(struct manifest_file *f, struct manifest_entry *m, const char **path, const char **aux);
void manifest_file_close(struct manifest_file *f);

/* The grants of a run, likewise. */
struct grants_file { const struct grant *v; uint32_t n; const void *map; size_t size; };
int grants_file_open(struct grants_file *f, int fd);
const char *grants_file_name(const struct grants_file *f, uint32_t i);      /* of what was made for that entry; "": none */
void grants_file_close(struct grants_file *f);
/* fd: borrowed, or -1: whether libvirt's daemon began the guest, as far as that can be read. */
bool grants_file_foreign(int fd);
#endif
