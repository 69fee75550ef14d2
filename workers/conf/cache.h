/* cache.h (conf): facts of definitions from one daemon to the next. */
#ifndef BULKHEAD_CONF_CACHE_H
#define BULKHEAD_CONF_CACHE_H
#include <stdbool.h>
#include "workers/conf/store.h"

void cache_init(const struct store *s);                             /* without an index page it does nothing; s is borrowed */
void cache_apply(struct conf_entry *entries, size_t n);            /* a list of definitions: fills in what is known of them */
void cache_touch(void);                                             /* something was done to a definition: it is written a little later */
#endif
