/* test-talk-ports: ports of networks: what is said to the network daemon about which of a manifest's links, which of its answers are taken, and the role as a process. */
#include "ipc/mp.h"
#include "ipc/schema/op-numbers.h"
#include "talk.h"
#include "tests/tap.h"
#include "workers/talk/talk.h"
#include "workers/tree-marks.h"

#define PORT "01020304-0506-0708-090a-0b0c0d0e0f10"
#define GREETING "66;1 network:///system 0;"
static const struct settings settings = { .magic = SETTINGS_MAGIC };
enum answers { HONEST, REFUSED, NO_NETWORK, NO_PORT, HANGS_UP, LONGER };

/* ---- a network daemon that notes what it is told ---- */

/* Procedure, and of a port its network and its number's first byte; of one that is to be made the network and the document. */
static void note(FILE *to, uint32_t proc, const uint8_t *p, size_t n)
{
    fprintf(to, "%u", proc);
    if (proc == OP_PROC(OP_REMOTE_CONNECT_OPEN)) {
        fprintf(to, " %.*s %u", (int)word(p + 4), p + 8, word(p + n - 4));
    } else if (proc != OP_PROC(OP_REMOTE_AUTH_LIST)) {
        const uint8_t *end = p + 4 + padded(word(p)) + 16;
        fprintf(to, " %.*s", (int)word(p), p + 4);
        if (proc == OP_PROC(OP_REMOTE_NETWORK_PORT_CREATE_XML))
            fprintf(to, " %.*s", (int)word(end), end + 4);
        else if (proc != OP_PROC(OP_REMOTE_NETWORK_LOOKUP_BY_NAME))
            fprintf(to, " %02x", *end);
    }
    fputc(';', to);
}

static void put_results(struct xdr_out *o, uint32_t proc, enum answers how)
{
    static const uint8_t net[16] = { 9 }, port[16] = { 1, 2 };
    bool makes = proc == OP_PROC(OP_REMOTE_NETWORK_PORT_CREATE_XML);
    if (proc == OP_PROC(OP_REMOTE_AUTH_LIST)) {
        xdr_u32(o, 1);
        xdr_u32(o, 0);
    }
    if (makes || proc == OP_PROC(OP_REMOTE_NETWORK_LOOKUP_BY_NAME)) {
        talk_text(o, "a net");
        xdr_raw(o, net, sizeof net);
    }
    if (makes)
        xdr_raw(o, port, sizeof port);
    if (proc == OP_PROC(OP_REMOTE_NETWORK_PORT_GET_XML_DESC))
        talk_text(o, "<networkport/>");
    if (proc == OP_PROC(OP_REMOTE_NETWORK_PORT_GET_XML_DESC) && how == LONGER)
        xdr_u32(o, 0);
}

static bool serve(int fd, FILE *notes, const uint8_t *call, size_t n, const void *arg)
{
    enum answers how = *(const enum answers *)arg;
    uint32_t proc = word(call + 12);
    struct err e = ERR_INIT;
    struct xdr_out o = { 0 };
    note(notes, proc, call + XDR_HEAD_BYTES, n - XDR_HEAD_BYTES);
    bool makes = proc == OP_PROC(OP_REMOTE_NETWORK_PORT_CREATE_XML);
    if (makes && how == HANGS_UP)
        return false;
    if (makes && how == REFUSED)
        err_set(&e, VIR_ERR_OPERATION_INVALID, VIR_FROM_NETWORK, "network is not active");
    if ((how == NO_NETWORK && proc == OP_PROC(OP_REMOTE_NETWORK_LOOKUP_BY_NAME)) || (how == NO_PORT && proc == OP_PROC(OP_REMOTE_NETWORK_PORT_DELETE)))
        err_set(&e, VIR_ERR_INVALID_ARG, VIR_FROM_NETWORK, "not found");
    if (e.code)
        return talk_answer(fd, call, &e);
    size_t start = talk_results(&o, call);
    put_results(&o, proc, how);
    return talk_sent(fd, &o, start);
}

/* ---- what a guest has ---- */

static uint8_t buf[8192];
static struct manifest_out out;

static int finished(void)
{
    return frame_memfd("manifest", buf, (size_t)manifest_finish(&out));
}

