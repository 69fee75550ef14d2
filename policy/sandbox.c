/* sandbox.c: a role locks itself in, once, before it reads its first frame.
 *
 * Privilege: what the keeper was started with; at the end, the row of profiles.def.  Called by every role but the keeper.
 * Assumes of its input: birth is the keeper's word.  Each stage says what it should leave behind and what it must not rely on or do. */
#include "sandbox.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "ipc/log.h"
#include "ipc/util.h"
#include "landlock.h"
#include "policy.h"

#define ID_STAY UINT32_MAX

void sandbox_close_strangers(const struct birth *b)
{
    syscall(SYS_close_range, (unsigned)BIRTH_FD_FIRST + b->nfds, ~0u, 0);
}

/* Namespaces.
 * Should: leave an empty read-only root, a network without devices, no System V objects and no host name, as far as the profile says so.
 * Must not: go on in the host's when the keeper gave a void one and it cannot be joined.
 * The user namespace comes first: in it an ordinary user has what the others ask for. */
static int join_namespaces(const struct policy_profile *p, const struct birth *b, int *level)
{
    static const struct { uint32_t ns; int kind, flag; } voids[] = {
        { NS_USER, BFD_VOID_USER, CLONE_NEWUSER }, { NS_NET, BFD_VOID_NET, CLONE_NEWNET }, { NS_IPC, BFD_VOID_IPC, CLONE_NEWIPC },
        { NS_UTS, BFD_VOID_UTS, CLONE_NEWUTS }, { NS_MNT, BFD_VOID_MNT, CLONE_NEWNS },
    };
    bool all = true;
    for (size_t i = 0; i < ARRAY_N(voids); i++) {
        int fd = birth_fd(b, voids[i].kind, -1, NULL);
        if (!(p->namespaces & voids[i].ns))
            continue;
        if (fd < 0)
            all &= voids[i].ns == NS_USER;      /* as root there is none */
        else if (setns(fd, voids[i].flag) < 0)
            return -errno;
    }
    if (all)
        *level |= SANDBOX_NAMESPACES;
    return 0;
}

/* Descriptors of namespaces.
 * Should: close them, for with a descriptor of the host's a way back would only be a capability away.
 * Must not: close what is the role's. */
static void close_namespaces(const struct birth *b)
{
    for (int kind = BFD_VOID_USER; kind <= BFD_VOID_UTS; kind++) {
        int fd = birth_fd(b, kind, -1, NULL);
        if (fd >= 0)
            close(fd);
    }
}

/* Limits.
 * Should: bound descriptors, processes, memory and file size; no core file, which would hold secrets of a guest.
 * Must not: raise one that came lower. */
static int set_limit(int what, uint32_t value, uint64_t unit)
{
    struct rlimit l;
    if (value == LIMIT_KEEP)
        return 0;
    if (getrlimit(what, &l) < 0)
        return -errno;
    rlim_t v = (rlim_t)value * unit;
    l.rlim_max = v < l.rlim_max ? v : l.rlim_max;
    l.rlim_cur = l.rlim_max;
    return setrlimit(what, &l) < 0 ? -errno : 0;
}

static int set_limits(const struct policy_profile *p, int *level)
{
    int r = set_limit(RLIMIT_NOFILE, p->nofile, 1);
    r = r ? r : set_limit(RLIMIT_NPROC, p->nproc, 1);
    r = r ? r : set_limit(RLIMIT_FSIZE, p->fsize_mib, 1 << 20);
    r = r ? r : set_limit(RLIMIT_CORE, 0, 1);
#ifndef SANITIZED       /* shadow memory is terabytes of address space */
    r = r ? r : set_limit(RLIMIT_AS, p->as_mib, 1 << 20);
#endif
    if (!r)
        *level |= SANDBOX_LIMITS;
    return r;
}

/* Ids and capabilities.
 * Should: be the birth's uid and gid for ever, in no other group, with the row's capabilities in the permitted and effective set, nothing in
 * the inheritable and ambient set, and a bounding set that holds no more.
 * Must not: stay root by an oversight when the profile says otherwise; trust that setresuid alone did it. */
static int drop_ids(const struct policy_profile *p, const struct birth *b, int *level)
{
    bool root = geteuid() == 0, session = b->flags & BIRTH_SESSION;
    if (p->ids != IDS_ROOT && root && !session && (b->uid == 0 || b->uid == ID_STAY || b->gid == 0 || b->gid == ID_STAY))
        return -EINVAL;
    if (b->uid == ID_STAY) {
        if (p->ids == IDS_ROOT)
            *level |= SANDBOX_IDS;
        return 0;
    }
    if (setgroups(0, NULL) < 0 || setresgid(b->gid, b->gid, b->gid) < 0 || setresuid(b->uid, b->uid, b->uid) < 0)
        return -errno;
    *level |= SANDBOX_IDS;
    return 0;
}

static int drop_bounding(uint64_t keep)
{
    for (unsigned c = 0; c < 64; c++) {
        /* Most went with the keeper's, and a look costs a fifth of a drop. */
        if (keep >> c & 1 || prctl(PR_CAPBSET_READ, c, 0, 0, 0) == 0)
            continue;
        if (prctl(PR_CAPBSET_DROP, c, 0, 0, 0) < 0) {
            if (errno == EINVAL)        /* past this kernel's last */
                return 0;
            return -errno;
        }
    }
    return 0;
}

