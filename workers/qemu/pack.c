/* pack.c: a guest's state on its way between QEMU and a file in which it is packed (qemu.conf: save_image_format, dump_image_format), or which is written and read past the host's cache.
 *
 * QEMU has a socket in the file's place, whose other end is here: what comes is packed into the file, or the file is unpacked into it, a piece a turn of the loop.  Nobody is asked for it,
 * nothing is started, and what is unpacked, which may be anything, is read in the sandbox of the one guest that is to be made of it.  A state is whole when QEMU says so and its packed end is
 * written, or was found undamaged.
 *
 * Past the cache (O_DIRECT) go whole pieces; what is left for the end of a file does not. */
#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include "ipc/util.h"
#include "workers/qemu/migrate.h"
#include "workers/qemu/packer.h"

enum { BLOCK = 4096 /* what the kernel wants for O_DIRECT is never more */, PIECE = 256 << 10, REST_MAX = 16 << 20 /* behind what QEMU wants to know */ };

struct packing {
    struct guest *g;
    struct packer *packer;
    struct loop_source src;
    int end, file;              /* our end of the socket, -1: closed; the file, which is another's if it is packed, and ours if it is unpacked */
    void (*done)(struct guest *g, const struct err *e);
    bool unpacks, direct, over /* the packed end is written, or read */, said /* QEMU has */;
    struct err error;           /* why the socket was closed before */
    struct pieces io;           /* of what is unpacked: what is left of buf's first half; nout counts what is free in the second, in which packed bytes wait until it is full */
    size_t at;                  /* of the second: where what QEMU has not taken yet begins */
    uint8_t (*buf)[PIECE];      /* two, for O_DIRECT where a block begins */
};

void pack_free(struct guest *g)
{
    struct packing *k = STEAL_PTR(&g->packing);
    if (!k)
        return;
    loop_del(&k->src);
    util_closep(&k->end);
    if (k->unpacks)
        util_closep(&k->file);
    packer_free(k->packer);
    free(k->buf);
    free(k);
}

static void hang_up(struct packing *k)
{
    loop_del(&k->src);
    util_closep(&k->end);
}

/* QEMU finds the other end closed, and then its migration's end tells. */
static void fault(struct packing *k, int error)
{
    if (error == -EBADMSG)
        err_set(&k->error, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "the packed state is damaged");
    else
        err_sys(&k->error, VIR_FROM_QEMU, -error, k->unpacks ? "unable to read the saved state" : "unable to write the state of the guest");
    hang_up(k);
}

/* Both have come to their end, or it failed: then the packer's reason is the better one. */
static void finish(struct packing *k, const struct err *e)
{
    struct guest *g = k->g;
    void (*done)(struct guest *, const struct err *) = k->done;
    struct err own = k->error;
    pack_free(g);
    done(g, own.code ? &own : e);
}

static int go_direct(struct packing *k, bool on)
{
    int flags = fcntl(k->file, F_GETFL);
    k->direct = on;
    return flags < 0 || fcntl(k->file, F_SETFL, on ? flags | O_DIRECT : flags & ~O_DIRECT) < 0 ? -errno : 0;
}

/* ---- out ---- */

static int write_out(struct packing *k)
{
    size_t n = PIECE - k->io.nout;
    int r = k->direct && n < PIECE ? go_direct(k, false) : 0;
    ssize_t w = r < 0 || !n ? r : util_write_full(k->file, k->buf[1], n);
    k->io.out = k->buf[1];
    k->io.nout = PIECE;
    return w < 0 ? (int)w : 0;
}

static int pack_piece(struct packing *k, const uint8_t *p, size_t n, bool last)
{
    int r, w;
    bool is_full;
    k->io.in = p;
    k->io.nin = n;
    do {
        if ((r = packer_step(k->packer, &k->io, last)) < 0)
            return r;
        is_full = !k->io.nout;
        if ((is_full || r > 0) && (w = write_out(k)) < 0)
            return w;
    } while (r == 0 && (last || k->io.nin || is_full));
    return 0;
}

