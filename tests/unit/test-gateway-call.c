/* Calls that others answer: what is sent for them, which answers are taken, what happens when one end goes. */
#include <sys/stat.h>
#include "gateway-rpc.h"

static struct mp_out guest_flags(uint8_t mark, uint32_t flags)
{
    struct mp_out a = args_of(2);
    put_guest(&a, "one", mark, -1);
    mp_uint(&a, flags);
    return a;
}

static void test_forward(void)
{
    struct frame f;
    struct mp_out a;

    rpc_start(DOOR_RW, 0);
    uint64_t one = guest_put(3, "one", 1, -1, 5, SLOT_PERSISTENT);
    a = args_of(1);
    put_guest(&a, "stale name", 1, 44);
    uint32_t serial = call(OP_REMOTE_DOMAIN_CREATE, &a);
    if (!tap_ok(super_get(&f), "a call is passed on"))
        return;
    tap_int(f.h.kind, FRAME_CALL, "as a call");
    tap_int(f.h.op, OP_REMOTE_DOMAIN_CREATE, "with its operation");
    tap_int(f.h.object, one, "about the guest with that uuid, whatever its name and id");
    tap_ok(mp_guard(f.body, f.body_len, MP_DEPTH_MAX, 1 << 20, NULL) == 0, "with arguments in msgpack");

    super_put(FRAME_REPLY, f.h.op, f.h.serial + 1000, 0, "\x90", 1, NULL, 0);
    tap_ok(!get(), "an answer with another serial is no answer");
    super_put(FRAME_REPLY, OP_REMOTE_DOMAIN_DESTROY, f.h.serial, 0, "\x90", 1, NULL, 0);
    tap_ok(!get(), "nor is one to another operation");
    super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, "\x90", 1, NULL, 0);
    tap_ok(get() && reply.h.serial == serial && reply.h.status == XDR_OK && reply.n == 0, "the right one reaches the client");
    super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, "\x90", 1, NULL, 0);
    tap_ok(!get(), "and once only");

    a = guest_flags(1, 2);
    call(OP_REMOTE_DOMAIN_GET_VCPUS_FLAGS, &a);
    tap_ok(super_get(&f) && f.h.arg == 2 && f.h.flags & FRAME_CONFIG && !(f.h.flags & FRAME_LIVE), "flags are in the header, and what they ask for");
    struct err e;
    err_set(&e, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "domain is not running");
    super_put(FRAME_ERROR, f.h.op, f.h.serial, 0, &e, err_wire_len(&e), NULL, 0);
    expect_error(VIR_ERR_OPERATION_INVALID, "domain is not running");

    a = guest_flags(9, 0);
    call(OP_REMOTE_DOMAIN_GET_VCPUS_FLAGS, &a);
    expect_error(VIR_ERR_NO_DOMAIN, "no domain with matching uuid '09090909-0909-0909-0909-090909090909' (one)");
    tap_ok(!super_get(&f), "a guest that is not there bothers nobody");
    gateway_stop();
}

static void test_bad_answers(void)
{
    static const struct { const char *body; size_t n; const char *what; } bad[] = {
        { "\xc1", 1, "no msgpack" }, { "\x90", 1, "too few results" }, { "\x91\xa1x", 3, "a string for a number" },
        { "\x92\x01\x01", 3, "too many results" }, { "\x91\x01\x01", 3, "something behind" }, { "", 0, "nothing" },
    };
    struct frame f;
    struct mp_out a;

    rpc_start(DOOR_RW, 0);
    guest_put(3, "one", 1, 4, 1, 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        a = guest_flags(1, 0);
        call(OP_REMOTE_DOMAIN_GET_VCPUS_FLAGS, &a);
        super_get(&f);
        super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, bad[i].body, bad[i].n, NULL, 0);
        get();
        tap_int(reply_error().code, VIR_ERR_INTERNAL_ERROR, "a worker that answers %s: an error", bad[i].what);
    }
    a = guest_flags(1, 0);
    call(OP_REMOTE_DOMAIN_GET_VCPUS_FLAGS, &a);
    super_get(&f);
    super_put(FRAME_ERROR, f.h.op, f.h.serial, 0, "junk", 4, NULL, 0);
    expect_error(VIR_ERR_INTERNAL_ERROR, "malformed error reply");
    gateway_stop();
}

