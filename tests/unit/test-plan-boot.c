/* A real QEMU with the run form of a plan: every descriptor opened here, as the hands would, and the guest's greeting read from its
 * serial line.  The guest is a boot sector that says a word over the first serial port, and then echoes what it is sent. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include "plan.h"
#include "ipc/frame.h"
#include "ipc/util.h"

#define QEMU "/usr/bin/qemu-system-x86_64"
#define GREETING "GREETINGS FROM SECTOR ONE"

/* mov si,msg; next: lodsb; test al,al; jz echo; mov dx,3f8; out dx,al; jmp next; echo: mov dx,3fd; in al,dx; test al,1; jz echo;
 * mov dx,3f8; in al,dx; out dx,al; jmp echo */
static const uint8_t code[] = { 0xfa, 0x31, 0xc0, 0x8e, 0xd8, 0xbe, 0x40, 0x7c, 0xac, 0x84, 0xc0, 0x74, 0x06, 0xba, 0xf8, 0x03, 0xee, 0xeb, 0xf5,
    0xba, 0xfd, 0x03, 0xec, 0xa8, 0x01, 0x74, 0xf8, 0xba, 0xf8, 0x03, 0xec, 0xee, 0xeb, 0xf1 };

static char dir[] = "/tmp/bulkhead-plan-XXXXXX";
static pid_t qemu = -1;

