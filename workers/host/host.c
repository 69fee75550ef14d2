/* host.c: the role that answers for the host itself: CPUs, memory, capabilities.  It reads /proc and /sys and what it was born with. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "ipc/log.h"
#include "ipc/schema/op-numbers.h"
#include "ipc/util.h"
#include "workers/cpu.h"
#include "ipc/internal.h"
#include "workers/host/calls.h"
#include "workers/host/descriptors.h"
#include "workers/host/facts.h"
#include "workers/host/host.h"
#include "workers/worker.h"

#define REPLY_MAX (8u << 20)
#define TICK_NS 10000000ull         /* USER_HZ is 100 in every file of /proc */

static struct host host;

static bool no_flags(struct worker *w, const struct request *rq, uint32_t flags)
{
    if (flags)
        worker_fail(w, rq, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "unsupported flags (0x%x)", flags);
    return !flags;
}

static void on_max_vcpus(struct worker *w, const struct request *rq, struct frame *f)
{
    struct mp_in in;
    struct mp_out o;
    if (worker_args(w, rq, f, &in))
        return;
    AUTO_FREE char *type = mp_get_nil(&in) ? NULL : mp_get_strdup(&in, 64);
    if (worker_args_end(w, rq, &in))
        return;
    bool kvm = type && !strcasecmp(type, "kvm");
    if (type && !kvm && strcasecmp(type, "qemu")) {
        worker_fail(w, rq, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "unknown type '%s'", type);
        return;
    }
    if (kvm && !host.settings.kvm_vcpus) {
        struct err e = ERR_INIT;
        err_sys(&e, VIR_FROM_NONE, host.settings.kvm_error ? (int)host.settings.kvm_error : ENOTTY, "Unable to open /dev/kvm");
        worker_error(w, rq, &e);
        return;
    }
    mp_out_init(&o, REPLY_MAX);
    mp_array(&o, 1);
    mp_int(&o, kvm ? (int64_t)host.settings.kvm_vcpus : 16);
    worker_reply_out(w, rq, &o);
}

static void on_info(struct worker *w, const struct request *rq, struct frame *f)
{
    struct mp_in in;
    struct mp_out o;
    struct utsname u;
    struct fact_topology t;
    uint64_t total, avail;
    if (worker_args(w, rq, f, &in) || worker_args_end(w, rq, &in))
        return;
    uname(&u);
    u.machine[31] = 0;
    fact_topology(&t);
    fact_memory_all(&total, &avail);
    const int64_t numbers[] = { set_count(&t.online), t.mhz, t.nodes, t.sockets, t.dies * t.cores, t.threads };
    mp_out_init(&o, REPLY_MAX);
    mp_array(&o, 8);
    mp_str(&o, u.machine);
    mp_uint(&o, total);
    for (size_t i = 0; i < ARRAY_N(numbers); i++)
        mp_int(&o, numbers[i]);
    worker_reply_out(w, rq, &o);
}

static void reply_text(struct worker *w, const struct request *rq, char *text, const struct err *e)
{
    struct mp_out o;
    struct err none = ERR_INIT;
    if (!text) {
        err_sys(&none, VIR_FROM_QEMU, ENOMEM, "cannot make a document");
        worker_error(w, rq, e && e->code ? e : &none);
        return;
    }
    mp_out_init(&o, REPLY_MAX);
    mp_array(&o, 1);
    mp_str(&o, text);
    worker_reply_out(w, rq, &o);
    free(text);
}

static void on_capabilities(struct worker *w, const struct request *rq, struct frame *f)
{
    struct mp_in in;
    if (!worker_args(w, rq, f, &in) && !worker_args_end(w, rq, &in))
        reply_text(w, rq, capabilities_text(&host), NULL);
}

static void on_domcaps(struct worker *w, const struct request *rq, struct frame *f)
{
    struct mp_in in;
    struct err e = ERR_INIT;
    char *s[4];
    if (worker_args(w, rq, f, &in))
        return;
    for (int i = 0; i < 4; i++)
        s[i] = mp_get_nil(&in) ? NULL : mp_get_strdup(&in, 4096);
    uint32_t flags = mp_get_u32(&in);
    if (!worker_args_end(w, rq, &in)) {
        if (no_flags(w, rq, flags))
            reply_text(w, rq, domcaps_text(&host, s[0], s[1], s[2], s[3], &e), &e);
    }
    for (int i = 0; i < 4; i++)
        free(s[i]);
}

