/* test-log: a log stream by its functions: cuts at newlines, rolling over, what a crash leaves half rolled over, the tail. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ipc/internal.h"
#include "ipc/util.h"
#include "tests/tap.h"
#include "workers/log/stream.h"

static char top[PATH_MAX];
static int dir;
static struct stream_rules rules;

static void put(int fd, const char *text)
{
    if (util_write_full(fd, text, strlen(text)) < 0)
        exit(1);
}

static void put_file(const char *name, const char *text)
{
    AUTO_CLOSE fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    put(fd, text);
}

/* A file's text, "" empty, "(none)" absent. */
static const char *text_of(const char *name)
{
    static char buf[8][4096];
    static unsigned next;
    char *b = buf[next++ % 8];
    AUTO_CLOSE fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : util_read_full(fd, b, sizeof buf[0] - 1);
    if (n < 0)
        return "(none)";
    b[n] = 0;
    return b;
}

static void clean(void)
{
    static const char *const names[] = { "g.log", "g.log.0", "g.log.1", "g.log.2", "g.log.3" };
    for (size_t i = 0; i < ARRAY_N(names); i++)
        unlinkat(dir, names[i], 0);
}

/* A stream of its own over a new pipe. */
static int begin(struct stream *s, int *writer, uint64_t size, uint32_t backups, bool truncate)
{
    int p[2];
    if (pipe2(p, O_CLOEXEC | O_NONBLOCK) < 0)
        exit(1);
    *writer = p[1];
    rules.max_size = size;
    rules.max_backups = backups;
    int r = stream_init(s, p[0], dir, &rules);
    return r ? r : stream_open(s, "g.log", -1, truncate ? LOG_TRUNCATE : LOG_APPEND);
}

/* The guest says something, and it is moved. */
static int say(struct stream *s, int writer, const char *text)
{
    put(writer, text);
    return stream_drain(s, 1000);
}

static void end(struct stream *s, int writer)
{
    close(writer);
    close(s->pipe);
    stream_close(s);
}

static void test_moving(void)
{
    struct stream s;
    char buf[64];
    int w;
    clean();
    put_file("g.log", "of an earlier run\n");
    tap_int(begin(&s, &w, 0, 3, false), 0, "opened");
    tap_int(stream_drain(&s, 1000), 0, "an empty pipe");
    tap_int(say(&s, w, "one\ntwo"), 0, "moved");
    tap_str(text_of("g.log"), "of an earlier run\none\ntwo", "at the file's end");
    tap_ok(stream_tail(&s, 0, buf, sizeof buf) == 7 && !memcmp(buf, "one\ntwo", 7), "the tail is of this run");
    tap_ok(stream_tail(&s, 0, buf, 3) == 3 && !memcmp(buf, "two", 3), "its last bytes");
    tap_ok(stream_tail(&s, 4, buf, sizeof buf) == 3 && !memcmp(buf, "two", 3), "or from an offset");
    tap_ok(stream_tail(&s, 99, buf, sizeof buf) >= 0, "an offset beyond it is no error");
    tap_ok(ftruncate(s.out, 4) == 0, "somebody cuts the file short");
    say(&s, w, "X");
    tap_str(text_of("g.log"), "of aX", "no hole");
    close(w);
    w = -1;
    tap_int(stream_drain(&s, 1000), -EPIPE, "the pipe has ended");
    end(&s, w);
    tap_int(begin(&s, &w, 0, 3, true), 0, "truncated");
    tap_str(text_of("g.log"), "", "is empty");
    end(&s, w);
}

