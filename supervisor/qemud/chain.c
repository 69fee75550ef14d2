/* chain.c: which files an image stands on.  A hand opens, a probe reads one header, and the manifest grows by what it names.
 *
 * SAFETY: the header of an image may have been written by its last guest.  What it names becomes an entry that the same policy judges as the
 * document's own paths, is opened read-only, and its format is believed only where libvirt believes it too. */
#include <string.h>
#include <sys/mman.h>
#include "supervisor/qemud/guest.h"

#define DEPTH_MAX 200

/* Iterates over the flow's manifest; who opened it unmaps it. */
struct walk { struct manifest_in in; const void *p; size_t n; };

static int walk_open(struct flow *f, struct walk *w)
{
    int r = frame_map(f->fd[FF_MANIFEST], MANIFEST_BYTES_MAX, &w->p, &w->n);
    if (r == 0 && (r = manifest_open(&w->in, w->p, w->n)) < 0)
        munmap((void *)(uintptr_t)w->p, w->n);
    return r < 0 ? err_set(&f->err, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed manifest") : 0;
}

/* One hand a turn looks at one image.  What an image names comes last in the manifest, so one walk along it meets all. */
int chain_look(struct flow *f)
{
    struct hand_req q;
    struct manifest_entry m;
    const char *path, *aux;
    struct walk w;
    uint32_t next = f->looked;
    f->i = ~0u;
    if (walk_open(f, &w) < 0)
        return -1;
    while (f->i == ~0u && manifest_next(&w.in, &m, &path, &aux) > 0)
        if (m.index >= next && m.kind == MK_IMAGE && m.flags & MF_PROBE && m.format != IMG_RAW && !(m.flags & MF_EMPTY) && path)
            f->i = m.index;
    munmap((void *)(uintptr_t)w.p, w.n);
    if (f->i == ~0u)
        return FLOW_NEXT;
    hand_req_fill(&q, run_of(f->slot));
    q.flags = HAND_LOOK;
    q.look = f->i;
    peer_soon(ROLE_PROBE);
    return hand_call(f, ROLE_HAND_OPEN, IN_HAND_OPEN, &q, sizeof q, &f->fd[FF_MANIFEST], 1);
}

int chain_looked(struct flow *f, struct frame *fr)
{
    if (hand_did(f, fr) < 0)
        return -1;
    f->looked = f->i + 1;
    util_closep(&f->fd[FF_IMAGE]);
    f->fd[FF_IMAGE] = hand_done.nqemu ? frame_take_fd(fr, 1) : -1;      /* none: optional, and absent */
    return FLOW_NEXT;
}

static int ask(struct flow *f, uint32_t arg)
{
    struct probe_req q = { 0 };
    struct manifest_entry m;
    const char *path, *aux;
    struct walk w;
    if (walk_open(f, &w) < 0)
        return -1;
    while (manifest_next(&w.in, &m, &path, &aux) > 0)
        if (m.index == f->i) {
            q.want_format = m.format;
            util_copy_str(q.path, sizeof q.path, path);
        } else if (m.parent == (int32_t)f->i) {
            q.path[0] = 0;          /* what it stands on, the document tells */
        }
    munmap((void *)(uintptr_t)w.p, w.n);
    return flow_call(f, peer_take(ROLE_PROBE, f->object, f->name), OP_IN(IN_PROBE_IMAGE), arg, &q, sizeof q, &f->fd[FF_IMAGE], 1);
}

int chain_probe(struct flow *f)
{
    if (f->i == ~0u)
        return FLOW_NEXT;
    if (f->fd[FF_IMAGE] >= 0)
        return ask(f, 0);
    f->pc--;
    return FLOW_AGAIN;
}

/* ---- one image of a guest that does not run: xmlc made a manifest of it, whose first entry it is, and the probe answers the client ---- */

int chain_size_look(struct flow *f)
{
    struct hand_req q = { .owner_uid = ~0u, .owner_gid = ~0u, .flags = HAND_LOOK };
    return hand_call(f, ROLE_HAND_OPEN, IN_HAND_OPEN, &q, sizeof q, &f->fd[FF_MANIFEST], 1);
}

int chain_size_probe(struct flow *f)
{
    return f->fd[FF_IMAGE] >= 0 ? ask(f, 1) : err_set(&f->err, VIR_ERR_OPERATION_FAILED, VIR_FROM_STORAGE, "the image is not there");
}

/* The manifest anew: entry f->i with its format, and its backing file as the last entry unless the document names one. */
int chain_probed(struct flow *f, struct frame *fr)
{
    static uint8_t buf[MANIFEST_BYTES_MAX];
    static struct probe_result p;
    struct manifest_entry m, grown = { .kind = MK_IMAGE, .parent = (int32_t)f->i };
    struct manifest_out out;
    const char *path, *aux;
    struct walk w;
    int parent[MANIFEST_ENTRIES_MAX], depth = 0, r = 0;
    bool has_child = false;
    if (fr->body_len != sizeof p || fr->h.flags & FRAME_BIG)
        return err_set(&f->err, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed answer about an image");
    memcpy(&p, fr->body, sizeof p);
    p.backing[sizeof p.backing - 1] = 0;
    if (p.format >= IMG_N || p.backing_format >= IMG_N || walk_open(f, &w) < 0)
        return f->err.code ? -1 : err_set(&f->err, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed answer about an image");
    manifest_begin(&out, buf, sizeof buf);
    while (r >= 0 && manifest_next(&w.in, &m, &path, &aux) > 0) {
        parent[m.index] = m.parent;
        has_child |= m.kind == MK_IMAGE && m.parent == (int32_t)f->i;
        if (m.index == f->i) {
            if (m.format == IMG_NONE && m.flags & MF_BACKING && p.format != IMG_RAW) {
                r = err_set(&f->err, VIR_ERR_OPERATION_INVALID, VIR_FROM_STORAGE, "format of backing image '%s' was not specified in the image metadata", path);
                break;
            }
            m.format = m.format == IMG_NONE ? p.format : m.format;
            grown.flags = MF_RO | MF_BACKING | MF_PROBE | (m.flags & MF_SHARED);
            for (int k = m.parent; k >= 0 && depth < DEPTH_MAX; k = parent[k])
                depth++;
        }
        r = manifest_add(&out, &m, path, aux);
    }
    if (r >= 0 && p.has_backing && !has_child) {
        grown.format = p.backing_format;
        r = depth >= DEPTH_MAX ? err_set(&f->err, VIR_ERR_OPERATION_FAILED, VIR_FROM_STORAGE, "backing chain of '%s' is too deep", p.backing) : manifest_add(&out, &grown, p.backing, NULL);
    }
    munmap((void *)(uintptr_t)w.p, w.n);
    ssize_t n = r < 0 ? r : manifest_finish(&out);
    int fd = n < 0 ? -1 : frame_memfd("manifest", buf, (size_t)n);
    if (fd < 0)
        return f->err.code ? -1 : err_set(&f->err, VIR_ERR_OPERATION_FAILED, VIR_FROM_STORAGE, "the images' backing files are too many");
    util_closep(&f->fd[FF_MANIFEST]);
    f->fd[FF_MANIFEST] = fd;
    if (policy_manifest(fd, &f->err) < 0)
        return -1;
    f->pc -= f->fd[FF_SAVED] >= 0 ? 2 : 1;      /* the next image, if there is one; of a saved guest what this one named is judged first */
    return FLOW_AGAIN;
}
