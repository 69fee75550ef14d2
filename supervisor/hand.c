/* hand.c: birth, one call, one answer.  See hand.h.
 *
 * Privilege: starts as root with the keeper's capabilities and gives up all but its verb's before it reads anything.
 * Called by: the supervisor, over descriptor 3 only.  Assumes of its input: nothing; a malformed call ends the hand. */
#include "hand.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "ipc/log.h"
#include "ipc/util.h"
#include "policy/sandbox.h"

static void next_call(struct hand *h)
{
    static _Alignas(8) uint8_t buf[FRAME_BODY_MAX];
    int r;
    while ((r = frame_recv(BIRTH_FD_CHANNEL, &h->call, buf, sizeof buf)) == 1 && h->call.h.kind == FRAME_EVENT && h->call.h.op == OP_IN(IN_LOG_LEVEL))
        log_threshold = (int)h->call.h.arg;
    if (r == 0)
        exit(0);
    if (r < 0 || h->call.h.kind != FRAME_CALL) {
        log_err("bad call: %s", strerror(r < 0 ? -r : EPROTO));
        exit(2);
    }
}

void hand_begin(struct hand *h, int role)
{
    log_init(role_name(role));
    int r = birth_read(&h->birth);
    if (r < 0 || h->birth.role != role) {
        log_err("not born by a keeper; this program is started by Bulkhead's daemons only");
        exit(2);
    }
    if (sandbox_enter(role, &h->birth) < 0) {
        log_err("cannot enter the sandbox; ending rather than running without");
        exit(3);
    }
    h->call = (struct frame)FRAME_INIT;
    next_call(h);
}

void hand_again(struct hand *h)
{
    frame_done(&h->call);
    if (h->manifest_len)
        munmap((void *)(uintptr_t)h->manifest, h->manifest_len);
    h->manifest = NULL;
    h->manifest_len = 0;
    next_call(h);
}

const void *hand_body(const struct hand *h, size_t n)
{
    if (h->call.body_len != n || (h->call.h.flags & FRAME_BIG)) {
        log_err("call %u has a body of %zu bytes, not %zu", OP_PROC(h->call.h.op), h->call.body_len, n);
        exit(2);
    }
    return h->call.body;
}

void hand_check_text(const char *text, size_t n)
{
    if (!memchr(text, 0, n)) {
        log_err("unterminated text in a call");
        exit(2);
    }
}

int hand_layout(const struct hand *h, struct layout *l)
{
    int fd = birth_fd(&h->birth, BFD_LAYOUT, -1, NULL), r = fd < 0 ? -EBADF : frame_copy(fd, l, sizeof *l);
    l->state_dir[sizeof l->state_dir - 1] = l->lib_dir[sizeof l->lib_dir - 1] = l->sock_dir[sizeof l->sock_dir - 1] = 0;
    return r;
}

void hand_run(struct hand *h, int32_t id, const char *name)
{
    struct layout l;
    int r = 0;
    hand_check_text(name, NAME_MAX_BYTES);
    h->run_dir[0] = 0;
    if (id && (r = strchr(name, '/') ? -EINVAL : hand_layout(h, &l)) == 0)
        r = util_format(h->run_dir, sizeof h->run_dir, "%s/domain-%d-%.*s", l.lib_dir, id, (int)short_name_bytes(name), name);
    if (r < 0) {
        log_err("no folder for a guest's run: %s", strerror(-r));
        exit(2);
    }
}

int hand_manifest(struct hand *h, unsigned i, struct err *e)
{
    struct manifest_entry entry;
    struct manifest_in in;
    const char *path, *aux;
    int r = i < h->call.h.nfds ? frame_map(h->call.fds[i], MANIFEST_BYTES_MAX, &h->manifest, &h->manifest_len) : -EPROTO;
    if (r == 0)
        r = manifest_open(&in, h->manifest, h->manifest_len);
    if (r == 0)
        while ((r = manifest_next(&in, &entry, &path, &aux)) == 1)
            if (path && *path && path[0] != '/' && entry.kind != MK_TAP && entry.kind != MK_LINK && entry.kind != MK_SECRET && entry.kind != MK_VFIO)
                return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "path '%s' is not absolute", path);
    return r < 0 ? err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed manifest") : 0;
}

