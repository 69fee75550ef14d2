#!/usr/bin/python3
"""Network interfaces: user mode with its DHCP, a bridge with ping both ways, a tap of our own, a macvtap that comes and goes; lists and counters; nothing stays behind."""
import os, re, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from guestlib import *
from vhostuser import BackEnd, SET_MEM_TABLE, SET_VRING_ENABLE

NICS = """<interface type='user'><mac address='52:54:00:00:00:01'/><model type='virtio'/></interface>
<interface type='bridge'><mac address='52:54:00:00:00:02'/><source bridge='br-test'/><model type='virtio'/></interface>
<interface type='ethernet'><mac address='52:54:00:00:00:03'/><target dev='eth-test'/><model type='virtio'/><backend tap='/dev/net/tun' vhost='/dev/vhost-net'/></interface>"""
SHARED = "<memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>"
TCP = "<channel type='tcp'><source mode='bind' host='127.0.0.1' service='5999'/><target type='virtio' name='a.0'/></channel>"
PING = "ping -c 3 -W 5 -i 0.2 %s >/dev/null"


def ping(box, address):
    wait_for("an answer of " + address, lambda: box.run("busybox", "ping", "-c", "1", "-W", "2", address, check=False).returncode == 0, 60)


DIRECT = "<interface type='direct'><mac address='52:54:00:00:00:09'/><source dev='v0' mode='%s'/>%s<model type='virtio'/></interface>"


def macvtap(box, dom, console):
    """One over another of the host's that comes while the guest runs, carries frames, and goes; and the end of one that is left."""
    own = box.run("cat", "/sys/class/net/v0/address").stdout
    fails(libvirt.VIR_ERR_SYSTEM_ERROR, dom.attachDeviceFlags, DIRECT % ("bridge", "<target dev='w0'/>"), LIVE)
    dom.attachDeviceFlags(DIRECT % ("passthrough", ""), LIVE)
    name = re.search("<target dev='(macvtap.*)'/>", dom.XMLDesc(0)).group(1)
    console.until("grep -q 52:54:00:00:00:09 /sys/class/net/eth*/address")
    eth = re.search(r"@(eth\d)", console.sh("for d in /sys/class/net/eth*; do grep -q 00:09 $d/address && echo @${d##*/}; done")).group(1)
    console.sh("ip addr add 10.11.0.2/24 dev %s; ip link set %s up" % (eth, eth))
    ping(box, "10.11.0.2")
    console.sh(PING % "10.11.0.1")
    stat = {k: int(v) for k, v in re.findall(r"^\S+ (\w+) (\d+)", box.virsh("domifstat", "n1", name).stdout, re.M)}
    host = {k: int(box.run("cat", "/sys/class/net/%s/statistics/%s" % (name, k)).stdout) for k in ("rx_bytes", "tx_bytes")}
    assert stat["rx_packets"] >= 4 and stat["rx_bytes"] <= host["rx_bytes"] and stat["rx_bytes"] * 2 > host["rx_bytes"], (stat, host)
    assert box.run("cat", "/sys/class/net/v0/address").stdout == "52:54:00:00:00:09\n"
    dom.detachDeviceFlags(DIRECT % ("passthrough", ""), LIVE)
    wait_for("its end", lambda: name not in dom.XMLDesc(0) and name not in box.run("ip", "link").stdout)
    assert box.run("cat", "/sys/class/net/v0/address").stdout == own
    dom.attachDeviceFlags(DIRECT % ("vepa", "<target dev='of-n1'/>"), LIVE)
    assert "@v0" in box.run("ip", "link", "show", "of-n1").stdout and "<source dev='v0' mode='vepa'/>" in dom.XMLDesc(0)


