/* hand_tune.c: limits and pins of a guest that runs.  Part of hand-launch, with its privilege and peer: CAP_DAC_OVERRIDE for the groups, and CAP_SETUID to act
 * on the guest's threads as the guest's own user.
 *
 * SAFETY: values are xmlc's, of a client's call; nothing the guest's worker says is among them.  Which threads there are /proc says, of the QEMU that was noted at
 * the guest's start and still is the one child of the process that was; which of them is whose their names say, which QEMU gave them and could exchange among
 * themselves: it would pin one thread of its own in place of another.  Only the guest's user's threads are touched, whatever number was used again meanwhile.
 * A scheduler is set with what the guest may do itself: for that moment its limit of priorities is lifted, of which its QEMU, whose filter has no call for it, can
 * make nothing, not even when this process dies before the limit is as before. */
#include "supervisor/hand_tune.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include "supervisor/hand_launch.h"
#include "supervisor/hand_vfio.h"
#include "ipc/log.h"
#include "ipc/util.h"

/* ---- threads ---- */

struct tuner {
    const struct hand_req *rq;
    uint32_t uid;                   /* the guest's user */
    bool session;
    int folder;                     /* QEMU's in /proc */
    struct cgroups groups;
    const struct tune *now, *was;
    bool seen[PINS_MAX];            /* of now's pins: there is such a thread */
};

/* As QEMU names its threads (debug-threads=on). */
static int kind_of(const char *comm, uint32_t *id)
{
    *id = 0;
    return sscanf(comm, "CPU %u/", id) == 1 ? THREAD_VCPU : sscanf(comm, "IO iothread%u", id) == 1 ? THREAD_IO : THREAD_EMULATOR;
}

/* SAFETY: the guest's user, with no right but to write into files of the groups, so that neither CPUs nor group of another user's thread can be set. */
static int as_user(uint32_t uid)
{
    struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct caps[2];
    if (syscall(SYS_setresuid, -1, uid, -1) < 0 || syscall(SYS_capget, &head, caps) < 0)
        return -errno;
    caps[0].effective = caps[0].permitted & 1u << CAP_DAC_OVERRIDE;
    caps[1].effective = 0;
    return syscall(SYS_capset, &head, caps) < 0 ? -errno : 0;
}

static void group_name(char dst[32], int kind, uint32_t id)
{
    if (kind == THREAD_EMULATOR)
        util_copy_str(dst, 32, "emulator");
    else
        util_format(dst, 32, "%s%u", kind == THREAD_VCPU ? "vcpu" : "iothread", id);
}

static bool has_group(const struct tuner *x, int kind)
{
    const int i = TUNE_THREADS + 2 * kind;
    return x->now->given[i] || x->now->given[i + 1] || x->was->given[i] || x->was->given[i + 1];
}

enum { RAISED = 2 };
static const struct { int resource; rlim_t value; } raised[RAISED] = { { RLIMIT_RTPRIO, 99 }, { RLIMIT_NICE, 20 } };

/* The limits that a thread's scheduler may be set with, and as they were. */
static void limits_raise(int32_t tid, struct rlimit old[RAISED])
{
    for (int i = 0; i < RAISED; i++)
        if (prlimit(tid, raised[i].resource, &(struct rlimit){ raised[i].value, raised[i].value }, &old[i]) < 0)
            old[i] = (struct rlimit){ 1, 0 };       /* is as it was */
}

static void limits_back(int32_t tid, const struct rlimit old[RAISED])
{
    for (int i = 0; i < RAISED; i++)
        if (old[i].rlim_cur <= old[i].rlim_max && prlimit(tid, raised[i].resource, &old[i], NULL) < 0 && errno != ESRCH)
            log_warn("limits of thread %d are not as before: %m", tid);
}

/* The thread's scheduler is another one than it should be, which *to is. */
static bool sched_differs(const struct tuner *x, int kind, uint32_t id, int32_t tid, struct thread_sched *to)
{
    const struct thread_sched *s = tune_sched(x->now, kind, id);
    struct sched_param p = { 0 };
    if (!s && !tune_sched(x->was, kind, id))
        return false;
    *to = s ? *s : (struct thread_sched){ .policy = SCHED_OTHER };
    return sched_getscheduler(tid) != to->policy || sched_getparam(tid, &p) < 0 || p.sched_priority != to->priority;
}

