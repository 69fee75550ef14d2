/* hand-open: files and devices, the refusals, the locks, and that nothing is left over; ends of channels are test-hand-ends'. */
#include <endian.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include "hand-open.h"
#include "ipc/save.h"

static bool locked(const char *path, int byte)
{
    struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };
    int fd = open(path, O_RDWR | O_CLOEXEC);
    bool yes = fcntl(fd, F_OFD_GETLK, &l) == 0 && l.l_type != F_UNLCK;
    close(fd);
    return yes;
}

static void images(void)
{
    struct stat st, twin;
    make_file(in_dir("a.img"), 1 << 20);
    make_file(in_dir("b.qcow2"), 1 << 20);
    begin();
    add(MK_IMAGE, MF_FILE, in_dir("a.img"), NULL);
    ((struct manifest_entry *)(buf + sizeof(struct manifest_head)))->format = IMG_RAW;
    add(MK_IMAGE, MF_RO, in_dir("b.qcow2"), NULL);
    add(MK_IMAGE, MF_OPTIONAL, in_dir("none.iso"), NULL);
    add(MK_IMAGE, MF_EMPTY, NULL, NULL);
    run();
    tap_ok(done.error == 0 && done.nqemu == 3 && done.nworker == 0 && done.next_fd == QEMU_FD_BASE + 3, "three descriptors for two images (%s)", done.text);
    tap_ok(grants.h.n == 4 && grants.h.monitor_fd == -1 && grants.g[0].qemu_fd[0] == 10 && grants.g[0].qemu_fd[1] == 11 && grants.g[1].qemu_fd[0] == 12 && grants.g[1].qemu_fd[1] == -1, "numbers in QEMU");
    tap_ok(grants.g[2].error == -ENOENT && grants.g[2].qemu_fd[0] == -1 && grants.g[3].made && grants.g[3].error == 0, "an absent optional image and an empty drive are no failure");
    tap_ok((fcntl(qemu_fd(0), F_GETFL) & O_ACCMODE) == O_RDWR && (fcntl(qemu_fd(1), F_GETFL) & O_ACCMODE) == O_RDONLY && (fcntl(qemu_fd(2), F_GETFL) & O_ACCMODE) == O_RDONLY, "access modes");
    tap_ok(!(fcntl(qemu_fd(0), F_GETFL) & O_NONBLOCK), "images are blocking");
    fstat(qemu_fd(0), &st);
    fstat(qemu_fd(1), &twin);
    tap_ok(st.st_ino == twin.st_ino && grants.g[0].ino == st.st_ino && grants.g[0].dev == st.st_dev && grants.g[0].size == 1 << 20, "the twin is the same file, and pinned");
    const char *a = in_dir("a.img"), *b = in_dir("b.qcow2");
    tap_ok(locked(a, 100) && locked(a, 101) && !locked(a, 103) && locked(a, 201) && !locked(a, 203), "lock bytes of a writable raw image");
    tap_ok(locked(b, 100) && !locked(b, 101) && locked(b, 201) && locked(b, 203), "lock bytes of a read-only image with a format");
    struct fakesup first = sup;
    begin();
    add(MK_IMAGE, MF_FILE, a, NULL);
    run();
    tap_ok(done.error < 0 && strstr(done.text, "Failed to get \"write\" lock: Is another process using the image [") && done.code == VIR_ERR_INTERNAL_ERROR, "a second guest is refused: %s", done.text);
    finish();
    begin();
    rq.flags = HAND_LOOK | HAND_ANY;
    rq.look = 2;
    add(MK_IMAGE, MF_FILE, "/nonexistent", NULL);
    add(MK_PTY, 0, NULL, NULL);
    add(MK_IMAGE, MF_FILE, a, NULL);
    add(MK_IMAGE, MF_FILE, "/nonexistent", NULL);
    run();
    tap_ok(done.error == 0 && done.id == 2 && sup.reply.h.nfds == 3 && (fcntl(sup.reply.fds[1], F_GETFL) & O_ACCMODE) == O_RDONLY, "a look is read-only, takes no lock and makes nothing else");
    finish();
    sup = first;
    finish();
    tap_ok(!locked(in_dir("a.img"), 100) && !locked(in_dir("a.img"), 201), "locks go with the descriptors");
}

/* One turn of a search: manifest "b.qcow2" (1, over "c.img" unless that is left out) with an answer about it. What comes back is in sup.reply and looked. */
static struct { struct manifest_entry m; char path[256]; } looked[4];
static unsigned nlooked;