static void test_rolling(void)
{
    struct stream s;
    int w;
    clean();
    begin(&s, &w, 10, 2, false);
    say(&s, w, "12345\n789\nabc\n");
    tap_str(text_of("g.log.0"), "12345\n789\n", "full to the last byte");
    tap_str(text_of("g.log"), "abc\n", "the rest in the next");
    say(&s, w, "defgh\n");
    tap_str(text_of("g.log"), "abc\ndefgh\n", "exactly full does not roll over yet");
    say(&s, w, "1234567\n90\n");
    tap_str(text_of("g.log.1"), "abc\ndefgh\n", "older");
    tap_str(text_of("g.log.0"), "1234567\n", "old");
    tap_str(text_of("g.log"), "90\n", "a line that does not fit begins a new file");
    tap_str(text_of("g.log.2"), "(none)", "no more backups than wanted");
    end(&s, w);

    clean();
    begin(&s, &w, 10, 3, false);
    say(&s, w, "a line of more than ten bytes\nb\n");
    tap_str(text_of("g.log.2"), "a line of ", "a long line is cut at the limit");
    tap_str(text_of("g.log.0"), "ten bytes\n", "and goes on");
    tap_str(text_of("g.log"), "b\n", "to the next line");
    end(&s, w);

    clean();
    begin(&s, &w, 10, 0, false);
    say(&s, w, "12345\n789\nabc\n");
    tap_str(text_of("g.log.0"), "(none)", "no backups wanted, none made");
    tap_str(text_of("g.log"), "abc\n", "the file begins anew");
    end(&s, w);
}

/* What a SIGKILL between two renames leaves: a number that is free is filled first, so that no backup is lost for it. */
static void test_half_rolled(void)
{
    struct stream s;
    int w;
    clean();
    put_file("g.log", "new.......");
    put_file("g.log.1", "old\n");
    put_file("g.log.2", "older\n");
    begin(&s, &w, 10, 3, false);
    say(&s, w, "x\n");
    tap_str(text_of("g.log.2"), "older\n", "older stays");
    tap_str(text_of("g.log.1"), "old\n", "old stays");
    tap_str(text_of("g.log.0"), "new.......", "the gap is filled");
    tap_str(text_of("g.log"), "x\n", "and the stream goes on");
    end(&s, w);
    clean();
    put_file("g.log.0", "rolled, and killed before the new one was made\n");
    begin(&s, &w, 10, 3, false);
    say(&s, w, "x\n");
    tap_str(text_of("g.log"), "x\n", "a missing file is made");
    end(&s, w);
}

/* The next file cannot be made: what rolled over stays where it is until it can. */
static void test_no_next(void)
{
    struct stream s;
    struct rlimit was, none;
    int w, r = 0;
    clean();
    begin(&s, &w, 10, 3, false);
    say(&s, w, "12345\n789\n");
    getrlimit(RLIMIT_NOFILE, &was);
    none = was;
    none.rlim_cur = 0;
    put(w, "x\n");
    setrlimit(RLIMIT_NOFILE, &none);
    for (int i = 0; i < 5; i++)
        r = stream_drain(&s, 1000);
    setrlimit(RLIMIT_NOFILE, &was);
    tap_int(r, -EMFILE, "no descriptor for the next file");
    tap_int(stream_drain(&s, 1000), 0, "then there is one");
    tap_str(text_of("g.log.0"), "12345\n789\n", "it rolled over once");
    tap_str(text_of("g.log.1"), "(none)", "and not each time");
    tap_str(text_of("g.log"), "x\n", "and what waited is in the next");
    end(&s, w);
}

