/* override.c: <qemu:override>: properties of a device as the document wants them, whatever the tables said. */
#include "priv.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void apply(struct ctx *c, json_t *o, const struct tree *p)
{
    const char *name = tree_attr(p, "name"), *type = tree_attr(p, "type"), *value = tree_attr(p, "value");
    char *end;
    if (!name || (!value && !pl_is(type, "remove")))
        return;
    errno = 0;
    if (pl_is(type, "remove")) {
        json_object_del(o, name);
    } else if (pl_is(type, "signed") || pl_is(type, "unsigned")) {
        long long v = strtoll(value, &end, 10);
        if (errno || end == value || *end)
            pl_fail(c, "invalid value '%s' of property '%s' in <qemu:override>", value, name);
        pl_set_int(o, name, v);
    } else if (pl_is(type, "bool")) {
        pl_set_bool(o, name, pl_is(value, "true"));
    } else {
        pl_setf(c, o, name, "%s", value);
    }
}

void pl_apply_overrides(struct ctx *c)
{
    TREE_EACH(d, tree_get(c->in->dom, "qemu:override"), "qemu:device")
        for (size_t i = 0; i < c->out->n; i++) {
            struct plan_item *it = &c->out->v[i];
            if (it->opt != PLAN_DEVICE || !pl_is(json_string_value(json_object_get(it->props, "id")), tree_attr(d, "alias")))
                continue;
            TREE_EACH(p, tree_get(d, "qemu:frontend"), "qemu:property")
                apply(c, it->props, p);
        }
}
