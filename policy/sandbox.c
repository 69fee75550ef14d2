/* sandbox.c: ids and no_new_privs, the first two stages. */
#include "sandbox.h"
#include <errno.h>
#include <grp.h>
#include <sys/prctl.h>
#include <unistd.h>

int sandbox_enter(int role, const struct birth *b)
{
    (void)role;
    if (b->uid != UINT32_MAX && (setgroups(0, NULL) < 0 || setresgid(b->gid, b->gid, b->gid) < 0 || setresuid(b->uid, b->uid, b->uid) < 0))
        return -errno;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}