static void look(bool has_child, const struct probe_result *p, size_t n)
{
    struct manifest_entry top = { .kind = MK_IMAGE, .flags = MF_PROBE | MF_SHARED, .parent = -1 }, below = { .kind = MK_IMAGE, .parent = 1, .format = IMG_RAW, .flags = MF_PROBE };
    begin();
    rq.flags = HAND_LOOK;
    rq.look = 1;
    add(MK_IMAGE, MF_OPTIONAL | MF_PROBE, "/nonexistent", NULL);
    manifest_add(&out, &top, in_dir("b.qcow2"), NULL);
    if (has_child)
        manifest_add(&out, &below, in_dir("c.img"), NULL);
    int fds[] = { frame_memfd("m", buf, (size_t)manifest_finish(&out)), p ? frame_memfd("p", p, n) : -1 };
    int r = fakesup_hand(&sup, ROLE_HAND_OPEN, root ? 0 : BIRTH_SESSION, IN_HAND_OPEN, &rq, sizeof rq, fds, p ? 2 : 1);
    const void *map;
    const char *path, *aux;
    struct manifest_in in;
    size_t len;
    nlooked = 0;
    done = fakesup_done(&sup, r);
    close(fds[0]);
    if (p)
        close(fds[1]);
    if (done.error || !sup.reply.h.nfds || frame_map(sup.reply.fds[0], MANIFEST_BYTES_MAX, &map, &len) < 0)
        return;
    for (manifest_open(&in, map, len); nlooked < 4 && manifest_next(&in, &looked[nlooked].m, &path, &aux) > 0; nlooked++)
        snprintf(looked[nlooked].path, sizeof looked[nlooked].path, "%s", path ? path : "(none)");
    munmap((void *)(uintptr_t)map, len);
}

static void chains(void)
{
    static struct probe_result p, none;
    struct probe_req q = { 0 };
    make_file(in_dir("c.img"), 1 << 20);
    p = (struct probe_result){ .format = IMG_QCOW2, .has_backing = 1, .backing_format = IMG_RAW };
    snprintf(p.backing, sizeof p.backing, "%s", in_dir("c.img"));
    look(false, NULL, 0);
    tap_ok(!done.error && done.id == 1 && !done.grown && sup.reply.h.nfds == 3 && nlooked == 2 && frame_copy(sup.reply.fds[2], &q, sizeof q) == 0 && q.want_format == IMG_NONE &&
           strstr(q.path, "b.qcow2"), "the next image to look at, and what to ask of it: %s", done.text);
    finish();
    look(true, NULL, 0);
    tap_ok(done.id == 1 && frame_copy(sup.reply.fds[2], &q, sizeof q) == 0 && !q.path[0], "not what it stands on, where the document tells");
    finish();
    look(false, &p, sizeof p);
    tap_ok(!done.error && done.grown && done.id == -1 && sup.reply.h.nfds == 1 && nlooked == 3 && looked[1].m.format == IMG_QCOW2 && looked[2].m.parent == 1 &&
           looked[2].m.flags == (MF_RO | MF_BACKING | MF_PROBE | MF_SHARED) && looked[2].m.format == IMG_RAW && !strcmp(looked[2].path, p.backing), "what it names is an entry, and nothing is opened: %s", done.text);
    finish();
    look(true, &p, sizeof p);
    tap_ok(!done.error && !done.grown && done.id == -1 && nlooked == 3 && looked[1].m.format == IMG_QCOW2 && !looked[2].m.format == !IMG_RAW, "unless the document names it");
    finish();
    look(false, &p, sizeof p - 1);
    tap_ok(done.error < 0 && strstr(done.text, "malformed answer about an image") && done.code == VIR_ERR_INTERNAL_ERROR, "an answer that is too short: %s", done.text);
    finish();
    none = p;
    none.format = IMG_N;
    look(false, &none, sizeof none);
    tap_ok(done.error < 0 && strstr(done.text, "malformed answer about an image"), "a format that is none");
    finish();
    none = p;
    none.backing_format = IMG_N;
    look(false, &none, sizeof none);
    tap_ok(done.error < 0 && strstr(done.text, "malformed answer about an image"), "nor is that of what it stands on");
    finish();
    none = p;
    memset(none.backing, 'a', sizeof none.backing);
    look(false, &none, sizeof none);
    tap_ok(done.error < 0 && strstr(done.text, "malformed answer about an image"), "a name without an end");
    finish();
}

