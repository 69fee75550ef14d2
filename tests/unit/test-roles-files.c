/* test-roles-files: conf and log as processes, in their sandboxes, by the calls that keeper and supervisor make. */
#include <limits.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "ipc/index.h"
#include "ipc/schema/op-numbers.h"
#include "ipc/settings.h"
#include "tests/tap.h"
#include "tests/unit/fakesup.h"

static struct fakesup sup;
static char top[PATH_MAX], error[ERR_DETAIL_MAX];

static int folder(const char *name)
{
    char path[PATH_MAX];
    if (util_format(path, sizeof path, "%s/%s", top, name) < 0 || (mkdir(path, 0755) < 0 && errno != EEXIST))
        exit(1);
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int file(const char *name, const char *text)
{
    char path[PATH_MAX];
    if (util_format(path, sizeof path, "%s/%s", top, name) < 0)
        exit(1);
    AUTO_CLOSE fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (util_write_full(fd, text, strlen(text)) < 0)
        exit(1);
    return open(path, O_RDWR | O_CLOEXEC);
}

/* A call that is answered by a reply; else false and `error`. */
static bool call(int op, uint32_t arg, const void *body, size_t len, int fd)
{
    struct err e;
    int r = fakesup_call(&sup, OP_IN(op), 0, arg, body, len, &fd, fd >= 0);
    error[0] = 0;
    if (r == 1 && sup.reply.h.kind == FRAME_REPLY)
        return true;
    if (r == 1)
        err_from_wire(&e, sup.reply.body, sup.reply.body_len);
    util_copy_str(error, sizeof error, r == 1 ? e.detail : "no answer");
    return false;
}

static bool named(int op, uint32_t arg, uint32_t dir, const char *name, const char *text)
{
    struct conf_name n = { .dir = dir };
    AUTO_CLOSE fd = text ? frame_memfd("text", text, strlen(text)) : -1;
    util_copy_str(n.name, sizeof n.name, name);
    return call(op, arg, &n, sizeof n, fd);
}

static struct birth birth(void)
{
    return (struct birth){ .uid = ~0u, .gid = ~0u, .flags = geteuid() ? BIRTH_SESSION : 0 };
}

static void with_fd(struct birth *b, int fds[], int kind, uint32_t arg, int fd)
{
    b->fd_kind[b->nfds] = (uint8_t)kind;
    b->fd_arg[b->nfds] = arg;
    fds[b->nfds++] = fd;
}

static void close_all(const struct birth *b, const int fds[])
{
    for (int i = 0; i < b->nfds; i++)
        close(fds[i]);
}

static void test_settings(void)
{
    struct settings set = { .magic = SETTINGS_MAGIC, .max_clients = 5000, .remote_display_port_max = 65535, .max_workers = 20 }, got;
    struct birth b = birth();
    int fds[8];
    with_fd(&b, fds, BFD_SETTINGS, 0, frame_memfd("defaults", &set, sizeof set));
    with_fd(&b, fds, BFD_FILE, CONF_FILE_DAEMON, file("daemon.conf", "max_clients = 7 # few\n"));
    with_fd(&b, fds, BFD_FILE, CONF_FILE_LOGD, file("logd.conf", "max_backups = 9\n"));
    fakesup_spawn(&sup, ROLE_CONF, b, fds);
    bool good = call(IN_CONF_SETTINGS, 0, NULL, 0, -1) && sup.reply.body_len == sizeof got;
    if (good)
        memcpy(&got, sup.reply.body, sizeof got);
    tap_ok(good && got.max_clients == 7 && got.log_max_backups == 9 && got.max_workers == 20, "settings of two files over the defaults (%s)", error);
    tap_ok(call(IN_CONF_SETTINGS, 0, NULL, 0, -1), "and once more");
    tap_ok(!call(IN_CONF_LIST, DIR_DEFINITIONS, NULL, 0, -1), "no folder, no list (%s)", error);
    tap_ok(fakesup_end(&sup) == 0, "ends with its channel");
    close_all(&b, fds);

    b = birth();
    with_fd(&b, fds, BFD_SETTINGS, 0, frame_memfd("defaults", &set, sizeof set));
    with_fd(&b, fds, BFD_FILE, CONF_FILE_QEMU, file("qemu.conf", "# a comment\nvnc_listen = 5\n"));
    fakesup_spawn(&sup, ROLE_CONF, b, fds);
    call(IN_CONF_SETTINGS, 0, NULL, 0, -1);
    tap_str(error, "qemu.conf:2: vnc_listen: a string is expected", "an error names file, line and key");
    fakesup_end(&sup);
    close_all(&b, fds);
}

static void test_files(void)
{
    struct birth b = birth();
    int fds[8];
    with_fd(&b, fds, BFD_DIR, DIR_DEFINITIONS, folder("qemu"));
    with_fd(&b, fds, BFD_DIR, DIR_AUTOSTART, folder("qemu/autostart"));
    with_fd(&b, fds, BFD_DIR, DIR_STATUS, folder("run"));
    fakesup_spawn(&sup, ROLE_CONF, b, fds);
    tap_ok(named(IN_CONF_WRITE, 0, DIR_DEFINITIONS, "demo", "<domain/>\n"), "a definition is written (%s)", error);
    tap_ok(named(IN_CONF_WRITE, 0, DIR_STATUS, "demo", "<domstatus/>\n"), "a status file (%s)", error);
    tap_ok(named(IN_CONF_AUTOSTART, 1, DIR_DEFINITIONS, "demo", NULL), "its autostart link (%s)", error);

    const void *p = NULL;
    size_t n = 0;
    const struct conf_entry *list = NULL;
    bool good = call(IN_CONF_LIST, DIR_DEFINITIONS, NULL, 0, -1) && sup.reply.h.nfds == 1 && frame_map(sup.reply.fds[0], 1 << 20, &p, &n) == 0;
    list = p;
    tap_ok(good && n == sizeof *list && !strcmp(list->doc.name, "demo") && list->beside == SLOT_AUTOSTART, "the list (%s)", error);
    if (n)
        munmap((void *)(uintptr_t)p, n);
    n = 0;
    good = named(IN_CONF_READ, 0, DIR_DEFINITIONS, "demo", NULL) && sup.reply.h.nfds == 1 && frame_map(sup.reply.fds[0], 1 << 20, &p, &n) == 0;
    tap_ok(good && n > 10 && !memcmp((const char *)p + n - 10, "<domain/>\n", 10), "the text (%s)", error);
    if (n)
        munmap((void *)(uintptr_t)p, n);
    tap_ok(!named(IN_CONF_WRITE, 0, DIR_DEFINITIONS, "../demo", "x"), "a path is no name (%s)", error);
    tap_ok(!named(IN_CONF_WRITE, 0, DIR_DEFINITIONS, "demo", NULL), "no document (%s)", error);
    tap_ok(!call(IN_CONF_READ, 0, "x", 1, -1), "no name (%s)", error);
    AUTO_CLOSE loose = memfd_create("unsealed", MFD_CLOEXEC);
    struct conf_name demo = { .dir = DIR_DEFINITIONS, .name = "demo" };
    tap_ok(!call(IN_CONF_WRITE, 0, &demo, sizeof demo, loose), "a document that could change under it (%s)", error);
    tap_ok(named(IN_CONF_AUTOSTART, 0, DIR_DEFINITIONS, "demo", NULL) && named(IN_CONF_REMOVE, 0, DIR_DEFINITIONS, "demo", NULL) &&
           named(IN_CONF_REMOVE, 0, DIR_STATUS, "demo", NULL), "and all is removed (%s)", error);
    tap_ok(!named(IN_CONF_READ, 0, DIR_DEFINITIONS, "demo", NULL), "it is gone (%s)", error);
    tap_ok(fakesup_end(&sup) == 0, "ends with its channel");
    close_all(&b, fds);
}

/* The first of the list of definitions; known is 9 when there is none. */
static struct conf_entry listed(void)
{
    struct conf_entry e = { .known = 9 };
    if (call(IN_CONF_LIST, DIR_DEFINITIONS, NULL, 0, -1) && sup.reply.h.nfds == 1 && pread(sup.reply.fds[0], &e, sizeof e, 0) != sizeof e)
        e.known = 9;
    return e;
}

/* What the index page tells of a definition's file comes with the next daemon's list, as long as it is that file. */
static void test_cache(void)
{
    struct birth b = birth();
    struct index ix;
    struct conf_entry e;
    char path[PATH_MAX];
    int fds[8], rw, ro;
    if (index_create(&rw, &ro) < 0 || index_map(&ix, rw, true) < 0 || util_format(path, sizeof path, "%s/cache/definitions.cache", top) < 0)
        exit(1);
    with_fd(&b, fds, BFD_DIR, DIR_DEFINITIONS, folder("qemu"));
    with_fd(&b, fds, BFD_DIR, DIR_CACHE, folder("cache"));
    with_fd(&b, fds, BFD_INDEX, 0, ro);
    fakesup_spawn(&sup, ROLE_CONF, b, fds);
    tap_ok(named(IN_CONF_WRITE, 0, DIR_DEFINITIONS, "kept", "<domain/>\n") && listed().known == 0, "of a new definition nothing is known (%s)", error);
    e = listed();
    struct index_slot *s = index_begin(&ix, 0);
    *s = (struct index_slot){ .seq = s->seq, .gen = 1, .used = 1, .id = -1, .flags = SLOT_PERSISTENT | SLOT_CANONICAL | SLOT_AUTOSTART, .defined = { .vcpus = 3, .mem_kib = 77 }, .uuid = { 5 },
        .file = e.file };
    strcpy(s->name, "kept");
    index_end(&ix, 0);
    for (int i = 0; i < 600 && access(path, F_OK) < 0; i++)
        usleep(50000);
    tap_ok(access(path, F_OK) == 0, "what the index page tells is put into a file");
    fakesup_end(&sup);
    fakesup_spawn(&sup, ROLE_CONF, b, fds);
    e = listed();
    tap_ok(e.known == 1 && e.doc.facts.vcpus == 3 && e.doc.facts.mem_kib == 77 && e.doc.uuid[0] == 5 && e.doc.flags == SLOT_CANONICAL && !e.beside, "and comes with the next one's list (%s)", error);
    named(IN_CONF_WRITE, 0, DIR_DEFINITIONS, "kept", "<domain>changed</domain>\n");
    tap_ok(listed().known == 0, "a file that was changed is not known");
    fakesup_end(&sup);
    AUTO_CLOSE bad = file("cache/definitions.cache", "rubbish");
    fakesup_spawn(&sup, ROLE_CONF, b, fds);
    tap_ok(listed().known == 0, "a file of rubbish is none");
    tap_ok(fakesup_end(&sup) == 0, "ends with its channel");
    close_all(&b, fds);
    munmap(ix.head, INDEX_BYTES);
    close(rw);
}

/* A stream whose file came by descriptor alone: no folder, so it does not roll over. */
static void test_log(void)
{
    struct settings set = { .magic = SETTINGS_MAGIC, .log_max_size = 16, .log_max_backups = 2 };
    struct log_tail tail = { .bytes = 100 };
    struct birth b = birth();
    int fds[8], p[2], out = file("serial.log", "from before\n");
    char text[128];
    if (pipe2(p, O_CLOEXEC) < 0)
        exit(1);
    with_fd(&b, fds, BFD_LOG_PIPE, 0, p[0]);
    with_fd(&b, fds, BFD_FILE, 0, out);
    with_fd(&b, fds, BFD_SETTINGS, 0, frame_memfd("settings", &set, sizeof set));
    fakesup_spawn(&sup, ROLE_LOG, b, fds);
    tap_ok(!call(IN_LOG_TAIL, 0, &tail, sizeof tail, -1), "no tail before the start (%s)", error);
    tap_ok(named(IN_LOG_START, 0, 1, "serial.log", NULL), "started (%s)", error);
    static const char words[] = "first words of the guest\nlast words\n";
    tap_ok(util_write_full(p[1], words, sizeof words - 1) > 0, "the guest writes");
    tap_ok(call(IN_LOG_TAIL, 0, &tail, sizeof tail, -1) && sup.reply.body_len == sizeof words - 1 && !memcmp(sup.reply.body, words, sizeof words - 1),
           "the tail has what was in the pipe, and nothing from before (%s)", error);
    tail.bytes = 11;
    tap_ok(call(IN_LOG_TAIL, 0, &tail, sizeof tail, -1) && sup.reply.body_len == 11 && !memcmp(sup.reply.body, "last words\n", 11), "the last bytes (%s)", error);
    close(p[1]);
    tap_ok(call(IN_LOG_TAIL, 0, &tail, sizeof tail, -1), "answers after the guest's end (%s)", error);
    tap_ok(fakesup_recv(&sup) == 0 && fakesup_end(&sup) == 0, "then ends by itself");
    ssize_t n = pread(out, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = 0;
    tap_str(text, "from before\nfirst words of the guest\nlast words\n", "the file");
    close_all(&b, fds);
}

/* A stream of virtlogd's: calls about it, everything that is off by default, and a file that cannot be written. */
static bool log_call(uint32_t op, const void *head, size_t len, const char *text)
{
    static uint8_t body[sizeof(struct log_append) + 300000];
    struct err e = ERR_INIT;
    size_t n = text ? strlen(text) : 0;
    memcpy(body, head, len);
    if (n)
        memcpy(body + len, text, n);
    int r = fakesup_call(&sup, op, 0, 0, body, len + n, NULL, 0);
    if (r == 1 && sup.reply.h.kind != FRAME_REPLY)
        err_from_wire(&e, sup.reply.body, sup.reply.body_len);
    util_copy_str(error, sizeof error, e.detail);
    return r == 1 && !e.code && frame_body(&sup.reply, FRAME_BIG_MAX) == 0;
}

static void test_log_calls(void)
{
    struct settings set = { .magic = SETTINGS_MAGIC, .log_max_size = 1 << 20, .log_max_backups = 2, .log_stamps = 1, .log_age_hours = 1, .log_rate = 1 << 20 };
    struct log_at at = { .path = "/somebody/elses", .most = 1000 };
    struct log_append a = { .path = "/x", .length = 4 };
    struct birth b = birth();
    struct stat st;
    int fds[8], p[2], dir = folder("logs");
    char path[PATH_MAX];
    static char big[200001];
    memset(big, 'b', sizeof big - 1);
    if (pipe2(p, O_CLOEXEC) < 0 || util_format(path, sizeof path, "%s/logs/g.log", top) < 0)
        exit(1);
    with_fd(&b, fds, BFD_LOG_PIPE, 0, p[0]);
    with_fd(&b, fds, BFD_DIR, DIR_LOG, dir);
    with_fd(&b, fds, BFD_SETTINGS, 0, frame_memfd("settings", &set, sizeof set));
    fakesup_spawn(&sup, ROLE_LOG, b, fds);
    tap_ok(named(IN_LOG_START, 0, LOG_TRUNCATE | LOG_STAYS, "g.log", NULL) && stat(path, &st) == 0, "started (%s)", error);
    tap_ok(sup.reply.body_len > 3 && sup.reply.body[0] == 0x91 && sup.reply.body[1] == 0x92 && sup.reply.body[sup.reply.body_len - 1] == 0, "answers with its position");
    tap_ok(util_write_full(p[1], "one\n", 4) == 4 && log_call(OP_LOG_DOMAIN_APPEND_LOG_FILE, &a, sizeof a, "two\n") && sup.reply.body_len == 2, "appended (%s)", error);
    tap_ok(log_call(OP_LOG_DOMAIN_GET_LOG_FILE_POSITION, &at, sizeof at, NULL) && sup.reply.body[sup.reply.body_len - 1] == 38, "position, behind a line with its time (%s)", error);
    at.inode = st.st_ino;
    at.offset = 30;
    tap_ok(log_call(OP_LOG_DOMAIN_READ_LOG_FILE, &at, sizeof at, NULL) && sup.reply.body_len == 10 && !memcmp(sup.reply.body, "\x91\xa8one\ntwo\n", 10),
           "read: what was in the pipe before comes first (%s)", error);
    struct frame_head h = { .kind = FRAME_CALL, .op = OP_LOG_DOMAIN_READ_LOG_FILE, .serial = 12345, .origin = 7, .flags = FRAME_BIG };
    int body = frame_memfd("at", &at, sizeof at);
    at.offset = 1000;
    tap_ok(log_call(OP_LOG_DOMAIN_READ_LOG_FILE, &at, sizeof at, NULL) && sup.reply.body_len == 2, "read beyond the end (%s)", error);
    tap_ok(frame_send(sup.chan, &h, NULL, 0, &body, 1) == 0 && fakesup_recv(&sup) == 1 && sup.reply.body_len == 10, "what a call asks is read where it is");
    close(body);
    at.offset = 30;
    a.length = 200000;
    tap_ok(log_call(OP_LOG_DOMAIN_APPEND_LOG_FILE, &a, sizeof a, big), "a long message (%s)", error);
    at.most = LOG_TEXT_MAX;
    int others = fakesup_in_flight(500);
    tap_ok(log_call(OP_LOG_DOMAIN_READ_LOG_FILE, &at, sizeof at, NULL) && sup.reply.body_len > 200000, "a long answer, whatever the user's other processes send each other (%s)", error);
    close(others);
    at.inode++;
    tap_ok(!log_call(OP_LOG_DOMAIN_READ_LOG_FILE, &at, sizeof at, NULL) && strstr(error, "Unable to seek to inode"), "another file's inode (%s)", error);
    at.most++;
    tap_ok(!log_call(OP_LOG_DOMAIN_READ_LOG_FILE, &at, sizeof at, NULL), "more than 4 MiB (%s)", error);
    a.length = 5;
    tap_ok(!log_call(OP_LOG_DOMAIN_APPEND_LOG_FILE, &a, sizeof a, "four") && !log_call(OP_LOG_DOMAIN_APPEND_LOG_FILE, &a, 17, NULL), "malformed ones (%s)", error);
    close(p[1]);
    tap_ok(log_call(OP_LOG_DOMAIN_GET_LOG_FILE_POSITION, &at, sizeof at, NULL), "answers after the pipe's end (%s)", error);
    tap_ok(fakesup_send(&sup, FRAME_EVENT, OP_IN(IN_QUIT), 0, 0, NULL, 0, NULL, 0) == 0 && fakesup_recv(&sup) == 0 && fakesup_end(&sup) == 0, "ended when told to");
    close_all(&b, fds);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    char path[PATH_MAX];
    if (access(fakesup_role(ROLE_CONF), X_OK) < 0 || access(fakesup_role(ROLE_LOG), X_OK) < 0)
        tap_skip_all("the roles are not built");
    if (util_format(top, sizeof top, "%s/bulkhead-roles-XXXXXX", tmp ? tmp : "/tmp") < 0 || !mkdtemp(top))
        tap_skip_all("no folder for temporary files");
    test_settings();
    test_files();
    test_cache();
    test_log();
    test_log_calls();
    if (util_format(path, sizeof path, "rm -rf '%s'", top) == 0 && system(path) != 0)
        tap_note("%s is left over", top);
    return tap_done();
}
