/* api_block.c: calls that change a disk of the running guest. */
#include "config.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ipc/util.h"
#include "workers/qemu/ops.h"
#include "workers/qemu/stats.h"

enum { PATH_BYTES = 4096 };

OP_FN(api_block_resize)
{
    enum { RESIZE_BYTES = 1, SECTOR = 512 };
    struct guest *g = w->data;
    struct mp_in in;
    char node[48];
    uint64_t number;
    if (call_args(g, rq, f, &in))
        return;
    AUTO_FREE char *path = mp_get_strdup(&in, PATH_BYTES);
    uint64_t size = mp_get_uint(&in);
    uint32_t flags = mp_get_u32(&in);
    if (call_end_args(g, rq, &in))
        return;
    if (!*path) {
        reply_err(g, rq, VIR_ERR_INVALID_ARG, "empty path");
        return;
    }
    if (!(flags & RESIZE_BYTES) && __builtin_mul_overflow(size, 1024u, &size)) {
        reply_err(g, rq, VIR_ERR_OVERFLOW, "size must be less than %" PRIu64, UINT64_MAX / 1024);
        return;
    }
    if (call_need_up(g, rq))
        return;
    struct tree *disk = guest_disk(g, path);
    const char *format = tree_path_attr(disk, "driver", "type");
    if (!disk)
        reply_err(g, rq, VIR_ERR_INVALID_ARG, "disk '%s' was not found in the domain config", path);
    else if (tree_attr_is(disk, "type", "vhostuser"))
        reply_err(g, rq, VIR_ERR_OPERATION_UNSUPPORTED, "block resize is not supported for vhostuser disk");
    else if (!disk_source(disk) || tree_get(disk, "readonly"))
        reply_err(g, rq, VIR_ERR_OPERATION_UNSUPPORTED, "can't resize empty or readonly disk '%s'", tree_path_attr(disk, "target", "dev"));
    else if (tree_attr_uint(tree_get(disk, "source"), "index", UINT32_MAX, &number) || size > INT64_MAX - SECTOR)
        reply_err(g, rq, VIR_ERR_INVALID_ARG, "the new size of disk '%s' is out of range", path);
    else {
        if (format && (!strcmp(format, "qcow2") || !strcmp(format, "qed")))
            size = (size + SECTOR - 1) / SECTOR * SECTOR;
        util_format(node, sizeof node, "libvirt-%" PRIu64 "-format", number);
        stats_forget(g);
        qmp_send(&g->qmp, "block_resize", json_pack("{s:s, s:I}", "node-name", node, "size", (json_int_t)size), -1, 0, call_on_done, call_new(g, rq));
        qmp_flush(&g->qmp);
    }
}
