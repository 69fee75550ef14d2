/* hand-open's verb for virtlockd, as a process with a fake supervisor: folders, files, what is refused, what is removed; and the one that connects to it. */
#include <grp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include "fakesup.h"
#include "ipc/op.h"
#include "tests/tap.h"

static char dir[64];
static int got = -1;

/* Asks a hand that serves several calls, for a lock: what it opened is the caller's. */
static int again(struct fakesup *s, uint32_t what, const char *name, uint32_t flags, int own, int *fd)
{
    struct hand_lease q = { .what = what, .flags = flags };
    struct lock_done d = { .error = -ENOSYS };
    util_format(q.path, sizeof q.path, "%s%s", dir, name);
    if (fakesup_call(s, OP_IN(IN_HAND_LEASE), 0, 0, &q, sizeof q, &own, own >= 0) != 1 || s->reply.body_len != sizeof d)
        return -EPIPE;
    memcpy(&d, s->reply.body, sizeof d);
    *fd = frame_take_fd(&s->reply, 0);
    return d.error;
}

/* What the hand says; what it opened is in `got`. */
static int ask(uint32_t what, const char *name, uint32_t *made)
{
    struct fakesup s;
    struct hand_lease q = { .what = what };
    struct lock_done d = { .error = -ENOSYS };
    util_format(q.path, sizeof q.path, "%s%s", *name && *name != '=' ? dir : "", *name == '=' ? name + 1 : name);
    if (got >= 0)
        close(got);
    got = -1;
    if (fakesup_hand(&s, ROLE_HAND_OPEN, geteuid() ? BIRTH_SESSION : 0, IN_HAND_LEASE, &q, sizeof q, NULL, 0) == 1 && s.reply.body_len == sizeof d) {
        memcpy(&d, s.reply.body, sizeof d);
        got = frame_take_fd(&s.reply, 0);
    }
    tap_ok(fakesup_end(&s) == 0 && (d.error == 0) >= (got >= 0), "the hand ends");
    if (made)
        *made = d.made;
    return d.error;
}

static bool is_there(const char *name)
{
    char path[256];
    struct stat st;
    snprintf(path, sizeof path, "%s%s", dir, name);
    return lstat(path, &st) == 0;
}

static int connect_to(uint32_t daemon, char text[1024])
{
    struct fakesup s;
    struct hand_daemon q = { .daemon = daemon };
    struct hand_done d = { .error = -ENOSYS };
    util_closep(&got);
    if (fakesup_hand(&s, ROLE_HAND_OPEN, geteuid() ? BIRTH_SESSION : 0, IN_HAND_DAEMON, &q, sizeof q, NULL, 0) == 1 && s.reply.body_len == sizeof d) {
        memcpy(&d, s.reply.body, sizeof d);
        got = frame_take_fd(&s.reply, 0);
        AUTO_CLOSE stays = frame_take_fd(&s.reply, 1);
        tap_ok((d.error == 0) == (stays >= 0) && (d.error || kill(s.pid, 0) == 0), "who connected is there while it is wanted");
    }
    tap_ok(fakesup_end(&s) == 0 && (d.error == 0) == (got >= 0), "the hand ends");
    memcpy(text, d.text, sizeof d.text);
    return d.error;
}

