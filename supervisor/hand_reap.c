/* hand_reap.c: what a guest's run left goes, at its end.  Part of hand-launch, with its privilege and peer. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "supervisor/hand_launch.h"
#include "supervisor/hand_vfio.h"
#include "ipc/log.h"
#include "ipc/util.h"

/* The folder of a guest's own channels, with the sockets in it. */
static void sockets_remove(const char *folder)
{
    AUTO_CLOSE fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    for (struct dirent *e; d && (e = readdir(d)); )
        if (fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISSOCK(st.st_mode))
            unlinkat(fd, e->d_name, 0);
    if (d) {
        closedir(d);
        fd = -1;
    }
    rmdir(folder);
}

/* SAFETY: removes only what names of our own making lead to: the guest's groups, monitor.sock and the key in the run folder and the folders once they
 * are empty, and sockets (nothing else) where the manifest had QEMU listen, or in the folder of its channels. */
void hand_reap(struct hand *h)
{
    const struct hand_req *rq = hand_body(h, sizeof *rq);
    static struct hand_grants grants;
    struct hand_done done = { .failed = -1 };
    struct manifest_entry m;
    const char *path, *aux;
    struct err e = ERR_INIT;
    hand_grants(h, 1, &grants);
    char sock[sizeof h->run_dir + 16], folder[PATH_MAX], lib[sizeof h->run_dir];
    hand_run(h, rq->id, rq->name);
    /* SAFETY: nothing of a guest that lives, and that no daemon has taken over: for it a start was refused, which is undone now. */
    bool is_left = record_remove(h, rq->name, rq->id) < 0, is_named = record_lives(h, rq->name);
    if (!is_left && !(h->birth.flags & BIRTH_SESSION))
        cgroup_remove(rq->id, rq->name);
    bool has_folder = !is_left && h->run_dir[0];
    if (has_folder) {
        static const char *const names[] = { "monitor.sock", MASTER_KEY };
        for (size_t i = 0; i < ARRAY_N(names); i++)
            if (util_format(sock, sizeof sock, "%s/%s", h->run_dir, names[i]) == 0)
                unlink(sock);
        vfio_view_remove(h);
        const char *last = path_split(h->run_dir, lib, sizeof lib);
        if (last && util_format(folder, sizeof folder, "%s/channel/target/%s", lib, last) == 0)
            sockets_remove(folder);
    }
    if (!is_left && !is_named && h->call.h.nfds && hand_manifest(h, 0, &e) == 0)
        for (struct manifest_in in = hand_entries(h); manifest_next(&in, &m, &path, &aux) == 1; ) {
            const struct grant *g = m.index < grants.h.n ? &grants.g[m.index] : NULL;
            if (path && (!(m.flags & MF_GONE) || (g && g->made)))       /* else it was removed, and may be another guest's by now */
                entry_forget(h, rq, &m, g, path);
        }
    if (has_folder && rmdir(h->run_dir) < 0 && errno != ENOENT)
        log_warn("cannot remove '%s': %s", h->run_dir, strerror(errno));
    record_sweep(h);
    vfio_sweep(h);
    hand_reply(h, &done, sizeof done, NULL, 0);
}