static char *in_dir(const char *name)
{
    static char path[100];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void clean_up(void)
{
    static const char *const names[] = { "base.img", "top.qcow2", "mon", "log", "err" };
    if (qemu > 0) {
        kill(qemu, SIGKILL);
        waitpid(qemu, NULL, 0);
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unlink(in_dir(names[i]));
    rmdir(dir);
}

static bool make_images(void)
{
    uint8_t sector[1 << 20] = { 0 };
    memcpy(sector, code, sizeof code);
    memcpy(sector + 0x40, GREETING "\r\n", sizeof GREETING + 2);
    sector[510] = 0x55;
    sector[511] = 0xaa;
    int fd = open(in_dir("base.img"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    bool good = fd >= 0 && util_write_full(fd, sector, sizeof sector) == (ssize_t)sizeof sector;
    close(fd);
    char cmd[512];
    snprintf(cmd, sizeof cmd, "cd %s && qemu-img create -q -f qcow2 -F raw -b base.img top.qcow2 1M", dir);
    return good && system(cmd) == 0;
}

static const char xml[] =
    "<domain type='qemu' id='1'><name>t,1</name><uuid>c7a5fdbd-edaf-9455-926a-d65c16db1809</uuid><memory unit='KiB'>65536</memory><vcpu>1</vcpu>"
    "<os><type arch='x86_64' machine='%s'>hvm</type><boot dev='hd'/></os><features><acpi/></features>"
    "<cpu mode='custom' match='exact' check='none'><model fallback='forbid'>qemu64</model></cpu><clock offset='utc'><timer name='rtc' tickpolicy='catchup'/></clock>"
    "<devices><emulator>" QEMU "</emulator>"
    "<disk type='file' device='disk'><driver name='qemu' type='qcow2' cache='none' error_policy='stop' discard='unmap'/><source file='/a' m='0'/>"
    "<target dev='sda' bus='%s'/>%s</disk>"
    "<disk type='file' device='cdrom'><driver name='qemu' type='raw'/><target dev='sdb' bus='scsi'/><readonly/><alias name='scsi0-0-0-1'/>"
    "<address type='drive' controller='0' bus='0' target='0' unit='1'/></disk>"
    "<controller type='pci' index='0' model='%s'><alias name='%s'/></controller>"
    "<controller type='usb' index='0' model='qemu-xhci' ports='8'><alias name='usb'/><address type='pci' domain='0' bus='0' slot='3' function='0'/></controller>"
    "<controller type='scsi' index='0' model='virtio-scsi'><alias name='scsi0'/><address type='pci' domain='0' bus='0' slot='4' function='0'/></controller>"
    "<controller type='%s' index='0'><alias name='ide'/></controller>"
    "<controller type='virtio-serial' index='0'><alias name='virtio-serial0'/><address type='pci' domain='0' bus='0' slot='5' function='0'/></controller>"
    "<interface type='user'><mac address='52:54:00:01:02:03'/><model type='virtio'/><alias name='net0'/>"
    "<address type='pci' domain='0' bus='0' slot='6' function='0'/></interface>"
    "<serial type='pty'><source m='2'/><target type='isa-serial' port='0'><model name='isa-serial'/></target><log file='/l' m='3'/><alias name='serial0'/></serial>"
    "<channel type='unix'><source mode='bind' path='/x' m='4'/><target type='virtio' name='org.qemu.guest_agent.0'/><alias name='channel0'/>"
    "<address type='virtio-serial' controller='0' bus='0' port='1'/></channel>"
    "<input type='tablet' bus='usb'><alias name='input0'/><address type='usb' bus='0' port='1'/></input><input type='mouse' bus='ps2'/>"
    "<graphics type='vnc' port='-1' autoport='yes' passwd='secret'><listen type='address' address='127.0.0.1'/></graphics><audio id='1' type='none'/>"
    "<video><model type='%s' vram='16384' heads='1' primary='yes'/><alias name='video0'/><address type='pci' domain='0' bus='0' slot='7' function='0'/></video>"
    "<watchdog model='i6300esb' action='reset'><alias name='watchdog0'/><address type='pci' domain='0' bus='0' slot='8' function='0'/></watchdog>"
    "<memballoon model='virtio'><stats period='5'/><alias name='balloon0'/><address type='pci' domain='0' bus='0' slot='9' function='0'/></memballoon>"
    "<rng model='virtio'><backend model='random' m='5'>/dev/urandom</backend><alias name='rng0'/><address type='pci' domain='0' bus='0' slot='10' function='0'/></rng>"
    "</devices></domain>";

/* Starts QEMU; pass[i] becomes descriptor number number[i] in it. */
static void launch(char **argv, const int *pass, const int *number, size_t n)
{
    fflush(NULL);
    if ((qemu = fork()) != 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int high[32];
    for (size_t i = 0; i < n; i++)
        high[i] = fcntl(pass[i], F_DUPFD_CLOEXEC, 100);
    for (size_t i = 0; i < n; i++)
        dup2(high[i], number[i]);
    int err = open(in_dir("err"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(err, 2);
    dup2(err, 1);
    execv(argv[0], argv);
    _exit(127);
}

/* Reads fd until it has text, for at most a minute. */
static bool wait_text(int fd, const char *text, char *all, size_t cap)
{
    size_t len = 0;
    uint64_t end = util_now_ms() + 60000;
    all[0] = 0;
    while (util_now_ms() < end && len + 1 < cap) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        int status;
        if (waitpid(qemu, &status, WNOHANG) == qemu) {
            qemu = -1;
            return false;
        }
        if (poll(&p, 1, 500) <= 0)
            continue;
        ssize_t k = read(fd, all + len, cap - 1 - len);
        if (k <= 0)
            return false;
        len += (size_t)k;
        all[len] = 0;
        if (strstr(all, text))
            return true;
    }
    return false;
}

static bool qmp(int fd, const char *command, const char *answer)
{
    char all[65536];
    return write(fd, command, strlen(command)) == (ssize_t)strlen(command) && wait_text(fd, answer, all, sizeof all);
}

static void show_stderr(void)
{
    char text[4096] = "";
    int fd = open(in_dir("err"), O_RDONLY | O_CLOEXEC);
    ssize_t k = fd >= 0 ? util_read_full(fd, text, sizeof text - 1) : 0;
    close(fd);
    text[k > 0 ? k : 0] = 0;
    for (char *l = strtok(text, "\n"); l; l = strtok(NULL, "\n"))
        printf("# qemu: %s\n", l);
}

struct machine { const char *machine, *bus, *place, *root, *root_alias, *ata, *video; };

static void boot(const struct machine *m)
{
    struct plan_host h;
    struct plan p;
    struct err e = ERR_INIT;
    char text[8192], all[65536], **argv;
    snprintf(text, sizeof text, xml, m->machine, m->bus, m->place, m->root, m->root_alias, m->ata, m->video);
    unlink(in_dir("mon"));
    int rw = open(in_dir("top.qcow2"), O_RDWR | O_CLOEXEC), ro = open(in_dir("top.qcow2"), O_RDONLY | O_CLOEXEC);
    int base = open(in_dir("base.img"), O_RDONLY | O_CLOEXEC), master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    int log = open(in_dir("log"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), pair[2], mon = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    snprintf(a.sun_path, sizeof a.sun_path, "%s", in_dir("mon"));
    if (rw < 0 || ro < 0 || base < 0 || master < 0 || log < 0 || mon < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0 || grantpt(master) < 0 ||
        unlockpt(master) < 0 || bind(mon, (struct sockaddr *)&a, sizeof a) < 0 || listen(mon, 1) < 0) {
        tap_ok(false, "%s: descriptors", m->machine);
        return;
    }
    AUTO_CLOSE key = frame_memfd("key", "0123456789abcdef0123456789abcdef", 32);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC), client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct termios raw;
    tcgetattr(slave, &raw);
    cfmakeraw(&raw);
    tcsetattr(slave, TCSANOW, &raw);
    plan_host_make(&h, (struct given[]){
        { .m = { .kind = MK_IMAGE, .format = IMG_QCOW2 }, .path = "/a", .fd = 17, .twin = 12 },
        { .m = { .kind = MK_IMAGE, .format = IMG_RAW, .flags = MF_RO | MF_BACKING, .parent = 0 }, .path = "/base", .fd = 13, .twin = -1 },
        { .m = { .kind = MK_PTY }, .fd = 14, .twin = -1, .name = "/dev/pts/1" },
        { .m = { .kind = MK_LOG, .flags = MF_APPEND }, .path = "/l", .fd = 15, .twin = -1 },
        { .m = { .kind = MK_PAIR }, .fd = 16, .twin = -1 },
        { .m = { .kind = MK_DEVNODE }, .path = "/dev/urandom", .fd = -1, .twin = -1 } }, 6, 10);
    AUTO_TREE *dom = plan_tree(text);
    struct plan_in in = { .dom = dom, .form = PLAN_RUN, .id = 1, .host = &h };
    if (plan_complete(dom, &h, &e) < 0 || plan_guest(&in, &p, &e) < 0 || plan_argv(&in, &p, &argv, &e) < 0) {
        tap_ok(false, "%s: planned: %s", m->machine, e.detail);
        return;
    }
    launch(argv, (int[]){ mon, rw, ro, base, master, log, pair[0], key }, (int[]){ 10, 17, 12, 13, 14, 15, 16, QEMU_FD_KEY }, 8);
    bool up = tap_ok(connect(client, (struct sockaddr *)&a, sizeof a) == 0 && wait_text(client, "\"QMP\"", all, sizeof all), "%s on %s: QEMU greets its monitor",
                     m->machine, m->bus);
    up = up && tap_ok(qmp(client, "{\"execute\":\"qmp_capabilities\"}", "\"return\"") && qmp(client, "{\"execute\":\"cont\"}", "RESUME"), "it goes on");
    up = up && tap_ok(wait_text(slave, GREETING, all, sizeof all), "the guest greets on its serial line");
    if (up) {
        tap_ok(write(slave, "ping", 4) == 4 && wait_text(slave, "ping", all, sizeof all), "and echoes");
        int rd = open(in_dir("log"), O_RDONLY | O_CLOEXEC);
        ssize_t k = util_read_full(rd, all, sizeof all - 1);
        all[k > 0 ? k : 0] = 0;
        close(rd);
        tap_ok(strstr(all, GREETING), "the log has the greeting");
        tap_ok(qmp(client, "{\"execute\":\"query-named-block-nodes\",\"arguments\":{\"flat\":true}}", "libvirt-2-format"), "the chain is open");
    } else {
        show_stderr();
        for (char **w = argv; *w; w++)
            printf("# %s\n", *w);
    }
    if (qemu > 0) {
        int status = 0;
        tap_ok(qmp(client, "{\"execute\":\"quit\"}", "\"return\"") && waitpid(qemu, &status, 0) == qemu && status == 0, "and ends when told");
        qemu = -1;
    }
    plan_argv_free(argv);
    plan_free(&p);
    plan_host_free(&h);
    const int fds[] = { rw, ro, base, master, log, mon, pair[0], pair[1], slave, client };
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        close(fds[i]);
}

int main(void)
{
    static const struct machine machines[] = {
        { "pc-i440fx-7.2", "ide", "<alias name='ide0-0-0'/><address type='drive' controller='0' bus='0' target='0' unit='0'/>", "pci-root", "pci.0", "ide", "cirrus" },
        { "pc-q35-7.2", "sata", "<alias name='sata0-0-0'/><address type='drive' controller='0' bus='0' target='0' unit='0'/>", "pcie-root", "pcie.0", "sata", "vga" },
        { "pc-q35-7.2", "virtio", "<alias name='virtio-disk0'/><address type='pci' domain='0' bus='0' slot='11' function='0'/>", "pcie-root", "pcie.0", "sata", "bochs" },
        { "pc-i440fx-7.2", "scsi", "<alias name='scsi0-0-0-0'/><address type='drive' controller='0' bus='0' target='0' unit='0'/>", "pci-root", "pci.0", "ide", "vga" },
    };
    if (access(QEMU, X_OK) != 0 || system("qemu-img --version >/dev/null 2>&1") != 0)
        tap_skip_all("needs qemu-system-x86_64 and qemu-img");
    signal(SIGPIPE, SIG_IGN);
    if (!mkdtemp(dir)) {
        printf("Bail out! no folder under /tmp\n");
        return 1;
    }
    atexit(clean_up);
    if (!make_images()) {
        printf("Bail out! cannot make images\n");
        return 1;
    }
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++)
        boot(&machines[i]);
    return tap_done();
}
