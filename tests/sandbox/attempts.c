/* attempts.c: what a taken-over process would try.  Each returns 0 when it got through, or the errno; see attempts.h.
 *
 * Some of these reach the kernel, as root: a hand's filter lets mount pass, and a broken filter might let anything pass.  So every one has
 * arguments with which it can change nothing: a name that does not exist, a NULL to read from, a number that is none. */
#include "attempts.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define RESULT(call) ((call) < 0 ? errno : 0)
#define CALL(name, ...) static int try_##name(void) { return RESULT(syscall(SYS_##name, __VA_ARGS__)); }
#define SOCKET(name, domain, type) static int try_##name(void) { return RESULT(socket(domain, type, 0)); }

#define NOWHERE "/bulkhead-nowhere/x"      /* its folder does not exist: nothing can be made, removed or found there */
static char *const nothing[] = { NULL };
static char page[4096] __attribute__((aligned(4096)));

CALL(execve, NOWHERE, nothing, nothing)
CALL(execveat, AT_FDCWD, NOWHERE, nothing, nothing, 0)
CALL(ptrace, 0L, 0L, 0L, 0L)
CALL(process_vm_readv, getppid(), NULL, 0, NULL, 0, 0)
CALL(kcmp, getpid(), getpid(), 0, 0, 0)
CALL(mount, NULL, NOWHERE, NULL, 0, NULL)
CALL(umount2, NOWHERE, 0)
CALL(pivot_root, NOWHERE, NOWHERE)
CALL(chroot, NOWHERE)
CALL(open_tree, AT_FDCWD, NOWHERE, 0)
CALL(fsopen, NULL, 0)
CALL(move_mount, -1, "", -1, "", 0)
CALL(setns, -1, 0)
CALL(unshare, 0)
CALL(bpf, 0, NULL, 0)
CALL(io_uring_setup, 1, NULL)
CALL(keyctl, -1, 0, 0)
CALL(add_key, NULL, NULL, NULL, 0, 0)
CALL(request_key, NULL, NULL, NULL, 0)
CALL(userfaultfd, 1)
CALL(perf_event_open, NULL, 0, -1, -1, 0)
CALL(init_module, NULL, 0, "")
CALL(finit_module, -1, "", 0)
CALL(kexec_load, 0, 1, NULL, ~0L)
CALL(reboot, 0, 0, 0, NULL)
CALL(swapon, NOWHERE, 0)
CALL(syslog, 10, NULL, 0)
CALL(settimeofday, NULL, NULL)
CALL(sethostname, NULL, 1)
CALL(acct, NOWHERE)
CALL(quotactl, -1, NOWHERE, 0, NULL)
CALL(open_by_handle_at, -1, NULL, 0)
CALL(name_to_handle_at, AT_FDCWD, NOWHERE, NULL, NULL, 0)
CALL(setresuid, -1, -1, -1)
CALL(setresgid, -1, -1, -1)
CALL(setgroups, 1, NULL)
CALL(capset, NULL, NULL)
CALL(personality, 0xffffffff /* asks */)
CALL(seccomp, -1, 0, NULL)
CALL(landlock_create_ruleset, NULL, 0, 1)
CALL(pidfd_open, getppid(), 0)
CALL(pidfd_getfd, 0, 0, 0)
CALL(pidfd_send_signal, 0, 0, NULL, 0)
CALL(process_madvise, 0, NULL, 0, 0, 0)
CALL(kill, getppid(), 0)
CALL(tgkill, getppid(), getppid(), 0)
CALL(rt_sigqueueinfo, getppid(), 0, NULL)
CALL(sched_setaffinity, 0, 0, NULL)
CALL(setpriority, -1, 0, 0)
CALL(shmget, 0x42bad, 0, 0)
CALL(semget, 0x42bad, 0, 0)
CALL(msgget, 0x42bad, 0)
CALL(mq_open, "bulkhead-nowhere", 0, 0, NULL)
CALL(inotify_init1, 0)
CALL(fanotify_init, 0, 0)
CALL(mknodat, AT_FDCWD, NOWHERE, 0600, 0)
CALL(lsetxattr, NOWHERE, "user.x", "", 0, 0)
CALL(fsetxattr, -1, "user.x", "", 0, 0)
CALL(linkat, AT_FDCWD, NOWHERE, AT_FDCWD, NOWHERE, 0)
CALL(fchmodat, AT_FDCWD, NOWHERE, 0777)
CALL(mkdirat, AT_FDCWD, NOWHERE, 0700)
CALL(unlinkat, AT_FDCWD, NOWHERE, 0)
CALL(renameat, AT_FDCWD, NOWHERE, AT_FDCWD, NOWHERE)
CALL(symlinkat, "x", AT_FDCWD, NOWHERE)
CALL(readlinkat, AT_FDCWD, "/proc/self/exe", page, 100)
CALL(dup3, 0, 50, 0)
CALL(pipe2, page, 0)
CALL(epoll_create1, 0)
CALL(memfd_secret, 0)
CALL(remap_file_pages, page, 4096, 0, 0, 0)
CALL(vmsplice, 0, NULL, 0, 0)
SOCKET(socket_inet, AF_INET, SOCK_STREAM)
SOCKET(socket_inet6, AF_INET6, SOCK_DGRAM)
SOCKET(socket_netlink, AF_NETLINK, SOCK_RAW)
SOCKET(socket_unix, AF_UNIX, SOCK_STREAM)
SOCKET(socket_packet, AF_PACKET, SOCK_RAW)
SOCKET(socket_vsock, 40 /* AF_VSOCK */, SOCK_STREAM)

