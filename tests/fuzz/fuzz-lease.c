/* fuzz-lease: what virtlockd answers to a guest's lease role: the input is all that ever comes over the connection. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "ipc/util.h"
#include "workers/lease/lease.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct settings settings = { .magic = SETTINGS_MAGIC, .auto_disk_leases = 1, .file_lockspace_dir = "/files" };
    static struct resources two = { .n = 2, .v = { { (char *)(uintptr_t)"", (char *)(uintptr_t)"/a", 0 }, { (char *)(uintptr_t)"/s", (char *)(uintptr_t)"key", LOCK_SHARED | LOCK_AUTOCREATE } } };
    const struct lock_owner owner = { .id = 1, .pid = 2, .name = "guest" };
    struct err e = ERR_INIT;
    int pair[2];
    if (size > 65536 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
        return 0;
    if (write(pair[1], data, size) != (ssize_t)size || shutdown(pair[1], SHUT_WR))
        abort();
    int r = lease_talk(pair[0], &owner, &two, &settings, size % 2 ? LEASES_TAKE | LEASES_AGAIN : LEASES_GIVE, 10000, &e);
    if ((r == 0) != (e.code == 0))
        abort();                /* a refusal without a reason, or the other way round */
    close(pair[0]);
    close(pair[1]);
    return 0;
}
