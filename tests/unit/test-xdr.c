/* test-xdr: the transcoder against messages of real sessions (tests/golden/NAME.msgs), and against what no session holds.
 *
 * A message is "c" or "s" (who sent it), what must come of it, its bytes in hex; lines that begin with a blank go on.
 *   =  decodes, nothing left over, and encodes to the same bytes     ~  decodes, but was written unlike we write it
 *   !  its payload does not decode    ?  of no program or procedure that the sender may use    .  its length word is refused */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <limits.h>
#include "ipc/schema/op-numbers.h"
#include "ipc/util.h"
#include "tests/tap.h"
#include "workers/xdr.h"

struct message { uint8_t *p; size_t n, cap; char from, want; };

static const struct op *find(const struct xdr_head *h)
{
    if (h->vers != 1 || h->proc < 0 || h->proc > UINT16_MAX)
        return NULL;
    for (int p = 1; p < PROG_N; p++)
        if (program_number[p] == h->prog)
            return op_find(OP(p, h->proc));
    return NULL;
}

/* An error must say the same after it was an error object of ours. */
static bool same_error(const uint8_t *p, size_t n)
{
    struct err e = ERR_INIT;
    struct xdr_out o = { 0 };
    bool same = xdr_decode_error(&e, p, n) == 0 && xdr_encode_error(&e, &o) == 0 && o.len == n && !memcmp(o.p, p, n);
    xdr_out_free(&o);
    return same;
}

static char outcome(const struct message *m)
{
    struct xdr_head h;
    if (m->n < XDR_HEAD_BYTES)
        return m->n < XDR_LEN_BYTES || xdr_len_get(&h.len, m->p) < 0 ? '.' : '=';
    if (xdr_head_get(&h, m->p) < 0)
        return '.';
    const struct op *op = find(&h);
    const uint8_t *p = m->p + XDR_HEAD_BYTES;
    size_t n = m->n - XDR_HEAD_BYTES, used = 0;
    bool error = h.type == XDR_REPLY && h.status == XDR_ERROR;
    if (!error && (!op || (m->from == 'c' && op->kind == OPK_EVENT)))
        return '?';
    if (h.type == XDR_STREAM || h.type == XDR_HOLE)
        return '=';
    if (h.type == XDR_CALL_FDS || h.type == XDR_REPLY_FDS) {
        if (n < 4)
            return '!';
        p += 4;
        n -= 4;
    }
    const struct shape_struct *s = error ? &shape_error : h.type == XDR_REPLY || h.type == XDR_REPLY_FDS ? op->ret : op->args;
    struct mp_out mp;
    struct mp_in in;
    struct xdr_out back = { 0 };
    char c = '!';
    mp_out_init(&mp, 64 << 20);
    if (xdr_decode(s, p, n, &mp, &used) == 0) {
        mp_in_init(&in, mp.p, mp.len);
        c = mp_guard(mp.p, mp.len, MP_DEPTH_MAX, mp.len, NULL) == 0 && xdr_encode(s, &in, &back) == 0 && back.len == n && used == n &&
            (!n || !memcmp(back.p, p, n)) && (!error || same_error(p, n)) ? '=' : '~';
    }
    mp_out_free(&mp);
    xdr_out_free(&back);
    return c;
}

/* Every beginning of a good payload must be refused, and the bytes after its end are never read (valgrind, ASan). */
static bool prefixes_refused(const struct message *m)
{
    struct xdr_head h;
    if (m->want != '=' || m->from != 'c' || m->n < XDR_HEAD_BYTES || xdr_head_get(&h, m->p) < 0 || h.type != XDR_CALL)
        return true;
    const struct op *op = find(&h);
    for (size_t n = 0; n < m->n - XDR_HEAD_BYTES; n++) {
        struct mp_out mp;
        AUTO_FREE uint8_t *exact = malloc(n + 1);
        memcpy(exact, m->p + XDR_HEAD_BYTES, n);
        mp_out_init(&mp, 1 << 20);
        int rc = xdr_decode(op->args, exact, n, &mp, NULL);
        mp_out_free(&mp);
        if (rc != -EPROTO)
            return false;
    }
    return true;
}

