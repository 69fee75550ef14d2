/* hand-net in a network namespace of the test's own: taps, bridge ports, refusals, and what is left. */
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <linux/if_tun.h>
#include "fakesup.h"
#include "tests/tap.h"

static uint8_t buf[4096];
static struct manifest_out out;
static struct hand_req rq = { .flags = HAND_NO_MONITOR };
static struct fakesup sup;
static struct hand_done done;
static struct { struct grants_head h; struct grant g[8]; } grants;

static void add(int kind, uint32_t flags, const char *name, const char *bridge, uint32_t queues, uint32_t mtu)
{
    struct manifest_entry m = { .kind = (uint16_t)kind, .flags = flags, .parent = -1, .a = queues, .b = mtu, .mac = { 0x52, 0x54, 0, 1, 2, 3 } };
    manifest_add(&out, &m, name, bridge);
}

static void run(int op)
{
    int fds[2] = { frame_memfd("m", buf, (size_t)manifest_finish(&out)), frame_memfd("g", &grants, sizeof grants) };
    int r = fakesup_hand(&sup, ROLE_HAND_NET, 0, (uint32_t)op, &rq, sizeof rq, fds, 2);
    close(fds[0]);
    close(fds[1]);
    memset(&done, 0, sizeof done);
    done.error = -ENOSYS;
    if (r == 1 && sup.reply.body_len == sizeof done)
        memcpy(&done, sup.reply.body, sizeof done);
    const void *p;
    size_t n;
    if (!done.error && op == IN_HAND_NET && frame_map(sup.reply.fds[0], sizeof grants, &p, &n) == 0) {
        memset(&grants, 0, sizeof grants);
        memcpy(&grants, p, n);
        munmap((void *)(uintptr_t)p, n);
    }
}

static const char *sys_net(const char *name, const char *file)
{
    static char text[256];
    char cmd[256];
    snprintf(cmd, sizeof cmd, "ip -d -o link show dev %s 2>/dev/null | grep -c '%s'", name, file);
    FILE *f = popen(cmd, "r");
    text[0] = 0;
    if (f && !fgets(text, sizeof text, f))
        text[0] = 0;
    if (f)
        pclose(f);
    return text;
}
/* What the kernel has by the name of that class. */
static bool has_class(const char *name, const char *what)
{
    char cmd[256], line[256] = "";
    snprintf(cmd, sizeof cmd, "tc class show dev %s | grep -c '%s'", name, what);
    FILE *f = popen(cmd, "r");
    bool is = f && fgets(line, sizeof line, f) && line[0] == '1';
    if (f)
        pclose(f);
    return is;
}

static void add_link(uint32_t tap, const char *bridge, const char *words)
{
    struct manifest_entry m = { .kind = MK_LINK, .parent = (int32_t)tap };
    manifest_add(&out, &m, bridge, words);
}

/* The same tap with other limits: 0, or the hand's error. */
static uint32_t retuned_has;
static int retuned(const char *from, const char *to)
{
    int fds[3] = { -1, -1, frame_memfd("g", &grants, sizeof grants) };
    const char *const words[] = { to, from };
    for (int i = 0; i < 2; i++) {
        manifest_begin(&out, buf, sizeof buf);
        add(MK_TAP, MF_MANAGED, "limited", NULL, 1, 0);
        add_link(0, NULL, words[i]);
        manifest_add(&out, &(struct manifest_entry){ .kind = MK_FILTER, .parent = 0 }, NULL, strchr(words[i], '7') ? "<filterbinding/>" : "");
        fds[i] = frame_memfd("m", buf, (size_t)manifest_finish(&out));
    }
    struct fakesup other;
    int r = fakesup_hand(&other, ROLE_HAND_NET, 0, IN_HAND_TUNE, &rq, sizeof rq, fds, 3);
    struct hand_done d = { .error = -ENOSYS };
    if (r == 1 && other.reply.body_len == sizeof d)
        memcpy(&d, other.reply.body, sizeof d);
    retuned_has = d.has;
    fakesup_end(&other);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    return d.error;
}