/* A manifest with the connection: what its disks are called. There may be none here that is called anything. */
static void names(void)
{
    struct fakesup s;
    struct hand_daemon q = { .daemon = HOST_LOCKD };
    uint8_t buf[4096];
    struct manifest_out out;
    struct manifest_entry file = { .kind = MK_IMAGE, .parent = -1 }, none = file, dev = { .kind = MK_DEVNODE, .parent = -1 };
    static struct disk_keys k;
    manifest_begin(&out, buf, sizeof buf);
    manifest_add(&out, &file, "/dev/null", NULL);
    manifest_add(&out, &none, "/dev/no-such-disk", NULL);
    manifest_add(&out, &dev, "/dev/urandom", NULL);
    AUTO_CLOSE manifest = frame_memfd("manifest", buf, (size_t)manifest_finish(&out)), bad = frame_memfd("manifest", buf, 20);
    for (int turn = 0; turn < 2; turn++) {
        bool answered = fakesup_hand(&s, ROLE_HAND_OPEN, geteuid() ? BIRTH_SESSION : 0, IN_HAND_DAEMON, &q, sizeof q, turn ? &bad : &manifest, 1) == 1;
        AUTO_CLOSE fd = answered ? frame_take_fd(&s.reply, 2) : -1, stays = answered ? frame_take_fd(&s.reply, 1) : -1, sock = answered ? frame_take_fd(&s.reply, 0) : -1;
        if (turn)
            tap_ok(answered && fd < 0 && sock < 0 && ((const struct hand_done *)(const void *)s.reply.body)->error == -EPROTO, "what is no manifest is refused");
        else
            tap_ok(answered && sock >= 0 && frame_copy(fd, &k, sizeof k) == 0 && k.n == 3 && !*k.v[0].lvm && !*k.v[0].scsi && !*k.v[1].scsi, "what is no disk has no name");
        util_closep(&stays);
        fakesup_end(&s);
    }
}

static void daemons(void)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char text[1024], want[1200];
    snprintf(fakesup_layout.sock_dir, sizeof fakesup_layout.sock_dir, "%s", dir);
    tap_int(connect_to(HOST_LOCKD, text), -ENOENT, "no lock daemon");
    snprintf(want, sizeof want, "Failed to connect socket to '%s/virtlockd-sock': No such file or directory", dir);
    tap_str(text, want, "is told as libvirt does");
    snprintf(a.sun_path, sizeof a.sun_path, "%s/virtlockd-sock", dir);
    if (bind(listener, (struct sockaddr *)&a, sizeof a) || listen(listener, 4))
        abort();
    tap_int(connect_to(HOST_LOCKD, text), 0, "one that listens is connected to");
    AUTO_CLOSE end = fakesup_accept(listener);
    char byte = 0;
    tap_ok(write(got, "x", 1) == 1 && read(end, &byte, 1) == 1 && byte == 'x', "and that is what comes");
    tap_int(connect_to(HOST_LOGD, text), -ENOENT, "the log daemon is another");
    names();
    tap_int(connect_to(HOST_DAEMON_N, text), -EPROTO, "and there is none beside those of the table");
    close(listener);
}

static int listen_at(const char *name)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(a.sun_path, sizeof a.sun_path, "%s/%s", dir, name);
    unlink(a.sun_path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 4) || chmod(a.sun_path, 0777))
        abort();
    return fd;
}

/* Asks for a sibling: what the hand says, and who came to the listener. */
static int sibling(const struct hand_daemon *q, int client, int listener, struct ucred *who, gid_t groups[2])
{
    struct fakesup s;
    struct hand_done d = { .error = -ENOSYS };
    socklen_t len = sizeof *who, bytes = 2 * sizeof *groups;
    *who = (struct ucred){ .uid = 1 };
    if (fakesup_hand(&s, ROLE_HAND_OPEN, geteuid() ? BIRTH_SESSION : 0, IN_HAND_DAEMON, q, sizeof *q, &client, client >= 0) == 1 && s.reply.body_len == sizeof d)
        memcpy(&d, s.reply.body, sizeof d);
    AUTO_CLOSE end = d.error ? -1 : fakesup_accept(listener);
    if (end >= 0 && (getsockopt(end, SOL_SOCKET, SO_PEERCRED, who, &len) || getsockopt(end, SOL_SOCKET, SO_PEERGROUPS, groups, &bytes) || bytes != 2 * sizeof *groups))
        groups[0] = groups[1] = 0;
    fakesup_end(&s);
    return d.error;
}

