/* files.h: saved states and dumps in files of the client's choice. */
#ifndef BULKHEAD_XMLC_FILES_H
#define BULKHEAD_XMLC_FILES_H
#include "workers/xmlc/xmlc.h"

uint32_t file_op(size_t i);             /* the calls that there are; 0: no more */
int on_auto_dump(struct job *j, const void *body, size_t n);        /* IN_DUMP, with that body: names the file of a dump that the run's document wants; or -1 with j->e set */
int on_file(struct job *j);             /* one of them: answers it, or -1 with j->e set */
/* abi.c: does a guest find the same machine in both?  What libvirt compares before a state goes from one document to another. 0, or -1 with *e set. */
int abi_check(const struct tree *from, const struct tree *to, struct err *e);
#endif
