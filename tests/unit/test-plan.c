/* The run form of a plan: everything by descriptor; refusals; what the opening told; hot-plug. */
#include "plan.h"

#define HEAD "<domain type='qemu' id='1'><name>t</name><uuid>c7a5fdbd-edaf-9455-926a-d65c16db1809</uuid><memory unit='KiB'>131072</memory>" \
    "<vcpu placement='static'>1</vcpu>"
#define OS "<os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type><boot dev='hd'/></os><features><acpi/></features>" \
    "<cpu mode='custom' match='exact' check='none'><model fallback='forbid'>qemu64</model></cpu><clock offset='utc'/>"
#define EMU "<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>"
#define ROOT "<controller type='pci' index='0' model='pcie-root'><alias name='pcie.0'/></controller>" \
    "<controller type='pci' index='1' model='pcie-root-port'><model name='pcie-root-port'/><target chassis='1' port='0x8'/><alias name='pci.1'/>" \
    "<address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x0' multifunction='on'/></controller>"
#define TAIL "</devices></domain>"

static const char vda[] = "<disk type='file' device='disk'><driver name='qemu' type='qcow2' discard='unmap'/><source file='/a' m='0'/>"
    "<target dev='vda' bus='virtio'/><alias name='virtio-disk0'/><address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></disk>";

/* ---- a whole guest ---- */
static const char *const whole_words[] = {
    "/usr/bin/qemu-system-x86_64", "-name", "guest=t,debug-threads=on", "-S", "-object", "{\"qom-type\":\"secret\",\"id\":\"masterKey0\",\"format\":\"raw\",\"file\":\"/proc/self/fd/11\"}", "-machine", "pc-q35-7.2,usb=off,dump-guest-core=off,memory-backend=pc.ram",
    "-accel", "tcg", "-cpu", "qemu64", "-m", "128", "-object", "{\"qom-type\":\"memory-backend-ram\",\"id\":\"pc.ram\",\"size\":134217728}",
    "-overcommit", "mem-lock=off", "-smp", "1,sockets=1,cores=1,threads=1", "-uuid", "c7a5fdbd-edaf-9455-926a-d65c16db1809", "-no-user-config", "-nodefaults",
    "-chardev", "socket,id=charmonitor,fd=10,server=on,wait=off", "-mon", "chardev=charmonitor,id=monitor,mode=control", "-rtc", "base=utc", "-no-shutdown",
    "-boot", "strict=on", "-kernel", "/res/6", "-append", "console=ttyS0",
    "-device", "{\"driver\":\"pcie-root-port\",\"port\":8,\"chassis\":1,\"id\":\"pci.1\",\"bus\":\"pcie.0\",\"multifunction\":true,\"addr\":\"0x1\"}",
    "-device", "{\"driver\":\"virtio-serial-pci\",\"id\":\"virtio-serial0\",\"bus\":\"pcie.0\",\"addr\":\"0x2\"}",
    "-add-fd", "set=1,fd=13,opaque=rdonly:1",
    "-blockdev", "{\"driver\":\"file\",\"filename\":\"/dev/fdset/1\",\"locking\":\"off\",\"node-name\":\"libvirt-2-storage\",\"auto-read-only\":true,\"discard\":\"unmap\"}",
    "-blockdev", "{\"node-name\":\"libvirt-2-format\",\"read-only\":true,\"driver\":\"raw\",\"file\":\"libvirt-2-storage\"}",
    "-add-fd", "set=0,fd=17,opaque=rdwr:0", "-add-fd", "set=0,fd=12,opaque=rdonly:0",
    "-blockdev", "{\"driver\":\"file\",\"filename\":\"/dev/fdset/0\",\"locking\":\"off\",\"node-name\":\"libvirt-1-storage\",\"auto-read-only\":true,\"discard\":\"unmap\"}",
    "-blockdev", "{\"node-name\":\"libvirt-1-format\",\"read-only\":false,\"discard\":\"unmap\",\"driver\":\"qcow2\",\"file\":\"libvirt-1-storage\",\"backing\":\"libvirt-2-format\"}",
    "-device", "{\"driver\":\"virtio-blk-pci\",\"bus\":\"pci.1\",\"addr\":\"0x0\",\"drive\":\"libvirt-1-format\",\"id\":\"virtio-disk0\",\"bootindex\":1}",
    "-netdev", "{\"type\":\"tap\",\"fds\":\"20:21\",\"id\":\"hostnet0\"}",
    "-device", "{\"driver\":\"virtio-net-pci\",\"mq\":true,\"vectors\":6,\"netdev\":\"hostnet0\",\"id\":\"net0\",\"mac\":\"52:54:00:01:02:03\",\"bus\":\"pcie.0\",\"addr\":\"0x3\"}",
    "-chardev", "socket,id=charnet1,path=/proc/self/fd/23", "-netdev", "{\"type\":\"vhost-user\",\"chardev\":\"charnet1\",\"queues\":4,\"id\":\"hostnet1\"}",
    "-device", "{\"driver\":\"virtio-net-pci\",\"mq\":true,\"vectors\":10,\"netdev\":\"hostnet1\",\"id\":\"net1\",\"mac\":\"52:54:00:01:02:05\",\"bus\":\"pcie.0\",\"addr\":\"0x5\"}",
    "-add-fd", "set=2,fd=14,opaque=main:2", "-add-fd", "set=3,fd=15,opaque=main:3",
    "-chardev", "serial,id=charserial0,path=/dev/fdset/2,logfile=/dev/fdset/3,logappend=on",
    "-device", "{\"driver\":\"isa-serial\",\"chardev\":\"charserial0\",\"id\":\"serial0\",\"index\":0}",
    "-chardev", "socket,id=charchannel0,fd=16",
    "-device", "{\"driver\":\"virtserialport\",\"bus\":\"virtio-serial0.0\",\"nr\":1,\"chardev\":\"charchannel0\",\"id\":\"channel0\",\"name\":\"org.qemu.guest_agent.0\"}",
    "-audiodev", "{\"id\":\"audio1\",\"driver\":\"none\"}", "-vnc", "none,audiodev=audio1",
    "-device", "{\"driver\":\"virtio-vga\",\"id\":\"video0\",\"max_outputs\":1,\"bus\":\"pcie.0\",\"addr\":\"0x4\"}",
    "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny", "-msg", "timestamp=on" };

