/* hand_perf.c: performance events.  Part of hand-launch, which begins those of a start before there is a QEMU, so that all its threads are counted, and of hand-open, for those that a
 * client enables later, of QEMU's main thread and of threads that begin from then on, as in libvirt.
 *
 * Privilege: CAP_PERFMON.  SAFETY: an event counts, and tells nothing else: no samples, no addresses.  Which process it is about the hand knows from its own notes.  The descriptor waits in a
 * socket, of which the keeper, the guest's first process and its worker have the other end: so each of them that dies leaves it to the next. */
#include "hand_perf.h"
#include <errno.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "ipc/util.h"

static const struct { const char *name; uint32_t type, config; } events[] = {
    { "cpu_cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES }, { "instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS },
    { "cache_references", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_REFERENCES }, { "cache_misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES },
    { "branch_instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_INSTRUCTIONS }, { "branch_misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES },
    { "bus_cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BUS_CYCLES }, { "stalled_cycles_frontend", PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_FRONTEND },
    { "stalled_cycles_backend", PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_BACKEND }, { "ref_cpu_cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_REF_CPU_CYCLES },
    { "cpu_clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK }, { "task_clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK },
    { "page_faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS }, { "context_switches", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES },
    { "cpu_migrations", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS }, { "page_faults_min", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MIN },
    { "page_faults_maj", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MAJ }, { "alignment_faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_ALIGNMENT_FAULTS },
    { "emulation_faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_EMULATION_FAULTS },
};

/* Under the guest's real uid: the kernel bounds by user what lies in sockets, and root's is others' too. */
static int leave(int to, uint32_t uid, int fd)
{
    union { struct cmsghdr h; char b[CMSG_SPACE(sizeof fd)]; } ctl = { .h = { .cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
    struct iovec iov = { "p", 1 };
    struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &ctl, .msg_controllen = sizeof ctl };
    uid_t own = getuid();
    bool other = uid != ~0u;
    memcpy(CMSG_DATA(&ctl.h), &fd, sizeof fd);
    if (other && syscall(SYS_setresuid, uid, -1, -1) < 0)
        return -errno;
    int r = sendmsg(to, &m, MSG_NOSIGNAL | MSG_DONTWAIT) == 1 ? 0 : -errno;
    return other && syscall(SYS_setresuid, own, -1, -1) < 0 ? -errno : r;
}

int perf_begin(const char *event, int32_t pid, uint32_t uid, int to, struct err *e)
{
    size_t i = 0;
    while (i < ARRAY_N(events) && strcmp(events[i].name, event))
        i++;
    if (i == ARRAY_N(events))       /* libvirt names some that no kernel has any more */
        return err_set(e, VIR_ERR_ARGUMENT_UNSUPPORTED, VIR_FROM_PERF, "unable to enable host cpu perf event for %s", event);
    struct perf_event_attr a = { .type = events[i].type, .size = sizeof a, .config = events[i].config, .inherit = 1 };
    AUTO_CLOSE fd = (int)syscall(SYS_perf_event_open, &a, pid, -1, -1, PERF_FLAG_FD_CLOEXEC);
    if (fd < 0)
        return err_sys(e, VIR_FROM_PERF, errno, "unable to open host cpu perf event for %s", event);
    int r = leave(to, uid, fd);
    return r < 0 ? err_sys(e, VIR_FROM_PERF, -r, "unable to pass the perf event %s", event) : 0;
}