static void test_refused(void)
{
    static const char *const bad[] = { "", ".", "..", "a/b", "/etc/x" };
    struct stream s;
    int p[2], w;
    clean();
    if (pipe2(p, O_CLOEXEC | O_NONBLOCK) < 0 || stream_init(&s, p[0], dir, &rules) < 0)
        exit(1);
    for (size_t i = 0; i < ARRAY_N(bad); i++)
        tap_int(stream_open(&s, bad[i], -1, LOG_APPEND), -EINVAL, "name \"%s\" is refused", bad[i]);
    tap_ok(symlinkat("/tmp/elsewhere", dir, "g.log") == 0 && stream_open(&s, "g.log", -1, LOG_APPEND) == -ELOOP, "a link is not followed");
    clean();
    tap_ok(mkfifoat(dir, "g.log", 0600) == 0 && stream_open(&s, "g.log", -1, LOG_APPEND) == -EINVAL, "a FIFO is no log");
    clean();
    end(&s, p[1]);

    /* A file that cannot be written: the guest must not stand still behind a full pipe. */
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    begin(&s, &w, 0, 3, false);
    static char block[4096];
    memset(block, 'x', sizeof block);
    while (write(w, block, sizeof block) > 0)
        ;
    s.pipe_size = 1 << 20;      /* it does not grow */
    close(s.out);
    s.out = full;
    int r = stream_drain(&s, 1000);
    tap_ok(r < 0 && r != -EAGAIN && r != -EPIPE, "an error is told (%s)", strerror(-r));
    s.sink = open("/dev/null", O_WRONLY | O_CLOEXEC);
    stream_drop(&s);
    tap_ok(s.lost > 0 && write(w, block, sizeof block) == (ssize_t)sizeof block, "the pipe takes bytes again");
    /* With pieces of little more than half a page it is full with half of its bytes. */
    while (read(s.pipe, block, sizeof block) > 0)
        ;
    while (write(w, block, 2049) > 0)
        ;
    stream_drop(&s);
    tap_ok(write(w, block, sizeof block) == (ssize_t)sizeof block, "and when it is full with little more than half of its bytes");
    uint64_t lost = s.lost;
    close(s.sink);

    /* Then it can be written again. */
    char mark[64];
    s.out = openat(dir, "g.log", O_RDWR | O_CLOEXEC);
    snprintf(mark, sizeof mark, "[%llu bytes are missing here]\nxxxx", (unsigned long long)lost);
    tap_ok(stream_drain(&s, 1 << 20) == 0 && !s.lost && !strncmp(text_of("g.log"), mark, strlen(mark)), "a line tells of the gap");
    end(&s, w);
}

static void test_calls(void)
{
    struct stream s;
    char buf[64];
    uint64_t ino, at, first;
    struct stat st;
    int w;
    clean();
    begin(&s, &w, 10, 3, false);
    tap_ok(stream_position(&s, &first, &at) == 0 && at == 0, "position of an empty file");
    say(&s, w, "12345\n789\n");
    tap_int(stream_append(&s, "abc\ndef\nghi\n", 12), 0, "appended");
    tap_str(text_of("g.log.0"), "abc\ndef\n", "a message rolls over like the rest");
    tap_str(text_of("g.log.1"), "12345\n789\n", "what came before it");
    tap_str(text_of("g.log"), "ghi\n", "its end");
    tap_ok(stream_position(&s, &ino, &at) == 0 && ino != first && at == 4, "position is of the live file");
    tap_ok(stream_read(&s, -1, first, 6, buf, sizeof buf) == 16 && !memcmp(buf, "789\nabc\ndef\nghi\n", 16), "read from a file that rolled over, on to the live one");
    tap_ok(stream_read(&s, -1, first, 6, buf, 5) == 5 && !memcmp(buf, "789\na", 5), "not more than was asked for");
    tap_int((int)stream_read(&s, -1, 0, 0, buf, 3), -EBADF, "inode 0 is no file's");
    tap_ok(stream_read(&s, -1, ino, 4, buf, 3) == 0 && stream_read(&s, -1, ino, 99, buf, 3) == 0, "at the end, and beyond it");
    tap_int((int)stream_read(&s, -1, ino, UINT64_MAX, buf, 3), -EINVAL, "beyond all ends");
    tap_int((int)stream_read(&s, -1, 1, 0, buf, 3), -EBADF, "an inode of none of them");
    end(&s, w);

    clean();
    begin(&s, &w, 10, 1, false);
    tap_int(stream_append(&s, "a line of more than ten bytes\n", 30), 0, "a long line appended");
    tap_str(text_of("g.log.0"), "more than ", "is cut at the limit");
    tap_str(text_of("g.log"), "ten bytes\n", "and goes on");
    tap_ok(unlinkat(dir, "g.log", 0) == 0, "somebody removes the file");
    say(&s, w, "x\n");
    tap_str(text_of("g.log"), "x\n", "it is made anew");
    int other = openat(dir, "g.log", O_RDWR | O_CLOEXEC);
    struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    tap_ok(fcntl(other, F_OFD_SETLK, &whole) < 0, "nobody can lock all of an open log");
    whole.l_len = 2;
    tap_ok(fcntl(other, F_OFD_SETLK, &whole) == 0 && stream_append(&s, "y\n", 2) == 0, "and what locks are there stop nobody");
    say(&s, w, "z\n");
    tap_str(text_of("g.log"), "x\ny\nz\n", "all of it is written");
    close(other);
    end(&s, w);

    /* A stream that is only looked at. */
    clean();
    put_file("elsewhere", "not a log");
    tap_ok(stream_init(&s, -1, dir, &rules) == 0 && stream_open(&s, "g.log", -1, LOG_LOOK) == 0 && fstatat(dir, "g.log", &st, 0) < 0, "looking makes no file");
    tap_int((int)stream_read(&s, -1, 0, 0, buf, 3), -EBADF, "and finds none");
    tap_ok(symlinkat("elsewhere", dir, "g.log") == 0 && stream_read(&s, -1, 0, 0, buf, 3) == -EBADF, "a link is not followed to read");
    put_file("g.log.0", "old");
    tap_ok(fstatat(dir, "g.log.0", &st, 0) == 0 && stream_read(&s, -1, st.st_ino, 0, buf, 9) == 3 && !memcmp(buf, "old", 3), "what is there is found");
    stream_close(&s);
}