static void refusals(void)
{
    char text[300];
    snprintf(text, sizeof text, "Cannot access storage file '%s': No such file or directory", in_dir("none"));
    refused(MK_IMAGE, 0, in_dir("none"), text, "absent image");
    tap_ok(done.code == VIR_ERR_SYSTEM_ERROR && done.domain == VIR_FROM_STORAGE, "its code is a system error, of storage");
    begin();
    add(MK_IMAGE, MF_FILE, in_dir("a.img"), NULL);
    struct manifest_entry below = { .kind = MK_IMAGE, .flags = MF_RO | MF_BACKING, .parent = 0 };
    manifest_add(&out, &below, in_dir("none"), NULL);
    run();
    snprintf(text, sizeof text, "Cannot access backing file '%s' of storage file '%s': No such file or directory", in_dir("none"), in_dir("a.img"));
    tap_ok(done.failed == 1 && !strcmp(done.text, text), "absent backing file: %s", done.text);
    finish();
    mkfifo(in_dir("fifo"), 0600);
    refused(MK_IMAGE, 0, in_dir("fifo"), "is not a regular file or block device", "FIFO");
    refused(MK_FILE_OUT, 0, in_dir("fifo"), "Unable to open file", "FIFO to write to");
    refused(MK_IMAGE, 0, dir, "is not a regular file or block device", "folder");
    refused(MK_IMAGE, 0, "/dev/tty", "is not a regular file or block device", "terminal");
    refused(MK_IMAGE, MF_BLOCK, in_dir("a.img"), "is not a block device", "file where a block device is wanted");
    refused(MK_IMAGE, 0, "/proc/self/fd/3", "Too many levels of symbolic links", "magic link");
    refused(MK_IMAGE, 0, "relative", "is not absolute", "relative path") ;
    if (symlink("/etc/passwd", in_dir("link")) < 0)
        return;
    refused(MK_FILE_OUT, 0, in_dir("link"), "Too many levels of symbolic links", "output through a link");
    make_file(in_dir("two"), 5);
    if (link(in_dir("two"), in_dir("names")) == 0)
        refused(MK_FILE_OUT, 0, in_dir("names"), "Too many links", "output into a file with two names");
    refused(MK_BIND, 0, in_dir("none"), "No such file or directory", "absent kernel");
    refused(MK_DEVNODE, 0, in_dir("two"), "Invalid argument", "a file as a device node");
    refused(MK_SOCKET, 0, in_dir("two"), "Socket operation on non-socket", "a file as a socket");
    refused(MK_LINE, 0, in_dir("two"), "Inappropriate ioctl for device", "a file as a terminal");
    refused(MK_LINE, 0, "/dev/null", "Inappropriate ioctl for device", "another device as a terminal");
    if (mknod(in_dir("device"), S_IFCHR | 0600, makedev(242, 77)) == 0)        /* with no driver; root may */
        refused(MK_LINE, 0, in_dir("device"), "Inappropriate ioctl for device", "it is not opened to find out what it is");
    refused(MK_LINE, 0, in_dir("none"), "No such file or directory", "an absent terminal");
    mkfifo(in_dir("half.in"), 0600);
    refused(MK_LINE, 0, in_dir("half"), "No such file or directory", "one FIFO of two");
    mkfifo(in_dir("half.out"), 0600);
    begin();
    add(MK_LINE, 0, in_dir("half"), NULL);
    run();
    tap_ok(done.error == 0 && done.nqemu == 0, "two FIFOs, which QEMU opens itself: %s", done.text);
    finish();
    make_file(in_dir("inuse"), 10);
    refused(MK_UNIX_LISTEN, 0, in_dir("inuse"), "Address already in use", "listening where a file lies");
    struct stat st;
    tap_ok(stat(in_dir("inuse"), &st) == 0 && st.st_size == 10, "which stays");
}

/* A log that is read back. */
static void looks(void)
{
    char text[8];
    struct stat st;
    make_file(in_dir("there.log"), 5);
    begin();
    add(MK_LOG, MF_RO | MF_APPEND, in_dir("there.log"), NULL);
    run();
    if (tap_ok(done.error == 0 && done.nqemu == 0 && done.nworker == 2 && done.ours_kind[0] == BFD_FILE && done.ours_kind[1] == BFD_DIR, "a log to look at: file and folder, no pipe (%s)", done.text)) {
        tap_ok((fcntl(our_fd(0), F_GETFL) & O_ACCMODE) == O_RDONLY && read(our_fd(0), text, sizeof text) == 5, "the file is for reading");
        tap_ok(fstat(our_fd(1), &st) == 0 && S_ISDIR(st.st_mode), "the folder is one");
    }
    finish();
    begin();
    add(MK_LOG, MF_RO | MF_APPEND, in_dir("absent.log"), NULL);
    run();
    tap_ok(done.error == 0 && done.nworker == 1 && done.ours_kind[0] == BFD_DIR && stat(in_dir("absent.log"), &st) < 0, "one that is not there is not made (%s)", done.text);
    finish();
    tap_ok(symlink(in_dir("there.log"), in_dir("link.log")) == 0, "a link");
    begin();
    add(MK_LOG, MF_RO | MF_APPEND, in_dir("link.log"), NULL);
    run();
    tap_ok(done.error == 0 && done.nworker == 1, "is not followed (%s)", done.text);
    finish();
    refused(MK_LOG, MF_RO, in_dir("none/x.log"), "Unable to open file: ", "a folder that is not there");
    refused(MK_LOG, MF_APPEND, in_dir(""), "Unable to open file: ", "a folder as a log");
}

