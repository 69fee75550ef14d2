/* check.c: what only the whole document can tell. */
#include <stdio.h>
#include <string.h>
#include "ipc/util.h"
#include "workers/xmlc/doc.h"

int check_document(struct doc *d)
{
    (void)d;
    return 0;
}
