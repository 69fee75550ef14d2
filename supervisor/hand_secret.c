/* hand_secret.c: what the talk about a run's secrets needs beside the connection. Part of hand-open, with its privilege and peer.
 *
 * SAFETY: the key is the run's own, by id and name, and of no worth without what it encrypted. By the token libvirt's daemons know each other, and say what they tell no client (private
 * secrets): it goes to the talk role alone, which is born for that one talk and says what the guest's document names; a supervisor that was taken over has root's connections without it. */
#include "hand.h"
#include <fcntl.h>
#include <string.h>
#include <errno.h>
#include "ipc/util.h"

/* All of a file of root's, or of the session's user. Bytes, or a negative errno. */
static ssize_t read_own(const char *path, void *p, size_t n)
{
    AUTO_CLOSE fd = path_open_plain(path);
    return fd < 0 ? fd : util_read_full(fd, p, n);
}

int hand_secret_keys(struct hand *h, int32_t id, const char *name, struct err *e)
{
    struct secret_keys keys = { 0 };
    struct layout l;
    char path[sizeof h->run_dir + 32];
    hand_check_text(name, NAME_MAX_BYTES);
    hand_run(h, id, name);
    util_format(path, sizeof path, "%s/" MASTER_KEY, h->run_dir);
    ssize_t n = hand_layout(h, &l) < 0 ? -EPROTO : read_own(path, keys.key, sizeof keys.key);
    if (n != sizeof keys.key)
        return err_sys(e, VIR_FROM_QEMU, n < 0 ? (int)-n : EIO, "Unable to read '%s'", path), -EIO;
    /* One that is not there is no failure: only private secrets need it. */
    if (util_format(path, sizeof path, "%s/common/system.token", l.sock_dir) < 0 || (n = read_own(path, keys.token, sizeof keys.token - 1)) < 0 ||
        strspn(keys.token, "0123456789abcdef") != (size_t)n)
        memset(keys.token, 0, sizeof keys.token);
    int fd = frame_memfd("keys", &keys, sizeof keys);
    explicit_bzero(&keys, sizeof keys);
    return fd < 0 ? err_sys(e, VIR_FROM_QEMU, -fd, "Unable to look up a secret"), fd : fd;
}
