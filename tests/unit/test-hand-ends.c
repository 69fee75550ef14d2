/* hand-open: ends of channels: sockets, terminals, performance events. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pty.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include "hand-open.h"

/* As many as a worker can be born with, and no more. */
static void ends(void)
{
    for (int many = 80; many <= 81; many++) {
        begin();
        add(MK_UNIX_LISTEN, 0, in_dir("one-more"), NULL);
        for (int i = 0; i < many; i++)
            manifest_add(&out, &(struct manifest_entry){ .kind = MK_TCP_LISTEN, .flags = MF_WORKER, .parent = -1, .b = 20000, .c = 29999 }, NULL, "127.0.0.1");
        run();
        if (many == 80)
            tap_ok(!done.error && done.nworker == 80, "a guest with 80 ends of channels: %s", done.text);
        else
            tap_ok(done.error == -E2BIG && strstr(done.text, "more than 80") && access(in_dir("one-more"), F_OK) < 0, "one with 81 is refused, and nothing is left: %s", done.text);
        finish();
    }
    unlink(in_dir("one-more"));
}

static void channels(void)
{
    char c;
    struct stat st;
    begin();
    rq.flags = 0;
    add(MK_PTY, 0, NULL, NULL);
    add(MK_PAIR, 0, NULL, NULL);
    add(MK_UNIX_LISTEN, 0, in_dir("sock"), NULL);
    add(MK_UNIX_LISTEN, 0, in_dir("agent"), "worker");
    add(MK_FILE_OUT, 0, in_dir("serial.txt"), NULL);
    add(MK_LOG, MF_APPEND, in_dir("log.txt"), NULL);
    add(MK_HOSTNET, 0, NULL, NULL);
    add(MK_TAP, 0, "", "br0");
    add(MK_BIND, 0, "/etc/passwd", NULL);
    add(MK_DEVNODE, 0, "/dev/null", NULL);
    run();
    if (!tap_ok(done.error == 0 && done.nqemu == 8 && done.nworker == 10, "channels of all kinds: %u to QEMU, %u ours (%s)", done.nqemu, done.nworker, done.text)) {
        finish();
        return;
    }
    tap_ok(grants.h.monitor_fd == 10 && grants.g[0].qemu_fd[0] == QEMU_FD_KEY + 1 && grants.g[5].qemu_fd[0] == 17, "numbers, the monitor and the key first");
    tap_ok(!grants.g[7].made && grants.g[6].made, "a tap is left to hand-net");
    /* ours: 0 monitor, 1 slave, 2 pair, 3 agent pair, 4 agent listener, 5 pipe, 6 log file, 7 its folder, 8 and 9 the pipe of what QEMU says */
    int accepted = accept4(qemu_fd(0), NULL, NULL, SOCK_CLOEXEC);
    tap_ok(accepted >= 0 && write(accepted, "m", 1) == 1 && read(our_fd(0), &c, 1) == 1 && c == 'm', "the monitor's connection waits in its backlog");
    close(accepted);
    tap_ok(stat(in_dir("domain-1-t"), &st) == 0 && (st.st_mode & 07777) == 0700, "the run folder is ours alone");
    tap_ok(stat(grants.g[0].name, &st) == 0 && S_ISCHR(st.st_mode) && (!root || st.st_uid == 64055), "terminal %s has a name and its owner", grants.g[0].name);
    struct termios t;
    tcgetattr(our_fd(1), &t);
    tap_ok(!(t.c_lflag & (ECHO | ICANON)), "the terminal is raw");
    tap_ok(write(qemu_fd(2), "x", 1) == 1 && read(our_fd(1), &c, 1) == 1 && c == 'x', "terminal passes bytes");
    tap_ok(write(qemu_fd(3), "y", 1) == 1 && read(our_fd(2), &c, 1) == 1 && c == 'y', "pair passes bytes");
    tap_ok(write(qemu_fd(5), "z", 1) == 1 && read(our_fd(3), &c, 1) == 1 && c == 'z', "agent pair passes bytes");
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    snprintf(a.sun_path, sizeof a.sun_path, "%s", in_dir("sock"));
    int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    tap_ok(connect(s, (struct sockaddr *)&a, sizeof a) == 0 && (accepted = fakesup_accept(qemu_fd(4))) >= 0, "a host client reaches QEMU's socket");
    close(accepted);
    close(s);
    stat(in_dir("sock"), &st);
    tap_ok((st.st_mode & 0777) == 0775 && (!root || st.st_uid == 64055), "its mode is libvirt's: %o", st.st_mode & 07777);
    snprintf(a.sun_path, sizeof a.sun_path, "%s", in_dir("agent"));
    s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    tap_ok(connect(s, (struct sockaddr *)&a, sizeof a) == 0 && (accepted = fakesup_accept(our_fd(4))) >= 0, "and the worker's");
    close(accepted);
    close(s);
    int fl = fcntl(qemu_fd(6), F_GETFL);
    tap_ok((fl & O_ACCMODE) == O_WRONLY && (fl & O_APPEND), "a file to write is write-only");
    tap_ok(write(qemu_fd(7), "l", 1) == 1 && read(our_fd(5), &c, 1) == 1 && c == 'l' && !(fcntl(our_fd(6), F_GETFL) & O_APPEND), "a log is a pipe, and a file without O_APPEND");
    tap_ok(done.ours_kind[8] == BFD_LOG_PIPE && done.ours_kind[9] == BFD_NONE && done.ours_entry[9] == OWN_LOG && write(our_fd(9), "w", 1) == 1 && read(our_fd(8), &c, 1) == 1 && c == 'w', "and so is what QEMU says");
    char key[33] = "", kept[33] = "";
    AUTO_CLOSE file = open(in_dir("domain-1-t/" "master-key.aes"), O_RDONLY | O_CLOEXEC);
    tap_ok(pread(qemu_fd(1), key, sizeof key, 0) == 32 && read(file, kept, sizeof kept) == 32 && !memcmp(key, kept, 32) && fstat(file, &st) == 0 && (st.st_mode & 07777) == 0600, "the key that QEMU gets is root's file");
    tap_ok(write(qemu_fd(1), "x", 1) < 0 && ftruncate(qemu_fd(1), 0) < 0, "and cannot be changed");
    finish();
    begin();
    add(MK_UNIX_LISTEN, 0, in_dir("sock"), NULL);
    run();
    tap_ok(done.error == 0, "a socket that a run before left is replaced");
    int keep_fd = dup(qemu_fd(0));
    finish();
    begin();
    rq.owner_uid = rq.owner_gid = root ? 65534 : 0xffffffffu;
    chmod(in_dir("sock"), 0777);
    add(MK_UNIX_CONNECT, 0, in_dir("sock"), NULL);
    run();
    accepted = fakesup_accept(keep_fd);
    struct ucred u = { 0 };
    socklen_t n = sizeof u;
    getsockopt(accepted, SOL_SOCKET, SO_PEERCRED, &u, &n);
    tap_ok(done.error == 0 && done.nqemu == 1 && u.uid == (root ? 65534 : getuid()), "connects as qemu.conf's user, not as root (uid %u: %s)", u.uid, done.text);
    close(accepted);
    close(keep_fd);
    finish();
    begin();
    rq.owner_uid = rq.owner_gid = root ? 65534 : 0xffffffffu;
    add(MK_SOCKET, 0, in_dir("sock"), NULL);
    run();
    tap_ok(done.error == 0 && done.nqemu == 1 && fcntl(qemu_fd(0), F_GETFL) & O_PATH, "a socket's file, of which nothing can be read: %s", done.text);
    finish();
    static const uint16_t more[] = { MK_TCP_LISTEN, MK_TCP_CONNECT, MK_SHARE };
    for (size_t i = 0; i < ARRAY_N(more); i++) {
        begin();
        add(more[i], 0, more[i] == MK_SHARE ? dir : NULL, "127.0.0.1");
        add(MK_SOCKET, 0, in_dir("sock"), NULL);
        run();
        tap_ok(done.error == -EOPNOTSUPP && !done.nqemu, "not beside what a QEMU that connects could reach more by: %s", done.text);
        finish();
    }
    begin();
    add(MK_SOCKET, 0, in_dir("sock"), NULL);
    add(MK_HOSTNET, MF_GONE, NULL, NULL);
    add(MK_TCP_LISTEN, 0, NULL, "127.0.0.1");
    run();
    tap_ok(done.error == -EOPNOTSUPP && !done.nqemu, "nor after an entry that says of itself that the host's network has gone: %s", done.text);
    finish();
    begin();
    add(MK_SOCKET, 0, in_dir("sock"), NULL);
    add(MK_BIND, 0, dir, NULL);
    run();
    tap_ok(done.error && !done.nqemu, "nor a folder as a kernel: %s", done.text);
    finish();
}

