/* rights.c: which permissions a call needs, from the schema (the head of ipc/schema/remote.rpc tells how it says that). */
#include "workers/auth/auth.h"
#include <stdlib.h>
#include <string.h>
#include "ipc/schema/op-numbers.h"
#include "ipc/util.h"

enum { CONFIG = 2, LIVE_OR_CONFIG = 3 };

/* Calls whose guest a document names: they are asked for again, with its name, before anything is done. */
static const uint32_t documents[] = { OP_REMOTE_DOMAIN_DEFINE_XML, OP_REMOTE_DOMAIN_DEFINE_XML_FLAGS, OP_REMOTE_DOMAIN_CREATE_XML, OP_REMOTE_DOMAIN_RESTORE, OP_REMOTE_DOMAIN_RESTORE_FLAGS,
    OP_REMOTE_DOMAIN_RESTORE_PARAMS };

/* SAFETY: which of the two a call is about the supervisor sees in the header's flags, where a gateway that was taken over may have put something else than in its argument. */
static bool is_config(const struct may *m)
{
    bool live = m->flags & (FRAME_LIVE | FRAME_ASK) && !(m->flags & FRAME_CONFIG);
    return !live || m->arg & CONFIG || !(m->arg & LIVE_OR_CONFIG);
}

static bool holds(const char *condition, size_t n, const struct may *m)
{
    return n == 6 && !memcmp(condition, "config", 6) ? is_config(m) : (m->arg & strtoul(condition, NULL, 16)) != 0;
}

bool rights_has_guest(const struct may *m)
{
    const struct op *o = op_find(m->op);
    return m->flags & FRAME_ASK || m->op == OP_REMOTE_CONNECT_GET_ALL_DOMAIN_STATS || (o && o->arg_object >= 0);
}

/* libvirt's names have dashes. */
static bool put(char to[ACCESS_WORD_MAX], const char *object, size_t object_n, const char *permission, size_t n)
{
    if (util_format(to, ACCESS_WORD_MAX, "%.*s.%.*s", (int)object_n, object, (int)n, permission) < 0)
        return false;
    for (char *p = to; *p; p++)
        if (*p == '_')
            *p = '-';
    return true;
}

bool rights_of(const struct may *m, bool has_guest, struct rights *r)
{
    const struct op *o = op_find(m->op);
    memset(r, 0, sizeof *r);
    /* Nothing is needed for what is the connection's own; of another that says so nobody knows what libvirt would want. */
    if (!o || o->kind != OPK_CALL || (!*o->right && o->cls != CLASS_CONNECT))
        return false;
    /* A part of a call that a gateway asks a guest's worker for, once its client may have the whole. */
    if (m->op == OP_REMOTE_CONNECT_GET_ALL_DOMAIN_STATS && has_guest) {
        r->n = 1;
        return put(r->name[0], "domain", 6, "read", 4);
    }
    const char *colon = strchr(o->right, ':');
    for (const char *p = colon ? colon + 1 : "", *end; *p; p = end + (*end == '+')) {
        end = strchrnul(p, '+');
        size_t n = strcspn(p, "?+");
        if (p[n] == '?' && !holds(p + n + 1, (size_t)(end - p) - n - 1, m))
            continue;
        if (r->n == RIGHTS_MAX || !put(r->name[r->n], o->right, (size_t)(colon - o->right), p, n))
            return false;
        if (!strcmp(r->name[r->n++], "connect.search-domains"))
            strcpy(r->filter, m->op == OP_REMOTE_CONNECT_GET_ALL_DOMAIN_STATS ? "domain.read" : "domain.getattr");
    }
    for (size_t i = 0; i < ARRAY_N(documents); i++)
        if (documents[i] == m->op)
            r->about = ACCESS_SOME_GUEST;
    return true;
}