def nics(box):
    """three at once"""
    box.run("ip", "link", "add", "v0", "type", "veth", "peer", "name", "w0")
    box.run("ip", "addr", "add", "10.11.0.1/24", "dev", "w0")
    box.run("ip", "link", "set", "w0", "up")
    box.run("ip", "link", "add", "br-test", "type", "bridge")
    box.run("ip", "addr", "add", "10.9.0.1/24", "dev", "br-test")
    box.run("ip", "link", "set", "br-test", "up")
    before = box.run("ip", "-o", "link").stdout
    dom, console = boot(box, document("n1", devices=NICS))
    # By address: the guest's order is the bus's.
    names = dict(re.findall(r"(eth\d) (52:54:00:00:00:0\d)", console.sh("for d in /sys/class/net/eth*; do echo ${d##*/} $(cat $d/address); done")))
    user, bridge, ethernet = (n for n, mac in sorted(names.items(), key=lambda i: i[1]))
    console.sh("printf '#!/bin/sh\\n[ $1 = bound ] && echo LEASE $ip $router $dns\\n' > /tmp/dhcp; chmod +x /tmp/dhcp; ip link set %s up" % user)
    assert "LEASE 10.0.2.15 10.0.2.2 10.0.2.3" in console.sh("udhcpc -i %s -n -q -s /tmp/dhcp" % user)

    console.sh("ip addr add 10.9.0.2/24 dev %s; ip link set %s up" % (bridge, bridge))
    ping(box, "10.9.0.2")
    console.sh(PING % "10.9.0.1")
    box.run("ip", "addr", "add", "10.10.0.1/24", "dev", "eth-test")
    console.sh("ip addr add 10.10.0.2/24 dev %s; ip link set %s up" % (ethernet, ethernet))
    ping(box, "10.10.0.2")
    console.sh(PING % "10.10.0.1")

    rows = [l.split() for l in box.virsh("domiflist", "n1").stdout.splitlines()[2:] if l.strip()]
    assert [r[1] for r in rows] == ["user", "bridge", "ethernet"] and rows[1][2] == "br-test" and rows[2][0] == "eth-test", rows
    tap = rows[1][0]
    assert re.fullmatch(r"vnet\d+", tap) and "master br-test" in box.run("ip", "link", "show", tap).stdout
    # As the guest sees it: what it received is what the tap sent.
    for dev in (tap, "eth-test"):
        stat = {k: int(v) for k, v in re.findall(r"^\S+ (\w+) (\d+)", box.virsh("domifstat", "n1", dev).stdout, re.M)}
        assert stat["rx_packets"] >= 4 and stat["tx_packets"] >= 4 and stat["rx_errs"] == 0, stat
        host = {k: int(box.run("cat", "/sys/class/net/%s/statistics/%s" % (dev, k)).stdout) for k in ("rx_bytes", "tx_bytes")}
        assert stat["rx_bytes"] <= host["tx_bytes"] and stat["tx_bytes"] <= host["rx_bytes"] and stat["rx_bytes"] * 2 > host["tx_bytes"], (stat, host)
    stats = dom.connect().getAllDomainStats(libvirt.VIR_DOMAIN_STATS_INTERFACE)[0][1]
    assert stats["net.count"] == 3 and stats["net.1.name"] == tap, stats
    macvtap(box, dom, console)
    dom.destroy()
    console.close()
    assert_clean(box)
    assert box.run("ip", "-o", "link").stdout.count("\n") == before.count("\n"), box.run("ip", "-o", "link").stdout


def missing(box):
    """no such bridge: refused, and nothing is left"""
    dom = box.connect().defineXML(document("n2", devices=NICS.replace("br-test", "br-none")))
    try:
        dom.create()
    except libvirt.libvirtError as e:
        assert "br-none" in str(e), e
    else:
        raise AssertionError("started on a bridge that is not there")
    assert_clean(box)
    assert "eth-test" not in box.run("ip", "-o", "link").stdout


def back_ends(box):
    """files of taps that are other ones than everybody's"""
    for attr in "tap", "vhost":
        e = fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, box.connect().createXML, BARE % ("n5", ETHERNET % (5, "eth-n5", "<backend %s='/dev/null'/>" % attr)), 0)
        assert "<backend %s='/dev/null'>" % attr in str(e), e
    assert_clean(box)


