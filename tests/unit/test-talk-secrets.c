/* test-talk-secrets: secrets of a guest: what is said to the secret daemon about which of a manifest's, which of its answers are taken, AES by the standard's own example, and the role
 * as a process, which lets nothing out as it came. */
#include "ipc/mp.h"
#include "ipc/schema/op-numbers.h"
#include "talk.h"
#include "tests/tap.h"
#include "workers/base64.h"
#include "workers/talk/talk.h"

#define UUID "01020304-0506-0708-090a-0b0c0d0e0f10"
#define TOKEN "0123456789abcdef0123456789abcdef"
#define GREETING "66;1 secret:///system 0;"
enum { CEPH = 2, VOLUME = 1 };
enum answers { HONEST, NO_SECRET, NO_VALUE, PRIVATE, PRIVATE_STILL, OTHER_USAGE, EMPTY, LONG, TOO_LONG, HANGS_UP, LONGER };
static const struct settings settings = { .magic = SETTINGS_MAGIC };
static const struct secret_keys keys = { .key = { 1, 2, 3 }, .token = TOKEN };

/* ---- a secret daemon that notes what it is told ---- */

static bool shown;      /* the token: in the daemon's process */

static void note(FILE *to, uint32_t proc, const uint8_t *p, size_t n)
{
    fprintf(to, "%u", proc);
    if (proc == OP_PROC(OP_REMOTE_CONNECT_OPEN))
        fprintf(to, " %.*s %u", (int)word(p + 4), p + 8, word(p + n - 4));
    else if (proc == OP_PROC(OP_REMOTE_SECRET_LOOKUP_BY_UUID) || proc == OP_PROC(OP_REMOTE_SECRET_GET_VALUE))
        fprintf(to, " %02x%02x", p[0], p[15]);
    else if (proc == OP_PROC(OP_REMOTE_SECRET_LOOKUP_BY_USAGE))
        fprintf(to, " %u %.*s", word(p), (int)word(p + 4), p + 8);
    else if (proc == OP_PROC(OP_REMOTE_CONNECT_SET_IDENTITY))
        fprintf(to, " %u %.*s=%.*s", word(p), (int)word(p + 4), p + 8, (int)word(p + 4 + 4 + padded(word(p + 4)) + 4), p + 4 + 4 + padded(word(p + 4)) + 8);
    fputc(';', to);
}

static bool put_results(struct xdr_out *o, uint32_t proc, int how, struct err *e)
{
    static const uint8_t uuid[16] = { 1, 2, [15] = 0x10 };
    static uint8_t big[65536];
    bool by_uuid = proc == OP_PROC(OP_REMOTE_SECRET_LOOKUP_BY_UUID), gets = proc == OP_PROC(OP_REMOTE_SECRET_GET_VALUE);
    shown |= proc == OP_PROC(OP_REMOTE_CONNECT_SET_IDENTITY) && how == PRIVATE;
    if ((by_uuid && how == NO_SECRET) || (gets && how == NO_VALUE))
        err_set(e, VIR_ERR_NO_SECRET, VIR_FROM_SECRET, "not found");
    if (gets && (how == PRIVATE || how == PRIVATE_STILL) && !shown)
        err_set(e, VIR_ERR_INVALID_SECRET, VIR_FROM_SECRET, "secret is private");
    if (proc == OP_PROC(OP_REMOTE_AUTH_LIST)) {
        xdr_u32(o, 1);
        xdr_u32(o, 0);
    } else if (by_uuid || proc == OP_PROC(OP_REMOTE_SECRET_LOOKUP_BY_USAGE)) {
        xdr_raw(o, uuid, sizeof uuid);
        xdr_u32(o, how == OTHER_USAGE ? CEPH : VOLUME);
        talk_text(o, "a name");
    } else if (gets) {
        talk_bytes(o, how == LONG || how == TOO_LONG ? (const char *)big : "plain words", how == EMPTY ? 0 : how == LONG ? SECRET_BYTES_MAX : how == TOO_LONG ? SECRET_BYTES_MAX + 1 : 11);
        if (how == LONGER)
            xdr_u32(o, 0);
    }
    return !gets || how != HANGS_UP;
}

static bool serve(int fd, FILE *notes, const uint8_t *call, size_t n, const void *how)
{
    struct err e = ERR_INIT;
    struct xdr_out o = { 0 };
    note(notes, word(call + 12), call + XDR_HEAD_BYTES, n - XDR_HEAD_BYTES);
    size_t start = talk_results(&o, call);
    bool there = put_results(&o, word(call + 12), (int)*(const enum answers *)how, &e);
    if (there && !e.code)
        return talk_sent(fd, &o, start);
    xdr_out_free(&o);
    return there && talk_answer(fd, call, &e);
}

/* ---- what a guest has ---- */

