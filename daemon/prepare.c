/* prepare.c: what a start makes, all of it kept in the store: locks, the void, settings, doors, folders, shared pages. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "ipc/err.h"
#include "ipc/firmware.h"
#include "ipc/frame.h"
#include "ipc/index.h"
#include "ipc/log.h"
#include "ipc/util.h"
#include "daemon/daemon.h"

#define SETTINGS_WAIT_MS 20000

static int keep(uint32_t role, uint32_t tag, uint32_t arg, int fd)
{
    struct held h = { .kind = HELD_FD, .role = role, .tag = tag, .arg = arg };
    return fd < 0 ? fd : store_put(&h, fd, -1) ? 0 : -ENOSPC;
}

/* ---- settings: conf reads the files, as the first thing that is born ---- */

static int settings_ask(int chan, struct settings *s, int *rules)
{
    AUTO_FRAME f = FRAME_INIT;
    const char *what;
    struct err e;
    int r = role_ask(chan, IN_CONF_SETTINGS, NULL, 0, NULL, 0);
    if (!r)
        r = role_answer(chan, SETTINGS_WAIT_MS, &f);
    if (r == -EREMOTEIO) {
        err_from_wire(&e, f.body, f.body_len);
        log_err("configuration: %s", e.detail);
        return -EINVAL;
    }
    if (r < 0 || f.body_len != sizeof *s)
        return r < 0 ? r : -EPROTO;
    memcpy(s, f.body, sizeof *s);
    if (f.h.nfds)
        *rules = frame_take_fd(&f, 0);
    if (settings_check(s, &what) < 0) {
        log_err("configuration: %s is out of range", what);
        return -ERANGE;
    }
    return 0;
}

