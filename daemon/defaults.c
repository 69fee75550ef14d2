/* defaults.c: the settings where no configuration file says otherwise, and the check of what conf made of the files. */
#include <errno.h>
#include <string.h>
#include "ipc/log.h"
#include "ipc/util.h"
#include "daemon/daemon.h"

/* Above the ranges that systemd and shadow document, below 2^31.  Each daemon has a part of its own: processes of one uid can trace each other. */
#define UID_BASE 1879048192u
#define UID_COUNT 65536u

void settings_defaults(struct settings *s, bool session)
{
    *s = (struct settings){
        .magic = SETTINGS_MAGIC, .unix_sock_rw_perms = 0700, .unix_sock_admin_perms = 0700,
        .max_clients = 5000, .max_queued_clients = 1000, .max_anonymous_clients = 20, .min_workers = 5, .max_workers = 20, .prio_workers = 5,
        .max_client_requests = 5, .admin_max_clients = 5, .admin_min_workers = 1, .admin_max_workers = 5, .admin_max_queued_clients = 5,
        .admin_max_client_requests = 5, .keepalive_interval = 5, .keepalive_count = 5, .admin_keepalive_interval = 5, .admin_keepalive_count = 5,
        .vnc_listen = "127.0.0.1", .spice_listen = "127.0.0.1", .remote_display_port_min = 5900, .remote_display_port_max = 65535,
        .dynamic_ownership = 1, .hook_timeout_s = 60,
        .log_max_size = 2u << 20, .log_max_backups = 3, .owner_uid = ~0u, .owner_gid = ~0u,
    };
    memset(s->log[LOG_FILTERS].from, LOG_L_WARN, LOG_ROLES_MAX);
    s->daemon = kind.id;
    s->uid_base = session ? 0 : UID_BASE + kind.id * UID_COUNT;
    s->uid_count = session ? 0 : UID_COUNT;
    kind.defaults(s);
}

/* Nobody but the host's own daemons and guests are their clients; of workers libvirt's have none. */
void settings_plain(struct settings *s)
{
    s->max_clients = 1024;
    s->admin_max_clients = 5000;
    s->max_anonymous_clients = 0;
    s->min_workers = s->max_workers = s->prio_workers = s->admin_min_workers = s->admin_max_workers = 0;
}

int settings_check(const struct settings *s, const char **what)
{
#define TEXT(f) { #f, s->f, sizeof s->f }
#define RANGE(f, lo, hi) { #f, s->f, lo, hi }
    const struct { const char *name, *v; size_t n; } texts[] = { TEXT(unix_sock_group), TEXT(unix_sock_dir), TEXT(log[LOG_FILTERS].text), TEXT(log[LOG_OUTPUTS].text), TEXT(vnc_listen),
        TEXT(spice_listen), TEXT(vnc_password), TEXT(spice_password), TEXT(user), TEXT(group), TEXT(lock_manager), TEXT(save_image_format), TEXT(dump_image_format), TEXT(auto_dump_path), TEXT(memory_backing_dir), TEXT(file_lockspace_dir), TEXT(lvm_lockspace_dir), TEXT(scsi_lockspace_dir),
        TEXT(log[LOG_OUTPUTS].to[0].name), TEXT(log[LOG_OUTPUTS].to[1].name), TEXT(log[LOG_OUTPUTS].to[2].name), TEXT(log[LOG_OUTPUTS].to[3].name) };
    const struct { const char *name; uint32_t v, lo, hi; } ranges[] = {
        RANGE(magic, SETTINGS_MAGIC, SETTINGS_MAGIC), RANGE(unix_sock_ro_perms, 0, 0777), RANGE(unix_sock_rw_perms, 0, 0777), RANGE(unix_sock_admin_perms, 0, 0777),
        RANGE(max_clients, 1, 1u << 20), RANGE(max_client_requests, 1, 1u << 20), RANGE(admin_max_clients, 1, 1u << 20), RANGE(log_level, 0, 4), RANGE(hook_timeout_s, 1, 3600),
        RANGE(uid_base, 0, 0xf0000000u), RANGE(uid_count, 0, 1u << 26), RANGE(auth_unix_ro, AUTH_NONE, AUTH_POLKIT), RANGE(auth_unix_rw, AUTH_NONE, AUTH_POLKIT),
    };
    for (size_t i = 0; i < ARRAY_N(texts); i++)
        if (!memchr(texts[i].v, 0, texts[i].n))
            return *what = texts[i].name, -ERANGE;
    for (size_t i = 0; i < ARRAY_N(ranges); i++)
        if (ranges[i].v < ranges[i].lo || ranges[i].v > ranges[i].hi)
            return *what = ranges[i].name, -ERANGE;
    return 0;
}