uint32_t hand_has(const struct manifest_entry *m, const char *aux)
{
    _Static_assert((int)HAND_HAS_PORTS == TALK_PORTS && (int)HAND_HAS_FILTERS == TALK_FILTERS && (int)HAND_HAS_SECRETS == TALK_SECRETS, "what there is to talk about");
    return m->kind == MK_LINK && aux && strstr(aux, "port=") ? HAND_HAS_PORTS : m->kind == MK_FILTER && aux && *aux ? HAND_HAS_FILTERS : m->kind == MK_SECRET ? HAND_HAS_SECRETS : 0;
}

struct manifest_in hand_entries(const struct hand *h)
{
    struct manifest_in in = { 0 };
    BUG_ON(manifest_open(&in, h->manifest, h->manifest_len) < 0);     /* checked by hand_manifest() */
    return in;
}

bool hand_next(struct manifest_in *in, struct manifest_entry *e, const char **path, const char **aux)
{
    do
        if (manifest_next(in, e, path, aux) != 1)
            return false;
    while (e->flags & MF_GONE);
    *path = *path ? *path : "";
    *aux = *aux ? *aux : "";
    return true;
}

bool hand_has_kind(const struct hand *h, uint32_t kinds)
{
    struct manifest_entry m;
    const char *path, *aux;
    for (struct manifest_in in = hand_entries(h); manifest_next(&in, &m, &path, &aux) == 1;)
        if (kinds >> m.kind & 1)
            return true;
    return false;
}

bool hand_grants(const struct hand *h, unsigned i, struct hand_grants *g)
{
    const void *p;
    size_t n;
    *g = (struct hand_grants){ .h = { .magic = GRANTS_MAGIC, .monitor_fd = -1, .next_fd = QEMU_FD_BASE } };
    if (i >= h->call.h.nfds || frame_map(h->call.fds[i], sizeof *g, &p, &n) < 0)
        return false;
    const struct grants_head *head = p;
    bool good = n >= sizeof *head && head->magic == GRANTS_MAGIC && head->n <= MANIFEST_ENTRIES_MAX && n >= sizeof *head + head->n * sizeof g->g[0];
    if (good)
        memcpy(g, p, sizeof *head + head->n * sizeof g->g[0]);
    if (n)
        munmap((void *)(uintptr_t)p, n);
    for (uint32_t k = 0; good && k < g->h.n; k++) {
        struct grant *one = &g->g[k];
        one->name[sizeof one->name - 1] = 0;
        if (one->qemu_fd[0] >= 0 && (uint32_t)one->qemu_fd[0] + one->nqemu > g->h.next_fd)     /* of a run that an earlier build began */
            g->h.next_fd = (uint32_t)one->qemu_fd[0] + one->nqemu;
    }
    return good;
}

int hand_reply(struct hand *h, const void *body, size_t len, const int *fds, unsigned nfds)
{
    struct frame_head f = { .kind = FRAME_REPLY, .op = h->call.h.op, .serial = h->call.h.serial, .object = h->call.h.object, .origin = h->call.h.origin };
    int r = frame_send(BIRTH_FD_CHANNEL, &f, body, len, fds, nfds);
    if (r < 0)
        log_warn("answer not sent: %s", strerror(-r));
    return r;
}

int hand_reply_grants(struct hand *h, const struct hand_done *done, const struct hand_grants *g, const int *qemu, const int *ours, struct err *e)
{
    int fds[FRAME_FDS_MAX];
    AUTO_CLOSE memfd = frame_memfd("grants", g, sizeof g->h + g->h.n * sizeof g->g[0]);
    fds[0] = memfd;
    memcpy(fds + 1, qemu, done->nqemu * sizeof *fds);
    memcpy(fds + 1 + done->nqemu, ours, done->nworker * sizeof *fds);
    int r = memfd < 0 ? memfd : hand_reply(h, done, sizeof *done, fds, 1 + done->nqemu + done->nworker);
    if (r < 0)
        err_sys(e, VIR_FROM_QEMU, -r, "Unable to pass descriptors");
    return r;
}

void hand_fail(struct hand *h, int failed, int error, const struct err *e)
{
    struct hand_done d = { .failed = failed, .error = error < 0 ? error : -EIO, .code = e->code, .domain = e->domain };
    _Static_assert(sizeof d.text >= ERR_DETAIL_MAX, "an error fits");
    memcpy(d.text, e->detail, sizeof e->detail);
    hand_reply(h, &d, sizeof d, NULL, 0);
}
