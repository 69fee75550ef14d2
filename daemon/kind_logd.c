/* kind_logd.c: virtlogd. */
#include "daemon/daemon.h"

static const struct option options[] = { COMMON_OPTIONS, { NULL, 0, NULL, 0 } };
static const struct kind_folder folders[] = { { KIND_FOLDER(sock_dir), "", 0755, -1 }, { 0, NULL, 0, -1 } };

const struct daemon_kind kind = {
    .id = DAEMON_LOGD, .name = "virtlogd", .supervisor = "supervisor-logd", .options = options, .folders = folders, .defaults = settings_plain,
    .usage = "       --worker          Show the running daemon's processes\n",
    .doors = 1u << DOOR_RW | 1u << DOOR_ADMIN, .only_owner = true,
    .files = { { CONF_FILE_LOGD, "virtlogd.conf" } },
};
