/* msgpack-RPC: requests, errors, notifications; what is none; and the admin program by both protocols. */
#include <sys/stat.h>
#include "gateway-rpc.h"

static struct mp_out answer;
static struct mp_in in;

/* [0, id, method, args]: args as msgpack bytes. */
static struct mp_out request(uint32_t id, const char *method, const void *args, size_t n)
{
    struct mp_out o;
    mp_out_init(&o, 1 << 24);
    mp_array(&o, 4);
    mp_int(&o, 0);
    mp_uint(&o, id);
    mp_str(&o, method);
    mp_raw(&o, args, n);
    return o;
}

/* Everything the gateway sent; the cursor is at the first message. */
static bool answered(void)
{
    static uint8_t buf[65536];
    size_t n = client_get(buf, sizeof buf);
    mp_out_free(&answer);
    mp_out_init(&answer, sizeof buf);
    mp_raw(&answer, buf, n);
    mp_in_init(&in, answer.p, answer.len);
    return n && mp_guard(answer.p, answer.len, MP_DEPTH_MAX, sizeof buf, &n) == 0;
}

static bool ask(uint32_t id, const char *method, const void *args, size_t n)
{
    struct mp_out o = request(id, method, args, n);
    client_send(o.p, o.len);
    mp_out_free(&o);
    return answered();
}

/* The response to request id; its error's code, 0 if the cursor is at the result. */
static int response(uint32_t id, char *message, size_t size)
{
    int code = 0;
    if (mp_get_array(&in, 4) != 4 || mp_get_int(&in) != 1 || mp_get_uint(&in) != id)
        return -1;
    if (!mp_get_nil(&in)) {
        mp_get_array(&in, 3);
        code = mp_get_i32(&in);
        mp_get_i32(&in);
        mp_get_strz(&in, message, size);
    }
    return in.bad ? -1 : code;
}

static void mp_start(void)
{
    struct mp_out a = args_of(2);
    gateway_start((struct serve){ .uid = 1000 });
    mp_str(&a, "qemu:///system");
    mp_uint(&a, 0);
    tap_ok(ask(1, "connect.open", a.p, a.len) && response(1, NULL, 0) == 0, "open");
    mp_out_free(&a);
}

static void test_calls(void)
{
    char text[2048];
    struct frame f;
    struct mp_out a;

    gateway_start((struct serve){ .uid = 1000 });
    ask(5, "connect.get_version", "\x90", 1);
    tap_int(response(5, text, sizeof text), 1, "nothing before open");
    tap_str(text, "internal error: hypervisor connection not open", "as libvirt says it");
    gateway_stop();

    mp_start();
    guest_put(0, "one", 1, 4, 1, SLOT_PERSISTENT);
    tap_ok(ask(2, "connect.get_version", "\x90", 1) && response(2, text, sizeof text) == 0, "a call without arguments");
    tap_ok(mp_get_array(&in, 1) == 1 && mp_get_uint(&in) == 7002022, "its result");
    ask(3, "connect.list_all_domains", "\x92\x01\x00", 3);
    tap_ok(response(3, text, sizeof text) == 0 && mp_get_array(&in, 2) == 2 && mp_get_array(&in, 9) == 1 && mp_get_array(&in, 3) == 3 &&
        mp_get_strz(&in, text, sizeof text) && !strcmp(text, "one"), "a list");
    ask(4, "no.such_method", "\x90", 1);
    tap_int(response(4, text, sizeof text), VIR_ERR_RPC, "an unknown method");
    tap_str(text, "unknown procedure: no.such_method", "says so");
    ask(5, "connect.list_all_domains", "\x91\x01", 2);
    response(5, text, sizeof text);
    tap_str(text, "connect.list_all_domains takes 2 arguments, not 1", "arguments are counted");
    ask(6, "connect.list_all_domains", "\x92\x01\xa1x", 4);
    response(6, text, sizeof text);
    tap_str(text, "arguments of connect.list_all_domains are not of its schema", "and looked at");
    ask(7, "connect.list_all_domains", "\x01", 1);
    response(7, text, sizeof text);
    tap_str(text, "arguments of connect.list_all_domains must be an array", "and an array");
    ask(8, "domain.lookup_by_name", "\x91\xa2no", 4);
    tap_int(response(8, text, sizeof text), VIR_ERR_NO_DOMAIN, "errors have libvirt's code");
    tap_str(text, "Domain not found: no domain with matching name 'no'", "and words");

    a = args_of(1);
    put_guest(&a, "one", 1, 4);
    struct mp_out o = request(9, "domain.suspend", a.p, a.len);
    client_send(o.p, o.len);
    tap_ok(super_get(&f) && f.h.op == OP_REMOTE_DOMAIN_SUSPEND && f.body_len == a.len && !memcmp(f.body, a.p, a.len), "a call is passed on with its arguments as they are");
    mp_out_free(&o);
    mp_out_free(&a);
    super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, "\x90", 1, NULL, 0);
    tap_ok(answered() && response(9, text, sizeof text) == 0, "and answered");
    ask(11, "connect.domain_event_callback_register_any", "\x92\x00\xc0", 3);
    tap_int(response(11, text, sizeof text), 0, "events are");
    a = args_of(3);
    put_guest(&a, "one", 1, 4);
    mp_int(&a, 3);
    mp_int(&a, 0);
    super_put(FRAME_EVENT, OP_REMOTE_DOMAIN_EVENT_CALLBACK_LIFECYCLE, 0, 0, a.p, a.len, NULL, 0);
    mp_out_free(&a);
    tap_ok(answered() && mp_get_array(&in, 3) == 3 && mp_get_int(&in) == 2 && mp_get_strz(&in, text, sizeof text), "they come as notifications");
    tap_str(text, op_find(OP_REMOTE_DOMAIN_EVENT_CALLBACK_LIFECYCLE)->name, "named by their procedure");
    tap_ok(mp_get_array(&in, 2) == 2 && mp_get_int(&in) == 0 && mp_get_array(&in, 3) == 3, "with callback id and fields");

    a = args_of(0);
    mp_out_free(&a);
    tap_ok(ask(12, "connect.close", "\x90", 1) && response(12, text, sizeof text) == 0 && client_ended(), "close ends it");
    gateway_stop();
}

