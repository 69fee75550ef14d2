/* hand_cgroup.c: a guest's control groups, version 1, version 2 and hosts with both.
 *
 * Privilege: root's own right to the group file systems (CAP_DAC_OVERRIDE where they are delegated), CAP_KILL for what is left at the end.
 * Part of hand-launch.  Assumes of its input: id and name come from the supervisor; the name is cut down to harmless letters here. */
#include "hand_launch.h"
#include "hand_tune.h"
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
#include <unistd.h>
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

int cgroup_put(const char *dir, const char *file, const char *value)
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
struct each { const char *leaf; const struct launch *l; struct cgroups *c; const struct tune *t, *was /* NULL: groups are new */; struct err *e; uint32_t set /* limits, a bit each */; bool has_disks /* a controller for them */; int result; };
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

/* A limit: where it goes in either version, what the kernel has where nothing is said (NULL: what the group above has), and how libvirt calls its controller. */
enum { LIMIT_MEM, LIMIT_SOFT, LIMIT_SWAP, LIMIT_SHARES, LIMIT_PERIOD, LIMIT_QUOTA, LIMIT_CPUS, LIMIT_MEMS, LIMIT_WEIGHT, LIMIT_PIDS, LIMIT_N };
static const struct { const char *controller, *v1, *v2, *none1, *none2, *name; } limits[LIMIT_N] = {
    [LIMIT_MEM] = { "memory", "memory.limit_in_bytes", "memory.max", "-1", "max", "memory" },
    [LIMIT_SOFT] = { "memory", "memory.soft_limit_in_bytes", "memory.high", "-1", "max", "memory" },
    [LIMIT_SWAP] = { "memory", "memory.memsw.limit_in_bytes", "memory.swap.max", "-1", "max", "memory" },
    [LIMIT_SHARES] = { "cpu", "cpu.shares", "cpu.weight", "1024", "100", "CPU" }, [LIMIT_PERIOD] = { "cpu", "cpu.cfs_period_us", NULL, "100000", NULL, "CPU" },
    [LIMIT_QUOTA] = { "cpu", "cpu.cfs_quota_us", "cpu.max", "-1", "max 100000", "CPU" },
    [LIMIT_CPUS] = { "cpuset", "cpuset.cpus", "cpuset.cpus", NULL, NULL, "cpuset" }, [LIMIT_MEMS] = { "cpuset", "cpuset.mems", "cpuset.mems", NULL, NULL, "cpuset" },
    [LIMIT_WEIGHT] = { "blkio", "blkio.weight", "io.weight", "100", "default 100", "blkio" }, [LIMIT_PIDS] = { "pids", "pids.max", "pids.max", NULL, NULL, NULL },
};

#define LIMIT_TEXT_MAX 4096      /* every second of CPUS_MAX CPUs */

/* Where the guest as a whole may run: wherever one of its threads is to. */
static void all_cpus(const struct tune *t, char *dst, size_t n)
{
    struct cpus all = t->cpus;
    for (unsigned i = 0; cpus_any(&t->cpus) && i < t->pins; i++)
        for (size_t k = 0; k < ARRAY_N(all.w); k++)
            all.w[k] |= t->pin[i].cpus.w[k];
    cpus_text(&all, dst, n);
}

/* What version 2's cpu.max is told. */
static void max_text(char *dst, size_t n, int64_t period, int64_t quota)
{
    snprintf(dst, n, quota <= 0 ? "max %lld" : "%2$lld %1$lld", (long long)(period ? period : 100000), (long long)quota);
}

/* The value's text, "" when nothing is asked for. */
static void limit_text(const struct tune *t, int i, int version, char *dst, size_t n)
{
    static const uint8_t from[LIMIT_N] = { [LIMIT_SOFT] = TUNE_SOFT, [LIMIT_SWAP] = TUNE_SWAP, [LIMIT_SHARES] = TUNE_SHARES, [LIMIT_PERIOD] = TUNE_PERIOD, [LIMIT_QUOTA] = TUNE_QUOTA,
        [LIMIT_WEIGHT] = TUNE_WEIGHT };
    int64_t v = t->n[from[i]];
    *dst = 0;
    if (i == LIMIT_CPUS)
        all_cpus(t, dst, n);
    else if (i == LIMIT_MEMS)
        util_copy_str(dst, n, t->mems);
    else if (i == LIMIT_PIDS || (i == LIMIT_QUOTA && version == 2 ? !t->given[TUNE_PERIOD] && !t->given[TUNE_QUOTA] : !t->given[from[i]]))
        return;
    else if (i <= LIMIT_SWAP)       /* version 2 counts swap alone */
        snprintf(dst, n, "%lld", 1024ll * (i == LIMIT_SWAP && version == 2 ? (v > t->n[TUNE_HARD] ? v - t->n[TUNE_HARD] : 0) : v));
    else if (i == LIMIT_QUOTA && version == 2)
        max_text(dst, n, t->n[TUNE_PERIOD], v);
    else
        snprintf(dst, n, i == LIMIT_WEIGHT && version == 2 ? "default %lld" : "%lld", (long long)v);
}