static bool shows(const char *name, const char *what);
static void limits(void)
{
    if (system("tc qdisc add dev v0 root htb && tc qdisc del dev v0 root")) {
        tap_skip("no HTB in this kernel, or no tc");
        return;
    }
    grants.h = (struct grants_head){ .magic = GRANTS_MAGIC, .monitor_fd = -1, .next_fd = 20 };
    memset(grants.g, 0, sizeof grants.g);
    manifest_begin(&out, buf, sizeof buf);
    add(MK_TAP, MF_MANAGED, "limited", "br9", 1, 0);
    add_link(0, "br0", "in=1000,2000,100 port=00000000-0000-4000-8000-000000000001 net=x y");
    run(IN_HAND_NET);
    tap_ok(done.error == 0 && shows("limited", "master br0"), "on the bridge that a network's answer named: %s", done.text);
    tap_ok(has_class("limited", "htb 1:1 .*rate 8Mbit ceil 16Mbit burst 100Kb cburst 1600b"), "a limit as tc would set it");
    tap_ok(!done.has, "and no filter");
    tap_ok(retuned("in=1000,2000,100", "in=300,0,0") == 0 && has_class("limited", "htb 1:1 .*rate 2400Kbit ceil 2400Kbit burst 1599b"), "another one");
    tap_ok(retuned("in=300,0,0", "in=5000000,0,0") == 0 && has_class("limited", "htb 1:1 .*rate 40Gbit"), "one beyond 32 bits");
    tap_ok(retuned("in=5000000,0,0", "") == 0 && !has_class("limited", "htb") && shows("limited", "qdisc noqueue"), "none");
    tap_ok(retuned("in=0,0,0", "in=1,2") < 0 && retuned("", "in=1,2,x") < 0 && retuned("", "on=1,2,3") < 0 && retuned("", "in=4294967296,0,0") < 0 && retuned("", "isolated=") < 0 && retuned("", "frames=1,2") < 0 && retuned("", "alone=1x") < 0, "words that are none");
    tap_ok(retuned("", "frames=2 host=10.0.0.1/24") == 0 && retuned("frames=2", "") == 0, "addresses are told once");
    tap_ok(retuned("", "frames=5 isolated=1 port=x") == 0 && shows("limited", "isolated on") && retuned("frames=5 isolated=1", "isolated=0 alone=1") == 0 && shows("limited", "isolated off") && retuned("", "alone=1") == 0 && shows("limited", "isolated on") && retuned("alone=1", "") == 0, "a port of its own on the bridge");
    tap_ok(retuned("in=700,0,0", "in=300,0,0 out=1,2") < 0 && !has_class("limited", "2400Kbit"), "and nothing has changed by them");
    tap_ok(retuned("", "in=700,0,0") == 0 && retuned_has == HAND_HAS_FILTERS && retuned("in=700,0,0", "in=710,0,0") == 0 && !retuned_has && retuned("in=710,0,0", "") == 0 && retuned_has == HAND_HAS_FILTERS,
        "whether a filter is another now");
    int police = retuned("", "out=1000,0,0");
    if (police < 0)
        tap_ok(police == -EOPNOTSUPP, "this kernel drops nothing at its door, and the hand says so");
    else
        tap_ok(system("tc filter show dev limited parent ffff: | grep -q 'rate 8Mbit burst 1000Kb mtu 64Kb action drop'") == 0, "what the guest sends, likewise");
    fakesup_end(&sup);
}

static bool shows(const char *name, const char *what) { return sys_net(name, what)[0] == '1'; }

static void refused(const char *name, const char *bridge, uint32_t flags, const char *text)
{
    grants.h = (struct grants_head){ .magic = GRANTS_MAGIC, .monitor_fd = -1, .next_fd = 20 };
    manifest_begin(&out, buf, sizeof buf);
    add(MK_TAP, 0, "", NULL, 1, 0);
    add(MK_TAP, flags, name, bridge, 1, 0);
    run(IN_HAND_NET);
    tap_ok(done.error < 0 && done.failed == 1 && strstr(done.text, text) && sup.reply.h.nfds == 0, "refused: %s", done.text);
    fakesup_end(&sup);
    tap_ok(!if_nametoindex("vnet0"), "and what was made before is gone");
}

static void add_over(const char *name, const char *lower, uint32_t mode, uint32_t queues)
{
    struct manifest_entry m = { .kind = MK_TAP, .flags = MF_VNET_HDR | MF_MANAGED, .parent = -1, .a = queues, .c = mode, .mac = { 0x52, 0x54, 0, 1, 2, 3 } };
    manifest_begin(&out, buf, sizeof buf);
    add(MK_PTY, 0, NULL, NULL, 0, 0);
    manifest_add(&out, &m, name, lower);
}

static void begin_over(const char *name, const char *lower, uint32_t mode, uint32_t queues)
{
    grants.h = (struct grants_head){ .magic = GRANTS_MAGIC, .monitor_fd = -1, .next_fd = 20 };
    memset(grants.g, 0, sizeof grants.g);
    add_over(name, lower, mode, queues);
    run(IN_HAND_NET);
}