static void add(uint16_t kind, uint32_t flags, int32_t parent, const char *path, const char *aux)
{
    manifest_add(&out, &(struct manifest_entry){ .kind = kind, .flags = flags, .parent = parent }, path, aux);
}

/* A network's with limits, one with limits alone, one that has gone, and one whose bridge is known. */
static int manifest(void)
{
    manifest_begin(&out, buf, sizeof buf);
    add(MK_TAP, 0, -1, "", "");
    add(MK_LINK, 0, 0, NULL, "in=1,2,3 port=" PORT " net=a net");
    add(MK_TAP, 0, -1, "", "br0");
    add(MK_LINK, 0, 2, NULL, "in=1,0,0");
    add(MK_TAP, MF_GONE, -1, "", "");
    add(MK_LINK, MF_GONE, 4, "virbr1", "port=a1" "020304-0506-0708-090a-0b0c0d0e0f10 net=b");
    add(MK_TAP, 0, -1, "", "");
    add(MK_LINK, 0, 6, "virbr2", "port=a2" "020304-0506-0708-090a-0b0c0d0e0f10 net=c");
    return finished();
}

static int linked(const char *aux)
{
    manifest_begin(&out, buf, sizeof buf);
    add(MK_TAP, 0, -1, "", "");
    add(MK_LINK, 0, 0, NULL, aux);
    return finished();
}

/* A link whose port has no number: no daemon hears of that. */
static int odd(const char *port)
{
    char aux[128];
    snprintf(aux, sizeof aux, "port=%s net=a net", port);
    return linked(aux);
}

static struct tree *document(void)
{
    struct tree *t = tree_new("domain");
    tree_add_text(t, "name", "guest");
    tree_add_text(t, "uuid", "%s", "c7a5fdbd-edaf-9455-926a-d65c16db1809");
    struct tree *nic = tree_add(tree_add(t, "devices"), "interface");
    tree_set_attr(nic, "type", "network");
    tree_set_attr(nic, "trustGuestRxFilters", "yes");
    tree_set_attr(nic, MARK_MANIFEST, "0");
    tree_set_attr(tree_add(nic, "mac"), "address", "52:54:00:00:00:01");
    tree_set_attr(tree_add(nic, "source"), "portgroup", "fast");
    return t;
}

/* ---- one talk ---- */

static struct err e;
static struct mp_out answers;

/* What was said; t: the ports that t's interfaces ask for are taken, else those from `from` on are given up. */
static const char *talk(enum answers how, int manifest_fd, const struct tree *t, uint32_t from, int want)
{
    struct talk k;
    e = (struct err)ERR_INIT;
    mp_out_free(&answers);
    mp_out_init(&answers, 1 << 20);
    talk_begin(&k, serve, &how);
    tap_int(ports_say(k.fd, "network:///system", manifest_fd, t, from, 10000, &answers, &e), want ? -1 : 0, "a talk of ports");
    tap_int(e.code, want, "and what comes of it");
    return talk_end(&k);
}

/* [[1, the document]], and nothing behind. */
static bool is_answer(const void *p, size_t n)
{
    static const char xml[] = "<networkport/>";
    struct mp_in in;
    size_t len = 0;
    mp_in_init(&in, p, n);
    bool one = mp_get_array(&in, 8) == 1 && mp_get_array(&in, 8) == 2 && mp_get_u32(&in) == 1;
    const char *s = mp_get_str(&in, &len);
    return one && s && len == sizeof xml - 1 && !memcmp(s, xml, len) && mp_end(&in);
}

static void takes(int m, const struct tree *t)
{
    const char *said = talk(HONEST, m, t, 0, 0);
    tap_ok(!strncmp(said, GREETING "46 a net;406 a net <networkport>", strlen(GREETING "46 a net;406 a net <networkport>")), "the one link that has no bridge is asked for");
    tap_ok(strstr(said, "<uuid>" PORT "</uuid>") && strstr(said, "<name>guest</name>") && strstr(said, "<group>fast</group>") && strstr(said, "<mac address='52:54:00:00:00:01'/>") &&
        strstr(said, "<rxfilters trustGuest='yes'/>"), "with what the interface says");
    tap_ok(strstr(said, ";409 a net 01;") && !strstr(said, ";46 b;") && !strstr(said, ";46 c;"), "and looked at, and no other");
    tap_ok(is_answer(answers.p, answers.len), "its document is the answer, as it came");

    said = talk(REFUSED, m, t, 0, VIR_ERR_OPERATION_INVALID);
    tap_ok(!strstr(said, ";409 "), "the daemon's own error, and that is all");
    talk(NO_NETWORK, m, t, 0, VIR_ERR_INVALID_ARG);
    talk(HANGS_UP, m, t, 0, VIR_ERR_RPC);
    talk(LONGER, m, t, 0, VIR_ERR_RPC);

    AUTO_TREE *bare = tree_new("domain");
    tap_str(talk(HONEST, m, bare, 0, VIR_ERR_INTERNAL_ERROR), GREETING, "a link of no interface: nothing is asked for");
}