def sockets(box):
    """QEMU's own sockets: frames from guest to guest, of every type, as libvirtd has them made"""
    con = box.connect()
    box.run("ip", "route", "add", "224.0.0.0/4", "dev", "lo")
    nic = lambda kind, source, mac: "<interface type='%s'><mac address='52:54:00:00:02:0%d'/>%s<model type='virtio'/></interface>" % (kind, mac, source)
    at = lambda port, more="", host="127.0.0.1": "<source address='%s' port='%d'>%s</source>" % (host, port, more)
    local = lambda port: "<local address='127.0.0.1' port='%d'/>" % port
    listening = nic("server", at(6003), 1) + nic("udp", at(6001, local(6002)), 2) + nic("mcast", at(6004, host="230.0.0.1"), 3) + nic("server", "<source port='6005'/>", 4)
    calling = nic("client", at(6003), 5) + nic("udp", at(6002, local(6001)), 6) + nic("mcast", at(6004, host="230.0.0.1"), 7)
    one, console = boot(box, document("s1", devices=listening))
    words = open("/proc/%d/cmdline" % box.role("guest")[0]).read().split("\0")
    for line in ('{"type":"socket","listen":"127.0.0.1:6003","id":"hostnet0"}', '{"type":"socket","udp":"127.0.0.1:6001","localaddr":"127.0.0.1:6002","id":"hostnet1"}',
                 '{"type":"socket","mcast":"230.0.0.1:6004","id":"hostnet2"}', '{"type":"socket","listen":":6005","id":"hostnet3"}'):
        assert line in words, (line, words)
    two, other = boot(box, document("s2", devices=calling))
    for i, (a, b) in enumerate(((1, 5), (2, 6), (3, 7))):
        for c, mac, end in (console, a, 1), (other, b, 2):
            c.sh("for d in /sys/class/net/eth*; do grep -q 52:54:00:00:02:0%d $d/address && ip link set ${d##*/} up && ip addr add 10.12.%d.%d/24 dev ${d##*/}; done; true" % (mac, i, end))
        other.until(PING % ("10.12.%d.1" % i))
    for kind, source in (("server", at(6013)), ("client", at(6003)), ("udp", at(6011, local(6012))), ("mcast", at(6004, host="230.0.0.1"))):
        e = fails(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, one.attachDeviceFlags, nic(kind, source, 8), LIVE)
        assert "hotplug of interface type of %s is not implemented yet" % kind in str(e), e
    e = fails(libvirt.VIR_ERR_INTERNAL_ERROR, con.createXML, BARE % ("s3", nic("server", at(6003), 9)), 0)
    assert "in use" in str(e), e
    for dom, c in (two, other), (one, console):
        dom.destroy()
        c.close()
    assert_clean(box)


