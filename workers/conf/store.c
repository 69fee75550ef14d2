/* store.c: see store.h. */
#include "workers/conf/store.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ipc/frame.h"
#include "ipc/log.h"
#include "ipc/states.h"
#include "ipc/util.h"
#include "workers/conf/cache.h"

#define FILE_MAX (16u << 20)
#define NEW_NAME ".bulkhead.new"            /* no object's: it has no suffix */

static const struct {
    const char *suffix, *what;
    bool written, headed;   /* written here; with a head that says who keeps it */
    bool lasts;             /* over a power cut: an answer waits for the disk.  No guest outlives one, and what is cached can be found anew */
} kinds[DIR_KIND_N] = {
    [DIR_DEFINITIONS] = { ".xml", "definition", true, true, true },
    [DIR_STATUS] = { ".xml", "status", true, true, false },
    [DIR_SAVE] = { ".save", "saved state", false, false, true },
    [DIR_CACHE] = { ".cache", "cached facts", true, false, false },
};

#define HEAD_BEGIN "<!--\n"       /* libvirtd's files have one that begins and ends so, too: neither is shown */
#define HEAD_END "\n-->\n\n"
#define HEAD_MAX 512u

void store_init(struct store *s, const struct birth *b)
{
    uint32_t arg;
    int layout = birth_fd(b, BFD_LAYOUT, -1, NULL), page = birth_fd(b, BFD_INDEX, -1, NULL);
    if (layout < 0 || frame_copy(layout, &s->layout, sizeof s->layout) < 0)
        s->layout.lib_dir[0] = 0;
    if (page < 0 || index_map(&s->index, page, false) < 0)
        s->index.head = NULL;
    for (int i = 0; i < DIR_KIND_N; i++)
        s->dir[i] = -1;
    for (int fd = -1; (fd = birth_fd(b, BFD_DIR, fd, &arg)) >= 0;)
        if (arg < DIR_KIND_N && s->dir[arg] < 0)
            s->dir[arg] = fd;
}

static int check_dir(const struct store *s, uint32_t dir, struct err *e)
{
    if (dir >= DIR_KIND_N || !kinds[dir].suffix || s->dir[dir] < 0)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "no folder of kind %u", dir);
    return 0;
}

/* The file's name in its folder. */
int store_name(const struct store *s, const struct conf_name *n, char file[], struct err *e)
{
    size_t len = strnlen(n->name, sizeof n->name);
    if (check_dir(s, n->dir, e) < 0)
        return -1;
    if (!len || len == sizeof n->name || memchr(n->name, '/', len) || !strcmp(n->name, ".") || !strcmp(n->name, ".."))
        return err_set(e, VIR_ERR_XML_ERROR, VIR_FROM_QEMU, "name '%.*s' cannot be a file's", (int)len, n->name);
    if (util_format(file, NAME_MAX + 1, "%s%s", n->name, kinds[n->dir].suffix) < 0)
        return err_set(e, VIR_ERR_XML_ERROR, VIR_FROM_QEMU, "name '%s' is too long for a file's", n->name);
    return 0;
}

static int failed(struct err *e, const char *what, const struct conf_name *n)
{
    return err_sys(e, VIR_FROM_QEMU, errno, "cannot %s %s of '%s'", what, kinds[n->dir].what, n->name);
}

/* ---- list ---- */

