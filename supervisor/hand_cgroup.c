/* hand_cgroup.c: a guest's control groups, version 1, version 2 and hosts with both.
 *
 * Privilege: root's own right to the group file systems (CAP_DAC_OVERRIDE where they are delegated), CAP_KILL for what is left at the end.
 * Part of hand-launch.  Assumes of its input: id and name come from the supervisor; the name is cut down to harmless letters here. */
#include "hand_launch.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "ipc/log.h"
#include "ipc/util.h"

#define PIDS_DEFAULT 4096       /* threads of one QEMU: a fork bomb's end */
#define REMOVE_WAIT_MS 2000
enum { INNER_DEPTH = 3, INNER_TURNS = 50 };

/* The guest's leaf name: "qemu-ID-NAME.libvirt-qemu", with what cannot stand in a path left out. */
static void cgroup_name(char *dst, size_t n, int32_t id, const char *name)
{
    size_t o = (size_t)snprintf(dst, n, "qemu-%d-", id);
    for (; *name && o + 15 < n && o < 64; name++)
        if (isalnum((unsigned char)*name) || ((*name == '-' || *name == '.' || *name == '_') && dst[o - 1] != *name))
            dst[o++] = *name;
    snprintf(dst + o, n - o, ".libvirt-qemu");
}

static int put(const char *dir, const char *file, const char *value)
{
    char path[CG_PATH_MAX + 64];
    if (util_format(path, sizeof path, "%s/%s", dir, file) < 0)
        return -ENAMETOOLONG;
    AUTO_CLOSE fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    return write(fd, value, strlen(value)) < 0 ? -errno : 0;
}

static int get(const char *dir, const char *file, char *buf, size_t n)
{
    char path[CG_PATH_MAX + 64];
    if (util_format(path, sizeof path, "%s/%s", dir, file) < 0)
        return -ENAMETOOLONG;
    AUTO_CLOSE fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t r = fd < 0 ? -errno : util_read_full(fd, buf, n - 1);
    buf[r < 0 ? 0 : r] = 0;
    return r < 0 ? (int)r : 0;
}

/* Calls fn for each mounted hierarchy: its mount point, version, and controllers (version 1: ",cpu,cpuacct,"). */
struct each { const char *leaf; const struct launch *l; struct cgroups *c; struct err *e; uint32_t set /* limits, a bit each */; int result; };
typedef void each_fn(struct each *x, const char *mnt, int version, const char *controllers);

static void each_hierarchy(each_fn *fn, struct each *x)
{
    char *line = NULL, mnt[CG_PATH_MAX], type[32], super[512], ctl[520];
    size_t cap = 0;
    FILE *f = fopen("/proc/self/mountinfo", "re");
    while (f && getline(&line, &cap, f) > 0) {
        char *tail = strstr(line, " - ");
        if (!tail || sscanf(line, "%*s %*s %*s %*s %511s", mnt) != 1 || sscanf(tail, " - %31s %*s %511s", type, super) != 2)
            continue;
        snprintf(ctl, sizeof ctl, ",%s,", super);
        if (!strcmp(type, "cgroup2"))
            fn(x, mnt, 2, "");
        else if (!strcmp(type, "cgroup") && !strstr(ctl, ",name="))
            fn(x, mnt, 1, ctl);
    }
    free(line);
    if (f)
        fclose(f);
}

/* A limit: where it goes in either version, and where it comes from. */
enum { LIMIT_MEM, LIMIT_SOFT, LIMIT_SWAP, LIMIT_SHARES, LIMIT_PERIOD, LIMIT_QUOTA, LIMIT_CPUS, LIMIT_PIDS, LIMIT_N };
static const struct { const char *controller, *v1, *v2; } limits[LIMIT_N] = {
    [LIMIT_MEM] = { "memory", "memory.limit_in_bytes", "memory.max" }, [LIMIT_SOFT] = { "memory", "memory.soft_limit_in_bytes", "memory.high" },
    [LIMIT_SWAP] = { "memory", "memory.memsw.limit_in_bytes", "memory.swap.max" }, [LIMIT_SHARES] = { "cpu", "cpu.shares", "cpu.weight" },
    [LIMIT_PERIOD] = { "cpu", "cpu.cfs_period_us", NULL }, [LIMIT_QUOTA] = { "cpu", "cpu.cfs_quota_us", "cpu.max" },
    [LIMIT_CPUS] = { "cpuset", "cpuset.cpus", "cpuset.cpus" }, [LIMIT_PIDS] = { "pids", "pids.max", "pids.max" },
};

#define LIMIT_TEXT_MAX 4096      /* every second of as many CPUs as struct launch has bits for, and more */

