/* kind_qemud.c: virtqemud. */
#include "daemon/daemon.h"

static const struct option options[] = { COMMON_OPTIONS, { "debug", required_argument, NULL, OPT_DEBUG }, { "trace", no_argument, NULL, OPT_TRACE }, { "may", required_argument, NULL, OPT_MAY }, { NULL, 0, NULL, 0 } };

#define IN KIND_FOLDER
static const struct kind_folder folders[] = {
    { IN(sock_dir), "", 0755, -1 }, { IN(state_dir), "", 0755, DIR_STATUS }, { IN(conf_dir), "", 0755, -1 }, { IN(def_dir), "", 0755, DIR_DEFINITIONS },
    { IN(def_dir), "/autostart", 0755, DIR_AUTOSTART }, { IN(lib_dir), "", 0751, -1 }, { IN(lib_dir), "/save", 0700, DIR_SAVE }, { IN(lib_dir), "/nvram", 0711, DIR_NVRAM }, { IN(lib_dir), "/dump", 0755, -1 }, { IN(lib_dir), "/ram", 0755, -1 },
    { IN(lib_dir), "/channel/target", 0711, -1 }, { IN(log_dir), "", 0700, DIR_LOG }, { IN(cache_dir), "", 0700, DIR_CACHE },
    { IN(lib_dir), "/../swtpm", 0711, DIR_TPM }, { 0, NULL, 0, -1 },
};

static void defaults(struct settings *s)
{
    s->unix_sock_ro_perms = 0777;
    s->auto_disk_leases = 1;
    s->require_lease_for_disks = REQUIRE_UNLESS_AUTO;
    kvm_ask(s);
    programs_ask(s);
    tls_ask(s);
}

const struct daemon_kind kind = {
    .id = DAEMON_QEMUD, .name = "virtqemud", .supervisor = "supervisor", .options = options, .folders = folders, .defaults = defaults, .caps = emulators_ask,
    .usage = "       --worker [NAME]   Show the running daemon's processes, or those of guest NAME\n"
             "       --debug CMD       With --worker NAME: run CMD, as gdb or strace, on its worker\n"
             "       --trace           With --worker NAME: show what goes over its monitor\n"
             "       --may USER ACTION [GUEST]\n"
             "                         Whether bulkhead-access.conf as it is now lets a user do that\n",
    .doors = 1u << DOOR_RW | 1u << DOOR_RO | 1u << DOOR_ADMIN, .lock = "driver.pid", .autostarts = true,
    .files = { { CONF_FILE_DAEMON, "virtqemud.conf" }, { CONF_FILE_QEMU, "qemu.conf" }, { CONF_FILE_LOGD, "virtlogd.conf" }, { CONF_FILE_QEMU_LOCKD, "qemu-lockd.conf" }, { CONF_FILE_ACCESS, "bulkhead-access.conf" } },
};