static bool is_there(const struct store *s, const char *name, size_t len, uint32_t in, const char *suffix)
{
    char file[NAME_MAX + 1];
    struct stat st;
    return s->dir[in] >= 0 && util_format(file, sizeof file, "%.*s%s", (int)len, name, suffix) == 0 && fstatat(s->dir[in], file, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool list_one(const struct store *s, uint32_t dir, const char *file, struct conf_entry *entry)
{
    struct stat st;
    size_t len = strlen(file), suffix = strlen(kinds[dir].suffix);
    if (len <= suffix || strcmp(file + len - suffix, kinds[dir].suffix) || len - suffix >= sizeof entry->doc.name)
        return false;
    if (fstatat(s->dir[dir], file, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode)) {
        log_warn("%s is no ordinary file: passed over", file);
        return false;
    }
    *entry = (struct conf_entry){ .file = { .size = st.st_size > UINT32_MAX ? UINT32_MAX : (uint32_t)st.st_size, .ino = st.st_ino,
        .mtime_ns = st.st_mtim.tv_sec * 1000000000ll + st.st_mtim.tv_nsec, .ctime_ns = st.st_ctim.tv_sec * 1000000000ll + st.st_ctim.tv_nsec } };
    memcpy(entry->doc.name, file, len - suffix);
    if (dir == DIR_DEFINITIONS)
        entry->beside = (is_there(s, file, len - suffix, DIR_AUTOSTART, kinds[DIR_DEFINITIONS].suffix) ? SLOT_AUTOSTART : 0) |
            (is_there(s, file, len - suffix, DIR_SAVE, kinds[DIR_SAVE].suffix) ? SLOT_MANAGED_SAVE : 0);
    return true;
}

int store_list(const struct store *s, uint32_t dir, int *memfd, struct err *e)
{
    if (check_dir(s, dir, e) < 0)
        return -1;
    AUTO_FREE struct conf_entry *entries = NULL;
    size_t n = 0, cap = 0;
    int fd = openat(s->dir[dir], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), bad = 0;
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d) {
        err_sys(e, VIR_FROM_QEMU, errno, "cannot list folder of %ss", kinds[dir].what);
        util_closep(&fd);
        return -1;
    }
    struct dirent *de;
    while (!bad && (errno = 0, de = readdir(d))) {
        if (n == cap) {
            struct conf_entry *p = n >= INDEX_SLOTS_MAX ? NULL : realloc(entries, (cap = cap ? 2 * cap : 64) * sizeof *p);
            if (!p) {
                bad = err_set(e, VIR_ERR_NO_MEMORY, VIR_FROM_QEMU, "%zu %ss are too many", n, kinds[dir].what);
                break;
            }
            entries = p;
        }
        n += list_one(s, dir, de->d_name, &entries[n]);
    }
    if (!bad && errno)
        bad = err_sys(e, VIR_FROM_QEMU, errno, "cannot list folder of %ss", kinds[dir].what);
    closedir(d);
    if (bad)
        return -1;
    if (dir == DIR_DEFINITIONS)
        cache_apply(entries, n);
    int r = frame_memfd("list", entries, n * sizeof *entries);
    if (r < 0)
        return err_sys(e, VIR_FROM_QEMU, -r, "cannot make a list of %ss", kinds[dir].what);
    *memfd = r;
    return 0;
}

/* ---- read ---- */

int store_read(const struct store *s, const struct conf_name *n, int *memfd, struct err *e)
{
    char file[NAME_MAX + 1];
    struct stat st;
    if (store_name(s, n, file, e) < 0)
        return -1;
    AUTO_CLOSE fd = openat(s->dir[n->dir], file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return failed(e, "open", n);
    if (!S_ISREG(st.st_mode) || st.st_size < 0 || st.st_size > FILE_MAX)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "%s of '%s' is no ordinary file of at most %u bytes", kinds[n->dir].what, n->name, FILE_MAX);
    AUTO_FREE char *text = malloc((size_t)st.st_size + 1);
    ssize_t got = text ? util_read_full(fd, text, (size_t)st.st_size) : -ENOMEM;
    int r = got < 0 ? (int)got : frame_memfd("text", text, (size_t)got);
    if (r < 0) {
        errno = -r;
        return failed(e, "read", n);
    }
    *memfd = r;
    return 0;
}

size_t store_head_len(const void *text, size_t len)
{
    const char *end = len > strlen(HEAD_BEGIN) && !memcmp(text, HEAD_BEGIN, strlen(HEAD_BEGIN)) ? memmem(text, len < HEAD_MAX ? len : HEAD_MAX, HEAD_END, strlen(HEAD_END)) : NULL;
    return end ? (size_t)(end - (const char *)text) + strlen(HEAD_END) : 0;
}

/* ---- write ---- */

/* A name that a shell and an XML comment take as it is. */
static bool is_plain(const char *name)
{
    return !name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.+")] && name[0] != '-' &&
           !strstr(name, "--") && name[strlen(name) - 1] != '-';
}

static ssize_t write_head(int fd, const struct conf_name *n)
{
    char head[HEAD_MAX];
    int len = snprintf(head, sizeof head, HEAD_BEGIN "This file is kept by a daemon: what is changed here by hand is lost when it is next written.\n"
        "Change the guest through libvirt's interface instead, for instance with\n  virsh edit %s" HEAD_END, is_plain(n->name) ? n->name : "NAME");
    return len > 0 && (size_t)len < sizeof head ? util_write_full(fd, head, (size_t)len) : -ENAMETOOLONG;
}

int store_put(int dir, const char *file, const void *text, size_t len, const struct conf_name *head_of, bool lasts)
{
    /* What a crash left behind. There is one writer of a folder. */
    if (unlinkat(dir, NEW_NAME, 0) < 0 && errno != ENOENT)
        return -errno;
    AUTO_CLOSE fd = openat(dir, NEW_NAME, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    ssize_t r = head_of ? write_head(fd, head_of) : 0;
    if (r >= 0)
        r = util_write_full(fd, text, len);
    if (r >= 0 && lasts && fsync(fd) < 0)
        r = -errno;
    if (r >= 0 && renameat(dir, NEW_NAME, dir, file) < 0)
        r = -errno;
    if (r < 0) {
        unlinkat(dir, NEW_NAME, 0);
        return (int)r;
    }
    return lasts && fsync(dir) < 0 ? -errno : 0;
}

int store_entry(const struct store *s, const struct conf_name *n, struct conf_entry *entry)
{
    char file[NAME_MAX + 1];
    struct err ignored = ERR_INIT;
    struct stat st;
    return store_name(s, n, file, &ignored) == 0 && fstatat(s->dir[n->dir], file, &st, AT_SYMLINK_NOFOLLOW) == 0 && list_one(s, n->dir, file, entry) ? 0 : -1;
}

int store_write(const struct store *s, const struct conf_name *n, const void *text, size_t len, struct conf_entry *entry, struct err *e)
{
    char file[NAME_MAX + 1];
    if (store_name(s, n, file, e) < 0)
        return -1;
    if (!kinds[n->dir].written || len > FILE_MAX)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "%s of '%s' is not written here, or too long", kinds[n->dir].what, n->name);
    int r = store_put(s->dir[n->dir], file, text, len, kinds[n->dir].headed ? n : NULL, kinds[n->dir].lasts);
    if (r < 0) {
        errno = -r;
        return failed(e, "write", n);
    }
    if (!list_one(s, n->dir, file, entry))
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "%s of '%s' was changed while it was written", kinds[n->dir].what, n->name);
    return 0;
}

