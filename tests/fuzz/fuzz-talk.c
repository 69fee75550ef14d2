/* fuzz-talk: what virtlockd or virtlogd answers to a guest's talk role: the input is all that ever comes over the connection. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "ipc/frame.h"
#include "ipc/manifest.h"
#include "ipc/util.h"
#include "workers/talk/talk.h"

/* A manifest with one log. */
static int a_log(void)
{
    static int fd = -1;
    uint8_t buf[1024];
    struct manifest_out out;
    struct manifest_entry m = { .kind = MK_LOG, .parent = -1 };
    if (fd >= 0)
        return fd;
    manifest_begin(&out, buf, sizeof buf);
    manifest_add(&out, &m, "/a/log", NULL);
    return fd = frame_memfd("manifest", buf, (size_t)manifest_finish(&out));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct settings settings = { .magic = SETTINGS_MAGIC, .auto_disk_leases = 1, .file_lockspace_dir = "/files" };
    static struct resources two = { .n = 2, .v = { { (char *)(uintptr_t)"", (char *)(uintptr_t)"/a", 0 }, { (char *)(uintptr_t)"/s", (char *)(uintptr_t)"key", LOCK_SHARED | LOCK_AUTOCREATE } } };
    const struct lock_owner owner = { .id = 1, .pid = 2, .name = "guest" };
    static const struct layout layout = { .log_dir = "/logs" };
    struct err e = ERR_INIT;
    int pair[2];
    if (size > 65536 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
        return 0;
    if (write(pair[1], data, size) != (ssize_t)size || shutdown(pair[1], SHUT_WR))
        abort();
    struct pipes pipes = { .n = 0 };
    char *text = NULL;
    size_t n;
    int r = size % 3 == 0 ? leases_say(pair[0], &owner, &two, &settings, size % 2 ? LEASES_TAKE | LEASES_AGAIN : LEASES_GIVE, 10000, &e)
        : size % 3 == 1 ? logs_tail(pair[0], &owner, &layout, 10000, &text, &n, &e) : logs_open(pair[0], &owner, &layout, a_log(), 10000, &pipes, &e);
    free(text);
    if (pipes.n)
        abort();                /* no descriptor came */
    if ((r == 0) != (e.code == 0))
        abort();                /* a refusal without a reason, or the other way round */
    close(pair[0]);
    close(pair[1]);
    return 0;
}
