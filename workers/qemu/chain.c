/* chain.c: what an image on a server stands on.  Nobody of ours reads such an image, so nothing that its header names is opened: QEMU is told that it stands on nothing,
 * and then asked whether that is so.
 *
 * SAFETY: a header may have been written by the image's last guest, or by whoever serves it, and would have QEMU connect to what only the host reaches. */
#include "config.h"
#include <stdio.h>
#include <string.h>

#include "workers/qemu/plug.h"

/* The last image of a disk's chain, if it is a server's and the document does not say that it ends there. */
static const struct tree *open_end(const struct tree *disk)
{
    const struct tree *el = disk, *b;
    while ((b = tree_get(el, "backingStore")) && tree_get(b, "source"))
        el = b;
    return !b && tree_attr_is(el, "type", "network") && tree_get(el, "source") ? el : NULL;
}

static int check(const struct tree *disk, json_t *nodes, struct err *e)
{
    const struct tree *end = open_end(disk);
    const char *index = end == disk ? tree_path_attr(end, "source", "index") : tree_attr(end, "index");
    char name[64];
    size_t i;
    json_t *node;
    snprintf(name, sizeof name, "libvirt-%s-format", index ? index : "");
    json_array_foreach(nodes, i, node) {
        const char *is = json_string_value(json_object_get(node, "node-name")), *below = json_string_value(json_object_get(json_object_get(node, "image"), "backing-filename"));
        if (end && is && below && !strcmp(is, name))
            return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "disk '%s': its image on a server names '%s' as what it stands on: <backingStore> has to say so",
                           tree_path_attr(disk, "target", "dev"), below);
    }
    return 0;
}

bool chain_is_open(const struct tree *devices)
{
    TREE_EACH(d, devices, "disk")
        if (open_end(d))
            return true;
    return false;
}

int chain_check(const struct tree *devices, json_t *nodes, struct err *e)
{
    TREE_EACH(d, devices, "disk")
        if (check(d, nodes, e))
            return -1;
    return 0;
}