/* A notification: [2, method, [id, ...]]; the cursor is behind id. */
static bool notified(const char *method, uint32_t id, uint32_t elems)
{
    char text[64];
    turn();
    return answered() && mp_get_array(&in, 3) == 3 && mp_get_int(&in) == 2 && mp_get_strz(&in, text, sizeof text) && !strcmp(text, method) &&
        mp_get_array(&in, 2) == elems && mp_get_uint(&in) == id;
}

/* [2, method, [id]] or [2, method, [id, bytes]]. */
static void notify(const char *method, uint32_t id, const char *bytes)
{
    struct mp_out o;
    mp_out_init(&o, 4096);
    mp_array(&o, 3);
    mp_int(&o, 2);
    mp_str(&o, method);
    mp_array(&o, bytes ? 2 : 1);
    mp_uint(&o, id);
    if (bytes)
        mp_bin(&o, bytes, strlen(bytes));
    client_send(o.p, o.len);
    mp_out_free(&o);
}

/* A console of guest one; the end that the worker keeps. */
static int console(uint32_t id)
{
    struct frame f;
    int s[2];
    struct mp_out a = args_of(3);
    put_guest(&a, "one", 1, 4);
    mp_nil(&a);
    mp_uint(&a, 0);
    struct mp_out o = request(id, "domain.open_console", a.p, a.len);
    client_send(o.p, o.len);
    mp_out_free(&o);
    mp_out_free(&a);
    if (!super_get(&f) || f.h.op != OP_REMOTE_DOMAIN_OPEN_CONSOLE || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, s) < 0)
        return -1;
    super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, "\x90", 1, &s[0], 1);
    close(s[0]);
    return s[1];
}

static void test_streams(void)
{
    char text[256];
    size_t n;

    mp_start();
    guest_put(0, "one", 1, 4, 1, SLOT_PERSISTENT);
    int worker = console(10);
    tap_ok(worker >= 0 && answered() && response(10, text, sizeof text) == 0, "a console is opened");
    tap_ok(write(worker, "from the guest", 14) == 14 && notified("stream.data", 10, 2), "what the guest says is a notification");
    const uint8_t *p = mp_get_bin(&in, &n);
    tap_ok(p && n == 14 && !memcmp(p, "from the guest", 14), "with its bytes");
    notify("stream.data", 10, "to the guest");
    tap_ok(recv(worker, text, sizeof text, 0) == 12 && !memcmp(text, "to the guest", 12), "what the client says reaches the guest");
    notify("stream.data", 11, "to nobody");
    tap_ok(!client_ended() && recv(worker, text, sizeof text, 0) < 0, "a stream that is none is nobody's");
    notify("stream.end", 10, NULL);
    tap_ok(notified("stream.end", 10, 1) && recv(worker, text, sizeof text, 0) == 0, "the client's end is answered, and the worker's");
    close(worker);

    worker = console(12);
    answered();
    close(worker);
    tap_ok(notified("stream.data", 12, 2) && mp_get_bin(&in, &n) && n == 0, "the guest's end is data of no bytes");
    notify("stream.error", 12, NULL);
    tap_ok(notified("stream.end", 12, 1), "a client's error is the end");

    worker = console(13);
    answered();
    notify("stream.data", 13, NULL);
    tap_ok(client_ended(), "a malformed stream message ends the client");
    close(worker);
    gateway_stop();

    mp_start();
    guest_put(0, "one", 1, 4, 1, SLOT_PERSISTENT);
    worker = console(14);
    answered();
    client_send("\x93\x02\xabstream.hole\x92\x0e\x05", 17);
    tap_ok(client_ended(), "and so does a hole in a stream that has none");
    close(worker);
    gateway_stop();
}