/* The network daemon's socket, that of a libvirtd in its place, and who connects. */
static void siblings(void)
{
    struct hand_daemon q = { .daemon = HOST_NETWORK, .uid = 4321, .gid = 4322 };
    struct ucred who;
    gid_t groups[2] = { 0, 0 };
    if (chmod(dir, 0755))
        abort();
    tap_int(sibling(&q, -1, -1, &who, groups), -ENOENT, "no network daemon, and no libvirtd");
    AUTO_CLOSE all = listen_at("libvirt-sock");
    AUTO_CLOSE reader = listen_at("libvirt-sock-ro");
    tap_int(sibling(&q, -1, all, &who, groups), 0, "a libvirtd is all of them");
    q.readonly = 1;
    tap_int(sibling(&q, -1, reader, &who, groups), 0, "and has a door for those who only read");
    q.readonly = 0;
    close(listen_at("virtnetworkd-sock"));
    tap_int(sibling(&q, -1, all, &who, groups), 0, "also where the network daemon left its socket");
    AUTO_CLOSE net = listen_at("virtnetworkd-sock");
    tap_int(sibling(&q, -1, net, &who, groups), 0, "the network daemon comes first");
    if (geteuid() == 0) {
        char path[256];
        tap_ok(who.uid == 4321 && who.gid == 4322, "who connects is the client");
        snprintf(path, sizeof path, "%s/virtnetworkd-sock", dir);
        if (chmod(path, 0770) || chown(path, 0, 4324))
            abort();
        tap_int(sibling(&q, -1, net, &who, groups), -EACCES, "whose rights are what counts");
        const gid_t own[2] = { 4323, 4324 };
        AUTO_CLOSE door = listen_at("door-of-clients");
        pid_t pid = fork();
        if (!pid) {
            struct sockaddr_un a = { .sun_family = AF_UNIX };
            snprintf(a.sun_path, sizeof a.sun_path, "%s/door-of-clients", dir);
            int c = socket(AF_UNIX, SOCK_STREAM, 0);
            if (setgroups(2, own) || setresgid(4322, 4322, 4322) || setresuid(4321, 4321, 4321))
                _exit(1);
            if (connect(c, (struct sockaddr *)&a, sizeof a))
                _exit(1);
            pause();
            _exit(0);
        }
        AUTO_CLOSE client = fakesup_accept(door);
        tap_int(sibling(&q, client, net, &who, groups), 0, "of its groups, too");
        tap_ok(who.uid == 4321 && groups[0] == 4323 && groups[1] == 4324, "which the kernel told with its socket");
        q.uid = 4329;
        tap_int(sibling(&q, client, net, &who, groups), -EACCES, "but not those of another one's socket");
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        q.uid = 0;
        tap_ok(sibling(&q, -1, net, &who, groups) == 0 && who.uid == 0, "root is root");
        q.uid = UINT32_MAX;
        tap_int(sibling(&q, -1, net, &who, groups), -EPERM, "nobody in particular does not connect");
    }
}

static int owner(struct fakesup *s, uint64_t latest, int sock, int *fd)
{
    struct hand_owner q = { .latest = latest };
    struct lock_done d = { .error = -ENOSYS };
    if (fakesup_call(s, OP_IN(IN_HAND_OWNER), 0, 0, &q, sizeof q, &sock, sock >= 0) == 1 && s->reply.body_len == sizeof d)
        memcpy(&d, s->reply.body, sizeof d);
    *fd = frame_take_fd(&s->reply, 0);
    return d.error;
}

