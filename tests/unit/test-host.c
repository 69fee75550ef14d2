/* host as a process: every call, in the schema's shapes, against what this machine says of itself; refusals; documents with a real QEMU's answers. */
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include "fakesup.h"
#include "ipc/mp.h"
#include "ipc/schema/op-numbers.h"
#include "tests/tap.h"
#include "workers/caps.h"

#define EMULATOR "/usr/bin/qemu-system-x86_64"

static struct fakesup sup;
static struct mp_in in;
static char error[2048];

static struct birth born(void)
{
    bool root = geteuid() == 0;
    return (struct birth){ .log_level = 4, .uid = root ? 64098 : 0xffffffffu, .gid = root ? 64098 : 0xffffffffu, .flags = root ? 0 : BIRTH_SESSION };
}

/* Calls with packed arguments (freed); true: a reply, in `in` with its array entered; else error has its text. */
static bool call(uint32_t op, struct mp_out *o)
{
    int r = fakesup_call(&sup, op, 0, 0, o->p, o->len, NULL, 0);
    mp_out_free(o);
    error[0] = 0;
    if (r != 1 || sup.reply.h.kind != FRAME_REPLY) {
        struct err e = ERR_INIT;
        if (r == 1)
            err_from_wire(&e, sup.reply.body, sup.reply.body_len);
        snprintf(error, sizeof error, "%d: %s", r == 1 ? e.code : r, e.detail);
        return false;
    }
    if (frame_body(&sup.reply, 8 << 20) < 0 || mp_guard(sup.reply.body, sup.reply.body_len, MP_DEPTH_MAX, 8 << 20, NULL))
        return false;
    mp_in_init(&in, sup.reply.body, sup.reply.body_len);
    return mp_get_array(&in, 16) > 0;
}

static struct mp_out args(int n, const int64_t *v)
{
    struct mp_out o;
    mp_out_init(&o, 65536);
    mp_array(&o, (uint32_t)n);
    for (int i = 0; i < n; i++)
        mp_int(&o, v[i]);
    return o;
}
#define CALL(op, ...) __extension__({ const int64_t v_[] = { 0, ##__VA_ARGS__ }; struct mp_out o_ = args((int)ARRAY_N(v_) - 1, v_ + 1); call(op, &o_); })

