/* filters.c: see filters.h. */
#include "workers/filters.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/birth.h"
#include "ipc/layout.h"
#include "ipc/log.h"

#define FILTERS_MAX (LOG_SETTING_MAX / 4)       /* "1:a " is the shortest */
_Static_assert(ROLE_N <= LOG_ROLES_MAX, "a level for each role");

/* Beside its own name a role has those of libvirt's sources that do there what it does here: patterns that people know find it. */
static const char *const names[ROLE_N] = {
    [ROLE_KEEPER] = "daemon.keeper util.process",
    [ROLE_SUPERVISOR] = "daemon.supervisor",
    [ROLE_GATEWAY] = "rpc.netserverclient rpc.netserverprogram daemon.remote admin.admin_server libvirt.domain",
    [ROLE_XMLC] = "conf.domain_conf util.xml",
    [ROLE_PROBE] = "storage_file.storage_source qemu.qemu_capabilities",
    [ROLE_CONF] = "conf.virdomainobjlist util.conf",
    [ROLE_HOST] = "util.host cpu.cpu node_device.node_device_driver",
    [ROLE_LOG] = "logging.log_handler",
    [ROLE_QEMU] = "qemu.qemu_process qemu.qemu_monitor qemu.qemu_agent",
    [ROLE_HAND_OPEN] = "security.security_dac util.file",
    [ROLE_HAND_NET] = "util.netdevtap",
    [ROLE_HAND_HOOK] = "util.hook",
    [ROLE_HAND_LAUNCH] = "util.command util.cgroup",
    [ROLE_LOCK] = "locking.lock_driver",
    [ROLE_HOLDER] = "locking.lock_driver",
    [ROLE_ZIP] = "logging.log_cleaner",
    [ROLE_AUTH] = "access.access_manager access.access_driver_polkit util.polkit",
    [ROLE_TALK] = "locking.lock_manager logging.log_manager",
};
static const char *const supervisors[DAEMON_N] = { "qemu.qemu_driver", "logging.log_daemon", "locking.lock_daemon" };

struct filter { uint8_t level; unsigned len; const char *pattern; };

/* '*' is any text, '?' any character; there may be anything around it. */
static bool matches(const struct filter *f, const char *name, const char *end)
{
    const char *p = f->pattern, *star = p, *from = name;
    while (p < f->pattern + f->len)
        if (*p == '*') {
            star = ++p;
            from = name;
        } else if (name == end) {
            return false;
        } else if (*p == '?' || *p == *name) {
            p++;
            name++;
        } else {
            p = star;
            name = ++from;
        }
    return true;
}

static bool matches_one(const struct filter *f, const char *list)
{
    for (const char *end; list && *list; list = end + (*end == ' ')) {
        end = strchrnul(list, ' ');
        if (matches(f, list, end))
            return true;
    }
    return false;
}

static bool matches_role(const struct filter *f, int role, uint32_t daemon)
{
    return matches_one(f, role_name(role)) || matches_one(f, names[role]) || (role == ROLE_SUPERVISOR && daemon < DAEMON_N && matches_one(f, supervisors[daemon]));
}

static int parse_one(struct filter *f, const char *item, struct err *e)
{
    const char *pattern = strchr(item, ':');
    char *end;
    if (!pattern)
        return err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "Malformed format for filter '%s'", item);
    unsigned long level = strtoul(item, &end, 10);
    if (end == item || end != pattern || memchr(item, '-', (size_t)(pattern - item)) || level < LOG_L_DEBUG || level > LOG_L_ERR)
        return err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "Invalid priority '%.*s' for filter '%s'", (int)(pattern - item), item, item);
    unsigned n = (unsigned)strcspn(++pattern, ":"), plus = *pattern == '+';     /* which asked for a stack trace once */
    if (n <= plus)
        return err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "Invalid match string '%.*s'", (int)n, pattern);
    *f = (struct filter){ (uint8_t)level, n - plus, pattern + plus };
    return 0;
}

int filters_parse(struct logging *log, const struct settings *s, struct err *e)
{
    struct filter found[FILTERS_MAX];
    char copy[LOG_SETTING_MAX], said[LOG_SETTING_MAX] = "";
    unsigned n = 0;
    size_t at = 0;
    bool fits = memccpy(copy, log->text, 0, sizeof copy) != NULL;
    for (char *save, *item = fits ? strtok_r(copy, " ", &save) : NULL; item && fits; item = strtok_r(NULL, " ", &save)) {
        struct filter *f = &found[n++];
        if (parse_one(f, item, e) < 0)
            return -1;
        at += (size_t)snprintf(said + at, sizeof said - at, "%u:*%.*s* ", f->level, (int)f->len, f->pattern);
        fits = at < sizeof said;
    }
    if (!fits)
        return err_set(e, VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "the text is too long");
    *log = (struct logging){ .from = { 0 } };
    for (int role = 0; role < ROLE_N; role++) {
        log->from[role] = (uint8_t)s->log_level;
        for (unsigned i = n; i--;)      /* the first has the last word */
            if (matches_role(&found[i], role, s->daemon))
                log->from[role] = found[i].level;
    }
    memcpy(log->text, said, sizeof said);
    return 0;
}
