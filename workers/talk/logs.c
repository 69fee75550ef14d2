/* logs.c: see talk.h.  Calls and flags are libvirt's: of its drivers this is "qemu", and a device's log begins anew where its document says append='off'. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "ipc/schema/op-numbers.h"
#include "ipc/util.h"
#include "workers/manifest-file.h"
#include "workers/rpc-client.h"
#include "workers/talk/talk.h"

/* QEMU gets it, and the host's daemon may be anybody by now: the end of a pipe that can be written, and nothing else. */
static bool is_pipe(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY;
}

static int open_one(struct rpc_client *c, const struct lock_owner *o, const char *path, uint32_t flags, int *fd, struct err *e)
{
    struct mp_out a;
    rpc_args(&a, 4);
    mp_str(&a, "qemu");
    mp_array(&a, 2);
    mp_bin(&a, o->uuid, sizeof o->uuid);
    mp_str(&a, o->name);
    mp_str(&a, path);
    mp_uint(&a, flags);
    int r = rpc_call(c, OP_LOG_DOMAIN_OPEN_LOG_FILE, &a, NULL, fd, e);
    if (!r && !is_pipe(*fd)) {
        util_closep(fd);
        r = err_set(e, VIR_ERR_RPC, VIR_FROM_RPC, "Unable to open file: %s: what virtlogd gives is no pipe to be written", path);
    }
    return r;
}

static int own_path(const struct lock_owner *o, const struct layout *l, char path[LOG_PATH_MAX], struct err *e)
{
    return util_format(path, LOG_PATH_MAX, "%s/%s.log", l->log_dir, o->name) < 0 ? err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "the log's name is too long") : 0;
}

int logs_open(int fd, const struct lock_owner *o, const struct layout *l, int manifest, unsigned ms, struct pipes *p, struct err *e)
{
    char own[LOG_PATH_MAX];
    struct rpc_client c;
    struct manifest_file f;
    struct manifest_entry m;
    const char *path, *aux;
    if (own_path(o, l, own, e))
        return -1;
    rpc_client_init(&c, fd, ms);
    int more = manifest_file_open(&f, manifest), r = more ? 0 : open_one(&c, o, own, 0, &p->fd[0], e);
    p->n = !more && !r;
    while (!r && (more = manifest_file_next(&f, &m, &path, &aux)) > 0)
        if (m.kind == MK_LOG && path) {
            if (p->n == PIPES_MAX)
                r = err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "more than %d logs for a guest", PIPES_MAX);
            else if (!(r = open_one(&c, o, path, m.flags & MF_APPEND ? 0 : LOG_OPEN_TRUNCATE, &p->fd[p->n], e)))
                p->n++;
        }
    manifest_file_close(&f);
    if (more < 0 && !r)
        r = err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed manifest");
    return r;
}

/* What virtlogd has not written yet it writes before it tells the position. */
int logs_tail(int fd, const struct lock_owner *o, const struct layout *l, unsigned ms, char **text, size_t *n, struct err *e)
{
    char path[LOG_PATH_MAX];
    struct rpc_client c;
    struct mp_out a, ret;
    struct mp_in in;
    if (own_path(o, l, path, e))
        return -1;
    rpc_client_init(&c, fd, ms);
    rpc_args(&a, 2);
    mp_str(&a, path);
    mp_uint(&a, 0);
    int r = rpc_call(&c, OP_LOG_DOMAIN_GET_LOG_FILE_POSITION, &a, &ret, NULL, e);
    mp_in_init(&in, ret.p, ret.len);
    mp_get_array(&in, 1);
    mp_get_array(&in, 2);
    uint64_t inode = mp_get_uint(&in), offset = mp_get_uint(&in);
    mp_out_free(&ret);
    if (r)
        return r;
    rpc_args(&a, 4);
    mp_str(&a, path);
    mp_array(&a, 2);
    mp_uint(&a, inode);
    mp_uint(&a, offset > LOGS_TAIL_MAX ? offset - LOGS_TAIL_MAX : 0);
    mp_uint(&a, LOGS_TAIL_MAX);
    mp_uint(&a, 0);
    r = rpc_call(&c, OP_LOG_DOMAIN_READ_LOG_FILE, &a, &ret, NULL, e);
    mp_in_init(&in, ret.p, ret.len);
    mp_get_array(&in, 1);
    const uint8_t *s = r ? NULL : mp_get_bin(&in, n);
    if (!r && (!s || !mp_end(&in) || *n > LOGS_TAIL_MAX || !(*text = malloc(*n + 1))))
        r = err_set(e, VIR_ERR_RPC, VIR_FROM_RPC, "the end of '%s' cannot be read back", path);
    if (!r)
        memcpy(*text, s, *n);
    mp_out_free(&ret);
    return r;
}
