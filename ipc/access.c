/* access.c: see access.h. */
#include "access.h"
#include <string.h>
#include "util.h"

bool access_matches(const char *pattern, const char *text)
{
    const char *star = NULL, *from = text;
    while (*text)
        if (*pattern == '*') {
            star = ++pattern;
            from = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star;
            text = ++from;
        } else {
            return false;
        }
    return pattern[strspn(pattern, "*")] == 0;
}

static const struct { const char *object, *permissions; } all[] = {
    { "connect", "detect-storage-pools getattr interface-transaction pm-control read search-domains search-interfaces search-networks search-node-devices search-nwfilter-bindings "
                 "search-nwfilters search-secrets search-storage-pools write" },
    { "domain", "block-read block-write checkpoint core-dump delete fs-freeze fs-trim getattr hibernate init-control inject-nmi mem-read migrate open-device open-graphics open-namespace "
                "pm-control read read-secure reset save screenshot send-input send-signal set-password set-time snapshot start stop suspend write" },
    { "interface", "delete getattr read save start stop write" },
    { "network", "delete getattr read save search-ports start stop write" },
    { "network-port", "create delete getattr read write" },
    { "node-device", "delete detach getattr read start stop write" },
    { "nwfilter", "delete getattr read save write" },
    { "nwfilter-binding", "create delete getattr read" },
    { "secret", "delete getattr read read-secure save write" },
    { "storage-pool", "delete format getattr read refresh save search-storage-vols start stop write" },
    { "storage-vol", "create data-read data-write delete format getattr read resize" },
};

bool access_permission(const char *pattern)
{
    char name[ACCESS_WORD_MAX];
    for (size_t i = 0; i < ARRAY_N(all); i++)
        for (const char *p = all[i].permissions, *end; *p; p = end + (*end == ' ')) {
            end = strchrnul(p, ' ');
            if (util_format(name, sizeof name, "%s.%.*s", all[i].object, (int)(end - p), p) == 0 && access_matches(pattern, name))
                return true;
        }
    return false;
}

bool access_uuid(const char *text, uint8_t uuid[16])
{
    unsigned n = 0;
    for (const char *p = text; *p; p++) {
        int c = *p | 0x20, d = *p >= '0' && *p <= '9' ? *p - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (p - text == 8 || p - text == 13 || p - text == 18 || p - text == 23 ? *p != '-' : d < 0 || n == 32)
            return false;
        if (d >= 0) {
            uuid[n / 2] = (uint8_t)(uuid[n / 2] << 4 | d);
            n++;
        }
    }
    return n == 32;
}

bool access_rules_good(const struct access_rules *r, size_t n)
{
    if (n < sizeof *r || r->magic != ACCESS_MAGIC || r->n > ACCESS_RULES_MAX || n != sizeof *r + r->n * sizeof r->rule[0])
        return false;
    for (uint32_t i = 0; i < r->n; i++) {
        const struct access_rule *a = &r->rule[i];
        if (!memchr(a->name, 0, sizeof a->name) || !memchr(a->permission, 0, sizeof a->permission) || !memchr(a->pattern, 0, sizeof a->pattern) ||
            a->who > ACCESS_GROUP || a->guest > ACCESS_GUEST_UUID)
            return false;
    }
    return true;
}

static bool is_of(const struct access_rule *a, const struct access_client *c)
{
    bool is = a->who == ACCESS_ALL || (a->who == ACCESS_USER ? a->id == c->uid : a->id == c->gid);
    for (uint32_t i = 0; !is && a->who == ACCESS_GROUP && i < c->ngroups; i++)
        is = c->groups[i] == a->id;
    return is;
}

/* Of a guest that is not known yet what would allow is believed, and what would deny is not: whoever may do it to no guest at all is told so at once. */
static enum access_answer is_about(const struct access_rule *a, const struct access_object *o)
{
    if (a->guest == ACCESS_ANY_GUEST)
        return ACCESS_YES;
    if (o->about != ACCESS_GUEST)
        return o->about == ACCESS_SOME_GUEST && a->allow ? ACCESS_YES : ACCESS_NO;
    if (a->guest == ACCESS_GUEST_NAME)
        return access_matches(a->pattern, o->name) ? ACCESS_YES : ACCESS_NO;
    return !o->uuid ? ACCESS_OPEN : !memcmp(a->uuid, o->uuid, sizeof a->uuid) ? ACCESS_YES : ACCESS_NO;
}

enum access_answer access_judge(const struct access_rules *r, const struct access_client *c, const char *permission, const struct access_object *o, uint32_t *line)
{
    *line = 0;
    for (uint32_t i = 0; i < r->n; i++) {
        const struct access_rule *a = &r->rule[i];
        enum access_answer about = is_of(a, c) && access_matches(a->permission, permission) ? is_about(a, o) : ACCESS_NO;
        if (about == ACCESS_NO)
            continue;
        *line = a->line;
        return about == ACCESS_OPEN ? ACCESS_OPEN : a->allow ? ACCESS_YES : ACCESS_NO;
    }
    return ACCESS_NO;
}
