/* profile.c: the rows of profiles.def, and their printing. */
#include "policy.h"
#include <linux/capability.h>
#include "ipc/util.h"

#ifndef CAP_BPF
#define CAP_BPF 39
#endif
#define CAP(name) (UINT64_C(1) << CAP_##name)

static const struct policy_profile profiles[ROLE_N] = {
#define PROFILE(role, id, cap, ns, n, p, a, f, file, dump) [ROLE_##role] = { .ids = id, .files = file, .dumpable = dump, .namespaces = ns, .caps = cap, \
        .nofile = n, .nproc = p, .as_mib = a, .fsize_mib = f },
#include "profiles.def"
#undef PROFILE
};

const struct policy_profile *policy_profile(int role)
{
    return role >= 0 && role < ROLE_N ? &profiles[role] : NULL;
}

/* Names of the bits set, with commas; "none". */
static const char *bits(uint64_t set, const char *const *names, size_t n, char *buf, size_t size)
{
    size_t len = 0;
    buf[0] = 0;
    for (size_t i = 0; i < n && len < size; i++)
        if (set >> i & 1)
            len += (size_t)snprintf(buf + len, size - len, "%s%s", len ? "," : "", names[i]);
    return buf[0] ? buf : "none";
}

static void print_limit(FILE *out, uint32_t v)
{
    if (v == LIMIT_KEEP)
        fprintf(out, " %6s", "-");
    else
        fprintf(out, " %6u", v);
}

void policy_print(FILE *out)
{
    static const char *const ids[] = { [IDS_ROOT] = "root", [IDS_OWN] = "own", [IDS_OBJECT] = "object" }, *const files[] = { [FILES_HOST] = "host", [FILES_NONE] = "none", [FILES_DIRS] = "folders", [FILES_GIVEN] = "given", [FILES_SYSTEM] = "system" };
    static const char *const ns[] = { "user", "mnt", "net", "ipc", "uts" };
    static const char *const caps[] = { "chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap", "linux_immutable",
        "net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner", "sys_module", "sys_rawio", "sys_chroot", "sys_ptrace",
        "sys_pacct", "sys_admin", "sys_boot", "sys_nice", "sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write", "audit_control",
        "setfcap", "mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf", "checkpoint_restore" };
    char buf[512];
    fprintf(out, "%-12s %-6s %-8s %-20s %6s %6s %6s %6s %8s %6s  %s\n", "role", "uid", "files", "namespaces", "nofile", "nproc", "as", "fsize", "dumpable", "filter", "capabilities");
    for (int i = 0; i < ROLE_N; i++) {
        const struct policy_profile *p = &profiles[i];
        fprintf(out, "%-12s %-6s %-8s %-20s", role_name(i), ids[p->ids], files[p->files], bits(p->namespaces, ns, ARRAY_N(ns), buf, sizeof buf));
        print_limit(out, p->nofile);
        print_limit(out, p->nproc);
        print_limit(out, p->as_mib);
        print_limit(out, p->fsize_mib);
        fprintf(out, " %8s", p->dumpable ? "yes" : "no");
        if (policy_filters[i].n)
            fprintf(out, " %6u", policy_filters[i].n);
        else
            fprintf(out, " %6s", "none");
        fprintf(out, "  %s\n", bits(p->caps, caps, ARRAY_N(caps), buf, sizeof buf));
    }
}