/* "0-3,8" */
static void cpus_text(const struct launch *l, char *dst, size_t n)
{
    unsigned most = ARRAY_N(l->cpus) * 64;
    size_t at = 0;
    for (unsigned i = 0, from; i < most && at < n; i++) {
        if (!(l->cpus[i / 64] >> i % 64 & 1))
            continue;
        for (from = i; i + 1 < most && l->cpus[(i + 1) / 64] >> (i + 1) % 64 & 1; i++)
            ;
        at += (size_t)snprintf(dst + at, n - at, from == i ? "%s%u" : "%s%u-%u", at ? "," : "", from, i);
    }
}

/* The value's text, "" when nothing is asked for. */
static void limit_text(const struct launch *l, int i, int version, char *dst, size_t n)
{
    const uint64_t kib[] = { l->mem_hard_kib, l->mem_soft_kib, l->swap_hard_kib };
    *dst = 0;
    if (i <= LIMIT_SWAP && kib[i])      /* version 2 counts swap alone */
        snprintf(dst, n, "%llu", 1024ull * (i == LIMIT_SWAP && version == 2 ? (kib[i] > kib[0] ? kib[i] - kib[0] : 0) : kib[i]));
    else if (i == LIMIT_SHARES && l->cpu_shares)
        snprintf(dst, n, "%llu", (unsigned long long)l->cpu_shares);
    else if (i == LIMIT_PERIOD && l->cpu_period_us)
        snprintf(dst, n, "%llu", (unsigned long long)l->cpu_period_us);
    else if (i == LIMIT_QUOTA && l->cpu_quota_us && version == 1)
        snprintf(dst, n, "%lld", (long long)l->cpu_quota_us);
    else if (i == LIMIT_QUOTA && l->cpu_quota_us)
        snprintf(dst, n, l->cpu_quota_us < 0 ? "max %llu" : "%2$lld %1$llu", (unsigned long long)(l->cpu_period_us ? l->cpu_period_us : 100000), (long long)l->cpu_quota_us);
    else if (i == LIMIT_CPUS)
        cpus_text(l, dst, n);
    else if (i == LIMIT_PIDS)
        snprintf(dst, n, "%u", l->pids_max ? l->pids_max : PIDS_DEFAULT);
}

static void set_limits(struct each *x, const char *dir, int version, const char *controllers)
{
    for (int i = 0; i < LIMIT_N; i++) {
        const char *file = version == 2 ? limits[i].v2 : limits[i].v1;
        char value[LIMIT_TEXT_MAX], word[32];
        limit_text(x->l, i, version, value, sizeof value);
        snprintf(word, sizeof word, version == 2 ? "%s" : ",%s,", limits[i].controller);
        if (!*value || !file || !strstr(controllers, word))
            continue;
        int r = put(dir, file, value);
        x->set |= 1u << i;
        if (r < 0 && i != LIMIT_PIDS)
            x->result = err_sys(x->e, VIR_FROM_QEMU, -r, "Unable to write to '%s/%s'", dir, file);
    }
}

/* A new cpuset of version 1 is empty, and nothing can join it. */
static void fill_cpuset(const char *parent, const char *dir)
{
    static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
    char text[1024];
    for (size_t i = 0; i < ARRAY_N(files); i++)
        if (get(dir, files[i], text, sizeof text) == 0 && (!*text || *text == '\n') && get(parent, files[i], text, sizeof text) == 0)
            put(dir, files[i], text);
}

/* Hands every controller that is wanted down to the children of dir. */
static void delegate(const char *dir)
{
    static const char *const wanted[] = { "cpu", "memory", "pids", "io", "cpuset" };
    char have[256], on[256], word[32];
    if (get(dir, "cgroup.controllers", have, sizeof have) < 0 || get(dir, "cgroup.subtree_control", on, sizeof on) < 0)
        return;
    for (size_t i = 0; i < ARRAY_N(wanted); i++) {
        snprintf(word, sizeof word, "+%s", wanted[i]);
        if (strstr(have, wanted[i]) && !strstr(on, wanted[i]))
            put(dir, "cgroup.subtree_control", word);     /* refused where processes sit in dir: then without */
    }
}

