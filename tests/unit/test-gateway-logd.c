/* Program log: what the rest of the daemon gets of a call's arguments, by both protocols; and what never gets there. */
#include "gateway-rpc.h"
#include "ipc/util.h"

static struct frame f;

static void start(void)
{
    gateway_start((struct serve){ .uid = 0 });
    gw->layout.id = DAEMON_LOGD;
    next_serial = 0;
}

static struct mp_out args_of_domain(uint32_t n, const char *path)
{
    struct mp_out a = args_of(n);
    mp_str(&a, "qemu");
    mp_array(&a, 2);
    mp_bin(&a, "0123456789abcdef", 16);
    mp_str(&a, "a name");
    mp_str(&a, path);
    return a;
}

static struct mp_out args_of_open(const char *path, uint32_t flags)
{
    struct mp_out a = args_of_domain(4, path);
    mp_uint(&a, flags);
    return a;
}

static struct mp_out args_of_position(const char *path, uint32_t flags)
{
    struct mp_out a = args_of(2);
    mp_str(&a, path);
    mp_uint(&a, flags);
    return a;
}

static struct mp_out args_of_read(const char *path, uint64_t inode, uint64_t offset, uint64_t most)
{
    struct mp_out a = args_of(4);
    mp_str(&a, path);
    mp_array(&a, 2);
    mp_uint(&a, inode);
    mp_uint(&a, offset);
    mp_uint(&a, most);
    mp_uint(&a, 0);
    return a;
}

static struct mp_out args_of_append(const char *path, const char *text, size_t n)
{
    struct mp_out a = args_of_domain(5, path);
    mp_strn(&a, text, n);
    mp_uint(&a, 0);
    return a;
}

/* The struct of n bytes that a call became; NULL: none. */
static const void *passed(uint32_t op, struct mp_out a, size_t n)
{
    frame_done(&f);
    f = (struct frame)FRAME_INIT;
    start();
    call(op, &a);
    bool came = super_get(&f) && f.h.op == op && f.body_len == n;
    gateway_stop();
    return came ? f.body : NULL;
}

static void test_structs(void)
{
    const struct log_open *o = passed(OP_LOG_DOMAIN_OPEN_LOG_FILE, args_of_open("/a/b.log", 3), sizeof *o);
    tap_ok(o && !strcmp(o->path, "/a/b.log") && o->flags == 3 && f.h.arg == 3, "open");
    const struct log_at *at = passed(OP_LOG_DOMAIN_GET_LOG_FILE_POSITION, args_of_position("/a/b.log", 0), sizeof *at);
    tap_ok(at && !strcmp(at->path, "/a/b.log"), "position");
    at = passed(OP_LOG_DOMAIN_READ_LOG_FILE, args_of_read("/a/b.log", UINT64_MAX - 1, 1ull << 40, LOG_TEXT_MAX), sizeof *at);
    tap_ok(at && !strcmp(at->path, "/a/b.log") && at->inode == UINT64_MAX - 1 && at->offset == 1ull << 40 && at->most == LOG_TEXT_MAX, "read");
    static char text[LOG_TEXT_MAX];
    memset(text, 'x', sizeof text);
    for (size_t n = 5; n <= sizeof text; n += sizeof text - 5) {
        const struct log_append *p = passed(OP_LOG_DOMAIN_APPEND_LOG_FILE, args_of_append("/a/b.log", text, n), sizeof *p + n);
        tap_ok(p && p->length == n && !strcmp(p->path, "/a/b.log") && !memcmp(p + 1, text, n), "append of %zu bytes", n);
    }
    frame_done(&f);
}

static void refused(uint32_t op, struct mp_out a, int code, const char *words)
{
    struct frame none;
    start();
    call(op, &a);
    expect_error(code, words);
    tap_ok(!super_get(&none), "nobody is asked");
    gateway_stop();
}

static void test_refused(void)
{
    static char path[5001];
    static const struct { const char *path, *words; } bad[] = {
        { "", "Unable to open file: : No such file or directory" }, { "relative.log", "Unable to open file: relative.log: Invalid argument" }, { path, "File name too long" },
    };
    memset(path, 'x', sizeof path - 1);
    path[0] = '/';
    for (size_t i = 0; i < ARRAY_N(bad); i++) {
        refused(OP_LOG_DOMAIN_OPEN_LOG_FILE, args_of_open(bad[i].path, 0), VIR_ERR_SYSTEM_ERROR, bad[i].words);
        refused(OP_LOG_DOMAIN_READ_LOG_FILE, args_of_read(bad[i].path, 5, 6, 1), VIR_ERR_SYSTEM_ERROR, "Unable to seek to inode 5 offset 6: Bad file descriptor");
        refused(OP_LOG_DOMAIN_APPEND_LOG_FILE, args_of_append(bad[i].path, "x", 1), VIR_ERR_SYSTEM_ERROR, bad[i].words);
    }
    refused(OP_LOG_DOMAIN_GET_LOG_FILE_POSITION, args_of_position("x.log", 0), VIR_ERR_INTERNAL_ERROR, "No open log file x.log");
    refused(OP_LOG_DOMAIN_GET_LOG_FILE_POSITION, args_of_position("/a", 5), VIR_ERR_INVALID_ARG, "unsupported flags (0x5) in function virLogHandlerDomainGetLogFilePosition");
    refused(OP_LOG_DOMAIN_READ_LOG_FILE, args_of_read("/a", 0, 0, LOG_TEXT_MAX + 1ull), VIR_ERR_INTERNAL_ERROR, "Requested data len 4194305 is larger than maximum 4194304");
    refused(OP_LOG_DOMAIN_READ_LOG_FILE, args_of_read("/a", 0, 0, 1ull << 32), VIR_ERR_INTERNAL_ERROR, "Requested data len 4294967296 is larger than maximum 4194304");
    refused(OP_REMOTE_CONNECT_OPEN, args_of_position("qemu:///system", 0), VIR_ERR_RPC, "Cannot find program 536903814 version 1");
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