/* Logs that virtlogd keeps: its pipes are given away, nothing is opened. */
static void logd(void)
{
    char c;
    int own[2], log[2];
    if (pipe2(own, O_CLOEXEC) || pipe2(log, O_CLOEXEC))
        abort();
    pipes[0] = own[1];
    pipes[1] = log[1];
    for (npipes = 0; npipes <= 2; npipes++) {
        begin();
        rq.flags = HAND_LOGD;
        add(MK_LOG, 0, in_dir("virtlogd.log"), NULL);
        run();
        if (npipes < 2)
            tap_ok(done.error && sup.reply.h.nfds == 0 && strstr(done.text, "no pipe came"), "%u pipes for two logs: %s", npipes, done.text);
        else if (tap_ok(done.error == 0 && done.nqemu == 3 && done.nworker == 2 && done.ours_kind[1] == BFD_NONE && done.ours_entry[1] == OWN_LOG, "a pipe for each (%s)", done.text))
            tap_ok(write(our_fd(1), "o", 1) == 1 && read(own[0], &c, 1) == 1 && c == 'o' && write(qemu_fd(2), "l", 1) == 1 && read(log[0], &c, 1) == 1 && c == 'l', "the first is QEMU's own");
        finish();
    }
    npipes = 0;
    tap_ok(access(in_dir("virtlogd.log"), F_OK) < 0, "nothing is made");
    for (int i = 0; i < 2; i++) {
        close(own[i]);
        close(log[i]);
    }
}

/* As on NFS with root_squash: root may not, qemu.conf's user may. Without another process's files no test: this needs root. */
static void squashed(void)
{
    int status = -1;
    if (!root)
        return;
    make_file(in_dir("theirs.img"), 1 << 20);
    if (chown(in_dir("theirs.img"), 64055, 64055) < 0)
        perror("chown");
    for (int turn = 0; turn < 2; turn++) {
        pid_t pid = fork();
        if (pid == 0) {
            prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE);
            prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH);
            begin();
            rq.owner_uid = rq.owner_gid = turn ? 64056 : 64055;
            add(MK_IMAGE, MF_FILE, in_dir("theirs.img"), NULL);
            run();
            _exit(done.error == 0 && done.nqemu == 2 ? 0 : done.error == -EACCES ? 1 : 2);
        }
        waitpid(pid, &status, 0);
        tap_ok(WIFEXITED(status) && WEXITSTATUS(status) == turn, "an image that root may not open, by %s (%d)", turn ? "a user who may not either" : "its owner", WEXITSTATUS(status));
    }
}

/* What the host's descriptors name is found with the rights of qemu.conf's user, whatever root may read. */
static void chosen(void)
{
    static const struct { uint32_t kind; const char *name; } files[] = { { MK_IMAGE, "chosen" }, { MK_BIND, "chosen" }, { MK_NVRAM, "chosen-vars" } };
    if (!root)
        return;
    make_file(in_dir("chosen"), 1 << 20);
    for (int turn = 0; turn < 2; turn++)
        for (size_t i = 0; i < ARRAY_N(files); i++) {
            if (chmod(in_dir("chosen"), turn ? 0644 : 0600) < 0)
                perror("chmod");
            begin();
            add(files[i].kind, MF_CHOSEN | (files[i].kind == MK_IMAGE ? MF_FILE | MF_RO | MF_SHARED : 0), in_dir(files[i].name), files[i].kind == MK_NVRAM ? in_dir("chosen") : NULL);
            run();
            tap_ok(done.error == (turn ? 0 : -EACCES) && (turn || access(in_dir("chosen-vars"), F_OK) < 0), "firmware of kind %u that %s may read: %s", files[i].kind, turn ? "everybody" : "only root", done.text);
            finish();
        }
}

static void kept(void)
{
    struct stat st;
    begin();
    rq.flags |= HAND_KEEP_OWNER;
    add(MK_FILE_OUT, 0, in_dir("kept.out"), NULL);
    add(MK_UNIX_LISTEN, 0, in_dir("kept.sock"), NULL);
    run();
    tap_ok(done.error == 0 && stat(in_dir("kept.out"), &st) == 0 && st.st_uid == getuid() && stat(in_dir("kept.sock"), &st) == 0 && st.st_uid == getuid(),
           "without dynamic_ownership nothing is given away");
    finish();
}

static void nvram(void)
{
    char text[16] = { 0 };
    int fd = open(in_dir("vars.fd"), O_WRONLY | O_CREAT, 0644);
    if (write(fd, "template", 8) != 8)
        perror("template");
    close(fd);
    mkdir(in_dir("nvram"), 0700);
    fd = open(in_dir("nvram/t.fd.part"), O_WRONLY | O_CREAT, 0600);     /* of a hand that was killed */
    if (write(fd, "tem", 3) != 3)
        perror("template");
    close(fd);
    for (int turn = 0; turn < 2; turn++) {
        begin();
        add(MK_NVRAM, 0, in_dir("nvram/t.fd"), in_dir("vars.fd"));
        run();
        tap_ok(done.error == 0 && done.nqemu == 2 && grants.g[0].is_new == !turn && pread(qemu_fd(0), text, 8, 0) == 8 && !memcmp(text, turn ? "changed!" : "template", 8), "NVRAM, run %d: %s %s", turn + 1, text, done.text);
        tap_ok(access(in_dir("nvram/t.fd.part"), F_OK) < 0, "no half of it is left");
        if (!done.error && pwrite(qemu_fd(0), "changed!", 8, 0) != 8)
            tap_ok(false, "write");
        finish();
    }
    begin();
    add(MK_NVRAM, 0, in_dir("nvram/u.fd"), in_dir("vars.fd"));
    add(MK_UNIX_LISTEN, 0, in_dir("again"), NULL);
    add(MK_IMAGE, 0, in_dir("none"), NULL);
    rq.flags = 0;
    rq.id = 2;
    snprintf(rq.name, sizeof rq.name, "%s", "\xc3\xa4-is-one-character-of-twenty");
    run();
    tap_ok(done.error < 0 && done.failed == 2 && access(in_dir("nvram/u.fd"), F_OK) && access(in_dir("again"), F_OK) && access(in_dir("domain-2-\xc3\xa4-is-one-character-o"), F_OK), "a failure leaves nothing that was made before it");
    finish();
}