static const char whole_xml[] = HEAD
    "<os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type><kernel m='6'>/boot/k</kernel><cmdline>console=ttyS0</cmdline><boot dev='hd'/></os><features><acpi/></features>"
    "<cpu mode='custom' match='exact' check='none'><model fallback='forbid'>qemu64</model></cpu><clock offset='utc'/>" EMU
    "<disk type='file' device='disk'><driver name='qemu' type='qcow2' discard='unmap'/><source file='/a' m='0'/>"
    "<target dev='vda' bus='virtio'/><alias name='virtio-disk0'/><address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></disk>" ROOT
    "<controller type='virtio-serial' index='0'><alias name='virtio-serial0'/><address type='pci' domain='0x0000' bus='0x00' slot='0x02' function='0x0'/></controller>"
    "<interface type='bridge' m='5'><mac address='52:54:00:01:02:03'/><source bridge='br0'/><model type='virtio'/><driver queues='2'/><alias name='net0'/>"
    "<address type='pci' domain='0x0000' bus='0x00' slot='0x03' function='0x0'/></interface>"
    "<interface type='vhostuser' m='8'><mac address='52:54:00:01:02:05'/><source type='unix' path='/u' mode='client'/><model type='virtio'/><driver queues='4'/><alias name='net1'/>"
    "<address type='pci' domain='0x0000' bus='0x00' slot='0x05' function='0x0'/></interface>"
    "<serial type='pty'><source m='2'/><target type='isa-serial' port='0'><model name='isa-serial'/></target><log file='/l' m='3'/><alias name='serial0'/></serial>"
    "<console type='pty'><target type='serial' port='0'/><alias name='serial0'/></console>"
    "<channel type='unix'><source mode='bind' path='/x' m='4'/><target type='virtio' name='org.qemu.guest_agent.0'/><alias name='channel0'/>"
    "<address type='virtio-serial' controller='0' bus='0' port='1'/></channel>"
    "<input type='mouse' bus='ps2'/><graphics type='vnc' port='-1' autoport='yes' m='7'><listen type='address' address='127.0.0.1'/></graphics>"
    "<audio id='1' type='none'/><video><model type='virtio' heads='1' primary='yes'/><alias name='video0'/>"
    "<address type='pci' domain='0x0000' bus='0x00' slot='0x04' function='0x0'/></video><memballoon model='none'/>" TAIL;

static const struct given whole_given[] = {
    { .m = { .kind = MK_IMAGE, .format = IMG_QCOW2, .flags = MF_PROBE }, .path = "/a", .fd = 17, .twin = 12, .probed = IMG_QCOW2 },
    { .m = { .kind = MK_IMAGE, .format = IMG_RAW, .flags = MF_RO | MF_BACKING, .parent = 0 }, .path = "/base", .fd = 13, .twin = -1 },
    { .m = { .kind = MK_PTY }, .fd = 14, .twin = -1, .name = "/dev/pts/7" },
    { .m = { .kind = MK_LOG, .flags = MF_APPEND }, .path = "/l", .fd = 15, .twin = -1 },
    { .m = { .kind = MK_PAIR }, .fd = 16, .twin = -1 },
    { .m = { .kind = MK_TAP, .a = 2 }, .path = "vnet%d", .aux = "br0", .fd = 20, .twin = -1, .nfd = 2, .name = "vnet3" },
    { .m = { .kind = MK_BIND }, .path = "/boot/k", .fd = -1, .twin = -1 },
    { .m = { .kind = MK_TCP_LISTEN }, .aux = "127.0.0.1", .fd = -1, .twin = -1, .port = 5907 },
    { .m = { .kind = MK_SOCKET }, .path = "/u", .fd = 23, .twin = -1 },
};