/* One message with descriptors. */
static bool send_fds(const void *p, size_t n, const int *fds, unsigned nfds)
{
    union { struct cmsghdr h; char b[CMSG_SPACE(64 * sizeof(int))]; } ctl = { .b = { 0 } };
    struct iovec v = { (void *)(uintptr_t)p, n };
    struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &ctl, .msg_controllen = CMSG_SPACE(nfds * sizeof(int)) };
    ctl.h.cmsg_level = SOL_SOCKET;
    ctl.h.cmsg_type = SCM_RIGHTS;
    ctl.h.cmsg_len = CMSG_LEN(nfds * sizeof(int));
    memcpy(CMSG_DATA(&ctl.h), fds, nfds * sizeof(int));
    ssize_t sent = sendmsg(client, &m, 0);
    turn();
    return sent == (ssize_t)n;
}

static void test_descriptors(void)
{
    char text[256];
    struct frame f;
    struct stat a_stat, b_stat;
    int fds[40], p[2];
    struct mp_out a = args_of(3), none = request(22, "connect.get_type", "\x90", 1);

    mp_start();
    guest_put(0, "one", 1, 4, 1, SLOT_PERSISTENT);
    put_guest(&a, "one", 1, 4);
    mp_uint(&a, 0);
    mp_uint(&a, 0);
    struct mp_out in_one = request(20, "domain.open_graphics", a.p, a.len), out_one = request(21, "domain.open_graphics_fd", a.p, a.len);
    if (pipe(p) < 0)
        exit(99);
    tap_ok(send_fds(in_one.p, in_one.len, p, 1) && super_get(&f) && f.h.op == OP_REMOTE_DOMAIN_OPEN_GRAPHICS && f.h.nfds == 1 && fstat(f.fds[0], &a_stat) == 0 &&
        fstat(p[0], &b_stat) == 0 && a_stat.st_ino == b_stat.st_ino, "a request's descriptor goes with its frame");
    frame_done(&f);
    super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, "\x90", 1, NULL, 0);
    tap_ok(answered() && response(20, text, sizeof text) == 0, "and is answered");
    client_send(out_one.p, out_one.len);
    super_get(&f);
    super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, "\x90", 1, p, 2);
    union { struct cmsghdr h; char b[CMSG_SPACE(8 * sizeof(int))]; } ctl;
    struct iovec v = { text, sizeof text };
    struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &ctl, .msg_controllen = sizeof ctl };
    tap_ok(recvmsg(client, &m, MSG_CMSG_CLOEXEC) == 1 && m.msg_controllen && ctl.h.cmsg_len == CMSG_LEN(2 * sizeof(int)), "an answer's descriptors come with its first byte");
    for (unsigned i = 0; m.msg_controllen && i < 2; i++) {
        memcpy(&fds[i], CMSG_DATA(&ctl.h) + i * sizeof(int), sizeof(int));
        tap_ok(fstat(fds[i], &a_stat) == 0 && fstat(p[i], &b_stat) == 0 && a_stat.st_ino == b_stat.st_ino, "descriptor %u", i);
        close(fds[i]);
    }
    tap_ok((uint8_t)text[0] == 0x94 && client_get(text, sizeof text) == 4, "and the rest of it behind");
    tap_ok(send_fds(none.p, none.len, p, 2) && answered(), "descriptors that nobody asked for");
    tap_int(response(22, text, sizeof text), VIR_ERR_RPC, "are refused");
    tap_str(text, "connect.get_type takes no descriptors", "in words");
    tap_ok(ask(23, "connect.get_type", "\x90", 1) && response(23, text, sizeof text) == 0, "the connection goes on");
    for (int i = 0; i < 40; i++)
        fds[i] = p[i & 1];
    send_fds(in_one.p, in_one.len, fds, 40);
    tap_ok(client_ended(), "more than fit end the client");
    close(p[0]);
    close(p[1]);
    mp_out_free(&a);
    mp_out_free(&none);
    mp_out_free(&in_one);
    mp_out_free(&out_one);
    gateway_stop();
}