/* The longest names are those whose last backup has one, too. */
static void test_names(void)
{
    static const struct { unsigned len; uint32_t backups; int result; } rows[] = { { 253, 3, 0 }, { 254, 3, -ENAMETOOLONG }, { 252, 11, 0 }, { 253, 11, -ENAMETOOLONG }, { 255, 0, 0 },
        { 0, 3, -EINVAL } };
    struct stream s;
    char name[NAME_MAX + 8];
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        memset(name, 'n', sizeof name);
        name[rows[i].len] = 0;
        rules = (struct stream_rules){ .max_size = 10, .max_backups = rows[i].backups };
        int r = stream_init(&s, -1, dir, &rules);
        tap_int(r ? r : stream_open(&s, name, -1, LOG_APPEND), rows[i].result, "a name of %u bytes with %u backups", rows[i].len, rows[i].backups);
        if (!rows[i].result)
            tap_ok(stream_append(&s, "123456789\n123456789\n123456789\n", 30) == 0, "it rolls over");
        stream_close(&s);
    }
}

/* What is off by default. */
static void test_rules(void)
{
    struct stream s;
    const char *t;
    int w;
    clean();
    rules.stamps = true;
    begin(&s, &w, 0, 3, false);
    say(&s, w, "one\ntw");
    end(&s, w);
    begin(&s, &w, 0, 3, false);
    say(&s, w, "o\nthree\n");
    t = text_of("g.log");
    tap_ok(strlen(t) == 3 * 30 + 14 && !strncmp(t + 30, "one\n20", 6) && !strncmp(t + 64, "two\n20", 6) && !strcmp(t + 98, "three\n"), "each line has its time, also across instances");
    end(&s, w);
    clean();
    begin(&s, &w, 100, 3, false);
    say(&s, w, "one line\ntwo lines\nthree\n");
    tap_ok(strlen(text_of("g.log.0")) == 2 * 30 + 19 && strlen(text_of("g.log")) == 30 + 6, "stamps count as what they stand before does");
    end(&s, w);
    clean();
    begin(&s, &w, 10, 3, false);
    say(&s, w, "a\nb\n");
    tap_ok(strlen(text_of("g.log.0")) == 32 && strlen(text_of("g.log")) == 32, "where there is no room for one, a line is in each file");
    end(&s, w);
    rules.stamps = false;

    clean();
    rules.rate = 10;
    begin(&s, &w, 0, 3, false);
    tap_int(say(&s, w, "0123456789abcdef\n"), STREAM_TOO_FAST, "more than the rate allows");
    tap_str(text_of("g.log"), "0123456789", "what it allows is written");
    s.allowed_at_ms -= 1000;
    tap_ok(stream_drain(&s, 1000) == 0 && strlen(text_of("g.log")) == 17, "a second later there is more");
    end(&s, w);
    rules.rate = 0;

    clean();
    rules.max_age_s = 3600;
    begin(&s, &w, 0, 3, false);
    say(&s, w, "young\nhalf");
    s.begun -= 3600;
    say(&s, w, " a line\n");
    tap_str(text_of("g.log.0"), "(none)", "in the middle of a line nothing rolls over");
    say(&s, w, "new\n");
    tap_str(text_of("g.log.0"), "young\nhalf a line\n", "an old file rolls over");
    tap_str(text_of("g.log"), "new\n", "for the next line");
    end(&s, w);

    if (geteuid()) {        /* a folder of somebody else's */
        clean();
        begin(&s, &w, 0, 3, false);
        say(&s, w, "old\n");
        s.begun -= 3600;
        tap_ok(fchmod(dir, 0500) == 0 && say(&s, w, "goes on\n") == 0, "where it cannot be renamed an old file is no error");
        tap_ok(fchmod(dir, 0700) == 0 && !strcmp(text_of("g.log"), "old\ngoes on\n"), "and grows on");
        end(&s, w);
    }
    rules.max_age_s = 0;
}

