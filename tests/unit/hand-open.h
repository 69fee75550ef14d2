/* hand-open.h: hand-open as a process with a fake supervisor, for tests: a manifest is put together, carried out, and what came of it is looked at. */
#ifndef BULKHEAD_TESTS_HAND_OPEN_H
#define BULKHEAD_TESTS_HAND_OPEN_H
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "fakesup.h"
#include "tests/tap.h"

static char dir[64];
static uint8_t buf[65536];
static struct manifest_out out;
static struct hand_req rq;
static struct fakesup sup;
static struct hand_done done;
static struct { struct grants_head h; struct grant g[MANIFEST_ENTRIES_MAX]; } grants;
static bool root;

static inline const char *in_dir(const char *name)
{
    static char path[4][256];
    static int i;
    snprintf(path[++i % 4], 256, "%s/%s", dir, name);
    return path[i % 4];
}

static inline void begin(void)
{
    manifest_begin(&out, buf, sizeof buf);
    rq = (struct hand_req){ .uid = 4242, .gid = 4242, .owner_uid = root ? 64055 : 0xffffffffu, .owner_gid = root ? 64055 : 0xffffffffu, .id = 1, .flags = HAND_NO_MONITOR };
    snprintf(rq.name, sizeof rq.name, "t");
}

static inline void add(int kind, uint32_t flags, const char *path, const char *aux)
{
    struct manifest_entry m = { .kind = (uint16_t)kind, .flags = flags, .parent = -1 };
    manifest_add(&out, &m, path, aux);
}

static int pipes[2];           /* of virtlogd's, behind the manifest */
static unsigned npipes;

/* Runs the hand; done and grants are filled in; descriptors are in sup.reply until finish(). */
static inline void run(void)
{
    int fd = frame_memfd("m", buf, (size_t)manifest_finish(&out)), fds[] = { fd, pipes[0], pipes[1] };
    memset(&grants, 0, sizeof grants);
    int r = fakesup_hand(&sup, ROLE_HAND_OPEN, root ? 0 : BIRTH_SESSION, IN_HAND_OPEN, &rq, sizeof rq, fds, 1 + npipes);
    close(fd);
    done = fakesup_done(&sup, r);
    if (!done.error) {
        const void *p;
        size_t n;
        if (frame_map(sup.reply.fds[0], sizeof grants, &p, &n) == 0) {
            memcpy(&grants, p, n);
            munmap((void *)(uintptr_t)p, n);
        }
    }
}

static inline int finish(void) { return fakesup_end(&sup); }
static inline int qemu_fd(int n) { return sup.reply.fds[1 + n]; }
static inline int our_fd(int n) { return sup.reply.fds[1 + (int)done.nqemu + n]; }

static inline void make_file(const char *path, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || ftruncate(fd, (off_t)n) < 0)
        perror(path);
    close(fd);
}

static inline void refused(int kind, uint32_t flags, const char *path, const char *text, const char *what)
{
    begin();
    add(kind, flags, path, NULL);
    run();
    tap_ok(done.error < 0 && done.failed <= 0 && strstr(done.text, text) && sup.reply.h.nfds == 0, "%s: %s", what, done.text);
    finish();
}

/* A folder for the daemon and its guest, which anybody may enter. */
static inline void folder_begin(void)
{
    root = geteuid() == 0;
    snprintf(dir, sizeof dir, "/tmp/hand-open-XXXXXX");
    if (!mkdtemp(dir) || chmod(dir, 0755))
        abort();
    snprintf(fakesup_layout.state_dir, sizeof fakesup_layout.state_dir, "%s", dir);
    snprintf(fakesup_layout.lib_dir, sizeof fakesup_layout.lib_dir, "%s", dir);
}

/* The test's exit status. */
static inline int folder_end(void)
{
    char cmd[128];
    snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
    return system(cmd) ? 1 : tap_done();
}
#endif