int settings_read(struct keeper_start *k, int *rules)
{
    const char *config = k->config[0] ? k->config : NULL;
    struct birth b = { .role = ROLE_CONF, .uid = ~0u, .gid = ~0u };
    int fds[CONF_FILE_N + 1], opened[CONF_FILE_N];
    unsigned n = 0, opened_n = 0;
    for (uint32_t i = 0; i < CONF_FILE_N && kind.files[i].name; i++) {
        char path[256];
        util_format(path, sizeof path, "%s/%s", k->layout.conf_dir, kind.files[i].name);
        opened[i] = open(i == 0 && config ? config : path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (opened[i] < 0 && (errno != ENOENT || (i == 0 && config))) {
            log_err("cannot open %s: %s", i == 0 && config ? config : path, strerror(errno));
            return -EINVAL;
        }
        if (opened[i] >= 0) {
            b.fd_kind[n] = BFD_FILE;
            b.fd_arg[n] = (uint32_t)kind.files[i].file;
            fds[n++] = opened[i];
        }
        opened_n++;
    }
    AUTO_CLOSE defaults = frame_memfd("settings", &k->settings, sizeof k->settings);
    b.fd_kind[n] = BFD_SETTINGS;
    fds[n++] = defaults;
    AUTO_CLOSE chan = role_start(k, &b, fds, n);
    int r = chan < 0 ? chan : settings_ask(chan, &k->settings, rules);      /* its channel's end ends it */
    while (opened_n)
        util_closep(&opened[--opened_n]);
    return r;
}

/* ---- the store's first rows ---- */

/* A process costs the keeper three descriptors.  No limit of a login shell may be what clients run into; where it is, a part is left for guests,
 * half of it at most.  All roles but the supervisor lower it to their profile's. */
uint32_t files_raise(void)
{
    enum { WANTED = 65536, FOR_GUESTS = 1024 };
    struct rlimit l = { .rlim_cur = 0 };
    getrlimit(RLIMIT_NOFILE, &l);
    struct rlimit most = { WANTED, l.rlim_max < WANTED ? WANTED : l.rlim_max };
    if (l.rlim_cur < WANTED && setrlimit(RLIMIT_NOFILE, &most) < 0) {
        log_warn("descriptors are limited to %ju", (uintmax_t)l.rlim_max);
        l.rlim_cur = l.rlim_max;
        setrlimit(RLIMIT_NOFILE, &l);
        return (uint32_t)(l.rlim_max - (l.rlim_max < 2 * FOR_GUESTS ? l.rlim_max / 2 : FOR_GUESTS)) / 3;
    }
    return UINT32_MAX;
}

/* A page that the supervisor writes, or has written by others (arg 1), and one of it that is only read (arg 0). */
static int keep_page(int kind_of, const char *name, const void *head, size_t n, size_t bytes)
{
    int rw, ro, r = page_create(name, head, n, bytes, &rw, &ro);
    if (r < 0 || (r = keep(ROLE_SUPERVISOR, (uint32_t)kind_of, 1, rw)) < 0)
        return r;
    return keep(ROLE_SUPERVISOR, (uint32_t)kind_of, 0, ro);
}

static int keep_pages(const struct settings *s, bool session, uint32_t version)
{
    uint32_t most = files_raise();
    struct index_head head = { .magic = INDEX_MAGIC, .qemu_version = version, .caps_known = 1, .next_id = 1 };
    struct utsname u;
    snprintf(head.hypervisor_uri, sizeof head.hypervisor_uri, "qemu:///%s", session ? "session" : "system");
    memcpy(head.host_uuid, s->host_uuid, sizeof head.host_uuid);
    if (uname(&u) == 0)
        util_copy_str(head.hostname, sizeof head.hostname, u.nodename);
    struct clients_head h = { .magic = CLIENTS_MAGIC, .next_id = 1, .limits = { { .max_clients = s->max_clients < most ? s->max_clients : most,
        .max_anonymous = s->max_anonymous_clients, .timeout_s = s->timeout_s }, { .max_clients = s->admin_max_clients } } };
    memcpy(h.log, s->log, sizeof h.log);
    int r = keep_page(BFD_INDEX, "bulkhead-index", &head, sizeof head, INDEX_BYTES);
    if (!r)
        r = keep_page(BFD_CLIENTS, "bulkhead-clients", &h, sizeof h, CLIENTS_BYTES);
    return r || !kind.caps ? r : keep_page(BFD_FIRMWARE, "bulkhead-firmware", "", 0, sizeof(struct firmware_page));
}

static int keep_folders(const struct layout *l)
{
    for (const struct kind_folder *d = kind.folders; d->sub; d++) {
        char path[256];
        layout_folder(l, d, path);
        if (d->dir < 0)
            continue;
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = keep(ROLE_SUPERVISOR, BFD_DIR, (uint32_t)d->dir, fd < 0 ? -errno : fd);
        if (r < 0) {
            log_err("cannot open %s: %s", path, strerror(-r));
            return r;
        }
    }
    return 0;
}

static int take_lock(const char *path, uint32_t arg, char made[256])
{
    int fd = -1, r = pidfile_take(path, &fd);
    if (r < 0) {
        log_err("cannot lock %s: %s", path, r == -EBUSY ? "another daemon runs" : strerror(-r));
        return r;
    }
    util_copy_str(made, 256, path);
    return keep(ROLE_KEEPER, BFD_NONE, arg, fd);
}

/* What the QEMUs of the host can do, where the daemon runs any. */
static int keep_caps(struct keeper_start *k, uint32_t *version)
{
    int r = k->layout.session ? 0 : owner_resolve(&k->settings);
    return r < 0 || !kind.caps ? r : keep(ROLE_SUPERVISOR, BFD_CAPS, 0, kind.caps(k, version));
}

/* The first start since the host booted, which the state folder does not outlive. */
static bool is_first_boot(const struct layout *l)
{
    char path[256];
    util_format(path, sizeof path, "%s/autostarted", l->state_dir);
    AUTO_CLOSE stamp = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return stamp >= 0;
}

/* The host's UUID where the configuration names none: the machine's own, else the installation's, which stay the same across restarts; a
 * random one where there is neither. Their text: 32 hexadecimal digits, with '-' or without. */
static void host_uuid(uint8_t uuid[16])
{
    static const char *const files[] = { "/sys/class/dmi/id/product_uuid", "/etc/machine-id" };
    static const uint8_t none[16];
    char text[64];
    if (memcmp(uuid, none, 16))
        return;
    for (size_t i = 0; i < ARRAY_N(files); i++) {
        AUTO_CLOSE fd = open(files[i], O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : util_read_full(fd, text, sizeof text - 1);
        unsigned digits = 0;
        text[n > 0 ? n : 0] = 0;
        for (const char *p = text; *p && digits < 32; p++) {
            const char *hex = "0123456789abcdef", *d = strchr(hex, *p | 0x20);
            if (*p != '-' && (!d || !*d))
                break;
            if (*p != '-') {
                uuid[digits / 2] = (uint8_t)(uuid[digits / 2] << 4 | (d - hex));
                digits++;
            }
        }
        if (digits == 32 && memcmp(uuid, none, 16))
            return;
        memset(uuid, 0, 16);
    }
    if (getrandom(uuid, 16, 0) == 16)
        uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40);
}

int prepare(struct keeper_start *k, const char *pid_file)
{
    int r, fds[5], doors[DOOR_N];
    unsigned locks = 0;
    char path[256];
    AUTO_CLOSE rules = -1;
    if (pid_file && (r = util_copy_str(k->layout.pid_file, sizeof k->layout.pid_file, pid_file)))
        return r;
    umask(022);
    if ((r = layout_make_folders(&k->layout)) < 0) {
        log_err("cannot make the daemon's folders: %s", strerror(-r));
        return r;
    }
    /* libvirt's own daemons lock the same file: one daemon a driver, whoever made it. */
    util_format(path, sizeof path, "%s/%s", k->layout.state_dir, kind.lock ? kind.lock : "");
    if ((r = take_lock(k->layout.pid_file, 0, k->made[locks++])) || (kind.lock && (r = take_lock(path, 1, k->made[locks++]))))
        return r;
    if (kind.holds && (r = held_open(&k->layout, k->made[locks++])) < 0)
        return r;
    if ((r = void_make(k->layout.session, fds)) < 0 && k->layout.session) {
        log_warn("the sandbox of all roles lacks namespaces: a user may not make any here: %s", strerror(-r));
    } else if (r < 0) {
        log_err("cannot make namespaces: %s", strerror(-r));
        return r;
    }
    for (uint32_t i = 0; i < 5; i++)
        if (fds[i] >= 0 && (r = keep(ROLE_KEEPER, BFD_VOID_USER + i, 0, fds[i])))
            return r;
    if ((r = settings_read(k, &rules)) < 0) {
        if (r != -ENOENT || k->config[0])
            return r;
        log_warn("no conf role: default settings");
    }
    log_threshold = k->settings.log[LOG_FILTERS].from[ROLE_KEEPER];
    host_uuid(k->settings.host_uuid);
    hooks_look(&k->layout, &k->settings);
    uint32_t version = 0;
    if ((r = keep_caps(k, &version)) || (r = keep(ROLE_SUPERVISOR, BFD_SETTINGS, 0, frame_memfd("settings", &k->settings, sizeof k->settings))) ||
        (r = keep(ROLE_SUPERVISOR, BFD_LAYOUT, 0, frame_memfd("layout", &k->layout, sizeof k->layout))) || (r = keep_pages(&k->settings, k->layout.session, version)) || (r = keep_folders(&k->layout)) || (r = keep(ROLE_SUPERVISOR, BFD_ACCESS, 0, access_ids(rules))) ||
        (r = listen_open(&k->layout, &k->settings, doors, k->made + locks)))
        return r;
    for (uint32_t d = 0; d < DOOR_N; d++)
        if (doors[d] >= 0 && (r = keep(ROLE_SUPERVISOR, BFD_LISTEN_RW + d, 0, doors[d])))
            return r;
    k->first_boot = kind.autostarts && is_first_boot(&k->layout);
    return 0;
}