/* A client that has connected, and what its number means later. */
static void owners(void)
{
    struct fakesup s = { .chan = -1 };
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    int fd, ends[2];
    snprintf(a.sun_path, sizeof a.sun_path, "%s/door", dir);
    AUTO_CLOSE door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(door, (struct sockaddr *)&a, sizeof a) < 0 || listen(door, 1) < 0 || pipe(ends) < 0)
        exit(1);
    pid_t pid = fork();
    if (!pid) {
        AUTO_CLOSE c = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        close(ends[1]);
        _exit(connect(c, (struct sockaddr *)&a, sizeof a) < 0 || read(ends[0], &fd, 1));
    }
    close(ends[0]);
    AUTO_CLOSE client = fakesup_accept(door);
    fakesup_spawn(&s, ROLE_HAND_OPEN, (struct birth){ .flags = geteuid() ? BIRTH_SESSION : 0, .uid = ~0u, .gid = ~0u }, NULL);
    tap_ok(owner(&s, UINT64_MAX, client, &fd) == 0 && fd >= 0, "who has connected is given");
    kill(pid, SIGKILL);
    struct pollfd end = { .fd = fd, .events = POLLIN };
    tap_ok(poll(&end, 1, FAKESUP_WAIT_MS) == 1 && end.revents & POLLIN, "and is that process");
    close(fd);
    tap_ok(owner(&s, UINT64_MAX, client, &fd) == -ESRCH && fd < 0, "one that has ended is not, though its number is still there");
    waitpid(pid, NULL, 0);
    tap_ok(owner(&s, UINT64_MAX, client, &fd) == -ESRCH && fd < 0, "nor when that is gone");
    AUTO_CLOSE own = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    AUTO_CLOSE mine = connect(own, (struct sockaddr *)&a, sizeof a) < 0 ? -1 : fakesup_accept(door);
    tap_ok(owner(&s, 1, mine, &fd) == -ESRCH && fd < 0, "nor one that was born after it came");
    tap_ok(owner(&s, UINT64_MAX, -1, &fd) == -EPROTO && fd < 0, "nothing is nobody's");
    tap_int(fakesup_end(&s), 0, "the hand ends with its channel");
    close(ends[1]);
}

/* Locks of several calls to one. */
static void one_hand(void)
{
    struct fakesup s = { .chan = -1 };
    int a, b, c;
    fakesup_spawn(&s, ROLE_HAND_OPEN, (struct birth){ .flags = geteuid() ? BIRTH_SESSION : 0, .uid = ~0u, .gid = ~0u }, NULL);
    tap_int(again(&s, LEASE_FILE, "/file", 0, -1, &a), 0, "one hand: a lock");
    tap_int(again(&s, LEASE_FILE, "/file", LOCK_SHARED, -1, &b), -EAGAIN, "which there is once");
    tap_ok(a >= 0 && b < 0, "and comes with its file");
    close(a);
    tap_int(again(&s, LEASE_FILE_MADE, "/new", LOCK_SHARED, -1, &a), 0, "shared, of a file that is made for it");
    tap_int(again(&s, LEASE_FILE, "/new", LOCK_SHARED, -1, &b), 0, "another one");
    tap_int(again(&s, LEASE_FILE, "/new", 0, -1, &c), -EAGAIN, "but no exclusive one");
    tap_int(again(&s, LEASE_REMOVE, "/new", 0, a, &c), 0, "the one that goes first");
    tap_ok(is_there("/new"), "leaves the file to the other");
    close(a);
    tap_int(again(&s, LEASE_FILE, "/empty", 0, -1, &a), 0, "another file");
    tap_int(again(&s, LEASE_REMOVE, "/new", 0, a, &c), 0, "is not that one");
    tap_ok(is_there("/new") && is_there("/empty"), "and both stay");
    tap_int(again(&s, LEASE_REMOVE, "/new", 0, b, &c), 0, "the last one");
    tap_ok(!is_there("/new"), "takes the file with it");
    tap_int(again(&s, LEASE_MAKE, "/file", 0, -1, &c), 0, "a file that is there is made");
    tap_int(fakesup_end(&s), 0, "the hand ends with its channel");
    close(a);
    close(b);
    close(c);
}

