/* talk.h: a virtlockd or virtlogd of one connection that notes what it is told, and the role talk at the other end of it. */
#ifndef BULKHEAD_TESTS_TALK_H
#define BULKHEAD_TESTS_TALK_H
#include "fakesup.h"
#include "ipc/settings.h"
#include "workers/xdr.h"

static inline uint32_t word(const uint8_t *p) { return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]; }
static inline size_t padded(size_t n) { return (n + 3) / 4 * 4; }

/* Notes one call, head and all, and answers it; false: hangs up. */
typedef bool talk_fn(int fd, FILE *notes, const uint8_t *call, size_t n, const void *how);

struct talk { pid_t pid; int fd /* the role's end */, notes; };

static inline void talk_serve(int fd, FILE *notes, talk_fn *fn, const void *how)
{
    uint8_t m[4096];
    while (util_read_full(fd, m, XDR_HEAD_BYTES) == XDR_HEAD_BYTES && word(m) >= XDR_HEAD_BYTES && word(m) <= sizeof m) {
        size_t n = word(m) - XDR_HEAD_BYTES;
        if (util_read_full(fd, m + XDR_HEAD_BYTES, n) != (ssize_t)n || !fn(fd, notes, m, XDR_HEAD_BYTES + n, how))
            break;
    }
    fflush(notes);
}

static inline void talk_begin(struct talk *t, talk_fn *fn, const void *how)
{
    char name[] = "/tmp/test-talk-XXXXXX";
    int pair[2];
    t->notes = mkstemp(name);
    if (t->notes < 0 || unlink(name) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
        abort();
    t->fd = pair[0];
    fflush(NULL);
    t->pid = fork();
    if (t->pid == 0) {
        close(pair[0]);
        talk_serve(pair[1], fdopen(t->notes, "w"), fn, how);
        _exit(0);
    }
    close(pair[1]);
}

/* What was said, until the next end. */
static inline const char *talk_end(struct talk *t)
{
    static char said[4096];
    close(t->fd);
    waitpid(t->pid, NULL, 0);
    ssize_t n = pread(t->notes, said, sizeof said - 1, 0);
    said[n < 0 ? 0 : n] = 0;
    close(t->notes);
    return said;
}

/* The role is born for it, and asked with these descriptors. As fakesup_call(). */
static inline int talk_role_of(struct talk *t, struct fakesup *role, const struct settings *settings, uint32_t what, const struct lock_owner *owner, const int *fds, unsigned nfds)
{
    static const struct layout layout = { .log_dir = "/logs" };
    bool root = geteuid() == 0;
    struct birth b = { .uid = root ? 65534u : 0xffffffffu, .gid = root ? 65534u : 0xffffffffu, .flags = root ? 0 : BIRTH_SESSION, .nfds = 2, .fd_kind = { BFD_SETTINGS, BFD_LAYOUT } };
    AUTO_CLOSE set = frame_memfd("settings", settings, sizeof *settings);
    AUTO_CLOSE places = frame_memfd("layout", &layout, sizeof layout);
    int r = fakesup_spawn(role, ROLE_TALK, b, (int[]){ set, places });
    return r ? r : fakesup_call(role, OP_IN(IN_TALK), 0, what, owner, sizeof *owner, fds, nfds);
}

/* about: the tree or manifest; tree: for ports, beside the manifest, -1 none. */
static inline int talk_role_beside(struct talk *t, struct fakesup *role, const struct settings *settings, uint32_t what, const struct lock_owner *owner, int about, int tree)
{
    return talk_role_of(t, role, settings, what, owner, (int[]){ t->fd, about, tree }, tree < 0 ? 2 : 3);
}

static inline int talk_role(struct talk *t, struct fakesup *role, const struct settings *settings, uint32_t what, const struct lock_owner *owner, int about)
{
    return talk_role_beside(t, role, settings, what, owner, about, -1);
}

/* An answer that has results: where it begins, and what is put behind the head is its own; then it goes. */
static inline size_t talk_results(struct xdr_out *o, const uint8_t *call)
{
    struct xdr_head h;
    xdr_head_get(&h, call);
    h.type = XDR_REPLY;
    return xdr_begin(o, &h);
}

static inline bool talk_sent(int fd, struct xdr_out *o, size_t start)
{
    bool done = !xdr_end(o, start) && util_write_full(fd, o->p, o->len) == (ssize_t)o->len;
    xdr_out_free(o);
    return done;
}

static inline void talk_bytes(struct xdr_out *o, const void *s, size_t n)
{
    xdr_u32(o, (uint32_t)n);
    xdr_raw(o, s, n);
    xdr_raw(o, "\0\0\0", padded(n) - n);
}

static inline void talk_text(struct xdr_out *o, const char *s) { talk_bytes(o, s, strlen(s)); }

/* The daemon's answer to a call: an error, or with code 0 an empty one. */
static inline bool talk_answer(int fd, const uint8_t *call, const struct err *e)
{
    struct xdr_head h;
    struct xdr_out o = { 0 };
    xdr_head_get(&h, call);
    h.type = XDR_REPLY;
    h.status = e->code ? XDR_ERROR : XDR_OK;
    size_t start = xdr_begin(&o, &h);
    if (e->code)
        xdr_encode_error(e, &o);
    bool done = !xdr_end(&o, start) && util_write_full(fd, o.p, o.len) == (ssize_t)o.len;
    xdr_out_free(&o);
    return done;
}
#endif