/* What lies in the socket: an event that counts, or nothing. It stays there. */
static int64_t event_count(int from)
{
    union { struct cmsghdr h; char b[CMSG_SPACE(sizeof(int))]; } ctl;
    char byte;
    struct iovec iov = { &byte, 1 };
    struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &ctl, .msg_controllen = sizeof ctl };
    int64_t v = -1;
    int fd;
    if (recvmsg(from, &m, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&m))
        return -1;
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
    if (read(fd, &v, sizeof v) != sizeof v)
        v = -1;
    close(fd);
    return v;
}

/* Performance events of a start: the socket for hand-launch. */
static void events_of_a_start(void)
{
    char c;
    begin();
    rq.flags = 0;
    add(MK_PERF, 0, NULL, "page_faults");
    run();
    if (tap_ok(done.error == 0 && done.nqemu == 3 && done.nworker == 4 && grants.g[0].qemu_fd[0] == QEMU_FD_KEY + 1, "an event of a start has two ends (%s)", done.text))
        tap_ok(event_count(our_fd(1)) < 0 && send(qemu_fd(2), "p", 1, 0) == 1 && recv(our_fd(1), &c, 1, 0) == 1, "and nothing between them yet");
    finish();
    begin();
    add(MK_PERF, 0, NULL, "page_faults");
    run();
    tap_ok(done.error && done.code == VIR_ERR_OPERATION_INVALID, "of a guest that nobody noted it is refused: %s", done.text);
    finish();
}

