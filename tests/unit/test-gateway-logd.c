/* Program log: what the rest of the daemon gets of a call's arguments, by both protocols; and what never gets there. */
#include "gateway-rpc.h"

static struct frame f;
static const struct frame nothing = FRAME_INIT;

static void start(void)
{
    gateway_start((struct serve){ .uid = 0 });
    gw->layout.id = DAEMON_LOGD;
    f = nothing;
}

/* The call's arguments in schema order, as msgpack. */
static struct mp_out args(const char *path, bool with_domain)
{
    struct mp_out o;
    mp_out_init(&o, 16u << 20);
    mp_array(&o, with_domain ? 4 + (path == NULL) : 2);
    if (with_domain) {
        mp_str(&o, "qemu");
        mp_array(&o, 2);
        mp_bin(&o, "0123456789abcdef", 16);
        mp_str(&o, "a name");
    }
    if (path)
        mp_str(&o, path);
    return o;
}

/* Sends a call as libvirt's clients do; whether a frame came of it. */
static bool passed(uint32_t op, struct mp_out *a)
{
    static uint32_t serial;
    struct xdr_out x = { 0 };
    struct mp_in in;
    struct xdr_head h = { .prog = program_number[PROG_LOG], .vers = 1, .proc = (int32_t)OP_PROC(op), .type = XDR_CALL, .serial = serial++ };
    size_t at = xdr_begin(&x, &h);
    mp_in_init(&in, a->p, a->len);
    bool good = tap_ok(!a->failed && xdr_encode(op_find(op)->args, &in, &x) == 0 && xdr_end(&x, at) == 0, "%s", op_find(op)->name);
    frame_done(&f);
    f = nothing;
    if (good)
        client_send(x.p, x.len);
    xdr_out_free(&x);
    mp_out_free(a);
    return good && super_get(&f) && f.h.op == op;
}

/* The error that the client got instead: its text is in there. */
static bool refused_with(const char *text)
{
    static char buf[65536];
    size_t n = client_get(buf, sizeof buf);
    return n > 28 && memmem(buf, n, text, strlen(text));
}

static void test_structs(void)
{
    struct mp_out a = args("/a/b.log", true);
    start();
    mp_uint(&a, 3);
    const struct log_open *o = passed(OP_LOG_DOMAIN_OPEN_LOG_FILE, &a) && f.body_len == sizeof *o ? (const void *)f.body : NULL;
    tap_ok(o && !strcmp(o->path, "/a/b.log") && o->flags == 3 && f.h.arg == 3, "open");
    gateway_stop();

    start();
    a = args("/a/b.log", false);
    mp_uint(&a, 0);
    const struct log_at *at = passed(OP_LOG_DOMAIN_GET_LOG_FILE_POSITION, &a) && f.body_len == sizeof *at ? (const void *)f.body : NULL;
    tap_ok(at && !strcmp(at->path, "/a/b.log"), "position");
    gateway_stop();

    start();
    mp_out_init(&a, 1000);
    mp_array(&a, 4);
    mp_str(&a, "/a/b.log");
    mp_array(&a, 2);
    mp_uint(&a, UINT64_MAX - 1);
    mp_uint(&a, 1ull << 40);
    mp_uint(&a, LOG_TEXT_MAX);
    mp_uint(&a, 0);
    at = passed(OP_LOG_DOMAIN_READ_LOG_FILE, &a) && f.body_len == sizeof *at ? (const void *)f.body : NULL;
    tap_ok(at && at->inode == UINT64_MAX - 1 && at->offset == 1ull << 40 && at->most == LOG_TEXT_MAX, "read");
    gateway_stop();

    static char text[LOG_TEXT_MAX];
    memset(text, 'x', sizeof text);
    for (size_t n = 5; n <= sizeof text; n += sizeof text - 5) {
        start();
        mp_out_init(&a, 16u << 20);
        mp_array(&a, 5);
        mp_str(&a, "qemu");
        mp_array(&a, 2);
        mp_bin(&a, "0123456789abcdef", 16);
        mp_str(&a, "a name");
        mp_str(&a, "/a/b.log");
        mp_strn(&a, text, n);
        mp_uint(&a, 0);
        const struct log_append *p = passed(OP_LOG_DOMAIN_APPEND_LOG_FILE, &a) && f.body_len == sizeof *p + n ? (const void *)f.body : NULL;
        tap_ok(p && p->length == n && !strcmp(p->path, "/a/b.log") && !memcmp(p + 1, text, n), "append of %zu bytes", n);
        gateway_stop();
    }
}

