/* birth.c: see birth.h. */
#include "birth.h"
#include <errno.h>
#include <fcntl.h>
#include "frame.h"
#include "log.h"

const char *role_name(int role)
{
    static const char *const names[] = {
#define R(id, name) name,
        ROLES(R)
#undef R
    };
    return role >= 0 && role < ROLE_N ? names[role] : "?";
}

int birth_read(struct birth *b)
{
    int r = frame_copy(BIRTH_FD_BIRTH, b, sizeof *b);
    if (r < 0)
        return r;
    if (b->magic != BIRTH_MAGIC || b->role >= ROLE_N || b->nfds > BIRTH_FDS_MAX)
        return -EPROTO;
    log_threshold = (int)b->log_level;
    b->name[sizeof b->name - 1] = 0;
    for (unsigned i = 0; i < b->nfds; i++) {
        int fl = fcntl(BIRTH_FD_FIRST + (int)i, F_GETFD);
        if (fl < 0 || fcntl(BIRTH_FD_FIRST + (int)i, F_SETFD, fl | FD_CLOEXEC) < 0)
            return -EPROTO;
    }
    for (int fd = BIRTH_FD_CHANNEL; fd <= BIRTH_FD_BIRTH; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    return 0;
}

int birth_fd(const struct birth *b, int kind, int after, uint32_t *arg)
{
    int i = after >= BIRTH_FD_FIRST ? after - BIRTH_FD_FIRST + 1 : 0;
    for (; i < b->nfds; i++)
        if (b->fd_kind[i] == kind) {
            if (arg)
                *arg = b->fd_arg[i];
            return BIRTH_FD_FIRST + i;
        }
    return -1;
}