static int hex(int c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

static void finish(struct message *m, unsigned *count, const char *file, unsigned line)
{
    if (!m->n)
        return;
    char c = outcome(m);
    if (c != m->want)
        tap_ok(false, "%s: message before line %u: wanted '%c', got '%c'", file, line, m->want, c);
    if (!prefixes_refused(m))
        tap_ok(false, "%s: message before line %u: a part of it was taken for the whole", file, line);
    ++*count;
    m->n = 0;
}

static void golden_file(const char *dir, const char *name)
{
    char path[PATH_MAX], *line = NULL;
    size_t cap = 0;
    ssize_t len;
    unsigned no = 0, count = 0;
    struct message m = { 0 };
    int failed = tap_failed;

    if (util_format(path, sizeof path, "%s/%s", dir, name) < 0)
        return;
    FILE *f = fopen(path, "r");
    if (!f) {
        tap_ok(false, "cannot read %s", path);
        return;
    }
    while ((len = getline(&line, &cap, f)) > 0) {
        no++;
        if (line[0] == '#')
            continue;
        char *p = line + 1;
        if (line[0] != ' ') {
            finish(&m, &count, name, no);
            m.from = line[0];
            m.want = line[1];
            p = line + 2;
        }
        for (; *p; p++) {
            if (hex(p[0]) < 0)
                continue;
            if (m.n == m.cap)
                m.p = realloc(m.p, m.cap = m.cap ? 2 * m.cap : 4096);
            m.p[m.n++] = (uint8_t)(hex(p[0]) << 4 | hex(p[1]));
            p++;
        }
    }
    finish(&m, &count, name, no + 1);
    tap_ok(failed == tap_failed && count > 0, "%s: %u messages", name, count);
    free(m.p);
    free(line);
    fclose(f);
}

/* ---- what sessions do not hold ---- */

static int encode(const struct shape_struct *s, struct mp_out *mp, struct xdr_out *o)
{
    struct mp_in in;
    *o = (struct xdr_out){ 0 };
    mp_in_init(&in, mp->p, mp->len);
    int rc = xdr_encode(s, &in, o);
    mp_out_free(mp);
    mp_out_init(mp, 64 << 20);
    return rc;
}

static int decode(const struct shape_struct *s, const void *p, size_t n, struct mp_out *mp)
{
    mp_out_free(mp);
    mp_out_init(mp, 64 << 20);
    return xdr_decode(s, p, n, mp, NULL);
}

static void test_limits(void)
{
    struct mp_out mp;
    struct xdr_out o;
    const struct shape_struct *names = op_find(OP_REMOTE_CONNECT_LIST_DEFINED_DOMAINS)->ret;
    const struct shape_struct *lookup = op_find(OP_REMOTE_DOMAIN_LOOKUP_BY_NAME)->args;
    const struct shape_struct *uuid = op_find(OP_REMOTE_DOMAIN_LOOKUP_BY_UUID)->args;
    static const uint8_t huge[] = { 0, 0, 0x40, 0x01, 0, 0, 0, 0 }, negative[] = { 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0 },
                         nul[] = { 0, 0, 0, 5, 'a', 'b', 0, 'c', 'd', 0, 0, 0 }, latin[] = { 0, 0, 0, 1, 0xe9, 1, 2, 3 };

    mp_out_init(&mp, 64 << 20);
    tap_ok(decode(names, huge, sizeof huge, &mp) == -EPROTO, "a count over its limit is refused");
    tap_ok(decode(names, negative, sizeof negative, &mp) == -EPROTO, "a negative count is refused");
    tap_ok(decode(lookup, negative, sizeof negative, &mp) == -EPROTO, "a negative string length is refused");
    tap_ok(decode(lookup, nul, sizeof nul, &mp) == 0 && mp.len == 4 && !memcmp(mp.p, "\x91\xa2" "ab", 4), "a string ends at a NUL in it");
    tap_ok(decode(lookup, latin, sizeof latin, &mp) == 0 && mp.len == 4 && !memcmp(mp.p, "\x91\xc4\x01\xe9", 4), "a string that is not UTF-8 becomes bin");
    mp_out_free(&mp);
    mp_out_init(&mp, 64 << 20);
    mp_array(&mp, 1);
    mp_bin(&mp, "\xe9", 1);
    tap_ok(encode(lookup, &mp, &o) == 0 && o.len == 8 && o.p[4] == 0xe9, "and goes back as it was");
    xdr_out_free(&o);

    mp_array(&mp, 1);
    mp_bin(&mp, "0123456789abcde", 15);
    tap_ok(encode(uuid, &mp, &o) == -EPROTO && o.len == 0, "a UUID of 15 bytes is refused");
    xdr_out_free(&o);
    mp_array(&mp, 1);
    mp_strn(&mp, "a\0b", 3);
    tap_ok(encode(lookup, &mp, &o) == -EPROTO, "a string with a NUL is refused");
    xdr_out_free(&o);
    mp_array(&mp, 2);
    mp_str(&mp, "a");
    mp_nil(&mp);
    tap_ok(encode(lookup, &mp, &o) == -EPROTO, "an argument too many is refused");
    xdr_out_free(&o);
    mp_array(&mp, 1);
    mp_array(&mp, 16385);
    for (int i = 0; i < 16385; i++)
        mp_str(&mp, "");
    tap_ok(encode(names, &mp, &o) == -EPROTO, "more elements than the limit are refused");
    xdr_out_free(&o);
    AUTO_FREE char *big = malloc((4 << 20) + 1);
    memset(big, 'x', (4 << 20) + 1);
    mp_array(&mp, 1);
    mp_strn(&mp, big, (4 << 20) + 1);
    tap_ok(encode(lookup, &mp, &o) == -EPROTO, "a string over 4 MiB is refused");
    xdr_out_free(&o);
    mp_array(&mp, 0);
    tap_ok(encode(NULL, &mp, &o) == 0 && o.len == 0, "no shape: an empty array");
    xdr_out_free(&o);
    mp_out_free(&mp);
}

/* All seven types of typed parameters, an unknown one, and one whose value is of another type. */
static void test_params(void)
{
    struct mp_out mp;
    struct mp_in in;
    struct xdr_out o;
    const struct op *op = op_find(OP_REMOTE_CONNECT_SET_IDENTITY);

    mp_out_init(&mp, 64 << 20);
    mp_array(&mp, 2);
    mp_array(&mp, 7);
    for (int t = 1; t <= 7; t++) {
        mp_array(&mp, 3);
        mp_str(&mp, "name");
        mp_int(&mp, t);
        switch (t) {
        case 1: mp_int(&mp, INT32_MIN); break;
        case 2: mp_uint(&mp, UINT32_MAX); break;
        case 3: mp_int(&mp, INT64_MIN); break;
        case 4: mp_uint(&mp, UINT64_MAX); break;
        case 5: mp_double(&mp, 0.1); break;
        case 6: mp_bool(&mp, true); break;
        case 7: mp_str(&mp, "caf\xc3\xa9"); break;
        }
    }
    mp_uint(&mp, 0);
    AUTO_FREE uint8_t *first = malloc(mp.len);
    size_t first_len = mp.len;
    memcpy(first, mp.p, mp.len);
    bool good = encode(op->args, &mp, &o) == 0 && decode(op->args, o.p, o.len, &mp) == 0 && mp.len == first_len && !memcmp(mp.p, first, first_len);
    tap_ok(good, "typed parameters of all types go there and back");
    static const uint8_t eight[] = { 0, 0, 0, 1, 0, 0, 0, 1, 'n', 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0 };
    tap_ok(decode(op->args, eight, sizeof eight, &mp) == -EPROTO, "a typed parameter of type 8 is refused");
    xdr_out_free(&o);
    mp_out_free(&mp);
    mp_out_init(&mp, 64 << 20);
    mp_array(&mp, 2);
    mp_array(&mp, 1);
    mp_array(&mp, 3);
    mp_str(&mp, "n");
    mp_int(&mp, 7);
    mp_int(&mp, 7);
    mp_uint(&mp, 0);
    mp_in_init(&in, mp.p, mp.len);
    tap_ok(encode(op->args, &mp, &o) == -EPROTO, "a value of another type than its number says is refused");
    xdr_out_free(&o);
    mp_out_free(&mp);
}

/* Characters of four bytes: counted with a NUL, padded, or as they are. */
static void test_text(void)
{
    struct mp_out mp;
    struct xdr_out o;
    mp_out_init(&mp, 64 << 20);
    mp_array(&mp, 2);
    mp_str(&mp, "none");
    mp_str(&mp, "0");
    tap_ok(encode(op_find(OP_REMOTE_NODE_GET_SECURITY_MODEL)->ret, &mp, &o) == 0 && o.len == 4 + 5 * 4 + 4 + 2 * 4 && o.p[3] == 5,
           "text counts its NUL");
    xdr_out_free(&o);
    mp_array(&mp, 2);
    AUTO_FREE char *model = calloc(1, 258);
    memset(model, 'm', 257);
    mp_strn(&mp, model, 257);
    mp_str(&mp, "0");
    tap_ok(encode(op_find(OP_REMOTE_NODE_GET_SECURITY_MODEL)->ret, &mp, &o) == -EPROTO, "text that leaves no room for its NUL is refused");
    xdr_out_free(&o);
    mp_out_free(&mp);
}

static void test_heads(void)
{
    struct xdr_head h = { .prog = 0x20008086, .vers = 1, .proc = -5, .type = 1, .serial = UINT32_MAX, .status = 2 }, got;
    struct xdr_out o = { 0 };
    static const struct { uint32_t len; int rc; } lens[] = { { 0, -EPROTO }, { 3, -EPROTO }, { 4, -EPROTO }, { 27, -EPROTO }, { 28, 0 },
        { 33554436, 0 }, { 33554437, -EPROTO }, { UINT32_MAX, -EPROTO } };
    size_t start = xdr_begin(&o, &h);
    xdr_raw(&o, "abc", 3);
    tap_ok(xdr_end(&o, start) == 0 && o.len == 31 && xdr_head_get(&got, o.p) == 0 && got.len == 31 && got.prog == h.prog && got.proc == -5 &&
           got.serial == UINT32_MAX && got.status == 2, "a header goes there and back");
    bool good = true;
    for (size_t i = 0; i < ARRAY_N(lens); i++) {
        uint8_t b[4] = { (uint8_t)(lens[i].len >> 24), (uint8_t)(lens[i].len >> 16), (uint8_t)(lens[i].len >> 8), (uint8_t)lens[i].len };
        uint32_t v;
        good = good && xdr_len_get(&v, b) == lens[i].rc;
    }
    tap_ok(good, "lengths at and over the limits");
    xdr_out_free(&o);
}

static void test_tables(void)
{
    bool sorted = true, named = true, routed = op_table_n == op_route_table_n;
    for (unsigned i = 0; i < op_table_n; i++) {
        const struct op *op = &op_table[i];
        sorted = sorted && (!i || op_table[i - 1].id < op->id) && op_find(op->id) == op;
        named = named && op_find_name(op->name, strlen(op->name)) == op;
        const struct op_route_row *r = op_route_find(op->id);
        routed = routed && r && r->route == op->route && r->cap == op->cap && r->ro == op->ro && r->kind == op->kind;
    }
    tap_ok(sorted, "every operation is found by number");
    tap_ok(named && !op_find_name("domain.creat", 12) && !op_find_name("", 0) && !op_find_name("domain.createx", 14), "and by name");
    tap_ok(routed, "the routing rows say the same");
    tap_ok(!op_find(OP(PROG_REMOTE, 0)) && !op_find(OP(PROG_REMOTE, 65535)) && !op_find(UINT32_MAX), "others are not found");
    const struct op *xml = op_find(OP_REMOTE_DOMAIN_GET_XML_DESC), *start = op_find(OP_REMOTE_DOMAIN_SET_AUTOSTART);
    tap_ok(xml->ro && xml->ro_deny == 9 && xml->affects == 2 && xml->arg_flags == 1 && xml->arg_object == 0, "domain.get_xml_desc: secrets need more than reading");
    tap_ok(!start->ro && start->arg_flags == 1 && start->affects == 0, "domain.set_autostart: its int is in the header");
}

int main(void)
{
    char dir[PATH_MAX];
    const char *top = getenv("SRCDIR");
    if (util_format(dir, sizeof dir, "%s/tests/golden", top ? top : ".") < 0)
        return 1;
    DIR *d = opendir(dir);
    tap_ok(d != NULL, "%s is there", dir);
    for (struct dirent *e; d && (e = readdir(d));)
        if (strstr(e->d_name, ".msgs"))
            golden_file(dir, e->d_name);
    if (d)
        closedir(d);
    test_heads();
    test_limits();
    test_params();
    test_text();
    test_tables();
    return tap_done();
}
