/* hand_tpm.c: the TPM emulator of a guest (swtpm), and its state. Part of hand-launch, with its privilege and peer. */
#include "supervisor/hand_helper.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "ipc/log.h"
#include "ipc/util.h"
#include "policy/policy.h"

#define CA_FOLDER "/var/lib/swtpm-localca"
enum { SWTPM_STATE, SWTPM_CA, SWTPM_SETUP_FILES };      /* of what it sees; the CA is for what makes a new state only */

static bool is_tpm2(const struct helper *p)
{
    char version[8];
    return !helper_word(p->aux, "version", version, sizeof version) || !strcmp(version, "2.0");
}

/* The state's files belong to the helper's uid of this run, the folder to root, so that whoever removes it needs no right but root's name. */
static int own_state(const struct helper *p, const struct helpers *all, bool *is_new)
{
    char self[32];
    struct stat st;
    util_format(self, sizeof self, "/proc/self/fd/%d", p->see[SWTPM_STATE].fd);
    int fd = open(self, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d) {
        util_closep(&fd);
        return -errno;
    }
    *is_new = true;
    for (struct dirent *e; (e = readdir(d)); ) {
        AUTO_CLOSE file = openat(fd, e->d_name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (file < 0 || fstat(file, &st) < 0 || !S_ISREG(st.st_mode))
            continue;
        *is_new &= strcmp(e->d_name, is_tpm2(p) ? "tpm2-00.permall" : "tpm-00.permall") != 0;
        if (!all->session && st.st_nlink == 1 && fchownat(file, "", p->uid, p->gid, AT_EMPTY_PATH) < 0)
            r = -errno;
    }
    if (!all->session && (fchown(fd, 0, p->gid) < 0 || fchmod(fd, 0770) < 0))
        r = -errno;
    closedir(d);
    return r;
}

/* Where libvirt has it: beside the folder of its driver. */
static int open_state(struct helper *p, const struct helpers *all, struct err *e)
{
    char path[PATH_MAX], lib[PATH_MAX], uuid[37];
    util_uuid_text(uuid, all->l->uuid);
    if (!path_split(all->layout.lib_dir, lib, sizeof lib) || util_format(path, sizeof path, "%s/swtpm/%s/%s", lib, uuid, is_tpm2(p) ? "tpm2" : "tpm1.2") < 0)
        return err_sys(e, VIR_FROM_QEMU, ENAMETOOLONG, "Could not create directory %s", path);
    struct helper_sees *s = &p->see[SWTPM_STATE];
    *s = (struct helper_sees){ .fd = helper_folders(path, strlen(lib), all->session ? 0700 : 0711), .path = p->folder, .at = "state", .may_write = true };
    int r = s->fd < 0 ? s->fd : own_state(p, all, &p->is_new);
    util_copy_str(p->folder, sizeof p->folder, path);
    return r < 0 ? err_sys(e, VIR_FROM_QEMU, -r, "Could not create directory %s", path) : 0;
}

/* SAFETY: what signs for all guests is seen by the program that makes a new guest's state, before that guest runs, and never by the emulator. */
static void open_ca(struct helper *p, const struct helpers *all)
{
    static const char *const files[] = { "/etc/swtpm_setup.conf", "/etc/swtpm-localca.conf", "/etc/swtpm-localca.options", "/etc/passwd", "/etc/group" };
    struct stat st;
    int fd = all->session ? -1 : path_open(CA_FOLDER, O_PATH, WANT(S_IFDIR), &st);
    if (fd >= 0 && st.st_uid != 0) {
        p->see[SWTPM_CA] = (struct helper_sees){ .fd = fd, .path = CA_FOLDER, .at = CA_FOLDER + 1, .may_write = true };
        p->ca_uid = st.st_uid;
        p->ca_gid = st.st_gid;
    } else {
        util_closep(&fd);
        log_info("no certificates for TPMs: there is no folder '%s' of a user's own", CA_FOLDER);
    }
    for (size_t i = 0; i < ARRAY_N(files); i++)
        p->see[SWTPM_SETUP_FILES + i] = (struct helper_sees){ .fd = path_open(files[i], O_PATH, WANT(S_IFREG), &st), .path = files[i], .at = files[i] + 1 };
}

static int open_swtpm_log(struct helper *p, const struct helpers *all, struct err *e)
{
    static const char end[] = "/libvirt/qemu";
    const char *logs = all->layout.log_dir;
    size_t n = strlen(logs), tail = strlen(end);
    char path[PATH_MAX];
    bool is_new, host = !all->session && n > tail && !strcmp(logs + n - tail, end);
    int r = host ? util_format(path, sizeof path, "%.*s/swtpm%s", (int)(n - tail), logs, end) : util_format(path, sizeof path, "%s", logs);
    AUTO_CLOSE folder = r < 0 ? r : helper_folders(path, host ? n - tail : n, 0711);
    r = folder < 0 ? folder : util_format(p->log_path, sizeof p->log_path, "%s/%s-swtpm.log", path, all->l->name);
    p->log = r < 0 ? r : path_open_out(p->log_path, O_WRONLY | O_APPEND, MF_APPEND, &is_new);
    return p->log < 0 ? err_sys(e, VIR_FROM_QEMU, -p->log, "Unable to open file: %s", p->log_path) : 0;
}

static int swtpm_prepare(struct helper *p, const struct helpers *all, struct err *e)
{
    int r = helper_find("swtpm", p->program, all->session, e);
    r = r ? r : helper_find("swtpm_setup", p->setup, all->session, e);
    if (r > 0)
        return err_set(e, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "TPM version '%s' is not supported", is_tpm2(p) ? "2.0" : "1.2");
    if (r < 0 || open_state(p, all, e) || open_swtpm_log(p, all, e))
        return -1;
    open_ca(p, all);
    return 0;
}

static const char *state_at(const struct helper *p, const struct helpers *all)
{
    return all->has_view ? "/state" : p->folder;
}

static void setup_args(const struct helper *p, const struct helpers *all, struct helper_args *a, bool again)
{
    char uuid[37], banks[64];
    helper_arg(a, "%s", p->setup);
    if (is_tpm2(p))
        helper_arg(a, "--tpm2");
    helper_arg(a, "--tpm-state");
    helper_arg(a, "%s", state_at(p, all));
    if (again) {
        helper_word(p->aux, "banks", banks, sizeof banks);
        helper_arg(a, "--pcr-banks");
        helper_arg(a, "%s", banks);
        helper_arg(a, "--reconfigure");
        return;
    }
    helper_arg(a, "--vmid");
    helper_arg(a, "%s:%s", all->l->name, util_uuid_text(uuid, all->l->uuid));
    helper_arg(a, "--createek");
    if (p->see[SWTPM_CA].fd >= 0) {
        helper_arg(a, "--create-ek-cert");
        helper_arg(a, "--create-platform-cert");
        helper_arg(a, "--lock-nvram");
    }
    helper_arg(a, "--not-overwrite");
}

/* One turn of the program that makes states. SAFETY: a state that is there already the guest's emulator has written: who looks at that is no more than the emulator. */
static int setup(const struct helper *p, const struct helpers *all, bool again, struct stub_fail *f)
{
    struct helper as = *p;
    struct helper_args a = { .n = 0 };
    bool is_new;
    if (again)
        as.see[SWTPM_CA].fd = -1;
    bool has_ca = as.see[SWTPM_CA].fd >= 0;
    setup_args(&as, all, &a, again);
    int status = helper_first(&as, all, &(struct helper_shut_in){ has_ca ? p->ca_uid : p->uid, p->gid, has_ca ? p->ca_gid : ~0u, HELPER_SEES_MAX, FILTER_HELPER, 0, -1 }, &a);
    if (status && !again)       /* it is made anew at the next start */
        unlinkat(p->see[SWTPM_STATE].fd, is_tpm2(p) ? "tpm2-00.permall" : "tpm-00.permall", 0);
    if (status)
        return stub_failed(f, 0, "Could not run '%s'. exitstatus: %d; Check error log '%s' for details.", p->setup, WIFEXITED(status) ? WEXITSTATUS(status) : -1, p->log_path);
    int r = own_state(p, all, &is_new);
    return r < 0 ? stub_failed(f, -r, "cannot give '%s' to the TPM emulator", p->folder) : 0;
}

static int swtpm_first(const struct helper *p, const struct helpers *all, struct stub_fail *f)
{
    char banks[64];
    bool has_banks = is_tpm2(p) && helper_word(p->aux, "banks", banks, sizeof banks);
    if (p->is_new && setup(p, all, false, f))
        return -1;
    return has_banks ? setup(p, all, true, f) : 0;
}

static void swtpm_args(const struct helper *p, const struct helpers *all, struct helper_args *a)
{
    helper_arg(a, "%s", p->program);
    helper_arg(a, "socket");
    helper_arg(a, "--ctrl");
    helper_arg(a, "type=unixio,clientfd=%d", HELPER_FD_QEMU);
    helper_arg(a, "--tpmstate");
    helper_arg(a, "dir=%s,mode=0600", state_at(p, all));
    helper_arg(a, "--log");
    helper_arg(a, "fd=%d", HELPER_FD_LOG);
    helper_arg(a, "--terminate");
    if (is_tpm2(p))
        helper_arg(a, "--tpm2");
}

const struct helper_row helper_swtpm = { .name = "swtpm", .prepare = swtpm_prepare, .first = swtpm_first, .args = swtpm_args, .sees = SWTPM_STATE + 1, .filter = FILTER_QEMU_SYSTEM };
