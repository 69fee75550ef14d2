/* hand-open: PCI devices of a made-up /sys and /dev, for which this process has mounts of its own: which may be given away, whose they are, and what is none. No driver changes here: there is no kernel behind it. */
#include <sched.h>
#include <termios.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include "hand-open.h"

#define SYS "/sys/bus/pci/devices"
#define UUID "53764d0e-85a0-42b4-af5c-2046b460b1dc"
#define MADE "53764d0e-85a0-42b4-af5c-2046b460b1dd"     /* this one is there */

static void folder(const char *path)
{
    char step[400];
    for (const char *p = strchr(path + 1, '/'); ; p = strchr(p + 1, '/')) {
        snprintf(step, sizeof step, "%.*s", p ? (int)(p - path) : 300, path);
        mkdir(step, 0755);
        if (!p)
            return;
    }
}

static void put(const char *path, const void *bytes, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
        perror(path);
    close(fd);
}

/* A device whose links lead to these; NULL: there is none. type: of its header. */
static void device(const char *name, uint8_t type, const char *driver, const char *group)
{
    char at[300], path[400];
    uint8_t config[64] = { 0 };
    config[0x0e] = type;
    snprintf(at, sizeof at, SYS "/%s", name);
    folder(at);
    snprintf(path, sizeof path, "%s/config", at);
    put(path, config, sizeof config);
    snprintf(path, sizeof path, "%s/driver", at);
    if (driver && symlink(driver, path) < 0)
        abort();
    snprintf(path, sizeof path, "%s/iommu_group", at);
    if (group && symlink(group, path) < 0)
        abort();
}

static void make_host(void)
{
    static const char *const files[] = { SYS, "/sys/kernel/iommu_groups/7/devices/0000:07:00.0", "/sys/kernel/iommu_groups/7/devices/0000:07:00.1", "/dev/vfio" };
    static char far[1000];
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || mount("tmpfs", "/sys", "tmpfs", 0, "mode=755") < 0 || mount("tmpfs", "/dev", "tmpfs", 0, "mode=755") < 0 ||
        mkdir("/dev/pts", 0755) < 0 || mount("devpts", "/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=620") < 0 || symlink("pts/ptmx", "/dev/ptmx") < 0)
        abort();
    mknod("/dev/null", S_IFCHR | 0666, makedev(1, 3));
    chmod("/dev/null", 0666);
    for (size_t i = 0; i < ARRAY_N(files); i++)
        folder(files[i]);
    mknod("/dev/vfio/vfio", S_IFCHR | 0666, makedev(1, 5));
    mknod("/dev/vfio/7", S_IFCHR | 0600, makedev(1, 7));
    memset(far, '7', sizeof far - 1);
    device("0000:07:00.0", 0, "../../drivers/vfio-pci", "../../../kernel/iommu_groups/7");
    device("0000:07:00.1", 0, "../../drivers/vfio-pci", "../../../kernel/iommu_groups/7");
    device("0000:08:00.0", 1, "../../drivers/pcieport", "../../../kernel/iommu_groups/8");
    device("0000:09:00.0", 0x80, "../../drivers/igb", "../../../kernel/iommu_groups/7");
    device("0000:0a:00.0", 0, "vfio-pci", NULL);
    device("0000:0b:00.0", 0, "vfio-pci", far);
    device("0000:0c:00.0", 0, "vfio-pci", "../../7/../x");
    device("0000:0e:00.0", 0, "vfio-pci", "/9");
    put(SYS "/0000:0f:00.0", "", 0);
    folder("/sys/bus/mdev/devices/" MADE "/mdev_type");
    put("/sys/bus/mdev/devices/" MADE "/mdev_type/device_api", "vfio-pci\n", 9);
    if (symlink("../../../kernel/iommu_groups/7", "/sys/bus/mdev/devices/" MADE "/iommu_group") < 0)
        abort();
    device("0000:0d:00.0", 0, "../../drivers/vfio-pci", "../../../kernel/iommu_groups/13");
    put(SYS "/0000:0d:00.0/driver_override", "", 0);
    put("/sys/bus/pci/drivers_probe", "", 0);
}

