#include "keeper.h"
int cli_worker(const struct layout *l, const char *name, const char *debug)
{
    (void)l; (void)name; (void)debug;
    return 1;
}