/* An overlay, and what it stands on, of that format and size. */
static void passing(const char *over, const char *below, uint32_t format, uint64_t size)
{
    struct manifest_entry top = { .kind = MK_IMAGE, .flags = MF_FRESH, .parent = -1, .format = IMG_QCOW2 };
    struct manifest_entry m = { .kind = MK_IMAGE, .flags = MF_RO | MF_SIZE, .format = format, .a = (uint32_t)size, .b = (uint32_t)(size >> 32) };
    begin();
    manifest_add(&out, &top, over, "vda");
    manifest_add(&out, &m, below, NULL);
    run();
}

static void transient(void)
{
    uint64_t head[4] = { 0 };
    char text[64] = { 0 };
    struct stat st;
    const char *below = "passing";
    const int fd = open(in_dir(below), O_RDWR | O_CREAT, 0644);
    char over[256], base[256];
    snprintf(over, sizeof over, "%s", in_dir("passing.TRANSIENT-t"));
    snprintf(base, sizeof base, "%s", in_dir(below));
    tap_ok(fd >= 0 && ftruncate(fd, 1000) == 0, "an image");
    struct stat other = { 0 };
    const int part = open(in_dir("passing.TRANSIENT-t.part"), O_RDWR | O_CREAT, 0666);
    tap_ok(part >= 0 && write(part, "other", 5) == 5 && fstat(part, &other) == 0, "somebody has open what an overlay is called while it is made");
    passing(over, base, IMG_RAW, 0);
    tap_ok(done.error == 0 && grants.g[0].ino != other.st_ino && fstat(part, &other) == 0 && other.st_size == 5 && access(in_dir("passing.TRANSIENT-t.part"), F_OK) < 0, "which it never becomes: %s", done.text);
    finish();
    close(part);
    unlink(over);
    passing(over, base, IMG_RAW, 0);
    tap_ok(done.error == 0 && done.nqemu == 3 && grants.g[0].is_new && stat(over, &st) == 0 && grants.g[0].ino == st.st_ino && st.st_size == 3 * 65536 + 8 && (st.st_mode & 07777) == 0600 && (!root || st.st_uid == 64055),
           "an overlay is made, of nobody else's: %s", done.text);
    tap_ok(pread(qemu_fd(0), head, sizeof head, 0) == sizeof head && be64toh(head[3]) == 1024 && !memcmp(head, "QFI\xfb\0\0\0\3", 8) && pread(qemu_fd(0), text, sizeof text - 1, (off_t)be64toh(head[1])) > 0 && !strncmp(text, base, strlen(base)),
           "whose head tells size and name: %s", text);
    tap_ok((fcntl(qemu_fd(0), F_GETFL) & O_ACCMODE) == O_RDWR && (fcntl(qemu_fd(1), F_GETFL) & O_ACCMODE) == O_RDONLY && (fcntl(qemu_fd(2), F_GETFL) & O_ACCMODE) == O_RDONLY, "what it stands on is to be read only");
    char note[128] = { 0 }, whose[32] = { 0 };
    tap_ok(fgetxattr(qemu_fd(0), "user.bulkhead.overlay", note, sizeof note - 1) > 40 && !strcmp(note + strlen(note) - 4, " 1.0"), "it has the note of its run and entry: %s", note);
    tap_ok(fgetxattr(qemu_fd(0), "user.bulkhead.disk", whose, sizeof whose - 1) > 0 && !strcmp(whose, rq.name), "and that of its guest, as any disk that is to be written: %s", whose);
    finish();
    passing(over, base, IMG_RAW, 0);
    tap_ok(done.code == VIR_ERR_OPERATION_UNSUPPORTED && strstr(done.text, "for transient disk 'vda' already exists") && stat(over, &st) == 0 && st.st_size == 3 * 65536 + 8, "one that is there stays: %s", done.text);
    finish();
    tap_ok(unlink(over) == 0 && symlink(base, over) == 0, "a link");
    passing(over, base, IMG_RAW, 0);
    tap_ok(done.code == VIR_ERR_OPERATION_UNSUPPORTED && stat(base, &st) == 0 && st.st_size == 1000, "is one that is there");
    finish();
    unlink(over);
    static const struct { uint64_t size; bool fits; } sizes[] = { { 0, true }, { 1, true }, { 5ull << 40, true }, { 1ull << 51, true }, { (1ull << 51) + 1, false }, { UINT64_MAX, false } };
    for (size_t i = 0; i < ARRAY_N(sizes); i++) {
        passing(over, base, IMG_QCOW2, sizes[i].size);
        tap_ok((done.error == 0) == sizes[i].fits && (access(over, F_OK) == 0) == sizes[i].fits, "a size that a probe told: %llx %s", (unsigned long long)sizes[i].size, done.text);
        finish();
        unlink(over);
    }
    struct flock l = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 201, .l_len = 1 };
    tap_ok(fcntl(fd, F_OFD_SETLK, &l) == 0, "somebody reads the image");
    passing(over, base, IMG_RAW, 0);
    tap_ok(strstr(done.text, "Failed to get \"write\" lock") && access(over, F_OK) < 0, "and lets nobody write: %s", done.text);
    finish();
    close(fd);
    begin();
    struct manifest_entry m = { .kind = MK_IMAGE, .flags = MF_RO | MF_SIZE, .parent = -1, .format = IMG_RAW };
    manifest_add(&out, &m, base, NULL);
    run();
    tap_ok(done.error == -EPROTO, "one that no overlay stands on: %s", done.text);
    finish();
}