static void test_refused(void)
{
    static char path[5001];
    static const struct { const char *path, *want; } bad[] = {
        { "", "Unable to open file: : No such file or directory" }, { "relative.log", "Unable to open file: relative.log: Invalid argument" }, { path, "File name too long" },
    };
    struct mp_out a;
    memset(path, 'x', sizeof path - 1);
    path[0] = '/';
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        start();
        a = args(bad[i].path, true);
        mp_uint(&a, 0);
        tap_ok(!passed(OP_LOG_DOMAIN_OPEN_LOG_FILE, &a) && refused_with(bad[i].want), "path %zu is refused", i);
        gateway_stop();
    }
    start();
    a = args("/a", false);
    mp_uint(&a, 5);
    tap_ok(!passed(OP_LOG_DOMAIN_GET_LOG_FILE_POSITION, &a) && refused_with("unsupported flags (0x5) in function virLogHandlerDomainGetLogFilePosition"), "flags");
    gateway_stop();
    for (int i = 0; i < 2; i++) {       /* one byte more than 4 MiB, and 4 GiB */
        start();
        mp_out_init(&a, 1000);
        mp_array(&a, 4);
        mp_str(&a, "/a/b.log");
        mp_array(&a, 2);
        mp_uint(&a, 0);
        mp_uint(&a, 0);
        mp_uint(&a, i ? 1ull << 32 : LOG_TEXT_MAX + 1ull);
        mp_uint(&a, 0);
        tap_ok(!passed(OP_LOG_DOMAIN_READ_LOG_FILE, &a) && refused_with(i ? "Requested data len 4294967296 is larger than maximum 4194304" : "is larger than maximum"), "length %d", i);
        gateway_stop();
    }
    start();
    struct xdr_head h = { .prog = program_number[PROG_REMOTE], .vers = 1, .proc = 1, .type = XDR_CALL };
    struct xdr_out x = { 0 };
    xdr_end(&x, xdr_begin(&x, &h));
    client_send(x.p, x.len);
    tap_ok(refused_with("Cannot find program 536903814 version 1"), "no other program is spoken");
    xdr_out_free(&x);
    gateway_stop();
}

static void test_msgpack(void)
{
    static const char request[] = "\x94\x00\x07\xb8log.domain.open_log_file\x94\xa4qemu\x92\xc4\x10""0123456789abcdef\xa3one\xa6/x.log\x01";
    static const char answer[] = "\x94\x01\x07\xc0\x91\x92\x05\x06";
    char buf[64];
    start();
    client_send(request, sizeof request - 1);
    bool came = super_get(&f) && f.h.op == OP_LOG_DOMAIN_OPEN_LOG_FILE && f.body_len == sizeof(struct log_open);
    tap_ok(came && !strcmp(((const struct log_open *)(const void *)f.body)->path, "/x.log") && f.h.arg == 1, "the same by msgpack-RPC");
    super_put(FRAME_REPLY, f.h.op, f.h.serial, 0, "\x91\x92\x05\x06", 4, &super, 1);
    struct iovec v = { buf, sizeof buf };
    union { char c[64]; struct cmsghdr align; } control;
    struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control.c, .msg_controllen = sizeof control };
    ssize_t n = recvmsg(client, &m, MSG_CMSG_CLOEXEC);
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    n += n > 0 ? (ssize_t)client_get(buf + n, sizeof answer - 1 - (size_t)n) : 0;
    tap_ok(n == sizeof answer - 1 && !memcmp(buf, answer, sizeof answer - 1) && c && c->cmsg_type == SCM_RIGHTS, "its answer brings the pipe");
    if (c) {
        int fd;
        memcpy(&fd, CMSG_DATA(c), sizeof fd);
        close(fd);
    }
    frame_done(&f);
    gateway_stop();
}

int main(void)
{
    loop_init();
    test_structs();
    test_refused();
    test_msgpack();
    return tap_done();
}