static void ask(const char *name, uint32_t flags, const char *path, const char *how)
{
    begin();
    snprintf(rq.name, sizeof rq.name, "%s", name);
    add(MK_VFIO, flags, path, how);
    run();
}

#define NO_GROUP(d) "Invalid device " d " iommu_group file " SYS "/" d "/iommu_group is not a symlink"
static const struct { const char *path, *how; uint32_t flags; int code; const char *text; } bad[] = {
    { "", "pci", 0, VIR_ERR_CONFIG_UNSUPPORTED, "is not supported" },
    { "0000:07:00.0/", "pci", 0, VIR_ERR_INTERNAL_ERROR, "malformed manifest" },
    { "0000:07:00", "pci", 0, VIR_ERR_INTERNAL_ERROR, "malformed manifest" },
    { "../drivers/x", "pci", 0, VIR_ERR_INTERNAL_ERROR, "malformed manifest" },
    { "000A:07:00.0", "pci", 0, VIR_ERR_INTERNAL_ERROR, "malformed manifest" },
    { "/000:07:00.0", "pci", 0, VIR_ERR_INTERNAL_ERROR, "malformed manifest" },
    { UUID "/", "vfio-pci", 0, VIR_ERR_INTERNAL_ERROR, "malformed manifest" },
    { UUID, "vfio-pci", 0, VIR_ERR_DEVICE_MISSING, "mediated device '" UUID "' not found" },
    { "0000:07:00.0", "", 0, VIR_ERR_INTERNAL_ERROR, "malformed manifest" },
    { "0000:07:00.0", "pci kvm", 0, VIR_ERR_CONFIG_UNSUPPORTED, "host doesn't support legacy PCI passthrough" },
    { "0000:07:00.0", "pci xen", 0, VIR_ERR_OPERATION_INVALID, "PCI device 0000:07:00.0 is not assignable" },
    { "0000:01:00.0", "pci", 0, VIR_ERR_SYSTEM_ERROR, "Device 0000:01:00.0 not found: could not access " SYS "/0000:01:00.0/config: No such file or directory" },
    { "0000:0f:00.0", "pci", 0, VIR_ERR_SYSTEM_ERROR, "Not a directory" },
    { "0000:08:00.0", "pci", 0, VIR_ERR_INTERNAL_ERROR, "Non-endpoint PCI devices cannot be assigned to guests" },
    { "0000:09:00.0", "pci", 0, VIR_ERR_OPERATION_INVALID, "Unmanaged PCI device 0000:09:00.0 must be manually detached from the host" },
    { "0000:09:00.0", "pci", MF_MANAGED, VIR_ERR_INTERNAL_ERROR, "Failed to load PCI driver module vfio-pci" },
    { "0000:0a:00.0", "pci", 0, VIR_ERR_INTERNAL_ERROR, NO_GROUP("0000:0a:00.0") },
    { "0000:0b:00.0", "pci", 0, VIR_ERR_INTERNAL_ERROR, NO_GROUP("0000:0b:00.0") },
    { "0000:0c:00.0", "pci", 0, VIR_ERR_INTERNAL_ERROR, NO_GROUP("0000:0c:00.0") },
    { "0000:0e:00.0", "pci", 0, VIR_ERR_SYSTEM_ERROR, "Unable to give the guest device 0000:0e:00.0 in group 9: No such file or directory" },
};