static void on_free_memory(struct worker *w, const struct request *rq, struct frame *f)
{
    struct mp_in in;
    struct mp_out o;
    uint64_t total, avail;
    if (worker_args(w, rq, f, &in) || worker_args_end(w, rq, &in))
        return;
    fact_memory_all(&total, &avail);
    mp_out_init(&o, REPLY_MAX);
    mp_array(&o, 1);
    mp_uint(&o, avail * 1024);
    worker_reply_out(w, rq, &o);
}

static void on_cells_free(struct worker *w, const struct request *rq, struct frame *f)
{
    struct mp_in in;
    struct mp_out o;
    struct fact_set cells;
    uint64_t v;
    if (worker_args(w, rq, f, &in))
        return;
    int32_t start = mp_get_i32(&in), most = mp_get_i32(&in);
    if (worker_args_end(w, rq, &in))
        return;
    fact_cells(&cells);
    int last = set_last(&cells);
    if (start < 0 || start > last || most < 1) {
        worker_fail(w, rq, VIR_ERR_INTERNAL_ERROR, VIR_FROM_NONE, "start cell %d out of range (0-%d)", start, last);
        return;
    }
    last = most <= last - start ? start + most - 1 : last;
    mp_out_init(&o, REPLY_MAX);
    mp_array(&o, 1);
    mp_array(&o, (uint32_t)(last - start + 1));
    for (int i = start; i <= last; i++)
        mp_uint(&o, fact_memory(i, "MemFree", &v) ? v * 1024 : 0);
    worker_reply_out(w, rq, &o);
}

/* Statistics as (name, value) pairs; a count of 0 asks how many there are. */
struct stat { const char *name; uint64_t value; };
static void reply_stats(struct worker *w, const struct request *rq, const char *fn, int32_t wanted, const struct stat *s, uint32_t n)
{
    struct mp_out o;
    if (wanted && wanted != (int32_t)n) {
        worker_fail(w, rq, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "nparams in %s must be equal to %u", fn, n);
        return;
    }
    mp_out_init(&o, REPLY_MAX);
    mp_array(&o, 2);
    mp_array(&o, wanted ? n : 0);
    for (uint32_t i = 0; wanted && i < n; i++) {
        mp_array(&o, 2);
        mp_str(&o, s[i].name);
        mp_uint(&o, s[i].value);
    }
    mp_int(&o, n);
    worker_reply_out(w, rq, &o);
}

static void on_cpu_stats(struct worker *w, const struct request *rq, struct frame *f)
{
    static char text[1 << 20];
    struct mp_in in;
    char word[32];
    uint64_t v[7] = { 0 };
    if (worker_args(w, rq, f, &in))
        return;
    int32_t cpu = mp_get_i32(&in), wanted = mp_get_i32(&in);
    uint32_t flags = mp_get_u32(&in);
    if (worker_args_end(w, rq, &in))
        return;
    if (!no_flags(w, rq, flags))
        return;
    snprintf(word, sizeof word, cpu < 0 ? "cpu " : "\ncpu%d ", cpu);
    fact_text(text, sizeof text, "/proc/stat");
    const char *p = !wanted ? strstr(text, "cpu ") : cpu < -1 ? NULL : strstr(text, word);      /* how many there are is no question of a CPU */
    if (!p) {
        worker_fail(w, rq, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "Invalid cpuNum in virHostCPUGetStatsLinux");
        return;
    }
    p += strlen(word);
    for (size_t i = 0; i < ARRAY_N(v); i++) {       /* user nice system idle iowait irq softirq */
        char *end;
        v[i] = strtoull(p, &end, 10);
        p = end;
    }
    const struct stat s[] = { { "kernel", (v[2] + v[5] + v[6]) * TICK_NS }, { "user", (v[0] + v[1]) * TICK_NS }, { "idle", v[3] * TICK_NS }, { "iowait", v[4] * TICK_NS } };
    reply_stats(w, rq, "virHostCPUGetStatsLinux", wanted, s, ARRAY_N(s));
}

static void on_memory_stats(struct worker *w, const struct request *rq, struct frame *f)
{
    static const char *const keys[][2] = { { "total", "MemTotal" }, { "free", "MemFree" }, { "buffers", "Buffers" }, { "cached", "Cached" } };
    struct mp_in in;
    struct stat s[ARRAY_N(keys)];
    if (worker_args(w, rq, f, &in))
        return;
    int32_t wanted = mp_get_i32(&in), cell = mp_get_i32(&in);
    uint32_t flags = mp_get_u32(&in), n = cell < 0 ? 4 : 2;
    struct fact_set cells;
    if (worker_args_end(w, rq, &in))
        return;
    fact_cells(&cells);
    if (!no_flags(w, rq, flags))
        return;
    if (cell < -1 || cell > set_last(&cells)) {
        worker_fail(w, rq, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "cellNum in virHostMemGetStats must be less than or equal to %d", set_last(&cells));
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        s[i] = (struct stat){ .name = keys[i][0] };
        fact_memory(cell, keys[i][1], &s[i].value);
    }
    reply_stats(w, rq, "virHostMemGetStatsLinux", wanted, s, n);
}