static int try_open_passwd(void) { return RESULT(open("/etc/passwd", O_RDONLY)); }
static int try_open_write(void) { return RESULT(open("/dev/null", O_RDWR)); }
static int try_stat(void) { struct stat st; return RESULT(stat("/etc/passwd", &st)); }
static int try_socketpair(void) { int p[2]; return RESULT(socketpair(AF_UNIX, SOCK_STREAM, 0, p)); }
static int try_mmap_wx(void) { return RESULT((long)mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)); }
static int try_mmap_exec(void) { return RESULT((long)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)); }
static int try_mprotect_exec(void) { return RESULT(mprotect(page, sizeof page, PROT_READ | PROT_EXEC)); }
static int try_fork(void) { long r = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); if (r == 0) syscall(SYS_exit, 0); return RESULT(r); }
static int try_clone_ns(void) { long r = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0); if (r == 0) syscall(SYS_exit, 0); return RESULT(r); }
static int try_clone3(void) { return RESULT(syscall(SYS_clone3, NULL, 0)); }
static int try_dumpable(void) { return RESULT(prctl(PR_SET_DUMPABLE, 1)); }
static int try_ioctl_inject(void) { return RESULT(syscall(SYS_ioctl, 0, 0x5412 /* TIOCSTI */, NULL)); }
static int try_raise_limit(void) { struct rlimit l = { 1, 1 }; return RESULT(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &l, NULL)); }
static int try_limit_other(void) { struct rlimit l; return RESULT(syscall(SYS_prlimit64, getppid(), RLIMIT_NOFILE, NULL, &l)); }
static int try_sendto_address(void)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = NOWHERE };
    return RESULT(sendto(0, "x", 1, 0, (struct sockaddr *)&a, sizeof a));
}
static int try_connect(void) { return RESULT(syscall(SYS_connect, -1, NULL, 0)); }
static int try_sendto_fastopen(void) { return RESULT(syscall(SYS_sendto, -1, NULL, 0, MSG_FASTOPEN, NULL, 0)); }
static int try_sendmsg_fastopen(void) { return RESULT(syscall(SYS_sendmsg, -1, NULL, MSG_FASTOPEN)); }
static int try_sendmmsg_fastopen(void) { return RESULT(syscall(SYS_sendmmsg, -1, NULL, 0, MSG_FASTOPEN)); }
#ifdef __x86_64__
/* Other ways into the kernel have other numbers: they must not be ways around the table. */
static int try_x32_execve(void) { return RESULT(syscall(0x40000000 + 520, NOWHERE, nothing, nothing)); }
static int try_int80_getpid(void) { long r; __asm__ volatile("int $0x80" : "=a"(r) : "a"(20L) : "memory", "r8", "r9", "r10", "r11"); errno = (int)-r; return r < 0 ? errno : 0; }
#endif

const struct attempt attempts[] = {
#define A(name, worker, ...) { #name, try_##name, worker, { __VA_ARGS__ } },
#include "attempts.def"
#undef A
    { NULL, NULL, NULL, { { 0, NULL } } },
};