/* The gateway wants to be connected to another daemon, and there is none. */
static void no_sibling(uint32_t daemon)
{
    struct frame f;
    struct hand_done none = { .failed = -1, .error = -ENOENT, .code = VIR_ERR_SYSTEM_ERROR, .domain = VIR_FROM_RPC };
    tap_ok(super_get(&f) && f.h.op == OP_IN(IN_SIBLING) && f.h.arg == daemon && f.h.nfds == 1 && !f.body_len, "the daemon that has it is looked for");
    super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, &none, sizeof none, NULL, 0);
    frame_done(&f);
}

/* With rules: what another daemon has is asked for first, as everything is. */
static void test_asked(void)
{
    static const uint8_t uuid[16];
    struct mp_out a = args_of(2);
    struct frame f;
    struct err e;

    rpc_start(DOOR_RW, 0);
    gw->serve.access = 1;
    mp_array(&a, 2);
    mp_str(&a, "net");
    mp_bin(&a, uuid, sizeof uuid);
    mp_uint(&a, 0);
    call(OP_REMOTE_NETWORK_GET_XML_DESC, &a);
    if (tap_ok(super_get(&f) && f.h.op == OP_REMOTE_NETWORK_GET_XML_DESC && f.h.flags & FRAME_ASK && !f.h.object, "a call about a network is asked for")) {
        err_set(&e, VIR_ERR_ACCESS_DENIED, VIR_FROM_ACCESS, "'QEMU' denied access");
        super_put(FRAME_ERROR, f.h.op, f.h.serial, 0, &e, err_wire_len(&e), NULL, 0);
        expect_error(VIR_ERR_ACCESS_DENIED, "'QEMU' denied access");
        tap_ok(!super_get(&f), "and nobody connects for one that is refused");
    }

    uint32_t serial = call(OP_REMOTE_CONNECT_NUM_OF_DOMAINS, NULL);
    for (int i = 0; i < 4; i++)
        super_put(FRAME_EVENT, OP_IN(IN_EPOCH), 0, 0, NULL, 0, NULL, 0);
    tap_ok(get() && reply.h.serial == serial && reply_error().code == VIR_ERR_OPERATION_FAILED, "a call whose question outlives four supervisors fails, as itself");
    tap_ok(!get(), "and the question is nothing that its client hears of");
    gateway_stop();
}

static struct frame ask_addresses(uint32_t source)
{
    struct frame f;
    struct mp_out a = args_of(3);
    put_guest(&a, "one", 1, 4);
    mp_uint(&a, source);
    mp_uint(&a, 0);
    call(OP_REMOTE_DOMAIN_INTERFACE_ADDRESSES, &a);
    tap_ok(super_get(&f) && f.h.op == OP_REMOTE_DOMAIN_INTERFACE_ADDRESSES, "the guest's worker is asked");
    return f;
}

/* Which interfaces a guest has its worker says: of what makes no sense nobody is asked anything. */
static void test_addresses(void)
{
    static const struct { const char *body; size_t n; const char *what; } bad[] = {
        { "\x91\x91\x93\xa1v\xa1m\x90", 8, "an interface of no network" }, { "\x91\x91\x92\xa1v\xa1m", 7, "half an interface" }, { "\x91\x91\x93\xa1v\xa1m\x91\x93\x00\xa1n\xa1p", 13, "a word for a number" },
        { "\x90", 1, "nothing" },
    };
    static const char nics[] = "\x91\x91\x93\xa5vnet0\xa1m\x91\x93\x00\xa3net\x00";
    struct frame f;
    rpc_start(DOOR_RW, 0);
    guest_put(3, "one", 1, 4, 1, 0);
    for (uint32_t source = 0; source <= 2; source += 2)
        for (size_t i = source ? 1 : 0; i < sizeof bad / sizeof *bad; i++) {
            f = ask_addresses(source);
            tap_int(f.h.arg, source, "the source is in the header");
            super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, bad[i].body, bad[i].n, NULL, 0);
            get();
            tap_int(reply_error().code, VIR_ERR_INTERNAL_ERROR, "%s: an error", bad[i].what);
        }
    for (uint32_t source = 0; source <= 2; source += 2) {
        f = ask_addresses(source);
        super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, nics, sizeof nics - 1, NULL, 0);
        if (!source) {
            tap_ok(super_get(&f) && f.h.op == OP_IN(IN_SIBLING), "a network's daemon is looked for");
            frame_done(&f);
            said_open = false;
            super_put(FRAME_EVENT, OP_IN(IN_EPOCH), 0, 0, NULL, 0, NULL, 0);
            no_sibling(HOST_NETWORK);
            tap_ok(!super_get(&f), "by the next supervisor too, which asks the worker nothing that it has answered");
            expect_error(VIR_ERR_NO_NETWORK, "no network with matching name 'net'");
        } else if (tap_ok(super_get(&f) && f.h.op == OP_IN(IN_NEIGHBOURS) && f.body_len == sizeof nics - 1, "what it says goes on to who knows the neighbours")) {
            super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, "\x91\x90", 2, NULL, 0);
            tap_ok(get() && reply.h.status == XDR_OK && reply.n == 4, "whose answer is the client's");
        }
    }
    struct mp_out a = guest_flags(1, 3);
    call(OP_REMOTE_DOMAIN_GET_HOSTNAME, &a);
    expect_error(VIR_ERR_INVALID_ARG, "Flags 'VIR_DOMAIN_GET_HOSTNAME_LEASE' and 'VIR_DOMAIN_GET_HOSTNAME_AGENT' are mutually exclusive");
    f = ask_addresses(0);
    super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, nics, sizeof nics - 1, NULL, 0);
    gateway_stop();
    tap_ok(true, "nothing is left of a call that waits for a network's daemon when its client goes");
}

