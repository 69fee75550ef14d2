/* chain.c: what an image on a server stands on.  Nobody of ours reads such an image, so nothing that its header names is to be the guest's: QEMU is told that it stands on
 * nothing, and then asked whether that is so, and whether the header has its data in other files, which QEMU has opened by then.
 *
 * SAFETY: a header may have been written by the image's last guest, or by whoever serves it, and would have QEMU connect to what only the host reaches. */
#include "config.h"
#include <stdio.h>
#include <string.h>

#include "workers/qemu/plug.h"

static const struct tree *below(const struct tree *el)
{
    const struct tree *b = tree_get(el, "backingStore");
    return tree_get(b, "source") ? b : NULL;
}

static bool by_server(const struct tree *el)
{
    return tree_attr_is(el, "type", "network") && tree_get(el, "source");
}

static const char *text(json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

/* A file that the header has its data in. */
static const char *outside(json_t *image)
{
    json_t *data = json_object_get(json_object_get(image, "format-specific"), "data"), *extents = json_object_get(data, "extents");
    for (size_t i = 0; i < json_array_size(extents); i++) {
        json_t *x = json_array_get(extents, i);
        const char *kind = text(x, "format");
        if (kind && *kind)      /* a descriptor's; the image itself has none */
            return text(x, "filename") ? text(x, "filename") : "";
    }
    return text(data, "data-file");
}

static int check(const struct tree *disk, const struct tree *el, json_t *nodes, struct err *e)
{
    const char *index = el == disk ? tree_path_attr(el, "source", "index") : tree_attr(el, "index"), *target = tree_path_attr(disk, "target", "dev"), *other;
    char name[64];
    snprintf(name, sizeof name, "libvirt-%s-format", index ? index : "");
    for (size_t i = 0; i < json_array_size(nodes); i++) {
        json_t *image = json_object_get(json_array_get(nodes, i), "image");
        const char *is = text(json_array_get(nodes, i), "node-name");
        if (!is || strcmp(is, name))
            continue;
        if ((other = outside(image)))
            return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "disk '%s': its image on a server has its data in '%s', which is not supported", target, other);
        if (!tree_get(el, "backingStore") && (other = text(image, "backing-filename")))
            return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "disk '%s': its image on a server names '%s' as what it stands on: <backingStore> has to say so", target, other);
    }
    return 0;
}

bool chain_is_open(const struct tree *devices)
{
    TREE_EACH(d, devices, "disk")
        for (const struct tree *el = d; el; el = below(el))
            if (by_server(el))
                return true;
    return false;
}

int chain_check(const struct tree *devices, json_t *nodes, struct err *e)
{
    TREE_EACH(d, devices, "disk")
        for (const struct tree *el = d; el; el = below(el))
            if (by_server(el) && check(d, el, nodes, e))
                return -1;
    return 0;
}
