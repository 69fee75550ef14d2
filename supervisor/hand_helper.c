/* hand_helper.c: programs of the host beside QEMU, each shut in for itself: a compartment of the guest that is started before QEMU and ends with it.
 *
 * Part of hand-launch, with its privilege and peer.  A helper is a child of the guest's first process, in its pid namespace: whatever ends that ends the helper,
 * and nothing else has to. It has a uid of its own beside QEMU's, no capability, a view with the host's programs and the one folder that is its own, no
 * network, and a filter.  What a kind of helper may do beyond that is its row, and nothing else decides it.
 *
 * SAFETY: QEMU talks to it over a connection that has no name, so nobody else does.  What the document says of it (aux) is read here word by word: nothing of it
 * is passed on unread.  Both may have been taken over by the guest: neither can reach the other's memory, files or process. */
#include "supervisor/hand_helper.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "ipc/log.h"
#include "ipc/settings.h"
#include "ipc/util.h"
#include "policy/policy.h"

enum { HELPER_FD_FREE = HELPER_FD_LOG + 1, FILES_MAX = 1024, UID_BESIDE = 2 /* from QEMU's: of the guest's four */ };

/* ---- words, paths, arguments ---- */

bool helper_word(const char *aux, const char *key, char *value, size_t n)
{
    size_t len = strlen(key);
    for (const char *p = aux ? aux : ""; *p; p += strcspn(p, " "), p += *p == ' ')
        if (!strncmp(p, key, len) && p[len] == '=')
            return util_format(value, n, "%.*s", (int)strcspn(p + len + 1, " "), p + len + 1) == 0;
    return false;
}

void helper_arg(struct helper_args *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(a->text + a->at, sizeof a->text - a->at, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof a->text - a->at || a->n == HELPER_ARGS_MAX)
        _exit(127);
    a->v[a->n++] = a->text + a->at;
    a->at += (size_t)n + 1;
}

int own_program(const char *path, bool session, struct err *e)
{
    struct stat st;
    AUTO_CLOSE fd = path_open(path, O_PATH, WANT(S_IFREG), &st);
    if (fd < 0 || !(st.st_mode & S_IXOTH))
        return fd < 0 ? -fd : EACCES;
    if ((st.st_mode & (S_IWGRP | S_IWOTH)) || (!session && st.st_uid != 0))
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "'%s' is not one of the host's own programs", path);
    return 0;
}

int helper_find(const char *name, char path[128], bool session, struct err *e)
{
    static const char *const folders[] = { PROGRAM_FOLDERS };
    for (size_t i = 0; i < ARRAY_N(folders); i++) {
        int r = util_format(path, 128, "%s/%s", folders[i], name) < 0 ? 1 : own_program(path, session, e);
        if (r <= 0)
            return r;
    }
    log_warn("Unable to find '%s' binary in the host's folders of programs", name);
    return 1;
}

int helper_folders(const char *path, size_t from, mode_t mode)
{
    char dir[PATH_MAX];
    struct stat st;
    for (const char *p = path + from; *p; ) {
        p += 1 + strcspn(p + 1, "/");
        if (util_format(dir, sizeof dir, "%.*s", (int)(p - path), path) < 0 || (mkdir(dir, mode) < 0 && errno != EEXIST))
            return -errno;
    }
    return path_open(path, O_PATH, WANT(S_IFDIR), &st);
}

/* ---- shutting in ---- */

/* Should: leave nothing of root. Must not: be reached with a capability left that the next exec could use. */
const char *rights_drop(bool session, uint32_t uid, uint32_t gid, uint32_t group, uint64_t caps)
{
    if (!session && (setgroups(group != ~0u, &group) < 0 || setresgid(gid, gid, gid) < 0))
        return "cannot take the guest's group";
    for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
        if (!(caps >> cap & 1) && prctl(PR_CAPBSET_DROP, cap) < 0 && !session)
            return "cannot empty the bounding set";
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (!session && setresuid(uid, uid, uid) < 0)
        return "cannot take the guest's uid";
    struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct keep[2] = { { .permitted = (uint32_t)caps, .effective = (uint32_t)caps } };       /* none is beyond the first 32 */
    return syscall(SYS_capset, &head, keep) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? "cannot give up capabilities" : NULL;
}

static void set_limits(rlim_t files)
{
    struct rlimit has = { 0 };
    getrlimit(RLIMIT_NOFILE, &has);
    files = files < has.rlim_max ? files : has.rlim_max;
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){ files, files });
    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
}