static void test_whole(void)
{
    struct plan_host h;
    struct plan p;
    struct err e = ERR_INIT;
    char **argv;
    size_t i, n = sizeof whole_words / sizeof whole_words[0];
    AUTO_TREE *dom = plan_tree(whole_xml);
    plan_host_make(&h, whole_given, sizeof whole_given / sizeof whole_given[0], 10);
    tap_int(plan_complete(dom, &h, &e), 0, "the tree is completed: %s", e.detail);
    tap_str(tree_path_attr(dom, "devices/disk/backingStore/source", "file"), "/base", "the backing image is in the tree");
    tap_str(tree_path_attr(dom, "devices/disk/source", "index"), "1", "the top node has number 1");
    tap_str(tree_path_attr(dom, "devices/disk/backingStore", "index"), "2", "the node below has number 2");
    tap_ok(tree_get(dom, "devices/disk/backingStore/backingStore") && !tree_get(dom, "devices/disk/backingStore/backingStore/source"), "the chain ends");
    tap_str(tree_path_attr(dom, "devices/serial/source", "path"), "/dev/pts/7", "the terminal's path is in the tree");
    tap_str(tree_path_attr(dom, "devices/console", "tty"), "/dev/pts/7", "the console is the serial line's terminal");
    tap_str(tree_path_attr(dom, "devices/interface/target", "dev"), "vnet3", "the tap's name is in the tree");
    tap_str(tree_path_attr(dom, "devices/graphics", "port"), "5907", "the port of VNC is in the tree");
    struct plan_in in = { .dom = dom, .form = PLAN_RUN, .id = 1, .host = &h };
    if (tap_int(plan_guest(&in, &p, &e), 0, "the guest is planned: %s", e.detail) && tap_int(plan_argv(&in, &p, &argv, &e), 0, "its words: %s", e.detail)) {
        for (i = 0; i < n && argv[i] && strcmp(argv[i], whole_words[i]) == 0; i++)
            ;
        tap_ok(i == n && !argv[i], "all words are as they should be");
        if (i < n || argv[i])
            printf("# word %zu: %s\n#  wanted: %s\n", i, argv[i] ? argv[i] : "(end)", i < n ? whole_words[i] : "(end)");
        plan_argv_free(argv);
        plan_free(&p);
    }
    plan_host_free(&h);
}

/* ---- refusals ---- */
static const struct { const char *xml, *names; } refused[] = {
#define BY_NET(driver, source) "<disk type='network' device='disk'><driver name='qemu' type='" driver "'/><source " source "</source><target dev='vda' bus='virtio'/><alias name='d'/></disk>"
    { BY_NET("raw", "protocol='rbd' name='x' m='0'><host name='::1'/>"), "needs a '/'" },
    { BY_NET("raw", "protocol='vxhs' name='x' m='0'><host name='::1'/>"), "VxHS" },
    { BY_NET("raw", "protocol='nbd' m='0'><host transport='unix'/>"), "transport='unix'" },
    { BY_NET("raw", "protocol='http' m='0' query='?'><host name='::1' transport='unix'/>"), "transport='unix'" },
    { "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/a' m='0'/><target dev='vda' bus='virtio'/><nosuch a='x'/><alias name='d'/></disk>",
      "<nosuch>" },
    { "<disk type='block' device='lun'><driver name='qemu' type='raw'/><source dev='/a' m='0'><reservations managed='yes'/></source><target dev='vda' bus='virtio'/><alias name='d'/></disk>", "managed" },
    { "<graphics type='spice' port='5900' defaultMode='secure'/>", "secure" },
    { "<graphics type='spice' port='5900'><gl enable='yes'/></graphics>", "<gl enable='yes'>" },
    { "<graphics type='sdl' display=':0'/>", "display" },
    { "<channel type='dbus'><source channel='x'/><target type='virtio' name='x'/><alias name='channel0'/></channel>", "dbus" },
    { "<sound model='pcspk'><alias name='sound0'/></sound>", "pcspk" },
    { "<audio id='1' type='alsa'/>", "alsa" },
    { "<tpm model='tpm-tis'><backend type='emulator' version='2.0' m='0'><encryption secret='x'/></backend><alias name='tpm0'/></tpm>", "<encryption>" },
    { "<toaster/>", "<toaster>" },
    { "<controller type='xenbus' index='0'><alias name='xenbus0'/></controller>", "xenbus" },
    { "<interface type='hostdev'><mac address='52:54:00:01:02:03'/><alias name='net0'/></interface>", "hostdev" },
    { "<input type='tablet' bus='usb' surprise='1'><alias name='input0'/></input>", "surprise" },
    /* taken by libvirt, and here it would come to nothing */
    { "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/a' m='0'><seclabel model='dac' relabel='yes'><label>a:b</label></seclabel></source>"
      "<target dev='vda' bus='virtio'/><alias name='d'/></disk>", "<seclabel> of <source>" },
    { "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/a' m='0'><seclabel model='selinux' relabel='no'/></source>"
      "<target dev='vda' bus='virtio'/><alias name='d'/></disk>", "'selinux'" },
    { "<serial type='file'><source path='/l' m='0'><seclabel model='dac'/></source><target port='0'/><alias name='serial0'/></serial>", "<seclabel> of <source>" },
    { "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/a' m='0'/><target dev='vda' bus='virtio'/><boot order='1' loadparm='2'/>"
      "<alias name='d'/></disk>", "loadparm" },
    { "<interface type='user'><mac address='52:54:00:01:02:03'/><nosuch dev='eth0'/><alias name='net0'/></interface>", "<nosuch>" },
};

/* The same beside the devices. */
static const struct { const char *xml, *names; } refused_top[] = {
    { "<resource><partition>/other</partition></resource>", "<partition>/other" },
    { "<resource><partition>/machine</partition><fibrechannel appid='x'/></resource>", "<fibrechannel>" },
    { "<seclabel type='dynamic' model='selinux'/>", "'selinux'" }, { "<seclabel type='static' model='dac'/>", "static" },
    { "<memory unit='KiB' nosuch='1'>1024</memory>", "nosuch" },
};