/* Byte by byte, and several in one piece. */
static void test_pieces(void)
{
    char text[256];
    mp_start();
    struct mp_out o = request(70000, "domain.lookup_by_name", "\xdc\x00\x01\xda\x00\x02no", 8), two = request(3, "connect.get_type", "\xdd\x00\x00\x00\x00", 5);
    size_t sent = 0;
    while (sent < o.len && !readable(client) && client_send(o.p + sent, 1))
        sent++;
    tap_int(sent, o.len, "no answer before its last byte");
    tap_ok(answered() && response(70000, text, sizeof text) == VIR_ERR_NO_DOMAIN, "a request byte by byte");
    mp_raw(&two, two.p, two.len);
    client_send(two.p, two.len);
    tap_ok(answered() && response(3, text, sizeof text) == 0 && mp_skip(&in) && response(3, text, sizeof text) == 0, "two in one piece");
    mp_out_free(&o);
    mp_out_free(&two);
    gateway_stop();
}

static void test_nonsense(void)
{
    static const struct { const char *p; size_t n; const char *what; } bad[] = {
        { "\x94\xc1", 2, "no msgpack" },
        { "\x94\x05\x01\xa1x\x90", 6, "an unknown kind" },
        { "\x94\x00\x01\x05\x90", 5, "a method that is no string" },
        { "\x94\x00\xa1x\xa1x\x90", 7, "an id that is no number" },
        { "\x93\x00\x01\xa1x", 5, "three elements" },
        { "\x94\x00\x01\xa2\xff\xfe\x90", 7, "text that is not UTF-8" },
        { "\x94\x00\x01\xc6\xff\xff\xff\xff", 8, "more than fits" },
        { "\x94\x00\x01\xdd\xff\xff\xff\xff\xdd\xff\xff\xff\xff\x00\xc1", 15, "counts of billions" },
    };
    uint8_t deep[200];

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        mp_start();
        client_send(bad[i].p, bad[i].n);
        tap_ok(client_ended(), "%s ends the client", bad[i].what);
        gateway_stop();
    }
    memset(deep, 0x91, sizeof deep);
    mp_start();
    client_send(deep, sizeof deep);
    tap_ok(client_ended(), "depth ends the client");
    gateway_stop();
    int lived = -1;
    for (int b = 3; b < 256 && lived < 0; b += 7) {
        char c = (char)b;
        if (b == 0x93 || b == 0x94 || b == 0xdc || b == 0xdd)
            continue;
        gateway_start((struct serve){ .uid = 1000 });
        client_send(&c, 1);
        if (!client_ended())
            lived = b;
        gateway_stop();
    }
    tap_int(lived, -1, "other first bytes end the client");
}

/* ---- admin ---- */

static struct { struct clients_head head; struct client_row row[CLIENTS_MAX]; } clients_page = {
    .head = { .magic = CLIENTS_MAGIC, .limits = { { .max_clients = 5000, .max_anonymous = 20 }, { .max_clients = 50 } } },
    .row = { { .used = 1, .id = 4, .uid = 1000, .gid = 100, .pid = 77, .since = 1234, .readonly = 1, .gateway = 1ull << 40 },
             { .used = 1, .id = 5, .door = DOOR_ADMIN } },
};

static void admin_servers(void)
{
    char name[256];
    struct mp_in r;
    struct mp_out a = args_of(2);
    mp_uint(&a, 1);
    mp_uint(&a, 0);
    call(OP_ADMIN_CONNECT_LIST_SERVERS, &a);
    get();
    r = reply_results(OP_ADMIN_CONNECT_LIST_SERVERS);
    tap_ok(mp_get_array(&r, 9) == 2 && mp_get_array(&r, 1) == 1 && mp_get_strz(&r, name, sizeof name) && !strcmp(name, "virtqemud") &&
        mp_get_array(&r, 1) == 1 && mp_get_strz(&r, name, sizeof name) && !strcmp(name, "admin"), "two servers");
    a = args_of(2);
    mp_str(&a, "zz");
    mp_uint(&a, 0);
    call(OP_ADMIN_CONNECT_LOOKUP_SERVER, &a);
    expect_error(VIR_ERR_NO_SERVER, "No server named 'zz'");
}