/* After: nothing of the run's is left. */
static void over_refused(const char *name, const char *lower, uint32_t mode, const char *text)
{
    begin_over(name, lower, mode, 1);
    tap_ok(done.error < 0 && done.failed == 1 && strstr(done.text, text), "refused: %s", done.text);
    fakesup_end(&sup);
    run(IN_HAND_UNNET);
    fakesup_end(&sup);
    tap_ok(!shows("v0", "52:54:00:01:02:03") && system("ip link | grep -q '@v0: .*bh'"), "and nothing of it is left");
}

/* Interfaces over others.  A device's node has the number of its interface, and is in the host's /dev. */
static void macvtaps(void)
{
    char cmd[96];
    struct ifreq ifr = { 0 };
    for (int i = 0, n = (int)(getpid() % 90); i < n; i++)
        if (snprintf(cmd, sizeof cmd, "ip link add br-%d type bridge", i) > 0 && system(cmd))
            return;
    if (system("ip link add link v0 name probe type macvtap && ip link del probe && mount -t sysfs sys /sys")) {
        tap_skip("no macvtap in this kernel");
        return;
    }
    rq.id = 27;
    begin_over("", "v0", MACVTAP_BRIDGE, 3);
    tap_ok(done.error == 0 && done.nqemu == 3 && !strcmp(grants.g[1].name, "macvtap0") && grants.g[1].is_new, "one in bridge mode: %s", done.text);
    tap_ok(shows("macvtap0", "52:54:00:01:02:03") && shows("macvtap0", "@v0: .*[<,]UP") && shows("v0", "[<,]UP") && shows("macvtap0", "alias bh1b.1"), "up, over one that is up, with the guest's address and whose it is");
    tap_ok(ioctl(sup.reply.fds[3], TUNGETIFF, &ifr) == 0 && ifr.ifr_flags & IFF_VNET_HDR && ifr.ifr_flags & IFF_MULTI_QUEUE && !strcmp(ifr.ifr_name, "macvtap0"), "the descriptors are its queues");
    fakesup_end(&sup);
    tap_ok(if_nametoindex("macvtap0"), "it stays without them");
    rq.id = 28;
    run(IN_HAND_UNNET);
    fakesup_end(&sup);
    tap_ok(if_nametoindex("macvtap0"), "another run's end leaves it");
    rq.id = 27;
    rq.flags |= HAND_GUEST_RUNS;
    run(IN_HAND_UNNET);
    fakesup_end(&sup);
    tap_ok(if_nametoindex("macvtap0"), "and a device's, that is another");
    ((struct manifest_entry *)(void *)(buf + sizeof(struct manifest_head) + sizeof(struct manifest_entry)))->flags |= MF_GONE;
    run(IN_HAND_UNNET);
    fakesup_end(&sup);
    tap_ok(!if_nametoindex("macvtap0"), "it goes with its device");
    rq.flags = HAND_NO_MONITOR;
    over_refused("", "v0", MACVTAP_MODE_N, "Invalid argument");
    over_refused("", "nosuch", MACVTAP_VEPA, "Unable to get index for interface nosuch: No such device");
    over_refused("", "lo", MACVTAP_VEPA, "error creating macvtap interface macvtap0@lo (52:54:00:01:02:03): Invalid argument");
    over_refused("v1", "v0", MACVTAP_VEPA, "error creating macvtap interface v1@v0 (52:54:00:01:02:03): File exists");
    over_refused("a%d", "v0", MACVTAP_VEPA, "Invalid argument");
    over_refused("", "x/y", MACVTAP_VEPA, "Invalid argument");
    tap_ok(if_nametoindex("v1"), "what was there by the wanted name is still there");
    /* Left by a hand that did not come to answer, under either name. */
    tap_ok(!system("ip link add link v0 name bh1b.1 address 52:54:00:01:02:03 type macvtap && ip link set bh1b.1 up"), "one that nobody undid");
    begin_over("own", "v0", MACVTAP_PASSTHROUGH, 1);
    tap_ok(done.error == 0 && !if_nametoindex("bh1b.1") && shows("own", "52:54:00:01:02:03") && shows("v0", "52:54:00:01:02:03"), "in its place one in passthrough mode, with its address for the other's too: %s", done.text);
    fakesup_end(&sup);
    grants.g[1].made = 0;
    rq.flags |= HAND_GUEST_RUNS;
    run(IN_HAND_UNNET);
    fakesup_end(&sup);
    tap_ok(!if_nametoindex("own") && !shows("v0", "52:54:00:01:02:03"), "one that did not come goes, and v0 has its own address again");
    rq.flags = HAND_NO_MONITOR;
    begin_over("bh1c.1", "v0", MACVTAP_BRIDGE, 1);
    fakesup_end(&sup);
    rq.id = 28;
    run(IN_HAND_UNNET);
    fakesup_end(&sup);
    tap_ok(done.error == 0 && if_nametoindex("bh1c.1"), "one that has another run's word as its name is its own guest's");
}

