/* store.h (conf): folders of definitions and status files.  Every name is checked here; a file is NAME and the folder's suffix,
 * opened below the folder's descriptor and never through a symbolic link. */
#ifndef BULKHEAD_CONF_STORE_H
#define BULKHEAD_CONF_STORE_H
#include <stdbool.h>
#include "ipc/err.h"
#include "ipc/index.h"
#include "ipc/internal.h"
#include "ipc/layout.h"

struct store { int dir[DIR_KIND_N] /* descriptors of the folders, -1 where there is none */; struct layout layout; struct index index /* head NULL: none was given */; };
void store_init(struct store *s, const struct birth *b);

/* Each: 0, or -1 with *e. */
int store_list(const struct store *s, uint32_t dir, int *memfd, struct err *e);         /* a sealed memfd of struct conf_entry */
int store_read(const struct store *s, const struct conf_name *n, int *memfd, struct err *e);
int store_entry(const struct store *s, const struct conf_name *n, struct conf_entry *entry);     /* of the file as it is; -1: there is none */
int store_write(const struct store *s, const struct conf_name *n, const void *text, size_t len, struct conf_entry *entry, struct err *e);
size_t store_head_len(const void *text, size_t len);    /* bytes of the head that store_write put before a text; 0: it has none */
/* With its autostart link; absent is no error. flags: of the call that undefines it. With the last that there is of a domain goes its TPM's state. */
int store_remove(const struct store *s, const struct conf_name *n, uint32_t flags, struct err *e);
int store_autostart(const struct store *s, const struct conf_name *n, int on, struct err *e);
/* The definition of the domain in that row of the index gets another name, and when the index has it, the old one's file goes. */
int store_rename(const struct store *s, const struct conf_name *is, uint32_t slot, const void *text, size_t len, struct conf_entry *entry, struct err *e);
int store_renamed(const struct store *s, uint32_t slot, struct err *e);
/* Before anything else is done with a definition of that name (NULL: none): what is left of changes of names whose old file could not be removed is tried again. -1 with *e: it is
 * still there, and what was written now would be lost by it. It is also tried from time to time. */
int store_late(const struct store *s, const char *name, struct err *e);
void store_settle(const struct store *s);               /* of changes of names that were cut off, each is done or undone: the index tells which */
/* Files with a guest's saved state (ipc/save.h). what: enum conf_save.  manifest: the call's descriptor, -1 none; fds: as IN_CONF_SAVE tells, -1 none; 0, or -1 with *e. */
int store_save(const struct store *s, const struct conf_name *n, uint32_t what, int manifest, int fds[2], struct save_facts *facts, struct err *e);
/* The bytes in place of the file's, if there is one: at any moment a reader, also after a crash, finds the old or the new ones whole. head_of: put before them the
 * head that tells who keeps this file, NULL none; lasts: over a power cut too. 0 or a negative errno. */
int store_put(int dir, const char *file, const void *text, size_t len, const struct conf_name *head_of, bool lasts);
int store_name(const struct store *s, const struct conf_name *n, char file[], struct err *e);       /* NAME_MAX + 1 bytes: the file's name in its folder */
#endif