static void node(void)
{
    char model[64];
    struct utsname u;
    uname(&u);
    bool ok = CALL(OP_REMOTE_NODE_GET_INFO);
    mp_get_strz(&in, model, sizeof model);
    uint64_t memory = mp_get_uint(&in);
    int cpus = mp_get_i32(&in), mhz = mp_get_i32(&in), nodes = mp_get_i32(&in), sockets = mp_get_i32(&in), cores = mp_get_i32(&in), threads = mp_get_i32(&in);
    tap_ok(ok && mp_end(&in) && !strcmp(model, u.machine) && cpus == get_nprocs() && nodes >= 1, "node info: %s, %d CPUs, %d MHz, %d nodes %s", model, cpus, mhz, nodes, error);
    tap_ok(nodes * sockets * cores * threads >= cpus, "its topology covers them: %d x %d x %d x %d", nodes, sockets, cores, threads);
    ok = CALL(OP_REMOTE_NODE_GET_FREE_MEMORY);
    uint64_t avail = mp_get_uint(&in);
    tap_ok(ok && mp_end(&in) && avail > 0 && avail / 1024 < memory, "free memory: %llu of %llu KiB", (unsigned long long)avail / 1024, (unsigned long long)memory);
    ok = CALL(OP_REMOTE_NODE_GET_CELLS_FREE_MEMORY, 0, 100);
    tap_ok(ok && mp_get_array(&in, 100) == (uint32_t)nodes, "free memory of %d cells", nodes);
    tap_ok(!CALL(OP_REMOTE_NODE_GET_CELLS_FREE_MEMORY, 5000, 1) && strstr(error, "start cell 5000 out of range"), "of no cell: %s", error);
    ok = CALL(OP_REMOTE_NODE_GET_CPU_STATS, -1, 0, 0);
    tap_ok(ok && mp_get_array(&in, 16) == 0 && mp_get_i32(&in) == 4 && mp_end(&in), "how many CPU statistics there are");
    ok = CALL(OP_REMOTE_NODE_GET_CPU_STATS, 0, 4, 0) && mp_get_array(&in, 16) == 4 && mp_get_array(&in, 2) == 2;
    char name[32];
    mp_get_strz(&in, name, sizeof name);
    tap_ok(ok && !strcmp(name, "kernel") && mp_get_uint(&in) > 0, "those of one CPU");
    tap_ok(!CALL(OP_REMOTE_NODE_GET_CPU_STATS, -1, 3, 0) && strstr(error, "8: nparams in virHostCPUGetStatsLinux must be equal to 4"), "a wrong count: %s", error);
    tap_ok(!CALL(OP_REMOTE_NODE_GET_CPU_STATS, 9999, 4, 0) && strstr(error, "8: Invalid cpuNum in"), "of no CPU: %s", error);
    tap_ok(!CALL(OP_REMOTE_NODE_GET_CPU_STATS, -1, 4, 1) && strstr(error, "8: unsupported flags (0x1)"), "unknown flags: %s", error);
    ok = CALL(OP_REMOTE_NODE_GET_MEMORY_STATS, 4, -1, 0) && mp_get_array(&in, 16) == 4;
    tap_ok(ok, "memory statistics of the host");
    ok = CALL(OP_REMOTE_NODE_GET_MEMORY_STATS, 0, 0, 0) && mp_get_array(&in, 16) == 0 && mp_get_i32(&in) == 2;
    tap_ok(ok, "two of a cell");
    tap_ok(!CALL(OP_REMOTE_NODE_GET_MEMORY_STATS, 2, 4000, 0) && strstr(error, "8: cellNum in"), "of no cell: %s", error);
    size_t n = 0;
    ok = CALL(OP_REMOTE_NODE_GET_CPU_MAP, 1, 1, 0);
    const uint8_t *map = ok ? mp_get_bin(&in, &n) : NULL;
    tap_ok(ok && map && n == (size_t)(get_nprocs_conf() + 7) / 8 && (map[0] & 1) && mp_get_u32(&in) == (uint32_t)get_nprocs() && mp_get_i32(&in) == get_nprocs_conf() && mp_end(&in), "CPU map");
    ok = CALL(OP_REMOTE_NODE_GET_CPU_MAP, 0, 0, 0);
    if (ok)
        mp_get_bin(&in, &n);
    tap_ok(ok && n == 0 && mp_get_u32(&in) == 0 && mp_get_i32(&in) > 0, "no map when none is wanted");
    tap_ok(!CALL(OP_REMOTE_CONNECT_GET_SYSINFO, 0) && strstr(error, "67: Host SMBIOS"), "no SMBIOS: %s", error);
    struct mp_out o;
    mp_out_init(&o, 4096);
    mp_array(&o, 4);
    mp_array(&o, 2);
    mp_uint(&o, 4);
    mp_uint(&o, 12345);
    mp_int(&o, 0);
    mp_uint(&o, 1);
    mp_uint(&o, 0);
    tap_ok(!call(OP_REMOTE_NODE_GET_FREE_PAGES, &o) && strstr(error, "page size 12345 is not available on node 0"), "free pages: %s", error);
    mp_out_init(&o, 4096);
    mp_array(&o, 3);
    mp_str(&o, "x86_64");
    mp_int(&o, 1);
    mp_uint(&o, 0);
    tap_ok(call(OP_REMOTE_CONNECT_GET_CPU_MODEL_NAMES, &o) && mp_get_array(&in, 8192) == 58, "names of processor models");
    mp_out_init(&o, 4096);
    mp_array(&o, 1);
    mp_str(&o, "lxc");
    tap_ok(!call(OP_REMOTE_CONNECT_GET_MAX_VCPUS, &o) && strstr(error, "unknown type 'lxc'"), "vCPUs of another type: %s", error);
    /* A call that is not as the schema has it. */
    mp_out_init(&o, 64);
    mp_array(&o, 1);
    mp_str(&o, "x");
    tap_ok(!call(OP_REMOTE_NODE_GET_CPU_MAP, &o) && strstr(error, "39:"), "malformed arguments: %s", error);
    mp_out_init(&o, 64);
    mp_raw(&o, "\xdd\xff\xff\xff\xff", 5);
    tap_ok(!call(OP_REMOTE_NODE_GET_INFO, &o) && strstr(error, "39:"), "a count without elements: %s", error);
    tap_ok(!CALL(OP_REMOTE_NODE_GET_INFO, 1) && strstr(error, "39:"), "something left over: %s", error);
}

static struct mp_out four(const char *a, const char *b, const char *c, const char *d, uint32_t flags)
{
    struct mp_out o;
    mp_out_init(&o, 4096);
    mp_array(&o, 5);
    mp_str(&o, a);
    mp_str(&o, b);
    mp_str(&o, c);
    mp_str(&o, d);
    mp_uint(&o, flags);
    return o;
}