static void on_out(struct loop_source *src, uint32_t events)
{
    struct packing *k = src->data;
    (void)events;
    ssize_t n = recv(k->end, k->buf[0], PIECE, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    int r = n < 0 ? -errno : pack_piece(k, k->buf[0], (size_t)n, n == 0);
    if (r < 0)
        fault(k, r);
    else if (n == 0) {
        k->over = true;
        hang_up(k);
    }
    if (k->said && k->end < 0)
        finish(k, NULL);
}

/* ---- in ---- */

/* Until there is something for QEMU, or the end. 0 or a negative errno. */
static int unpack_piece(struct packing *k)
{
    bool last = false;
    k->io.out = k->buf[1];
    k->io.nout = PIECE;
    k->at = 0;
    while (!k->over && k->io.nout == PIECE) {
        if (!k->io.nin) {
            ssize_t n = read(k->file, k->buf[0], PIECE);
            int d = k->direct && n % BLOCK /* the rest does not begin at a block */ ? go_direct(k, false) : 0;
            if (n < 0 || d < 0)
                return n < 0 ? -errno : d;
            k->io.in = k->buf[0];
            k->io.nin = (size_t)n;
            last = n == 0;
        }
        int r = packer_step(k->packer, &k->io, last);
        if (r < 0 || (r == 0 && last))
            return r < 0 ? r : -EBADMSG;
        k->over = r > 0;
    }
    return 0;
}

static void on_in(struct loop_source *src, uint32_t events)
{
    struct packing *k = src->data;
    (void)events;
    size_t left = PIECE - k->io.nout - k->at;
    int r = !left && !k->over ? unpack_piece(k) : 0;
    left = PIECE - k->io.nout - k->at;
    ssize_t n = r == 0 && left ? send(k->end, k->buf[1] + k->at, left, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;
    if (r < 0)
        fault(k, r);
    else if (n > 0)
        k->at += (size_t)n;
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        hang_up(k);             /* that was all, or all that QEMU wants */
}

/* What QEMU did not want to know: damage may show at the very end only. */
static void check_rest(struct packing *k)
{
    int r = 0;
    for (size_t n = 0; r == 0 && !k->over; n += PIECE - k->io.nout)
        r = n > REST_MAX ? -EBADMSG : unpack_piece(k);
    if (r < 0)
        fault(k, r);
}

/* ---- both ---- */

int pack_begin(struct guest *g, int file, enum pack kind, bool direct, bool unpacks, void (*done)(struct guest *g, const struct err *e))
{
    int s[2];
    struct packing *k = malloc(sizeof *k);
    if (!k)
        return -ENOMEM;
    *k = (struct packing){ .g = g, .done = done, .unpacks = unpacks, .end = -1, .file = -1, .src = { .fd = -1 }, .packer = packer_new(kind, unpacks), .buf = aligned_alloc(BLOCK, sizeof *k->buf * 2) };
    g->packing = k;
    int r = !k->packer || !k->buf ? -ENOMEM : socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s) < 0 ? -errno : 0;
    if (r < 0) {
        pack_free(g);
        return r;
    }
    k->io = (struct pieces){ .out = k->buf[1], .nout = PIECE };
    k->end = s[0];
    k->file = file;
    if ((direct && lseek(file, 0, SEEK_CUR) % BLOCK == 0 && (r = go_direct(k, true)) < 0) || (r = loop_add(&k->src, k->end, unpacks ? EPOLLOUT : EPOLLIN, unpacks ? on_in : on_out, k)) < 0) {
        k->file = -1;           /* it stays the caller's */
        close(s[1]);
        pack_free(g);
        return r;
    }
    return s[1];
}

void pack_said(struct guest *g, const struct err *e)
{
    struct packing *k = g->packing;
    k->said = true;
    if (!e && k->unpacks && !k->error.code)
        check_rest(k);
    if (e || k->unpacks || k->end < 0)
        finish(k, e);
}