static void gives(int m)
{
    tap_str(talk(HONEST, m, NULL, MANIFEST_ENTRIES_MAX, 0), GREETING "46 b;410 a net a1;", "what has gone is given up");
    tap_str(talk(HONEST, m, NULL, 6, 0), GREETING "46 c;410 a net a2;", "and those from an entry on, of what did not come: nothing has gone then");
    tap_str(talk(NO_NETWORK, m, NULL, 0, 0), GREETING "46 a net;46 b;46 c;", "a network that is not there has none");
    tap_str(talk(NO_PORT, m, NULL, 6, 0), GREETING "46 c;410 a net a2;", "nor is a port that is not there in the way of others");
    static const char *const bad[] = { " 1020304-0506-0708-090a-0b0c0d0e0f10", "0102030405060708090a0b0c0d0e0f101112", "-----0102030405060708090a0b0c0d0e0f1", "xxxxxxxx-0506-0708-090a-0b0c0d0e0f10" };
    for (size_t i = 0; i < ARRAY_N(bad); i++) {
        AUTO_CLOSE fd = odd(bad[i]);
        tap_str(talk(HONEST, fd, NULL, 0, 0), GREETING, "'%s' is no port", bad[i]);
    }
    char aux[512];          /* what an xmlc lets through, and longer than a file's name may be */
    snprintf(aux, sizeof aux, "port=" PORT " net=%0400d", 0);
    AUTO_CLOSE longest = linked(aux);
    tap_ok(strstr(talk(HONEST, longest, NULL, 0, 0), "000;410 a net 01;"), "a network's name may be long");
    AUTO_CLOSE none = frame_memfd("none", "none", 4);
    tap_str(talk(HONEST, none, NULL, 0, VIR_ERR_INTERNAL_ERROR), "", "what is no manifest: nothing is said");
}

/* ---- the role ---- */

static void role(int m, const struct tree *t)
{
    static struct fakesup s;
    const struct lock_owner nobody = { .id = 0 };
    enum answers how = HONEST;
    struct talk k;
    struct mp_out o;
    const void *p = NULL;
    size_t n = 0;
    mp_out_init(&o, 1 << 20);
    tree_pack(&o, t);
    AUTO_CLOSE tree = frame_memfd("tree", o.p, o.len);
    mp_out_free(&o);
    talk_begin(&k, serve, &how);
    tap_int(talk_role_beside(&k, &s, &settings, TALK_PORTS, &nobody, m, tree), 1, "the role answers");
    if (tap_ok(s.reply.h.kind == FRAME_REPLY && s.reply.h.nfds == 1 && frame_map(s.reply.fds[0], FRAME_BIG_MAX, &p, &n) == 0, "with a document each"))
        tap_ok(is_answer(p, n), "as it came");
    tap_int(fakesup_end(&s), 0, "and ends");
    tap_ok(strstr(talk_end(&k), ";406 a net <networkport>"), "the port was made");

    talk_begin(&k, serve, &how);
    tap_int(talk_role(&k, &s, &settings, TALK_UNPORT | (uint32_t)MANIFEST_ENTRIES_MAX << TALK_FROM, &nobody, m), 1, "another one gives up");
    tap_ok(s.reply.h.kind == FRAME_REPLY && !s.reply.h.nfds, "and has nothing to say");
    tap_int(fakesup_end(&s), 0, "and ends");
    tap_ok(strstr(talk_end(&k), ";46 b;410 a net a1;"), "what has gone");
}

int main(void)
{
    AUTO_CLOSE m = manifest();
    AUTO_TREE *t = document();
    takes(m, t);
    gives(m);
    role(m, t);
    mp_out_free(&answers);
    return tap_done();
}
