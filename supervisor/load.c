/* load.c: what a first supervisor finds on the disk: definitions, running guests, what starts by itself. */
#include "guest.h"
#include "sup.h"

void load_begin(void)
{
    ready();
}
