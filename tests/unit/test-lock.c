/* test-lock: the locks of one lockspace, by the role's functions and over its channel: with others who lock as libvirt's virtlockd does. */
#include <sys/stat.h>
#include "fakesup.h"
#include "tests/tap.h"
#include "workers/lock/space.h"

static char top[4096];
static int dir;

/* Another virtlockd, perhaps on another host: a process with a POSIX lock on byte 0 of a file. Its pid, or -1: it did not get it. */
static pid_t other_locks(const char *name, short type)
{
    int up[2];
    char c = 0;
    if (pipe2(up, O_CLOEXEC) < 0)
        exit(1);
    pid_t pid = fork();
    if (pid == 0) {
        struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_len = 1 };
        int fd = openat(dir, name, O_RDWR | O_CLOEXEC);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (write(up[1], fd >= 0 && fcntl(fd, F_SETLK, &l) == 0 ? "y" : "n", 1) == 1)
            pause();
        _exit(0);
    }
    close(up[1]);
    bool got = read(up[0], &c, 1) == 1 && c == 'y';
    close(up[0]);
    if (got)
        return pid;
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return -1;
}

static void other_ends(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static bool is_there(const char *name)
{
    struct stat st;
    return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void test_take(void)
{
    int a = -1, b = -1;
    struct stat st;
    tap_int(space_take(dir, "one", false, false, &a), -ENOENT, "no file, no lock");
    tap_int(space_take(dir, "one", false, true, &a), 0, "unless it is made");
    tap_ok(fstat(a, &st) == 0 && st.st_size == 0 && (st.st_mode & 07777) == 0600, "as an empty file of its owner's alone");
    tap_int(space_take(dir, "one", false, true, &b), -EAGAIN, "a second one does not get it");
    tap_int(space_take(dir, "one", true, true, &b), -EAGAIN, "not even shared");
    tap_int(space_holder(dir, "one", true), 0, "and the kernel does not tell whose a descriptor's lock is");
    tap_int(space_lock(a, false), 0, "who has it may ask again");
    int copy = fcntl(a, F_DUPFD_CLOEXEC, 3);
    close(a);
    tap_int(space_take(dir, "one", false, false, &b), -EAGAIN, "it lives as long as a copy");
    tap_int(space_give(dir, "one", copy, false), 0, "given up");
    tap_int(space_take(dir, "one", false, false, &b), 0, "whoever has a copy still");
    close(copy);
    tap_ok(is_there("one"), "the file stays");
    tap_int(space_give(dir, "one", b, true), 0, "given up with its file");
    tap_ok(!is_there("one"), "which is gone");
    close(b);
}

/* libvirt's virtlockd beside us has locks that belong to a process. */
static void test_holder(void)
{
    int ready[2], fd = -1;
    char c;
    if (pipe2(ready, O_CLOEXEC) || space_create(dir, "theirs"))
        abort();
    pid_t pid = fork();
    if (pid == 0) {
        struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
        int own = openat(dir, "theirs", O_RDWR);
        if (own < 0 || fcntl(own, F_SETLK, &l) < 0 || write(ready[1], "x", 1) != 1)
            _exit(1);
        pause();
    }
    tap_ok(read(ready[0], &c, 1) == 1, "a process locks a file");
    tap_int(space_take(dir, "theirs", true, false, &fd), -EAGAIN, "nobody else gets it");
    tap_int(space_holder(dir, "theirs", true), pid, "the kernel tells whose it is");
    tap_int(space_holder(dir, "none", true), 0, "of none, none");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    tap_int(space_holder(dir, "theirs", true), 0, "it has gone with its process");
    tap_int(space_remove(dir, "theirs"), 0, "and the file");
    close(ready[0]);
    close(ready[1]);
}

static void test_shared(void)
{
    int a = -1, b = -1, c = -1;
    tap_int(space_take(dir, "shared", true, true, &a), 0, "shared");
    tap_int(space_take(dir, "shared", true, true, &b), 0, "with another");
    tap_int(space_take(dir, "shared", false, true, &c), -EAGAIN, "excludes an exclusive one");
    tap_int(space_give(dir, "shared", a, true), 0, "the first goes");
    tap_ok(is_there("shared"), "the file stays for the second");
    tap_int(space_give(dir, "shared", b, true), 0, "which goes");
    tap_ok(!is_there("shared"), "with the file");
    close(a);
    close(b);
}

static void test_others(void)
{
    int a = -1;
    pid_t other;
    tap_int(space_create(dir, "two"), 0, "a file is made");
    tap_int(space_create(dir, "two"), 0, "which is there then");
    other = other_locks("two", F_WRLCK);
    tap_ok(other > 0, "another virtlockd locks it");
    tap_int(space_take(dir, "two", false, false, &a), -EAGAIN, "not ours");
    tap_int(space_take(dir, "two", true, true, &a), -EAGAIN, "nor shared");
    tap_int(space_remove(dir, "two"), -EAGAIN, "nor removed");
    other_ends(other);
    other = other_locks("two", F_RDLCK);
    tap_int(space_take(dir, "two", false, false, &a), -EAGAIN, "its shared lock excludes our exclusive one");
    tap_int(space_take(dir, "two", true, false, &a), 0, "and not our shared one");
    tap_int(space_give(dir, "two", a, true), 0, "which goes");
    close(a);
    tap_ok(is_there("two"), "without the file, which the other has locked");
    other_ends(other);
    tap_int(space_take(dir, "two", false, false, &a), 0, "ours when it has ended");
    tap_ok(other_locks("two", F_WRLCK) < 0 && other_locks("two", F_RDLCK) < 0, "then it gets none");
    tap_int(space_give(dir, "two", a, false), 0, "given up");
    other = other_locks("two", F_WRLCK);
    tap_ok(other > 0, "it gets it while our descriptor is open");
    other_ends(other);
    close(a);
    tap_int(space_take(dir, "two", true, false, &a), 0, "shared");
    tap_ok(other_locks("two", F_WRLCK) < 0, "the other gets no exclusive one");
    other = other_locks("two", F_RDLCK);
    tap_ok(other > 0, "but a shared one");
    other_ends(other);
    close(a);
    tap_int(space_remove(dir, "two"), 0, "removed");
    tap_int(space_remove(dir, "two"), 0, "which is gone then");
}

/* What others may have put into the folder. */
static void test_planted(void)
{
    static const struct { const char *name; int error; } bad[] = { { "link", -ELOOP }, { "fifo", -EINVAL }, { "folder", -EISDIR }, { "linked", -EMLINK }, { "", -EINVAL }, { ".", -EINVAL },
        { "..", -EINVAL }, { "a/b", -EINVAL }, { "/etc/passwd", -EINVAL }, { "../x", -EINVAL } };
    int a = -1;
    if (symlinkat("target", dir, "link") < 0 || mkfifoat(dir, "fifo", 0600) < 0 || mkdirat(dir, "folder", 0700) < 0 || space_create(dir, "linked") < 0 ||
        linkat(dir, "linked", dir, "second", 0) < 0)
        exit(1);
    for (size_t i = 0; i < ARRAY_N(bad); i++) {
        tap_int(space_take(dir, bad[i].name, false, false, &a), bad[i].error, "'%s' is not locked", bad[i].name);
        tap_int(space_take(dir, bad[i].name, false, true, &a), bad[i].error, "nor made");
        tap_ok(space_create(dir, bad[i].name) < 0 && space_remove(dir, bad[i].name) < 0, "nor removed");
    }
    tap_ok(!is_there("target"), "a link leads nowhere");
    tap_ok(is_there("link") && is_there("fifo") && is_there("folder") && is_there("linked"), "and all is there still");
    char name[400];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = 0;
    tap_int(space_take(dir, name, false, true, &a), -ENAMETOOLONG, "a name that is too long");
    /* Somebody takes the name away, or for another file, while the lock is held. */
    tap_int(space_take(dir, "three", false, true, &a), 0, "a lock");
    tap_ok(unlinkat(dir, "three", 0) == 0 && space_create(dir, "three") == 0, "whose name leads to another file now");
    tap_int(space_give(dir, "three", a, true), 0, "is given up");
    tap_ok(is_there("three"), "without that file");
    close(a);
}

static int ask(struct fakesup *s, uint32_t op, const char *name, uint32_t flags, int fd, int *got)
{
    struct lock_file q = { .flags = flags };
    struct lock_done d = { .error = -EPROTO };
    util_copy_str(q.name, sizeof q.name, name);
    if (fakesup_call(s, OP_IN(op), 0, 0, &q, sizeof q, &fd, fd >= 0) == 1 && s->reply.h.kind == FRAME_REPLY && s->reply.body_len == sizeof d)
        memcpy(&d, s->reply.body, sizeof d);
    if (got)
        *got = frame_take_fd(&s->reply, 0);
    return d.error;
}

static void test_role(bool direct)
{
    struct birth b = { .uid = 0xffffffffu, .gid = 0xffffffffu, .flags = geteuid() ? BIRTH_SESSION : 0, .nfds = !direct };
    struct fakesup s = { .chan = -1 };
    int a = -1, c = -1;
    b.fd_kind[0] = BFD_DIR;
    fakesup_spawn(&s, ROLE_LOCK, b, &dir);
    if (direct) {
        AUTO_CLOSE image = openat(dir, "three", O_RDWR | O_CLOEXEC);
        tap_int(ask(&s, IN_LOCK_CHECK, "", 0, image, NULL), 0, "direct: a lock that was lost is taken back");
        tap_ok(other_locks("three", F_WRLCK) < 0, "and excludes others");
        tap_int(ask(&s, IN_LOCK_GIVE, "three", LOCK_AUTOCREATE, image, NULL), 0, "it is given up");
        tap_ok(is_there("three") && (c = other_locks("three", F_WRLCK)) > 0, "and its file stays");
        other_ends(c);
        tap_int(ask(&s, IN_LOCK_TAKE, "three", LOCK_AUTOCREATE, image, &a), -EPROTO, "nothing is opened here");
        tap_int(ask(&s, IN_LOCK_REMOVE, "three", 0, image, NULL), -EPROTO, "nor removed");
        tap_int(fakesup_end(&s), 0, "the role ends");
        return;
    }
    int others = fakesup_in_flight(500);
    tap_int(ask(&s, IN_LOCK_TAKE, "four", LOCK_AUTOCREATE, -1, &a), 0, "the role takes a lock");
    tap_ok(a >= 0, "and gives it, whatever the user's other processes send each other");
    close(others);
    tap_int(ask(&s, IN_LOCK_TAKE, "four", LOCK_SHARED, -1, &c), -EAGAIN, "once");
    tap_int(ask(&s, IN_LOCK_CREATE, "five", 0, -1, NULL), 0, "makes a file");
    tap_int(ask(&s, IN_LOCK_REMOVE, "five", 0, -1, NULL), 0, "removes it");
    tap_int(ask(&s, IN_LOCK_GIVE, "four", 0, -1, NULL), -EPROTO, "gives nothing up that does not come");
    kill(s.pid, SIGKILL);
    fakesup_end(&s);
    tap_ok(other_locks("four", F_WRLCK) < 0, "the lock outlives the role");
    fakesup_spawn(&s, ROLE_LOCK, b, &dir);
    tap_int(ask(&s, IN_LOCK_GIVE, "four", LOCK_AUTOCREATE, a, NULL), 0, "the next one gives it up");
    tap_ok(!is_there("four"), "with its file");
    tap_ok(fakesup_call(&s, OP_IN(IN_LOCK_TAKE), 0, 0, "short", 5, NULL, 0) == 1 && s.reply.body_len == sizeof(struct lock_done), "a malformed call is answered");
    tap_int(fakesup_end(&s), 0, "and ends with its channel");
    close(a);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    if (util_format(top, sizeof top, "%s/bulkhead-lock-XXXXXX", tmp ? tmp : "/tmp") < 0 || !mkdtemp(top) || (dir = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        return 1;
    test_take();
    test_holder();
    test_shared();
    test_others();
    test_planted();
    if (access(fakesup_role(ROLE_LOCK), X_OK) == 0) {
        test_role(false);
        test_role(true);
    } else {
        tap_note("roles/lock is not built");
    }
    char command[5000];
    snprintf(command, sizeof command, "rm -rf '%s'", top);
    return tap_done() | (system(command) != 0);
}
