/* hand_share.c: folders of the host that QEMU itself serves to its guest (9p).  Part of hand-launch, with its privilege and peer.
 *
 * SAFETY (MK_SHARE): QEMU, which the guest may have taken over, gets the folder in its view, to write unless the document says no: with no rights but those that libvirt's QEMU has there, which is
 * qemu.conf's user. QEMU has an account of its own here; so the folder is mounted with the two accounts' numbers changed for each other: what is that user's on the host is QEMU's there and nowhere
 * else, and what QEMU makes is that user's on the host. Neither root's numbers nor those of other guests' QEMUs change. Devices, set-uid bits and programs in the folder are nothing to anybody in the view. */
#include "supervisor/hand_helper.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "ipc/log.h"
#include "ipc/util.h"

/* One folder, without what is mounted in it. */
static int one_judge(const struct layout *l, const char *path, int fd, struct err *e)
{
    const struct { const char *path; bool inside; } trees[] = { { "/proc", true }, { "/sys", true }, { "/dev", false /* of it guests have parts */ }, { l->lib_dir, true },
        { l->conf_dir, true }, { l->state_dir, true }, { l->log_dir, true }, { l->cache_dir, true } };
    for (size_t i = 0; i < ARRAY_N(trees); i++) {
        struct stat st;
        AUTO_CLOSE tree = path_open(trees[i].path, O_PATH, WANT(S_IFDIR), &st);
        if (tree != -ENOENT && (tree < 0 || path_is_inside(tree, fd) || (trees[i].inside && path_is_inside(fd, tree))))
            return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "'%s' cannot be used: what is in '%s' is no guest's", path, trees[i].path);
    }
    return 0;
}

/* "\040" and the like, as /proc/self/mountinfo has blanks in a path. */
static void unescape(char *s)
{
    char *to = s;
    for (unsigned c; *s; to++)
        if (*s == '\\' && sscanf(s + 1, "%3o", &c) == 1) {
            *to = (char)c;
            s += 4;
        } else {
            *to = *s++;
        }
    *to = 0;
}

int folder_judge(const struct layout *l, const char *path, int fd, struct err *e)
{
    char self[32], top[PATH_MAX], at[PATH_MAX], line[2 * PATH_MAX];
    int r = one_judge(l, path, fd, e);
    util_format(self, sizeof self, "/proc/self/fd/%d", fd);
    ssize_t n = r ? 0 : readlink(self, top, sizeof top - 1);
    FILE *f = r || n < 0 ? NULL : fopen("/proc/self/mountinfo", "re");
    if (!r && !f)
        r = err_sys(e, VIR_FROM_QEMU, errno, "cannot tell what is mounted in '%s'", path);
    top[n > 0 ? n : 0] = 0;
    while (r == 0 && fgets(line, sizeof line, f)) {
        _Static_assert(PATH_MAX == 4096, "as in the format");
        if (sscanf(line, "%*s %*s %*s %*s %4095s", at) != 1)
            continue;
        unescape(at);
        bool is_in = !strncmp(at, top, (size_t)n) && at[n] == '/';
        AUTO_CLOSE mounted = is_in ? open(at, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
        r = mounted < 0 ? 0 : one_judge(l, path, mounted, e);
    }
    if (f)
        fclose(f);
    return r;
}

/* All numbers as they are, but these two for each other; as the files of /proc want it. */
static void changed(char *text, size_t n, uint32_t a, uint32_t b)
{
    const uint32_t lo = a < b ? a : b, hi = a < b ? b : a;
    const uint32_t rows[][3] = { { 0, 0, lo }, { lo, hi, 1 }, { lo + 1, lo + 1, hi - lo - 1 }, { hi, lo, 1 }, { hi + 1, hi + 1, UINT32_MAX - hi - 1 } };
    size_t at = 0;
    *text = 0;
    for (size_t i = 0; i < ARRAY_N(rows) && at < n; i++)
        if (rows[i][2])
            at += (size_t)snprintf(text + at, n - at, "%u %u %u\n", rows[i][0], rows[i][1], rows[i][2]);
}

/* A user namespace in which nobody is: only a mount is told its numbers. A descriptor or negative errno. */
static int numbers(const struct launch *l)
{
    char uid[160], gid[160], path[48];
    int ready[2], fd = -1;
    changed(uid, sizeof uid, l->owner_uid, l->uid);
    changed(gid, sizeof gid, l->owner_gid, l->gid);
    if (pipe2(ready, O_CLOEXEC) < 0)
        return -errno;
    pid_t hand = getpid(), pid = fork();
    if (pid == 0) {
        /* It has all that the hand has, locks among it, and goes with it. Dumpable: else its folder in /proc says nothing, even to its parent. */
        if (unshare(CLONE_NEWUSER) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != hand || prctl(PR_SET_DUMPABLE, 1) < 0 || write(ready[1], "r", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(ready[1]);
    char c;
    int r = pid < 0 ? -errno : read(ready[0], &c, 1) == 1 ? 0 : -EPERM;
    r = r < 0 ? r : proc_write(pid, "uid_map", uid);
    r = r < 0 ? r : proc_write(pid, "gid_map", gid);
    util_format(path, sizeof path, "/proc/%d/ns/user", pid);
    if (r == 0 && (fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
        r = -errno;
    close(ready[0]);
    if (pid > 0) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    return r < 0 ? r : fd;
}

int shares_prepare(struct shares *s, struct hand *h, const struct launch *l, bool session, struct err *e)
{
    struct manifest_entry m;
    struct layout layout;
    const char *path, *aux;
    s->n = 0;
    s->owners = -1;
    for (struct manifest_in in = hand_entries(h); hand_next(&in, &m, &path, &aux); ) {
        struct stat st;
        if (m.kind != MK_SHARE)
            continue;
        if (s->n == SHARES_MAX || hand_layout(h, &layout) < 0)
            return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "more than %d shared folders are not supported", SHARES_MAX);
        struct helper_sees *see = &s->see[s->n];
        util_format(s->at[s->n], sizeof s->at[0], "res/%u", m.index);
        *see = (struct helper_sees){ .fd = path_open(path, O_PATH, WANT(S_IFDIR), &st), .path = path, .at = s->at[s->n], .may_write = !(m.flags & MF_RO) };
        if (see->fd < 0)
            return err_sys(e, VIR_FROM_QEMU, see->fd == -EMEDIUMTYPE ? ENOTDIR : -see->fd, "failed to open '%s'", path);
        s->n++;
        if (folder_judge(&layout, path, see->fd, e))
            return -1;
    }
    /* Root's rights in the folder no guest gets. */
    bool other = l->owner_uid && l->owner_uid != ~0u && l->owner_gid && l->owner_gid != ~0u;
    if (s->n && !session && (s->owners = other ? numbers(l) : -EPERM) < 0)
        log_warn("guest '%s' has of its shared folders what everybody may: %s", l->name, strerror(-s->owners));
    return 0;
}