def vhostuser(box):
    """back ends of the host's that have the guest's memory and see its frames; which QEMU may not have; what a running guest cannot get"""
    where = "/var/lib/libvirt/images/"
    os.makedirs(box.dir + where, exist_ok=True)
    nic = lambda i, mode="client", more="", source="": ("<interface type='vhostuser'><mac address='52:54:00:00:01:0%d'/><source type='unix' path='%svu%d' mode='%s'>%s</source><model type='virtio'/>%s</interface>"
                                                       % (i, where, i, mode, source, more))
    con, ends = box.connect(), [BackEnd(box.dir + where + "vu%d" % i) for i in (1, 2, 3, 6)]
    os.chmod(ends[2].path, 0o755)
    open(box.dir + where + "vu5", "w").close()
    unsupported, system = libvirt.VIR_ERR_CONFIG_UNSUPPORTED, libvirt.VIR_ERR_SYSTEM_ERROR
    for bad, code, words in ((nic(1, "server"), unsupported, "mode='server'"),
                             (nic(1, more="<mtu size='1400'/>"), system, "Cannot set interface MTU on ''"), (nic(3), system, "only some accounts may write: Permission denied"),
                             (nic(4), system, "Failed to connect to '%svu4': No such file" % where), (nic(5), system, "Failed to connect to '%svu5': Socket operation on non-socket" % where),
                             (nic(1) + "<graphics type='vnc' autoport='yes' listen='127.0.0.1'/>", system, "'vhostuser' or a disk by a server's socket beside displays")):
        e = fails(code, con.createXML, document("n4", devices=bad, more=SHARED))
        assert words in str(e), e
        assert_clean(box)
    # QEMU 7.2 takes KVM's way with interrupts by message, and falls over where there is none.
    dom, console = boot(box, document("n4", devices=nic(1, more="<driver queues='2'/>") + nic(2, source="<reconnect enabled='yes' timeout='1'/>") + "<controller type='virtio-serial'/>", more=SHARED, words="pci=nomsi"))
    # As libvirtd says it, but for the path.
    words = open("/proc/%d/cmdline" % box.role("guest")[0]).read().split("\0")
    for line in (r"socket,id=charnet0,path=/proc/self/fd/\d+", r'{"type":"vhost-user","chardev":"charnet0","queues":2,"id":"hostnet0"}',
                 r"socket,id=charnet1,path=/proc/self/fd/\d+,reconnect=1", r'{"type":"vhost-user","chardev":"charnet1","id":"hostnet1"}'):
        assert any(re.fullmatch(line, w) for w in words), (line, words)
    assert "only some accounts may write: Permission denied" in str(fails(system, dom.attachDevice, nic(3)))
    assert "No such file" in str(fails(system, dom.attachDevice, nic(4)))
    dom.attachDeviceFlags(nic(6), LIVE)
    console.until("grep -q 52:54:00:00:01:06 /sys/class/net/eth*/address")
    assert "'vhostuser' or a disk by a server's socket beside displays" in str(fails(system, dom.attachDevice, TCP))
    for i, end in (1, ends[0]), (2, ends[1]), (6, ends[3]):
        mac = "52:54:00:00:01:0%d" % i
        console.sh("for d in /sys/class/net/eth*; do grep -q %s $d/address && ip link set ${d##*/} up && ip addr add 10.8.%d.2/24 dev ${d##*/}; done; ping -c 1 -W 1 10.8.%d.1; true" % (mac, i, i))
        frame = wait_for("a frame of " + mac, end.sent)
        assert frame[6:12] == bytes.fromhex(mac.replace(":", "")), frame
    assert SET_VRING_ENABLE in ends[0].seen and len(ends[0].rings) == 2 * len(ends[1].rings) == 4, (ends[0].rings, ends[1].rings)
    assert [r.split()[1] for r in box.virsh("domiflist", "n4").stdout.splitlines()[2:] if r] == ["vhostuser"] * 3
    # The other side of the second one ends, and listens again.
    again = BackEnd(ends[1].path, ends[1])
    ends[1].con.shutdown(2)
    wait_for("the guest's memory", lambda: SET_MEM_TABLE in again.seen and SET_VRING_ENABLE in again.seen)
    assert "end" in ends[1].seen
    # Of its filter QEMU keeps what it had.
    for i in 6, 1, 2:
        dom.detachDeviceFlags(nic(i), LIVE)
    wait_for("the end of all", lambda: "vhostuser" not in dom.XMLDesc(0))
    BackEnd(box.dir + where + "vu7")
    dom.attachDeviceFlags(nic(7), LIVE)
    assert "'vhostuser' or a disk by a server's socket beside displays" in str(fails(system, dom.attachDevice, TCP))
    dom.destroy()
    console.close()
    wait_for("the end of both", lambda: all("end" in e.seen for e in (*ends[:2], ends[3], again)))
    dom.undefine()
    dom = con.createXML(BARE % ("n4", ETHERNET % (8, "of-n4", "")), 0)
    assert "cannot be given to a guest that runs" in str(fails(unsupported, dom.attachDevice, nic(7)))
    dom.destroy()
    assert_clean(box)


ETHERNET = "<interface type='ethernet'><mac address='52:54:00:00:00:0%d'/><target dev='%s'/><model type='virtio'/>%s</interface>"
LIVE, CONFIG = libvirt.VIR_DOMAIN_AFFECT_LIVE, libvirt.VIR_DOMAIN_AFFECT_CONFIG


def queues(box, dev):
    """All that the kernel has of an interface's traffic; numbers that it makes up left out."""
    said = [box.run("tc", *words.split(), check=False).stdout for words in ("qdisc show dev " + dev, "class show dev " + dev, "filter show dev " + dev, "filter show dev %s parent ffff:" % dev)]
    return re.sub(r"noqueue \w+:|police 0x\w+|fh \w+:\S*|direct_packets_stat \d+|ref \d+ bind \d+", "", "".join(said))


def by_tc(box, *commands):
    """The same of an interface that tc was told of as libvirt tells it; None: this kernel cannot do it."""
    box.run("ip", "tuntap", "add", "dev", "by-tc", "mode", "tap")
    box.run("ip", "link", "set", "by-tc", "up")
    try:
        bad = [c for c in commands if box.run("tc", *(c % "by-tc").split(), check=False).returncode]
        return bad, queues(box, "by-tc")
    finally:
        box.run("ip", "link", "del", "by-tc")