/* And of a guest that runs, as the hands noted it: the event itself. */
static void events(void)
{
    char stat_text[512] = "";
    if (!root)
        return;
    /* This process stands for the guest's first one, its first child for QEMU. */
    AUTO_CLOSE self = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    const char *p = self >= 0 && read(self, stat_text, sizeof stat_text - 1) > 0 ? strrchr(stat_text, ')') : NULL;
    for (int field = 2; p && field < 22; field++)
        p = strchr(p + 1, ' ');
    pid_t qemu = fork();
    for (volatile unsigned n = 0; qemu == 0;)
        n++;
    FILE *f = fopen(in_dir("t.run"), "w");
    fprintf(f, "%d %llu 1 %d\n", getpid(), p ? strtoull(p, NULL, 10) : 0, qemu);
    fclose(f);
    chmod(in_dir("t.run"), 0600);
    static const struct { const char *event; int code; } bad[] = { { "cmt", VIR_ERR_ARGUMENT_UNSUPPORTED }, { "", VIR_ERR_ARGUMENT_UNSUPPORTED }, { "task_clock ", VIR_ERR_ARGUMENT_UNSUPPORTED } };
    for (size_t i = 0; i < ARRAY_N(bad); i++) {
        begin();
        add(MK_PERF, 0, NULL, "task_clock");
        add(MK_PERF, 0, NULL, bad[i].event);
        run();
        tap_ok(done.error && done.code == bad[i].code && sup.reply.h.nfds == 0, "event '%s': %s", bad[i].event, done.text);
        finish();
    }
    begin();
    add(MK_PERF, 0, NULL, "task_clock");
    run();
    if (tap_ok(done.error == 0 && done.nqemu == 0 && done.nworker == 1, "an event of a guest that runs (%s)", done.text)) {
        int64_t first = event_count(our_fd(0)), more = first;
        for (int turn = 0; turn < 10000 && more <= first; turn++, usleep(1000))
            more = event_count(our_fd(0));
        tap_ok(first >= 0 && more > first, "is read as often as anybody likes");
    }
    finish();
    begin();
    rq.id = 2;
    add(MK_PERF, 0, NULL, "task_clock");
    run();
    tap_ok(done.error && done.code == VIR_ERR_OPERATION_INVALID, "of another run it is refused");
    finish();
    kill(qemu, SIGKILL);
    waitpid(qemu, NULL, 0);
    begin();
    add(MK_PERF, 0, NULL, "task_clock");
    run();
    tap_ok(done.error && done.code == VIR_ERR_OPERATION_INVALID, "and of one that has ended");
    finish();
    unlink(in_dir("t.run"));
}

static void tcp(void)
{
    begin();
    struct manifest_entry m = { .kind = MK_TCP_LISTEN, .flags = MF_WORKER, .parent = -1, .b = 45900, .c = 45999 };
    manifest_add(&out, &m, NULL, "127.0.0.1");
    manifest_add(&out, &m, NULL, "127.0.0.1");
    run();
    struct sockaddr_in a = { 0 };
    socklen_t n = sizeof a;
    tap_ok(done.error == 0 && done.nworker == 2 && grants.g[1].port > grants.g[0].port && grants.g[0].port >= 45900, "two ports of a range: %u, %u", grants.g[0].port, grants.g[1].port);
    tap_ok(getsockname(our_fd(0), (struct sockaddr *)&a, &n) == 0 && ntohs(a.sin_port) == grants.g[0].port && a.sin_addr.s_addr == htonl(INADDR_LOOPBACK), "bound where asked");
    struct fakesup first = sup;
    uint32_t port = grants.g[0].port;
    begin();
    m.a = port;
    manifest_add(&out, &m, NULL, "127.0.0.1");
    run();
    tap_ok(done.error == -EADDRINUSE && strstr(done.text, "Address already in use"), "a port in use: %s", done.text);
    finish();
    begin();
    m = (struct manifest_entry){ .kind = MK_TCP_LISTEN, .flags = MF_WORKER, .parent = -1, .b = port, .c = port };
    manifest_add(&out, &m, NULL, "127.0.0.1");
    run();
    tap_ok(done.error < 0 && strstr(done.text, "Unable to find an unused port in range"), "a range in use: %s", done.text);
    finish();
    sup = first;
    finish();
}

