/* test-access: the file of rules, who may what by it, and what each call of the schema needs. */
#include <string.h>
#include "ipc/schema/op-numbers.h"
#include "ipc/util.h"
#include "tests/tap.h"
#include "workers/auth/auth.h"
#include "workers/conf/access.h"

static struct access_rules *parse(const char *text, struct err *e)
{
    struct access_rules *r = NULL;
    size_t n = 0;
    memset(e, 0, sizeof *e);
    if (access_parse("f", text, strlen(text), &r, &n, e) == 0 && !access_rules_good(r, n))
        tap_ok(false, "what was parsed is good");
    return r;
}

static void test_grammar(void)
{
    static const struct { const char *text, *says; } bad[] = {
        { "x", "f:1: \"allow\" or \"deny\" is expected" },
        { "\n# a\n\n  permit all *", "f:4: \"allow\" or \"deny\" is expected" },
        { "allow", "f:1: \"all\", \"user NAME\" or \"group NAME\" is expected" },
        { "allow alice *", "f:1: \"all\", \"user NAME\" or \"group NAME\" is expected" },
        { "allow user", "f:1: a name is expected" },
        { "allow user aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa *", "f:1: the name is too long" },
        { "allow all", "f:1: a permission of libvirt's is expected, like domain.start, domain.* or *" },
        { "allow all domain.strat", "f:1: a permission of libvirt's is expected, like domain.start, domain.* or *" },
        { "deny all domain.start,,domain.stop", "f:1: a permission of libvirt's is expected, like domain.start, domain.* or *" },
        { "deny all domain.start,", "f:1: a permission of libvirt's is expected, like domain.start, domain.* or *" },
        { "allow all *\nallow all *\r\n", "f:2: a control character" },
    };
    struct err e;
    for (size_t i = 0; i < ARRAY_N(bad); i++) {
        AUTO_FREE struct access_rules *r = parse(bad[i].text, &e);
        tap_str(r ? "it is taken" : e.detail, bad[i].says, "line %zu of what is refused", i);
    }
    AUTO_FREE struct access_rules *r = parse("  allow\tuser alice  domain.start,domain.stop  web server \n#x\ndeny all * 11111111-2222-3333-4444-AAAAAAAAAAAA", &e);
    tap_ok(r && r->n == 3, "a row a permission");
    if (!r)
        return;
    tap_str(r->rule[0].permission, "domain.start", "the first one");
    tap_str(r->rule[1].pattern, "web server", "a guest's name has blanks, but for those at its end");
    tap_ok(r && r->rule[1].line == 1 && r->rule[2].line == 3, "lines");
    tap_ok(r && r->rule[2].guest == ACCESS_GUEST_UUID && r->rule[2].uuid[0] == 0x11 && r->rule[2].uuid[15] == 0xaa, "a UUID");
    AUTO_FREE struct access_rules *none = parse("", &e);
    tap_ok(none && none->n == 0, "an empty file has no rule");
    static char many[(ACCESS_RULES_MAX + 1) * 12 + 1];
    for (int i = 0; i <= ACCESS_RULES_MAX; i++)
        memcpy(many + i * 12, "allow all *\n", 12);
    AUTO_FREE struct access_rules *too = parse(many, &e);
    tap_ok(!too && strstr(e.detail, "f:4097: there are too many rules"), "too many rules");
}