/* ---- remove, autostart ---- */

/* The state of its TPM is a folder that hand-launch made, which is root's; what is in it is the TPM emulator's. */
static void remove_tpm(int tpms, const uint8_t *uuid)
{
    static const char *const kinds_of[] = { "tpm2", "tpm1.2" };
    char name[37];
    util_uuid_text(name, uuid);
    AUTO_CLOSE dir = openat(tpms, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    for (size_t i = 0; dir >= 0 && i < ARRAY_N(kinds_of); i++) {
        int fd = openat(dir, kinds_of[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        DIR *d = fd < 0 ? NULL : fdopendir(fd);
        for (struct dirent *e; d && (e = readdir(d));)
            if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
                unlinkat(fd, e->d_name, 0);
        if (d)
            closedir(d);
        else
            util_closep(&fd);
        unlinkat(dir, kinds_of[i], AT_REMOVEDIR);
    }
    if (dir >= 0 && unlinkat(tpms, name, AT_REMOVEDIR) < 0)
        log_warn("the TPM's state of '%s' stays: %s", name, strerror(errno));
}

/* A domain that has just lost its definition, or its run: the state goes with the last of them, as libvirt has it. */
static void tpm_left(const struct store *s, const struct conf_name *n, uint32_t flags)
{
    struct index_slot slot;
    if (!s->index.head || s->dir[DIR_TPM] < 0 || index_find_name(&s->index, n->name, &slot) < 0 || !(slot.flags & SLOT_HAS_TPM))
        return;
    bool is_last = n->dir == DIR_DEFINITIONS ? slot.id < 0 : n->dir == DIR_STATUS && !(slot.flags & SLOT_PERSISTENT);
    if (is_last && (slot.flags & SLOT_TPM_STAYS ? flags & UNDEFINE_TPM : !(flags & UNDEFINE_KEEP_TPM)))
        remove_tpm(s->dir[DIR_TPM], slot.uuid);
}

/* The file of its firmware's variables, if it has one that is there. */
static bool find_nvram(const struct store *s, const struct conf_name *n, char file[NAME_MAX + 1])
{
    struct index_slot slot;
    struct stat st;
    return s->index.head && s->dir[DIR_NVRAM] >= 0 && n->dir == DIR_DEFINITIONS && index_find_name(&s->index, n->name, &slot) >= 0 && slot.flags & SLOT_HAS_NVRAM &&
        util_format(file, NAME_MAX + 1, "%s_VARS.fd", n->name) == 0 && !strchr(file, '/') && fstatat(s->dir[DIR_NVRAM], file, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static int unlink_in(int dir, const char *file, bool lasts)
{
    if (unlinkat(dir, file, 0) == 0)
        return lasts ? fsync(dir) : 0;
    return errno == ENOENT ? 0 : -1;
}

int store_remove(const struct store *s, const struct conf_name *n, uint32_t flags, struct err *e)
{
    char file[NAME_MAX + 1], nvram[NAME_MAX + 1];
    if (store_name(s, n, file, e) < 0)
        return -1;
    bool has_nvram = find_nvram(s, n, nvram);
    if (has_nvram && !(flags & (UNDEFINE_NVRAM | UNDEFINE_KEEP_NVRAM)))
        return err_set(e, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "cannot undefine domain with nvram");
    if (has_nvram && flags & UNDEFINE_NVRAM && unlink_in(s->dir[DIR_NVRAM], nvram, false) < 0)
        return err_sys(e, VIR_FROM_QEMU, errno, "failed to remove nvram");
    /* The link first: a link to nothing would be left by a crash between the two. */
    if (n->dir == DIR_DEFINITIONS && s->dir[DIR_AUTOSTART] >= 0 && unlink_in(s->dir[DIR_AUTOSTART], file, true) < 0)
        return failed(e, "remove autostart link and", n);
    if (unlink_in(s->dir[n->dir], file, kinds[n->dir].lasts) < 0)
        return failed(e, "remove", n);
    tpm_left(s, n, flags);
    return 0;
}

int store_autostart(const struct store *s, const struct conf_name *n, int on, struct err *e)
{
    char file[NAME_MAX + 1], target[NAME_MAX + 8];
    int dir = s->dir[DIR_AUTOSTART];
    if (n->dir != DIR_DEFINITIONS || store_name(s, n, file, e) < 0 || dir < 0)
        return err_set(e, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "no folder of autostart links");
    int r;
    if (!on) {
        r = unlink_in(dir, file, true);
    } else {
        snprintf(target, sizeof target, "../%s", file);
        r = unlinkat(dir, NEW_NAME, 0);
        if (r < 0 && errno == ENOENT)
            r = 0;
        if (r == 0 && (r = symlinkat(target, dir, NEW_NAME)) == 0 && (r = renameat(dir, NEW_NAME, dir, file)) == 0)
            r = fsync(dir);
    }
    if (r < 0)
        return failed(e, on ? "make autostart link for" : "remove autostart link for", n);
    return 0;
}