static int thread_tune(struct tuner *x, int32_t tid, struct err *e)
{
    char path[64], comm[32] = "", group[32];
    struct rlimit limits[RAISED];
    struct thread_sched to = { 0 };
    cpu_set_t mask;
    uint32_t id;
    util_format(path, sizeof path, "task/%d/comm", tid);
    AUTO_CLOSE fd = openat(x->folder, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || util_read_full(fd, comm, sizeof comm - 1) <= 0)
        return 0;                   /* it has ended */
    int kind = kind_of(comm, &id), at = TUNE_THREADS + 2 * kind;
    const struct cpus *cpus = tune_cpus(x->now, kind, id);
    const struct pin *pin = tune_pin(x->now, kind, id);
    if (pin)
        x->seen[pin - x->now->pin] = true;
    group_name(group, kind, id);
    if (has_group(x, kind) && cgroup_thread(&x->groups, group, x->now->n[at], x->now->n[at + 1], e))
        return -1;
    bool pins = cpus || x->now->pins || tune_cpus(x->was, kind, id);       /* who has none may run anywhere, whoever began it */
    const bool sched = sched_differs(x, kind, id, tid, &to);
    if (!pins && !sched && !has_group(x, kind))
        return 0;
    _Static_assert(sizeof mask == sizeof *cpus, "as many CPUs");
    memset(&mask, 0xff, sizeof mask);
    if (cpus)
        memcpy(&mask, cpus, sizeof mask);
    if (sched)
        limits_raise(tid, limits);
    int r = x->session ? 0 : as_user(x->uid), rs = 0;
    if (r == 0 && has_group(x, kind))
        r = cgroup_thread_join(&x->groups, group, tid);
    if (r == 0 && pins)
        r = cgroup_thread_cpus(&x->groups, group, cpus);
    if (r == 0 && pins)
        r = sched_setaffinity(tid, sizeof mask, &mask) < 0 ? -errno : 0;
    if (r == 0 && sched)
        rs = sched_setscheduler(tid, to.policy, &(struct sched_param){ .sched_priority = to.priority }) < 0 ? -errno : 0;
    if (!x->session && syscall(SYS_setresuid, -1, 0, -1) < 0)
        abort();
    if (sched)
        limits_back(tid, limits);
    if (r == -ESRCH || rs == -ESRCH)
        return 0;
    if (rs < 0)
        return err_sys(e, VIR_FROM_NONE, -rs, "Cannot set scheduler parameters for pid %d", tid);
    return r < 0 ? err_sys(e, VIR_FROM_NONE, -r, "cannot set CPU affinity on process %d", tid) : 0;
}

/* Twice: a thread that began meanwhile has what the one had that began it. */
static int threads_tune(struct tuner *x, struct err *e)
{
    int r = 0;
    for (int turn = 0; turn < 2 && r == 0; turn++) {
        int fd = openat(x->folder, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *d = fd < 0 ? NULL : fdopendir(fd);
        if (!d)
            return err_set(e, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "domain is not running");
        for (struct dirent *t; r == 0 && (t = readdir(d));)
            if (isdigit((unsigned char)t->d_name[0]))
                r = thread_tune(x, atoi(t->d_name), e);
        closedir(d);
    }
    return r;
}

/* What is new has to be there; a vCPU may come later. */
static int all_there(const struct tuner *x, struct err *e)
{
    for (unsigned i = 0; i < x->now->pins; i++) {
        const struct pin *p = &x->now->pin[i], *old = tune_pin(x->was, p->kind, p->id);
        if (p->kind == THREAD_IO && !x->seen[i] && (!old || memcmp(&old->cpus, &p->cpus, sizeof p->cpus)))
            return err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "iothread %d not found", (int)p->id);
    }
    return 0;
}