/* What no address or route is, or the kernel has not. */
static void addresses(void)
{
    static const char *const bad[] = { "host=x", "host=10.0.0.1/33", "host=10.0.0.1/24,y", "host=10.0.0.1/24x", "host=10.0.0.1/24;10.1.0.0/16>10.0.0.9", "host=10.0.0.1/24;10.1.0.0/16>", "host=10.0.0.1/24;10.1.0.0/16>10.7.0.9@1", "host=fd00::1/129" };
    for (size_t i = 0; i < ARRAY_N(bad); i++) {
        grants.h = (struct grants_head){ .magic = GRANTS_MAGIC, .monitor_fd = -1, .next_fd = 20 };
        memset(grants.g, 0, sizeof grants.g);
        manifest_begin(&out, buf, sizeof buf);
        add(MK_TAP, MF_MANAGED, "addressed", NULL, 1, 0);
        add_link(0, NULL, bad[i]);
        run(IN_HAND_NET);
        fakesup_end(&sup);
        tap_ok(done.error < 0 && done.error != -ENOSYS && !if_nametoindex("addressed"), "%s: %s", bad[i], done.text);
    }
}

int main(void)
{
    if (geteuid() != 0 || unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
        tap_skip_all("needs root and a network namespace");
    if (system("ip link add br0 type bridge && ip link set br0 mtu 1400 up && ip link add v0 type veth peer name v1"))
        tap_skip_all("no bridge or veth in this kernel");
    grants.h = (struct grants_head){ .magic = GRANTS_MAGIC, .monitor_fd = -1, .next_fd = 20 };
    manifest_begin(&out, buf, sizeof buf);
    add(MK_PTY, 0, NULL, NULL, 0, 0);
    add(MK_TAP, MF_VNET_HDR | MF_MANAGED, "", "br0", 1, 0);
    add(MK_TAP, MF_MANAGED, "mytap", NULL, 3, 9000);
    run(IN_HAND_NET);
    tap_ok(done.error == 0 && done.nqemu == 4 && done.nworker == 0 && done.next_fd == 24 && sup.reply.h.nfds == 5, "a tap of one queue and one of three: %s", done.text);
    tap_ok(!grants.g[0].made && !strcmp(grants.g[1].name, "vnet0") && grants.g[1].qemu_fd[0] == 20 && grants.g[1].nqemu == 1 && grants.g[1].is_new, "name and number of the first");
    tap_ok(!strcmp(grants.g[2].name, "mytap") && grants.g[2].qemu_fd[0] == 21 && grants.g[2].nqemu == 3, "and of the second");
    tap_ok(shows("vnet0", "master br0") && shows("vnet0", "fe:54:00:01:02:03") && shows("vnet0", "mtu 1400") && shows("vnet0", "[<,]UP"), "port of the bridge with its MTU, the host's address, up");
    tap_ok(shows("mytap", "mtu 9000") && !shows("mytap", "master"), "an MTU of its own, no bridge");
    struct ifreq ifr = { 0 };
    tap_ok(ioctl(sup.reply.fds[1], TUNGETIFF, &ifr) == 0 && (ifr.ifr_flags & IFF_VNET_HDR) && (ifr.ifr_flags & IFF_NO_PI) && !strcmp(ifr.ifr_name, "vnet0"), "the descriptor is the tap");
    tap_ok(ioctl(sup.reply.fds[4], TUNGETIFF, &ifr) == 0 && (ifr.ifr_flags & IFF_MULTI_QUEUE), "each queue has one");
    int keep = dup(sup.reply.fds[1]);
    fakesup_end(&sup);
    tap_ok(!if_nametoindex("mytap") && if_nametoindex("vnet0"), "a tap lives as long as its descriptors");
    run(IN_HAND_UNNET);
    tap_ok(done.error == 0 && !if_nametoindex("vnet0"), "and is deleted when asked for");
    fakesup_end(&sup);
    close(keep);
    memcpy(grants.g[1].name, "v0", 3);
    run(IN_HAND_UNNET);
    tap_ok(done.error == 0 && if_nametoindex("v0"), "what is no tap is not deleted");
    fakesup_end(&sup);
    limits();
    refused("", "br9", 0, "Cannot get interface MTU on 'br9': No such device");
    refused("", "v0", 0, "it is no bridge");
    refused("v0", NULL, MF_MANAGED, "File exists");
    refused("x/y", NULL, 0, "Invalid argument");
    refused("a%sb", NULL, 0, "Invalid argument");
    refused("averyveryverylongname", NULL, 0, "Invalid argument");
    addresses();
    macvtaps();
    return tap_done();
}
