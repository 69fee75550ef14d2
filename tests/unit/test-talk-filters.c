/* test-talk-filters: filters of taps: what is said to the network filter daemon about which of a manifest's taps, which of its answers are taken, and the role as a process. */
#include "ipc/schema/op-numbers.h"
#include "talk.h"
#include "tests/tap.h"
#include "workers/talk/talk.h"

#define UUID "c7a5fdbd-edaf-9455-926a-d65c16db1809"
#define TEXT(filter) "<filterbinding>\n  <owner>\n    <name>guest</name>\n    <uuid>" UUID "</uuid>\n  </owner>\n  <filterref filter='" filter "'/>\n</filterbinding>\n"
#define GREETING "66;1 nwfilter:///system;"
#define LOOK(dev) "397 " dev ";"
#define MAKE(dev, filter) "399 <filterbinding><portdev name='" dev "'/>" filter ";"
#define DROP(dev) "400 " dev ";"
#define SEE(dev) "398 " dev ";"
static const struct settings settings = { .magic = SETTINGS_MAGIC };
enum answers { HONEST, ANOTHERS, ABSENT, REFUSED, HANGS_UP, LONGER };

/* ---- a network filter daemon that notes what it is told ---- */

/* The procedure, and the first text of its arguments: of a document what tells it apart. */
static void note(FILE *to, uint32_t proc, const uint8_t *p, size_t n)
{
    char text[4096] = "";
    fprintf(to, "%u", proc);
    if (proc == OP_PROC(OP_REMOTE_CONNECT_OPEN))
        p += 4;
    if (n >= 4 && word(p) < sizeof text)
        memcpy(text, p + 4, word(p));
    char *filter = strstr(text, "filterref filter='");
    if (filter) {
        *strchr(filter + 18, '\'') = 0;
        *strchr(text, '\n') = 0;
        fprintf(to, " %s%s", text, filter + 18);
    } else if (*text) {
        fprintf(to, " %s", text);
    }
    fputc(';', to);
}

static bool serve(int fd, FILE *notes, const uint8_t *call, size_t n, const void *arg)
{
    enum answers how = *(const enum answers *)arg;
    uint32_t proc = word(call + 12);
    bool looks = proc == OP_PROC(OP_REMOTE_NWFILTER_BINDING_LOOKUP_BY_PORT_DEV), makes = proc == OP_PROC(OP_REMOTE_NWFILTER_BINDING_CREATE_XML);
    struct err e = ERR_INIT;
    struct xdr_out o = { 0 };
    note(notes, proc, call + XDR_HEAD_BYTES, n - XDR_HEAD_BYTES);
    if (makes && how == HANGS_UP)
        return false;
    if (looks && how == ABSENT)
        err_set(&e, VIR_ERR_NO_NWFILTER_BINDING, VIR_FROM_NETWORK, "no nwfilter binding for port dev");
    if (makes && how == REFUSED)
        err_set(&e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_NETWORK, "referenced filter is missing");
    if (e.code)
        return talk_answer(fd, call, &e);
    size_t start = talk_results(&o, call);
    if (proc == OP_PROC(OP_REMOTE_AUTH_LIST)) {
        xdr_u32(&o, 1);
        xdr_u32(&o, 0);
    }
    if (looks || makes) {
        const uint8_t *name = call + XDR_HEAD_BYTES;
        talk_text(&o, looks ? (const char[16]){ (char)name[4], (char)name[5] } : "t1");
        talk_text(&o, "filter");
    }
    if (proc == OP_PROC(OP_REMOTE_NWFILTER_BINDING_GET_XML_DESC))
        talk_text(&o, how == ANOTHERS ? "<filterbinding><owner><uuid>another</uuid></owner></filterbinding>" : TEXT("old"));
    if (makes && how == LONGER)
        xdr_u32(&o, 0);
    return talk_sent(fd, &o, start);
}

/* ---- what a guest has ---- */