def limits(box):
    """limits of what goes through a tap: at a start, live and stored, over deaths; as tc would set them"""
    htb = ("qdisc add dev %s root handle 1: htb default 1", "class add dev %s parent 1: classid 1:1 htb rate 1000kbps ceil 2000kbps burst 100kb",
           "qdisc add dev %s parent 1:1 handle 2: sfq perturb 10", "filter add dev %s parent 1:0 protocol all prio 1 handle 1 fw flowid 1")
    out = ("qdisc add dev %s ingress", "filter add dev %s parent ffff: protocol all u32 match u32 0 0 police rate 500kbps burst 500kb mtu 64kb drop flowid :1")
    bad, want = by_tc(box, *htb)
    if set(bad) & set(htb[:2]):
        print("# this kernel has no HTB")
        return
    none = by_tc(box, "qdisc add dev %s root noqueue")[1]
    both = by_tc(box, *htb, *out)
    con = box.connect()
    dom = con.defineXML(BARE % ("n3", ETHERNET % (4, "tap-l", "<bandwidth><inbound average='1000' peak='2000' burst='100'/></bandwidth>")))
    dom.createWithFlags(0)
    assert queues(box, "tap-l") == want, (queues(box, "tap-l"), want)
    zero = dict.fromkeys(["outbound.average", "outbound.peak", "outbound.burst"], 0)
    assert dom.interfaceParameters("tap-l") == dict(zero, **{"inbound.average": 1000, "inbound.peak": 2000, "inbound.burst": 100, "inbound.floor": 0})
    # None live, another one at the next start.
    dom.setInterfaceParameters("tap-l", {"inbound.average": 0}, LIVE)
    assert queues(box, "tap-l") == none, (queues(box, "tap-l"), none)
    assert "<bandwidth>" not in dom.XMLDesc(0) and "<inbound average='1000'" in dom.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    dom.setInterfaceParameters("52:54:00:00:00:04", {"inbound.average": 1000, "inbound.peak": 2000, "inbound.burst": 100}, LIVE)
    assert queues(box, "tap-l") == want
    if both[0]:
        e = fails(libvirt.VIR_ERR_SYSTEM_ERROR, dom.setInterfaceParameters, "tap-l", {"outbound.average": 500}, LIVE)
        assert "outbound bandwidth of interface 'tap-l'" in str(e), e
        assert queues(box, "tap-l") == want and "<outbound" not in dom.XMLDesc(0)       # nothing has changed
    else:
        dom.setInterfaceParameters("tap-l", {"outbound.average": 500}, LIVE)
        assert queues(box, "tap-l") == both[1], (queues(box, "tap-l"), both[1])
        dom.setInterfaceParameters("tap-l", {"outbound.average": 0}, LIVE)
    nic = "<interface type='ethernet'><mac address='52:54:00:00:00:0%d'/><target dev='%s'/><model type='virtio'/>%s</interface>"
    dom.updateDeviceFlags(nic % (4, "tap-l", ""), LIVE)
    assert queues(box, "tap-l") == none and "<bandwidth>" not in dom.XMLDesc(0)
    dom.updateDeviceFlags(nic % (4, "tap-l", "<bandwidth><inbound average='1000' peak='2000' burst='100'/></bandwidth><link state='down'/>"), LIVE)
    assert queues(box, "tap-l") == want and "<link state='down'/>" in dom.XMLDesc(0)
    fails(libvirt.VIR_ERR_INVALID_ARG, dom.setInterfaceParameters, "nosuch", {"inbound.average": 9}, LIVE)
    # One that comes while the guest runs, and whose place another one gets.
    dom.attachDeviceFlags(nic % (5, "tap-m", "<bandwidth><inbound average='1000' peak='2000' burst='100'/></bandwidth>"), LIVE)
    assert queues(box, "tap-m") == want
    for role in "supervisor", "qemu":
        os.kill(box.role(role)[0], 9)
        wait_for("the next " + role, lambda: dom.interfaceParameters("tap-m")["inbound.average"] == 1000)
        dom.setInterfaceParameters("tap-m", {"inbound.average": 0}, LIVE)
        assert queues(box, "tap-m") == none
        dom.setInterfaceParameters("tap-m", {"inbound.average": 1000, "inbound.peak": 2000, "inbound.burst": 100}, LIVE)
        assert queues(box, "tap-m") == want
    box.stop_daemon(9)
    box.start()
    dom = wait_for("the next daemon", lambda: box.connect().lookupByName("n3"))
    assert dom.interfaceParameters("tap-m")["inbound.average"] == 1000
    dom.setInterfaceParameters("tap-m", {"inbound.average": 0}, LIVE)
    assert queues(box, "tap-m") == none and queues(box, "tap-l") == want
    dom.destroy()
    assert_clean(box)
    assert "tap-" not in box.run("ip", "-o", "link").stdout


alone = macvtaps_alone()
main(nics, missing, limits, back_ends, sockets, vhostuser)