/* What becomes of a file that was opened: keep: it is whole; else it is taken back. The hand's error, 0 none. */
static int settle(bool keep, int *file)
{
    int fds[] = { frame_memfd("m", buf, out.len), frame_memfd("g", &grants, sizeof grants.h + grants.h.n * sizeof grants.g[0]), *file };
    int r = fakesup_hand(&sup, ROLE_HAND_OPEN, root ? 0 : BIRTH_SESSION, IN_HAND_STATE, &rq, sizeof rq, fds, keep ? 3 : 2);
    struct hand_done d = fakesup_done(&sup, r);
    fakesup_end(&sup);
    close(fds[0]);
    close(fds[1]);
    close(*file);
    return d.error;
}

/* A file for a guest's state: dup of what QEMU would have. */
static int open_for(uint32_t flags, const char *path)
{
    begin();
    add(MK_STATE, flags, path, NULL);
    run();
    int fd = done.error ? -1 : fcntl(qemu_fd(0), F_DUPFD_CLOEXEC, 0);
    finish();
    return fd;
}

static void put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0640);
    if (write(fd, text, strlen(text)) < 0)
        perror(path);
    close(fd);
}

static bool starts_with(const char *path, const char *text)
{
    char is[64] = { 0 };
    AUTO_CLOSE fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && read(fd, is, sizeof is - 1) >= (ssize_t)strlen(text) && !strncmp(is, text, strlen(text));
}

