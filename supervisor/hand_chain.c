/* hand_chain.c: which files an image stands on: one turn of the search.  Part of hand-open, with its privilege and peer.
 *
 * The supervisor brings a manifest, and what a probe said of the image that was opened the turn before; it gets the manifest with that in it, the next image
 * to look at, read-only, and what the probe is to be asked of that.  What an image names comes last in the manifest, so one walk along it meets all.
 * SAFETY: an image's header may have been written by its last guest, and a probe may have been taken over by it.  What it names becomes an entry, and then
 * nothing is opened: first the supervisor judges the entry by the policy of the document's own paths.  It is opened read-only, and its format is believed only
 * where libvirt believes it too. */
#include "hand_open.h"
#include <errno.h>
#include <string.h>
#include "ipc/util.h"

#define DEPTH_MAX 200

static struct err *malformed(struct err *e)
{
    err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed answer about an image");
    return e;
}

/* Does the image want a look? */
static bool is_wanted(const struct hand_req *rq, bool has_answer, const struct manifest_entry *m, const char *path)
{
    if (m->kind != MK_IMAGE || m->flags & MF_EMPTY || !*path)
        return false;
    return rq->flags & HAND_ANY ? m->index == rq->look : m->index >= rq->look + has_answer && m->flags & (MF_PROBE | MF_SIZE) && m->format != IMG_RAW;
}

/* The manifest anew: entry rq->look with its format, and its backing file as the last entry unless the document names one: *grown.
 * A memfd; or -1 with *e set. */
static int put_answer(struct opener *o, const struct probe_result *p, bool *grown, struct err *e)
{
    static uint8_t buf[MANIFEST_BYTES_MAX];
    const struct hand_req *rq = o->rq;
    struct manifest_entry m, below = { .kind = MK_IMAGE, .parent = (int32_t)rq->look, .format = p->backing_format };
    struct manifest_out out;
    const char *path, *aux;
    int parent[MANIFEST_ENTRIES_MAX], depth = 0, r = 0;
    bool has_child = false, is_there = false, ends = false /* the document says so */;
    manifest_begin(&out, buf, sizeof buf);
    for (struct manifest_in in = hand_entries(o->h); r >= 0 && manifest_next(&in, &m, &path, &aux) > 0; r = manifest_add(&out, &m, path, aux)) {
        parent[m.index] = m.parent;
        has_child |= m.kind == MK_IMAGE && m.parent == (int32_t)rq->look;
        if (m.index != rq->look || m.kind != MK_IMAGE || !path)
            continue;
        is_there = true;
        if (m.format == IMG_NONE && m.flags & MF_BACKING && p->format != IMG_RAW)
            return err_set(e, VIR_ERR_OPERATION_INVALID, VIR_FROM_STORAGE, "format of backing image '%s' was not specified in the image metadata", path);
        m.format = m.format == IMG_NONE ? p->format : m.format;
        if (m.flags & MF_SIZE) {
            m.a = (uint32_t)p->virtual_size;
            m.b = (uint32_t)(p->virtual_size >> 32);
        }
        ends |= !(m.flags & MF_PROBE) && m.flags & MF_SIZE;
        below.flags = MF_RO | MF_BACKING | MF_PROBE | (m.flags & MF_SHARED);
        for (int k = m.parent; k >= 0 && depth < DEPTH_MAX; k = parent[k])
            depth++;
    }
    *grown = p->has_backing && !has_child && !ends;
    if (!is_there)
        malformed(e);
    else if (*grown && depth >= DEPTH_MAX)
        err_set(e, VIR_ERR_OPERATION_FAILED, VIR_FROM_STORAGE, "backing chain of '%s' is too deep", p->backing);
    if (e->code)
        return -1;
    r = r >= 0 && *grown ? manifest_add(&out, &below, p->backing, NULL) : r;
    ssize_t n = r < 0 ? r : manifest_finish(&out);
    int fd = n < 0 ? -1 : frame_memfd("manifest", buf, (size_t)n);
    return fd < 0 ? err_set(e, VIR_ERR_OPERATION_FAILED, VIR_FROM_STORAGE, "the images' backing files are too many") : fd;
}

/* What the probe is to be asked of an image: a memfd. What it stands on may be told by the document already. */
static int question(const struct opener *o, const struct manifest_entry *image, const char *path)
{
    struct probe_req q = { .want_format = image->format, .peek_size = image->c, .peek_at = (uint64_t)image->b << 32 | image->a };
    struct manifest_entry m;
    const char *other, *aux;
    util_copy_str(q.path, sizeof q.path, path);
    for (struct manifest_in in = hand_entries(o->h); hand_next(&in, &m, &other, &aux);)
        if (m.parent == (int32_t)image->index)
            q.path[0] = 0;
    return frame_memfd("question", &q, sizeof q);
}

void open_look(struct opener *o)
{
    static struct probe_result p;
    struct hand *h = o->h;
    struct manifest_entry m;
    struct err e = ERR_INIT;
    const char *path, *aux;
    bool has_answer = h->call.h.nfds > 1, grown = false;
    if (has_answer && (frame_copy(h->call.fds[1], &p, sizeof p) < 0 || p.format >= IMG_N || p.backing_format >= IMG_N || !memchr(p.backing, 0, sizeof p.backing))) {
        hand_fail(h, -1, -EPROTO, malformed(&e));
        return;
    }
    AUTO_CLOSE manifest = has_answer ? put_answer(o, &p, &grown, &e) : frame_take_fd(&h->call, 0);
    AUTO_CLOSE asked = -1;
    if (manifest < 0) {
        hand_fail(h, (int)o->rq->look, -EIO, &e);
        return;
    }
    struct hand_done done = { .failed = -1, .id = -1, .grown = grown };
    for (struct manifest_in in = hand_entries(h); !grown && !o->nqemu && hand_next(&in, &m, &path, &aux);) {
        struct grant g;
        if (!is_wanted(o->rq, has_answer, &m, path))
            continue;
        if (open_entry(o, &m, path, aux, &g, &e)) {
            hand_fail(h, (int)m.index, o->error, &e);
            return;
        }
        if (!o->nqemu)
            continue;       /* optional, and absent */
        if ((asked = question(o, &m, path)) < 0) {
            err_sys(&e, VIR_FROM_STORAGE, -asked, "Unable to pass descriptors");
            hand_fail(h, (int)m.index, asked, &e);
            return;
        }
        done.id = (int32_t)m.index;
    }
    const int fds[] = { manifest, o->qemu[0], asked };
    hand_reply(h, &done, sizeof done, fds, o->nqemu ? 3 : 1);
}
