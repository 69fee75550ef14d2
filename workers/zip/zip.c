/* zip.c: the role that compresses one file that a log has rolled over to, and ends.
 *
 * It reads what a guest wrote, which zlib only packs, and sees nothing but the file, read-only, and the one to write to.  Its work may come again with the
 * same two descriptors, when a supervisor dies: so it writes at places of its own, and the same bytes each time. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include "ipc/internal.h"
#include "ipc/util.h"
#include "workers/zipped.h"
#include "workers/worker.h"

#define CHUNK 65536u
enum { GZIP = 16, LEVEL = 6, MEMORY = 8, LEAST_PRIORITY = 19 };

static int put(int to, const uint8_t *p, size_t n, uint64_t *at)
{
    while (n) {
        ssize_t r = pwrite(to, p, n, (off_t)*at);
        if (r <= 0)
            return r < 0 ? -errno : -ENOSPC;
        p += r;
        n -= (size_t)r;
        *at += (uint64_t)r;
    }
    return 0;
}

/* All of `from`, which nobody writes to any more. */
static int pack(z_stream *z, int from, int to)
{
    static uint8_t in[CHUNK], out[CHUNK];
    uint64_t read_at = 0, write_at = 0;
    int flush, r = ftruncate(to, 0) < 0 ? -errno : 0;
    do {
        ssize_t n = r < 0 ? r : pread(from, in, sizeof in, (off_t)read_at);
        if (n < 0)
            return r < 0 ? r : -errno;
        read_at += (uint64_t)n;
        z->next_in = in;
        z->avail_in = (uInt)n;
        flush = n ? Z_NO_FLUSH : Z_FINISH;
        do {
            z->next_out = out;
            z->avail_out = sizeof out;
            if (deflate(z, flush) == Z_STREAM_ERROR)
                return -EIO;
            r = put(to, out, sizeof out - z->avail_out, &write_at);
        } while (r == 0 && z->avail_out == 0);
    } while (r == 0 && flush != Z_FINISH);
    return r < 0 ? r : fdatasync(to) < 0 ? -errno : 0;
}

static int zip(int from, int to)
{
    z_stream z = { 0 };
    uint8_t extra[ZIPPED_EXTRA_BYTES] = { ZIPPED_ID_1, ZIPPED_ID_2, sizeof(uint64_t), 0 };
    gz_header head = { .os = 3, .extra = extra, .extra_len = sizeof extra };
    struct stat st;
    if (fstat(from, &st) < 0)
        return -errno;
    for (unsigned i = 0; i < sizeof(uint64_t); i++)         /* by which clients know it */
        extra[4 + i] = (uint8_t)((uint64_t)st.st_ino >> 8 * i);
    if (deflateInit2(&z, LEVEL, Z_DEFLATED, MAX_WBITS + GZIP, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
        return -ENOMEM;
    int r = deflateSetHeader(&z, &head) == Z_OK ? pack(&z, from, to) : -EINVAL;
    deflateEnd(&z);
    return r;
}

static void on_zip(struct worker *w, const struct request *rq, struct frame *f)
{
    struct err e = ERR_INIT;
    int r = f->h.nfds == 2 ? zip(f->fds[0], f->fds[1]) : -EINVAL;
    if (r < 0) {
        err_sys(&e, VIR_FROM_LOGGING, -r, "cannot compress a log");
        worker_error(w, rq, &e);
    } else {
        worker_reply(w, rq, NULL, 0, NULL, 0);
    }
}

int main(void)
{
    static const struct worker_op ops[] = { { OP_IN(IN_LOG_ZIP), on_zip }, { 0, NULL } };
    static struct worker w = { .ops = ops };
    worker_birth(&w, ROLE_ZIP);
    setpriority(PRIO_PROCESS, 0, LEAST_PRIORITY);       /* whoever writes or reads goes first */
    worker_lock(&w);
    return worker_run(&w);
}
