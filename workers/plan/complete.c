#include "priv.h"
int plan_complete(struct tree *dom, const struct plan_host *h, struct err *e) { (void)dom; (void)h; (void)e; return 0; }
