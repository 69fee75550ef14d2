/* sibling.c: see talk.h. */
#include "ipc/frame.h"
#include "ipc/schema/op-numbers.h"
#include "workers/manifest-file.h"
#include "workers/talk/talk.h"

int talk_greet(struct rpc_client *c, const char *uri, struct err *e)
{
    struct mp_out a;
    if (rpc_call(c, OP_REMOTE_AUTH_LIST, NULL, NULL, NULL, e))
        return -1;
    rpc_args(&a, 2);
    mp_str(&a, uri);
    mp_uint(&a, 0);
    return rpc_call(c, OP_REMOTE_CONNECT_OPEN, &a, NULL, NULL, e);
}

void talk_put(struct mp_out *to, const struct mp_out *answer)
{
    mp_raw(to, answer->p + 1, answer->len - 1);     /* behind the head of an array of one */
}

int sibling_say(int fd, const char *uri, int manifest, unsigned ms, sibling_fn *fn, const void *about, struct mp_out *answers, struct err *e)
{
    struct rpc_client c;
    struct manifest_file f;
    struct manifest_entry m;
    const char *path, *aux;
    struct mp_out list;
    uint32_t told = 0;
    rpc_client_init(&c, fd, ms);
    mp_out_init(&list, FRAME_BIG_MAX);
    int more = manifest_file_open(&f, manifest), r = more ? 0 : talk_greet(&c, uri, e);
    while (r >= 0 && (more = manifest_file_next(&f, &m, &path, &aux)) > 0) {
        r = fn(&c, &m, path, aux, about, &list, e);
        told += r > 0;
    }
    manifest_file_close(&f);
    if (more < 0 && r >= 0)
        r = err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed manifest");
    if (r >= 0 && answers)
        mp_list(answers, told, &list);
    mp_out_free(&list);
    return r < 0 ? -1 : 0;
}