static void test_refused(void)
{
    static const struct given one[] = { { .m = { .kind = MK_IMAGE }, .path = "/a", .fd = 11, .twin = 12 } };
    struct plan_host h;
    plan_host_make(&h, one, 1, 10);
    const size_t devices = sizeof refused / sizeof refused[0], n = devices + sizeof refused_top / sizeof refused_top[0];
    for (size_t i = 0; i < n; i++) {
        char xml[8192];
        struct plan p;
        struct err e = ERR_INIT;
        bool device = i < devices;
        const char *names = device ? refused[i].names : refused_top[i - devices].names;
        snprintf(xml, sizeof xml, "%s%s%s%s%s%s%s", HEAD, device ? "" : refused_top[i - devices].xml, OS, EMU, device ? refused[i].xml : "", ROOT, TAIL);
        AUTO_TREE *dom = plan_tree(xml);
        struct plan_in in = { .dom = dom, .form = PLAN_RUN, .id = 1, .host = &h };
        int rc = plan_guest(&in, &p, &e);
        tap_ok(rc == -1 && e.code == VIR_ERR_CONFIG_UNSUPPORTED && strstr(e.detail, names) && p.n == 0, "refused by name: %s: %s", names, e.detail);
        if (rc == 0)
            plan_free(&p);
    }
    plan_host_free(&h);
}

/* A disk whose descriptors did not come is an error of ours, not a guest without the disk. */
static void test_not_granted(void)
{
    struct plan_host h;
    struct plan p;
    struct err e = ERR_INIT;
    char xml[8192];
    plan_host_make(&h, (struct given[]){ { .m = { .kind = MK_IMAGE }, .path = "/a", .fd = -1, .twin = -1 } }, 1, 10);
    snprintf(xml, sizeof xml, "%s%s%s%s%s%s", HEAD, OS, EMU, vda, ROOT, TAIL);
    AUTO_TREE *dom = plan_tree(xml);
    struct plan_in in = { .dom = dom, .form = PLAN_RUN, .id = 1, .host = &h };
    tap_ok(plan_guest(&in, &p, &e) == -1 && e.code == VIR_ERR_INTERNAL_ERROR, "a disk that was not opened: %s", e.detail);
    static const char *few[] = { "ide-hd", "pcie-root-port" };
    struct caps_emulator caps = { .path = "/usr/bin/qemu-system-x86_64", .devices = { few, 2 } };
    h.v[0].fd[0] = 11;
    in.caps = &caps;
    e = (struct err)ERR_INIT;
    tap_ok(plan_guest(&in, &p, &e) == -1 && e.code == VIR_ERR_CONFIG_UNSUPPORTED && strstr(e.detail, "virtio-blk-pci"), "a device QEMU has not: %s", e.detail);
    in.caps = NULL;
    h.monitor_fd = -1;
    h.v[0].fd[0] = 11;
    e = (struct err)ERR_INIT;
    tap_ok(plan_guest(&in, &p, &e) == -1 && strstr(e.detail, "monitor"), "no monitor: %s", e.detail);
    plan_host_free(&h);
}

/* ---- huge pages: of a memfd whatever <source> says, of a node's own size, and no threads that choose their CPUs ---- */
static void test_huge(void)
{
#define CELLS "<cpu><numa><cell id='0' cpus='0' memory='65536' unit='KiB'/><cell id='1' cpus='1' memory='65536' unit='KiB'/></numa></cpu>"
    static const struct { const char *xml, *id, *want; } cases[] = {
        { "<memoryBacking><hugepages/></memoryBacking>", "pc.ram", "\"hugetlb\":true,\"x-use-canonical-path-for-ramblock-id\":false,\"prealloc\":true,\"size\":134217728" },
        { "<memoryBacking><hugepages><page size='1048576' unit='KiB'/></hugepages><source type='file'/><access mode='shared'/></memoryBacking>", "pc.ram",
          "\"hugetlb\":true,\"hugetlbsize\":1073741824,\"share\":true,\"x-use-canonical-path-for-ramblock-id\":false,\"prealloc\":true,\"size\":134217728" },
        { "<memoryBacking><hugepages><page size='2048' unit='KiB' nodeset='1'/></hugepages></memoryBacking><numatune><memory mode='strict' nodeset='0'/></numatune>" CELLS, "ram-node1",
          "\"hugetlb\":true,\"hugetlbsize\":2097152,\"prealloc\":true,\"size\":67108864,\"host-nodes\":[0],\"policy\":\"bind\"" },
        { "<memoryBacking><hugepages><page size='1048576' unit='KiB'/><page size='4' unit='KiB' nodeset='0'/></hugepages><source type='memfd'/></memoryBacking>" CELLS, "ram-node0", "\"size\":67108864" },
    };
    struct plan_host h;
    plan_host_make(&h, NULL, 0, 10);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char xml[2048], want[512];
        struct plan p;
        struct err e = ERR_INIT;
        const char *got = "", *threads = NULL;
        char **argv = NULL;
        snprintf(xml, sizeof xml, "%s%s%s%s%s", HEAD, cases[i].xml, "<os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>", EMU, TAIL);
        snprintf(want, sizeof want, "{\"qom-type\":\"memory-backend-memfd\",\"id\":\"%s\",%s}", cases[i].id, cases[i].want);
        AUTO_TREE *dom = plan_tree(xml);
        struct plan_in in = { .dom = dom, .form = PLAN_RUN, .id = 1, .host = &h };
        tap_ok(plan_guest(&in, &p, &e) == 0 && plan_argv(&in, &p, &argv, &e) == 0, "memory of case %zu is planned: %s", i, e.detail);
        for (size_t k = 0; argv && argv[k]; k++) {
            got = strcmp(argv[k], want) == 0 ? argv[k] : got;
            threads = strstr(argv[k], "thread-context") ? argv[k] : threads;
        }
        tap_str(got, want, "and is on such pages");
        tap_ok(!threads, "its threads stay where they are");
        plan_argv_free(argv);
        plan_free(&p);
    }
    plan_host_free(&h);
}

