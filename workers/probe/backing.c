/* backing.c: the path that a backing file's name in a header stands for. */
#include <errno.h>
#include <string.h>
#include "ipc/util.h"
#include "workers/probe/probe.h"

enum { PATH_BYTES = sizeof((struct probe_result *)0)->backing };

/* base's folder + name, with "x/.." and "." taken out by text. */
static int join(char out[PATH_BYTES], const char *base, const char *name)
{
    char raw[2 * PATH_BYTES + 2];
    const char *slash = strrchr(base, '/');
    if (!slash)
        return -EINVAL;
    int r = name[0] == '/' ? util_copy_str(raw, sizeof raw, name) : util_format(raw, sizeof raw, "%.*s/%s", (int)(slash - base), base, name);
    size_t n = 0;
    for (char *save = NULL, *s = strtok_r(raw, "/", &save); s && !r; s = strtok_r(NULL, "/", &save)) {
        if (!strcmp(s, "."))
            continue;
        if (!strcmp(s, "..")) {
            while (n && out[--n] != '/')
                ;
            continue;
        }
        size_t len = strlen(s);
        if (n + len + 2 > PATH_BYTES)
            return -ENAMETOOLONG;
        out[n++] = '/';
        memcpy(out + n, s, len);
        n += len;
    }
    out[n] = 0;
    return r ? r : n ? 0 : -EINVAL;
}

int backing_resolve(const char *image, struct probe_result *r, struct err *e)
{
    char path[PATH_BYTES];
    if (!r->has_backing)
        return 0;
    if (r->data_file[0])
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "image '%s' keeps its data in another file", image);
    if (r->backing[strcspn(r->backing, ":/")] == ':')
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "backing store '%s' of image '%s' is not a file", r->backing, image);
    if (join(path, image, r->backing) < 0)
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "backing store of image '%s' has no usable name", image);
    memcpy(r->backing, path, sizeof path);
    return 0;
}