static void test_refusals(void)
{
    struct mp_out a;
    struct frame f;

    rpc_start(DOOR_RO, 0);
    guest_put(3, "one", 1, -1, 5, SLOT_PERSISTENT);
    a = args_of(1);
    put_guest(&a, "one", 1, -1);
    call(OP_REMOTE_DOMAIN_CREATE, &a);
    expect_error(VIR_ERR_OPERATION_DENIED, "read only access prevents virDomainCreate");
    a = guest_flags(1, 1);
    call(OP_REMOTE_DOMAIN_GET_XML_DESC, &a);
    expect_error(VIR_ERR_OPERATION_DENIED, "virDomainGetXMLDesc with secure flag");
    a = guest_flags(1, 2);
    call(OP_REMOTE_DOMAIN_GET_XML_DESC, &a);
    tap_ok(super_get(&f), "plain XML is for readers too");
    frame_done(&f);
    gateway_stop();

    rpc_start(DOOR_RW, 1);
    a = args_of(1);
    mp_str(&a, "<x/>");
    call(OP_REMOTE_DOMAIN_DEFINE_XML, &a);
    expect_error(VIR_ERR_OPERATION_DENIED, "read only access prevents virDomainDefineXML");
    a = args_of(2);
    mp_int(&a, 1);
    mp_uint(&a, 0);
    call(OP_REMOTE_CONNECT_LIST_ALL_NETWORKS, &a);
    no_sibling(HOST_NETWORK);
    tap_ok(get() && reply.h.status == XDR_OK && reply.n == 8 && !memcmp(reply.p, "\0\0\0\0\0\0\0\0", 8), "of another daemon's objects there are none");
    call(OP_REMOTE_CONNECT_NUM_OF_STORAGE_POOLS, NULL);
    no_sibling(HOST_STORAGE);
    tap_ok(get() && reply.h.status == XDR_OK && reply.n == 4 && !memcmp(reply.p, "\0\0\0\0", 4), "nor is there one to count");
    a = args_of(1);
    mp_str(&a, "/x/y");
    call(OP_REMOTE_STORAGE_VOL_LOOKUP_BY_PATH, &a);
    expect_error(VIR_ERR_NO_STORAGE_VOL, "no storage vol with matching path '/x/y'");
    a = args_of(1);
    mp_bin(&a, "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1", 16);
    call(OP_REMOTE_NETWORK_LOOKUP_BY_UUID, &a);
    expect_error(VIR_ERR_NO_NETWORK, "no network with matching uuid '01010101-0101-0101-0101-010101010101'");
    a = args_of(2);
    mp_int(&a, 0);
    mp_str(&a, "key");
    call(OP_REMOTE_SECRET_LOOKUP_BY_USAGE, &a);
    no_sibling(HOST_SECRET);
    expect_error(VIR_ERR_NO_SECRET, "no secret with matching usage 'key'");
    a = args_of(2);
    mp_int(&a, 0);
    mp_nil(&a);
    call(OP_REMOTE_CONNECT_STORAGE_POOL_EVENT_REGISTER_ANY, &a);
    expect_error(VIR_ERR_NO_SUPPORT, "virConnectStoragePoolEventRegisterAny");
    a = guest_flags(1, 4);
    guest_put(3, "one", 1, -1, 5, SLOT_PERSISTENT);
    call(OP_REMOTE_DOMAIN_GET_STATE, &a);
    expect_error(VIR_ERR_INVALID_ARG, "unsupported flags (0x4) in function qemuDomainGetState");
    gateway_stop();
}

