/* hand_virtiofs.c: who serves a shared folder to a guest (virtiofsd).  Part of hand-launch, with its privilege and peer.
 *
 * SAFETY: files in the folder have owners, which the guest's root gives and takes: so it is the one helper that is root, with the capabilities over files that
 * virtiofsd itself keeps, in a view that has the folder and the host's programs alone, without a network.  Devices and set-uid programs in the folder are
 * nothing to it.  Before it hears the guest it shuts itself into the folder (chroot) and loads its own list of system calls. */
#include "supervisor/hand_helper.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include "ipc/util.h"
#include "policy/policy.h"

/* libvirt takes what the descriptions of vhost-user programs name, or the document; here it is one of these. */
static int find(struct helper *p, const struct helpers *all, struct err *e)
{
    static const char *const paths[] = { "/usr/lib/qemu/virtiofsd", "/usr/libexec/virtiofsd" };
    char wanted[128];
    bool any = !helper_word(p->aux, "binary", wanted, sizeof wanted);
    for (size_t i = 0; i < ARRAY_N(paths); i++) {
        int r = any || !strcmp(wanted, paths[i]) ? own_program(paths[i], all->session, e) : 1;
        if (r < 0)
            return -1;
        if (r == 0)
            return util_copy_str(p->program, sizeof p->program, paths[i]);
    }
    if (any)
        return err_set(e, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "Unable to find a satisfying virtiofsd");
    return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "'%s' is no virtiofsd that the daemon starts", wanted);
}

static int prepare(struct helper *p, const struct helpers *all, struct err *e)
{
    char alias[64];
    bool is_new;
    struct stat st;
    if (all->session)
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "virtiofs is not yet supported in session mode");
    if (!helper_word(p->aux, "alias", alias, sizeof alias) || strchr(alias, '/'))
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "a shared folder without a name");
    if (find(p, all, e))
        return -1;
    p->see[0] = (struct helper_sees){ .fd = path_open(p->path, O_PATH, WANT(S_IFDIR), &st), .path = p->path, .at = "shared", .may_write = true };
    if (p->see[0].fd < 0)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "the virtiofs export directory '%s' does not exist", p->path);
    if (folder_judge(&all->layout, p->path, p->see[0].fd, e))
        return -1;
    int r = util_format(p->log_path, sizeof p->log_path, "%s/%s-%s-virtiofsd.log", all->layout.log_dir, all->l->name, alias);
    p->log = r < 0 ? r : path_open_out(p->log_path, O_WRONLY | O_APPEND, MF_APPEND, &is_new);
    p->uid = p->gid = 0;
    return p->log < 0 ? err_sys(e, VIR_FROM_QEMU, -p->log, "Unable to open file: %s", p->log_path) : 0;
}

static void args(const struct helper *p, const struct helpers *all, struct helper_args *a)
{
    /* What the document says, as libvirt words it; the sandbox is the hand's affair. */
    static const struct { const char *word, *yes, *no; } switches[] = { { "xattr", "xattr", "no_xattr" }, { "flock", "flock", "no_flock" }, { "posix", "posix_lock", "no_posix_lock" } };
    static const char *const caches[] = { "none", "always" };
    char value[32];
    helper_arg(a, "%s", p->program);
    helper_arg(a, "--fd=%d", HELPER_FD_QEMU);
    helper_arg(a, "--rlimit-nofile=0");
    helper_arg(a, "-o");
    helper_arg(a, "source=/shared,sandbox=chroot");
    for (size_t i = 0; i < ARRAY_N(caches); i++)
        if (helper_word(p->aux, "cache", value, sizeof value) && !strcmp(value, caches[i])) {
            helper_arg(a, "-o");
            helper_arg(a, "cache=%s", caches[i]);
        }
    for (size_t i = 0; i < ARRAY_N(switches); i++)
        if (helper_word(p->aux, switches[i].word, value, sizeof value)) {
            helper_arg(a, "-o");
            helper_arg(a, "%s", strcmp(value, "on") ? switches[i].no : switches[i].yes);
        }
    if (helper_word(p->aux, "pool", value, sizeof value) && !value[strspn(value, "0123456789")])
        helper_arg(a, "--thread-pool-size=%s", value);
}

const struct helper_row helper_virtiofs = { .name = "virtiofsd", .prepare = prepare, .args = args, .sees = 1, .filter = FILTER_HELPER, .caps = HELPER_CAPS_FILES, .reads_proc = true /* the host's most open files */ };