static void fail(const struct helper_shut_in *how, const char *program, const char *what) __attribute__((noreturn));
static void fail(const struct helper_shut_in *how, const char *program, const char *what)
{
    struct stub_fail f = { 0 };
    stub_failed(&f, errno, "%s: %s", program, what);
    if (how->failed < 0)
        dprintf(STDERR_FILENO, "%s: %s\n", f.text, strerror(-f.error));
    else if (write(how->failed, &f, sizeof f) < 0)
        _exit(126);
    _exit(127);
}

/* Should: leave the program its descriptors, its view and its user, and nothing else of the hand's. Must not: run a byte of it before. */
static void become(const struct helper *p, const struct helpers *all, const struct helper_shut_in *how, char **argv) __attribute__((noreturn));
static void become(const struct helper *p, const struct helpers *all, const struct helper_shut_in *how, char **argv)
{
    static char *const environment[] = { "LC_ALL=C", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/run", "TMPDIR=/run", NULL };
    const struct policy_filter *filter = &policy_filters[how->filter];
    struct sock_fprog prog = { .len = filter->n, .filter = (struct sock_filter *)(uintptr_t)filter->insns };
    struct view v = { .uid = how->uid, .gid = how->gid, .session = all->session, .sees = p->see, .nsees = how->sees, .reads_proc = p->kind->reads_proc, .hostnet = p->kind->hostnet, .key = -1 };
    struct stub_fail f = { 0 };
    const char *why;
    if (p->log >= 0)
        dup2(p->log, STDERR_FILENO);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC), log = STDERR_FILENO;
    if (all->has_view && (unshare(CLONE_NEWNS | (p->kind->hostnet ? 0 : CLONE_NEWNET) | CLONE_NEWIPC | CLONE_NEWUTS) < 0 || view_enter(&v, &f) < 0))
        fail(how, argv[0], *f.text ? f.text : "cannot be put into namespaces of its own");
    /* First all out of the way of the numbers. */
    const int from[] = { p->kind->says_ready ? how->failed : null, log, log, p->fd, log };
    int at[ARRAY_N(from)];
    for (size_t i = 0; i < ARRAY_N(from); i++)
        if ((at[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 64)) < 0)
            fail(how, argv[0], "cannot place a descriptor");
    int failed = how->failed < 0 ? -1 : fcntl(how->failed, F_DUPFD_CLOEXEC, 64);
    struct helper_shut_in last = *how;
    last.failed = failed;
    for (size_t i = 0; i < ARRAY_N(from); i++)
        if (dup2(at[i], (int)i) < 0)
            fail(&last, argv[0], "cannot place a descriptor");
    syscall(SYS_close_range, HELPER_FD_FREE, ~0u, CLOSE_RANGE_CLOEXEC);
    setsid();
    set_limits(p->kind->files ? p->kind->files : FILES_MAX);
    if ((why = rights_drop(all->session, how->uid, how->gid, how->group, how->caps)))
        fail(&last, argv[0], why);
    prctl(PR_SET_PDEATHSIG, SIGKILL);       /* where there is no pid namespace */
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0)
        fail(&last, argv[0], "cannot load the system call filter");
    execve(argv[0], argv, environment);
    fail(&last, argv[0], "cannot be executed");
}

int helper_first(const struct helper *p, const struct helpers *all, const struct helper_shut_in *how, struct helper_args *a)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0)
        become(p, all, how, a->v);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return pid < 0 ? -1 : status;
}

/* ---- all of them ---- */

static const struct helper_row *const kinds[HELPER_KIND_N] = { [HELPER_SWTPM] = &helper_swtpm, [HELPER_VIRTIOFS] = &helper_virtiofs, [HELPER_PASST] = &helper_passt };

/* What came among the descriptors for QEMU, under the number that the entry's grant tells, and is not for it. */
static int take_fd(struct helpers *all, struct hand *h, const struct hand_grants *g, uint32_t index, int which)
{
    int number = index < g->h.n && g->g[index].made ? g->g[index].qemu_fd[which] : -1;
    for (unsigned i = 0; i < all->l->nfds && number >= 0; i++)
        if (all->l->fd[i].number == number && all->l->fd[i].kind == BFD_NONE) {
            all->taken[i] = true;
            return h->call.fds[2 + i];
        }
    return -1;
}