static void test_judge(void)
{
    static const uint32_t groups[] = { 7, 9 };
    const struct access_client alice = { .uid = 1, .gid = 10, .ngroups = 2, .groups = groups }, bob = { .uid = 2, .gid = 9 };
    static const uint8_t uuid[16] = { 0x11, 0x11, 0x11, 0x11, 0x22, 0x22, 0x33, 0x33, 0x44, 0x44, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55 }, other[16] = { 1 };
    struct err e;
    AUTO_FREE struct access_rules *r = parse(
        "deny user a domain.delete web-*\n"
        "allow user a domain.* web-*\n"
        "allow group g domain.read,connect.getattr\n"
        "deny all domain.start 11111111-2222-3333-4444-555555555555\n"
        "allow all domain.start\n"
        "allow user b *.getattr\n", &e);
    for (uint32_t i = 0; r && i < r->n; i++)
        r->rule[i].id = r->rule[i].name[0] == 'a' ? 1 : r->rule[i].name[0] == 'b' ? 2 : 9;
    const struct access_object web = { ACCESS_GUEST, "web-1", other }, db = { ACCESS_GUEST, "db", other }, one = { ACCESS_GUEST, "db", uuid }, unknown = { ACCESS_GUEST, "db", NULL },
        none = { ACCESS_NO_GUEST, "", NULL }, some = { ACCESS_SOME_GUEST, "", NULL };
    const struct { const struct access_client *c; const char *permission; const struct access_object *o; enum access_answer is; uint32_t line; } t[] = {
        { &alice, "domain.write", &web, ACCESS_YES, 2 }, { &alice, "domain.delete", &web, ACCESS_NO, 1 }, { &alice, "domain.write", &db, ACCESS_NO, 0 },
        { &alice, "domain.read", &db, ACCESS_YES, 3 }, { &bob, "domain.read", &db, ACCESS_YES, 3 }, { &bob, "domain.write", &web, ACCESS_NO, 0 },
        { &bob, "domain.start", &one, ACCESS_NO, 4 }, { &bob, "domain.start", &db, ACCESS_YES, 5 }, { &bob, "domain.start", &unknown, ACCESS_OPEN, 4 },
        { &bob, "network.getattr", &none, ACCESS_YES, 6 }, { &bob, "connect.getattr", &none, ACCESS_YES, 3 }, { &bob, "connect.read", &none, ACCESS_NO, 0 },
        { &alice, "domain.write", &none, ACCESS_NO, 0 }, { &alice, "domain.write", &some, ACCESS_YES, 2 }, { &bob, "domain.write", &some, ACCESS_NO, 0 },
    };
    for (size_t i = 0; r && i < ARRAY_N(t); i++) {
        uint32_t line = 99;
        enum access_answer is = access_judge(r, t[i].c, t[i].permission, t[i].o, &line);
        tap_ok(is == t[i].is && line == t[i].line, "uid %u, %s, %s: %d of line %u (%d of %u)", t[i].c->uid, t[i].permission, t[i].o->name, t[i].is, t[i].line, is, line);
    }
    static const struct { const char *pattern, *text; bool is; } m[] = { { "*", "", true }, { "a*", "a", true }, { "a*c", "abbc", true }, { "a*c", "abb", false }, { "*b*", "abc", true }, { "", "a", false },
        { "**", "x", true }, { "a", "ab", false }, { "ab", "a", false }, { "*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false } };
    for (size_t i = 0; i < ARRAY_N(m); i++)
        tap_ok(access_matches(m[i].pattern, m[i].text) == m[i].is, "'%s' and '%s'", m[i].pattern, m[i].text);
}

/* What a call needs as "permission permission ... / filter". */
static const char *rights_with(uint32_t op, uint32_t arg, uint32_t flags, bool has_guest)
{
    static char out[1024];
    struct rights r;
    struct may m = { .op = op, .arg = arg, .flags = flags };
    if (!rights_of(&m, has_guest, &r))
        return "cannot be told";
    *out = 0;
    for (unsigned i = 0; i < r.n; i++)
        snprintf(out + strlen(out), sizeof out - strlen(out), "%s ", r.name[i]);
    if (r.filter[0])
        snprintf(out + strlen(out), sizeof out - strlen(out), "/ %s ", r.filter);
    return out;
}

/* As an honest gateway sends it. */
static const char *rights(uint32_t op, uint32_t arg, bool has_guest)
{
    const struct op *o = op_find(op);
    uint32_t affects = o ? arg & o->affects : 0;
    return rights_with(op, arg, (affects & 1 ? FRAME_LIVE : 0) | (affects & 2 ? FRAME_CONFIG : 0), has_guest);
}

/* A gateway that was taken over says one thing to auth and another to who carries the call out. */
static void test_lies(void)
{
    tap_str(rights_with(OP_REMOTE_DOMAIN_SET_MEMORY_FLAGS, 1, FRAME_CONFIG, true), "domain.write domain.save ", "its argument says live, the header the definition");
    tap_str(rights_with(OP_REMOTE_DOMAIN_SET_MEMORY_FLAGS, 1, FRAME_LIVE | FRAME_CONFIG, true), "domain.write domain.save ", "the header says both");
    tap_str(rights_with(OP_REMOTE_DOMAIN_SET_MEMORY_FLAGS, 1, 0, true), "domain.write domain.save ", "the header says neither, which may be the definition");
    tap_str(rights_with(OP_REMOTE_NETWORK_UPDATE, 1, FRAME_ASK, false), "network.write ", "who only asks has the argument alone");
    for (unsigned i = 0; i < op_table_n; i++)
        if (strstr(op_table[i].right, "?config") && op_table[i].route != ROUTE_SIBLING && op_table[i].affects != 3)
            tap_ok(false, "%s is judged by flags that its gateway puts into no header", op_table[i].name);
    const struct may file = { .op = OP_REMOTE_DOMAIN_SAVE_IMAGE_DEFINE_XML }, start = { .op = OP_REMOTE_DOMAIN_CREATE }, find = { .op = OP_REMOTE_DOMAIN_LOOKUP_BY_NAME, .flags = FRAME_ASK },
        define = { .op = OP_REMOTE_DOMAIN_DEFINE_XML }, part = { .op = OP_REMOTE_CONNECT_GET_ALL_DOMAIN_STATS };
    tap_ok(!rights_has_guest(&file) && !rights_has_guest(&define), "a guest that a call does not name is no reason to allow it");
    tap_ok(rights_has_guest(&start) && rights_has_guest(&find) && rights_has_guest(&part), "and of one that it names it is");
}

static void test_rights(void)
{
    tap_str(rights(OP_REMOTE_DOMAIN_CREATE, 0, true), "domain.start ", "one");
    tap_str(rights(OP_REMOTE_DOMAIN_GET_XML_DESC, 0, true), "domain.read ", "a condition that does not hold");
    tap_str(rights(OP_REMOTE_DOMAIN_GET_XML_DESC, 1, true), "domain.read domain.read-secure ", "one that does");
    tap_str(rights(OP_REMOTE_DOMAIN_SET_MEMORY_FLAGS, 0, true), "domain.write domain.save ", "what is set now may be the definition");
    tap_str(rights(OP_REMOTE_DOMAIN_SET_MEMORY_FLAGS, 1, true), "domain.write ", "live");
    tap_str(rights(OP_REMOTE_DOMAIN_SET_MEMORY_FLAGS, 3, true), "domain.write domain.save ", "both");
    tap_str(rights(OP_REMOTE_DOMAIN_SET_SCHEDULER_PARAMETERS, 0, true), "domain.write domain.save ", "what sets without flags, whatever the protocol says of it");
    tap_str(rights(OP_REMOTE_DOMAIN_SET_MAX_MEMORY, 0, true), "domain.write domain.save ", "and what is set in the definition");
    tap_str(rights(OP_REMOTE_CONNECT_LIST_ALL_DOMAINS, 0, false), "connect.search-domains / domain.getattr ", "a list is filtered");
    tap_str(rights(OP_REMOTE_CONNECT_GET_ALL_DOMAIN_STATS, 0, false), "connect.search-domains / domain.read ", "statistics by another permission");
    tap_str(rights(OP_REMOTE_CONNECT_GET_ALL_DOMAIN_STATS, 0, true), "domain.read ", "a part of them");
    tap_str(rights(0xffff0001, 0, true), "cannot be told", "no call");
    tap_str(rights(OP_REMOTE_DOMAIN_EVENT_LIFECYCLE, 0, true), "cannot be told", "an event");
    unsigned open = 0, unknown = 0, refused = 0;
    for (unsigned i = 0; i < op_table_n; i++) {
        const struct op *op = &op_table[i];
        struct rights r;
        struct may m = { .op = op->id, .arg = ~0u };
        bool api = OP_PROG(op->id) == PROG_REMOTE || OP_PROG(op->id) == PROG_QEMU || OP_PROG(op->id) == PROG_LXC;
        if (op->kind != OPK_CALL || !api)
            continue;
        if (!rights_of(&m, false, &r)) {
            refused++;
            continue;
        }
        if (!r.n && op->cls == CLASS_CONNECT)
            open++;
        for (unsigned k = 0; k < r.n; k++)
            if (!access_permission(r.name[k])) {
                unknown++;
                printf("# %s needs %s\n", op->name, r.name[k]);
            }
        if (!r.n && op->cls != CLASS_CONNECT)
            tap_ok(false, "%s needs nothing", op->name);
    }
    /* Both numbers change with the schema only: who adds a call says what it needs, or sees here that nobody may make it. */
    tap_ok(open == 7, "calls for the connection itself need nothing (%u)", open);
    tap_ok(refused == 9, "calls whose permission nobody knows are nobody's (%u)", refused);
    tap_ok(!unknown, "all others need permissions of libvirt's");
}

int main(void)
{
    test_grammar();
    test_judge();
    test_rights();
    test_lies();
    return tap_done();
}