static int manifest(const char *first)
{
    static uint8_t buf[8192];
    struct manifest_out out;
    manifest_begin(&out, buf, sizeof buf);
    manifest_add(&out, &(struct manifest_entry){ .kind = MK_IMAGE, .parent = -1 }, "/image", NULL);
    manifest_add(&out, &(struct manifest_entry){ .kind = MK_SECRET, .parent = -1 }, NULL, first);
    manifest_add(&out, &(struct manifest_entry){ .kind = MK_SECRET, .parent = -1, .flags = MF_GONE }, NULL, "volume usage=gone");
    manifest_add(&out, &(struct manifest_entry){ .kind = MK_SECRET, .parent = -1 }, "iv=x data=y", "volume usage=known");
    return frame_memfd("manifest", buf, (size_t)manifest_finish(&out));
}

/* ---- one talk ---- */

static struct err e;
static struct mp_out answers;

static const char *talk(enum answers how, const char *first, const struct secret_keys *k, int want)
{
    AUTO_CLOSE m = manifest(first);
    struct talk t;
    e = (struct err)ERR_INIT;
    mp_out_free(&answers);
    mp_out_init(&answers, 1 << 20);
    talk_begin(&t, serve, &how);
    tap_int(secrets_say(t.fd, "secret:///system", m, k, 10000, &answers, &e), want ? -1 : 0, "a talk of secrets");
    tap_int(e.code, want, "and what comes of it: %s", e.detail);
    return talk_end(&t);
}

/* [[1, "iv=... data=..."]] with so many characters of data. */
static bool is_answer(const void *p, size_t n, size_t data)
{
    struct mp_in in;
    size_t len = 0;
    mp_in_init(&in, p, n);
    bool one = mp_get_array(&in, 8) == 1 && mp_get_array(&in, 8) == 2 && mp_get_u32(&in) == 1;
    const char *s = mp_get_str(&in, &len);
    return one && s && mp_end(&in) && len == 3 + 24 + 6 + data && !strncmp(s, "iv=", 3) && base64_is(s + 3, 24) && !strncmp(s + 27, " data=", 6) && base64_is(s + 33, data);
}

static void asks(void)
{
    static const struct secret_keys tokenless = { .key = { 1 } };
    tap_str(talk(HONEST, "volume uuid=" UUID, &keys, 0), GREETING "141 0110;145 0110;", "the one that has no value yet is asked for by its number");
    tap_ok(is_answer(answers.p, answers.len, 24), "and comes encrypted");
    tap_ok(!memmem(answers.p, answers.len, "plain", 5), "and not as it was");
    tap_str(talk(HONEST, "volume usage=a name = of two words", &keys, 0), GREETING "147 1 a name = of two words;145 0110;", "or by its usage");
    tap_str(talk(NO_SECRET, "volume uuid=" UUID, &keys, VIR_ERR_NO_SECRET), GREETING "141 0110;", "the daemon's own error");
    tap_str(talk(NO_VALUE, "volume uuid=" UUID, &keys, VIR_ERR_NO_SECRET), GREETING "141 0110;145 0110;", "of a value as well");
    tap_str(talk(OTHER_USAGE, "volume uuid=" UUID, &keys, VIR_ERR_INVALID_ARG), GREETING "141 0110;", "what is for something else is not asked for");
    tap_ok(!strcmp(e.detail, "secret with uuid " UUID " is of type 'ceph' not expected 'volume' type"), "%s", e.detail);
    tap_str(talk(OTHER_USAGE, "ceph usage=c", &keys, 0), GREETING "147 2 c;145 0110;", "and is for that");
    tap_str(talk(PRIVATE, "volume uuid=" UUID, &keys, 0), GREETING "141 0110;145 0110;419 1 system.token=" TOKEN ";145 0110;", "a private one is told to a daemon");
    tap_ok(is_answer(answers.p, answers.len, 24), "which has it then");
    talk(PRIVATE_STILL, "volume uuid=" UUID, &keys, VIR_ERR_INVALID_SECRET);
    tap_str(talk(PRIVATE, "volume uuid=" UUID, &tokenless, VIR_ERR_INVALID_SECRET), GREETING "141 0110;145 0110;", "or not, where there is no token");
    talk(EMPTY, "volume uuid=" UUID, &keys, 0);
    tap_ok(is_answer(answers.p, answers.len, 24), "one without a byte");
    talk(LONG, "volume uuid=" UUID, &keys, 0);
    tap_ok(is_answer(answers.p, answers.len, 4 * ((aes_padded(SECRET_BYTES_MAX) + 2) / 3)), "the longest that is taken");
    talk(TOO_LONG, "volume uuid=" UUID, &keys, VIR_ERR_CONFIG_UNSUPPORTED);
    talk(HANGS_UP, "volume uuid=" UUID, &keys, VIR_ERR_RPC);
    talk(LONGER, "volume uuid=" UUID, &keys, VIR_ERR_RPC);
    tap_str(talk(HONEST, "none value=a=b; c=d", &keys, 0), GREETING, "nobody is asked for what is told");
    tap_ok(is_answer(answers.p, answers.len, 24), "and it is encrypted as well");
    static const char *const bad[] = { NULL, "", "volume", "volume ", "volume uuid=", "volume uuid=1", "volume name=x", "hat usage=x", "volumes usage=x", " usage=x" };
    for (size_t i = 0; i < ARRAY_N(bad); i++)
        tap_str(talk(HONEST, bad[i], &keys, VIR_ERR_INTERNAL_ERROR), GREETING, "'%s' is no secret", bad[i] ? bad[i] : "(none)");
}

