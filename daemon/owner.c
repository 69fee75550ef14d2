/* owner.c: users and groups of the configuration. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "daemon/daemon.h"
#include "ipc/log.h"

/* A number is taken as it is; libvirt also writes it with a plus. */
static bool is_number(const char *name, uint32_t *n)
{
    char *end;
    const char *digits = name + (*name == '+');
    unsigned long v = strtoul(digits, &end, 10);
    *n = (uint32_t)v;
    return *digits >= '0' && *digits <= '9' && !*end && v < UINT32_MAX;
}

int owner_find_group(const char *name, gid_t *gid)
{
    struct group *g;
    int r = -ENOENT;
    if (is_number(name, gid))
        return 0;
    FILE *f = fopen("/etc/group", "re");
    while (f && r && (g = fgetgrent(f)))
        if (!strcmp(g->gr_name, name))
            *gid = g->gr_gid, r = 0;
    if (f)
        fclose(f);
    return r;
}

/* And the user's own group. */
int owner_find_user(const char *name, uid_t *uid, gid_t *gid)
{
    struct passwd *p;
    uid_t n;
    int r = is_number(name, &n) ? 0 : -ENOENT;
    if (r == 0)
        *uid = n;
    FILE *f = fopen("/etc/passwd", "re");
    while (f && (p = fgetpwent(f)))
        if (r == 0 ? p->pw_uid == n : !strcmp(p->pw_name, name)) {
            *uid = p->pw_uid;
            *gid = p->pw_gid;
            r = 0;
            break;
        }
    if (f)
        fclose(f);
    return r;
}

int owner_resolve(struct settings *s)
{
    if (s->user[0] && owner_find_user(s->user, &s->owner_uid, &s->owner_gid) < 0) {
        log_err("qemu.conf: user: no user '%s'", s->user);
        return -EINVAL;
    }
    if (s->group[0] && owner_find_group(s->group, &s->owner_gid) < 0) {
        log_err("qemu.conf: group: no group '%s'", s->group);
        return -EINVAL;
    }
    return 0;
}
