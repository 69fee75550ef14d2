/* access.c: the rules of bulkhead-access.conf before anybody goes by them: ids of their users and groups; and `virtqemud --may`. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "daemon/daemon.h"
#include "ipc/access.h"
#include "ipc/frame.h"
#include "ipc/log.h"
#include "ipc/loop.h"
#include "ipc/util.h"

static int find_ids(struct access_rules *r)
{
    for (uint32_t i = 0; i < r->n; i++) {
        struct access_rule *a = &r->rule[i];
        uint32_t gid;
        if (a->who != ACCESS_ALL && (a->who == ACCESS_USER ? owner_find_user(a->name, &a->id, &gid) : owner_find_group(a->name, &a->id)) < 0) {
            log_err("bulkhead-access.conf:%u: no %s '%s'", a->line, a->who == ACCESS_USER ? "user" : "group", a->name);
            return -EINVAL;
        }
    }
    return 0;
}

int access_ids(int fd)
{
    static const struct access_rules none = { .magic = ACCESS_MAGIC };
    const void *p = NULL;
    size_t n = 0;
    if (fd < 0)
        return frame_memfd("access", &none, sizeof none);
    int r = frame_map(fd, ACCESS_BYTES_MAX, &p, &n);
    if (r < 0)
        return r;
    AUTO_FREE struct access_rules *rules = malloc(n + 1);
    if (rules && n)
        memcpy(rules, p, n);
    if (n)
        munmap((void *)(uintptr_t)p, n);
    r = !rules ? -ENOMEM : !access_rules_good(rules, n) ? -EPROTO : find_ids(rules);
    return r < 0 ? r : frame_memfd("access", rules, n);
}

/* ---- --may ---- */

/* Who a user would be to the daemon; a number need not be anybody's. */
static int client_find(const char *user, struct access_client *c)
{
    static uint32_t groups[1024];
    struct group *g;
    char name[256] = "";
    if (owner_find_user(user, &c->uid, &c->gid) < 0)
        return -ENOENT;
    struct passwd *p;
    FILE *f = fopen("/etc/passwd", "re");
    while (f && (p = fgetpwent(f)))
        if (p->pw_uid == c->uid && !*name)
            util_copy_str(name, sizeof name, p->pw_name);
    if (f)
        fclose(f);
    f = fopen("/etc/group", "re");
    while (f && *name && c->ngroups < ARRAY_N(groups) && (g = fgetgrent(f)))
        for (char **member = g->gr_mem; *member; member++)
            if (!strcmp(*member, name) && c->ngroups < ARRAY_N(groups))
                groups[c->ngroups++] = g->gr_gid;
    if (f)
        fclose(f);
    c->groups = groups;
    return 0;
}

/* NAME, UUID or NAME/UUID: names have no '/'. */
static void object_read(char *guest, struct access_object *o)
{
    static uint8_t uuid[16];
    char *slash = guest ? strchr(guest, '/') : NULL;
    o->about = guest ? ACCESS_GUEST : ACCESS_NO_GUEST;
    o->name = guest ? guest : "";
    if (slash)
        *slash = 0;
    if (guest && access_uuid(slash ? slash + 1 : guest, uuid))
        o->uuid = uuid;
}

static int tell(const struct access_rules *r, const char *user, const char *action, char *guest)
{
    static const char *const words[] = { [ACCESS_NO] = "no", [ACCESS_YES] = "yes", [ACCESS_OPEN] = "that depends on the guest's UUID" };
    struct access_client c = { .uid = 0 };
    struct access_object o = { .about = ACCESS_NO_GUEST };
    uint32_t line;
    if (strchr(action, '*') || !access_permission(action)) {
        fprintf(stderr, "%s: '%s' is no permission of libvirt's, like domain.start\n", kind.name, action);
        return 2;
    }
    c.gid = ~0u;        /* of a number that is nobody's */
    if (client_find(user, &c) < 0) {
        fprintf(stderr, "%s: no user '%s'\n", kind.name, user);
        return 2;
    }
    object_read(guest, &o);
    enum access_answer is = access_judge(r, &c, action, &o, &line);
    if (line)
        printf("%s: bulkhead-access.conf:%u\n", words[is], line);
    else
        printf("%s: no rule is about it\n", words[is]);
    return is == ACCESS_YES ? 0 : is == ACCESS_NO ? 1 : 2;
}

int access_cli(struct keeper_start *k, char *const words[3])
{
    const void *p;
    size_t n;
    AUTO_CLOSE rules = -1;
    int r = loop_init();
    if (!r)
        r = settings_read(k, &rules);
    AUTO_CLOSE fd = r < 0 ? r : access_ids(rules);
    if (fd < 0 || (r = frame_map(fd, ACCESS_BYTES_MAX, &p, &n)) < 0)
        return 2;       /* said already */
    if (!(k->settings.access & ACCESS_RULES)) {
        printf("yes: there is no bulkhead-access.conf\n");
        return 0;
    }
    return tell(p, words[0], words[1], words[2]);
}
