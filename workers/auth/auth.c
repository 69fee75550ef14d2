/* auth.c: the role that says whether a client may make a call.
 *
 * It is asked with fixed structs of the supervisor, which holds the call meanwhile; who the client is stands in the client page, what the guest is called in the
 * index, neither of which it can write.  Its files say no wherever they cannot say yes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "ipc/internal.h"
#include "ipc/log.h"
#include "ipc/settings.h"
#include "ipc/util.h"
#include "workers/auth/auth.h"
#include "workers/worker.h"

static struct settings set;
static const struct access_rules *rules;
static struct index ix;
static const struct client_row *clients;

/* ---- one question ---- */

struct question {
    struct request rq;
    struct may may;
    struct client_row client;
    struct rights rights;
    unsigned right;             /* that is looked at */
    uint32_t slot;              /* the same of those that the bitmap is made of */
    uint8_t bitmap[MAY_BITMAP_BYTES];
};

static void question_end(struct worker *w, struct question *q, const struct err *e)
{
    struct mp_out o;
    if (e) {
        worker_error(w, &q->rq, e);
    } else if (q->rights.filter[0] && q->may.flags & FRAME_ASK) {
        mp_out_init(&o, FRAME_BODY_MAX);
        mp_array(&o, 1);
        mp_bin(&o, q->bitmap, sizeof q->bitmap);
        worker_reply_out(w, &q->rq, &o);
    } else {
        worker_reply(w, &q->rq, "\x90", 1, NULL, 0);      /* it may go to a gateway as it is */
    }
    free(q);
}

static void deny(struct worker *w, struct question *q, const char *permission, uint32_t line)
{
    struct err e = ERR_INIT;
    log_info("uid %u, pid %u: no %s%s%s (%s%u)", q->client.uid, q->client.pid, permission, *q->may.name ? " of " : "", q->may.name, line ? "line " : "no rule ", line);
    err_set(&e, VIR_ERR_ACCESS_DENIED, VIR_FROM_ACCESS, "'QEMU' denied access");
    question_end(w, q, &e);
}

static bool allows(const struct question *q, const char *permission, const struct access_object *o, uint32_t *line)
{
    struct access_client c = { .uid = q->client.uid, .gid = q->client.gid, .ngroups = q->client.ngroups, .groups = q->client.groups };
    *line = 0;
    return !(set.access & ACCESS_RULES) || access_judge(rules, &c, permission, o, line) == ACCESS_YES;
}

/* What a permission is about: a permission of the host's is about no guest, whatever the call names. */
static struct access_object object_of(const struct question *q, const char *permission)
{
    bool of_guest = !strncmp(permission, "domain.", 7);
    struct access_object o = { .about = of_guest ? q->rights.about : ACCESS_NO_GUEST, .name = q->may.name, .uuid = q->may.uuid };
    if (of_guest && *q->may.name)
        o.about = ACCESS_GUEST;
    return o;
}

static void question_filter(struct question *q)
{
    struct index_slot s;
    uint32_t line, n = ix.head->slots < INDEX_SLOTS_MAX ? ix.head->slots : INDEX_SLOTS_MAX;
    for (q->slot = 0; q->slot < n; q->slot++) {
        if (index_read(&ix, q->slot, &s) < 0)
            continue;
        struct access_object o = { .about = ACCESS_GUEST, .name = s.name, .uuid = s.uuid };
        if (allows(q, q->rights.filter, &o, &line))
            q->bitmap[q->slot / 8] |= (uint8_t)(1u << q->slot % 8);
    }
}

static void question_go(struct worker *w, struct question *q)
{
    for (; q->right < q->rights.n; q->right++) {
        const char *permission = q->rights.name[q->right];
        struct access_object o = object_of(q, permission);
        uint32_t line;
        if (!allows(q, permission, &o, &line)) {
            deny(w, q, permission, line);
            return;
        }
    }
    if (q->rights.filter[0] && q->may.flags & FRAME_ASK)
        question_filter(q);
    question_end(w, q, NULL);
}

/* The guest by its handle, where the index has it. */
static bool question_guest(struct question *q)
{
    struct index_slot s;
    if (!q->rq.object)
        return memchr(q->may.name, 0, sizeof q->may.name);
    if (index_read(&ix, object_slot(q->rq.object), &s) < 0 || s.gen != object_gen(q->rq.object))
        return false;
    memcpy(q->may.uuid, s.uuid, sizeof s.uuid);
    return util_copy_str(q->may.name, sizeof q->may.name, s.name) == 0 && *q->may.name;
}

static void on_may(struct worker *w, const struct request *rq, struct frame *f)
{
    struct err e = ERR_INIT;
    struct question *q = calloc(1, sizeof *q);
    if (!q) {
        worker_fail(w, rq, VIR_ERR_NO_MEMORY, VIR_FROM_ACCESS, "auth");
        return;
    }
    q->rq = *rq;
    if (f->body_len == sizeof q->may)
        memcpy(&q->may, f->body, sizeof q->may);
    if (f->body_len != sizeof q->may || q->may.row >= CLIENTS_MAX || !index_row_read(&clients[q->may.row], &q->client, sizeof q->client) || !q->client.used ||
        q->client.ngroups > ARRAY_N(q->client.groups)) {
        err_set(&e, VIR_ERR_ACCESS_DENIED, VIR_FROM_ACCESS, "nobody can tell who asks");
        question_end(w, q, &e);
    } else if (!question_guest(q)) {
        err_set(&e, VIR_ERR_NO_DOMAIN, VIR_FROM_QEMU, "the domain is gone");
        question_end(w, q, &e);
    } else if (!rights_of(&q->may, *q->may.name, &q->rights)) {
        deny(w, q, "such call", 0);
    } else {
        question_go(w, q);
    }
}

/* ---- birth ---- */

static int open_all(struct worker *w)
{
    const void *p;
    size_t n;
    int r = frame_copy(birth_fd(&w->birth, BFD_SETTINGS, -1, NULL), &set, sizeof set);
    if (!r)
        r = index_map(&ix, birth_fd(&w->birth, BFD_INDEX, -1, NULL), false);
    if (!r)
        r = frame_map(birth_fd(&w->birth, BFD_ACCESS, -1, NULL), ACCESS_BYTES_MAX, &p, &n);
    if (r < 0)
        return r;
    rules = p;
    if (!access_rules_good(rules, n))
        return -EPROTO;
    const char *page = mmap(NULL, CLIENTS_BYTES, PROT_READ, MAP_SHARED, birth_fd(&w->birth, BFD_CLIENTS, -1, NULL), 0);
    clients = page == MAP_FAILED ? NULL : (const void *)(page + sizeof(struct clients_head));
    return page == MAP_FAILED ? -errno : 0;
}

int main(void)
{
    static const struct worker_op ops[] = { { OP_IN(IN_MAY), on_may }, { 0, NULL } };
    static struct worker w = { .ops = ops };
    worker_birth(&w, ROLE_AUTH);
    int r = open_all(&w);
    if (r < 0) {
        log_err("cannot begin: %s", strerror(-r));
        return 1;
    }
    worker_lock(&w);
    return worker_run(&w);
}
