/* talk-fuzz.h: a talk with one of libvirt's daemons of objects: the input is all that ever comes over the connection. */
#ifndef BULKHEAD_TALK_FUZZ_H
#define BULKHEAD_TALK_FUZZ_H
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "ipc/frame.h"
#include "ipc/manifest.h"
#include "ipc/util.h"
#include "workers/talk/talk.h"

struct fuzz_entry { uint16_t kind; uint32_t flags; int32_t parent; const char *path, *aux; };

/* A manifest of these, made once: *fd is -1 before. */
static inline int fuzz_manifest(int *fd, const struct fuzz_entry *v, size_t n)
{
    static uint8_t buf[1024];
    struct manifest_out out;
    manifest_begin(&out, buf, sizeof buf);
    for (size_t i = 0; i < n; i++)
        manifest_add(&out, &(struct manifest_entry){ .kind = v[i].kind, .flags = v[i].flags, .parent = v[i].parent }, v[i].path, v[i].aux);
    return *fd >= 0 ? *fd : (*fd = frame_memfd("manifest", buf, (size_t)manifest_finish(&out)));
}

typedef int fuzz_talk_fn(int fd, bool takes, struct mp_out *out, struct err *e);

/* has_answers: of what takes something there are some. */
static inline int fuzz_talk(const uint8_t *data, size_t size, bool takes, bool has_answers, fuzz_talk_fn *fn)
{
    struct err e = ERR_INIT;
    struct mp_out out;
    int pair[2];
    if (size > 65536 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
        return 0;
    if (write(pair[1], data, size) != (ssize_t)size || shutdown(pair[1], SHUT_WR))
        abort();
    mp_out_init(&out, FRAME_BIG_MAX);
    int r = fn(pair[0], takes, &out, &e);
    if ((r == 0) != (e.code == 0))
        abort();                /* a refusal without a reason, or the other way round */
    if (r == 0 && takes && has_answers && (out.failed || mp_guard(out.p, out.len, MP_DEPTH_MAX, FRAME_BIG_MAX, NULL)))
        abort();                /* what xmlc cannot even walk */
    if ((r || !takes || !has_answers) && out.len)
        abort();
    mp_out_free(&out);
    close(pair[0]);
    close(pair[1]);
    return 0;
}
#endif