/* Five calls wait, the sixth stays unread until one is answered. */
static void test_share(void)
{
    struct frame f[6];
    struct mp_out a;
    bool got = true;

    rpc_start(DOOR_RW, 0);
    guest_put(3, "one", 1, 4, 1, 0);
    for (int i = 0; i < 6; i++) {
        a = guest_flags(1, 0);
        call(OP_REMOTE_DOMAIN_GET_VCPUS_FLAGS, &a);
    }
    for (int i = 0; i < 5; i++)
        got &= super_get(&f[i]);
    tap_ok(got, "five calls are passed on");
    tap_ok(!super_get(&f[5]), "the sixth is not");
    super_put(FRAME_REPLY, f[2].h.op, f[2].h.serial, 0, "\x91\x02", 2, NULL, 0);
    tap_ok(get() && reply.h.serial == 3, "they are answered in any order");
    tap_ok(super_get(&f[5]), "then the sixth goes out");

    super_put(FRAME_EVENT, OP_IN(IN_EPOCH), 0, 0, NULL, 0, NULL, 0);
    unsigned again = 0;
    struct frame r;
    while (super_get(&r)) {
        again += r.h.kind == FRAME_CALL && r.h.flags & FRAME_RESENT;
        frame_done(&r);
    }
    tap_int(again, 5, "a new supervisor is asked again for what is open");

    close(client);
    client = open("/dev/null", O_RDONLY | O_CLOEXEC);
    unsigned cancels = 0;
    while (super_get(&r)) {
        cancels += r.h.op == OP_IN(IN_CANCEL);
        frame_done(&r);
    }
    tap_int(cancels, 5, "when the client goes, its calls are called off");
    tap_ok(gw->ended, "and the gateway ends");
    gateway_stop();
}

static void test_big(void)
{
    struct mp_out a = args_of(1);
    struct frame f;
    char *xml = malloc(200000);
    memset(xml, 'x', 200000);
    xml[199999] = 0;

    rpc_start(DOOR_RW, 0);
    guest_put(3, "one", 1, 4, 1, 0);
    mp_str(&a, xml);
    call(OP_REMOTE_DOMAIN_DEFINE_XML, &a);
    tap_ok(super_get(&f) && f.h.flags & FRAME_BIG && f.body_len == 200005, "a long document travels in a memfd");
    a = args_of(1);
    put_guest(&a, "one", 1, 4);
    super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, a.p, a.len, NULL, 0);
    mp_out_free(&a);
    tap_ok(get() && reply.h.status == XDR_OK, "and is answered");
    frame_done(&f);

    a = guest_flags(1, 0);
    call(OP_REMOTE_DOMAIN_GET_XML_DESC, &a);
    super_get(&f);
    a = args_of(1);
    mp_str(&a, xml);
    super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, a.p, a.len, NULL, 0);
    mp_out_free(&a);
    tap_ok(get() && reply.n == 4 + 200000, "a long answer comes whole");
    tap_ok(gw->conn.in_cap <= 65536 && gw->conn.out.cap <= 65536, "and the buffers are small again");
    gateway_stop();
    free(xml);
}

static int fd_ino(int fd)
{
    struct stat st;
    return fstat(fd, &st) < 0 ? -1 : (int)st.st_ino;
}

static bool send_byte_with(int fd)
{
    union { struct cmsghdr h; char b[CMSG_SPACE(sizeof(int))]; } ctl = { 0 };
    struct iovec v = { (char[]){ 0 }, 1 };
    struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &ctl, .msg_controllen = sizeof ctl };
    struct cmsghdr *h = CMSG_FIRSTHDR(&m);
    h->cmsg_level = SOL_SOCKET;
    h->cmsg_type = SCM_RIGHTS;
    h->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(h), &fd, sizeof fd);
    return sendmsg(client, &m, MSG_NOSIGNAL) == 1;
}

/* open_graphics: [count][dom, idx, flags] and a byte for each descriptor. */
static void say_with_fds(uint32_t serial, uint32_t count)
{
    uint8_t p[4 + 4 + 4 + 16 + 4 + 4 + 4] = { 0, 0, 0, (uint8_t)count, 0, 0, 0, 3, 'o', 'n', 'e' };
    memset(p + 12, 1, 16);
    say(OP_REMOTE_DOMAIN_OPEN_GRAPHICS, XDR_CALL_FDS, serial, XDR_OK, p, sizeof p);
}