/* Taps t0, t2 and t4, and their filters; NULL: none; gone: the last one has. */
static int manifest(const char *first, const char *second, const char *third, bool gone)
{
    static uint8_t buf[16384];
    struct manifest_out out;
    const char *const texts[] = { first, second, third };
    manifest_begin(&out, buf, sizeof buf);
    for (int i = 0; i < 3; i++) {
        uint32_t flags = i == 2 && gone ? MF_GONE : 0;
        manifest_add(&out, &(struct manifest_entry){ .kind = MK_TAP, .flags = flags, .parent = -1 }, i == 1 ? "t2" : "", "br0");
        manifest_add(&out, &(struct manifest_entry){ .kind = MK_FILTER, .flags = flags, .parent = 2 * i }, NULL, texts[i] ? texts[i] : "");
    }
    return frame_memfd("manifest", buf, (size_t)manifest_finish(&out));
}

/* The taps' names, of which the manifest has one. */
static int grants(const char *third)
{
    static struct { struct grants_head h; struct grant g[6]; } all;
    memset(&all, 0, sizeof all);
    all.h = (struct grants_head){ .magic = GRANTS_MAGIC, .n = 6 };
    const char *const names[] = { "t0", "t2", third };
    for (uint32_t i = 0; i < 6; i++)
        all.g[i] = (struct grant){ .index = i, .made = i % 2 == 0 };
    for (uint32_t i = 0; i < 3; i++)
        util_copy_str(all.g[2 * i].name, sizeof all.g[0].name, names[i]);
    return frame_memfd("grants", &all, sizeof all);
}

/* ---- one talk ---- */

static struct err e;
enum { SET, ANEW, GONE };

/* What was said: filters are set, or given up from `from` on. The descriptors are closed. */
static const char *talk(enum answers how, int now, int was, int names, uint32_t from, int want)
{
    struct talk k;
    e = (struct err)ERR_INIT;
    talk_begin(&k, serve, &how);
    int r = from == UINT32_MAX ? filters_set(k.fd, "nwfilter:///system", now, was, names, 10000, &e) : filters_drop(k.fd, "nwfilter:///system", now, names, from, 10000, &e);
    tap_int(r, want ? -1 : 0, "a talk of filters");
    tap_int(e.code, want, "and what comes of it");
    util_closep(&now);
    util_closep(&was);
    util_closep(&names);
    return talk_end(&k);
}

static const char *set(enum answers how, int now, int was, int want) { return talk(how, now, was, grants("t4"), UINT32_MAX, want); }
static const char *drop(enum answers how, int now, int names, uint32_t from, int want) { return talk(how, now, -1, names, from, want); }

static void sets(void)
{
    tap_str(set(ABSENT, manifest(TEXT("a"), NULL, TEXT("c"), false), -1, 0), GREETING LOOK("t0") MAKE("t0", "a") LOOK("t4") MAKE("t4", "c"), "what has a filter gets it");
    tap_str(set(ANOTHERS, manifest(TEXT("a"), NULL, NULL, false), -1, 0), GREETING LOOK("t0") DROP("t0") MAKE("t0", "a"), "whatever had the tap's name before");
    tap_str(set(HONEST, manifest(TEXT("b"), NULL, TEXT("c"), false), manifest(TEXT("a"), TEXT("x"), TEXT("c"), false), 0),
        GREETING LOOK("t0") DROP("t0") MAKE("t0", "b") LOOK("t2") DROP("t2"), "where another one is wanted, or none, and nowhere else");
    tap_str(set(HONEST, manifest(TEXT("a"), NULL, TEXT("c"), true), manifest(TEXT("a"), NULL, NULL, false), 0), GREETING, "what has gone gets none");
    tap_str(set(REFUSED, manifest(TEXT("b"), NULL, NULL, false), manifest(TEXT("a"), NULL, NULL, false), VIR_ERR_OPERATION_FAILED),
        GREETING LOOK("t0") DROP("t0") MAKE("t0", "b") MAKE("t0", "a"), "one that is refused: the old one comes back");
    tap_ok(strstr(e.detail, "failed to add new filter rules to 't0' - attempting to restore old rules"), "and that is told: %s", e.detail);
    set(REFUSED, manifest(TEXT("a"), NULL, NULL, false), -1, VIR_ERR_INTERNAL_ERROR);
    tap_ok(strstr(e.detail, "is missing"), "of a new tap the daemon's own words: %s", e.detail);
    set(HANGS_UP, manifest(TEXT("a"), NULL, NULL, false), -1, VIR_ERR_RPC);
    set(LONGER, manifest(TEXT("a"), NULL, NULL, false), -1, VIR_ERR_RPC);
    tap_str(set(HONEST, manifest("<network/>", NULL, NULL, false), -1, VIR_ERR_INTERNAL_ERROR), GREETING LOOK("t0") DROP("t0"), "what is no binding is not said");
    tap_str(talk(HONEST, manifest(NULL, NULL, TEXT("c"), false), -1, grants("t'/><x y='"), UINT32_MAX, VIR_ERR_INTERNAL_ERROR), GREETING LOOK("t'/><x y='") DROP("t'"), "nor by a name that is none");
}