static void on_cpu_map(struct worker *w, const struct request *rq, struct frame *f)
{
    struct mp_in in;
    struct mp_out o;
    struct fact_set present, online;
    uint8_t map[CPUS_MAX / 8] = { 0 };
    if (worker_args(w, rq, f, &in))
        return;
    int32_t need_map = mp_get_i32(&in), need_online = mp_get_i32(&in);
    uint32_t flags = mp_get_u32(&in);
    if (worker_args_end(w, rq, &in))
        return;
    if (!no_flags(w, rq, flags))
        return;
    fact_list(&present, "/sys/devices/system/cpu/present");
    fact_list(&online, "/sys/devices/system/cpu/online");
    int n = set_last(&present) + 1;
    for (int i = 0; i < n; i++)
        if (set_has(&online, (unsigned)i))
            map[i / 8] |= (uint8_t)(1 << i % 8);
    mp_out_init(&o, REPLY_MAX);
    mp_array(&o, 3);
    mp_bin(&o, map, need_map ? (size_t)(n + 7) / 8 : 0);
    mp_uint(&o, need_online ? set_count(&online) : 0);
    mp_int(&o, n);
    worker_reply_out(w, rq, &o);
}

/* Architectures that libvirt has names for. */
#define WITHOUT_MODELS " aarch64 armv6l armv7b armv7l s390 s390x "
#define OTHERS " alpha cris ia64 itanium lm32 loongarch64 m68k microblaze microblazeel mips mipsel mips64 mips64el openrisc parisc parisc64 ppc ppcle " \
    "ppcemb riscv32 riscv64 sh4 sh4eb sparc sparc64 unicore32 xtensa xtensaeb "

static const char *const power_models[] = { "POWER6", "POWER7", "POWER8", "POWER9", "POWER10", "POWERPC_e5500", "POWERPC_e6500" };

static bool is_word(const char *list, const char *word)
{
    char w[68];
    return *word && !strchr(word, ' ') && snprintf(w, sizeof w, " %s ", word) < (int)sizeof w && strstr(list, w);
}

static void on_models(struct worker *w, const struct request *rq, struct frame *f)
{
    struct mp_in in;
    struct mp_out o;
    if (worker_args(w, rq, f, &in))
        return;
    AUTO_FREE char *arch = mp_get_strdup(&in, 64);
    int32_t need = mp_get_i32(&in);
    uint32_t flags = mp_get_u32(&in), n = 0;
    if (worker_args_end(w, rq, &in))
        return;
    if (!no_flags(w, rq, flags))
        return;
    /* Where no models are known all are accepted. */
    bool x86 = !strcmp(arch, "x86_64") || !strcmp(arch, "i686"), power = !strcmp(arch, "ppc64") || !strcmp(arch, "ppc64le");
    if (!x86 && !power && !is_word(WITHOUT_MODELS, arch)) {
        if (!is_word(OTHERS, arch))
            worker_fail(w, rq, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "cannot find architecture %s", arch);
        else
            worker_fail(w, rq, VIR_ERR_NO_SUPPORT, VIR_FROM_CPU, "'%s' architecture is not supported by CPU driver", arch);
        return;
    }
    while (x86 && cpu_model(n)->name)
        n++;
    n = power ? ARRAY_N(power_models) : n;
    mp_out_init(&o, REPLY_MAX);
    mp_array(&o, 2);
    mp_array(&o, need ? n : 0);
    for (uint32_t i = 0; need && i < n; i++)
        mp_str(&o, power ? power_models[i] : cpu_model(i)->name);
    mp_int(&o, n);
    worker_reply_out(w, rq, &o);
}