static void states(void)
{
    struct stat st;
    char text[16];
    AUTO_FREE char *a = strdup(in_dir("s.state")), *b = strdup(in_dir("had.state"));
    int fd = open_for(0, a);
    tap_ok(fd >= 0 && (fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND)) == O_WRONLY && fstat(fd, &st) == 0 && (st.st_mode & 07777) == 0600 && st.st_uid == geteuid() && grants.g[0].is_new, "a file is made, to be written only");
    tap_ok(settle(true, &fd) == 0 && access(a, F_OK) == 0, "it is kept");
    fd = open_for(0, a);
    tap_ok(fd >= 0 && write(fd, SAVE_MAGIC_PART "and more", 24) == 24 && settle(true, &fd) == 0 && starts_with(a, SAVE_MAGIC "and more"), "a saved state is whole only now");
    fd = open_for(0, a);
    tap_ok(fd >= 0 && write(fd, "QEVM, a dump", 12) == 12 && settle(true, &fd) == 0 && starts_with(a, "QEVM, a dump"), "a dump stays as it is");
    fd = open_for(0, a);
    unlink(a);
    put(a, SAVE_MAGIC_PART);
    tap_ok(fd >= 0 && settle(true, &fd) == -ESTALE && starts_with(a, SAVE_MAGIC_PART), "what somebody put in its place is not made whole");
    fd = open_for(0, a);
    unlink(a);
    tap_ok(fd >= 0 && settle(true, &fd) == -ENOENT, "nor is a state kept that nobody finds any more");
    put(a, "");
    fd = open_for(0, a);
    tap_ok(fd >= 0 && !grants.g[0].is_new && write(fd, "half", 4) == 4 && settle(false, &fd) == 0 && stat(a, &st) == 0 && st.st_size == 0, "one that was there before is not taken back, but empty again");
    unlink(a);
    fd = open_for(0, a);
    tap_ok(fd >= 0 && settle(false, &fd) == 0 && access(a, F_OK) < 0, "one that was made is");
    fd = open_for(0, a);
    unlink(a);
    put(a, "another one's file");
    tap_ok(fd >= 0 && settle(false, &fd) == -ESTALE && access(a, F_OK) == 0, "what somebody put in its place is not");
    static const char saved[] = "LibvirtQemudSave, its head up to the last byte of it, which is not looked at here, and then some more";
    put(b, saved);
    fd = open_for(MF_PROBE | MF_RO, b);
    tap_ok(fd >= 0 && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY && lseek(fd, 0, SEEK_CUR) == 0 && read(fd, text, 16) == 16 && settle(false, &fd) == 0 && access(b, F_OK) == 0, "a saved state is opened to be read, and stays");
    fd = open_for(MF_PROBE, b);
    tap_ok(fd >= 0 && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR && stat(b, &st) == 0 && st.st_size == sizeof saved - 1, "or to be changed, and is not emptied");
    close(fd);
    refused(MK_STATE, MF_PROBE | MF_RO, a, "failed to read qemu header", "what is shorter than a head is not opened");
    put(a, "LibvirtQemudJunk, its head up to the last byte of it, which is not looked at here, and then some more");
    refused(MK_STATE, MF_PROBE | MF_RO, a, "image magic is incorrect", "nor is anything else");
    refused(MK_STATE, MF_PROBE, a, "image magic is incorrect", "nor to be changed");
    unlink(a);
    refused(MK_STATE, MF_PROBE | MF_RO, a, "Failed to open file", "what is not there is not made");
    tap_ok(access(a, F_OK) < 0, "indeed");
    if (symlink(b, a) < 0)
        perror("symlink");
    refused(MK_STATE, 0, a, "Failed to create file", "no link leads to what is emptied");
    unlink(a);
    if (link(b, a) < 0)
        perror("link");
    refused(MK_STATE, 0, a, "Failed to create file", "nor a second name");
    unlink(a);
    tap_ok(stat(b, &st) == 0 && st.st_size == sizeof saved - 1, "which is as it was");
    if (mkfifo(a, 0600) < 0)
        perror("mkfifo");
    refused(MK_STATE, 0, a, "is not a regular file", "a FIFO is not written to");
    refused(MK_STATE, MF_PROBE | MF_RO, a, "is not a regular file", "nor read");
    unlink(a);
    refused(MK_STATE, MF_FRESH, in_dir("f/g/s.state"), "Failed to create file", "no folder is made by a manifest's word");
    tap_ok(access(in_dir("f"), F_OK) < 0, "not even the first");
    begin();
    rq.flags |= HAND_FOLDERS;
    add(MK_STATE, 0, in_dir("f/g/s.state"), NULL);
    run();
    tap_ok(done.error == 0 && grants.g[0].is_new && access(in_dir("f/g/s.state"), F_OK) == 0, "but by the supervisor's (%s)", done.text);
    finish();
}

/* Somebody has the folder of what is made turned round before it is undone. */
static void turned(void)
{
    struct sockaddr_un full = { .sun_family = AF_UNIX }, *a = &full;
    struct stat st;
    mkdir(in_dir("ours"), 0755);
    mkdir(in_dir("theirs"), 0755);
    make_file(in_dir("theirs/x"), 1);
    if (symlink("ours", in_dir("way")) < 0 || symlink("theirs", in_dir("way2")) < 0)
        perror("symlink");
    snprintf(full.sun_path, sizeof full.sun_path, "%s", in_dir("full"));
    AUTO_CLOSE door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(door, (struct sockaddr *)a, sizeof full) < 0 || listen(door, 0) < 0 || (root && chown(full.sun_path, 64055, 64055) < 0))
        perror("listen");
    for (int r = 0; r == 0; ) {            /* the next one to connect waits */
        int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        r = connect(s, (struct sockaddr *)a, sizeof full);
    }
    pid_t pid = fork();
    if (pid == 0) {
        while (stat(in_dir("ours/x"), &st) < 0)
            usleep(1000);
        if (rename(in_dir("way2"), in_dir("way")) < 0)
            perror("rename");
        for (;;)
            accept(door, NULL, NULL);
    }
    begin();
    add(MK_UNIX_LISTEN, 0, in_dir("way/x"), NULL);
    add(MK_UNIX_CONNECT, 0, full.sun_path, NULL);
    add(MK_IMAGE, 0, in_dir("none"), NULL);
    run();
    tap_ok(done.error < 0 && done.failed == 2 && stat(in_dir("theirs/x"), &st) == 0 && S_ISREG(st.st_mode), "a file that has come into the place of what was made stays (%s)", done.text);
    finish();
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void nonsense(void)
{
    struct fakesup s;
    uint8_t junk[100] = { 1, 2, 3 };
    int fd = frame_memfd("m", junk, sizeof junk);
    begin();
    int r = fakesup_hand(&s, ROLE_HAND_OPEN, BIRTH_SESSION, IN_HAND_OPEN, &rq, sizeof rq, &fd, 1);
    const struct hand_done *d = (const struct hand_done *)s.reply.body;
    tap_ok(r == 1 && d->error < 0 && strstr(d->text, "malformed manifest"), "a manifest of rubbish");
    fakesup_end(&s);
    close(fd);
    r = fakesup_hand(&s, ROLE_HAND_OPEN, BIRTH_SESSION, IN_HAND_OPEN, junk, sizeof junk, NULL, 0);
    int status = fakesup_end(&s);
    tap_ok(r == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 2, "a body of another size ends the hand");
    r = fakesup_hand(&s, ROLE_HAND_OPEN, BIRTH_SESSION, IN_HAND_LAUNCH, junk, sizeof junk, NULL, 0);
    status = fakesup_end(&s);
    tap_ok(r == 0 && WEXITSTATUS(status) == 2, "a verb that is not its own ends the hand");
    struct hand_pid p = { .name = "nobody" };
    r = fakesup_hand(&s, ROLE_HAND_OPEN, BIRTH_SESSION, IN_HAND_PIDFD, &p, sizeof p, NULL, 0);
    tap_ok(r == 1 && s.reply.h.nfds == 0, "no pidfd of a process that is no guest");
    fakesup_end(&s);
}