static void gives_up(void)
{
    tap_str(drop(HONEST, manifest(TEXT("a"), NULL, TEXT("c"), true), grants("t4"), 6, 0), GREETING LOOK("t4") SEE("t4") DROP("t4"), "what has gone is given up");
    tap_str(drop(HONEST, manifest(TEXT("a"), NULL, TEXT("c"), true), grants("t0"), 6, 0), GREETING, "not by a name that another tap of the guest has");
    tap_str(drop(HONEST, manifest(TEXT("a"), NULL, TEXT("c"), false), grants("t4"), 0, 0), GREETING LOOK("t0") SEE("t0") DROP("t0") LOOK("t4") SEE("t4") DROP("t4"), "all of it, from an entry on");
    tap_str(drop(ANOTHERS, manifest(TEXT("a"), NULL, NULL, false), grants("t4"), 0, 0), GREETING LOOK("t0") SEE("t0"), "another guest's is left alone");
    tap_str(drop(ABSENT, manifest(TEXT("a"), NULL, NULL, false), grants("t4"), 0, 0), GREETING LOOK("t0"), "what is not there is none to worry about");
    tap_str(drop(HONEST, manifest(TEXT("a"), TEXT("b"), NULL, false), -1, 0, 0), GREETING LOOK("t2") SEE("t2") DROP("t2"), "of a guest without grants by the names that its document has");
    tap_str(drop(HONEST, frame_memfd("none", "none", 4), grants("t4"), 0, VIR_ERR_INTERNAL_ERROR), "", "what is no manifest: nothing is said");
    tap_str(drop(HONEST, manifest(TEXT("a"), NULL, NULL, false), frame_memfd("none", "none", 4), 0, VIR_ERR_INTERNAL_ERROR), "", "nor of grants that are none");
}

/* ---- the role ---- */

static void role(void)
{
    static struct fakesup s;
    const struct lock_owner nobody = { .id = 0 };
    static const struct { uint32_t what; const char *said; } turns[] = { { TALK_FILTERS | TALK_ALL, LOOK("t0") DROP("t0") MAKE("t0", "b") }, { TALK_FILTERS, LOOK("t0") DROP("t0") MAKE("t0", "b") },
        { TALK_FILTERS | TALK_UNDO, LOOK("t0") DROP("t0") MAKE("t0", "a") }, { TALK_UNFILTER, LOOK("t0") SEE("t0") DROP("t0") } };
    for (size_t i = 0; i < ARRAY_N(turns); i++) {
        enum answers how = HONEST;
        struct talk k;
        AUTO_CLOSE now = manifest(TEXT("b"), NULL, NULL, false);
        AUTO_CLOSE names = grants("t4");
        AUTO_CLOSE was = manifest(TEXT("a"), NULL, NULL, false);
        talk_begin(&k, serve, &how);
        tap_int(talk_role_of(&k, &s, &settings, turns[i].what, &nobody, (int[]){ k.fd, now, names, was }, turns[i].what == TALK_UNFILTER ? 3 : 4), 1, "the role answers");
        tap_ok(s.reply.h.kind == FRAME_REPLY && !s.reply.h.nfds, "and has nothing to say");
        tap_int(fakesup_end(&s), 0, "and ends");
        const char *said = talk_end(&k), *greeting = geteuid() ? "66;1 nwfilter:///session;" : GREETING;
        tap_ok(!strncmp(said, greeting, strlen(greeting)) && !strcmp(said + strlen(greeting), turns[i].said), "having said: %s", said);
    }
}

int main(void)
{
    sets();
    gives_up();
    role();
    return tap_done();
}