static int bad_write(struct err *e, const char *dir, const char *file, const char *value, int error)
{
    return error == EINVAL ? err_sys(e, VIR_FROM_CGROUP, error, "Invalid value '%s' for '%s'", value, file) : err_sys(e, VIR_FROM_CGROUP, error, "Unable to write to '%s/%s'", dir, file);
}

/* With another scheduler for disks the weight is elsewhere. */
static int put_limit(int i, int version, const char *dir, const char *file, const char *value)
{
    int r = cgroup_put(dir, file, value);
    if (r == -ENOENT && i == LIMIT_WEIGHT)
        r = cgroup_put(dir, version == 2 ? "io.bfq.weight" : "blkio.bfq.weight", value);
    return r;
}

/* All of a hierarchy's; of limits that depend on each other the first may be refused until the second has changed. */
static void set_limits(struct each *x, const char *parent, const char *dir, int version, const char *controllers)
{
    for (int turn = 0, failed = 1; turn < 2 && failed; turn++) {
        failed = 0;
        for (int i = 0; i < LIMIT_N; i++) {
            const char *file = version == 2 ? limits[i].v2 : limits[i].v1, *none = version == 2 ? limits[i].none2 : limits[i].none1;
            char value[LIMIT_TEXT_MAX], was[LIMIT_TEXT_MAX] = "", word[32];
            limit_text(x->t, i, version, value, sizeof value);
            if (x->was && !*value)
                limit_text(x->was, i, version, was, sizeof was);
            if (!x->was && i == LIMIT_PIDS)
                snprintf(value, sizeof value, "%u", x->l->pids_max ? x->l->pids_max : PIDS_DEFAULT);
            snprintf(word, sizeof word, version == 2 ? "%s" : ",%s,", version == 2 && i == LIMIT_WEIGHT ? "io" : limits[i].controller);
            if ((!*value && !*was) || !file || !strstr(controllers, word))
                continue;
            if (!*value && none)
                util_copy_str(value, sizeof value, none);
            else if (!*value && get(parent, file, value, sizeof value) < 0)
                continue;
            int r = put_limit(i, version, dir, file, value);
            x->set |= 1u << i;
            failed |= r < 0 && i != LIMIT_PIDS;
            if (r < 0 && turn && i != LIMIT_PIDS && !x->result)
                x->result = bad_write(x->e, dir, file, value, -r);
        }
    }
}

static void set_disks(struct each *x, const char *dir, int version, const char *controllers)
{
    if (!strstr(controllers, version == 2 ? "io" : ",blkio,"))
        return;
    x->has_disks = true;
    if (!x->result)
        x->result = cgroup_disks(dir, version, x->t, x->was, x->e);
}

/* A new cpuset of version 1 is empty, and nothing can join it. */
static void fill_cpuset(const char *parent, const char *dir)
{
    static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
    char text[1024];
    for (size_t i = 0; i < ARRAY_N(files); i++)
        if (get(dir, files[i], text, sizeof text) == 0 && (!*text || *text == '\n') && get(parent, files[i], text, sizeof text) == 0)
            cgroup_put(dir, files[i], text);
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
            cgroup_put(dir, "cgroup.subtree_control", word);     /* refused where processes sit in dir: then without */
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
            util_format(x->c->usage, sizeof x->c->usage, "%s/cpuacct.usage_percpu", dir);
    }
    set_limits(x, parent, dir, version, controllers);
    set_disks(x, dir, version, controllers);
}

/* What is asked for and has no controller here: a limit that does not hold is worse than none. -1: there is none. */
static int missing(const struct each *x)
{
    for (int i = 0; i < LIMIT_PIDS; i++) {
        char value[LIMIT_TEXT_MAX];
        limit_text(x->t, i, 1, value, sizeof value);
        if (*value && !(x->set & 1u << i) && (limits[i].v2 || !*x->c->v2))
            return i;
    }
    return x->t->disks && !x->has_disks ? LIMIT_WEIGHT : -1;
}

int cgroup_make(struct cgroups *c, const struct launch *l, const struct tune *t, bool session, struct err *e)
{
    char leaf[128];
    struct each x = { .leaf = leaf, .l = l, .c = c, .t = t, .e = e };
    *c = (struct cgroups){ 0 };
    cgroup_name(leaf, sizeof leaf, l->id, l->name);
    if (!session)
        each_hierarchy(make_one, &x);
    int i = missing(&x);
    if (x.result == 0 && i >= 0)
        x.result = err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "%s is not available %s", i == LIMIT_WEIGHT ? "Block I/O tuning" : i > LIMIT_SWAP ? "CPU tuning" : session ? "Memory tuning" : "Memory cgroup", session ? "in session mode" : "on this host");
    return x.result;
}

/* ---- of a guest that runs ---- */