/* Logs that nobody has written to for long. */
static void test_clean(void)
{
    static const struct { const char *name; bool old, goes; } files[] = {
        { "q/a.log", true, true }, { "q/a.log.0", true, true }, { "q/a.log.17", true, true }, { "q/young.log", false, false }, { "q/a.txt", true, false }, { "q/log", true, false },
        { "q/.log", true, false }, { "q/a.log.x", true, false }, { "q/a.log.", true, false }, { "q/alog.1", true, false }, { "a.log", true, false }, { "q/open.log", true, false },
    };
    const struct timespec long_ago[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
    struct stream s;
    struct stat st;
    int p[2];
    mkdirat(dir, "q", 0700);
    for (size_t i = 0; i < ARRAY_N(files); i++)
        put_file(files[i].name, "x");
    AUTO_CLOSE sub = openat(dir, "q", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    tap_ok(pipe2(p, O_CLOEXEC | O_NONBLOCK) == 0 && stream_init(&s, p[0], sub, &rules) == 0 && stream_open(&s, "open.log", -1, LOG_APPEND) == 0, "an open stream");
    tap_ok(symlinkat("q", dir, "link") == 0 && symlinkat("open.log", sub, "link.log") == 0, "links, which are not followed");
    for (size_t i = 0; i < ARRAY_N(files); i++)
        if (files[i].old)
            utimensat(dir, files[i].name, long_ago, 0);
    tap_int((int)clean_logs(dir, 2000), 3, "three are too old");
    for (size_t i = 0; i < ARRAY_N(files); i++)
        tap_ok((fstatat(dir, files[i].name, &st, 0) < 0) == files[i].goes, "%s %s", files[i].name, files[i].goes ? "goes" : "stays");
    close(p[1]);
    close(p[0]);
    stream_close(&s);
    tap_int((int)clean_logs(dir, 2000), 1, "and the one that was open, once it is not");
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    char path[PATH_MAX];
    if (util_format(top, sizeof top, "%s/bulkhead-log-XXXXXX", tmp ? tmp : "/tmp") < 0 || !mkdtemp(top) ||
        (dir = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        tap_skip_all("no folder for temporary files");
    test_moving();
    test_rolling();
    test_half_rolled();
    test_no_next();
    test_refused();
    test_calls();
    test_names();
    test_rules();
    test_clean();
    if (util_format(path, sizeof path, "rm -rf '%s'", top) == 0 && system(path) != 0)
        tap_note("%s is left over", top);
    return tap_done();
}