static int prepare(struct helpers *all, struct hand *h, const struct hand_grants *g, const struct manifest_entry *m, const char *path, const char *aux, struct err *e)
{
    if (all->n == HELPERS_MAX || m->a >= HELPER_KIND_N)
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "helper %u of kind %u is not supported", all->n, m->a);
    struct helper *p = &all->one[all->n++];
    *p = (struct helper){ .kind = kinds[m->a], .path = path, .aux = aux, .index = m->index, .fd = take_fd(all, h, g, m->index, 1), .log = -1,
        .uid = all->session ? getuid() : all->l->uid + UID_BESIDE, .gid = all->session ? getgid() : all->l->gid + UID_BESIDE };
    for (size_t i = 0; i < HELPER_SEES_MAX; i++)
        p->see[i].fd = -1;
    if (p->fd < 0)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "no connection came for %s", p->kind->name);
    all->hostnet |= p->kind->hostnet;
    return p->kind->prepare(p, all, e);
}

/* A file that is opened for a helper of this document's. */
static void give_log(struct helpers *all, struct hand *h, const struct hand_grants *g, const struct manifest_entry *m, const char *path)
{
    for (struct helper *p = all->one; p < all->one + all->n; p++)
        if ((int64_t)m->parent == p->index) {
            p->log = take_fd(all, h, g, m->index, 0);
            util_copy_str(p->log_path, sizeof p->log_path, path);
        }
}

int helpers_prepare(struct helpers *all, struct hand *h, const struct launch *l, bool session, struct err *e)
{
    static struct hand_grants grants;
    struct manifest_entry m;
    const char *path, *aux;
    *all = (struct helpers){ .l = l, .session = session };
    int r = hand_layout(h, &all->layout);
    for (unsigned i = 0; i < l->nfds; i++)
        if (l->fd[i].kind == BFD_GRANTS && !hand_grants(h, 2 + i, &grants))
            r = -EPROTO;
    for (struct manifest_in in = hand_entries(h); hand_next(&in, &m, &path, &aux); )
        if (m.kind == MK_HELPER && r < 0)
            return err_sys(e, VIR_FROM_QEMU, -r, "Unable to start QEMU");
        else if (m.kind == MK_HELPER && prepare(all, h, &grants, &m, path, aux, e))
            return -1;
        else if (m.kind == MK_PERF && all->nperf < PERF_MAX) {
            all->perf[all->nperf].name = aux;
            all->perf[all->nperf++].to = take_fd(all, h, &grants, m.index, 0);
        } else if (m.kind == MK_FILE_OUT) {
            give_log(all, h, &grants, &m, path);
        }
    return 0;
}

static int ended_at_once(const struct helper *p, struct stub_fail *f)
{
    int status = -1;
    waitpid(p->pid, &status, 0);
    return stub_failed(f, 0, "Could not start '%s'. exitstatus: %d%s%s", p->kind->name, WIFEXITED(status) ? WEXITSTATUS(status) : -1, *p->log_path ? "; Check error log " : "", p->log_path);
}

static int start(struct helper *p, const struct helpers *all, struct stub_fail *f)
{
    struct helper_args a = { .n = 0 };
    int told[2];
    if (p->kind->first && p->kind->first(p, all, f))
        return -1;
    p->kind->args(p, all, &a);
    if (pipe2(told, O_CLOEXEC) < 0 || (p->kind->says_ready && fchown(told[1], p->uid, p->gid) < 0) || (p->pid = fork()) < 0)
        return stub_failed(f, errno, "cannot start %s", p->program);
    if (p->pid == 0)
        become(p, all, &(struct helper_shut_in){ p->uid, p->gid, ~0u, p->kind->sees, p->kind->filter, p->kind->caps, told[1] }, a.v);
    close(told[1]);
    ssize_t n;      /* exec closes the other end, but for one that tells when it is ready */
    while ((n = read(told[0], f, sizeof *f)) < 0 && errno == EINTR)
        ;
    close(told[0]);
    if (!p->kind->says_ready || n < 0 || n == sizeof *f)
        return n == 0 ? 0 : -1;
    memset(f, 0, sizeof *f);
    return n > 0 ? 0 : ended_at_once(p, f);
}

int helpers_start(struct helpers *all, struct stub_fail *f)
{
    for (struct helper *p = all->one; p < all->one + all->n; p++)
        if (start(p, all, f))
            return -1;
    return 0;
}
