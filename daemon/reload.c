/* reload.c: SIGHUP.  The keeper gives all that it holds to the front once more, which reads the configuration and gives it back: what comes then is a
 * re-exec like any other.  Where the files are bad, what was in force stays so. */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
#include "daemon/daemon.h"
#include "ipc/frame.h"
#include "ipc/log.h"
#include "ipc/loop.h"
#include "ipc/util.h"

static struct row *held_by_supervisor(int kind_of, uint32_t arg)
{
    struct row *r = store_next(NULL, HELD_FD);
    while (r && (r->key.object || r->key.role != ROLE_SUPERVISOR || r->key.tag != (uint32_t)kind_of || r->key.arg != arg))
        r = store_next(r, HELD_FD);
    return r;
}

/* What is in use by processes that live and doors that are open stays until the daemon starts anew. */
static void keep_fixed(struct settings *s, const struct settings *was)
{
    s->uid_base = was->uid_base;
    s->uid_count = was->uid_count;
    memcpy(s->host_uuid, was->host_uuid, sizeof s->host_uuid);
    memcpy(s->unix_sock_dir, was->unix_sock_dir, sizeof s->unix_sock_dir);
}

/* A limit that the files have changed is in force again, whatever the admin program has set since; so is logging. */
static int page_renew(const struct settings *s, const struct settings *was)
{
    struct row *page = held_by_supervisor(BFD_CLIENTS, 1);
    struct clients_head h;
    if (!page || pread(page->fd, &h, sizeof h, 0) != (ssize_t)sizeof h)
        return -EIO;
    uint32_t most = files_raise();
    if (s->max_clients != was->max_clients)
        h.limits[0].max_clients = s->max_clients < most ? s->max_clients : most;
    if (s->max_anonymous_clients != was->max_anonymous_clients)
        h.limits[0].max_anonymous = s->max_anonymous_clients;
    if (s->admin_max_clients != was->admin_max_clients)
        h.limits[1].max_clients = s->admin_max_clients;
    memcpy(h.log, s->log, sizeof h.log);
    h.reloaded = 1;
    return pwrite(page->fd, &h, sizeof h, 0) == (ssize_t)sizeof h ? 0 : -EIO;
}

static int renew(struct keeper_start *k, const struct settings *fresh)
{
    static struct keeper_start next;
    struct row *row = held_by_supervisor(BFD_SETTINGS, 0), *access = held_by_supervisor(BFD_ACCESS, 0);
    AUTO_CLOSE rules = -1;
    next = *k;
    next.settings = *fresh;
    int r = row && access ? settings_read(&next, &rules) : -ENOENT;
    if (!r && !k->layout.session)
        r = owner_resolve(&next.settings);
    if (r < 0)
        return r;
    keep_fixed(&next.settings, &k->settings);
    hooks_look(&next.layout, &next.settings);
    AUTO_CLOSE fd = frame_memfd("settings", &next.settings, sizeof next.settings), ids = access_ids(rules);
    if (fd < 0 || ids < 0 || (r = page_renew(&next.settings, &k->settings)) < 0)
        return fd < 0 ? fd : ids < 0 ? ids : r;
    close(access->fd);
    access->fd = STEAL_FD(&ids);
    close(row->fd);
    row->fd = STEAL_FD(&fd);
    k->settings = next.settings;
    return 0;
}

int reload(const struct settings *fresh, int state, char **argv)
{
    static struct keeper_start k;
    int r = loop_init();
    if (!r)
        r = store_load(state, &k);
    if (r < 0)
        return r;
    output_init(&k);
    log_sink = output_own;
    if ((r = renew(&k, fresh)) < 0)
        log_err("SIGHUP: the configuration stays as it was: %s", strerror(-r));
    r = keeper_exec(&k, false, argv);
    log_err("cannot go on: %s", strerror(-r));
    return 1;
}