int main(void)
{
    char command[512];
    uint32_t made;
    struct stat st;
    snprintf(dir, sizeof dir, "/tmp/hand-lease-XXXXXX");
    if (!mkdtemp(dir))
        return 1;
    snprintf(command, sizeof command, "cd %s && echo x >file && ln -s file link && ln -s no dangling && mkfifo fifo && : >empty && ln empty second", dir);
    if (system(command))
        return 1;

    tap_int(ask(LEASE_FOLDER, "/a/b", NULL), 0, "a lockspace's folder is made");
    tap_ok(fstat(got, &st) == 0 && S_ISDIR(st.st_mode) && (st.st_mode & 07777) == 0700, "for its owner alone, and comes");
    tap_int(ask(LEASE_FOLDER, "/a/b", NULL), 0, "or is there");
    tap_int(ask(LEASE_FOLDER, "/file", NULL), -EEXIST, "a file is none");
    tap_int(ask(LEASE_FOLDER, "/file/x", NULL), -ENOTDIR, "nor is there one below it");
    tap_int(ask(LEASE_FOLDER, "/dangling", NULL), -ENOTDIR, "nor behind a link to nowhere");
    tap_int(ask(LEASE_FOLDER, "=relative", NULL), -EINVAL, "nor what is no absolute path");
    tap_int(ask(LEASE_FOLDER, "=/proc/self/fd/3", NULL), -ELOOP, "nor what a magic link leads to");

    tap_int(ask(LEASE_FILE, "/file", &made), 0, "a file to lock");
    tap_ok(got >= 0 && (fcntl(got, F_GETFL) & O_ACCMODE) == O_RDWR && !made, "comes opened to write");
    tap_int(ask(LEASE_FILE, "/link", NULL), 0, "by a link as well");
    tap_int(ask(LEASE_FILE, "/none", NULL), -ENOENT, "none");
    tap_int(ask(LEASE_FILE_MADE, "/none", &made), 0, "is made on demand");
    tap_ok(made && fstat(got, &st) == 0 && (st.st_mode & 07777) == 0600 && st.st_size == 0, "empty, its owner's alone, and that is told");
    tap_int(ask(LEASE_FILE_MADE, "/file", &made), 0, "one that is there");
    tap_ok(!made && fstat(got, &st) == 0 && st.st_size == 2, "stays as it is");
    tap_ok(ask(LEASE_FILE_MADE, "/dangling", NULL) < 0 && !is_there("/no"), "nothing is made behind a link");
    tap_int(ask(LEASE_FILE, "/fifo", NULL), -EINVAL, "a FIFO is no file");
    tap_int(ask(LEASE_FILE, "=/proc/self/mem", NULL), geteuid() == 0 ? -EINVAL : -EACCES, "nor is what is one in /proc only");
    tap_int(ask(LEASE_FILE, "/a", NULL), -EISDIR, "nor is a folder");
    tap_int(ask(LEASE_FILE, "", NULL), -ENOENT, "nor nothing");

    tap_int(ask(LEASE_REMOVE, "/none", NULL), 0, "what was made is removed");
    tap_ok(!is_there("/none"), "and gone");
    tap_int(ask(LEASE_REMOVE, "/none", NULL), 0, "which is no error");
    tap_int(ask(LEASE_REMOVE, "/file", NULL), -EPERM, "a file with something in it stays");
    tap_int(ask(LEASE_REMOVE, "/link", NULL), -EPERM, "so does a link");
    tap_int(ask(LEASE_REMOVE, "/second", NULL), -EPERM, "and a file with two names");
    tap_int(ask(LEASE_REMOVE, "/a", NULL), -EISDIR, "and a folder");
    tap_ok(is_there("/file") && is_there("/link") && is_there("/second") && is_there("/a"), "they are there");
    daemons();
    siblings();
    one_hand();
    owners();
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return tap_done() | (system(command) != 0);
}