/* What the driver was told to give back; "": nothing. */
static const char *unbound(void)
{
    static char text[64];
    int fd = open("/sys/bus/pci/drivers/vfio-pci/unbind", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = 0;
    return text;
}

/* A group's node that one can have open at a time, as the kernel's: a terminal that is its holder's alone. Who has no CAP_SYS_ADMIN finds it busy. The holder's descriptor. */
static int one_holder(const char *node)
{
    char name[64];
    int ptmx = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (ptmx < 0 || grantpt(ptmx) < 0 || unlockpt(ptmx) < 0 || ptsname_r(ptmx, name, sizeof name))
        abort();
    put(node, "", 0);
    if (mount(name, node, NULL, MS_BIND, NULL) < 0)
        abort();
    int fd = open(node, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || ioctl(fd, TIOCEXCL) < 0)
        abort();
    return fd;      /* the other end stays open */
}

/* In another process: once the driver is told to give the device back it does, after so many ms. */
static pid_t kernel_begin(unsigned ms)
{
    pid_t pid = fork();
    if (pid)
        return pid;
    while (!*unbound())
        usleep(1000);
    usleep(ms * 1000);
    _exit(unlink(SYS "/0000:0d:00.0/driver") < 0);
}

/* Who wants a device that a sweep has on its way back waits for it. */
static void on_its_way(void)
{
    put("/sys/bus/pci/drivers/vfio-pci/unbind", "", 0);
    if (symlink("../../drivers/vfio-pci", SYS "/0000:0d:00.0/driver") < 0)
        abort();
    put(in_dir("vfio-0000:0d:00.0.user"), "gone\nbound\nund\n", 15);      /* as of a hand that died between the two steps of writing */
    pid_t kernel = kernel_begin(300), sweeper = fork();
    if (sweeper == 0) {
        ask("three", 0, "0000:01:00.0", "pci");
        _exit(finish());
    }
    for (int i = 0; i < 3000 && !*unbound(); i++)
        usleep(10000);
    ask("two", 0, "0000:0d:00.0", "pci");
    tap_ok(*unbound() && strstr(done.text, "must be manually detached"), "a device on its way back to its driver is nobody's: %s", done.text);
    finish();
    waitpid(sweeper, NULL, 0);
    if (!*unbound())
        put("/sys/bus/pci/drivers/vfio-pci/unbind", "x", 1);
    waitpid(kernel, NULL, 0);
}

/* The lock's note says that the driver was changed, and nobody has the lock: but for who keeps the group open. */
static void kept_open(void)
{
    const char *note = in_dir("vfio-0000:0d:00.0.user");
    int qemu = one_holder("/dev/vfio/13");
    folder("/sys/bus/pci/drivers/vfio-pci");
    put("/sys/bus/pci/drivers/vfio-pci/unbind", "", 0);
    put(note, "gone\nbound\n", 11);
    ask("two", 0, "0000:01:00.0", "pci");
    finish();
    tap_ok(done.error && !*unbound() && access(note, F_OK) == 0, "a device that a QEMU keeps open is not told to go, for that waits for ever: '%s'", unbound());
    ask("two", 0, "0000:0d:00.0", "pci");
    tap_ok(done.error == -EBUSY && !*unbound() && access(note, F_OK) == 0, "nor does another guest get one of its group, for the holder would have that too: %s", done.text);
    finish();
    ioctl(qemu, TIOCNXCL);
    pid_t kernel = kernel_begin(0);
    ask("two", 0, "0000:01:00.0", "pci");
    finish();
    waitpid(kernel, NULL, 0);
    tap_ok(!strcmp(unbound(), "0000:0d:00.0") && access(note, F_OK) < 0, "but when it is free, by whoever comes next: '%s'", unbound());
    on_its_way();
    close(qemu);
    if (rename("/sys/bus/pci/drivers", "/sys/bus/pci/no-drivers") < 0)
        abort();
}

/* Who locks a note before it is gone, and after its lock is, would lose it to the one that gives up. */
static void given_up(void)
{
    static const char note[] = "vfio-0000:09:00.0.user";
    char seen[8192] __attribute__((aligned(__alignof__(struct inotify_event))));
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    bool is_gone = false, is_shut = false, was_free = false;
    if (inotify_add_watch(watch, in_dir("."), IN_OPEN | IN_CLOSE | IN_DELETE) < 0)
        abort();
    ask("two", MF_MANAGED, "0000:09:00.0", "pci");
    finish();
    ssize_t n = read(watch, seen, sizeof seen);
    const struct inotify_event *v;
    for (char *p = seen; !is_gone && p < seen + n; p += sizeof *v + v->len) {
        v = (const void *)p;
        if (!v->len || strcmp(v->name, note))
            continue;
        is_gone = v->mask & IN_DELETE;
        was_free |= is_shut && v->mask & IN_CLOSE;      /* once more, after what it was read or written by: the lock's */
        is_shut = v->mask & IN_CLOSE;
    }
    tap_ok(done.error && is_gone && !was_free, "what cannot be had is locked until its note is gone");
    close(watch);
}

static void made_up(void)
{
    struct stat st;
    ask("one", 0, "0000:07:00.0", "pci vfio");
    tap_ok(done.error == 0 && done.nqemu == 0 && done.nworker == 1 && done.ours_kind[0] == BFD_LOCK && !strcmp(grants.g[0].name, "7") && (fcntl(our_fd(0), F_GETFL) & O_ACCMODE) == O_RDONLY &&
           fstat(our_fd(0), &st) == 0 && S_ISREG(st.st_mode) && flock(open(in_dir("vfio-0000:07:00.0.user"), O_RDONLY | O_CLOEXEC), LOCK_EX | LOCK_NB) < 0,
           "a device, whose lock is the run's and not QEMU's, and its group: %s", done.text);
    struct fakesup first = sup;
    ask("two", 0, "0000:07:00.0", "pci");
    tap_ok(done.error && done.code == VIR_ERR_OPERATION_INVALID && !strcmp(done.text, "PCI device 0000:07:00.0 is in use by driver QEMU, domain one"), "it is one guest's: %s", done.text);
    finish();
    ask("two", 0, "0000:07:00.1", "pci");
    tap_ok(done.error && done.code == VIR_ERR_OPERATION_INVALID && !strcmp(done.text, "PCI device 0000:07:00.0 is in use by driver QEMU, domain one") && access(in_dir("vfio-0000:07:00.1.user"), F_OK) < 0,
           "and so is its group: %s", done.text);
    finish();
    ask("one", 0, "0000:07:00.1", "pci");
    tap_ok(done.error == 0, "of which it may have more: %s", done.text);
    finish();
    sup = first;
    finish();
    ask("two", 0, "0000:01:00.0", "pci");
    tap_ok(done.error && access(in_dir("vfio-0000:07:00.0.user"), F_OK) < 0 && access(in_dir("vfio-0000:07:00.1.user"), F_OK) < 0, "when nobody has it any more it is nobody's");
    finish();
    if (symlink(in_dir("victim"), in_dir("vfio-0000:07:00.0.user")) < 0)
        abort();
    ask("one", 0, "0000:07:00.0", "pci");
    tap_ok(done.error && access(in_dir("victim"), F_OK) < 0, "a note is no link: %s", done.text);
    finish();
    ask("one", 0, MADE, "vfio-pci");
    tap_ok(done.error == 0 && done.nqemu == 0 && done.nworker == 1 && !strcmp(grants.g[0].name, "7") && access(in_dir("vfio-" MADE ".user"), F_OK) == 0, "a mediated device: %s", done.text);
    first = sup;
    ask("two", 0, MADE, "vfio-pci");
    tap_ok(done.error && done.code == VIR_ERR_OPERATION_INVALID && !strcmp(done.text, "mediated device /sys/bus/mdev/devices/" MADE " is in use by driver QEMU, domain one"), "is one guest's: %s", done.text);
    finish();
    sup = first;
    finish();
    ask("two", 0, MADE, "vfio-ap");
    tap_ok(done.error && done.code == VIR_ERR_CONFIG_UNSUPPORTED && strstr(done.text, "device only supports 'vfio-pci'"), "and what it is: %s", done.text);
    finish();
    kept_open();
    given_up();
    for (size_t i = 0; i < ARRAY_N(bad); i++) {
        ask("two", bad[i].flags, bad[i].path, bad[i].how);
        tap_ok(done.error && done.code == bad[i].code && strstr(done.text, bad[i].text) && !sup.reply.h.nfds, "'%s' %s: %s", bad[i].path, bad[i].how, done.text);
        finish();
    }
}

int main(void)
{
    folder_begin();
    ask("two", 0, "0000:07:00", "pci");
    tap_ok(done.error && !strcmp(done.text, "malformed manifest"), "no device's name: %s", done.text);
    finish();
    if (root) {
        make_host();
        made_up();
        unlink("/dev/vfio/vfio");
        ask("two", 0, "0000:07:00.0", "pci vfio");
        tap_ok(done.error && !strcmp(done.text, "host doesn't support VFIO PCI passthrough"), "no VFIO: %s", done.text);
        finish();
    }
    return folder_end();
}