static void test_descriptors(void)
{
    struct frame f;
    struct mp_out a;
    int p[2], q[2];

    if (pipe2(p, O_CLOEXEC) < 0 || pipe2(q, O_CLOEXEC) < 0)
        return;
    rpc_start(DOOR_RW, 0);
    guest_put(3, "one", 1, 4, 1, SLOT_PERSISTENT);
    say_with_fds(7, 2);
    tap_ok(!super_get(&f), "a call waits for its descriptors");
    send_byte_with(p[0]);
    send_byte_with(q[0]);
    /* The next call is in the socket before the gateway looks: it must not be mixed up with them. */
    next_serial = 8;
    call(OP_REMOTE_CONNECT_GET_TYPE, NULL);
    tap_ok(super_get(&f) && f.h.nfds == 2, "then it is passed on with them");
    tap_ok(fd_ino(f.fds[0]) == fd_ino(p[0]) && fd_ino(f.fds[1]) == fd_ino(q[0]), "in their order");
    tap_ok(get() && reply.h.serial == 8, "what follows is read as well");
    super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, "\x90", 1, NULL, 0);
    tap_ok(get() && reply.h.serial == 7 && reply.h.type == XDR_REPLY, "it is answered");
    frame_done(&f);

    /* A reply with one. */
    guest_put(3, "one", 1, 4, 1, SLOT_PERSISTENT);
    a = args_of(3);
    put_guest(&a, "one", 1, 4);
    mp_uint(&a, 0);
    mp_uint(&a, 0);
    call(OP_REMOTE_DOMAIN_OPEN_GRAPHICS_FD, &a);
    if (tap_ok(super_get(&f), "a call for a descriptor")) {
        super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, "\x90", 1, p, 1);
        tap_ok(get() && reply.h.type == XDR_REPLY_FDS && reply.n == 4 && reply.p[3] == 1, "the reply says that one follows");
        union { struct cmsghdr h; char b[CMSG_SPACE(sizeof(int) * 4)]; } ctl;
        char byte = 1;
        struct iovec v = { &byte, 1 };
        struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &ctl, .msg_controllen = sizeof ctl };
        int fd = -1;
        ssize_t n = recvmsg(client, &m, MSG_CMSG_CLOEXEC);
        if (n == 1 && m.msg_controllen)
            memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
        tap_ok(byte == 0 && fd >= 0 && fd_ino(fd) == fd_ino(p[0]), "and it comes with one byte of its own");
        close(fd);
        frame_done(&f);
    }

    /* Descriptors that nothing announced. */
    send_byte_with(p[0]);
    call(OP_REMOTE_CONNECT_GET_TYPE, NULL);
    tap_ok(client_ended(), "descriptors out of place end the client");
    gateway_stop();

    rpc_start(DOOR_RW, 0);
    say_with_fds(7, 1);
    client_send("", 1);
    tap_ok(client_ended(), "a byte without its descriptor ends the client");
    gateway_stop();
    rpc_start(DOOR_RW, 0);
    say_with_fds(7, 33);
    tap_ok(client_ended(), "more than 32 descriptors end the client");
    gateway_stop();
    for (int i = 0; i < 2; i++) {
        close(p[i]);
        close(q[i]);
    }
}

/* A client that does not read loses its connection when its queue is full; one that pauses does not. */
static void test_slow(void)
{
    struct mp_out a;
    uint8_t body[70000];
    struct mp_out ev = args_of(3);

    rpc_start(DOOR_RW, 0);
    guest_put(3, "one", 1, 4, 1, 0);
    a = args_of(2);
    mp_int(&a, 23);
    mp_nil(&a);
    call(OP_REMOTE_CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY, &a);
    get();
    memset(body, 'n', sizeof body - 1);
    body[sizeof body - 1] = 0;
    put_guest(&ev, "one", 1, 4);
    mp_int(&ev, 0);
    mp_str(&ev, (char *)body);
    struct frame f;
    tap_ok(super_get(&f) && f.h.op == OP_IN(IN_SUBSCRIBE), "the event is subscribed");
    frame_done(&f);
    int sent = 0;
    while (sent < 200 && !gw->ended) {
        super_put(FRAME_EVENT, OP_REMOTE_DOMAIN_EVENT_CALLBACK_METADATA_CHANGE, 0, 23, ev.p, ev.len, NULL, 0);
        sent++;
    }
    tap_ok(gw->ended, "a client that does not read its events is ended");
    tap_ok(sent > 40 && sent < 100, "after some megabytes, not before (%d)", sent);
    mp_out_free(&ev);
    gateway_stop();
}

int main(void)
{
    loop_init();
    test_forward();
    test_asked();
    test_bad_answers();
    test_addresses();
    test_refusals();
    test_share();
    test_big();
    test_descriptors();
    test_slow();
    return tap_done();
}