/* Once more after a failure: the whole may have less only when each thread has, and a thread more only when the whole has. */
static int tune(struct tuner *x, struct err *e)
{
    int r = -1;
    memset(x->seen, 0, sizeof x->seen);
    for (int turn = 0; turn < 2 && r; turn++) {
        r = cgroup_tune(&x->groups, x->rq->id, x->rq->name, x->session, x->now, x->was, e);
        if (r == 0 || turn == 0)
            r |= threads_tune(x, e);
    }
    return r || all_there(x, e) ? -1 : 0;
}

/* ---- the calls ---- */

int tune_of(struct hand *h, unsigned i, struct tune *t, struct err *e)
{
    struct manifest_entry m;
    const char *path, *aux, *text = NULL;
    if (hand_manifest(h, i, e))
        return -1;
    for (struct manifest_in in = hand_entries(h); hand_next(&in, &m, &path, &aux);)
        if (m.kind == MK_TUNE)
            text = aux;
    return tune_read(t, text) < 0 ? err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "malformed limits of a guest") : 0;
}

/* Devices behind VFIO, or of vDPA, that come to a QEMU that runs: it sees them, and may lock as much memory as one that is begun with them. */
static int devices_come(struct hand *h, const struct hand_req *rq, int32_t qemu, struct err *e)
{
    struct manifest_entry m;
    const char *path, *aux;
    struct rlimit has;
    for (struct manifest_in in = hand_entries(h); hand_next(&in, &m, &path, &aux);) {
        const struct rlimit want = { vfio_locked(&m), vfio_locked(&m) };
        if (vfio_locks(&m) && prlimit(qemu, RLIMIT_MEMLOCK, NULL, &has) == 0 && has.rlim_max < want.rlim_max && prlimit(qemu, RLIMIT_MEMLOCK, &want, NULL) < 0)
            log_warn("cannot limit locked memory of process %d to %llu: %s", qemu, (unsigned long long)want.rlim_max, strerror(errno));
    }
    hand_run(h, rq->id, rq->name);
    return vfio_view_fill(h, rq->name, rq->uid, rq->gid, e);
}

/* QEMU's folder in /proc, and pid.  Of a guest that libvirt's own daemon started its user is what the kernel says; devices of its are not ours to show it. */
static int qemu_of(struct hand *h, struct tuner *x, int32_t *pid, struct err *e)
{
    uint32_t gid;
    int folder = record_qemu(h, x->rq->name, x->rq->id, pid);
    x->uid = x->rq->uid;
    if (folder == -ENOENT && hand_has_kind(h, 1u << MK_VFIO))
        return err_set(e, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "limits of a guest with host devices that another daemon started cannot be changed");
    if (folder == -ENOENT && (folder = record_foreign_qemu(h, x->rq->name, pid)) >= 0 && proc_user(folder, &x->uid, &gid))
        x->uid = 0;
    return folder < 0 ? err_set(e, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "domain is not running") : folder;
}

void hand_tune(struct hand *h)
{
    static struct tune now, was;
    static struct tuner x;
    struct err e = ERR_INIT, ignored = ERR_INIT;
    struct hand_done done = { .failed = -1 };
    x = (struct tuner){ .rq = hand_body(h, sizeof *x.rq), .session = h->birth.flags & BIRTH_SESSION, .now = &now, .was = &was };
    hand_check_text(x.rq->name, sizeof x.rq->name);
    int r = tune_of(h, 1, &was, &e) || tune_of(h, 0, &now, &e) ? -1 : 0;
    int32_t pid = 0;
    AUTO_CLOSE folder = x.folder = r ? -1 : qemu_of(h, &x, &pid, &e);
    if (r == 0 && folder < 0)
        r = -1;
    if (r == 0 && !x.session && (x.uid == 0 || x.uid == ~0u))
        r = err_set(&e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "a guest cannot have this uid");
    if (r == 0 && (r = devices_come(h, x.rq, pid, &e)) == 0 && (r = tune(&x, &e))) {
        x.now = &was;
        x.was = &now;
        if (tune(&x, &ignored))
            log_warn("limits of '%s' are neither as before nor as they should be: %s", x.rq->name, ignored.detail);
    }
    if (r)
        hand_fail(h, -1, -EINVAL, &e);
    else
        hand_reply(h, &done, sizeof done, NULL, 0);
}
