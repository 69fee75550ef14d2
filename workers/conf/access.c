/* access.c: see access.h.
 *
 *   allow|deny  all | user NAME | group NAME  PERMISSION[,PERMISSION]...  [GUEST]
 *
 * Of each permission there is a row, so that who judges by them has one pattern to look at.  GUEST is the rest of the line: names may have blanks. */
#include "workers/conf/access.h"
#include <stdlib.h>
#include <string.h>
#include "ipc/util.h"

struct parser {
    const char *name, *p, *end /* of the line */;
    unsigned line;
    struct access_rules *r;
    struct err *e;
};

static int bad(struct parser *s, const char *what)
{
    return err_set(s->e, VIR_ERR_CONF_SYNTAX, VIR_FROM_CONF, "%s:%u: %s", s->name, s->line, what);
}

static void skip_blanks(struct parser *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\t'))
        s->p++;
}

/* The next word; its length, 0 at the end of the line. */
static size_t word(struct parser *s, const char **start)
{
    skip_blanks(s);
    *start = s->p;
    while (s->p < s->end && *s->p != ' ' && *s->p != '\t')
        s->p++;
    return (size_t)(s->p - *start);
}

static bool is_word(const char *p, size_t n, const char *what)
{
    return strlen(what) == n && !memcmp(p, what, n);
}

static int who(struct parser *s, struct access_rule *a)
{
    const char *p;
    size_t n = word(s, &p);
    if (is_word(p, n, "all"))
        return 0;
    a->who = is_word(p, n, "user") ? ACCESS_USER : is_word(p, n, "group") ? ACCESS_GROUP : ACCESS_ALL;
    if (a->who == ACCESS_ALL)
        return bad(s, "\"all\", \"user NAME\" or \"group NAME\" is expected");
    n = word(s, &p);
    if (!n || n >= sizeof a->name)
        return bad(s, n ? "the name is too long" : "a name is expected");
    memcpy(a->name, p, n);
    return 0;
}

static int guest(struct parser *s, struct access_rule *a)
{
    skip_blanks(s);
    const char *end = s->end;
    while (end > s->p && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    size_t n = (size_t)(end - s->p);
    if (!n)
        return 0;
    if (n >= sizeof a->pattern)
        return bad(s, "the name is too long");
    memcpy(a->pattern, s->p, n);
    if (strcmp(a->pattern, "*"))
        a->guest = access_uuid(a->pattern, a->uuid) ? ACCESS_GUEST_UUID : ACCESS_GUEST_NAME;
    return 0;
}

static int add(struct parser *s, struct access_rule *a, const char *p, size_t n)
{
    memset(a->permission, 0, sizeof a->permission);
    if (n < sizeof a->permission)
        memcpy(a->permission, p, n);
    /* One that nobody has would never match: what is meant to deny is not lost over a slip. */
    if (!access_permission(a->permission))
        return bad(s, "a permission of libvirt's is expected, like domain.start, domain.* or *");
    if (s->r->n == ACCESS_RULES_MAX)
        return bad(s, "there are too many rules");
    s->r->rule[s->r->n++] = *a;
    return 0;
}

static int rule(struct parser *s)
{
    struct access_rule a = { .line = s->line };
    const char *p, *list;
    size_t n = word(s, &p);
    if (!n || *p == '#')
        return 0;
    a.allow = is_word(p, n, "allow");
    if (!a.allow && !is_word(p, n, "deny"))
        return bad(s, "\"allow\" or \"deny\" is expected");
    if (who(s, &a) < 0)
        return -1;
    size_t len = word(s, &list);
    if (guest(s, &a) < 0)
        return -1;
    for (const char *end = list + len, *comma; ; list = comma + 1) {
        comma = memchr(list, ',', (size_t)(end - list));
        if (add(s, &a, list, (size_t)((comma ? comma : end) - list)) < 0)
            return -1;
        if (!comma)
            return 0;
    }
}

int access_parse(const char *name, const char *text, size_t n, struct access_rules **out, size_t *size, struct err *e)
{
    AUTO_FREE struct access_rules *r = calloc(1, ACCESS_BYTES_MAX);
    struct parser s = { .name = name, .p = text, .r = r, .e = e };
    if (!r)
        return err_set(e, VIR_ERR_NO_MEMORY, VIR_FROM_CONF, "%s", name);
    r->magic = ACCESS_MAGIC;
    for (const char *end = text + n; s.p < end; s.p = s.end + 1) {
        s.line++;
        s.end = memchr(s.p, '\n', (size_t)(end - s.p));
        if (!s.end)
            s.end = end;
        for (const char *p = s.p; p < s.end; p++)
            if ((unsigned char)*p < ' ' && *p != '\t')
                return bad(&s, "a control character");
        if (rule(&s) < 0)
            return -1;
        if (s.end == end)
            break;
    }
    *size = sizeof *r + r->n * sizeof r->rule[0];
    *out = STEAL_PTR(&r);
    return 0;
}