/* ---- hot-plug ---- */
static void test_hotplug(void)
{
    static const char *const commands[] = { "add-fd {\"fdset-id\":0,\"opaque\":\"rdwr:0\"}", "add-fd {\"fdset-id\":0,\"opaque\":\"rdonly:0\"}",
        "blockdev-add {\"driver\":\"file\",\"filename\":\"/dev/fdset/0\",\"locking\":\"off\",\"node-name\":\"libvirt-1-storage\",\"auto-read-only\":true,\"discard\":\"unmap\"}",
        "blockdev-add {\"node-name\":\"libvirt-1-format\",\"read-only\":false,\"discard\":\"unmap\",\"driver\":\"qcow2\",\"file\":\"libvirt-1-storage\",\"backing\":null}",
        "device_add {\"driver\":\"virtio-blk-pci\",\"bus\":\"pci.1\",\"addr\":\"0x0\",\"drive\":\"libvirt-1-format\",\"id\":\"virtio-disk0\"}" };
    static const char *const net[] = { "getfd {\"fdname\":\"res1.0\"}", "netdev_add {\"type\":\"tap\",\"fd\":\"res1.0\",\"id\":\"hostnet0\"}",
        "device_add {\"driver\":\"virtio-net-pci\",\"netdev\":\"hostnet0\",\"id\":\"net0\",\"mac\":\"52:54:00:01:02:03\",\"bus\":\"pci.1\",\"addr\":\"0x0\"}" };
    static const char *const chr[] = { "getfd {\"fdname\":\"res2.0\"}",
        "chardev-add {\"id\":\"charchannel0\",\"backend\":{\"type\":\"socket\",\"data\":{\"addr\":{\"type\":\"fd\",\"data\":{\"str\":\"res2.0\"}},\"server\":true,\"wait\":false}}}",
        "device_add {\"driver\":\"virtserialport\",\"bus\":\"virtio-serial0.0\",\"nr\":2,\"chardev\":\"charchannel0\",\"id\":\"channel0\",\"name\":\"a.b\"}" };
    static const char *const pair[] = { "getfd {\"fdname\":\"res3.0\"}",
        "chardev-add {\"id\":\"charchannel1\",\"backend\":{\"type\":\"socket\",\"data\":{\"addr\":{\"type\":\"fd\",\"data\":{\"str\":\"res3.0\"}},\"server\":false}}}",
        "device_add {\"driver\":\"virtserialport\",\"bus\":\"virtio-serial0.0\",\"nr\":3,\"chardev\":\"charchannel1\",\"id\":\"channel1\",\"name\":\"org.qemu.guest_agent.0\"}" };
    static const char *const vsock[] = { "getfd {\"fdname\":\"res4.0\"}", "device_add {\"driver\":\"vhost-vsock-pci\",\"id\":\"vsock0\",\"guest-cid\":77,\"vhostfd\":\"res4.0\",\"bus\":\"pci.1\",\"addr\":\"0x0\"}" };
    static const char *const evdev[] = { "add-fd {\"fdset-id\":5,\"opaque\":\"main:5\"}", "device_add {\"driver\":\"virtio-input-host-pci\",\"id\":\"input1\",\"evdev\":\"/dev/fdset/5\",\"bus\":\"pci.1\",\"addr\":\"0x0\"}" };
    static const char *const udp[] = { "chardev-add {\"id\":\"charserial1\",\"backend\":{\"type\":\"udp\",\"data\":{\"remote\":{\"type\":\"inet\",\"data\":{\"host\":\"127.0.0.1\",\"port\":\"2\"}},"
        "\"local\":{\"type\":\"inet\",\"data\":{\"host\":\"::1\",\"port\":\"1\"}}}}}", "device_add {\"driver\":\"usb-serial\",\"chardev\":\"charserial1\",\"id\":\"serial1\"}" };
    static const char *const again[] = { "chardev-add {\"id\":\"charserial2\",\"backend\":{\"type\":\"socket\",\"data\":{\"addr\":{\"type\":\"inet\",\"data\":{\"host\":\"127.0.0.1\",\"port\":\"2\"}},"
        "\"telnet\":true,\"reconnect\":5,\"server\":false}}}", "device_add {\"driver\":\"usb-serial\",\"chardev\":\"charserial2\",\"id\":\"serial2\"}" };
    static const char *const passt[] = { "getfd {\"fdname\":\"res7.0\"}", "netdev_add {\"type\":\"stream\",\"addr\":{\"type\":\"fd\",\"str\":\"res7.0\"},\"server\":false,\"id\":\"hostnet1\"}",
        "device_add {\"driver\":\"virtio-net-pci\",\"netdev\":\"hostnet1\",\"id\":\"net1\",\"mac\":\"52:54:00:01:02:04\",\"bus\":\"pci.1\",\"addr\":\"0x0\"}" };
    static const char *const nbd[] = {
        "blockdev-add {\"driver\":\"nbd\",\"server\":{\"type\":\"inet\",\"host\":\"localhost\",\"port\":\"7\"},\"export\":\"x\",\"node-name\":\"libvirt-1-storage\",\"auto-read-only\":true,\"discard\":\"unmap\"}",
        "blockdev-add {\"node-name\":\"libvirt-1-format\",\"read-only\":false,\"driver\":\"raw\",\"file\":\"libvirt-1-storage\"}",
        "device_add {\"driver\":\"virtio-blk-pci\",\"bus\":\"pci.1\",\"addr\":\"0x0\",\"drive\":\"libvirt-1-format\",\"id\":\"virtio-disk1\"}" };
    static const char *const usb[] = { "add-fd {\"fdset-id\":8,\"opaque\":\"main:8\"}", "device_add {\"driver\":\"usb-host\",\"hostdevice\":\"/dev/fdset/8\",\"id\":\"hostdev0\",\"guest-reset\":false,\"bus\":\"usb.0\",\"port\":\"1\"}" };
    static const char *const vfio[] = { "device_add {\"driver\":\"vfio-pci\",\"host\":\"0000:07:00.0\",\"id\":\"hostdev2\",\"bus\":\"pci.1\",\"addr\":\"0x0\"}" };
    static const char *const mdev[] = {
        "device_add {\"driver\":\"vfio-pci\",\"id\":\"hostdev3\",\"sysfsdev\":\"/sys/bus/mdev/devices/53764d0e-85a0-42b4-af5c-2046b460b1dc\",\"display\":\"off\",\"bus\":\"pci.1\",\"addr\":\"0x0\"}" };
    static const char *const absent[] = { "device_add {\"driver\":\"usb-host\",\"id\":\"hostdev1\",\"bus\":\"usb.0\",\"port\":\"2\"}" };
    static const char *const http[] = {       /* what the image names nobody believes */
        "blockdev-add {\"driver\":\"https\",\"url\":\"https://[::1]:1/a%20%25b?q r\",\"sslverify\":false,\"timeout\":3,\"readahead\":512,\"node-name\":\"libvirt-1-storage\",\"auto-read-only\":true,\"discard\":\"unmap\"}",
        "blockdev-add {\"node-name\":\"libvirt-1-format\",\"read-only\":true,\"driver\":\"qcow2\",\"file\":\"libvirt-1-storage\",\"backing\":null}",
        "device_add {\"driver\":\"virtio-blk-pci\",\"bus\":\"pci.1\",\"addr\":\"0x0\",\"drive\":\"libvirt-1-format\",\"id\":\"virtio-disk1\"}" };
    static const char *const folder[] = { "getfd {\"fdname\":\"res10.0\"}",        /* a name is there before who takes it */
        "chardev-add {\"id\":\"chr-vu-fs1\",\"backend\":{\"type\":\"socket\",\"data\":{\"addr\":{\"type\":\"fd\",\"data\":{\"str\":\"res10.0\"}},\"server\":false}}}",
        "device_add {\"driver\":\"vhost-user-fs-pci\",\"id\":\"fs1\",\"chardev\":\"chr-vu-fs1\",\"tag\":\"t\",\"bus\":\"pci.1\",\"addr\":\"0x0\"}" };
    static const struct { const char *xml; const char *const *want; size_t n; } cases[] = {
        { vda, commands, 5 },
        { "<interface type='ethernet' m='1'><mac address='52:54:00:01:02:03'/><model type='virtio'/><alias name='net0'/>"
          "<address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></interface>", net, 3 },
        { "<channel type='unix'><source mode='bind' path='/s' m='2'/><target type='virtio' name='a.b'/><alias name='channel0'/>"
          "<address type='virtio-serial' controller='0' bus='0' port='2'/></channel>", chr, 3 },
        { "<channel type='unix'><source mode='bind' path='/p' m='3'/><target type='virtio' name='org.qemu.guest_agent.0'/><alias name='channel1'/>"
          "<address type='virtio-serial' controller='0' bus='0' port='3'/></channel>", pair, 3 },
        { "<vsock model='virtio' m='4'><cid auto='yes'/><alias name='vsock0'/><address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></vsock>", vsock, 2 },
        { "<input type='passthrough' bus='virtio'><source evdev='/dev/input/event3' m='5'/><alias name='input1'/><address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></input>", evdev, 2 },
        { "<serial type='udp'><source mode='bind' host='::1' service='1' m='6'/><source mode='connect' host='localhost' service='2'/><target type='usb-serial' port='1'/><alias name='serial1'/></serial>", udp, 2 },
        { "<serial type='tcp'><source mode='connect' host='localhost' service='2' m='6'><reconnect enabled='yes' timeout='5'/></source><protocol type='telnet'/><target type='usb-serial' port='2'/>"
          "<alias name='serial2'/></serial>", again, 2 },
        { "<interface type='user' m='7'><mac address='52:54:00:01:02:04'/><model type='virtio'/><backend type='passt' logFile='/l'/><alias name='net1'/>"
          "<address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></interface>", passt, 3 },
        { "<disk type='network' device='disk'><driver name='qemu' type='raw'/><source protocol='nbd' name='x' tls='no' m='6'><host name='localhost' port='7' transport='tcp'/></source>"
          "<target dev='vdb' bus='virtio'/><alias name='virtio-disk1'/><address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></disk>", nbd, 3 },
        { "<hostdev mode='subsystem' type='usb' managed='no' m='8'><source guestReset='off'><vendor id='0x1234'/><product id='0xbeef'/></source><alias name='hostdev0'/><address type='usb' bus='0' port='1'/></hostdev>", usb, 2 },
        { "<hostdev mode='subsystem' type='usb' managed='no' m='9'><source startupPolicy='optional'><address bus='1' device='2'/></source><alias name='hostdev1'/><address type='usb' bus='0' port='2'/></hostdev>", absent, 1 },
        { "<hostdev mode='subsystem' type='pci' managed='yes' m='8'><driver name='vfio'/><source><address domain='0x0000' bus='0x07' slot='0x00' function='0x0'/></source><alias name='hostdev2'/>"
          "<address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></hostdev>", vfio, 1 },
        { "<hostdev mode='subsystem' type='mdev' managed='no' model='vfio-pci' display='off' m='8'><source><address uuid='53764d0e-85a0-42b4-af5c-2046b460b1dc'/></source><alias name='hostdev3'/>"
          "<address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></hostdev>", mdev, 1 },
        { "<disk type='network' device='disk'><driver name='qemu' type='qcow2'/><source protocol='https' name='a %b' query='q r' m='6'><host name='::1' port='1'/><ssl verify='no'/>"
          "<readahead size='512'/><timeout seconds='3'/></source><target dev='vdb' bus='virtio'/><readonly/><alias name='virtio-disk1'/>"
          "<address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></disk>", http, 3 },
        { "<filesystem type='mount' m='10'><driver type='virtiofs'/><source socket='/f'/><target dir='t'/><alias name='fs1'/><address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></filesystem>", folder, 3 },
    };
    static const char *const undo[] = { "remove-fd {\"fdset-id\":0}", "closefd {\"fdname\":\"res1.0\"}", "closefd {\"fdname\":\"res2.0\"}", "closefd {\"fdname\":\"res3.0\"}",
        "closefd {\"fdname\":\"res4.0\"}", "remove-fd {\"fdset-id\":5}", "chardev-remove {\"id\":\"charserial1\"}", "chardev-remove {\"id\":\"charserial2\"}", "closefd {\"fdname\":\"res7.0\"}",
        "blockdev-del {\"node-name\":\"libvirt-1-storage\"}", "remove-fd {\"fdset-id\":8}", "device_del {\"id\":\"hostdev1\"}",
        "device_del {\"id\":\"hostdev2\"}", "device_del {\"id\":\"hostdev3\"}",
        "blockdev-del {\"node-name\":\"libvirt-1-storage\"}", "closefd {\"fdname\":\"res10.0\"}" };
    struct plan_host h;
    plan_host_make(&h, (struct given[]){ { .m = { .kind = MK_IMAGE }, .path = "/a", .fd = 40, .twin = 41 },
        { .m = { .kind = MK_TAP, .a = 1 }, .fd = 42, .twin = -1, .nfd = 1, .name = "vnet0" },
        { .m = { .kind = MK_UNIX_LISTEN }, .path = "/s", .fd = 43, .twin = -1 }, { .m = { .kind = MK_PAIR }, .fd = 44, .twin = -1 },
        { .m = { .kind = MK_NODE }, .path = "/dev/vhost-vsock", .fd = 45, .twin = -1, .port = 77 }, { .m = { .kind = MK_NODE }, .path = "/dev/input/event3", .fd = 46, .twin = -1 }, { .m = { .kind = MK_HOSTNET }, .fd = -1, .twin = -1 },
        { .m = { .kind = MK_HELPER, .a = HELPER_PASST }, .fd = 47, .twin = -1 }, { .m = { .kind = MK_USB, .a = 0x1234beef }, .fd = 48, .twin = -1, .name = "1:2" },
        { .m = { .kind = MK_USB, .flags = MF_OPTIONAL }, .fd = -1, .twin = -1, .error = -ENODEV },
        { .m = { .kind = MK_UNIX_CONNECT }, .path = "/f", .fd = 49, .twin = -1 } }, 11, 10);
    AUTO_TREE *dom = plan_tree(HEAD OS EMU ROOT "<controller type='virtio-serial' index='0'><alias name='virtio-serial0'/></controller><controller type='usb' index='0' model='qemu-xhci'><alias name='usb'/></controller>" TAIL);
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        AUTO_TREE *dev = plan_tree(cases[k].xml);
        struct plan_in in = { .dom = dom, .form = PLAN_RUN, .id = 1, .host = &h };
        struct plan p = { NULL, 0, 0 };
        struct err e = ERR_INIT;
        tap_int(plan_complete_device(dom, dev, &h, &e), 0, "%s is completed", dev->name);
        tap_int(plan_device(&in, dev, &p, &e), 0, "%s is planned: %s", dev->name, e.detail);
        tap_int((long)p.n, (long)cases[k].n, "%s takes %zu commands", dev->name, cases[k].n);
        for (size_t i = 0; i < p.n && i < cases[k].n; i++) {
            const char *command = NULL;
            json_t *args = NULL;
            char line[2048] = "";
            if (plan_qmp(&p.v[i], &command, &args) == 0) {
                char *s = json_dumps(args, JSON_COMPACT);
                snprintf(line, sizeof line, "%s %s", command, s);
                free(s);
                json_decref(args);
            }
            tap_str(line, cases[k].want[i], "command %zu of %s", i, dev->name);
            if (i == 0 && plan_qmp_undo(&p.v[i], &command, &args) == 0) {
                char *s = json_dumps(args, JSON_COMPACT);
                snprintf(line, sizeof line, "%s %s", command, s);
                free(s);
                json_decref(args);
                tap_str(line, undo[k], "and what undoes it");
            }
        }
        plan_free(&p);
    }
    struct plan p;
    struct err e = ERR_INIT;
    AUTO_TREE *video = plan_tree("<video><model type='vga' vram='16384' heads='1' primary='yes'/><alias name='video0'/></video>");
    struct plan_in in = { .dom = dom, .form = PLAN_RUN, .id = 1, .host = &h };
    tap_ok(plan_device(&in, video, &p, &e) == -1 && e.code == VIR_ERR_CONFIG_UNSUPPORTED, "what cannot be plugged: %s", e.detail);
    plan_host_free(&h);
}

