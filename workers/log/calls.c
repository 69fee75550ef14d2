/* calls.c: position, read and append.  Arguments are fixed structs (internal.h), answers msgpack as the schema has them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/internal.h"
#include "ipc/log.h"
#include "ipc/util.h"
#include "workers/log/log.h"

void reply_position(struct worker *w, const struct request *rq)
{
    struct err e = ERR_INIT;
    struct mp_out o;
    uint64_t inode, offset;
    int r = stream_position(&stream, &inode, &offset);
    if (r < 0) {
        err_sys(&e, VIR_FROM_NONE, -r, "Unable to determine current file offset");
        worker_error(w, rq, &e);
        return;
    }
    mp_out_init(&o, 64);
    mp_array(&o, 1);
    mp_array(&o, 2);
    mp_uint(&o, inode);
    mp_uint(&o, offset);
    worker_reply_out(w, rq, &o);
}

void call_position(struct worker *w, const struct request *rq, struct frame *f)
{
    if (frame_body(f, sizeof(struct log_at)) < 0 || f->body_len != sizeof(struct log_at)) {
        worker_malformed(w, rq);
        return;
    }
    log_drain();
    reply_position(w, rq);
}

void call_read(struct worker *w, const struct request *rq, struct frame *f)
{
    struct err e = ERR_INIT;
    const struct log_at *at;
    struct mp_out o;
    if (frame_body(f, sizeof *at) < 0 || f->body_len != sizeof *at || (at = (const void *)f->body)->most > LOG_TEXT_MAX) {
        worker_malformed(w, rq);
        return;
    }
    log_drain();
    AUTO_FREE char *text = malloc(at->most + 1);
    ssize_t n = text ? stream_read(&stream, given_file, at->inode, at->offset, text, at->most) : -ENOMEM;
    if (n < 0) {
        err_sys(&e, VIR_FROM_NONE, (int)-n, "Unable to seek to inode %llu offset %llu", (unsigned long long)at->inode, (unsigned long long)at->offset);
        worker_error(w, rq, &e);
        return;
    }
    size_t len = strnlen(text, (size_t)n);      /* a string on the wire: libvirt's ends with the first NUL too */
    mp_out_init(&o, LOG_TEXT_MAX + 64);
    mp_array(&o, 1);
    if (mp_utf8(text, len))
        mp_strn(&o, text, len);
    else
        mp_bin(&o, text, len);
    worker_reply_out(w, rq, &o);
}

void call_clean(struct worker *w, const struct request *rq, struct frame *f)
{
    (void)f;
    unsigned n = max_age_days && clean_root >= 0 ? clean_logs(clean_root, time(NULL) - (time_t)max_age_days * 86400) : 0;
    if (n)
        log_warn("%u logs that were older than %u days are removed", n, max_age_days);
    worker_reply(w, rq, NULL, 0, NULL, 0);
}

void call_append(struct worker *w, const struct request *rq, struct frame *f)
{
    struct err e = ERR_INIT;
    const struct log_append *a;
    if (frame_body(f, sizeof *a + LOG_TEXT_MAX) < 0 || f->body_len < sizeof *a || (a = (const void *)f->body)->length != f->body_len - sizeof *a) {
        worker_malformed(w, rq);
        return;
    }
    log_drain();
    int r = stream.out < 0 ? -EBADF : stream_append(&stream, a + 1, a->length);
    if (r < 0) {
        err_sys(&e, VIR_FROM_NONE, -r, "Unable to write to file %s", stream.name);
        worker_error(w, rq, &e);
    } else {
        worker_reply(w, rq, "\x91\x00", 2, NULL, 0);
    }
}