static void tune_one(struct each *x, const char *mnt, int version, const char *controllers)
{
    char parent[CG_PATH_MAX], dir[CG_PATH_MAX], have[256];
    if (util_format(parent, sizeof parent, "%s/machine", mnt) < 0 || util_format(dir, sizeof dir, "%s/%s", parent, x->leaf) < 0 || access(dir, F_OK) < 0)
        return;
    if (version == 2) {
        util_copy_str(x->c->v2, sizeof x->c->v2, dir);
        controllers = get(dir, "cgroup.controllers", have, sizeof have) == 0 ? have : "";
    }
    if (strstr(controllers, version == 2 ? "cpu" : ",cpu,")) {
        util_copy_str(x->c->cpu, sizeof x->c->cpu, dir);
        x->c->cpu_version = version;
    }
    if (strstr(controllers, version == 2 ? "cpuset" : ",cpuset,"))
        util_copy_str(x->c->cpuset, sizeof x->c->cpuset, dir);
    set_limits(x, parent, dir, version, controllers);
    set_disks(x, dir, version, controllers);
}

int cgroup_tune(struct cgroups *c, int32_t id, const char *name, bool session, const struct tune *t, const struct tune *was, struct err *e)
{
    char leaf[128];
    struct each x = { .leaf = leaf, .c = c, .t = t, .was = was, .e = e };
    *c = (struct cgroups){ 0 };
    cgroup_name(leaf, sizeof leaf, id, name);
    if (!session)
        each_hierarchy(tune_one, &x);
    int i = missing(&x);
    if (x.result == 0 && i >= 0 && session)
        x.result = err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "%s tuning is not available in session mode", i > LIMIT_SWAP ? i == LIMIT_WEIGHT ? "Block I/O" : "CPU" : "Memory");
    else if (x.result == 0 && i >= 0)
        x.result = err_set(e, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "cgroup %s controller is not mounted", limits[i].name);
    return x.result;
}

/* One turn of writing period and quota: a child's share may be no more than its parent's, so what comes first depends on what there is. */
static int put_share(const struct cgroups *c, const char *dir, int64_t period, int64_t quota, struct err *e)
{
    const char *const files[] = { "cpu.cfs_period_us", "cpu.cfs_quota_us" };
    const int64_t values[] = { period ? period : 100000, quota ? quota : -1 };
    char text[64];
    int r = 0;
    if (c->cpu_version == 2) {
        max_text(text, sizeof text, period, quota);
        return (r = cgroup_put(dir, "cpu.max", text)) < 0 ? bad_write(e, dir, "cpu.max", text, -r) : 0;
    }
    for (int turn = 0; turn < 4; turn++) {
        snprintf(text, sizeof text, "%lld", (long long)values[turn % 2]);
        if ((r = cgroup_put(dir, files[turn % 2], text)) < 0 && turn > 1)
            return bad_write(e, dir, files[turn % 2], text, -r);
    }
    return 0;
}

int cgroup_thread(const struct cgroups *c, const char *group, int64_t period, int64_t quota, struct err *e)
{
    char dir[CG_PATH_MAX];
    if (!*c->cpu)
        return err_set(e, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "cgroup CPU controller is not mounted");
    bool fits = util_format(dir, sizeof dir, "%s/%s", c->cpu, group) == 0;
    int made = fits ? mkdir(dir, 0755) : -1;
    if (made < 0 && (!fits || errno != EEXIST))
        return err_sys(e, VIR_FROM_NONE, fits ? errno : ENAMETOOLONG, "Failed to create controller cpu for group");
    if (made == 0 && c->cpu_version == 2) {     /* it stays one domain, with threads in groups of their own */
        cgroup_put(dir, "cgroup.type", "threaded");
        cgroup_put(c->cpu, "cgroup.subtree_control", "+cpu");
    }
    return put_share(c, dir, period, quota, e);
}

int cgroup_thread_cpus(const struct cgroups *c, const char *group, const struct cpus *cpus)
{
    char dir[CG_PATH_MAX], text[LIMIT_TEXT_MAX];
    if (!*c->cpuset || util_format(dir, sizeof dir, "%s/%s", c->cpuset, group) < 0 || access(dir, F_OK) < 0)
        return 0;
    int r = cpus ? cpus_text(cpus, text, sizeof text) ? 0 : -E2BIG : get(c->cpuset, "cpuset.cpus", text, sizeof text);
    return r < 0 ? r : cgroup_put(dir, "cpuset.cpus", text);
}

int cgroup_thread_join(const struct cgroups *c, const char *group, int32_t tid)
{
    char dir[CG_PATH_MAX], text[16];
    if (util_format(dir, sizeof dir, "%s/%s", c->cpu, group) < 0)
        return -ENAMETOOLONG;
    snprintf(text, sizeof text, "%d", tid);
    return cgroup_put(dir, c->cpu_version == 2 ? "cgroup.threads" : "tasks", text);
}

int cgroup_join(const struct cgroups *c, pid_t pid)
{
    char text[16];
    int r = 0;
    snprintf(text, sizeof text, "%d", pid);
    for (unsigned i = 0; i < c->nv1 && r == 0; i++)
        r = cgroup_put(c->v1[i], "cgroup.procs", text);
    return r;
}

static void kill_all(const char *dir)
{
    char text[4096], *p = text, *end;
    if (cgroup_put(dir, "cgroup.kill", "1") == 0 || get(dir, "cgroup.procs", text, sizeof text) < 0)
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