static void test_missing(void)
{
    struct plan_host h;
    struct err e = ERR_INIT;
    plan_host_make(&h, (struct given[]){ { .m = { .kind = MK_IMAGE, .flags = MF_OPTIONAL }, .path = "/a", .fd = -1, .twin = -1, .error = -ENOENT },
        { .m = { .kind = MK_IMAGE, .flags = MF_OPTIONAL }, .path = "/b", .fd = -1, .twin = -1, .error = -ENOENT } }, 2, 10);
    AUTO_TREE *dom = plan_tree(HEAD OS EMU "<disk type='file' device='cdrom'><source file='/a' m='0'/><target dev='sda' bus='sata'/></disk>"
                               "<disk type='file' device='disk'><source file='/b' m='1'/><target dev='vda' bus='virtio'/></disk>" TAIL);
    tap_int(plan_complete(dom, &h, &e), 0, "optional media that are not there");
    const struct tree *d = tree_get(dom, "devices/disk");
    tap_ok(d && tree_attr_is(d, "device", "cdrom") && !tree_get(d, "source") && !tree_next(d, "disk"), "the drive is empty, the disk is gone");
    plan_host_free(&h);
}

/* A guest that libvirt's daemon began: what it gave is taken out by the names that both use; an image of ours is in a set of its node's number, anything else in one of its entry's. */
static void test_theirs(void)
{
    static const char *const usb = "<hostdev mode='subsystem' type='usb' managed='no' m='1'><source><address bus='1' device='2'/></source><alias name='hostdev0'/><address type='usb' bus='0' port='1'/></hostdev>";
    struct plan_host h;
    const char *command;
    json_t *args;
    plan_host_make(&h, (struct given[]){ { .m = { .kind = MK_IMAGE }, .path = "/a", .fd = -1, .twin = -1, .error = GRANT_THEIRS }, { .m = { .kind = MK_USB }, .fd = 48, .twin = -1 } }, 2, -1);
    AUTO_TREE *dom = plan_tree(HEAD OS EMU ROOT "<controller type='usb' index='0' model='qemu-xhci'><alias name='usb'/></controller>" TAIL);
    for (int k = 0; k < 2; k++) {
        AUTO_TREE *dev = plan_tree(k ? usb : vda);
        struct plan_in in = { .dom = dom, .form = PLAN_RUN, .id = 1, .host = &h, .first_set = PLAN_SETS };
        struct plan p = { NULL, 0, 0 };
        struct err e = ERR_INIT;
        tap_int(plan_device(&in, dev, &p, &e), 0, "%s of libvirt's guest: %s", dev->name, e.detail);
        tap_ok(p.n && !plan_qmp_undo(&p.v[0], &command, &args) && !strcmp(command, "remove-fd"), "its set goes");
        long set = (long)json_integer_value(json_object_get(args, "fdset-id"));
        tap_ok(k ? set == PLAN_SETS + 1 : set > PLAN_IMAGE_SETS && set < PLAN_SETS, "and is nobody else's: %ld", set);
        json_decref(args);
        plan_free(&p);
    }
    plan_host_free(&h);
}