static void admin_clients(void)
{
    struct mp_in r;
    struct frame f;
    struct mp_out a = args_of(3);
    mp_array(&a, 1);
    mp_str(&a, "virtqemud");
    mp_uint(&a, 1);
    mp_uint(&a, 0);
    call(OP_ADMIN_SERVER_LIST_CLIENTS, &a);
    get();
    r = reply_results(OP_ADMIN_SERVER_LIST_CLIENTS);
    tap_ok(mp_get_array(&r, 9) == 1 && mp_get_array(&r, 4) == 4 && mp_skip(&r) && mp_get_uint(&r) == 4 && mp_get_int(&r) == 1234, "its one client");

    a = args_of(3);
    mp_array(&a, 1);
    mp_str(&a, "zz");
    mp_uint(&a, 1);
    mp_uint(&a, 0);
    call(OP_ADMIN_SERVER_LIST_CLIENTS, &a);
    expect_error(VIR_ERR_NO_SERVER, "No server named 'zz'");

    for (int i = 0; i < 2; i++) {
        a = args_of(2);
        mp_array(&a, 4);
        mp_array(&a, 1);
        mp_str(&a, "virtqemud");
        mp_uint(&a, i ? 5 : 4);
        mp_int(&a, 0);
        mp_uint(&a, 0);
        mp_uint(&a, 0);
        call(i ? OP_ADMIN_CLIENT_GET_INFO : OP_ADMIN_CLIENT_CLOSE, &a);
    }
    uint64_t id = 0;
    tap_ok(super_get(&f) && f.h.op == OP_IN(IN_CLIENT_CLOSE) && f.body_len == sizeof id && memcpy(&id, f.body, sizeof id) && id == 1ull << 40, "closing it is the supervisor's");
    expect_error(VIR_ERR_NO_CLIENT, "no client with matching id '5' found");
    super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, NULL, 0, NULL, 0);
    tap_ok(get() && reply.h.status == XDR_OK, "and answered when it is done");
}

static void admin_settings(void)
{
    struct frame f;
    struct mp_out a = args_of(3);
    mp_array(&a, 1);
    mp_str(&a, "virtqemud");
    mp_array(&a, 1);
    mp_array(&a, 3);
    mp_str(&a, "maxWorkers");
    mp_int(&a, 2);
    mp_uint(&a, 3);
    mp_uint(&a, 0);
    call(OP_ADMIN_SERVER_SET_THREADPOOL_PARAMETERS, &a);
    expect_error(VIR_ERR_INVALID_ARG, "minWorkers cannot be larger than maxWorkers");
    a = args_of(3);
    mp_array(&a, 1);
    mp_str(&a, "virtqemud");
    mp_array(&a, 1);
    mp_array(&a, 3);
    mp_str(&a, "nclients_max");
    mp_int(&a, 2);
    mp_uint(&a, 300);
    mp_uint(&a, 0);
    call(OP_ADMIN_SERVER_SET_CLIENT_LIMITS, &a);
    struct limits l;
    tap_ok(super_get(&f) && f.h.op == OP_IN(IN_LIMITS) && f.body_len == sizeof l && memcpy(&l, f.body, sizeof l) && l.max_clients == 300 &&
        l.max_anonymous == UINT32_MAX, "a limit is set by the supervisor, the others left");
    super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, NULL, 0, NULL, 0);
    get();
    a = args_of(2);
    mp_str(&a, "bogus");
    mp_uint(&a, 0);
    call(OP_ADMIN_CONNECT_SET_LOGGING_OUTPUTS, &a);
    expect_error(VIR_ERR_INVALID_ARG, "Malformed format for log output 'bogus'");
}

static void test_admin(void)
{
    rpc_start(DOOR_ADMIN, 0);
    gw->clients_head = &clients_page.head;
    gw->clients = clients_page.row;
    gw->set.min_workers = 5;
    gw->set.max_workers = 20;
    struct mp_out a = args_of(1);
    mp_uint(&a, 0);
    call(OP_ADMIN_CONNECT_OPEN, &a);
    tap_ok(get() && reply.h.status == XDR_OK, "admin: open");
    admin_servers();
    admin_clients();
    admin_settings();
    call(OP_REMOTE_CONNECT_GET_TYPE, NULL);
    expect_error(VIR_ERR_RPC, "Cannot find program 536903814 version 1");
    gateway_stop();

    rpc_start(DOOR_RW, 0);
    a = args_of(1);
    mp_uint(&a, 0);
    call(OP_ADMIN_CONNECT_OPEN, &a);
    expect_error(VIR_ERR_RPC, "Cannot find program 110102160 version 1");
    gateway_stop();
}

int main(void)
{
    loop_init();
    test_calls();
    test_streams();
    test_descriptors();
    test_pieces();
    test_nonsense();
    test_admin();
    mp_out_free(&answer);
    return tap_done();
}
