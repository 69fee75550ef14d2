/* hand-open: USB devices of a made-up /sys and /dev, for which this process has mounts of its own: which one is meant, whose it is, and what is no device. */
#include <sched.h>
#include <stdarg.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include "hand-open.h"

#define SYS "/sys/bus/usb/devices"
enum { NULL_MINOR = 3, ZERO_MINOR = 5, FULL_MINOR = 7 };

static void put(const char *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(const char *text, const char *fmt, ...)
{
    char path[300];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(path, sizeof path, fmt, ap);
    va_end(ap);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        perror(path);
    close(fd);
}

static void device(const char *name, const char *vendor, const char *product, const char *bus, const char *number, const char *dev)
{
    char path[300];
    snprintf(path, sizeof path, SYS "/%s", name);
    mkdir(path, 0755);
    put(vendor, "%s/idVendor", path);
    put(product, "%s/idProduct", path);
    put(bus, "%s/busnum", path);
    put(number, "%s/devnum", path);
    put(dev, "%s/dev", path);
}

static void make_host(void)
{
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || mount("tmpfs", "/sys/bus", "tmpfs", 0, "mode=755") < 0 || mount("tmpfs", "/dev", "tmpfs", 0, "mode=755") < 0)
        abort();
    static const char *const folders[] = { "/sys/bus/usb", SYS, "/dev/bus", "/dev/bus/usb", "/dev/bus/usb/001" };
    mknod("/dev/null", S_IFCHR | 0666, makedev(1, NULL_MINOR));
    chmod("/dev/null", 0666);
    for (size_t i = 0; i < ARRAY_N(folders); i++)
        mkdir(folders[i], 0755);
    mknod("/dev/bus/usb/001/002", S_IFCHR | 0600, makedev(1, ZERO_MINOR));
    mknod("/dev/bus/usb/001/003", S_IFCHR | 0600, makedev(1, FULL_MINOR));
    mknod("/dev/bus/usb/001/004", S_IFCHR | 0600, makedev(1, FULL_MINOR));
    put("", "/dev/bus/usb/001/005");
    if (symlink("002", "/dev/bus/usb/001/007") < 0)
        abort();
    device("1-1", "1234\n", "beef\n", "1\n", "2\n", "1:5\n");
    device("1-2", "1234\n", "beee\n", "1\n", "3\n", "1:7\n");
    device("1-3", "4444\n", "0001\n", "1\n", "4\n", "1:9\n");       /* its node is another's */
    device("1-4", "5555\n", "0001\n", "1\n", "5\n", "1:5\n");       /* its node is a file */
    device("1-5", "6666\n", "0001\n", "1\n", "6\n", "1:5\n");       /* it has no node */
    device("1-6", "7777\n", "0001\n", "1\n", "7\n", "1:7\n");       /* its node leads to another's */
    device("1-7", "8888\n", "0001\n", "1\n", "8\n", "1\n");
    device("1-8", "8888\n", "0001\n", "1\n", "99999999999999999999\n", "1:5\n");
    device("1-9", "\n", "zz\n", "-\n", "\n", "\n");
    device("1-1:1.0", "1234\n", "beef\n", "1\n", "2\n", "1:5\n");
    put("", SYS "/file");
    device("2-1", "abcd\n", "0001\n", "2\n", "2\n", "1:5\n");
    device("2-2", "abcd\n", "0001\n", "2\n", "3\n", "1:5\n");
}

static void ask(const char *name, uint32_t flags, uint32_t what, uint32_t bus, uint32_t number)
{
    begin();
    snprintf(rq.name, sizeof rq.name, "%s", name);
    struct manifest_entry m = { .kind = MK_USB, .flags = flags, .parent = -1, .a = what, .b = bus, .c = number };
    manifest_add(&out, &m, NULL, NULL);
    run();
}