static void make_one(struct each *x, const char *mnt, int version, const char *controllers)
{
    char parent[CG_PATH_MAX], dir[CG_PATH_MAX], have[256];
    int r = 0;
    if (util_format(parent, sizeof parent, "%s/machine", mnt) < 0 || util_format(dir, sizeof dir, "%s/%s", parent, x->leaf) < 0)
        return;
    /* The last guest to go takes machine/ along: it may vanish in between. */
    for (int turn = 0; turn < 3; turn++) {
        r = mkdir(parent, 0755) < 0 && errno != EEXIST ? -errno : 0;
        if (r == 0 && version == 2) {
            delegate(mnt);
            delegate(parent);
        }
        if (r == 0)
            r = mkdir(dir, 0755) < 0 && errno != EEXIST ? -errno : 0;
        if (r != -ENOENT)
            break;
    }
    if (r < 0) {
        log_info("no control group %s: %s", dir, strerror(-r));
        return;
    }
    if (version == 2) {
        util_copy_str(x->c->v2, sizeof x->c->v2, dir);
        if (!*x->c->usage)
            util_format(x->c->usage, sizeof x->c->usage, "%s/cpu.stat", dir);
        controllers = get(dir, "cgroup.controllers", have, sizeof have) == 0 ? have : "";
    } else {
        if (x->c->nv1 == CG_V1_MAX)
            return;
        util_copy_str(x->c->v1[x->c->nv1++], CG_PATH_MAX, dir);
        if (strstr(controllers, ",cpuset,")) {
            fill_cpuset(mnt, parent);
            fill_cpuset(parent, dir);
        }
        if (strstr(controllers, ",cpuacct,"))
            util_format(x->c->usage, sizeof x->c->usage, "%s/cpuacct.usage", dir);
    }
    set_limits(x, dir, version, controllers);
}

int cgroup_make(struct cgroups *c, const struct launch *l, bool session, struct err *e)
{
    char leaf[128];
    struct each x = { .leaf = leaf, .l = l, .c = c, .e = e };
    *c = (struct cgroups){ 0 };
    cgroup_name(leaf, sizeof leaf, l->id, l->name);
    if (!session)
        each_hierarchy(make_one, &x);
    /* What is asked for and has no controller here is refused: a limit that does not hold is worse than none. */
    for (int i = 0; i < LIMIT_PIDS && x.result == 0; i++) {
        char value[LIMIT_TEXT_MAX];
        limit_text(l, i, 1, value, sizeof value);
        if (*value && !(x.set & 1u << i) && (limits[i].v2 || !*c->v2))
            x.result = err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "%s is not available %s", i > LIMIT_SWAP ? "CPU tuning" : session ? "Memory tuning" : "Memory cgroup", session ? "in session mode" : "on this host");
    }
    return x.result;
}

int cgroup_join(const struct cgroups *c, pid_t pid)
{
    char text[16];
    int r = 0;
    snprintf(text, sizeof text, "%d", pid);
    for (unsigned i = 0; i < c->nv1 && r == 0; i++)
        r = put(c->v1[i], "cgroup.procs", text);
    return r;
}

static void kill_all(const char *dir)
{
    char text[4096], *p = text, *end;
    if (put(dir, "cgroup.kill", "1") == 0 || get(dir, "cgroup.procs", text, sizeof text) < 0)
        return;
    for (long pid; (pid = strtol(p, &end, 10)) > 1 && end != p; p = end)
        kill((pid_t)pid, SIGKILL);
}

/* Groups in a guest's group: those that libvirtd made for one that was taken over from it. */
static void remove_inner(const char *dir, int depth)
{
    char inner[CG_PATH_MAX];
    DIR *d = depth < INNER_DEPTH ? opendir(dir) : NULL;
    for (struct dirent *e; d && (e = readdir(d));) {
        if (e->d_type != DT_DIR || e->d_name[0] == '.' || util_format(inner, sizeof inner, "%s/%s", dir, e->d_name) < 0)
            continue;
        remove_inner(inner, depth + 1);
        kill_all(inner);
        for (int turn = 0; rmdir(inner) < 0 && errno == EBUSY && turn < INNER_TURNS; turn++)
            poll(NULL, 0, 2);
    }
    if (d)
        closedir(d);
}

static void remove_one(struct each *x, const char *mnt, int version, const char *controllers)
{
    char parent[CG_PATH_MAX], dir[CG_PATH_MAX];
    (void)version, (void)controllers;
    if (util_format(parent, sizeof parent, "%s/machine", mnt) < 0 || util_format(dir, sizeof dir, "%s/%s", parent, x->leaf) < 0)
        return;
    uint64_t until = util_now_ms() + REMOVE_WAIT_MS;
    while (rmdir(dir) < 0 && errno == EBUSY && util_now_ms() < until) {
        kill_all(dir);
        remove_inner(dir, 0);
        poll(NULL, 0, 2);       /* the kernel has no word for "it is empty now" in version 1 */
    }
    rmdir(parent);              /* refused while another guest is there */
}

void cgroup_remove(int32_t id, const char *name)
{
    char leaf[128];
    struct each x = { .leaf = leaf };
    cgroup_name(leaf, sizeof leaf, id, name);
    each_hierarchy(remove_one, &x);
}
