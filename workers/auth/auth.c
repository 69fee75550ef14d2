/* auth.c: the role that says whether a client may make a call.
 *
 * It is asked with fixed structs of the supervisor, which holds the call meanwhile; who the client is stands in the client page, what the guest is called in the
 * index, neither of which it can write.  Its files say no wherever they cannot say yes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "ipc/internal.h"
#include "ipc/log.h"
#include "ipc/schema/op-numbers.h"
#include "ipc/settings.h"
#include "ipc/util.h"
#include "workers/auth/auth.h"
#include "workers/auth/polkit.h"
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
    uint32_t slot;              /* of the guest that is looked at for the bitmap */
    struct index_slot guest;
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
    char by[32] = "no rule";
    if (line)
        util_format(by, sizeof by, "line %u", line);
    log_info("uid %u, pid %u: no %s%s%s (%s)", q->client.uid, q->client.pid, permission, *q->may.name ? " of " : "", q->may.name, by);
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

/* The guest that is looked at for the bitmap: the next one that there is. */
static bool question_guest_next(struct question *q)
{
    uint32_t n = ix.head->slots < INDEX_SLOTS_MAX ? ix.head->slots : INDEX_SLOTS_MAX;
    while (q->slot < n && index_read(&ix, q->slot, &q->guest) < 0)
        q->slot++;
    return q->slot < n;
}

static void question_go(struct worker *w, struct question *q);

/* No to one of its permissions is no to the call; no to a guest is that it is left out.  False: the question is answered, and gone. */
static bool question_verdict(struct worker *w, struct question *q, bool yes, uint32_t line)
{
    bool filters = q->right == q->rights.n;
    if (filters)
        q->bitmap[q->slot / 8] |= (uint8_t)(yes << q->slot % 8);
    if (!filters && !yes) {
        deny(w, q, q->rights.name[q->right], line);
        return false;
    }
    *(filters ? &q->slot : &q->right) += 1;
    return true;
}

static bool is_no(const struct err *e)
{
    return e->code == VIR_ERR_AUTH_FAILED || e->code == VIR_ERR_AUTH_CANCELLED || e->code == VIR_ERR_AUTH_UNAVAILABLE;
}

static void polkit_said(struct worker *w, void *data, const struct err *e)
{
    if (e && !is_no(e))
        question_end(w, data, e);
    else if (question_verdict(w, data, !e, 0))
        question_go(w, data);
}

static void question_polkit(struct worker *w, struct question *q, const char *permission, const struct access_object *o)
{
    char action[ACCESS_WORD_MAX + 32], uuid[37];
    const struct dbus_subject s = { .pid = q->client.pid, .uid = q->client.uid };
    const struct dbus_pair details[] = { { "connect_driver", "QEMU" }, { "domain_name", o->name }, { "domain_uuid", uuid } };
    util_uuid_text(uuid, o->uuid);
    snprintf(action, sizeof action, "org.libvirt.api.%s", permission);
    polkit_ask(w, &s, action, details, o->about == ACCESS_GUEST ? 3 : 1, false, polkit_said, q);
}

/* One permission, or one guest.  False: nothing is left to do here: the question is answered, and gone, or polkit is asked. */
static bool question_step(struct worker *w, struct question *q)
{
    bool filters = q->right == q->rights.n;
    if (filters && (!q->rights.filter[0] || !(q->may.flags & FRAME_ASK) || !question_guest_next(q))) {
        question_end(w, q, NULL);
        return false;
    }
    const char *permission = filters ? q->rights.filter : q->rights.name[q->right];
    struct access_object o = object_of(q, permission), guest = { .about = ACCESS_GUEST, .name = q->guest.name, .uuid = q->guest.uuid };
    uint32_t line;
    if (filters)
        o = guest;
    bool yes = allows(q, permission, &o, &line);
    if (!yes || !(set.access & ACCESS_POLKIT) || o.about == ACCESS_SOME_GUEST)
        return question_verdict(w, q, yes, line);
    question_polkit(w, q, permission, &o);
    return false;
}

/* A loop: a list asks about as many guests as there are. */
static void question_go(struct worker *w, struct question *q)
{
    while (question_step(w, q))
        ;
}

/* ---- who opens a connection ---- */

static void authenticated(struct worker *w, void *data, const struct err *e)
{
    question_end(w, data, e);
}

static void question_authenticate(struct worker *w, struct question *q)
{
    struct err e = ERR_INIT;
    bool ro = q->client.door == DOOR_RO;
    const struct dbus_subject s = { .pid = q->client.pid, .uid = q->client.uid };
    if ((ro ? set.auth_unix_ro : set.auth_unix_rw) == AUTH_POLKIT) {
        polkit_ask(w, &s, ro ? "org.libvirt.unix.monitor" : "org.libvirt.unix.manage", NULL, 0, true, authenticated, q);
        return;
    }
    err_set(&e, VIR_ERR_AUTH_FAILED, VIR_FROM_RPC, "authentication failed");
    question_end(w, q, &e);
}

/* The guest by its handle, where the index has it. */
static bool question_guest(struct question *q)
{
    struct index_slot s;
    if (!q->rq.object || !rights_has_guest(&q->may))
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
    } else if (q->may.op == OP_REMOTE_AUTH_POLKIT) {
        question_authenticate(w, q);
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
