/* given.c: descriptors that a client gives for a guest's disks (virDomainFDAssociate): they are its connection's, and as long as that is there each of its calls by which disks may be opened brings
 * those of the call's guest with it (ipc/given.h). */
#include "gateway.h"
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "ipc/given.h"
#include "ipc/log.h"
#include "ipc/schema/op-numbers.h"
#include "ipc/util.h"

struct group {
    struct group *next;
    uint64_t object;
    struct given g;
    int fds[XDR_FDS_MAX];
};

static void group_free(struct group *k)
{
    for (uint32_t i = 0; i < k->g.nfds; i++)
        util_closep(&k->fds[i]);
    free(k);
}

static struct group **find(struct gw *gw, uint64_t object, const char *name)
{
    struct group **k = &gw->groups;
    while (*k && ((*k)->object != object || strcmp((*k)->g.name, name) != 0))
        k = &(*k)->next;
    return k;
}

static bool there_is_room(const struct gw *gw, unsigned more)
{
    unsigned n = 1, fds = more;
    for (const struct group *k = gw->groups; k; k = k->next)
        n++, fds += k->g.nfds;
    return n <= GIVEN_MAX && fds <= GIVEN_FDS_MAX;
}

/* In place of an earlier group of that name. */
static void fd_associate(struct gw *gw, struct call *c, struct mp_in *in)
{
    struct err e = ERR_INIT;
    mp_skip(in);
    AUTO_FREE char *name = mp_get_strdup(in, FRAME_BODY_MAX);
    struct group *new = NULL;
    if (call_object(gw, c, &e) < 0) {
        call_error(gw, c, &e);
        return;
    }
    if (!name || !c->nfds) {
        call_fail(gw, c, VIR_ERR_INVALID_ARG, VIR_FROM_DOMAIN, name ? "nfds in virDomainFDAssociate must not be zero" : "name in virDomainFDAssociate must not be NULL");
        return;
    }
    struct group **old = find(gw, c->object, name);
    if (*old) {
        struct group *gone = *old;
        *old = gone->next;
        group_free(gone);
    }
    if (strlen(name) >= GIVEN_NAME_MAX || !there_is_room(gw, c->nfds) || !(new = calloc(1, sizeof *new))) {
        call_fail(gw, c, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "too many file descriptors, or too long a name of their group");
        return;
    }
    *new = (struct group){ .next = gw->groups, .object = c->object, .g.nfds = c->nfds };
    util_copy_str(new->g.name, sizeof new->g.name, name);
    memcpy(new->fds, c->fds, c->nfds * sizeof *c->fds);
    c->nfds = 0;
    gw->groups = new;
    call_done(gw, c);
}

void given_take_along(struct gw *gw, struct call *c)
{
    struct given rows[GIVEN_MAX];
    union { struct cmsghdr h; char b[CMSG_SPACE(sizeof(int) * GIVEN_FDS_MAX)]; } ctl = { .b = { 0 } };
    int s[2], fds[GIVEN_FDS_MAX];
    unsigned n = 0, nfds = 0;
    for (const struct group *k = c->op->fds_in == FDS_GIVEN ? gw->groups : NULL; k; k = k->next)
        if (k->object == c->object) {
            memcpy(fds + nfds, k->fds, k->g.nfds * sizeof *fds);
            nfds += k->g.nfds;
            rows[n++] = k->g;
        }
    if (!n || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s) < 0)
        return;
    struct iovec iov = { rows, n * sizeof *rows };
    struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl.b, .msg_controllen = CMSG_SPACE(nfds * sizeof *fds) };
    ctl.h = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(nfds * sizeof *fds) };
    memcpy(CMSG_DATA(&ctl.h), fds, nfds * sizeof *fds);
    if (sendmsg(s[0], &m, MSG_NOSIGNAL) < 0)
        log_warn("descriptors that a client gave cannot be sent along");
    close(s[0]);
    c->fds[c->nfds++] = s[1];
}

const struct local local_given[] = { { OP_REMOTE_DOMAIN_FD_ASSOCIATE, fd_associate }, { 0, NULL } };