static int drop_caps(uint64_t keep)
{
    struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct d[2];
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
        return -errno;
    if (syscall(SYS_capget, &h, d) < 0)
        return -errno;
    for (int i = 0; i < 2; i++) {
        d[i].permitted &= (uint32_t)(keep >> (32 * i));
        d[i].effective = d[i].permitted;
        d[i].inheritable = 0;
    }
    return syscall(SYS_capset, &h, d) < 0 ? -errno : 0;
}

int sandbox_trim(int role)
{
    const struct policy_profile *p = policy_profile(role);
    int r = p ? drop_bounding(p->caps) : -EINVAL;
    return r < 0 && r != -EPERM ? r : drop_caps(p->caps);
}

static int drop_privilege(const struct policy_profile *p, const struct birth *b, int *level)
{
    int bounding = drop_bounding(p->caps);
    int r = drop_ids(p, b, level);
    r = r ? r : drop_caps(p->caps);
    if (r)
        return r;
    /* An ordinary user without a user namespace has nothing in the bounding set to use, thanks to no_new_privs. */
    if (bounding < 0 && bounding != -EPERM)
        return bounding;
    *level |= SANDBOX_CAPS;
    return 0;
}

/* Seal.
 * Should: keep others of the same uid from attaching to us, and every later exec from gaining anything.
 * Must not: come before setresuid, which makes a process dumpable or not by rules of its own. */
static int seal(const struct policy_profile *p, const struct birth *b)
{
    if (prctl(PR_SET_DUMPABLE, p->dumpable || (b->flags & BIRTH_TRACE) ? 1 : 0, 0, 0, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -errno;
    return 0;
}

/* Files, by landlock.
 * Should: deny every file but those of the profile, TCP, signals and abstract sockets outside, where the kernel has it.
 * Must not: be what we rely on alone: the namespaces and the filter say the same. */
static int limit_files(const struct policy_profile *p, const struct birth *b, int *level)
{
    static const char *const system_folders[] = { "/proc", "/sys", "/usr/share/qemu", "/etc/qemu", NULL };
    struct landlock_plan plan = { 0 };
    int r;
    if (p->files == FILES_HOST) {
        *level |= SANDBOX_LANDLOCK;
        return 0;
    }
    if (p->files == FILES_SYSTEM)
        plan.read_paths = system_folders;
    bool folders = p->files == FILES_DIRS || (p->files == FILES_GIVEN && birth_fd(b, BFD_PROC, -1, NULL) >= 0);
    /* Only who sees no file system at all may read what it is given: elsewhere a path would do as well. */
    plan.read_given = p->files == FILES_GIVEN && !folders && *level & SANDBOX_NAMESPACES;
    static const int kinds[] = { BFD_DIR, BFD_PROC, BFD_CHARDEV /* a tap's counters */ };
    struct stat st;
    for (unsigned k = 0; folders && k < ARRAY_N(kinds); k++)
        for (int fd = birth_fd(b, kinds[k], -1, NULL); fd >= 0 && plan.n < LANDLOCK_FOLDERS_MAX; fd = birth_fd(b, kinds[k], fd, NULL))
            if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
                plan.folder[plan.n++] = (struct landlock_folder){ .fd = fd, .may_write = kinds[k] == BFD_DIR };
    r = landlock_enter(&plan);
    if (r == -ENOSYS || r == -EOPNOTSUPP)
        return 0;
    if (r >= 0)
        *level |= SANDBOX_LANDLOCK;
    return r < 0 ? r : 0;
}

/* System calls.
 * Should: end a process that makes one its table does not speak of.
 * Must not: come before anything above. */
static int load_filter(int role, const struct birth *b, int *level)
{
    int r = policy_filter_load(role, b->flags & BIRTH_TRACE || b->log_level == LOG_L_DEBUG);
    if (r == 0 && POLICY_HAS_FILTERS)
        *level |= SANDBOX_FILTER;
    return r;
}

/* A session's sandbox is lower by nature (no ids of its own): said aloud once, by the supervisor, not by every client's gateway. */
static void say_level(int role, int level, bool session)
{
    static const char *const parts[] = { "ids", "capabilities", "namespaces", "limits", "landlock", "filter" };
    char lacks[96] = "";
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_N(parts); i++)
        if (!(level >> i & 1) && n < sizeof lacks)
            n += (size_t)snprintf(lacks + n, sizeof lacks - n, " %s", parts[i]);
    if (level == SANDBOX_ALL)
        log_info("sandbox of %s is whole", role_name(role));
    else if (session && role != ROLE_SUPERVISOR)
        log_info("sandbox of %s lacks:%s", role_name(role), lacks);
    else
        log_warn("sandbox of %s lacks:%s", role_name(role), lacks);
}

int sandbox_enter(int role, const struct birth *b)
{
    const struct policy_profile *p = policy_profile(role);
    const char *stage = "profile";
    int level = 0, r = p ? 0 : -EINVAL;
#define STAGE(name, call) if (!r) { stage = name; r = call; }
    STAGE("namespaces", join_namespaces(p, b, &level));
    STAGE("limits", set_limits(p, &level));
    STAGE("privilege", drop_privilege(p, b, &level));
    STAGE("seal", seal(p, b));
    STAGE("landlock", limit_files(p, b, &level));
    if (!r)
        close_namespaces(b);
    /* The last words before the filter, which it cannot say itself: whether it holds is load_filter's return. */
    if (!r)
        say_level(role, level | (POLICY_HAS_FILTERS ? SANDBOX_FILTER : 0), b->flags & BIRTH_SESSION);
    STAGE("filter", load_filter(role, b, &level));
#undef STAGE
    if (r) {
        log_err("sandbox of %s: %s: %s", role_name(role), stage, strerror(-r));
        return r;
    }
    return level;
}