/* A port of this machine's own address that is nobody's just now; 0: it has no such address. */
static uint32_t free_port(int family)
{
    union { struct sockaddr any; struct sockaddr_in in; struct sockaddr_in6 in6; } a = { .in6 = { .sin6_addr = IN6ADDR_LOOPBACK_INIT } };
    socklen_t n = family == AF_INET6 ? sizeof a.in6 : sizeof a.in;
    if (family == AF_INET)
        a.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    a.any.sa_family = (sa_family_t)family;
    AUTO_CLOSE s = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return s >= 0 && bind(s, &a.any, n) == 0 && getsockname(s, &a.any, &n) == 0 ? ntohs(a.in.sin_port) : 0;
}

/* The first port that is anybody's to listen on. */
static unsigned first_port(void)
{
    unsigned first = 1024;
    FILE *f = fopen("/proc/sys/net/ipv4/ip_unprivileged_port_start", "re");
    if (f && fscanf(f, "%u", &first) != 1)
        first = 1024;
    if (f)
        fclose(f);
    return first;
}

static void add_tcp(int kind, uint32_t port, const char *address)
{
    manifest_add(&out, &(struct manifest_entry){ .kind = (uint16_t)kind, .parent = -1, .a = port }, NULL, address);
}

/* Of character devices: QEMU has both, which are made with the rights of qemu.conf's user. */
static void tcp_of_qemu(void)
{
    static const struct { int kind; uint32_t port; const char *address; } bad[] = { { MK_TCP_CONNECT, 0, "127.0.0.1" }, { MK_TCP_CONNECT, 65536, "127.0.0.1" }, { MK_TCP_LISTEN, 65536, "127.0.0.1" },
        { MK_TCP_CONNECT, 9, "a.name" }, { MK_TCP_LISTEN, 9, "a.name" }, { MK_TCP_CONNECT, 9, "127.0.0.1 " } };
    char c, text[64];
    struct stat st;
    uint32_t port = free_port(AF_INET), port6 = free_port(AF_INET6);
    begin();
    add_tcp(MK_TCP_LISTEN, port, "127.0.0.1");
    add_tcp(MK_TCP_CONNECT, port, "127.0.0.1");
    if (port6)
        add_tcp(MK_TCP_LISTEN, port6, "::1");
    run();
    if (tap_ok(done.error == 0 && done.nqemu == (port6 ? 3 : 2) && !done.nworker, "listening and connected sockets, all of them QEMU's: %s", done.text)) {
        int accepted = accept4(qemu_fd(0), NULL, NULL, SOCK_CLOEXEC);
        tap_ok(accepted >= 0 && write(qemu_fd(1), "t", 1) == 1 && read(accepted, &c, 1) == 1 && c == 't', "the one is connected to the other");
        tap_ok(fstat(qemu_fd(1), &st) == 0 && (!root || st.st_uid == 64055), "whose owner is the configured user");
        close(accepted);
    }
    finish();
    port = free_port(AF_INET);
    snprintf(text, sizeof text, "Failed to connect to '127.0.0.1:%u'", port);
    begin();
    add_tcp(MK_TCP_CONNECT, port, "127.0.0.1");
    run();
    tap_ok(done.error == -ECONNREFUSED && strstr(done.text, text), "nobody listens: %s", done.text);
    finish();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        begin();
        add_tcp(bad[i].kind, bad[i].port, bad[i].address);
        run();
        tap_ok(done.error < 0 && !done.nqemu, "%s, port %u: %s", bad[i].address, bad[i].port, done.text);
        finish();
    }
    if (first_port() <= 911) {
        tap_skip("no port here is root's alone");
        return;
    }
    begin();
    add_tcp(MK_TCP_LISTEN, 911, "127.0.0.1");
    run();
    tap_ok(done.error == -EACCES, "a port that is root's: %s", done.text);
    finish();
}

int main(void)
{
    folder_begin();
    ends();
    channels();
    tcp();
    tcp_of_qemu();
    events_of_a_start();
    events();
    return folder_end();
}