/* Key, IV and blocks of SP 800-38A's example of AES-256 in CBC mode; what pads them was had from another program. */
static void standard(void)
{
    static const uint8_t key[] = { 0x60, 0x3d, 0xeb, 0x10, 0x15, 0xca, 0x71, 0xbe, 0x2b, 0x73, 0xae, 0xf0, 0x85, 0x7d, 0x77, 0x81, 0x1f, 0x35, 0x2c, 0x07, 0x3b, 0x61, 0x08, 0xd7, 0x2d, 0x98, 0x10, 0xa3,
        0x09, 0x14, 0xdf, 0xf4 }, plain[] = { 0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96, 0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a, 0xae, 0x2d, 0x8a, 0x57, 0x1e, 0x03, 0xac, 0x9c, 0x9e, 0xb7,
        0x6f, 0xac, 0x45, 0xaf, 0x8e, 0x51 }, sealed[] = { 0xf5, 0x8c, 0x4c, 0x04, 0xd6, 0xe5, 0xf1, 0xba, 0x77, 0x9e, 0xab, 0xfb, 0x5f, 0x7b, 0xfb, 0xd6, 0x9c, 0xfc, 0x4e, 0x96, 0x7e, 0xdb, 0x80, 0x8d,
        0x67, 0x9f, 0x77, 0x7b, 0xc6, 0x70, 0x2c, 0x7d };
    uint8_t iv[AES_BLOCK], out[48];
    for (uint8_t i = 0; i < sizeof iv; i++)
        iv[i] = i;
    aes_encrypt(key, iv, plain, sizeof plain, out);
    tap_ok(!memcmp(out, sealed, sizeof sealed), "the standard's example");
    tap_int((int)aes_padded(sizeof plain), 48, "and a block behind it");
    static const struct { size_t n; const char *text; } coded[] = { { 0, "" }, { 1, "aw==" }, { 2, "a8E=" }, { 3, "a8G+" }, { 4, "a8G+4g==" } };
    for (size_t i = 0; i < ARRAY_N(coded); i++) {
        char text[16];
        base64_encode(plain, coded[i].n, text);
        tap_str(text, coded[i].text, "%zu bytes in base64", coded[i].n);
        tap_ok(base64_is(text, strlen(text)), "which that is");
    }
    static const char *const none[] = { "a", "aw=", "a=w=", "====", "aw==aw==", "a8G+\n" };
    for (size_t i = 0; i < ARRAY_N(none); i++)
        tap_ok(!base64_is(none[i], strlen(none[i])), "'%s' is none", none[i]);
}

/* ---- the role ---- */

static void role(void)
{
    static struct fakesup s;
    const struct lock_owner nobody = { .id = 0 };
    enum answers how = HONEST;
    struct talk k;
    const void *p = NULL;
    size_t n = 0;
    AUTO_CLOSE m = manifest("volume uuid=" UUID), with = frame_memfd("keys", &keys, sizeof keys), half = frame_memfd("keys", &keys, sizeof keys - 8);
    talk_begin(&k, serve, &how);
    tap_int(talk_role_beside(&k, &s, &settings, TALK_SECRETS, &nobody, m, with), 1, "the role answers");
    if (tap_ok(s.reply.h.kind == FRAME_REPLY && s.reply.h.nfds == 1 && frame_map(s.reply.fds[0], FRAME_BIG_MAX, &p, &n) == 0, "with what came of it"))
        tap_ok(is_answer(p, n, 24), "encrypted");
    tap_int(fakesup_end(&s), 0, "and ends");
    tap_ok(strstr(talk_end(&k), ";145 0110;"), "it was asked for");

    const int bad[] = { half, -1 };
    for (size_t i = 0; i < ARRAY_N(bad); i++) {
        talk_begin(&k, serve, &how);
        tap_int(talk_role_beside(&k, &s, &settings, TALK_SECRETS, &nobody, m, bad[i]), 1, "without a key");
        tap_ok(s.reply.h.kind == FRAME_ERROR, "it refuses");
        tap_int(fakesup_end(&s), 0, "and ends");
        tap_str(talk_end(&k), "", "and nothing is said");
    }
}

int main(void)
{
    standard();
    asks();
    role();
    mp_out_free(&answers);
    return tap_done();
}