static const struct { const char *what; uint32_t flags, id, bus, number; int code; const char *text; } bad[] = {
    { "nothing that is named", 0, 0, 0, 0, VIR_ERR_INTERNAL_ERROR, "USB host device is missing bus/device information" },
    { "one that is not there", 0, 0x12340001, 0, 0, VIR_ERR_INTERNAL_ERROR, "Did not find USB device 1234:0001" },
    { "a place without one", 0, 0, 1, 9, VIR_ERR_INTERNAL_ERROR, "Did not find USB device bus:1 device:9" },
    { "a place where another is", 0, 0x1234beef, 1, 3, VIR_ERR_INTERNAL_ERROR, "Did not find USB device 1234:beef bus:1 device:3" },
    { "numbers too large", 0, 0, UINT32_MAX, UINT32_MAX, VIR_ERR_INTERNAL_ERROR, "Did not find USB device bus:4294967295 device:4294967295" },
    { "one of two", 0, 0xabcd0001, 0, 0, VIR_ERR_OPERATION_FAILED, "Multiple USB devices for abcd:1, use <address> to specify one" },
    { "one of two, that may be missing", MF_OPTIONAL, 0xabcd0001, 0, 0, VIR_ERR_OPERATION_FAILED, "Multiple USB devices for abcd:1, use <address> to specify one" },
    { "one whose node is another's", 0, 0x44440001, 0, 0, VIR_ERR_SYSTEM_ERROR, "Unable to open USB device /dev/bus/usb/001/004: Stale file handle" },
    { "one whose node is a file", 0, 0x55550001, 0, 0, VIR_ERR_SYSTEM_ERROR, "Unable to open USB device /dev/bus/usb/001/005: Invalid argument" },
    { "one without a node", 0, 0x66660001, 0, 0, VIR_ERR_SYSTEM_ERROR, "Unable to open USB device /dev/bus/usb/001/006: No such file or directory" },
    { "one whose node leads to another's", 0, 0x77770001, 0, 0, VIR_ERR_SYSTEM_ERROR, "Unable to open USB device /dev/bus/usb/001/007: Stale file handle" },
    { "one of which the kernel tells too little", 0, 0x88880001, 0, 0, VIR_ERR_INTERNAL_ERROR, "Did not find USB device 8888:0001" },
};

static void made_up(void)
{
    struct stat st;
    ask("one", 0, 0x1234beef, 0, 0);
    tap_ok(done.error == 0 && done.nqemu == 1 && done.nworker == 0 && fstat(qemu_fd(0), &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, ZERO_MINOR) &&
           (fcntl(qemu_fd(0), F_GETFL) & O_ACCMODE) == O_RDWR && !strcmp(grants.g[0].name, "1:2"), "a device by what it is, and where it was found: %s", done.text);
    struct fakesup first = sup;
    ask("two", 0, 0, 1, 2);
    tap_ok(done.error && done.code == VIR_ERR_OPERATION_INVALID && done.domain == VIR_FROM_NONE && !strcmp(done.text, "USB device 001:002 is in use by driver QEMU, domain one"), "it is one guest's: %s", done.text);
    finish();
    ask("two", MF_OPTIONAL, 0x1234beef, 1, 2);
    tap_ok(done.error && done.code == VIR_ERR_OPERATION_INVALID && !sup.reply.h.nfds, "also where it may be missing");
    finish();
    unlink(in_dir("usb-001-002.user"));
    put("secret", "%s", in_dir("victim"));
    if (symlink(in_dir("victim"), in_dir("usb-001-002.user")) < 0)
        abort();
    ask("two", 0, 0, 1, 2);
    tap_ok(done.error && !strcmp(done.text, "USB device 001:002 is already in use"), "who has it is not read through a link: %s", done.text);
    finish();
    unlink(in_dir("usb-001-002.user"));
    sup = first;
    finish();
    ask("two", 0, 0x1234beef, 1, 2);
    tap_ok(done.error == 0 && done.nqemu == 1, "when nobody has it any more it is another's: %s", done.text);
    finish();
    ask("two", MF_OPTIONAL, 0x12340001, 0, 0);
    tap_ok(done.error == 0 && done.nqemu == 0 && grants.g[0].error == -ENODEV && grants.g[0].qemu_fd[0] == -1, "one that may be missing is");
    finish();
    begin();
    struct manifest_entry m[] = { { .kind = MK_USB, .parent = -1, .a = 0x1234beef }, { .kind = MK_USB, .parent = -1, .b = 1, .c = 2 } };
    manifest_add(&out, &m[0], NULL, NULL);
    manifest_add(&out, &m[1], NULL, NULL);
    run();
    tap_ok(done.error && done.failed == 1 && !strcmp(done.text, "Device 001:002 is already in use"), "nor has a guest it twice: %s", done.text);
    finish();
    for (size_t i = 0; i < ARRAY_N(bad); i++) {
        ask("two", bad[i].flags, bad[i].id, bad[i].bus, bad[i].number);
        tap_ok(done.error && done.code == bad[i].code && !strcmp(done.text, bad[i].text) && !sup.reply.h.nfds, "%s: %s", bad[i].what, done.text);
        finish();
    }
}

int main(void)
{
    folder_begin();
    if (root) {
        make_host();
        made_up();
        umount2("/sys/bus", MNT_DETACH);
        if (mount("tmpfs", "/sys/bus", "tmpfs", 0, "mode=755") < 0)
            abort();
    }
    ask("two", MF_OPTIONAL, 0xffffffff, 1, 2);
    tap_ok(access(SYS, F_OK) == 0 || (done.error && done.code == VIR_ERR_SYSTEM_ERROR && !strcmp(done.text, "cannot open directory '" SYS "': No such file or directory")), "no USB at all: %s", done.text);
    finish();
    return folder_end();
}