static void on_free_pages(struct worker *w, const struct request *rq, struct frame *f)
{
    struct mp_in in;
    struct mp_out o;
    struct fact_set cells;
    uint32_t sizes[64];
    if (worker_args(w, rq, f, &in))
        return;
    uint32_t n = mp_get_array(&in, ARRAY_N(sizes));
    for (uint32_t i = 0; i < n && !in.bad; i++)
        sizes[i] = mp_get_u32(&in);
    int32_t start = mp_get_i32(&in);
    uint32_t count = mp_get_u32(&in);
    mp_get_u32(&in);        /* flags: the gateway has looked at them */
    if (worker_args_end(w, rq, &in))
        return;
    fact_cells(&cells);
    int last = set_last(&cells);
    if (start < 0 || start > last || count > CELLS_MAX || !count) {
        worker_fail(w, rq, VIR_ERR_INTERNAL_ERROR, VIR_FROM_NONE, "start cell %d out of range (0-%d)", start, last);
        return;
    }
    if (start + (int)count - 1 < last)
        last = start + (int)count - 1;
    mp_out_init(&o, REPLY_MAX);
    mp_array(&o, 1);
    mp_array(&o, (uint32_t)(last - start + 1) * n);
    for (int c = start; c <= last; c++)
        for (uint32_t i = 0; i < n; i++) {
            uint64_t total, avail;
            if (!fact_page_counts(c, sizes[i], &total, &avail)) {
                mp_out_free(&o);
                worker_fail(w, rq, VIR_ERR_OPERATION_FAILED, VIR_FROM_NONE, "page size %u is not available on node %d", sizes[i], c);
                return;
            }
            mp_uint(&o, avail);
        }
    worker_reply_out(w, rq, &o);
}

static void on_sysinfo(struct worker *w, const struct request *rq, struct frame *f)
{
    struct mp_in in;
    if (worker_args(w, rq, f, &in))
        return;
    mp_get_u32(&in);
    /* The tables are root's; nothing that clients talk to reads them. */
    if (!worker_args_end(w, rq, &in))
        worker_fail(w, rq, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "Host SMBIOS information is not available");
}

static const struct worker_op ops[] = {
    { OP_REMOTE_CONNECT_GET_MAX_VCPUS, on_max_vcpus }, { OP_REMOTE_NODE_GET_INFO, on_info }, { OP_REMOTE_CONNECT_GET_CAPABILITIES, on_capabilities },
    { OP_REMOTE_CONNECT_GET_DOMAIN_CAPABILITIES, on_domcaps }, { OP_REMOTE_NODE_GET_FREE_MEMORY, on_free_memory }, { OP_REMOTE_NODE_GET_CELLS_FREE_MEMORY, on_cells_free },
    { OP_REMOTE_NODE_GET_CPU_STATS, on_cpu_stats }, { OP_REMOTE_NODE_GET_MEMORY_STATS, on_memory_stats }, { OP_REMOTE_NODE_GET_CPU_MAP, on_cpu_map },
    { OP_REMOTE_CONNECT_GET_CPU_MODEL_NAMES, on_models }, { OP_REMOTE_NODE_GET_FREE_PAGES, on_free_pages }, { OP_REMOTE_CONNECT_GET_SYSINFO, on_sysinfo },
    { OP_REMOTE_NODE_GET_MEMORY_PARAMETERS, on_memory_params }, { OP_REMOTE_NODE_SET_MEMORY_PARAMETERS, on_set_memory_params }, { OP_REMOTE_NODE_ALLOC_PAGES, on_alloc_pages },
    { OP_REMOTE_NODE_SUSPEND_FOR_DURATION, on_node_suspend }, { OP_IN(IN_NEIGHBOURS), on_neighbours }, { 0, NULL } };

int main(void)
{
    struct worker w = { .ops = ops };
    worker_birth(&w, ROLE_HOST);
    int fd = birth_fd(&w.birth, BFD_CAPS, -1, NULL), r = fd < 0 ? -ENOENT : caps_load(&host.caps, fd, CAPS_WHOLE);
    if (r < 0)
        log_warn("nothing is known of QEMU binaries: %s", strerror(-r));
    fd = birth_fd(&w.birth, BFD_INDEX, -1, NULL);
    if (fd >= 0 && index_map(&host.index, fd, false) < 0)
        host.index.head = NULL;
    const void *p;
    size_t n;
    fd = birth_fd(&w.birth, BFD_SETTINGS, -1, NULL);
    if (fd >= 0 && frame_map(fd, sizeof host.settings, &p, &n) == 0) {
        if (n == sizeof host.settings)
            memcpy(&host.settings, p, n);
        munmap((void *)(uintptr_t)p, n);
        cpu_host_msr(host.settings.arch_capabilities);
    }
    worker_lock(&w);
    struct firmware_page *firmware = firmware_map(birth_fd(&w.birth, BFD_FIRMWARE, -1, NULL), true, &r);
    if (firmware)
        descriptors_keep(firmware);
    else
        log_warn("no guest can have a firmware chosen for it: %s", strerror(-r));
    host.firmware = firmware;
    return worker_run(&w);
}
