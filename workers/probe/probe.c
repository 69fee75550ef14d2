/* probe.c: looks at one image header, or asks one QEMU about itself, and ends.
 *
 * What it reads is hostile: an image that a guest wrote, a QEMU that a guest may have taken over (never: it asks fresh ones).  It holds one
 * descriptor and its channel, and lives for one call. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ipc/loop.h"
#include "ipc/manifest.h"
#include "ipc/schema/op-numbers.h"
#include "ipc/util.h"
#include "workers/caps.h"
#include "workers/probe/probe.h"
#include "workers/worker.h"

/* What the image takes and holds, for the client itself. */
static void reply_sizes(struct worker *w, const struct request *rq, int fd, const struct probe_result *r)
{
    struct stat st;
    struct mp_out o;
    off_t end = lseek(fd, 0, SEEK_END);
    uint64_t physical = end < 0 ? 0 : (uint64_t)end;
    mp_out_init(&o, 64);
    mp_array(&o, 3);
    mp_uint(&o, fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_blocks * 512 : physical);
    mp_uint(&o, r->virtual_size ? r->virtual_size : physical);
    mp_uint(&o, physical);
    worker_reply_out(w, rq, &o);
}

/* Bytes of the image as they are in its file, for the client itself. */
static int reply_bytes(struct worker *w, const struct request *rq, int fd, const struct probe_req *want, struct err *e)
{
    struct mp_out o;
    size_t size = want->peek_size < LIMIT_REMOTE_DOMAIN_BLOCK_PEEK_BUFFER ? want->peek_size : LIMIT_REMOTE_DOMAIN_BLOCK_PEEK_BUFFER;
    AUTO_FREE uint8_t *bytes = malloc(size);
    if (!bytes)
        return err_set(e, VIR_ERR_NO_MEMORY, VIR_FROM_QEMU, " ");
    ssize_t n = want->peek_at > INT64_MAX || lseek(fd, (off_t)want->peek_at, SEEK_SET) < 0 ? -EINVAL : util_read_full(fd, bytes, size);
    if (n < 0)
        return err_sys(e, VIR_FROM_STORAGE, (int)-n, "cannot seek into '%s'", want->path);
    if ((size_t)n < size)
        return err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "'%s' starting from %llu has only %zd bytes available", want->path, (unsigned long long)want->peek_at, n);
    mp_out_init(&o, FRAME_BIG_MAX);
    mp_array(&o, 1);
    mp_bin(&o, bytes, size);
    worker_reply_out(w, rq, &o);
    return 0;
}

static void on_image(struct worker *w, const struct request *rq, struct frame *f)
{
    struct probe_result r = { 0 };
    struct probe_req want;
    struct err e = ERR_INIT;
    AUTO_CLOSE fd = frame_take_fd(f, 0);
    AUTO_CLOSE asked = frame_take_fd(f, 1);
    if (fd < 0 || asked < 0 || frame_copy(asked, &want, sizeof want) < 0 || !memchr(want.path, 0, sizeof want.path))
        err_set(&e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_STORAGE, "malformed probe request");
    if (e.code || image_probe(fd, want.want_format, &r, &e) || (want.path[0] && backing_resolve(want.path, &r, &e)))
        worker_error(w, rq, &e);
    else if (rq->arg == 1 && want.peek_size) {
        if (reply_bytes(w, rq, fd, &want, &e))
            worker_error(w, rq, &e);
    } else if (rq->arg == 1)
        reply_sizes(w, rq, fd, &r);
    else
        worker_reply(w, rq, &r, sizeof r, NULL, 0);
    loop_stop(0);
}

static void on_caps(struct worker *w, const struct request *rq, struct frame *f)
{
    struct probe_caps who;
    struct err e = ERR_INIT;
    struct mp_out o;
    uint32_t version = 0;               /* for whoever does not read the blob */
    AUTO_CLOSE fd = frame_take_fd(f, 0);
    mp_out_init(&o, CAPS_BYTES_MAX);
    if (f->body_len != sizeof who || fd < 0)
        err_set(&e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed probe request");
    else
        memcpy(&who, f->body, sizeof who);
    if (!e.code && (!memchr(who.emulator, 0, sizeof who.emulator) || !memchr(who.accel, 0, sizeof who.accel)))
        err_set(&e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed probe request");
    if (!e.code && caps_ask(fd, &who, &o, &version, &e) == 0) {
        AUTO_CLOSE memfd = frame_memfd("caps", o.p, o.len);
        if (memfd >= 0)
            worker_reply(w, rq, &version, sizeof version, &memfd, 1);
        else
            err_sys(&e, VIR_FROM_QEMU, -memfd, "Unable to pass capabilities on");
    }
    if (e.code)
        worker_error(w, rq, &e);
    mp_out_free(&o);
    loop_stop(0);
}

int main(void)
{
    static const struct worker_op ops[] = { { OP_IN(IN_PROBE_IMAGE), on_image }, { OP_IN(IN_PROBE_CAPS), on_caps }, { 0, NULL } };
    struct worker w = { .ops = ops };
    worker_birth(&w, ROLE_PROBE);
    worker_lock(&w);
    return worker_run(&w);
}