static void refused(const char *emulator, const char *arch, const char *machine, const char *virt, const char *text)
{
    struct mp_out o = four(emulator, arch, machine, virt, 0);
    bool ok = call(OP_REMOTE_CONNECT_GET_DOMAIN_CAPABILITIES, &o);
    tap_ok(!ok && strstr(error, text), "domain capabilities: %s", error);
}

/* The same binary's answers as its caps memfd, or -1. */
static int ask_qemu(void)
{
    int q[2], fd = -1;
    struct probe_caps who = { .emulator = EMULATOR, .accel = "tcg" };
    if (access(EMULATOR, X_OK) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, q) < 0)
        return -1;
    pid_t p = fork();
    if (p == 0) {
        dup2(q[1], 10);
        execl(EMULATOR, EMULATOR, "-nodefaults", "-display", "none", "-chardev", "socket,id=m,fd=10", "-mon", "chardev=m,mode=control", "-machine", "none,accel=tcg", "-S", NULL);
        _exit(1);
    }
    close(q[1]);
    if (fakesup_spawn(&sup, ROLE_PROBE, born(), NULL) == 0 && fakesup_call(&sup, OP_IN(IN_PROBE_CAPS), 0, 0, &who, sizeof who, &q[0], 1) == 1)
        fd = frame_take_fd(&sup.reply, 0);
    close(q[0]);
    fakesup_end(&sup);
    kill(p, SIGKILL);
    waitpid(p, NULL, 0);
    return fd;
}

static void documents(void)
{
    bool ok = CALL(OP_REMOTE_CONNECT_GET_CAPABILITIES);
    char *t = ok ? mp_get_strdup(&in, 1 << 20) : NULL;
    tap_ok(t && mp_end(&in) && !strncmp(t, "<capabilities>\n\n  <host>\n", 25) && strstr(t, "      <arch>x86_64</arch>") && strstr(t, "\n</capabilities>\n"), "capabilities");
    tap_ok(t && strstr(t, "<machine canonical='pc-i440fx-") && strstr(t, "<domain type='qemu'/>") && strstr(t, "<emulator>" EMULATOR "</emulator>") && !strstr(t, "<domain type='kvm'/>"), "with its guests");
    free(t);
    struct mp_out o = four(NULL, NULL, "q35", "qemu", 0);
    ok = call(OP_REMOTE_CONNECT_GET_DOMAIN_CAPABILITIES, &o);
    t = ok ? mp_get_strdup(&in, 1 << 20) : NULL;
    tap_ok(t && strstr(t, "<domain>qemu</domain>\n  <machine>pc-q35-") && strstr(t, "<mode name='host-model' supported='yes'>") && strstr(t, "<model usable='yes' vendor='unknown'>qemu64</model>"), "domain capabilities of q35 %s", error);
    tap_ok(t && strstr(t, "<value>virtio</value>") && !strstr(t, "<value>ide</value>"), "q35 has no IDE");
    free(t);
    refused(NULL, "vax", NULL, NULL, "8: unknown architecture: vax");
    refused(NULL, "s390x", NULL, NULL, "67: unable to find any emulator to serve 's390x' architecture");
    refused(NULL, NULL, "nosuch", "qemu", "8: the machine 'nosuch' is not supported by emulator '" EMULATOR "'");
    refused(NULL, NULL, NULL, "warp", "8: unknown virttype: warp");
    refused(NULL, NULL, NULL, "kvm", "8: KVM is not supported by '" EMULATOR "' on this host");
    refused("/nonexistent", NULL, NULL, NULL, "38: Cannot check QEMU binary /nonexistent: No such file or directory");
    refused(EMULATOR, "aarch64", NULL, NULL, "architecture from emulator 'x86_64' doesn't match given architecture 'aarch64'");
}

int main(void)
{
    struct birth b = born();
    if (fakesup_spawn(&sup, ROLE_HOST, b, NULL) < 0)
        return 1;
    node();
    refused(NULL, NULL, NULL, NULL, "unable to find any emulator");
    fakesup_end(&sup);
    int fd = ask_qemu();
    if (fd >= 0) {
        b.nfds = 1;
        b.fd_kind[0] = BFD_CAPS;
        if (fakesup_spawn(&sup, ROLE_HOST, b, &fd) < 0)
            return 1;
        documents();
        fakesup_end(&sup);
    } else {
        tap_note("no QEMU: no documents");
    }
    return tap_done();
}
