/* kind_lockd.c: virtlockd. */
#include "daemon/daemon.h"

static const struct option options[] = { COMMON_OPTIONS, { "leases", no_argument, NULL, OPT_LIST }, { NULL, 0, NULL, 0 } };
static const struct kind_folder folders[] = { { KIND_FOLDER(sock_dir), "", 0755, -1 }, { 0, NULL, 0, -1 } };

const struct daemon_kind kind = {
    .id = DAEMON_LOCKD, .name = "virtlockd", .supervisor = "supervisor-lockd", .options = options, .folders = folders, .defaults = settings_plain, .list = lease_cli,
    .usage = "       --worker          Show the running daemon's processes\n"
             "       --leases          Show who holds what\n",
    .doors = 1u << DOOR_RW | 1u << DOOR_ADMIN, .only_owner = true, .holds = true,
    .files = { { CONF_FILE_LOCKD, "virtlockd.conf" } },
};
