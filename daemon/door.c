/* door.c: see door.h. */
#include "daemon/door.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "daemon/kind.h"
#include "ipc/layout.h"
#include "ipc/util.h"

#define ANSWER_MAX (32u << 20)

static struct { int fd, serial; uint8_t buf[ANSWER_MAX]; size_t n, used; } door;

int door_complain(const char *what, int r)
{
    fprintf(stderr, "%s: %s: %s\n", kind.name, what, strerror(-r));
    return -1;
}

int door_open(const struct layout *l)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    door.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (door.fd < 0 || util_format(a.sun_path, sizeof a.sun_path, "%s/%s-admin-sock", l->sock_dir, kind.name) || connect(door.fd, (struct sockaddr *)&a, sizeof a) < 0)
        return door_complain(a.sun_path, -errno);
    return 0;
}

int door_next(struct mp_in *in, int ms)
{
    for (;;) {
        struct pollfd p = { .fd = door.fd, .events = POLLIN };
        size_t used, have = door.n - door.used;
        int r = have ? mp_guard(door.buf + door.used, have, MP_DEPTH_MAX, ANSWER_MAX, &used) : 1;
        if (r < 0)
            return -EPROTO;
        if (r == 0) {
            mp_in_init(in, door.buf + door.used, used);
            door.used += used;
            return 0;
        }
        memmove(door.buf, door.buf + door.used, have);
        door.n = have;
        door.used = 0;
        if (have == ANSWER_MAX)
            return -EMSGSIZE;
        r = poll(&p, 1, ms);
        if (r <= 0)
            return r ? -errno : -ETIMEDOUT;
        ssize_t got = read(door.fd, door.buf + have, ANSWER_MAX - have);
        if (got <= 0)
            return got < 0 ? -errno : -EPIPE;
        door.n += (size_t)got;
    }
}

int door_call(const char *method, const char *name, int flags, int ms, struct mp_in *in)
{
    char text[512] = "";
    struct mp_out o;
    int id = ++door.serial, r;
    mp_out_init(&o, 1024);
    mp_array(&o, 4);
    mp_int(&o, 0);
    mp_int(&o, id);
    mp_str(&o, method);
    mp_array(&o, (name != NULL) + (flags >= 0));
    if (name)
        mp_str(&o, name);
    if (flags >= 0)
        mp_int(&o, flags);
    r = o.failed ? -ENAMETOOLONG : (int)util_write_full(door.fd, o.p, o.len);
    mp_out_free(&o);
    do {            /* of a call that was given up the answer may still come */
        if (r < 0 || (r = door_next(in, ms)) < 0)
            return r;
        mp_get_array(in, 4);
        mp_get_int(in);
    } while (mp_get_int(in) != id);
    if (mp_get_nil(in)) {
        mp_get_array(in, 4);
        return in->bad ? -EPROTO : 0;
    }
    mp_get_array(in, 3);
    mp_skip(in);
    mp_skip(in);
    mp_get_strz(in, text, sizeof text);
    fprintf(stderr, "%s: %s\n", kind.name, text);
    return -EREMOTEIO;
}

char *door_harmless(char *s)
{
    for (unsigned char *p = (unsigned char *)s; *p; p++)
        if (*p < 0x20 || *p == 0x7f)
            *p = '?';
        else if (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)     /* the second set of control characters, as UTF-8 has it */
            *p = p[1] = '?';
    return s;
}
