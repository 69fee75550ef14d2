/* lease_cli.c: `virtlockd --leases`: who holds what. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "daemon/daemon.h"
#include "daemon/door.h"
#include "ipc/internal.h"

/* A path, which may be of bytes that are no text. */
static const char *get_path(struct mp_in *in, char out[LOCK_TEXT_MAX])
{
    size_t n;
    const uint8_t *p = mp_get_bin(in, &n);
    n = p && n < LOCK_TEXT_MAX ? n : 0;
    memcpy(out, p ? p : (const uint8_t *)"", n);
    out[n] = 0;
    return *door_harmless(out) ? out : "-";
}

int lease_cli(const struct layout *l)
{
    static char space[LOCK_TEXT_MAX], resource[LOCK_TEXT_MAX];
    char owner[NAME_MAX_BYTES], uuid[40], mode[16], when[32];
    struct mp_in in;
    int r = door_open(l);
    if (r < 0 || door_call("admin.connect.open", NULL, 0, ANSWER_WAIT_MS, &in) < 0)
        return 1;
    r = door_call("internal.leases", NULL, -1, ANSWER_WAIT_MS, &in);
    if (r < 0) {
        if (r != -EREMOTEIO)
            door_complain("no answer", r);
        return 1;
    }
    printf("%-9s %10s %-36s %-20s %-20s %s\n", "mode", "pid", "uuid", "owner", "since", "lockspace and resource");
    for (uint32_t n = mp_get_array(&in, 1u << 20); n-- && mp_get_array(&in, 8) == 8;) {
        const char *in_space = get_path(&in, space), *what = get_path(&in, resource);
        mp_get_strz(&in, owner, sizeof owner);
        mp_get_strz(&in, uuid, sizeof uuid);
        mp_get_u32(&in);
        uint32_t pid = mp_get_u32(&in);
        mp_get_strz(&in, mode, sizeof mode);
        time_t since = (time_t)mp_get_int(&in);
        struct tm tm;
        strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&since, &tm));
        printf("%-9s %10u %-36s %-20s %-20s %s %s\n", mode, pid, uuid, door_harmless(owner), when, in_space, what);
    }
    return in.bad && door_complain("answer", -EPROTO) < 0;
}