static void test_blobs(void)
{
    struct plan_host h;
    uint8_t junk[sizeof(struct grants_head) + sizeof(struct grant)];
    plan_host_make(&h, whole_given, sizeof whole_given / sizeof whole_given[0], 10);
    struct grants_head head = { .magic = GRANTS_MAGIC, .n = 1, .monitor_fd = -1 };
    struct grant g = { .index = 9, .made = 1 };
    memcpy(junk, &head, sizeof head);
    memcpy(junk + sizeof head, &g, sizeof g);
    tap_int(plan_host_grants(&h, junk, sizeof junk), -EPROTO, "a grant of an entry that is not there");
    g.index = 0;
    memset(g.name, 'x', sizeof g.name);
    memcpy(junk + sizeof head, &g, sizeof g);
    tap_int(plan_host_grants(&h, junk, sizeof junk), -EPROTO, "a name without an end");
    tap_int(plan_host_grants(&h, junk, sizeof junk - 1), -EPROTO, "a blob cut short");
    tap_int(plan_host_grants(&h, junk, 3), -EPROTO, "a blob of three bytes");
    plan_host_free(&h);
    tap_int(plan_host_load(&h, "nonsense", 8), -EPROTO, "a manifest that is none");
}

int main(void)
{
    test_whole();
    test_refused();
    test_not_granted();
    test_huge();
    test_hotplug();
    test_missing();
    test_theirs();
    test_blobs();
    return tap_done();
}