/* Guests that share memory and start at once: each has its right to the file. */
static void shared_at_once(void)
{
    enum { GUESTS = 12, ALL = GUESTS + 4 /* owner, group, mask, others */ };
    char path[64], acl[4 + 8 * (ALL + 1)];
    int status, good = 0;
    if (!root)
        return;
    snprintf(path, sizeof path, "/dev/shm/hand-open-test-%d", getpid());
    close(open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
    for (int i = 0; i < GUESTS; i++)
        if (fork() == 0) {
            begin();
            rq.uid = rq.gid = 5000 + (uint32_t)i;
            add(MK_SHM, 0, path, NULL);
            run();
            finish();
            _exit(done.error != 0);
        }
    while (wait(&status) > 0)
        good += WIFEXITED(status) && WEXITSTATUS(status) == 0;
    tap_int(good, GUESTS, "guests that start at once have their shared memory opened");
    tap_int(getxattr(path, "system.posix_acl_access", acl, sizeof acl), 4 + 8 * ALL, "and none has lost its right to another");
    unlink(path);
}

/* Somebody whom the file's list names, and whom a mode without rights for the group keeps out, stays out. */
static void kept_out(void)
{
    struct { uint16_t tag, may; uint32_t id; } v[6];
    static const struct { uint32_t version; struct { uint16_t tag, may; uint32_t id; } v[5]; } was = { 2, { { 1, 6, ~0u }, { 2, 6, 4000 }, { 4, 4, ~0u }, { 16, 0, ~0u }, { 32, 0, ~0u } } };
    uint8_t acl[4 + sizeof v + 8];
    if (!root || setxattr(in_dir("module"), "system.posix_acl_access", &was, sizeof was, 0) < 0)
        return;
    begin();
    add(MK_MEMORY, 0, in_dir("module"), NULL);
    run();
    finish();
    tap_int(getxattr(in_dir("module"), "system.posix_acl_access", acl, sizeof acl), 4 + sizeof v, "the guest's account is in a list that was there");
    memcpy(v, acl + 4, sizeof v);
    tap_ok(v[1].id == 4000 && v[1].may == 0 && v[3].tag == 4 && v[3].may == 0 && v[4].tag == 16 && v[4].may == 6, "and who was kept out by its mask still is");
}

/* Memory in a file of a client's choice, which stays whatever comes. */
static void memory(void)
{
    char acl[256];
    struct stat st;
    make_file(in_dir("module"), 4096);
    begin();
    add(MK_MEMORY, 0, in_dir("module"), NULL);
    run();
    tap_ok(done.error == 0 && done.nqemu == 1 && (fcntl(qemu_fd(0), F_GETFL) & O_ACCMODE) == O_RDWR, "a file to map: %s", done.text);
    tap_ok(!root || getxattr(in_dir("module"), "system.posix_acl_access", acl, sizeof acl) == 4 + 8 * 5, "that the guest's account may open again");
    finish();
    tap_ok(stat(in_dir("module"), &st) == 0 && st.st_uid == getuid(), "nobody else owns it");
    kept_out();
    refused(MK_MEMORY, 0, in_dir("none"), "No such file", "a file that is not there is not made");
    refused(MK_MEMORY, 0, dir, "Unable to open", "a folder as memory");
    refused(MK_MEMORY, 0, "/dev/zero", "Invalid argument", "a device as memory");
    refused(MK_MEMORY, 0, "/proc/self/fd/3", "Too many levels of symbolic links", "a magic link as memory");
}

int main(void)
{
    folder_begin();
    images();
    chains();
    refusals();
    looks();
    memory();
    logd();
    squashed();
    kept();
    nvram();
    chosen();
    transient();
    states();
    turned();
    shared_at_once();
    nonsense();
    return folder_end();
}
